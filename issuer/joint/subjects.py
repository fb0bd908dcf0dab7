"""The subject of a licence of several holders: its items, and under `holders` those of each holder.

Guaranteed: each holder's part is a subject as for a licence of one. Not handled here: whether those are right
(`issuer.subject`), and what the holders' parts have to do with one another (`issuer.kind_rules`).
"""

from collections.abc import Mapping
from typing import Any, Final

HOLDERS: Final = "holders"


def of_each(written: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...] | None:
    """The subject of each holder, with the licence's own items; None where `holders` is no list of objects.

    An item that stands in both places counts as the holder's. Without `holders` there is one holder.
    """
    if HOLDERS not in written:
        return (written,)
    each = written[HOLDERS]
    if not isinstance(each, list) or not all(isinstance(part, dict) for part in each):
        return None
    shared = {name: value for name, value in written.items() if name != HOLDERS}
    return tuple(shared | part for part in each)
