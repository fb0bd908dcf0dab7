"""What a supervisor may set at one terminal: seventeen settings, each of which can only tighten the signed policy.

Guaranteed by construction: every policy row that comes out demands at least what the one that went in demands, shows
no item that it did not show, and keeps nothing longer. Pure; not handled here: who may change a setting (`supervision`)
and where they lie (`store.local_settings`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from protocol.appraisal_policy import AppraisalPolicy, PolicyRow
from protocol.labels import KeyAssurance, Lic
from protocol.licence.catalogue import Catalogue
from protocol.unixtime import DAY, MINUTE, Seconds
from verifier_terminal.setting_errors import SettingMeaningless

_IDENTIFYING: Final = frozenset(
    {Lic.NAME, Lic.CITIZEN_ID, Lic.LICENCE_NO, Lic.BIRTH_DATE, Lic.ADDRESS, Lic.LEGAL_REPRESENTATIVE, Lic.IDENTIFIER}
)


@dataclass(frozen=True, slots=True)
class Tightening:
    """Every setting; the defaults tighten nothing.

    Attributes:
        max_status_minutes: older status data count as unknown; 0: policy and matrix alone decide.
        challenge_always: a code that answers no request of this terminal is refused.
        seal_always: so is an answer that is not sealed to it.
        person_check_always: at an attended place every act waits for the comparison of the person.
        portrait_always: where a kind has a portrait, an act without it is held.
        min_assurance: how well the holder's key must be kept, 0 to 3.
        mandatory_only: optional items are neither asked for nor shown; the portrait stays.
        own_region_only: licences of other regions are not recognised here.
        nothing_under_refusal: a refused licence is never shown, also where policy would show it.
        as_irreversible: every act counts as one that cannot be taken back (risk class X).
        mask_identity: names, numbers, birth dates and addresses are shown in part.
        retention_days: the journal keeps the content of an act no longer; 0: as policy says.
        kinds: slugs of the kinds that are served here; empty: all that policy names.
        personal_seconds: personal data leave the screen after this; 0: as the page is set.
        typed_codes: whether a code may be typed in at the page.
        printing: whether slips may be printed from the page.
        sign_on_required: at an attended place nothing is read before a member of staff has signed on.
    """

    max_status_minutes: int = 0
    challenge_always: bool = False
    seal_always: bool = False
    person_check_always: bool = False
    portrait_always: bool = False
    min_assurance: int = 0
    mandatory_only: bool = False
    own_region_only: bool = False
    nothing_under_refusal: bool = False
    as_irreversible: bool = False
    mask_identity: bool = False
    retention_days: int = 0
    kinds: tuple[str, ...] = ()
    personal_seconds: int = 0
    typed_codes: bool = True
    printing: bool = True
    sign_on_required: bool = False


Value = int | bool | tuple[str, ...]
NOTHING: Final = Tightening()
NAMES: Final = tuple(each.name for each in fields(Tightening))
_MOST: Final[Mapping[str, int]] = {
    "max_status_minutes": 7 * DAY // MINUTE,
    "min_assurance": max(KeyAssurance),
    "retention_days": 3_650,
    "personal_seconds": 300,
}
_LEAST_SECONDS: Final = 5
_MAX_KINDS: Final = 64


class Direction(StrEnum):
    """What a change of a setting does."""

    SAME = "same"
    TIGHTER = "tighter"
    LOOSER = "looser"


def checked(name: str, value: object) -> Value:
    """The value that this setting takes, in its own type.

    Raises:
        SettingMeaningless: There is no such setting, or it takes another kind of value.
    """
    if name not in NAMES:
        raise SettingMeaningless(f"there is no setting {name[:40]}; there are {', '.join(NAMES)}")
    default = getattr(NOTHING, name)
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise SettingMeaningless(f"{name} is yes or no")
        return value
    if isinstance(default, int):
        least = _LEAST_SECONDS if name == "personal_seconds" else 1
        if isinstance(value, bool) or not isinstance(value, int) or not (value == 0 or least <= value <= _MOST[name]):
            raise SettingMeaningless(f"{name} is 0 or {least} to {_MOST[name]}")
        return value
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise SettingMeaningless(f"{name} is a list of kinds such as driving-licence")
    if len(value) > _MAX_KINDS or not all(
        each.isascii() and each.isprintable() and 0 < len(each) <= 64 for each in value
    ):
        raise SettingMeaningless(f"{name} is a list of at most {_MAX_KINDS} kinds such as driving-licence")
    return tuple(sorted(set(value)))


def direction(name: str, before: Value, after: Value) -> Direction:
    """Whether a change tightens; a change that does both counts as one that loosens."""
    if before == after:
        return Direction.SAME
    return Direction.TIGHTER if _IS_TIGHTER[name](before, after) else Direction.LOOSER


def of_values(values: Mapping[str, Value]) -> Tightening:
    """The settings of which these values are known. Raises: SettingMeaningless."""
    return Tightening(**{name: checked(name, value) for name, value in values.items()})  # type: ignore[arg-type]  # each was checked against its own default's type


def applied(tightening: Tightening, policy: AppraisalPolicy, catalogue: Catalogue, *, region: str) -> AppraisalPolicy:
    """The policy as it counts at this terminal.

    Args:
        tightening: The supervisor's.
        policy: The signed one; its moments and numbers stay.
        catalogue: Tells which kinds the slugs are.
        region: The terminal's own.
    """
    if tightening == NOTHING:
        return policy
    served = {vct for vct, kind in catalogue.kinds.items() if kind.slug in tightening.kinds}
    rows = {
        key: _row(tightening, row, region)
        for key, row in policy.rows.items()
        if not tightening.kinds or row.vct in served
    }
    return replace(policy, rows=rows)


def _row(set_here: Tightening, row: PolicyRow, region: str) -> PolicyRow:
    portrait = row.optional & {Lic.PORTRAIT_SHA256}
    minutes = set_here.max_status_minutes
    # Whatever this row says, no more than what is stricter in it comes out: `tightened_by` sees to that.
    demanded = replace(
        row,
        mandatory=row.mandatory | portrait if set_here.portrait_always else row.mandatory,
        optional=portrait if set_here.mandatory_only else row.optional,
        masked=row.maximum & _IDENTIFYING if set_here.mask_identity else frozenset(),
        challenge_required=set_here.challenge_always,
        seal_required=set_here.seal_always,
        person_check=set_here.person_check_always,
        irreversible=set_here.as_irreversible,
        show_under_refusal=not set_here.nothing_under_refusal,
        min_assurance=KeyAssurance(set_here.min_assurance),
        max_status_age=Seconds(minutes * MINUTE) if minutes else None,
        retention_days=set_here.retention_days or row.retention_days,
    )
    return replace(row.tightened_by(demanded), regions=_own(row, region) if set_here.own_region_only else row.regions)


def _own(row: PolicyRow, region: str) -> frozenset[str]:
    return frozenset({region}) if row.recognises(region) else frozenset()


def _fewer(before: Any, after: Any) -> bool:
    """Fewer are tighter, and 0 or none means that nothing is set."""
    return bool(after) and (not before or after < before)


_IS_TIGHTER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    **dict.fromkeys(("max_status_minutes", "retention_days", "personal_seconds"), _fewer),
    "min_assurance": lambda before, after: after > before,
    "kinds": lambda before, after: bool(after) and (not before or set(after) < set(before)),
    **dict.fromkeys(("typed_codes", "printing"), lambda before, after: before and not after),
    **dict.fromkeys(
        (each.name for each in fields(Tightening) if each.default is False), lambda before, after: after and not before
    ),
}
