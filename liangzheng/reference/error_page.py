"""Every error of the wallet as one table: code, meaning, what to do, whether again helps, what the holder is told."""

import importlib
import pkgutil
from collections.abc import Iterator
from itertools import groupby

import wallet_sdk
from wallet_sdk.errors import WalletError

_TEXTS = """\
# Errors of the wallet

Written from the sources by `python -m liangzheng.reference`; do not edit it. Each is a class below `WalletError` in
Python, and a `WalletError` of this `code` in TypeScript where that has the feature. *Again* says whether the same may
work later or after the holder has done something. The last column is `user_text(language)`: show it, never the message.
"""


def page() -> str:
    """The whole page."""
    parts = [_TEXTS]
    for module, group in groupby(sorted(leaves(), key=lambda each: (each.__module__, each.code)), _module):
        parts.append(f"## `{module}`\n")
        parts.append("| code, class | meaning | what to do | again | for the holder |\n|---|---|---|---|---|")
        parts += [_row(each) for each in group]
        parts.append("")
    return "\n".join(parts)


def _module(leaf: type[WalletError]) -> str:
    return leaf.__module__.replace("wallet_sdk", "liangzheng_wallet")


def _row(leaf: type[WalletError]) -> str:
    texts = "<br>".join((leaf.texts.zh_hans, leaf.texts.zh_hant, leaf.texts.en))
    again = "yes" if leaf.retryable else "no"
    cells = (f"`{leaf.code}` {leaf.__name__}", leaf.meaning, leaf.hint, again, texts)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def leaves() -> Iterator[type[WalletError]]:
    """Each error of the wallet that has a code."""
    for found in pkgutil.walk_packages(wallet_sdk.__path__, "wallet_sdk."):
        if not found.name.rpartition(".")[2].startswith("cli"):
            importlib.import_module(found.name)
    waiting: list[type[WalletError]] = [WalletError]
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        if "code" in vars(each) and each.__module__.startswith("wallet_sdk"):
            yield each
