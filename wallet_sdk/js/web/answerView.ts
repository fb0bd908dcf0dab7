/** Answers a terminal that asks: its request is scanned or pasted, checked, shown with who asks and why, and answered card by card. */

import { answer, type MissingKind, readChallenge, type TerminalRequest } from "../src/answering.ts";
import type { App, View } from "./app.ts";
import { codeView } from "./codeView.ts";
import { sheetOf } from "./consentView.ts";
import { button, facts, make, on, section, ticked } from "./elements.ts";
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
  main.append(make("h1", {}, app.text("answer")), scanButton(app.text("scanRequest"), scan) ?? "", form);
  if (scanned !== null) read();
}

const found =
  (text: string): View =>
  (app, main) =>
    ask(app, main, text);

function isRequest(text: string): boolean {
  return text.startsWith("LC1:");
}

const requestView =
  (request: TerminalRequest): View =>
  (app, main) => {
    const { asker, purpose, reason, sheets, missing } = request;
    const cards = sheets.map((asked) => {
      const { row, box } = ticked(app.text("leaveOut"), sheets.length === 1);
      return { asked, box, row, sheet: sheetOf(app, asked) };
    });
    const agree = app.attempt(async () => {
      const chosen = cards
        .filter(({ box }) => box.checked)
        .map(({ asked, sheet }) => ({ id: asked.licence.id, kind: asked.licence.kind.names, ...sheet.decide() }));
      if (chosen.length === 0) return app.say(app.text("nothingChosen"));
      const decision = request.approve(Object.fromEntries(chosen.map(({ id, names }) => [id, names])));
      const frame = await answer(app.wallet, request, decision);
      const shown = chosen.map(({ kind, items }) => ({ kind, items: items.map((item) => item.labels) }));
      const act = { at: app.now(), purpose, relyingParty: asker.relyingParty };
      await app.keeping.note(shown.map((each) => ({ ...act, ...each })));
      const source = { frame: async () => frame, close: () => {} };
      app.replace(main, codeView({ source, kinds: shown.map(({ kind }) => kind), items: shown.flatMap(({ items }) => items) }));
    }); // prettier-ignore
    main.append(
      make("h1", {}, app.text("sheet")),
      facts([
        [app.text("askedBy"), asker.relyingParty],
        [app.text("place"), asker.place],
        [app.text("reason"), reason ?? ""],
      ]),
      make("p", {}, app.text("forPurpose", { purpose: app.named(PURPOSE_NAMES[purpose]) })),
      ...cards.map(({ asked, row, sheet }) => section(app.named(asked.licence.kind.names), row, ...sheet.parts)),
    );
    if (missing.length > 0) main.append(make("p", { class: "caution" }, app.text("kindsMissing", { kinds: kindsOf(app, missing) })));
    const decide = make("div", { class: "decide" }, button(app.text("cancel"), () => app.back()));
    if (cards.length > 0) decide.prepend(button(app.text("agree"), agree, "main"));
    main.append(decide);
  };

function kindsOf(app: App, missing: readonly MissingKind[]): string {
  return missing.map(({ vct, kind }) => (kind === null ? String(vct) : app.named(kind.names))).join(" · ");
}
