// "/" goes to the search field, a form that is on its way is not sent twice, and a list that renews stays where it is.
"use strict";

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select");
  const field = document.getElementById("search");
  if (event.key === "/" && field && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  }
});

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
