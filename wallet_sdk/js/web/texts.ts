/**
 * The words of the web wallet in its three languages; `{name}` stands for what is put in.
 *
 * Pages that are loaded only when they are opened have their words beside them.
 */

import type { Language, Names } from "../src/catalogue.ts";
import type { Purpose } from "../src/purposes.ts";
import type { CardState } from "../src/wallet.ts";

export const LANGUAGES: Readonly<Record<Language, string>> = { "zh-Hans": "简体", "zh-Hant": "繁體", en: "English" };

export const PURPOSE_NAMES: Readonly<Record<Purpose, Names>> = {
  window: names("服务窗口", "服務窗口", "service window"),
  kiosk: names("自助终端", "自助終端", "self-service kiosk"),
  roadside: names("路面执法", "路面執法", "roadside check by police"),
  gate: names("门禁", "門禁", "gate"),
  hotel: names("酒店入住", "飯店入住", "hotel check-in"),
  airport: names("机场", "機場", "airport"),
};

export const STATE_NAMES: Readonly<Record<CardState, Names>> = {
  valid: names("有效期内", "有效期內", "in date"),
  expiring: names("即将到期", "即將到期", "expires soon"),
  expired: names("已过期", "已過期", "expired"),
  "needs-refresh": names("需向发证机关更新", "需向發證機關更新", "needs a refresh from its issuer"),
  "not-yet": names("尚未生效", "尚未生效", "not valid yet"),
  suspended: names("已暂扣", "已暫扣", "suspended"),
  "device-lost": names("本机已挂失", "本機已掛失", "this device was reported lost"),
  unbound: names("未绑定本机", "未綁定本機", "not bound to this phone"),
  revoked: names("已吊销", "已吊銷", "revoked"),
  withdrawn: names("已撤回", "已撤回", "withdrawn"),
  cancelled: names("已注销", "已註銷", "cancelled"),
  superseded: names("已换新证", "已換新證", "replaced by a new one"),
  invalid: names("已失效", "已失效", "no longer valid"),
};

const TEXTS = {
  title: names("亮证", "亮證", "Liangzheng"),
  language: names("语言", "語言", "Language"),
  largeType: names("大字", "大字", "Large type"),
  back: names("返回", "返回", "Back"),
  pack: names("我的证照", "我的證照", "My licences"),
  receive: names("领取证照", "領取證照", "Receive a licence"),
  history: names("使用记录", "使用記錄", "History"),
  nothingHeld: names(
    "这里还没有证照。请先把设备公钥交给发证机关，再领取证照。",
    "這裡還沒有證照。請先把裝置公鑰交給發證機關，再領取證照。",
    "No licence here yet. Give this device's key to the issuer first, then receive the licence.",
  ),
  search: names("查找证照", "尋找證照", "Search"),
  found: names("找到 {n} 份", "找到 {n} 份", "{n} found"),
  group: names("分组", "分組", "Group"),
  groupAll: names("全部", "全部", "All"),
  groupNone: names("未分组", "未分組", "Without a group"),
  inGroup: names("分组：{group}", "分組：{group}", "Group: {group}"),
  groupName: names("分组名称（留空则不分组）", "分組名稱（留空則不分組）", "Name of the group (empty: none)"),
  groupSave: names("保存分组", "儲存分組", "Save the group"),
  groupSaved: names("已保存到分组：{group}", "已儲存到分組：{group}", "Saved in the group: {group}"),
  personal: names("个人", "個人", "Personal"),
  legalPerson: names("企业与组织", "企業與組織", "Companies and organisations"),
  family: names("家人与受托", "家人與受託", "Family and mandates"),
  issuedBy: names("发证机关 {issuer}", "發證機關 {issuer}", "Issued by {issuer}"),
  region: names("地区", "地區", "Region"),
  fingerprint: names("根密钥指纹", "根金鑰指紋", "Fingerprint of its root key"),
  hidden: names("已隐藏", "已隱藏", "hidden"),
  showItems: names("显示内容", "顯示內容", "Show the items"),
  hideItems: names("隐藏内容", "隱藏內容", "Hide the items"),
  items: names("证照内容", "證照內容", "Items"),
  showFor: names("出示给", "出示給", "Show it at a"),
  remove: names("从本机删除", "從本機刪除", "Remove from this device"),
  removeReally: names(
    "只删除本机上的证照，发证机关的登记不变。确定删除吗？",
    "只刪除本機上的證照，發證機關的登記不變。確定刪除嗎？",
    "Only this device's copy goes; the issuer's register stays as it is. Remove it?",
  ),
  removeYes: names("确定删除", "確定刪除", "Yes, remove"),
  deviceKey: names("本机设备公钥", "本機裝置公鑰", "This device's public key"),
  deviceKeyWhy: names(
    "私钥在本机生成，无法取出。发证机关只需要这段公钥。",
    "私鑰在本機生成，無法取出。發證機關只需要這段公鑰。",
    "Its private key was made here and cannot be taken out. The issuer needs only this public key.",
  ),
  link: names("领取码或证照包的链接", "領取碼或證照包的連結", "Link to a licence package, or an offer"),
  fetchLink: names("打开链接", "開啟連結", "Open the link"),
  file: names("或选择证照包文件", "或選擇證照包檔案", "Or choose a package file"),
  linkWrong: names(
    "这不是网址或领取码。请粘贴以 https:// 或 openid-credential-offer:// 开头的完整链接。",
    "這不是網址或領取碼。請貼上以 https:// 或 openid-credential-offer:// 開頭的完整連結。",
    "This is no web address and no offer. Paste the whole link, from https:// or openid-credential-offer:// on.",
  ),
  offered: names("领取这份证照？", "領取這份證照？", "Accept this offer?"),
  offeredBy: names("发出邀请的网站", "發出邀請的網站", "Offered by the site"),
  offeredKind: names("证照", "證照", "Licence"),
  offerUnverified: names(
    "邀请本身没有签名。请只领取您正在办理的证照；收到后会逐项核验，再请您确认。",
    "邀請本身沒有簽章。請只領取您正在辦理的證照；收到後會逐項核驗，再請您確認。",
    "An offer is not signed. Accept it only if you asked this office for it; what comes is checked, and you are asked again.",
  ),
  txCode: names("领取验证码（由发证机关另行告知）", "領取驗證碼（由發證機關另行告知）", "Transaction code (the office tells you it another way)"),
  acceptOffer: names("领取", "領取", "Accept"),
  asking: names("正在联系发证机关……", "正在聯繫發證機關……", "Asking the issuer …"),
  grantRefused: names(
    "验证码不对，或邀请已用过、已过期（十分钟内有效，输错五次作废）。请核对验证码，或请发证机关重新发出邀请。",
    "驗證碼不對，或邀請已用過、已過期（十分鐘內有效，輸錯五次作廢）。請核對驗證碼，或請發證機關重新發出邀請。",
    "The code is wrong, or the offer was used or is over (ten minutes, five wrong codes). Check the code, or ask the office for a new offer.",
  ),
  unnamedKind: names("未命名", "未命名", "without a name"),
  waiting: names("等待领取", "等待領取", "Waiting to be received"),
  inReview: names("等待发证机关审核", "等待發證機關審核", "in review at the issuer"),
  goOn: names("可以继续领取", "可以繼續領取", "ready to go on"),
  waitsForReview: names(
    "发证机关需要先审核。可以关闭钱包，稍后再来询问。",
    "發證機關需要先審核。可以關閉錢包，稍後再來詢問。",
    "The issuer has to look at it first. You may close the wallet and ask again later.",
  ),
  waitsForYou: names(
    "领取中断了。请在十分钟内继续，否则要请发证机关重新发出邀请。",
    "領取中斷了。請在十分鐘內繼續，否則要請發證機關重新發出邀請。",
    "Receiving was interrupted. Go on within ten minutes, or the office has to make a new offer.",
  ),
  askAgain: names("现在询问", "現在詢問", "Ask now"),
  giveUp: names("放弃领取", "放棄領取", "Give it up"),
  check: names("向发证机关查询变化", "向發證機關查詢變化", "Ask the issuers for changes"),
  checked: names("已向发证机关查询。", "已向發證機關查詢。", "The issuers have been asked."),
  stateNow: names("请注意，这份证照：{state}。对方可能不予受理。", "請注意，這份證照：{state}。對方可能不予受理。", "Note: this licence is {state}. You may be turned away."),
  scan: names("扫码", "掃碼", "Scan a code"),
  scanOffer: names("用相机扫领取码", "用相機掃領取碼", "Scan an offer with the camera"),
  scanOfferHint: names("请对准发证机关屏幕或凭条上的领取码。", "請對準發證機關螢幕或憑條上的領取碼。", "Aim at the code on the office's screen or slip."),
  scanRequest: names("用相机扫查验请求", "用相機掃查驗請求", "Scan a request with the camera"),
  scanRequestHint: names("请对准查验终端屏幕上的码。", "請對準查驗終端螢幕上的碼。", "Aim at the code on the terminal's screen."),
  cameraPicture: names("相机画面", "相機畫面", "The camera's picture"),
  otherCode: names("这是另一种码。", "這是另一種碼。", "This is another kind of code."),
  linkFailed: names(
    "无法取得证照包：链接没有回应，或不允许网页读取。没有保存任何内容。请下载文件后再选择它。",
    "無法取得證照包：連結沒有回應，或不允許網頁讀取。沒有儲存任何內容。請下載檔案後再選擇它。",
    "The package did not come: the link does not answer, or lets no page read it. Nothing was kept. Download the file and choose it here.",
  ),
  tooLarge: names("文件太大，不是证照包。", "檔案太大，不是證照包。", "This file is too large for a licence package."),
  keepThis: names("要保存这份证照吗？", "要儲存這份證照嗎？", "Keep this licence?"),
  newRegion: names(
    "这是第一份来自该地区的证照。保存后，以后只信任这个根密钥。请核对发证机关公布的指纹。",
    "這是第一份來自該地區的證照。儲存後，以後只信任這個根金鑰。請核對發證機關公布的指紋。",
    "This is the first licence from this region. Once kept, only this root key is trusted. Compare the fingerprint with the one its issuer publishes.",
  ),
  trustRegion: names("我已核对，信任这个地区的根密钥", "我已核對，信任這個地區的根金鑰", "I have compared it and trust this root key"),
  trustFirst: names("请先核对并勾选根密钥。", "請先核對並勾選根金鑰。", "Compare the root key and tick the box first."),
  keep: names("保存", "儲存", "Keep"),
  discard: names("不保存", "不儲存", "Do not keep"),
  kept: names("已保存：{kind}", "已儲存：{kind}", "Kept: {kind}"),
  sheet: names("确认出示内容", "確認出示內容", "What will be shown"),
  forPurpose: names("用途：{purpose}", "用途：{purpose}", "Purpose: {purpose}"),
  mandatory: names("必需项目", "必需項目", "Needed"),
  optional: names("可选项目（默认不出示）", "可選項目（預設不出示）", "Optional (not shown unless chosen)"),
  separate: names("需单独同意（逐项选择）", "需單獨同意（逐項選擇）", "Each needs your separate consent"),
  separateItem: names("我单独同意出示“{item}”", "我單獨同意出示「{item}」", "I agree separately that “{item}” is shown"),
  separateNeeded: names("（该用途必需，不同意可能无法办理）", "（該用途必需，不同意可能無法辦理）", " (needed for this purpose; without it you may be turned away)"),
  alwaysShown: names("总会出示", "總會出示", "Always shown"),
  missing: names("该用途需要、但证照中没有", "該用途需要、但證照中沒有", "Needed, but not in this licence"),
  agree: names("同意并出示", "同意並出示", "Agree and show"),
  cancel: names("取消", "取消", "Cancel"),
  codeTitle: names("请对准查验设备", "請對準查驗裝置", "Hold this before the reader"),
  codeNeutral: names(
    "本页不是查验结果，请以查验设备为准。",
    "本頁不是查驗結果，請以查驗裝置為準。",
    "This screen is no result. Only the reader decides.",
  ),
  codePicture: names("{kind}的动态码", "{kind}的動態碼", "Dynamic code of {kind}"),
  brightness: names("请把屏幕亮度调到最高", "請把螢幕亮度調到最高", "Turn the screen's brightness up"),
  seconds: names("{n} 秒", "{n} 秒", "{n} s"),
  shownNow: names("正在出示：{items}", "正在出示：{items}", "Being shown: {items}"),
  close: names("关闭", "關閉", "Close"),
  closed: names("动态码已关闭", "動態碼已關閉", "The code is closed"),
  closedHidden: names(
    "因为您离开了本页。需要时请重新出示。",
    "因為您離開了本頁。需要時請重新出示。",
    "You left the page. Show it again when you need it.",
  ),
  closedOver: names("这个码已到时限。", "這個碼已到時限。", "Its time was over."),
  reminders: names("到期提醒", "到期提醒", "Reminders"),
  remindersDue: names("到期提醒（{n}）", "到期提醒（{n}）", "Reminders ({n})"),
  lost: names("丢失或转让设备", "遺失或轉讓裝置", "Device lost or passed on"),
  portraitOn: names("同时出示照片（动态画面）", "同時出示照片（動態畫面）", "Show the portrait too (moving picture)"),
  portraitOff: names("停止出示照片", "停止出示照片", "Stop the portrait"),
  portraitHint: names(
    "画面每秒变换 {n} 次。请在摄像头前保持约 {s} 秒。",
    "畫面每秒變換 {n} 次。請在鏡頭前保持約 {s} 秒。",
    "The picture changes {n} times a second. Hold it before the camera for about {s} s.",
  ),
  shortCode: names("输入对方屏幕上的短码", "輸入對方螢幕上的短碼", "Type the counter's short code"),
  goOnWith: names("继续", "繼續", "Go on"),
  several: names("一次出示多份", "一次出示多份", "Show several at once"),
  answer: names("回应查验请求", "回應查驗請求", "Answer a terminal"),
  challenge: names("查验请求的文字（以 LC1: 开头）", "查驗請求的文字（以 LC1: 開頭）", "Text of the terminal's request (it begins with LC1:)"),
  readChallenge: names("读取请求", "讀取請求", "Read the request"),
  askedBy: names("查验方", "查驗方", "Asked by"),
  place: names("地点", "地點", "Place"),
  reason: names("事由（对方填写）", "事由（對方填寫）", "Reason, in their words"),
  kindsMissing: names("对方还要求，但这里没有：{kinds}", "對方還要求，但這裡沒有：{kinds}", "Also asked for, and not held here: {kinds}"),
  leaveOut: names("出示这份证照", "出示這份證照", "Show this licence"),
  nothingChosen: names("请至少选择一份证照。", "請至少選擇一份證照。", "Choose at least one licence."),
  historyEmpty: names("还没有使用记录。", "還沒有使用記錄。", "Nothing has been shown yet."),
  historyLocal: names("记录只保存在本机。", "記錄只儲存在本機。", "Kept on this device only."),
  when: names("时间", "時間", "When"),
  what: names("项目", "項目", "Items"),
  forWhom: names("对象", "對象", "For whom"),
  clear: names("清空记录", "清空記錄", "Clear the history"),
  clearReally: names("清空后无法恢复。确定吗？", "清空後無法恢復。確定嗎？", "It cannot be brought back. Clear it?"),
  clearYes: names("确定清空", "確定清空", "Yes, clear"),
  insecure: names(
    "此页面不是安全连接（https），浏览器不提供密钥功能，因此不能使用钱包。请用 https 地址打开。",
    "此頁面不是安全連線（https），瀏覽器不提供金鑰功能，因此不能使用錢包。請用 https 網址開啟。",
    "This page came over plain http, where a browser makes no keys, so the wallet cannot work. Open its https address.",
  ),
  openElsewhere: names(
    "钱包已在另一个标签页中打开。请在那里使用，或关闭它后重新载入本页。",
    "錢包已在另一個分頁中開啟。請在那裡使用，或關閉它後重新載入本頁。",
    "The wallet is open in another tab. Use it there, or close that tab and load this page again.",
  ),
  broken: names(
    "发生了意外错误，没有出示任何内容。请重新载入本页再试。",
    "發生了意外錯誤，沒有出示任何內容。請重新載入本頁再試。",
    "Something unexpected went wrong; nothing was shown. Load the page again.",
  ),
};

export type Key = keyof typeof TEXTS;

export function textIn(language: Language, key: Key, parts: Readonly<Record<string, string>> = {}): string {
  return filled(TEXTS[key][language], parts);
}

export function filled(text: string, parts: Readonly<Record<string, string>>): string {
  // One pass: what was put in is never read as a place to put something in.
  return text.replace(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? "");
}

export function names(hans: string, hant: string, en: string): Names {
  return { "zh-Hans": hans, "zh-Hant": hant, en };
}
