"""Every number and text that a standard or draft assigns, with its source. A bare number elsewhere is a bug.

What may still move before publication as an RFC: the SD-CWT numbers (draft-ietf-spice-sd-cwt-08) and the status claim
(draft-ietf-oauth-status-list-20). Private ranges (PROTOCOL.md): claims -70000…-70099, headers -70100…-70199,
algorithms -70200…-70299.
"""

from enum import IntEnum
from typing import Final

# COSE header parameters (RFC 9052 section 3.1, RFC 9528 for kcwt, RFC 9596 for typ, SD-CWT section 17.1).
HDR_ALG: Final = 1
HDR_CRIT: Final = 2
HDR_KID: Final = 4
HDR_KCWT: Final = 13
HDR_TYP: Final = 16
HDR_SD_CLAIMS: Final = 17
HDR_SD_ALG: Final = 170
# draft-ietf-cose-hpke-27 section 7.3.1 (assumed number): the encapsulated key of HPKE.
HDR_EK: Final = -4
# Private headers of a checkpoint, both unprotected: what rides along and is checked by what was signed.
HDR_INLINE_DELTAS: Final = -70100
HDR_REVERSALS: Final = -70101

# CBOR tags (RFC 9052 sections 4.1, 4.2 and 5.2, SD-CWT section 17.3).
TAG_SIGN: Final = 98
TAG_SIGN1: Final = 18
TAG_ENCRYPT0: Final = 16
TAG_REDACTED_ELEMENT: Final = 60
SIMPLE_REDACTED_KEYS: Final = 59


class Alg(IntEnum):
    """Fully-specified COSE algorithms (RFC 9864) that are always in force: those of `keys.DEFAULT_ALGORITHMS`."""

    ESP256 = -9
    ED25519 = -19


class FurtherAlg(IntEnum):
    """In force only where somebody builds a table that has them (docs/spec/algorithms.md)."""

    ML_DSA_65 = -49
    """RFC 9964: the second signature of roots and hourly manifests."""
    SM2_SM3 = -70232
    """GB/T 32918.2 with SM3; no number is registered with IANA, so this one is private."""


SignatureAlg = Alg | FurtherAlg


class ForeignAlg(IntEnum):
    """Accepted only by the conformance profile for the draft's own examples."""

    ES256 = -7
    ES384 = -35


SD_ALG_SHA256: Final = -16

ALG_HPKE_4: Final = 42
"""Integrated encryption with DHKEM(X25519), HKDF-SHA256, ChaCha20-Poly1305 (draft-ietf-cose-hpke-27 section 7.2.5)."""

# Content types (SD-CWT section 17.7 as CoAP content formats; the others by media type or, ours, as text).
TYP_CREDENTIAL: Final = 293
TYP_PRESENTATION: Final = 294
TYP_STATUS_LIST: Final = "application/statuslist+cwt"
TYP_CHECKPOINT: Final = "application/status-checkpoint+cwt"
TYP_REVERSAL: Final = "lz-reversal"
TYP_CHALLENGE: Final = "lz-challenge"
TYP_TERMINAL: Final = "lz-terminal"
TYP_STAFF: Final = "lz-staff"
TYP_PAPER: Final = "lz-paper"
TYP_RECEIPT: Final = "lz-receipt"
TYP_DISPUTE: Final = "lz-dispute"
TYP_SITE_USES: Final = "lz-site-uses"
TYP_ROW: Final = "lz-row"
TYP_ENROLMENT: Final = "lz-enrolment"
TYP_RENEWAL: Final = "lz-renewal"
TYP_ACT: Final = "lz-act"
TYP_TRUST: Final = "lz-trust"
TYP_DIRECTORY: Final = "lz-directory"
TYP_MANIFEST: Final = "lz-manifest"
TYP_BEACON: Final = "lz-beacon"
TYP_CATALOGUE: Final = "lz-catalogue"
TYP_POLICY: Final = "lz-policy"
TYP_FEED: Final = "lz-feed"

TYPES: Final = frozenset(
    {
        TYP_CREDENTIAL,
        TYP_PRESENTATION,
        TYP_STATUS_LIST,
        TYP_CHECKPOINT,
        TYP_REVERSAL,
        TYP_CHALLENGE,
        TYP_TERMINAL,
        TYP_STAFF,
        TYP_PAPER,
        TYP_RECEIPT,
        TYP_DISPUTE,
        TYP_SITE_USES,
        TYP_ROW,
        TYP_ENROLMENT,
        TYP_RENEWAL,
        TYP_ACT,
        TYP_TRUST,
        TYP_DIRECTORY,
        TYP_MANIFEST,
        TYP_BEACON,
        TYP_CATALOGUE,
        TYP_POLICY,
        TYP_FEED,
    }
)
"""The complete table: an object of one type is never taken for another (attack "cross-type replay")."""


class KeyUse(IntEnum):
    """What a trusted key may sign: exactly one use for each key."""

    ASSERT = 1
    STATUS = 2
    TERMINAL = 3
    PAPER = 4
    MANDATE = 5
    BEACON = 6
    REVERSAL = 7
    """Kept offline: the way back from a final status (`protocol.reversal`)."""
    STAFF = 8
    """Certifies the people who act at windows and on the road (`protocol.staff_certificate`)."""


# CWT claims (RFC 8392 section 4, RFC 8747 for cnf, SD-CWT section 17.4 for vct, Token Status List section 5.1/6.3).
CLAIM_ISS: Final = 1
CLAIM_SUB: Final = 2
CLAIM_AUD: Final = 3
CLAIM_EXP: Final = 4
CLAIM_NBF: Final = 5
CLAIM_IAT: Final = 6
CLAIM_CTI: Final = 7
CLAIM_CNF: Final = 8
# RFC 9711 section 4.1 (eat_nonce).
CLAIM_NONCE: Final = 10
CLAIM_VCT: Final = 11
CLAIM_CNONCE: Final = 39
CLAIM_STATUS: Final = 65535
CLAIM_STATUS_LIST: Final = 65533
CLAIM_TTL: Final = 65534
CNF_COSE_KEY: Final = 1
STATUS_STATUS_LIST: Final = "status_list"
STATUS_IDX: Final = "idx"
STATUS_URI: Final = "uri"
STATUS_BITS: Final = "bits"
STATUS_LST: Final = "lst"

# Private claims of a credential.
CLAIM_LIC: Final = -70001
CLAIM_HOLDER_KIND: Final = -70002
CLAIM_KEY_ASSURANCE: Final = -70003
CLAIM_MANDATE: Final = -70060

# Private claims of a paper code.
CLAIM_MASKED_NAME: Final = -70061
CLAIM_LAST_FOUR: Final = -70062

# Private claims of a dispute note: -70070…-70079. Purpose means the same as in a receipt.
CLAIM_DISPUTED: Final = -70070
CLAIM_DISPUTED_CHECK: Final = -70071
CLAIM_DISPUTED_ANSWER: Final = -70072
CLAIM_DISPUTED_AGES: Final = -70073

# Private claims of a staff certificate: -70080…-70084. Its relying party is the one of a terminal certificate.
CLAIM_STAFF_NAME: Final = -70080
CLAIM_STAFF_ROLE: Final = -70081
CLAIM_STAFF_USES: Final = -70082

# Private claims of an officer's act: -70090…-70099. Reason means the same as in a challenge.
CLAIM_ACT: Final = -70090
CLAIM_ACT_LICENCE: Final = -70091
CLAIM_ACT_CHECK: Final = -70092

# Private claims of a challenge: -70010…-70019. Purpose and reason mean the same in a receipt.
CLAIM_WANTED: Final = -70010
CLAIM_REASON: Final = -70011
CLAIM_SEALING_KEY: Final = -70012
CLAIM_PURPOSE: Final = -70013

# Private claims of a terminal certificate: -70050…-70059.
CLAIM_PLACE: Final = -70050
CLAIM_RELYING_PARTY: Final = -70051
CLAIM_MAXIMA: Final = -70052

# Private claims of what a terminal sends its operator, in the same range: -70054, -70055.
CLAIM_TERMINAL_ROW: Final = -70054
CLAIM_ENROLMENT: Final = -70055

# Private claims of site uses, in the same range: -70056, -70057.
CLAIM_SITE: Final = -70056
CLAIM_SITE_USES: Final = -70057

# Private claims of a receipt: -70040…-70049.
CLAIM_SHOWN: Final = -70040
CLAIM_VERDICT: Final = -70041
CLAIM_FRESHNESS: Final = -70042
CLAIM_JOURNAL: Final = -70043
CLAIM_CHALLENGE: Final = -70044

# Private claims of the signed documents (trust list, catalogue, policy, directory, manifest, feed): -70030…-70039.
CLAIM_SEQ: Final = -70030
CLAIM_ANCHORS: Final = -70031
CLAIM_KINDS: Final = -70032
CLAIM_POLICY_ROWS: Final = -70033
CLAIM_PURPOSE_MAXIMA: Final = -70034
CLAIM_CATALOGUE: Final = -70035
CLAIM_MANIFEST: Final = -70036
CLAIM_FEED_DOCUMENT: Final = -70037

# Private claims of a status list token: -70020…-70029.
CLAIM_LIST_SEQ: Final = -70020
CLAIM_LIST_SHA256: Final = -70021

# Private claims of checkpoints and co-signatures, in the same range.
CLAIM_FEED: Final = -70022
CLAIM_HEADS: Final = -70023
CLAIM_BASE: Final = -70024
CLAIM_LISTS: Final = -70025
CLAIM_BANS: Final = -70026
CLAIM_TUF_VERSIONS: Final = -70027
CLAIM_REVERSALS: Final = -70028
CLAIM_DELTA_SHA256: Final = -70029

# COSE_Key (RFC 9052 section 7.1, RFC 9053 section 7; RFC 9964 for AKP, whose label -1 is the public key).
KEY_KTY: Final = 1
KEY_ALG: Final = 3
KEY_CRV: Final = -1
KEY_X: Final = -2
KEY_Y: Final = -3
KEY_PUB: Final = -1
KTY_OKP: Final = 1
KTY_EC2: Final = 2
KTY_AKP: Final = 7
CRV_P256: Final = 1
CRV_X25519: Final = 4
CRV_ED25519: Final = 6
CRV_SM2: Final = -70201
"""sm2p256v1 of GB/T 32918.5; private, as its algorithm."""


class HolderKind(IntEnum):
    """Claim -70002."""

    NATURAL_PERSON = 1
    LEGAL_PERSON = 2


class TrustTier(IntEnum):
    """The class of a verdict in a receipt: accept, check, refuse by their tiers (draft-ietf-rats-ar4si section 2.3.2).

    There is no receipt for what was not read.
    """

    AFFIRMING = 2
    WARNING = 32
    CONTRAINDICATED = 96


class KeyAssurance(IntEnum):
    """Claim -70003, set by the issuer at enrolment; absent means SOFTWARE."""

    SOFTWARE = 0
    OS_KEY_STORE = 1
    HARDWARE_USER_VERIFICATION = 2
    PROOFED_IN_PERSON = 3


class Lic(IntEnum):
    """Keys of the licence map `lic` (claim -70001) that every kind shares; 24–255 belong to a kind."""

    NAME = 1
    CLASS = 2
    CITIZEN_ID = 3
    USCC = 4
    LICENCE_NO = 5
    VALID_FROM = 6
    VALID_TO = 7
    FIRST_ISSUE = 8
    AUTHORITY = 9
    SEX = 10
    BIRTH_DATE = 11
    NATION = 12
    ADDRESS = 13
    PORTRAIT_SHA256 = 14
    LEGAL_REPRESENTATIVE = 15
    ENTITY_TYPE = 16
    CAPITAL = 17
    FOUNDED = 18
    TERM = 19
    SCOPE = 20
    IDENTIFIER = 21
    HELD_FOR = 22


GROUP_KEYS: Final = range(200, 216)
"""`lic` keys of nested redacted groups."""

VCT_RANGE: Final = range(10_000, 65_536)
VCT_EXPERIMENTAL: Final = range(65_001, 65_536)
"""Licence kinds; ours live in the experimental range until numbers are registered."""

# Prefixes of a code's text (PROTOCOL.md, "Prefixes").
PREFIX_PRESENTATION: Final = "LZ1:"
PREFIX_BUNDLE: Final = "LB1:"
PREFIX_SEALED: Final = "LE1:"
PREFIX_CHALLENGE: Final = "LC1:"
PREFIX_ANIMATED: Final = "LP1:"
PREFIX_PAPER: Final = "LS1:"
PREFIX_ENROLMENT: Final = "LT1:"
PREFIX_RECEIPT: Final = "LR1:"
PREFIX_RESERVED: Final = "LZ2:"
PREFIX_CHARACTERS: Final = 4


class AnimatedKind(IntEnum):
    """What the frames of an animated code carry."""

    PRESENTATION = 1
    PORTRAIT = 2
    BUNDLE = 3
    SEALED = 4


class Purpose(IntEnum):
    """What a licence is shown for; the letter stands in aud ("lz:w"), the word in commands and files."""

    WINDOW = ord("w")
    KIOSK = ord("k")
    ROADSIDE = ord("p")
    GATE = ord("g")
    HOTEL = ord("h")
    AIRPORT = ord("a")

    @property
    def audience(self) -> str:
        """The aud of a presentation for this purpose, without a challenge."""
        return f"lz:{chr(self.value)}"

    @property
    def word(self) -> str:
        """The word of the command line and of policy files: `window`."""
        return self.name.lower()
