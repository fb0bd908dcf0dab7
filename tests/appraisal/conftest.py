"""The terminal that appraisal tests start from."""

import pytest

from tests.appraisal.terminal import Terminal


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()
