/**
 * Several licences at one counter: the holder chooses them, agrees once on one sheet, and shows one code for all; or, where
 * that does not fit or the holder wants it so, one code after the other.
 *
 * What was agreed to for one code holds for codes one after the other too, but the holder says so first: nothing is shown in
 * another way than its sheet said.
 */

import { type BatchDecision, type BatchShowing, requestBatch, showBatch } from "../src/batch.ts";
import { MAX_MEMBERS } from "../src/bundle.ts";
import type { Names } from "../src/catalogue.ts";
import type { HeldLicence } from "../src/heldLicence.ts";
import { type JointRequest, requestBundle, showBundle } from "../src/joint.ts";
import { type Purpose, PURPOSES } from "../src/purposes.ts";
import type { Frame, Showing } from "../src/showing.ts";
import { WalletError } from "../src/walletError.ts";
import type { App, View } from "./app.ts";
import { purposesOf } from "./cards.ts";
import { codeView } from "./codeView.ts";
import { sheetView } from "./consentView.ts";
import { button, dropDown, make, on, question, ticked } from "./elements.ts";
import { type Chosen, jointSheet } from "./jointSheet.ts";
import { shortCodeView } from "./shortCodeView.ts";
import { names, PURPOSE_NAMES, STATE_NAMES } from "./texts.ts";

type Way = "together" | "inTurn";

const TEXTS = {
  severalCards: names("选择要出示的证照", "選擇要出示的證照", "Choose the licences"),
  severalWay: names("出示方式", "出示方式", "How to show them"),
  together: names("合成一个码（最多四份）", "合成一個碼（最多四份）", "In one code (up to four)"),
  inTurn: names("逐份出示", "逐份出示", "One after the other"),
  inTurnHow: names("同意后逐份出示，每份一个码。", "同意後逐份出示，每份一個碼。", "Each has a code of its own; you go from one to the next."),
  tooManyTogether: names(
    "一个码最多四份证照。请减少，或选择逐份出示。",
    "一個碼最多四份證照。請減少，或選擇逐份出示。",
    "One code holds up to four licences. Choose fewer, or show them one after the other.",
  ),
  tooManyForShortCode: names("一次最多出示四份证照。", "一次最多出示四份證照。", "Choose up to four licences."),
  tooLargeTogether: names(
    "这些内容合成一个码放不下，没有出示。可以逐份出示，或减少项目。",
    "這些內容合成一個碼放不下，沒有出示。可以逐份出示，或減少項目。",
    "All this does not fit into one code; nothing was shown. Show them one after the other, or choose fewer items.",
  ),
  agreeInTurn: names("同意并逐份出示", "同意並逐份出示", "Agree and show one after the other"),
  nextTurn: names("下一份（已出示 {n}／{total}）", "下一份（已出示 {n}／{total}）", "Next one ({n} of {total} shown)"),
  turnsEnd: names("结束（已出示 {n}／{total}）", "結束（已出示 {n}／{total}）", "End ({n} of {total} shown)"),
  turnsOver: names("出示结束", "出示結束", "Nothing more to show"),
  turnsShown: names("出示了 {n}／{total} 份。", "出示了 {n}／{total} 份。", "{n} of {total} were shown."),
  turnsFailed: names("没有出示的：", "沒有出示的：", "Not shown:"),
  nothingToShow: names("没有可以出示的证照。", "沒有可以出示的證照。", "There is no licence to show."),
} satisfies Readonly<Record<string, Names>>;

/** Which licences, for what, in which way. `then`: what comes next, showing them or a counter's short code. */
export function chooseView(then: "show" | "shortCode"): View {
  // Of the choice, not of one drawing of its page: another language leaves it as it is.
  const ticks = new Set<string>();
  let purpose: Purpose | null = null;
  let way: Way = "together";
  return (app, main) => {
    const offered = PURPOSES.filter((each) => cardsFor(app, each).length > 0);
    purpose ??= offered[0] ?? null;
    main.append(make("h1", {}, app.text(then === "show" ? "several" : "shortCode")));
    if (purpose === null) return void main.append(make("p", {}, app.said(TEXTS.nothingToShow)));
    const list = make("div");
    const draw = (at: Purpose) => {
      const rows = cardsFor(app, at).map((card) => {
        const { row, box } = ticked(calledOf(app, card), ticks.has(card.id));
        on(box, { change: () => void (box.checked ? ticks.add(card.id) : ticks.delete(card.id)) });
        return row;
      });
      list.replaceChildren(question(app.said(TEXTS.severalCards), ...rows));
    };
    draw(purpose);
    const purposeNames = offered.map((each) => [each, app.named(PURPOSE_NAMES[each])] as const);
    const purposes = dropDown("purpose", purposeNames, purpose);
    on(purposes, {
      change: () => {
        purpose = purposes.value as Purpose;
        draw(purpose);
      },
    });
    const ways = (["together", "inTurn"] as const).map((each) => {
      const dot = make("input", { type: "radio", name: "way", value: each });
      dot.checked = each === way;
      on(dot, { change: () => void (way = each) });
      return make("label", { class: "tick" }, dot, make("span", {}, app.said(TEXTS[each])));
    });
    const goOn = app.attempt(() => {
      const cards = cardsFor(app, purpose!).filter(({ id }) => ticks.has(id));
      if (cards.length === 0) return app.say(app.text("nothingChosen"));
      const isOneCode = then === "shortCode" || way === "together";
      const tooMany = then === "show" ? "tooManyTogether" : "tooManyForShortCode";
      if (isOneCode && cards.length > MAX_MEMBERS) return app.say(app.said(TEXTS[tooMany]));
      app.replace(main, next(app, cards, purpose!, then, way));
    });
    main.append(
      make("p", { class: "filter" }, make("label", { for: "purpose" }, app.text("showFor")), purposes),
      list,
      then === "show" ? question(app.said(TEXTS.severalWay), ...ways) : "",
      make("div", { class: "decide" }, button(app.text("goOnWith"), goOn, "main"), button(app.text("cancel"), () => app.back())),
    );
  };
}

function next(app: App, cards: readonly HeldLicence[], purpose: Purpose, then: "show" | "shortCode", way: Way): View {
  if (then === "shortCode") return shortCodeView(purpose, cards.map(({ id }) => id)); // prettier-ignore
  const [first, ...others] = cards;
  if (others.length === 0) return sheetView(app.wallet.request(first!, purpose));
  return way === "together" ? togetherView(requestBundle(app.wallet, cards, purpose)) : inTurnView(cards, purpose);
}

/** One sheet for all, then one code. */
const togetherView =
  (request: JointRequest): View =>
  (app, main) => {
    const { purpose, sheets } = request;
    const sheet = jointSheet(app, request, true);
    const notice = make("p", { class: "caution", hidden: true, tabindex: "-1" }, app.said(TEXTS.tooLargeTogether));
    let isInTurn = false;
    const agree = button(app.text("agree"), app.attempt(() => decided()), "main");
    const decided = async () => {
      const chosen = sheet.chosen();
      if (chosen === null) return app.say(app.text("nothingChosen"));
      if (isInTurn) {
        const cards = sheets.map(({ licence }) => licence).filter(({ id }) => Object.hasOwn(chosen.choice, id));
        return inTurn(app, main, chosen, requestBatch(app.wallet, cards, purpose).approve(chosen.choice));
      }
      const showing = showBundle(app.wallet, { consent: request.approve(chosen.choice) });
      if (!(await fits(showing))) {
        showing.close();
        isInTurn = true;
        notice.hidden = false;
        agree.textContent = app.said(TEXTS.agreeInTurn);
        return notice.focus();
      }
      const act = { at: app.now(), purpose, relyingParty: null };
      await app.keeping.note(chosen.shown.map(({ kind, items }) => ({ ...act, kind, items })));
      const kinds = chosen.shown.map(({ kind }) => kind);
      const items = chosen.shown.flatMap((each) => each.items);
      const again = { purpose, ids: chosen.shown.map(({ id }) => id) };
      app.replace(main, codeView({ source: showing, kinds, items, showing, again }));
    };
    drawSheet(app, main, purpose, [...sheet.parts, notice], agree);
  };

/** Whether one code holds it all; nothing of it has been seen yet. */
async function fits(showing: Showing): Promise<boolean> {
  try {
    await showing.frame();
    return true;
  } catch (error) {
    if (error instanceof WalletError && error.code === "CODE_TOO_LARGE") return false;
    throw error;
  }
}

/** One sheet for all, then one code after the other. */
const inTurnView =
  (cards: readonly HeldLicence[], purpose: Purpose): View =>
  (app, main) => {
    const request = requestBatch(app.wallet, cards, purpose);
    const sheet = jointSheet(app, request, true);
    const decided = app.attempt(() => {
      const chosen = sheet.chosen();
      if (chosen === null) return app.say(app.text("nothingChosen"));
      return inTurn(app, main, chosen, request.approve(chosen.choice));
    });
    const agree = button(app.said(TEXTS.agreeInTurn), decided, "main");
    drawSheet(app, main, purpose, [make("p", {}, app.said(TEXTS.inTurnHow)), ...sheet.parts], agree);
  };

function drawSheet(app: App, main: HTMLElement, purpose: Purpose, parts: readonly HTMLElement[], agree: HTMLElement): void {
  main.append(
    make("h1", {}, app.text("sheet")),
    make("p", {}, app.text("forPurpose", { purpose: app.named(PURPOSE_NAMES[purpose]) })),
    ...parts,
    make("div", { class: "decide" }, agree, button(app.text("cancel"), () => app.back())),
  );
}

function inTurn(app: App, main: HTMLElement, chosen: Chosen, consent: BatchDecision): Promise<void> {
  return turn(app, main, showBatch(app.wallet, { consent }), chosen, consent.purpose);
}

/** The next licence that can be shown, noted before it is seen; after the last, how it went. */
async function turn(app: App, main: HTMLElement, batch: BatchShowing, chosen: Chosen, purpose: Purpose): Promise<void> {
  const frame = await batch.next();
  const its = chosen.shown.find(({ id }) => id === batch.licenceId);
  if (frame !== null && its !== undefined && main.isConnected)
    await app.keeping.note([{ at: app.now(), purpose, relyingParty: null, kind: its.kind, items: its.items }]);
  // Who has left meanwhile shows nothing any more.
  if (!main.isConnected) return batch.close();
  if (frame === null || its === undefined) return app.replace(main, overView(batch, chosen));
  let isOver = false;
  const source = {
    // While the next one is being signed this one stands.
    frame: async (): Promise<Frame> => (isOver ? frame : ((await batch.frame()) ?? frame)),
    close: () => {
      if (!isOver) batch.close();
    },
  };
  const go = async (shown: HTMLElement) => {
    if (isOver) return;
    isOver = true;
    await turn(app, shown, batch, chosen, purpose);
  };
  const parts = { n: String(batch.position - batch.failed.size), total: String(batch.total) };
  const label = app.said(batch.position === batch.total ? TEXTS.turnsEnd : TEXTS.nextTurn, parts);
  app.replace(main, codeView({ source, kinds: [its.kind], items: its.items, next: { label, go } }));
}

/** How many were shown, and why the others were not. It is no result: what the counter made of them, only its reader says. */
const overView =
  (batch: BatchShowing, { shown }: Chosen): View =>
  (app, main) => {
    const kinds = new Map<string, Names>(shown.map(({ id, kind }) => [id, kind]));
    const failed = [...batch.failed].map(([id, error]) =>
      make("li", {}, make("strong", {}, app.named(kinds.get(id)!)), " ", error.userText(app.language)),
    );
    const parts = { n: String(batch.total - failed.length), total: String(batch.total) };
    main.append(make("h1", {}, app.said(TEXTS.turnsOver)), make("p", {}, app.said(TEXTS.turnsShown, parts)));
    if (failed.length > 0) main.append(make("p", { class: "caution" }, app.said(TEXTS.turnsFailed)), make("ul", {}, ...failed));
    main.append(make("p", {}, app.text("codeNeutral")));
  };

function cardsFor(app: App, purpose: Purpose): readonly HeldLicence[] {
  return app.wallet.cards().filter((card) => purposesOf(card).includes(purpose));
}

/** What tells one licence from the others in a list: its kind, its issuer, its group, and what is against it. */
function calledOf(app: App, card: HeldLicence): string {
  const state = app.wallet.state(card);
  const { iss } = card.credentials[0].issued.claims;
  const stated = ["valid", "expiring"].includes(state) ? null : app.named(STATE_NAMES[state]);
  return [app.named(card.kind.names), iss, card.group, stated].filter((each) => each !== null).join(" · ");
}
