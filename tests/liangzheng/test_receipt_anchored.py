"""`liangzheng receipt verify --journal`: from a real terminal's receipt to "anchored", and what keeps it from that."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from liangzheng.cli import main
from protocol.unixtime import DAY
from tests.terminal.asking_world import REASON
from tests.terminal.test_cli import Counter
from tests.terminal.test_cli_asking import certified, counter

__all__ = ["certified", "counter"]
"""Fixtures of the terminal's own tests: a provisioned and certified terminal on the real clock."""


@pytest.fixture
def receipt(certified: Counter, tmp_path: Path) -> Path:
    path = tmp_path / "receipt.cbor"
    arguments = ["--text", certified.world.code(), "--receipt", path, "--reason", REASON]
    assert certified.run("appraise", *arguments).exit_code == 0
    return path


def verify(counter: Counter, receipt: Path, *arguments: str | Path) -> Result:
    command = ["receipt", "verify", str(receipt), "--trust", str(counter.published), *map(str, arguments)]
    return CliRunner().invoke(main, command)


def test_the_journal_has_it(certified: Counter, receipt: Path) -> None:
    ran = verify(certified, receipt, "--journal", certified.directory)
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.splitlines()[0] == "VERIFIED, anchored: the certified terminal stated this."
    assert "in a chain that nobody broke" in ran.stdout
    said = json.loads(verify(certified, receipt, "--journal", certified.directory, "--json").stdout)
    assert (said["verified"], said["anchored"]) == (True, True)


def test_without_a_journal_nobody_has_looked(certified: Counter, receipt: Path) -> None:
    said = json.loads(verify(certified, receipt, "--json").stdout)
    assert (said["verified"], said["anchored"]) == (True, False)


def test_rows_that_come_later_and_a_running_terminal_do_no_harm(certified: Counter, receipt: Path) -> None:
    certified.run("appraise", "--text", "https://example.org/")
    assert verify(certified, receipt, "--journal", certified.directory).exit_code == 0


def test_looking_changes_nothing(certified: Counter, receipt: Path) -> None:
    before = {path.name: path.read_bytes() for path in certified.directory.iterdir()}
    verify(certified, receipt, "--journal", certified.directory)
    after = {path.name: path.read_bytes() for path in certified.directory.iterdir()}
    assert {name: after[name] for name in before} == before


def refused(counter: Counter, receipt: Path, directory: Path) -> str:
    ran = verify(counter, receipt, "--journal", directory, "--json")
    said = json.loads(ran.stdout)
    assert (ran.exit_code, said["verified"], said["anchored"], said["code"]) == (1, False, False, "JOURNAL_DIFFERS")
    return str(said["detail"])


def test_another_terminals_journal_has_it_not(certified: Counter, receipt: Path, tmp_path: Path) -> None:
    other = Counter(certified.world, tmp_path / "other", certified.published)
    assert other.run("init", "--trust", certified.published, "--profile", "window").exit_code == 0
    assert "no row 1" in refused(certified, receipt, other.directory)
    other.run("appraise", "--text", "https://example.org/")
    assert "another one" in refused(certified, receipt, other.directory)


def test_an_older_copy_of_the_journal_has_it_not(certified: Counter, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(certified.directory, old)
    path = tmp_path / "later.cbor"
    certified.run("appraise", "--text", certified.world.code(), "--receipt", path, "--reason", REASON)
    assert "no row" in refused(certified, path, old)


def test_a_broken_chain_vouches_for_nothing(certified: Counter, receipt: Path) -> None:
    database = sqlite3.connect(certified.directory / "terminal.db")
    with database:
        database.execute(
            "UPDATE journal SET payload = CAST(replace(payload, 'accept', 'refuse') AS BLOB) WHERE seq = 1"
        )
    database.close()
    assert "tampered" in refused(certified, receipt, certified.directory)


def test_erased_by_its_time_it_is_still_there(certified: Counter, receipt: Path) -> None:
    from verifier_terminal import wiring

    with wiring.open_session(certified.directory) as session, session._store.writing():
        assert session._store.journal.erase_expired(at=wiring.UnixTime(wiring.now() + 31 * DAY)) is not None
    assert verify(certified, receipt, "--journal", certified.directory).exit_code == 0


def test_no_terminal_there_is_wrong_use(certified: Counter, receipt: Path, tmp_path: Path) -> None:
    assert verify(certified, receipt, "--journal", tmp_path).exit_code == 2
    (certified.directory / "terminal.db").write_bytes(b"no database" * 1_000)
    assert verify(certified, receipt, "--journal", certified.directory).exit_code == 2


def test_the_trust_list_that_was_published_is_the_one_that_counts(certified: Counter, receipt: Path) -> None:
    (certified.published / "trust.cbor").write_bytes(certified.world.trust_bytes(seq=9))
    ran = verify(certified, receipt, "--journal", certified.directory)
    assert (ran.exit_code, "E_ISSUER_UNKNOWN" in ran.stdout) == (1, True)
