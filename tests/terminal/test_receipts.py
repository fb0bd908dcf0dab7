"""Receipts of a terminal: what they state, until when they are given, and that no value is left behind in any file."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from protocol import receipt
from protocol.labels import Lic, Purpose, TrustTier
from protocol.receipt import RedactedHashes, VerifiedReceipt
from protocol.status_list import Status
from protocol.unixtime import HOUR, UnixTime
from tests.terminal import asking_world
from tests.terminal.asking_world import REASON, SHOWN, WANTED, anchor, answer, certified, read_challenge
from tests.terminal.conftest import Terminal
from tests.utopia.kinds import DRIVING_LICENCE, ID_CARD, driving_licence_items
from verifier_terminal.errors import CertificateUnusable, NoReceipt, OutOfOrder, UnknownCheckNumber
from verifier_terminal.receipts import KEPT_SECONDS, MAX_KEPT
from verifier_terminal.session import Session
from verifier_terminal.sync.mirror import FolderMirror


@pytest.fixture
def asking(terminal: Terminal) -> Session:
    return certified(terminal)


def number_of(session: Session, text: str, source: str = "scanner") -> str:
    return session.scan(text, source=source).verdict.check_number


def verified(terminal: Terminal, encoded: bytes) -> VerifiedReceipt:
    own = anchor(terminal.world)
    return receipt.verify(encoded, terminal_keys={(own.iss, own.kid): own}, at=terminal.world.clock.at)


def test_a_receipt_states_what_was_asked_shown_and_said(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    asked = read_challenge(terminal.world, opened).challenge
    issued = terminal.world.credential()
    shown = asking.scan(answer(terminal.world, opened, issued), source="scanner").verdict
    terminal.pass_seconds(60)
    copy = asking.receipt(shown.check_number)
    stated = verified(terminal, copy.receipt).receipt
    (licence,) = stated.shown
    assert (stated.purpose, stated.reason, stated.tier) == (Purpose.WINDOW, REASON, TrustTier.AFFIRMING)
    assert (stated.iat, stated.freshness, stated.codes) == (shown.at, 0, ())
    assert stated.challenge is not None
    assert stated.challenge[:16] == asked.cnonce
    assert (licence.vct, licence.presentation) == (DRIVING_LICENCE, shown.replay_key)
    assert set(SHOWN) <= licence.items
    assert isinstance(licence.commitment, RedactedHashes)
    receipt.check_disclosures(licence, issued.disclosures(SHOWN))
    assert copy.claims_keys == (None,)
    row_hash = asking._store.journal.row_hash_of(stated.journal_position)
    assert row_hash == stated.journal_head
    written = next(row for row in asking.journal_rows() if row.seq == stated.journal_position)
    assert written.payload is not None
    assert (written.payload["event"], written.payload["check_number"]) == ("verdict", shown.check_number)


def test_a_view_is_vouched_for_by_a_mac_with_a_fresh_key(terminal: Terminal, asking: Session) -> None:
    issued = terminal.world.credential(view=Purpose.WINDOW)
    number = number_of(asking, terminal.world.code(issued, shown=()))
    first, second = asking.receipt(number, REASON), asking.receipt(number, REASON)
    (key,) = first.claims_keys
    assert key is not None
    assert first.claims_keys != second.claims_keys
    (licence,) = verified(terminal, first.receipt).receipt.shown
    receipt.check_claims_mac(licence, claims_key=key, items=dict(issued.items))
    other = {**issued.items, Lic.NAME: "测试员乙"}
    with pytest.raises(receipt.DisclosureOrphan):
        receipt.check_claims_mac(licence, claims_key=key, items=other)


def test_a_receipt_of_a_bundle_vouches_for_each_licence(terminal: Terminal, asking: Session) -> None:
    number = number_of(asking, asking_world.bundle_text(terminal.world))
    stated = verified(terminal, asking.receipt(number, REASON).receipt).receipt
    assert [each.vct for each in stated.shown] == [DRIVING_LICENCE, ID_CARD]
    assert stated.challenge is None


def test_a_receipt_of_a_check_has_its_codes(terminal: Terminal, asking: Session) -> None:
    number = number_of(asking, terminal.world.code(shown=(Lic.NAME,)))
    stated = verified(terminal, asking.receipt(number, REASON).receipt).receipt
    assert stated.tier == TrustTier.WARNING
    assert "W_CLAIM_MISSING" in stated.codes


def test_a_receipt_is_a_row_without_values_and_stands_there_before_it_is_given(
    terminal: Terminal, asking: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = number_of(asking, terminal.world.code())
    copy = asking.receipt(number, REASON)
    row = asking.explain(number)[-1].payload
    assert row == {
        "event": "receipt",
        "check_number": number,
        "sha256": sha256(copy.receipt).hexdigest(),
        "at": terminal.world.clock.at,
    }
    assert not asking.verify_journal().findings

    def full(*_: object, **__: object) -> None:
        raise OutOfOrder("disk full")

    monkeypatch.setattr(asking._store.journal, "append", full)
    with pytest.raises(OutOfOrder):
        asking.receipt(number, REASON)


def test_for_ten_minutes_by_the_clock_that_counts(terminal: Terminal, asking: Session) -> None:
    number = number_of(asking, terminal.world.code())
    terminal.elapsed += KEPT_SECONDS - 1
    asking.receipt(number, REASON)
    terminal.elapsed += 1
    with pytest.raises(NoReceipt):
        asking.receipt(number, REASON)


def test_for_the_last_checks_only(terminal: Terminal, asking: Session) -> None:
    numbers = []
    for each in range(MAX_KEPT + 1):
        terminal.pass_seconds(3)
        holder = terminal.world.holder(f"holder {each}")
        numbers.append(number_of(asking, terminal.world.code(terminal.world.credential(holder=holder))))
    with pytest.raises(NoReceipt):
        asking.receipt(numbers[0], REASON)
    asking.receipt(numbers[1], REASON)
    assert len(asking._shelf._kept) == MAX_KEPT


def test_a_restart_forgets(terminal: Terminal, asking: Session) -> None:
    number = number_of(asking, terminal.world.code())
    with pytest.raises(NoReceipt):
        terminal.open().receipt(number, REASON)


def test_void_by_this_session_or_another(terminal: Terminal, asking: Session) -> None:
    first = number_of(asking, terminal.world.code())
    asking.void(first, "误扫")
    terminal.pass_seconds(3)
    second = number_of(asking, terminal.world.code())
    terminal.open().void(second, "误扫")
    for number in (first, second):
        with pytest.raises(NoReceipt):
            asking.receipt(number, REASON)


def test_what_was_not_read_or_shows_no_licence_gets_none(terminal: Terminal, asking: Session) -> None:
    with pytest.raises(NoReceipt):
        asking.receipt(number_of(asking, "https://example.org/"), REASON)
    with pytest.raises(UnknownCheckNumber):
        asking.receipt("000-001", REASON)


@pytest.mark.parametrize("reason", [None, "", " x", "x" * 201, "a\u202eb"])
def test_a_reason_is_needed(terminal: Terminal, asking: Session, reason: str | None) -> None:
    number = number_of(asking, terminal.world.code())
    with pytest.raises(NoReceipt):
        asking.receipt(number, reason)


def test_without_a_certificate_none(terminal: Terminal, session: Session) -> None:
    with pytest.raises(CertificateUnusable):
        session.receipt(number_of(session, terminal.world.code()), REASON)


def test_a_certificate_that_began_after_the_check_states_nothing_about_it(terminal: Terminal, asking: Session) -> None:
    number = number_of(asking, terminal.world.code())
    terminal.pass_seconds(60)
    own = asking_world.identity(terminal)
    began = UnixTime(terminal.world.clock.at - 30)
    own.install(
        asking_world.certificate(terminal.world, own.signer().public_key, iat=began, exp=UnixTime(began + HOUR))
    )
    with pytest.raises(NoReceipt):
        asking.receipt(number, REASON)


# Privacy.


def test_no_value_is_in_any_file_and_none_in_what_is_told(terminal: Terminal, asking: Session) -> None:
    canary = "金丝雀测试员"
    items = {**driving_licence_items(), Lic.NAME: canary, Lic.LICENCE_NO: "CANARY-LICENCE-77"}
    issued = terminal.world.credential(items=items)
    opened = asking.open_challenge(WANTED, REASON)
    with asking.subscribe() as subscription:
        shown = asking.scan(answer(terminal.world, opened, issued), source="scanner")
        copy = asking.receipt(shown.verdict.check_number)
        asking.sync(FolderMirror(asking_world.publish_with_anchor(terminal, seq=2, values={4711: Status.SUSPENDED})))
        while (event := subscription.next(0)) is not None:
            assert "ReceiptEvidence" not in repr(event)
    asking._store.database.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
    assert shown.verdict.licence is not None
    assert shown.verdict.licence.evidence is None
    values = [str(value) for key, value in items.items() if key not in (Lic.SEX, Lic.CLASS, Lic.PORTRAIT_SHA256)]
    stated = verified(terminal, copy.receipt).receipt
    hashes = stated.shown[0].commitment
    assert isinstance(hashes, RedactedHashes)
    # The journal is JSON, which writes a character as \uXXXX.
    escaped = [json.dumps(value)[1:-1] for value in values]
    secrets = [*(value.encode() for value in (*values, *escaped)), *issued.disclosures(SHOWN), *hashes.hashes]
    files = [path for path in terminal.directory.rglob("*") if path.is_file()]
    assert {"terminal.db", "journal.head", "terminal.key", "certificate.cbor"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        for secret in secrets:
            assert secret not in content, path.name


def test_evidence_is_gone_with_its_time(terminal: Terminal, asking: Session) -> None:
    number_of(asking, terminal.world.code())
    assert len(asking._shelf._kept) == 1
    terminal.elapsed += KEPT_SECONDS
    asking.status()
    assert asking._shelf._kept == {}


def test_forms_that_a_receipt_cannot_take_are_refused_and_not_raised(terminal: Terminal, asking: Session) -> None:
    number = number_of(asking, terminal.world.code())
    kept = asking._shelf._kept[number]
    asking._shelf._kept[number] = replace(kept, head=replace(kept.head, row_hash=b"short"))
    with pytest.raises(NoReceipt):
        asking.receipt(number, REASON)
