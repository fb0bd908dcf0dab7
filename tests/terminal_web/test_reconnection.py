"""After the network came back: how many checks were looked up again, what changed, and whether before the check."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.status_list import Status
from protocol.unixtime import HOUR, MINUTE, UnixTime
from tests.terminal_web.twin import NOW, TwinSession
from verifier_terminal.events import RecheckAlarm
from verifier_terminal.rechecking import SAID_FOR, Rechecked, Reconnected, reconnected
from verifier_terminal.store.recheck import Change
from verifier_terminal.web.standing_views import standing_json

CHECKED = UnixTime(NOW - 20 * MINUTE)


def words(answer: Status, change: Change | None) -> dict[str, str]:
    session = TwinSession()
    session.alarms = (RecheckAlarm("7K3-Q42", NOW, answer, change),)
    said: Any = standing_json(session.status())
    return {tag: each["alarms"][0]["text"] for tag, each in said["views"].items()}


def test_before_the_check_is_said_only_where_the_data_say_so() -> None:
    before = words(Status.REVOKED, Change(UnixTime(CHECKED - HOUR), UnixTime(CHECKED - 60), CHECKED))
    assert before["zh-Hans"] == "注意：7K3-Q42 复核结果有变：已吊销，最迟 11-22 09:39，在您核验之前。请叫主管。"
    assert before["en"] == (
        "Attention: 7K3-Q42 re-checked: revoked by 11-22 09:39, before your check. Call the supervisor."
    )
    between = words(Status.REVOKED, Change(UnixTime(CHECKED - HOUR), UnixTime(CHECKED + 60), CHECKED))["en"]
    assert "before your check" not in between
    assert "between 11-22 08:40 and 11-22 09:41; your check was at 11-22 09:40" in between
    assert "before" not in words(Status.INVALID, None)["en"]


def test_three_ways_to_be_no_more_valid_are_three_words() -> None:
    change = Change(UnixTime(CHECKED - HOUR), CHECKED, CHECKED)
    for tag in ("zh-Hans", "zh-Hant", "en"):
        said = {words(each, change)[tag] for each in (Status.SUSPENDED, Status.REVOKED, Status.SUPERSEDED)}
        assert len(said) == 3
    assert "已暂扣" in words(Status.SUSPENDED, change)["zh-Hans"]


@pytest.mark.parametrize(
    ("found", "queue", "said"),
    [
        (None, 0, ""),
        (None, 2, "2 waiting for re-check"),
        (Reconnected(3, 1, NOW), 0, "3 checks re-verified, 1 changed"),
        (Reconnected(3, 0, NOW), 0, "3 checks re-verified, none changed"),
        (Reconnected(3, 1, NOW), 2, "2 waiting for re-check · 3 checks re-verified, 1 changed"),
    ],
    ids=["nothing", "waiting", "changed", "unchanged", "both"],
)
def test_how_many_were_looked_up_again(found: Reconnected | None, queue: int, said: str) -> None:
    status = replace(TwinSession().status(), reconnected=found, recheck_queue=queue)
    shown: Any = standing_json(status)
    assert shown["views"]["en"]["waiting"] == said


def test_rounds_are_counted_together_for_ten_minutes() -> None:
    alarm = RecheckAlarm("7K3-Q42", NOW, Status.REVOKED)
    first = reconnected(None, Rechecked(2, (), 2), NOW)
    # Two licences of one check that both changed are one check.
    second = reconnected(first, Rechecked(2, (alarm, alarm), 1), UnixTime(NOW + 60))
    assert second == Reconnected(3, 1, UnixTime(NOW + 60))
    assert reconnected(second, Rechecked(0, ()), UnixTime(NOW + 60 + SAID_FOR - 1)) == second
    assert reconnected(second, Rechecked(0, ()), UnixTime(NOW + 60 + SAID_FOR)) is None
    assert reconnected(second, Rechecked(1, (), 1), UnixTime(NOW + 60 + SAID_FOR)) == Reconnected(
        1, 0, UnixTime(NOW + 60 + SAID_FOR)
    )
    # A clock that was set back counts nothing of what was "later".
    assert reconnected(second, Rechecked(0, ()), NOW) is None
