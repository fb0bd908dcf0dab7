"""Synthetic persons of 乌有市: area 99xxxx, which no citizen ID number has, with a correct check digit."""

from dataclasses import dataclass

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_AREA = "990101"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    name: str
    citizen_id: str
    sex: int
    birth_date: int


def citizen_id(birth_date: int, serial: int, *, area: str = _AREA) -> str:
    """The 18 characters of GB 11643 for this birth date and serial (0 … 999)."""
    body = f"{area}{birth_date:08}{serial:03}"
    return body + _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def person(name: str, birth_date: int, serial: int) -> Person:
    """A person whose sex (1 male, 2 female, GB/T 2261.1) follows from the serial as the standard has it."""
    return Person(name, citizen_id(birth_date, serial), 1 if serial % 2 else 2, birth_date)


JIA = person("测试员甲", 19491231, 2)
YI = person("测试员乙", 19880229, 17)
BING = person("样本丙·某某", 20000101, 468)
