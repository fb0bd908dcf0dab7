"""The doctor's findings: each examination told one thing about a machine, and the grade and advice it must give."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from liangzheng import doctor
from liangzheng.cli import main
from liangzheng.doctor import Finding, Grade


def only(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def no_pyserial() -> list[str]:
    raise ImportError("no serial")


@pytest.mark.parametrize(
    ("finding", "grade", "words"),
    [
        (only(doctor.python_version((3, 10, 13))), Grade.PROBLEM, "3.10.13 is too old"),
        (only(doctor.python_version((3, 11, 0))), Grade.OK, "Python 3.11.0"),
        (only(doctor.libraries([("no-such-package", "json", "x")])), Grade.PROBLEM, "missing"),
        (only(doctor.libraries([("click", "click.no_such_part", "x")])), Grade.PROBLEM, "does not load"),
        (only(doctor.libraries([("click", "click", "commands")])), Grade.OK, "serves commands"),
        (only(doctor.zbar(lambda name: None)), Grade.NOTICE, "zxing-cpp reads codes without it"),
        (only(doctor.zbar(lambda name: f"lib{name}.so.0")), Grade.OK, "works"),
        (only(doctor.font(lambda: None)), Grade.NOTICE, "cannot be said"),
        (only(doctor.font(list)), Grade.NOTICE, "boxes"),
        (only(doctor.font(lambda: ["Noto Sans CJK SC"])), Grade.OK, "Noto Sans CJK SC."),
        (only(doctor.disk(lambda: 199_999_999)), Grade.PROBLEM, "Only 199 MB"),
        (only(doctor.disk(lambda: 200_000_000)), Grade.OK, "200 MB"),
    ],
)
def test_what_is_found_decides_the_grade(finding: Finding, grade: Grade, words: str) -> None:
    assert finding.grade is grade
    assert words in finding.meaning
    assert (finding.remedy == "") == (grade is Grade.OK)


def test_a_lasting_camera_name_is_preferred(tmp_path: Path) -> None:
    assert only(doctor.cameras(tmp_path)).grade is Grade.NOTICE
    (tmp_path / "video0").touch()
    assert str(tmp_path / "video0") in only(doctor.cameras(tmp_path)).meaning
    (tmp_path / "v4l" / "by-id").mkdir(parents=True)
    (tmp_path / "v4l" / "by-id" / "usb-Some_Camera-index0").touch()
    found = only(doctor.cameras(tmp_path))
    assert found.grade is Grade.OK
    assert "usb-Some_Camera-index0" in found.meaning
    assert "video0" not in found.meaning


def test_a_lasting_serial_name_is_preferred(tmp_path: Path) -> None:
    assert only(doctor.serial_ports(tmp_path, list)).grade is Grade.NOTICE
    assert "pyserial" in only(doctor.serial_ports(tmp_path, no_pyserial)).meaning
    assert "COM3" in only(doctor.serial_ports(tmp_path, lambda: ["COM3"])).meaning
    (tmp_path / "serial" / "by-path").mkdir(parents=True)
    (tmp_path / "serial" / "by-path" / "usb-0:1:1.0-port0").touch()
    assert "usb-0:1:1.0-port0" in only(doctor.serial_ports(tmp_path, lambda: ["COM3"])).meaning


def test_a_set_clock_is_told_from_an_unset_one(tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    mark.touch()
    assert only(doctor.clock(mark)).grade is Grade.OK


LOCK = """\
click==8.5.1 \\
    --hash=sha256:00
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:00
numpy==2.5.4 ; python_full_version >= '3.12' \\
    --hash=sha256:00
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:00
"""


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ({"click": "8.5.1", "numpy": "2.5.4"}, []),
        ({"click": "8.5.1", "numpy": "2.4.6", "colorama": "0.4.6"}, []),
        ({"click": "8.5.2", "numpy": "2.4.6"}, ["click 8.5.2 instead of 8.5.1"]),
        ({"click": "8.5.1", "numpy": "2.5.0"}, ["numpy 2.5.0 instead of 2.4.6 or 2.5.4"]),
    ],
)
def test_a_library_that_is_not_the_locked_one_is_named(installed: dict[str, str], expected: list[str]) -> None:
    assert list(doctor.differences(LOCK, installed.get)) == expected


def test_a_folder_without_lock_or_git_is_only_a_notice(tmp_path: Path) -> None:
    assert [finding.grade for finding in doctor.checkout(tmp_path)] == [Grade.NOTICE, Grade.NOTICE]


@pytest.mark.parametrize(("grade", "exit_code"), [(Grade.OK, 0), (Grade.NOTICE, 0), (Grade.PROBLEM, 1)])
def test_only_a_problem_makes_the_exit_code_1(monkeypatch: pytest.MonkeyPatch, grade: Grade, exit_code: int) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: (Finding("it", grade, "Was looked at.", "Do this."),))
    shown = CliRunner().invoke(main, ["doctor"])
    assert shown.exit_code == exit_code
    assert "it: Was looked at." in shown.stdout
    assert "Do this." in shown.stdout
    written = CliRunner().invoke(main, ["doctor", "--json"])
    assert written.exit_code == exit_code
    assert json.loads(written.stdout) == {
        "problems": exit_code,
        "findings": [{"subject": "it", "grade": grade, "meaning": "Was looked at.", "remedy": "Do this."}],
    }


def test_a_device_name_cannot_steer_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    evil = Finding("cameras", Grade.OK, "Found: \x1b[2Jusb\u202egpj.")
    monkeypatch.setattr(doctor, "examine", lambda: (evil,))
    shown = CliRunner().invoke(main, ["doctor"]).stdout
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown
    assert "Found: �[2Jusb�gpj." in shown


def test_on_this_machine_every_examination_gives_an_answer() -> None:
    subjects = {finding.subject for finding in doctor.examine()}
    assert {"python", "libzbar", "cameras", "serial ports", "Chinese font", "disk", "clock", "source"} <= subjects
