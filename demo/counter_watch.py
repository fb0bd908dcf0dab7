"""Listens to the counter as its page does: the stream of live events, on a thread of its own."""

import base64
import json
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import urllib3

_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class Seen:
    """One verdict as the counter showed it."""

    verdict_class: str
    hold: bool
    word: str
    word_other: str
    codes: tuple[str, ...]
    instruction: str
    freshness: str
    licence: str
    check_number: str
    foreign: str | None

    def says(self, other: "Seen | None") -> bool:
        """Whether another verdict said the same."""
        return other is not None and (self.verdict_class, self.codes) == (other.verdict_class, other.codes)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a counter said about one of its devices; `state` is "ok", "lost" or "hint"."""

    source: str
    state: str
    text: str


class CounterWatch:
    """Collects the verdicts of a counter. Use as a context manager."""

    def __init__(self, counter_url: str) -> None:
        """Connects on entering."""
        self._url = f"{counter_url}/events"
        self._seen: queue.Queue[Seen] = queue.Queue()
        self._portraits: queue.Queue[bytes] = queue.Queue()
        self._notices: queue.Queue[Notice] = queue.Queue()
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5.0, read=None))
        self._stream: urllib3.BaseHTTPResponse | None = None

    def __enter__(self) -> Self:
        self._stream = self._http.request("GET", self._url, preload_content=False)
        threading.Thread(target=self._listen, args=(self._stream,), name="watch", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
        self._http.clear()

    def next(self, seconds: float) -> Seen | None:
        """The next verdict, or None if there is none within that time."""
        try:
            return self._seen.get(timeout=seconds)
        except queue.Empty:
            return None

    def next_portrait(self, seconds: float) -> bytes | None:
        """The next portrait that was complete, or None if there is none within that time."""
        try:
            return self._portraits.get(timeout=seconds)
        except queue.Empty:
            return None

    def next_notice(self, seconds: float) -> Notice | None:
        """The next thing it said about a device, or None if there is none within that time."""
        try:
            return self._notices.get(timeout=seconds)
        except queue.Empty:
            return None

    def forget(self) -> None:
        """Drops what was shown so far."""
        while self.next(0) is not None:
            pass

    def _listen(self, stream: urllib3.BaseHTTPResponse) -> None:
        name = ""
        pending = b""
        try:
            while part := stream.read1(65_536):
                *lines, pending = (pending + part).split(b"\n")
                for line in lines:
                    if line.startswith(b"event: "):
                        name = line[7:].decode()
                    elif line.startswith(b"data: ") and name == "verdict":
                        self._seen.put(_seen(json.loads(line[6:])))
                    elif line.startswith(b"data: ") and name == "device":
                        self._notices.put(_notice(json.loads(line[6:])))
                    elif line.startswith(b"data: ") and name == "portrait":
                        self._portraits.put(base64.b64decode(json.loads(line[6:])["image"]))
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
            # The stream was closed under the reader: the watch is over.
            return


def _notice(event: Mapping[str, Any]) -> Notice:
    return Notice(event["source"], event["state"], event["views"].get(_LANGUAGE, ""))


def _seen(event: Mapping[str, Any]) -> Seen:
    view = event["views"][_LANGUAGE]
    licence = view["licence"]
    named = " · ".join(filter(None, (licence["kind"], licence["name"], licence["region"]))) if licence else ""
    return Seen(
        verdict_class=view["class"],
        hold=view["hold"],
        word=view["word"],
        word_other=view["word_other"],
        codes=tuple(finding["code"] for finding in view["findings"]),
        instruction=view["instruction"],
        freshness=view["freshness"]["summary"],
        licence=named,
        check_number=event["check_number"],
        foreign=view["foreign"],
    )
