/** Seals (docs/spec/sealed.md): COSE_Encrypt0 with HPKE-4 in base mode (RFC 9180), for one open request of one terminal. */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { concat, equal } from "./bytes.ts";
import { decode, encode, isArray, isBytes, isMap, type Key, Tagged, type Value } from "./cbor.ts";
import { ALG, KID } from "./coseSign1.ts";
import { toBigInt } from "./curves.ts";
import { refuse } from "./protocolError.ts";

const ENCRYPT0 = 16;
const HPKE_4 = 42;
const EK = -4;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const EXTERNAL_AAD = ascii("LE1");
const KEM_SUITE = concat(ascii("KEM"), Uint8Array.of(0, 0x20));
const HPKE_SUITE = concat(ascii("HPKE"), Uint8Array.of(0, 0x20, 0, 1, 0, 3));
const NONE = new Uint8Array();

export interface Sealed {
  readonly protectedBytes: Uint8Array;
  readonly kid: Uint8Array;
  readonly ek: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** The sealed bytes of a plaintext. The ephemeral key is 32 random bytes, drawn for this seal alone. */
export function seal(plaintext: Uint8Array, recipient: Uint8Array, ephemeralKey: Uint8Array): Uint8Array {
  const protectedBytes = encode(new Map<Key, Value>([[ALG, HPKE_4], [KID, kidOf(recipient)]]));
  const ek = x25519.getPublicKey(ephemeralKey);
  const [key, nonce] = keySchedule(sharedSecret(exchange(ephemeralKey, recipient), ek, recipient));
  const ciphertext = chacha20poly1305(key, nonce, aadOf(protectedBytes)).encrypt(plaintext);
  return encode(new Tagged(ENCRYPT0, [protectedBytes, new Map([[EK, ek]]), ciphertext]));
}

export function parse(encoded: Uint8Array): Sealed {
  const structure = decode(encoded);
  if (!(structure instanceof Tagged) || structure.tag !== ENCRYPT0) refuse("E_SHAPE", "not a COSE_Encrypt0");
  const [protectedBytes, unprotected, ciphertext] = isArray(structure.value) ? structure.value : [];
  if (
    (structure.value as readonly Value[]).length !== 3 ||
    !isBytes(protectedBytes) ||
    !isMap(unprotected) ||
    !isBytes(ciphertext)
  )
    refuse("E_SHAPE", "not [protected, unprotected, ciphertext]");
  const headers = decode(protectedBytes);
  if (!isMap(headers)) refuse("E_SHAPE", "the protected header is not a map");
  const ek = unprotected.get(EK);
  if (unprotected.size !== 1 || ek === undefined) refuse("E_HDR_UNPROT", "more than the encapsulated key");
  if (headers.get(ALG) !== HPKE_4) refuse("E_ALG", "not HPKE-4");
  const kid = headers.get(KID);
  if (headers.size !== 2 || kid === undefined) refuse("E_HDR_UNKNOWN", "header parameters other than alg and kid");
  if (!isBytes(kid) || kid.length !== 4) refuse("E_SHAPE", "kid is not 4 bytes");
  if (!isBytes(ek) || ek.length !== KEY_BYTES) refuse("E_SHAPE", "the encapsulated key is not 32 bytes");
  if (ciphertext.length <= TAG_BYTES) refuse("E_SHAPE", "a ciphertext of nothing");
  return { protectedBytes, kid, ek, ciphertext };
}

export function unseal(sealed: Sealed, privateKey: Uint8Array): Uint8Array {
  const recipient = x25519.getPublicKey(privateKey);
  if (!equal(sealed.kid, kidOf(recipient))) refuse("E_SEAL_OPEN", "sealed to another key");
  const [key, nonce] = keySchedule(sharedSecret(exchange(privateKey, sealed.ek), sealed.ek, recipient));
  try {
    return chacha20poly1305(key, nonce, aadOf(sealed.protectedBytes)).decrypt(sealed.ciphertext);
  } catch {
    return refuse("E_SEAL_OPEN", "the seal does not open with this key");
  }
}

export function kidOf(x: Uint8Array): Uint8Array {
  return sha256(encode(new Map<Key, Value>([[1, 1], [-1, 4], [-2, x]]))).slice(0, 4);
}

function exchange(own: Uint8Array, publicKey: Uint8Array): Uint8Array {
  try {
    return x25519.getSharedSecret(own, publicKey);
  } catch {
    // RFC 9180 section 7.1.4: a result of zeros is known to everybody.
    return refuse("E_KEY", "an X25519 key of small order");
  }
}

function sharedSecret(point: Uint8Array, ek: Uint8Array, recipient: Uint8Array): Uint8Array {
  const prk = labeledExtract(NONE, "eae_prk", point, KEM_SUITE);
  return labeledExpand(prk, "shared_secret", concat(ek, recipient), KEY_BYTES, KEM_SUITE);
}

function keySchedule(shared: Uint8Array): [Uint8Array, Uint8Array] {
  const pskIdHash = labeledExtract(NONE, "psk_id_hash", NONE, HPKE_SUITE);
  const infoHash = labeledExtract(NONE, "info_hash", NONE, HPKE_SUITE);
  const context = concat(Uint8Array.of(0), pskIdHash, infoHash);
  const secret = labeledExtract(shared, "secret", NONE, HPKE_SUITE);
  return [
    labeledExpand(secret, "key", context, KEY_BYTES, HPKE_SUITE),
    labeledExpand(secret, "base_nonce", context, NONCE_BYTES, HPKE_SUITE),
  ];
}

function labeledExtract(salt: Uint8Array, label: string, material: Uint8Array, suite: Uint8Array): Uint8Array {
  return extract(sha256, concat(ascii("HPKE-v1"), suite, ascii(label), material), salt);
}

function labeledExpand(
  prk: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
  suite: Uint8Array,
): Uint8Array {
  const info = concat(Uint8Array.of(length >> 8, length & 255), ascii("HPKE-v1"), suite, ascii(label), context);
  return expand(sha256, prk, info, length);
}

function aadOf(protectedBytes: Uint8Array): Uint8Array {
  return encode(["Encrypt0", protectedBytes, EXTERNAL_AAD]);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const FIELD = 2n ** 255n - 19n;

/** Refuses what is no X25519 key in its one form, or gives a shared secret of zeros (E_KEY). */
export function checkPublicKey(x: Uint8Array): void {
  if (x.length !== KEY_BYTES) refuse("E_KEY", `an X25519 key of ${x.length} bytes`);
  // RFC 7748 section 5 would take numbers beyond the field and a set topmost bit; one key has one form here.
  if (toBigInt(x.slice().reverse()) >= FIELD) refuse("E_KEY", "an X25519 coordinate beyond its field");
  // RFC 7748 section 6.1: scalars are multiples of 8, so a point of small order gives zero for every one.
  exchange(new Uint8Array(KEY_BYTES).fill(1), x);
}
