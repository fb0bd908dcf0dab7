"""Settings of the wallet's command line that come from the environment."""

import os
from typing import Final

from wallet_sdk.errors import Language

PASSPHRASE_VARIABLE: Final = "LIANGZHENG_WALLET_PASSPHRASE"  # noqa: S105 — the name of a variable, no secret


def passphrase_from_environment() -> str | None:
    """The vault's passphrase, if the environment has one."""
    return os.environ.get(PASSPHRASE_VARIABLE)


def language_from_environment() -> Language:
    """The language that the holder's system speaks; English if it is none of ours."""
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    if locale.startswith(("zh_TW", "zh_HK", "zh_MO", "zh-Hant")):
        return Language.ZH_HANT
    return Language.ZH_HANS if locale.startswith("zh") else Language.EN
