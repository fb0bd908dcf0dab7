"""What follows from which evidence: the table, and nothing else. Pure.

    | how the key is kept      | at a counter | eID or real-name service | another device that is bound so |
    |--------------------------|--------------|--------------------------|---------------------------------|
    | software, mini-program   | 0            | 0                        | 0                               |
    | key store of the system  | 1            | 1                        | at most 1                       |
    | hardware, user verified  | 3            | 2                        | at most 2                       |

PROTOCOL.md, claim -70003. An offer and its transaction code are no evidence: they leave 0, which no kiosk takes for a
sensitive kind. Within `WAITING` after a binding sensitive kinds say `MEANWHILE` at most, which every terminal knows to
hold at a kiosk (TERMINAL.md, "key assurance 0–1 at a kiosk: G and X → H"): whoever talks a holder out of a code has a
day in which the holder's other devices say so.
"""

from enum import StrEnum
from typing import Final, assert_never

from protocol.labels import KeyAssurance
from protocol.licence.catalogue import RiskClass
from protocol.unixtime import DAY, Seconds, UnixTime

WAITING: Final = Seconds(DAY)
MEANWHILE: Final = KeyAssurance.OS_KEY_STORE
SENSITIVE: Final = frozenset({RiskClass.G, RiskClass.X})


class Evidence(StrEnum):
    """By what somebody was known to be the holder."""

    COUNTER = "counter"
    AUTHENTICATED = "authenticated"
    DEVICE = "device"


def assurance(evidence: Evidence, kept: KeyAssurance, *, confirming: KeyAssurance | None = None) -> KeyAssurance:
    """The key assurance that follows.

    Args:
        evidence: By what the holder was known.
        kept: How the device keeps the key: software, the system's key store, or hardware.
        confirming: Of `Evidence.DEVICE` the assurance of the device that confirmed.
    """
    kept = min(kept, KeyAssurance.HARDWARE_USER_VERIFICATION)
    match evidence:
        case Evidence.COUNTER:
            is_best = kept is KeyAssurance.HARDWARE_USER_VERIFICATION
            return KeyAssurance.PROOFED_IN_PERSON if is_best else kept
        case Evidence.AUTHENTICATED:
            return kept
        case Evidence.DEVICE:
            return min(kept, KeyAssurance.SOFTWARE if confirming is None else confirming)
        case _:
            assert_never(evidence)


def now(full: KeyAssurance, risk: RiskClass, *, bound_at: UnixTime, at: UnixTime) -> KeyAssurance:
    """What a credential says at this moment."""
    return min(full, MEANWHILE) if risk in SENSITIVE and at < bound_at + WAITING else full
