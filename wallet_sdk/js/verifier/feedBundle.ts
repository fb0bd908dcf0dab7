/** Feed bundles (docs/spec/feed-bundle.md): published files in one map. Nothing in one is believed. */

import { compare, fromUtf8 } from "../src/bytes.ts";
import { broken } from "./materialError.ts";

const MAX_BYTES = 134_217_728;
const MAX_ENTRIES = 65_536;
const MAX_NAME = 128;
const [MAP, TEXT, BYTES] = [5, 3, 2] as const;
const [DOCUMENT, TOKEN, DELTA, BASE] = [4 * 1_048_576, 1_048_576, 4_194_304, 67_108_864] as const;
/** Of one region: what this verifier reads, and what it leaves alone, each with its longest length. */
const NAMES: readonly (readonly [RegExp, number])[] = [
  [/^(root|trust|catalogue|policy|directory|feed)\.cbor$/, DOCUMENT],
  [/^status\/(aggregation\.json|(0|[1-9][0-9]{0,5})\.cwt)$/, TOKEN],
  [/^feed\/checkpoint(-10)?\.cwt$/, 6_144],
  [/^feed\/manifest\.cwt$/, DOCUMENT],
  [/^feed\/(delta|base)(-(0|[1-9][0-9]{0,9})){2}$/, BASE],
  [/^feed\/(hour|day|week|co-signed-delta|co-signature)(-(0|[1-9][0-9]{0,9})){3}$/, DELTA],
];
const OF_A_REPOSITORY = /^(targets|metadata)\//;

export type Entries = ReadonlyMap<string, Uint8Array>;

/** Whether a region may publish a file of this name, with these bytes. */
export function isPublished(name: string, size: number): boolean {
  return NAMES.some(([pattern, most]) => pattern.test(name) && size > 0 && size <= most);
}

export function decodeBundle(encoded: Uint8Array): Entries {
  if (encoded.length > MAX_BYTES) broken("form", `a bundle of ${encoded.length} bytes`);
  const [count, begin] = head(encoded, 0, MAP);
  if (count < 1 || count > MAX_ENTRIES) broken("form", `a bundle of ${count} files`);
  const entries = new Map<string, Uint8Array>();
  let [at, before] = [begin, new Uint8Array()];
  for (let left = count; left > 0; left--) {
    const [length, from] = head(encoded, at, TEXT);
    if (length > MAX_NAME || from + length > encoded.length) broken("form", "a name that is too long, or cut off");
    const key = encoded.slice(at, from + length);
    // RFC 8949 section 4.2.1: ascending by their bytes, so that nothing stands twice either.
    if (before.length > 0 && compare(before, key) >= 0) broken("form", "files that are not ascending, or one twice");
    const name = fromUtf8(encoded.slice(from, from + length)) ?? "";
    const [size, content] = head(encoded, from + length, BYTES);
    if (OF_A_REPOSITORY.test(name)) broken("repository", "a bundle of a trust repository: ask for one region's");
    if (!isPublished(name, size)) broken("form", "a file that nobody publishes, or of a size that none has");
    at = content + size;
    if (at > encoded.length) broken("form", "the bytes end inside a file");
    entries.set(name, encoded.subarray(content, at));
    before = key;
  }
  if (at !== encoded.length) broken("form", "bytes after the end");
  return entries;
}

/** The argument of the head that begins here, and where it ends. */
function head(encoded: Uint8Array, at: number, major: number): [number, number] {
  const first = encoded[at];
  if (first === undefined || first >> 5 !== major) broken("form", "not a map of names to bytes");
  const low = first & 31;
  if (low < 24) return [low, at + 1];
  const width = { 24: 1, 25: 2, 26: 4 }[low] ?? broken("form", "a length beyond every file");
  const bytes = encoded.slice(at + 1, at + 1 + width);
  const argument = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  // The shortest head that holds the argument is the only one.
  const least = { 1: 24, 2: 2 ** 8, 4: 2 ** 16 }[width]!;
  if (bytes.length < width || argument < least) broken("form", "a head longer than necessary, or cut off");
  return [argument, at + 1 + width];
}
