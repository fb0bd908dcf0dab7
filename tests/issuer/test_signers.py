"""Keys at rest: they open with the right passphrase only, and every damage has its own name."""

import stat
from pathlib import Path

import pytest

from issuer import signers
from issuer.errors import KeyFileDamaged, PassphraseRefused, PassphraseRequired, WrongPassphrase
from issuer.profile import Places
from issuer.signers import LIBSODIUM_INTERACTIVE, Signers
from protocol import cbor
from protocol.labels import Alg
from tests.issuer.builders import PASSPHRASE, randomness


def created(folder: Path, passphrase: str | None) -> tuple[Places, Signers]:
    places = Places(folder)
    made = signers.create(places, passphrase=passphrase, argon2=LIBSODIUM_INTERACTIVE, random_bytes=randomness(7))
    return places, made


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_the_same_keys_come_back(tmp_path: Path, passphrase: str | None) -> None:
    places, made = created(tmp_path, passphrase)
    loaded = signers.load(places, passphrase=passphrase)
    for use in ("root", "assertion", "status"):
        assert getattr(loaded, use).public_key == getattr(made, use).public_key
    assert (made.root.public_key.alg, made.assertion.public_key.alg, made.status.public_key.alg) == (
        Alg.ED25519,
        Alg.ED25519,
        Alg.ESP256,
    )
    assert made.root.public_key != made.assertion.public_key
    assert signers.rest_under_passphrase(places) is (passphrase is not None)


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
    assert len(secrets) == 3
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
        signers.load(places, passphrase=PASSPHRASE + "r")


def test_no_passphrase_is_named(tmp_path: Path) -> None:
    places, _ = created(tmp_path, PASSPHRASE)
    with pytest.raises(PassphraseRequired):
        signers.load(places, passphrase=None)


def test_another_key_file_is_named(tmp_path: Path) -> None:
    places, _ = created(tmp_path, None)
    places.key_file.write_bytes(b"\x00" * 32)
    with pytest.raises(WrongPassphrase):
        signers.load(places, passphrase=None)


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_a_missing_or_short_key_file_is_damage(tmp_path: Path, content: bytes | None) -> None:
    places, _ = created(tmp_path, None)
    places.key_file.unlink()
    if content is not None:
        places.key_file.write_bytes(content)
    with pytest.raises(KeyFileDamaged):
        signers.load(places, passphrase=None)


def test_every_flipped_byte_and_every_cut_is_damage_not_a_wrong_passphrase(tmp_path: Path) -> None:
    places, _ = created(tmp_path, None)
    content = places.keys.read_bytes()
    for place in range(len(content)):
        places.keys.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(KeyFileDamaged):
            signers.load(places, passphrase=None)
        places.keys.write_bytes(content[:place])
        with pytest.raises(KeyFileDamaged):
            signers.load(places, passphrase=None)


def test_a_file_that_asks_for_an_enormous_cost_is_refused_before_it_is_paid(tmp_path: Path) -> None:
    places, _ = created(tmp_path, PASSPHRASE)
    content = dict(cbor.decode(places.keys.read_bytes()))  # type: ignore[arg-type]
    content[4] = 2**40
    del content[6]
    content[6] = signers.sha256(cbor.encode(content)).digest()
    places.keys.write_bytes(cbor.encode(content))
    with pytest.raises(KeyFileDamaged, match="cost"):
        signers.load(places, passphrase=PASSPHRASE)


def test_a_short_passphrase_makes_no_keys(tmp_path: Path) -> None:
    with pytest.raises(PassphraseRefused):
        created(tmp_path, "1234567")
    assert not list(tmp_path.iterdir())
