"""Proofs of possession: one good proof of each algorithm, and one field of it forged for each reason."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from protocol import key_proof, keys
from protocol.errors import (
    AlgError,
    HolderSignatureInvalid,
    KeyRefused,
    ProtocolError,
    ShapeError,
    SizeError,
    TypError,
)
from protocol.key_proof import TYP_PROOF, TYP_WALLET_REQUEST
from protocol.keys import P256_ORDER, Signer
from protocol.labels import Alg

CLAIMS = {"aud": "https://licences.example/310000", "iat": 1_795_320_000, "nonce": "n" * 43}
P256 = keys.signer_for(Alg.ESP256, bytes([7] * 32))
ED25519 = keys.signer_for(Alg.ED25519, bytes([7] * 32))


def part(content: object) -> str:
    written = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(written).rstrip(b"=").decode()


def forged(signer: Signer = P256, claims: object = CLAIMS, **header: Any) -> str:
    """A proof whose header has these members changed, or left out where they are None; signed all the same."""
    good: dict[str, Any] = {"typ": TYP_PROOF, "alg": "ES256", "jwk": key_proof.jwk_of(signer.public_key)}
    members = {name: value for name, value in {**good, **header}.items() if value is not None}
    signing_input = f"{part(members)}.{part(claims)}"
    return f"{signing_input}.{part(signer.sign(signing_input.encode()))}"


@pytest.mark.parametrize("signer", [P256, ED25519], ids=["ES256", "EdDSA"])
@pytest.mark.parametrize("typ", [TYP_PROOF, TYP_WALLET_REQUEST])
def test_a_good_proof_gives_its_key_and_its_claims(signer: Signer, typ: str) -> None:
    proof = key_proof.verified(key_proof.sign(CLAIMS, typ=typ, signer=signer), typ=typ)
    assert (proof.key.thumbprint, proof.claims) == (signer.public_key.thumbprint, CLAIMS)


def test_what_other_libraries_sign_is_taken_with_either_s() -> None:
    private = ec.derive_private_key(int.from_bytes(bytes([7] * 32)), ec.SECP256R1())
    head = f"{part({'typ': TYP_PROOF, 'alg': 'ES256', 'jwk': key_proof.jwk_of(P256.public_key)})}.{part(CLAIMS)}"
    r, s = decode_dss_signature(private.sign(head.encode(), ec.ECDSA(SHA256())))
    for each in (s, P256_ORDER - s):
        text = f"{head}.{part(r.to_bytes(32) + each.to_bytes(32))}"
        assert key_proof.verified(text, typ=TYP_PROOF).key.thumbprint == P256.public_key.thumbprint


FOREIGN = keys.signer_for(Alg.ESP256, bytes([8] * 32))
JWK = key_proof.jwk_of(P256.public_key)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (forged(typ="JWT"), TypError),
        (forged(typ=TYP_WALLET_REQUEST), TypError),
        (forged(typ=None), TypError),
        (forged(alg="none"), AlgError),
        (forged(alg="HS256"), AlgError),
        (forged(alg="EdDSA"), AlgError),
        (forged(alg=["ES256"]), AlgError),
        (forged(ED25519), AlgError),
        (forged(crit=["exp"]), ShapeError),
        (forged(kid="did:example:1"), KeyRefused),
        (forged(x5c=["MII"]), KeyRefused),
        (forged(jku="https://evil.example/keys"), KeyRefused),
        (forged(jwk=None), KeyRefused),
        (forged(jwk=[JWK]), KeyRefused),
        (forged(jwk=JWK | {"d": part(bytes([7] * 32))}), KeyRefused),
        (forged(jwk=JWK | {"y": JWK["x"]}), KeyRefused),
        (forged(jwk=JWK | {"y": part(b"")}), KeyRefused),
        (forged(jwk=JWK | {"x": JWK["x"] + "="}), KeyRefused),
        (forged(jwk=JWK | {"crv": "P-384"}), KeyRefused),
        (forged(jwk={"kty": "oct", "k": part(b"secret")}), KeyRefused),
        (forged(jwk={"kty": "OKP", "crv": "Ed25519", "x": part(bytes(32))}), KeyRefused),
        (forged(jwk=key_proof.jwk_of(FOREIGN.public_key)), HolderSignatureInvalid),
        (forged().rpartition(".")[0] + ".", HolderSignatureInvalid),
        (forged().rpartition(".")[0] + "." + part(bytes(64)), HolderSignatureInvalid),
        (forged().rpartition(".")[0] + "." + part(b"\xff" * 64), HolderSignatureInvalid),
        (forged().replace(".", "..", 1), ShapeError),
        (forged().partition(".")[2], ShapeError),
        ("é.é.é", ShapeError),
        (forged(claims=b'{"aud":"a","aud":"b"}'), ShapeError),
        (forged(claims=b'{"iat":NaN}'), ShapeError),
        (forged(claims=b"[" * 1_500), ShapeError),
        (forged(claims=["aud"]), ShapeError),
        (forged(claims={"aud": "x" * 4_000}), SizeError),
        (forged() + "\n", ShapeError),
    ],
)
def test_one_forged_field_has_one_reason(text: str, reason: type[ProtocolError]) -> None:
    with pytest.raises(ProtocolError) as refused:
        key_proof.verified(text, typ=TYP_PROOF)
    assert type(refused.value) is reason
