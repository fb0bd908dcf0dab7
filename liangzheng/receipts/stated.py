"""What a receipt and a terminal certificate state, as JSON: byte strings in hexadecimal, purposes as audiences."""

from collections.abc import Mapping
from typing import Any

from protocol.receipt import RedactedHashes, VerifiedReceipt
from protocol.terminal_certificate import TerminalCertificate


def certificate_values(certificate: TerminalCertificate) -> dict[str, Any]:
    """Everything that the region certified."""
    return {
        "iss": certificate.iss,
        "terminal": certificate.terminal,
        "place": certificate.place,
        "relying_party": certificate.relying_party,
        "maxima": {purpose.audience: items_values(items) for purpose, items in sorted(certificate.maxima.items())},
        "key_thumbprint": certificate.key.thumbprint.hex(),
        "iat": certificate.iat,
        "exp": certificate.exp,
    }


def items_values(items: Mapping[int, frozenset[int]]) -> dict[str, list[int]]:
    """Kinds and their items, ascending."""
    return {str(vct): sorted(item_keys) for vct, item_keys in sorted(items.items())}


def receipt_values(found: VerifiedReceipt) -> dict[str, Any]:
    """Everything that the terminal stated, with the certificate under which it did."""
    stated = found.receipt
    return {
        "certificate": certificate_values(found.certificate),
        "purpose": stated.purpose.audience,
        "reason": stated.reason,
        "shown": [
            {
                "vct": each.vct,
                "items": sorted(each.items),
                "presentation": each.presentation.hex(),
                "commitment": [one.hex() for one in each.commitment.hashes]
                if isinstance(each.commitment, RedactedHashes)
                else each.commitment.mac.hex(),
            }
            for each in stated.shown
        ],
        "tier": int(stated.tier),
        "codes": list(stated.codes),
        "freshness": stated.freshness,
        "iat": stated.iat,
        "journal": [stated.journal_position, stated.journal_head.hex()],
        "challenge": stated.challenge.hex() if stated.challenge is not None else None,
    }
