"""From a decision to a code: consent, the smallest selection, rolling, and what a terminal reads back."""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

import wallet_sdk
from protocol import cbor, unixtime
from protocol.directory import PurposeItems
from protocol.labels import GROUP_KEYS, Alg, KeyAssurance, Purpose
from protocol.qr import base45, envelope
from protocol.qr.drawing import CAPACITY
from protocol.sd_cwt import disclosure, key_binding, redaction
from protocol.sd_cwt.key_binding import Presentation
from protocol.unixtime import DAY, UnixTime
from tests.wallet.conftest import ManualClock
from tests.wallet.issued import AT, KIND, MAXIMA, VALUES, VCT, Authority, encoded, holder_key
from wallet_sdk import Card, Decision, Frame, Wallet, drawing, errors
from wallet_sdk.device_key import SoftwareKey, new_software_key

GIVE = Callable[..., Card]


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every message that the device key signs in this test."""
    messages: list[bytes] = []
    real = SoftwareKey.sign

    def sign(key: SoftwareKey, message: bytes) -> bytes:
        messages.append(message)
        return real(key, message)

    monkeypatch.setattr(SoftwareKey, "sign", sign)
    return messages


def read_back(text: str, authority: Authority) -> Presentation:
    """What a terminal makes of a code: both signatures and all disclosures."""
    unverified = key_binding.parse(envelope.unwrap(text))
    presentation = key_binding.verify(unverified, authority.assertion.public_key)
    key_binding.check_time_relations(presentation)
    return presentation


def flat(presentation: Presentation) -> dict[cbor.Key, cbor.Value]:
    items: dict[cbor.Key, cbor.Value] = {}
    for key, value in presentation.items.items():
        if key in GROUP_KEYS:
            assert isinstance(value, dict)
            items |= value
        else:
            items[key] = value
    return items


def decide(wallet: Wallet, card: Card, purpose: Purpose, items: str | None = None) -> Decision:
    return wallet.request(card, purpose).approve(None if items is None else items.split(",") if items else [])


def show(wallet: Wallet, card: Card, purpose: Purpose, items: str | None = None) -> Frame:
    return wallet.present_once(card, audience=purpose, consent=decide(wallet, card, purpose, items))


# Consent.


def test_request_shows_every_item_with_its_label(wallet: Wallet, card: Card) -> None:
    request = wallet.request(card, Purpose.WINDOW)
    assert [item.name for item in request.mandatory] == ["name", "class", "valid_to"]
    assert [item.name for item in request.optional] == ["citizen_id", "address"]
    assert [item.name for item in request.always_shown] == ["valid_from", "authority"]
    assert request.mandatory[0].labels.zh_hans == "name-简"
    assert request.mandatory[0].value == "测试员甲"
    assert request.missing == ()


def test_missing_mandatory_item_is_said(wallet: Wallet, give: GIVE) -> None:
    card = give(wallet, listed=lambda good: replace(
        good, maxima={(VCT, Purpose.WINDOW): PurposeItems(frozenset({1, 2, 7, 15}), frozenset())}))  # fmt: skip
    assert [item.name for item in wallet.request(card, Purpose.WINDOW).missing] == ["legal_representative"]


def test_nothing_is_signed_without_a_decision(wallet: Wallet, card: Card, signed: list[bytes]) -> None:
    good = decide(wallet, card, Purpose.WINDOW)
    wrong: tuple[tuple[object, type[errors.WalletError]], ...] = (
        (None, errors.ConsentMissing),
        (True, errors.ConsentMissing),
        (wallet.request(card, Purpose.WINDOW), errors.ConsentMissing),
        (replace(good, licence_id="another"), errors.ConsentMismatch),
        (replace(good, purpose=Purpose.ROADSIDE), errors.ConsentMismatch),
        (replace(good, edition="0" * 16), errors.ConsentMismatch),
        (replace(good, items=frozenset({1, 13, 5})), errors.ItemBeyondPurpose),
        (replace(good, items=frozenset({77})), errors.ItemUnknown),
    )
    for consent, expected in wrong:
        with pytest.raises(errors.WalletError) as refused:
            wallet.show(card, audience=Purpose.WINDOW, consent=consent)  # type: ignore[arg-type]  # the point
        assert type(refused.value) is expected, consent
        with pytest.raises(expected):
            wallet.present_once(card, audience=Purpose.WINDOW, consent=consent)  # type: ignore[arg-type]  # the point
    assert signed == []
    wallet.present_once(card, audience=Purpose.WINDOW, consent=good)
    assert len(signed) == 1


def test_decision_is_void_after_the_licence_changed(
    wallet: Wallet, card: Card, give: GIVE, signed: list[bytes]
) -> None:
    before = decide(wallet, card, Purpose.WINDOW)
    changed = give(wallet, values={**VALUES, 1: "测试员乙"})
    assert changed.id == card.id
    with pytest.raises(errors.ConsentMismatch):
        wallet.show(changed, audience=Purpose.WINDOW, consent=before)
    assert signed == []


def test_unknown_item_names_list_the_valid_ones(wallet: Wallet, card: Card) -> None:
    with pytest.raises(errors.ItemUnknown, match=r"'nmae'.*name, class, valid_to, citizen_id, address"):
        wallet.request(card, Purpose.WINDOW).approve(["nmae"])
    with pytest.raises(errors.ItemBeyondPurpose, match="licence_no"):
        wallet.request(card, Purpose.WINDOW).approve(["licence_no"])


def test_purpose_without_a_rule_is_not_offered(wallet: Wallet, card: Card) -> None:
    with pytest.raises(errors.PurposeNotOffered, match=r"airport.*roadside, window"):
        wallet.request(card, Purpose.AIRPORT)


# Selection.


@pytest.mark.parametrize(
    ("purpose", "items", "shown", "disclosures"),
    [
        # The view has exactly the mandatory items of the window.
        (Purpose.WINDOW, None, {1, 2, 7}, 0),
        (Purpose.WINDOW, "name,class", {1, 2, 7}, 0),
        # Without a name the view would say too much: the flexible one, with what stands clear in it.
        (Purpose.WINDOW, "", {2, 6, 7, 9}, 0),
        (Purpose.WINDOW, "class", {2, 6, 7, 9}, 0),
        # The view has no authority and no number.
        (Purpose.WINDOW, "name,authority", {1, 2, 6, 7, 9}, 1),
        (Purpose.WINDOW, "name,citizen_id", {1, 2, 3, 6, 7, 9}, 2),
        (Purpose.WINDOW, "citizen_id", {2, 3, 6, 7, 9}, 1),
        # An item of a nested group brings its group's disclosure, and nothing else of the group.
        (Purpose.WINDOW, "address", {2, 6, 7, 9, 13}, 2),
        (Purpose.ROADSIDE, None, {1, 2, 3, 5, 6, 7, 9}, 4),
        # Two items of one group share its disclosure.
        (Purpose.ROADSIDE, "licence_no,sex", {2, 5, 6, 7, 9, 10}, 3),
    ],
)
def test_smallest_set_of_disclosures(
    purpose: Purpose,
    items: str | None,
    shown: set[int],
    disclosures: int,
    wallet: Wallet,
    card: Card,
    authority: Authority,
) -> None:
    decision = decide(wallet, card, purpose, items)
    with wallet.show(card, audience=purpose, consent=decision) as showing:
        text = showing.frame().text
        assert showing.shown_items == shown
    presentation = read_back(text, authority)
    assert flat(presentation) == {key: VALUES[key] for key in shown}
    assert len(key_binding.parse(envelope.unwrap(text)).credential.encoded_disclosures) == disclosures
    assert presentation.key_binding.aud == purpose.audience


def nested(authority: Authority, wallet: Wallet, *, clear_in_group: bool) -> bytes:
    """A package whose address stands two groups deep; the birth date is its neighbour, clear or hidden."""
    salts = authority.salts
    address = disclosure.disclose_key(salts(), VALUES[13], 13)
    birth = disclosure.disclose_key(salts(), VALUES[11], 11)
    inner_clear: dict[cbor.Key, cbor.Value] = {11: VALUES[11]} if clear_in_group else {}
    inner_hidden = [address] if clear_in_group else [address, birth]
    inner = disclosure.disclose_key(salts(), redaction.redacted_map(inner_clear, inner_hidden), 201)
    outer = disclosure.disclose_key(salts(), redaction.redacted_map({}, [inner]), 200)
    name = disclosure.disclose_key(salts(), VALUES[1], 1)
    lic = redaction.redacted_map({key: VALUES[key] for key in (2, 6, 7, 9)}, [name, outer])
    holder = holder_key(wallet.public_key())
    all_of_them = (name, outer, inner, *inner_hidden)
    credential = authority.issue(authority.claims(holder), lic, tuple(each.encoded for each in all_of_them))
    return encoded(replace(authority.package(holder), credentials=(credential,), portrait=None))


def test_item_two_groups_deep_brings_both_parents(wallet: Wallet, authority: Authority) -> None:
    card = wallet.receive(nested(authority, wallet, clear_in_group=False))
    text = show(wallet, card, Purpose.WINDOW, "address").text
    assert len(key_binding.parse(envelope.unwrap(text)).credential.encoded_disclosures) == 3
    outer = read_back(text, authority).items[200]
    assert isinstance(outer, dict)
    assert outer == {201: {13: VALUES[13]}}


def test_item_that_would_bring_a_neighbour_is_refused(wallet: Wallet, authority: Authority) -> None:
    card = wallet.receive(nested(authority, wallet, clear_in_group=True))
    with pytest.raises(errors.ItemsInseparable, match="11"):
        show(wallet, card, Purpose.WINDOW, "address")


# Rolling.


def test_iterating_rolls_every_half_minute(
    wallet: Wallet, card: Card, clock: ManualClock, authority: Authority, signed: list[bytes]
) -> None:
    decision = decide(wallet, card, Purpose.WINDOW)
    frames: list[Frame] = []
    with wallet.show(card, audience=Purpose.WINDOW, consent=decision, every=30) as showing:
        for frame in showing:
            frames.append(frame)
            if len(frames) == 4:
                break
    assert [frame.issued_at - AT for frame in frames] == [0, 30, 60, 90]
    assert [(frame.expires_at - AT, frame.next_at - AT) for frame in frames[:2]] == [(60, 30), (90, 60)]
    assert {frame.expires_in for frame in frames} == {60}
    assert clock.slept == [30, 30, 30]
    assert len(signed) == len(set(signed)) == 4
    bindings = [read_back(frame.text, authority).key_binding for frame in frames]
    assert [(each.iat, each.exp) for each in bindings] == [(frame.issued_at, frame.expires_at) for frame in frames]


@pytest.mark.parametrize("items", [None, "name,citizen_id,address", ""])
def test_rolled_texts_are_the_protocols_own(items: str | None, alg: Alg, tmp_path: Path, give: GIVE) -> None:
    """Signatures are deterministic, so the text that was put together equals the one made from scratch."""
    wallet = Wallet.create(tmp_path / "other", key=alg, clock=lambda: AT)
    card = give(wallet)
    decision = decide(wallet, card, Purpose.WINDOW, items)
    with wallet.show(card, audience=Purpose.WINDOW, consent=decision) as showing:
        for step in (0, 30, 60, 91, 100_000):
            at = UnixTime(AT + step)
            again = wallet.present_once(card, audience=Purpose.WINDOW, consent=decision, at=at)
            assert showing.frame(at).text == again.text


def test_async_iterating_is_the_same(wallet: Wallet, card: Card) -> None:
    decision = decide(wallet, card, Purpose.WINDOW)

    async def watch() -> list[int]:
        seen: list[int] = []
        async with wallet.show(card, audience=Purpose.WINDOW, consent=decision, every=15) as showing:
            async for frame in showing:
                seen.append(frame.issued_at - AT)
                if len(seen) == 3:
                    showing.close()
        return seen

    assert asyncio.run(watch()) == [0, 15, 30]


def test_pulling_signs_only_when_due_or_set_back(wallet: Wallet, card: Card, signed: list[bytes]) -> None:
    with wallet.show(card, audience=Purpose.WINDOW, consent=decide(wallet, card, Purpose.WINDOW)) as showing:
        first = showing.frame(AT)
        assert showing.frame(UnixTime(AT + 29)) is first
        second = showing.frame(UnixTime(AT + 30))
        assert second.issued_at == AT + 30
        assert showing.frame(UnixTime(AT + 10)).issued_at == AT + 10
    assert len(signed) == 3


def test_nothing_is_signed_after_closing(wallet: Wallet, card: Card, signed: list[bytes]) -> None:
    with wallet.show(card, audience=Purpose.WINDOW, consent=decide(wallet, card, Purpose.WINDOW)) as showing:
        showing.frame()
    assert showing.is_closed
    with pytest.raises(errors.ShowingClosed):
        showing.frame()
    assert list(showing) == []
    assert len(signed) == 1
    held = [getattr(showing, name) for name in ("_signer", "_frame", "_composition")]
    assert held == [None, None, None]


def test_code_never_outlives_its_credential(
    wallet: Wallet, card: Card, clock: ManualClock, authority: Authority
) -> None:
    end = card.credential_expires
    with wallet.show(card, audience=Purpose.WINDOW, consent=decide(wallet, card, Purpose.WINDOW)) as showing:
        last = showing.frame(UnixTime(end - 20))
        assert (last.expires_at, last.next_at) == (end, end)
        assert read_back(last.text, authority).key_binding.exp == end
        with pytest.raises(errors.CredentialExpired):
            showing.frame(end)
    clock.at = end - 40
    seen: list[int] = []
    with (
        wallet.show(card, audience=Purpose.WINDOW, consent=decide(wallet, card, Purpose.WINDOW)) as showing,
        pytest.raises(errors.CredentialExpired),
    ):
        seen.extend(end - frame.issued_at for frame in showing)
    assert seen == [40, 10]


def test_before_its_first_and_after_its_last_day(wallet: Wallet, give: GIVE, clock: ManualClock) -> None:
    begin = unixtime.local_midnight(20261201)
    card = give(wallet, values={**VALUES, 6: 20261201, 7: 20261231}, nbf=begin, iat=begin, exp=begin + 31 * DAY)
    decision = decide(wallet, card, Purpose.WINDOW)
    with pytest.raises(errors.LicenceNotYet):
        wallet.present_once(card, audience=Purpose.WINDOW, consent=decision)
    clock.at = begin + 31 * DAY - 1
    assert wallet.present_once(card, audience=Purpose.WINDOW, consent=decision).expires_in == 1
    clock.at += 1
    with pytest.raises(errors.LicenceExpired):
        wallet.present_once(card, audience=Purpose.WINDOW, consent=decision)


@pytest.mark.parametrize("every", [0, 14, 31, 60])
def test_redraw_interval_is_bounded(every: int, wallet: Wallet, card: Card) -> None:
    decision = decide(wallet, card, Purpose.WINDOW)
    with pytest.raises(errors.RedrawIntervalWrong):
        wallet.show(card, audience=Purpose.WINDOW, consent=decision, every=every)


def test_both_kinds_of_device_key_show(
    alg: Alg, tmp_path: Path, clock: ManualClock, authority: Authority, give: GIVE
) -> None:
    wallet = Wallet.create(tmp_path / "other", key=alg, clock=clock)
    presentation = read_back(show(wallet, give(wallet), Purpose.WINDOW).text, authority)
    assert presentation.confirmation_key.alg is alg
    assert presentation.confirmation_key == holder_key(wallet.public_key())


def test_too_much_for_one_code_is_named(wallet: Wallet, give: GIVE) -> None:
    many = PurposeItems(frozenset({1}), frozenset(range(2, 16)))
    maxima = {**MAXIMA, (VCT, Purpose.WINDOW): many}
    long_items = tuple(replace(item, max_bytes=600) for item in KIND.items)
    kind = replace(KIND, items=long_items)
    card = give(
        wallet,
        values={**VALUES, 1: "测" * 150, 13: "路" * 190, 9: "局" * 150},
        listed=lambda good: replace(good, maxima=maxima, kinds={VCT: kind}),
    )
    with pytest.raises(errors.CodeTooLarge, match="1232"):
        show(wallet, card, Purpose.WINDOW, "name,address,citizen_id,licence_no")


def test_licence_is_found_by_id_beginning_or_kind(wallet: Wallet, card: Card, authority: Authority) -> None:
    assert {wallet.card(name).id for name in (card.id, "31000026", "driving-licence")} == {card.id}
    good = authority.package(holder_key(wallet.public_key()))
    other = wallet.receive(encoded(replace(good, licence_id="31000099Z9")))
    assert wallet.card("3100009") == other
    for name in ("310000", "driving-licence"):
        with pytest.raises(errors.LicenceAmbiguous, match="31000026A7, 31000099Z9"):
            wallet.card(name)
    for name in ("", "nurse", "32"):
        with pytest.raises(errors.LicenceNotFound):
            wallet.card(name)


def test_card_finds_its_items_by_name(card: Card) -> None:
    found = card.item("class")
    assert found is not None
    assert found.value == "C1"
    assert card.item("legal_representative") is None


def test_software_key_claims_no_more_than_it_is(wallet: Wallet) -> None:
    assert wallet.key_assurance is KeyAssurance.SOFTWARE


def test_faulty_device_key_is_named(wallet: Wallet, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone's key store may break between two frames; half a signature is never drawn."""
    decision = decide(wallet, card, Purpose.WINDOW)
    with wallet.show(card, audience=Purpose.WINDOW, consent=decision) as showing:
        showing.frame()
        monkeypatch.setattr(SoftwareKey, "sign", lambda key, message: bytes(63))
        with pytest.raises(errors.PresentationRefused, match="E_SIG_FORM"):
            showing.frame(UnixTime(AT + 30))
    with pytest.raises(errors.PresentationRefused, match="E_SIG_FORM"):
        wallet.present_once(card, audience=Purpose.WINDOW, consent=decision)


def test_scalar_out_of_range_is_drawn_again() -> None:
    draws = iter((bytes(32), b"\xff" * 32, b"\x01" * 32))
    assert new_software_key(Alg.ESP256, lambda _: next(draws)).secret == b"\x01" * 32


# Drawing.


def decoded(png: bytes) -> zxingcpp.Barcode:
    with Image.open(BytesIO(png)) as picture:
        (read,) = zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return read


@pytest.mark.parametrize("items", [None, "", "name,citizen_id,address"])
def test_picture_says_what_the_text_says(items: str | None, wallet: Wallet, card: Card) -> None:
    frame = show(wallet, card, Purpose.WINDOW, items)
    read = decoded(frame.png)
    assert read.text == frame.text
    assert read.format == zxingcpp.BarcodeFormat.QRCode
    assert len(frame.matrix) == len(frame.matrix[0]) == 17 + 4 * frame.version
    assert frame.version == drawing.version_for(frame.text)


@pytest.mark.parametrize("version", range(1, 26))
def test_every_version_is_filled_to_its_last_character(version: int) -> None:
    capacity = CAPACITY[version - 1]
    text = (base45.ALPHABET.decode() * 42)[:capacity]
    assert drawing.version_for(text) == version
    assert len(drawing.modules(text)) == 17 + 4 * version
    assert decoded(drawing.png(drawing.modules(text))).text == text
    if version < 25:
        assert drawing.version_for(text + "0") == version + 1
    else:
        with pytest.raises(errors.CodeTooLarge):
            drawing.version_for(text + "0")


@pytest.mark.parametrize("zeros", range(0, 1_500, 50))
def test_long_runs_of_zeros_are_drawn(zeros: int) -> None:
    """A portrait may hold them; the drawing library fails at a block without a single bit."""
    text = "LP1:" + "A" * 100 + "0" * zeros + "B" * 50
    with Image.open(BytesIO(drawing.png(drawing.modules(text)))) as picture:
        # Stripes of zeros look like a bar code too.
        read = zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    assert [each.text for each in read] == [text]


def test_text_that_begins_with_spaces_survives() -> None:
    text = "LZ1:   A  1"
    assert decoded(drawing.png(drawing.modules(text))).text == text


def test_svg_is_well_formed_and_draws_the_same_modules(wallet: Wallet, card: Card) -> None:
    frame = show(wallet, card, Purpose.WINDOW)
    root = ET.fromstring(frame.svg)
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.get("shape-rendering") == "crispEdges"
    assert root.findtext(f"{space}title") == "驾驶证"
    size = frame.version * 4 + 17 + 8
    assert root.get("viewBox") == f"0 0 {size} {size}"
    white, black = root.findall(f"{space}path")
    assert (white.get("fill"), black.get("fill")) == ("#fff", "#000")
    drawn = set()
    for run in (black.get("d") or "").split("M")[1:]:
        position, length = run.split("h")[0], int(run.split("h")[1].removesuffix("v1"))
        column, line = map(int, position.split())
        drawn |= {(line - 4, column - 4 + step) for step in range(length)}
    assert drawn == {(line, column) for line, row in enumerate(frame.matrix) for column, dark in enumerate(row) if dark}


def test_svg_title_is_escaped() -> None:
    assert "<title>&lt;script&gt;&amp;</title>" in drawing.svg(((True,),), "<script>&")


def test_half_blocks_draw_the_same_modules_with_explicit_colours(wallet: Wallet, card: Card) -> None:
    frame = show(wallet, card, Purpose.WINDOW)
    rows: list[list[bool]] = []
    for line in frame.half_blocks.split("\n"):
        assert line.startswith("\x1b[38;5;16;48;5;231m")
        assert line.endswith("\x1b[0m")
        characters = line.removeprefix("\x1b[38;5;16;48;5;231m").removesuffix("\x1b[0m")
        rows.append([each in "▀█" for each in characters])
        rows.append([each in "▄█" for each in characters])
    size = len(frame.matrix)
    assert [tuple(row[4 : 4 + size]) for row in rows[4 : 4 + size]] == list(frame.matrix)
    assert not any(any(row) for row in (*rows[:4], *rows[4 + size :]))


def test_frame_does_not_print_its_code(wallet: Wallet, card: Card) -> None:
    frame = show(wallet, card, Purpose.WINDOW)
    assert frame.text[10:40] not in repr(frame)


# The ten lines of the package's docstring.


def test_snippet_of_the_docstring_runs(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wallet_sdk.__doc__ is not None
    lines = [line[4:] for line in wallet_sdk.__doc__.splitlines() if line.startswith("    ")]
    assert 5 <= len(lines) <= 10
    drawn: list[str] = []

    def ask_issuer(public_key: bytes) -> bytes:
        return encoded(authority.package(holder_key(public_key)))

    monkeypatch.chdir(tmp_path)
    real_create = Wallet.create
    monkeypatch.setattr(
        wallet_sdk.Wallet, "create", lambda name, passphrase: real_create(name, passphrase=passphrase, clock=lambda: AT)
    )
    exec("\n".join(lines), {"ask_issuer": ask_issuer, "draw": drawn.append})
    assert len(drawn) == 1
    assert drawn[0].startswith("<svg")
