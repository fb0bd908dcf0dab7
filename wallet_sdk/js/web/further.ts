/** Pages that are rarely opened, in one piece that is loaded with the first of them. */

export { devicesView, lostView } from "./lostView.ts";
export { reminderView } from "./reminderView.ts";
export { chooseView } from "./severalView.ts";
export { shortCodeView } from "./shortCodeView.ts";
