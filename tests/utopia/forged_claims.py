"""Forgeries of claims and disclosures (steps 4, 9 and the clockless part of 10)."""

from collections.abc import Iterable
from typing import Any

from protocol import cbor, labels, limits
from protocol.errors import Code
from protocol.labels import Lic
from protocol.sd_cwt import disclosure
from protocol.sd_cwt.disclosure import Disclosure
from tests.utopia.forgery import Attacker, Change, Forgery, both, drop, good_sketch, let, put
from tests.utopia.loose_cbor import Tag, dump
from tests.utopia.sketch import Sketch

_HOLDER, _ISSUER = Attacker.HOLDER, Attacker.ISSUER
_SALT = bytes(range(16))
_REDACTED = cbor.Simple.REDACTED_KEYS
_SD = "cwt_unprotected"
_SD_CLAIMS = labels.HDR_SD_CLAIMS
_NEW_ITEM = 30
"""A `lic` key that the good credential does not have."""


def _hide(sketch: Sketch, *hidden: Disclosure) -> None:
    """The issuer states these hashes too."""
    sketch.lic[_REDACTED] = (*sketch.lic[_REDACTED], *(each.redacted_claim_hash for each in hidden))


def _show(sketch: Sketch, *encoded: bytes) -> None:
    sketch.disclosures.extend(encoded)


def _hide_and_show(*disclosures: Disclosure) -> Change:
    def change(sketch: Sketch) -> None:
        _hide(sketch, *disclosures)
        _show(sketch, *(each.encoded for each in disclosures))

    return change


def _raw(value: Any) -> Disclosure:
    """A disclosure with whatever content."""
    return Disclosure(dump(value), None, None, is_decoy=False)


def _tampered(sketch: Sketch) -> None:
    salt, _, key = cbor.decode(sketch.disclosures[0])  # type: ignore[misc]  # a good disclosure has three
    sketch.disclosures[0] = dump((salt, "测试员乙", key))


def _borrowed(sketch: Sketch) -> None:
    sketch.disclosures[0] = good_sketch(sketch.world, number=1).disclosures[0]


def _twice(sketch: Sketch) -> None:
    sketch.disclosures.append(sketch.disclosures[0])


def _hash_twice(sketch: Sketch) -> None:
    sketch.lic[_REDACTED] = (*sketch.lic[_REDACTED], sketch.lic[_REDACTED][0])


def _hash_in_two_maps(sketch: Sketch) -> None:
    sketch.lic[_NEW_ITEM] = {_REDACTED: (sketch.lic[_REDACTED][0],)}


def _hash_as_key_and_element(sketch: Sketch) -> None:
    sketch.lic[_NEW_ITEM] = (Tag(labels.TAG_REDACTED_ELEMENT, sketch.lic[_REDACTED][0]),)


def _element(hidden: Disclosure) -> Change:
    def change(sketch: Sketch) -> None:
        sketch.lic[_NEW_ITEM] = (Tag(labels.TAG_REDACTED_ELEMENT, hidden.redacted_claim_hash),)
        _show(sketch, hidden.encoded)

    return change


def _orphan_of_hidden_parent(sketch: Sketch) -> None:
    """The member of a group without the group's own disclosure."""
    _show(sketch, sketch.issued.disclosures_of[Lic.SEX][1])


def _redact_level_1(label: int) -> Change:
    def change(sketch: Sketch) -> None:
        hidden = disclosure.disclose_key(_SALT, sketch.claims[label], label)
        del sketch.claims[label]
        sketch.claims[_REDACTED] = (hidden.redacted_claim_hash,)
        _show(sketch, hidden.encoded)

    return change


def _override_level_1(label: int, value: Any) -> Change:
    def change(sketch: Sketch) -> None:
        hidden = disclosure.disclose_key(_SALT, value, label)
        sketch.claims[_REDACTED] = (hidden.redacted_claim_hash,)
        _show(sketch, hidden.encoded)

    return change


def _many(sketch: Sketch) -> None:
    extra = [disclosure.decoy(number.to_bytes(16)) for number in range(limits.MAX_DISCLOSURES - 1)]
    _show(sketch, *(each.encoded for each in extra))


def _hashes(value: Any) -> Change:
    return lambda sketch: sketch.lic.__setitem__(_REDACTED, value)


def _sd(name: str, code: Code, change: Change, attacker: Attacker = _HOLDER) -> Forgery:
    return Forgery(name, code, attacker, change)


DISCLOSURES = [
    _sd("disclosure-tampered", Code.E_SD_ORPHAN, _tampered),
    _sd("disclosure-borrowed", Code.E_SD_ORPHAN, _borrowed),
    _sd("disclosure-invented", Code.E_SD_ORPHAN, lambda s: _show(s, dump((_SALT, "C9", _NEW_ITEM)))),
    _sd("disclosure-of-a-decoy-invented", Code.E_SD_ORPHAN, lambda s: _show(s, dump((_SALT,)))),
    _sd("disclosure-without-its-parent", Code.E_SD_ORPHAN, _orphan_of_hidden_parent),
    _sd("disclosure-twice", Code.E_SD_DUP, _twice),
    _sd("hash-twice-in-one-map", Code.E_SD_REUSE, _hash_twice, _ISSUER),
    _sd("hash-in-two-maps", Code.E_SD_REUSE, _hash_in_two_maps, _ISSUER),
    _sd("hash-as-key-and-element", Code.E_SD_REUSE, _hash_as_key_and_element, _ISSUER),
    _sd(
        "disclosed-key-stands-clear",
        Code.E_SD_DUPKEY,
        _hide_and_show(disclosure.disclose_key(_SALT, "A1", Lic.CLASS)),
        _ISSUER,
    ),
    _sd(
        "two-disclosures-of-one-key",
        Code.E_SD_DUPKEY,
        _hide_and_show(
            disclosure.disclose_key(_SALT, 1, _NEW_ITEM), disclosure.disclose_key(_SALT[::-1], 2, _NEW_ITEM)
        ),
        _ISSUER,
    ),
    _sd("element-at-place-of-a-key", Code.E_SD_SHAPE, _hide_and_show(disclosure.disclose_element(_SALT, 1)), _ISSUER),
    _sd("key-at-place-of-an-element", Code.E_SD_SHAPE, _element(disclosure.disclose_key(_SALT, 1, 1)), _ISSUER),
    _sd("disclosure-salt-15", Code.E_SD_SHAPE, _hide_and_show(_raw((_SALT[1:], 1, _NEW_ITEM))), _ISSUER),
    _sd("disclosure-salt-17", Code.E_SD_SHAPE, _hide_and_show(_raw((_SALT + b"\0", 1, _NEW_ITEM))), _ISSUER),
    _sd("disclosure-salt-as-text", Code.E_SD_SHAPE, _hide_and_show(_raw(("s" * 16, 1, _NEW_ITEM))), _ISSUER),
    _sd("disclosure-of-four", Code.E_SD_SHAPE, _hide_and_show(_raw((_SALT, 1, _NEW_ITEM, 0))), _ISSUER),
    _sd("disclosure-of-none", Code.E_SD_SHAPE, _hide_and_show(_raw(())), _ISSUER),
    _sd("disclosure-as-map", Code.E_SD_SHAPE, _hide_and_show(_raw({1: _SALT})), _ISSUER),
    _sd("disclosure-key-bool", Code.E_SD_SHAPE, _hide_and_show(_raw((_SALT, 1, True))), _ISSUER),
    _sd("disclosure-key-bytes", Code.E_SD_SHAPE, _hide_and_show(_raw((_SALT, 1, b"k"))), _ISSUER),
    _sd("disclosure-key-redacted-keys", Code.E_SD_SHAPE, _hide_and_show(_raw((_SALT, (), _REDACTED))), _ISSUER),
    _sd("disclosure-with-a-float", Code.E_SD_SHAPE, _hide_and_show(_raw((_SALT, 1.5, _NEW_ITEM))), _ISSUER),
    _sd("disclosure-cut-off", Code.E_SD_SHAPE, lambda s: _show(s, s.disclosures.pop()[:-1])),
    _sd("disclosure-wrapped-twice", Code.E_SD_SHAPE, lambda s: _show(s, dump(s.disclosures.pop()))),
    _sd("disclosure-not-wrapped", Code.E_SD_SHAPE, lambda s: s.disclosures.append((_SALT, 1, _NEW_ITEM))),
    _sd("sd-claims-empty", Code.E_SD_EMPTY, put(_SD, _SD_CLAIMS, ())),
    _sd("sd-claims-a-byte-string", Code.E_SD_SHAPE, put(_SD, _SD_CLAIMS, b"\x80")),
    _sd("sd-claims-of-33", Code.E_SD_SHAPE, _many, _ISSUER),
    _sd(
        "redacted-keys-a-byte-string",
        Code.E_SD_SHAPE,
        both(_hashes(b"h" * 32), put(_SD, _SD_CLAIMS, (dump((_SALT,)),))),
        _ISSUER,
    ),
    _sd("redacted-keys-empty", Code.E_SD_SHAPE, put("lic", _NEW_ITEM, {_REDACTED: ()}), _ISSUER),
    _sd("hash-of-31-bytes", Code.E_SD_SHAPE, _hashes((b"h" * 31,)), _ISSUER),
    _sd("hash-of-48-bytes", Code.E_SD_SHAPE, _hashes((b"h" * 48,)), _ISSUER),
    _sd("hash-as-text", Code.E_SD_SHAPE, _hashes(("h" * 32,)), _ISSUER),
    _sd("item-tagged-as-signature", Code.E_SD_FORBIDDEN, put("lic", _NEW_ITEM, Tag(18, b"")), _ISSUER),
    _sd("item-a-lone-redacted-element", Code.E_SD_FORBIDDEN, put("lic", _NEW_ITEM, Tag(60, b"h" * 32)), _ISSUER),
    _sd("element-tagged-as-encryption", Code.E_SD_FORBIDDEN, put("lic", _NEW_ITEM, (Tag(16, b"h" * 32),)), _ISSUER),
    *(
        _sd(f"redacted-{name}", Code.E_SD_FORBIDDEN, _redact_level_1(label), _ISSUER)
        for name, label in {"exp": 4, "nbf": 5, "cnf": 8, "status": labels.CLAIM_STATUS, "sub": 2}.items()
    ),
    _sd("overridden-exp", Code.E_SD_FORBIDDEN, _override_level_1(labels.CLAIM_EXP, 4_000_000_000), _ISSUER),
    _sd("redacted-keys-empty-at-level-1", Code.E_SD_FORBIDDEN, put("claims", _REDACTED, ()), _ISSUER),
]


def _claim(name: str, label: int, value: Any, code: Code = Code.E_SCHEMA) -> Forgery:
    return Forgery(name, code, _ISSUER, put("claims", label, value))


def _status(**fields: Any) -> Any:
    return {"status_list": {"idx": 4711, "uri": "lz:990000/3", **fields}}


def _missing(part: str, claims: dict[str, int], code: Code, attacker: Attacker) -> Iterable[Forgery]:
    layer = "kbt" if part == "binding" else "cwt"
    return (Forgery(f"{layer}-{name}-missing", code, attacker, drop(part, label)) for name, label in claims.items())


_DAY = 86_400
_CREDENTIAL_IAT = 1_793_462_400

CLAIMS = [
    *_missing(
        "claims",
        {"iss": 1, "sub": 2, "exp": 4, "nbf": 5, "iat": 6, "cnf": 8, "vct": 11, "status": 65535, "lic": -70001},
        Code.E_SCHEMA,
        _ISSUER,
    ),
    _claim("cwt-with-aud", labels.CLAIM_AUD, "lz:w"),
    _claim("cwt-with-cti", labels.CLAIM_CTI, b"c" * 8),
    _claim("cwt-with-cnonce", labels.CLAIM_CNONCE, b"n" * 16),
    _claim("cwt-with-mandate", labels.CLAIM_MANDATE, {}),
    _claim("cwt-with-text-claim", "name", "测试员甲"),  # type: ignore[arg-type]  # a text key is the point
    *(
        _claim(f"iss-{name}", labels.CLAIM_ISS, value)
        for name, value in {
            "url": "https://990000.GA",
            "without-authority": "990000",
            "lower-case": "990000.ga",
            "newline": "990000.GA\n",
            "arabic-digits": "٩٩٠٠٠٠.GA",
            "integer": 990000,
            "too-long": "990000." + "A" * 17,
        }.items()
    ),
    _claim("sub-of-9", labels.CLAIM_SUB, "123456789"),
    _claim("sub-of-11", labels.CLAIM_SUB, "12345678901"),
    _claim("sub-with-dash", labels.CLAIM_SUB, "12345-7890"),
    _claim("vct-bytes", labels.CLAIM_VCT, b"\xfd\xec"),
    _claim("vct-bool", labels.CLAIM_VCT, True),
    _claim("vct-below", labels.CLAIM_VCT, 9_999),
    _claim("vct-above", labels.CLAIM_VCT, 65_536),
    _claim("status-bytes", labels.CLAIM_STATUS, b""),
    _claim("status-with-more", labels.CLAIM_STATUS, {**_status(), "status_token": {}}),
    *(
        _claim(f"status-{name}", labels.CLAIM_STATUS, _status(**fields))
        for name, fields in {
            "idx-bool": {"idx": True},
            "idx-negative": {"idx": -1},
            "idx-beyond-32-bits": {"idx": 2**32},
            "idx-text": {"idx": "4711"},
            "uri-https": {"uri": "https://example.invalid/list/3"},
            "uri-leading-zero": {"uri": "lz:990000/03"},
            "uri-path": {"uri": "lz:990000/../980000/3"},
            "uri-newline": {"uri": "lz:990000/3\n"},
            "uri-seven-digits": {"uri": "lz:990000/1234567"},
            "list-with-more": {"size": 1},
        }.items()
    ),
    _claim("status-of-another-region", labels.CLAIM_STATUS, _status(uri="lz:980000/3"), Code.E_STATUS_URI),
    _claim("holder-kind-3", labels.CLAIM_HOLDER_KIND, 3),
    _claim("holder-kind-null", labels.CLAIM_HOLDER_KIND, None),
    _claim("holder-kind-bool", labels.CLAIM_HOLDER_KIND, True),
    _claim("key-assurance-4", labels.CLAIM_KEY_ASSURANCE, 4),
    _claim("key-assurance-bool", labels.CLAIM_KEY_ASSURANCE, True),
    *(
        _claim(f"cwt-{name}-{form}", label, value, Code.E_TIME_TYPE)
        for name, label in {"exp": 4, "nbf": 5, "iat": 6}.items()
        for form, value in {"bool": True, "negative": -1, "text": "1795226400", "beyond": limits.MAX_TIME + 1}.items()
    ),
    _claim("cwt-exp-is-iat", labels.CLAIM_EXP, _CREDENTIAL_IAT, Code.E_TIME_ORDER),
    _claim("cwt-nbf-after-iat", labels.CLAIM_NBF, _CREDENTIAL_IAT + 1, Code.E_TIME_ORDER),
    _claim("cwt-life-of-121-days", labels.CLAIM_EXP, _CREDENTIAL_IAT + 121 * _DAY),
]
# `lic` is a part of its own in the sketch.
CLAIMS.append(Forgery("lic-an-array", Code.E_SCHEMA, _ISSUER, let("lic", ())))


ITEMS = [
    Forgery(f"item-{name}", Code.E_SCHEMA, _ISSUER, put("lic", key, value))
    for name, key, value in (
        ("bidi-override", Lic.CLASS, "C1\u202e1A"),
        ("zero-width", Lic.CLASS, "C\u200b1"),
        ("line-break", Lic.CLASS, "C1\nVALID"),
        ("null-character", Lic.CLASS, "C1\0"),
        ("not-nfc", Lic.CLASS, "e\u0301"),
        ("private-use", Lic.CLASS, "\ue000"),
        ("noncharacter", Lic.CLASS, "\ufffe"),
        ("line-separator", Lic.CLASS, "C1\u2028"),
        ("bytes-of-65", Lic.CLASS, b"b" * 65),
        ("null", Lic.CLASS, None),
        ("text-key", "class", "C1"),
        ("hostile-in-array", _NEW_ITEM, ("C1", "\u202e")),
        ("hostile-in-map", _NEW_ITEM, {1: {2: "\u202e"}}),
        ("text-key-in-map", _NEW_ITEM, {"k": 1}),
    )
]
ITEMS.append(
    Forgery(
        "item-disclosed-hostile", Code.E_SCHEMA, _ISSUER, _hide_and_show(disclosure.disclose_key(_SALT, "\u202e", 30))
    )
)
ITEMS.append(Forgery("item-disclosed-text-key", Code.E_SCHEMA, _ISSUER, _hide_and_show(_raw((_SALT, 1, "k")))))


def _kbt(name: str, label: int, value: Any, code: Code = Code.E_KBT_CLAIM) -> Forgery:
    return Forgery(name, code, _HOLDER, put("binding", label, value))


_NOW = 1_795_226_400
_CREDENTIAL_EXP = _CREDENTIAL_IAT + 90 * _DAY

BINDING = [
    *_missing("binding", {"aud": 3, "exp": 4, "iat": 6}, Code.E_KBT_CLAIM, _HOLDER),
    _kbt("kbt-with-iss", labels.CLAIM_ISS, "990000.GA"),
    _kbt("kbt-with-sub", labels.CLAIM_SUB, "1234567890"),
    _kbt("kbt-with-nbf", labels.CLAIM_NBF, _NOW),
    _kbt("kbt-with-cti", labels.CLAIM_CTI, b"c" * 8),
    _kbt("kbt-with-private-claim", -70050, 1),
    *(
        _kbt(f"aud-{name}", labels.CLAIM_AUD, value)
        for name, value in {
            "integer": 119,
            "array": ("lz:w",),
            "bytes": b"lz:w",
            "url": "https://verifier.example/app",
            "upper-case": "lz:W",
            "newline": "lz:w\n",
            "two-letters": "lz:wk",
            "empty": "",
            "site-of-5": "lz:s/ABCDE",
        }.items()
    ),
    _kbt("aud-terminal-without-cnonce", labels.CLAIM_AUD, "lz:t/T1"),
    _kbt("aud-site-without-cnonce", labels.CLAIM_AUD, "lz:s/AB12"),
    *(
        _kbt(f"cnonce-{name}", labels.CLAIM_CNONCE, value)
        for name, value in {"empty": b"", "of-8": b"n" * 8, "of-17": b"n" * 17, "text": "n" * 16, "null": None}.items()
    ),
    *(
        _kbt(f"kbt-{name}-{form}", label, value, Code.E_TIME_TYPE)
        for name, label in {"exp": 4, "iat": 6}.items()
        for form, value in {"bool": True, "negative": -1, "text": "1795226400", "beyond": limits.MAX_TIME + 1}.items()
    ),
    _kbt("kbt-exp-is-iat", labels.CLAIM_EXP, _NOW, Code.E_TIME_ORDER),
    _kbt("kbt-exp-before-iat", labels.CLAIM_EXP, _NOW - 1, Code.E_TIME_ORDER),
    Forgery(
        "kbt-older-than-its-credential",
        Code.E_TIME_ORDER,
        _HOLDER,
        both(put("binding", 6, _CREDENTIAL_IAT - 1), put("binding", 4, _CREDENTIAL_IAT + 59)),
    ),
    Forgery(
        "kbt-outlives-its-credential",
        Code.E_TIME_ORDER,
        _HOLDER,
        both(put("binding", 6, _CREDENTIAL_EXP - 1), put("binding", 4, _CREDENTIAL_EXP + 1)),
    ),
]

FORGERIES = (*DISCLOSURES, *CLAIMS, *ITEMS, *BINDING)
