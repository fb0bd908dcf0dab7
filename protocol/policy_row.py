"""One row of the appraisal policy: what is demanded of a licence kind for a purpose, and which of two rows is stricter.

Not handled here: the signed document in which rows stand (`appraisal_policy`).
"""

from dataclasses import dataclass, replace
from typing import Final

from protocol.labels import KeyAssurance, Purpose
from protocol.unixtime import Seconds


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """What is demanded of one kind for one purpose.

    `mandatory` and `optional` are `lic` keys; together they are the maximum that may be asked for, and undemanded items
    are dropped before the verdict. `masked` items are shown in part (张*三). `max_status_age` tightens the matrix; None
    leaves it as it is. `irreversible` raises the risk class to X. `seal_required` demands that a challenge's answer is
    sealed. `link_waived` lets licences of different persons stand in one bundle. `holders_required` is 1 where any
    holder of the licence may show it alone, else how many different holders must show it together (marriage: 2).
    `separate_consent` items need a consent of their own (PIPL art. 29): the wallet asks for each apart and never
    proposes it. A holder younger than `guardian_below` full years needs a guardian (PIPL art. 31). `values_on_file`:
    the case file of this purpose needs the items' values, so that a receipt may carry them. `only_for` is None in a
    general row, else the region whose licences alone the row is about.
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
    separate_consent: frozenset[int]
    guardian_below: int | None
    values_on_file: bool
    only_for: str | None

    @property
    def maximum(self) -> frozenset[int]:
        """Every item that may be asked for."""
        return self.mandatory | self.optional

    def recognises(self, region: str) -> bool:
        """Whether licences of this region count here.

        Regions are those of GB/T 2260: a row that names a province (330000) means its cities and districts too, one
        that names a city (330400) its districts. It never goes upwards: a city's row does not recognise its province.
        """
        return not self.regions.isdisjoint(containing(region))

    def tightened_by(self, other: "PolicyRow") -> "PolicyRow":
        """This row with everything in which the other one is stricter; nothing in which it is looser.

        Items are asked for within this row's maximum alone. The other one's texts stand here, since what makes it
        stricter is its law.
        """
        mandatory = self.mandatory | (other.mandatory & self.maximum)
        maximum = mandatory | (self.maximum & other.maximum)
        ages = _stated(self.max_status_age, other.max_status_age)
        return replace(
            self,
            legal_basis=other.legal_basis,
            mandatory=mandatory,
            optional=maximum - mandatory,
            masked=(self.masked | other.masked) & maximum,
            challenge_required=self.challenge_required or other.challenge_required,
            seal_required=self.seal_required or other.seal_required,
            link_waived=self.link_waived and other.link_waived,
            holders_required=max(self.holders_required, other.holders_required),
            person_check=self.person_check or other.person_check,
            irreversible=self.irreversible or other.irreversible,
            show_under_refusal=self.show_under_refusal and other.show_under_refusal,
            min_assurance=max(self.min_assurance, other.min_assurance),
            max_status_age=None if not ages else Seconds(min(ages)),
            retention_days=min(self.retention_days, other.retention_days),
            review_path=other.review_path,
            separate_consent=(self.separate_consent | other.separate_consent) & maximum,
            values_on_file=self.values_on_file and other.values_on_file,
            guardian_below=max(_stated(self.guardian_below, other.guardian_below), default=None),
        )

    def looser_than(self, general: "PolicyRow") -> tuple[str, ...]:
        """The names of what this row would allow and the general one does not; none if it only tightens."""
        both = general.tightened_by(self)
        return tuple(name for name in _COMPARED if getattr(self, name) != getattr(both, name))


_COMPARED: Final = (
    "mandatory",
    "optional",
    "masked",
    "challenge_required",
    "seal_required",
    "link_waived",
    "holders_required",
    "person_check",
    "irreversible",
    "show_under_refusal",
    "min_assurance",
    "max_status_age",
    "retention_days",
    "separate_consent",
    "guardian_below",
    "values_on_file",
)
"""What can be stricter or looser; the other fields say what a row is about, and why."""


def _stated(*either: int | None) -> list[int]:
    return [each for each in either if each is not None]


def containing(region: str) -> tuple[str, str, str]:
    """A region of GB/T 2260 with what contains it: its province first, itself last."""
    return f"{region[:2]}0000", f"{region[:4]}00", region
