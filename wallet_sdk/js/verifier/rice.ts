/**
 * Reads ascending places in a few bits each (docs/spec/delta.md): low bits side by side, then quotients in unary.
 *
 * One form: bits that are missing, too many or not zero behind the end are refused, before anything larger than what
 * came is made.
 */

import { broken } from "./materialError.ts";

export const MAX_WIDTH = 32;

function malformed(message: string): never {
  return broken("feed-broken", message);
}

/** The best number of low bits for this many places in a universe of 2^20. */
export function parameterOfAList(count: number): number {
  let k = 0;
  while (count * 2 ** (k + 16) < 31_537 * 2 ** 20 && k < MAX_WIDTH) k++;
  return k;
}

/** Refuses unless so many bits are there, and nothing but zeros follows them in their last byte. */
export function checkRoom(packed: Uint8Array, bits: number): void {
  if (bits > 8 * packed.length) malformed("bits that are not there");
  if (bits % 8 !== 0 && (packed[Math.floor(bits / 8)]! & (0xff >> bits % 8)) !== 0)
    malformed("bits behind the end that are not zero");
}

/** The values of `width` bits each that begin at this bit; the caller has seen that they are there. */
export function readFields(packed: Uint8Array, count: number, width: number, firstBit = 0): Float64Array {
  const values = new Float64Array(count);
  for (let place = 0; width > 0 && place < count; place++) {
    const bit = firstBit + place * width;
    const byte = Math.floor(bit / 8);
    let window = 0;
    for (let offset = 0; offset < 5; offset++) window = window * 256 + (packed[byte + offset] ?? 0);
    values[place] = Math.floor(window / 2 ** (40 - width - (bit % 8))) % 2 ** width;
  }
  return values;
}

/** Where the `count` ones are; exactly so many, the last one in the last byte. */
export function readOnes(packed: Uint8Array, count: number): Uint32Array {
  if (count > 8 * packed.length || (packed.length > 0 && packed[packed.length - 1] === 0))
    malformed("quotients that are not there, or something behind them");
  const ones = new Uint32Array(count);
  let found = 0;
  for (let byte = 0; byte < packed.length; byte++)
    for (let bit = 0, bits = packed[byte]!; bits !== 0; bit++, bits = (bits << 1) & 0xff)
      if ((bits & 0x80) !== 0) {
        if (found === count) malformed("more quotients than entries");
        ones[found++] = 8 * byte + bit;
      }
  if (found !== count) malformed("fewer quotients than entries");
  return ones;
}

/** The places again; the ones are counted from where the first quotient begins. */
export function join(ones: Uint32Array, lows: Float64Array, k: number): Float64Array {
  let sum = 0;
  return lows.map((low, at) => {
    sum += low;
    return sum + (ones[at]! - at) * 2 ** k + at;
  });
}

export function fieldBytes(count: number, width: number): number {
  return Math.ceil((count * width) / 8);
}
