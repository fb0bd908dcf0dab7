"""Consent to several licences in one act: one sheet for each card, one decision, one addressee.

Licences shown together are about one person only if an identifier that each issuer signed is shown in all of them
(`protocol.qr.bundle.link`). So the identifier that the cards share is proposed as an item where every one of them may
show it, and a decision says whether it links. Only `approve` makes a `JointDecision`; nothing is signed without one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from protocol import limits
from protocol.labels import Lic, Purpose
from protocol.qr import bundle
from protocol.sealing import SealingKey
from wallet_sdk.card_pack import Card, CardItem, HeldLicence
from wallet_sdk.cautions import Caution
from wallet_sdk.consent import ConsentRequest, Decision
from wallet_sdk.errors import ConsentMismatch, ConsentMissing
from wallet_sdk.request_errors import BundleSize

MAX_CARDS = limits.BUNDLE_PRESENTATIONS.stop - 1


@dataclass(frozen=True, slots=True)
class Addressee:
    """For whom an act is: what each of its presentations carries, and to whose key it is sealed."""

    purpose: Purpose
    audience: str
    cnonce: bytes | None = None
    sealing_key: SealingKey | None = None

    @classmethod
    def open(cls, purpose: Purpose) -> "Addressee":
        """Whoever serves this purpose, without a request."""
        return cls(purpose, purpose.audience)


@dataclass(frozen=True, slots=True)
class JointDecision:
    """What the holder lets out, card by card, for this addressee alone.

    `is_linked`: the shown items say that these licences are one holder's. One card alone always is.
    """

    addressee: Addressee
    cards: tuple[Decision, ...]
    is_linked: bool

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What the holder should know of this very choice."""
        return () if self.is_linked else (Caution.UNLINKED,)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointRequest:
    """What to ask the holder about several cards.

    Attributes:
        addressee: For whom.
        sheets: One for each card that can be shown.
        cautions: What stands on the sheet besides; a page that leaves them out hides a warning.
    """

    addressee: Addressee = field(repr=False)
    sheets: tuple[ConsentRequest, ...]
    cautions: tuple[Caution, ...]

    @property
    def purpose(self) -> Purpose:
        return self.addressee.purpose

    def sheet(self, card_id: str) -> ConsentRequest:
        """The sheet of a card.

        Raises:
            ConsentMismatch: This request is not about that card.
        """
        found = next((sheet for sheet in self.sheets if sheet.card.id == card_id), None)
        if found is None:
            offered = ", ".join(sheet.card.id for sheet in self.sheets)
            raise ConsentMismatch(f"licence {card_id!r}; it is about: {offered or 'none'}")
        return found

    def linking_item(self, card_ids: Iterable[str]) -> Lic | None:
        """The identifier that links these cards, if each of them has it, equal, and may show it here."""
        sheets = [self.sheet(each) for each in card_ids]
        key = shared_identifier([sheet.card for sheet in sheets])
        return key if key is not None and all(key in _may_show(sheet) for sheet in sheets) else None

    def proposed_link(self, sheet: ConsentRequest) -> CardItem | None:
        """The optional item of this sheet by which its card and the others are one holder's; None: there is none.

        Of own licences and mandates in one request the own ones are meant: the two kinds never link.
        """
        own = [each.card.id for each in self.sheets if each.card.acts_for is None]
        ids = own or [each.card.id for each in self.sheets]
        key = self._proposed(ids) if sheet.card.id in ids else None
        return next((item for item in sheet.optional if item.key == key), None)

    def _proposed(self, card_ids: Iterable[str]) -> Lic | None:
        """The identifier that links these cards and may be proposed: where one of them needs a consent of its own for
        it, none of them shows it unasked, since alone it links nothing."""
        ids = tuple(card_ids)
        key = self.linking_item(ids) if len(ids) > 1 else None
        apart = {item.key for each in ids for item in self.sheet(each).separate}
        return None if key in apart else key

    def approve(self, choice: Mapping[str, Iterable[str] | None] | None = None) -> JointDecision:
        """The holder's decision.

        Args:
            choice: Card ids, each with the names of the items to let out, exactly these; None instead of names: the
                proposed ones and the one that links. No choice at all: every card so.

        Raises:
            BundleSize: No card, or more than four.
            ConsentMismatch: A card that this request is not about.
            ItemUnknown, ItemBeyondPurpose: A name that no item of the card has, or that is not asked for.
        """
        chosen = dict(choice) if choice is not None else dict.fromkeys(self._default())
        if not 1 <= len(chosen) <= MAX_CARDS:
            raise BundleSize(f"{len(chosen)} licences")
        link = self._proposed(chosen)
        decisions = tuple(self._decide(self.sheet(card_id), names, link) for card_id, names in chosen.items())
        return JointDecision(self.addressee, decisions, self._is_linked(decisions))

    def _default(self) -> tuple[str, ...]:
        return tuple(sheet.card.id for sheet in self.sheets)

    def _decide(self, sheet: ConsentRequest, names: Iterable[str] | None, link: Lic | None) -> Decision:
        if names is None:
            linking = (item for item in sheet.optional if item.key == link)
            names = [item.name for item in (*sheet.proposed, *linking)]
        return replace(sheet.approve(names), audience=self.addressee.audience)

    def _is_linked(self, decisions: tuple[Decision, ...]) -> bool:
        sheets = [self.sheet(each.licence_id) for each in decisions]
        key = shared_identifier([sheet.card for sheet in sheets])
        shown = [each.items | sheet.unavoidable for each, sheet in zip(decisions, sheets, strict=True)]
        return len(decisions) == 1 or (key is not None and all(key in each for each in shown))


def shared_identifier(cards: list[Card]) -> Lic | None:
    """The item by which these cards are one holder's: held and equal in all of them (docs/spec/bundle.md, rule 4)."""
    # A mandate shows somebody else's identifier, so it links only with other mandates (rule 5).
    if len({card.acts_for is None for card in cards}) != 1:
        return None
    for _, key, foreign_kind in bundle.LINKS:
        identifiers = {_identifier(card, key) if card.holder_kind is not foreign_kind else None for card in cards}
        if len(identifiers) == 1 and None not in identifiers:
            return key
    return None


def _identifier(card: Card, key: Lic) -> str | None:
    return next((item.value for item in card.items if item.key == key and isinstance(item.value, str)), None)


def _may_show(sheet: ConsentRequest) -> frozenset[int]:
    return sheet.asked.mandatory | sheet.asked.optional | sheet.unavoidable


def check(decision: JointDecision | None) -> JointDecision:
    """The decision, if it is one; callers without a type checker pass anything, and only a decision opens the door.

    Raises:
        ConsentMissing: Nobody decided.
        BundleSize: No card, or more than four.
    """
    if not isinstance(decision, JointDecision) or not all(isinstance(each, Decision) for each in decision.cards):
        raise ConsentMissing
    if not 1 <= len(decision.cards) <= MAX_CARDS:
        raise BundleSize(f"{len(decision.cards)} licences")
    return decision


def different(licences: Iterable[HeldLicence], *, least: int) -> tuple[HeldLicence, ...]:
    """These licences, if so many may be shown in one act. Raises: BundleSize."""
    found = tuple(licences)
    count = len({each.stored.licence_id for each in found})
    if not least <= len(found) <= MAX_CARDS or count != len(found):
        alone = "; one alone is shown with `wallet.show`" if len(found) < least else ""
        raise BundleSize(f"{len(found)} licences, {count} of them different{alone}")
    return found
