"""A release in its signed form: a target of the role `releases`, with everything but the archive in its `custom`.

The target is `releases/liangzheng-<version>-<platform>.tar` (docs/spec/software-releases.md). Entries that this version
does not know are left alone, so that a later one may add some.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from tuf.api.metadata import TargetFile

from protocol.feed_position import REGION_PATTERN
from protocol.limits import MAX_TIME
from protocol.unixtime import UnixTime
from revocation.repository.errors import MalformedMetadata
from revocation.repository.releases import EVERYBODY, LANGUAGES, MAX_ARCHIVE_BYTES, Offer, Release, Version

MAX_NOTE_CHARACTERS: Final = 500
MAX_NAMED: Final = 1_000
_MAX_SCHEMA: Final = 1_000_000
_NAME: Final = re.compile(
    r"releases/liangzheng-([0-9]{1,5}[.][0-9]{1,5}[.][0-9]{1,5})-([a-z0-9_.]{1,64})[.]tar", re.ASCII
)
_TERMINAL: Final = re.compile(r"[!-~]{1,64}", re.ASCII)
_ENTRIES: Final = frozenset({"from", "schema", "usable_from", "notes", "offered", "ask_after", "withdrawn"})


def to_target(release: Release) -> TargetFile:
    """What the metadata say of it. Raises: MalformedMetadata: It is not one that a terminal would read."""
    target = TargetFile(release.size, {"sha256": release.sha256.hex()}, release.path, {"custom": _custom(release)})
    from_target(release.path, target)
    return target


def from_target(path: str, target: TargetFile) -> Release:
    """A target of the role, read strictly.

    Raises:
        MalformedMetadata: It is no release.
    """
    named, custom = _NAME.fullmatch(path), target.custom
    if named is None or not isinstance(custom, dict) or not custom.keys() >= _ENTRIES:
        raise MalformedMetadata(f"{path[:100]!r} is no release")
    release = Release(
        version=Version.parse(named[1]),
        platform=named[2],
        size=target.length,
        sha256=bytes.fromhex(target.hashes["sha256"]),
        least_previous=Version.parse(_text(custom["from"], 32)),
        schema=_number(custom["schema"], _MAX_SCHEMA),
        usable_from=_number(custom["usable_from"], _MAX_SCHEMA),
        notes=_notes(custom["notes"]),
        offer=_offer(custom["offered"]),
        ask_after=None if custom["ask_after"] is None else UnixTime(_number(custom["ask_after"], MAX_TIME)),
        withdrawn=None if custom["withdrawn"] is None else _text(custom["withdrawn"], MAX_NOTE_CHARACTERS),
    )
    if not 0 < release.size <= MAX_ARCHIVE_BYTES or release.usable_from > release.schema:
        raise MalformedMetadata(f"{path}: no archive, or a database that it could not use itself")
    return release


def _custom(release: Release) -> dict[str, Any]:
    return {
        "from": str(release.least_previous),
        "schema": release.schema,
        "usable_from": release.usable_from,
        "notes": dict(release.notes),
        "offered": {
            "percent": release.offer.percent,
            "terminals": list(release.offer.terminals),
            "regions": list(release.offer.regions),
        },
        "ask_after": release.ask_after,
        "withdrawn": release.withdrawn,
    }


def _offer(value: object) -> Offer:
    if not isinstance(value, dict) or not value.keys() >= {"percent", "terminals", "regions"}:
        raise MalformedMetadata("a release that does not say to whom it is offered")
    return Offer(
        _number(value["percent"], EVERYBODY),
        _names(value["terminals"], _TERMINAL),
        _names(value["regions"], REGION_PATTERN),
    )


def _names(value: object, pattern: re.Pattern[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_NAMED:
        raise MalformedMetadata("a list of names is expected")
    if not all(isinstance(each, str) and pattern.fullmatch(each) for each in value):
        raise MalformedMetadata("a name that can be no terminal's or region's")
    return tuple(value)


def _notes(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not value.keys() >= {*LANGUAGES}:
        raise MalformedMetadata(f"notes in {', '.join(LANGUAGES)} are expected")
    return {language: _text(value[language], MAX_NOTE_CHARACTERS) for language in LANGUAGES}


def _number(value: object, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise MalformedMetadata("a number is out of its bounds")
    return value


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise MalformedMetadata(f"a printable text of 1 to {longest} characters is expected")
    return value
