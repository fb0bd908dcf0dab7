"""The signed appraisal policy: what a verifier demands for a licence kind and purpose (RFC 9334; TERMINAL.md).

Rows are keyed (vct, purpose) and name the regions that they recognise: region × kind × purpose stands here and
nowhere else. A row may stand beside them for the licences of one region; whatever it says, the stricter of both counts
(ADR 0022). A missing row means "never accept". Signed policy may tighten the built-in lists and matrix of the
appraisal, never loosen them; that is enforced there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from protocol import cbor, cwt, labels, limits, signed_document
from protocol.errors import SchemaError
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.labels import KeyAssurance, Purpose
from protocol.policy_row import PolicyRow as PolicyRow
from protocol.policy_row import containing
from protocol.roots import Root, RootSigner
from protocol.signed_document import SignedDocument
from protocol.unixtime import Seconds, UnixTime

_MAX_TEXT_BYTES: Final = 600
_MAX_KEYS: Final = 64


@dataclass(frozen=True, slots=True)
class AppraisalPolicy:
    """All rows of a region, with the age of this statement."""

    iss: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    rows: Mapping[tuple[int, Purpose], PolicyRow]
    stricter: Mapping[tuple[int, Purpose, str], PolicyRow] = field(default_factory=dict)
    """Rows for the licences of one region, each beside the general row that it tightens."""

    def row(self, vct: int, purpose: Purpose, region: str) -> PolicyRow | None:
        """What is demanded of this region's licences of a kind; None where the policy says nothing.

        A province's stricter row is about the licences of its cities and districts too.
        """
        demanded = self.rows.get((vct, purpose))
        for each in dict.fromkeys(containing(region)):
            tighter = self.stricter.get((vct, purpose, each))
            if demanded is not None and tighter is not None:
                demanded = demanded.tightened_by(tighter)
        return demanded


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
    SEPARATE_CONSENT = 19
    GUARDIAN_BELOW = 20
    VALUES_ON_FILE = 21
    ONLY_FOR = 22


def sign(policy: AppraisalPolicy, root: RootSigner) -> bytes:
    """The signed bytes of a policy."""
    ordered = [
        *(policy.rows[key] for key in sorted(policy.rows)),
        *(each for _, each in sorted(policy.stricter.items())),
    ]
    rows: tuple[cbor.Value, ...] = tuple(row_to_value(row) for row in ordered)
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
    parsed = [row_from_value(row) for row in document.body]
    rows, stricter = _indexed(parsed)
    if len(rows) + len(stricter) != len(parsed):
        raise SchemaError("two rows for one kind and purpose, or for one region of them")
    if any((vct, purpose) not in rows for vct, purpose, _ in stricter):
        raise SchemaError("a row for one region without the general row that it tightens")
    return AppraisalPolicy(document.iss, document.seq, document.iat, document.exp, rows, stricter)


def _indexed(
    rows: Iterable[PolicyRow],
) -> tuple[Mapping[tuple[int, Purpose], PolicyRow], Mapping[tuple[int, Purpose, str], PolicyRow]]:
    general: dict[tuple[int, Purpose], PolicyRow] = {}
    regional: dict[tuple[int, Purpose, str], PolicyRow] = {}
    for row in rows:
        if row.only_for is None:
            general[row.vct, row.purpose] = row
        else:
            regional[row.vct, row.purpose, row.only_for] = row
    return general, regional


def row_to_value(row: PolicyRow) -> cbor.Value:
    """What stands in the array of rows."""
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
        RowLabel.SEPARATE_CONSENT: tuple(sorted(row.separate_consent)),
        RowLabel.GUARDIAN_BELOW: row.guardian_below,
        RowLabel.VALUES_ON_FILE: row.values_on_file,
        RowLabel.ONLY_FOR: row.only_for,
    }


def row_from_value(value: cbor.Value) -> PolicyRow:
    """The row in this entry of the array.

    Raises:
        SchemaError: It is not exactly the entries of a row, each in range.
    """
    if not isinstance(value, Mapping) or value.keys() != frozenset(RowLabel):
        # No entry has a value that its absence could mean: a policy of an older form would be read as a looser one.
        raise SchemaError("a policy row that has not exactly its entries; it may be of an older form: publish it anew")
    regions = value[RowLabel.REGIONS]
    if not isinstance(regions, tuple) or not regions:
        raise SchemaError("a policy row that recognises no region")
    age, below, only_for = (
        value[each] for each in (RowLabel.MAX_STATUS_AGE, RowLabel.GUARDIAN_BELOW, RowLabel.ONLY_FOR)
    )
    if only_for is not None and regions != (only_for,):
        raise SchemaError("a policy row for one region that recognises another")
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
        separate_consent=_keys(value, RowLabel.SEPARATE_CONSENT),
        guardian_below=None if below is None else _integer(value, RowLabel.GUARDIAN_BELOW, limits.GUARDIAN_BELOW),
        values_on_file=_flag(value, RowLabel.VALUES_ON_FILE),
        only_for=None if only_for is None else _region(only_for),
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
