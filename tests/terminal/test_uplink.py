"""The way up: what counts as an answer, what waits, and for how long."""

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import pytest

from protocol.terminal_certificate import TerminalCertificate
from protocol.unixtime import UnixTime
from tests.terminal.serving import Answer, answers, serving
from verifier_terminal.errors import (
    CertificateUnusable,
    FetchError,
    NotListening,
    OutOfOrder,
    Redirected,
    ServerRefused,
    TooLarge,
    TooSlow,
    Unreachable,
)
from verifier_terminal.reporting import Reporting
from verifier_terminal.reports import SignedRow, WantedRenewal
from verifier_terminal.store.outbox import Outgoing
from verifier_terminal.sync.decisions import ActDecision
from verifier_terminal.sync.http_mirror import Patience
from verifier_terminal.sync.posting import Answered, Poster
from verifier_terminal.sync.uplink import Outcome, Uplink

KEY = bytes(32)
TAKEN = json.dumps({"key": KEY.hex(), "received_at": "2026-11-22T04:00:00Z"}).encode()
PAGE = b"<html>sign in to this network</html>"


def said(word: str) -> bytes:
    return json.dumps({"error": word, "message": "x", "hint": "y"}).encode()


@dataclass
class Line:
    """Answers in turn, the last one for ever; None: nobody answers."""

    answers: list[Answered | None]
    asked: list[str] = field(default_factory=list)

    def post(self, path: str, content: bytes) -> Answered:
        del content
        self.asked.append(path)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if answer is None:
            raise NotListening("nobody")
        return answer


def broken_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.close_connection = True


def dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.flush()
    # Until the other side has had enough.
    handler.connection.settimeout(5)
    handler.connection.recv(1)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answered(200, TAKEN), Outcome.TAKEN),
        (Answered(200, PAGE), Outcome.LATER),
        (Answered(200, TAKEN.replace(b"0000", b"1111")), Outcome.LATER),
        (Answered(200, b"[" * 8_000), Outcome.LATER),
        (Answered(201, TAKEN), Outcome.LATER),
        (Answered(400, said("row_malformed")), Outcome.REFUSED),
        (Answered(409, said("row_contradicts")), Outcome.REFUSED),
        (Answered(413, said("row_too_large")), Outcome.REFUSED),
        (Answered(422, said("row_unusable")), Outcome.REFUSED),
        (Answered(400, PAGE), Outcome.LATER),
        (Answered(413, b'{"error": 1}'), Outcome.LATER),
        (Answered(400, said("x\u202ey")), Outcome.LATER),
        (Answered(400, said("x" * 41)), Outcome.LATER),
        *((Answered(status, said("row_refused")), Outcome.LATER) for status in (401, 403, 404, 410, 429, 500, 503)),
    ],
    ids=str,
)
def test_only_the_operators_own_answers_count(answer: Answered, outcome: Outcome) -> None:
    line = Line([answer])
    assert Uplink(line).send("hall-3-07", b"row", key=KEY).outcome is outcome
    assert line.asked == ["/api/v1/terminals/hall-3-07/rows"]


def test_a_renewal_that_is_refused_says_the_operators_word() -> None:
    with pytest.raises(ServerRefused, match="403, terminal_withdrawn"):
        Uplink(Line([Answered(403, said("terminal_withdrawn"))])).renew("hall-3-07", b"")
    with pytest.raises(ServerRefused, match="status 502"):
        Uplink(Line([Answered(502, PAGE)])).renew("hall-3-07", b"")


@dataclass
class Reports:
    """What a session would give; rows that are put off are due again after so many seconds."""

    clock: Callable[[], float]
    rows: dict[bytes, tuple[Outgoing, float]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    wanted: WantedRenewal | None = None
    broken: bool = False

    def put(self, name: bytes, *, kind: str = "officers-act") -> None:
        self.rows[name] = Outgoing(name, kind, b"x", UnixTime(0), 0), 0.0

    def put_heartbeat(self, body: bytes) -> None:
        if self.broken:
            raise OutOfOrder("full")
        self.gone.append(f"beat {body.decode()}")

    def due(self) -> tuple[SignedRow, ...]:
        return tuple(SignedRow("t", row, b"") for row, at in self.rows.values() if at <= self.clock())

    def taken(self, row: Outgoing) -> None:
        del self.rows[row.key]
        self.gone.append("taken")

    def undecided_acts(self) -> tuple[bytes, ...]:
        return (b"\2" * 32,)

    def decided(self, found: Iterable[ActDecision]) -> None:
        self.gone.extend(f"rejected {each.decided.rejected}" for each in found)

    def refused(self, row: Outgoing, *, status: int, word: str) -> None:
        del self.rows[row.key]
        self.gone.append(f"refused {status} {word}")

    def put_off(self, row: Outgoing, *, by: int) -> None:
        later = Outgoing(row.key, row.kind, row.body, row.created, row.tries + 1)
        self.rows[row.key] = later, self.clock() + by

    def wanted_renewal(self) -> WantedRenewal | None:
        return self.wanted


@dataclass
class Stand:
    """One session's reporting on a clock by hand."""

    line: Line
    elapsed: float = 0.0
    told: list[str] = field(default_factory=list)
    installs: int = 0

    def __post_init__(self) -> None:
        self.reports = Reports(lambda: self.elapsed)
        self.reporting = Reporting(
            self,  # type: ignore[arg-type]  # of the reports what is called is there
            Uplink(self.line),
            beat=lambda: b"b",
            elapsed_seconds=lambda: self.elapsed,
            jitter=float,
            tell=self.told.append,
        )

    def install_certificate(self, encoded: bytes) -> TerminalCertificate:
        del encoded
        self.installs += 1
        raise CertificateUnusable("it was made for another key than this terminal's")

    def run(self, seconds: int) -> None:
        """Rounds every five seconds."""
        for _ in range(seconds // 5):
            self.elapsed += 5
            self.reporting.round()


def test_while_nobody_answers_it_asks_less_and_less_often() -> None:
    stand = Stand(Line([None]))
    stand.reports.put(KEY)
    moments = []
    for _ in range(20_000 // 5):
        before = len(stand.line.asked)
        stand.run(5)
        if len(stand.line.asked) > before:
            moments.append(int(stand.elapsed))
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert gaps[:9] == [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560]
    assert set(gaps[9:]) == {3_600}
    assert KEY in stand.reports.rows
    stand.line.answers = [Answered(200, TAKEN)]
    stand.run(3_600)
    assert stand.reports.rows == {}


def test_a_row_that_is_put_off_keeps_no_other_one_waiting() -> None:
    stand = Stand(Line([Answered(503, PAGE), Answered(200, json.dumps({"key": "01" * 32}).encode())]))
    stand.reports.put(KEY)
    stand.reports.put(b"\1" * 32)
    stand.reporting.round()
    assert list(stand.reports.rows) == [KEY]
    assert stand.reports.rows[KEY][0].tries == 1
    stand.line.answers = [Answered(422, said("row_unusable"))]
    stand.run(10)
    assert stand.reports.gone[-1] == "refused 422 row_unusable"
    assert stand.reports.rows == {}


def test_heartbeats_come_every_five_minutes_whether_anybody_answers_or_not() -> None:
    stand = Stand(Line([None]))
    stand.reports.put(KEY)
    stand.run(3_000)
    assert stand.reports.gone.count("beat b") == 10


def test_what_was_decided_is_asked_for_beside_a_heartbeat_and_beside_nothing_else() -> None:
    told = {"act": "02" * 32, "decision": "rejected", "decided_at": 7, "reason": None}
    stand = Stand(Line([Answered(200, json.dumps({"key": KEY.hex(), "decisions": [told]}).encode())]))
    stand.reports.put(KEY)
    stand.reporting.round()
    assert stand.line.asked == ["/api/v1/terminals/t/rows"]
    assert "rejected True" not in stand.reports.gone
    stand.reports.put(KEY, kind="heartbeat")
    stand.run(5)
    assert stand.line.asked[1] == f"/api/v1/terminals/t/rows?acts={'02' * 32}"
    assert stand.reports.gone[-1] == "rejected True"


def test_a_certificate_that_is_none_of_ours_is_not_asked_for_every_few_seconds() -> None:
    stand = Stand(Line([Answered(200, b"another one's")]))
    stand.reports.wanted = WantedRenewal("t", b"")
    stand.run(1_800)
    assert stand.installs == 3
    assert "another key" in stand.told[0]


def test_a_full_disk_ends_a_round_and_no_thread() -> None:
    stand = Stand(Line([Answered(200, TAKEN)]))
    stand.reports.broken = True
    stand.reporting.round()
    assert "out of order" in stand.told[0]
    stand.reports.put(KEY)
    stand.run(5)
    assert stand.reports.rows == {}, "what waits is sent all the same"


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (answers(302, b"", Location="http://127.0.0.1/sign-in"), Redirected),
        (answers(200, bytes(8_193)), TooLarge),
        (broken_off, Unreachable),
    ],
    ids=["redirect", "large", "broken-off"],
)
def test_a_server_that_does_not_answer_properly(answer: Answer, refused: type[FetchError]) -> None:
    with serving(answer) as url, pytest.raises(refused):
        Poster(url).post("/rows", b"row")


def test_a_server_that_drips_is_left_when_the_time_is_over() -> None:
    with serving(dripping) as url, pytest.raises(TooSlow):
        Poster(url, patience=Patience(total_seconds=0.3)).post("/rows", b"row")
    with pytest.raises(NotListening):
        Poster("http://127.0.0.1:1").post("/rows", b"row")


def test_an_error_status_is_an_answer() -> None:
    with serving(answers(422, b"why")) as url:
        assert Poster(url).post("/rows", b"row") == Answered(422, b"why")
