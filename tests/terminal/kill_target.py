"""A terminal process that scans one code after another and says each check number only after `scan` has returned.

Started by the kill loop with a terminal's directory and the folder of the fictional world's codes on standard input.
"""

import os
import sys
from pathlib import Path

from verifier_terminal import wiring


def main(directory: str, texts: str) -> None:
    lines = Path(texts).read_text().splitlines()
    with wiring.open_session(Path(directory)) as session:
        os.write(1, b"ready\n")
        # Codes of another day: refused, and refusals are rows too; each with a number of its own.
        for number in range(1_000_000):
            shown = session.scan(lines[number % len(lines)], source=f"scanner {number}")
            os.write(1, f"{shown.verdict.check_number}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
