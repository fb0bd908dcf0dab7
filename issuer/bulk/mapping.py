"""From the columns of somebody's file to the items of a kind: headings, constants, forms of dates, tables of values.

Authored in TOML. Guaranteed: every mistake of the author is named by its entry before a row is read; of a row, every
cell that does not fit is named and none is repeated. Not handled here: whether the items are right (`issuer.subject`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from issuer import authored_table, portrait
from issuer.bulk.errors import EncodingUnknown, HeadingsRefused, MappingRefused
from issuer.errors import Problem
from protocol.licence.catalogue import Item, ItemType, Kind

ENCODINGS: Final = {"utf-8": "utf-8-sig", "gb18030": "gb18030"}
"""A byte order mark is left out where there is one. In neither does a byte of another character look like a line's end
or a quotation mark, which UTF-16 and Shift JIS cannot say."""
_DATES: Final[Mapping[str, re.Pattern[str]]] = {
    "YYYY-MM-DD": re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"),
    "YYYYMMDD": re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})"),
    "YYYY/MM/DD": re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})"),
    "YYYY.MM.DD": re.compile(r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})"),
    "DD.MM.YYYY": re.compile(r"(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\.(?P<y>[0-9]{4})"),
    "YYYY年MM月DD日": re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"),
}
_INTEGER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_FILE: Final = "mapping"


@dataclass(frozen=True, slots=True)
class Form:
    """How the file itself is to be read."""

    encoding: str
    delimiter: str
    sheet: str | None


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one row became: authored items, the text of the device key if there is one, and what did not fit."""

    written: Mapping[str, str | int]
    holder_key: str | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """One authored mapping. `columns` are headings with their items."""

    form: Form
    columns: Mapping[str, Item]
    constants: Mapping[str, str | int]
    dates: Mapping[str, str]
    values: Mapping[str, Mapping[str, str | int]]
    absent: frozenset[str]
    holder_key: str | None

    def reader(self, headings: Sequence[str]) -> "RowReader":
        """What reads the rows under these headings. Raises: HeadingsRefused."""
        wanted = [*self.columns, *(() if self.holder_key is None else (self.holder_key,))]
        missing = [place for place, heading in enumerate(wanted, 1) if heading not in headings]
        if missing:
            # The mapping's own words: the file's headings are somebody else's.
            named = ", ".join(repr(wanted[place - 1]) for place in missing)
            raise HeadingsRefused(f"the file has no column {named}")
        if len(set(headings)) != len(headings):
            raise HeadingsRefused("two columns have the same heading")
        return RowReader(self, headings)


def read(text: str, kind: Kind, *, file: str = _FILE) -> ColumnMapping:
    """The mapping in this TOML text, for this kind.

    Raises:
        AuthoringError: An entry is wrong.
        MappingRefused: As a whole it does not make a licence of this kind.
        EncodingUnknown: The file's encoding is not one that is read here.
    """
    table = authored_table.whole((file, text))
    by_name = {item.name: item for item in kind.items}
    columns = {
        heading: table.member(str(name), by_name, key=f"columns.{heading}")
        for heading, name in table.value("columns", dict).items()
    }
    constants: dict[str, str | int] = {}
    for name, value in table.value("constants", dict, default={}).items():
        item = table.member(name, by_name, key=f"constants.{name}")
        if type(value) not in (str, int):
            table.fail(f"constants.{name}", "neither a text nor a whole number")
        constants[item.name] = value
    dates = {
        table.member(name, by_name, key=f"dates.{name}").name: table.member(
            form, {each: each for each in _DATES}, key=f"dates.{name}"
        )
        for name, form in table.value("dates", dict, default={}).items()
    }
    values: dict[str, Mapping[str, str | int]] = {}
    for name, entries in table.value("values", dict, default={}).items():
        item = table.member(name, by_name, key=f"values.{name}")
        if not isinstance(entries, dict) or not all(type(each) in (str, int) for each in entries.values()):
            table.fail(f"values.{name}", "not a table of texts or whole numbers")
        values[item.name] = entries
    absent = frozenset(table.array("absent", str)) if table.has("absent") else frozenset()
    holder_key = table.optional_text("holder_key")
    form = _form(table.table("file")) if table.has("file") else Form(ENCODINGS["utf-8"], ",", None)
    table.finish()
    names = [item.name for item in columns.values()] + list(constants)
    if len(set(names)) != len(names):
        raise MappingRefused("two columns or constants become the same item")
    if portrait.ITEM in names:
        raise MappingRefused("a portrait's digest is of its picture, and pictures do not come by imports")
    lacking = [item.name for item in kind.items if item.required and item.name not in names]
    if lacking:
        raise MappingRefused(f"no column and no constant becomes {', '.join(lacking)}, which every {kind.slug} has")
    return ColumnMapping(form, columns, constants, dates, values, absent, holder_key)


def _form(table: authored_table.Table) -> Form:
    encoding, delimiter = table.optional_text("encoding") or "utf-8", table.value("delimiter", str, default=",")
    sheet = table.optional_text("sheet")
    table.finish()
    if encoding.lower() not in ENCODINGS:
        raise EncodingUnknown("the mapping names an encoding that is not read here")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        table.fail("delimiter", "not one character")
    return Form(ENCODINGS[encoding.lower()], delimiter, sheet)


class RowReader:
    """Reads the cells of rows by their places."""

    def __init__(self, mapping: ColumnMapping, headings: Sequence[str]) -> None:
        self._mapping = mapping
        self._places = tuple((headings.index(heading), item) for heading, item in mapping.columns.items())
        self._key = None if mapping.holder_key is None else headings.index(mapping.holder_key)
        self.column_of = {item.name: heading for heading, item in mapping.columns.items()}

    def row(self, cells: Sequence[str]) -> Mapped:
        """What these cells become. A row may be shorter than the headings: what is not there is empty."""
        mapping, problems = self._mapping, []
        written: dict[str, str | int] = dict(mapping.constants)
        for place, item in self._places:
            text = cells[place].strip() if place < len(cells) else ""
            if not text or text in mapping.absent:
                continue
            value = self._value(item, text)
            if isinstance(value, Problem):
                problems.append(value)
            else:
                written[item.name] = value
        key = "" if self._key is None or self._key >= len(cells) else cells[self._key].strip()
        return Mapped(written, key or None, tuple(problems))

    def _value(self, item: Item, text: str) -> str | int | Problem:
        table = self._mapping.values.get(item.name)
        if table is not None:
            if text not in table:
                return Problem(
                    item.name, "not in the mapping's table of values", " or ".join(table), next(iter(table), "")
                )
            return table[text]
        if item.type is ItemType.DATE:
            form = self._mapping.dates.get(item.name, "YYYY-MM-DD")
            found = _DATES[form].fullmatch(text)
            if found is None:
                return Problem(item.name, "not a day", f"a day as {form}", form)
            parts = found.groupdict()
            year, month, day = (parts["y"], parts["m"], parts["d"]) if parts else found.groups()
            return f"{year}-{month:0>2}-{day:0>2}"
        if item.type is ItemType.INTEGER:
            return (
                int(text)
                if _INTEGER.fullmatch(text)
                else Problem(item.name, "not a whole number", "a whole number", "1")
            )
        return text
