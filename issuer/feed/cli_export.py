"""`liangzheng issuer feed export`: one file for a stick, from what is published. It needs no keys."""

import re
from pathlib import Path
from typing import Final

import click

from issuer.arguments import FOLDER, json_option, print_json
from issuer.errors import StorageFailed
from protocol import checkpoint, feed_names
from revocation import bundle_file, bundling
from revocation.errors import BundleError

_PUBLISHED: Final = "published"
_SINCE: Final = re.compile(r"(0|[1-9][0-9]{0,9})[.](0|[1-9][0-9]{0,9})", re.ASCII)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("out", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@click.option("--since", metavar="EPOCH.SEQ", help="What the terminals there hold: no base is put in, if possible.")
@json_option
def export(folder: Path, out: Path, since: str | None, as_json: bool) -> None:
    """Write what terminals need of the published files into FILE, for a stick.

    DIR is the issuer's folder, or a published folder. A FOLDER, such as a stick's, gets a file of the region's name
    (LZ310000.BDL). Terminals take it in with `liangzheng terminal import`. Nothing is written that they would refuse.
    """
    begin = None if since is None else _SINCE.fullmatch(since)
    if since is not None and begin is None:
        raise click.UsageError("--since is EPOCH.SEQ, as `liangzheng terminal status` says it, such as 1.5000")
    published = folder / _PUBLISHED if (folder / _PUBLISHED).is_dir() else folder

    def fetch(name: str, max_bytes: int) -> bytes | None:
        try:
            with (published / name).open("rb") as opened:
                content = opened.read(max_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as failure:
            raise StorageFailed(f"{published / name}: {failure.strerror}") from failure
        if len(content) > max_bytes:
            raise StorageFailed(f"{published / name} has more than {max_bytes} bytes")
        return content

    try:
        entries = bundling.of_region(fetch, since=None if begin is None else (int(begin[1]), int(begin[2])))
        position = checkpoint.parse(entries[feed_names.CHECKPOINT]).claims.position
        path = out / bundle_file.name_for(position.region) if out.is_dir() else out
        size = bundle_file.write(path, entries)
    except BundleError as failure:
        raise StorageFailed(
            f"no bundle was written: {failure}", hint="Publish first, and write to a stick that is there and has room."
        ) from failure
    if as_json:
        print_json(
            {"file": str(path), "bytes": size, "entries": len(entries), "epoch": position.epoch, "seq": position.seq}
        )
    else:
        click.echo(f"{path}: {len(entries)} entries, {size:,} bytes, up to number {position.epoch}.{position.seq}.")
