"""What devices, outages and alarms become on the page."""

import json
from dataclasses import replace
from typing import Any

import pytest

from hardware.devices import (
    BlackPicture,
    Connected,
    DecoderFault,
    DecoderReplaced,
    DeviceEvent,
    Discarded,
    DiscardReason,
    EndOfSource,
    GuidanceGiven,
    Hint,
    Lost,
    LostReason,
    NoCodeFound,
    Reconnecting,
    SeveralCodes,
    SourceTruncated,
)
from hardware.knobs import Knob, KnobRefused, KnobTurned
from protocol.licence.catalogue import Names
from protocol.status_list import Status
from protocol.unixtime import HOUR, Seconds, UnixTime
from tests.terminal_web.twin import CATALOGUE, NOW, REASONS, TwinSession
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.events import (
    ActsChanged,
    DeviceNews,
    OutOfOrderNews,
    PersonChecked,
    RecheckAlarm,
    SessionEvent,
    StatusChanged,
)
from verifier_terminal.standing import TerminalStatus
from verifier_terminal.sync.connectivity import Connectivity, Link
from verifier_terminal.web import notices, standing_views
from verifier_terminal.web.regions import province


def plain(made: object) -> Any:
    return json.loads(json.dumps(made))


@pytest.mark.parametrize(
    "event",
    [
        *(Lost("scanner-1", reason) for reason in LostReason),
        *(GuidanceGiven("camera 0", hint) for hint in Hint),
        *(KnobRefused("camera 0", knob, "12", "") for knob in Knob),
        BlackPicture("camera 0"),
        SeveralCodes("camera 0", 2),
        Discarded("scanner-1", DiscardReason.OVERLONG, 9_000),
        DecoderReplaced("camera 0", DecoderFault.HUNG),
    ],
    ids=str,
)
def test_every_trouble_of_a_device_is_said_in_three_languages(event: DeviceEvent) -> None:
    made = plain(notices.device_json(event))
    assert made["state"] == ("lost" if isinstance(event, Lost) else "hint")
    assert len(set(made["views"].values())) == 3
    assert all(made["views"].values())


def test_a_lost_scanner_is_called_a_scanner_and_a_lost_camera_a_camera() -> None:
    assert "扫码枪断开了" in plain(notices.device_json(Lost("scanner-1", LostReason.UNPLUGGED)))["views"]["zh-Hans"]
    for camera in ("camera 0", "/dev/v4l/by-id/usb-cam", "模拟 synthetic clean"):
        assert "摄像头断开了" in plain(notices.device_json(Lost(camera, LostReason.UNPLUGGED)))["views"]["zh-Hans"]


def test_a_device_that_is_back_ends_its_notice() -> None:
    assert plain(notices.device_json(Connected("scanner-1"))) == {"source": "scanner-1", "state": "ok", "views": {}}


@pytest.mark.parametrize(
    "event",
    [
        Reconnecting("s", 2, 1.0),
        NoCodeFound("s", False),
        SourceTruncated("s", 9, 3),
        EndOfSource("s", 9, 0),
        KnobTurned("s", Knob.EXPOSURE, "80"),
    ],
    ids=str,
)
def test_what_no_clerk_can_act_on_is_not_told(event: DeviceEvent) -> None:
    assert notices.device_json(event) is None


def named_event(event: SessionEvent, status: TerminalStatus) -> tuple[str, Any]:
    made = notices.event_json(event, catalogue=CATALOGUE, reasons=REASONS, status=lambda: status, now=NOW)
    assert made is not None
    return made[0], plain(made[1])


def test_each_event_has_its_name_on_the_stream() -> None:
    status = TwinSession().status()
    assert named_event(StatusChanged(), status)[0] == "standing"
    assert named_event(ActsChanged("7K3-Q42"), status) == ("acts", {})
    assert named_event(DeviceNews(Lost("s", LostReason.BUSY)), status)[0] == "device"
    name, made = named_event(OutOfOrderNews("no space left on /dev/sda1"), status)
    assert name == "out_of_order"
    assert made["views"]["zh-Hans"]["word"] == "本机停用"
    assert "/dev/sda1" not in json.dumps(made)


@pytest.mark.parametrize(
    ("verdict_class", "matches", "proceed", "text", "instruction"),
    [
        (VerdictClass.ACCEPT, True, "yes", "可以办理", "证照有效"),
        (VerdictClass.CHECK, True, "yes", "可以办理，请留意", None),
        (VerdictClass.ACCEPT, False, "no", "不予办理：人证不符", "（有效）"),
        (VerdictClass.CHECK, False, "no", "不予办理：人证不符", "（请核对）"),
    ],
)
def test_the_answer_about_the_person_says_what_changes(
    verdict_class: VerdictClass, matches: bool, proceed: str, text: str, instruction: str | None
) -> None:
    name, made = named_event(PersonChecked("7K3-Q43", verdict_class, matches, NOW), TwinSession().status())
    assert name == "person"
    assert (made["check_number"], made["matches"]) == ("7K3-Q43", matches)
    words = made["views"]["zh-Hans"]
    assert (words["proceed"], words["proceed_text"]) == (proceed, text)
    if instruction is None:
        assert words["instruction"] is None
    else:
        assert instruction in words["instruction"]
    # The class and its word are not among what changes.
    assert words.keys() == {"proceed", "proceed_text", "instruction", "person"}
    assert (words["person"]["headline"] is None) is matches


def test_the_list_marks_how_the_comparison_of_the_person_stands() -> None:
    session = TwinSession()
    for text in ("good", "person", "person to check", "check"):
        session.scan(text, source="t")

    def marks() -> list[tuple[str, str | None]]:
        made = plain(notices.acts_json(session.acts(), CATALOGUE, Language.ZH_HANS, search="", now=NOW))
        return [(act["person"], act["person_text"]) for act in reversed(made["acts"])]

    waiting, none = ("waiting", "待核对本人"), ("not_demanded", None)
    assert marks() == [none, waiting, waiting, none]
    session.confirm_person("7K3-Q43", True)
    session.confirm_person("7K3-Q48", False)
    assert marks() == [none, ("matched", "已核对，是本人"), ("not_matched", "不是本人"), none]


@pytest.mark.parametrize("answer", Status)
def test_an_alarm_names_the_check_and_the_answer(answer: Status) -> None:
    alarm = RecheckAlarm("7K3-Q42", NOW, answer)
    name, made = named_event(alarm, replace(TwinSession().status(), alarms=(alarm,)))
    assert name == "standing"
    for language in ("zh-Hans", "zh-Hant", "en"):
        assert len(made["views"][language]["alarms"]) == 1
        assert made["views"][language]["alarms"][0]["check_number"] == "7K3-Q42"
        assert "7K3-Q42" in made["views"][language]["alarms"][0]["text"]


def test_a_terminal_without_documents_or_with_a_wrong_clock_says_so() -> None:
    status = replace(
        TwinSession().status(), provisioned=False, clock=ClockReading(NOW, Seconds(9), HOUR, plausible=False)
    )
    alarms = plain(standing_views.standing_json(status))["views"]["zh-Hans"]["troubles"]
    assert ["不能采信任何证照" in alarms[0], "时钟不可信" in alarms[1]] == [True, True]


@pytest.mark.parametrize(
    ("connectivity", "words"),
    [
        (Connectivity(Link.ONLINE, NOW), "网络正常"),
        (Connectivity(), "尚未联网"),
        (Connectivity(Link.OFFLINE, None, "x", 1), "网络中断"),
        (Connectivity(Link.OFFLINE, NOW, "x", 2), "网络中断，自 11-22 10:00 起"),
    ],
)
def test_the_network_in_words(connectivity: Connectivity, words: str) -> None:
    status = replace(TwinSession().status(), connectivity=connectivity)
    assert plain(standing_views.standing_json(status))["views"]["zh-Hans"]["network"] == words


def test_the_list_names_kinds_from_the_catalogue_and_never_a_person() -> None:
    session = TwinSession()
    session.scan("good", source="t")
    session.void("7K3-Q42", "误\u202e扫")
    made = plain(notices.acts_json(session.acts(), CATALOGUE, Language.EN, search="", now=NOW))["acts"]
    assert made == [
        {
            "check_number": "7K3-Q42",
            "at": "10:00:00",
            "class": "accept",
            "word": "VALID",
            "kind": "Driving licence",
            "joined_with": None,
            "case": "",
            "by": "",
            "role": None,
            "officers_acts": [],
            "person": "not_demanded",
            "person_text": None,
            "void": True,
            "void_reason": "误\N{REPLACEMENT CHARACTER}扫",
        }
    ]
    assert (
        plain(notices.acts_json(session.acts(), None, Language.EN, search="", now=NOW))["acts"][0]["kind"]
        == "driving-licence"
    )


def test_a_region_that_nobody_assigned_has_no_name() -> None:
    assert province("310000") == Names("上海", "上海", "Shanghai")
    assert province("0") is None


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["7K3-Q46", "7K3-Q42"]),
        ("q42", ["7K3-Q42"]),
        ("7k3q46", ["7K3-Q46"]),
        ("不予", ["7K3-Q46"]),
        ("驾驶证", ["7K3-Q46", "7K3-Q42"]),
        ("护照", []),
    ],
)
def test_the_search_looks_at_what_the_list_says(search: str, found: list[str]) -> None:
    session = TwinSession()
    session.scan("good", source="t")
    session.scan("refuse", source="t")
    made = plain(notices.acts_json(session.acts(), CATALOGUE, Language.ZH_HANS, search=search, now=NOW))
    assert [act["check_number"] for act in made["acts"]] == found


def test_the_list_is_of_today_at_utc_plus_8() -> None:
    session = TwinSession()
    session.scan("good", source="t")
    tomorrow = UnixTime(NOW + 14 * HOUR)
    assert plain(notices.acts_json(session.acts(), CATALOGUE, Language.EN, search="", now=tomorrow))["acts"] == []
