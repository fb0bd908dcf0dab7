/**
 * Disclosures and redactions (SD-CWT sections 4.1, 7 and 9 step 8).
 *
 * Every disclosure matches exactly one redacted claim hash, no hash stands twice, no disclosed key overwrites another,
 * what stays redacted is removed. Disclosures come in any order and may hold further redactions.
 */

import { sha256 } from "@noble/hashes/sha2.js";

import { toHex } from "./bytes.ts";
import {
  bstr,
  type CborMap,
  decode,
  encode,
  isArray,
  isBytes,
  isInteger,
  isMap,
  type Key,
  REDACTED_KEYS,
  Tagged,
  type Value,
} from "./cbor.ts";
import { ProtocolError, refuse } from "./protocolError.ts";

const SALT_BYTES = 16;
const MAX_DEPTH = 16;
const MAX_HASHES = 32;
const MAX_DISCLOSURE_ITEMS = 128;
const REDACTED_ELEMENT = 60;

export interface Disclosure {
  readonly encoded: Uint8Array;
  readonly value: Value;
  readonly key: Key | null;
  readonly isDecoy: boolean;
  readonly hash: string;
}

export function disclosure(encoded: Uint8Array): Disclosure {
  let content: Value;
  try {
    content = decode(encoded, MAX_DISCLOSURE_ITEMS);
  } catch (error) {
    // The code itself was read: E_CBOR would tell the clerk that it was not.
    if (error instanceof ProtocolError) refuse("E_SD_SHAPE", "a disclosure that is not strict CBOR");
    throw error;
  }
  const [salt, value, key] = isArray(content) ? content : [];
  const size = isArray(content) ? content.length : 0;
  const hasKey = size === 3;
  if (!isBytes(salt) || salt.length !== SALT_BYTES || size > 3 || (hasKey && !isInteger(key) && typeof key !== "string"))
    refuse("E_SD_SHAPE", "not [salt], [salt, value] or [salt, value, key]");
  const hash = toHex(sha256(bstr(encoded)));
  return { encoded, value: value ?? null, key: hasKey ? (key as Key) : null, isDecoy: size === 1, hash };
}

export function discloseKey(salt: Uint8Array, value: Value, key: number): Disclosure {
  return disclosure(encode([salt, value, key]));
}

export interface Restored {
  readonly claims: CborMap;
  /** How many redacted claims stayed hidden. */
  readonly hidden: number;
}

export function restore(claims: CborMap, encodedDisclosures: readonly Uint8Array[]): Restored {
  const byHash = new Map<string, Disclosure>();
  for (const encoded of encodedDisclosures) {
    const each = disclosure(encoded);
    if (byHash.has(each.hash)) refuse("E_SD_DUP", "the same disclosure twice");
    byHash.set(each.hash, each);
  }
  const seen = new Set<string>();
  const restored = new Restorer(byHash, seen).map(claims, 1);
  for (const hash of byHash.keys())
    if (!seen.has(hash)) refuse("E_SD_ORPHAN", "a disclosure that belongs to no redacted claim hash");
  return { claims: restored, hidden: seen.size - byHash.size };
}

class Restorer {
  constructor(
    private readonly byHash: ReadonlyMap<string, Disclosure>,
    private readonly seen: Set<string>,
  ) {}

  value(value: Value, depth: number): Value {
    if (isMap(value)) return this.map(value, depth + 1);
    if (isArray(value)) return this.array(value, depth + 1);
    if (value instanceof Tagged) refuse("E_SD_FORBIDDEN", "a tagged value where no redacted element may stand");
    return value;
  }

  map(claims: CborMap, depth: number): CborMap {
    if (depth > MAX_DEPTH) refuse("E_SD_SHAPE", "claims nested too deep");
    const restored = new Map<Key, Value>();
    for (const [key, value] of claims) if (key !== REDACTED_KEYS) restored.set(key, this.value(value, depth));
    for (const hash of hashes(claims)) {
      const disclosed = this.disclosed(hash);
      if (disclosed === null || disclosed.isDecoy) continue;
      if (disclosed.key === null) refuse("E_SD_SHAPE", "the disclosure of an array element stands for a map key");
      if (restored.has(disclosed.key)) refuse("E_SD_DUPKEY", "a disclosed key stands in its map already");
      restored.set(disclosed.key, this.value(disclosed.value, depth));
    }
    return restored;
  }

  private array(elements: readonly Value[], depth: number): Value {
    if (depth > MAX_DEPTH) refuse("E_SD_SHAPE", "claims nested too deep");
    const restored: Value[] = [];
    for (const element of elements) {
      if (!(element instanceof Tagged)) {
        restored.push(this.value(element, depth));
        continue;
      }
      if (element.tag !== REDACTED_ELEMENT) refuse("E_SD_FORBIDDEN", `tag ${element.tag} in a claim`);
      const disclosed = this.disclosed(element.value);
      if (disclosed === null || disclosed.isDecoy) continue;
      if (disclosed.key !== null) refuse("E_SD_SHAPE", "the disclosure of a map key stands for an array element");
      restored.push(this.value(disclosed.value, depth));
    }
    return restored;
  }

  private disclosed(hash: Value): Disclosure | null {
    if (!isBytes(hash) || hash.length !== 32) refuse("E_SD_SHAPE", "a redacted claim hash that is not 32 bytes");
    const name = toHex(hash);
    if (this.seen.has(name)) refuse("E_SD_REUSE", "a redacted claim hash stands twice");
    this.seen.add(name);
    return this.byHash.get(name) ?? null;
  }
}

/** What stands under simple(59): absent, or an array that is not empty. */
export function hashes(claims: CborMap): readonly Value[] {
  const found = claims.get(REDACTED_KEYS);
  if (found === undefined) return [];
  if (!isArray(found) || found.length === 0 || found.length > MAX_HASHES)
    refuse("E_SD_SHAPE", "redacted claim keys are no array of hashes");
  return found;
}
