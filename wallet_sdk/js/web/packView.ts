/**
 * The card pack: every licence with its state, in the three profiles, and what waits at issuers; the way to everything else.
 * What happened to the holder's other devices comes before all of it.
 *
 * Whoever has several finds one by words or by a group of their own; nothing that is typed leaves the page.
 */

import { answerView } from "./answerView.ts";
import type { App, View } from "./app.ts";
import { cardView } from "./cardView.ts";
import { isFound } from "./cards.ts";
import { button, dropDown, make, on, section } from "./elements.ts";
import { historyView } from "./historyView.ts";
import { newsPlace } from "./newsView.ts";
import { kindName, waitingView } from "./offerView.ts";
import { receiveView } from "./receiveView.ts";
import { type Key, STATE_NAMES } from "./texts.ts";
import { CHANGED, upkeep } from "./upkeep.ts";
import type { HeldLicence } from "../src/heldLicence.ts";
import { issuersOf } from "../src/openid4vci/later.ts";
import { CardPack, type Profile, PROFILES, profileOf } from "../src/pack.ts";

const PROFILE_KEYS: Readonly<Record<Profile, Key>> = { personal: "personal", "legal-person": "legalPerson", family: "family" };

/** What of the pack is shown: words, and a group (null: those without one; undefined: all). */
interface Filter {
  search: string;
  group: string | null | undefined;
}

export function packView(): View {
  // Of the pack, not of one drawing of it: who comes back from a card finds the list as it was.
  const filter: Filter = { search: "", group: undefined };
  return (app, main) => {
    const held = make("div");
    const count = make("p", { class: "found", "aria-live": "polite" });
    const draw = () => {
      const before = [...held.querySelectorAll("button")].findIndex((each) => each === document.activeElement);
      const cards = shown(app, filter);
      const isFiltered = filter.search !== "" || filter.group !== undefined;
      count.textContent = isFiltered ? app.text("found", { n: String(cards.length) }) : "";
      held.replaceChildren(...sections(app, cards, isFiltered));
      // Who stood on a card stands there still.
      if (before >= 0) held.querySelectorAll("button")[before]?.focus();
    };
    const news = newsPlace(app);
    main.append(make("h1", {}, app.text("pack")), news.place, ...filters(app, filter, draw), count, held);
    draw();
    const changed = () => {
      news.draw();
      draw();
    };
    addEventListener(CHANGED, changed);
    const check = app.attempt(async () => {
      app.say(app.text("asking"));
      const failure = await upkeep(app);
      if (!main.isConnected) return;
      app.say(failure === null ? app.text("checked") : failure.userText(app.language));
      // The button is at the end of the page, and they stand at its beginning.
      if (news.place.hasChildNodes()) news.place.scrollIntoView();
    });
    const several = app.attempt(async () => app.go((await import("./further.ts")).chooseView("show")));
    const due = new CardPack(app.wallet).reminders().length;
    const remind = app.attempt(async () => app.go((await import("./further.ts")).reminderView()));
    const lost = app.attempt(async () => app.go((await import("./further.ts")).lostView));
    main.append(
      make(
        "nav",
        { "aria-label": app.text("title") },
        button(app.text("receive"), () => app.go(receiveView(null)), "main"),
        button(app.text("answer"), () => app.go(answerView)),
        button(app.text("history"), () => app.go(historyView)),
        app.wallet.cards().length < 2 ? "" : button(app.text("several"), several),
        button(due === 0 ? app.text("reminders") : app.text("remindersDue", { n: String(due) }), remind),
        button(app.text("lost"), lost),
        issuersOf(app.wallet).length === 0 ? "" : button(app.text("check"), check),
      ),
    );
    return () => removeEventListener(CHANGED, changed);
  };
}

/** What narrows the list down, where there is something to narrow down. */
function filters(app: App, filter: Filter, draw: () => void): readonly HTMLElement[] {
  const groups = new CardPack(app.wallet).groups();
  // The last of a group may have left it, or this device.
  if (typeof filter.group === "string" && !groups.includes(filter.group)) filter.group = undefined;
  if (app.wallet.cards().length < 2) {
    Object.assign(filter, { search: "", group: undefined });
    return [];
  }
  const typed = make("input", { id: "search", type: "search", autocomplete: "off", spellcheck: "false", value: filter.search });
  on(typed, {
    input: () => {
      filter.search = typed.value.trim();
      draw();
    },
  });
  const made = [make("p", { class: "filter" }, make("label", { for: "search" }, app.text("search")), typed)];
  if (groups.length === 0) return made;
  // Names of groups are the holder's words: each gets a letter before it, so that none can be taken for another choice.
  const own = groups.map((each) => [`=${each}`, each] as const);
  const options = [["all", app.text("groupAll")] as const, ...own, ["none", app.text("groupNone")] as const];
  const now = filter.group === undefined ? "all" : filter.group === null ? "none" : `=${filter.group}`;
  const group = dropDown("group", options, now);
  on(group, {
    change: () => {
      filter.group = group.value === "all" ? undefined : group.value === "none" ? null : group.value.slice(1);
      draw();
    },
  });
  return [...made, make("p", { class: "filter" }, make("label", { for: "group" }, app.text("group")), group)];
}

function shown(app: App, { search, group }: Filter): readonly HeldLicence[] {
  return app.wallet.cards().filter((card) => (group === undefined || card.group === group) && isFound(app.wallet, card, search));
}

function sections(app: App, cards: readonly HeldLicence[], isFiltered: boolean): readonly HTMLElement[] {
  const { waiting } = app.wallet.records();
  const made: HTMLElement[] = [];
  if (app.wallet.cards().length === 0 && waiting.length === 0) made.push(make("p", {}, app.text("nothingHeld")));
  for (const profile of PROFILES) {
    const its = cards.filter((card) => profileOf(card) === profile);
    const rows = its.map((card) => make("li", {}, row(app, card)));
    if (rows.length > 0) made.push(section(app.text(PROFILE_KEYS[profile]), make("ul", { class: "pack" }, ...rows)));
  }
  if (isFiltered) return made;
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
    card.group === null ? null : make("span", { class: "issuer" }, app.text("inGroup", { group: card.group })),
    make("span", { class: "state" }, app.named(STATE_NAMES[state])),
  );
  return on(made, { click: () => app.go(cardView(card.id)) });
}
