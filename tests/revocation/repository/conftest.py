"""A repository in memory, and the clients that have taken its first state."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.revocation.repository.simulator import Clients, Repository


@pytest.fixture(scope="package", autouse=True)
def nothing_reaches_a_disk() -> Iterator[None]:
    """Plugs are pulled between writes (test_held), not inside of the kernel: syncing would only cost time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def clients(tmp_path: Path, repository: Repository) -> Clients:
    made = Clients(tmp_path, repository)
    assert made.agree().accepted
    return made
