"""Keys in a token, by SoftHSM: they sign, never leave it, and nothing makes up for a token that is gone."""

import json
import multiprocessing
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from click.testing import CliRunner

from issuer import config, signers, wiring
from issuer.application import Issuer
from issuer.cli import cli
from issuer.errors import KeyFileDamaged
from issuer.keys.errors import PinRequired, TokenRefused, TokenUnavailable
from issuer.keys.hardware_token import Pkcs11Token
from issuer.profile import Places, TokenPlace
from protocol import cbor, keys, trust_list
from protocol.labels import Alg, KeyUse
from protocol.sd_cwt import credential
from protocol.unixtime import Seconds
from tests import softhsm
from tests.issuer import bulk_files
from tests.issuer.builders import AT, DRIVING, credentials, holder_key, made, randomness
from tests.softhsm import Token


@pytest.fixture
def token() -> Token:
    return softhsm.new_token()


def place(token: Token, alg: Alg = Alg.ED25519) -> TokenPlace:
    return TokenPlace(token.module, token.label, alg)


def with_token(folder: Path, token: Token, alg: Alg = Alg.ED25519) -> Issuer:
    return Issuer.init(
        folder,
        region="310000",
        authority="GA",
        passphrase=None,
        random_bytes=randomness(hash(alg) % 100),
        at=AT,
        token=place(token, alg),
        pin=lambda: token.pin,
    )


def opened(folder: Path, token: Token, *, pin: str | None = None) -> Issuer:
    return Issuer.open(folder, passphrase=None, random_bytes=randomness(3), pin=lambda: pin or token.pin)


@pytest.mark.parametrize("alg", [Alg.ED25519, Alg.ESP256])
def test_an_issuer_whose_every_key_is_in_a_token(tmp_path: Path, token: Token, alg: Alg) -> None:
    with with_token(tmp_path / "i", token, alg) as issuer:
        first = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
        key = next(each for each in issuer.keys.listed() if each.use is KeyUse.ASSERT)
        assert {each.key.alg for each in issuer.keys.listed() if each.use is not KeyUse.STATUS} == {alg}
        for each in credentials(first.package):
            credential.verify(each, key.key)
        paper = issuer.papers.issue(first.licence_id, days=30, actor="test", at=AT)
        assert paper.code.startswith("LS1:")
    with opened(tmp_path / "i", token) as issuer:
        again = issuer.issue("driving-licence", DRIVING, holder_key(2), at=AT)
        assert {each.kid for each in credentials(again.package)} == {key.kid}
        # What is published is signed by the token's root.
        trust_list.verify((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)
    # What lies in the folder signs nothing.
    assert not any(isinstance(each, bytes) for slot, each in _resting(tmp_path / "i").items() if slot != 7)


def _resting(folder: Path) -> dict[int, cbor.Value]:
    return signers._opened(Places(folder), None)[2]


def test_the_private_half_never_leaves_the_token(token: Token) -> None:
    pkcs = Pkcs11Token(place(token), pin=lambda: token.pin)
    for alg in (Alg.ED25519, Alg.ESP256):
        pkcs.make(alg, key_id=bytes([alg % 256]) * 16)
        handle = pkcs._session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=bytes([alg % 256]) * 16)
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            handle[pkcs11.Attribute.VALUE]


def test_half_of_a_token_s_p256_signatures_have_a_high_s_and_none_that_it_gives_out(token: Token) -> None:
    pkcs = Pkcs11Token(place(token), pin=lambda: token.pin)
    key = pkcs.make(Alg.ESP256, key_id=bytes(16))
    signer = pkcs.signer(bytes(16), key)
    for number in range(32):
        # It verifies only in the one accepted form.
        signer.public_key.verify(signer.sign(bytes([number])), bytes([number]))


def test_threads_take_turns_at_one_token(token: Token) -> None:
    pkcs = Pkcs11Token(place(token), pin=lambda: token.pin)
    signer = pkcs.signer(bytes(16), pkcs.make(Alg.ED25519, key_id=bytes(16)))
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(100):
                signer.sign(bytes([number]))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def _signed_in_a_child(
    pkcs: Pkcs11Token, key: keys.VerificationKey, answers: "multiprocessing.SimpleQueue[bytes]"
) -> None:
    answers.put(pkcs.sign(bytes(16), key, b"child"))


def test_processes_sign_side_by_side(token: Token) -> None:
    pkcs = Pkcs11Token(place(token), pin=lambda: token.pin)
    key = pkcs.make(Alg.ED25519, key_id=bytes(16))
    processes = multiprocessing.get_context("fork")
    answers = processes.SimpleQueue()
    children = [
        # A child opens the token anew, whatever its parent had open.
        processes.Process(
            target=_signed_in_a_child, args=(Pkcs11Token(place(token), pin=lambda: token.pin), key, answers)
        )
        for _ in range(2)
    ]
    for child in children:
        child.start()
    for _ in children:
        key.verify(answers.get(), b"child")
    for child in children:
        child.join()
    key.verify(pkcs.sign(bytes(16), key, b"parent"), b"parent")


# What is broken, and what is refused.


@pytest.fixture
def pulled(token: Token) -> Iterator[Path]:
    """Where the tokens of SoftHSM lie; moving them away is as pulling the plug."""
    import os

    settings = Path(os.environ["SOFTHSM2_CONF"]).read_text("utf-8")
    folder = Path(settings.partition("=")[2].splitlines()[0].strip())
    away = folder.with_name("pulled")
    yield folder
    if away.exists():
        shutil.rmtree(folder, ignore_errors=True)
        away.rename(folder)


def test_a_token_that_is_pulled_is_broken_and_nothing_else_signs(tmp_path: Path, token: Token, pulled: Path) -> None:
    with with_token(tmp_path / "i", token) as issuer:
        pulled.rename(pulled.with_name("pulled"))
        pulled.mkdir()
        with pytest.raises(TokenUnavailable) as refused:
            issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
        assert "keys in a file never take its place" in refused.value.hint
        # The intent stands, and verification goes on: everything published is there.
        assert len(issuer.open_intents()) == 3
        assert issuer.list()[0].finished is False
        # Back again, it is opened by itself.
        pulled.rmdir()
        pulled.with_name("pulled").rename(pulled)
        assert issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).package


def test_a_wrong_pin_is_not_tried_again(tmp_path: Path, token: Token) -> None:
    with_token(tmp_path / "i", token).close()
    asked: list[str] = []

    def wrong() -> str:
        asked.append("once")
        return "9999"

    pkcs = Pkcs11Token(place(token), pin=wrong)
    # The library of this process is logged in by the issuer that made the keys; a new start is not.
    pkcs11.lib(str(token.module)).reinitialize()
    for _ in range(3):
        with pytest.raises(TokenUnavailable):
            pkcs.describe()
    assert asked == ["once"]
    with opened(tmp_path / "i", token) as issuer:
        assert issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).package


def test_without_a_pin_everything_but_signing_goes_on(tmp_path: Path, token: Token) -> None:
    with_token(tmp_path / "i", token).close()
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(3)) as issuer:
        assert issuer.list() == ()
        with pytest.raises(PinRequired):
            issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)


def test_a_module_or_token_that_is_not_there(tmp_path: Path, token: Token) -> None:
    for wrong in (TokenPlace(token.module, "no such token"), TokenPlace(tmp_path / "none.so", token.label)):
        with pytest.raises(TokenUnavailable):
            Pkcs11Token(wrong, pin=lambda: token.pin).describe()


def test_a_token_that_lies_is_not_believed(token: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    pkcs = Pkcs11Token(place(token), pin=lambda: token.pin)
    key = pkcs.make(Alg.ED25519, key_id=bytes(16))
    monkeypatch.setattr(pkcs, "_signed", lambda *_: bytes(64))
    with pytest.raises(TokenUnavailable, match="does not verify"):
        pkcs.sign(bytes(16), key, b"message")
    with pytest.raises(TokenRefused, match="does not verify"):
        pkcs.make(Alg.ED25519, key_id=bytes(15) + b"\1")


def test_a_box_of_references_without_its_profile_is_damage(tmp_path: Path, token: Token) -> None:
    with_token(tmp_path / "i", token).close()
    profile = json.loads((tmp_path / "i/issuer.json").read_text("utf-8"))
    del profile["pkcs11"]
    (tmp_path / "i/issuer.json").write_text(json.dumps(profile), "utf-8")
    with pytest.raises(KeyFileDamaged, match="names none"):
        Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(3))


# The way from a file into a token, by the commands.


def test_keys_move_into_a_token_by_rotation(tmp_path: Path, token: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "i"
    made(folder).close()
    (tmp_path / "pin").write_text(f"{token.pin}\n", "utf-8")
    monkeypatch.setenv(config.PIN_FILE_VARIABLE, str(tmp_path / "pin"))

    def run(*arguments: str) -> str:
        ran = CliRunner().invoke(cli, list(arguments))
        assert ran.exit_code == 0, ran.output
        return ran.output

    said = run("key", "token", str(folder), "--module", str(token.module), "--token", token.label)
    assert token.label in said
    run("key", "rotate", str(folder), "--hours", "0")
    wiring.replace_status_key(folder, passphrase=None)
    with wiring.open_issuer(folder, passphrase=None) as issuer:
        issuer.publish(at=wiring.now())
        new = issuer.keys.listed()[-1]
        assert new.use is KeyUse.STATUS
        taken = issuer.ring.take(KeyUse.ASSERT, vct=next(iter(issuer.kinds)), at=wiring.now())
        assert type(taken.signer).__name__ == type(issuer._signers.status).__name__ == "_TokenSigner"
        assert issuer.keys.kept >= Seconds(0)
    monkeypatch.delenv(config.PIN_FILE_VARIABLE)
    monkeypatch.setenv(config.PIN_VARIABLE, token.pin)
    assert config.pin() == token.pin
    monkeypatch.delenv(config.PIN_VARIABLE)
    with pytest.raises(PinRequired):
        config.pin()
    monkeypatch.setenv(config.PIN_FILE_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(PinRequired):
        config.pin()


def test_init_with_a_token_by_the_command(tmp_path: Path, token: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(config.PIN_VARIABLE, token.pin)
    arguments = ["init", str(tmp_path / "i"), "--region", "310000", "--pkcs11-module", str(token.module)]
    assert CliRunner().invoke(cli, arguments).exit_code == 2
    ran = CliRunner().invoke(cli, [*arguments, "--token", token.label, "--p256", "--json"])
    assert ran.exit_code == 0, ran.output
    listed = CliRunner().invoke(cli, ["key", "list", str(tmp_path / "i"), "--json"])
    assert {each["alg"] for each in json.loads(listed.stdout)} == {"ESP256"}


def test_the_workers_of_an_import_sign_in_the_token_side_by_side(
    tmp_path: Path, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.PIN_VARIABLE, token.pin)
    with_token(tmp_path / "i", token).close()
    (tmp_path / "columns.toml").write_text(bulk_files.MAPPING, "utf-8")
    file = bulk_files.written(tmp_path / "l.csv", bulk_files.drivers(4, keys=True))
    arguments = ["import", tmp_path / "i", file, "--kind", bulk_files.SLUG, "--mapping", tmp_path / "columns.toml"]
    ran = CliRunner().invoke(cli, [*map(str, arguments), "--workers", "2", "--json"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["issued"] == 4
    with opened(tmp_path / "i", token) as issuer:
        *_, checked = issuer.keys.check_log()
        assert (checked.groups, checked.wrong) == (4, ())
