"""A whole authority, phone and counter in a folder, made and driven by the `liangzheng` command as a user would."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SUBJECT = {
    "name": "测试员甲",
    "citizen_id": "990101194912310028",
    "licence_no": "990101194912310028",
    "class": "C1",
    "sex": 1,
    "birth_date": "1949-12-31",
    "address": "上海市松江区虚构路1号",
    "authority": "上海市公安局交通警察总队",
    "first_issue": "2010-05-01",
    "valid_from": "2026-01-01",
    "valid_to": "2032-01-01",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """One command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str | Path, stdin: str | None = None) -> Ran:
    """Runs `liangzheng …` to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "liangzheng", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Counter:
    """The three folders and what was issued."""

    folder: Path
    licence: str

    @property
    def authority(self) -> Path:
        return self.folder / "authority"

    @property
    def phone(self) -> Path:
        return self.folder / "phone"

    @property
    def terminal(self) -> Path:
        return self.folder / "counter"

    def text(self, *options: str) -> str:
        shown = run("wallet", "show", self.phone, "driving-licence", "--purpose", "window", "--text", *options)
        assert shown.code == 0, shown.err
        return shown.out.rstrip("\n")


@pytest.fixture(scope="session")
def make_counter(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Counter]:
    """Makes a fresh one; about three seconds of commands."""

    def make() -> Counter:
        folder = tmp_path_factory.mktemp("town")
        counter = Counter(folder, "")
        (folder / "subject.json").write_text(json.dumps(SUBJECT, ensure_ascii=False), encoding="utf-8")
        assert run("issuer", "init", counter.authority, "--region", "310000").code == 0
        assert run("wallet", "init", counter.phone).code == 0
        assert run("wallet", "key", counter.phone, "--out", folder / "key.cbor").code == 0
        issued = run(
            "issuer", "issue", counter.authority, "--kind", "driving-licence", "--subject", folder / "subject.json",
            "--holder-key", folder / "key.cbor", "--out", folder / "licence.lz", "--json",
        )  # fmt: skip
        assert issued.code == 0, issued.err
        assert run("wallet", "receive", counter.phone, folder / "licence.lz").code == 0
        made = run(
            "terminal", "init", counter.terminal, "--trust", counter.authority / "published", "--profile", "window"
        )
        assert made.code == 0, made.err
        return Counter(folder, issued.json["id"])

    return make
