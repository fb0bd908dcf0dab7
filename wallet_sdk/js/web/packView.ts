/** The card pack: every licence with its state, in the three profiles, and what waits at issuers; the way to everything else. */

import { answerView } from "./answerView.ts";
import type { App } from "./app.ts";
import { cardView } from "./cardView.ts";
import { button, make, on, section } from "./elements.ts";
import { historyView } from "./historyView.ts";
import { kindName, waitingView } from "./offerView.ts";
import { receiveView } from "./receiveView.ts";
import { type Key, STATE_NAMES } from "./texts.ts";
import { CHANGED, upkeep } from "./upkeep.ts";
import type { HeldLicence } from "../src/heldLicence.ts";
import { issuersOf } from "../src/openid4vci/later.ts";
import { type Profile, PROFILES, profileOf } from "../src/pack.ts";

const PROFILE_KEYS: Readonly<Record<Profile, Key>> = { personal: "personal", "legal-person": "legalPerson", family: "family" };

export function packView(app: App, main: HTMLElement): () => void {
  const held = make("div");
  const draw = () => {
    const before = [...held.querySelectorAll("button")].findIndex((each) => each === document.activeElement);
    held.replaceChildren(...sections(app));
    // Who stood on a card stands there still.
    if (before >= 0) held.querySelectorAll("button")[before]?.focus();
  };
  draw();
  addEventListener(CHANGED, draw);
  main.append(make("h1", {}, app.text("pack")), held);
  const check = app.attempt(async () => {
    app.say(app.text("asking"));
    const failure = await upkeep(app);
    if (main.isConnected) app.say(failure === null ? app.text("checked") : failure.userText(app.language));
  });
  main.append(
    make(
      "nav",
      { "aria-label": app.text("title") },
      button(app.text("receive"), () => app.go(receiveView(null)), "main"),
      button(app.text("answer"), () => app.go(answerView)),
      button(app.text("history"), () => app.go(historyView)),
      issuersOf(app.wallet).length === 0 ? "" : button(app.text("check"), check),
    ),
  );
  return () => removeEventListener(CHANGED, draw);
}

function sections(app: App): readonly HTMLElement[] {
  const cards = app.wallet.cards();
  const { waiting } = app.wallet.records();
  const made: HTMLElement[] = cards.length === 0 && waiting.length === 0 ? [make("p", {}, app.text("nothingHeld"))] : [];
  for (const profile of PROFILES) {
    const its = cards.filter((card) => profileOf(card) === profile);
    const rows = its.map((card) => make("li", {}, row(app, card)));
    if (rows.length > 0) made.push(section(app.text(PROFILE_KEYS[profile]), make("ul", { class: "pack" }, ...rows)));
  }
  const owed = waiting.map((each) => {
    const state = make("span", { class: "state" }, app.text(each.transactionId === null ? "goOn" : "inReview"));
    const opened = make("button", { type: "button", class: "card" }, make("strong", {}, kindName(app, each.kind)), state);
    return make("li", {}, on(opened, { click: () => app.go(waitingView(each)) }));
  });
  if (owed.length > 0) made.push(section(app.text("waiting"), make("ul", { class: "pack" }, ...owed)));
  return made;
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
