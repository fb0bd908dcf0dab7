"""Keys of an issuer as a terminal sees them: one department signs another's kind; a key is stolen, banned, replaced."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from issuer import lint, subject, wiring
from issuer.application import Issuer
from issuer.feed import dangerous
from issuer.issuance import Issued, signatures
from issuer.keys.ceremonies import Changed
from issuer.keys.errors import KeyChangeRefused, KeyNotForKind
from issuer.register import Allocation, StatusEntry
from protocol import cbor, keys, licence_package
from protocol.labels import PREFIX_PRESENTATION, KeyAssurance, KeyUse, Purpose
from protocol.qr import envelope
from protocol.sd_cwt import credential
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.sd_cwt.presenting import Presenter
from protocol.unixtime import DAY, Seconds, UnixTime
from tests.issuer.builders import BUSINESS, DRIVING
from verifier_terminal.cli import cli

DEVICE = keys.P256Signer(bytes(31) + b"\7")
AT_ONCE = Seconds(0)
ACTOR = "test"
ALWAYS = {"W_OPEN_MODE", "W_PERSON_CHECK"}
"""What a window says of every open code."""


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    with wiring.initialise(
        tmp_path / "i", region="310000", authority="GA", passphrase=None, fictional=True, register_url=None
    ) as made:
        yield made


def window(folder: Path, issuer: Issuer) -> Path:
    arguments = ["init", str(folder), "--trust", str(issuer.places.published), "--profile", "window"]
    made = CliRunner().invoke(cli, arguments)
    assert made.exit_code == 0, made.output
    return folder


def shown(encoded: bytes) -> str:
    """The text by which the holder shows this view at a window now."""
    issued, at = credential.parse(cbor.decode(encoded)), wiring.now()
    binding = KeyBinding(Purpose.WINDOW.audience, at, UnixTime(at + 60), None)
    return envelope.wrap(Presenter(issued, (), DEVICE.public_key.alg).present(binding, DEVICE), PREFIX_PRESENTATION)


def verdict(terminal: Path, encoded: bytes) -> tuple[str, set[str]]:
    ran = CliRunner().invoke(cli, ["appraise", str(terminal), "--text", shown(encoded), "--json"])
    said: dict[str, Any] = json.loads(ran.stdout)
    return said["class"], {each["code"] for each in said["codes"]} - ALWAYS


def of(issued: Issued) -> bytes:
    """The view for windows, which is the last one of a package."""
    return licence_package.decode(issued.package).credentials[-1]


def driving(issuer: Issuer) -> Issued:
    return issuer.issue("driving-licence", DRIVING, DEVICE.public_key, at=wiring.now())


def forged(issuer: Issuer, signer: keys.Signer, *, days_ago: int = 0) -> bytes:
    """A driving licence that whoever has this key signs by all rules, and that no register knows."""
    kind = next(kind for kind in issuer.kinds.values() if kind.slug == "driving-licence")
    at = UnixTime(wiring.now() - days_ago * DAY)
    person = subject.check(kind, {**DRIVING, "name": "测试员乙"}, at=at, fictional=True)
    draft = issuer._issuance.draft(kind, person, DEVICE.public_key, KeyAssurance.SOFTWARE, at)
    draft = replace(draft, layouts={"window": draft.layouts["window"]})
    linted = lint.rehearsed(
        draft,
        Allocation(0, StatusEntry(1, 7), ("forged0000",)),
        profile=issuer.profile,
        kid=keys.kid_of(signer.public_key),
        key=signer.public_key,
    )
    return signatures(linted, signer)[0]


def ban(issuer: Issuer, kid: bytes, *, since: UnixTime) -> Changed:
    """One person stops the key and proposes the ban, another one approves it."""
    at = wiring.now()
    changed = issuer.keys.stop(kid.hex(), reason="被盗", actor="甲", at=at)
    content = dangerous.ban_content(kid.hex(), iss=issuer.profile.iss, since=since)
    proposal = issuer.approvals.propose(dangerous.BAN_KEY, content, reason="被盗", by="甲", at=at)
    issuer.approvals.approve(proposal.id, by="乙", at=at)
    return changed


def test_one_department_does_not_sign_another_s_kinds_at_the_issuer_nor_at_a_terminal(
    issuer: Issuer, tmp_path: Path
) -> None:
    for name, kind in (("traffic-police", "driving-licence"), ("market", "business-licence")):
        issuer.keys.add_department(name, frozenset({kind}), ahead=AT_ONCE, actor=ACTOR, at=wiring.now())
    at = wiring.now()
    with pytest.raises(KeyNotForKind, match="market does not issue this kind"):
        issuer.issue("driving-licence", DRIVING, DEVICE.public_key, department="market", at=at)
    honest = driving(issuer)
    market = issuer.ring.take(
        KeyUse.ASSERT, vct=issuer.issue("business-licence", BUSINESS, DEVICE.public_key, at=at).kind.vct, at=at
    )
    own = issuer.ring.take(KeyUse.ASSERT, vct=honest.kind.vct, at=at)
    assert (market.department, own.department) == ("market", "traffic-police")
    terminal = window(tmp_path / "t", issuer)
    assert verdict(terminal, of(honest))[0] == "accept"
    # Whoever holds the other department's key signs a good licence of a kind that is not theirs.
    assert verdict(terminal, forged(issuer, market.signer)) == ("refuse", {"E_VCT"})
    # The authority's own key, which could before there was a department, cannot any more either.
    general = issuer.ring.take(
        KeyUse.ASSERT, vct=next(v for v, k in issuer.kinds.items() if k.slug == "id-card"), at=at
    )
    assert verdict(terminal, forged(issuer, general.signer)) == ("refuse", {"E_VCT"})
    assert verdict(terminal, forged(issuer, own.signer))[0] == "accept"


def test_a_stolen_key_is_banned_and_what_the_log_has_of_it_is_signed_again(issuer: Issuer, tmp_path: Path) -> None:
    stolen = issuer._signers.assertion
    kid = keys.kid_of(stolen.public_key)
    honest, lost = driving(issuer), driving(issuer)
    issuer.revoke(lost.licence_id, reason="测试", actor=ACTOR, at=wiring.now())
    thief = forged(issuer, stolen)
    before = window(tmp_path / "before", issuer)
    assert verdict(before, thief)[0] == verdict(before, of(honest))[0] == "accept"

    # What the thief signs under today's date is refused, and what he dates back is no better than a suspicion.
    made = ban(issuer, kid, since=wiring.now())
    assert [each.use for each in made.published] == [KeyUse.ASSERT]
    banned = window(tmp_path / "banned", issuer)
    assert verdict(banned, of(honest)) == verdict(banned, thief) == ("check", {"W_ISSUER_BANNED"})
    assert verdict(banned, of(driving(issuer)))[0] == "accept"
    with pytest.raises(KeyChangeRefused, match="1 devices hold licences"):
        issuer.keys.drop(kid.hex(), actor=ACTOR, at=wiring.now())

    *_, progress = issuer.keys.resigning.run(kid, later=True, actor=ACTOR, at=wiring.now())
    assert (progress.signed, progress.passed_over, progress.left) == (1, (), 0)
    issuer.keys.drop(kid.hex(), actor=ACTOR, at=wiring.now())
    after = window(tmp_path / "after", issuer)
    assert verdict(after, thief) == verdict(after, of(honest)) == ("refuse", {"E_ISSUER_UNKNOWN"})
    # The holder's wallet asks with the secret that it has, and gets what the new key signed.
    refreshed = issuer.package_by_secret(honest.licence_id, honest.secret)
    assert verdict(after, licence_package.decode(refreshed).credentials[-1])[0] == "accept"
    assert issuer.package_by_secret(lost.licence_id, lost.secret) == issuer.package(lost.licence_id)


def test_a_ban_from_before_today_refuses_what_claims_to_be_of_today(issuer: Issuer, tmp_path: Path) -> None:
    stolen = issuer._signers.assertion
    since = UnixTime(wiring.now() - DAY)
    ban(issuer, keys.kid_of(stolen.public_key), since=since)
    terminal = window(tmp_path / "t", issuer)
    assert verdict(terminal, forged(issuer, stolen)) == ("refuse", {"E_ISSUER_BANNED"})
    assert verdict(terminal, forged(issuer, stolen, days_ago=3)) == ("check", {"W_ISSUER_BANNED"})
