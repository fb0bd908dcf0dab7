"""Who may change the settings of this terminal: everybody may tighten what is not locked, the PIN is for all the rest.

Guaranteed: a setting loosens, a locked one changes and a lock opens or closes only with the supervisor's PIN; each
change and each wrong PIN is a row of the journal, durable together with what it says; wrong PINs are counted before
they are compared (`store.guesses`). Whoever may write the terminal's files needs no PIN: it keeps people at the counter
from loosening, not the machine's owner. Not handled here: what a setting does (`tightening`).
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id

from protocol.unixtime import UnixTime
from verifier_terminal import tightening
from verifier_terminal.setting_errors import PinRequired, PinUnusable, TooManyGuesses, WrongPin
from verifier_terminal.store.local_settings import LocalSetting
from verifier_terminal.store.store import Store
from verifier_terminal.tightening import Direction, Tightening, Value

MIN_PIN_DIGITS: Final = 6
MAX_PIN_DIGITS: Final = 12
_PIN: Final = "pin"


@dataclass(frozen=True, slots=True)
class SettingStanding:
    """One setting as it counts now."""

    name: str
    value: Value
    locked: bool


@dataclass(frozen=True, slots=True)
class Strength:
    """What one guess at the PIN costs: Argon2id passes and bytes of memory (RFC 9106, section 4)."""

    passes: int = argon2id.OPSLIMIT_INTERACTIVE
    memory_bytes: int = argon2id.MEMLIMIT_INTERACTIVE


INTERACTIVE: Final = Strength()


class Supervision:
    """The settings of one terminal. Any thread may call it: they take turns with everything that the session does."""

    def __init__(
        self,
        store: Store,
        *,
        strength: Strength,
        lock: AbstractContextManager[object],
        now: Callable[[], UnixTime],
        changed: Callable[[], None],
    ) -> None:
        """Reads nothing yet.

        Args:
            store: The terminal's.
            strength: What one guess at the PIN costs.
            lock: The session's.
            now: The terminal's trusted time.
            changed: Is called after each change.
        """
        self._store = store
        self._strength = strength
        self._lock, self._now, self._changed = lock, now, changed

    def has_pin(self) -> bool:
        """Whether a PIN was set. Raises: OutOfOrder."""
        return self._pin_hash() is not None

    def settings(self) -> tuple[SettingStanding, ...]:
        """Every setting. Raises: OutOfOrder, SettingMeaningless."""
        with self._lock, self._store.reading():
            held = self._store.local_settings.held()
        now = of_held(held)
        return tuple(
            SettingStanding(name, getattr(now, name), name in held and held[name].locked) for name in tightening.NAMES
        )

    def change(
        self, name: str, value: object, *, locked: bool | None = None, pin: str | None = None
    ) -> SettingStanding:
        """Sets one setting, for the next code on, and says how it stands.

        Args:
            name: Which one.
            value: What it is to be.
            locked: Whether it is locked from now on; None: as before.
            pin: The supervisor's, where one is needed.

        Raises:
            SettingMeaningless: There is no such setting, or no such value of it.
            PinRequired: This change needs the PIN, and none was given or was ever set.
            WrongPin, TooManyGuesses: The PIN was not the right one, or may not be tried now.
            OutOfOrder: It could not be written; everything is as before.
        """
        after = tightening.checked(name, value)
        with self._lock:
            changed = self._change(name, after, locked, pin)
        self._changed()
        return changed

    def _change(self, name: str, after: Value, locked: bool | None, pin: str | None) -> SettingStanding:
        at = self._now()
        before = next(each for each in self.settings() if each.name == name)
        wanted = SettingStanding(name, after, before.locked if locked is None else locked)
        if wanted == before:
            return before
        loosens = tightening.direction(name, before.value, after) is Direction.LOOSER
        if loosens or before.locked or wanted.locked:
            self._require(pin, at)
        row = {
            "event": "setting",
            "name": name,
            "before": before.value,
            "after": after,
            "locked": wanted.locked,
            "at": at,
        }
        with self._store.writing():
            self._store.local_settings.put(name, LocalSetting(after, wanted.locked))
            self._store.journal.append(row, at=at)
        return wanted

    def set_pin(self, new: str, *, old: str | None = None) -> None:
        """Sets the PIN, or changes it with the old one.

        Raises:
            PinUnusable: It is no number of 6 to 12 digits, or one that everybody tries first.
            PinRequired, WrongPin, TooManyGuesses: The old one is needed.
            OutOfOrder: It could not be written; the old one stays.
        """
        if not (new.isascii() and new.isdigit() and MIN_PIN_DIGITS <= len(new) <= MAX_PIN_DIGITS):
            raise PinUnusable(f"{MIN_PIN_DIGITS} to {MAX_PIN_DIGITS} digits")
        if len({(int(b) - int(a)) % 10 for a, b in pairwise(new)}) == 1:
            raise PinUnusable("equal digits, or digits in a row, are what everybody tries first")
        with self._lock:
            at = self._now()
            if self._pin_hash() is not None:
                self._require(old, at)
            hashed = argon2id.str(new.encode(), self._strength.passes, self._strength.memory_bytes)
            with self._store.writing():
                self._store.local_settings.put_pin_hash(hashed)
                self._store.journal.append({"event": "pin_set", "at": at}, at=at)

    def _pin_hash(self) -> bytes | None:
        with self._lock, self._store.reading():
            return self._store.local_settings.pin_hash()

    def _require(self, pin: str | None, at: UnixTime) -> None:
        hashed = self._pin_hash()
        if hashed is None:
            raise PinRequired("none was ever set")
        if not pin:
            raise PinRequired
        with self._store.writing():
            wait = self._store.guesses.count_one(_PIN, at=at)
        if wait is not None:
            raise TooManyGuesses(seconds=wait)
        try:
            argon2id.verify(hashed, pin.encode())
        except InvalidkeyError as wrong:
            with self._store.writing():
                self._store.journal.append({"event": "wrong_pin", "at": at}, at=at)
            raise WrongPin from wrong
        with self._store.writing():
            self._store.guesses.was_right(_PIN)


def of_held(held: Mapping[str, LocalSetting]) -> Tightening:
    """What counts of the settings that lie in the store.

    Raises:
        SettingMeaningless: One of them is damaged, or from a newer version; what it would tighten cannot be told.
    """
    return tightening.of_values({name: tightening.checked(name, each.value) for name, each in held.items()})
