"""What a counter system may fetch of the checks of the last ten minutes: held in this memory and nowhere else.

Guaranteed: at most 64 checks for at most ten minutes, as `receipts` keeps its evidence; a check is kept only while some
client may have checks of its purpose; what was shown is what policy shows on the page, never the whole values; every
change of a check (the person compared, a receipt, a void, a re-check) gives it a new number, and a reader takes what is
newer than the number that it has seen. There are no queues, so a slow reader costs nothing and finds the latest state
of each check. A restart forgets all of it. Not handled here: who may read, and how it looks (`web/counter_*.py`);
checks that another process on the same directory makes or voids.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from protocol.labels import Purpose
from protocol.status_list import Status
from verifier_terminal import counter_clients
from verifier_terminal.appraisal.context import Knowledge
from verifier_terminal.appraisal.verdict import Verdict
from verifier_terminal.counter_clients import CounterClient, CounterClientsUnusable
from verifier_terminal.events import (
    ActsChanged,
    Listener,
    PersonChecked,
    ReceiptGiven,
    RecheckAlarm,
    SessionEvent,
    ShownVerdict,
)
from verifier_terminal.receipts import KEPT_SECONDS, MAX_KEPT

_FORGET_EVERY_SECONDS: Final = 5.0
_MOST_RECEIPTS: Final = 8
"""Of one check; each print makes another one."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """One check as it stands. `number` is that of its latest change."""

    number: int
    verdict: Verdict = field(repr=False)
    since: float
    case: str = ""
    """Queue number or case id that the check carried; empty: none."""
    person_matches: bool | None = None
    void: bool = False
    receipts: tuple[str, ...] = ()
    """SHA-256 of each receipt that was given, the oldest first."""
    rechecked: Status | None = None
    """What a re-check found, where it changes what was said."""


class Handover(Listener):
    """See the module. Every method may be called by any thread."""

    def __init__(
        self,
        *,
        run: str,
        elapsed_seconds: Callable[[], float],
        is_wanted: Callable[[Purpose], bool],
        case: Callable[[], str],
    ) -> None:
        """Begins empty.

        Args:
            run: Tells this run of the terminal from every other one; numbers begin anew with it.
            elapsed_seconds: A clock that only counts.
            is_wanted: Whether any client may have checks of this purpose; asked at each check.
            case: The queue number or case id of the act that is being done; empty: none.
        """
        self.run = run
        self._elapsed_seconds = elapsed_seconds
        self._is_wanted = is_wanted
        self._case = case
        self._changed = threading.Condition()
        self._held: dict[str, HandedOver] = {}
        self._gone: dict[Purpose, int] = {}
        self._number = 0

    def offer(self, event: SessionEvent) -> bool:
        match event:
            case ShownVerdict(verdict=verdict, same_act=False) if self._is_wanted(verdict.purpose):
                self._put(verdict)
            case PersonChecked(check_number=number, matches=matches):
                self._change(number, lambda held: replace(held, person_matches=matches))
            case ActsChanged(check_number=number, void=True):
                self._change(number, lambda held: replace(held, void=True))
            case ReceiptGiven(check_number=number, sha256=digest):
                self._change(number, lambda held: replace(held, receipts=(*held.receipts, digest)[-_MOST_RECEIPTS:]))
            case RecheckAlarm(check_number=number, answer=answer):
                self._change(number, lambda held: replace(held, rechecked=answer))
            case _:
                pass
        return True

    @property
    def number(self) -> int:
        """That of the latest change."""
        with self._changed:
            return self._number

    def changes(self, purposes: frozenset[Purpose], *, after: int) -> tuple[HandedOver, ...]:
        """What has changed since number `after` of the checks for these purposes, the oldest change first."""
        with self._changed:
            self._forget_over()
            found = [each for each in self._held.values() if each.number > after and each.verdict.purpose in purposes]
            return tuple(sorted(found, key=lambda each: each.number))

    def has_missed(self, purposes: frozenset[Purpose], *, after: int) -> bool:
        """Whether something newer than number `after` was forgotten before it could be fetched."""
        with self._changed:
            self._forget_over()
            return any(self._gone.get(purpose, 0) > after for purpose in purposes)

    def left(self, held: HandedOver) -> float:
        """Seconds until this check is forgotten."""
        return max(0.0, held.since + KEPT_SECONDS - self._elapsed_seconds())

    def wait(self, *, after: int, seconds: float) -> None:
        """Returns when something is newer than number `after`, or when these seconds are over."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > after, seconds)

    def start(self, stop: threading.Event) -> threading.Thread:
        """Forgets what is over in a thread of its own, until told to stop: nobody may come to ask for it."""

        def run() -> None:
            while not stop.wait(_FORGET_EVERY_SECONDS):
                with self._changed:
                    self._forget_over()

        thread = threading.Thread(target=run, name="counter hand-over", daemon=True)
        thread.start()
        return thread

    def _put(self, verdict: Verdict) -> None:
        with self._changed:
            self._forget_over()
            while len(self._held) >= MAX_KEPT:
                self._forget(next(iter(self._held)))
            self._number += 1
            self._held[verdict.check_number] = HandedOver(self._number, verdict, self._elapsed_seconds(), self._case())
            self._changed.notify_all()

    def _change(self, check_number: str, to: Callable[[HandedOver], HandedOver]) -> None:
        with self._changed:
            self._forget_over()
            held = self._held.get(check_number)
            if held is None:
                return
            self._number += 1
            self._held[check_number] = replace(to(held), number=self._number)
            self._changed.notify_all()

    def _forget_over(self) -> None:
        now = self._elapsed_seconds()
        for number in [number for number, each in self._held.items() if not 0 <= now - each.since < KEPT_SECONDS]:
            self._forget(number)

    def _forget(self, check_number: str) -> None:
        held = self._held.pop(check_number)
        self._gone[held.verdict.purpose] = max(held.number, self._gone.get(held.verdict.purpose, 0))


class Shift(Protocol):
    """What is read of who is on duty."""

    @property
    def case(self) -> str:
        """The queue number or case id of the next act; empty: none."""

    def set_case(self, text: str) -> str:
        """Sets it. Raises: CaseRefused."""


class DeskSession(Protocol):
    """The terminal's session as a desk uses it."""

    @property
    def knowledge(self) -> Knowledge | None:
        """The signed statements that are held."""

    @property
    def shift(self) -> Shift:
        """Who is on duty, and with what."""

    def listen(self, listener: Listener) -> None:
        """All events from now on."""


@dataclass(frozen=True, slots=True)
class CounterDesk:
    """What is handed over, to whom, and by which policy; and the case that a program gives the next act.

    `clients` reads anew at each call. `set_case` raises CaseRefused.
    """

    handover: Handover
    clients: Callable[[], tuple[CounterClient, ...]]
    knowledge: Callable[[], Knowledge | None]
    elapsed_seconds: Callable[[], float]
    set_case: Callable[[str], str]


def open_desk(session: DeskSession, directory: Path, *, run: str, elapsed_seconds: Callable[[], float]) -> CounterDesk:
    """A desk for the programs that are named in this directory, listening to the session from now on."""

    def clients() -> tuple[CounterClient, ...]:
        return counter_clients.load(directory)

    def is_wanted(purpose: Purpose) -> bool:
        try:
            return any(purpose.word in each.purposes for each in clients())
        except CounterClientsUnusable:
            return False

    made = Handover(run=run, elapsed_seconds=elapsed_seconds, is_wanted=is_wanted, case=lambda: session.shift.case)
    session.listen(made)
    return CounterDesk(made, clients, lambda: session.knowledge, elapsed_seconds, session.shift.set_case)
