"""Puts a version beside the one that runs: an environment of its own, made from the archive alone, and tried.

No network, no index, every wheel against its hash. The self-test runs in the new version's own process on a copy of the
terminal, so that nothing it does touches the real one. Not handled here: which version, and when it is switched to.
"""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from verifier_terminal.store.store import DATABASE
from verifier_terminal.updates import archive, launching
from verifier_terminal.updates.errors import InstallFailed, SelfTestFailed

_COMPLETE: Final = ".complete"
_UNPACKED: Final = "unpacked"
_COPY: Final = "copy"
_INSTALL_SECONDS: Final = 1_800
_SELF_TEST_SECONDS: Final = 180
_SAID: Final = 300
_LEFT_OUT: Final = ("-wal", "-shm", "-journal", ".new")


def is_complete(program: Path, version: str, sha256: bytes) -> bool:
    """Whether exactly this archive was installed to its end."""
    try:
        return (program / launching.RELEASES / version / _COMPLETE).read_text("ascii") == sha256.hex()
    except (OSError, UnicodeDecodeError):
        return False


def install(program: Path, version: str, packed: Path, sha256: bytes) -> None:
    """The version in its folder, complete or not at all; what an attempt that was killed has left is thrown away.

    Raises:
        ArchiveRefused: The archive holds what no release holds.
        InstallFailed: The disk refused, or the wheels do not fit together or this machine.
    """
    if is_complete(program, version, sha256):
        return
    target, unpacked = program / launching.RELEASES / version, program / _UNPACKED
    try:
        shutil.rmtree(target, ignore_errors=True)
        shutil.rmtree(unpacked, ignore_errors=True)
        archive.unpack(packed, unpacked)
        target.parent.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-I", "-m", "venv", str(target)], _INSTALL_SECONDS)
        pip = [str(launching.interpreter(program, version)), "-I", "-m", "pip", "--isolated", "--no-input"]
        options = ["--no-index", "--no-cache-dir", "--only-binary=:all:", "--require-hashes"]
        wheels = ["--find-links", str(unpacked / archive.WHEELS), "-r", str(unpacked / archive.REQUIREMENTS)]
        _run([*pip, "--disable-pip-version-check", "install", "--quiet", *options, *wheels], _INSTALL_SECONDS)
        (target / _COMPLETE).write_text(sha256.hex(), "ascii")
    except OSError as failure:
        raise InstallFailed(failure.strerror or type(failure).__name__) from failure
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def self_test(program: Path, version: str, directory: Path) -> None:
    """Lets the new version work on a copy of the terminal in this directory.

    Raises:
        SelfTestFailed: It does not.
        InstallFailed: There is no room for a copy.
    """
    copy = program / _COPY
    try:
        _copy(directory, copy)
        command = [str(launching.interpreter(program, version)), "-I", "-m", "liangzheng", "terminal", "update"]
        done = _ran([*command, "self-test", str(copy)], _SELF_TEST_SECONDS)
    except (OSError, sqlite3.Error) as failure:
        raise InstallFailed(str(failure)) from failure
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    if done.returncode != 0:
        raise SelfTestFailed(_last_line(done) or f"exit code {done.returncode}")


def forget_all_but(program: Path, versions: set[str | None]) -> None:
    """Removes installed versions that nobody goes back to; one that cannot be removed now is the next time."""
    folder = program / launching.RELEASES
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in versions:
            shutil.rmtree(path, ignore_errors=True)


def _copy(directory: Path, copy: Path) -> None:
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(mode=0o700)
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and not path.is_symlink() and name != DATABASE and not name.endswith(_LEFT_OUT):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy / name)
    source = sqlite3.connect(f"{(directory / DATABASE).resolve().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(copy / DATABASE)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()


def _run(command: Sequence[str], seconds: float) -> None:
    done = _ran(command, seconds)
    if done.returncode != 0:
        raise InstallFailed(_last_line(done) or f"exit code {done.returncode}")


def _ran(command: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        # What runs is this Python, or one that was made here; every word of it is ours.
        return subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            cwd="/" if sys.platform != "win32" else None,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"nothing after {seconds:.0f} s")


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    """For people: the end of what it said, without what could fool a screen."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return "".join(each if each.isprintable() else "?" for each in lines[-1][:_SAID]) if lines else ""
