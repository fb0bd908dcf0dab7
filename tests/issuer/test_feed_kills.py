"""A publisher that is killed at any moment loses nothing and contradicts itself nowhere (`bench/publish_kills.py`)."""

from pathlib import Path

from tests.issuer.feed_killing import kill_loop


def test_killed_publishers_lose_nothing_and_never_contradict_themselves(tmp_path: Path) -> None:
    killed = kill_loop(tmp_path / "i", kills=12, seed=12)
    assert killed.findings == []
    assert killed.kills == 12
    assert 0 < killed.seq <= killed.ticks + 12
    assert killed.acknowledged > 0
    # What was left half written is gone again.
    assert not list((tmp_path / "i/published/feed").glob(".*"))
