"""Why a file or an import is refused as a whole: one exception for each reason. What is wrong with a row is no error.

A row that cannot be taken stands in the report with its number and column; it never stops the others.
"""

from typing import Final

from issuer.errors import IssuerError


class ImportFileRefused(IssuerError):
    """The file is not of its format, or has no rows to read."""

    code = "import_file_refused"
    hint = "Save it as CSV in UTF-8 or GB18030, as XLSX, or as one JSON object a line. Nothing was recorded."


class EncodingUnknown(ImportFileRefused):
    """The file is said to be in an encoding that is not read here."""

    code = "import_encoding_unknown"
    hint = 'Write encoding = "utf-8" or "gb18030" in the table [file] of the mapping.'


class HeadingsRefused(ImportFileRefused):
    """The first row does not name every column once, or lacks one that the mapping asks for."""

    code = "import_headings_refused"
    hint = "The first row holds the headings; each stands once, and as the mapping writes it."


class InflatesTooMuch(ImportFileRefused):
    """The parts of the workbook inflate to more than a workbook of licences needs: a zip bomb."""

    code = "import_inflates_too_much"
    hint = "Save the sheet as CSV. Nothing was recorded, and nothing of it was kept."


class WorkbookLinksOut(ImportFileRefused):
    """The workbook takes values from elsewhere, or carries programs."""

    code = "import_workbook_links_out"
    hint = "Save the sheet with its values only, or as CSV."


class EntitiesDeclared(ImportFileRefused):
    """A part of the workbook declares entities or another document type, which no office program writes."""

    code = "import_entities_declared"
    hint = "This file was made to do harm, or by a broken program. Find out where it came from."


class TooManyRows(ImportFileRefused):
    """More rows, columns or bytes than one import takes."""

    code = "import_too_large"
    hint = "Divide the file."


class MappingRefused(IssuerError):
    """The mapping leaves out an item that the kind requires, or two columns become one item."""

    code = "import_mapping_refused"
    hint = "Correct the mapping; docs/operations.md has one with every entry. Nothing was recorded."


class ImportUnknown(IssuerError):
    """There is no import with this id, or none of this file."""

    code = "import_unknown"
    hint = "List them with `liangzheng issuer imports DIR`."


class ImportStarted(IssuerError):
    """The same file was begun before and is not finished."""

    code = "import_started"
    hint = "Go on with --resume; whatever was recorded is not recorded twice."


class ImportOver(IssuerError):
    """The import is finished or was cancelled."""

    code = "import_over"
    hint = "Start it anew: rows that are in the register already are named as such."


class ImportTakenOver(IssuerError):
    """Another run goes on with this import, or it was cancelled; this one stopped and left everything whole."""

    code = "import_taken_over"
    hint = "Look at its progress with `liangzheng issuer imports DIR`."


class ImportInterrupted(IssuerError):
    """A worker ended in the middle; what it had not finished is finished by the next run."""

    code = "import_interrupted"
    hint = "Remove the cause, then go on with --resume: nothing is recorded twice and nothing left out."


class SourceUnavailable(IssuerError):
    """The database that is pulled from does not answer, or not to this query."""

    code = "import_source_unavailable"
    hint = "Look at its address, rights and query; the next pull goes on where this one came to."


class SourceRefused(IssuerError):
    """What is pulled has no order that can be gone on from."""

    code = "import_source_refused"
    hint = "Let the query say WHERE column >= :watermark ORDER BY column, and name that column."


class PartsRefused(IssuerError):
    """The register cannot be spread over partitions, or not so."""

    code = "parts_refused"
    hint = "Nothing was changed. docs/operations.md says when a register is worth spreading."


HTTP: Final = {
    ImportFileRefused: 422,
    EncodingUnknown: 422,
    HeadingsRefused: 422,
    InflatesTooMuch: 422,
    WorkbookLinksOut: 422,
    EntitiesDeclared: 422,
    TooManyRows: 413,
    MappingRefused: 422,
    ImportUnknown: 404,
    ImportStarted: 409,
    ImportOver: 409,
    ImportTakenOver: 409,
    ImportInterrupted: 503,
    SourceUnavailable: 503,
    SourceRefused: 422,
    PartsRefused: 409,
}
