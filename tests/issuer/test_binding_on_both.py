"""Binding by evidence: the table, what is refused, and what a kiosk makes of the first day. On both databases."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from issuer.application import Issuer
from issuer.binding import rules, statements
from issuer.binding.errors import AuthenticatorRefused, EvidenceRefused
from issuer.binding.rules import WAITING, Evidence
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import DeviceUnknown
from protocol import key_proof, keys
from protocol.keys import Signer
from protocol.labels import Alg, KeyAssurance, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.unixtime import UnixTime
from tests.issuer.builders import AT, DRIVING, holder_key, key_text, made
from verifier_terminal.appraisal import gates
from verifier_terminal.appraisal.context import Face

SERVICE = keys.signer_for(Alg.ED25519, bytes([7] * 32))
PHONE = [keys.P256Signer(number.to_bytes(32)) for number in range(1, 5)]
DEVICE = [each.public_key.thumbprint for each in PHONE]
SOFTWARE, STORE, HARDWARE, IN_PERSON = KeyAssurance
KIOSK = Face(Purpose.KIOSK, "310000", attended=False, face_compared=False)
WINDOW = Face(Purpose.WINDOW, "310000", attended=True, face_compared=True)


@pytest.fixture
def licence(issuer: Issuer) -> str:
    made_ = issuer.issue("driving-licence", DRIVING, PHONE[0].public_key, at=AT).licence_id
    issuer.issue_again(made_, PHONE[1].public_key, at=AT)
    return made_


def statement(licence_id: str, bound: bytes, signer: Signer = SERVICE, at: int = AT, **changed: Any) -> str:
    claims = {
        "aud": "310000.GA",
        "licence": licence_id,
        "device": bound.hex(),
        "kept": int(HARDWARE),
        "iat": at,
        "exp": at + 600,
        "jti": "1",
    }
    typ = changed.pop("typ", statements.TYP)
    said = {name: value for name, value in (claims | changed).items() if value is not None}
    return key_proof.sign(said, typ=typ, signer=signer)


@pytest.mark.parametrize(
    ("evidence", "kept", "confirming", "follows"),
    [
        (Evidence.COUNTER, SOFTWARE, None, SOFTWARE),
        (Evidence.COUNTER, STORE, None, STORE),
        (Evidence.COUNTER, HARDWARE, None, IN_PERSON),
        (Evidence.AUTHENTICATED, SOFTWARE, None, SOFTWARE),
        (Evidence.AUTHENTICATED, STORE, None, STORE),
        (Evidence.AUTHENTICATED, HARDWARE, None, HARDWARE),
        (Evidence.AUTHENTICATED, IN_PERSON, None, HARDWARE),
        (Evidence.DEVICE, HARDWARE, IN_PERSON, HARDWARE),
        (Evidence.DEVICE, HARDWARE, STORE, STORE),
        (Evidence.DEVICE, STORE, IN_PERSON, STORE),
        (Evidence.DEVICE, HARDWARE, None, SOFTWARE),
    ],
)
def test_the_table(
    evidence: Evidence, kept: KeyAssurance, confirming: KeyAssurance | None, follows: KeyAssurance
) -> None:
    assert rules.assurance(evidence, kept, confirming=confirming) is follows


@pytest.mark.parametrize("risk", list(RiskClass))
def test_within_a_day_no_kiosk_takes_a_sensitive_kind_and_then_it_does(risk: RiskClass) -> None:
    def accepted(face: Face, at: int) -> bool:
        says = rules.now(IN_PERSON, risk, bound_at=AT, at=UnixTime(at))
        return gates.assurance_suffices(risk, face, says, policy_minimum=SOFTWARE)

    first, last, after = (accepted(KIOSK, at) for at in (AT, AT + WAITING - 1, AT + WAITING))
    assert (first, last, after) == ((risk not in rules.SENSITIVE,) * 2 + (True,))
    # At a window somebody compares the person.
    assert accepted(WINDOW, AT)


def test_what_was_bound_at_a_counter_follows_after_a_day(issuer: Issuer, licence: str) -> None:
    assert issuer.bindings.assurance(licence, DEVICE[0], at=AT) is None
    bound = issuer.bindings.at_counter(
        licence, DEVICE[0].hex()[:12], case="柜台 17/4", kept=HARDWARE, actor="3101", at=AT
    )
    assert (bound.evidence, bound.assurance) == (Evidence.COUNTER, IN_PERSON)
    assert issuer.bindings.assurance(licence, DEVICE[0], at=AT) is STORE
    later = UnixTime(AT + WAITING)
    assert issuer.bindings.assurance(licence, DEVICE[0], at=later) is IN_PERSON
    assert issuer.bindings.assurance(licence, DEVICE[1], at=later) is None
    # Every device of the licence may read of it.
    assert issuer.bindings.listed(licence) == (bound,)
    assert issuer.bindings.listed(licence, after=AT) == ()
    with pytest.raises(EvidenceRefused, match="used before"):
        issuer.bindings.at_counter(licence, DEVICE[1].hex(), case="柜台 17/4", kept=STORE, actor="3101", at=AT)
    said = issuer.audit.listed(search="bind-device")
    assert [(each.id, each.actor) for each in said] == [(licence, "3101")]


def test_the_word_of_a_trusted_service_counts_once_and_for_what_it_says(issuer: Issuer, licence: str) -> None:
    good = statement(licence, DEVICE[0])
    with pytest.raises(EvidenceRefused, match="neither a trusted service"):
        issuer.bindings.by_statement(licence, DEVICE[0].hex(), good, at=AT)
    issuer.bindings.trust("实名认证", SERVICE.public_key, actor="test", at=AT)
    for wrong in (
        {"aud": "330000.GA"},
        {"licence": "another"},
        {"device": DEVICE[1].hex()},
        {"kept": 3},
        {"kept": "2"},
        {"kept": True},
        {"iat": AT - 700},
        {"exp": AT},
        {"exp": AT + 601},
        {"iat": AT + 120},
        {"jti": ""},
        {"jti": None},
        {"more": 1},
        {"typ": "openid4vci-proof+jwt"},
    ):
        with pytest.raises(EvidenceRefused):
            issuer.bindings.by_statement(licence, DEVICE[0].hex(), statement(licence, DEVICE[0], **wrong), at=AT)
    with pytest.raises(EvidenceRefused, match="does not verify"):
        issuer.bindings.by_statement(licence, DEVICE[0].hex(), good[:-2] + "AA", at=AT)
    assert issuer.bindings.by_statement(licence, DEVICE[0].hex(), good, at=AT).assurance is HARDWARE
    with pytest.raises(EvidenceRefused, match="used before"):
        issuer.bindings.by_statement(licence, DEVICE[0].hex(), good, at=AT)
    issuer.bindings.distrust(SERVICE.public_key.thumbprint.hex()[:8], actor="test", at=AT)
    with pytest.raises(EvidenceRefused, match="neither"):
        issuer.bindings.by_statement(licence, DEVICE[0].hex(), statement(licence, DEVICE[0], jti="2"), at=AT)
    with pytest.raises(AuthenticatorRefused):
        issuer.bindings.trust("实名认证", SERVICE.public_key, actor="test", at=AT)


def test_another_device_confirms_once_it_is_bound_itself_and_not_just_now(issuer: Issuer, licence: str) -> None:
    def confirmed(at: int, signer: Signer = PHONE[0], **changed: Any) -> KeyAssurance:
        said = statement(licence, DEVICE[1], signer, at, **changed)
        return issuer.bindings.by_statement(licence, DEVICE[1].hex(), said, at=UnixTime(at)).assurance

    later = UnixTime(AT + WAITING)
    with pytest.raises(EvidenceRefused, match="neither"):
        confirmed(AT)
    issuer.bindings.at_counter(licence, DEVICE[0].hex(), case="1", kept=HARDWARE, actor="3101", at=AT)
    for at, signer in ((AT + WAITING - 1, PHONE[0]), (later, PHONE[1]), (later, PHONE[2])):
        with pytest.raises(EvidenceRefused, match="neither"):
            confirmed(at, signer)
    assert confirmed(later) is HARDWARE
    issuer.devices.report_lost(licence, DEVICE[0].hex(), reason="挂失", actor="test", at=later)
    with pytest.raises(EvidenceRefused, match="neither"):
        confirmed(later, jti="2")


def test_only_a_device_that_holds_the_licence_is_bound(issuer: Issuer, licence: str) -> None:
    for device in ("", DEVICE[2].hex(), "zz"):
        with pytest.raises(DeviceUnknown):
            issuer.bindings.at_counter(licence, device, case="1", kept=HARDWARE, actor="3101", at=AT)
    for case in ("", "x" * 65, "a\nb"):
        with pytest.raises(EvidenceRefused):
            issuer.bindings.at_counter(licence, DEVICE[0].hex(), case=case, kept=HARDWARE, actor="3101", at=AT)


def test_the_commands(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    with made(folder) as issuer:
        licence_id = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).licence_id

    def run(*arguments: object) -> Any:
        done = CliRunner().invoke(cli, [*map(str, arguments), "--json"], env={PASSPHRASE_VARIABLE: ""})
        return json.loads(done.stdout) if done.exit_code == 0 else done.stderr

    device = holder_key().thumbprint.hex()[:12]
    case = ("bind", folder, licence_id, "--device", device, "--case", "17", "--kept", "hardware")
    assert run(*case)["assurance"] == 3
    assert "used before" in run(*case)
    assert "either" in run("bind", folder, licence_id, "--device", device)
    assert [each["evidence"] for each in run("bindings", folder, licence_id)] == ["counter"]
    added = run("authenticator", folder, "add", "实名认证", key_text(9))
    assert run("authenticator", folder, "list") == [added]
    assert run("authenticator", folder, "remove", added["key"][:10])["trusted"] is False
