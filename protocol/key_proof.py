"""Proofs that somebody holds a key: a JWT (RFC 7519) in JWS compact form, signed by the key that its header carries.

OpenID4VCI 1.0 appendix F.1 fixes this form for whoever asks for a credential, so that foreign wallets can ask too; a
wallet's later requests have the same form under a type of their own. Guaranteed by `verified`: bounds, the exact type
(RFC 8725 section 3.11), the algorithm of the key and no other (section 3.1), one key that is a good point, no member
twice, the signature. Not handled here: what the claims say, and whether the nonce is one that was given.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocol.errors import AlgError, HolderSignatureInvalid, KeyRefused, ProtocolError, ShapeError, SizeError, TypError
from protocol.keys import P256_ORDER, Ed25519Key, P256Key, SignatureMismatch, Signer, VerificationKey
from protocol.labels import Alg

TYP_PROOF: Final = "openid4vci-proof+jwt"
"""OpenID4VCI 1.0 appendix F.1."""
TYP_WALLET_REQUEST: Final = "lz-wallet-request+jwt"
"""What a wallet asks later with a key that it got a licence for (docs/spec/issuing.md)."""
MAX_CHARACTERS: Final = 4_096
"""A proof with a P-256 key, an address and a nonce has about 700; a wallet may add attestations that are not read."""
_ALG_NAMES: Final = {Alg.ESP256: "ES256", Alg.ED25519: "EdDSA"}
"""RFC 7518 section 3.4 and RFC 8037 section 3.1."""
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
_OTHER_KEYS: Final = frozenset({"kid", "x5c", "x5u", "jku", "x5t", "x5t#S256"})
"""Exactly one way to name the key (appendix F.1), and never an address to fetch one from (RFC 8725 section 3.10)."""


@dataclass(frozen=True, slots=True)
class KeyProof:
    """The key that signed, and what it signed. Only `verified` makes one."""

    key: VerificationKey
    claims: Mapping[str, Any]


def sign(claims: Mapping[str, object], *, typ: str, signer: Signer) -> str:
    """The compact form of a proof by this key. Raises: AlgError: JOSE has no name for its algorithm here."""
    key = signer.public_key
    header = {"typ": typ, "alg": _alg_name(key), "jwk": jwk_of(key)}
    signing_input = f"{_encoded(header)}.{_encoded(claims)}"
    return f"{signing_input}.{_base64url(signer.sign(signing_input.encode()))}"


def verified(text: str, *, typ: str) -> KeyProof:
    """The proof in this text, once its signature holds.

    Raises:
        SizeError: Longer than any.
        ShapeError: It is no JWS in compact form of two JSON objects, or demands an extension.
        TypError: It is of another type.
        AlgError: Its algorithm is not the one of its key, `none` among them.
        KeyRefused: It names its key otherwise, or what it carries is no good public key.
        HolderSignatureInvalid: The signature does not fit.
    """
    if len(text) > MAX_CHARACTERS:
        raise SizeError(f"a proof of {len(text)} characters")
    parts = text.split(".")
    if len(parts) != 3:
        raise ShapeError("a proof that has not three parts")
    header = _object(parts[0])
    if header.get("typ") != typ:
        raise TypError("a proof of another type")
    if "crit" in header:
        # RFC 7515 section 4.1.11: what is critical and not understood is refused.
        raise ShapeError("a proof that demands an extension")
    if not _OTHER_KEYS.isdisjoint(header):
        raise KeyRefused("a proof that names its key in another way than by jwk")
    key = load_jwk(header.get("jwk"))
    if header.get("alg") != _alg_name(key):
        raise AlgError("a proof whose algorithm is not its key's")
    claims, signature = _object(parts[1]), _from_base64url(parts[2])
    try:
        key.verify(_normal(signature, key), f"{parts[0]}.{parts[1]}".encode())
    except (SignatureMismatch, ProtocolError):
        raise HolderSignatureInvalid("the proof's signature does not fit its key") from None
    return KeyProof(key, claims)


def jwk_of(key: VerificationKey) -> dict[str, str]:
    """The public key as a JWK (RFC 7517). Raises: AlgError."""
    match key:
        case P256Key():
            return {"kty": "EC", "crv": "P-256", "x": _base64url(key.x), "y": _base64url(key.y)}
        case Ed25519Key():
            return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(key.x)}
        case _:
            raise AlgError("a key that has no form in JOSE here")


def load_jwk(jwk: object) -> VerificationKey:
    """The key of a JWK, after every check. Members that say nothing about the point (kid, use …) are not read.

    Raises:
        KeyRefused: Another type or curve, a private key, or no point of the curve.
    """
    if not isinstance(jwk, dict):
        raise KeyRefused("no JWK")
    if not _PRIVATE.isdisjoint(jwk):
        raise KeyRefused("a JWK with a private part; whoever sent it has given the key away")
    try:
        match jwk:
            case {"kty": "EC", "crv": "P-256", "x": str() as x, "y": str() as y}:
                written = _from_base64url(y)
                key = P256Key(_from_base64url(x), y_is_odd=bool(written and written[-1] & 1))
                if key.y != written:
                    raise KeyRefused("x and y are no point of P-256")
                return key
            case {"kty": "OKP", "crv": "Ed25519", "x": str() as x}:
                return Ed25519Key(_from_base64url(x))
            case _:
                raise KeyRefused("a JWK that is neither P-256 nor Ed25519")
    except ShapeError as error:
        raise KeyRefused(str(error)) from None


def _alg_name(key: VerificationKey) -> str:
    try:
        return _ALG_NAMES[Alg(key.alg)]
    except (KeyError, ValueError):
        raise AlgError("a key whose algorithm has no name in JOSE here") from None


def _normal(signature: bytes, key: VerificationKey) -> bytes:
    # RFC 7518 knows no low s: half of what other wallets sign has the high one. A proof is good once, by its nonce, so
    # that its second form is worth nothing.
    if key.alg is not Alg.ESP256 or len(signature) != 64:
        return signature
    s = int.from_bytes(signature[32:])
    return signature[:32] + min(s, abs(P256_ORDER - s)).to_bytes(32)


def _encoded(content: Mapping[str, object]) -> str:
    return _base64url(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def _object(part: str) -> dict[str, Any]:
    try:
        content = json.loads(_from_base64url(part), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ShapeError("a part of a proof that is no JSON object") from None
    if not isinstance(content, dict):
        raise ShapeError("a part of a proof that is no JSON object")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_number(name: str) -> None:
    raise ValueError(name)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ShapeError("a text that is no base64url") from None
    if _base64url(content) != text:
        # Padding, or bits behind the last byte: one content has one form (RFC 7515 section 2).
        raise ShapeError("a text that is no base64url")
    return content
