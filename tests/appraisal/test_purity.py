"""The appraisal imports nothing that reads, writes, waits or draws lots, and its procedure knows no texts."""

import ast
import sys
from pathlib import Path

import pytest

import verifier_terminal.appraisal

FOLDER = Path(verifier_terminal.appraisal.__file__ or "").parent
MODULES = sorted(FOLDER.glob("*.py"))
ALLOWED = {
    "collections.abc", "dataclasses", "enum", "hashlib", "re", "typing", "types", "unicodedata", "functools",
}  # fmt: skip
ONLY_IN = {"tomllib": "reasons.py", "importlib": "reasons.py"}


def imports_of(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module.endswith("appraisal")}
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_only_pure_modules_of_the_standard_library_are_imported(module: Path) -> None:
    standard = {name for name in imports_of(module) if name.partition(".")[0] in sys.stdlib_module_names}
    special = {name for name, place in ONLY_IN.items() if place == module.name}
    assert standard <= ALLOWED | special


def test_the_procedure_reaches_no_texts() -> None:
    reached, waiting = set(), {"appraise"}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        here = {each.rpartition(".")[2] for each in imports_of(FOLDER / f"{name}.py") if ".appraisal." in each}
        waiting |= {each for each in here if (FOLDER / f"{each}.py").exists()} - reached
    assert {"gates", "explain", "dead_ends", "validity", "items", "masks", "verdict", "context"} <= reached
    assert "reasons" not in reached
    assert "foreign_codes" not in reached


def test_nothing_opens_files_or_looks_at_a_clock() -> None:
    for module in MODULES:
        called = {
            node.func.id
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"open", "print", "input", "exec", "eval", "__import__"}, module.name
