"""What fuzzing has found, each as the smallest case: a reason of the package, and never a foreign exception."""

from typing import Any

import pytest

from protocol import labels
from protocol.errors import KeyRefused
from protocol.sd_cwt import foreign
from tests.fuzz import ground


@pytest.mark.parametrize("label", [labels.KEY_KTY, labels.KEY_CRV])
@pytest.mark.parametrize("value", [{}, ({},), True, "1", None, b""], ids=repr)
def test_a_foreign_key_whose_type_or_curve_is_no_integer(label: int, value: Any) -> None:
    """A map is nothing that a dictionary can be asked for, and true is equal to 1."""
    good = ground.ISSUED.holder.public_key.cose_key
    assert foreign.load_foreign_key(good)
    with pytest.raises(KeyRefused):
        foreign.load_foreign_key({**good, label: value})
