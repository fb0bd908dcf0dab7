/** Types the short code that a counter shows where nothing can be scanned, with the warning of codes that somebody dictates. */

import { shortCode } from "../src/answering.ts";
import { CAUTIONS } from "../src/sheetTexts.ts";
import type { Purpose } from "../src/purposes.ts";
import { requestView } from "./answerView.ts";
import type { View } from "./app.ts";
import { button, make, on } from "./elements.ts";
import { names, PURPOSE_NAMES } from "./texts.ts";

const LABEL = names("短码（十位字母和数字）", "短碼（十位字母和數字）", "Short code (ten letters and digits)");

/** `ids`: the licences that would be shown; which items of them, the sheet asks next. */
export const shortCodeView =
  (purpose: Purpose, ids: readonly string[]): View =>
  (app, main) => {
    const cards = ids.map((id) => app.wallet.card(id));
    const typed = make("input", {
      id: "short-code", class: "digits", type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
    }); // prettier-ignore
    const read = app.attempt(() => {
      // Full-width letters and spaces between groups are what some keyboards give.
      const code = typed.value.normalize("NFKC").replace(/\s/g, "");
      app.replace(main, requestView(shortCode(app.wallet, code, { purpose, cards })));
    });
    const form = make("form", {}, make("label", { for: "short-code" }, app.said(LABEL)), typed);
    form.append(
      make(
        "div",
        { class: "decide" },
        make("button", { type: "submit", class: "main" }, app.text("goOnWith")),
        button(app.text("cancel"), () => app.back()),
      ),
    );
    on(form, {
      submit: (event) => {
        event.preventDefault();
        read();
      },
    });
    main.append(
      make("h1", {}, app.text("shortCode")),
      make("p", { class: "caution" }, app.named(CAUTIONS["dictated-code"])),
      make("p", { class: "kind" }, cards.map(({ kind }) => app.named(kind.names)).join(" · ")),
      make("p", {}, app.text("forPurpose", { purpose: app.named(PURPOSE_NAMES[purpose]) })),
      form,
    );
  };
