"""What our own library reads in a vector, as the JSON that a good vector expects.

Byte strings become {"hex": …} among items and hexadecimal text elsewhere. Each reader takes the steps of its page in
docs/spec and raises the protocol's own reasons. Not handled here: clocks of a terminal, status and policy.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from liangzheng.receipts.stated import certificate_values, items_values, receipt_values
from liangzheng.vectors.folder import Format, Given, Ground
from protocol import (
    cbor,
    challenge,
    enrolment,
    labels,
    officers_act,
    paper,
    receipt,
    renewal,
    sealing,
    staff_certificate,
    terminal_row,
    trust_list,
)
from protocol.labels import Purpose
from protocol.qr import animated, bundle, envelope
from protocol.qr.animated import Assembled, Assembler
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import Presentation, UnverifiedPresentation
from protocol.staff_certificate import StaffCertificate
from protocol.unixtime import UnixTime

Read = dict[str, Any]


def read(form: Format, given: Given, *, ground: Ground, at: UnixTime) -> Read:
    """What stands in it.

    Raises:
        ProtocolError: The first rule that it breaks.
    """
    return _READERS[form](given, ground, at)


def plain(value: Any) -> Any:
    """A claim value as JSON: byte strings as {"hex": …}, map keys as text."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, Mapping):
        return {str(int(key)): plain(member) for key, member in sorted(value.items())}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value


def verified(unverified: UnverifiedPresentation, ground: Ground, at: UnixTime) -> Presentation:
    """Steps 5 to 9 of the order of verification, and the clockless part of 10; a mandate needs a mandate's key.

    Raises:
        ProtocolError: The first rule that it breaks.
    """
    is_mandate = unverified.credential.claims.mandate is not None
    find = trust_list.find_mandate_anchor if is_mandate else trust_list.find_assertion_anchor
    anchor = find(ground.trust, unverified.credential, at=at)
    presentation = key_binding.verify(unverified, anchor.key, algorithms=ground.algorithms)
    key_binding.check_time_relations(presentation)
    return presentation


def _presentation(presentation: Presentation, at: UnixTime) -> Read:
    issued, shown = presentation.credential, presentation.key_binding
    found: Read = {
        "iss": issued.iss,
        "vct": issued.vct,
        "status": {"uri": issued.status.uri, "idx": issued.status.idx},
        "aud": shown.aud,
        "key_binding": {
            "iat": shown.iat,
            "exp": shown.exp,
            "cnonce": None if shown.cnonce is None else shown.cnonce.hex(),
        },
        "items": plain(presentation.items),
        "hidden_items": presentation.hidden_items,
        "confirmation_key_thumbprint": presentation.confirmation_key.thumbprint.hex(),
        "replay_key": presentation.replay_key.hex(),
    }
    if issued.mandate is not None:
        stated = issued.mandate
        found["mandate"] = {
            "level": stated.level,
            "kinds": sorted(stated.kinds),
            "purposes": sorted(purpose.audience for purpose in stated.purposes),
            "parent_region": stated.parent_region,
            "parent_kind": stated.parent_kind,
        }
        purpose = next((each for each in Purpose if each.audience == shown.aud), None)
        if purpose is not None:
            limits_broken = stated.oversteps(
                region=issued.region, vct=issued.vct, exp=issued.exp, purpose=purpose, at=at
            )
            found["oversteps"] = sorted(limits_broken)
    return found


def _read_presentation(given: Given, ground: Ground, at: UnixTime) -> Read:
    unverified = key_binding.parse(envelope.unwrap(given.texts[0]), algorithms=ground.algorithms)
    return _presentation(verified(unverified, ground, at), at)


def _read_sealed(given: Given, ground: Ground, at: UnixTime) -> Read:
    sealed = sealing.parse(envelope.unwrap(given.texts[0], expected_prefix=labels.PREFIX_SEALED))
    assert given.private_key is not None, "a sealed vector has the key that opens it"
    plaintext = sealing.unseal(sealed, private_key=given.private_key)
    inside = _presentation(verified(key_binding.parse(plaintext), ground, at), at)
    return {"kid": sealed.kid.hex(), "plaintext": plaintext.hex(), "presentation": inside}


def _read_challenge(given: Given, ground: Ground, at: UnixTime) -> Read:
    encoded = envelope.unwrap(given.texts[0], expected_prefix=labels.PREFIX_CHALLENGE)
    found = challenge.verify(encoded, terminal_keys=ground.trust.anchors, at=at)
    request = found.request
    return {
        "certificate": certificate_values(found.certificate),
        "purpose": request.purpose.audience,
        "reason": request.reason,
        "wanted": items_values(request.wanted),
        "nonce": request.nonce.hex(),
        "sealing_key": request.sealing_key.x.hex(),
        "sealing_kid": request.sealing_key.kid.hex(),
        "iat": request.iat,
        "exp": request.exp,
        "cnonce": found.cnonce.hex(),
    }


def _read_bundle(given: Given, ground: Ground, at: UnixTime) -> Read:
    # A bundle that fits no code travels as an animated one, and then it is bytes.
    members = bundle.read(given.texts[0]) if given.content is None else bundle.parse(given.content)
    presentations = [verified(each, ground, at) for each in members]
    return {"members": [_presentation(each, at) for each in presentations], "link": str(bundle.link(presentations))}


def _read_animated(given: Given, ground: Ground, at: UnixTime) -> Read:
    del ground, at  # Frames carry no signature and no moment.
    assembler = Assembler()
    answers = [assembler.add(animated.read(text)) for text in given.texts]
    wholes = {answer.sha256: answer for answer in answers if isinstance(answer, Assembled)}
    return {
        "wholes": [
            {"kind": whole.kind.name.lower(), "content": whole.content.hex(), "sha256": digest.hex()}
            for digest, whole in sorted(wholes.items())
        ]
    }


def _read_receipt(given: Given, ground: Ground, at: UnixTime) -> Read:
    assert given.content is not None, "a receipt is bytes"
    return receipt_values(receipt.verify(given.content, terminal_keys=ground.trust.anchors, at=at))


def _read_paper(given: Given, ground: Ground, at: UnixTime) -> Read:
    unverified = paper.read(given.texts[0])
    claims = paper.verify(unverified, paper.find_paper_anchor(ground.trust, unverified, at=at).key).claims
    return {
        "iss": claims.iss,
        "vct": claims.vct,
        "status": {"uri": claims.status.uri, "idx": claims.status.idx},
        "iat": claims.iat,
        "exp": claims.exp,
        "masked_name": claims.masked_name,
        "last_four": claims.last_four,
    }


def _read_trust_list(given: Given, ground: Ground, at: UnixTime) -> Read:
    del at  # Lateness is a grade of the terminal's, no refusal.
    assert given.content is not None, "a trust list is bytes"
    found = trust_list.verify(given.content, root=ground.root, algorithms=ground.algorithms)
    return {
        "iss": found.iss,
        "seq": found.seq,
        "iat": found.iat,
        "exp": found.exp,
        "anchors": [
            {
                "iss": anchor.iss,
                "kid": anchor.kid.hex(),
                "alg": int(anchor.key.alg),
                "thumbprint": anchor.key.thumbprint.hex(),
                "use": int(anchor.use),
                "kinds": sorted(anchor.kinds),
                "status_prefixes": list(anchor.status_prefixes),
                "sign_until": anchor.sign_until,
                "verify_until": anchor.verify_until,
            }
            for _, anchor in sorted(found.anchors.items())
        ],
        # Only where there is one: without, the list has the form without.
        **({"withdrawn": sorted(kid.hex() for kid in found.withdrawn)} if found.withdrawn else {}),
    }


def _read_staff_certificate(given: Given, ground: Ground, at: UnixTime) -> Read:
    assert given.content is not None, "a staff certificate is bytes"
    found = staff_certificate.verify(
        staff_certificate.parse(cbor.decode(given.content)),
        staff_keys=ground.trust.anchors,
        withdrawn=ground.trust.withdrawn,
        at=at,
    )
    return _staff_values(found)


def _staff_values(found: StaffCertificate) -> Read:
    return {
        "iss": found.iss,
        "number": found.number,
        "name": found.name,
        "role": str(found.role),
        "relying_party": found.relying_party,
        "uses": sorted(int(use) for use in found.uses),
        "thumbprint": found.key.thumbprint.hex(),
        "nbf": found.nbf,
        "exp": found.exp,
    }


def _read_officers_act(given: Given, ground: Ground, at: UnixTime) -> Read:
    assert given.content is not None, "an act is bytes"
    found = officers_act.verify(given.content, staff_keys=ground.trust.anchors, withdrawn=ground.trust.withdrawn, at=at)
    act = found.act
    return {
        "certificate": _staff_values(found.certificate),
        "id": officers_act.act_id(given.content).hex(),
        "kind": int(act.kind),
        "presentation": act.presentation.hex(),
        "challenge": None if act.challenge is None else act.challenge.hex(),
        "vct": act.vct,
        "status": list(act.status),
        "check_number": act.check_number,
        "checked_at": act.checked_at,
        "terminal": act.terminal,
        "reason": act.reason,
        "iat": act.iat,
    }


def _read_enrolment(given: Given, ground: Ground, at: UnixTime) -> Read:
    del ground, at  # A code is not signed; whoever shows it is the operator.
    found = enrolment.decode(given.texts[0])
    return {
        "url": found.url,
        "token": found.token.hex(),
        "root_sha256": found.root_sha256.hex(),
        "token_id": enrolment.token_id(found.token).hex(),
        "token_key": enrolment.token_key(found.token).hex(),
    }


def _read_enrolment_request(given: Given, ground: Ground, at: UnixTime) -> Read:
    del ground, at  # The key proves itself.
    assert given.content is not None, "a request is bytes"
    found = enrolment.read_request(given.content)
    return {"thumbprint": found.key.thumbprint.hex(), "token_id": found.token_id.hex(), "proof": found.proof.hex()}


def _read_terminal_row(given: Given, ground: Ground, at: UnixTime) -> Read:
    assert given.content is not None, "a row is bytes"
    found = terminal_row.verify(given.content, terminal_keys=ground.trust.anchors, at=at)
    row = found.row
    stated = {"kind": row.kind, "key": row.key.hex(), "body": row.body.hex(), "iat": row.iat}
    return {"certificate": certificate_values(found.certificate), **stated}


def _read_renewal(given: Given, ground: Ground, at: UnixTime) -> Read:
    assert given.content is not None, "a renewal is bytes"
    return {"certificate": certificate_values(renewal.verify(given.content, terminal_keys=ground.trust.anchors, at=at))}


_READERS: Final[Mapping[Format, Callable[[Given, Ground, UnixTime], Read]]] = {
    Format.PRESENTATION: _read_presentation,
    Format.MANDATE: _read_presentation,
    Format.SEALED: _read_sealed,
    Format.CHALLENGE: _read_challenge,
    Format.BUNDLE: _read_bundle,
    Format.ANIMATED: _read_animated,
    Format.RECEIPT: _read_receipt,
    Format.PAPER: _read_paper,
    Format.TRUST_LIST: _read_trust_list,
    Format.STAFF_CERTIFICATE: _read_staff_certificate,
    Format.OFFICERS_ACT: _read_officers_act,
    Format.ENROLMENT: _read_enrolment,
    Format.ENROLMENT_REQUEST: _read_enrolment_request,
    Format.TERMINAL_ROW: _read_terminal_row,
    Format.RENEWAL: _read_renewal,
}
