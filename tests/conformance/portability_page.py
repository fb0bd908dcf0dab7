"""Puts the bytes into docs/spec/portability.md: what the page shows is what the port in miniature computes.

    python -m tests.conformance.portability_page

A block is fenced and named: ```hex kbt-payload. The words around it are written by hand.
"""

import re
import textwrap
from pathlib import Path

from tests.conformance import port

PAGE = Path(__file__).parents[2] / "docs/spec/portability.md"
_BLOCK = re.compile(r"^```(hex|text) ([a-z0-9-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WIDTH = 110


def names(page: str) -> list[str]:
    """The blocks in their order."""
    return [found[2] for found in _BLOCK.finditer(page)]


def filled(page: str) -> str:
    """The same page with every block's content as it must be."""
    examples = port.examples()

    def block(found: re.Match[str]) -> str:
        kind, name = found[1], found[2]
        content = examples[name]
        # Base45 has spaces of its own, so a text is cut by length and never at a space.
        lines = [content[start : start + _WIDTH] for start in range(0, len(content), _WIDTH)]
        shown = textwrap.wrap(content, _WIDTH) if kind == "hex" else lines
        return f"```{kind} {name}\n" + "\n".join(shown) + "\n```"

    return _BLOCK.sub(block, page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
