/**
 * What issuers told of the holder's other devices: at the top of the pack until the holder has said whether that was them.
 *
 * It is a message of an issuer and no verdict: the licence here is as good as before. Nothing goes away by itself.
 */

import type { Names } from "../src/catalogue.ts";
import type { HeldLicence } from "../src/heldLicence.ts";
import type { DeviceEvent, ToldDevice } from "../src/issuerRecords.ts";
import type { App } from "./app.ts";
import { button, make } from "./elements.ts";
import { names } from "./texts.ts";

/** Enough of a device's id to tell three devices apart (docs/spec/issuing.md). */
export const ID_SHOWN = 8;
/** The newest; the others come as these are answered, and the pack stays within reach. */
const MOST_SHOWN = 3;
/** Milliseconds: whoever is about to press something else, or presses twice, does not answer what has just come there. */
const SETTLED = 700;

const TEXTS = {
  title: names("另一台设备：是您本人操作吗？", "另一台裝置：是您本人操作嗎？", "Another device: was that you?"),
  why: names(
    "发证机关通知了以下变化。如果不是您本人操作，请立即处理。",
    "發證機關通知了以下變化。如果不是您本人操作，請立即處理。",
    "An issuer has told of the following. If it was not you, act at once.",
  ),
  bound: names("{kind}：已绑定到另一台设备", "{kind}：已綁定到另一台裝置", "{kind}: bound to another device"),
  lost: names("{kind}：另一台设备已挂失", "{kind}：另一台裝置已掛失", "{kind}: another device was reported lost"),
  elsewhere: names("不在本机的证照 {licence}", "不在本機的證照 {licence}", "A licence that is not on this device, {licence}"),
  which: names("设备 {device} · {at}", "裝置 {device} · {at}", "Device {device} · {at}"),
  mine: names("是我本人操作", "是我本人操作", "That was me"),
  notMine: names("不是我操作", "不是我操作", "That was not me"),
  noted: names("已确认，不再显示。", "已確認，不再顯示。", "Noted; it is not shown again."),
  more: names("还有 {n} 条，确认以上内容后显示。", "還有 {n} 條，確認以上內容後顯示。", "More, shown once these are answered: {n}"),
  notHere: names(
    "这份证照不在本机。请在持有它的设备上挂失，或联系发证机关。",
    "這份證照不在本機。請在持有它的裝置上掛失，或聯絡發證機關。",
    "This licence is not on this device. Report the loss on a device that holds it, or at the office.",
  ),
} satisfies Readonly<Record<string, Names>>;
const SENTENCES: Readonly<Record<DeviceEvent, Names>> = { bound: TEXTS.bound, lost: TEXTS.lost };

/** Where the news stand, empty where there are none; `draw` brings it up to date. */
export function newsPlace(app: App): { readonly place: HTMLElement; readonly draw: () => void } {
  const place = make("div");
  let drawn = "[]";
  const draw = () => {
    const all = [...app.wallet.news.devices()].reverse();
    const now = JSON.stringify(all);
    // An alert that is drawn again is read out again, and whoever stood on a button of it stands nowhere.
    if (now === drawn) return;
    drawn = now;
    const wasHere = place.contains(document.activeElement);
    place.replaceChildren(...(all.length === 0 ? [] : [news(app, all, draw)]));
    if (wasHere) (place.querySelector("h2") ?? document.querySelector("h1"))?.focus();
  };
  draw();
  return { place, draw };
}

function news(app: App, all: readonly ToldDevice[], draw: () => void): HTMLElement {
  const shown = all.slice(0, MOST_SHOWN);
  const rows = shown.map((each, number) => row(app, each, `news-${number}`, draw));
  const more = all.length - shown.length;
  return make(
    "section",
    { class: "news" },
    make("div", { role: "alert" }, make("h2", { tabindex: "-1" }, app.said(TEXTS.title)), make("p", {}, app.said(TEXTS.why))),
    make("ul", { class: "pack" }, ...rows),
    more === 0 ? null : make("p", {}, app.said(TEXTS.more, { n: String(more) })),
  );
}

function row(app: App, told: ToldDevice, id: string, draw: () => void): HTMLElement {
  const card = app.wallet.cards().find((each) => each.id === told.licenceId) ?? null;
  const kind = card === null ? app.said(TEXTS.elsewhere, { licence: told.licenceId }) : nameOf(app, card);
  const moment = new Intl.DateTimeFormat(app.language, { dateStyle: "medium", timeStyle: "short" });
  const mine = app.attempt(async () => {
    // This one and no other: what came meanwhile has not been read.
    await app.wallet.news.acknowledge(told);
    draw();
    app.say(app.said(TEXTS.noted));
  });
  const notMine = app.attempt(async () => {
    const { devicesView, lostView } = await import("./further.ts");
    if (card !== null && card.refreshUrl !== null) return app.go(devicesView(card.id, told.device));
    app.go(lostView);
    app.say(app.said(TEXTS.notHere));
  });
  const buttons = [button(app.said(TEXTS.mine), mine), button(app.said(TEXTS.notMine), notMine, "main")] as const;
  for (const each of buttons) each.setAttribute("aria-describedby", id);
  buttons[0].disabled = true;
  setTimeout(() => (buttons[0].disabled = false), SETTLED);
  return make(
    "li",
    {},
    make("strong", { id }, app.said(SENTENCES[told.event], { kind })),
    make("p", {}, app.said(TEXTS.which, { device: told.device.slice(0, ID_SHOWN), at: moment.format(told.at * 1_000) })),
    make("div", { class: "decide" }, ...buttons),
  );
}

/** Of two licences of one kind the group says which is which. */
function nameOf(app: App, { kind, group }: HeldLicence): string {
  return app.named(kind.names) + (group === null ? "" : ` · ${group}`);
}
