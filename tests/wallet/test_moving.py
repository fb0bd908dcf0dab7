"""Ladders and moving pictures: what is signed ahead stays in memory and in its time; the plain code stays."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from protocol import sealing
from protocol.directory import PurposeItems
from protocol.labels import AnimatedKind, Lic, Purpose
from protocol.licence_package import LicencePackage
from protocol.qr import animated, envelope
from protocol.qr.animated import Assembled, Assembler
from protocol.sd_cwt import key_binding
from tests.wallet.asked import Terminal
from tests.wallet.conftest import ManualClock
from tests.wallet.issued import AT, ID_CARD, ID_KIND, ID_VALUES, KIND, MAXIMA, VALUES, VCT, Authority, encoded
from tests.wallet.issued import holder_key as holder_of
from tests.wallet.test_requests import SHORT
from tests.wallet.test_showing import decide, flat, signed
from wallet_sdk import Card, Showing, Wallet, errors, moving_code
from wallet_sdk import showing_errors as unshown
from wallet_sdk.device_key import Authorisation, SoftwareKey
from wallet_sdk.dynamic_code import MIN_REDRAW
from wallet_sdk.moving_code import MovingContent, MovingPortrait

__all__ = ["signed"]
GIVE = Callable[..., Card]
WEBP = b"RIFF" + (2_492).to_bytes(4, "little") + b"WEBPVP8 " + bytes(range(256)) * 9 + bytes(180)
AVIF = (28).to_bytes(4) + b"ftypmif1\0\0\0\0mif1avifmiaf" + bytes(range(256)) * 4


@pytest.fixture
def showing(wallet: Wallet, card: Card) -> Showing:
    return wallet.show(card, audience=Purpose.WINDOW, consent=decide(wallet, card, Purpose.WINDOW))


def moment_of(text: str) -> int:
    return key_binding.parse(envelope.unwrap(text)).key_binding.iat


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# The ladder.


def test_each_rung_comes_at_its_own_time(showing: Showing, clock: ManualClock, signed: list[bytes]) -> None:
    ladder = showing.ladder()
    assert len(signed) == len(set(signed)) == 10
    seen = []
    for step in range(0, 300, 10):
        clock.at = AT + step
        frame = ladder.frame()
        seen.append(frame.issued_at - AT)
        assert moment_of(frame.text) == frame.issued_at <= clock.at < frame.next_at
    assert seen == [step // 30 * 30 for step in range(0, 300, 10)]
    assert len(signed) == 10
    clock.at = AT + 270 + 59
    assert ladder.frame().issued_at == AT + 270
    clock.at += 1
    with pytest.raises(unshown.LadderOver):
        ladder.frame()


def test_a_ladder_never_reaches_further_than_five_minutes(wallet: Wallet, card: Card) -> None:
    decision = decide(wallet, card, Purpose.WINDOW)
    for every, most in ((30, 10), (MIN_REDRAW, 10)):
        with wallet.show(card, audience=Purpose.WINDOW, consent=decision, every=every) as showing:
            ladder = showing.ladder(most)
            assert len(ladder) == most
            last = max(rung.frame.issued_at for rung in ladder._rungs)
            assert last - AT < 300
            for wrong in (0, -1, most + 1, 1_000):
                with pytest.raises(unshown.LadderTooLong):
                    showing.ladder(wrong)


def test_rungs_stand_in_memory_alone(
    showing: Showing, folder: Path, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(folder)
    ladder = showing.ladder(3)
    texts = [rung.frame.text for rung in ladder._rungs]
    after = files(folder)
    # The one thing beside the vault is the moment of the last code, as digits.
    assert after.pop("last-shown") == b"%016d" % AT
    assert after == {name: content for name, content in before.items() if name != "last-shown"}
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="memory alone"):
            act(ladder)
    said = repr(ladder) + str(ladder) + repr(ladder._rungs) + repr(showing)
    assert not any(text[10:40] in said for text in texts)
    assert capsys.readouterr().out == ""
    ladder.frame()
    assert not any(text.encode()[10:40] in content for text in texts for content in files(folder).values())


@pytest.mark.parametrize("moved", [-3_600, -3, 3, 31, 300, 86_400])
def test_a_clock_that_is_set_wipes_the_ladder(
    moved: int, showing: Showing, clock: ManualClock, signed: list[bytes]
) -> None:
    ladder = showing.ladder()
    ladder.frame()
    clock.set(AT + moved)
    with pytest.raises(unshown.LadderWiped):
        ladder.frame()
    assert len(ladder) == 0
    # It does not come back with the right time.
    clock.set(AT)
    with pytest.raises(unshown.LadderOver):
        ladder.frame()
    assert len(signed) == 10


def test_a_second_of_difference_is_no_setting(showing: Showing, clock: ManualClock) -> None:
    ladder = showing.ladder()
    clock.set(AT + 1)
    assert ladder.frame().issued_at == AT


def test_a_missed_rung_is_never_shown(showing: Showing, clock: ManualClock) -> None:
    ladder = showing.ladder()
    ladder.frame()
    clock.at = AT + 95
    assert ladder.frame().issued_at == AT + 90
    assert len(ladder) == 6


def test_closing_or_locking_wipes_the_ladder(wallet: Wallet, showing: Showing, signed: list[bytes]) -> None:
    first = showing.ladder()
    first.frame()
    showing.close()
    assert len(first) == 0
    with pytest.raises(unshown.LadderOver):
        first.frame()
    with pytest.raises(errors.ShowingClosed):
        showing.ladder()
    (card,) = wallet.cards()
    other = wallet.show(card, audience=Purpose.WINDOW, consent=decide(wallet, card, Purpose.WINDOW))
    second = other.ladder(2)
    signed.clear()
    wallet.lock()
    with pytest.raises(unshown.LadderOver):
        second.frame()
    with pytest.raises(errors.ShowingClosed):
        other.frame()
    for act in (wallet.cards, wallet.public_key, lambda: wallet.receive(b""), lambda: wallet.protection):
        with pytest.raises(errors.WalletLocked):
            act()
    wallet.lock()
    assert signed == []


def test_a_key_that_signs_one_code_at_a_time_has_no_ladder(
    showing: Showing, monkeypatch: pytest.MonkeyPatch, signed: list[bytes]
) -> None:
    monkeypatch.setattr(SoftwareKey, "authorisation", Authorisation.PER_USE)
    with pytest.raises(unshown.LadderNeedsSession):
        showing.ladder()
    assert signed == []
    assert showing.frame().text.startswith("LZ1:")


def test_a_terminals_request_is_not_answered_ahead(wallet: Wallet, card: Card, signed: list[bytes]) -> None:
    request = wallet.short_code(SHORT, purpose=Purpose.WINDOW, cards=[card])
    with wallet.show_answer(request, request.approve()) as showing, pytest.raises(unshown.LadderForRequest):
        showing.ladder()
    assert signed == []


def test_two_showings_never_give_out_one_moment(wallet: Wallet, card: Card, clock: ManualClock) -> None:
    decision = decide(wallet, card, Purpose.WINDOW)
    texts: list[str] = []
    with (
        wallet.show(card, audience=Purpose.WINDOW, consent=decision) as one,
        wallet.show(card, audience=Purpose.WINDOW, consent=decision) as two,
    ):
        texts.append(two.frame().text)
        ladder = one.ladder()
        for step in range(0, 120, 15):
            clock.at = AT + step
            texts.append(two.frame().text)
            texts.append(ladder.frame().text)
    moments = [moment_of(text) for text in dict.fromkeys(texts)]
    assert len(moments) == len(set(moments))
    assert len(moments) >= 5


def test_rungs_end_with_the_credential(wallet: Wallet, card: Card, clock: ManualClock) -> None:
    clock.at = card.credential_expires - 70
    with wallet.show(card, audience=Purpose.WINDOW, consent=decide(wallet, card, Purpose.WINDOW)) as showing:
        ladder = showing.ladder()
        assert len(ladder) == 3
        clock.at = card.credential_expires - 1
        assert ladder.frame().expires_at == card.credential_expires


def test_a_bundle_has_a_ladder_too(wallet: Wallet, card: Card, authority: Authority, clock: ManualClock) -> None:
    package = authority.other_package(holder_of(wallet.public_key()), ID_KIND, ID_VALUES, "31000026ID")
    cards = [card, wallet.receive(encoded(package))]
    decision = wallet.request_bundle(cards, Purpose.WINDOW).approve({each.id: ["name"] for each in cards})
    with wallet.show_bundle(consent=decision) as showing:
        ladder = showing.ladder(3)
        clock.at += 60
        (first, _) = Terminal(authority).reads(ladder.frame().text)
    assert first.key_binding.iat == AT + 60


# The portrait.


def with_portrait(wallet: Wallet, authority: Authority, portrait: bytes | None, *, purpose_allows: bool = True) -> Card:
    items = PurposeItems(frozenset({1, 2, 7}), frozenset({14} if purpose_allows else {13}))
    digest = {14: sha256(portrait).digest()} if portrait is not None else {}
    values = {**{key: value for key, value in VALUES.items() if key != 14}, **digest}
    package: LicencePackage = authority.package(
        holder_of(wallet.public_key()),
        values=values,
        listed=lambda good: replace(good, maxima={**MAXIMA, (VCT, Purpose.WINDOW): items}),
    )
    return wallet.receive(encoded(replace(package, portrait=portrait)))


def showing_of(wallet: Wallet, card: Card, items: str | None = "name,class,valid_to,portrait") -> Showing:
    return wallet.show(card, audience=Purpose.WINDOW, consent=decide(wallet, card, Purpose.WINDOW, items))


@pytest.mark.parametrize("portrait", [WEBP, AVIF], ids=["webp", "avif"])
def test_a_portrait_travels_with_the_full_code_as_every_third_picture(
    portrait: bytes, wallet: Wallet, authority: Authority, clock: ManualClock
) -> None:
    card = with_portrait(wallet, authority, portrait)
    with showing_of(wallet, card) as showing:
        moving = showing.with_portrait()
        count = -(-len(portrait) // 296)
        assert moving.pictures_per_second == 8
        assert moving.round_seconds == -(-count // 2) * 3 / 8
        assembler = Assembler()
        done = None
        for number in range(int(moving.round_seconds * 8)):
            picture = moving.picture(number * 125)
            if number % 3 == 0:
                assert picture.text == showing.frame().text
            else:
                done = assembler.add(animated.read(picture.text))
        assert isinstance(done, Assembled)
        assert (done.kind, done.content) == (AnimatedKind.PORTRAIT, portrait)
        (presentation,) = Terminal(authority).reads(moving.picture(0).text)
        # What binds the two: the digest that the issuer signed.
        assert flat(presentation)[Lic.PORTRAIT_SHA256] == done.sha256
        # The code inside rolls as ever.
        before = moving.picture(0).text
        clock.at += 30
        assert moving.picture(30_000).text == showing.frame().text != before


def test_pictures_are_told_by_time_and_drawn(wallet: Wallet, authority: Authority) -> None:
    with showing_of(wallet, with_portrait(wallet, authority, WEBP)) as showing:
        slow = showing.with_portrait(2)
        assert slow.picture(499).text == slow.numbered(0).text
        assert slow.picture(500).text == slow.numbered(1).text != slow.numbered(0).text
        assert slow.numbered(1).version == 11
        assert slow.numbered(1).svg.startswith("<svg")
        assert slow.numbered(1).text[10:30] not in repr(slow.numbered(1))
        for rate in (0, 1, 11, 60):
            with pytest.raises(unshown.RateWrong):
                showing.with_portrait(rate)


@pytest.mark.parametrize(
    "portrait",
    [
        None,
        b"\x89PNG\r\n\x1a\n" + bytes(900),
        b"\xff\xd8\xff\xe0" + bytes(900),
        WEBP + bytes(8_192),
        b"RIFF" + bytes(80),
    ],
    ids=["none", "png", "jpeg", "large", "wave"],
)
def test_a_portrait_that_does_not_fit_is_named_and_the_plain_code_stays(
    portrait: bytes | None, wallet: Wallet, authority: Authority
) -> None:
    if portrait is None:
        digest_only = with_portrait(wallet, authority, WEBP)
        card = wallet.receive(
            encoded(
                replace(
                    authority.package(
                        holder_of(wallet.public_key()),
                        values={**VALUES, 14: sha256(WEBP).digest()},
                        listed=lambda good: replace(
                            good,
                            seq=2,
                            maxima={(VCT, Purpose.WINDOW): PurposeItems(frozenset({1, 2, 7}), frozenset({14}))},
                        ),
                    ),
                    portrait=None,
                )
            )
        )
        assert card.id == digest_only.id
    else:
        card = with_portrait(wallet, authority, portrait)
    with showing_of(wallet, card) as showing:
        with pytest.raises(unshown.PortraitUnfit):
            showing.with_portrait()
        assert showing.frame().text.startswith("LZ1:")


def test_no_portrait_without_consent_to_it(wallet: Wallet, authority: Authority) -> None:
    card = with_portrait(wallet, authority, WEBP)
    with showing_of(wallet, card, "name,class,valid_to") as showing:
        with pytest.raises(unshown.PortraitNotAgreed):
            showing.with_portrait()
        assert showing.frame()
    other = with_portrait(wallet, authority, WEBP, purpose_allows=False)
    with pytest.raises(errors.ItemBeyondPurpose):
        showing_of(wallet, other)


def test_limits_of_a_portrait() -> None:
    largest = b"RIFF....WEBP" + bytes(moving_code.MAX_PORTRAIT_BYTES - 12)
    assert moving_code.checked_portrait(largest) == largest
    with pytest.raises(unshown.PortraitUnfit):
        moving_code.checked_portrait(largest + b"\0")
    for not_avif in (b"\0\0\0\x14ftypmif1\0\0\0\0mif1" + b"avif", b"\0\0\0\x1cfreemif1\0\0\0\0avif", b"", b"avif"):
        with pytest.raises(unshown.PortraitUnfit):
            moving_code.checked_portrait(not_avif)


def test_nothing_moves_after_closing_and_no_portrait_beside_a_seal(
    wallet: Wallet, authority: Authority, signed: list[bytes]
) -> None:
    card = with_portrait(wallet, authority, WEBP)
    showing = showing_of(wallet, card)
    moving, content = showing.with_portrait(), showing.animated()
    showing.close()
    for pictures in (moving, content):
        assert isinstance(pictures, MovingPortrait | MovingContent)
        with pytest.raises(errors.ShowingClosed):
            pictures.picture(0)
    terminal = Terminal(authority, maxima={Purpose.WINDOW: {VCT: frozenset({1, 14})}})
    request = wallet.read_challenge(terminal.asks({VCT: frozenset({1, 14})}))
    decision = request.approve({card.id: ["name", "portrait"]})
    with wallet.show_answer(request, decision) as answering, pytest.raises(unshown.PortraitBesideSeal):
        answering.with_portrait()
    assert signed == []


def test_a_sealed_answer_above_the_cap_moves_in_its_seal(
    wallet: Wallet, card: Card, authority: Authority, clock: ManualClock
) -> None:
    """What everybody's camera may see of it is closed, and each code of it has a seal of its own."""
    package = authority.other_package(holder_of(wallet.public_key()), ID_KIND, ID_VALUES, "31000026ID")
    id_card = wallet.receive(encoded(package))
    terminal = Terminal(authority)
    request = wallet.read_challenge(terminal.asks({VCT: frozenset({1, 2, 3, 7, 13}), ID_CARD: frozenset({1, 3, 7})}))
    items = {card.id: ["name", "class", "valid_to", "citizen_id", "address"], id_card.id: ["name"]}
    with wallet.show_answer(request, request.approve(items)) as showing:
        with pytest.raises(errors.CodeTooLarge):
            showing.frame()
        moving = showing.animated()
        contents = []
        for begin in (0, 31):
            clock.at = AT + begin
            assembler = Assembler()
            for number in range(8):
                done = assembler.add(animated.read(moving.numbered(number).text))
            assert isinstance(done, Assembled)
            assert done.kind is AnimatedKind.SEALED
            contents.append(done.content)
            sealed = sealing.parse(done.content)
            presentations = terminal.verifies(sealing.unseal(sealed, private_key=terminal.private_key))
            assert [flat(each)[Lic.NAME] for each in presentations] == ["测试员甲"] * 2
            assert {each.key_binding.aud for each in presentations} == {"lz:t/310000-W07"}
        assert len({sealing.parse(each).ek for each in contents}) == 2
        assert not any("测试员甲".encode() in content for content in contents)


# What is too large for one code.


def test_a_bundle_above_the_cap_moves(
    wallet: Wallet, card: Card, authority: Authority, clock: ManualClock, signed: list[bytes]
) -> None:
    holder = holder_of(wallet.public_key())
    twins = [
        wallet.receive(encoded(authority.other_package(holder, KIND, VALUES, each))) for each in ("twin 1", "twin 2")
    ]
    request = wallet.request_bundle([card, *twins], Purpose.WINDOW)
    decision = request.approve({each.id: ["name", "citizen_id", "address"] for each in (card, *twins)})
    assert decision.is_linked
    with wallet.show_bundle(consent=decision) as showing:
        with pytest.raises(errors.CodeTooLarge) as failure:
            showing.frame()
        assert "animated" in failure.value.hint
        signed.clear()
        moving = showing.animated()
        terminal = Terminal(authority)
        contents = []
        for begin in (0, 31):
            clock.at = AT + begin
            assembler = Assembler()
            # It begins anywhere, and one in four pictures is lost.
            for number in range(40):
                picture = moving.picture(begin * 1_000 + number * 125)
                if number % 4:
                    done = assembler.add(animated.read(picture.text))
            assert isinstance(done, Assembled)
            assert done.kind is AnimatedKind.BUNDLE
            contents.append(done.content)
        assert len(signed) == 6
        for begin, content in zip((0, 31), contents, strict=True):
            presentations = terminal.verifies(content)
            assert [flat(each)[Lic.ADDRESS] for each in presentations] == [VALUES[13]] * 3
            # The first try, which was too large, had taken the first second.
            assert {each.key_binding.iat - AT for each in presentations} <= {begin, begin + 1}
        assert moving.round_seconds == animated.animate(contents[1], AnimatedKind.BUNDLE).whole.count / 8


def test_a_single_presentation_above_the_cap_moves(wallet: Wallet, give: GIVE, authority: Authority) -> None:
    long_items = tuple(replace(item, max_bytes=600) for item in KIND.items)
    card = give(
        wallet,
        values={**VALUES, 1: "测" * 150, 13: "路" * 190, 9: "局" * 150},
        listed=lambda good: replace(good, kinds={VCT: replace(KIND, items=long_items)}),
    )
    decision = decide(wallet, card, Purpose.WINDOW, "name,address,citizen_id")
    with wallet.show(card, audience=Purpose.WINDOW, consent=decision) as showing:
        moving = showing.animated()
        assembler = Assembler()
        for number in range(12):
            done = assembler.add(animated.read(moving.picture(number * 125).text))
        assert isinstance(done, Assembled)
        assert done.kind is AnimatedKind.PRESENTATION
        (presentation,) = Terminal(authority).verifies(done.content)
        assert flat(presentation)[13] == "路" * 190
