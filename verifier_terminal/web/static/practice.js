// Practice: verdicts by name, drawn by the same page, in a dress of their own. Whatever is real ends it.

import { byId, element } from "./screen.js";
import { ask } from "./talk.js";

const KEY = "F9";
const IDLE_MS = 180000;

let page = null; // {ui(), language(), show(event), hearPerson(event), clear(), say(text)}
let on = false;
let cases = [];
let answers = null; // of the case that is shown
let idle = null;

export const isOn = () => on;

export function connect(given) {
  page = given;
  byId("practice").addEventListener("click", (event) => {
    if (event.detail > 0) byId("practice").blur();
    toggle();
  });
  byId("practice-end").addEventListener("click", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.key !== KEY || document.querySelector("dialog[open]") !== null) return;
    event.preventDefault();
    toggle();
  });
}

// Whether what was asked for has to wait until practice is over; then it is said.
export function blocks() {
  if (on) page.say(page.ui().practice_no);
  return on;
}

async function toggle() {
  if (on) {
    end(page.ui().practice_idle);
    page.clear();
    return;
  }
  try {
    const { ok, content } = await ask("/api/v1/practice");
    if (!ok) return;
    cases = content.cases;
  } catch {
    page.say(page.ui().failed);
    return;
  }
  on = true;
  page.clear();
  draw();
  wait();
}

// `said` is why it is over; nobody has to look for it, it stands where notices stand.
export function end(said) {
  if (!on) return;
  on = false;
  answers = null;
  clearTimeout(idle);
  draw();
  page.say(said);
}

function wait() {
  clearTimeout(idle);
  idle = setTimeout(() => {
    end(page.ui().practice_idle);
    page.clear();
  }, IDLE_MS);
}

async function choose(name) {
  wait();
  try {
    const { ok, content } = await ask(`/api/v1/practice/${name}`);
    // It may have ended while the answer was on its way: then a real verdict stands there.
    if (!ok || !on) return;
    answers = content.answers;
    page.show(content);
  } catch {
    page.say(page.ui().failed);
  }
}

export function answerPerson(matches) {
  wait();
  if (answers !== null) page.hearPerson(matches ? answers.yes : answers.no);
}

export function draw() {
  document.body.dataset.practice = on ? "yes" : "";
  byId("practice-bar").hidden = !on;
  byId("practice-mark").hidden = !on;
  byId("practice").setAttribute("aria-pressed", String(on));
  document.title = on ? `${page.ui().practice_mark} · ${page.ui().title}` : page.ui().title;
  const place = byId("practice-cases");
  const drawn = on ? page.language() : "";
  // Drawn only when something changed: a button that is replaced under a finger or a focus is lost.
  if (place.dataset.drawn === drawn) return;
  place.dataset.drawn = drawn;
  place.replaceChildren(...(on ? cases : []).map((each) => {
    const made = element("button", "", each.views[page.language()]);
    made.type = "button";
    made.dataset.case = each.case;
    made.addEventListener("click", () => choose(each.case));
    return made;
  }));
  byId("practice-mark").dataset.mark = Array(60).fill(page.ui().practice_mark).join("　");
}
