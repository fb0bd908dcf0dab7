"""The consent sheet in words: everything that a holder must read before agreeing, as lines of one language.

For command lines, screen readers and pages that have no layout of their own. Who asks comes first, and cautions come
before the items. Item names only, never values.
"""

from collections.abc import Iterable
from typing import Final

from protocol.labels import Purpose
from protocol.licence.catalogue import Item, Names
from wallet_sdk.card_pack import ActsFor, CardItem
from wallet_sdk.consent import ConsentRequest
from wallet_sdk.errors import Language, in_language
from wallet_sdk.joint_consent import JointRequest
from wallet_sdk.terminal_request import TerminalRequest

PURPOSES: Final = {
    Purpose.WINDOW: Names("服务窗口", "服務窗口", "service window"),
    Purpose.KIOSK: Names("自助终端", "自助終端", "self-service kiosk"),
    Purpose.ROADSIDE: Names("路面执法", "路面執法", "roadside check by police"),
    Purpose.GATE: Names("门禁", "門禁", "gate"),
    Purpose.HOTEL: Names("酒店入住", "飯店入住", "hotel check-in"),
    Purpose.AIRPORT: Names("机场", "機場", "airport"),
}
LEVELS: Final = {
    1: Names("法定代表人", "法定代表人", "representative"),
    2: Names("证照管理员", "證照管理員", "licence manager"),
    3: Names("经办人", "經辦人", "agent"),
}
_ASKED_BY: Final = Names("查验方", "查驗方", "asked by")
_PLACE: Final = Names("地点", "地點", "place")
_PURPOSE: Final = Names("用途", "用途", "purpose")
_REASON: Final = Names("事由（对方填写）", "事由（對方填寫）", "reason, in their words")
_ATTENTION: Final = Names("注意", "注意", "attention")
_MANDATORY: Final = Names("必需", "必需", "needed")
_OPTIONAL: Final = Names("可选", "可選", "optional")
_SEPARATE: Final = Names(
    "需单独同意（逐项选择，不选也不影响其他项目）",
    "需單獨同意（逐項選擇，不選也不影響其他項目）",
    "each needs your separate consent (choose one by one; a no leaves the other items as they are)",
)
_ALWAYS: Final = Names("总会出示", "總會出示", "always shown")
_MISSING: Final = Names("证照中没有", "證照中沒有", "not in this licence")
_NOT_HELD: Final = Names("卡包中没有", "卡包中沒有", "not in this wallet")
_ACTS_FOR: Final = Names("代办", "代辦", "you act for")
WHY_LINKED: Final = Names(
    "用于证明这些证照属于同一人；不出示时工作人员会询问",
    "用於證明這些證照屬於同一人；不出示時工作人員會詢問",
    "proves that these licences are one person's; without it the clerk will ask",
)


def text(request: JointRequest, language: Language) -> str:
    """The lines of a sheet."""
    lines = list(_asker(request, language)) if isinstance(request, TerminalRequest) else []
    lines.append(_line(_PURPOSE, in_language(PURPOSES[request.purpose], language), language))
    if isinstance(request, TerminalRequest) and request.reason is not None:
        lines.append(_line(_REASON, request.reason, language))
    lines.extend(_line(_ATTENTION, caution.text(language), language) for caution in request.cautions)
    for sheet in request.sheets:
        lines.extend(_card(sheet, request.proposed_link(sheet), language))
    if isinstance(request, TerminalRequest):
        names = (each.names for each in request.missing)
        lines.extend(_line(_NOT_HELD, in_language(each, language) if each else "?", language) for each in names)
    return "\n".join(lines)


def mandate(acts_for: ActsFor, language: Language) -> str:
    """For whom a card acts: the holder's name, the level."""
    return f"{acts_for.holder or '?'} ({in_language(LEVELS[acts_for.level], language)})"


def _asker(request: TerminalRequest, language: Language) -> Iterable[str]:
    asker = request.asker
    yield _line(_ASKED_BY, asker.relying_party, language)
    yield _line(_PLACE, f"{asker.place} ({asker.terminal or asker.site}, {asker.region})", language)


def _card(sheet: ConsentRequest, link: CardItem | None, language: Language) -> Iterable[str]:
    card = sheet.card
    yield f"{in_language(card.names, language)} ({card.kind}, {card.id})"
    if card.acts_for is not None:
        yield "  " + _line(_ACTS_FOR, mandate(card.acts_for, language), language)
    apart = set(sheet.separate)
    for title, items in ((_MANDATORY, sheet.mandatory), (_OPTIONAL, sheet.optional), (_ALWAYS, sheet.always_shown)):
        together = [item for item in items if item not in apart]
        if together:
            yield "  " + _line(title, _items(together, language), language)
    if sheet.separate:
        yield "  " + _line(_SEPARATE, _separate(sheet, language), language)
    if sheet.missing:
        yield "  " + _line(_MISSING, _items(sheet.missing, language), language)
    if link is not None:
        yield f"  {in_language(link.labels, language)}: {in_language(WHY_LINKED, language)}"


def _separate(sheet: ConsentRequest, language: Language) -> str:
    needed = f" [{in_language(_MANDATORY, language)}]"
    return "; ".join(_items([item], language) + (needed if item in sheet.mandatory else "") for item in sheet.separate)


def _items(items: Iterable[CardItem | Item], language: Language) -> str:
    return ", ".join(f"{in_language(item.labels, language)} ({item.name})" for item in items)


def _line(title: Names, content: str, language: Language) -> str:
    return f"{in_language(title, language)}: {content}"
