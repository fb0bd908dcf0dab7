// The demonstration phone: choose licences, a purpose and items, agree, and show the rolling code; or answer a terminal.

const { csrf } = document.body.dataset;
const element = (id) => document.getElementById(id);
const [card, purpose, items, others, showing, code, countdown, message, sheet] =
  ["card", "purpose", "items", "others", "showing", "code", "countdown", "message", "sheet"].map(element);
let cards = [];
let expiresAt = 0;
let asked = null;
let moving = null;
let pictures = 0;
let turns = 0;
let drawn = 0;
let seen = 0;

function label(zh, en) {
  const english = document.createElement("span");
  english.lang = "en";
  english.textContent = ` ${en}`;
  return [document.createTextNode(zh), english];
}

async function post(path, body = {}) {
  const isFile = body instanceof Blob;
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": isFile ? "application/octet-stream" : "application/json", "X-CSRF-Token": csrf },
    body: isFile ? body : JSON.stringify(body),
  });
  const said = await answer.json();
  message.textContent = said.message ?? "";
  await refresh();
  return answer.ok ? said : null;
}

function options(select, entries) {
  const chosen = select.value;
  select.replaceChildren(...entries.map(([value, zh, en]) => {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = `${zh} ${en}`;
    return option;
  }));
  if (entries.some(([value]) => value === chosen)) select.value = chosen;
}

function checkbox(value, zh, en, checked) {
  const line = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.value = value;
  box.checked = checked;
  line.append(box, ...label(zh, en));
  return line;
}

function itemBox(item, proposed = false) {
  const en = item.mandatory ? `${item.label.en} (needed 必需)` : item.label.en;
  return checkbox(item.name, item.label.zh_hans, en, (item.mandatory && !item.separate) || proposed);
}

// Items that need a consent of their own stand apart, and nothing of them is chosen beforehand.
function itemBoxes(offered, proposed = null) {
  const boxes = offered.filter((item) => !item.separate).map((item) => itemBox(item, item.name === proposed));
  const apart = offered.filter((item) => item.separate).map((item) => itemBox(item));
  if (apart.length) boxes.push(paragraph("以下各项须单独同意，不选也可以：", "each of these only with your separate consent:"));
  return [...boxes, ...apart];
}

const ticked = (within) => [...within.querySelectorAll("input:checked")].map((box) => box.value);
const shownFor = (each, word) => each?.purposes.find((one) => one.word === word);

function drawItems() {
  const chosen = cards.find((each) => each.id === card.value);
  const wanted = shownFor(chosen, purpose.value)?.items ?? [];
  items.replaceChildren(...itemBoxes(wanted));
  const fellows = cards.filter((each) => each.id !== card.value && shownFor(each, purpose.value));
  others.replaceChildren(...fellows.map((each) => checkbox(each.id, each.name.zh_hans, each.name.en, false)));
  element("together").hidden = fellows.length === 0;
  element("portrait").hidden = !wanted.some((item) => item.name === chosen?.portrait);
}

// A card by its id, with the ticked items; others with null: what the wallet proposes.
function chosenCards() {
  const fellows = ticked(others);
  return { [card.value]: fellows.length ? null : ticked(items), ...Object.fromEntries(fellows.map((id) => [id, null])) };
}

function paragraph(zh, en) {
  const line = document.createElement("p");
  line.append(...label(zh, en));
  return line;
}

// The consent sheet: who asks, what for and why, every caution, and the items of each card to choose from.
function drawSheet(path, body, request) {
  asked = { path, body };
  element("asker").replaceChildren(document.createTextNode(`${request.relying_party}　${request.place} (${request.asker})`));
  const reason = request.reason ? `　${request.reason}` : "";
  element("why").replaceChildren(...label(request.purpose.zh_hans + reason, request.purpose.en));
  element("cautions").replaceChildren(...request.cautions.map((each) => paragraph(`⚠ ${each.zh}`, each.en)));
  const cardsAsked = request.cards.map((each) => {
    const part = document.createElement("fieldset");
    part.dataset.card = each.id;
    const legend = document.createElement("legend");
    // Where several cards of one kind could answer, the holder picks: the first is proposed.
    const rival = request.cards.find((one) => one.name.en === each.name.en);
    legend.append(checkbox(each.id, each.name.zh_hans, `${each.name.en} ${each.id.slice(0, 10)}`, rival === each));
    part.append(legend, ...itemBoxes(each.items, each.links));
    if (each.links) part.append(paragraph(request.why_linked.zh_hans, request.why_linked.en));
    const always = each.always.map((one) => one.zh_hans).join("、");
    if (always) part.append(paragraph(`总会出示：${always}`, `always shown: ${each.always.map((one) => one.en).join(", ")}`));
    if (each.missing.length) {
      const names = (language) => each.missing.map((one) => one[language]).join(", ");
      part.append(paragraph(`证照中没有：${names("zh_hans")}`, `not in this licence: ${names("en")}`));
    }
    return part;
  });
  const notHeld = request.not_held.map((each) => paragraph(`卡包中没有：${each.zh_hans}`, `not in this wallet: ${each.en}`));
  element("wanted").replaceChildren(...cardsAsked, ...notHeld);
  element("agree").disabled = request.cards.length === 0;
  sheet.hidden = false;
  element("asker").focus();
}

async function read(path, body) {
  const said = await post("/act/read", body);
  if (said) drawSheet(path, body, said.request);
}

function drawPurposes() {
  const chosen = cards.find((each) => each.id === card.value);
  options(purpose, (chosen?.purposes ?? []).map((each) => [each.word, each.zh, each.en]));
  drawItems();
}

async function refresh() {
  const turn = (turns += 1);
  const answer = await fetch("/state");
  if (!answer.ok) return;
  const state = await answer.json();
  // An answer that was overtaken by a later one says how things were.
  if (turn < drawn) return;
  drawn = turn;
  if (JSON.stringify(state.cards) !== JSON.stringify(cards)) {
    cards = state.cards;
    options(card, cards.map((each) => [each.id, each.name.zh_hans, each.name.en]));
    drawPurposes();
  }
  moving = state.moving;
  showing.hidden = state.scene === "away";
  element("choose").hidden = !showing.hidden;
  if (!showing.hidden) {
    element("shown-title").replaceChildren(...label(state.title.zh, state.title.en));
    const source = `/code.svg?${state.version}`;
    if (!moving && !code.src.endsWith(source)) code.src = source;
    expiresAt = state.expires_at;
  }
  if (state.seen.number !== seen) {
    // The phone's camera has seen a terminal's screen: the holder reads what it asks, and decides.
    seen = state.seen.number;
    element("asked").open = true;
    element("challenge").value = state.seen.challenge;
    await read("/act/answer", { challenge: state.seen.challenge });
  }
}

card.addEventListener("change", drawPurposes);
purpose.addEventListener("change", drawItems);
element("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  const together = ticked(others).length > 0;
  const one = { card: card.value, purpose: purpose.value, items: ticked(items) };
  post("/act/show", together ? { purpose: purpose.value, items: chosenCards() } : one);
});
element("portrait").addEventListener("click", () => {
  const chosen = cards.find((each) => each.id === card.value);
  const agreed = [...new Set([...ticked(items), chosen.portrait])];
  post("/act/portrait", { card: card.value, purpose: purpose.value, items: agreed });
});
element("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  read("/act/answer", { challenge: element("challenge").value.trim() });
});
element("image").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  const said = file ? await post("/act/scan", file) : null;
  if (said) element("challenge").value = said.challenge;
});
element("type").addEventListener("submit", (event) => {
  event.preventDefault();
  read("/act/short", { code: element("short").value, purpose: purpose.value, items: chosenCards() });
});
sheet.addEventListener("submit", async (event) => {
  event.preventDefault();
  const parts = [...sheet.querySelectorAll("fieldset")].filter((part) => part.querySelector("legend input").checked);
  const chosen = parts.map((part) => [part.dataset.card, ticked(part).filter((name) => name !== part.dataset.card)]);
  const said = await post(asked.path, { ...asked.body, items: Object.fromEntries(chosen) });
  if (said) sheet.hidden = true;
});
element("decline").addEventListener("click", () => {
  sheet.hidden = true;
  asked = null;
});
element("away").addEventListener("click", () => post("/act/away"));

const TRICKS = [
  ["screenshot", "出示截图", "show a screenshot of the last code"],
  ["old", "两分钟前的截图", "a screenshot from two minutes ago"],
  ["forged", "伪造的证照", "a licence of a forger"],
  ["stranger", "别人手机里的证照", "a licence from another phone"],
  ["payment", "付款码", "a payment code"],
];
element("tricks").append(...TRICKS.map(([scene, zh, en]) => {
  const made = document.createElement("button");
  made.type = "button";
  made.append(...label(zh, en));
  made.addEventListener("click", () => post("/act/trick", { scene }));
  return made;
}));

setInterval(() => {
  const left = Math.max(0, Math.round(expiresAt - Date.now() / 1000));
  countdown.replaceChildren(...(expiresAt ? label(`${left} 秒后失效,自动更换`, `renews by itself, ${left} s left`) : []));
}, 500);
// Moving pictures change several times a second; one code waits for its time.
setInterval(() => {
  if (moving && !showing.hidden) code.src = `/code.svg?moving=${(pictures += 1)}`;
}, 250);
setInterval(refresh, 1000);
refresh();
