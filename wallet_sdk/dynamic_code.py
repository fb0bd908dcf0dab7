"""The dynamic code: presentations or bundles, each freshly signed, good for a minute, redrawn every half.

A `Showing` is pulled (`showing.frame()`, for pages that ask) or iterated (`for frame in showing`, which waits by the
injected sleep; `async for` likewise). Guaranteed: one signature for each licence and frame; exp = iat + 60 s (120 s in
an answer to a request, which ends with it) and never after a credential's end; nothing is signed after `close`, which
also lets go of the last frame and the device key. There is no thread and no network. Python cannot overwrite text in
memory: "let go" means that nothing here refers to it any more.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Protocol, Self, TypeVar

from protocol import limits
from protocol.errors import ProtocolError, SizeError
from protocol.labels import Lic
from protocol.unixtime import UnixTime
from wallet_sdk.composition import Composition, Content, Member
from wallet_sdk.device_key import Authorisation, DeviceKey
from wallet_sdk.distinct_moments import DistinctMoments
from wallet_sdk.errors import CodeTooLarge, PresentationRefused, RedrawIntervalWrong, ShowingClosed
from wallet_sdk.joint_consent import Addressee
from wallet_sdk.ladder import MAX_AHEAD, MAX_RUNGS, Ladder, Rung
from wallet_sdk.moving_code import MovingContent, MovingPortrait
from wallet_sdk.pictures import Frame
from wallet_sdk.ports import Ports
from wallet_sdk.request_errors import ChallengeOver
from wallet_sdk.showing_errors import (
    LadderForRequest,
    LadderNeedsSession,
    LadderTooLong,
    PortraitBesideSeal,
    PortraitNotAgreed,
)

MIN_REDRAW: Final = 15
Window = tuple[UnixTime, UnixTime]
"""From when, and until before when, something may be signed."""
ALWAYS: Final[Window] = (UnixTime(0), UnixTime(limits.MAX_TIME))


class Timed(Protocol):
    """Something that is signed anew at its time."""

    @property
    def next_at(self) -> UnixTime:
        """When."""


_T = TypeVar("_T", bound=Timed)


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
        self._frame: tuple[UnixTime, Frame] | None = None
        self._content: tuple[UnixTime, Content] | None = None
        self._ladders: list[Ladder] = []
        self._composition: Composition | None = Composition(members, addressee, ports.random, signer.public_key.alg)

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
        self._frame = self._current(self._frame, self._sign, at)
        return self._frame[1]

    def content(self, at: UnixTime | None = None) -> Content:
        """The bytes of a code, however many; signed for themselves. Raises: as `frame`, but for its size."""
        self._content = self._current(self._content, self._sign_content, at)
        return self._content[1]

    def ladder(self, rungs: int = MAX_RUNGS) -> Ladder:
        """Frames signed ahead, in memory alone; wiped when this showing is closed.

        Raises:
            LadderNeedsSession: The device key signs one code at a time.
            LadderForRequest, LadderTooLong: see these.
            ShowingClosed, LicenceExpired, …: as `frame`.
        """
        if self._signer is None:
            raise ShowingClosed
        if self._signer.authorisation is not Authorisation.SESSION:
            raise LadderNeedsSession
        if self._addressee.cnonce is not None:
            raise LadderForRequest
        if not 1 <= rungs <= MAX_RUNGS or rungs * self._every > MAX_AHEAD:
            raise LadderTooLong(f"{rungs} rungs, {rungs * self._every} s")
        now = self._ports.clock()
        first = self._moments.take(now)
        moments = [UnixTime(first + number * self._every) for number in range(rungs)]
        end = min(each.selection.credential.claims.exp for each in self._members)
        ladder = Ladder(
            tuple(
                Rung(self._sign(moment, self._signer), now if moment == first else moment, is_taken=moment == first)
                for moment in moments
                if moment == first or moment < end
            ),
            now,
            self._moments,
            self._ports,
        )
        self._ladders.append(ladder)
        return ladder

    def with_portrait(self, pictures_per_second: int = limits.ANIMATED_RATE) -> MovingPortrait:
        """The code together with the portrait of the first licence that agreed to show one, as moving pictures.

        Raises:
            PortraitNotAgreed, PortraitUnfit, PortraitBesideSeal, RateWrong: The plain code is still there.
        """
        if self._addressee.sealing_key is not None:
            raise PortraitBesideSeal
        agreed = [each.licence.stored for each in self._members if Lic.PORTRAIT_SHA256 in each.selection.shown]
        if not agreed:
            raise PortraitNotAgreed
        return MovingPortrait(self, agreed[0].portrait, pictures_per_second)

    def animated(self, pictures_per_second: int = limits.ANIMATED_RATE) -> MovingContent:
        """What is shown as moving pictures, however large; a sealed answer stays sealed. Raises: RateWrong."""
        return MovingContent(self, pictures_per_second)

    @property
    def title(self) -> str:
        """The names of what is shown."""
        return "、".join(each.licence.kind.names.zh_hans for each in self._members)

    def close(self) -> None:
        """Ends the showing; may be called twice."""
        for ladder in self._ladders:
            ladder.close()
        self._ladders.clear()
        self._signer = None
        self._frame = None
        self._content = None
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

    def _current(
        self, last: tuple[UnixTime, _T] | None, sign: Callable[[UnixTime, DeviceKey], _T], at: UnixTime | None
    ) -> tuple[UnixTime, _T]:
        """What was signed last, with the moment of that, or what is signed now because it is due."""
        moment = self._ports.clock() if at is None else at
        if self._signer is None:
            raise ShowingClosed
        if last is not None and last[0] <= moment < last[1].next_at:
            return last
        begin, end = self._window
        if not begin <= moment < end:
            raise ChallengeOver
        return moment, sign(self._moments.take(moment) if at is None else at, self._signer)

    def _sign(self, at: UnixTime, signer: DeviceKey) -> Frame:
        expires_at = self._end_of_code(at)
        assert self._composition is not None
        with _named():
            text = self._composition.text(at, expires_at, signer)
        return Frame(text, issued_at=at, expires_at=expires_at, next_at=self._next(at, expires_at), title=self.title)

    def _sign_content(self, at: UnixTime, signer: DeviceKey) -> Content:
        expires_at = self._end_of_code(at)
        assert self._composition is not None
        with _named():
            kind, encoded = self._composition.content(at, expires_at, signer)
        return Content(kind, encoded, self._next(at, expires_at))

    def _next(self, at: UnixTime, expires_at: UnixTime) -> UnixTime:
        return UnixTime(min(at + self._every, expires_at))

    def _end_of_code(self, at: UnixTime) -> UnixTime:
        """exp of a code signed now, once every licence can be shown at all."""
        life = limits.KBT_LIFE if self._addressee.cnonce is None else limits.MAX_KBT_LIFE
        return UnixTime(min(at + life, *(each.showable_until(at) for each in self._members)))


@contextmanager
def _named() -> Iterator[None]:
    """The protocol's refusals by the wallet's names."""
    try:
        yield
    except SizeError as reason:
        raise CodeTooLarge(str(reason)) from None
    except ProtocolError as reason:
        raise PresentationRefused(f"{reason.code}: {reason}") from None
