"""Which release a terminal goes to: never backwards but by a signed withdrawal, and only what is offered to it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revocation.repository.releases import Offer, Release, Version, place_of
from tests.updates.making import NOTES, PLATFORM, REGION
from verifier_terminal.updates.choosing import Here, choose

HERE = Here("t1", REGION, PLATFORM, Version(1, 1, 0), 12)
GOOD = Release(Version(1, 2, 0), PLATFORM, 1, bytes(32), Version(1, 0, 0), 12, 12, NOTES, Offer(100))


def test_a_newer_one_that_is_offered_is_chosen() -> None:
    assert choose([GOOD], HERE) == GOOD
    newer = replace(GOOD, version=Version(1, 10, 0))
    assert choose([newer, GOOD], HERE) == newer


@pytest.mark.parametrize(
    "changes",
    [
        {"version": Version(1, 1, 0)},
        {"version": Version(1, 0, 9)},
        {"platform": "cpython_311_win_arm64"},
        {"withdrawn": "bad"},
        {"offer": Offer(0)},
        {"offer": Offer(100, regions=("340000",))},
        {"offer": Offer(0, terminals=("t2",))},
        {"least_previous": Version(1, 1, 1)},
    ],
    ids=str,
)
def test_each_of_these_alone_keeps_it_away(changes: dict) -> None:
    assert choose([replace(GOOD, **changes)], HERE) is None


def test_what_was_given_up_here_is_not_tried_again() -> None:
    assert choose([GOOD], replace(HERE, given_up=frozenset({GOOD.sha256}))) is None


def test_a_terminal_by_name_and_the_terminals_of_a_region() -> None:
    assert choose([replace(GOOD, offer=Offer(0, terminals=("t1",)))], HERE) is not None
    assert choose([replace(GOOD, offer=Offer(100, regions=(REGION,)))], HERE) is not None


def test_only_a_withdrawal_leads_back_and_only_where_the_database_can_be_read() -> None:
    older = replace(GOOD, version=Version(1, 0, 0), sha256=bytes([1]) * 32)
    running = replace(GOOD, version=HERE.running, sha256=bytes([2]) * 32)
    assert choose([older, running], HERE) is None
    withdrawn = replace(running, withdrawn="bad")
    assert choose([older, withdrawn], HERE) == older
    assert choose([replace(older, schema=11, usable_from=11), withdrawn], HERE) is None
    assert choose([older, replace(withdrawn, platform="another")], HERE) is None


VERSIONS = st.builds(Version, *[st.integers(0, 3)] * 3)


@given(st.lists(st.tuples(VERSIONS, st.booleans()), max_size=8), VERSIONS)
def test_nothing_older_without_a_withdrawal(listed: list[tuple[Version, bool]], running: Version) -> None:
    found = [
        replace(GOOD, version=v, withdrawn="bad" if bad else None, least_previous=Version(0, 0, 0)) for v, bad in listed
    ]
    chosen = choose(found, replace(HERE, running=running))
    if chosen is not None:
        assert chosen.withdrawn is None
        assert chosen.version > running or (running, True) in listed


@given(st.text(min_size=1, max_size=16), VERSIONS, st.integers(0, 99), st.integers(0, 100))
def test_a_share_only_grows(terminal: str, version: Version, less: int, more: int) -> None:
    before, after = Offer(min(less, more)), Offer(max(less, more))
    assert not before.includes(terminal, REGION, version=version) or after.includes(terminal, REGION, version=version)
    assert Offer(100).includes(terminal, REGION, version=version)
    assert not Offer(0).includes(terminal, REGION, version=version)


def test_a_share_is_about_that_share_and_another_one_for_each_version() -> None:
    terminals = [f"{number:08x}" for number in range(20_000)]
    chosen = {v: {t for t in terminals if Offer(10).includes(t, REGION, version=Version(1, v, 0))} for v in range(3)}
    # Three standard deviations of a binomial distribution are 127.
    assert all(abs(len(each) - 2_000) < 200 for each in chosen.values())
    assert abs(len(chosen[0] & chosen[1]) - 200) < 60
    assert {place_of(t, Version(1, 0, 0)) for t in terminals} == set(range(100))
