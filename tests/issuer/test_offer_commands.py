"""The commands of offers as an operator types them, and the code as a phone's camera reads it."""

import json
import stat
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.openid4vci import identifier
from issuer.openid4vci.errors import OfferRefused
from issuer.openid4vci.offering import GRANT
from tests.issuer.builders import AT, ID_CARD, holder_key, written
from tests.issuer.wallets import read

SUBJECT = ID_CARD | {"valid_to": "2099-12-31"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})


def test_an_offer_is_a_code_that_a_camera_reads(issuer: Issuer, tmp_path: Path) -> None:
    folder, qr = issuer.places.folder, tmp_path / "offer.png"
    subject = written(tmp_path / "subject.json", SUBJECT)
    said = run("offer", folder, "--kind", "id-card", "--subject", subject, "--qr", qr, "--json")
    assert said.exit_code == 0, said.stderr
    offer = json.loads(said.stdout)
    assert stat.S_IMODE(qr.stat().st_mode) == 0o600
    (found,) = zxingcpp.read_barcodes(Image.open(qr), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    assert found.text == offer["uri"]
    document = read(offer["uri"])
    assert document["credential_issuer"] == "http://127.0.0.1:8310"
    assert document["grants"][GRANT]["tx_code"] == {"input_mode": "numeric", "length": 6}
    assert len(offer["tx_code"]) == 6
    (row,) = json.loads(run("offers", folder, "--json").stdout)
    assert (row["id"], row["state"], row["by"]) == (offer["id"], "open", "operator (command line)")
    refused = run("offer-decide", folder, offer["id"], "approve")
    assert refused.exit_code == 1
    assert run("offer-decide", folder, offer["id"], "withdraw").stdout == f"Offer {offer['id']}: withdraw.\n"
    assert "withdrawn" in run("offers", folder).stdout


def test_of_a_licence_that_stands_and_without_a_transaction_code(issuer: Issuer) -> None:
    licence_id = issuer.issue("id-card", SUBJECT, holder_key(1), at=AT).licence_id
    folder = issuer.places.folder
    plain = run("offer", folder, licence_id, "--no-tx-code", "--by-reference", "--url", "https://licences.example/31/")
    assert plain.exit_code == 0
    assert (
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Flicences.example%2F31%2Fopenid4vci"
        in plain.stdout
    )
    assert "Transaction code" not in plain.stdout
    assert "█" in plain.stdout
    assert run("offer", folder, licence_id, "--kind", "id-card").exit_code == 2
    assert run("offer", folder).exit_code == 1


@pytest.mark.parametrize(
    "url",
    [
        *("http://licences.example", "https://", "https://a b", "https://a/?x=1", "https://a/#x", "ftp://127.0.0.1"),
        *("https://user@a", "https://é.example", "https://a:99999", "https://" + "a" * 200, "licences.example"),
    ],
)
def test_an_address_that_no_wallet_goes_to_is_refused(url: str) -> None:
    with pytest.raises(OfferRefused):
        identifier.checked(url)


def test_an_address_loses_its_last_slash_alone() -> None:
    assert identifier.checked("https://licences.example/310000/") == "https://licences.example/310000"
    assert identifier.checked("http://127.0.0.1:8310") == "http://127.0.0.1:8310"
