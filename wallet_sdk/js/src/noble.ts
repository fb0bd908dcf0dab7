/** Signatures where there is no WebCrypto (mini-programs), and for whoever wants them without promises: @noble/curves. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";

import type { Curves } from "./curves.ts";
import { type Alg, ED25519, type Signer, VerificationKey } from "./keys.ts";

export const nobleCurves: Curves = {
  verifyP256: (point, signature, message) => p256.verify(signature, message, point),
  verifyEd25519: (key, signature, message) => ed25519.verify(signature, message, key, { zip215: false }),
};

/** A key whose secret is ordinary memory: for tests, and where nothing better is to be had. */
export class SoftwareSigner implements Signer {
  readonly publicKey: VerificationKey;
  readonly authorisation = "session";

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
