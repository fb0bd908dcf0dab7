"""From what an operator wrote about a licence (item names, JSON types) to its items, or to a list of problems.

Guaranteed: every problem is named at once, with what was expected and an example, and no value is ever repeated; what
comes out passes the catalogue's own check. What is odd but possible (a synthetic person, a legacy check character)
is a warning.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from issuer import kind_rules, legal_terms
from issuer.errors import Problem, SubjectRefused
from protocol import cbor, cwt, unixtime
from protocol.errors import SchemaError
from protocol.labels import Lic
from protocol.licence import age, catalogue, identifier
from protocol.licence.catalogue import Item, ItemType, Kind
from protocol.unixtime import LocalDay, UnixTime

_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CITIZEN_ID: Final = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_USCC: Final = re.compile(r"[0-9]{8}[0-9A-HJ-NP-RTUW-Y]{10}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SYNTHETIC_AREA: Final = "99"
_CODES: Final[Mapping[int, tuple[frozenset[int], str]]] = {
    Lic.SEX: (frozenset({0, 1, 2, 9}), "0, 1, 2 or 9 (GB/T 2261.1: 1 male, 2 female)"),
    Lic.NATION: (frozenset({*range(1, 57), 97, 98}), "1 to 56, 97 or 98 (GB/T 3304)"),
}

_EXAMPLES: Final[Mapping[ItemType, tuple[str, str]]] = {
    ItemType.TEXT: ("a text on one line", '"测试员甲"'),
    ItemType.DATE: ("a day as YYYY-MM-DD", '"2026-01-31"'),
    ItemType.INTEGER: ("a whole number", "1"),
    ItemType.CITIZEN_ID: ("18 characters of GB 11643", '"990101194912310028"'),
    ItemType.USCC: ("18 characters of GB 32100", '"91990000MA00000008"'),
    ItemType.DIGEST: ("64 hexadecimal digits", f'"{"0" * 64}"'),
    ItemType.IDENTIFIER: ("an identifier of GB/T 36904", '"1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>"'),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A checked licence: items by `lic` key in the credential's own types, and what an operator should look at."""

    items: Mapping[int, cbor.Value]
    warnings: tuple[str, ...]

    def text(self, key: int) -> str | None:
        """The text of an item, where it is one."""
        value = self.items.get(key)
        return value if isinstance(value, str) else None

    def day(self, key: int) -> LocalDay | None:
        """The day of an item, where it is one."""
        value = self.items.get(key)
        return LocalDay(value) if type(value) is int else None


def check(kind: Kind, written: object, *, at: UnixTime, fictional: bool) -> Subject:
    """The checked items of a subject.

    Args:
        kind: What is issued.
        written: The decoded JSON object.
        at: Now: legal dates are compared with its local day.
        fictional: Whether an unknown area in a number is a warning instead of a problem.

    Raises:
        SubjectRefused: With every problem.
    """
    if not isinstance(written, dict):
        raise SubjectRefused([Problem("(subject)", "not an object", "item names with their values", '{"name": "…"}')])
    checking = _Checking(kind, fictional)
    for name in written:
        if kind.item_named(str(name)) is None:
            checking.unknown(str(name))
    for item in kind.items:
        if item.name in written:
            checking.item(item, written[item.name])
        elif item.required:
            checking.problem(item, "missing")
    checking.dates(unixtime.local_day(at))
    checking.number_against_dates()
    if checking.problems:
        raise SubjectRefused(checking.problems)
    return Subject(checking.items, tuple(checking.warnings))


class _Checking:
    """One walk over one subject."""

    def __init__(self, kind: Kind, fictional: bool) -> None:
        self.kind, self.fictional = kind, fictional
        self.items: dict[int, cbor.Value] = {}
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self._readers: Mapping[ItemType, Callable[[Item, object], cbor.Value]] = {
            ItemType.TEXT: self._text,
            ItemType.DATE: self._date,
            ItemType.INTEGER: self._integer,
            ItemType.CITIZEN_ID: self._citizen_id,
            ItemType.USCC: self._uscc,
            ItemType.DIGEST: self._digest,
            ItemType.IDENTIFIER: self._identifier,
        }

    def problem(self, item: Item, what: str, *, expected: str | None = None) -> None:
        usual, example = _EXAMPLES[item.type]
        self.problems.append(Problem(item.name, what, expected or usual, example))

    def unknown(self, name: str) -> None:
        known = [item.name for item in self.kind.items]
        close = difflib.get_close_matches(name, known, n=1)
        # An unknown name is the operator's text: it is repeated only where it can do no harm on a screen.
        shown = name if name and len(name) <= 40 and cwt.text_is_harmless(name) else "(a name that cannot be shown)"
        self.problems.append(
            Problem(
                shown,
                f"{self.kind.slug} has no such item",
                f"one of {', '.join(known)}",
                close[0] if close else known[0],
            )
        )

    def item(self, item: Item, written: object) -> None:
        value = self._readers[item.type](item, written)
        if value is None:
            return
        try:
            catalogue.check_value(item, value)
        except (SchemaError, UnicodeEncodeError):
            # JSON can carry half a surrogate pair, which no text of ours can.
            self.problem(
                item,
                "empty, too long, or with invisible or private characters",
                expected=f"at most {item.max_bytes} bytes of ordinary characters",
            )
            return
        self.items[item.key] = value

    def dates(self, today: LocalDay) -> None:
        begin, end = self._day(Lic.VALID_FROM), self._day(Lic.VALID_TO)
        if begin is not None and end is not None and begin > end:
            self._dated(Lic.VALID_TO, "before valid_from", "a day not before valid_from")
        if end is not None and end < today:
            self._dated(Lic.VALID_TO, "already over", "today or later")
        if begin is not None and begin > today:
            # SD-CWT section 9 step 3 wants nbf <= iat, and a licence is stated from its first day on.
            self._dated(Lic.VALID_FROM, "in the future", "today or earlier; issue on the first day of validity")
        for item in kind_rules.in_the_future(self.kind, self.items, today):
            self.problem(item, "in the future", expected="today or earlier")
        for earlier, later in kind_rules.out_of_order(self.kind, self.items, today):
            self.problem(earlier, f"after {later.name}", expected=f"a day not after {later.name}")
        for item, other in kind_rules.alike(self.kind, self.items):
            self.problem(item, f"the same as {other.name}", expected=f"another person's number than {other.name}")
        unlawful = None
        if begin is not None and begin <= today:
            unlawful = legal_terms.contradiction(self.kind.slug, begin, end, max(age.births(self.items), default=None))
        if unlawful is not None:
            self.warnings.append(unlawful)
        elif kind_rules.is_longer_than_its_term(self.kind, begin, end):
            years = self.kind.term.years
            self.warnings.append(f"valid_to is later than the longest term of {years} year(s) that this kind has")

    def number_against_dates(self) -> None:
        number = self.items.get(Lic.CITIZEN_ID)
        if not isinstance(number, str):
            return
        birth, sex = self._day(Lic.BIRTH_DATE), self.items.get(Lic.SEX)
        if birth is not None and number[6:14] != f"{birth:08}":
            self.warnings.append("citizen_id and birth_date name different days of birth")
        if sex in (1, 2) and int(number[16]) % 2 != sex % 2:
            self.warnings.append("citizen_id and sex do not agree")

    def _day(self, key: Lic) -> int | None:
        value = self.items.get(key)
        return value if type(value) is int else None

    def _dated(self, key: Lic, what: str, expected: str) -> None:
        item = self.kind.item(key)
        assert item is not None, "a day was read for it"
        self.problem(item, what, expected=expected)

    def _text(self, item: Item, written: object) -> cbor.Value:
        if not isinstance(written, str):
            self.problem(item, "not a text")
            return None
        return written

    def _date(self, item: Item, written: object) -> cbor.Value:
        if isinstance(written, str) and _ISO_DAY.fullmatch(written):
            try:
                return unixtime.day_of(date.fromisoformat(written))
            except ValueError:
                self.problem(item, "there is no such day")
                return None
        self.problem(item, "not a day")
        return None

    def _integer(self, item: Item, written: object) -> cbor.Value:
        allowed, expected = _CODES.get(item.key, (None, None))
        if type(written) is not int or (allowed is not None and written not in allowed):
            self.problem(item, "not one of the whole numbers that it may be", expected=expected)
            return None
        return written

    def _citizen_id(self, item: Item, written: object) -> cbor.Value:
        if not isinstance(written, str) or not _CITIZEN_ID.fullmatch(written):
            self.problem(item, "not 17 digits and a digit or X")
            return None
        if written[-1] != ric.calc_check_digit(written):
            self.problem(item, "its check digit does not fit: one character is mistyped")
            return None
        try:
            ric.get_birth_date(written)
        except ValidationError:
            self.problem(item, "it contains a day of birth that does not exist")
            return None
        return written if _is_birth_place(written[:10]) else self._of_unknown_area(item, written)

    def _uscc(self, item: Item, written: object) -> cbor.Value:
        if not isinstance(written, str) or not _USCC.fullmatch(written):
            self.problem(item, "not 8 digits and 10 of 0-9 A-Z without I O S V Z")
            return None
        if written[-1] != uscc.calc_check_digit(written[:-1]):
            self.problem(item, "its check character does not fit: one character is mistyped")
            return None
        return self._of_unknown_area(item, written) if written[2:4] == _SYNTHETIC_AREA else written

    def _of_unknown_area(self, item: Item, written: str) -> cbor.Value:
        if not self.fictional:
            self.problem(item, "its area does not exist")
            return None
        self.warnings.append(f"{item.name} names an area that does not exist: a synthetic holder")
        return written

    def _digest(self, item: Item, written: object) -> cbor.Value:
        if not isinstance(written, str) or not _DIGEST.fullmatch(written):
            self.problem(item, "not 64 hexadecimal digits")
            return None
        return bytes.fromhex(written)

    def _identifier(self, item: Item, written: object) -> cbor.Value:
        if not isinstance(written, str):
            self.problem(item, "not a text")
            return None
        try:
            parsed = identifier.parse(written)
        except SchemaError:
            self.problem(item, "not of the standard's form")
            return None
        if self.kind.type_code is not None and parsed.type_code != self.kind.type_code:
            self.problem(item, "its type code belongs to another kind", expected=f"type code {self.kind.type_code}")
            return None
        if not parsed.check_matches:
            # Two of seven public samples carry another character from a known faulty routine (W_ID_CHECK_LEGACY).
            self.warnings.append("identifier has another check character than its standard gives")
        return written


@lru_cache(maxsize=16_384)
def _is_birth_place(area_and_year: str) -> bool:
    """Whether there was this area in this year; of an import's rows nearly all have asked before."""
    try:
        ric.get_birth_place(f"{area_and_year}0101")
    except ValidationError:
        return False
    return True
