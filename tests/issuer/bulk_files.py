"""Files of synthetic drivers for imports: rows, headings and the mapping that fits them."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from stdnum.cn import ric

from tests.issuer.builders import key_text

HEADINGS = ("姓名", "身份证号", "证号", "性别", "出生", "有效期止", "住址", "设备")
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
[values.sex]
"男" = 1
"女" = 2
"""
SLUG = "driving-licence"


def citizen_id(number: int) -> str:
    """The number of the synthetic person with this number: area 99, ten million of them."""
    digits = f"99{number // 1000 % 10_000:04}19{50 + number // 10_000_000:02}0101{number % 1000:03}"
    return digits + ric.calc_check_digit(digits + "0")


def driver(number: int, *, key: int | None = None) -> list[str]:
    """One row."""
    own = citizen_id(number)
    device = "" if key is None else key_text(key)
    sex = "男" if int(own[16]) % 2 else "女"
    birth = f"{own[6:10]}-{own[10:12]}-{own[12:14]}"
    return [f"测试员{number}", own, own, sex, birth, "2099-12-31", f"幻境市测试区样例路{number}号", device]


def drivers(count: int, *, keys: bool = False) -> Iterator[list[str]]:
    """So many rows; with a device key each, or none."""
    return (driver(number, key=number + 1 if keys else None) for number in range(count))


def written(path: Path, rows: Iterable[Sequence[str]], *, encoding: str = "utf-8") -> Path:
    """A CSV file of these rows."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADINGS, *rows])
    return path
