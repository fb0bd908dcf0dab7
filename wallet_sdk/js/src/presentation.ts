/** The presentation (docs/spec/presentation.md): the chosen disclosures of a credential, signed by the device key. */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat } from "./bytes.ts";
import { bstr, type CborMap, decode, encode, isBytes, isMap, type Key, Tagged, type Value } from "./cbor.ts";
import { moment } from "./claims.ts";
import * as coseSign1 from "./coseSign1.ts";
import type { UnverifiedSign1 } from "./coseSign1.ts";
import * as credential from "./credential.ts";
import type { UnverifiedCredential } from "./credential.ts";
import type { Curves } from "./curves.ts";
import { type Alg, signatureInForm, type Signer, type VerificationKey } from "./keys.ts";
import { refuse } from "./protocolError.ts";

const TYP = 294;
const [AUD, EXP, IAT, CNONCE] = [3, 4, 6, 39] as const;
const AUDIENCE = /^lz:([a-z]|t\/[0-9A-Za-z-]{1,24}|s\/[0-9A-Z]{4}|o\/[!-~]{1,64})$/;
const OPEN_AUDIENCE = /^lz:[a-z]$/;

export interface KeyBinding {
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly cnonce: Uint8Array | null;
}

/** Well-formed; neither signature has been checked. */
export interface UnverifiedPresentation {
  readonly sign1: UnverifiedSign1;
  readonly credential: UnverifiedCredential;
  readonly keyBinding: KeyBinding;
}

export interface Presentation {
  readonly credential: credential.Claims;
  readonly confirmationKey: VerificationKey;
  readonly items: CborMap;
  readonly hiddenItems: number;
  readonly keyBinding: KeyBinding;
  /** SHA-256 of what the holder signed: the only name that a showing has. */
  readonly replayKey: Uint8Array;
}

export function parse(encoded: Uint8Array): UnverifiedPresentation {
  return parseStructure(decode(encoded));
}

export function parseStructure(structure: Value): UnverifiedPresentation {
  const sign1 = coseSign1.parse(structure, {
    typ: TYP,
    protectedLabels: [coseSign1.ALG, coseSign1.KCWT, coseSign1.TYP],
  });
  const kcwt = sign1.protected.get(coseSign1.KCWT);
  if (!(kcwt instanceof Tagged)) refuse("E_KCWT", "kcwt is not a credential");
  const payload = decode(sign1.payload);
  if (!isMap(payload)) refuse("E_SHAPE", "the payload is not a map");
  const keyBinding = binding(payload);
  return { sign1, credential: credential.parse(kcwt), keyBinding };
}

/** The presentation, once both signatures and all disclosures hold (steps 6 to 9). */
export async function verify(
  unverified: UnverifiedPresentation,
  assertionKey: VerificationKey,
  curves: Curves,
): Promise<Presentation> {
  const issued = unverified.credential;
  const confirmationKey = await credential.verify(issued, assertionKey, curves);
  if (!(await coseSign1.verify(unverified.sign1, confirmationKey, curves)))
    refuse("E_SIG_HOLDER", "the holder's signature does not fit");
  const restored = credential.disclosedLicence(issued);
  const { protectedBytes, payload } = unverified.sign1;
  return {
    credential: issued.claims,
    confirmationKey,
    items: restored.claims,
    hiddenItems: restored.hidden,
    keyBinding: unverified.keyBinding,
    replayKey: sha256(coseSign1.sigStructure(protectedBytes, payload)),
  };
}

/** Refuses what contradicts itself without a look at a clock (step 10). */
export function checkTimeRelations({ credential: issued, keyBinding: shown }: Presentation): void {
  if (shown.iat < issued.iat || shown.iat < issued.nbf) refuse("E_TIME_ORDER", "made before its credential");
  if (shown.iat < issued.exp && issued.exp < shown.exp) refuse("E_TIME_ORDER", "good for longer than its credential");
}

/** One credential with chosen disclosures, for a key of this algorithm: what stays the same is encoded once. */
export class Presenter {
  readonly beginning: Uint8Array;
  private readonly protectedBytes: Uint8Array;

  constructor(issued: UnverifiedCredential, disclosures: readonly Uint8Array[], alg: Alg) {
    const unprotected = new Map<Key, Value>(disclosures.length === 0 ? [] : [[coseSign1.SD_CLAIMS, disclosures]]);
    const { protectedBytes, payload, signature } = issued.sign1;
    const shown = new Tagged(18, [protectedBytes, unprotected, payload, signature]);
    this.protectedBytes = encode(
      new Map<Key, Value>([[coseSign1.ALG, alg], [coseSign1.KCWT, shown], [coseSign1.TYP, TYP]]),
    );
    this.beginning = concat(Uint8Array.of(0xd2, 0x84), bstr(this.protectedBytes), Uint8Array.of(0xa0));
  }

  /** The bytes of one presentation, freshly signed. */
  async present(its: KeyBinding, signer: Signer): Promise<Uint8Array> {
    if (!AUDIENCE.test(its.aud)) refuse("E_KBT_CLAIM", "aud is none of ours");
    if (!(its.iat < its.exp)) refuse("E_TIME_ORDER", "not iat < exp");
    const claims = new Map<Key, Value>([[AUD, its.aud], [EXP, its.exp], [IAT, its.iat]]);
    if (its.cnonce !== null) claims.set(CNONCE, its.cnonce);
    const payload = encode(claims);
    const raw = await signer.sign(coseSign1.sigStructure(this.protectedBytes, payload));
    const signature = signatureInForm(raw, signer.publicKey.alg);
    return concat(this.beginning, bstr(payload), bstr(signature));
  }
}

function binding(payload: CborMap): KeyBinding {
  const isChallenged = payload.has(CNONCE);
  const expected = isChallenged ? [AUD, EXP, IAT, CNONCE] : [AUD, EXP, IAT];
  if (payload.size !== expected.length || !expected.every((label) => payload.has(label)))
    refuse("E_KBT_CLAIM", "the payload is not exactly {aud, exp, iat, ? cnonce}");
  const aud = payload.get(AUD);
  if (typeof aud !== "string" || !AUDIENCE.test(aud)) refuse("E_KBT_CLAIM", "aud is none of ours");
  const [iat, exp] = [moment(payload, IAT), moment(payload, EXP)];
  if (!(iat < exp)) refuse("E_TIME_ORDER", "not iat < exp");
  const cnonce = payload.get(CNONCE) ?? null;
  if (isChallenged && !(isBytes(cnonce) && [4, 16].includes(cnonce.length)))
    refuse("E_KBT_CLAIM", "cnonce is neither 4 nor 16 bytes");
  if (cnonce === null && !OPEN_AUDIENCE.test(aud)) refuse("E_KBT_CLAIM", "this audience needs a cnonce");
  return { aud, iat, exp, cnonce: cnonce as Uint8Array | null };
}
