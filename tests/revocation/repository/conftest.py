"""A repository in memory, and the clients that have taken its first state."""

from pathlib import Path

import pytest

from tests.revocation.repository.simulator import Clients, Repository


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def clients(tmp_path: Path, repository: Repository) -> Clients:
    made = Clients(tmp_path, repository)
    assert made.agree().accepted
    return made
