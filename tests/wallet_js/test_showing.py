"""Further ways to show in TypeScript: what it makes Python verifies, and nothing is signed without consent."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from protocol import short_code
from protocol.directory import Office, PurposeItems, WalletDirectory
from protocol.labels import HolderKind, Purpose
from protocol.mandate import Mandate
from protocol.place import UNITS, Place, Point
from protocol.qr import animated, bundle, envelope
from protocol.qr.animated import Assembled, Assembler
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import Presentation
from protocol.short_code import ShortCode
from protocol.unixtime import DAY, UnixTime
from tests.wallet.asked import BOTH, Terminal
from tests.wallet.issued import (
    AT,
    COMPANY,
    COMPANY_KIND,
    COMPANY_VALUES,
    ID_CARD,
    ID_KIND,
    ID_VALUES,
    KIND,
    MAXIMA,
    MIDNIGHT,
    VALUES,
    VCT,
)
from tests.wallet.test_moving import AVIF, WEBP
from tests.wallet_js.bare import Both
from wallet_sdk.nearest import metres
from wallet_sdk.reminders import Reminder

DRIVING = "31000026A7"
OPEN = """
const { sdk, wallet, state, refused, hex, bytes } = tools;
const [driving, id] = ["31000026A7", "ID"].map((each) => wallet.cards().find((card) => card.id === each));
const agreed = (items) => ({ audience: "window", consent: wallet.request(driving, "window").approve(items) });
"""
OFFICES = (
    Office("虚构市车管所", "样例路1号", "000-0001", frozenset({VCT})),
    Office("虚构市政务大厅", "样例路2号", "000-0002", frozenset({VCT, ID_CARD, COMPANY})),
)


@pytest.fixture
def both(built: Path, tmp_path: Path) -> Both:
    return Both(built, tmp_path / "wallet")


def with_offices(good: WalletDirectory) -> WalletDirectory:
    return replace(good, offices=OFFICES)


def scope(*purposes: Purpose) -> Mandate:
    return Mandate(3, frozenset({VCT}), frozenset(purposes), "310000", VCT)


def hold_both(both: Both) -> None:
    both.take(both.authority.package(both.holder))
    both.take(both.authority.other_package(both.holder, ID_KIND, ID_VALUES, "ID"))


def verified(both: Both, text: str) -> tuple[Presentation, ...]:
    """Both signatures of each member, by Python."""
    if text.startswith("LB1:"):
        members: Iterable[key_binding.UnverifiedPresentation] = bundle.parse(
            envelope.unwrap(text, expected_prefix="LB1:")
        )
    else:
        members = (key_binding.parse(envelope.unwrap(text)),)
    authority = both.authority
    found = tuple(
        key_binding.verify(
            each, (authority.mandates if each.credential.claims.mandate else authority.assertion).public_key
        )
        for each in members
    )
    for each in found:
        key_binding.check_time_relations(each)
    return found


# Several licences in one act.


def test_a_bundle_is_linked_as_python_says(both: Both) -> None:
    hold_both(both)
    found = both.run(
        OPEN
        + """
        const request = sdk.requestBundle(wallet, [driving, id], "window");
        const out = [];
        for (const choice of [undefined, { [driving.id]: ["name", "class"], [id.id]: ["name"] }]) {
          const consent = request.approve(choice);
          const showing = sdk.showBundle(wallet, { consent });
          out.push([(await showing.frame()).text, consent.isLinked, consent.cautions,
            [...showing.shownOf].map(([name, keys]) => [name, [...keys].sort((a, b) => a - b)])]);
          showing.close();
          state.now += 1;
        }
        return [out, request.sheets.map((each) => request.proposedLink(each)?.name)];"""
    )
    (out, links) = found
    cards = [both.python.card(DRIVING), both.python.card("ID")]
    asked = both.python.request_bundle(cards, Purpose.WINDOW)
    assert links == [item.name if (item := asked.proposed_link(sheet)) else None for sheet in asked.sheets]
    choices: list[Any] = [None, {DRIVING: ["name", "class"], "ID": ["name"]}]
    for (text, is_linked, cautions, shown), choice in zip(out, choices, strict=True):
        decision = asked.approve(choice)
        assert (is_linked, cautions) == (decision.is_linked, [each.value for each in decision.cautions])
        members = verified(both, text)
        assert (bundle.link(members) is not bundle.Link.NONE) == is_linked
        assert {each.key_binding.aud for each in members} == {"lz:w"}
        with both.python.show_bundle(consent=decision) as showing:
            assert shown == [[name, sorted(keys)] for name, keys in showing.shown_of.items()]


def test_what_is_revoked_or_lost_is_shown_in_no_way_and_what_is_suspended_is(both: Both) -> None:
    hold_both(both)
    found = both.run(
        OPEN
        + """
        wallet.licences.set(driving.id, { ...driving, refreshUrl: "https://issuer.example" });
        const single = agreed(["name"]);
        const bundle = sdk.requestBundle(wallet, [driving, id], "window").approve();
        const out = [];
        for (const status of ["revoked", "withdrawn", "cancelled", "invalid", "device-lost", "suspended"]) {
          const marks = new Map([[driving.id, { status, at: state.now }]]);
          const issuers = new Map([["https://issuer.example", { marks, cursor: "", devices: [] }]]);
          await wallet.record(() => ({ issuers, waiting: [] }));
          out.push([
            await refused(() => wallet.presentOnce(driving, single)),
            await refused(() => sdk.showBundle(wallet, { consent: bundle }).close()),
          ]);
        }
        return out;"""
    )
    shown = ["nothing was refused"] * 2
    assert found == [["LICENCE_REVOKED"] * 2] * 4 + [["DEVICE_REPORTED_LOST"] * 2, shown]


def test_a_bundle_needs_two_to_four_different_licences_and_one_joint_decision(both: Both) -> None:
    hold_both(both)
    found = both.run(
        OPEN
        + """
        const request = sdk.requestBundle(wallet, [driving, id], "window");
        const good = request.approve();
        const single = wallet.request(driving, "window").approve();
        const forged = Object.assign(Object.create(null), good);
        const half = Object.assign(Object.create(Object.getPrototypeOf(good)), { ...good, cards: [{ ...single }] });
        const other = Object.assign(Object.create(Object.getPrototypeOf(good)),
          { ...good, addressee: { ...good.addressee, purpose: "roadside", audience: "lz:p" } });
        const codes = [
          await refused(() => sdk.requestBundle(wallet, [driving], "window")),
          await refused(() => sdk.requestBundle(wallet, [driving, driving], "window")),
          await refused(() => request.approve({})),
          await refused(() => request.approve({ stranger: null })),
          await refused(() => sdk.showBundle(wallet, { consent: null })),
          await refused(() => sdk.showBundle(wallet, { consent: forged })),
          await refused(() => sdk.showBundle(wallet, { consent: single })),
          await refused(() => sdk.showBundle(wallet, { consent: half })),
          await refused(() => sdk.showBundle(wallet, { consent: other })),
          await refused(() => request.approve({ [driving.id]: ["colour"], [id.id]: null })),
        ];
        return [codes, state.signed];"""
    )
    assert found == [
        [*["BUNDLE_SIZE"] * 3, "CONSENT_MISMATCH", *["CONSENT_MISSING"] * 4, "CONSENT_MISMATCH", "ITEM_UNKNOWN"],
        0,
    ]


def test_a_bundle_too_large_for_one_code_moves_and_is_put_together(both: Both) -> None:
    hold_both(both)
    both.take(
        both.authority.other_package(
            both.holder, COMPANY_KIND, COMPANY_VALUES, "CO", holder_kind=HolderKind.LEGAL_PERSON
        )
    )
    (code, texts, round_seconds) = both.run(
        OPEN
        + """
        const request = sdk.requestBundle(wallet, wallet.cards(), "window");
        const consent = request.approve(Object.fromEntries(request.sheets.map(({ licence, mandatory, optional }) =>
          [licence.id, [...mandatory, ...optional].map((item) => item.name)])));
        const showing = sdk.showBundle(wallet, { consent });
        const moving = sdk.animated(showing);
        const texts = [];
        for (let at = 0; at < 20; at++) texts.push((await moving.numbered(at)).text);
        return [await refused(() => showing.frame()), texts, await moving.roundSeconds()];"""
    )
    assert code == "CODE_TOO_LARGE"
    assembler = Assembler()
    answers = [assembler.add(animated.read(text)) for text in texts]
    (whole,) = {each.content for each in answers if isinstance(each, Assembled)}
    members = bundle.parse(whole)
    assert len(members) == 3
    assert round_seconds == -(-len(whole) // 296) / 8


def test_a_mandate_is_shown_for_its_purposes_and_never_links_with_an_own_licence(both: Both) -> None:
    hold_both(both)
    both.take(both.authority.other_package(both.holder, KIND, VALUES, "AGENT", mandate=scope(Purpose.WINDOW)))
    found = both.run(
        OPEN
        + """
        const agent = wallet.card("AGENT");
        const request = sdk.requestBundle(wallet, [agent, id], "window");
        const consent = request.approve();
        const showing = sdk.showBundle(wallet, { consent });
        const text = (await showing.frame()).text;
        const states = [wallet.state(agent)];
        state.now += 91 * 86400;
        states.push(wallet.state(agent));
        return {
          text, states, cautions: request.cautions, linked: consent.isLinked, profile: sdk.profileOf(agent),
          acts: sdk.actsFor(agent), own: sdk.actsFor(driving),
          refused: await refused(() => sdk.requestBundle(wallet, [agent, driving], "roadside")),
        };"""
    )
    first, second = verified(both, found["text"])
    assert (first.credential.mandate, second.credential.mandate) == (scope(Purpose.WINDOW), None)
    assert (found["cautions"], found["linked"], found["refused"]) == (["acts-for-another"], False, "MANDATE_SCOPE")
    agent = both.python.card("AGENT")
    assert agent.acts_for is not None
    assert found["acts"] == {
        "level": 3,
        "purposes": ["window"],
        "kinds": [VCT],
        "until": agent.acts_for.until,
        "holder": agent.acts_for.holder,
    }
    assert (found["own"], found["profile"]) == (None, agent.profile.value)
    later = both.python.card("AGENT", at=UnixTime(AT + 91 * DAY))
    assert found["states"] == [agent.state.value, later.state.value] == ["valid", "expired"]


# Requests.


def test_a_decision_for_one_addressee_answers_no_other(both: Both) -> None:
    hold_both(both)
    terminal = Terminal(both.authority)
    text = terminal.asks(BOTH)
    found = both.run(
        OPEN
        + """
        const request = await sdk.readChallenge(wallet, given.text);
        const openly = sdk.requestBundle(wallet, [driving, id], "window").approve();
        const typed = sdk.shortCode(wallet, given.code, { purpose: "window", cards: [driving, id] });
        const codes = [
          await refused(() => sdk.answer(wallet, request, openly)),
          await refused(() => sdk.answer(wallet, request, typed.approve())),
          await refused(() => sdk.answer(wallet, typed, request.approve())),
          await refused(() => sdk.showBundle(wallet, { consent: request.approve() })),
          await refused(() => wallet.show(driving, { audience: "window", consent: request.approve().cards[0] })),
          await refused(() => sdk.ladder(sdk.showAnswer(wallet, request, request.approve()), { elapsed: () => 0 })),
          await refused(() => sdk.withPortrait(sdk.showAnswer(wallet, request, request.approve()))),
        ];
        const before = state.signed;
        return [codes, before, (await sdk.answer(wallet, request, request.approve())).text];""",
        text=text,
        code="NF6Y-000001",
    )
    codes, signed, answer = found
    assert codes == ["CONSENT_MISMATCH"] * 5 + ["LADDER_FOR_REQUEST", "PORTRAIT_BESIDE_SEAL"]
    assert signed == 0
    assert answer.startswith("LE1:")


@pytest.mark.parametrize("typed", ["NF6Y938NKR", "nf6y-938n-kr", "NF6Y-938NKR"])
def test_a_short_code_is_answered_openly_to_its_site(both: Both, typed: str) -> None:
    hold_both(both)
    expected = short_code.decode(typed)
    found = both.run(
        OPEN
        + """
        const request = sdk.shortCode(wallet, given.typed, { purpose: "window", cards: [driving, id] });
        const { text } = await sdk.answer(wallet, request, request.approve());
        const showing = sdk.showAnswer(wallet, request, request.approve());
        state.now = request.expiresAt;
        return [text, request.cautions, request.asker, await refused(() => showing.frame())];""",
        typed=typed,
    )
    text, cautions, asker, late = found
    assert cautions == ["dictated-code"]
    assert (asker["place"], asker["relyingParty"], asker["site"]) == ("虚构市政务大厅", "虚构市车管所", "NF6Y")
    assert late == "CHALLENGE_OVER"
    for each in verified(both, text):
        assert (each.key_binding.aud, each.key_binding.cnonce) == (expected.audience, expected.cnonce)


def test_what_leads_to_no_place_is_named_as_in_python(both: Both) -> None:
    hold_both(both)
    wrong = ["", "NF6Y938NK", "NF6Y938NKRX", "NF6Y938NKU", "NF6Y938NKſ", "NF6Y 938NKR", "N" * 21, "0000000000"]
    right = ["NF6Y00O0L1", "NF6YZZZZZZ", "nf6yoiolio"]
    found = both.run(
        OPEN
        + """
        const out = [];
        for (const typed of given.typed)
          out.push(await refused(() => sdk.shortCode(wallet, typed, { purpose: "window", cards: [driving] })));
        const nonces = given.right.map((typed) =>
          hex(sdk.shortCode(wallet, typed, { purpose: "window", cards: [driving] }).addressee.cnonce));
        const nobody = { purpose: "window", cards: [] };
        return [out, nonces, await refused(() => sdk.shortCode(wallet, given.right[0], nobody))];""",
        typed=wrong,
        right=right,
    )
    assert found[0] == ["SHORT_CODE_MALFORMED"] * 7 + ["SHORT_CODE_SITE_UNKNOWN"]
    assert found[1] == [short_code.decode(typed).cnonce.hex() for typed in right]
    assert found[2] == "BUNDLE_SIZE"
    assert short_code.decode(right[1]) == ShortCode(short_code.decode_site("NF6Y"), 2**30 - 1)


# The portrait.


def hold_portrait(both: Both, portrait: bytes) -> None:
    items = PurposeItems(frozenset({1, 2, 7}), frozenset({14}))
    package = both.authority.package(
        both.holder,
        values={**VALUES, 14: sha256(portrait).digest()},
        listed=lambda good: replace(good, maxima={**MAXIMA, (VCT, Purpose.WINDOW): items}),
    )
    both.take(replace(package, portrait=portrait))


@pytest.mark.parametrize("portrait", [WEBP, AVIF], ids=["webp", "avif"])
def test_a_portrait_travels_with_the_full_code_as_every_third_picture(both: Both, portrait: bytes) -> None:
    hold_portrait(both, portrait)
    found = both.run(
        OPEN
        + """
        const consent = wallet.request(driving, "window").approve(["name", "class", "valid_to", "portrait"]);
        const showing = wallet.show(driving, { audience: "window", consent });
        const moving = sdk.withPortrait(showing);
        const texts = [];
        for (let at = 0; at < moving.roundSeconds * 8; at++) texts.push((await moving.picture(at * 125)).text);
        const { signed } = state;
        state.now += 30;
        texts.push((await moving.picture(30_000)).text);
        showing.close();
        return [texts, moving.roundSeconds, signed, await refused(() => moving.numbered(1))];"""
    )
    texts, round_seconds, signed, closed = found
    with both.python.show(
        card := both.python.card(DRIVING),
        audience=Purpose.WINDOW,
        consent=both.python.request(card, Purpose.WINDOW).approve(["name", "class", "valid_to", "portrait"]),
    ) as showing:
        assert round_seconds == showing.with_portrait().round_seconds
    assert (signed, closed) == (1, "SHOWING_CLOSED")
    assembler, done = Assembler(), None
    for number, text in enumerate(texts[:-1]):
        if number % 3 == 0:
            assert text == texts[0]
        else:
            done = assembler.add(animated.read(text))
    assert isinstance(done, Assembled)
    assert done.content == portrait
    (presentation,) = verified(both, texts[0])
    assert presentation.items[14] == done.sha256
    assert texts[-1].startswith("LZ1:")
    assert texts[-1] != texts[0]


def test_no_portrait_without_consent_to_it_nor_in_another_form(both: Both) -> None:
    hold_portrait(both, b"\x89PNG\r\n\x1a\n" + bytes(900))
    found = both.run(
        OPEN
        + """
        const plain = wallet.show(driving, agreed());
        const whole = wallet.show(driving, agreed(["name", "class", "valid_to", "portrait"]));
        const rates = [];
        for (const rate of [0, 1, 2.5, 11]) rates.push(await refused(() => sdk.animated(plain, rate)));
        return [await refused(() => sdk.withPortrait(plain)), await refused(() => sdk.withPortrait(whole)), rates,
          (await plain.frame()).text.slice(0, 4)];"""
    )
    assert found == ["PORTRAIT_NOT_AGREED", "PORTRAIT_UNFIT", ["ANIMATION_RATE"] * 4, "LZ1:"]


# The ladder.


def test_rungs_are_seen_at_their_moments_and_gone_when_the_clock_is_set(both: Both) -> None:
    hold_both(both)
    found = both.run(
        OPEN
        + """
        const consent = wallet.request(driving, "window").approve();
        const showing = wallet.show(driving, { audience: "window", consent });
        const options = { elapsed: () => state.elapsed };
        const its = await sdk.ladder(showing, { ...options, rungs: 3 });
        const { signed } = state;
        const texts = [];
        for (const later of [0, 29, 1, 30, 29]) {
          state.now += later;
          state.elapsed += later;
          texts.push((await its.frame()).text);
        }
        const unseen = JSON.stringify(await sdk.ladder(showing, { ...options, rungs: 2 }));
        state.now += 31; state.elapsed += 31;
        const over = await refused(async () => { state.now += 60; state.elapsed += 60; await its.frame(); });
        const second = await sdk.ladder(showing, options);
        const third = await sdk.ladder(showing, options);
        state.now += 3;
        const wiped = [await refused(() => second.frame()), second.length];
        state.now -= 3;
        showing.close();
        return [texts, signed, over, wiped, await refused(() => third.frame()), third.length, unseen,
          await refused(() => sdk.ladder(showing, options))];"""
    )
    texts, signed, over, wiped, closed, left, unseen, after = found
    assert (texts[0] == texts[1], texts[2] != texts[1], texts[3] != texts[2], texts[3] == texts[4]) == (True,) * 4
    assert [verified(both, text)[0].key_binding.iat for text in (texts[0], texts[2], texts[3])] == [
        AT,
        AT + 30,
        AT + 60,
    ]
    assert (signed, over, wiped) == (3, "LADDER_OVER", ["LADDER_WIPED", 0])
    assert (closed, left, unseen, after) == ("LADDER_OVER", 0, "{}", "SHOWING_CLOSED")


def test_a_key_that_asks_each_time_signs_nothing_ahead(both: Both) -> None:
    hold_both(both)
    found = both.run(
        OPEN
        + """
        const consent = wallet.request(driving, "window").approve();
        const showing = wallet.show(driving, { audience: "window", consent });
        const codes = [];
        for (const rungs of [1, 0, 11])
          codes.push(await refused(() => sdk.ladder(showing, { elapsed: () => 0, rungs })));
        return [codes, state.signed];""",
        authorisation="per-use",
    )
    assert found == [["LADDER_NEEDS_SESSION"] * 3, 0]


# Many one after another.


def test_a_batch_shows_each_in_its_turn_and_names_what_cannot_be_shown(both: Both) -> None:
    hold_both(both)
    both.take(
        both.authority.other_package(both.holder, ID_KIND, {**ID_VALUES, 7: 20270101}, "LATE", exp=MIDNIGHT + DAY)
    )
    found = both.run(
        OPEN
        + """
        const request = sdk.requestBatch(wallet, wallet.cards(), "window");
        const consent = request.approve();
        state.now += 86400;
        const showing = sdk.showBatch(wallet, { consent });
        const texts = [];
        for (let frame; (frame = await showing.next()) !== null; ) texts.push([showing.licenceId, frame.text]);
        const { signed } = state;
        const failed = [...showing.failed].map(([id, { code }]) => [id, code]);
        return [texts, failed, showing.position, showing.total, showing.licenceId, signed,
          await refused(() => sdk.showBatch(wallet, { consent: null })),
          await refused(() => sdk.showBatch(wallet, { consent: { ...consent } })),
          await refused(() => request.approve({ stranger: null })), await refused(() => request.approve({})),
          await refused(() => sdk.requestBatch(wallet, [id, id], "window"))];"""
    )
    texts, failed, position, total, turn, signed, *codes = found
    assert failed == [["LATE", "CREDENTIAL_EXPIRED"]]
    assert (position, total, turn, signed) == (3, 3, None, 2)
    assert {name for name, _ in texts} == {DRIVING, "ID"}
    assert all(len(verified(both, text)) == 1 for _, text in texts)
    assert codes == ["CONSENT_MISSING", "CONSENT_MISSING", "CONSENT_MISMATCH", "BUNDLE_SIZE", "BUNDLE_SIZE"]


# The pack.


def as_told(reminder: Reminder) -> list[Any]:
    return [reminder.id, reminder.card.id, reminder.days_left, reminder.at, [each.name for each in reminder.offices]]


@pytest.mark.parametrize("days", [45, 29, 7, 1, 0, -1])
def test_reminders_and_offices_are_those_of_python(both: Both, days: int) -> None:
    both.take(both.authority.package(both.holder, values={**VALUES, 7: 20270131}, listed=with_offices))
    last = both.python.card(DRIVING)
    assert last.valid_to == 20270131
    at = both.python.pack.schedule()[-1].at + (1 - days) * DAY
    both.clock.at = at
    found = both.run(
        """const { sdk, wallet, state } = tools;
        state.now = given.later;
        const pack = new sdk.CardPack(wallet);
        const told = ({ id, licence, daysLeft, at, offices }) =>
          [id, licence.id, daysLeft, at, offices.map(({ name }) => name)];
        return [pack.reminders().map(told), pack.schedule().map(told), wallet.state(wallet.cards()[0]),
          pack.offices().map(({ name, region }) => [region, name]),
          pack.offices("id-card").length, pack.offices("", "1号").length,
          pack.offices("driving-licence", "车管").map(({ phone }) => phone)];""",
        now=AT,
        later=int(at),
    )
    pack = both.python.pack
    assert found[0] == [as_told(each) for each in pack.reminders()]
    assert found[1] == [as_told(each) for each in pack.schedule()]
    assert found[2] == both.python.card(DRIVING).state.value
    assert found[3] == [[region, office.name] for region, office in pack.offices()]
    assert found[4:] == [len(pack.offices("id-card")), len(pack.offices(search="1号")), ["000-0001"]]


def as_given(near: Place | Point) -> dict[str, Any]:
    """In the form of the TypeScript SDK, which has degrees as receivers give them."""
    if isinstance(near, Place):
        return {"division": near.division, "point": None if near.point is None else as_given(near.point)}
    return {"latitude": near.latitude / UNITS, "longitude": near.longitude / UNITS}


def test_the_nearest_offices_are_those_of_python(both: Both) -> None:
    """Points on both sides of the globe, divisions of every level, and offices of which nothing is known."""
    divisions = ("310115", "310104", "320102", "990000", "319999")
    points = (None, (312304, 1214737), (312305, 1214737), (-312304, -585263), (900000, 0), (0, -1800000), (0, 1800000))
    places = [None, *(Place(each, at and Point(*at)) for each in divisions for at in points)]
    offices = tuple(Office(f"厅{n}", "路", "0", frozenset({VCT}), each) for n, each in enumerate(places))
    nears = [Point(*at) for at in points if at] + [
        Place("310115"),
        Place("310115", Point(312304, 1214737)),
        Place("110000"),
    ]

    def listed(good: WalletDirectory) -> WalletDirectory:
        return replace(good, offices=offices)

    both.take(both.authority.package(both.holder, values={**VALUES, 7: 20270131}, listed=listed))
    pack = both.python.pack
    both.clock.at = pack.schedule()[-1].at
    found = both.run(
        """const { sdk, wallet, state, refused } = tools;
        state.now = given.later;
        const pack = new sdk.CardPack(wallet);
        const names = (offices) => offices.map(({ name }) => name);
        const all = pack.offices();
        const [away, odd] = [{ latitude: 0, longitude: 180.1 }, { latitude: NaN, longitude: 0 }];
        const wrong = [away, odd, { division: "31", point: null }];
        return [given.near.map((near) => [
          names(pack.offices("", "", near)), pack.reminders(undefined, near).map(({ offices }) => names(offices)),
          pack.schedule(given.now, near).map(({ offices }) => names(offices)),
          all.map((each) => sdk.metres(each, near)),
        ]), await Promise.all(wrong.map((near) => refused(async () => pack.offices("", "", near))))];""",
        now=AT,
        later=int(both.clock.at),
        near=[as_given(each) for each in nears],
    )
    for near, (all_of_them, due, coming, far) in zip(nears, found[0], strict=True):
        assert all_of_them == [office.name for _, office in pack.offices(near=near)]
        assert due == [[office.name for office in each.offices] for each in pack.reminders(near=near)]
        assert coming == [[office.name for office in each.offices] for each in pack.schedule(UnixTime(AT), near=near)]
        assert far == [metres(office, near) for _, office in pack.offices()]
    # 180 degrees east are 180 degrees west.
    assert len({tuple(each[0]) for each in found[0]}) == len(nears) - 1
    assert found[1] == ["E_SCHEMA"] * 3


def test_groups_stay_with_their_licences_and_profiles_are_those_of_python(both: Both) -> None:
    hold_both(both)
    both.take(both.authority.other_package(both.holder, COMPANY_KIND, COMPANY_VALUES, "CO", holder_kind=None))
    both.take(both.authority.other_package(both.holder, KIND, VALUES, "AGENT", mandate=scope(Purpose.WINDOW)))
    names = ["车", "家人 family", "", " 空", "a" * 25, "ab\u202ec", "e\u0301"]
    found = both.run(
        OPEN
        + """
        const pack = new sdk.CardPack(wallet);
        const codes = [];
        for (const name of given.names) codes.push(await refused(() => pack.put(id, name)));
        await pack.put(driving, "车");
        await wallet.receive(bytes(given.packages[0]));
        const again = await tools.open();
        const kept = new sdk.CardPack(again);
        const before = [kept.groups(), kept.cards({ group: "车" }).map((each) => each.id)];
        await kept.put(again.card(driving.id), null);
        const last = await tools.open();
        return [codes, before, new sdk.CardPack(last).groups(),
          sdk.PROFILES.map((profile) => kept.cards({ profile }).map((each) => each.id))];""",
        names=names,
    )
    codes, before, after, profiles = found
    assert codes == ["nothing was refused"] * 2 + ["GROUP_NAME"] * 5
    assert before == [["家人 family", "车"], [DRIVING]]
    assert after == ["家人 family"]
    python = both.python.cards()
    assert profiles == [
        [card.id for card in python if card.profile.value == profile]
        for profile in ("personal", "legal-person", "family")
    ]


# The history.


def test_a_use_is_written_down_before_its_first_code(both: Both) -> None:
    hold_both(both)
    found = both.run(
        OPEN
        + """
        let records = [], isFull = false;
        const seen = [];
        const history = new sdk.History({
          append: async (record) => {
            if (isFull) throw new Error("full");
            seen.push(state.signed);
            records.push(record);
          },
          records: async () => records,
          replace: async (kept) => { records = [...kept]; },
        });
        const noting = await tools.open({ history });
        const show = () => noting.show(driving, agreed());
        const first = show();
        const nothingYet = records.length;
        await first.frame();
        state.now += 31;
        await first.frame();
        isFull = true;
        await show().frame();
        const [waits, listed] = [!history.isComplete, (await history.uses()).length];
        isFull = false;
        const request = await sdk.readChallenge(noting, given.text);
        await sdk.answer(noting, request, request.approve());
        const uses = await history.uses();
        const ofCard = await history.uses("ID");
        await history.clear();
        const stopped = await tools.open({ history: { add: async () => { throw new Error("no"); } } });
        const before = state.signed;
        const broken = stopped.show(driving, agreed());
        const failed = [];
        for (let time = 0; time < 2; time++) failed.push((await refused(() => broken.frame())).split("\\n")[0]);
        return { nothingYet, seen, waits, listed, uses, ofCard: ofCard.length, complete: history.isComplete,
          cleared: (await history.uses()).length, failed, unsigned: state.signed === before };""",
        text=Terminal(both.authority).asks(BOTH),
    )
    assert (found["nothingYet"], found["seen"][0], found["waits"], found["listed"]) == (0, 0, True, 2)
    assert [(each["purpose"], each["relyingParty"], each["reason"]) for each in found["uses"]] == [
        ("window", "虚构市车管所", "换领驾驶证"),
        ("window", None, None),
        ("window", None, None),
    ]
    card = both.python.card(DRIVING)
    with both.python.show(
        card, audience=Purpose.WINDOW, consent=both.python.request(card, Purpose.WINDOW).approve()
    ) as showing:
        used = {"licenceId": DRIVING, "kind": "driving-licence", "items": sorted(showing.shown_items)}
    assert found["uses"][-1] == {
        "at": AT,
        "purpose": "window",
        "audience": "lz:w",
        "reason": None,
        "relyingParty": None,
        "licences": [used],
    }
    assert (found["ofCard"], found["complete"], found["cleared"], found["unsigned"]) == (1, True, 0, True)
    assert found["failed"] == ["Error: no"] * 2


def test_the_newest_uses_are_kept_and_all_are_read_once(both: Both) -> None:
    found = both.run(
        """const { sdk } = tools;
        let records = [], reads = 0;
        const history = new sdk.History({
          append: async (record) => { records.push(record); },
          records: async () => { reads++; return records; },
          replace: async (kept) => { records = [...kept]; },
        });
        const use = { purpose: "window", audience: "lz:w", reason: null, relyingParty: null, licences: [] };
        const out = [];
        for (let at = 1; at <= 2201; at++) {
          await history.add({ ...use, at });
          if (at >= 2200) out.push([records.length, reads]);
        }
        const uses = await history.uses();
        return [out, uses[0].at, uses.at(-1).at];"""
    )
    assert found == [[[2_200, 1], [2_000, 2]], 2_201, 202]


def test_no_two_codes_have_one_moment_and_a_clock_that_was_set_back_is_believed(both: Both) -> None:
    hold_both(both)
    texts = both.run(
        OPEN
        + """
        const once = () => wallet.presentOnce(driving, agreed());
        const texts = [];
        for (const later of [0, 0, 3600, -3600]) {
          state.now += later;
          texts.push((await once()).text);
        }
        return texts;"""
    )
    moments = [verified(both, text)[0].key_binding.iat for text in texts]
    assert moments == [AT, AT + 1, AT + 3_600, AT]


def test_who_asks_twice_at_once_gets_one_signature_and_none_after_close(both: Both) -> None:
    hold_both(both)
    found = both.run(
        OPEN
        + """
        const show = () => wallet.show(driving, agreed());
        const showing = show();
        const [one, other] = await Promise.all([showing.frame(), showing.frame()]);
        const { signed } = state;
        const second = show();
        const asked = second.frame();
        second.close();
        return [one.text === other.text, signed, await refused(() => asked), state.signed];"""
    )
    assert found == [True, 1, "SHOWING_CLOSED", 1]
