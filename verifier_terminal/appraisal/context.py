"""Everything that an appraisal may know: no part of it is looked up while appraising."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from protocol.appraisal_policy import AppraisalPolicy
from protocol.labels import Purpose
from protocol.licence.catalogue import Catalogue
from protocol.sd_cwt.known import NOTHING_KNOWN, KnownCredentials, VerifiedCredential
from protocol.terminal_certificate import Items
from protocol.trust_list import TrustList
from protocol.unixtime import Seconds, UnixTime
from revocation.coverage import StatusView


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the terminal holds of signed statements. Each was verified when it was taken in."""

    trust: TrustList
    """The keys of every region that is held, each region's own; number and moments are the home region's."""
    catalogue: Catalogue
    policy: AppraisalPolicy
    status: StatusView
    regions: Mapping[str, TrustList] = field(default_factory=dict)
    """Each region's own trust list, with its own moments."""
    bans: Mapping[tuple[str, bytes], UnixTime] = field(default_factory=dict)
    """Keys that a region's checkpoint has banned, by (iss, kid): from when on."""
    metadata_late_since: UnixTime | None = None
    """Since when trust metadata (TUF) should have been renewed; None: they are not late, or there are none."""
    region_late_since: Mapping[str, UnixTime] = field(default_factory=dict)
    """The same of what the metadata say about one region alone, for those that are late."""
    metadata_behind: Mapping[str, UnixTime] = field(default_factory=dict)
    """Since when a region's checkpoints name newer trust metadata than are held. It counts for that region alone."""
    root_expired_since: UnixTime | None = None
    """Since when the root of the trust metadata has ended; None: it has not, or there is none."""

    def trust_of(self, region: str) -> TrustList:
        """The list that says which keys this region has; the home region's where only one is held."""
        return self.regions.get(region, self.trust)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What the terminal believes about the time. `at` is never a persisted moment."""

    at: UnixTime
    uncertainty: Seconds
    confirmed_age: Seconds | None
    """Since something signed last confirmed the clock; None: never."""
    plausible: bool
    """False when the clock stands before a signed moment that is held already, or otherwise cannot be right."""


@dataclass(frozen=True, slots=True)
class EarlierUse:
    """A presentation that was used up before."""

    at: UnixTime
    here: bool
    """At this terminal (True), or at another one of the site."""


class ReplayMemory(Protocol):
    """Which presentations were used up already."""

    def earlier_use(self, replay_key: bytes) -> EarlierUse | None:
        """The use of this presentation that is remembered, if any."""


class CredentialMemory(KnownCredentials, Protocol):
    """Which credentials were verified a moment ago. It changes what an appraisal costs, and never its verdict."""

    def remember(self, verified: VerifiedCredential) -> None:
        """Takes in one of which both signatures and all disclosures held just now."""


class _NothingRemembered:
    def find(self, protected_bytes: bytes) -> VerifiedCredential | None:
        return NOTHING_KNOWN.find(protected_bytes)

    def remember(self, verified: VerifiedCredential) -> None:
        pass


NOTHING_REMEMBERED: Final[CredentialMemory] = _NothingRemembered()


@dataclass(frozen=True, slots=True)
class Face:
    """What kind of place this terminal stands at."""

    purpose: Purpose
    region: str
    """Six digits: the region whose policy counts here."""
    attended: bool
    """A person can compare the holder with the licence."""
    face_compared: bool
    """The person there does so as a rule (window, police)."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request of this terminal that nobody has answered yet: a challenge (LC1) or a short code.

    It stands in the memory of one running session and never on a disk.
    """

    audience: str
    """`lz:t/<terminal>` or `lz:s/<site>`: the only aud that answers it."""
    cnonce: bytes
    """16 bytes of a challenge, 4 of a short code."""
    purpose: Purpose
    wanted: Items
    """What it asks for; empty for a short code, whose bound is the policy row's maximum."""
    sealing_key: bytes | None = field(repr=False)
    """X25519 private key of this request alone; None for a short code."""
    digest: bytes | None
    """SHA-256(Sig_structure of the LC1), for a receipt; None for a short code."""


@dataclass(frozen=True, slots=True)
class Context:
    """The arguments of one appraisal besides the code itself."""

    face: Face
    clock: ClockReading
    knowledge: Knowledge | None
    """None: the terminal was never provisioned; nothing can be accepted."""
    replay: ReplayMemory
    check_number: str
    """Drawn by the caller; short and speakable, e.g. `7K3-Q42`."""
    requests: tuple[OpenRequest, ...]
    """Those that are still open by the clock that only counts: the caller sees to it."""
    audiences: frozenset[str] = frozenset()
    """`lz:t/…` and `lz:s/…` of this terminal, whether or not a request is open: a late answer is named E_CNONCE, and
    not E_AUD. None of them is accepted without a request."""
    credentials: CredentialMemory = NOTHING_REMEMBERED
    """Those that need not be verified once more; the caller sees to it that a change of trust empties it."""
