"""The TypeScript wallet, built once from its lock file: nothing of it is installed beside the project."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

JS = Path(__file__).resolve().parents[2] / "wallet_sdk" / "js"
_OLDEST_NODE = 20


def run(command: list[str], cwd: Path = JS) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]
    return done.stdout


def node_version() -> int:
    """The major version of Node.js; 0 if there is none."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return 0
    return int(run(["node", "-p", "process.versions.node.split('.')[0]"]))


@pytest.fixture(scope="session")
def packages() -> Path:
    """The packages of the lock file, installed once and left there until it changes."""
    if node_version() < _OLDEST_NODE:
        pytest.skip(f"no Node.js {_OLDEST_NODE} with npm")
    stamp = JS / "node_modules" / ".of-lock"
    lock = (JS / "package-lock.json").read_text("utf-8")
    if not stamp.is_file() or stamp.read_text("utf-8") != lock:
        # No install scripts: what is needed comes as files of packages, each checked against its hash.
        run(["npm", "ci", "--ignore-scripts", "--no-progress"])
        stamp.write_text(lock, "utf-8")
    return JS


@pytest.fixture(scope="session")
def built(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is bundled, in a folder of its own."""
    folder = tmp_path_factory.mktemp("js")
    run(["node", "build.mjs", str(folder)])
    return folder


def node(script: Path, *arguments: str, stdin: str = "") -> object:
    """What a program printed, as JSON."""
    done = subprocess.run(
        ["node", str(script), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NODE_NO_WARNINGS": "1"},
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]
    return json.loads(done.stdout)
