"""The register of an older version: it opens, gets the tables that it lacks, and keeps what it has."""

import sqlite3
import threading
from pathlib import Path

import pytest

from issuer.application import Issuer
from issuer.errors import NotAnIssuer
from issuer.register_schema import FIRST_TABLES, metadata
from protocol.directory import Site
from tests.issuer.builders import AT, ID_CARD, holder_key, made, randomness

ADDED = sorted(metadata.tables.keys() - FIRST_TABLES)


def drop(folder: Path, *tables: str) -> None:
    connection = sqlite3.connect(folder / "register.sqlite")
    with connection:
        for table in tables:
            connection.execute(f"DROP TABLE {table}")
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


@pytest.mark.parametrize("table", sorted(FIRST_TABLES))
def test_a_register_without_a_first_table_is_damaged_and_not_old(tmp_path: Path, table: str) -> None:
    with made(tmp_path / "i"):
        pass
    drop(tmp_path / "i", table)
    with pytest.raises(NotAnIssuer, match="tables"):
        Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2))
