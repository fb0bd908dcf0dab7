"""What a session tells its listeners, and the bounded queues through which it does.

Guaranteed: a listener that does not keep up is dropped and told so by the end of its events; it never slows a scan
down. A verdict reaches listeners only after its journal row is durable.
"""

import queue
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Protocol, Self

from hardware.devices import DeviceEvent
from protocol.labels import AnimatedKind
from protocol.licence.catalogue import Names
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.verdict import Verdict, VerdictClass
from verifier_terminal.request_book import Ended
from verifier_terminal.store.recheck import Change

_QUEUE_EVENTS: Final = 64


@dataclass(frozen=True, slots=True)
class ForeignCode:
    """What a code that is not ours seems to be; never its content. `slug` goes into the journal."""

    slug: str
    names: Names


@dataclass(frozen=True, slots=True)
class JoinedWith:
    """The check with which this one is one act; its verdict is the first member of the act's.

    `linked`: both licences were shown to be one holder's. `waived`: policy does not ask whether they are. `alone` is
    the verdict that the second code would have had by itself.
    """

    check_number: str
    linked: bool
    waived: bool
    alone: Verdict = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    """A verdict whose journal row is durable.

    `same_act`: the same source read the same text again within two seconds; nothing was written a second time.
    `person_matches`: the clerk's answer so far, where the verdict waits for a comparison of the person; a code that
    stays in view is shown again with it.
    """

    verdict: Verdict
    same_act: bool
    foreign: ForeignCode | None
    source: str
    person_matches: bool | None = None
    joined: JoinedWith | None = None


@dataclass(frozen=True, slots=True)
class JoinWaits:
    """The next code belongs to this check's act, for so long; None: no check waits for a second code any more."""

    check_number: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class PersonChecked:
    """The clerk compared the person; the row is durable. `verdict_class` is the check's own and stays."""

    check_number: str
    verdict_class: VerdictClass
    matches: bool
    at: UnixTime


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """Connectivity, documents, the re-check queue or the disk changed; ask `Session.status` for how things stand."""


@dataclass(frozen=True, slots=True)
class ActsChanged:
    """An act was voided or re-checked."""

    check_number: str
    void: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptGiven:
    """A receipt about a check was signed; its row is durable. `sha256` is the hexadecimal digest of the receipt."""

    check_number: str
    sha256: str


@dataclass(frozen=True, slots=True)
class DeviceNews:
    """A scanner or camera said something about itself."""

    event: DeviceEvent


@dataclass(frozen=True, slots=True)
class OutOfOrderNews:
    """From now on verdicts cannot be recorded."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecheckAlarm:
    """A licence that was accepted on old knowledge turns out not to have been valid: told exactly once."""

    check_number: str
    found_at: UnixTime
    answer: Status
    change: Change | None = None
    """When its status changed, as far as it is known; None where nothing more can be said."""


@dataclass(frozen=True, slots=True)
class RequestOpened:
    """The terminal asks for something; `Session.requests` says what."""

    number: int


@dataclass(frozen=True, slots=True)
class RequestClosed:
    """A request is open no more, whatever the answer was worth."""

    number: int
    ended: Ended


@dataclass(frozen=True, slots=True)
class AnimationProgress:
    """Another frame of an animated code came in. It says nothing about what is in it."""

    kind: AnimatedKind
    received: int
    needed: int
    source: str


@dataclass(frozen=True, slots=True)
class PortraitShown:
    """The portrait that an issuer signed for this act is complete. Nobody may keep it for longer than the claims.

    `member` is the licence's place in a bundle, 0 for a single one.
    """

    check_number: str
    member: int
    image: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FaceMoved:
    """What an unattended screen shows has changed; the face itself says what it is now."""


@dataclass(frozen=True, slots=True)
class StaffChanged:
    """Who is on duty, or the case that the next acts carry, changed. `needed`: a code came, and nobody is on duty."""

    needed: bool = False


SessionEvent = (
    ShownVerdict
    | JoinWaits
    | PersonChecked
    | StatusChanged
    | ActsChanged
    | ReceiptGiven
    | DeviceNews
    | OutOfOrderNews
    | RecheckAlarm
    | RequestOpened
    | RequestClosed
    | AnimationProgress
    | PortraitShown
    | FaceMoved
    | StaffChanged
)


class Listener(Protocol):
    """Whoever is told events by the thread in which they happen; must be quick."""

    def offer(self, event: SessionEvent) -> bool:
        """Takes an event; False: nothing more is wanted."""
        ...


class Subscription(Listener):
    """The events for one listener, from the moment of subscribing on."""

    def __init__(self, publisher: "Publisher") -> None:
        self._publisher = publisher
        self._events: queue.Queue[SessionEvent] = queue.Queue(_QUEUE_EVENTS)
        self.dropped = False
        """The listener was too slow and gets nothing more."""

    def next(self, timeout: float | None = None) -> SessionEvent | None:
        """The next event; None after this many seconds without one, or when the subscription has ended."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def offer(self, event: SessionEvent) -> bool:
        """Takes an event, or says that there is no room."""
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self.dropped = True
            return False
        return True

    def close(self) -> None:
        """No more events are wanted."""
        self._publisher.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Publisher:
    """Everybody who listens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()

    def subscribe(self) -> Subscription:
        """A new listener."""
        subscription = Subscription(self)
        self.add(subscription)
        return subscription

    def add(self, listener: Listener) -> None:
        """From now on this one is told everything."""
        with self._lock:
            self._listeners += (listener,)

    def remove(self, listener: Listener) -> None:
        """Forgets a listener; twice does no harm."""
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each is not listener)

    def publish(self, event: SessionEvent) -> None:
        """Tells everybody who keeps up; the others are dropped."""
        for listener in self._listeners:
            if not listener.offer(event):
                self.remove(listener)
