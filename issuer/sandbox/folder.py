"""Which folder a sandbox may use: an empty one, or one that it made itself. Never one with an authority's keys."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from issuer.errors import IssuerError
from issuer.profile import Places, Profile
from issuer.sandbox.errors import SandboxFolderRefused

REGION: Final = "990000"
"""No region of GB/T 2260 begins with 99, so no terminal of a real region knows it."""
AUTHORITY: Final = "SANDBOX"
"""Stands in every credential: iss is 990000.SANDBOX."""
MARK_FILE: Final = "sandbox.txt"
MARK_TEXT: Final = (
    b"Made by `liangzheng issuer sandbox` for trying things. Whatever is issued with these keys is valid nowhere.\n"
)


def is_ours(folder: Path, *, read: Callable[[Places], Profile]) -> bool:
    """Whether a sandbox is in this folder already; False if it is empty or not there yet.

    Raises:
        SandboxFolderRefused: Something else is in it.
    """
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return False
    except OSError as error:
        raise SandboxFolderRefused(f"the folder cannot be read: {error.strerror}") from None
    if not (folder / MARK_FILE).is_file():
        raise SandboxFolderRefused(f"the folder is not empty, and no sandbox made it: it has no {MARK_FILE}")
    try:
        its = read(Places(folder))
    except IssuerError as error:
        raise SandboxFolderRefused(f"the folder holds no whole sandbox: {error}") from None
    if (its.region, its.authority) != (REGION, AUTHORITY) or not its.fictional or its.token is not None:
        # A mark can be copied; keys of another authority are not used here whatever lies beside them.
        raise SandboxFolderRefused(f"the folder holds the keys of {its.iss}, which are not a sandbox's")
    return True
