"""Eight hours without a network, two thousand checks, and the evening: every acceptance on old knowledge is appraised
again, every change is an alarm, and nothing that was shown is missing from the journal."""

from pathlib import Path

import pytest

from protocol.errors import Code
from protocol.status_list import Status
from protocol.unixtime import HOUR
from tests.terminal.conftest import Terminal
from tests.utopia.world import World
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.sync.mirror import FolderMirror

CHECKS, LICENCES = 2_000, 400
SECONDS_EACH = 8 * HOUR // CHECKS
REVOKED_MEANWHILE = range(0, LICENCES, 20)
FORGED_EVERY = 50


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    directory = tmp_path / "terminal"
    directory.mkdir()
    return Terminal(World(), directory, tmp_path / "published")


def test_a_day_without_a_network(terminal: Terminal, tmp_path: Path) -> None:
    world = terminal.world
    session = terminal.open()
    assert not session.sync(terminal.publish(age=0)).refused
    issued = [
        world.credential(claims=world.claims(holder=world.holder(), idx=1_000 + each)) for each in range(LICENCES)
    ]
    shown: dict[str, int | None] = {}
    accepted_old: set[str] = set()
    for number in range(CHECKS):
        terminal.pass_seconds(SECONDS_EACH)
        licence = number % LICENCES
        code = world.code(issued[licence])
        if number % FORGED_EVERY == 0:
            # One character of the holder's signature.
            code = code[:-2] + ("0" if code[-2] != "0" else "1") + code[-1]
        verdict = session.scan(code, source="twin").verdict
        assert verdict.check_number not in shown
        shown[verdict.check_number] = licence if verdict.verdict_class is VerdictClass.ACCEPT else None
        if verdict.verdict_class is VerdictClass.ACCEPT and verdict.recheck:
            accepted_old.add(verdict.check_number)
        if number % 200 == 0:
            assert not session.sync(FolderMirror(tmp_path / "nothing")).taken_in
    # What went through, and that whoever forged was told apart from whoever was only early.
    accepted = [each for each, licence in shown.items() if licence is not None]
    assert len(accepted) == CHECKS - CHECKS // FORGED_EVERY
    fresh = 300 // SECONDS_EACH
    assert CHECKS - CHECKS // FORGED_EVERY - fresh <= len(accepted_old) <= len(accepted)
    assert session.status().recheck_queue == len(accepted_old)

    session.close()
    terminal.opened.clear()
    session = terminal.open()  # The machine was switched off for the night; what waits is still there.
    terminal.pass_seconds(60)
    revoked = {1_000 + each: int(Status.REVOKED) for each in REVOKED_MEANWHILE}
    assert not session.sync(terminal.publish(values=revoked, seq=2, age=0)).refused
    status = session.status()
    expected = {number for number in accepted_old if shown[number] in REVOKED_MEANWHILE}
    assert expected
    assert {alarm.check_number for alarm in status.alarms} == expected
    assert all(alarm.answer is Status.REVOKED for alarm in status.alarms)
    assert status.recheck_queue == 0
    chain = session.verify_journal()
    assert (chain.findings, chain.rows > CHECKS) == ((), True)
    assert {act.check_number for act in session.acts("", 10_000)} == set(shown)
    for number in sorted(expected):
        session.acknowledge(number)
    assert session.status().alarms == ()
    verdict = session.scan(world.code(issued[0]), source="twin").verdict
    assert (verdict.verdict_class, verdict.findings[0].code) == (VerdictClass.REFUSE, Code.E_REVOKED)
    session.close()
