"""The published examples of ML-DSA in COSE (RFC 9964): keys, thumbprints, and a COSE_Sign1 made by somebody else."""

import json
from pathlib import Path
from typing import Any

import pytest

from protocol import cbor, cose_sign1, keys, labels, ml_dsa
from protocol.errors import KeyRefused, SignatureForm
from protocol.keys import SignatureMismatch
from protocol.ml_dsa import MlDsa65Key, MlDsa65Signer

pytestmark = pytest.mark.needs_shared_vectors
_KID, _PRIV = 2, -2


def example(shared_vectors: Path, name: str) -> dict[str, bytes]:
    stated = json.loads((shared_vectors / "ml-dsa-cose" / f"{name}.cose.json").read_bytes())
    return {label: bytes.fromhex(value) for label, value in stated.items() if not label.endswith("_diag")}


def published_key(content: dict[str, bytes]) -> dict[Any, Any]:
    """The example's COSE_Key has a kid, and the seed; ours has neither."""
    stated = cbor.decode(content["key"])
    assert isinstance(stated, dict)
    assert stated[_PRIV] == content["priv"]
    return stated


def test_the_key_is_ours(shared_vectors: Path) -> None:
    content = example(shared_vectors, "ML_DSA_65")
    stated = published_key(content)
    with pytest.raises(KeyRefused):
        keys.load_cose_key(stated, algorithms=ml_dsa.SECOND_SIGNERS)
    key = keys.load_cose_key(
        {label: value for label, value in stated.items() if label not in (_KID, _PRIV)},
        algorithms=ml_dsa.SECOND_SIGNERS,
    )
    assert key == MlDsa65Key(content["raw_public_key"])
    # Their kid is the whole thumbprint; ours are its first eight bytes.
    assert stated[_KID] == key.thumbprint
    assert MlDsa65Signer(content["priv"]).public_key == key


def test_the_signature_holds(shared_vectors: Path) -> None:
    content = example(shared_vectors, "ML_DSA_65")
    structure: Any = cbor.decode(content["sign1"])
    assert structure.tag == labels.TAG_SIGN1
    protected, _, payload, signature = structure.value
    signed = cose_sign1.sig_structure(protected, payload)
    assert signed == content["raw_to_be_signed"]
    assert signature == content["raw_signature"]
    key = MlDsa65Key(content["raw_public_key"])
    key.verify(signature, signed)
    with pytest.raises(SignatureMismatch):
        key.verify(signature, signed + b"\0")
    header = cbor.decode(protected)
    assert isinstance(header, dict)
    assert header[labels.HDR_ALG] == key.alg


@pytest.mark.parametrize("name", ["ML_DSA_44", "ML_DSA_87"])
def test_the_other_sizes_are_not_in_use(shared_vectors: Path, name: str) -> None:
    content = example(shared_vectors, name)
    stated = published_key(content)
    with pytest.raises(KeyRefused):
        keys.load_cose_key({label: stated[label] for label in (1, 3, -1)}, algorithms=ml_dsa.SECOND_SIGNERS)
    with pytest.raises(KeyRefused):
        MlDsa65Key(content["raw_public_key"])
    with pytest.raises(SignatureForm):
        MlDsa65Signer(bytes(32)).public_key.verify(content["raw_signature"], content["raw_to_be_signed"])
