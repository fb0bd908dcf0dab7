/** What every view gets, and how one view follows the other; the one that is left is closed. */

import type { Language, Names } from "../src/catalogue.ts";
import type { Wallet } from "../src/wallet.ts";
import { WalletError } from "../src/walletError.ts";
import { button, make, on } from "./elements.ts";
import type { Keeping } from "./keeping.ts";
import { filled, type Key, LANGUAGES, textIn } from "./texts.ts";

/** A view draws itself into the page; what it returns closes it. */
export type View = (app: App, main: HTMLElement) => (() => void) | void;

export class App {
  private readonly stack: View[] = [];
  private leave: (() => void) | void = undefined;
  private main = make("main");
  private readonly spoken = make("p", { role: "status", class: "spoken" });
  private readonly header = make("header");

  constructor(
    readonly wallet: Wallet,
    readonly keeping: Keeping,
    readonly now: () => number,
    private chosen: Language,
    private isLarge: boolean,
  ) {
    document.body.replaceChildren(this.header, this.main, this.spoken);
    addEventListener("popstate", (event) => this.goneTo(Number(event.state) || 0));
  }

  get language(): Language {
    return this.chosen;
  }

  text(key: Key, parts: Readonly<Record<string, string>> = {}): string {
    return textIn(this.chosen, key, parts);
  }

  /** As `text`, of a page that has its own words. */
  said(names: Names, parts: Readonly<Record<string, string>> = {}): string {
    return filled(names[this.chosen], parts);
  }

  named(names: Names): string {
    return names[this.chosen];
  }

  /** Whether the first view stands there. */
  get isAtStart(): boolean {
    return this.stack.length === 1;
  }

  /** The first view, under which there is nothing. */
  start(view: View): void {
    history.replaceState(0, "", "./");
    this.stack.splice(0, this.stack.length, view);
    this.draw();
  }

  go(view: View): void {
    this.stack.push(view);
    history.pushState(this.stack.length - 1, "", "./");
    this.draw();
  }

  /** In place of the view that drew `main`, unless the holder has left it since; going back does not come there again. */
  replace(main: HTMLElement, view: View): void {
    if (!main.isConnected) return;
    this.stack[this.stack.length - 1] = view;
    this.draw();
  }

  back(): void {
    history.back();
  }

  say(message: string): void {
    this.spoken.textContent = message;
  }

  /** Says why something did not work, in the holder's language. */
  complain(error: unknown): void {
    if (!(error instanceof WalletError)) console.error(error);
    this.say(error instanceof WalletError ? error.userText(this.chosen) : this.text("broken"));
  }

  /** Runs what may fail; a failure is said. */
  readonly attempt = (act: () => Promise<void> | void) => (): void => {
    void (async () => act())().catch((error: unknown) => this.complain(error));
  };

  private goneTo(depth: number): void {
    this.stack.length = Math.min(depth + 1, this.stack.length);
    this.draw();
  }

  private draw(): void {
    this.leave?.();
    this.say("");
    document.documentElement.lang = this.chosen;
    document.documentElement.classList.toggle("large", this.isLarge);
    document.body.classList.remove("showing");
    document.title = this.text("title");
    this.header.replaceChildren(...this.headings());
    const main = make("main");
    this.main.replaceWith(main);
    this.main = main;
    this.leave = this.stack.at(-1)!(this, this.main);
    const heading = this.main.querySelector("h1")!;
    heading.tabIndex = -1;
    heading.focus();
    scrollTo(0, 0);
  }

  private headings(): HTMLElement[] {
    const options = Object.entries(LANGUAGES).map(([code, name]) =>
      make("option", { value: code, lang: code, selected: code === this.chosen }, name),
    );
    const choice = make("select", { "aria-label": this.text("language") }, ...options);
    on(choice, { change: this.attempt(() => this.speak(choice.value as Language)) });
    const large = make("button", { type: "button", "aria-pressed": String(this.isLarge) }, this.text("largeType"));
    on(large, { click: this.attempt(() => this.enlarge()) });
    const back = this.stack.length > 1 ? button(this.text("back"), () => this.back()) : null;
    const name = make("span", { class: "name" }, this.text("title"));
    return [back ?? name, choice, large];
  }

  private async speak(language: Language): Promise<void> {
    this.chosen = language;
    this.draw();
    await this.keeping.set("language", language);
  }

  private async enlarge(): Promise<void> {
    this.isLarge = !this.isLarge;
    this.draw();
    await this.keeping.set("largeType", this.isLarge);
  }
}
