"""How long docs/quickstart.md takes from an empty folder to a verdict: python -m bench.quickstart [--set-up].

Types the page's lines as they stand, in a new folder. With --set-up it first sets a copy of this checkout up from
nothing, as the page's first line does, which fetches packages.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_PORT = "8377"


@dataclass(frozen=True)
class Ran:
    """What the lines printed, and how they ended."""

    code: int
    said: str
    complaint: str


def blocks() -> tuple[str, str]:
    """The program of the page and the lines of its shell."""
    page = (ROOT / "docs" / "quickstart.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (lines,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    return program, lines


def run(folder: Path, *, wheel: Path, python: Path) -> Ran:
    """Types the page in this empty folder; `wheel` is where `liangzheng_wallet` is imported from."""
    program, lines = blocks()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    (folder / "wallet.py").write_text(program.replace(_PORT, port), "utf-8")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join((str(python.parent), os.environ["PATH"])),
        "PYTHONPATH": str(wheel),
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        ["sh", "-ec", lines.replace(_PORT, port)],
        cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        root, began = ROOT, time.monotonic()
        if "--set-up" in sys.argv:
            root = Path(made) / "checkout"
            subprocess.run(["git", "clone", "-q", str(ROOT), str(root)], check=True)
            subprocess.run([str(root / "run"), "setup"], check=True, stdout=subprocess.DEVNULL)
        python = root / ".venv" / "bin" / "python"
        unpacked = Path(made) / "wheel"
        subprocess.run(
            [str(python), "-m", "liangzheng.wallet_wheel", made], cwd=root, check=True, stdout=subprocess.DEVNULL
        )
        (built,) = Path(made).glob("*.whl")
        subprocess.run([str(python), "-m", "zipfile", "-e", str(built), str(unpacked)], check=True)
        ready = time.monotonic()
        folder = Path(made) / "empty"
        folder.mkdir()
        ran = run(folder, wheel=unpacked, python=python)
        ended = time.monotonic()
    if ran.code != 0:
        sys.exit(ran.said + ran.complaint)
    print(
        f"set-up and wheel {ready - began:.1f} s, to the verdict {ended - ready:.1f} s, together {ended - began:.1f} s"
    )


if __name__ == "__main__":
    main()
