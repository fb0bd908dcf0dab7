"""Follows another authority's register: what is new is recorded, what changed supersedes, what ended ends here, too.

Guaranteed: a row may come any number of times; what it says is compared with what the register took from it last, so
that a pull that was interrupted anywhere ends, done again, where it would have ended. The watermark is moved on in the
transaction that records what stood before it. A row that cannot be taken is reported and does not stop the others.

A change is two transactions: the old licence is superseded by `lifecycle`, then the new one is recorded and takes its
key. Interrupted between them, the next pull finds an ended licence, and records the new one. Not handled here: devices;
what is recorded waits for its holder, who gets it as after any renewal.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from issuer import draws, lifecycle
from issuer.approvals.errors import SecondPersonNeeded
from issuer.audit import trail
from issuer.bulk import adding, bounds, claiming, jobs, pull_settings, pull_source
from issuer.bulk.checking import Accepted, Checker, Refused
from issuer.bulk.jobs import Counts
from issuer.bulk.pull_settings import FolderSource, PullSettings
from issuer.bulk.pull_source import Pulled, Source
from issuer.bulk.row_problems import RowProblem
from issuer.bulk.schema import imported_licence, pull_watermark
from issuer.bulk.sources import PullSources
from issuer.changing.alone import PULL, Alone
from issuer.draws import RandomBytes
from issuer.errors import Problem, TransitionRefused
from issuer.issuance import Issuance
from issuer.joint import register as joint
from issuer.lifecycle import LegalChange
from issuer.profile import Profile
from issuer.register import Register
from issuer.register_schema import licence
from protocol.licence.catalogue import Kind
from protocol.status_list import Status
from protocol.unixtime import UnixTime

_REASON: Final = "as it stands at the source"
_UNAPPROVED: Final = "pull"
"""All sources that nobody has approved count as one person: another name would be another number."""
_APPROVE: Final = (
    "Two people approve the source: `liangzheng issuer propose source DIR SETTINGS`; then pull again. What came before "
    "is taken in."
)
_ELSEWHERE: Final = Problem("(row)", "the holder has this licence here, and not from this source", "one source", "")
_NOT_SO: Final = Problem("(row)", "the licence here does not allow this change", "one that is in force here", "")


@dataclass(slots=True)
class PullResult:
    """What a pull did. `id` is where its problems are listed among the imports; None if no row came."""

    id: str | None = None
    rows: int = 0
    recorded: int = 0
    superseded: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    problems: list[RowProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the register took from a source last, under one key."""

    licence_id: str
    content: bytes
    status: Status


class Pulling:
    """Pulls into one register."""

    def __init__(
        self,
        *,
        profile: Profile,
        register: Register,
        kinds: Mapping[int, Kind],
        issuance: Issuance,
        alone: Alone,
        sources: PullSources,
        random_bytes: RandomBytes,
        publish_change: Callable[[UnixTime], None],
    ) -> None:
        self._profile, self._register, self._kinds, self._issuance = profile, register, kinds, issuance
        self._alone, self._approved = alone, sources
        self._random_bytes, self._publish_change = random_bytes, publish_change

    def pull(self, settings_path: Path, *, at: UnixTime) -> PullResult:
        """Take in whatever came since the last time.

        Raises:
            AuthoringError, MappingRefused, HeadingsRefused: Nothing was pulled.
            SourceUnavailable, SourceRefused, ImportFileRefused, RegisterUnavailable: What came before is taken in.
            SecondPersonNeeded: Nobody has approved this source, and it changes more than one person may; what came
                before is taken in.
            PublishingFailed: Everything is taken in, and not published yet.
        """
        settings = pull_settings.read(settings_path, self._kinds)
        kind = next(each for each in self._kinds.values() if each.slug == settings.kind)
        result, refused = PullResult(), None
        alone = None if self._approved.is_approved(settings) else self._alone
        try:
            with closing(self._sources(settings)) as sources:
                for source in sources:
                    checker = Checker(kind, settings.mapping, source.headings, fictional=self._profile.fictional, at=at)
                    round_ = _Round(
                        register=self._register,
                        issuance=self._issuance,
                        alone=alone,
                        random_bytes=self._random_bytes,
                        settings=settings,
                        kind=kind,
                        checker=checker,
                        headings=source.headings,
                        result=result,
                        at=at,
                    )
                    while batch := list(islice(source.following, bounds.BLOCK_ROWS)):
                        round_.batch(batch)
        except SecondPersonNeeded as error:
            refused = error
        finally:
            if result.rows:
                self._report(settings, result, at)
        if result.superseded or result.changed:
            self._publish_change(at)
        if refused is not None:
            raise SecondPersonNeeded(str(refused), hint=_APPROVE) from None
        return result

    def _sources(self, settings: PullSettings) -> Generator[Source]:
        statement = select(pull_watermark.c.watermark).where(pull_watermark.c.name == settings.name)
        with self._register.reading() as connection:
            watermark = connection.execute(statement).scalar_one_or_none()
        if isinstance(settings.source, FolderSource):
            wanted = [*settings.mapping.columns, *(() if settings.state is None else (settings.state,))]
            return pull_source.of_folder(settings.source, settings.mapping.form, wanted, watermark)
        return pull_source.of_query(settings.source, watermark)

    def _report(self, settings: PullSettings, result: PullResult, at: UnixTime) -> None:
        """What became of the rows, among the imports."""
        result.id = draws.text(self._random_bytes, draws.ID_CHARACTERS)
        jobs.record_ended(
            self._register,
            result.id,
            kind=settings.kind,
            name=f"pull {settings.name}",
            rows=result.rows,
            counts=Counts(result.recorded, 0, result.unchanged, result.refused),
            problems=result.problems,
            actor=actor_of(settings),
            at=at,
        )


class _Round:
    """The rows of one source."""

    def __init__(
        self,
        *,
        register: Register,
        issuance: Issuance,
        alone: Alone | None,
        random_bytes: RandomBytes,
        settings: PullSettings,
        kind: Kind,
        checker: Checker,
        headings: Sequence[str],
        result: PullResult,
        at: UnixTime,
    ) -> None:
        self._register, self._issuance, self._random_bytes = register, issuance, random_bytes
        self._alone = alone
        self._settings, self._kind, self._checker, self._result, self._at = settings, kind, checker, result, at
        self._state = None if settings.state is None else checker.place_of(settings.state, headings)

    def batch(self, pulled: Sequence[Pulled]) -> None:
        """Take some rows in, and move the watermark behind them.

        Raises:
            SecondPersonNeeded: Where one person's number is used up; what took the place of what is superseded by then
                is recorded, and the watermark stays.
        """
        self._result.rows += len(pulled)
        latest: dict[bytes, Pulled] = {}
        for each in pulled:
            key = self._checker.key_of(each.row)
            if key is None:
                self._refuse(self._checker.check(each.row))
            else:
                # Of two rows about one licence the later one is what holds.
                self._result.unchanged += latest.pop(key, None) is not None
                latest[key] = each
        known = self._known(latest)
        fresh: list[Accepted] = []
        refused = None
        for key, each in latest.items():
            try:
                new = self._one(each, known.get(key))
            except SecondPersonNeeded as error:
                refused = error
                break
            fresh += () if new is None else (new,)
        records = {
            each.row: self._issuance.record_of(self._kind, each.written, each.checked, at=self._at) for each in fresh
        }
        with self._register.adding() as connection:
            claimed = claiming.claim(connection, fresh, {row: each.id for row, each in records.items()}, self._kind.vct)
            adding.add_licences(connection, [records[each.row] for each in claimed])
            if claimed:
                details = {"licences": tuple(records[each.row].id for each in claimed)}
                trail.append(
                    connection,
                    "pull-record",
                    "pull",
                    self._settings.name,
                    actor=actor_of(self._settings),
                    at=self._at,
                    details=details,
                )
            if refused is None:
                self._move_on(connection, pulled)
        self._result.recorded += len(claimed)
        taken = {each.row for each in claimed}
        for row in records.keys() - taken:
            self._refuse(Refused(row, (_ELSEWHERE,)))
        if refused is not None:
            raise refused

    def _one(self, pulled: Pulled, known: _Known | None) -> Accepted | None:
        """Do what a row says to the licence that is there already; what is to be recorded anew is returned."""
        change = self._change(pulled)
        in_force = known if known is not None and not known.status.is_final else None
        if change is not None and change is not LegalChange.REINSTATE:
            if in_force is None or (in_force.status, change) == (Status.SUSPENDED, LegalChange.SUSPEND):
                self._result.unchanged += 1
            elif self._do(pulled, in_force, change):
                self._result.changed += 1
            return None
        checked = self._checker.check(pulled.row)
        if isinstance(checked, Refused):
            self._refuse(checked)
            return None
        if in_force is None:
            return checked
        if change is LegalChange.REINSTATE and in_force.status is Status.SUSPENDED:
            if not self._do(pulled, in_force, change):
                return None
            self._result.changed += 1
        elif in_force.content == checked.content:
            self._result.unchanged += 1
            return None
        if in_force.content == checked.content or not self._do(pulled, in_force, LegalChange.SUPERSEDE):
            return None
        self._result.superseded += 1
        return checked

    def _do(self, pulled: Pulled, known: _Known, change: LegalChange) -> bool:
        actor = actor_of(self._settings)
        try:
            with self._counting(actor), self._register.writing() as connection:
                lifecycle.change_in(
                    connection,
                    known.licence_id,
                    change,
                    reason=_REASON,
                    actor=actor,
                    at=self._at,
                    below=partial(draws.below, self._random_bytes),
                )
                if self._alone is not None:
                    its = joint.together(connection, known.licence_id)
                    self._alone.take(connection, its, act=PULL, actor=_UNAPPROVED, at=self._at)
        except TransitionRefused:
            self._refuse(Refused(pulled.row.number, (_NOT_SO,)))
            return False
        return True

    def _counting(self, actor: str) -> AbstractContextManager[None]:
        return nullcontext() if self._alone is None else self._alone.noting(PULL, actor=actor, at=self._at)

    def _change(self, pulled: Pulled) -> LegalChange | None:
        cells = pulled.row.cells
        if self._state is None or self._state >= len(cells):
            return None
        return self._settings.changes.get(cells[self._state].strip())

    def _known(self, keys: Mapping[bytes, Pulled]) -> Mapping[bytes, _Known]:
        statement = select(
            imported_licence.c.key, imported_licence.c.content, licence.c.id, licence.c.status
        ).join_from(imported_licence, licence, licence.c.id == imported_licence.c.licence_id)
        with self._register.reading() as connection:
            found = connection.execute(statement.where(imported_licence.c.key.in_(list(keys)))).all()
        return {row.key: _Known(row.id, row.content, Status(row.status)) for row in found}

    def _refuse(self, refused: Accepted | Refused) -> None:
        assert isinstance(refused, Refused), "a row without a key is not good"
        self._result.refused += 1
        self._result.problems += self._checker.stated(refused)

    def _move_on(self, connection: Connection, pulled: Sequence[Pulled]) -> None:
        watermarks = [each.watermark for each in pulled if each.watermark]
        if watermarks:
            connection.execute(delete(pull_watermark).where(pull_watermark.c.name == self._settings.name))
            connection.execute(
                insert(pull_watermark).values(name=self._settings.name, watermark=watermarks[-1], at=self._at)
            )


def actor_of(settings: PullSettings) -> str:
    """Who did it, in the trail."""
    return f"pull {settings.name}"
