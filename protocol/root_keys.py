"""The public key of a root as it is handed out: one COSE_Key, or a COSE_KeySet of exactly two for a pair.

Proves nothing by itself: whoever reads it has pinned it, or was given it by somebody who is believed.
"""

from protocol import cbor, keys, ml_dsa
from protocol.errors import KeyRefused
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.roots import Root, RootPair


def to_value(root: Root) -> cbor.Value:
    """What `load` reads."""
    if isinstance(root, RootPair):
        return (root.classical.cose_key, root.post_quantum.cose_key)
    return root.cose_key


def load(value: cbor.Value, *, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS) -> Root:
    """The root of a decoded COSE_Key or COSE_KeySet (RFC 9052 section 7).

    Args:
        value: What `cbor.decode` gave.
        algorithms: The table that the classical key is in.

    Raises:
        KeyRefused: Not one key, and not a classical key and an ML-DSA-65 key in this order.
    """
    if not isinstance(value, tuple):
        return keys.load_cose_key(value, algorithms=algorithms)
    if len(value) != 2:
        raise KeyRefused(f"a root of {len(value)} keys")
    return RootPair(
        keys.load_cose_key(value[0], algorithms=algorithms),
        keys.load_cose_key(value[1], algorithms=ml_dsa.SECOND_SIGNERS),
    )
