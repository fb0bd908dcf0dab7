"""Makes the vector of the terminal's self-test anew: `python -m tests.terminal.self_test_vector`.

It is needed when a format changes so that the code of the version before is not accepted any more.
"""

import json
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.terminal.publishing import publish
from tests.utopia.world import WUYOU, World
from verifier_terminal import self_testing

TARGET = Path(self_testing.__file__).parent / "updates" / self_testing.VECTOR


def made() -> dict[str, object]:
    """The fictional world's documents, a good code, and the moment at which it is one."""
    world = World()
    with TemporaryDirectory() as scratch:
        folder = publish(world, Path(scratch))
        files = {
            path.relative_to(folder).as_posix(): b64encode(path.read_bytes()).decode()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    return {"at": world.clock(), "region": WUYOU, "code": world.code(), "files": files}


if __name__ == "__main__":
    TARGET.write_text(json.dumps(made(), indent=1) + "\n")
