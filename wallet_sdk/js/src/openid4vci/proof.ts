/** Proofs of the device key: a JWT in JWS compact form whose header carries the key (`protocol.key_proof`, appendix F.1). */

import { base64url } from "../base64url.ts";
import { utf8 } from "../bytes.ts";
import { ED25519, type Signer, signatureInForm, type VerificationKey } from "../keys.ts";
import type { Wallet } from "../wallet.ts";
import type { IssuerMetadata } from "./issuers.ts";
import { ask, text, type Transport } from "./transport.ts";

export const PROOF = "openid4vci-proof+jwt";
/** What a wallet asks later with a key that it got a licence for (docs/spec/issuing.md). */
export const WALLET_REQUEST = "lz-wallet-request+jwt";

/** A proof of the wallet's key for this issuer, over a nonce of its own. */
export async function prove(
  wallet: Wallet,
  metadata: IssuerMetadata,
  transport: Transport,
  claims: Readonly<Record<string, unknown>>,
  typ: string,
): Promise<string> {
  const url = metadata.endpoint("nonce_endpoint");
  const { members } = await ask(transport, { url, headers: {}, body: new Uint8Array() });
  const { signer, now } = wallet.ports;
  return signed({ ...claims, aud: metadata.issuer, iat: now(), nonce: text(members, "c_nonce") }, typ, signer);
}

async function signed(claims: Readonly<Record<string, unknown>>, typ: string, signer: Signer): Promise<string> {
  const { publicKey } = signer;
  // RFC 7518 section 3.4 and RFC 8037 section 3.1.
  const alg = publicKey.alg === ED25519 ? "EdDSA" : "ES256";
  const input = `${part({ typ, alg, jwk: jwkOf(publicKey) })}.${part(claims)}`;
  const signature = signatureInForm(await signer.sign(utf8(input)!), publicKey.alg);
  return `${input}.${base64url(signature)}`;
}

function jwkOf({ alg, raw }: VerificationKey): Readonly<Record<string, string>> {
  if (alg === ED25519) return { kty: "OKP", crv: "Ed25519", x: base64url(raw) };
  return { kty: "EC", crv: "P-256", x: base64url(raw.slice(1, 33)), y: base64url(raw.slice(33)) };
}

function part(members: Readonly<Record<string, unknown>>): string {
  return base64url(utf8(JSON.stringify(members))!);
}
