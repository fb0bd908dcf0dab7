"""The sites that short codes name: four characters on a sign, behind which a wallet finds who asks there.

A change is in the register first and then published, in the signed directory that wallets read.
"""

from collections.abc import Callable
from typing import Final

from issuer.errors import SiteRefused, SiteUnknown
from issuer.register import Register
from issuer.terminals import register as rows_of
from issuer.terminals.register import SiteRecord
from protocol import cwt, limits, short_code
from protocol.directory import Site
from protocol.errors import ShapeError
from protocol.short_code import ShortCode
from protocol.unixtime import UnixTime

_DRAWN_BYTES: Final = 4


class Sites:
    """The sites of one authority."""

    def __init__(
        self,
        *,
        register: Register,
        random_bytes: Callable[[int], bytes],
        publish_change: Callable[[UnixTime], None],
    ) -> None:
        self._register, self._random_bytes, self._publish_change = register, random_bytes, publish_change

    def add(self, new: Site, *, code: str | None, actor: str, at: UnixTime) -> str:
        """Give this site a code, drawn at random where none is wished for, and publish it.

        Raises:
            SiteRefused: The code or a text is not in its form.
            SiteTaken, NoFreeIndex, RegisterUnavailable: Nothing was recorded.
            PublishingFailed: The site is recorded and not published yet.
        """
        if code is not None:
            try:
                code = _characters(short_code.decode_site(code))
            except ShapeError:
                raise SiteRefused("this is no site code", hint="Use 4 of 0-9 and A-Z without I, L, O, U.") from None
        for name, text in (("name", new.name), ("relying party", new.relying_party)):
            if not 0 < len(text) <= limits.MAX_SHOWN_NAME or text != text.strip() or not cwt.text_is_harmless(text):
                raise SiteRefused(f"the site's {name} is empty, too long, or not a plain text")
        given = rows_of.add_site(
            self._register, new, code=code, draw=lambda: _characters(self._draw()), actor=actor, at=at
        )
        self._publish_change(at)
        return given

    def remove(self, code: str, *, actor: str, at: UnixTime) -> None:
        """Take a site out of use and publish that; its code is never given again.

        Raises:
            SiteUnknown, RegisterUnavailable: Nothing was changed.
            PublishingFailed: It is removed and that is not published yet.
        """
        try:
            code = _characters(short_code.decode_site(code))
        except ShapeError:
            raise SiteUnknown("no site in use has this code") from None
        rows_of.remove_site(self._register, code, actor=actor, at=at)
        self._publish_change(at)

    def listed(self) -> tuple[SiteRecord, ...]:
        """The sites in use, by code. Raises: RegisterUnavailable."""
        return rows_of.sites_in_use(self._register)

    def _draw(self) -> int:
        # The number of sites is a power of two, so the mask keeps every code equally likely.
        return int.from_bytes(self._random_bytes(_DRAWN_BYTES)) & short_code.SITES - 1


def _characters(site: int) -> str:
    return ShortCode(site, 0).site_characters
