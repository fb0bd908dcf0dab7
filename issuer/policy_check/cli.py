"""`liangzheng issuer policy check`: reads authored kinds and policy rows, and prints what would hold."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from issuer import authored_table
from issuer.arguments import json_option, print_json
from issuer.authored_table import Source
from issuer.errors import AuthoringError
from issuer.policy_check.checking import Checked, Kinds, Problem, check
from issuer.profile import Places
from protocol.appraisal_policy import PolicyRow

_REGION: Final = "990000"
"""Whose licences a general row accepts is no part of its file."""
_OF_AN_ISSUER: Final = ("kinds", "kinds/policies", "policies")
_PATH: Final = click.Path(exists=True, path_type=Path)
_HEAD: Final = ("kind", "purpose", "for", "mandatory", "optional", "asks", "key", "status age", "kept")


@click.group()
def policy() -> None:
    """The authored appraisal policy: what a terminal may ask, and what it demands."""


@policy.command(name="check")
@click.argument("paths", metavar="DIR|FILE…", nargs=-1, required=True, type=_PATH)
@json_option
def check_command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Read kinds and policy rows as an issuer would, say what is wrong, and print the rows that hold then.

    A DIR is an issuer's folder, whose kinds and policies are read, or a folder of such files. What is wrong is named by
    file and key, and ends with exit code 1. Rows of a kind that ships stand in the place of the shipped ones, and
    whatever they allow beyond these is a warning. Nothing is signed, kept or published.

    \b
    Example:
      liangzheng issuer policy check ./issuer
      liangzheng issuer policy check policies/stricter-at-the-window.toml --json
    """
    sources: list[Source] = []
    unreadable: list[Problem] = []
    for path in _files(paths):
        try:
            sources.append(authored_table.read_file(path))
        except AuthoringError as error:
            unreadable.append(Problem.of(error))
    found = check(sources, region=_REGION)
    found = replace(found, problems=(*unreadable, *found.problems))
    if as_json:
        print_json(_json(found))
    else:
        _print(found)
    if not found.holds:
        sys.exit(1)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_file():
            yield path
            continue
        for folder in [path / each for each in _OF_AN_ISSUER] if Places(path).profile.exists() else [path]:
            yield from sorted(folder.glob("*.toml"))


def _print(found: Checked) -> None:
    lines = [_HEAD, *(_line(row, found.kinds) for row in found.rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEAD))]
    for line in lines if found.rows else ():
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    for problem in found.problems:
        word = "warning" if problem.loosens else "error"
        click.echo(f"{word}: {problem.file}: {problem.key}: {problem.what}", err=True)
    errors = sum(not problem.loosens for problem in found.problems)
    click.echo(f"{len(found.rows)} rows, {errors} errors, {len(found.problems) - errors} warnings.", err=True)


def _line(row: PolicyRow, kinds: Kinds) -> tuple[str, ...]:
    asks = [("sealed" if row.seal_required else "challenge")] if row.challenge_required else []
    asks += ["person"] if row.person_check else []
    asks += [f"guardian below {row.guardian_below}"] if row.guardian_below else []
    return (
        kinds[row.vct].slug,
        row.purpose.word,
        row.only_for or "all",
        " ".join(_names(row.mandatory, row, kinds)),
        " ".join(_names(row.optional, row, kinds)) or "-",
        ", ".join(asks) or "-",
        row.min_assurance.name.lower(),
        "-" if row.max_status_age is None else f"{row.max_status_age} s",
        f"{row.retention_days} d",
    )


def _names(keys: Iterable[int], row: PolicyRow, kinds: Kinds) -> list[str]:
    wanted = frozenset(keys)
    return [item.name for item in kinds[row.vct].items if item.key in wanted]


def _json(found: Checked) -> dict[str, object]:
    return {
        "holds": found.holds,
        "problems": [
            {"file": each.file, "key": each.key, "problem": each.what, "warning": each.loosens}
            for each in found.problems
        ],
        "rows": [_row_json(row, found.kinds) for row in found.rows],
    }


def _row_json(row: PolicyRow, kinds: Kinds) -> dict[str, object]:
    return {
        "kind": kinds[row.vct].slug,
        "purpose": row.purpose.word,
        "only_for": row.only_for,
        "legal_basis": row.legal_basis,
        "mandatory": _names(row.mandatory, row, kinds),
        "optional": _names(row.optional, row, kinds),
        "masked": _names(row.masked, row, kinds),
        "separate_consent": _names(row.separate_consent, row, kinds),
        "challenge_required": row.challenge_required,
        "seal_required": row.seal_required,
        "link_waived": row.link_waived,
        "holders_required": row.holders_required,
        "person_check": row.person_check,
        "irreversible": row.irreversible,
        "show_under_refusal": row.show_under_refusal,
        "min_assurance": row.min_assurance.name.lower(),
        "max_status_age": row.max_status_age,
        "guardian_below": row.guardian_below,
        "values_on_file": row.values_on_file,
        "retention_days": row.retention_days,
        "review_path": row.review_path,
    }
