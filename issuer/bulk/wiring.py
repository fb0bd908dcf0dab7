"""Runs an import: in this process, or in several worker processes that each open the issuer by themselves."""

import secrets
import signal
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from issuer.application import Issuer
from issuer.bulk.errors import ImportInterrupted
from issuer.bulk.jobs import Import
from issuer.errors import IssuerError
from protocol.unixtime import UnixTime

_LOOK_SECONDS: Final = 0.5


def run(
    issuer: Issuer,
    import_id: str,
    *,
    workers: int,
    passphrase: str | None,
    at: UnixTime,
    watch: Callable[[Import], None] = lambda _: None,
) -> Import:
    """Go on with an import until everything of it is in the register, and say how it is then.

    Args:
        issuer: Whose register it is.
        import_id: Which one; whoever was at it stops before its next block.
        workers: How many processes; 0 is this one alone.
        passphrase: Of the issuer's keys, for the workers.
        at: Now.
        watch: Is told how far it is, now and then.

    Raises:
        ImportUnknown, ImportOver, ImportTakenOver: It is not to be gone on with.
        ImportInterrupted: A worker was killed.
        IssuerError: What stopped a worker; the next run finishes its block.
    """
    runner = issuer.imports.take_over(import_id)
    if workers == 0:
        issuer.imports.work(import_id, runner, at=at, after_block=lambda: watch(issuer.imports.state(import_id)))
    else:
        # Not forked: a token, a database connection and a lock are nobody's twice.
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_not_interrupted)
        with pool:
            arguments = (issuer.places.folder, passphrase, import_id, runner, at)
            started = [pool.submit(_work, *arguments) for _ in range(workers)]
            try:
                _wait(started, lambda: watch(issuer.imports.state(import_id)))
            except BaseException:
                # Whatever stopped one stops all: they find somebody else in their place before their next block.
                with suppress(IssuerError):
                    issuer.imports.take_over(import_id)
                raise
    done = issuer.imports.finish(import_id, at=at)
    watch(done)
    return done


def _wait(started: list[Future[None]], look: Callable[[], None]) -> None:
    left = set(started)
    while left:
        ended, left = wait(left, timeout=_LOOK_SECONDS, return_when=FIRST_EXCEPTION)
        look()
        for each in ended:
            try:
                each.result()
            except BrokenProcessPool:
                raise ImportInterrupted("a worker ended in the middle of its block") from None


def _work(folder: Path, passphrase: str | None, import_id: str, runner: str, at: UnixTime) -> None:
    with Issuer.open(folder, passphrase=passphrase, random_bytes=secrets.token_bytes) as issuer:
        issuer.imports.work(import_id, runner, at=at)


def _not_interrupted() -> None:
    # Ctrl+C is the parent's: its workers finish the block at hand.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
