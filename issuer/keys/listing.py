"""Keys and departments as an operator sees them, on every way the same."""

from collections.abc import Mapping
from typing import Any

from issuer.keys.departments import Department
from issuer.keys.records import MAX_LICENCES, WORDS, KeyRecord, Kinds
from protocol import unixtime
from protocol.labels import Alg, KeyUse
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime


def as_json(record: KeyRecord, kinds: Mapping[int, Kind], *, kept: int, at: UnixTime) -> dict[str, Any]:
    """The members of one key. `kinds` are those that it may sign, where its use has kinds."""
    has_kinds = record.use in {KeyUse.ASSERT, KeyUse.PAPER, KeyUse.MANDATE}
    is_counted = record.use is KeyUse.ASSERT
    return {
        "kid": record.kid.hex(),
        "use": WORDS[record.use],
        "alg": Alg(record.key.alg).name,
        "department": record.department,
        "state": str(record.state(at, kept=kept)),
        "kinds": slugs(record.kinds, kinds) if has_kinds else [],
        "published": unixtime.iso_utc(record.published_at),
        "sign_from": unixtime.iso_utc(record.sign_from),
        "sign_until": unixtime.iso_utc(record.sign_until),
        "verify_until": unixtime.iso_utc(record.verify_until(kept=kept)),
        "licences": record.given if is_counted else None,
        "room": max(0, MAX_LICENCES - record.given) if is_counted else None,
        "banned_since": None if record.banned_since is None else unixtime.iso_utc(record.banned_since),
        "by": record.actor,
    }


def department_as_json(department: Department, kinds: Mapping[int, Kind]) -> dict[str, Any]:
    """The members of one department."""
    return {
        "name": department.name,
        "kinds": slugs(Kinds(department.kinds, False), kinds),
        "by": department.actor,
        "since": unixtime.iso_utc(department.at),
        "retired": None if department.retired_at is None else unixtime.iso_utc(department.retired_at),
    }


def slugs(kinds: Kinds, known: Mapping[int, Kind]) -> list[str]:
    """The names of these kinds."""
    return sorted(known[vct].slug for vct in kinds.among(frozenset(known)))
