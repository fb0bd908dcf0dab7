"""Starts a sandbox with the real clock, waits and randomness, in a folder of its own or in one that is thrown away."""

import logging
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from issuer import config, durable_files, profile, wiring
from issuer.application import Issuer
from issuer.sandbox import app, folder
from issuer.sandbox.faults import Fault, Misfortune
from issuer.sandbox.misbehaving import Heard, Log, Misbehaving
from issuer.sandbox.sandbox import Sandbox
from protocol.unixtime import UnixTime

_SEEDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that is served once `service.run` is called."""

    sandbox: Sandbox
    service: wiring.Service

    @property
    def page(self) -> str:
        """Where a browser finds it."""
        return f"{self.service.url}{app.PREFIX}/"


def drawn_seed() -> int:
    """A seed of which nobody has to think."""
    return secrets.randbelow(_SEEDS)


@contextmanager
def opened(given: Path | None) -> Iterator[Issuer]:
    """The sandbox's issuer in this folder, made if there is none; without a folder, one that leaves nothing behind.

    Raises:
        SandboxFolderRefused: The folder holds something else.
    """
    if given is None:
        with (
            tempfile.TemporaryDirectory(prefix="liangzheng-sandbox-", ignore_cleanup_errors=True) as made,
            _issuer(Path(made)) as issuer,
        ):
            yield issuer
        return
    with _issuer(given) as issuer:
        yield issuer


def _issuer(given: Path) -> Issuer:
    if folder.is_ours(given, read=profile.read):
        return wiring.open_issuer(given, passphrase=None)
    made = wiring.initialise(
        given, region=folder.REGION, authority=folder.AUTHORITY, passphrase=None, fictional=True, register_url=None
    )
    durable_files.write_atomically(given / folder.MARK_FILE, folder.MARK_TEXT, mode=durable_files.PRIVATE)
    return made


@contextmanager
def serving(
    issuer: Issuer,
    *,
    port: int,
    public_url: str | None,
    rates: Mapping[Fault, float],
    seed: int,
    tell: Callable[[Heard], None],
    clock: Callable[[], UnixTime] = wiring.now,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Running]:
    """The web service of this issuer with misfortune before it. Raises: StorageFailed."""
    # What the web server says of connections that were cut on purpose would be read as a fault of its own.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    log, made = Log(tell), []

    def around(wsgi: Any, bound: int) -> Any:
        local_url = f"http://{config.LOOPBACK}:{bound}"
        sandbox = Sandbox(
            issuer,
            url=public_url or local_url,
            local_url=local_url,
            now=clock,
            log=log,
            random_bytes=secrets.token_bytes,
        )
        made.append(sandbox)
        page = app.create_app(sandbox, trusted_hosts=config.TRUSTED_HOSTS)
        misbehaving = Misbehaving(
            DispatcherMiddleware(wsgi, {app.PREFIX: page}),
            Misfortune(rates, seed),
            log=log,
            now=clock,
            sleep=sleep,
            asked_again=sandbox.look_at_what_waits,
        )
        sandbox.stands_behind(misbehaving)
        return misbehaving

    with wiring.serving(issuer, port=port, public_url=public_url, clock=clock, around=around) as service:
        yield Running(made[0], service)
