"""The TypeScript wallet reads every vector of a wallet's formats as the Python one does, and is typed and locked."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.wallet_js.conftest import JS, node, run

VECTORS = Path(__file__).resolve().parents[1] / "vectors"


def test_every_vector_that_concerns_a_wallet_is_read_alike(built: Path) -> None:
    found: Any = node(built / "checkVectors.mjs", str(VECTORS))
    index = json.loads((VECTORS / "index.json").read_text("utf-8"))["vectors"]
    assert found["wrong"] == []
    assert found["checked"] == {form: sum(each["format"] == form for each in index) for form in found["checked"]}
    assert found["checked"].keys() >= {"presentation", "mandate", "sealed", "bundle", "trust-list"}


def test_the_types_hold(packages: Path) -> None:
    """Without the types of a page or of Node.js: the library compiles without either."""
    run(["node", "node_modules/typescript/bin/tsc", "--noEmit"])


@pytest.mark.parametrize("part", ["web", "web/tsconfig.offline.json"])
def test_the_web_wallet_has_the_types_of_a_page(packages: Path, part: str) -> None:
    run(["node", "node_modules/typescript/bin/tsc", "--noEmit", "-p", part])


def test_the_lock_names_no_address() -> None:
    lock = (JS / "package-lock.json").read_text("utf-8")
    packages = json.loads(lock)["packages"]
    assert "resolved" not in lock
    # Of packages, that is: the field `funding` tells whom to thank.
    assert not re.search(r'"(?!url)\w+": "https?://', re.sub(r'"funding": (\{[^}]*\}|"[^"]*"|\[[^\]]*\])', "", lock))
    assert all(each["integrity"].startswith("sha512-") for name, each in packages.items() if name)
