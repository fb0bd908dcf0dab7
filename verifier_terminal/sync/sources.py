"""Where a region's feed may be had: the mirror that was set up, and the addresses that the region's root names.

The one that worked last is asked first. Connections are kept for as long as an address is named.
"""

from collections.abc import Callable, Iterator, Sequence

from verifier_terminal.errors import FetchError
from verifier_terminal.sync.mirror import Mirror

OpenMirror = Callable[[str], Mirror]


class Sources:
    """The mirrors of all regions. Called by one thread at a time for one region."""

    def __init__(self, open_mirror: OpenMirror | None) -> None:
        """Opens addresses with this; None: only the mirrors that are handed over are asked."""
        self._open = open_mirror
        self._opened: dict[str, Mirror] = {}
        self._good: dict[str, int] = {}

    def of(self, region: str, first: Mirror, addresses: Sequence[str]) -> Iterator[tuple[int, Mirror]]:
        """Every mirror with its number, the one that worked last first."""
        count = 1 + (len(addresses) if self._open is not None else 0)
        good = self._good.get(region, 0) % count
        for number in (good, *(each for each in range(count) if each != good)):
            if number == 0:
                yield 0, first
                continue
            try:
                yield number, self._mirror(addresses[number - 1])
            except FetchError:
                # The root names what is no address for us.
                continue

    def worked(self, region: str, number: int) -> None:
        """This one is asked first from now on."""
        self._good[region] = number

    def _mirror(self, address: str) -> Mirror:
        if address not in self._opened:
            assert self._open is not None
            self._opened[address] = self._open(address)
        return self._opened[address]
