"""Key files at rest: what opens them, what damages them, and where they lie."""

import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol import cbor
from tests.terminal.staff_world import CLERK, COLLEAGUE, PASSPHRASE, QUICK, new_key
from tests.utopia.randomness import Drbg
from verifier_terminal.passphrase import RFC_9106_LOW_MEMORY, Cost
from verifier_terminal.staff import files, key_file, settings
from verifier_terminal.staff.errors import (
    PassphraseTooShort,
    StaffKeyDamaged,
    StaffSettingsUnusable,
    StaffTaken,
    StaffUnknown,
    WrongPassphrase,
)
from verifier_terminal.staff.files import StaffFiles
from verifier_terminal.staff.settings import StaffSettings


def resealed(change: dict[int, object]) -> bytes:
    """The clerk's file with these entries changed and its checksum right."""
    content = {**cbor.decode(new_key(CLERK).encoded()), **change}  # type: ignore[dict-item]  # a map, as decoded
    rest = {label: value for label, value in content.items() if label != 11}
    return cbor.encode({**rest, 11: key_file._checksum(rest)})


def test_the_passphrase_opens_it_and_no_other() -> None:
    held = key_file.parse(new_key(CLERK).encoded())
    assert held.open(PASSPHRASE).public_key == held.public_key == new_key(CLERK).public_key
    for wrong in ("", PASSPHRASE[:-1], PASSPHRASE + " ", PASSPHRASE.upper()):
        with pytest.raises(WrongPassphrase):
            held.open(wrong)
    assert PASSPHRASE.encode() not in held.encoded()


def test_two_ways_to_type_one_character_open_the_same_key() -> None:
    held = key_file.create(CLERK, "caf\u00e9 caf\u00e9", cost=QUICK, random_bytes=Drbg("nfc"))
    assert held.open("cafe\u0301 cafe\u0301").public_key == held.public_key


@pytest.mark.parametrize("length", [0, 7, 257])
def test_a_passphrase_has_its_length(length: int) -> None:
    with pytest.raises(PassphraseTooShort):
        key_file.create(CLERK, "x" * length, cost=QUICK, random_bytes=Drbg("short"))


def test_a_real_guess_costs_what_rfc_9106_says() -> None:
    assert Cost(passes=3, memory_kib=64 * 1024, lanes=4) == RFC_9106_LOW_MEMORY
    began = time.process_time()
    held = key_file.create(CLERK, PASSPHRASE, cost=RFC_9106_LOW_MEMORY, random_bytes=Drbg("real"))
    assert time.process_time() - began > 0.02
    assert held.open(PASSPHRASE).public_key == held.public_key


@pytest.mark.parametrize("position", range(0, len(new_key(CLERK).encoded()), 7))
def test_any_byte_that_changed_is_damage_and_not_a_wrong_passphrase(position: int) -> None:
    bent = bytearray(new_key(CLERK).encoded())
    bent[position] ^= 1
    with pytest.raises(StaffKeyDamaged):
        key_file.parse(bytes(bent))


@pytest.mark.parametrize(
    "change",
    [
        {1: 2},
        {2: "../0417"},
        {4: bytes(15)},
        {5: 0},
        {5: 11},
        {6: 2**30},
        {6: 7},
        {7: True},
        {8: bytes(11)},
        {10: "text"},
        {12: 1},
        {3: {1: 1}},
    ],
)
def test_one_entry_that_means_nothing(change: dict[int, object]) -> None:
    with pytest.raises(StaffKeyDamaged):
        key_file.parse(resealed(change))


@pytest.mark.parametrize("change", [{2: COLLEAGUE}, {5: 2}, {3: new_key(COLLEAGUE).public_key.cose_key}])
def test_what_is_readable_is_bound_to_the_key(change: dict[int, object]) -> None:
    with pytest.raises(WrongPassphrase):
        key_file.parse(resealed(change)).open(PASSPHRASE)


def test_a_file_is_its_owner_s_and_never_replaced_by_another_key(tmp_path: Path) -> None:
    own = StaffFiles(tmp_path, StaffSettings())
    path = own.add(new_key(CLERK))
    assert path == tmp_path / files.FOLDER / f"{CLERK}.staff"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    before = path.read_bytes()
    with pytest.raises(StaffTaken):
        own.add(key_file.create(CLERK, PASSPHRASE, cost=QUICK, random_bytes=Drbg("other")))
    assert path.read_bytes() == before
    own.install(new_key(CLERK).with_certificate(b"renewed"))
    assert own.read(CLERK).certificate == b"renewed"
    assert own.read(CLERK).open(PASSPHRASE).public_key == new_key(CLERK).public_key
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name]
    assert own.remove(CLERK) == path
    with pytest.raises(StaffUnknown):
        own.read(CLERK)


def test_a_stick_without_links_takes_a_key_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: object, target: object) -> None:
        raise PermissionError("FAT")

    monkeypatch.setattr("os.link", no_links)
    own = StaffFiles(tmp_path, StaffSettings())
    own.add(new_key(CLERK), to=tmp_path / "stick")
    with pytest.raises(StaffTaken):
        own.add(new_key(CLERK), to=tmp_path / "stick")
    assert key_file.parse((tmp_path / "stick" / f"{CLERK}.staff").read_bytes()).number == CLERK


def test_sticks_come_and_go_and_the_terminal_s_own_file_counts_first(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    here = StaffFiles(tmp_path / "terminal", StaffSettings(sticks=(str(stick), str(tmp_path / "gone"))))
    assert here.numbers() == ()
    (tmp_path / "terminal").mkdir()
    here.add(new_key(COLLEAGUE), to=stick)
    (stick / "not a number!.staff").write_bytes(b"")
    (stick / "holiday.jpg").write_bytes(b"")
    assert here.numbers() == (COLLEAGUE,)
    assert here.read(COLLEAGUE).certificate is None
    here.add(new_key(COLLEAGUE).with_certificate(b"own"))
    assert here.read(COLLEAGUE).certificate == b"own"
    (stick / "0777.staff").mkdir()
    with pytest.raises(StaffUnknown):
        here.read("0777")


def test_a_file_without_end_is_not_read_whole(tmp_path: Path) -> None:
    own = StaffFiles(tmp_path, StaffSettings())
    path = own.add(new_key(CLERK))
    path.write_bytes(bytes(10_000_000))
    with pytest.raises(StaffKeyDamaged):
        own.read(CLERK)


# Settings.


def test_settings_come_back(tmp_path: Path) -> None:
    assert settings.load(tmp_path) == StaffSettings()
    wanted = StaffSettings(required=True, idle_minutes=5, keep_case=True, sticks=("/media/钥匙",))
    settings.save(tmp_path, wanted)
    assert settings.load(tmp_path) == wanted
    assert wanted.idle_limit == 300


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"required"', '"require"'),
        lambda text: text.replace("true", '"yes"', 1),
        lambda text: text.replace("15", "0"),
        lambda text: text.replace("15", "721"),
        lambda text: text.replace("15", "true"),
        lambda text: text.replace("[]", '["media"]'),
        lambda text: text.replace("[]", "[7]"),
        lambda text: text[:-3],
        lambda text: "[" * 100_000,
        lambda text: text.replace("{", '{"more": 1,', 1),
    ],
)
def test_a_misspelt_setting_is_an_error_and_never_a_looser_one(tmp_path: Path, change: Callable[[str], str]) -> None:
    settings.save(tmp_path, StaffSettings(required=True))
    path = tmp_path / settings.FILE
    changed = change(path.read_text())
    assert changed != path.read_text()
    path.write_text(changed)
    with pytest.raises(StaffSettingsUnusable):
        settings.load(tmp_path)
    with pytest.raises(StaffSettingsUnusable):
        settings.save(tmp_path, StaffSettings(idle_minutes=0))
