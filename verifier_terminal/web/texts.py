"""Every word of the page in its three languages, and which language a request wants.

The words stand in this folder's TOML files, one table per subject; the reason codes' own texts belong to the appraisal.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final, assert_never

from protocol.licence.catalogue import Names
from verifier_terminal.appraisal.reasons import Language

TAGS: Final = {Language.ZH_HANS: "zh-Hans", Language.ZH_HANT: "zh-Hant", Language.EN: "en"}
"""BCP 47 tags, as the page's `lang` attribute and the keys of its objects."""


def in_language(names: Names, language: Language) -> str:
    """The one of the three names."""
    match language:
        case Language.ZH_HANS:
            return names.zh_hans
        case Language.ZH_HANT:
            return names.zh_hant
        case Language.EN:
            return names.en
        case _:
            assert_never(language)


@cache
def all_texts() -> Mapping[str, Names]:
    """Every text under `subject.name`."""
    folder = resources.files("verifier_terminal.web")
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return {
        f"{subject}.{name}": Names(**three)
        for file in files
        for subject, entries in tomllib.loads(file.read_text("utf-8")).items()
        for name, three in entries.items()
    }


def say(key: str, language: Language, **numbers: int | str) -> str:
    """The text in this language with its figures put in. Never for text that came with a code."""
    return in_language(all_texts()[key], language).format(**numbers)


def known(key: str) -> bool:
    """Whether there is such a text."""
    return key in all_texts()


def page_texts(subject: str) -> dict[str, dict[str, str]]:
    """What a page's own script says, by language: this subject without its prefix."""
    return {
        tag: {
            key.removeprefix(f"{subject}."): in_language(names, language)
            for key, names in all_texts().items()
            if key.startswith(f"{subject}.")
        }
        for language, tag in TAGS.items()
    }


def negotiate(asked: str | None, accepted: list[str]) -> Language:
    """The language for a request: what its address asks for, else the browser's first that we have, else zh-Hans."""
    for tag in ([asked] if asked else []) + accepted:
        found = _language_of(tag)
        if found is not None:
            return found
    return Language.ZH_HANS


def _language_of(tag: str) -> Language | None:
    parts = tag.replace("_", "-").casefold().split("-")
    if parts[0] == "en":
        return Language.EN
    if parts[0] != "zh":
        return None
    # Hong Kong, Macao and Taiwan write the traditional script unless the tag names the script itself.
    traditional = "hant" in parts or ("hans" not in parts and not {"hk", "mo", "tw"}.isdisjoint(parts))
    return Language.ZH_HANT if traditional else Language.ZH_HANS
