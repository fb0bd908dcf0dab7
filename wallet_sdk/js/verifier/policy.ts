/**
 * The signed appraisal policy (docs/spec/signed-documents.md): what is demanded for a kind and purpose.
 *
 * A missing row means "never accept". A row for one region stands beside the general one, and the stricter of both
 * counts, field by field (ADR 0022).
 */

import { isArray, isMap, type CborMap, type Value } from "../src/cbor.ts";
import { text } from "../src/claims.ts";
import { isVct } from "../src/credential.ts";
import type { Curves } from "../src/curves.ts";
import type { VerificationKey } from "../src/keys.ts";
import { refuse } from "../src/protocolError.ts";
import { type Purpose, purposeOf } from "../src/purposes.ts";
import * as signedDocument from "../src/signedDocument.ts";
import type { SignedDocument } from "../src/signedDocument.ts";

const ROWS = -70_033;
const MAX_TEXT = 600;
const MAX_KEYS = 64;
const LABELS = Array.from({ length: 22 }, (_, at) => at + 1);

export interface PolicyRow {
  readonly vct: number;
  readonly purpose: Purpose;
  readonly regions: readonly string[];
  readonly mandatory: ReadonlySet<number>;
  readonly optional: ReadonlySet<number>;
  readonly masked: ReadonlySet<number>;
  readonly challengeRequired: boolean;
  readonly personCheck: boolean;
  readonly irreversible: boolean;
  readonly showUnderRefusal: boolean;
  readonly minAssurance: number;
  readonly maxStatusAge: number | null;
  readonly sealRequired: boolean;
  readonly linkWaived: boolean;
  readonly holdersRequired: number;
  readonly guardianBelow: number | null;
  readonly onlyFor: string | null;
}

export interface Policy extends SignedDocument {
  readonly rows: ReadonlyMap<string, PolicyRow>;
}

export async function verifyPolicy(encoded: Uint8Array, root: VerificationKey, curves: Curves): Promise<Policy> {
  const document = await signedDocument.verify(encoded, "lz-policy", ROWS, root, curves);
  if (!isArray(document.body) || document.body.length === 0) refuse("E_SCHEMA", "a policy without rows");
  const rows = new Map<string, PolicyRow>();
  for (const row of document.body.map(rowOf)) {
    const name = nameOf(row.vct, row.purpose, row.onlyFor);
    if (rows.has(name)) refuse("E_SCHEMA", "two rows for one kind and purpose, or for one region of them");
    rows.set(name, row);
  }
  for (const row of rows.values())
    if (!rows.has(nameOf(row.vct, row.purpose, null))) refuse("E_SCHEMA", "a row for one region without the general row");
  return { ...document, rows };
}

/** What is demanded of this region's licences of a kind; null where the policy says nothing. */
export function rowFor({ rows }: Policy, vct: number, purpose: Purpose, region: string): PolicyRow | null {
  let demanded = rows.get(nameOf(vct, purpose, null));
  if (demanded === undefined) return null;
  for (const each of containing(region)) {
    const tighter = rows.get(nameOf(vct, purpose, each));
    if (tighter !== undefined) demanded = tightened(demanded, tighter);
  }
  return demanded;
}

/** A region of GB/T 2260 with what contains it: its province first, itself last. */
function containing(region: string): ReadonlySet<string> {
  return new Set([`${region.slice(0, 2)}0000`, `${region.slice(0, 4)}00`, region]);
}

/** A row that names a province means its cities and districts too; it never goes upwards. */
export function recognises(row: PolicyRow, region: string): boolean {
  return row.regions.some((each) => containing(region).has(each));
}

export function maximumOf(row: PolicyRow): ReadonlySet<number> {
  return union(row.mandatory, row.optional);
}

function tightened(row: PolicyRow, other: PolicyRow): PolicyRow {
  const before = maximumOf(row);
  const mandatory = union(row.mandatory, both(other.mandatory, before));
  const maximum = union(mandatory, both(before, maximumOf(other)));
  return {
    ...row,
    mandatory,
    optional: new Set([...maximum].filter((key) => !mandatory.has(key))),
    masked: both(union(row.masked, other.masked), maximum),
    challengeRequired: row.challengeRequired || other.challengeRequired,
    sealRequired: row.sealRequired || other.sealRequired,
    linkWaived: row.linkWaived && other.linkWaived,
    holdersRequired: Math.max(row.holdersRequired, other.holdersRequired),
    personCheck: row.personCheck || other.personCheck,
    irreversible: row.irreversible || other.irreversible,
    showUnderRefusal: row.showUnderRefusal && other.showUnderRefusal,
    minAssurance: Math.max(row.minAssurance, other.minAssurance),
    maxStatusAge: stated(Math.min, row.maxStatusAge, other.maxStatusAge),
    guardianBelow: stated(Math.max, row.guardianBelow, other.guardianBelow),
  };
}

function stated(choose: (...values: number[]) => number, one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : choose(one, other);
}

function union(one: ReadonlySet<number>, other: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...one, ...other]);
}

function both(one: ReadonlySet<number>, other: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...one].filter((key) => other.has(key)));
}

function nameOf(vct: number, purpose: Purpose, region: string | null): string {
  return `${vct} ${purpose} ${region ?? ""}`;
}

function rowOf(value: Value): PolicyRow {
  // No entry has a value that its absence could mean: a policy of an older form would be read as a looser one.
  if (!isMap(value) || value.size !== LABELS.length || !LABELS.every((label) => value.has(label)))
    refuse("E_SCHEMA", "a policy row that has not exactly its entries");
  const [vct, purpose, regions, onlyFor] = [value.get(1), purposeOf(value.get(2)), value.get(3), value.get(22)];
  if (!isVct(vct) || purpose === null) refuse("E_SCHEMA", "a policy row without kind or purpose");
  if (!isArray(regions) || regions.length === 0) refuse("E_SCHEMA", "a policy row that recognises no region");
  const recognised = regions.map(regionOf);
  const only = onlyFor === null ? null : regionOf(onlyFor);
  if (only !== null && (recognised.length !== 1 || recognised[0] !== only))
    refuse("E_SCHEMA", "a policy row for one region that recognises another");
  text(value, 4, MAX_TEXT);
  text(value, 15, MAX_TEXT);
  integer(value, 14, 1, 36_499);
  keys(value, 19);
  flag(value, 21);
  return {
    vct,
    purpose,
    regions: recognised,
    mandatory: keys(value, 5),
    optional: keys(value, 6),
    masked: keys(value, 7),
    challengeRequired: flag(value, 8),
    personCheck: flag(value, 9),
    irreversible: flag(value, 10),
    showUnderRefusal: flag(value, 11),
    minAssurance: integer(value, 12, 0, 3),
    maxStatusAge: value.get(13) === null ? null : integer(value, 13, 1, 2 ** 31 - 1),
    sealRequired: flag(value, 16),
    linkWaived: flag(value, 17),
    holdersRequired: integer(value, 18, 1, 4),
    guardianBelow: value.get(20) === null ? null : integer(value, 20, 1, 18),
    onlyFor: only,
  };
}

function regionOf(value: Value | undefined): string {
  return typeof value === "string" && /^[0-9]{6}$/.test(value) ? value : refuse("E_SCHEMA", "a region that is not six digits");
}

function integer(row: CborMap, label: number, least: number, most: number): number {
  const value = row.get(label);
  if (typeof value !== "number" || value < least || value > most) refuse("E_SCHEMA", `entry ${label} of a policy row`);
  return value;
}

function flag(row: CborMap, label: number): boolean {
  const value = row.get(label);
  return typeof value === "boolean" ? value : refuse("E_SCHEMA", `entry ${label} of a policy row`);
}

function keys(row: CborMap, label: number): ReadonlySet<number> {
  const value = row.get(label);
  if (!isArray(value) || value.length > MAX_KEYS) refuse("E_SCHEMA", `entry ${label} of a policy row`);
  return new Set(value.map((key) => (typeof key === "number" ? key : refuse("E_SCHEMA", "a key that is no integer"))));
}
