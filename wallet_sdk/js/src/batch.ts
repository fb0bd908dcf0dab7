/**
 * Many licences one after another at one counter, with one consent for all: each has a code of its own.
 *
 * Nothing is shown that was not agreed to; one that cannot be shown is named and the others are not held up.
 */

import { type ConsentRequest, Decision } from "./consent.ts";
import type { HeldLicence } from "./heldLicence.ts";
import type { Choice } from "./joint.ts";
import type { Purpose } from "./purposes.ts";
import type { Frame, Showing } from "./showing.ts";
import { refusal } from "./showingErrors.ts";
import type { Wallet } from "./wallet.ts";
import { WalletError } from "./walletError.ts";

const MAX_LICENCES = 1_000;

/** What the holder lets out, licence by licence, in the order of showing. */
export class BatchDecision {
  private constructor(
    readonly purpose: Purpose,
    readonly licences: readonly Decision[],
  ) {}

  /** @internal Only a batch request makes one. */
  static of(purpose: Purpose, licences: readonly Decision[]): BatchDecision {
    return new BatchDecision(purpose, licences);
  }
}

export class BatchRequest {
  constructor(
    readonly purpose: Purpose,
    readonly sheets: readonly ConsentRequest[],
  ) {}

  /** The holder's decision; no choice at all: every card with its proposed items. */
  approve(choice?: Choice): BatchDecision {
    const known = this.sheets.map(({ licence }) => licence.id);
    if (choice !== undefined && !Object.keys(choice).every((id) => known.includes(id)))
      throw new WalletError("CONSENT_MISMATCH", "licences that nobody was asked about");
    const wanted = this.sheets.filter(({ licence }) => choice === undefined || Object.hasOwn(choice, licence.id));
    if (wanted.length === 0) throw refusal("BUNDLE_SIZE", "no licence");
    return BatchDecision.of(this.purpose, wanted.map((sheet) => sheet.approve(choice?.[sheet.licence.id] ?? undefined))); // prettier-ignore
  }
}

/** What to ask the holder before many licences are shown one after another: one sheet for each. */
export function requestBatch(wallet: Wallet, cards: readonly HeldLicence[], purpose: Purpose): BatchRequest {
  const count = new Set(cards.map(({ id }) => id)).size;
  if (count < 1 || count !== cards.length || count > MAX_LICENCES)
    throw refusal("BUNDLE_SIZE", `${cards.length} licences, or one twice`);
  return new BatchRequest(purpose, cards.map((each) => wallet.request(each, purpose))); // prettier-ignore
}

/** A showing of one licence after another; close it. */
export function showBatch(wallet: Wallet, options: { readonly consent: BatchDecision }): BatchShowing {
  const { consent } = options;
  if (!(consent instanceof BatchDecision) || !consent.licences.every((each) => each instanceof Decision))
    throw new WalletError("CONSENT_MISSING");
  return new BatchShowing(wallet, consent);
}

export class BatchShowing {
  /** What could not be shown, by licence id, with the reason. */
  readonly failed = new Map<string, WalletError>();
  private place = -1;
  private showing: Showing | null = null;

  /** @internal Made by `showBatch`. */
  constructor(
    private readonly wallet: Wallet,
    private readonly decision: BatchDecision,
  ) {}

  /** How many licences have had their turn. */
  get position(): number {
    return this.place + 1;
  }

  get total(): number {
    return this.decision.licences.length;
  }

  /** Whose turn it is; null: nobody's, before the first and after the last. */
  get licenceId(): string | null {
    return this.showing === null ? null : this.decision.licences[this.place]!.licenceId;
  }

  /** The first code of the next licence that can be shown; null: that was the last. */
  async next(): Promise<Frame | null> {
    for (;;) {
      this.close();
      const consent = this.decision.licences[this.place + 1];
      if (consent === undefined) return null;
      this.place++;
      try {
        const audience = this.decision.purpose;
        this.showing = this.wallet.show(this.wallet.card(consent.licenceId), { audience, consent });
        return await this.showing.frame();
      } catch (error) {
        if (!(error instanceof WalletError) || error.code === "SHOWING_CLOSED") throw error;
        this.failed.set(consent.licenceId, error);
      }
    }
  }

  /** The code to show now of the licence whose turn it is; null: nobody's. */
  async frame(): Promise<Frame | null> {
    return this.showing === null ? null : this.showing.frame();
  }

  /** Ends the showing of this licence; `next` begins that of another. */
  close(): void {
    this.showing?.close();
    this.showing = null;
  }
}
