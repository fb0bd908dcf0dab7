// The kiosk's screen: it draws the state that the terminal names, and tells the terminal what was touched. It decides nothing.

import { byId, element } from "./screen.js";
import { closeProblem, openProblem } from "./problem.js";
import { drawCode } from "./request.js";
import { allowSound, play } from "./sound.js";
import { ask, listen, post } from "./talk.js";

const HOME_LANGUAGE = "zh-Hans";
const LANGUAGES = ["zh-Hans", "zh-Hant", "en"];
const HINT_MS = 5000;
const TICK_MS = 250;
const RETRY_MS = 2000;
const TOUCH_EVERY_MS = 2000;
const ASKS = new Set(["reading", "checking", "try_again"]);
const SHOWS_CHECK = new Set(["try_again", "result", "stopped"]);
const OF_NOBODY = new Set(["attract", "cleared", "out_of_order", "maintenance", "lost"]);

let texts = {};
let language = HOME_LANGUAGE;
let kiosk = { state: "lost", left: null, check: null, notice: null };
let until = null; // in this browser's time
let asking = null;
let chosen = [];
let renewTimer = null;
let hint = null;
let hintTimer = null;
let speaks = false;
let touchedAt = 0;
const missing = new Set(); // sources that are gone

const ui = () => texts[language];

// What each state offers besides help and leaving: [cue, words, is it the main one].
const ACTIONS = {
  attract: () => [["touched", ui().start, true]],
  try_again: () => [["touched", ui().try_again, true]],
  result: () => [["go_on", ui().go_on, true]],
  stopped: () => (kiosk.can_print ? [["print", ui().print_slip, true]] : []),
  confirm: () => [...printing(), ["copy", ui().take_copy, !kiosk.can_print], ["leave", ui().finish, false]],
  copy: () => [...printing(), ["go_on", ui().back, false], ["leave", ui().finish, !kiosk.can_print]],
  more_time: () => (kiosk.may_extend ? [["keep", ui().keep, true]] : []),
};

const printing = () => (kiosk.can_print ? [["print", ui().print_receipt, true]] : []);

function draw(isNew) {
  const { state, check } = kiosk;
  document.body.dataset.state = state;
  const words = SHOWS_CHECK.has(state) && check !== null ? check.views[language] : null;
  const look = words !== null ? check.class : state === "out_of_order" || state === "maintenance" ? "out_of_order" : "";
  document.body.dataset.look = look;
  byId("shapes").hidden = look === "";
  for (const shape of document.querySelectorAll(".shape")) shape.hidden = shape.dataset.shape !== look;
  byId("word").textContent = words?.word ?? ui()[state] ?? "";
  byId("foreign").textContent = words?.foreign ?? "";
  byId("foreign").hidden = !words?.foreign;
  drawHint(words);
  drawRequest();
  drawContent();
  byId("number").hidden = check === null || OF_NOBODY.has(state) || state === "try_again";
  byId("number").textContent = check === null ? "" : `${ui().check_number} ${check.check_number}`;
  drawActions();
  byId("leave").hidden = OF_NOBODY.has(state) || state === "printing";
  byId("problem").hidden = ["checking", "printing", "cleared", "lost", "out_of_order", "maintenance"].includes(state);
  byId("call-help").hidden = ["help", "cleared", "lost", "out_of_order", "maintenance"].includes(state);
  drawNotice();
  if (!isNew) return;
  byId("word").focus({ preventScroll: true });
  scrollTo(0, 0);
  announce();
}

function drawHint(words) {
  const left = until === null ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const own = (ui()[`${kiosk.state}_hint`] ?? "").replace("{n}", String(left));
  byId("hint").textContent = words?.sentence ?? own;
  byId("hint").hidden = byId("hint").textContent === "";
}

function drawNotice() {
  const notices = [kiosk.notice?.[language], hint?.[language]];
  if (missing.size > 0 && ASKS.has(kiosk.state)) notices.push(ui().device_lost);
  if (asking?.trouble && ASKS.has(kiosk.state)) notices.push(ui().nothing_asked);
  byId("notice").textContent = notices.filter(Boolean).join(" ");
  byId("notice").hidden = byId("notice").textContent === "";
}

function drawRequest() {
  const challenge = asking?.open.find((each) => !each.is_short) ?? null;
  const short = asking?.open.find((each) => each.is_short) ?? null;
  byId("request").hidden = kiosk.state !== "reading" || (challenge === null && short === null);
  if (byId("request").hidden) return;
  drawCode(challenge);
  byId("request-short").hidden = short === null;
  byId("request-short-code").textContent = short?.text ?? "";
  const items = challenge === null ? [] : challenge.views[language].flatMap((kind) => kind.items);
  byId("request-items").textContent = items.length === 0 ? "" : ui().asked.replace("{items}", items.join(language === "en" ? ", " : "、"));
  drawChoices(challenge?.slugs ?? []);
}

function drawChoices(asked) {
  byId("choices-place").hidden = asking.kinds.length < 2;
  const place = byId("choices");
  const drawn = JSON.stringify([language, asked, asking.kinds.map((kind) => kind.slug)]);
  // Drawn only when something changed: a button that is replaced under a finger or a focus is lost.
  if (place.dataset.drawn === drawn) return;
  place.dataset.drawn = drawn;
  place.replaceChildren(
    ...asking.kinds.map((kind) => {
      const made = button(kind.views[language].name, () => choose(kind.slug));
      made.setAttribute("aria-pressed", String(asked.includes(kind.slug)));
      return made;
    }),
  );
}

function drawContent() {
  const licences = kiosk.state === "confirm" ? kiosk.check?.views[language].licences ?? [] : [];
  byId("content").hidden = licences.length === 0;
  byId("content").replaceChildren(...licences.map(drawLicence));
}

function drawLicence(licence) {
  const list = element("dl", "items");
  if (licence.name) list.append(row("", licence.name));
  for (const item of licence.items) if (item.value !== null) list.append(row(item.label, item.value));
  return element("article", "licence", element("h3", "", licence.kind), list);
}

const row = (label, value) => element("div", "", element("dt", "", label), element("dd", "", element("bdi", "", value)));

function drawActions() {
  const wanted = ACTIONS[kiosk.state]?.() ?? [];
  const place = byId("actions");
  const drawn = JSON.stringify(wanted);
  if (place.dataset.drawn === drawn) return;
  place.dataset.drawn = drawn;
  place.replaceChildren(
    ...wanted.map(([cue, words, main]) => {
      const made = button(words, () => say(cue));
      made.className = main ? "main" : "";
      made.dataset.cue = cue;
      return made;
    }),
  );
}

function button(words, act) {
  const made = element("button", "", words);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function announce() {
  const said = [byId("word").textContent, byId("hint").textContent].filter(Boolean).join("。");
  byId("announce").textContent = said;
  if (!speaks) return;
  speechSynthesis.cancel();
  const line = new SpeechSynthesisUtterance(said);
  line.lang = language === "en" ? "en-GB" : language === "zh-Hant" ? "zh-TW" : "zh-CN";
  speechSynthesis.speak(line);
}

function setKiosk(content) {
  const isNew = content.state !== kiosk.state || content.check?.check_number !== kiosk.check?.check_number;
  kiosk = content;
  until = content.left === null ? null : Date.now() + content.left * 1000;
  if (isNew && content.sound) play(content.sound);
  if (isNew) closeProblem();
  if (OF_NOBODY.has(content.state)) forgetVisitor();
  if (isNew && ASKS.has(content.state)) hearRequests();
  if (content.state !== "copy") drawCopy(null);
  else if (isNew) hearCopy();
  draw(isNew);
}

// The next visitor begins as everybody does; nothing of this one stays, not even a choice.
function forgetVisitor() {
  chosen = [];
  asking = null;
  hint = null;
  clearTimeout(renewTimer);
  byId("content").replaceChildren();
  if (kiosk.state !== "attract") return;
  if (speaks) speechSynthesis.cancel();
  speaks = false;
  byId("listen").setAttribute("aria-pressed", "false");
  setLarge(false);
  setLanguage(HOME_LANGUAGE);
}

let newestFaceAsk = 0;
let newestFace = 0;

// What is answered late must not bring back what a later answer has taken away; each change is an event that asks again.
const inTurn = () => {
  const mine = ++newestFaceAsk;
  return (content) => {
    if (mine < newestFace) return;
    newestFace = mine;
    setKiosk(content);
  };
};

async function hearFace() {
  const taken = inTurn();
  try {
    const { ok, content } = await ask("/api/v1/kiosk");
    if (ok) taken(content);
  } catch {
    setTimeout(hearFace, RETRY_MS);
  }
}

async function say(cue) {
  const taken = inTurn();
  allowSound();
  try {
    const { ok, content } = await post("/api/v1/kiosk/cue", { cue }, language);
    if (ok) taken(content);
    else showHint(everyLanguage("failed"));
  } catch {
    showHint(everyLanguage("failed"));
  }
}

let newestAsk = 0;
let newestAnswer = 0;

async function hearRequests() {
  // What is answered late must not bring back what a later answer has taken away.
  const mine = ++newestAsk;
  if (!ASKS.has(kiosk.state)) return;
  try {
    const { ok, content } = await post("/api/v1/requests/standing", { kinds: chosen }, language);
    if (!ok || mine < newestAnswer || !ASKS.has(kiosk.state)) return;
    newestAnswer = mine;
    asking = content;
    clearTimeout(renewTimer);
    renewTimer = setTimeout(hearRequests, content.renew_in * 1000);
    draw(false);
  } catch {
    if (mine === newestAsk) renewTimer = setTimeout(hearRequests, RETRY_MS);
  }
}

// The holder's copy, in memory for as long as it stands here. The reason is the one that the request on the screen gave.
async function hearCopy() {
  const number = kiosk.check?.check_number;
  const reason = asking?.reasons[HOME_LANGUAGE] ?? null;
  try {
    const { ok, content } = await post(`/api/v1/acts/${number}/receipt`, { reason }, language);
    if (kiosk.state !== "copy" || kiosk.check?.check_number !== number) return;
    if (ok && content.copy_code !== null) drawCopy(content.copy_code);
    else showHint(everyLanguage("copy_failed"));
  } catch {
    showHint(everyLanguage("copy_failed"));
  }
}

function drawCopy(code) {
  byId("copy-code").toggleAttribute("hidden", code === null);
  byId("copy-code").setAttribute("viewBox", `0 0 ${code?.size ?? 1} ${code?.size ?? 1}`);
  byId("copy-path").setAttribute("d", code?.path ?? "");
}

function choose(slug) {
  chosen = [slug];
  hearRequests();
  say("touched");
}

function hearDevice(heard) {
  if (heard.state === "lost") missing.add(heard.source);
  else missing.delete(heard.source);
  if (heard.state === "hint" && ASKS.has(kiosk.state)) showHint(heard.views);
  drawNotice();
}

const everyLanguage = (name) => Object.fromEntries(LANGUAGES.map((each) => [each, texts[each][name]]));

function showHint(views) {
  hint = views;
  clearTimeout(hintTimer);
  hintTimer = setTimeout(() => {
    hint = null;
    drawNotice();
  }, HINT_MS);
  drawNotice();
}

function setLanguage(wanted) {
  language = wanted;
  document.documentElement.lang = language;
  document.title = ui().title;
  for (const place of document.querySelectorAll("[data-ui]")) place.textContent = ui()[place.dataset.ui];
  for (const place of document.querySelectorAll("[data-ui-label]")) place.setAttribute("aria-label", ui()[place.dataset.uiLabel]);
  for (const each of document.querySelectorAll(".language")) each.setAttribute("aria-pressed", String(each.dataset.language === language));
  byId("actions").dataset.drawn = "";
}

function setLarge(isLarge) {
  document.documentElement.toggleAttribute("data-large", isLarge);
  byId("large").setAttribute("aria-pressed", String(isLarge));
}

function toggleListen() {
  if (!("speechSynthesis" in window) || speechSynthesis.getVoices().length === 0) {
    showHint(everyLanguage("no_voice"));
    return;
  }
  speaks = !speaks;
  byId("listen").setAttribute("aria-pressed", String(speaks));
  if (speaks) {
    showHint(everyLanguage("listen_hint"));
    announce();
  } else speechSynthesis.cancel();
}

// Every touch shows that somebody is there; not more often than the terminal needs to know.
function touched() {
  const now = Date.now();
  if (OF_NOBODY.has(kiosk.state) || kiosk.state === "more_time" || now - touchedAt < TOUCH_EVERY_MS) return;
  touchedAt = now;
  say("touched");
}

function connectControls() {
  for (const each of document.querySelectorAll(".language")) {
    each.addEventListener("click", () => {
      setLanguage(each.dataset.language);
      draw(false);
      announce();
    });
  }
  byId("large").addEventListener("click", () => setLarge(!document.documentElement.hasAttribute("data-large")));
  byId("listen").addEventListener("click", toggleListen);
  byId("call-help").addEventListener("click", () => say("call_help"));
  byId("leave").addEventListener("click", () => say("leave"));
  byId("problem").addEventListener("click", () => {
    openProblem(kiosk.check?.check_number ?? null, language, true).catch(() => showHint(everyLanguage("failed")));
  });
  byId("panel").addEventListener("click", () => kiosk.state === "attract" && say("touched"));
  document.addEventListener("pointerdown", (event) => event.target.closest("button") === null && touched());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !byId("leave").hidden) say("leave");
    else touched();
  });
}

texts = (await ask("/texts.json")).content;
setLanguage(HOME_LANGUAGE);
connectControls();
listen({ face: hearFace, requests: hearRequests, device: hearDevice }, (isLost) => {
  if (isLost) inTurn()({ state: "lost", left: null, check: null, notice: null, sound: null });
  else hearFace();
});
setInterval(() => kiosk.state === "more_time" && drawHint(null), TICK_MS);
document.documentElement.dataset.ready = "yes";
