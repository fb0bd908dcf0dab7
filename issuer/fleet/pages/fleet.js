// Renews the list every minute without moving the reader's place, and lets "/" go to the search field.
"use strict";

const EVERY = 60000;

async function renew() {
  // A row that somebody reads by keyboard must not vanish under them.
  const list = document.getElementById("list");
  const left = list ? list.scrollLeft : 0;
  const hadFocus = document.activeElement === list;
  let answer;
  try {
    answer = await fetch(window.location.href, { credentials: "same-origin", cache: "no-store" });
  } catch {
    return;
  }
  if (answer.status === 401) {
    window.location.reload();
    return;
  }
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const renewed = page.getElementById("renewed");
  if (renewed === null) return;
  document.getElementById("renewed").replaceWith(document.adoptNode(renewed));
  const now = document.getElementById("list");
  if (now) {
    now.scrollLeft = left;
    if (hadFocus) now.focus();
  }
}

document.addEventListener("keydown", (event) => {
  const field = document.getElementById("search");
  if (event.key === "/" && event.target !== field && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  }
});
setInterval(renew, EVERY);
