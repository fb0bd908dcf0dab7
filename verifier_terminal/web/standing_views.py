"""The display form of how the terminal stands: the strip at the top, what a person must see to, and what is known.

Like `views`: pure, and one object per language. `known` is for who looks more closely: the ages of everything, each
region's place in its feed, and until when the data that are held are good enough.
"""

from collections.abc import Mapping
from typing import Final, assert_never

from protocol import unixtime
from protocol.unixtime import DAY, UnixTime
from verifier_terminal.appraisal import gates
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.certification import Trouble
from verifier_terminal.events import RecheckAlarm
from verifier_terminal.standing import RegionStanding, TerminalStatus
from verifier_terminal.store.feed_alarms import FeedAlarm
from verifier_terminal.store.site_uses import DoubleShow
from verifier_terminal.sync.connectivity import Connectivity, Link, LinkTrouble
from verifier_terminal.web import regions
from verifier_terminal.web.harmless import MAX_NAME_CHARACTERS, shown
from verifier_terminal.web.texts import TAGS, in_language, say
from verifier_terminal.web.views import age_text

Json = Mapping[str, object]

_RENEW_BEFORE: Final = DAY


def out_of_order_json() -> Json:
    """The words for a terminal that cannot record."""
    return {
        "views": {
            tag: {
                "word": say("word.out_of_order", language),
                "word_other": say("word.out_of_order", Language.ZH_HANS if language is Language.EN else Language.EN),
                "instruction": say("instruction.out_of_order", language),
            }
            for language, tag in TAGS.items()
        }
    }


def standing_json(status: TerminalStatus) -> Json:
    """The strip at the top: network, age of the status data, re-checks waiting; and what a person must see to."""
    out_of_order = status.out_of_order is not None
    return {
        "link": status.connectivity.link.value,
        "out_of_order": out_of_order,
        "broken": out_of_order_json()["views"] if out_of_order else None,
        "recheck_queue": status.recheck_queue,
        "always_asks": status.always_asks,
        "open_requests": status.open_requests,
        "views": {tag: _standing_words(status, language) for language, tag in TAGS.items()},
    }


def _standing_words(status: TerminalStatus, language: Language) -> Json:
    age, doubles = status.ages.status, status.double_shows
    return {
        "terminal": shown(status.name, max_characters=MAX_NAME_CHARACTERS),
        "network": _network(status.connectivity, language),
        "status": say("freshness.status_none", language)
        if age is None
        else say("freshness.status", language, age=age_text(age, language)),
        "waiting": " · ".join(_rechecks(status, language)),
        "alarms": [
            *({"check_number": alarm.check_number, "text": _alarm(alarm, language)} for alarm in status.alarms),
            *({"check_number": each.check_number, "text": _double_show(each, language)} for each in doubles),
        ],
        "troubles": _troubles(status, language),
        "known": _known(status, language),
    }


def _network(connectivity: Connectivity, language: Language) -> str:
    match connectivity.link:
        case Link.ONLINE:
            return say("status.online", language)
        case Link.UNKNOWN:
            return say("status.unknown", language)
        case Link.OFFLINE if connectivity.last_success is None:
            return say("status.offline", language)
        case Link.OFFLINE:
            assert connectivity.last_success is not None
            # Day, hour and minute: the clerk compares them with the clock on the wall.
            since = unixtime.iso_local(connectivity.last_success)[5:16]
            return say("status.offline_since", language, time=since)
        case _:
            assert_never(connectivity.link)


def _rechecks(status: TerminalStatus, language: Language) -> list[str]:
    """How many checks wait for newer data, and what became of those that did."""
    said = [say("status.waiting", language, n=status.recheck_queue)] if status.recheck_queue else []
    if status.reconnected is not None:
        checks, changed = status.reconnected.checks, status.reconnected.changed
        key = "recheck.changed" if changed else "recheck.unchanged"
        said.append(say(key, language, n=checks, changed=changed))
    return said


def _alarm(alarm: RecheckAlarm, language: Language) -> str:
    """What changed, by when, and whether that was before the check: what the data cannot tell is not said."""
    number, state = alarm.check_number, say(f"answer.{alarm.answer.name.lower()}", language)
    change = alarm.change
    if change is None:
        return say("status.alarm", language, number=number, time=_moment(alarm.found_at), state=state)
    if change.before_check:
        return say("recheck.before", language, number=number, state=state, by=_moment(change.as_of))
    return say(
        "recheck.between",
        language,
        number=number,
        state=state,
        after=_moment(change.valid_at),
        by=_moment(change.as_of),
        check=_moment(change.accepted_at),
    )


def _double_show(found: DoubleShow, language: Language) -> str:
    if not found.accepted:
        key = "double_show.refused_here"
    else:
        key = "double_show.both" if found.other_accepted else "double_show.refused_there"
    return say(
        key,
        language,
        number=found.check_number,
        place=shown(found.place, max_characters=MAX_NAME_CHARACTERS),
        time=unixtime.iso_local(found.other_at)[5:16],
        other=found.other_number,
    )


def _troubles(status: TerminalStatus, language: Language) -> list[str]:
    troubles = []
    if not status.provisioned:
        troubles.append(say("status.not_provisioned", language))
    if not status.clock.plausible:
        troubles.append(say("status.clock", language))
    troubles += _network_troubles(status.connectivity, language)
    troubles += [_feed_alarm(alarm, language) for alarm in status.feed_alarms]
    troubles += _metadata_troubles(status, language)
    found, certificate = status.certification, status.certification.certificate
    if found.trouble is not None:
        # A window may do without; a kiosk may not, and one that is over was meant to be there.
        if status.always_asks or found.trouble is not Trouble.MISSING:
            troubles.append(say(certificate_key(found.trouble), language))
    elif certificate is not None and certificate.exp - status.at <= _RENEW_BEFORE:
        ends = unixtime.iso_local(certificate.exp)[5:16]
        troubles.append(say("request.certificate_ends", language, time=ends))
    return troubles


def certificate_key(trouble: Trouble) -> str:
    """The text about a certificate that is not good: missing, over, or anything else that the region must see to."""
    match trouble:
        case Trouble.MISSING:
            return "request.certificate_missing"
        case Trouble.OVER:
            return "request.certificate_over"
        case _:
            return "request.certificate_wrong"


def _network_troubles(connectivity: Connectivity, language: Language) -> list[str]:
    """What a person can do about the network; a lost request on a bad line is nothing to be told of."""
    trouble = connectivity.trouble
    if connectivity.link is not Link.OFFLINE or trouble in (None, LinkTrouble.UNREACHABLE):
        return []
    return [say(f"link.{trouble}", language)]


def _feed_alarm(alarm: FeedAlarm, language: Language) -> str:
    return say(
        f"feed_alarm.{alarm.kind}",
        language,
        region=_region_name(alarm.region, language),
        time=_moment(alarm.found_at),
    )


def _metadata_troubles(status: TerminalStatus, language: Language) -> list[str]:
    """Only what already changes verdicts."""
    metadata = status.metadata
    if metadata is None:
        return []
    if metadata.root_expired_since is not None and status.at - metadata.root_expired_since > gates.TRUST_DEAD:
        return [say("status.root_dead", language)]
    if metadata.late_since is not None and status.at - metadata.late_since > gates.TRUST_LATE:
        return [say("status.metadata_late", language)]
    return []


def _known(status: TerminalStatus, language: Language) -> list[str]:
    ages, said = status.ages, []
    for name, age in (("trust", ages.trust), ("policy", ages.policy), ("clock", ages.clock)):
        key = f"freshness.{name}"
        said.append(say(f"{key}_none", language) if age is None else say(key, language, age=age_text(age, language)))
    said += [_region(each, language) for each in status.regions if each.has_feed]
    said += [
        say("known.usable", language, grade=say(f"grade.{end.grade.name.lower()}", language), time=_moment(end.until))
        for end in status.usable_until
    ]
    return said


def _region(standing: RegionStanding, language: Language) -> str:
    name = _region_name(standing.region, language)
    if standing.seq is None or standing.epoch is None or standing.status_age is None:
        return say("known.nothing", language, region=name)
    return say(
        "known.home" if standing.is_home else "known.region",
        language,
        region=name,
        epoch=standing.epoch,
        seq=standing.seq,
        age=age_text(standing.status_age, language),
        grade=say(f"grade.{standing.grade.name.lower()}", language),
    )


def _region_name(region: str, language: Language) -> str:
    names = regions.province(region)
    return f"{in_language(names, language)} {region}" if names else region


def _moment(at: UnixTime) -> str:
    """Day, hour and minute: the clerk compares them with the clock on the wall."""
    return unixtime.iso_local(at)[5:16]
