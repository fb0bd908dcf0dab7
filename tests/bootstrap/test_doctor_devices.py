"""The doctor on a terminal's devices: one thing about a machine is changed, and the finding must say just that."""

from pathlib import Path

import pytest

from liangzheng import device_findings
from liangzheng.findings import Grade

RULES = "60-liangzheng-scanners.rules"


def test_a_driver_that_is_not_there_is_named_with_what_it_serves() -> None:
    wanted = [("click", "click", "buttons", False), ("no-such-package", "json", "beacons", False)]
    missing, there = device_findings.drivers(wanted)
    assert (missing.grade, there.grade) == (Grade.NOTICE, Grade.OK)
    assert "no-such-package (beacons)" in missing.meaning
    assert missing.remedy
    assert there.meaning == "There for buttons."


def test_what_exists_on_linux_only_is_not_missed_elsewhere() -> None:
    wanted = [("no-such-package", "json", "beacons", True)]
    assert list(device_findings.drivers(wanted, platform="win32")) == []
    assert [each.grade for each in device_findings.drivers(wanted, platform="linux")] == [Grade.NOTICE]


@pytest.mark.parametrize(
    ("seen", "meaning", "remedy"),
    [
        (
            [("/dev/ttyS0", "dialout", False), ("/dev/video0", "video", False)],
            "/dev/ttyS0, /dev/video0",
            "dialout,video",
        ),
        ([("/dev/hidraw0", None, False), ("/dev/video0", None, True)], "user: /dev/hidraw0.", "deploy/udev"),
    ],
)
def test_a_device_that_may_not_be_used_is_named_with_the_group(
    seen: list[tuple[str, str | None, bool]], meaning: str, remedy: str
) -> None:
    (finding,) = device_findings.rights(lambda: seen)
    assert finding.grade is Grade.NOTICE
    assert meaning in finding.meaning
    assert remedy in finding.remedy


def test_nothing_is_said_of_devices_that_may_be_used() -> None:
    assert list(device_findings.rights(lambda: [("/dev/ttyACM0", None, True)])) == []
    assert list(device_findings.rights(list)) == []


def test_modem_manager_is_a_notice_until_the_rules_are_installed(tmp_path: Path) -> None:
    proc, rules = tmp_path / "proc", tmp_path / "rules.d"
    (proc / "17").mkdir(parents=True)
    (proc / "self").mkdir()
    (proc / "17" / "comm").write_text("sshd\n")
    assert list(device_findings.modem_manager(proc, [rules])) == []
    (proc / "17" / "comm").write_text("ModemManager\n")
    (finding,) = device_findings.modem_manager(proc, [rules])
    assert finding.grade is Grade.NOTICE
    assert RULES in finding.remedy
    rules.mkdir()
    (rules / RULES).touch()
    (finding,) = device_findings.modem_manager(proc, [rules])
    assert finding.grade is Grade.OK
