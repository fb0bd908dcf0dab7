"""What was rehearsed is what is signed, and a rehearsal alone convinces nobody."""

import pytest

from protocol import cbor, keys, labels
from protocol.errors import AlgError, IssuerSignatureInvalid, SchemaError, SignatureForm
from protocol.rehearsal import Rehearsal
from protocol.sd_cwt import credential
from protocol.sd_cwt.credential import CredentialClaims, StatusReference
from protocol.unixtime import DAY, UnixTime
from tests.utopia.world import BEGINNING

SIGNER = keys.Ed25519Signer(bytes(31) + b"\1")
KID = keys.kid_of(SIGNER.public_key)
CLAIMS = CredentialClaims(
    iss="310000.GA",
    sub="abcdefghij",
    exp=UnixTime(BEGINNING + 30 * DAY),
    nbf=BEGINNING,
    iat=BEGINNING,
    cnf=keys.P256Signer(bytes(31) + b"\1").public_key.cose_key,
    vct=10_001,
    status=StatusReference("lz:310000/1", 7),
    holder_kind=None,
    key_assurance=labels.KeyAssurance.SOFTWARE,
)


def rehearsed(key: keys.VerificationKey = SIGNER.public_key) -> credential.RehearsedCredential:
    return credential.rehearse(CLAIMS, {1: "测试员甲"}, (), key=key, kid=KID)


def test_what_is_signed_is_what_was_rehearsed() -> None:
    signed = credential.parse(cbor.decode(credential.sign(rehearsed(), SIGNER)))
    assert signed.claims == CLAIMS
    assert credential.disclosed_licence(credential.verify(signed, SIGNER.public_key)).claims == {1: "测试员甲"}
    assert signed.sign1.sig_structure() == rehearsed().to_sign


def test_the_bytes_that_the_readers_took_are_the_bytes_that_leave() -> None:
    made = rehearsed()
    signed = credential.sign(made, SIGNER)
    assert signed[:-64] == made.unsigned
    # In one way only: it is what its parts are encoded to.
    assert cbor.encode(cbor.decode(signed)) == signed


def test_a_signature_of_another_length_is_none() -> None:
    class Short(keys.Ed25519Signer):
        def sign(self, message: bytes) -> bytes:
            return super().sign(message)[:-1]

    with pytest.raises(SignatureForm, match="63 bytes"):
        credential.sign(rehearsed(), Short(bytes(31) + b"\1"))


def test_what_no_reader_takes_reaches_no_signer() -> None:
    with pytest.raises(SchemaError, match="hostile text"):
        credential.rehearse(CLAIMS, {1: "甲\u202e乙"}, (), key=SIGNER.public_key, kid=KID)


def test_no_key_accepts_a_rehearsed_signature() -> None:
    throwaway = Rehearsal(SIGNER.public_key)
    made = rehearsed()
    forged = made.unsigned + throwaway.sign(made.to_sign)
    with pytest.raises(IssuerSignatureInvalid):
        credential.verify(credential.parse(cbor.decode(forged)), SIGNER.public_key)
    # Bytes that were changed after they were rehearsed do not pass for what was.
    with pytest.raises(keys.SignatureMismatch):
        throwaway.public_key.verify(throwaway.sign(made.to_sign + b"\0"), made.to_sign)


def test_a_signer_of_another_algorithm_does_not_sign_it() -> None:
    with pytest.raises(AlgError):
        credential.sign(rehearsed(keys.P256Signer(bytes(31) + b"\1").public_key), SIGNER)
