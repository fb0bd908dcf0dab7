/**
 * The code, full screen: black on white whatever the theme, a calm ring to the next one, nothing that could be a verdict.
 *
 * It asks for the next code when that is due, keeps the screen on where the browser can, and closes when the page is left.
 * A portrait that was agreed to moves with the code only while the holder wants it: serial scanners read no moving pictures.
 */

import type { Names } from "../src/catalogue.ts";
import type { Purpose } from "../src/purposes.ts";
import type { Frame, Showing } from "../src/showing.ts";
import type { App, View } from "./app.ts";
import { button, make } from "./elements.ts";
import type { Key } from "./texts.ts";

const SVG = "http://www.w3.org/2000/svg";
const LENGTH = 100;
const PORTRAIT_ITEM = 14;

export interface Shown {
  readonly source: { frame(): Promise<Frame>; close(): void };
  readonly kinds: readonly Names[];
  readonly items: readonly Names[];
  /** What a portrait comes from; none: it is never shown here. */
  readonly showing?: Showing;
  /** What a short code of the counter would be answered with. */
  readonly again?: { readonly purpose: Purpose; readonly ids: readonly string[] };
  /** What comes after this code. */
  readonly next?: { readonly label: string; readonly go: (main: HTMLElement) => Promise<void> };
}

export const codeView =
  ({ source, kinds, items, showing, again, next }: Shown): View =>
  (app, main) => {
    document.body.classList.add("showing");
    const kind = kinds.map((each) => app.named(each)).join(" · ");
    const picture = make("img", { class: "code", alt: app.text("codePicture", { kind }) });
    const left = make("span");
    const { ring, turn } = countdown();
    const buttons: HTMLElement[] = [button(app.text("close"), () => app.back(), "main")];
    if (next !== undefined) buttons.unshift(button(next.label, app.attempt(() => next.go(main)), "main"));
    const drawn = (svg: string) => {
      picture.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    };
    const portrait = showing !== undefined && hasPortrait(app, showing) ? beside(app, showing, drawn) : null;
    if (portrait !== null) buttons.push(portrait.toggle);
    if (again !== undefined) {
      const type = async () => {
        const { shortCodeView } = await import("./further.ts");
        app.replace(main, shortCodeView(again.purpose, again.ids));
      };
      buttons.push(button(app.text("shortCode"), app.attempt(type)));
    }
    main.append(
      make("h1", {}, app.text("codeTitle")),
      make("p", { class: "kind" }, kind),
      picture,
      portrait?.hint ?? "",
      make("p", { class: "countdown" }, ring, left),
      make("p", {}, app.text("brightness")),
      make("p", {}, app.text("shownNow", { items: items.map((each) => app.named(each)).join(" · ") })),
      make("p", {}, app.text("codeNeutral")),
      make("div", { class: "decide" }, ...buttons),
    );
    let text = "";
    let isOpen = true;
    const end = (why: Key) => app.replace(main, closedView(why));
    const tick = async () => {
      const frame = await source.frame();
      if (!isOpen) return;
      if (app.now() >= frame.expiresAt) return end("closedOver");
      const isMoving = portrait?.isMoving() === true;
      if (!isMoving && frame.text !== text) drawn(frame.svg);
      // When it stops moving, the code is drawn again.
      text = isMoving ? "" : frame.text;
      const rest = Math.max(0, frame.nextAt - app.now());
      left.textContent = app.text("seconds", { n: String(rest) });
      turn(rest / Math.max(1, frame.nextAt - frame.issuedAt));
    };
    const beat = app.attempt(() =>
      tick().catch((error: unknown) => {
        if (!isOpen) return;
        end("closedOver");
        throw error;
      }),
    );
    const hidden = () => document.visibilityState === "hidden" && end("closedHidden");
    document.addEventListener("visibilitychange", hidden);
    const timer = setInterval(beat, 1_000);
    const release = keptAwake();
    beat();
    return () => {
      isOpen = false;
      clearInterval(timer);
      portrait?.stop();
      document.removeEventListener("visibilitychange", hidden);
      release();
      source.close();
    };
  };

function hasPortrait(app: App, showing: Showing): boolean {
  return !showing.isClosed && [...showing.shownOf].some(([id, keys]) => keys.has(PORTRAIT_ITEM) && app.wallet.card(id).portrait !== null);
}

interface Beside {
  readonly toggle: HTMLElement;
  readonly hint: HTMLElement;
  isMoving(): boolean;
  stop(): void;
}

/** The portrait beside the code, from when the holder asks for it to when they have enough of it. */
function beside(app: App, showing: Showing, drawn: (svg: string) => void): Beside {
  const hint = make("p", { class: "hint", "aria-live": "polite" });
  let timer: number | undefined;
  const toggle = button(app.text("portraitOn"), app.attempt(() => (timer === undefined ? start() : stop())));
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    toggle.textContent = app.text("portraitOn");
    hint.textContent = "";
  };
  const start = async () => {
    const { withPortrait } = await import("../src/moving.ts");
    if (showing.isClosed) return;
    const moving = withPortrait(showing);
    const begun = performance.now();
    // One that fails is no picture; why, the code says, which is asked for at the same time.
    const beat = () => void moving.picture(performance.now() - begun).then(({ svg }) => timer !== undefined && drawn(svg), stop);
    stop();
    timer = window.setInterval(beat, 1_000 / moving.picturesPerSecond);
    toggle.textContent = app.text("portraitOff");
    const rate = { n: String(moving.picturesPerSecond), s: String(Math.ceil(moving.roundSeconds)) };
    hint.textContent = app.text("portraitHint", rate);
  };
  return { toggle, hint, isMoving: () => timer !== undefined, stop };
}

const closedView =
  (why: Key): View =>
  (app, main) => {
    main.append(make("h1", {}, app.text("closed")), make("p", {}, app.text(why)));
  };

/** Keeps the screen on where the browser can; what it returns lets it go. */
function keptAwake(): () => void {
  const lock = navigator.wakeLock?.request("screen").catch(() => null);
  return () => void lock?.then((held) => held?.release());
}

function countdown(): { readonly ring: SVGElement; turn(share: number): void } {
  const ring = document.createElementNS(SVG, "svg");
  ring.setAttribute("viewBox", "0 0 36 36");
  ring.setAttribute("aria-hidden", "true");
  const circle = document.createElementNS(SVG, "circle");
  for (const [name, value] of Object.entries({ cx: "18", cy: "18", r: "15", pathLength: String(LENGTH), "stroke-dasharray": String(LENGTH) }))
    circle.setAttribute(name, value);
  ring.append(circle);
  return { ring, turn: (share) => circle.setAttribute("stroke-dashoffset", String(Math.round(LENGTH * (1 - share)))) };
}
