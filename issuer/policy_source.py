"""Reads the authored appraisal policy: the rows that ship (`issuer/policies/*.toml`), and an operator's stricter ones.

Guaranteed: what comes out has the protocol's form and agrees with the kinds: a view holds exactly the mandatory items
of its purpose's row, no row asks for what a holder could withhold unseen, and a row for one region only tightens. Every
mistake is an `AuthoringError` that names file and key. Not handled here: signing and distributing (`publishing`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from issuer import authored_table
from issuer.authored_table import PURPOSES, Source, Table
from issuer.errors import AuthoringError
from protocol import appraisal_policy, limits
from protocol.appraisal_policy import PolicyRow
from protocol.errors import ProtocolError
from protocol.labels import KeyAssurance, Purpose
from protocol.licence import age
from protocol.licence.catalogue import Clear, HolderRule, Kind
from protocol.unixtime import Seconds

_ASSURANCES: Final = {assurance.name.lower(): assurance for assurance in KeyAssurance}
_REGION_DIGITS: Final = 6
_SEAL_WITHOUT_CHALLENGE: Final = "what is sealed answers a challenge, so challenge_required must be true too"

Rows = Mapping[tuple[int, Purpose], PolicyRow]
StricterRows = Mapping[tuple[int, Purpose, str], PolicyRow]


def load_policy_rows(kinds: Mapping[int, Kind], *, regions: frozenset[str]) -> Rows:
    """The policy rows that ship with this package, recognising these regions.

    Raises:
        AuthoringError: A file is wrong, or a view of a kind does not fit its row.
    """
    return policy_rows_from(authored_table.shipped("policies"), kinds, regions=regions)


def policy_rows_from(sources: Iterable[Source], kinds: Mapping[int, Kind], *, regions: frozenset[str]) -> Rows:
    """The rows in these files. Raises: as `load_policy_rows`."""
    by_slug = {kind.slug: kind for kind in kinds.values()}
    rows: dict[tuple[int, Purpose], PolicyRow] = {}
    for source in sources:
        table = authored_table.whole(source)
        kind = _kind_of(table, by_slug)
        for word, row in table.tables("row").items():
            purpose = row.member(word, PURPOSES, key="")
            if (kind.vct, purpose) in rows:
                row.fail("", "a second row for this kind and purpose")
            rows[kind.vct, purpose] = _row(row, kind, purpose, regions)
        table.finish()
    for kind in kinds.values():
        _lint_views(kind, rows)
    return rows


def stricter_rows_from(sources: Iterable[Source], kinds: Mapping[int, Kind], rows: Rows) -> StricterRows:
    """The rows for the licences of one region in an operator's files, each complete, beside the general ones.

    Such a table states what is stricter than in the general row of its kind and purpose; the rest is as there.

    Raises:
        AuthoringError: A file is wrong, or a row is looser than the general one, or changes nothing.
    """
    by_slug = {kind.slug: kind for kind in kinds.values()}
    found: dict[tuple[int, Purpose, str], PolicyRow] = {}
    for source in sources:
        table = authored_table.whole(source)
        kind = _kind_of(table, by_slug)
        for word, regional in table.nested("stricter").items():
            purpose = table.member(word, PURPOSES, key=f"stricter.{word}")
            general = rows.get((kind.vct, purpose))
            for region, row in regional.items():
                if general is None:
                    row.fail("", "the policy has no general row for this kind and purpose")
                if len(region) != _REGION_DIGITS or not (region.isascii() and region.isdecimal()):
                    row.fail("", "not the six digits of a region")
                if (kind.vct, purpose, region) in found:
                    row.fail("", "a second row for this kind, purpose and region")
                found[kind.vct, purpose, region] = _stricter(row, kind, general, region)
        table.finish()
    return found


def _kind_of(table: Table, by_slug: Mapping[str, Kind]) -> Kind:
    slug = table.text("kind")
    if slug not in by_slug:
        table.fail("kind", f"no kind has the slug {slug!r}; known: {', '.join(sorted(by_slug))}")
    return by_slug[slug]


def _stricter(table: Table, kind: Kind, general: PolicyRow, region: str) -> PolicyRow:
    changed = {name: read(table, kind, general) for name, read in _MAY_BE_STRICTER.items() if table.has(name)}
    table.finish()
    row = replace(general, regions=frozenset({region}), only_for=region, **changed)
    # What is not asked for any more has no mask and needs no consent.
    row = replace(row, masked=row.masked & row.maximum, separate_consent=row.separate_consent & row.maximum)
    looser = row.looser_than(general)
    if looser:
        table.fail(looser[0], "looser than the general row of this kind and purpose; it may only be stricter")
    if row == replace(general, regions=row.regions, only_for=region):
        table.fail("", "nothing in it is stricter than in the general row")
    if row.seal_required and not row.challenge_required:
        table.fail("seal_required", _SEAL_WITHOUT_CHALLENGE)
    return _readable(table, row)


def _lint_views(kind: Kind, rows: Rows) -> None:
    demanded = frozenset[int]().union(*(row.mandatory for (vct, _), row in rows.items() if vct == kind.vct))
    for purpose, keys in kind.views.items():
        row, place = rows.get((kind.vct, purpose)), f"view.{purpose.word}"
        if row is None:
            raise AuthoringError(f"kinds/{kind.slug}.toml", place, "the policy has no row for this purpose")
        if keys != row.mandatory:
            # Optional items always come from F, so that the holder's choice item by item is never taken away.
            different = ", ".join(sorted(item.name for item in kind.items if item.key in keys ^ row.mandatory))
            raise AuthoringError(
                f"kinds/{kind.slug}.toml",
                place,
                f"not exactly the mandatory items of its policy row; differs in: {different}",
            )
        hidden = demanded & kind.absence_is_stated - keys
        if hidden:
            # A holder could show this view elsewhere, where the item's absence would pass for the issuer's statement.
            lacking = ", ".join(sorted(item.name for item in kind.items if item.key in hidden))
            raise AuthoringError(f"kinds/{kind.slug}.toml", place, f"lacks what another purpose relies on: {lacking}")


def _row(table: Table, kind: Kind, purpose: Purpose, regions: frozenset[str]) -> PolicyRow:
    mandatory, optional = table.keys("mandatory", kind.items), table.keys("optional", kind.items)
    masked = table.keys("masked", kind.items)
    if not mandatory:
        table.fail("mandatory", "empty: a purpose that needs nothing needs no licence")
    if mandatory & optional:
        table.fail("optional", "an item is mandatory as well")
    if not masked <= mandatory | optional:
        table.fail("masked", "an item that is not asked for")
    if not mandatory <= {item.key for item in kind.items if item.required} | kind.absence_is_stated:
        # Without a hidden item nobody can tell whether the licence lacks it or its holder withholds it.
        table.fail("mandatory", "an item that a licence of this kind may lack, and that is not clear")
    challenge_required = table.flag("challenge_required")
    seal_required = table.value("seal_required", bool, default=False)
    if seal_required and not challenge_required:
        # Only a challenge brings a key to seal to; without one every presentation would be refused.
        table.fail("seal_required", _SEAL_WITHOUT_CHALLENGE)
    row = PolicyRow(
        vct=kind.vct,
        purpose=purpose,
        regions=regions,
        legal_basis=table.text("legal_basis"),
        mandatory=mandatory,
        optional=optional,
        masked=masked,
        challenge_required=challenge_required,
        seal_required=seal_required,
        link_waived=table.value("link_waived", bool, default=False),
        holders_required=_holders_required(table),
        person_check=table.flag("person_check"),
        irreversible=table.flag("irreversible"),
        show_under_refusal=table.flag("show_under_refusal"),
        min_assurance=_min_assurance(table),
        max_status_age=_max_status_age(table),
        retention_days=table.integer("retention_days"),
        review_path=table.text("review_path"),
        separate_consent=_separate_consent(table, kind, mandatory | optional),
        guardian_below=_guardian_below(table, kind, mandatory),
        values_on_file=table.value("values_on_file", bool, default=False),
        only_for=None,
    )
    table.finish()
    return _readable(table, row)


def _readable(table: Table, row: PolicyRow) -> PolicyRow:
    try:
        # The reader that terminals use says whether this row can be read at all.
        return appraisal_policy.row_from_value(appraisal_policy.row_to_value(row))
    except ProtocolError as error:
        table.fail("", str(error))


def _holders_required(table: Table) -> int:
    holders: int = table.value("holders_required", int, default=1)
    if holders not in limits.HOLDERS_REQUIRED:
        table.fail("holders_required", f"not {limits.HOLDERS_REQUIRED.start} to {limits.HOLDERS_REQUIRED.stop - 1}")
    return holders


def _max_status_age(table: Table) -> Seconds | None:
    seconds: int = table.value("max_status_age", int, default=0)
    return Seconds(seconds) if seconds else None


def _min_assurance(table: Table) -> KeyAssurance:
    assurance: KeyAssurance = table.member(table.text("min_assurance"), _ASSURANCES, key="min_assurance")
    return assurance


def _separate_consent(table: Table, kind: Kind, maximum: frozenset[int]) -> frozenset[int]:
    separate = table.keys("separate_consent", kind.items)
    if not separate <= maximum:
        table.fail("separate_consent", "an item that is not asked for")
    if any(item.key in separate and isinstance(item.layout, Clear) for item in kind.items):
        # What stands clear is shown with everything else, whatever its holder answers.
        table.fail("separate_consent", "an item that is clear, so that nobody can keep it back")
    return separate


def _guardian_below(table: Table, kind: Kind, mandatory: frozenset[int]) -> int | None:
    years: int = table.value("guardian_below", int, default=0)
    if years == 0:
        return None
    if years not in limits.GUARDIAN_BELOW:
        table.fail("guardian_below", f"not {limits.GUARDIAN_BELOW.start} to {limits.GUARDIAN_BELOW.stop - 1} years")
    if kind.holder is HolderRule.LEGAL or not mandatory & age.TELLING:
        # Else an optional "no" would be answered with a question about the age.
        table.fail("guardian_below", "no mandatory item tells the age: birth_date or citizen_id")
    return years


_MAY_BE_STRICTER: Final[Mapping[str, Callable[[Table, Kind, PolicyRow], Any]]] = {
    "legal_basis": lambda table, _, __: table.text("legal_basis"),
    "optional": lambda table, kind, _: table.keys("optional", kind.items),
    "masked": lambda table, kind, _: table.keys("masked", kind.items),
    "challenge_required": lambda table, _, __: table.flag("challenge_required"),
    "seal_required": lambda table, _, __: table.flag("seal_required"),
    "link_waived": lambda table, _, __: table.flag("link_waived"),
    "holders_required": lambda table, _, __: _holders_required(table),
    "person_check": lambda table, _, __: table.flag("person_check"),
    "irreversible": lambda table, _, __: table.flag("irreversible"),
    "show_under_refusal": lambda table, _, __: table.flag("show_under_refusal"),
    "min_assurance": lambda table, _, __: _min_assurance(table),
    "max_status_age": lambda table, _, __: _max_status_age(table),
    "retention_days": lambda table, _, __: table.integer("retention_days"),
    "review_path": lambda table, _, __: table.text("review_path"),
    "separate_consent": lambda table, kind, general: _separate_consent(table, kind, general.maximum),
    "guardian_below": lambda table, kind, general: _guardian_below(table, kind, general.mandatory),
    "values_on_file": lambda table, _, __: table.flag("values_on_file"),
}
"""What a row for one region may state. Not its mandatory items: wallets know one view for each kind and purpose."""
