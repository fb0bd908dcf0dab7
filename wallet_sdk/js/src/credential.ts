/** The credential (docs/spec/credential.md): an SD-CWT that states a licence, bound to one device key. */

import { utf8 } from "./bytes.ts";
import { type CborMap, decode, isArray, isBytes, isInteger, isMap, REDACTED_KEYS, type Value } from "./cbor.ts";
import { isHarmless, moment } from "./claims.ts";
import * as coseSign1 from "./coseSign1.ts";
import type { UnverifiedSign1 } from "./coseSign1.ts";
import type { Curves } from "./curves.ts";
import { VerificationKey } from "./keys.ts";
import { type Mandate, mandate } from "./mandate.ts";
import { refuse } from "./protocolError.ts";
import { type Restored, restore } from "./sdCwt.ts";

const TYP = 293;
const [ISS, SUB, EXP, NBF, IAT, CNF, VCT, STATUS] = [1, 2, 4, 5, 6, 8, 11, 65_535];
const [LIC, HOLDER_KIND, KEY_ASSURANCE, MANDATE] = [-70_001, -70_002, -70_003, -70_060];
const REQUIRED = [ISS, SUB, EXP, NBF, IAT, CNF, VCT, STATUS, LIC];
const KNOWN = [...REQUIRED, HOLDER_KIND, KEY_ASSURANCE, MANDATE];
const MAX_LIFE = 120 * 86_400;
const MAX_MANDATE_LIFE = 90 * 86_400;
const MAX_DISCLOSURES = 32;

export interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly exp: number;
  readonly nbf: number;
  readonly iat: number;
  readonly cnf: CborMap;
  readonly vct: number;
  readonly status: { readonly uri: string; readonly idx: number };
  readonly holderKind: number | null;
  readonly keyAssurance: number;
  readonly mandate: Mandate | null;
}

/** Well-formed; no signature has been checked. */
export interface UnverifiedCredential {
  readonly sign1: UnverifiedSign1;
  readonly kid: Uint8Array;
  readonly claims: Claims;
  readonly redactedLic: CborMap;
  readonly disclosures: readonly Uint8Array[];
}

export function isVct(value: Value | undefined): value is number {
  return typeof value === "number" && value >= 10_000 && value <= 65_535;
}

export function parse(structure: Value): UnverifiedCredential {
  const sign1 = coseSign1.parse(structure, {
    typ: TYP,
    protectedLabels: [coseSign1.ALG, coseSign1.KID, coseSign1.TYP],
    unprotectedLabels: [coseSign1.SD_CLAIMS],
  });
  const kid = sign1.protected.get(coseSign1.KID);
  if (!isBytes(kid) || kid.length !== 8) refuse("E_SHAPE", "kid is not 8 bytes");
  const payload = decode(sign1.payload);
  if (!isMap(payload)) refuse("E_SHAPE", "the payload is not a map");
  const [claims, redactedLic] = read(payload);
  return { sign1, kid, claims, redactedLic, disclosures: sdClaims(sign1.unprotected) };
}

/** Refuses unless the issuer's signature holds under this key; gives the confirmation key (steps 6 and 7). */
export async function verify(
  unverified: UnverifiedCredential,
  assertionKey: VerificationKey,
  curves: Curves,
): Promise<VerificationKey> {
  if (!(await coseSign1.verify(unverified.sign1, assertionKey, curves)))
    refuse("E_SIG_ISSUER", "the issuer's signature does not fit");
  return VerificationKey.load(unverified.claims.cnf);
}

/** The licence's items that are clear or disclosed (step 9). */
export function disclosedLicence(unverified: UnverifiedCredential): Restored {
  const restored = restore(unverified.redactedLic, unverified.disclosures);
  checkItems(restored.claims);
  return restored;
}

function sdClaims(unprotected: CborMap): readonly Uint8Array[] {
  const found = unprotected.get(coseSign1.SD_CLAIMS);
  if (found === undefined) return [];
  if (!isArray(found) || found.length > MAX_DISCLOSURES) refuse("E_SD_SHAPE", "sd_claims is no array of disclosures");
  if (found.length === 0) refuse("E_SD_EMPTY", "an empty sd_claims");
  return found.map((each) => (isBytes(each) ? each : refuse("E_SD_SHAPE", "a disclosure that is no byte string")));
}

function read(payload: CborMap): [Claims, CborMap] {
  if (payload.has(REDACTED_KEYS)) refuse("E_SD_FORBIDDEN", "redactions at the outermost level");
  if (!REQUIRED.every((label) => payload.has(label!)) || ![...payload.keys()].every((key) => KNOWN.includes(key as number)))
    refuse("E_SCHEMA", "claims are missing, or there are others than a credential has");
  const [iss, sub, vct, lic] = [ISS, SUB, VCT, LIC].map((label) => payload.get(label!));
  if (typeof iss !== "string" || !/^[0-9]{6}\.[A-Z0-9]{1,16}$/.test(iss)) refuse("E_SCHEMA", "iss");
  if (typeof sub !== "string" || !/^[0-9A-Za-z]{10}$/.test(sub)) refuse("E_SCHEMA", "sub");
  if (!isVct(vct)) refuse("E_SCHEMA", "vct is not the number of a licence kind");
  if (!isMap(lic)) refuse("E_SCHEMA", "lic is not a map");
  const [exp, nbf, iat] = [moment(payload, EXP!), moment(payload, NBF!), moment(payload, IAT!)];
  if (!(nbf <= iat && iat < exp)) refuse("E_TIME_ORDER", "not nbf ≤ iat < exp");
  if (exp - iat > MAX_LIFE) refuse("E_SCHEMA", "a technical life of more than 120 days");
  if (payload.has(MANDATE!) && exp - iat > MAX_MANDATE_LIFE) refuse("E_SCHEMA", "a mandate for more than 90 days");
  const confirmation = payload.get(CNF!);
  const cnf = isMap(confirmation) && confirmation.size === 1 ? confirmation.get(1) : undefined;
  if (!isMap(cnf)) refuse("E_SCHEMA", "cnf is not exactly one COSE_Key");
  const claims: Claims = {
    iss,
    sub,
    exp,
    nbf,
    iat,
    cnf,
    vct,
    status: statusReference(payload.get(STATUS!)),
    holderKind: inRange(payload, HOLDER_KIND!, 1, 2) ?? null,
    keyAssurance: inRange(payload, KEY_ASSURANCE!, 0, 3) ?? 0,
    mandate: payload.has(MANDATE!) ? mandate(payload.get(MANDATE!)!) : null,
  };
  return [claims, lic];
}

function statusReference(status: Value | undefined): Claims["status"] {
  const named = isMap(status) && status.size === 1 ? status.get("status_list") : undefined;
  const [idx, uri] = isMap(named) && named.size === 2 ? [named.get("idx"), named.get("uri")] : [];
  if (typeof idx !== "number" || idx < 0 || idx >= 2 ** 32) refuse("E_SCHEMA", "status has no index");
  if (typeof uri !== "string" || !/^lz:[0-9]{6}\/(0|[1-9][0-9]{0,5})$/.test(uri)) refuse("E_SCHEMA", "status has no list");
  return { uri, idx };
}

function inRange(payload: CborMap, label: number, least: number, most: number): number | undefined {
  if (!payload.has(label)) return undefined;
  const value = payload.get(label);
  if (typeof value !== "number" || value < least || value > most) refuse("E_SCHEMA", `claim ${label}`);
  return value;
}

function checkItems(items: CborMap): void {
  for (const [key, value] of items) {
    if (!isInteger(key as Value)) refuse("E_SCHEMA", "an item whose key is not an integer");
    checkItem(value);
  }
}

function checkItem(value: Value): void {
  if (isInteger(value) || typeof value === "boolean") return;
  if (typeof value === "string") {
    const content = utf8(value);
    if (content === null || content.length > 1_024 || !isHarmless(value)) refuse("E_SCHEMA", "hostile or long text");
  } else if (isBytes(value)) {
    if (value.length > 64) refuse("E_SCHEMA", "a byte string that is too long");
  } else if (isMap(value)) checkItems(value);
  else if (isArray(value)) value.forEach(checkItem);
  else refuse("E_SCHEMA", "a type that no item has");
}
