/** One licence: its state, its items (masked until they are asked for), whom it can be shown to. */

import type { View } from "./app.ts";
import { purposesOf, written } from "./cards.ts";
import { sheetView } from "./consentView.ts";
import { button, facts, make, section } from "./elements.ts";
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
    const removal = make("div", { class: "removal" });
    const ask = button(app.text("remove"), () => {
      const yes = button(
        app.text("removeYes"),
        app.attempt(async () => {
          await app.wallet.forget(licence);
          app.back();
        }),
      );
      removal.replaceChildren(make("p", {}, app.text("removeReally")), yes, button(app.text("cancel"), () => removal.replaceChildren(ask)));
      yes.focus();
    });
    removal.append(ask);
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
      removal,
    ); // prettier-ignore
  };
