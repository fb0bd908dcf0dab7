"""A published folder of the fictional world: what the issuer's `publish` writes, made from the world's builders."""

import json
from collections.abc import Mapping
from pathlib import Path

from protocol import appraisal_policy, cbor
from protocol.licence import catalogue
from tests.utopia.world import LIST_NUMBER, WUYOU, World


def publish(
    world: World, folder: Path, *, values: Mapping[int, int] | None = None, seq: int = 1, age: int = 60
) -> Path:
    """Writes every file; `values` are the status values that are not VALID."""
    root = world.roots[WUYOU]
    (folder / "status").mkdir(parents=True, exist_ok=True)
    (folder / "root.cbor").write_bytes(cbor.encode(root.public_key.cose_key))
    (folder / "trust.cbor").write_bytes(world.trust_bytes(seq=seq))
    (folder / "catalogue.cbor").write_bytes(catalogue.sign(world.catalogue(), root))
    (folder / "policy.cbor").write_bytes(appraisal_policy.sign(world.policy(), root))
    (folder / f"status/{LIST_NUMBER}.cwt").write_bytes(world.status_token_bytes(values, seq=seq, age=age))
    aggregation = {"status_lists": [f"lz:{WUYOU}/{LIST_NUMBER}"]}
    (folder / "status/aggregation.json").write_text(json.dumps(aggregation))
    return folder
