"""The grammar of docs/spec is run on status data: what we write is what the pages say, and another structure is not."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from cddl_verifier import Validator

from protocol import checkpoint, manifest
from protocol.checkpoint import Inline
from protocol.feed_position import FeedPosition
from protocol.ml_dsa import MlDsa65Signer
from protocol.roots import SignerPair
from protocol.status_list import Status
from revocation import chain, delta
from revocation.delta import Aggregate
from tests.protocol import test_checkpoint as checkpoints
from tests.protocol import test_manifest as manifests
from tests.revocation.publisher import Feed, entry_of
from tests.utopia.randomness import Drbg
from tests.utopia.world import WUYOU

SPEC: Final = Path(__file__).parents[2] / "docs" / "spec"
VALIDATOR: Final = Validator(
    "\n".join(
        block
        for page in sorted(SPEC.glob("*.md"))
        for block in re.findall(r"```cddl\n(.*?)```", page.read_text(), re.S)
    )
)


def feed() -> Feed:
    made = Feed()
    made.publish({5: Status.REVOKED, (1 << 20) + 9: Status.SUPERSEDED})
    made.publish({(1 << 20) + 6: Status.REVOKED}, lists=4, retired=(0, 3))
    made.publish({})
    return made


FEED: Final = feed()
RICH: Final = checkpoints.good(bans=checkpoints.bans(2), reversals=(checkpoint.CoSignedDelta(7, checkpoints.DELTA),))
PAIR: Final = SignerPair(checkpoints.STATUS, MlDsa65Signer(Drbg("spec")(32)))
AGGREGATE: Final = entry_of(Aggregate(WUYOU, 1, 0, 2, FEED.heads[2], delta.combine(FEED.changes[:2])))[1]
GOOD: Final[list[tuple[str, bytes]]] = [
    ("checkpoint", checkpoints.encoded()),
    ("checkpoint", checkpoints.encoded(RICH, inline=Inline(tuple(FEED.bodies), (checkpoints.co_signature(),)))),
    ("co-signature", checkpoints.co_signature()),
    ("manifest", manifest.sign(manifests.good(), manifests.STATUS)),
    ("manifest", manifest.sign(manifests.good(entries=()), manifests.STATUS)),
    ("manifest-of-a-pair", manifest.sign(manifests.good(), PAIR)),
    *(("delta", body) for body in FEED.bodies),
    ("aggregate", AGGREGATE),
    *(("status-base", FEED.base(seq)) for seq in range(4)),
]


@pytest.mark.parametrize(("rule", "content"), GOOD, ids=[f"{number}-{rule}" for number, (rule, _) in enumerate(GOOD)])
def test_what_we_write_is_what_the_grammar_says(rule: str, content: bytes) -> None:
    assert [str(each) for each in VALIDATOR.validate(content, root_type=rule).diagnostics] == []
    for other in {each for each, _ in GOOD} - {rule}:
        assert not VALIDATOR.validate(content, root_type=other).valid


STRUCTURE: Final = [
    (checkpoints.signed({**checkpoints.payload_of(checkpoints.encoded()), label: value}), label)
    for label, value, _ in checkpoints.FORGED
]
BEYOND_GRAMMAR: Final = 13
"""Forged claims of which only the relation is wrong: iss and region, exp and iat, base and seq, order, repetition."""


def test_forged_claims_of_another_structure_are_refused_by_the_grammar_alone() -> None:
    let_through = [label for content, label in STRUCTURE if VALIDATOR.validate(content, root_type="checkpoint").valid]
    assert len(let_through) == BEYOND_GRAMMAR


def test_the_chain_of_the_page() -> None:
    """docs/spec/delta.md, "The chain", with nothing but a hash function."""
    region, epoch = b"990000", (1).to_bytes(4)
    head = sha256(b"lz-status-feed\0" + region + epoch + bytes(4) + FEED.states[0].root).digest()
    for seq, body in enumerate(FEED.bodies, 1):
        assert FEED.heads[seq - 1] == head
        hashed = sha256(b"lz-status-delta\0" + region + epoch + seq.to_bytes(4) + body).digest()
        assert chain.delta_hash(FeedPosition(WUYOU, 1, seq), body) == hashed
        head = sha256(b"lz-status-head\0" + head + hashed).digest()
    assert FEED.heads[-1] == head
    lists = [bytes(32) if each is None else sha256(each.packed).digest() for each in FEED.state.lists]
    assert FEED.state.root == sha256(b"lz-status-root\0" + region + len(lists).to_bytes(4) + b"".join(lists)).digest()
