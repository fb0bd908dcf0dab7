"""The vault: wrong keys and damaged files have their own names, and no kill, full disk or second process loses it."""

import errno
import multiprocessing
import os
import resource
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from protocol.labels import Purpose
from tests.wallet.conftest import CHEAP, ManualClock
from tests.wallet.issued import AT, Authority, encoded, holder_key
from wallet_sdk import Card, Protection, Wallet, errors, migrations
from wallet_sdk.ports import Random
from wallet_sdk.vault import Vault

SAVING = Path(__file__).parent / "saving.py"
SECRET = b"a holder's secret content"


def no_wait(seconds: float) -> None:
    """A lock that is held stays held."""


def create(folder: Path, passphrase: str | None = "correct horse", random: Random = os.urandom) -> Vault:
    return Vault.create(folder, SECRET, passphrase=passphrase, random=random, sleep=no_wait, cost=CHEAP)


def open_vault(folder: Path, passphrase: str | None = "correct horse") -> Vault:
    return Vault.open(folder, passphrase=passphrase, random=os.urandom, sleep=no_wait)


def content(vault: Vault) -> bytes:
    return vault.decrypt(vault.read_encrypted())


def resealed(file: Path, change: Callable[[bytearray], None]) -> None:
    """Changes the file as somebody would who also repairs its digest."""
    whole = bytearray(file.read_bytes()[:-32])
    change(whole)
    file.write_bytes(bytes(whole) + sha256(whole).digest())


@pytest.mark.parametrize(
    ("passphrase", "protection"), [("correct horse", Protection.PASSPHRASE), (None, Protection.KEY_FILE)]
)
def test_content_comes_back_and_is_not_readable_on_disk(
    passphrase: str | None, protection: Protection, folder: Path
) -> None:
    create(folder, passphrase)
    vault = open_vault(folder, passphrase)
    assert content(vault) == SECRET
    assert vault.protection is protection
    assert all(SECRET not in file.read_bytes() for file in folder.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / "wallet.key").exists() is (passphrase is None)


def test_every_save_has_a_nonce_of_its_own(folder: Path) -> None:
    vault = create(folder)
    seen = {vault.read_encrypted()}
    for _ in range(3):
        vault.write(SECRET)
        seen.add(vault.read_encrypted())
    assert len({each[-48:] for each in seen}) == 4


def test_passphrase_is_the_same_however_its_accents_are_typed(folder: Path) -> None:
    create(folder, "caf\u00e9")
    assert content(open_vault(folder, "cafe\u0301")) == SECRET


def test_wrong_missing_and_empty_passphrase(folder: Path) -> None:
    create(folder)
    with pytest.raises(errors.PassphraseWrong):
        open_vault(folder, "correct horsf")
    with pytest.raises(errors.PassphraseNeeded):
        open_vault(folder, None)
    with pytest.raises(errors.PassphraseEmpty):
        open_vault(folder, "")
    with pytest.raises(errors.PassphraseEmpty):
        create(folder / "other", "")
    assert not (folder / "other" / "wallet.vault").exists()


def test_key_file_lost_or_of_another_wallet(folder: Path, tmp_path: Path) -> None:
    create(folder, None)
    create(tmp_path / "other", None)
    for wrong in ((tmp_path / "other" / "wallet.key").read_bytes(), b"no key", b"00", b"\xff\xff"):
        (folder / "wallet.key").write_bytes(wrong)
        with pytest.raises(errors.KeyFileMissing):
            open_vault(folder, None)
    (folder / "wallet.key").unlink()
    with pytest.raises(errors.KeyFileMissing):
        open_vault(folder, None)


def test_no_wallet_and_a_second_one(folder: Path) -> None:
    with pytest.raises(errors.VaultMissing):
        open_vault(folder)
    create(folder)
    before = (folder / "wallet.vault").read_bytes()
    with pytest.raises(errors.VaultExists):
        create(folder, None)
    assert (folder / "wallet.vault").read_bytes() == before
    assert not (folder / "wallet.key").exists()


def test_every_damaged_byte_is_noticed(folder: Path) -> None:
    vault = create(folder)
    file = folder / "wallet.vault"
    good = file.read_bytes()
    for position in range(len(good)):
        damaged = good[:position] + bytes((good[position] ^ 0x01,)) + good[position + 1 :]
        with pytest.raises(errors.VaultDamaged):
            vault.decrypt(damaged)
    for length in (0, 7, 8, 11, 40, len(good) // 2, len(good) - 1):
        with pytest.raises(errors.VaultDamaged):
            vault.decrypt(good[:length])


def test_later_format_is_left_alone(folder: Path) -> None:
    create(folder)
    file = folder / "wallet.vault"
    resealed(file, lambda whole: whole.__setitem__(8, migrations.CURRENT + 1))
    before = file.read_bytes()
    with pytest.raises(errors.VaultTooNew, match=f"format {migrations.CURRENT + 1}"):
        open_vault(folder)
    assert file.read_bytes() == before


def test_changed_on_purpose_does_not_open(folder: Path) -> None:
    create(folder)
    resealed(folder / "wallet.vault", lambda whole: whole.__setitem__(-1, whole[-1] ^ 1))
    with pytest.raises(errors.PassphraseWrong):
        open_vault(folder)


def test_file_cannot_demand_endless_work(folder: Path) -> None:
    create(folder)

    def ask_for_a_terabyte(whole: bytearray) -> None:
        at = whole.index(b"\x19\x20\x00")  # 8,192 bytes of memory, as the header has it
        whole[at : at + 3] = b"\x1b" + (2**40).to_bytes(8)
        length = int.from_bytes(whole[9:11]) + 6
        whole[9:11] = length.to_bytes(2)

    resealed(folder / "wallet.vault", ask_for_a_terabyte)
    with pytest.raises(errors.VaultDamaged, match="out of range"):
        open_vault(folder)


@pytest.mark.parametrize("bytes_before", [0, 1, 100])
def test_full_disk_keeps_what_was_there(
    bytes_before: int, folder: Path, clock: ManualClock, authority: Authority
) -> None:
    Wallet.create(folder, clock=clock)

    def full_disk(descriptor: int, rest: bytes) -> int:
        written = os.lseek(descriptor, 0, os.SEEK_CUR)
        if written >= bytes_before:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(descriptor, rest[: bytes_before - written])

    wallet = Wallet.open(folder, clock=clock, write=full_disk)
    package = encoded(authority.package(holder_key(wallet.public_key())))
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(errors.VaultNotWritten, match=os.strerror(errno.ENOSPC)) as refused:
        wallet.receive(package)
    assert refused.value.retryable
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert wallet.cards() == ()
    assert Wallet.open(folder, clock=clock).receive(package).id == "31000026A7"


def test_a_file_that_may_not_grow_is_named_and_what_was_there_stays(
    folder: Path, wallet: Wallet, card: Card, clock: ManualClock
) -> None:
    """The operating system's own refusal in the middle of a write, of the vault and of the history."""
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "last-shown"}
    consent = wallet.request(card, Purpose.WINDOW).approve()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        with pytest.raises(errors.VaultNotWritten) as refused:
            wallet.pack.put(card, "x")
        wallet.present_once(card, audience=Purpose.WINDOW, consent=consent)
        is_complete = wallet.history.is_complete
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert refused.value.hint
    assert all(refused.value.user_text(each) for each in errors.Language)
    assert not is_complete
    again = Wallet.open(folder, clock=clock, sleep=clock.sleep)
    assert (again.cards()[0].group, again.history.uses()) == (None, ())
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert wallet.history.write()
    assert len(again.history.uses()) == 1


def test_full_disk_at_the_start_leaves_no_wallet(folder: Path, clock: ManualClock) -> None:
    def full_disk(descriptor: int, rest: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(errors.VaultNotWritten):
        Wallet.create(folder, clock=clock, write=full_disk)
    with pytest.raises(errors.VaultMissing):
        Wallet.open(folder, clock=clock)
    Wallet.create(folder, clock=clock)


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.VaultNotWritten):
        create(tmp_path / "file")
    with pytest.raises(errors.VaultMissing):
        open_vault(tmp_path / "file")


def test_lock_of_another_writer_is_named_and_given_back(folder: Path) -> None:
    one = create(folder)
    pauses: list[float] = []
    other = Vault.open(folder, passphrase="correct horse", random=os.urandom, sleep=pauses.append)
    with one.exclusive():
        assert content(other) == SECRET
        with pytest.raises(errors.VaultBusy), other.exclusive():
            pytest.fail("two writers at once")
    assert sum(pauses) == pytest.approx(5)
    with other.exclusive():
        other.write(b"changed")
    assert content(one) == b"changed"


def test_wallet_sees_what_another_process_received(
    folder: Path, wallet: Wallet, give: Callable[..., Card], clock: ManualClock
) -> None:
    other = Wallet.open(folder, clock=clock)
    assert other.cards() == ()
    card = give(wallet)
    assert other.cards() == (card,)


def _receive(folder: Path, package: bytes) -> None:
    Wallet.open(folder, clock=lambda: AT).receive(package)


def test_two_processes_lose_nothing_of_each_other(folder: Path, wallet: Wallet, authority: Authority) -> None:
    good = authority.package(holder_key(wallet.public_key()))
    packages = [encoded(replace(good, licence_id=f"LICENCE{number:02}")) for number in range(8)]
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as pool:
        pool.starmap(_receive, [(folder, package) for package in packages], chunksize=1)
        pool.close()
        pool.join()
    assert [card.id for card in wallet.cards()] == [f"LICENCE{number:02}" for number in range(8)]


def test_kill_at_any_moment_loses_no_saved_content(folder: Path) -> None:
    create(folder, None)
    saved = 0
    for kill in range(32):
        with subprocess.Popen([sys.executable, str(SAVING), str(folder), str(saved)], stdout=subprocess.PIPE) as saving:
            assert saving.stdout is not None
            first = saving.stdout.readline()
            # Different moments inside a save: the kill comes from some microseconds to some milliseconds later.
            until = time.perf_counter() + kill * 0.0003
            while time.perf_counter() < until:
                pass
            saving.kill()
            confirmed = [int(line[:-1]) for line in (first + saving.stdout.read()).split(b"\n") if line.endswith(b".")]
        assert confirmed, "the process was killed before it saved anything"
        found = content(open_vault(folder, None))
        number = int(found[:8])
        # What was confirmed is there, at most one more was under way, and it is whole.
        assert confirmed[-1] <= number <= confirmed[-1] + 1
        assert found == f"{number:08}".encode() * (number % 500 + 1)
        saved = number
    assert saved > 32
