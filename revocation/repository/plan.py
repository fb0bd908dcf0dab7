"""What the repository is to be: its regions, whose keys they have, where they publish, and how long roles live.

The plan is a file that commands change; `publication` makes the published state follow it, as often as it is run. A
region's delegator follows from its code (GB/T 2260): its city or province, whichever is nearest and has a role.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from securesystemslib.signer import Key
from tuf.api.metadata import Root, Snapshot, TargetFile, Targets, Timestamp

from protocol.feed_position import REGION_PATTERN
from revocation.repository import durable, release_targets
from revocation.repository.errors import MalformedMetadata, PlanRefused, StateUnreadable
from revocation.repository.releases import Release

_FILE: Final = "trust.json"
ONLINE: Final = (Timestamp.type, Snapshot.type, Targets.type)
DEFAULT_DAYS: Final[Mapping[str, int]] = {Root.type: 365, Targets.type: 90, Snapshot.type: 7, Timestamp.type: 1}
"""A root is a ceremony of people; 90 days is a quarter's absence of a region; a week and a day bound how long somebody
who holds a network, and no key, can show an old state before it is graded as late."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region's part of the plan.

    Attributes:
        keys: Public halves of whoever signs for it; a threshold of one.
        folder: Where it publishes; None lists no documents.
        revoked: Ids of keys that count no more, not even until new ones have signed.
    """

    keys: tuple[Key, ...]
    folder: Path | None = None
    revoked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Software:
    """The terminals' software: who signs for it, a threshold of one, and what is listed, by path."""

    keys: tuple[Key, ...]
    listed: Mapping[str, Release] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of it."""

    days: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_DAYS))
    regions: Mapping[str, Region] = field(default_factory=dict)
    software: Software | None = None

    def delegator(self, region: str) -> str:
        """The role that delegates to this region."""
        above = (f"{region[:4]}00", f"{region[:2]}0000")
        return next((code for code in above if code != region and code in self.regions), Targets.type)

    def delegated_by(self, role: str) -> list[str]:
        """The regions below this role, in the order of their codes."""
        return sorted(region for region in self.regions if self.delegator(region) == role)

    def with_region(self, code: str, region: Region) -> "Plan":
        """The plan with this region in it, or with another part for it. Raises: PlanRefused."""
        check_region(code)
        return replace(self, regions={**self.regions, code: region})

    def without_region(self, code: str) -> "Plan":
        """The plan without this region. Raises: PlanRefused."""
        self.region(code)
        return replace(self, regions={each: part for each, part in self.regions.items() if each != code})

    def region(self, code: str) -> Region:
        """This region's part. Raises: PlanRefused."""
        if code not in self.regions:
            raise PlanRefused(f"{code} is no region of this repository: {', '.join(sorted(self.regions)) or 'none'}")
        return self.regions[code]

    def days_of(self, role: str) -> int:
        """How long metadata of this role are good."""
        return self.days.get(role, self.days[Targets.type])


def check_region(code: str) -> None:
    """The code is one that may name a role and its files. Raises: PlanRefused."""
    if not REGION_PATTERN.fullmatch(code):
        raise PlanRefused(f"{code!r} is no region: six digits of GB/T 2260, such as 330400")


def patterns(region: str) -> list[str]:
    """What a region answers for: itself, and what lies below it. 330000 → 33????/*, 330402 → 330402/*."""
    significant = region.removesuffix("0000") if region.endswith("0000") else region.removesuffix("00")
    return [f"{significant.ljust(6, '?')}/*"]


def read(folder: Path) -> Plan:
    """The plan in this folder. Raises: StateUnreadable."""
    try:
        written = json.loads((folder / _FILE).read_bytes())
        regions = {code: _region(part) for code, part in written["regions"].items()}
        days = {role: int(days) for role, days in written["days"].items()}
        return Plan(days, regions, None if written.get("software") is None else _software(written["software"]))
    except OSError as failure:
        raise StateUnreadable(f"{folder} holds no repository: {failure.strerror}") from failure
    except (ValueError, KeyError, TypeError, AttributeError, MalformedMetadata) as wrong:
        raise StateUnreadable(f"{folder / _FILE} is not what this program writes") from wrong


def write(folder: Path, plan: Plan) -> None:
    """Keeps the plan, durably. Raises: FolderUnusable."""
    regions = {
        code: {
            "keys": _keys_as_json(region.keys),
            "folder": None if region.folder is None else str(region.folder),
            "revoked": list(region.revoked),
        }
        for code, region in plan.regions.items()
    }
    written: dict[str, Any] = {"days": dict(plan.days), "regions": regions}
    if plan.software is not None:
        listed = {path: release_targets.to_target(each).to_dict() for path, each in plan.software.listed.items()}
        written["software"] = {"keys": _keys_as_json(plan.software.keys), "listed": listed}
    durable.write(folder / _FILE, json.dumps(written, indent=1).encode() + b"\n")


def _region(part: dict[str, Any]) -> Region:
    folder = None if part["folder"] is None else Path(part["folder"])
    return Region(_keys(part["keys"]), folder, tuple(part["revoked"]))


def _software(part: dict[str, Any]) -> Software:
    targets = {path: TargetFile.from_dict(each, path) for path, each in part["listed"].items()}
    return Software(
        _keys(part["keys"]), {path: release_targets.from_target(path, each) for path, each in targets.items()}
    )


def _keys(written: list[dict[str, Any]]) -> tuple[Key, ...]:
    return tuple(Key.from_dict(each["keyid"], dict(each["public"])) for each in written)


def _keys_as_json(keys: tuple[Key, ...]) -> list[dict[str, Any]]:
    return [{"keyid": key.keyid, "public": key.to_dict()} for key in keys]
