/** Every word of the verifier's page in its three languages; `{name}` stands for what is put in. Verdicts: the terminal's. */

import type { Language, Names } from "../../src/catalogue.ts";
import type { Purpose } from "../../src/purposes.ts";
import type { CameraProblem } from "../../camera/codeReader.ts";
import type { MaterialProblem } from "../materialError.ts";

export const LANGUAGES: Readonly<Record<Language, string>> = { "zh-Hans": "简体", "zh-Hant": "繁體", en: "English" };

export const PURPOSE_NAMES: Readonly<Record<Exclude<Purpose, "kiosk">, Names>> = {
  window: names("窗口办事", "窗口辦事", "Service window"),
  roadside: names("路面检查", "路面檢查", "Roadside check"),
  gate: names("门禁通行", "門禁通行", "Gate"),
  hotel: names("酒店入住", "酒店入住", "Hotel check-in"),
  airport: names("机场查验", "機場查驗", "Airport check"),
};

const TEXTS = {
  title: names("亮证查验", "亮證查驗", "Liangzheng verifier"),
  language: names("语言", "語言", "Language"),
  purpose: names("用途", "用途", "Purpose"),
  sound: names("声音", "聲音", "Sound"),
  notTerminal: names(
    "这不是认证终端：不记日志，不出回执，不复核。",
    "這不是認證終端：不記日誌，不出回執，不複核。",
    "This is no certified terminal: no journal, no receipts, no re-checks.",
  ),
  idle: names("请出示动态码", "請出示動態碼", "Show the code"),
  openCamera: names("打开摄像头", "打開攝影機", "Open the camera"),
  closeCamera: names("关闭摄像头", "關閉攝影機", "Close the camera"),
  picture: names("摄像头画面", "攝影機畫面", "What the camera sees"),
  typed: names("扫码枪或粘贴的码", "掃碼槍或貼上的碼", "Code from a hand scanner, or pasted"),
  check: names("查验", "查驗", "Check"),
  clear: names("清除结果 (Esc)", "清除結果 (Esc)", "Clear (Esc)"),
  reasons: names("原因", "原因", "Reasons"),
  sayToCitizen: names("可对群众说：{text}", "可對民眾說：{text}", "You may say: {text}"),
  validTo: names("有效期至", "有效期至", "Valid to"),
  authority: names("签发机关", "簽發機關", "Issued by"),
  region: names("地区", "地區", "Region"),
  hidden: names("未出示 {n} 项", "未出示 {n} 項", "{n} items not shown"),
  notShown: names("不显示", "不顯示", "not shown"),
  agent: names("出示人是代办人，不是持证人", "出示人是代辦人，不是持證人", "Shown by an agent, not by the holder"),
  male: names("男", "男", "male"),
  female: names("女", "女", "female"),
  material: names("查验资料", "查驗資料", "Lists and rules"),
  back: names("返回查验", "返回查驗", "Back to checking"),
  nothingHeld: names(
    "尚无查验资料，不能查验。请先装入一个地区的资料。",
    "尚無查驗資料，不能查驗。請先裝入一個地區的資料。",
    "No lists and rules are loaded, so nothing can be decided. Load a region's files first.",
  ),
  heldFor: names("地区 {region}", "地區 {region}", "Region {region}"),
  statusAge: names("状态数据 {age}", "狀態資料 {age}", "status data {age}"),
  statusNone: names("没有状态数据", "沒有狀態資料", "no status data"),
  trustAge: names("签发机构名单 {age}", "簽發機構名單 {age}", "issuer list {age}"),
  policyAge: names("核验规则 {age}", "核驗規則 {age}", "rules {age}"),
  now: names("刚刚", "剛剛", "just now"),
  minutes: names("{n} 分钟前", "{n} 分鐘前", "{n} min ago"),
  hours: names("{n} 小时前", "{n} 小時前", "{n} h ago"),
  days: names("{n} 天前", "{n} 天前", "{n} d ago"),
  clockAsk: names(
    "本机时间 {time}。请与可靠的钟对照，误差不超过 20 秒再确认；未确认时只能给出“请核对”。",
    "本機時間 {time}。請與可靠的鐘對照，誤差不超過 20 秒再確認；未確認時只能給出「請核對」。",
    "This device says {time}. Compare it with a clock that you trust, and confirm if it is within 20 seconds. Until then nothing better than CHECK is given.",
  ),
  clockYes: names("时间正确", "時間正確", "The time is right"),
  loadFile: names("装入资料文件（.BDL）", "裝入資料檔（.BDL）", "Load a file of a region (.BDL)"),
  loadFolder: names("或从发布地址更新", "或從發布網址更新", "Or fetch them"),
  address: names("发布网址", "發布網址", "Where the region publishes"),
  update: names("更新", "更新", "Update"),
  root: names("根密钥指纹", "根金鑰指紋", "Fingerprint of the root key"),
  compareRoot: names(
    "请与该地区公布的指纹逐字对照。以后只接受这个根密钥签名的资料。",
    "請與該地區公布的指紋逐字對照。以後只接受這個根金鑰簽名的資料。",
    "Compare it with the one that the region has made public, character by character. From then on only what this key has signed is taken.",
  ),
  compared: names("我已对照，指纹一致", "我已對照，指紋一致", "I have compared it, and it is the same"),
  comparedFirst: names("请先对照并勾选。", "請先對照並勾選。", "Compare it and tick the box first."),
  takeIn: names("装入", "裝入", "Load"),
  taken: names("已更新", "已更新", "Updated"),
  remove: names("删除全部资料", "刪除全部資料", "Remove everything"),
  removeSure: names("确认删除（不能恢复）", "確認刪除（不能復原）", "Yes, remove (cannot be undone)"),
  limits: names(
    "不能查验：纸质码、分帧码、对问询的答复；外地证照只有在其资料装入时才能查验。遇到时请用查验终端。",
    "不能查驗：紙本碼、分幀碼、對問詢的答覆；外地證照只有在其資料裝入時才能查驗。遇到時請用查驗終端。",
    "Not decided here: paper codes, animated codes, answers to a request. Licences of another region only where its files are the ones loaded. Use a terminal for these.",
  ),
  storedBroken: names(
    "存储的资料不再可信，请重新装入：{why}",
    "儲存的資料不再可信，請重新裝入：{why}",
    "What was stored can no longer be relied upon; load it anew: {why}",
  ),
  badAddress: names(
    "这不是网址。请输入 https:// 开头的发布地址。",
    "這不是網址。請輸入 https:// 開頭的發布網址。",
    "This is no address. Give the https:// address where the region publishes.",
  ),
  unreachable: names(
    "取不到资料。请检查网络和地址；已有的资料不变。",
    "取不到資料。請檢查網路和網址；已有的資料不變。",
    "The files could not be fetched. Check network and address; what is held stays.",
  ),
  insecure: names(
    "此页面不是安全连接（https），浏览器不提供摄像头和密码功能。",
    "此頁面不是安全連線（https），瀏覽器不提供攝影機和密碼功能。",
    "This page came over plain http, so the browser gives it neither a camera nor cryptography. Open it over https.",
  ),
  openElsewhere: names(
    "查验页已在另一个标签页打开。请在那里使用，或先关闭它。",
    "查驗頁已在另一個分頁打開。請在那裡使用，或先關閉它。",
    "The verifier is open in another tab. Use it there, or close it first.",
  ),
  broken: names("出了问题。请重新打开本页。", "出了問題。請重新打開本頁。", "Something went wrong. Open the page again."),
};

export type Key = keyof typeof TEXTS;

export const WORDS: Readonly<Record<string, Names>> = {
  accept: names("有效", "有效", "VALID"),
  check: names("请核对", "請核對", "CHECK"),
  refuse: names("不予采信", "不予採信", "REFUSED"),
  not_read: names("未能读取", "未能讀取", "NOT READ"),
};

export const PROCEED: Readonly<Record<string, Names>> = {
  accept_yes: names("可以办理", "可以辦理", "You may proceed"),
  accept_after_check: names("先核对本人，再办理", "先核對本人，再辦理", "Compare the person first"),
  check_after_check: names("核对后可以办理", "核對後可以辦理", "Check, then you may proceed"),
  check_no: names("暂停办理", "暫停辦理", "ON HOLD – do not proceed"),
  refuse_no: names("不得办理", "不得辦理", "Do not proceed"),
  not_read_no: names("请再扫一次", "請再掃一次", "Scan again"),
  elsewhere: names("请用查验终端", "請用查驗終端", "Use a terminal"),
};

export const INSTRUCTIONS: Readonly<Record<string, Names>> = {
  accept: names("证照有效，可以继续办理。", "證照有效，可以繼續辦理。", "The licence is valid. Carry on."),
  person: names(
    "请确认面前的人就是持证人，再办理。",
    "請確認面前的人就是持證人，再辦理。",
    "Make sure that the person in front of you is the holder before you go on.",
  ),
};

/** Of a code of ours that this verifier does not read: the others' texts are in reasonTable.ts. */
export const NOT_HERE_TEXTS = {
  short: names("此查验页不能判断这种码", "此查驗頁不能判斷這種碼", "This page cannot decide such a code"),
  action: names(
    "请用查验终端查验，或请持证人出示普通动态码。",
    "請用查驗終端查驗，或請持證人出示普通動態碼。",
    "Use a terminal, or ask the holder to show an ordinary dynamic code.",
  ),
  citizen: names(
    "您好，这里读不了这种码，请出示普通动态码。",
    "您好，這裡讀不了這種碼，請出示普通動態碼。",
    "Such a code cannot be read here. Please show an ordinary dynamic code.",
  ),
};

export const CAMERA_TEXTS: Readonly<Record<CameraProblem, Names>> = {
  insecure: TEXTS.insecure,
  none: names(
    "没有找到摄像头。请接上摄像头，或用扫码枪。",
    "沒有找到攝影機。請接上攝影機，或用掃碼槍。",
    "There is no camera. Connect one, or use a hand scanner.",
  ),
  denied: names(
    "摄像头未获许可。请在浏览器的网站设置中允许，或用扫码枪。",
    "攝影機未獲許可。請在瀏覽器的網站設定中允許，或用掃碼槍。",
    "The camera is not allowed. Allow it in the browser's settings for this page, or use a hand scanner.",
  ),
  "in-use": names(
    "摄像头正被其他程序使用。请关闭那个程序再试。",
    "攝影機正被其他程式使用。請關閉那個程式再試。",
    "Another program is using the camera. Close it and try again.",
  ),
  lost: names(
    "摄像头断开了。请重新连接后再打开。",
    "攝影機斷開了。請重新連接後再打開。",
    "The camera is gone. Connect it and open it again.",
  ),
  reader: names(
    "读码程序没有装入。请连网重新打开本页一次。",
    "讀碼程式沒有裝入。請連網重新打開本頁一次。",
    "What reads codes could not be loaded. Open the page once more with a network.",
  ),
  failed: names("摄像头打不开。", "攝影機打不開。", "The camera could not be opened."),
};

export const MATERIAL_TEXTS: Readonly<Record<MaterialProblem, Names>> = {
  form: names("这不是资料文件，或已损坏。", "這不是資料檔，或已損壞。", "This is no file of a region, or it is damaged."),
  repository: names(
    "这是整个信任仓库的文件，请索取单个地区的文件。",
    "這是整個信任倉庫的檔案，請索取單一地區的檔案。",
    "This is a file of a whole trust repository; ask for one region's.",
  ),
  missing: names("资料不完整，请索取新的文件。", "資料不完整，請索取新的檔案。", "Something is missing. Ask for a new file."),
  "root-pair": names(
    "该地区的根是一对密钥，此查验页不支持，请用查验终端。",
    "該地區的根是一對金鑰，此查驗頁不支援，請用查驗終端。",
    "This region's root is a pair of keys, which this page does not read. Use a terminal.",
  ),
  "other-root": names(
    "签名者不是您对照过的根密钥。没有装入。请向该地区核实。",
    "簽名者不是您對照過的根金鑰。沒有裝入。請向該地區核實。",
    "It is not signed by the root key that you compared. Nothing was loaded; ask the region.",
  ),
  refused: names(
    "签名或内容不成立。没有装入。请向该地区核实。",
    "簽名或內容不成立。沒有裝入。請向該地區核實。",
    "A signature or what it signs does not hold. Nothing was loaded; ask the region.",
  ),
  older: names("已有的资料更新。没有装入。", "已有的資料更新。沒有裝入。", "What is held is newer. Nothing was loaded."),
  "two-histories": names(
    "同一位置有两份不同的签名状态。没有装入。请立即通知该地区。",
    "同一位置有兩份不同的簽名狀態。沒有裝入。請立即通知該地區。",
    "The region has signed two states for one place. Nothing was loaded; tell the region at once.",
  ),
  "feed-broken": names(
    "状态数据与签名不符。没有装入。请索取新的文件。",
    "狀態資料與簽名不符。沒有裝入。請索取新的檔案。",
    "The status data do not lead to what is signed. Nothing was loaded; ask for a new file.",
  ),
  "final-changed": names(
    "已注销的证照被改回，且没有离线密钥签名。没有装入。请立即通知该地区。",
    "已註銷的證照被改回，且沒有離線金鑰簽名。沒有裝入。請立即通知該地區。",
    "A final status would change without the offline key. Nothing was loaded; tell the region at once.",
  ),
  "too-much": names(
    "一次改变的状态太多。没有装入。请向该地区核实。",
    "一次改變的狀態太多。沒有裝入。請向該地區核實。",
    "Too many statuses change at once. Nothing was loaded; ask the region.",
  ),
};

export function textIn(language: Language, key: Key, parts: Readonly<Record<string, string>> = {}): string {
  return TEXTS[key][language].replace(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? "");
}

function names(hans: string, hant: string, en: string): Names {
  return { "zh-Hans": hans, "zh-Hant": hant, en };
}
