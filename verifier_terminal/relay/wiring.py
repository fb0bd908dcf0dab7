"""The only file of the relay that names the real clock and real randomness. It knows no terminal and no keys."""

import secrets
import time

from verifier_terminal.relay.running import Surroundings
from verifier_terminal.sync.mirror import open_mirror


def surroundings(upstream: str) -> Surroundings:
    """What a relay over this address or folder runs with."""
    return Surroundings(lambda: open_mirror(upstream, monotonic=time.monotonic), time.monotonic, _jitter)


def _jitter(seconds: float) -> float:
    """Between 80 and 120 % of this, so that sites do not all come back in the same second after an outage."""
    return seconds * (0.8 + 0.4 * secrets.randbelow(1_000) / 1_000)
