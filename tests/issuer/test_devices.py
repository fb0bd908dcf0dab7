"""Lost and found devices: a loss ends what one device holds of one licence, for good; what was found begins anew."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.devices import listing
from issuer.errors import DeviceNotInForce, DeviceUnknown, LicenceNotValid, LicenceUnknown, ReasonRefused
from issuer.issuance import Issued
from issuer.mandates.issuing import Wish
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance, Purpose
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import (
    AT,
    DRIVING,
    ID_CARD,
    OPERATOR,
    credentials,
    holder_key,
    published_status,
)


def name(key: VerificationKey) -> str:
    return key.thumbprint.hex()


def lost(issuer: Issuer, licence_id: str, device: str | None = None, *, at: UnixTime = AT) -> int:
    return len(issuer.devices.report_lost(licence_id, device, reason="挂失", actor="test", at=at))


def found(issuer: Issuer, licence_id: str, device: str | None = None, *, at: UnixTime = AT) -> Issued:
    return issuer.devices.found(licence_id, device, reason="解挂", actor="test", at=at)


def test_a_loss_ends_every_group_of_this_device_and_no_other(issuer: Issuer) -> None:
    first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    refreshed = issuer.issue_again(first.licence_id, holder_key(1), at=AT)
    second = issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    elsewhere = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    sheet = issuer.papers.issue(first.licence_id, days=30, actor="test", at=AT)
    flipped = issuer.devices.report_lost(
        first.licence_id, name(holder_key(1))[:8].upper(), reason="地铁上丢失", actor="窗口3", at=AT
    )
    assert [(event.list_number, event.idx) for event in flipped] == [
        (each.list_number, each.idx) for each in (first, refreshed)
    ]
    assert {
        (event.old, event.new, event.reason, event.actor, event.at, event.due, event.urgent) for event in flipped
    } == {(Status.VALID, Status.DEVICE_LOST, "地铁上丢失", "窗口3", AT, AT, True)}
    assert [published_status(issuer, each) for each in (first, refreshed)] == [Status.DEVICE_LOST] * 2
    assert [published_status(issuer, each) for each in (second, elsewhere, sheet)] == [Status.VALID] * 3
    assert issuer.licence(first.licence_id).status is Status.VALID


def test_what_a_lost_device_held_never_comes_back(issuer: Issuer) -> None:
    """Status 3 is final: neither a reinstatement nor the device's return touches it."""
    first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    issuer.suspend(first.licence_id, reason="测试", actor="test", at=AT)
    assert lost(issuer, first.licence_id) == 1
    with pytest.raises(LicenceNotValid):
        found(issuer, first.licence_id)
    issuer.reinstate(first.licence_id, reason="测试", actor="test", at=AT)
    again = found(issuer, first.licence_id)
    issuer.revoke(first.licence_id, reason="测试", actor="test", at=AT)
    assert published_status(issuer, first) == Status.DEVICE_LOST
    assert published_status(issuer, again) == Status.REVOKED


def test_a_device_that_was_found_gets_new_credentials_for_its_key(issuer: Issuer) -> None:
    key = holder_key(1)
    first = issuer.issue("id-card", ID_CARD, key, at=AT, key_assurance=KeyAssurance.HARDWARE_USER_VERIFICATION)
    issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    lost(issuer, first.licence_id, name(key))
    later = UnixTime(AT + DAY)
    again = found(issuer, first.licence_id, name(key), at=later)
    claims = credentials(again.package)[0].claims
    assert (claims.cnf, claims.key_assurance) == (key.cose_key, KeyAssurance.HARDWARE_USER_VERIFICATION)
    assert (again.list_number, again.idx) != (first.list_number, first.idx)
    assert [published_status(issuer, each) for each in (first, again)] == [Status.DEVICE_LOST, Status.VALID]
    states = {
        record.key_thumbprint: listing.state(record) for record in issuer.devices.listed(first.licence_id, at=later)
    }
    assert states == {key.thumbprint: "in force", holder_key(2).thumbprint: "in force"}
    # It is found once; lost again it may be.
    with pytest.raises(DeviceNotInForce, match="not reported lost"):
        found(issuer, first.licence_id, name(key), at=later)
    assert lost(issuer, first.licence_id, name(key), at=later) == 1


def test_which_device_is_meant_must_be_clear(issuer: Issuer) -> None:
    first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    for device, words in ((None, "2 devices"), ("", "2 devices"), ("zz", "no such device"), ("%", "no such device")):
        for act in (lost, found):
            with pytest.raises(DeviceUnknown, match=words):
                act(issuer, first.licence_id, device)
    for licence_id in ("nobody", "\ud800", "\x00"):
        with pytest.raises(LicenceUnknown):
            lost(issuer, licence_id)
        with pytest.raises(LicenceUnknown):
            issuer.devices.listed(licence_id, at=AT)
    assert issuer.events(first.licence_id) == ()


def test_only_from_the_right_state(issuer: Issuer) -> None:
    first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    with pytest.raises(DeviceNotInForce, match="not reported lost"):
        found(issuer, first.licence_id)
    lost(issuer, first.licence_id)
    with pytest.raises(DeviceNotInForce, match="ended already"):
        lost(issuer, first.licence_id)
    over = UnixTime(AT + 130 * DAY)
    (record,) = issuer.devices.listed(first.licence_id, at=over)
    assert listing.state(record) == "ended"
    with pytest.raises(DeviceNotInForce):
        found(issuer, first.licence_id, at=over)
    for act in (issuer.devices.report_lost, issuer.devices.found):
        with pytest.raises(ReasonRefused):
            act(first.licence_id, None, reason=" ", actor="test", at=AT)  # type: ignore[operator]  # of two signatures


def test_an_agent_s_device_may_be_lost_and_gets_a_new_mandate(issuer: Issuer) -> None:
    first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    wish = Wish(first.licence_id, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
    agent = issuer.mandates.issue(wish, holder_key(2), actor="test", at=AT)
    rows = [listing.as_json(record) for record in issuer.devices.listed(first.licence_id, at=AT)]
    assert [row["of"] for row in rows] == ["holder", "agent"]
    assert lost(issuer, first.licence_id, name(holder_key(2))) == 1
    assert [published_status(issuer, each) for each in (first, agent)] == [Status.VALID, Status.DEVICE_LOST]
    with pytest.raises(DeviceNotInForce, match="mandate") as refused:
        found(issuer, first.licence_id, name(holder_key(2)))
    assert "issuer mandate" in refused.value.hint


def test_commands(issuer: Issuer, tmp_path: Path) -> None:
    licence_id = issuer.issue("id-card", ID_CARD | {"valid_to": "2099-12-31"}, holder_key(1), at=AT).licence_id

    def run(*arguments: object) -> str:
        result = CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})
        assert result.exit_code == 0, result.stderr
        return result.stdout

    folder = issuer.places.folder
    (row,) = json.loads(run("devices", folder, licence_id, "--json"))
    assert (row["device"], row["of"]) == (name(holder_key(1)), "holder")
    assert row["device"][:16] in run("devices", folder, licence_id)
    flipped = json.loads(run("report-lost", folder, licence_id, "--device", row["device"][:8], "--json"))
    assert flipped == {"id": licence_id, "flipped": 1}
    out = tmp_path / "again.lz"
    said = json.loads(run("found", folder, licence_id, "--out", out, "--json"))
    assert said["package"] == str(out)
    assert credentials(out.read_bytes())[0].claims.cnf == holder_key(1).cose_key
    assert "reported lost" in run("report-lost", folder, licence_id)
    assert str(out) in run("found", folder, licence_id, "--out", out)


def test_routes(issuer: Issuer, client: FlaskClient) -> None:
    first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    route = f"/api/v1/licences/{first.licence_id}"
    rows = client.get(f"{route}/devices", headers=OPERATOR).get_json()
    assert [row["device"] for row in rows] == [name(holder_key(1)), name(holder_key(2))]
    unclear = client.post(f"{route}/lost", json={"reason": "挂失"}, headers=OPERATOR)
    assert (unclear.status_code, unclear.get_json()["error"]) == (404, "device_unknown")
    body = {"reason": "挂失", "device": rows[0]["device"]}
    answer = client.post(f"{route}/lost", json=body, headers=OPERATOR)
    assert (answer.status_code, answer.get_json()) == (200, {"id": first.licence_id, "flipped": 1})
    assert published_status(issuer, first) == Status.DEVICE_LOST
    twice = client.post(f"{route}/lost", json=body, headers=OPERATOR)
    assert (twice.status_code, twice.get_json()["error"]) == (409, "device_not_in_force")
    again = client.post(f"{route}/found", json=body, headers=OPERATOR)
    assert again.status_code == 201
    package = client.get(again.get_json()["package_url"])
    assert credentials(package.data)[0].claims.cnf == holder_key(1).cose_key
