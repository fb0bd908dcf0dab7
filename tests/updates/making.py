"""Releases of a fictional program: a wheel that does what it is told, packed, and listed in a real repository."""

import base64
import hashlib
import shutil
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from protocol.unixtime import UnixTime
from revocation.repository import releasing
from revocation.repository.releases import Offer, Release, Version
from tests.revocation.repository.keepers import MAKING, Kept
from tests.revocation.repository.simulator import NOW
from tests.utopia.randomness import Drbg
from verifier_terminal.config import TerminalSettings
from verifier_terminal.store import schema
from verifier_terminal.store.store import Store
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.sync.repository_mirror import Repository
from verifier_terminal.updates import archive, launching
from verifier_terminal.updates.errors import SelfTestFailed
from verifier_terminal.updates.opening import METADATA, this_platform
from verifier_terminal.updates.states import Progress
from verifier_terminal.updates.working import SETTINGS, Places, Updates

PLATFORM = this_platform()
NOTES = {"zh-Hans": "修复", "zh-Hant": "修復", "en": "repairs"}
REGION = "330000"
CLOSED = UnixTime(1_795_800_000 // 86_400 * 86_400 - 5 * 3_600)
"""03:00 at UTC+8 of some day."""
GOOD = "import sys; sys.exit(0)"


def wheel(folder: Path, version: str, program: str = GOOD, *, name: str = "liangzheng") -> Path:
    """A wheel whose `python -m NAME …` runs this program."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    meta = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "",
        f"{name}/__main__.py": program,
        f"{meta}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{meta}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }

    def line(of: str, content: str) -> str:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
        return f"{of},sha256={digest},{len(content.encode())}\n"

    record = "".join(line(of, content) for of, content in files.items()) + f"{meta}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as made:
        for of, content in {**files, f"{meta}/RECORD": record}.items():
            made.writestr(of, content)
    return path


@dataclass
class Publisher:
    """A repository that releases software."""

    folder: Path
    kept: Kept = field(init=False)

    def __post_init__(self) -> None:
        self.kept = Kept(self.folder / "repository", regions=(REGION,))

    def archive(self, version: str, program: str = GOOD) -> Path:
        packed = self.folder / f"{version}.tar"
        wheel(self.folder / "wheels" / version, version, program)
        assert archive.pack(self.folder / "wheels" / version, packed) == version
        return packed

    def release(
        self, version: str, *, packed: Path | None = None, offer: Offer | None = None, **changes: Any
    ) -> Release:
        """Listed and published, by default offered to everybody."""
        packed = packed or self.archive(version)
        size, sha256 = releasing.measure(packed)
        new = Release(
            version=Version.parse(version),
            platform=PLATFORM,
            size=size,
            sha256=sha256,
            least_previous=Version(0, 0, 0),
            schema=schema.VERSION,
            usable_from=schema.USABLE_FROM,
            notes=NOTES,
            offer=offer or Offer(100),
        )
        new = replace(new, **changes)
        releasing.add(self.kept.folder, packed, new, key=None, making=MAKING)
        self.kept.publish()
        return new

    def withdraw(self, release: Release, reason: str = "it forgets") -> None:
        releasing.withdraw(self.kept.folder, release.path, reason)
        self.kept.publish()

    @property
    def root_sha256(self) -> str:
        return hashlib.sha256((self.kept.files / "metadata" / "1.root.json").read_bytes()).hexdigest()


class Stand:
    """An installer without environments: it unpacks, and its self-test says what it is told to."""

    def __init__(self) -> None:
        self.fails: str | None = None
        self.forgot: set[str | None] = set()

    def is_complete(self, program: Path, version: str, sha256: bytes) -> bool:
        marker = program / "releases" / version / "complete"
        return marker.exists() and marker.read_bytes() == sha256

    def install(self, program: Path, version: str, packed: Path, sha256: bytes) -> None:
        python = launching.interpreter(program, version)
        if not self.is_complete(program, version, sha256):
            shutil.rmtree(program / "unpacked", ignore_errors=True)
            archive.unpack(packed, program / "unpacked" / version)
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
            (program / "releases" / version / "complete").write_bytes(sha256)

    def self_test(self, program: Path, version: str, directory: Path) -> None:
        if self.fails is not None:
            raise SelfTestFailed(self.fails)

    def forget_all_but(self, program: Path, versions: set[str | None]) -> None:
        self.forgot = versions


class Machine:
    """A terminal's folder and a program's, and what works on them; `running` changes as after a start."""

    def __init__(self, folder: Path, publisher: Publisher, *, running: str = "0.1.0", terminal: str = "t1") -> None:
        (folder / "terminal").mkdir(parents=True)
        (folder / "program").mkdir()
        self._open(folder, publisher.kept.files, publisher.root_sha256, terminal)
        self.publisher, self.running = publisher, running
        self.repository.set_up(self.mirror)
        (self.directory / SETTINGS).write_text('[open]\nmonday = ["00:00-00:01"]\n')

    @classmethod
    def opened(cls, folder: Path, published: Path, root_sha256: str) -> "Machine":
        """The same machine in another process, without its publisher."""
        made = cls.__new__(cls)
        made._open(folder, published, root_sha256, "t1")
        made.running = "0.1.0"
        return made

    def _open(self, folder: Path, published: Path, root_sha256: str, terminal: str) -> None:
        self.directory, self.program = folder / "terminal", folder / "program"
        self.settings = TerminalSettings(terminal, "一号窗口", "window", REGION, str(published), "00", "", root_sha256)
        self.installer = Stand()
        self.store = Store(self.directory, terminal_id=terminal, random_bytes=Drbg(f"updates {published}"))
        self.repository = Repository(self.program / METADATA, expected_sha256=root_sha256)
        self.mirror = FolderMirror(published)
        self.said: list[str] = []

    def updates(self, **changes: Any) -> Updates:
        places = Places(self.directory, self.program, Version.parse(self.running), PLATFORM)
        made = {"installer": self.installer, "free_bytes": lambda _: 10**12} | changes
        return Updates(places, self.settings, self.store, **made)

    def fetch(self, *, at: UnixTime = NOW, mirror: Any = None, **changes: Any) -> Progress | None:
        return self.updates(**changes).fetch(self.repository, mirror or self.mirror, at=at, tell=self.said.append)

    def apply(self, *, at: UnixTime = CLOSED, clock_plausible: bool = True, **changes: Any) -> Progress:
        return self.updates().apply(at=at, clock_plausible=clock_plausible, by="tests", **changes)

    def start(self, *, healthy: bool = True) -> str | None:
        """One start, as the launcher does it; gives the version that ran."""
        version = launching.version_to_run(self.program, self.directory)

        class Child:
            def wait(self, seconds: float) -> int | None:
                if healthy:
                    launching.note_healthy(directory, version or "0.1.0")
                return 0 if healthy else 1

            def end(self) -> None:
                raise AssertionError("nobody hangs here")

        directory = self.directory
        launching.launch(self.program, self.directory, start=lambda _: Child())
        self.running = version or "0.1.0"
        return version

    def steps(self) -> list[str]:
        """What the journal tells of software, the oldest first."""
        rows = self.store.journal.rows(event="software", limit=1_000)
        return [f"{each.payload['version']} {each.payload['step']}" for each in reversed(rows) if each.payload]
