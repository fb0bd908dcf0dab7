"""The words of the fleet's list, on the console and by command, in three languages, from `fleet.toml`.

Guaranteed: a text never contains what a terminal wrote; numbers are put into it here. Not handled here: escaping, which
the console's templates do for everything.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from issuer.fleet.standing import Finding, Trouble
from protocol import unixtime
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime

LANGUAGES: Final = {"zh-Hans": "简体中文", "zh-Hant": "繁體中文", "en": "English"}
"""Each by its own name for itself."""
FIRST: Final = "zh-Hans"
_UNITS: Final = ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes"), (1, "seconds"))
_WITHOUT_AMOUNT: Final = {Trouble.DATA_OLD: "data_none", Trouble.CLOCK_OFF: "clock_wrong"}
_GIGABYTE: Final = 10**9


@cache
def table() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Section, name and language of every text."""
    content = resources.files("issuer.fleet").joinpath("fleet.toml").read_text("utf-8")
    return tomllib.loads(content)


def word(name: str, language: str, **values: object) -> str:
    """One word of the list."""
    return table()["word"][name][language].format(**values)


def span(seconds: int, language: str) -> str:
    """A span in the largest unit of which it has two, or in seconds."""
    unit, name = next((unit, name) for unit, name in _UNITS if abs(seconds) >= 2 * unit or unit == 1)
    return word(name, language, amount=seconds // unit if seconds >= 0 else -(-seconds // unit))


def ago(moment: UnixTime, language: str, *, at: UnixTime) -> str:
    """How long ago a moment was."""
    return word("ago", language, amount=span(max(0, at - moment), language))


def size(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / _GIGABYTE:.1f} GB"


def says(finding: Finding, language: str, *, at: UnixTime) -> str:
    """What is wrong."""
    name, amount = _named(finding, language, at)
    return table()["says"][name][language].format(amount=amount)


def does(finding: Finding, language: str) -> str:
    """What to do about it."""
    return table()["does"][finding.trouble.value][language]


def local(moment: UnixTime) -> str:
    """A moment as the operator's clock shows it."""
    return unixtime.iso_local(moment)


def _named(finding: Finding, language: str, at: UnixTime) -> tuple[str, str]:
    trouble, amount = finding.trouble, finding.amount
    if amount is None:
        return _WITHOUT_AMOUNT.get(trouble, trouble.value), ""
    match trouble:
        case Trouble.WITHDRAWN:
            return "withdrawn_tried", ago(UnixTime(amount), language, at=at)
        case Trouble.CERTIFICATE_ENDS if amount <= 0:
            return "certificate_over", ""
        case Trouble.SILENT | Trouble.NEVER_HEARD | Trouble.DATA_OLD | Trouble.CLOCK_OFF | Trouble.CERTIFICATE_ENDS:
            return trouble.value, span(amount, language)
        case Trouble.DISK_FULL:
            return trouble.value, size(amount)
        case _:
            return trouble.value, str(amount)
