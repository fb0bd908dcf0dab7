"""What stands in front of the devices at this moment: one act as long as it stays, however often its code is read.

The same text from the same source before it was out of view for two seconds is the same act. So is the next code of
the same credential where a camera saw the phone stay: a wallet redraws its code every half minute, and a clerk who is
still looking at one person must not be asked about two. Only a verdict that says exactly the same is taken together;
any other one is an act of its own, since this must never hide a different verdict. A scanner in the hand does not see
what stays, so each of its codes is an act. Nothing is kept for longer, because a verdict carries claims.

Not handled here: locks, and the clock.
"""

from dataclasses import dataclass, replace
from typing import Final

from verifier_terminal.appraisal.verdict import Verdict, VerdictClass
from verifier_terminal.events import ShownVerdict

SAME_ACT_SECONDS: Final = 2.0
"""Out of view for so long, and what comes next is another act."""

Seen = tuple[str, bytes]
"""Source, and SHA-256 of the text that it read."""


@dataclass(frozen=True, slots=True)
class _Held:
    """One act; `stays`: its source said that it is still there."""

    last: float
    shown: ShownVerdict
    stays: bool


class InView:
    """The acts that are in view."""

    def __init__(self) -> None:
        self._acts: dict[Seen, _Held] = {}
        self._read_last: dict[str, Seen] = {}

    def forget_gone(self, now: float) -> None:
        """Lets go of what was last seen two seconds ago or earlier."""
        self._acts = {seen: held for seen, held in self._acts.items() if now - held.last < SAME_ACT_SECONDS}

    def find(self, seen: Seen) -> ShownVerdict | None:
        """The act of this very text."""
        held = self._acts.get(seen)
        return held.shown if held else None

    def is_seen(self, seen: Seen, now: float) -> bool:
        """The frames of this very whole go on: whether its act is still in view, which it then stays."""
        self.forget_gone(now)
        if seen not in self._acts:
            return False
        self.still_there(seen, now)
        return True

    def note(self, seen: Seen, shown: ShownVerdict, now: float) -> None:
        """This text was seen just now, and belongs to this act."""
        self._acts[seen] = _Held(now, replace(shown, same_act=False), stays=False)
        self._read_last[seen[0]] = seen

    def still_there(self, seen: Seen, now: float) -> None:
        """A source says that this text is still there. It counts for the code that was read last, and no earlier one.

        Frames of animated codes are no codes of acts, so a phone that shows its code and a portrait by turns stays.
        """
        self.forget_gone(now)
        if self._read_last.get(seen[0]) == seen and seen in self._acts:
            self._acts[seen] = _Held(now, self._acts[seen].shown, stays=True)

    def keep(self, number: str, source: str, now: float) -> None:
        """Frames that belong to this act alone are in front of this source: its phone is still there."""
        self.forget_gone(now)
        seen = self._read_last.get(source)
        if seen is not None and seen in self._acts and self._acts[seen].shown.verdict.check_number == number:
            self._acts[seen] = _Held(now, self._acts[seen].shown, stays=True)

    def rolled_from(self, verdict: Verdict, source: str) -> ShownVerdict | None:
        """The act that stays at this source and of which this verdict is the next code, saying exactly the same."""
        if verdict.verdict_class is not VerdictClass.ACCEPT or verdict.answered is not None:
            # What answers a request is news by itself, whatever stood in view before.
            return None
        if any(each.credential_digest is None for each in verdict.members or (verdict,)):
            return None
        for (held_source, _), held in self._acts.items():
            # A joined act says something about both codes; what rolls is the second one.
            alone = held.shown.joined.alone if held.shown.joined else held.shown.verdict
            if held_source == source and held.stays and _says(alone) == _says(verdict):
                return held.shown
        return None

    def answered(self, number: str, *, matches: bool) -> None:
        """The clerk compared the person of this act."""
        self._acts = {
            seen: replace(held, shown=replace(held.shown, person_matches=matches))
            if held.shown.verdict.check_number == number
            else held
            for seen, held in self._acts.items()
        }

    def drop(self, number: str) -> None:
        """This act was declared void: what comes next is another one."""
        self._acts = {seen: held for seen, held in self._acts.items() if held.shown.verdict.check_number != number}


def _says(verdict: Verdict) -> tuple[object, ...]:
    return (
        verdict.credential_digest,
        verdict.verdict_class,
        verdict.proceed,
        verdict.findings,
        verdict.licence,
        verdict.purpose,
        verdict.recheck,
        tuple(_says(each) for each in verdict.members),
    )
