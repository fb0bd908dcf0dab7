"""Following another authority's register: new, changed and ended licences, from databases and from folders of files."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, create_engine, func, insert, select, text

from issuer.application import Issuer
from issuer.approvals.errors import SamePerson, SecondPersonNeeded
from issuer.bulk import adding, pull_settings
from issuer.bulk.errors import HeadingsRefused, SourceRefused, SourceUnavailable
from issuer.bulk.pulling import PullResult
from issuer.bulk.sources import PULL_SOURCE
from issuer.changing.schema import lone_limit
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import AuthoringError, IssuerError, RegisterUnavailable
from issuer.register import LicenceRecord
from issuer.register_schema import licence
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, DRIVING, holder_key, made, published_status
from tests.issuer.bulk_files import MAPPING, citizen_id, driver, written

SETTINGS = """
name = "vehicle-office"
kind = "driving-licence"
mapping = "columns.toml"
[database]
url = "{url}"
query = "SELECT * FROM drivers WHERE changed >= :watermark ORDER BY changed"
watermark = "changed"
start = 0
[state]
column = "state"
[state.changes]
"注销" = "cancel"
"吊销" = "revoke"
"暂扣" = "suspend"
"恢复" = "reinstate"
"""


class Office:
    """Another authority's database, of the same engine as the register."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._clock = engine, 0
        columns = "name text, citizen_id text, licence_no text, sex text, born date, ends date, address text"
        self.do(f"CREATE TABLE drivers ({columns}, key text, state text, changed integer)")

    def do(self, statement: str, values: Mapping[str, Any] | None = None) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement), values or {})

    def says(self, number: int, *, state: str = "正常", **changed: str) -> None:
        """One driver as he stands there from now on."""
        self._clock += 1
        names = ("name", "citizen_id", "licence_no", "sex", "born", "ends", "address", "key")
        values = dict(zip(names, driver(number), strict=True)) | {"state": state, "changed": str(self._clock)} | changed
        self.do("DELETE FROM drivers WHERE citizen_id = :citizen_id", values)
        born, ends = (
            ("CAST(:born AS date)", "CAST(:ends AS date)")
            if "postgres" in str(self._engine.url)
            else (":born", ":ends")
        )
        self.do(
            "INSERT INTO drivers VALUES (:name, :citizen_id, :licence_no, :sex, "
            f"{born}, {ends}, :address, :key, :state, CAST(:changed AS integer))",
            values,
        )


@pytest.fixture
def office(issuer: Issuer, register_url: str | None, tmp_path: Path) -> Any:
    url = register_url or f"sqlite:///{tmp_path / 'office.sqlite'}"
    columns = MAPPING
    for old, new in zip(
        ("姓名", "身份证号", "证号", "性别", "出生", "有效期止", "住址"),
        ("name", "citizen_id", "licence_no", "sex", "born", "ends", "address"),
        strict=True,
    ):
        columns = columns.replace(f'"{old}" =', f'"{new}" =')
    (tmp_path / "columns.toml").write_text(columns.replace('holder_key = "设备"', ""), "utf-8")
    (tmp_path / "pull.toml").write_text(SETTINGS.replace("{url}", url), "utf-8")
    engine = create_engine(url)
    yield Office(engine)
    engine.dispose()


def pull(issuer: Issuer, tmp_path: Path) -> PullResult:
    return issuer.pulling.pull(tmp_path / "pull.toml", at=AT)


def counts(result: PullResult) -> tuple[int, int, int, int, int, int]:
    return result.rows, result.recorded, result.superseded, result.changed, result.unchanged, result.refused


def of(issuer: Issuer, number: int) -> list[LicenceRecord]:
    found = issuer.list(search=citizen_id(number))
    return sorted(found, key=lambda record: record.status)


def test_new_changed_suspended_and_ended_licences(issuer: Issuer, office: Office, tmp_path: Path) -> None:
    for number in range(4):
        office.says(number)
    assert counts(pull(issuer, tmp_path)) == (4, 4, 0, 0, 0, 0)
    # The last row comes again each time, since others may have its watermark.
    assert counts(pull(issuer, tmp_path)) == (1, 0, 0, 0, 1, 0)
    device = issuer.issue_again(of(issuer, 1)[0].id, holder_key(), at=AT)
    office.says(0, address="幻境市测试区样例路99号")
    office.says(1, state="吊销")
    office.says(2, state="暂扣")
    office.says(5, state="注销")
    office.says(6)
    assert counts(pull(issuer, tmp_path)) == (6, 2, 1, 2, 2, 0)
    assert published_status(issuer, device) == Status.REVOKED
    assert [record.status for record in of(issuer, 0)] == [Status.VALID, Status.SUPERSEDED]
    assert [record.subject["address"] for record in of(issuer, 0)] == [
        "幻境市测试区样例路99号",
        "幻境市测试区样例路0号",
    ]
    assert [record.status for record in of(issuer, 2)] == [Status.SUSPENDED]
    assert of(issuer, 5) == []
    assert counts(pull(issuer, tmp_path)) == (1, 0, 0, 0, 1, 0)
    office.says(2, state="恢复")
    office.says(1)
    assert counts(pull(issuer, tmp_path)) == (3, 1, 0, 1, 1, 0)
    assert [record.status for record in of(issuer, 2)] == [Status.VALID]
    assert [record.status for record in of(issuer, 1)] == [Status.VALID, Status.REVOKED]
    listed = issuer.imports.listed()
    assert {each.name for each in listed} == {"pull vehicle-office"}
    assert sum(each.recorded for each in listed) == 7


def test_a_row_that_cannot_be_taken_is_reported_and_stops_no_other(
    issuer: Issuer, office: Office, tmp_path: Path
) -> None:
    issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    office.says(1, sex="保密")
    office.says(2)
    office.says(3, citizen_id=DRIVING["citizen_id"], licence_no=DRIVING["licence_no"], born="1949-12-31", sex="女")
    office.says(4, citizen_id="", licence_no="")
    result = pull(issuer, tmp_path)
    assert counts(result) == (4, 1, 0, 0, 0, 3)
    assert {(each.row, each.what) for each in result.problems} >= {
        (1, "not in the mapping's table of values"),
        (3, "the holder has this licence here, and not from this source"),
        (4, "missing"),
    }
    assert result.id is not None
    assert list(issuer.imports.problems(result.id)) == sorted(result.problems, key=lambda each: each.row)
    assert "保密" not in repr(result)
    # What is suspended here, and not by the source, is not taken out of that by a new version.
    (record,) = of(issuer, 2)
    issuer.suspend(record.id, reason="测试", actor="test", at=AT)
    office.says(2, address="幻境市测试区样例路99号")
    again = pull(issuer, tmp_path)
    assert [(each.what) for each in again.problems if each.row == 2] == ["the licence here does not allow this change"]
    assert [each.status for each in of(issuer, 2)] == [Status.SUSPENDED]


def limit(issuer: Issuer, person: int) -> None:
    with issuer.register.writing() as connection:
        row = {"person": person, "department": 99, "seconds": DAY, "actor": "test", "at": AT}
        connection.execute(insert(lone_limit).values(row))


def propose(issuer: Issuer, tmp_path: Path, name: str = "pull.toml") -> str:
    content = issuer.sources.content(tmp_path / name)
    return issuer.approvals.propose(PULL_SOURCE, content, reason="车管所", by="3101", at=AT).id


def test_a_source_that_nobody_approved_changes_what_one_person_may_and_an_approved_one_everything(
    issuer: Issuer, office: Office, tmp_path: Path
) -> None:
    limit(issuer, 2)
    for number in range(6):
        office.says(number)
    assert counts(pull(issuer, tmp_path)) == (6, 6, 0, 0, 0, 0), "what is new is no change"
    office.says(0, address="幻境市测试区样例路99号")
    for number in range(1, 5):
        office.says(number, state="吊销")
    with pytest.raises(SecondPersonNeeded, match="3 licences within 24 h are more than the 2") as raised:
        pull(issuer, tmp_path)
    assert "issuer propose source" in raised.value.hint
    # What came before is taken in, and whoever's licence was superseded has the new one.
    assert [record.status for record in of(issuer, 0)] == [Status.VALID, Status.SUPERSEDED]
    assert [of(issuer, number)[0].status for number in range(1, 5)] == [Status.REVOKED, *[Status.VALID] * 3]
    refused = [(each.actor, each.id) for each in issuer.audit.listed(search="refuse-alone")]
    assert refused == [("pull vehicle-office", "pull")]
    # Another name is no other number.
    settings = tmp_path / "pull.toml"
    (tmp_path / "other.toml").write_text(settings.read_text("utf-8").replace('"vehicle-office"', '"other"'), "utf-8")
    with pytest.raises(SecondPersonNeeded):
        issuer.pulling.pull(tmp_path / "other.toml", at=AT)
    proposal = propose(issuer, tmp_path)
    with pytest.raises(SecondPersonNeeded):
        pull(issuer, tmp_path)
    with pytest.raises(SamePerson):
        issuer.approvals.approve(proposal, by="3101", at=AT)
    issuer.approvals.approve(proposal, by="3102", at=AT)
    assert pull(issuer, tmp_path).changed == 3
    assert [of(issuer, number)[0].status for number in range(1, 5)] == [Status.REVOKED] * 4
    assert issuer.alone.left([of(issuer, 5)[0].id], actor="pull", at=AT).person == 0, "two people's are not counted"


def test_an_approval_is_of_the_settings_and_their_mapping_as_they_stood(
    issuer: Issuer, office: Office, tmp_path: Path
) -> None:
    limit(issuer, 0)
    office.says(1)
    pull(issuer, tmp_path)
    issuer.approvals.approve(propose(issuer, tmp_path), by="3102", at=AT)
    office.says(1, state="暂扣")
    for name, old, new in (
        ("pull.toml", '"暂扣" = "suspend"', '"暂扣" = "revoke"'),
        ("pull.toml", "SELECT *", "SELECT  *"),
        ("columns.toml", "[columns]", "# what else\n[columns]"),
    ):
        before = (tmp_path / name).read_text("utf-8")
        (tmp_path / name).write_text(before.replace(old, new, 1), "utf-8")
        with pytest.raises(SecondPersonNeeded):
            pull(issuer, tmp_path)
        (tmp_path / name).write_text(before, "utf-8")
    # Of one name the newest approval holds.
    changed = tmp_path / "newer.toml"
    changed.write_text((tmp_path / "pull.toml").read_text("utf-8") + "# newer\n", "utf-8")
    newer = issuer.approvals.propose(
        PULL_SOURCE, issuer.sources.content(changed), reason="车管所", by="3101", at=UnixTime(AT + 1)
    )
    issuer.approvals.approve(newer.id, by="3102", at=UnixTime(AT + 2))
    with pytest.raises(SecondPersonNeeded):
        pull(issuer, tmp_path)
    assert issuer.pulling.pull(changed, at=UnixTime(AT + 3)).changed == 1


def test_the_command_that_proposes_a_source(tmp_path: Path) -> None:
    made(tmp_path / "i").close()
    folder_of(tmp_path)
    arguments = [
        "propose",
        "source",
        str(tmp_path / "i"),
        str(tmp_path / "pull.toml"),
        "--reason",
        "车管所",
        "--by",
        "甲",
    ]
    done = CliRunner().invoke(cli, [*arguments, "--json"], env={PASSPHRASE_VARIABLE: ""})
    content = json.loads(done.stdout)["content"]
    assert (content["name"], content["kind"]) == ("vehicle-office", "driving-licence")
    assert content["source"] == str((tmp_path / "files").resolve())
    assert len(content["sha256"]) == 64


class Dead(BaseException):
    """The plug was pulled."""


def test_interrupted_between_the_old_one_and_the_new_one_it_is_made_good(
    issuer: Issuer, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        office.says(number)
    pull(issuer, tmp_path)
    office.says(1, address="幻境市测试区样例路99号")
    with monkeypatch.context() as patched:

        def die(*_: object) -> None:
            raise Dead

        patched.setattr(adding, "add_licences", die)
        with pytest.raises(Dead):
            pull(issuer, tmp_path)
    assert [record.status for record in of(issuer, 1)] == [Status.SUPERSEDED]
    assert counts(pull(issuer, tmp_path)) == (2, 1, 0, 0, 1, 0)
    assert [record.status for record in of(issuer, 1)] == [Status.VALID, Status.SUPERSEDED]
    with issuer._register.reading() as connection:
        assert connection.execute(select(func.count()).select_from(licence)).scalar_one() == 4


def test_of_two_versions_in_one_pull_the_later_one_holds(issuer: Issuer, office: Office, tmp_path: Path) -> None:
    office.says(1)
    office.do("CREATE TABLE history AS SELECT * FROM drivers")
    office.says(1, address="幻境市测试区样例路99号")
    office.do("INSERT INTO history SELECT * FROM drivers")
    settings = tmp_path / "pull.toml"
    settings.write_text(settings.read_text("utf-8").replace("FROM drivers", "FROM history"), "utf-8")
    assert counts(pull(issuer, tmp_path)) == (2, 1, 0, 0, 1, 0)
    assert [record.subject["address"] for record in of(issuer, 1)] == ["幻境市测试区样例路99号"]


def test_a_source_is_only_read(issuer: Issuer, office: Office, tmp_path: Path) -> None:
    office.says(1)
    settings = tmp_path / "pull.toml"
    query = "SELECT * FROM drivers WHERE changed >= :watermark ORDER BY changed"
    settings.write_text(settings.read_text("utf-8").replace(query, "DELETE FROM drivers RETURNING *"), "utf-8")
    with pytest.raises(SourceUnavailable, match=r"read.?only|syntax error"):
        pull(issuer, tmp_path)
    assert issuer.imports.listed() == ()


@pytest.mark.parametrize(
    ("old", "new", "refused", "words"),
    [
        ("FROM drivers", "FROM nothing", SourceUnavailable, "nothing"),
        ('watermark = "changed"', 'watermark = "nothing"', SourceRefused, "no column"),
        ("ORDER BY changed", "ORDER BY changed DESC", SourceRefused, "order"),
        ("SELECT *", "SELECT *, NULL AS no", SourceRefused, "no watermark"),
        ('column = "state"', 'column = "stand"', HeadingsRefused, "stand"),
        ('"吊销" = "revoke"', '"吊销" = "shred"', AuthoringError, "changes.吊销"),
        ('name = "vehicle-office"', 'name = "../x"', AuthoringError, "name"),
        ('kind = "driving-licence"', 'kind = "x"', AuthoringError, "kind"),
        ("start = 0", "", AuthoringError, "start"),
        ("start = 0", "start = 0\nhobby = 1", AuthoringError, "hobby"),
    ],
)
def test_settings_and_sources_that_are_wrong(
    issuer: Issuer, office: Office, tmp_path: Path, old: str, new: str, refused: type[IssuerError], words: str
) -> None:
    office.says(1)
    office.says(2)
    settings = tmp_path / "pull.toml"
    content = settings.read_text("utf-8").replace(old, new, 1)
    settings.write_text(
        content.replace('watermark = "changed"', 'watermark = "no"') if "AS no" in new else content, "utf-8"
    )
    with pytest.raises(refused, match=words):
        pull(issuer, tmp_path)


def test_a_password_in_the_address_of_a_source_is_refused(tmp_path: Path, issuer: Issuer, office: Office) -> None:
    settings = tmp_path / "pull.toml"
    content = settings.read_text("utf-8")
    begin, end = content.index("url = "), content.index("query = ")
    settings.write_text(content[:begin] + 'url = "postgresql+psycopg://u:secret@h/d"\n' + content[end:], "utf-8")
    with pytest.raises(RegisterUnavailable, match="password") as raised:
        pull_settings.read(settings, issuer.kinds)
    assert "secret" not in str(raised.value)


def folder_of(tmp_path: Path) -> Callable[..., Path]:
    folder = tmp_path / "files"
    folder.mkdir()
    (tmp_path / "columns.toml").write_text(MAPPING, "utf-8")
    head = SETTINGS.partition("[database]")[0]
    (tmp_path / "pull.toml").write_text(head + 'folder = "files"\n', "utf-8")
    return lambda name, *rows: written(folder / name, rows)


def test_files_of_a_folder_in_the_order_of_their_names(issuer: Issuer, tmp_path: Path) -> None:
    put = folder_of(tmp_path)
    put("2026-11-25.csv", driver(1), driver(2))
    put("2026-11-26.csv", [*driver(1)[:6], "幻境市测试区样例路99号", ""])
    put(".2026-11-27.csv", driver(9))
    assert counts(pull(issuer, tmp_path)) == (3, 3, 1, 0, 0, 0)
    assert counts(pull(issuer, tmp_path)) == (0, 0, 0, 0, 0, 0)
    put("2026-11-24.csv", driver(7))
    put("2026-11-27.csv", driver(3), driver(2))
    (tmp_path / "files" / "2026-11-28.csv").symlink_to(tmp_path / "files" / "2026-11-24.csv")
    assert counts(pull(issuer, tmp_path)) == (2, 1, 0, 0, 1, 0)
    assert [record.status for record in of(issuer, 1)] == [Status.VALID, Status.SUPERSEDED]
    assert of(issuer, 7) == []


def test_a_file_that_breaks_off_comes_again_as_a_whole(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = folder_of(tmp_path)
    put("1.csv", *(driver(number) for number in range(5)))
    monkeypatch.setattr("issuer.bulk.bounds.BLOCK_ROWS", 2)
    real, left = adding.add_licences, [2]

    def twice(*arguments: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Dead
        real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(adding, "add_licences", twice)
        with pytest.raises(Dead):
            pull(issuer, tmp_path)
    assert counts(pull(issuer, tmp_path)) == (5, 1, 0, 0, 4, 0)
