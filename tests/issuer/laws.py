"""What kinds and rows say of the law, as it stands in their files: citations, and what could not be confirmed.

`docs/laws.toml` has the laws that were read. Not handled here: whether a law says what a row says; people read that.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from issuer import authored_table

LAWS: Final = Path(__file__).parents[2] / "docs" / "laws.toml"
_LAW: Final = re.compile(r"《([^》]+)》")
_ARTICLE: Final = re.compile(r"第([一二三四五六七八九十百千零]+)条")
_NOT_CONFIRMED: Final = re.compile(r"^# not confirmed: (.+)$", re.MULTILINE)
_ROW: Final = re.compile(r"^\[row\.([a-z]+)\]$", re.MULTILINE)
_DIGITS: Final = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_UNITS: Final = {"十": 10, "百": 100, "千": 1000}


@dataclass(frozen=True, slots=True)
class Law:
    """One law as it was read: `text` is the version's day, `since` the day that its last article names."""

    name: str
    text: date
    since: date
    articles: frozenset[int]
    note: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What one kind, or one row of it, says of the law. `where` is a slug, or slug.purpose."""

    where: str
    citations: tuple[tuple[str, tuple[int, ...]], ...]
    unconfirmed: tuple[str, ...]


def read_on() -> date:
    """The day on which the laws were read."""
    day: date = _file()["read"]
    return day


def laws() -> Mapping[str, Law]:
    """Those that were read, by name."""
    entries = _file()["law"]
    read = {entry["name"]: _law(**entry) for entry in entries}
    assert len(read) == len(entries), "a law stands there twice"
    return read


def _file() -> dict[str, Any]:
    return tomllib.loads(LAWS.read_text("utf-8"))


def _law(name: str, text: date, since: date, articles: list[int], note: str = "") -> Law:
    return Law(name, text, since, frozenset(articles), note)


def kinds() -> tuple[Statement, ...]:
    """By the comments of each file."""
    return tuple(
        _statement(_slug(file), "\n".join(line for line in text.splitlines() if line.startswith("#")))
        for file, text in authored_table.shipped("kinds")
    )


def rows() -> tuple[Statement, ...]:
    """By the legal basis of each row, and the comments in its table."""
    found: list[Statement] = []
    for file, text in authored_table.shipped("policies"):
        tables: dict[str, Any] = tomllib.loads(text)["row"]
        _, *parts = _ROW.split(text)
        for purpose, written in zip(parts[::2], parts[1::2], strict=True):
            where, basis = f"{_slug(file)}.{purpose}", tables[purpose]["legal_basis"]
            found.append(Statement(where, cited(basis), tuple(_NOT_CONFIRMED.findall(written))))
    return tuple(found)


def _slug(file: str) -> str:
    return Path(file).stem


def _statement(where: str, comments: str) -> Statement:
    return Statement(where, cited(comments.replace("\n# ", "")), tuple(_NOT_CONFIRMED.findall(comments)))


def cited(text: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Each 《law》 in this text with every article up to the next one; the state's name before a law's is left out.

    An article before any law belongs to none, whose name is empty.
    """
    before, *parts = _LAW.split(text)
    named = zip(parts[::2], parts[1::2], strict=True)
    cites = (("", before), *named) if _ARTICLE.search(before) else tuple(named)
    return tuple(
        (name.removeprefix("中华人民共和国"), tuple(map(number, _ARTICLE.findall(after)))) for name, after in cites
    )


def number(words: str) -> int:
    """一千零四十九 is 1049."""
    total, digit = 0, 0
    for word in words:
        if word in _UNITS:
            # 十五 has no digit before its ten.
            total, digit = total + (digit or 1) * _UNITS[word], 0
        else:
            digit = _DIGITS[word]
    return total + digit
