"""Moments and local days, the same under every TZ of the machine."""

import os
import subprocess
import sys
import time

import pytest

from protocol import limits, unixtime
from protocol.unixtime import UnixTime

MIDNIGHT = UnixTime(1_795_190_400)
"""2026-11-21 00:00:00 at UTC+8."""


def test_local_days_turn_at_16_00_utc() -> None:
    assert unixtime.local_midnight(20261121) == MIDNIGHT
    assert unixtime.end_of_local_day(20261120) == MIDNIGHT
    assert unixtime.local_day(MIDNIGHT) == 20261121
    assert unixtime.local_day(UnixTime(MIDNIGHT - 1)) == 20261120
    assert unixtime.iso_utc(MIDNIGHT) == "2026-11-20T16:00:00Z"
    assert unixtime.iso_local(MIDNIGHT) == "2026-11-21 00:00:00"


@pytest.mark.parametrize("day", [19700101, 20000229, 20240229, 20261231, 20380119, 99991231])
def test_days_and_moments_agree(day: int) -> None:
    assert unixtime.local_day(unixtime.local_midnight(day)) == day
    assert unixtime.local_day(UnixTime(unixtime.end_of_local_day(day) - 1)) == day
    assert unixtime.day_of(unixtime.calendar_date(day)) == day


@pytest.mark.parametrize(
    "day", [0, -20260101, 20260229, 20261301, 20260100, 20260132, 2026, 100000101, 2**31, 2**62, -(2**62)]
)
def test_there_is_no_such_day(day: int) -> None:
    for function in (unixtime.calendar_date, unixtime.local_midnight, unixtime.end_of_local_day):
        with pytest.raises(ValueError, match=r".*"):
            function(day)


def test_every_moment_that_a_token_may_name_can_be_written_down() -> None:
    for at in (0, limits.MAX_TIME):
        assert unixtime.iso_utc(UnixTime(at))
        assert unixtime.iso_local(UnixTime(at))
        assert unixtime.local_day(UnixTime(at))


_SCRIPT = """
from protocol import unixtime
print(unixtime.local_midnight(20261121), unixtime.local_day(1795190399), unixtime.iso_utc(1795190400),
      unixtime.iso_local(1795190400), unixtime.end_of_local_day(20260308), unixtime.local_midnight(20261101))
"""


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "UTC", "Pacific/Kiritimati"])
def test_the_machine_s_zone_does_not_matter(zone: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "1795190400",
        "20261120",
        "2026-11-20T16:00:00Z",
        "2026-11-21",
        "00:00:00",
        "1772985600",
        "1793462400",
    ]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change the zone of a process")
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "UTC", "Pacific/Kiritimati"])
def test_the_zone_of_this_process_does_not_matter(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        test_local_days_turn_at_16_00_utc()
    finally:
        monkeypatch.undo()
        time.tzset()
