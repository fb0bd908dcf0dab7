/**
 * Answers a terminal that asks: who it is, why, which items of which cards; the answer is sealed to it alone.
 *
 * A module of its own, because seals need X25519: `readChallenge(wallet, text)`, `approve`, `answer`. What a terminal may
 * not ask for by its certificate, or a region by its purpose's maximum, is refused before the holder sees it.
 */

import * as bundle from "./bundle.ts";
import * as challenge from "./challenge.ts";
import { Decision, editionOf, sheetOf, type ConsentRequest } from "./consent.ts";
import { draw, svg } from "./drawing.ts";
import type { PurposeItems, WalletDirectory } from "./directory.ts";
import * as envelope from "./envelope.ts";
import type { ErrorCode } from "./errorTable.ts";
import { equal } from "./bytes.ts";
import { Presenter } from "./presentation.ts";
import { ProtocolError } from "./protocolError.ts";
import { type Purpose, purposeOf } from "./purposes.ts";
import { seal } from "./sealing.ts";
import { select } from "./selection.ts";
import { type Frame, showableUntil } from "./showing.ts";
import type { Anchors } from "./trust.ts";
import type { Wallet } from "./wallet.ts";
import { WalletError } from "./walletError.ts";

const SKEW = 600;
const LONGEST = 120;

/** A request that may be shown to the holder. */
export interface TerminalRequest {
  readonly asker: { readonly region: string; readonly terminal: string; readonly place: string; readonly relyingParty: string };
  readonly purpose: Purpose;
  /** 申请事由 in the terminal's words. */
  readonly reason: string;
  /** One sheet for each card that can be shown. */
  readonly sheets: readonly ConsentRequest[];
  /** Kinds that are asked for and not held. */
  readonly missing: readonly number[];
  readonly readAt: number;
  readonly expiresAt: number;
  /** @internal */
  readonly cnonce: Uint8Array;
  /** @internal */
  readonly sealingKey: Uint8Array;
}

export async function readChallenge(wallet: Wallet, text: string): Promise<TerminalRequest> {
  const at = wallet.ports.now();
  const directories = wallet.directories();
  const { certificate, request, cnonce } = await verified(wallet, text, directories, at);
  const region = certificate.iss.slice(0, 6);
  const home = directories.find((each) => each.iss === region)!;
  if (home.withdrawn.some((kid) => equal(kid, certificate.key.kid))) throw new WalletError("CHALLENGE_TERMINAL_WITHDRAWN");
  const purpose = purposeOf(request.purpose)!;
  const sheets: ConsentRequest[] = [];
  const missing: number[] = [];
  for (const [vct, keys] of request.wanted) {
    if (!isWithin(home, vct, purpose, keys)) throw new WalletError("CHALLENGE_ASKS_TOO_MUCH", `kind ${vct}`);
    const able = wallet
      .cards()
      .filter(({ kind, directory, credentials: [{ issued }] }) => {
        const { mandate } = issued.claims;
        const covers = mandate === null || mandate.purposes.includes(request.purpose);
        return kind.vct === vct && covers && isWithin(directory, vct, purpose, keys);
      });
    if (able.length === 0) missing.push(vct);
    for (const licence of able) {
      const allowed = licence.directory.maximum(vct, purpose)!;
      const asked: PurposeItems = {
        mandatory: keys.filter((key) => allowed.mandatory.includes(key)),
        optional: keys.filter((key) => !allowed.mandatory.includes(key)),
        separate: keys.filter((key) => allowed.separate.includes(key)),
      };
      sheets.push(sheetOf(licence, purpose, asked));
    }
  }
  const { terminal, place, relyingParty } = certificate;
  return {
    asker: { region, terminal, place, relyingParty },
    purpose,
    reason: request.reason,
    sheets,
    missing,
    readAt: at,
    // The two clocks may disagree, the two minutes may not be exceeded by either.
    expiresAt: Math.min(at + request.exp - request.iat, request.exp + SKEW),
    cnonce,
    sealingKey: request.sealingKey,
  };
}

/** The answer as one code, sealed. One decision for each card that is shown, made from the request's own sheets. */
export async function answer(wallet: Wallet, request: TerminalRequest, decisions: readonly Decision[]): Promise<Frame> {
  if (decisions.length === 0 || !decisions.every((each) => each instanceof Decision)) throw new WalletError("CONSENT_MISSING");
  if (decisions.length > bundle.MAX_MEMBERS) throw new WalletError("BUNDLE_SIZE");
  const now = wallet.ports.now();
  if (now < request.readAt || now >= request.expiresAt) throw new WalletError("CHALLENGE_OVER");
  const iat = wallet.takeMoment();
  const aud = `lz:t/${request.asker.terminal}`;
  const presented: Uint8Array[] = [];
  let end = iat + LONGEST;
  const chosen = decisions.map((decision) => {
    const sheet = request.sheets.find((each) => each.licence.id === decision.licenceId);
    if (sheet === undefined || decision.purpose !== request.purpose || decision.edition !== editionOf(sheet.licence))
      throw new WalletError("CONSENT_MISMATCH", "it was given for another request");
    const selection = select(sheet.licence, new Set(decision.items), sheet.asked);
    end = Math.min(end, showableUntil(sheet.licence, selection, now));
    return selection;
  });
  try {
    for (const { credential, disclosures } of chosen) {
      const presenter = new Presenter(credential.issued, disclosures, wallet.ports.signer.publicKey.alg);
      presented.push(await presenter.present({ aud, iat, exp: end, cnonce: request.cnonce }, wallet.ports.signer));
    }
    const plaintext = presented.length === 1 ? presented[0]! : bundle.compose(presented);
    const text = envelope.wrap(seal(plaintext, request.sealingKey, wallet.ports.random(32)), envelope.SEALED);
    const drawing = svg(draw(text), request.asker.relyingParty);
    return { text, issuedAt: iat, expiresAt: end, nextAt: end, svg: drawing };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new WalletError(error.code === "E_SIZE" ? "CODE_TOO_LARGE" : "PRESENTATION_REFUSED", error.code);
  }
}

async function verified(wallet: Wallet, text: string, directories: readonly WalletDirectory[], at: number) {
  let encoded: Uint8Array = new Uint8Array();
  try {
    // People paste with line breaks around; inside the text nothing is forgiven.
    encoded = envelope.unwrap(text.replace(/^[\r\n]+|[\r\n]+$/g, ""), envelope.CHALLENGE);
    return await challenge.verify(encoded, anchorsOf(directories), at, wallet.ports.curves);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (error instanceof challenge.ChallengeAhead) throw new WalletError("CHALLENGE_CLOCK", error.message);
    const isUnknown = error.code === "E_ISSUER_UNKNOWN" && encoded.length > 0;
    if (isUnknown && !directories.some(({ iss }) => iss === challenge.claimedRegion(encoded)))
      throw new WalletError("CHALLENGE_REGION_UNKNOWN", challenge.claimedRegion(encoded));
    throw new WalletError(REASONS[error.code] ?? "CHALLENGE_MALFORMED", `${error.code}: ${error.message}`);
  }
}

const REASONS = {
  E_ISSUER_UNKNOWN: "CHALLENGE_TERMINAL_UNKNOWN",
  E_SIG_ISSUER: "CHALLENGE_FORGED",
  E_SIG_FORM: "CHALLENGE_FORGED",
  E_ALG: "CHALLENGE_FORGED",
  E_ISSUER_EXPIRED: "CHALLENGE_CERTIFICATE_ENDED",
  E_CNONCE: "CHALLENGE_OVER",
} as const as Readonly<Record<string, ErrorCode>>;

/** The terminal keys of every region, each only from its own directory: a region vouches for itself alone. */
function anchorsOf(directories: readonly WalletDirectory[]): Anchors {
  return new Map(
    directories.flatMap(({ iss, anchors }) => [...anchors].filter(([, anchor]) => anchor.iss.startsWith(`${iss}.`))),
  );
}

function isWithin(directory: WalletDirectory, vct: number, purpose: Purpose, keys: readonly number[]): boolean {
  const maximum = directory.maximum(vct, purpose);
  return maximum !== null && keys.every((key) => maximum.mandatory.includes(key) || maximum.optional.includes(key));
}
