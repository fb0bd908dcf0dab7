/** What was shown, when, to whom: kept here, and cleared by its holder. */

import type { App } from "./app.ts";
import { facts, make, twice } from "./elements.ts";
import type { Shown } from "./keeping.ts";
import { PURPOSE_NAMES } from "./texts.ts";

export function historyView(app: App, main: HTMLElement): void {
  const content = make("div");
  main.append(make("h1", {}, app.text("history")), make("p", {}, app.text("historyLocal")), content);
  app.attempt(async () => {
    const shown = await app.keeping.history();
    content.replaceChildren(...(shown.length === 0 ? [make("p", {}, app.text("historyEmpty"))] : [list(app, shown), clearing(app, main)]));
  })();
}

function list(app: App, shown: readonly Shown[]): HTMLElement {
  const moment = new Intl.DateTimeFormat(app.language, { dateStyle: "medium", timeStyle: "short" });
  const rows = shown.map(({ at, purpose, relyingParty, kind, items }) =>
    make(
      "li",
      {},
      make("strong", {}, app.named(kind)),
      facts([
        [app.text("when"), moment.format(at * 1_000)],
        [app.text("forWhom"), relyingParty ?? app.named(PURPOSE_NAMES[purpose])],
        [app.text("what"), items.map((each) => app.named(each)).join(" · ")],
      ]),
    ),
  );
  return make("ul", { class: "pack" }, ...rows);
}

function clearing(app: App, main: HTMLElement): HTMLElement {
  const clear = app.attempt(async () => {
    await app.keeping.clearHistory();
    app.replace(main, historyView);
  });
  const words = { ask: app.text("clear"), really: app.text("clearReally"), yes: app.text("clearYes"), no: app.text("cancel") };
  return twice(words, clear);
}
