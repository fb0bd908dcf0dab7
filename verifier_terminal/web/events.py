"""Live events for pages (server-sent events): one thread for each, never more than the cap, and nothing kept.

A page that comes later sees no earlier verdict: what was shown is gone. Beyond the cap the caller answers 503.
"""

import json
import threading
from collections.abc import Callable, Iterator

from verifier_terminal.events import SessionEvent, StatusChanged, Subscription
from verifier_terminal.web.notices import Json

_HEARTBEAT = b": alive\n\n"
_POLL_SECONDS = 1.0


class StreamsFull(Exception):
    """As many pages are live as there are threads for them."""


class EventStreams:
    """Counts the live pages and ends them when the server stops."""

    def __init__(self, *, cap: int, heartbeat_seconds: float) -> None:
        self._places = threading.BoundedSemaphore(cap)
        self._heartbeat_seconds = heartbeat_seconds
        self._closed = threading.Event()
        self._live: set[Subscription] = set()

    @property
    def is_closing(self) -> bool:
        """Whether every stream is to end."""
        return self._closed.is_set()

    def take_place(self) -> Callable[[], None]:
        """A place for one stream: the call that gives it back; calling that twice does no harm.

        Raises:
            StreamsFull: All places are taken.
        """
        if self._closed.is_set() or not self._places.acquire(blocking=False):
            raise StreamsFull
        given_back = threading.Lock()

        def give_back() -> None:
            if given_back.acquire(blocking=False):
                self._places.release()

        return give_back

    def frames(
        self,
        subscription: Subscription,
        render: Callable[[SessionEvent], tuple[str, Json] | None],
        standing: Callable[[], Json],
        page_is_gone: Callable[[], bool],
    ) -> Iterator[bytes]:
        """The stream: how things stand, then every event; how things stand again whenever nothing happened."""
        self._live.add(subscription)
        poll_seconds = min(_POLL_SECONDS, self._heartbeat_seconds)
        silent_seconds = 0.0
        yield frame("standing", standing())
        while not self._closed.is_set():
            event = subscription.next(poll_seconds)
            # A page that was reloaded gives its place back at once; one that was too slow lost events and reconnects.
            if page_is_gone() or (event is None and subscription.dropped):
                return
            if event is None:
                silent_seconds += poll_seconds
                if silent_seconds >= self._heartbeat_seconds:
                    silent_seconds = 0.0
                    yield _HEARTBEAT
                    # The standing keeps its ages true.
                    yield frame("standing", standing())
                continue
            rendered = render(event)
            if rendered is not None:
                yield frame(*rendered)

    def forget(self, subscription: Subscription) -> None:
        """The stream of this subscription is over."""
        self._live.discard(subscription)
        subscription.close()

    def close(self) -> None:
        """End every stream now, and admit no more."""
        self._closed.set()
        for subscription in tuple(self._live):
            # Any event wakes the thread that waits for one; it sees then that it is over.
            subscription.offer(StatusChanged())


def frame(name: str, content: Json) -> bytes:
    """One event. JSON escapes line breaks, so no content can end a frame or forge another one."""
    return f"event: {name}\ndata: {json.dumps(content, ensure_ascii=True)}\n\n".encode()
