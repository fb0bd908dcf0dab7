"""Synthetic subjects as lines of text: JSON of one object a line, or CSV.

CSV has no room for the holders of a licence of several, so that a kind that may have them is written as JSON lines.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from issuer.synthetic import subjects
from issuer.synthetic.errors import NoTable
from protocol.licence.catalogue import Kind


def json_lines(written: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    """One object a line."""
    return (json.dumps(each, ensure_ascii=False) for each in written)


def csv_lines(kind: Kind, written: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    """A line of item names, then one line for each subject; what a licence lacks is empty. Raises: NoTable."""
    if kind.holders.most > 1:
        raise NoTable(f"a {kind.slug} may have several holders")
    names = [item.name for item in kind.items if item.type not in subjects.NEVER]
    yield _line(names)
    for each in written:
        yield _line([each.get(name, "") for name in names])


def _line(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
