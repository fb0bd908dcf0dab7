/** What the errors of receiving by offers say: written by tools/makeErrorTable.py from the Python wallet's. */

export const OFFER_ERRORS = {
  "ISSUER_ANSWER_MALFORMED": {
    "hint": "the address may lead to a sign-in page or another service; check it with the office",
    "meaning": "the issuer's answer is not in its form",
    "retryable": false,
    "texts": {
      "en": "The issuer's answer makes no sense.",
      "zh-Hans": "发证机关的答复有误。",
      "zh-Hant": "發證機關的答覆有誤。"
    }
  },
  "ISSUER_REFUSED": {
    "hint": "look the issuer's code up in docs/spec/issuing.md; invalid_grant: a wrong code, or the offer is over or used, also by a request whose answer was lost: ask for a new one",
    "meaning": "the issuer refuses",
    "retryable": false,
    "texts": {
      "en": "The issuer has refused this request.",
      "zh-Hans": "发证机关拒绝了请求。",
      "zh-Hant": "發證機關拒絕了請求。"
    }
  },
  "ISSUER_UNREACHABLE": {
    "hint": "check the network and try again; what the wallet holds is unchanged, and an offer lives ten minutes",
    "meaning": "the issuer does not answer",
    "retryable": true,
    "texts": {
      "en": "The issuer cannot be reached now.",
      "zh-Hans": "无法连接发证机关，请稍后再试。",
      "zh-Hant": "無法連線發證機關，請稍後再試。"
    }
  },
  "LICENCE_NOT_REFRESHABLE": {
    "hint": "it came as a file: have it issued again by an offer, or give the issuer's address",
    "meaning": "this licence names no address of its issuer",
    "retryable": false,
    "texts": {
      "en": "This licence cannot be refreshed here.",
      "zh-Hans": "此证照无法在线更新，请到窗口办理。",
      "zh-Hant": "此證照無法線上更新，請到窗口辦理。"
    }
  },
  "LICENCE_NOT_THE_SAME": {
    "hint": "nothing of it was stored; tell the office",
    "meaning": "the issuer answered with another licence",
    "retryable": false,
    "texts": {
      "en": "The issuer sent another licence.",
      "zh-Hans": "发证机关发来了其他证照。",
      "zh-Hant": "發證機關發來了其他證照。"
    }
  },
  "OFFER_ADDRESS": {
    "hint": "an issuer has an https address, and all of its addresses are on its own host; http is for this machine alone",
    "meaning": "this address is not safe to ask",
    "retryable": false,
    "texts": {
      "en": "The address of this offer is not safe.",
      "zh-Hans": "领取地址不安全。",
      "zh-Hant": "領取位址不安全。"
    }
  },
  "OFFER_LICENCE_OWED": {
    "hint": "go on with `openid4vci.resume` within ten minutes (in Python with the error's `waiting`); the offer itself is used up",
    "meaning": "the offer was taken, and the answer with its licence did not come",
    "retryable": true,
    "texts": {
      "en": "The offer was taken, but its licence did not arrive. Go on receiving it within ten minutes.",
      "zh-Hans": "领取码已确认，但证照尚未收到。请在十分钟内继续领取。",
      "zh-Hant": "領取碼已確認，但證照尚未收到。請在十分鐘內繼續領取。"
    }
  },
  "OFFER_MALFORMED": {
    "hint": "scan the office's code again, or copy the whole link: openid-credential-offer://…",
    "meaning": "this is no offer of a licence",
    "retryable": false,
    "texts": {
      "en": "This is not an offer of a licence.",
      "zh-Hans": "这不是证照领取码。",
      "zh-Hant": "這不是證照領取碼。"
    }
  },
  "OFFER_PERHAPS_USED": {
    "hint": "try the same offer once more; if the issuer refuses it then (invalid_grant), it is used up: ask the office for a new offer. No licence was lost",
    "meaning": "no answer came to the code of this offer, which may be used up by now",
    "retryable": true,
    "texts": {
      "en": "No answer came, so this offer may be used up. Try again; if it is refused, ask the issuing authority for a new offer. No licence was lost.",
      "zh-Hans": "未收到发证机关的答复，此领取码可能已被用掉。请再试一次；如被拒绝，请向发证机关索取新的领取码。证照没有丢失。",
      "zh-Hant": "未收到發證機關的答覆，此領取碼可能已被用掉。請再試一次；如被拒絕，請向發證機關索取新的領取碼。證照沒有遺失。"
    }
  },
  "OFFER_TX_CODE": {
    "hint": "ask the holder for it and pass it as `tx_code`; after five wrong ones the offer is dead",
    "meaning": "this offer needs the transaction code that came another way",
    "retryable": true,
    "texts": {
      "en": "Please enter the transaction code for this offer.",
      "zh-Hans": "请输入领取验证码。",
      "zh-Hant": "請輸入領取驗證碼。"
    }
  },
  "OFFER_UNSUPPORTED": {
    "hint": "the offer needs the pre-authorised code grant and one licence; ask the office for another kind of offer",
    "meaning": "this offer wants something that this wallet cannot do",
    "retryable": false,
    "texts": {
      "en": "This wallet cannot accept this kind of offer.",
      "zh-Hans": "本钱包不支持此领取方式。",
      "zh-Hant": "本錢包不支援此領取方式。"
    }
  }
} as const;

export type OfferErrorCode = keyof typeof OFFER_ERRORS;
