/** Taking a region's files in: from a bundle, or from where it publishes; the root is compared by a person first. */

import { button, make, on, section, ticked } from "../../web/elements.ts";
import { decodeBundle, type Entries } from "../feedBundle.ts";
import { fetchDocuments, fetchRest } from "../fetching.ts";
import { rootIn, take } from "../material.ts";
import { MaterialError } from "../materialError.ts";
import { agesOfHeld } from "./ages.ts";
import type { App, View } from "./app.ts";
import { fileFetcher, Unreachable } from "./fileFetcher.ts";
import { readingView } from "./readingView.ts";

export const materialView: View = (app, main) => {
  const taking = new Taking(app, main);
  taking.draw();
  return () => taking.close();
};

class Taking {
  #isClosed = false;
  readonly #answer = make("div", { role: "status" });
  readonly #question = make("div", {});

  constructor(
    private readonly app: App,
    private readonly main: HTMLElement,
  ) {}

  close(): void {
    this.#isClosed = true;
  }

  draw(): void {
    const { app } = this;
    const held = make("ul", {}, ...agesOfHeld(app).map((line) => make("li", {}, line)));
    const root = app.material === null ? [] : [make("p", {}, app.text("root")), fingerprint(app.material.root)];
    const stored = app.storedProblem;
    const broken = stored === null ? null : app.text("storedBroken", { why: app.problemOf(stored) });
    const heading = make("h2", { tabindex: "-1" }, app.text("material"));
    this.main.replaceChildren(
      make("div", { class: "tools" }, button(app.text("back"), () => app.go(readingView))),
      heading,
      ...(broken === null ? [] : [make("p", { class: "notice late" }, broken)]),
      held,
      ...root,
      this.#answer,
      this.#question,
      section(app.text("loadFile"), this.#fileField()),
      section(app.text("loadFolder"), this.#folderForm()),
      make("p", { class: "limits" }, app.text("limits")),
      ...(app.material === null && stored === null ? [] : [this.#removal()]),
    );
    heading.focus();
  }

  #fileField(): HTMLElement {
    const field = make("input", { type: "file", "aria-label": this.app.text("loadFile") });
    return on(field, {
      change: this.#attempt(async () => {
        const [file] = field.files ?? [];
        field.value = "";
        if (file === undefined) return;
        const entries = decodeBundle(new Uint8Array(await file.arrayBuffer()));
        await this.#ask(entries, async () => entries);
      }),
    });
  }

  #folderForm(): HTMLElement {
    const { app } = this;
    const field = make("input", { type: "url", placeholder: "https://" });
    void app.keeping.setting("address").then((kept) => (field.value ||= kept ?? ""));
    const form = make("form", {}, make("label", {}, app.text("address"), field), make("button", {}, app.text("update")));
    // The browser's own words about an address would be in its language and not in the page's.
    form.noValidate = true;
    const update = this.#attempt(async () => {
      const file = fileFetcher(field.value, location.href);
      if (file === null) return this.#say(app.text("badAddress"));
      const documents = await fetchDocuments(file);
      await this.#ask(documents, async (root) => {
        const entries = await fetchRest(documents, root, app.material, app.clock.at, app.ports, file);
        await app.keeping.set("address", field.value);
        return entries;
      });
    });
    return on(form, {
      submit: (event) => {
        event.preventDefault();
        update();
      },
    });
  }

  /** Under a root that was compared before, at once; else after the operator has compared this one. */
  async #ask(entries: Entries, whole: (root: string) => Promise<Entries>): Promise<void> {
    const { app } = this;
    this.#question.replaceChildren();
    if (app.material !== null) return this.#take(app.material.root, whole);
    const root = (await rootIn(entries)).id;
    const { row, box } = ticked(app.text("compared"));
    const load = button(app.text("takeIn"), this.#attempt(async () => {
      if (!box.checked) return this.#say(app.text("comparedFirst"));
      this.#question.replaceChildren();
      await this.#take(root, whole);
    }), "main");
    this.#say("");
    this.#question.replaceChildren(make("p", {}, app.text("compareRoot")), fingerprint(root), row, load);
    box.focus();
  }

  async #take(root: string, whole: (root: string) => Promise<Entries>): Promise<void> {
    const { app } = this;
    await app.keep(await take(await whole(root), root, app.material, app.clock.at, app.ports));
    if (this.#isClosed) return;
    this.draw();
    this.#say(app.text("taken"));
  }

  #removal(): HTMLElement {
    const { app } = this;
    const remove = button(app.text("remove"), () => {
      if (remove.dataset["sure"] === "yes") return this.#attempt(async () => {
        await app.forget();
        this.draw();
      })();
      remove.dataset["sure"] = "yes";
      remove.textContent = app.text("removeSure");
    });
    return make("div", { class: "tools" }, remove);
  }

  #say(message: string): void {
    this.#answer.replaceChildren(...(message === "" ? [] : [make("p", { class: "notice" }, message)]));
  }

  readonly #attempt = (act: () => Promise<void>) => (): void => {
    this.#say("");
    act().catch((error: unknown) => {
      const { app } = this;
      if (error instanceof MaterialError) this.#say(`${app.problemOf(error)} (${error.message})`);
      else if (error instanceof Unreachable) this.#say(app.text("unreachable"));
      else {
        console.error(error);
        this.#say(app.text("broken"));
      }
    });
  };
}

/** In groups of four, as it is read aloud. */
function fingerprint(root: string): HTMLElement {
  return make("p", { class: "fingerprint" }, root.replace(/.{4}(?!$)/g, "$& "));
}
