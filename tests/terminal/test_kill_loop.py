"""kill -9 at any moment loses no check that had been shown, and leaves the chain intact."""

from pathlib import Path

from tests.terminal.killing import kill_loop
from tests.terminal.publishing import publish
from tests.utopia.world import World
from verifier_terminal import setting_up, wiring

KILLS = 40


def test_no_shown_check_is_lost_by_forty_kills(tmp_path: Path) -> None:
    world = World(at=wiring.now())
    published = publish(world, tmp_path / "published")
    setting_up.initialise(
        tmp_path / "terminal", trust=str(published), profile="window", name="一号窗口", root_sha256=None
    )
    texts = tmp_path / "texts"
    issued = world.credential()
    codes = [world.code(issued, binding=world.key_binding(iat=world.clock.at - second)) for second in range(30)]
    texts.write_text("\n".join([*codes, "https://example.org/"]))
    result = kill_loop(tmp_path / "terminal", texts, kills=KILLS, seed=20261121)
    assert result.shown >= KILLS
    assert result.missing == ()
    assert result.findings == ()
    # What was written and not shown is at most the one check in hand at each kill, plus those in the pipe.
    assert result.rows >= result.shown
