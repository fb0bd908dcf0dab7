"""`python -m liangzheng.reference [FOLDER]`, or ./run reference: writes the pages of docs/reference anew."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from liangzheng.reference import error_page, python_pages

ROOT: Final = Path(__file__).resolve().parents[2]
JS: Final = ROOT / "wallet_sdk" / "js"
FOLDER: Final = ROOT / "docs" / "reference"


def write(folder: Path) -> None:
    """The Python page and the errors; the TypeScript page where Node.js and its packages are there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "python.md").write_text(python_pages.page(), encoding="utf-8")
    (folder / "errors.md").write_text(error_page.page(), encoding="utf-8")
    node = shutil.which("node")
    if node is None or not (JS / "node_modules").is_dir():
        print("typescript.md needs Node.js and `npm ci --ignore-scripts` in wallet_sdk/js; left as it is.")  # noqa: T201
        return
    command = [node, "tools/makeReference.mjs", str(folder / "typescript.md")]
    subprocess.run(command, cwd=JS, check=True)  # noqa: S603 - our own words


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
