"""Terminals and sites as an operator commands them: by the command line and by the operator's web API."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from protocol import cbor, directory, keys, terminal_certificate
from protocol.directory import Site
from protocol.labels import Purpose
from tests.issuer.builders import OPERATOR, holder_key, key_text

WISH = ("--terminal", "hall-3-07", "--place", "一楼3号自助机", "--relying-party", "幻境市政务服务中心")
BODY = {"key": key_text(), "place": "一楼", "relying_party": "政务服务中心", "purposes": ["kiosk", "window"]}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "i", "--region", "310000").exit_code == 0
    return tmp_path / "i"


def certify(folder: Path, out: Path, *more: object, key: object | None = None) -> Result:
    return run("certify-terminal", folder, "--key", key or key_text(), *WISH, "--purpose", "kiosk", "--out", out, *more)


def published(folder: Path) -> directory.WalletDirectory:
    root = keys.load_cose_key(cbor.decode((folder / "published/root.cbor").read_bytes()))
    return directory.verify((folder / "published/directory.cbor").read_bytes(), root=root)


def test_certify_writes_a_certificate_that_the_published_directory_verifies(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "kiosk.cbor"
    result = certify(folder, out, "--json", "--kind", "id-card", "--purpose", "window", "--days", "2")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    unverified = terminal_certificate.parse(cbor.decode(out.read_bytes()))
    certificate = terminal_certificate.verify(
        unverified, terminal_keys=published(folder).anchors, at=unverified.claims.iat
    )
    assert set(certificate.maxima) == {Purpose.KIOSK, Purpose.WINDOW}
    assert certificate.exp - certificate.iat == 2 * 86_400
    assert set(said) == {"terminal", "key_sha256", "purposes", "kinds", "from", "to", "certificate"}
    assert (said["purposes"], said["kinds"], said["certificate"]) == (["kiosk", "window"], ["id-card"], str(out))
    assert said["key_sha256"] == certificate.key.thumbprint.hex() == holder_key().thumbprint.hex()
    (row,) = json.loads(run("terminals", folder, "--json", "--search", "自助机").stdout)
    assert (row["terminal"], row["state"], row["by"]) == ("hall-3-07", "running", "operator (command line)")
    assert "hall-3-07" in run("terminals", folder).stdout
    assert run("terminals", folder, "--search", "nowhere").stdout == ""


def test_a_renewal_replaces_the_file_and_nothing_else_is_ever_replaced(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "kiosk.cbor"
    assert certify(folder, out).exit_code == 0
    first = out.read_bytes()
    assert certify(folder, out, "--days", "6").exit_code == 0
    assert out.read_bytes() != first
    box = (folder / "keys.box").read_bytes()
    result = certify(folder, folder / "keys.box")
    assert result.exit_code == 1
    assert "no terminal certificate" in result.stderr
    assert (folder / "keys.box").read_bytes() == box
    assert len(json.loads(run("terminals", folder, "--json").stdout)) == 2


def test_the_key_comes_from_a_file_too(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "k").write_text(key_text(3) + "\n")
    assert certify(folder, tmp_path / "c.cbor", key=tmp_path / "k").exit_code == 0
    assert terminal_certificate.parse(cbor.decode((tmp_path / "c.cbor").read_bytes())).claims.key == holder_key(3)


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ((), "nonsense", "terminal key DIR"),
        (("--days", "8"), None, "1 to 7 days"),
        (("--kind", "flying-licence"), None, "Known kinds"),
        (("--place", "一\u202e"), None, "Holders read it"),
    ],
)
def test_what_is_refused_says_what_to_do_and_leaves_no_file(
    folder: Path, tmp_path: Path, more: tuple[str, ...], key: str | None, words: str
) -> None:
    result = certify(folder, tmp_path / "c.cbor", *more, key=key)
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
    assert "What to do" in result.stderr
    assert "Nothing was certified" in result.stderr
    assert not (tmp_path / "c.cbor").exists()
    assert json.loads(run("terminals", folder, "--json").stdout) == []


def test_a_replaced_machine_must_be_meant(folder: Path, tmp_path: Path) -> None:
    assert certify(folder, tmp_path / "1.cbor").exit_code == 0
    result = certify(folder, tmp_path / "2.cbor", key=key_text(2))
    assert result.exit_code == 1
    assert "--replace" in result.stderr
    assert certify(folder, tmp_path / "2.cbor", "--replace", key=key_text(2)).exit_code == 0


def test_sites_are_added_listed_and_removed(folder: Path) -> None:
    drawn = run("site", folder, "add", "--name", "东大厅", "--relying-party", "政务服务中心")
    assert drawn.exit_code == 0, drawn.stderr
    other = ("--name", "西大厅", "--relying-party", "政务服务中心", "--code", "a1b2")
    given = run("site", folder, "add", *other, "--json")
    assert json.loads(given.stdout) == {"code": "A1B2", "name": "西大厅", "relying_party": "政务服务中心"}
    assert published(folder).sites == {
        drawn.stdout.strip(): Site("东大厅", "政务服务中心"),
        "A1B2": Site("西大厅", "政务服务中心"),
    }
    rows = json.loads(run("site", folder, "list", "--json").stdout)
    assert {row["code"] for row in rows} == {drawn.stdout.strip(), "A1B2"}
    assert "A1B2  西大厅 (政务服务中心)" in run("site", folder, "list").stdout
    assert run("site", folder, "remove", "A1B2").exit_code == 0
    assert list(published(folder).sites) == [drawn.stdout.strip()]
    again = run("site", folder, "remove", "A1B2")
    assert again.exit_code == 1
    assert "site DIR list" in again.stderr
    taken = run("site", folder, "add", "--name", "x", "--relying-party", "y", "--code", "A1B2")
    assert "given to a site before" in taken.stderr


def test_the_web_certifies_and_lists(client: FlaskClient) -> None:
    answer = client.post("/api/v1/terminals/hall-1/certificate", json=BODY, headers=OPERATOR)
    assert answer.status_code == 201
    said = answer.get_json()
    assert set(said) == {"terminal", "key_sha256", "certificate", "from", "to"}
    claims = terminal_certificate.parse(cbor.decode(base64.urlsafe_b64decode(said["certificate"] + "=="))).claims
    assert (claims.terminal, claims.key, set(claims.maxima)) == (
        "hall-1",
        holder_key(),
        {Purpose.KIOSK, Purpose.WINDOW},
    )
    (row,) = client.get("/api/v1/terminals?search=hall", headers=OPERATOR).get_json()
    assert (row["terminal"], row["by"]) == ("hall-1", "operator (web)")
    other = BODY | {"key": key_text(2)}
    taken = client.post("/api/v1/terminals/hall-1/certificate", json=other, headers=OPERATOR)
    assert (taken.status_code, taken.get_json()["error"]) == (409, "terminal_taken")
    meant = client.post(
        "/api/v1/terminals/hall-1/certificate",
        json=other | {"replace": True, "days": 1, "kinds": ["id-card"]},
        headers=OPERATOR,
    )
    assert meant.status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (BODY | {"purposes": ["flying"]}, 400, "malformed"),
        (BODY | {"purposes": "kiosk"}, 400, "malformed"),
        (BODY | {"purposes": ["kiosk", "kiosk"]}, 400, "malformed"),
        (BODY | {"purposes": [7]}, 400, "malformed"),
        (BODY | {"days": True}, 400, "malformed"),
        (BODY | {"days": "7"}, 400, "malformed"),
        (BODY | {"replace": 1}, 400, "malformed"),
        (BODY | {"key": 7}, 400, "malformed"),
        (BODY | {"extra": 1}, 400, "malformed"),
        ({"key": key_text()}, 400, "malformed"),
        (BODY | {"days": 8}, 422, "terminal_refused"),
        (BODY | {"purposes": []}, 422, "terminal_refused"),
        (BODY | {"place": "\ud800"}, 422, "terminal_refused"),
        (BODY | {"key": "AAAA"}, 422, "terminal_refused"),
    ],
)
def test_wrong_requests_are_named_and_record_nothing(
    client: FlaskClient, issuer: Issuer, body: Any, status: int, error: str
) -> None:
    answer = client.post(
        "/api/v1/terminals/hall-1/certificate",
        data=json.dumps(body),
        headers=OPERATOR | {"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    assert issuer.terminals.listed() == ()


def test_the_web_gives_and_takes_sites(client: FlaskClient, issuer: Issuer) -> None:
    site = {"name": "东大厅", "relying_party": "政务服务中心"}
    drawn = client.post("/api/v1/sites", json=site, headers=OPERATOR)
    assert (drawn.status_code, drawn.get_json()) == (201, site | {"code": drawn.get_json()["code"]})
    assert client.post("/api/v1/sites", json=site | {"code": "A1B2"}, headers=OPERATOR).status_code == 201
    taken = client.post("/api/v1/sites", json=site | {"code": "A1B2"}, headers=OPERATOR)
    assert (taken.status_code, taken.get_json()["error"]) == (409, "site_taken")
    refused = client.post("/api/v1/sites", json=site | {"code": "U"}, headers=OPERATOR)
    assert (refused.status_code, refused.get_json()["error"]) == (422, "site_refused")
    assert client.delete("/api/v1/sites/A1B2", headers=OPERATOR).get_json() == {"code": "A1B2", "removed": True}
    unknown = client.delete("/api/v1/sites/A1B2", headers=OPERATOR)
    assert (unknown.status_code, unknown.get_json()["error"]) == (404, "site_unknown")
    (left,) = client.get("/api/v1/sites", headers=OPERATOR).get_json()
    assert left["code"] == drawn.get_json()["code"] == issuer.sites.listed()[0].code
