/** The consent sheet: needed, optional, each separate consent by itself, always shown, missing; nothing chosen in advance. */

import type { Item } from "../src/catalogue.ts";
import type { ConsentRequest } from "../src/consent.ts";
import { actsFor } from "../src/pack.ts";
import { type Caution, CAUTIONS, WHY_LINKED } from "../src/sheetTexts.ts";
import type { App, View } from "./app.ts";
import { codeView } from "./codeView.ts";
import { button, make, question, section, ticked } from "./elements.ts";
import type { Shown } from "./keeping.ts";
import { PURPOSE_NAMES, STATE_NAMES } from "./texts.ts";

export interface Sheet {
  readonly parts: readonly HTMLElement[];
  /** What the boxes say now. */
  decide(): { readonly names: readonly string[]; readonly items: readonly Item[] };
}

/** The questions of one licence for one purpose; `link`: the item by which it and others are one holder's. */
export function sheetOf(app: App, request: ConsentRequest, link: Item | null = null): Sheet {
  const { mandatory, optional, separate, alwaysShown, missing } = request;
  const needed = mandatory.filter((item) => !separate.includes(item));
  const choices: { readonly item: Item; readonly box: HTMLInputElement }[] = [];
  const choice = (item: Item, label: string) => {
    const { row, box } = ticked(label);
    choices.push({ item, box });
    return row;
  };
  const label = (item: Item) => app.named(item.labels);
  const listed = (items: readonly Item[]) => make("ul", {}, ...items.map((item) => make("li", {}, label(item))));
  const parts: HTMLElement[] = [];
  const state = app.wallet.state(request.licence);
  if (!["valid", "expiring"].includes(state))
    parts.push(make("p", { class: "caution" }, app.text("stateNow", { state: app.named(STATE_NAMES[state]) })));
  if (needed.length > 0) parts.push(section(app.text("mandatory"), listed(needed)));
  if (alwaysShown.length > 0) parts.push(section(app.text("alwaysShown"), listed(alwaysShown)));
  const apart = separate.map((item) => {
    const isNeeded = mandatory.includes(item);
    return choice(item, app.text("separateItem", { item: label(item) }) + (isNeeded ? app.text("separateNeeded") : ""));
  });
  if (apart.length > 0) parts.push(question(app.text("separate"), ...apart));
  const why = (item: Item) => (item === link ? ` – ${app.named(WHY_LINKED)}` : "");
  const free = optional.filter((item) => !separate.includes(item)).map((item) => choice(item, label(item) + why(item)));
  if (free.length > 0) parts.push(question(app.text("optional"), ...free));
  if (missing.length > 0) parts.push(section(app.text("missing"), listed(missing)));
  return {
    parts,
    decide: () => {
      const chosen = choices.filter(({ box }) => box.checked).map(({ item }) => item);
      const agreed = [...needed, ...chosen];
      return { names: agreed.map((item) => item.name), items: [...agreed, ...alwaysShown] };
    },
  };
}

export const sheetView =
  (request: ConsentRequest): View =>
  (app, main) => {
    const { licence, purpose } = request;
    const sheet = sheetOf(app, request);
    // A state is said with the questions.
    const cautions: Caution[] = actsFor(licence) === null ? [] : ["acts-for-another"];
    if (app.wallet.news.devices(licence).some(({ event }) => event === "bound")) cautions.push("other-device");
    const agree = app.attempt(async () => {
      const { names, items } = sheet.decide();
      const showing = app.wallet.show(licence, { audience: purpose, consent: request.approve(names) });
      await showing.frame();
      const labels = items.map((item) => item.labels);
      const shown: Shown = { at: app.now(), purpose, relyingParty: null, kind: licence.kind.names, items: labels };
      await app.keeping.note([shown]);
      const again = { purpose, ids: [licence.id] };
      app.replace(main, codeView({ source: showing, kinds: [licence.kind.names], items: labels, showing, again }));
    });
    main.append(
      make("h1", {}, app.text("sheet")),
      make("p", {}, app.named(licence.kind.names)),
      make("p", {}, app.text("forPurpose", { purpose: app.named(PURPOSE_NAMES[purpose]) })),
      ...cautions.map((each) => make("p", { class: "caution" }, app.named(CAUTIONS[each]))),
      ...sheet.parts,
      make("div", { class: "decide" }, button(app.text("agree"), agree, "main"), button(app.text("cancel"), () => app.back())),
    );
  };
