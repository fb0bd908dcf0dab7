/**
 * The code, full screen: black on white whatever the theme, a calm ring to the next one, nothing that could be a verdict.
 *
 * It asks for the next code when that is due, keeps the screen on where the browser can, and closes when the page is left.
 */

import type { Names } from "../src/catalogue.ts";
import type { Frame } from "../src/showing.ts";
import type { View } from "./app.ts";
import { button, make } from "./elements.ts";
import type { Key } from "./texts.ts";

const SVG = "http://www.w3.org/2000/svg";
const LENGTH = 100;

export interface Shown {
  readonly source: { frame(): Promise<Frame>; close(): void };
  readonly kinds: readonly Names[];
  readonly items: readonly Names[];
}

export const codeView =
  ({ source, kinds, items }: Shown): View =>
  (app, main) => {
    document.body.classList.add("showing");
    const kind = kinds.map((each) => app.named(each)).join(" · ");
    const picture = make("img", { class: "code", alt: app.text("codePicture", { kind }) });
    const left = make("span");
    const { ring, turn } = countdown();
    main.append(
      make("h1", {}, app.text("codeTitle")),
      make("p", { class: "kind" }, kind),
      picture,
      make("p", { class: "countdown" }, ring, left),
      make("p", {}, app.text("brightness")),
      make("p", {}, app.text("shownNow", { items: items.map((each) => app.named(each)).join(" · ") })),
      make("p", {}, app.text("codeNeutral")),
      button(app.text("close"), () => app.back(), "main"),
    );
    let text = "";
    let isOpen = true;
    const end = (why: Key) => app.replace(main, closedView(why));
    const tick = async () => {
      const frame = await source.frame();
      if (!isOpen) return;
      if (app.now() >= frame.expiresAt) return end("closedOver");
      if (frame.text !== text) picture.src = `data:image/svg+xml,${encodeURIComponent(frame.svg)}`;
      text = frame.text;
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
      document.removeEventListener("visibilitychange", hidden);
      release();
      source.close();
    };
  };

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
