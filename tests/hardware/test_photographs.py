"""The harness for photographs of others: where ours reads less, or reads wrongly, its exit code says so too."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from bench import photographs
from hardware.camera.report import DecodedCode, PictureReport
from hardware.camera.still import decode_image
from hardware.devices import Decoder
from tests.hardware.conftest import flat_code, png

NOTHING = PictureReport((), False, None, False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two folders: a code with its text beside it, a white page, what is no image; and another code."""
    first, second = tmp_path / "set" / "one", tmp_path / "set" / "two"
    for each in (first, second):
        each.mkdir(parents=True)
    (first / "code.png").write_bytes(png(flat_code("ONE CODE", 4, None)))
    (first / "code.png.txt").write_text("ONE CODE\r\n", encoding="utf-8")
    (first / "white.png").write_bytes(png(np.full((60, 60), 255, np.uint8)))
    (first / "noise.jpg").write_bytes(b"no image")
    (second / "other.png").write_bytes(png(flat_code("ANOTHER", 4, None)))
    return tmp_path / "set"


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr(sys, "argv", ["photographs", str(folder), "--without", "OpenCV", *more])
    return photographs.main()


def test_photographs_are_counted_folder_by_folder_beside_the_peers(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = tmp_path / "said.json"
    assert run(folder, monkeypatch, "--json", str(said)) == 0
    figures = json.loads(said.read_text(encoding="utf-8"))
    one, two = figures[str(folder / "one")], figures[str(folder / "two")]
    assert (one["images"], one["with_truth"], one["unusable"], one["missed"]) == (2, 1, 1, [])
    assert (two["images"], two["with_truth"], two["unusable"], two["missed"]) == (1, 0, 0, [])
    assert list(one["readers"]) == ["ours", "zxing default", "pyzbar"]
    assert {(each["read"], each["wrong"]) for counted in (one, two) for each in counted["readers"].values()} == {(1, 0)}
    assert capsys.readouterr().out.count("holds") == 2


def test_a_folder_in_which_ours_reads_less_than_zxing_fails_and_the_image_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = (folder / "two" / "other.png").read_bytes()
    monkeypatch.setattr(
        photographs, "decode_image", lambda packed: NOTHING if packed == hidden else decode_image(packed)
    )
    assert run(folder, monkeypatch) == 1
    first, second = capsys.readouterr().out.split(f"{folder / 'two'}:")
    assert "holds" in first
    assert "FAILS" not in first
    assert "FAILS" in second
    assert "read by zxing default and not by ours: other.png" in second


def test_a_wrong_text_fails_although_as_many_images_were_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Zxing is made to read nothing there, so that only the wrong text can be what fails."""
    wrong = PictureReport((DecodedCode("ONE CODF", None, Decoder.ZXING, "whole", 1, 4.0),), True, None, False)
    with_truth = (folder / "one" / "code.png").read_bytes()
    monkeypatch.setattr(
        photographs, "decode_image", lambda packed: wrong if packed == with_truth else decode_image(packed)
    )
    monkeypatch.setitem(photographs.PEERS, photographs.ZXING, lambda grey: [])
    assert run(folder, monkeypatch) == 1
    assert "wrong    1" in capsys.readouterr().out


def test_a_folder_without_images_is_an_error_and_not_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended:
        run(tmp_path, monkeypatch)
    assert ended.value.code == 2
