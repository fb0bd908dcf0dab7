"""Keys and signatures: thumbprints, small-order points, one form of each signature."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from protocol import keys, labels
from protocol.errors import KeyRefused, SignatureForm
from protocol.keys import P256_ORDER, Ed25519Key, Ed25519Signer, P256Key, P256Signer, SignatureMismatch
from protocol.labels import Alg
from tests.utopia.forged_headers import SMALL_ORDER_POINTS
from tests.utopia.randomness import Drbg

MESSAGE = "亮证".encode()


def test_thumbprint_of_rfc_9679_section_6() -> None:
    # y = 1e52…d19c is even.
    key = P256Key(bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"), y_is_odd=False)
    assert key.thumbprint.hex() == "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
    assert keys.kid_of(key).hex() == "496bd8afadf307e5"


def test_thumbprint_of_an_ed25519_key() -> None:
    # RFC 8032 section 7.1 test 1; the thumbprint covers {1: 1, -1: 6, -2: x} (RFC 9679 section 4.1).
    signer = Ed25519Signer(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    x = signer.public_key.x
    assert x.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert signer.public_key.thumbprint == sha256(b"\xa3\x01\x01\x20\x06\x21\x58\x20" + x).digest()


def test_ed25519_signs_as_rfc_8032() -> None:
    signer = Ed25519Signer(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    assert signer.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


@pytest.mark.parametrize("point", SMALL_ORDER_POINTS, ids=bytes.hex)
def test_small_order_points_are_no_keys(point: bytes) -> None:
    with pytest.raises(KeyRefused):
        Ed25519Key(point)


def test_why_small_order_points_matter() -> None:
    """With the identity as key one signature fits every message, for the library that we do not use for this."""
    identity = ed25519.Ed25519PublicKey.from_public_bytes(SMALL_ORDER_POINTS[0])
    for number in range(20):
        identity.verify(SMALL_ORDER_POINTS[0] + bytes(32), bytes((number,)))


@pytest.mark.parametrize("alg", Alg)
def test_what_is_signed_fits_and_nothing_else(alg: Alg) -> None:
    signer = keys.signer_for(alg, Drbg("one")(32))
    signature = signer.sign(MESSAGE)
    signer.public_key.verify(signature, MESSAGE)
    with pytest.raises(SignatureMismatch):
        signer.public_key.verify(signature, MESSAGE + b"\0")
    with pytest.raises(SignatureMismatch):
        keys.signer_for(alg, Drbg("two")(32)).public_key.verify(signature, MESSAGE)
    for length in (0, 32, 63, 65, 128):
        with pytest.raises(SignatureForm):
            signer.public_key.verify(signature.ljust(length, b"\0")[:length], MESSAGE)


def test_low_s_in_both_directions() -> None:
    private = ec.derive_private_key(int.from_bytes(Drbg("phone")(32)) % P256_ORDER, ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    key = P256Key(numbers.x.to_bytes(32), y_is_odd=bool(numbers.y & 1))
    high, low = 0, 0
    for number in range(64):
        message = number.to_bytes(2)
        # A phone's signature, high or low as it comes: half of them are high.
        der = private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        as_it_came = r.to_bytes(32) + s.to_bytes(32)
        key.verify(keys.raw_low_s(der), message)
        other = r.to_bytes(32) + (P256_ORDER - s).to_bytes(32)
        if s > P256_ORDER // 2:
            high += 1
            assert keys.raw_low_s(der) == other
        else:
            low += 1
            assert keys.raw_low_s(der) == as_it_came
        refused = as_it_came if s > P256_ORDER // 2 else other
        # The other half is a signature too, for everybody else.
        private.public_key().verify(
            encode_dss_signature(r, int.from_bytes(refused[32:])), message, ec.ECDSA(hashes.SHA256())
        )
        with pytest.raises(SignatureForm):
            key.verify(refused, message)
    assert high > 10
    assert low > 10


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 1), (1, 0), (P256_ORDER, 1), (P256_ORDER + 1, 1), (1, P256_ORDER), (2**256 - 1, 1), (1, P256_ORDER // 2 + 1)],
)
def test_r_and_s_at_their_edges(r: int, s: int) -> None:
    key = P256Signer(Drbg("edge")(32)).public_key
    with pytest.raises(SignatureForm):
        key.verify(r.to_bytes(32) + s.to_bytes(32), MESSAGE)


@pytest.mark.parametrize(("r", "s"), [(1, 1), (P256_ORDER - 1, P256_ORDER // 2)])
def test_r_and_s_inside_their_edges_do_not_fit(r: int, s: int) -> None:
    key = P256Signer(Drbg("edge")(32)).public_key
    with pytest.raises(SignatureMismatch):
        key.verify(r.to_bytes(32) + s.to_bytes(32), MESSAGE)


@pytest.mark.parametrize("alg", Alg)
def test_a_cose_key_is_read_as_it_is_written_and_in_no_other_form(alg: Alg) -> None:
    key = keys.signer_for(alg, Drbg("form")(32)).public_key
    good = key.cose_key
    assert keys.load_cose_key(good) == key
    assert hash(keys.load_cose_key(good)) == hash(key)
    for label in good:
        for wrong in (None, True, "text", b"", -1, (), 2**40):
            if isinstance(good[label], bool) and isinstance(wrong, bool):
                continue
            with pytest.raises(KeyRefused):
                keys.load_cose_key({**good, label: wrong})
        with pytest.raises(KeyRefused):
            keys.load_cose_key({other: value for other, value in good.items() if other != label})
    with pytest.raises(KeyRefused):
        keys.load_cose_key({**good, 3: int(alg)})
    for wrong_whole in (None, (), b"", 1):
        with pytest.raises(KeyRefused):
            keys.load_cose_key(wrong_whole)


@pytest.mark.parametrize("scalar", [bytes(32), P256_ORDER.to_bytes(32), b"\xff" * 32, b"\x01" * 31, b"\x01" * 33])
def test_bytes_that_are_no_private_scalar(scalar: bytes) -> None:
    with pytest.raises(KeyRefused):
        keys.signer_for(Alg.ESP256, scalar)


def test_bytes_that_are_no_seed() -> None:
    with pytest.raises(KeyRefused):
        keys.signer_for(Alg.ED25519, b"\x01" * 31)


def test_p256_keys_with_the_same_x_differ() -> None:
    key = P256Signer(Drbg("x")(32)).public_key
    assert key != P256Key(key.x, y_is_odd=not key.y_is_odd)
    assert key.cose_key[labels.KEY_Y] is key.y_is_odd
