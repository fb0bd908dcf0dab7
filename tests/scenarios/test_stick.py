"""By stick alone: an issuer publishes, a car without a network is set up, and a second stick brings what is newer."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from liangzheng.cli import main
from protocol import cbor, keys


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def done(*arguments: object) -> Result:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def issuer(tmp_path: Path) -> Path:
    folder = tmp_path / "issuer"
    done("issuer", "init", folder, "--region", "990000", "--authority", "GA")
    done("issuer", "publish", folder)
    return folder


def thumbprint(issuer: Path) -> str:
    return keys.load_cose_key(cbor.decode((issuer / "published/root.cbor").read_bytes())).thumbprint.hex()


def test_from_the_issuer_to_a_car_without_a_network(issuer: Path, tmp_path: Path) -> None:
    stick, car = tmp_path / "stick", tmp_path / "car"
    stick.mkdir()
    said = json.loads(done("issuer", "feed", "export", issuer, stick, "--json").output)
    assert said["file"] == str(stick / "LZ990000.BDL")
    source = ("--trust", "https://feed.example/990000", "--root", thumbprint(issuer))
    done("terminal", "init", car, *source, "--profile", "roadside", "--bundle", said["file"])
    held = _standing(car, said["file"])
    assert (held["epoch"], held["seq"], held["grade"]) == (said["epoch"], said["seq"], "fresh")

    done("issuer", "feed", "tick", issuer)
    done("issuer", "publish", issuer)
    since = f"{held['epoch']}.{held['seq']}"
    small = json.loads(done("issuer", "feed", "export", issuer, stick / "SINCE.BDL", "--since", since, "--json").output)
    assert small["bytes"] <= said["bytes"]
    assert _standing(car, small["file"])["seq"] == small["seq"]


def _standing(car: Path, bundle: str) -> dict[str, object]:
    (region,) = json.loads(done("terminal", "import", car, bundle, "--json").output)["regions"]
    assert isinstance(region, dict)
    return region


def test_what_cannot_be_exported_is_explained(issuer: Path, tmp_path: Path) -> None:
    wrong = run("issuer", "feed", "export", issuer, tmp_path, "--since", "5000")
    assert wrong.exit_code == 2
    assert "EPOCH.SEQ" in wrong.output
    nothing = run("issuer", "feed", "export", tmp_path, tmp_path)
    assert nothing.exit_code == 1
    assert "root.cbor is not there" in nothing.output
    name = run("issuer", "feed", "export", issuer, tmp_path / "bundle.zip")
    assert name.exit_code == 1
    assert "is not a name that every stick keeps" in name.output
