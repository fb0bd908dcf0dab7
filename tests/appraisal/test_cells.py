"""The default matrix with every modifier, cell by cell, as whole verdicts on really signed codes.

Every code is made, signed and verified once; then each context that it may be shown in is appraised (steps 9 to 14).
What is expected is written down here from TERMINAL.md ("The verdict"), in letters, without the product's tables:
A accept, C check, H hold, R refuse.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import pytest

from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.sd_cwt import key_binding
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.appraisal.matrix_by_hand import PLACES, G, K, L, M, P, R, W, X
from tests.appraisal.terminal import Terminal
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE, driving_licence_items
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal import presentation, validity, verified
from verifier_terminal.appraisal.context import Context, Face, Knowledge, OpenRequest
from verifier_terminal.appraisal.verdict import Proceed, Verdict, VerdictClass
from verifier_terminal.appraisal.verified import Verified

AGES = (60, 30 * 60, 12 * HOUR, 2 * DAY, 5 * DAY, 8 * DAY)
"""One age inside of each column, with room for an uncertain clock; the columns' ends are test_cells_end_where's."""
ENDS = (300, HOUR, DAY, 3 * DAY, 7 * DAY)
LATE = {"in time": -DAY, "14 days": 14 * DAY - HOUR, "late": 14 * DAY + HOUR, "dead": 30 * DAY + HOUR}
LEAST_ASSURANCE = {L: 0, M: 0, G: 2, X: 3}
"""At a kiosk, and wherever nobody attends."""
ANSWERS = {
    "A": (VerdictClass.ACCEPT, Proceed.YES),
    "C": (VerdictClass.CHECK, Proceed.AFTER_CHECK),
    "H": (VerdictClass.CHECK, Proceed.NO),
    "R": (VerdictClass.REFUSE, Proceed.NO),
}
WORST_FIRST = "RHCA"


@dataclass(frozen=True, slots=True)
class Cell:
    """One place in the matrix and every modifier of TERMINAL.md."""

    risk: RiskClass
    purpose: Purpose
    place: str
    column: int
    foreign: bool = False
    recognised: bool = True
    late: str = "in time"
    clock_certain: bool = True
    challenged: bool = False
    assurance: int = 3
    person_check: bool = False
    portrait: bool = False
    irreversible: bool = False
    age_asked: bool = False
    """The row needs a guardian below 14, and nothing that is shown tells an age."""

    @property
    def row(self) -> str:
        return PLACES[self.place][0][X if self.irreversible else self.risk, self.purpose]

    @property
    def attended(self) -> bool:
        return PLACES[self.place][1]

    def expected(self) -> dict[str, str]:
        """Each reason that must be found, with its letter; everything else must not be found."""
        act = X if self.irreversible else self.risk
        at_most_check = "C" if self.attended else "H"
        like_a_kiosk = self.purpose is K or not self.attended
        found = {
            "W_STATUS_STALE": self.row[min(5, self.column + self.foreign)],
            "W_REGION": "A" if self.recognised else at_most_check,
            "W_TRUST_STALE": {"late": at_most_check, "dead": "H"}.get(self.late, "A"),
            "W_CLOCK": "A" if self.clock_certain or self.challenged else at_most_check,
            "W_ASSURANCE": "H" if like_a_kiosk and self.assurance < LEAST_ASSURANCE[act] else "A",
            "E_CHALLENGE_REQUIRED": "R" if like_a_kiosk and act is not L and not self.challenged else "A",
            "W_AGE_UNKNOWN": at_most_check if self.age_asked else "A",
            "W_CLAIM_MISSING": ("H" if self.person_check and self.attended and act is X and not self.portrait else "A"),
        }
        return {code: letter for code, letter in found.items() if letter != "A"}


HOME = Terminal()


@cache
def shown(purpose: Purpose, *, foreign: bool, challenged: bool, assurance: int, portrait: bool) -> Verified:
    """A really signed code of 测试员甲, with both signatures verified."""
    region = ZIXU if foreign else WUYOU
    holder = HOME.world.holder()
    claims = HOME.world.claims(holder=holder, region=region, key_assurance=KeyAssurance(assurance))
    items = {**driving_licence_items(), Lic.PORTRAIT_SHA256: bytes(32)}
    issued = HOME.world.credential(holder=holder, claims=claims, items=items)
    binding = acts.answering(request_at(purpose)) if challenged else {"purpose": purpose}
    content = HOME.world.presentation(
        issued,
        shown=(Lic.NAME, Lic.PORTRAIT_SHA256) if portrait else (Lic.NAME,),
        binding=HOME.world.key_binding(**binding),  # type: ignore[arg-type]  # fields of key_binding, checked there
    )
    context = HOME.context()
    read = key_binding.parse(content, known=context.credentials)
    done = verified.verify(read, context, HOME.held, validity.ages(context, status_as_of=None), sealed_to=None)
    assert isinstance(done, Verified)
    return done


@cache
def request_at(purpose: Purpose) -> OpenRequest:
    return acts.challenge(purpose=purpose)


@cache
def knowledge(cell: Cell, age: int) -> Knowledge:
    """What the terminal holds; built once for all cells that differ in nothing of it."""
    terminal = Terminal()
    terminal.at_place(cell.purpose)
    terminal.set_risk(cell.risk)
    terminal.set_row(
        mandatory=frozenset({int(Lic.NAME)}),
        optional=frozenset({int(Lic.PORTRAIT_SHA256)}),
        regions=frozenset({WUYOU, ZIXU} if cell.recognised else {"110000"}),
        person_check=cell.person_check,
        irreversible=cell.irreversible,
        guardian_below=14 if cell.age_asked else None,
    )
    terminal.set_status(age=age)
    terminal.trust_is_late_by(LATE[cell.late])
    return terminal.held


def verdict_of(cell: Cell, *, age: int | None = None) -> Verdict:
    code = shown(
        cell.purpose,
        foreign=cell.foreign,
        challenged=cell.challenged,
        assurance=cell.assurance,
        portrait=cell.portrait,
    )
    held = Cell(
        cell.risk,
        cell.purpose,
        "",
        0,
        recognised=cell.recognised,
        late=cell.late,
        person_check=cell.person_check,
        irreversible=cell.irreversible,
        age_asked=cell.age_asked,
    )
    _, attended, compared = PLACES[cell.place]
    context: Context = replace(
        HOME.context(),
        face=Face(cell.purpose, WUYOU, attended, compared),
        clock=replace(HOME.clock, uncertainty=Seconds(1 if cell.clock_certain else 21)),
        requests=(request_at(cell.purpose),) if cell.challenged else (),
    )
    return presentation.conclude(code, context, knowledge(held, AGES[cell.column] if age is None else age))


LETTERS = {"warning": "C", "hold": "H", "contraindicated": "R"}


def check(cell: Cell, verdict: Verdict) -> None:
    expected = cell.expected()
    found = {str(each.code): LETTERS[each.tier.name.lower()] for each in verdict.findings if each.tier >= 2}
    assert found == expected, cell
    letter = min(expected.values(), key=WORST_FIRST.index, default="A")
    verdict_class, proceed = ANSWERS[letter]
    comparing = cell.person_check and cell.attended
    if comparing and proceed is Proceed.YES:
        # The class stays, and the act waits for the clerk's answer.
        proceed = Proceed.AFTER_CHECK
    assert (verdict.verdict_class, verdict.proceed) == (verdict_class, proceed), cell
    assert verdict.person_check is (comparing and letter != "R"), cell
    # Every acceptance on knowledge older than 5 minutes is queued, and nothing else is.
    assert verdict.recheck is (letter == "A" and cell.column > 0), cell


def cells() -> Iterator[Cell]:
    """Class × purpose × place × grade: every row of the matrix, at every place."""
    for risk, purpose, place, column in itertools.product(RiskClass, Purpose, PLACES, range(6)):
        yield Cell(risk, purpose, place, column)


MODIFIERS = {
    "foreign": (False, True),
    "recognised": (True, False),
    "late": tuple(LATE),
    "clock_certain": (True, False),
    "challenged": (False, True),
    "assurance": (3, 2, 1, 0),
    "person_check": (False, True),
    "portrait": (False, True),
    "irreversible": (False, True),
    "age_asked": (False, True),
}


@pytest.mark.parametrize("challenged", [False, True])
def test_every_cell_with_each_modifier_alone(challenged: bool) -> None:
    count = 0
    for cell in cells():
        plain = replace(cell, challenged=challenged)
        for name, values in MODIFIERS.items():
            for value in values:
                changed = replace(plain, **{name: value})
                check(changed, verdict_of(changed))
                count += 1
    assert count == 4 * 6 * 4 * 6 * 24


def test_modifiers_together_at_every_place() -> None:
    """All modifiers at once: the worst of them wins, none hides another. A coprime stride walks the whole product."""
    names, values = tuple(MODIFIERS), tuple(MODIFIERS.values())
    combinations = list(itertools.product(*values))
    every = list(cells())
    for number in range(6_000):
        cell = every[number * 5 % len(every)]
        chosen = combinations[number * 787 % len(combinations)]
        changed = replace(cell, **dict(zip(names, chosen, strict=True)))
        check(changed, verdict_of(changed))


def test_cells_end_where_the_design_says() -> None:
    """The last second of a column, and the first one of the next."""
    place = "attended, faces compared"
    for risk, purpose in itertools.product(RiskClass, Purpose):
        for column, end in enumerate(ENDS):
            for age, at in ((end, column), (end + 1, column + 1)):
                cell = Cell(risk, purpose, place, at, challenged=True)
                check(cell, verdict_of(cell, age=age))


def test_a_person_check_keeps_the_class_at_each_attended_place() -> None:
    for risk, purpose, column in itertools.product((L, M, G), (W, P, R), range(6)):
        cell = Cell(risk, purpose, "attended, faces compared", column)
        without, asked = verdict_of(cell), verdict_of(replace(cell, person_check=True))
        assert asked.verdict_class is without.verdict_class
        assert asked.proceed is (Proceed.AFTER_CHECK if without.proceed is Proceed.YES else without.proceed)


def test_the_cells_rest_on_codes_that_the_whole_appraisal_accepts() -> None:
    """What is skipped above (steps 1 to 8) is the same for every cell: the plain ones are accepted from the text on."""
    terminal = Terminal()
    for purpose in Purpose:
        terminal.at_place(purpose)
        terminal.set_risk(RiskClass.L)
        terminal.set_row(vct=DRIVING_LICENCE, mandatory=frozenset({int(Lic.NAME)}))
        assert terminal.appraise().verdict_class is VerdictClass.ACCEPT
    assert terminal.at == UnixTime(HOME.world.clock.at)
