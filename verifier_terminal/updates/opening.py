"""The updates of one terminal with everything real: where the repository's metadata lie, and what this machine is."""

import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocol.unixtime import UnixTime
from revocation.repository import durable
from revocation.repository.errors import FolderUnusable
from revocation.repository.releases import Version
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import FetchError
from verifier_terminal.store.store import Store
from verifier_terminal.sync.http_mirror import HttpMirror
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.sync.repository_mirror import Repository
from verifier_terminal.updates import installing
from verifier_terminal.updates.errors import InstallFailed, NoRepository
from verifier_terminal.updates.states import Progress
from verifier_terminal.updates.working import Places, Updates

METADATA: Final = "metadata"
"""In the software's folder, and not the terminal's own: whoever got hold of the running terminal must not be able to
show the updating service an older state."""

OpenMirror = Callable[[str], HttpMirror | FolderMirror]


@dataclass(frozen=True, slots=True)
class OpenedUpdates:
    """The updates of one terminal at one moment."""

    updates: Updates
    at: UnixTime
    clock_plausible: bool
    settings: TerminalSettings
    program: Path
    open_mirror: OpenMirror

    def fetch(self, source: str | None, *, tell: Callable[[str], None]) -> Progress | None:
        """As `Updates.fetch`, from the terminal's repository or a copy of it. Raises: as there, and NoRepository."""
        if not self.settings.repository_sha256:
            raise NoRepository
        mirror = self.open_mirror(source or self.settings.trust)
        try:
            repository = Repository(self.program / METADATA, expected_sha256=self.settings.repository_sha256)
            if repository.held(at=self.at) is None:
                try:
                    repository.set_up(mirror)
                except FetchError as failure:
                    tell(str(failure))
            return self.updates.fetch(repository, mirror, at=self.at, tell=tell)
        finally:
            if isinstance(mirror, HttpMirror):
                mirror.close()


@contextmanager
def alone(program: Path) -> Iterator[None]:
    """Nobody else works on the software meanwhile. Raises: InstallFailed: Somebody does, or the folder is unusable."""
    with ExitStack() as held:
        try:
            held.enter_context(durable.alone(program))
        except FolderUnusable as failure:
            raise InstallFailed(str(failure)) from failure
        yield


def of(
    directory: Path,
    program: Path,
    settings: TerminalSettings,
    store: Store,
    *,
    running: Version,
    at: UnixTime,
    clock_plausible: bool,
    open_mirror: OpenMirror,
) -> OpenedUpdates:
    """Of the terminal here."""
    updates = Updates(
        Places(directory, program, running, this_platform()),
        settings,
        store,
        installer=installing,
        free_bytes=lambda folder: shutil.disk_usage(folder).free,
    )
    return OpenedUpdates(updates, at, clock_plausible, settings, program, open_mirror)


def this_platform() -> str:
    """Of what runs this program: `cpython_311_linux_x86_64`; wheels fit one of these alone."""
    return f"{sys.implementation.cache_tag}_{sysconfig.get_platform()}".replace("-", "_").lower()
