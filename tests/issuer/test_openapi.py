"""The interface is what its document says: the same routes, and answers of the stated form to whatever is sent."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from issuer import config
from issuer.application import Issuer
from issuer.openapi.document import OPERATIONS, document
from issuer.web.app import create_app
from tests.issuer import builders
from tests.issuer.builders import AT, ID_CARD, TOKEN
from tests.issuer.wallets import Wallet, code_of, offered, signer

CHECKED_IN = Path(__file__).parents[2] / "docs" / "spec" / "issuer-api.json"
PAGES = ("/fleet", "/console", "/static", "/my-application")
EXAMPLES = 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/jwt", "application/cose")
def as_it_is(_context: Any, value: Any) -> bytes:
    """Bodies that are no JSON are sent as they were generated."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with builders.made(tmp_path_factory.mktemp("openapi") / "issuer") as made:
        yield made


@pytest.fixture(scope="module")
def app(issuer: Issuer) -> Flask:
    return create_app(
        issuer,
        operator_token=TOKEN,
        now=lambda: AT,
        trusted_hosts=config.TRUSTED_HOSTS,
        max_body_bytes=config.MAX_BODY_BYTES,
    )


def routes(app: Flask) -> set[tuple[str, str]]:
    """Method and path of every route that is no page for people."""
    return {
        (method.lower(), re.sub(r"<(?:[^:<>]*:)?([a-z_]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith(PAGES)
    }


def test_every_route_stands_in_the_document_and_nothing_else(app: Flask) -> None:
    assert {(each.method, each.path) for each in OPERATIONS} == routes(app)
    assert len({each.name for each in OPERATIONS}) == len(OPERATIONS)


def test_the_document_is_served_and_checked_in(app: Flask) -> None:
    served = app.test_client().get("/api/v1/openapi.json").get_json()
    # After a change: python -m issuer.openapi > docs/spec/issuer-api.json
    assert served == document() == json.loads(CHECKED_IN.read_text())


@pytest.fixture(scope="module")
def schema(app: Flask) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


@pytest.fixture(scope="module")
def access_token(issuer: Issuer, app: Flask) -> str:
    made = offered(issuer, kind="id-card", subject=ID_CARD)
    wallet = Wallet(app.test_client(), signer(1))
    wallet.redeem(code_of(made), made.tx_code)
    return wallet.token


@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.name for each in OPERATIONS])
def test_whatever_is_sent_the_answer_has_a_stated_form(
    operation: Any, schema: Any, issuer: Issuer, access_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Floods are tried elsewhere (test_openid4vci_attacks); here each answer is wanted.
    monkeypatch.setattr("issuer.openid4vci.addresses.Bucket.take", lambda *_, **__: None)
    monkeypatch.setattr("issuer.openid4vci.addresses.Bucket.demand", lambda *_, **__: None)
    described = schema[operation.path][operation.method.upper()]
    modes = [described.as_strategy(generation_mode=mode) for mode in GenerationMode]
    headers = {"Authorization": f"Bearer {access_token if operation.opens == 'access_token' else TOKEN}"}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(modes))
    def answers(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    answers()
