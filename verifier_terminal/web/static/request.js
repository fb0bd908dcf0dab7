// What the terminal asks of a holder: the code on the screen, the choice of licences, and the receipt afterwards.

import { byId, element } from "./screen.js";

const MOST_KINDS = 4;

// `asking`: {always, open, trouble, kinds}; hidden while there is nothing to show, or `silent`.
export function drawRequest(asking, ui, language, silent, choose) {
  const challenge = asking?.open.find((each) => !each.is_short) ?? null;
  const short = asking?.open.find((each) => each.is_short) ?? null;
  const trouble = asking?.always ? asking.trouble : null;
  const panel = byId("request");
  panel.hidden = silent || (challenge === null && short === null && trouble === null);
  document.body.dataset.asking = panel.hidden ? "" : asking.always ? "always" : "one";
  if (panel.hidden) return;
  drawCode(challenge);
  for (const part of panel.querySelectorAll(".request-scan")) part.hidden = challenge === null;
  panel.querySelector(".request-then").hidden = challenge === null && short === null;
  byId("request-short").hidden = short === null;
  byId("request-short").firstElementChild.textContent = challenge === null ? ui.request_short_only : ui.request_short;
  byId("request-short-code").textContent = short?.text ?? "";
  const kinds = challenge === null ? [] : challenge.views[language];
  const asked = kinds.map((kind) => kindWords(kind, language)).join(language === "en" ? "; " : "；");
  byId("request-kinds").textContent = kinds.length === 0 ? "" : ui.request_kinds.replace("{kinds}", asked);
  const afterVerdict = asking.always && document.body.dataset.look !== "idle";
  byId("request-scan").textContent = afterVerdict ? ui.request_next : ui.request_scan;
  byId("request-reason").textContent = challenge?.reason && !asking.always ? ui.request_reason.replace("{reason}", challenge.reason) : "";
  byId("request-trouble").textContent = trouble?.[language] ?? "";
  byId("request-trouble").hidden = trouble === null;
  byId("request-cancel").hidden = asking.always;
  drawChoices(asking, challenge, language, choose);
}

const listed = (items, language) => items.join(language === "en" ? ", " : "、");
const kindWords = (kind, language) =>
  language === "en" ? `${kind.name} (${listed(kind.items, language)})` : `${kind.name}（${listed(kind.items, language)}）`;

export function drawCode(challenge) {
  const code = byId("request-code");
  code.classList.toggle("gone", challenge === null);
  const drawn = challenge === null ? "" : String(challenge.number);
  if (code.dataset.drawn === drawn) return;
  code.dataset.drawn = drawn;
  code.setAttribute("viewBox", `0 0 ${challenge?.size ?? 1} ${challenge?.size ?? 1}`);
  byId("request-path").setAttribute("d", challenge?.path ?? "");
}

function drawChoices(asking, challenge, language, choose) {
  const place = byId("request-choices");
  place.hidden = !(asking.always && asking.kinds.length > 1);
  if (place.hidden) return;
  const asked = challenge?.slugs ?? [];
  const drawn = JSON.stringify([language, asked, asking.kinds.map((kind) => kind.slug)]);
  // Drawn only when something changed: a button that is replaced under a finger or a focus is lost.
  if (place.dataset.drawn === drawn) return;
  place.dataset.drawn = drawn;
  place.replaceChildren();
  for (const kind of asking.kinds) {
    const made = element("button", "", kind.views[language].name);
    made.type = "button";
    made.setAttribute("aria-pressed", String(asked.includes(kind.slug)));
    made.addEventListener("click", () => choose([kind.slug]));
    place.append(made);
  }
}

export function drawLeft(secondsLeft, ui) {
  const left = byId("request-left");
  left.hidden = secondsLeft === null;
  if (secondsLeft !== null) left.textContent = ui.request_left.replace("{n}", String(Math.max(0, Math.ceil(secondsLeft))));
}

// The dialog of the window: kinds to tick, the first one ticked already.
export function fillAsk(asking, ui, language) {
  const place = byId("ask-kinds");
  place.replaceChildren();
  asking.kinds.forEach((kind, number) => {
    const box = element("input", "");
    box.type = "checkbox";
    box.value = kind.slug;
    box.checked = number === 0;
    box.addEventListener("change", () => limitKinds(place));
    const words = kind.views[language];
    place.append(element("label", "ask-kind", box, element("span", "", words.name), element("span", "asked-items", listed(words.items, language))));
  });
  limitKinds(place);
  byId("ask-short").hidden = !asking.short_codes;
  byId("ask-reason").value = asking.reasons["zh-Hans"];
  const reasons = byId("ask-reasons");
  reasons.replaceChildren();
  for (const reason of new Set(Object.values(asking.reasons))) {
    const option = element("option", "");
    option.value = reason;
    reasons.append(option);
  }
}

function limitKinds(place) {
  const boxes = [...place.querySelectorAll("input")];
  const full = boxes.filter((box) => box.checked).length >= MOST_KINDS;
  for (const box of boxes) box.disabled = full && !box.checked;
}

export const askedKinds = () => [...byId("ask-kinds").querySelectorAll("input:checked")].map((box) => box.value);

// Two files to save; they are kept in this page's memory until the dialog closes.
export function drawReceipt(content, ui) {
  forgetReceipt();
  const files = byId("receipt-files");
  for (const [name, words] of [["receipt", ui.receipt_file], ["copy", ui.receipt_copy]]) {
    const bytes = Uint8Array.from(atob(content[name]), (each) => each.charCodeAt(0));
    const link = element("a", "file", words);
    link.href = URL.createObjectURL(new Blob([bytes], { type: "application/cbor" }));
    link.download = `${name}-${content.check_number}.cbor`;
    files.append(link);
  }
  files.querySelector("a").focus();
}

export function forgetReceipt() {
  for (const link of byId("receipt-files").querySelectorAll("a")) URL.revokeObjectURL(link.href);
  byId("receipt-files").replaceChildren();
}
