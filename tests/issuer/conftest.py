"""One issuer in a folder of its own, closed again after the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from issuer.application import Issuer
from tests.issuer import builders


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    with builders.made(tmp_path / "issuer") as made:
        yield made
