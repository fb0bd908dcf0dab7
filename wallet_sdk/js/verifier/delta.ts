/** Deltas of a region's status feed (docs/spec/delta.md): which entries have a new status; and the chain of their hashes. */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, utf8 } from "../src/bytes.ts";
import { decode, isArray, isBytes, type Value } from "../src/cbor.ts";
import { ProtocolError } from "../src/protocolError.ts";
import { broken } from "./materialError.ts";
import { checkRoom, fieldBytes, join, MAX_WIDTH, readFields, readOnes } from "./rice.ts";

export const MAX_LISTS = 1_000_000;
export const LIST_ENTRIES = 2 ** 20;
const MAX_BYTES = 4_194_304;
const MAX_CHANGES = 2 ** 20;
const MAX_RETIRED = 256;
const [DELTA, HEAD] = [ascii("lz-status-delta\0"), ascii("lz-status-head\0")];

/** New statuses at strictly ascending places (list number × 2^20 + index); `lists` is null if it opens and closes none. */
export interface Delta {
  readonly places: Float64Array;
  readonly values: Uint8Array;
  readonly lists: number | null;
  readonly retired: readonly number[];
}

/** After delta `seq` of this epoch. */
export interface FeedPosition {
  readonly region: string;
  readonly epoch: number;
  readonly seq: number;
}

export function deltaHash(position: FeedPosition, body: Uint8Array): Uint8Array {
  return sha256(concat(DELTA, ascii(position.region), u32(position.epoch), u32(position.seq), body));
}

export function nextHead(head: Uint8Array, hashed: Uint8Array): Uint8Array {
  return sha256(concat(HEAD, head, hashed));
}

/** The delta in these bytes, once the whole way to the signed head has been hashed. */
export function decodeDelta(body: Uint8Array): Delta {
  if (body.length > MAX_BYTES) malformed("a delta beyond its bound");
  const value = strict(body, MAX_RETIRED + 512);
  if (!isArray(value) || (value.length !== 4 && value.length !== 6)) malformed("not [count, k, places, values, …]");
  const [count, k, places, values, number, numbers] = value;
  if (typeof count !== "number" || count < 0 || count > MAX_CHANGES) malformed("a number of changes that is none");
  if (typeof k !== "number" || k < 0 || k > MAX_WIDTH || (count === 0 && k > 0)) malformed("a number of low bits that is none");
  if (!isBytes(places) || !isBytes(values)) malformed("places or values that are no bytes");
  const [lists, retired] = value.length === 6 ? listsOf(number, numbers) : [null, []];
  checkRoom(places, count * k);
  const ones = readOnes(places.subarray(fieldBytes(count, k)), count);
  const read = join(ones, readFields(places, count, k), k);
  if (count > 0 && read[count - 1]! >= MAX_LISTS * LIST_ENTRIES) malformed("a place in a list that no number can name");
  return { places: read, values: valuesOf(values, count), lists, retired };
}

function listsOf(number: Value | undefined, numbers: Value | undefined): [number, readonly number[]] {
  if (typeof number !== "number" || number < 1 || number > MAX_LISTS || !isArray(numbers) || numbers.length > MAX_RETIRED)
    malformed("lists that are none");
  const retired = numbers.map((each, at) =>
    typeof each === "number" && each >= 0 && each < number && (at === 0 || each > (numbers[at - 1] as number))
      ? each
      : malformed("closed lists that are not ascending, or were never opened"),
  );
  return [number, retired];
}

/** A table of values, most frequent first, and each entry's rank in it. */
function valuesOf(stated: Uint8Array, count: number): Uint8Array {
  if (count === 0 || stated.length === 0) {
    if (count > 0 || stated.length > 0) malformed("values without places, or places without values");
    return new Uint8Array();
  }
  const [size, k] = [(stated[0]! >> 4) + 1, stated[0]! & 15];
  const end = 1 + fieldBytes(size, 4);
  checkRoom(stated.subarray(1, end), 4 * size);
  const table = readFields(stated.subarray(1, end), size, 4);
  if (new Set(table).size !== size || k > 3 || (size === 1 && k > 0)) malformed("a table with a value twice");
  if (size === 1) {
    if (stated.length !== end) malformed("ranks where there is one value");
    return new Uint8Array(count).fill(table[0]!);
  }
  checkRoom(stated.subarray(end), count * k);
  const ones = readOnes(stated.subarray(end + fieldBytes(count, k)), count);
  const lows = readFields(stated, count, k, 8 * end);
  let before = -1;
  return Uint8Array.from(lows, (low, at) => {
    const rank = (ones[at]! - before - 1) * 2 ** k + low;
    before = ones[at]!;
    return table[rank] ?? malformed("a rank that the table has not");
  });
}

/** One item of strict CBOR, of an unsigned object whose bytes a signed hash has named. */
export function strict(encoded: Uint8Array, maxItems: number): Value {
  try {
    return decode(encoded, maxItems);
  } catch (error) {
    if (error instanceof ProtocolError) malformed(error.message);
    throw error;
  }
}

export function ascii(text: string): Uint8Array {
  return utf8(text)!;
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function malformed(message: string): never {
  return broken("feed-broken", message);
}
