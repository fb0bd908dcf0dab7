"""Foreign files as they come: encodings, workbooks, mistakes row by row, and files that were made to do harm."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from issuer import catalogue_source
from issuer.bulk import bounds, mapping, rows, spool
from issuer.bulk.errors import (
    EncodingUnknown,
    EntitiesDeclared,
    HeadingsRefused,
    ImportFileRefused,
    InflatesTooMuch,
    MappingRefused,
    TooManyRows,
    WorkbookLinksOut,
)
from issuer.bulk.mapping import Form
from issuer.bulk.rows import Row
from issuer.errors import AuthoringError, Problem, StorageFailed

KIND = next(kind for kind in catalogue_source.load_kinds().values() if kind.slug == "driving-licence")
UTF8 = Form("utf-8-sig", ",", None)
MAPPING = """
absent = ["长期"]
holder_key = "设备"
[columns]
"姓名" = "name"
"身份证号" = "citizen_id"
"证号" = "licence_no"
"性别" = "sex"
"出生" = "birth_date"
"有效期止" = "valid_to"
"住址" = "address"
[constants]
class = "C1"
authority = "幻境市公安局交通警察支队"
first_issue = "2010-05-01"
valid_from = "2026-01-01"
[dates]
birth_date = "YYYYMMDD"
[values.sex]
"男" = 1
"女" = 2
"""


def read(path: Path, content: bytes, form: Form = UTF8, wanted: tuple[str, ...] = ("a", "b")) -> list[Row]:
    path.write_bytes(content)
    with path.open("rb") as file:
        return list(rows.opened(path, file, form, wanted).following)


def what(row: Row) -> str:
    assert row.wrong is not None
    assert row.cells == ()
    return row.wrong.what


@pytest.mark.parametrize(
    ("encoding", "form"),
    [
        ("utf-8", UTF8),
        ("utf-8-sig", UTF8),
        ("gb18030", Form("gb18030", ",", None)),
        ("gb2312", Form("gb18030", ",", None)),
    ],
)
def test_csv_in_the_encoding_that_is_declared(tmp_path: Path, encoding: str, form: Form) -> None:
    path = tmp_path / "l.csv"
    text = '姓名,住址\r\n测试员甲,"样例路,1号\n二层"\r\n\r\n测试员乙,"他说 ""好"""\r\n'
    path.write_bytes(text.encode(encoding))
    with path.open("rb") as file:
        found = rows.opened(path, file, form, ())
        assert found.headings == ("姓名", "住址")
        assert [(row.number, row.cells) for row in found.following] == [
            (2, ("测试员甲", "样例路,1号\n二层")),
            (4, ("测试员乙", '他说 "好"')),
        ]


def test_a_row_in_another_encoding_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    content = "姓名\n测试员甲\n".encode() + "测试员乙\n".encode("gb18030") + "测试员丙\n".encode()
    first, second, third = read(tmp_path / "l.csv", content)
    assert (first.cells, third.cells) == (("测试员甲",), ("测试员丙",))
    assert (second.number, what(second)) == (3, "not text in utf-8")


def test_a_heading_in_another_encoding_ends_the_reading(tmp_path: Path) -> None:
    with pytest.raises(HeadingsRefused, match="not in utf-8"):
        read(tmp_path / "l.csv", "姓名\n测试员甲\n".encode("gb18030"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'a,b\n"x"y,2\n3,4\n', "not CSV"),
        (b"a,b\n" + b"x" * (bounds.MAX_CELL_CHARACTERS + 1) + b",2\n3,4\n", "a cell is too long"),
        (b"a,b\n" + b"," * (bounds.MAX_COLUMNS + 1) + b"z\n3,4\n", "more cells than columns"),
    ],
)
def test_a_bad_line_of_csv_does_not_end_the_reading(tmp_path: Path, content: bytes, expected: str) -> None:
    bad, good = read(tmp_path / "l.csv", content)
    assert (bad.number, what(bad)) == (2, expected)
    assert (good.number, good.cells) == (3, ("3", "4"))


def test_a_line_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(ImportFileRefused, match="a line of more than"):
        read(tmp_path / "l.csv", b"a\n" + b"x" * (bounds.MAX_LINE_BYTES + 1))


@pytest.mark.parametrize("content", [b"", b"\n", b",,\n1,2,3\n"])
def test_a_file_without_headings_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(HeadingsRefused, match="empty"):
        read(tmp_path / "l.csv", content)


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TooManyRows, match="columns"):
        read(tmp_path / "l.csv", b",".join(b"c%d" % number for number in range(bounds.MAX_COLUMNS + 1)))


@pytest.mark.parametrize("name", ["l.xls", "l.ods", "l", "l.csv.exe"])
def test_other_formats_are_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportFileRefused, match="ends in none of"):
        read(tmp_path / name, b"a\n1\n")


def test_json_lines_one_by_one(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"a": "x", "b": 1, "c": [1]}',
        b"{",
        b'{"a": "x", "a": "y"}',
        b'{"a": 1.5}',
        b'{"a": true}',
        b"[" * 5_000,
        "测".encode("gb18030"),
        b"",
        b'{"b": "\\ud800"}',
    ]
    found = read(tmp_path / "l.jsonl", b"\n".join(lines))
    assert found[0] == Row(1, ("x", "1"))
    assert [what(row) for row in found[1:7]] == [
        "not a JSON object without a name twice",
        "not a JSON object without a name twice",
        "a member is neither a text nor a whole number",
        "a member is neither a text nor a whole number",
        "not a JSON object without a name twice",
        "not text in utf-8",
    ]
    assert found[7] == Row(9, ("", "\ud800"))


def workbook(path: Path, cells: list[list[Any]], change: Callable[[openpyxl.Workbook], None] = lambda _: None) -> bytes:
    book = openpyxl.Workbook()
    for row in cells:
        book.active.append(row)
    change(book)
    book.save(path)
    return path.read_bytes()


def changed(content: bytes, parts: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The workbook with these parts in place of its own, or besides."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, parts.pop(name, None) or old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def test_a_workbook_and_what_spreadsheets_do_to_numbers(tmp_path: Path) -> None:
    import datetime

    path = tmp_path / "l.xlsx"
    cells: list[list[Any]] = [
        ["姓名", "号", "日", None],
        ["测试员甲", "990101194912310028", datetime.date(1949, 12, 31)],
        [None, None, None],
        ["测试员乙", 1.0, datetime.datetime(2026, 1, 31, 0, 0)],
        ["测试员丙", 990101194912310028, "x"],
        ["测试员丁", "=1+1", "x"],
        ["测试员戊", "#N/A", "x"],
    ]
    found = read(path, workbook(path, cells))
    assert found[0] == Row(2, ("测试员甲", "990101194912310028", "1949-12-31"))
    assert found[1] == Row(4, ("测试员乙", "1", "2026-01-31"))
    assert [(row.number, what(row)) for row in found[2:]] == [
        (5, "a number of more than 15 digits, which the sheet has rounded"),
        (6, "a cell holds a formula"),
        (7, "a cell holds an error of the spreadsheet"),
    ]


def test_another_sheet_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "l.xlsx"
    content = workbook(path, [["a"], ["1"]], lambda book: book.create_sheet("二").append(["b"]))
    path.write_bytes(content)
    with path.open("rb") as file:
        assert rows.opened(path, file, Form("utf-8-sig", ",", "二"), ()).headings == ("b",)
    with path.open("rb") as file, pytest.raises(HeadingsRefused, match="no sheet"):
        rows.opened(path, file, Form("utf-8-sig", ",", "三"), ())


_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&b;</t></si></sst>"""
_OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><sst/>"""
_LINK = b"""<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r" TargetMode="External" Target="http://example.org/x"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"/></Relationships>"""


@pytest.mark.parametrize(
    ("parts", "refused", "words"),
    [
        ({"xl/sharedStrings.xml": _LAUGHS}, EntitiesDeclared, "document type"),
        ({"xl/sharedStrings.xml": _LAUGHS.decode().encode("utf-16")}, EntitiesDeclared, "document type"),
        ({"xl/sharedStrings.xml": _OUTSIDE}, EntitiesDeclared, "document type"),
        ({"xl/externalLinks/externalLink1.xml": b"<x/>"}, WorkbookLinksOut, "links to other files"),
        ({"xl/vbaProject.bin": b"MZ"}, WorkbookLinksOut, "links to other files"),
        ({"xl/connections.xml": b"<x/>"}, WorkbookLinksOut, "links to other files"),
        ({"xl/worksheets/_rels/sheet1.xml.rels": _LINK}, WorkbookLinksOut, "outside of it"),
        ({"xl/worksheets/sheet1.xml": b"<worksheet"}, ImportFileRefused, "no workbook"),
        ({f"xl/media/{number}": b"" for number in range(bounds.MAX_PARTS)}, ImportFileRefused, "too many parts"),
        ({"xl/media/bomb": bytes(bounds.RATIO_COUNTS_FROM + (2 << 20))}, InflatesTooMuch, "inflates"),
    ],
)
def test_a_workbook_that_was_made_to_do_harm(
    tmp_path: Path, parts: dict[str, bytes], refused: type[ImportFileRefused], words: str
) -> None:
    path = tmp_path / "l.xlsx"
    content = changed(workbook(path, [["a"], ["1"]]), parts)
    with pytest.raises(refused, match=words):
        read(path, content)


def test_a_bomb_is_measured_by_what_it_inflates_to_and_not_by_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l.xlsx"
    content = changed(workbook(path, [["a"], ["1"]]), {"xl/media/one": b"x" * 3_000, "xl/media/two": b"x" * 3_000})
    monkeypatch.setattr(bounds, "MAX_PART_BYTES", 10_000)
    with pytest.raises(InflatesTooMuch):
        read(path, content)


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"\xd0\xcf\x11\xe0" + bytes(600), b"a,b\n1,2\n"])
def test_what_is_no_workbook_is_said_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ImportFileRefused, match="workbook"):
        read(tmp_path / "l.xlsx", content)


def test_a_large_workbook_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_WORKBOOK_BYTES", 100)
    with pytest.raises(TooManyRows):
        read(tmp_path / "l.xlsx", workbook(tmp_path / "x.xlsx", [["a"]]))


def test_every_row_of_a_mapping_becomes_items(tmp_path: Path) -> None:
    headings = ("证号", "姓名", "身份证号", "性别", "出生", "有效期止", "住址", "设备", "别的")
    reader = mapping.read(MAPPING, KIND).reader(headings)
    mapped = reader.row(("12", " 测试员甲 ", "990101194912310028", "女", "19491231", "长期", "样例路1号", "", "x"))
    assert mapped.problems == ()
    assert mapped.holder_key is None
    assert mapped.written == {
        "class": "C1",
        "authority": "幻境市公安局交通警察支队",
        "first_issue": "2010-05-01",
        "valid_from": "2026-01-01",
        "name": "测试员甲",
        "citizen_id": "990101194912310028",
        "licence_no": "12",
        "sex": 2,
        "birth_date": "1949-12-31",
        "address": "样例路1号",
    }
    # A row that is cut short has empty cells; what does not fit is named, and never repeated.
    bad = reader.row(("12", "测试员甲", "990101194912310028", "保密", "1949-12-31"))
    assert [(problem.item, problem.what) for problem in bad.problems] == [
        ("sex", "not in the mapping's table of values"),
        ("birth_date", "not a day"),
    ]
    assert not any("保密" in str(problem) or "1949" in str(problem) for problem in bad.problems)


@pytest.mark.parametrize(
    ("form", "text", "day"),
    [
        ("YYYY-MM-DD", "2026-1-31", "2026-01-31"),
        ("YYYYMMDD", "20260131", "2026-01-31"),
        ("YYYY/MM/DD", "2026/1/3", "2026-01-03"),
        ("YYYY.MM.DD", "2026.01.31", "2026-01-31"),
        ("DD.MM.YYYY", "31.1.2026", "2026-01-31"),
        ("YYYY年MM月DD日", "2026年1月31日", "2026-01-31"),
    ],
)
def test_forms_of_days(form: str, text: str, day: str) -> None:
    written = MAPPING.replace('birth_date = "YYYYMMDD"', f'birth_date = "{form}"')
    assert mapping.read(written, KIND).reader(HEADINGS).row(["", "", "", "", text]).written["birth_date"] == day


HEADINGS = ("姓名", "身份证号", "证号", "性别", "出生", "有效期止", "住址", "设备")


@pytest.mark.parametrize(
    ("old", "new", "refused", "words"),
    [
        ('"姓名" = "name"', '"姓名" = "nome"', AuthoringError, "columns.姓名"),
        ('"姓名" = "name"', "", MappingRefused, "becomes name"),
        ('class = "C1"', 'class = "C1"\nname = "x"', MappingRefused, "same item"),
        ('class = "C1"', f'class = "C1"\nportrait = "{"0" * 64}"', MappingRefused, "pictures do not come"),
        ('class = "C1"', "class = 1.5", AuthoringError, "constants.class"),
        ('birth_date = "YYYYMMDD"', 'birth_date = "MM/DD/YY"', AuthoringError, "birth_date"),
        ('"男" = 1', '"男" = 1.5', AuthoringError, "values.sex"),
        ("[columns]", "[[columns]]", AuthoringError, "columns"),
        ("[columns]", 'hobby = 1\n[file]\nencoding = "latin-1"\n[columns]', EncodingUnknown, "encoding"),
        ("[columns]", "hobby = 1\n[columns]", AuthoringError, "hobby"),
        ("[columns]", '[file]\ndelimiter = "ab"\n[columns]', AuthoringError, "delimiter"),
        ("[columns]", "[columns", AuthoringError, "TOML"),
    ],
)
def test_a_mapping_that_is_wrong_is_named_by_its_entry(
    old: str, new: str, refused: type[Exception], words: str
) -> None:
    with pytest.raises(refused, match=words):
        mapping.read(MAPPING.replace(old, new, 1), KIND)


@pytest.mark.parametrize(
    ("headings", "words"), [(HEADINGS[1:], "no column '姓名'"), ((*HEADINGS, "姓名"), "same heading")]
)
def test_headings_that_do_not_fit_the_mapping(headings: tuple[str, ...], words: str) -> None:
    with pytest.raises(HeadingsRefused, match=words):
        mapping.read(MAPPING, KIND).reader(headings)


def test_a_spool_gives_back_block_by_block_what_was_put_in(tmp_path: Path) -> None:
    given = [Row(number, ("测", "\ud800\n", str(number))) for number in range(2, 9)]
    given.insert(3, rows.wrong(99, "wrong", "right"))
    path = spool.place(tmp_path / "imports", "x")
    blocks = spool.write(path, given, block_rows=3)
    assert [block.rows for block in blocks] == [3, 3, 2]
    assert [row for block in reversed(blocks) for row in spool.read(path, block)] == [
        *given[6:],
        *given[3:6],
        *given[:3],
    ]
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(StorageFailed):
        spool.write(path, given, block_rows=9)


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: content.replace(b"[2,", b"[x,")])
def test_a_damaged_spool_is_said_and_not_read(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = spool.place(tmp_path, "x")
    (block,) = spool.write(path, [Row(2, ("a",)), Row(3, ("b",))], block_rows=9)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StorageFailed, match="damaged"):
        spool.read(path, block)


def test_a_file_that_cannot_be_read_to_its_end_leaves_no_spool(tmp_path: Path) -> None:
    def broken() -> Any:
        yield Row(2, ("a",))
        raise ImportFileRefused("broken")

    with pytest.raises(ImportFileRefused):
        spool.write(spool.place(tmp_path, "x"), broken(), block_rows=9)
    assert list(tmp_path.iterdir()) == []


def test_problems_are_kept_with_their_rows(tmp_path: Path) -> None:
    path = spool.place(tmp_path, "x")
    (block,) = spool.write(path, [rows.wrong(2, "what", "expected", "example")], block_rows=9)
    assert spool.read(path, block)[0].wrong == Problem("(row)", "what", "expected", "example")
    assert json.loads(path.read_text())[0] == 2
