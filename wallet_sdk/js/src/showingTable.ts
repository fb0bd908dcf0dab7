/** What the errors of further ways to show say: written by tools/makeErrorTable.py from the Python wallet's. */

export const SHOWING_ERRORS = {
  "ANIMATION_RATE": {
    "hint": "leave it at 8",
    "meaning": "moving codes have 2 to 10 pictures a second",
    "retryable": false,
    "texts": {
      "en": "The app is set up wrongly.",
      "zh-Hans": "应用设置有误。",
      "zh-Hant": "應用程式設定有誤。"
    }
  },
  "BUNDLE_SIZE": {
    "hint": "choose fewer, and show the others in a second act",
    "meaning": "one act shows one to four licences, each once",
    "retryable": false,
    "texts": {
      "en": "Choose one to four licences at a time.",
      "zh-Hans": "一次最多出示四张证照。",
      "zh-Hant": "一次最多出示四張證照。"
    }
  },
  "CHALLENGE_ASKS_TOO_MUCH": {
    "hint": "do not answer it; the message names the items, which a complaint should name too",
    "meaning": "the terminal asks for more than it may",
    "retryable": false,
    "texts": {
      "en": "The terminal asks for more than it is allowed to; nothing is shown.",
      "zh-Hans": "对方要求的项目超出其权限，已拒绝。",
      "zh-Hant": "對方要求的項目超出其權限，已拒絕。"
    }
  },
  "CHALLENGE_CARD_NOT_HELD": {
    "hint": "say so at the counter; the message names the kinds",
    "meaning": "this wallet holds none of the licences that are asked for",
    "retryable": false,
    "texts": {
      "en": "None of these licences is in the wallet.",
      "zh-Hans": "卡包中没有所需的证照。",
      "zh-Hant": "卡包中沒有所需的證照。"
    }
  },
  "CHALLENGE_CERTIFICATE_ENDED": {
    "hint": "check this device's clock; if it is right, the terminal has to renew its certificate",
    "meaning": "the terminal's certificate has ended, or has not begun",
    "retryable": false,
    "texts": {
      "en": "The terminal's certificate is out of date. Please check this device's clock first.",
      "zh-Hans": "查验终端的证书不在有效期内；请先检查手机时间。",
      "zh-Hant": "查驗終端的憑證不在有效期內；請先檢查手機時間。"
    }
  },
  "CHALLENGE_CLOCK": {
    "hint": "set this device's clock, then scan the request again",
    "meaning": "the request begins later than now: one of the two clocks is wrong",
    "retryable": true,
    "texts": {
      "en": "Please check this device's date and time.",
      "zh-Hans": "请检查手机时间是否正确。",
      "zh-Hant": "請檢查手機時間是否正確。"
    }
  },
  "CHALLENGE_FORGED": {
    "hint": "do not answer it; tell the place where it was shown",
    "meaning": "the request is not signed by whom it names",
    "retryable": false,
    "texts": {
      "en": "This request is not genuine. Somebody may be imitating the terminal; show nothing.",
      "zh-Hans": "查验请求的签名不符，可能有人冒充，请勿出示。",
      "zh-Hant": "查驗請求的簽章不符，可能有人冒充，請勿出示。"
    }
  },
  "CHALLENGE_MALFORMED": {
    "hint": "scan the code on the terminal's screen again; it begins with LC1:",
    "meaning": "this is not a terminal's request",
    "retryable": false,
    "texts": {
      "en": "This is not a terminal's request.",
      "zh-Hans": "这不是有效的查验请求。",
      "zh-Hant": "這不是有效的查驗請求。"
    }
  },
  "CHALLENGE_REGION_UNKNOWN": {
    "hint": "show the licence without a request (`wallet.show`), or receive a licence of that region first",
    "meaning": "this wallet does not know the terminal's region, so it cannot tell who asks",
    "retryable": false,
    "texts": {
      "en": "This terminal's region is unknown here, so it cannot be checked who asks.",
      "zh-Hans": "无法核实该地区的查验终端，请改用普通亮证。",
      "zh-Hant": "無法核實該地區的查驗終端，請改用一般亮證。"
    }
  },
  "CHALLENGE_TERMINAL_UNKNOWN": {
    "hint": "do not answer it; if the terminal is new, refresh a licence of that region, which brings its new directory",
    "meaning": "the region's directory does not know the key that certified this terminal",
    "retryable": false,
    "texts": {
      "en": "This terminal cannot be verified; show nothing.",
      "zh-Hans": "无法核实该查验终端，请勿出示。",
      "zh-Hant": "無法核實該查驗終端，請勿出示。"
    }
  },
  "CHALLENGE_TERMINAL_WITHDRAWN": {
    "hint": "do not answer it; whoever shows this request may have a stolen machine",
    "meaning": "the region has withdrawn this terminal",
    "retryable": false,
    "texts": {
      "en": "This terminal has been withdrawn; show nothing.",
      "zh-Hans": "该查验终端已被撤销，请勿出示。",
      "zh-Hant": "該查驗終端已被撤銷，請勿出示。"
    }
  },
  "GROUP_NAME": {
    "hint": "1 to 24 characters, without spaces around them and without control characters",
    "meaning": "the group's name is empty, too long, or no plain text",
    "retryable": false,
    "texts": {
      "en": "Choose another name for this group.",
      "zh-Hans": "分组名称不可用。",
      "zh-Hant": "分組名稱不可用。"
    }
  },
  "LADDER_FOR_REQUEST": {
    "hint": "pull `showing.frame()`",
    "meaning": "the answer to a terminal's request is not signed ahead",
    "retryable": false,
    "texts": {
      "en": "Please show the plain code instead.",
      "zh-Hans": "请改用普通亮证。",
      "zh-Hant": "請改用一般亮證。"
    }
  },
  "LADDER_NEEDS_SESSION": {
    "hint": "pull `showing.frame()`; the key's owner confirms each code",
    "meaning": "this device key signs one code at a time, so nothing can be signed ahead",
    "retryable": false,
    "texts": {
      "en": "Please show the plain code instead.",
      "zh-Hans": "请改用普通亮证。",
      "zh-Hant": "請改用一般亮證。"
    }
  },
  "LADDER_OVER": {
    "hint": "pull `showing.frame()`, or make a new ladder",
    "meaning": "no code that was signed ahead is left",
    "retryable": true,
    "texts": {
      "en": "Please show the licence again.",
      "zh-Hans": "请重新亮证。",
      "zh-Hant": "請重新亮證。"
    }
  },
  "LADDER_TOO_LONG": {
    "hint": "ask for fewer, and make a new ladder when it is over",
    "meaning": "a ladder has one to ten rungs and covers at most five minutes",
    "retryable": false,
    "texts": {
      "en": "The app is set up wrongly.",
      "zh-Hans": "应用设置有误。",
      "zh-Hant": "應用程式設定有誤。"
    }
  },
  "LADDER_WIPED": {
    "hint": "pull `showing.frame()`, or make a new ladder",
    "meaning": "the device's clock was set, so the codes that were signed ahead are gone",
    "retryable": true,
    "texts": {
      "en": "The clock was set; show it again.",
      "zh-Hans": "手机时间已改变，请重新亮证。",
      "zh-Hant": "手機時間已改變，請重新亮證。"
    }
  },
  "LICENCE_AMBIGUOUS": {
    "hint": "give more characters of the id",
    "meaning": "several licences answer to that name",
    "retryable": false,
    "texts": {
      "en": "Several licences match; choose one.",
      "zh-Hans": "有多张证照符合，请选择一张。",
      "zh-Hant": "有多張證照符合，請選擇一張。"
    }
  },
  "PORTRAIT_BESIDE_SEAL": {
    "hint": "show the sealed code (`showing.frame()`, or `showing.animated()` if it is too large)",
    "meaning": "no portrait is shown beside a sealed answer, since every camera could read it",
    "retryable": false,
    "texts": {
      "en": "Please show the plain code instead.",
      "zh-Hans": "请改用普通亮证。",
      "zh-Hant": "請改用一般亮證。"
    }
  },
  "PORTRAIT_NOT_AGREED": {
    "hint": "ask for the licence's portrait item in the consent request; a purpose that may not ask for it has no portrait",
    "meaning": "the portrait's item is not among what the holder agreed to show",
    "retryable": false,
    "texts": {
      "en": "No portrait is shown here.",
      "zh-Hans": "该场合不出示照片。",
      "zh-Hant": "該場合不出示照片。"
    }
  },
  "PORTRAIT_UNFIT": {
    "hint": "the issuer has to send one as AVIF or WebP of at most 8,192 bytes",
    "meaning": "the licence has no portrait that fits moving pictures",
    "retryable": false,
    "texts": {
      "en": "This licence has no portrait to show.",
      "zh-Hans": "此证照没有可出示的照片。",
      "zh-Hant": "此證照沒有可出示的照片。"
    }
  },
  "SHORT_CODE_MALFORMED": {
    "hint": "type the ten letters and digits on the terminal's screen; hyphens do not matter",
    "meaning": "this is not a short code",
    "retryable": true,
    "texts": {
      "en": "A short code has ten letters or digits.",
      "zh-Hans": "短码应为十位字母或数字。",
      "zh-Hant": "短碼應為十位字母或數字。"
    }
  },
  "SHORT_CODE_SITE_AMBIGUOUS": {
    "hint": "let the terminal show its code instead",
    "meaning": "two regions have a place with this short code",
    "retryable": false,
    "texts": {
      "en": "Two places have this code; scan the terminal's code instead.",
      "zh-Hans": "有两处场所使用该短码，请改为扫码。",
      "zh-Hant": "有兩處場所使用該短碼，請改為掃碼。"
    }
  },
  "SHORT_CODE_SITE_UNKNOWN": {
    "hint": "compare the first four characters with the screen; else let the terminal show a code to scan",
    "meaning": "no known place has this short code",
    "retryable": false,
    "texts": {
      "en": "No known place has this code; do not go on.",
      "zh-Hans": "找不到该短码对应的场所，请勿继续。",
      "zh-Hant": "找不到該短碼對應的場所，請勿繼續。"
    }
  }
} as const;

export type ShowingErrorCode = keyof typeof SHOWING_ERRORS;
