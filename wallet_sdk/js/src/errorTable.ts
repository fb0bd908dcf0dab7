/** What each error says: written by tools/makeErrorTable.py from the Python wallet's. */

export const ERRORS = {
  "CHALLENGE_OVER": {
    "hint": "have the terminal ask again; if it is over at once, check this device's clock",
    "meaning": "the request is over",
    "retryable": true,
    "texts": {
      "en": "This request is over; let the terminal ask again.",
      "zh-Hans": "查验请求已过期，请让对方重新发起。",
      "zh-Hant": "查驗請求已過期，請讓對方重新發起。"
    }
  },
  "CODE_TOO_LARGE": {
    "hint": "show fewer items or licences at once, or as moving pictures (`showing.animated()`)",
    "meaning": "the chosen items do not fit one code",
    "retryable": false,
    "texts": {
      "en": "Too much for one code; show fewer items.",
      "zh-Hans": "所选内容过多，请减少项目。",
      "zh-Hant": "所選內容過多，請減少項目。"
    }
  },
  "CONSENT_MISMATCH": {
    "hint": "make a new request for this licence and purpose",
    "meaning": "the holder's decision is about something else, so nothing was signed",
    "retryable": false,
    "texts": {
      "en": "Please confirm again what is shown.",
      "zh-Hans": "请重新确认要出示的内容。",
      "zh-Hant": "請重新確認要出示的內容。"
    }
  },
  "CONSENT_MISSING": {
    "hint": "make a request with `wallet.request`, show it, and pass `request.approve()`",
    "meaning": "there is no decision by the holder, so nothing was signed",
    "retryable": false,
    "texts": {
      "en": "Please confirm first what is shown.",
      "zh-Hans": "请先确认要出示的内容。",
      "zh-Hant": "請先確認要出示的內容。"
    }
  },
  "CREDENTIAL_EXPIRED": {
    "hint": "receive a new package from the issuer",
    "meaning": "the licence's credentials on this device are out of date",
    "retryable": false,
    "texts": {
      "en": "Update this licence before showing it.",
      "zh-Hans": "请联网更新证照后再出示。",
      "zh-Hant": "請連線更新證照後再出示。"
    }
  },
  "DEVICE_REPORTED_LOST": {
    "hint": "make a new wallet (`Wallet.restore` has a fresh device key) and have the licence bound to it",
    "meaning": "this device was reported lost, so what it holds of this licence is refused everywhere",
    "retryable": false,
    "texts": {
      "en": "This phone was reported lost, so this licence cannot be shown on it.",
      "zh-Hans": "本机已被挂失，此证照不能在本机出示。",
      "zh-Hant": "本機已被掛失，此證照不能在本機出示。"
    }
  },
  "ITEMS_INSEPARABLE": {
    "hint": "ask the holder for the other items too, or leave these out",
    "meaning": "these items cannot be shown without others",
    "retryable": false,
    "texts": {
      "en": "These items cannot be shown on their own.",
      "zh-Hans": "所选项目无法单独出示。",
      "zh-Hant": "所選項目無法單獨出示。"
    }
  },
  "ITEM_BEYOND_PURPOSE": {
    "hint": "leave the item out, or show the licence for another purpose",
    "meaning": "this purpose may not ask for that item",
    "retryable": false,
    "texts": {
      "en": "This purpose may not see that item.",
      "zh-Hans": "该场合无权查看此项目。",
      "zh-Hant": "該場合無權查看此項目。"
    }
  },
  "ITEM_UNKNOWN": {
    "hint": "use the names that the message lists",
    "meaning": "this licence has no such item",
    "retryable": false,
    "texts": {
      "en": "This licence has no such item.",
      "zh-Hans": "此证照没有该项目。",
      "zh-Hant": "此證照沒有該項目。"
    }
  },
  "LICENCE_EXPIRED": {
    "hint": "the holder renews it with the issuing authority",
    "meaning": "the licence has expired",
    "retryable": false,
    "texts": {
      "en": "This licence has expired; please renew it.",
      "zh-Hans": "证照已过期，请换证。",
      "zh-Hant": "證照已過期，請換證。"
    }
  },
  "LICENCE_NOT_FOUND": {
    "hint": "list the licences with `wallet list`",
    "meaning": "no licence in this wallet has that id or kind",
    "retryable": false,
    "texts": {
      "en": "This licence is not in the wallet.",
      "zh-Hans": "找不到该证照。",
      "zh-Hant": "找不到該證照。"
    }
  },
  "LICENCE_NOT_YET": {
    "hint": "wait for its first day, or check this device's clock",
    "meaning": "the licence is not valid yet",
    "retryable": false,
    "texts": {
      "en": "This licence is not valid yet.",
      "zh-Hans": "证照尚未生效。",
      "zh-Hant": "證照尚未生效。"
    }
  },
  "LICENCE_REVOKED": {
    "hint": "ask the issuing authority why (`wallet.pack.offices`); `openid4vci.notices` says if it is in force again",
    "meaning": "the licence is not in force any more, as its issuer has told",
    "retryable": false,
    "texts": {
      "en": "This licence has been revoked and cannot be shown. Please ask the issuing authority.",
      "zh-Hans": "此证照已被撤销或注销，不能出示。请联系发证机关。",
      "zh-Hant": "此證照已被撤銷或註銷，不能出示。請聯絡發證機關。"
    }
  },
  "LICENCE_UNBOUND": {
    "hint": "have it bound to this device (an offer of the issuer, or its counter), then receive it again",
    "meaning": "the licence is bound to another device's key",
    "retryable": false,
    "texts": {
      "en": "This licence is not bound to this phone yet. Have it bound anew, then show it.",
      "zh-Hans": "此证照尚未绑定本机，请重新绑定后再出示。",
      "zh-Hant": "此證照尚未綁定本機，請重新綁定後再出示。"
    }
  },
  "MANDATE_EXPIRED": {
    "hint": "the licence's holder has it renewed by the issuing authority",
    "meaning": "the mandate has ended",
    "retryable": false,
    "texts": {
      "en": "This mandate has ended.",
      "zh-Hans": "授权已到期。",
      "zh-Hant": "授權已到期。"
    }
  },
  "MANDATE_SCOPE": {
    "hint": "show it for one of the purposes that the message names",
    "meaning": "this mandate does not cover that purpose",
    "retryable": false,
    "texts": {
      "en": "This mandate does not cover this purpose.",
      "zh-Hans": "授权不包括该场合。",
      "zh-Hant": "授權不包括該場合。"
    }
  },
  "PACKAGE_CREDENTIAL_MALFORMED": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "a credential in the package breaks the rules of its form",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_DIRECTORY_EXPIRED": {
    "hint": "check this device's clock; ask the issuer for a package made today",
    "meaning": "the wallet directory is out of date",
    "retryable": true,
    "texts": {
      "en": "This licence file is out of date; get a new one.",
      "zh-Hans": "证照包已过时，请重新领取。",
      "zh-Hant": "證照包已過時，請重新領取。"
    }
  },
  "PACKAGE_DIRECTORY_REFUSED": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the wallet directory is not validly signed by the root",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_DISCLOSURES_WRONG": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the disclosures do not belong to the licence",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_DISCLOSURE_MISSING": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the issuer kept a disclosure back",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_EXPIRED": {
    "hint": "check this device's clock; ask the issuer for a new package",
    "meaning": "the package's credentials have expired",
    "retryable": false,
    "texts": {
      "en": "This licence file has expired; get a new one.",
      "zh-Hans": "证照包已过期，请重新领取。",
      "zh-Hant": "證照包已過期，請重新領取。"
    }
  },
  "PACKAGE_FOREIGN_DEVICE": {
    "hint": "give the issuer this wallet's key (`wallet key`) and have the licence issued again",
    "meaning": "the licence is bound to another device's key",
    "retryable": false,
    "texts": {
      "en": "This licence was issued to another device.",
      "zh-Hans": "此证照属于另一台设备。",
      "zh-Hant": "此證照屬於另一台裝置。"
    }
  },
  "PACKAGE_FROM_FUTURE": {
    "hint": "check this device's clock",
    "meaning": "the package's credentials are dated in the future",
    "retryable": true,
    "texts": {
      "en": "Please check this device's date and time.",
      "zh-Hans": "请检查手机时间是否正确。",
      "zh-Hant": "請檢查手機時間是否正確。"
    }
  },
  "PACKAGE_GROUP_INCONSISTENT": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the package's credentials do not belong to one licence",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_ID_TAKEN": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "another licence in this wallet has the same id",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_ISSUER_UNKNOWN": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the region's directory does not know the key that signed this licence",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_ITEMS_WRONG": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the licence's items are not those of its kind",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_KIND_UNKNOWN": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the region's catalogue does not know this kind of licence",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_MALFORMED": {
    "hint": "check that the file is the one that the issuer made (`issuer issue --out FILE`)",
    "meaning": "this is not a licence package",
    "retryable": false,
    "texts": {
      "en": "This is not a licence file.",
      "zh-Hans": "这不是有效的证照文件。",
      "zh-Hant": "這不是有效的證照檔案。"
    }
  },
  "PACKAGE_MANDATE_WRONG": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the mandate is for another kind or region than the licence that it carries",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_OLDER": {
    "hint": "nothing is to be done",
    "meaning": "the wallet holds a later edition of this licence",
    "retryable": false,
    "texts": {
      "en": "The wallet has a newer version already.",
      "zh-Hans": "钱包中已有更新的版本。",
      "zh-Hant": "錢包中已有更新的版本。"
    }
  },
  "PACKAGE_PORTRAIT_WRONG": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the portrait is not the one that the issuer signed",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_REGION_MISMATCH": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the licence's issuer is of another region than the root that vouches for it",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_ROOT_CHANGED": {
    "hint": "somebody may be imitating the authority; accept a new root only in a new wallet, after comparing its SHA-256",
    "meaning": "the region's root key is not the one that this wallet has known since its first package",
    "retryable": false,
    "texts": {
      "en": "The authority's key has changed. Somebody may be imitating it; nothing was saved.",
      "zh-Hans": "发证根密钥与此前不同，可能有人冒充发证机关，未保存。",
      "zh-Hant": "發證根金鑰與此前不同，可能有人冒充發證機關，未儲存。"
    }
  },
  "PACKAGE_ROOT_UNEXPECTED": {
    "hint": "compare the root's SHA-256 with the one that the authority publishes",
    "meaning": "the package's root key is not the expected one",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PACKAGE_SIGNATURE_WRONG": {
    "hint": "ask the issuer for a new package; if it happens again, report it to the issuer",
    "meaning": "the issuer's signature does not fit",
    "retryable": false,
    "texts": {
      "en": "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
      "zh-Hans": "证照包未通过检查，未保存。请联系发证机关。",
      "zh-Hant": "證照包未通過檢查，未儲存。請聯絡發證機關。"
    }
  },
  "PRESENTATION_REFUSED": {
    "hint": "receive the licence again; if it happens again, report the message",
    "meaning": "the presentation could not be made",
    "retryable": false,
    "texts": {
      "en": "Cannot be shown; get the licence again.",
      "zh-Hans": "无法出示，请重新领取证照。",
      "zh-Hant": "無法出示，請重新領取證照。"
    }
  },
  "PURPOSE_NOT_OFFERED": {
    "hint": "choose one of the purposes that the message names",
    "meaning": "this licence is not shown for this purpose",
    "retryable": false,
    "texts": {
      "en": "This licence is not used for this purpose.",
      "zh-Hans": "此证照不能用于该场合。",
      "zh-Hant": "此證照不能用於該場合。"
    }
  },
  "REDRAW_INTERVAL": {
    "hint": "leave `every` at 30",
    "meaning": "a code is redrawn every 15 to 30 seconds",
    "retryable": false,
    "texts": {
      "en": "The app is set up wrongly.",
      "zh-Hans": "应用设置有误。",
      "zh-Hant": "應用程式設定有誤。"
    }
  },
  "SHOWING_CLOSED": {
    "hint": "start a new one with `wallet.show`",
    "meaning": "this showing has been closed",
    "retryable": false,
    "texts": {
      "en": "This showing is over.",
      "zh-Hans": "出示已结束。",
      "zh-Hant": "出示已結束。"
    }
  },
  "WALLET_DAMAGED": {
    "hint": "restore wallet.vault from a backup, or make a new wallet and have the licences issued again",
    "meaning": "the wallet's file is damaged",
    "retryable": false,
    "texts": {
      "en": "The wallet's file is damaged.",
      "zh-Hans": "钱包文件已损坏。",
      "zh-Hant": "錢包檔案已損毀。"
    }
  },
  "WALLET_TOO_NEW": {
    "hint": "update the software; nothing was changed",
    "meaning": "the wallet's file was written by a later version of this software",
    "retryable": false,
    "texts": {
      "en": "Update the app to open this wallet.",
      "zh-Hans": "请先更新应用再打开钱包。",
      "zh-Hant": "請先更新應用程式再開啟錢包。"
    }
  }
} as const;

export type ErrorCode = keyof typeof ERRORS;
