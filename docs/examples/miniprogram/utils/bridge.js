/**
 * The device key, which the app around this mini-program keeps (Keychain, StrongBox, TEE) and never lets out.
 *
 * Replace `host` by what your app offers its mini-programs. Two functions are enough: `publicKey()` gives the uncompressed
 * P-256 point of 65 bytes, `sign(message)` an ECDSA signature over the message's SHA-256 (DER or r‖s), both as
 * ArrayBuffer. Without such an app there is no hardware key: then say so to your issuer, who decides what that is worth.
 */
function host() {
  if (typeof hostBridge === "undefined") throw new Error("this app offers no key: see utils/bridge.js");
  return hostBridge;
}

async function signer(sdk) {
  const point = new Uint8Array(await host().publicKey());
  return {
    publicKey: sdk.VerificationKey.fromRaw(point),
    async sign(message) {
      const copy = message.slice();
      return new Uint8Array(await host().sign(copy.buffer));
    },
  };
}

module.exports = { signer };
