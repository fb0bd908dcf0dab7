/** A terminal's certificate (docs/spec/challenge.md): which terminal this is, and the most that it may ask for. */

import { type CborMap, decode, isArray, isBytes, isMap, type Key, Tagged, type Value } from "./cbor.ts";
import { isGroup } from "./catalogue.ts";
import { moment, text } from "./claims.ts";
import * as coseSign1 from "./coseSign1.ts";
import type { UnverifiedSign1 } from "./coseSign1.ts";
import { isVct } from "./credential.ts";
import type { Curves } from "./curves.ts";
import { VerificationKey } from "./keys.ts";
import { refuse } from "./protocolError.ts";
import { isPurpose } from "./purposes.ts";
import { type Anchors, find, USE } from "./trust.ts";

const [ISS, SUB, EXP, IAT, CNF, PLACE, RELYING_PARTY, MAXIMA] = [1, 2, 4, 6, 8, -70_050, -70_051, -70_052] as const;
const CLAIMS = [ISS, SUB, EXP, IAT, CNF, PLACE, RELYING_PARTY, MAXIMA];
const MAX_LIFE = 7 * 86_400;
const MAX_KINDS = 32;
const MAX_SHOWN = 64;
const MAX_ITEMS = 32;
export const SIGNED_BY_TERMINAL = [coseSign1.ALG, coseSign1.KCWT, coseSign1.TYP];

/** Licence kind → `lic` keys; names of items, never values. */
export type Items = ReadonlyMap<number, readonly number[]>;

export interface TerminalCertificate {
  readonly iss: string;
  readonly terminal: string;
  readonly place: string;
  readonly relyingParty: string;
  /** For each purpose (its letter's number) that it serves. */
  readonly maxima: ReadonlyMap<number, Items>;
  readonly key: VerificationKey;
  readonly iat: number;
  readonly exp: number;
}

export interface UnverifiedCertificate {
  readonly sign1: UnverifiedSign1;
  readonly kid: Uint8Array;
  readonly claims: TerminalCertificate;
}

export function carriedIn(sign1: UnverifiedSign1): UnverifiedCertificate {
  const kcwt = sign1.protected.get(coseSign1.KCWT);
  if (!(kcwt instanceof Tagged)) refuse("E_KCWT", "kcwt is not a terminal certificate");
  const inner = coseSign1.parse(kcwt, {
    typ: "lz-terminal",
    protectedLabels: [coseSign1.ALG, coseSign1.KID, coseSign1.TYP],
  });
  const kid = inner.protected.get(coseSign1.KID);
  if (!isBytes(kid) || kid.length !== 8) refuse("E_SHAPE", "kid is not 8 bytes");
  return { sign1: inner, kid, claims: claimsOf(decode(inner.payload)) };
}

/** The certificate, once the region's signature holds; whether it covers a moment is the caller's next question. */
export async function verify(
  { sign1, kid, claims }: UnverifiedCertificate,
  anchors: Anchors,
  at: number,
  curves: Curves,
): Promise<TerminalCertificate> {
  const anchor = find(anchors, claims.iss, kid, USE.terminal);
  if (claims.iat > anchor.signUntil || at > anchor.verifyUntil)
    refuse("E_ISSUER_EXPIRED", "the region's terminal key had ended");
  if (!(await coseSign1.verify(sign1, anchor.key, curves))) refuse("E_SIG_ISSUER", "the region's signature");
  return claims;
}

function claimsOf(payload: Value): TerminalCertificate {
  if (!hasExactly(payload, CLAIMS)) refuse("E_SHAPE", "not exactly the claims of a terminal certificate");
  const [iss, terminal, confirmation, maxima] = [ISS, SUB, CNF, MAXIMA].map((label) => payload.get(label));
  if (typeof iss !== "string" || !/^[0-9]{6}\.[A-Z0-9]{1,16}$/.test(iss)) refuse("E_SCHEMA", "iss");
  if (typeof terminal !== "string" || !/^[0-9A-Za-z-]{1,24}$/.test(terminal)) refuse("E_SCHEMA", "the terminal's name");
  const coseKey = isMap(confirmation) && confirmation.size === 1 ? confirmation.get(1) : undefined;
  if (!isMap(coseKey)) refuse("E_SCHEMA", "cnf is not exactly one COSE_Key");
  if (!isMap(maxima) || maxima.size === 0) refuse("E_SCHEMA", "a terminal without scenes");
  const [iat, exp] = lifetime(payload, MAX_LIFE);
  return {
    iss,
    terminal,
    place: shownText(payload, PLACE, MAX_SHOWN),
    relyingParty: shownText(payload, RELYING_PARTY, MAX_SHOWN),
    maxima: new Map([...maxima].map(([scene, items]) => [purposeNumberOf(scene), itemsOf(items, MAX_KINDS)])),
    key: VerificationKey.load(coseKey),
    iat,
    exp,
  };
}

export function lifetime(payload: CborMap, longest: number): readonly [number, number] {
  const [iat, exp] = [moment(payload, IAT), moment(payload, EXP)];
  if (!(iat < exp)) refuse("E_TIME_ORDER", "not iat < exp");
  if (exp - iat > longest) refuse("E_SCHEMA", `a life of more than ${longest} seconds`);
  return [iat, exp];
}

/** A text that is shown to people: bounded in characters, without blank ends. */
export function shownText(payload: CborMap, label: number, maxCharacters: number): string {
  const found = text(payload, label, 4 * maxCharacters);
  if ([...found].length > maxCharacters || /^\s|\s$/u.test(found)) refuse("E_SCHEMA", `claim ${label}`);
  return found;
}

export function itemsOf(value: Value | undefined, maxKinds: number): Items {
  if (!isMap(value) || value.size === 0 || value.size > maxKinds) refuse("E_SCHEMA", "not kinds with their items");
  const kindOf = (vct: Key) => (isVct(vct as Value) ? (vct as number) : refuse("E_SCHEMA", "a kind that is none"));
  return new Map([...value].map(([vct, keys]) => [kindOf(vct), itemKeys(keys)]));
}

export function purposeNumberOf(value: Value | Key | undefined): number {
  return isPurpose(value) ? (value as number) : refuse("E_SCHEMA", "a purpose that is none");
}

export function hasExactly(value: Value, labels: readonly number[]): value is CborMap {
  return isMap(value) && value.size === labels.length && labels.every((label) => value.has(label));
}

function itemKeys(value: Value): readonly number[] {
  if (!isArray(value) || value.length === 0 || value.length > MAX_ITEMS) refuse("E_SCHEMA", "no items, or too many");
  return value.map((key, at) =>
    typeof key === "number" && !isGroup(key) && (at === 0 || key > (value[at - 1] as number))
      ? key
      : refuse("E_SCHEMA", "item keys that are not ascending, or a group instead of an item"),
  );
}
