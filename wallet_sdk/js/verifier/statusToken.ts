/** Status list tokens (docs/spec/status-list.md), for regions without a feed: verified, inflated with a bound. */

import { sha256 } from "@noble/hashes/sha2.js";

import { equal } from "../src/bytes.ts";
import { decode, isBytes, isMap } from "../src/cbor.ts";
import { moment, text } from "../src/claims.ts";
import * as coseSign1 from "../src/coseSign1.ts";
import type { Curves } from "../src/curves.ts";
import { refuse } from "../src/protocolError.ts";
import { find, type TrustList, USE } from "../src/trust.ts";
import type { StatusAnswer } from "./context.ts";

const [ISS, SUB, EXP, IAT, STATUS_LIST, TTL, SEQ, SHA256] = [1, 2, 4, 6, 65_533, 65_534, -70_020, -70_021] as const;
const MAX_TOKEN = 1_048_576;
const MAX_URI = 64;
const BITS = 4;
const MAX_LIST = 2 ** 20 / 2;

/** Inflates a zlib stream (RFC 1950) to at most so many bytes; null for more, and for what is no such stream or goes on behind it. */
export type Inflate = (stream: Uint8Array, maxBytes: number) => Promise<Uint8Array | null>;

export interface StatusToken {
  readonly uri: string;
  readonly seq: number;
  readonly iat: number;
  readonly packed: Uint8Array;
}

export async function verifyStatusToken(
  encoded: Uint8Array,
  trust: TrustList,
  at: number,
  curves: Curves,
  inflate: Inflate,
): Promise<StatusToken> {
  if (encoded.length > MAX_TOKEN) refuse("E_SIZE", `a status list token of ${encoded.length} bytes`);
  const protectedLabels = [coseSign1.ALG, coseSign1.KID, coseSign1.TYP];
  const sign1 = coseSign1.parse(decode(encoded), { typ: "application/statuslist+cwt", protectedLabels });
  const [payload, kid] = [decode(sign1.payload), sign1.protected.get(coseSign1.KID)];
  if (!isMap(payload) || !isBytes(kid)) refuse("E_SHAPE", "the payload is not a map, or kid not bytes");
  const [iss, uri] = [text(payload, ISS, MAX_URI), text(payload, SUB, MAX_URI)];
  const [iat, exp] = [moment(payload, IAT), moment(payload, EXP)];
  const anchor = find(trust.anchors, iss, kid, USE.status);
  if (iat > anchor.signUntil || at > anchor.verifyUntil) refuse("E_ISSUER_EXPIRED", "the status key had ended");
  if (!anchor.statusPrefixes.some((prefix) => (prefix.endsWith("/") ? uri.startsWith(prefix) : uri === prefix)))
    refuse("E_STATUS_URI", "this key may not sign this list");
  if (!(await coseSign1.verify(sign1, anchor.key, curves))) refuse("E_SIG_ISSUER", "the signature does not fit");
  if (!(iat < exp)) refuse("E_TIME_ORDER", "not iat < exp");
  const [seq, ttl, list] = [payload.get(SEQ), payload.get(TTL), payload.get(STATUS_LIST)];
  if (typeof seq !== "number" || seq < 1 || typeof ttl !== "number" || ttl < 1) refuse("E_SCHEMA", "no seq or ttl");
  const lst = isMap(list) && list.get("bits") === BITS ? list.get("lst") : undefined;
  if (!isBytes(lst)) refuse("E_SCHEMA", "not a list of 4 bits");
  const packed = await inflate(lst, MAX_LIST);
  const hash = payload.get(SHA256);
  if (packed === null || !isBytes(hash) || !equal(sha256(packed), hash))
    refuse("E_SCHEMA", "the list is not the one that was hashed, or too long");
  return { uri, seq, iat, packed };
}

export function lookUpToken(token: StatusToken | undefined, idx: number): StatusAnswer {
  if (token === undefined) return { coverage: "not covered" };
  if (!(idx >= 0 && idx < 2 * token.packed.length)) return { coverage: "out of range" };
  return { coverage: "covered", value: (token.packed[idx >> 1]! >> ((idx & 1) * 4)) & 15, asOf: token.iat };
}
