"""The shipped units under a systemd that runs them: each works, and the browser keeps its sandbox."""

from pathlib import Path
from typing import Any

import pytest

from tests.deploy import own_systemd


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if (impediment := own_systemd.impediment()) is not None:
        pytest.skip(impediment)
    folder: Path = tmp_path_factory.mktemp("systemd")
    there = own_systemd.run_units(folder)
    print(there["journal"])  # shown when a test fails
    return there


def test_what_is_started_answers(found: dict[str, Any]) -> None:
    assert {name: found[name] for name in ("issuer", "terminal", "relay")} == {
        "issuer": 404,
        "terminal": 200,
        "relay": 404,
    }


def test_nothing_had_to_be_started_twice(found: dict[str, Any]) -> None:
    assert found["states"] == {name: ["0", "active"] for name in ("issuer", "terminal", "relay", "kiosk-browser")}


def test_the_browser_shows_the_page_and_keeps_its_sandbox(found: dict[str, Any]) -> None:
    browser = found["browser"]
    assert all(process["no_new_privileges"] for process in browser)
    # The rules of the unit reach processes of its control group alone, so all of them must be in it.
    outside = next(process for process in browser if process["type"] == "chromium")
    drawing = [process for process in browser if process["type"] == "renderer"]
    assert drawing
    for process in drawing:
        assert process["network"] != outside["network"]
        assert process["user"] != outside["user"]
        assert process["filters"] > outside["filters"]
