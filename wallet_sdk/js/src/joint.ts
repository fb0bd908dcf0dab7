/**
 * Several licences in one act: one sheet for each card, one decision, one addressee (docs/spec/bundle.md).
 *
 *     const request = requestBundle(wallet, [licence, card], "roadside");
 *     const showing = showBundle(wallet, { consent: request.approve() });
 *
 * Licences shown together are about one person only if an identifier that each issuer signed is shown in all of them; it
 * is proposed where every one of them may show it, and a decision says whether it links. Only `approve` makes a
 * `JointDecision`; nothing is signed without one.
 */

import * as bundle from "./bundle.ts";
import type { Item } from "./catalogue.ts";
import { type ConsentRequest, Decision, request } from "./consent.ts";
import type { PurposeItems } from "./directory.ts";
import { clearKeys, type HeldLicence } from "./heldLicence.ts";
import type { Purpose } from "./purposes.ts";
import type { Caution } from "./sheetTexts.ts";
import { type Act, type Addressee, openTo, type Showing } from "./showing.ts";
import { refusal } from "./showingErrors.ts";
import type { CardState, Wallet } from "./wallet.ts";
import { WalletError } from "./walletError.ts";

const MAX_CARDS = bundle.MAX_MEMBERS;
/** The kinds of one presentation and of several, as `animated.ts` names them. */
const [PRESENTATION, BUNDLE] = [1, 3] as const;

/** Ids of cards, each with the names of the items to let out, exactly these; null: the proposed ones and what links. */
export type Choice = Readonly<Record<string, readonly string[] | null>>;

/** What the holder lets out, card by card, for this addressee alone. */
export class JointDecision {
  private constructor(
    readonly addressee: Addressee,
    readonly cards: readonly Decision[],
    /** The shown items say that these licences are one holder's. One card alone always is. */
    readonly isLinked: boolean,
  ) {}

  /** @internal Only a joint request makes one. */
  static of(addressee: Addressee, cards: readonly Decision[], isLinked: boolean): JointDecision {
    return new JointDecision(addressee, cards, isLinked);
  }

  /** What the holder should know of this very choice. */
  get cautions(): readonly Caution[] {
    return this.isLinked ? [] : ["unlinked"];
  }
}

export class JointRequest {
  constructor(
    readonly addressee: Addressee,
    /** One for each card that can be shown. */
    readonly sheets: readonly ConsentRequest[],
    /** What stands on the sheet besides; a page that leaves them out hides a warning. */
    readonly cautions: readonly Caution[],
  ) {}

  get purpose(): Purpose {
    return this.addressee.purpose;
  }

  sheet(id: string): ConsentRequest {
    const found = this.sheets.find(({ licence }) => licence.id === id);
    if (found === undefined) throw new WalletError("CONSENT_MISMATCH", "a licence that nobody was asked about");
    return found;
  }

  /** The `lic` key of the identifier that links these cards, if each has it, equal, and may show it here. */
  linkingItem(ids: readonly string[]): number | null {
    const sheets = ids.map((id) => this.sheet(id));
    const key = sharedIdentifier(sheets.map(({ licence }) => licence));
    return key !== null && sheets.every((sheet) => mayShow(sheet, key)) ? key : null;
  }

  /** The optional item of this sheet by which its card and the others are one holder's; null: there is none. */
  proposedLink(sheet: ConsentRequest): Item | null {
    const own = this.sheets.filter(({ licence }) => mandateOf(licence) === null);
    const ids = (own.length > 0 ? own : this.sheets).map(({ licence }) => licence.id);
    const key = ids.includes(sheet.licence.id) ? this.proposed(ids) : null;
    return sheet.optional.find((item) => item.key === key) ?? null;
  }

  /** The holder's decision; no choice at all: every card with its proposed items. */
  approve(choice?: Choice): JointDecision {
    const chosen = choice ?? Object.fromEntries(this.byDefault().map((id) => [id, null]));
    const ids = Object.keys(chosen);
    if (ids.length < 1 || ids.length > MAX_CARDS) throw refusal("BUNDLE_SIZE", `${ids.length} licences`);
    const link = this.proposed(ids);
    const decisions = ids.map((id) => this.decide(this.sheet(id), chosen[id]!, link));
    return JointDecision.of(this.addressee, decisions, this.isLinked(decisions));
  }

  protected byDefault(): readonly string[] {
    return this.sheets.map(({ licence }) => licence.id);
  }

  /** Where one needs a consent of its own for it, none shows it unasked, since alone it links nothing. */
  private proposed(ids: readonly string[]): number | null {
    const key = ids.length > 1 ? this.linkingItem(ids) : null;
    const isApart = ids.some((id) => this.sheet(id).separate.some((item) => item.key === key));
    return isApart ? null : key;
  }

  private decide(sheet: ConsentRequest, names: readonly string[] | null, link: number | null): Decision {
    const linking = sheet.optional.filter((item) => item.key === link);
    const { items } = sheet.approve(names ?? [...sheet.proposed, ...linking].map((item) => item.name));
    return Decision.of(sheet.licence, this.purpose, this.addressee.audience, items);
  }

  private isLinked(decisions: readonly Decision[]): boolean {
    if (decisions.length === 1) return true;
    const licences = decisions.map(({ licenceId }) => this.sheet(licenceId).licence);
    const key = sharedIdentifier(licences);
    return key !== null && decisions.every(({ items }, at) => items.includes(key) || isClear(licences[at]!, key));
  }
}

/** What to ask the holder before two to four licences are shown in one act. */
export function requestBundle(wallet: Wallet, cards: readonly HeldLicence[], purpose: Purpose): JointRequest {
  const licences = different(wallet, cards);
  if (licences.length < 2) throw refusal("BUNDLE_SIZE", "one alone is shown with `wallet.show`");
  return new JointRequest(openTo(purpose), licences.map((each) => request(each, purpose)), cautionsOf(wallet, licences)); // prettier-ignore
}

/** A showing of several licences in one code that rolls. */
export function showBundle(wallet: Wallet, options: { readonly consent: JointDecision; readonly every?: number }): Showing {
  const { addressee, cards } = check(options.consent);
  if (addressee.cnonce !== null) throw new WalletError("CONSENT_MISMATCH", "it was given to one terminal, not to whoever serves a purpose");
  return beginJoint(wallet, cards, addressee, () => undefined, { every: options.every ?? 30 });
}

/** @internal Begins to show what a joint decision lets out. */
export function beginJoint(
  wallet: Wallet,
  cards: readonly Decision[],
  addressee: Addressee,
  asked: (licenceId: string) => PurposeItems | undefined,
  its: Partial<Act>,
): Showing {
  const members = cards.map((each) => wallet.member(each.licenceId, each, addressee, asked(each.licenceId)));
  return wallet.begin(members, addressee, { whole, ...its });
}

/** @internal One presentation, or a bundle of several. */
export function whole(presented: readonly Uint8Array[]): readonly [number, Uint8Array] {
  return presented.length === 1 ? [PRESENTATION, presented[0]!] : [BUNDLE, bundle.compose(presented)];
}

/** @internal The decision, if it is one; callers without a type checker pass anything. */
export function check(decision: JointDecision): JointDecision {
  if (!(decision instanceof JointDecision) || !decision.cards.every((each) => each instanceof Decision))
    throw new WalletError("CONSENT_MISSING");
  return decision;
}

/** @internal One to four licences, each once. */
export function different(wallet: Wallet, cards: readonly HeldLicence[]): readonly HeldLicence[] {
  const licences = cards.map(({ id }) => wallet.card(id));
  const count = new Set(licences.map(({ id }) => id)).size;
  if (count < 1 || licences.length > MAX_CARDS || count !== licences.length)
    throw refusal("BUNDLE_SIZE", `${licences.length} licences, ${count} of them different`);
  return licences;
}

/** What stands on the sheet of one licence besides; a page that leaves them out hides a warning. */
export function cautions(wallet: Wallet, request: ConsentRequest): readonly Caution[] {
  return cautionsOf(wallet, [request.licence]);
}

/** @internal What showing these licences means in any case, in the order of urgency. */
export function cautionsOf(wallet: Wallet, licences: readonly HeldLicence[]): readonly Caution[] {
  const found = new Set(licences.map((each) => CAUTION_OF[wallet.state(each)]));
  if (licences.some((each) => mandateOf(each) !== null)) found.add("acts-for-another");
  if (licences.some((each) => wallet.news.devices(each).some(({ event }) => event === "bound"))) found.add("other-device");
  return IN_ORDER.filter((each) => found.has(each));
}

const CAUTION_OF: Partial<Record<CardState, Caution>> = {
  revoked: "revoked",
  withdrawn: "revoked",
  cancelled: "revoked",
  invalid: "revoked",
  "device-lost": "device-lost",
  superseded: "superseded",
  suspended: "suspended",
};
const IN_ORDER: readonly Caution[] = ["acts-for-another", "revoked", "device-lost", "superseded", "suspended", "other-device"];

/** The item by which these are one holder's: held and equal in all of them (docs/spec/bundle.md, rules 4 and 5). */
function sharedIdentifier(licences: readonly HeldLicence[]): number | null {
  if (new Set(licences.map((each) => mandateOf(each) === null)).size !== 1) return null;
  for (const [, key, foreignKind] of bundle.LINKS) {
    const identifiers = licences.map(({ credentials: [{ issued, items }] }) => {
      const value = items.get(key)?.value;
      return issued.claims.holderKind !== foreignKind && typeof value === "string" ? value : null;
    });
    if (identifiers.every((each) => each !== null) && new Set(identifiers).size === 1) return key;
  }
  return null;
}

function mayShow({ licence, asked }: ConsentRequest, key: number): boolean {
  return asked.mandatory.includes(key) || asked.optional.includes(key) || isClear(licence, key);
}

function isClear({ credentials: [flexible] }: HeldLicence, key: number): boolean {
  return clearKeys(flexible).includes(key);
}

function mandateOf(licence: HeldLicence) {
  return licence.credentials[0].issued.claims.mandate;
}
