"""The commands of the README, in their order, with the exit codes and the JSON that are a contract."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from hardware.simulated.camera import CONDITIONS, SimulatedCamera
from hardware.simulated.phone_screen import phone_screen
from hardware.simulated.recording import write_video
from hardware.simulated.scanner import VirtualScanner
from protocol import unixtime
from protocol.qr import base45
from protocol.unixtime import UnixTime
from tests.scenarios.conftest import Counter, Ran, run
from wallet_sdk import drawing

ACCEPT, REFUSE, USAGE, CHECK, NOT_READ = 0, 1, 2, 3, 4


@pytest.fixture(scope="module")
def counter(make_counter: Callable[[], Counter]) -> Counter:
    return make_counter()


def appraise(counter: Counter, *options: str | Path) -> Ran:
    return run("terminal", "appraise", counter.terminal, *options, "--json")


def codes(ran: Ran) -> set[str]:
    return {each["code"] for each in json.loads(ran.out.splitlines()[0])["codes"]}


def test_a_code_is_accepted_once_and_only_once(counter: Counter) -> None:
    text = counter.text("--disclose", "name,class")
    first = appraise(counter, "--text", text)
    assert first.code == ACCEPT, first.out + first.err
    verdict = first.json
    assert verdict["class"] == "accept"
    assert verdict["proceed"] == "after_check"
    assert verdict["claims"] == {"name": "测试员甲", "class": "C1", "valid_to": "2032-01-01"}
    assert set(verdict["established"]) == {
        "issuer_signature", "holder_key", "disclosures", "validity_dates", "status",
    }  # fmt: skip
    assert verdict["not_established"] == []
    again = appraise(counter, "--text", text)
    assert again.code == REFUSE
    assert "E_REPLAY" in codes(again)
    assert again.json["claims"] is None


def test_the_picture_of_a_code_is_read(counter: Counter, tmp_path: Path) -> None:
    shown = run(
        "wallet", "show", counter.phone, counter.licence[:8], "--purpose", "window", "--png", tmp_path / "c.png"
    )
    assert shown.code == 0, shown.err
    read = appraise(counter, "--image", tmp_path / "c.png")
    assert read.code == ACCEPT, read.out + read.err


def test_a_video_of_a_phone_is_read(counter: Counter, tmp_path: Path) -> None:
    camera = SimulatedCamera(np.random.default_rng(3))
    screen = phone_screen(np.array(drawing.modules(counter.text("--disclose", "name,birth_date"))))
    write_video(tmp_path / "phone.avi", (camera.shoot(screen, CONDITIONS["tilt"]) for _ in range(10)))
    read = appraise(counter, "--camera", tmp_path / "phone.avi")
    assert read.code == ACCEPT, read.out + read.err


def test_a_scanner_on_a_line_is_read(counter: Counter) -> None:
    text = counter.text("--disclose", "name,sex")
    with VirtualScanner() as scanner:
        # Until the port is open, what is sent is lost; a busy machine opens it when it has time.
        ended = threading.Event()
        scans = threading.Thread(target=lambda: [scanner.scan(text) for _ in iter(lambda: ended.wait(1.0), True)])
        scans.start()
        read = appraise(counter, "--serial", str(scanner.port_path))
        ended.set()
        scans.join()
    assert read.code == ACCEPT, read.out + read.err


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("https://example.org/pay?id=1", NOT_READ, "E_PREFIX"),
        ("wxp://f2f0SYNTHETIC", NOT_READ, "E_PREFIX"),
        ("HC1:NCFSYNTHETIC", NOT_READ, "E_PREFIX"),
        ("lz1:ABC", NOT_READ, "E_PREFIX"),
        ("\x1b]0;VALID\x07", NOT_READ, "E_PREFIX"),
        ("LZ1:" + "A" * 3_000, NOT_READ, "E_SIZE"),
        ("LZ1:ab", NOT_READ, "E_B45"),
        ("LZ1:" + base45.encode(b"\xff\xff"), NOT_READ, "E_CBOR"),
    ],
)
def test_what_is_no_code_of_ours_is_not_read(counter: Counter, text: str, code: int, reason: str) -> None:
    read = appraise(counter, "--text", text)
    assert read.code == code, read.out + read.err
    assert codes(read) == {reason}
    assert read.json["claims"] is None
    assert "\x1b" not in read.out + read.err


def test_a_megabyte_on_standard_input_is_not_read(counter: Counter) -> None:
    read = run("terminal", "appraise", counter.terminal, "--text", "-", "--json", stdin="A" * 1_000_000)
    assert read.code == NOT_READ
    assert codes(read) == {"E_PREFIX"}


def test_pictures_without_a_code_and_files_that_are_none(counter: Counter, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((480, 640), 200, np.uint8))
    (tmp_path / "garbage.png").write_bytes(bytes(range(256)) * 40)
    for name in ("empty.png", "garbage.png"):
        read = appraise(counter, "--image", tmp_path / name)
        assert read.code == NOT_READ, (name, read.out, read.err)
        assert "Traceback" not in read.err
    missing = appraise(counter, "--image", tmp_path / "missing.png")
    assert missing.code in (USAGE, NOT_READ)
    assert "Traceback" not in missing.err


def test_suspending_reinstating_revoking(make_counter: Callable[[], Counter]) -> None:
    own = make_counter()
    expected = {"suspend": (REFUSE, "E_SUSPENDED"), "reinstate": (ACCEPT, None), "revoke": (REFUSE, "E_REVOKED")}
    for act, (code, reason) in expected.items():
        changed = run("issuer", act, own.authority, own.licence, "--reason", "测试")
        assert changed.code == 0, changed.err
        assert run("terminal", "sync", own.terminal).code == 0
        read = appraise(own, "--text", own.text("--disclose", "name,class"))
        assert read.code == code, (act, read.out, read.err)
        if reason is not None:
            assert reason in codes(read)
            assert read.json["claims"] is None
    # A revocation is final.
    assert run("issuer", "reinstate", own.authority, own.licence, "--reason", "测试").code == 1


def test_an_exercise_at_another_time_leaves_no_trace(counter: Counter) -> None:
    before = run("terminal", "journal", counter.terminal, "--json").json
    text = counter.text("--disclose", "name,address")
    later = appraise(counter, "--text", text, "--at", unixtime.iso_utc(UnixTime(int(time.time()) + 3_600)))
    assert later.code == REFUSE
    assert "E_KBT_STALE" in codes(later)
    assert appraise(counter, "--text", text).code == ACCEPT
    after = run("terminal", "journal", counter.terminal, "--json").json
    verdicts = [row for row in after if row not in before and row.get("event", "verdict") == "verdict"]
    assert len(verdicts) == 1


def test_the_journal_names_items_and_never_their_values(counter: Counter) -> None:
    assert appraise(counter, "--text", counter.text()).code in (ACCEPT, REFUSE)
    printed = run("terminal", "journal", counter.terminal, "--json").out
    assert "name" in printed
    stored = b"".join(path.read_bytes() for path in counter.terminal.rglob("*") if path.is_file())
    for value in ("测试员甲", "990101194912310028", "虚构路"):
        assert value not in printed
        assert value.encode() not in stored


def test_wrong_usage_is_2_and_says_what_to_do(counter: Counter) -> None:
    assert appraise(counter).code == USAGE
    nobody = run(
        "wallet", "show", counter.phone, "driving-licence", "--purpose", "window", "--disclose", "nmae", "--text"
    )
    assert nobody.code != 0
    assert nobody.out == ""
    assert "name" in nobody.err


@pytest.mark.parametrize("role", [(), ("issuer",), ("wallet",), ("terminal",), ("doctor",)])
def test_every_group_has_help(role: tuple[str, ...]) -> None:
    shown = run(*role, "--help")
    assert shown.code == 0
    assert "Usage:" in shown.out


@pytest.mark.parametrize("arguments", [("--help",), ("issuer", "revoke", "--help"), ("terminal", "status", "--help")])
def test_chinese_goes_into_a_file_on_a_machine_with_an_old_code_page(arguments: tuple[str, ...]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "liangzheng", *arguments],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"}, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout


def test_no_camera_library_is_loaded_to_show_a_code(counter: Counter) -> None:
    program = (
        "import sys; from liangzheng.cli import main\n"
        f"sys.argv = ['liangzheng', 'wallet', 'list', {str(counter.phone)!r}, '--json']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert not {'cv2', 'numpy', 'flask', 'sqlalchemy'} & sys.modules.keys(), 'loaded too much'\n"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0
