"""What a holder must read before agreeing: sentences that belong to a request and stand on its consent sheet.

A caution never stops anything by itself. What must not happen at all is an error (`request_errors.py`).
"""

from enum import StrEnum
from typing import Final

from protocol.licence.catalogue import Names
from wallet_sdk.errors import Language, in_language


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

    def text(self, language: Language) -> str:
        """The sentence."""
        return in_language(_TEXTS[self], language)


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
}
