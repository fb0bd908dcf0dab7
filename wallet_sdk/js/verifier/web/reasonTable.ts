/** What each reason says at a terminal: written by `python -m tests.verifier_js.reason_table`. */

import type { Language } from "../../src/catalogue.ts";

export interface ReasonTexts {
  readonly short: string;
  readonly action: string;
  readonly citizen: string;
}

export const REASONS: Readonly<Record<string, Readonly<Record<Language, ReasonTexts>>>> = {
 "E_ALG": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This code cannot be verified. Please show the original document.",
   "short": "The signature algorithm is not allowed"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这个码无法核验，请出示证件原件。",
   "short": "签名算法不被允许"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這個碼無法核驗，請出示證件原件。",
   "short": "簽名算法不被允許"
  }
 },
 "E_AUD": {
  "en": {
   "action": "Ask the holder to choose this purpose in the wallet and show it again.",
   "citizen": "Please choose the purpose of this place in your wallet and show the code again.",
   "short": "The code was made for another purpose"
  },
  "zh-Hans": {
   "action": "请持证人选择本处用途，重新出示。",
   "citizen": "您好，请在亮证中选择这里的用途，再出示一次。",
   "short": "此码是为别的用途出示的"
  },
  "zh-Hant": {
   "action": "請持證人選擇本處用途，重新出示。",
   "citizen": "您好，請在亮證中選擇這裡的用途，再出示一次。",
   "short": "此碼是為別的用途出示的"
  }
 },
 "E_B45": {
  "en": {
   "action": "Adjust distance and angle, avoid glare, and scan again.",
   "citizen": "It was not read clearly. Please hold the phone a little closer, thank you.",
   "short": "The code was not read completely"
  },
  "zh-Hans": {
   "action": "请调整距离和角度，避开反光，再扫一次。",
   "citizen": "您好，没有读清楚，请把手机再靠近一点，谢谢。",
   "short": "码没有读完整"
  },
  "zh-Hant": {
   "action": "請調整距離和角度，避開反光，再掃一次。",
   "citizen": "您好，沒有讀清楚，請把手機再靠近一點，謝謝。",
   "short": "碼沒有讀完整"
  }
 },
 "E_CBOR": {
  "en": {
   "action": "Ask the holder to refresh the code and scan again.",
   "citizen": "It was not read clearly. Please refresh the code, thank you.",
   "short": "The code's content cannot be read"
  },
  "zh-Hans": {
   "action": "请持证人刷新动态码，再扫一次。",
   "citizen": "您好，没有读清楚，请刷新一下动态码，谢谢。",
   "short": "码的内容读不出来"
  },
  "zh-Hant": {
   "action": "請持證人刷新動態碼，再掃一次。",
   "citizen": "您好，沒有讀清楚，請刷新一下動態碼，謝謝。",
   "short": "碼的內容讀不出來"
  }
 },
 "E_CHALLENGE_REQUIRED": {
  "en": {
   "action": "Ask the holder to scan the terminal's code first, or send them to a window.",
   "citizen": "Please scan the code on the terminal first and then show the licence.",
   "short": "This place requires a challenge"
  },
  "zh-Hans": {
   "action": "请持证人先扫本终端的码，再出示；或转窗口。",
   "citizen": "您好，请先扫一下终端上的码，再出示证照。",
   "short": "此处须先扫终端的码"
  },
  "zh-Hant": {
   "action": "請持證人先掃本終端的碼，再出示；或轉窗口。",
   "citizen": "您好，請先掃一下終端上的碼，再出示證照。",
   "short": "此處須先掃終端的碼"
  }
 },
 "E_CNONCE": {
  "en": {
   "action": "Ask the holder to scan this terminal's code again, or type the new short code.",
   "citizen": "The terminal's code has changed. Please scan it again and then show the licence.",
   "short": "It does not answer the present request"
  },
  "zh-Hans": {
   "action": "请持证人重新扫本终端的码或输入新短码，再出示。",
   "citizen": "您好，终端的码已经更新，请重新扫一下，再出示证照。",
   "short": "此码答的不是现在的请求"
  },
  "zh-Hant": {
   "action": "請持證人重新掃本終端的碼或輸入新短碼，再出示。",
   "citizen": "您好，終端的碼已經更新，請重新掃一下，再出示證照。",
   "short": "此碼答的不是現在的請求"
  }
 },
 "E_DEVICE_LOST": {
  "en": {
   "action": "Do not rely on it; check the person's identity and explain how to end the loss report.",
   "citizen": "The licence on this phone was reported lost. Please fetch it anew.",
   "short": "This phone was reported lost"
  },
  "zh-Hans": {
   "action": "不予采信；请核对本人身份，提示解除挂失。",
   "citizen": "您好，这部手机上的证照已挂失，请重新领取。",
   "short": "这部手机已挂失"
  },
  "zh-Hant": {
   "action": "不予採信；請核對本人身份，提示解除掛失。",
   "citizen": "您好，這部手機上的證照已掛失，請重新領取。",
   "short": "這部手機已掛失"
  }
 },
 "E_HDR_UNKNOWN": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This code cannot be verified. Please show the original document.",
   "short": "The code holds what it must not"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这个码无法核验，请出示证件原件。",
   "short": "码中有不允许的内容"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這個碼無法核驗，請出示證件原件。",
   "short": "碼中有不允許的內容"
  }
 },
 "E_HDR_UNPROT": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This code cannot be verified. Please show the original document.",
   "short": "The code holds unprotected content"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这个码无法核验，请出示证件原件。",
   "short": "码中有未受保护的内容"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這個碼無法核驗，請出示證件原件。",
   "short": "碼中有未受保護的內容"
  }
 },
 "E_INTERNAL": {
  "en": {
   "action": "Use another terminal, and tell the operator.",
   "citizen": "Our device has a fault; it has nothing to do with you. Please wait a moment.",
   "short": "This terminal has a fault"
  },
  "zh-Hans": {
   "action": "请换一台终端核验，并报告运维人员。",
   "citizen": "您好，是我们的设备出了故障，与您无关，请稍候。",
   "short": "本终端出现故障"
  },
  "zh-Hant": {
   "action": "請換一台終端核驗，並報告運維人員。",
   "citizen": "您好，是我們的設備出了故障，與您無關，請稍候。",
   "short": "本終端出現故障"
  }
 },
 "E_ISSUER_BANNED": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This electronic licence must be fetched anew. Please show the original for now.",
   "short": "The issuer's key has been banned"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这张电子证照需要重新领取，请先出示原件。",
   "short": "签发密钥已被停用"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這張電子證照需要重新領取，請先出示原件。",
   "short": "簽發密鑰已被停用"
  }
 },
 "E_ISSUER_EXPIRED": {
  "en": {
   "action": "Do not rely on it; ask the holder to refresh the licence in the wallet.",
   "citizen": "Please refresh the licence in your wallet and show it again.",
   "short": "The issuer's key has ended"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人在亮证中更新证照。",
   "citizen": "您好，请在亮证中更新一下证照，再来出示。",
   "short": "签发密钥已过有效期"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人在亮證中更新證照。",
   "citizen": "您好，請在亮證中更新一下證照，再來出示。",
   "short": "簽發密鑰已過有效期"
  }
 },
 "E_ISSUER_UNKNOWN": {
  "en": {
   "action": "Do not rely on it; look at the list's date, and if it is old, update and scan again.",
   "citizen": "This terminal does not know the issuer. Please show the original document.",
   "short": "The issuer is not on the trust list"
  },
  "zh-Hans": {
   "action": "不予采信；请看名单日期，过旧先更新再扫。",
   "citizen": "您好，本终端不认识签发机关，请出示证件原件。",
   "short": "签发机关不在信任名单中"
  },
  "zh-Hant": {
   "action": "不予採信；請看名單日期，過舊先更新再掃。",
   "citizen": "您好，本終端不認識簽發機關，請出示證件原件。",
   "short": "簽發機關不在信任名單中"
  }
 },
 "E_KBT_CLAIM": {
  "en": {
   "action": "Do not rely on it; ask the holder to update the wallet and show it again.",
   "citizen": "Please update your wallet and show the licence again.",
   "short": "The presentation is not as it must be"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人更新亮证后重新出示。",
   "citizen": "您好，请更新亮证应用，再重新出示。",
   "short": "出示内容不符合规定"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人更新亮證後重新出示。",
   "citizen": "您好，請更新亮證應用，再重新出示。",
   "short": "出示內容不符合規定"
  }
 },
 "E_KBT_FUTURE": {
  "en": {
   "action": "Ask the holder to set the phone's clock to automatic, then refresh the code.",
   "citizen": "Your phone's clock is fast. Please set it to automatic and refresh the code.",
   "short": "The phone's clock is fast"
  },
  "zh-Hans": {
   "action": "请持证人把手机时间设为自动，再刷新出示。",
   "citizen": "您好，您的手机时间快了，请设为自动校时后刷新。",
   "short": "手机时间快了"
  },
  "zh-Hant": {
   "action": "請持證人把手機時間設為自動，再刷新出示。",
   "citizen": "您好，您的手機時間快了，請設為自動校時後刷新。",
   "short": "手機時間快了"
  }
 },
 "E_KBT_LIFE": {
  "en": {
   "action": "Do not rely on it; ask the holder to update the wallet and show it again.",
   "citizen": "Please update your wallet and show the licence again.",
   "short": "The code claims too long a life"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人更新亮证后重新出示。",
   "citizen": "您好，请更新亮证应用，再重新出示。",
   "short": "动态码的有效期过长"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人更新亮證後重新出示。",
   "citizen": "您好，請更新亮證應用，再重新出示。",
   "short": "動態碼的有效期過長"
  }
 },
 "E_KBT_STALE": {
  "en": {
   "action": "Ask the holder to refresh the code before you, and scan again.",
   "citizen": "This code has expired. Please refresh it and show it again.",
   "short": "The code has expired, or is a picture"
  },
  "zh-Hans": {
   "action": "请持证人当面刷新动态码，再扫一次。",
   "citizen": "您好，这个码已经过期，请刷新一下动态码。",
   "short": "动态码已过期或是截图"
  },
  "zh-Hant": {
   "action": "請持證人當面刷新動態碼，再掃一次。",
   "citizen": "您好，這個碼已經過期，請刷新一下動態碼。",
   "short": "動態碼已過期或是截圖"
  }
 },
 "E_KCWT": {
  "en": {
   "action": "Do not rely on it; ask the holder to open the licence and show it again.",
   "citizen": "There is no licence in this code. Please open the licence again.",
   "short": "The code carries no licence"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人重新打开证照出示。",
   "citizen": "您好，这个码里没有证照，请重新打开证照。",
   "short": "码中没有证照"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人重新打開證照出示。",
   "citizen": "您好，這個碼裡沒有證照，請重新打開證照。",
   "short": "碼中沒有證照"
  }
 },
 "E_KEY": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This electronic licence must be fetched anew. Please show the original for now.",
   "short": "A key in the licence is invalid"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这张电子证照需要重新领取，请先出示原件。",
   "short": "证照中的密钥无效"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這張電子證照需要重新領取，請先出示原件。",
   "short": "證照中的密鑰無效"
  }
 },
 "E_LIC_EXPIRED": {
  "en": {
   "action": "Tell the holder when it expired and where to renew it; do not proceed.",
   "citizen": "This licence has expired. Please renew it first.",
   "short": "The licence has expired"
  },
  "zh-Hans": {
   "action": "请告知到期日期和换证地点，暂不办理。",
   "citizen": "您好，这张证照已经到期，请先办理换证。",
   "short": "证照已过有效期"
  },
  "zh-Hant": {
   "action": "請告知到期日期和換證地點，暫不辦理。",
   "citizen": "您好，這張證照已經到期，請先辦理換證。",
   "short": "證照已過有效期"
  }
 },
 "E_LIC_NOT_YET": {
  "en": {
   "action": "Tell the holder from which day it is in force; do not proceed.",
   "citizen": "This licence is not in force yet. Please show it again from the day on which it is.",
   "short": "The licence is not yet in force"
  },
  "zh-Hans": {
   "action": "请告知生效日期，暂不办理。",
   "citizen": "您好，这张证照还没有到生效日期，请在生效后再出示。",
   "short": "证照尚未生效"
  },
  "zh-Hant": {
   "action": "請告知生效日期，暫不辦理。",
   "citizen": "您好，這張證照還沒有到生效日期，請在生效後再出示。",
   "short": "證照尚未生效"
  }
 },
 "E_MANDATE_EXPIRED": {
  "en": {
   "action": "Do not go on by it; ask for a renewed mandate, or for the licence holder.",
   "citizen": "Your mandate has ended. Please have it renewed and come again.",
   "short": "The mandate has ended"
  },
  "zh-Hans": {
   "action": "不能凭此代办；请代办人续办授权，或请本人来办。",
   "citizen": "您好，这份授权已经到期，请续办以后再来。",
   "short": "代办授权已到期"
  },
  "zh-Hant": {
   "action": "不能憑此代辦；請代辦人續辦授權，或請本人來辦。",
   "citizen": "您好，這份授權已經到期，請續辦以後再來。",
   "short": "代辦授權已到期"
  }
 },
 "E_MANDATE_REVOKED": {
  "en": {
   "action": "Do not go on by it; ask the visitor to settle it with the licence holder.",
   "citizen": "This mandate is no longer in force. Please contact the person you act for.",
   "short": "The mandate is no longer in force"
  },
  "zh-Hans": {
   "action": "不能凭此代办；请代办人与委托人联系核实。",
   "citizen": "您好，这份授权已经失效，请与委托您的人联系。",
   "short": "代办授权已失效"
  },
  "zh-Hant": {
   "action": "不能憑此代辦；請代辦人與委託人聯繫核實。",
   "citizen": "您好，這份授權已經失效，請與委託您的人聯繫。",
   "short": "代辦授權已失效"
  }
 },
 "E_MANDATE_SCOPE": {
  "en": {
   "action": "Do not go on by it; ask for the licence holder, or for a mandate that covers this act.",
   "citizen": "This mandate does not cover this. Please have it extended, or ask the holder to come.",
   "short": "The mandate does not cover this act"
  },
  "zh-Hans": {
   "action": "此事不能凭此授权代办；请本人来办，或重新授权。",
   "citizen": "您好，这份授权不包括此事，请补办授权或请本人来办。",
   "short": "代办授权不包括此事"
  },
  "zh-Hant": {
   "action": "此事不能憑此授權代辦；請本人來辦，或重新授權。",
   "citizen": "您好，這份授權不包括此事，請補辦授權或請本人來辦。",
   "short": "代辦授權不包括此事"
  }
 },
 "E_PREFIX": {
  "en": {
   "action": "Ask the holder to open the wallet and show the licence code, then scan again.",
   "citizen": "This code is not an electronic licence. Please open your wallet and show the licence code.",
   "short": "This is not a licence code"
  },
  "zh-Hans": {
   "action": "请持证人打开亮证，出示动态码后再扫。",
   "citizen": "您好，这个码不是电子证照，请打开亮证出示动态码。",
   "short": "这不是亮证码"
  },
  "zh-Hant": {
   "action": "請持證人打開亮證，出示動態碼後再掃。",
   "citizen": "您好，這個碼不是電子證照，請打開亮證出示動態碼。",
   "short": "這不是亮證碼"
  }
 },
 "E_REPLAY": {
  "en": {
   "action": "Ask the holder to refresh the code, and scan again.",
   "citizen": "This code was used a moment ago. Please refresh it, thank you.",
   "short": "This code has been used already"
  },
  "zh-Hans": {
   "action": "请持证人刷新动态码，再扫一次。",
   "citizen": "您好，这个码刚才用过了，请刷新一下，谢谢。",
   "short": "此码刚才已使用过"
  },
  "zh-Hant": {
   "action": "請持證人刷新動態碼，再掃一次。",
   "citizen": "您好，這個碼剛才用過了，請刷新一下，謝謝。",
   "short": "此碼剛才已使用過"
  }
 },
 "E_REVOKED": {
  "en": {
   "action": "Do not rely on it; questions go to the issuing authority.",
   "citizen": "This licence is not in force. Please ask the issuing authority.",
   "short": "The licence has been revoked"
  },
  "zh-Hans": {
   "action": "不予采信；如有异议，请到签发机关查询。",
   "citizen": "您好，这张证照目前无效，请向签发机关咨询。",
   "short": "证照已被吊销或注销"
  },
  "zh-Hant": {
   "action": "不予採信；如有異議，請到簽發機關查詢。",
   "citizen": "您好，這張證照目前無效，請向簽發機關諮詢。",
   "short": "證照已被吊銷或註銷"
  }
 },
 "E_SCHEMA": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "The content of this electronic licence is faulty. Please show the original document.",
   "short": "The licence's content is malformed"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这张电子证照的内容有误，请出示原件。",
   "short": "证照内容不符合规定"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這張電子證照的內容有誤，請出示原件。",
   "short": "證照內容不符合規定"
  }
 },
 "E_SD_DUP": {
  "en": {
   "action": "Do not rely on it; ask the holder to show it again.",
   "citizen": "Please open the licence again and show it once more.",
   "short": "The same disclosure stands twice"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人重新出示。",
   "citizen": "您好，请重新打开证照，再出示一次。",
   "short": "同一披露项出现两次"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人重新出示。",
   "citizen": "您好，請重新打開證照，再出示一次。",
   "short": "同一披露項出現兩次"
  }
 },
 "E_SD_DUPKEY": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This electronic licence cannot be verified. Please show the original document.",
   "short": "One item has two values"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这张电子证照无法核验，请出示原件。",
   "short": "同一项目出现两个值"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這張電子證照無法核驗，請出示原件。",
   "short": "同一項目出現兩個值"
  }
 },
 "E_SD_EMPTY": {
  "en": {
   "action": "Do not rely on it; ask the holder to update the wallet and show it again.",
   "citizen": "Please update your wallet and show the licence again.",
   "short": "The disclosures are malformed"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人更新亮证后重新出示。",
   "citizen": "您好，请更新亮证应用，再重新出示。",
   "short": "披露内容的写法不对"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人更新亮證後重新出示。",
   "citizen": "您好，請更新亮證應用，再重新出示。",
   "short": "披露內容的寫法不對"
  }
 },
 "E_SD_FORBIDDEN": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This electronic licence cannot be verified. Please show the original document.",
   "short": "What may not be hidden is hidden"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这张电子证照无法核验，请出示原件。",
   "short": "证照隐藏了不可隐藏的内容"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這張電子證照無法核驗，請出示原件。",
   "short": "證照隱藏了不可隱藏的內容"
  }
 },
 "E_SD_ORPHAN": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This code cannot be verified. Please show the original document.",
   "short": "A disclosure does not belong here"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这个码无法核验，请出示证件原件。",
   "short": "披露内容与证照不符"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這個碼無法核驗，請出示證件原件。",
   "short": "披露內容與證照不符"
  }
 },
 "E_SD_REUSE": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This electronic licence cannot be verified. Please show the original document.",
   "short": "A claim hash stands twice"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这张电子证照无法核验，请出示原件。",
   "short": "证照中的摘要重复"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這張電子證照無法核驗，請出示原件。",
   "short": "證照中的摘要重複"
  }
 },
 "E_SD_SHAPE": {
  "en": {
   "action": "Do not rely on it; ask the holder to update the wallet and show it again.",
   "citizen": "Please update your wallet and show the licence again.",
   "short": "A disclosure has not its form"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人更新亮证后重新出示。",
   "citizen": "您好，请更新亮证应用，再重新出示。",
   "short": "披露项的结构不对"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人更新亮證後重新出示。",
   "citizen": "您好，請更新亮證應用，再重新出示。",
   "short": "披露項的結構不對"
  }
 },
 "E_SEAL_OPEN": {
  "en": {
   "action": "Ask the holder to scan this terminal's code again and show the licence.",
   "citizen": "The terminal's code has changed. Please scan it again and then show the licence.",
   "short": "The seal does not open; it may be late"
  },
  "zh-Hans": {
   "action": "请持证人重新扫本终端的码，再出示。",
   "citizen": "您好，终端的码已经更新，请重新扫一下，再出示证照。",
   "short": "此码打不开，请求可能已过时"
  },
  "zh-Hant": {
   "action": "請持證人重新掃本終端的碼，再出示。",
   "citizen": "您好，終端的碼已經更新，請重新掃一下，再出示證照。",
   "short": "此碼打不開，請求可能已過時"
  }
 },
 "E_SEAL_REQUIRED": {
  "en": {
   "action": "Ask the holder to scan the terminal's code first and show a sealed code.",
   "citizen": "Please scan the terminal's code first and show the licence sealed.",
   "short": "This place requires a sealed code"
  },
  "zh-Hans": {
   "action": "请持证人先扫本终端的码，以加密方式出示。",
   "citizen": "您好，请先扫终端上的码，以加密方式出示证照。",
   "short": "此处须加密出示"
  },
  "zh-Hant": {
   "action": "請持證人先掃本終端的碼，以加密方式出示。",
   "citizen": "您好，請先掃終端上的碼，以加密方式出示證照。",
   "short": "此處須加密出示"
  }
 },
 "E_SHAPE": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This code cannot be verified. Please show the original document.",
   "short": "The code's structure is not as it must be"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这个码无法核验，请出示证件原件。",
   "short": "码的结构不符合规定"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這個碼無法核驗，請出示證件原件。",
   "short": "碼的結構不符合規定"
  }
 },
 "E_SIG_FORM": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This code cannot be verified. Please show the original document.",
   "short": "A signature has not the required form"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这个码无法核验，请出示证件原件。",
   "short": "签名的形式不符合规定"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這個碼無法核驗，請出示證件原件。",
   "short": "簽名的形式不符合規定"
  }
 },
 "E_SIG_HOLDER": {
  "en": {
   "action": "Do not rely on it; ask the holder to show it from their own phone.",
   "citizen": "Please show the licence from the phone that received it.",
   "short": "The holder's signature does not fit"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人用本人手机重新出示。",
   "citizen": "您好，请用领取证照的那部手机重新出示。",
   "short": "持证手机的签名不符"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人用本人手機重新出示。",
   "citizen": "您好，請用領取證照的那部手機重新出示。",
   "short": "持證手機的簽名不符"
  }
 },
 "E_SIG_ISSUER": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This electronic licence cannot be verified. Please show the original document.",
   "short": "The issuer's signature does not fit"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这张电子证照无法核验，请出示原件。",
   "short": "签发机关的签名不符"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這張電子證照無法核驗，請出示原件。",
   "short": "簽發機關的簽名不符"
  }
 },
 "E_SIZE": {
  "en": {
   "action": "Ask the holder to open the licence anew and scan again.",
   "citizen": "This code could not be read. Please open the licence again and show it once more.",
   "short": "The code is too long"
  },
  "zh-Hans": {
   "action": "请持证人重新打开证照，再扫一次。",
   "citizen": "您好，这个码没有读出来，请重新打开证照再试一次。",
   "short": "码的内容过长"
  },
  "zh-Hant": {
   "action": "請持證人重新打開證照，再掃一次。",
   "citizen": "您好，這個碼沒有讀出來，請重新打開證照再試一次。",
   "short": "碼的內容過長"
  }
 },
 "E_STATUS_RANGE": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "The status of this licence cannot be found. Please show the original document.",
   "short": "The status list has no such entry"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，查不到这张证照的状态，请出示原件。",
   "short": "状态名单中没有此证照"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，查不到這張證照的狀態，請出示原件。",
   "short": "狀態名單中沒有此證照"
  }
 },
 "E_STATUS_URI": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This electronic licence cannot be verified. Please show the original document.",
   "short": "The status list is not this issuer's"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这张电子证照无法核验，请出示原件。",
   "short": "状态名单不属于签发机关"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這張電子證照無法核驗，請出示原件。",
   "short": "狀態名單不屬於簽發機關"
  }
 },
 "E_SUSPENDED": {
  "en": {
   "action": "Do not rely on it; it may be shown again when the suspension ends.",
   "citizen": "This licence is suspended at present. The issuing authority can tell you more.",
   "short": "The licence is suspended"
  },
  "zh-Hans": {
   "action": "不予采信；暂扣期满恢复后可再出示。",
   "citizen": "您好，这张证照目前处于暂扣状态，可向签发机关咨询。",
   "short": "证照已被暂扣"
  },
  "zh-Hant": {
   "action": "不予採信；暫扣期滿恢復後可再出示。",
   "citizen": "您好，這張證照目前處於暫扣狀態，可向簽發機關諮詢。",
   "short": "證照已被暫扣"
  }
 },
 "E_TIME_ORDER": {
  "en": {
   "action": "Do not rely on it; have the phone's clock checked, then shown again.",
   "citizen": "Please set the phone's clock to automatic and show the licence again.",
   "short": "The moments in the code contradict"
  },
  "zh-Hans": {
   "action": "不予采信；请核对手机时间，再重新出示。",
   "citizen": "您好，请把手机时间设为自动，再重新出示。",
   "short": "码中的时间互相矛盾"
  },
  "zh-Hant": {
   "action": "不予採信；請核對手機時間，再重新出示。",
   "citizen": "您好，請把手機時間設為自動，再重新出示。",
   "short": "碼中的時間互相矛盾"
  }
 },
 "E_TIME_TYPE": {
  "en": {
   "action": "Do not rely on it; ask the holder to update the wallet and show it again.",
   "citizen": "Please update your wallet and show the licence again.",
   "short": "A moment in the code is malformed"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人更新亮证后重新出示。",
   "citizen": "您好，请更新亮证应用，再重新出示。",
   "short": "码中的时间写法不对"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人更新亮證後重新出示。",
   "citizen": "您好，請更新亮證應用，再重新出示。",
   "short": "碼中的時間寫法不對"
  }
 },
 "E_TYP": {
  "en": {
   "action": "Do not rely on it; ask the holder to show the licence code.",
   "citizen": "This is not a code for showing a licence. Please show the licence code.",
   "short": "The code is of another type"
  },
  "zh-Hans": {
   "action": "不予采信；请持证人出示证照动态码。",
   "citizen": "您好，这不是用于出示的证照码，请重新出示。",
   "short": "码的类型不对"
  },
  "zh-Hant": {
   "action": "不予採信；請持證人出示證照動態碼。",
   "citizen": "您好，這不是用於出示的證照碼，請重新出示。",
   "short": "碼的類型不對"
  }
 },
 "E_VCT": {
  "en": {
   "action": "Do not rely on it; ask for the original document and note the check number.",
   "citizen": "This electronic licence cannot be verified. Please show the original document.",
   "short": "This issuer may not issue this kind"
  },
  "zh-Hans": {
   "action": "不予采信；请核对原件，并记录核验号。",
   "citizen": "您好，这张电子证照无法核验，请出示原件。",
   "short": "该机关无权签发此证照"
  },
  "zh-Hant": {
   "action": "不予採信；請核對原件，並記錄核驗號。",
   "citizen": "您好，這張電子證照無法核驗，請出示原件。",
   "short": "該機關無權簽發此證照"
  }
 },
 "W_AGE_UNKNOWN": {
  "en": {
   "action": "Ask for the date of birth in another way; if it is a child, ask for the guardian, then go on.",
   "citizen": "For this we have to know that you are old enough. Please show your date of birth, thank you.",
   "short": "The holder's age is not shown"
  },
  "zh-Hans": {
   "action": "请持证人另行出示出生日期；是未成年人的，请监护人到场再办理。",
   "citizen": "您好，办理这件事需要确认年龄，请出示一下出生日期，谢谢。",
   "short": "无法得知持证人年龄"
  },
  "zh-Hant": {
   "action": "請持證人另行出示出生日期；是未成年人的，請監護人到場再辦理。",
   "citizen": "您好，辦理這件事需要確認年齡，請出示一下出生日期，謝謝。",
   "short": "無法得知持證人年齡"
  }
 },
 "W_ASSURANCE": {
  "en": {
   "action": "Send the holder to a staffed window; at one, ask for the original document.",
   "citizen": "For this matter please go to a staffed window, or show the original, thank you.",
   "short": "The phone's key is not secure enough"
  },
  "zh-Hans": {
   "action": "请转人工窗口；已在窗口的，请查验原件。",
   "citizen": "您好，办理此事请到人工窗口，或出示原件，谢谢。",
   "short": "手机的安全级别不够"
  },
  "zh-Hant": {
   "action": "請轉人工窗口；已在窗口的，請查驗原件。",
   "citizen": "您好，辦理此事請到人工窗口，或出示原件，謝謝。",
   "short": "手機的安全級別不夠"
  }
 },
 "W_BUNDLE_UNLINKED": {
  "en": {
   "action": "Compare name and photo of each licence; go on only if all are this person's.",
   "citizen": "Each of these licences is compared in turn. One moment, please, thank you.",
   "short": "Not shown to be one person's licences"
  },
  "zh-Hans": {
   "action": "逐张核对姓名和照片，确认是同一人再办理。",
   "citizen": "您好，这几张证照需要逐张核对一下，请稍候，谢谢。",
   "short": "这几张证照未必属同一人"
  },
  "zh-Hant": {
   "action": "逐張核對姓名和照片，確認是同一人再辦理。",
   "citizen": "您好，這幾張證照需要逐張核對一下，請稍候，謝謝。",
   "short": "這幾張證照未必屬同一人"
  }
 },
 "W_CLAIM_MISSING": {
  "en": {
   "action": "Ask the holder to select the mandatory items and show it again.",
   "citizen": "This matter needs a few more items. Please select them and show the code again.",
   "short": "A mandatory item is missing"
  },
  "zh-Hans": {
   "action": "请持证人勾选必需项目，重新出示。",
   "citizen": "您好，办理此事还需要几项内容，请勾选后再出示。",
   "short": "缺少必须出示的项目"
  },
  "zh-Hant": {
   "action": "請持證人勾選必需項目，重新出示。",
   "citizen": "您好，辦理此事還需要幾項內容，請勾選後再出示。",
   "short": "缺少必須出示的項目"
  }
 },
 "W_CLOCK": {
  "en": {
   "action": "Ask by a request code, or check the original document. Go online to set the clock.",
   "citizen": "Our device must set its clock. Please wait a moment, thank you.",
   "short": "This terminal's clock is uncertain"
  },
  "zh-Hans": {
   "action": "请用请求码核验，或核对原件；请联网校时。",
   "citizen": "您好，我们的设备需要校时，请稍候，谢谢。",
   "short": "本终端的时间不可靠"
  },
  "zh-Hant": {
   "action": "請用請求碼核驗，或核對原件；請聯網校時。",
   "citizen": "您好，我們的設備需要校時，請稍候，謝謝。",
   "short": "本終端的時間不可靠"
  }
 },
 "W_CRED_EXPIRED": {
  "en": {
   "action": "Ask the holder to go online, refresh the licence and show it again.",
   "citizen": "Please go online, refresh the licence and show it again, thank you.",
   "short": "The licence on the phone needs a refresh"
  },
  "zh-Hans": {
   "action": "请持证人联网刷新证照，再出示。",
   "citizen": "您好，请联网刷新一下证照，再出示，谢谢。",
   "short": "手机中的证照需要刷新"
  },
  "zh-Hant": {
   "action": "請持證人聯網刷新證照，再出示。",
   "citizen": "您好，請聯網刷新一下證照，再出示，謝謝。",
   "short": "手機中的證照需要刷新"
  }
 },
 "W_CRED_NOT_YET": {
  "en": {
   "action": "See from when it is valid, or ask for the original document.",
   "citizen": "This electronic copy is not valid yet. Please show the original document.",
   "short": "This electronic copy is not valid yet"
  },
  "zh-Hans": {
   "action": "请查看启用日期，或核对原件。",
   "citizen": "您好，这份电子证照还没有启用，请出示原件。",
   "short": "这份电子证照尚未启用"
  },
  "zh-Hant": {
   "action": "請查看啟用日期，或核對原件。",
   "citizen": "您好，這份電子證照還沒有啟用，請出示原件。",
   "short": "這份電子證照尚未啟用"
  }
 },
 "W_GUARDIAN": {
  "en": {
   "action": "Ask for the guardian; check who it is and that this is the guardian, then go on.",
   "citizen": "Hello, for this your guardian has to be here with you, thank you.",
   "short": "Below the age: a guardian is needed"
  },
  "zh-Hans": {
   "action": "请监护人到场，核对其身份和监护关系后再办理。",
   "citizen": "您好，这件事要请监护人一起到场办理，谢谢。",
   "short": "未达年龄，须有监护人"
  },
  "zh-Hant": {
   "action": "請監護人到場，核對其身分和監護關係後再辦理。",
   "citizen": "您好，這件事要請監護人一起到場辦理，謝謝。",
   "short": "未達年齡，須有監護人"
  }
 },
 "W_HOLDERS_MISSING": {
  "en": {
   "action": "Ask the other holders to show theirs in the same act; do not go on without them.",
   "citizen": "This needs every holder of the licence. Please show them together in one act.",
   "short": "Another holder is still missing"
  },
  "zh-Hans": {
   "action": "请其他持证人到场，一起出示后再办理。",
   "citizen": "您好，这件事要几位持证人一起出示证照，谢谢。",
   "short": "还缺其他持证人"
  },
  "zh-Hant": {
   "action": "請其他持證人到場，一起出示後再辦理。",
   "citizen": "您好，這件事要幾位持證人一起出示證照，謝謝。",
   "short": "還缺其他持證人"
  }
 },
 "W_ID_CHECK_LEGACY": {
  "en": {
   "action": "Nothing to do; some older licences are like this.",
   "citizen": "Your licence can be used as usual.",
   "short": "The identifier's check digit differs"
  },
  "zh-Hans": {
   "action": "无须处理；部分旧证照如此。",
   "citizen": "您好，您的证照可以正常使用。",
   "short": "证照标识的校验码不一致"
  },
  "zh-Hant": {
   "action": "無須處理；部分舊證照如此。",
   "citizen": "您好，您的證照可以正常使用。",
   "short": "證照標識的校驗碼不一致"
  }
 },
 "W_ISSUER_BANNED": {
  "en": {
   "action": "Ask the holder to go online, refresh, and show the newly signed licence.",
   "citizen": "This electronic licence needs an update. Please refresh it and show it again, thank you.",
   "short": "Signed by a banned key, maybe before the ban"
  },
  "zh-Hans": {
   "action": "请持证人联网刷新，出示新签发的证照。",
   "citizen": "您好，这张电子证照需要更新，请刷新后再出示，谢谢。",
   "short": "签发密钥已停用，无法确认签发时间"
  },
  "zh-Hant": {
   "action": "請持證人聯網刷新，出示新簽發的證照。",
   "citizen": "您好，這張電子證照需要更新，請刷新後再出示，謝謝。",
   "short": "簽發密鑰已停用，無法確認簽發時間"
  }
 },
 "W_NEAR_EXPIRY": {
  "en": {
   "action": "Remind the holder to renew in time.",
   "citizen": "Your licence will expire soon. Please remember to renew it.",
   "short": "The licence expires within 30 days"
  },
  "zh-Hans": {
   "action": "可提醒持证人尽早换证。",
   "citizen": "您好，您的证照快到期了，请留意换证时间。",
   "short": "证照三十天内到期"
  },
  "zh-Hant": {
   "action": "可提醒持證人儘早換證。",
   "citizen": "您好，您的證照快到期了，請留意換證時間。",
   "short": "證照三十天內到期"
  }
 },
 "W_OPEN_MODE": {
  "en": {
   "action": "Nothing to do.",
   "citizen": "Your licence has been received, thank you.",
   "short": "Shown openly, without a challenge"
  },
  "zh-Hans": {
   "action": "无须处理。",
   "citizen": "您好，已收到您的出示，谢谢。",
   "short": "普通出示，未扫终端的码"
  },
  "zh-Hant": {
   "action": "無須處理。",
   "citizen": "您好，已收到您的出示，謝謝。",
   "short": "普通出示，未掃終端的碼"
  }
 },
 "W_PERSON_CHECK": {
  "en": {
   "action": "Compare the photo; without one ask a question or see a second document. Then answer here.",
   "citizen": "We need to see that it is you, and may ask a question or for a second document, thank you.",
   "short": "Compare the person with the licence"
  },
  "zh-Hans": {
   "action": "有照片请对照；无照片请提问或看第二份证件，再作答。",
   "citizen": "您好，我们需要核对是您本人，可能会请您答一个问题或出示另一份证件。",
   "short": "请核对是否为本人"
  },
  "zh-Hant": {
   "action": "有照片請對照；無照片請提問或看第二份證件，再作答。",
   "citizen": "您好，我們需要核對是您本人，可能會請您答一個問題或出示另一份證件。",
   "short": "請核對是否為本人"
  }
 },
 "W_PHONE_CLOCK": {
  "en": {
   "action": "Tell the holder to switch on automatic time, and go on as usual.",
   "citizen": "Your phone's clock is a little off. Please switch on automatic time, thank you.",
   "short": "The phone's clock is off; nothing else"
  },
  "zh-Hans": {
   "action": "提醒持证人打开手机的自动校时；照常办理。",
   "citizen": "您好，您手机的时间不太准，请打开自动校时，谢谢。",
   "short": "手机时间不准，不影响办理"
  },
  "zh-Hant": {
   "action": "提醒持證人打開手機的自動校時；照常辦理。",
   "citizen": "您好，您手機的時間不太準，請打開自動校時，謝謝。",
   "short": "手機時間不準，不影響辦理"
  }
 },
 "W_POLICY_MISSING": {
  "en": {
   "action": "Update over the network; if there is still no rule, check by hand.",
   "citizen": "We cannot verify this kind of licence here yet. Please show the original.",
   "short": "No rule for this licence here"
  },
  "zh-Hans": {
   "action": "请联网更新；仍无规则时转人工核验。",
   "citizen": "您好，这里暂不能核验这种证照，请出示原件。",
   "short": "本终端没有此证照的规则"
  },
  "zh-Hant": {
   "action": "請聯網更新；仍無規則時轉人工核驗。",
   "citizen": "您好，這裡暫不能核驗這種證照，請出示原件。",
   "short": "本終端沒有此證照的規則"
  }
 },
 "W_REGION": {
  "en": {
   "action": "Check the original document and follow the local rules.",
   "citizen": "Licences of that region are not recognised here yet. Please show the original.",
   "short": "Authentic, not recognised here"
  },
  "zh-Hans": {
   "action": "请核对原件，按本地规定办理。",
   "citizen": "您好，外地证照本地尚未互认，请出示原件。",
   "short": "证照真实，本地尚未互认"
  },
  "zh-Hant": {
   "action": "請核對原件，按本地規定辦理。",
   "citizen": "您好，外地證照本地尚未互認，請出示原件。",
   "short": "證照真實，本地尚未互認"
  }
 },
 "W_STATIC": {
  "en": {
   "action": "Compare name and last four characters with an identity document, then go on.",
   "citizen": "This is a paper code. Please show an identity document as well.",
   "short": "A paper code, which can be copied"
  },
  "zh-Hans": {
   "action": "核对身份证件的姓名和号码后四位，相符再办理。",
   "citizen": "您好，这是纸质码，请再出示一下身份证件核对。",
   "short": "这是纸质码，可以复印"
  },
  "zh-Hant": {
   "action": "核對身份證件的姓名和號碼後四位，相符再辦理。",
   "citizen": "您好，這是紙質碼，請再出示一下身份證件核對。",
   "short": "這是紙質碼，可以複印"
  }
 },
 "W_STATUS_MISSING": {
  "en": {
   "action": "Update over the network, or send the holder to a window that is online.",
   "citizen": "Our data needs an update. Please wait a moment, thank you.",
   "short": "No status data for this licence"
  },
  "zh-Hans": {
   "action": "请联网更新，或转有网络的窗口核验。",
   "citizen": "您好，我们的数据需要更新，请稍候，谢谢。",
   "short": "没有这张证照的状态数据"
  },
  "zh-Hant": {
   "action": "請聯網更新，或轉有網絡的窗口核驗。",
   "citizen": "您好，我們的數據需要更新，請稍候，謝謝。",
   "short": "沒有這張證照的狀態數據"
  }
 },
 "W_STATUS_STALE": {
  "en": {
   "action": "Update over the network; where you cannot, check the original document.",
   "citizen": "Our data needs an update. Please wait a moment, thank you.",
   "short": "The status data are old"
  },
  "zh-Hans": {
   "action": "请联网更新；不能更新时请核对证件原件。",
   "citizen": "您好，我们的数据需要更新，请稍候，谢谢。",
   "short": "状态数据较旧"
  },
  "zh-Hant": {
   "action": "請聯網更新；不能更新時請核對證件原件。",
   "citizen": "您好，我們的數據需要更新，請稍候，謝謝。",
   "short": "狀態數據較舊"
  }
 },
 "W_SUPERSEDED": {
  "en": {
   "action": "Ask the holder to go online, refresh, and show the new licence.",
   "citizen": "Your licence has been reissued. Please refresh and show the new one.",
   "short": "A newer licence has been issued"
  },
  "zh-Hans": {
   "action": "请持证人联网刷新，出示新证照。",
   "citizen": "您好，您的证照已经换发，请刷新后出示新的。",
   "short": "已换发新证照"
  },
  "zh-Hant": {
   "action": "請持證人聯網刷新，出示新證照。",
   "citizen": "您好，您的證照已經換發，請刷新後出示新的。",
   "short": "已換發新證照"
  }
 },
 "W_TRUST_MISSING": {
  "en": {
   "action": "Sync the terminal over the network; if that does not help, tell the operator.",
   "citizen": "Our device is not ready yet. Please wait a moment, thank you.",
   "short": "This terminal has no trust list"
  },
  "zh-Hans": {
   "action": "请联网同步终端；仍不行请报告运维人员。",
   "citizen": "您好，我们的设备还未准备好，请稍候，谢谢。",
   "short": "本终端没有信任名单"
  },
  "zh-Hant": {
   "action": "請聯網同步終端；仍不行請報告運維人員。",
   "citizen": "您好，我們的設備還未準備好，請稍候，謝謝。",
   "short": "本終端沒有信任名單"
  }
 },
 "W_TRUST_STALE": {
  "en": {
   "action": "Update the terminal over the network, and tell the operator.",
   "citizen": "Our device needs an update. Please wait a moment, thank you.",
   "short": "This terminal's trust data are old"
  },
  "zh-Hans": {
   "action": "请联网更新终端，并报告运维人员。",
   "citizen": "您好，我们的设备需要更新，请稍候，谢谢。",
   "short": "本终端的信任数据过旧"
  },
  "zh-Hant": {
   "action": "請聯網更新終端，並報告運維人員。",
   "citizen": "您好，我們的設備需要更新，請稍候，謝謝。",
   "short": "本終端的信任數據過舊"
  }
 }
};
