"""Coverage-guided fuzzing: `python -m tests.fuzz.run TARGET|all --seconds N` (needs atheris, which nothing else does).

The same functions as in the smoke test, driven by libFuzzer. Every target has a process of its own, since libFuzzer
ends its process at a finding. A finding is an exception, a failed assertion, or an input that costs more than 100 ms of
CPU time; its bytes stay in the folder of `--findings`, as does what each target has learned (`corpus`).
"""

import argparse
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

BOUND_SECONDS: Final = 0.1
INSTRUMENTED: Final = ["protocol", "revocation", "hardware.serial_scanner", "verifier_terminal.appraisal", "wallet_sdk"]
MAX_INPUT_BYTES: Final = 8_192
_EXECUTIONS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_COVERAGE: Final = re.compile(r"cov: (\d+) ft: (\d+)")


class TooSlow(Exception):
    """One input cost more than the bound."""


def fuzz(name: str, seconds: int, corpus: Path, findings: Path) -> None:
    """Runs one target in this process until the time is over or something is found; does not return."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.mutation import mutate

    target = TARGETS[name]
    for place, seed in enumerate(target.seeds):
        (corpus / f"seed-{place}").write_bytes(seed)

    def timed(content: bytes) -> None:
        begin = time.thread_time()
        target.function(content)
        spent = time.thread_time() - begin
        if spent > BOUND_SECONDS and not target.is_script:
            # Once more, so that a collection of garbage or a first import is not taken for the input's own cost.
            begin = time.thread_time()
            target.function(content)
            spent = min(spent, time.thread_time() - begin)
            if spent > BOUND_SECONDS:
                raise TooSlow(f"{spent:.3f} s for {len(content)} bytes")

    def mutator(content: bytes, max_size: int, seed: int) -> bytes:
        if seed % 4 == 0:
            return atheris.Mutate(content, max_size)
        return mutate(content, random.Random(seed))[:max_size]

    arguments = [
        f"-max_total_time={seconds}",
        f"-max_len={max(MAX_INPUT_BYTES, *(2 * len(seed) for seed in target.seeds))}",
        f"-artifact_prefix={findings}/{name}-",
        "-print_final_stats=1",
        # Nested and signed things do not survive the usual five changes on top of one another.
        "-mutate_depth=2",
        "-rss_limit_mb=1024",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *arguments], timed, custom_mutator=mutator)
    atheris.Fuzz()


def report(name: str, output: str, status: int) -> str:
    """One line for one target."""
    executions = _EXECUTIONS.search(output)
    coverage = _COVERAGE.findall(output)
    if executions is None or not coverage:
        return f"{name:<26}did not run"
    outcome = "nothing found" if status == 0 else "FOUND SOMETHING"
    return f"{name:<26}{int(executions[1]):>10,} executions {coverage[-1][0]:>6} edges  {outcome}"


def main() -> int:
    """One line for each target; 1 if anything was found, or a target did not run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", help="the name of a target, several with commas, or all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument(
        "--findings", type=Path, default=Path("build/fuzz"), help="where found and learned inputs are kept"
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.findings.mkdir(parents=True, exist_ok=True)
    if asked.here:
        corpus = asked.findings / "corpus" / asked.target
        corpus.mkdir(parents=True, exist_ok=True)
        fuzz(asked.target, asked.seconds, corpus, asked.findings)
        return 0
    from tests.fuzz.targets import TARGETS

    names = list(TARGETS) if asked.target == "all" else asked.target.split(",")
    unknown = sorted(set(names) - set(TARGETS))
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    found = 0
    for name in names:
        command = [sys.executable, "-m", "tests.fuzz.run", name, "--here", "--seconds", str(asked.seconds)]
        done = subprocess.run(
            [*command, "--findings", str(asked.findings)], capture_output=True, text=True, errors="replace", check=False
        )
        print(report(name, done.stderr, done.returncode), flush=True)
        if done.returncode or not _EXECUTIONS.search(done.stderr):
            found = 1
            print(done.stdout[-4_000:], done.stderr[-6_000:], sep="\n", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
