"""One issuer in a folder of its own, closed again after the test; and its web service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from issuer import config
from issuer.application import Issuer
from issuer.web.app import create_app
from tests.issuer import builders


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    with builders.made(tmp_path / "issuer") as made:
        yield made


@pytest.fixture
def client(issuer: Issuer) -> Iterator[FlaskClient]:
    app = create_app(
        issuer,
        operator_token=builders.TOKEN,
        now=lambda: builders.AT,
        trusted_hosts=config.TRUSTED_HOSTS,
        max_body_bytes=config.MAX_BODY_BYTES,
    )
    with app.test_client() as client:
        yield client
