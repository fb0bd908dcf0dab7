"""A machine in the field as the issuer's tests see it: its key, its certificate, and what it signs."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from issuer.application import Issuer
from issuer.enrolment.inviting import Place
from issuer.terminals.certifying import Wish
from protocol import enrolment, heartbeat, keys, renewal, terminal_row
from protocol.enrolment import Invitation
from protocol.heartbeat import Heartbeat, Reading, RegionAges, Waiting
from protocol.keys import Signer
from protocol.labels import Alg, Purpose
from protocol.terminal_row import TerminalRow
from protocol.unixtime import HOUR, Seconds, UnixTime
from tests.issuer.builders import AT

NAME: Final = "hall-3-07"
URL: Final = "https://licences.example/310000"
COSE: Final = "application/cose"


def key_of(number: int) -> Signer:
    return keys.signer_for(Alg.ESP256, bytes([number] * 32))


def invited(
    issuer: Issuer, *, name: str = NAME, site: str = "", replace: bool = False, life: int = HOUR, at: int = AT
) -> Invitation:
    """A code for a kiosk that may ask for identity cards, as its reader sees it."""
    wish = Wish(name, "一楼3号自助机", "幻境市政务服务中心", frozenset({Purpose.KIOSK}), frozenset({"id-card"}), 7)
    text = issuer.enrolments.invite(
        wish, Place(Purpose.KIOSK, site), url=URL, replace=replace, life=Seconds(life), actor="test", at=UnixTime(at)
    )
    return enrolment.decode(text)


@dataclass
class Machine:
    """One machine with its key."""

    signer: Signer
    certificate: bytes = b""

    def enrol(self, client: FlaskClient, token: bytes) -> TestResponse:
        """Sends its request; an answer that is one is taken in."""
        answer = client.post("/api/v1/enrolments", data=enrolment.request(token, self.signer), content_type=COSE)
        if answer.status_code == 200:
            read = enrolment.read_answer(answer.data, token=token, key=self.signer.public_key)
            self.certificate = read.certificate
        return answer

    def renew(self, client: FlaskClient, *, at: int, name: str = NAME) -> TestResponse:
        """Asks for the next certificate; one that comes is taken in."""
        wanted = renewal.sign(certificate=self.certificate, signer=self.signer, at=UnixTime(at))
        answer = client.post(f"/api/v1/terminals/{name}/renewal", data=wanted, content_type=COSE)
        if answer.status_code == 200:
            self.certificate = answer.data
        return answer

    def send(
        self,
        client: FlaskClient,
        kind: str,
        body: bytes,
        *,
        at: int,
        key: bytes | None = None,
        name: str = NAME,
    ) -> TestResponse:
        """Sends a row that is signed at this moment."""
        row = TerminalRow(kind, key or sha256(body).digest(), body, UnixTime(at))
        signed = terminal_row.sign(row, certificate=self.certificate, signer=self.signer)
        return client.post(f"/api/v1/terminals/{name}/rows", data=signed, content_type=COSE)

    def beat(self, client: FlaskClient, beat: Heartbeat, *, at: int, key: bytes | None = None) -> TestResponse:
        """Sends a heartbeat, each with a key of its own."""
        return self.send(
            client, heartbeat.KIND, heartbeat.encode(beat), at=at, key=key or sha256(str(at).encode()).digest()
        )


GOOD_BEAT: Final = Heartbeat(
    version="0.1.0",
    purpose=Purpose.KIOSK,
    regions=(RegionAges("310000", Seconds(40), Seconds(HOUR)),),
    clock_uncertainty=Seconds(2),
    clock_plausible=True,
    waiting=Waiting(0, 0, 0),
    reading=Reading(Seconds(HOUR), 95, 4, 1),
    reasons={"E_REVOKED": 2},
    free_bytes=5 * 10**9,
    certificate_end=UnixTime(AT + 6 * 86_400),
    works=True,
)
