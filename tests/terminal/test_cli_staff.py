"""`terminal staff`: from a new key to signing on, and what the journal says of it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from protocol import cbor, keys, staff_certificate
from protocol.staff_certificate import Role, StaffCertificate, StaffUse
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.terminal import staff_world
from tests.terminal.publishing import publish
from tests.terminal.staff_world import PASSPHRASE
from tests.terminal.test_cli import Counter
from tests.utopia.world import World
from verifier_terminal import wiring
from verifier_terminal.cli import cli

NUMBER = "0417"


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    """A terminal as `init` makes it, in a region that certifies staff."""
    world = World(at=wiring.now())
    published = publish(world, tmp_path / "published")
    (published / "trust.cbor").write_bytes(staff_world.trust_bytes(world))
    made = Counter(world, tmp_path / "terminal", published)
    assert made.run("init", "--trust", published, "--profile", "window", "--name", "7号窗口").exit_code == 0
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\nnot this line\n")
    return made


def staff(counter: Counter, *arguments: object) -> Any:
    return CliRunner().invoke(cli, ["staff", str(counter.directory), *map(str, arguments)])


def added(counter: Counter, number: str = NUMBER, *more: object) -> keys.VerificationKey:
    made = staff(
        counter, "add", "--number", number, "--passphrase-file", counter.directory.parent / "passphrase", *more
    )
    assert made.exit_code == 0, made.output
    text = made.stdout.splitlines()[0]
    return keys.load_cose_key(cbor.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def certificate(counter: Counter, key: keys.VerificationKey, *, life: int = 7 * DAY) -> Path:
    at = wiring.now()
    stated = StaffCertificate(
        iss=counter.world.iss(),
        number=NUMBER,
        name="演示员0417",
        role=Role.CLERK,
        relying_party="乌有市车管所",
        uses=frozenset({StaffUse.DUTY}),
        key=key,
        nbf=UnixTime(at - HOUR),
        exp=UnixTime(at - HOUR + life),
    )
    path = counter.directory.parent / "0417.cbor"
    path.write_bytes(staff_certificate.certify(stated, staff_world.region_key(counter.world)))
    return path


def test_from_a_new_key_to_being_on_duty(counter: Counter) -> None:
    key = added(counter)
    assert json.loads(staff(counter, "list", "--json").stdout) == [
        {"number": NUMBER, "name": "", "role": "", "state": "missing", "to": None}
    ]
    installed = staff(counter, "certificate", certificate(counter, key))
    assert installed.exit_code == 0, installed.output
    assert "演示员0417" in installed.stdout
    assert "good" in staff(counter, "list").stdout
    assert staff(counter, "settings", "--required", "--idle-minutes", "30").exit_code == 0
    assert json.loads(staff(counter, "settings", "--json").stdout)["required"] is True
    with wiring.open_session(counter.directory) as session:
        assert session.shift.required
        assert session.shift.sign_on(NUMBER, PASSPHRASE).number == NUMBER
        session.shift.sign_off()
    said = [each["event"] for each in json.loads(counter.run("journal", "--json").stdout)]
    assert said == ["sign_off", "sign_on", "staff_settings", "staff_key", "staff_key"]
    shown = CliRunner().invoke(cli, ["journal", str(counter.directory)], env={"COLUMNS": "140"}).stdout
    assert all(words in shown for words in ("sign_off (self)", f"staff_key {NUMBER} certified", "sign_on", NUMBER))


def test_where_signing_on_is_required_a_command_checks_nothing(counter: Counter) -> None:
    assert staff(counter, "settings", "--required").exit_code == 0
    refused = counter.run("appraise", "--text", counter.world.code())
    assert refused.exit_code != 0
    assert "nobody is on duty" in refused.output
    assert staff(counter, "settings", "--not-required").exit_code == 0
    assert counter.run("appraise", "--text", counter.world.code()).exit_code == 0


def test_a_certificate_that_is_not_good_is_not_installed(counter: Counter) -> None:
    key = added(counter)
    assert staff(counter, "certificate", certificate(counter, key)).exit_code == 0
    over = staff(counter, "certificate", certificate(counter, key, life=HOUR - 60))
    assert (over.exit_code, "it is over" in over.output) == (1, True)
    (counter.directory.parent / "0417.cbor").write_bytes(b"\xa0")
    assert "it is no staff certificate" in staff(counter, "certificate", counter.directory.parent / "0417.cbor").output
    (only,) = json.loads(staff(counter, "list", "--json").stdout)
    assert only["state"] == "good"


def test_on_a_stick_and_away_again(counter: Counter) -> None:
    stick = counter.directory.parent / "stick"
    added(counter, NUMBER, "--on", stick)
    assert (stick / f"{NUMBER}.staff").is_file()
    assert staff(counter, "list").stdout == ""
    assert staff(counter, "settings", "--stick", stick).exit_code == 0
    assert NUMBER in staff(counter, "list").stdout
    assert staff(counter, "remove", "--number", NUMBER).exit_code == 0
    gone = staff(counter, "remove", "--number", NUMBER)
    assert (gone.exit_code, "no key for this staff number" in gone.output) == (1, True)
    assert "no-sticks" in staff(counter, "settings", "--stick", stick, "--no-sticks").output
    assert json.loads(staff(counter, "settings", "--no-sticks", "--json").stdout)["sticks"] == []


def test_a_passphrase_is_asked_for_twice(counter: Counter) -> None:
    arguments = ["staff", str(counter.directory), "add", "--number", NUMBER]
    typed = CliRunner().invoke(cli, arguments, input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert typed.exit_code == 0, typed.output
    assert PASSPHRASE not in typed.output
    short = CliRunner().invoke(cli, [*arguments[:-1], "0418"], input="short\nshort\n")
    assert (short.exit_code, "too short" in short.output) == (1, True)


def test_settings_that_mean_nothing_stop_the_terminal_and_say_so(counter: Counter) -> None:
    (counter.directory / "staff.json").write_text("{}")
    refused = counter.run("status")
    assert refused.exit_code != 0
    assert "staff.json" in refused.output
