"""Which routes a page of another origin may read (CORS): those that a wallet in a browser calls, and no other."""

import re

import pytest
from flask.testing import FlaskClient

from issuer.application import Issuer
from issuer.openid4vci.addresses import REQUESTS
from tests.issuer.builders import OPERATOR
from tests.issuer.consoles import console_of

ORIGIN = {"Origin": "https://wallet.example"}
FOR_PAGES = {
    f"openid4vci.{name}"
    for name in (
        *("issuer_metadata", "server_metadata", "offer", "token", "nonce", "credential", "deferred", "notification"),
        *("refresh", "devices", "lost", "notices"),
    )
}


@pytest.fixture
def client(issuer: Issuer) -> FlaskClient:
    """The service with its console, as `issuer serve` has it."""
    return console_of(issuer).app.test_client()


def test_pages_of_other_origins_read_what_wallets_call_and_nothing_else(client: FlaskClient) -> None:
    readable = set()
    for rule in client.application.url_map.iter_rules():
        path = re.sub(r"<any\(([^),]+).*?\):[a-z_]+>", r"\1", rule.rule.replace("<path:name>", "root.cbor"))
        path = re.sub(r"<(?:[a-z]+:)?[a-z_]+>", "1", path)
        for method in (rule.methods or set()) | {"OPTIONS"}:
            for headers in (ORIGIN, ORIGIN | OPERATOR, ORIGIN | {"Access-Control-Request-Method": "POST"}):
                with client.open(path, method=method, headers=headers) as answer:
                    assert "Access-Control-Allow-Credentials" not in answer.headers, path
                    if any(name.startswith("Access-Control") for name, _ in answer.headers):
                        readable.add(rule.endpoint)
    assert readable == FOR_PAGES


def test_a_preflight_names_the_methods_and_headers_of_a_wallet(client: FlaskClient) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    answer = client.options("/openid4vci/credential", headers=ORIGIN | asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert set(answer.headers["Access-Control-Allow-Methods"].split(", ")) == {"POST", "OPTIONS"}
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    assert answer.headers["Access-Control-Max-Age"] == "7200"


def test_refusals_are_readable_too_and_questions_of_browsers_are_not_counted(client: FlaskClient) -> None:
    refused = client.post("/openid4vci/token", data={"grant_type": "x"}, headers=ORIGIN)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (400, "*")
    for _ in range(REQUESTS.at_once):
        assert client.options("/openid4vci/nonce", headers=ORIGIN).status_code == 200
    for _ in range(REQUESTS.at_once - 1):
        assert client.post("/openid4vci/nonce", headers=ORIGIN).status_code == 200
    over = client.post("/openid4vci/nonce", headers=ORIGIN)
    assert (over.status_code, over.headers["Access-Control-Allow-Origin"]) == (429, "*")
