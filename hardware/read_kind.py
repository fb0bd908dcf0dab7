"""What a text says of itself by how it begins: enough to sort what was read, and no statement about what it is worth.

This package knows no credentials; the beginnings are those of docs/spec/code.md. Not handled here: what else a foreign
code might be, which the terminal tells its clerk.
"""

from typing import Final

OURS: Final = ("LZ1", "LB1", "LE1", "LC1", "LP1", "LS1", "LT1", "LR1")
NOTHING: Final = "none"
_PAYMENT: Final = (
    "wxp://",
    "weixin://",
    "alipays://",
    "https://qr.alipay.com/",
    "https://qr.95516.com/",
    "https://payapp.weixin.qq.com/",
)


def kind_of(text: str) -> str:
    """One of OURS, "payment", "url", "other"; "none" for nothing."""
    if not text:
        return NOTHING
    ours = next((kind for kind in OURS if text.startswith(f"{kind}:")), None)
    if ours is not None:
        return ours
    lower = text[:64].lower()
    if lower.startswith(_PAYMENT):
        return "payment"
    if lower.startswith(("http://", "https://")):
        return "url"
    return "other"
