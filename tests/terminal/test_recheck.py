"""The re-check queue: sealed at rest, gone with its answer, and silent about nothing that it cannot answer."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from protocol import cbor
from protocol.status_list import Status
from protocol.unixtime import HOUR, UnixTime
from revocation.coverage import Coverage, StatusAnswer
from tests.utopia.randomness import Drbg
from verifier_terminal.errors import OutOfOrder, StoreDamaged
from verifier_terminal.store.recheck import Answered, Change, Waiting
from verifier_terminal.store.store import DATABASE, Store

NOW = UnixTime(1_795_226_400)
HOME, FOREIGN = "lz:990000/3", "lz:980000/7"
WAITING = Waiting("7K3-Q42", HOME, 4711, UnixTime(NOW - HOUR), NOW)


@dataclass
class View:
    """What is held: an answer for each list, of its own region's moment."""

    answers: dict[str, StatusAnswer] = field(default_factory=dict)

    def look_up(self, uri: str, idx: int) -> StatusAnswer:
        return self.answers.get(uri, StatusAnswer(Coverage.NOT_COVERED))

    def oldest(self) -> UnixTime | None:
        return None


def says(status: Status, as_of: int, uri: str = HOME) -> View:
    return View({uri: StatusAnswer(Coverage.COVERED, status, UnixTime(as_of))})


@contextmanager
def opened(directory: Path) -> Iterator[Store]:
    store = Store(directory, terminal_id="t1", random_bytes=Drbg("store"))
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as made:
        yield made


def add(store: Store, *waiting: Waiting) -> None:
    with store.writing():
        for each in waiting or (WAITING,):
            store.rechecks.add(each)


def settle(store: Store, view: View) -> tuple[Answered, ...]:
    answered = store.rechecks.answered_by(view)
    with store.writing():
        for each in answered:
            assert store.rechecks.settle(each, at=UnixTime(NOW + HOUR))
    return answered


def on_disk(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.glob(f"{DATABASE}*"))


def test_neither_list_nor_index_stands_on_the_disk(store: Store, tmp_path: Path) -> None:
    add(store)
    written = on_disk(tmp_path)
    assert WAITING.check_number.encode() in written  # It really was written, and the journal names it too.
    assert HOME.encode() not in written
    index = cbor.encode((WAITING.idx, WAITING.as_of))[1:]
    assert index in cbor.encode((WAITING.uri, WAITING.idx, WAITING.as_of, WAITING.accepted_at))
    assert index not in written


def test_a_licence_shown_twice_in_an_act_waits_once_and_in_two_acts_twice(store: Store) -> None:
    add(store, WAITING, WAITING, Waiting("7K3-Q43", HOME, 4711, WAITING.as_of, NOW))
    assert len(store.rechecks) == 2


@pytest.mark.parametrize(
    ("status", "as_of", "settled"),
    [
        (Status.VALID, NOW - 1, False),
        (Status.VALID, NOW, True),
        (Status.REVOKED, NOW - HOUR, False),
        (Status.REVOKED, NOW - HOUR + 1, True),
        (Status.SUSPENDED, NOW + 1, True),
    ],
)
def test_valid_counts_from_the_moment_of_the_check_and_the_rest_at_once(
    store: Store, status: Status, as_of: int, settled: bool
) -> None:
    add(store)
    answered = settle(store, says(status, as_of))
    assert len(answered) == settled
    assert len(store.rechecks) == (not settled)
    changed = settled and status is not Status.VALID
    assert [each.answer for each in store.rechecks.alarms()] == [status] * changed


def test_each_region_answers_by_its_own_moment(store: Store) -> None:
    add(store, WAITING, Waiting("7K3-Q43", FOREIGN, 5, WAITING.as_of, NOW))
    home_alone = View(
        {
            HOME: StatusAnswer(Coverage.COVERED, Status.VALID, UnixTime(NOW + 60)),
            FOREIGN: StatusAnswer(Coverage.COVERED, Status.VALID, UnixTime(NOW - 60)),
        }
    )
    assert [each.check_number for each in settle(store, home_alone)] == ["7K3-Q42"]
    assert len(store.rechecks) == 1


@pytest.mark.parametrize("coverage", [Coverage.NOT_COVERED, Coverage.NO_DATA, Coverage.OUT_OF_RANGE])
def test_without_an_answer_it_waits_on(store: Store, coverage: Coverage) -> None:
    add(store)
    assert settle(store, View({HOME: StatusAnswer(coverage)})) == ()
    assert len(store.rechecks) == 1


@pytest.mark.parametrize(("as_of", "before"), [(NOW, True), (NOW - 1, True), (NOW + 1, None)])
def test_a_changed_answer_says_when_it_changed(store: Store, tmp_path: Path, as_of: int, before: bool | None) -> None:
    add(store)
    settle(store, says(Status.REVOKED, as_of))
    store.close()
    with opened(tmp_path) as again:
        (alarm,) = again.rechecks.alarms()
    assert alarm.change == Change(WAITING.as_of, UnixTime(as_of), NOW)
    assert alarm.change.before_check is before


def test_an_alarm_stays_over_restarts_until_somebody_acknowledges_it(store: Store, tmp_path: Path) -> None:
    add(store)
    settle(store, says(Status.REVOKED, NOW))
    store.close()
    with opened(tmp_path) as again:
        assert len(again.rechecks.alarms()) == 1
        with again.writing():
            assert again.rechecks.acknowledge("7K3-Q42")
    with opened(tmp_path) as last:
        assert last.rechecks.alarms() == ()


def test_what_ends_in_the_middle_leaves_it_waiting_and_raises_no_alarm(store: Store) -> None:
    add(store)
    (answered,) = store.rechecks.answered_by(says(Status.REVOKED, NOW))

    def settle_and_die() -> None:
        with store.writing():
            store.rechecks.settle(answered, at=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        settle_and_die()
    assert len(store.rechecks) == 1
    assert store.rechecks.alarms() == ()


def test_what_two_processes_answer_is_settled_once(store: Store) -> None:
    add(store)
    (answered,) = settle(store, says(Status.REVOKED, NOW))
    with store.writing():
        assert not store.rechecks.settle(answered, at=NOW)


DAMAGES = {
    "changed bytes": "UPDATE recheck SET sealed = CAST(substr(sealed, 1, 40) || x'0102' || substr(sealed, 43) AS BLOB)",
    "cut short": "UPDATE recheck SET sealed = x'00'",
    "under another check's number": "UPDATE recheck SET check_number = '000-001'",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_row_that_does_not_open_becomes_an_alarm(store: Store, damage: str) -> None:
    add(store)
    store.database.execute(DAMAGES[damage])
    (answered,) = settle(store, View())
    assert (answered.answer, answered.change) == (Status.INVALID, None)
    assert [each.change for each in store.rechecks.alarms()] == [None]
    assert len(store.rechecks) == 0


def test_the_key_is_made_when_it_is_needed_and_for_the_owner_alone(store: Store, tmp_path: Path) -> None:
    key = tmp_path / "recheck.key"
    assert not key.exists()
    add(store)
    assert key.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(".recheck*")] == []


def test_a_damaged_key_stops_the_terminal_and_a_lost_one_is_an_alarm(store: Store, tmp_path: Path) -> None:
    add(store)
    key = tmp_path / "recheck.key"
    held = key.read_bytes()
    key.write_bytes(held[:-1])
    with opened(tmp_path) as again:
        with pytest.raises(OutOfOrder), again.reading():
            again.rechecks.answered_by(View())
        with pytest.raises(OutOfOrder):
            add(again)
        key.write_bytes(held)
        assert again.rechecks.answered_by(View()) == ()
    key.unlink()
    with opened(tmp_path) as again:
        assert [each.answer for each in settle(again, View())] == [Status.INVALID]
        assert not key.exists()


def test_what_another_key_sealed_is_an_alarm(store: Store, tmp_path: Path) -> None:
    add(store)
    (tmp_path / "recheck.key").write_bytes(bytes(32))
    with opened(tmp_path) as again:
        assert [each.answer for each in settle(again, View())] == [Status.INVALID]


def test_what_an_older_version_left_is_sealed_when_the_store_opens(store: Store, tmp_path: Path) -> None:
    row = (WAITING.check_number, WAITING.uri, WAITING.idx, WAITING.as_of, WAITING.accepted_at)
    store.database.execute("INSERT INTO recheck_unsealed VALUES (?, ?, ?, ?, ?)", row)
    store.close()
    with opened(tmp_path) as again:
        (count,) = again.database.execute("SELECT count(*) FROM recheck_unsealed").fetchone()
        assert (count, len(again.rechecks)) == (0, 1)
        assert [each.answer for each in settle(again, says(Status.REVOKED, NOW))] == [Status.REVOKED]


def test_a_name_that_no_status_has_silences_no_alarm(store: Store) -> None:
    store.database.execute("INSERT INTO alarm VALUES ('1', 1, 'FORGIVEN', NULL, NULL, NULL)")
    assert [each.answer for each in store.rechecks.alarms()] == [Status.INVALID]


def test_moving_rows_fails_as_a_damaged_store(store: Store, tmp_path: Path) -> None:
    store.close()
    database = sqlite3.connect(tmp_path / DATABASE)
    database.execute("DROP TABLE recheck_unsealed")
    database.close()
    with pytest.raises(StoreDamaged), opened(tmp_path):
        pass
