"""`liangzheng issuer issue-together`: a licence of several holders."""

from pathlib import Path

import click

from issuer import config, durable_files
from issuer.arguments import (
    ACTOR,
    FILE,
    FOLDER,
    json_option,
    keep_package,
    passphrase_option,
    prepare_package,
    print_json,
    public_key,
    subject_file,
)

_MAX_PHOTO_BYTES = 32 * 1024 * 1024


@click.command(name="issue-together")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--kind", required=True, help="Such as marriage, household-register, real-estate.")
@click.option("--subject", required=True, type=FILE, help="JSON file with the licence's items and a list `holders`.")
@click.option(
    "--holder-key",
    "holder_keys",
    multiple=True,
    help="A wallet's key for each holder, in order; without any, each licence waits for an offer.",
)
@click.option("--portrait", "portraits", multiple=True, type=FILE, help="A picture for each holder, in order; or none.")
@passphrase_option
@json_option
def issue_together(
    *,
    folder: Path,
    kind: str,
    subject: Path,
    holder_keys: tuple[str, ...],
    portraits: tuple[Path, ...],
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Issue a licence that several persons hold: each gets a package of their own, and a legal change is one of all.

    Without keys it is recorded, and each holder fetches theirs by an offer: `issuer offer DIR LICENCE`.

    \b
    Example:
      liangzheng issuer synth marriage > couple.json
      liangzheng issuer issue-together ./issuer --kind marriage --subject couple.json \\
        --holder-key a.key --holder-key b.key
      liangzheng issuer issue-together ./issuer --kind marriage --subject couple.json
    """
    from issuer import wiring

    keys, written = [public_key(each) for each in holder_keys], subject_file(subject)
    given: list[bytes | None] = [durable_files.read(each, max_bytes=_MAX_PHOTO_BYTES) for each in portraits]
    if not keys:
        _record(folder, kind, written, given, passphrase_file=passphrase_file, as_json=as_json)
        return
    pictures = given or [None] * len(keys)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        prepare_package(None, issuer.places.packages)
        issued = issuer.joint.issue(kind, written, keys, portraits=pictures, actor=ACTOR, at=wiring.now())
        paths = [keep_package(each, None, issuer.places.packages) for each in issued]
    for warning in dict.fromkeys(warning for each in issued for warning in each.warnings):
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        print_json(
            [
                {"id": each.licence_id, "kind": kind, "package": str(path)}
                for each, path in zip(issued, paths, strict=True)
            ]
        )
    for each in () if as_json else issued:
        click.echo(each.licence_id)


def _record(
    folder: Path,
    kind: str,
    written: object,
    portraits: list[bytes | None],
    *,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        ids = issuer.joint.record(kind, written, portraits=portraits, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json([{"id": each, "kind": kind} for each in ids])
    for each in () if as_json else ids:
        click.echo(f"{each} waits for its holder: liangzheng issuer offer DIR {each}")
