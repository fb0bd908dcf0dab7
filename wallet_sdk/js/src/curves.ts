/**
 * What a public key must be before anything is verified with it: a point of P-256, or of Ed25519's main subgroup.
 *
 * Keys are public, so plain arithmetic does; signatures are made and verified by whoever is given as `Curves`: the
 * browser (`webCrypto.ts`), or a library where there is none (`noble.ts`). The browser does not look at subgroups.
 */

import { toHex } from "./bytes.ts";

/** Verifies signatures: WebCrypto, or a library. */
export interface Curves {
  /** Whether r‖s fits under an uncompressed P-256 point (ECDSA with SHA-256). */
  verifyP256(point: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> | boolean;
  /** Whether a signature fits under an Ed25519 key. */
  verifyEd25519(key: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> | boolean;
}

/** FIPS 186-5 and SP 800-186 section 3.2.1.3. */
const P256 = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** RFC 8032 section 5.1. */
const P25519 = 2n ** 255n - 19n;
const D25519 = modulo(-121665n * inverse(121666n, P25519), P25519);
const L25519 = 2n ** 252n + 27742317777372353535851937790883648493n;
const SQRT_MINUS_ONE = power(2n, (P25519 - 1n) / 4n, P25519);

/** The y of the P-256 point with this x and parity; null if there is none. */
export function p256Y(x: Uint8Array, isOdd: boolean): Uint8Array | null {
  const at = toBigInt(x);
  if (at >= P256) return null;
  const square = modulo(at ** 3n - 3n * at + P256_B, P256);
  const root = power(square, (P256 + 1n) / 4n, P256);
  if (modulo(root * root, P256) !== square) return null;
  const y = (root & 1n) === (isOdd ? 1n : 0n) ? root : P256 - root;
  return fromBigInt(y);
}

/** Whether 32 bytes are a point of Ed25519's main subgroup in its one form: others verify what nobody has signed. */
export function isOfMainSubgroup(encoded: Uint8Array): boolean {
  const whole = toBigInt(encoded.slice().reverse());
  const [isOdd, y] = [whole >> 255n, whole & (2n ** 255n - 1n)];
  if (y >= P25519) return false;
  // RFC 8032 section 5.1.3.
  const [u, v] = [modulo(y * y - 1n, P25519), modulo(D25519 * y * y + 1n, P25519)];
  let x = modulo(u * v ** 3n * power(modulo(u * v ** 7n, P25519), (P25519 - 5n) / 8n, P25519), P25519);
  if (modulo(v * x * x, P25519) === modulo(-u, P25519)) x = modulo(x * SQRT_MINUS_ONE, P25519);
  if (modulo(v * x * x, P25519) !== u || (x === 0n && isOdd === 1n)) return false;
  if ((x & 1n) !== isOdd) x = P25519 - x;
  // The order of the main subgroup takes each of its points to the neutral one, and no point outside it there.
  const [end, neutral] = [multiply([x, y], L25519), [0n, 1n]];
  return !(x === neutral[0] && y === neutral[1]) && end[0] === 0n && end[1] === end[2];
}

type Projective = readonly [bigint, bigint, bigint];

/** In projective coordinates (RFC 8032 section 5.1.4 without T), from the highest bit down. */
function multiply([x, y]: readonly [bigint, bigint], times: bigint): Projective {
  let sum: Projective = [0n, 1n, 1n];
  for (const bit of times.toString(2)) {
    sum = add(sum, sum);
    if (bit === "1") sum = add(sum, [x, y, 1n]);
  }
  return sum;
}

function add([x1, y1, z1]: Projective, [x2, y2, z2]: Projective): Projective {
  const p = P25519;
  const a = (z1 * z2) % p;
  const b = (a * a) % p;
  const [c, d] = [(x1 * x2) % p, (y1 * y2) % p];
  const e = (((D25519 * c) % p) * d) % p;
  const [f, g] = [modulo(b - e, p), (b + e) % p];
  const x = modulo(((a * f) % p) * modulo((x1 + y1) * (x2 + y2) - c - d, p), p);
  return [x, (((a * g) % p) * ((c + d) % p)) % p, (f * g) % p];
}

function power(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % p;
    if (bit === "1") result = (result * base) % p;
  }
  return result;
}

function inverse(value: bigint, p: bigint): bigint {
  return power(value, p - 2n, p);
}

function modulo(value: bigint, p: bigint): bigint {
  const rest = value % p;
  return rest < 0n ? rest + p : rest;
}

export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

export function fromBigInt(value: bigint): Uint8Array {
  const text = value.toString(16).padStart(64, "0");
  return Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}
