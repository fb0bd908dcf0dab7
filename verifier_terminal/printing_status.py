"""How the terminal stands, for machines (JSON) and for people at a command line."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from protocol import unixtime
from protocol.unixtime import Seconds
from verifier_terminal.certification import WORDS, Certification
from verifier_terminal.printing import Json, age_words, ages_json, alarm_json, alarm_words, moment_json
from verifier_terminal.standing import TerminalStatus


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
        "connectivity": {
            "link": str(status.connectivity.link),
            "last_success": moment_json(status.connectivity.last_success),
            "last_error": status.connectivity.last_error,
        },
        "recheck_queue": status.recheck_queue,
        "alarms": [alarm_json(alarm) for alarm in status.alarms],
        "journal_rows": status.journal_rows,
        "out_of_order": status.out_of_order,
        "certificate": certification_json(status.certification),
        "site": status.site or None,
        "open_requests": status.open_requests,
        "always_asks": status.always_asks,
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
    clock = f"last confirmed {age_words(status.clock.confirmed_age)}, uncertain by {status.clock.uncertainty} s"
    rows.add_row("clock", clock if status.clock.plausible else f"CANNOT BE RIGHT; {clock}")
    link = str(status.connectivity.link)
    rows.add_row("network", f"{link}: {status.connectivity.last_error}" if status.connectivity.last_error else link)
    rows.add_row("re-check", f"{status.recheck_queue} waiting")
    for alarm in status.alarms:
        rows.add_row("ALARM", alarm_words(alarm))
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
