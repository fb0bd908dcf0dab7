"""What the doctor says about folders with keys: real folders that the roles made, and one permission changed."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from issuer.profile import Places
from liangzheng import doctor
from liangzheng.cli import main
from liangzheng.findings import Finding, Grade
from liangzheng.keys_at_rest import ROLES, keys_at_rest
from verifier_terminal.config import SETTINGS
from verifier_terminal.identity import KEY, Identity
from wallet_sdk import vault
from wallet_sdk.wallet import Wallet

PASSPHRASE = "correct horse battery"


def only(folder: Path) -> Finding:
    (finding,) = keys_at_rest(folder)
    return finding


def issuer_folder(folder: Path, **environment: str) -> Path:
    made = CliRunner().invoke(
        main, ["issuer", "init", str(folder), "--region", "990000"], env={"LIANGZHENG_PASSPHRASE": "", **environment}
    )
    assert made.exit_code == 0
    return folder


def test_a_key_file_beside_the_keys_is_a_notice(tmp_path: Path) -> None:
    issuer = only(issuer_folder(tmp_path / "issuer"))
    assert issuer.grade is Grade.NOTICE
    assert "can issue licences" in issuer.meaning
    assert "key passphrase" in issuer.remedy
    Wallet.create(tmp_path / "wallet")
    wallet = only(tmp_path / "wallet")
    assert wallet.grade is Grade.NOTICE
    assert "can show its licences" in wallet.meaning


def test_a_passphrase_is_ok(tmp_path: Path) -> None:
    assert only(issuer_folder(tmp_path / "issuer", LIANGZHENG_PASSPHRASE=PASSPHRASE)).grade is Grade.OK
    Wallet.create(tmp_path / "wallet", passphrase=PASSPHRASE)
    assert only(tmp_path / "wallet").grade is Grade.OK


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
def test_keys_that_others_may_read_are_a_problem(tmp_path: Path) -> None:
    Wallet.create(tmp_path / "wallet", passphrase=PASSPHRASE)
    (tmp_path / "wallet" / vault.VAULT_FILE).chmod(0o640)
    assert only(tmp_path / "wallet").grade is Grade.OK
    (tmp_path / "wallet").chmod(0o750)
    first, second = keys_at_rest(tmp_path / "wallet")
    assert (first.grade, second.grade) == (Grade.PROBLEM, Grade.OK)
    assert vault.VAULT_FILE in first.meaning


def test_other_folders(tmp_path: Path) -> None:
    assert only(tmp_path).grade is Grade.NOTICE
    assert only(tmp_path / "absent").grade is Grade.PROBLEM
    (tmp_path / "terminal.json").touch()
    assert only(tmp_path).meaning == "This terminal holds no private key."


def test_the_key_of_a_terminal_is_a_notice_and_a_problem_when_others_may_read_it(tmp_path: Path) -> None:
    (tmp_path / "terminal.json").touch()
    Identity(tmp_path, random_bytes=os.urandom).signer()
    tmp_path.chmod(0o700)
    found = only(tmp_path)
    assert found.grade is Grade.NOTICE
    assert "terminal.key" in found.meaning
    assert "ask holders in its name" in found.meaning
    if os.name == "posix":
        tmp_path.chmod(0o755)
        assert only(tmp_path).grade is Grade.NOTICE
        (tmp_path / "terminal.key").chmod(0o644)
        assert next(iter(keys_at_rest(tmp_path))).grade is Grade.PROBLEM


def test_the_names_are_the_roles_own() -> None:
    issuer, wallet, terminal = ROLES
    assert (terminal.known_by, terminal.key_file) == (SETTINGS, KEY)
    assert terminal.secrets == (KEY,)
    places = Places(Path())
    assert (issuer.known_by, issuer.key_file) == (places.keys.name, places.key_file.name)
    assert set(issuer.secrets) == {
        path.name for path in (places.keys, places.key_file, places.operator_token, places.register)
    }
    assert (wallet.known_by, wallet.key_file) == (vault.VAULT_FILE, vault.KEY_FILE)


def test_the_command_takes_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", tuple)
    folder = issuer_folder(tmp_path / "issuer")
    shown = CliRunner().invoke(main, ["doctor", str(folder), "--json"])
    assert shown.exit_code == 0
    (finding,) = json.loads(shown.stdout)["findings"]
    assert finding["grade"] == "notice"
    assert str(folder) in finding["subject"]
    assert CliRunner().invoke(main, ["doctor", str(tmp_path / "absent")]).exit_code == 2


@pytest.mark.parametrize(("is_there", "grade"), [(True, Grade.OK), (False, Grade.PROBLEM)])
def test_an_issuer_whose_keys_are_in_a_token(tmp_path: Path, is_there: bool, grade: Grade) -> None:
    (tmp_path / "keys.box").write_bytes(b"")
    module = tmp_path / "module.so"
    if is_there:
        module.write_bytes(b"")
    (tmp_path / "issuer.json").write_text(json.dumps({"pkcs11": {"module": str(module), "token": "hall", "alg": -19}}))
    *_, found = keys_at_rest(tmp_path)
    assert (found.grade, "token hall" in found.meaning) == (grade, True)
