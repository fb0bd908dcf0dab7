"""Bringing portraits and verdicts together, in whichever order they come, in memory and for a short while only.

Guaranteed: a portrait leaves here only if its whole SHA-256 is the one that an issuer signed in a presentation whose
signatures hold and whose policy shows it; once for each act; and nothing waits for longer than 30 seconds. Not handled
here: putting frames together (`animation`), and drawing.
"""

from dataclasses import dataclass
from typing import Final

from protocol.qr.animated import Assembled
from verifier_terminal.appraisal.verdict import Verdict

WAITS_SECONDS: Final = 30.0
_MAX_WAITING: Final = 4
_MAX_EXPECTED: Final = 8
"""Two acts of four licences."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The portrait of one licence of an act. `member`: its place in a bundle, 0 for a single licence."""

    check_number: str
    member: int
    content: bytes


@dataclass(slots=True)
class _Expected:
    check_number: str
    member: int
    sha256: bytes
    last: float
    shown: bool = False


class Portraits:
    """The portraits that wait for a verdict, and the licences that wait for a portrait."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, tuple[bytes, float]] = {}
        self._expected: list[_Expected] = []

    def arrived(self, portrait: Assembled, now: float) -> tuple[Matched, ...]:
        """A portrait is complete: the acts that it belongs to; without any it waits for one."""
        self.forget_over(now)
        matched = self._matched(portrait.sha256, portrait.content, now)
        if not matched and not any(each.sha256 == portrait.sha256 for each in self._expected):
            if len(self._waiting) >= _MAX_WAITING:
                del self._waiting[min(self._waiting, key=lambda each: self._waiting[each][1])]
            self._waiting[portrait.sha256] = (portrait.content, now)
        return matched

    def expect(self, verdict: Verdict, now: float) -> tuple[Matched, ...]:
        """A verdict was given: the portraits that have waited for it."""
        self.forget_over(now)
        found: list[Matched] = []
        for member, each in enumerate(verdict.members or (verdict,)):
            sha256 = each.licence.portrait_sha256 if each.licence else None
            if sha256 is None:
                continue
            self._expected.append(_Expected(verdict.check_number, member, sha256, now))
            if sha256 in self._waiting:
                content, _ = self._waiting.pop(sha256)
                found += self._matched(sha256, content, now)
        del self._expected[:-_MAX_EXPECTED]
        return tuple(found)

    def acts_of(self, digest: bytes, now: float) -> tuple[str, ...]:
        """The acts whose portrait begins with this digest: frames of it show that their phone is still there."""
        acts = [each for each in self._expected if each.sha256.startswith(digest)]
        for each in acts:
            each.last = now
        return tuple(each.check_number for each in acts)

    def forget_over(self, now: float) -> None:
        """Lets go of what waited for 30 seconds."""
        self._waiting = {
            sha256: (content, since)
            for sha256, (content, since) in self._waiting.items()
            if 0 <= now - since < WAITS_SECONDS
        }
        self._expected = [each for each in self._expected if 0 <= now - each.last < WAITS_SECONDS]

    def drop(self, check_number: str) -> None:
        """This act was declared void: no portrait is shown for it any more."""
        self._expected = [each for each in self._expected if each.check_number != check_number]

    def _matched(self, sha256: bytes, content: bytes, now: float) -> tuple[Matched, ...]:
        found: list[Matched] = []
        for each in self._expected:
            if each.sha256 == sha256 and not each.shown:
                each.shown, each.last = True, now
                found.append(Matched(each.check_number, each.member, content))
        return tuple(found)
