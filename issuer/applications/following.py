"""Tells an applicant how their application stands, by its number and the code on its receipt.

Guaranteed: a wrong code and a number that nobody has are one answer, for which the register is not even asked, so that
the time tells nothing either; what is told names nobody. The code is derived, so nothing keeps it and every server has
the same one. Not handled here: how often somebody may guess (`issuer.web.following`).
"""

import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from issuer.applications.errors import ApplicationNotFollowed, ApplicationUnknown
from issuer.applications.reviewing import Applications, State
from protocol.unixtime import UnixTime

_TOLD: Final = frozenset({State.MORE, State.REFUSED, State.WITHDRAWN})
"""Where the reviewer's words are for the applicant; the notice prints them in the same states."""
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """How an application stands. `said`: what is still wanted, or why it was refused or withdrawn; else empty."""

    number: str
    vct: int
    state: State
    filed_at: UnixTime
    changed_at: UnixTime
    said: str


class Following:
    """How the applications to one authority stand, for those who applied."""

    def __init__(self, *, applications: Applications, code_of: Callable[[str], str]) -> None:
        self._applications, self._code_of = applications, code_of

    def code(self, application_id: str) -> str:
        """What is printed on the receipt, in groups of four digits. Raises: ApplicationUnknown, RegisterUnavailable."""
        code = self._code_of(self._applications.one(application_id).id)
        return " ".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))

    def standing(self, number: str, code: str) -> Standing:
        """How it stands. Raises: ApplicationNotFollowed, RegisterUnavailable."""
        number = number.strip()
        # Phones write digits of full width, and whoever copies a receipt writes its gaps.
        written = "".join(each for each in unicodedata.normalize("NFKC", code) if not each.isspace() and each != "-")
        expected = self._code_of(number)
        try:
            if not hmac.compare_digest(written.encode(errors="surrogatepass"), expected.encode()):
                raise ApplicationUnknown("the code is another one")
            held = self._applications.one(number)
        except ApplicationUnknown:
            raise ApplicationNotFollowed("no application has this number and this code") from None
        said = held.said if held.state in _TOLD else None
        return Standing(held.id, held.vct, held.state, held.filed_at, held.changed_at, said or "")
