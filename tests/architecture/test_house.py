"""The house keeps its shape: floors, names, sizes, and where numbers of the standards may stand (HOUSE.md)."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from protocol import labels

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "protocol",
    "revocation",
    "hardware",
    "issuer",
    "wallet_sdk",
    "verifier_terminal",
    "liangzheng",
    "demo",
)
FILES = tuple(sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")))
MAX_LINES = 400
LONGER = {
    "wallet_sdk/errors.py": "one class and one text in plain words for each reason",
    "verifier_terminal/session.py": "one session is one state; splitting it would share that state",
    "issuer/register.py": "one table of statements over one schema",
}
"""Files that may be longer, with the reason. Think hard before adding one."""
BANNED = frozenset(
    ["util", "utils", "helper", "helpers", "manager", "managers", "data", "info", "common", "misc", "base", "tools"]
)
STANDARD_NAMES_MEANT = {"__init__", "__main__", "profile"}
"""`issuer/profile.py` is the issuance profile, so named by HOUSE.md; it lies in a package and shadows nothing."""


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 50
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(PACKAGES)


def test_import_contracts() -> None:
    """In a process of its own: the tool sets up logging for itself and thereby silences everybody else's loggers."""
    script = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_floor_is_noticed(tmp_path: Path) -> None:
    """The contracts above are real: the same tool, on two floors of which the lower imports the upper, fails."""
    for name, content in (("lower", "import upper\n"), ("upper", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(content)
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_packages =\n  lower\n  upper\n"
        "[importlinter:contract:floors]\nname = floors\ntype = layers\nlayers =\n  upper\n  lower\n"
    )
    script = (
        "import sys; sys.path.insert(0, '.'); from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "lower is not allowed to import upper" in done.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_no_stranger_brings_a_package_of_our_name(package: str) -> None:
    """The public index has strangers named `protocol` and `hardware` that would overwrite our folders."""
    assert set(packages_distributions()[package]) == {"liangzheng"}


def test_every_package_is_typed_checked_and_shipped() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["mypy"]["packages"]) == set(PACKAGES)
    assert set(project["tool"]["importlinter"]["root_packages"]) == set(PACKAGES)
    assert {each.removesuffix("*") for each in project["tool"]["setuptools"]["packages"]["find"]["include"]} == set(
        PACKAGES
    )
    assert all((ROOT / package / "py.typed").exists() for package in PACKAGES)


def test_long_files_have_a_reason() -> None:
    lengths = {relative(path): path.read_bytes().count(b"\n") for path in FILES}
    assert {name: count for name, count in lengths.items() if count > MAX_LINES and name not in LONGER} == {}


def test_reasons_for_long_files_are_still_needed() -> None:
    assert [name for name in LONGER if (ROOT / name).read_bytes().count(b"\n") <= MAX_LINES] == []


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_file(path: Path) -> None:
    stem = path.stem
    assert stem not in BANNED
    assert stem in STANDARD_NAMES_MEANT or stem not in sys.stdlib_module_names, "named like a standard module"
    tree = ast.parse(path.read_text())
    docstring = ast.get_docstring(tree)
    assert docstring, "the docstring's first line says what the file is for"
    assert docstring.splitlines()[0].endswith((".", ":", "?", "!")), "the first line is a sentence"
    assert not any(word in path.read_text() for word in ("TODO", "FIXME", "XXX")), "nothing is left to do"


# Numbers and texts that only labels.py may name: those that can mean nothing else (65535 is a port, too).
_CONTENT_FORMATS = (labels.TYP_CREDENTIAL, labels.TYP_PRESENTATION)
NUMBERS = frozenset(
    value
    for name, value in vars(labels).items()
    if name.isupper() and type(value) is int and (value <= -70_000 or value in _CONTENT_FORMATS)
)
TEXTS = frozenset(value for value in labels.TYPES if isinstance(value, str) and value.startswith("lz-"))


def constants(tree: ast.AST) -> Iterator[int | str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            if isinstance(node.operand.value, int):
                yield -node.operand.value
        elif isinstance(node, ast.Constant) and type(node.value) in (int, str):
            yield node.value


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "labels.py"], ids=relative)
def test_numbers_of_the_standards_stand_in_labels(path: Path) -> None:
    assert [each for each in constants(ast.parse(path.read_text())) if each in NUMBERS or each in TEXTS] == []


MADE_ONLY_IN = {
    "RehearsedCredential": "protocol/sd_cwt/credential.py",
    "LintedDraft": "issuer/lint.py",
    "signatures": "issuer/issuance.py",
}
"""What nobody else calls: so that no key of an issuer signs what was not linted (`issuer.lint`)."""
SIGNS_ONLY_IN = {"credential": "issuer/issuance.py", "paper": "issuer/papers/issuing.py"}
"""Where an issuer's code calls `sign` or `issue` of these modules."""


def called(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(module or empty, name) of each call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name):
                    yield "", name
                case ast.Attribute(value=ast.Name(id=module), attr=name):
                    yield module, name
                case _:
                    pass


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_nothing_that_was_not_linted_reaches_a_key(path: Path) -> None:
    for module, name in called(ast.parse(path.read_text())):
        assert MADE_ONLY_IN.get(name, relative(path)) == relative(path)
        if relative(path).startswith("issuer/") and name in {"sign", "issue"}:
            assert SIGNS_ONLY_IN.get(module, relative(path)) == relative(path)
