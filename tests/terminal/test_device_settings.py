"""`devices.toml` and the command that sets it: kept over a restart, whole, and checked when it is set."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.labels import Purpose
from tests.terminal.publishing import publish
from tests.utopia.world import World
from verifier_terminal import cli_devices, device_settings, setting_up, wiring
from verifier_terminal.cli import cli
from verifier_terminal.device_settings import FILE, DeviceSettings
from verifier_terminal.errors import DeviceSettingsUnusable

ALL = DeviceSettings(
    ("v4l2:/dev/v4l/by-id/a",),
    ("serial:/dev/serial/by-path/b?profile=newland", "hid:/dev/hidraw3"),
    ("lamp:busylight",),
    ("buzzer:gpio:gpiochip0/5",),
    "lock:gpio:gpiochip0/6",
    "escpos:socket://192.0.2.7:9100?paper=80",
    "display:/dev/ttyUSB1",
)


def test_without_a_file_there_are_no_devices(tmp_path: Path) -> None:
    assert device_settings.load(tmp_path) == DeviceSettings()


def test_what_is_set_is_read_again(tmp_path: Path) -> None:
    device_settings.save(tmp_path, ALL)
    assert device_settings.load(tmp_path) == ALL
    device_settings.save(tmp_path, DeviceSettings())
    assert device_settings.load(tmp_path) == DeviceSettings()
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


_words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30).filter(str.isprintable)


@settings(max_examples=25, deadline=None)
@given(st.lists(_words, max_size=4), _words)
def test_any_printable_words_survive_the_file(
    tmp_path_factory: pytest.TempPathFactory, lamps: list[str], lock: str
) -> None:
    folder = tmp_path_factory.mktemp("terminal")
    chosen = DeviceSettings(lamps=tuple(lamps), lock=lock)
    device_settings.save(folder, chosen)
    assert device_settings.load(folder) == chosen


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"lamps = [", "devices.toml"),
        (b"\xff\xfe", "devices.toml"),
        (b'lamp = "lamp:busylight"', "there is no lamp"),
        (b'lamps = "lamp:busylight"', "lamps is a list"),
        (b"lamps = [1]", "lamps is no printable text"),
        (b'lamps = [""]', "lamps is no printable text"),
        (b'lock = ["lock:simulated"]', "lock is no printable text"),
        (b'lock = "a\\u0007"', "lock is no printable text"),
        (b"lock = 1979-05-27", "lock is no printable text"),
        (b"scanners = [" + b'"x",' * 17 + b"]", "a list of at most 16"),
        (b"#" * 16_385, "longer than"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_an_error_and_not_no_devices(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(DeviceSettingsUnusable, match=why):
        device_settings.load(tmp_path)


def test_settings_that_cannot_be_read_again_are_not_written(tmp_path: Path) -> None:
    device_settings.save(tmp_path, ALL)
    with pytest.raises(DeviceSettingsUnusable):
        device_settings.save(tmp_path, DeviceSettings(lock="a\nb"))
    assert device_settings.load(tmp_path) == ALL


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    published = publish(World(at=wiring.now()), folder / "published")
    setting_up.initialise(folder / "t", trust=str(published), profile="gate", name="门", root_sha256=None)
    return folder / "t"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["devices", *arguments])


def test_the_command_shows_sets_and_takes_away(directory: Path) -> None:
    assert json.loads(run(str(directory), "--json").stdout)["lock"] is None
    result = run(str(directory), "--lock", "lock:simulated", "--lamp", "lamp:simulated", "--lamp", "lamp:busylight")
    assert result.exit_code == 0, result.output
    assert "lock:      lock:simulated" in result.stdout
    assert run(str(directory), "--printer", "escpos:/dev/usb/lp0").exit_code == 0
    assert json.loads(run(str(directory), "--json").stdout) == {
        "cameras": [], "scanners": [], "lamps": ["lamp:simulated", "lamp:busylight"], "buzzers": [],
        "lock": "lock:simulated", "printer": "escpos:/dev/usb/lp0", "display": None,
    }  # fmt: skip
    assert run(str(directory), "--none", "lamps", "--none", "lock", "--none", "printer").exit_code == 0
    assert device_settings.load(directory) == DeviceSettings()


@pytest.mark.parametrize(
    "wrong",
    [
        ("--lock", "lock:door"), ("--lamp", "lamp:candle"), ("--buzzer", "lamp:busylight"), ("--printer", "lp0"),
        ("--display", "display:"), ("--serial", "serial:/dev/ttyACM0?profile=nobody"), ("--camera", "v4l2:"),
        ("--none", "lamps", "--lamp", "lamp:busylight"), ("--none", "teapot"),
    ],
)  # fmt: skip
def test_words_that_mean_nothing_are_refused_when_they_are_set(directory: Path, wrong: tuple[str, ...]) -> None:
    before = device_settings.load(directory)
    result = run(str(directory), *wrong)
    assert result.exit_code == 2, result.output
    assert device_settings.load(directory) == before


def test_a_place_without_a_terminal_has_no_devices(tmp_path: Path) -> None:
    assert run(str(tmp_path), "--lamp", "lamp:busylight").exit_code == 2
    assert not (tmp_path / FILE).exists()


def test_what_serve_is_given_replaces_its_kind_alone(tmp_path: Path) -> None:
    device_settings.save(tmp_path, ALL)
    found = cli_devices.chosen(tmp_path, {"lamps": ("lamp:simulated",), "lock": None, "cameras": (), "scanners": ()})
    assert (found.lamps, found.lock, found.scanners) == (("lamp:simulated",), ALL.lock, ALL.scanners)


def appraise(place: Path, *arguments: str) -> Result:
    world = World(at=wiring.now())
    binding = world.key_binding(purpose=Purpose.GATE)
    return CliRunner().invoke(cli, ["appraise", str(place), "--text", world.code(binding=binding), *arguments])


def test_appraise_prints_on_the_printer_that_is_set(directory: Path, tmp_path: Path) -> None:
    assert run(str(directory), "--printer", f"escpos:simulated:{tmp_path}").exit_code == 0
    result = appraise(directory, "--print")
    # Refused, because it answers no request of this gate: its slip says what to do next.
    assert (result.exit_code, result.stderr) == (1, "printed\n")
    assert [each.name for each in tmp_path.iterdir()] == ["slip-000.png"]


def test_what_could_not_be_printed_is_said_and_changes_no_exit_code(directory: Path) -> None:
    assert run(str(directory), "--printer", "escpos:/dev/usb/lp-that-is-not-there").exit_code == 0
    result = appraise(directory, "--print")
    assert result.exit_code == 1
    assert result.stderr.startswith("not printed: escpos:/dev/usb/lp-that-is-not-there: the printer gives no answer")


def test_without_a_printer_nothing_is_appraised_either(directory: Path) -> None:
    assert run(str(directory), "--none", "printer").exit_code == 0
    rows = CliRunner().invoke(cli, ["journal", str(directory), "--json"]).stdout.count('"verdict"')
    assert appraise(directory, "--print").exit_code == 2
    assert CliRunner().invoke(cli, ["journal", str(directory), "--json"]).stdout.count('"verdict"') == rows
