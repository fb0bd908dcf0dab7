"""What people read and hear for each reason: one table, `reasons.toml`, in three languages.

It is read by an explicit call and never at import; `appraise` knows nothing of it. Guaranteed for `load`: every code
has exactly one row, and every row its three languages. Not handled here: which finding is shown first (`explain`).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, assert_never

from protocol.errors import Code
from verifier_terminal.appraisal.verdict import Tier

_TABLE: Final = "reasons.toml"


class Language(StrEnum):
    """Languages of the terminal, as they stand in the table."""

    ZH_HANS = "zh_hans"
    ZH_HANT = "zh_hant"
    EN = "en"


class Sound(StrEnum):
    """Told apart by rhythm; a page maps these to its files."""

    SUCCESS = "success"
    ATTENTION = "attention"
    ERROR = "error"
    PROGRESS = "progress"


class ReasonTableError(Exception):
    """`reasons.toml` does not say for every code exactly what it must: a fault of this build of the terminal."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One reason in one language: what happened, what the clerk does now, what may be read to the citizen."""

    short: str
    action: str
    citizen: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One row. `tier` is the usual one; a graded code's finding says which it has in a verdict."""

    code: Code
    tier: Tier
    sound: Sound
    zh_hans: Texts
    zh_hant: Texts
    en: Texts

    def texts(self, language: Language) -> Texts:
        """The texts in this language."""
        match language:
            case Language.ZH_HANS:
                return self.zh_hans
            case Language.ZH_HANT:
                return self.zh_hant
            case Language.EN:
                return self.en
            case _:
                assert_never(language)


@cache
def load() -> Mapping[Code, Reason]:
    """The table, read once from the package and kept.

    Raises:
        ReasonTableError: A row is missing, too many, or incomplete.
    """
    table = tomllib.loads(resources.files(__package__).joinpath(_TABLE).read_text(encoding="utf-8"))
    if table.keys() != {code.value for code in Code}:
        raise ReasonTableError(f"rows and codes differ: {sorted(table.keys() ^ {code.value for code in Code})}")
    return MappingProxyType({code: _reason(code, table[code.value]) for code in Code})


def _reason(code: Code, row: Mapping[str, object]) -> Reason:
    if row.keys() != {"tier", "sound", *Language}:
        raise ReasonTableError(f"{code}: not exactly tier, sound and three languages")
    try:
        return Reason(
            code=code,
            tier=Tier[str(row["tier"]).upper()],
            sound=Sound(str(row["sound"])),
            zh_hans=_texts(row["zh_hans"]),
            zh_hant=_texts(row["zh_hant"]),
            en=_texts(row["en"]),
        )
    except (KeyError, ValueError) as wrong:
        raise ReasonTableError(f"{code}: {wrong}") from None


def _texts(row: object) -> Texts:
    match row:
        case {"short": str() as short, "action": str() as action, "citizen": str() as citizen, **others} if not others:
            if short and action and citizen:
                return Texts(short, action, citizen)
    raise ValueError("a language without exactly short, action and citizen")
