"""The rows of an XLSX workbook (ECMA-376), read by openpyxl after its parts were looked through.

A workbook is a ZIP archive of XML, so it is looked at before anything builds a tree of it: how much its parts really
inflate to, no document type declarations (ECMA-376 part 2 forbids them), no links to other files, no programs. Cells
with a formula are wrong rows: what they show depends on who opens the file. Numbers of more than 15 digits are wrong,
too: the sheet has rounded them, so the last digits of a citizen's number are gone.
"""

import datetime
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, Final
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from defusedxml import DefusedXmlException, sax
from openpyxl.reader.excel import load_workbook

from issuer.bulk import bounds
from issuer.bulk.errors import (
    EntitiesDeclared,
    HeadingsRefused,
    ImportFileRefused,
    InflatesTooMuch,
    TooManyRows,
    WorkbookLinksOut,
)
from issuer.bulk.mapping import Form
from issuer.bulk.rows import Row, Rows, bounded, headings, wrong

_FOREIGN: Final = ("externallinks/", "vbaproject", "connections.xml", "querytables/", "embeddings/", "activex/")
_EXACT: Final = 10**15
"""A cell's number is a double; a spreadsheet keeps 15 digits of it."""
_CHUNK: Final = 1 << 20


def rows(file: BinaryIO, form: Form) -> Rows:
    """The rows of one sheet, the first unless the form names one. Raises: ImportFileRefused and its subclasses."""
    _look_through(file)
    file.seek(0)
    try:
        workbook = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        names = workbook.sheetnames
        name = form.sheet if form.sheet is not None else names[0]
        if name not in names:
            raise HeadingsRefused("the workbook has no sheet of the name that the mapping gives")
        sheet = workbook[name]
        # What a sheet says of its own size is not believed.
        sheet.reset_dimensions()
        following = enumerate(sheet.iter_rows(), 1)
        first = next(following, (0, ()))[1]
    except (ImportFileRefused, DefusedXmlException):
        raise
    except Exception as error:
        # A library names what it does not like in many ways of its own.
        raise ImportFileRefused(f"the workbook cannot be read ({type(error).__name__})") from error
    if any(cell.data_type == "f" for cell in first):
        raise HeadingsRefused("a heading is a formula")
    return Rows(headings("" if cell.value is None else str(cell.value) for cell in first), _rows(following))


def _rows(following: Iterator[tuple[int, Any]]) -> Iterator[Row]:
    while True:
        try:
            number, cells = next(following)
        except StopIteration:
            return
        except Exception as error:
            raise ImportFileRefused(f"the sheet cannot be read to its end ({type(error).__name__})") from error
        if len(cells) > bounds.MAX_COLUMNS:
            yield wrong(number, "more cells than columns", f"at most {bounds.MAX_COLUMNS} cells")
        elif any(cell.value is not None for cell in cells):
            yield _row(number, cells)


def _row(number: int, cells: Any) -> Row:
    texts: list[str] = []
    for cell in cells:
        value = cell.value
        if cell.data_type == "f":
            return wrong(number, "a cell holds a formula", "values: copy, then paste as values")
        if cell.data_type == "e":
            return wrong(number, "a cell holds an error of the spreadsheet", "a value")
        match value:
            case None:
                texts.append("")
            case bool():
                texts.append("1" if value else "0")
            case int() | float() if abs(value) >= _EXACT:
                return wrong(number, "a number of more than 15 digits, which the sheet has rounded", "a cell of text")
            case float() if value.is_integer():
                texts.append(str(int(value)))
            case datetime.datetime():
                texts.append(value.date().isoformat())
            case _:
                texts.append(str(value))
    return bounded(number, texts)


def _look_through(file: BinaryIO) -> None:
    """Return if nothing in this archive does harm. Every part is inflated once, by what it is and not what it says."""
    if file.seek(0, 2) > bounds.MAX_WORKBOOK_BYTES:
        raise TooManyRows(f"a workbook of more than {bounds.MAX_WORKBOOK_BYTES >> 20} MiB")
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > bounds.MAX_PARTS or len({part.filename for part in parts}) != len(parts):
                raise ImportFileRefused("the workbook has too many parts, or two of one name")
            inflated = 0
            for part in parts:
                name = part.filename.lower()
                if any(each in name for each in _FOREIGN):
                    raise WorkbookLinksOut("the workbook has links to other files, connections or programs")
                if part.flag_bits & 1:
                    raise ImportFileRefused("the workbook is encrypted")
                with archive.open(part) as content:
                    counted = _Counted(content, part.compress_size, inflated)
                    if name.endswith((".xml", ".rels", ".vml")):
                        sax.parse(counted, _Relations(), forbid_dtd=True)
                    while counted.read(_CHUNK):
                        pass
                    inflated = counted.total
    except DefusedXmlException:
        raise EntitiesDeclared("a part of the workbook has a document type declaration") from None
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        SAXException,
        NotImplementedError,
        OSError,
        ValueError,
        EOFError,
    ) as error:
        raise ImportFileRefused(f"this is no workbook that can be read ({type(error).__name__})") from None


class _Relations(ContentHandler):
    """Finds relations to what lies outside of the archive; a hyperlink in a cell is text and does no harm."""

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - the library's name
        if (
            name.rpartition(":")[2] == "Relationship"
            and attrs.get("TargetMode", "") == "External"
            and not attrs.get("Type", "").endswith("/hyperlink")
        ):
            raise WorkbookLinksOut("the workbook has a relation to something outside of it")


class _Counted:
    """A part of an archive as it inflates, until that is too much."""

    def __init__(self, content: Any, compressed: int, before: int) -> None:
        self._content, self._compressed, self._own = content, compressed, 0
        self.total = before

    def read(self, size: int = _CHUNK) -> bytes:
        chunk: bytes = self._content.read(min(size, _CHUNK) if size >= 0 else _CHUNK)
        self._own += len(chunk)
        self.total += len(chunk)
        bomb = self._own > bounds.RATIO_COUNTS_FROM and self._own > bounds.MAX_RATIO * self._compressed
        if bomb or self.total > bounds.MAX_PART_BYTES:
            raise InflatesTooMuch("the workbook inflates to far more than it should")
        return chunk

    def close(self) -> None:
        """Nothing: whoever opened it closes it."""
