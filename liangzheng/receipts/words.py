"""A verified receipt in words: who checked what, when, why, with which verdict, and what that does not say."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from protocol import unixtime
from protocol.labels import TrustTier
from protocol.licence.catalogue import Kind
from protocol.receipt import VerifiedReceipt

NOT_ANCHORED: Final = (
    "not anchored: no journal was asked. The signature proves what the terminal stated, not that it also stands in "
    "its journal; --journal DIR asks the one in the terminal's directory."
)
ANCHORED: Final = "anchored: the terminal's journal has this row, in a chain that nobody broke"
FRESHNESS: Final = (
    "at most 5 minutes old",
    "at most 1 hour old",
    "at most 24 hours old",
    "at most 72 hours old",
    "at most 7 days old",
    "unknown",
)
"""The columns of the matrix in docs/verification.md."""


def verdict_word(tier: TrustTier) -> str:
    """The word of the terminal's screen."""
    match tier:
        case TrustTier.AFFIRMING:
            return "accept 有效"
        case TrustTier.WARNING:
            return "check 请核对"
        case TrustTier.CONTRAINDICATED:
            return "refuse 不予采信"
        case _:
            assert_never(tier)


def lines(found: VerifiedReceipt, *, kinds: Mapping[int, Kind], anchored: bool) -> Iterator[tuple[str, str]]:
    """Label and text of every line; texts hold what others wrote and are not yet safe for a screen."""
    certificate, stated = found.certificate, found.receipt
    yield "terminal", f"{certificate.terminal} of {certificate.relying_party}, {certificate.place}"
    yield "certified by", certificate.iss
    yield "checked at", unixtime.iso_local(stated.iat)
    yield "purpose", f"{stated.purpose.word}: {stated.reason}"
    for each in stated.shown:
        kind = kinds.get(each.vct)
        yield "shown", f"{_kind_name(each.vct, kind)}: {', '.join(_item_names(each.items, kind))}"
    verdict = verdict_word(stated.tier)
    yield "verdict", f"{verdict} ({', '.join(stated.codes)})" if stated.codes else verdict
    yield "status data", FRESHNESS[stated.freshness]
    yield "asked by", "a challenge of this terminal" if stated.challenge is not None else "nobody: shown unasked"
    yield "journal", f"row {stated.journal_position}; {ANCHORED if anchored else NOT_ANCHORED}"


def _kind_name(vct: int, kind: Kind | None) -> str:
    return f"kind {vct}" if kind is None else f"{kind.names.zh_hans} ({kind.names.en})"


def _item_names(items: frozenset[int], kind: Kind | None) -> Iterator[str]:
    for key in sorted(items):
        item = kind.item(key) if kind is not None else None
        yield f"item {key}" if item is None else item.labels.zh_hans
