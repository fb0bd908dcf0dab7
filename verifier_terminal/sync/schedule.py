"""When which region is asked: the home region every minute, others every ten, with jitter, back-off, and hints.

A region that fails is asked less and less often, and no other region is: each has its own time. A hint from the network
(somebody says that there is news) makes a region due at once, and at most once in five seconds: it costs one request,
which is what hints are allowed to cost. One that comes too soon is put off and never lost, for the next news may be a
minute away. While hints come, the clock waits longer, or every minute would cost two requests.
"""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

DOCUMENTS: Final = "documents"
"""The round that fetches documents; no region has this name."""
FOREIGN_TIMES: Final = 10
"""Other regions and documents are asked this many times less often than the home region's feed."""
LEAST_BETWEEN_HINTS: Final = 5.0
WHILE_HINTS_COME: Final = 1.5
"""Times as long: with jitter it is still more than a publisher's minute. When hints end, this was one late poll."""
_MOST_BACK_OFF: Final = {True: 5, False: 6}
"""A failing home region waits at most five times as long, others six times."""


@dataclass
class _Task:
    every: float
    due: float
    is_home: bool
    failures: int = 0
    hinted: float = float("-inf")
    began: float = float("-inf")
    is_running: bool = False


class Schedule:
    """The tasks and their times. Any thread may call it."""

    def __init__(self, *, now: Callable[[], float], jitter: Callable[[float], float]) -> None:
        """`now` counts seconds; `jitter` makes an interval a little longer or shorter."""
        self._now = now
        self._jitter = jitter
        self._news = threading.Condition()
        self._tasks: dict[str, _Task] = {}
        self._stopped = False

    def plan(self, home: str | None, others: Collection[str], *, every: float) -> None:
        """The regions that have a feed; what is planned already keeps its time. Without any, documents come often."""
        wanted = {DOCUMENTS: every if home is None and not others else every * FOREIGN_TIMES}
        wanted |= dict.fromkeys(others, every * FOREIGN_TIMES)
        if home is not None:
            wanted[home] = every
        with self._news:
            now = self._now()
            for name in self._tasks.keys() - wanted.keys():
                del self._tasks[name]
            for name, interval in wanted.items():
                task = self._tasks.setdefault(name, _Task(interval, now, name == home))
                task.every = interval
                task.is_home = name == home
            self._news.notify_all()

    def next(self, *, home: bool) -> str | None:
        """Waits for the next task and marks it as running; None when there is no more to do.

        Args:
            home: The home region's feed alone, or everything but it: whoever waits for a slow server elsewhere must not
                keep the home region waiting.
        """
        with self._news:
            while not self._stopped:
                waiting = [
                    (task.due, name)
                    for name, task in self._tasks.items()
                    if not task.is_running and task.is_home is home
                ]
                due, name = min(waiting, default=(None, ""))
                left = None if due is None else due - self._now()
                if left is not None and left <= 0:
                    task = self._tasks[name]
                    task.is_running, task.began = True, self._now()
                    return name
                self._news.wait(left)
            return None

    def done(self, name: str, *, worked: bool) -> None:
        """A task has run; sets its next time."""
        with self._news:
            task = self._tasks.get(name)
            if task is None:
                return
            task.is_running = False
            task.failures = 0 if worked else task.failures + 1
            waits: float = min(2 ** min(task.failures, 8), _MOST_BACK_OFF[task.is_home])
            now = self._now()
            if task.hinted > task.began:
                # A hint that came meanwhile may be about what came after the answer.
                task.due = max(now, task.hinted)
            else:
                if now - task.hinted < task.every:
                    waits *= WHILE_HINTS_COME
                task.due = now + self._jitter(task.every * waits)
            self._news.notify_all()

    def hint(self, name: str) -> None:
        """Somebody says that this region has news."""
        with self._news:
            task, now = self._tasks.get(name), self._now()
            if task is None or now < task.hinted:
                return
            task.hinted = max(now, task.hinted + LEAST_BETWEEN_HINTS)
            task.due = min(task.due, task.hinted)
            self._news.notify_all()

    def stop(self) -> None:
        """Nobody waits any more."""
        with self._news:
            self._stopped = True
            self._news.notify_all()
