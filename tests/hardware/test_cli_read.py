"""`hardware read` and `hardware list` through the command: exact lines, no image left out, hostile text harmless."""

import json
import socket
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import qrcode
from click.testing import CliRunner, Result

from hardware import discovery
from hardware.cli import cli
from hardware.found_devices import Access, CameraDevice, Found, SerialDevice, WedgeDevice
from hardware.read_kind import OURS, kind_of
from hardware.simulated.scanner import VirtualScanner
from protocol import labels
from tests.hardware.conftest import payload, png


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def code(text: str) -> np.ndarray:
    made = qrcode.QRCode(border=4, box_size=6)
    made.add_data(text)
    made.make()
    return np.where(np.kron(np.array(made.get_matrix()), np.ones((6, 6))), 0, 255).astype(np.uint8)


def test_one_line_for_each_code_and_one_for_each_image_without(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "a.png").write_bytes(png(code(payload(1))))
    (tmp_path / "deeper" / "b.PNG").write_bytes(png(np.full((200, 200), 255, np.uint8)))
    both = np.hstack([code("https://a.example/"), np.full((code("https://a.example/").shape[0], 40), 255, np.uint8)])
    both = np.hstack([both, code("https://b.example/")])
    (tmp_path / "c.png").write_bytes(png(both))
    (tmp_path / "readme.txt").write_text("no image")
    result = run("read", "--image", tmp_path, "--json")
    assert result.exit_code == 4
    said = lines(result)
    assert [set(each) for each in said] == [{"source", "text", "kind", "aim", "ms"}] * 4
    assert sorted((Path(each["source"]).name, each["kind"], each["text"]) for each in said) == [
        ("a.png", "LZ1", payload(1)),
        ("b.PNG", "none", ""),
        ("c.png", "url", "https://a.example/"),
        ("c.png", "url", "https://b.example/"),
    ]
    assert next(each for each in said if each["kind"] == "LZ1")["aim"] == "]Q1"
    assert all(each["ms"] > 0 for each in said)


def test_a_broken_image_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    good, broken = tmp_path / "good.png", tmp_path / "broken.jpg"
    good.write_bytes(png(code(payload(2))))
    broken.write_bytes(b"\xff\xd8\xff no jpeg")
    result = run("read", "--image", broken, good, "--json")
    assert result.exit_code == 1
    assert [(each["kind"], each["text"]) for each in lines(result)] == [("none", ""), ("LZ1", payload(2))]
    assert "broken.jpg: this is not a whole image" in result.stderr


def test_all_read_is_success(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(code(payload(1))))
    assert run("read", "--image", tmp_path).exit_code == 0


def test_what_a_code_says_cannot_speak_to_the_screen(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(code("evil\x1b[2J\x07text")))
    shown = run("read", "--image", tmp_path / "a.png")
    assert "\x1b" not in shown.stdout
    assert "evil\\x1b[2J" in shown.stdout
    assert lines(run("read", "--image", tmp_path / "a.png", "--json"))[0]["text"] == "evil\x1b[2J\x07text"


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    result = run("read", "--image", tmp_path)
    assert (result.exit_code, result.stderr) == (1, "there is no image\n")


@pytest.mark.parametrize("arguments", [(), ("--camera", "0", "--serial", "x"), ("a.png",)])
def test_one_kind_of_source(tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(b"")
    assert run("read", *arguments).exit_code == 2


def test_a_video_is_read_to_its_end(tmp_path: Path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"film-{number:03}.png"), code(payload(number)))
    result = run("read", "--camera", tmp_path / "film-%03d.png", "--json")
    assert [each["text"] for each in lines(result)] == [payload(number) for number in range(3)]


def test_a_scanner_is_read_until_there_is_enough() -> None:
    with VirtualScanner() as scanner:
        # Until the port is open, what is sent is lost; so more is sent than is waited for.
        ended = threading.Event()
        wired = threading.Thread(target=lambda: [scanner.scan(payload(1)) for _ in iter(lambda: ended.wait(0.3), True)])
        wired.start()
        result = run("read", "--serial", scanner.port_path, "--count", "2", "--seconds", "60", "--json")
        ended.set()
        wired.join()
    assert [(each["kind"], each["text"]) for each in lines(result)] == [("LZ1", payload(1))] * 2


def test_a_device_that_says_nothing_is_not_read() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        result = run("read", "--serial", f"socket://127.0.0.1:{silent.getsockname()[1]}", "--seconds", "0.3", "--json")
    assert (result.exit_code, lines(result)[0]["kind"]) == (4, "none")


def test_a_device_that_is_not_there_is_named() -> None:
    result = run("read", "--serial", "/dev/ttyNOT-THERE")
    assert result.exit_code == 1
    assert "there is nothing under this name" in result.stderr


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "none"),
        ("LZ1:A", "LZ1"),
        ("LP1:", "LP1"),
        ("lz1:A", "other"),
        ("LZ1", "other"),
        ("LZ2:A", "other"),
        ("HTTPS://QR.ALIPAY.COM/x", "payment"),
        ("wxp://f2f0", "payment"),
        ("http://a.example", "url"),
        (" LZ1:A", "other"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_what_is_ours_is_what_the_protocol_says() -> None:
    # The hardware may not import the protocol, so that the two lists are held together here.
    begins = {value for name, value in vars(labels).items() if name.startswith("PREFIX_") and isinstance(value, str)}
    assert {f"{kind}:" for kind in OURS} == begins - {labels.PREFIX_RESERVED}


FREE = Access(accessible=True, missing_group=None, in_use_by=None)
FOUND = Found(
    serial=(
        SerialDevice(
            "/dev/ttyACM0", "/dev/serial/by-path/p1", None, "0c2e", "0b81", "", "Scanner", False, "honeywell", FREE
        ),
    ),
    wedges=(WedgeDevice("/dev/input/event3", None, "1", "2", "Keyboard", "it is the only keyboard", FREE),),
    cameras=(CameraDevice("/dev/video0", "/dev/v4l/by-id/c", None, "Camera", (), Access(False, "video", None)),),
)


def test_what_is_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "find", lambda: FOUND)
    said = run("list").stdout
    assert "/dev/ttyACM0  Scanner  → serial:/dev/serial/by-path/p1?profile=honeywell" in said
    assert "not taken: it is the only keyboard" in said
    assert "not accessible: this user must be in the group video  → v4l2:/dev/v4l/by-id/c" in said
    shown = json.loads(run("list", "--json").stdout)
    assert shown["serial"][0]["spec"] == "serial:/dev/serial/by-path/p1?profile=honeywell"
    assert [len(shown[each]) for each in ("serial", "wedges", "cameras", "hid")] == [1, 1, 1, 0]
    found = json.loads(run("list", "--json", "--search", "honeywell").stdout)
    assert [len(found[each]) for each in ("serial", "cameras")] == [1, 0]


def test_nothing_plugged_in_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "find", Found)
    assert "Nothing was found" in run("list").stdout
