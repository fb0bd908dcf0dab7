"""The display form of what is neither a verdict nor the standing: devices, today's acts, and whole events.

Like `views`: pure, one object per language where people read it, and never a text that came with a code.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Final, assert_never

from hardware.devices import (
    BlackPicture,
    Connected,
    DecoderReplaced,
    DeviceEvent,
    Discarded,
    EndOfSource,
    GuidanceGiven,
    Hint,
    Lost,
    LostReason,
    NoCodeFound,
    Reconnecting,
    SeveralCodes,
    SourceTruncated,
    StillInView,
)
from hardware.knobs import KnobRefused, KnobTurned
from protocol import unixtime
from protocol.errors import Code
from protocol.labels import AnimatedKind
from protocol.licence.catalogue import Catalogue
from protocol.unixtime import DAY, UnixTime
from verifier_terminal.appraisal.reasons import Language, Reason
from verifier_terminal.events import (
    ActsChanged,
    AnimationProgress,
    DeviceNews,
    FaceMoved,
    JoinWaits,
    OutOfOrderNews,
    PersonChecked,
    PortraitShown,
    ReceiptGiven,
    RecheckAlarm,
    RequestClosed,
    RequestOpened,
    SessionEvent,
    ShownVerdict,
    StaffChanged,
    StatusChanged,
)
from verifier_terminal.standing import TerminalStatus
from verifier_terminal.store.person_check import PersonCheck
from verifier_terminal.web import roadside_views, standing_views
from verifier_terminal.web.harmless import MAX_NAME_CHARACTERS, shown
from verifier_terminal.web.ports import Act
from verifier_terminal.web.texts import TAGS, in_language, say
from verifier_terminal.web.views import display, person_words

Json = Mapping[str, object]

_RENEW_BEFORE: Final = DAY
_CAMERA_NAMES: Final = ("camera ", "/dev/video", "/dev/v4l/", "http://", "https://", "模拟 synthetic")
"""How `hardware.camera` names live cameras; every other live source is a scanner on a line."""

_OUTPUTS: Final = frozenset({"lamp", "buzzer", "display", "lock"})
"""How `hardware.output_spec` names what only shows, sounds or opens: checks go on without it."""

_LOST: Final = {
    LostReason.NOT_FOUND: "not_found",
    LostReason.BUSY: "busy",
    LostReason.FORBIDDEN: "forbidden",
    LostReason.UNPLUGGED: "unplugged",
    LostReason.SILENT: "silent",
    LostReason.FROZEN: "frozen",
    LostReason.DAMAGED: "damaged",
    LostReason.UNUSABLE: "unusable",
}
_HINT: Final = {
    Hint.CLOSER: "closer",
    Hint.HOLD_STILL: "hold_still",
    Hint.TILT: "tilt",
    Hint.DARK: "dark",
    Hint.WHOLE: "whole",
    Hint.FURTHER: "further",
}


def event_json(
    event: SessionEvent,
    *,
    catalogue: Catalogue | None,
    reasons: Mapping[Code, Reason],
    status: Callable[[], TerminalStatus],
    now: UnixTime,
) -> tuple[str, Json] | None:
    """The event's name and object for the stream; None for what no clerk can act on."""
    match event:
        case ShownVerdict():
            return "verdict", verdict_json(event, catalogue=catalogue, reasons=reasons, now=now)
        case PersonChecked():
            return "person", person_json(event)
        case OutOfOrderNews():
            return "out_of_order", standing_views.out_of_order_json()
        case DeviceNews():
            notice = device_json(event.event)
            return None if notice is None else ("device", notice)
        case ActsChanged():
            return "acts", {}
        case RequestOpened() | RequestClosed():
            # Which ones are open, with their codes, is asked for: an event may be older than what is true now.
            return "requests", {}
        case AnimationProgress():
            return "animation", animation_json(event)
        case PortraitShown(check_number=number, member=member, image=image):
            return "portrait", {"check_number": number, "member": member, "image": b64encode(image).decode()}
        case FaceMoved():
            return "face", {}
        case StaffChanged(needed=needed):
            # Who it is, is asked for: an event may be older than what is true now.
            return "staff", {"needed": needed}
        case JoinWaits(check_number=waiting, seconds=seconds):
            return "join", {"check_number": waiting, "seconds": seconds}
        case ReceiptGiven():
            # Whoever asked for it has it already.
            return None
        case StatusChanged() | RecheckAlarm():
            return "standing", standing_views.standing_json(status())
        case _:
            assert_never(event)


def verdict_json(
    event: ShownVerdict, *, catalogue: Catalogue | None, reasons: Mapping[Code, Reason], now: UnixTime
) -> Json:
    """A verdict in all three languages, so that the page changes its language without asking again."""
    views: dict[str, object] = {}
    for language, tag in TAGS.items():
        names = event.foreign.names if event.foreign else None
        views[tag] = {
            **display(event.verdict, catalogue, reasons, language, now, person_matches=event.person_matches),
            "foreign": say("foreign.seems", language, what=in_language(names, language)) if names else None,
            "same_act": say("same_act.read_again", language) if event.same_act else None,
            "joined": roadside_views.joined_view(event.joined, language),
        }
    return {"check_number": event.verdict.check_number, "same_act": event.same_act, "views": views}


def person_json(event: PersonChecked) -> Json:
    """What changes on a page that shows this check; an instruction of null leaves the one that stands there."""
    return {
        "check_number": event.check_number,
        "matches": event.matches,
        "views": {
            tag: person_words(event.verdict_class, matches=event.matches, language=language)
            for language, tag in TAGS.items()
        },
    }


def animation_json(event: AnimationProgress) -> Json:
    """How far an animated code has come; never what is in it."""
    key = "animation.portrait" if event.kind is AnimatedKind.PORTRAIT else "animation.licence"
    return {
        "complete": event.received >= event.needed,
        "portrait": event.kind is AnimatedKind.PORTRAIT,
        "views": {tag: say(key, language, n=event.received, of=event.needed) for language, tag in TAGS.items()},
    }


def device_json(event: DeviceEvent) -> Json | None:
    """What a device said, in plain words; `state` is "ok", "lost" (stays until ok) or "hint" (passes)."""
    match event:
        case Connected(source=source):
            return {"source": shown(source), "state": "ok", "views": {}}
        case Lost(source=source, reason=reason):
            return _device(source, "lost", _LOST[reason])
        case KnobRefused(source=source, knob=knob):
            return _device(source, "hint", "knob", knob=knob.value)
        case BlackPicture(source=source):
            return _device(source, "hint", "black")
        case SeveralCodes(source=source, count=count):
            return _device(source, "hint", "several", n=count)
        case GuidanceGiven(source=source, hint=hint):
            return _device(source, "hint", _HINT[hint])
        case Discarded(source=source):
            return _device(source, "hint", "discarded")
        case DecoderReplaced(source=source):
            return _device(source, "hint", "decoder")
        case Reconnecting() | NoCodeFound() | SourceTruncated() | EndOfSource() | StillInView() | KnobTurned():
            # Reconnecting repeats what Lost said; three end a file, which a counter does not scan; two are no news.
            return None


def _device(source: str, state: str, key: str, **values: int | str) -> Json:
    output = source.partition(":")[0]
    if output in _OUTPUTS:
        device, key = f"device.{output}", "lock_lost" if output == "lock" else "output_lost"
    else:
        device = "device.camera" if source.startswith(_CAMERA_NAMES) else "device.scanner"
    return {
        "source": shown(source),
        "state": state,
        "views": {
            tag: say(f"device.{key}", language, device=say(device, language), **values)
            for language, tag in TAGS.items()
        },
    }


def acts_json(
    acts: Sequence[Act], catalogue: Catalogue | None, language: Language, *, search: str, now: UnixTime
) -> Json:
    """The acts of today for the list; the search looks at what the list says, in the language of the page."""
    today = unixtime.local_day(now)
    listed = [_act_json(act, catalogue, language) for act in acts if unixtime.local_day(act.at) == today]
    return {"acts": [act for act in listed if _fits(act, search)]}


def _fits(act: Json, search: str) -> bool:
    wanted = search.strip().casefold()
    said = f"{act['check_number']} {act['kind']} {act['word']} {act['at']} {act['case']} {act['by']}".casefold()
    # A check number is spoken, so it may be typed without its dash.
    return wanted in said or wanted in said.replace("-", "")


def _act_json(act: Act, catalogue: Catalogue | None, language: Language) -> Json:
    return {
        "check_number": act.check_number,
        "at": unixtime.iso_local(act.at)[11:],
        "class": act.verdict_class.value,
        "word": say(f"word.{act.verdict_class}", language),
        "kind": _kind_name(act.kind, catalogue, language),
        "joined_with": act.joined_with,
        "case": shown(act.case),
        "by": act.by,
        "role": None if act.role is None else say(f"role.{act.role}", language),
        "officers_acts": [roadside_views.act_text(each, language) for each in act.officers_acts],
        "person": act.person.value,
        "person_text": None if act.person is PersonCheck.NOT_DEMANDED else say(f"person.{act.person}", language),
        "void": act.void_reason is not None,
        "void_reason": shown(act.void_reason) if act.void_reason is not None else None,
    }


def _kind_name(slug: str | None, catalogue: Catalogue | None, language: Language) -> str:
    if slug is None:
        return ""
    kind = catalogue.named(slug) if catalogue else None
    return in_language(kind.names, language) if kind else shown(slug, max_characters=MAX_NAME_CHARACTERS)
