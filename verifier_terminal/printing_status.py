"""How the terminal stands, for machines (JSON) and for people at a command line."""

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from protocol import unixtime
from protocol.unixtime import Seconds
from verifier_terminal.certification import WORDS, Certification
from verifier_terminal.printing import Json, age_words, ages_json, alarm_json, alarm_words, moment_json
from verifier_terminal.standing import MetadataStanding, RegionStanding, TerminalStatus
from verifier_terminal.store.feed_alarms import FeedAlarm, FeedAlarmKind
from verifier_terminal.store.site_uses import DoubleShow
from verifier_terminal.sync.connectivity import Connectivity, Link, LinkTrouble

_TROUBLE: Final = {
    LinkTrouble.PORTAL: "a sign-in page answers",
    LinkTrouble.NAME: "the server's name is not found",
    LinkTrouble.REFUSED: "the server refuses connections",
    LinkTrouble.SLOW: "too slow",
    LinkTrouble.SERVER: "the server answers with errors",
    LinkTrouble.DOCUMENTS: "what it gives is refused",
    LinkTrouble.UNREACHABLE: "cannot be reached",
}
_FEED_ALARM: Final = {
    FeedAlarmKind.EQUIVOCATION: (
        "it signed two different states for one place of its feed, so that its key may be stolen. Neither was applied;"
        " report it to the region (the evidence is in `terminal status --json`)"
    ),
    FeedAlarmKind.FORBIDDEN: (
        "it signed changes that only its offline key may make, so that its key may be stolen. They were not applied;"
        " report it to the region"
    ),
    FeedAlarmKind.FUTURE: (
        "its status data claim to come from the future. They are kept out until another source agrees; check this"
        " terminal's clock first"
    ),
    FeedAlarmKind.MISMATCH: (
        "what this terminal holds of it is not the state that was signed, so that the disk may be failing. The whole"
        " state is fetched again"
    ),
}
"""What happened, what it means, what to do."""


def status_json(status: TerminalStatus) -> Json:
    """How the terminal stands."""
    return {
        "name": status.name,
        "purpose": status.purpose.word,
        "region": status.region,
        "provisioned": status.provisioned,
        "at": unixtime.iso_utc(status.at),
        "documents": [
            {
                "name": held.name,
                "seq": held.seq,
                "issued": unixtime.iso_utc(held.iat),
                "ends": unixtime.iso_utc(held.exp),
            }
            for held in status.held
        ],
        "damaged": [{"name": each.name, "reason": each.reason} for each in status.damaged],
        "ages": ages_json(status.ages),
        "status_grade": status.status_grade.name.lower(),
        "usable_until": {end.grade.name.lower(): unixtime.iso_utc(end.until) for end in status.usable_until},
        "clock": {"plausible": status.clock.plausible, "uncertainty": status.clock.uncertainty},
        "connectivity": _connectivity_json(status.connectivity),
        "feed": [_region_json(each) for each in status.regions if each.has_feed],
        "regions": [each.region for each in status.regions],
        "feed_alarms": [_feed_alarm_json(each) for each in status.feed_alarms],
        "metadata": None if status.metadata is None else _metadata_json(status.metadata),
        "recheck_queue": status.recheck_queue,
        "alarms": [alarm_json(alarm) for alarm in status.alarms],
        "double_shows": [_double_show_json(each) for each in status.double_shows],
        "journal_rows": status.journal_rows,
        "out_of_order": status.out_of_order,
        "certificate": certification_json(status.certification),
        "site": status.site or None,
        "open_requests": status.open_requests,
        "always_asks": status.always_asks,
    }


def _connectivity_json(found: Connectivity) -> Json:
    return {
        "link": str(found.link),
        "last_success": moment_json(found.last_success),
        "last_error": found.last_error,
        "trouble": None if found.trouble is None else str(found.trouble),
    }


def _region_json(standing: RegionStanding) -> Json:
    """One region's feed; nulls where it has begun and nothing is held yet."""
    return {
        "region": standing.region,
        "home": standing.is_home,
        "epoch": standing.epoch,
        "seq": standing.seq,
        "as_of": moment_json(standing.as_of),
        "age": standing.status_age,
        "grade": standing.grade.name.lower(),
        "usable_until": {end.grade.name.lower(): unixtime.iso_utc(end.until) for end in standing.usable_until},
        "trust_age": standing.trust_age,
        "connectivity": _connectivity_json(standing.connectivity),
    }


def _feed_alarm_json(alarm: FeedAlarm) -> Json:
    """With the evidence: two checkpoints that one key has signed prove it to anybody."""
    return {
        "region": alarm.region,
        "kind": str(alarm.kind),
        "epoch": alarm.epoch,
        "found_at": unixtime.iso_utc(alarm.found_at),
        "detail": alarm.detail,
        "evidence": [each.hex() for each in (alarm.held, alarm.came) if each is not None],
    }


def _metadata_json(metadata: MetadataStanding) -> Json:
    return {
        "root": metadata.versions.root,
        "snapshot": metadata.versions.snapshot,
        "regions": list(metadata.regions),
        "late_since": moment_json(metadata.late_since),
        "root_expired_since": moment_json(metadata.root_expired_since),
    }


def certification_json(found: Certification) -> Json:
    """How the terminal's certificate stands; `trouble` null: it is good."""
    certificate = found.certificate
    return {
        "trouble": None if found.trouble is None else str(found.trouble),
        "terminal": certificate.terminal if certificate else None,
        "place": certificate.place if certificate else None,
        "relying_party": certificate.relying_party if certificate else None,
        "good_until": unixtime.iso_utc(certificate.exp) if certificate else None,
    }


def print_status(console: Console, status: TerminalStatus) -> None:
    """How the terminal stands, in words."""
    rows = Table.grid(padding=(0, 2))
    rows.add_row("terminal", Text(f"{status.name} ({status.purpose.word}, region {status.region or 'unknown'})"))
    if status.out_of_order:
        rows.add_row("OUT OF ORDER", status.out_of_order)
    if not status.provisioned:
        rows.add_row("NOT PROVISIONED", "nothing can be accepted: run `terminal sync`")
    for held in status.held:
        rows.add_row(held.name, f"number {held.seq}, {age_words(Seconds(max(0, status.at - held.iat)))}")
    for damaged in status.damaged:
        rows.add_row("DAMAGED", f"{damaged.name}: {damaged.reason}")
    rows.add_row("status data", f"{age_words(status.ages.status)} ({status.status_grade.name.lower()})")
    for end in status.usable_until:
        rows.add_row("", f"{end.grade.name.lower()} until {unixtime.iso_local(end.until)}")
    for region in status.regions:
        if region.has_feed:
            rows.add_row("home region" if region.is_home else "region", region_words(region))
    if status.metadata is not None:
        rows.add_row("trust metadata", metadata_words(status.metadata))
    for found in status.feed_alarms:
        rows.add_row("ALARM", Text(feed_alarm_words(found)))
    clock = f"last confirmed {age_words(status.clock.confirmed_age)}, uncertain by {status.clock.uncertainty} s"
    rows.add_row("clock", clock if status.clock.plausible else f"CANNOT BE RIGHT; {clock}")
    link = str(status.connectivity.link)
    rows.add_row("network", f"{link}: {status.connectivity.last_error}" if status.connectivity.last_error else link)
    rows.add_row("re-check", f"{status.recheck_queue} waiting")
    for alarm in status.alarms:
        rows.add_row("ALARM", alarm_words(alarm))
    for double in status.double_shows:
        rows.add_row("ALARM", Text(_double_show_words(double)))
    rows.add_row("journal", f"{status.journal_rows} rows")
    rows.add_row("certificate", Text(certificate_words(status.certification)))
    rows.add_row("short codes", f"site {status.site}" if status.site else "none: no site is set")
    console.print(rows)


def certificate_words(found: Certification) -> str:
    """The certificate in one line; what is missing names its consequence."""
    certificate = found.certificate
    if found.trouble is not None:
        return f"NOT GOOD: {WORDS[found.trouble]}; there are no challenges and no receipts, open codes are read"
    assert certificate is not None
    until = unixtime.iso_local(certificate.exp)
    return f"{certificate.terminal}, {certificate.relying_party}, {certificate.place}; good until {until}"


def region_words(standing: RegionStanding) -> str:
    """One region's feed in one line."""
    if standing.seq is None:
        said = "no status data yet: nothing of this region can be accepted"
    else:
        said = (
            f"number {standing.seq} of epoch {standing.epoch}, {age_words(standing.status_age)}"
            f" ({standing.grade.name.lower()})"
        )
    trouble = standing.connectivity.trouble
    link = "" if standing.connectivity.link is Link.UNKNOWN else f", {standing.connectivity.link}"
    return f"{standing.region}: {said}{link}{f' ({_TROUBLE[trouble]})' if trouble else ''}"


def metadata_words(metadata: MetadataStanding) -> str:
    """The trust metadata in one line; what is late names its consequence."""
    said = f"root {metadata.versions.root}, snapshot {metadata.versions.snapshot}, {len(metadata.regions)} regions"
    if metadata.root_expired_since is not None:
        since = unixtime.iso_local(metadata.root_expired_since)
        return f"{said}; THE ROOT ENDED {since}: from 30 days on nothing is accepted"
    if metadata.late_since is not None:
        since = unixtime.iso_local(metadata.late_since)
        return f"{said}; LATE since {since}: from 14 days on everything is to be checked"
    return said


def _double_show_json(found: DoubleShow) -> Json:
    return {
        "check_number": found.check_number,
        "accepted": found.accepted,
        "terminal": found.terminal,
        "place": found.place,
        "other": found.other_number,
        "other_at": unixtime.iso_utc(found.other_at),
        "other_accepted": found.other_accepted,
        "found_at": unixtime.iso_utc(found.found_at),
    }


def _double_show_words(found: DoubleShow) -> str:
    ends = {True: "used up", False: "refused"}
    return (
        f"one code at two windows: check {found.check_number} here ({ends[found.accepted]}), {found.other_number} at"
        f" {found.terminal} ({ends[found.other_accepted]}, {unixtime.iso_local(found.other_at)}): compare both acts"
    )


def feed_alarm_words(alarm: FeedAlarm) -> str:
    """One alarm: what happened, what it means, what to do."""
    return f"region {alarm.region}, {unixtime.iso_local(alarm.found_at)}: {_FEED_ALARM[alarm.kind]}"
