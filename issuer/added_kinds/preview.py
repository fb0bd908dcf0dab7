"""What a kind means for those who use it: what a wallet asks its holder, and what a terminal's row demands.

The same for the command's lines and for its JSON.
"""

from collections.abc import Iterator
from typing import Any

from issuer.added_kinds.authored import Authored
from protocol.licence.catalogue import Clear, Kind
from protocol.policy_row import PolicyRow


def as_json(kind: Kind, authored: Authored) -> dict[str, Any]:
    """The members of one kind."""
    return {
        "vct": kind.vct,
        "kind": kind.slug,
        "names": {"zh_hans": kind.names.zh_hans, "zh_hant": kind.names.zh_hant, "en": kind.names.en},
        "origin": "added" if kind.slug in authored.added else "shipped",
        "state": "retired" if kind.slug in authored.retired else "issued",
        "holder": str(kind.holder),
        "holders": [kind.holders.least, kind.holders.most],
        "departments": list(kind.departments),
        "risk": str(kind.risk),
        "lifetime_days": kind.lifetime_days,
        "validity_years": kind.term.years,
        "renewal_opens_days": kind.term.renewal_opens_days,
        "purposes": {row.purpose.word: _row(kind, row) for row in _rows(kind, authored)},
    }


def lines(kind: Kind, authored: Authored) -> Iterator[str]:
    """The same for people."""
    said = as_json(kind, authored)
    most = kind.holders.most
    holders = "one holder" if most == 1 else f"{kind.holders.least} to {most} holders"
    term = "no fixed term" if kind.term.years is None else f"at most {kind.term.years} years"
    yield f"{kind.vct} {kind.slug}  {kind.names.zh_hans} · {kind.names.zh_hant} · {kind.names.en}"
    yield f"  {said['origin']}, {said['state']}; risk class {kind.risk}; {holders} ({kind.holder}); {term}"
    yield f"  issued by {', '.join(kind.departments)}; a credential lives {kind.lifetime_days} days"
    for purpose, row in said["purposes"].items():
        yield f"  {purpose}: {row['legal_basis']}"
        yield f"    the wallet shows   {_labels(kind, row['mandatory'])}"
        for words, name in (("it may also ask", "optional"), ("a consent apart", "separate_consent")):
            if row[name]:
                yield f"    {words:<18} {_labels(kind, row[name])}"
        if row["masked"]:
            yield f"    the clerk sees masked {_labels(kind, row['masked'])}"
        demands = [words for words, name in _DEMANDS if row[name]]
        yield f"    the terminal       {', '.join((*demands, 'key assurance ' + row['min_assurance']))}"
        yield f"    kept               {row['retention_days']} days"
    if not said["purposes"]:
        yield "  no policy row: it can be issued, and no terminal accepts it"


_DEMANDS = (
    ("asks with a challenge", "challenge_required"),
    ("has the answer sealed", "seal_required"),
    ("compares the person", "person_check"),
    ("acts for good", "irreversible"),
)


def _rows(kind: Kind, authored: Authored) -> Iterator[PolicyRow]:
    return (row for (vct, _), row in sorted(authored.rows.items()) if vct == kind.vct)


def _row(kind: Kind, row: PolicyRow) -> dict[str, Any]:
    clear = {item.key for item in kind.items if isinstance(item.layout, Clear)}
    return {
        "legal_basis": row.legal_basis,
        "mandatory": _names(kind, row.mandatory | clear & row.optional),
        "optional": _names(kind, row.optional - clear),
        "separate_consent": _names(kind, row.separate_consent),
        "masked": _names(kind, row.masked),
        "challenge_required": row.challenge_required,
        "seal_required": row.seal_required,
        "person_check": row.person_check,
        "irreversible": row.irreversible,
        "min_assurance": row.min_assurance.name.lower(),
        "retention_days": row.retention_days,
        "has_view": row.purpose in kind.views,
    }


def _names(kind: Kind, keys: frozenset[int] | set[int]) -> list[str]:
    return [item.name for item in kind.items if item.key in keys]


def _labels(kind: Kind, names: list[str]) -> str:
    return ", ".join(item.labels.zh_hans for item in kind.items if item.name in names)
