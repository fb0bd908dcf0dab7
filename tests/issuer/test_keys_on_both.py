"""Rings of keys over both databases: rotation with overlap, 2^20 licences, departments, bans, older registers."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import select, update

from issuer import signers
from issuer.application import Issuer
from issuer.errors import ReasonRefused
from issuer.feed import dangerous
from issuer.feed.errors import BanRefused
from issuer.issuance import Issued
from issuer.keys import ring as ring_of
from issuer.keys.errors import (
    DepartmentNeeded,
    DepartmentRefused,
    KeyChangeRefused,
    KeyElsewhere,
    KeyNotForKind,
    KeyUnknown,
    NoSigningKey,
    ResignRefused,
)
from issuer.keys.records import EVERY_KIND, MAX_LICENCES, KeyRecord, Kinds, State
from issuer.keys.schema import issuer_key
from issuer.mandates.issuing import Wish
from issuer.register_schema import credential_group
from protocol import keys, trust_list
from protocol.labels import KeyUse, Purpose
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, credentials, holder_key, made, randomness

AHEAD = Seconds(DAY)
AT_ONCE = Seconds(0)
LATER = UnixTime(AT + DAY)
ACTOR = "test"


def driving(issuer: Issuer, *, at: UnixTime = AT, number: int = 1, department: str | None = None) -> Issued:
    return issuer.issue("driving-licence", DRIVING, holder_key(number), at=at, department=department)


def kid_in(issued: Issued) -> bytes:
    (kid,) = {each.kid for each in credentials(issued.package)}
    return kid


def recorded(issuer: Issuer, issued: Issued) -> bytes:
    """The key that the issued log has of it."""
    statement = select(credential_group.c.kid).where(credential_group.c.licence_id == issued.licence_id)
    with issuer._register.reading() as connection:
        return bytes(connection.execute(statement.order_by(credential_group.c.id.desc()).limit(1)).scalar_one())


def published(issuer: Issuer, use: KeyUse) -> dict[bytes, TrustAnchor]:
    trust = trust_list.verify((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)
    return {kid: anchor for (_, kid), anchor in trust.anchors.items() if anchor.use is use}


def states(issuer: Issuer, *, at: UnixTime = AT, use: KeyUse = KeyUse.ASSERT) -> list[State]:
    return [each.state(at, kept=issuer.keys.kept) for each in issuer.keys.listed() if each.use is use]


def assertion(issuer: Issuer) -> KeyRecord:
    return next(each for each in issuer.keys.listed() if each.use is KeyUse.ASSERT)


def vct(issuer: Issuer, slug: str) -> int:
    return next(number for number, kind in issuer.kinds.items() if kind.slug == slug)


def ban(issuer: Issuer, kid: bytes, *, since: UnixTime = AT, at: UnixTime = AT) -> tuple[KeyRecord, ...]:
    """One person stops the key and proposes the ban, another one approves it. The keys that took its place."""
    changed = issuer.keys.stop(kid.hex(), reason="被盗", actor="甲", at=at)
    content = dangerous.ban_content(kid.hex(), iss=issuer.profile.iss, since=since)
    proposal = issuer.approvals.propose(dangerous.BAN_KEY, content, reason="被盗", by="甲", at=at)
    issuer.approvals.approve(proposal.id, by="乙", at=at)
    return changed.published


# Rotation.


def test_a_new_key_is_published_before_it_signs_and_the_old_one_verifies_after(issuer: Issuer) -> None:
    old = assertion(issuer)
    changed = issuer.keys.rotate(KeyUse.ASSERT, department="", ahead=AHEAD, actor=ACTOR, at=AT)
    (new,) = changed.published
    assert published(issuer, KeyUse.ASSERT).keys() == {old.kid, new.kid}
    assert states(issuer) == [State.SIGNING, State.NEXT]
    last, first = driving(issuer, at=UnixTime(LATER - 1)), driving(issuer, at=LATER)
    assert (kid_in(last), kid_in(first)) == (recorded(issuer, last), recorded(issuer, first)) == (old.kid, new.kid)
    assert states(issuer, at=LATER) == [State.VERIFYING, State.SIGNING]
    anchor = published(issuer, KeyUse.ASSERT)[old.kid]
    assert (anchor.sign_until, anchor.verify_until) == (LATER, LATER + 120 * DAY)
    # It goes from the trust list when nothing rests on it any more.
    issuer.publish(at=UnixTime(LATER + 120 * DAY + 1))
    assert published(issuer, KeyUse.ASSERT).keys() == {new.kid}


@pytest.mark.parametrize("use", [KeyUse.MANDATE, KeyUse.PAPER, KeyUse.TERMINAL, KeyUse.STAFF])
def test_every_use_has_keys_of_its_own_that_are_exchanged_alike(issuer: Issuer, use: KeyUse) -> None:
    (new,) = issuer.keys.rotate(use, department="", ahead=AHEAD, actor=ACTOR, at=AT).published
    assert issuer.ring.take(use, at=UnixTime(LATER - 1)).kid != new.kid
    assert issuer.ring.take(use, at=LATER).kid == new.kid
    assert len({each.kid for each in issuer.keys.listed()}) == len(issuer.keys.listed()) == 7
    if use is KeyUse.MANDATE:
        licence = driving(issuer).licence_id
        wish = Wish(licence, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
        mandate = issuer.mandates.issue(wish, holder_key(5), actor=ACTOR, at=LATER)
        assert {each.kid for each in credentials(mandate.package)} == {new.kid}


def test_a_process_that_was_open_before_signs_by_the_new_key_too(issuer: Issuer) -> None:
    with Issuer.open(issuer.places.folder, passphrase=None, random_bytes=randomness(9)) as other:
        (new,) = other.keys.rotate(KeyUse.ASSERT, department="", ahead=AT_ONCE, actor=ACTOR, at=AT).published
    assert kid_in(driving(issuer)) == new.kid


def test_without_the_private_half_nothing_signs(issuer: Issuer) -> None:
    before = issuer.places.keys.read_bytes()
    issuer.keys.rotate(KeyUse.ASSERT, department="", ahead=AT_ONCE, actor=ACTOR, at=AT)
    issuer.places.keys.write_bytes(before)
    with pytest.raises(KeyElsewhere):
        driving(issuer)
    assert issuer.open_intents() == ()


def test_a_key_that_ends_while_something_is_about_to_be_signed_signs_it_no_more(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.keys.add(KeyUse.ASSERT, department="", ahead=AT_ONCE, actor=ACTOR, at=AT)
    first, real = assertion(issuer), issuer.ring.take

    def meanwhile(*arguments: object, **named: object) -> object:
        taken = real(*arguments, **named)  # type: ignore[arg-type]
        issuer.keys.retire(first.kid.hex(), actor=ACTOR, at=AT)
        return taken

    monkeypatch.setattr(issuer.ring, "take", meanwhile)
    with pytest.raises(NoSigningKey, match="just now"):
        driving(issuer)
    assert issuer.list() == ()


def test_the_last_key_is_not_retired_and_the_status_key_goes_its_own_way(issuer: Issuer) -> None:
    by_use = {each.use: each.kid.hex() for each in issuer.keys.listed()}
    with pytest.raises(KeyChangeRefused, match="no other key"):
        issuer.keys.retire(by_use[KeyUse.ASSERT], actor=ACTOR, at=AT)
    for refused in (
        lambda: issuer.keys.retire(by_use[KeyUse.STATUS], actor=ACTOR, at=AT),
        lambda: issuer.keys.rotate(KeyUse.STATUS, department="", ahead=AHEAD, actor=ACTOR, at=AT),
        lambda: issuer.keys.stop(by_use[KeyUse.STATUS], reason="测试", actor=ACTOR, at=AT),
    ):
        with pytest.raises(KeyChangeRefused, match="feed"):
            refused()
    for unknown in ("00" * 8, "zz", ""):
        with pytest.raises(KeyUnknown):
            issuer.keys.retire(unknown, actor=ACTOR, at=AT)
    with pytest.raises(KeyChangeRefused, match="signing"):
        issuer.keys.drop(by_use[KeyUse.ASSERT], actor=ACTOR, at=AT)


def test_a_key_that_devices_rest_on_is_not_dropped_also_where_nobody_has_banned_it(issuer: Issuer) -> None:
    old = next(each.kid.hex() for each in issuer.keys.listed() if each.use is KeyUse.ASSERT)
    driving(issuer, at=AT)
    issuer.keys.rotate(KeyUse.ASSERT, department="", ahead=AT_ONCE, actor=ACTOR, at=AT)
    later = UnixTime(AT + 60)
    with pytest.raises(KeyChangeRefused, match="1 devices hold licences by this key alone"):
        issuer.keys.drop(old, actor=ACTOR, at=later)
    # When what it signed has ended, nobody misses it.
    ended = UnixTime(AT + 121 * DAY)
    assert issuer.keys.drop(old, actor=ACTOR, at=ended).dropped_at == ended


def test_two_years_later_nothing_signs_and_everything_says_so(issuer: Issuer) -> None:
    with pytest.raises(NoSigningKey, match="no key of the use assert signs now"):
        driving(issuer, at=UnixTime(AT + 2 * 365 * DAY))


# 2^20 licences.


def given(issuer: Issuer, kid: bytes, count: int) -> None:
    with issuer._register.writing() as connection:
        connection.execute(update(issuer_key).where(issuer_key.c.kid == kid).values(given=count))


def test_a_full_key_gives_way_to_the_next_one_that_was_published(issuer: Issuer) -> None:
    old = assertion(issuer)
    given(issuer, old.kid, MAX_LICENCES - 1)
    (spare,) = issuer.keys.add(KeyUse.ASSERT, department="", ahead=AHEAD, actor=ACTOR, at=AT).published
    assert kid_in(driving(issuer)) == old.kid
    assert states(issuer) == [State.FULL, State.NEXT]
    # The next one is not published for long enough yet.
    with pytest.raises(NoSigningKey, match="every key of the use assert is full"):
        driving(issuer)
    assert len(issuer.list()) == 1
    assert kid_in(driving(issuer, at=LATER)) == spare.kid


def test_a_batch_that_does_not_fit_goes_to_the_next_key_whole(issuer: Issuer) -> None:
    old = assertion(issuer)
    given(issuer, old.kid, MAX_LICENCES - 10)
    (spare,) = issuer.keys.add(KeyUse.ASSERT, department="", ahead=AT_ONCE, actor=ACTOR, at=AT).published
    kind = vct(issuer, "id-card")
    assert issuer.ring.take(KeyUse.ASSERT, vct=kind, count=11, at=AT).kid == spare.kid
    assert issuer.ring.take(KeyUse.ASSERT, vct=kind, count=10, at=AT).kid == old.kid
    assert assertion(issuer).given == MAX_LICENCES


def test_threads_together_take_no_more_than_there_are(issuer: Issuer) -> None:
    old, kind, taken = assertion(issuer), vct(issuer, "id-card"), []
    given(issuer, old.kid, MAX_LICENCES - 100)

    def work() -> None:
        for _ in range(60):
            try:
                taken.append(issuer.ring.take(KeyUse.ASSERT, vct=kind, at=AT))
            except NoSigningKey:
                return

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), assertion(issuer).given) == (100, MAX_LICENCES)
    assert ring_of.LEASED < 100


# Departments.


def test_a_department_s_key_signs_its_kinds_alone_once_it_is_known(issuer: Issuer) -> None:
    general = assertion(issuer)
    changed = issuer.keys.add_department(
        "traffic-police", frozenset({"driving-licence"}), ahead=AHEAD, actor=ACTOR, at=AT
    )
    own, rest = changed.published
    assert (own.department, rest.department) == ("traffic-police", "")
    # Until terminals know it, the authority's own key signs, and says so in the log.
    assert kid_in(driving(issuer, department="traffic-police")) == kid_in(driving(issuer)) == general.kid
    assert kid_in(driving(issuer, at=LATER)) == own.kid
    card = issuer.issue("id-card", ID_CARD, holder_key(), at=LATER)
    assert kid_in(card) == rest.kid
    anchors, driver = published(issuer, KeyUse.ASSERT), vct(issuer, "driving-licence")
    assert anchors[own.kid].kinds == {driver}
    assert anchors[rest.kid].kinds == frozenset(issuer.kinds) - {driver}
    assert anchors[general.kid].kinds == frozenset(issuer.kinds)
    with pytest.raises(KeyNotForKind):
        issuer.issue("id-card", ID_CARD, holder_key(), department="traffic-police", at=LATER)
    with pytest.raises(KeyNotForKind):
        driving(issuer, at=LATER, department="public-security")
    # A part of the authority that has no key of its own issues what is the authority's.
    assert kid_in(issuer.issue("id-card", ID_CARD, holder_key(), department="public-security", at=LATER)) == rest.kid


def test_a_kind_of_two_departments_takes_a_name_and_keeps_its_department(issuer: Issuer) -> None:
    for name in ("east", "west"):
        issuer.keys.add_department(name, frozenset({"driving-licence"}), ahead=AT_ONCE, actor=ACTOR, at=AT)
    with pytest.raises(DepartmentNeeded, match="east, west"):
        driving(issuer)
    issued = driving(issuer, department="west")
    again = issuer.issue_again(issued.licence_id, holder_key(2), at=AT)
    assert kid_in(again) == kid_in(issued) == next(e.kid for e in issuer.keys.listed() if e.department == "west")
    # Each department's key is exchanged by itself.
    (new,) = issuer.keys.rotate(KeyUse.ASSERT, department="west", ahead=AT_ONCE, actor=ACTOR, at=AT).published
    assert kid_in(driving(issuer, department="west")) == new.kid
    assert kid_in(driving(issuer, department="east")) != new.kid


def test_what_is_no_department(issuer: Issuer) -> None:
    def add(name: str, *slugs: str) -> None:
        issuer.keys.add_department(name, frozenset(slugs), ahead=AT_ONCE, actor=ACTOR, at=AT)

    add("market", "business-licence")
    for name, slugs in (
        ("Market", ["id-card"]),
        ("", ["id-card"]),
        ("x" * 33, ["id-card"]),
        ("market", ["id-card"]),
        ("other", []),
        ("other", ["flying-licence"]),
    ):
        with pytest.raises(DepartmentRefused):
            add(name, *slugs)
    with pytest.raises(DepartmentRefused, match="the authority's"):
        issuer.keys.rotate(KeyUse.PAPER, department="market", ahead=AHEAD, actor=ACTOR, at=AT)
    with pytest.raises(DepartmentRefused, match="no department"):
        issuer.keys.rotate(KeyUse.ASSERT, department="other", ahead=AHEAD, actor=ACTOR, at=AT)
    issuer.keys.retire_department("market", ahead=AT_ONCE, actor=ACTOR, at=AT)
    issued = issuer.issue("business-licence", BUSINESS, holder_key(), at=AT)
    assert kid_in(issued) == issuer.keys.listed()[-1].kid
    with pytest.raises(DepartmentRefused):
        issuer.keys.retire_department("market", ahead=AT_ONCE, actor=ACTOR, at=AT)
    with pytest.raises(DepartmentRefused):
        add("market", "id-card")


# Bans, and second signatures.


def test_a_key_that_is_stopped_signs_nothing_more_and_another_takes_its_place_at_once(issuer: Issuer) -> None:
    old, before = assertion(issuer), driving(issuer)
    with pytest.raises(ReasonRefused):
        issuer.keys.stop(old.kid.hex(), reason="", actor=ACTOR, at=AT)
    changed = issuer.keys.stop(old.kid.hex(), reason="被盗", actor=ACTOR, at=AT)
    (new,) = changed.published
    assert kid_in(driving(issuer)) == new.kid
    # One person alone makes nothing worthless that was good, and lifts no ban.
    assert states(issuer) == [State.VERIFYING, State.SIGNING]
    assert old.kid in published(issuer, KeyUse.ASSERT)
    assert kid_in(before) == old.kid
    assert issuer.keys.stop(old.kid.hex(), reason="被盗", actor=ACTOR, at=AT).published == ()


def test_a_ban_that_somebody_else_approves_is_in_the_ring_too(issuer: Issuer) -> None:
    old = assertion(issuer)
    assert len(ban(issuer, old.kid)) == 1
    assert states(issuer) == [State.BANNED, State.SIGNING]
    assert assertion(issuer).banned_since == AT
    assert ban(issuer, old.kid, since=UnixTime(AT - HOUR)) == ()
    assert assertion(issuer).banned_since == AT - HOUR
    with pytest.raises(BanRefused):
        ban(issuer, old.kid)
    with pytest.raises(KeyChangeRefused, match="signs no more"):
        issuer.keys.retire(old.kid.hex(), actor=ACTOR, at=AT)


def test_second_signatures_reach_each_device_once_and_go_on_where_they_stopped(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = assertion(issuer)
    issued = [driving(issuer, number=number) for number in range(1, 4)]
    # A refresh of the first device: one of its two groups is enough.
    refreshed = issuer.issue_again(issued[0].licence_id, holder_key(1), at=AT)
    over = driving(issuer, number=1)
    issuer.revoke(over.licence_id, reason="测试", actor=ACTOR, at=AT)
    since = UnixTime(AT + HOUR)
    late = driving(issuer, at=since, number=2)
    now = UnixTime(AT + 2 * HOUR)
    with pytest.raises(KeyChangeRefused, match="not banned"):
        list(issuer.keys.resigning.run(old.kid, later=False, actor=ACTOR, at=now))
    ban(issuer, old.kid, since=since, at=now)
    assert issuer.keys.resigning.left(old.kid, at=now) == 3

    real = issuer.keys.resigning._issue_again
    signed: list[Issued] = []

    def dies(*arguments: object) -> Issued:
        if len(signed) == 2:
            raise NoSigningKey("killed")
        signed.append(real(*arguments))  # type: ignore[arg-type]
        return signed[-1]

    with monkeypatch.context() as patched:
        patched.setattr(issuer.keys.resigning, "_issue_again", dies)
        with pytest.raises(NoSigningKey):
            list(issuer.keys.resigning.run(old.kid, later=False, actor=ACTOR, at=now))
    *_, progress = issuer.keys.resigning.run(old.kid, later=False, actor=ACTOR, at=now)
    assert (progress.signed, progress.passed_over, progress.left) == (1, (), 0)
    assert issuer.keys.resigning.left(old.kid, at=now) == 0
    # What is from after the ban's moment is signed again on a word of its own.
    assert issuer.keys.resigning.left(old.kid, at=now, later=True) == 1
    *_, progress = issuer.keys.resigning.run(old.kid, later=True, actor=ACTOR, at=now)
    assert progress.signed == 1
    for each in (*issued, late):
        package = issuer.package_by_secret(each.licence_id, each.secret)
        (kid,) = {one.kid for one in credentials(package)}
        assert kid == issuer.keys.listed()[-1].kid
        assert {one.claims.cnf[-2] for one in credentials(package)} == {
            one.claims.cnf[-2] for one in credentials(each.package)
        }
    assert issuer.package_by_secret(refreshed.licence_id, refreshed.secret) == issuer.package_by_secret(
        issued[0].licence_id, issued[0].secret
    )


def test_a_package_that_the_log_does_not_know_is_passed_over(issuer: Issuer) -> None:
    """Whoever could write into the one table alone put another package there, signed by the stolen key."""
    old, first, second = assertion(issuer), driving(issuer), driving(issuer, number=2)
    statement = select(credential_group.c.package).where(credential_group.c.licence_id == second.licence_id)
    with issuer._register.writing() as connection:
        other = connection.execute(statement).scalar_one()
        forged = update(credential_group).where(credential_group.c.licence_id == first.licence_id)
        connection.execute(forged.values(package=other))
    ban(issuer, old.kid, since=LATER, at=LATER)
    *_, progress = issuer.keys.resigning.run(old.kid, later=False, actor=ACTOR, at=LATER)
    assert (progress.signed, progress.passed_over) == (1, (first.licence_id,))


def test_the_issued_log_says_what_was_put_in_beside_it(issuer: Issuer) -> None:
    issued = [driving(issuer), driving(issuer, number=2)]
    wish = Wish(issued[0].licence_id, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
    issuer.mandates.issue(wish, holder_key(5), actor=ACTOR, at=AT)
    *_, checked = issuer.keys.check_log()
    assert (checked.groups, checked.wrong) == (3, ())
    other = keys.kid_of(issuer._signers.mandate.public_key)
    of_first = credential_group.c.licence_id == issued[1].licence_id
    for values in ({"kid": other}, {"kid": b"unknown!"}, {"kid": assertion(issuer).kid, "package": b"rubbish"}):
        with issuer._register.writing() as connection:
            connection.execute(update(credential_group).where(of_first).values(values))
        *_, checked = issuer.keys.check_log()
        assert checked.wrong == (issued[1].licence_id,)


def test_what_other_keys_signed_is_made_anew_by_its_own_commands(issuer: Issuer) -> None:
    mandate = next(each for each in issuer.keys.listed() if each.use is KeyUse.MANDATE)
    ban(issuer, mandate.kid)
    with pytest.raises(ResignRefused):
        list(issuer.keys.resigning.run(mandate.kid, later=False, actor=ACTOR, at=AT))
    issuer.keys.drop(mandate.kid.hex(), actor=ACTOR, at=AT)
    assert mandate.kid not in published(issuer, KeyUse.MANDATE)


# What was there before.


def test_a_register_from_before_rings_knows_which_key_signed_what(issuer: Issuer) -> None:
    issued = driving(issuer)
    paper = issuer.papers.issue(issued.licence_id, days=30, actor=ACTOR, at=AT)
    with issuer._register.writing() as connection:
        connection.execute(issuer_key.delete())
        connection.execute(update(credential_group).values(kid=None))
    with Issuer.open(issuer.places.folder, passphrase=None, random_bytes=randomness(2)) as again:
        assert recorded(again, issued) == keys.kid_of(again._signers.paper.public_key)
        with again._register.reading() as connection:
            kids = {row.idx: bytes(row.kid) for row in connection.execute(select(credential_group))}
        assert kids == {
            issued.idx: keys.kid_of(again._signers.assertion.public_key),
            paper.idx: keys.kid_of(again._signers.paper.public_key),
        }
        assert assertion(again).given == 1
        again.publish(at=AT)


def test_a_new_status_key_is_noted_and_the_old_one_trusted_no_more(tmp_path: Path) -> None:
    with made(tmp_path / "i") as issuer:
        old = next(each for each in issuer.keys.listed() if each.use is KeyUse.STATUS)
    signers.replace_status(issuer.places, passphrase=None, random_bytes=randomness(7))
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        issuer.publish(at=LATER)
        new = keys.kid_of(issuer._signers.status.public_key)
        assert published(issuer, KeyUse.STATUS).keys() == {new}
        assert new != old.kid
        assert [each.state(LATER, kept=0) for each in issuer.keys.listed() if each.use is KeyUse.STATUS] == [
            State.DROPPED,
            State.SIGNING,
        ]


def test_every_ceremony_is_in_the_trail(issuer: Issuer) -> None:
    old = assertion(issuer)
    issuer.keys.add_department("market", frozenset({"business-licence"}), ahead=AT_ONCE, actor="甲", at=AT)
    issuer.keys.stop(issuer.keys.listed()[-1].kid.hex(), reason="被盗", actor="乙", at=AT)
    issuer.audit.seal()
    acts = {(each.act, each.id, each.actor, each.reason) for each in issuer.audit.listed(search="", limit=100)}
    assert ("add-department", "market", "甲", "") in acts
    assert ("end-key", old.kid.hex(), "甲", "") in acts
    assert ("end-key", issuer.keys.listed()[-2].kid.hex(), "乙", "被盗") in acts


def test_kinds_are_read_as_they_were_written() -> None:
    for kinds in (EVERY_KIND, EVERY_KIND.without(frozenset({7, 3})), Kinds(frozenset({5}), False)):
        assert Kinds.read(str(kinds)) == kinds
    assert EVERY_KIND.without(frozenset({3})).among(frozenset({3, 4})) == {4}
