"""Renewals: one licence takes the place of another, once; and near-expiry lists. On both databases."""

import json
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.devices.errors import DeviceLost, TooManyDevices
from issuer.errors import IssuanceInterrupted, IssuerError, LicenceNotValid, SubjectRefused
from issuer.lifecycle import LegalChange
from issuer.renewing.errors import AlreadyRenewed, RenewalTooEarly
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, holder_key, key_text, made, published_status, written

SOON = DRIVING | {"valid_from": "2020-12-20", "valid_to": "2026-12-20"}
NEXT = {"valid_from": "2026-11-22", "valid_to": "2032-11-22"}


def renew(issuer: Issuer, licence_id: str, changes: dict[str, Any] = NEXT, *, key: int = 1, actor: str = "3101") -> str:
    return issuer.licence_renewals.renew(
        licence_id, changes, holder_key(key), reason="期满换证", actor=actor, at=AT
    ).licence_id


def test_a_new_licence_takes_the_place_of_the_old_one(issuer: Issuer) -> None:
    old = issuer.issue("driving-licence", SOON, holder_key(), at=AT)
    code = issuer.papers.issue(old.licence_id, days=20, actor="test", at=AT)
    new = renew(issuer, old.licence_id)
    assert issuer.licence(new).subject.items() >= (SOON | NEXT).items()
    assert (issuer.licence(old.licence_id).status, issuer.licence(new).status) == (Status.SUPERSEDED, Status.VALID)
    flipped = issuer.events(old.licence_id)
    assert {(each.idx, each.new) for each in flipped} == {(old.idx, Status.SUPERSEDED), (code.idx, Status.SUPERSEDED)}
    # It can wait, so each entry is published at a moment of its own.
    last = UnixTime(max(each.due for each in flipped))
    issuer.publish(at=last)
    assert published_status(issuer, old, at=last) == Status.SUPERSEDED
    assert [(each.previous, each.next) for each in issuer.licence_renewals.line(new)] == [(old.licence_id, new)]
    acts = [(each.act, each.id) for each in issuer.audit.everything()]
    assert acts[2:] == [("issue", new), ("supersede", old.licence_id)]
    with pytest.raises(AlreadyRenewed):
        renew(issuer, old.licence_id)


def test_a_line_of_renewals_is_read_from_any_of_them(issuer: Issuer) -> None:
    ids = [issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id]
    for number in range(3):
        ids.append(renew(issuer, ids[-1], {"address": f"幻境市测试区样例路{number}号"}))
    for each in ids:
        found = issuer.licence_renewals.line(each)
        assert [(pair.previous, pair.next) for pair in found] == list(pairwise(ids))


def test_renewal_opens_before_the_end_and_a_change_at_any_time(issuer: Issuer) -> None:
    far = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).licence_id
    with pytest.raises(RenewalTooEarly):
        renew(issuer, far)
    with pytest.raises(SubjectRefused):
        renew(issuer, far, {"name": None})
    assert issuer.licence(far).status is Status.VALID
    named = renew(issuer, far, {"name": "测试员丁"})
    assert issuer.licence(named).holder_name == "测试员丁"
    issuer.suspend(named, reason="测试", actor="test", at=AT)
    with pytest.raises(LicenceNotValid):
        renew(issuer, named, {"name": "测试员戊"})


def test_a_renewal_that_broke_off_is_finished_and_the_old_licence_was_in_force_meanwhile(issuer: Issuer) -> None:
    old = issuer.issue("driving-licence", SOON, holder_key(), at=AT)
    changed = issuer.licence_renewals._issue

    def interrupted(*given: Any, **named: Any) -> Any:
        changed(*given, **named)
        raise IssuanceInterrupted("the token went away")

    issuer.licence_renewals._issue = interrupted
    with pytest.raises(IssuanceInterrupted):
        renew(issuer, old.licence_id)
    assert issuer.licence(old.licence_id).status is Status.VALID
    (begun,) = issuer.licence_renewals.line(old.licence_id)
    assert begun.superseded_at is None
    issuer.licence_renewals._issue = changed
    assert renew(issuer, old.licence_id, key=2) == begun.next
    assert issuer.licence(old.licence_id).status is Status.SUPERSEDED
    assert len(issuer.list()) == 2


def test_of_several_that_renew_one_licence_one_gets_there(issuer: Issuer) -> None:
    old = issuer.issue("driving-licence", SOON, holder_key(), at=AT).licence_id
    won, lost = raced(8, lambda number: renew(issuer, old, actor=f"{number}"))
    assert len(won) >= 1
    assert all(isinstance(error, AlreadyRenewed | LicenceNotValid | IssuerError) for error in lost)
    (pair,) = issuer.licence_renewals.line(old)
    assert set(won) == {pair.next}
    assert {record.id for record in issuer.list()} == {old, pair.next}


def raced(number: int, act: Callable[[int], Any]) -> tuple[list[Any], list[BaseException]]:
    together, won, lost = threading.Barrier(number), [], []

    def one(place: int) -> None:
        together.wait()
        try:
            won.append(act(place))
        except BaseException as error:
            lost.append(error)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won, lost


def test_what_ends_soon_is_listed_by_its_day(issuer: Issuer) -> None:
    days: dict[str, str] = {}
    for day in ("2026-11-22", "2026-12-22", "2026-12-23"):
        subject = DRIVING | {"valid_from": "2020-11-22", "valid_to": day}
        days[day] = issuer.issue("driving-licence", subject, holder_key(), at=AT).licence_id
    issuer.issue("business-licence", BUSINESS, holder_key(), at=AT)
    soon = [each.id for each in issuer.expiry.listed(kind=None, days=30, past=False, at=AT)]
    assert soon == [days["2026-11-22"], days["2026-12-22"]]
    assert issuer.expiry.listed(kind=None, days=30, past=True, at=AT) == ()
    tomorrow = UnixTime(AT + DAY)
    assert [each.id for each in issuer.expiry.listed(kind=None, days=30, past=True, at=tomorrow)] == soon[:1]
    assert issuer.expiry.listed(kind="id-card", days=30, past=False, at=AT) == ()
    issuer.change(soon[0], LegalChange.CANCEL, reason="测试", actor="test", at=AT)
    assert [each.id for each in issuer.expiry.listed(kind="driving-licence", days=30, past=False, at=AT)] == soon[1:]


def test_a_lost_device_gets_nothing_more_on_any_licence_of_its_holder(issuer: Issuer) -> None:
    first = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT).licence_id
    issuer.issue_again(first, holder_key(2), at=AT)
    issuer.devices.report_lost(first, holder_key(1).thumbprint.hex(), reason="挂失", actor="test", at=AT)
    with pytest.raises(DeviceLost):
        issuer.issue_again(first, holder_key(1), at=AT)
    with pytest.raises(DeviceLost):
        issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    issuer.issue_again(first, holder_key(3), at=AT)
    later = UnixTime(AT + 60)
    issuer.devices.found(first, holder_key(1).thumbprint.hex(), reason="解挂", actor="test", at=later)
    issuer.issue("id-card", ID_CARD, holder_key(1), at=later)
    lost_again = UnixTime(AT + 120)
    issuer.devices.report_lost(first, holder_key(1).thumbprint.hex(), reason="挂失", actor="test", at=lost_again)
    with pytest.raises(DeviceLost):
        issuer.issue_again(first, holder_key(1), at=lost_again)


def test_a_holder_has_three_devices_over_all_licences_and_no_more(issuer: Issuer) -> None:
    first = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT).licence_id
    card = issuer.issue("id-card", ID_CARD, holder_key(2), at=AT).licence_id
    won, lost = raced(4, lambda place: issuer.issue_again(first, holder_key(3 + place), at=AT))
    assert (len(won), [type(error) for error in lost]) == (1, [TooManyDevices] * 3)
    issuer.issue_again(first, holder_key(2), at=AT)
    issuer.devices.report_lost(card, None, reason="挂失", actor="test", at=AT)
    issuer.devices.report_lost(first, holder_key(2).thumbprint.hex(), reason="挂失", actor="test", at=AT)
    issuer.issue_again(first, holder_key(9), at=AT)


def test_the_commands(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    with made(folder) as issuer:
        old = issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id
    changes = written(tmp_path / "changes.json", {"address": "幻境市测试区样例路3号"})

    def run(*arguments: object) -> Any:
        done = CliRunner().invoke(cli, [*map(str, arguments), "--json"], env={PASSPHRASE_VARIABLE: ""})
        return json.loads(done.stdout) if done.exit_code == 0 else done.stderr

    new = run("renew", folder, old, "--changes", changes, "--holder-key", key_text(), "--reason", "变更住址")
    assert (new["previous"], Path(new["package"]).exists()) == (old, True)
    assert [(each["previous"], each["finished"]) for each in run("renewals", folder, new["id"])] == [(old, True)]
    assert "taken the place" in run("renew", folder, old, "--holder-key", key_text(), "--reason", "变更住址")
    assert run("expiring", folder, "--days", 3_660) == []
    assert [each["id"] for each in run("expiring", folder, "--days", 3_660, "--past")] == []
