"""How the terminal stands, in words: each region's place, what is known until when, and what a person must see to."""

import json
from dataclasses import replace
from typing import Any

import pytest

from protocol.checkpoint import TufVersions
from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from revocation import freshness
from revocation.freshness import Grade
from tests.terminal_web.twin import NOW, TwinSession
from verifier_terminal.standing import GradeEnd, MetadataStanding, RegionStanding, TerminalStatus
from verifier_terminal.store.feed_alarms import FeedAlarm, FeedAlarmKind
from verifier_terminal.sync.connectivity import Connectivity, Link, LinkTrouble
from verifier_terminal.web import standing_views

LANGUAGES = ("zh-Hans", "zh-Hant", "en")


def region(code: str, age: int | None, *, home: bool = False) -> RegionStanding:
    held = age is not None
    return RegionStanding(
        region=code,
        is_home=home,
        has_feed=True,
        trust_age=HOUR,
        epoch=2 if held else None,
        seq=4_217 if held else None,
        as_of=UnixTime(NOW - age) if age is not None else None,
        status_age=Seconds(age) if age is not None else None,
        grade=freshness.grade(Seconds(age) if age is not None else None),
        usable_until=(),
        connectivity=Connectivity(),
    )


def status(**changes: Any) -> TerminalStatus:
    return replace(TwinSession().status(), **changes)


def views(found: TerminalStatus) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(standing_views.standing_json(found)))["views"]
    return made


def test_every_region_says_its_place_its_age_and_its_grade() -> None:
    found = status(
        regions=(region("310000", 60, home=True), region("330000", 2 * DAY), region("320000", None)),
        usable_until=(GradeEnd(Grade.FRESH, UnixTime(NOW + 4 * MINUTE)),),
    )
    assert views(found)["en"]["known"] == [
        "issuer list 1 h ago",
        "rules 1 h ago",
        "clock confirmed 3 min ago",
        "home region Shanghai 310000: status data number 2–4217, 1 min ago, fresh",
        "Zhejiang 330000: status data number 2–4217, 2 d ago, within 3 days",
        "Jiangsu 320000: no status data yet, so none of its licences can be accepted",
        "without newer data: fresh until 11-22 10:04",
    ]
    assert "本地 上海 310000：状态数据第 2–4217 号，1 分钟前，最新" in views(found)["zh-Hans"]["known"]


@pytest.mark.parametrize("trouble", [each for each in LinkTrouble if each is not LinkTrouble.UNREACHABLE])
def test_what_keeps_the_network_away_is_told_with_what_to_do(trouble: LinkTrouble) -> None:
    offline = Connectivity(Link.OFFLINE, None, "technical", 3, trouble)
    told = [views(status(connectivity=offline))[language]["troubles"] for language in LANGUAGES]
    assert [len(each) for each in told] == [1, 1, 1]
    assert len({each[0] for each in told}) == 3
    assert "technical" not in json.dumps(told)
    online = Connectivity(Link.ONLINE, NOW, "technical", 1, trouble)
    assert views(status(connectivity=online))["en"]["troubles"] == []


@pytest.mark.parametrize("kind", list(FeedAlarmKind))
def test_what_a_region_should_never_have_signed_is_told_in_every_language(kind: FeedAlarmKind) -> None:
    alarm = FeedAlarm("330000", kind, 1, NOW, "detail of the bytes", b"held", b"came")
    for language, name in zip(LANGUAGES, ("浙江 330000", "浙江 330000", "Zhejiang 330000"), strict=True):
        (told,) = views(status(feed_alarms=(alarm,)))[language]["troubles"]
        assert name in told
        assert "11-22 10:00" in told
        assert "detail" not in told


@pytest.mark.parametrize(("late", "expired", "count"), [(13, None, 0), (15, None, 1), (40, 29, 1), (40, 31, 1)])
def test_late_trust_metadata_are_told_once_they_change_verdicts(late: int, expired: int | None, count: int) -> None:
    metadata = MetadataStanding(
        TufVersions(1, 1),
        ("310000",),
        UnixTime(NOW - late * DAY),
        None if expired is None else UnixTime(NOW - expired * DAY),
    )
    told = views(status(metadata=metadata))["en"]["troubles"]
    assert len(told) == count
    assert any("nothing can be accepted" in each for each in told) is (expired == 31)
