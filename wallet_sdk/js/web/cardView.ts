/** One licence: its state, its items (masked until they are asked for), whom it can be shown to, its group. */

import { CardPack } from "../src/pack.ts";
import type { App, View } from "./app.ts";
import { purposesOf, written } from "./cards.ts";
import { sheetView } from "./consentView.ts";
import { button, facts, make, on, section, twice } from "./elements.ts";
import { PURPOSE_NAMES, STATE_NAMES } from "./texts.ts";

export const cardView =
  (id: string): View =>
  (app, main) => {
    const licence = app.wallet.card(id);
    const items = app.wallet.items(licence);
    const state = app.wallet.state(licence);
    const list = make("div", { id: "items" });
    let isOpen = false;
    const toggle = button("", () => draw(!isOpen));
    toggle.setAttribute("aria-controls", "items");
    const draw = (open: boolean) => {
      isOpen = open;
      toggle.textContent = app.text(open ? "hideItems" : "showItems");
      toggle.setAttribute("aria-expanded", String(open));
      const rows = items.map((item) => [app.named(item.labels), open ? written(licence, item) : app.text("hidden")] as const);
      list.replaceChildren(facts(rows));
    };
    draw(false);
    const remove = app.attempt(async () => {
      await app.wallet.forget(licence);
      app.back();
    });
    const words = { ask: app.text("remove"), really: app.text("removeReally"), yes: app.text("removeYes"), no: app.text("cancel") };
    main.append(
      make("h1", {}, app.named(licence.kind.names)),
      make("p", { class: `state ${state}` }, app.named(STATE_NAMES[state])),
      make("p", {}, app.text("issuedBy", { issuer: licence.credentials[0].issued.claims.iss })),
      section(
        app.text("showFor"),
        make("div", { class: "purposes" }, ...purposesOf(licence).map((purpose) =>
          button(app.named(PURPOSE_NAMES[purpose]), app.attempt(() => app.go(sheetView(app.wallet.request(licence, purpose)))), "main"),
        )),
      ),
      section(app.text("items"), toggle, list),
      section(app.text("group"), grouping(app, id)),
      twice(words, remove),
    ); // prettier-ignore
  };

/** The holder's own word for where it belongs; those that there are already are offered. */
function grouping(app: App, id: string): HTMLElement {
  const pack = new CardPack(app.wallet);
  const typed = make("input", {
    id: "group", type: "text", autocomplete: "off", list: "groups", value: app.wallet.card(id).group ?? "",
  }); // prettier-ignore
  const known = make("datalist", { id: "groups" }, ...pack.groups().map((each) => make("option", { value: each })));
  const form = make("form", {}, make("label", { for: "group" }, app.text("groupName")), typed, known);
  form.append(make("button", { type: "submit" }, app.text("groupSave")));
  const save = app.attempt(async () => {
    const group = typed.value.trim() || null;
    await pack.put(app.wallet.card(id), group);
    app.say(app.text("groupSaved", { group: group ?? app.text("groupNone") }));
  });
  return on(form, {
    submit: (event) => {
      event.preventDefault();
      save();
    },
  });
}
