"""`liangzheng-wallet` as an integrator gets it: small, alone, typed, and the same wallet.

The wallet's own tests run against it, imports turned by the same rule, where neither this tree nor its names are found.
"""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import wallet_sdk
from liangzheng import wallet_wheel
from tests.wheel.conftest import Installed

ROOT = Path(wallet_wheel.ROOT)
SITE = sysconfig.get_path("purelib")


def run_alone(installed: Installed, code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """With the standard library and this folder, and nothing else (-I: no variables, not the current folder)."""
    prepared = f"import sys; sys.path.insert(0, {str(installed.folder)!r})\n{code}"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-X", "dev", "-c", prepared], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_it_is_built_the_same_each_time(wheel: Path, tmp_path: Path) -> None:
    assert wallet_wheel.build(tmp_path).read_bytes() == wheel.read_bytes()
    assert wheel.name == f"liangzheng_wallet-{wallet_sdk.__version__}-py3-none-any.whl"


def test_it_holds_one_import_name_and_says_that_it_is_typed(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "liangzheng_wallet",
        f"liangzheng_wallet-{wallet_sdk.__version__}.dist-info",
    }
    assert "liangzheng_wallet/py.typed" in names
    assert not [name for name in names if "/cli" in name or name.endswith("/config.py")]


def test_it_is_small(installed: Installed) -> None:
    size = sum(path.stat().st_size for path in installed.folder.rglob("*") if path.is_file())
    assert size <= 25_000_000
    assert len(installed.distributions) <= 6, sorted(installed.distributions)


def test_nothing_in_it_names_what_it_does_not_bring(installed: Installed) -> None:
    allowed = {"liangzheng_wallet", "cryptography", "nacl", "qrcode", "__future__"} | sys.stdlib_module_names
    found = {
        (path.name, name.partition(".")[0])
        for path in (installed.folder / "liangzheng_wallet").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
    }
    # The two extras, each named in its own file and imported only when such a store is used.
    assert {each for each in found if each[1] not in allowed} == {("keyring.py", "keyring"), ("pkcs11.py", "pkcs11")}


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [each.name for each in names]
        case ast.ImportFrom(module=str(module)):
            return [module]
        case _:
            return []


def test_the_old_names_are_not_there(installed: Installed, tmp_path: Path) -> None:
    done = run_alone(
        installed,
        "import liangzheng_wallet, importlib.util\n"
        "print(liangzheng_wallet.__version__, [importlib.util.find_spec(name) for name in ('protocol', 'wallet_sdk')])",
        tmp_path,
    )
    assert done.stdout.strip() == f"{wallet_sdk.__version__} [None, None]", done.stderr


@pytest.mark.parametrize("left", ["import protocol.keys", "from wallet_sdk import x\nimport protocol"])
def test_an_import_that_cannot_be_turned_is_refused(left: str) -> None:
    with pytest.raises(ValueError, match="without a name of its own"):
        wallet_wheel.renamed(left)


def snippets() -> list[str]:
    """The Python of docs/wallet-sdk.md in its order; each goes on where the one before ended."""
    page = (ROOT / "docs" / "wallet-sdk.md").read_text("utf-8")
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


def test_what_the_page_says_runs_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    first, *_ = snippets()
    calls = [line for line in first.splitlines() if line.strip()]
    assert len(calls) <= 10, "lines to a first dynamic code"
    done = run_alone(installed, "\n".join(snippets()), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "True 样例准驾车型"
    assert "测试机关 测试办理" in done.stdout


def test_the_wallets_own_tests_pass_against_it(installed: Installed, tmp_path: Path) -> None:
    """All of them but those of the command line; pytest and the oracles come from here, the wallet does not."""
    tests = ROOT / "tests"
    for path in (*tests.glob("wallet/*.py"), *tests.glob("utopia/*.py"), tests / "softhsm.py"):
        if not _OF_THE_TREE.fullmatch(path.name):
            written = tmp_path / path.relative_to(ROOT)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(_turned(path.read_text("utf-8")), "utf-8")
    runner = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(installed.folder)!r}]; sys.path.append({SITE!r})\n"
        "import importlib.util, pytest\n"
        "assert importlib.util.find_spec('wallet_sdk') is None\n"
        "assert importlib.util.find_spec('protocol') is None\n"
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'no:xdist', '--import-mode=importlib',"
        " '-W', 'error', 'tests/wallet']))"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON"))}
    # A child that a test spawns finds the wallet the same way.
    environment["PYTHONPATH"] = os.pathsep.join((str(tmp_path), str(installed.folder), str(SITE)))
    done = subprocess.run(
        [sys.executable, "-S", "-c", runner], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    assert " passed" in done.stdout


_OF_THE_TREE = re.compile(r"test_cli.*|test_world\.py|repository\.py")
"""What tests the command line, or builds worlds with the other roles."""


def _turned(source: str) -> str:
    return wallet_wheel.renamed(source.replace("import wallet_sdk\n", "import wallet_sdk as wallet_sdk\n"))
