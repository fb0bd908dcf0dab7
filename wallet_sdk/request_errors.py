"""Why a terminal's request is not believed, or cannot be answered: one leaf for each cause, as in `errors.py`.

Whenever one of these is raised, nothing was signed.
"""

from protocol.errors import ProtocolError
from protocol.licence.catalogue import Names
from wallet_sdk.errors import WalletError


class RequestError(WalletError):
    """A terminal's request was not believed, or cannot be answered.

    Attributes:
        reason: The protocol's own refusal, if it was one.
    """

    def __init__(self, detail: str = "", *, reason: ProtocolError | None = None) -> None:
        self.reason = reason
        super().__init__(detail if reason is None else f"{detail} {reason.code}: {reason}".strip())


# Challenges.


class ChallengeMalformed(RequestError):
    """The text is no challenge, or one that breaks the rules of its form."""

    code = "CHALLENGE_MALFORMED"
    meaning = "this is not a terminal's request"
    hint = "scan the code on the terminal's screen again; it begins with LC1:"
    texts = Names("这不是有效的查验请求。", "這不是有效的查驗請求。", "This is not a terminal's request.")


class ChallengeForged(RequestError):
    """A signature does not fit: somebody changed the request, or imitates a terminal."""

    code = "CHALLENGE_FORGED"
    meaning = "the request is not signed by whom it names"
    hint = "do not answer it; tell the place where it was shown"
    texts = Names(
        "查验请求的签名不符，可能有人冒充，请勿出示。",
        "查驗請求的簽章不符，可能有人冒充，請勿出示。",
        "This request is not genuine. Somebody may be imitating the terminal; show nothing.",
    )


class RegionUnknown(RequestError):
    """The terminal is of a region of which this wallet has no directory."""

    code = "CHALLENGE_REGION_UNKNOWN"
    meaning = "this wallet does not know the terminal's region, so it cannot tell who asks"
    hint = "show the licence without a request (`wallet.show`), or receive a licence of that region first"
    texts = Names(
        "无法核实该地区的查验终端，请改用普通亮证。",
        "無法核實該地區的查驗終端，請改用一般亮證。",
        "This terminal's region is unknown here, so it cannot be checked who asks.",
    )


class TerminalUnknown(RequestError):
    """The region is known, and has no such key for terminals."""

    code = "CHALLENGE_TERMINAL_UNKNOWN"
    meaning = "the region's directory does not know the key that certified this terminal"
    hint = "do not answer it; if the terminal is new, refresh a licence of that region, which brings its new directory"
    texts = Names(
        "无法核实该查验终端，请勿出示。",
        "無法核實該查驗終端，請勿出示。",
        "This terminal cannot be verified; show nothing.",
    )


class TerminalExpired(RequestError):
    """The terminal's certificate, or the key that certified it, does not cover this moment."""

    code = "CHALLENGE_CERTIFICATE_ENDED"
    meaning = "the terminal's certificate has ended, or has not begun"
    hint = "check this device's clock; if it is right, the terminal has to renew its certificate"
    texts = Names(
        "查验终端的证书不在有效期内；请先检查手机时间。",
        "查驗終端的憑證不在有效期內；請先檢查手機時間。",
        "The terminal's certificate is out of date. Please check this device's clock first.",
    )


class TerminalWithdrawn(RequestError):
    """The region has withdrawn this terminal's key: the machine was stolen or lost."""

    code = "CHALLENGE_TERMINAL_WITHDRAWN"
    meaning = "the region has withdrawn this terminal"
    hint = "do not answer it; whoever shows this request may have a stolen machine"
    texts = Names(
        "该查验终端已被撤销，请勿出示。",
        "該查驗終端已被撤銷，請勿出示。",
        "This terminal has been withdrawn; show nothing.",
    )


class ChallengeOver(RequestError):
    """Its two minutes have passed; no terminal takes an answer any more."""

    code = "CHALLENGE_OVER"
    meaning = "the request is over"
    hint = "have the terminal ask again; if it is over at once, check this device's clock"
    retryable = True
    texts = Names(
        "查验请求已过期，请让对方重新发起。",
        "查驗請求已過期，請讓對方重新發起。",
        "This request is over; let the terminal ask again.",
    )


class ClockWrong(RequestError):
    """The request begins in the future: this device's clock is ten minutes slow, or the terminal's is fast."""

    code = "CHALLENGE_CLOCK"
    meaning = "the request begins later than now: one of the two clocks is wrong"
    hint = "set this device's clock, then scan the request again"
    retryable = True
    texts = Names("请检查手机时间是否正确。", "請檢查手機時間是否正確。", "Please check this device's date and time.")


class AskedTooMuch(RequestError):
    """The terminal asks for items that its certificate, or the purpose's maximum, does not allow."""

    code = "CHALLENGE_ASKS_TOO_MUCH"
    meaning = "the terminal asks for more than it may"
    hint = "do not answer it; the message names the items, which a complaint should name too"
    texts = Names(
        "对方要求的项目超出其权限，已拒绝。",
        "對方要求的項目超出其權限，已拒絕。",
        "The terminal asks for more than it is allowed to; nothing is shown.",
    )


# Short codes.


class ShortCodeMalformed(RequestError):
    """What was typed is no short code."""

    code = "SHORT_CODE_MALFORMED"
    meaning = "this is not a short code"
    hint = "type the ten letters and digits on the terminal's screen; hyphens do not matter"
    retryable = True
    texts = Names("短码应为十位字母或数字。", "短碼應為十位字母或數字。", "A short code has ten letters or digits.")


class SiteUnknown(RequestError):
    """No region's site list has this site."""

    code = "SHORT_CODE_SITE_UNKNOWN"
    meaning = "no known place has this short code"
    hint = "compare the first four characters with the screen; else let the terminal show a code to scan"
    texts = Names(
        "找不到该短码对应的场所，请勿继续。",
        "找不到該短碼對應的場所，請勿繼續。",
        "No known place has this code; do not go on.",
    )


class SiteAmbiguous(RequestError):
    """The site lists of two regions have this site, so the wallet cannot say who would read the answer."""

    code = "SHORT_CODE_SITE_AMBIGUOUS"
    meaning = "two regions have a place with this short code"
    hint = "let the terminal show its code instead"
    texts = Names(
        "有两处场所使用该短码，请改为扫码。",
        "有兩處場所使用該短碼，請改為掃碼。",
        "Two places have this code; scan the terminal's code instead.",
    )


# What is held.


class CardNotHeld(RequestError):
    """None of the licences that are asked for is in this wallet."""

    code = "CHALLENGE_CARD_NOT_HELD"
    meaning = "this wallet holds none of the licences that are asked for"
    hint = "say so at the counter; the message names the kinds"
    texts = Names("卡包中没有所需的证照。", "卡包中沒有所需的證照。", "None of these licences is in the wallet.")


class BundleSize(RequestError):
    """No card, or more than four, in one act."""

    code = "BUNDLE_SIZE"
    meaning = "one act shows one to four licences, each once"
    hint = "choose fewer, and show the others in a second act"
    texts = Names("一次最多出示四张证照。", "一次最多出示四張證照。", "Choose one to four licences at a time.")


# Mandates.


class MandateScope(WalletError):
    """The mandate does not cover this purpose; a terminal would refuse it."""

    code = "MANDATE_SCOPE"
    meaning = "this mandate does not cover that purpose"
    hint = "show it for one of the purposes that the message names"
    texts = Names("授权不包括该场合。", "授權不包括該場合。", "This mandate does not cover this purpose.")


class MandateExpired(WalletError):
    """The mandate has ended; one that has ended is none."""

    code = "MANDATE_EXPIRED"
    meaning = "the mandate has ended"
    hint = "the licence's holder has it renewed by the issuing authority"
    texts = Names("授权已到期。", "授權已到期。", "This mandate has ended.")
