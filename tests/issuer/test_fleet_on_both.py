"""What terminals send, over SQLite and over PostgreSQL: enrolled once, each row once, the last sign of life."""

from concurrent.futures import ThreadPoolExecutor

from issuer.application import Issuer
from issuer.enrolment.errors import EnrolmentUsed
from issuer.fleet import register as fleet_register
from protocol import enrolment, heartbeat, terminal_row
from protocol.terminal_row import TerminalRow
from protocol.unixtime import UnixTime
from tests.issuer.builders import AT
from tests.issuer.remote import GOOD_BEAT, NAME, invited, key_of


def test_many_machines_at_once_use_a_code_once_and_their_rows_count_once(issuer: Issuer) -> None:
    token = invited(issuer).token

    def enrolled(number: int) -> bytes | None:
        signer = key_of(number)
        try:
            answer = issuer.enrolments.enrol(enrolment.request(token, signer), at=AT)
        except EnrolmentUsed:
            return None
        return enrolment.read_answer(answer, token=token, key=signer.public_key).certificate

    with ThreadPoolExecutor(4) as threads:
        certificates = list(threads.map(enrolled, range(1, 5)))
    (number,) = (number for number, made in enumerate(certificates, 1) if made is not None)
    certificate = certificates[number - 1]
    assert certificate is not None

    def sent(kind: str, body: bytes) -> UnixTime:
        row = TerminalRow(kind, bytes(32), body, AT)
        signed = terminal_row.sign(row, certificate=certificate, signer=key_of(number))
        return issuer.receiving.take(NAME, signed, at=AT).received_at

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: sent("officers-act", b"act"), range(8))) == {AT}
    assert [row.body for row in fleet_register.rows(issuer._register, kind="officers-act")] == [b"act"]
    assert sent(heartbeat.KIND, heartbeat.encode(GOOD_BEAT)) == AT
    (standing,) = issuer.fleet.standings(at=AT)
    assert (standing.beat, standing.findings, standing.heard_at) == (GOOD_BEAT, (), AT)
    issuer.withdrawing.withdraw(NAME, reason="失窃", actor="test", at=AT)
    (standing,) = issuer.fleet.standings(search="3号", at=AT)
    assert standing.worst == "withdrawn"
    assert issuer.fleet.standings(search="4号", at=AT) == ()
    fleet_register.note_refused(issuer._register, NAME, at=AT)
    token = issuer.fleet_tokens.give("值班员", days=1, actor="test", at=AT)
    assert issuer.fleet_tokens.owner(token, at=AT) == "值班员"
    issuer.fleet_tokens.remove("值班员", actor="test", at=AT)
    assert issuer.fleet_tokens.owner(token, at=AT) is None
