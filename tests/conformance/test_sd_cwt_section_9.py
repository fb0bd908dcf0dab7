"""draft-ietf-spice-sd-cwt-08, sections 8 and 9, rule by rule, as our own profile answers them.

Each test bears the number of its rule. Where the profile forbids what the draft leaves open (cti, nbf in a KBT, AEAD,
an aud in the credential), the rule holds because the thing itself is refused, and the test says so. The draft's own,
wider profile is tested in `test_sd_cwt_draft`, by the same numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, labels, trust_list
from protocol.errors import (
    AlgError,
    Code,
    DisclosureForbidden,
    DisclosureKeyDuplicate,
    DisclosureOrphan,
    DisclosuresEmpty,
    HeaderUnknown,
    HeaderUnprotected,
    HolderSignatureInvalid,
    IssuerSignatureInvalid,
    KcwtError,
    KeyBindingClaimError,
    KeyRefused,
    ProtocolError,
    SchemaError,
    TimeOrderError,
    TypError,
)
from protocol.labels import Alg, Lic
from protocol.qr import envelope
from protocol.sd_cwt import credential, disclosure, key_binding
from protocol.sd_cwt.key_binding import Presentation
from tests.appraisal.terminal import Terminal
from tests.utopia.forgery import good_sketch
from tests.utopia.loose_cbor import Tag, dump
from tests.utopia.sketch import Sketch
from tests.utopia.world import World
from verifier_terminal.appraisal.items import flatten
from verifier_terminal.appraisal.verdict import Proceed, VerdictClass

Change = Callable[[Sketch], None]

NBF, IAT, EXP = labels.CLAIM_NBF, labels.CLAIM_IAT, labels.CLAIM_EXP


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture(scope="module")
def world(terminal: Terminal) -> World:
    return terminal.world


def read(world: World, text: str) -> Presentation:
    """Every step of section 9 that needs neither a clock nor an expectation."""
    unverified = key_binding.parse(envelope.unwrap(text))
    anchor = trust_list.find_assertion_anchor(world.trust(), unverified.credential, at=world.clock.at)
    presentation = key_binding.verify(unverified, anchor.key)
    key_binding.check_time_relations(presentation)
    return presentation


def test_what_every_rule_starts_from_is_good(world: World, terminal: Terminal) -> None:
    text = good_sketch(world).code()
    assert read(world, text).items[Lic.NAME] == "测试员甲"
    assert terminal.appraise(text).verdict_class is VerdictClass.ACCEPT


# Changes.


def claim(label: Any, value: Any) -> Change:
    return lambda sketch: sketch.claims.__setitem__(label, value)


def no_claim(label: Any) -> Change:
    return lambda sketch: sketch.claims.__delitem__(label)


def bound(label: Any, value: Any) -> Change:
    return lambda sketch: sketch.binding.__setitem__(label, value)


def unbound(*dropped: Any) -> Change:
    def change(sketch: Sketch) -> None:
        for label in dropped:
            del sketch.binding[label]

    return change


def relative(part: str, label: int, other_part: str, other: int, seconds: int) -> Change:
    """One moment set to another one plus these seconds."""

    def change(sketch: Sketch) -> None:
        getattr(sketch, part)[label] = getattr(sketch, other_part)[other] + seconds

    return change


def with_nbf(part: str, label: int, seconds: int) -> Change:
    """A presentation with an nbf."""
    return relative("binding", NBF, part, label, seconds)


def several(*changes: Change) -> Change:
    def change(sketch: Sketch) -> None:
        for each in changes:
            each(sketch)

    return change


def stranger(part: str) -> Change:
    return lambda sketch: setattr(sketch, part, sketch.world.signer("a stranger", getattr(sketch, part).public_key.alg))


def shown_long_before(sketch: Sketch) -> None:
    """A presentation made a minute before its credential, which began no earlier than that."""
    made = sketch.claims[IAT] - 60
    sketch.binding.update({IAT: made, EXP: made + 60})


def orphan(sketch: Sketch) -> None:
    sketch.disclosures.append(disclosure.disclose_key(b"o" * 16, "nobody's", int(Lic.SEX)).encoded)


def key_twice(sketch: Sketch) -> None:
    """A disclosed class, beside the clear one."""
    twin = disclosure.disclose_key(b"k" * 16, "A1", int(Lic.CLASS))
    sketch.lic[cbor.Simple.REDACTED_KEYS] = [*sketch.lic[cbor.Simple.REDACTED_KEYS], twin.redacted_claim_hash]
    sketch.disclosures.append(twin.encoded)


SMALL_ORDER = {labels.KEY_KTY: labels.KTY_OKP, labels.KEY_CRV: labels.CRV_ED25519, labels.KEY_X: b"\1" + bytes(31)}

RULES: dict[str, tuple[Change, type[ProtocolError]]] = {
    "section 9 step 1: no kcwt": (lambda s: s.kbt_protected.__delitem__(labels.HDR_KCWT), HeaderUnknown),
    "section 9 step 1: kcwt is the credential's bytes and not the credential": (
        lambda s: setattr(s, "kcwt", dump),
        KcwtError,
    ),
    "section 9 step 1: kcwt outside the protected header": (
        lambda s: s.kbt_unprotected.__setitem__(labels.HDR_KCWT, s.credential_value()),
        HeaderUnprotected,
    ),
    "section 9 step 2: the issuer's signature": (stranger("issuer"), IssuerSignatureInvalid),
    "section 9 step 2: alg is not the key's": (
        lambda s: s.cwt_protected.__setitem__(labels.HDR_ALG, int(Alg.ESP256)),
        AlgError,
    ),
    "section 9 step 2: typ of the SD-CWT": (lambda s: s.cwt_protected.__setitem__(labels.HDR_TYP, 294), TypError),
    "section 9 step 2: empty sd_claims": (
        lambda s: s.cwt_unprotected.__setitem__(labels.HDR_SD_CLAIMS, []),
        DisclosuresEmpty,
    ),
    # The profile has no AEAD, so that the parameter itself is refused, empty or not.
    "section 9 step 2: empty sd_aead_encrypted_claims": (
        lambda s: s.cwt_unprotected.__setitem__(171, []),
        HeaderUnprotected,
    ),
    "section 9 step 3: nbf after iat": (relative("claims", NBF, "claims", IAT, 1), TimeOrderError),
    # All three are mandatory here: nbf < exp follows from the other two, and only breaks together with one of them.
    "section 9 step 3: nbf is exp": (relative("claims", NBF, "claims", EXP, 0), TimeOrderError),
    "section 9 step 3: iat is exp": (relative("claims", IAT, "claims", EXP, 0), TimeOrderError),
    "section 9 step 4: no cnf": (no_claim(labels.CLAIM_CNF), SchemaError),
    "section 9 step 4: cnf names a key and does not hold it": (claim(labels.CLAIM_CNF, {3: bytes(8)}), SchemaError),
    "section 9 step 4: cnf is no point of the main subgroup": (
        claim(labels.CLAIM_CNF, {labels.CNF_COSE_KEY: SMALL_ORDER}),
        KeyRefused,
    ),
    "section 9 step 5: the holder's signature": (stranger("holder"), HolderSignatureInvalid),
    "section 9 step 5: typ of the KBT": (lambda s: s.kbt_protected.__setitem__(labels.HDR_TYP, 293), TypError),
    "section 9 step 5: alg is not the confirmation key's": (
        lambda s: s.kbt_protected.__setitem__(labels.HDR_ALG, int(Alg.ED25519)),
        AlgError,
    ),
    # A cnonce of the issuance would be disclosed to every verifier: no credential of ours has one.
    "section 9 step 6: a cnonce in the SD-CWT": (claim(labels.CLAIM_CNONCE, bytes(16)), SchemaError),
    # iat is mandatory, and cti does not replace it.
    "section 9 step 7: no iat in the KBT": (unbound(IAT), KeyBindingClaimError),
    "section 9 step 7: cti instead of iat": (
        several(unbound(IAT, EXP), bound(labels.CLAIM_CTI, b"c")),
        KeyBindingClaimError,
    ),
    "section 9 step 7: exp without iat": (
        several(unbound(IAT), bound(labels.CLAIM_CTI, b"c")),
        KeyBindingClaimError,
    ),
    # No KBT of ours has an nbf, so that the four relations of it hold by its absence.
    "section 9 step 7: nbf without iat": (
        several(unbound(IAT, EXP), bound(labels.CLAIM_CTI, b"c"), bound(NBF, 1)),
        KeyBindingClaimError,
    ),
    "section 9 step 7: nbf after iat in the KBT": (with_nbf("binding", IAT, 1), KeyBindingClaimError),
    "section 9 step 7: nbf before the SD-CWT's nbf": (
        with_nbf("claims", NBF, -1),
        KeyBindingClaimError,
    ),
    "section 9 step 7: nbf at the SD-CWT's exp": (with_nbf("claims", EXP, 0), KeyBindingClaimError),
    "section 9 step 7: an nbf that breaks no relation": (
        with_nbf("binding", IAT, 0),
        KeyBindingClaimError,
    ),
    "section 9 step 7: iat is exp in the KBT": (relative("binding", EXP, "binding", IAT, 0), TimeOrderError),
    "section 9 step 7: exp in the KBT after the SD-CWT's": (
        several(relative("binding", IAT, "claims", EXP, -60), relative("binding", EXP, "claims", EXP, 1)),
        TimeOrderError,
    ),
    "section 9 step 7: iat in the KBT before the SD-CWT's iat": (shown_long_before, TimeOrderError),
    # nbf ≤ iat in every SD-CWT, so that an iat before nbf is before the SD-CWT's iat as well.
    "section 9 step 7: iat in the KBT before the SD-CWT's nbf": (
        several(relative("claims", NBF, "claims", IAT, 0), shown_long_before),
        TimeOrderError,
    ),
    "section 9 step 8: a disclosure without a hash": (orphan, DisclosureOrphan),
    "section 9 step 8: a disclosed key that stands in its map": (key_twice, DisclosureKeyDuplicate),
    "section 9 step 8: a claim that may not be redacted": (
        lambda s: s.claims.__setitem__(cbor.Simple.REDACTED_KEYS, [bytes(32)]),
        DisclosureForbidden,
    ),
    # A licence is for every verifier: no credential of ours has an audience, the right one included.
    "section 9 step 9: an audience in the SD-CWT": (claim(labels.CLAIM_AUD, "lz:w"), SchemaError),
    "section 8.1: typ of the KBT as text": (
        lambda s: s.kbt_protected.__setitem__(labels.HDR_TYP, "application/kb+cwt"),
        TypError,
    ),
    "section 8.1: iss in the KBT": (bound(labels.CLAIM_ISS, "990000.GA"), KeyBindingClaimError),
    "section 8.1: sub in the KBT": (bound(labels.CLAIM_SUB, "0123456789"), KeyBindingClaimError),
    "section 8.1: no aud in the KBT": (unbound(labels.CLAIM_AUD), KeyBindingClaimError),
    "section 8.1: a cnonce that is no byte string": (bound(labels.CLAIM_CNONCE, "nonce"), KeyBindingClaimError),
}


@pytest.mark.parametrize("rule", RULES)
def test_rule(world: World, rule: str) -> None:
    change, reason = RULES[rule]
    sketch = good_sketch(world)
    change(sketch)
    with pytest.raises(ProtocolError) as caught:
        read(world, sketch.code())
    assert type(caught.value) is reason


def test_every_step_is_named() -> None:
    """Steps 10 and 11 forbid nothing; they and what needs a terminal have tests of their own below."""
    named = " ".join((*RULES, *(each.__doc__ or "" for each in _own_tests())))
    for step in range(1, 12):
        assert f"ection 9 step {step}" in named, step


def _own_tests() -> Iterator[Any]:
    return (each for name, each in globals().items() if name.startswith("test_section"))


# What needs to know who asks, or what time it is.


def codes(terminal: Terminal, sketch: Sketch) -> set[Code]:
    return {each.code for each in terminal.appraise(sketch.code()).findings}


def test_section_9_step_6_a_cnonce_must_be_acceptable(terminal: Terminal) -> None:
    """Section 9 step 6: one that answers no open request of this terminal is refused, and a good one is not."""
    sketch = good_sketch(terminal.world)
    sketch.binding[labels.CLAIM_CNONCE] = bytes(16)
    assert Code.E_CNONCE in codes(terminal, sketch)
    asking = Terminal()
    request = asking.ask()
    answer = good_sketch(asking.world)
    answer.binding.update({labels.CLAIM_AUD: request.audience, labels.CLAIM_CNONCE: request.cnonce})
    assert Code.E_CNONCE not in codes(asking, answer)


def test_section_9_step_7_made_after_the_end_of_its_credential(terminal: Terminal) -> None:
    """Section 9 step 7, iat in the KBT < exp in the SD-CWT: never accepted, and said to be late and not forged."""
    late = Terminal()
    sketch = good_sketch(late.world)
    late.clock = replace(late.clock, at=sketch.claims[EXP])
    sketch.binding.update({IAT: sketch.claims[EXP], EXP: sketch.claims[EXP] + 60})
    verdict = late.appraise(sketch.code())
    assert Code.W_CRED_EXPIRED in {each.code for each in verdict.findings}
    assert verdict.verdict_class is not VerdictClass.ACCEPT
    assert verdict.proceed is Proceed.NO


def test_section_9_step_9_another_audience_of_the_presentation(terminal: Terminal) -> None:
    """Section 9 step 9: a presentation for the police is refused at a window."""
    sketch = good_sketch(terminal.world)
    sketch.binding[labels.CLAIM_AUD] = "lz:p"
    verdict = terminal.appraise(sketch.code())
    assert Code.E_AUD in {each.code for each in verdict.findings}
    assert verdict.verdict_class is VerdictClass.REFUSE


# What is demanded of a reader, and not of a holder.


def test_section_9_step_8_disclosures_come_in_any_order(world: World) -> None:
    """Section 9 step 8 and section 8: also a disclosed value before the group that it stands in."""
    issued = world.credential()
    shown = issued.disclosures(issued.items)
    assert len(shown) > len(issued.disclosures((Lic.NAME,)))
    forward = key_binding.present(issued.encoded, shown, world.key_binding(), issued.holder)
    backward = key_binding.present(issued.encoded, shown[::-1], world.key_binding(), issued.holder)
    assert forward != backward
    found = read(world, envelope.wrap(forward))
    assert found.items == read(world, envelope.wrap(backward)).items
    assert flatten(found.items) == issued.items
    assert found.hidden_items == 0


def test_section_9_step_10_what_stays_redacted_is_gone(world: World) -> None:
    """Section 9 step 10: neither a hash nor a mark of redaction is left, decoys included; what is hidden is counted."""
    hidden, decoy = disclosure.disclose_key(b"h" * 16, "1", int(Lic.SEX)), disclosure.decoy(b"d" * 16)
    element = disclosure.disclose_element(b"e" * 16, 2)
    sketch = good_sketch(world)
    hashes = [*sketch.lic[cbor.Simple.REDACTED_KEYS], hidden.redacted_claim_hash, decoy.redacted_claim_hash]
    sketch.lic[cbor.Simple.REDACTED_KEYS] = hashes
    sketch.lic[250] = [1, Tag(labels.TAG_REDACTED_ELEMENT, element.redacted_claim_hash), 3]
    before = read(world, good_sketch(world).code())
    found = read(world, sketch.code())
    # The array became shorter: positions mean nothing where elements may be hidden one by one.
    assert found.items == {**before.items, 250: (1, 3)}
    assert cbor.Simple.REDACTED_KEYS not in found.items
    assert found.hidden_items == before.hidden_items + 3


def test_section_9_step_11_further_rules_see_the_validated_claims(terminal: Terminal) -> None:
    """Section 9 step 11: the policy's mandatory items are looked for among what was disclosed, and nowhere else."""
    world = terminal.world
    issued = world.credential()
    assert terminal.appraise(world.code(issued)).verdict_class is VerdictClass.ACCEPT
    verdict = terminal.appraise(world.code(issued, shown=()))
    assert Code.W_CLAIM_MISSING in {each.code for each in verdict.findings}


# Section 8, of the holder's side.


def test_section_8_without_disclosures_the_parameter_is_left_out(world: World) -> None:
    """Section 8: an empty array would be invalid by section 9 step 2."""
    issued = world.credential()
    shown = key_binding.present(issued.encoded, (), world.key_binding(), issued.holder)
    assert key_binding.parse(shown).credential.sign1.unprotected == {}
    assert read(world, envelope.wrap(shown)).hidden_items > 0


def test_section_8_the_choice_of_disclosures_leaves_the_issuers_signature(world: World) -> None:
    """Section 8: the same signature stands under every choice."""
    issued = world.credential()
    choices = [(), (Lic.NAME,), (Lic.NAME, Lic.LICENCE_NO), tuple(issued.items)]
    found = {read(world, world.code(issued, shown=shown)).credential_digest for shown in choices}
    assert len(found) == 1


@pytest.mark.parametrize("change", ["taken", "added", "moved"])
def test_section_8_1_disclosures_cannot_be_changed_by_anybody_else(world: World, change: str) -> None:
    """Section 8.1: they are part of what the holder signs, although the issuer did not sign them."""
    issued = world.credential()
    own = issued.disclosures((Lic.NAME, Lic.LICENCE_NO))
    other = issued.disclosures((Lic.ADDRESS,))
    changed = {"taken": own[:-1], "added": (*own, *other), "moved": own[::-1]}[change]
    signed: Any = cbor.decode(key_binding.present(issued.encoded, own, world.key_binding(), issued.holder))
    protected, unprotected, payload, signature = signed.value
    header: Any = cbor.decode(protected)
    kcwt = header[labels.HDR_KCWT].value
    grafted = cbor.Tagged(labels.TAG_SIGN1, (kcwt[0], {labels.HDR_SD_CLAIMS: changed}, kcwt[2], kcwt[3]))
    bent = cbor.encode({**header, labels.HDR_KCWT: grafted})
    text = envelope.wrap(cbor.encode(cbor.Tagged(labels.TAG_SIGN1, (bent, unprotected, payload, signature))))
    with pytest.raises(HolderSignatureInvalid):
        read(world, text)


def test_section_8_1_our_own_presentations_keep_the_rules(world: World) -> None:
    """Section 8.1: typ 294, exactly aud, exp and iat, and signed by the key in cnf."""
    issued = world.credential()
    parsed = key_binding.parse(world.presentation(issued))
    assert parsed.sign1.protected[labels.HDR_TYP] == labels.TYP_PRESENTATION
    payload: Any = cbor.decode(parsed.sign1.payload)
    assert payload.keys() == {labels.CLAIM_AUD, labels.CLAIM_EXP, labels.CLAIM_IAT}
    assert payload[EXP] <= parsed.credential.claims.exp
    parsed.sign1.verify(credential.verify(parsed.credential, issued.issuer.public_key).confirmation_key)
