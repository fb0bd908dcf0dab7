/**
 * The dynamic code: presentations, freshly signed, good for a minute, redrawn every half.
 *
 * One signature for each licence and code; exp is a minute away (two in an answer to a request, which ends with it) and
 * never after a credential's end; no two codes of a wallet have one moment, or the second would be a replay of the first;
 * nothing is signed before the use is noted where the app keeps a history, and nothing after `close`. No timer runs here:
 * the page asks for a frame and is told when the next one is due.
 *
 * Not handled here: what makes one whole of several presentations, or seals it (`joint.ts`, `answering.ts`).
 */

import * as envelope from "./envelope.ts";
import { draw, svg } from "./drawing.ts";
import { begins, type HeldLicence, legalEnd } from "./heldLicence.ts";
import type { Use } from "./history.ts";
import type { Signer } from "./keys.ts";
import { Presenter } from "./presentation.ts";
import { ProtocolError } from "./protocolError.ts";
import { audienceOf, type Purpose } from "./purposes.ts";
import type { Selection } from "./selection.ts";
import { WalletError } from "./walletError.ts";

const [LIFE, ANSWER_LIFE] = [60, 120];
const [MIN_REDRAW, MAX_REDRAW] = [15, 30];
/** Seconds; a clock that lies further back was set, and the honest moment counts. */
const MOST_AHEAD = 10;

/** What a screen shows as one code. */
export interface Picture {
  readonly text: string;
  /** Black on white, with its quiet zone. */
  readonly svg: string;
}

export interface Frame extends Picture {
  readonly issuedAt: number;
  /** When no terminal takes it any more. */
  readonly expiresAt: number;
  /** When the next one is due. */
  readonly nextAt: number;
}

/** What one code says as bytes, however many; `kind` as moving pictures name it (docs/spec/animated.md). */
export interface Content {
  readonly kind: number;
  readonly encoded: Uint8Array;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly nextAt: number;
}

/** For whom an act is: what each of its presentations carries, and to whose key it is sealed. */
export interface Addressee {
  readonly purpose: Purpose;
  readonly audience: string;
  readonly cnonce: Uint8Array | null;
  readonly sealingKey: Uint8Array | null;
}

/** Whoever serves this purpose, without a request. */
export function openTo(purpose: Purpose): Addressee {
  return { purpose, audience: audienceOf(purpose), cnonce: null, sealingKey: null };
}

/** One licence of an act, with what is let out of it. */
export interface Member {
  readonly licence: HeldLicence;
  readonly selection: Selection;
}

/** One act of showing, as the wallet's one gate let it through. */
export interface Act {
  readonly members: readonly Member[];
  readonly addressee: Addressee;
  readonly every: number;
  /** From when, and until before when, something may be signed. */
  readonly window: readonly [number, number];
  /** Makes one whole of the presentations, and says of which kind. */
  readonly whole: (presented: readonly Uint8Array[]) => readonly [kind: number, encoded: Uint8Array];
  readonly signer: Signer;
  readonly moments: Moments;
  readonly now: () => number;
  /** Writes the use down, before the first signature; what it throws stops the showing. */
  readonly note: (use: Use) => Promise<void>;
  readonly reason: string | null;
  readonly relyingParty: string | null;
}

const PREFIXES: Readonly<Record<number, string>> = { 1: envelope.PRESENTATION, 3: envelope.BUNDLE, 4: envelope.SEALED };

/** Gives each code of a wallet a moment of its own. */
export class Moments {
  private last = 0;

  take(now: number): number {
    const ahead = this.last - now;
    this.last = ahead >= 0 && ahead < MOST_AHEAD ? this.last + 1 : now;
    return this.last;
  }
}

export class Showing {
  private readonly presenters: readonly Presenter[];
  private act: Act | null;
  private noted: Promise<void> | null = null;
  private current: { readonly askedAt: number; readonly content: Promise<Content>; nextAt: number } | null = null;
  private drawn: { readonly of: Content; readonly frame: Frame } | null = null;
  private readonly endings: (() => void)[] = [];

  /** @internal Made by the wallet. */
  constructor(act: Act) {
    if (!(act.every >= MIN_REDRAW && act.every <= MAX_REDRAW)) throw new WalletError("REDRAW_INTERVAL", `${act.every} s`);
    this.act = act;
    const { alg } = act.signer.publicKey;
    this.presenters = act.members.map(({ selection: { credential, disclosures } }) => new Presenter(credential.issued, disclosures, alg));
  }

  /** The `lic` keys that a verifier sees, of all licences together. */
  get shownItems(): ReadonlySet<number> {
    return new Set([...this.shownOf.values()].flatMap((keys) => [...keys]));
  }

  /** The `lic` keys that a verifier sees of each licence, by its id. */
  get shownOf(): ReadonlyMap<string, ReadonlySet<number>> {
    return new Map(this.opened.members.map(({ licence, selection }) => [licence.id, selection.shown]));
  }

  get isClosed(): boolean {
    return this.act === null;
  }

  /** The names of what is shown. */
  get title(): string {
    return this.opened.members.map(({ licence }) => licence.kind.names.en).join(", ");
  }

  /** @internal What this showing is about; refused once it is closed. */
  get opened(): Act {
    if (this.act === null) throw new WalletError("SHOWING_CLOSED");
    return this.act;
  }

  /** The code to show now; a new one when the last is due for redrawing, or when the clock was set back. */
  async frame(): Promise<Frame> {
    const content = await this.content();
    if (this.drawn?.of !== content) this.drawn = { of: content, frame: this.draw(content) };
    return this.drawn.frame;
  }

  /** The same as bytes, however many: what fits no single code goes as moving pictures (`animated.mjs`). */
  async content(): Promise<Content> {
    const { now: clock, window: [from, until] } = this.opened; // prettier-ignore
    const now = clock();
    const { current } = this;
    if (current === null || !(current.askedAt <= now && now < current.nextAt)) {
      if (!(from <= now && now < until)) throw new WalletError("CHALLENGE_OVER");
      const asked = { askedAt: now, content: this.sign(now), nextAt: Infinity };
      this.current = asked;
      // Whoever asks meanwhile waits for the same signature; one that failed is asked for again.
      asked.content.then(({ nextAt }) => (asked.nextAt = nextAt), () => (asked.nextAt = 0)); // prettier-ignore
    }
    const content = await this.current!.content;
    // Between asking for the signature and having it, the showing may have been closed.
    if (this.isClosed) throw new WalletError("SHOWING_CLOSED");
    return content;
  }

  /** @internal Signed for this moment, or for the first one after it that is free; a ladder takes its moments by itself. */
  async sign(moment: number, isTaken = false): Promise<Content> {
    const { members, addressee: { audience: aud, cnonce }, signer, moments, every, whole } = this.opened; // prettier-ignore
    const end = Math.min(...members.map((each) => showableUntil(each, moment)));
    await (this.noted ??= this.note());
    const iat = isTaken ? moment : moments.take(moment);
    const exp = Math.min(iat + (cnonce === null ? LIFE : ANSWER_LIFE), end);
    try {
      const presented: Uint8Array[] = [];
      for (const each of this.presenters) {
        // The holder may have closed it while the history was written, or another signature made.
        if (this.isClosed) throw new WalletError("SHOWING_CLOSED");
        presented.push(await each.present({ aud, iat, exp, cnonce }, signer));
      }
      const [kind, encoded] = whole(presented);
      return { kind, encoded, issuedAt: iat, expiresAt: exp, nextAt: Math.min(iat + every, exp) };
    } catch (error) {
      throw named(error);
    }
  }

  /** @internal */
  draw({ kind, encoded, ...moments }: Content): Frame {
    try {
      const text = envelope.wrap(encoded, PREFIXES[kind]!);
      return { text, svg: svg(draw(text), this.title), ...moments };
    } catch (error) {
      throw named(error);
    }
  }

  /** @internal Runs when this is closed. */
  atEnd(ending: () => void): void {
    this.endings.push(ending);
  }

  /** Ends the showing; may be called twice. */
  close(): void {
    this.act = this.current = this.drawn = null;
    for (const ending of this.endings.splice(0)) ending();
  }

  private note(): Promise<void> {
    const { members, addressee: { purpose, audience }, now, note, reason, relyingParty } = this.opened; // prettier-ignore
    const licences = members.map(({ licence, selection }) => ({
      licenceId: licence.id,
      kind: licence.kind.slug,
      items: [...selection.shown].sort((a, b) => a - b),
    }));
    return note({ at: now(), purpose, audience, reason, relyingParty, licences }).catch((error: unknown) => {
      // What could not be noted is noted at the next try, before anything is signed.
      this.noted = null;
      throw error;
    });
  }
}

/** The end of the credential that is shown, once the licence can be shown at all. */
function showableUntil({ licence, selection }: Member, at: number): number {
  if (at < begins(licence)) throw new WalletError("LICENCE_NOT_YET");
  const last = legalEnd(licence);
  if (last !== null && at >= last) throw new WalletError("LICENCE_EXPIRED");
  const { exp, mandate } = selection.credential.issued.claims;
  if (at >= exp) throw new WalletError(mandate === null ? "CREDENTIAL_EXPIRED" : "MANDATE_EXPIRED");
  return exp;
}

/** The protocol's refusals by the wallet's names. */
function named(error: unknown): unknown {
  if (!(error instanceof ProtocolError)) return error;
  return new WalletError(error.code === "E_SIZE" ? "CODE_TOO_LARGE" : "PRESENTATION_REFUSED", error.code);
}
