/** What stands on a consent sheet besides its items: written by tools/makeErrorTable.py from the Python wallet's. */

export const CAUTIONS = {
  "acts-for-another": {
    "en": "You act for somebody else here: what is shown is about that person.",
    "zh-Hans": "您在此代他人办理：出示的是被代理人的信息。",
    "zh-Hant": "您在此代他人辦理：出示的是被代理人的資訊。"
  },
  "device-lost": {
    "en": "This phone was reported lost; this licence cannot be shown on it.",
    "zh-Hans": "本机已被挂失，此证照不能在本机出示。",
    "zh-Hant": "本機已被掛失，此證照不能在本機出示。"
  },
  "dictated-code": {
    "en": "Go on only if you stand in front of this place's screen and read the code there yourself. A code that somebody tells you by telephone, text message or chat is a fraud.",
    "zh-Hans": "仅当您本人正站在该场所、亲眼看到屏幕上的短码时才输入。通过电话、短信或聊天告诉您的短码都是诈骗。",
    "zh-Hant": "僅當您本人正站在該場所、親眼看到螢幕上的短碼時才輸入。透過電話、簡訊或聊天告訴您的短碼都是詐騙。"
  },
  "directory-late": {
    "en": "The list of terminals on this device is out of date; update a licence soon.",
    "zh-Hans": "终端名录已过期，请尽快更新证照。",
    "zh-Hant": "終端名錄已過期，請儘快更新證照。"
  },
  "other-device": {
    "en": "This licence was bound to another device. If that was not you, report that device lost at once.",
    "zh-Hans": "此证照已绑定到另一台设备。如非本人操作，请立即挂失该设备。",
    "zh-Hant": "此證照已綁定到另一台裝置。如非本人操作，請立即掛失該裝置。"
  },
  "revoked": {
    "en": "The issuing authority has revoked this licence; it cannot be shown.",
    "zh-Hans": "发证机关已撤销或注销此证照，不能出示。",
    "zh-Hant": "發證機關已撤銷或註銷此證照，不能出示。"
  },
  "superseded": {
    "en": "Another licence has taken this one's place, and whoever checks it will see that. Update it first.",
    "zh-Hans": "此证照已被新证照取代，查验时会显示。请先联网更新。",
    "zh-Hant": "此證照已被新證照取代，查驗時會顯示。請先連線更新。"
  },
  "suspended": {
    "en": "This licence is suspended, and whoever checks it will see that.",
    "zh-Hans": "此证照处于暂停（扣留）状态，查验时会显示。",
    "zh-Hant": "此證照處於暫停（扣留）狀態，查驗時會顯示。"
  },
  "unlinked": {
    "en": "What you show does not prove that these licences are one person's; the clerk will ask.",
    "zh-Hans": "所出示的内容不能证明这些证照属于同一人，工作人员会询问。",
    "zh-Hant": "所出示的內容不能證明這些證照屬於同一人，工作人員會詢問。"
  }
} as const;

export type Caution = keyof typeof CAUTIONS;

export const LEVELS = {
  "1": {
    "en": "representative",
    "zh-Hans": "法定代表人",
    "zh-Hant": "法定代表人"
  },
  "2": {
    "en": "licence manager",
    "zh-Hans": "证照管理员",
    "zh-Hant": "證照管理員"
  },
  "3": {
    "en": "agent",
    "zh-Hans": "经办人",
    "zh-Hant": "經辦人"
  }
} as const;

export const WHY_LINKED = {
  "en": "proves that these licences are one person's; without it the clerk will ask",
  "zh-Hans": "用于证明这些证照属于同一人；不出示时工作人员会询问",
  "zh-Hant": "用於證明這些證照屬於同一人；不出示時工作人員會詢問"
} as const;
