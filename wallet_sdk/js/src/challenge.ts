/** A challenge (docs/spec/challenge.md): a terminal asks, says who it is and why; the answer is sealed to it alone. */

import { sha256 } from "@noble/hashes/sha2.js";

import type { Key, Value } from "./cbor.ts";
import { decode, isBytes } from "./cbor.ts";
import * as coseSign1 from "./coseSign1.ts";
import type { UnverifiedSign1 } from "./coseSign1.ts";
import type { Curves } from "./curves.ts";
import { ProtocolError, refuse } from "./protocolError.ts";
import { checkPublicKey } from "./sealing.ts";
import * as terminalCertificate from "./terminalCertificate.ts";
import type { Items, TerminalCertificate } from "./terminalCertificate.ts";
import type { Anchors } from "./trust.ts";

const [AUD, EXP, IAT, NONCE] = [3, 4, 6, 10] as const;
const [WANTED, REASON, SEALING_KEY, PURPOSE] = [-70_010, -70_011, -70_012, -70_013] as const;
const CLAIMS = [AUD, EXP, IAT, NONCE, WANTED, REASON, SEALING_KEY, PURPOSE];
const SKEW = 600;
const MAX_LIFE = 120;
const MAX_REASON = 200;
const MAX_KINDS = 4;

export interface Request {
  /** The letter's number. */
  readonly purpose: number;
  readonly reason: string;
  readonly wanted: Items;
  readonly nonce: Uint8Array;
  readonly sealingKey: Uint8Array;
  readonly iat: number;
  readonly exp: number;
}

/** Both signatures hold and the request stays within the certificate. */
export interface Challenge {
  readonly certificate: TerminalCertificate;
  readonly request: Request;
  readonly cnonce: Uint8Array;
}

/** The challenge begins more than ten minutes from now: one of the two clocks is wrong. */
export class ChallengeAhead extends ProtocolError {}

/** The region that the certificate names; nobody has checked it, so it is only good for saying what is unknown. */
export function claimedRegion(encoded: Uint8Array): string {
  return terminalCertificate.carriedIn(parsed(encoded)).claims.iss.slice(0, 6);
}

export async function verify(encoded: Uint8Array, anchors: Anchors, at: number, curves: Curves): Promise<Challenge> {
  const sign1 = parsed(encoded);
  const certificate = await terminalCertificate.verify(terminalCertificate.carriedIn(sign1), anchors, at, curves);
  // The answer's freshness is the nonce's, so a phone's clock may be ten minutes wrong.
  if (certificate.iat - SKEW > at || at > certificate.exp + SKEW) refuse("E_ISSUER_EXPIRED", "the certificate is over");
  if (!(await coseSign1.verify(sign1, certificate.key, curves)))
    refuse("E_SIG_ISSUER", "the terminal's signature does not fit");
  const request = requestOf(decode(sign1.payload), certificate);
  if (at < request.iat - SKEW) throw new ChallengeAhead("E_CNONCE", "the challenge has not begun");
  if (at > request.exp + SKEW) refuse("E_CNONCE", "the challenge is over");
  checkScope(request, certificate);
  const digest = sha256(coseSign1.sigStructure(sign1.protectedBytes, sign1.payload));
  return { certificate, request, cnonce: digest.slice(0, 16) };
}

function parsed(encoded: Uint8Array): UnverifiedSign1 {
  const protectedLabels = terminalCertificate.SIGNED_BY_TERMINAL;
  return coseSign1.parse(decode(encoded), { typ: "lz-challenge", protectedLabels });
}

function requestOf(payload: Value, certificate: TerminalCertificate): Request {
  if (!terminalCertificate.hasExactly(payload, CLAIMS)) refuse("E_SHAPE", "not exactly the claims of a challenge");
  if (payload.get(AUD) !== `lz:t/${certificate.terminal}`) refuse("E_AUD", "not the certified terminal");
  const [nonce, sealingKey] = [payload.get(NONCE), payload.get(SEALING_KEY)];
  if (!isBytes(nonce) || nonce.length !== 16) refuse("E_SCHEMA", "the nonce is not 16 bytes");
  if (!isBytes(sealingKey)) refuse("E_SCHEMA", "the sealing key is not a byte string");
  const [iat, exp] = terminalCertificate.lifetime(payload, MAX_LIFE);
  if (iat < certificate.iat || exp > certificate.exp) refuse("E_TIME_ORDER", "a challenge beyond its certificate");
  const purpose = terminalCertificate.purposeNumberOf(payload.get(PURPOSE) as Key | undefined);
  const reason = terminalCertificate.shownText(payload, REASON, MAX_REASON);
  const wanted = terminalCertificate.itemsOf(payload.get(WANTED), MAX_KINDS);
  checkPublicKey(sealingKey);
  return { purpose, reason, wanted, nonce, sealingKey, iat, exp };
}

function checkScope(request: Request, certificate: TerminalCertificate): void {
  const maximum = certificate.maxima.get(request.purpose);
  if (maximum === undefined) refuse("E_SCHEMA", "a purpose that the certificate does not name");
  for (const [vct, items] of request.wanted)
    if (!items.every((key) => maximum.get(vct)?.includes(key) === true))
      refuse("E_SCHEMA", `more of kind ${vct} than the certificate allows`);
}
