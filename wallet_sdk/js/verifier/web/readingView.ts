/**
 * Reading codes, by camera or by hand scanner, and showing what they are worth.
 *
 * What is shown of a person goes after 20 seconds, the word after 60, both at once with Esc. A code that is used up is
 * remembered durably before its verdict is shown. The field keeps the focus, so that a hand scanner always types there.
 */

import { button, make, on } from "../../web/elements.ts";
import { CameraError, readCodes } from "../../camera/codeReader.ts";
import { isFrame, isPortraitFrame } from "../animatedFrame.ts";
import { appraise } from "../appraise.ts";
import { NOT_HERE } from "../gates.ts";
import { broken } from "../deadEnds.ts";
import type { Verdict } from "../verdict.ts";
import { agesOfHeld } from "./ages.ts";
import type { App, View } from "./app.ts";
import { materialView } from "./materialView.ts";
import { CAMERA_TEXTS } from "./texts.ts";
import { detailsOf, panel, spokenOf } from "./verdictView.ts";

const [PERSON_SECONDS, WORD_SECONDS] = [20, 60] as const;
/** One act of a device that reads twice. */
const SAME_ACT_SECONDS = 2;
const CLOCK_EVERY_MS = 1_000;

export const readingView: View = (app, main) => new Reading(app, main).close;

class Reading {
  readonly #closing = new AbortController();
  readonly #shown = make("div", { class: "shown" });
  readonly #details = make("div", { class: "details" });
  readonly #standing = make("ul", { class: "standing" });
  readonly #asked = make("div", {});
  readonly #camera: HTMLElement;
  readonly #field = make("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  #turn: Promise<void> = Promise.resolve();
  #last: { readonly text: string; readonly at: number } | null = null;
  #timers: number[] = [];
  #stopCamera: AbortController | null = null;
  #saysElsewhere = false;

  constructor(
    private readonly app: App,
    main: HTMLElement,
  ) {
    const form = make("form", {}, make("label", {}, app.text("typed"), this.#field), make("button", { class: "main" }, app.text("check")));
    on(form, { submit: (event) => this.#typed(event) });
    this.#camera = make("div", { class: "camera" });
    const more = button(app.text("material"), () => app.go(materialView));
    const clear = button(app.text("clear"), () => this.#clear());
    main.append(this.#shown, this.#details, this.#asked, this.#camera, form, make("div", { class: "tools" }, clear, more), this.#standing);
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#clear(), { signal: this.#closing.signal });
    const ticking = setInterval(() => this.#stand(), CLOCK_EVERY_MS);
    this.#closing.signal.addEventListener("abort", () => clearInterval(ticking));
    this.#clear();
    this.#offerCamera();
    this.#stand();
    this.#field.focus({ preventScroll: true });
  }

  readonly close = (): void => {
    this.#stopCamera?.abort();
    this.#closing.abort();
    this.#clear();
  };

  #typed(event: Event): void {
    event.preventDefault();
    const text = this.#field.value;
    this.#field.value = "";
    if (text !== "") this.#read(text);
  }

  /** One code after the other: two at once could both find that neither was used. */
  #read(text: string): void {
    // Pictures of a moving code come by the dozen: a portrait goes beside the code itself, and one "cannot" is enough.
    if (isPortraitFrame(text) || (isFrame(text) && this.#saysElsewhere)) return;
    this.#turn = this.#turn.then(() => this.#appraise(text)).catch((error: unknown) => console.error(error));
  }

  async #appraise(text: string): Promise<void> {
    const { app } = this;
    const { clock, knowledge, material, purpose } = app;
    const { at } = clock;
    if (this.#last?.text === text && at - this.#last.at <= SAME_ACT_SECONDS) return;
    const face = { purpose, region: material?.region ?? "", attended: true, faceCompared: true };
    const wasUsed = (key: Uint8Array) => app.keeping.wasUsed(key);
    const found = await appraise(text, { face, clock: clock.reading, knowledge, wasUsed, curves: app.ports.curves });
    const verdict = await this.#burnt(found, at);
    this.#last = { text, at };
    this.#show(verdict);
  }

  /** What cannot be remembered as used is not shown: it could be shown twice. */
  async #burnt(verdict: Verdict, at: number): Promise<Verdict> {
    try {
      for (const { replayKey, burnUntil } of [verdict, ...verdict.members])
        if (replayKey !== null && burnUntil !== null) await this.app.keeping.burn(replayKey, burnUntil, at);
      return verdict;
    } catch (error) {
      console.error(error);
      return broken({ face: { purpose: verdict.purpose } });
    }
  }

  #show(verdict: Verdict): void {
    const { app } = this;
    if (this.#closing.signal.aborted) return;
    this.#clear();
    this.#saysElsewhere = verdict.findings.some((each) => each.code === NOT_HERE);
    this.#shown.replaceChildren(panel(app, verdict));
    this.#details.replaceChildren(...detailsOf(app, verdict));
    document.body.dataset["shown"] = "yes";
    app.say(spokenOf(app, verdict));
    app.sound.play(verdict.class);
    this.#timers = [
      setTimeout(() => this.#details.replaceChildren(), PERSON_SECONDS * 1_000),
      setTimeout(() => this.#clear(), WORD_SECONDS * 1_000),
    ];
    scrollTo(0, 0);
    this.#field.focus({ preventScroll: true });
  }

  #clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    this.#saysElsewhere = false;
    const idle = make("p", { class: "word" }, this.app.text("idle"));
    this.#shown.replaceChildren(make("section", { class: "verdict", "data-look": "idle", "aria-label": this.app.text("title") }, idle));
    this.#details.replaceChildren();
    delete document.body.dataset["shown"];
    this.app.say("");
  }

  /** What everything rests on, each second anew: ages, and whether the clock can be relied upon. */
  #stand(): void {
    const { app } = this;
    const lines = agesOfHeld(app);
    if (lines.join() !== [...this.#standing.children].map((each) => each.textContent).join())
      this.#standing.replaceChildren(...lines.map((line) => make("li", {}, line)));
    const isAsked = this.#asked.childElementCount > 0;
    if (app.clock.isConfirmed) this.#asked.replaceChildren();
    else if (!isAsked) {
      const time = make("span", {});
      const confirm = button(app.text("clockYes"), () => {
        app.clock.confirm();
        this.#asked.replaceChildren();
        this.#field.focus();
      }, "main");
      this.#asked.append(make("p", { class: "notice late" }, time), confirm);
    }
    const shown = this.#asked.querySelector("span");
    const time = new Date(app.clock.at * 1_000).toLocaleTimeString(app.language, { hour12: false });
    if (shown !== null) shown.textContent = app.text("clockAsk", { time });
  }

  #offerCamera(problem: string | null = null): void {
    const { app } = this;
    this.#stopCamera = null;
    const open = button(app.text("openCamera"), () => void this.#openCamera(), "main");
    this.#camera.replaceChildren(open, ...(problem === null ? [] : [make("p", { class: "notice late", role: "alert" }, problem)]));
  }

  async #openCamera(): Promise<void> {
    const { app } = this;
    const stop = (this.#stopCamera = new AbortController());
    const video = make("video", { "aria-label": app.text("picture") });
    const close = button(app.text("closeCamera"), () => stop.abort());
    this.#camera.replaceChildren(video, close);
    close.focus();
    let problem: string | null = null;
    try {
      for await (const text of readCodes(video, { signal: stop.signal })) this.#read(text);
    } catch (error) {
      if (!(error instanceof CameraError)) console.error(error);
      problem = error instanceof CameraError ? app.named(CAMERA_TEXTS[error.problem]) : app.text("broken");
    }
    if (!this.#closing.signal.aborted) this.#offerCamera(problem);
  }
}
