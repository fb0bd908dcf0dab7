/**
 * Which licences end soon, and where they are renewed: worked out here from what the region signed, without a network.
 *
 * Whoever says where they are gets the nearest office first: by a division, which is kept on this device, or by the browser's
 * location, which is not. Nothing of it leaves the page; how a browser finds its place is the browser's.
 */

import type { Names } from "../src/catalogue.ts";
import type { Office, Place, Point } from "../src/directory.ts";
import { metres } from "../src/nearest.ts";
import { CardPack, type Reminder } from "../src/pack.ts";
import { legalEnd } from "../src/heldLicence.ts";
import type { App, View } from "./app.ts";
import { cardView } from "./cardView.ts";
import { button, facts, make, on, section } from "./elements.ts";
import { names } from "./texts.ts";

/** Of one licence; a region may have hundreds. */
const MOST_OFFICES = 5;
/** Milliseconds that the browser may take to find its place. */
const PATIENCE = 30_000;
/** Whole days up to the midnight that ends the licence. */
const DAY_MS = 86_400_000;

const TEXTS = {
  nothing: names("没有快要到期的证照。", "沒有快要到期的證照。", "No licence ends soon."),
  local: names(
    "到期前 30、7、1 天起在这里提醒。全部在本机算出，不联网。",
    "到期前 30、7、1 天起在這裡提醒。全部在本機算出，不連線。",
    "Shown here from 30, 7 and 1 days before the end. All of it is worked out on this device.",
  ),
  now: names("现在该办的", "現在該辦的", "Due now"),
  coming: names("以后提醒", "以後提醒", "Coming"),
  left: names("还有 {n} 天到期（{day} 最后一天）", "還有 {n} 天到期（{day} 最後一天）", "Days left: {n} (last day: {day})"),
  from: names("{at} 起提醒：还有 {n} 天", "{at} 起提醒：還有 {n} 天", "from {at} on (days left: {n})"),
  where: names("您在哪里？（由近到远排列）", "您在哪裡？（由近到遠排列）", "Where are you? (The nearest comes first.)"),
  division: names("行政区划代码（六位数字，可不填）", "行政區劃代碼（六位數字，可不填）", "Division code (six digits, or empty)"),
  divisionWhy: names(
    "例如 310115。只保存在本机，不会发给任何人。",
    "例如 310115。只儲存在本機，不會傳給任何人。",
    "For example 310115. Kept on this device only and sent to nobody.",
  ),
  sort: names("按此排列", "按此排列", "Sort by it"),
  divisionWrong: names("行政区划代码是六位数字。", "行政區劃代碼是六位數字。", "A division code has six digits."),
  locate: names("使用本机位置", "使用本機位置", "Use this device's location"),
  locating: names("正在定位……", "正在定位……", "Finding the place …"),
  located: names("已按本机位置排列。位置不会保存。", "已按本機位置排列。位置不會儲存。", "Sorted by this device's location, which is not kept."),
  notLocated: names(
    "没有取得位置。请在浏览器的网站设置中允许，或填写行政区划代码。",
    "沒有取得位置。請在瀏覽器的網站設定中允許，或填寫行政區劃代碼。",
    "No location came. Allow it in the browser's settings for this page, or type the division code.",
  ),
  sorted: names("已由近到远排列。", "已由近到遠排列。", "Sorted."),
  offices: names("在这里换证", "在這裡換證", "Renewed at"),
  noOffices: names(
    "该地区没有列出办理地点。请询问发证机关：{issuer}。",
    "該地區沒有列出辦理地點。請詢問發證機關：{issuer}。",
    "Its region lists no office. Ask the issuer: {issuer}.",
  ),
  address: names("地址", "地址", "Address"),
  phone: names("电话", "電話", "Telephone"),
  distance: names("直线距离", "直線距離", "Distance"),
  km: names("约 {n} 公里", "約 {n} 公里", "about {n} km"),
  open: names("打开：{kind}", "開啟：{kind}", "Open: {kind}"),
} satisfies Readonly<Record<string, Names>>;

export function reminderView(): View {
  let point: Point | null = null;
  return (app, main) => {
    const list = make("div");
    const typed = make("input", {
      id: "division", type: "text", inputmode: "numeric", autocomplete: "off", spellcheck: "false", "aria-describedby": "division-why",
    }); // prettier-ignore
    const near = (): Place | Point | null => point ?? (typed.value === "" ? null : { division: typed.value, point: null });
    const draw = () => list.replaceChildren(...lists(app, near()));
    const form = make("form", {}, make("label", { for: "division" }, app.said(TEXTS.division)), typed);
    form.append(
      make("p", { id: "division-why" }, app.said(TEXTS.divisionWhy)),
      make("div", { class: "decide" }, make("button", { type: "submit" }, app.said(TEXTS.sort)), ...locating(app, (found) => ((point = found), draw()))),
    );
    const sort = app.attempt(async () => {
      typed.value = typed.value.normalize("NFKC").trim();
      if (typed.value !== "" && !/^[0-9]{6}$/.test(typed.value)) return app.say(app.said(TEXTS.divisionWrong));
      point = null;
      draw();
      await app.keeping.set("division", typed.value);
      app.say(app.said(TEXTS.sorted));
    });
    on(form, {
      submit: (event) => {
        event.preventDefault();
        sort();
      },
    });
    main.append(make("h1", {}, app.text("reminders")), make("p", {}, app.said(TEXTS.local)), list, section(app.said(TEXTS.where), form));
    app.attempt(async () => {
      const kept = await app.keeping.setting("division");
      if (typeof kept === "string" && /^[0-9]{6}$/.test(kept)) typed.value = kept;
      draw();
    })();
  };
}

/** The way to the browser's location; none where a browser has none to give. */
function locating(app: App, found: (point: Point) => void): readonly HTMLElement[] {
  if (navigator.geolocation === undefined) return [];
  const ask = () => {
    app.say(app.said(TEXTS.locating));
    const got = ({ coords: { latitude, longitude } }: GeolocationPosition) => {
      if (!here.isConnected) return;
      found({ latitude, longitude });
      app.say(app.said(TEXTS.located));
    };
    const failed = () => here.isConnected && app.say(app.said(TEXTS.notLocated));
    // A kilometre is near enough, and is found without a satellite.
    navigator.geolocation.getCurrentPosition(got, failed, { timeout: PATIENCE, maximumAge: PATIENCE });
  };
  const here = button(app.said(TEXTS.locate), ask);
  return [here];
}

function lists(app: App, near: Place | Point | null): readonly HTMLElement[] {
  const pack = new CardPack(app.wallet);
  const [due, coming] = [pack.reminders(undefined, near), pack.schedule(undefined, near)];
  const day = new Intl.DateTimeFormat(app.language, { dateStyle: "medium", timeZone: "Asia/Shanghai" });
  const made: HTMLElement[] = [];
  if (due.length === 0) made.push(make("p", {}, app.said(TEXTS.nothing)));
  else made.push(section(app.said(TEXTS.now), make("ul", { class: "pack" }, ...due.map((each) => make("li", {}, ...reminded(app, each, near, day))))));
  if (coming.length > 0) {
    const rows = coming.map(({ licence, at, daysLeft }) => {
      const when = app.said(TEXTS.from, { at: day.format(at * 1_000), n: String(daysLeft) });
      return make("li", {}, make("strong", {}, app.named(licence.kind.names)), " ", when);
    });
    made.push(section(app.said(TEXTS.coming), make("ul", {}, ...rows)));
  }
  return made;
}

function reminded(app: App, { licence, offices }: Reminder, near: Place | Point | null, day: Intl.DateTimeFormat): readonly HTMLElement[] {
  // What is left now, not what was left on the day on which it became due.
  const end = legalEnd(licence)! * 1_000;
  const left = Math.ceil((end - app.now() * 1_000) / DAY_MS) - 1;
  const kind = app.named(licence.kind.names);
  const made: HTMLElement[] = [
    make("strong", {}, kind),
    make("p", { class: "state" }, app.said(TEXTS.left, { n: String(left), day: day.format(end - 1_000) })),
    button(app.said(TEXTS.open, { kind }), () => app.go(cardView(licence.id))),
  ];
  const { iss } = licence.credentials[0].issued.claims;
  if (offices.length === 0) return [...made, make("p", {}, app.said(TEXTS.noOffices, { issuer: iss }))];
  const rows = offices.slice(0, MOST_OFFICES).map((each) => make("li", {}, make("strong", {}, each.name), facts(factsOf(app, each, near))));
  return [...made, make("p", {}, app.said(TEXTS.offices)), make("ul", { class: "pack offices" }, ...rows)];
}

/** A distance only where both points are known: of a division alone it would be a guess. */
function factsOf(app: App, office: Office, near: Place | Point | null): readonly (readonly [string, string])[] {
  const far = near === null ? null : metres(office, near);
  const rows = [
    [app.said(TEXTS.address), office.address],
    [app.said(TEXTS.phone), office.phone],
  ] as const;
  return far === null ? rows : [...rows, [app.said(TEXTS.distance), app.said(TEXTS.km, { n: kilometres(far, app.language) })]];
}

function kilometres(far: number, language: string): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: far < 10_000 ? 1 : 0 }).format(far / 1_000);
}
