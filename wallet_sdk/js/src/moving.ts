/**
 * Moving codes (docs/spec/animated.md): a portrait with the code as every third picture, or what is too large for one.
 *
 * A page pulls pictures by the milliseconds since the first appeared, at a rate that it tells its holder; nothing here runs
 * a timer. Never the only path: serial scanners read no moving pictures, so `showing.frame()` stays.
 */

import { animate, KIND } from "./animated.ts";
import { draw, svg } from "./drawing.ts";
import { ProtocolError } from "./protocolError.ts";
import type { Content, Picture, Showing } from "./showing.ts";
import { refusal } from "./showingErrors.ts";
import { WalletError } from "./walletError.ts";

export { animate, KIND } from "./animated.ts";
// As in `openid4vci`: nobody has this module without the wallet, and said here, both are bundled in fewer pieces.
export { Wallet } from "./wallet.ts";

const MAX_PORTRAIT_BYTES = 8_192;
const PORTRAIT_ITEM = 14;
const CODE_EVERY = 3;
const HEAD_BYTES = 64;
const RATE = 8;
const [MIN_RATE, MAX_RATE] = [2, 10];
/** Version 11-L: small codes are read while they still move. */
const FRAME_BYTES = 309;
const SYMBOL_BYTES = FRAME_BYTES - 13;

/** The code together with the portrait of the first licence that agreed to show one. */
export function withPortrait(showing: Showing, picturesPerSecond: number = RATE): MovingPortrait {
  const { members, addressee } = showing.opened;
  if (addressee.sealingKey !== null) throw refusal("PORTRAIT_BESIDE_SEAL");
  const agreed = members.find(({ selection }) => selection.shown.has(PORTRAIT_ITEM));
  if (agreed === undefined) throw refusal("PORTRAIT_NOT_AGREED");
  return new MovingPortrait(showing, checkedPortrait(agreed.licence.portrait), rate(picturesPerSecond));
}

/** What is shown as moving pictures, however large; a sealed answer stays sealed. */
export function animated(showing: Showing, picturesPerSecond: number = RATE): MovingContent {
  return new MovingContent(showing, rate(picturesPerSecond));
}

export class MovingPortrait {
  private readonly text: (frame: number) => string;
  /** How long it takes until every frame was seen once. */
  readonly roundSeconds: number;

  /** @internal */
  constructor(
    private readonly showing: Showing,
    portrait: Uint8Array,
    readonly picturesPerSecond: number,
  ) {
    this.text = animate(portrait, KIND.portrait, FRAME_BYTES);
    const turns = Math.ceil(Math.ceil(portrait.length / SYMBOL_BYTES) / (CODE_EVERY - 1));
    this.roundSeconds = (turns * CODE_EVERY) / picturesPerSecond;
  }

  /** What stands on the screen so long after the first picture. */
  picture(atMs: number): Promise<Picture> {
    return this.numbered(Math.floor((atMs * this.picturesPerSecond) / 1_000));
  }

  async numbered(number: number): Promise<Picture> {
    // Asked for in any case: where the code cannot be shown any more, its portrait is not either.
    const frame = await this.showing.frame();
    const [turn, place] = [Math.floor(number / CODE_EVERY), number % CODE_EVERY];
    return place === 0 ? frame : drawn(this.text(turn * (CODE_EVERY - 1) + place - 1), this.showing);
  }
}

export class MovingContent {
  private current: { readonly of: Content; readonly text: (frame: number) => string } | null = null;

  /** @internal */
  constructor(
    private readonly showing: Showing,
    readonly picturesPerSecond: number,
  ) {}

  /** How long it takes until every frame was seen once. */
  async roundSeconds(): Promise<number> {
    return Math.ceil((await this.showing.content()).encoded.length / SYMBOL_BYTES) / this.picturesPerSecond;
  }

  /** What stands on the screen so long after the first picture. */
  picture(atMs: number): Promise<Picture> {
    return this.numbered(Math.floor((atMs * this.picturesPerSecond) / 1_000));
  }

  async numbered(number: number): Promise<Picture> {
    const content = await this.showing.content();
    if (this.current?.of !== content) this.current = { of: content, text: framesOf(content) };
    return drawn(this.current.text(number), this.showing);
  }
}

function framesOf({ encoded, kind }: Content): (frame: number) => string {
  try {
    return animate(encoded, kind, FRAME_BYTES);
  } catch (error) {
    throw error instanceof ProtocolError ? new WalletError("CODE_TOO_LARGE", error.message) : error;
  }
}

function drawn(text: string, showing: Showing): Picture {
  return { text, svg: svg(draw(text), showing.title) };
}

function checkedPortrait(portrait: Uint8Array | null): Uint8Array {
  if (portrait === null) throw refusal("PORTRAIT_UNFIT", "there is none");
  if (!isAvif(portrait) && !isWebp(portrait)) throw refusal("PORTRAIT_UNFIT", "it is neither AVIF nor WebP");
  if (portrait.length > MAX_PORTRAIT_BYTES) throw refusal("PORTRAIT_UNFIT", `${portrait.length} bytes`);
  return portrait;
}

function rate(picturesPerSecond: number): number {
  if (!(Number.isInteger(picturesPerSecond) && picturesPerSecond >= MIN_RATE && picturesPerSecond <= MAX_RATE))
    throw refusal("ANIMATION_RATE", String(picturesPerSecond));
  return picturesPerSecond;
}

/** RFC 9649 section 2.4. */
function isWebp(content: Uint8Array): boolean {
  return latin(content, 0, 4) === "RIFF" && latin(content, 8, 12) === "WEBP";
}

/** AV1 Image File Format section 6.2: the brand avif stands in the file type box, which comes first. */
function isAvif(content: Uint8Array): boolean {
  const size = content.slice(0, 4).reduce((sum, byte) => sum * 256 + byte, 0);
  return latin(content, 4, 8) === "ftyp" && latin(content, 8, Math.min(size, HEAD_BYTES)).includes("avif");
}

function latin(content: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...content.slice(from, to));
}
