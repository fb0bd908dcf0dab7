"""The chain finds every kind of tampering and says where; nothing about the holder is at rest; retention erases."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.unixtime import DAY
from tests.terminal.conftest import Terminal
from tests.utopia import kinds as utopian_kinds
from verifier_terminal.session import Session
from verifier_terminal.store import journal
from verifier_terminal.store.anchor import Anchor, Head
from verifier_terminal.store.chain import ChainReport, Tampering
from verifier_terminal.sync.mirror import FolderMirror

ROWS = 8


@pytest.fixture
def written(terminal: Terminal, session: Session) -> Terminal:
    """A journal of eight rows, closed, so that the attacker has the files alone."""
    issued = terminal.world.credential()
    for life in range(ROWS):
        binding = terminal.world.key_binding(life=60 + life)
        session.scan(terminal.world.code(issued, binding=binding), source="scanner")
    close(terminal)
    return terminal


def close(terminal: Terminal) -> None:
    while terminal.opened:
        terminal.opened.pop().close()


def tamper(terminal: Terminal, *statements: str) -> None:
    """What somebody with the file and sqlite3 can do; the triggers are in nobody's way."""
    database = sqlite3.connect(terminal.directory / "terminal.db", isolation_level=None)
    try:
        for trigger in ("journal_keeps_rows", "journal_keeps_hashes"):
            database.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            database.execute(statement)
    finally:
        database.close()


def found(terminal: Terminal) -> list[tuple[Tampering, int]]:
    report: ChainReport = terminal.open().verify_journal()
    return [(finding.tampering, finding.seq) for finding in report.findings]


def test_an_untouched_journal_is_intact_and_wholly_anchored(written: Terminal) -> None:
    report = written.open().verify_journal()
    assert (report.rows, report.anchored, report.findings) == (ROWS, ROWS, ())


def test_an_edited_content_is_found(written: Terminal) -> None:
    tamper(
        written,
        "UPDATE journal SET payload = CAST(replace(CAST(payload AS TEXT), 'accept', 'refuse') AS BLOB) WHERE seq = 4",
    )
    assert found(written) == [(Tampering.EDITED, 4)]


def test_content_that_is_no_json_any_more_is_found(written: Terminal) -> None:
    tamper(written, "UPDATE journal SET payload = x'ff00' WHERE seq = 4")
    assert found(written) == [(Tampering.EDITED, 4)]


@pytest.mark.parametrize(
    "content",
    [
        '{"event":"erasure"}',
        '{"event":"erasure","rows":5}',
        '{"event":"erasure","rows":[[1],["a","b"],7]}',
        '{"event":"erasure","rows":[[-3000000000000,3]]}',
        '{"event":"tampering","kind":"nonsense"}',
        '{"event":"tampering","kind":"edited","from_row":"x","text":1}',
        '{"event":"verdict"}',
        '{"event":"verdict","check_number":[1]}',
        '{"no":"event"}',
        "[" * 100_000,
    ],
)
def test_hostile_content_stops_neither_the_check_nor_the_reading(written: Terminal, content: str) -> None:
    tamper(written, f"UPDATE journal SET payload = CAST('{content}' AS BLOB) WHERE seq = 4")
    session = written.open()
    assert {(each.tampering, each.seq) for each in session.verify_journal().findings} == {(Tampering.EDITED, 4)}
    # What is not what was hashed is shown to nobody as if it had been said.
    assert len(session.acts()) == ROWS - 1
    assert [row.seq for row in session.journal_rows() if row.payload == {"event": "unreadable"}] == [4]


@pytest.mark.parametrize(
    "content", ['{"event":"erasure","rows":[[1,2]]}', '{"event":"erasure","rows":[[-3000000000000,2],[[],{}]]}']
)
def test_an_erasure_row_that_was_slipped_in_is_found_whatever_it_says(written: Terminal, content: str) -> None:
    salt, payload = bytes(16), content.encode()
    hashed = journal.content_hash(salt, payload)
    tamper(
        written,
        f"UPDATE journal SET salt = x'{salt.hex()}', payload = x'{payload.hex()}', content_hash = x'{hashed.hex()}',"
        " check_number = NULL, about = NULL WHERE seq = 5",
        "UPDATE journal SET salt = NULL, payload = NULL, check_number = NULL, about = NULL WHERE seq = 2",
    )
    assert (Tampering.EDITED, 5) in found(written)


def test_an_alarm_with_a_name_that_no_status_has_silences_no_other(written: Terminal) -> None:
    tamper(
        written,
        "INSERT INTO alarm (check_number, found_at, answer)"
        " VALUES ('AAA-AAA', 1, 'NONSENSE'), ('BBB-BBB', 2, 'REVOKED')",
    )
    assert [alarm.answer.name for alarm in written.open().status().alarms] == ["INVALID", "REVOKED"]


def test_any_text_can_be_searched_for(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    session.void(number, '误扫 "2"')
    assert [row.payload["reason"] for row in session.journal_rows("误扫") if row.payload] == ['误扫 "2"']
    assert [row.payload["event"] for row in session.journal_rows('"event":"void"') if row.payload] == ["void"]
    for text in ("\udcff", "\0", "%", "误" * 100_000):
        assert session.journal_rows(text) == session.acts(text) == ()


def test_an_edited_check_number_column_is_found(written: Terminal) -> None:
    tamper(written, "UPDATE journal SET check_number = '777-777' WHERE seq = 5")
    assert found(written) == [(Tampering.EDITED, 5)]


def test_an_edited_content_hash_is_found(written: Terminal) -> None:
    tamper(written, "UPDATE journal SET content_hash = zeroblob(32) WHERE seq = 3")
    assert (Tampering.EDITED, 3) in found(written)


def test_a_row_rewritten_with_hashes_of_its_own_is_found(written: Terminal) -> None:
    salt, payload = bytes(16), journal.encode({"event": "verdict", "class": "accept"})
    content = journal.content_hash(salt, payload)
    database = sqlite3.connect(written.directory / "terminal.db")
    (prev,) = database.execute("SELECT prev FROM journal WHERE seq = 4").fetchone()
    database.close()
    hashes = content.hex(), journal.row_hash(prev, 4, content).hex()
    tamper(
        written,
        f"UPDATE journal SET salt = x'{salt.hex()}', payload = x'{payload.hex()}', check_number = NULL, about = NULL,"
        f" content_hash = x'{hashes[0]}', row_hash = x'{hashes[1]}' WHERE seq = 4",
    )
    assert found(written) == [(Tampering.REPLACED, 4)]


def test_a_deleted_row_is_found(written: Terminal) -> None:
    tamper(written, "DELETE FROM journal WHERE seq = 4")
    assert found(written) == [(Tampering.DELETED, 4)]


def test_a_deleted_row_is_found_when_the_rest_is_renumbered(written: Terminal) -> None:
    renumber = [f"UPDATE journal SET seq = {seq - 1} WHERE seq = {seq}" for seq in range(5, ROWS + 1)]
    tamper(written, "DELETE FROM journal WHERE seq = 4", *renumber)
    assert found(written) == [(Tampering.DELETED, 4), (Tampering.CUT_OFF, ROWS)]


def test_an_inserted_row_is_found(written: Terminal) -> None:
    renumber = [f"UPDATE journal SET seq = {seq + 1} WHERE seq = {seq}" for seq in range(ROWS, 3, -1)]
    copied = "INSERT INTO journal SELECT 4, prev, content_hash, row_hash, salt, payload, NULL, about, erase_after"
    tamper(written, *renumber, f"{copied} FROM journal WHERE seq = 2")
    assert (Tampering.INSERTED, 4) in found(written)


def test_an_inserted_row_with_right_hashes_is_found(written: Terminal) -> None:
    renumber = [f"UPDATE journal SET seq = {seq + 1} WHERE seq = {seq}" for seq in range(ROWS, 3, -1)]
    salt, payload = bytes(16), journal.encode({"event": "verdict", "class": "accept"})
    content = journal.content_hash(salt, payload)
    database = sqlite3.connect(written.directory / "terminal.db")
    (prev,) = database.execute("SELECT row_hash FROM journal WHERE seq = 3").fetchone()
    database.close()
    values = f"x'{prev.hex()}', x'{content.hex()}', x'{journal.row_hash(prev, 4, content).hex()}', x'{salt.hex()}'"
    tamper(written, *renumber, f"INSERT INTO journal VALUES (4, {values}, x'{payload.hex()}', NULL, NULL, 0)")
    assert (Tampering.INSERTED, 4) in found(written)


def test_two_rows_that_changed_places_are_found(written: Terminal) -> None:
    tamper(
        written,
        "UPDATE journal SET seq = 99 WHERE seq = 3",
        "UPDATE journal SET seq = 3 WHERE seq = 6",
        "UPDATE journal SET seq = 6 WHERE seq = 99",
    )
    assert {(Tampering.MOVED, 3), (Tampering.MOVED, 6)} <= set(found(written))


def test_content_emptied_without_a_record_is_found(written: Terminal) -> None:
    tamper(written, "UPDATE journal SET salt = NULL, payload = NULL, check_number = NULL, about = NULL WHERE seq = 4")
    assert found(written) == [(Tampering.EMPTIED, 4)]


def test_a_tail_cut_off_is_found_by_the_anchor(written: Terminal) -> None:
    tamper(written, "DELETE FROM journal WHERE seq > 5")
    assert found(written) == [(Tampering.CUT_OFF, 6)]


def test_an_older_copy_put_back_is_found_by_the_anchor(terminal: Terminal, session: Session) -> None:
    session.scan(terminal.world.code(), source="scanner")
    close(terminal)
    kept = terminal.directory.parent / "kept.db"
    shutil.copy(terminal.directory / "terminal.db", kept)
    terminal.pass_seconds(10)
    terminal.open().scan(terminal.world.code(), source="scanner")
    close(terminal)
    shutil.copy(kept, terminal.directory / "terminal.db")
    assert found(terminal) == [(Tampering.CUT_OFF, 2)]


def test_an_older_copy_that_was_written_on_is_found_by_the_anchor(terminal: Terminal, session: Session) -> None:
    session.scan(terminal.world.code(), source="scanner")
    close(terminal)
    kept = terminal.directory.parent / "kept.db"
    shutil.copy(terminal.directory / "terminal.db", kept)
    terminal.pass_seconds(10)
    terminal.open().scan(terminal.world.code(), source="scanner")
    close(terminal)
    anchor = (terminal.directory / "journal.head").read_bytes()
    shutil.copy(kept, terminal.directory / "terminal.db")
    # The old copy is written on with an anchor that agrees with it, and only then the true anchor comes back.
    (terminal.directory / "journal.head").unlink()
    Anchor(terminal.directory / "journal.head").write(Head(0, journal.genesis("t1")))
    for text in ("https://example.org/", "https://example.org/2"):
        terminal.open().scan(text, source="scanner")
    close(terminal)
    (terminal.directory / "journal.head").write_bytes(anchor)
    assert found(terminal) == [(Tampering.OTHER_COPY, 2)]


def test_what_the_anchor_found_stays_found_when_the_journal_grows_past_it(written: Terminal) -> None:
    tamper(written, "DELETE FROM journal WHERE seq > 5")
    for number in range(5):
        written.open().scan(f"https://example.org/{number}", source="scanner")
        close(written)
    assert found(written) == [(Tampering.CUT_OFF, 6)]
    events = [row.payload["event"] for row in written.open().journal_rows() if row.payload]
    assert events.count("tampering") == 1


def test_a_missing_anchor_is_said(written: Terminal) -> None:
    (written.directory / "journal.head").unlink()
    assert found(written) == [(Tampering.NO_ANCHOR, ROWS)]


def test_a_row_committed_just_before_a_kill_is_no_tampering(written: Terminal) -> None:
    """The anchor lags by the row that was committed when the power went."""
    anchor = Anchor(written.directory / "journal.head")
    head = anchor.read()
    assert head is not None
    content = bytearray((written.directory / "journal.head").read_bytes())
    content[head.count % 2 * 128 :][:10] = b""
    content[head.count % 2 * 128 : head.count % 2 * 128 + 10] = b"torn write"
    (written.directory / "journal.head").write_bytes(bytes(content))
    assert found(written) == []
    assert written.open().verify_journal().anchored == ROWS - 1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_anchor_gives_the_newest_head(tmp_path: Path, count: int) -> None:
    anchor = Anchor(tmp_path / "journal.head")
    for number in range(1, count + 1):
        anchor.write(Head(number, bytes([number]) * 32))
    assert anchor.read() == Head(count, bytes([count]) * 32)


def test_nothing_about_the_holder_is_at_rest(terminal: Terminal, session: Session) -> None:
    issued = terminal.world.credential()
    for life, source in ((60, "scanner"), (61, "camera")):
        binding = terminal.world.key_binding(life=life)
        session.scan(terminal.world.code(issued, binding=binding, shown=tuple(issued.items)), source=source)
    terminal.pass_seconds(600)
    session.scan(terminal.world.code(issued), source="scanner")
    session.scan(terminal.world.code(issued), source="another")
    secrets: list[bytes] = [issued.claims.sub.encode(), issued.claims.cnf[-2]]  # type: ignore[list-item]
    for value in utopian_kinds.driving_licence_items().values():
        if isinstance(value, str) and len(value) > 2:
            secrets += [value.encode(), value.encode("unicode_escape"), value.encode("utf-16-le")]
        elif isinstance(value, bytes):
            secrets += [value, value.hex().encode()]
    at_rest = b"".join(path.read_bytes() for path in terminal.directory.iterdir())
    assert (terminal.directory / "terminal.db-wal").stat().st_size > 0
    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in at_rest] == []
    payloads = [row.payload for row in session.journal_rows()]
    assert not any("idx" in str(payload) or "4711" in str(payload) for payload in payloads)


def test_retention_erases_content_and_keeps_the_chain(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    terminal.pass_seconds(29 * DAY)
    mirror = terminal.publish(seq=2, age=30)
    session.sync(mirror)
    assert session.acts(number)
    terminal.pass_seconds(2 * DAY)
    session.sync(terminal.publish(seq=3, age=30))
    assert session.acts(number) == ()
    report = session.verify_journal()
    assert (report.erased, report.findings) == (1, ())
    at_rest = b"".join(path.read_bytes() for path in terminal.directory.iterdir())
    assert number.encode() not in at_rest


def test_a_clock_that_cannot_be_right_erases_nothing(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    terminal.world.clock.advance(400 * DAY)
    restarted = terminal.open()
    # The server answers, with documents that are 400 days old by this clock.
    assert restarted.sync(FolderMirror(terminal.published)).unchanged
    assert restarted.acts(number)


def test_check_numbers_are_drawn_again_when_taken(terminal: Terminal, session: Session) -> None:
    drawn: list[int] = []

    def repeats(real: Callable[[int], bytes]) -> Callable[[int], bytes]:
        def draw(count: int) -> bytes:
            drawn.append(count)
            return bytes(count) if len(drawn) < 3 else real(count)

        return draw

    session._random_bytes = repeats(session._random_bytes)
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    # 000-000 is the number of exercises and never drawn.
    assert number != "000-000"
    assert len(drawn) == 3
