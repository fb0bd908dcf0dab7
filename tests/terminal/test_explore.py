"""Looking at a terminal's directory: everything can be read, nothing is touched, and nothing in it can hurt."""

import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from liangzheng.cli import main
from protocol import unixtime
from protocol.labels import Lic
from protocol.unixtime import UnixTime
from tests.terminal.conftest import Terminal
from tests.utopia.kinds import driving_licence_items
from tests.utopia.world import WUYOU
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import StoreDamaged
from verifier_terminal.explore import readings, snapshot, tables
from verifier_terminal.explore.app import create_app
from verifier_terminal.explore.readings import FILE, FORMER, Readings
from verifier_terminal.explore.snapshot import Snapshots
from verifier_terminal.session import Session
from verifier_terminal.web import texts

TOKEN = "t" * 40
HOSTILE = "\u202e<script>alert(1)</script>\x1b[2J'\"</td>"


def settings(terminal: Terminal, name: str = "一号窗口") -> TerminalSettings:
    root = terminal.world.roots[WUYOU].public_key
    return TerminalSettings("t1", name, "window", WUYOU, "https://feed.example/990000", root.thumbprint.hex())


def pages(terminal: Terminal, name: str = "一号窗口") -> FlaskClient:
    root = terminal.world.roots[WUYOU].public_key
    return create_app(
        terminal.directory, settings(terminal, name), root, csrf_token=TOKEN, readings=looks(terminal)
    ).test_client()


def looks(terminal: Terminal) -> Readings:
    return Readings(terminal.directory, by="operator", now=terminal.world.clock)


@pytest.fixture
def client(terminal: Terminal, session: Session) -> FlaskClient:
    """Beside a terminal that runs and has checked two codes."""
    session.scan(terminal.world.code(), source="scanner")
    session.scan("https://example.org/", source="scanner")
    return pages(terminal)


def everything(directory: Path) -> dict[str, tuple[str, int, int]]:
    """Content, moment of change and mode of every file."""
    return {
        str(path.relative_to(directory)): (
            sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns, path.stat().st_mode,
        )
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != FILE
    }  # fmt: skip


def look_everywhere(client: FlaskClient, session_number: str) -> Iterator[TestResponse]:
    yield client.get("/")
    yield client.get("/journal")
    yield client.post("/journal", data={"token": TOKEN, "search": "accept"})
    yield client.get(f"/checks/{session_number}")
    yield client.get("/documents")
    for name, _ in tables.names(sqlite3.connect(":memory:")) or (("journal", 0), ("document", 0), ("mark", 0)):
        yield client.get(f"/table/{name}")


def number_of(session: Session) -> str:
    return session.acts()[-1].check_number


def test_beside_a_running_terminal_not_one_byte_changes(
    terminal: Terminal, session: Session, client: FlaskClient
) -> None:
    before = everything(terminal.directory)
    assert {"terminal.db", "terminal.db-wal", "terminal.db-shm"} <= before.keys()
    for answer in look_everywhere(client, number_of(session)):
        assert answer.status_code == 200, answer.text
    assert everything(terminal.directory) == before
    # And the terminal goes on as if nobody had looked: what it writes is seen at once.
    session.void(number_of(session), "seen by the pages")
    assert "seen by the pages" in client.get("/journal").text


def test_it_is_written_down_who_looked_at_what_and_not_what_stood_there(
    terminal: Terminal, session: Session, client: FlaskClient
) -> None:
    number = number_of(session)
    for answer in look_everywhere(client, number):
        assert answer.status_code == 200
    client.get("/journal?before=2")
    written = (terminal.directory / FILE).read_text("ascii")
    assert (terminal.directory / FILE).stat().st_mode & 0o777 == 0o600
    said = [json.loads(line) for line in written.splitlines()]
    assert {each["by"] for each in said} == {"operator"}
    assert [each["what"] for each in said] == [
        *("overview", "journal", "journal, searched", f"check {number}", "documents"),
        *("table journal, page 0", "table document, page 0", "table mark, page 0", "journal before row 2"),
    ]
    assert {each["at"] for each in said} == {unixtime.iso_utc(terminal.world.clock.at)}
    assert driving_licence_items()[Lic.NAME] not in client.get("/readings").text
    assert "accept" not in written
    page = client.get("/readings?lang=en").text
    assert page.index("journal before row 2") < page.index(f"check {number}"), "the newest first"
    assert 'role="alert"' not in page


def test_a_full_log_begins_anew_and_a_broken_line_is_no_obstacle(terminal: Terminal, session: Session) -> None:
    del session
    own = looks(terminal)
    assert own.note("overview")
    with (terminal.directory / FILE).open("a") as opened:
        opened.write(f"{HOSTILE!a}\n" + "x" * readings.MAX_BYTES + "\n")
    assert own.note("journal")
    assert (terminal.directory / FORMER).exists()
    assert next(what for _, _, what in own.newest()) == "journal"
    answer = pages(terminal).get("/readings")
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_what_cannot_be_written_down_is_said(terminal: Terminal, session: Session) -> None:
    del session
    (terminal.directory / FILE).mkdir()
    answer = pages(terminal).get("/journal?lang=en")
    assert answer.status_code == 200
    assert "NOT written down" in answer.text


def test_a_terminal_that_was_closed_and_cannot_be_written_to_is_read_all_the_same(
    terminal: Terminal, session: Session, client: FlaskClient
) -> None:
    number = number_of(session)
    session.close()
    before = everything(terminal.directory)
    assert "terminal.db-wal" not in before
    terminal.directory.chmod(0o500)
    try:
        for answer in look_everywhere(client, number):
            assert answer.status_code == 200
    finally:
        terminal.directory.chmod(0o700)
    assert everything(terminal.directory) == before


def test_a_state_is_whole_while_the_terminal_writes_and_its_log_begins_anew(tmp_path: Path) -> None:
    """Two numbers are always changed together; checkpoints and new logs come in between."""
    path = tmp_path / "terminal.db"
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE one (n, filler)")
    writer.execute("CREATE TABLE two (n, filler)")
    for name in ("one", "two"):
        writer.execute(f"INSERT INTO {name} VALUES (0, zeroblob(20000))")
    stopped = threading.Event()

    def write() -> None:
        number = 0
        while not stopped.is_set():
            number += 1
            writer.execute("BEGIN")
            writer.execute("UPDATE one SET n = ?, filler = zeroblob(20000)", (number,))
            writer.execute("UPDATE two SET n = ?, filler = zeroblob(20000)", (number,))
            writer.execute("COMMIT")
            if number % 20 == 0:
                writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            stopped.wait(0.001)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        snapshots, seen = Snapshots(path), set()
        end = time.monotonic() + 20
        while len(seen) < 6:
            assert time.monotonic() < end, seen
            with suppress(StoreDamaged), snapshots.now() as database:
                one, two = (database.execute(f"SELECT n FROM {name}").fetchone()[0] for name in ("one", "two"))
                assert one == two
                seen.add(one)
    finally:
        stopped.set()
        thread.join()
        writer.close()


def test_a_database_that_never_rests_is_said_so(terminal: Terminal, session: Session) -> None:
    snapshots = Snapshots(terminal.directory / "terminal.db")
    changing = iter(range(1_000))
    snapshots._look = lambda: (next(changing), 0, b"", 0, 0)  # type: ignore[method-assign]  # a disk that changes
    with pytest.raises(StoreDamaged, match="faster than it can be copied"), snapshots.now():
        pass


def test_nothing_can_be_written_into_the_copy_either(terminal: Terminal, session: Session) -> None:
    with (
        Snapshots(terminal.directory / "terminal.db").now() as database,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        database.execute("DELETE FROM mark")


def test_no_copy_is_left_behind(
    terminal: Terminal, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "memory"
    place.mkdir()
    monkeypatch.setattr(snapshot, "_MEMORY", place)
    with Snapshots(terminal.directory / "terminal.db").now():
        assert list(place.iterdir()) == []


def test_the_overview_has_every_table_with_its_rows_and_the_chain(client: FlaskClient, session: Session) -> None:
    text = client.get("/?lang=en").text
    assert "intact: 2 rows" in text
    for name, count in tables.names(session._store.database):
        assert f'<a href="/table/{name}?lang=en">{name}</a>' in text
        assert f"<bdi>{count:,}</bdi>" in text
    for file in ("terminal.db", "journal.head"):
        assert f"<bdi>{file}</bdi>" in text


def test_every_table_of_the_schema_says_what_it_holds(session: Session) -> None:
    """A new table needs a line in web/explore.toml."""
    unsaid = [name for name, _ in tables.names(session._store.database) if not texts.known(f"explore_table.{name}")]
    assert unsaid == ["_sqlite_migrations"]


def test_a_changed_row_is_an_alarm(terminal: Terminal, client: FlaskClient) -> None:
    database = sqlite3.connect(terminal.directory / "terminal.db")
    with database:
        database.execute(
            "UPDATE journal SET payload = CAST(replace(payload, 'accept', 'refuse') AS BLOB) WHERE seq = 1"
        )
    database.close()
    text = client.get("/?lang=en").text
    assert re.search(r'<p class="alarm" role="alert">TAMPERED with at row 1', text)
    assert "intact:" not in text


def test_a_check_is_explained_as_the_command_does(client: FlaskClient, session: Session) -> None:
    text = client.get(f"/checks/{number_of(session)}?lang=zh-Hans").text
    assert "矩阵：M 类 × 窗口办事 × 最新 = 符合" in text
    assert "驾驶证" in text
    assert client.get("/checks/777-777?lang=en").status_code == 404
    assert client.get("/checks/nonsense").status_code == 404


def test_the_documents_are_in_words_and_only_if_their_signature_holds(terminal: Terminal, client: FlaskClient) -> None:
    text = client.get("/documents?lang=en").text
    assert text.count("the signature holds: no. 1") == 3
    for said in ("Driving licence", "990000.GA", "Service window", "journal kept for"):
        assert said in text
    database = sqlite3.connect(terminal.directory / "terminal.db")
    with database:
        database.execute("UPDATE document SET encoded = CAST(encoded || x'00' AS BLOB) WHERE name = 'policy'")
    database.close()
    text = client.get("/documents?lang=en").text
    assert text.count("the signature holds") == 2
    assert "nothing of it is shown" in text
    assert "journal kept for" not in text


def test_the_search_stands_in_no_address_and_needs_the_page(client: FlaskClient, session: Session) -> None:
    found = client.post("/journal?lang=en", data={"token": TOKEN, "search": number_of(session)})
    assert "1 rows found" in found.text
    assert client.post("/journal", data={"search": "accept"}).status_code == 403
    assert client.post("/journal", data={"token": "x", "search": "accept"}).status_code == 403
    foreign = {"Origin": "https://evil.example"}
    assert client.post("/journal", data={"token": TOKEN, "search": "a"}, headers=foreign).status_code == 403
    assert 'method="post"' in client.get("/journal").text


def test_older_rows_are_one_page_further(terminal: Terminal, session: Session) -> None:
    for number in range(105):
        session.note_reading(f"reading {number}")
    client = pages(terminal)
    newest = client.get("/journal?lang=en").text
    assert "reading 104" in newest
    assert "reading 4 " not in newest.replace("<", " ")
    (path,) = re.findall(r'href="(/journal\?before=\d+)&amp;lang=en"', newest)
    assert "reading 4" in client.get(path).text


@pytest.mark.parametrize("path", ["/", "/journal", "/documents", "/table/journal", "/table/nowhere", "/nowhere"])
def test_every_answer_has_the_rules_and_no_script(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "<script" not in answer.text
    assert "style=" not in answer.text


def test_another_host_name_is_refused(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "terminal.evil.example"}).status_code == 400


def test_hostile_text_anywhere_is_text(terminal: Terminal, session: Session) -> None:
    session.scan("https://example.org/", source=HOSTILE)
    number = number_of(session)
    session.void(number, HOSTILE)
    with session._store.writing():
        session._store.database.execute('CREATE TABLE "<img src=x>" (a, "b\u202e")')
        session._store.database.execute('INSERT INTO "<img src=x>" VALUES (?, ?)', (HOSTILE, HOSTILE.encode()))
        session._store.database.execute("INSERT INTO local_setting VALUES (?, ?, 0)", (HOSTILE, HOSTILE))
    (terminal.directory / "<b>file").write_text("")
    client = pages(terminal, name="<i>窗口")
    for path in (
        "/",
        "/journal",
        f"/checks/{number}",
        "/table/local_setting",
        "/table/%3Cimg%20src=x%3E",
        "/documents",
    ):
        text = client.get(path).text
        for bad in ("<script", "<img", "<i>", "<b>", "\u202e", "\x1b"):
            assert bad not in text, (path, bad)
    assert client.get("/table/%22;DROP TABLE journal;--").status_code == 404


def test_secrets_and_values_are_on_no_page(terminal: Terminal, session: Session, client: FlaskClient) -> None:
    # An unknown code makes a key of the day.
    ((key,),) = session._store.database.execute("SELECT key FROM daily_key").fetchall()
    shown = "".join(
        client.get(path).text for path in ("/", "/journal", "/table/daily_key", "/table/journal", "/documents")
    )
    assert key.hex()[:16] not in shown
    assert "•••" in shown
    for item in (Lic.NAME, Lic.LICENCE_NO, Lic.CITIZEN_ID):
        assert str(driving_licence_items()[item]) not in shown


def test_what_retention_erased_is_said(terminal: Terminal, session: Session) -> None:
    session.note_reading("something")
    session._store.clean_up(at=UnixTime(terminal.world.clock.at + 400 * 86_400), confirmed=terminal.world.clock.at)
    text = pages(terminal).get("/journal?lang=en").text
    assert "erased, the hashes stay" in text


def test_a_directory_without_a_terminal_and_a_damaged_database(tmp_path: Path, terminal: Terminal) -> None:
    done = CliRunner().invoke(main, ["explore", str(tmp_path)])
    assert done.exit_code == 2
    assert "terminal" in done.output
    (terminal.directory / "terminal.db").write_bytes(b"no database" * 100)
    answer = pages(terminal).get("/?lang=en")
    assert answer.status_code == 500
    assert "cannot be read" in answer.text
    assert {path.name for path in terminal.directory.iterdir()} == {"terminal.db", FILE}
