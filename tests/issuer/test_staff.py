"""Staff: certified, listed and withdrawn, and what of it stands in the trust list that terminals fetch."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from issuer import signers
from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import ReasonRefused, StaffNotRunning, StaffRefused, StaffTaken
from issuer.keys import box
from issuer.profile import Places
from issuer.staff.certifying import USES, Wish
from protocol import cbor, directory, keys, staff_certificate, trust_list
from protocol.labels import Alg, KeyUse
from protocol.staff_certificate import Role, StaffCertificate, StaffUse
from protocol.trust_list import TrustList
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, key_text, randomness

FIRST, SECOND = (keys.signer_for(Alg.ESP256, bytes([number] * 32)).public_key for number in (17, 18))
WISH: Final = Wish("JG-0417", "演示员0417", Role.OFFICER, "幻境市公安局交警支队", 7)


def certify(issuer: Issuer, key: Any = FIRST, *, wish: Wish = WISH, at: UnixTime = AT, again: bool = False) -> bytes:
    return issuer.staff.certify(wish, key, replace=again, actor="test", at=at)[0]


def trusted(issuer: Issuer) -> TrustList:
    return trust_list.verify((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)


def verified(issuer: Issuer, encoded: bytes, *, at: UnixTime = AT) -> StaffCertificate:
    trust = trusted(issuer)
    return staff_certificate.verify(
        staff_certificate.parse(cbor.decode(encoded)), staff_keys=trust.anchors, withdrawn=trust.withdrawn, at=at
    )


def test_a_terminal_that_has_the_trust_list_believes_it(issuer: Issuer) -> None:
    found = verified(issuer, certify(issuer))
    assert (found.number, found.name, found.role) == ("JG-0417", "演示员0417", Role.OFFICER)
    assert (found.key, found.uses) == (FIRST, {StaffUse.DUTY, StaffUse.ACT})
    assert found.covers(AT)
    assert found.exp - found.nbf == 7 * DAY


def test_only_officers_sign_acts() -> None:
    assert {role for role, uses in USES.items() if StaffUse.ACT in uses} == {Role.OFFICER}
    assert USES.keys() == set(Role)


def test_a_region_without_staff_publishes_no_staff_key(issuer: Issuer) -> None:
    before = trusted(issuer)
    assert KeyUse.STAFF not in {anchor.use for anchor in before.anchors.values()}
    certify(issuer)
    after = trusted(issuer)
    (pair,) = after.anchors.keys() - before.anchors.keys()
    anchor = after.anchors[pair]
    assert (anchor.use, anchor.kinds, anchor.status_prefixes) == (KeyUse.STAFF, frozenset(), ())
    terminal = next(each for each in after.anchors.values() if each.use is KeyUse.TERMINAL)
    # What a person signed is looked at for as long as what a terminal signed.
    assert (anchor.sign_until, anchor.verify_until) == (terminal.sign_until, terminal.verify_until)
    assert after.seq == before.seq + 1
    certify(issuer, SECOND, wish=replace(WISH, number="JG-0418"))
    assert trusted(issuer).seq == after.seq
    wallet = directory.verify((issuer.places.published / "directory.cbor").read_bytes(), root=issuer.root)
    assert pair not in wallet.anchors


def test_what_no_terminal_would_take_is_not_recorded(issuer: Issuer) -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"number": ""},
        {"number": "员0417"},
        {"name": ""},
        {"name": "演\u202e示"},
        {"relying_party": " 支队"},
        {"days": 0},
        {"days": 8},
    )
    for changed in wrong:
        with pytest.raises(StaffRefused):
            certify(issuer, wish=replace(WISH, **changed))
    assert issuer.staff.listed() == ()


def test_another_key_under_a_running_number_has_to_be_meant(issuer: Issuer) -> None:
    certify(issuer)
    certify(issuer)
    with pytest.raises(StaffTaken):
        certify(issuer, SECOND)
    certify(issuer, SECOND, again=True)
    certify(issuer, FIRST, at=UnixTime(AT + 8 * DAY))
    assert [each.key_thumbprint for each in issuer.staff.listed()] == [
        each.thumbprint for each in (FIRST, SECOND, FIRST, FIRST)
    ]


def test_a_withdrawal_stands_in_the_trust_list_until_the_certificate_is_over(issuer: Issuer) -> None:
    encoded = certify(issuer)
    certify(issuer, SECOND, wish=replace(WISH, number="JG-0418"))
    before = trusted(issuer)
    (gone,) = issuer.staff.withdraw("JG-0417", reason="密钥遗失", actor="test", at=AT)
    assert trusted(issuer).withdrawn == {keys.kid_of(FIRST)}
    assert trusted(issuer).seq == before.seq + 1
    with pytest.raises(staff_certificate.StaffWithdrawn):
        verified(issuer, encoded)
    issuer.publish(at=UnixTime(gone.until - 1))
    assert trusted(issuer).withdrawn == {keys.kid_of(FIRST)}
    issuer.publish(at=gone.until)
    assert trusted(issuer).withdrawn == frozenset()


def test_a_withdrawn_key_is_never_certified_again(issuer: Issuer) -> None:
    certify(issuer)
    with pytest.raises(ReasonRefused):
        issuer.staff.withdraw("JG-0417", reason=" ", actor="test", at=AT)
    issuer.staff.withdraw("JG-0417", reason="离职", actor="test", at=AT)
    with pytest.raises(StaffNotRunning):
        issuer.staff.withdraw("JG-0417", reason="离职", actor="test", at=AT)
    with pytest.raises(StaffRefused, match="withdrawn"):
        certify(issuer, at=UnixTime(AT + 9 * DAY))
    assert verified(issuer, certify(issuer, SECOND, again=True)).key == SECOND


def test_keys_of_an_older_version_get_a_staff_key(tmp_path: Path) -> None:
    with Issuer.init(
        tmp_path / "i", region="310000", authority="GA", passphrase=None, random_bytes=randomness(1), at=AT
    ) as issuer:
        before = certify(issuer)
    places = Places(tmp_path / "i")
    head, key, secrets = signers._opened(places, None)
    del secrets[8]
    with closing(sqlite3.connect(places.register)) as connection:
        connection.executescript("DELETE FROM issuer_key WHERE use = 8;")
    box.put_to_rest(places, head, key, secrets, randomness(3))
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(4)) as issuer:
        issuer.publish(at=AT)
        assert verified(issuer, certify(issuer)).key == FIRST
        # It is another one, and a list that has it no longer trusts the lost one.
        with pytest.raises(staff_certificate.IssuerUnknown):
            verified(issuer, before)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})


def test_on_the_command_line(tmp_path: Path) -> None:
    folder, out = tmp_path / "i", tmp_path / "0417.cbor"
    assert run("init", folder, "--region", "310000").exit_code == 0
    who = ("--number", "0417", "--name", "演示员0417", "--role", "clerk", "--relying-party", "幻境市政务服务中心")
    made = run("certify-staff", folder, "--key", key_text(), *who, "--out", out)
    assert made.exit_code == 0, made.stderr
    assert "0417" in made.stdout
    parsed = staff_certificate.parse(cbor.decode(out.read_bytes())).claims
    assert (parsed.role, parsed.uses) == (Role.CLERK, {StaffUse.DUTY})
    said = run("certify-staff", folder, "--key", key_text(), *who, "--out", out, "--json")
    assert json.loads(said.stdout)["role"] == "clerk"
    listed = json.loads(run("staff", folder, "--json", "--search", "0417").stdout)
    assert [(row["state"], row["role"]) for row in listed] == [("running", "clerk"), ("renewed", "clerk")]
    assert run("withdraw-staff", folder, "--number", "0417", "--reason", "离职").exit_code == 0
    assert "withdrawn" in run("staff", folder).stdout
    again = run("withdraw-staff", folder, "--number", "0417", "--reason", "离职")
    assert (again.exit_code, "no running certificate" in again.stderr) == (1, True)


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    folder, out = tmp_path / "i", tmp_path / "notes.txt"
    assert run("init", folder, "--region", "310000").exit_code == 0
    out.write_text("not a certificate")
    who = ("--number", "0417", "--name", "演示员", "--role", "clerk", "--relying-party", "幻境市政务服务中心")
    assert run("certify-staff", folder, "--key", key_text(), *who, "--out", out).exit_code == 1
    assert out.read_text() == "not a certificate"
