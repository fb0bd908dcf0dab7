// What an officer signs about a check: chosen and given a reason first, read once more and signed then; never one tap.

import { byId, element } from "./screen.js";
import { send } from "./roadside.js";

let page = null; // as roadside.js has it
let about = null; // {number, places: [{number, member, kind}]}
let wanted = null; // what stands to be confirmed

export function connect(given) {
  page = given;
  if (byId("officers-act-dialog") === null) return;
  byId("show-officers-act").addEventListener("click", (event) => {
    if (event.detail > 0) byId("show-officers-act").blur();
    open();
  });
  byId("officers-act-next").addEventListener("click", confirmFirst);
  byId("officers-act-back").addEventListener("click", () => step(false));
  byId("officers-act-sign").addEventListener("click", sign);
}

export function open() {
  if (byId("officers-act-dialog") === null) return;
  const shown = page.showing();
  if (shown === null || shown.practice || shown.views[page.language()].class === "not_read") {
    page.say(page.ui().act_nothing);
    return;
  }
  about = { places: places(shown) };
  byId("officers-act-number").textContent = shown.checkNumber;
  byId("officers-act-reason").value = "";
  byId("officers-act-problem").replaceChildren();
  for (const radio of document.getElementsByName("officers-act-kind")) radio.checked = false;
  fillLicences();
  step(false);
  byId("officers-act-dialog").showModal();
}

// Each licence of the act under the check that it was read for.
function places(shown) {
  const view = shown.views[page.language()];
  if (view.members.length === 0) return [{ number: shown.checkNumber, member: 0, kind: view.licence?.kind ?? "" }];
  const first = view.joined?.with;
  return view.members.map((each, place) => ({
    number: first && place === 0 ? first : shown.checkNumber,
    member: first ? 0 : place,
    kind: each.licence?.kind ?? each.place,
  }));
}

function fillLicences() {
  byId("officers-act-which").hidden = about.places.length < 2;
  byId("officers-act-licences").replaceChildren(...about.places.map((each, place) => {
    const radio = element("input", "");
    radio.type = "radio";
    radio.name = "officers-act-licence";
    radio.value = String(place);
    radio.checked = about.places.length === 1;
    return element("label", "choice", radio, element("bdi", "", each.kind), element("span", "", each.number));
  }));
}

const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value;

function confirmFirst() {
  const kind = chosen("officers-act-kind");
  const place = about.places[Number(chosen("officers-act-licence"))];
  const reason = byId("officers-act-reason").value.trim();
  if (!kind || !place || reason === "") {
    byId("officers-act-problem").replaceChildren(page.ui().act_choose);
    return;
  }
  wanted = { number: place.number, body: { kind, reason, member: place.member } };
  const words = { kind: page.ui()[`act_${kind}`], licence: place.kind, number: place.number, reason };
  // The reason is put in last, and as text: whatever stands in it stays what it is.
  byId("officers-act-summary").textContent = page.ui().act_summary.replace(/\{(\w+)\}/g, (_, name) => words[name]);
  step(true);
}

function step(confirming) {
  if (!confirming) wanted = null;
  for (const [id, hidden] of [["ask", confirming], ["confirm", !confirming], ["next", confirming], ["sign", !confirming], ["back", !confirming]]) {
    byId(`officers-act-${id}`).hidden = hidden;
  }
  byId("officers-act-problem").replaceChildren();
  // Not on the button that signs: nothing is signed by an Enter that was meant for the reason.
  if (confirming) byId("officers-act-back").focus();
}

async function sign() {
  if (wanted === null) return;
  const { number, body } = wanted;
  byId("officers-act-sign").disabled = true;
  const answer = await send(`/api/v1/acts/${number}/officers-act`, body, (text) => byId("officers-act-problem").replaceChildren(text));
  byId("officers-act-sign").disabled = false;
  if (answer === null) return;
  byId("officers-act-dialog").close();
  page.say(`${number} ${answer.views[page.language()]}`);
}
