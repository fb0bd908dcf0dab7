"""One view of all statuses: from the feed of whoever has one, else from tokens; nothing that nobody vouches for now."""

from collections.abc import Collection
from dataclasses import dataclass

from protocol.unixtime import UnixTime
from revocation.coverage import Coverage, JoinedView, StatusAnswer, StatusSnapshot, StatusView

_NO_DATA = StatusAnswer(Coverage.NO_DATA)


@dataclass(frozen=True, slots=True)
class _Without:
    """A view in which some regions have nothing."""

    view: StatusView
    prefixes: tuple[str, ...]

    def look_up(self, uri: str, idx: int) -> StatusAnswer:
        return _NO_DATA if uri.startswith(self.prefixes) else self.view.look_up(uri, idx)

    def oldest(self) -> UnixTime | None:
        return self.view.oldest()


def joined(
    feeds: StatusView, tokens: StatusSnapshot, *, held: Collection[str], withheld: Collection[str]
) -> StatusView:
    """What a terminal goes by.

    Args:
        feeds: What is held of feeds.
        tokens: Verified status list tokens.
        held: Regions of which a feed's state is held: their tokens count no more.
        withheld: Those of them whose state no trusted key vouches for now.
    """
    prefixes = tuple(f"lz:{region}/" for region in held)
    left = {uri: token for uri, token in tokens.lists.items() if not uri.startswith(prefixes)}
    shown = _Without(feeds, tuple(f"lz:{region}/" for region in withheld)) if withheld else feeds
    return JoinedView(shown, StatusSnapshot(left)) if held else tokens
