"""The commands of README's "By hand", typed line by line in an empty directory."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_FIRST = ". .venv/bin/activate"


def _lines() -> list[str]:
    block = re.search(r"## By hand\n\n```\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    return block.group(1).splitlines()


@pytest.mark.skipif(os.name != "posix", reason="the lines are a POSIX shell's")
def test_by_hand_does_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    first, *lines = _lines()
    assert first.startswith(_FIRST)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    licence = ""
    for line in lines:
        typed = line.replace("LICENCE", licence)
        ran = subprocess.run(
            ["sh", "-c", typed],
            cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert ran.returncode == 0, (line, ran.stderr)
        if " issue " in line:
            licence = ran.stdout.strip()
    assert licence
    assert "revoked" in ran.stdout
