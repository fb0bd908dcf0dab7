"""Status entries of the register: sixteen open lists, nothing twice, nothing back, and lists that end."""

import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select, update

from issuer import durable_files
from issuer.allocation import CLASS_LIFE, RETIRED_AFTER, LeasedEntries
from issuer.application import Issuer
from issuer.errors import IndexGivenTwice, NoFreeIndex, StorageFailed
from issuer.mandates.issuing import Wish
from issuer.register import StatusEntry, StatusEvent, demand_valid, reserve
from issuer.register_schema import allocation_list, credential_group
from protocol import keys, limits
from protocol.labels import Purpose
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from revocation.allocation import FULL_AT, IndexPermutation
from tests.issuer.builders import AT, ID_CARD, holder_key, made, published_status, randomness

ROOT = Path(__file__).resolve().parents[2]
EXP = UnixTime(AT + 100 * DAY)
FIRST = range(1, 17)


def entries(issuer: Issuer, count: int, *, exp: UnixTime = EXP) -> list[StatusEntry]:
    with issuer._register.adding() as connection:
        return [issuer._allocator.entry(connection, exp) for _ in range(count)]


def lists(issuer: Issuer) -> dict[int, tuple[int, bool]]:
    """Of each list how many entries were given, and whether it is open."""
    with issuer._register.reading() as connection:
        return {row.number: (row.given, row.is_open == 1) for row in connection.execute(select(allocation_list)).all()}


def set_given(issuer: Issuer, given: int, *numbers: int) -> None:
    with issuer._register.writing() as connection:
        connection.execute(update(allocation_list).where(allocation_list.c.number.in_(numbers)).values(given=given))


def test_a_new_issuer_publishes_sixteen_lists_with_nobody_in_them(issuer: Issuer) -> None:
    assert lists(issuer) == dict.fromkeys(FIRST, (0, True))


def test_lists_are_drawn_and_each_goes_on_in_its_secret_order(issuer: Issuer) -> None:
    given = entries(issuer, 400)
    assert len(set(given)) == 400
    drawn = Counter(entry.list_number for entry in given)
    # 25 of each are expected; a deviation of 20 is four times the usual one.
    assert drawn.keys() == set(FIRST)
    assert max(drawn.values()) < 45
    for number in FIRST:
        order = IndexPermutation(issuer._signers.allocation, number)
        got = [entry.idx for entry in given if entry.list_number == number]
        assert got == [order.index(counter) for counter in range(len(got))]
    assert lists(issuer) == {number: (drawn[number], True) for number in FIRST}


def test_a_reopened_issuer_goes_on_where_it_was(issuer: Issuer) -> None:
    before = entries(issuer, 50)
    with Issuer.open(issuer.places.folder, passphrase=None, random_bytes=randomness(9)) as again:
        after = entries(again, 50)
    assert len({*before, *after}) == 100


def test_what_was_opened_and_rolled_back_is_another_class_s_later(issuer: Issuer) -> None:
    """One process remembers lists that never were; their numbers are somebody else's now."""
    much_later = UnixTime(EXP + CLASS_LIFE)

    def interrupted() -> None:
        with issuer._register.adding() as connection:
            assert issuer._allocator.entry(connection, much_later).list_number in range(17, 33)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    with Issuer.open(issuer.places.folder, passphrase=None, random_bytes=randomness(9)) as other:
        assert entries(other, 1, exp=UnixTime(AT + DAY))[0].list_number in range(17, 33)
    assert entries(issuer, 1, exp=much_later)[0].list_number in range(33, 49)


def test_what_is_rolled_back_was_not_given(issuer: Issuer) -> None:
    def interrupted() -> None:
        with issuer._register.adding() as connection:
            issuer._allocator.entry(connection, EXP)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert lists(issuer) == dict.fromkeys(FIRST, (0, True))


def test_a_list_that_is_full_closes_and_another_takes_its_place(issuer: Issuer) -> None:
    set_given(issuer, FULL_AT - 1, *FIRST)
    given = entries(issuer, 12)
    assert len(set(given)) == 12
    closed = {number for number, (_, is_open) in lists(issuer).items() if not is_open}
    assert closed == {entry.list_number for entry in given if entry.list_number in FIRST}
    assert all(lists(issuer)[number] == (FULL_AT, False) for number in closed)
    assert sum(is_open for _, is_open in lists(issuer).values()) == 16
    # What was opened is published before anybody shows a credential of it: with the next round.
    assert len(issuer.publish(at=AT).status_seq) == 16 + len(closed)


def test_the_last_list_number_ends_it_in_words(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_STATUS_LISTS", 17)
    set_given(issuer, FULL_AT - 1, *FIRST)
    with pytest.raises(NoFreeIndex, match="no list number"):
        entries(issuer, 1)
    with pytest.raises(NoFreeIndex, match="no list number"):
        entries(issuer, 1, exp=UnixTime(EXP + CLASS_LIFE))
    assert lists(issuer) == dict.fromkeys(FIRST, (FULL_AT - 1, True))


def test_each_expiry_class_has_lists_of_its_own_that_are_published_before_they_are_used(issuer: Issuer) -> None:
    later = UnixTime(AT + 5 * DAY)
    first = issuer.issue("id-card", ID_CARD, holder_key(), at=later)
    short = issuer.papers.issue(first.licence_id, days=80, actor="test", at=later)
    sheet = issuer.papers.issue(first.licence_id, days=180, actor="test", at=later)
    wish = Wish(first.licence_id, 1, None, frozenset({Purpose.WINDOW}), None, 90, None)
    agent = issuer.mandates.issue(wish, holder_key(2), actor="test", at=later)
    found = [each.list_number for each in (first, short, sheet, agent)]
    assert [number in lists for number, lists in zip(found, (FIRST, range(17, 33), range(33, 49), FIRST), strict=True)]
    assert [published_status(issuer, each) for each in (first, short, sheet, agent)] == [Status.VALID] * 4
    # For ordinary credentials they are opened a day before anything is issued that needs them.
    soon = UnixTime(AT + 61 * DAY)
    assert len(issuer.publish(at=UnixTime(soon - 2 * DAY)).status_seq) == 48
    assert len(issuer.publish(at=soon).status_seq) == 48
    # Meanwhile the first class is over, and its lists with it.
    much_later = UnixTime(AT + 153 * DAY)
    assert len(issuer.publish(at=UnixTime(much_later - 2 * DAY)).status_seq) == 32
    assert len(issuer.publish(at=much_later).status_seq) == 48


def test_an_issuance_stands_whose_new_lists_cannot_be_published(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)

    def full(*_: object, **__: object) -> None:
        raise StorageFailed("cannot write 17.cwt: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(durable_files, "write_atomically", full)
        sheet = issuer.papers.issue(first.licence_id, days=10, actor="test", at=AT)
    assert sheet.list_number in range(17, 33)
    assert not (issuer.places.published / f"status/{sheet.list_number}.cwt").exists()
    issuer.publish(at=AT)
    assert published_status(issuer, sheet) == Status.VALID


def test_lists_whose_credentials_are_all_over_are_retired(issuer: Issuer) -> None:
    """The last entry of a class ends with it; a week later nothing says anything of its lists any more."""
    issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    with issuer._register.reading() as connection:
        ends = connection.execute(select(allocation_list.c.ends).distinct()).scalar_one()
        assert connection.execute(select(credential_group.c.exp)).scalar_one() <= ends
    still = issuer.publish(at=UnixTime(ends + RETIRED_AFTER))
    assert {f"lz:310000/{number}" for number in FIRST} < still.status_seq.keys()
    after = issuer.publish(at=UnixTime(ends + RETIRED_AFTER + 1))
    assert after.status_seq.keys() == still.status_seq.keys() - {f"lz:310000/{number}" for number in FIRST}
    status = issuer.places.published / "status"
    assert {path.stem for path in status.glob("*.cwt")} == {uri.rpartition("/")[2] for uri in after.status_seq}
    assert not any(is_open for number, (_, is_open) in lists(issuer).items() if number in FIRST)


def test_a_bulk_worker_s_entries_are_nobody_else_s_and_what_it_drops_stays_a_decoy(issuer: Issuer) -> None:
    one = LeasedEntries(issuer._allocator, issuer._register, each=4)
    other = LeasedEntries(issuer._allocator, issuer._register, each=4)
    taken = [worker.take(EXP) for _ in range(40) for worker in (one, other)]
    assert len({*taken, *entries(issuer, 40)}) == 120
    # Sixteen lists have four each; forty of them come from all over, and not list by list.
    assert len({entry.list_number for entry in taken[:32:2]}) > 8
    assert sum(given for given, _ in lists(issuer).values()) == 2 * 64 + 40
    del one, other
    assert not {*taken} & {*entries(issuer, 40)}


def test_after_a_backup_nothing_is_given_twice(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counters went back: the second lock refuses, and closing the open lists heals it."""
    held = [issuer.issue("id-card", ID_CARD, holder_key(), at=AT) for _ in range(24)]
    set_given(issuer, 0, *FIRST)
    # Whatever is drawn first from a list that gave something, it gave already.
    monkeypatch.setattr(issuer._allocator, "_below", lambda _: held[0].list_number - 1)
    with pytest.raises(IndexGivenTwice) as refused:
        issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    monkeypatch.undo()
    assert "close-lists" in refused.value.hint
    # A list that was opened after the backup was made: the folder knows it, the register does not.
    status = issuer.places.published / "status"
    (status / "20.cwt").write_bytes((status / "1.cwt").read_bytes())
    publication = issuer.close_lists(at=AT)
    assert [number for number, (_, is_open) in lists(issuer).items() if is_open] == list(range(21, 37))
    assert publication.status_seq.keys() == {f"lz:310000/{number}" for number in range(1, 37)}
    for _ in range(16):
        assert issuer.issue("id-card", ID_CARD, holder_key(), at=AT).list_number >= 21
    assert [published_status(issuer, each) for each in held] == [Status.VALID] * 24


def test_nothing_new_escapes_a_change_of_its_licence(issuer: Issuer) -> None:
    """A device is enrolled while somebody revokes the licence: the change waits for the addition and reaches it."""
    first = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    flipped: list[StatusEvent] = []

    def revoke() -> None:
        flipped.extend(issuer.revoke(first.licence_id, reason="违法", actor="test", at=AT))

    revoking = threading.Thread(target=revoke)
    with issuer._register.adding() as connection:
        demand_valid(connection, first.licence_id)
        revoking.start()
        # It has all the time that it needs, and waits.
        revoking.join(0.3)
        assert (revoking.is_alive(), flipped) == (True, [])
        entry = issuer._allocator.entry(connection, EXP)
        reserve(
            connection,
            first.licence_id,
            holder_key_thumbprint=bytes(32),
            exp=EXP,
            layouts=(),
            allocate=lambda _: entry,
            draw_sub=str,
            kid=keys.kid_of(issuer._signers.assertion.public_key),
            at=AT,
        )
    revoking.join()
    assert {(event.list_number, event.idx) for event in flipped} == {
        (first.list_number, first.idx),
        (entry.list_number, entry.idx),
    }


def test_additions_wait_for_nobody_on_postgresql(issuer: Issuer, register_url: str | None) -> None:
    if register_url is None:
        return  # SQLite has one writer at a time.
    drawn = iter([0, 1])
    issuer._allocator._below = lambda _: next(drawn)
    with issuer._register.adding() as one, issuer._register.adding() as other:
        both = issuer._allocator.entry(one, EXP), issuer._allocator.entry(other, EXP)
    assert [entry.list_number for entry in both] == [1, 2]


WORKER = """
import sys
from pathlib import Path
from issuer import wiring
from tests.issuer.builders import AT, ID_CARD, holder_key
with wiring.open_issuer(Path(sys.argv[1]), passphrase=None) as issuer:
    licence = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    for number in range(8):
        issuer.issue_again(licence.licence_id, holder_key(2), at=AT)
    issuer.revoke(licence.licence_id, reason="test", actor="test", at=AT)
    issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
"""


def test_processes_that_allocate_and_flip_at_once(tmp_path: Path, register_url: str | None) -> None:
    made(tmp_path / "i", register_url=register_url).close()
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path / "i")], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [worker.communicate(timeout=120)[1] for worker in workers] == [b""] * 2
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        with issuer._register.reading() as connection:
            groups = connection.execute(select(credential_group)).all()
        assert len({(group.list_number, group.idx) for group in groups}) == len(groups) == 20
        assert sum(given for given, _ in lists(issuer).values()) == 20
        assert Counter(published_status(issuer, group) for group in groups) == {Status.REVOKED: 18, Status.VALID: 2}
        # Two changes, each of nine entries; their numbers follow one another, none is between those of another one.
        events = sorted(
            (event for record in issuer.list() for event in issuer.events(record.id)), key=lambda event: event.seq
        )
        assert [len({event.licence_id for event in events[first : first + 9]}) for first in (0, 9)] == [1, 1]
