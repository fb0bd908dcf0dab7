"""Many licences one after another at one counter: a company's desk that shows fifty, with one consent for all.

Each licence has a code of its own, shown until the next one is wanted: what a clerk scans one by one (up to four in one
code: `joint_consent`). Guaranteed: nothing is shown that was not agreed to; one that cannot be shown is named and the
others are not held up. Not handled here: whose turn it is, which is the page's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from protocol.labels import Purpose
from wallet_sdk.consent import ConsentRequest, Decision
from wallet_sdk.dynamic_code import Showing
from wallet_sdk.errors import ConsentMismatch, ConsentMissing, WalletError
from wallet_sdk.pictures import Frame
from wallet_sdk.request_errors import BundleSize

MAX_LICENCES: Final = 1_000


@dataclass(frozen=True, slots=True)
class BatchDecision:
    """What the holder lets out, licence by licence, in the order of showing."""

    purpose: Purpose
    licences: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What to ask the holder about many licences: one sheet for each."""

    purpose: Purpose
    sheets: tuple[ConsentRequest, ...]

    def approve(self, choice: Mapping[str, Iterable[str] | None] | None = None) -> BatchDecision:
        """The holder's decision.

        Args:
            choice: Card ids, each with the names of the items to let out; None instead of names: the proposed ones.
                No choice at all: every card so.

        Raises:
            ConsentMismatch: A card that this request is not about.
            BundleSize: No card at all.
            ItemUnknown, ItemBeyondPurpose: As `ConsentRequest.approve`.
        """
        sheets = {sheet.card.id: sheet for sheet in self.sheets}
        chosen: Mapping[str, Iterable[str] | None] = dict.fromkeys(sheets) if choice is None else choice
        unknown = chosen.keys() - sheets.keys()
        if unknown:
            raise ConsentMismatch(f"{len(unknown)} licences that nobody was asked about")
        decisions = tuple(sheet.approve(chosen[card_id]) for card_id, sheet in sheets.items() if card_id in chosen)
        if not decisions:
            raise BundleSize("no licence")
        return BatchDecision(self.purpose, decisions)


def request(purpose: Purpose, sheets: tuple[ConsentRequest, ...]) -> BatchRequest:
    """What to ask the holder on these sheets. Raises: BundleSize."""
    if not 1 <= len({sheet.card.id for sheet in sheets}) == len(sheets) <= MAX_LICENCES:
        raise BundleSize(f"{len(sheets)} licences, or one twice")
    return BatchRequest(purpose, sheets)


def check(decision: BatchDecision | None) -> BatchDecision:
    """The decision, if it is one: only a decision opens the door. Raises: ConsentMissing."""
    if not isinstance(decision, BatchDecision) or not all(isinstance(each, Decision) for each in decision.licences):
        raise ConsentMissing
    return decision


@dataclass
class BatchShowing:
    """One licence after another; use it in a `with` block.

    Attributes:
        failed: What could not be shown, by licence id, with the reason.
    """

    _decision: BatchDecision
    _show: Callable[[Decision], Showing] = field(repr=False)
    failed: dict[str, WalletError] = field(default_factory=dict, init=False)
    _position: int = field(default=-1, init=False)
    _showing: Showing | None = field(default=None, init=False, repr=False)

    @property
    def position(self) -> int:
        """How many licences have had their turn."""
        return self._position + 1

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self._decision.licences)

    @property
    def licence_id(self) -> str | None:
        """Whose turn it is; None: nobody's, before the first and after the last."""
        return None if self._showing is None else self._decision.licences[self._position].licence_id

    def next(self) -> Frame | None:
        """The first code of the next licence that can be shown; None: that was the last."""
        while True:
            self.close()
            if self._position + 1 >= len(self._decision.licences):
                self._position = len(self._decision.licences) - 1
                return None
            self._position += 1
            decision = self._decision.licences[self._position]
            try:
                self._showing = self._show(decision)
                return self._showing.frame()
            except WalletError as reason:
                self.failed[decision.licence_id] = reason

    def frame(self) -> Frame | None:
        """The code to show now of the licence whose turn it is; None: nobody's. Raises: as `Showing.frame`."""
        return None if self._showing is None else self._showing.frame()

    def close(self) -> None:
        """Ends the showing of this licence; `next` begins that of another."""
        if self._showing is not None:
            self._showing.close()
            self._showing = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
