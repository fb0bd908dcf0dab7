"""Figures for monitoring: what happened is counted once, what stands is asked for, and nothing is about a person."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hardware.devices import Connected, Lost, LostReason, StillInView
from protocol.errors import Code
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import rows_with_person_check
from tests.terminal_web.twin import SETTINGS
from tests.utopia.forgeries import FORGERIES
from tests.utopia.world import World
from verifier_terminal.appraisal import reasons
from verifier_terminal.metrics import Metrics, Tally
from verifier_terminal.session import Session
from verifier_terminal.web.app import close_streams, create_app

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(World(), tmp_path, tmp_path / "published")


def counted(session: Session) -> tuple[Tally, Metrics]:
    tally = Tally()
    session.listen(tally)
    return tally, Metrics(session.status, tally)


def samples(metrics: Metrics) -> Samples:
    return {
        (sample.name.removeprefix("liangzheng_terminal_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def verdict(verdict_class: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return "verdicts_total", (("class", verdict_class),)


def test_checks_are_counted_by_class_and_reason(terminal: Terminal) -> None:
    session = terminal.open()
    assert not session.sync(terminal.publish(rows=rows_with_person_check(terminal.world))).refused
    _, metrics = counted(session)
    shown = session.scan(terminal.world.code(), source="manual")
    forgery = next(each for each in FORGERIES if each.code is Code.E_SIG_HOLDER)
    session.scan(forgery.make(terminal.world), source="manual")
    session.scan("weixin://pay", source="manual")
    session.confirm_person(shown.verdict.check_number, True)
    found = samples(metrics)
    assert [found[verdict(each)] for each in ("accept", "check", "refuse", "not_read")] == [1, 0, 1, 1]
    assert found["findings_total", (("code", "E_SIG_HOLDER"),)] == 1
    assert found["person_checks_total", (("matches", "yes"),)] == 1


def test_a_code_that_stays_in_view_is_no_second_check(terminal: Terminal) -> None:
    session = terminal.open()
    assert not session.sync(terminal.publish()).refused
    _, metrics = counted(session)
    code = terminal.world.code()
    session.scan(code, source="camera 0")
    session.scan(code, source="camera 0")
    found = samples(metrics)
    assert found[verdict("accept")] == 1
    assert found["repeated_scans_total", ()] == 1


def test_how_the_terminal_stands(terminal: Terminal) -> None:
    session = terminal.open()
    _, metrics = counted(session)
    before = samples(metrics)
    assert before["provisioned", ()] == 0
    assert ("trust_age_seconds", ()) not in before
    assert not session.sync(terminal.publish()).refused
    after = samples(metrics)
    assert after["provisioned", ()] == 1
    assert after["online", ()] == 1
    assert after["trust_age_seconds", ()] >= 0
    assert after["out_of_order", ()] == 0
    assert after["certificate_good", ()] == 0


def test_devices_that_come_and_go(terminal: Terminal) -> None:
    session = terminal.open()
    _, metrics = counted(session)
    for said in (Connected("scanner"), Lost("scanner", LostReason.UNPLUGGED), StillInView("scanner", b"x" * 32)):
        session.hear(said)
    found = samples(metrics)
    assert found["device_events_total", (("event", "connected"),)] == 1
    assert found["device_events_total", (("event", "lost"),)] == 1
    assert sum(value for (name, _), value in found.items() if name == "device_events_total") == 2


def test_nothing_is_about_a_person(terminal: Terminal) -> None:
    session = terminal.open()
    assert not session.sync(terminal.publish()).refused
    _, metrics = counted(session)
    shown = session.scan(terminal.world.code(), source="/dev/serial/secret")
    text = metrics.text().decode()
    assert shown.verdict.check_number not in text
    assert "secret" not in text
    assert shown.verdict.licence is not None
    for claim in shown.verdict.licence.claims.values():
        assert str(claim) not in text


def test_the_page_serves_them_to_its_own_host_alone(terminal: Terminal) -> None:
    session = terminal.open()
    _, metrics = counted(session)
    app = create_app(
        session, settings=SETTINGS, reasons=reasons.load(), clock=terminal.world.clock, metrics=metrics.text
    )
    try:
        client = app.test_client()
        answer = client.get("/metrics")
        assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert client.get("/metrics", headers={"Host": "attacker.example"}).status_code == 400
    finally:
        close_streams(app)
