/**
 * The dynamic code: a presentation, freshly signed, good for a minute, redrawn every half.
 *
 * One signature for each frame; exp is a minute away and never after the credential's end; no two codes of a wallet have
 * one moment, or the second would be a replay of the first; nothing is signed after `close`. No timer runs here: the
 * page asks for a frame and is told when the next one is due.
 */

import * as envelope from "./envelope.ts";
import { draw, svg } from "./drawing.ts";
import type { HeldLicence } from "./heldLicence.ts";
import type { Signer } from "./keys.ts";
import { Presenter } from "./presentation.ts";
import { ProtocolError } from "./protocolError.ts";
import type { Selection } from "./selection.ts";
import { endOfLocalDay, localMidnight } from "./time.ts";
import { WalletError } from "./walletError.ts";

const LIFE = 60;
const [MIN_REDRAW, MAX_REDRAW] = [15, 30];
const [VALID_FROM, VALID_TO] = [6, 7];

export interface Frame {
  readonly text: string;
  readonly issuedAt: number;
  /** When no terminal takes it any more. */
  readonly expiresAt: number;
  /** When the next one is due. */
  readonly nextAt: number;
  /** Black on white, with its quiet zone. */
  readonly svg: string;
}

/** Gives each code of a wallet a moment of its own. */
export class Moments {
  private last = 0;

  take(now: number): number {
    this.last = Math.max(now, this.last + 1);
    return this.last;
  }
}

export class Showing {
  private readonly presenter: Presenter;
  private signer: Signer | null;
  private current: { readonly askedAt: number; readonly frame: Frame } | null = null;

  constructor(
    private readonly licence: HeldLicence,
    private readonly selection: Selection,
    private readonly audience: string,
    signer: Signer,
    private readonly every: number,
    private readonly moments: Moments,
    private readonly now: () => number,
  ) {
    if (!(every >= MIN_REDRAW && every <= MAX_REDRAW)) throw new WalletError("REDRAW_INTERVAL", `${every} s`);
    this.signer = signer;
    this.presenter = new Presenter(selection.credential.issued, selection.disclosures, signer.publicKey.alg);
  }

  /** The `lic` keys that a verifier sees. */
  get shownItems(): ReadonlySet<number> {
    return this.selection.shown;
  }

  /** The code to show now; a new one when the last is due for redrawing, or when the clock was set back. */
  async frame(): Promise<Frame> {
    const now = this.now();
    if (this.signer === null) throw new WalletError("SHOWING_CLOSED");
    const { current } = this;
    if (current !== null && current.askedAt <= now && now < current.frame.nextAt) return current.frame;
    const end = showableUntil(this.licence, this.selection, now);
    const iat = this.moments.take(now);
    const exp = Math.min(iat + LIFE, end);
    let text: string;
    try {
      const encoded = await this.presenter.present({ aud: this.audience, iat, exp, cnonce: null }, this.signer);
      text = envelope.wrap(encoded, envelope.PRESENTATION);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new WalletError(error.code === "E_SIZE" ? "CODE_TOO_LARGE" : "PRESENTATION_REFUSED", error.code);
    }
    const drawing = svg(draw(text), this.licence.kind.names.en);
    const nextAt = Math.min(iat + this.every, exp);
    // Between asking for the signature and having it, the showing may have been closed.
    if (this.signer === null) throw new WalletError("SHOWING_CLOSED");
    const frame = { text, issuedAt: iat, expiresAt: exp, nextAt, svg: drawing };
    this.current = { askedAt: now, frame };
    return frame;
  }

  close(): void {
    this.signer = null;
    this.current = null;
  }
}

/** The end of the credential that is shown, once the licence can be shown at all. */
export function showableUntil(licence: HeldLicence, selection: Selection, at: number): number {
  const [flexible] = licence.credentials;
  const day = (key: number) => {
    const value = flexible.items.get(key)?.value;
    return typeof value === "number" ? value : null;
  };
  const [first, last] = [day(VALID_FROM), day(VALID_TO)];
  const begins = Math.max(...licence.credentials.map(({ issued: { claims } }) => Math.max(claims.nbf, claims.iat)));
  if (at < Math.max(begins, first === null ? 0 : localMidnight(first))) throw new WalletError("LICENCE_NOT_YET");
  if (last !== null && at >= endOfLocalDay(last)) throw new WalletError("LICENCE_EXPIRED");
  const { exp, mandate } = selection.credential.issued.claims;
  if (at >= exp) throw new WalletError(mandate === null ? "CREDENTIAL_EXPIRED" : "MANDATE_EXPIRED");
  return exp;
}
