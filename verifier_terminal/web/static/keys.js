// Keys of the page, and scanners that type. A scanner types faster than a person: its burst is one code, never shortcuts.

const BURST_MS = 40;
const SHORTCUT_AFTER_MS = 60;
const LONGEST_BURST = 16000;
const SHORTEST_CODE = 6;

// What Enter and Space press when it has the focus.
const isPressed = (target) => target instanceof HTMLButtonElement || target.tagName === "SUMMARY";

// `shortcut(key)` gets single characters, `enter()`, `escape()`; `typed(text)` a whole burst; `any()` every key.
export function watchKeys({ shortcut, enter, escape, typed, any }) {
  let burst = "";
  let last = -Infinity;
  let pending = null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.key !== "Escape" && event.key !== "Enter") any();
    if (document.querySelector("dialog[open]") !== null) return;
    const quick = event.timeStamp - last < BURST_MS;
    last = event.timeStamp;
    clearTimeout(pending);
    if (event.key === "Enter") {
      const text = burst;
      burst = "";
      if (quick && text.length >= SHORTEST_CODE) {
        event.preventDefault();
        typed(text);
      } else if (!isPressed(event.target)) {
        enter();
      }
    } else if (event.key === "Escape") {
      burst = "";
      escape();
    } else if (event.key.length === 1) {
      // A space presses the button that has the focus; every other character belongs to the page.
      if (!(event.key === " " && isPressed(event.target))) event.preventDefault();
      burst = quick ? (burst + event.key).slice(0, LONGEST_BURST) : event.key;
      if (!quick && !event.repeat) pending = setTimeout(() => shortcut(event.key), SHORTCUT_AFTER_MS);
    }
  });
}
