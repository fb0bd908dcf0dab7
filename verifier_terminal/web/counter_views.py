"""The fields of one check for a counter system, as `openapi.json` describes them; never more than the page shows.

Pure. Items stand under the catalogue's names and in types of JSON: dates as 2026-11-22, numbers and booleans as such,
digests in hexadecimal. Text came with a licence and is harmless here as on the page (`harmless`): no control, bidi or
zero-width character gets into somebody's database.
"""

from collections.abc import Mapping
from typing import Any

from protocol import cbor, unixtime
from protocol.licence.catalogue import ItemType, Kind
from verifier_terminal.appraisal.context import Knowledge
from verifier_terminal.appraisal.verdict import Licence, Proceed, Verdict
from verifier_terminal.counter_clients import CounterClient
from verifier_terminal.handover import HandedOver
from verifier_terminal.store import person_check
from verifier_terminal.store.person_check import PersonCheck
from verifier_terminal.web.harmless import MAX_NAME_CHARACTERS, shown

Json = Mapping[str, Any]


def act_json(held: HandedOver, client: CounterClient, knowledge: Knowledge | None, *, cursor: str, left: float) -> Json:
    """One check as this client may have it."""
    verdict = held.verdict
    person = person_check.of_verdict(verdict, matches=held.person_matches)
    return {
        "cursor": cursor,
        "check_number": verdict.check_number,
        "at": unixtime.iso_utc(verdict.at),
        "purpose": verdict.purpose.word,
        "case": held.case or None,
        "class": verdict.verdict_class.value,
        "proceed": _proceed(held, person).value,
        "person": person.value,
        "void": held.void,
        "rechecked": None if held.rechecked is None else held.rechecked.name.lower(),
        "receipts": list(held.receipts),
        "codes": [str(finding.code) for finding in verdict.findings],
        "status_grade": verdict.status_grade.name.lower(),
        "ages": {
            "trust": verdict.ages.trust,
            "status": verdict.ages.status,
            "policy": verdict.ages.policy,
            "clock": verdict.ages.clock,
        },
        "licences": [
            _licence(each, each.licence, client, knowledge)
            for each in verdict.members or (verdict,)
            if each.licence is not None
        ],
        "forgotten_in": int(left),
    }


def _proceed(held: HandedOver, person: PersonCheck) -> Proceed:
    """What holds now: after the clerk's answer, and never after a void or a re-check that found something else."""
    if held.void or held.rechecked is not None or person is PersonCheck.NOT_MATCHED:
        return Proceed.NO
    return Proceed.YES if person is PersonCheck.MATCHED else held.verdict.proceed


def _licence(verdict: Verdict, licence: Licence, client: CounterClient, knowledge: Knowledge | None) -> Json:
    kind = knowledge.catalogue.kinds.get(licence.vct) if knowledge else None
    row = knowledge.policy.row(licence.vct, verdict.purpose, licence.region) if knowledge else None
    mandate = licence.mandate
    return {
        "class": verdict.verdict_class.value,
        "kind": shown(licence.slug, max_characters=MAX_NAME_CHARACTERS),
        "vct": licence.vct,
        "region": shown(licence.region, max_characters=6),
        "authority": shown(licence.authority),
        "valid_to": _day(licence.valid_to)
        if licence.valid_to is not None and client.may_have(licence.slug, "valid_to")
        else None,
        "items": {
            name: _value(kind, name, value)
            for name, value in (licence.claims or {}).items()
            if client.may_have(licence.slug, name)
        },
        "is_paper": licence.is_paper,
        "shown_by_agent": None
        if mandate is None
        else {"level": mandate.level, "until": unixtime.iso_utc(mandate.until)},
        "retention_days": None if row is None else row.retention_days,
    }


def _value(kind: Kind | None, name: str, value: cbor.Value) -> Any:
    item = next((each for each in kind.items if each.name == name), None) if kind else None
    match value:
        case int() if item is not None and item.type is ItemType.DATE and not isinstance(value, bool):
            return _day(value)
        case bool() | int():
            return value
        case str():
            return shown(value)
        case bytes():
            return value.hex()
        case tuple():
            return [_value(None, name, each) for each in value]
        case _:
            return shown(str(value))


def _day(value: int) -> str:
    """A date of JSON's schemas; a number that is no day stays a number in text."""
    try:
        return unixtime.calendar_date(value).isoformat()
    except ValueError:
        return str(value)
