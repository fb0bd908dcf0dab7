"""Offers and issuers that are wrong in one thing: each has its own error, and nothing is kept."""

import base64
import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import pytest

from protocol import key_proof, licence_package
from protocol.key_proof import TYP_PROOF, TYP_WALLET_REQUEST
from protocol.keys import P256Signer, VerificationKey
from tests.wallet.issued import AT, Authority, encoded, holder_key
from wallet_sdk import Wallet, openid4vci
from wallet_sdk.errors import ForeignDevice, PackageMalformed, WalletError
from wallet_sdk.openid4vci import Answer, Request, Waiting, errors
from wallet_sdk.openid4vci.offers import GRANT
from wallet_sdk.openid4vci.transport import MAX_ANSWER_BYTES

URL = "https://licences.example/310000"
HOST = "https://licences.example"
TX_CODE = {"input_mode": "numeric", "length": 6}
OFFER: dict[str, Any] = {
    "credential_issuer": URL,
    "credential_configuration_ids": ["driving-licence"],
    "grants": {GRANT: {"pre-authorized_code": "code", "tx_code": TX_CODE}},
}


def link(document: object = OFFER) -> str:
    return f"openid-credential-offer://?credential_offer={quote(json.dumps(document))}"


def issuer_document() -> dict[str, Any]:
    names = ("credential", "nonce", "deferred_credential", "notification")
    return {
        "credential_issuer": URL,
        **{f"{name}_endpoint": f"{URL}/{name}" for name in names},
        "credential_configurations_supported": {"driving-licence": {"format": "lz1-package"}},
        "liangzheng": {f"{act}_endpoint": f"{URL}/{act}" for act in ("refresh", "devices", "lost", "notices")},
    }


@dataclass
class PaperIssuer:
    """Answers by address; an answer that a test puts in instead is given as it is."""

    package: bytes
    instead: dict[str, Any] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        given = self.instead.get(request.url, self.good().get(request.url, (404, {"error": "not_found"})))
        if isinstance(given, WalletError):
            raise given
        status, content = given
        return Answer(status, content if isinstance(content, bytes) else json.dumps(content).encode())

    def good(self) -> dict[str, Any]:
        credential = base64.urlsafe_b64encode(self.package).rstrip(b"=").decode()
        return {
            f"{HOST}/.well-known/openid-credential-issuer/310000": (200, issuer_document()),
            f"{HOST}/.well-known/oauth-authorization-server/310000": (
                200,
                {"issuer": URL, "token_endpoint": f"{URL}/token"},
            ),
            f"{URL}/token": (200, {"access_token": "token", "token_type": "Bearer", "expires_in": 600}),
            f"{URL}/nonce": (200, {"c_nonce": "nonce"}),
            f"{URL}/credential": (200, {"credentials": [{"credential": credential}], "notification_id": "n"}),
            f"{URL}/deferred_credential": (200, {"credentials": [{"credential": credential}]}),
            f"{URL}/notification": (204, b""),
            f"{URL}/refresh": (200, self.package),
            f"{URL}/lost": (200, {"flipped": 1}),
            f"{URL}/notices": (200, {"notices": [], "cursor": "c", "more": False}),
            f"{URL}/devices": (200, [{"device": "00", "state": "lost", "since": "x"}]),
        }

    def sent(self, address: str) -> Request:
        return next(request for request in self.asked if request.url == address)

    def events(self) -> list[str]:
        return [json.loads(each.body or b"")["event"] for each in self.asked if each.url == f"{URL}/notification"]


@pytest.fixture
def issuer(wallet: Wallet, authority: Authority) -> PaperIssuer:
    return PaperIssuer(packed(authority, holder_key(wallet.public_key())))


def packed(authority: Authority, key: VerificationKey, refresh_url: str | None = URL) -> bytes:
    return encoded(replace(authority.package(key), refresh_url=refresh_url))


def accepted(wallet: Wallet, issuer: PaperIssuer, **more: Any) -> Any:
    return openid4vci.accept(wallet, openid4vci.read_offer(link(), issuer), issuer, tx_code="123456", **more)


def test_an_offer_becomes_a_card_and_the_issuer_hears_it(wallet: Wallet, issuer: PaperIssuer) -> None:
    card = accepted(wallet, issuer)
    assert [each.id for each in wallet.cards()] == [card.id]
    assert issuer.events() == ["credential_accepted"]
    assert issuer.sent(f"{URL}/token").body == (
        b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code&pre-authorized_code=code&tx_code=123456"
    )
    asked = issuer.sent(f"{URL}/credential")
    assert asked.headers["Authorization"] == "Bearer token"
    (proof,) = json.loads(asked.body or b"")["proofs"]["jwt"]
    proven = key_proof.verified(proof, typ=TYP_PROOF)
    assert proven.claims == {"aud": URL, "iat": AT, "nonce": "nonce"}
    assert proven.key.thumbprint == holder_key(wallet.public_key()).thumbprint


def test_an_offer_by_its_address(issuer: PaperIssuer) -> None:
    issuer.instead[f"{URL}/offers/x"] = (200, OFFER)
    text = f"openid-credential-offer://?credential_offer_uri={quote(URL + '/offers/x', safe='')}"
    assert openid4vci.read_offer(f" {text}\n", issuer) == openid4vci.read_offer(link(), issuer)
    assert "code" not in repr(openid4vci.read_offer(text, issuer)).replace("tx_code", "")


def changed(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in {**OFFER, **members}.items() if value is not None}


def granted(**members: Any) -> dict[str, Any]:
    return changed(grants={GRANT: {"pre-authorized_code": "code", **members}})


WRONG_LINKS: list[tuple[str, type[WalletError]]] = [
    ("", errors.OfferMalformed),
    ("https://licences.example/?credential_offer=x", errors.OfferMalformed),
    ("openid-credential-offer://", errors.OfferMalformed),
    ("openid-credential-offer://?credential_offer=%7B", errors.OfferMalformed),
    ("openid-credential-offer://?credential_offer=" + "%5B" * 1_000, errors.OfferMalformed),
    ("openid-credential-offer://?credential_offer=" + "x" * 5_000, errors.OfferMalformed),
    (link([OFFER]), errors.OfferMalformed),
    (link() + "&credential_offer_uri=x", errors.OfferMalformed),
    (link() + "&credential_offer=x", errors.OfferMalformed),
    (link(changed(credential_issuer=None)), errors.OfferMalformed),
    (link(changed(credential_configuration_ids=[])), errors.OfferMalformed),
    (link(changed(credential_configuration_ids=["a", "b"])), errors.OfferUnsupported),
    (link(changed(grants={"authorization_code": {}})), errors.OfferUnsupported),
    (link(changed(grants=None)), errors.OfferUnsupported),
    (link(changed(grants={GRANT: {}})), errors.OfferMalformed),
    (link(granted(tx_code=[])), errors.OfferMalformed),
    (link(granted(tx_code={"length": -1})), errors.OfferMalformed),
    (link(granted(tx_code={"input_mode": "voice"})), errors.OfferMalformed),
    (link(changed(credential_issuer="http://licences.example")), errors.AddressUnsafe),
    (link(changed(credential_issuer="https://user@licences.example")), errors.AddressUnsafe),
    (link(changed(credential_issuer="file:///etc/passwd")), errors.AddressUnsafe),
    (link(changed(credential_issuer="https://é.example")), errors.AddressUnsafe),
    ("openid-credential-offer://?credential_offer_uri=http%3A%2F%2Fevil.example", errors.AddressUnsafe),
    ("openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa.example", errors.IssuerRefused),
]
"""The TypeScript wallet names the same reason for each (tests/wallet_js/test_openid4vci.py)."""


@pytest.mark.parametrize(("text", "reason"), WRONG_LINKS)
def test_a_link_that_is_wrong_in_one_thing(text: str, reason: type[WalletError]) -> None:
    with pytest.raises(errors.OfferError) as refused:
        openid4vci.read_offer(text, PaperIssuer(b""))
    assert type(refused.value) is reason


@pytest.mark.parametrize("tx_code", [None, "", "12345", "1234567", "12345x"])
def test_without_its_transaction_code_nothing_is_asked(
    wallet: Wallet, issuer: PaperIssuer, tx_code: str | None
) -> None:
    with pytest.raises(errors.TxCodeNeeded):
        openid4vci.accept(wallet, openid4vci.read_offer(link(), issuer), issuer, tx_code=tx_code)
    assert issuer.asked == []


def document(**members: Any) -> tuple[int, dict[str, Any]]:
    return 200, issuer_document() | members


META, SERVER = (
    f"{HOST}/.well-known/openid-credential-issuer/310000",
    f"{HOST}/.well-known/oauth-authorization-server/310000",
)


WRONG_ISSUERS: list[tuple[str, Any, type[WalletError]]] = [
    (META, document(credential_issuer="https://evil.example"), errors.IssuerAnswerMalformed),
    (META, document(credential_endpoint="https://evil.example/credential"), errors.AddressUnsafe),
    (META, document(nonce_endpoint="http://licences.example/nonce"), errors.AddressUnsafe),
    (META, document(nonce_endpoint=None), errors.IssuerAnswerMalformed),
    (META, document(credential_configurations_supported={}), errors.OfferUnsupported),
    (
        META,
        document(credential_configurations_supported={"driving-licence": {"format": "dc+sd-jwt"}}),
        errors.OfferUnsupported,
    ),
    (META, (200, b"<html>"), errors.IssuerAnswerMalformed),
    (META, (200, b"[" * 100_000), errors.IssuerAnswerMalformed),
    (META, (200, b" " * (MAX_ANSWER_BYTES + 1)), errors.IssuerAnswerMalformed),
    (META, (302, b""), errors.IssuerAnswerMalformed),
    (META, errors.IssuerUnreachable("no route"), errors.IssuerUnreachable),
    (SERVER, errors.IssuerUnreachable("no route"), errors.IssuerUnreachable),
    # What was done there, nobody knows.
    (f"{URL}/token", errors.IssuerUnreachable("cut short"), errors.OfferPerhapsUsed),
    (f"{URL}/nonce", errors.IssuerUnreachable("cut short"), errors.LicenceOwed),
    (f"{URL}/credential", errors.IssuerUnreachable("cut short"), errors.LicenceOwed),
    (SERVER, (200, {"issuer": URL, "token_endpoint": "https://evil.example"}), errors.AddressUnsafe),
    (f"{URL}/token", (400, {"error": "invalid_grant"}), errors.IssuerRefused),
    (f"{URL}/token", (400, {"error": "a\nb"}), errors.IssuerAnswerMalformed),
    (f"{URL}/token", (200, {"access_token": "a\r\nX: y"}), errors.IssuerAnswerMalformed),
    (f"{URL}/token", (200, {}), errors.IssuerAnswerMalformed),
    (f"{URL}/nonce", (200, {"c_nonce": 7}), errors.IssuerAnswerMalformed),
    (f"{URL}/credential", (200, {"credentials": []}), errors.IssuerAnswerMalformed),
    (f"{URL}/credential", (200, {"credentials": [{"credential": "é"}]}), errors.IssuerAnswerMalformed),
    (f"{URL}/credential", (202, {"transaction_id": "t"}), errors.IssuerAnswerMalformed),
    (f"{URL}/credential", (202, {"transaction_id": "t", "interval": 0}), errors.IssuerAnswerMalformed),
    (f"{URL}/credential", (200, {"credentials": [{"credential": "AA"}]}), PackageMalformed),
]


@pytest.mark.parametrize(("address", "instead", "reason"), WRONG_ISSUERS)
def test_an_issuer_that_is_wrong_in_one_thing(
    wallet: Wallet, issuer: PaperIssuer, address: str, instead: Any, reason: type[WalletError]
) -> None:
    issuer.instead[address] = instead
    with pytest.raises(WalletError) as refused:
        accepted(wallet, issuer)
    assert type(refused.value) is reason
    assert wallet.cards() == ()
    assert not [each for each in issuer.asked if not each.url.startswith(HOST)]


def test_a_licence_of_another_device_is_not_kept_and_the_issuer_hears_it(
    wallet: Wallet, issuer: PaperIssuer, authority: Authority
) -> None:
    issuer.package = packed(authority, P256Signer(bytes([9] * 32)).public_key)
    with pytest.raises(ForeignDevice):
        accepted(wallet, issuer)
    assert wallet.cards() == ()
    assert issuer.events() == ["credential_failure"]


def test_what_waits_is_resumed(wallet: Wallet, issuer: PaperIssuer) -> None:
    issuer.instead[f"{URL}/credential"] = (202, {"transaction_id": "t", "interval": 300})
    waiting = accepted(wallet, issuer)
    assert isinstance(waiting, Waiting)
    assert "token" not in repr(waiting).replace("token=", "")
    issuer.instead[f"{URL}/deferred_credential"] = (202, {"transaction_id": "t", "interval": 300})
    assert openid4vci.resume(wallet, waiting, issuer) == waiting
    del issuer.instead[f"{URL}/deferred_credential"]
    assert openid4vci.resume(wallet, waiting, issuer) == wallet.cards()[0]
    assert json.loads(issuer.asked[-1].body or b"") == {"transaction_id": "t"}


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_token(wallet: Wallet, issuer: PaperIssuer) -> None:
    """The offer is used by then: only the token still opens it."""
    issuer.instead[f"{URL}/credential"] = errors.IssuerUnreachable("cut short")
    with pytest.raises(errors.LicenceOwed, match="cut short") as owed:
        accepted(wallet, issuer)
    waiting = owed.value.waiting
    assert waiting is not None
    assert waiting == Waiting(URL, "driving-licence", 0, None, "token")
    # Still lost: it is owed as before.
    with pytest.raises(errors.LicenceOwed) as again:
        openid4vci.resume(wallet, waiting, issuer)
    assert again.value.waiting == waiting
    del issuer.instead[f"{URL}/credential"]
    issuer.asked.clear()
    assert openid4vci.resume(wallet, waiting, issuer) == wallet.cards()[0]
    assert f"{URL}/token" not in [each.url for each in issuer.asked]
    assert issuer.events() == ["credential_accepted"]


def test_an_offer_whose_token_was_lost_is_not_said_to_be_whole(wallet: Wallet, issuer: PaperIssuer) -> None:
    issuer.instead[f"{URL}/token"] = errors.IssuerUnreachable("cut short")
    with pytest.raises(errors.OfferPerhapsUsed) as lost:
        accepted(wallet, issuer)
    assert lost.value.retryable
    assert "may be used up" in lost.value.message
    assert "ask the office for a new offer. No licence was lost" in lost.value.hint
    # The code went to the issuer once: this wallet does not use it up behind its holder's back.
    assert [each.url for each in issuer.asked].count(f"{URL}/token") == 1


def test_a_notification_that_fails_costs_nothing(wallet: Wallet, issuer: PaperIssuer) -> None:
    issuer.instead[f"{URL}/notification"] = (500, b"")
    assert accepted(wallet, issuer) == wallet.cards()[0]


def test_later_requests_are_proven_for_their_act(wallet: Wallet, issuer: PaperIssuer) -> None:
    card = accepted(wallet, issuer)
    assert openid4vci.refresh(wallet, card, issuer).id == card.id
    assert openid4vci.report_lost(wallet, card, "others", issuer) == 1
    assert openid4vci.notices(wallet, URL, issuer).cursor == "c"
    (device,) = openid4vci.devices(wallet, card, issuer)
    assert (device.id, device.is_this) == ("00", False)
    for act, claims in {
        "refresh": {"licence": card.id},
        "lost": {"licence": card.id, "device": "others"},
        "notices": {"cursor": ""},
        "devices": {"licence": card.id},
    }.items():
        body = issuer.sent(f"{URL}/{act}").body
        proof = key_proof.verified((body or b"").decode(), typ=TYP_WALLET_REQUEST)
        assert proof.claims == {"aud": URL, "iat": AT, "nonce": "nonce", "act": act, **claims}


def test_a_refresh_that_brings_something_else_changes_nothing(
    wallet: Wallet, issuer: PaperIssuer, authority: Authority
) -> None:
    card = accepted(wallet, issuer)
    before = wallet.cards()
    other = licence_package.decode(issuer.package)
    issuer.package = encoded(replace(other, licence_id="other"))
    with pytest.raises(errors.OtherLicence):
        openid4vci.refresh(wallet, card, issuer)
    for instead in ((200, b"\xff"), (403, {"error": "not_held"}), (200, b"")):
        issuer.instead[f"{URL}/refresh"] = instead
        with pytest.raises(errors.OfferError):
            openid4vci.refresh(wallet, card, issuer)
    assert wallet.cards() == before


def test_notices_come_page_by_page_and_end(wallet: Wallet, issuer: PaperIssuer) -> None:
    row = {"licence": "x", "status": "suspended", "at": "2026-11-22T00:00:00Z"}
    issuer.instead[f"{URL}/notices"] = (200, {"notices": [row], "cursor": "same", "more": True})
    # An issuer that says "more" for ever with one cursor is asked twice.
    assert len(openid4vci.notices(wallet, URL, issuer).notices) == 2
    for wrong in ({"cursor": "c"}, {"cursor": "c", "notices": [7]}, {"notices": []}, {"cursor": "c", "notices": [{}]}):
        issuer.instead[f"{URL}/notices"] = (200, wrong)
        with pytest.raises(errors.IssuerAnswerMalformed):
            openid4vci.notices(wallet, URL, issuer)


def test_a_licence_that_came_as_a_file_names_no_issuer(
    wallet: Wallet, issuer: PaperIssuer, authority: Authority
) -> None:
    card = wallet.receive(packed(authority, holder_key(wallet.public_key()), refresh_url=None))
    with pytest.raises(errors.NotRefreshable):
        openid4vci.refresh(wallet, card, issuer)
    assert issuer.asked == []
