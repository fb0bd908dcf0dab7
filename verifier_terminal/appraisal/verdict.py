"""The verdict: what the terminal says, and everything that it rests on (TERMINAL.md, "The verdict")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from protocol import cbor
from protocol.errors import Code
from protocol.labels import Purpose
from protocol.qr.bundle import Link
from protocol.status_list import Status
from protocol.unixtime import Seconds, UnixTime
from revocation.freshness import Grade
from verifier_terminal.appraisal.context import EarlierUse, OpenRequest


class VerdictClass(StrEnum):
    """The four answers. Each has its own colour, shape and word."""

    ACCEPT = "accept"
    CHECK = "check"
    REFUSE = "refuse"
    NOT_READ = "not_read"


class Proceed(StrEnum):
    """May the act go on? NO with CHECK is a hold: evidence is missing, nobody is at fault."""

    YES = "yes"
    AFTER_CHECK = "after_check"
    NO = "no"


class Tier(IntEnum):
    """AR4SI trust tiers; the worst of the findings wins. INFORMATION never changes the class."""

    INFORMATION = 0
    AFFIRMING = 1
    WARNING = 2
    HOLD = 3
    CONTRAINDICATED = 4
    NONE = 5


class Fact(StrEnum):
    """What an appraisal can establish: it was checked, and it speaks for the holder.

    A status that was read and says "revoked" is therefore not established; the finding says what it is instead.
    """

    ISSUER_SIGNATURE = "issuer_signature"
    HOLDER_KEY = "holder_key"
    DISCLOSURES = "disclosures"
    VALIDITY_DATES = "validity_dates"
    STATUS = "status"


class Form(StrEnum):
    """What was appraised, whatever carried it."""

    PRESENTATION = "presentation"
    BUNDLE = "bundle"
    JOINED = "joined"
    """Codes that were read one after another for one act (`joined`)."""
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason and the grade that it has in this appraisal."""

    code: Code
    tier: Tier


@dataclass(frozen=True, slots=True)
class Ages:
    """How old the terminal's knowledge is; None means that there is none."""

    trust: Seconds | None
    status: Seconds | None
    policy: Seconds | None
    clock: Seconds | None
    """Since the clock was last confirmed by something signed."""


@dataclass(frozen=True, slots=True)
class MandateShown:
    """Who shows the licence is not its holder: an agent, guardian or proxy.

    Every item of such a licence, its portrait and its identifier too, is the licence holder's and not the agent's.
    """

    level: int
    """Links from the licence: 1 representative, 2 licence manager, 3 agent."""
    until: UnixTime
    """The mandate's end; the licence has its own."""


@dataclass(frozen=True, slots=True)
class ReceiptEvidence:
    """What a receipt about this licence needs. In memory only, never journalled."""

    vct: int
    items: Mapping[int, cbor.Value]
    """By `lic` key, those that policy demands or allows alone, with their whole values."""
    disclosures: tuple[bytes, ...]
    """As they stand in sd_claims (layout F); none where the issuer redacted nothing (layout V)."""


@dataclass(frozen=True, slots=True)
class Licence:
    """What may be said of the licence: kind and place, and the items that policy shows for this purpose."""

    vct: int
    slug: str
    region: str
    authority: str
    """The issuing authority's name where it is among the claims, else the authority part of iss."""
    valid_to: int | None
    """YYYYMMDD, when disclosed or clear; None where a verdict carries no claims."""
    claims: Mapping[str, cbor.Value] | None
    """By the catalogue's item names; masked ones are masked already. None where a verdict carries no personal claim."""
    hidden_items: int
    mandate: MandateShown | None = None
    """Set where somebody else than its holder shows it."""
    is_paper: bool = False
    """A paper code: no holder is shown by it, and claims are a masked name and four characters of a number."""
    portrait_sha256: bytes | None = None
    """`lic` 14 where policy shows it: a portrait is shown only if its whole SHA-256 equals this."""
    evidence: ReceiptEvidence | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HolderEvidence:
    """What ties a verdict to other things about its licence: a second code, an officer's act.

    In memory only, never shown and never journalled.
    """

    identifiers: Mapping[Link, str]
    """Those that the issuer signed and that are the holder's own, as far as they were shown."""
    by_agent: bool
    status: tuple[str, int]
    """List URI and index."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. `findings` are ranked: the first is the most useful one to show."""

    verdict_class: VerdictClass
    proceed: Proceed
    established: tuple[Fact, ...]
    not_established: tuple[Fact, ...]
    ages: Ages
    status_grade: Grade
    findings: tuple[Finding, ...]
    licence: Licence | None
    purpose: Purpose
    person_check: bool
    """Whether a person must still compare the holder with the licence."""
    recheck: bool
    """Whether this acceptance rests on old status data and is to be appraised again when the network is back."""
    skew: Seconds | None
    """Phone clock minus terminal clock when the code was made, as far as it can be estimated; None when unknown."""
    replay_key: bytes | None
    """SHA-256(Sig_structure of the KBT); set exactly when both signatures hold."""
    credential_digest: bytes | None
    """Tells whether two codes show one credential; set where a licence is. Never journalled."""
    burn_until: UnixTime | None
    """Until when the replay key is to be kept; set when this verdict uses the presentation up (accept or check)."""
    status_reference: tuple[str, int] | None
    """List URI and index, for the re-check queue only; never journalled."""
    at: UnixTime
    check_number: str
    form: Form = Form.PRESENTATION
    """PRESENTATION also where nothing of ours was recognised."""
    status: Status | None = None
    """What the status list said; None where no value was read, and for a bundle, whose members have theirs."""
    sealed: bool = False
    """Whether it came sealed; it opened unless E_SEAL_OPEN says otherwise."""
    audience: str | None = None
    """The aud that was signed; set exactly when both signatures hold."""
    answered: OpenRequest | None = None
    """The open request that this answered, with both signatures: it is to be closed."""
    members: tuple["Verdict", ...] = ()
    """Of a bundle, each presentation's own verdict, with the same check number; none for a single one.

    A bundle has no licence and no replay key of its own: its members have theirs.
    """
    holder: HolderEvidence | None = field(default=None, repr=False)
    """Set exactly when both signatures hold; not for a bundle, whose members have theirs."""
    earlier_use: EarlierUse | None = None
    """When and where this presentation was used before; set exactly where E_REPLAY is for it."""
