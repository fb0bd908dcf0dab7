"""`liangzheng issuer holder`: what is held of a person, and what of it may be erased."""

import json
from dataclasses import asdict
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
        found = issuer.holders.export(number_in(number_file), actor=ACTOR, at=wiring.now())
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
@click.option("--reason", help="Why; 1 to 200 characters, kept in the trail. Not needed for --preview.")
@click.option("--preview", is_flag=True, help="Say what would be erased and kept, and erase nothing.")
@passphrase_option
@json_option
def erase(
    *,
    folder: Path,
    number_file: Path,
    after_days: int,
    reason: str | None,
    preview: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Erase what is open for a holder and what their ended licences said, in the register and in the folder.

    Ids, statuses and the audit trail, which name nobody, are kept. Many at once: `issuer propose erase`.
    """
    from issuer import wiring

    if reason is None and not preview:
        raise click.UsageError("Give --reason, or --preview to look only.")
    number = number_in(number_file)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        if preview or reason is None:
            done = issuer.erasing.preview(number, after_days=after_days, at=wiring.now())
        else:
            lifecycle.check_reason(reason)
            done = issuer.erasing.erase(number, after_days=after_days, actor=ACTOR, reason=reason, at=wiring.now())
    if as_json:
        print_json(asdict(done))
        return
    click.echo(
        f"{'Would be erased' if preview else 'Erased'}: {len(done.erased)} licences, {len(done.applications)} "
        f"applications, {len(done.offers)} offers, {len(done.rows)} rows of imports, {done.uploads} uploaded lists. "
        f"Kept: {len(done.kept)}."
    )
    if done.named_in:
        click.echo(f"Other people's licences name this person, too, and are kept: {', '.join(done.named_in)}")


@holder.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--log", "logs", type=FILE, multiple=True, help="A log of erasures; may be repeated.")
@passphrase_option
@json_option
def again(folder: Path, logs: tuple[Path, ...], passphrase_file: Path | None, as_json: bool) -> None:
    """Erase again what the logs say was erased: after a backup came back without them."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        logged = [each for log in logs for each in issuer.erasure_log.read(log)]
        done, waiting = issuer.erasing.again(logged, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"erased": done, "waiting": waiting})
    else:
        click.echo(f"Erased again: {done}. In force here, and erased once they end: {waiting}.")


def number_in(path: Path) -> str:
    """The number on the first line of this file. Raises: StorageFailed."""
    return durable_files.read(path, max_bytes=256).decode("ascii", "replace").partition("\n")[0].strip()
