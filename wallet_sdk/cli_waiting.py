"""Licences that issuers owe the wallet, between two runs of the command line: a file beside the vault, its owner's.

What it holds opens a package that is bound to this wallet's key, so it shows a thief the licence and lets nobody use
it. An application keeps `Waiting` where it keeps its own secrets.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from wallet_sdk import durable_file
from wallet_sdk.openid4vci.accepting import Waiting
from wallet_sdk.openid4vci.errors import NothingWaits

FILE: Final = "waiting.json"


def read(folder: Path) -> tuple[Waiting, ...]:
    """Everything that waits. Raises: NothingWaits, VaultUnreadable."""
    try:
        found = tuple(Waiting(**each) for each in json.loads(durable_file.read(folder / FILE, absent=NothingWaits)))
    except (ValueError, TypeError):
        raise NothingWaits(f"{FILE} is damaged") from None
    if not found:
        raise NothingWaits
    return found


def keep(folder: Path, waiting: tuple[Waiting, ...]) -> None:
    """Keep these and nothing else. Raises: VaultNotWritten."""
    durable_file.replace(folder / FILE, json.dumps([asdict(each) for each in waiting]).encode())


def add(folder: Path, waiting: Waiting) -> None:
    """Keep this one, too. Raises: VaultNotWritten, VaultUnreadable."""
    try:
        before = read(folder)
    except NothingWaits:
        before = ()
    keep(folder, (*before, waiting))
