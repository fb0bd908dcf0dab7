"""Lists at the console: upload, columns, dry run, import, errors to take along; and files that are something else."""

import io
from typing import Any

import openpyxl
import pytest

from issuer.application import Issuer
from issuer.console import column_mapping
from issuer.people.roles import Role
from tests.issuer.builders import AT, DRIVING, key_text
from tests.issuer.console_fixtures import clerk, console, issuer
from tests.issuer.consoles import Console, Visitor, console_of

__all__ = ["clerk", "console", "issuer"]

HEADINGS = {
    "姓名": "name",
    "身份证号": "citizen_id",
    "证号": "licence_no",
    "准驾车型": "class",
    "性别": "sex",
    "出生日期": "birth_date",
    "住址": "address",
    "发证机关": "authority",
    "初次领证日期": "first_issue",
    "有效期起": "valid_from",
    "有效期止": "valid_to",
    "设备公钥": "holder_key",
}


def row(**changes: str) -> list[str]:
    values = {**{name: str(value) for name, value in DRIVING.items()}, "sex": "女", "holder_key": key_text(), **changes}
    return [values[name] for name in HEADINGS.values()]


def csv(*rows: list[str]) -> bytes:
    return "\r\n".join(",".join(each) for each in [list(HEADINGS), *rows]).encode()


def workbook(*rows: list[str]) -> bytes:
    book, kept = openpyxl.Workbook(), io.BytesIO()
    for each in [list(HEADINGS), *rows]:
        book.active.append(each)
    book.save(kept)
    return kept.getvalue()


def uploaded(visitor: Visitor, content: bytes, name: str = "名单.csv", kind: str = "driving-licence") -> str:
    answer = visitor.post("/imports/upload", {"kind": kind, "file": (io.BytesIO(content), name)})
    assert answer.status_code == 303, answer.text
    return str(answer.location).removeprefix("/console")


def columns(**more: str) -> dict[str, Any]:
    return {f"column-{name}": heading for heading, name in HEADINGS.items()} | more


@pytest.mark.parametrize(("make", "name"), [(csv, "名单.csv"), (workbook, "名单.xlsx")], ids=["csv", "xlsx"])
def test_a_list_is_uploaded_tried_and_imported(
    issuer: Issuer, clerk: Visitor, make: Any, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mark = name.rpartition(".")[2]
    content = make(
        row(name="导入甲" + mark, licence_no="1" + mark),
        row(name="导入乙" + mark, licence_no="2" + mark, citizen_id="990101194912310029"),
        row(name="导入丙" + mark, licence_no="3" + mark, holder_key=""),
    )
    path = uploaded(clerk, content, name)
    assert 'value="姓名" selected' in clerk.get(path).text, "columns that are named as the items are guessed"
    before = issuer.audit.head()
    tried = clerk.post(path, columns())
    assert tried.status_code == 200, tried.text
    assert "校验位不符：有一位打错了。" in tried.text
    assert "开始导入 2 行" in tried.text
    assert issuer.audit.head() == before, "a dry run records nothing"
    started = clerk.post(path, columns(step="start"))
    assert started.status_code == 303, started.text
    progress = clerk.get(str(started.location).removeprefix("/console"))
    assert "已完成: 3 / 3" in progress.text
    assert [each.holder_name for each in issuer.list(search="导入甲" + mark)] == ["导入甲" + mark]
    errors = clerk.get(f"{str(started.location).removeprefix('/console')}/errors.csv")
    assert errors.headers["Content-Disposition"].startswith('attachment; filename="errors-')
    assert "990101194912310029" not in errors.text
    assert "身份证号" in errors.text
    assert clerk.get(path).status_code == 404, "the file is gone"


def test_a_column_that_is_a_formula_stays_a_text_in_the_report(clerk: Visitor) -> None:
    content = csv(row(citizen_id="990101194912310029")).replace("身份证号".encode(), b"=cmd|calc")
    path = uploaded(clerk, content)
    started = clerk.post(path, columns(**{"column-citizen_id": "=cmd|calc", "step": "start"}))
    errors = clerk.get(f"{str(started.location).removeprefix('/console')}/errors.csv").text
    assert ",'=cmd|calc," in errors
    assert ",=cmd" not in errors


def test_an_upload_is_of_the_one_who_sent_it(console: Console, clerk: Visitor) -> None:
    path = uploaded(clerk, csv(row()))
    assert clerk.get(path).status_code == 200
    assert console.person(Role.CLERK).get(path).status_code == 404
    for drawn in ("..", "%2e%2e", "none"):
        assert clerk.get(f"/imports/new/driving-licence/{drawn}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.exe", b"MZ"), ("", b""), ("名单.csv/../../x", b"a"), ("x.xlsm", b"PK")],
)
def test_what_is_no_list_is_not_kept(clerk: Visitor, name: str, content: bytes) -> None:
    answer = clerk.post("/imports/upload", {"kind": "driving-licence", "file": (io.BytesIO(content), name)})
    assert answer.status_code == 422


def test_a_name_leads_nowhere(clerk: Visitor) -> None:
    path = uploaded(clerk, csv(row()), "../../../<img src=x>.csv")
    page = clerk.get(path)
    assert page.status_code == 200
    started = clerk.post(path, columns(step="start"))
    assert "<img" not in clerk.get(str(started.location).removeprefix("/console")).text
    assert "<img" not in clerk.get("/imports").text


@pytest.mark.parametrize(
    ("content", "changes", "name"),
    [
        (b"\xff\xfe\x00", {}, "名单.csv"),
        (b"PK\x03\x04 no workbook", {}, "名单.xlsx"),
        (csv(row()), {"encoding": "utf-16"}, "名单.csv"),
        (csv(row()), {"column-name": ""}, "名单.csv"),
        (csv(row()), {"column-name": "身份证号", "column-citizen_id": "身份证号"}, "名单.csv"),
    ],
    ids=["no text", "no workbook", "encoding", "no name", "one column twice"],
)
def test_a_file_or_a_choice_that_cannot_be_imported_is_named(
    clerk: Visitor, content: bytes, changes: dict[str, str], name: str
) -> None:
    path = uploaded(clerk, content, name)
    answer = clerk.post(path, columns(**changes))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_one_value_for_all_and_a_way_of_writing_days(issuer: Issuer, clerk: Visitor) -> None:
    content = csv(row(name="固定甲", licence_no="4", birth_date="1949年12月31日"))
    path = uploaded(clerk, content)
    changes = {"form-birth_date": "YYYY年MM月DD日", "column-authority": "", "fixed-authority": '幻境"市"\\局'}
    started = clerk.post(path, columns(**changes, step="start"))
    assert started.status_code == 303, started.text
    (found,) = issuer.list(search="固定甲")
    assert (found.subject["birth_date"], found.subject["authority"]) == ("1949-12-31", '幻境"市"\\局')


def test_every_way_of_writing_days_is_one_of_the_importer_s() -> None:
    from issuer.bulk import mapping

    assert set(column_mapping.DATE_FORMS) == set(mapping._DATES)


def test_a_file_that_is_too_large_is_refused(console: Console, clerk: Visitor) -> None:
    console.desk._bodies["console.upload"] = 1_000
    assert (
        clerk.post(
            "/imports/upload", {"kind": "driving-licence", "file": (io.BytesIO(b"a" * 2_000), "a.csv")}
        ).status_code
        == 413
    )


def test_an_import_is_cancelled_and_gone_on_with(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    console = console_of(issuer)
    clerk = console.person(Role.CLERK)
    waiting: list[Any] = []
    other = console_of(issuer, start=waiting.append)
    visitor = other.signed_in(clerk.person) if clerk.person is not None else clerk
    path = uploaded(visitor, csv(row(name="等待甲", licence_no="5")))
    started = visitor.post(path, columns(step="start"))
    progress = str(started.location).removeprefix("/console")
    assert "进行中: 0 / 1" in visitor.get(progress).text
    assert visitor.post(f"{progress}/resume").status_code == 303
    waiting[-1]()
    assert "已完成: 1 / 1" in visitor.get(progress).text
    path = uploaded(visitor, csv(row(name="等待乙", licence_no="6")))
    progress = str(visitor.post(path, columns(step="start")).location).removeprefix("/console")
    assert visitor.post(f"{progress}/cancel").status_code == 303
    assert "已取消" in visitor.get(progress).text
    assert issuer.list(search="等待乙") == ()
    assert issuer.audit.listed(search="cancel")[0].at == AT
