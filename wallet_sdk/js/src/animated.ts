/** Moving pictures (docs/spec/animated.md): what fits no single code, as frames of a systematic Cauchy code over GF(256). */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat } from "./bytes.ts";
import * as envelope from "./envelope.ts";
import { refuse } from "./protocolError.ts";

export const KIND = { presentation: 1, portrait: 2, bundle: 3, sealed: 4 } as const;
const HEADER_BYTES = 13;
const MAX_SYMBOLS = 128;
const INDICES = 256;
const MAX_BYTES = 37_888;
const POLYNOMIAL = 0x11d;
const ORDER = 255;
const POWERS: number[] = [1];
while (POWERS.length < ORDER) {
  const last = POWERS[POWERS.length - 1]!;
  POWERS.push((last << 1) ^ (last & 0x80 ? POLYNOMIAL : 0));
}
const LOG = Array.from({ length: 256 }, (_, element) => POWERS.indexOf(element));

/** The texts of frames 0, 1, … of this content; any K different ones give the whole. */
export function animate(content: Uint8Array, kind: number, frameBytes: number): (frame: number) => string {
  const count = Math.ceil(content.length / (frameBytes - HEADER_BYTES));
  if (content.length === 0 || content.length > MAX_BYTES || count > MAX_SYMBOLS)
    refuse("E_SIZE", `${content.length} bytes do not fit moving pictures`);
  const size = Math.ceil(content.length / count);
  const padded = concat(content, new Uint8Array(size * count - content.length));
  const pieces = Array.from({ length: count }, (_, at) => padded.slice(at * size, (at + 1) * size));
  const digest = sha256(content).slice(0, 8);
  return (frame) => {
    const index = frame % INDICES;
    const header = Uint8Array.of(kind, content.length >> 8, content.length & 255, count, index);
    return envelope.wrap(concat(digest, header, symbol(pieces, index)), envelope.ANIMATED);
  };
}

function symbol(pieces: readonly Uint8Array[], index: number): Uint8Array {
  const own = pieces[index];
  if (own !== undefined) return own;
  const sum = new Uint8Array(pieces[0]!.length);
  pieces.forEach((piece, place) => {
    const weight = ORDER - LOG[index ^ place]!;
    piece.forEach((byte, at) => {
      if (byte !== 0) sum[at]! ^= POWERS[(LOG[byte]! + weight) % ORDER]!;
    });
  });
  return sum;
}
