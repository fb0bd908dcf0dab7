"""What a showing needs of a licence besides moments and signatures, worked out once for each choice of the holder.

The choice of disclosures, the presentation's beginning and its base45 depend on the licence, the items and the key's
algorithm alone. They are made when the holder is asked and when they agree, so that the first code costs little more
than a rolled one; and kept with the credential, which the wallet lets go of when it is locked. Not handled here:
whether anything may be shown (`wallet.py`).
"""

from typing import Any, Final

from protocol.directory import PurposeItems
from protocol.labels import SignatureAlg
from protocol.sd_cwt.presenting import Presenter
from wallet_sdk import selection
from wallet_sdk.card_pack import HeldLicence
from wallet_sdk.rolling import RollingText
from wallet_sdk.selection import Selection

MOST: Final = 16
"""Choices kept of one licence; a holder has a handful, and each is some kilobytes."""


def selected(licence: HeldLicence, wanted: frozenset[int], asked: PurposeItems) -> Selection:
    """As `selection.select`, remembered."""
    key = wanted, asked
    known = licence.selections.get(key)
    if known is None:
        known = selection.select(licence, wanted, asked)
        _make_room(licence.selections)
        licence.selections[key] = known
    return known


def rolling_text(chosen: Selection, alg: SignatureAlg) -> RollingText:
    """The texts of this choice, remembered."""
    key = chosen.disclosures, alg
    known = chosen.credential.texts.get(key)
    if known is None:
        known = RollingText(Presenter(chosen.credential.issued, chosen.disclosures, alg))
        _make_room(chosen.credential.texts)
        chosen.credential.texts[key] = known
    return known


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= MOST:
        kept.clear()
