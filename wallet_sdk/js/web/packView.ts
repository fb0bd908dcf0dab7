/** The card pack: every licence with its state, in the three profiles; the way to everything else. */

import { answerView } from "./answerView.ts";
import type { App } from "./app.ts";
import { cardView } from "./cardView.ts";
import { PROFILES, profileOf } from "./cards.ts";
import { button, make, on, section } from "./elements.ts";
import { historyView } from "./historyView.ts";
import { receiveView } from "./receiveView.ts";
import { STATE_NAMES } from "./texts.ts";
import type { HeldLicence } from "../src/heldLicence.ts";

export function packView(app: App, main: HTMLElement): void {
  const cards = app.wallet.cards();
  main.append(make("h1", {}, app.text("pack")));
  if (cards.length === 0) main.append(make("p", {}, app.text("nothingHeld")));
  for (const profile of PROFILES) {
    const its = cards.filter((card) => profileOf(card) === profile);
    if (its.length === 0) continue;
    const rows = its.map((card) => make("li", {}, row(app, card)));
    main.append(section(app.text(profile), make("ul", { class: "pack" }, ...rows)));
  }
  main.append(
    make(
      "nav",
      { "aria-label": app.text("title") },
      button(app.text("receive"), () => app.go(receiveView(null)), "main"),
      button(app.text("answer"), () => app.go(answerView)),
      button(app.text("history"), () => app.go(historyView)),
    ),
  );
}

function row(app: App, card: HeldLicence): HTMLElement {
  const state = app.wallet.state(card);
  const made = make(
    "button",
    { type: "button", class: `card ${state}` },
    make("strong", {}, app.named(card.kind.names)),
    make("span", { class: "issuer" }, app.text("issuedBy", { issuer: card.credentials[0].issued.claims.iss })),
    make("span", { class: "state" }, app.named(STATE_NAMES[state])),
  );
  return on(made, { click: () => app.go(cardView(card.id)) });
}
