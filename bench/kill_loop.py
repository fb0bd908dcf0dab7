"""Kill loop at full size: `python bench/kill_loop.py [KILLS]` (300 unless told); exit 1 if anything shown was lost."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.terminal.killing import kill_loop
from tests.terminal.publishing import publish
from tests.utopia.world import World
from verifier_terminal import wiring


def main() -> int:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        world = World(at=wiring.now())
        published = publish(world, here / "published")
        wiring.initialise(here / "terminal", trust=str(published), profile="window", name="bench", root_sha256=None)
        issued = world.credential()
        codes = [world.code(issued, binding=world.key_binding(iat=world.clock.at - second)) for second in range(30)]
        (here / "texts").write_text("\n".join([*codes, "https://example.org/"]))
        result = kill_loop(here / "terminal", here / "texts", kills=kills, seed=kills)
    print(f"{result.kills} kills, {result.shown} checks shown, {len(result.missing)} of them missing")
    print(f"{result.rows} rows, chain: {'; '.join(result.findings) or 'intact'}")
    return 1 if result.missing or result.findings else 0


if __name__ == "__main__":
    sys.exit(main())
