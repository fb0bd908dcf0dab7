"""`wallet accept` and `wallet resume` where the network takes an answer away, or an issuer refuses for good."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.wallet.conftest import ManualClock
from tests.wallet.issued import Authority, holder_key
from tests.wallet.test_openid4vci import URL, PaperIssuer, link, packed
from wallet_sdk import Wallet, cli_issuers, cli_waiting
from wallet_sdk.cli import cli
from wallet_sdk.openid4vci import Waiting, errors


@pytest.fixture
def issuer(folder: Path, authority: Authority, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> PaperIssuer:
    wallet = Wallet.create(folder, clock=clock)
    issuer = PaperIssuer(packed(authority, holder_key(wallet.public_key())))
    monkeypatch.setattr(cli_issuers, "patient", lambda: issuer)
    monkeypatch.setattr(
        cli_issuers, "open_wallet", lambda folder, _: Wallet.open(folder, clock=clock, sleep=clock.sleep)
    )
    return issuer


def wallet(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def test_what_is_owed_is_kept_and_comes_with_resume(folder: Path, issuer: PaperIssuer) -> None:
    issuer.instead[f"{URL}/credential"] = errors.IssuerUnreachable("cut short")
    refused = wallet("accept", folder, link(), "--tx-code", "123456")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "OFFER_LICENCE_OWED" in refused.stderr
    assert "go on with `wallet resume`" in refused.stderr
    assert wallet("resume", folder).exit_code == 1
    del issuer.instead[f"{URL}/credential"]
    assert wallet("resume", folder).exit_code == 0
    assert "OFFER_NOTHING_WAITS" in wallet("resume", folder).stderr
    assert issuer.events() == ["credential_accepted"]


def test_one_that_is_refused_for_good_is_let_go_of_and_keeps_none_back(folder: Path, issuer: PaperIssuer) -> None:
    for number in range(2):
        cli_waiting.add(folder, Waiting(URL, "driving-licence", 5, f"t{number}", "token"))
    cli_waiting.add(folder, Waiting(URL, "driving-licence", 0, None, "token"))
    issuer.instead[f"{URL}/deferred_credential"] = (400, {"error": "invalid_transaction_id"})
    came = wallet("resume", folder)
    assert came.exit_code == 1
    assert "invalid_transaction_id" in came.stderr
    assert came.stdout.strip() == "31000026A7"
    assert "OFFER_NOTHING_WAITS" in wallet("resume", folder).stderr
