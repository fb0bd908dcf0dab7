"""A second systemd, of this machine's programs in namespaces of its own, runs the shipped units and is gone again.

systemd-nspawn starts it on this machine's files, whose changes stay in memory, with a loopback network alone. What runs
in it is tests/deploy/probe.py, which sets authority, terminal and relay up as docs/operations.md says, starts the units
and writes down what it finds. Other than on a kiosk: the screen is one in memory, and no seat is asked for it.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, Final

PROJECT_ROOT: Final = Path(__file__).resolve().parents[2]
UNITS: Final = PROJECT_ROOT / "deploy" / "systemd"

TARGET: Final = """
[Unit]
Requires=basic.target probe.service
After=basic.target
"""
PROBE: Final = """
[Unit]
After=basic.target
[Service]
Type=oneshot
Environment=LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 {environment}
ExecStart={python} /mnt/project/tests/deploy/probe.py
StandardOutput=file:/mnt/out/said
StandardError=inherit
ExecStopPost=/usr/bin/systemctl poweroff --no-block
"""
SCREEN_IN_MEMORY: Final = """
[Service]
Environment=WLR_BACKENDS=headless WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1
"""


def impediment() -> str | None:
    """Why no second systemd can run here, or None."""
    if shutil.which("systemd-nspawn") is None:
        return "systemd-nspawn is not here (Debian package systemd-container)"
    tried = ["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork", "--mount-proc", "true"]
    if subprocess.run(tried, capture_output=True, check=False).returncode:
        return "this user may make no namespaces"
    return None


def run_units(folder: Path) -> dict[str, Any]:
    """What the probe found, by name; `folder` is an empty one for files on the way."""
    units, out, root = folder / "units", folder / "out", folder / "root"
    for made in (units, out, root, units / "liangzheng-kiosk-browser.service.d"):
        made.mkdir()
    for unit in UNITS.glob("*.service"):
        shutil.copy(unit, units)
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        (units / timer).symlink_to("/dev/null")
    # An interpreter below /root is hidden from the units, so every one is seen elsewhere too.
    python = f"/mnt/python/bin/{Path(sys.executable).resolve().name}"
    found = f"LD_LIBRARY_PATH=/mnt/python/lib PYTHON={python}"
    (units / "probe.target").write_text(TARGET, "utf-8")
    (units / "probe.service").write_text(PROBE.format(python=python, environment=found), "utf-8")
    (units / "liangzheng-kiosk-browser.service.d" / "screen.conf").write_text(SCREEN_IN_MEMORY, "utf-8")
    shown = {
        units: "/etc/systemd/system",
        PROJECT_ROOT: "/mnt/project",
        Path(sysconfig.get_path("purelib")): "/mnt/packages",
        Path(sys.base_prefix): "/mnt/python",
    }
    started = [
        *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe", "--private-network"),
        *(f"--directory={root}", "--volatile=overlay", f"--machine=units-{os.getpid()}", f"--bind={out}:/mnt/out"),
        *(f"--bind-ro={here}:{there}" for here, there in shown.items()),
        *("--boot", "systemd.unit=probe.target", "systemd.show_status=no"),
    ]
    # The mount of this machine's own root ends with the namespace that it is made in.
    script = f'mount --bind / {root} && exec timeout 240 "$@"'
    whole = ["unshare", "--mount", "sh", "-c", script, "sh", *started]
    ended = subprocess.run(whole, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    result = out / "found.json"
    said = (out / "said").read_text("utf-8", "replace") if (out / "said").exists() else ""
    if not result.exists():
        raise AssertionError(f"systemd ended with {ended.returncode}\n{ended.stdout}{ended.stderr}\n{said}")
    found_there: dict[str, Any] = json.loads(result.read_text("utf-8"))
    return found_there
