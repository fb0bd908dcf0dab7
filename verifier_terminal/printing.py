"""Verdicts and journal rows for machines (JSON, docs/spec/verdict-json.md) and for people at a command line.

Nothing that a device read is printed: of a code that is not ours only the name of its kind. Claims come from issuers
whose signature holds, and are printed as plain text without mark-up.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from protocol import cbor, unixtime
from protocol.licence.catalogue import ItemType, Kind
from protocol.unixtime import Seconds, UnixTime
from verifier_terminal.appraisal import reasons
from verifier_terminal.appraisal.verdict import (
    Ages,
    Fact,
    Finding,
    Form,
    Licence,
    Proceed,
    Tier,
    Verdict,
    VerdictClass,
)
from verifier_terminal.events import ForeignCode, RecheckAlarm
from verifier_terminal.store.chain import ChainReport
from verifier_terminal.store.journal import Payload
from verifier_terminal.upkeep import SyncReport

Json = dict[str, Any]

FACES: Final[Mapping[VerdictClass, tuple[str, str]]] = {
    VerdictClass.ACCEPT: ("( ✓ )  有效 VALID", "bold white on #00605c"),
    VerdictClass.CHECK: ("/ ! \\  请核对 CHECK", "bold black on #ffdd33"),
    VerdictClass.REFUSE: ("< ✗ >  不予采信 REFUSED", "bold white on #7a0010"),
    VerdictClass.NOT_READ: ("[ ? ]  未能读取 NOT READ", "bold black on #a3abb0"),
}
"""Shape, word and colour of each class: never colour alone (TERMINAL.md, "The verdict")."""
_PROCEED: Final[Mapping[Proceed, str]] = {
    Proceed.YES: "办理 go on",
    Proceed.AFTER_CHECK: "核对后办理 go on after the check",
    Proceed.NO: "不办理 do not go on",
}


def verdict_json(
    verdict: Verdict, *, kinds: Mapping[int, Kind], source: str, foreign: ForeignCode | None, exercise: bool
) -> Json:
    """The documented object; the catalogue's kinds say which items are days."""
    answered = verdict.answered
    return {
        "class": str(verdict.verdict_class),
        "proceed": str(verdict.proceed),
        "codes": [_code_json(finding) for finding in verdict.findings],
        "established": [str(fact) for fact in verdict.established],
        "not_established": [str(fact) for fact in verdict.not_established],
        "ages": ages_json(verdict.ages),
        "status_grade": verdict.status_grade.name.lower(),
        **_licence_json(verdict.licence, kinds),
        "form": str(verdict.form),
        "sealed": verdict.sealed,
        "answered": None if answered is None else "short_code" if answered.digest is None else "challenge",
        "members": [_member_json(each, kinds) for each in verdict.members],
        "purpose": verdict.purpose.word,
        "person_check": verdict.person_check,
        "recheck": verdict.recheck,
        "skew": verdict.skew,
        "check_number": None if exercise else verdict.check_number,
        "at": unixtime.iso_utc(verdict.at),
        "source": source,
        "foreign": None if foreign is None else {"slug": foreign.slug, **_names(foreign)},
        "exercise": exercise,
        "error": None,
    }


def no_verdict_json(error: str, *, source: str, purpose: str) -> Json:
    """The object for a source that gave no code, or a terminal that could write nothing down: never a refusal."""
    return {
        "class": str(VerdictClass.NOT_READ),
        "proceed": str(Proceed.NO),
        "codes": [],
        "established": [],
        "not_established": [str(fact) for fact in Fact],
        "ages": ages_json(Ages(None, None, None, None)),
        "status_grade": "unknown",
        **_licence_json(None, {}),
        "form": str(Form.PRESENTATION),
        "sealed": False,
        "answered": None,
        "members": [],
        "purpose": purpose,
        "person_check": False,
        "recheck": False,
        "skew": None,
        "check_number": None,
        "at": None,
        "source": source,
        "foreign": None,
        "exercise": False,
        "error": error,
    }


def _licence_json(licence: Licence | None, kinds: Mapping[int, Kind]) -> Json:
    """What may be said of one licence; nothing but nulls without one."""
    if licence is None:
        return dict.fromkeys(("claims", "hidden_items", "kind", "region", "valid_to", "mandate"))
    kind, mandate = kinds.get(licence.vct), licence.mandate
    return {
        "claims": None
        if licence.claims is None
        else {name: _value_json(readable(kind, name, value)) for name, value in licence.claims.items()},
        "hidden_items": licence.hidden_items,
        "kind": licence.slug,
        "region": licence.region,
        "valid_to": _day(licence.valid_to) if licence.valid_to is not None else None,
        "mandate": None if mandate is None else {"level": mandate.level, "until": unixtime.iso_utc(mandate.until)},
    }


def _member_json(verdict: Verdict, kinds: Mapping[int, Kind]) -> Json:
    """One licence of a bundle: its own class, reasons and items; everything else is the act's."""
    return {
        "class": str(verdict.verdict_class),
        "proceed": str(verdict.proceed),
        "codes": [_code_json(finding) for finding in verdict.findings],
        "established": [str(fact) for fact in verdict.established],
        "not_established": [str(fact) for fact in verdict.not_established],
        "status_grade": verdict.status_grade.name.lower(),
        "person_check": verdict.person_check,
        "recheck": verdict.recheck,
        **_licence_json(verdict.licence, kinds),
    }


def alarm_json(alarm: RecheckAlarm) -> Json:
    """One alarm."""
    return {
        "check_number": alarm.check_number,
        "found_at": unixtime.iso_utc(alarm.found_at),
        "answer": alarm.answer.name.lower(),
        "change": None
        if alarm.change is None
        else {
            "valid_at": unixtime.iso_utc(alarm.change.valid_at),
            "as_of": unixtime.iso_utc(alarm.change.as_of),
            "accepted_at": unixtime.iso_utc(alarm.change.accepted_at),
            "before_check": alarm.change.before_check,
        },
    }


def sync_json(report: SyncReport) -> Json:
    """One round of fetching."""
    return {
        "taken_in": list(report.taken_in),
        "unchanged": list(report.unchanged),
        "refused": [
            {"name": each.name, "reason": type(each.why).__name__, "text": str(each.why)} for each in report.refused
        ],
        "polled": [
            {
                "region": each.region,
                "epoch": each.position.epoch,
                "seq": each.position.seq,
                "as_of": unixtime.iso_utc(each.as_of),
                "way": each.way,
                "requests": each.requests,
                "bytes": each.size,
            }
            for each in report.polled
        ],
        "rechecked": report.rechecked,
        "alarms": [alarm_json(alarm) for alarm in report.alarms],
    }


def chain_json(report: ChainReport) -> Json:
    """The result of checking the journal."""
    return {
        "intact": not report.findings,
        "rows": report.rows,
        "erased": report.erased,
        "anchored": report.anchored,
        "findings": [{"kind": str(each.tampering), "seq": each.seq, "text": each.text} for each in report.findings],
    }


def ages_json(ages: Ages) -> Json:
    """Ages in seconds; null: there is none."""
    return {"trust": ages.trust, "status": ages.status, "policy": ages.policy, "clock": ages.clock}


def print_verdict(
    console: Console, verdict: Verdict, *, kinds: Mapping[int, Kind], foreign: ForeignCode | None
) -> None:
    """The verdict as a clerk reads it.

    Args:
        console: Where to.
        verdict: What to say.
        kinds: The catalogue's, which name the items.
        foreign: Name of a code that is not ours.
    """
    word, style = FACES[verdict.verdict_class]
    console.print(Panel(Text(word, justify="center"), style=style, padding=(1, 4), expand=False))
    # Beside a plain "go on" an information code gives the clerk nothing to do.
    if verdict.findings and not (verdict.proceed is Proceed.YES and verdict.findings[0].tier is Tier.INFORMATION):
        texts = reasons.load()[verdict.findings[0].code]
        console.print(Text(texts.zh_hans.action, style="bold"))
        console.print(Text(texts.en.action, style="bold"))
    if foreign is not None:
        console.print(Text(f"这是 {foreign.names.zh_hans} · this is: {foreign.names.en}"))
    rows = Table.grid(padding=(0, 2))
    rows.add_row("", _PROCEED[verdict.proceed])
    for number, each in enumerate(verdict.members, 1):
        word, _ = FACES[each.verdict_class]
        codes = ", ".join(finding.code.value for finding in each.findings)
        rows.add_row(Text(f"licence {number} of {len(verdict.members)}", style="bold"), Text(f"{word}  {codes}"))
        _add_licence(rows, each.licence, kinds)
    _add_licence(rows, verdict.licence, kinds)
    if verdict.answered is not None:
        rows.add_row("answers", "this terminal's request" + (", sealed" if verdict.sealed else ""))
    rows.add_row("codes", ", ".join(finding.code.value for finding in verdict.findings) or "none")
    rows.add_row("status data", f"{age_words(verdict.ages.status)} ({verdict.status_grade.name.lower()})")
    rows.add_row("trust list", age_words(verdict.ages.trust))
    if verdict.recheck:
        rows.add_row("re-check", "queued: this answer rests on older status data")
    rows.add_row("check number", verdict.check_number)
    console.print(rows)


def _add_licence(rows: Table, licence: Licence | None, kinds: Mapping[int, Kind]) -> None:
    if licence is None:
        return
    kind = kinds.get(licence.vct)
    rows.add_row("licence", f"{licence.slug}, {licence.region}")
    if licence.is_paper:
        rows.add_row("", Text("纸质码：不证明出示人是持证人 a paper code: it does not show who holds it", style="bold"))
    if licence.mandate is not None:
        level = licence.mandate.level
        rows.add_row(
            "",
            Text(f"代持证人办理（{level} 级）；以下各项和照片都是持证人的", style="bold"),
        )
        rows.add_row(
            "", Text(f"an agent of level {level} acts for the holder; all items and the portrait are the holder's")
        )
    for name, value in (licence.claims or {}).items():
        if isinstance(value, bytes):
            # A digest says nothing to a person; the portrait that it binds is told of when it is complete.
            continue
        item = kind.item_named(name) if kind else None
        label = f"{item.labels.zh_hans} {item.labels.en}" if item else name
        rows.add_row(Text(label), Text(_value_text(readable(kind, name, value))))


def print_rows(console: Console, payloads: Iterable[Payload]) -> None:
    """Rows of the journal, one line each."""
    table = Table("time", "check", "what", "licence", "codes", "by", "case")
    for payload in payloads:
        event = str(payload.get("event"))
        what = str(payload.get("class")) if event == "verdict" else " ".join((event, *_shift_words(payload)))
        codes = ", ".join(code for code, _ in payload.get("codes", ()))
        members = payload.get("members") or ()
        kinds = ", ".join(str(each.get("kind")) for each in members if each.get("kind"))
        kind = payload.get("kind") or kinds or payload.get("foreign") or ""
        who, case = (Text(str(payload.get(name) or "")) for name in ("by", "case"))
        number = str(payload.get("check_number") or "")
        table.add_row(_moment_words(payload), number, Text(what), Text(str(kind)), codes, who, case)
    console.print(table)


def _shift_words(payload: Payload) -> Iterator[str]:
    """What a row about staff or software says besides its kind."""
    match payload:
        case {"event": "sign_off", "reason": reason}:
            yield f"({reason})"
        case {"event": "hand_over", "from": before, "open": {**left}}:
            yield f"from {before}:"
            yield ", ".join(f"{count} {name}" for name, count in left.items() if count) or "nothing open"
        case {"event": "staff_key", "number": number, "what": done}:
            yield f"{number} {done}"
        case {"event": "software", "version": version, "step": step, "detail": detail}:
            yield f"{version} {step}{f' ({detail})' if detail else ''}"
        case _:
            pass


def _moment_words(payload: Payload) -> str:
    """When it was said; nothing for a row that somebody made unreadable."""
    return unixtime.iso_local(UnixTime(payload["at"])) if isinstance(payload.get("at"), int) else ""


def alarm_words(alarm: RecheckAlarm) -> str:
    """One alarm as a sentence."""
    said = f"check {alarm.check_number} was accepted on older status data and is now {alarm.answer.name.lower()}"
    found = f"(found {unixtime.iso_local(alarm.found_at)}): tell your supervisor"
    if alarm.change is None:
        return f"{said} {found}"
    since, by, accepted = (
        unixtime.iso_local(moment) for moment in (alarm.change.valid_at, alarm.change.as_of, alarm.change.accepted_at)
    )
    order = "before" if alarm.change.before_check else "which may be before or after"
    return f"{said}; it changed between {since} and {by}, {order} the check at {accepted} {found}"


def age_words(age: Seconds | None) -> str:
    """How long ago, in the largest unit that says enough."""
    if age is None:
        return "none held"
    for unit, name in ((unixtime.DAY, "day"), (unixtime.HOUR, "hour"), (unixtime.MINUTE, "minute")):
        if age >= unit:
            count = age // unit
            return f"{count} {name}{'' if count == 1 else 's'} old"
    return f"{age} s old"


def _code_json(finding: Finding) -> Json:
    reason = reasons.load()[finding.code]
    each = {"zh_hans": reason.zh_hans, "zh_hant": reason.zh_hant, "en": reason.en}
    return {
        "code": finding.code.value,
        "tier": finding.tier.name.lower(),
        "text": {language: texts.short for language, texts in each.items()},
        "action": {language: texts.action for language, texts in each.items()},
        "citizen": {language: texts.citizen for language, texts in each.items()},
    }


def _names(foreign: ForeignCode) -> Json:
    return {"zh_hans": foreign.names.zh_hans, "zh_hant": foreign.names.zh_hant, "en": foreign.names.en}


def moment_json(at: UnixTime | None) -> str | None:
    """A moment in UTC, where there is one."""
    return None if at is None else unixtime.iso_utc(at)


def readable(kind: Kind | None, name: str, value: cbor.Value) -> cbor.Value:
    """An item's value as it is written in files for people and machines: days as YYYY-MM-DD, the rest as it is."""
    item = kind.item_named(name) if kind else None
    return _day(value) if item is not None and item.type is ItemType.DATE and isinstance(value, int) else value


def _day(day: int) -> str:
    return unixtime.calendar_date(day).isoformat()


def _value_json(value: cbor.Value | Mapping[str, cbor.Value]) -> Any:
    """Byte strings (digests) become hexadecimal; everything else has a form in JSON."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): _value_json(member) for key, member in value.items()}
    if isinstance(value, tuple):
        return [_value_json(member) for member in value]
    return value


def _value_text(value: Any) -> str:
    text = value.hex() if isinstance(value, bytes) else str(value)
    return "".join(each if each.isprintable() else "\ufffd" for each in text)
