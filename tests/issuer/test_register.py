"""The register of an older version: it opens, gets the tables that it lacks, and keeps what it has."""

import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy.exc import OperationalError

from issuer.application import Issuer
from issuer.errors import NotAnIssuer, RegisterUnavailable
from issuer.issuance import Issued
from issuer.register_schema import FIRST_TABLES, metadata
from protocol.directory import Site
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, ID_CARD, holder_key, made, published_status, randomness

ADDED = sorted(metadata.tables.keys() - FIRST_TABLES)

LATER_INDICES = ("licence_by_end", "licence_by_holder", "licence_by_name", "licence_by_moment")
"""Those that tables of the beginning got by later revisions."""


def drop(folder: Path, *tables: str) -> None:
    """Take tables out of a register, and out of the folder what only a register with them has published."""
    shutil.rmtree(folder / "published/feed", ignore_errors=True)
    connection = sqlite3.connect(folder / "register.sqlite")
    with connection:
        for table in (*tables, "alembic_version"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for index in LATER_INDICES:
            connection.execute(f"DROP INDEX IF EXISTS {index}")
    connection.close()


def test_what_every_register_had_from_the_beginning() -> None:
    assert {"licence", "credential_group", "credential", "status_event", "status_list", "document"} == FIRST_TABLES
    assert set(ADDED) >= {
        "allocation_list",
        "certified_terminal",
        "device_found",
        "mandate",
        "paper",
        "portrait",
        "site",
        "status_token",
    }


def test_an_older_register_gets_the_tables_that_it_lacks_and_keeps_its_licences(tmp_path: Path) -> None:
    with made(tmp_path / "i") as issuer:
        issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
        issuer.revoke(issued.licence_id, reason="测试", actor="test", at=AT)
        records, events = issuer.list(), issuer.events(issued.licence_id)
    drop(tmp_path / "i", *ADDED)
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        assert (issuer.list(), issuer.events(issued.licence_id)) == (records, events)
        assert issuer.sites.listed() == ()
        issuer.sites.add(Site("东大厅", "幻境市政务服务中心"), code="A1B2", actor="test", at=AT)
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        assert [record.code for record in issuer.sites.listed()] == ["A1B2"]


def test_several_may_open_an_older_register_at_once(tmp_path: Path) -> None:
    with made(tmp_path / "i"):
        pass
    drop(tmp_path / "i", *ADDED)
    together, errors = threading.Barrier(4), []

    def opening() -> None:
        together.wait()
        try:
            Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)).close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=opening) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


FIRST_VERSION = """
DROP INDEX credential_group_not_valid; DROP INDEX status_event_by_due;
ALTER TABLE status_event DROP COLUMN due; ALTER TABLE status_event DROP COLUMN urgent;
DELETE FROM status_list WHERE number > 1; UPDATE status_list SET seq = 41;
UPDATE credential_group SET list_number = 1; UPDATE status_event SET list_number = 1;
"""
"""Makes of a register what it was when there was one list, and indices of it were drawn at random."""


def of_the_first_version(folder: Path) -> tuple[Issued, ...]:
    with made(folder) as issuer:
        issued = tuple(issuer.issue("id-card", ID_CARD, holder_key(number), at=AT) for number in (1, 2, 3))
        issuer.suspend(issued[0].licence_id, reason="测试", actor="test", at=AT)
    with closing(sqlite3.connect(folder / "register.sqlite")) as connection:
        connection.executescript(FIRST_VERSION)
    drop(folder, *ADDED)
    return tuple(replace(each, list_number=1) for each in issued)


def test_a_register_with_one_list_goes_on_with_sixteen_others(tmp_path: Path) -> None:
    first, second, third = of_the_first_version(tmp_path / "i")
    for _ in range(2):
        with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
            (event,) = issuer.events(first.licence_id)
            assert (event.at, event.due, event.urgent, event.idx) == (AT, AT, True, first.idx)
            # The list goes on under its next numbers, and says what it said.
            published = issuer.publish(at=AT).status_seq
            assert published == {"lz:310000/1": 42} | {f"lz:310000/{number}": 1 for number in range(2, 18)}
            assert [published_status(issuer, each) for each in (first, second)] == [Status.SUSPENDED, Status.VALID]
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        issuer.revoke(second.licence_id, reason="测试", actor="test", at=AT)
        assert published_status(issuer, second) == Status.REVOKED
        # It takes nobody any more, and ends with the last who is in it.
        given = [issuer.issue_again(third.licence_id, holder_key(4), at=AT) for _ in range(20)]
        assert min(each.list_number for each in given) > 1
        assert issuer.publish(at=UnixTime(third.exp + 7 * DAY)).status_seq.keys() >= {"lz:310000/1"}
        assert "lz:310000/1" not in issuer.publish(at=UnixTime(third.exp + 7 * DAY + 1)).status_seq


def test_an_upgrade_that_fails_leaves_the_register_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_the_first_version(tmp_path / "i")

    def tables() -> list[str]:
        with closing(sqlite3.connect(tmp_path / "i" / "register.sqlite")) as connection:
            return [row[0] for row in connection.execute("SELECT sql FROM sqlite_master ORDER BY name")]

    before = tables()
    upgrade = command.upgrade
    with monkeypatch.context() as patched:

        def full(*_: object) -> None:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))

        # The last thing that an upgrade does: the table of the last revision is there by then.
        patched.setattr(command, "upgrade", lambda *given: (upgrade(*given), full()))
        with pytest.raises(RegisterUnavailable, match="disk is full"):
            Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2))
    assert tables() == before
    Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)).close()


@pytest.mark.parametrize("table", sorted(FIRST_TABLES))
def test_a_register_without_a_first_table_is_damaged_and_not_old(tmp_path: Path, table: str) -> None:
    with made(tmp_path / "i"):
        pass
    drop(tmp_path / "i", table)
    with pytest.raises(NotAnIssuer, match="tables"):
        Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2))
