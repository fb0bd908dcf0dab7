"""What fuzzing has found, each as the smallest case: a reason of the package, and never a foreign exception."""

from typing import Any

import pytest

from protocol import cbor, directory, labels, limits
from protocol.errors import KeyRefused, SchemaError
from protocol.sd_cwt import foreign
from protocol.trust_list import AnchorLabel
from tests.fuzz import ground


@pytest.mark.parametrize("label", [labels.KEY_KTY, labels.KEY_CRV])
@pytest.mark.parametrize("value", [{}, ({},), True, "1", None, b""], ids=repr)
def test_a_foreign_key_whose_type_or_curve_is_no_integer(label: int, value: Any) -> None:
    """A map is nothing that a dictionary can be asked for, and true is equal to 1."""
    good = ground.ISSUED.holder.public_key.cose_key
    assert foreign.load_foreign_key(good)
    with pytest.raises(KeyRefused):
        foreign.load_foreign_key({**good, label: value})


@pytest.mark.parametrize("iss", ["", "9" * 33, "证" * 11], ids=["empty", "33 bytes", "33 bytes of 11 characters"])
def test_an_issuer_of_the_wallet_directory_has_a_name_of_the_usual_length(iss: str) -> None:
    """The directory took any length, also none, where the trust list takes 1 to 32 bytes."""
    payload: Any = cbor.decode(
        ground.payload_of(ground.DOCUMENTS["wallet-directory.cbor"]), max_items=limits.MAX_DOCUMENT_ITEMS
    )

    def listed(name: str) -> bytes:
        body = {
            **payload[labels.CLAIM_CATALOGUE],
            3: ({**payload[labels.CLAIM_CATALOGUE][3][0], AnchorLabel.ISS: name},),
        }
        changed = cbor.encode({**payload, labels.CLAIM_CATALOGUE: body})
        return ground.signed(changed, ground.ROOT, typ=labels.TYP_DIRECTORY)

    assert directory.verify(listed("9" * 32), root=ground.ROOT.public_key).anchors
    with pytest.raises(SchemaError):
        directory.verify(listed(iss), root=ground.ROOT.public_key)
