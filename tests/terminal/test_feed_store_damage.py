"""Turned bits, cut files, rows put back and full disks: never another answer than the signed one, and always a name."""

import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from revocation.coverage import Coverage
from revocation.errors import ChainBroken, StateMismatch
from revocation.state import LIST_BYTES
from tests.terminal import feed_history
from tests.terminal.feed_history import History, Keeping
from tests.terminal.feed_killing import ROOT, kill_loop
from tests.utopia.world import WUYOU
from verifier_terminal.errors import StatusesNotKept, StoreDamaged


@cache
def history() -> History:
    return feed_history.build(24)


def closed(tmp_path: Path, *, to: int = 12) -> Path:
    """A terminal that holds a base at 8 and deltas up to here, switched off."""
    keeping = Keeping(tmp_path / "terminal", history())
    keeping.begin(8)
    for seq in range(9, to + 1):
        keeping.deltas(seq)
    keeping.close()
    return keeping.directory


@contextmanager
def opened(directory: Path) -> Iterator[Keeping]:
    keeping = Keeping(directory, history())
    try:
        yield keeping
    finally:
        keeping.close()


def base_of(directory: Path) -> Path:
    return directory / "feed" / WUYOU / "base-1-8.raw"


def bend(path: Path, position: int, bit: int = 0) -> None:
    with path.open("r+b") as file:
        file.seek(position, 0 if position >= 0 else 2)
        (byte,) = file.read(1)
        file.seek(-1, 1)
        file.write(bytes((byte ^ 1 << bit,)))


def check_found(directory: Path) -> str:
    """The region is named and answers nothing; it is taken again from a base, and is what was signed."""
    with opened(directory) as keeping:
        (damage,) = keeping.store.damaged()
        assert damage.region == WUYOU
        assert keeping.store.regions() == {}
        assert keeping.store.snapshot().look_up(f"lz:{WUYOU}/0", 5).coverage is Coverage.NO_DATA
        # Its mark stands: nothing older comes in by this way.
        with pytest.raises(ChainBroken):
            keeping.begin(8)
        keeping.begin(14)
        assert keeping.store.damaged() == ()
        assert keeping.root() == history().roots[14]
        assert keeping.files() == ["base-1-14.raw"]
    with opened(directory) as keeping:
        assert keeping.root() == history().roots[14]
    return damage.reason


# The base file.


@pytest.mark.parametrize(
    "position",
    [0, 1, LIST_BYTES // 2, LIST_BYTES - 1, LIST_BYTES, LIST_BYTES + 31, LIST_BYTES + 32, -1],
    ids=["first", "second", "middle", "last of the list", "hash", "end of the hash", "hash of an empty list", "last"],
)
def test_a_bit_of_a_base(tmp_path: Path, position: int) -> None:
    directory = closed(tmp_path)
    bend(base_of(directory), position, bit=3)
    reason = check_found(directory)
    assert reason == (
        "base-1-8.raw: a list is not the signed one"
        if 0 <= position < LIST_BYTES
        else "the hashes of the lists are not the signed ones"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[1:]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(b"\0" + path.read_bytes()),
        lambda path: path.write_bytes(path.read_bytes()[LIST_BYTES:]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(bytes(path.stat().st_size)),
        lambda path: path.unlink(),
    ],
    ids=["cut", "cut before", "longer", "longer before", "no list", "empty", "zeros", "missing"],
)
def test_a_base_of_another_form(tmp_path: Path, change: Callable[[Path], object]) -> None:
    directory = closed(tmp_path)
    change(base_of(directory))
    check_found(directory)


def test_a_folder_in_the_place_of_a_base(tmp_path: Path) -> None:
    directory = closed(tmp_path)
    base_of(directory).unlink()
    base_of(directory).mkdir()
    with opened(directory) as keeping:
        assert [each.region for each in keeping.store.damaged()] == [WUYOU]


def test_another_states_base(tmp_path: Path) -> None:
    """A good file of this region from another moment, and a good one of another feed."""
    directory = closed(tmp_path)
    other = Keeping(tmp_path / "other", feed_history.build(16, seed=2))
    other.begin(8)
    other.close()
    shutil.copy(base_of(other.directory), base_of(directory))
    check_found(directory)


@pytest.mark.parametrize("with_deltas", [True, False])
def test_bits_that_turn_under_a_running_terminal(tmp_path: Path, with_deltas: bool) -> None:
    """What is mapped is what the disk says now; the next fold says that it is not what was signed."""
    directory = closed(tmp_path, to=12 if with_deltas else 8)
    with opened(directory) as keeping:
        bend(base_of(directory), 4711)
        with pytest.raises(StateMismatch, match="disk"):
            keeping.fold()
        assert keeping.store.regions() == {}
        assert keeping.files() == ["base-1-8.raw"]
        keeping.begin(14)
        assert keeping.root() == history().roots[14]


# The rows.


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE feed_delta SET body = x'' WHERE seq = 9",
        "UPDATE feed_delta SET body = CAST(body || x'00' AS BLOB) WHERE seq = 12",
        "DELETE FROM feed_delta WHERE seq = 10",
        "DELETE FROM feed_delta WHERE seq = 12",
        "DELETE FROM feed_delta",
        "UPDATE feed_delta SET body = (SELECT body FROM feed_delta WHERE seq = 9) WHERE seq = 10",
        "UPDATE feed_delta SET epoch = 2 WHERE seq = 11",
        "UPDATE feed_region SET encoded = base",
        "UPDATE feed_region SET base = encoded",
        "UPDATE feed_region SET encoded = x'00'",
        "UPDATE feed_region SET as_of = as_of + 1",
        "UPDATE feed_region SET changed = changed + 1",
        "UPDATE feed_region SET sha256 = zeroblob(32)",
    ],
)
def test_a_row_that_nobody_wrote(tmp_path: Path, change: str) -> None:
    directory = closed(tmp_path)
    execute(directory, change)
    check_found(directory)


def test_every_byte_of_a_delta_counts(tmp_path: Path) -> None:
    directory = closed(tmp_path)
    for position in range(len(history().bodies[9])):
        body = bytearray(history().bodies[9])
        body[position] ^= 0x10
        execute(directory, "UPDATE feed_delta SET body = ? WHERE seq = 10", bytes(body))
        with opened(directory) as keeping:
            assert len(keeping.store.damaged()) == 1


def test_rows_that_somebody_put_back(tmp_path: Path) -> None:
    """All of it was good once; the mark says that there was more."""
    directory = closed(tmp_path, to=10)
    with opened(directory) as keeping:
        rows = keeping.database.execute("SELECT encoded, base, as_of, sha256, changed FROM feed_region").fetchone()
        keeping.deltas(12)
    execute(directory, "UPDATE feed_region SET encoded = ?, base = ?, as_of = ?, sha256 = ?, changed = ?", *rows)
    assert "seq 12 was taken in" in check_found(directory)


def test_a_mark_that_was_turned_back_lets_nothing_in(tmp_path: Path) -> None:
    directory = closed(tmp_path)
    execute(directory, "UPDATE feed_mark SET seq = 3")
    with opened(directory) as keeping:
        assert keeping.seq == 12
        with pytest.raises(ChainBroken):
            keeping.take(history().by_base(8, 9), 9)


def execute(directory: Path, statement: str, *values: object) -> None:
    database = sqlite3.connect(directory / "terminal.db", isolation_level=None)
    database.execute(statement, values)
    database.close()


def test_bits_of_the_database(tmp_path: Path) -> None:
    """SQLite has no check sums: whatever bit turns, the answer is the signed one, or there is none."""
    directory = closed(tmp_path)
    execute(directory, "PRAGMA wal_checkpoint(TRUNCATE)")
    good = (directory / "terminal.db").read_bytes()
    with opened(directory) as keeping:
        expected = keeping.feed, keeping.root()
    outcomes = {"named": 0, "right": 0}
    # Pages that hold the feed's rows, so that the disk turns something that matters.
    content = [history().encoded[12], history().bodies[9], history().encoded[8]]
    places = [good.index(part) + offset for part in content for offset in (-9, -3, -1, 0, 1, len(part) // 2)]
    for position in (*range(0, len(good), 3_989), *places):
        for extra in ("terminal.db-wal", "terminal.db-shm"):
            (directory / extra).unlink(missing_ok=True)
        bent = bytearray(good)
        bent[position] ^= 0x04
        (directory / "terminal.db").write_bytes(bent)
        try:
            with opened(directory) as keeping:
                if not keeping.store.regions():
                    outcomes["named"] += 1
                    continue
                # The snapshot's answers are this state's.
                assert (keeping.feed, keeping.root()) == expected, position
                outcomes["right"] += 1
        except (StoreDamaged, sqlite3.DatabaseError):
            outcomes["named"] += 1
    assert min(outcomes.values()) > 5, outcomes


# Full disks.


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a full disk, for this process alone: a write beyond this size fails. Nobody needs to be root for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 4_096, LIST_BYTES - 1, LIST_BYTES, LIST_BYTES + 63])
def test_no_room_for_a_base(tmp_path: Path, room: int) -> None:
    directory = closed(tmp_path)
    with opened(directory) as keeping:
        before = keeping.store.snapshot()
        with no_file_larger_than(room):
            for act in (keeping.fold, lambda: keeping.take(history().by_base(16, 16), 16)):
                with pytest.raises(StatusesNotKept, match="free disk space"):
                    act()
        assert keeping.seq == 12
        assert keeping.store.snapshot() is before
        assert keeping.root() == history().roots[12]
        assert keeping.files() == ["base-1-8.raw"]
        # With room again it goes on as if nothing had been.
        assert keeping.fold()
    with opened(directory) as keeping:
        assert (keeping.seq, keeping.feed.base_seq, keeping.root()) == (12, 12, history().roots[12])


def test_no_room_for_a_row(tmp_path: Path) -> None:
    directory = closed(tmp_path)
    with opened(directory) as keeping:
        keeping.deltas(13)
        log = (directory / "terminal.db-wal").stat().st_size
        with no_file_larger_than(log), pytest.raises(StatusesNotKept):
            keeping.deltas(14)
        assert (keeping.seq, keeping.root()) == (13, history().roots[13])
        with opened(directory) as other:
            assert other.seq == 13
        keeping.deltas(14)
        assert keeping.root() == history().roots[14]


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    """A real one: a file system of 1.5 MB, in a name space of its own."""
    history().write(tmp_path / "history")
    place = tmp_path / "small"
    place.mkdir()
    inside = 'mount -t tmpfs -o size=1500k tmpfs "$1" && exec "$2" -m tests.terminal.feed_full_disk "$1" "$3"'
    command = ["sh", "-c", inside, "sh", str(place), sys.executable, str(tmp_path / "history")]
    done = None
    for prefix in (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]):
        if shutil.which("unshare") is None:
            break
        done = subprocess.run([*prefix, *command], cwd=ROOT, capture_output=True, text=True, check=False)
        if "unshare:" not in done.stderr and "mount:" not in done.stderr:
            break
    if done is None or "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip("nobody here may mount a file system; the limits above are the test")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["fold", "take", "24"]


# Killed.


def test_nothing_acknowledged_is_lost_by_a_dozen_kills(tmp_path: Path) -> None:
    result = kill_loop(tmp_path / "terminal", feed_history.build(200), kills=12, seed=20261125)
    assert result.findings == ()
    assert result.acknowledged >= 12
    assert result.seq > 12


def test_the_kill_loop_finds_what_is_lost(tmp_path: Path) -> None:
    """A loop that can find nothing proves nothing: a history of other states under the same checkpoints."""
    made = feed_history.build(60)
    made.roots = [bytes(32)] * len(made.roots)
    result = kill_loop(tmp_path / "terminal", made, kills=1, seed=3)
    assert any("another one" in finding for finding in result.findings)
