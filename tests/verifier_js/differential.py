"""The TypeScript appraisal beside Python's: one code and one context to both, and their verdicts in the same words."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from protocol import appraisal_policy, cbor, trust_list
from protocol.appraisal_policy import AppraisalPolicy
from protocol.keys import Signer
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue
from protocol.trust_list import TrustList
from revocation.coverage import StatusSnapshot
from verifier_terminal.appraisal.context import Context, Knowledge
from verifier_terminal.appraisal.verdict import Licence, Verdict

Stated = dict[str, Any]
ELSEWHERE = ("LS1:", "LP1:")
"""Forms that only a terminal reads: there the other one says "not read" with a code of its own, and nothing more."""


class TypeScript:
    """The appraisal of `wallet_sdk/js/verifier` in one process of Node.js."""

    def __init__(self, built: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(built / "appraise.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, given: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(given) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


class Regions:
    """Signs what a context holds, each document once."""

    def __init__(self, root: Signer) -> None:
        self._root = root
        self._signed: dict[int, tuple[object, str]] = {}

    def given(self, text: str, context: Context, used: Iterable[bytes] = ()) -> Stated:
        """What both must answer alike, as one line of JSON has it."""
        face, clock = context.face, context.clock
        return {
            "text": text,
            "at": clock.at,
            "place": {
                "purpose": face.purpose.word,
                "region": face.region,
                "attended": face.attended,
                "face_compared": face.face_compared,
            },
            "clock": {"uncertainty": clock.uncertainty, "plausible": clock.plausible},
            "documents": None if context.knowledge is None else self._documents(context.knowledge),
            "status": {} if context.knowledge is None else _status(context.knowledge),
            "used": [each.hex() for each in used],
            "bans": []
            if context.knowledge is None
            else [[iss, kid.hex(), since] for (iss, kid), since in context.knowledge.bans.items()],
        }

    def _documents(self, held: Knowledge) -> Stated:
        return {
            "root": cbor.encode(self._root.public_key.cose_key).hex(),
            "trust": self._once(held.trust),
            "catalogue": self._once(held.catalogue),
            "policy": self._once(held.policy),
        }

    def _once(self, document: TrustList | Catalogue | AppraisalPolicy) -> str:
        kept = self._signed.get(id(document))
        if kept is None or kept[0] is not document:
            sign: Any = {TrustList: trust_list, Catalogue: catalogue, AppraisalPolicy: appraisal_policy}[type(document)]
            kept = self._signed[id(document)] = (document, sign.sign(document, self._root).hex())
        return kept[1]


def _status(held: Knowledge) -> Stated:
    assert isinstance(held.status, StatusSnapshot)
    return {uri: _list(token.iat, token.entries.packed) for uri, token in held.status.lists.items()}


def _list(as_of: int, packed: bytes) -> Stated:
    return {"as_of": as_of, "size": 2 * len(packed), "values": dict(_values(packed))}


@lru_cache(maxsize=256)
def _values(packed: bytes) -> tuple[tuple[str, int], ...]:
    halves = ((2 * at + half, byte >> 4 * half & 0xF) for at, byte in enumerate(packed) if byte for half in (0, 1))
    return tuple((str(idx), value) for idx, value in halves if value)


def stated(verdict: Verdict, numbers: Mapping[str, Mapping[str, int]]) -> Stated:
    """Python's verdict in the other one's words; `numbers` are the items' keys by kind and name."""
    return {
        "class": verdict.verdict_class.value,
        "proceed": verdict.proceed.value,
        "codes": [[each.code.value, each.tier.name.lower()] for each in verdict.findings],
        "established": [each.value for each in verdict.established],
        "person_check": verdict.person_check,
        "burn_until": verdict.burn_until,
        "replay_key": None if verdict.licence is None or verdict.replay_key is None else verdict.replay_key.hex(),
        "ages": [verdict.ages.trust, verdict.ages.status, verdict.ages.policy],
        "members": [stated(each, numbers) for each in verdict.members],
        "licence": None if verdict.licence is None else _licence(verdict.licence, numbers),
    }


def _licence(licence: Licence, numbers: Mapping[str, Mapping[str, int]]) -> Stated:
    mandate, claims = licence.mandate, licence.claims
    return {
        "vct": licence.vct,
        "region": licence.region,
        "authority": licence.authority,
        "valid_to": licence.valid_to,
        "claims": None
        if claims is None
        else [[numbers[licence.slug][name], _plain(value)] for name, value in claims.items()],
        "hidden": licence.hidden_items,
        "mandate": None if mandate is None else [mandate.level, mandate.until],
    }


def _plain(value: cbor.Value) -> object:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def numbers_of(context: Context) -> Mapping[str, Mapping[str, int]]:
    """The items' keys by kind and name."""
    if context.knowledge is None:
        return {}
    kinds = context.knowledge.catalogue.kinds.values()
    return {kind.slug: {item.name: item.key for item in kind.items} for kind in kinds}
