"""One issuer in a folder of its own, closed again after the test; its web service; and a database server.

Tests of the modules in `ON_BOTH` that use a register run twice: over SQLite, and over PostgreSQL.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from issuer import config
from issuer.application import Issuer
from issuer.web.app import create_app
from tests.issuer import builders, postgresql

ON_BOTH = (
    "test_allocation",
    "test_alone_on_both",
    "test_applications_on_both",
    "test_approvals_on_both",
    "test_audit_on_both",
    "test_backups_on_both",
    "test_binding_on_both",
    "test_bulk_on_both",
    "test_device_notices_on_both",
    "test_devices",
    "test_erasing_on_both",
    "test_feed_on_both",
    "test_fleet_on_both",
    "test_joint_on_both",
    "test_keys_on_both",
    "test_holders_on_both",
    "test_lifecycle",
    "test_migrations_on_both",
    "test_on_both",
    "test_pull_on_both",
    "test_races_on_both",
    "test_renewing_on_both",
    "test_openid4vci_on_both",
    "test_people_on_both",
    "test_runbooks_on_both",
    "test_status_tokens",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_on_one = any("register_url" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    on_both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH and not is_on_one
    if "register_url" in metafunc.fixturenames and on_both:
        metafunc.parametrize("register_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgresql.Cluster]:
    programs = postgresql.binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server here (Debian: apt install postgresql)")
    with postgresql.running(programs) as cluster:
        yield cluster


@pytest.fixture
def register_url(request: pytest.FixtureRequest) -> str | None:
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    cluster: postgresql.Cluster = request.getfixturevalue("cluster")
    return cluster.database()


@pytest.fixture
def issuer(tmp_path: Path, register_url: str | None) -> Iterator[Issuer]:
    with builders.made(tmp_path / "issuer", register_url=register_url) as made:
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
