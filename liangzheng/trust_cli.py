"""`liangzheng trust …`: the repository of trust by command line. Exit code 0 done, 1 refused, 2 wrong usage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from tuf.api.metadata import Root, Snapshot, Targets, Timestamp

from liangzheng import trust_releases, trust_sample, wiring
from liangzheng.trust_arguments import (
    FILE,
    FOLDER,
    TrustGroup,
    ceremony_as_json,
    day,
    json_option,
    making,
    passphrase_option,
    passphrases,
    print_ceremony,
    print_json,
    print_published,
    public_key,
    publish_now,
    say_progress,
)
from liangzheng.trust_asking import export, verify
from protocol.unixtime import DAY, UnixTime
from revocation.repository import authority, ceremony, key_files, published_state, releases, releasing
from revocation.repository.errors import KeyFileUnusable
from revocation.repository.plan import DEFAULT_DAYS, ONLINE

_ROOT_NOTICE: Final = 60 * DAY
"""Time enough to bring the keepers together."""


@click.group(cls=TrustGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The repository of trust: which regions there are, and which root each has (TUF)."""


cli.add_command(verify)
cli.add_command(export)
cli.add_command(trust_releases.release)


@cli.command("new-key")
@click.argument("file", metavar="FILE.key", type=FILE)
@passphrase_option
def new_key(*, file: Path, passphrase_file: Path | None) -> None:
    """Make a key on this machine: FILE.key stays with its keeper, FILE.pub goes to the repository."""
    make = making(passphrases(passphrase_file))
    public = key_files.make(file, make.ask(file), random_bytes=make.random_bytes, strength=make.strength)
    click.echo(f"Key {public.keyid[:12]}: keep {file}, hand over {file.with_suffix(key_files.PUBLIC)}.")


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--root-key", "root_keys", type=FILE, multiple=True, help="A .pub file of the root; none makes 3 here.")
@click.option("--threshold", type=int, default=authority.ROOT_THRESHOLD, show_default=True, help="Root keys that sign.")
@click.option(
    "--days",
    "days",
    type=(click.Choice([Root.type, *ONLINE]), click.IntRange(1, 3_650)),
    multiple=True,
    help="How long a role lives, such as --days timestamp 2. Defaults: "
    + ", ".join(f"{role} {count}" for role, count in DEFAULT_DAYS.items()),
)
@passphrase_option
@json_option
def init(
    *,
    folder: Path,
    root_keys: tuple[Path, ...],
    threshold: int,
    days: tuple[tuple[str, int], ...],
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make a repository in DIR: keys, the first root, and, once enough have signed it, the first publication."""
    make = making(passphrases(passphrase_file))
    given = [key_files.public_of(file) for file in root_keys]
    standing = authority.initialise(
        folder, root_keys=given, threshold=threshold, days=dict(days), making=make, at=wiring.now()
    )
    if standing.complete:
        publish_now(folder, passphrase_file, at=wiring.now(), quiet=True)
    sha256 = published_state.first_root_sha256(folder)
    if as_json:
        print_json({"published": sha256 is not None, "root_sha256": sha256, "ceremony": ceremony_as_json(standing)})
        return
    if sha256 is None:
        print_ceremony(standing)
        return
    click.echo(f"The repository in {folder} is published.\nFirst root (SHA-256): {sha256}")
    if not given:
        click.echo(
            f"Now carry {folder / 'keys'}/root-*.key away, each to another keeper, and delete them here: whoever has "
            f"{threshold} of them decides whom every terminal trusts."
        )


@cli.command("add-region")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("region")
@click.option("--folder", "published", type=FOLDER, required=True, help="Where the region publishes.")
@click.option("--key", type=FILE, help="The .pub file of the region's key; none makes a key in DIR/keys.")
@passphrase_option
@json_option
def add_region(
    *,
    folder: Path,
    region: str,
    published: Path,
    key: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Add REGION (six digits of GB/T 2260) with what it publishes, or give it another folder; then publish."""
    make = making(passphrases(passphrase_file))
    authority.add_region(folder, region, documents=published, key=public_key(key), making=make)
    print_published(publish_now(folder, passphrase_file, at=wiring.now(), quiet=as_json), as_json=as_json)


@cli.command("remove-region")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("region")
@passphrase_option
@json_option
def remove_region(*, folder: Path, region: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Take REGION out: terminals forget it and its licences at their next refresh."""
    authority.remove_region(folder, region)
    print_published(publish_now(folder, passphrase_file, at=wiring.now(), quiet=as_json), as_json=as_json)


@cli.command("revoke-region")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("region")
@click.option("--key", type=FILE, help="The .pub file of the region's new key; none makes a key in DIR/keys.")
@passphrase_option
@json_option
def revoke_region(*, folder: Path, region: str, key: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Revoke REGION's key alone: it counts no more, even when the new one has not signed yet."""
    make = making(passphrases(passphrase_file))
    authority.exchange_region_key(folder, region, key=public_key(key), revoke=True, making=make)
    print_published(publish_now(folder, passphrase_file, at=wiring.now(), quiet=as_json), as_json=as_json)


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("role")
@click.option("--out", help="Of the root: the key that goes, by its file's name or the beginning of its id.")
@click.option("--in", "into", type=FILE, help="The .pub file of the key that comes (root, releases, region).")
@passphrase_option
@json_option
def rotate(
    *,
    folder: Path,
    role: str,
    out: str | None,
    into: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Exchange the key of ROLE: timestamp, snapshot, targets, root, releases, or a region.

    `rotate DIR root` alone renews it. Of `releases` the old key counts no more at once.
    """
    make = making(passphrases(passphrase_file))
    at = wiring.now()
    if role == Root.type:
        standing = authority.exchange_root_key(folder, out=out, into=public_key(into), making=make, at=at)
    elif role in (Timestamp.type, Snapshot.type, Targets.type):
        standing = authority.exchange_online_key(folder, role, making=make, at=at)
    else:
        if role == releases.ROLE:
            releasing.exchange_key(folder, key=public_key(into), making=make)
        else:
            authority.exchange_region_key(folder, role, key=public_key(into), revoke=False, making=make)
        print_published(publish_now(folder, passphrase_file, at=wiring.now(), quiet=as_json), as_json=as_json)
        return
    _say_ceremony(standing, as_json=as_json)
    if not standing.complete and not as_json:
        click.echo(f"Carry {folder / published_state.PENDING} to the keepers: `liangzheng trust sign FILE --key KEY`.")


@cli.command()
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--key", type=FILE, required=True, help="The .key file that signs.")
@click.option("--yes", is_flag=True, help="Do not ask whether this is what shall be signed.")
@passphrase_option
@json_option
def sign(*, file: Path, key: Path, yes: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """Sign a pending FILE with one key; needs no network. Says what it changes, and who has to sign yet."""
    ask = passphrases(passphrase_file)
    is_root = file.name.endswith(f".{Root.type}.json")
    if is_root and not as_json:
        print_ceremony(ceremony.standing(*ceremony.read(file)))
    elif not as_json:
        click.echo("\n".join((f"{file.name}:", *(f"    {line}" for line in ceremony.role_in_words(file)))))
    if not yes and not click.confirm("Is this what shall be signed?", err=True):
        raise KeyFileUnusable("nothing was signed")
    signer = key_files.signer_of(key, ask(key))
    if is_root:
        standing = ceremony.sign(file, signer)
        _say_ceremony(standing, as_json=as_json)
        return
    signed = ceremony.sign_role(file, signer)
    if as_json:
        print_json({"signed": list(signed)})
    else:
        click.echo(f"Signed by {', '.join(signed)}.")


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def publish(*, folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Take what the regions publish, sign what is new or has lived half of its life. Run it daily, or after a crash."""
    print_published(publish_now(folder, passphrase_file, at=wiring.now(), quiet=as_json), as_json=as_json)


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@json_option
def status(*, folder: Path, as_json: bool) -> None:
    """Say versions, until when they are usable, who may sign what, and which ceremonies wait."""
    found = authority.status(folder)
    at = wiring.now()
    if as_json:
        roles: list[dict[str, Any]] = [
            {
                "role": role.role,
                "version": role.version,
                "usable_until": role.usable_until,
                "late": role.usable_until is not None and role.usable_until <= at,
                "keys": list(role.keys),
                "threshold": role.threshold,
                "folder": None if role.folder is None else str(role.folder),
            }
            for role in found.roles
        ]
        waits = ceremony_as_json(found.root_ceremony)
        print_json({"root_sha256": found.root_sha256, "roles": roles, "ceremony": waits, "pending": found.pending})
        return
    click.echo(f"First root (SHA-256): {found.root_sha256 or 'not published yet'}")
    click.echo(f"{'role':10} {'version':>7}  {'usable until':20} who may sign")
    for role in found.roles:
        late = "  LATE" if role.usable_until is not None and role.usable_until <= at else ""
        who = f"{role.threshold} of {', '.join(role.keys)}"
        click.echo(f"{role.role:10} {role.version:7}  {day(role.usable_until):20} {who}{late}")
    for warning in _warnings(found, at):
        click.echo(f"Warning: {warning}", err=True)
    for name in found.pending:
        click.echo(f"waits for signatures: {folder / published_state.PENDING / name}")
    if found.root_ceremony is not None:
        print_ceremony(found.root_ceremony)


@cli.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@json_option
def sample(*, folder: Path, as_json: bool) -> None:
    """Make a sample in DIR: the nine cities of G60 with throw-away keys. For trying things out, and nothing else."""
    made = trust_sample.make(folder, at=wiring.now(), progress=lambda what: None if as_json else say_progress(what))
    if as_json:
        print_json({"root_sha256": made.root_sha256, "published": str(made.published), "regions": list(made.regions)})
        return
    click.echo(f"{len(made.regions)} regions: {', '.join(made.regions)}")
    click.echo(f"Published: {made.published}\nFirst root (SHA-256): {made.root_sha256}")


def _say_ceremony(standing: ceremony.RootCeremony, *, as_json: bool) -> None:
    if as_json:
        print_json(ceremony_as_json(standing))
    else:
        print_ceremony(standing)


def _warnings(found: authority.Status, at: UnixTime) -> Iterator[str]:
    for root in found.roles[:1]:
        here = sum(name.endswith(key_files.PRIVATE) for name in root.keys)
        if here >= root.threshold:
            yield f"{here} keys of the root lie in this folder: whoever copies it and hears the passphrase is the root."
        if root.usable_until is not None and root.usable_until - at < _ROOT_NOTICE:
            yield "the root ends soon: `liangzheng trust rotate DIR root` begins the ceremony that renews it."
