"""Enrolment: the code, the request that proves both key and token, the answer that proves where it is from."""

from dataclasses import replace
from typing import Any, Final

import pytest

from protocol import cbor, cose_sign1, enrolment, keys, labels, limits
from protocol.enrolment import Answer, AnswerForged, Invitation, KeyNotPossessed, RepositoryPlace
from protocol.errors import (
    Base45Error,
    HeaderUnknown,
    KeyRefused,
    PrefixError,
    ProtocolError,
    SchemaError,
    ShapeError,
    SizeError,
    TypError,
)
from protocol.keys import Signer
from protocol.labels import Alg, Purpose
from protocol.qr import base45
from tests.protocol.test_dispute_note import VALIDATOR
from tests.utopia.randomness import Drbg

TOKEN: Final = Drbg("one-time token")(16)
INVITATION: Final = Invitation("https://licences.example/310000", TOKEN, bytes(range(32)))
PLACE: Final = RepositoryPlace("https://trust.example/g60", bytes(range(32, 64)), "310000")
WITH_REPOSITORY: Final = replace(INVITATION, repository=PLACE)
TERMINAL: Final = keys.signer_for(Alg.ESP256, Drbg("enrolled")(32))
STRANGER: Final = keys.signer_for(Alg.ESP256, Drbg("stranger")(32))
ANSWER: Final = Answer(b"certificate", Purpose.KIOSK, "3号自助机", "7K3Q")
KEY: Final = enrolment.token_key(TOKEN)


def code(**changes: Any) -> str:
    content = {1: INVITATION.url, 2: TOKEN, 3: INVITATION.root_sha256}
    content |= {int(name[1:]): value for name, value in changes.items()}
    return "LT1:" + base45.encode(cbor.encode({label: value for label, value in content.items() if value is not ...}))


def forged(
    claims: dict[int, Any] | None = None, header: dict[int, Any] | None = None, signer: Signer = TERMINAL
) -> bytes:
    good: Any = cbor.decode(enrolment.request(TOKEN, TERMINAL))
    payload = {**cbor.decode(good.value[2]), **(claims or {})}
    content = cbor.encode({label: value for label, value in payload.items() if value is not ...})
    return cbor.encode(cose_sign1.sign1({labels.HDR_TYP: labels.TYP_ENROLMENT, **(header or {})}, content, signer))


CODES: Final[tuple[tuple[str, str, type[ProtocolError]], ...]] = (
    ("prefix", "LC1:" + code()[4:], PrefixError),
    ("newline", code() + "\n", Base45Error),
    ("token-short", code(_2=TOKEN[1:]), SchemaError),
    ("root-short", code(_3=bytes(31)), SchemaError),
    ("token-text", code(_2="token"), ShapeError),
    ("more", code(_5=1), ShapeError),
    ("repository-number", code(_4=1), ShapeError),
    ("repository-without-region", code(_4=(PLACE.url, PLACE.first_root_sha256)), ShapeError),
    ("repository-region", code(_4=(PLACE.url, PLACE.first_root_sha256, "31000")), SchemaError),
    ("repository-hash", code(_4=(PLACE.url, bytes(31), PLACE.region)), SchemaError),
    ("repository-address", code(_4=("ftp://trust.example", PLACE.first_root_sha256, PLACE.region)), SchemaError),
    ("less", code(_3=...), ShapeError),
)
NO_ADDRESSES: Final = (
    "ftp://a.example", "https://", "https://a.example/", "https://u:p@a.example", "https://a.example?x=1",
    "https://a.example/#x", "https://a.example?", "https://a.example:port", "https://a.example/ b",
    "https://a.example\r\nX: y", "https://例.example", "a.example", "https://" + "a" * 200, "https://[::1",
)  # fmt: skip
REQUESTS: Final[tuple[tuple[str, bytes, type[ProtocolError]], ...]] = (
    ("key", forged(signer=STRANGER), KeyNotPossessed),
    ("typ", forged(header={labels.HDR_TYP: labels.TYP_ROW}), TypError),
    ("kid", forged(header={labels.HDR_KID: bytes(8)}), HeaderUnknown),
    ("claim", forged({labels.CLAIM_IAT: 1}), ShapeError),
    ("nothing", forged({labels.CLAIM_ENROLMENT: ...}), ShapeError),
    ("id", forged({labels.CLAIM_ENROLMENT: (bytes(7), bytes(32))}), SchemaError),
    ("proof", forged({labels.CLAIM_ENROLMENT: (bytes(8), bytes(31))}), SchemaError),
    ("two-keys", forged({labels.CLAIM_CNF: {1: TERMINAL.public_key.cose_key, 2: b""}}), SchemaError),
    ("no-point", forged({labels.CLAIM_CNF: {1: {1: 2, -1: 1, -2: b"\xff" * 32, -3: True}}}), KeyRefused),
    ("size", bytes(limits.MAX_ENROLMENT_BYTES + 1), SizeError),
)


def test_the_code_is_short_and_of_the_grammar() -> None:
    text = enrolment.encode(INVITATION)
    assert text == code()
    assert enrolment.decode(text) == INVITATION
    assert len(text) < 170
    assert VALIDATOR.validate(base45.decode(text[4:]), root_type="lt1").valid
    several = enrolment.encode(WITH_REPOSITORY)
    assert enrolment.decode(several) == WITH_REPOSITORY
    assert VALIDATOR.validate(base45.decode(several[4:]), root_type="lt1").valid
    longest = replace(INVITATION, url="https://" + "a" * 127 + "/a" * 32 + "a")
    assert enrolment.decode(enrolment.encode(longest)) == longest


@pytest.mark.parametrize(("text", "refused"), [each[1:] for each in CODES], ids=[each[0] for each in CODES])
def test_one_field_of_the_code_forged(text: str, refused: type[ProtocolError]) -> None:
    with pytest.raises(refused):
        enrolment.decode(text)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SchemaError):
        enrolment.decode(code(_1=url))
    with pytest.raises(SchemaError):
        enrolment.encode(replace(INVITATION, url=url))


def test_a_request_proves_key_and_token_and_carries_neither_secret() -> None:
    encoded = enrolment.request(TOKEN, TERMINAL)
    assert VALIDATOR.validate(encoded, root_type="enrolment-request").valid
    assert TOKEN not in encoded
    assert KEY not in encoded
    wanted = enrolment.read_request(encoded)
    assert (wanted.key, wanted.token_id) == (TERMINAL.public_key, enrolment.token_id(TOKEN))
    assert enrolment.is_proven(wanted, KEY)
    assert not enrolment.is_proven(wanted, enrolment.token_key(bytes(16)))


def test_whoever_reads_a_request_cannot_enrol_another_key_with_it() -> None:
    overheard = enrolment.read_request(enrolment.request(TOKEN, TERMINAL))
    stolen = forged(
        {
            labels.CLAIM_CNF: {labels.CNF_COSE_KEY: STRANGER.public_key.cose_key},
            labels.CLAIM_ENROLMENT: (overheard.token_id, overheard.proof),
        },
        signer=STRANGER,
    )
    assert not enrolment.is_proven(enrolment.read_request(stolen), KEY)


@pytest.mark.parametrize(("encoded", "refused"), [each[1:] for each in REQUESTS], ids=[each[0] for each in REQUESTS])
def test_one_field_of_the_request_forged(encoded: bytes, refused: type[ProtocolError]) -> None:
    with pytest.raises(refused):
        enrolment.read_request(encoded)


def test_an_answer_is_the_operators_and_for_this_key() -> None:
    encoded = enrolment.answer(ANSWER, key_of_token=KEY, key=TERMINAL.public_key)
    assert VALIDATOR.validate(encoded, root_type="enrolment-answer").valid
    assert enrolment.read_answer(encoded, token=TOKEN, key=TERMINAL.public_key) == ANSWER
    with pytest.raises(AnswerForged):
        enrolment.read_answer(encoded, token=TOKEN, key=STRANGER.public_key)
    with pytest.raises(AnswerForged):
        enrolment.read_answer(encoded, token=bytes(16), key=TERMINAL.public_key)
    changed = encoded.replace(bytes([Purpose.KIOSK]), bytes([Purpose.WINDOW]), 1)
    with pytest.raises(AnswerForged):
        enrolment.read_answer(changed, token=TOKEN, key=TERMINAL.public_key)


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (replace(ANSWER, site="7K3"), SchemaError),
        (replace(ANSWER, site="7K3U"), SchemaError),
        (replace(ANSWER, name=""), SchemaError),
        (replace(ANSWER, name="a\u202eb"), SchemaError),
        (replace(ANSWER, name="x" * 65), SchemaError),
        (replace(ANSWER, certificate=bytes(limits.MAX_ENROLMENT_BYTES)), SizeError),
    ],
    ids=["site-short", "site-letter", "nameless", "bidi", "long", "size"],
)
def test_one_field_of_the_answer_forged(answer: Answer, refused: type[ProtocolError]) -> None:
    encoded = enrolment.answer(answer, key_of_token=KEY, key=TERMINAL.public_key)
    with pytest.raises(refused):
        enrolment.read_answer(encoded, token=TOKEN, key=TERMINAL.public_key)
    with pytest.raises(ShapeError):
        enrolment.read_answer(cbor.encode((b"",)), token=TOKEN, key=TERMINAL.public_key)
