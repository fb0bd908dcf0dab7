"""The settings of one terminal: `terminal.json` and the pinned `root.cbor` in its directory.

The root key is checked against the thumbprint in the settings whenever they are read, so that neither file can be
exchanged alone.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from protocol import cbor, keys, short_code
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.labels import Purpose
from protocol.short_code import ShortCode
from verifier_terminal.appraisal.context import Face
from verifier_terminal.errors import AlreadyATerminal, NotATerminal, RootMismatch, SiteUnusable
from verifier_terminal.replacing import replace_file

SETTINGS: Final = "terminal.json"
ROOT: Final = "root.cbor"
MAX_ROOT_BYTES: Final = 256
"""A public key as a COSE_Key takes about 80."""
PROFILES: Final = tuple(purpose.word for purpose in Purpose)

_ATTENDED: Final = frozenset({Purpose.WINDOW, Purpose.ROADSIDE, Purpose.HOTEL, Purpose.AIRPORT})
_FACE_COMPARED: Final = frozenset({Purpose.WINDOW, Purpose.ROADSIDE})
"""TERMINAL.md, "Default matrix": where the person there compares the face as a rule."""


@dataclass(frozen=True, slots=True)
class TerminalSettings:
    """What was decided when the terminal was set up.

    Attributes:
        terminal_id: random; binds the journal to this terminal.
        name: for people.
        profile: word of the purpose for which licences are shown here.
        region: six digits: whose policy counts here.
        trust: folder or http(s) address of the issuer's published files; or of a repository, see below.
        root_sha256: thumbprint of the pinned root, hexadecimal.
        site: four characters by which short codes name this place; empty: it belongs to no site and has none.
        repository_sha256: SHA-256 of the first root of the trust metadata, hexadecimal: `trust` is a repository of
            several regions. Empty: it is one region's folder.
        operator: address of the service that certifies and hears this terminal; empty: nobody hears it.

    Settings that were written before the last three existed do without them.
    """

    terminal_id: str
    name: str
    profile: str
    region: str
    trust: str
    root_sha256: str
    site: str = ""
    repository_sha256: str = ""
    operator: str = ""

    @property
    def purpose(self) -> Purpose:
        return Purpose[self.profile.upper()]

    @property
    def face(self) -> Face:
        """What kind of place this is."""
        return Face(self.purpose, self.region, self.purpose in _ATTENDED, self.purpose in _FACE_COMPARED)


def load_root(encoded: bytes) -> VerificationKey:
    """The root of a `root.cbor`.

    Raises:
        RootMismatch: These bytes are no public key.
    """
    try:
        return keys.load_cose_key(cbor.decode(encoded))
    except ProtocolError as refusal:
        raise RootMismatch(f"{ROOT} holds no public key: {refusal}") from refusal


def check_root(root: VerificationKey, *, expected_sha256: str) -> None:
    """Return if this is the root that was named.

    Raises:
        RootMismatch: It is another one.
    """
    if root.thumbprint.hex() != expected_sha256.strip().lower().replace(":", ""):
        raise RootMismatch(f"its SHA-256 is {root.thumbprint.hex()}")


def save(directory: Path, settings: TerminalSettings, root: VerificationKey) -> None:
    """Writes both files; the settings last, because they make the directory a terminal.

    Raises:
        AlreadyATerminal: There is one.
        NotATerminal: The files cannot be written, or not be read again.
    """
    entries = asdict(settings)
    _check_texts(entries)
    try:
        if not is_terminal(directory):
            # What a set-up left behind that was killed between the two files; no settings belong to it.
            (directory / ROOT).unlink(missing_ok=True)
        _write_new(directory / ROOT, cbor.encode(root.cose_key))
        _write_new(directory / SETTINGS, _encoded(entries))
    except FileExistsError as there:
        raise AlreadyATerminal(str(directory)) from there
    except OSError as failure:
        raise NotATerminal(f"{directory}: {failure.strerror}") from failure


def change(directory: Path, settings: TerminalSettings) -> None:
    """Puts other settings in the place of those that are there, whole or not at all.

    Raises:
        NotATerminal: They cannot be written; the old ones stay.
    """
    entries = asdict(settings)
    _check_texts(entries)
    try:
        replace_file(directory / SETTINGS, _encoded(entries))
    except OSError as failure:
        raise NotATerminal(f"{directory}: {failure.strerror}") from failure


def site_characters(typed: str) -> str:
    """A site's four characters in their one form, however they were typed.

    Raises:
        SiteUnusable: They are no site's.
    """
    try:
        return ShortCode(short_code.decode_site(typed), 0).site_characters
    except ProtocolError as refusal:
        raise SiteUnusable(str(refusal)) from refusal


def is_terminal(directory: Path) -> bool:
    """Whether a terminal was set up here."""
    return (directory / SETTINGS).exists()


def load(directory: Path) -> tuple[TerminalSettings, VerificationKey]:
    """The settings and the root that belongs to them.

    Raises:
        NotATerminal: They are missing or damaged.
        RootMismatch: The root is not the one in the settings.
    """
    try:
        content = json.loads((directory / SETTINGS).read_bytes())
        root_bytes = (directory / ROOT).read_bytes()
    except OSError as failure:
        raise NotATerminal(f"{directory}: {failure.strerror}") from failure
    except (ValueError, RecursionError) as wrong:
        raise NotATerminal(f"{SETTINGS} is not JSON") from wrong
    fields = TerminalSettings.__dataclass_fields__.keys()
    if isinstance(content, dict):
        content = {"site": "", "repository_sha256": "", "operator": ""} | content
    if not isinstance(content, dict) or content.keys() != fields:
        raise NotATerminal(f"{SETTINGS} has not exactly these entries: {', '.join(fields)}")
    _check_texts(content)
    if content["profile"] not in PROFILES:
        raise NotATerminal(f"{SETTINGS}: profile is one of {', '.join(PROFILES)}")
    if content["site"]:
        content["site"] = site_characters(content["site"])
    settings = TerminalSettings(**content)
    root = load_root(root_bytes)
    check_root(root, expected_sha256=settings.root_sha256)
    return settings, root


def _encoded(entries: Mapping[str, object]) -> bytes:
    return json.dumps(entries, ensure_ascii=False, indent=2).encode() + b"\n"


def _check_texts(entries: Mapping[str, object]) -> None:
    """Control characters and halves of characters can stand in no name, path or address that is used later."""
    for name, value in entries.items():
        if not isinstance(value, str) or not value.isprintable():
            raise NotATerminal(f"{SETTINGS}: {name} is no printable text")


def _write_new(path: Path, content: bytes) -> None:
    """Writes a file that must not exist yet; durable on return."""
    with path.open("xb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
