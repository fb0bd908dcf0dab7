"""A town whose authority a wallet reaches over https and, on this machine, over http; its counter, and what it says."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from flask import Flask
from werkzeug.serving import make_server

from demo import real_phone
from issuer import config
from issuer import wiring as issuer_wiring
from issuer.cli import cli as issuer_cli
from issuer.web.app import create_app
from tests.scenarios.conftest import SUBJECT
from tests.scenarios.test_offer import Town, done
from verifier_terminal.cli import cli as terminal_cli


@dataclass(frozen=True)
class OfferingTown(Town):
    """`url` is https, with a certificate that nobody vouches for; `plain` is http on the loopback address."""

    plain: str

    def over_http(self) -> "OfferingTown":
        return replace(self, url=self.plain)

    def subject(self, number: int) -> Path:
        """One of several people who do not exist."""
        file = self.folder / f"subject-{number}.json"
        born = f"19{number:02}0101"
        seventeen = f"990101{born}001"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        check = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(seventeen, weights, strict=True)) % 11]
        person = SUBJECT | {"citizen_id": seventeen + check, "licence_no": seventeen + check}
        person |= {"birth_date": f"{born[:4]}-01-01"}
        file.write_text(json.dumps(person, ensure_ascii=False), encoding="utf-8")
        return file

    def offered(self, number: int, *more: object) -> tuple[str, str]:
        """An offer of a new driving licence: its link, and the code that comes another way."""
        return self.scanned("--kind", "driving-licence", "--subject", self.subject(number), *more)

    def newest(self) -> Any:
        """The newest offer as the office sees it."""
        return json.loads(self.issuer("offers", "--json"))[0]

    def says_of(self, text: str) -> tuple[int, list[str]]:
        """The counter's verdict of a code."""
        counter = self.folder / "counter"
        self.issuer("publish")
        done(terminal_cli, "sync", counter)
        ran = CliRunner().invoke(terminal_cli, ["appraise", str(counter), "--json", "--text", text])
        return ran.exit_code, [each["code"] for each in json.loads(ran.stdout)["codes"]]


@contextmanager
def offering(folder: Path) -> Iterator[OfferingTown]:
    done(issuer_cli, "init", folder / "authority", "--region", "310000")
    published = folder / "authority" / "published"
    done(terminal_cli, "init", folder / "counter", "--trust", published, "--profile", "window")
    certificate = real_phone.certify("127.0.0.1", folder, issuer_wiring.now())
    files = (str(certificate.certificate), str(certificate.key))
    with issuer_wiring.open_issuer(folder / "authority", passphrase=None) as issuer, ExitStack() as stack:
        app = create_app(
            issuer,
            operator_token="t" * 43,
            now=issuer_wiring.now,
            trusted_hosts=config.TRUSTED_HOSTS,
            max_body_bytes=config.MAX_BODY_BYTES,
        )
        tls, plain = (stack.enter_context(_running(app, each)) for each in (files, None))
        yield OfferingTown(folder, f"https://127.0.0.1:{tls}", f"http://127.0.0.1:{plain}")


@contextmanager
def _running(app: Flask, files: tuple[str, str] | None) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=files)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()
