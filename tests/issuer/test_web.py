"""The web service: closed by default, exact about what it serves, named errors for everything else."""

import json
import re
import threading
import urllib.request
from typing import Any

import pytest
from flask.testing import FlaskClient

from issuer import config, lifecycle, wiring
from issuer.application import Issuer
from issuer.lifecycle import LegalChange
from issuer.web.app import create_app
from protocol import licence_package, status_list, trust_list
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.issuer.builders import AT, DRIVING, OPERATOR, TOKEN, credentials, holder_key, key_text, published_status

GOOD = {"kind": "driving-licence", "subject": DRIVING, "holder_key": key_text()}
OF_A_WALLET = {f"openid4vci.{name}" for name in ("credential", "deferred", "notification", "lost")}


def issued(client: FlaskClient) -> dict[str, Any]:
    answer = client.post("/api/v1/licences", json=GOOD, headers=OPERATOR)
    assert answer.status_code == 201
    return answer.get_json()  # type: ignore[no-any-return]


def test_every_route_that_is_not_meant_for_visitors_refuses_them(client: FlaskClient) -> None:
    app = client.application
    open_routes = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<any\(.*\):change>", "revoke", rule.rule.replace("<path:name>", "root.cbor"))
        path = re.sub(r"<any\(.*\):decision>", "approve", path)
        path = re.sub("<[a-z_]+>", "x", path)
        assert "<" not in path
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            for headers in (
                {},
                {"Authorization": "Bearer "},
                {"Authorization": f"Bearer {TOKEN[:-1]}"},
                {"Authorization": f"Bearer {TOKEN}x"},
                {"Authorization": f"Basic {TOKEN}"},
                {"Authorization": TOKEN},
                {"Authorization": "Bearer é"},
            ):
                answer = client.open(path, method=method, headers=headers, json={})
                if answer.status_code != 401:
                    open_routes.add(rule.endpoint)
                elif rule.endpoint in OF_A_WALLET:
                    assert answer.get_json()["error"] == "invalid_token"
                else:
                    assert answer.get_json()["error"] == "unauthorised"
                    assert answer.headers["WWW-Authenticate"] == "Bearer"
                answer.close()
    # Three of these take no token, for what is posted proves itself; what does not is refused (test_remote_terminals).
    # Wallets prove what they ask with a token or key of their own (test_openid4vci_attacks); the rest is public.
    # An applicant has number and code of a receipt (test_following).
    for_applicants = {"following.my_application", "following.application_standing"}
    for_wallets = {"issuer_metadata", "server_metadata", "offer", "token", "nonce", "refresh", "devices", "notices"}
    assert open_routes == {"published", "package", "document", "enrol", "renew", "row"} | for_applicants | {
        f"openid4vci.{name}" for name in for_wallets | {"offices"}
    }


def test_a_wrong_token_is_logged_without_its_content(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    for offered in ("Bearer guessed-token", "Basic b3BlcmF0b3I6eA==", ""):
        caplog.clear()
        answer = client.get("/api/v1/licences?search=990101194912310028", headers={"Authorization": offered})
        assert answer.status_code == 401
        (record,) = caplog.records
        assert record.levelname == "WARNING"
        assert record.getMessage() == "no valid operator token: licences from 127.0.0.1"
    caplog.clear()
    assert client.get("/api/v1/licences", headers=OPERATOR).status_code == 200
    assert not caplog.records


def test_a_route_that_is_added_later_is_closed_too(issuer: Issuer) -> None:
    app = create_app(issuer, operator_token=TOKEN, now=lambda: AT, trusted_hosts=("localhost",), max_body_bytes=1000)
    app.add_url_rule("/later", view_func=lambda: "secret", endpoint="later")
    client = app.test_client()
    assert client.get("/later").status_code == 401
    assert client.get("/later", headers=OPERATOR).data == b"secret"


def test_issue_fetch_suspend_reinstate_revoke(client: FlaskClient, issuer: Issuer) -> None:
    answer = issued(client)
    assert set(answer) == {"id", "package_url", "warnings"}
    package = client.get(answer["package_url"])
    assert (package.status_code, package.mimetype) == (200, "application/cbor")
    assert package.headers["Cache-Control"] == "no-store"
    assert package.data == issuer.package(answer["id"])
    assert licence_package.decode(package.data).licence_id == answer["id"]
    (reference,) = {each.claims.status for each in credentials(package.data)}
    for change, state, status in (
        ("suspend", "suspended", Status.SUSPENDED),
        ("reinstate", "valid", Status.VALID),
        ("revoke", "revoked", Status.REVOKED),
    ):
        done = client.post(f"/api/v1/licences/{answer['id']}/{change}", json={"reason": "测试"}, headers=OPERATOR)
        assert (done.status_code, done.get_json()["state"], done.get_json()["flipped"]) == (200, state, 1)
        assert published_status(issuer, reference) == status
    refused = client.post(f"/api/v1/licences/{answer['id']}/suspend", json={"reason": "测试"}, headers=OPERATOR)
    assert (refused.status_code, refused.get_json()["error"]) == (409, "transition_refused")


def test_the_list_is_searched_and_masks_numbers(client: FlaskClient) -> None:
    licence_id = issued(client)["id"]
    for search, count in (("", 1), ("测试员", 1), ("0028", 1), (licence_id[:5], 1), ("%", 0), ("_", 0), ("nobody", 0)):
        found = client.get("/api/v1/licences", query_string={"search": search}, headers=OPERATOR)
        assert len(found.get_json()) == count, search
    (row,) = client.get("/api/v1/licences", headers=OPERATOR).get_json()
    assert row == {
        "id": licence_id,
        "kind": "driving-licence",
        "name": "测试员甲",
        "number": "·" * 14 + "0028",
        "state": "valid",
        "valid_from": "2026-01-01",
        "valid_to": "2032-01-01",
        "issued_at": "2026-11-22T04:00:00Z",
    }


@pytest.mark.parametrize("search", ["\ud800", "\x00", "x" * 101])
def test_a_hostile_search_finds_nothing(client: FlaskClient, search: str) -> None:
    issued(client)
    path = "/api/v1/licences?search=" + urllib.parse.quote(search, errors="surrogatepass")
    answer = client.get(path, headers=OPERATOR)
    assert (answer.status_code, answer.get_json()) == (200, [])


def test_a_package_needs_its_secret(client: FlaskClient) -> None:
    first, second = issued(client), issued(client)
    base, secret = first["package_url"].rsplit("/", 1)
    assert len(secret) == 22
    for wrong in (secret[:-1], secret + "x", secret[::-1], second["package_url"].rsplit("/", 1)[1]):
        answer = client.get(f"{base}/{wrong}")
        assert (answer.status_code, answer.get_json()["error"]) == (404, "package_unknown")
    unknown = client.get(f"/api/v1/packages/nobody/{secret}")
    # Nobody learns whether a licence exists.
    assert unknown.get_json() == client.get(f"{base}/wrong").get_json()


def test_wrong_subjects_list_their_problems(client: FlaskClient) -> None:
    body = GOOD | {"subject": DRIVING | {"sex": 9.5, "name": ""}}
    answer = client.post("/api/v1/licences", json=body, headers=OPERATOR)
    assert answer.status_code == 422
    assert answer.get_json()["error"] == "subject_refused"
    assert {problem["item"] for problem in answer.get_json()["problems"]} == {"sex", "name"}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (GOOD | {"kind": "flying-licence"}, 422, "kind_unknown"),
        (GOOD | {"kind": 7}, 400, "malformed"),
        (GOOD | {"holder_key": "AAAA"}, 422, "holder_key_refused"),
        (GOOD | {"holder_key": key_text()[:-2]}, 422, "holder_key_refused"),
        (GOOD | {"holder_key": "\ud800"}, 422, "holder_key_refused"),
        (GOOD | {"subject": None}, 422, "subject_refused"),
        (GOOD | {"extra": 1}, 400, "malformed"),
        ({"kind": "id-card"}, 400, "malformed"),
        ([], 400, "malformed"),
        (None, 400, "malformed"),
    ],
)
def test_bad_bodies_are_named(client: FlaskClient, issuer: Issuer, body: object, status: int, error: str) -> None:
    answer = client.post("/api/v1/licences", data=json.dumps(body), content_type="application/json", headers=OPERATOR)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    assert {"error", "message", "hint"} <= set(answer.get_json())
    assert issuer.list() == ()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 60_000, b'{"a":' * 10_000, b"NaN"])
def test_bytes_that_are_no_json_are_malformed(client: FlaskClient, content: bytes) -> None:
    answer = client.post("/api/v1/licences", data=content, content_type="application/json", headers=OPERATOR)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "malformed")


def test_oversize_bodies_are_refused(client: FlaskClient) -> None:
    body = json.dumps(GOOD | {"subject": {"name": "x" * config.MAX_BODY_BYTES}})
    answer = client.post("/api/v1/licences", data=body, content_type="application/json", headers=OPERATOR)
    assert answer.status_code == 413


def test_changes_of_unknown_licences_and_unknown_changes(client: FlaskClient) -> None:
    answer = client.post("/api/v1/licences/nobody/revoke", json={"reason": "测试"}, headers=OPERATOR)
    assert (answer.status_code, answer.get_json()["error"]) == (404, "licence_unknown")
    licence_id = issued(client)["id"]
    for path, body, status in (
        ("delete", {"reason": "测试"}, 404),
        ("revoke", {"reason": ""}, 422),
        ("revoke", {"reason": 7}, 400),
        ("revoke", {}, 400),
    ):
        answer = client.post(f"/api/v1/licences/{licence_id}/{path}", json=body, headers=OPERATOR)
        assert answer.status_code == status


def test_published_files_have_types_etags_and_no_token(client: FlaskClient, issuer: Issuer) -> None:
    for name, content_type in (
        ("root.cbor", "application/cose-key"),
        ("trust.cbor", "application/cose"),
        ("status/1.cwt", "application/statuslist+cwt"),
        ("status/aggregation.json", "application/json"),
        ("feed.cbor", "application/cose"),
        ("feed/checkpoint.cwt", "application/status-checkpoint+cwt"),
        ("feed/manifest.cwt", "application/cose"),
        ("feed/base-1-0", "application/octet-stream"),
    ):
        answer = client.get(f"/published/{name}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
        assert answer.data == (issuer.places.published / name).read_bytes()
        assert answer.headers["Cache-Control"].startswith("public, max-age=")
        again = client.get(f"/published/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        answer.close()
        again.close()
    etag = client.head("/published/trust.cbor").headers["ETag"]
    issuer.publish(at=UnixTime(AT + 1))
    assert client.head("/published/trust.cbor").headers["ETag"] == etag


def test_what_never_changes_is_kept_and_what_changes_is_asked_again(client: FlaskClient) -> None:
    kept = {
        name: client.get(f"/published/{name}").headers["Cache-Control"]
        for name in ("feed/base-1-0", "feed/checkpoint.cwt", "status/1.cwt", "trust.cbor")
    }
    assert "immutable" in kept.pop("feed/base-1-0")
    assert [each.split(",")[1] for each in kept.values()] == [" max-age=5", " max-age=30", " max-age=300"]


@pytest.mark.parametrize(
    "path",
    [
        "../keys.box",
        "..%2fkeys.box",
        "%2e%2e/issuer.json",
        "..%5cissuer.json",
        "status/../../issuer.json",
        "status/%2e%2e/%2e%2e/issuer.json",
        "/etc/passwd",
        "%2fetc%2fhost.json",
        ".1.cwt.tmp",
        ".hidden.json",
        "status/.1.cwt",
        "status",
        "status/",
        "nothing.cbor",
        "root.cbor%00.json",
        "foreign.cbor",
        "feed/notes.txt",
        "feed/base-1-0.bak",
    ],
)
def test_nothing_else_can_be_fetched(client: FlaskClient, issuer: Issuer, path: str) -> None:
    (issuer.places.published / ".hidden.json").write_text("{}")
    (issuer.places.published / "status" / ".1.cwt").write_text("{}")
    for name in ("foreign.cbor", "feed/notes.txt", "feed/base-1-0.bak"):
        (issuer.places.published / name).write_text("310000")
    answer = client.get(f"/published/{path}")
    assert answer.status_code in (301, 308, 404)
    assert b"310000" not in answer.data
    answer.close()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", ""])
def test_foreign_host_names_are_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/published/root.cbor", headers={"Host": host})
    assert answer.status_code == 400
    answer.close()


def test_every_answer_is_hardened(client: FlaskClient) -> None:
    for path in ("/published/root.cbor", "/api/v1/licences", "/nothing"):
        answer = client.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        answer.close()


def test_unknown_paths_and_methods_answer_in_json(client: FlaskClient) -> None:
    unknown = client.get("/nothing", headers=OPERATOR)
    assert (unknown.status_code, unknown.get_json()["error"]) == (404, "not_found")
    method = client.delete("/api/v1/licences", headers=OPERATOR)
    assert (method.status_code, method.get_json()["error"]) == (405, "method_not_allowed")
    assert "POST" in method.headers["Allow"]


def test_a_failure_inside_tells_nothing(client: FlaskClient, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ValueError("测试员甲 990101194912310028")

    monkeypatch.setattr(issuer, "list", broken)
    answer = client.get("/api/v1/licences", headers=OPERATOR)
    assert (answer.status_code, answer.get_json()["error"]) == (500, "internal")
    assert "990101" not in answer.get_data(as_text=True)


def test_a_real_server_serves_a_wallet_and_republishes(issuer: Issuer) -> None:
    token = wiring.operator_token(issuer)
    published = threading.Event()
    real = issuer.publish

    def publish(**arguments: Any) -> Any:
        publication = real(**arguments)
        published.set()
        return publication

    changed = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    lifecycle.change(
        issuer._register, changed.licence_id, LegalChange.SUSPEND, reason="测试", actor="test", at=AT, below=lambda _: 0
    )
    issuer.publish = publish  # type: ignore[method-assign]
    with wiring.serving(issuer, port=0, clock=lambda: UnixTime(AT + 7)) as service:
        running = threading.Thread(target=service.run)
        running.start()
        try:
            assert published.wait(60)
            request = urllib.request.Request(
                f"{service.url}/api/v1/licences",
                data=json.dumps(GOOD).encode(),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                created = json.load(answer)
            # The address works as it stands: `wallet receive URL`.
            with urllib.request.urlopen(created["package_url"], timeout=60) as answer:
                assert licence_package.decode(answer.read()).licence_id == created["id"]
            with urllib.request.urlopen(f"{service.url}/published/trust.cbor", timeout=60) as answer:
                trust = trust_list.verify(answer.read(), root=issuer.root)
            # What has changed when the service begins to serve is published by its first round.
            with urllib.request.urlopen(
                f"{service.url}/published/status/{changed.list_number}.cwt", timeout=60
            ) as answer:
                status = status_list.verify(answer.read(), trust=trust, at=AT)
            assert (status.iat, status.entries.value(changed.idx)) == (AT + 7, Status.SUSPENDED)
        finally:
            service.stop()
            running.join()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{service.url}/published/trust.cbor", timeout=5)


def test_a_service_that_never_ran_gives_its_port_back(issuer: Issuer) -> None:
    with wiring.serving(issuer, port=0) as service:
        port = service.port
    with wiring.serving(issuer, port=port) as service:
        assert service.port == port
