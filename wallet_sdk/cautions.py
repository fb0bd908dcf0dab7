"""What a holder must read before agreeing: sentences that belong to a request and stand on its consent sheet.

A caution never stops anything by itself. What must not happen at all is an error (`request_errors.py`).
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from protocol.licence.catalogue import Names
from wallet_sdk.card_pack import Card, CardState
from wallet_sdk.errors import Language, in_language
from wallet_sdk.told import DeviceEvent


class Caution(StrEnum):
    """Its value is stable; its text is for the holder."""

    DICTATED_CODE = "dictated-code"
    """Every short code: the wallet cannot see the screen on which it stands."""
    UNLINKED = "unlinked"
    """Nothing that is shown says that these licences are one holder's."""
    ACTS_FOR_ANOTHER = "acts-for-another"
    """A licence with a mandate: what is shown is about somebody else."""
    DIRECTORY_LATE = "directory-late"
    """The region's directory has ended, so the wallet may not know what was changed since."""

    REVOKED = "revoked"
    """The issuer has told that a licence is not in force any more; it is not shown."""
    DEVICE_LOST = "device-lost"
    """The issuer has told that this device was reported lost; the licence is not shown."""
    SUPERSEDED = "superseded"
    """The issuer has told that another licence took this one's place."""
    SUSPENDED = "suspended"
    """The issuer has told that a licence is suspended; whoever checks it sees that."""
    OTHER_DEVICE = "other-device"
    """The issuer has told that another device came to hold a licence of this holder."""

    def text(self, language: Language) -> str:
        """The sentence."""
        return in_language(_TEXTS[self], language)


def of_cards(cards: Iterable[Card]) -> tuple[Caution, ...]:
    """What showing these cards means in any case, in the order of `Caution`."""
    found = set[Caution]()
    for card in cards:
        if card.acts_for is not None:
            found.add(Caution.ACTS_FOR_ANOTHER)
        if card.state in _OF_STATES:
            found.add(_OF_STATES[card.state])
        if any(each.event is DeviceEvent.BOUND for each in card.devices):
            found.add(Caution.OTHER_DEVICE)
    return tuple(each for each in Caution if each in found)


_OF_STATES: Final = {
    CardState.REVOKED: Caution.REVOKED,
    CardState.DEVICE_LOST: Caution.DEVICE_LOST,
    CardState.SUPERSEDED: Caution.SUPERSEDED,
    CardState.SUSPENDED: Caution.SUSPENDED,
}
_TEXTS: Final = {
    Caution.DICTATED_CODE: Names(
        "仅当您本人正站在该场所、亲眼看到屏幕上的短码时才输入。通过电话、短信或聊天告诉您的短码都是诈骗。",
        "僅當您本人正站在該場所、親眼看到螢幕上的短碼時才輸入。透過電話、簡訊或聊天告訴您的短碼都是詐騙。",
        "Go on only if you stand in front of this place's screen and read the code there yourself. A code that "
        "somebody tells you by telephone, text message or chat is a fraud.",
    ),
    Caution.UNLINKED: Names(
        "所出示的内容不能证明这些证照属于同一人，工作人员会询问。",
        "所出示的內容不能證明這些證照屬於同一人，工作人員會詢問。",
        "What you show does not prove that these licences are one person's; the clerk will ask.",
    ),
    Caution.ACTS_FOR_ANOTHER: Names(
        "您在此代他人办理：出示的是被代理人的信息。",
        "您在此代他人辦理：出示的是被代理人的資訊。",
        "You act for somebody else here: what is shown is about that person.",
    ),
    Caution.DIRECTORY_LATE: Names(
        "终端名录已过期，请尽快更新证照。",
        "終端名錄已過期，請儘快更新證照。",
        "The list of terminals on this device is out of date; update a licence soon.",
    ),
    Caution.REVOKED: Names(
        "发证机关已撤销或注销此证照，不能出示。",
        "發證機關已撤銷或註銷此證照，不能出示。",
        "The issuing authority has revoked this licence; it cannot be shown.",
    ),
    Caution.DEVICE_LOST: Names(
        "本机已被挂失，此证照不能在本机出示。",
        "本機已被掛失，此證照不能在本機出示。",
        "This phone was reported lost; this licence cannot be shown on it.",
    ),
    Caution.SUPERSEDED: Names(
        "此证照已被新证照取代，查验时会显示。请先联网更新。",
        "此證照已被新證照取代，查驗時會顯示。請先連線更新。",
        "Another licence has taken this one's place, and whoever checks it will see that. Update it first.",
    ),
    Caution.SUSPENDED: Names(
        "此证照处于暂停（扣留）状态，查验时会显示。",
        "此證照處於暫停（扣留）狀態，查驗時會顯示。",
        "This licence is suspended, and whoever checks it will see that.",
    ),
    Caution.OTHER_DEVICE: Names(
        "此证照已绑定到另一台设备。如非本人操作，请立即挂失该设备。",
        "此證照已綁定到另一台裝置。如非本人操作，請立即掛失該裝置。",
        "This licence was bound to another device. If that was not you, report that device lost at once.",
    ),
}
