"""The dynamic code: one presentation after another, each freshly signed, good for a minute, redrawn every half.

A `Showing` is pulled (`showing.frame()`, for pages that ask) or iterated (`for frame in showing`, which waits by the
injected sleep; `async for` likewise). Guaranteed: one signature for each frame; exp = iat + 60 s and never after the
credential's end; nothing is signed after `close`, which also lets go of the last frame and the device key. There is no
thread and no network. Python cannot overwrite text in memory: "let go" means that nothing here refers to it any more.
"""

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Final, Self

from protocol import limits
from protocol.errors import ProtocolError, SizeError
from protocol.keys import Signer
from protocol.labels import Purpose
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.unixtime import UnixTime
from wallet_sdk import drawing
from wallet_sdk.card_pack import HeldLicence
from wallet_sdk.distinct_moments import DistinctMoments
from wallet_sdk.drawing import Matrix
from wallet_sdk.errors import (
    CodeTooLarge,
    CredentialExpired,
    LicenceExpired,
    LicenceNotYet,
    PresentationRefused,
    RedrawIntervalWrong,
    ShowingClosed,
)
from wallet_sdk.ports import AsyncSleep, Clock, Sleep
from wallet_sdk.rolling_text import RollingText
from wallet_sdk.selection import Selection

MIN_REDRAW: Final = 15


class Frame:
    """One code. It is drawn when a form of it is asked for, and only once.

    Attributes:
        text: What the picture says; what a reader gives back.
        issued_at: When it was signed.
        expires_at: When no terminal takes it any more.
        next_at: When the next one is due.
        expires_in: Seconds from signing to `expires_at`.
    """

    __slots__ = ("_matrix", "_title", "expires_at", "issued_at", "next_at", "text")

    def __init__(self, text: str, *, issued_at: UnixTime, expires_at: UnixTime, next_at: UnixTime, title: str) -> None:
        self.text = text
        self.issued_at = issued_at
        self.expires_at = expires_at
        self.next_at = next_at
        self._title = title
        self._matrix: Matrix | None = None

    def __repr__(self) -> str:
        # Whoever logs a frame must not log a code that could be shown.
        return f"Frame(issued_at={self.issued_at}, expires_at={self.expires_at})"

    @property
    def expires_in(self) -> int:
        return self.expires_at - self.issued_at

    @property
    def version(self) -> int:
        """The QR version, 1 to 25."""
        return drawing.version_for(self.text)

    @property
    def matrix(self) -> Matrix:
        """Rows of modules without the quiet zone."""
        if self._matrix is None:
            self._matrix = drawing.modules(self.text)
        return self._matrix

    @property
    def svg(self) -> str:
        """An SVG with its quiet zone."""
        return drawing.svg(self.matrix, self._title)

    @property
    def png(self) -> bytes:
        """A PNG with its quiet zone."""
        return drawing.png(self.matrix)

    @property
    def half_blocks(self) -> str:
        """Lines for a terminal."""
        return drawing.half_blocks(self.matrix)


class Showing:
    """One act of showing: from the holder's decision until it is closed."""

    def __init__(
        self,
        licence: HeldLicence,
        selection: Selection,
        audience: Purpose,
        signer: Signer,
        *,
        every: int,
        moments: DistinctMoments,
        clock: Clock,
        sleep: Sleep,
        async_sleep: AsyncSleep,
    ) -> None:
        if not MIN_REDRAW <= every <= limits.REDRAW_EVERY:
            raise RedrawIntervalWrong(f"{every} s")
        self._licence = licence
        self._selection = selection
        self._audience = audience
        self._signer: Signer | None = signer
        self._every = every
        self._moments = moments
        self._clock = clock
        self._sleep = sleep
        self._async_sleep = async_sleep
        self._frame: Frame | None = None
        self._drawn_at = UnixTime(0)
        self._texts: RollingText | None = None

    @property
    def shown_items(self) -> frozenset[int]:
        """The `lic` keys that a verifier sees."""
        return self._selection.shown

    def frame(self, at: UnixTime | None = None) -> Frame:
        """The code to show now; a new one when the last is due for redrawing, or when the clock was set back.

        By the wallet's clock no two codes have one moment (`distinct_moments`); a given moment is taken as it is.

        Raises:
            ShowingClosed, LicenceNotYet, LicenceExpired, CredentialExpired, CodeTooLarge, PresentationRefused.
        """
        moment = self._clock() if at is None else at
        last = self._frame
        if self._signer is None:
            raise ShowingClosed
        if last is None or not self._drawn_at <= moment < last.next_at:
            issued_at = self._moments.take(moment) if at is None else at
            last = self._frame = self._sign(issued_at, self._signer)
            self._drawn_at = moment
        return last

    def close(self) -> None:
        """Ends the showing; may be called twice."""
        self._signer = None
        self._frame = None
        self._texts = None

    @property
    def is_closed(self) -> bool:
        return self._signer is None

    def __iter__(self) -> Iterator[Frame]:
        """Frames until the showing is closed. Raises: as `frame`, when the licence ends meanwhile."""
        while not self.is_closed:
            frame = self.frame()
            yield frame
            while (rest := self._rest(frame)) > 0:
                self._sleep(rest)

    async def __aiter__(self) -> AsyncIterator[Frame]:
        """As `__iter__`, in an event loop."""
        while not self.is_closed:
            frame = self.frame()
            yield frame
            while (rest := self._rest(frame)) > 0:
                await self._async_sleep(rest)

    def _rest(self, frame: Frame) -> int:
        """Seconds until the next frame is due; none once the showing is closed."""
        return 0 if self.is_closed else frame.next_at - self._clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def _sign(self, at: UnixTime, signer: Signer) -> Frame:
        expires_at = self._end_of_code(at)
        binding = KeyBinding(self._audience.audience, at, expires_at, None)
        try:
            text = self._text(binding, signer)
        except SizeError as reason:
            raise CodeTooLarge(str(reason)) from None
        except ProtocolError as reason:
            raise PresentationRefused(f"{reason.code}: {reason}") from None
        return Frame(
            text,
            issued_at=at,
            expires_at=expires_at,
            next_at=UnixTime(min(at + self._every, expires_at)),
            title=self._licence.kind.names.zh_hans,
        )

    def _text(self, binding: KeyBinding, signer: Signer) -> str:
        texts = self._texts
        if texts is not None:
            return texts.next(binding, signer)
        credential = self._selection.credential
        texts = self._texts = RollingText(credential.encoded, self._selection.disclosures, binding, signer)
        return texts.first

    def _end_of_code(self, at: UnixTime) -> UnixTime:
        """exp of a code signed now, once the licence can be shown at all."""
        if at < self._licence.begins:
            raise LicenceNotYet
        legal_end = self._licence.legal_end
        if legal_end is not None and at >= legal_end:
            raise LicenceExpired
        end = self._selection.credential.claims.exp
        if at >= end:
            raise CredentialExpired
        return UnixTime(min(at + limits.KBT_LIFE, end))
