"""Keys at rest: they open with the right passphrase only, and every damage has its own name."""

import stat
import threading
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import pytest
from nacl.secret import SecretBox

from issuer import durable_files, signers
from issuer.errors import KeyFileDamaged, PassphraseRefused, PassphraseRequired, StorageFailed, WrongPassphrase
from issuer.keys import box
from issuer.keys.box import LIBSODIUM_INTERACTIVE
from issuer.profile import Places
from issuer.signers import Signers
from protocol import cbor
from protocol.keys import VerificationKey
from protocol.labels import Alg
from tests.issuer.builders import PASSPHRASE, randomness


def created(folder: Path, passphrase: str | None) -> tuple[Places, Signers]:
    places = Places(folder)
    made = signers.create(places, passphrase=passphrase, argon2=LIBSODIUM_INTERACTIVE, random_bytes=randomness(7))
    return places, made


def public_keys(made: Signers) -> dict[str, VerificationKey]:
    no_keys = {"allocation", "box_key", "further"}
    return {use.name: getattr(made, use.name).public_key for use in fields(made) if use.name not in no_keys}


def box_of(places: Places, passphrase: str | None, slots: dict[int, object]) -> bytes:
    """The file with these contents of its box, under the same key: what an older or a newer version wrote."""
    head, key, _ = signers._opened(places, passphrase)
    box = bytes(SecretBox(key).encrypt(cbor.encode(slots), bytes(SecretBox.NONCE_SIZE)))  # type: ignore[arg-type]
    content = {**head, 5: box}
    return cbor.encode({**content, 6: sha256(cbor.encode(content)).digest()})


def old_box(places: Places, passphrase: str | None) -> bytes:
    secrets = signers._opened(places, passphrase)[2]
    return box_of(places, passphrase, {slot: secrets[slot] for slot in (1, 2, 3)})


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_the_same_keys_come_back(tmp_path: Path, passphrase: str | None) -> None:
    places, made = created(tmp_path, passphrase)
    loaded = signers.load(places, passphrase=passphrase, random_bytes=randomness(8))
    assert public_keys(loaded) == public_keys(made)
    assert {use: key.alg for use, key in public_keys(made).items()} == {
        "root": Alg.ED25519,
        "assertion": Alg.ED25519,
        "status": Alg.ESP256,
        "terminal": Alg.ED25519,
        "paper": Alg.ED25519,
        "mandate": Alg.ED25519,
        "staff": Alg.ED25519,
    }
    assert len({key.thumbprint for key in public_keys(made).values()}) == 7
    assert box.rest_under_passphrase(places) is (passphrase is not None)


def test_files_are_private_and_a_passphrase_leaves_no_key_file(tmp_path: Path) -> None:
    places, _ = created(tmp_path, None)
    assert stat.S_IMODE(places.keys.stat().st_mode) == 0o600
    assert stat.S_IMODE(places.key_file.stat().st_mode) == 0o600
    (tmp_path / "other").mkdir()
    places, _ = created(tmp_path / "other", PASSPHRASE)
    assert not places.key_file.exists()


def test_no_secret_stands_readable_in_the_file(tmp_path: Path) -> None:
    drawn: list[bytes] = []

    def recording(count: int) -> bytes:
        drawn.append(randomness(len(drawn))(count))
        return drawn[-1]

    places = Places(tmp_path)
    signers.create(places, passphrase=PASSPHRASE, argon2=LIBSODIUM_INTERACTIVE, random_bytes=recording)
    content = places.keys.read_bytes()
    secrets = [each for each in drawn if len(each) == 32]
    # Seven keys, and the order of status entries.
    assert len(secrets) == 8
    assert not [secret for secret in secrets if secret in content]


def test_two_folders_never_share_a_key(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    made = [
        signers.create(
            Places(tmp_path / name), passphrase=None, argon2=LIBSODIUM_INTERACTIVE, random_bytes=randomness(seed)
        )
        for seed, name in enumerate("ab")
    ]
    assert made[0].root.public_key != made[1].root.public_key


def test_another_passphrase_is_named(tmp_path: Path) -> None:
    places, _ = created(tmp_path, PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        signers.load(places, passphrase=PASSPHRASE + "r", random_bytes=randomness(8))


def test_no_passphrase_is_named(tmp_path: Path) -> None:
    places, _ = created(tmp_path, PASSPHRASE)
    with pytest.raises(PassphraseRequired):
        signers.load(places, passphrase=None, random_bytes=randomness(8))


def test_another_key_file_is_named(tmp_path: Path) -> None:
    places, _ = created(tmp_path, None)
    places.key_file.write_bytes(b"\x00" * 32)
    with pytest.raises(WrongPassphrase):
        signers.load(places, passphrase=None, random_bytes=randomness(8))


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_a_missing_or_short_key_file_is_damage(tmp_path: Path, content: bytes | None) -> None:
    places, _ = created(tmp_path, None)
    places.key_file.unlink()
    if content is not None:
        places.key_file.write_bytes(content)
    with pytest.raises(KeyFileDamaged):
        signers.load(places, passphrase=None, random_bytes=randomness(8))


def test_every_flipped_byte_and_every_cut_is_damage_not_a_wrong_passphrase(tmp_path: Path) -> None:
    places, _ = created(tmp_path, None)
    content = places.keys.read_bytes()
    for place in range(len(content)):
        places.keys.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(KeyFileDamaged):
            signers.load(places, passphrase=None, random_bytes=randomness(8))
        places.keys.write_bytes(content[:place])
        with pytest.raises(KeyFileDamaged):
            signers.load(places, passphrase=None, random_bytes=randomness(8))


def test_a_file_that_asks_for_an_enormous_cost_is_refused_before_it_is_paid(tmp_path: Path) -> None:
    places, _ = created(tmp_path, PASSPHRASE)
    content = dict(cbor.decode(places.keys.read_bytes()))  # type: ignore[arg-type]
    content[4] = 2**40
    del content[6]
    content[6] = sha256(cbor.encode(content)).digest()
    places.keys.write_bytes(cbor.encode(content))
    with pytest.raises(KeyFileDamaged, match="cost"):
        signers.load(places, passphrase=PASSPHRASE, random_bytes=randomness(8))


def test_a_short_passphrase_makes_no_keys(tmp_path: Path) -> None:
    with pytest.raises(PassphraseRefused):
        created(tmp_path, "1234567")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_an_older_box_gets_the_keys_that_it_lacks_once_and_keeps_the_others(
    tmp_path: Path, passphrase: str | None
) -> None:
    places, made = created(tmp_path, passphrase)
    places.keys.write_bytes(old_box(places, passphrase))
    upgraded = signers.load(places, passphrase=passphrase, random_bytes=randomness(8))
    before, after = public_keys(made), public_keys(upgraded)
    assert {use for use in before if before[use] == after[use]} == {"root", "assertion", "status"}
    assert len({key.thumbprint for key in after.values()}) == 7
    # Another opening, with another randomness, finds what the first one made.
    again = signers.load(places, passphrase=passphrase, random_bytes=randomness(9))
    assert public_keys(again) == after
    assert again.allocation == upgraded.allocation != made.allocation
    assert stat.S_IMODE(places.keys.stat().st_mode) == 0o600
    assert box.rest_under_passphrase(places) is (passphrase is not None)


def test_an_older_box_that_cannot_be_written_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places, _ = created(tmp_path, None)
    places.keys.write_bytes(old_box(places, None))
    before = places.keys.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(durable_files.os, "fsync", full)
        with pytest.raises(StorageFailed, match="No space left"):
            signers.load(places, passphrase=None, random_bytes=randomness(8))
    assert places.keys.read_bytes() == before
    assert not list(tmp_path.glob("*.tmp"))


def test_two_that_open_an_older_box_at_once_have_the_same_keys(tmp_path: Path) -> None:
    places, _ = created(tmp_path, None)
    places.keys.write_bytes(old_box(places, None))
    together, found = threading.Barrier(4), []

    def opening(seed: int) -> None:
        together.wait()
        loaded = signers.load(places, passphrase=None, random_bytes=randomness(seed))
        found.append((public_keys(loaded), loaded.allocation))

    threads = [threading.Thread(target=opening, args=(seed,)) for seed in range(20, 24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 4
    assert public_keys(signers.load(places, passphrase=None, random_bytes=randomness(30))) == found[0][0]


@pytest.mark.parametrize(
    "change", [{1: None}, {2: None}, {3: None}, {7: bytes(31)}, {9: bytes(32)}, {4: 7}, {"a": bytes(32)}]
)
def test_a_box_without_a_first_key_or_with_an_unknown_one_is_damage(
    tmp_path: Path, change: dict[object, object]
) -> None:
    places, _ = created(tmp_path, None)
    slots = {**signers._opened(places, None)[2], **change}
    places.keys.write_bytes(box_of(places, None, {slot: value for slot, value in slots.items() if value is not None}))
    before = places.keys.read_bytes()
    with pytest.raises(KeyFileDamaged):
        signers.load(places, passphrase=None, random_bytes=randomness(8))
    assert places.keys.read_bytes() == before
