"""A terminal asks: what the wallet believes, shows, refuses by name; what it signs, for whom, and only with consent."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocol import cbor, challenge, directory, keys, labels, sealing, short_code, unixtime
from protocol.directory import PurposeItems, WalletDirectory
from protocol.keys import Ed25519Signer
from protocol.labels import Alg, KeyUse, Purpose
from protocol.mandate import Mandate
from protocol.qr import bundle, envelope
from protocol.short_code import ShortCode
from protocol.terminal_certificate import Items
from protocol.trust_list import index
from protocol.unixtime import DAY, UnixTime
from tests.wallet.asked import BOTH, Terminal, text
from tests.wallet.conftest import ManualClock
from tests.wallet.issued import (
    AT,
    COMPANY_KIND,
    COMPANY_VALUES,
    ID_CARD,
    ID_KIND,
    ID_VALUES,
    MAXIMA,
    VALUES,
    VCT,
    Authority,
    anchor,
    encoded,
    holder_key,
)
from tests.wallet.test_showing import flat, signed
from wallet_sdk import Card, Caution, Language, Wallet, consent_sheet, errors
from wallet_sdk import request_errors as refused

__all__ = ["signed"]
GIVE = Callable[..., Card]
SHORT = short_code.encode(ShortCode(short_code.decode_site("NF6Y"), 123_456_789))


@pytest.fixture
def terminal(authority: Authority) -> Terminal:
    return Terminal(authority)


@pytest.fixture
def id_card(wallet: Wallet, authority: Authority) -> Card:
    return other(wallet, authority)


def other(wallet: Wallet, authority: Authority, licence_id: str = "31000026ID", **changes: Any) -> Card:
    values = changes.pop("values", ID_VALUES)
    package = authority.other_package(holder_key(wallet.public_key()), ID_KIND, values, licence_id, **changes)
    return wallet.receive(encoded(package))


def company(wallet: Wallet, authority: Authority, licence_id: str, **changes: Any) -> Card:
    values = changes.pop("values", COMPANY_VALUES)
    changes = {"holder_kind": labels.HolderKind.LEGAL_PERSON, **changes}
    package = authority.other_package(holder_key(wallet.public_key()), COMPANY_KIND, values, licence_id, **changes)
    return wallet.receive(encoded(package))


def mandate(purposes: frozenset[Purpose] = frozenset({Purpose.WINDOW}), kind: int = VCT, level: int = 3) -> Mandate:
    return Mandate(level, frozenset({kind}), purposes, "310000", kind)


# A challenge that is believed.


def test_the_sheet_says_who_where_what_for_and_why(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    request = wallet.read_challenge(terminal.asks())
    asker = request.asker
    assert (asker.relying_party, asker.place) == ("虚构市车管所", "虚构市政务大厅7号窗")
    assert (asker.region, asker.terminal, asker.site) == ("310000", "310000-W07", None)
    assert (request.purpose, request.reason) == (Purpose.WINDOW, "换领驾驶证")
    (sheet,) = request.sheets
    assert sheet.card.id == card.id
    assert [item.name for item in sheet.mandatory] == ["name", "class", "valid_to"]
    assert [item.name for item in sheet.optional] == ["address"]
    assert [item.name for item in sheet.always_shown] == ["valid_from", "authority"]
    assert (request.missing, request.cautions) == ((), ())
    for language, words in (
        (
            Language.ZH_HANS,
            ("虚构市车管所", "7号窗", "服务窗口", "换领驾驶证", "必需: name-简 (name)", "可选: addr"),
        ),
        (Language.ZH_HANT, ("服務窗口", "駕駛證", "總會出示: valid_from-繁")),
        (Language.EN, ("service window", "needed: Name (name), Class (class)", "optional: Address (address)")),
    ):
        said = consent_sheet.text(request, language)
        assert all(word in said for word in words), said
        assert "测试员甲" not in said


def test_line_breaks_around_a_pasted_text_do_not_matter(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    assert wallet.read_challenge(f"\r\n{terminal.asks()}\n").sheets
    with pytest.raises(refused.ChallengeMalformed):
        wallet.read_challenge(" " + terminal.asks())


def test_the_answer_is_sealed_for_that_terminal_and_carries_the_hash_of_the_whole_request(
    wallet: Wallet, card: Card, terminal: Terminal
) -> None:
    request = wallet.read_challenge(terminal.asks())
    frame = wallet.answer(request, request.approve({card.id: ["name", "class", "valid_to", "address"]}))
    assert frame.text.startswith("LE1:")
    assert frame.expires_in == 120
    (presentation,) = terminal.reads(frame.text)
    assert presentation.key_binding.aud == "lz:t/310000-W07"
    assert presentation.key_binding.cnonce == challenge.cnonce_of(terminal.challenge())
    assert presentation.key_binding.iat == AT
    assert flat(presentation) == {key: VALUES[key] for key in (1, 2, 6, 7, 9, 13)}


def test_by_default_only_what_is_mandatory_leaves(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    request = wallet.read_challenge(terminal.asks())
    (presentation,) = terminal.reads(wallet.answer(request, request.approve()).text)
    assert flat(presentation).keys() == {1, 2, 7}


def test_every_seal_has_an_ephemeral_key_of_its_own(
    wallet: Wallet, card: Card, terminal: Terminal, folder: Path, clock: ManualClock
) -> None:
    request = wallet.read_challenge(terminal.asks())
    decision = request.approve()
    texts = [wallet.answer(request, decision, at=AT).text for _ in range(3)]
    sealed = [sealing.parse(envelope.unwrap(each, expected_prefix="LE1:")) for each in texts]
    assert len({each.ek for each in sealed}) == 3
    # It is the injected randomness that is used, thirty-two bytes for each seal.
    drawn: list[int] = []

    def random(size: int) -> bytes:
        drawn.append(size)
        return bytes([drawn.count(size)]) * size

    injected = Wallet.open(folder, clock=clock, random=random)
    drawn.clear()
    again = [injected.answer(request, decision, at=AT).text for _ in range(2)]
    # Besides the nonces of the history, which is written before each.
    assert [size for size in drawn if size == 32] == [32, 32]
    found = [sealing.parse(envelope.unwrap(each, expected_prefix="LE1:")).ek for each in again]
    assert found == [sealing.sealing_key(bytes([number]) * 32).x for number in (1, 2)]


@pytest.mark.parametrize("terminal_alg", Alg)
def test_both_kinds_of_device_key_answer(
    alg: Alg, terminal_alg: Alg, tmp_path: Path, clock: ManualClock, give: GIVE, authority: Authority
) -> None:
    from protocol import keys

    terminal = Terminal(authority, signer=keys.signer_for(terminal_alg, b"\x08" * 32))
    wallet = Wallet.create(tmp_path / "other", key=alg, clock=clock)
    give(wallet)
    request = wallet.read_challenge(terminal.asks())
    (presentation,) = terminal.reads(wallet.answer(request, request.approve()).text)
    assert presentation.confirmation_key.alg is alg


def test_several_kinds_are_one_sealed_bundle(wallet: Wallet, card: Card, id_card: Card, terminal: Terminal) -> None:
    request = wallet.read_challenge(terminal.asks(BOTH))
    assert {sheet.card.id for sheet in request.sheets} == {card.id, id_card.id}
    decision = request.approve()
    assert decision.is_linked
    frame = wallet.answer(request, decision)
    assert frame.text.startswith("LE1:")
    presentations = terminal.reads(frame.text)
    assert [flat(each).keys() for each in presentations] == [{1, 3, 7}, {1, 2, 3, 6, 7, 9}]
    assert {each.key_binding.cnonce for each in presentations} == {challenge.cnonce_of(terminal.challenge(BOTH))}
    assert bundle.link(presentations) is bundle.Link.CITIZEN_ID


def test_a_phones_clock_may_be_ten_minutes_wrong(
    wallet: Wallet, card: Card, terminal: Terminal, clock: ManualClock
) -> None:
    for wrong in (-600, 600):
        clock.at = AT + wrong
        request = wallet.read_challenge(terminal.asks())
        assert request.expires_at == AT + wrong + 120
        (presentation,) = terminal.reads(wallet.answer(request, request.approve()).text)
        assert presentation.key_binding.iat == AT + wrong


# Challenges that are not believed: each breaks one rule.


def second_region() -> Authority:
    return Authority(
        region="330000",
        root=Ed25519Signer(b"\x11" * 32),
        assertion=Ed25519Signer(b"\x12" * 32),
        terminals=Ed25519Signer(b"\x13" * 32),
        mandates=Ed25519Signer(b"\x14" * 32),
    )


def bent(position: int, value: object) -> Callable[[Terminal], str]:
    """A signed challenge of which one part was changed afterwards, and nobody signed again."""

    def make(terminal: Terminal) -> str:
        structure: Any = cbor.decode(terminal.challenge())
        parts = list(structure.value)
        parts[position] = value(parts[position]) if callable(value) else value
        return text(cbor.encode(cbor.Tagged(labels.TAG_SIGN1, tuple(parts))))

    return make


def claim(label: int, value: object) -> Callable[[Terminal], str]:
    """One claim of the request was changed on the way."""
    return bent(2, lambda payload: cbor.encode({**cbor.decode(payload), label: value}))


def certificate_claim(label: int, value: object) -> Callable[[Terminal], str]:
    """One claim of the certificate was changed on the way."""

    def change(protected: bytes) -> bytes:
        header: Any = cbor.decode(protected)
        parts = list(header[labels.HDR_KCWT].value)
        parts[2] = cbor.encode({**cbor.decode(parts[2]), label: value})
        return cbor.encode({**header, labels.HDR_KCWT: cbor.Tagged(labels.TAG_SIGN1, tuple(parts))})

    return bent(0, change)


def by(**changes: Any) -> Callable[[Terminal], str]:
    """Another terminal asks."""
    return lambda terminal: replace(terminal, **changes).asks()


TAMPERED = [
    ("purpose", claim(labels.CLAIM_PURPOSE, int(Purpose.ROADSIDE)), refused.ChallengeForged),
    ("reason", claim(labels.CLAIM_REASON, "补领驾驶证"), refused.ChallengeForged),
    ("wanted", claim(labels.CLAIM_WANTED, {VCT: (1,)}), refused.ChallengeForged),
    ("nonce", claim(labels.CLAIM_NONCE, b"\x08" * 16), refused.ChallengeForged),
    ("sealing key", claim(labels.CLAIM_SEALING_KEY, sealing.sealing_key(b"\x09" * 32).x), refused.ChallengeForged),
    ("issued at", claim(labels.CLAIM_IAT, AT - 1), refused.ChallengeForged),
    ("ends at", claim(labels.CLAIM_EXP, AT + 119), refused.ChallengeForged),
    ("audience", claim(labels.CLAIM_AUD, "lz:t/310000-W08"), refused.ChallengeForged),
    ("signature", bent(3, bytes(64)), refused.ChallengeForged),
    ("short signature", bent(3, bytes(63)), refused.ChallengeForged),
    ("place", certificate_claim(labels.CLAIM_PLACE, "另一处"), refused.ChallengeForged),
    ("relying party", certificate_claim(labels.CLAIM_RELYING_PARTY, "另一机关"), refused.ChallengeForged),
    ("terminal id", certificate_claim(labels.CLAIM_SUB, "310000-W08"), refused.ChallengeForged),
    ("maxima", certificate_claim(labels.CLAIM_MAXIMA, {int(Purpose.WINDOW): {VCT: (1, 2, 7, 10, 13)}}),
     refused.ChallengeForged),
    ("certificate's end", certificate_claim(labels.CLAIM_EXP, AT + 5 * DAY), refused.ChallengeForged),
    ("unprotected header", bent(1, {labels.HDR_KID: b"k"}), refused.ChallengeMalformed),
    ("no challenge at all", lambda _: "LZ1:AB", refused.ChallengeMalformed),
    ("a payment code", lambda _: "wxp://f2f0SYNTHETIC", refused.ChallengeMalformed),
    ("cut off", lambda terminal: terminal.asks()[:-3], refused.ChallengeMalformed),
    ("lower case", lambda terminal: terminal.asks().replace("LC1", "lc1"), refused.ChallengeMalformed),
    ("endless", lambda _: "LC1:" + "0" * 5000, refused.ChallengeMalformed),
    ("another region's certificate", by(authority=second_region()), refused.RegionUnknown),
    ("unknown terminal key", by(certified_by=Ed25519Signer(b"\x21" * 32)), refused.TerminalUnknown),
    ("certified by the assertion key", by(certified_by=Ed25519Signer(b"\x02" * 32)), refused.TerminalUnknown),
    ("over", lambda terminal: terminal.asks(iat=UnixTime(AT - 721), exp=UnixTime(AT - 601)), refused.ChallengeOver),
    ("not begun", lambda terminal: terminal.asks(iat=UnixTime(AT + 601), exp=UnixTime(AT + 700)), refused.ClockWrong),
    ("audience of another, signed", lambda terminal: terminal.asks_what_no_builder_would(
        labels.CLAIM_AUD, "lz:t/310000-W08"), refused.ChallengeMalformed),
    ("nonce too short, signed", lambda terminal: terminal.asks_what_no_builder_would(
        labels.CLAIM_NONCE, bytes(15)), refused.ChallengeMalformed),
    ("two hours, signed", lambda terminal: terminal.asks_what_no_builder_would(
        labels.CLAIM_EXP, AT + 7200), refused.ChallengeMalformed),
]  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), [each[1:] for each in TAMPERED], ids=[each[0] for each in TAMPERED])
def test_what_is_not_believed_has_its_own_name(
    make: Callable[[Terminal], str],
    expected: type[refused.RequestError],
    wallet: Wallet,
    card: Card,
    terminal: Terminal,
    signed: list[bytes],
) -> None:
    with pytest.raises(refused.RequestError) as failure:
        wallet.read_challenge(make(terminal))
    assert type(failure.value) is expected
    assert signed == []


def test_every_single_bit_of_a_challenge_matters(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    good = terminal.challenge()
    for position in range(0, len(good) * 8, 7):
        changed = bytearray(good)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(refused.RequestError):
            wallet.read_challenge(text(bytes(changed)))


def test_wrong_clocks_have_names(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    asked = terminal.asks()
    assert wallet.read_challenge(asked, at=UnixTime(AT + 720))
    for at, expected in (
        (AT + 721, refused.ChallengeOver),
        (AT - 601, refused.ClockWrong),
        (AT + 8 * DAY, refused.TerminalExpired),
        (AT - 2 * DAY, refused.TerminalExpired),
    ):
        with pytest.raises(refused.RequestError) as failure:
            wallet.read_challenge(asked, at=UnixTime(at))
        assert type(failure.value) is expected, at


def test_a_regions_key_that_has_ended_certifies_nobody(wallet: Wallet, give: GIVE, terminal: Terminal) -> None:
    def ended(good: WalletDirectory) -> WalletDirectory:
        anchors = tuple(
            replace(each, verify_until=UnixTime(AT - 1)) if each.use is KeyUse.TERMINAL else each
            for each in good.anchors.values()
        )
        return replace(good, anchors=index(anchors))

    give(wallet, listed=ended)
    with pytest.raises(refused.TerminalExpired):
        wallet.read_challenge(terminal.asks())


def test_a_region_vouches_for_its_own_terminals_alone(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    """A second region, whose licence the wallet holds, lists a terminal key under the first region's name."""
    foreign = second_region()
    intruder = Ed25519Signer(b"\x31" * 32)

    class Claiming(Authority):
        def directory(self) -> WalletDirectory:
            good = super().directory()
            added = anchor(intruder.public_key, iss="310000.GA", use=KeyUse.TERMINAL)
            return replace(good, anchors=index((*good.anchors.values(), added)))

    claiming = Claiming(foreign.region, foreign.root, foreign.assertion, foreign.terminals, foreign.mandates)
    package = claiming.other_package(holder_key(wallet.public_key()), ID_KIND, ID_VALUES, "33000026ID")
    wallet.receive(encoded(package))
    with pytest.raises(refused.TerminalUnknown, match="310000"):
        wallet.read_challenge(replace(terminal, certified_by=intruder).asks())
    # Its own terminals are known from then on.
    request = wallet.read_challenge(Terminal(foreign).asks({ID_CARD: frozenset({1, 7})}))
    assert request.asker.region == "330000"


def test_a_terminal_that_its_region_has_withdrawn(
    wallet: Wallet, card: Card, authority: Authority, terminal: Terminal
) -> None:
    """A stolen machine with a certificate that runs: known by its key, whatever it calls itself."""
    kid = keys.kid_of(terminal.signer.public_key)
    newer = replace(authority.directory(), seq=2, withdrawn=frozenset({bytes(8), kid}))
    wallet.take_directory(directory.sign(newer, authority.root))
    with pytest.raises(refused.TerminalWithdrawn, match="withdrawn this terminal"):
        wallet.read_challenge(terminal.asks())
    others_alone = replace(newer, seq=3, withdrawn=frozenset({bytes(8)}))
    wallet.take_directory(directory.sign(others_alone, authority.root))
    assert wallet.read_challenge(terminal.asks()).asker.region == "310000"


# Asking too much.


@pytest.mark.parametrize(
    ("maxima", "wanted", "said"),
    [
        # Beyond the certificate.
        ({Purpose.WINDOW: {VCT: frozenset({1, 2, 7})}}, {VCT: frozenset({1, 7, 13})}, "driving-licence: address"),
        ({Purpose.WINDOW: {VCT: frozenset({1})}}, {VCT: frozenset({1}), ID_CARD: frozenset({1, 3})},
         "id-card: name, citizen_id"),
        ({Purpose.ROADSIDE: {VCT: frozenset({1, 2})}}, {VCT: frozenset({1, 2})}, "window: driving-licence: name"),
        # Certified, and yet beyond the region's maximum for the purpose.
        ({Purpose.WINDOW: {VCT: frozenset({1, 10, 11})}}, {VCT: frozenset({1, 10, 11})},
         "driving-licence: sex, birth_date"),
        ({Purpose.WINDOW: {ID_CARD: frozenset({10})}}, {ID_CARD: frozenset({10})}, "id-card: sex"),
        ({Purpose.WINDOW: {VCT + 1: frozenset({4})}}, {VCT + 1: frozenset({4})}, "65005: 4"),
        ({Purpose.WINDOW: {VCT: frozenset({77})}}, {VCT: frozenset({77})}, "driving-licence: 77"),
    ],
)  # fmt: skip
def test_asking_too_much_is_refused_and_the_items_are_named(
    maxima: dict[Purpose, Items], wanted: Items, said: str, wallet: Wallet, card: Card, terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # A terminal whose software does not look signs more than its builder would.
    monkeypatch.setattr(challenge, "_check_scope", lambda *_: None)
    asked = replace(terminal, maxima=maxima).asks(wanted)
    monkeypatch.undo()
    with pytest.raises(refused.AskedTooMuch) as failure:
        wallet.read_challenge(asked)
    assert said in failure.value.message


def test_a_licence_of_another_region_obeys_its_own_maximum_too(
    wallet: Wallet, card: Card, authority: Authority, terminal: Terminal
) -> None:
    class Stricter(Authority):
        def directory(self) -> WalletDirectory:
            return replace(
                super().directory(), maxima={(ID_CARD, Purpose.WINDOW): PurposeItems(frozenset({1}), frozenset())}
            )

    foreign = second_region()
    strict = Stricter(foreign.region, foreign.root, foreign.assertion, foreign.terminals, foreign.mandates)
    package = strict.other_package(holder_key(wallet.public_key()), ID_KIND, ID_VALUES, "33000026ID")
    wallet.receive(encoded(package))
    with pytest.raises(refused.AskedTooMuch, match="region 330000 does not allow for window: id-card: citizen_id"):
        wallet.read_challenge(terminal.asks({ID_CARD: frozenset({1, 3})}))
    # With one of the terminal's own region beside it, that one is offered and the other is not.
    own = other(wallet, authority)
    request = wallet.read_challenge(terminal.asks({ID_CARD: frozenset({1, 3})}))
    assert [sheet.card.id for sheet in request.sheets] == [own.id]


# What is held and what is not.


def test_kinds_that_are_not_held_are_named(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    request = wallet.read_challenge(terminal.asks(BOTH))
    assert [each.vct for each in request.missing] == [ID_CARD]
    assert "卡包中没有: 居民身份证" in consent_sheet.text(request, Language.ZH_HANS)
    (presentation,) = terminal.reads(wallet.answer(request, request.approve()).text)
    assert presentation.credential.vct == VCT


def test_nothing_held_is_an_error_at_the_decision(
    wallet: Wallet, card: Card, terminal: Terminal, signed: list[bytes]
) -> None:
    request = wallet.read_challenge(terminal.asks({ID_CARD: frozenset({1})}))
    assert request.sheets == ()
    with pytest.raises(refused.CardNotHeld, match="id-card"):
        request.approve()
    assert signed == []


def test_items_that_a_card_lacks_are_said(wallet: Wallet, give: GIVE, terminal: Terminal) -> None:
    changes = {(VCT, Purpose.WINDOW): PurposeItems(frozenset({1, 15}), frozenset({13}))}
    give(wallet, listed=lambda good: replace(good, maxima={**MAXIMA, **changes}))
    maxima = {Purpose.WINDOW: {VCT: frozenset({1, 13, 15})}}
    request = wallet.read_challenge(replace(terminal, maxima=maxima).asks({VCT: frozenset({1, 13, 15})}))
    assert [item.name for item in request.sheets[0].missing] == ["legal_representative"]
    assert "not in this licence: Legal_Representative" in consent_sheet.text(request, Language.EN)


def test_of_two_cards_of_one_kind_the_holder_names_one(
    wallet: Wallet, card: Card, authority: Authority, terminal: Terminal
) -> None:
    twin = wallet.receive(encoded(replace(authority.package(holder_key(wallet.public_key())), licence_id="31000099Z9")))
    request = wallet.read_challenge(terminal.asks())
    assert len(request.sheets) == 2
    with pytest.raises(errors.LicenceAmbiguous, match=f"{card.id}, {twin.id}"):
        request.approve()
    (presentation,) = terminal.reads(wallet.answer(request, request.approve({twin.id: None})).text)
    assert flat(presentation).keys() == {1, 2, 7}


def test_a_licence_that_has_ended_answers_nothing(
    wallet: Wallet, give: GIVE, terminal: Terminal, clock: ManualClock, signed: list[bytes]
) -> None:
    card = give(wallet)
    end_of_licence = unixtime.end_of_local_day(20320101)
    for later, expected in (
        (card.credential_expires, errors.CredentialExpired),
        (end_of_licence, errors.LicenceExpired),
    ):
        clock.at = later
        fresh = replace(terminal, certified_at=UnixTime(later - 60)).asks(iat=UnixTime(later), exp=UnixTime(later + 9))
        request = wallet.read_challenge(fresh)
        assert str(request.sheets[0].card.state) in {"needs-refresh", "expired"}
        assert request.cautions == (Caution.DIRECTORY_LATE,)
        with pytest.raises(expected):
            wallet.answer(request, request.approve())
    assert signed == []


# Consent.


def test_nothing_is_signed_for_a_request_without_its_own_decision(
    wallet: Wallet, card: Card, id_card: Card, terminal: Terminal, signed: list[bytes], clock: ManualClock
) -> None:
    request = wallet.read_challenge(terminal.asks())
    good = request.approve()
    choice = good.cards[0]
    another = wallet.read_challenge(terminal.asks(nonce=bytes(16)))
    typed = wallet.short_code(SHORT, purpose=Purpose.WINDOW, cards=[card])
    single = wallet.request(card, Purpose.WINDOW).approve()
    both = wallet.request_bundle([card, id_card], Purpose.WINDOW).approve()
    wrong: list[tuple[object, type[errors.WalletError]]] = [
        (None, errors.ConsentMissing),
        (True, errors.ConsentMissing),
        (request, errors.ConsentMissing),
        (single, errors.ConsentMissing),
        (both, errors.ConsentMismatch),
        (another.approve(), errors.ConsentMismatch),
        (typed.approve(), errors.ConsentMismatch),
        (replace(good, cards=()), refused.BundleSize),
        (replace(good, cards=(choice,) * 5), refused.BundleSize),
        (replace(good, cards=(single,)), errors.ConsentMismatch),
        (replace(good, cards=(replace(choice, licence_id=id_card.id),)), errors.ConsentMismatch),
        (replace(good, cards=(replace(choice, edition="0" * 16),)), errors.ConsentMismatch),
        (replace(good, cards=(replace(choice, purpose=Purpose.ROADSIDE),)), errors.ConsentMismatch),
        # An item of the purpose's maximum that this terminal did not ask for.
        (replace(good, cards=(replace(choice, items=choice.items | {3}),)), errors.ItemBeyondPurpose),
        (replace(good, cards=(replace(choice, items=frozenset({77})),)), errors.ItemUnknown),
        (replace(good, cards=("yes",)), errors.ConsentMissing),
    ]
    for decision, expected in wrong:
        for act in (wallet.answer, wallet.show_answer):
            with pytest.raises(errors.WalletError) as failure:
                act(request, decision)  # type: ignore[arg-type]  # the point
            assert type(failure.value) is expected, decision
    # Nor does what was agreed to for a terminal open any other door.
    with pytest.raises(errors.ConsentMismatch):
        wallet.show(card, audience=Purpose.WINDOW, consent=choice)
    with pytest.raises(errors.ConsentMismatch):
        wallet.show_bundle(consent=good)
    with pytest.raises(errors.ConsentMismatch):
        wallet.answer(typed, good)
    assert signed == []
    wallet.answer(request, good)
    assert len(signed) == 1


def test_reading_and_agreeing_sign_nothing(wallet: Wallet, card: Card, terminal: Terminal, signed: list[bytes]) -> None:
    request = wallet.read_challenge(terminal.asks())
    consent_sheet.text(request, Language.EN)
    decision = request.approve()
    with wallet.show_answer(request, decision):
        pass
    assert signed == []


@pytest.mark.parametrize("later", [120, 121, 9_999, -1, -300])
def test_no_answer_after_its_two_minutes_or_before_it_was_read(
    later: int, wallet: Wallet, card: Card, terminal: Terminal, clock: ManualClock, signed: list[bytes]
) -> None:
    for request in (
        wallet.read_challenge(terminal.asks()),
        wallet.short_code(SHORT, purpose=Purpose.WINDOW, cards=[card]),
    ):
        decision = request.approve()
        with pytest.raises(refused.ChallengeOver):
            wallet.answer(request, decision, at=UnixTime(AT + later))
        clock.at = AT + later
        with pytest.raises(refused.ChallengeOver):
            wallet.answer(request, decision)
        clock.at = AT
    assert signed == []


def test_items_that_are_not_asked_for_cannot_be_chosen(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    request = wallet.read_challenge(terminal.asks())
    with pytest.raises(errors.ItemBeyondPurpose, match="citizen_id"):
        request.approve({card.id: ["name", "citizen_id"]})
    with pytest.raises(errors.ItemUnknown, match="nmae"):
        request.approve({card.id: ["nmae"]})
    with pytest.raises(errors.ConsentMismatch, match="31000099Z9"):
        request.approve({"31000099Z9": ["name"]})
    with pytest.raises(refused.BundleSize):
        request.approve({})


def test_a_decision_is_void_after_the_licence_changed(
    wallet: Wallet, card: Card, give: GIVE, terminal: Terminal, signed: list[bytes]
) -> None:
    request = wallet.read_challenge(terminal.asks())
    decision = request.approve()
    give(wallet, values={**VALUES, 1: "测试员乙"})
    with pytest.raises(errors.ConsentMismatch):
        wallet.answer(request, decision)
    assert signed == []


# Short codes.


def test_a_short_code_names_the_place_and_always_warns(wallet: Wallet, card: Card) -> None:
    for typed in (SHORT, f"{SHORT[:4]}-{SHORT[4:]}", SHORT.lower()):
        request = wallet.short_code(typed, purpose=Purpose.WINDOW, cards=[card])
        asker = request.asker
        assert (asker.place, asker.relying_party, asker.site) == ("虚构市政务大厅", "虚构市车管所", "NF6Y")
        assert request.cautions[0] is Caution.DICTATED_CODE
        for language, words in (
            (Language.ZH_HANS, ("虚构市政务大厅", "虚构市车管所", "电话", "诈骗")),
            (Language.ZH_HANT, ("電話", "詐騙")),
            (Language.EN, ("telephone", "fraud")),
        ):
            sheet = consent_sheet.text(request, language)
            assert Caution.DICTATED_CODE.text(language) in sheet
            assert all(word in sheet for word in words)


def test_the_answer_to_a_short_code_is_open_and_for_that_site(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    request = wallet.short_code(SHORT, purpose=Purpose.WINDOW, cards=[card])
    frame = wallet.answer(request, request.approve())
    assert frame.text.startswith("LZ1:")
    (presentation,) = terminal.reads(frame.text)
    assert presentation.key_binding.aud == "lz:s/NF6Y"
    assert presentation.key_binding.cnonce == (123_456_789).to_bytes(4)


def test_several_cards_answer_a_short_code_as_a_bundle(
    wallet: Wallet, card: Card, id_card: Card, terminal: Terminal
) -> None:
    request = wallet.short_code(SHORT, purpose=Purpose.WINDOW, cards=[card, id_card])
    frame = wallet.answer(request, request.approve())
    assert frame.text.startswith("LB1:")
    presentations = terminal.reads(frame.text)
    assert {each.key_binding.cnonce for each in presentations} == {(123_456_789).to_bytes(4)}
    assert bundle.link(presentations) is bundle.Link.CITIZEN_ID


def test_short_codes_that_lead_nowhere(wallet: Wallet, card: Card, signed: list[bytes]) -> None:
    for typed, expected in (
        ("", refused.ShortCodeMalformed),
        (SHORT[:9], refused.ShortCodeMalformed),
        (SHORT + "0", refused.ShortCodeMalformed),
        (SHORT[:9] + "U", refused.ShortCodeMalformed),
        ("ZZZZ" + SHORT[4:], refused.SiteUnknown),
    ):
        with pytest.raises(refused.RequestError) as failure:
            wallet.short_code(typed, purpose=Purpose.WINDOW, cards=[card])
        assert type(failure.value) is expected, typed
    with pytest.raises(refused.BundleSize):
        wallet.short_code(SHORT, purpose=Purpose.WINDOW, cards=[])
    with pytest.raises(errors.PurposeNotOffered):
        wallet.short_code(SHORT, purpose=Purpose.AIRPORT, cards=[card])
    assert signed == []


def test_one_code_for_two_places_is_refused(wallet: Wallet, card: Card) -> None:
    foreign = second_region()
    package = foreign.other_package(holder_key(wallet.public_key()), ID_KIND, ID_VALUES, "33000026ID")
    wallet.receive(encoded(package))
    with pytest.raises(refused.SiteAmbiguous, match="310000, 330000"):
        wallet.short_code(SHORT, purpose=Purpose.WINDOW, cards=[card])


def test_an_old_directory_is_said(wallet: Wallet, card: Card, terminal: Terminal, clock: ManualClock) -> None:
    clock.at = AT + 31 * DAY
    request = wallet.short_code(SHORT, purpose=Purpose.WINDOW, cards=[card])
    assert request.cautions == (Caution.DICTATED_CODE, Caution.DIRECTORY_LATE)
    fresh = replace(terminal, certified_at=UnixTime(clock.at - 60))
    asked = fresh.asks(iat=UnixTime(clock.at), exp=UnixTime(clock.at + 60))
    assert wallet.read_challenge(asked).cautions == (Caution.DIRECTORY_LATE,)
