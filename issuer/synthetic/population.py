"""Persons, companies and places that do not exist, with numbers whose check characters are right.

Citizen numbers are of area 99xxxx and credit codes of area 99: no real one begins so (CONTRACTS.md, "Synthetic
persons"). Every family name says that its bearer is made up.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from stdnum.cn import ric, uscc

from issuer.synthetic.drawing import Draws

CITY: Final = "幻境市"
DISTRICTS: Final = ("测试区", "样例区", "虚构区", "演示区", "拟定区")
_ROADS: Final = ("样例路", "虚拟街", "测试大道", "亡是路", "乌有巷", "子虚路")
_FAMILIES: Final = ("测", "试", "样", "例", "虚", "拟", "演", "幻")
_GIVEN: Final = "安白晨川岱恩帆光涵嘉可岚明宁欧平清然思桐维溪雅泽舟元" + "柏澄笛尔枫观荷景凯澜牧诺沛启若松棠文曦洋芷"
_FIRMS: Final = ("样例", "虚构", "测试", "演示", "拟态", "乌有", "幻海", "子虚")
_TRADES: Final = ("科技", "商贸", "餐饮", "食品", "酒店管理", "物流", "机械", "文化传播", "环保", "建材")
_ORDER_NUMBERS: Final = 1_000
_USCC_CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist; sex by GB/T 2261.1 (1 male, 2 female)."""

    name: str
    sex: int
    born: date
    citizen_id: str


@dataclass(frozen=True, slots=True)
class Company:
    """A company that does not exist."""

    name: str
    uscc: str


def person(draws: Draws, *, today: date, ages: range, sex: int | None = None) -> Person:
    """A person whose age in full years is one of these; of either sex where none is named."""
    years = draws.one_of(ages)
    # A year and a day before the birthday of the next age, so that the age is right on every day of the year.
    born = _years_before(today, years) - timedelta(days=draws.between(1, 364))
    its_sex, order = sex or draws.between(1, 2), draws.below(_ORDER_NUMBERS // 2) * 2
    body = f"99{draws.digits(2)}{draws.digits(2)}{born:%Y%m%d}{order + its_sex % 2:03}"
    given = "".join(draws.one_of(_GIVEN) for _ in range(draws.between(1, 2)))
    return Person(draws.one_of(_FAMILIES) + given, its_sex, born, body + ric.calc_check_digit(body + "0"))


def company(draws: Draws) -> Company:
    """A company with its credit code (GB 32100): registered by market regulation, in an area that does not exist."""
    body = f"9199{draws.digits(4)}MA" + "".join(draws.one_of(_USCC_CHARACTERS) for _ in range(7))
    name = f"{CITY}{draws.one_of(_FIRMS)}{draws.one_of(_GIVEN)}{draws.one_of(_GIVEN)}{draws.one_of(_TRADES)}有限公司"
    return Company(name, body + uscc.calc_check_digit(body))


def address(draws: Draws) -> str:
    """A place in a city that does not exist."""
    place = f"{CITY}{draws.one_of(DISTRICTS)}{draws.one_of(_ROADS)}{draws.between(1, 999)}号"
    return (
        place if draws.once_in(2) else f"{place}{draws.between(1, 30)}幢{draws.between(1, 33)}0{draws.between(1, 6)}室"
    )


def _years_before(day: date, years: int) -> date:
    # The first of March for the 29th of February.
    return day.replace(year=day.year - years) if (day.month, day.day) != (2, 29) else date(day.year - years, 3, 1)
