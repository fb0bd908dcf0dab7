"""The one gate in front of every signature: what a holder's decision lets out of a licence.

Guaranteed: nothing passes without a consent to just this licence, purpose and audience; nothing of a licence that its
issuer has revoked, of a device that was reported lost, or that is bound to another device's key.
"""

from contextlib import suppress

from protocol.directory import PurposeItems
from protocol.labels import SignatureAlg
from protocol.unixtime import UnixTime
from wallet_sdk import card_pack, consent, preparing
from wallet_sdk.card_pack import CardState, HeldLicence
from wallet_sdk.composition import Member
from wallet_sdk.consent import Decision
from wallet_sdk.errors import LicenceUnbound, WalletError
from wallet_sdk.joint_consent import Addressee
from wallet_sdk.register_errors import DeviceReportedLost, LicenceRevoked

_NOTHING = PurposeItems(frozenset(), frozenset())


def member(
    licence: HeldLicence,
    decision: Decision | None,
    addressee: Addressee,
    asked: PurposeItems | None = None,
    *,
    at: UnixTime,
) -> Member:
    """What may be signed of this licence for this addressee.

    Args:
        licence: As it is held.
        decision: The holder's, if there is one.
        addressee: Whom the code is for.
        asked: What a terminal asks for; None: the purpose's maximum of the region's directory.
        at: Now.

    Raises:
        LicenceRevoked, DeviceReportedLost, LicenceUnbound: Every terminal would refuse it.
        ConsentMissing, ConsentMismatch, ItemBeyondPurpose, ItemsInseparable: see these.
    """
    state = card_pack.state(licence, at)
    if state is CardState.REVOKED:
        raise LicenceRevoked
    if state is CardState.DEVICE_LOST:
        raise DeviceReportedLost
    if not licence.is_bound:
        raise LicenceUnbound
    wanted = consent.check(decision, licence=licence, purpose=addressee.purpose, audience=addressee.audience)
    if asked is None:
        asked = licence.directory.maxima.get((licence.kind.vct, addressee.purpose), _NOTHING)
    return Member(licence, preparing.selected(licence, wanted, asked))


def prepare(licence: HeldLicence, keys: frozenset[int], asked: PurposeItems, alg: SignatureAlg) -> None:
    """What the first code will need of this choice; nothing is signed, and nothing leaves."""
    with suppress(WalletError):
        # What is wrong with the choice is said when it is shown.
        chosen = preparing.selected(licence, keys, asked)
        preparing.rolling_text(chosen, alg).beginning()
