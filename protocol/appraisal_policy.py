"""The signed appraisal policy: what a verifier demands for a licence kind and purpose (RFC 9334; TERMINAL.md).

Rows are keyed (vct, purpose) and name the regions that they recognise: region × kind × purpose stands here and
nowhere else. A missing row means "never accept". Signed policy may tighten the built-in lists and matrix of the
appraisal, never loosen them; that is enforced there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol import cbor, cwt, labels, limits, signed_document
from protocol.errors import SchemaError
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.labels import KeyAssurance, Purpose
from protocol.roots import Root, RootSigner
from protocol.signed_document import SignedDocument
from protocol.unixtime import Seconds, UnixTime

_MAX_TEXT_BYTES: Final = 600
_MAX_KEYS: Final = 64


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """What is demanded of one kind for one purpose.

    `mandatory` and `optional` are `lic` keys; together they are the maximum that may be asked for, and undemanded items
    are dropped before the verdict. `masked` items are shown in part (张*三). `max_status_age` tightens the matrix; None
    leaves it as it is. `irreversible` raises the risk class to X. `seal_required` demands that a challenge's answer is
    sealed. `link_waived` lets licences of different persons stand in one bundle. `holders_required` is 1 where any
    holder of the licence may show it alone, else how many different holders must show it together (marriage: 2).
    """

    vct: int
    purpose: Purpose
    regions: frozenset[str]
    legal_basis: str
    mandatory: frozenset[int]
    optional: frozenset[int]
    masked: frozenset[int]
    challenge_required: bool
    seal_required: bool
    link_waived: bool
    holders_required: int
    person_check: bool
    irreversible: bool
    show_under_refusal: bool
    min_assurance: KeyAssurance
    max_status_age: Seconds | None
    retention_days: int
    review_path: str

    @property
    def maximum(self) -> frozenset[int]:
        """Every item that may be asked for."""
        return self.mandatory | self.optional

    def recognises(self, region: str) -> bool:
        """Whether licences of this region count here.

        Regions are those of GB/T 2260: a row that names a province (330000) means its cities and districts too, one
        that names a city (330400) its districts. It never goes upwards: a city's row does not recognise its province.
        """
        return not self.regions.isdisjoint((region, f"{region[:4]}00", f"{region[:2]}0000"))


@dataclass(frozen=True, slots=True)
class AppraisalPolicy:
    """All rows of a region, with the age of this statement."""

    iss: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    rows: Mapping[tuple[int, Purpose], PolicyRow]


class RowLabel(IntEnum):
    """Keys of one row's map."""

    VCT = 1
    PURPOSE = 2
    REGIONS = 3
    LEGAL_BASIS = 4
    MANDATORY = 5
    OPTIONAL = 6
    MASKED = 7
    CHALLENGE_REQUIRED = 8
    PERSON_CHECK = 9
    IRREVERSIBLE = 10
    SHOW_UNDER_REFUSAL = 11
    MIN_ASSURANCE = 12
    MAX_STATUS_AGE = 13
    RETENTION_DAYS = 14
    REVIEW_PATH = 15
    SEAL_REQUIRED = 16
    LINK_WAIVED = 17
    HOLDERS_REQUIRED = 18


def sign(policy: AppraisalPolicy, root: RootSigner) -> bytes:
    """The signed bytes of a policy."""
    rows: tuple[cbor.Value, ...] = tuple(_row_to_value(policy.rows[key]) for key in sorted(policy.rows))
    document = SignedDocument(policy.iss, policy.seq, policy.iat, policy.exp, rows)
    return signed_document.sign(document, typ=labels.TYP_POLICY, body_label=labels.CLAIM_POLICY_ROWS, signer=root)


def verify(encoded: bytes, *, root: Root, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS) -> AppraisalPolicy:
    """The policy, once its root's signature holds.

    Raises:
        ProtocolError: By its own reason; an empty policy is an error, never "nothing is demanded".
    """
    document = signed_document.verify(
        encoded, expected_typ=labels.TYP_POLICY, body_label=labels.CLAIM_POLICY_ROWS, root=root, algorithms=algorithms
    )
    if not isinstance(document.body, tuple) or not document.body:
        raise SchemaError("a policy without rows")
    parsed = [_row_from_value(row) for row in document.body]
    rows = {(row.vct, row.purpose): row for row in parsed}
    if len(rows) != len(parsed):
        raise SchemaError("two rows for one kind and purpose")
    return AppraisalPolicy(document.iss, document.seq, document.iat, document.exp, rows)


def _row_to_value(row: PolicyRow) -> cbor.Value:
    return {
        RowLabel.VCT: row.vct,
        RowLabel.PURPOSE: int(row.purpose),
        RowLabel.REGIONS: tuple(sorted(row.regions)),
        RowLabel.LEGAL_BASIS: row.legal_basis,
        RowLabel.MANDATORY: tuple(sorted(row.mandatory)),
        RowLabel.OPTIONAL: tuple(sorted(row.optional)),
        RowLabel.MASKED: tuple(sorted(row.masked)),
        RowLabel.CHALLENGE_REQUIRED: row.challenge_required,
        RowLabel.PERSON_CHECK: row.person_check,
        RowLabel.IRREVERSIBLE: row.irreversible,
        RowLabel.SHOW_UNDER_REFUSAL: row.show_under_refusal,
        RowLabel.MIN_ASSURANCE: int(row.min_assurance),
        RowLabel.MAX_STATUS_AGE: row.max_status_age,
        RowLabel.RETENTION_DAYS: row.retention_days,
        RowLabel.REVIEW_PATH: row.review_path,
        RowLabel.SEAL_REQUIRED: row.seal_required,
        RowLabel.LINK_WAIVED: row.link_waived,
        RowLabel.HOLDERS_REQUIRED: row.holders_required,
    }


def _row_from_value(value: cbor.Value) -> PolicyRow:
    if not isinstance(value, Mapping) or value.keys() != frozenset(RowLabel):
        raise SchemaError("a policy row that has not exactly its entries")
    regions = value[RowLabel.REGIONS]
    if not isinstance(regions, tuple) or not regions:
        raise SchemaError("a policy row that recognises no region")
    age = value[RowLabel.MAX_STATUS_AGE]
    return PolicyRow(
        vct=_integer(value, RowLabel.VCT, labels.VCT_RANGE),
        purpose=Purpose(_integer(value, RowLabel.PURPOSE, [int(purpose) for purpose in Purpose])),
        regions=frozenset(_region(region) for region in regions),
        legal_basis=cwt.text(value, RowLabel.LEGAL_BASIS, max_bytes=_MAX_TEXT_BYTES),
        mandatory=_keys(value, RowLabel.MANDATORY),
        optional=_keys(value, RowLabel.OPTIONAL),
        masked=_keys(value, RowLabel.MASKED),
        challenge_required=_flag(value, RowLabel.CHALLENGE_REQUIRED),
        seal_required=_flag(value, RowLabel.SEAL_REQUIRED),
        link_waived=_flag(value, RowLabel.LINK_WAIVED),
        holders_required=_integer(value, RowLabel.HOLDERS_REQUIRED, limits.HOLDERS_REQUIRED),
        person_check=_flag(value, RowLabel.PERSON_CHECK),
        irreversible=_flag(value, RowLabel.IRREVERSIBLE),
        show_under_refusal=_flag(value, RowLabel.SHOW_UNDER_REFUSAL),
        min_assurance=KeyAssurance(
            _integer(value, RowLabel.MIN_ASSURANCE, [int(assurance) for assurance in KeyAssurance])
        ),
        max_status_age=None if age is None else Seconds(_integer(value, RowLabel.MAX_STATUS_AGE, range(1, 2**31))),
        retention_days=_integer(value, RowLabel.RETENTION_DAYS, range(1, 36_500)),
        review_path=cwt.text(value, RowLabel.REVIEW_PATH, max_bytes=_MAX_TEXT_BYTES),
    )


def _integer(row: cwt.Claims, label: RowLabel, allowed: range | list[int]) -> int:
    value = row[label]
    if type(value) is not int or value not in allowed:
        raise SchemaError(f"a policy row's {label.name.lower()} is out of range")
    return value


def _flag(row: cwt.Claims, label: RowLabel) -> bool:
    value = row[label]
    if not isinstance(value, bool):
        raise SchemaError(f"a policy row's {label.name.lower()} is neither true nor false")
    return value


def _keys(row: cwt.Claims, label: RowLabel) -> frozenset[int]:
    value = row[label]
    if not isinstance(value, tuple) or len(value) > _MAX_KEYS:
        raise SchemaError(f"a policy row's {label.name.lower()} is not an array of item keys")
    keys: set[int] = set()
    for key in value:
        if type(key) is not int:
            raise SchemaError(f"a policy row's {label.name.lower()} is not an array of item keys")
        keys.add(key)
    return frozenset(keys)


def _region(value: cbor.Value) -> str:
    if not isinstance(value, str) or len(value) != 6 or not (value.isascii() and value.isdigit()):
        raise SchemaError("a region that is not six digits")
    return value
