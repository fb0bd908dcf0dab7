"""Two windows of one site: what one used the other refuses, and what slipped through is found out by both."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from liangzheng.cli import main
from protocol import cbor, keys, site_uses
from protocol.errors import Code
from protocol.labels import Alg
from protocol.qr import envelope
from protocol.site_uses import SiteUse
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from tests.terminal.asking_world import bundle_text, certificate, id_card, publish_with_anchor
from tests.terminal.conftest import Terminal
from tests.utopia.world import World
from verifier_terminal.appraisal import reasons
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.errors import NoSite, UnknownCheckNumber
from verifier_terminal.identity import Identity
from verifier_terminal.neighbour_talk import Ear, Voice, talking
from verifier_terminal.neighbours import Answer
from verifier_terminal.session import Session
from verifier_terminal.store import outbox
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.web import standing_views
from verifier_terminal.web.texts import TAGS
from verifier_terminal.web.views import display

SITE = "7K3Q"
LOOPBACK = "127.0.0.1"
LINE: Any = {"address": "239.255.77.9", "interface": LOOPBACK, "monotonic": time.monotonic}


class Windows:
    """Two terminals in one world, each with a directory, a key and a certificate of its own."""

    def __init__(self, folder: Path, *, site: str = SITE, other_site: str = SITE) -> None:
        self.world = World()
        self.made: list[Terminal] = []
        self.one = self._window(folder, "one", "W01", site)
        self.two = self._window(folder, "two", "W02", other_site)

    def _window(self, folder: Path, name: str, number: str, site: str) -> Session:
        directory = folder / name
        directory.mkdir()
        terminal = Terminal(self.world, directory, folder / "published", site=site)
        own = self.identity_of(terminal, name)
        own.install(certificate(self.world, own.signer().public_key, terminal=f"990000-{number}", place=f"{name} 号窗"))
        session = terminal.open()
        assert not session.sync(FolderMirror(publish_with_anchor(terminal))).refused
        self.made.append(terminal)
        return session

    @staticmethod
    def identity_of(terminal: Terminal, name: str) -> Identity:
        return Identity(terminal.directory, random_bytes=terminal.world.randomness.fork(f"key of {name}"))

    def pass_seconds(self, seconds: int) -> None:
        self.world.clock.advance(seconds)
        for each in self.made:
            each.elapsed += seconds

    def close(self) -> None:
        for terminal in self.made:
            for session in terminal.opened:
                session.close()


@pytest.fixture
def windows(tmp_path: Path) -> Iterator[Windows]:
    made = Windows(tmp_path)
    try:
        yield made
    finally:
        made.close()


def scan(session: Session, text: str) -> str:
    return session.scan(text, source="scanner").verdict.check_number


def codes(session: Session, text: str) -> list[Code]:
    return [finding.code for finding in session.scan(text, source="scanner").verdict.findings]


def told(session: Session) -> bytes:
    packet = session.neighbours.newest()
    assert packet is not None
    return packet


def events(session: Session, number: str) -> list[str]:
    return [str(row.payload["event"]) for row in session.explain(number) if row.payload]


def alarms(session: Session, language: Language = Language.EN) -> list[str]:
    said = standing_views.standing_json(session.status())["views"]
    return [each["text"] for each in said[TAGS[language]]["alarms"]]  # type: ignore[index]  # JSON


# At once.


def test_a_code_that_a_neighbour_used_is_refused_with_its_window_and_moment(windows: Windows) -> None:
    text = windows.world.code()
    first = scan(windows.one, text)
    assert windows.two.neighbours.hear(told(windows.one)) is Answer.TAKEN
    windows.pass_seconds(12)
    shown = windows.two.scan(text, source="scanner").verdict
    assert shown.verdict_class is VerdictClass.REFUSE
    assert [each.code for each in shown.findings if each.code is Code.E_REPLAY] == [Code.E_REPLAY]
    assert shown.earlier_use is not None
    assert (shown.earlier_use.here, shown.at - shown.earlier_use.at) == (False, 12)
    (payload, alarm) = (row.payload for row in windows.two.explain(shown.check_number))
    assert payload is not None
    assert alarm is not None
    assert payload["earlier_use"] == [{"here": False, "age": 12}]
    assert (alarm["event"], alarm["other"], alarm["accepted"], alarm["other_accepted"]) == (
        "double_show", first, False, True,
    )  # fmt: skip
    assert first in alarms(windows.two)[0]
    assert "refused here" in alarms(windows.two)[0]


def test_the_page_says_where_and_how_long_ago(windows: Windows) -> None:
    text = windows.world.code()
    scan(windows.one, text)
    windows.two.neighbours.hear(told(windows.one))
    windows.pass_seconds(12)
    for session, said in ((windows.two, "本处另一个窗口使用。"), (windows.one, "本窗口使用。")):
        verdict = session.scan(text, source="scanner").verdict
        view = display(verdict, session.catalogue(), reasons.load(), Language.ZH_HANS, windows.world.clock.at)
        assert view["instruction"].startswith(f"此码 12 秒前已在{said}请持证人刷新动态码")
        assert view["findings"][0]["short"] == f"此码 12 秒前已在{said}"


def test_the_first_window_hears_that_its_code_came_again(windows: Windows) -> None:
    text = windows.world.code()
    first = scan(windows.one, text)
    windows.two.neighbours.hear(told(windows.one))
    second = scan(windows.two, text)
    assert windows.one.neighbours.hear(told(windows.two)) is Answer.TAKEN
    assert events(windows.one, first) == ["verdict", "double_show"]
    assert second in alarms(windows.one)[0]
    assert "refused there" in alarms(windows.one)[0]
    # What the first window decided stays.
    assert windows.one.acts()[0].verdict_class is VerdictClass.ACCEPT


def test_another_code_of_the_same_phone_is_good_at_once(windows: Windows) -> None:
    scan(windows.one, windows.world.code())
    windows.two.neighbours.hear(told(windows.one))
    windows.pass_seconds(1)
    assert windows.two.scan(windows.world.code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT


def test_each_licence_of_a_bundle_is_told(windows: Windows) -> None:
    text = bundle_text(windows.world, id_card(windows.world))
    scan(windows.one, text)
    windows.two.neighbours.hear(told(windows.one))
    verdict = windows.two.scan(text, source="scanner").verdict
    assert [Code.E_REPLAY in [each.code for each in member.findings] for member in verdict.members] == [True, True]


def test_what_was_refused_here_refuses_nothing_there(windows: Windows) -> None:
    """Two refused for a third one's use: neither makes a new use of it."""
    tag = site_uses.tag_of(bytes(32), SITE)
    packet = signed(windows, SiteUse(tag, windows.world.clock.at, "7K3-Q42", accepted=False))
    assert windows.one.neighbours.hear(packet) is Answer.TAKEN
    assert windows.one._store.replay.earlier_use(bytes(32)) is None
    packet = signed(windows, SiteUse(tag, windows.world.clock.at, "7K3-Q43", accepted=True))
    windows.one.neighbours.hear(packet)
    assert windows.one._store.replay.earlier_use(bytes(32)) is not None


# Afterwards.


def test_a_code_that_both_accepted_while_apart_is_an_alarm_at_both_with_both_numbers(windows: Windows) -> None:
    text = windows.world.code()
    first, second = scan(windows.one, text), scan(windows.two, text)
    assert windows.two.acts()[0].verdict_class is VerdictClass.ACCEPT
    windows.pass_seconds(20 * HOUR)
    for session, other, own, there in (
        (windows.one, windows.two, first, second),
        (windows.two, windows.one, second, first),
    ):
        packet = other.neighbours.next_page()
        assert packet is not None
        assert session.neighbours.hear(packet) is Answer.TAKEN
        assert events(session, own) == ["verdict", "double_show"]
        (alarm,) = session.status().double_shows
        assert (alarm.check_number, alarm.other_number, alarm.accepted, alarm.other_accepted) == (
            own, there, True, True,
        )  # fmt: skip
        assert "used twice" in alarms(session)[0]
        assert "号窗" in alarms(session, Language.ZH_HANS)[0]
        assert session._store.outbox.waiting() == {outbox.DOUBLE_SHOW: 1}
        (row,) = session._store.outbox.due(at=windows.world.clock.at, limit=9)
        assert cbor.decode(row.body)[0] == own  # type: ignore[index]  # an array, as decoded


def test_an_alarm_is_told_once_whatever_comes_twice_and_ends_when_somebody_has_seen_it(
    windows: Windows, tmp_path: Path
) -> None:
    text = windows.world.code()
    first = scan(windows.one, text)
    scan(windows.two, text)
    for _ in range(3):
        page = windows.two.neighbours.next_page()
        assert page is not None
        windows.one.neighbours.hear(page)
    assert len(alarms(windows.one)) == 1
    windows.one.acknowledge(first)
    assert alarms(windows.one) == []
    with pytest.raises(UnknownCheckNumber):
        windows.one.acknowledge(first)
    again = windows.made[0].open()
    page = windows.two.neighbours.next_page()
    assert page is not None
    assert again.neighbours.hear(page) is Answer.TAKEN
    assert again.status().double_shows == ()
    assert events(again, first) == ["verdict", "double_show", "acknowledged"]


def test_everything_of_three_days_is_told_in_turns_and_nothing_older(windows: Windows) -> None:
    numbers = []
    for _ in range(50):
        windows.pass_seconds(MINUTE)
        numbers.append(scan(windows.one, windows.world.code()))
    seen: list[str] = []
    while len(seen) < 50:
        page = windows.one.neighbours.next_page()
        assert page is not None
        seen += [each.check_number for each in read(windows, page)]
    assert seen == numbers
    page = windows.one.neighbours.next_page()
    assert page is not None
    assert read(windows, page)[0].check_number == numbers[0]
    windows.pass_seconds(72 * HOUR + 1)
    assert windows.one.neighbours.next_page() is None


def test_after_three_days_nothing_is_kept(windows: Windows) -> None:
    scan(windows.one, windows.world.code())
    windows.pass_seconds(72 * HOUR + 1)
    windows.one._store.clean_up(at=windows.world.clock.at, confirmed=windows.world.clock.at)
    (count,) = windows.one._store.database.execute("SELECT count(*) FROM site_use").fetchone()
    assert count == 0


# Forged, replayed, from elsewhere, by other clocks.


def read(windows: Windows, packet: bytes) -> tuple[SiteUse, ...]:
    knowledge = windows.one.knowledge
    assert knowledge is not None
    return site_uses.verify(
        packet, expected_site=SITE, terminal_keys=knowledge.trust.anchors, at=windows.world.clock.at
    ).uses


def signed(windows: Windows, *uses: SiteUse, site: str = SITE, **changes: object) -> bytes:
    """What a third terminal of the region tells."""
    key = windows.world.signer("third terminal", Alg.ESP256)
    stated = certificate(windows.world, key.public_key, **{"terminal": "990000-W03", **changes})
    return site_uses.sign(site, uses, certificate=stated, signer=key)[0]


def use_of(windows: Windows, text: str, **changes: object) -> SiteUse:
    """The use of this code, as if a third terminal had seen it."""
    shown = windows.made[0].open().exercise(text, at=windows.world.clock.at)
    assert shown.replay_key is not None
    made = SiteUse(site_uses.tag_of(shown.replay_key, SITE), windows.world.clock.at, "7K3-Q42", accepted=True)
    return replace(made, **changes)  # type: ignore[arg-type]  # each its own field


def test_a_third_terminals_word_counts_and_that_is_what_forgeries_below_change(windows: Windows) -> None:
    text = windows.world.code()
    assert windows.one.neighbours.hear(signed(windows, use_of(windows, text))) is Answer.TAKEN
    assert Code.E_REPLAY in codes(windows.one, text)


FORGERIES: dict[str, Callable[[Windows, SiteUse], bytes]] = {
    "a changed tag": lambda windows, use: signed(windows, use).replace(use.tag, bytes(16)),
    "a changed signature": lambda windows, use: signed(windows, use)[:-1] + bytes([signed(windows, use)[-1] ^ 1]),
    "a certificate that is over": lambda windows, use: signed(
        windows, use, iat=UnixTime(windows.world.clock.at - 8 * DAY), exp=UnixTime(windows.world.clock.at - DAY)
    ),
    "a certificate of tomorrow": lambda windows, use: signed(
        windows, use, iat=UnixTime(windows.world.clock.at + DAY), exp=UnixTime(windows.world.clock.at + 2 * DAY)
    ),
    "garbage": lambda windows, use: bytes(700),
}


def _uncertified(windows: Windows, use: SiteUse) -> bytes:
    key = windows.world.signer("stranger", Alg.ESP256)
    stated = certificate(windows.world, key.public_key, iss="990000.XX")
    return site_uses.sign(SITE, (use,), certificate=stated, signer=key)[0]


FORGERIES["a certificate of an authority that is none"] = _uncertified


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_datagram_changes_nothing(windows: Windows, name: str) -> None:
    text = windows.world.code()
    use = use_of(windows, text)
    assert windows.one.neighbours.hear(FORGERIES[name](windows, use)) is Answer.REFUSED
    assert Code.E_REPLAY not in codes(windows.one, text)
    assert alarms(windows.one) == []


def test_a_datagram_of_another_site_and_an_echo_are_passed_over(windows: Windows) -> None:
    text = windows.world.code()
    use = use_of(windows, text)
    assert windows.one.neighbours.hear(signed(windows, use, site="7K3R")) is Answer.FOREIGN
    scan(windows.two, text)
    packet = told(windows.two)
    assert windows.two.neighbours.hear(packet) is Answer.OWN
    assert alarms(windows.two) == []
    assert windows.one.neighbours.hear(packet) is Answer.TAKEN
    assert windows.one.neighbours.hear(packet) is Answer.REPEATED


def test_a_terminal_whose_key_was_withdrawn_or_whose_region_key_is_banned_is_heard_no_more(windows: Windows) -> None:
    text = windows.world.code()
    packet = signed(windows, use_of(windows, text))
    held = windows.one.knowledge
    assert held is not None
    third = windows.world.signer("third terminal", Alg.ESP256).public_key
    withdrawn = replace(held, trust=replace(held.trust, withdrawn=frozenset({keys.kid_of(third)})))
    pair = next(pair for pair, anchor in held.trust.anchors.items() if anchor.use.name == "TERMINAL")
    for knowledge in (withdrawn, replace(held, bans={pair: UnixTime(0)})):
        neighbours = windows.one.neighbours
        neighbours._knowledge = lambda said=knowledge: said  # type: ignore[misc]  # bound now
        assert neighbours.hear(packet) is Answer.REFUSED
    assert Code.E_REPLAY not in codes(windows.one, text)


def test_a_recorded_datagram_played_again_neither_refuses_for_ever_nor_makes_anything_good(windows: Windows) -> None:
    text = windows.world.code()
    scan(windows.one, text)
    recorded = told(windows.one)
    windows.two.neighbours.hear(recorded)
    assert Code.E_REPLAY in codes(windows.two, text)
    for _ in range(3):
        windows.pass_seconds(20 * MINUTE)
        again = windows.made[1].open()
        again.neighbours.hear(recorded)
        assert again._store.site._heard == {}
        assert again.scan(windows.world.code(), source="scanner").verdict.verdict_class is not VerdictClass.REFUSE


@pytest.mark.parametrize("skew", [-300, 300])
def test_a_clock_that_is_minutes_off_changes_nothing_but_the_words(windows: Windows, skew: int) -> None:
    text = windows.world.code()
    at = UnixTime(windows.world.clock.at + skew)
    assert windows.one.neighbours.hear(signed(windows, use_of(windows, text, used_at=at))) is Answer.TAKEN
    verdict = windows.one.scan(text, source="scanner").verdict
    assert Code.E_REPLAY in [each.code for each in verdict.findings]
    (payload, _) = (row.payload for row in windows.one.explain(verdict.check_number))
    assert payload is not None
    assert payload["earlier_use"] == [{"here": False, "age": max(0, -skew)}]


def test_what_a_slow_clock_calls_long_ago_is_found_out_afterwards(windows: Windows) -> None:
    text = windows.world.code()
    long_ago = UnixTime(windows.world.clock.at - 2 * HOUR)
    number = scan(windows.one, text)
    assert windows.one.neighbours.hear(signed(windows, use_of(windows, text, used_at=long_ago))) is Answer.TAKEN
    assert events(windows.one, number) == ["verdict", "double_show"]


def test_memory_of_what_was_heard_is_bounded(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier_terminal.store.site_uses.MAX_HEARD", 3)
    at = windows.world.clock.at
    for number in range(9):
        windows.one.neighbours.hear(signed(windows, SiteUse(bytes([number]) * 16, at, "7K3-Q42", accepted=True)))
    assert [tag[0] for tag in windows.one._store.site._heard] == [6, 7, 8]
    windows.pass_seconds(16 * MINUTE)
    windows.one.neighbours.hear(signed(windows, SiteUse(bytes(16), windows.world.clock.at, "7K3-Q42", accepted=True)))
    assert len(windows.one._store.site._heard) == 1


def test_nothing_on_the_line_or_the_disk_names_the_presentation(windows: Windows) -> None:
    text = windows.world.code()
    verdict = windows.one.scan(text, source="scanner").verdict
    assert verdict.replay_key is not None
    packet = told(windows.one)
    for needle in (verdict.replay_key, verdict.replay_key[:8], envelope.unwrap(text, expected_prefix="LZ1:")[:64]):
        assert needle not in packet
    (tag,) = windows.one._store.database.execute("SELECT tag FROM site_use").fetchone()
    assert tag not in (verdict.replay_key, verdict.replay_key[:16])


def test_without_a_site_or_a_certificate_nothing_is_told(tmp_path: Path) -> None:
    alone = Windows(tmp_path, site="", other_site=SITE)
    try:
        scan(alone.one, alone.world.code())
        assert alone.one.neighbours.newest() is None
        (count,) = alone.one._store.database.execute("SELECT count(*) FROM site_use").fetchone()
        assert count == 0
        scan(alone.two, alone.world.code())
        assert alone.two.neighbours.hear(told_by(alone)) is Answer.TAKEN
        (alone.made[1].directory / "certificate.cbor").unlink()
        assert alone.two.neighbours.newest() is None
    finally:
        alone.close()


def told_by(windows: Windows) -> bytes:
    return signed(windows, SiteUse(bytes(16), windows.world.clock.at, "7K3-Q42", accepted=True))


# On a real segment.


@contextmanager
def on_the_line(windows: Windows, *, every: float = 30.0) -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((LOOPBACK, 0))
        port = int(free.getsockname()[1])
    with (
        talking(windows.one.neighbours, port=port, every=every, **LINE),
        talking(windows.two.neighbours, port=port, every=every, **LINE),
    ):
        yield port


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.002)


def test_two_terminals_on_one_segment_refuse_what_the_other_used(windows: Windows) -> None:
    text = windows.world.code()
    with on_the_line(windows):
        scan(windows.one, text)
        until(lambda: bool(windows.two._store.site._heard))
        second = scan(windows.two, text)
        until(lambda: bool(alarms(windows.one)))
    assert second in alarms(windows.one)[0]


def test_when_the_line_is_back_both_find_out_what_slipped_through(windows: Windows) -> None:
    text = windows.world.code()
    first, second = scan(windows.one, text), scan(windows.two, text)
    for session in (windows.one, windows.two):
        session.neighbours.news.clear()
    windows.pass_seconds(HOUR)
    with on_the_line(windows, every=0.02):
        until(lambda: bool(alarms(windows.one)) and bool(alarms(windows.two)))
    assert second in alarms(windows.one)[0]
    assert first in alarms(windows.two)[0]


def test_a_flood_costs_a_bounded_number_of_verifications(windows: Windows) -> None:
    seconds = 0.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        ear = Ear(windows.one.neighbours.hear, unused, monotonic=lambda: seconds)
        assert sum(ear._may_work() for _ in range(1_000)) == 200
        seconds = 1.0
        assert sum(ear._may_work() for _ in range(1_000)) == 50


class StuckLine:
    """A socket whose `send` does not come back."""

    def __init__(self) -> None:
        self.stuck, self.free = threading.Event(), threading.Event()

    def send(self, packet: bytes) -> None:
        self.stuck.set()
        assert self.free.wait(10)

    def __enter__(self) -> "StuckLine":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_a_verdict_does_not_wait_for_the_line(windows: Windows) -> None:
    """The thread that tells is stuck in the middle of a datagram: scans go on."""
    line = StuckLine()
    voice = Voice(windows.one.neighbours, line)  # type: ignore[arg-type]  # a line of its own
    thread = threading.Thread(target=voice.run)
    thread.start()
    scan(windows.one, windows.world.code())
    assert line.stuck.wait(10)
    windows.pass_seconds(MINUTE)
    assert windows.one.scan(windows.world.code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    assert thread.is_alive()
    voice.close()
    line.free.set()
    thread.join(10)
    assert not thread.is_alive()


def test_what_a_lost_datagram_said_goes_along_with_the_next(windows: Windows) -> None:
    text = windows.world.code()
    scan(windows.one, text)
    told(windows.one)  # lost
    windows.pass_seconds(5)
    scan(windows.one, windows.world.code())
    windows.two.neighbours.hear(told(windows.one))
    assert Code.E_REPLAY in codes(windows.two, text)


def test_serve_explains_what_it_needs(tmp_path: Path, windows: Windows) -> None:
    done = CliRunner().invoke(main, ["terminal", "serve", str(tmp_path), "--neighbours", "192.0.2.1:8473"])
    assert (done.exit_code, "is no multicast address" in done.output) == (2, True)
    windows.one.neighbours.site = ""
    with pytest.raises(NoSite), talking(windows.one.neighbours, port=8473, **LINE):
        pass
