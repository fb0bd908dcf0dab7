"""Every word of the sandbox's page in three languages, from `texts.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from issuer.console.texts import FIRST, LANGUAGES, in_language

__all__ = ["FIRST", "LANGUAGES", "in_language", "known", "say"]


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    content = tomllib.loads(resources.files("issuer.sandbox").joinpath("texts.toml").read_text("utf-8"))
    return {f"{section}.{name}": three for section, names in content.items() for name, three in names.items()}


def say(key: str, language: str) -> str:
    """The text in this language."""
    return _table()[key][language]


def known(key: str) -> bool:
    """Whether there is such a text."""
    return key in _table()
