"""Tokens of SoftHSM for tests: one folder for the whole process, since its library reads its settings once, and a token
of its own for each test."""

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

_MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),
)


_TOKENS = 32
_PIN = "1234"


class Token(NamedTuple):
    module: Path
    label: str
    pin: str


def new_token() -> Token:
    """A token that nobody has used; the test is skipped where SoftHSM is not installed (apt-get install softhsm2)."""
    module = next((path for path in _MODULES if path.exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("softhsm2 is not installed")
    return Token(module, next(_labels()), _PIN)


@cache
def _labels() -> Iterator[str]:
    """All tokens are made at once: the library, once it is loaded, does not see those that another process makes."""
    folder = Path(tempfile.mkdtemp(prefix="softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    labels = [f"token-{number}" for number in range(_TOKENS)]
    for label in labels:
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", _PIN, "--so-pin", "5678"]
        subprocess.run(command, check=True, capture_output=True)
    return iter(labels)
