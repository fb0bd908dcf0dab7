"""The outbox: taken once, kept until answered, bounded without losing an act."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from protocol import limits
from protocol.unixtime import UnixTime
from tests.utopia.randomness import Drbg
from verifier_terminal.errors import OutboxFull, OutboxRefused
from verifier_terminal.store import outbox
from verifier_terminal.store.store import Store

AT = UnixTime(1_900_000_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path, terminal_id="t1", random_bytes=Drbg("outbox"))
    yield opened
    opened.close()


def key(name: str) -> bytes:
    return sha256(name.encode()).digest()


def put(store: Store, kind: str, name: str, at: int = AT) -> None:
    with store.writing():
        store.outbox.put(kind, name.encode(), key=key(name), at=UnixTime(at))


def names(store: Store, at: int = AT) -> list[bytes]:
    return [each.body for each in store.outbox.due(at=UnixTime(at), limit=100)]


def test_a_key_stands_once_and_the_first_body_stays(store: Store) -> None:
    put(store, outbox.DISPUTE, "a")
    with store.writing():
        store.outbox.put(outbox.DISPUTE, b"another", key=key("a"), at=AT)
    assert names(store) == [b"a"]


def test_what_waits_rests_sealed_and_without_its_key_it_is_never_sent(store: Store, tmp_path: Path) -> None:
    put(store, outbox.OFFICERS_ACT, "lz:990000/3 4711")
    (resting,) = store.database.execute("SELECT body FROM outbox").fetchone()
    assert b"4711" not in resting
    store.close()
    (tmp_path / "recheck.key").unlink()
    again = Store(tmp_path, terminal_id="t1", random_bytes=Drbg("again"))
    assert again.outbox.due(at=AT, limit=10) == ()
    assert len(again.outbox) == 1
    again.close()


def test_of_heartbeats_the_newest_alone_waits(store: Store) -> None:
    put(store, outbox.HEARTBEAT, "first")
    put(store, outbox.DISPUTE, "d")
    put(store, outbox.HEARTBEAT, "second", AT + 1)
    assert names(store, AT + 1) == [b"d", b"second"]


def test_acts_go_first_then_the_oldest(store: Store) -> None:
    put(store, outbox.PROBLEM_REPORT, "old", AT - 5)
    put(store, outbox.DISPUTE, "new")
    put(store, outbox.OFFICERS_ACT, "act")
    assert names(store) == [b"act", b"old", b"new"]


def test_what_is_put_off_waits_and_counts_its_tries(store: Store) -> None:
    put(store, outbox.OFFICERS_ACT, "act")
    with store.writing():
        store.outbox.put_off(key("act"), until=UnixTime(AT + 60))
    assert names(store, AT + 59) == []
    (row,) = store.outbox.due(at=UnixTime(AT + 60), limit=1)
    assert row.tries == 1
    with store.writing():
        store.outbox.hasten(at=AT)
    assert names(store) == [b"act"]


def test_full_it_takes_acts_alone_and_drops_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_ROWS", 2)
    put(store, outbox.DISPUTE, "one")
    put(store, outbox.HEARTBEAT, "beat")
    put(store, outbox.HEARTBEAT, "next beat", AT + 1)
    with pytest.raises(OutboxFull):
        put(store, outbox.PROBLEM_REPORT, "report")
    put(store, outbox.OFFICERS_ACT, "act")
    assert names(store, AT + 1) == [b"act", b"one", b"next beat"]
    assert store.outbox.waiting() == {"dispute": 1, "heartbeat": 1, "officers-act": 1}


@pytest.mark.parametrize(
    ("kind", "body", "its_key"),
    [
        ("unheard-of", b"x", key("x")),
        (outbox.DISPUTE, b"", key("x")),
        (outbox.DISPUTE, bytes(limits.MAX_ROW_BODY_BYTES + 1), key("x")),
        (outbox.DISPUTE, b"x", b"short"),
    ],
    ids=["kind", "empty", "large", "key"],
)
def test_what_no_operator_would_take_is_not_put(store: Store, kind: str, body: bytes, its_key: bytes) -> None:
    with pytest.raises(OutboxRefused), store.writing():
        store.outbox.put(kind, body, key=its_key, at=AT)
    assert len(store.outbox) == 0


def test_a_row_goes_with_the_transaction_it_is_about(store: Store) -> None:
    act = (outbox.OFFICERS_ACT, b"act")
    with store.writing():
        store.outbox.put(*act, key=key("act"), at=AT)
    with pytest.raises(OutboxRefused), store.writing():
        store.outbox.remove(key("act")) and store.outbox.put(*act, key=b"", at=AT)
    assert names(store) == [b"act"], "the removal was undone with what failed after it"


def test_it_outlives_the_process(store: Store, tmp_path: Path) -> None:
    put(store, outbox.OFFICERS_ACT, "act")
    again = Store(tmp_path, terminal_id="t1", random_bytes=Drbg("again"))
    assert names(again) == [b"act"]
    assert again.outbox.remove(key("act"))
    assert not again.outbox.remove(key("act"))
    again.close()
