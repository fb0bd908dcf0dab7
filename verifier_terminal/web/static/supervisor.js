// The supervisor's page: finds a setting, and saves one at a time; what was saved is what the terminal answers.

import { post } from "./talk.js";

const language = document.documentElement.lang;
const pin = document.querySelector("#pin");
const forms = [...document.querySelectorAll("form.setting")];

const valueOf = (input) => {
  if (input.type === "checkbox") return input.checked;
  // What is no number is sent as it is, and refused in words.
  if (input.type === "number") return /^[0-9]+$/.test(input.value) ? Number(input.value) : input.value;
  return input.value.split(/[\s,，、]+/).filter((each) => each !== "");
};

const showValue = (input, value) => {
  if (input.type === "checkbox") input.checked = value;
  else input.value = Array.isArray(value) ? value.join(" ") : String(value);
};

const say = (form, outcome, words) => {
  form.dataset.outcome = outcome;
  form.querySelector(".said").textContent = words;
};

for (const form of forms) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [value, lock] = [form.querySelector(".value"), form.querySelector(".lock")];
    const body = { value: valueOf(value), locked: lock.checked, pin: pin?.value || null };
    try {
      const { ok, content } = await post(`/api/v1/settings/${form.dataset.name}`, body, language);
      if (!ok) return say(form, "refused", content.message);
      showValue(value, content.value);
      lock.checked = content.locked;
      say(form, "saved", form.dataset.saved);
    } catch {
      say(form, "refused", form.dataset.failed);
    }
  });
}

// Enter in the PIN's field sends nothing: each setting has a button of its own.
document.querySelector("#pin-form")?.addEventListener("submit", (event) => event.preventDefault());

document.querySelector("#search").addEventListener("input", (event) => {
  const part = event.target.value.trim().toLocaleLowerCase();
  for (const form of forms) {
    form.hidden = !`${form.dataset.name} ${form.querySelector(".called").textContent}`.toLocaleLowerCase().includes(part);
  }
  document.querySelector("#none-found").hidden = forms.some((form) => !form.hidden);
});
