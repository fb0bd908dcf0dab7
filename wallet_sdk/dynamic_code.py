"""The dynamic code: presentations or bundles, each freshly signed, good for a minute, redrawn every half.

A `Showing` is pulled (`showing.frame()`, for pages that ask) or iterated (`for frame in showing`, which waits by the
injected sleep; `async for` likewise). Guaranteed: one signature for each licence and frame; exp = iat + 60 s (120 s in
an answer to a request, which ends with it) and never after a credential's end; nothing is signed after `close`, which
also lets go of the last frame and the device key. There is no thread and no network. Python cannot overwrite text in
memory: "let go" means that nothing here refers to it any more.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Final, Self

from protocol import limits
from protocol.errors import ProtocolError, SizeError
from protocol.unixtime import UnixTime
from wallet_sdk.composition import Composition, Member
from wallet_sdk.device_key import DeviceKey
from wallet_sdk.distinct_moments import DistinctMoments
from wallet_sdk.errors import CodeTooLarge, PresentationRefused, RedrawIntervalWrong, ShowingClosed
from wallet_sdk.joint_consent import Addressee
from wallet_sdk.pictures import Frame
from wallet_sdk.ports import Ports
from wallet_sdk.request_errors import ChallengeOver

MIN_REDRAW: Final = 15
Window = tuple[UnixTime, UnixTime]
"""From when, and until before when, something may be signed."""
ALWAYS: Final[Window] = (UnixTime(0), UnixTime(limits.MAX_TIME))


class Showing:
    """One act of showing: from the holder's decision until it is closed."""

    def __init__(
        self,
        members: tuple[Member, ...],
        addressee: Addressee,
        signer: DeviceKey,
        *,
        every: int,
        moments: DistinctMoments,
        ports: Ports,
        window: Window = ALWAYS,
    ) -> None:
        if not MIN_REDRAW <= every <= limits.REDRAW_EVERY:
            raise RedrawIntervalWrong(f"{every} s")
        self._members = members
        self._addressee = addressee
        self._signer: DeviceKey | None = signer
        self._every = every
        self._moments = moments
        self._ports = ports
        self._window = window
        self._frame: Frame | None = None
        self._drawn_at = UnixTime(0)
        self._composition: Composition | None = Composition(members, addressee, ports.random)

    @property
    def shown_items(self) -> frozenset[int]:
        """The `lic` keys that a verifier sees, of all licences together."""
        return frozenset[int]().union(*self.shown_of.values())

    @property
    def shown_of(self) -> Mapping[str, frozenset[int]]:
        """The `lic` keys that a verifier sees of each licence, by its id."""
        return {each.licence.stored.licence_id: each.selection.shown for each in self._members}

    def frame(self, at: UnixTime | None = None) -> Frame:
        """The code to show now; a new one when the last is due for redrawing, or when the clock was set back.

        By the wallet's clock no two codes have one moment (`distinct_moments`); a given moment is taken as it is.

        Raises:
            ShowingClosed, LicenceNotYet, LicenceExpired, CredentialExpired, MandateExpired, CodeTooLarge,
            PresentationRefused: see these.
            ChallengeOver: The request that this showing answers is over.
        """
        moment = self._ports.clock() if at is None else at
        last = self._frame
        if self._signer is None:
            raise ShowingClosed
        if last is None or not self._drawn_at <= moment < last.next_at:
            begin, end = self._window
            if not begin <= moment < end:
                raise ChallengeOver
            issued_at = self._moments.take(moment) if at is None else at
            last = self._frame = self._sign(issued_at, self._signer)
            self._drawn_at = moment
        return last

    def close(self) -> None:
        """Ends the showing; may be called twice."""
        self._signer = None
        self._frame = None
        self._composition = None

    @property
    def is_closed(self) -> bool:
        return self._signer is None

    def __iter__(self) -> Iterator[Frame]:
        """Frames until the showing is closed. Raises: as `frame`, when the licence ends meanwhile."""
        while not self.is_closed:
            frame = self.frame()
            yield frame
            while (rest := self._rest(frame)) > 0:
                self._ports.sleep(rest)

    async def __aiter__(self) -> AsyncIterator[Frame]:
        """As `__iter__`, in an event loop."""
        while not self.is_closed:
            frame = self.frame()
            yield frame
            while (rest := self._rest(frame)) > 0:
                await self._ports.async_sleep(rest)

    def _rest(self, frame: Frame) -> int:
        """Seconds until the next frame is due; none once the showing is closed."""
        return 0 if self.is_closed else frame.next_at - self._ports.clock()

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

    def _sign(self, at: UnixTime, signer: DeviceKey) -> Frame:
        expires_at = self._end_of_code(at)
        assert self._composition is not None
        try:
            text = self._composition.text(at, expires_at, signer)
        except SizeError as reason:
            raise CodeTooLarge(str(reason)) from None
        except ProtocolError as reason:
            raise PresentationRefused(f"{reason.code}: {reason}") from None
        return Frame(
            text,
            issued_at=at,
            expires_at=expires_at,
            next_at=UnixTime(min(at + self._every, expires_at)),
            title="、".join(each.licence.kind.names.zh_hans for each in self._members),
        )

    def _end_of_code(self, at: UnixTime) -> UnixTime:
        """exp of a code signed now, once every licence can be shown at all."""
        life = limits.KBT_LIFE if self._addressee.cnonce is None else limits.MAX_KBT_LIFE
        return UnixTime(min(at + life, *(each.showable_until(at) for each in self._members)))
