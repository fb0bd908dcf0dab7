"""Killed at any moment, the wallet opens and lost nothing that it said was done (200 kills: bench/kill_loop.py)."""

from pathlib import Path

from tests.wallet.killing import kill_loop


def test_no_kill_loses_what_was_told_as_done(tmp_path: Path) -> None:
    result = kill_loop(tmp_path, kills=4, seed=4)
    assert result.findings == []
    assert result.kills == 4
    assert result.signed > 0
    assert result.told > result.kills
