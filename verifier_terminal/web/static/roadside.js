// Acts of two codes, and in which role a person takes part. What the terminal said is drawn; nothing is assumed.

import { byId, element } from "./screen.js";
import { post } from "./talk.js";

const ROLES = ["driver", "passenger", "owner"];

let page = null; // {ui(), language(), showing(), say(text)} of the page
let waiting = null; // {number, until}: the check that the next code joins
const roles = new Map(); // check number → role, as the terminal confirmed it

export function connect(given) {
  page = given;
  byId("second")?.addEventListener("click", (event) => {
    if (event.detail > 0) byId("second").blur();
    askSecond();
  });
  byId("join-cancel").addEventListener("click", cancelSecond);
}

// One POST; what is wrong is said where the page says such things.
export async function send(path, body, say = page.say) {
  try {
    const { ok, content } = await post(path, body, page.language());
    if (ok) return content;
    say(content.message ?? content.views[page.language()].instruction);
  } catch {
    say(page.ui().failed);
  }
  return null;
}

export function askSecond() {
  const shown = page.showing();
  if (shown === null || shown.practice || joinedNumbers(shown).length !== 1) page.say(page.ui().second_nothing);
  else send(`/api/v1/acts/${shown.checkNumber}/second`, {});
}

export function cancelSecond() {
  if (waiting !== null) send("/api/v1/join/cancel", {});
}

export function hearJoin(event) {
  waiting = event.check_number === null ? null : { number: event.check_number, until: Date.now() + event.seconds * 1000 };
  tick();
}

export function tick() {
  if (waiting !== null && Date.now() >= waiting.until) {
    waiting = null;
    page.say(page.ui().second_over);
  }
  byId("join").hidden = waiting === null;
  if (waiting === null) return;
  const left = Math.ceil((waiting.until - Date.now()) / 1000);
  byId("join-words").textContent = page.ui().second_waits.replace("{number}", waiting.number).replace("{n}", String(left));
}

// The check numbers of what is on the screen: two where an act has two codes.
function joinedNumbers(shown) {
  const other = shown.views[page.language()].joined?.with;
  return other ? [other, shown.checkNumber] : [shown.checkNumber];
}

// It stands beside the word: that two licences may be two persons' must not wait for somebody to scroll.
function drawJoined(joined) {
  byId("joined").hidden = joined === null;
  byId("joined").textContent = joined?.text ?? "";
  byId("joined").classList.toggle("apart", joined !== null && !joined.linked);
  if (joined !== null && joined.with === waiting?.number) waiting = null;
}

export function draw() {
  const place = byId("act");
  const shown = page.showing();
  drawJoined(shown?.views[page.language()].joined ?? null);
  place.hidden = shown === null;
  if (shown === null) {
    roles.clear();
    place.replaceChildren();
    delete place.dataset.drawn;
    return;
  }
  const view = shown.views[page.language()];
  const numbers = joinedNumbers(shown);
  const drawn = JSON.stringify([page.language(), numbers, view.joined, [...roles], shown.blanked]);
  // Drawn only when something changed: a button that is replaced under a finger or a focus is lost.
  if (place.dataset.drawn === drawn) return;
  place.dataset.drawn = drawn;
  place.replaceChildren();
  if (place.dataset.roles === "yes" && view.class !== "not_read" && !shown.practice) {
    numbers.forEach((number, nth) => place.append(roleChoice(number, numbers.length > 1 ? view.members[nth] : null)));
  }
}

function roleChoice(number, member) {
  const kind = member?.licence?.kind ?? "";
  const group = element("div", "roles");
  group.setAttribute("role", "group");
  const words = [page.ui().role, kind, member ? number : ""].filter(Boolean).join(" ");
  group.setAttribute("aria-label", words);
  group.append(element("span", "roles-words", element("bdi", "", words)));
  for (const role of ROLES) {
    const chosen = roles.get(number) === role;
    const made = element("button", "role", page.ui()[`role_${role}`]);
    made.type = "button";
    made.dataset.role = role;
    made.setAttribute("aria-pressed", String(chosen));
    made.addEventListener("click", () => choose(number, role));
    group.append(made);
  }
  return group;
}

async function choose(number, role) {
  const answer = await send(`/api/v1/acts/${number}/role`, { role });
  if (answer === null) return;
  roles.set(number, role);
  draw();
  for (const made of document.querySelectorAll(`[data-role="${role}"][aria-pressed="true"]`)) made.focus();
}
