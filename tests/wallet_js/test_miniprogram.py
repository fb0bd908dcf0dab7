"""The sample mini-program as its files stand: it takes a licence from a running sandbox, a terminal reads its code."""

import io
import json
import re
import subprocess
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import zxingcpp
from click.testing import CliRunner
from PIL import Image, ImageDraw

from issuer.sandbox import people, wiring
from issuer.sandbox.wiring import Running
from tests.wallet_js.conftest import JS
from verifier_terminal.cli import cli as terminal_cli

SAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "miniprogram"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with (
        wiring.opened(None) as issuer,
        wiring.serving(issuer, port=0, public_url=None, rates={}, seed=1, tell=lambda _: None) as running,
    ):
        thread = threading.Thread(target=running.service.run)
        thread.start()
        try:
            yield running
        finally:
            running.service.stop()
            thread.join()


def ran(built: Path, **given: Any) -> Any:
    command = ["node", str(JS / "tools" / "inMiniProgram.mjs"), str(SAMPLE), str(built / "miniprogram.js")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout)


def read(picture: str) -> str:
    """What a camera reads of the picture that the page shows."""
    svg = unquote(picture.partition(",")[2])
    side = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    drawn = Image.new("L", (4 * side, 4 * side), 255)
    pen = ImageDraw.Draw(drawn)
    black = svg.rpartition('d="')[2]
    for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", black):
        left, top = 4 * int(x), 4 * int(y)
        pen.rectangle((left, top, left + 4 * int(wide) - 1, top + 3), fill=0)
    saved = io.BytesIO()
    drawn.save(saved, "PNG")
    (code,) = zxingcpp.read_barcodes(Image.open(saved), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return code.text


@pytest.fixture(scope="module")
def counter(sandbox: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("counter") / "window"
    issuer = sandbox.sandbox.issuer
    done = CliRunner().invoke(
        terminal_cli,
        ["init", str(folder), "--profile", "window", "--trust", str(issuer.places.published)],
    )
    assert done.exit_code == 0, done.output
    return folder


def verdict(counter: Path, text: str) -> tuple[int, Any]:
    answered = CliRunner().invoke(terminal_cli, ["appraise", str(counter), "--json", "--text", text])
    return answered.exit_code, json.loads(answered.stdout)


def test_it_receives_asks_and_shows_what_a_terminal_accepts(sandbox: Running, counter: Path, built: Path) -> None:
    shown = ran(built, url=f"{sandbox.page}api/package", seconds=[1, 30])
    assert shown["problem"] == ""
    first, second, third = shown["frames"]
    assert first["picture"] == second["picture"] != third["picture"]
    assert (first["left"] - second["left"], third["left"]) == (1, 30)
    left = shown["left"]
    assert (left["timers"], left["kept"][0], left["kept"][-1]) == (0, True, False)
    assert len(shown["stored"]) == 1
    CliRunner().invoke(terminal_cli, ["sync", str(counter)])
    exit_code, said = verdict(counter, read(first["picture"]))
    assert exit_code == 0, said
    assert people.person(0).name in json.dumps(said, ensure_ascii=False)
    assert verdict(counter, read(first["picture"]))[1]["codes"][0]["code"] == "E_REPLAY"


def test_what_is_not_ticked_is_not_shown_and_what_must_be_is(sandbox: Running, counter: Path, built: Path) -> None:
    shown = ran(built, url=f"{sandbox.page}api/package", choose=[])
    musts = {each["name"] for each in shown["asked"] if each["must"]}
    assert musts
    assert {each["name"] for each in shown["asked"] if each["chosen"]} == musts
    assert verdict(counter, read(shown["frames"][0]["picture"]))[0] == 0


def test_the_code_ends_when_the_app_goes_to_the_background(sandbox: Running, built: Path) -> None:
    left = ran(built, url=f"{sandbox.page}api/package", hide=True)["left"]
    assert (left["timers"], left["picture"], left["kept"][-1]) == (0, "", False)


def test_what_does_not_come_is_said_and_nothing_is_kept(sandbox: Running, built: Path) -> None:
    """An address of something else, and one where nobody is."""
    for url in (f"{sandbox.page}api/state", f"{sandbox.service.url}/published/root.cbor", "http://127.0.0.1:9/"):
        shown = ran(built, url=url)
        assert (shown["frames"], shown["stored"]) == ([], [])
        assert shown["problem"]


def test_every_page_shows_what_it_has_and_calls_what_it_does() -> None:
    for name in json.loads((SAMPLE / "app.json").read_text("utf-8"))["pages"]:
        markup = (SAMPLE / f"{name}.wxml").read_text("utf-8")
        ElementTree.fromstring(markup.replace("wx:", "wx-"))
        script = (SAMPLE / f"{name}.js").read_text("utf-8")
        for handler in re.findall(r'bind\w+="(\w+)"', markup):
            assert re.search(rf"^  (async )?{handler}\(", script, re.MULTILINE), (name, handler)
        data = re.search(r"data: \{(.*?)\},\n", script)
        assert data is not None
        names = set(re.findall(r"(\w+):", data[1]))
        for shown in re.findall(r"\{\{!?(\w+)", markup):
            assert shown in names | {"item"}, (name, shown)
        for rest in (".json", ".wxss"):
            assert (SAMPLE / f"{name}{rest}").is_file()
    assert json.loads((SAMPLE / "project.config.json").read_text("utf-8"))["appid"] == "touristappid"
