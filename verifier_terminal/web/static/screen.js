// Draws what the terminal said. Only textContent and attributes with our own values: no licence field becomes markup.

export const byId = (id) => document.getElementById(id);

export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const child of children) if (child !== null) made.append(child);
  return made;
}

// A licence's own text: isolated, so that its direction cannot reorder what stands beside it.
const foreignText = (text, className) => element("bdi", className, text);

// `hasPortrait`: a portrait that the issuer signed is on the screen.
export function drawVerdict(view, hasPortrait) {
  const stopped = view.person?.state === "not_matched";
  if (stopped) {
    look("not_person", view.proceed, "not_person");
    bigWords({ word: view.person.headline, word_other: view.person.headline_other, lang: view.lang });
  } else {
    look(view.class === "check" && view.hold ? "hold" : view.class, view.proceed, view.class);
    bigWords(view);
  }
  byId("person").hidden = view.person?.state !== "waiting";
  byId("person-yes-words").textContent = view.person?.yes ?? "";
  byId("person-no-words").textContent = view.person?.no ?? "";
  byId("person-hint").textContent = (hasPortrait ? view.person?.hint_portrait : view.person?.hint) ?? "";
  const band = byId("proceed");
  band.hidden = false;
  band.textContent = view.proceed_text;
  byId("instruction").textContent = view.foreign ? `${view.foreign} ${view.instruction}` : view.instruction;
}

export function drawState(name, word, other, hint, language) {
  look(name, "", name === "idle" ? "idle" : "out_of_order");
  bigWords({ word, word_other: other, lang: language });
  byId("proceed").hidden = true;
  byId("person").hidden = true;
  byId("instruction").textContent = hint;
}

function look(name, proceed, shape) {
  document.body.dataset.look = name;
  document.body.dataset.proceed = proceed;
  // All shapes are in the page already, so a verdict never waits for a picture.
  for (const image of document.querySelectorAll("[data-shape]")) image.hidden = image.dataset.shape !== shape;
}

function bigWords(view) {
  byId("word").textContent = view.word;
  const other = byId("word-other");
  other.textContent = view.word_other;
  other.lang = view.lang === "en" ? "zh-Hans" : "en";
}

// `portraits`: place in the bundle → picture; `progress`: how far one has come, in words.
export function drawFacts(view, ui, blanked, portraits, progress) {
  const facts = byId("facts");
  facts.replaceChildren();
  facts.hidden = false;
  // What is asked for most stands first, so that it is in view without scrolling: the number, who, how fresh.
  facts.append(foot(view, ui));
  const photo = (place) => (licence) => portrait(licence, portraits.get(place), ui, progress);
  // The photo must be in view with the word, so the word takes less room beside one.
  document.body.dataset.photo = view.licence?.portrait ? "yes" : "";
  const beside = view.licence !== null && view.licence.portrait;
  if (view.licence) facts.append(...licenceParts(view.licence, ui, photo(0), beside));
  if (view.members.length > 0) facts.append(element("p", "who", ...view.members.map(memberChip)));
  view.members.forEach((member, place) => facts.append(memberPart(member, ui, photo(place))));
  if (blanked) facts.append(element("p", "line", ui.blanked));
  facts.append(freshness(view.freshness));
  if (view.licence && !beside) facts.append(items(view.licence, ui));
}

// `itemsBeside`: the items stand beside the portrait and not under it, so that more is in view.
function licenceParts(licence, ui, photo, itemsBeside) {
  const warning = licence.shown_by ? element("p", "shown-by", licence.shown_by) : null;
  const words = element("div", "licence-words", who(licence, ui), validity(licence, ui), itemsBeside ? items(licence, ui) : null);
  const parts = [warning, element("div", "licence-head", photo(licence), words)];
  return parts.filter((part) => part !== null);
}

// Signs as on the big shapes, so that no class is told by its colour alone.
const SIGNS = { accept: "✓", check: "!", refuse: "✕", not_read: "?" };

function memberWord(member) {
  const word = element("span", "member-word", element("span", "", SIGNS[member.class]), ` ${member.word}`);
  word.dataset.look = member.class;
  return word;
}

// All of them in one line first: what is wrong with the last one must not wait for somebody to scroll.
const memberChip = (member) =>
  element("span", "member-chip", memberWord(member), member.licence ? foreignText(member.licence.kind, "kind") : element("span", "", member.place));

function memberPart(member, ui, photo) {
  const head = element("p", "who", memberWord(member), element("span", "", member.place));
  for (const reason of member.reasons) head.append(element("span", "badge warn", reason));
  const part = element("section", "member", head);
  if (member.licence) part.append(...licenceParts(member.licence, ui, photo, true));
  return part;
}

function portrait(licence, picture, ui, progress) {
  if (!licence.portrait && !picture) return null;
  const frame = element("figure", "photo");
  frame.setAttribute("aria-label", ui.photo);
  if (picture === "broken") frame.append(element("figcaption", "", ui.photo_broken));
  else if (picture) frame.append(picture);
  else frame.append(element("figcaption", "", progress ?? ui.photo_waiting));
  return frame;
}

function who(licence, ui) {
  const line = element("p", "who");
  if (licence.name) line.append(foreignText(licence.name, "name"));
  line.append(element("span", "kind", foreignText(licence.kind, "")));
  if (!licence.name && licence.items.length > 0) line.append(element("span", "", `${ui.name} —`));
  return line;
}

function validity(licence, ui) {
  const line = element("p", "who line");
  line.append(
    element("span", "badge", foreignText(`${licence.region} ${licence.region_code}`.trim(), "")),
    element("span", "", `${ui.authority} `, foreignText(licence.authority || "—", "")),
    element("span", "", `${ui.valid_to} ${licence.valid_to || "—"}`),
  );
  if (licence.days_left) line.append(element("span", licence.expired ? "badge warn" : "badge", licence.days_left));
  return line;
}

function items(licence, ui) {
  const list = element("dl", "items");
  for (const item of licence.items) {
    const shown = item.value === null ? element("dd", "none", "—") : element("dd", "", foreignText(item.value, ""));
    if (item.value === null) shown.setAttribute("aria-label", ui.undisclosed);
    list.append(element("div", item.large ? "large" : "", element("dt", "", item.label), shown));
  }
  // Named dashes say it already; the number stands in where the kind has no list for this purpose.
  const dashes = licence.items.some((item) => item.value === null);
  if (licence.hidden_items > 0 && licence.items.length > 0 && !dashes) {
    const count = element("dd", "none", `— × ${licence.hidden_items}`);
    list.append(element("div", "", element("dt", "", ui.undisclosed_count), count));
  }
  return list;
}

function freshness(fresh) {
  const line = element("p", "who line", element("span", "", fresh.summary));
  line.append(element("span", "badge", fresh.grade_text));
  for (const text of [fresh.recheck, fresh.skew]) if (text) line.append(element("span", "badge warn", text));
  return line;
}

function foot(view, ui) {
  const line = element("p", "foot");
  line.append(
    element("span", "", `${ui.check_number} `, element("span", "number", view.check_number)),
    element("span", "", `${ui.purpose} ${view.purpose}`),
    element("span", "", `${ui.time} ${view.at}`),
  );
  if (view.person && view.person.state !== "waiting") {
    line.append(element("span", view.person.state === "matched" ? "badge" : "badge stop", view.person.text));
  }
  if (view.same_act) line.append(element("span", "badge", view.same_act));
  return line;
}

export function drawDetails(view, ui, open) {
  const details = byId("details");
  details.replaceChildren();
  details.hidden = !open;
  byId("show-details").setAttribute("aria-expanded", String(open));
  if (!open) return;
  const list = element("ol", "");
  for (const finding of view.findings) {
    const entry = element("li", "", element("strong", "", finding.short), " ");
    entry.append(element("span", "badge", finding.tier_text), " ", element("code", "", finding.code));
    entry.append(element("p", "", finding.action), element("p", "citizen", `${ui.say_to_holder}: ${finding.citizen}`));
    list.append(entry);
  }
  if (view.findings.length > 0) details.append(list);
  const facts = (label, texts) => element("p", "line", `${label}: ${texts.length > 0 ? texts.join(" · ") : "—"}`);
  details.append(facts(ui.established, view.established), facts(ui.not_established, view.not_established));
  if (view.person_check) details.append(element("p", "line", view.person_check));
  details.append(element("p", "line", `${ui.freshness}: ${view.freshness.ages.join(" · ")}`));
}

export function clearBelow() {
  document.body.dataset.photo = "";
  for (const id of ["facts", "details"]) {
    byId(id).replaceChildren();
    byId(id).hidden = true;
  }
  byId("show-details").setAttribute("aria-expanded", "false");
  byId("countdown").hidden = true;
}

export function drawStanding(standing, language) {
  const words = standing.views[language];
  byId("network").textContent = words.network;
  byId("network").classList.toggle("down", standing.link === "offline");
  byId("terminal").textContent = words.terminal;
  byId("status-age").textContent = words.status;
  byId("waiting").textContent = words.waiting;
  byId("known-list").replaceChildren(...words.known.map((each) => element("li", "", each)));
}

function button(text, className, act) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

export function drawAlarms(alarms, ui, acknowledge) {
  const place = byId("alarms");
  const numbers = alarms.map((alarm) => `${alarm.check_number}${ui.acknowledge}`).join();
  // Drawn only when something changed: a button that is replaced under a finger or a focus is lost.
  if (place.dataset.drawn === numbers) return;
  place.dataset.drawn = numbers;
  place.replaceChildren();
  for (const alarm of alarms) {
    const seen = button(ui.acknowledge, "", () => acknowledge(alarm.check_number));
    place.append(element("p", "alarm", element("span", "", alarm.text), seen));
  }
}

export function drawWords(ui, language) {
  document.documentElement.lang = language;
  document.title = ui.title;
  for (const place of document.querySelectorAll("[data-ui]")) place.textContent = ui[place.dataset.ui];
  for (const place of document.querySelectorAll("[data-ui-label]")) place.setAttribute("aria-label", ui[place.dataset.uiLabel]);
}

// `answerPerson(number, matches)`: an act whose verdict has left the screen is answered from the list.
export function drawActs(acts, ui, voidAct, answerPerson) {
  const rows = byId("acts-rows");
  rows.replaceChildren();
  for (const act of acts) {
    const row = element("tr", act.void ? "void" : "");
    const who = [act.case, act.by && `${ui.by} ${act.by}`];
    const kind = [act.kind, act.role, act.joined_with && `+ ${act.joined_with}`, ...act.officers_acts, ...who].filter(Boolean).join(" · ");
    for (const text of [act.at, act.check_number, kind]) row.append(element("td", "", text));
    row.append(verdictCell(act, ui, answerPerson));
    if (act.void) {
      row.append(element("td", "", `${ui.void_done}: `, foreignText(act.void_reason, "")));
    } else {
      row.append(element("td", "", button(ui.void, "", () => voidAct(act.check_number))));
    }
    rows.append(row);
  }
  if (acts.length === 0) {
    const none = element("td", "", ui.no_acts);
    none.colSpan = 5;
    rows.append(element("tr", "", none));
  }
}

function verdictCell(act, ui, answerPerson) {
  const cell = element("td", "", act.word);
  if (act.person_text === null) return cell;
  cell.append(" ", element("span", act.person === "not_matched" ? "badge stop" : "badge", act.person_text));
  if (act.person === "waiting" && !act.void) {
    cell.append(
      " ", button(ui.person_yes, "person-yes", () => answerPerson(act.check_number, true)),
      " ", button(ui.person_no, "person-no", () => answerPerson(act.check_number, false)),
    );
  }
  return cell;
}
