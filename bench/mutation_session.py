"""One collected test session that is forked for every mutant, and what it knows: which test reaches which line.

Imported before pytest has started, so that nothing here imports the project or hypothesis at its head.
"""

import functools
import gc
import os
import pickle
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from math import inf
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import coverage
import pytest

from bench.mutants import Mutant, functions_of

ROOT = Path(__file__).resolve().parents[1]
TESTS = ["tests/protocol", "tests/conformance", "tests/vectors", "tests/appraisal", "tests/properties"]
MOST_SECONDS = 60.0
"""Of recorded test time for one mutant: beyond it a mutant counts as surviving."""
MOST_BYTES = 2 << 30
KILLED, SURVIVED, TIME_OUT = "killed", "survived", "time-out"


def forked(work: Callable[[], str], *, seconds: float) -> str:
    """What the work answers in a process of its own; a process that dies or takes too long is a time-out."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            os.write(writing, work().encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    end = time.monotonic() + seconds
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.005)
    with os.fdopen(reading, "rb") as answer:
        return answer.read().decode() or TIME_OUT


def bound_memory() -> None:
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, used + MOST_BYTES))


def is_named_for(path: str, nodeid: str) -> bool:
    """Whether a test's file is named for the module: cose_sign1 is tested in test_cose_oracle as well."""
    return Path(path).stem.split("_")[0] in nodeid.partition("::")[0].rpartition("/")[2]


class Reached:
    """Which test reaches which line of the protocol, and its seconds (without end: it fails without any change)."""

    def __init__(self) -> None:
        self.tests_of: dict[str, dict[int, set[str]]] = {}
        self.seconds: dict[str, float] = {}
        self.kills: Counter[str] = Counter()
        """Of this run: what has noticed changes before is asked first."""

    @classmethod
    def load(cls, file: Path) -> "Reached":
        reached = cls()
        reached.tests_of, reached.seconds = pickle.loads(file.read_bytes())
        return reached

    def tests(self, mutant: Mutant, existing: Iterable[str]) -> list[str]:
        """The tests for a mutant; those that are younger than the record may reach anything."""
        lines = self.tests_of.get(mutant.path, {})
        reaching = {test for line in range(mutant.line, mutant.last_line + 1) for test in lines.get(line, ())}
        return self.in_order(mutant.path, [each for each in existing if each in reaching or each not in self.seconds])

    def in_order(self, path: str, tests: Iterable[str]) -> list[str]:
        total, kept = 0.0, []
        for test in sorted(
            (test for test in tests if self.bound(test) < inf),
            key=lambda test: (
                -self.kills[test] / (0.01 + self.bound(test)),
                not is_named_for(path, test),
                self.bound(test),
            ),
        ):
            total += self.bound(test)
            if total > MOST_SECONDS:
                break
            kept.append(test)
        return kept

    def bound(self, test: str) -> float:
        return self.seconds.get(test, 0.02)


class Session:
    """A pytest plugin: in place of running the tests, does with them what it is told."""

    def __init__(self, work: Callable[["Session"], None]) -> None:
        self.work = work
        self.failed = False
        self.items: dict[str, pytest.Item] = {}

    def pytest_configure(self) -> None:
        import hypothesis  # pytest imports its plugin first

        hypothesis.settings.register_profile(
            "mutation",
            deadline=None,
            derandomize=True,
            database=None,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )
        hypothesis.settings.load_profile("mutation")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {item.nodeid: item for item in session.items}
        self.work(self)
        return True

    def run(self, nodeid: str, following: str | None = None) -> bool:
        """Whether this test fails."""
        self.failed = False
        item = self.items[nodeid]
        after = self.items[following] if following else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        return self.failed

    def outcome(self, tests: list[str], reached: Reached) -> str:
        """Runs the tests until one fails, and names it; one that takes too long for a processor ends the process."""
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            signal.setitimer(signal.ITIMER_PROF, 3 + 10 * reached.bound(test))
            if self.run(test, following):
                return f"{KILLED} {test}"
        return SURVIVED


def record(session: Session, file: Path) -> str:
    """Runs every test once, and keeps what it reaches. What fails without any change tells nothing of changes."""
    reached = Reached()
    cover = coverage.Coverage(data_file=None, config_file=False, include=[f"{ROOT}/protocol/*"])
    cover.start()
    for test in session.items:
        cover.switch_context(test)
        begin = time.thread_time()
        if session.run(test):
            print("fails without any change, so it is left out:", test, file=sys.stderr)
            reached.seconds[test] = inf
        else:
            reached.seconds[test] = time.thread_time() - begin
    cover.stop()
    measured = cover.get_data()
    for source in measured.measured_files():
        lines = measured.contexts_by_lineno(source).items()
        reached.tests_of[str(Path(source).relative_to(ROOT))] = {line: set(tests) for line, tests in lines}
    file.write_bytes(pickle.dumps((reached.tests_of, reached.seconds)))
    return "recorded"


class Functions:
    """Every function of the protocol that exists, by where its code stands."""

    def __init__(self) -> None:
        self.at: dict[tuple[str, str, int], list[FunctionType]] = {}
        self.caches = []
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType) and thing.__code__.co_filename.startswith(f"{ROOT}/protocol/"):
                self.at.setdefault(self.place(thing.__code__), []).append(thing)
            elif isinstance(thing, functools._lru_cache_wrapper) and thing.__module__.startswith("protocol"):
                self.caches.append(thing)

    @staticmethod
    def place(code: CodeType) -> tuple[str, str, int]:
        return code.co_filename, code.co_qualname, code.co_firstlineno

    def change(self, mutant: Mutant) -> None:
        """Gives the functions their changed code, wherever they have been imported to."""
        for code in functions_of(compile(mutant.source, str(ROOT / mutant.path), "exec")):
            for function in self.at.get(self.place(code), ()):
                if len(function.__code__.co_freevars) == len(code.co_freevars):
                    function.__code__ = code
        for cache in self.caches:
            cache.cache_clear()


class ChangedModule(MetaPathFinder, Loader):
    """Imports a mutant in place of its file."""

    def __init__(self, mutant: Mutant) -> None:
        self.file = str(ROOT / mutant.path)
        self.source = mutant.source
        self.name = mutant.path.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self, origin=self.file) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self.file
        exec(compile(self.source, self.file, "exec"), module.__dict__)
