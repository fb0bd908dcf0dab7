"""Withdrawn terminals and offices: recorded, published to wallets in the signed directory, and taken off again."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import delete

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import OfficeRefused, OfficeUnknown, ReasonRefused, TerminalNotRunning
from issuer.terminals import schema
from issuer.terminals.certifying import Wish
from protocol import directory, keys, trust_list
from protocol.directory import WalletDirectory
from protocol.labels import Alg, Purpose
from protocol.place import Place, Point
from protocol.trust_list import TrustList
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, OPERATOR, key_text

FIRST, SECOND = (keys.signer_for(Alg.ESP256, bytes([number] * 32)).public_key for number in (7, 8))
OFFICE = {"name": "幻境市车管所", "address": "虚构区演示路9号", "phone": "12345"}


def test_where_an_office_is_reaches_wallets(issuer: Issuer) -> None:
    issuer.offices.add(**OFFICE, kinds=frozenset(), place="990101@31.2304,121.4737", actor="test", at=AT)
    (office,) = wallet(issuer).offices
    assert office.place == Place("990101", Point(312_304, 1_214_737))
    assert issuer.offices.listed()[0].office == office
    with pytest.raises(OfficeRefused, match="place is not latitude,longitude"):
        issuer.offices.add(
            **{**OFFICE, "name": "另一所"}, kinds=frozenset(), place="990101@31.2304", actor="test", at=AT
        )
    assert len(wallet(issuer).offices) == 1


def test_an_office_that_moved_while_nothing_could_be_published_reaches_wallets_too(issuer: Issuer) -> None:
    issuer.offices.add(**OFFICE, kinds=frozenset(), place="990101@31.2304,121.4737", actor="test", at=AT)
    with issuer._register.writing() as connection:
        connection.execute(delete(schema.office))
    issuer.offices.add(**OFFICE, kinds=frozenset(), place="990102", actor="test", at=AT)
    (listed,) = wallet(issuer).offices
    assert listed.place == Place("990102", None)


def certify(issuer: Issuer, key: Any = FIRST, *, name: str = "patrol-12", days: int = 7, at: UnixTime = AT) -> None:
    wish = Wish(name, "巡逻车", "幻境市交警支队", frozenset({Purpose.KIOSK}), None, days)
    issuer.terminals.certify(wish, key, replace=True, actor="test", at=at)


def wallet(issuer: Issuer) -> WalletDirectory:
    return directory.verify((issuer.places.published / "directory.cbor").read_bytes(), root=issuer.root)


def trusted(issuer: Issuer) -> TrustList:
    """As terminals read it: a withdrawn one stops asking by itself."""
    return trust_list.verify((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)


def test_a_withdrawal_is_published_until_the_certificate_is_over(issuer: Issuer) -> None:
    certify(issuer)
    before = wallet(issuer)
    assert before.withdrawn == frozenset()
    (gone,) = issuer.withdrawing.withdraw("patrol-12", reason="失窃", actor="test", at=AT)
    assert (gone.key_thumbprint, gone.reason) == (FIRST.thumbprint, "失窃")
    published = wallet(issuer)
    assert published.withdrawn == {keys.kid_of(FIRST)}
    assert published.seq > before.seq
    issuer.publish(at=UnixTime(gone.until - 1))
    assert wallet(issuer).withdrawn == trusted(issuer).withdrawn == {keys.kid_of(FIRST)}
    issuer.publish(at=gone.until)
    assert wallet(issuer).withdrawn == trusted(issuer).withdrawn == frozenset()


def test_every_running_key_of_the_terminal_goes_and_no_other(issuer: Issuer) -> None:
    certify(issuer)
    certify(issuer, SECOND)
    certify(issuer, keys.signer_for(Alg.ESP256, bytes([9] * 32)).public_key, name="patrol-13")
    issuer.withdrawing.withdraw("patrol-12", reason="失窃", actor="test", at=AT)
    assert wallet(issuer).withdrawn == {keys.kid_of(FIRST), keys.kid_of(SECOND)}


@pytest.mark.parametrize(("name", "at"), [("patrol-99", AT), ("patrol-12", UnixTime(AT + 37 * DAY))])
def test_what_does_not_run_is_not_withdrawn(issuer: Issuer, name: str, at: UnixTime) -> None:
    certify(issuer)
    with pytest.raises(TerminalNotRunning):
        issuer.withdrawing.withdraw(name, reason="失窃", actor="test", at=at)


def test_what_could_still_be_renewed_is_withdrawn_and_no_wallet_hears_of_it(issuer: Issuer) -> None:
    certify(issuer)
    (gone,) = issuer.withdrawing.withdraw("patrol-12", reason="失窃", actor="test", at=UnixTime(AT + 36 * DAY))
    assert gone.key_thumbprint == FIRST.thumbprint
    assert wallet(issuer).withdrawn == frozenset()


def test_a_second_withdrawal_and_one_without_a_reason(issuer: Issuer) -> None:
    certify(issuer)
    with pytest.raises(ReasonRefused):
        issuer.withdrawing.withdraw("patrol-12", reason=" ", actor="test", at=AT)
    assert wallet(issuer).withdrawn == frozenset()
    issuer.withdrawing.withdraw("patrol-12", reason="失窃", actor="test", at=AT)
    with pytest.raises(TerminalNotRunning):
        issuer.withdrawing.withdraw("patrol-12", reason="失窃", actor="test", at=AT)


def test_offices_come_and_go_in_the_directory(issuer: Issuer) -> None:
    listed = issuer.offices.add(**OFFICE, kinds=frozenset({"driving-licence"}), actor="test", at=AT)
    assert wallet(issuer).offices == (listed,)
    assert [issuer.kinds[vct].slug for vct in listed.kinds] == ["driving-licence"]
    everything = issuer.offices.add(**(OFFICE | {"name": "综合大厅"}), kinds=frozenset(), actor="test", at=AT)
    assert everything.kinds == issuer.kinds.keys()
    assert [each.office for each in issuer.offices.listed(search="综合")] == [everything]
    issuer.offices.remove("幻境市车管所", actor="test", at=AT)
    assert wallet(issuer).offices == (everything,)
    with pytest.raises(OfficeUnknown):
        issuer.offices.remove("幻境市车管所", actor="test", at=AT)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "所" * 65},
        {"address": " 路"},
        {"phone": "1\n2"},
        {"kinds": frozenset({"dragon-licence"})},
    ],
)
def test_an_office_that_holders_could_not_read(issuer: Issuer, changed: dict[str, Any]) -> None:
    with pytest.raises(OfficeRefused):
        issuer.offices.add(**({**OFFICE, "kinds": frozenset[str](), "actor": "test", "at": AT} | changed))
    assert issuer.offices.listed() == ()


def test_two_offices_of_one_name(issuer: Issuer) -> None:
    issuer.offices.add(**OFFICE, kinds=frozenset(), actor="test", at=AT)
    with pytest.raises(OfficeRefused, match="listed as"):
        issuer.offices.add(**OFFICE, kinds=frozenset(), actor="test", at=AT)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})


def test_on_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    assert run("init", folder, "--region", "310000").exit_code == 0
    names = ("--terminal", "patrol-12", "--place", "巡逻车", "--relying-party", "幻境市交警支队")
    out = tmp_path / "t.cbor"
    assert (
        run("certify-terminal", folder, "--key", key_text(), *names, "--purpose", "kiosk", "--out", out).exit_code == 0
    )
    gone = run("withdraw-terminal", folder, "--terminal", "patrol-12", "--reason", "失窃")
    assert (gone.exit_code, "is withdrawn" in gone.stdout) == (0, True)
    (row,) = json.loads(run("terminals", folder, "--json").stdout)
    assert row["state"] == "withdrawn"
    again = run("withdraw-terminal", folder, "--terminal", "patrol-12", "--reason", "失窃")
    assert again.exit_code != 0
    assert "no running certificate" in again.stderr
    office = ("--name", "车管所", "--address", "演示路9号", "--phone", "12345", "--kind", "driving-licence")
    assert run("office", folder, "add", *office).exit_code == 0
    (listed,) = json.loads(run("office", folder, "list", "--search", "演示", "--json").stdout)
    assert (listed["name"], listed["kinds"]) == ("车管所", ["driving-licence"])
    assert run("office", folder, "list", "--search", "nowhere").stdout == ""
    assert run("office", folder, "remove", "车管所").exit_code == 0
    assert json.loads(run("office", folder, "list", "--json").stdout) == []


def test_in_the_web_interface(client: FlaskClient, issuer: Issuer) -> None:
    certify(issuer)
    gone = client.post("/api/v1/terminals/patrol-12/withdraw", json={"reason": "失窃"}, headers=OPERATOR)
    assert [each["terminal"] for each in gone.get_json()] == ["patrol-12"]
    again = client.post("/api/v1/terminals/patrol-12/withdraw", json={"reason": "失窃"}, headers=OPERATOR)
    assert again.get_json()["error"] == "terminal_not_running"
    added = client.post("/api/v1/offices", json=OFFICE | {"kinds": ["id-card"]}, headers=OPERATOR)
    assert added.status_code == 201
    (row,) = client.get("/api/v1/offices?search=车管", headers=OPERATOR).get_json()
    assert row["kinds"] == ["id-card"]
    assert client.delete("/api/v1/offices/幻境市车管所", headers=OPERATOR).status_code == 200
    assert client.get("/api/v1/offices", headers=OPERATOR).get_json() == []
    assert client.get("/api/v1/offices").status_code == 401
