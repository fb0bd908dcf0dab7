"""The same text is one act while it stays in view; a different text is never hidden."""

from hypothesis import given
from hypothesis import strategies as st

from hardware.duplicates import DuplicateFilter


def test_the_same_text_is_a_duplicate_while_it_stays_in_view() -> None:
    seen = DuplicateFilter()
    assert [seen.is_duplicate("A", at / 10) for at in range(50)] == [False] + [True] * 49


def test_the_same_text_counts_again_after_two_seconds_out_of_view() -> None:
    seen = DuplicateFilter()
    assert not seen.is_duplicate("A", 0.0)
    assert seen.is_duplicate("A", 1.9)
    assert not seen.is_duplicate("A", 3.9)


def test_another_text_in_between_makes_no_new_act() -> None:
    seen = DuplicateFilter()
    assert [seen.is_duplicate(text, at) for at, text in enumerate("ABA")] == [False, False, False]
    assert [DuplicateFilter().is_duplicate(text, 0.0) for text in "AB"] == [False, False]
    quick = DuplicateFilter()
    assert [quick.is_duplicate(text, at / 10) for at, text in enumerate("ABAB")] == [False, False, True, True]


@given(st.lists(st.tuples(st.text(), st.floats(0, 1)), max_size=30))
def test_a_text_never_seen_before_is_never_hidden(steps: list[tuple[str, float]]) -> None:
    seen = DuplicateFilter()
    known: set[str] = set()
    at = 0.0
    for text, pause in steps:
        at += pause
        duplicate = seen.is_duplicate(text, at)
        assert not duplicate or text in known
        known.add(text)
