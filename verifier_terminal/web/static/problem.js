// A problem report (服务找茬): one dialog for every page, made when it is first opened. It asks for no person.

import { element } from "./screen.js";
import { ask, post } from "./talk.js";

let content = null;
let dialog = null;

// `number`: the check on the screen, or null; `fixed`: it cannot be changed here.
export async function openProblem(number, language, fixed) {
  content ??= (await ask("/api/v1/problems")).content;
  closeProblem();
  dialog = made(content.views[language], number, language, fixed);
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("input").focus();
}

export function closeProblem() {
  dialog?.close();
}

function made(words, number, language, fixed) {
  const title = element("h2", "", words.title);
  title.id = "problem-title";
  const about = input("text", "problem-about", { value: number ?? "", maxLength: 32, autocomplete: "off", spellcheck: false });
  const choices = words.categories.map((each, place) => {
    const radio = input("radio", `problem-${place}`, { name: "category", value: each.slug });
    return element("label", "problem-choice", radio, element("span", "", each.words));
  });
  const text = element("textarea", "");
  Object.assign(text, { id: "problem-text", rows: 3, maxLength: content.most, autocomplete: "off" });
  const said = element("p", "problem");
  said.id = "problem-said";
  said.setAttribute("role", "alert");
  const send = button(words.send, () => sendIt(whole, words, number, language, fixed));
  const close = button(words.close, () => whole.close());
  const whole = element(
    "dialog", "problem-dialog", title,
    fixed ? null : labelled(words.about, about),
    element("fieldset", "", element("legend", "", words.what), element("div", "problem-choices", ...choices)),
    labelled(words.more, text), said, element("div", "row", send, close),
  );
  whole.setAttribute("aria-labelledby", title.id);
  whole.addEventListener("close", () => whole.remove());
  // A key that closes this must not also leave the visit behind it.
  whole.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
  return whole;
}

async function sendIt(whole, words, number, language, fixed) {
  const say = (text) => whole.querySelector("#problem-said").replaceChildren(text);
  const category = whole.querySelector("input[name=category]:checked")?.value;
  if (category === undefined) {
    say(words.choose);
    return;
  }
  const typed = fixed ? number : whole.querySelector("#problem-about").value.trim().toUpperCase() || null;
  try {
    const body = { check_number: typed, category, text: whole.querySelector("#problem-text").value };
    const { ok, content: answer } = await post("/api/v1/problems", body, language);
    say(ok ? words.thanks : answer.message ?? words.failed);
    if (ok) for (const each of whole.querySelectorAll("button:first-of-type, input, textarea")) each.disabled = true;
    if (ok) whole.querySelector("button:last-of-type").focus();
  } catch {
    say(words.failed);
  }
}

function input(type, id, properties) {
  const field = element("input", "");
  return Object.assign(field, { type, id, ...properties });
}

function labelled(words, field) {
  const label = element("label", "", words);
  label.htmlFor = field.id;
  return element("div", "problem-field", label, field);
}

function button(words, act) {
  const pressed = element("button", "", words);
  pressed.type = "button";
  pressed.addEventListener("click", act);
  return pressed;
}
