"""The terminal's key and certificate: made once, kept for its owner alone, and good only for what the region said."""

import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from protocol import cbor, keys
from protocol.keys import Signer
from protocol.labels import Alg, Purpose
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.terminal import asking_world
from tests.terminal.asking_world import anchor, certificate, certified, identity
from tests.terminal.conftest import Terminal
from tests.utopia.randomness import Drbg
from tests.utopia.world import World
from verifier_terminal import certification
from verifier_terminal.certification import Trouble
from verifier_terminal.errors import CertificateUnusable, KeyUnusable
from verifier_terminal.identity import MAX_CERTIFICATE_BYTES, Identity
from verifier_terminal.session import Session


def made(directory: Path, seed: str = "key") -> Identity:
    return Identity(directory, random_bytes=Drbg(seed))


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    key = made(tmp_path).signer().public_key
    assert key.alg is Alg.ESP256
    assert made(tmp_path, "another run").signer().public_key.thumbprint == key.thumbprint
    assert stat.S_IMODE((tmp_path / "terminal.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["terminal.key"]


def test_two_that_make_one_at_once_agree(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def make(seed: int) -> bytes:
        together.wait()
        return made(tmp_path, str(seed)).signer().public_key.thumbprint

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(make, range(4)))) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[:20] + bytes([content[20] ^ 1]) + content[21:],
        lambda content: b"",
        lambda content: b"\xff",
        lambda content: cbor.encode((2, bytes(32), bytes(32))),
        lambda content: bytes(10_000),
    ],
)
def test_a_damaged_key_is_named_and_never_replaced(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    made(tmp_path).signer()
    path = tmp_path / "terminal.key"
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(KeyUnusable):
        made(tmp_path).signer()
    assert path.read_bytes() == damaged


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable):
        made(tmp_path / "missing").signer()


def test_a_source_of_zeros_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable):
        Identity(tmp_path, random_bytes=bytes).signer()


def test_certificates_come_back_and_are_exchanged_whole(tmp_path: Path) -> None:
    own = made(tmp_path)
    assert own.certificate() is None
    own.install(b"one")
    own.install(b"two")
    assert own.certificate() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["certificate.cbor"]
    own.install(bytes(MAX_CERTIFICATE_BYTES + 1))
    with pytest.raises(CertificateUnusable):
        own.certificate()


# Whether a certificate is good.

WORLD = World()
KEY = WORLD.signer("the terminal's own", Alg.ESP256)
OTHER = WORLD.signer("another terminal's", Alg.ESP256)


def trouble(
    encoded: bytes | None,
    *,
    at: int | None = None,
    key: Signer = KEY,
    with_anchor: bool = True,
    banned: Signer | None = None,
    withdrawn: Signer | None = None,
) -> str | None:
    anchors = (*WORLD.anchors(), anchor(WORLD)) if with_anchor else WORLD.anchors()
    found = certification.check(
        encoded,
        key=key.public_key,
        trust=replace(
            WORLD.trust(anchors),
            withdrawn=frozenset() if withdrawn is None else frozenset({keys.kid_of(withdrawn.public_key)}),
        ),
        bans={} if banned is None else {(WORLD.iss(), keys.kid_of(banned.public_key)): UnixTime(NOW + HOUR)},
        purpose=Purpose.WINDOW,
        at=UnixTime(WORLD.clock.at if at is None else at),
    )
    assert (found.trouble is None) <= (found.certificate is not None)
    return found.trouble


GOOD = certificate(WORLD, KEY.public_key)
NOW = WORLD.clock.at


def test_a_good_one() -> None:
    assert trouble(GOOD) is None
    assert trouble(GOOD, at=NOW - HOUR) is None
    assert trouble(GOOD, withdrawn=OTHER) is None
    assert trouble(GOOD, at=NOW - HOUR + 7 * DAY - 1) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (trouble(None), Trouble.MISSING),
        (trouble(b"junk"), Trouble.UNREADABLE),
        (trouble(GOOD[:-1]), Trouble.UNREADABLE),
        (trouble(GOOD, key=OTHER), Trouble.OTHER_KEY),
        (trouble(certificate(WORLD, OTHER.public_key)), Trouble.OTHER_KEY),
        (trouble(GOOD, with_anchor=False), Trouble.NOT_TRUSTED),
        (trouble(GOOD, banned=asking_world.region_key(WORLD)), Trouble.BANNED),
        (trouble(GOOD, withdrawn=KEY), Trouble.WITHDRAWN),
        (trouble(GOOD[:-1] + bytes([GOOD[-1] ^ 1])), Trouble.NOT_TRUSTED),
        (trouble(GOOD, at=NOW - HOUR - 1), Trouble.NOT_YET),
        (trouble(GOOD, at=NOW - HOUR + 7 * DAY), Trouble.OVER),
        (trouble(certificate(WORLD, KEY.public_key, purposes=(Purpose.KIOSK,))), Trouble.OTHER_PURPOSE),
    ],
)
def test_each_trouble_has_its_name(found: str | None, expected: Trouble) -> None:
    assert found == expected
    assert certification.WORDS[expected]


def test_without_a_trust_list_nothing_can_be_checked() -> None:
    found = certification.check(GOOD, key=KEY.public_key, trust=None, bans={}, purpose=Purpose.WINDOW, at=NOW)
    assert found.trouble is Trouble.NO_TRUST_LIST


def test_every_trouble_has_words() -> None:
    assert certification.WORDS.keys() == set(Trouble)


# In a session.


def test_status_says_until_when_it_is_good(terminal: Terminal) -> None:
    session = certified(terminal)
    found = session.status().certification
    assert found.trouble is None
    assert found.certificate is not None
    terminal.pass_seconds(found.certificate.exp - terminal.world.clock.at)
    assert session.status().certification.trouble is Trouble.OVER


def test_a_damaged_key_or_certificate_leaves_open_codes_to_be_read(terminal: Terminal) -> None:
    session = certified(terminal)
    (terminal.directory / "terminal.key").write_bytes(b"damaged")
    assert session.status().certification.trouble is Trouble.KEY_UNUSABLE
    with pytest.raises(CertificateUnusable):
        session.open_challenge(asking_world.WANTED, asking_world.REASON)
    assert session.scan(terminal.world.code(), source="scanner").verdict.proceed == "yes"
    (terminal.directory / "certificate.cbor").write_bytes(bytes(MAX_CERTIFICATE_BYTES + 1))
    assert session.status().certification.trouble is Trouble.UNREADABLE


def test_a_certificate_that_another_process_installs_is_good_at_once(terminal: Terminal, session: Session) -> None:
    assert session.status().certification.trouble is Trouble.MISSING
    assert session.askable() == {}
    own = identity(terminal)
    own.install(certificate(terminal.world, own.signer().public_key))
    assert session.status().certification.trouble is Trouble.NOT_TRUSTED
