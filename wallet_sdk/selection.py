"""The smallest set of disclosures that shows what was decided, and nothing more.

Every credential of the licence is a candidate: a view whose items are exactly the wanted ones needs no disclosure at
all; the flexible one needs those of the wanted items and of the groups around them. A candidate may show what the
flexible credential shows in any case (its clear items), never anything else. The shortest wins.
"""

from dataclasses import dataclass, field

from protocol.directory import PurposeItems
from wallet_sdk.card_pack import HeldLicence
from wallet_sdk.errors import ItemBeyondPurpose, ItemsInseparable, ItemUnknown
from wallet_sdk.held_credential import HeldCredential


@dataclass(frozen=True, slots=True)
class Selection:
    """What will be signed: a credential with some of its disclosures, and the `lic` keys that a verifier then sees."""

    credential: HeldCredential
    disclosures: tuple[bytes, ...] = field(repr=False)
    shown: frozenset[int]

    @property
    def weight(self) -> int:
        """Bytes up to a constant: the credential without the disclosures that stay with the holder."""
        kept_back = sum(map(len, self.credential.disclosures)) - sum(map(len, self.disclosures))
        return len(self.credential.encoded) - kept_back


def select(licence: HeldLicence, wanted: frozenset[int], asked: PurposeItems) -> Selection:
    """The smallest selection that shows the wanted items.

    Raises:
        ItemUnknown: The licence has no such item.
        ItemBeyondPurpose: A hidden item that the purpose may not ask for.
        ItemsInseparable: No credential shows these without others.
    """
    flexible = licence.flexible
    unknown = wanted - flexible.items.keys()
    if unknown:
        raise ItemUnknown(f"lic keys {sorted(unknown)}")
    beyond = wanted - flexible.clear_keys - asked.mandatory - asked.optional
    if beyond:
        raise ItemBeyondPurpose(f"lic keys {sorted(beyond)}")
    # Mandatory items that stand clear cannot be withheld, so a view without them would be no equal of the flexible one.
    needed = wanted | (flexible.clear_keys & asked.mandatory)
    candidates = [_from(credential, needed) for credential in licence.credentials if needed <= credential.items.keys()]
    fitting = [each for each in candidates if each.shown <= needed | flexible.clear_keys]
    if not fitting:
        extra = min((each.shown - needed - flexible.clear_keys for each in candidates), key=len)
        raise ItemsInseparable(f"lic keys {sorted(extra)} would be shown too")
    return min(fitting, key=lambda each: each.weight)


def _from(credential: HeldCredential, needed: frozenset[int]) -> Selection:
    disclosures = frozenset[bytes]().union(*(credential.items[key].needs for key in needed))
    return Selection(
        credential,
        # In the issuer's order, so that the choice is told by which stand there and by nothing else.
        tuple(each for each in credential.disclosures if each in disclosures),
        credential.shown_by(disclosures),
    )
