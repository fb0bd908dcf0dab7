"""Imports of one authority: looked through, begun, gone on with, looked at, cancelled. The console's and the command's.

Guaranteed: a dry run records nothing and names every bad row; what was begun can be gone on with after any end of the
program, and becomes exactly the rows of its file. Not handled here: processes and progress bars (`wiring`, `cli`).
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from issuer import draws, issuance
from issuer.allocation import Allocator
from issuer.bulk import bounds, jobs, looking, mapping, partitions, row_problems, rows, spool
from issuer.bulk.blocks import BlockWorker
from issuer.bulk.checking import Checker
from issuer.bulk.errors import ImportFileRefused, ImportStarted, ImportUnknown
from issuer.bulk.jobs import Import
from issuer.bulk.looking import DryRun
from issuer.bulk.mapping import ColumnMapping
from issuer.bulk.row_problems import RowProblem
from issuer.bulk.rows import Rows
from issuer.draws import RandomBytes
from issuer.errors import IssuerError, KindUnknown, StorageFailed
from issuer.issuance import Issuance
from issuer.keys.ring import KeyRing
from issuer.profile import Profile
from issuer.register import Register
from protocol import cwt
from protocol.keys import VerificationKey
from protocol.licence.catalogue import Kind
from protocol.unixtime import DAY, UnixTime

MAX_LISTED: Final = 200
_MAX_NAME: Final = 120


class BulkImport:
    """The imports of one register. May be shared by threads."""

    def __init__(
        self,
        *,
        folder: Path,
        profile: Profile,
        register: Register,
        kinds: Mapping[int, Kind],
        allocator: Allocator,
        issuance: Issuance,
        ring: KeyRing,
        root: VerificationKey,
        random_bytes: RandomBytes,
        publish_new_lists: Callable[[UnixTime], None],
    ) -> None:
        self._folder, self._profile, self._register = folder, profile, register
        self._kinds, self._allocator, self._issuance = kinds, allocator, issuance
        self._ring, self._root, self._random_bytes = ring, root, random_bytes
        self._publish_new_lists = publish_new_lists

    def look_through(
        self, path: Path, *, slug: str, mapping_text: str, at: UnixTime, seen: Callable[[int], None] = lambda _: None
    ) -> DryRun:
        """Check every row and record nothing. `seen` is told how many rows were checked.

        Raises:
            KindUnknown, AuthoringError, MappingRefused: The mapping makes no licence.
            ImportFileRefused: Or a subclass: the file as a whole.
        """
        kind = self._kind(slug)
        its_mapping = mapping.read(mapping_text, kind)
        with self._opened(path, its_mapping) as found:
            checker = Checker(kind, its_mapping, found.headings, fictional=self._profile.fictional, at=at)
            return looking.look_through(self._register, checker, found.following, seen=seen)

    def begin(
        self,
        path: Path,
        *,
        slug: str,
        mapping_text: str,
        actor: str,
        at: UnixTime,
        department: str | None = None,
        block_rows: int = bounds.BLOCK_ROWS,
    ) -> Import:
        """Read a file and record that it is to be imported; nothing of it is in the register yet.

        A department is named where several issue this kind, and rows have device keys.

        Raises:
            ImportStarted: The same file was begun as this kind and is not finished.
            KindUnknown, AuthoringError, MappingRefused, ImportFileRefused: As `look_through`.
        """
        kind = self._kind(slug)
        its_mapping = mapping.read(mapping_text, kind)
        sha256 = spool.digest(path)
        started = jobs.open_of(self._register, sha256, slug)
        if started is not None:
            raise ImportStarted(
                f"this file was begun as import {started.id}: {started.done_rows} of {started.rows} rows"
            )
        import_id = draws.text(self._random_bytes, draws.ID_CHARACTERS)
        spooled = spool.place(self._folder, import_id)
        with self._opened(path, its_mapping) as found:
            its_mapping.reader(found.headings)
            blocks = spool.write(spooled, found.following, block_rows=block_rows)
        try:
            jobs.begin(
                self._register,
                import_id,
                kind=slug,
                name=_shown(path.name),
                department=department,
                sha256=sha256,
                mapping=mapping_text,
                headings=found.headings,
                blocks=blocks,
                actor=actor,
                at=at,
            )
        except BaseException:
            spool.remove(spooled)
            raise
        return self.state(import_id)

    def begun(self, path: Path, *, slug: str) -> Import:
        """The unfinished import of this file. Raises: ImportUnknown."""
        found = jobs.open_of(self._register, spool.digest(path), slug)
        if found is None:
            raise ImportUnknown(f"no import of {_shown(path.name) or 'this file'} as {slug} is unfinished")
        return found

    def take_over(self, import_id: str) -> str:
        """Become the one who goes on with it, and give the name for that. Raises: ImportUnknown, ImportOver."""
        runner = draws.text(self._random_bytes, draws.ID_CHARACTERS)
        jobs.take_over(self._register, import_id, runner)
        return runner

    def work(
        self, import_id: str, runner: str, *, at: UnixTime, after_block: Callable[[], None] = lambda: None
    ) -> None:
        """Take block after block until none is left; beside others of the same runner.

        Raises:
            ImportTakenOver: Somebody else goes on with it, or it was cancelled.
            IssuanceInterrupted, RegisterUnavailable, StorageFailed: The block at hand is finished by the next run.
        """
        found = self.state(import_id)
        kind = self._kind(found.kind)
        its_mapping = mapping.read(found.mapping, kind)
        worker = BlockWorker(
            import_id=import_id,
            runner=runner,
            actor=found.actor,
            kind=kind,
            checker=Checker(kind, its_mapping, found.headings, fictional=self._profile.fictional, at=at),
            spool_path=spool.place(self._folder, import_id),
            profile=self._profile,
            register=self._register,
            allocator=self._allocator,
            issuance=self._issuance,
            department=found.department,
            ring=self._ring,
            root=self._root,
            random_bytes=self._random_bytes,
            at=at,
        )
        while (taken := jobs.take(self._register, import_id, runner)) is not None:
            worker.block(taken)
            after_block()

    def finish(self, import_id: str, *, at: UnixTime) -> Import:
        """Close the import if everything of it is in the register, publish new status lists, and say how it is."""
        if jobs.finish(self._register, import_id, at=at):
            spool.remove(spool.place(self._folder, import_id))
        self._publish_new_lists(at)
        return self.state(import_id)

    def cancel(self, import_id: str, *, actor: str, at: UnixTime) -> Import:
        """Let nobody go on with it; what is recorded stays. Raises: ImportUnknown, ImportOver."""
        jobs.cancel(self._register, import_id, actor=actor, at=at)
        spool.remove(spool.place(self._folder, import_id))
        return self.state(import_id)

    def state(self, import_id: str) -> Import:
        """How far it is. Raises: ImportUnknown."""
        return jobs.found(self._register, import_id)

    def listed(self) -> tuple[Import, ...]:
        """Imports, the newest first."""
        return jobs.listed(self._register, limit=MAX_LISTED)

    def problems(self, import_id: str) -> Iterator[RowProblem]:
        """Everything that is wrong with its rows. Raises: ImportUnknown."""
        self.state(import_id)
        return row_problems.of_import(self._register, import_id)

    def spread(self, parts: int) -> None:
        """Spread the large tables over partitions. Raises: PartsRefused, RegisterUnavailable."""
        partitions.spread(self._register, parts)

    def holder_columns(self, import_id: str) -> frozenset[int] | None:
        """The columns of an import's rows in which the holder's own number stands; None if nobody can say."""
        try:
            found = self.state(import_id)
            reader = mapping.read(found.mapping, self._kind(found.kind)).reader(found.headings)
        except IssuerError:
            return None
        named = next((reader.column_of[item] for item in issuance.HOLDER_NUMBERS if item in reader.column_of), None)
        return frozenset(at for at, heading in enumerate(found.headings) if heading == named) or None

    @property
    def uploads(self) -> Path:
        """Lists that somebody has put into the console and not begun to import: a folder for each person."""
        return self._folder / "uploads"

    def forget_uploads(self, *, at: UnixTime) -> None:
        """Remove lists that nobody has begun to import within a day: they are as personal as the register."""
        for each in self.uploads.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if each.stat().st_mtime < at - DAY:
                    shutil.rmtree(each, ignore_errors=True)

    @contextlib.contextmanager
    def _opened(self, path: Path, its_mapping: ColumnMapping) -> Iterator[Rows]:
        wanted = [*its_mapping.columns, *(() if its_mapping.holder_key is None else (its_mapping.holder_key,))]
        try:
            if not path.is_file():
                raise ImportFileRefused("there is no such file")
            with path.open("rb") as file:
                yield rows.opened(path, file, its_mapping.form, wanted)
        except OSError as error:
            raise StorageFailed(f"cannot read the file: {error.strerror}") from None

    def _kind(self, slug: str) -> Kind:
        for kind in self._kinds.values():
            if kind.slug == slug:
                return kind
        raise KindUnknown(
            f"there is no such kind; known: {', '.join(sorted(kind.slug for kind in self._kinds.values()))}"
        )


def _shown(name: str) -> str:
    """A file's name, where it can do no harm on a screen."""
    return name if len(name) <= _MAX_NAME and name.isprintable() and cwt.text_is_harmless(name) else ""
