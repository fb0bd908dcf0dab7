// The demonstration phone: choose a licence, a purpose and items, agree, and show the rolling code.

const { csrf } = document.body.dataset;
const element = (id) => document.getElementById(id);
const [card, purpose, items, showing, code, countdown, message] =
  ["card", "purpose", "items", "showing", "code", "countdown", "message"].map(element);
let cards = [];
let expiresAt = 0;

function label(zh, en) {
  const english = document.createElement("span");
  english.lang = "en";
  english.textContent = ` ${en}`;
  return [document.createTextNode(zh), english];
}

async function post(path, body = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  message.textContent = said.message ?? "";
  await refresh();
  return answer.ok;
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

function drawItems() {
  const chosen = cards.find((each) => each.id === card.value);
  const wanted = chosen?.purposes.find((each) => each.word === purpose.value);
  items.replaceChildren(...(wanted?.items ?? []).map((item) => {
    const line = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = item.name;
    box.checked = item.mandatory;
    line.append(box, ...label(item.label.zh_hans, item.mandatory ? `${item.label.en} (needed 必需)` : item.label.en));
    return line;
  }));
}

function drawPurposes() {
  const chosen = cards.find((each) => each.id === card.value);
  options(purpose, (chosen?.purposes ?? []).map((each) => [each.word, each.zh, each.en]));
  drawItems();
}

async function refresh() {
  const answer = await fetch("/state");
  if (!answer.ok) return;
  const state = await answer.json();
  if (JSON.stringify(state.cards) !== JSON.stringify(cards)) {
    cards = state.cards;
    options(card, cards.map((each) => [each.id, each.name.zh_hans, each.name.en]));
    drawPurposes();
  }
  showing.hidden = state.scene === "away";
  element("choose").hidden = !showing.hidden;
  if (!showing.hidden) {
    element("shown-title").replaceChildren(...label(state.title.zh, state.title.en));
    const source = `/code.svg?${state.version}`;
    if (!code.src.endsWith(source)) code.src = source;
    expiresAt = state.expires_at;
  }
}

card.addEventListener("change", drawPurposes);
purpose.addEventListener("change", drawItems);
element("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = [...items.querySelectorAll("input:checked")].map((box) => box.value);
  post("/act/show", { card: card.value, purpose: purpose.value, items: chosen });
});
element("away").addEventListener("click", () => post("/act/away"));

const TRICKS = [
  ["screenshot", "出示截图", "show a screenshot of the last code"],
  ["old", "十分钟前的截图", "a screenshot from ten minutes ago"],
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
setInterval(refresh, 1000);
refresh();
