"""One repository and one machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.updates.making import Machine, Publisher


@pytest.fixture(scope="package", autouse=True)
def nothing_reaches_a_disk() -> Iterator[None]:
    """Programs are killed here, and no plugs pulled: syncing would only cost time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "publisher")


@pytest.fixture
def machine(tmp_path: Path, publisher: Publisher) -> Iterator[Machine]:
    made = Machine(tmp_path / "machine", publisher)
    yield made
    made.store.close()
