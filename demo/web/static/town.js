// The demonstration page: asks the town to act and shows what the three programs answer. Text nodes only.

const { csrf, phone } = document.body.dataset;
const notice = document.querySelector("#notice");
const licences = document.querySelector("#licences");
const network = document.querySelector("#network");
const log = document.querySelector("#log");
const camera = document.querySelector("#camera");

function bilingual(parent, zh, en) {
  const english = document.createElement("span");
  english.lang = "en";
  english.textContent = ` ${en}`;
  parent.replaceChildren(document.createTextNode(zh), english);
  return parent;
}

function tell(text, problem = false) {
  notice.textContent = text;
  notice.classList.toggle("problem", problem);
  const row = document.createElement("li");
  row.textContent = `${new Date().toLocaleTimeString("zh-CN", { hour12: false })} ${text}`;
  log.prepend(row);
  while (log.children.length > 30) log.lastChild.remove();
}

async function act(path, body = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  tell(said.message, !answer.ok);
  await refresh();
}

function button(zh, en, onClick) {
  const made = document.createElement("button");
  made.type = "button";
  bilingual(made, zh, en).addEventListener("click", onClick);
  return made;
}

const STATES = {
  valid: ["有效", "valid"],
  suspended: ["暂扣", "suspended"],
  revoked: ["已吊销", "revoked"],
};

function licenceRow(licence) {
  const row = document.createElement("div");
  row.className = "licence";
  const title = document.createElement("strong");
  title.textContent = `${licence.kind_name} · ${licence.name}`;
  const state = document.createElement("span");
  state.className = licence.state === "valid" ? "state" : "state bad";
  bilingual(state, ...(STATES[licence.state] ?? [licence.state, licence.state]));
  const buttons = document.createElement("div");
  buttons.className = "buttons";
  const change = (act_) => () => act("/act/status", { licence: licence.id, act: act_ });
  if (licence.state === "valid") buttons.append(button("暂扣", "suspend", change("suspend")));
  if (licence.state === "suspended") buttons.append(button("恢复", "reinstate", change("reinstate")));
  if (licence.state !== "revoked") buttons.append(button("吊销", "revoke", change("revoke")));
  const wish = { licence: licence.id };
  if (licence.state === "valid") buttons.append(button("委托代办", "name an agent", () => act("/act/agent", wish)));
  if (licence.state === "valid" && licence.kind !== "business-licence") {
    buttons.append(button("纸质码", "paper code", () => act("/act/paper", wish)));
  }
  row.append(title, state, buttons);
  return row;
}

async function refresh() {
  const answer = await fetch("/state");
  if (!answer.ok) return;
  const state = await answer.json();
  const focused = document.activeElement?.closest?.("#licences") ? document.activeElement.textContent : null;
  licences.replaceChildren(...state.licences.map(licenceRow));
  if (focused) [...licences.querySelectorAll("button")].find((each) => each.textContent === focused)?.focus();
  network.setAttribute("aria-pressed", String(!state.network));
  for (const each of cameras) each.setAttribute("aria-pressed", String(each.dataset.camera === state.devices.camera));
  paper?.setAttribute("aria-pressed", String(!state.devices.paper));
  bilingual(network, ...(state.network ? ["切断窗口的网络", "cut the counter's network"] : ["网络已断 · 接通", "network is cut; restore"]));
}

const cameras = [...document.querySelectorAll("[data-camera]")];
for (const chosen of cameras) {
  chosen.addEventListener("click", () => {
    act("/act/camera", { trouble: chosen.getAttribute("aria-pressed") === "true" ? "none" : chosen.dataset.camera });
  });
}
for (const chosen of document.querySelectorAll("[data-scanner]")) {
  chosen.addEventListener("click", async () => {
    chosen.disabled = true;
    await act("/act/scanner", { trouble: chosen.dataset.scanner });
    chosen.disabled = false;
    chosen.focus();
  });
}
const paper = document.querySelector("#paper");
paper?.addEventListener("click", () => act("/act/paper-roll", { there: paper.getAttribute("aria-pressed") === "true" }));

const places = [...document.querySelectorAll("[data-place]")];
for (const chosen of places) {
  chosen.addEventListener("click", async () => {
    for (const each of places) {
      each.setAttribute("aria-pressed", String(each === chosen));
      document.getElementById(each.dataset.place).hidden = each !== chosen;
    }
    document.querySelector("#point").hidden = chosen.dataset.place !== "kiosk";
    await act("/act/place", { place: chosen.dataset.place });
  });
}
document.querySelector("#point").addEventListener("click", () => act("/act/point"));

network.addEventListener("click", () => act("/act/network", { on: network.getAttribute("aria-pressed") === "true" }));

document.querySelector("#issue").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  act("/act/issue", { kind: form.get("kind"), name: form.get("name") });
});

// A picture a second is enough for the eye; the counter reads the stream itself.
setInterval(() => { camera.src = `${phone}/camera.jpg?${Date.now()}`; }, 1000);
setInterval(refresh, 3000);
refresh();
