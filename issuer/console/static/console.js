// "/" goes to the search field, j and k through a list that has the focus, a form that is on its way is not sent twice,
// a list that renews stays where it is, and a sheet is printed.
"use strict";

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select");
  const field = document.getElementById("search");
  if (event.key === "/" && field && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  }
});

// Within the list alone: a letter does nothing to whoever dictates, or types elsewhere (WCAG 2.2, 2.1.4).
document.addEventListener("keydown", (event) => {
  const list = event.target.closest("[data-walk]");
  if (!list || (event.key !== "j" && event.key !== "k") || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...list.querySelectorAll("tbody th a")];
  const now = links.indexOf(document.activeElement);
  const next = event.key === "j" ? Math.min(now + 1, links.length - 1) : Math.max(now - 1, 0);
  event.preventDefault();
  links[next]?.focus();
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
  // A page that comes back from the browser's store, or a download that leaves it, can be used again.
  window.setTimeout(() => delete event.target.dataset.sent, 3000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

let left = 0;
document.addEventListener("htmx:beforeSwap", () => { left = document.getElementById("list")?.scrollLeft ?? 0; });
document.addEventListener("htmx:afterSwap", () => {
  const list = document.getElementById("list");
  if (list) list.scrollLeft = left;
});
