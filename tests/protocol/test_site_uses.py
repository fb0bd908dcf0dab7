"""Site uses: the right ones are read, and each forged field is refused for its own reason."""

from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, cose_sign1, labels, limits, site_uses, terminal_certificate, terminal_statement
from protocol.errors import IssuerExpired, IssuerUnknown, ProtocolError, SchemaError, ShapeError, SizeError, TypError
from protocol.labels import Alg, Purpose
from protocol.site_uses import OtherSite, SiteUse
from protocol.terminal_certificate import TerminalSignatureInvalid
from protocol.unixtime import DAY, UnixTime
from tests.terminal.asking_world import anchor, certificate
from tests.utopia.world import World

WORLD = World()
AT = WORLD.clock.at
TERMINAL = WORLD.signer("terminal", Alg.ESP256)
CERTIFICATE = certificate(WORLD, TERMINAL.public_key)
SITE = "7K3Q"
KEY = bytes(range(32))
USES = (
    SiteUse(site_uses.tag_of(KEY, SITE), UnixTime(AT - 12), "7K3-Q42", accepted=True),
    SiteUse(bytes(16), AT, "000-00Z", accepted=False),
)
TERMINAL_KEYS = {(anchor(WORLD).iss, anchor(WORLD).kid): anchor(WORLD)}


def verified(encoded: bytes, *, site: str = SITE, at: UnixTime = AT) -> tuple[SiteUse, ...]:
    return site_uses.verify(encoded, expected_site=site, terminal_keys=TERMINAL_KEYS, at=at).uses


def encoded(content: object, *, signer: Any = TERMINAL, typ: str = labels.TYP_SITE_USES) -> bytes:
    """A datagram that says whatever it is told to."""
    protected = {labels.HDR_KCWT: cbor.decode(CERTIFICATE), labels.HDR_TYP: typ}
    return cbor.encode(cose_sign1.sign1(protected, cbor.encode(content), signer))  # type: ignore[arg-type]  # keys of any kind


def good(**changes: object) -> dict[int, object]:
    use = (USES[0].tag, USES[0].used_at, USES[0].check_number, True)
    return {labels.CLAIM_SITE: SITE, labels.CLAIM_SITE_USES: (use,), **changes}


def test_what_was_said_is_read() -> None:
    datagram, count = site_uses.sign(SITE, USES, certificate=CERTIFICATE, signer=TERMINAL)
    assert count == len(USES)
    assert verified(datagram) == USES
    assert verified(encoded(good())) == USES[:1]


MANY = tuple(replace(USES[0], used_at=UnixTime(AT + number)) for number in range(200))


def test_a_datagram_holds_as_many_as_go_in_one_piece_and_the_rest_waits() -> None:
    datagram, count = site_uses.sign(SITE, MANY, certificate=CERTIFICATE, signer=TERMINAL)
    assert limits.UNFRAGMENTED_BYTES - 40 < len(datagram) <= limits.UNFRAGMENTED_BYTES
    assert 20 < count <= limits.MAX_SITE_USES
    assert verified(datagram) == MANY[:count]


def certificate_for(kinds: int) -> bytes:
    vcts = range(labels.VCT_RANGE.start, labels.VCT_RANGE.start + kinds)
    maxima = {purpose: {vct: frozenset(range(24, 48)) for vct in vcts} for purpose in (Purpose.WINDOW, Purpose.KIOSK)}
    return certificate(WORLD, TERMINAL.public_key, maxima=maxima, place="政" * 60, relying_party="务" * 60)


def test_a_large_certificate_goes_in_pieces_with_a_few_uses() -> None:
    large = certificate_for(8)
    assert len(large) > limits.UNFRAGMENTED_BYTES
    datagram, count = site_uses.sign(SITE, MANY, certificate=large, signer=TERMINAL)
    assert (verified(datagram), count) == (MANY[:8], 8)


def test_a_certificate_that_no_datagram_holds_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SITE_USES_BYTES", 600)
    with pytest.raises(SizeError, match="too long for the neighbours"):
        site_uses.sign(SITE, USES, certificate=certificate_for(8), signer=TERMINAL)


def test_a_tag_is_of_the_presentation_and_the_site() -> None:
    other = bytes([*KEY[:-1], KEY[-1] ^ 1])
    assert len({site_uses.tag_of(KEY, SITE), site_uses.tag_of(other, SITE), site_uses.tag_of(KEY, "7K3R")}) == 3
    assert KEY[:16] not in site_uses.tag_of(KEY, SITE)


FORGERIES: dict[str, tuple[bytes, type[ProtocolError]]] = {
    "too long": (bytes(limits.MAX_SITE_USES_BYTES + 1), SizeError),
    "another type": (encoded(good(), typ=labels.TYP_DISPUTE), TypError),
    "another terminal's signature": (encoded(good(), signer=WORLD.signer("x", Alg.ESP256)), TerminalSignatureInvalid),
    "a claim more": (encoded({**good(), labels.CLAIM_IAT: AT}), ShapeError),
    "a claim less": (encoded({labels.CLAIM_SITE: SITE}), ShapeError),
    "a site in lower case": (encoded(good() | {labels.CLAIM_SITE: "7k3q"}), SchemaError),
    "another site": (encoded(good() | {labels.CLAIM_SITE: "7K3R"}), OtherSite),
    "no use": (encoded(good() | {labels.CLAIM_SITE_USES: ()}), SchemaError),
}


def _with_use(*use: object) -> bytes:
    return encoded(good() | {labels.CLAIM_SITE_USES: (use,)})


FORGERIES |= {
    "a short tag": (_with_use(bytes(15), AT, "7K3-Q42", True), SchemaError),
    "a text as tag": (_with_use("x" * 16, AT, "7K3-Q42", True), SchemaError),
    "a moment before all": (_with_use(bytes(16), -1, "7K3-Q42", True), ProtocolError),
    "a bool as moment": (_with_use(bytes(16), True, "7K3-Q42", True), ProtocolError),
    "a number in another form": (_with_use(bytes(16), AT, "7K3Q42", True), SchemaError),
    "hostile text as number": (_with_use(bytes(16), AT, "<b>-Q42", True), SchemaError),
    "1 for yes": (_with_use(bytes(16), AT, "7K3-Q42", 1), SchemaError),
    "an entry more": (_with_use(bytes(16), AT, "7K3-Q42", True, 0), SchemaError),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_for_its_reason(name: str) -> None:
    forged, reason = FORGERIES[name]
    with pytest.raises(reason):
        verified(forged)


def test_one_changed_bit_anywhere_is_refused() -> None:
    datagram = bytearray(encoded(good()))
    for place in range(0, len(datagram), 7):
        datagram[place] ^= 1
        with pytest.raises(ProtocolError):
            verified(bytes(datagram))
        datagram[place] ^= 1


def test_a_region_that_is_not_trusted_and_a_key_that_has_ended() -> None:
    datagram = encoded(good())
    with pytest.raises(IssuerUnknown):
        site_uses.verify(datagram, expected_site=SITE, terminal_keys={}, at=AT)
    with pytest.raises(IssuerExpired):
        verified(datagram, at=UnixTime(AT + 5_000 * DAY))


def test_a_terminal_cannot_sign_with_a_certificate_of_another() -> None:
    with pytest.raises(TerminalSignatureInvalid):
        site_uses.sign(SITE, USES, certificate=CERTIFICATE, signer=WORLD.signer("x", Alg.ESP256))


def test_what_another_statement_says_is_never_taken_for_uses() -> None:
    structure = cbor.decode(CERTIFICATE)
    certified = terminal_certificate.parse(structure).claims
    receipt = terminal_statement.sign(
        cbor.encode(good()),  # type: ignore[arg-type]  # keys of any kind
        typ=labels.TYP_RECEIPT,
        certificate=structure,
        certified=certified,
        signer=TERMINAL,
    )
    with pytest.raises(TypError):
        verified(receipt)
