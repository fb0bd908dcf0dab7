"""From a fresh checkout to a running town with nothing but python3: makes .venv from the lock files, then runs.

Guaranteed: only the standard library is used; every downloaded package must match a hash in the lock file; the stamp
is written last, so a set-up that was cut short is seen and repeated; two set-ups in one folder take turns; sudo is
never called. Not handled here: what the demonstration, the tour and the tests do.
"""

from __future__ import annotations

import contextlib
import ctypes.util
import datetime
import errno
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - "py run.py" on Windows may well pick an older Python
    sys.exit("Liangzheng needs Python 3.11 or newer, and this is %d.%d: install a newer one." % sys.version_info[:2])  # noqa: UP031 - an old Python must be able to read this line

import tomllib

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

WINDOWS = sys.platform == "win32"
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
STAMP = VENV / "liangzheng-setup.json"
UNFINISHED = VENV / "liangzheng-setup-unfinished"
LOG = VENV / "liangzheng-setup.log"
WHEELHOUSE = ROOT / "wheelhouse"
RUNTIME_LOCK = ROOT / "requirements.lock"
TEST_LOCK = ROOT / "requirements-test.lock"

USAGE = """\
Liangzheng: electronic licences shown as signed dynamic codes and verified offline.

  ./run [arguments]         set everything up and start the demonstration town in a browser
  ./run --phone             set up and serve the web wallet over https to a real phone in this network (needs Node.js)
  ./run tour [arguments]    set up and play the demonstration in this terminal
  ./run test [arguments]    set up with the test tools and run all checks; arguments go to pytest
  ./run wheel [FOLDER]      build the wallet's own wheel, liangzheng-wallet, into dist/ or this folder
  ./run setup [--tests]     only set up: afterwards .venv/bin/liangzheng is the command
  ./run reference [FOLDER]  write docs/reference anew from the sources of both wallets (TypeScript's needs Node.js)
  ./run lock [arguments]    write the lock files anew; arguments go to "uv pip compile", e.g. --upgrade

On Windows write "py run.py" for "./run". Packages come from wheelhouse/ when that folder holds wheels (no network is
used then), else from the index that PIP_INDEX_URL or UV_DEFAULT_INDEX names, else from the public one.
SSL_CERT_FILE names the certificates to trust."""


class SetupError(Exception):
    """The set-up cannot go on: what happened, what it means, what to do."""

    def __init__(self, happened: str, means: str, remedy: str, *, exit_code: int = 1, nothing_changed: bool = False):
        super().__init__(happened)
        self.happened = happened
        self.means = means
        self.remedy = remedy
        self.exit_code = exit_code
        self.nothing_changed = nothing_changed


@dataclass(frozen=True, slots=True)
class Trouble:
    """A known way for an installer to fail, recognised by what it prints."""

    signs: tuple[str, ...]
    happened: str
    means: str
    remedy: str
    nothing_changed: bool = True
    """Both installers fetch and check everything before they install anything, so most failures leave .venv whole."""


# The order matters: a full disk or a wrong hash may be followed by complaints that look like a lost network.
TROUBLES = (
    Trouble(
        ("No space left on device", "Errno 28", "os error 28", "not enough space on the disk", "Disk quota exceeded"),
        "The disk is full.",
        "The packages need about 600 MB here and some room in the temporary folder.",
        "Free some space and run the same command again; it starts afresh.",
        nothing_changed=False,
    ),
    Trouble(
        ("DO NOT MATCH THE HASHES", "Hash mismatch", "Hashes are required in --require-hashes mode"),
        "A package does not match its hash in the lock file; nothing was installed.",
        "The file was damaged on its way, or somebody put another one in its place.",
        "Run it again; if it stays, do not work around it: check the index, the mirror or wheelhouse/ it came from.",
    ),
    Trouble(
        ("CERTIFICATE_VERIFY_FAILED", "invalid peer certificate", "UnknownIssuer", "certificate verify failed"),
        "The package index showed a certificate that this machine does not trust.",
        "Usually a company proxy stands in between, or the machine's certificates or clock are out of date.",
        "Set SSL_CERT_FILE to the file with the right certificates, or correct the clock, and run it again.",
    ),
    Trouble(
        (
            "NewConnectionError", "NameResolutionError", "name resolution", "Network is unreachable", "dns error",
            "Connection refused", "ConnectTimeout", "ReadTimeout", "timed out", "error sending request",
            "ProxyError", "Cannot connect to proxy", "Could not connect", "Connection reset", "RemoteDisconnected",
        ),
        "The package index could not be reached.",
        "There is no network, or it does not let this machine through.",
        "Connect and run it again; set PIP_INDEX_URL or UV_DEFAULT_INDEX for a mirror; or put wheels in wheelhouse/.",
    ),
    Trouble(
        ("No matching distribution found", "No solution found", "no wheels with a matching", "no usable wheels"),
        "A package of the lock file is not to be had for this machine.",
        "The index or wheelhouse/ lacks it, or it has no wheel for this Python and processor.",
        "Complete the mirror or wheelhouse/, or use CPython 3.11 to 3.13 on x86-64 or arm64.",
    ),
    Trouble(
        ("Permission denied", "Errno 13", "os error 13", "Access is denied"),
        "A file could not be written.",
        "The folder .venv, or a cache, belongs to another user or is in use.",
        "Give yourself the folder (or remove .venv) and run it again.",
        nothing_changed=False,
    ),
)  # fmt: skip


def say(line: str) -> None:
    """Prints one line at once, also into a pipe."""
    print(line, flush=True)


def diagnose(output: str) -> SetupError:
    """Turns what an installer printed into one clear message."""
    for trouble in TROUBLES:
        if any(sign.casefold() in output.casefold() for sign in trouble.signs):
            return SetupError(trouble.happened, trouble.means, trouble.remedy, nothing_changed=trouble.nothing_changed)
    last = "\n".join(f"    {line}" for line in output.strip().splitlines()[-8:])
    return SetupError(
        f"The installer failed:\n{last}", "This is a failure the set-up does not know.", f"The whole output: {LOG}"
    )


# --- one at a time ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def only_one_set_up() -> Iterator[int | None]:
    """Waits for its turn; the operating system ends the turn when the process dies, so no stale lock can stay.

    The lock is on run.py itself, the one file that is always there and never rewritten by a set-up.
    """
    if sys.platform == "win32":
        with Path(__file__).open("rb") as handle:
            handle.seek(1 << 30)  # Windows locks are binding: a byte far behind the end disturbs no reader.
            while True:
                try:
                    msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:
                    say("Another set-up is at work in this folder; waiting for it.")
            yield None
    else:
        with Path(__file__).open("rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another set-up is at work in this folder; waiting for it.")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle.fileno()


# --- is it done already? ---------------------------------------------------------------------------------------------


def sha256_of(content: bytes) -> str:
    """The hash as the stamp writes it."""
    return hashlib.sha256(content).hexdigest()


def installed_part_of(pyproject: Path) -> bytes:
    """The tables that decide what an editable install does; a change to a lint rule is no reason to install again."""
    tables = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    kept = {"project": tables.get("project"), "setuptools": tables.get("tool", {}).get("setuptools")}
    return json.dumps(kept, sort_keys=True).encode()


def fingerprint(python_version: str, *, with_tests: bool) -> dict[str, str]:
    """What a finished set-up depends on; the folder is part of it because a virtual environment cannot be moved."""
    marks = {
        "folder": str(ROOT),
        "python": f"{python_version} {platform.system()} {platform.machine()}",
        "pyproject": sha256_of(installed_part_of(ROOT / "pyproject.toml")),
        RUNTIME_LOCK.name: sha256_of(RUNTIME_LOCK.read_bytes()),
    }
    if with_tests:
        marks[TEST_LOCK.name] = sha256_of(TEST_LOCK.read_bytes())
    return marks


def python_of_venv() -> str | None:
    """The version of the Python in .venv, or None when it does not start, or lives in another folder."""
    question = "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.prefix)"
    try:
        answer = subprocess.run(
            [str(PYTHON), "-I", "-c", question], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version, _, prefix = answer.stdout.strip().partition("\n")
    old_library = not WINDOWS and not (VENV / "lib" / f"python{version.rpartition('.')[0]}").is_dir()
    if old_library or tuple(map(int, version.split("."))) < (3, 11) or Path(prefix).resolve() != VENV.resolve():
        return None
    return version


def was_moved() -> bool:
    """A copied or renamed checkout: the commands in .venv would start the Python of the old folder."""
    activate = PYTHON.parent / "activate"
    try:
        text = activate.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return str(VENV) not in text and VENV.resolve().as_posix() not in text


def is_current(*, with_tests: bool) -> bool:
    """Whether the last set-up was finished and still fits the lock files, the project, the Python and the folder."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not isinstance(stamp, dict) or UNFINISHED.exists():
        return False
    version = python_of_venv()
    return version is not None and fingerprint(version, with_tests=with_tests).items() <= stamp.items()


# --- the virtual environment -----------------------------------------------------------------------------------------


def installer_environment() -> dict[str, str]:
    """The user's own settings, carried over to whichever installer is used, without those that install elsewhere."""
    env = {name: text for name, text in os.environ.items() if name not in {"PIP_TARGET", "PIP_PREFIX", "PYTHONHOME"}}
    for ours, theirs in (("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), ("PIP_CERT", "SSL_CERT_FILE")):
        if env.get(theirs):
            env.setdefault(ours, env[theirs])
        elif env.get(ours) and not (theirs == "UV_DEFAULT_INDEX" and env.get("UV_INDEX_URL")):
            env[theirs] = env[ours]
    env |= {"UV_PYTHON_DOWNLOADS": "never", "PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return env


def base_python() -> str:
    """The Python outside any virtual environment: the one that runs this file may be the .venv about to be replaced."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def tell_progress(line: str, seen: int, expected: int) -> str | None:
    """One plain sentence for a line of installer output that marks progress."""
    first, _, rest = line.strip().partition(" ")
    if first == "Collecting":
        return f"fetching {seen} of about {expected}: {rest.split(' ')[0]}"
    if first in {"Downloading", "Resolved", "Prepared"}:
        return f"{first.lower()} {rest}"
    if first in {"Installing", "Installed"}:
        return f"{first.lower()} the packages"
    return None


def call_installer(command: Sequence[str], *, turn: int | None, expected: int = 1) -> None:
    """Runs an installer, tells how far it is, keeps its whole output in the log, and explains a failure."""
    output: list[str] = []
    on_terminal, last_told, seen = sys.stdout.isatty(), 0.0, 0
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=installer_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        # An installer that outlives a killed set-up keeps the turn, so that the next one does not write beside it.
        pass_fds=() if turn is None else (turn,),
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            output.append(line)
            seen += line.startswith("Collecting ")
            told = tell_progress(line, seen, expected)
            if told and (on_terminal or time.monotonic() - last_told > 3):
                width = shutil.get_terminal_size().columns - 1
                print(f"\r\033[K  {told}"[: width + 4] if on_terminal else f"  {told}", end="" if on_terminal else "\n")
                sys.stdout.flush()
                last_told = time.monotonic()
    if on_terminal:
        print("\r\033[K", end="", flush=True)
    whole = "".join(output)
    with contextlib.suppress(OSError), LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n{whole}\n")
    if child.returncode != 0:
        raise diagnose(whole)


def remove_venv() -> None:
    """Takes the old environment away; a link to one elsewhere is only unlinked."""
    if VENV.is_symlink():
        VENV.unlink()
    else:
        shutil.rmtree(VENV)


def ensure_venv(uv: str | None, turn: int | None) -> str:
    """Leaves a working .venv and returns its Python version; one that works is kept with everything in it."""
    if VENV.is_symlink() or VENV.exists():
        version = python_of_venv()
        pip_missing = uv is None and version is not None and not can_import_pip()
        if UNFINISHED.exists():
            say("An earlier set-up was cut short: making .venv afresh.")
        elif not (VENV / "pyvenv.cfg").is_file() and VENV.is_dir() and any(VENV.iterdir()):
            raise SetupError(
                f"{VENV} exists and is not a virtual environment.",
                "The set-up would have to delete files that are not its own.",
                "Move that folder away and run it again.",
            )
        elif version is None or was_moved() or pip_missing:
            say("The .venv that is here does not work any more, or comes from another folder: making it afresh.")
        else:
            say(f"Using the .venv that is here (Python {version}).")
            return version
        remove_venv()
    if uv is None and importlib.util.find_spec("ensurepip") is None:
        install_venv_package()
    say(f"Making .venv with {'uv' if uv else 'venv'} (Python {platform.python_version()}).")
    VENV.mkdir()
    UNFINISHED.touch()
    if uv:
        call_installer([uv, "venv", "--quiet", "--allow-existing", "--python", base_python(), str(VENV)], turn=turn)
    else:
        call_installer([base_python(), "-m", "venv", str(VENV)], turn=turn)
    version = python_of_venv()
    if version is None:
        raise SetupError(
            "The new .venv does not start.", "This Python cannot make virtual environments here.", f"See {LOG}."
        )
    UNFINISHED.unlink()
    return version


def can_import_pip() -> bool:
    """Whether .venv brings pip: one made by uv does not until the lock file's own pip is in it."""
    question = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"
    return subprocess.run([str(PYTHON), "-I", "-c", question], check=False).returncode == 0


def install_venv_package() -> None:
    """Debian and Ubuntu keep ensurepip in a package of its own: installs it as root, else says the line to type."""
    system_python = Path("/usr/bin/python3")
    is_default = system_python.exists() and system_python.resolve() == Path(base_python()).resolve()
    wanted = ["python3-venv" if is_default else f"python3.{sys.version_info.minor}-venv"]
    apt = shutil.which("apt-get")
    if apt is None:
        raise SetupError(
            "This Python has no ensurepip, so it cannot make a virtual environment.",
            "The system keeps that part in a package of its own.",
            "Install that package (often called python3-venv or python3-pip), or install uv, and run it again.",
            exit_code=2,
        )
    zbar = ["libzbar0"] if ctypes.util.find_library("zbar") is None else []
    if os.geteuid() != 0:
        raise SetupError(
            "This Python has no ensurepip, so it cannot make a virtual environment.",
            "Debian and Ubuntu keep that part in a package of its own, and installing it takes root.",
            f"Type this line, then run it again:  sudo apt-get install -y {' '.join(wanted + zbar)}",
            exit_code=2,
        )
    say(f"Installing {wanted[0]} with apt-get, because this Python has no ensurepip (about 20 s).")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "-y", "--no-install-recommends"]
    for command in ([apt, "update"], [*install, *wanted]):
        done = subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode != 0:
            last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-3:]
            raise SetupError(
                f"apt-get failed: {' | '.join(last)}",
                f"Without {wanted[0]} there is no virtual environment.",
                f"Put apt-get right (network, sources, disk) and run it again, or type:  {' '.join(command)}",
            )
    if zbar:
        # The third decoder is a reserve: without it two others remain, so its absence is never fatal.
        done = subprocess.run([*install, *zbar], env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        say("Installed libzbar0." if done.returncode == 0 else "libzbar0 is not to be had; two decoders remain.")
    importlib.invalidate_caches()


def set_up(*, with_tests: bool) -> None:
    """Brings .venv to what the lock files say; does nothing, quickly, when it is there already."""
    if is_current(with_tests=with_tests):
        return
    started = time.monotonic()
    with only_one_set_up() as turn:
        if is_current(with_tests=with_tests):  # Another set-up did the work while this one waited.
            return
        uv = shutil.which("uv")
        version = ensure_venv(uv, turn)
        STAMP.unlink(missing_ok=True)
        UNFINISHED.touch()
        try:
            install(uv, TEST_LOCK if with_tests else RUNTIME_LOCK, turn)
        except SetupError as failure:
            if failure.nothing_changed:
                UNFINISHED.unlink()
            raise
        fresh = STAMP.with_suffix(".new")
        fresh.write_text(json.dumps(fingerprint(version, with_tests=with_tests), indent=1), encoding="utf-8")
        UNFINISHED.unlink()
        fresh.replace(STAMP)
    command = PYTHON.with_name("liangzheng").relative_to(ROOT)
    say(f"Set up in {time.monotonic() - started:.0f} s: {command} is the command.")


def count_packages(lock_text: str) -> int:
    """How many pins a lock file holds; a system skips those whose markers name another one."""
    return sum("==" in line for line in lock_text.splitlines())


def install(uv: str | None, lock: Path, turn: int | None) -> None:
    """Installs the pinned packages, every one by its hash, then the project itself from this folder."""
    if uv:
        tool, afresh = [uv, "pip", "install", "--python", str(PYTHON)], ["--reinstall-package", "liangzheng"]
    else:
        tool, afresh = [str(PYTHON), "-m", "pip", "install", "--progress-bar", "off"], []
    offline = ["--no-index", "--find-links", str(WHEELHOUSE)] if any(WHEELHOUSE.glob("*.whl")) else []
    expected = count_packages(lock.read_text(encoding="utf-8"))
    source = "wheelhouse/" if offline else "the index"
    say(f"Installing the packages of {lock.name} (about {expected}) from {source}.")
    # Only wheels: building from source would fetch build tools that no hash in the lock file covers.
    pinned = ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    call_installer([*tool, *offline, *pinned], turn=turn, expected=expected)
    say("Installing the project itself, from this folder.")
    here = ["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)]
    try:
        call_installer([*tool, *afresh, *here], turn=turn)
    except SetupError as failure:
        failure.nothing_changed = False
        raise


# --- what to run -----------------------------------------------------------------------------------------------------


def hand_over(arguments: Sequence[str]) -> int:
    """Becomes the Python of .venv, so that signals and the exit code are its own."""
    command = [str(PYTHON), *arguments]
    os.chdir(ROOT)
    if not WINDOWS:
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode


def run_tests(pytest_arguments: Sequence[str]) -> int:
    """Runs every check even when an earlier one failed, and ends with the list of those that did."""
    python = str(PYTHON)
    steps: dict[str, list[str]] = {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        "import contracts": [str(PYTHON.with_name("lint-imports.exe" if WINDOWS else "lint-imports"))],
    }
    if (ROOT / "tests" / "vectors" / "generate.py").is_file():
        steps["vectors regenerated"] = [python, "-m", "tests.vectors.generate", "--check"]
    # A file's tests stay together, because they share what is dear to set up. One process more than processors: many
    # tests wait for a browser, a server or a clock.
    at_once = ["-n", str(min((os.cpu_count() or 1) + 1, 8)), "--dist", "loadfile"]
    steps["pytest"] = [python, "-m", "pytest", *at_once, *pytest_arguments]
    failed = []
    for name, command in steps.items():
        started = time.monotonic()
        say(f"== {name}")
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        say(f"== {name}: {'passed' if code == 0 else f'FAILED (exit {code})'} in {time.monotonic() - started:.0f} s")
        if code != 0:
            failed.append(name)
    say(f"FAILED: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


def write_locks(compile_arguments: Sequence[str]) -> int:
    """Writes both lock files with uv; packages younger than a week are left alone, bad ones are found by then."""
    beside = PYTHON.with_name("uv.exe" if WINDOWS else "uv")
    uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
    if uv is None:
        raise SetupError("uv is not here.", "Only uv writes lock files for all systems at once.", "Install uv.")
    # The flag takes the whole of the day it names, so a full week of age is eight days back.
    newest = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=8)
    common = ["--universal", "--python-version", "3.11", "--generate-hashes", "--exclude-newer", str(newest)]
    # No address of an index may stand in the repository, and no path of this machine.
    quiet = ["--no-header", "--no-annotate", "--no-emit-index-url", "--quiet"]
    compiled = [uv, "pip", "compile", "pyproject.toml", *common, *quiet, *compile_arguments]
    for lock, groups in (
        (RUNTIME_LOCK, ["--group", "build"]),
        (TEST_LOCK, ["--group", "build", "--group", "test", "--constraint", RUNTIME_LOCK.name]),
    ):
        done = subprocess.run(
            [*compiled, *groups, "--output-file", lock.name],
            cwd=ROOT, env=installer_environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise diagnose(done.stderr)
        text = lock.read_text(encoding="utf-8")
        if "://" in text or "--index" in text or "--extra-index" in text:
            raise SetupError(f"{lock.name} names an address.", "It must not be committed.", "Look at the file.")
        say(f"{lock.name}: {count_packages(text)} packages, none younger than {newest}.")
    return 0


def carry_out(arguments: Sequence[str]) -> int:
    """Does what the command line says and returns the exit code."""
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if command in {"-h", "--help", "help"}:
        say(USAGE)
        return 0
    if command == "setup" and set(rest) <= {"--tests"}:
        set_up(with_tests="--tests" in rest)
        say("Everything is in place.")
        return 0
    if command == "tour":
        set_up(with_tests=False)
        return hand_over(["-m", "demo.tour", *rest])
    if command == "test":
        set_up(with_tests=True)
        return run_tests(rest)
    if command == "wheel":
        set_up(with_tests=False)
        return hand_over(["-m", "liangzheng.wallet_wheel", *rest])
    if command == "reference":
        set_up(with_tests=False)
        return hand_over(["-m", "liangzheng.reference", *rest])
    if command == "lock":
        return write_locks(rest)
    if not command or command.startswith("-"):
        set_up(with_tests=False)
        return hand_over(["-m", "demo", *arguments])
    print(f"There is no command {' '.join(arguments)!r}.\n\n{USAGE}", file=sys.stderr)
    return 2


def explain_os_error(error: OSError) -> SetupError:
    """The set-up's own writing fails for the same few reasons as an installer's."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return diagnose("No space left on device")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return SetupError(
            f"{error.filename or 'A file'} could not be written.",
            "It belongs to another user, or the file system is read-only.",
            "Give yourself this folder, or copy it to one of your own, and run it again.",
        )
    return SetupError(str(error), "The operating system refused.", "Put that right and run it again.")


def main(arguments: Sequence[str]) -> int:
    """Runs one command and turns every known failure into one message and an exit code."""
    try:
        return carry_out(arguments)
    except SetupError as failure:
        problem = failure
    except OSError as error:
        problem = explain_os_error(error)
    except KeyboardInterrupt:
        print("\nStopped. The next run picks it up again.", file=sys.stderr)
        return 130
    print(f"{problem.happened}\n{problem.means}\n{problem.remedy}", file=sys.stderr, flush=True)
    return problem.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
