"""Consent, item by item: what a purpose asks for, and what the holder decided.

A `ConsentRequest` is drawn on the holder's screen; only its `approve` makes a `Decision`, and nothing is signed without
one (`wallet.show`). A decision is about one licence, one edition, one purpose. An optional "no" never refuses service:
the verifier's policy may only demand what is mandatory.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from protocol.directory import PurposeItems
from protocol.labels import Purpose
from protocol.licence.catalogue import Item, Names
from wallet_sdk import cautions
from wallet_sdk.card_pack import Card, CardItem, HeldLicence
from wallet_sdk.cautions import Caution
from wallet_sdk.errors import (
    ConsentMismatch,
    ConsentMissing,
    ItemBeyondPurpose,
    ItemUnknown,
    PurposeNotOffered,
)
from wallet_sdk.request_errors import MandateScope


@dataclass(frozen=True, slots=True)
class Decision:
    """What the holder lets out: exactly these `lic` keys of this edition, for this purpose and audience."""

    licence_id: str
    edition: str
    purpose: Purpose
    audience: str
    items: frozenset[int]


def _nothing(keys: frozenset[int]) -> None:
    """Nothing is prepared for these items."""


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """What to ask the holder.

    Attributes:
        mandatory: Items that the purpose cannot do without.
        optional: Items that it may ask for besides.
        separate: Those of both that need a consent of their own (PIPL art. 29): a page asks for each apart from the
            others, with nothing chosen beforehand.
        always_shown: Items that stand clear in the licence and cannot be withheld.
        missing: Mandatory items that this licence does not have; the verifier will notice.
        asked: The `lic` keys that may be let out: those of the purpose, or fewer that a terminal asks for.
    """

    card: Card
    purpose: Purpose
    mandatory: tuple[CardItem, ...]
    optional: tuple[CardItem, ...]
    separate: tuple[CardItem, ...]
    always_shown: tuple[CardItem, ...]
    missing: tuple[Item, ...]
    asked: PurposeItems = field(repr=False)
    _all: frozenset[str] = field(repr=False)
    _agreed: Callable[[frozenset[int]], None] = field(default=_nothing, repr=False, compare=False)

    @property
    def licence_names(self) -> Names:
        return self.card.names

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What stands on the sheet besides; a page that leaves them out hides a warning."""
        return cautions.of_cards((self.card,))

    @property
    def unavoidable(self) -> frozenset[int]:
        """The `lic` keys of what stands clear: shown with everything else that is let out of the licence."""
        return frozenset(item.key for item in self.card.items if item.is_clear)

    @property
    def proposed(self) -> tuple[CardItem, ...]:
        """What is let out if the holder names nothing: never an item that needs a consent of its own."""
        return tuple(item for item in self.mandatory if item not in self.separate)

    def approve(self, items: Iterable[str] | None = None) -> Decision:
        """The holder's decision.

        Args:
            items: Names of the items to let out, exactly these; None: the proposed ones. What is always shown need
                not be named.

        Raises:
            ItemUnknown: A name that no item of this licence has.
            ItemBeyondPurpose: An item that this purpose may not ask for.
        """
        offered = {item.name: item for item in (*self.mandatory, *self.optional, *self.always_shown)}
        wanted = tuple(items) if items is not None else tuple(item.name for item in self.proposed)
        valid = ", ".join(offered)
        for name in wanted:
            if name not in self._all:
                raise ItemUnknown(f"{name!r}; this purpose may ask for: {valid}")
            if name not in offered:
                raise ItemBeyondPurpose(f"{name!r}; it may ask for: {valid}")
        keys = frozenset(offered[name].key for name in wanted)
        self._agreed(keys)
        return Decision(self.card.id, self.card.edition, self.purpose, self.purpose.audience, keys)


def request(licence: HeldLicence, card: Card, purpose: Purpose) -> ConsentRequest:
    """What this purpose asks of this licence.

    Raises:
        PurposeNotOffered: The region's directory has no rule for it.
        MandateScope: The card is a mandate, and not for this purpose.
    """
    rules = licence.directory.maxima
    asked = rules.get((card.vct, purpose))
    if asked is None:
        offered = ", ".join(each.word for vct, each in sorted(rules) if vct == card.vct)
        raise PurposeNotOffered(f"{purpose.word}; {card.kind} is shown for: {offered or 'nothing yet'}")
    check_scope(licence, purpose)
    return sheet(licence, card, purpose, asked)


def check_scope(licence: HeldLicence, purpose: Purpose) -> None:
    """Return unless the licence comes with a mandate that does not cover this purpose.

    Raises:
        MandateScope: So it is.
    """
    mandate = licence.flexible.claims.mandate
    if mandate is not None and purpose not in mandate.purposes:
        covered = ", ".join(sorted(each.word for each in mandate.purposes))
        raise MandateScope(f"{purpose.word}; it covers: {covered}")


def sheet(licence: HeldLicence, card: Card, purpose: Purpose, asked: PurposeItems) -> ConsentRequest:
    """What to ask the holder where exactly these items are asked for."""
    held = frozenset(item.key for item in card.items)
    return ConsentRequest(
        card=card,
        purpose=purpose,
        mandatory=tuple(item for item in card.items if item.key in asked.mandatory),
        optional=tuple(
            item for item in card.items if item.key in asked.optional - asked.mandatory and not item.is_clear
        ),
        # What stands clear is shown in any case: no question about it would be an honest one.
        separate=tuple(item for item in card.items if item.key in asked.separate and not item.is_clear),
        always_shown=tuple(item for item in card.items if item.is_clear and item.key not in asked.mandatory),
        missing=tuple(
            item for item in licence.kind.items if item.key in asked.mandatory - held - licence.kind.absence_is_stated
        ),
        asked=asked,
        _all=frozenset(item.name for item in card.items),
    )


def check(decision: Decision | None, *, licence: HeldLicence, purpose: Purpose, audience: str) -> frozenset[int]:
    """The `lic` keys that may be let out.

    Raises:
        ConsentMissing: Nobody decided.
        ConsentMismatch: The decision is about something else.
        MandateScope: The card is a mandate that does not cover this purpose.
    """
    # Callers without a type checker pass anything; only a decision opens the door.
    if not isinstance(decision, Decision):
        raise ConsentMissing
    if decision.licence_id != licence.stored.licence_id:
        raise ConsentMismatch("another licence")
    if decision.purpose is not purpose:
        raise ConsentMismatch(f"it was given for {decision.purpose.word}, not for {purpose.word}")
    if decision.audience != audience:
        raise ConsentMismatch("it was given for another audience")
    if decision.edition != licence.edition:
        raise ConsentMismatch("the licence has been received anew since")
    check_scope(licence, purpose)
    return decision.items
