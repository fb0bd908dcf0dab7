/** Keys and signatures (docs/spec/conventions.md): Ed25519 in the main subgroup, P-256 with low s; kid by RFC 9679. */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, toHex } from "./bytes.ts";
import { type CborMap, encode, isBytes, isMap, type Key, type Value } from "./cbor.ts";
import { type Curves, fromBigInt, isOfMainSubgroup, P256_ORDER, p256Y, toBigInt } from "./curves.ts";
import { refuse } from "./protocolError.ts";

export const ED25519 = -19;
export const ESP256 = -9;
export type Alg = typeof ED25519 | typeof ESP256;
const SIGNATURE_BYTES = 64;

/** How often the key's owner is asked: once for a session, or for each signature. */
export type Authorisation = "session" | "per-use";

/** Makes signatures of one device key; the app's own may be a phone's key store or WebCrypto. */
export interface Signer {
  readonly publicKey: VerificationKey;
  /** `session`: signs without asking its holder each time; unless it says so, nothing is signed ahead (`ladder.mjs`). */
  readonly authorisation?: Authorisation;
  /** A signature over this message: Ed25519, or ECDSA with SHA-256 as r‖s or DER, whatever its s. */
  sign(message: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** A public key that was checked when it was loaded. */
export class VerificationKey {
  private constructor(
    readonly alg: Alg,
    readonly coseKey: CborMap,
    /** 32 bytes of Ed25519, or an uncompressed point. */
    readonly raw: Uint8Array,
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
      const whole = p256Y(x, y) ?? refuse("E_KEY", "no P-256 point has this x");
      // RFC 9679 section 4.2 takes the uncompressed y, although cnf carries y as a bool.
      const named = new Map<Key, Value>([...value, [-3, whole]]);
      return new VerificationKey(ESP256, value, concat(Uint8Array.of(4), x, whole), sha256(encode(named)));
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
  async verify(signature: Uint8Array, message: Uint8Array, curves: Curves): Promise<boolean> {
    if (signature.length !== SIGNATURE_BYTES) refuse("E_SIG_FORM", `a signature of ${signature.length} bytes`);
    if (this.alg === ED25519) return curves.verifyEd25519(this.raw, signature, message);
    const [r, s] = [toBigInt(signature.slice(0, 32)), toBigInt(signature.slice(32))];
    if (r === 0n || r >= P256_ORDER || s === 0n || s > P256_ORDER >> 1n)
      refuse("E_SIG_FORM", "r or s out of range, or high s");
    return curves.verifyP256(this.raw, signature, message);
  }
}

/** The protocol's form of a signature: r‖s with low s; Ed25519's as it is. */
export function signatureInForm(signature: Uint8Array, alg: Alg): Uint8Array {
  if (alg === ED25519) return signature;
  const [r, s] =
    signature.length === SIGNATURE_BYTES
      ? [toBigInt(signature.slice(0, 32)), toBigInt(signature.slice(32))]
      : derIntegers(signature);
  return concat(fromBigInt(r), fromBigInt(s > P256_ORDER >> 1n ? P256_ORDER - s : s));
}

/** r and s of a DER signature (RFC 3279 section 2.2.3): SEQUENCE of two INTEGERs. */
function derIntegers(encoded: Uint8Array): readonly [bigint, bigint] {
  const r = encoded.slice(4, 4 + encoded[3]!);
  const rest = encoded.slice(4 + r.length);
  const s = rest.slice(2);
  if (encoded[0] !== 0x30 || encoded[1] !== encoded.length - 2 || encoded[2] !== 2 || rest[0] !== 2 || rest[1] !== s.length)
    refuse("E_SIG_FORM", "neither r and s nor DER");
  return [toBigInt(r), toBigInt(s)];
}
