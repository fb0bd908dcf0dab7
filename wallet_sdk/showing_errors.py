"""Why something beside the plain code cannot be shown: ladders, moving codes, portraits. As in `errors.py`.

The plain code stays available whenever one of these is raised, unless the code itself is too large.
"""

from protocol.licence.catalogue import Names
from wallet_sdk.errors import WalletError

_TRY_PLAIN = Names("请改用普通亮证。", "請改用一般亮證。", "Please show the plain code instead.")


class LadderNeedsSession(WalletError):
    """The device key asks its holder at every signature, so nothing can be signed ahead."""

    code = "LADDER_NEEDS_SESSION"
    meaning = "this device key signs one code at a time, so nothing can be signed ahead"
    hint = "pull `showing.frame()`; the key's owner confirms each code"
    texts = _TRY_PLAIN


class LadderForRequest(WalletError):
    """A terminal's request has one answer, made now."""

    code = "LADDER_FOR_REQUEST"
    meaning = "the answer to a terminal's request is not signed ahead"
    hint = "pull `showing.frame()`"
    texts = _TRY_PLAIN


class LadderTooLong(WalletError):
    """More than ten rungs or five minutes, or none."""

    code = "LADDER_TOO_LONG"
    meaning = "a ladder has one to ten rungs and covers at most five minutes"
    hint = "ask for fewer, and make a new ladder when it is over"
    texts = Names("应用设置有误。", "應用程式設定有誤。", "The app is set up wrongly.")


class LadderWiped(WalletError):
    """The clock was set while a ladder stood."""

    code = "LADDER_WIPED"
    meaning = "the device's clock was set, so the codes that were signed ahead are gone"
    hint = "pull `showing.frame()`, or make a new ladder"
    retryable = True
    texts = Names("手机时间已改变，请重新亮证。", "手機時間已改變，請重新亮證。", "The clock was set; show it again.")


class LadderOver(WalletError):
    """No rung is left for this moment."""

    code = "LADDER_OVER"
    meaning = "no code that was signed ahead is left"
    hint = "pull `showing.frame()`, or make a new ladder"
    retryable = True
    texts = Names("请重新亮证。", "請重新亮證。", "Please show the licence again.")


class PortraitBesideSeal(WalletError):
    """A portrait's frames can be read by every camera, a sealed answer by one terminal alone."""

    code = "PORTRAIT_BESIDE_SEAL"
    meaning = "no portrait is shown beside a sealed answer, since every camera could read it"
    hint = "show the sealed code (`showing.frame()`, or `showing.animated()` if it is too large)"
    texts = _TRY_PLAIN


class PortraitNotAgreed(WalletError):
    """The portrait would be shown without its item being agreed to; it could not be checked either."""

    code = "PORTRAIT_NOT_AGREED"
    meaning = "the portrait's item is not among what the holder agreed to show"
    hint = (
        "ask for the licence's portrait item in the consent request; a purpose that may not ask for it has no portrait"
    )
    texts = Names("该场合不出示照片。", "該場合不出示照片。", "No portrait is shown here.")


class PortraitUnfit(WalletError):
    """There is no portrait, or not a small AVIF or WebP."""

    code = "PORTRAIT_UNFIT"
    meaning = "the licence has no portrait that fits moving pictures"
    hint = "the issuer has to send one as AVIF or WebP of at most 8,192 bytes"
    texts = Names("此证照没有可出示的照片。", "此證照沒有可出示的照片。", "This licence has no portrait to show.")


class RateWrong(WalletError):
    """Not 2 to 10 pictures a second."""

    code = "ANIMATION_RATE"
    meaning = "moving codes have 2 to 10 pictures a second"
    hint = "leave it at 8"
    texts = Names("应用设置有误。", "應用程式設定有誤。", "The app is set up wrongly.")
