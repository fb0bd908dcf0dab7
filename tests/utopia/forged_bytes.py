"""Forgeries of text and encoding: prefixes, base45, CBOR, the COSE_Sign1 structure (steps 1 to 4)."""

from typing import Any

from protocol import labels
from protocol.cbor import head
from protocol.errors import Code
from protocol.qr import base45
from tests.utopia.forgery import Attacker, Change, Forgery, let, put
from tests.utopia.loose_cbor import Pairs, Raw, SimpleValue, Tag, dump, long_head
from tests.utopia.sketch import Sketch

_IAT, _EXP = labels.CLAIM_IAT, labels.CLAIM_EXP
_REST = 4


def _text(name: str, code: Code, change: Any) -> Forgery:
    return Forgery(name, code, Attacker.STRANGER, let("text", change))


def _lower_one_letter(text: str) -> str:
    at = next(index for index in range(_REST, len(text)) if text[index].isalpha())
    return text[:at] + text[at].lower() + text[at + 1 :]


def _whole_groups(text: str) -> str:
    return text[: _REST + (len(text) - _REST) // 3 * 3]


TEXT = (
    _text("prefix-lower-case", Code.E_PREFIX, lambda text: "lz1:" + text[_REST:]),
    _text("prefix-after-space", Code.E_PREFIX, lambda text: " " + text),
    _text("prefix-after-byte-order-mark", Code.E_PREFIX, lambda text: "\ufeff" + text),
    _text("prefix-of-a-later-version", Code.E_PREFIX, lambda text: "LZ2:" + text[_REST:]),
    _text("prefix-of-a-challenge", Code.E_PREFIX, lambda text: "LC1:" + text[_REST:]),
    _text("prefix-of-a-health-certificate", Code.E_PREFIX, lambda text: "HC1:" + text[_REST:]),
    _text("prefix-missing", Code.E_PREFIX, lambda text: text[_REST:]),
    _text("prefix-full-width", Code.E_PREFIX, lambda text: "ＬＺ１：" + text[_REST:]),
    _text("prefix-of-a-url", Code.E_PREFIX, lambda text: "https://example.invalid/?q=" + text),
    _text("text-of-2001-characters", Code.E_SIZE, lambda text: text.ljust(2001, "0")),
    _text("text-of-a-megabyte", Code.E_SIZE, lambda text: text.ljust(2**20, "0")),
    _text("base45-lower-case", Code.E_B45, _lower_one_letter),
    _text("base45-newline-after", Code.E_B45, lambda text: text + "\n"),
    _text("base45-carriage-return-inside", Code.E_B45, lambda text: text[:50] + "\r\n" + text[50:]),
    _text("base45-null-inside", Code.E_B45, lambda text: text[:50] + "\0" + text[51:]),
    _text("base45-full-width-digit", Code.E_B45, lambda text: text[:50] + "１" + text[51:]),
    _text("base45-lone-surrogate", Code.E_B45, lambda text: text[:50] + "\udc00" + text[51:]),
    _text("base45-length-3n-plus-1", Code.E_B45, lambda text: _whole_groups(text) + "0"),
    _text("base45-group-of-three-overflows", Code.E_B45, lambda text: text[:_REST] + ":::" + text[_REST + 3 :]),
    _text("base45-group-of-two-overflows", Code.E_B45, lambda text: _whole_groups(text) + "::"),
    _text("base45-group-of-two-is-256", Code.E_B45, lambda text: _whole_groups(text) + "V5"),
    _text("code-without-content", Code.E_CBOR, lambda text: text[:_REST]),
    _text("code-cut-off", Code.E_CBOR, lambda text: _whole_groups(text)[:-30]),
    _text("code-twice", Code.E_CBOR, lambda text: text[:_REST] + base45.encode(base45.decode(text[_REST:]) * 2)),
)


def _cbor(name: str, attacker: Attacker, change: Change) -> Forgery:
    return Forgery(name, Code.E_CBOR, attacker, change)


def _append(extra: bytes) -> Any:
    return lambda encoded: encoded + extra


def _nest(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = (value,)
    return value


_HOLDER, _ISSUER, _STRANGER = Attacker.HOLDER, Attacker.ISSUER, Attacker.STRANGER


def _append_to_disclosure(sketch: Sketch) -> None:
    sketch.disclosures[0] += b"\0"


def _repeat_first_key(part: str) -> Change:
    def change(sketch: Sketch) -> None:
        content = getattr(sketch, part)
        setattr(sketch, part, Pairs((*content.items(), next(iter(content.items())))))

    return change


def _repeat_protected_key(sketch: Sketch) -> None:
    sketch.cwt_protected_bytes = lambda _: dump(
        Pairs((*sketch.cwt_protected.items(), (labels.HDR_ALG, sketch.cwt_protected[labels.HDR_ALG])))
    )


CBOR = (
    _cbor("trailing-byte-after-all", _STRANGER, let("encoded", _append(b"\0"))),
    _cbor("trailing-byte-in-kbt-header", _HOLDER, let("kbt_protected_bytes", _append(b"\0"))),
    _cbor("trailing-byte-in-kbt-payload", _HOLDER, let("kbt_payload_bytes", _append(b"\0"))),
    _cbor("trailing-byte-in-cwt-header", _ISSUER, let("cwt_protected_bytes", _append(b"\0"))),
    _cbor("trailing-byte-in-cwt-payload", _ISSUER, let("cwt_payload_bytes", _append(b"\0"))),
    _cbor("last-byte-missing", _STRANGER, let("encoded", lambda encoded: encoded[:-1])),
    _cbor("tag-head-too-long", _STRANGER, let("encoded", lambda encoded: b"\xd8\x12" + encoded[1:])),
    _cbor("array-head-too-long", _STRANGER, let("encoded", lambda encoded: encoded[:1] + b"\x98\x04" + encoded[2:])),
    _cbor("integer-head-too-long", _HOLDER, put("binding", _IAT, Raw(long_head(0, 1_795_226_400)))),
    _cbor("array-of-indefinite-length", _STRANGER, let("encoded", lambda e: e[:1] + b"\x9f" + e[2:] + b"\xff")),
    _cbor("map-of-indefinite-length", _HOLDER, let("kbt_payload_bytes", lambda e: b"\xbf" + e[1:] + b"\xff")),
    _cbor("string-of-indefinite-length", _HOLDER, put("binding", labels.CLAIM_AUD, Raw(b"\x7f\x64lz:w\xff"))),
    _cbor("reserved-additional-28", _HOLDER, put("binding", _IAT, Raw(b"\x1c"))),
    _cbor("length-beyond-the-end", _HOLDER, put("binding", _IAT, Raw(b"\x5b" + b"\x7f" + b"\xff" * 7))),
    _cbor("array-of-ten-million", _HOLDER, put("binding", _IAT, Raw(head(4, 10_000_000)))),
    _cbor("map-of-two-to-the-63", _HOLDER, put("binding", _IAT, Raw(b"\xbb" + b"\x80" + b"\0" * 7))),
    _cbor("duplicate-key-in-kbt-payload", _HOLDER, _repeat_first_key("binding")),
    _cbor("duplicate-key-in-cwt-payload", _ISSUER, _repeat_first_key("claims")),
    _cbor("duplicate-key-in-cwt-header", _ISSUER, _repeat_protected_key),
    _cbor("byte-string-as-key", _HOLDER, put("binding", b"\x07", 1)),
    _cbor("array-as-key", _HOLDER, put("binding", (7,), 1)),
    _cbor("bool-as-key", _HOLDER, let("kbt_payload_bytes", lambda e: b"\xa4" + e[1:] + b"\xf5\x01")),
    _cbor("float-as-key", _HOLDER, put("binding", 7.5, 1)),
    _cbor("other-simple-value-as-key", _HOLDER, put("binding", SimpleValue(58), 1)),
    _cbor("text-key-of-256-bytes", _HOLDER, put("binding", "k" * 256, 1)),
    _cbor("tag-1-time", _HOLDER, put("binding", _IAT, Tag(1, 1_795_226_400))),
    _cbor("tag-2-bignum", _HOLDER, put("binding", _IAT, Tag(2, b"\x6b\x01\x82\xe0"))),
    _cbor("tag-4-decimal-fraction", _HOLDER, put("binding", _IAT, Tag(4, (9, 1)))),
    _cbor("tag-28-shareable", _HOLDER, put("binding", _IAT, Tag(28, ()))),
    _cbor("tag-29-shared-reference", _HOLDER, put("binding", _IAT, Tag(29, 0))),
    _cbor("tag-35-regular-expression", _HOLDER, put("binding", _IAT, Tag(35, "(a+)+$"))),
    _cbor("tag-258-set", _HOLDER, put("binding", _IAT, Tag(258, (1,)))),
    _cbor("tag-58-to-be-redacted", _ISSUER, put("lic", Tag(58, 30), 1)),
    _cbor("tag-98-cose-sign", _STRANGER, let("kbt_tag", 98)),
    _cbor("time-nan", _HOLDER, put("binding", _EXP, float("nan"))),
    _cbor("time-infinite", _ISSUER, put("claims", _EXP, float("inf"))),
    _cbor("time-half-float", _HOLDER, put("binding", _IAT, Raw(b"\xf9\x3c\x00"))),
    _cbor("time-single-float", _HOLDER, put("binding", _IAT, Raw(b"\xfa\x4e\xd6\x00\xc1"))),
    _cbor("time-beyond-63-bits", _HOLDER, put("binding", _EXP, Raw(b"\x1b" + b"\xff" * 8))),
    _cbor("undefined", _HOLDER, put("binding", _IAT, SimpleValue(23))),
    _cbor("simple-59-as-value", _ISSUER, put("lic", 30, SimpleValue(59))),
    _cbor("text-not-utf-8", _HOLDER, put("binding", labels.CLAIM_AUD, Raw(b"\x64\xff\xfe:w"))),
    _cbor("text-with-encoded-surrogate", _HOLDER, put("binding", labels.CLAIM_AUD, Raw(b"\x63\xed\xa0\x80"))),
    _cbor("text-overlong-utf-8", _HOLDER, put("binding", labels.CLAIM_AUD, Raw(b"\x62\xc0\xaf"))),
    _cbor("depth-17", _ISSUER, put("lic", 30, _nest(15))),
    _cbor("depth-600", _HOLDER, put("binding", _IAT, Raw(b"\x81" * 600))),
    _cbor("more-than-512-items", _ISSUER, put("lic", 30, tuple([0] * 513))),
    _cbor("protected-header-empty", _HOLDER, let("kbt_protected_bytes", lambda _: b"")),
    # Step 9: the code itself was read, and a disclosure inside it is not strict CBOR.
    Forgery("trailing-byte-in-disclosure", Code.E_SD_SHAPE, _HOLDER, _append_to_disclosure),
    Forgery(
        "disclosure-of-129-items",
        Code.E_SD_SHAPE,
        _HOLDER,
        lambda s: s.disclosures.append(dump((b"s" * 16, tuple([0] * 129), 30))),
    ),
)


def _shape(name: str, change: Change, code: Code = Code.E_SHAPE, attacker: Attacker = _STRANGER) -> Forgery:
    return Forgery(name, code, attacker, change)


def _without_tag(sketch: Sketch) -> None:
    sketch.encoded = lambda encoded: encoded[1:]


def _of_elements(count: int) -> Change:
    def change(sketch: Sketch) -> None:
        elements = (b"\xa0", {}, b"\xa0", b"s" * 64, 0)[:count]
        sketch.encoded = lambda _: dump(Tag(labels.TAG_SIGN1, elements))

    return change


def _with_element(index: int, value: Any) -> Change:
    def change(sketch: Sketch) -> None:
        elements: list[Any] = [b"\xa0", {}, b"\xa0", b"s" * 64]
        elements[index] = value
        sketch.encoded = lambda _: dump(Tag(labels.TAG_SIGN1, elements))

    return change


SHAPE = (
    _shape("no-tag", _without_tag),
    _shape("tag-of-encryption", let("kbt_tag", labels.TAG_ENCRYPT0)),
    _shape("two-tags", let("encoded", lambda encoded: b"\xd2" + encoded)),
    _shape("three-elements", _of_elements(3)),
    _shape("five-elements", _of_elements(5)),
    _shape("detached-payload", _with_element(2, None)),
    _shape("protected-header-not-wrapped", _with_element(0, {})),
    _shape("unprotected-header-wrapped", _with_element(1, b"\xa0")),
    _shape("signature-as-text", _with_element(3, "s" * 64)),
    _shape("protected-header-is-an-array", let("kbt_protected_bytes", lambda _: b"\x80"), attacker=_HOLDER),
    _shape("kbt-payload-is-an-array", let("kbt_payload_bytes", lambda _: b"\x80"), attacker=_HOLDER),
    _shape("cwt-payload-is-text", let("cwt_payload_bytes", lambda _: b"\x60"), attacker=_ISSUER),
    _shape("cwt-with-tag-of-encryption", let("cwt_tag", labels.TAG_ENCRYPT0), attacker=_HOLDER),
    _shape("only-an-integer", let("encoded", lambda _: b"\x00")),
    _shape("only-a-map", let("encoded", lambda _: b"\xa0")),
)

FORGERIES = (*TEXT, *CBOR, *SHAPE)
