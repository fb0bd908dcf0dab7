/**
 * A device that is lost, and this one when it is passed on: what is reported to the issuers, what is erased here, what to do.
 *
 * A report is for good, and each licence is reported at its own issuer, with a proof of this device's key; so nothing is asked
 * or reported before the holder presses for it. A licence that names no address of its issuer is reported at the office.
 */

import type { Names } from "../src/catalogue.ts";
import type { HeldLicence } from "../src/heldLicence.ts";
import { type Device, devices, OTHERS, reportLost } from "../src/openid4vci/later.ts";
import { nearest } from "../src/nearest.ts";
import { CardPack } from "../src/pack.ts";
import { WalletError } from "../src/walletError.ts";
import type { App, View } from "./app.ts";
import { button, facts, make, section, twice } from "./elements.ts";
import { transport } from "./network.ts";
import { ID_SHOWN } from "./newsView.ts";
import { names } from "./texts.ts";
import { upkeep } from "./upkeep.ts";

const MOST_OFFICES = 5;
/** Of an unknown word of an issuer, which is plain ASCII (`openid4vci`). */
const MAX_WORD = 32;

const TEXTS = {
  what: names(
    "挂失以后，那台设备上的这份证照在任何地方都会被拒绝，不能恢复。您的其他设备不受影响；找回设备后要重新领取。",
    "掛失以後，那台裝置上的這份證照在任何地方都會被拒絕，不能恢復。您的其他裝置不受影響；找回裝置後要重新領取。",
    "Once a device is reported lost, what it holds of this licence is refused everywhere, for good. Your other devices go on. Who finds it again has the licence issued to it anew.",
  ),
  other: names("我的另一台设备丢了", "我的另一台裝置遺失了", "Another device of mine is lost"),
  otherHow: names(
    "逐份挂失。先向发证机关查询哪些设备持有它，再选择丢失的那台。",
    "逐份掛失。先向發證機關查詢哪些裝置持有它，再選擇遺失的那台。",
    "Each licence is reported by itself. Ask its issuer which devices hold it, then choose the lost one.",
  ),
  look: names("查询持有它的设备：{kind}", "查詢持有它的裝置：{kind}", "Which devices hold it: {kind}"),
  offline: names(
    "以下证照没有发证机关的网址，不能在这里挂失，请联系发证机关：{kinds}",
    "以下證照沒有發證機關的網址，不能在這裡掛失，請聯絡發證機關：{kinds}",
    "These name no address of their issuer and cannot be reported here. Report them at the issuer: {kinds}",
  ),
  none: names("这里没有证照。", "這裡沒有證照。", "There is no licence here."),
  away: names("这台设备要送人、出售或送修", "這台裝置要送人、出售或送修", "This device is passed on, sold or repaired"),
  awayHow: names(
    "先挂失本机，再清空本机。证照要在新设备上重新领取；请先领取，再清空旧设备。",
    "先掛失本機，再清空本機。證照要在新裝置上重新領取；請先領取，再清空舊裝置。",
    "Report this device first, then erase it. A new device has its licences issued anew; receive them there before you erase this one.",
  ),
  awayGo: names("挂失并清空本机", "掛失並清空本機", "Report and erase this device"),
  only: names("只有一台设备，而且丢了", "只有一台裝置，而且遺失了", "If your only device is lost"),
  onlyHow: names(
    "请尽快带身份证件到办证窗口，或打电话挂失。窗口发出新的领取码后，在新设备上领取。密钥不能从旧设备取出，但能解锁设备的人可以出示证照，所以请先挂失。",
    "請盡快帶身分證件到辦證窗口，或打電話掛失。窗口發出新的領取碼後，在新裝置上領取。金鑰不能從舊裝置取出，但能解鎖裝置的人可以出示證照，所以請先掛失。",
    "Go to the office with a proof of identity, or telephone, and report it soon. The office then makes a new offer for the new device. The key cannot be taken out of the old one, but whoever unlocks it can show the licences; so report it first.",
  ),
  offices: names("办证窗口", "辦證窗口", "Offices"),
  devices: names("持有这份证照的设备", "持有這份證照的裝置", "Devices that hold this licence"),
  again: names("再查询一次", "再查詢一次", "Ask again"),
  notAsked: names("还没有查询到。", "還沒有查詢到。", "Not known yet."),
  device: names("设备", "裝置", "Device"),
  thisOne: names("{id}（本机）", "{id}（本機）", "{id} (this device)"),
  toldOf: names("{id}（通知所说的设备）", "{id}（通知所說的裝置）", "{id} (the one you were told of)"),
  state: names("状态", "狀態", "State"),
  since: names("开始时间", "開始時間", "Since"),
  inForce: names("可以出示", "可以出示", "can show it"),
  lost: names("已挂失", "已掛失", "reported lost"),
  ended: names("已到期", "已到期", "ended"),
  onlyThis: names("没有其他设备持有这份证照。", "沒有其他裝置持有這份證照。", "No other device holds this licence."),
  report: names("挂失设备 {id}", "掛失裝置 {id}", "Report {id} lost"),
  reportOthers: names("挂失其他所有设备", "掛失其他所有裝置", "Report all other devices lost"),
  reportReally: names("挂失后不能恢复。确定挂失吗？", "掛失後不能恢復。確定掛失嗎？", "It cannot be taken back. Report it lost?"),
  reportYes: names("确定挂失", "確定掛失", "Yes, report it lost"),
  reported: names("发证机关已登记挂失。", "發證機關已登記掛失。", "The issuer has noted the loss."),
  afterwards: names(
    "各查验终端下次更新后就会知道。如果设备被盗，请同时报警。",
    "各查驗終端下次更新後就會知道。如果裝置被竊，請同時報警。",
    "Terminals learn of it when they next update. If the device was stolen, tell the police too.",
  ),
  step1: names("第一步：向发证机关挂失本机", "第一步：向發證機關掛失本機", "Step 1: report this device to the issuers"),
  step1Go: names("挂失本机", "掛失本機", "Report this device lost"),
  step1Really: names(
    "本机上的这些证照以后不能再出示，不能恢复。确定吗？",
    "本機上的這些證照以後不能再出示，不能恢復。確定嗎？",
    "These licences can never again be shown from this device. Report it?",
  ),
  step1Done: names("{kind}：已登记挂失。", "{kind}：已登記掛失。", "{kind}: the loss is noted."),
  step1Failed: names("{kind}：没有挂失。{why}", "{kind}：沒有掛失。{why}", "{kind}: not reported. {why}"),
  step2: names("第二步：清空本机", "第二步：清空本機", "Step 2: erase this device"),
  step2How: names(
    "删除这里的全部证照、使用记录、设置和本机密钥。不联网也可以清空；没有挂失的证照在发证机关仍登记在本机名下。",
    "刪除這裡的全部證照、使用記錄、設定和本機金鑰。不連線也可以清空；沒有掛失的證照在發證機關仍登記在本機名下。",
    "All licences, the history, the settings and this device's key are deleted. It works without a network; what was not reported stays in its issuer's register under this device.",
  ),
  step2Go: names("清空本机", "清空本機", "Erase this device"),
  step2Really: names("清空后无法恢复。确定清空吗？", "清空後無法恢復。確定清空嗎？", "It cannot be brought back. Erase everything?"),
  step2Yes: names("确定清空", "確定清空", "Yes, erase"),
  emptied: names("本机已清空", "本機已清空", "This device is erased"),
  emptiedHow: names(
    "这里不再有证照、记录和密钥，可以交给别人。请在新设备上打开钱包，领取证照。",
    "這裡不再有證照、記錄和金鑰，可以交給別人。請在新裝置上開啟錢包，領取證照。",
    "No licence, no history and no key is left here; you can pass it on. Open the wallet on your new device and receive your licences there.",
  ),
  anew: names("重新开始", "重新開始", "Start anew"),
} satisfies Readonly<Record<string, Names>>;

/** By the issuer's word; another one is shown as it came. */
const STATES: Readonly<Record<string, Names>> = { "in force": TEXTS.inForce, lost: TEXTS.lost, ended: TEXTS.ended };

export function lostView(app: App, main: HTMLElement): void {
  const cards = app.wallet.cards();
  const askable = cards.filter(canBeAsked);
  const looks = askable.map((card) =>
    make("li", {}, button(app.said(TEXTS.look, { kind: app.named(card.kind.names) }), () => app.go(devicesView(card.id)))),
  );
  const offices = make("div");
  main.append(
    make("h1", {}, app.text("lost")),
    make("p", {}, app.said(TEXTS.what)),
    section(
      app.said(TEXTS.other),
      cards.length === 0 ? make("p", {}, app.said(TEXTS.none)) : null,
      looks.length === 0 ? null : make("p", {}, app.said(TEXTS.otherHow)),
      looks.length === 0 ? null : make("ul", { class: "pack" }, ...looks),
      notHere(app, cards),
    ),
    section(app.said(TEXTS.away), make("p", {}, app.said(TEXTS.awayHow)), button(app.said(TEXTS.awayGo), () => app.go(giveAwayView()))),
    section(app.said(TEXTS.only), make("p", {}, app.said(TEXTS.onlyHow)), offices),
  );
  app.attempt(async () => {
    const rows = await officesOf(app);
    if (rows.length > 0) offices.append(make("h3", {}, app.said(TEXTS.offices)), facts(rows));
  })();
}

/** Where to go or to telephone, the nearest first where the holder has said where that is. */
async function officesOf(app: App): Promise<readonly (readonly [string, string])[]> {
  const division = await app.keeping.setting("division");
  const all = new CardPack(app.wallet).offices();
  const isKnown = typeof division === "string" && /^[0-9]{6}$/.test(division);
  const sorted = isKnown ? nearest(all, { division, point: null }) : all;
  return sorted.slice(0, MOST_OFFICES).map(({ name, address, phone }) => [name, `${address} · ${phone}`] as const);
}

function canBeAsked({ refreshUrl }: HeldLicence): boolean {
  return refreshUrl !== null;
}

/** Those of these licences that cannot be reported here, and to whom the holder turns. */
function notHere(app: App, cards: readonly HeldLicence[]): HTMLElement | null {
  const others = cards.filter((card) => !canBeAsked(card));
  if (others.length === 0) return null;
  const kinds = others.map(({ kind, credentials: [{ issued }] }) => `${app.named(kind.names)} (${issued.claims.iss})`);
  return make("p", { class: "caution" }, app.said(TEXTS.offline, { kinds: kinds.join(" · ") }));
}

/** Which devices hold a licence, as its issuer says, and the way to report one of them; `told`: of which the holder was told. */
export function devicesView(id: string, told: string | null = null): View {
  // Of the licence, not of one drawing of its page: another language asks nobody again.
  let found: readonly Device[] | null = null;
  let isReported = false;
  return (app, main) => {
    const licence = app.wallet.card(id);
    const list = make("div", { tabindex: "-1" });
    const alone = oneAtATime(app, main);
    const ask = alone(async () => {
      found = await devices(app.wallet, licence, transport);
      draw();
      return "";
    });
    const report = (device: string) =>
      alone(async () => {
        await reportLost(app.wallet, licence, device, transport);
        isReported = true;
        // That a key was bound is answered by this.
        const answered = app.wallet.news.devices(licence).filter((each) => each.event === "bound" && [each.device, OTHERS].includes(device));
        for (const each of answered) await app.wallet.news.acknowledge(each);
        found = await devices(app.wallet, licence, transport);
        draw();
        return app.said(TEXTS.reported);
      });
    const draw = () => {
      const wasHere = list.contains(document.activeElement);
      const sorted = [...(found ?? [])].sort((a, b) => Number(b.id === told) - Number(a.id === told));
      const others = sorted.filter((each) => !each.isThis && each.state === "in force");
      list.replaceChildren(
        ...(found === null ? [make("p", {}, app.said(TEXTS.notAsked))] : [make("ul", { class: "pack" }, ...sorted.map((each) => row(app, each, told, report)))]),
        ...(found !== null && others.length === 0 ? [make("p", {}, app.said(TEXTS.onlyThis))] : []),
        ...(others.length > 1 ? [twice(wordsOf(app, app.said(TEXTS.reportOthers)), report(OTHERS))] : []),
        ...(isReported ? [make("p", { class: "caution" }, app.said(TEXTS.afterwards))] : []),
      );
      // Who stood on a button that is gone stands at what came of it.
      if (wasHere) list.focus();
    };
    main.append(
      make("h1", {}, app.said(TEXTS.devices)),
      make("p", { class: "kind" }, app.named(licence.kind.names)),
      make("p", {}, app.said(TEXTS.what)),
      list,
      make("div", { class: "decide" }, button(app.said(TEXTS.again), ask)),
    );
    draw();
    if (found === null) ask();
  };
}

function row(app: App, { id, state, since, isThis }: Device, told: string | null, report: (device: string) => () => void): HTMLElement {
  const short = id.slice(0, ID_SHOWN);
  const name = isThis ? app.said(TEXTS.thisOne, { id: short }) : id === told ? app.said(TEXTS.toldOf, { id: short }) : short;
  const known = Object.hasOwn(STATES, state) ? app.named(STATES[state]!) : state.slice(0, MAX_WORD);
  const at = Date.parse(since);
  const moment = new Intl.DateTimeFormat(app.language, { dateStyle: "medium", timeStyle: "short" });
  const made = facts([
    [app.said(TEXTS.device), name],
    [app.said(TEXTS.state), known],
    [app.said(TEXTS.since), Number.isNaN(at) ? "?" : moment.format(at)],
  ]);
  const isToReport = !isThis && state === "in force";
  return make("li", {}, made, isToReport ? twice(wordsOf(app, app.said(TEXTS.report, { id: short })), report(id)) : null);
}

function wordsOf(app: App, ask: string) {
  return { ask, really: app.said(TEXTS.reportReally), yes: app.said(TEXTS.reportYes), no: app.text("cancel") };
}

/** This device, before somebody else has it: reported at every issuer that can be asked, then erased. */
function giveAwayView(): View {
  // Of this device, not of one drawing of its page.
  const reported = new Set<string>();
  return (app, main) => {
    const cards = app.wallet.cards();
    const askable = cards.filter(canBeAsked);
    const results = make("ul");
    const ours = app.wallet.ports.signer.publicKey.id;
    const report = oneAtATime(app, main)(async () => {
      results.replaceChildren();
      for (const card of askable) results.append(make("li", {}, await reportedHere(app, card, ours, reported)));
      // What is reported is marked here too, should the holder not erase it.
      await upkeep(app);
      return "";
    });
    const erase = app.attempt(async () => {
      for (const card of app.wallet.cards()) await app.wallet.forget(card);
      await app.keeping.erase();
      app.start(emptiedView);
    });
    const step1 = { ask: app.said(TEXTS.step1Go), really: app.said(TEXTS.step1Really), yes: app.said(TEXTS.reportYes), no: app.text("cancel") };
    const step2 = { ask: app.said(TEXTS.step2Go), really: app.said(TEXTS.step2Really), yes: app.said(TEXTS.step2Yes), no: app.text("cancel") };
    main.append(
      make("h1", {}, app.said(TEXTS.away)),
      make("p", {}, app.said(TEXTS.awayHow)),
      section(
        app.said(TEXTS.step1),
        cards.length === 0 ? make("p", {}, app.said(TEXTS.none)) : null,
        askable.length === 0 ? null : make("ul", {}, ...askable.map(({ kind }) => make("li", {}, app.named(kind.names)))),
        notHere(app, cards),
        askable.length === 0 ? null : twice(step1, report),
        results,
      ),
      section(app.said(TEXTS.step2), make("p", {}, app.said(TEXTS.step2How)), twice(step2, erase)),
    );
  };
}

/** Reports this device for one licence, once; in words what came of it. */
async function reportedHere(app: App, card: HeldLicence, device: string, reported: Set<string>): Promise<string> {
  const kind = app.named(card.kind.names);
  try {
    if (!reported.has(card.id)) await reportLost(app.wallet, card, device, transport);
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    return app.said(TEXTS.step1Failed, { kind, why: error.userText(app.language) });
  }
  reported.add(card.id);
  return app.said(TEXTS.step1Done, { kind });
}

/** The end: nothing is left that could be shown, and a new start makes a new key. */
const emptiedView: View = (app, main) => {
  main.append(
    make("h1", {}, app.said(TEXTS.emptied)),
    make("p", {}, app.said(TEXTS.emptiedHow)),
    button(app.said(TEXTS.anew), () => location.reload()),
  );
};

/** Asks issuers, one thing after the other; what came of it is said, unless its page has been left. */
function oneAtATime(app: App, main: HTMLElement): (act: () => Promise<string>) => () => void {
  let isAsking = false;
  return (act) =>
    app.attempt(async () => {
      if (isAsking) return;
      isAsking = true;
      app.say(app.text("asking"));
      try {
        const said = await act();
        if (main.isConnected) app.say(said);
      } catch (error) {
        if (main.isConnected || !(error instanceof WalletError)) throw error;
      } finally {
        isAsking = false;
      }
    });
}
