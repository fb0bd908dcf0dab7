"""The door's relay: every way in which it could stay open, tried."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from hardware.devices import Connected, Lost, LostReason
from hardware.errors import DeviceNotFound, DeviceUnusable
from hardware.lock import MAX_RELEASE_SECONDS, RelayLock
from hardware.output_errors import UnsupportedOutput
from hardware.simulated.chip import VirtualChip


class Timers:
    """Timers that a test lets run out."""

    def __init__(self) -> None:
        self.started: list[tuple[float, Callable[[], None]]] = []
        self.cancelled: list[int] = []
        self.refused = False
        self.chip: VirtualChip | None = None
        self.open_when_started: list[bool] = []

    def later(self, seconds: float, act: Callable[[], None]) -> Callable[[], object]:
        if self.refused:
            raise RuntimeError("can't start new thread")
        self.started.append((seconds, act))
        if self.chip is not None:
            self.open_when_started.append(self.chip.high["0"])
        number = len(self.started) - 1
        return lambda: self.cancelled.append(number)


class Door:
    """A lock over a chip that can be pulled out."""

    def __init__(self, *, there: bool = True) -> None:
        self.chip = VirtualChip()
        self.chip.is_there = there
        self.timers = Timers()
        self.told: list[Connected | Lost] = []
        self.lock = RelayLock(
            "lock:test", lambda: self.chip.take(("0",)), tell=self.told.append, later=self.timers.later
        )
        self.timers.chip = self.chip

    @property
    def is_open(self) -> bool:
        return self.chip.high.get("0", False)


def test_it_is_locked_from_the_moment_it_is_taken() -> None:
    door = Door()
    assert door.chip.history == [(False,)]
    assert door.told == [Connected("lock:test")]


def test_it_opens_for_seconds_and_locks_by_itself() -> None:
    door = Door()
    door.lock.release(5.0)
    assert door.is_open
    ((seconds, run_out),) = door.timers.started
    assert seconds == 5.0
    run_out()
    assert door.chip.history == [(False,), (True,), (False,)]


def test_the_timer_runs_before_it_opens() -> None:
    door = Door()
    door.lock.release(5.0)
    assert door.timers.open_when_started == [False]


def test_where_no_timer_can_be_started_it_stays_locked() -> None:
    door = Door()
    door.timers.refused = True
    with pytest.raises(DeviceUnusable, match="stays locked"):
        door.lock.release(5.0)
    assert door.chip.history == [(False,)]


def test_a_second_release_begins_the_time_anew_and_the_first_timer_is_nobodys() -> None:
    door = Door()
    door.lock.release(5.0)
    door.lock.release(7.0)
    (_, first), (_, second) = door.timers.started
    assert door.timers.cancelled == [0]
    # It was cancelled too late and fires all the same.
    first()
    assert door.is_open
    second()
    assert not door.is_open


@pytest.mark.parametrize("seconds", [0, -1, MAX_RELEASE_SECONDS + 0.1, float("inf"), float("nan")])
def test_nobody_opens_it_for_good(seconds: float) -> None:
    door = Door()
    with pytest.raises(UnsupportedOutput):
        door.lock.release(seconds)
    assert door.chip.history == [(False,)]


def test_closing_locks_and_gives_back_and_a_late_timer_does_no_harm() -> None:
    door = Door()
    door.lock.release(5.0)
    door.lock.close()
    assert not door.is_open
    assert door.timers.cancelled == [0]
    door.timers.started[0][1]()
    assert door.chip.history == [(False,), (True,), (False,)]


def test_a_relay_that_is_gone_is_told_and_taken_again() -> None:
    door = Door()
    door.chip.unplug()
    with pytest.raises(DeviceUnusable):
        door.lock.release(5.0)
    with pytest.raises(DeviceNotFound):
        door.lock.release(5.0)
    assert door.told[1:] == [Lost("lock:test", LostReason.UNUSABLE), Lost("lock:test", LostReason.NOT_FOUND)]
    door.chip.replug()
    door.lock.release(5.0)
    assert door.is_open
    assert door.told[-1] == Connected("lock:test")


def test_a_relay_that_fails_when_it_should_lock_is_given_back() -> None:
    door = Door()
    door.lock.release(5.0)
    door.chip.unplug()
    door.timers.started[0][1]()
    assert not door.is_open
    assert door.told[-1] == Lost("lock:test", LostReason.UNUSABLE)


def test_a_relay_that_is_not_there_at_first_is_no_reason_not_to_start() -> None:
    door = Door(there=False)
    assert door.told == [Lost("lock:test", LostReason.NOT_FOUND)]
    door.chip.replug()
    door.lock.release(1.0)
    assert door.is_open


def test_the_real_timer_locks() -> None:
    chip = VirtualChip()
    lock = RelayLock("lock:test", lambda: chip.take(("0",)), tell=lambda event: None)
    lock.release(0.05)
    assert chip.wait_for(lambda: len(chip.history) == 3)
    assert chip.history == [(False,), (True,), (False,)]
    lock.close()


_CHILD = """
import os, sys
from hardware.lock import RelayLock

class Held:
    # Like a GPIO line: what holds it open is a file descriptor of this process, and nothing else.
    def __init__(self): self.end = int(sys.argv[1])
    def set(self, active): os.write(self.end, b"1" if active[0] else b"0")
    def close(self): os.close(self.end)

lock = RelayLock("lock", Held, tell=lambda event: None)
lock.release(30)
sys.stdin.read()
"""


def test_a_process_that_is_killed_leaves_nothing_that_holds_the_line() -> None:
    """Not the kernel's part, which needs a chip: that nothing of this program outlives it and keeps the line."""
    reading, writing = os.pipe()
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(writing)], pass_fds=(writing,), stdin=subprocess.PIPE)
    os.close(writing)
    try:
        assert os.read(reading, 1) == b"1"
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        # End of file: every descriptor of the line is closed, a moment after the process died.
        assert os.read(reading, 1) == b""
    finally:
        assert child.stdin is not None
        child.stdin.close()
        os.close(reading)


def test_many_threads_leave_it_locked() -> None:
    door = Door()
    threads = [threading.Thread(target=door.lock.release, args=(1.0,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _, run_out in door.timers.started:
        run_out()
    assert not door.is_open
