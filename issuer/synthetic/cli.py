"""`liangzheng issuer synth`: licences of people who do not exist, to try things with."""

from itertools import chain
from typing import Final

import click

from issuer import catalogue_source
from issuer.errors import KindUnknown
from issuer.synthetic import subjects, writing

_MOST: Final = 10_000_000


@click.command()
@click.argument("slug", metavar="KIND")
@click.option("--count", type=click.IntRange(1, _MOST), default=1, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another one gives other people.")
@click.option("--csv", "as_csv", is_flag=True, help="A table with a line of item names; JSON lines if not.")
def synth(slug: str, count: int, seed: int, as_csv: bool) -> None:
    """Print licences of people who do not exist, as `issuer issue --subject` and `issuer import` take them.

    Every citizen number is of area 99xxxx and every credit code of area 99, with correct check characters. The same
    seed gives the same people on the same day. KIND is one of the kinds that ship.

    \b
    Example:
      liangzheng issuer synth driving-licence > subject.json
      liangzheng issuer synth id-card --count 1000 --seed 7 --csv > people.csv
    """
    from issuer import wiring

    kinds = {kind.slug: kind for kind in catalogue_source.load_kinds().values()}
    if slug not in kinds:
        raise KindUnknown(f"there is no such kind; known: {', '.join(sorted(kinds))}")
    written = subjects.generate(kinds[slug], count=count, seed=seed, at=wiring.now())
    lines = writing.csv_lines(kinds[slug], written) if as_csv else writing.json_lines(written)
    # A refusal is raised before the first line.
    for line in chain([next(lines)], lines):
        click.echo(line)
