/** What every view gets: language, clock, material, and what is kept; and how one view follows the other. */

import type { Language, Names } from "../../src/catalogue.ts";
import { PURPOSES, type Purpose } from "../../src/purposes.ts";
import { button, make, on } from "../../web/elements.ts";
import type { Knowledge } from "../context.ts";
import { knowledgeOf, type Material, type Ports, restore, storedOf } from "../material.ts";
import { MaterialError } from "../materialError.ts";
import type { DeviceClock } from "./deviceClock.ts";
import type { Keeping } from "./keeping.ts";
import { Sound } from "./sound.ts";
import { type Key, LANGUAGES, MATERIAL_TEXTS, PURPOSE_NAMES, textIn } from "./texts.ts";

/** A view draws itself into the page; what it returns closes it. */
export type View = (app: App, main: HTMLElement) => () => void;

export class App {
  readonly sound = new Sound();
  purpose: Purpose = "window";
  material: Material | null = null;
  knowledge: Knowledge | null = null;
  /** Why what was stored could not be used, until something else is taken in. */
  storedProblem: MaterialError | null = null;
  #language: Language;
  #view: View | null = null;
  #leave: () => void = () => {};
  #main = make("main");
  readonly #header = make("header");
  readonly #footer = make("footer");
  readonly #spoken = make("p", { role: "status", class: "spoken" });

  constructor(
    readonly keeping: Keeping,
    readonly clock: DeviceClock,
    readonly ports: Ports,
    language: Language,
  ) {
    this.#language = language;
    document.body.replaceChildren(this.#header, this.#main, this.#footer, this.#spoken);
  }

  get language(): Language {
    return this.#language;
  }

  text(key: Key, parts: Readonly<Record<string, string>> = {}): string {
    return textIn(this.#language, key, parts);
  }

  named(names: Names): string {
    return names[this.#language];
  }

  go(view: View): void {
    this.#leave();
    this.#view = view;
    document.documentElement.lang = this.#language;
    document.title = this.text("title");
    this.#header.replaceChildren(...this.#headings());
    this.#footer.replaceChildren(make("p", { class: "notice" }, this.text("notTerminal")));
    const main = make("main");
    this.#main.replaceWith(main);
    this.#main = main;
    this.#leave = view(this, main);
  }

  /** For who cannot see the page: said once, and not shown. */
  say(message: string): void {
    this.#spoken.textContent = message;
  }

  /** Takes what was stored up again. */
  async restore(): Promise<void> {
    const stored = await this.keeping.material();
    if (stored === null) return;
    try {
      this.#hold(await restore(stored, this.clock.at, this.ports));
    } catch (error) {
      if (!(error instanceof MaterialError)) throw error;
      this.storedProblem = error;
    }
  }

  /** Durable first: what the page says is held is there after a power cut. */
  async keep(material: Material): Promise<void> {
    await this.keeping.saveMaterial(storedOf(material));
    this.#hold(material);
  }

  async forget(): Promise<void> {
    await this.keeping.removeMaterial();
    [this.material, this.knowledge, this.storedProblem] = [null, null, null];
  }

  problemOf(error: MaterialError): string {
    return this.named(MATERIAL_TEXTS[error.problem]);
  }

  #hold(material: Material): void {
    [this.material, this.knowledge, this.storedProblem] = [material, knowledgeOf(material), null];
  }

  #headings(): HTMLElement[] {
    const title = make("h1", { tabindex: "-1" }, this.text("title"));
    const purposes = PURPOSES.filter((each) => each in PURPOSE_NAMES) as (keyof typeof PURPOSE_NAMES)[];
    const purpose = choice(
      this.text("purpose"),
      purposes.map((each) => [each, this.named(PURPOSE_NAMES[each])]),
      this.purpose,
      (chosen) => {
        this.purpose = chosen as Purpose;
        void this.keeping.set("purpose", chosen);
        this.go(this.#view!);
      },
    );
    const language = choice(this.text("language"), Object.entries(LANGUAGES), this.#language, (chosen) => {
      this.#language = chosen as Language;
      void this.keeping.set("language", chosen);
      this.go(this.#view!);
    });
    for (const option of language.options) option.lang = option.value;
    const sound = button(this.text("sound"), () => {
      this.sound.toggle();
      sound.setAttribute("aria-pressed", String(this.sound.isOn));
    });
    sound.setAttribute("aria-pressed", String(this.sound.isOn));
    return [title, purpose, language, sound];
  }
}

function choice(
  label: string,
  options: readonly (readonly [string, string])[],
  chosen: string,
  act: (value: string) => void,
): HTMLSelectElement {
  const made = options.map(([value, name]) => make("option", { value, selected: value === chosen }, name));
  const select = make("select", { "aria-label": label }, ...made);
  return on(select, { change: () => act(select.value) });
}
