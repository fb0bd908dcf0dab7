"""The commands as an operator types them: outputs, files, exit codes, plain words."""

import json
import os
import stat
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from issuer import durable_files
from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import StorageFailed
from protocol import cbor, licence_package, status_list, trust_list
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.issuer.builders import DRIVING, PASSPHRASE, credentials, holder_key, key_text, randomness, written

SUBJECT = DRIVING | {"valid_to": "2099-12-31"}


def run(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: "", **environment})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "i", "--region", "310000").exit_code == 0
    return tmp_path / "i"


@pytest.fixture
def subject(tmp_path: Path) -> Path:
    return written(tmp_path / "subject.json", SUBJECT)


def issue(folder: Path, subject: Path, *more: object, key: str | None = None) -> Result:
    return run(
        "issue", folder, "--kind", "driving-licence", "--subject", subject, "--holder-key", key or key_text(), *more
    )


def published_value(folder: Path, package: Path) -> int:
    parsed = licence_package.decode(package.read_bytes())
    trust = trust_list.verify((folder / "trust.cbor").read_bytes(), root=parsed.root)
    claims = credentials(package.read_bytes())[0].claims
    token = status_list.verify(
        (folder / f"status/{claims.status.uri.rpartition('/')[2]}.cwt").read_bytes(),
        trust=trust,
        at=UnixTime(claims.iat),
    )
    return token.entries.value(claims.status.idx)


def test_every_command_explains_itself() -> None:
    assert set(cli.commands) == {
        *("init", "issue", "suspend", "recognise", "reinstate", "revoke", "publish", "serve", "list"),
        *("certify-terminal", "terminals", "site", "mandate", "mandates", "mandate-revoke"),
        *("paper", "papers", "paper-lost"),
        *("withdraw-terminal", "office", "feed"),
        *("enrol-terminal", "fleet", "fleet-token", "console"),
        *("certify-staff", "staff", "withdraw-staff"),
        *("import", "imports", "import-errors", "import-cancel", "pull", "spread"),
        *("officers-acts", "confirm-act", "reject-act"),
        *("offer", "offers", "offer-decide"),
        *("backup", "restore", "drill", "bind", "bindings", "authenticator", "application", "holder"),
        *("runbook", "alone", "sandbox"),
        *("audit", "change", "expiring", "propose", "approve", "decline", "proposals", "renew", "renewals"),
        *("synth", "kind", "policy", "issue-together"),
        *("key", "department"),
        *("withdraw", "cancel", "supersede", "transfer", "devices", "report-lost", "found", "close-lists"),
    }
    for name, command in cli.commands.items():
        result = run(name, "--help")
        assert result.exit_code == 0
        assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_init_makes_a_private_folder_and_warns_about_the_key_file(tmp_path: Path) -> None:
    result = run("init", tmp_path / "i", "--region", "310000", "--json")
    assert result.exit_code == 0
    assert "keys.key" in result.stderr
    said = json.loads(result.stdout)
    assert said["iss"] == "310000.GA"
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(1)) as issuer:
        assert issuer.root.thumbprint.hex() == said["root_sha256"]
    assert stat.S_IMODE((tmp_path / "i").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "i" / "operator.token").stat().st_mode) == 0o600
    assert len((tmp_path / "i" / "operator.token").read_text().strip()) == 43


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
def test_nobody_else_reads_the_register_in_a_folder_that_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    assert run("init", folder, "--region", "310000").exit_code == 0
    with Issuer.open(folder, passphrase=None, random_bytes=randomness(1)):
        files = {path.name: path.stat().st_mode & 0o077 for path in folder.glob("register.sqlite*")}
        assert files.keys() > {"register.sqlite"}
        assert set(files.values()) == {0}


def test_a_second_init_changes_nothing(folder: Path) -> None:
    keys = (folder / "keys.box").read_bytes()
    result = run("init", folder, "--region", "310000")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "not empty" in result.stderr
    assert (folder / "keys.box").read_bytes() == keys


@pytest.mark.parametrize(
    "arguments", [("--region", "31000"), ("--region", "３１００００"), ("--region", "310000", "--authority", "ga")]
)
def test_a_wrong_region_or_authority_makes_no_folder_full_of_keys(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = run("init", tmp_path / "i", *arguments)
    assert result.exit_code == 1
    assert "six digits" in result.stderr
    assert not (tmp_path / "i").exists()


def test_issue_prints_the_id_and_writes_a_private_package(folder: Path, subject: Path) -> None:
    result = issue(folder, subject)
    assert result.exit_code == 0, result.stderr
    licence_id = result.stdout.strip()
    package = folder / "packages" / f"{licence_id}.cbor"
    assert licence_package.decode(package.read_bytes()).licence_id == licence_id
    assert stat.S_IMODE(package.stat().st_mode) == 0o600
    assert "synthetic" in result.stderr


def test_issue_in_json_and_to_another_file(folder: Path, subject: Path, tmp_path: Path) -> None:
    result = issue(folder, subject, "--json", "--out", tmp_path / "out" / "licence.cbor")
    said = json.loads(result.stdout)
    assert set(said) == {"id", "kind", "package", "warnings"}
    assert (said["kind"], said["package"]) == ("driving-licence", str(tmp_path / "out" / "licence.cbor"))
    assert licence_package.decode(Path(said["package"]).read_bytes()).licence_id == said["id"]


@pytest.mark.parametrize("what", ["subject", "keys", "device", "link", "name too long"])
def test_out_never_replaces_anything_but_a_package(folder: Path, subject: Path, tmp_path: Path, what: str) -> None:
    target = {
        "subject": subject,
        "keys": folder / "keys.box",
        "device": Path("/dev/null"),
        "link": tmp_path / "link",
        "name too long": tmp_path / ("n" * 300),
    }[what]
    if what == "link":
        target.symlink_to(subject)
    before = {path: path.read_bytes() for path in (subject, folder / "keys.box")}
    result = issue(folder, subject, "--out", target)
    assert result.exit_code == 1
    assert "What to do" in result.stderr
    assert {path: path.read_bytes() for path in before} == before
    assert json.loads(run("list", folder, "--json").stdout) == []
    assert not Path("/dev/null").is_file()


def test_out_replaces_an_older_package(folder: Path, subject: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.lz"
    assert issue(folder, subject, "--out", out).exit_code == 0
    second = issue(folder, subject, "--out", out)
    assert licence_package.decode(out.read_bytes()).licence_id == second.stdout.strip()


@pytest.mark.parametrize("fallback", [True, False])
def test_a_licence_whose_package_cannot_be_written_is_named(
    folder: Path, subject: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fallback: bool
) -> None:
    out, real = tmp_path / "p.lz", durable_files.write_atomically

    def full(path: Path, content: bytes, *, mode: int) -> None:
        if path == out or (path.parent.name == "packages" and not fallback):
            raise StorageFailed("cannot write: no space left")
        real(path, content, mode=mode)

    monkeypatch.setattr(durable_files, "write_atomically", full)
    result = issue(folder, subject, "--out", out)
    (listed,) = json.loads(run("list", folder, "--json").stdout)
    assert result.exit_code == 1
    assert listed["id"] in result.stderr
    kept = folder / "packages" / f"{listed['id']}.cbor"
    assert kept.is_file() is fallback
    assert ("Do not issue it again" if fallback else "revoke this licence") in result.stderr


def test_a_holder_key_file_that_is_not_there_is_said(folder: Path, subject: Path) -> None:
    result = issue(folder, subject, key="phone.cbor")
    assert result.exit_code == 1
    assert "there is no such file" in result.stderr


def test_the_holder_key_comes_as_cbor_as_text_in_a_file_or_as_text(folder: Path, subject: Path, tmp_path: Path) -> None:
    raw, text = tmp_path / "key.cbor", tmp_path / "key.txt"
    raw.write_bytes(cbor.encode(holder_key().cose_key))
    text.write_text(key_text() + "\n")
    for given in (str(raw), str(text), key_text(), key_text() + "=="):
        result = issue(folder, subject, "--json", key=given)
        assert result.exit_code == 0, result.stderr
        package = Path(json.loads(result.stdout)["package"]).read_bytes()
        assert credentials(package)[0].claims.cnf == holder_key().cose_key


@pytest.mark.parametrize(
    "key",
    [
        "no such file",
        "AAAA",
        "x" * 10_000,
        # The identity of Ed25519: signatures under it verify without any private key.
        "owEBIAYhWCABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        # No P-256 point has this x.
        "pAECIAEhWCD_____________________________________________IvU",
        "亮证",
    ],
)
def test_a_key_that_is_none_is_refused(folder: Path, subject: Path, key: str) -> None:
    result = issue(folder, subject, key=key)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "holder key" in result.stderr
    assert "liangzheng wallet key" in result.stderr
    assert json.loads(run("list", folder, "--json").stdout) == []


def test_wrong_items_are_listed_with_what_was_expected(folder: Path, tmp_path: Path) -> None:
    wrong = written(
        tmp_path / "wrong.json", SUBJECT | {"sex": "male", "citizen_id": "990101194912310027", "hobby": "x"}
    )
    result = issue(folder, wrong)
    assert result.exit_code == 1
    for words in ("sex:", "GB/T 2261.1", "citizen_id:", "check digit", "hobby:", "no such item"):
        assert words in result.stderr
    assert "990101194912310027" not in result.stderr


@pytest.mark.parametrize("text", ["", "{", "{}\x00", '{"name": "a", "name": "b"}', "[" * 30_000])
def test_a_subject_that_is_no_json_is_wrong_usage(folder: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "s.json").write_text(text, "utf-8")
    result = issue(folder, tmp_path / "s.json")
    assert result.exit_code == 2
    assert "--subject" in result.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("issue",), ("init", "x"), ("fly",), ("revoke", "x", "y"), ("serve", "x", "--port", "70000")]
)
def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_subject_from_an_editor_that_writes_a_byte_order_mark(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(SUBJECT), "utf-8-sig")
    assert issue(folder, tmp_path / "s.json").exit_code == 0


def test_legal_changes_are_published_at_once(folder: Path, subject: Path) -> None:
    said = json.loads(issue(folder, subject, "--json").stdout)
    package, published = Path(said["package"]), folder / "published"
    for command, state, status in (
        ("suspend", "suspended", Status.SUSPENDED),
        ("reinstate", "valid", Status.VALID),
        ("revoke", "revoked", Status.REVOKED),
    ):
        result = run(command, folder, said["id"], "--reason", "测试", "--json")
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout) == {
            "id": said["id"],
            "state": state,
            "flipped": 1,
            "published_by": None,
        }
        assert published_value(published, package) == status
    final = run("reinstate", folder, said["id"], "--reason", "测试")
    assert (final.exit_code, final.stdout) == (1, "")
    assert "final" in final.stderr


def test_list_finds_and_counts(folder: Path, subject: Path) -> None:
    ids = {issue(folder, subject).stdout.strip() for _ in range(2)}
    listed = json.loads(run("list", folder, "--json").stdout)
    assert {row["id"] for row in listed} == ids
    assert {row["state"] for row in listed} == {"valid"}
    assert len(run("list", folder, "--search", "测试员").stdout.splitlines()) == 2
    assert run("list", folder, "--search", "nobody").stdout == ""


def test_publish_to_a_web_server_s_folder(folder: Path, subject: Path, tmp_path: Path) -> None:
    package = Path(json.loads(issue(folder, subject, "--json").stdout)["package"])
    result = run("publish", folder, "--to", tmp_path / "www", "--json")
    said = json.loads(result.stdout)
    assert all((tmp_path / "www" / name).is_file() for name in said["files"])
    assert said["files"][-1] == "status/aggregation.json"
    assert published_value(tmp_path / "www", package) == Status.VALID


def test_a_passphrase_protects_the_keys_by_file_or_environment(tmp_path: Path, subject: Path) -> None:
    secret, wrong = tmp_path / "secret", tmp_path / "wrong"
    secret.write_text(PASSPHRASE + "\n")
    wrong.write_text("another passphrase\n")
    made = run("init", tmp_path / "i", "--region", "310000", "--passphrase-file", secret)
    assert (made.exit_code, made.stderr) == (0, "")
    assert not (tmp_path / "i" / "keys.key").exists()
    assert run("publish", tmp_path / "i", "--passphrase-file", secret).exit_code == 0
    assert run("publish", tmp_path / "i", **{PASSPHRASE_VARIABLE: PASSPHRASE}).exit_code == 0
    for result, words in (
        (run("publish", tmp_path / "i"), "--passphrase-file"),
        (run("publish", tmp_path / "i", "--passphrase-file", wrong), "do not open"),
        (run("publish", tmp_path / "i", "--passphrase-file", tmp_path / "absent"), "cannot be read"),
    ):
        assert result.exit_code == 1
        assert words in result.stderr


def damaged(folder: Path, name: str) -> Result:
    path = folder / name
    path.write_bytes(path.read_bytes()[:20])
    return run("publish", folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("issuer.json", "damaged"),
        ("keys.box", "cannot be read"),
        ("keys.key", "32 bytes"),
        ("register.sqlite", "register"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, name: str, words: str) -> None:
    result = damaged(folder, name)
    assert result.exit_code == 1
    assert words in result.stderr
    assert "What to do:" in result.stderr


@pytest.mark.parametrize("name", ["issuer.json", "keys.box", "keys.key", "register.sqlite"])
def test_a_missing_file_is_named_and_never_made_anew(folder: Path, name: str) -> None:
    (folder / name).unlink()
    result = run("publish", folder)
    assert result.exit_code == 1
    assert "What to do:" in result.stderr
    assert not (folder / name).exists()


def test_a_folder_that_is_no_issuer_s(tmp_path: Path) -> None:
    result = run("list", tmp_path)
    assert result.exit_code == 1
    assert "liangzheng issuer init" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_licence(folder: Path) -> None:
    result = run("revoke", folder, "nobody", "--reason", "测试")
    assert result.exit_code == 1
    assert "liangzheng issuer list" in result.stderr
