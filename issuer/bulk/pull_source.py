"""Rows of another database or of a folder of files, from a watermark on: read only, one after the other, in order."""

import datetime
import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from issuer.bulk import rows
from issuer.bulk.errors import SourceRefused, SourceUnavailable
from issuer.bulk.mapping import Form
from issuer.bulk.pull_settings import FolderSource, QuerySource
from issuer.bulk.rows import Row, bounded
from issuer.errors import StorageFailed

_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Pulled:
    """One row, and from where the next pull goes on once it is taken in."""

    row: Row
    watermark: str


@dataclass(frozen=True, slots=True)
class Source:
    """Headings, and rows in the order of their watermarks."""

    headings: tuple[str, ...]
    following: Iterator[Pulled]


def of_folder(source: FolderSource, form: Form, wanted: Sequence[str], watermark: str | None) -> Generator[Source]:
    """Each file whose name comes after the watermark. Raises: ImportFileRefused, StorageFailed."""
    after = "" if watermark is None else json.loads(watermark)
    try:
        names = sorted(path.name for path in source.path.iterdir() if path.is_file() and not path.is_symlink())
    except OSError as error:
        raise StorageFailed(f"cannot read the folder of the pull: {error.strerror}") from None
    # A name that begins with a dot is that of a file which is being written.
    for name in (name for name in names if name > after and not name.startswith(".")):
        path = source.path / name
        with path.open("rb") as file:
            found = rows.opened(path, file, form, wanted)
            yield Source(found.headings, _with_file(found.following, name))


def _with_file(following: Iterator[Row], name: str) -> Iterator[Pulled]:
    # Only when the next row comes is a row not the last one of its file; until then the file counts as not taken in.
    last: Row | None = None
    for row in following:
        if last is not None:
            yield Pulled(last, "")
        last = row
    if last is not None:
        yield Pulled(last, json.dumps(name))


def of_query(source: QuerySource, watermark: str | None) -> Generator[Source]:
    """The rows of a query. Raises: SourceUnavailable, SourceRefused."""
    try:
        engine = create_engine(_read_only(source.url), hide_parameters=True)
        try:
            options: dict[str, Any] = {"stream_results": True, "yield_per": _AT_ONCE}
            with engine.connect() as connection:
                if engine.dialect.name == "postgresql":
                    connection.execute(text("SET TRANSACTION READ ONLY"))
                bound = source.start if watermark is None else _bound(watermark)
                statement = text(source.query)
                with closing(connection.execute(statement, {"watermark": bound}, execution_options=options)) as found:
                    headings = tuple(found.keys())
                    if source.watermark not in headings:
                        raise SourceRefused("the query has no column of the name that is to be the watermark")
                    yield Source(headings, _numbered(found, headings.index(source.watermark)))
        finally:
            engine.dispose()
    except SQLAlchemyError as error:
        # The driver's first line names tables and reasons; more of it would repeat values.
        words = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
        raise SourceUnavailable(f"the source did not answer: {words}") from None


def _numbered(found: Any, place: int) -> Iterator[Pulled]:
    before = None
    for number, values in enumerate(found, 1):
        watermark = values[place]
        if watermark is None:
            raise SourceRefused("a row has no watermark")
        if before is not None and watermark < before:
            raise SourceRefused("the query does not give its rows in the order of the watermark")
        before = watermark
        yield Pulled(bounded(number, [_text(value) for value in values]), _kept(watermark))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case datetime.datetime():
            return value.date().isoformat()
        case datetime.date():
            return value.isoformat()
        case Decimal() if value == value.to_integral_value():
            return str(int(value))
        case _:
            return str(value)


def _kept(watermark: object) -> str:
    if isinstance(watermark, datetime.datetime):
        return json.dumps({"moment": watermark.isoformat()})
    if isinstance(watermark, int | str):
        return json.dumps(watermark)
    raise SourceRefused("a watermark is neither a whole number, nor a text, nor a moment")


def _bound(kept: str) -> object:
    value = json.loads(kept)
    return datetime.datetime.fromisoformat(value["moment"]) if isinstance(value, dict) else value


def _read_only(url: str) -> Any:
    made = make_url(url)
    if made.drivername == "sqlite" and made.database:
        path = quote(str(Path(made.database).absolute()))
        return make_url(f"sqlite:///file:{path}").set(query={"mode": "ro", "uri": "true"})
    return made
