"""What is erased of a person is nowhere any more: planted in every place, looked for in every byte. On both."""

import json
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, select

from issuer.application import Issuer
from issuer.applications.reviewing import State
from issuer.arguments import keep_package, prepare_package
from issuer.audit.reading import Trail
from issuer.bulk import spool
from issuer.bulk.rows import Row
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import IssuerError, RegisterUnavailable
from issuer.holders.errors import ErasureLogRefused, HolderUnknown, NothingErasable, NotWrittenAnew
from issuer.holders.schema import erasure
from issuer.keys.box import Argon2Profile
from issuer.lifecycle import LegalChange
from issuer.mandates.issuing import Wish
from issuer.openid4vci.offering import OfferState
from issuer.openid4vci.schema import issuing_offer
from protocol.labels import Purpose
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer import postgresql
from tests.issuer.builders import AT, DRIVING, ID_CARD, ON_SQLITE, holder_key, key_text, made, randomness
from tests.issuer.wallets import URL

NUMBER: Final = ID_CARD["citizen_id"]
NAME, STREET = "金丝雀人", "金丝雀街七号"
PICTURE: Final = (Path(__file__).parents[2] / "docs" / "examples" / "portrait.webp").read_bytes()
LATE: Final = UnixTime(AT + 500 * DAY)
CARD: Final = {**ID_CARD, "name": NAME, "address": STREET}
LICENCE: Final = {**DRIVING, "name": NAME, "address": STREET}
OTHER: Final = {
    **DRIVING,
    "name": "测试员丙",
    "sex": 1,
    "birth_date": "1980-01-01",
    "citizen_id": "990101198001010014",
    "licence_no": "990101198001010014",
}
MAPPING: Final = 'holder_key = "key"\n[columns]\n' + "".join(f'"{name}" = "{name}"\n' for name in DRIVING)
BY: Final = {"actor": "3101", "reason": "本人申请"}


def forms() -> Iterator[bytes]:
    """How a value may stand in a file, or in a dump of a database."""
    for text in (NUMBER, NAME, STREET):
        yield text.encode()
        yield text.encode().hex().encode()
        yield text.encode("gb18030")
        yield json.dumps(text)[1:-1].encode()
    yield PICTURE
    yield PICTURE.hex().encode()


def planted_in(issuer: Issuer, register_url: str | None) -> set[str]:
    """Every file of the folder, and the dump of a database, that has a piece of the person."""
    contents = {
        path.relative_to(issuer.places.folder).as_posix(): path.read_bytes()
        for path in issuer.places.folder.rglob("*")
        if path.is_file()
    }
    if register_url is not None:
        programs, url = postgresql.binaries(), make_url(register_url)
        assert programs is not None
        where = ["-h", str(url.query["host"]), "-U", str(url.username), str(url.database)]
        contents["dump"] = subprocess.run([programs / "pg_dump", *where], check=True, capture_output=True).stdout
    found = set()
    for name in contents:
        if name.endswith(".xlsx"):
            with zipfile.ZipFile(issuer.places.folder / name) as workbook:
                contents[name] = b"".join(map(workbook.read, workbook.namelist()))
        if any(form in contents[name] for form in forms()):
            found.add(name)
    return found


def row(subject: dict[str, Any], key: str) -> str:
    return json.dumps({**{name: str(value) for name, value in subject.items()}, "key": key}, ensure_ascii=False)


def imported(issuer: Issuer, folder: Path, *rows: str, work: bool) -> str:
    file = folder / f"{len(list(folder.iterdir()))}.jsonl"
    file.write_text("\n".join(rows) + "\n", "utf-8")
    begun = issuer.imports.begin(file, slug="driving-licence", mapping_text=MAPPING, actor="test", at=AT)
    if work:
        issuer.imports.work(begun.id, issuer.imports.take_over(begun.id), at=AT)
        issuer.imports.finish(begun.id, at=AT)
    return begun.id


@pytest.fixture
def planted(issuer: Issuer, tmp_path: Path) -> dict[str, str]:
    """Somebody whose licences are over, and who is in every other place besides."""
    places = issuer.places
    prepare_package(None, places.packages)
    card = issuer.issue("id-card", CARD, holder_key(1), at=AT, portrait=PICTURE)
    keep_package(card, None, places.packages)
    issuer.issue_again(card.licence_id, holder_key(2), at=AT)
    done = imported(issuer, tmp_path, row(LICENCE, key_text(3)), work=True)
    driving = next(each.id for each in issuer.list() if each.id != card.licence_id)
    wish = Wish(driving, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
    keep_package(issuer.mandates.issue(wish, holder_key(9), actor="test", at=AT), None, places.packages)
    issuer.papers.issue(driving, days=30, actor="test", at=AT)
    for each in (card.licence_id, driving):
        issuer.change(each, LegalChange.REVOKE, reason="测试", actor="test", at=AT)
    application = issuer.applications.file("id-card", CARD, portrait=PICTURE, evidence=f"{NAME} 的旧证", by="甲", at=AT)
    offers = issuer.wallet_issuing.offers
    from issuer.openid4vci.offering import Wish as Offered

    offer = offers.make(Offered(kind="id-card", subject=CARD, portrait=PICTURE), issuer_url=URL, actor="test", at=AT)
    waiting = imported(issuer, tmp_path, row(OTHER, key_text(5)), row(LICENCE, key_text(4)), work=False)
    uploads = issuer.imports.uploads / "somebody"
    for name, content in (("a/rows.csv", f"{NAME},{NUMBER}".encode("gb18030")), ("c/other.csv", b"another,1")):
        (uploads / name).parent.mkdir(parents=True)
        (uploads / name).write_bytes(content)
    (uploads / "b").mkdir()
    with zipfile.ZipFile(uploads / "b" / "rows.xlsx", "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("xl/sharedStrings.xml", f"<t>{NUMBER}</t>")
    return {
        "card": card.licence_id,
        "driving": driving,
        "application": application.id,
        "offer": offer.offer_id,
        "done": done,
        "waiting": waiting,
    }


def test_nothing_of_a_person_is_left_in_any_byte(
    issuer: Issuer, planted: dict[str, str], register_url: str | None
) -> None:
    before = planted_in(issuer, register_url)
    register = "dump" if register_url else "register.sqlite-wal"
    mandates = {path.name for path in issuer.places.packages.iterdir()} - {f"{planted['card']}.cbor"}
    # Whoever looks finds it: so what comes behind means something.
    assert before >= {
        register,
        f"imports/{planted['waiting']}.rows",
        "imports/uploads/somebody/a/rows.csv",
        "imports/uploads/somebody/b/rows.xlsx",
        f"packages/{planted['card']}.cbor",
        *(f"packages/{name}" for name in mandates),
    }
    anchor, events = issuer.audit.head(), issuer.events(planted["card"])
    foreseen = issuer.erasing.preview(NUMBER, after_days=30, at=LATE)
    done = issuer.erasing.erase(NUMBER, after_days=30, **BY, at=LATE)
    assert done == foreseen
    assert set(done.erased) == {planted["card"], planted["driving"]}
    assert (done.offers, done.applications) == ((planted["offer"],), (planted["application"],))
    assert (done.rows, done.uploads, done.kept) == (((planted["waiting"], 2),), 2, ())
    assert planted_in(issuer, register_url) == set()
    # What is kept says nothing of a person, and goes on.
    assert issuer.events(planted["card"]) == events
    assert issuer.licence(planted["card"]).status is Status.REVOKED
    assert issuer.audit.verify(anchors=[anchor]).position == anchor.position + 4
    assert [path.name for path in (issuer.imports.uploads / "somebody").iterdir()] == ["c"]
    assert issuer.applications.one(planted["application"]).state is State.WITHDRAWN
    with issuer.register.reading() as connection:
        (offer,) = connection.execute(select(issuing_offer))
    assert (offer.state, offer.subject, offer.portrait) == (OfferState.WITHDRAWN, None, None)
    with pytest.raises(HolderUnknown):
        issuer.holders.export(NUMBER, actor="3101", at=LATE)
    # The rest of the import comes in, and the row that was erased is named as that.
    issuer.imports.work(planted["waiting"], issuer.imports.take_over(planted["waiting"]), at=AT)
    ended = issuer.imports.finish(planted["waiting"], at=AT)
    assert (ended.issued, ended.refused) == (1, 1)
    assert [each.what for each in issuer.imports.problems(ended.id)] == ["erased at the holder's request"]


@ON_SQLITE
def test_an_export_has_what_is_open_too(issuer: Issuer, planted: dict[str, str]) -> None:
    found = issuer.holders.export(NUMBER, actor="3101", at=AT)
    assert [each["id"] for each in found["application"]] == [planted["application"]]
    assert [each["id"] for each in found["issuing_offer"]] == [planted["offer"]]
    assert [(each["import"], each["row"]) for each in found["import_row"]] == [(planted["waiting"], 2)]
    assert OTHER["citizen_id"] not in json.dumps(found)


@ON_SQLITE
def test_what_is_open_goes_at_once_and_what_is_in_force_stays(issuer: Issuer) -> None:
    card = issuer.issue("id-card", CARD, holder_key(), at=AT).licence_id
    with pytest.raises(NothingErasable):
        issuer.erasing.erase(NUMBER, after_days=0, **BY, at=AT)
    spouse = {
        **CARD,
        "name": "测试员丙",
        "sex": 1,
        "birth_date": "1980-01-01",
        "citizen_id": OTHER["citizen_id"],
        "address": f"与{NUMBER}同住",
    }
    issuer.issue("id-card", spouse, holder_key(5), at=AT)
    filed = issuer.applications.file("id-card", CARD, portrait=None, by="甲", at=AT)
    others = issuer.applications.file("id-card", spouse, portrait=None, by="甲", at=AT)
    issuer.applications.take(filed.id, by="乙", at=AT)
    issuer.applications.approve(filed.id, by="乙", at=AT)
    done = issuer.erasing.erase(NUMBER, after_days=0, **BY, at=AT)
    assert (done.erased, done.kept, done.applications, done.named_in) == ((), (card,), (filed.id,), ())
    assert issuer.licence(card).holder_number == NUMBER
    assert issuer.applications.one(others.id).subject != {}
    with pytest.raises(Exception, match="withdrawn"):
        issuer.applications.issue(filed.id, holder_key(), by="乙", at=AT)


@ON_SQLITE
def test_what_is_no_number_reaches_nobody(issuer: Issuer, planted: dict[str, str]) -> None:
    before = planted_in(issuer, None)
    for number in ("", " ", "1", "99010", f"{NUMBER} ", "中" * 18, "%" * 18, NUMBER[:-1], f"{NUMBER}0"):
        for reach in (
            partial(issuer.erasing.erase, number, after_days=0, **BY, at=LATE),
            partial(issuer.erasing.preview, number, after_days=0, at=LATE),
            partial(issuer.holders.export, number, actor="3101", at=LATE),
        ):
            with pytest.raises(HolderUnknown):
                reach()
    assert planted_in(issuer, None) == before


@ON_SQLITE
def test_whoever_is_only_named_by_somebody_elses_row_or_application_leaves_it(issuer: Issuer, tmp_path: Path) -> None:
    # A clerk wrote somebody's number where an address belongs.
    child = {**OTHER, "address": NUMBER}
    waiting = imported(issuer, tmp_path, row(child, key_text(5)), row(LICENCE, key_text(4)), work=False)
    filed = issuer.applications.file("driving-licence", child, portrait=None, by="甲", at=AT).id
    done = issuer.erasing.erase(NUMBER, after_days=0, **BY, at=AT)
    assert (done.rows, done.applications, done.named_in) == (((waiting, 2),), (), (filed,))
    assert issuer.applications.one(filed).subject == child
    issuer.imports.work(waiting, issuer.imports.take_over(waiting), at=AT)
    assert issuer.imports.finish(waiting, at=AT).issued == 1


def test_of_many_who_issue_and_erase_at_once_each_application_is_one_or_the_other(issuer: Issuer) -> None:
    approved = []
    for _ in range(6):
        filed = issuer.applications.file("id-card", CARD, portrait=None, by="甲", at=AT).id
        issuer.applications.take(filed, by="乙", at=AT)
        approved.append(issuer.applications.approve(filed, by="乙", at=AT).id)
    together, broken = threading.Barrier(12), []

    def client(number: int) -> None:
        together.wait()
        try:
            if number % 2:
                issuer.applications.issue(approved[number // 2], holder_key(), by="乙", at=AT)
            else:
                issuer.erasing.erase(NUMBER, after_days=0, **BY, at=AT)
        except IssuerError:
            return
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    after = [issuer.applications.one(each) for each in approved]
    assert {each.state for each in after} <= {State.ISSUED, State.WITHDRAWN}
    assert all(each.subject == {} for each in after)
    assert {each.licence_id for each in after if each.state is State.ISSUED} == {each.id for each in issuer.list()}
    assert all((each.licence_id is None) is (each.state is State.WITHDRAWN) for each in after)


@ON_SQLITE
def test_a_file_that_could_not_be_written_anew_is_by_the_next_round(
    issuer: Issuer, planted: dict[str, str], register_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(tables: object) -> None:
        raise RegisterUnavailable("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(issuer.register, "scrub", refuse)
        with pytest.raises(NotWrittenAnew):
            issuer.erasing.erase(NUMBER, after_days=30, **BY, at=LATE)
    assert issuer.licence(planted["card"]).holder_number == ""
    assert issuer.erasure_log.is_behind()
    with Issuer.open(issuer.places.folder, passphrase=None, random_bytes=randomness(3)) as another:
        assert another.erasure_log.is_behind()
    assert issuer.erasing.again(actor="test", at=LATE) == (0, 0)
    assert not issuer.erasure_log.is_behind()
    assert planted_in(issuer, register_url) == set()


@ON_SQLITE
def test_an_offer_that_was_erased_while_a_wallet_asked_gives_nothing(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from issuer.openid4vci.errors import RequestDenied
    from issuer.openid4vci.offering import Wish as Offered
    from tests.issuer.wallets import code_of, signer

    made_ = issuer.wallet_issuing.offers.make(
        Offered(kind="id-card", subject=CARD, tx_code=False), issuer_url=URL, actor="test", at=AT
    )
    token = issuer.wallet_issuing.redemption.redeem(code_of(made_), None, at=AT).text
    its = issuer.wallet_issuing.credentials
    claim = its._claim

    def erased_first(offer: Any, wanted: Any, at: UnixTime) -> bool:
        issuer.erasing.erase(NUMBER, after_days=0, **BY, at=AT)
        return claim(offer, wanted, at)

    monkeypatch.setattr(its, "_claim", erased_first)
    from protocol import key_proof

    nonce = issuer.wallet_issuing.nonces.give(at=AT)
    proof = key_proof.sign({"aud": URL, "iat": AT, "nonce": nonce}, typ=key_proof.TYP_PROOF, signer=signer(1))
    with pytest.raises(RequestDenied, match="the offer is over"):
        its.request(token, "id-card", [proof], issuer_url=URL, at=AT)
    assert issuer.list() == ()


def test_a_restored_register_is_erased_again_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.backups.cli.LIBSODIUM_MODERATE", Argon2Profile(1, 8 * 1024))
    folder, words, number = tmp_path / "i", tmp_path / "words", tmp_path / "number"
    words.write_text("correct horse battery staple")
    number.write_text(NUMBER)
    early, vault = UnixTime(AT - 200 * DAY), tmp_path / "vault"
    vault.mkdir()
    with Issuer.init(
        folder, region="310000", authority="GA", passphrase=None, random_bytes=randomness(1), at=early
    ) as issuer:
        subject = {**CARD, "valid_from": "2020-01-01"}
        over, ended_later = (issuer.issue("id-card", subject, holder_key(), at=early).licence_id for _ in range(2))
        filed = issuer.applications.file("id-card", CARD, portrait=None, by="甲", at=AT).id
        issuer.change(over, LegalChange.CANCEL, reason="测试", actor="test", at=early)

    def run(*arguments: object) -> Any:
        done = CliRunner().invoke(cli, [*map(str, arguments), "--json"], env={PASSPHRASE_VARIABLE: ""})
        return json.loads(done.stdout) if done.exit_code == 0 else done.stderr

    backup = ("--backup-passphrase-file", words)
    run("backup", folder, "--out", vault / "old", *backup)
    with Issuer.open(folder, passphrase=None, random_bytes=randomness(3)) as issuer:
        issuer.change(ended_later, LegalChange.CANCEL, reason="测试", actor="test", at=early)
    erase = ("holder", "erase", folder, "--number-file", number, "--after-days", 0)
    assert len(run(*erase, "--preview")["erased"]) == 2
    assert set(run(*erase, "--reason", "本人申请")["erased"]) == {over, ended_later}
    # A newer backup lays the log beside the older one.
    run("backup", folder, "--out", vault / "new", *backup)
    back = tmp_path / "back"
    said = run("restore", vault / "old", back, *backup)
    assert [Path(each).name for each in said["erasure_logs"]] == ["310000.GA.erasures.json"]
    with Issuer.open(back, passphrase=None, random_bytes=randomness(3)) as issuer:
        assert issuer.licence(over).holder_number == ""
        assert issuer.applications.one(filed).subject == {}
        # The end of this one was lost with the backup: it is in force here, and goes when it ends again.
        assert issuer.licence(ended_later).holder_number == NUMBER
        issuer.change(ended_later, LegalChange.CANCEL, reason="测试", actor="test", at=AT)
    assert run("holder", "again", back) == {"erased": 1, "waiting": 0}
    assert run("holder", "again", back) == {"erased": 0, "waiting": 0}
    with Issuer.open(back, passphrase=None, random_bytes=randomness(3)) as issuer:
        assert issuer.licence(ended_later).holder_number == ""
        assert Trail(issuer.register).verify().position > 0
        with issuer.register.reading() as connection:
            assert {row.object_id for row in connection.execute(select(erasure))} == {over, ended_later, filed}


@ON_SQLITE
def test_a_log_that_was_changed_has_nothing_erased(issuer: Issuer, planted: dict[str, str], tmp_path: Path) -> None:
    issuer.erasing.erase(NUMBER, after_days=30, **BY, at=LATE)
    log = issuer.places.folder / "erasures.json"
    assert NUMBER not in log.read_text()
    assert len(issuer.erasure_log.read(log)) == 4
    good = json.loads(log.read_text())
    forged = tmp_path / "forged.json"
    victim = issuer.issue("id-card", CARD, holder_key(), at=AT).licence_id
    for change in (
        {"entries": [*good["entries"], ["licence", victim, AT]]},
        {"entries": good["entries"][1:]},
        {"iss": "330000.GA"},
        {"mac": "00" * 32},
        {"entries": 7},
        {"mac": None},
    ):
        forged.write_text(json.dumps(good | change))
        with pytest.raises(ErasureLogRefused):
            issuer.erasure_log.read(forged)
    forged.write_text("[" * 100_000)
    with pytest.raises(ErasureLogRefused):
        issuer.erasure_log.read(forged)
    # The folder's own is written anew from the register, whatever became of it.
    log.write_text("{}")
    with Issuer.open(issuer.places.folder, passphrase=None, random_bytes=randomness(3)) as again:
        assert again.erasing.again(actor="test", at=LATE) == (0, 0)
    assert len(issuer.erasure_log.read(log)) == 4
    with made(tmp_path / "another", seed=7) as another, pytest.raises(ErasureLogRefused):
        another.erasure_log.read(log)


@ON_SQLITE
def test_uploads_are_forgotten_after_a_day_whoever_has_sent_them(issuer: Issuer) -> None:
    import os

    for name, age in (("old", DAY + 1), ("young", DAY - 60)):
        folder = issuer.imports.uploads / "somebody" / name
        folder.mkdir(parents=True)
        os.utime(folder, (AT - age, AT - age))
    issuer.imports.forget_uploads(at=AT)
    assert [each.name for each in (issuer.imports.uploads / "somebody").iterdir()] == ["young"]


def test_a_row_is_blanked_in_its_place_however_its_number_is_written(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    rows = [Row(1, ("测试", "99010119491231002x")), Row(2, ("99010119491231002X", "another")), Row(3, ("x", "y"))]
    (block,) = spool.write(path, rows, block_rows=9)
    assert [row for row, _ in spool.naming(path, "99010119491231002X", {1})] == [1]
    spool.blank(path, "99010119491231002X", None)
    after = spool.read(path, block)
    assert [(each.number, each.cells, each.wrong is None) for each in after] == [
        (1, (), False),
        (2, (), False),
        (3, ("x", "y"), True),
    ]
    assert list(spool.naming(tmp_path / "none", "99010119491231002X", None)) == []
    spool.blank(tmp_path / "none", "99010119491231002X", None)
