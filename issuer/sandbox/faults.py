"""What goes wrong, how often, and in which order: the same seed gives the same misfortunes in the same places.

The n-th request of a wallet, and the n-th offer, has its own draw, which depends on nothing else. After the idea of
pebble, Let's Encrypt's test server, which refuses five in a hundred good nonces so that clients learn to ask again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from issuer.sandbox.errors import FaultUnknown
from issuer.synthetic.drawing import Draws


class Fault(StrEnum):
    """One misfortune, by the name that stands in headers, in the log and after `--fault`."""

    BUSY = "busy"
    """503 with Retry-After: 1, and nothing was done."""
    DROPPED = "dropped"
    """The connection ends without an answer, and nothing was done."""
    CUT_SHORT = "cut-short"
    """It was done, and half of the answer comes."""
    LOST = "lost"
    """It was done, and the connection ends without an answer."""
    LOST_TOKEN = "lost-token"  # noqa: S105 - a name
    """The same where an access token is asked for: the code is used up, so the holder needs a new offer."""
    SLOW = "slow"
    """The answer comes three seconds late."""
    SKEWED = "skewed"
    """The answer's Date is an hour ahead."""
    PORTAL = "portal"
    """200 and a page in HTML, as a hotel's network answers until its guest has signed in; nothing was done."""
    DEFERRED = "deferred"
    """Of offers: somebody has to look at it first, and has when the wallet asks again."""
    WRONG_TX_CODE = "wrong-tx-code"
    """Of offers: the transaction code that came the other way has a wrong digit; sent again, it is right."""


OF_OFFERS: Final = (Fault.DEFERRED, Fault.WRONG_TX_CODE)
OF_TOKENS: Final = frozenset({Fault.LOST_TOKEN})
AFTER_THE_ACT: Final = frozenset({Fault.CUT_SHORT, Fault.LOST})
"""Spare the token's answer, which nobody gives twice (OpenID4VCI 1.0 section 4.1.1); `lost-token` is asked for."""
USUAL: Final[Mapping[Fault, float]] = {
    Fault.BUSY: 0.02,
    Fault.DROPPED: 0.01,
    Fault.CUT_SHORT: 0.01,
    Fault.LOST: 0.01,
    Fault.SLOW: 0.01,
    Fault.SKEWED: 0.01,
    Fault.DEFERRED: 0.05,
    Fault.WRONG_TX_CODE: 0.05,
}
"""Five requests in a hundred fail, two more are odd; one offer in ten is not as its holder expected."""
_FINENESS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Misfortune:
    """The rates of a run, and its seed. A rate that is not there is none."""

    rates: Mapping[Fault, float]
    seed: int

    def of_request(self, number: int, *, is_token: bool) -> Fault | None:
        """What befalls the n-th request of wallets."""
        spared = AFTER_THE_ACT if is_token else OF_TOKENS
        faults = [fault for fault in Fault if fault not in OF_OFFERS and fault not in spared]
        return self._drawn("request", number, faults)

    def of_offer(self, number: int) -> Fault | None:
        """What befalls the n-th offer."""
        return self._drawn("offer", number, OF_OFFERS)

    def _drawn(self, what: str, number: int, faults: Iterable[Fault]) -> Fault | None:
        drawn = Draws(seed=self.seed, slug=f"sandbox-{what}", place=number).below(_FINENESS) / _FINENESS
        for fault in faults:
            drawn -= self.rates.get(fault, 0.0)
            if drawn < 0:
                return fault
        return None


def rates(written: Iterable[str], *, calm: bool) -> Mapping[Fault, float]:
    """The usual rates, or none, and over them what was written as NAME=RATE. Raises: FaultUnknown."""
    found: dict[Fault, float] = {} if calm else dict(USUAL)
    for each in written:
        name, _, rate = each.partition("=")
        found[_named(name)] = _rate(name, rate)
    return found


def _named(name: str) -> Fault:
    try:
        return Fault(name)
    except ValueError:
        raise FaultUnknown(f"there is no such fault; known: {', '.join(Fault)}") from None


def _rate(name: str, written: str) -> float:
    try:
        rate = float(written)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:  # Also false of what is no number.
        raise FaultUnknown(f"the rate of {name} is a number from 0 to 1")
    return rate
