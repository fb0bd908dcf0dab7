"""The issuer's keys as its trust list and its wallets' directory name them. Pure."""

from collections.abc import Iterable, Mapping

from issuer.keys.records import LONGEST_LIFE, KeyRecord
from protocol import trust_list
from protocol.keys import VerificationKey
from protocol.labels import KeyUse
from protocol.trust_list import TrustAnchor
from protocol.unixtime import UnixTime

_WITH_KINDS = frozenset({KeyUse.ASSERT, KeyUse.PAPER, KeyUse.MANDATE})
_WITHOUT_STATUS = frozenset({KeyUse.TERMINAL, KeyUse.STAFF})
"""Nothing that terminals and people sign has a status."""


def anchors(
    records: Iterable[KeyRecord],
    offline: Iterable[VerificationKey],
    *,
    iss: str,
    region: str,
    kinds: frozenset[int],
    kept: int,
    offline_until: UnixTime,
    at: UnixTime,
) -> Mapping[tuple[str, bytes], TrustAnchor]:
    """By (iss, kid): every key that is relied on, those that will sign and those that have signed.

    Args:
        records: The keys of the ring.
        offline: The keys that co-sign what is final.
        iss: Their issuer.
        region: Whose status lists they may name.
        kinds: The catalogue's.
        kept: Seconds for which the journal rows of any check are kept at most.
        offline_until: Until when the offline keys sign.
        at: Now: what nothing relies on any more is left out.
    """
    prefixes = (f"lz:{region}/",)
    of_ring = (
        TrustAnchor(
            iss=iss,
            key=each.key,
            use=each.use,
            kinds=each.kinds.among(kinds) if each.use in _WITH_KINDS else frozenset(),
            status_prefixes=() if each.use in _WITHOUT_STATUS else prefixes,
            sign_until=each.sign_until,
            verify_until=each.verify_until(kept=kept),
        )
        for each in records
        if each.dropped_at is None and at <= each.verify_until(kept=kept)
    )
    of_offline = (
        TrustAnchor(
            iss,
            key,
            KeyUse.REVERSAL,
            frozenset(),
            prefixes,
            offline_until,
            UnixTime(offline_until + LONGEST_LIFE[KeyUse.REVERSAL]),
        )
        for key in offline
    )
    return trust_list.index((*of_ring, *of_offline))
