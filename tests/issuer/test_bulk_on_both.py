"""Imports into a register: what becomes of each row; every interruption ends in exactly the rows of the file."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from issuer import issuance
from issuer.application import Issuer
from issuer.bulk import adding, blocks, jobs
from issuer.bulk import wiring as bulk_wiring
from issuer.bulk.errors import (
    ImportFileRefused,
    ImportInterrupted,
    ImportOver,
    ImportStarted,
    ImportTakenOver,
    ImportUnknown,
)
from issuer.bulk.jobs import Import, State
from issuer.bulk.schema import imported_licence
from issuer.errors import KindUnknown, LicenceNotValid, StorageFailed
from issuer.lifecycle import LegalChange
from issuer.register_schema import credential, credential_group, licence
from protocol import licence_package
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, DRIVING, credentials, holder_key, published_status
from tests.issuer.bulk_files import MAPPING, SLUG, citizen_id, driver, drivers, written

ROOT = Path(__file__).resolve().parents[2]


def begun(issuer: Issuer, path: Path, *, block_rows: int = 4) -> Import:
    return issuer.imports.begin(path, slug=SLUG, mapping_text=MAPPING, actor="tester", at=AT, block_rows=block_rows)


def run(issuer: Issuer, import_id: str, *, at: UnixTime = AT, workers: int = 0) -> Import:
    return bulk_wiring.run(issuer, import_id, workers=workers, passphrase=None, at=at)


def imported(issuer: Issuer, path: Path) -> Import:
    return run(issuer, begun(issuer, path).id)


def problems(issuer: Issuer, found: Import) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.what) for each in issuer.imports.problems(found.id)]


def count(issuer: Issuer, table: Any) -> int:
    with issuer._register.reading() as connection:
        number: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return number


def holders(issuer: Issuer) -> list[str]:
    with issuer._register.reading() as connection:
        return sorted(connection.execute(select(licence.c.holder_number)).scalars())


def test_licences_are_recorded_without_a_device_and_bound_to_one_later(issuer: Issuer, tmp_path: Path) -> None:
    done = imported(issuer, written(tmp_path / "l.csv", drivers(10)))
    assert (done.state, done.rows, done.done_rows, done.recorded, done.issued) == (State.DONE, 10, 10, 10, 0)
    assert (done.repeated, done.refused, done.name, done.actor) == (0, 0, "l.csv", "tester")
    assert holders(issuer) == sorted(citizen_id(number) for number in range(10))
    (record,) = issuer.list(search=citizen_id(3))
    assert (record.holder_name, record.finished) == ("测试员3", False)
    issued = issuer.issue_again(record.id, holder_key(7), at=AT)
    assert credentials(issued.package)[0].claims.cnf == holder_key(7).cose_key
    assert issuer.open_intents() == ()


def test_rows_with_a_device_key_are_issued_to_it(issuer: Issuer, tmp_path: Path) -> None:
    rows = [driver(1, key=1), driver(2), driver(3, key=3)]
    done = imported(issuer, written(tmp_path / "l.csv", rows))
    assert (done.recorded, done.issued) == (3, 2)
    (record,) = issuer.list(search=citizen_id(3))
    package = issuer.package(record.id)
    parsed = licence_package.decode(package)
    claims = [each.claims for each in credentials(package)]
    assert (parsed.licence_id, parsed.root) == (record.id, issuer.root)
    assert parsed.directory == (issuer.places.published / "directory.cbor").read_bytes()
    assert [each.cnf for each in claims] == [holder_key(3).cose_key] * 3
    with issuer._register.reading() as connection:
        # What is the same for everybody is not kept with each of them.
        kept = connection.execute(select(credential_group.c.package)).scalars().all()
        assert {licence_package.decode(each).directory for each in kept} == {b""}
    assert published_status(issuer, claims[0].status) == 0
    issuer.revoke(record.id, reason="测试", actor="test", at=AT)
    assert published_status(issuer, claims[0].status) == Status.REVOKED
    acts = {(act.act, act.kind) for act in issuer.audit.listed(search=done.id, limit=50)}
    assert acts == {
        ("import-begin", "import"),
        ("import-record", "import"),
        ("import-issue", "import"),
        ("import-end", "import"),
    }


def test_a_bad_row_stops_no_other_and_a_dry_run_says_the_same(issuer: Issuer, tmp_path: Path) -> None:
    twice = driver(1)
    issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    elsewhere = [
        DRIVING["name"],
        DRIVING["citizen_id"],
        DRIVING["licence_no"],
        "女",
        "1949-12-31",
        "2032-01-01",
        "路1号",
        "",
    ]
    rows = [
        driver(0),
        twice,
        [*driver(2)[:3], "保密", *driver(2)[4:]],
        [*driver(3)[:1], driver(3)[1][:-1] + "?", *driver(3)[2:]],
        [*driver(4)[:5], "2026-10-01", *driver(4)[6:]],
        twice,
        [*driver(6)[:7], "no key"],
        ["=cmd()", *driver(7)[1:6], "x\x00y", ""],
        elsewhere,
        driver(9, key=9),
        ["测" * 5_000, *driver(10)[1:]],
    ]
    path = written(tmp_path / "l.csv", rows)
    looked = issuer.imports.look_through(path, slug=SLUG, mapping_text=MAPPING, at=AT)
    assert count(issuer, licence) == 1
    done = imported(issuer, path)
    assert (done.recorded, done.issued, done.repeated, done.refused) == (3, 1, 2, 6)
    assert problems(issuer, done) == [
        (4, "性别", "not in the mapping's table of values"),
        (5, "身份证号", "not 17 digits and a digit or X"),
        (6, "有效期止", "already over"),
        (7, "", "this licence is in the register already, or stands twice in the file"),
        (8, "", "the holder key is neither a COSE_Key in CBOR nor base64url text of one"),
        (9, "住址", "empty, too long, or with invisible or private characters"),
        (10, "", "this licence is in the register already, or stands twice in the file"),
        (12, "", "a cell is too long"),
    ]
    assert [(each.row, each.column, each.what) for each in looked.problems] == problems(issuer, done)
    assert (looked.rows, looked.accepted, looked.with_holder_key) == (11, 3, 1)
    assert (looked.repeated, looked.refused) == (2, 6)
    text = repr(list(issuer.imports.problems(done.id)))
    assert not any(value in text for value in ("保密", citizen_id(3)[:12], "cmd", "no key", "测测"))


def test_a_file_that_comes_again_changes_nothing(issuer: Issuer, tmp_path: Path) -> None:
    path = written(tmp_path / "l.csv", drivers(6, keys=True))
    assert imported(issuer, path).recorded == 6
    again = imported(issuer, path)
    assert (again.recorded, again.repeated) == (0, 6)
    assert (count(issuer, licence), count(issuer, credential_group), count(issuer, credential)) == (6, 6, 18)


def test_whoever_lost_a_licence_may_get_another_one_by_an_import(issuer: Issuer, tmp_path: Path) -> None:
    path = written(tmp_path / "l.csv", drivers(3))
    imported(issuer, path)
    (record,) = issuer.list(search=citizen_id(1))
    issuer.change(record.id, LegalChange.REVOKE, reason="测试", actor="test", at=AT)
    again = imported(issuer, path)
    assert (again.recorded, again.repeated) == (1, 2)
    assert len(issuer.list(search=citizen_id(1))) == 2


def test_whoever_is_erased_leaves_no_digest_of_their_numbers(issuer: Issuer, tmp_path: Path) -> None:
    imported(issuer, written(tmp_path / "l.csv", drivers(3)))
    (record,) = issuer.list(search=citizen_id(1))
    issuer.revoke(record.id, reason="测试", actor="test", at=AT)
    late = UnixTime(AT + 200 * DAY)
    issuer.erasing.erase(citizen_id(1), after_days=30, actor="test", reason="本人申请", at=late)
    assert (count(issuer, licence), count(issuer, imported_licence)) == (3, 2)


class Dead(BaseException):
    """The plug was pulled: nothing of the program goes on."""


def dying(of: Callable[..., Any], at_call: int) -> Callable[..., Any]:
    """The function, but the program dies before its n-th call does anything."""
    left = [at_call]

    def wrapped(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Dead
        return of(*arguments, **named)

    return wrapped


POINTS: Mapping[str, tuple[Any, str]] = {
    "taking a block": (jobs, "take"),
    "recording": (adding, "add_licences"),
    "the intent": (jobs, "intend"),
    "a signature": (issuance, "signatures"),
    "the results": (adding, "add_groups"),
    "the block's end": (jobs, "finish_block"),
    "the import's end": (jobs, "finish"),
}


@pytest.mark.parametrize("point", POINTS)
def test_wherever_it_is_interrupted_it_becomes_exactly_the_rows_of_its_file(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    rows = [driver(number, key=number + 1 if number % 3 else None) for number in range(10)]
    rows[4] = rows[1]
    rows[5] = [*rows[5][:3], "保密", *rows[5][4:]]
    its_import = begun(issuer, written(tmp_path / "l.csv", rows), block_rows=3)
    module, name = POINTS[point]
    for at_call in range(1, 4):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, dying(getattr(module, name), at_call))
            try:
                run(issuer, its_import.id)
            except Dead:
                continue
            break
    done = issuer.imports.state(its_import.id)
    if done.state is State.OPEN:
        done = run(issuer, its_import.id)
    assert (done.state, done.recorded, done.issued, done.repeated, done.refused) == (State.DONE, 8, 4, 1, 1)
    assert holders(issuer) == sorted(citizen_id(number) for number in range(10) if number not in (4, 5))
    assert [row for row, *_ in problems(issuer, done)] == [6, 7]
    assert (count(issuer, credential_group), count(issuer, credential), count(issuer, imported_licence)) == (4, 12, 8)
    with issuer._register.reading() as connection:
        entries = connection.execute(select(credential_group.c.list_number, credential_group.c.idx)).all()
        assert len(set(entries)) == 4
        assert connection.execute(select(credential.c.signed_at)).scalars().all() == [AT] * 12
        intents = connection.execute(select(jobs.bulk_block.c.intent)).scalars().all()
        assert intents == [None] * 4
    assert list((issuer.places.imports).iterdir()) == []


def test_what_was_named_before_the_end_is_what_is_signed_after_it(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    its_import = begun(issuer, written(tmp_path / "l.csv", drivers(3, keys=True)))
    with monkeypatch.context() as patched:
        patched.setattr(adding, "add_groups", dying(adding.add_groups, 1))
        with pytest.raises(Dead):
            run(issuer, its_import.id)
    with issuer._register.reading() as connection:
        _, intended = blocks._decoded(connection.execute(select(jobs.bulk_block.c.intent)).scalar_one())
    assert (count(issuer, licence), count(issuer, imported_licence)) == (0, 3)
    run(issuer, its_import.id)
    with issuer._register.reading() as connection:
        groups = connection.execute(select(credential_group)).all()
        subs = set(connection.execute(select(credential.c.sub)).scalars())
    assert {(each.licence_id, each.list_number, each.idx) for each in groups} == {
        (each.licence_id, each.entry.list_number, each.entry.idx) for each in intended
    }
    assert subs == {sub for each in intended for sub in each.subs}


def test_a_licence_that_ended_between_intent_and_signature_is_refused_then(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [driver(0, key=1), [*driver(1, key=2)[:5], "2026-11-30", *driver(1, key=2)[6:]]]
    its_import = begun(issuer, written(tmp_path / "l.csv", rows))
    with monkeypatch.context() as patched:
        patched.setattr(issuance, "signatures", dying(issuance.signatures, 1))
        with pytest.raises(Dead):
            run(issuer, its_import.id)
    later = UnixTime(AT + 30 * DAY)
    done = run(issuer, its_import.id, at=later)
    assert (done.recorded, done.refused) == (1, 1)
    assert problems(issuer, done) == [(3, "有效期止", "already over")]
    assert (count(issuer, licence), count(issuer, imported_licence)) == (1, 1)


def test_a_sub_that_is_somebody_else_s_is_drawn_again(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    with issuer._register.reading() as connection:
        taken = tuple(connection.execute(select(credential.c.sub)).scalars())
    drawn: list[tuple[str, ...]] = [taken]
    real = blocks.BlockWorker._subs
    monkeypatch.setattr(blocks.BlockWorker, "_subs", lambda self, number: drawn.pop() if drawn else real(self, number))
    done = imported(issuer, written(tmp_path / "l.csv", drivers(2, keys=True)))
    assert (done.recorded, count(issuer, credential)) == (2, 9)


def test_whoever_goes_on_stops_the_one_who_was_thought_dead(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    its_import = begun(issuer, written(tmp_path / "l.csv", drivers(9, keys=True)))
    runner, real = issuer.imports.take_over(its_import.id), issuance.signatures

    def slow(*arguments: Any) -> Any:
        monkeypatch.setattr(issuance, "signatures", real)
        # Meanwhile another process does all of it.
        assert run(issuer, its_import.id).state is State.DONE
        return real(*arguments)

    monkeypatch.setattr(issuance, "signatures", slow)
    with pytest.raises(ImportTakenOver):
        issuer.imports.work(its_import.id, runner, at=AT)
    assert (count(issuer, licence), count(issuer, credential_group)) == (9, 9)


def test_a_cancelled_import_keeps_what_it_has_and_ends(issuer: Issuer, tmp_path: Path) -> None:
    its_import = begun(issuer, written(tmp_path / "l.csv", drivers(9)))
    runner = issuer.imports.take_over(its_import.id)

    def cancel() -> None:
        issuer.imports.cancel(its_import.id, actor="test", at=AT)

    with pytest.raises(ImportTakenOver):
        issuer.imports.work(its_import.id, runner, at=AT, after_block=cancel)
    state = issuer.imports.state(its_import.id)
    assert (state.state, state.done_rows, count(issuer, licence)) == (State.CANCELLED, 4, 4)
    for act in (lambda: run(issuer, its_import.id), cancel):
        with pytest.raises(ImportOver):
            act()
    assert list(issuer.places.imports.iterdir()) == []


def test_one_file_is_imported_once_at_a_time(issuer: Issuer, tmp_path: Path) -> None:
    path = written(tmp_path / "l.csv", drivers(3))
    with pytest.raises(ImportUnknown):
        issuer.imports.begun(path, slug=SLUG)
    first = begun(issuer, path)
    with pytest.raises(ImportStarted, match=first.id):
        begun(issuer, path)
    assert issuer.imports.begun(path, slug=SLUG) == first
    assert [each.id for each in issuer.imports.listed()] == [first.id]


@pytest.mark.parametrize(
    ("act", "refused"),
    [
        (lambda issuer, path: issuer.imports.state("x"), ImportUnknown),
        (lambda issuer, path: issuer.imports.cancel("x", actor="x", at=AT), ImportUnknown),
        (lambda issuer, path: issuer.imports.problems("x"), ImportUnknown),
        (lambda issuer, path: issuer.imports.begin(path, slug="x", mapping_text="", actor="x", at=AT), KindUnknown),
        (lambda issuer, path: begun(issuer, path.parent / "none.csv"), StorageFailed),
        (
            lambda issuer, path: issuer.imports.look_through(path.parent, slug=SLUG, mapping_text=MAPPING, at=AT),
            ImportFileRefused,
        ),
    ],
)
def test_what_is_not_there_is_said_so(
    issuer: Issuer, tmp_path: Path, act: Callable[[Issuer, Path], object], refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        act(issuer, written(tmp_path / "l.csv", drivers(1)))
    assert issuer.imports.listed() == ()


def test_two_imports_of_the_same_people_at_once_record_each_of_them_once(issuer: Issuer, tmp_path: Path) -> None:
    people = list(drivers(40))
    files = [written(tmp_path / "a.csv", people), written(tmp_path / "b.csv", reversed(people))]
    begun_ = [begun(issuer, path, block_rows=5) for path in files]
    done: list[Import] = []
    threads = [threading.Thread(target=lambda each=each: done.append(run(issuer, each.id))) for each in begun_]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.recorded for each in done) == 40
    assert sum(each.repeated for each in done) == 40
    assert holders(issuer) == sorted(row[1] for row in people)


def test_worker_processes_share_the_blocks(issuer: Issuer, tmp_path: Path) -> None:
    seen: list[int] = []
    its_import = begun(issuer, written(tmp_path / "l.csv", drivers(30, keys=True)), block_rows=3)
    done = bulk_wiring.run(
        issuer, its_import.id, workers=2, passphrase=None, at=AT, watch=lambda state: seen.append(state.done_rows)
    )
    assert (done.recorded, done.issued, seen[-1]) == (30, 30, 30)
    assert (count(issuer, credential_group), count(issuer, credential)) == (30, 90)


KILLED = """
import os, signal, sys
from pathlib import Path
from issuer import issuance, wiring
from issuer.bulk import wiring as bulk_wiring
from tests.issuer.builders import AT
with wiring.open_issuer(Path(sys.argv[1]), passphrase=None) as issuer:
    real, left = issuance.signatures, [7]
    def signatures(*arguments):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)
    issuance.signatures = signatures
    bulk_wiring.run(issuer, sys.argv[2], workers=0, passphrase=None, at=AT)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_process_that_is_killed_while_it_signs_is_gone_on_from(issuer: Issuer, tmp_path: Path) -> None:
    its_import = begun(issuer, written(tmp_path / "l.csv", drivers(12, keys=True)))
    command = [sys.executable, "-W", "error", "-c", KILLED, str(issuer.places.folder), its_import.id]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert issuer.imports.state(its_import.id).done_rows == 4
    assert run(issuer, its_import.id).recorded == 12
    assert holders(issuer) == sorted(citizen_id(number) for number in range(12))
    assert (count(issuer, credential_group), count(issuer, credential)) == (12, 36)


def test_a_worker_that_is_killed_is_said(issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    its_import = begun(issuer, written(tmp_path / "l.csv", drivers(4)))
    monkeypatch.setattr(bulk_wiring, "_work", kill)
    with pytest.raises(ImportInterrupted):
        run(issuer, its_import.id, workers=1)
    monkeypatch.undo()
    assert run(issuer, its_import.id).recorded == 4


def kill(*_: object) -> None:
    import os

    os.kill(os.getpid(), signal.SIGKILL)


def test_a_suspended_licence_from_an_import_gets_no_device(issuer: Issuer, tmp_path: Path) -> None:
    imported(issuer, written(tmp_path / "l.csv", drivers(1)))
    (record,) = issuer.list()
    issuer.suspend(record.id, reason="测试", actor="test", at=AT)
    with pytest.raises(LicenceNotValid):
        issuer.issue_again(record.id, holder_key(), at=AT)


def found_by(issuer: Issuer, *texts: str) -> Iterator[list[str]]:
    for text in texts:
        yield sorted(record.holder_name for record in issuer.list(search=text))


def test_licences_are_found_by_number_by_beginning_and_by_a_part(issuer: Issuer, tmp_path: Path) -> None:
    rows = [driver(1), driver(12), driver(3)]
    rows[2][2] = "幻境证字0003%_"
    imported(issuer, written(tmp_path / "l.csv", rows))
    one, twelve, three = "测试员1", "测试员12", "测试员3"
    assert list(
        found_by(
            issuer, citizen_id(1), "幻境证字0003%_", "幻境证", "测试员1", "试员", "%", "_", citizen_id(1)[:6], "无"
        )
    ) == [[one], [three], [three], [one, twelve], [one, twelve, three], [], [], [one, twelve, three], []]
    assert [each.holder_name for each in issuer._register.by_number(citizen_id(12), limit=9)] == [twelve]
    assert issuer._register.by_number("幻境证字", limit=9) == ()
