"""The sample town: the nine cities of the G60 corridor, below their provinces, with keys that are made and forgotten.

Codes are those of GB/T 2260 as the Ministry of Civil Affairs publishes them every year (mca.gov.cn, 行政区划代码;
compared on 2026-11-25): Songjiang is a district of Shanghai, the others are cities of prefecture level. Every one of
them and each province has an issuer of its own, with synthetic holders only; each recognises all provinces, and thereby
their cities, for every kind and purpose. For trying things out, and nothing else:
the passphrase of every key stands in a file beside them.
"""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nacl import pwhash

from issuer import wiring as issuer
from issuer.errors import IssuerError
from protocol.unixtime import UnixTime
from revocation.repository import authority, durable, published_state
from revocation.repository.authority import Making
from revocation.repository.errors import PlanRefused
from revocation.repository.key_files import Strength

REGIONS: Final[Mapping[str, str]] = {
    "310000": "上海市 Shanghai",
    "310117": "松江区 Songjiang",
    "320000": "江苏省 Jiangsu",
    "320500": "苏州市 Suzhou",
    "330000": "浙江省 Zhejiang",
    "330100": "杭州市 Hangzhou",
    "330400": "嘉兴市 Jiaxing",
    "330500": "湖州市 Huzhou",
    "330700": "金华市 Jinhua",
    "340000": "安徽省 Anhui",
    "340100": "合肥市 Hefei",
    "340200": "芜湖市 Wuhu",
    "341800": "宣城市 Xuancheng",
}
CITIES: Final = tuple(code for code in REGIONS if not code.endswith("0000"))
ISSUERS: Final = "issuers"
PASSPHRASE_FILE: Final = "throw-away.passphrase"  # noqa: S105 - the name of a file
_QUICK: Final = Strength(pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was made."""

    root_sha256: str
    published: Path
    regions: tuple[str, ...]


def make(folder: Path, *, at: UnixTime, progress: Callable[[str], None]) -> Sample:
    """Issuers below `DIR/issuers`, the repository in `DIR`.

    Raises:
        PlanRefused: The folder is in use.
        RepositoryError: By its own reason.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PlanRefused(f"{folder} is not empty")
    passphrase = secrets.token_urlsafe(16)
    durable.write(folder / PASSPHRASE_FILE, passphrase.encode() + b"\n", private=True)
    making = Making(lambda _: passphrase, secrets.token_bytes, _QUICK)
    progress("the repository's keys")
    authority.initialise(folder, root_keys=(), threshold=authority.ROOT_THRESHOLD, days={}, making=making, at=at)
    for code, name in REGIONS.items():
        progress(f"{code} {name}")
        documents = _issuer(folder / ISSUERS / code, code)
        authority.add_region(folder, code, documents=documents, key=None, making=making)
    authority.publish(folder, ask=making.ask, at=at, progress=progress)
    for code in REGIONS:
        _serve_feed(folder, code)
    sha256 = published_state.first_root_sha256(folder)
    assert sha256 is not None
    return Sample(sha256, folder / published_state.PUBLISHED, tuple(REGIONS))


def _serve_feed(folder: Path, region: str) -> None:
    """What an alias in a web server does (docs/operations.md): the region's own feed below its targets."""
    for name in ("feed", "status"):
        link = folder / published_state.PUBLISHED / "targets" / region / name
        # Windows lets only some users make links; the sample then serves documents, and `trust export` feeds.
        with suppress(OSError):
            link.symlink_to(Path("..", "..", "..", ISSUERS, region, "published", name), target_is_directory=True)


def _issuer(folder: Path, region: str) -> Path:
    try:
        with issuer.initialise(
            folder, region=region, authority="GA", passphrase=None, fictional=True, register_url=None
        ) as made:
            at = issuer.now()
            for province in REGIONS.keys() - CITIES - {region}:
                made.recognition.add(province, kinds=frozenset(), purposes=frozenset(), actor="sample", at=at)
            return made.places.published
    except IssuerError as failure:
        raise PlanRefused(f"no issuer for {region}: {failure}") from failure
