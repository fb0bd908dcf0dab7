"""Where a sandbox runs and where it does not, and that chance repeats."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from issuer import wiring as issuer_wiring
from issuer.cli import cli
from issuer.errors import IssuerError
from issuer.profile import Places, Profile
from issuer.sandbox import faults, folder, wiring
from issuer.sandbox.errors import FaultUnknown, SandboxFolderRefused
from issuer.sandbox.faults import USUAL, Fault, Misfortune
from tests.issuer.builders import AT


def test_a_real_authoritys_folder_is_not_touched(tmp_path: Path) -> None:
    its = tmp_path / "authority"
    issuer_wiring.initialise(
        its, region="310000", authority="GA", passphrase=None, fictional=True, register_url=None
    ).close()
    before = {path: path.read_bytes() for path in its.rglob("*") if path.is_file()}
    for mark in (False, True):
        if mark:
            (its / folder.MARK_FILE).write_bytes(folder.MARK_TEXT)
        ran = CliRunner().invoke(cli, ["sandbox", str(its), "--port", "0"])
        assert ran.exit_code == 1
        assert ("310000.GA" if mark else "no sandbox made it") in ran.stderr
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("region", "authority", "fictional"),
    [("310000", "SANDBOX", True), ("990000", "GA", True), ("990000", "SANDBOX", False)],
)
def test_one_thing_of_another_authority_is_enough(tmp_path: Path, region: str, authority: str, fictional: bool) -> None:
    (tmp_path / folder.MARK_FILE).touch()
    with pytest.raises(SandboxFolderRefused):
        folder.is_ours(tmp_path, read=lambda _: Profile(region, authority, AT, fictional))
    assert folder.is_ours(tmp_path, read=lambda _: Profile("990000", "SANDBOX", AT, fictional=True))


def test_a_folder_without_a_whole_issuer_is_refused_and_an_empty_one_is_not(tmp_path: Path) -> None:
    def broken(_: Places) -> Profile:
        raise IssuerError("damaged")

    assert not folder.is_ours(tmp_path, read=broken)
    assert not folder.is_ours(tmp_path / "none", read=broken)
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(SandboxFolderRefused, match="no sandbox made it"):
        folder.is_ours(tmp_path, read=broken)
    (tmp_path / folder.MARK_FILE).touch()
    with pytest.raises(SandboxFolderRefused, match="no whole sandbox"):
        folder.is_ours(tmp_path, read=broken)


def test_keys_stay_with_their_folder_and_are_new_in_every_other(tmp_path: Path) -> None:
    roots = []
    for given in (tmp_path / "one", tmp_path / "one", tmp_path / "two", None):
        with wiring.opened(given) as issuer:
            roots.append(issuer.root.thumbprint)
            kept = issuer.places.folder
            assert issuer.profile.iss == "990000.SANDBOX"
    assert roots[0] == roots[1]
    assert len(set(roots)) == 3
    assert not kept.exists(), "without a folder nothing is left"


def test_rates_are_written_by_name() -> None:
    assert faults.rates((), calm=False) == USUAL
    assert faults.rates(("busy=0.5",), calm=True) == {Fault.BUSY: 0.5}
    assert faults.rates(("busy=0",), calm=False) == {**USUAL, Fault.BUSY: 0.0}
    for wrong in ("busy", "busy=2", "busy=-1", "busy=nan", "bad-luck=0.1", "=0.1"):
        with pytest.raises(FaultUnknown):
            faults.rates((wrong,), calm=True)


def test_five_in_a_hundred_fail_and_each_place_has_its_own_draw() -> None:
    usual = Misfortune(USUAL, 7)
    drawn = [usual.of_request(number, is_token=False) for number in range(20_000)]
    met = Counter(drawn)
    failing = sum(met[fault] for fault in (Fault.BUSY, Fault.DROPPED, Fault.CUT_SHORT, Fault.LOST))
    assert 0.04 < failing / len(drawn) < 0.06
    assert drawn[::-1] == [usual.of_request(number, is_token=False) for number in reversed(range(20_000))]
    assert drawn != [Misfortune(USUAL, 8).of_request(number, is_token=False) for number in range(20_000)]
    tokens = Counter(usual.of_request(number, is_token=True) for number in range(20_000))
    assert tokens.keys() == {None, Fault.BUSY, Fault.DROPPED, Fault.SLOW, Fault.SKEWED}
    offers = Counter(usual.of_offer(number) for number in range(2_000))
    assert offers.keys() == {None, Fault.DEFERRED, Fault.WRONG_TX_CODE}


@pytest.mark.skipif(os.name != "posix", reason="a keyboard's interrupt is a signal")
def test_the_command_says_where_it_is_and_ends_at_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "liangzheng", "issuer", "sandbox", "--port", "0", "--seed", "5"],
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # What a script starts in the background is started deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - nothing else runs in it yet
    ) as running:
        assert running.stdout is not None
        said = ""
        while "Ctrl+C" not in said:
            line = running.stdout.readline()
            assert line, running.stderr and running.stderr.read()
            said += line
        running.send_signal(signal.SIGINT)
        _, complaint = running.communicate()
    assert "990000.SANDBOX: nothing here is valid anywhere" in said
    assert "/sandbox/" in said
    assert "(--seed 5)" in said
    assert "busy 2%" in said
    assert "Traceback" not in complaint
    assert list(tmp_path.iterdir()) == [], "the keys of a run are gone with it"
