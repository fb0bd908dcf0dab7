"""The licence kinds of the fictional world.

`fixed_kinds` never change, so that vectors and forgeries stay the same bytes; `authored_kinds` are the real ones from
`issuer/kinds/*.toml`.
"""

from collections.abc import Mapping

from protocol.labels import Lic, Purpose
from protocol.licence.catalogue import (
    Clear,
    Group,
    HolderRule,
    Holders,
    Item,
    ItemType,
    Kind,
    Layout,
    Names,
    RiskClass,
    Single,
    Term,
)
from protocol.unixtime import LocalDay
from tests.utopia import persons
from tests.utopia.persons import Person

ID_CARD = 65_001
BUSINESS_LICENCE = 65_003
DRIVING_LICENCE = 65_004


def fixed_kinds() -> Mapping[int, Kind]:
    """A driving licence with all three layouts, and two kinds beside it."""
    return {
        ID_CARD: _kind(
            ID_CARD,
            "id-card",
            Names("居民身份证", "居民身份證", "Resident identity card"),
            HolderRule.NATURAL,
            RiskClass.X,
            (
                _item(Lic.NAME, "name", ItemType.TEXT, Single()),
                _item(Lic.CITIZEN_ID, "citizen_id", ItemType.CITIZEN_ID, Single()),
                _item(Lic.VALID_TO, "valid_to", ItemType.DATE, Clear()),
            ),
            {},
        ),
        BUSINESS_LICENCE: _kind(
            BUSINESS_LICENCE,
            "business-licence",
            Names("营业执照", "營業執照", "Business licence"),
            HolderRule.LEGAL,
            RiskClass.M,
            (
                _item(Lic.NAME, "name", ItemType.TEXT, Clear()),
                _item(Lic.USCC, "uscc", ItemType.USCC, Clear()),
                _item(Lic.LEGAL_REPRESENTATIVE, "legal_representative", ItemType.TEXT, Single()),
            ),
            {},
        ),
        DRIVING_LICENCE: _kind(
            DRIVING_LICENCE,
            "driving-licence",
            Names("机动车驾驶证", "機動車駕駛證", "Driving licence"),
            HolderRule.NATURAL,
            RiskClass.M,
            (
                _item(Lic.NAME, "name", ItemType.TEXT, Single()),
                _item(Lic.CLASS, "class", ItemType.TEXT, Clear()),
                _item(Lic.CITIZEN_ID, "citizen_id", ItemType.CITIZEN_ID, Single()),
                _item(Lic.LICENCE_NO, "licence_no", ItemType.TEXT, Single()),
                _item(Lic.VALID_FROM, "valid_from", ItemType.DATE, Clear()),
                _item(Lic.VALID_TO, "valid_to", ItemType.DATE, Clear()),
                _item(Lic.FIRST_ISSUE, "first_issue", ItemType.DATE, Group(0)),
                _item(Lic.AUTHORITY, "authority", ItemType.TEXT, Group(0)),
                _item(Lic.SEX, "sex", ItemType.INTEGER, Group(0)),
                _item(Lic.BIRTH_DATE, "birth_date", ItemType.DATE, Group(1)),
                _item(Lic.ADDRESS, "address", ItemType.TEXT, Group(1)),
                _item(Lic.PORTRAIT_SHA256, "portrait_sha256", ItemType.DIGEST, Single()),
            ),
            {
                Purpose.WINDOW: frozenset({Lic.NAME, Lic.CLASS, Lic.LICENCE_NO, Lic.VALID_TO}),
                Purpose.ROADSIDE: frozenset({Lic.NAME, Lic.CLASS, Lic.LICENCE_NO, Lic.VALID_TO}),
            },
        ),
    }


def authored_kinds() -> Mapping[int, Kind]:
    """The kinds as the issuer authors them."""
    from issuer.catalogue_source import load_kinds

    return load_kinds()


def driving_licence_items(
    holder: Person = persons.JIA, *, valid_from: int = 20260101, valid_to: int = 20320101
) -> Mapping[int, int | str | bytes]:
    """The twelve items of one driving licence."""
    return {
        Lic.NAME: holder.name,
        Lic.CLASS: "C1",
        Lic.CITIZEN_ID: holder.citizen_id,
        Lic.LICENCE_NO: holder.citizen_id,
        Lic.VALID_FROM: LocalDay(valid_from),
        Lic.VALID_TO: LocalDay(valid_to),
        Lic.FIRST_ISSUE: LocalDay(20100501),
        Lic.AUTHORITY: "乌有市公安局交通警察总队",
        Lic.SEX: holder.sex,
        Lic.BIRTH_DATE: holder.birth_date,
        Lic.ADDRESS: "乌有市子虚区亡是路一号",
        Lic.PORTRAIT_SHA256: bytes(range(32)),
    }


def _kind(
    vct: int,
    slug: str,
    names: Names,
    holder: HolderRule,
    risk: RiskClass,
    items: tuple[Item, ...],
    views: Mapping[Purpose, frozenset[int]],
) -> Kind:
    return Kind(
        vct,
        slug,
        names,
        holder,
        risk,
        90,
        (30, 7, 1),
        None,
        items,
        views,
        Holders(1, 1),
        ("traffic-police",),
        Term(None, None),
    )


def _item(key: Lic, name: str, kind: ItemType, layout: Layout) -> Item:
    return Item(int(key), name, kind, 240, True, Names(name, name, name), layout)
