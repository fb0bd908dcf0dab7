"""Which release a terminal goes to, of those that the repository has signed. Pure.

Guaranteed: never an older version than the one that runs, unless the running one was withdrawn; never a withdrawn one,
nor one that was given up here; never one for another platform, or that is not offered to this terminal.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from revocation.repository.releases import Release, Version


@dataclass(frozen=True, slots=True)
class Here:
    """What counts of the terminal.

    Attributes:
        terminal: Its id.
        region: Its region.
        platform: As releases name it.
        running: The version that runs.
        usable_from: The oldest version of the database whose programs can work with it.
        given_up: Hashes of archives that were rolled back here.
    """

    terminal: str
    region: str
    platform: str
    running: Version
    usable_from: int
    given_up: frozenset[bytes] = frozenset()


def choose(found: Iterable[Release], here: Here) -> Release | None:
    """The newest release that this terminal may go to; None: it stays."""
    for_here = [each for each in found if each.platform == here.platform]
    running_is_withdrawn = any(each.version == here.running and each.withdrawn is not None for each in for_here)
    fitting = [
        each
        for each in for_here
        if each.withdrawn is None
        and each.sha256 not in here.given_up
        and each.offer.includes(here.terminal, here.region, version=each.version)
        and (
            each.version > here.running >= each.least_previous
            or (running_is_withdrawn and each.version < here.running and each.schema >= here.usable_from)
        )
    ]
    return max(fitting, key=lambda each: each.version, default=None)
