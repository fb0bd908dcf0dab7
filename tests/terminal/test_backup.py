"""A terminal's backup: one moment of a working terminal, closed without the passphrase, and back as it was."""

import io
import tarfile
from pathlib import Path

import pytest

from tests.terminal.conftest import Terminal
from tests.utopia.randomness import Drbg
from tests.utopia.world import WUYOU
from verifier_terminal import backup, config
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.errors import BackupDamaged, BackupFailed, NotATerminal
from verifier_terminal.passphrase import Cost
from verifier_terminal.session import Session

QUICK = Cost(passes=1, memory_kib=8, lanes=1)
PASSPHRASE = "eight characters or more"


@pytest.fixture
def made(terminal: Terminal, session: Session, tmp_path: Path) -> Path:
    """A backup of a terminal that is open, has one check behind it and a key."""
    config.save(terminal.directory, session.settings, terminal.world.roots[WUYOU].public_key)
    assert session.scan(terminal.world.code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    file = tmp_path / "backup"
    size = backup.make(terminal.directory, file, PASSPHRASE, random_bytes=Drbg("backup"), cost=QUICK)
    assert file.stat().st_size == size
    return file


def test_it_comes_back_with_journal_replay_and_documents(terminal: Terminal, session: Session, made: Path) -> None:
    (act,) = session.acts()
    session.close()
    terminal.opened.clear()
    directory = terminal.directory.with_name("again")
    backup.restore(made, directory, PASSPHRASE, cost=QUICK)
    terminal.directory = directory
    restored = terminal.open()
    restored.note_restored()
    assert restored.acts() == (act,)
    assert not restored.verify_journal().findings
    assert next(row.payload["event"] for row in restored.journal_rows() if row.payload) == "restored"
    terminal.pass_seconds(40)
    assert restored.scan(terminal.world.code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    assert {path.stat().st_mode & 0o777 for path in directory.rglob("*") if path.is_file()} <= {0o600, 0o644}
    assert directory.stat().st_mode & 0o777 == 0o700


def test_what_was_used_up_before_is_used_up_after(terminal: Terminal, session: Session, tmp_path: Path) -> None:
    config.save(terminal.directory, session.settings, terminal.world.roots[WUYOU].public_key)
    code = terminal.world.code()
    session.scan(code, source="scanner")
    file = tmp_path / "backup"
    backup.make(terminal.directory, file, PASSPHRASE, random_bytes=Drbg("backup"), cost=QUICK)
    backup.restore(file, tmp_path / "again", PASSPHRASE, cost=QUICK)
    terminal.directory = tmp_path / "again"
    terminal.elapsed += 10
    verdict = terminal.open().scan(code, source="another scanner").verdict
    assert next(str(each.code) for each in verdict.findings) == "E_REPLAY"


@pytest.mark.parametrize("place", [0, 12, 30, 40, -1])
def test_one_bit_changed_and_it_does_not_open(made: Path, tmp_path: Path, place: int) -> None:
    content = bytearray(made.read_bytes())
    content[place] ^= 1
    made.write_bytes(content)
    with pytest.raises(BackupDamaged):
        backup.restore(made, tmp_path / "again", PASSPHRASE, cost=QUICK)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("length", [0, 8, 36, 40, -1])
def test_a_part_of_it_does_not_open(made: Path, tmp_path: Path, length: int) -> None:
    made.write_bytes(made.read_bytes()[:length])
    with pytest.raises(BackupDamaged):
        backup.restore(made, tmp_path / "again", PASSPHRASE, cost=QUICK)


def test_another_passphrase_does_not_open_it(made: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupDamaged, match="another passphrase"):
        backup.restore(made, tmp_path / "again", PASSPHRASE + "!", cost=QUICK)


def test_a_passphrase_typed_on_another_keyboard_opens_it(terminal: Terminal, made: Path, tmp_path: Path) -> None:
    backup.make(terminal.directory, made, "caf\u00e9 caf\u00e9", random_bytes=Drbg("backup"), cost=QUICK)
    backup.restore(made, tmp_path / "again", "cafe\u0301 cafe\u0301", cost=QUICK)
    assert config.is_terminal(tmp_path / "again")


def test_nothing_of_it_is_readable(terminal: Terminal, made: Path) -> None:
    content = made.read_bytes()
    for clear in (b"SQLite format", "一号窗口".encode(), b"journal", b"terminal.json"):
        assert clear not in content


def test_a_directory_with_anything_in_it_is_left_alone(terminal: Terminal, made: Path) -> None:
    before = {path: path.read_bytes() for path in terminal.directory.iterdir() if path.is_file()}
    with pytest.raises(BackupFailed, match="not empty"):
        backup.restore(made, terminal.directory, PASSPHRASE, cost=QUICK)
    assert {path: path.read_bytes() for path in terminal.directory.iterdir() if path.is_file()} == before


def test_what_cannot_be_a_backup(terminal: Terminal, made: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="at least 8"):
        backup.make(terminal.directory, tmp_path / "b", "short", random_bytes=Drbg("b"), cost=QUICK)
    with pytest.raises(BackupFailed, match="own directory"):
        backup.make(terminal.directory, terminal.directory / "b", PASSPHRASE, random_bytes=Drbg("b"), cost=QUICK)
    with pytest.raises(NotATerminal):
        backup.make(tmp_path, tmp_path / "b", PASSPHRASE, random_bytes=Drbg("b"), cost=QUICK)


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "link"])
def test_a_name_that_leads_outside_is_refused(
    terminal: Terminal, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        entry = tarfile.TarInfo(name)
        if name == "link":
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    config.save(terminal.directory, session.settings, terminal.world.roots[WUYOU].public_key)
    monkeypatch.setattr(backup, "_packed", lambda _: packed.getvalue())
    backup.make(terminal.directory, tmp_path / "b", PASSPHRASE, random_bytes=Drbg("b"), cost=QUICK)
    with pytest.raises(BackupDamaged, match="no backup of a terminal holds"):
        backup.restore(tmp_path / "b", tmp_path / "again", PASSPHRASE, cost=QUICK)
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "again").exists()
