"""Names the real things of the issuer: clock, randomness, threads, web server. Everything else receives them."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from issuer import config, durable_files, profile, signers
from issuer.application import Issuer
from issuer.audit.trail import OPERATOR
from issuer.console import app as console
from issuer.errors import IssuerError, StorageFailed
from issuer.feed import feeding
from issuer.keys import opening
from issuer.keys.box import LIBSODIUM_MODERATE
from issuer.profile import Places, TokenPlace
from issuer.web.app import create_app
from protocol.unixtime import UnixTime

_log = logging.getLogger("issuer")


random_bytes = secrets.token_bytes
"""Real randomness, for what is made without an issuer."""


def now() -> UnixTime:
    """The wall clock."""
    return UnixTime(int(time.time()))


def initialise(
    folder: Path,
    *,
    region: str,
    authority: str,
    passphrase: str | None,
    fictional: bool,
    register_url: str | None,
    token: TokenPlace | None = None,
) -> Issuer:
    """A new issuer with real randomness, created now. Raises: as `Issuer.init`."""
    return Issuer.init(
        folder,
        region=region,
        authority=authority,
        passphrase=passphrase,
        random_bytes=secrets.token_bytes,
        at=now(),
        fictional=fictional,
        register_url=register_url,
        token=token,
        pin=config.pin,
    )


def open_issuer(folder: Path, *, passphrase: str | None) -> Issuer:
    """The issuer in this folder with real randomness. Raises: as `Issuer.open`."""
    return Issuer.open(folder, passphrase=passphrase, random_bytes=secrets.token_bytes, pin=config.pin)


def replace_status_key(folder: Path, *, passphrase: str | None) -> None:
    """A new status key in this issuer's folder. Raises: as `Issuer.open`."""
    token = opening.token(profile.read(Places(folder)).token, pin=config.pin)
    signers.replace_status(Places(folder), passphrase=passphrase, random_bytes=secrets.token_bytes, token=token)


def change_passphrase(folder: Path, *, old: str | None, new: str) -> None:
    """The same keys under another passphrase. Raises: as `signers.change_passphrase`."""
    profile.read(Places(folder))
    signers.change_passphrase(
        Places(folder), old=old, new=new, argon2=LIBSODIUM_MODERATE, random_bytes=secrets.token_bytes
    )


def set_token(folder: Path, place: TokenPlace) -> str:
    """Let new keys be made in this token from now on, and say what it is. Raises: TokenUnavailable, and as `read`."""
    from issuer.keys.hardware_token import Pkcs11Token

    before = profile.read(Places(folder))
    found = Pkcs11Token(place, pin=config.pin).describe()
    profile.write(replace(before, token=place), Places(folder))
    return found


def operator_token(issuer: Issuer) -> str:
    """The token of the operator's API. Raises: StorageFailed."""
    remedy = "Put a new random token of 43 characters into DIR/operator.token, on one line."
    try:
        written = durable_files.read(issuer.places.operator_token, max_bytes=256)
    except StorageFailed as error:
        raise StorageFailed(str(error), hint=remedy) from None
    token = written.decode("ascii", "replace").strip()
    if len(token) < 32:
        raise StorageFailed("operator.token is damaged", hint=remedy)
    return token


class Service:
    """The web service of one issuer. `port` is the one that it got; `run` ends when `stop` is called."""

    def __init__(self, server: Any, sockets: dict[int, Any]) -> None:
        self._server, self._sockets = server, sockets
        self._running, self._ended = threading.Event(), threading.Event()
        self.port = int(server.effective_port)

    @property
    def url(self) -> str:
        return f"http://{config.LOOPBACK}:{self.port}"

    def run(self) -> None:
        """Serve until stopped, or interrupted from the keyboard."""
        self._running.set()
        try:
            self._server.run()
        finally:
            self._server.task_dispatcher.shutdown()
            self._close_sockets()
            self._ended.set()

    def stop(self) -> None:
        """End `run`, in whatever thread it is, and wait for that; close the port if it never ran."""
        if not self._running.is_set():
            self._server.task_dispatcher.shutdown()
            self._close_sockets()
        elif not self._ended.is_set():
            # The loop's own thread closes its sockets: another one would close them under its select().
            self._server.trigger.pull_trigger(self._close_sockets)
            self._ended.wait()

    def _close_sockets(self) -> None:
        # waitress has no public way to end its loop; an empty socket map is what ends it.
        wasyncore.close_all(self._sockets, ignore_all=True)


@contextmanager
def serving(
    issuer: Issuer,
    *,
    port: int,
    public_url: str | None = None,
    clock: Callable[[], UnixTime] = now,
    around: Callable[[Any, int], Any] = lambda app, _: app,
) -> Iterator[Service]:
    """A service on the loopback address, with a thread that republishes every minute while it exists.

    `around` puts something before the WSGI application, which is told the port (the sandbox does).

    Raises:
        StorageFailed: The port is taken, or the operator token cannot be read.
    """
    token = operator_token(issuer)
    bound = _listening_socket(port)
    try:
        app = create_app(
            issuer,
            operator_token=token,
            now=clock,
            trusted_hosts=config.TRUSTED_HOSTS,
            max_body_bytes=config.MAX_BODY_BYTES,
            public_url=public_url,
        )
        settings = config.console_settings(issuer.places.folder, port=bound.getsockname()[1])
        console.mount(app, issuer, settings, now=clock, start=_beside, public_url=public_url)
        served = around(app, bound.getsockname()[1])
    except BaseException:
        bound.close()
        raise
    sockets: dict[int, Any] = {}
    server = create_server(
        served,
        map=sockets,
        sockets=[bound],
        threads=config.THREADS,
        connection_limit=config.CONNECTION_LIMIT,
        channel_timeout=config.CHANNEL_TIMEOUT,
        max_request_body_size=config.MAX_UPLOAD_BYTES,
        ident=None,
    )
    # Changes that come thick and fast are published together.
    issuer.feed.gap = feeding.URGENT_GAP
    stopped = threading.Event()
    republisher = threading.Thread(target=_republish, args=(issuer, clock, stopped), name="republisher", daemon=True)
    republisher.start()
    service = Service(server, sockets)
    try:
        yield service
    finally:
        service.stop()
        stopped.set()
        republisher.join()


def _beside(work: Callable[[], None]) -> None:
    def run() -> None:
        try:
            work()
        except IssuerError as error:
            # Whoever watches it sees that it stands still, and can go on with it.
            _log.error("%s: %s", error.code, error)

    threading.Thread(target=run, name="console", daemon=True).start()


def _listening_socket(port: int) -> socket.socket:
    # Bound here and not by waitress, which leaves its threads and sockets behind when the port is taken.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((config.LOOPBACK, port))
    except OSError as error:
        bound.close()
        raise StorageFailed(f"cannot listen on port {port}: {error.strerror}", hint="Choose another --port.") from None
    return bound


def _republish(issuer: Issuer, clock: Callable[[], UnixTime], stopped: threading.Event) -> None:
    # At once, too: after a night without the service the first status is published before anybody asks.
    due = clock()
    while True:
        if clock() >= due or issuer.feed.is_deferred:
            due = UnixTime(clock() + config.REPUBLISH_SECONDS)
            try:
                issuer.publish(at=clock())
                issuer.feed.demand_nothing_held_back()
                issuer.wallet_issuing.offers.clean(at=clock())
                issuer.wallet_issuing.holding.clean(at=clock())
                issuer.erasing.again(actor=OPERATOR, at=clock())
                issuer.imports.forget_uploads(at=clock())
            except IssuerError as error:
                # Publishing is tried again in a minute; terminals show how old their status is meanwhile.
                _log.error("publishing: %s", error)
        if stopped.wait(config.LOOK_SECONDS):
            return
