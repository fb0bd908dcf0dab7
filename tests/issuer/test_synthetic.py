"""Synthetic subjects: of every kind, the same for the same seed, taken for made up and refused among real persons."""

import csv
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from issuer import catalogue_source, legal_terms, subject
from issuer.cli import cli
from issuer.errors import SubjectRefused
from issuer.joint.subjects import HOLDERS, of_each
from issuer.synthetic import subjects
from protocol import unixtime
from protocol.labels import Lic
from protocol.licence.catalogue import Kind
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT

KINDS = {kind.slug: kind for kind in catalogue_source.load_kinds().values()}
every_kind = pytest.mark.parametrize("slug", KINDS)
DAYS = st.integers(min_value=AT - 4_000 * DAY, max_value=AT + 4_000 * DAY).map(UnixTime)


def of_holders(kind: Kind, written: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    found = of_each(written)
    assert found is not None
    assert kind.holders.least <= len(found) <= kind.holders.most
    return map(dict, found)


@every_kind
@settings(max_examples=20)
@given(seed=st.integers(0, 2**64), place=st.integers(0, 2**32), at=DAYS)
def test_every_subject_is_taken_for_synthetic_and_refused_among_real_persons(
    slug: str, seed: int, place: int, at: UnixTime
) -> None:
    kind = KINDS[slug]
    for each in of_holders(kind, subjects.subject(kind, place, seed=seed, at=at)):
        warnings = subject.check(kind, each, at=at, fictional=True).warnings
        assert warnings
        assert all("a synthetic holder" in warning for warning in warnings), warnings
        with pytest.raises(SubjectRefused) as refused:
            subject.check(kind, each, at=at, fictional=False)
        assert {problem.what for problem in refused.value.problems} == {"its area does not exist"}


def test_the_same_seed_gives_the_same_people_and_another_one_others() -> None:
    for kind in KINDS.values():
        some = list(subjects.generate(kind, count=20, seed=3, at=AT))
        assert some == list(subjects.generate(kind, count=20, seed=3, at=AT))
        # Each stands for itself: a resumed import may begin anywhere.
        assert some[17] == subjects.subject(kind, 17, seed=3, at=AT)
        assert len({json.dumps(each, sort_keys=True) for each in some}) == 20
        assert some != list(subjects.generate(kind, count=20, seed=4, at=AT))


def test_those_who_hold_a_licence_together_belong_together() -> None:
    for written in subjects.generate(KINDS["marriage"], count=50, seed=1, at=AT):
        one, other = written[HOLDERS]
        assert {one["sex"], other["sex"]} == {1, 2}
        assert (one["spouse_name"], one["spouse_id"]) == (other["name"], other["citizen_id"])
        assert (other["spouse_name"], other["spouse_id"]) == (one["name"], one["citizen_id"])
    for written in subjects.generate(KINDS["household-register"], count=50, seed=1, at=AT):
        assert written["head_name"] == written[HOLDERS][0]["name"]
        assert [each["relation"] == "户主" for each in written[HOLDERS]].count(True) == 1
    sizes = {len(each[HOLDERS]) for each in subjects.generate(KINDS["household-register"], count=50, seed=1, at=AT)}
    assert sizes == {1, 2, 3, 4}


def test_persons_and_companies_hold_what_either_may_hold() -> None:
    holders = [each for w in subjects.generate(KINDS["vehicle-licence"], count=60, seed=1, at=AT) for each in (w,)]
    assert {("uscc" in each, "citizen_id" in each) for each in holders} == {(True, False), (False, True)}


def test_terms_are_the_kinds_own() -> None:
    for kind in KINDS.values():
        terms = legal_terms.table().get(kind.slug)
        # Which of them at which age, the warnings say of which there is none.
        lasts = {kind.term.years or 20} if terms is None else {years for step in terms.steps for years in step.years}
        for written in subjects.generate(kind, count=20, seed=5, at=AT):
            begin, end = written["valid_from"], written.get("valid_to")
            assert begin <= unixtime.calendar_date(unixtime.local_day(AT)).isoformat()
            if end is not None:
                assert int(end[:4]) - int(begin[:4]) in lasts
            assert end is not None or kind.item(Lic.VALID_TO) is None or not kind.item(Lic.VALID_TO).required  # type: ignore[union-attr]


def run(*arguments: str) -> list[str]:
    result = CliRunner().invoke(cli, ["synth", *arguments])
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def test_the_command_writes_lines_of_json_or_a_table() -> None:
    lines = run("id-card", "--count", "3", "--seed", "7")
    assert len(lines) == 3
    header, *rows = csv.reader(run("id-card", "--count", "3", "--seed", "7", "--csv"))
    for line, row in zip(lines, rows, strict=True):
        written = json.loads(line)
        assert {name: str(value) for name, value in written.items()} == {
            name: cell for name, cell in zip(header, row, strict=True) if cell
        }
    assert HOLDERS in json.loads(run("marriage")[0])


@pytest.mark.parametrize(
    ("arguments", "words"), [(("marriage", "--csv"), "several holders"), (("flying",), "no such kind")]
)
def test_what_cannot_be_written_is_refused(arguments: tuple[str, ...], words: str) -> None:
    result = CliRunner().invoke(cli, ["synth", *arguments])
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
