"""What the decoder found in one picture, and its form on the line between the decoding process and the terminal.

The decoding process takes apart hostile pictures with C++ libraries, so its answer is as untrusted as the picture:
JSON, bounded, every field checked. No pickle crosses the line.
"""

import json
import math
from dataclasses import dataclass, field

from hardware.devices import Decoder, Hint

# A QR code holds at most 7,089 characters; JSON may write one as 12 bytes; above eight the count of codes is no news.
MAX_CODES = 8
MAX_TEXT_CHARACTERS = 7_089
MAX_REPORT_BYTES = MAX_CODES * (MAX_TEXT_CHARACTERS * 12 + 512) + 1_024
_MAX_WORD_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class DecodedCode:
    """One code in one picture, with how it was read."""

    text: str = field(repr=False)
    aim: str | None
    decoder: Decoder
    variant: str
    version: int | None
    pixels_per_module: float | None


@dataclass(frozen=True, slots=True)
class PictureReport:
    """What one picture showed.

    Attributes:
        codes: the distinct codes that were read.
        code_seen: a code was found in position but could not be read.
        hint: what would help, if nothing was read.
        black: the picture is as good as black.
    """

    codes: tuple[DecodedCode, ...]
    code_seen: bool
    hint: Hint | None
    black: bool


class ReportMalformed(ValueError):
    """The decoding process said something that is no report. Never leaves this package."""


def to_line(report: PictureReport) -> bytes:
    """The report as the decoding process sends it."""
    return json.dumps(
        {
            "codes": [
                {
                    "text": code.text,
                    "aim": code.aim,
                    "decoder": code.decoder.value,
                    "variant": code.variant,
                    "version": code.version,
                    "pixels_per_module": code.pixels_per_module,
                }
                for code in report.codes[:MAX_CODES]
            ],
            "code_seen": report.code_seen,
            "hint": report.hint.value if report.hint else None,
            "black": report.black,
        }
    ).encode("ascii")


def from_line(line: bytes) -> PictureReport:
    """Reads a report that is not trusted.

    Raises:
        ReportMalformed: it is not exactly a report.
    """
    try:
        parsed = json.loads(line)
        codes = tuple(
            DecodedCode(
                text=_text(code["text"], MAX_TEXT_CHARACTERS),
                aim=None if code["aim"] is None else _text(code["aim"], 3),
                decoder=Decoder(code["decoder"]),
                variant=_text(code["variant"], _MAX_WORD_CHARACTERS),
                version=None if code["version"] is None else _version(code["version"]),
                pixels_per_module=None if code["pixels_per_module"] is None else _size(code["pixels_per_module"]),
            )
            for code in parsed["codes"]
        )
        hint = None if parsed["hint"] is None else Hint(parsed["hint"])
        code_seen, black = parsed["code_seen"], parsed["black"]
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise ReportMalformed(type(wrong).__name__) from wrong
    if len(codes) > MAX_CODES or type(code_seen) is not bool or type(black) is not bool:
        raise ReportMalformed("bounds")
    return PictureReport(codes, code_seen, hint, black)


def _text(value: object, max_characters: int) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= max_characters:
        raise ReportMalformed("text")
    return value


def _version(value: object) -> int:
    if type(value) is not int or not 1 <= value <= 40:
        raise ReportMalformed("version")
    return value


def _size(value: object) -> float:
    if type(value) is not float or not math.isfinite(value) or value <= 0:
        raise ReportMalformed("size")
    return value
