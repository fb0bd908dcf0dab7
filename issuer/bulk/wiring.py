"""Runs an import: in this process, or in several worker processes that each open the issuer by themselves."""

import secrets
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

from issuer import config
from issuer.application import Issuer
from issuer.bulk.errors import ImportInterrupted
from issuer.bulk.jobs import Import
from issuer.errors import IssuerError
from protocol.unixtime import UnixTime

_LOOK_SECONDS: Final = 0.5
_Started = tuple[SpawnProcess, Connection]


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
        _share(issuer, import_id, runner, workers=workers, passphrase=passphrase, at=at, watch=watch)
    done = issuer.imports.finish(import_id, at=at)
    watch(done)
    return done


def _share(
    issuer: Issuer,
    import_id: str,
    runner: str,
    *,
    workers: int,
    passphrase: str | None,
    at: UnixTime,
    watch: Callable[[Import], None],
) -> None:
    # Not forked: a token, a database connection and a lock are nobody's twice. And no pool, whose processes would wait
    # for ever for one that was killed; these end when no block is left for them.
    context, started = get_context("spawn"), list[_Started]()
    for _ in range(workers):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(sender, issuer.places.folder, passphrase, import_id, runner, at))
        process.start()
        sender.close()
        started.append((process, receiver))
    try:
        _wait(started, lambda: watch(issuer.imports.state(import_id)))
    except BaseException:
        # Whatever stopped one stops all: they find somebody else in their place before their next block.
        with suppress(IssuerError):
            issuer.imports.take_over(import_id)
        raise
    finally:
        for process, receiver in started:
            process.join()
            receiver.close()


def _wait(started: Sequence[_Started], look: Callable[[], None]) -> None:
    left = list(started)
    while left:
        wait([process.sentinel for process, _ in left], timeout=_LOOK_SECONDS)
        look()
        for process, receiver in [each for each in left if not each[0].is_alive()]:
            left.remove((process, receiver))
            if receiver.poll():
                with suppress(EOFError):
                    raise receiver.recv()
            if process.exitcode != 0:
                raise ImportInterrupted("a worker ended in the middle of its block")


def _work(sender: Connection, folder: Path, passphrase: str | None, import_id: str, runner: str, at: UnixTime) -> None:  # noqa: PLR0917 - what a new process is told
    # Ctrl+C is the parent's: its workers finish the block at hand.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Issuer.open(folder, passphrase=passphrase, random_bytes=secrets.token_bytes, pin=config.pin) as issuer:
            issuer.imports.work(import_id, runner, at=at)
    except IssuerError as error:
        # A parent that was killed hears nothing any more, and whoever goes on has said it by taking over.
        with suppress(BrokenPipeError):
            sender.send(error)
