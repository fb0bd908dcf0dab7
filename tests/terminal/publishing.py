"""A published folder of the fictional world: what the issuer's `publish` writes, made from the world's builders."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from protocol import appraisal_policy, cbor
from protocol.appraisal_policy import PolicyRow
from protocol.labels import Purpose
from protocol.licence import catalogue
from tests.utopia.world import LIST_NUMBER, WUYOU, World


def publish(
    world: World,
    folder: Path,
    *,
    values: Mapping[int, int] | None = None,
    seq: int = 1,
    age: int = 60,
    rows: Iterable[PolicyRow] | None = None,
) -> Path:
    """Writes every file; `values` are the status values that are not VALID, `rows` another policy."""
    root = world.roots[WUYOU]
    (folder / "status").mkdir(parents=True, exist_ok=True)
    (folder / "root.cbor").write_bytes(cbor.encode(root.public_key.cose_key))
    (folder / "trust.cbor").write_bytes(world.trust_bytes(seq=seq))
    (folder / "catalogue.cbor").write_bytes(catalogue.sign(world.catalogue(), root))
    (folder / "policy.cbor").write_bytes(appraisal_policy.sign(world.policy(rows), root))
    (folder / f"status/{LIST_NUMBER}.cwt").write_bytes(world.status_token_bytes(values, seq=seq, age=age))
    aggregation = {"status_lists": [f"lz:{WUYOU}/{LIST_NUMBER}"]}
    (folder / "status/aggregation.json").write_text(json.dumps(aggregation))
    return folder


def rows_with_person_check(world: World) -> tuple[PolicyRow, ...]:
    """A policy that has the clerk compare the person, whatever the kind and the purpose."""
    return tuple(
        replace(world.policy_row(vct, purpose), person_check=True) for vct in world.kinds for purpose in Purpose
    )
