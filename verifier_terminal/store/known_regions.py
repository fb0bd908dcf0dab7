"""What one process knows of the regions' feeds: each is held, or damaged, or unknown. Any thread may ask and tell.

Whatever was handed out stays as it was: what changes is exchanged as a whole.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from threading import Lock

from revocation.lookup import FeedSnapshot
from verifier_terminal.store.held_region import HeldRegion


@dataclass(frozen=True, slots=True)
class FeedDamaged:
    """What is kept of a region cannot be used, with the reason in technical words. It is fetched again."""

    region: str
    reason: str
    changed: int
    """When the row was written that cannot be used."""


class KnownRegions:
    """All regions, as this process last saw them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: Mapping[str, HeldRegion] = {}
        self._damaged: Mapping[str, FeedDamaged] = {}
        self._joined: tuple[Mapping[str, HeldRegion], FeedSnapshot] = self._held, FeedSnapshot(())

    @property
    def held(self) -> Mapping[str, HeldRegion]:
        """Those that answer."""
        return self._held

    @property
    def damaged(self) -> Mapping[str, FeedDamaged]:
        """Those of which something is kept that cannot be used."""
        return self._damaged

    def changed(self, region: str) -> int | None:
        """When the row was written that this process has seen; None: it has seen none."""
        with self._lock:
            known = self._held.get(region)
            if known is not None:
                return known.row.changed
            damage = self._damaged.get(region)
            return None if damage is None else damage.changed

    def put(self, after: HeldRegion) -> None:
        """Takes a region as it was written, unless this process knows it as it was written later."""
        region = after.held.position.region
        with self._lock:
            known = self._held.get(region)
            # Two threads may come here in another order than they wrote.
            if known is None or known.row.changed < after.row.changed:
                self._held = {**self._held, region: after}
                self._damaged = {other: each for other, each in self._damaged.items() if other != region}

    def put_damaged(self, damage: FeedDamaged) -> None:
        """From now on the region answers nothing."""
        with self._lock:
            self._held = {other: each for other, each in self._held.items() if other != damage.region}
            self._damaged = {**self._damaged, damage.region: damage}

    def keep(self, regions: Collection[str]) -> bool:
        """Forgets all others; whether one of those was held."""
        with self._lock:
            gone = self._held.keys() - set(regions)
            self._held = {region: each for region, each in self._held.items() if region not in gone}
            self._damaged = {region: each for region, each in self._damaged.items() if region in regions}
        return bool(gone)

    def snapshot(self) -> FeedSnapshot:
        """The answers of all that are held; the same object while none has changed."""
        held = self._held
        if self._joined[0] is not held:
            self._joined = held, FeedSnapshot(each.snapshot for each in held.values())
        return self._joined[1]
