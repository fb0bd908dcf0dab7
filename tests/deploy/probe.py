"""Runs as root in the second systemd (own_systemd.py): sets up, starts the shipped units, writes down what it finds."""

import contextlib
import http.client
import json
import os
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

OUT = Path("/mnt/out/found.json")
STATE = Path("/var/lib/liangzheng")
COMMAND = Path("/opt/liangzheng/.venv/bin/liangzheng")
SECRET = Path("/run/passphrase")
PORTS = {"issuer": 8310, "terminal": 8471, "relay": 8470}
Found = TypeVar("Found")

BROWSER = "liangzheng-kiosk-browser"
PATIENCE_TENTHS = 600


def run(*words: str) -> str:
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def install() -> None:
    """As docs/operations.md says; the environment in /opt is one of links to what this machine's own one is made of."""
    environment, python = COMMAND.parents[1], Path(os.environ["PYTHON"])
    packages = environment / "lib" / python.name / "site-packages"
    for folder in (COMMAND.parent, packages):
        folder.mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text(f"home = {python.parent}\n", "utf-8")
    (packages / "linked.pth").write_text("/mnt/project\n/mnt/packages\n", "utf-8")
    (COMMAND.parent / "python").symlink_to(python)
    # An interpreter of a shared library finds that where the machine looks for none.
    start = f"LD_LIBRARY_PATH={python.parents[1]}/lib exec {COMMAND.parent}/python"
    COMMAND.write_text(f'#!/bin/sh\n{start} -c "from liangzheng.cli import main; main()" "$@"\n', "utf-8")
    COMMAND.chmod(0o755)
    for group in ("input", "render"):  # Debian's udev makes these two
        run("groupadd", "--force", "--system", group)
    for user in ("terminal", "issuer", "kiosk"):
        run("useradd", "--system", "--user-group", "--home", f"{STATE}/{user}", f"liangzheng-{user}")
    STATE.mkdir(parents=True, exist_ok=True)
    SECRET.write_text("an invented passphrase\n", "utf-8")
    Path("/etc/liangzheng").mkdir()
    run("systemd-creds", "encrypt", "--name=passphrase", str(SECRET), "/etc/liangzheng/passphrase.cred")
    issuer, terminal = str(STATE / "issuer"), str(STATE / "terminal")
    run(str(COMMAND), "issuer", "init", "--region", "990000", "--passphrase-file", str(SECRET), issuer)
    run(str(COMMAND), "issuer", "publish", "--passphrase-file", str(SECRET), issuer)
    run("cp", "-r", f"{issuer}/published", "/srv/published")
    run(str(COMMAND), "terminal", "init", "--trust", "/srv/published", "--profile", "kiosk", terminal)
    run("chown", "-R", "liangzheng-issuer:", issuer)
    run("chown", "-R", "liangzheng-terminal:", terminal)


def patiently(find: Callable[[], Found | None]) -> Found | None:
    """What `find` finds as soon as it finds anything."""
    for _ in range(PATIENCE_TENTHS):
        if found := find():
            return found
        threading.Event().wait(0.1)
    return None


def status_of(port: int) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def process(here: Path) -> dict[str, object]:
    words = (here / "cmdline").read_text("utf-8", "replace").replace("\0", " ").split(" ")
    lines = (here / "status").read_text("utf-8").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {
        "type": next((word[7:] for word in words if word.startswith("--type=")), Path(words[0]).name),
        "no_new_privileges": status["NoNewPrivs"] == "1",
        "filters": int(status["Seccomp_filters"]),
        "network": str((here / "ns" / "net").readlink()),
        "user": str((here / "ns" / "user").readlink()),
    }


def processes() -> list[dict[str, object]]:
    """Every process of the browser's unit: what it is, and what it may do."""
    found = []
    groups = [f"/sys/fs/cgroup{tree}/system.slice/{BROWSER}.service/cgroup.procs" for tree in ("", "/unified")]
    group = next(Path(group) for group in groups if Path(group).exists())
    for number in group.read_text("utf-8").split():
        # One that ended since then is no part of the browser any more.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.append(process(Path("/proc", number)))
    return found


def settled() -> list[dict[str, object]] | None:
    """The processes, as soon as the page is fetched and those that draw have come as far as their sandbox."""
    connected = run("ss", "--no-header", "--tcp", "--processes", "dst", f"127.0.0.1:{PORTS['terminal']}")
    found = processes()
    filters = [each["filters"] for each in found if each["type"] == "renderer"]
    outside = [each["filters"] for each in found if each["type"] == "chromium"]
    return found if "chromium" in connected and filters and not set(filters) & set(outside) else None


def main() -> None:
    install()
    found: dict[str, object] = {}
    run("systemctl", "start", *(f"liangzheng-{name}" for name in PORTS))
    for name, port in PORTS.items():
        found[name] = patiently(partial(status_of, port))
    run("systemctl", "start", BROWSER)
    found["browser"] = patiently(settled) or processes()
    found["states"] = {
        name: run("systemctl", "show", "--property=ActiveState,NRestarts", "--value", f"liangzheng-{name}").split()
        for name in (*PORTS, "kiosk-browser")
    }
    found["journal"] = run("journalctl", "--no-pager", "--output=cat", "--unit=liangzheng-*", "--lines=100")
    OUT.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()
