/** Keys and signatures (docs/spec/conventions.md): Ed25519 in the main subgroup, P-256 with low s; kid by RFC 9679. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { concat, toHex } from "./bytes.ts";
import { type CborMap, encode, isBytes, isMap, type Key, type Value } from "./cbor.ts";
import { refuse } from "./protocolError.ts";

export const ED25519 = -19;
export const ESP256 = -9;
export type Alg = typeof ED25519 | typeof ESP256;
const HALF_ORDER = p256.Point.Fn.ORDER >> 1n;
const SIGNATURE_BYTES = 64;

/** Makes signatures of one device key; the app's own may be a phone's key store or WebCrypto. */
export interface Signer {
  readonly publicKey: VerificationKey;
  /** A signature of 64 bytes over this message: Ed25519, or ECDSA with SHA-256 in any of its forms (r‖s, DER). */
  sign(message: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** A public key that was checked when it was loaded. */
export class VerificationKey {
  private constructor(
    readonly alg: Alg,
    readonly coseKey: CborMap,
    private readonly raw: Uint8Array,
    readonly thumbprint: Uint8Array,
  ) {}

  /** The key of a COSE_Key map. Refuses any other parameter, type or curve, and what is no point (E_KEY). */
  static load(value: Value | undefined): VerificationKey {
    if (!isMap(value)) refuse("E_KEY", "not a COSE_Key map");
    const [kty, crv, x, y] = [value.get(1), value.get(-1), value.get(-2), value.get(-3)];
    if (kty === 1 && crv === 6) {
      if (value.size !== 3 || !isBytes(x) || x.length !== 32) refuse("E_KEY", "an Ed25519 key is {kty, crv, x}");
      if (!isOfMainSubgroup(x)) refuse("E_KEY", "not an Ed25519 point of the main subgroup");
      return new VerificationKey(ED25519, value, x, sha256(encode(value)));
    }
    if (kty === 2 && crv === 1) {
      if (value.size !== 4 || !isBytes(x) || x.length !== 32 || typeof y !== "boolean")
        refuse("E_KEY", "a P-256 key is {kty, crv, x, y} with y as bool");
      const raw = concat(Uint8Array.of(y ? 3 : 2), x);
      let whole: Uint8Array;
      try {
        whole = p256.Point.fromBytes(raw).toBytes(false);
      } catch {
        return refuse("E_KEY", "no P-256 point has this x");
      }
      // RFC 9679 section 4.2 takes the uncompressed y, although cnf carries y as a bool.
      const named = new Map<Key, Value>([...value, [-3, whole.slice(33)]]);
      return new VerificationKey(ESP256, value, raw, sha256(encode(named)));
    }
    return refuse("E_KEY", "a key of no type and curve in use here");
  }

  /** The key of a compressed or uncompressed P-256 point, or of 32 bytes of Ed25519. */
  static fromRaw(raw: Uint8Array): VerificationKey {
    if (raw.length === 32) return VerificationKey.load(new Map<Key, Value>([[1, 1], [-1, 6], [-2, raw]]));
    const isOdd = raw.length === 65 ? (raw[64]! & 1) === 1 : raw[0] === 3;
    return VerificationKey.load(new Map<Key, Value>([[1, 2], [-1, 1], [-2, raw.slice(1, 33)], [-3, isOdd]]));
  }

  get kid(): Uint8Array {
    return this.thumbprint.slice(0, 8);
  }

  get id(): string {
    return toHex(this.thumbprint);
  }

  /** Whether a signature fits. Refuses one that is not in the one accepted form (E_SIG_FORM). */
  verify(signature: Uint8Array, message: Uint8Array): boolean {
    if (signature.length !== SIGNATURE_BYTES) refuse("E_SIG_FORM", `a signature of ${signature.length} bytes`);
    if (this.alg === ED25519) return ed25519.verify(signature, message, this.raw, { zip215: false });
    const [r, s] = [toBigInt(signature.slice(0, 32)), toBigInt(signature.slice(32))];
    if (r === 0n || r >= p256.Point.Fn.ORDER || s === 0n || s > HALF_ORDER)
      refuse("E_SIG_FORM", "r or s out of range, or high s");
    return p256.verify(signature, message, this.raw);
  }
}

/** The protocol's form of a signature: r‖s with low s; Ed25519's as it is. */
export function signatureInForm(signature: Uint8Array, alg: Alg): Uint8Array {
  if (alg === ED25519) return signature;
  const format = signature.length === SIGNATURE_BYTES ? "compact" : "der";
  const { r, s } = p256.Signature.fromBytes(signature, format);
  return new p256.Signature(r, s > HALF_ORDER ? p256.Point.Fn.ORDER - s : s).toBytes("compact");
}

/** A key whose secret is ordinary memory: for tests, and where nothing better is to be had. */
export class SoftwareSigner implements Signer {
  readonly publicKey: VerificationKey;

  constructor(
    alg: Alg,
    private readonly secret: Uint8Array,
  ) {
    this.publicKey = VerificationKey.fromRaw(
      alg === ED25519 ? ed25519.getPublicKey(secret) : p256.getPublicKey(secret, true),
    );
  }

  sign(message: Uint8Array): Uint8Array {
    return this.publicKey.alg === ED25519 ? ed25519.sign(message, this.secret) : p256.sign(message, this.secret);
  }
}

function isOfMainSubgroup(x: Uint8Array): boolean {
  try {
    const point = ed25519.Point.fromBytes(x, false);
    return point.isTorsionFree() && !point.isSmallOrder();
  } catch {
    return false;
  }
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}
