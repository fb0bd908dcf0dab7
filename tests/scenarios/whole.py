"""One terminal with everything that `terminal serve` gives a page: printer, papers, counter, staff, settings, figures.

`test_it_has_whatever_a_page_may_have` (test_every_route.py) fails when `create_app` learns something new that is not
here, so that what walks over every route walks over the new ones too. Not handled here: the server, real devices.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from hardware.printer.composing import Paper
from hardware.printer.driver import EscPosPrinter
from hardware.simulated.printer import VirtualPrinter
from protocol.labels import Purpose
from protocol.staff_certificate import Role, StaffUse
from revocation.repository.releases import Version
from tests.terminal import asking_world, staff_world
from tests.terminal.conftest import Terminal
from tests.terminal.staff_world import CLERK, PASSPHRASE
from tests.terminal_web.twin import SETTINGS, TOKEN
from tests.utopia.world import World
from verifier_terminal import config, counter_clients, enrolling, handover
from verifier_terminal.appraisal import reasons
from verifier_terminal.explore import app as explore
from verifier_terminal.explore.readings import Readings
from verifier_terminal.faces import service
from verifier_terminal.faces.kiosk import Kiosk
from verifier_terminal.metrics import Metrics, Tally
from verifier_terminal.receipt_pages import ReceiptPages
from verifier_terminal.session import Session
from verifier_terminal.slips import Slips
from verifier_terminal.updates import standing
from verifier_terminal.web.app import close_streams, create_app

COUNTER_TOKEN: Final = "token-of-the-queue-system-as-long-as-drawn1"
OWN: Final = {"Origin": "http://localhost", "X-CSRF-Token": TOKEN}
BEARER: Final = {"Authorization": f"Bearer {COUNTER_TOKEN}"}
_VALUES: Final[dict[str, object]] = {
    "check_number": "7K3-Q42", "number": 1, "name": "printing", "case": "valid", "filename": "window.js",
}  # fmt: skip
"""What stands for each parameter of an address, where a test has nothing better."""


@dataclass
class Whole:
    """The terminal, its session, and every application that shows it."""

    terminal: Terminal
    session: Session
    printer: VirtualPrinter
    given: dict[str, Any]
    """What `create_app` was given beside the session and the settings, for a place that somebody attends."""
    kiosk: Kiosk
    apps: dict[str, Flask] = field(default_factory=dict)

    def client(self, app: str = "window") -> FlaskClient:
        return self.apps[app].test_client()

    def scan(self, text: str) -> Any:
        """As the page sends it."""
        return self.post("/api/v1/scan", {"text": text}).get_json()

    def post(self, path: str, body: object, **headers: str) -> TestResponse:
        return self.client().post(path, json=body, headers={**OWN, **headers})

    def rows(self) -> int:
        return len(self.session.journal_rows(limit=10_000))


def new_terminal(folder: Path, *, name: str = "一号窗口", profile: str = "window", site: str = "NF6Y") -> Terminal:
    directory = folder / "terminal"
    directory.mkdir()
    return Terminal(World(), directory, folder / "published", profile=profile, site=site, name=name)


@contextmanager
def whole(
    terminal: Terminal, *, seq: int = 1, number: str = CLERK, role: Role = Role.CLERK, **published: Any
) -> Iterator[Whole]:
    """It open and certified, with somebody on duty; `published` as for `publish`."""
    own = asking_world.identity(terminal)
    own.install(asking_world.certificate(terminal.world, own.signer().public_key))
    uses = frozenset({StaffUse.DUTY, StaffUse.ACT})
    held = staff_world.certified_key(terminal.world, number, role=role, uses=uses)
    session = staff_world.staffed(terminal, None, held, seq=seq, **published)
    session.shift.sign_on(number, PASSPHRASE)
    if not counter_clients.load(terminal.directory):
        every = tuple(purpose.word for purpose in Purpose)
        counter_clients.add(
            terminal.directory, "queue", purposes=every, items=None, token=COUNTER_TOKEN, at=terminal.world.clock.at
        )
    if not config.is_terminal(terminal.directory):
        root = terminal.world.roots[session.settings.region].public_key
        config.save(terminal.directory, session.settings, root)
    with VirtualPrinter() as printer:
        made = _made(terminal, session, printer)
        yield made
        for app in made.apps.values():
            close_streams(app)
    session.close()


def _made(terminal: Terminal, session: Session, printer: VirtualPrinter) -> Whole:
    told, tally = reasons.load(), Tally()
    session.listen(tally)
    slips = Slips(session, EscPosPrinter("escpos:virtual", printer.open_line, Paper()), reasons=told)
    kiosk = Kiosk(
        session,
        elapsed_seconds=lambda: terminal.elapsed,
        service=lambda: service.read(terminal.directory),
        print_slip=slips.print_slip,
    )
    given: dict[str, Any] = {
        "reasons": told,
        "clock": terminal.world.clock,
        "metrics": Metrics(session.status, tally).text,
        "slips": slips,
        "counter": handover.open_desk(
            session, terminal.directory, run="0123456789abcdef", elapsed_seconds=lambda: terminal.elapsed
        ),
        "pages": ReceiptPages(session, reasons=told),
        "supervised": session.supervision,
        "beat": enrolling.heartbeats(session, terminal.directory, tally).make,
        "staff": session.shift,
        "software": lambda: standing.of(terminal.directory, Version(0, 1, 0), at=terminal.world.clock()),
    }
    made = Whole(terminal, session, printer, given, kiosk)
    made.apps["window"] = create_app(session, settings=SETTINGS, **given)
    made.apps["kiosk"] = create_app(session, settings=SETTINGS, kiosk=kiosk, **given)
    root = terminal.world.roots[session.settings.region].public_key
    looks = Readings(terminal.directory, by="operator", now=terminal.world.clock)
    made.apps["explore"] = explore.create_app(
        terminal.directory, session.settings, root, csrf_token=TOKEN, readings=looks
    )
    return made


def rules(app: Flask, method: str) -> Iterator[Rule]:
    """Every rule that answers to this method, static files with it."""
    return (each for each in app.url_map.iter_rules() if method in (each.methods or ()))


def address(rule: Rule, **values: object) -> str:
    """The path of a rule with these values, or usual ones, for its parameters."""
    built = rule.build({name: values.get(name, _VALUES[name]) for name in rule.arguments})
    assert built is not None
    return built[1]
