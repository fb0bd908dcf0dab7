/** A verdict as it stands on the page: word, shape and colour as at a terminal; what to do; items; reasons. */

import type { Item } from "../../src/catalogue.ts";
import type { Value } from "../../src/cbor.ts";
import { facts, make, section } from "../../web/elements.ts";
import type { Finding, Licence, Verdict } from "../verdict.ts";
import { TIER } from "../verdict.ts";
import { NOT_HERE } from "../gates.ts";
import { ageText } from "./ages.ts";
import type { App } from "./app.ts";
import { type ReasonTexts, REASONS } from "./reasonTable.ts";
import { INSTRUCTIONS, NOT_HERE_TEXTS, PROCEED, WORDS } from "./texts.ts";

const SEX = 10;

/** The panel with the word: it stays for longer than what it says of a person. */
export function panel(app: App, verdict: Verdict): HTMLElement {
  const isHold = verdict.class === "check" && verdict.proceed === "no";
  const shape = make("img", { src: `${verdict.class}.svg`, alt: "", class: "shape" });
  return make(
    "section",
    { class: "verdict", "data-look": isHold ? "hold" : verdict.class, "data-proceed": verdict.proceed, "aria-label": app.text("title") },
    shape,
    make("p", { class: "word" }, wordOf(app, verdict)),
    make("p", { class: "proceed" }, proceedOf(app, verdict)),
    make("p", { class: "instruction" }, instructionOf(app, verdict)),
  );
}

/** What a screen reader says, and nothing of the holder. */
export function spokenOf(app: App, verdict: Verdict): string {
  return [wordOf(app, verdict), proceedOf(app, verdict), instructionOf(app, verdict)].join(" ");
}

/** Items and reasons, as far as this verdict has any. */
export function detailsOf(app: App, verdict: Verdict): readonly HTMLElement[] {
  const { licence, ages } = verdict;
  const status = ages.status === null ? app.text("statusNone") : app.text("statusAge", { age: ageText(app, ages.status) });
  const parts: HTMLElement[] = [make("p", { class: "freshness" }, status)];
  // Of a bundle each licence has its own word: a refused one takes nothing from another, and gives it nothing.
  for (const each of [...verdict.members].reverse()) parts.unshift(memberOf(app, each));
  if (licence !== null) parts.unshift(licenceOf(app, licence));
  if (verdict.findings.length > 0) parts.push(section(app.text("reasons"), reasonsOf(app, verdict.findings)));
  return parts;
}

function memberOf(app: App, member: Verdict): HTMLElement {
  const word = make("p", { class: "member-word", "data-look": member.class }, wordOf(app, member));
  return make("div", { class: "member" }, word, ...(member.licence === null ? [] : [licenceOf(app, member.licence)]));
}

function wordOf(app: App, verdict: Verdict): string {
  return app.named(WORDS[verdict.class]!);
}

function proceedOf(app: App, verdict: Verdict): string {
  const isElsewhere = verdict.findings.some((each) => each.code === NOT_HERE);
  return app.named(PROCEED[isElsewhere ? "elsewhere" : `${verdict.class}_${verdict.proceed}`]!);
}

function instructionOf(app: App, verdict: Verdict): string {
  const [first] = verdict.findings;
  if (first !== undefined && first.tier > TIER.affirming) {
    const { short, action } = textsOf(app, first);
    return app.language === "en" ? `${short}. ${action}` : `${short}。${action}`;
  }
  return app.named(INSTRUCTIONS[verdict.personCheck ? "person" : "accept"]!);
}

function textsOf(app: App, { code }: Finding): ReasonTexts {
  const { short, action, citizen } = NOT_HERE_TEXTS;
  return REASONS[code]?.[app.language] ?? { short: app.named(short), action: app.named(action), citizen: app.named(citizen) };
}

function reasonsOf(app: App, findings: readonly Finding[]): HTMLElement {
  const lines = findings.map((each) => {
    const { short, action, citizen } = textsOf(app, each);
    const said = make("p", { class: "citizen-words" }, app.text("sayToCitizen", { text: citizen }));
    return make("li", {}, make("strong", {}, short), " ", make("code", {}, each.code), make("p", {}, action), said);
  });
  return make("ol", { class: "reasons" }, ...lines);
}

function licenceOf(app: App, licence: Licence): HTMLElement {
  const kind = app.knowledge?.catalogue.kinds.get(licence.vct);
  const items = kind?.items.filter((item) => licence.claims?.has(item.key)) ?? [];
  const rows: (readonly [string, string])[] = [
    [app.text("region"), licence.region],
    [app.text("authority"), licence.authority],
    ...items.map((item) => [app.named(item.labels), valueText(app, item, licence.claims!.get(item.key)!)] as const),
  ];
  const hidden = licence.hiddenItems > 0 ? make("p", {}, app.text("hidden", { n: String(licence.hiddenItems) })) : null;
  const agent = licence.mandate === null ? null : make("p", { class: "notice" }, app.text("agent"));
  const name = make("h2", { class: "kind" }, kind === undefined ? String(licence.vct) : app.named(kind.names));
  return make("section", { class: "licence" }, name, agent, facts(rows), hidden);
}

function valueText(app: App, item: Item, value: Value): string {
  if (item.type === "date" && typeof value === "number")
    return String(value).padStart(8, "0").replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");
  if (item.key === SEX && (value === 1 || value === 2)) return app.text(value === 1 ? "male" : "female");
  // Digests and what policy hides as a whole say nothing to a person.
  return typeof value === "string" || typeof value === "number" ? String(value) : app.text("notShown");
}
