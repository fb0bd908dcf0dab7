"""The shipped udev rules: udev's own checker accepts them, and would say what is wrong."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "deploy" / "udev"


@pytest.fixture
def udevadm() -> str:
    """One that knows `verify`, which came with systemd 254; `.ci/newer-udevadm` brings it to an older system."""
    found = os.environ.get("LIANGZHENG_UDEVADM") or shutil.which("udevadm")
    if found is None or subprocess.run([found, "verify", "--help"], capture_output=True, check=False).returncode:
        pytest.skip("no udevadm that can verify rules is here, nor named by LIANGZHENG_UDEVADM")
    return found


def verify(udevadm: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # Groups are resolved where the rules are installed, not on this machine.
    command = [udevadm, "verify", "--resolve-names=never", *map(str, sorted(folder.glob("*.rules")))]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_udev_has_nothing_to_say(udevadm: str) -> None:
    said = verify(udevadm, RULES)
    assert (said.returncode, said.stderr) == (0, "")
    assert "Success: 1" in said.stdout


@pytest.mark.parametrize(
    ("written", "broken", "complaint"),
    [
        ('GOTO="liangzheng_scanners_end"', 'GOTO="liangzheng_scanners_and"', "liangzheng_scanners_and"),
        ("ATTRS{idVendor}", "ATRS{idVendor}", "ATRS"),
        ('MODE="0660"', 'MODE=="0660"', "MODE"),
    ],
)
def test_udev_would_say_what_is_wrong(udevadm: str, tmp_path: Path, written: str, broken: str, complaint: str) -> None:
    [rules] = RULES.glob("*.rules")
    (tmp_path / rules.name).write_text(rules.read_text("utf-8").replace(written, broken), "utf-8")
    said = verify(udevadm, tmp_path)
    assert said.returncode == 1
    assert complaint in said.stderr
