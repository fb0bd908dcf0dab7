"""Answers that an operator rarely sees: full lists of names, taken ports, ended licences, lost races, broken lint."""

import dataclasses
import logging
import socket
import threading
from pathlib import Path

import pytest

from issuer import catalogue_source, holder_keys, lifecycle, lint, listing, subject, wiring
from issuer.application import Issuer
from issuer.errors import (
    HolderKeyRefused,
    LicenceNotValid,
    LintRefused,
    NotAnIssuer,
    PackageUnknown,
    RegisterUnavailable,
    StorageFailed,
    SubjectRefused,
)
from issuer.layout import LaidOut
from issuer.lifecycle import LegalChange
from issuer.register import Register
from protocol import limits
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.licence.catalogue import Clear, Item, ItemType, Names
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, holder_key, made, randomness

KINDS = {kind.slug: kind for kind in catalogue_source.load_kinds().values()}
DRIVER = KINDS["driving-licence"]


@pytest.mark.parametrize(
    "changed",
    [
        {"nbf": UnixTime(AT + 1)},
        {"iat": UnixTime(AT + 200 * DAY)},
        {"exp": AT},
        {"exp": UnixTime(AT + 130 * DAY)},
        {"layouts": {"F": LaidOut({}, (b"",) * (limits.MAX_DISCLOSURES + 1))}},
    ],
)
def test_lint_refuses_what_a_terminal_would_refuse(issuer: Issuer, changed: dict[str, object]) -> None:
    checked = subject.check(DRIVER, DRIVING, at=AT, fictional=True)
    draft = issuer._issuance.draft(DRIVER, checked, holder_key(), KeyAssurance.SOFTWARE, AT)
    lint.lint(draft, at=AT)
    with pytest.raises(LintRefused):
        lint.lint(dataclasses.replace(draft, **changed), at=AT)  # type: ignore[arg-type]


def test_lint_names_the_items_that_a_view_lacks() -> None:
    checked = subject.check(DRIVER, DRIVING, at=AT, fictional=True)
    bare = dataclasses.replace(checked, items={key: value for key, value in checked.items.items() if key != Lic.CLASS})
    with pytest.raises(LintRefused, match="roadside needs class"):
        lint.lint_view(DRIVER, Purpose.ROADSIDE, DRIVER.views[Purpose.ROADSIDE], bare)


def test_states_of_a_licence_in_the_list(issuer: Issuer) -> None:
    issued = issuer.issue("driving-licence", DRIVING | {"valid_to": "2026-11-30"}, holder_key(), at=AT)
    record = issuer.licence(issued.licence_id)
    assert listing.state(record, at=AT) == "valid"
    assert listing.state(record, at=UnixTime(AT + 9 * DAY)) == "expired"
    issuer.revoke(issued.licence_id, reason="测试", actor="test", at=AT)
    assert listing.state(issuer.licence(issued.licence_id), at=UnixTime(AT + 9 * DAY)) == "revoked"


def test_an_unfinished_licence_has_no_package(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object, **__: object) -> None:
        raise RegisterUnavailable("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(Register, "record_done", dead)
        with pytest.raises(RegisterUnavailable):
            issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    (record,) = issuer.list()
    with pytest.raises(PackageUnknown):
        issuer.package(record.id)


def test_a_licence_suspended_while_a_device_is_enrolled_gets_no_index(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    before = issuer.licence(issued.licence_id)
    lifecycle.change(
        issuer._register, issued.licence_id, LegalChange.SUSPEND, reason="测试", actor="test", at=AT, below=lambda _: 0
    )
    with pytest.raises(LicenceNotValid):
        # The record was read before the suspension: only the register's own transaction can see it.
        issuer._issuance.issue_again(
            KINDS["id-card"],
            before,
            holder_key(2),
            key_assurance=KeyAssurance.SOFTWARE,
            directory=b"",
            actor="test",
            at=AT,
        )
    assert issuer.open_intents() == ()


def test_a_database_of_something_else_is_no_register(tmp_path: Path) -> None:
    made(tmp_path / "i").close()
    database = tmp_path / "i" / "register.sqlite"
    for path in database.parent.glob("register.sqlite*"):
        path.unlink()
    database.touch()
    with pytest.raises(NotAnIssuer, match="tables"):
        Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(1))


def test_a_taken_port_is_named(issuer: Issuer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StorageFailed, match="cannot listen"), wiring.serving(issuer, port=taken.getsockname()[1]):
            pytest.fail("the port was taken")


def test_a_short_operator_token_serves_nobody(issuer: Issuer) -> None:
    for spoil in (lambda: issuer.places.operator_token.write_text("\n"), issuer.places.operator_token.unlink):
        spoil()
        with pytest.raises(StorageFailed, match=r"operator\.token") as refused:
            wiring.operator_token(issuer)
        assert "43 characters" in refused.value.hint


def test_an_emptied_register_is_restored_and_not_made_anew(issuer: Issuer) -> None:
    issuer.close()
    for path in issuer.places.folder.glob("register.sqlite*"):
        path.write_bytes(b"")
    with pytest.raises(NotAnIssuer, match="tables") as refused:
        Issuer.open(issuer.places.folder, passphrase=None, random_bytes=randomness(2))
    assert "backup" in refused.value.hint
    assert "init" not in refused.value.hint


def test_a_failed_republication_is_logged_and_tried_again(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    again = threading.Event()
    outcomes = iter([StorageFailed("cannot write 1.cwt: No space left on device"), None])

    def publish(**_: object) -> None:
        outcome = next(outcomes, None)
        if outcome is not None:
            raise outcome
        again.set()

    monkeypatch.setattr(issuer, "publish", publish)
    monkeypatch.setattr(wiring.config, "REPUBLISH_SECONDS", 0)
    with caplog.at_level(logging.ERROR, "issuer"), wiring.serving(issuer, port=0):
        assert again.wait(60)
    assert "No space left" in caplog.text


@pytest.mark.parametrize("content", [b"A", b"AAAAA", b"\xff\xfe", b"", b"A" * 513])
def test_what_is_no_holder_key(content: bytes) -> None:
    with pytest.raises(HolderKeyRefused):
        holder_keys.read(content)


@pytest.mark.parametrize(("uscc", "what"), [("9199", "8 digits"), ("91990000MI00000008", "8 digits"), (7, "8 digits")])
def test_a_credit_code_of_another_form(uscc: object, what: str) -> None:
    with pytest.raises(SubjectRefused) as refused:
        subject.check(KINDS["business-licence"], BUSINESS | {"uscc": uscc}, at=AT, fictional=True)
    assert [what in problem.what for problem in refused.value.problems] == [True]


@pytest.mark.parametrize(("written", "good"), [("ab" * 32, True), ("ab" * 31, False), ("AB" * 32, False), (7, False)])
def test_a_digest_is_64_hexadecimal_digits(written: object, good: bool) -> None:
    names = Names("照片摘要", "照片摘要", "Portrait digest")
    portrait = Item(Lic.PORTRAIT_SHA256, "portrait_sha256", ItemType.DIGEST, 32, True, names, Clear())
    kind = dataclasses.replace(DRIVER, items=(*DRIVER.items, portrait))
    content = DRIVING | {"portrait_sha256": written}
    if good:
        assert subject.check(kind, content, at=AT, fictional=True).items[Lic.PORTRAIT_SHA256] == b"\xab" * 32
    else:
        with pytest.raises(SubjectRefused) as refused:
            subject.check(kind, content, at=AT, fictional=True)
        assert [problem.item for problem in refused.value.problems] == ["portrait_sha256"]


def test_a_foreign_database_error_repeats_no_parameters(issuer: Issuer) -> None:
    with issuer._register.writing() as connection:
        connection.exec_driver_sql("DROP TABLE status_event")
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    with pytest.raises(RegisterUnavailable) as refused:
        issuer.revoke(issued.licence_id, reason="秘密原因", actor="test", at=AT)
    assert "秘密原因" not in str(refused.value)
    assert issued.licence_id not in str(refused.value)
    # One transaction: the licence is not revoked either.
    assert issuer.licence(issued.licence_id).status.name == "VALID"
