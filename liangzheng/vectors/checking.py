"""Compares what an implementation answers to the vectors with what they expect.

A reader must read good vectors, give the named code for bad ones, and read those that only a terminal's clock and
purpose refuse. A terminal is asked for the bad presentations only, since its verdict on good ones depends on its status
data, and for the acts (`acts`), which state everything that a verdict depends on.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from liangzheng.vectors import reading
from liangzheng.vectors.folder import Format, Ground, Stage, Vector
from liangzheng.vectors.stages import stages
from protocol.errors import Code, ProtocolError

_NOT_READ: Final = frozenset({Code.E_PREFIX, Code.E_SIZE, Code.E_B45, Code.E_CBOR})
"""Nothing of ours was recognised; every other code refuses (docs/verification.md)."""
READ: Final = "read"
REFUSE: Final = "refuse"
NOT_READ: Final = "not_read"


class Role(StrEnum):
    """What kind of implementation answers."""

    READER = "reader"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an implementation said. `values` and `stages` may be empty: then only class and code are compared.

    `also` are further codes: a terminal collects its findings once both signatures hold, and ranks them for the clerk.
    `broken` says why there is no answer at all; that is never the same as a refusal.
    """

    verdict: str = ""
    code: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    stages: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    broken: str | None = None


class Implementation(Protocol):
    """Whatever answers vectors."""

    def answer(self, vector: Vector) -> Answer:
        """Its answer; what goes wrong inside of it is `Answer.broken`."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """One vector's answer; without faults it is the expected one. `compared` counts values and stages."""

    vector: Vector
    faults: tuple[str, ...]
    compared: int


class OwnLibrary:
    """The protocol package of this installation, in this process."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def answer(self, vector: Vector) -> Answer:
        try:
            values = reading.read(vector.format, vector.given, ground=self._ground, at=vector.at)
            found = stages(vector.format, vector.given)
        except ProtocolError as refused:
            return Answer(NOT_READ if refused.code in _NOT_READ else REFUSE, refused.code)
        return Answer(READ, None, values, found)


def chosen(vectors: Sequence[Vector], role: Role, *, formats: frozenset[Format], only: str) -> tuple[Vector, ...]:
    """The vectors that are asked: of these formats (empty: all), with this in their file names."""
    return tuple(
        vector
        for vector in vectors
        if (not formats or vector.format in formats)
        and only in vector.file
        and (role is Role.READER or (vector.format is Format.PRESENTATION and not vector.is_good))
    )


def check(vectors: Sequence[Vector], implementation: Implementation, role: Role, *, jobs: int = 1) -> Iterator[Outcome]:
    """The outcomes, in the order of the vectors."""
    if jobs == 1:
        for vector in vectors:
            yield judged(vector, implementation.answer(vector), role)
        return
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for vector, answer in zip(vectors, pool.map(implementation.answer, vectors), strict=True):
            yield judged(vector, answer, role)


def judged(vector: Vector, answer: Answer, role: Role) -> Outcome:
    """The faults of one answer."""
    if answer.broken is not None:
        return Outcome(vector, (answer.broken,), 0)
    if vector.is_good or (vector.stage is Stage.APPRAISAL and role is Role.READER):
        if answer.verdict != READ:
            return Outcome(vector, (f"must be read, and was answered by {_said(answer)}",), 0)
        if not vector.is_good:
            return Outcome(vector, (), 0)
        values, compared = _differences("", answer.values, vector.expected)
        found, more = _differences("bytes.", answer.stages, vector.stages)
        return Outcome(vector, (*values, *found), compared + more)
    expected = vector.expected
    # A reader stops at the first failure, so it has one code; a terminal names every finding, in an order of its own.
    codes = (answer.code, *answer.also) if role is Role.TERMINAL else (answer.code,)
    if answer.verdict != expected["class"] or expected["code"] not in codes:
        wanted = f"{expected['code']} ({expected['class']})"
        return Outcome(vector, (f"must be answered by {wanted}, and was by {_said(answer)}",), 0)
    return Outcome(vector, (), 0)


def _said(answer: Answer) -> str:
    return f"{answer.code or 'no code'} ({answer.verdict})"


def _differences(prefix: str, answered: Mapping[str, Any], expected: Mapping[str, Any]) -> tuple[tuple[str, ...], int]:
    """Faults, and how many members were compared. Members that the vector does not state are nobody's business."""
    both = sorted(answered.keys() & expected.keys())
    faults = (f"{prefix}{name} is another than expected" for name in both if answered[name] != expected[name])
    return tuple(faults), len(both)
