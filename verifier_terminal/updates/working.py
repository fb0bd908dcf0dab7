"""One terminal's way to newer software: looked for, fetched, installed beside, tried, and switched to when closed.

    fetch:  settle → [trust metadata] → withdrawn? → chosen → downloaded → installed and tried → ready
    apply:  settle → closed, unused, not postponed? → switched; the next start runs it
    settle: what the last start came to is written down; a version that never came up is given up

Every step is a row with a line in the journal, and can be begun again after the machine was killed anywhere in it.
Guaranteed: nothing is switched while the place is open or in use, whatever was signed; the version that runs is not
touched. Not handled here: which steps there are (`states`), and starting programs (`launching`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from protocol.unixtime import DAY, MINUTE, Seconds, UnixTime
from revocation.repository.errors import MalformedMetadata
from revocation.repository.releases import Release, Version
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import TerminalError
from verifier_terminal.faces import service
from verifier_terminal.store import schema
from verifier_terminal.store.store import DATABASE, Store
from verifier_terminal.sync.http_mirror import HttpMirror
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.updates import choosing, downloading, hours, launching
from verifier_terminal.updates.choosing import Here
from verifier_terminal.updates.errors import (
    ArchiveRefused,
    InstallFailed,
    NothingBefore,
    NothingReady,
    NotNow,
    NoWayBack,
    ReleaseDamaged,
    ReleasesLate,
    SelfTestFailed,
    SettingsUnusable,
)
from verifier_terminal.updates.hours import OpeningHours
from verifier_terminal.updates.launching import Current, Start
from verifier_terminal.updates.rows import Rows
from verifier_terminal.updates.states import PENDING, Progress, State

if TYPE_CHECKING:
    from verifier_terminal.sync.repository_mirror import Repository

SETTINGS: Final = "updates.toml"
DOWNLOADS: Final = "downloads"
MARGIN: Final = Seconds(30 * MINUTE)
"""Nothing is switched so shortly before the place opens: a version that does not come up has its tries before that."""
QUIET: Final = Seconds(10 * MINUTE)
MAX_POSTPONED: Final = Seconds(7 * DAY)
_NOT_UP: Final = f"it did not come up in {launching.TRIES} starts"


class Installing(Protocol):
    """What puts a version beside the others (`installing`)."""

    def is_complete(self, program: Path, version: str, sha256: bytes) -> bool: ...
    def install(self, program: Path, version: str, packed: Path, sha256: bytes) -> None: ...
    def self_test(self, program: Path, version: str, directory: Path) -> None: ...
    def forget_all_but(self, program: Path, versions: set[str | None]) -> None: ...


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is.

    Attributes:
        directory: The terminal's.
        program: The software's folder, which only the updating service writes.
        running: The version of this program.
        platform: As releases name this machine.
    """

    directory: Path
    program: Path
    running: Version
    platform: str


class Updates:
    """The software of one terminal, as one process works on it."""

    def __init__(
        self,
        places: Places,
        settings: TerminalSettings,
        store: Store,
        *,
        installer: Installing,
        free_bytes: Callable[[Path], int],
    ) -> None:
        self._places, self._settings, self._store = places, settings, store
        self._rows = Rows(store)
        self._installer, self._free_bytes = installer, free_bytes

    def rows(self) -> tuple[Progress, ...]:
        """Every version that was offered here, the newest first. Raises: OutOfOrder."""
        return self._rows.all()

    def pending(self) -> Progress | None:
        """The version that is on its way. Raises: OutOfOrder."""
        return next((each for each in self.rows() if each.state in PENDING), None)

    # Looking for one.

    def fetch(
        self, repository: "Repository", mirror: HttpMirror | FolderMirror, *, at: UnixTime, tell: Callable[[str], None]
    ) -> Progress | None:
        """Goes as far as ready, with what can be reached; None: there is nothing newer.

        Raises:
            ReleasesLate: What is held is too old to rely on.
            UpdateError, FetchError: The step could not be done; the next call begins there.
            OutOfOrder: It could not be written down.
        """
        self.settle(at=at)
        try:
            repository.refresh(mirror, at=at)
        except TerminalError as failure:
            # What is held may say enough, and an archive may be here already.
            tell(str(failure))
        metadata = repository.held(at=at)
        if metadata is None:
            raise ReleasesLate("nothing was ever fetched")
        if (since := metadata.releases_late_since(at=at)) is not None:
            raise ReleasesLate(f"since {since}")
        try:
            found = metadata.releases()
        except MalformedMetadata as wrong:
            raise ArchiveRefused(str(wrong)) from wrong
        self._note_withdrawn(found, at=at)
        chosen = choosing.choose(found, self._here())
        for each in self.rows():
            if each.state in PENDING and (chosen is None or each.sha256 != chosen.sha256):
                self._rows.drop(each, "dropped", at=at)
        if chosen is None:
            return None
        return self._tried(chosen, self._downloaded(chosen, self._offered(chosen, at=at), mirror, at=at), at=at)

    def _here(self) -> Here:
        _, usable_from = schema.versions(self._places.directory / DATABASE)
        given_up = frozenset(each.sha256 for each in self.rows() if each.state is State.ROLLED_BACK)
        settings, places = self._settings, self._places
        return Here(settings.terminal_id, settings.region, places.platform, places.running, usable_from, given_up)

    def _note_withdrawn(self, found: tuple[Release, ...], *, at: UnixTime) -> None:
        withdrawn = {each.sha256: each.withdrawn for each in found if each.withdrawn is not None}
        for each in self.rows():
            reason = withdrawn.get(each.sha256)
            if reason is None or each.withdrawn:
                continue
            if each.state in PENDING:
                self._rows.drop(each, "withdrawn", at=at)
            else:
                self._rows.record(replace(each, withdrawn=reason), "withdrawn", at=at)

    def _offered(self, chosen: Release, *, at: UnixTime) -> Progress:
        held = next((each for each in self.rows() if each.sha256 == chosen.sha256), None)
        if held is None:
            new = Progress(
                chosen.version, chosen.sha256, State.OFFERED, at, chosen.notes, chosen.usable_from, chosen.ask_after
            )
            return self._rows.record(new, "offered", at=at)
        if held.state is State.APPLIED:
            # Gone back to, for what came after it was withdrawn.
            return self._rows.record(held.moved(State.OFFERED, at=at), "offered", at=at)
        if held.ask_after != chosen.ask_after:
            held = self._rows.record(replace(held, ask_after=chosen.ask_after), "asked", at=at)
        return held

    def _downloaded(
        self, chosen: Release, progress: Progress, mirror: HttpMirror | FolderMirror, *, at: UnixTime
    ) -> Progress:
        is_here = self._is_complete(progress) if progress.state is State.READY else self._held(chosen) is not None
        if progress.state is not State.OFFERED and not is_here:
            progress = self._rows.record(progress.moved(State.OFFERED, at=at), "lost", at=at)
        if progress.state is State.OFFERED:
            folder = self._places.program / DOWNLOADS
            downloading.download(mirror, chosen, folder, free_bytes=self._free_bytes)
            progress = self._rows.record(progress.moved(State.DOWNLOADED, at=at), "downloaded", at=at)
        return progress

    def _tried(self, chosen: Release, progress: Progress, *, at: UnixTime) -> Progress:
        if progress.state is not State.DOWNLOADED:
            return progress
        version, packed = str(chosen.version), self._held(chosen)
        if packed is None or downloading.digest(packed) != chosen.sha256:
            # Between the download and now somebody wrote into the folder, or the disk did.
            if packed is not None:
                packed.unlink()
            self._rows.record(progress.moved(State.OFFERED, at=at), "lost", at=at)
            raise ReleaseDamaged(version)
        try:
            self._installer.install(self._places.program, version, packed, chosen.sha256)
            self._installer.self_test(self._places.program, version, self._places.directory)
        except (ArchiveRefused, SelfTestFailed) as refused:
            self._rows.record(progress.moved(State.ROLLED_BACK, at=at, detail=refused.detail), "refused", at=at)
            raise
        ready = self._rows.record(progress.moved(State.READY, at=at), "ready", at=at)
        packed.unlink()
        return ready

    def _held(self, chosen: Release) -> Path | None:
        return downloading.held(self._places.program / DOWNLOADS, chosen.sha256)

    def _is_complete(self, progress: Progress) -> bool:
        return self._installer.is_complete(self._places.program, str(progress.version), progress.sha256)

    # Going to it.

    def check_now(self, *, at: UnixTime, clock_plausible: bool) -> Progress:
        """The version that may be applied at this moment.

        Raises:
            NothingReady: There is none.
            NotNow: It may not: open, in use, postponed, or nobody knows what time it is.
        """
        ready = self.pending()
        if ready is None or ready.state is not State.READY or not self._is_complete(ready):
            raise NothingReady
        why = self._why_not_now(ready, at=at, clock_plausible=clock_plausible)
        if why:
            raise NotNow(why)
        return ready

    def _why_not_now(self, ready: Progress, *, at: UnixTime, clock_plausible: bool) -> str:
        if ready.waits(at=at):
            return "staff have postponed it"
        used = self._rows.last_use()
        if used is not None and abs(at - used) < QUIET:
            return "the terminal was in use a moment ago"
        if service.read(self._places.directory) is not None:
            return ""
        if not clock_plausible:
            return "the clock cannot be right, so nobody knows whether it is closed"
        opening = opening_hours(self._places.directory)
        if opening is None:
            return f"no opening hours are set in {SETTINGS}, and it is not out of service"
        closed = opening.closed_for(at)
        if closed == 0:
            return "it is open"
        return "" if closed >= MARGIN else "it opens in a moment"

    def apply(self, *, at: UnixTime, clock_plausible: bool, by: str, no_way_back: bool = False) -> Progress:
        """Switches to the version that is ready; whoever starts the program next starts that one.

        Raises:
            NothingReady, NotNow: As `check_now`.
            NoWayBack: The version that runs could not read the database afterwards, and nobody has agreed to that.
            InstallFailed: The switch could not be written; nothing has changed.
        """
        self.settle(at=at)
        ready = self.check_now(at=at, clock_plausible=clock_plausible)
        way_back = ready.usable_from <= schema.VERSION
        if not way_back and not no_way_back:
            raise NoWayBack(str(ready.version))
        program, version, running = self._places.program, str(ready.version), str(self._places.running)
        previous = running if self._installed(running) else None
        self._switch(Current(version, previous, way_back), Start(version))
        applied = self._rows.record(ready.moved(State.APPLIED, at=at), "applied", at=at, by=by)
        self._installer.forget_all_but(program, {version, previous})
        return applied

    def postpone(self, until: UnixTime, *, at: UnixTime, by: str) -> Progress:
        """Lets the version that is on its way wait.

        Raises:
            NothingReady: None is.
            NotNow: That is longer than anybody may postpone it at once.
        """
        pending = self.pending()
        if pending is None:
            raise NothingReady
        if until > at + MAX_POSTPONED:
            raise NotNow(f"it can wait for {MAX_POSTPONED // DAY} days at once")
        return self._rows.record(replace(pending, postponed_until=until), "postponed", at=at, by=by)

    def roll_back(self, reason: str, *, at: UnixTime, by: str) -> Progress:
        """Goes back to the version before; the next start runs it, and this archive is not tried again.

        Raises:
            NothingBefore: Nothing was ever applied.
            NoWayBack: The version before could not read the database.
            InstallFailed: The switch could not be written; nothing has changed.
        """
        self.settle(at=at)
        switched = launching.current(self._places.program)
        row = None if switched is None else self._row(switched.version)
        if switched is None or row is None or row.state is not State.APPLIED:
            raise NothingBefore
        if not switched.way_back:
            raise NoWayBack(switched.version)
        self._switch_back(switched)
        return self._rows.record(row.moved(State.ROLLED_BACK, at=at, detail=reason), "rolled_back", at=at, by=by)

    def settle(self, *, at: UnixTime) -> None:
        """Writes down what the last start came to, and what a crash in the middle of a switch has left.

        Raises:
            OutOfOrder: It could not be written down.
            InstallFailed: The switch back could not be written; that the version before runs does not depend on it.
        """
        switched = launching.current(self._places.program)
        row = None if switched is None else self._row(switched.version)
        if switched is None or row is None:
            return
        if row.state is State.READY:
            row = self._rows.record(row.moved(State.APPLIED, at=at), "applied", at=at)
        if launching.has_failed(self._places.directory, switched):
            if row.state is State.APPLIED:
                self._rows.record(row.moved(State.ROLLED_BACK, at=at, detail=_NOT_UP), "rolled_back", at=at)
            self._switch_back(switched)

    def _switch_back(self, switched: Current) -> None:
        previous = switched.previous
        self._switch(None if previous is None else Current(previous, None, way_back=True))

    def _switch(self, to: Current | None, start: Start | None = None) -> None:
        try:
            if start is not None:
                launching.note_start(self._places.directory, start)
            launching.switch(self._places.program, to)
        except OSError as failure:
            raise InstallFailed(f"the switch: {failure.strerror}") from failure

    def _installed(self, version: str) -> bool:
        return launching.version_to_run(self._places.program, self._places.directory) == version

    def _row(self, version: str) -> Progress | None:
        return next((each for each in self.rows() if str(each.version) == version), None)


def opening_hours(directory: Path) -> OpeningHours | None:
    """When the place is open; None: nobody has said. Raises: SettingsUnusable."""
    try:
        return hours.parse((directory / SETTINGS).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as failure:
        raise SettingsUnusable(f"{SETTINGS} cannot be read") from failure
