"""The home region's signed documents in words: which keys are trusted for what, which kinds there are, and the rules.

Guaranteed: a document is shown only if its signature holds under the pinned root; of another one the reason alone. Not
handled here: other regions' documents and status lists, which are named with their sizes.
"""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from protocol import appraisal_policy, keys, trust_list, unixtime
from protocol.appraisal_policy import AppraisalPolicy
from protocol.errors import ProtocolError
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue, Kind
from protocol.policy_row import PolicyRow
from protocol.roots import Root
from protocol.trust_list import TrustList
from verifier_terminal.explore.pages import Page, Table
from verifier_terminal.store import trust_store
from verifier_terminal.store.trust_store import TrustStore
from verifier_terminal.web.explanation import Words
from verifier_terminal.web.harmless import shown
from verifier_terminal.web.texts import in_language

_Document = TypeVar("_Document", TrustList, Catalogue, AppraisalPolicy)


def held_catalogue(database: sqlite3.Connection, root: Root) -> Catalogue | None:
    """The catalogue, which names kinds and items on every page; None where there is none that verifies."""
    encoded = TrustStore(database).encoded(trust_store.CATALOGUE)
    try:
        return None if encoded is None else catalogue.verify(encoded, root=root)
    except ProtocolError:
        return None


def page(database: sqlite3.Connection, root: Root, words: Words) -> Page:
    """Trust list, catalogue and policy; and what else is held."""
    held = TrustStore(database).all()

    def table(
        name: str,
        title: str,
        verify: Callable[[bytes], _Document],
        columns: tuple[str, ...],
        rows: Callable[[_Document], tuple[tuple[str, ...], ...]],
    ) -> Table:
        heading = words.say(f"explore.{title}")
        names = tuple(words.say(f"explore.{each}") for each in columns)
        if name not in held:
            return Table(heading, (), (), words.say("explore.not_held"))
        try:
            document = verify(held[name])
        except ProtocolError as refusal:
            return Table(heading, (), (), words.say("explore.unverified", why=shown(str(refusal))))
        moments = {"iat": unixtime.iso_local(document.iat), "exp": unixtime.iso_local(document.exp)}
        note = words.say("explore.verified", seq=document.seq, **moments)
        return Table(heading, names, rows(document), note)

    others = tuple((shown(name), f"{len(held[name]):,}") for name in held if name not in trust_store.ROOT_SIGNED)
    return Page(
        title=words.say("explore.documents"),
        tables=(
            table(
                trust_store.TRUST,
                "trust_list",
                lambda encoded: trust_list.verify(encoded, root=root),
                ("issuer", "use", "kinds", "sign_until", "verify_until", "key"),
                lambda document: _anchors(document, words),
            ),
            table(
                trust_store.CATALOGUE,
                "catalogue",
                lambda encoded: catalogue.verify(encoded, root=root),
                ("kind", "name", "risk", "items"),
                lambda document: _kinds(document, words),
            ),
            table(
                trust_store.POLICY,
                "policy",
                lambda encoded: appraisal_policy.verify(encoded, root=root),
                ("kind", "profile", "recognised", "mandatory", "optional", "demands", "basis"),
                lambda document: _rows(document, words),
            ),
            Table(
                words.say("explore.other_documents"), (words.say("explore.name"), words.say("explore.bytes")), others
            ),
        ),
    )


def _anchors(trust: TrustList, words: Words) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            shown(anchor.iss),
            anchor.use.name.lower(),
            ", ".join(_kind(vct, words) for vct in sorted(anchor.kinds)) or words.say("explore.all_kinds"),
            unixtime.iso_local(anchor.sign_until),
            unixtime.iso_local(anchor.verify_until),
            keys.kid_of(anchor.key).hex(),
        )
        for _, anchor in sorted(trust.anchors.items())
    )


def _kinds(listed: Catalogue, words: Words) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            f"{vct}",
            shown(in_language(kind.names, words.language)),
            str(kind.risk),
            ", ".join(shown(in_language(item.labels, words.language)) for item in kind.items),
        )
        for vct, kind in sorted(listed.kinds.items())
    )


def _rows(policy: AppraisalPolicy, words: Words) -> tuple[tuple[str, ...], ...]:
    rows = [*(row for _, row in sorted(policy.rows.items())), *(row for _, row in sorted(policy.stricter.items()))]
    return tuple(
        (
            _kind(row.vct, words),
            words.say(f"purpose.{row.purpose.word}"),
            ", ".join(shown(each) for each in sorted(row.regions)),
            _items(row.vct, row.mandatory, words),
            _items(row.vct, row.optional, words),
            "; ".join(_demands(row, words)),
            shown(row.legal_basis),
        )
        for row in rows
    )


def _demands(row: PolicyRow, words: Words) -> list[str]:
    asked = {
        "challenge": row.challenge_required,
        "seal": row.seal_required,
        "person": row.person_check,
        "irreversible": row.irreversible,
        "under_refusal": row.show_under_refusal,
    }
    said = [words.say(f"explore.{name}") for name, is_asked in asked.items() if is_asked]
    if row.only_for is not None:
        said.insert(0, words.say("explore.only_for", region=shown(row.only_for)))
    if row.holders_required > 1:
        said.append(words.say("explore.holders", n=row.holders_required))
    if row.min_assurance:
        said.append(words.say("explore.assurance", n=int(row.min_assurance)))
    if row.max_status_age is not None:
        said.append(words.say("explore.max_age", n=row.max_status_age))
    said.append(words.say("explore.retention", n=row.retention_days))
    return said


def _known(vct: int, words: Words) -> Kind | None:
    return words.catalogue.kinds.get(vct) if words.catalogue else None


def _kind(vct: int, words: Words) -> str:
    kind = _known(vct, words)
    return str(vct) if kind is None else shown(in_language(kind.names, words.language))


def _items(vct: int, item_keys: frozenset[int], words: Words) -> str:
    kind = _known(vct, words)
    found = [(key, kind.item(key) if kind else None) for key in sorted(item_keys)]
    names = (str(key) if item is None else in_language(item.labels, words.language) for key, item in found)
    return ", ".join(shown(each) for each in names)
