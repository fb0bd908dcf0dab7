"""`liangzheng trust verify` and `export`: the repository as a terminal sees it, and as a file for a stick."""

import re
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from liangzheng import wiring
from liangzheng.trust_arguments import FILE, day, json_option, print_json
from protocol import limits
from protocol.unixtime import UnixTime
from revocation import bundle_file, bundling
from revocation.repository import documents, loader, metadata, plan
from revocation.repository.errors import NotServed, WrongBytes
from revocation.repository.loader import Fetch, TrustMetadata
from revocation.repository.published_state import PUBLISHED
from verifier_terminal.errors import FetchError, NotPublished
from verifier_terminal.sync import mirror
from verifier_terminal.sync.mirror import FolderMirror

_FIRST_ROOT: Final = "metadata/1.root.json"
_FEED: Final = re.compile("targets/(?P<region>[0-9]{6})/(?P<name>(?:feed|status)/.*)", re.ASCII)


@click.command()
@click.argument("where", metavar="URL|DIR")
@click.option("--root", "root_sha256", metavar="SHA256", help="Of the first root, from somebody you believe.")
@json_option
def verify(*, where: str, root_sha256: str | None, as_json: bool) -> None:
    """Verify a repository from its first root on, with every document. Exit: 0 good (late or not), 1 refused."""
    at = wiring.now()
    fetch = _fetch(where)
    first = _present(fetch, _FIRST_ROOT)
    with TemporaryDirectory() as scratch:
        loader.initialise(Path(scratch), first, expected_sha256=root_sha256 or sha256(first).hexdigest())
        found = loader.refresh(Path(scratch), fetch, at=at).metadata
    checked = 0
    for region in found.regions:
        checked += _check_documents(fetch, found, region)
        if not as_json:
            click.echo(f"… {region}", err=True)
    if as_json:
        print_json(_as_json(found, checked, at=at, pinned=root_sha256 is not None))
        return
    click.echo(f"Root {found.versions.root}, snapshot {found.versions.snapshot}: signatures and links hold.")
    click.echo(f"Regions: {', '.join(found.regions)}; {checked} documents have their hashes.")
    if found.late_since is not None:
        click.echo(f"LATE since {day(found.late_since)}: terminals go on with it at a lower grade. Publish again.")
    if root_sha256 is None:
        click.echo(f"Nobody said which root is the right one. The first has the SHA-256 {sha256(first).hexdigest()}")


@click.command()
@click.argument("where", metavar="URL|DIR")
@click.option("--out", type=FILE, required=True, help="Such as LZ310000.BDL: up to eight capitals and digits.")
@click.option("--region", "regions", multiple=True, help="Only these regions; all of them if none is named.")
@json_option
def export(*, where: str, out: Path, regions: tuple[str, ...], as_json: bool) -> None:
    """Write a repository and its regions' feeds into one file for a stick."""
    fetch = _fetch(where)
    first = _present(fetch, _FIRST_ROOT)
    with TemporaryDirectory() as scratch:
        loader.initialise(Path(scratch), first, expected_sha256=sha256(first).hexdigest())
        found = loader.refresh(Path(scratch), fetch, at=wiring.now()).metadata
    entries = bundling.of_repository(fetch, regions=regions or found.regions)
    size = bundle_file.write(out, entries)
    if as_json:
        print_json({"file": str(out), "bytes": size, "entries": len(entries)})
    else:
        click.echo(f"{out}: {len(entries)} files, {size} bytes.")


def _fetch(where: str) -> Fetch:
    """Reads a published repository; of one that is kept here, feeds from where its regions publish them."""
    kept = Path(where) / PUBLISHED
    source = mirror.open_mirror(str(kept) if kept.is_dir() else where, monotonic=wiring.monotonic)
    regions = plan.read(Path(where)).regions if kept.is_dir() else {}

    def fetch(name: str, max_bytes: int) -> bytes | None:
        found = _FEED.fullmatch(name)
        part = regions.get(found["region"]) if found is not None else None
        try:
            if found is not None and part is not None and part.folder is not None:
                return FolderMirror(part.folder).fetch(found["name"], max_bytes=max_bytes)
            return source.fetch(name, max_bytes=max_bytes)
        except NotPublished:
            return None
        except FetchError as failure:
            raise click.ClickException(f"{where} cannot be read: {failure}") from failure

    return fetch


def _present(fetch: Fetch, name: str) -> bytes:
    content = fetch(name, metadata.MAX_BYTES["root"])
    if content is None:
        raise NotServed(f"there is no {name}")
    return content


def _check_documents(fetch: Fetch, found: TrustMetadata, region: str) -> int:
    checked = 0
    for name in documents.NAMES:
        digest = found.target(f"{region}/{name}")
        if digest is None:
            continue
        path = digest.name(f"{region}/{name}")
        content = fetch(path, limits.MAX_DOCUMENT_BYTES)
        if content is None:
            raise NotServed(f"there is no {path}")
        if len(content) != digest.size or sha256(content).digest() != digest.sha256:
            raise WrongBytes(f"{path} is not what was signed")
        checked += 1
    return checked


def _as_json(found: TrustMetadata, checked: int, *, at: UnixTime, pinned: bool) -> dict[str, object]:
    return {
        "verified": True,
        "root_was_pinned": pinned,
        "versions": {"root": found.versions.root, "snapshot": found.versions.snapshot},
        "regions": list(found.regions),
        "documents": checked,
        "late_since": found.late_since,
        "usable_until": dict(found.expiries),
        "at": at,
    }
