"""From what somebody chose on a page to a mapping as `issuer import` reads it, and a guess to begin with."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from issuer.bulk import mapping, rows
from issuer.bulk.errors import EncodingUnknown, ImportFileRefused
from issuer.bulk.mapping import Form
from protocol.labels import Lic
from protocol.licence.catalogue import ItemType, Kind

DATE_FORMS: Final = ("YYYY-MM-DD", "YYYYMMDD", "YYYY/MM/DD", "YYYY.MM.DD", "YYYY年MM月DD日", "DD.MM.YYYY")
ENCODINGS: Final = tuple(mapping.ENCODINGS)
KEY_FIELD: Final = "holder_key"
_SEXES: Final = {"0": 0, "1": 1, "2": 2, "9": 9, "男": 1, "女": 2}
"""What lists write for GB/T 2261.1."""
_KEY_NAMES: Final = frozenset({"holder_key", "holder key", "设备公钥", "裝置公鑰"})


def headings(path: Path, encoding: str) -> tuple[str, ...]:
    """What stands in the first row. Raises: ImportFileRefused, EncodingUnknown."""
    if encoding not in mapping.ENCODINGS:
        raise EncodingUnknown("this encoding is not read here")
    try:
        with path.open("rb") as file:
            return rows.opened(path, file, _form(path, encoding), ()).headings
    except OSError as error:
        raise ImportFileRefused(f"the file cannot be read: {error.strerror}") from None


def guessed(kind: Kind, named: Sequence[str]) -> dict[str, str]:
    """The column of each item whose heading is its name or one of its labels."""
    by_name = {heading.casefold(): heading for heading in named}
    found = {}
    for item in kind.items:
        for name in (item.name, item.labels.zh_hans, item.labels.zh_hant, item.labels.en):
            if name.casefold() in by_name:
                found[f"column-{item.name}"] = by_name[name.casefold()]
    for name in _KEY_NAMES & by_name.keys():
        found[f"column-{KEY_FIELD}"] = by_name[name]
    return found


def written(kind: Kind, path: Path, named: Sequence[str], chosen: Mapping[str, str]) -> str:
    """The mapping in TOML. What was chosen and is no column of the file is left out, and then named as missing."""
    columns, constants, dates = {}, {}, {}
    for item in kind.items:
        column, fixed = chosen.get(f"column-{item.name}", ""), chosen.get(f"fixed-{item.name}", "").strip()
        if column in named:
            columns[column] = item.name
            if item.type is ItemType.DATE and chosen.get(f"form-{item.name}") in DATE_FORMS:
                dates[item.name] = chosen[f"form-{item.name}"]
        elif fixed:
            constants[item.name] = fixed
    lines = []
    key = chosen.get(f"column-{KEY_FIELD}", "")
    if key in named:
        lines.append(f"holder_key = {_text(key)}")
    lines.append("[file]")
    lines.append(f"encoding = {_text(chosen.get('encoding', ENCODINGS[0]))}")
    lines.append(f"delimiter = {_text(_delimiter(path))}")
    for name, table in (("columns", columns), ("dates", dates)):
        lines += [f"[{name}]", *(f"{_text(left)} = {_text(right)}" for left, right in table.items())]
    lines.append("[constants]")
    for name, fixed in constants.items():
        item_of = kind.item_named(name)
        is_number = item_of is not None and item_of.type is ItemType.INTEGER and fixed.isascii() and fixed.isdigit()
        lines.append(f"{_text(name)} = {int(fixed) if is_number else _text(fixed)}")
    sex = kind.item(Lic.SEX)
    if sex is not None and sex.name in columns.values():
        lines.append(f"[values.{sex.name}]")
        lines += [f"{_text(left)} = {right}" for left, right in _SEXES.items()]
    return "\n".join(lines) + "\n"


def _form(path: Path, encoding: str) -> Form:
    return Form(mapping.ENCODINGS[encoding], _delimiter(path), None)


def _delimiter(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _text(value: str) -> str:
    # A basic string of TOML 1.0 has the escapes of JSON; DEL alone is left out there.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
