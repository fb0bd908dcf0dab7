"""Mutation testing of protocol/: which small changes of the code no test notices.

    python -m bench.mutation [FILE ...] [--again] [--afresh] [--constants] [--report]     (pip install mutmut; on Linux)

The mutants are those of bench/mutants.py. mutmut's own runner starts a test session for each and leaves decorated
functions and methods of values out; here one session is collected once, and every mutant is a fork of it whose
functions carry the changed code. It runs the tests that reach the changed lines, those named for the module before
others, until one fails. `--afresh` tries what survives that once more from the changed file, freshly
imported, for functions that build tables at import; changes outside of functions (`--constants`) are tried in this way
alone. `--again` tries only what is on record as surviving. What is on record at an unchanged place is not repeated.

A test that takes ten times its processor time, or two gibibytes, is a time-out: the change was noticed. After a minute
of test time a change counts as surviving, and so does one that only a test's own subprocess would notice.
"""

import argparse
import gc
import json
import os
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from bench.mutants import Mutant, mutants_of
from bench.mutation_session import (
    KILLED,
    ROOT,
    SURVIVED,
    TESTS,
    TIME_OUT,
    ChangedModule,
    Functions,
    Reached,
    Session,
    bound_memory,
    forked,
    is_named_for,
    record,
)

NOT_TRIED = "not tried"
MUTANT_SECONDS = 300


class Records:
    """Outcomes by place and change, one JSON object a line; the last one counts."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.outcomes: dict[str, str] = {}
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                one = json.loads(line)
                self.outcomes[one["key"]] = one["outcome"]

    def of(self, mutant: Mutant) -> str:
        return self.outcomes.get(mutant.key(), NOT_TRIED)

    def add(self, mutant: Mutant, outcome: str, *, tests: int) -> None:
        self.outcomes[mutant.key()] = outcome
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"key": mutant.key(), "outcome": outcome, "tests": tests}) + "\n")


def run_forked(mutants: list[Mutant], reached_file: Path, records: Records) -> None:
    """Tries each mutant in a fork of one collected session."""

    def work(session: Session) -> None:
        if not reached_file.exists():
            print("recording which test reaches which line", flush=True)
            forked(lambda: record(session, reached_file), seconds=3_600)
        reached = Reached.load(reached_file)
        functions = Functions()
        gc.collect()
        gc.freeze()
        for number, mutant in enumerate(mutants, 1):
            tests = reached.tests(mutant, session.items)

            def attempt(mutant: Mutant = mutant, tests: list[str] = tests) -> str:
                bound_memory()
                functions.change(mutant)
                return session.outcome(tests, reached)

            outcome, _, killer = (forked(attempt, seconds=MUTANT_SECONDS) if tests else SURVIVED).partition(" ")
            reached.kills[killer] += 1
            records.add(mutant, outcome, tests=len(tests))
            if number % 100 == 0:
                print(f"{number} of {len(mutants)} {mutant.path}", flush=True)

    # In a process of its own: this one is to stay without the protocol for `try_afresh`.
    child = os.fork()
    if not child:
        pytest.main([*TESTS, "-q", "--no-header", "--capture=no"], plugins=[Session(work)])
        os._exit(0)
    os.waitpid(child, 0)


def try_afresh(mutant: Mutant, reached: Reached) -> str:
    """The changed file imported in a process that has not imported the protocol."""

    def work() -> str:
        bound_memory()
        sys.meta_path.insert(0, ChangedModule(mutant))
        outcomes: list[str] = []
        session = Session(
            lambda session: outcomes.append(session.outcome(reached.in_order(mutant.path, session.items), reached))
        )
        named = {test.partition("::")[0] for test in reached.seconds if is_named_for(mutant.path, test)}
        chosen = [*sorted(named), "tests/vectors", "tests/protocol/test_forgeries.py"]
        pytest.main([*dict.fromkeys(chosen), "-q", "--tb=no", "--no-header"], plugins=[session])
        # A change that ends the import is noticed as well.
        return outcomes[0] if outcomes else KILLED

    return forked(work, seconds=MUTANT_SECONDS).partition(" ")[0]


def report(mutants: list[Mutant], records: Records) -> int:
    """Every surviving change, and a table; 1 if there are any."""
    counts: dict[str, Counter[str]] = {}
    for mutant in mutants:
        outcome = records.of(mutant)
        counts.setdefault(mutant.path, Counter())[outcome] += 1
        if outcome == SURVIVED:
            print(f"{mutant.path}:{mutant.line} {mutant.scope}\n  - {mutant.before}\n  + {mutant.after}")
    everything = sum(counts.values(), Counter())
    for path, count in [*counts.items(), ("all", everything)]:
        noticed = count[KILLED] + count[TIME_OUT]
        share = noticed / max(1, noticed + count[SURVIVED])
        columns = " ".join(f"{count[each]:5} {each}" for each in (KILLED, TIME_OUT, SURVIVED, NOT_TRIED))
        print(f"{path:36}{count.total():6} {columns} {share:7.1%}")
    return 1 if everything[SURVIVED] else 0


def main() -> int:
    """The report, after trying what is not on record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--again", action="store_true", help="only what is on record as surviving")
    parser.add_argument("--afresh", action="store_true", help="what survives, once more from a fresh import")
    parser.add_argument("--constants", action="store_true", help="changes outside of functions")
    parser.add_argument("--report", action="store_true", help="only what is on record")
    parser.add_argument("--results", type=Path, default=Path("build/mutation.jsonl"))
    asked = parser.parse_args()
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    sources = sorted((ROOT / "protocol").rglob("*.py"))
    records = Records(asked.results)
    files = [file.resolve() for file in asked.files] or sources
    mutants = [each for file in files for each in mutants_of(file, ROOT) if asked.constants != each.in_function]
    if not asked.report:
        # What tests reach is recorded once for each state of the sources.
        state = sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:12]
        reached_file = asked.results.with_suffix(f".{state}.reached")
        wanted = SURVIVED if asked.again else NOT_TRIED
        waiting = [each for each in mutants if records.of(each) == wanted]
        run_forked([] if asked.constants else waiting, reached_file, records)
        records = Records(asked.results)
        reached = Reached.load(reached_file)
        for mutant in waiting:
            if asked.constants or (asked.afresh and records.of(mutant) == SURVIVED):
                records.add(mutant, try_afresh(mutant, reached), tests=0)
    return report(mutants, records)


if __name__ == "__main__":
    sys.exit(main())
