/**
 * All statuses of a region (docs/spec/status-base.md, delta.md): reading a base, folding deltas, the root, looking up.
 *
 * A list is 2^20 entries of 4 bits; one in which everything is valid is kept as `ALL_VALID`, a closed one as null.
 */

import { sha256 } from "@noble/hashes/sha2.js";

import { equal } from "../src/bytes.ts";
import { isArray, isBytes, type Value } from "../src/cbor.ts";
import type { StatusAnswer } from "./context.ts";
import { ascii, type Delta, type FeedPosition, LIST_ENTRIES, MAX_LISTS, strict, u32 } from "./delta.ts";
import { broken } from "./materialError.ts";
import { checkRoom, join, parameterOfAList, readFields, readOnes } from "./rice.ts";

export const ALL_VALID = "all valid";
export type List = Uint8Array | typeof ALL_VALID | null;

const LIST_BYTES = LIST_ENTRIES / 2;
/** Half a megabyte each: 256 MB, and 536 million entries, are what a browser's page may take. */
const MAX_HELD = 512;
const MAX_BASE = 67_108_864;
const ROOT = ascii("lz-status-root\0");
const CLOSED = new Uint8Array(32);
const ALL_VALID_HASH = sha256(new Uint8Array(LIST_BYTES));
/** Only valid and suspended may change without the offline key. */
const isFinal = (value: number) => value !== 0 && value !== 2;

export interface BasePointer {
  readonly seq: number;
  readonly sha256: Uint8Array;
  readonly size: number;
}

export function baseOf(encoded: Uint8Array, pointer: BasePointer, expected: FeedPosition): { head: Uint8Array; lists: List[] } {
  if (encoded.length > MAX_BASE || encoded.length !== pointer.size || !equal(sha256(encoded), pointer.sha256))
    malformed("another base than the signed one");
  const value = strict(encoded, MAX_LISTS + 512);
  const [place, head, records] = isArray(value) ? value : [];
  const [region, epoch, seq] = isArray(place) ? place : [];
  if (!isBytes(head) || head.length !== 32 || !isArray(records) || records.length === 0 || records.length > MAX_LISTS)
    malformed("not [position, head, lists]");
  if ((value as readonly Value[]).length !== 3 || (place as readonly Value[]).length !== 3) malformed("not a base");
  if (region !== expected.region || epoch !== expected.epoch || seq !== pointer.seq)
    malformed("a base of another region, epoch or seq");
  if (records.filter((each) => isBytes(each) && each.length > 0).length > MAX_HELD) malformed("too many lists");
  return { head, lists: records.map(listOf) };
}

/** Folds a delta in; what it may not change is refused. Gives how many entries changed. */
export function fold(lists: List[], changes: Delta, isCoSigned: boolean): number {
  if (changes.lists !== null) {
    if (changes.lists < lists.length) malformed("lists that vanish");
    while (lists.length < changes.lists) lists.push(ALL_VALID);
    for (const number of changes.retired) lists[number] = null;
  }
  let changed = 0;
  let held = lists.filter((each) => each !== null && each !== ALL_VALID).length;
  changes.places.forEach((place, at) => {
    const [number, idx, value] = [Math.floor(place / LIST_ENTRIES), place % LIST_ENTRIES, changes.values[at]!];
    const list = lists[number];
    if (list === null || list === undefined) malformed(`list ${number} is not open`);
    const old = valueAt(list, idx);
    if (old === value) return;
    if (isFinal(old) && !isCoSigned) broken("final-changed", "a final status changes without the offline key");
    if (list === ALL_VALID && ++held > MAX_HELD) malformed("more lists than a browser may hold");
    const own = list === ALL_VALID ? (lists[number] = new Uint8Array(LIST_BYTES)) : list;
    const shift = (idx & 1) * 4;
    own[idx >> 1] = (own[idx >> 1]! & (0xf0 >> shift)) | (value << shift);
    changed++;
  });
  return changed;
}

/** What a checkpoint signs. */
export function rootOf(region: string, lists: readonly List[]): Uint8Array {
  const root = sha256.create().update(ROOT).update(ascii(region)).update(u32(lists.length));
  for (const each of lists) root.update(each === null ? CLOSED : each === ALL_VALID ? ALL_VALID_HASH : sha256(each));
  return root.digest();
}

/**
 * How many entries differ; what may not is refused: a list that has vanished or come back, another final status.
 *
 * What the offline key has signed between the two accounts for itself, and is not counted.
 */
export function checkAgainst(held: readonly List[], came: readonly List[], coSigned: readonly Delta[]): number {
  if (came.length < held.length) malformed("lists that vanish");
  // Where a co-signed delta says something, the way on from there is judged.
  const since = new Map(coSigned.flatMap(({ places, values }) => [...places].map((place, at) => [place, values[at]!])));
  let changed = 0;
  came.forEach((after, number) => {
    const before = held[number] ?? (number < held.length ? null : ALL_VALID);
    if (before === null && after !== null) malformed("a closed list comes back");
    if (before === null || after === null || before === after) return;
    for (let byte = 0; byte < LIST_BYTES; byte++) {
      if (byteAt(before, byte) === byteAt(after, byte)) continue;
      for (const idx of [2 * byte, 2 * byte + 1]) {
        const [old, now] = [since.get(number * LIST_ENTRIES + idx) ?? valueAt(before, idx), valueAt(after, idx)];
        if (old === now) continue;
        if (isFinal(old)) broken("final-changed", "a final status that is held here is another one there");
        changed++;
      }
    }
  });
  return changed;
}

function byteAt(list: Uint8Array | typeof ALL_VALID, byte: number): number {
  return list === ALL_VALID ? 0 : list[byte]!;
}

export function lookUp(lists: readonly List[], prefix: string, uri: string, idx: number, asOf: number): StatusAnswer {
  const number = uri.startsWith(prefix) ? uri.slice(prefix.length) : "";
  const list = /^(0|[1-9][0-9]{0,5})$/.test(number) ? lists[Number(number)] : undefined;
  if (list === undefined || list === null) return { coverage: "not covered" };
  if (!(idx >= 0 && idx < LIST_ENTRIES)) return { coverage: "out of range" };
  return { coverage: "covered", value: valueAt(list, idx), asOf };
}

function valueAt(list: Uint8Array | typeof ALL_VALID, idx: number): number {
  return list === ALL_VALID ? 0 : (list[idx >> 1]! >> ((idx & 1) * 4)) & 15;
}

/** One list of a base: which values occur, how often each; the low bits of all sets; their quotients. */
function listOf(record: Value): List {
  if (record === null) return null;
  if (!isBytes(record)) malformed("a list that is not bytes");
  if (record.length === 0) return ALL_VALID;
  let bit = 0;
  const take = (width: number) => {
    if (bit + width > 8 * record.length) malformed("bits that are not there");
    bit += width;
    return width === 0 ? 0 : readFields(record, 1, width, bit - width)[0]!;
  };
  const mask = take(15);
  const sets: [value: number, count: number][] = [];
  for (let value = 1; value <= 15; value++)
    if (((mask >> (value - 1)) & 1) === 1) {
      const width = take(5);
      if (width < 1 || width > 21) malformed("a number of entries that a list has not");
      sets.push([value, 2 ** (width - 1) + take(width - 1)]);
    }
  const total = sets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0 || total > LIST_ENTRIES) malformed("no entries, or more than a list has");
  const lowBits = sets.reduce((sum, [, count]) => sum + count * parameterOfAList(count), 0);
  checkRoom(record, bit + lowBits);
  const ones = readOnes(record.subarray(Math.ceil((bit + lowBits) / 8)), total);
  const list = new Uint8Array(LIST_BYTES);
  let [first, begin] = [0, 0];
  for (const [value, count] of sets) {
    const k = parameterOfAList(count);
    const ends = ones.slice(first, first + count).map((each) => each - begin);
    for (const idx of join(ends, readFields(record, count, k, bit), k)) {
      if (idx >= LIST_ENTRIES || valueAt(list, idx) !== 0) malformed("an index beyond its list, or an entry with two values");
      list[idx >> 1] = list[idx >> 1]! | (value << ((idx & 1) * 4));
    }
    begin = ones[first + count - 1]! + 1;
    [first, bit] = [first + count, bit + count * k];
  }
  return list;
}

function malformed(message: string): never {
  return broken("feed-broken", message);
}
