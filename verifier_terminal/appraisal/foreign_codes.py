"""Naming a code that this terminal does not appraise, without keeping any of its text.

The name is all that leaves: the clerk can say "this is the payment code", and nothing of it is shown, logged or opened.
Not handled here: whether the code is refused; it is "not read" (E_PREFIX and its neighbours), whatever its name.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from protocol import labels, limits
from protocol.licence.catalogue import Names


class ForeignCode(StrEnum):
    """What was read instead of a presentation."""

    EMPTY = "empty"
    BINARY = "binary"
    CONTROL_CHARACTERS = "control_characters"
    TOO_LONG = "too_long"
    OURS_TERMINAL = "ours_terminal"
    OURS_FRAME = "ours_frame"
    OURS_OTHER_KIND = "ours_other_kind"
    OURS_DAMAGED = "ours_damaged"
    PAYMENT = "payment"
    HEALTH_CODE = "health_code"
    HEALTH_CERTIFICATE = "health_certificate"
    WIFI = "wifi"
    CONTACT = "contact"
    URL = "url"
    ID_NUMBER = "id_number"
    PRODUCT = "product"
    UNKNOWN = "unknown"


NAMES: Final[Mapping[ForeignCode, Names]] = {
    ForeignCode.EMPTY: Names("空码", "空碼", "empty code"),
    ForeignCode.BINARY: Names("二进制内容", "二進制內容", "binary content"),
    ForeignCode.CONTROL_CHARACTERS: Names("含控制字符的码", "含控制字元的碼", "code with control characters"),
    ForeignCode.TOO_LONG: Names("过长的码", "過長的碼", "code that is too long"),
    ForeignCode.OURS_TERMINAL: Names(
        "终端的码，请持证人用手机扫它",
        "終端的碼，請持證人用手機掃它",
        "a terminal's code: the holder's phone scans it",
    ),
    ForeignCode.OURS_FRAME: Names(
        "连续码中的一帧，请继续对准",
        "連續碼中的一幀，請繼續對準",
        "one picture of an animated code: keep the camera on it",
    ),
    ForeignCode.OURS_OTHER_KIND: Names(
        "亮证其他类型的码，本终端暂不能读取",
        "亮證其他類型的碼，本終端暫不能讀取",
        "newer or other kind of our codes, this terminal cannot read it yet",
    ),
    ForeignCode.OURS_DAMAGED: Names("不完整的亮证码", "不完整的亮證碼", "damaged or incomplete licence code"),
    ForeignCode.PAYMENT: Names("付款码或收款码", "付款碼或收款碼", "payment code"),
    ForeignCode.HEALTH_CODE: Names("健康码", "健康碼", "health code"),
    ForeignCode.HEALTH_CERTIFICATE: Names("欧盟健康证明", "歐盟健康證明", "EU health certificate"),
    ForeignCode.WIFI: Names("无线网络码", "無線網絡碼", "Wi-Fi code"),
    ForeignCode.CONTACT: Names("名片码", "名片碼", "contact card"),
    ForeignCode.URL: Names("网址", "網址", "web address"),
    ForeignCode.ID_NUMBER: Names("证件条码", "證件條碼", "identity document barcode"),
    ForeignCode.PRODUCT: Names("商品条码", "商品條碼", "product barcode"),
    ForeignCode.UNKNOWN: Names("不认识的码", "不認識的碼", "unknown code"),
}

_HEAD: Final = 256
"""Characters that are looked at: enough for every rule below, and a megabyte costs no more than that."""

_PAYMENT: Final = re.compile(
    r"wxp://|weixin://wxpay|alipays?://|upwapi://"
    r"|https?://(qr\.alipay\.com|mobilecodec\.alipay\.com|qr\.95516\.com|qr\.ccb\.com|wx\.tenpay\.com)/"
    # Numbers that a till reads from a phone: WeChat Pay 10–15, Alipay 25–30, UnionPay 62.
    r"|(1[0-5][0-9]{16}|(2[5-9]|30)[0-9]{14,22}|62[0-9]{17})$"
    # The national bar code of payment (EMV QR code, tag 00 "01").
    r"|000201[0-9]{2}",
    re.ASCII | re.IGNORECASE,
)
_HEALTH_CODE: Final = re.compile(
    r"healthcode|health[-_/]code|jkm|jiankangma|suishenma|健康码|健康碼|随申码", re.IGNORECASE
)
_HEALTH_CERTIFICATE: Final = re.compile(r"HC[0-9]:|shc:/", re.IGNORECASE)
_WIFI: Final = re.compile(r"WIFI:", re.IGNORECASE)
_CONTACT: Final = re.compile(r"BEGIN:VCARD|MECARD:|BIZCARD:", re.IGNORECASE)
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{1,20}://|(https?|mailto|tel|sms|geo|data|javascript):|www\.", re.IGNORECASE)
_ID_NUMBER: Final = re.compile(
    r"[0-9]{17}[0-9X]$|[0-9]{15}$|@\n\x1e\r|ANSI |[IPAC][A-Z<][A-Z]{3}(?=[A-Z0-9<]*<<)", re.ASCII
)
_PRODUCT: Final = re.compile(r"([0-9]{8}|[0-9]{12,14})$", re.ASCII)
_OURS_DAMAGED: Final = re.compile(r"\s*(LZ1|LE1:|LB1:|LS1:)", re.IGNORECASE)
_OURS_TERMINAL: Final = frozenset({labels.PREFIX_CHALLENGE, labels.PREFIX_ENROLMENT})
_LINE_BREAKS: Final = frozenset("\r\n\t")

_BY_PATTERN: Final = (
    (_HEALTH_CERTIFICATE, ForeignCode.HEALTH_CERTIFICATE),
    (_WIFI, ForeignCode.WIFI),
    (_CONTACT, ForeignCode.CONTACT),
    # A citizen's number has a calendar date in it, which is asked first: 18 digits may also be a till's number.
    (re.compile(r"[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]{4}[0-9X]$", re.ASCII), ForeignCode.ID_NUMBER),
    (_PAYMENT, ForeignCode.PAYMENT),
    (_ID_NUMBER, ForeignCode.ID_NUMBER),
    (_PRODUCT, ForeignCode.PRODUCT),
)


def classify(text: str) -> ForeignCode:
    """What kind of code this text is; of what `appraise` reads it says OURS_DAMAGED, so ask only when that failed."""
    if not text:
        return ForeignCode.EMPTY
    prefix = text[: labels.PREFIX_CHARACTERS]
    if prefix in _OURS_TERMINAL:
        return ForeignCode.OURS_TERMINAL
    if prefix == labels.PREFIX_ANIMATED:
        return ForeignCode.OURS_FRAME
    if prefix in (labels.PREFIX_RESERVED, labels.PREFIX_RECEIPT):
        return ForeignCode.OURS_OTHER_KIND
    head = text[:_HEAD]
    if _OURS_DAMAGED.match(head):
        # Lower case, a blank before it, cut off, a character lost: all of these come from scanners and screens.
        return ForeignCode.OURS_DAMAGED
    for pattern, named in _BY_PATTERN:
        if pattern.match(head):
            return named
    if any((character < " " and character not in _LINE_BREAKS) or character == "\x7f" for character in head):
        return ForeignCode.BINARY if _is_mostly_binary(head) else ForeignCode.CONTROL_CHARACTERS
    if "\ufffd" in head or any("\ud800" <= character <= "\udfff" for character in head):
        return ForeignCode.BINARY
    if _HEALTH_CODE.search(head):
        return ForeignCode.HEALTH_CODE
    if _URL.match(head):
        return ForeignCode.URL
    return ForeignCode.TOO_LONG if len(text) > limits.MAX_TEXT_CHARACTERS else ForeignCode.UNKNOWN


def _is_mostly_binary(head: str) -> bool:
    strange = sum(character < " " or "\x7f" <= character <= "\x9f" for character in head)
    return "\x00" in head or strange * 4 > len(head)
