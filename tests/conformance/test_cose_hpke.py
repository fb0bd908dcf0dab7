"""HPKE of RFC 9180 appendix A.2, and the public COSE-HPKE vectors for HPKE-4 (draft-ietf-cose-hpke-27 appendix C)."""

import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from protocol import cbor, labels, sealing
from protocol.sealing import SealNotOpened

# RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode.
INFO = b"Ode on a Grecian Urn"
PLAINTEXT = b"Beauty is truth, truth beauty"
SK_E = bytes.fromhex("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600")
PK_E = bytes.fromhex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a")
SK_R = bytes.fromhex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb")
PK_R = bytes.fromhex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a")
SHARED_SECRET = bytes.fromhex("0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7")
KEY = bytes.fromhex("ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91")
BASE_NONCE = bytes.fromhex("5c4d98150661b848853b547f")
# A.2.1.1: sequence number, aad, ciphertext. A single shot is sequence number 0; the others prove key and base nonce.
ENCRYPTIONS = [
    (0, b"Count-0", "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"),
    (1, b"Count-1", "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c"),
    (2, b"Count-2", "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b"),
    (4, b"Count-4", "63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe16"),
    (255, b"Count-255", "18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95c"),
    (256, b"Count-256", "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b"),
]


def test_public_keys() -> None:
    assert sealing.sealing_key(SK_E).x == PK_E
    assert sealing.sealing_key(SK_R).x == PK_R


def test_key_schedule() -> None:
    assert sealing.key_schedule(SHARED_SECRET, INFO) == (KEY, BASE_NONCE)


def test_single_shot() -> None:
    _, aad, ciphertext = ENCRYPTIONS[0]
    sealed = sealing.hpke_seal(PLAINTEXT, recipient=PK_R, ephemeral_key=SK_E, info=INFO, aad=aad)
    assert sealed == (PK_E, bytes.fromhex(ciphertext))
    opened = sealing.hpke_open(bytes.fromhex(ciphertext), ek=PK_E, private_key=SK_R, info=INFO, aad=aad)
    assert opened == PLAINTEXT


@pytest.mark.parametrize(("sequence", "aad", "ciphertext"), ENCRYPTIONS)
def test_encryptions(sequence: int, aad: bytes, ciphertext: str) -> None:
    nonce = (int.from_bytes(BASE_NONCE) ^ sequence).to_bytes(12)
    key, _ = sealing.key_schedule(SHARED_SECRET, INFO)
    assert ChaCha20Poly1305(key).encrypt(nonce, PLAINTEXT, aad).hex() == ciphertext


# draft-ietf-cose-hpke-27 appendix C.
COSE_PLAINTEXT = b"hpke test payload"
EXTERNAL = {"default": b"", "external": b"external-"}
_KEY_LINE = re.compile(r"^HPKE-4 COSE_Key: ([0-9a-f]+)$", re.MULTILINE)
_VECTOR = re.compile(
    r"^HPKE-4 Encrypt0 with (default|external) aad and (default|external) info\n\nCiphertext: ([0-9a-f]+)$",
    re.MULTILINE,
)
CASES = [(aad, info) for aad in EXTERNAL for info in EXTERNAL]


@pytest.fixture(scope="module")
def vectors(shared_vectors: Path) -> str:
    return (shared_vectors / "cose-hpke" / "testvectors.txt").read_text()


@pytest.mark.needs_shared_vectors
@pytest.mark.parametrize(("aad_kind", "info_kind"), CASES)
def test_the_public_encrypt0_vectors_open(vectors: str, aad_kind: str, info_kind: str) -> None:
    protected, unprotected, ciphertext = _structure(vectors, aad_kind, info_kind)
    assert cbor.decode(protected) == {labels.HDR_ALG: labels.ALG_HPKE_4}
    aad, info = _external(aad_kind, b"aad"), _external(info_kind, b"info")

    def opened(external_aad: bytes, info: bytes) -> bytes:
        return sealing.hpke_open(
            ciphertext,
            ek=unprotected[labels.HDR_EK],
            private_key=_private_key(vectors),
            info=info,
            aad=sealing.enc_structure(protected, external_aad),
        )

    assert opened(aad, info) == COSE_PLAINTEXT
    with pytest.raises(SealNotOpened):
        opened(b"LE1", info)
    with pytest.raises(SealNotOpened):
        opened(aad, b"another")


@pytest.mark.needs_shared_vectors
def test_the_vectors_have_one_key_and_four_cases(vectors: str) -> None:
    assert len(_KEY_LINE.findall(vectors)) == 1
    assert sorted(found[:2] for found in _VECTOR.findall(vectors)) == sorted(CASES)
    cose_key = _cose_key(vectors)
    assert sealing.sealing_key(_private_key(vectors)).x == cose_key[labels.KEY_X]
    assert cose_key[labels.KEY_CRV] == labels.CRV_X25519


def _external(kind: str, what: bytes) -> bytes:
    return EXTERNAL[kind] and EXTERNAL[kind] + what


def _structure(vectors: str, aad_kind: str, info_kind: str) -> tuple[bytes, dict[int, bytes], bytes]:
    found = next(each for each in _VECTOR.findall(vectors) if each[:2] == (aad_kind, info_kind))
    structure: Any = cbor.decode(bytes.fromhex(found[2]))
    assert structure.tag == labels.TAG_ENCRYPT0
    protected, unprotected, ciphertext = structure.value
    return protected, unprotected, ciphertext


def _cose_key(vectors: str) -> Any:
    found = _KEY_LINE.search(vectors)
    assert found is not None
    return cbor.decode(bytes.fromhex(found[1]))


def _private_key(vectors: str) -> bytes:
    # RFC 9053 section 7.2: d of an OKP key has label -4.
    d = _cose_key(vectors)[-4]
    assert isinstance(d, bytes)
    return d
