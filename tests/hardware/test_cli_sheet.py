"""The test sheet, the tests of scanner and camera, and the live view, through the commands."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from hardware.cli import cli
from hardware.self_test import SelfTest
from hardware.serial_scanner.scanner_profile import known_profiles
from hardware.sheet_codes import VERSIONS, all_codes
from hardware.simulated.scanner import VirtualScanner
from tests.hardware.conftest import payload

CODES = {code.version: code.text for code in all_codes()}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


@contextmanager
def scanning(scanner: VirtualScanner, *texts: str) -> Iterator[None]:
    """Scans these again and again, since a busy machine opens the port when it has time."""
    ended = threading.Event()

    def scan() -> None:
        while not ended.wait(0.3):
            for text in texts:
                scanner.scan(text)

    thread = threading.Thread(target=scan)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def film(folder: Path, versions: tuple[int, ...], module: int = 4) -> Path:
    for number, version in enumerate(versions):
        modules = np.pad(next(code.modules for code in all_codes() if code.version == version), 4)
        picture = np.where(np.kron(modules, np.ones((module, module))), 20, 240).astype(np.uint8)
        canvas = np.full((640, 640), 240, np.uint8)
        canvas[20 : 20 + picture.shape[0], 20 : 20 + picture.shape[1]] = picture
        cv2.imwrite(str(folder / f"film-{number:03}.png"), canvas)
    return folder / "film-%03d.png"


def test_the_codes_are_tests_and_no_licences() -> None:
    assert all(text.startswith(f"TEST:V{version}:") for version, text in CODES.items())
    assert all(" " in text and not text.endswith(" ") for text in CODES.values())
    assert len({len(text) for text in CODES.values()}) == len(VERSIONS)


@pytest.mark.parametrize("dots", [300, 150])
def test_the_sheet_is_read_back_from_its_picture(tmp_path: Path, dots: int) -> None:
    assert run("print-test-sheet", tmp_path / "sheet.png").exit_code == 0
    with Image.open(tmp_path / "sheet.png") as page:
        assert round(page.width / page.info["dpi"][0] * 25.4) == 210
        # As a scan of the printed page, at the printer's own size and at half of it.
        page.convert("L").resize((page.width * dots // 300, page.height * dots // 300)).save(tmp_path / "scan.png")
    result = run("read", "--image", tmp_path / "scan.png", "--json")
    assert {json.loads(line)["text"] for line in result.stdout.splitlines()} == set(CODES.values())


def test_the_sheet_as_pdf_has_a_page_for_the_profile(tmp_path: Path) -> None:
    for profile in known_profiles():
        out = tmp_path / f"{profile.name}.pdf"
        assert "2 page(s)" in run("print-test-sheet", out, "--profile", profile.name).output
        assert out.read_bytes().count(b"/Type /Page\n") == 2
    again = tmp_path / "again.pdf"
    run("print-test-sheet", again, "--profile", known_profiles()[0].name)
    assert again.read_bytes() == (tmp_path / f"{known_profiles()[0].name}.pdf").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("sheet.doc",), 2, ".pdf or .png"),
        (("sheet.pdf", "--profile", "abacus"), 1, "abacus"),
        (("sheet.png", "--profile", "generic"), 2, "PDF alone"),
    ],
)
def test_a_sheet_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("print-test-sheet", *arguments)
    assert (result.exit_code, words in result.output, list(tmp_path.iterdir())) == (code, True, [])


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda text: text + "\r", "spaces or line ends added"),
        (lambda text: "]Q1" + text, "something put in front"),
        (lambda text: text + "#", "something put behind"),
        (lambda text: text[:-1], "cut off at the end"),
        (lambda text: text.lower(), "capitals made small"),
        (lambda text: text.replace(" ", ""), "spaces lost"),
        (lambda text: text.replace("Y", "Z"), "characters exchanged or lost"),
    ],
)
def test_a_text_that_was_changed_is_named(change: Any, how: str) -> None:
    test = SelfTest()
    test.take(change(CODES[14]))
    assert (test.altered[14], dict(test.how), test.exact.total()) == (1, {how: 1}, 0)
    assert "CHANGED" in test.verdict()[0]


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ((), "Nothing"),
        ((11,), "Not good enough"),
        ((11, 14), "kiosks need"),
        ((18,), "and kiosks"),
        ((22,), "and kiosks"),
    ],
)
def test_what_the_largest_version_means(versions: tuple[int, ...], words: str) -> None:
    test = SelfTest()
    for version in versions:
        test.take(CODES[version])
    test.take("something else")
    assert words in test.verdict()[0]
    assert test.other == 1


def test_a_scanner_is_tried_with_the_sheet() -> None:
    with VirtualScanner() as scanner, scanning(scanner, *CODES.values()):
        result = run("test-scanner", scanner.port_path, "--scans", "1", "--seconds", "60", "--json")
    said = json.loads(result.stdout.splitlines()[-1])
    assert result.exit_code == 0
    assert all(each["read"] >= 1 for each in said["versions"].values())
    assert said["verdict"] == ["Good for counters, the roadside and kiosks."]


def test_a_scanner_that_changes_texts_is_found_out() -> None:
    with VirtualScanner(suffix=b"#\r\n") as scanner, scanning(scanner, CODES[14]):
        result = run("test-scanner", scanner.port_path, "--seconds", "4")
    assert result.exit_code == 1
    assert "CHANGED on the way (something put behind)" in result.stdout


def test_a_camera_is_tried_with_the_sheet(tmp_path: Path) -> None:
    result = run("test-camera", film(tmp_path, (11, 14, 14, 18)), "--json")
    said = json.loads(result.stdout.splitlines()[-1])
    assert result.exit_code == 0
    assert [said["versions"][f"V{each}"]["read"] for each in VERSIONS] == [1, 2, 1, 0]
    assert said["versions"]["V14"]["least_pixels_per_module"] == pytest.approx(4.0, abs=0.2)
    assert (said["pictures"], said["sizes"]) == (4, ["640 x 640"])
    assert said["decoding_ms_p95"] > 0


def test_a_camera_that_sees_nothing_of_the_sheet(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "film-000.png"), np.full((200, 200), 90, np.uint8))
    result = run("test-camera", tmp_path / "film-%03d.png")
    assert (result.exit_code, "Nothing of the sheet was read." in result.stdout) == (4, True)


def watched(result: Result) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What was read, by the beginning of its hash, and what the devices said."""
    said = [json.loads(line) for line in result.stdout.splitlines()]
    return {each["sha256"]: each for each in said if "sha256" in each}, [
        each["says"] for each in said if "says" in each
    ]


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def test_what_is_watched_is_not_shown() -> None:
    with VirtualScanner() as scanner, scanning(scanner, payload(1), "SECRET-OF-A-VISITOR"):
        result = run("watch", "--serial", scanner.port_path, "--seconds", "5", "--json")
    codes, says = watched(result)
    ours, other = codes[hashed(payload(1))], codes[hashed("SECRET-OF-A-VISITOR")]
    assert (ours["kind"], ours["begins"], ours["characters"]) == ("LZ1", "LZ1:", f"{len(payload(1))} characters")
    assert (other["kind"], other["begins"]) == ("other", None)
    assert "SECRET" not in result.output
    assert payload(1)[4:] not in result.output
    assert "Connected" in says


def test_a_film_is_watched_to_its_end(tmp_path: Path) -> None:
    codes, says = watched(run("watch", "--camera", film(tmp_path, (14,)), "--json"))
    assert codes[hashed(CODES[14])]["version"] == "V14"
    assert says[-1] == "EndOfSource"


def test_nothing_to_watch_is_a_mistake() -> None:
    assert run("watch").exit_code == 2
