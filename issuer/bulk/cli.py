"""`liangzheng issuer import | imports | import-errors | import-cancel`: licences by the thousand."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click

from issuer import config, durable_files
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.bulk import bounds, report
from issuer.bulk.jobs import Import, State
from issuer.bulk.row_problems import RowProblem
from issuer.errors import StorageFailed
from protocol import unixtime

_SHOWN: Final = 20
_FEW_ROWS: Final = 2_000
"""Below this the start of worker processes takes longer than the work."""

FILES = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="import")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("file", metavar="FILE", type=FILES)
@click.option("--kind", required=True, help="Such as driving-licence, id-card, business-licence.")
@click.option("--mapping", required=True, type=FILES, help="TOML: which column is which item (docs/operations.md).")
@click.option("--dry-run", is_flag=True, help="Check every row, record nothing.")
@click.option("--resume", is_flag=True, help="Go on with the import of this file that was interrupted.")
@click.option("--workers", type=click.IntRange(0, 256), help="Processes; one for each processor unless told.")
@click.option("--errors", type=FILE, help="Where to write what is wrong with rows, as CSV.")
@passphrase_option
@json_option
def import_licences(
    *,
    folder: Path,
    file: Path,
    kind: str,
    mapping: Path,
    dry_run: bool,
    resume: bool,
    workers: int | None,
    errors: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Take the licences in FILE (CSV, XLSX, JSON lines) into the register; issue those that name a device key.

    Exit code 1 if any row was refused; all others are recorded. Interrupted, it goes on with --resume.

    \b
    Example:
      liangzheng issuer import ./issuer licences.csv --kind driving-licence --mapping columns.toml --dry-run
      liangzheng issuer import ./issuer licences.csv --kind driving-licence --mapping columns.toml --errors bad.csv
    """
    from issuer import wiring
    from issuer.bulk import wiring as bulk_wiring

    _refuse_to_overwrite(errors)
    passphrase = config.passphrase(passphrase_file)
    with wiring.open_issuer(folder, passphrase=passphrase) as issuer:
        imports, at = issuer.imports, wiring.now()
        written = _text(mapping)
        if dry_run:
            with _bar(None) as shown:
                looked = imports.look_through(file, slug=kind, mapping_text=written, at=at, seen=shown)
            counts: dict[str, Any] = {
                "rows": looked.rows,
                "accepted": looked.accepted,
                "with_holder_key": looked.with_holder_key,
                "repeated": looked.repeated,
                "refused": looked.refused,
            }
            _say(counts, "Dry run: nothing is recorded. ", as_json=as_json)
            _problems(looked.problems, errors)
        else:
            begun = (
                imports.begun(file, slug=kind)
                if resume
                else imports.begin(file, slug=kind, mapping_text=written, actor=ACTOR, at=at)
            )
            few = begun.rows - begun.done_rows <= _FEW_ROWS
            with _bar(begun.rows) as shown:
                done = bulk_wiring.run(
                    issuer,
                    begun.id,
                    workers=workers if workers is not None else 0 if few else config.processors(),
                    passphrase=passphrase,
                    at=at,
                    watch=lambda state: shown(state.done_rows),
                )
            _say(as_row(done), "", as_json=as_json)
            _problems(imports.problems(done.id), errors)
            counts = as_row(done)
    if counts["refused"]:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def imports(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """List imports, the newest first, with how far each is."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        rows = [as_row(each) for each in issuer.imports.listed()]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(
            f"{row['id']}  {row['state']:<9}  {row['kind']:<16}  {row['done_rows']} of {row['rows']} rows, "
            f"{row['recorded']} recorded, {row['issued']} of them issued, {row['repeated']} repeated, "
            f"{row['refused']} refused  {row['name']}"
        )


@click.command(name="import-errors")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("import_id", metavar="IMPORT")
@click.option("--out", required=True, type=FILE, help="Where to write them, as CSV.")
@passphrase_option
def import_errors(folder: Path, import_id: str, out: Path, passphrase_file: Path | None) -> None:
    """Write what was wrong with the rows of an import: row, column, what, expected; nothing of what stood there."""
    from issuer import wiring

    _refuse_to_overwrite(out)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        _problems(issuer.imports.problems(import_id), out)
    click.echo(f"Written: {out}")


@click.command(name="import-cancel")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("import_id", metavar="IMPORT")
@passphrase_option
@json_option
def import_cancel(folder: Path, import_id: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Let nobody go on with an import. What is recorded stays in the register."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        row = as_row(issuer.imports.cancel(import_id, actor=ACTOR, at=wiring.now()))
    if as_json:
        print_json(row)
    else:
        click.echo(f"{import_id} is cancelled after {row['done_rows']} of {row['rows']} rows.")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--config", "settings", required=True, type=FILES, help="TOML: from where, how (docs/operations.md).")
@passphrase_option
@json_option
def pull(folder: Path, settings: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Take in what is new, changed or ended in another authority's database or folder of files since the last time.

    Run it as often as you like; interrupted, run it again. Exit code 1 if any row was refused.

    \b
    Example:
      liangzheng issuer pull ./issuer --config vehicle-office.toml
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        result = issuer.pulling.pull(settings, at=wiring.now())
    counts = {
        "import": result.id,
        "rows": result.rows,
        "recorded": result.recorded,
        "superseded": result.superseded,
        "changed": result.changed,
        "unchanged": result.unchanged,
        "refused": result.refused,
    }
    if as_json:
        print_json(counts)
    else:
        click.echo(
            f"{result.rows} rows: {result.recorded} recorded, {result.superseded} of them for an older one; "
            f"{result.changed} changed or ended, {result.unchanged} as they were, {result.refused} refused."
        )
    _problems(result.problems, None)
    if result.refused:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--parts", type=int, default=32, show_default=True, help="How many partitions each large table gets.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@passphrase_option
def spread(folder: Path, parts: int, yes: bool, passphrase_file: Path | None) -> None:
    """Spread a large register on PostgreSQL over partitions, once. Nothing else writes meanwhile."""
    from issuer import wiring

    if not yes:
        click.confirm("The large tables are copied, and nothing else writes meanwhile. Go on?", abort=True, err=True)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        issuer.imports.spread(parts)
    click.echo(f"The large tables of the register have {parts} partitions each.")


def as_row(found: Import) -> dict[str, Any]:
    """One import for machines."""
    return {
        "id": found.id,
        "kind": found.kind,
        "name": found.name,
        "state": found.state.name.lower(),
        "rows": found.rows,
        "done_rows": found.done_rows,
        "recorded": found.recorded,
        "issued": found.issued,
        "repeated": found.repeated,
        "refused": found.refused,
        "by": found.actor,
        "at": unixtime.iso_utc(found.at),
        "ended_at": None if found.ended_at is None else unixtime.iso_utc(found.ended_at),
        "unfinished": found.state is State.OPEN,
    }


def _say(counts: dict[str, Any], before: str, *, as_json: bool) -> None:
    if as_json:
        print_json(counts)
        return
    taken = counts.get("recorded", counts.get("accepted"))
    click.echo(
        f"{before}{counts['rows']} rows: {taken} good, {counts['repeated']} repeated, {counts['refused']} refused."
    )


def _problems(problems: Iterable[RowProblem], out: Path | None) -> None:
    if out is not None:
        content = "".join(report.as_csv(problems)).encode()
        durable_files.write_atomically(out, content, mode=durable_files.PRIVATE)
        return
    rest = iter(problems)
    for each in islice(rest, _SHOWN):
        where = f"row {each.row}" + (f", column {each.column!r}" if each.column else "")
        click.echo(f"{where}: {each.item}: {each.what}; expected {each.expected}", err=True)
    if next(rest, None) is not None:
        click.echo("… and others: --errors FILE writes all of them.", err=True)


@contextmanager
def _bar(total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar with rate and remaining time, on the screen only."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    rate = TextColumn("{task.speed:,.0f} rows/s") if total is not None else TextColumn("")
    with Progress(
        BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)


def _refuse_to_overwrite(out: Path | None) -> None:
    if out is not None and (out.exists() or out.is_symlink()):
        raise StorageFailed(
            f"{out.name} exists", hint="Nothing was recorded. Give --errors or --out a name that is free."
        )


def _text(path: Path) -> str:
    try:
        return durable_files.read(path, max_bytes=bounds.MAX_MAPPING_BYTES).decode()
    except UnicodeDecodeError:
        raise click.BadParameter(f"{path.name} is not text in UTF-8", param_hint="--mapping") from None
