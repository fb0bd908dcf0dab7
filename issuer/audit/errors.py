"""Why the audit trail is not what it should be."""

from collections.abc import Sequence
from typing import Final

from issuer.errors import IssuerError


class AuditBroken(IssuerError):
    """Acts of the trail were changed, removed or put in; `findings` says which."""

    code = "audit_broken"
    hint = (
        "Somebody with access to the database has written into it by hand, or an older copy was restored. Keep it as "
        "it is, restore a backup beside it (`liangzheng issuer restore`), and compare both exports."
    )

    def __init__(self, findings: Sequence[str]) -> None:
        shown = "; ".join(findings[:20]) + ("; and more" if len(findings) > 20 else "")
        super().__init__(f"the audit trail does not hold: {shown}")
        self.findings = tuple(findings)


class AnchorUnreadable(IssuerError):
    """An anchor is not what `issuer audit head` wrote."""

    code = "anchor_unreadable"
    hint = "Give POSITION:HASH as `liangzheng issuer audit head DIR` prints it."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = ((AuditBroken, 409), (AnchorUnreadable, 422))
