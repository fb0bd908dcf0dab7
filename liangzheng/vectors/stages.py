"""The bytes between a code's text and what it says, stage by stage: the contract for ports to other languages.

For each good vector the index states them in hexadecimal, so that whoever writes a reader or a writer sees at which
stage the bytes begin to differ. Verifies nothing: a good vector is good by `reading`.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from liangzheng.vectors.folder import Format, Given
from protocol import cbor, challenge, cose_sign, cose_sign1, labels, sealing
from protocol.qr import animated, base45, bundle
from protocol.qr.animated import Assembled, Assembler

Stages = dict[str, Any]


def stages(form: Format, given: Given) -> Stages:
    """The intermediate bytes of a good vector, by their names in tests/vectors/README.md.

    Raises:
        ProtocolError: It is not well-formed, so it is no good vector.
    """
    return _STAGES[form](given)


def _unprefixed(given: Given) -> tuple[str, bytes]:
    text = given.texts[0][labels.PREFIX_CHARACTERS :]
    return text, base45.decode(text)


def _sign1(encoded: bytes) -> tuple[Mapping[cbor.Key, cbor.Value], bytes]:
    """Protected header and Sig_structure of a COSE_Sign1."""
    structure = cbor.decode(encoded)
    assert isinstance(structure, cbor.Tagged)
    assert isinstance(structure.value, tuple)
    protected, _, payload, _ = structure.value
    assert isinstance(protected, bytes)
    assert isinstance(payload, bytes)
    header = cbor.decode(protected)
    assert isinstance(header, Mapping)
    return header, cose_sign1.sig_structure(protected, payload)


def _with_inner(encoded: bytes, *, outer: str, inner: str) -> Stages:
    """A COSE_Sign1 that carries another one in kcwt."""
    header, signed = _sign1(encoded)
    carried = cbor.encode(header[labels.HDR_KCWT])
    return {
        outer: encoded.hex(),
        f"{outer}_sig_structure": signed.hex(),
        f"{outer}_sig_structure_sha256": sha256(signed).hexdigest(),
        inner: carried.hex(),
        f"{inner}_sig_structure": _sign1(carried)[1].hex(),
    }


def _of_presentation(given: Given) -> Stages:
    text, encoded = _unprefixed(given)
    return {"base45": text, **_with_inner(encoded, outer="kbt", inner="cwt")}


def _of_sealed(given: Given) -> Stages:
    text, encoded = _unprefixed(given)
    sealed = sealing.parse(encoded)
    assert given.private_key is not None
    return {
        "base45": text,
        "encrypt0": encoded.hex(),
        "enc_structure": sealing.enc_structure(sealed.protected_bytes, sealing.EXTERNAL_AAD).hex(),
        "ek": sealed.ek.hex(),
        "recipient": sealing.sealing_key(given.private_key).x.hex(),
        **_with_inner(sealing.unseal(sealed, private_key=given.private_key), outer="kbt", inner="cwt"),
    }


def _of_challenge(given: Given) -> Stages:
    text, encoded = _unprefixed(given)
    found = _with_inner(encoded, outer="challenge", inner="certificate")
    return {"base45": text, **found, "cnonce": challenge.cnonce_of(encoded).hex()}


def _of_bundle(given: Given) -> Stages:
    text, encoded = _unprefixed(given) if given.content is None else (None, given.content)
    members = cbor.decode(encoded)
    assert isinstance(members, tuple)
    bundle.parse(encoded)
    found = [_with_inner(cbor.encode(member), outer="kbt", inner="cwt") for member in members]
    return {"base45": text, "bundle": encoded.hex(), "members": found}


def _of_animated(given: Given) -> Stages:
    frames = [base45.decode(text[labels.PREFIX_CHARACTERS :]) for text in given.texts]
    assembler = Assembler()
    answers = [assembler.add(animated.parse(frame)) for frame in frames]
    wholes = {answer.sha256.hex() for answer in answers if isinstance(answer, Assembled)}
    return {"frames": [frame.hex() for frame in frames], "sha256": sorted(wholes)}


def _of_receipt(given: Given) -> Stages:
    assert given.content is not None
    return _with_inner(given.content, outer="receipt", inner="certificate")


def _of_paper(given: Given) -> Stages:
    text, encoded = _unprefixed(given)
    return {"base45": text, "paper": encoded.hex(), "paper_sig_structure": _sign1(encoded)[1].hex()}


def _of_trust_list(given: Given) -> Stages:
    assert given.content is not None
    document = given.content
    if not document.startswith(cose_sign.TAG):
        return {"document": document.hex(), "document_sig_structure": _sign1(document)[1].hex()}
    by_a_pair = cose_sign.parse(document, expected_typ=labels.TYP_TRUST)
    signed = [
        cose_sign.sig_structure(by_a_pair.protected_bytes, each.protected_bytes, by_a_pair.payload).hex()
        for each in by_a_pair.signatures
    ]
    return {"document": document.hex(), "document_sig_structures": signed}


def _of_staff_certificate(given: Given) -> Stages:
    assert given.content is not None
    sig_structure = _sign1(given.content)[1].hex()
    return {"staff_certificate": given.content.hex(), "staff_certificate_sig_structure": sig_structure}


def _of_officers_act(given: Given) -> Stages:
    assert given.content is not None
    return _with_inner(given.content, outer="officers_act", inner="staff_certificate")


def _of_enrolment(given: Given) -> Stages:
    text, encoded = _unprefixed(given)
    return {"base45": text, "enrolment": encoded.hex()}


def _of_enrolment_request(given: Given) -> Stages:
    assert given.content is not None
    sig_structure = _sign1(given.content)[1].hex()
    return {"enrolment_request": given.content.hex(), "enrolment_request_sig_structure": sig_structure}


def _of_terminal_row(given: Given) -> Stages:
    assert given.content is not None
    return _with_inner(given.content, outer="terminal_row", inner="certificate")


def _of_renewal(given: Given) -> Stages:
    assert given.content is not None
    return _with_inner(given.content, outer="renewal", inner="certificate")


_STAGES: Final[Mapping[Format, Callable[[Given], Stages]]] = {
    Format.PRESENTATION: _of_presentation,
    Format.MANDATE: _of_presentation,
    Format.SEALED: _of_sealed,
    Format.CHALLENGE: _of_challenge,
    Format.BUNDLE: _of_bundle,
    Format.ANIMATED: _of_animated,
    Format.RECEIPT: _of_receipt,
    Format.PAPER: _of_paper,
    Format.TRUST_LIST: _of_trust_list,
    Format.STAFF_CERTIFICATE: _of_staff_certificate,
    Format.OFFICERS_ACT: _of_officers_act,
    Format.ENROLMENT: _of_enrolment,
    Format.ENROLMENT_REQUEST: _of_enrolment_request,
    Format.TERMINAL_ROW: _of_terminal_row,
    Format.RENEWAL: _of_renewal,
}
