"""From an office's offer to a verdict over a real service: QR, wallet, code, refresh, a lost phone, notices."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import zxingcpp
from click.testing import CliRunner
from PIL import Image

from issuer import wiring as issuer_wiring
from issuer.cli import cli as issuer_cli
from tests.scenarios.conftest import SUBJECT
from verifier_terminal.cli import cli as terminal_cli
from wallet_sdk.cli import cli as wallet_cli


@dataclass(frozen=True)
class Town:
    """A folder with an authority whose service runs, a phone, a tablet and a counter."""

    folder: Path
    url: str

    def issuer(self, command: str, *arguments: object) -> str:
        return done(issuer_cli, command, self.folder / "authority", *arguments)

    def wallet(self, command: str, of: str, *arguments: object, code: int = 0) -> str:
        return done(wallet_cli, command, self.folder / of, *arguments, code=code)

    def verdict(self, of: str) -> tuple[int, list[str]]:
        """What the counter says of the licence that this wallet shows."""
        text = self.wallet("show", of, "driving-licence", "--purpose", "window", "--text").strip()
        counter = self.folder / "counter"
        # The service puts changes that come thick and fast together; nobody waits for that here.
        self.issuer("publish")
        done(terminal_cli, "sync", counter)
        ran = CliRunner().invoke(terminal_cli, ["appraise", str(counter), "--json", "--text", text])
        return ran.exit_code, [each["code"] for each in json.loads(ran.stdout)["codes"]]

    def scanned(self, *arguments: object) -> tuple[str, str]:
        """An offer as the phone's camera reads it from the office's screen, and the code that came another way."""
        picture = self.folder / "offer.png"
        said = json.loads(self.issuer("offer", *arguments, "--url", self.url, "--qr", picture, "--json"))
        (code,) = zxingcpp.read_barcodes(Image.open(picture), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
        return code.text, said["tx_code"]


def done(group: click.Group, *arguments: object, code: int = 0) -> str:
    ran = CliRunner().invoke(group, [str(each) for each in arguments])
    assert ran.exit_code == code, ran.output
    return ran.stdout if code == 0 else ran.stderr


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("offer")
    (folder / "subject.json").write_text(json.dumps(SUBJECT, ensure_ascii=False), encoding="utf-8")
    done(issuer_cli, "init", folder / "authority", "--region", "310000")
    published = folder / "authority" / "published"
    done(terminal_cli, "init", folder / "counter", "--trust", published, "--profile", "window")
    for each in ("phone", "tablet"):
        done(wallet_cli, "init", folder / each)
    with (
        issuer_wiring.open_issuer(folder / "authority", passphrase=None) as issuer,
        issuer_wiring.serving(issuer, port=0) as service,
    ):
        running = threading.Thread(target=service.run)
        running.start()
        try:
            yield Town(folder, service.url)
        finally:
            service.stop()
            running.join()


def test_from_offer_to_verdict_and_what_a_holder_does_later(town: Town) -> None:
    subject = town.folder / "subject.json"
    link, tx_code = town.scanned("--kind", "driving-licence", "--subject", subject)
    assert "OFFER_TX_CODE" in town.wallet("accept", "phone", link, code=1)
    wrong = f"{(int(tx_code) + 1) % 10**6:06}"
    assert "ISSUER_REFUSED: the issuer refuses: invalid_grant" in town.wallet(
        "accept", "phone", link, "--tx-code", wrong, code=1
    )
    licence = town.wallet("accept", "phone", link, "--tx-code", tx_code).strip()
    assert town.verdict("phone")[0] == 0
    (offer,) = json.loads(town.issuer("offers", "--json"))
    assert (offer["state"], offer["wallet_says"], offer["licence"]) == ("issued", "credential_accepted", licence)
    assert "invalid_grant" in town.wallet("accept", "tablet", link, "--tx-code", tx_code, code=1)

    # Asked on the first day, the same licence comes again.
    assert town.wallet("refresh", "phone") == f"{licence}  unchanged\n"

    # A second device, whose offer lies at an address; then the phone is lost, and the tablet says so.
    link, tx_code = town.scanned(licence, "--by-reference")
    assert urlsplit(link).query.startswith("credential_offer_uri=")
    assert town.wallet("accept", "tablet", link, "--tx-code", tx_code).strip() == licence
    rows = json.loads(town.wallet("devices", "tablet", licence, "--json"))
    (lost,) = [row["device"] for row in rows if not row["this"]]
    assert "1 status entries" in town.wallet("report-lost", "tablet", licence, "--device", lost[:16])
    assert town.verdict("phone")[1][0] == "E_DEVICE_LOST"
    assert town.verdict("tablet")[0] == 0
    assert "ISSUER_REFUSED: the issuer refuses: not_held" in town.wallet("refresh", "phone", code=1)
    told = json.loads(town.wallet("notices", "phone", "--json"))
    # Both may fall into one second.
    assert sorted(each.get("event") or each["status"] for each in told) == ["device_bound", "device_lost"]
    told = json.loads(town.wallet("notices", "tablet", "--json"))
    assert [(each.get("event"), each["status"]) for each in told] == [("device_lost", "")]


def test_a_licence_that_is_reviewed_first(town: Town) -> None:
    other = SUBJECT | {
        "citizen_id": "990101199001010019",
        "licence_no": "990101199001010019",
        "birth_date": "1990-01-01",
    }
    subject = town.folder / "other.json"
    subject.write_text(json.dumps(other, ensure_ascii=False), encoding="utf-8")
    done(wallet_cli, "init", town.folder / "second")
    link, tx_code = town.scanned("--kind", "driving-licence", "--subject", subject, "--review")
    assert town.wallet("accept", "second", link, "--tx-code", tx_code) == ""
    assert (town.folder / "second" / "waiting.json").stat().st_mode & 0o077 == 0
    assert town.wallet("resume", "second") == ""
    (waits,) = [each for each in json.loads(town.issuer("offers", "--json")) if each["needs_review"]]
    town.issuer("offer-decide", waits["id"], "approve")
    assert town.wallet("resume", "second").strip()
    assert "OFFER_NOTHING_WAITS" in town.wallet("resume", "second", code=1)
    assert town.verdict("second")[0] == 0
