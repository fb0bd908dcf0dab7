"""A terminal's whole life on one simulated clock, over a real web server: scanned in, heard, renewed, stolen, dead."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from issuer import wiring as issuer_wiring
from issuer.application import Issuer
from issuer.cli import cli as issuer_cli
from issuer.fleet import register as fleet_register
from issuer.fleet.standing import Trouble
from protocol import directory as wallet_directory
from protocol import enrolment, keys
from protocol.enrolment import Invitation
from protocol.labels import Alg
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.issuer import builders
from tests.issuer.builders import AT
from tests.issuer.remote import NAME
from tests.issuer.remote import invited as invited_elsewhere
from verifier_terminal import enrolling
from verifier_terminal import wiring as terminal_wiring
from verifier_terminal.certification import Trouble as CertificateTrouble
from verifier_terminal.cli import cli as terminal_cli
from verifier_terminal.errors import NotListening, RootMismatch, TerminalError
from verifier_terminal.heartbeats import Heartbeats
from verifier_terminal.reporting import Reporting
from verifier_terminal.session import Session
from verifier_terminal.store import outbox
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.sync.posting import Answered, Poster
from verifier_terminal.sync.uplink import Uplink


@dataclass
class Clock:
    at: int = AT

    def __call__(self) -> UnixTime:
        return UnixTime(self.at)

    def elapsed(self) -> float:
        return float(self.at - AT)


@dataclass
class Line:
    """The way to the server, which somebody may cut."""

    poster: Poster
    is_cut: bool = False

    def post(self, path: str, content: bytes) -> Answered:
        if self.is_cut:
            raise NotListening("cut")
        return self.poster.post(path, content)


@dataclass
class Field:
    """One authority with its server, and the clock that everybody has."""

    issuer: Issuer
    url: str
    clock: Clock
    told: list[str] = field(default_factory=list)

    def code(self) -> Invitation:
        made = invited_elsewhere(self.issuer, at=self.clock.at)
        return Invitation(self.url, made.token, made.root_sha256)

    def reporting(self, session: Session, line: Line) -> Reporting:
        tally = SimpleNamespace(verdicts=Counter(), reasons=Counter(), devices=Counter())
        beats = Heartbeats(
            session.status,
            tally,
            rows_waiting=session.reports.waiting,
            free_bytes=lambda: 10**9,
            version="0.1.0",
            elapsed_seconds=self.clock.elapsed,
        )
        return Reporting(
            session,
            Uplink(line),
            beat=beats.make,
            elapsed_seconds=self.clock.elapsed,
            jitter=float,
            tell=self.told.append,
        )

    def worst(self) -> Trouble | None:
        (standing,) = self.issuer.fleet.standings(at=self.clock())
        return standing.worst


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    clock = Clock()
    monkeypatch.setattr(terminal_wiring, "now", clock)
    monkeypatch.setattr(terminal_wiring, "elapsed_seconds", clock.elapsed)
    with (
        builders.made(tmp_path / "issuer") as issuer,
        issuer_wiring.serving(issuer, port=0, clock=clock) as service,
    ):
        thread = threading.Thread(target=service.run, daemon=True)
        thread.start()
        yield Field(issuer, service.url, clock)


def certificate_end(session: Session) -> int:
    standing = session.status().certification
    assert standing.certificate is not None
    return standing.certificate.exp


def test_enrolled_heard_renewed_stolen_dead(world: Field, tmp_path: Path) -> None:
    folder, clock = tmp_path / "kiosk", world.clock
    settings, _ = enrolling.enrol(folder, world.code())
    assert (settings.profile, settings.name, settings.operator) == ("kiosk", "一楼3号自助机", world.url)
    with terminal_wiring.open_session(folder) as session:
        assert session.status().certification.trouble is None
        line = Line(Poster(world.url))
        reporting = world.reporting(session, line)
        reporting.round()
        assert world.told == []
        assert world.worst() is None

        # An act is written while the line is cut; hours later it arrives, once, with the heartbeat of then.
        line.is_cut = True
        with session._lock, session._store.writing():
            session._store.outbox.put(outbox.OFFICERS_ACT, b"\xa0", key=bytes(32), at=clock())
        for _ in range(8):
            clock.at += 1_800
            reporting.round()
        assert world.worst() is Trouble.SILENT
        assert session.reports.waiting() == 1
        line.is_cut = False
        clock.at += HOUR
        reporting.round()
        (kept,) = fleet_register.rows(world.issuer._register, kind=outbox.OFFICERS_ACT)
        assert (kept.terminal, kept.body, kept.received_at) == (NAME, b"\xa0", clock.at)
        assert world.worst() is Trouble.DATA_OLD, "nobody polls for statuses here"
        assert session.reports.waiting() == 0
        (sent,) = session.journal_rows(search='"sent"')
        assert sent.payload is not None
        assert (sent.payload["kind"], sent.payload["key"]) == ("officers-act", "00" * 32)

        # Six weeks, switched on once a day: the certificate is never over, and changes every fourth day.
        world.told.clear()
        ends = [certificate_end(session)]
        for _ in range(42):
            clock.at += DAY
            reporting.round()
            ends.append(certificate_end(session))
            assert ends[-1] > clock.at
        assert world.told == []
        assert len(set(ends)) == 1 + 42 // 4

        # Stolen: no renewal, no row, no answer of a wallet from the next directory on, and over within the week.
        world.issuer.withdrawing.withdraw(NAME, reason="失窃", actor="test", at=clock())
        published = (world.issuer.places.published / "directory.cbor").read_bytes()
        kid = keys.kid_of(terminal_wiring.identity_of(folder).signer().public_key)
        assert wallet_directory.verify(published, root=world.issuer.root).withdrawn == {kid}
        session.sync_documents(FolderMirror(world.issuer.places.published))
        assert session.status().certification.trouble is CertificateTrouble.WITHDRAWN
        assert session.askable() == {}
        stolen_at, last_end = clock.at, ends[-1]
        with session._lock, session._store.writing():
            session._store.outbox.put(outbox.DISPUTE, b"\xa1\x01\x02", key=bytes(31) + b"\1", at=clock())
        for _ in range(8):
            clock.at += DAY
            reporting.round()
            assert certificate_end(session) == last_end
        assert last_end <= stolen_at + 7 * DAY
        assert session.status().certification.trouble is CertificateTrouble.WITHDRAWN
        world.issuer.publish(at=clock())
        session.sync_documents(FolderMirror(world.issuer.places.published))
        assert session.status().certification.trouble is CertificateTrouble.OVER
        assert any("terminal_withdrawn" in words for words in world.told)
        assert session.reports.waiting() == 1
        assert fleet_register.rows(world.issuer._register, kind=outbox.DISPUTE) == ()
        assert world.worst() is Trouble.WITHDRAWN
        clock.at += 40 * DAY
        assert session.reports.wanted_renewal() is not None
        reporting.round()
        assert certificate_end(session) == last_end


def test_a_machine_that_stood_still_over_a_holiday_is_renewed(world: Field, tmp_path: Path) -> None:
    """Set up by the two commands, with a picture of the code between them."""
    folder, picture = tmp_path / "kiosk", tmp_path / "code.png"
    office = str(world.issuer.places.published.parent)
    wished = ["--profile", "kiosk", "--place", "一楼3号自助机", "--relying-party", "幻境市政务服务中心"]
    wished += ["--kind", "id-card", "--url", world.url, "--png", str(picture)]
    shown = CliRunner().invoke(issuer_cli, ["enrol-terminal", office, NAME, *wished])
    assert (shown.exit_code, shown.output.count("LT1:")) == (0, 1), shown.output
    assert picture.stat().st_mode & 0o777 == 0o600
    done = CliRunner().invoke(terminal_cli, ["enrol", str(folder), "--image", str(picture), "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["terminal"], said["profile"], said["operator"], said["trouble"]) == (NAME, "kiosk", world.url, None)
    world.clock.at += 16 * DAY
    with terminal_wiring.open_session(folder) as session:
        assert session.status().certification.trouble is CertificateTrouble.OVER
        world.reporting(session, Line(Poster(world.url))).round()
        assert session.status().certification.trouble is None
    assert world.worst() is Trouble.DATA_OLD
    listed = CliRunner().invoke(issuer_cli, ["fleet", office, "--search", "hall"])
    assert "1 terminals, 1 of them need somebody" in listed.output
    for given, operator in ((["--none"], None), (["http://127.0.0.1:8310"], "http://127.0.0.1:8310")):
        changed = CliRunner().invoke(terminal_cli, ["operator", str(folder), *given, "--json"])
        assert json.loads(changed.stdout) == {"operator": operator}
    refused = CliRunner().invoke(terminal_cli, ["operator", str(folder), "ftp://x"])
    assert (refused.exit_code, "no operator's address" in refused.output) == (1, True)
    refused = CliRunner().invoke(terminal_cli, ["enrol", str(tmp_path / "other"), "--code", "LC1:ABC"])
    assert (refused.exit_code, "no enrolment code" in refused.output) == (1, True)


def test_what_fails_leaves_no_terminal_and_a_good_code_good_and_what_is_forged_is_not_believed(
    world: Field, tmp_path: Path
) -> None:
    code, folder = world.code(), tmp_path / "kiosk"
    wrong_root = Invitation(code.url, code.token, bytes(32))
    wrong_token = Invitation(code.url, bytes(16), code.root_sha256)
    for invitation, reason, words in (
        (wrong_root, RootMismatch, "root key"),
        (wrong_token, enrolling.EnrolmentRefused, "enrolment_unknown"),
        (Invitation("http://127.0.0.1:1", code.token, code.root_sha256), TerminalError, "refuses connections"),
    ):
        with pytest.raises(reason, match=words):
            enrolling.enrol(folder, invitation)
        assert not folder.exists() or not list(folder.iterdir())
    settings, _ = enrolling.enrol(folder, code)
    assert settings.operator == world.url
    with pytest.raises(enrolling.EnrolmentRefused, match="enrolment_used"):
        enrolling.enrol(tmp_path / "another", code)

    # An answer that is lost is asked for again, and a forged one is not believed.
    world.clock.at += 7 * DAY
    code, signer = world.code(), keys.signer_for(Alg.ESP256, b"\7" * 32)

    @dataclass
    class Losing:
        """The first answer is lost on its way back."""

        poster: Poster
        lost: int = 0

        def post(self, path: str, content: bytes) -> Answered:
            answer = self.poster.post(path, content)
            if self.lost < 2:
                self.lost += 1
                raise NotListening("lost")
            return answer

    said = enrolling.ask(code, signer, Losing(Poster(world.url)))
    assert said.purpose.word == "kiosk"
    forged = SimpleNamespace(
        post=lambda path, content: Answered(
            200, enrolment.answer(said, key_of_token=enrolment.token_key(bytes(16)), key=signer.public_key)
        )
    )
    with pytest.raises(enrolling.AnswerNotOperators):
        enrolling.ask(code, signer, forged)
    assert len(world.issuer.terminals.listed()) == 2
