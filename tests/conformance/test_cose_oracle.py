"""python-cwt as an oracle: it verifies the very bytes of everything that we sign, and opens what we seal.

Complete by construction: every type of `labels.TYPES` and every algorithm has rows here or a stated reason why
python-cwt cannot express it, and a type whose reason is that nobody makes it fails as soon as somebody does.

python-cwt 3.3 has no names for the fully-specified numbers of RFC 9864 (-19, -9). It verifies with the algorithm of
the key that it is given and does not compare the header's with it, so its verdict on our signatures is worth
something, and its verdict on our headers is not: those are what the forgeries are for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cwt import COSE, COSEKey

from protocol import (
    appraisal_policy,
    cbor,
    challenge,
    directory,
    dispute_note,
    enrolment,
    feed_document,
    keys,
    labels,
    manifest,
    officers_act,
    paper,
    receipt,
    renewal,
    sealing,
    site_uses,
    staff_certificate,
    status_list,
    terminal_certificate,
    terminal_row,
    trust_list,
)
from protocol.directory import PurposeItems, WalletDirectory
from protocol.keys import Ed25519Key, P256Key, Signer, VerificationKey
from protocol.labels import Alg, FurtherAlg, Purpose
from protocol.licence import catalogue
from protocol.ml_dsa import MlDsa65Signer
from protocol.roots import SignerPair
from protocol.sealing import EXTERNAL_AAD
from tests.protocol import (
    test_challenge,
    test_checkpoint,
    test_dispute_note,
    test_feed_document,
    test_mandate,
    test_manifest,
    test_officers_act,
    test_paper,
    test_receipt,
    test_site_uses,
    test_staff_certificate,
    test_terminal_row,
)
from tests.utopia.randomness import Drbg
from tests.utopia.world import WUYOU, World

ROOT = Path(__file__).parents[2]
PACKAGES = ("protocol", "revocation", "issuer", "wallet_sdk", "verifier_terminal", "liangzheng", "demo")
WORLD = World()
POST_QUANTUM = MlDsa65Signer(Drbg("oracle pair")(32))

NOT_MADE: Mapping[int | str, str] = {
    labels.TYP_BEACON: "TYP_BEACON",
}
"""Types that nothing makes yet, with the name that whoever makes them must use."""

NOT_EXPRESSIBLE: Mapping[FurtherAlg, str] = {
    FurtherAlg.SM2_SM3: "private numbers, and python-cwt has neither SM2 nor SM3",
    FurtherAlg.ML_DSA_65: "python-cwt 3.3 knows no AKP keys; of a pair it verifies the classical signature",
}


@dataclass(frozen=True, slots=True)
class Emitted:
    """One signed object, and who signed it."""

    typ: int | str
    name: str
    encoded: bytes
    signer: Signer


def of_a_person(alg: Alg) -> Iterator[Emitted]:
    """What an authority and a holder sign for one licence."""
    for issuer_alg in Alg:
        issued = WORLD.credential(issuer_alg=issuer_alg, holder=WORLD.holder(alg=alg))
        yield Emitted(labels.TYP_CREDENTIAL, f"flexible-{issuer_alg.name}", issued.encoded, issued.issuer)
        for name, binding in (
            ("open", WORLD.key_binding()),
            ("challenged", WORLD.key_binding(aud="lz:t/T-0001", cnonce=bytes(16))),
        ):
            shown = WORLD.presentation(issued, binding=binding)
            yield Emitted(labels.TYP_PRESENTATION, f"{name}-{issuer_alg.name}", shown, issued.holder)
        view = WORLD.credential(issuer_alg=issuer_alg, holder=WORLD.holder(alg=alg), view=Purpose.WINDOW)
        yield Emitted(labels.TYP_CREDENTIAL, f"view-{issuer_alg.name}", view.encoded, view.issuer)
    signer = WORLD.signer("mandate", alg)
    yield Emitted(labels.TYP_CREDENTIAL, "mandate", test_mandate.issued(WORLD, signer=signer), signer)
    signer = test_paper.signer_of(WORLD, alg)
    yield Emitted(labels.TYP_PAPER, "paper", paper.issue(test_paper.GOOD, signer), signer)


def of_a_terminal(alg: Alg) -> Iterator[Emitted]:
    """A terminal's certificate, what it asks and what it attests."""
    region, terminal = WORLD.signer("oracle region", alg), WORLD.signer("oracle terminal", alg)
    certified = test_challenge.CERTIFIED
    certificate = terminal_certificate.certify(
        terminal_certificate.TerminalCertificate(
            iss=certified.iss,
            terminal=certified.terminal,
            place=certified.place,
            relying_party=certified.relying_party,
            maxima=certified.maxima,
            key=terminal.public_key,
            iat=certified.iat,
            exp=certified.exp,
        ),
        region,
    )
    yield Emitted(labels.TYP_TERMINAL, "certificate", certificate, region)
    asked = challenge.build(test_challenge.REQUEST, certificate=certificate, signer=terminal)
    yield Emitted(labels.TYP_CHALLENGE, "challenge", asked, terminal)
    attested = receipt.sign(test_receipt.RECEIPT, certificate=certificate, signer=terminal)
    yield Emitted(labels.TYP_RECEIPT, "receipt", attested, terminal)
    disputed = dispute_note.sign(test_dispute_note.NOTE, certificate=certificate, signer=terminal)
    yield Emitted(labels.TYP_DISPUTE, "dispute", disputed, terminal)
    uses, _ = site_uses.sign(test_site_uses.SITE, test_site_uses.USES, certificate=certificate, signer=terminal)
    yield Emitted(labels.TYP_SITE_USES, "site-uses", uses, terminal)
    row = terminal_row.sign(test_terminal_row.ROW, certificate=certificate, signer=terminal)
    yield Emitted(labels.TYP_ROW, "row", row, terminal)
    wanted = renewal.sign(certificate=certificate, signer=terminal, at=certified.iat)
    yield Emitted(labels.TYP_RENEWAL, "renewal", wanted, terminal)
    yield Emitted(labels.TYP_ENROLMENT, "enrolment", enrolment.request(bytes(16), terminal), terminal)


def of_staff(alg: Alg) -> Iterator[Emitted]:
    """The certificate of a person."""
    region = WORLD.signer("oracle staff key", alg)
    certificate = staff_certificate.certify(test_staff_certificate.GOOD, region)
    yield Emitted(labels.TYP_STAFF, "staff", certificate, region)
    officer = WORLD.signer("oracle officer", alg)
    certified = staff_certificate.certify(replace(test_staff_certificate.GOOD, key=officer.public_key), region)
    act = officers_act.sign(test_officers_act.ACT, certificate=certified, signer=officer)
    yield Emitted(labels.TYP_ACT, "act", act, officer)


def of_a_region(alg: Alg) -> Iterator[Emitted]:
    """Lists and documents: by one key of either algorithm, and by a pair whose first key that is."""
    status = WORLD.signer("oracle status", alg)
    yield Emitted(labels.TYP_STATUS_LIST, "status", status_list.sign(WORLD.status_token({7: 1}), status), status)
    yield Emitted(labels.TYP_CHECKPOINT, "checkpoint", test_checkpoint.encoded(signer=status), status)
    yield Emitted(labels.TYP_REVERSAL, "reversal", test_checkpoint.co_signature(signer=status), status)
    one = WORLD.signer("oracle root", alg)
    for name, root in (("one", one), ("pair", SignerPair(one, POST_QUANTUM))):
        trust = WORLD.trust()
        listed = WORLD.catalogue()
        anchors = {pair: anchor for pair, anchor in trust.anchors.items() if anchor.use in directory.USES}
        maxima = {(vct, Purpose.WINDOW): PurposeItems(frozenset({1}), frozenset()) for vct in listed.kinds}
        known = WalletDirectory(WUYOU, 1, trust.iat, trust.exp, listed.kinds, maxima, anchors, {})
        yield Emitted(labels.TYP_TRUST, f"trust-{name}", trust_list.sign(trust, root), one)
        yield Emitted(labels.TYP_CATALOGUE, f"catalogue-{name}", catalogue.sign(listed, root), one)
        yield Emitted(labels.TYP_POLICY, f"policy-{name}", appraisal_policy.sign(WORLD.policy(), root), one)
        yield Emitted(labels.TYP_DIRECTORY, f"directory-{name}", directory.sign(known, root), one)
        yield Emitted(labels.TYP_MANIFEST, f"manifest-{name}", manifest.sign(test_manifest.good(), root), one)
        yield Emitted(labels.TYP_FEED, f"feed-{name}", feed_document.sign(test_feed_document.GOOD, root), one)


@cache
def emitted() -> tuple[Emitted, ...]:
    return tuple(
        each for alg in Alg for make in (of_a_person, of_a_terminal, of_staff, of_a_region) for each in make(alg)
    )


def name_of(each: Emitted) -> str:
    return f"{each.name}-{each.signer.public_key.alg.name}"


def their_key(ours: VerificationKey, *, kid: bytes | None = None) -> Any:
    """The same key there; by another key's kid it is a stranger's."""
    match ours:
        case Ed25519Key(x=x):
            public: Any = ed25519.Ed25519PublicKey.from_public_bytes(x)
            algorithm = "EdDSA"
        case P256Key():
            point = (b"\x03" if ours.y_is_odd else b"\x02") + ours.x
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            algorithm = "ES256"
        case _:
            raise AssertionError(ours)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return COSEKey.from_pem(pem, alg=algorithm, kid=kid or keys.kid_of(ours))


def parts(encoded: bytes) -> tuple[bytes, bool]:
    """Payload and whether two signed it, by our decoder."""
    by_a_pair = encoded.startswith(b"\xd8\x62")
    structure: Any = cbor.decode(encoded[2:] if by_a_pair else encoded)
    return (structure if by_a_pair else structure.value)[2], by_a_pair


def header_typ(encoded: bytes) -> Any:
    structure: Any = cbor.decode(encoded[2:] if encoded.startswith(b"\xd8\x62") else encoded)
    header: Any = cbor.decode((structure if isinstance(structure, tuple) else structure.value)[0])
    return header[labels.HDR_TYP]


def test_every_type_has_a_row_or_a_reason() -> None:
    rows = {each.typ for each in emitted()}
    assert rows | NOT_MADE.keys() == labels.TYPES
    assert not rows & NOT_MADE.keys()
    for each in emitted():
        assert header_typ(each.encoded) == each.typ
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path.name != "labels.py"]
    assert len(sources) > 100
    for path in sources:
        for constant in NOT_MADE.values():
            assert f"labels.{constant}" not in path.read_text(encoding="utf-8"), f"{path} makes it: it needs a row here"


def test_every_type_is_signed_with_every_algorithm() -> None:
    algorithms = {(each.typ, each.signer.public_key.alg) for each in emitted()}
    assert algorithms == {(typ, alg) for typ in labels.TYPES - NOT_MADE.keys() for alg in Alg}
    assert NOT_EXPRESSIBLE.keys() == set(FurtherAlg)


@pytest.mark.parametrize("each", emitted(), ids=name_of)
def test_it_verifies(each: Emitted) -> None:
    """With the right key; not with one bent bit, another payload, or a stranger's key of the same kid."""
    payload, by_a_pair = parts(each.encoded)
    key = their_key(each.signer.public_key)
    assert COSE.new().decode(each.encoded, key) == payload
    structure: Any = cbor.decode(each.encoded[2:] if by_a_pair else each.encoded)
    fields = list(structure if by_a_pair else structure.value)
    signature = fields[3][0][2] if by_a_pair else fields[3]
    bent = signature[:-1] + bytes((signature[-1] ^ 1,))
    for forged in (each.encoded.replace(signature, bent), each.encoded.replace(payload, _bent(payload))):
        assert forged != each.encoded
        with pytest.raises(cwt.VerifyError):
            COSE.new().decode(forged, key)
    stranger = WORLD.signer("stranger", each.signer.public_key.alg)  # type: ignore[arg-type]  # no further ones here
    kid = keys.kid_of(each.signer.public_key)
    with pytest.raises(cwt.VerifyError):
        COSE.new().decode(each.encoded, their_key(stranger.public_key, kid=kid))


def _bent(payload: bytes) -> bytes:
    return payload[:-1] + bytes((payload[-1] ^ 1,))


# Sealed.

PRIVATE = Drbg("oracle seal")(32)


def their_sealing_key() -> Any:
    public = sealing.sealing_key(PRIVATE)
    return COSEKey.new({1: 1, -1: 4, 3: labels.ALG_HPKE_4, 2: public.kid, -2: public.x, -4: PRIVATE, 4: [8]})


def test_it_opens_what_we_seal() -> None:
    presentation = WORLD.presentation(WORLD.credential())
    sealed = sealing.seal(
        presentation, recipient=sealing.sealing_key(PRIVATE), ephemeral_key=Drbg("oracle ephemeral")(32)
    )
    assert COSE.new().decode(sealed, their_sealing_key(), external_aad=EXTERNAL_AAD) == presentation
    for aad in (b"", b"LE2"):
        with pytest.raises(cwt.DecodeError):
            COSE.new().decode(sealed, their_sealing_key(), external_aad=aad)
    with pytest.raises(cwt.DecodeError):
        COSE.new().decode(_bent(sealed), their_sealing_key(), external_aad=EXTERNAL_AAD)


def test_we_open_what_it_seals() -> None:
    public = sealing.sealing_key(PRIVATE)
    recipient = COSEKey.new({1: 1, -1: 4, 3: labels.ALG_HPKE_4, 2: public.kid, -2: public.x, 4: []})
    sealed = COSE.new().encode_and_encrypt(
        b"a presentation",
        recipient,
        protected={1: labels.ALG_HPKE_4, 4: public.kid},
        external_aad=EXTERNAL_AAD,
    )
    assert sealing.unseal(sealing.parse(sealed), private_key=PRIVATE) == b"a presentation"
