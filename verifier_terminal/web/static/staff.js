// Who is on duty, the shift's hand-over, and the case that acts carry. The terminal decides; the page asks and shows.

import { byId, element } from "./screen.js";
import { ask, post } from "./talk.js";

const HERE_EVERY_MS = 60000;
const SUMMARY = ["acts", "refused", "voids", "person_checks", "rechecks", "alarms"];

let page = null; // {ui(), language(), say(text), draw(), idle(), openDialog(name, focus)} of the page
let standing = null; // what the terminal says of staff; null: this page has no such part, or it was not asked yet
let seen = null; // the summary that the next person looks at
let lastHere = 0;
let sending = false;
let newest = 0; // the question asked last
let answered = 0; // the newest question whose answer was taken

const exists = () => byId("staff-dialog") !== null;

export function connect(given) {
  page = given;
  if (!exists()) return;
  byId("staff-open").addEventListener("click", (event) => pressed(event, open));
  byId("case-open").addEventListener("click", (event) => pressed(event, openCase));
  byId("staff-off").addEventListener("click", signOff);
  byId("staff-send").addEventListener("click", send);
  byId("case-send").addEventListener("click", sendCase);
  byId("staff-form").addEventListener("submit", (event) => event.preventDefault());
  onEnter("staff-number", () => byId("staff-passphrase").focus());
  onEnter("staff-passphrase", send);
  onEnter("case-text", sendCase);
  // What was typed does not outlive the dialog.
  byId("staff-dialog").addEventListener("close", forget);
  document.addEventListener("keydown", here);
  document.addEventListener("pointerdown", here);
  refresh();
}

// Whether nothing may be checked until somebody signs on.
export const blocks = () => standing !== null && standing.required && standing.on_duty === null;

export async function hear(event) {
  await refresh();
  if (event.needed && blocks()) page.say(page.ui().staff_needed_hint);
}

export function open() {
  if (!exists() || !standing?.offered) return;
  forget();
  page.openDialog("staff", "staff-number");
  if (standing.on_duty !== null) loadSummary();
}

export function openCase() {
  if (!exists() || standing === null) return;
  byId("case-text").value = standing.case;
  page.openDialog("case", "case-text");
  byId("case-text").select();
}

export function clearCase() {
  if (standing !== null && standing.case !== "") post("/api/v1/staff/case", { case: "" }, page.language()).catch(() => page.say(page.ui().failed));
}

export function draw() {
  if (!exists() || standing === null) return;
  const ui = page.ui();
  const who = standing.on_duty;
  byId("on-duty").textContent = who === null ? ui.staff_nobody : `${who.name} ${who.number}`;
  for (const part of ["on-duty", "staff-open"]) byId(part).hidden = !standing.offered;
  document.body.dataset.duty = who === null ? (standing.required ? "needed" : "none") : "yes";
  byId("staff-open-words").textContent = who === null ? ui.staff_sign_on : ui.staff_hand_over;
  byId("case-shown").textContent = standing.case === "" ? ui.case_none : ui.case_shown.replace("{case}", standing.case);
  byId("case-open").dataset.set = standing.case === "" ? "no" : "yes";
  for (const part of ["staff-duty", "staff-next"]) byId(part).hidden = who === null;
  byId("staff-send").textContent = who === null ? ui.staff_sign_on : ui.staff_take_over;
  byId("staff-numbers").replaceChildren(
    ...standing.numbers.filter((number) => number !== who?.number).map((number) => Object.assign(element("option"), { value: number })),
  );
  if (who === null) return;
  byId("staff-name").textContent = `${who.name} · ${who.views[page.language()].role} ${who.number}`;
  byId("staff-ends").textContent = who.views[page.language()].ends ?? "";
  byId("staff-ends").hidden = who.views[page.language()].ends === null;
  byId("staff-idle").textContent = ui.staff_idle.replace("{n}", String(standing.idle_minutes));
  drawSummary();
}

async function refresh() {
  const mine = ++newest;
  try {
    const { ok, content } = await ask("/api/v1/staff");
    if (ok) take(content, mine);
  } catch {
    // The stream tells that the terminal is gone.
  }
}

// Answers may overtake each other: an older one brings nobody back who has gone.
function take(content, question) {
  if (question < answered) return;
  answered = question;
  const before = standing;
  standing = content;
  const left = before !== null && before.on_duty !== null && before.on_duty.number !== content.on_duty?.number;
  // Whoever goes leaves nothing of a holder on the screen.
  if (left) page.idle();
  page.draw();
}

async function loadSummary() {
  seen = null;
  try {
    const { ok, content } = await ask("/api/v1/staff/summary");
    if (ok) seen = content;
    else byId("staff-problem").textContent = content.message ?? page.ui().failed;
  } catch {
    byId("staff-problem").textContent = page.ui().failed;
  }
  drawSummary();
}

function drawSummary() {
  const ui = page.ui();
  byId("staff-summary").replaceChildren(
    ...(seen === null ? [] : SUMMARY.flatMap((name) => [element("dt", "", ui[`staff_${name}`]), element("dd", "", String(seen[name]))])),
  );
}

async function send() {
  if (sending) return;
  const body = { number: byId("staff-number").value.trim(), passphrase: byId("staff-passphrase").value };
  if (body.number === "" || body.passphrase === "") {
    byId(body.number === "" ? "staff-number" : "staff-passphrase").focus();
    return;
  }
  const over = standing.on_duty !== null;
  if (over) body.seen = seen ?? {};
  sending = true;
  byId("staff-problem").textContent = page.ui().staff_signing;
  try {
    const { ok, content } = await post(`/api/v1/staff/${over ? "hand-over" : "sign-on"}`, body, page.language());
    if (ok) {
      byId("staff-dialog").close();
      take(content, ++newest);
      page.say(page.ui().staff_signed_on.replace("{name}", content.on_duty.name));
    } else {
      byId("staff-passphrase").value = "";
      byId("staff-passphrase").focus();
      byId("staff-problem").textContent = content.message ?? page.ui().failed;
      if (content.error === "summary_changed") loadSummary();
      else if (["already_on_duty", "nobody_on_duty"].includes(content.error)) refresh();
    }
  } catch {
    byId("staff-problem").textContent = page.ui().failed;
  } finally {
    sending = false;
  }
}

async function signOff() {
  try {
    const { ok, content } = await post("/api/v1/staff/sign-off", {}, page.language());
    if (ok) {
      byId("staff-dialog").close();
      take(content, ++newest);
      page.say(page.ui().staff_signed_off);
    } else {
      byId("staff-problem").textContent = content.message ?? page.ui().failed;
      refresh();
    }
  } catch {
    byId("staff-problem").textContent = page.ui().failed;
  }
}

async function sendCase() {
  try {
    const { ok, content } = await post("/api/v1/staff/case", { case: byId("case-text").value }, page.language());
    if (ok) byId("case-dialog").close();
    else byId("case-problem").textContent = content.message;
  } catch {
    byId("case-problem").textContent = page.ui().failed;
  }
}

// Somebody is at the page: said at most once a minute, and only while there is somebody to be signed off.
function here() {
  const now = Date.now();
  if (!standing?.on_duty || now - lastHere < HERE_EVERY_MS) return;
  lastHere = now;
  post("/api/v1/staff/here", {}, page.language()).catch(() => null);
}

function forget() {
  byId("staff-number").value = "";
  byId("staff-passphrase").value = "";
  byId("staff-problem").replaceChildren();
}

function pressed(event, act) {
  if (event.detail > 0) event.currentTarget.blur();
  act();
}

function onEnter(id, act) {
  byId(id).addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    act();
  });
}
