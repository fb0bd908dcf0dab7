"""The TypeScript appraisal gives Python's verdicts, in everything that is shown and kept, wherever it gives one at all.

Where it reads less (paper, frames) it says so, and accepts nothing. What both are asked: every vector (in
which every forgery of the factory is), and contexts that hypothesis draws. Neither has asked for anything: this
verifier cannot.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liangzheng.vectors import acts as vector_acts
from liangzheng.vectors import folder
from liangzheng.vectors.acts import OwnTerminal
from protocol import unixtime
from protocol.errors import Code
from protocol.labels import HolderKind, KeyAssurance, KeyUse, Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.qr import base45, envelope
from protocol.qr.envelope import PREFIXES
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.appraisal.terminal import IDENTIFIER_ITEM, SHOWN, Terminal, Uses
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE, ID_CARD, driving_licence_items
from tests.utopia.world import WUYOU, ZIXU, World
from tests.verifier_js.differential import ELSEWHERE, Regions, TypeScript, numbers_of, stated
from verifier_terminal.appraisal import gates
from verifier_terminal.appraisal.appraise import appraise
from verifier_terminal.appraisal.context import Context, EarlierUse, Face, Knowledge
from verifier_terminal.appraisal.verdict import VerdictClass

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
UNREAD = {"class": "not_read", "proceed": "no", "codes": [["V_FORM", "none"]], "licence": None}


@pytest.fixture(scope="module")
def peer(built: Path) -> Iterator[TypeScript]:
    started = TypeScript(built)
    yield started
    started.close()


@pytest.fixture(scope="module")
def alike(peer: TypeScript) -> "Alike":
    return Alike(peer, Regions(World().roots[WUYOU]))


class Alike:
    """Both appraisals side by side."""

    def __init__(self, peer: TypeScript, regions: Regions) -> None:
        self._peer, self._regions = peer, regions

    def __call__(self, text: str, context: Context, used: tuple[bytes, ...] = ()) -> Any:
        """Python's verdict in plain words, after the other one gave the same."""
        found = self._peer.ask(self._regions.given(text, context, used))
        expected = stated(appraise(text, context), numbers_of(context))
        if text[:4] in ELSEWHERE:
            assert {name: found[name] for name in UNREAD} == UNREAD
        else:
            assert found == expected
        return expected


def test_every_code_does_to_a_verdict_what_it_does_in_a_terminal(peer: TypeScript) -> None:
    fixed = {code.value: gates.BUILT_IN[code] for code in Code}
    graded = [None if each is gates.BuiltIn.GRADED else gates.finding(Code(code)).tier for code, each in fixed.items()]
    expected = [None if tier is None else tier.name.lower() for tier in graded]
    assert peer.ask({"tiersOf": list(fixed)}) == expected


def test_every_act_of_the_vectors_has_the_same_verdict(peer: TypeScript) -> None:
    ground = folder.ground_of(VECTORS)
    own = OwnTerminal(ground, lambda name: (VECTORS / name).read_bytes())
    compared = 0
    for act in vector_acts.load(VECTORS):
        if "text" not in act.given:
            continue
        # What it does not do in any case: to ask, and to take part in trust metadata.
        asked = {**act.given, "requests": [], "audiences": [], "metadata": {}}
        context = own.context(asked, act.at)
        documents = asked["documents"] and {
            "root": (VECTORS / "documents/root-key.cbor").read_bytes().hex(),
            "trust": (VECTORS / "documents/trust-list.cbor").read_bytes().hex(),
            "catalogue": (VECTORS / asked["documents"]["catalogue"]).read_bytes().hex(),
            "policy": (VECTORS / asked["documents"]["policy"]).read_bytes().hex(),
        }
        found = peer.ask({**asked, "at": act.at, "documents": documents})
        if act.given["text"][:4] in ELSEWHERE:
            assert {name: found[name] for name in UNREAD} == UNREAD, act.file
        else:
            assert found == stated(appraise(act.given["text"], context), numbers_of(context)), act.file
            compared += 1
    assert compared >= 65


def test_every_bad_presentation_of_the_vectors_is_answered_by_its_reason(peer: TypeScript) -> None:
    ground = folder.ground_of(VECTORS)
    own = OwnTerminal(ground, lambda name: (VECTORS / name).read_bytes())
    document = {name: (VECTORS / f"documents/{name}.cbor").read_bytes().hex() for name in ("catalogue", "policy")}
    document |= {"root": (VECTORS / "documents/root-key.cbor").read_bytes().hex()}
    document |= {"trust": (VECTORS / "documents/trust-list.cbor").read_bytes().hex()}
    bad = [
        each
        for each in json.loads((VECTORS / "index.json").read_text("utf-8"))["vectors"]
        if each["format"] in ("presentation", "mandate", "sealed") and each["class"] != "read"
    ]
    for entry in bad:
        text, at = json.loads((VECTORS / entry["file"]).read_text("utf-8"))["text"], entry["at"]
        asked = {**vector_acts.WINDOW, "status": {"lz:990000/3": {"as_of": at - 60, "size": 8192, "values": {}}}}
        context = own.context(asked, at)
        found = peer.ask({**asked, "text": text, "at": at, "documents": document})
        if text[:4] in ELSEWHERE:
            assert {name: found[name] for name in UNREAD} == UNREAD, entry["file"]
            continue
        assert found == stated(appraise(text, context), numbers_of(context)), entry["file"]
        assert found["class"] in ("refuse", "not_read"), entry["file"]
        if entry["format"] == "presentation":
            assert entry["code"] in [code for code, _ in found["codes"]], entry["file"]
    assert len(bad) >= 400


def test_what_is_good_is_accepted_and_shown(alike: Alike) -> None:
    terminal = Terminal()
    expected = alike(terminal.code(), terminal.context())
    assert expected["class"] == "accept"
    assert len(expected["licence"]["claims"]) >= 4


def mostly(good: object, *others: object) -> st.SearchStrategy[Any]:
    """The good value in eleven cases of twelve, so that many examples differ in one field and some in none."""
    return st.integers(0, 11).flatmap(lambda turn: st.just(good) if turn else st.sampled_from(others))


LATE = (0, 14 * DAY, 14 * DAY + 1, 30 * DAY + 1)
PLACES = st.builds(Face, st.sampled_from(Purpose), st.sampled_from([WUYOU, ZIXU]), st.booleans(), st.booleans())
WINDOW = Face(Purpose.WINDOW, WUYOU, attended=True, face_compared=True)
AGES = st.just(60) | st.sampled_from([0, 300, 301, HOUR + 1, DAY + 1, 3 * DAY + 1, 7 * DAY + 1]) | st.integers(0, DAY)
ITEMS = {
    Lic.VALID_TO: (20261121, 20261120, 20261122, 20261221, 20261222, 99991231),
    Lic.VALID_FROM: (20261121, 20261122, 10101),
    Lic.BIRTH_DATE: (20121121, 20121120, 20121122, 20080229),
    Lic.CITIZEN_ID: ("990101201211210019", "990101201300000019", "98"),
    Lic.NAME: ("买买提·艾力", "欧阳小明", "甲", "葛\U000e0100某", "A. B."),
    Lic.ADDRESS: ("短", "乌有市子虚区亡是路一号二单元"),
    Lic.IDENTIFIER: ("1.2.156.3005.2.11100000000013127D003.990000.1234567.001.A", "1.2.156"),
}


@cache
def held_at(risk: RiskClass, late_by: int) -> Knowledge:
    """What a terminal holds of a driving licence of this class with every type of item; made, and signed, once."""
    terminal = Terminal()
    terminal.set_kind(items=(*terminal.held.catalogue.kinds[DRIVING_LICENCE].items, IDENTIFIER_ITEM), risk=risk)
    terminal.trust_is_late_by(late_by)
    return terminal.held


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_whatever_differs_in_a_few_fields_has_the_same_verdict(alike: Alike, data: st.DataObject) -> None:
    draw = data.draw
    terminal = Terminal()
    world = terminal.world
    terminal.face = draw(st.just(WINDOW) | PLACES)
    purpose = terminal.face.purpose
    terminal.knowledge = held_at(draw(mostly(RiskClass.M, *RiskClass)), draw(mostly(-DAY, *LATE)))
    # The licence.
    content: dict[int, Any] = dict(driving_licence_items())
    for key, others in ITEMS.items():
        good = content.get(key)
        chosen = draw(mostly(good, None, *others))
        content.pop(key, None)
        if chosen is not None:
            content[key] = chosen
    holder = world.holder()
    region = draw(mostly(WUYOU, ZIXU))
    claims = world.claims(
        holder=holder,
        region=region,
        issued_on=draw(mostly(20261101, 20260901, 20261121, 20261120)),
        list_number=draw(mostly(3, 4)),
        idx=draw(mostly(4711, 8191, 8192)),
        holder_kind=draw(mostly(HolderKind.NATURAL_PERSON, None, HolderKind.LEGAL_PERSON)),
        key_assurance=draw(mostly(KeyAssurance.HARDWARE_USER_VERIFICATION, *KeyAssurance)),
    )
    issued = world.credential(holder=holder, claims=claims, items=content)
    shown = draw(st.just(SHOWN) | st.sets(st.sampled_from(sorted(content)), max_size=6).map(tuple))
    if draw(mostly(False, True)):
        issued, shown = acts.mandate(world, idx=draw(mostly(99, 8192))), ()
    text = terminal.code(
        issued,
        shown=shown,
        purpose=draw(mostly(purpose, *Purpose)),
        iat=terminal.at + draw(mostly(0, -20, -90, -91, -200, 30, 31, 600, 601, -10_000)),
        life=draw(mostly(60, 120, 121)),
        cnonce=draw(mostly(None, bytes(4), bytes(16))),
    )
    # What is held, and demanded.
    terminal.set_status(draw(mostly(*range(16))), age=draw(AGES), idx=issued.claims.status.idx % 8192)
    everything = frozenset(int(item.key) for item in terminal.held.catalogue.kinds[DRIVING_LICENCE].items)
    row = {
        "mandatory": draw(mostly(frozenset({1, 5}), frozenset({1, 2, 5, 7}), frozenset({3}))),
        "optional": draw(mostly(everything, frozenset({2, 3, 7}))),
        "masked": draw(st.sampled_from([frozenset(), frozenset({1, 3, 5, 13, 21}), everything])),
        "challenge_required": draw(mostly(False, True)),
        "seal_required": draw(mostly(False, True)),
        "person_check": draw(st.booleans()),
        "irreversible": draw(mostly(False, True)),
        "show_under_refusal": draw(st.booleans()),
        "regions": draw(mostly(frozenset({WUYOU, ZIXU}), frozenset({ZIXU}), frozenset({WUYOU}))),
        "min_assurance": draw(mostly(*KeyAssurance)),
        "max_status_age": draw(mostly(None, Seconds(600))),
        "holders_required": draw(mostly(1, 2)),
        "guardian_below": draw(mostly(None, 14, 18)),
    }
    terminal.set_row(**row)
    policy = terminal.held.policy
    if draw(mostly(False, True)):
        general = policy.rows[DRIVING_LICENCE, purpose]
        stricter = replace(
            general,
            only_for=region,
            regions=frozenset({region}),
            mandatory=frozenset({1, 14}),
            optional=frozenset({2}),
            min_assurance=KeyAssurance.HARDWARE_USER_VERIFICATION,
            guardian_below=16,
            max_status_age=Seconds(300),
            person_check=True,
        )
        terminal.set_policy(stricter={(DRIVING_LICENCE, purpose, region): stricter})
    if draw(mostly(False, True)):
        rows = {key: each for key, each in terminal.held.policy.rows.items() if key[0] != DRIVING_LICENCE}
        terminal.set_policy(rows=rows, stricter={})
    if draw(mostly(False, True)):
        terminal.set_policy(exp=UnixTime(terminal.at), iat=UnixTime(terminal.at - HOUR))
    if draw(mostly(False, True)):
        kinds = {vct: kind for vct, kind in terminal.held.catalogue.kinds.items() if vct == ID_CARD}
        terminal.knowledge = replace(terminal.held, catalogue=replace(terminal.held.catalogue, kinds=kinds))
    if draw(mostly(False, True)):
        since = UnixTime(issued.claims.iat + draw(st.sampled_from([-1, 0, 1])))
        kid = world.issuers[region, issued_alg(issued)].public_key.thumbprint[:8]
        terminal.knowledge = replace(terminal.held, bans={(issued.claims.iss, kid): since})
    if draw(mostly(False, True)):
        spoil_anchors(terminal, draw)
    terminal.set_clock(
        at=UnixTime(terminal.at + draw(mostly(0, -40 * DAY, 40 * DAY, 500 * DAY, 4000 * DAY))),
        uncertainty=Seconds(draw(mostly(0, 20, 21, 100, 100_000))),
        plausible=draw(mostly(True, False)),
    )
    used: tuple[bytes, ...] = ()
    if draw(mostly(False, True)) and (key := terminal.appraise(text).replay_key) is not None:
        used = (key,)
        terminal.replay = Uses({key: EarlierUse(terminal.at, here=True)})
    if draw(mostly(False, True)):
        terminal.knowledge = None
    alike(text, terminal.context(), used)


def test_both_stand_on_the_same_side_of_every_edge(alike: Alike) -> None:
    """Where one second, one day or one step decides, and drawing would seldom come."""
    terminal = Terminal()
    world, at = terminal.world, terminal.at
    issued = terminal.licence(valid_from=20260101, valid_to=20270115)
    midnights = (unixtime.local_midnight(20260101), unixtime.end_of_local_day(20270115))
    moments = (issued.claims.nbf, issued.claims.iat, issued.claims.exp, *midnights, terminal.held.policy.exp)
    for moment in (
        *moments,
        midnights[1] - 30 * DAY,
        terminal.held.trust.exp + 14 * DAY,
        terminal.held.trust.exp + 30 * DAY,
    ):
        for second in (-1, 0, 1):
            terminal.set_clock(at=UnixTime(moment + second))
            alike(terminal.code(issued, iat=terminal.at), terminal.context())
    terminal.set_clock(at=at)
    for age in (300, HOUR, DAY, 3 * DAY, 7 * DAY):
        for second in (0, 1):
            terminal.set_status(age=age + second)
            for region in (WUYOU, ZIXU):
                alike(terminal.code(world.credential(region=region)), terminal.context())
    terminal.set_status()
    for iat, life in ((-90, 60), (-91, 60), (30, 60), (31, 60), (0, 120), (0, 121)):
        for cnonce in (None, bytes(16)):
            alike(terminal.code(issued, iat=at + iat, life=life, cnonce=cnonce), terminal.context())
    # The holder is as young as the clock allows.
    terminal.set_row(guardian_below=14)
    for born in (20121120, 20121121):
        for uncertainty in (20, 40_000):
            terminal.set_clock(uncertainty=Seconds(uncertainty))
            child = terminal.licence(birth_date=born)
            alike(terminal.code(child, shown=(*SHOWN, Lic.BIRTH_DATE)), terminal.context())
    # An agent's face can be compared with nothing, and neither can a picture of whoever stands there.
    terminal.set_clock(uncertainty=Seconds(1))
    agent = terminal.code(acts.mandate(world), shown=())
    for risk in RiskClass:
        for age in (60, DAY + 1):
            for person_check in (False, True):
                terminal.set_risk(risk)
                terminal.set_status(age=age)
                terminal.set_row(person_check=person_check, guardian_below=None)
                alike(agent, terminal.context())
    # Without a trusted clock: what only its uncertainty explains, and what nothing does.
    for uncertainty in (20, 21, 100):
        for late in (30, 31, 129, 130, 131, 132):
            terminal.set_clock(uncertainty=Seconds(uncertainty))
            alike(terminal.code(iat=at - 60 - late), terminal.context())


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_licences_that_are_shown_together_have_the_same_verdict(alike: Alike, data: st.DataObject) -> None:
    draw = data.draw
    terminal = Terminal()
    world = terminal.world
    terminal.face = draw(st.just(WINDOW) | PLACES)
    binding = world.key_binding(purpose=terminal.face.purpose, cnonce=draw(mostly(None, bytes(4))))
    licences = []
    for number in range(draw(mostly(2, 3))):
        match draw(st.sampled_from(["own", "own", "other", "joint", "foreign", "agent", "stolen"])):
            case "own":
                licences.append(acts.licence(world, draw(mostly(number, 4711))))
            case "other":
                licences.append(acts.licence(world, number, CITIZEN_ID=acts.YI, LICENCE_NO=f"{acts.JIA}-0"))
            case "joint":
                licences.append(
                    acts.licence(world, number, LICENCE_NO="joint", CITIZEN_ID=f"9901011949123100{number}0")
                )
            case "foreign":
                licences.append(acts.licence(world, number, region=ZIXU))
            case "agent":
                licences.append(acts.mandate(world, idx=number))
            case _:
                licences.append(terminal.forged_by(acts.licence(world, number), "丙的手机"))
    terminal.set_status(draw(mostly(*range(16))), age=draw(AGES))
    terminal.set_row(
        holders_required=draw(mostly(1, 2, 3)),
        link_waived=draw(mostly(False, True)),
        person_check=draw(st.booleans()),
        regions=draw(mostly(frozenset({WUYOU, ZIXU}), frozenset({ZIXU}))),
    )
    shown = draw(mostly((Lic.LICENCE_NO, Lic.CITIZEN_ID), (Lic.LICENCE_NO,)))
    text = acts.bundle_text(world.presentation(each, shown=shown, binding=binding) for each in licences)
    used: tuple[bytes, ...] = ()
    if draw(mostly(False, True)):
        used = tuple(each.replay_key for each in terminal.appraise(text).members[:1] if each.replay_key is not None)
        terminal.replay = Uses({key: EarlierUse(terminal.at, here=True) for key in used})
    alike(text, terminal.context(), used)


def issued_alg(issued: Any) -> Any:
    return issued.issuer.public_key.alg


def spoil_anchors(terminal: Terminal, draw: Any) -> None:
    """One field of every issuer's anchor differs."""
    field, value = draw(
        st.sampled_from(
            [
                ("kinds", frozenset({ID_CARD})),
                ("status_prefixes", (f"lz:{WUYOU}/4",)),
                ("sign_until", UnixTime(terminal.at - 100 * DAY)),
                ("verify_until", UnixTime(terminal.at - 1)),
                ("use", KeyUse.PAPER),
            ]
        )
    )
    changed = {
        pair: replace(anchor, **{field: value}) if anchor.use in (KeyUse.ASSERT, KeyUse.MANDATE) else anchor
        for pair, anchor in terminal.held.trust.anchors.items()
    }
    terminal.set_trust(anchors=changed)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_byte_of_a_good_code_changes_into_another_answer(alike: Alike, data: st.DataObject) -> None:
    changed = bytearray(GOOD_BYTES)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    assert alike(envelope.wrap(bytes(changed)), GOOD.context())["class"] in ("refuse", "not_read")


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=60), st.sampled_from(["", "LZ1:6BF", *sorted(PREFIXES)]))
def test_any_text_is_answered_alike(alike: Alike, text: str, prefix: str) -> None:
    assert alike(prefix + text, GOOD.context())["class"] != VerdictClass.ACCEPT


GOOD = Terminal()
GOOD_BYTES = base45.decode(GOOD.code()[4:])
