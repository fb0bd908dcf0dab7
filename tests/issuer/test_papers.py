"""Paper codes: little in them, an own index, an end of their own, and a page that says what its holder must know."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from PIL import Image

from issuer import durable_files
from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import (
    IssuanceInterrupted,
    LicenceNotValid,
    LicenceUnknown,
    LintRefused,
    PaperNotInForce,
    PaperRefused,
    PaperUnknown,
    ReasonRefused,
    StorageFailed,
    SubjectRefused,
)
from issuer.mandates.issuing import Wish
from issuer.papers import printing
from issuer.papers.issuing import IssuedPaper
from protocol import keys, masked_name, paper, trust_list, unixtime
from protocol.labels import Alg, KeyUse, Purpose
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import (
    AT,
    BUSINESS,
    DRIVING,
    ID_CARD,
    OPERATOR,
    holder_key,
    key_text,
    published_status,
    sign_by,
    written,
)

TODAY = unixtime.local_midnight(unixtime.local_day(AT))


@pytest.fixture
def licence(issuer: Issuer) -> str:
    return issuer.issue("id-card", ID_CARD, holder_key(1), at=AT).licence_id


def issue(issuer: Issuer, licence_id: str, *, days: int = 180, at: UnixTime = AT) -> IssuedPaper:
    return issuer.papers.issue(licence_id, days=days, actor="test", at=at)


def lost(issuer: Issuer, named: str, *, reason: str = "挂失", at: UnixTime = AT) -> set[int]:
    return {event.idx for event in issuer.papers.report_lost(named, reason=reason, actor="test", at=at)}


def test_a_terminal_verifies_it_by_the_published_paper_key(issuer: Issuer, licence: str) -> None:
    issued = issue(issuer, licence)
    unverified = paper.read(issued.code)
    trust = trust_list.verify((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)
    anchor = paper.find_paper_anchor(trust, unverified, at=AT)
    assert anchor.use is KeyUse.PAPER
    claims = paper.verify(unverified, anchor.key).claims
    assert claims == issued.claims
    assert (claims.iss, claims.vct, claims.masked_name, claims.last_four) == ("310000.GA", 65_001, "测**甲", "0028")
    assert (claims.iat, claims.exp) == (TODAY, TODAY + 180 * DAY)
    assert claims.status.idx == issued.idx
    assert published_status(issuer, issued) == Status.VALID


@pytest.mark.parametrize(
    ("days", "legal_end", "expected"),
    [(180, "2032-01-01", 180), (1, "2032-01-01", 1), (180, "2026-12-01", 10), (9, "2026-12-01", 9)],
)
def test_it_never_outlives_the_licence(issuer: Issuer, days: int, legal_end: str, expected: int) -> None:
    parent = issuer.issue("driving-licence", DRIVING | {"valid_to": legal_end}, holder_key(1), at=AT)
    issued = issue(issuer, parent.licence_id, days=days)
    assert issued.claims.exp == TODAY + expected * DAY == issuer.papers.one(issued.id).exp


@pytest.mark.parametrize("days", [-1, 0, 181])
def test_other_lengths_are_refused(issuer: Issuer, licence: str, days: int) -> None:
    with pytest.raises(PaperRefused, match=f"{days} days") as refused:
        issue(issuer, licence, days=days)
    assert "1 to 180 days" in refused.value.hint
    assert issuer.papers.listed(licence) == ()


def test_a_company_has_no_paper_code(issuer: Issuer) -> None:
    company = issuer.issue("business-licence", BUSINESS, holder_key(1), at=AT)
    with pytest.raises(PaperRefused, match="business-licence names no holder with a citizen number") as refused:
        issue(issuer, company.licence_id)
    assert "issuer mandate" in refused.value.hint
    assert issuer.papers.listed(company.licence_id) == ()


def test_only_a_licence_in_force_has_one(issuer: Issuer, licence: str) -> None:
    for unknown in ("nobody", "\ud800"):
        with pytest.raises(LicenceUnknown):
            issue(issuer, unknown)
        with pytest.raises(LicenceUnknown):
            issuer.papers.listed(unknown)
    issuer.suspend(licence, reason="测试", actor="test", at=AT)
    with pytest.raises(LicenceNotValid, match="suspended"):
        issue(issuer, licence)
    over = issuer.issue("driving-licence", DRIVING | {"valid_to": "2026-12-01"}, holder_key(1), at=AT)
    with pytest.raises(SubjectRefused):
        issue(issuer, over.licence_id, at=UnixTime(AT + 30 * DAY))
    assert issuer.papers.listed(licence) == ()


def test_a_name_that_is_not_masked_is_never_signed(
    issuer: Issuer, licence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masked_name, "mask", lambda name: name)
    with pytest.raises(LintRefused, match="not masked"):
        issue(issuer, licence)
    assert issuer.papers.listed(licence) == ()
    assert issuer.open_intents() == ()


def test_a_licence_that_ends_while_it_is_looked_at_is_noticed(
    issuer: Issuer, licence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = paper.text

    def meanwhile(encoded: bytes) -> str:
        issuer.revoke(licence, reason="测试", actor="somebody else", at=AT)
        return real(encoded)

    monkeypatch.setattr(paper, "text", meanwhile)
    with pytest.raises(LicenceNotValid):
        issue(issuer, licence)
    assert issuer.papers.listed(licence) == ()


def test_a_signature_that_fails_leaves_an_intent(issuer: Issuer, licence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        public_key = keys.signer_for(Alg.ED25519, bytes(32)).public_key

        def sign(self, message: bytes) -> bytes:
            raise ZeroDivisionError

    with monkeypatch.context() as patched:
        sign_by(patched, issuer, issuer._signers.paper, Broken())
        with pytest.raises(IssuanceInterrupted):
            issue(issuer, licence)
    (record,) = issuer.papers.listed(licence)
    assert not record.finished
    (intent,) = issuer.open_intents()
    assert (intent.licence_id, intent.layout, intent.sub) == (licence, "paper", record.id)
    assert (intent.list_number, intent.idx) == (record.entry.list_number, record.entry.idx)
    issue(issuer, licence)
    assert len(issuer.open_intents()) == 1


# The end: alone, with the licence, and not again.


def test_a_loss_ends_this_paper_and_leaves_the_licence_and_the_others(issuer: Issuer) -> None:
    card = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    first, second = issue(issuer, card.licence_id), issue(issuer, card.licence_id)
    assert lost(issuer, first.id) == {first.idx}
    assert [published_status(issuer, each) for each in (card, first, second)] == [
        Status.VALID,
        Status.DEVICE_LOST,
        Status.VALID,
    ]
    (event,) = issuer.events(card.licence_id)
    assert (event.old, event.new, event.reason, event.actor, event.at) == (
        Status.VALID,
        Status.DEVICE_LOST,
        "挂失",
        "test",
        AT,
    )


def test_who_knows_only_the_name_loses_every_paper_of_the_licence(issuer: Issuer, licence: str) -> None:
    other = issuer.issue("id-card", ID_CARD, holder_key(2), at=AT)
    elsewhere = issue(issuer, other.licence_id)
    first, second, third = (issue(issuer, licence) for _ in range(3))
    lost(issuer, second.id)
    assert lost(issuer, licence) == {first.idx, third.idx}
    assert published_status(issuer, elsewhere) == Status.VALID


def test_what_has_ended_is_not_ended_again(issuer: Issuer, licence: str) -> None:
    issued = issue(issuer, licence, days=10)
    for unknown in ("nobody", "\ud800"):
        with pytest.raises(PaperUnknown):
            lost(issuer, unknown)
        with pytest.raises(PaperUnknown):
            issuer.papers.one(unknown)
    with pytest.raises(ReasonRefused):
        lost(issuer, issued.id, reason="\n")
    with pytest.raises(PaperNotInForce):
        lost(issuer, issued.id, at=UnixTime(AT + 10 * DAY))
    assert published_status(issuer, issued) == Status.VALID
    lost(issuer, issued.id)
    for named in (issued.id, licence):
        with pytest.raises(PaperNotInForce):
            lost(issuer, named)


def test_a_legal_change_reaches_devices_mandates_and_papers_in_one_transaction(issuer: Issuer) -> None:
    """Two devices, a chain of three, one paper; and beside them a mandate and a paper that ended by themselves."""
    first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    second = issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    above, links = None, []
    for level in (1, 2, 3):
        wish = Wish(first.licence_id, level, None, frozenset({Purpose.WINDOW}), None, 30, above)
        links.append(issuer.mandates.issue(wish, holder_key(10 + level), actor="test", at=AT))
        above = links[-1].licence_id
    sheet, gone = issue(issuer, first.licence_id), issue(issuer, first.licence_id)
    wish = Wish(first.licence_id, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
    ended = issuer.mandates.issue(wish, holder_key(20), actor="test", at=AT)
    lost(issuer, gone.id)
    issuer.mandates.withdraw(ended.licence_id, reason="委托终止", actor="test", at=AT)
    reached = [first, second, *links, sheet]

    def published() -> tuple[set[int], list[int]]:
        return (
            {published_status(issuer, each) for each in reached},
            [published_status(issuer, each) for each in (gone, ended)],
        )

    own_ends = [Status.DEVICE_LOST, Status.CANCELLED]
    flipped = issuer.suspend(first.licence_id, reason="测试", actor="test", at=AT)
    assert sorted((event.list_number, event.idx) for event in flipped) == sorted(
        (each.list_number, each.idx) for each in reached
    )
    assert published() == ({Status.SUSPENDED}, own_ends)
    issuer.reinstate(first.licence_id, reason="测试", actor="test", at=AT)
    assert published() == ({Status.VALID}, own_ends)
    issuer.revoke(first.licence_id, reason="测试", actor="test", at=AT)
    assert published() == ({Status.REVOKED}, own_ends)


def test_a_paper_is_no_package_and_does_not_finish_a_licence(issuer: Issuer, licence: str) -> None:
    own = issuer.package(licence)
    issue(issuer, licence)
    assert issuer.package(licence) == own


# What is printed.


def read(picture: Image.Image) -> list[str]:
    # Looking for every symbology finds a bar code by chance in two of a thousand clean QR codes.
    formats = zxingcpp.BarcodeFormat.QRCodeModel2
    return [found.text for found in zxingcpp.read_barcodes(np.asarray(picture.convert("L")), formats=formats)]


def test_the_picture_is_read_again(issuer: Issuer, licence: str) -> None:
    issued = issue(issuer, licence)
    picture = Image.open(io.BytesIO(printing.png(issued.code)))
    assert read(picture) == [issued.code]
    # Folded twice, and a corner torn off: level M restores 15 %.
    damaged = picture.convert("L")
    side = damaged.size[0]
    damaged.paste(200, (side // 2 - 6, 0, side // 2 + 6, side))
    damaged.paste(255, (side - side // 5, side - side // 5, side, side))
    assert read(damaged) == [issued.code]


def test_the_drawing_has_the_modules_of_the_picture(issuer: Issuer, licence: str) -> None:
    code = issue(issuer, licence).code
    picture = Image.open(io.BytesIO(printing.png(code))).convert("L")
    pixels = np.asarray(picture)[4::8, 4::8] < 128
    drawing = printing.svg(code)
    assert drawing.startswith("<svg")
    assert drawing.count("M") == int(pixels.sum())


def test_the_page_says_what_its_holder_must_know_and_fetches_nothing(issuer: Issuer) -> None:
    holder = issuer.issue("id-card", ID_CARD | {"name": "测试员 <b>&丙"}, holder_key(1), at=AT)
    issued = issue(issuer, holder.licence_id, days=180)
    page = printing.page(issued)
    for words in ("居民身份证", "Resident identity card", "0028", "2027-05-20", issued.id, "挂失", "report it at once"):
        assert words in page, words
    # Whole names and numbers are nowhere; what stands there cannot become markup.
    assert "测试员" not in page
    assert "990101194912310028" not in page
    assert "测** ****丙" in page
    assert "$" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert printing.svg(issued.code) in page


def test_a_name_that_is_markup_stays_a_name(issuer: Issuer) -> None:
    holder = issuer.issue("id-card", ID_CARD | {"name": "<甲&"}, holder_key(1), at=AT)
    page = printing.page(issue(issuer, holder.licence_id))
    assert "&lt;*&amp;" in page


# As an operator commands it.


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "i", "--region", "310000").exit_code == 0
    return tmp_path / "i"


@pytest.fixture
def card(folder: Path, tmp_path: Path) -> str:
    subject = written(tmp_path / "subject.json", ID_CARD | {"valid_to": "2099-12-31"})
    done = run("issue", folder, "--kind", "id-card", "--subject", subject, "--holder-key", key_text())
    return done.stdout.strip()


@pytest.mark.parametrize("suffix", [".txt", ".png", ".svg", ".html", ".HTML"])
def test_each_form_is_written_for_its_owner_alone(folder: Path, card: str, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / "new" / f"paper{suffix}"
    result = run("paper", folder, card, "--out", out, "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert set(said) == {"id", "licence", "to", "name", "code", "file", "warnings"}
    assert (said["licence"], said["name"], said["file"]) == (card, "测**甲", str(out))
    assert out.stat().st_mode & 0o777 == 0o600
    content = out.read_bytes()
    if suffix == ".txt":
        assert content.decode().strip() == said["code"]
    elif suffix == ".png":
        assert read(Image.open(io.BytesIO(content))) == [said["code"]]
    else:
        assert printing.svg(said["code"]) in content.decode()
    (row,) = json.loads(run("papers", folder, card, "--json").stdout)
    assert (row["id"], row["state"], row["to"], row["by"]) == (
        said["id"],
        "valid",
        said["to"],
        "operator (command line)",
    )


def test_nothing_is_overwritten_and_another_ending_is_wrong_usage(folder: Path, card: str, tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("mine")
    taken = run("paper", folder, card, "--out", tmp_path / "here.txt")
    assert (taken.exit_code, (tmp_path / "here.txt").read_text()) == (1, "mine")
    assert "Nothing was issued" in taken.stderr
    wrong = run("paper", folder, card, "--out", tmp_path / "paper.pdf")
    assert wrong.exit_code == 2
    assert ".html" in wrong.stderr
    assert json.loads(run("papers", folder, card, "--json").stdout) == []


def test_a_sheet_that_cannot_be_written_is_named(
    folder: Path, card: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes, *, mode: int) -> None:
        raise StorageFailed("cannot write: No space left on device")

    monkeypatch.setattr(durable_files, "write_atomically", full)
    result = run("paper", folder, card, "--out", tmp_path / "paper.txt")
    assert result.exit_code == 1
    assert "issue another one" in result.stderr
    (row,) = json.loads(run("papers", folder, card, "--json").stdout)
    assert row["id"] in result.stderr


def test_a_loss_is_reported_by_paper_or_by_licence(folder: Path, card: str, tmp_path: Path) -> None:
    ids = [run("paper", folder, card, "--out", tmp_path / f"{number}.txt").stdout.strip() for number in range(3)]
    assert json.loads(run("paper-lost", folder, ids[0], "--json").stdout) == {"id": ids[0], "flipped": 1}
    assert "2 paper code(s)" in run("paper-lost", folder, card, "--reason", "全部遗失").stdout
    assert [line.split()[1] for line in run("papers", folder, card).stdout.splitlines()] == ["lost"] * 3
    again = run("paper-lost", folder, card)
    assert again.exit_code == 1
    assert "Nothing is left to do" in again.stderr


def test_the_web_issues_lists_and_takes_reports(client: FlaskClient, issuer: Issuer, licence: str) -> None:
    route = f"/api/v1/licences/{licence}/papers"
    answer = client.post(route, json={"days": 30}, headers=OPERATOR)
    assert answer.status_code == 201
    said = answer.get_json()
    assert set(said) == {"id", "code", "name", "to", "page", "warnings"}
    claims = paper.read(said["code"]).claims
    assert (claims.masked_name, claims.exp) == (said["name"], TODAY + 30 * DAY)
    assert said["page"].startswith("<!doctype html>")
    (row,) = client.get(route, headers=OPERATOR).get_json()
    assert (row["id"], row["state"], row["by"]) == (said["id"], "valid", "operator (web)")
    lost_route = f"/api/v1/papers/{said['id']}/lost"
    done = client.post(lost_route, json={"reason": "挂失"}, headers=OPERATOR)
    assert (done.status_code, done.get_json()) == (200, {"id": said["id"], "flipped": 1})
    assert published_status(issuer, claims.status) == Status.DEVICE_LOST
    again = client.post(lost_route, json={"reason": "挂失"}, headers=OPERATOR)
    assert (again.status_code, again.get_json()["error"]) == (409, "paper_not_in_force")


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [({"days": 181}, 422, "paper_refused"), ({"days": "7"}, 400, "malformed"), ({"extra": 1}, 400, "malformed")],
)
def test_wrong_requests_are_named(client: FlaskClient, licence: str, body: Any, status: int, error: str) -> None:
    answer = client.post(f"/api/v1/licences/{licence}/papers", json=body, headers=OPERATOR)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    unknown = client.post("/api/v1/papers/nobody/lost", json={"reason": "x"}, headers=OPERATOR)
    assert (unknown.status_code, unknown.get_json()["error"]) == (404, "paper_unknown")
