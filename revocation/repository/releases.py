"""A release of the terminal's software: what it is, and to whom it is offered.

Not handled here: its signed form (`release_targets`), what lies in the archive, and when a terminal goes to it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple, Self

from protocol.unixtime import UnixTime
from revocation.repository.errors import MalformedMetadata

ROLE: Final = "releases"
PATTERN: Final = "releases/*"
FOLDER: Final = "releases/"
MAX_ARCHIVE_BYTES: Final = 1_073_741_824
"""With OpenCV and numpy the program and its libraries take about 200 MB."""
MAX_RELEASES: Final = 256
LANGUAGES: Final = ("zh-Hans", "zh-Hant", "en")
EVERYBODY: Final = 100


class Version(NamedTuple):
    """Three numbers; the greater is the newer."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`1.20.3`. Raises: MalformedMetadata."""
        numbers = text.split(".")
        if len(numbers) != 3 or not all(re.fullmatch("0|[1-9][0-9]{0,4}", each, re.ASCII) for each in numbers):
            raise MalformedMetadata(f"{text[:32]!r} is no version of three numbers")
        return cls(*map(int, numbers))

    def __str__(self) -> str:
        return ".".join(map(str, self))


@dataclass(frozen=True, slots=True)
class Offer:
    """To whom a release is offered: the terminals that are named, and a share of all, or of some regions'.

    A share that grows, or further names, never takes a terminal out again.
    """

    percent: int = 0
    terminals: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    """Six digits each; none: the share is of all terminals."""

    def includes(self, terminal: str, region: str, *, version: Version) -> bool:
        """Whether this terminal is offered that version."""
        share = self.percent if not self.regions or region in self.regions else 0
        return terminal in self.terminals or place_of(terminal, version) < share


def place_of(terminal: str, version: Version) -> int:
    """From 0 to 99: another order of the terminals for each version, so that not the same ones always go first."""
    return int.from_bytes(sha256(f"{version}\0{terminal}".encode()).digest()[:8]) % EVERYBODY


@dataclass(frozen=True, slots=True)
class Release:
    """One signed release.

    Attributes:
        version: Its number.
        platform: Where it runs, such as `cpython311_linux_x86_64`; with the version it is its name.
        size: Bytes of the archive.
        sha256: Of the archive.
        least_previous: The oldest version that may go to it at once.
        schema: The version of the terminal's database that it writes.
        usable_from: The oldest such version whose programs can still work with the database afterwards.
        notes: What is new, in each language.
        offer: To whom.
        ask_after: From then on the terminal's page asks for it.
        withdrawn: Why nobody may go to it any more, and whoever did may go back; None: it stands.
    """

    version: Version
    platform: str
    size: int
    sha256: bytes
    least_previous: Version
    schema: int
    usable_from: int
    notes: Mapping[str, str]
    offer: Offer
    ask_after: UnixTime | None = None
    withdrawn: str | None = None

    @property
    def path(self) -> str:
        """The target's path."""
        return f"{FOLDER}liangzheng-{self.version}-{self.platform}.tar"

    @property
    def file(self) -> str:
        """Where a repository with consistent snapshots has the archive."""
        return f"targets/{FOLDER}{self.sha256.hex()}.{self.path.removeprefix(FOLDER)}"
