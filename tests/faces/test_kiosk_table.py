"""The kiosk's table, walked through from end to end: whatever happens, nobody's data stay and nobody is trapped."""

import itertools

import pytest

from verifier_terminal.faces.kiosk_table import (
    BACK,
    MORE_TIME_SECONDS,
    MOST_EXTENSIONS,
    OUTCOMES,
    TABLE,
    Cue,
    Position,
    State,
    step,
)

SCANNED = OUTCOMES | {Cue.FRAME}
PERSISTENT = {State.OUT_OF_ORDER, State.MAINTENANCE}
QUIET = {State.ATTRACT} | PERSISTENT


def through(position: Position, *cues: Cue, at: float = 0.0) -> Position:
    for cue in cues:
        position = step(position, cue, at)
    return position


def start() -> Position:
    return Position(State.ATTRACT, 0.0)


def reachable() -> set[Position]:
    """Every position that any order of cues leads to, with time standing still."""
    found = {start()}
    new = set(found)
    while new:
        new = {step(position, cue, 0.0) for position in new for cue in Cue} - found
        # Extensions only count; two of them show whatever twenty would.
        new = {position for position in new if position.extensions <= 2}
        found |= new
    return found


EVERYWHERE = sorted(reachable(), key=repr)


def test_every_state_has_a_row_and_can_be_reached() -> None:
    assert set(TABLE) == set(State)
    assert {position.state for position in EVERYWHERE} == set(State)


def test_a_whole_visit() -> None:
    position = start()
    for cue, state in (
        (Cue.TOUCHED, State.READING),
        (Cue.FRAME, State.CHECKING),
        (Cue.ACCEPTED, State.RESULT),
        (Cue.GO_ON, State.CONFIRM),
        (Cue.PRINT, State.PRINTING),
        (Cue.PRINTED, State.TAKE_RECEIPT),
        (Cue.TIME_OUT, State.CLEARED),
        (Cue.TIME_OUT, State.ATTRACT),
    ):
        position = step(position, cue, 1.0)
        assert position.state is state
    assert position == Position(State.ATTRACT, 1.0)


@pytest.mark.parametrize("position", EVERYWHERE, ids=repr)
def test_left_alone_it_comes_to_rest_and_forgets(position: Position) -> None:
    for _ in range(4):
        if TABLE[position.state].lasts is not None:
            position = step(position, Cue.TIME_OUT, 0.0)
    assert position.state in QUIET
    assert (position.outcome, position.extensions, position.before) == (None, 0, None)


@pytest.mark.parametrize("position", EVERYWHERE, ids=repr)
def test_what_is_a_visitors_ends_only_by_saying_that_it_is_cleared(position: Position) -> None:
    for cue in Cue:
        after = step(position, cue, 0.0)
        if TABLE[position.state].of_visitor and not TABLE[after.state].of_visitor:
            assert after.state in {State.CLEARED} | PERSISTENT


@pytest.mark.parametrize("state", sorted(PERSISTENT))
@pytest.mark.parametrize("cue", sorted(set(Cue) - {Cue.MENDED, Cue.SERVICE, Cue.SERVICE_OVER}))
def test_no_scan_and_no_touch_puts_it_back_into_service(state: State, cue: Cue) -> None:
    position = Position(state, 0.0)
    assert step(position, cue, 5.0) == position


@pytest.mark.parametrize("state", sorted(set(State) - PERSISTENT))
def test_a_fault_is_shown_from_everywhere(state: State) -> None:
    assert step(Position(state, 0.0, before=State.READING), Cue.BROKEN, 1.0).state is State.OUT_OF_ORDER
    assert step(Position(state, 0.0, before=State.READING), Cue.SERVICE, 1.0).state is State.MAINTENANCE


@pytest.mark.parametrize("state", sorted(set(State) - PERSISTENT - {State.CLEARED, State.HELP}))
def test_help_can_be_called_from_everywhere(state: State) -> None:
    assert step(Position(state, 0.0, before=State.READING), Cue.CALL_HELP, 1.0).state is State.HELP


def test_only_an_accepted_licence_is_gone_on_with() -> None:
    for outcome, state in itertools.product(OUTCOMES, State):
        after = step(step(Position(state, 0.0, before=State.READING), outcome, 0.0), Cue.GO_ON, 0.0)
        accepted = state in (State.CONFIRM, State.COPY) or after.outcome is Cue.ACCEPTED
        assert (after.state is State.CONFIRM) == accepted


def test_a_copy_is_offered_of_an_accepted_licence_alone() -> None:
    assert {state for state in State if step(Position(state, 0.0), Cue.COPY, 0.0).state is State.COPY} == {
        State.CONFIRM,
        State.COPY,
    }


@pytest.mark.parametrize("outcome", sorted(OUTCOMES))
def test_the_next_scan_replaces_a_result(outcome: Cue) -> None:
    for first in OUTCOMES:
        shown = through(start(), Cue.TOUCHED, first, outcome)
        assert (shown.state, shown.outcome) == (through(start(), outcome).state, outcome)


@pytest.mark.parametrize("state", [State.CONFIRM, State.COPY, State.PRINTING, State.TAKE_RECEIPT, State.HELP])
@pytest.mark.parametrize("cue", sorted(SCANNED))
def test_a_scan_does_not_take_a_running_act_away(state: State, cue: Cue) -> None:
    position = Position(state, 0.0, Cue.ACCEPTED, before=State.RESULT)
    assert step(position, cue, 1.0) == position


def test_more_time_as_often_as_the_standard_asks() -> None:
    position = through(start(), Cue.TOUCHED)
    given = 0
    for _ in range(100):
        position = step(position, Cue.TIME_OUT, 0.0)
        assert position.state is State.MORE_TIME
        assert position.left(0.0) == MORE_TIME_SECONDS
        after = step(position, Cue.KEEP, 0.0)
        if after == position:
            break
        assert after.state is State.READING
        given += 1
        position = after
    assert given == MOST_EXTENSIONS >= 10
    assert step(position, Cue.TIME_OUT, 0.0).state is State.CLEARED


def test_more_time_goes_back_to_what_was_interrupted() -> None:
    for state, row in TABLE.items():
        if row.on.get(Cue.TIME_OUT) is not State.MORE_TIME:
            continue
        asked = step(Position(state, 0.0, Cue.ACCEPTED), Cue.TIME_OUT, 1.0)
        assert step(asked, Cue.KEEP, 2.0).state is state


@pytest.mark.parametrize("ended", [Cue.PRINT_FAILED, Cue.TIME_OUT])
@pytest.mark.parametrize("state", [State.RESULT, State.STOPPED, State.CONFIRM])
def test_a_printer_that_fails_leads_back(state: State, ended: Cue) -> None:
    printing = step(Position(state, 0.0, Cue.ACCEPTED), Cue.PRINT, 1.0)
    assert printing.state is State.PRINTING
    assert step(printing, ended, 2.0).state is state


def test_a_touch_shows_that_somebody_is_there() -> None:
    assert step(Position(State.CONFIRM, 0.0), Cue.TOUCHED, 9.0).since == 9.0
    assert step(Position(State.MORE_TIME, 0.0, before=State.CONFIRM), Cue.TOUCHED, 9.0).since == 0.0
    assert step(Position(State.PRINTING, 0.0, before=State.CONFIRM), Cue.TOUCHED, 9.0).since == 0.0


def test_what_leads_back_is_remembered() -> None:
    for state, row in TABLE.items():
        if BACK in row.on.values():
            before = [each for each in State if state in TABLE[each].on.values()]
            assert before
            assert all(TABLE[each].of_visitor for each in before)
