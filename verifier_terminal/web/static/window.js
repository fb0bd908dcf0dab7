// The page's one state and its rules: what is on the screen, for how long, and what a key does to it.

import {
  byId, clearBelow, drawActs, drawAlarms, drawDetails, drawFacts, drawStanding, drawState, drawVerdict, drawWords,
} from "./screen.js";
import { askedKinds, drawLeft, drawReceipt, drawRequest, fillAsk, forgetReceipt } from "./request.js";
import { drawHolderCode, forgetPapers, makePage } from "./papers.js";
import { openProblem } from "./problem.js";
import { watchKeys } from "./keys.js";
import * as officersAct from "./officers_act.js";
import * as practice from "./practice.js";
import * as road from "./roadside.js";
import { allowSound, play } from "./sound.js";
import * as staff from "./staff.js";
import { ask, listen, post, settings } from "./talk.js";

const THEMES = ["auto", "sun", "night"];
const LANGUAGES = ["zh-Hans", "zh-Hant", "en"];
const COUNTDOWN_SECONDS = 10;
const LONGEST_SECONDS = 300;
const DEVICE_HINT_MS = 6000;
const SEARCH_PAUSE_MS = 150;
const TICK_MS = 200;
const PROGRESS_MS = 4000;
const UNSEEN_MS = 700; // a key that was meant for the verdict before must not answer for the one that replaced it

let texts = {};
let language = document.documentElement.lang;
let showing = null; // {views, blanked, firstSeen, since, personalUntil, wordUntil}
let broken = null; // the views of "out of order" while nothing can be recorded
let lost = false;
let standing = null;
let detailsOpen = false;
let voidNumber = null;
let soundOn = false;
let theme = "auto";
const devices = new Map(); // source → views of what is wrong with it
let hint = null;
let hintTimer = null;
const heardNumbers = new Set();
let asking = null; // what is asked of a holder now, with `until` in this browser's time
let chosenKinds = []; // at a place that always asks: what the visitor chose
let renewTimer = null;
let progress = null; // the views of how far an animated code has come
let progressTimer = null;
let receiptNumber = null;
let printing = false;

const ui = () => texts[language];

function draw() {
  if (showing !== null) {
    const view = showing.views[language];
    drawVerdict(view, showing.portraits.size > 0);
    drawFacts(view, ui(), showing.blanked, showing.portraits, progress?.portrait ? progress.views[language] : null);
    drawDetails(view, ui(), detailsOpen);
  } else {
    clearBelow();
    if (broken !== null) {
      const view = broken[language];
      drawState("out_of_order", view.word, view.word_other, view.instruction, language);
    } else if (lost) {
      drawState("lost", ui().lost, "", ui().lost_hint, language);
    } else if (staff.blocks()) {
      drawState("idle", ui().staff_needed, "", ui().staff_needed_hint, language);
    } else {
      drawState("idle", ui().idle, language === "en" ? "请出示二维码" : "Please show the code", ui().idle_hint, language);
    }
  }
  drawRequest(asking, ui(), language, lost || broken !== null, choose);
  drawProgress();
  road.draw();
  staff.draw();
  drawNotice();
  if (standing !== null) drawStanding(standing, language);
  tick();
}

// A portrait's progress stands where the portrait will be; anything else, and one without a place, has a line.
function drawProgress() {
  const inPlace = progress?.portrait && showing !== null && expectsPortrait(showing.views[language]);
  byId("progress").hidden = progress === null || inPlace;
  byId("progress").textContent = progress?.views[language] ?? "";
}

const licences = (view) => [view.licence, ...view.members.map((member) => member.licence)].filter((each) => each !== null);
const expectsPortrait = (view) => licences(view).some((licence) => licence.portrait);

function drawNotice() {
  const notices = [...devices.values()].map((views) => views[language]);
  if (standing !== null) {
    notices.push(...standing.views[language].troubles);
    drawAlarms(standing.views[language].alarms, ui(), acknowledge);
  }
  if (hint !== null) notices.push(hint[language]);
  if (lost && showing !== null) notices.unshift(`${ui().lost}: ${ui().lost_hint}`);
  byId("device").textContent = notices.join(" ");
  byId("device").hidden = notices.length === 0;
}

function announce(...parts) {
  byId("announce").textContent = parts.filter(Boolean).join(" ");
}

function showVerdict(event) {
  const now = Date.now();
  const again = showing !== null && event.same_act && showing.checkNumber === event.check_number;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  byId("known").open = false;
  broken = null;
  hint = null;
  if (!again) detailsOpen = false;
  showing = {
    checkNumber: event.check_number,
    practice: event.practice === true,
    views: event.views,
    blanked: false,
    portraits: again ? showing.portraits : new Map(),
    firstSeen: again ? showing.firstSeen : now,
    since: now,
    personalUntil: now + settings.personalSeconds * 1000,
    wordUntil: now + settings.wordSeconds * 1000,
  };
  const view = event.views[language];
  draw();
  scrollTo(0, 0);
  announce(view.word, view.proceed_text, view.instruction);
  // Nobody at the counter may take a practice verdict for a real one, or the other way round.
  if (!event.practice) practice.end(ui().practice_over);
  if (soundOn && !again) play(view.sound);
}

function showOutOfOrder(event) {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  showing = null;
  broken = event.views;
  practice.end(ui().practice_idle);
  draw();
  announce(broken[language].word, broken[language].instruction);
}

function toIdle() {
  forgetProgress();
  forgetPapers();
  if (showing !== null && licences(showing.views[language]).length > 0) hintNow(ui().cleared);
  showing = null;
  detailsOpen = false;
  announce("");
  draw();
}

// Personal data leave the page's memory too, not only the screen.
function blankPersonal() {
  for (const view of Object.values(showing.views)) {
    view.licence = null;
    for (const member of view.members) member.licence = null;
  }
  showing.portraits = new Map();
  showing.blanked = true;
  hintNow(ui().cleared);
  draw();
}

function tick() {
  drawLeft(asking === null || asking.always || asking.open.length === 0 ? null : (asking.until - Date.now()) / 1000, ui());
  road.tick();
  const countdown = byId("countdown");
  if (showing === null) {
    countdown.hidden = true;
    return;
  }
  const now = Date.now();
  if (now >= showing.wordUntil) {
    toIdle();
    return;
  }
  const personal = licences(showing.views[language]).length > 0;
  if (personal && now >= showing.personalUntil) {
    blankPersonal();
    return;
  }
  const left = Math.ceil((showing.personalUntil - now) / 1000);
  countdown.hidden = !(personal && left <= COUNTDOWN_SECONDS);
  if (!countdown.hidden) countdown.textContent = ui().countdown.replace("{n}", String(left));
}

// Any key keeps personal data, but nobody keeps them for longer than five minutes.
function keep() {
  if (showing === null || showing.blanked) return;
  const now = Date.now();
  const end = showing.since + LONGEST_SECONDS * 1000;
  showing.personalUntil = Math.max(showing.personalUntil, Math.min(end, now + settings.personalSeconds * 1000));
  showing.wordUntil = Math.max(showing.wordUntil, Math.min(end, now + settings.wordSeconds * 1000));
  tick();
}

function hearStanding(heard) {
  const first = standing === null;
  standing = heard;
  // A page that was reloaded shows again what is still asked.
  if (first && (heard.always_asks || heard.open_requests > 0)) hearRequests();
  if (heard.out_of_order !== (broken !== null)) {
    broken = heard.broken;
    if (broken !== null) showing = null;
    draw();
  } else {
    drawStanding(standing, language);
    drawNotice();
  }
}

function hearDevice(heard) {
  clearTimeout(hintTimer);
  hint = null;
  if (heard.state === "ok") devices.delete(heard.source);
  else if (heard.state === "lost") devices.set(heard.source, heard.views);
  else {
    hint = heard.views;
    hintTimer = setTimeout(() => {
      hint = null;
      drawNotice();
    }, DEVICE_HINT_MS);
  }
  drawNotice();
}

// Only the terminal's own word that the answer is written down changes what stands here.
function hearPerson(event) {
  if (showing?.checkNumber === event.check_number) {
    for (const [tag, words] of Object.entries(event.views)) {
      const view = showing.views[tag];
      // The answer in the words of the question: of an agent nobody says that it is the holder.
      const { yes, no } = view.person ?? words.person;
      const person = { ...words.person, yes, no, text: event.matches ? yes : no };
      Object.assign(view, words, { person, instruction: words.instruction ?? view.instruction });
    }
    const view = showing.views[language];
    draw();
    announce(view.person.headline ?? view.word, view.proceed_text, view.instruction);
  }
  if (byId("acts-dialog").open) loadActs();
}

function hearAnimation(event) {
  clearTimeout(progressTimer);
  progress = event.complete ? null : event;
  // Frames that stop coming leave no number behind that nobody believes any more.
  if (progress !== null) progressTimer = setTimeout(() => { forgetProgress(); draw(); }, PROGRESS_MS);
  draw();
}

function forgetProgress() {
  clearTimeout(progressTimer);
  progress = null;
}

// Its whole digest was compared with the signed one before it came here; it lives as long as the claims do.
async function hearPortrait(event) {
  const number = event.check_number;
  const bytes = Uint8Array.from(atob(event.image), (each) => each.charCodeAt(0));
  let picture = "broken";
  try {
    const bitmap = await createImageBitmap(new Blob([bytes]));
    picture = document.createElement("canvas");
    [picture.width, picture.height] = [bitmap.width, bitmap.height];
    picture.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
  } catch {
    picture = "broken";
  }
  if (showing?.checkNumber !== number || showing.blanked) return;
  showing.portraits.set(event.member, picture);
  forgetProgress();
  draw();
}

let newestAsk = 0;
let newestAnswer = 0;

async function hearRequests() {
  // What is answered late must not bring back what a later answer has taken away.
  const mine = ++newestAsk;
  const before = asking?.always ? null : asking?.open.map((each) => each.number).join() ?? "";
  try {
    const { ok, content } = standing?.always_asks
      ? await post("/api/v1/requests/standing", { kinds: chosenKinds }, language)
      : await ask("/api/v1/requests");
    if (!ok || mine < newestAnswer) return;
    newestAnswer = mine;
    setAsking(content);
  } catch {
    return;
  }
  const over = before && asking.open.length === 0 && showing === null && Date.now() >= lastUntil - 1000;
  if (over) hintNow(ui().request_over);
}

let lastUntil = Infinity;

function setAsking(content) {
  asking = { ...content, until: Date.now() + Math.max(0, ...content.open.map((each) => each.seconds_left)) * 1000 };
  if (content.open.length > 0) lastUntil = asking.until;
  clearTimeout(renewTimer);
  const next = content.renew_in ?? (content.open.length > 0 ? (asking.until - Date.now()) / 1000 + 0.2 : null);
  if (next !== null) renewTimer = setTimeout(hearRequests, next * 1000);
  draw();
}

function choose(kinds) {
  chosenKinds = kinds;
  hearRequests();
}

async function openAsk() {
  if (practice.blocks()) return;
  if (standing?.always_asks) return;
  await hearRequests();
  if (asking === null) {
    hintNow(ui().failed);
    return;
  }
  fillAsk(asking, ui(), language);
  openDialog("ask", "ask-reason");
  byId("ask-reason").select();
  if (asking.kinds.length === 0) await sendAsk();
}

async function request(path, body) {
  const mine = ++newestAsk;
  try {
    const { ok, content } = await post(path, body, language);
    if (!ok) {
      byId("ask-problem").replaceChildren(content.message);
      return;
    }
    byId("ask-dialog").close();
    showing = null;
    if (mine > newestAnswer) {
      newestAnswer = mine;
      setAsking(content);
    } else draw();
    announce(ui().request_scan);
  } catch {
    byId("ask-problem").replaceChildren(ui().failed);
  }
}

async function sendAsk() {
  const kinds = askedKinds();
  if (kinds.length === 0 && asking.kinds.length > 0) {
    byId("ask-problem").replaceChildren(ui().ask_none);
    return;
  }
  const reason = byId("ask-reason").value.trim();
  if (reason === "") {
    byId("ask-problem").replaceChildren(ui().ask_reason);
    return;
  }
  await request("/api/v1/requests", { kinds, reason });
}

function cancelRequest() {
  if (asking === null || asking.always) return;
  lastUntil = Infinity;
  for (const each of asking.open) post(`/api/v1/requests/${each.number}/cancel`, {}, language).catch(() => hintNow(ui().failed));
  asking = { ...asking, open: [] };
}

function escape() {
  cancelRequest();
  road.cancelSecond();
  staff.clearCase();
  toIdle();
}

function next() {
  // What was asked of this person is not asked of the next one; a request that still waits is left alone.
  if (showing !== null) cancelRequest();
  toIdle();
}

function openReceipt() {
  if (practice.blocks()) return;
  if (showing === null) {
    hintNow(ui().receipt_nothing);
    return;
  }
  receiptNumber = showing.checkNumber;
  byId("receipt-number").textContent = receiptNumber;
  byId("receipt-reason").value = asking?.reasons["zh-Hans"] ?? "";
  forgetTakenAlong();
  openDialog("receipt", "receipt-reason");
}

async function sendReceipt() {
  const number = receiptNumber;
  const reason = byId("receipt-reason").value.trim();
  byId("receipt-problem").replaceChildren();
  try {
    const { ok, content } = await post(`/api/v1/acts/${number}/receipt`, { reason: reason || null }, language);
    // Another check's page may be open by now.
    if (number !== receiptNumber) return;
    if (ok) {
      drawReceipt(content, ui());
      drawHolderCode(content.copy_code, ui());
    } else byId("receipt-problem").replaceChildren(content.message ?? content.views[language].instruction);
  } catch {
    byId("receipt-problem").replaceChildren(ui().failed);
  }
}

async function sendPage() {
  const say = (text) => byId("receipt-problem").replaceChildren(text);
  say("");
  try {
    say((await makePage(receiptNumber, byId("receipt-reason").value.trim() || null, ui(), language)) ?? "");
  } catch {
    say(ui().failed);
  }
}

function forgetTakenAlong() {
  forgetReceipt();
  forgetPapers();
}

// The terminal says whether paper came out; until then nothing on the page claims so.
async function printSlip(number, reason, say) {
  if (printing) return;
  printing = true;
  say(ui().printing);
  try {
    const { ok, content } = await post(`/api/v1/acts/${number}/print`, { reason }, language);
    say(ok ? ui().printed : content.message ?? content.views[language].instruction);
  } catch {
    say(ui().failed);
  } finally {
    printing = false;
  }
}

function printShown() {
  if (practice.blocks()) return;
  if (byId("print") === null) openReceipt();
  else if (showing === null) hintNow(ui().receipt_nothing);
  else printSlip(showing.checkNumber, null, hintNow);
}

function printReceipt() {
  const reason = byId("receipt-reason").value.trim();
  printSlip(receiptNumber, reason || null, (text) => byId("receipt-problem").replaceChildren(text));
}

async function answerPerson(number, matches) {
  const problem = byId("acts-dialog").open ? (text) => byId("acts-problem").replaceChildren(text) : hintNow;
  try {
    const { ok, content } = await post(`/api/v1/acts/${number}/person`, { matches }, language);
    if (ok) hearPerson(content);
    else if (content.error === "out_of_order") showOutOfOrder(content);
    else problem(content.message);
  } catch {
    problem(ui().failed);
  }
}

function answerShown(matches) {
  if (showing?.views[language].person?.state !== "waiting") {
    hintNow(ui().no_person);
    return;
  }
  if (Date.now() - showing.firstSeen < UNSEEN_MS) return;
  if (showing.practice) practice.answerPerson(matches);
  else answerPerson(showing.checkNumber, matches);
}

function hearVerdict(event) {
  heardNumbers.add(event.check_number);
  showVerdict(event);
}

async function scan(text, problem) {
  try {
    const { ok, content } = await post("/api/v1/scan", { text }, language);
    if (ok) {
      // The stream shows it as a rule; the answer stands in only while there is no stream.
      // One picture of an animated code says nothing yet; the stream tells how far it has come.
      if (!content.frame && !heardNumbers.has(content.check_number)) showVerdict(content);
    } else if (content.error === "out_of_order") showOutOfOrder(content);
    else problem(content.message);
  } catch {
    problem(ui().failed);
  }
}

function hintNow(text) {
  hearDevice({ state: "hint", views: Object.fromEntries(LANGUAGES.map((each) => [each, text])) });
}

function openDialog(name, focus) {
  byId(`${name}-problem`)?.replaceChildren();
  byId(`${name}-dialog`).showModal();
  if (focus) byId(focus).focus();
}

function openManual() {
  byId("manual-text").value = "";
  openDialog("manual", "manual-text");
}

function sendManual() {
  const text = byId("manual-text").value;
  if (text !== "") scan(text, (message) => byId("manual-problem").replaceChildren(message));
}

async function loadActs() {
  const search = byId("acts-search").value;
  try {
    const { ok, content } = await ask(`/api/v1/acts?lang=${language}&search=${encodeURIComponent(search)}`);
    if (search !== byId("acts-search").value) return;
    if (ok) drawActs(content.acts, ui(), openVoid, answerPerson);
    else byId("acts-problem").replaceChildren(content.message);
  } catch {
    byId("acts-problem").replaceChildren(ui().failed);
  }
}

function openActs() {
  byId("acts-search").value = "";
  byId("acts-rows").replaceChildren();
  openDialog("acts", "acts-search");
  loadActs();
}

function openVoid(number) {
  if (practice.blocks()) return;
  if (!number) {
    hintNow(ui().nothing_to_void);
    return;
  }
  voidNumber = number;
  byId("void-number").textContent = number;
  byId("void-reason").value = "";
  openDialog("void", "void-reason");
}

async function sendVoid() {
  const reason = byId("void-reason").value.trim();
  if (reason === "") {
    byId("void-problem").replaceChildren(ui().void_label);
    return;
  }
  const number = voidNumber;
  const problem = (message) => byId("void-problem").replaceChildren(message);
  try {
    const { ok, content } = await post(`/api/v1/acts/${number}/void`, { reason }, language);
    if (!ok) {
      problem(content.message ?? content.views[language].instruction);
      return;
    }
    byId("void-dialog").close();
    if (showing?.checkNumber === number) toIdle();
    if (byId("acts-dialog").open) loadActs();
    hintNow(`${number} ${ui().void_done}`);
  } catch {
    problem(ui().failed);
  }
}

async function acknowledge(number) {
  try {
    const { ok, content } = await post(`/api/v1/alarms/${number}/acknowledge`, {}, language);
    if (!ok) hintNow(content.message ?? content.views[language].instruction);
  } catch {
    hintNow(ui().failed);
  }
}

function toggleDetails() {
  if (showing === null) return;
  detailsOpen = !detailsOpen;
  draw();
  if (detailsOpen) byId("details").scrollIntoView({ block: "start" });
}

function setLanguage(chosen) {
  language = chosen;
  remember("language", chosen);
  drawWords(ui(), language);
  practice.draw();
  drawSound();
  drawTheme();
  draw();
}

const nextLanguage = () => setLanguage(LANGUAGES[(LANGUAGES.indexOf(language) + 1) % LANGUAGES.length]);

function drawSound() {
  byId("sound").setAttribute("aria-pressed", String(soundOn));
  byId("sound").textContent = soundOn ? ui().sound_on : ui().sound_off;
}

function toggleSound() {
  soundOn = !soundOn;
  if (soundOn) allowSound();
  drawSound();
}

// An officer's screen in the sun or at night; by itself it follows the machine.
function setTheme(wanted) {
  const button = byId("theme");
  if (button === null) return;
  theme = THEMES.includes(wanted) ? wanted : "auto";
  document.documentElement.dataset.theme = theme;
  drawTheme();
  remember("theme", theme);
}

function drawTheme() {
  if (byId("theme") !== null) byId("theme").textContent = ui()[`theme_${theme}`];
}

// Language and theme alone are remembered, on this machine; a browser may refuse even that.
function remember(name, value) {
  try {
    localStorage.setItem(`liangzheng.${name}`, value);
  } catch {
    return;
  }
}

function remembered(name) {
  try {
    return localStorage.getItem(`liangzheng.${name}`);
  } catch {
    return null;
  }
}

const reportProblem = () => openProblem(showing?.checkNumber ?? null, language, false).catch(() => hintNow(ui().failed));

const SHORTCUTS = {
  d: toggleDetails, m: openManual, "/": openActs, v: () => openVoid(showing?.checkNumber), l: nextLanguage,
  a: openAsk, r: openReceipt, p: printShown, "?": () => openDialog("help"), y: () => answerShown(true), n: () => answerShown(false),
  s: road.askSecond, k: officersAct.open, o: staff.open, c: staff.openCase, b: reportProblem,
};

function onClick(id, act) {
  byId(id).addEventListener("click", (event) => {
    // After a click with the pointer the focus goes back to the page, so that Enter means "next" again.
    if (event.detail > 0) byId(id).blur();
    act();
  });
}

function onEnter(id, act) {
  byId(id).addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    act();
  });
}

function connectControls() {
  staff.connect({ ui, language: () => language, say: hintNow, draw, idle: toIdle, openDialog });
  const given = { ui, language: () => language, showing: () => showing, say: hintNow, show: showVerdict, hearPerson, clear: toIdle };
  for (const part of [road, officersAct, practice]) part.connect(given);
  onClick("next", next);
  onClick("blank", escape);
  onClick("show-ask", openAsk);
  onClick("show-receipt", openReceipt);
  onClick("request-cancel", escape);
  onClick("ask-send", sendAsk);
  onClick("ask-short", () => request("/api/v1/requests/short", {}));
  onClick("receipt-send", sendReceipt);
  if (byId("print") !== null) {
    onClick("print", printShown);
    onClick("receipt-print", printReceipt);
  }
  onEnter("ask-reason", sendAsk);
  onEnter("receipt-reason", sendReceipt);
  byId("page-send")?.addEventListener("click", sendPage);
  byId("receipt-dialog").addEventListener("close", forgetTakenAlong);
  onClick("person-yes", () => answerShown(true));
  onClick("person-no", () => answerShown(false));
  onClick("show-details", toggleDetails);
  onClick("show-manual", openManual);
  onClick("show-acts", openActs);
  onClick("show-problem", reportProblem);
  onClick("show-void", () => openVoid(showing?.checkNumber));
  onClick("language", nextLanguage);
  onClick("sound", toggleSound);
  onClick("help", () => openDialog("help"));
  // What is rare stands in menus: one closes with its choice, both with a touch anywhere else.
  byId("more").addEventListener("click", (event) => {
    if (event.target.closest("button") !== null) byId("more").open = false;
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.more, details.tools-menu")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  byId("theme")?.addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]));
  onClick("manual-send", sendManual);
  onClick("void-send", sendVoid);
  onEnter("manual-text", sendManual);
  onEnter("void-reason", sendVoid);
  let searchTimer = null;
  byId("acts-search").addEventListener("input", () => {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(loadActs, SEARCH_PAUSE_MS);
  });
  for (const button of document.querySelectorAll("dialog .close")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  document.addEventListener("pointerdown", keep);
  document.addEventListener("visibilitychange", tick);
  watchKeys({
    any: keep,
    enter: next,
    escape,
    shortcut: (key) => SHORTCUTS[key.toLowerCase()]?.(),
    typed: (text) => scan(text, hintNow),
  });
}

texts = (await ask("/texts.json")).content;
const asked = new URLSearchParams(location.search).get("lang");
const own = remembered("language");
if (asked === null && LANGUAGES.includes(own)) language = own;
drawWords(ui(), language);
drawSound();
setTheme(remembered("theme"));
connectControls();
listen(
  { verdict: hearVerdict, animation: hearAnimation, portrait: hearPortrait, requests: hearRequests, join: road.hearJoin, staff: staff.hear, person: hearPerson, out_of_order: showOutOfOrder, standing: hearStanding, device: hearDevice,
    acts: () => byId("acts-dialog").open && loadActs() },
  (isLost) => {
    lost = isLost;
    draw();
  },
);
setInterval(tick, TICK_MS);
draw();
document.documentElement.dataset.ready = "yes";
