/**
 * Answers a terminal that asks: who it is, why, which items of which cards; the answer is sealed to it alone. Or a short
 * code that the holder typed, whose answer is open.
 *
 * A module of its own, because seals need X25519: `readChallenge(wallet, text)`, `approve`, `answer`. What a terminal may
 * not ask for by its certificate, or a region by its purpose's maximum, is refused before the holder sees it.
 */

import * as challenge from "./challenge.ts";
import { KIND } from "./animated.ts";
import type { Kind } from "./catalogue.ts";
import { request, sheetOf, type ConsentRequest } from "./consent.ts";
import type { PurposeItems, WalletDirectory } from "./directory.ts";
import * as envelope from "./envelope.ts";
import { equal } from "./bytes.ts";
import type { HeldLicence } from "./heldLicence.ts";
import { beginJoint, cautionsOf, check, different, JointRequest, type JointDecision, whole } from "./joint.ts";
import { ProtocolError } from "./protocolError.ts";
import { type Purpose, purposeOf } from "./purposes.ts";
import { seal } from "./sealing.ts";
import type { Caution } from "./sheetTexts.ts";
import { decode as shortCodeOf } from "./shortCode.ts";
import type { Addressee, Frame, Showing } from "./showing.ts";
import { refusal } from "./showingErrors.ts";
import type { ShowingErrorCode } from "./showingTable.ts";
import type { Anchors } from "./trust.ts";
import type { Wallet } from "./wallet.ts";
import { WalletError } from "./walletError.ts";

// As in `openid4vci`: nobody has this module without the wallet, and said here, both are bundled in fewer pieces.
export { Wallet } from "./wallet.ts";

const SKEW = 600;
const LONGEST = 120;

/** Who asks, as the region's authority signed it. `terminal` belongs to a challenge, `site` to a short code. */
export interface Asker {
  readonly region: string;
  readonly relyingParty: string;
  readonly place: string;
  readonly terminal: string | null;
  readonly site: string | null;
}

/** A kind that is asked for and of which this wallet has none to show. `kind` is null if unknown. */
export interface MissingKind {
  readonly vct: number;
  readonly kind: Kind | null;
}

/** A request that may be shown to the holder, whole. */
export class TerminalRequest extends JointRequest {
  /** @internal Made by `readChallenge` and `shortCode`. */
  constructor(
    addressee: Addressee,
    sheets: readonly ConsentRequest[],
    cautions: readonly Caution[],
    readonly asker: Asker,
    /** 申请事由 in the terminal's words; a short code has none. */
    readonly reason: string | null,
    readonly missing: readonly MissingKind[],
    readonly readAt: number,
    /** By this device's clock. */
    readonly expiresAt: number,
  ) {
    super(addressee, sheets, cautions);
  }

  /** The card of each kind that is asked for; of several of one kind the holder names one. */
  protected override byDefault(): readonly string[] {
    if (this.sheets.length === 0)
      throw refusal("CHALLENGE_CARD_NOT_HELD", this.missing.map(({ vct, kind }) => kind?.slug ?? String(vct)).join(", "));
    const kinds = new Set(this.sheets.map(({ licence }) => licence.kind.vct));
    const ids = super.byDefault();
    if (this.asker.terminal !== null && kinds.size !== ids.length) throw refusal("LICENCE_AMBIGUOUS", ids.join(", "));
    return ids;
  }
}

/** What a terminal's challenge (`LC1:`) asks, once it is believed. */
export async function readChallenge(wallet: Wallet, text: string): Promise<TerminalRequest> {
  const at = wallet.ports.now();
  const directories = wallet.directories();
  const { certificate, request: asks, cnonce } = await verified(wallet, text, directories, at);
  const region = certificate.iss.slice(0, 6);
  const home = directories.find((each) => each.iss === region)!;
  if (home.withdrawn.some((kid) => equal(kid, certificate.key.kid))) throw refusal("CHALLENGE_TERMINAL_WITHDRAWN");
  const purpose = purposeOf(asks.purpose)!;
  const { terminal, place, relyingParty } = certificate;
  const addressee = { purpose, audience: `lz:t/${terminal}`, cnonce, sealingKey: asks.sealingKey };
  const sheets: ConsentRequest[] = [];
  const missing: MissingKind[] = [];
  for (const [vct, keys] of asks.wanted) {
    if (!isWithin(home, vct, purpose, keys)) throw refusal("CHALLENGE_ASKS_TOO_MUCH", `kind ${vct}`);
    const able = wallet.cards().filter(({ kind, credentials: [{ issued }] }) => {
      const { mandate } = issued.claims;
      return kind.vct === vct && (mandate === null || mandate.purposes.includes(asks.purpose));
    });
    const allowed = able.filter(({ directory }) => isWithin(directory, vct, purpose, keys));
    // A licence of another region obeys its own region's maximum too.
    if (able.length > 0 && allowed.length === 0) throw refusal("CHALLENGE_ASKS_TOO_MUCH", `kind ${vct}`);
    if (allowed.length === 0) missing.push({ vct, kind: directories.flatMap(({ kinds }) => kinds.get(vct) ?? [])[0] ?? null });
    for (const licence of allowed) {
      const maximum = licence.directory.maximum(vct, purpose)!;
      const asked: PurposeItems = {
        mandatory: keys.filter((key) => maximum.mandatory.includes(key)),
        optional: keys.filter((key) => !maximum.mandatory.includes(key)),
        separate: keys.filter((key) => maximum.separate.includes(key)),
      };
      sheets.push(sheetOf(licence, purpose, asked, addressee.audience));
    }
  }
  return new TerminalRequest(
    addressee,
    sheets,
    [...cautionsOf(wallet, sheets.map(({ licence }) => licence)), ...late(home, at)],
    { region, terminal, place, relyingParty, site: null },
    asks.reason,
    missing,
    at,
    // The two clocks may disagree, the two minutes may not be exceeded by either.
    Math.min(at + asks.exp - asks.iat, asks.exp + SKEW),
  );
}

/**
 * The place behind a short code that the holder typed, and what these cards would show there.
 *
 * Its cautions warn of codes that somebody dictates; the page has to show them.
 */
export function shortCode(
  wallet: Wallet,
  typed: string,
  options: { readonly purpose: Purpose; readonly cards: readonly HeldLicence[] },
): TerminalRequest {
  const at = wallet.ports.now();
  const { purpose } = options;
  const { site, cnonce } = typedCode(typed);
  const found = wallet.directories().filter(({ sites }) => sites.has(site));
  const [home] = found;
  if (home === undefined) throw refusal("SHORT_CODE_SITE_UNKNOWN", site);
  if (found.length > 1) throw refusal("SHORT_CODE_SITE_AMBIGUOUS", found.map(({ iss }) => iss).join(", "));
  const { name, relyingParty } = home.sites.get(site)!;
  const cards = different(wallet, options.cards);
  return new TerminalRequest(
    { purpose, audience: `lz:s/${site}`, cnonce, sealingKey: null },
    cards.map((each) => request(each, purpose)),
    // Always, and first: nothing else tells a holder that the screen with this code may be a fraudster's telephone.
    ["dictated-code", ...cautionsOf(wallet, cards), ...late(home, at)],
    { region: home.iss, relyingParty, place: name, terminal: null, site },
    null,
    [],
    at,
    at + LONGEST,
  );
}

/** The answer to a request, as one code: sealed to a challenge's terminal, open for a short code. */
export async function answer(wallet: Wallet, request: TerminalRequest, decision: JointDecision): Promise<Frame> {
  const showing = showAnswer(wallet, request, decision);
  try {
    return await showing.frame();
  } finally {
    showing.close();
  }
}

/** As `answer`, as a showing that ends with the request. */
export function showAnswer(wallet: Wallet, request: TerminalRequest, decision: JointDecision): Showing {
  const { addressee, reason, asker } = request;
  if (check(decision).addressee !== addressee) throw new WalletError("CONSENT_MISMATCH", "it was given for another request");
  const { sealingKey } = addressee;
  return beginJoint(wallet, decision.cards, addressee, (id) => request.sheet(id).asked, {
    window: [request.readAt, request.expiresAt],
    // Each code has an ephemeral key of its own, drawn for it alone.
    whole: (presented) =>
      sealingKey === null ? whole(presented) : [KIND.sealed, seal(whole(presented)[1], sealingKey, wallet.ports.random(32))],
    reason,
    relyingParty: asker.relyingParty,
  });
}

function typedCode(typed: string) {
  try {
    return shortCodeOf(typed);
  } catch (error) {
    throw error instanceof ProtocolError ? refusal("SHORT_CODE_MALFORMED", error.message) : error;
  }
}

/** The region's directory has ended, so the wallet may not know what was changed since. */
function late(directory: WalletDirectory, at: number): readonly Caution[] {
  return at >= directory.exp ? ["directory-late"] : [];
}

async function verified(wallet: Wallet, text: string, directories: readonly WalletDirectory[], at: number) {
  let encoded: Uint8Array = new Uint8Array();
  try {
    // People paste with line breaks around; inside the text nothing is forgiven.
    encoded = envelope.unwrap(text.replace(/^[\r\n]+|[\r\n]+$/g, ""), envelope.CHALLENGE);
    return await challenge.verify(encoded, anchorsOf(directories), at, wallet.ports.curves);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (error instanceof challenge.ChallengeAhead) throw refusal("CHALLENGE_CLOCK", error.message);
    const isUnknown = error.code === "E_ISSUER_UNKNOWN" && encoded.length > 0;
    if (isUnknown && !directories.some(({ iss }) => iss === challenge.claimedRegion(encoded)))
      throw refusal("CHALLENGE_REGION_UNKNOWN", challenge.claimedRegion(encoded));
    // The one that the core says too: a showing ends with its request.
    if (error.code === "E_CNONCE") throw new WalletError("CHALLENGE_OVER", error.message);
    throw refusal(REASONS[error.code] ?? "CHALLENGE_MALFORMED", `${error.code}: ${error.message}`);
  }
}

const REASONS = {
  E_ISSUER_UNKNOWN: "CHALLENGE_TERMINAL_UNKNOWN",
  E_SIG_ISSUER: "CHALLENGE_FORGED",
  E_SIG_FORM: "CHALLENGE_FORGED",
  E_ALG: "CHALLENGE_FORGED",
  E_ISSUER_EXPIRED: "CHALLENGE_CERTIFICATE_ENDED",
} as const as Readonly<Record<string, ShowingErrorCode>>;

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
