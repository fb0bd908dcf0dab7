"""Every word of the console in three languages, from `texts.toml`, and which language a request wants.

Guaranteed: a text never contains what somebody wrote; numbers are put into it here. Not handled here: escaping, which
the templates do for everything.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from werkzeug.datastructures import LanguageAccept

from issuer.fleet import texts as fleet_texts
from protocol.licence.catalogue import Names

LANGUAGES: Final = fleet_texts.LANGUAGES
FIRST: Final = fleet_texts.FIRST


def accepted(languages: LanguageAccept) -> str:
    """The first of a browser's languages that we have, else simplified Chinese."""
    # Browsers say zh-CN, zh-TW or zh-HK and mean a script.
    best = languages.best_match(["zh-CN", "zh-TW", "zh-HK", "zh", "en"], "zh-CN")
    return {"en": "en", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant"}.get(best, FIRST)


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Each text by `section.name`, and in it each language."""
    content = tomllib.loads(resources.files("issuer.console").joinpath("texts.toml").read_text("utf-8"))
    return {f"{section}.{name}": three for section, names in content.items() for name, three in names.items()}


def say(key: str, language: str, **numbers: object) -> str:
    """The text in this language with its figures put in."""
    return table()[key][language].format(**numbers)


def known(key: str) -> bool:
    """Whether there is such a text."""
    return key in table()


def in_language(names: Names, language: str) -> str:
    """The one of the catalogue's three names."""
    return {"zh-Hans": names.zh_hans, "zh-Hant": names.zh_hant, "en": names.en}[language]
