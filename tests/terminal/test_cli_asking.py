"""The commands that ask: key, certificate, site, challenge, and the receipt at the end."""

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import qrcode
from click.testing import CliRunner, Result

from protocol import cbor, keys, receipt
from protocol.labels import AnimatedKind, Lic, Purpose
from protocol.terminal_certificate import Items
from protocol.unixtime import UnixTime
from tests.terminal import asking_world
from tests.terminal.asking_world import REASON, SHOWN, anchor, frames, id_card, members, seal, short_answer
from tests.terminal.publishing import publish
from tests.terminal.test_cli import Counter, codes
from tests.utopia import kinds as utopian_kinds
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import World
from verifier_terminal import wiring
from verifier_terminal.asking import OpenedRequest
from verifier_terminal.cli import cli

NAME = str(utopian_kinds.driving_licence_items()[1])
KIND = ("--kind", "driving-licence")


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    """A terminal as `init` makes it, in a region that certifies terminals."""
    world = World(at=wiring.now())
    published = publish(world, tmp_path / "published")
    (published / "trust.cbor").write_bytes(asking_world.trust_bytes(world))
    made = Counter(world, tmp_path / "terminal", published)
    result = made.run("init", "--trust", published, "--profile", "window", "--name", "7号窗口", "--site", "nf6y")
    assert result.exit_code == 0, result.output
    assert "terminal key" in result.output
    return made


def public_key(counter: Counter) -> Any:
    said = json.loads(counter.run("key", "--json").stdout)["key"]
    return keys.load_cose_key(cbor.decode(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))))


def install(counter: Counter, **changes: object) -> Result:
    path = counter.directory.parent / "certificate"
    path.write_bytes(asking_world.certificate(counter.world, public_key(counter), **changes))  # type: ignore[arg-type]
    return counter.run("certificate", path)


@pytest.fixture
def certified(counter: Counter) -> Counter:
    assert install(counter).exit_code == 0
    return counter


@dataclass
class Asking:
    """A running `challenge`."""

    process: "subprocess.Popen[str]"
    world: World

    def first(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))

    def opened(self) -> OpenedRequest:
        said = self.first()
        wanted: Items = {DRIVING_LICENCE: frozenset()}
        text = said["challenge"] or said["short_code"]
        return OpenedRequest(
            1, text, said["challenge"] is None, Purpose.WINDOW, said["reason"], wanted, said["seconds"]
        )

    def answer(self, *lines: str) -> tuple[int, dict[str, Any]]:
        out, _ = self.process.communicate("".join(f"{line}\n" for line in lines), timeout=60)
        return self.process.returncode, json.loads(out)


def ask(counter: Counter, *arguments: str | Path) -> Asking:
    command = [sys.executable, "-m", "liangzheng", "terminal", "challenge", str(counter.directory), "--json"]
    counter.world.clock.at = wiring.now()
    process = subprocess.Popen(
        [*command, "--answer", "-", *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return Asking(process, counter.world)


def test_the_key_is_the_terminals_own_and_stays(counter: Counter) -> None:
    first = counter.run("key", "--json").stdout
    assert counter.run("key", "--json").stdout == first
    plain = CliRunner().invoke(cli, ["key", str(counter.directory)])
    assert plain.stdout.strip() == json.loads(first)["key"]
    assert json.loads(first)["purpose"] == "window"


def test_a_terminal_made_before_gets_its_key_on_first_need(counter: Counter) -> None:
    (counter.directory / "terminal.key").unlink()
    settings = json.loads((counter.directory / "terminal.json").read_bytes())
    del settings["site"]
    (counter.directory / "terminal.json").write_text(json.dumps(settings))
    assert counter.run("status").exit_code == 0
    assert not (counter.directory / "terminal.key").exists()
    assert public_key(counter) == public_key(counter)
    assert counter.run("site").stdout.startswith("none")


def test_status_says_what_is_missing_and_until_when_it_is_good(counter: Counter) -> None:
    before = json.loads(counter.run("status", "--json").stdout)["certificate"]
    assert (before["trouble"], before["good_until"]) == ("missing", None)
    assert "NOT GOOD: none is installed" in " ".join(counter.run("status").output.split())
    assert install(counter).exit_code == 0
    after = json.loads(counter.run("status", "--json").stdout)["certificate"]
    assert (after["trouble"], after["terminal"]) == (None, asking_world.TERMINAL_NAME)
    assert after["good_until"] is not None
    assert "good until" in " ".join(counter.run("status").output.split())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"purposes": (Purpose.KIOSK,)}, "not for the purpose"),
        ({"iat": UnixTime(1), "exp": UnixTime(2)}, "it is over"),
        ({"iss": "980000.GA"}, "no region that is trusted"),
    ],
)
def test_a_certificate_that_is_not_good_is_not_installed(
    certified: Counter, changes: dict[str, object], why: str
) -> None:
    before = (certified.directory / "certificate.cbor").read_bytes()
    result = install(certified, **changes)
    assert result.exit_code == 1
    assert why in result.output
    assert (certified.directory / "certificate.cbor").read_bytes() == before


def test_another_terminals_certificate_is_not_installed(counter: Counter, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(asking_world.certificate(counter.world, counter.world.holder().public_key))
    result = counter.run("certificate", tmp_path / "other")
    assert result.exit_code == 1
    assert "another key" in result.output


def test_a_site_is_kept_in_its_one_form(counter: Counter) -> None:
    assert counter.run("site").stdout == "NF6Y\n"
    assert counter.run("site", "o1l-2").stdout == "0112\n"
    assert counter.run("site", "U000").exit_code == 1
    assert counter.run("site").stdout == "0112\n"
    assert counter.run("site", "-").stdout.startswith("none")


def test_a_challenge_is_answered_sealed_and_receipted(certified: Counter, tmp_path: Path) -> None:
    out, copy = tmp_path / "receipt.cbor", tmp_path / "copy.cbor"
    asking = ask(certified, *KIND, "--item", "name", "--reason", REASON, "--receipt", out, "--copy", copy)
    said = asking.first()
    assert (said["reason"], said["wanted"]) == (REASON, {"driving-licence": ["name"]})
    opened = OpenedRequest(1, said["challenge"], False, Purpose.WINDOW, REASON, {}, 120.0)
    exit_code, verdict = asking.answer(asking_world.answer(certified.world, opened))
    assert (exit_code, verdict["class"], verdict["answered"], verdict["sealed"]) == (0, "accept", "challenge", True)
    own = anchor(certified.world)
    found = receipt.verify(out.read_bytes(), terminal_keys={(own.iss, own.kid): own}, at=wiring.now())
    assert found.receipt.reason == REASON
    assert found.receipt.challenge is not None
    assert receipt.decode_copy(copy.read_bytes()).receipt == out.read_bytes()
    assert {path.stat().st_mode & 0o777 for path in (out, copy)} == {0o600}
    assert [row["event"] for row in certified.rows("receipt")] == ["receipt"]


def test_a_wrong_answer_exits_1(certified: Counter) -> None:
    asking = ask(certified, *KIND)
    asking.first()
    binding = certified.world.key_binding(aud=f"lz:t/{asking_world.TERMINAL_NAME}", cnonce=bytes(16))
    exit_code, verdict = asking.answer(certified.world.code(binding=binding))
    assert (exit_code, codes(verdict)) == (1, ["E_CNONCE"])


def test_nobody_answers(certified: Counter) -> None:
    asking = ask(certified, *KIND)
    asking.first()
    exit_code, said = asking.answer()
    assert (exit_code, said["class"], said["error"]) == (4, "not_read", "nobody answered")
    assert certified.rows("verdict") == []


def test_a_short_code(certified: Counter) -> None:
    asking = ask(certified, "--short")
    opened = asking.opened()
    assert opened.text.startswith("NF6Y-")
    exit_code, verdict = asking.answer(short_answer(certified.world, opened.text))
    assert (exit_code, verdict["answered"]) == (0, "short_code")


def test_a_bundle_by_frames_from_a_pipe(certified: Counter) -> None:
    asking = ask(certified, *KIND, "--kind", "id-card")
    opened = asking.opened()
    binding = asking_world.read_challenge(certified.world, opened).binding(certified.world.clock.at)
    content = members(certified.world, id_card(certified.world), binding)
    exit_code, verdict = asking.answer(*frames(content, AnimatedKind.BUNDLE, 6))
    assert (exit_code, verdict["form"], verdict["answered"]) == (0, "bundle", "challenge")
    assert [each["kind"] for each in verdict["members"]] == ["driving-licence", "id-card"]
    assert verdict["members"][0]["claims"]["name"] == NAME


def test_the_answer_may_be_a_picture_or_a_file_that_comes_later(certified: Counter, tmp_path: Path) -> None:
    for option, name in (("--image", "answer.png"), ("--answer-file", "answer.txt")):
        drawn = tmp_path / f"challenge {name}"
        command = [sys.executable, "-m", "liangzheng", "terminal", "challenge", str(certified.directory), *KIND]
        certified.world.clock.at = wiring.now()
        arguments = ["--json", "--png", str(drawn), option, str(tmp_path / name)]
        with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True) as process:
            asking = Asking(process, certified.world)
            opened = asking.opened()
            assert read_picture(drawn) == opened.text
            other = certified.world.credential(holder=certified.world.holder(name))
            answer = asking_world.answer(certified.world, opened, other, shown=SHOWN)
            if option == "--image":
                qrcode.make(answer, border=4, box_size=4).save(tmp_path / name)
            else:
                (tmp_path / name).write_text(f"{answer}\n")
            out, _ = process.communicate(timeout=60)
        assert (process.returncode, json.loads(out)["answered"]) == (0, "challenge")


def read_picture(path: Path) -> str:
    import cv2
    import zxingcpp

    (found,) = zxingcpp.read_barcodes(cv2.imread(str(path)), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return str(found.text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "exactly one of"),
        (("--answer", "x", "--image", "y"), "exactly one of"),
        (("--answer", "x"), "say which kind"),
        (("--answer", "x", "--kind", "passport"), "not asked for"),
        (("--answer", "x", *KIND, "--item", "shoe_size"), "may not be asked"),
        (("--answer", "x", "--short", *KIND), "no certain kinds"),
        (("--answer", "x", *KIND, "--copy", "c"), "--copy needs --receipt"),
        (("--answer", "x", *KIND, "--receipt", __file__), "is there already"),
    ],
)
def test_wrong_use_exits_2_and_asks_nobody(certified: Counter, arguments: tuple[str, ...], said: str) -> None:
    result = certified.run("challenge", *arguments)
    assert (result.exit_code, said in result.output) == (2, True), result.output


def test_without_a_certificate_it_says_what_to_do(counter: Counter) -> None:
    result = counter.run("challenge", "--answer", "x", *KIND)
    assert result.exit_code == 1
    assert "terminal certificate" in result.output


def test_appraise_writes_a_receipt(certified: Counter, tmp_path: Path) -> None:
    out = tmp_path / "receipt.cbor"
    text = certified.world.code()
    assert certified.run("appraise", "--text", text, "--receipt", out).exit_code == 2
    result = certified.run("appraise", "--text", text, "--receipt", out, "--reason", REASON)
    assert (result.exit_code, out.exists()) == (0, True), result.output
    assert NAME not in out.read_bytes().decode("utf-8", "replace")


def test_that_there_is_no_receipt_changes_no_verdict(counter: Counter, tmp_path: Path) -> None:
    out = tmp_path / "receipt.cbor"
    result = counter.run("appraise", "--text", counter.world.code(), "--receipt", out, "--reason", REASON)
    assert (result.exit_code, out.exists()) == (0, False)
    assert "no receipt" in result.stderr


def test_pictures_of_an_animated_code_by_lines(certified: Counter) -> None:
    issued = certified.world.credential()
    content = certified.world.presentation(issued, shown=(*SHOWN, Lic.ADDRESS))
    lines = "\n".join(frames(content, AnimatedKind.PRESENTATION, 4))
    exit_code, verdict = certified.appraise("--text", "-", stdin=lines.encode())
    assert (exit_code, verdict["class"]) == (0, "accept")
    exit_code, verdict = certified.appraise("--text", "-", stdin=lines.splitlines()[0].encode())
    assert (exit_code, verdict["class"], "no whole one" in verdict["error"]) == (4, "not_read", True)


def test_sealing_to_this_request_is_what_makes_it_readable(certified: Counter) -> None:
    asking = ask(certified, *KIND)
    opened = asking.opened()
    text = seal(certified.world, opened, b"\xff")
    exit_code, verdict = asking.answer(text)
    assert exit_code == 4
    assert codes(verdict) == ["E_CBOR"]
