"""One issuer with a console for all tests of a file, and a clerk at it; a file names what it takes in `__all__`."""

from collections.abc import Iterator

import pytest

from issuer.application import Issuer
from issuer.people.roles import Role
from tests.issuer import builders
from tests.issuer.consoles import Console, Visitor, console_of


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with builders.made(tmp_path_factory.mktemp("console") / "issuer") as made:
        yield made


@pytest.fixture
def console(issuer: Issuer) -> Console:
    return console_of(issuer)


@pytest.fixture
def clerk(console: Console) -> Visitor:
    return console.person(Role.CLERK)
