"""The self-test of a version that is to run here: does it work on this machine, and with this terminal's own files?

1 a copy of the terminal opens, its database is brought to this version, a row can be written, its journal holds ·
2 the built-in code is accepted under the built-in documents at their own moment · 3 the same code with one character
changed is refused. Not handled here: who made the copy (`updates.installing`).
"""

import json
from base64 import b64decode
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from protocol.unixtime import UnixTime
from verifier_terminal import config, wiring
from verifier_terminal.appraisal.appraise import appraise, appraise_bytes
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.config import TerminalSettings
from verifier_terminal.identity import Identity
from verifier_terminal.session import Session
from verifier_terminal.store.store import Store
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.trusted_time import TrustedTime
from verifier_terminal.updates.errors import SelfTestFailed

VECTOR: Final = "self_test.json"
"""Made by `python -m tests.terminal.self_test_vector`: {"at", "region", "code", "files": {name: base64}}."""


def run(copy: Path) -> None:
    """All of it, on a copy of a terminal.

    Raises:
        SelfTestFailed: A step did not come out as it must.
        TerminalError: The terminal itself cannot be opened.
    """
    with wiring.open_session(copy) as session:
        # A row of its own: a disk or database that cannot be written shows here.
        session.note_restored()
        findings = session.verify_journal().findings
        if findings:
            raise SelfTestFailed(f"the journal: {findings[0].text}")
    vector = json.loads(resources.files("verifier_terminal.updates").joinpath(VECTOR).read_bytes())
    code = str(vector["code"])
    forged = code[:-1] + ("A" if code[-1] != "A" else "B")
    for text, expected in ((code, VerdictClass.ACCEPT), (forged, VerdictClass.REFUSE)):
        found = _appraised(vector, text)
        if found is not expected:
            raise SelfTestFailed(f"the built-in code is {found} instead of {expected}")


def _appraised(vector: dict[str, object], text: str) -> VerdictClass:
    at, files = UnixTime(int(str(vector["at"]))), vector["files"]
    assert isinstance(files, dict)
    with TemporaryDirectory() as scratch:
        published, directory = Path(scratch, "published"), Path(scratch, "terminal")
        directory.mkdir()
        for name, content in files.items():
            (published / name).parent.mkdir(parents=True, exist_ok=True)
            (published / name).write_bytes(b64decode(content))
        root = config.load_root((published / config.ROOT).read_bytes())
        thumbprint, region = root.thumbprint.hex(), str(vector["region"])
        settings = TerminalSettings("self-test", "self-test", "window", region, str(published), thumbprint)
        session = Session(
            settings,
            root,
            Store(directory, terminal_id=settings.terminal_id, random_bytes=wiring.random_bytes),
            identity=Identity(directory, random_bytes=wiring.random_bytes),
            appraise=appraise,
            appraise_bytes=appraise_bytes,
            time=TrustedTime(now=lambda: at, elapsed_seconds=lambda: 0.0),
            elapsed_seconds=lambda: 0.0,
            random_bytes=wiring.random_bytes,
        )
        try:
            session.sync(FolderMirror(published))
            return session.scan(text, source="self-test").verdict.verdict_class
        finally:
            session.close()
