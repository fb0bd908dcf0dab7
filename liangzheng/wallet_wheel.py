"""Builds the wallet's own wheel, `liangzheng-wallet`: the folders `wallet_sdk` and `protocol` under one import name.

    python -m liangzheng.wallet_wheel [FOLDER]        (or: ./run wheel)

Strangers own the names `protocol` and `wallet_sdk` in public indices, so integrators import `liangzheng_wallet` alone,
with the protocol inside. Guaranteed: nothing but imports is changed, no import of the old names is left, and the same
sources give the same bytes. Not in it: the command line, which has `liangzheng wallet`.
"""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import wallet_sdk

IMPORT_NAME: Final = "liangzheng_wallet"
ROOT: Final = Path(__file__).resolve().parent.parent
_RENAMED: Final = {"wallet_sdk": IMPORT_NAME, "protocol": f"{IMPORT_NAME}.protocol"}
_NOT_IN_IT: Final = re.compile(r"(cli(_\w+)?|config)\.py")
"""The command line and what it alone needs: an app has neither a terminal nor our environment variables."""
_IMPORT: Final = re.compile(r"^(\s*)(from|import) (wallet_sdk|protocol)(?=[.\s]|$)", re.MULTILINE)
_BACKEND: Final = """
import os
# 1980-01-01, the first moment that a zip file can state (PKWARE APPNOTE 4.4.6): every build has the same.
os.environ["SOURCE_DATE_EPOCH"] = "315532800"
from setuptools import build_meta
build_meta.build_wheel(".")
"""
"""A process of its own, because a build backend works in the current folder (PEP 517)."""
_MANIFEST: Final = """\
[build-system]
requires = ["setuptools>=80"]
build-backend = "setuptools.build_meta"

[project]
name = "liangzheng-wallet"
version = "{version}"
description = "Holds electronic licences and shows them as signed dynamic codes (亮证)"
readme = "README.md"
license = "Apache-2.0"
license-files = ["LICENSE"]
requires-python = ">=3.11"
dependencies = ["cryptography>=50", "pynacl>=1.6", "qrcode>=8"]
classifiers = ["Typing :: Typed"]

[project.optional-dependencies]
keyring = ["keyring>=25"]
pkcs11 = ["python-pkcs11>=0.9"]

[tool.setuptools.packages.find]
include = ["{name}*"]

[tool.setuptools.package-data]
"*" = ["py.typed", "*.cbor"]
"""


def renamed(source: str) -> str:
    """A module's text with its imports of `wallet_sdk` and `protocol` turned to where the wheel has them.

    Raises:
        ValueError: An import is left that a change of names cannot turn.
    """
    text = _IMPORT.sub(lambda found: f"{found[1]}{found[2]} {_RENAMED[found[3]]}", source)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and _is_renamed(node.module or ""):
            raise ValueError(f"line {node.lineno} imports {node.module}")
        if isinstance(node, ast.Import):
            for each in node.names:
                # `import protocol.x` binds the name `protocol`, which the wheel does not have.
                if each.asname is None and (_is_renamed(each.name) or each.name.startswith(IMPORT_NAME)):
                    raise ValueError(f"line {node.lineno} imports {each.name} without a name of its own")
    return text


def _is_renamed(module: str) -> bool:
    return module.partition(".")[0] in _RENAMED


def lay_out(folder: Path) -> None:
    """Writes the sources of the distribution into an empty folder. Raises: ValueError, as `renamed`."""
    for package, target in (("wallet_sdk", IMPORT_NAME), ("protocol", f"{IMPORT_NAME}/protocol")):
        for path in sorted((ROOT / package).rglob("*")):
            below = path.relative_to(ROOT / package)
            if path.suffix == ".py" and not (package == "wallet_sdk" and _NOT_IN_IT.fullmatch(str(below))):
                written = folder / target / below
                written.parent.mkdir(parents=True, exist_ok=True)
                written.write_text(renamed(path.read_text(encoding="utf-8")), encoding="utf-8")
            elif path.suffix == ".cbor":
                shutil.copyfile(path, folder / target / below)
    (folder / IMPORT_NAME / "py.typed").touch()
    manifest = _MANIFEST.format(version=wallet_sdk.__version__, name=IMPORT_NAME)
    (folder / "pyproject.toml").write_text(manifest, encoding="utf-8")
    shutil.copyfile(ROOT / "docs" / "wallet-sdk.md", folder / "README.md")
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")


def build(folder: Path) -> Path:
    """The wheel, made in this folder; one of the same version that lies there is replaced.

    Raises:
        ValueError: As `renamed`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as laid_out:
        lay_out(Path(laid_out))
        command = [sys.executable, "-c", _BACKEND]
        subprocess.run(command, cwd=laid_out, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 — all of it is ours
        (made,) = Path(laid_out).glob("*.whl")
        return Path(shutil.move(made, folder / made.name))


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1] if len(sys.argv) > 1 else 'dist'))}\n")
