"""The wallet's wheel, built once, and a folder with just what an integrator gets: it and the distributions it needs."""

import re
import shutil
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from liangzheng import wallet_wheel


@dataclass(frozen=True)
class Installed:
    """What `pip install` would put into an empty environment."""

    folder: Path
    distributions: frozenset[str]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wallet_wheel.build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Resolved as pip does, from the metadata, out of what is installed here: no index is asked in a test."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    (its_own,) = metadata.distributions(path=[str(folder)])
    found: set[str] = {"liangzheng-wallet"}
    waiting = list(its_own.requires or ())
    while waiting:
        requirement = waiting.pop()
        name = re.match(r"[\w.-]+", requirement)
        assert name is not None
        if _applies(requirement) and (normal := name[0].lower()) not in found:
            found.add(normal)
            needed = metadata.distribution(normal)
            waiting += needed.requires or ()
            for each in needed.files or ():
                source = Path(str(each.locate()))
                if ".." not in each.parts and source.is_file() and source.suffix != ".pyc":
                    (folder / each).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, folder / each)
    return Installed(folder, frozenset(found))


def _applies(requirement: str) -> bool:
    from packaging.requirements import Requirement

    marker = Requirement(requirement).marker
    return marker is None or marker.evaluate({"extra": ""})
