/** COSE_Sign1 (RFC 9052 section 4.2): closed header sets, algorithm as stored with the key, exact type. */

import { concat } from "./bytes.ts";
import { bstr, type CborMap, decode, isArray, isBytes, isInteger, isMap, Tagged, type Value } from "./cbor.ts";
import type { Curves } from "./curves.ts";
import { ED25519, ESP256, type VerificationKey } from "./keys.ts";
import { refuse } from "./protocolError.ts";

export const ALG = 1;
export const KID = 4;
export const KCWT = 13;
export const TYP = 16;
export const SD_CLAIMS = 17;
const SIGN1 = 18;
const SIG_STRUCTURE_HEAD = Uint8Array.of(0x84, 0x6a, 0x53, 0x69, 0x67, 0x6e, 0x61, 0x74, 0x75, 0x72, 0x65, 0x31);

/** The parts of a COSE_Sign1 before any signature has been checked. */
export interface UnverifiedSign1 {
  readonly protectedBytes: Uint8Array;
  readonly protected: CborMap;
  readonly unprotected: CborMap;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Expected {
  readonly typ: number | string;
  readonly protectedLabels: readonly number[];
  readonly unprotectedLabels?: readonly number[];
}

export function parse(structure: Value, expected: Expected): UnverifiedSign1 {
  if (!(structure instanceof Tagged) || structure.tag !== SIGN1 || !isArray(structure.value))
    refuse("E_SHAPE", "not a COSE_Sign1 (tag 18)");
  const [protectedBytes, unprotected, payload, signature] = structure.value;
  if (
    structure.value.length !== 4 ||
    !isBytes(protectedBytes) ||
    !isMap(unprotected) ||
    !isBytes(payload) ||
    !isBytes(signature)
  )
    refuse("E_SHAPE", "not [protected, unprotected, payload, signature]");
  const headers = decode(protectedBytes);
  if (!isMap(headers)) refuse("E_SHAPE", "the protected header is not a map");
  for (const label of unprotected.keys())
    if (!(expected.unprotectedLabels ?? []).includes(label as number))
      refuse("E_HDR_UNPROT", "a parameter that may not stand in the unprotected header");
  const alg = headers.get(ALG);
  if (!isInteger(alg) || ![ED25519, ESP256].includes(alg as number)) refuse("E_ALG", "no algorithm in use here");
  if (headers.get(TYP) !== expected.typ) refuse("E_TYP", `expected ${expected.typ}`);
  if (headers.size !== expected.protectedLabels.length || !expected.protectedLabels.every((each) => headers.has(each)))
    refuse("E_HDR_UNKNOWN", "other header parameters than these may be");
  return { protectedBytes, protected: headers, unprotected, payload, signature };
}

/** Whether the signature fits under this trusted key. Refuses another algorithm than the key's (E_ALG). */
export async function verify(sign1: UnverifiedSign1, key: VerificationKey, curves: Curves): Promise<boolean> {
  if (sign1.protected.get(ALG) !== key.alg) refuse("E_ALG", "the header's algorithm is not the one of the key");
  return key.verify(sign1.signature, sigStructure(sign1.protectedBytes, sign1.payload), curves);
}

/** The bytes that are signed (RFC 9052 section 4.4), without external_aad. */
export function sigStructure(protectedBytes: Uint8Array, payload: Uint8Array): Uint8Array {
  return concat(SIG_STRUCTURE_HEAD, bstr(protectedBytes), Uint8Array.of(0x40), bstr(payload));
}
