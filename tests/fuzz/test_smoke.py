"""The fuzz targets over their seeds and repeatable mutants: what fuzzing once found stays found, without any fuzzer."""

import random

import pytest

from protocol import cbor, keys
from tests.fuzz import run
from tests.fuzz.mutation import mutate
from tests.fuzz.targets import TARGETS

MUTANTS = 300
"""Of each target: a few seconds for all of them. `tests.fuzz.run` is the one that searches."""


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_mutants(name: str) -> None:
    target = TARGETS[name]
    chance = random.Random(name)
    for seed in target.seeds:
        target.function(seed)
    for _ in range(MUTANTS):
        target.function(mutate(chance.choice(target.seeds), chance))


@pytest.mark.parametrize("name", ["presentation", "appraisal", "credential", "checkpoint", "co-signature"])
def test_a_reader_that_believes_every_signature_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in (keys.Ed25519Key, keys.P256Key):
        monkeypatch.setattr(key, "verify", lambda *_: None)
    with pytest.raises(AssertionError):
        test_seeds_and_mutants(name)


def test_a_foreign_exception_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cbor, "_MAX_INT", "no number")
    with pytest.raises(TypeError):
        TARGETS["cbor"].function(cbor.encode(2**16))


def test_the_same_chance_gives_the_same_mutants() -> None:
    seed = TARGETS["presentation"].seeds[0]
    first, again = ([mutate(seed, random.Random(each)) for each in range(50)] for _ in range(2))
    assert first == again
    assert len(set(first)) > 40


@pytest.mark.parametrize(
    ("output", "status", "told"),
    [
        (
            "#9 cov: 7 ft: 8 corp: 1\nstat::number_of_executed_units: 1234\n",
            0,
            "1,234 executions      7 edges  nothing",
        ),
        ("#9 cov: 7 ft: 8 corp: 1\nstat::number_of_executed_units: 1234\n", 77, "FOUND SOMETHING"),
        ("ImportError", 1, "did not run"),
        ("", 0, "did not run"),
    ],
)
def test_the_runner_keeps_nothing_found_and_not_run_apart(output: str, status: int, told: str) -> None:
    line = run.report("cbor", output, status)
    assert told in line
    assert ("nothing found" in line) is (status == 0 and bool(output))
