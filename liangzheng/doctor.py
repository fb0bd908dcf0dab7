"""`liangzheng doctor`: says what this machine can and cannot do, and what to do about it.

Each finding is ok, a notice (something optional is missing) or a problem (a part of the product does not work); only
a problem makes the exit code 1. Nothing is opened, changed or sent: devices are listed, not tried. Of folders that it
is given it says how their keys rest (`keys_at_rest.py`).
"""

import ctypes.util
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib import import_module, metadata
from pathlib import Path
from typing import Final, assert_never

import click

from liangzheng.device_findings import drivers, modem_manager, rights
from liangzheng.findings import Finding, Grade
from liangzheng.keys_at_rest import keys_at_rest
from liangzheng.printable import printable

PROJECT: Final = Path(__file__).resolve().parent.parent
OLDEST_PYTHON: Final = (3, 11)
SMALLEST_FREE_BYTES: Final = 200_000_000
"""Room for years of journal rows; below it a terminal may soon be unable to write, and then shows no verdict."""

LIBRARIES: Final = (
    ("cryptography", "cryptography.hazmat.bindings._rust", "signatures"),
    ("pynacl", "nacl.signing", "sealing and passphrases"),
    ("qrcode", "qrcode.main", "drawing dynamic codes"),
    ("pillow", "PIL.Image", "images"),
    ("numpy", "numpy", "camera frames"),
    ("opencv-python-headless", "cv2", "cameras and video files"),
    ("zxing-cpp", "zxingcpp", "reading codes"),
    ("pyserial", "serial", "serial scanners"),
    ("sqlalchemy", "sqlalchemy", "the issuer's register"),
    ("sqlite-utils", "sqlite_utils", "the terminal's store"),
    ("flask", "flask", "pages and interfaces"),
    ("waitress", "waitress", "serving pages"),
    ("urllib3", "urllib3", "fetching published files"),
    ("python-stdnum", "stdnum", "checking numbers"),
    ("rich", "rich", "progress bars"),
)


def python_version(version: Sequence[int] = sys.version_info[:3]) -> Iterator[Finding]:
    """The interpreter that runs this command."""
    text = ".".join(str(part) for part in version)
    if tuple(version[:2]) >= OLDEST_PYTHON:
        yield Finding("python", Grade.OK, f"Python {text} on {platform.system()} {platform.machine()}.")
    else:
        yield Finding("python", Grade.PROBLEM, f"Python {text} is too old.", "Install Python 3.11 or newer.")


def libraries(wanted: Sequence[tuple[str, str, str]] = LIBRARIES) -> Iterator[Finding]:
    """Each library is really imported: an installed package may still lack a part of the system it needs."""
    for name, module, purpose in wanted:
        subject = f"library {name}"
        try:
            version = metadata.version(name)
            import_module(module)
        except metadata.PackageNotFoundError:
            yield Finding(subject, Grade.PROBLEM, f"It is missing; it serves {purpose}.", "Run ./run setup.")
        except (ImportError, OSError) as error:
            meaning = f"It is installed and does not load ({error}); it serves {purpose}."
            yield Finding(subject, Grade.PROBLEM, meaning, "Remove .venv and run ./run setup.")
        else:
            yield Finding(subject, Grade.OK, f"Version {version}, serves {purpose}.")


def zbar(find_library: Callable[[str], str | None] = ctypes.util.find_library) -> Iterator[Finding]:
    """pyzbar is an optional further decoder and needs a library of the system."""
    if find_library("zbar") or sys.platform == "win32":  # The Windows wheel of pyzbar brings the library.
        yield Finding("libzbar", Grade.OK, "The reserve decoder pyzbar works.")
    else:
        meaning = "The reserve decoder pyzbar is off; zxing-cpp reads codes without it."
        yield Finding("libzbar", Grade.NOTICE, meaning, "On Debian and Ubuntu: apt-get install libzbar0.")


def cameras(devices: Path = Path("/dev")) -> Iterator[Finding]:
    """Names by which a camera can be given: the lasting ones first, a number may change at the next start."""
    lasting = sorted(str(path) for path in devices.glob("v4l/by-id/*"))
    found = lasting or sorted(str(path) for path in devices.glob("video*"))
    if found:
        yield Finding("cameras", Grade.OK, f"Found: {', '.join(found)}.")
    elif sys.platform != "linux":
        yield Finding("cameras", Grade.NOTICE, "Cameras cannot be listed on this system.", "Try --camera 0.")
    else:
        meaning = "None is connected, or this user may not see it; images, videos and scanners work without."
        yield Finding("cameras", Grade.NOTICE, meaning, "Connect one, and put the user into the group video.")


def listed_serial_ports() -> list[str]:
    """What pyserial finds on any system."""
    # Imported by name and late: the doctor must start, and say so, when this library is missing.
    return [str(port.device) for port in import_module("serial.tools.list_ports").comports()]


def serial_ports(
    devices: Path = Path("/dev"), listed: Callable[[], list[str]] = listed_serial_ports
) -> Iterator[Finding]:
    """Where a scanner may be; a name by path stays with the socket it is plugged into."""
    lasting = sorted(str(path) for path in devices.glob("serial/by-path/*"))
    try:
        found = lasting or sorted(listed())
    except ImportError:
        meaning = "They cannot be listed without pyserial."
        yield Finding("serial ports", Grade.NOTICE, meaning, "Run ./run setup.")
        return
    if found:
        yield Finding("serial ports", Grade.OK, f"Found: {', '.join(found)}.")
    else:
        meaning = "No scanner is connected by serial line, or this user may not see it."
        yield Finding("serial ports", Grade.NOTICE, meaning, "Connect one, and put the user into the group dialout.")


def chinese_fonts() -> list[str] | None:
    """The families with Chinese that fontconfig knows, or None when it cannot be asked."""
    try:
        asked = subprocess.run(
            ["fc-list", ":lang=zh", "family"],  # noqa: S607 - fontconfig lives in different places
            capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=30, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return sorted(line for line in asked.stdout.splitlines() if line)


def font(families: Callable[[], list[str] | None] = chinese_fonts) -> Iterator[Finding]:
    """Pages and printed receipts show Chinese names."""
    found = families()
    if found is None:
        meaning = "Whether there is a Chinese font cannot be said: fontconfig does not answer."
        yield Finding("Chinese font", Grade.NOTICE, meaning, "Look whether the page shows 亮证 rather than boxes.")
    elif found:
        yield Finding("Chinese font", Grade.OK, f"Found: {found[0]}" + (" and others." if len(found) > 1 else "."))
    else:
        meaning = "None is installed: a browser on this machine shows boxes for Chinese."
        yield Finding("Chinese font", Grade.NOTICE, meaning, "On Debian and Ubuntu: apt-get install fonts-noto-cjk.")


def disk(free_bytes: Callable[[], int] = lambda: shutil.disk_usage(Path.cwd()).free) -> Iterator[Finding]:
    """A terminal that cannot write its journal shows no verdict."""
    free = free_bytes()
    if free >= SMALLEST_FREE_BYTES:
        yield Finding("disk", Grade.OK, f"{free // 1_000_000:,} MB free here.")
    else:
        meaning = f"Only {free // 1_000_000:,} MB free here: journals may soon be impossible to write."
        yield Finding("disk", Grade.PROBLEM, meaning, "Free some space.")


def clock(synchronized: Path = Path("/run/systemd/timesync/synchronized")) -> Iterator[Finding]:
    """Only hints: whether somebody sets the clock. A terminal decides about its own time with signed evidence."""
    if synchronized.exists():
        yield Finding("clock", Grade.OK, "The system sets it from the network.")
        return
    services = [name for name in ("chronyd", "ntpd", "openntpd") if Path(f"/run/{name}.pid").exists()]
    services += ["chronyd"] if Path("/run/chrony/chronyd.pid").exists() else []
    if services:
        yield Finding("clock", Grade.OK, f"{services[0]} sets it.")
    else:
        meaning = "Nobody seems to set it; codes live for seconds, so a wrong clock refuses good ones."
        yield Finding("clock", Grade.NOTICE, meaning, "Switch on time synchronisation (systemd-timesyncd or chrony).")


def checkout(project: Path = PROJECT) -> Iterator[Finding]:
    """Whether this is a git checkout, and whether .venv holds exactly what the lock files pin."""
    if (project / ".git").exists():
        yield Finding("source", Grade.OK, "A git checkout.")
    else:
        yield Finding("source", Grade.NOTICE, "Not a git checkout, so it cannot be updated by git.")
    lock = project / "requirements.lock"
    if not lock.is_file():
        meaning = "There is no lock file beside the program: whether the libraries are the tested ones is unknown."
        yield Finding("locks", Grade.NOTICE, meaning)
        return
    different = sorted(differences(lock.read_text(encoding="utf-8"), installed_version))
    if different:
        meaning = f"These libraries are not the tested ones: {'; '.join(different)}."
        yield Finding("locks", Grade.NOTICE, meaning, "Run ./run setup.")
    else:
        yield Finding("locks", Grade.OK, "The libraries are those of requirements.lock.")


def installed_version(name: str) -> str | None:
    """The version of an installed distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def differences(lock_text: str, version_of: Callable[[str], str | None]) -> Iterator[str]:
    """Installed packages whose version no line of the lock allows; absent ones are the libraries' finding.

    A package may stand in the lock more than once, with markers for different systems, so any of its lines will do.
    """
    pinned: dict[str, set[str]] = {}
    for line in lock_text.splitlines():
        if line[:1].isalnum() and "==" in line:
            name, _, rest = line.partition("==")
            pinned.setdefault(name.strip(), set()).add(rest.split()[0])
    for name, versions in pinned.items():
        version = version_of(name)
        if version is not None and version not in versions:
            yield f"{name} {version} instead of {' or '.join(sorted(versions))}"


EXAMINATIONS: Final = (
    python_version, libraries, zbar, drivers, cameras, serial_ports, rights, modem_manager, font, disk, clock, checkout,
)  # fmt: skip


def examine(examinations: Sequence[Callable[[], Iterator[Finding]]] = EXAMINATIONS) -> tuple[Finding, ...]:
    """All findings, in the order of the examinations."""
    return tuple(finding for examination in examinations for finding in examination())


def mark(grade: Grade) -> str:
    """The word and colour a person sees."""
    match grade:
        case Grade.OK:
            return click.style("ok     ", fg="green")
        case Grade.NOTICE:
            return click.style("notice ", fg="yellow")
        case Grade.PROBLEM:
            return click.style("PROBLEM", fg="red", bold=True)
        case _:
            assert_never(grade)


@click.command()
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object: problems, and findings with their grades.")
def cli(folders: tuple[Path, ...], as_json: bool) -> None:
    """Say what this machine can and cannot do; of each DIR of an issuer or wallet, how its keys are protected.

    Exit code 1 only when there is a problem.
    """
    findings = (*examine(), *(finding for folder in folders for finding in keys_at_rest(folder)))
    problems = sum(finding.grade is Grade.PROBLEM for finding in findings)
    if as_json:
        shown = {"problems": problems, "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            click.echo(f"{mark(finding.grade)}  {printable(finding.subject)}: {printable(finding.meaning)}")
            if finding.remedy:
                click.echo(f"         → {finding.remedy}")
        click.echo("No problems." if problems == 0 else f"Problems: {problems}.")
    sys.exit(1 if problems else 0)
