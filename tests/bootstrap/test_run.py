"""`./run` on projects made for the occasion: set-ups that succeed, fail, are killed or meet; never the real .venv.

The small projects have a build backend in their own tree and one wheel in wheelhouse/, so nothing comes from a network.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[2]
ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and named pipes are POSIX")
NEEDS_ENSUREPIP = pytest.mark.skipif(importlib.util.find_spec("ensurepip") is None, reason="no ensurepip here")

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "liangzheng"
version = "0.1.0"
"""

BACKEND = """
import pathlib, zipfile

METADATA = "Metadata-Version: 2.1\\nName: liangzheng\\nVersion: 0.1.0\\n"
WHEEL = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    if pathlib.Path("gate").exists():
        pathlib.Path("gate").read_bytes()
    name = "liangzheng-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("liangzheng_here.pth", str(pathlib.Path.cwd()))
        wheel.writestr("liangzheng-0.1.0.dist-info/METADATA", METADATA)
        wheel.writestr("liangzheng-0.1.0.dist-info/WHEEL", WHEEL)
        wheel.writestr("liangzheng-0.1.0.dist-info/RECORD", "")
    return name
"""


def write_wheel(folder: Path, content: str) -> Path:
    wheel = folder / "seal_stamp-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("seal_stamp.py", content)
        archive.writestr("seal_stamp-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: seal-stamp\nVersion: 1.0\n")
        archive.writestr(
            "seal_stamp-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("seal_stamp-1.0.dist-info/RECORD", "")
    return wheel


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "wheelhouse").mkdir(parents=True)
    (folder / "demo").mkdir()
    shutil.copy(PROJECT_ROOT / "run.py", folder)
    shutil.copy(PROJECT_ROOT / "run", folder)
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (folder / "backend.py").write_text(BACKEND, encoding="utf-8")
    (folder / "demo" / "__init__.py").touch()
    (folder / "demo" / "__main__.py").write_text("import sys, seal_stamp\nsys.exit(int(sys.argv[2]))\n")
    digest = hashlib.sha256(write_wheel(folder / "wheelhouse", "SEAL = 1\n").read_bytes()).hexdigest()
    for lock in ("requirements.lock", "requirements-test.lock"):
        (folder / lock).write_text(f"seal-stamp==1.0 \\\n    --hash=sha256:{digest}\n", encoding="utf-8")
    return folder


def surroundings(**settings: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PIP_", "UV_", "COV_", "VIRTUAL"))}
    # No uv on this path: the way with pip is the one that every machine has.
    return kept | {"PATH": "/usr/bin:/bin", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1"} | settings


def start(project: Path, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "run.py", *arguments],
        cwd=project,
        env=surroundings(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(project: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    with start(project, *arguments, **settings) as child:
        output, _ = child.communicate(timeout=300)
    return child.returncode, output


def read_until(child: subprocess.Popen[str], words: str) -> None:
    assert child.stdout is not None
    seen = []
    for line in child.stdout:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"{words!r} was never said: {seen}")


@NEEDS_ENSUREPIP
def test_it_sets_up_from_the_wheelhouse_then_has_nothing_to_do(project: Path) -> None:
    code, said = run(project, "setup", PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert code == 0, said
    assert "from wheelhouse/" in said
    log = (project / ".venv" / "liangzheng-setup.log").read_bytes()
    assert run(project, "setup") == (0, "Everything is in place.\n")
    # Arguments and the exit code pass through the command that starts the town.
    assert run(project, "--exit", "7") == (7, "")
    assert (project / ".venv" / "liangzheng-setup.log").read_bytes() == log

    # The lint rules of pyproject.toml are no reason to install again; the project's own table is.
    pyproject = project / "pyproject.toml"
    pyproject.write_text(PYPROJECT + "[tool.ruff]\nline-length = 99\n", encoding="utf-8")
    assert run(project, "setup") == (0, "Everything is in place.\n")
    pyproject.write_text(PYPROJECT + 'description = "new"\n', encoding="utf-8")
    code, said = run(project, "setup")
    assert (code, "Using the .venv that is here" in said) == (0, True)

    # A checkout that was moved makes its environment afresh: the commands in it start the old folder's Python.
    moved = project.with_name("moved")
    project.rename(moved)
    code, said = run(moved, "setup")
    assert (code, "comes from another folder: making it afresh" in said) == (0, True)


@NEEDS_ENSUREPIP
def test_an_altered_wheel_is_refused_and_the_environment_survives(project: Path) -> None:
    write_wheel(project / "wheelhouse", "SEAL = 2\n")
    code, said = run(project, "setup")
    assert code == 1
    assert "A package does not match its hash in the lock file; nothing was installed." in said
    assert "Everything is in place." not in said
    keepsake = project / ".venv" / "keepsake"
    keepsake.touch()
    write_wheel(project / "wheelhouse", "SEAL = 1\n")
    digest = hashlib.sha256((project / "wheelhouse" / "seal_stamp-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    (project / "requirements.lock").write_text(f"seal-stamp==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    code, said = run(project, "setup")
    assert code == 0, said
    assert "Using the .venv that is here" in said
    assert keepsake.exists()


@NEEDS_ENSUREPIP
def test_without_a_network_it_says_so(project: Path) -> None:
    shutil.rmtree(project / "wheelhouse")
    code, said = run(project, "setup", UV_DEFAULT_INDEX="http://127.0.0.1:9/simple")
    assert code == 1
    assert "The package index could not be reached." in said
    assert "PIP_INDEX_URL" in said
    assert not (project / ".venv" / "liangzheng-setup.json").exists()


@ON_POSIX
@NEEDS_ENSUREPIP
def test_a_killed_set_up_keeps_its_turn_and_is_repeated_from_the_start(project: Path) -> None:
    gate = project / "gate"
    os.mkfifo(gate)
    # Opening the pipe for writing returns only once the installer has come to it: it is in mid-work then.
    with start(project, "setup") as first, gate.open("wb") as opened:
        first.send_signal(signal.SIGKILL)
        assert first.wait(timeout=60) == -signal.SIGKILL
        second = start(project, "setup")
        read_until(second, "Another set-up is at work in this folder; waiting for it.")
        gate.unlink()
        opened.write(b"go on")
    with second:
        said, _ = second.communicate(timeout=300)
    assert second.returncode == 0, said
    assert "An earlier set-up was cut short: making .venv afresh." in said
    assert run(project, "setup") == (0, "Everything is in place.\n")


@NEEDS_ENSUREPIP
def test_two_set_ups_at_once_share_the_work(project: Path) -> None:
    with start(project, "setup") as one, start(project, "setup") as other:
        said = [one.communicate(timeout=300)[0], other.communicate(timeout=300)[0]]
    assert (one.returncode, other.returncode) == (0, 0), said
    assert sum("Making .venv" in text for text in said) == 1


@NEEDS_ENSUREPIP
def test_a_working_environment_without_a_stamp_is_kept(project: Path) -> None:
    run(project, "setup")
    (project / ".venv" / "liangzheng-setup.json").unlink()
    keepsake = project / ".venv" / "keepsake"
    keepsake.touch()
    code, said = run(project, "setup")
    assert (code, "Using the .venv that is here" in said) == (0, True)
    assert keepsake.exists()


def test_a_folder_that_is_no_environment_is_not_touched(project: Path) -> None:
    (project / ".venv").mkdir()
    (project / ".venv" / "diary.txt").write_text("mine", encoding="utf-8")
    code, said = run(project, "setup")
    assert code == 1
    assert "is not a virtual environment" in said
    assert [path.name for path in (project / ".venv").iterdir()] == ["diary.txt"]


def test_an_unknown_command_is_a_usage_error_and_help_is_not(project: Path) -> None:
    code, said = run(project, "tset")
    assert (code, "There is no command 'tset'." in said) == (2, True)
    code, said = run(project, "--help")
    assert (code, all(word in said for word in ("setup", "tour", "test", "lock"))) == (0, True)
    assert not (project / ".venv").exists()


# --- the shell script -----------------------------------------------------------------------------------------------


def write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("sh", "dirname"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    write_program(folder / "python3", "exit 1")
    return folder


@ON_POSIX
def test_the_script_says_one_line_when_every_python_is_too_old(project: Path, programs: Path) -> None:
    done = subprocess.run(
        [project / "run", "--help"], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer" in done.stderr


@ON_POSIX
def test_the_script_passes_an_old_python_by(project: Path, programs: Path) -> None:
    write_program(programs / "python3.13", f'exec "{sys.executable}" "$@"')
    done = subprocess.run(
        [project / "run", "--help"], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "./run tour" in done.stdout


# --- inside run.py --------------------------------------------------------------------------------------------------


@pytest.fixture
def run_py(project: Path) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("run_under_test", project / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize(
    ("output", "happened", "nothing_changed"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full", False),
        ("error: Failed to write\n  Caused by: No space left on device (os error 28)", "disk is full", False),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "match its hash", True),
        ("error: Hash mismatch for `click==8.5.1`", "match its hash", True),
        (
            "WARNING: Retrying after NewConnectionError: Temporary failure in name resolution\n"
            "ERROR: No matching distribution found for click==8.5.1",
            "could not be reached", True,
        ),
        ("error: Request failed\n  Caused by: dns error", "could not be reached", True),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "does not trust", True),
        ("ERROR: No matching distribution found for numpy==2.4.6", "not to be had for this machine", True),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "could not be written", False),
        ("something new", "The installer failed", False),
    ],
)  # fmt: skip
def test_an_installer_failure_is_explained(
    run_py: ModuleType, output: str, happened: str, nothing_changed: bool
) -> None:
    failure = run_py.diagnose(output)
    assert happened in failure.happened
    assert failure.nothing_changed is nothing_changed
    assert failure.means
    assert failure.remedy


@pytest.mark.parametrize("is_default", [True, False])
def test_who_is_not_root_gets_the_line_to_type(
    run_py: ModuleType, monkeypatch: pytest.MonkeyPatch, is_default: bool
) -> None:
    monkeypatch.setattr(run_py.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(run_py.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(run_py.ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(run_py, "base_python", lambda: "/usr/bin/python3" if is_default else "/opt/python")
    monkeypatch.setattr(run_py.Path, "exists", lambda path: True)
    package = "python3-venv" if is_default else f"python3.{sys.version_info.minor}-venv"
    with pytest.raises(run_py.SetupError) as caught:
        run_py.install_venv_package()
    assert caught.value.exit_code == 2
    assert caught.value.remedy.endswith(f"  sudo apt-get install -y {package} libzbar0")


@pytest.mark.parametrize("refused", ["update", "python3-venv", "libzbar0", None])
def test_root_installs_by_apt_and_only_libzbar_may_fail(
    run_py: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], refused: str | None
) -> None:
    called: list[str] = []

    def pretend(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        called.append(command[-1])
        assert options["stdin"] == subprocess.DEVNULL
        return subprocess.CompletedProcess(command, 100 if command[-1] == refused else 0, b"E: no\n", b"")

    monkeypatch.setattr(run_py.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(run_py.os, "geteuid", lambda: 0)
    monkeypatch.setattr(run_py.ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(run_py, "base_python", lambda: "/usr/bin/python3")
    monkeypatch.setattr(run_py.Path, "exists", lambda path: True)
    monkeypatch.setattr(run_py.subprocess, "run", pretend)
    fatal = refused in {"update", "python3-venv"}
    with pytest.raises(run_py.SetupError) if fatal else contextlib.nullcontext():
        run_py.install_venv_package()
    wanted = ["update", "python3-venv", "libzbar0"]
    assert called == (wanted[: wanted.index(refused) + 1] if refused else wanted)
    assert ("two decoders remain" in capsys.readouterr().out) == (refused == "libzbar0")


def test_every_check_runs_and_one_failure_is_enough(
    run_py: ModuleType, monkeypatch: pytest.MonkeyPatch, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "tests" / "vectors").mkdir(parents=True)
    (project / "tests" / "vectors" / "generate.py").touch()
    commands: list[list[str]] = []

    def pretend(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        commands.append(command[1:])
        return subprocess.CompletedProcess(command, 1 if "mypy" in command else 0)

    monkeypatch.setattr(run_py.subprocess, "run", pretend)
    monkeypatch.setattr(run_py.os, "cpu_count", lambda: 2)
    assert run_py.run_tests(["-k", "cbor"]) == 1
    assert commands == [
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "mypy"],
        [],
        ["-m", "tests.vectors.generate", "--check"],
        ["-m", "pytest", "-n", "3", "--dist", "loadfile", "-k", "cbor"],
    ]
    assert capsys.readouterr().out.endswith("FAILED: mypy\n")


# --- the lock files of this project ---------------------------------------------------------------------------------


def pins(name: str) -> dict[str, list[str]]:
    """Requirement line → its hashes."""
    entries = re.split(r"\n(?=\S)", (PROJECT_ROOT / name).read_text(encoding="utf-8").strip())
    return {entry.partition(" \\")[0]: re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry) for entry in entries}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_pin_has_a_hash_and_no_address_stands_in_a_lock(name: str) -> None:
    text = (PROJECT_ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--extra-index" not in text
    assert all(hashes and "==" in pin for pin, hashes in pins(name).items())


def test_the_test_lock_holds_the_runtime_lock() -> None:
    runtime, everything = pins("requirements.lock"), pins("requirements-test.lock")
    assert any(pin.startswith("setuptools==") for pin in runtime)
    assert any(pin.startswith("pytest==") for pin in everything)
    assert {pin: everything.get(pin) for pin in runtime} == runtime


def test_every_declared_package_is_pinned() -> None:
    declared = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = {pin.partition("==")[0] for pin in pins("requirements.lock")}
    assert {re.split(r"[<>=~! ;\[]", need)[0].lower() for need in declared["project"]["dependencies"]} <= pinned


def test_the_stamp_names_what_the_set_up_depends_on(run_py: ModuleType, project: Path) -> None:
    before = run_py.fingerprint("3.11.7", with_tests=True)
    assert json.loads(json.dumps(before)) == before
    (project / "requirements-test.lock").write_text("changed", encoding="utf-8")
    after = run_py.fingerprint("3.11.8", with_tests=True)
    assert {name for name in before if before[name] != after[name]} == {"python", "requirements-test.lock"}
