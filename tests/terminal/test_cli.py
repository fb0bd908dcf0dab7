"""The command: exit codes, the documented JSON, devices that fail, and what must never be printed."""

import io
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import qrcode
from click.testing import CliRunner, Result

from hardware.simulated.scanner import VirtualScanner
from protocol import unixtime
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.terminal.publishing import publish
from tests.utopia import kinds as utopian_kinds
from tests.utopia.world import WUYOU, World
from verifier_terminal import wiring
from verifier_terminal.cli import cli

NAME = str(utopian_kinds.driving_licence_items()[1])
KEYS = {
    "class", "proceed", "codes", "established", "not_established", "ages", "status_grade", "claims", "hidden_items",
    "kind", "region", "valid_to", "purpose", "person_check", "recheck", "skew", "check_number", "at", "source",
    "foreign", "exercise", "error", "form", "sealed", "answered", "members", "mandate",
}  # fmt: skip


@dataclass
class Counter:
    """A terminal directory with a fresh issuer folder, on the real clock."""

    world: World
    directory: Path
    published: Path

    def run(self, command: str, *arguments: str | Path, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(cli, [command, str(self.directory), *map(str, arguments)], input=stdin)

    def appraise(self, *arguments: str | Path, stdin: bytes | None = None) -> tuple[int, dict[str, Any]]:
        result = self.run("appraise", *arguments, "--json", stdin=stdin)
        return result.exit_code, json.loads(result.stdout)

    def rows(self, event: str) -> list[dict[str, Any]]:
        everything = json.loads(self.run("journal", "--json").stdout)
        return [row for row in everything if row["event"] == event]


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    world = World(at=wiring.now())
    made = Counter(world, tmp_path / "terminal", publish(world, tmp_path / "published"))
    result = made.run("init", "--trust", made.published, "--profile", "window", "--name", "3号窗口")
    assert result.exit_code == 0, result.output
    assert "trusted as provisioned" in result.output
    return made


def codes(verdict: dict[str, Any]) -> list[str]:
    return [each["code"] for each in verdict["codes"]]


def draw(text: str, path: Path) -> Path:
    qrcode.make(text, border=4, box_size=6).save(path)
    return path


def test_a_good_code_exits_0_with_the_documented_object(counter: Counter) -> None:
    exit_code, verdict = counter.appraise("--text", counter.world.code())
    assert (exit_code, verdict["class"], verdict["error"]) == (0, "accept", None)
    assert verdict.keys() == KEYS
    assert verdict["claims"]["name"] == NAME
    assert (verdict["kind"], verdict["region"], verdict["purpose"]) == ("driving-licence", WUYOU, "window")
    for each in verdict["codes"]:
        assert set(each) == {"code", "tier", "text", "action", "citizen"}
        assert set(each["text"]) == {"zh_hans", "zh_hant", "en"}
    assert counter.rows("verdict")[0]["check_number"] == verdict["check_number"]


def test_the_second_call_exits_1_with_e_replay(counter: Counter) -> None:
    text = counter.world.code()
    counter.appraise("--text", text)
    exit_code, verdict = counter.appraise("--text", text)
    assert exit_code == 1
    assert "E_REPLAY" in codes(verdict)


def test_the_clerk_reads_what_to_do_and_nothing_needless(counter: Counter) -> None:
    text = counter.world.code()
    assert "VALID" in counter.run("appraise", "--text", text).output
    refused = counter.run("appraise", "--text", text)
    assert "REFUSED" in refused.output
    assert "Ask the holder to refresh the code" in refused.output
    assert NAME not in refused.output


def test_two_processes_agree_on_a_replay(counter: Counter) -> None:
    command = [sys.executable, "-m", "liangzheng", "terminal", "appraise", str(counter.directory), "--json", "--text"]
    text = counter.world.code()
    runs = [subprocess.run([*command, text], capture_output=True, check=False) for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 1], [run.stderr for run in runs]
    assert "E_REPLAY" in codes(json.loads(runs[1].stdout))


def test_a_revoked_licence_exits_1_after_a_sync(counter: Counter) -> None:
    publish(counter.world, counter.published, values={4711: Status.REVOKED}, seq=2, age=30)
    assert counter.run("sync").exit_code == 0
    exit_code, verdict = counter.appraise("--text", counter.world.code())
    assert exit_code == 1
    assert "E_REVOKED" in codes(verdict)
    assert verdict["claims"] is None


def test_a_missing_mandatory_item_exits_3(counter: Counter) -> None:
    exit_code, verdict = counter.appraise("--text", counter.world.code(shown=()))
    assert (exit_code, verdict["class"]) == (3, "check")


@pytest.mark.parametrize(
    "text", ["https://example.org/\x1b[31mVALID\x07", "wxp://f2f0abc", "HC1:NCF", "\u202egnp", "a" * 1_000_000, ""]
)
def test_foreign_codes_exit_4_and_are_never_printed(counter: Counter, text: str) -> None:
    result = counter.run("appraise", "--text", "-", stdin=text.encode())
    assert result.exit_code == 4, result.output
    assert "NOT READ" in result.output
    assert "\x1b[31m" not in result.output
    assert not text or text not in result.output


def test_binary_garbage_on_standard_input_is_not_read(counter: Counter) -> None:
    exit_code, verdict = counter.appraise("--text", "-", stdin=bytes(range(256)))
    assert (exit_code, verdict["class"]) == (4, "not_read")
    assert verdict["foreign"]["slug"] == "binary"


def test_standard_input_loses_one_line_end_and_nothing_else(counter: Counter) -> None:
    assert counter.appraise("--text", "-", stdin=counter.world.code().encode() + b"\n")[0] == 0
    assert counter.appraise("--text", "-", stdin=counter.world.code().encode() + b"\n\n")[0] == 4


def test_an_exercise_leaves_no_trace(counter: Counter) -> None:
    text = counter.world.code()
    at = unixtime.iso_utc(UnixTime(counter.world.clock.at + unixtime.HOUR))
    exit_code, verdict = counter.appraise("--text", text, "--at", at)
    assert (exit_code, verdict["exercise"], verdict["check_number"]) == (1, True, None)
    assert (verdict["at"], codes(verdict)[0]) == (at, "E_KBT_STALE")
    assert counter.rows("verdict") == []
    assert counter.appraise("--text", text)[0] == 0
    assert "EXERCISE" in counter.run("appraise", "--text", text, "--at", at).output


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--text", "a", "--image", "b.png"),
        ("--text", "a", "--at", "yesterday"),
        ("--nonsense",),
        ("stray.png", "--text", "a"),
    ],
)
def test_wrong_use_exits_2(counter: Counter, arguments: Sequence[str]) -> None:
    assert counter.run("appraise", *arguments).exit_code == 2


def test_a_directory_without_a_terminal_exits_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["appraise", str(tmp_path), "--text", "a"])
    assert result.exit_code == 2
    assert "terminal init" in result.output


def test_several_images_end_with_the_worst(counter: Counter, tmp_path: Path) -> None:
    good = draw(counter.world.code(), tmp_path / "good.png")
    foreign = draw("https://example.org/", tmp_path / "foreign.png")
    result = counter.run("appraise", "--json", "--image", good, foreign)
    verdicts = [json.loads(line) for line in result.stdout.splitlines()]
    assert [verdict["class"] for verdict in verdicts] == ["accept", "not_read"]
    assert result.exit_code == 4
    assert [row["source"] for row in counter.rows("verdict")] == ["image 2", "image 1"]


def test_an_image_without_a_code_or_none_at_all_is_not_read(counter: Counter, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("L", (200, 200), 255).save(tmp_path / "empty.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG not really")
    result = counter.run(
        "appraise", "--json", "--image", tmp_path / "empty.png", tmp_path / "broken.png", tmp_path / "absent.png"
    )
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["class"] for each in objects] == ["not_read"] * 3
    assert all(each["error"] and each.keys() == KEYS for each in objects)
    assert result.exit_code == 4
    assert counter.rows("verdict") == []


@pytest.mark.parametrize("source", [("--serial", "/dev/there-is-none"), ("--camera", "/there/is/none.mp4")])
def test_a_missing_device_is_named_and_no_refusal(counter: Counter, source: Sequence[str]) -> None:
    exit_code, told = counter.appraise(*source, "--wait", "5")
    assert (exit_code, told["class"]) == (4, "not_read")
    assert "nothing under this name" in told["error"]


def test_a_scanner_on_a_line_gives_a_verdict(counter: Counter) -> None:
    with VirtualScanner() as scanner:
        done = threading.Event()

        def scan() -> None:
            while not done.wait(0.3):
                scanner.scan(text)

        text = counter.world.code()
        scanning = threading.Thread(target=scan)
        scanning.start()
        try:
            exit_code, verdict = counter.appraise("--serial", scanner.port_path, "--wait", "30")
        finally:
            done.set()
            scanning.join()
    assert (exit_code, verdict["class"]) == (0, "accept")


def test_journal_void_and_explain(counter: Counter) -> None:
    number = counter.appraise("--text", counter.world.code())[1]["check_number"]
    assert counter.run("void", number.lower(), "--reason", "wrong window").exit_code == 0
    assert counter.run("void", number, "--reason", "again").exit_code == 1
    explained = json.loads(counter.run("explain", number, "--json").stdout)
    assert [row["event"] for row in explained["rows"]] == ["verdict", "void"]
    assert [each["event"] for each in explained["afterwards"]] == ["void"]
    assert NAME not in json.dumps(explained, ensure_ascii=False)
    assert number in counter.run("explain", number).output
    assert counter.run("explain", "777-777").exit_code == 1
    assert number in counter.run("journal").output
    assert counter.rows("read")
    assert "The chain is intact." in counter.run("journal", "--verify").output


def test_a_tampered_journal_exits_1(counter: Counter) -> None:
    counter.appraise("--text", "https://example.org/")
    (counter.directory / "journal.head").unlink()
    result = counter.run("journal", "--verify", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["findings"][0]["kind"] == "no anchor"


def test_status_in_words_and_for_machines(counter: Counter) -> None:
    status = json.loads(counter.run("status", "--json").stdout)
    assert status["provisioned"] is True
    assert status["status_grade"] == "fresh"
    assert next(iter(status["usable_until"])) == "fresh"
    assert "3号窗口" in counter.run("status").output


def test_a_sync_that_refuses_exits_1_and_says_so(counter: Counter) -> None:
    (counter.published / "trust.cbor").write_bytes(b"<html>sign in</html>")
    result = counter.run("sync", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["refused"][0]["reason"] == "WebPage"
    assert counter.appraise("--text", counter.world.code())[0] == 0


def test_a_recheck_alarm_is_told_by_the_next_sync(counter: Counter, tmp_path: Path) -> None:
    publish(counter.world, tmp_path / "stale", age=600)
    late = Counter(counter.world, tmp_path / "late", tmp_path / "stale")
    assert late.run("init", "--trust", late.published, "--profile", "window").exit_code == 0
    assert late.appraise("--text", counter.world.code())[1]["recheck"] is True
    publish(counter.world, late.published, values={4711: Status.REVOKED}, seq=2, age=30)
    assert "ALARM" in late.run("sync").output
    assert "ALARM" not in late.run("sync").output
    assert "ALARM" in late.run("status").output


def test_a_url_needs_the_root(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        cli, ["init", str(tmp_path / "t"), "--trust", "http://127.0.0.1:1/", "--profile", "window"]
    )
    assert result.exit_code == 2
    assert "--root" in result.output


def test_a_root_that_is_not_the_named_one_leaves_no_terminal(counter: Counter, tmp_path: Path) -> None:
    other = Counter(counter.world, tmp_path / "other", counter.published)
    result = other.run("init", "--trust", other.published, "--profile", "gate", "--root", "00" * 32)
    assert result.exit_code == 1
    assert not (tmp_path / "other").exists() or not any((tmp_path / "other").iterdir())


def test_an_empty_folder_leaves_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    arguments = ["init", str(tmp_path / "t"), "--trust", str(tmp_path / "empty"), "--profile", "window"]
    assert CliRunner().invoke(cli, arguments).exit_code == 1
    assert CliRunner().invoke(cli, ["status", str(tmp_path / "t")]).exit_code == 2


def test_a_second_init_is_refused(counter: Counter) -> None:
    assert counter.run("init", "--trust", counter.published, "--profile", "window").exit_code == 2


def test_another_root_in_the_directory_is_refused(counter: Counter) -> None:
    other = World(seed="somebody else").roots[WUYOU].public_key
    from protocol import cbor

    (counter.directory / "root.cbor").write_bytes(cbor.encode(other.cose_key))
    assert counter.run("status").exit_code == 1


def test_the_command_starts_without_the_heavy_libraries() -> None:
    script = (
        "import sys, verifier_terminal.cli\n"
        "print([name for name in ('cv2', 'numpy', 'flask', 'rich', 'sqlite_utils', 'serial') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert ran.stdout.strip() == "[]"


def test_appraising_a_text_needs_no_camera_library_and_no_web_server(counter: Counter) -> None:
    script = (
        "import sys\nfrom verifier_terminal.cli import cli\n"
        "try:\n    cli(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print([n for n in ('cv2', 'numpy', 'flask', 'sqlite_utils', 'serial') if n in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", script, "appraise", str(counter.directory), "--json", "--text", "a"]
    ran = subprocess.run(command, capture_output=True, check=True, text=True)
    assert ran.stderr.strip() == "[]"


def test_a_closed_output_is_no_verdict_lost(counter: Counter) -> None:
    """Whoever reads the output may go away: the row was written before."""
    command = [sys.executable, "-m", "liangzheng", "terminal", "appraise", str(counter.directory), "--text"]
    with subprocess.Popen([*command, counter.world.code()], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert isinstance(process.stdout, io.BufferedReader)
        process.stdout.close()
        process.wait()
    assert len(counter.rows("verdict")) == 1


@pytest.mark.parametrize(
    ("damaged", "content", "exit_code"),
    [
        ("terminal.db", b"no database" * 1_000, 5),
        ("root.cbor", b"", 5),
        ("terminal.json", b"{}", 2),
        ("terminal.json", b"[" * 100_000, 2),
        ("terminal.json", b"\xff", 2),
    ],
)
def test_a_damaged_terminal_never_exits_like_a_refusal(
    counter: Counter, damaged: str, content: bytes, exit_code: int
) -> None:
    (counter.directory / damaged).write_bytes(content)
    result = counter.run("appraise", "--text", counter.world.code())
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert result.stderr.startswith("Error: ")


@pytest.mark.parametrize("at", ["0001-01-01", "1969-12-31T23:59:59+00:00", "9999-12-31T23:59:59+00:00"])
def test_a_moment_that_no_calendar_can_write_down_is_a_usage_error(counter: Counter, at: str) -> None:
    result = counter.run("appraise", "--text", "x", "--at", at, "--json")
    assert result.exit_code == 2
    assert "from 1970 to 9999" in result.stderr


@pytest.mark.parametrize("name", ["terminal_id", "trust", "name"])
@pytest.mark.parametrize("text", ["\ud800", "\0", "\x1b[2J", "a\nb"])
def test_settings_with_hostile_text_are_no_settings(counter: Counter, name: str, text: str) -> None:
    settings = counter.directory / "terminal.json"
    settings.write_text(json.dumps({**json.loads(settings.read_bytes()), name: text}))
    for command in ("status", "sync"):
        result = counter.run(command)
        assert result.exit_code == 2
        assert f"{name} is no printable text" in result.stderr


def test_a_name_that_could_not_be_read_again_leaves_no_terminal(tmp_path: Path, counter: Counter) -> None:
    new = Counter(counter.world, tmp_path / "new", counter.published)
    assert new.run("init", "--trust", new.published, "--profile", "window", "--name", "a\x1b[2J").exit_code == 2
    assert new.run("init", "--trust", new.published, "--profile", "window", "--name", "3号窗口").exit_code == 0


def test_a_set_up_that_was_killed_before_its_settings_can_be_made_anew(counter: Counter) -> None:
    (counter.directory / "terminal.json").unlink()
    assert counter.run("status").exit_code == 2
    assert counter.run("init", "--trust", counter.published, "--profile", "window").exit_code == 0
    assert counter.appraise("--text", counter.world.code())[0] == 0
