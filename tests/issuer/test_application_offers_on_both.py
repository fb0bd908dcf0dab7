"""An approved application that a phone fetches: the licence and the application's end are one. On both databases."""

import pytest
from flask.testing import FlaskClient

from issuer.application import Issuer
from issuer.applications.errors import ApplicationNotThere
from issuer.applications.reviewing import State
from issuer.errors import IssuanceInterrupted
from issuer.openid4vci.errors import OfferRefused
from protocol import licence_package
from tests.issuer.builders import AT, ID_CARD, holder_key
from tests.issuer.wallets import URL, Wallet, code_of, packages, signer


@pytest.fixture
def wallet(client: FlaskClient) -> Wallet:
    return Wallet(client, signer())


def approved(issuer: Issuer) -> str:
    its = issuer.applications.file("id-card", ID_CARD, portrait=None, by="3101", at=AT).id
    issuer.applications.take(its, by="3102", at=AT)
    issuer.applications.approve(its, by="3102", at=AT)
    return its


def scanned(issuer: Issuer, wallet: Wallet, its: str) -> None:
    made = issuer.application_offers.make(its, tx_code=False, issuer_url=URL, by="3103", at=AT)
    assert wallet.redeem(code_of(made)).status_code == 200


def test_what_a_phone_fetches_ends_the_application(issuer: Issuer, wallet: Wallet) -> None:
    its = approved(issuer)
    scanned(issuer, wallet, its)
    with pytest.raises(OfferRefused):
        issuer.application_offers.make(its, tx_code=False, issuer_url=URL, by="3103", at=AT)
    (package,) = packages(wallet.ask())
    held = issuer.applications.one(its)
    assert (held.state, held.licence_id) == (State.ISSUED, licence_package.decode(package).licence_id)
    assert held.subject == {}
    with pytest.raises(ApplicationNotThere):
        issuer.applications.issue(its, holder_key(2), by="3103", at=AT)
    with pytest.raises(ApplicationNotThere):
        issuer.application_offers.make(its, tx_code=False, issuer_url=URL, by="3103", at=AT)
    assert len(issuer.list()) == 1


@pytest.mark.parametrize("meanwhile", ["withdrawn", "reopened", "issued"])
def test_what_is_no_longer_approved_is_not_fetched(issuer: Issuer, wallet: Wallet, meanwhile: str) -> None:
    its = approved(issuer)
    scanned(issuer, wallet, its)
    if meanwhile == "withdrawn":
        issuer.applications.withdraw(its, why="申请人撤回", by="3101", at=AT)
    elif meanwhile == "reopened":
        issuer.applications.reopen(its, by="3102", at=AT)
    else:
        issuer.applications.issue(its, holder_key(2), by="3103", at=AT)
    before = len(issuer.list())
    denied = wallet.ask()
    assert (denied.status_code, denied.get_json()["error"]) == (400, "credential_request_denied")
    assert len(issuer.list()) == before
    (offer,) = issuer.wallet_issuing.offers.listed()
    assert offer.state == "refused"


def test_what_broke_off_while_it_was_signed_goes_on_with_the_same_licence(
    issuer: Issuer, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    its = approved(issuer)
    scanned(issuer, wallet, its)
    with monkeypatch.context() as patched:

        def broken(*_: object, **__: object) -> None:
            raise IssuanceInterrupted("the token went away")

        patched.setattr("issuer.issuance.sign", broken)
        assert wallet.ask().status_code == 503
    (package,) = packages(wallet.ask())
    (record,) = issuer.list()
    assert licence_package.decode(package).licence_id == record.id == issuer.applications.one(its).licence_id
