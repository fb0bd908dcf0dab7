/** Signatures by the browser (WebCrypto): the device key is made there and cannot be taken out. */

import type { Curves } from "./curves.ts";
import { type Signer, VerificationKey } from "./keys.ts";

/** The part of `crypto.subtle` that is used; given by the page, so that nothing here names one. */
export interface Subtle<CryptoKey> {
  generateKey(algorithm: object, extractable: boolean, usages: string[]): Promise<{ publicKey: CryptoKey; privateKey: CryptoKey }>;
  exportKey(format: "raw", key: CryptoKey): Promise<ArrayBuffer>;
  importKey(format: "raw", key: Uint8Array, algorithm: object, extractable: boolean, usages: string[]): Promise<CryptoKey>;
  sign(algorithm: object, key: CryptoKey, message: Uint8Array): Promise<ArrayBuffer>;
  verify(algorithm: object, key: CryptoKey, signature: Uint8Array, message: Uint8Array): Promise<boolean>;
}

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };
const ED25519 = { name: "Ed25519" };

export function webCryptoCurves<CryptoKey>(subtle: Subtle<CryptoKey>): Curves {
  const verify = async (form: object, algorithm: object, key: Uint8Array, signature: Uint8Array, message: Uint8Array) =>
    subtle.verify(algorithm, await subtle.importKey("raw", key, form, false, ["verify"]), signature, message);
  return {
    verifyP256: (point, signature, message) => verify(P256, ES256, point, signature, message),
    verifyEd25519: (key, signature, message) => verify(ED25519, ED25519, key, signature, message),
  };
}

/** A key pair as a page keeps it (IndexedDB holds such objects, without their secret ever being bytes). */
export interface KeyPair<CryptoKey> {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

/** A new P-256 key whose secret cannot be read out. */
export function makeKeyPair<CryptoKey>(subtle: Subtle<CryptoKey>): Promise<KeyPair<CryptoKey>> {
  return subtle.generateKey(P256, false, ["sign", "verify"]);
}

export async function webCryptoSigner<CryptoKey>(
  subtle: Subtle<CryptoKey>,
  { publicKey, privateKey }: KeyPair<CryptoKey>,
): Promise<Signer> {
  const raw = new Uint8Array(await subtle.exportKey("raw", publicKey));
  return {
    publicKey: VerificationKey.fromRaw(raw),
    authorisation: "session",
    sign: async (message) => new Uint8Array(await subtle.sign(ES256, privateKey, message)),
  };
}
