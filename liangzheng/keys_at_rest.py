"""The doctor's look at given folders: who could use the private keys that rest there (CONTRACTS.md, "Keys at rest").

Nothing is opened and no passphrase is asked for: only names and permissions of files are looked at, and where an issuer
says that its token is. The names are written out here, because the doctor must be able to speak when a role's libraries
do not load.
"""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from liangzheng.findings import Finding, Grade

_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class Resting:
    """What a role's folder is known by, and what lies in it.

    Attributes:
        role: The word for the folder.
        known_by: The file that makes it one.
        key_file: The random key that opens the encrypted keys, where no passphrase does; or the key itself.
        secrets: Files that only their owner may read.
        power: What somebody who has the keys can do.
        remedy: What to do about a key file.
    """

    role: str
    known_by: str
    key_file: str
    secrets: tuple[str, ...]
    power: str
    remedy: str


ROLES: Final = (
    Resting(
        "issuer",
        "keys.box",
        "keys.key",
        ("keys.box", "keys.key", "operator.token", "register.sqlite"),
        "issue licences",
        "Put them under a passphrase: `liangzheng issuer key passphrase DIR --new-passphrase-file FILE`.",
    ),
    Resting(
        "wallet",
        "wallet.vault",
        "wallet.key",
        ("wallet.vault", "wallet.key"),
        "show its licences",
        "Make a wallet for real licences with --passphrase-file, and have them issued to its key.",
    ),
    Resting(
        "terminal",
        "terminal.json",
        "terminal.key",
        ("terminal.key",),
        "ask holders in its name and sign receipts, until its certificate ends within seven days",
        "Keep the folder to the account that runs the terminal: it starts by itself, so no passphrase is asked.",
    ),
)


def keys_at_rest(folder: Path) -> Iterator[Finding]:
    """How the private keys in this folder are protected."""
    subject = f"keys in {folder}"
    try:
        closed = os.name != "posix" or not stat.S_IMODE(folder.stat().st_mode) & _OTHERS
        names = {entry.name: entry.stat(follow_symlinks=False).st_mode for entry in os.scandir(folder)}
    except OSError as error:
        yield Finding(subject, Grade.PROBLEM, f"The folder cannot be read: {error.strerror}.", "Name one that can.")
        return
    roles = [role for role in ROLES if role.known_by in names]
    if not roles:
        meaning = "No issuer, wallet or terminal is in this folder."
        yield Finding(subject, Grade.NOTICE, meaning, "Name the folder that init made.")
    for role in roles:
        open_to_others = [name for name in role.secrets if stat.S_IMODE(names.get(name, 0)) & _OTHERS]
        # Nobody else comes past a closed folder. Windows keeps no such bits; a user's folders there are that user's.
        if open_to_others and not closed:
            meaning = f"Other users of this machine may read or change {', '.join(open_to_others)} of this {role.role}."
            yield Finding(subject, Grade.PROBLEM, meaning, "Take their rights away: chmod 600.")
        if role.key_file in names and role.role == "terminal":
            meaning = (
                f"The key of this terminal rests without a passphrase in {role.key_file}: whoever can read or copy "
                f"this folder can {role.power}."
            )
            yield Finding(subject, Grade.NOTICE, meaning, role.remedy)
        elif role.key_file in names:
            meaning = (
                f"This {role.role} has no passphrase: {role.key_file} lies beside what it opens, so whoever can "
                f"read or copy this folder can {role.power}."
            )
            yield Finding(subject, Grade.NOTICE, meaning, role.remedy)
        elif role.role == "terminal":
            yield Finding(subject, Grade.OK, f"This {role.role} holds no private key.")
        else:
            yield Finding(subject, Grade.OK, f"The keys of this {role.role} rest under a passphrase.")
        if role.role == "issuer":
            yield from _token(folder, subject)


def _token(folder: Path, subject: str) -> Iterator[Finding]:
    """Whether this issuer's keys are made in a token, and whether its module is here. The token is not asked."""
    try:
        place = json.loads((folder / "issuer.json").read_bytes()).get("pkcs11")
    except (OSError, ValueError, AttributeError):
        return  # An issuer says so itself when it is opened.
    match place:
        case {"module": str() as module, "token": str() as label} if Path(module).is_file():
            yield Finding(subject, Grade.OK, f"New keys are made in token {label} by {module}, and never leave it.")
        case {"module": str() as module, "token": str() as label}:
            meaning = f"Keys are in token {label}, and its module {module} is not here: nothing can be signed."
            yield Finding(subject, Grade.PROBLEM, meaning, "Install the library of the token's maker at this path.")
        case _:
            pass
