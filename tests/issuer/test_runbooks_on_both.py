"""Two runbooks whose acts differ by database, interrupted at each step, on both databases."""

from pathlib import Path

import pytest

from issuer.application import Issuer
from tests.issuer import test_runbooks


@pytest.mark.parametrize("name", ["key-stolen", "subject-deletion"])
def test_it_comes_to_its_end_whatever_interrupts_it(
    name: str, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_runbooks.works(name, issuer, tmp_path, monkeypatch)
