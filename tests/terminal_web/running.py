"""A real waitress server with the page on a free port, in a thread that ends with the test."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from protocol.errors import Code
from protocol.unixtime import UnixTime
from tests.terminal_web.twin import NOW, REASONS, SETTINGS
from verifier_terminal.appraisal.reasons import Reason
from verifier_terminal.faces.kiosk import Kiosk
from verifier_terminal.handover import CounterDesk
from verifier_terminal.web.app import create_app
from verifier_terminal.web.paper_routes import MakesPages
from verifier_terminal.web.ports import WindowSession
from verifier_terminal.web.printing_routes import PrintsSlips
from verifier_terminal.web.server import WindowServer
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.staff_routes import StaffDesk
from verifier_terminal.web.supervisor_routes import Supervised


@contextmanager
def running(
    session: WindowSession,
    settings: WindowSettings = SETTINGS,
    *,
    reasons: Mapping[Code, Reason] = REASONS,
    clock: Callable[[], UnixTime] = lambda: NOW,
    kiosk: Kiosk | None = None,
    slips: PrintsSlips | None = None,
    counter: CounterDesk | None = None,
    pages: MakesPages | None = None,
    staff: StaffDesk | None = None,
    supervised: Supervised | None = None,
) -> Iterator[str]:
    """The origin of the running page."""
    app = create_app(
        session,
        settings=settings,
        reasons=reasons,
        clock=clock,
        kiosk=kiosk,
        slips=slips,
        counter=counter,
        pages=pages,
        staff=staff,
        supervised=supervised,
    )
    server = WindowServer(app, "127.0.0.1", 0, settings.stream_cap)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join()
