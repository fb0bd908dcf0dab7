"""The bench of sizes in small: every goal of a size is met, and what has no goal at least runs (bench.status_sizes)."""

import pytest

from bench import status_sizes
from bench.status_sizes import Goal


@pytest.mark.parametrize(("section", "lists"), [("bases", 8), ("deltas", 54), ("checkpoints", 54), ("catching-up", 54)])
def test_sizes(section: str, lists: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    # What other codes take judges nobody here, and zlib's best level is most of the time.
    monkeypatch.setattr(status_sizes, "OTHERS", {})
    goals = status_sizes.measure(lists, [section], seed=1)
    assert goals
    assert [goal for goal in goals if not goal.met] == []
    # No code undercuts the limit: a ratio below one would be a wrong limit.
    assert [goal for goal in goals if goal.at_most < 2 and goal.figure < 1] == []
    assert capsys.readouterr().out


def test_times(capsys: pytest.CaptureFixture[str]) -> None:
    """A busy machine judges no time; the figures are there."""
    (look_up,) = status_sizes.measure(2, ["times"], seed=1)
    assert look_up.figure > 1
    assert capsys.readouterr().out.count("changes: encode") == len(status_sizes.CHANGES)


def test_a_goal_that_is_missed() -> None:
    assert not Goal("base", 1.021, 1.02).met
    assert Goal("base", 1.02, 1.02).met
