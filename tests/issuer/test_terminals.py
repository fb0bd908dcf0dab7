"""Terminals: certified is what the policy allows, every rule refuses by its own words, the register has it all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from issuer.application import Issuer
from issuer.errors import SiteRefused, SiteTaken, SiteUnknown, TerminalRefused, TerminalTaken
from issuer.terminals import listing
from issuer.terminals.certifying import MAX_CERTIFICATE_BYTES, Terminals, Wish
from protocol import appraisal_policy, cbor, challenge, directory, keys, limits, terminal_certificate
from protocol.challenge import Request
from protocol.directory import Site, WalletDirectory
from protocol.labels import Alg, KeyUse, Purpose
from protocol.sealing import SealingKey
from protocol.terminal_certificate import TerminalCertificate
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, ID_CARD, holder_key, made

ITS_KEY = keys.signer_for(Alg.ESP256, bytes([7] * 32))
WISH = Wish("hall-3-07", "一楼3号自助机", "幻境市政务服务中心", frozenset({Purpose.KIOSK}), None, 7)
SITE = Site("政务服务中心东大厅", "幻境市政务服务中心")


def certified(issuer: Issuer, wish: Wish = WISH, *, at: UnixTime = AT, **more: Any) -> bytes:
    arguments: dict[str, Any] = {"replace": False, "actor": "test"} | more
    return issuer.terminals.certify(wish, arguments.pop("key", ITS_KEY.public_key), at=at, **arguments)[0]


def wallet(issuer: Issuer) -> WalletDirectory:
    return directory.verify((issuer.places.published / "directory.cbor").read_bytes(), root=issuer.root)


def verified(issuer: Issuer, encoded: bytes, *, at: UnixTime = AT) -> TerminalCertificate:
    """As a wallet does it: by the keys of the published directory alone."""
    unverified = terminal_certificate.parse(cbor.decode(encoded))
    return terminal_certificate.verify(unverified, terminal_keys=wallet(issuer).anchors, at=at)


def test_a_certificate_says_what_was_wished_and_a_wallet_verifies_it(issuer: Issuer) -> None:
    certificate = verified(issuer, certified(issuer))
    assert (certificate.iss, certificate.terminal) == ("310000.GA", "hall-3-07")
    assert (certificate.place, certificate.relying_party) == ("一楼3号自助机", "幻境市政务服务中心")
    assert certificate.audience == "lz:t/hall-3-07"
    assert certificate.key == ITS_KEY.public_key
    # A phone ten minutes slow does not take it for one of the future.
    assert (certificate.iat, certificate.exp) == (AT - 600, AT - 600 + 7 * DAY)


def test_the_most_that_it_may_ask_for_is_what_the_policy_rows_allow(issuer: Issuer) -> None:
    policy = appraisal_policy.verify((issuer.places.published / "policy.cbor").read_bytes(), root=issuer.root)
    for purpose in (Purpose.KIOSK, Purpose.WINDOW, Purpose.ROADSIDE, Purpose.GATE):
        certificate = verified(issuer, certified(issuer, replace(WISH, purposes=frozenset({purpose}))))
        assert certificate.maxima == {
            purpose: {vct: row.maximum for (vct, of), row in policy.rows.items() if of is purpose}
        }
    # A window that serves every kind of the catalogue still has a certificate that fits.
    windows = verified(issuer, certified(issuer, replace(WISH, purposes=frozenset({Purpose.WINDOW}))))
    assert len(windows.maxima[Purpose.WINDOW]) == len(issuer.kinds) == 26


def test_every_kind_at_every_purpose_is_too_much_for_one_certificate(issuer: Issuer) -> None:
    with pytest.raises(TerminalRefused) as refused:
        certified(issuer, replace(WISH, purposes=frozenset(Purpose)))
    assert "only the kinds and purposes that this terminal serves" in refused.value.hint


def test_only_the_kinds_that_are_named(issuer: Issuer) -> None:
    certificate = verified(issuer, certified(issuer, replace(WISH, kinds=frozenset({"id-card"}))))
    assert [issuer.kinds[vct].slug for vct in certificate.maxima[Purpose.KIOSK]] == ["id-card"]


REFUSED: Mapping[str, tuple[dict[str, Any], str]] = {
    "no day": ({"days": 0}, "0 days"),
    "eight days": ({"days": 8}, "8 days"),
    "no name": ({"terminal": ""}, "terminal's name"),
    "name with an underscore": ({"terminal": "hall_3"}, "terminal's name"),
    "name of 25": ({"terminal": "x" * 25}, "terminal's name"),
    "no place": ({"place": ""}, "the place"),
    "place of 65": ({"place": "厅" * 65}, "the place"),
    "place on two lines": ({"place": "一楼\n二楼"}, "the place"),
    "place backwards": ({"place": "一楼\u202e"}, "the place"),
    "place with blank ends": ({"place": " 一楼"}, "the place"),
    "half a character": ({"place": "\ud800"}, "the place"),
    "no relying party": ({"relying_party": ""}, "the relying party"),
    "no purpose": ({"purposes": frozenset()}, "without a purpose"),
    "unknown kind": ({"kinds": frozenset({"flying-licence"})}, "no such kind: flying-licence"),
    "no kind": ({"kinds": frozenset()}, "nobody ask for these kinds at a kiosk"),
    "a purpose without a row": (
        {"purposes": frozenset({Purpose.HOTEL}), "kinds": frozenset({"driving-licence"})},
        "at a hotel",
    ),
    "a kind that nobody may ask for there": (
        {"purposes": frozenset({Purpose.HOTEL}), "kinds": frozenset({"driving-licence", "id-card"})},
        "ask for driving-licence there",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_wrong_field_is_refused_by_its_own_words_before_anything_is_recorded(issuer: Issuer, name: str) -> None:
    change, words = REFUSED[name]
    with pytest.raises(TerminalRefused, match=words) as refused:
        certified(issuer, replace(WISH, **change))
    assert refused.value.hint.endswith("Nothing was certified.")
    assert issuer.terminals.listed() == ()


def test_a_certificate_that_leaves_no_room_for_a_request_is_refused(issuer: Issuer) -> None:
    policy = appraisal_policy.verify((issuer.places.published / "policy.cbor").read_bytes(), root=issuer.root)
    vct = 65_001
    kind, row = issuer.kinds[vct], policy.rows[vct, Purpose.WINDOW]
    numbers = range(vct, vct + 32)
    terminals = Terminals(
        profile=issuer.profile,
        register=issuer._register,
        signer=lambda _: ITS_KEY,
        kinds={number: replace(kind, vct=number, slug=f"kind-{number}") for number in numbers},
        rows={(number, Purpose.WINDOW): replace(row, vct=number) for number in numbers},
    )
    wish = replace(WISH, purposes=frozenset({Purpose.WINDOW}), place="厅" * 64, relying_party="中" * 64)
    with pytest.raises(TerminalRefused, match="no longer fits one code") as refused:
        terminals.certify(wish, ITS_KEY.public_key, replace=False, actor="test", at=AT)
    assert "kinds and purposes" in refused.value.hint
    assert issuer.terminals.listed() == ()
    fewer = replace(wish, kinds=frozenset({f"kind-{vct}"}))
    terminals.certify(fewer, ITS_KEY.public_key, replace=False, actor="test", at=AT)


def test_the_largest_certificate_still_leaves_room_for_a_request(issuer: Issuer) -> None:
    wish = replace(WISH, purposes=frozenset({Purpose.KIOSK, Purpose.WINDOW, Purpose.ROADSIDE}), place="厅" * 64)
    wish = replace(wish, relying_party="中" * 64, kinds=frozenset({"id-card", "driving-licence", "business-licence"}))
    encoded = certified(issuer, wish)
    assert MAX_CERTIFICATE_BYTES - 350 < len(encoded) <= MAX_CERTIFICATE_BYTES
    claims = verified(issuer, encoded)
    request = Request(
        purpose=Purpose.KIOSK,
        reason="办理机动车转移登记" * 3,
        wanted={vct: frozenset(sorted(items)[:4]) for vct, items in claims.maxima[Purpose.KIOSK].items()},
        nonce=bytes(16),
        sealing_key=SealingKey(bytes(range(32))),
        iat=AT,
        exp=UnixTime(AT + 120),
    )
    built = challenge.build(request, certificate=encoded, signer=ITS_KEY)
    assert len(built) - len(encoded) <= limits.MAX_CODE_BYTES - MAX_CERTIFICATE_BYTES


def test_every_certificate_is_in_the_register_and_can_be_searched(issuer: Issuer) -> None:
    certified(issuer)
    certified(issuer, replace(WISH, terminal="gate-1", place="东门", purposes=frozenset({Purpose.GATE})))
    certified(issuer, at=UnixTime(AT + 3 * DAY), actor="somebody else")
    found = list(listing.certificates_as_json(issuer.terminals.listed(), withdrawals=(), at=UnixTime(AT + 7 * DAY)))
    assert [(row["terminal"], row["state"], row["by"]) for row in found] == [
        ("hall-3-07", "running", "somebody else"),
        ("gate-1", "over", "test"),
        ("hall-3-07", "over", "test"),
    ]
    assert found[1] == {
        "terminal": "gate-1",
        "key_sha256": ITS_KEY.public_key.thumbprint.hex(),
        "place": "东门",
        "relying_party": "幻境市政务服务中心",
        "purposes": ["gate"],
        "from": "2026-11-22T03:50:00Z",
        "to": "2026-11-29T03:50:00Z",
        "state": "over",
        "by": "test",
        "at": "2026-11-22T04:00:00Z",
    }
    for search, count in (("", 3), ("gate", 1), ("东门", 1), ("政务", 3), ("nowhere", 0), ("%", 0), ("x" * 101, 0)):
        assert len(issuer.terminals.listed(search=search)) == count, search


def test_another_key_under_a_running_name_must_be_meant(issuer: Issuer) -> None:
    certified(issuer)
    with pytest.raises(TerminalTaken, match="hall-3-07"):
        certified(issuer, key=holder_key(9))
    assert len(issuer.terminals.listed()) == 1
    certified(issuer, key=holder_key(9), replace=True)
    # From now on the name is the new machine's, and the old one's key would have to be meant.
    certified(issuer, key=holder_key(9))
    with pytest.raises(TerminalTaken):
        certified(issuer)
    states = [row["state"] for row in listing.certificates_as_json(issuer.terminals.listed(), withdrawals=(), at=AT)]
    assert states == ["running", "running", "replaced"]
    # When everything of that name is over, it is anybody's.
    certified(issuer, at=UnixTime(AT + 7 * DAY))


def test_the_row_is_there_before_the_key_signs(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        public_key = ITS_KEY.public_key

        def sign(self, message: bytes) -> bytes:
            assert len(issuer.terminals.listed()) == 1
            raise ZeroDivisionError

    terminals: Terminals = issuer.terminals
    monkeypatch.setattr(terminals, "_signer", lambda _: Broken())
    with pytest.raises(ZeroDivisionError):
        certified(issuer)
    assert len(issuer.terminals.listed()) == 1


def test_a_site_is_published_with_a_new_number_and_goes_again(issuer: Issuer) -> None:
    before = wallet(issuer)
    assert (before.seq, before.sites) == (1, {})
    drawn = issuer.sites.add(SITE, code=None, actor="test", at=AT)
    given = issuer.sites.add(replace(SITE, name="西大厅"), code="a1bO", actor="test", at=AT)
    # The one form that an audience carries.
    assert given == "A1B0"
    after = wallet(issuer)
    assert (after.seq, after.sites) == (3, {drawn: SITE, "A1B0": replace(SITE, name="西大厅")})
    issuer.publish(at=AT)
    assert wallet(issuer).seq == 3
    issuer.sites.remove(drawn, actor="test", at=AT)
    assert (wallet(issuer).seq, list(wallet(issuer).sites)) == (4, ["A1B0"])
    assert [(record.code, record.actor, record.at) for record in issuer.sites.listed()] == [("A1B0", "test", AT)]


def test_a_package_brings_the_sites_of_its_day(issuer: Issuer) -> None:
    issuer.sites.add(SITE, code="A1B2", actor="test", at=AT)
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    assert (issuer.places.published / "directory.cbor").read_bytes() in issued.package


def test_drawn_codes_differ_between_sites_and_issuers(issuer: Issuer, tmp_path: Any) -> None:
    ours = {issuer.sites.add(SITE, code=None, actor="test", at=AT) for _ in range(3)}
    with made(tmp_path / "other", seed=2) as other:
        theirs = {other.sites.add(SITE, code=None, actor="test", at=AT) for _ in range(3)}
    assert len(ours | theirs) == 6


def test_a_code_is_never_given_twice(issuer: Issuer) -> None:
    issuer.sites.add(SITE, code="A1B2", actor="test", at=AT)
    with pytest.raises(SiteTaken, match="A1B2"):
        issuer.sites.add(SITE, code="a1b2", actor="test", at=AT)
    issuer.sites.remove("A1B2", actor="test", at=AT)
    with pytest.raises(SiteTaken):
        issuer.sites.add(SITE, code="A1B2", actor="test", at=AT)
    assert issuer.sites.listed() == ()


@pytest.mark.parametrize("code", ["", "A1B", "A1B2C", "A1BU", "A1B\u0131", "亮证亮证"])
def test_a_code_of_another_form_is_refused(issuer: Issuer, code: str) -> None:
    with pytest.raises(SiteRefused):
        issuer.sites.add(SITE, code=code, actor="test", at=AT)
    with pytest.raises(SiteUnknown):
        issuer.sites.remove(code, actor="test", at=AT)


@pytest.mark.parametrize("text", ["", "厅" * 65, "一\n二", "一\u202e", " 一"])
@pytest.mark.parametrize("field", ["name", "relying_party"])
def test_a_text_that_holders_cannot_read_is_refused(issuer: Issuer, field: str, text: str) -> None:
    with pytest.raises(SiteRefused):
        issuer.sites.add(replace(SITE, **{field: text}), code=None, actor="test", at=AT)
    assert issuer.sites.listed() == ()


def test_a_site_that_is_not_in_use_cannot_be_removed(issuer: Issuer) -> None:
    issuer.sites.add(SITE, code="A1B2", actor="test", at=AT)
    issuer.sites.remove("A1B2", actor="test", at=AT)
    for code in ("A1B2", "ZZZZ"):
        with pytest.raises(SiteUnknown):
            issuer.sites.remove(code, actor="test", at=AT)


def test_the_terminal_key_certifies_and_does_nothing_else(issuer: Issuer) -> None:
    unverified = terminal_certificate.parse(cbor.decode(certified(issuer)))
    anchor = wallet(issuer).anchors[unverified.claims.iss, unverified.kid]
    assert anchor.use is KeyUse.TERMINAL
