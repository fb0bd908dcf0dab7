"""Terms that the law gives by the holder's age: what contradicts them is said, and what fits is not."""

from dataclasses import replace
from importlib import resources
from typing import Any

import pytest

from issuer import catalogue_source, legal_terms, subject
from issuer.console import texts
from issuer.errors import AuthoringError
from protocol.labels import Lic
from protocol.licence import age
from tests.issuer import laws
from tests.issuer.builders import AT, DRIVING, ID_CARD

KINDS = {kind.slug: kind for kind in catalogue_source.load_kinds().values()}
ID_LAW, DRIVING_LAW = (legal_terms.table()[slug].warning for slug in ("id-card", "driving-licence"))


@pytest.mark.parametrize(
    ("slug", "born", "begin", "end", "fits"),
    [
        ("id-card", 20101122, 20261122, 20361122, True),  # 16 on that day
        ("id-card", 20101123, 20261122, 20311122, True),  # the day before
        ("id-card", 20101123, 20261122, 20361122, False),
        ("id-card", 20101122, 20261122, 20311122, False),
        ("id-card", 20001123, 20261122, 20361122, True),  # 25
        ("id-card", 20001122, 20261122, 20461122, True),  # 26
        ("id-card", 20001122, 20261122, 20361122, False),
        ("id-card", 19801123, 20261122, 20461122, True),  # 45
        ("id-card", 19801123, 20261122, None, False),
        ("id-card", 19801122, 20261122, None, True),  # 46
        ("id-card", 19801122, 20261122, 20461122, False),
        ("id-card", 20001122, 20261122, 20461121, True),  # a term that names its last day
        ("id-card", 20001122, 20261122, 20461120, False),
        ("id-card", 20001122, 20261122, 20461123, False),
        ("id-card", 19900101, 20240229, 20440229, True),
        ("id-card", 20050101, 20240229, 20340301, True),  # there is no 29 February then
        ("id-card", 20050101, 20240229, 20340228, True),
        ("id-card", 20261130, 20261122, 20311122, True),  # born later: another warning's matter
        ("passport", 20101123, 20261122, 20311121, True),
        ("passport", 20101122, 20261122, 20361121, True),
        ("passport", 20101122, 20261122, 20311121, False),
        ("passport", 20101122, 20261122, None, False),
        ("driving-licence", None, 20261122, 20321122, True),
        ("driving-licence", None, 20261122, 20361122, True),
        ("driving-licence", None, 20261122, None, True),
        ("driving-licence", None, 20261122, 20341122, False),
        ("id-card", None, 20261122, 20341122, True),  # nothing is said where the age is not known
        ("residence-permit", None, 20261122, 20991122, True),
    ],
)
def test_each_step_of_the_law(slug: str, born: int | None, begin: int, end: int | None, fits: bool) -> None:
    said = legal_terms.contradiction(slug, begin, end, born)
    assert said == (None if fits else legal_terms.table()[slug].warning)


@pytest.mark.parametrize(
    ("slug", "changes", "said"),
    [
        ("id-card", {}, ID_LAW),  # born in 1949, with a last day
        ("id-card", {"birth_date": "1999-12-31"}, None),
        ("id-card", {"birth_date": "1999-12-31", "valid_to": "2036-01-01"}, ID_LAW),
        ("driving-licence", {}, None),
        ("driving-licence", {"valid_to": "2033-01-01"}, DRIVING_LAW),
        ("driving-licence", {"valid_to": "2099-01-01"}, DRIVING_LAW),
    ],
)
def test_a_subject_that_contradicts_the_law_is_a_warning(slug: str, changes: dict[str, Any], said: str | None) -> None:
    written = {"id-card": ID_CARD, "driving-licence": DRIVING}[slug] | changes
    warnings = subject.check(KINDS[slug], written, at=AT, fictional=True).warnings
    # Once, and not the longest term of the kind besides.
    assert [each for each in warnings if "valid_to" in each] == ([] if said is None else [said])


def test_without_a_day_of_birth_the_number_has_it() -> None:
    assert list(age.births({Lic.CITIZEN_ID: ID_CARD["citizen_id"]})) == [19491231]
    card = KINDS["id-card"]
    without = replace(card, items=tuple(item for item in card.items if item.name != "birth_date"))
    written = {name: value for name, value in ID_CARD.items() if name != "birth_date"}
    assert ID_LAW in subject.check(without, written, at=AT, fictional=True).warnings


def test_every_law_that_gives_a_term_was_read_and_every_warning_is_said_in_three_languages() -> None:
    read = laws.laws()
    for slug, terms in legal_terms.table().items():
        assert slug in KINDS
        ((law, articles),) = laws.cited(terms.law)
        assert set(articles) <= read[law].articles
        for language in texts.LANGUAGES:
            assert texts.say(f"warning.{terms.warning}", language)


def test_the_longest_step_is_the_kind_s_longest_term() -> None:
    for slug, terms in legal_terms.table().items():
        assert max(number for step in terms.steps for number in step.years) == KINDS[slug].term.years


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("from_age = 0, years = [5]", "from_age = 1, years = [5]", "not from 0 on"),
        ("from_age = 16, years = [10]", "from_age = 0, years = [10]", "not from 0 on"),
        ("years = [5]", "years = []", "no term at all"),
        ("years = [5]", "years = [0]", "no term at all"),
        ("years = [5]", 'years = ["5"]', "not an array of int"),
        ("years = [5]", "years = [5], month = 1", "no such entry"),
        ('law = "《护照法》第七条"', "", "law"),
    ],
)
def test_a_damaged_file_is_named_by_its_entry(old: str, new: str, words: str) -> None:
    text = resources.files("issuer").joinpath("terms.toml").read_text("utf-8").replace(old, new, 1)
    with pytest.raises(AuthoringError, match=words):
        legal_terms.read(text)
