"""Why a licence does not come over the network: one leaf for each cause, as in `wallet_sdk.errors`."""

from typing import TYPE_CHECKING

from protocol.licence.catalogue import Names
from wallet_sdk.errors import WalletError

if TYPE_CHECKING:
    from wallet_sdk.openid4vci.accepting import Waiting


class OfferError(WalletError):
    """The root: whatever stands between an offer and its licence, or between a wallet and its issuer."""


class OfferMalformed(OfferError):
    """The link is no credential offer, or larger than any."""

    code = "OFFER_MALFORMED"
    meaning = "this is no offer of a licence"
    hint = "scan the office's code again, or copy the whole link: openid-credential-offer://…"
    texts = Names("这不是证照领取码。", "這不是證照領取碼。", "This is not an offer of a licence.")


class OfferUnsupported(OfferError):
    """The offer is for another way of issuing than this wallet knows."""

    code = "OFFER_UNSUPPORTED"
    meaning = "this offer wants something that this wallet cannot do"
    hint = "the offer needs the pre-authorised code grant and one licence; ask the office for another kind of offer"
    texts = Names(
        "本钱包不支持此领取方式。", "本錢包不支援此領取方式。", "This wallet cannot accept this kind of offer."
    )


class AddressUnsafe(OfferError):
    """An address without TLS, or on another host than the issuer's."""

    code = "OFFER_ADDRESS"
    meaning = "this address is not safe to ask"
    hint = (
        "an issuer has an https address, and all of its addresses are on its own host; http is for this machine alone"
    )
    texts = Names("领取地址不安全。", "領取位址不安全。", "The address of this offer is not safe.")


class TxCodeNeeded(OfferError):
    """The offer asks for a transaction code that was not given, or has another form."""

    code = "OFFER_TX_CODE"
    meaning = "this offer needs the transaction code that came another way"
    hint = "ask the holder for it and pass it as `tx_code`; after five wrong ones the offer is dead"
    retryable = True
    texts = Names("请输入领取验证码。", "請輸入領取驗證碼。", "Please enter the transaction code for this offer.")


class IssuerUnreachable(OfferError):
    """Nobody answers, or not in time."""

    code = "ISSUER_UNREACHABLE"
    meaning = "the issuer does not answer"
    hint = "check the network and try again; what the wallet holds is unchanged, and an offer lives ten minutes"
    retryable = True
    texts = Names(
        "无法连接发证机关，请稍后再试。", "無法連線發證機關，請稍後再試。", "The issuer cannot be reached now."
    )


class OfferPerhapsUsed(IssuerUnreachable):
    """The answer with the access token did not come: nobody knows whether the issuer has taken the code.

    A code is good once (OpenID4VCI 1.0 section 4.1.1), so an issuer that has does not take it again.
    """

    code = "OFFER_PERHAPS_USED"
    meaning = "no answer came to the code of this offer, which may be used up by now"
    hint = (
        "try the same offer once more; if the issuer refuses it then (invalid_grant), it is used up: ask the office "
        "for a new offer. No licence was lost"
    )
    texts = Names(
        "未收到发证机关的答复，此领取码可能已被用掉。请再试一次；如被拒绝，请向发证机关索取新的领取码。证照没有丢失。",
        "未收到發證機關的答覆，此領取碼可能已被用掉。請再試一次；如被拒絕，請向發證機關索取新的領取碼。證照沒有遺失。",
        "No answer came, so this offer may be used up. Try again; if it is refused, ask the issuing authority for a "
        "new offer. No licence was lost.",
    )


class LicenceOwed(IssuerUnreachable):
    """The offer was taken, and the answer with the licence did not come.

    Attributes:
        waiting: What to `resume` with; keep it as one that waits for a review.
    """

    code = "OFFER_LICENCE_OWED"
    meaning = "the offer was taken, and the answer with its licence did not come"
    hint = (
        "go on with `openid4vci.resume` within ten minutes (in Python with the error's `waiting`); the offer itself is "
        "used up"
    )
    texts = Names(
        "领取码已确认，但证照尚未收到。请在十分钟内继续领取。",
        "領取碼已確認，但證照尚未收到。請在十分鐘內繼續領取。",
        "The offer was taken, but its licence did not arrive. Go on receiving it within ten minutes.",
    )

    def __init__(self, detail: str = "", *, waiting: "Waiting | None" = None) -> None:
        self.waiting = waiting
        super().__init__(detail)


class IssuerAnswerMalformed(OfferError):
    """The answer is not one of OpenID4VCI, or larger than any."""

    code = "ISSUER_ANSWER_MALFORMED"
    meaning = "the issuer's answer is not in its form"
    hint = "the address may lead to a sign-in page or another service; check it with the office"
    texts = Names("发证机关的答复有误。", "發證機關的答覆有誤。", "The issuer's answer makes no sense.")


class IssuerRefused(OfferError):
    """The issuer says no; the detail is its own code."""

    code = "ISSUER_REFUSED"
    meaning = "the issuer refuses"
    hint = (
        "look the issuer's code up in docs/spec/issuing.md; invalid_grant: a wrong code, or the offer is over or used, "
        "also by a request whose answer was lost: ask for a new one"
    )
    texts = Names("发证机关拒绝了请求。", "發證機關拒絕了請求。", "The issuer has refused this request.")


class NothingWaits(OfferError):
    """No deferred licence waits in this wallet."""

    code = "OFFER_NOTHING_WAITS"
    meaning = "no licence waits to be issued"
    hint = "accept an offer first"
    texts = Names("没有等待发放的证照。", "沒有等待發放的證照。", "No licence is waiting to be issued.")


class NotRefreshable(OfferError):
    """The licence came without an address where it is refreshed."""

    code = "LICENCE_NOT_REFRESHABLE"
    meaning = "this licence names no address of its issuer"
    hint = "it came as a file: have it issued again by an offer, or give the issuer's address"
    texts = Names(
        "此证照无法在线更新，请到窗口办理。",
        "此證照無法線上更新，請到窗口辦理。",
        "This licence cannot be refreshed here.",
    )


class OtherLicence(OfferError):
    """A refresh brought another licence than the one that was asked for."""

    code = "LICENCE_NOT_THE_SAME"
    meaning = "the issuer answered with another licence"
    hint = "nothing of it was stored; tell the office"
    texts = Names("发证机关发来了其他证照。", "發證機關發來了其他證照。", "The issuer sent another licence.")
