"""Enrolment: the code that an operator shows a new terminal, the terminal's request, and the operator's answer.

    operator ── LT1 {address, one-time token, root SHA-256, the repository of several regions} ──► terminal
    terminal ── COSE_Sign1 by its new key {cnf, (id, proof)} ──► operator
    operator ── [certificate, profile, name, site], MAC ──► terminal

The token itself never travels back: `id` names it and `proof` is an HMAC under a key made of it, over the thumbprint of
the terminal's key. So whoever reads or changes the traffic can enrol no other key, and the answer's MAC shows whose it
is, with TLS or without. Guaranteed by `read_request`: strict form, and that the key signed (proof of possession). Not
handled here: drawing tokens, counting wrong ones, whether the certificate is good.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from protocol import cbor, cose_sign1, cwt, keys, labels, limits
from protocol.errors import Code, ProtocolError, SchemaError, ShapeError, SizeError
from protocol.keys import Signer, VerificationKey
from protocol.labels import PREFIX_ENROLMENT, Purpose
from protocol.qr import envelope

ID_BYTES: Final = 8
_URL, _TOKEN, _ROOT, _REPOSITORY = 1, 2, 3, 4
_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_TYP})
_CLAIMS: Final = frozenset({labels.CLAIM_CNF, labels.CLAIM_ENROLMENT})
_CERTIFICATE, _PROFILE, _NAME, _SITE = 1, 2, 3, 4
_SITE_PATTERN: Final = re.compile(r"|[0-9A-HJKMNP-TV-Z]{4}", re.ASCII)
_PURPOSES: Final = frozenset(Purpose)
_ADDRESS: Final = re.compile(
    r"https?://([0-9A-Za-z]([0-9A-Za-z.-]{0,126}[0-9A-Za-z])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?(/[0-9A-Za-z._~-]{1,64})*",
    re.ASCII,
)


class KeyNotPossessed(ProtocolError):
    """The request is not signed by the key that it wants certified."""

    code = Code.E_SIG_HOLDER


class AnswerForged(ProtocolError):
    """The answer was not made by whoever drew the token, or is for another key."""

    code = Code.E_SIG_ISSUER


@dataclass(frozen=True, slots=True)
class RepositoryPlace:
    """A repository of trust: its address, SHA-256 of its first root metadata, and the terminal's home region in it."""

    url: str
    first_root_sha256: bytes
    region: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the code says: where the operator is, the one-time token, and the thumbprint of the root to trust.

    `repository` is where the terminal learns of several regions; None: it knows its own, from the operator.
    """

    url: str
    token: bytes
    root_sha256: bytes
    repository: RepositoryPlace | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody who has this key wants it certified, and claims to have the token."""

    key: VerificationKey
    token_id: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the terminal is to be: its certificate, profile, name for people and site (empty: none)."""

    certificate: bytes
    purpose: Purpose
    name: str
    site: str


def encode(invitation: Invitation) -> str:
    """The code's text.

    Raises:
        ProtocolError: A terminal would refuse it.
    """
    content: dict[cbor.Key, cbor.Value] = {
        _URL: invitation.url,
        _TOKEN: invitation.token,
        _ROOT: invitation.root_sha256,
    }
    if invitation.repository is not None:
        place = invitation.repository
        content[_REPOSITORY] = (place.url, place.first_root_sha256, place.region)
    text = envelope.wrap(cbor.encode(content), PREFIX_ENROLMENT)
    decode(text)
    return text


def decode(text: str) -> Invitation:
    """What a code's text says.

    Raises:
        ProtocolError: The first rule that it breaks.
    """
    match cbor.decode(envelope.unwrap(text, expected_prefix=PREFIX_ENROLMENT)):
        case {1: str() as url, 2: bytes() as token, 3: bytes() as root, **others} if not others:
            repository = None
        case {1: str() as url, 2: bytes() as token, 3: bytes() as root, 4: (*place,), **others} if not others:
            repository = _repository(place)
        case _:
            raise ShapeError("not {1: address, 2: token, 3: root, ? 4: repository}")
    if len(token) != limits.ENROLMENT_TOKEN_BYTES or len(root) != limits.SHA256_BYTES:
        raise SchemaError("token or root have not their length")
    if not is_address(url):
        raise SchemaError("the address is no http or https address of a folder")
    return Invitation(url, token, root, repository)


def _repository(value: Sequence[object]) -> RepositoryPlace:
    match value:
        case (str() as url, bytes() as first_root, str() as region):
            pass
        case _:
            raise ShapeError("the repository is not [address, hash, region]")
    if len(first_root) != limits.SHA256_BYTES or _REGION.fullmatch(region) is None:
        raise SchemaError("the repository's hash or region have not their form")
    if not is_address(url):
        raise SchemaError("the repository's address is no http or https address of a folder")
    return RepositoryPlace(url, first_root, region)


def is_address(url: str) -> bool:
    """Whether this is an address to which paths are added: http or https, a host, no user, query or fragment."""
    return len(url) <= limits.MAX_OPERATOR_URL_BYTES and _ADDRESS.fullmatch(url) is not None


def token_id(token: bytes) -> bytes:
    """What names a token without giving it away."""
    return sha256(b"liangzheng enrolment id\0" + token).digest()[:ID_BYTES]


def token_key(token: bytes) -> bytes:
    """The key of proofs and answers, which the operator keeps instead of the token."""
    return sha256(b"liangzheng enrolment key\0" + token).digest()


def request(token: bytes, signer: Signer) -> bytes:
    """The signed bytes of a terminal's request."""
    key = signer.public_key
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_CNF: {labels.CNF_COSE_KEY: key.cose_key},
        labels.CLAIM_ENROLMENT: (token_id(token), _proof(token_key(token), key)),
    }
    return cbor.encode(cose_sign1.sign1({labels.HDR_TYP: labels.TYP_ENROLMENT}, cbor.encode(payload), signer))


def read_request(encoded: bytes) -> Request:
    """What somebody wants, once the key that it is about has signed it.

    Raises:
        KeyNotPossessed: The signature does not fit the key.
        ProtocolError: The first rule that it breaks.
    """
    if len(encoded) > limits.MAX_ENROLMENT_BYTES:
        raise SizeError(f"a request of {len(encoded)} bytes")
    sign1 = cose_sign1.parse(cbor.decode(encoded), expected_typ=labels.TYP_ENROLMENT, protected_labels=_PROTECTED)
    payload = cbor.decode(sign1.payload)
    if not isinstance(payload, Mapping) or payload.keys() != _CLAIMS:
        raise ShapeError("the payload has not exactly the claims of an enrolment")
    key = keys.load_cose_key(cwt.confirmation_key(payload))
    match payload[labels.CLAIM_ENROLMENT]:
        case (bytes() as its_id, bytes() as proof) if len(its_id) == ID_BYTES and len(proof) == limits.SHA256_BYTES:
            pass
        case _:
            raise SchemaError("an enrolment is [id, proof]")
    try:
        sign1.verify(key)
    except keys.SignatureMismatch:
        raise KeyNotPossessed("the key has not signed its own request") from None
    return Request(key, its_id, proof)


def is_proven(wanted: Request, key_of_token: bytes) -> bool:
    """Whether whoever made the request has the token that this key was made of."""
    return hmac.compare_digest(wanted.proof, _proof(key_of_token, wanted.key))


def answer(said: Answer, *, key_of_token: bytes, key: VerificationKey) -> bytes:
    """The operator's answer to the terminal with this key."""
    content = cbor.encode(
        {_CERTIFICATE: said.certificate, _PROFILE: int(said.purpose), _NAME: said.name, _SITE: said.site}
    )
    return cbor.encode((content, _mac(key_of_token, key, content)))


def read_answer(encoded: bytes, *, token: bytes, key: VerificationKey) -> Answer:
    """What the operator answered.

    Raises:
        AnswerForged: It was made without the token, or for another key.
        ProtocolError: The first rule of form that it breaks.
    """
    if len(encoded) > limits.MAX_ENROLMENT_BYTES:
        raise SizeError(f"an answer of {len(encoded)} bytes")
    match cbor.decode(encoded):
        case (bytes() as content, bytes() as mac):
            pass
        case _:
            raise ShapeError("not [content, mac]")
    if not hmac.compare_digest(mac, _mac(token_key(token), key, content)):
        raise AnswerForged("the answer is not the operator's, or not for this terminal")
    match cbor.decode(content):
        case {1: bytes() as certificate, 2: int() as purpose, 3: str() as name, 4: str() as site, **others} if (
            not others
        ):
            pass
        case _:
            raise ShapeError("not {1: certificate, 2: profile, 3: name, 4: site}")
    if purpose not in _PURPOSES or not _SITE_PATTERN.fullmatch(site):
        raise SchemaError("no such profile, or no site's four characters")
    if not 0 < len(name) <= limits.MAX_SHOWN_NAME or not cwt.text_is_harmless(name):
        raise SchemaError("the name is no plain text")
    return Answer(certificate, Purpose(purpose), name, site)


def _proof(key_of_token: bytes, key: VerificationKey) -> bytes:
    return hmac.digest(key_of_token, b"request\0" + key.thumbprint, "sha256")


def _mac(key_of_token: bytes, key: VerificationKey, content: bytes) -> bytes:
    return hmac.digest(key_of_token, b"answer\0" + key.thumbprint + content, "sha256")
