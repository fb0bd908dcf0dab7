"""A terminal's life from the authority's side: enrolled once, renewed while it is wanted, heard once for each row."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from issuer import config
from issuer.application import Issuer
from issuer.enrolment.errors import InvitationRefused
from issuer.errors import TerminalRefused, TerminalTaken
from issuer.fleet import register as fleet_register
from issuer.web.app import create_app
from protocol import cbor, cose_sign1, enrolment, heartbeat, labels, limits, terminal_certificate
from protocol.labels import Purpose
from protocol.terminal_certificate import TerminalCertificate
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.issuer import builders
from tests.issuer.builders import AT
from tests.issuer.remote import GOOD_BEAT, NAME, URL, Machine, invited, key_of


@dataclass
class Clock:
    at: int = AT

    def __call__(self) -> UnixTime:
        return UnixTime(self.at)


@dataclass
class Office:
    """The authority and its web service, on one clock."""

    issuer: Issuer
    client: FlaskClient
    clock: Clock

    def machine(self, number: int = 7, **wished: Any) -> Machine:
        """One that is enrolled now."""
        made = Machine(key_of(number))
        token = invited(self.issuer, at=self.clock.at, **wished).token
        assert made.enrol(self.client, token).status_code == 200
        return made


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remote") / "issuer"
    builders.made(folder).close()
    return folder


@pytest.fixture
def issuer(made_once: Path, tmp_path: Path) -> Iterator[Issuer]:
    """A copy: making one takes longer than what is tested."""
    folder = shutil.copytree(made_once, tmp_path / "issuer")
    with Issuer.open(folder, passphrase=None, random_bytes=builders.randomness(2)) as opened:
        yield opened


@pytest.fixture
def office(issuer: Issuer) -> Iterator[Office]:
    clock = Clock()
    app = create_app(
        issuer,
        operator_token=builders.TOKEN,
        now=clock,
        trusted_hosts=config.TRUSTED_HOSTS,
        max_body_bytes=config.MAX_BODY_BYTES,
    )
    with app.test_client() as client:
        yield Office(issuer, client, clock)


def claims(encoded: bytes) -> TerminalCertificate:
    return terminal_certificate.parse(cbor.decode(encoded)).claims


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]


def test_a_code_enrols_one_key_once_and_the_same_key_again(office: Office) -> None:
    invitation = invited(office.issuer)
    assert (invitation.url, invitation.root_sha256) == (URL, office.issuer.root.thumbprint)
    first, second = Machine(key_of(7)), Machine(key_of(8))
    assert first.enrol(office.client, invitation.token).status_code == 200
    certificate = claims(first.certificate)
    assert (certificate.terminal, certificate.key) == (NAME, first.signer.public_key)
    assert certificate.exp - certificate.iat == 7 * DAY
    assert set(certificate.maxima) == {Purpose.KIOSK}
    # The answer was lost on its way: the same, and no second certificate.
    before = first.certificate
    office.clock.at += 60
    assert first.enrol(office.client, invitation.token).status_code == 200
    assert first.certificate == before
    assert len(office.issuer.terminals.listed()) == 1
    assert said(second.enrol(office.client, invitation.token)) == (403, "enrolment_used")
    office.clock.at = AT + HOUR
    assert said(first.enrol(office.client, invitation.token)) == (403, "enrolment_over")
    assert invitation.token not in b"".join(
        path.read_bytes() for path in office.issuer.places.register.parent.rglob("register.sqlite*")
    )


def test_five_wrong_proofs_lock_a_code_and_unknown_ones_do_not(office: Office) -> None:
    token = invited(office.issuer).token
    machine = Machine(key_of(7))
    assert said(machine.enrol(office.client, bytes(16))) == (403, "enrolment_unknown")
    overheard = enrolment.read_request(enrolment.request(token, key_of(9)))
    for _ in range(5):
        # Another key with what was overheard of the right one's request.
        answer = office.client.post("/api/v1/enrolments", data=_with_proof(overheard.token_id, overheard.proof))
        assert said(answer) == (403, "enrolment_unknown")
    assert said(machine.enrol(office.client, token)) == (403, "enrolment_locked")


def _with_proof(token_id: bytes, proof: bytes) -> bytes:
    signer = key_of(8)
    payload = cbor.encode(
        {labels.CLAIM_CNF: {1: signer.public_key.cose_key}, labels.CLAIM_ENROLMENT: (token_id, proof)}
    )
    return cbor.encode(cose_sign1.sign1({labels.HDR_TYP: labels.TYP_ENROLMENT}, payload, signer))


def test_what_is_no_request_is_refused_by_name(office: Office) -> None:
    for body in (b"", b"{}", bytes(limits.MAX_ENROLMENT_BYTES + 1), b"\xff" * 100):
        assert said(office.client.post("/api/v1/enrolments", data=body)) == (400, "enrolment_malformed")
        assert said(office.client.post(f"/api/v1/terminals/{NAME}/renewal", data=body)) == (400, "renewal_malformed")
        assert said(office.client.post(f"/api/v1/terminals/{NAME}/rows", data=body)) == (400, "row_malformed")
    large = bytes(limits.MAX_ROW_BYTES + 1)
    assert said(office.client.post(f"/api/v1/terminals/{NAME}/rows", data=large)) == (413, "row_too_large")


def test_a_code_is_not_made_for_what_cannot_be_certified(office: Office) -> None:
    with pytest.raises(InvitationRefused):
        invited(office.issuer, life=59)
    with pytest.raises(InvitationRefused):
        invited(office.issuer, life=DAY + 1)
    with pytest.raises(InvitationRefused):
        invited(office.issuer, site="7K3Q")
    with pytest.raises(TerminalRefused):
        invited(office.issuer, name="no name")
    office.machine()
    with pytest.raises(TerminalTaken):
        invited(office.issuer)
    assert invited(office.issuer, replace=True).url == URL


def test_a_terminal_lives_on_by_renewal_until_it_is_stolen(office: Office) -> None:
    """Ten weeks of an honest machine; then it is withdrawn, and dies with its certificate."""
    machine, ends = office.machine(), []
    for _ in range(20):
        office.clock.at += 7 * DAY // 2
        assert machine.renew(office.client, at=office.clock.at).status_code == 200
        ends.append(claims(machine.certificate).exp)
    assert ends == sorted(set(ends))
    assert office.clock.at - AT == 70 * DAY
    # Asked too early, or because the answer was lost: the same again, and no new row.
    rows = len(office.issuer.terminals.listed())
    assert machine.renew(office.client, at=office.clock.at).status_code == 200
    assert claims(machine.certificate).exp == ends[-1]
    assert len(office.issuer.terminals.listed()) == rows
    office.issuer.withdrawing.withdraw(NAME, reason="失窃", actor="test", at=office.clock())
    for later in (0, 7 * DAY // 2, 7 * DAY, 20 * DAY, 36 * DAY):
        office.clock.at = AT + 70 * DAY + later
        assert said(machine.renew(office.client, at=office.clock.at)) == (403, "terminal_withdrawn")
    assert claims(machine.certificate).exp <= AT + 77 * DAY


def test_after_a_holiday_it_is_renewed_and_after_a_month_it_is_not(office: Office) -> None:
    machine = office.machine()
    end = claims(machine.certificate).exp
    office.clock.at = end + 30 * DAY
    assert said(machine.renew(office.client, at=office.clock.at)) == (403, "renewal_refused")
    office.clock.at = end + 30 * DAY - 1
    assert machine.renew(office.client, at=office.clock.at).status_code == 200
    assert claims(machine.certificate).exp > office.clock.at


def test_who_was_followed_by_another_machine_gets_nothing(office: Office) -> None:
    old = office.machine()
    new = office.machine(8, replace=True)
    office.clock.at += 4 * DAY
    assert said(old.renew(office.client, at=office.clock.at)) == (403, "renewal_refused")
    assert said(old.send(office.client, "dispute", b"x", at=office.clock.at)) == (403, "row_refused")
    assert new.renew(office.client, at=office.clock.at).status_code == 200
    assert said(new.renew(office.client, at=office.clock.at, name="hall-3-08")) == (403, "renewal_refused")


def test_a_row_counts_once_and_gets_the_same_answer_again(office: Office) -> None:
    machine = office.machine()
    first = machine.send(office.client, "officers-act", b"act", at=AT)
    office.clock.at += 100
    again = machine.send(office.client, "officers-act", b"act", at=office.clock.at)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    key = bytes.fromhex(first.get_json()["key"])
    other = machine.send(office.client, "officers-act", b"another act", at=office.clock.at, key=key)
    assert said(other) == (409, "row_contradicts")
    assert said(machine.send(office.client, "dispute", b"act", at=office.clock.at, key=key)) == (409, "row_contradicts")
    machine.send(office.client, "dispute", b"note", at=office.clock.at)
    register = office.issuer._register
    (kept,) = fleet_register.rows(register, kind="officers-act")
    assert (kept.terminal, kept.body, kept.key) == (NAME, b"act", key)
    assert fleet_register.rows(register, kind="officers-act", after=kept.seq) == ()
    # Another terminal with the same key takes nothing away and learns nothing.
    stranger = office.machine(9, name="hall-3-08")
    answer = stranger.send(office.client, "officers-act", b"mine", at=office.clock.at, key=key, name="hall-3-08")
    assert answer.status_code == 200
    assert len(fleet_register.rows(register, kind="officers-act")) == 2


def test_whose_row_it_is_not_is_not_heard(office: Office) -> None:
    machine, other = office.machine(), office.machine(9, name="hall-3-08")
    assert said(other.beat(office.client, GOOD_BEAT, at=AT)) == (403, "row_refused"), "in another one's name"
    office.clock.at = claims(machine.certificate).exp + 600
    assert said(machine.send(office.client, "dispute", b"late", at=claims(machine.certificate).exp)) == (
        403,
        "row_refused",
    )
    assert fleet_register.contacts(office.issuer._register) == {}


def test_a_withdrawn_terminal_is_not_heard_and_that_it_tried_is_known(office: Office) -> None:
    machine = office.machine()
    office.issuer.withdrawing.withdraw(NAME, reason="失窃", actor="test", at=AT)
    office.clock.at += 60
    assert said(machine.send(office.client, "officers-act", b"x", at=office.clock.at)) == (403, "terminal_withdrawn")
    contact = fleet_register.contacts(office.issuer._register)[NAME]
    assert (contact.received_at, contact.refused_at) == (None, AT + 60)
    assert fleet_register.rows(office.issuer._register, kind="officers-act") == ()


def test_of_heartbeats_the_newest_stands_and_a_copy_hides_no_silence(office: Office) -> None:
    machine = office.machine()
    assert machine.beat(office.client, GOOD_BEAT, at=AT).status_code == 200
    office.clock.at = AT + 300
    queue = replace(GOOD_BEAT, waiting=replace(GOOD_BEAT.waiting, rows=12))
    assert machine.beat(office.client, queue, at=AT + 300).status_code == 200
    contact = fleet_register.contacts(office.issuer._register)[NAME]
    assert (contact.beat, contact.beat_at, contact.offset, contact.rows_before) == (queue, AT + 300, 0, 0)
    office.clock.at = AT + 9_000
    assert said(machine.beat(office.client, GOOD_BEAT, at=AT)) == (409, "row_contradicts")
    assert machine.beat(office.client, queue, at=AT + 300).get_json()["received_at"] == "2026-11-22T04:05:00Z"
    assert fleet_register.contacts(office.issuer._register)[NAME].received_at == AT + 300
    assert said(machine.send(office.client, heartbeat.KIND, b"\xa0", at=office.clock.at)) == (422, "row_unusable")


def test_a_clock_that_was_fast_keeps_no_later_heartbeat_out(office: Office) -> None:
    machine = office.machine()
    assert machine.beat(office.client, GOOD_BEAT, at=AT + 2 * DAY).status_code == 200
    assert fleet_register.contacts(office.issuer._register)[NAME].offset == 2 * DAY
    office.clock.at += 300
    assert machine.beat(office.client, GOOD_BEAT, at=office.clock.at).status_code == 200
    assert fleet_register.contacts(office.issuer._register)[NAME].offset == 0


def test_a_flood_is_put_off_and_not_refused_for_good(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_register, "MAX_ROWS_A_DAY", 2)
    machine = office.machine()
    for body in (b"1", b"2"):
        assert machine.send(office.client, "dispute", body, at=AT).status_code == 200
    assert said(machine.send(office.client, "dispute", b"3", at=AT)) == (429, "too_many_rows")
    assert machine.send(office.client, "dispute", b"1", at=AT).status_code == 200, "it was taken before"
    assert machine.beat(office.client, GOOD_BEAT, at=AT).status_code == 200
    office.clock.at += 9
    assert said(machine.beat(office.client, GOOD_BEAT, at=office.clock.at)) == (429, "too_many_rows")
    office.clock.at = AT + DAY
    assert machine.send(office.client, "dispute", b"3", at=office.clock.at).status_code == 200
    assert sha256(b"3").digest() in {row.key for row in fleet_register.rows(office.issuer._register, kind="dispute")}
