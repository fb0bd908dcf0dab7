/**
 * Strict deterministic CBOR (RFC 8949 section 4.2.1; docs/spec/conventions.md): the only parser of untrusted bytes.
 *
 * One value and nothing after it; shortest heads; definite lengths; no duplicate keys; no floats; map keys are integers,
 * text or simple(59); tags 16, 18 and 60 only; bounded depth and number of items; every refusal is E_CBOR. Integers that
 * are no safe numbers are BigInt. Map order is free on reading and deterministic on writing.
 */

import { compare, concat, fromUtf8, utf8 } from "./bytes.ts";
import { refuse } from "./protocolError.ts";

/** The one simple value that may be a map key: where a map keeps its redacted claim hashes. */
export const REDACTED_KEYS: unique symbol = Symbol("simple(59)");

export class Tagged {
  constructor(
    readonly tag: number,
    readonly value: Value,
  ) {}
}

export type Key = number | bigint | string | typeof REDACTED_KEYS;
export type Value = number | bigint | string | Uint8Array | boolean | null | readonly Value[] | CborMap | Tagged;
export type CborMap = ReadonlyMap<Key, Value>;

const MAX_DEPTH = 16;
const MAX_ITEMS = 512;
export const MAX_DOCUMENT_ITEMS = 200_000;
const TAGS: readonly number[] = [16, 18, 60];
const MAX_INTEGER = 2n ** 63n - 1n;

export function decode(encoded: Uint8Array, maxItems: number = MAX_ITEMS): Value {
  const reader = new Reader(encoded, maxItems);
  const value = reader.value(0);
  if (reader.position < encoded.length) refuse("E_CBOR", "bytes after the end of the item");
  return value;
}

class Reader {
  position = 0;

  constructor(
    private readonly encoded: Uint8Array,
    private itemsLeft: number,
  ) {}

  value(depth: number): Value {
    const initial = this.byte();
    const major = initial >> 5;
    if (major === 7) return this.simple(initial & 31);
    const argument = this.argument(initial & 31);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return typeof argument === "bigint" || argument === Number.MAX_SAFE_INTEGER
          ? -1n - BigInt(argument)
          : -1 - argument;
      case 2:
        return this.bytes(argument);
      case 3:
        return fromUtf8(this.bytes(argument)) ?? refuse("E_CBOR", "text that is not UTF-8");
      default:
        return this.nested(major, argument, depth);
    }
  }

  private nested(major: number, argument: number | bigint, depth: number): Value {
    if (depth >= MAX_DEPTH) refuse("E_CBOR", `nested deeper than ${MAX_DEPTH} levels`);
    this.itemsLeft -= Number(argument) * (major === 5 ? 2 : 1);
    if (major === 6) this.itemsLeft += Number(argument) - 1;
    if (this.itemsLeft < 0) refuse("E_CBOR", "more items than the bound allows");
    const count = Number(argument);
    if (major === 4) return Array.from({ length: count }, () => this.value(depth + 1));
    if (major === 6) {
      if (!TAGS.includes(count)) refuse("E_CBOR", "a tag that is not in use here");
      return new Tagged(count, this.value(depth + 1));
    }
    const map = new Map<Key, Value>();
    for (let left = count; left > 0; left--) {
      const key = this.key(depth + 1);
      if (map.has(key)) refuse("E_CBOR", "a duplicate map key");
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  private key(depth: number): Key {
    const initial = this.encoded[this.position];
    const major = initial === undefined ? -1 : initial >> 5;
    if (initial === 0xf8 && this.encoded[this.position + 1] === 59) {
      this.position += 2;
      return REDACTED_KEYS;
    }
    if (major !== 0 && major !== 1 && (major !== 3 || (initial! & 31) > 24))
      refuse("E_CBOR", "a map key that is neither an integer nor a text of at most 255 bytes");
    return this.value(depth) as Key;
  }

  private simple(low: number): Value {
    if (low === 20) return false;
    if (low === 21) return true;
    if (low === 22) return null;
    return refuse("E_CBOR", "a float, an indefinite length, or a simple value that may not stand here");
  }

  private argument(low: number): number | bigint {
    if (low < 24) return low;
    if (low > 27) refuse("E_CBOR", "an indefinite length, or a reserved head");
    const width = 1 << (low - 24);
    let wide = 0n;
    let argument = 0;
    for (let left = width; left > 0; left--) {
      const byte = this.byte();
      if (width === 8) wide = (wide << 8n) | BigInt(byte);
      else argument = argument * 256 + byte;
    }
    const least = [24n, 2n ** 8n, 2n ** 16n, 2n ** 32n][low - 24]!;
    const whole = width === 8 ? wide : BigInt(argument);
    if (whole < least) refuse("E_CBOR", "a head longer than necessary");
    if (whole > MAX_INTEGER) refuse("E_CBOR", "an integer beyond 63 bits");
    return whole <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(whole) : whole;
  }

  private bytes(length: number | bigint): Uint8Array {
    const end = this.position + Number(length);
    if (end > this.encoded.length) refuse("E_CBOR", "the bytes end inside an item");
    const content = this.encoded.slice(this.position, end);
    this.position = end;
    return content;
  }

  private byte(): number {
    const byte = this.encoded[this.position++];
    return byte ?? refuse("E_CBOR", "the bytes end inside an item");
  }
}

/** The shortest head of a major type with this argument. */
export function head(major: number, argument: number | bigint): Uint8Array {
  const top = major << 5;
  if (argument < 24) return Uint8Array.of(top | Number(argument));
  const width = argument < 2 ** 8 ? 1 : argument < 2 ** 16 ? 2 : argument < 2 ** 32 ? 4 : 8;
  const bytes = new Uint8Array(1 + width);
  bytes[0] = top | (24 + Math.log2(width));
  let rest = BigInt(argument);
  for (let at = width; at > 0; at--) {
    bytes[at] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

export function encode(value: Value): Uint8Array {
  if (value === false) return Uint8Array.of(0xf4);
  if (value === true) return Uint8Array.of(0xf5);
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === "number" || typeof value === "bigint") {
    if (typeof value === "number" && !Number.isSafeInteger(value)) throw new TypeError("no integer");
    return value >= 0 ? head(0, value) : head(1, -1n - BigInt(value));
  }
  if (typeof value === "string") {
    const content = utf8(value);
    if (content === null) throw new TypeError("text that is not Unicode scalar values");
    return concat(head(3, content.length), content);
  }
  if (value instanceof Uint8Array) return bstr(value);
  if (value instanceof Tagged) return concat(head(6, value.tag), encode(value.value));
  if (Array.isArray(value)) return concat(head(4, value.length), ...value.map(encode));
  const map = value as CborMap;
  const members = [...map].map(([key, member]) => [keyBytes(key), encode(member)] as const);
  members.sort((a, b) => compare(a[0], b[0]));
  return concat(head(5, members.length), ...members.flat());
}

/** The bytes of a byte string. */
export function bstr(content: Uint8Array): Uint8Array {
  return concat(head(2, content.length), content);
}

function keyBytes(key: Key): Uint8Array {
  return key === REDACTED_KEYS ? Uint8Array.of(0xf8, 59) : encode(key);
}

export function isMap(value: Value | undefined): value is CborMap {
  return value instanceof Map;
}

export function isBytes(value: Value | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}

export function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether a value is an integer, a BigInt among them; `true` is none. */
export function isInteger(value: Value | undefined): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
