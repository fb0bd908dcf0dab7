"""`liangzheng issuer holder`: what is held of a person, and what of it may be erased."""

import json
from pathlib import Path

import click

from issuer import config, durable_files, lifecycle
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.errors import StorageFailed


@click.group()
def holder() -> None:
    """Requests of people about what is held of them (个人信息保护法 articles 45 and 47)."""


@holder.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--number-file", required=True, type=FILE, help="First line is the holder's number.")
@click.option("--out", required=True, type=FILE, help="A new file, for the person alone.")
@passphrase_option
@json_option
def export(folder: Path, number_file: Path, out: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Write everything that the register has of a holder into a file."""
    from issuer import wiring

    if out.exists() or out.is_symlink():
        raise StorageFailed(f"{out.name} exists", hint="Give --out a name that is free.")
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = issuer.holders.export(_number(number_file), actor=ACTOR, at=wiring.now())
    content = json.dumps(found, ensure_ascii=False, indent=2).encode()
    durable_files.write_atomically(out, content, mode=durable_files.PRIVATE)
    counts = {name: len(rows) for name, rows in found.items()}
    if as_json:
        print_json({"file": str(out), "rows": counts})
    else:
        click.echo(f"{out}: {counts['licence']} licences, {sum(counts.values())} rows.")


@holder.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--number-file", required=True, type=FILE, help="First line is the holder's number.")
@click.option("--after-days", type=click.IntRange(0, 36_600), required=True, help="How long what has ended is kept.")
@click.option("--reason", required=True, help="Why; 1 to 200 characters, kept in the trail.")
@passphrase_option
@json_option
def erase(
    *, folder: Path, number_file: Path, after_days: int, reason: str, passphrase_file: Path | None, as_json: bool
) -> None:
    """Erase what a holder's ended licences said; ids, statuses and the audit trail, which name nobody, are kept."""
    from issuer import wiring

    lifecycle.check_reason(reason)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        done = issuer.holders.erase(
            _number(number_file), after_days=after_days, actor=ACTOR, reason=reason, at=wiring.now()
        )
    if as_json:
        print_json({"erased": done.erased, "kept": done.kept})
    else:
        click.echo(f"Erased: {len(done.erased)} licences. Kept: {len(done.kept)}.")


def _number(path: Path) -> str:
    return durable_files.read(path, max_bytes=256).decode("ascii", "replace").partition("\n")[0].strip()
