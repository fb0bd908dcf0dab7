"""Mandates as an operator commands them: by the command line and by the operator's web API."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from protocol import licence_package
from protocol.labels import KeyAssurance
from protocol.status_list import Status
from tests.issuer.builders import (
    AT,
    BUSINESS,
    OPERATOR,
    credentials,
    holder_key,
    key_text,
    published_status,
    written,
)

BODY = {"agent_key": key_text(5), "level": 1, "purposes": ["window"]}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "i", "--region", "310000").exit_code == 0
    return tmp_path / "i"


@pytest.fixture
def licence(folder: Path, tmp_path: Path) -> str:
    subject = written(tmp_path / "subject.json", BUSINESS)
    done = run("issue", folder, "--kind", "business-licence", "--subject", subject, "--holder-key", key_text())
    return done.stdout.strip()


def mandate(folder: Path, licence: str, level: int, *more: object) -> Result:
    return run("mandate", folder, licence, "--agent-key", key_text(5), "--level", level, "--purpose", "window", *more)


def test_a_chain_is_issued_listed_and_ended(folder: Path, licence: str, tmp_path: Path) -> None:
    first = mandate(folder, licence, 1, "--json", "--out", tmp_path / "rep.lz", "--days", "30")
    assert first.exit_code == 0, first.stderr
    said = json.loads(first.stdout)
    assert set(said) == {"id", "licence", "to", "package", "warnings"}
    assert (said["licence"], said["package"]) == (licence, str(tmp_path / "rep.lz"))
    package = (tmp_path / "rep.lz").read_bytes()
    assert licence_package.decode(package).licence_id == said["id"]
    assert all(each.claims.mandate is not None for each in credentials(package))
    hardware = ("--key-assurance", "proofed_in_person")
    second = mandate(folder, licence, 2, "--parent-mandate", said["id"], "--as", "agent", *hardware)
    assert second.exit_code == 0, second.stderr
    kept = folder / "packages" / f"{second.stdout.strip()}.cbor"
    assert licence_package.decode(kept.read_bytes()).licence_id == second.stdout.strip()
    assert credentials(kept.read_bytes())[0].claims.key_assurance is KeyAssurance.PROOFED_IN_PERSON
    rows = json.loads(run("mandates", folder, licence, "--json").stdout)
    assert [(row["id"], row["level"], row["as"], row["parent_mandate"], row["state"]) for row in rows] == [
        (said["id"], 1, "representative", None, "valid"),
        (second.stdout.strip(), 2, "agent", said["id"], "valid"),
    ]
    assert rows[0]["to"] == said["to"]
    assert rows[0]["agent_key_sha256"] == holder_key(5).thumbprint.hex()
    assert f"under {said['id']}" in run("mandates", folder, licence).stdout
    ended = run("mandate-revoke", folder, said["id"], "--reason", "委托终止", "--json")
    assert json.loads(ended.stdout) == {"id": said["id"], "state": "cancelled", "flipped": 2}
    again = run("mandate-revoke", folder, said["id"], "--reason", "委托终止")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "ended already" in again.stderr
    assert "What to do" in again.stderr


@pytest.mark.parametrize(
    ("level", "more", "words"),
    [
        (1, ("--days", "91"), "1 to 90 days"),
        (2, (), "--parent-mandate"),
        (1, ("--purpose", "hotel"), "Leave this purpose out"),
        (1, ("--kind", "id-card"), "leave --kind out"),
        (2, ("--parent-mandate", "nobody"), "issuer mandates DIR LICENCE"),
    ],
)
def test_what_is_refused_says_what_to_do_and_leaves_no_file(
    folder: Path, licence: str, tmp_path: Path, level: int, more: tuple[str, ...], words: str
) -> None:
    result = mandate(folder, licence, level, "--out", tmp_path / "m.lz", *more)
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
    assert not (tmp_path / "m.lz").exists()
    assert json.loads(run("mandates", folder, licence, "--json").stdout) == []


def test_out_never_replaces_anything_but_a_package(folder: Path, licence: str) -> None:
    before = (folder / "keys.box").read_bytes()
    result = mandate(folder, licence, 1, "--out", folder / "keys.box")
    assert result.exit_code == 1
    assert "no licence package" in result.stderr
    assert (folder / "keys.box").read_bytes() == before
    assert json.loads(run("mandates", folder, licence, "--json").stdout) == []


def test_the_web_issues_lists_and_ends(client: FlaskClient, issuer: Issuer) -> None:
    licence = issuer.issue("business-licence", BUSINESS, holder_key(), at=AT).licence_id
    route = f"/api/v1/licences/{licence}/mandates"
    kept = {"key_assurance": "hardware_user_verification"}
    answer = client.post(route, json=BODY | {"as": "proxy", "days": 7} | kept, headers=OPERATOR)
    assert answer.status_code == 201
    first = answer.get_json()
    assert set(first) == {"id", "package_url", "to", "warnings"}
    # The address alone opens the package.
    package = client.get(first["package_url"])
    assert package.status_code == 200
    assert credentials(package.data)[0].claims.key_assurance is KeyAssurance.HARDWARE_USER_VERIFICATION
    (reference,) = {each.claims.status for each in credentials(package.data)}
    below = BODY | {"level": 2, "parent_mandate": first["id"], "kinds": ["business-licence"]}
    second = client.post(route, json=below, headers=OPERATOR).get_json()
    rows = client.get(route, headers=OPERATOR).get_json()
    assert [(row["id"], row["as"], row["by"]) for row in rows] == [
        (first["id"], "proxy", "operator (web)"),
        (second["id"], "manager", "operator (web)"),
    ]
    ended = client.post(f"/api/v1/mandates/{first['id']}/revoke", json={"reason": "委托终止"}, headers=OPERATOR)
    assert (ended.status_code, ended.get_json()["state"], ended.get_json()["flipped"]) == (200, "cancelled", 2)
    assert published_status(issuer, reference) == Status.CANCELLED
    again = client.post(f"/api/v1/mandates/{first['id']}/revoke", json={"reason": "委托终止"}, headers=OPERATOR)
    assert (again.status_code, again.get_json()["error"]) == (409, "mandate_not_in_force")


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (BODY | {"as": "friend"}, 400, "malformed"),
        (BODY | {"as": 1}, 400, "malformed"),
        (BODY | {"key_assurance": "strong"}, 400, "malformed"),
        (BODY | {"level": "1"}, 400, "malformed"),
        (BODY | {"level": True}, 400, "malformed"),
        (BODY | {"kinds": "business-licence"}, 400, "malformed"),
        (BODY | {"parent_mandate": None}, 400, "malformed"),
        ({"level": 1, "purposes": ["window"]}, 400, "malformed"),
        (BODY | {"level": 4}, 422, "mandate_refused"),
        (BODY | {"days": 91}, 422, "mandate_refused"),
        (BODY | {"agent_key": "AAAA"}, 422, "holder_key_refused"),
        (BODY | {"level": 2, "parent_mandate": "nobody"}, 404, "mandate_unknown"),
    ],
)
def test_wrong_requests_are_named_and_record_nothing(
    client: FlaskClient, issuer: Issuer, body: Any, status: int, error: str
) -> None:
    licence = issuer.issue("business-licence", BUSINESS, holder_key(), at=AT).licence_id
    answer = client.post(f"/api/v1/licences/{licence}/mandates", json=body, headers=OPERATOR)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    assert issuer.mandates.listed(licence) == ()


def test_unknown_licences_and_mandates_are_not_found(client: FlaskClient) -> None:
    for answer in (
        client.get("/api/v1/licences/nobody/mandates", headers=OPERATOR),
        client.post("/api/v1/licences/nobody/mandates", json=BODY, headers=OPERATOR),
        client.post("/api/v1/mandates/nobody/revoke", json={"reason": "x"}, headers=OPERATOR),
    ):
        assert answer.status_code == 404
