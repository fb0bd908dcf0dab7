"""The fleet as machines read it, and as the page and the command show it: the same findings in the same order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from issuer.fleet import texts
from issuer.fleet.standing import TerminalStanding
from protocol import unixtime
from protocol.unixtime import UnixTime

_TOP_REASONS: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One terminal in words. `terminal`, `place`, `relying_party`, `version` and `reasons` are others' texts."""

    terminal: str
    place: str
    relying_party: str
    profile: str
    worst: str
    troubles: tuple[tuple[str, str], ...]
    heard: str
    data: str
    clock: str
    queues: str
    read_rate: str
    reasons: str
    certificate: str
    machine: str


def as_json(standing: TerminalStanding, *, at: UnixTime) -> dict[str, Any]:
    """The members of one terminal; every number as it came, the words in English."""
    beat = standing.beat
    return {
        "terminal": standing.terminal,
        "place": standing.place,
        "relying_party": standing.relying_party,
        "purposes": [purpose.word for purpose in sorted(standing.purposes)],
        "findings": [
            {
                "trouble": each.trouble.value,
                "amount": each.amount,
                "says": texts.says(each, "en", at=at),
                "do": texts.does(each, "en"),
            }
            for each in standing.findings
        ],
        "heard_at": None if standing.heard_at is None else unixtime.iso_utc(standing.heard_at),
        "certificate_end": unixtime.iso_utc(standing.certificate_end),
        "clock_offset_seconds": standing.offset,
        "read_percent": standing.read_percent,
        "heartbeat": None
        if beat is None
        else {
            "version": beat.version,
            "profile": beat.purpose.word,
            "regions": [
                {"region": each.region, "status_age_seconds": each.status_age, "trust_age_seconds": each.trust_age}
                for each in beat.regions
            ],
            "clock_uncertainty_seconds": beat.clock_uncertainty,
            "clock_plausible": beat.clock_plausible,
            "waiting": {
                "rechecks": beat.waiting.rechecks,
                "rows": beat.waiting.rows,
                "alarms": beat.waiting.alarms,
            },
            "reading": {
                "seconds": beat.reading.seconds,
                "read": beat.reading.read,
                "not_read": beat.reading.not_read,
                "discarded": beat.reading.discarded,
            },
            "reasons": dict(beat.reasons),
            "free_bytes": beat.free_bytes,
            "works": beat.works,
        },
    }


def line(standing: TerminalStanding, language: str, *, at: UnixTime) -> Line:
    """One terminal in words of a language."""
    beat, unknown = standing.beat, texts.word("unknown", language)
    age = beat.regions[0].status_age if beat is not None and beat.regions else None
    left = standing.certificate_end - at
    return Line(
        terminal=standing.terminal,
        place=standing.place,
        relying_party=standing.relying_party,
        profile=", ".join(purpose.word for purpose in sorted(standing.purposes)),
        worst="well" if standing.worst is None else standing.worst.value,
        troubles=tuple((texts.says(each, language, at=at), texts.does(each, language)) for each in standing.findings),
        heard=texts.word("never", language)
        if standing.heard_at is None
        else texts.ago(standing.heard_at, language, at=at),
        data=unknown if age is None else texts.span(age, language),
        clock=unknown if standing.offset is None else texts.span(standing.offset, language),
        queues=unknown if beat is None else f"{beat.waiting.rows} / {beat.waiting.rechecks}",
        read_rate=unknown if standing.read_percent is None else f"{standing.read_percent} %",
        reasons="" if beat is None else _reasons(beat.reasons),
        certificate=texts.word("over", language) if left <= 0 else texts.span(left, language),
        machine=unknown if beat is None else f"{beat.version} / {texts.size(beat.free_bytes)}",
    )


def _reasons(reasons: Mapping[str, int]) -> str:
    most = sorted(reasons.items(), key=lambda each: (-each[1], each[0]))[:_TOP_REASONS]
    return ", ".join(f"{code} {count}" for code, count in most)
