"""What an attacker tries against issuing to wallets, one forged field at a time; each has its one answer."""

import base64
import json
from itertools import product
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from issuer import config
from issuer.application import Issuer
from issuer.openid4vci.addresses import GUESSES, MOST_ADDRESSES, REQUESTS, Bucket, Rate
from issuer.openid4vci.errors import TooManyRequests
from issuer.openid4vci.nonces import LIFE
from issuer.openid4vci.offering import GRANT
from protocol import key_proof, keys, licence_package
from protocol.key_proof import TYP_PROOF, TYP_WALLET_REQUEST
from protocol.labels import Alg
from protocol.unixtime import UnixTime
from tests.issuer.builders import AT, ID_CARD, OPERATOR
from tests.issuer.wallets import URL, Wallet, code_of, offered, packages, refused, signer

NEW: dict[str, Any] = {"kind": "id-card", "subject": ID_CARD}
INVALID_PROOF = (400, "invalid_proof")
INVALID_NONCE = (400, "invalid_nonce")
INVALID_GRANT = (400, "invalid_grant")


@pytest.fixture
def wallet(issuer: Issuer, client: FlaskClient) -> Wallet:
    """A wallet that has redeemed an offer, and nothing more."""
    made = offered(issuer, **NEW)
    wallet = Wallet(client, signer(1))
    assert wallet.redeem(code_of(made), made.tx_code).status_code == 200
    return wallet


def forged(wallet: Wallet, claims: dict[str, Any] | None = None, **header: Any) -> str:
    """A proof with other members in its header, signed by the wallet's key all the same."""
    members = {"typ": TYP_PROOF, "alg": "ES256", "jwk": key_proof.jwk_of(wallet.signer.public_key), **header}
    good = {"aud": URL, "iat": AT, "nonce": wallet.nonce(), **(claims or {})}

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    signing_input = f"{part(json.dumps(members).encode())}.{part(json.dumps(good).encode())}"
    return f"{signing_input}.{part(wallet.signer.sign(signing_input.encode()))}"


# Proofs.


def test_a_proof_is_good_once(wallet: Wallet) -> None:
    proof = wallet.proof()
    packages(wallet.ask(proof))
    assert refused(wallet.ask(proof)) == INVALID_NONCE


def test_a_proof_for_somebody_else_is_none_here(wallet: Wallet) -> None:
    for audience in ("https://other.example", URL + "/", "", None, [URL]):
        assert refused(wallet.ask(wallet.proof(aud=audience))) == INVALID_PROOF


HEADERS: tuple[dict[str, Any], ...] = (
    {"alg": "none"},
    {"alg": "HS256"},
    {"alg": "EdDSA"},
    {"typ": "JWT"},
    {"typ": TYP_WALLET_REQUEST},
    {"kid": "1"},
    {"crit": ["b64"]},
    {"jwk": key_proof.jwk_of(signer(2).public_key)},
    {"jwk": key_proof.jwk_of(keys.signer_for(Alg.ED25519, bytes(32)).public_key)},
    {"jwk": {"kty": "oct", "k": "c2VjcmV0"}},
)


def test_another_algorithm_type_or_key_is_none(wallet: Wallet) -> None:
    for header in HEADERS:
        assert (header, refused(wallet.ask(forged(wallet, **header)))) == (header, INVALID_PROOF)


def test_a_proof_of_another_time_or_without_a_nonce_is_none(wallet: Wallet) -> None:
    for iat in (AT - 601, AT + 601, str(AT), None, True):
        assert refused(wallet.ask(wallet.proof(iat=iat))) == INVALID_PROOF
    for nonce in (7, None, ""):
        good = {"aud": URL, "iat": AT} | ({} if nonce is None else {"nonce": nonce})
        text = key_proof.sign(good, typ=TYP_PROOF, signer=wallet.signer)
        assert refused(wallet.ask(text)) == (INVALID_NONCE if nonce == "" else INVALID_PROOF)


def test_a_nonce_that_was_not_given_here_or_is_over_is_none(issuer: Issuer, wallet: Wallet) -> None:
    nonces = issuer.wallet_issuing.nonces
    good = nonces.give(at=AT)
    forgeries = (good[:-2] + ("AA" if good[-2:] != "AA" else "BB"), "A" * len(good), "no base64 é", good + "AA")
    for nonce in (*forgeries, nonces.give(at=UnixTime(AT - LIFE)), nonces.give(at=UnixTime(AT + 1))):
        assert refused(wallet.ask(wallet.proof(nonce=nonce))) == INVALID_NONCE


def test_a_later_request_is_no_proof_and_a_proof_no_request(wallet: Wallet) -> None:
    licence_id = licence_package.decode(packages(wallet.ask())[0]).licence_id
    assert refused(wallet.later("refresh", licence=licence_id, path="devices")) == (400, "wallet_request_refused")
    assert refused(wallet.later("refresh", licence=licence_id, device="others")) == (400, "wallet_request_refused")
    assert refused(wallet.later("refresh", licence="\x00")) == (400, "wallet_request_refused")
    assert refused(wallet.later("refresh", licence=licence_id, aud="https://other.example")) == (
        400,
        "wallet_request_refused",
    )
    used = wallet.nonce()
    assert wallet.later("refresh", licence=licence_id, nonce=used).status_code == 200
    assert refused(wallet.later("refresh", licence=licence_id, nonce=used)) == INVALID_NONCE
    for body in (wallet.proof().encode(), b"", b"\xff", b"a.b.c"):
        answer = wallet.client.post("/api/v1/wallet/refresh", data=body, content_type="application/jwt")
        assert refused(answer) == (400, "wallet_request_refused")


# Batches.


def test_a_batch_has_each_key_once_and_no_more_than_three(wallet: Wallet) -> None:
    nonce = wallet.nonce()
    twice = [wallet.proof(nonce=nonce), wallet.proof(nonce=nonce, iat=AT + 1)]
    assert refused(wallet.ask(*twice)) == INVALID_PROOF
    four = [wallet.proof(by=signer(number), nonce=nonce) for number in range(1, 5)]
    assert refused(wallet.ask(*four)) == INVALID_PROOF
    one_is_bad = [wallet.proof(nonce=nonce), wallet.proof(by=signer(2), nonce=nonce, aud="https://other.example")]
    assert refused(wallet.ask(*one_is_bad)) == INVALID_PROOF
    # None of these used the nonce up.
    assert wallet.ask(wallet.proof(nonce=nonce)).status_code == 200


REQUESTS_OF_OTHER_FORMS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"proofs": None}, "invalid_proof"),
    ({"proofs": {}}, "invalid_proof"),
    ({"proofs": {"jwt": []}}, "invalid_proof"),
    ({"proofs": {"jwt": "x"}}, "invalid_proof"),
    ({"proofs": {"jwt": [7]}}, "invalid_proof"),
    ({"proofs": {"jwt": ["a.b.c"], "di_vp": []}}, "invalid_proof"),
    ({"proofs": {"cwt": ["x"]}}, "invalid_proof"),
    ({"credential_configuration_id": "driving-licence"}, "credential_request_denied"),
    ({"credential_configuration_id": "nothing"}, "unknown_credential_configuration"),
    ({"credential_configuration_id": None}, "invalid_credential_request"),
    ({"credential_identifier": "x"}, "unknown_credential_identifier"),
    ({"credential_response_encryption": {}}, "invalid_encryption_parameters"),
)


def test_a_request_in_another_form_has_its_own_reason(wallet: Wallet) -> None:
    for changes, reason in REQUESTS_OF_OTHER_FORMS:
        body = {"credential_configuration_id": "id-card", "proofs": {"jwt": [wallet.proof()]}, **changes}
        answer = wallet.client.post("/openid4vci/credential", json=body, headers=wallet.authorization)
        assert (changes, *refused(answer)) == (changes, 400, reason)


# Codes and tokens.


def test_after_five_wrong_transaction_codes_the_offer_is_dead(issuer: Issuer, client: FlaskClient) -> None:
    made = offered(issuer, **NEW)
    assert made.tx_code is not None
    wallet, wrong = Wallet(client, signer(1)), f"{(int(made.tx_code) + 1) % 10**6:06}"
    for _ in range(5):
        assert refused(wallet.redeem(code_of(made), wrong)) == INVALID_GRANT
    assert refused(wallet.redeem(code_of(made), made.tx_code)) == INVALID_GRANT
    (record,) = issuer.wallet_issuing.offers.listed()
    assert record.state == "dead"


def test_a_code_is_good_once(issuer: Issuer, client: FlaskClient) -> None:
    made = offered(issuer, **NEW)
    holder, thief = Wallet(client, signer(1)), Wallet(client, signer(2))
    holder.redeem(code_of(made), made.tx_code)
    assert refused(thief.redeem(code_of(made), made.tx_code)) == INVALID_GRANT
    assert packages(holder.ask())


def test_a_transaction_code_comes_exactly_where_it_was_asked_for(issuer: Issuer, client: FlaskClient) -> None:
    wallet, asked, unasked = Wallet(client, signer(1)), offered(issuer, **NEW), offered(issuer, **NEW, tx_code=False)
    assert refused(wallet.redeem(code_of(asked))) == (400, "invalid_request")
    assert refused(wallet.redeem(code_of(unasked), "123456")) == (400, "invalid_request")
    assert wallet.redeem(code_of(unasked)).status_code == 200


FORMS: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "invalid_request"),
    ({"grant_type": GRANT}, "invalid_request"),
    ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
    ({"grant_type": GRANT, "pre-authorized_code": ["a", "b"]}, "invalid_request"),
    ({"grant_type": GRANT, "pre-authorized_code": ""}, "invalid_grant"),
    ({"grant_type": GRANT, "pre-authorized_code": "x" * 129}, "invalid_grant"),
    ({"grant_type": GRANT, "pre-authorized_code": "é\x00"}, "invalid_grant"),
)


def test_a_token_request_in_another_form(client: FlaskClient) -> None:
    for form, reason in FORMS:
        assert (form, *refused(client.post("/openid4vci/token", data=form))) == (form, 400, reason)


def test_without_its_token_nothing_is_answered(client: FlaskClient) -> None:
    bodies = {
        "credential": {"credential_configuration_id": "id-card", "proofs": {"jwt": ["x"]}},
        "deferred": {"transaction_id": "x"},
        "notification": {"notification_id": "x", "event": "credential_accepted"},
    }
    written = ("", "Bearer", "Bearer ", "Basic x", "Bearer wrong", "Bearer " + "x" * 200)
    for headers, (path, body) in product(({}, *({"Authorization": each} for each in written)), bodies.items()):
        answer = client.post(f"/openid4vci/{path}", json=body, headers=headers)
        assert refused(answer) == (401, "invalid_token")
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_token_ends_after_ten_minutes_and_the_operators_is_none(issuer: Issuer, wallet: Wallet) -> None:
    from issuer.openid4vci.errors import AccessTokenRefused

    with pytest.raises(AccessTokenRefused):
        issuer.wallet_issuing.credentials.request(wallet.token, "id-card", [], issuer_url=URL, at=UnixTime(AT + 600))
    wallet.token = OPERATOR["Authorization"].partition(" ")[2]
    assert refused(wallet.ask()) == (401, "invalid_token")


# Other people's ids.


def test_ids_of_others_open_nothing(issuer: Issuer, client: FlaskClient) -> None:
    def waiting(number: int) -> tuple[Wallet, str, str]:
        made = offered(issuer, **NEW, review=True)
        wallet = Wallet(client, signer(number))
        wallet.redeem(code_of(made), made.tx_code)
        return wallet, wallet.ask().get_json()["transaction_id"], made.offer_id

    (first, its, offer_id), (second, other, _) = waiting(1), waiting(2)
    assert its != other
    for given in (its, "x", "", "é\ud800"):
        assert refused(second.deferred(given)) == (400, "invalid_transaction_id")
    assert refused(second.deferred(7)) == (400, "invalid_transaction_id")
    issuer.wallet_issuing.offers.approve(offer_id, actor="test", at=AT)
    notification_id = first.deferred(its).get_json()["notification_id"]
    for given in (notification_id, "x", ""):
        assert refused(second.notify(given)) == (400, "invalid_notification_id")
    for event_name in ("credential_stolen", None, 7, ["credential_accepted"]):
        assert refused(first.notify(notification_id, event_name)) == (400, "invalid_notification_request")
    assert first.notify(notification_id, "credential_failure").status_code == 204


# Enumeration.


def test_every_code_that_opens_nothing_is_answered_alike_after_the_same_work(
    issuer: Issuer, client: FlaskClient
) -> None:
    used, over, withdrawn, dead = (offered(issuer, **NEW, at=at) for at in (AT, UnixTime(AT - 600), AT, AT))
    Wallet(client, signer(1)).redeem(code_of(used), used.tx_code)
    issuer.wallet_issuing.offers.withdraw(withdrawn.offer_id, actor="test", at=AT)
    assert dead.tx_code is not None
    for _ in range(5):
        Wallet(client, signer(1)).redeem(code_of(dead), f"{(int(dead.tx_code) + 1) % 10**6:06}")
    work: list[str] = []
    event.listen(
        issuer._register._engine, "before_cursor_execute", lambda _1, _2, statement, *_: work.append(str(statement))
    )
    found = []
    for code in ("A" * 43, *(code_of(each) for each in (used, over, withdrawn, dead))):
        work.clear()
        answer = Wallet(client, signer(2)).redeem(code, "123456")
        found.append((answer.status_code, answer.get_data(), tuple(work)))
    assert len(set(found)) == 1
    assert len(found[0][2]) >= 3


def test_an_address_of_an_offer_tells_nothing_once_it_is_over(issuer: Issuer, client: FlaskClient) -> None:
    made = offered(issuer, **NEW, by_reference=True)
    from urllib.parse import parse_qs, urlsplit

    (address,) = parse_qs(urlsplit(made.uri).query)["credential_offer_uri"]
    assert address.startswith(f"{URL}/openid4vci/offers/")
    path = urlsplit(address).path
    document = client.get(path).get_json()
    code = document["grants"][GRANT]["pre-authorized_code"]
    # Neither the address nor anything in it is the code itself.
    assert code not in made.uri
    assert Wallet(client, signer(1)).redeem(code, made.tx_code).status_code == 200
    gone, never = client.get(path), client.get("/openid4vci/offers/" + "A" * 43)
    assert (gone.status_code, gone.get_data()) == (never.status_code, never.get_data())
    assert gone.status_code == 404


# Floods.


def test_guesses_of_one_address_are_few_and_requests_bounded(client: FlaskClient) -> None:
    wallet = Wallet(client, signer(1))
    for _ in range(GUESSES.at_once):
        assert refused(wallet.redeem("A" * 43)) == INVALID_GRANT
    answer = wallet.redeem("A" * 43)
    assert refused(answer) == (429, "too_many_requests")
    assert answer.headers["Retry-After"] == "60"
    assert client.get("/openid4vci/offers/" + "A" * 43).status_code == 429
    # The proxy in front names somebody else; what a caller wrote before it counts for nothing.
    for forwarded in ("198.51.100.7", "127.0.0.1, 198.51.100.8"):
        other = wallet.redeem("A" * 43, headers={"X-Forwarded-For": forwarded})
        assert refused(other) == INVALID_GRANT
    for _ in range(REQUESTS.at_once):
        client.post("/openid4vci/nonce")
    assert refused(client.post("/openid4vci/nonce")) == (429, "too_many_requests")


def test_a_bucket_fills_again_and_forgets_the_oldest() -> None:
    bucket = Bucket(Rate(2, 10))
    for _ in range(2):
        bucket.take("a", at=AT)
    with pytest.raises(TooManyRequests):
        bucket.demand("a", at=UnixTime(AT + 9))
    bucket.take("a", at=UnixTime(AT + 10))
    with pytest.raises(TooManyRequests):
        bucket.take("a", at=UnixTime(AT + 9))
    for number in range(MOST_ADDRESSES):
        bucket.take(str(number), at=AT)
    bucket.take("a", at=AT)


def test_bodies_that_are_none(wallet: Wallet) -> None:
    reasons = dict.fromkeys(("credential", "deferred"), "invalid_credential_request")
    reasons["notification"] = "invalid_notification_request"
    bodies = (b"", b"[]", b"null", b"[" * 9_000, b"\xff", b'{"a":' * 5_000)
    for (path, reason), body in product(reasons.items(), bodies):
        answer = wallet.client.post(
            f"/openid4vci/{path}", data=body, content_type="application/json", headers=wallet.authorization
        )
        assert (path, body[:4], *refused(answer)) == (path, body[:4], 400, reason)


def test_oversize_is_refused_before_it_is_read(wallet: Wallet) -> None:
    large = {"credential_configuration_id": "id-card", "proofs": {"jwt": ["x" * config.MAX_BODY_BYTES]}}
    answer = wallet.client.post("/openid4vci/credential", json=large, headers=wallet.authorization)
    assert (answer.status_code, answer.get_json()["error"]) == (413, "request_entity_too_large")
    assert refused(wallet.ask("x" * 5_000)) == INVALID_PROOF


def test_no_cookie_opens_or_is_set(issuer: Issuer, wallet: Wallet) -> None:
    wallet.client.set_cookie("session", wallet.token)
    body = {"credential_configuration_id": "id-card", "proofs": {"jwt": [wallet.proof()]}}
    assert refused(wallet.client.post("/openid4vci/credential", json=body)) == (401, "invalid_token")
    assert "Set-Cookie" not in wallet.ask().headers


# Documents.


def test_metadata_name_every_kind_in_three_languages(issuer: Issuer, client: FlaskClient) -> None:
    document = client.get("/.well-known/openid-credential-issuer").get_json()
    assert document["credential_issuer"] == URL
    assert document["batch_credential_issuance"] == {"batch_size": 3}
    found = document["credential_configurations_supported"]
    assert found.keys() == {kind.slug for kind in issuer.kinds.values()}
    for each in found.values():
        assert each["format"] == "lz1-package"
        assert each["proof_types_supported"] == {"jwt": {"proof_signing_alg_values_supported": ["ES256", "EdDSA"]}}
        assert [name["locale"] for name in each["credential_metadata"]["display"]] == ["zh-Hans", "zh-Hant", "en"]
    server = client.get("/.well-known/oauth-authorization-server").get_json()
    assert (server["issuer"], server["grant_types_supported"]) == (URL, [GRANT])
    assert server["pre-authorized_grant_anonymous_access_supported"] is True
    for name in ("credential", "nonce", "deferred_credential", "notification"):
        assert client.options(document[f"{name}_endpoint"].removeprefix(URL)).headers["Allow"]


def test_offices_are_listed_for_everybody(issuer: Issuer, client: FlaskClient) -> None:
    issuer.offices.add(
        name="一楼大厅", address="样例路1号", phone="000", kinds=frozenset({"id-card"}), actor="test", at=AT
    )
    assert client.get("/api/v1/wallet/offices").get_json() == [
        {"name": "一楼大厅", "address": "样例路1号", "phone": "000", "kinds": ["id-card"], "place": ""}
    ]
