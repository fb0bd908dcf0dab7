/** The wallet directory of a region (docs/spec/signed-documents.md): kinds, purposes, keys, sites, offices. */

import { isArray, isMap, type Value } from "./cbor.ts";
import { type Kind, kindsOf } from "./catalogue.ts";
import { isHarmless } from "./claims.ts";
import { isVct } from "./credential.ts";
import type { Curves } from "./curves.ts";
import type { VerificationKey } from "./keys.ts";
import { refuse } from "./protocolError.ts";
import { isPurpose, type Purpose, purposeNumber } from "./purposes.ts";
import * as signedDocument from "./signedDocument.ts";
import type { SignedDocument } from "./signedDocument.ts";
import { type Anchors, anchorsOf, USE, withdrawnKids } from "./trust.ts";

const BODY_LABEL = -70_035;
const MAX_SHOWN = 64;
/** Of a point, in a degree. */
const UNITS = 10_000;
const USES: readonly number[] = [USE.assert, USE.mandate, USE.terminal];

export interface PurposeItems {
  readonly mandatory: readonly number[];
  readonly optional: readonly number[];
  readonly separate: readonly number[];
}

export interface Office {
  readonly name: string;
  readonly address: string;
  readonly phone: string;
  readonly kinds: readonly number[];
  readonly place: Place | null;
}

/** Six digits of GB/T 2260, and degrees of CGCS2000 where the point is known (protocol/place.py). */
export interface Place {
  readonly division: string;
  readonly point: Point | null;
}

export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

export interface WalletDirectory extends SignedDocument {
  readonly kinds: ReadonlyMap<number, Kind>;
  readonly anchors: Anchors;
  readonly withdrawn: readonly Uint8Array[];
  readonly sites: ReadonlyMap<string, { readonly name: string; readonly relyingParty: string }>;
  readonly offices: readonly Office[];
  maximum(vct: number, purpose: Purpose): PurposeItems | null;
}

export async function verifyDirectory(
  encoded: Uint8Array,
  root: VerificationKey,
  curves: Curves,
): Promise<WalletDirectory> {
  const document = await signedDocument.verify(encoded, "lz-directory", BODY_LABEL, root, curves);
  const { body } = document;
  if (!isMap(body) || body.size !== 6 || ![1, 2, 3, 4, 5, 6].every((label) => body.has(label)))
    refuse("E_SCHEMA", "not a wallet directory");
  const part = (label: number) => body.get(label)!;
  const kinds = kindsOf(part(1));
  const maxima = maximaOf(part(2));
  const anchors = anchorsOf(part(3));
  const uses = [...anchors.values()].map((anchor) => anchor.use);
  if (!uses.includes(USE.assert)) refuse("E_SCHEMA", "a directory without assertion keys");
  if (!uses.every((use) => USES.includes(use))) refuse("E_SCHEMA", "a directory with keys that no wallet needs");
  return {
    ...document,
    kinds,
    anchors,
    sites: sitesOf(part(4)),
    withdrawn: isEmpty(part(5)) ? [] : withdrawnKids(part(5)),
    offices: officesOf(part(6)),
    maximum: (vct, purpose) => maxima.get(`${vct} ${purposeNumber(purpose)}`) ?? null,
  };
}

function maximaOf(value: Value): ReadonlyMap<string, PurposeItems> {
  const maxima = new Map<string, PurposeItems>();
  for (const [vct, purpose, mandatory, optional, separate] of rows(value, 5)) {
    if (!isVct(vct) || !isPurpose(purpose)) refuse("E_SCHEMA", "a purpose maximum that has not its form");
    const pair = `${vct} ${purpose as number}`;
    if (maxima.has(pair)) refuse("E_SCHEMA", "two maxima for one kind and purpose");
    maxima.set(pair, { mandatory: keys(mandatory), optional: keys(optional), separate: keys(separate) });
  }
  return maxima;
}

function sitesOf(value: Value): WalletDirectory["sites"] {
  const sites = new Map<string, { name: string; relyingParty: string }>();
  for (const [code, name, relyingParty] of rows(value, 3)) {
    if (typeof code !== "string" || !/^[0-9A-HJKMNP-TV-Z]{4}$/.test(code) || sites.has(code) || !isShown(name) || !isShown(relyingParty))
      refuse("E_SCHEMA", "a site that has not its form");
    sites.set(code, { name, relyingParty });
  }
  return sites;
}

function officesOf(value: Value): readonly Office[] {
  return rows(value, 4, 5).map(([name, address, phone, kinds, place]) => {
    if (!isShown(name) || !isShown(address) || !isShown(phone)) refuse("E_SCHEMA", "an office that has not its form");
    return { name, address, phone, kinds: keys(kinds), place: place === undefined ? null : placeOf(place) };
  });
}

function placeOf(value: Value): Place {
  const [division, ...point] = isArray(value) && (value.length === 1 || value.length === 3) ? value : [];
  if (typeof division !== "string" || !/^[0-9]{6}$/.test(division)) refuse("E_SCHEMA", "a place that has not its form");
  if (point.length === 0) return { division, point: null };
  const [latitude, longitude] = point;
  if (typeof latitude !== "number" || typeof longitude !== "number" || Math.abs(latitude) > 90 * UNITS || Math.abs(longitude) > 180 * UNITS)
    refuse("E_SCHEMA", "a point that has not its form");
  return { division, point: { latitude: latitude / UNITS, longitude: longitude / UNITS } };
}

function rows(value: Value, size: number, most = size): readonly (readonly Value[])[] {
  if (!isArray(value)) refuse("E_SCHEMA", "a part of the directory is not an array");
  return value.map((row) => (isArray(row) && row.length >= size && row.length <= most ? row : refuse("E_SCHEMA", "a row of another form")));
}

function keys(value: Value | undefined): readonly number[] {
  if (!isArray(value) || !value.every((key) => typeof key === "number")) refuse("E_SCHEMA", "item keys");
  return value as readonly number[];
}

function isEmpty(value: Value): boolean {
  return isArray(value) && value.length === 0;
}

function isShown(value: Value | undefined): value is string {
  return typeof value === "string" && value !== "" && [...value].length <= MAX_SHOWN && isHarmless(value);
}
