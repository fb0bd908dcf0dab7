"""Disputes: which refusals another region hears of, what is said, and that it is durable with the check."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from protocol import cbor, dispute_note, terminal_row
from protocol.dispute_note import DisputeNote
from protocol.errors import Code
from protocol.labels import Alg, Lic, Purpose
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.appraisal.terminal import Terminal as Place
from tests.terminal.asking_world import anchor, certificate, certified
from tests.terminal.conftest import Terminal
from tests.utopia import acts
from tests.utopia.kinds import driving_licence_items
from tests.utopia.world import WUYOU, ZIXU, World
from verifier_terminal import cli_disputes, disputes, wiring
from verifier_terminal.appraisal.verdict import Verdict
from verifier_terminal.errors import CertificateUnusable
from verifier_terminal.session import Session
from verifier_terminal.store import outbox

KEY = World().signer("the terminal's own", Alg.ESP256)


def place(*, recognised: bool = True) -> Place:
    made = Place()
    made.set_row(regions=frozenset({WUYOU, ZIXU} if recognised else {WUYOU}))
    return made


def said(verdict: Verdict) -> list[dict[str, Any]]:
    return list(disputes.payloads(verdict, home=WUYOU))


def revoked(at: Place, *, status: Status = Status.WITHDRAWN) -> Verdict:
    at.set_status(int(status), age=120)
    return at.appraise(at.code(at.foreign_licence()))


def test_a_revoked_licence_of_a_recognised_region() -> None:
    at = place()
    verdict = revoked(at)
    (payload,) = said(verdict)
    dispute = disputes.of_row(payload)
    assert dispute is not None
    assert dispute.kind == "driving-licence"
    assert dispute.note == DisputeNote(
        region=ZIXU,
        vct=verdict.licence.vct if verdict.licence else 0,
        presentation=verdict.replay_key or b"",
        check_number="7K3-Q42",
        checked_at=at.at,
        purpose=Purpose.WINDOW,
        code="E_REVOKED",
        status=Status.WITHDRAWN,
        as_of=UnixTime(at.at - 120),
        trust_age=verdict.ages.trust,
        policy_age=verdict.ages.policy,
        clock_age=verdict.ages.clock,
        iat=at.at,
    )
    # Nothing of the holder, and neither list nor index.
    written = json.dumps(payload, ensure_ascii=False)
    for item in driving_licence_items().values():
        assert str(item) not in written or len(str(item)) < 3
    assert f"lz:{ZIXU}" not in written
    assert "4711" not in written


def _home() -> Verdict:
    at = place()
    at.set_status(int(Status.REVOKED))
    return at.appraise()


def _late() -> Verdict:
    at = place()
    at.set_status(int(Status.REVOKED))
    return at.appraise(at.code(at.foreign_licence(), iat=at.at - 900))


def _forged() -> Verdict:
    at = place()
    at.set_status(int(Status.REVOKED))
    return at.appraise(at.code(at.forged_by(at.foreign_licence(), "乙的手机")))


@pytest.mark.parametrize(
    "verdict",
    [
        pytest.param(lambda: revoked(place(recognised=False)), id="a region that is not recognised"),
        pytest.param(lambda: revoked(place(), status=Status.VALID), id="nothing was refused"),
        pytest.param(lambda: revoked(place(), status=Status.SUPERSEDED), id="held and not refused"),
        pytest.param(_home, id="the terminal's own region"),
        pytest.param(_late, id="the presentation was late besides"),
        pytest.param(lambda: place().appraise("LZ1:"), id="nothing was read"),
        pytest.param(_forged, id="a forged signature of the holder"),
    ],
)
def test_no_dispute(verdict: Callable[[], Verdict]) -> None:
    assert said(verdict()) == []


def test_each_licence_of_a_bundle_has_its_own() -> None:
    at = place()
    at.set_status(int(Status.REVOKED))
    verdict = at.appraise(at.bundle(*(acts.licence(at.world, 4711, region=region) for region in (WUYOU, ZIXU))))
    assert [each["region"] for each in said(verdict)] == [ZIXU]


@pytest.mark.parametrize(
    "spoilt", [{"status": "forgiven"}, {"at": None}, {"presentation": "xyz"}, {"event": "verdict"}]
)
def test_a_spoilt_row_is_no_dispute(spoilt: dict[str, Any]) -> None:
    (payload,) = said(revoked(place()))
    assert disputes.of_row({**payload, **spoilt}) is None
    assert disputes.of_row({"event": "dispute"}) is None


def test_a_row_that_nobody_would_accept_is_left_unsigned_and_the_others_are_not() -> None:
    (payload,) = said(revoked(place()))
    good, spoilt = disputes.of_row(payload), disputes.of_row({**payload, "region": "x"})
    assert good is not None
    assert spoilt is not None
    encoded, key = certificate(World(), KEY.public_key), KEY
    notes = disputes.signed((spoilt, good), certificate=encoded, signer=key, at=good.note.checked_at)
    assert [each for each, _ in notes] == [good]


def test_every_reason_is_a_refusal() -> None:
    assert all(code.startswith("E_") for code in disputes.SAID_BY_THE_REGION)
    assert Code.E_ISSUER_BANNED not in disputes.SAID_BY_THE_REGION


# A running terminal.


@pytest.fixture
def session(terminal: Terminal) -> Session:
    """With a certificate, and a policy that recognises both regions."""
    rows = tuple(
        replace(terminal.world.policy_row(vct, purpose), regions=frozenset({WUYOU, ZIXU}))
        for vct in terminal.world.kinds
        for purpose in Purpose
    )
    return certified(terminal, rows=rows)


def ended(terminal: Terminal) -> str:
    """A foreign licence that is over."""
    items = {**driving_licence_items(), Lic.VALID_TO: 20261120}
    return terminal.world.code(terminal.world.credential(region=ZIXU, items=items))


def test_it_is_written_with_the_check_and_signed_when_it_is_taken_out(terminal: Terminal, session: Session) -> None:
    number = session.scan(ended(terminal), source="scanner").verdict.check_number
    # What another process of this terminal sees.
    later = terminal.open()
    (dispute,) = later.disputes()
    assert (dispute.note.code, dispute.note.region, dispute.note.check_number) == ("E_LIC_EXPIRED", ZIXU, number)
    terminal.pass_seconds(60)
    ((_, encoded),) = later.dispute_notes()
    own = anchor(terminal.world)
    found = dispute_note.verify(encoded, terminal_keys={(own.iss, own.kid): own}, at=terminal.world.clock.at)
    assert found.note == replace(dispute.note, iat=terminal.world.clock.at)
    events = [row.payload["event"] for row in later.explain(number) if row.payload]
    assert events == ["verdict", "dispute"]
    # And the operator hears of it, by a row that says the same and is signed when it is sent.
    (due,) = later.reports.due()
    row = terminal_row.verify(due.encoded, terminal_keys={(own.iss, own.kid): own}, at=terminal.world.clock.at).row
    assert (row.kind, row.iat) == ("dispute", terminal.world.clock.at)
    said_there = cbor.decode(row.body)
    assert isinstance(said_there, tuple)
    assert said_there[:4] == (ZIXU, dispute.note.vct, dispute.note.presentation, number)
    assert later.verify_journal().findings == ()


def test_a_full_outbox_keeps_no_check_from_being_written_down(
    terminal: Terminal, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_ROWS", 0)
    number = session.scan(ended(terminal), source="scanner").verdict.check_number
    assert [each.note.check_number for each in session.disputes()] == [number]
    assert session.reports.due() == ()


def test_without_a_certificate_it_is_listed_and_not_signed(terminal: Terminal, session: Session) -> None:
    session.scan(ended(terminal), source="scanner")
    (terminal.directory / "certificate.cbor").unlink()
    assert len(session.disputes()) == 1
    with pytest.raises(CertificateUnusable):
        session.dispute_notes()


@pytest.fixture
def command(session: Session, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    @contextmanager
    def open_session(directory: Path) -> Iterator[Session]:
        yield session

    monkeypatch.setattr(wiring, "open_session", open_session)
    return lambda *arguments: CliRunner().invoke(cli_disputes.disputes, [*map(str, arguments)])


def test_the_command_lists_and_writes(
    terminal: Terminal, session: Session, command: Callable[..., Any], tmp_path: Path
) -> None:
    assert "No licence" in command(tmp_path).output
    number = session.scan(ended(terminal), source="scanner").verdict.check_number
    listed = command(tmp_path)
    assert number in listed.output
    assert "E_LIC_EXPIRED" in listed.output
    answer = json.loads(command(tmp_path, "--json", "--out", tmp_path / "out").output)
    (path,) = answer["written"]
    own = anchor(terminal.world)
    note = dispute_note.verify(
        Path(path).read_bytes(), terminal_keys={(own.iss, own.kid): own}, at=terminal.world.clock.at
    ).note
    assert answer["disputes"][0]["presentation"] == note.presentation.hex()
    reads = [row.payload for row in session.journal_rows() if row.payload and row.payload["event"] == "read"]
    assert len(reads) == 3
    # Once more is the same file.
    assert json.loads(command(tmp_path, "--json", "--out", tmp_path / "out").output)["written"] == [path]


def test_a_folder_that_cannot_be_written_is_named(
    terminal: Terminal, session: Session, command: Callable[..., Any], tmp_path: Path
) -> None:
    session.scan(ended(terminal), source="scanner")
    (tmp_path / "file").write_bytes(b"")
    result = command(tmp_path, "--out", tmp_path / "file" / "below")
    assert result.exit_code == 2
    assert "cannot be written" in result.output
