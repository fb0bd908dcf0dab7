"""Who is on duty at this terminal now: one person at a time, in memory alone.

Guaranteed: a terminal that was started again has nobody on duty, because the person's private key is nowhere but in
this object; `current` names nobody whose certificate is over or who was idle for too long. Not handled here: whether a
certificate is good (`checking`), passphrases (`key_file`), journal rows (`shift`).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from protocol.keys import Signer
from protocol.staff_certificate import Role
from protocol.unixtime import Seconds, UnixTime
from verifier_terminal.staff.errors import NobodyOnDuty

IDLE: Final = "idle"
CERTIFICATE_OVER: Final = "certificate_over"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """The person on duty. `number` stands in journal rows as `by`; `certificate` goes with what they sign."""

    number: str
    name: str
    role: Role
    relying_party: str
    certificate: bytes = field(repr=False)
    until: UnixTime


class OnDuty:
    """The person on duty. May be called by any thread."""

    def __init__(
        self, *, now: Callable[[], UnixTime], elapsed_seconds: Callable[[], float], idle_limit: Seconds
    ) -> None:
        """Nobody is on duty yet.

        Args:
            now: The terminal's trusted time.
            elapsed_seconds: A clock that only counts.
            idle_limit: After this long without any use of the terminal nobody is on duty any more.
        """
        self._now, self._elapsed_seconds = now, elapsed_seconds
        self.idle_limit = idle_limit
        self._lock = threading.Lock()
        self._person: tuple[StaffMember, Signer] | None = None
        self._last_use = 0.0

    def current(self) -> StaffMember | None:
        """The person on duty; None: nobody, or not any more."""
        held = self._held()
        return held[0] if held is not None else None

    def signer(self) -> Signer:
        """The key of the person on duty.

        Raises:
            NobodyOnDuty: Nobody signed on, or their time is over.
        """
        held = self._held()
        if held is None:
            raise NobodyOnDuty
        return held[1]

    def begin(self, member: StaffMember, signer: Signer) -> None:
        """From now on this person is on duty, and nobody else."""
        with self._lock:
            self._person, self._last_use = (member, signer), self._elapsed_seconds()

    def end(self) -> StaffMember | None:
        """Nobody is on duty any more; gives the person who was, also when their time was over already."""
        with self._lock:
            held, self._person = self._person, None
        return held[0] if held is not None else None

    def used(self) -> None:
        """Somebody did something at the terminal, so that the person on duty is not idle."""
        with self._lock:
            if self._person is not None and not self._is_idle():
                self._last_use = self._elapsed_seconds()

    def over(self) -> tuple[StaffMember, str] | None:
        """The person who signed on and whose time is over, until `end`, and why; None: there is no such person."""
        with self._lock:
            if self._person is None:
                return None
            member = self._person[0]
            if self._has_ended(member):
                return member, CERTIFICATE_OVER
            return (member, IDLE) if self._is_idle() else None

    def _held(self) -> tuple[StaffMember, Signer] | None:
        with self._lock:
            held = self._person
            return None if held is None or self._is_idle() or self._has_ended(held[0]) else held

    def _is_idle(self) -> bool:
        return self._elapsed_seconds() - self._last_use >= self.idle_limit

    def _has_ended(self, member: StaffMember) -> bool:
        return self._now() >= member.until
