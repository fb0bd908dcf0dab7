"""The programs of the town: started with a log of their own, waited for, and ended."""

import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import urllib3

READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1
_FAREWELL_SECONDS: Final = 5.0


class TownError(Exception):
    """A part of the town did not start, or answered what it should not."""


class Programs:
    """Starts programs and ends them with the stack that it was given."""

    def __init__(
        self,
        directory: Path,
        stack: ExitStack,
        http: urllib3.PoolManager,
        *,
        wait: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        """Starts nothing yet; logs go into the directory."""
        self._directory = directory
        self._stack = stack
        self._http = http
        self._wait = wait
        self._monotonic = monotonic
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        """Starts Python with these arguments."""
        log = self._stack.enter_context((self._directory / f"{name}.log").open("wb"))
        process = subprocess.Popen(  # noqa: S603  # our own programs
            [sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        self._stack.callback(_end, process)
        self._running[name] = process

    def await_answer(self, name: str, url: str) -> None:
        """Returns when the program answers there.

        Raises:
            TownError: It ended, or took too long; with what it said.
        """
        until = self._monotonic() + READY_SECONDS
        while self._monotonic() < until:
            if self._running[name].poll() is not None:
                break
            try:
                if self._http.request("GET", url).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                self._wait(_POLL_SECONDS)
        said = (self._directory / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2_000:]
        raise TownError(f"the {name} did not start; it said:\n{said}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_FAREWELL_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in held]
    finally:
        for each in held:
            each.close()
