/**
 * Answers a terminal that asks: its request is scanned or pasted, checked, shown with who asks and why, and answered card by
 * card. Where nothing can be scanned the holder types a short code instead (`shortCodeView.ts`).
 */

import { answer, type MissingKind, readChallenge, type TerminalRequest } from "../src/answering.ts";
import type { App, View } from "./app.ts";
import { codeView } from "./codeView.ts";
import { button, facts, make, on } from "./elements.ts";
import { jointSheet } from "./jointSheet.ts";
import { scanButton, scanView } from "./scanView.ts";
import { PURPOSE_NAMES } from "./texts.ts";

export const answerView: View = (app, main) => ask(app, main, null);

function ask(app: App, main: HTMLElement, scanned: string | null): void {
  const text = make("textarea", { id: "challenge", rows: "4", autocomplete: "off", spellcheck: "false" });
  const form = make("form", {}, make("label", { for: "challenge" }, app.text("challenge")), text);
  form.append(make("button", { type: "submit", class: "main" }, app.text("readChallenge")));
  const read = app.attempt(async () => app.replace(main, requestView(await readChallenge(app.wallet, text.value))));
  on(form, {
    submit: (event) => {
      event.preventDefault();
      read();
    },
  });
  text.value = scanned ?? "";
  const scan = () => app.replace(main, scanView({ hint: "scanRequestHint", fits: isRequest, found }));
  const typing = app.attempt(async () => {
    const { chooseView } = await import("./further.ts");
    app.replace(main, chooseView("shortCode"));
  });
  main.append(make("h1", {}, app.text("answer")), scanButton(app.text("scanRequest"), scan) ?? "", form, button(app.text("shortCode"), typing));
  if (scanned !== null) read();
}

const found =
  (text: string): View =>
  (app, main) =>
    ask(app, main, text);

function isRequest(text: string): boolean {
  return text.startsWith("LC1:");
}

/** Who asks for what, and the answer: sealed to a terminal, open for the place of a short code. */
export const requestView =
  (request: TerminalRequest): View =>
  (app, main) => {
    const { asker, purpose, reason, sheets, missing } = request;
    // For a short code the holder has named the cards before.
    const sheet = jointSheet(app, request, sheets.length === 1 || asker.site !== null);
    const agree = app.attempt(async () => {
      const chosen = sheet.chosen();
      if (chosen === null) return app.say(app.text("nothingChosen"));
      const { choice, shown } = chosen;
      const frame = await answer(app.wallet, request, request.approve(choice));
      const act = { at: app.now(), purpose, relyingParty: asker.relyingParty };
      await app.keeping.note(shown.map(({ kind, items }) => ({ ...act, kind, items })));
      const source = { frame: async () => frame, close: () => {} };
      app.replace(main, codeView({ source, kinds: shown.map(({ kind }) => kind), items: shown.flatMap(({ items }) => items) }));
    });
    const rows = [
      [app.text("askedBy"), asker.relyingParty],
      [app.text("place"), asker.place],
    ] as const;
    main.append(
      make("h1", {}, app.text("sheet")),
      facts(reason === null ? rows : [...rows, [app.text("reason"), reason]]),
      make("p", {}, app.text("forPurpose", { purpose: app.named(PURPOSE_NAMES[purpose]) })),
      ...sheet.parts,
    );
    if (missing.length > 0) main.append(make("p", { class: "caution" }, app.text("kindsMissing", { kinds: kindsOf(app, missing) })));
    const decide = make("div", { class: "decide" }, button(app.text("cancel"), () => app.back()));
    if (sheets.length > 0) decide.prepend(button(app.text("agree"), agree, "main"));
    main.append(decide);
  };

function kindsOf(app: App, missing: readonly MissingKind[]): string {
  return missing.map(({ vct, kind }) => (kind === null ? String(vct) : app.named(kind.names))).join(" · ");
}
