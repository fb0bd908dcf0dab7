"""The sandbox over a real service: a wallet gets through its misfortunes, each of which does what its name says."""

import base64
import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from issuer.openid4vci.errors import GrantRefused
from issuer.sandbox import people
from issuer.sandbox import wiring as sandbox_wiring
from issuer.sandbox.faults import USUAL, Fault, Misfortune
from issuer.sandbox.misbehaving import FAULT_HEADER, MARK_HEADER
from issuer.sandbox.sandbox import Offered, Sandbox, offer_as_json
from protocol import cbor
from protocol.unixtime import HOUR
from wallet_sdk import Wallet, openid4vci
from wallet_sdk.card_pack import Card
from wallet_sdk.openid4vci import Patient, Waiting
from wallet_sdk.openid4vci.errors import IssuerAnswerMalformed, IssuerRefused, IssuerUnreachable, LicenceOwed
from wallet_sdk.openid4vci.wiring import exchange

STORM = {fault: 0.06 for fault in Fault if fault not in (Fault.LOST_TOKEN, Fault.PORTAL)}


@dataclass
class Town:
    """A sandbox that is served, and how long its slow answers waited."""

    sandbox: Sandbox
    url: str
    waits: list[float] = field(default_factory=list)

    def begin(self, seed: int = 1, **rates: float) -> None:
        named = {Fault(name.replace("_", "-")): rate for name, rate in rates.items()}
        self.sandbox.begin_anew(Misfortune(named, seed))

    def asked(self, path: str, body: object = None, **headers: str) -> tuple[http.client.HTTPResponse, Any]:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        written = None if body is None else json.dumps(body)
        connection.request(
            "GET" if body is None else "POST", path, written, {"Content-Type": "application/json", **headers}
        )
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, json.loads(content) if answer.headers.get_content_type() == "application/json" else content

    def licences(self) -> list[dict[str, Any]]:
        return self.sandbox.licences(self.sandbox.now())


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    waits: list[float] = []
    with (
        sandbox_wiring.opened(None) as issuer,
        sandbox_wiring.serving(
            issuer, port=0, public_url=None, rates={}, seed=1, tell=lambda _: None, sleep=waits.append
        ) as running,
    ):
        thread = threading.Thread(target=running.service.run)
        thread.start()
        try:
            yield Town(running.sandbox, running.service.url, waits)
        finally:
            running.service.stop()
            thread.join()


@pytest.fixture
def wallet(tmp_path: Path) -> Wallet:
    return Wallet.create(tmp_path / "wallet")


def patient() -> Patient:
    return Patient(exchange, sleep=lambda _: None)


def accepted(town: Town, wallet: Wallet, offered: Offered) -> Card:
    """What an application does: it asks the holder again after a wrong code, and later about what has to wait."""
    offer = openid4vci.read_offer(offered.uri, patient())
    try:
        came = openid4vci.accept(wallet, offer, patient(), tx_code=offered.told)
    except IssuerRefused as refused:
        if (refused.detail, offered.fault) != (GrantRefused.code, Fault.WRONG_TX_CODE):
            raise
        right = town.sandbox.send_again(offered.id).told
        came = openid4vci.accept(wallet, offer, patient(), tx_code=right)
    if isinstance(came, Waiting):
        assert offered.fault is Fault.DEFERRED
        came = openid4vci.resume(wallet, came, patient())
    assert isinstance(came, Card)
    return came


@pytest.mark.parametrize(("rates", "seeds"), [(USUAL, range(100, 106)), (STORM, range(200, 209))])
def test_whatever_the_seed_each_offer_becomes_one_licence(
    town: Town, tmp_path: Path, rates: Mapping[Fault, float], seeds: range
) -> None:
    met: Counter[Fault | None] = Counter()
    for seed in seeds:
        town.sandbox.begin_anew(Misfortune(rates, seed))
        before = {each["id"] for each in town.licences()}
        offered = town.sandbox.offer("id-card", seed, by_reference=bool(seed % 2))
        card = accepted(town, Wallet.create(tmp_path / str(seed)), offered)
        assert {each["id"] for each in town.licences()} - before == {card.id}
        heard = [each for each in town.sandbox.log.heard() if each.fault is not None]
        met.update({each.fault for each in heard} | {offered.fault})
    assert len(met) > (len(STORM) / 2 if rates is STORM else 1), "the seeds meet what they are to meet"


def test_the_same_seed_brings_the_same_misfortunes(town: Town) -> None:
    def faults() -> list[Fault | None]:
        town.sandbox.begin_anew(Misfortune({Fault.BUSY: 0.3, Fault.SKEWED: 0.3}, 9))
        for _ in range(20):
            town.asked("/openid4vci/nonce", {})
        return [each.fault for each in town.sandbox.log.heard()[:20]]

    first = faults()
    assert first == faults()
    assert {Fault.BUSY, Fault.SKEWED, None} == set(first)


def test_busy_says_when_to_ask_again_and_nothing_was_done(town: Town, wallet: Wallet) -> None:
    offered = town.sandbox.offer("id-card", 1)
    town.begin(busy=1)
    answer, said = town.asked("/openid4vci/nonce", {})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert answer.headers[FAULT_HEADER] == "busy; request=1; seed=1"
    assert said["error"] == "temporarily_unavailable"
    offer = openid4vci.read_offer(offered.uri, exchange)
    with pytest.raises(IssuerRefused, match="temporarily_unavailable"):
        openid4vci.accept(wallet, offer, exchange, tx_code=offered.told)
    town.begin()
    assert accepted(town, wallet, offered)


def test_dropped_is_no_answer_and_nothing_was_done(town: Town, wallet: Wallet) -> None:
    offered = town.sandbox.offer("id-card", 2)
    town.begin(dropped=1)
    with pytest.raises(IssuerUnreachable):
        openid4vci.accept(wallet, openid4vci.read_offer(offered.uri, exchange), exchange, tx_code=offered.told)
    assert (town.sandbox.log.heard()[0].status, town.sandbox.log.heard()[0].fault) == (0, Fault.DROPPED)
    with pytest.raises(http.client.RemoteDisconnected):
        town.asked("/openid4vci/token", {})
    town.begin()
    assert accepted(town, wallet, offered)


def spoilt_once(town: Town, path: str, fault: Fault) -> Patient:
    """A patient network in which this befalls the first request to this path, and nothing else."""
    spoilt: list[str] = []

    def network(request: openid4vci.Request) -> openid4vci.Answer:
        is_first = request.url.endswith(path) and not spoilt
        if is_first:
            spoilt.append(request.url)
            town.begin(**{fault.value: 1})
        try:
            return exchange(request)
        finally:
            if is_first:
                town.begin()

    return Patient(network, sleep=lambda _: None)


@pytest.mark.parametrize("fault", [Fault.CUT_SHORT, Fault.LOST])
def test_what_was_done_is_not_done_twice(town: Town, wallet: Wallet, fault: Fault) -> None:
    """The answer with the licence does not arrive; the wallet asks again with a proof of its own."""
    town.begin()
    offered = town.sandbox.offer("id-card", 3 if fault is Fault.LOST else 4)
    before = len(town.licences())
    network = spoilt_once(town, "/openid4vci/credential", fault)
    card = openid4vci.accept(wallet, openid4vci.read_offer(offered.uri, network), network, tx_code=offered.told)
    assert isinstance(card, Card)
    assert len(town.licences()) == before + 1
    assert "invalid_nonce" in [each.error for each in town.sandbox.log.heard()]


def test_a_licence_whose_answer_was_lost_is_owed_and_resumed(town: Town, wallet: Wallet) -> None:
    """Without a patient network: the offer is used up, and what the error has opens the same licence."""
    town.begin()
    offered = town.sandbox.offer("id-card", 7)
    network = spoilt_once(town, "/openid4vci/credential", Fault.LOST).transport
    offer = openid4vci.read_offer(offered.uri, network)
    with pytest.raises(LicenceOwed) as owed:
        openid4vci.accept(wallet, offer, network, tx_code=offered.told)
    with pytest.raises(IssuerRefused, match="invalid_grant"):
        openid4vci.accept(wallet, offer, network, tx_code=offered.told)
    assert owed.value.waiting is not None
    assert openid4vci.resume(wallet, owed.value.waiting, network) == wallet.cards()[0]


def test_an_answer_that_is_cut_short_is_no_answer(town: Town) -> None:
    town.begin(cut_short=1)
    with pytest.raises(IssuerUnreachable, match="cut short"):
        exchange(openid4vci.Request(f"{town.url}/.well-known/openid-credential-issuer"))


def test_a_lost_token_costs_the_offer_and_only_if_it_is_asked_for(town: Town, wallet: Wallet) -> None:
    town.begin(lost=0.5, cut_short=0.5)
    town.asked("/openid4vci/token", {})
    assert town.sandbox.log.heard()[0].fault is None
    town.begin()
    offered = town.sandbox.offer("id-card", 5)
    network = spoilt_once(town, "/openid4vci/token", Fault.LOST_TOKEN)
    offer = openid4vci.read_offer(offered.uri, network)
    # The first answer is lost, and the patient network's second request finds the code used.
    with pytest.raises(IssuerRefused, match="invalid_grant") as refused:
        openid4vci.accept(wallet, offer, network, tx_code=offered.told)
    assert "by a request whose answer was lost: ask for a new one" in refused.value.hint
    (state,) = [each["state"] for each in town.sandbox.state()["offers"] if each["id"] == offered.id]
    assert state == "redeemed"


def test_slow_waits_and_skewed_has_another_clock(town: Town) -> None:
    town.begin(slow=1)
    town.waits.clear()
    town.asked("/openid4vci/nonce", {})
    assert town.waits == [3.0]
    town.begin(skewed=1)
    answer, said = town.asked("/openid4vci/nonce", {})
    ahead = parsedate_to_datetime(answer.headers["Date"]).timestamp() - town.sandbox.now()
    assert HOUR - 60 < ahead <= HOUR
    assert "c_nonce" in said


def test_a_sign_in_page_is_named_as_what_it_is(town: Town) -> None:
    town.begin(portal=1)
    offered = town.sandbox.offer("id-card", 6)
    with pytest.raises(IssuerAnswerMalformed):
        openid4vci.accept(
            Wallet.__new__(Wallet),  # Nothing of a wallet is asked before the issuer's documents are there.
            openid4vci.read_offer(offered.uri, exchange),
            exchange,
            tx_code=offered.told,
        )


def test_what_others_do_does_not_go_wrong(town: Town) -> None:
    """Every request of wallets fails; the page, the published files and the operator's interface do not."""
    town.begin(dropped=1)
    for path, status in (("/sandbox/", 200), ("/published/root.cbor", 200), ("/api/v1/licences", 401)):
        answer, _ = town.asked(path)
        assert (answer.status, FAULT_HEADER in answer.headers) == (status, False)
        assert "990000" in answer.headers[MARK_HEADER]


def test_every_kind_for_one_person_who_stays_the_same(town: Town, wallet: Wallet) -> None:
    town.begin()
    names = set()
    for kind in town.sandbox.issuer.kinds.values():
        town.sandbox.offer(kind.slug, 7)
        subject = people.subject(kind, 7, at=town.sandbox.now())
        assert subject["authority"].startswith(people.MARK)
        names.add(subject["name"])
    assert names == {people.person(7).name, people.company(7).name}
    for slug in ("marriage", "food-permit", "real-estate"):
        card = accepted(town, wallet, town.sandbox.offer(slug, 7))
        assert card.item("name").value in names
        assert str(card.item("authority").value).startswith(people.MARK)


def test_what_a_holder_hears_of_what_the_office_does(town: Town, wallet: Wallet) -> None:
    town.begin()
    card = accepted(town, wallet, town.sandbox.offer("driving-licence", 8))
    cursor = ""

    def news() -> list[str]:
        nonlocal cursor
        found = openid4vci.notices(wallet, town.sandbox.url, patient(), cursor=cursor)
        cursor = found.cursor
        return [each.status for each in found.notices]

    for act, body, heard in (
        ("change", {"licence": card.id, "change": "suspend"}, ["suspended"]),
        ("change", {"licence": card.id, "change": "reinstate"}, ["valid"]),
    ):
        answer, said = town.asked(f"/sandbox/api/{act}", body)
        assert answer.status == 200, said
        assert news() == heard
    answer, renewal = town.asked("/sandbox/api/renew", {"licence": card.id})
    assert answer.status == 200, renewal
    renewed = openid4vci.accept(
        wallet, openid4vci.read_offer(renewal["uri"], patient()), patient(), tx_code=renewal["tx_code"]
    )
    assert isinstance(renewed, Card)
    assert renewed.id != card.id
    assert str(renewed.item("authority").value).startswith("沙箱换发·")
    states = {each["id"]: each["state"] for each in town.licences()}
    assert (states[card.id], states[renewed.id]) == ("superseded", "valid")
    (device,) = {each["device"] for found in town.licences() if found["id"] == renewed.id for each in found["devices"]}
    assert town.asked("/sandbox/api/lose", {"licence": renewed.id, "device": device[:16]})[0].status == 200
    assert "device_lost" in news()
    answer, said = town.asked("/sandbox/api/change", {"licence": card.id, "change": "suspend"})
    assert (answer.status, said["error"]) == (409, "transition_refused")


def test_a_review_waits_for_somebody_and_may_say_no(town: Town, wallet: Wallet) -> None:
    town.begin()
    _, offered = town.asked("/sandbox/api/offer", {"kind": "id-card", "person": 9, "review": True, "tx_code": False})
    assert offered["tx_code"] is None
    waiting = openid4vci.accept(wallet, openid4vci.read_offer(offered["uri"], exchange), exchange)
    assert isinstance(waiting, Waiting)
    assert isinstance(openid4vci.resume(wallet, waiting, exchange), Waiting), "chance decides nothing here"
    assert town.asked("/sandbox/api/decide", {"offer": offered["id"], "decision": "refuse"})[0].status == 200
    with pytest.raises(IssuerRefused, match="credential_request_denied"):
        openid4vci.resume(wallet, waiting, exchange)


def test_a_package_without_an_offer(town: Town, wallet: Wallet) -> None:
    town.begin()
    key = wallet.public_key()
    body = {"kind": "driving-licence", "person": 10, "holder_key": base64.urlsafe_b64encode(key).decode().rstrip("=")}
    answer, package = town.asked("/sandbox/api/package", body)
    assert answer.status == 200
    assert wallet.receive(package).item("name").value == people.person(10).name
    assert cbor.decode(package)


@pytest.mark.parametrize(
    ("act", "body", "status", "error"),
    [
        ("offer", {"kind": "toll", "person": 0}, 422, "sandbox_request_refused"),
        ("offer", {"kind": "id-card", "person": -1}, 422, "sandbox_request_refused"),
        ("offer", {"kind": "id-card", "person": 10_000}, 422, "sandbox_request_refused"),
        ("offer", {"kind": "id-card", "person": "x"}, 422, "sandbox_request_refused"),
        ("offer", {"kind": "id-card", "person": 0, "tx_code": "no"}, 422, "sandbox_request_refused"),
        ("offer", {"kind": "id-card", "person": 0, "items": []}, 422, "sandbox_request_refused"),
        ("offer", {"kind": "id-card", "person": 0, "items": {"sex": 7}}, 422, "subject_refused"),
        ("offer-again", {"licence": "none"}, 404, "licence_unknown"),
        ("send-again", {"offer": "none"}, 422, "sandbox_request_refused"),
        ("decide", {"offer": "none", "decision": "approve"}, 404, "offer_unknown"),
        ("decide", {"offer": "none", "decision": "burn"}, 422, "sandbox_request_refused"),
        ("change", {"licence": "none", "change": "suspend"}, 404, "licence_unknown"),
        ("change", {"licence": "none", "change": "burn"}, 422, "sandbox_request_refused"),
        ("renew", {}, 422, "sandbox_request_refused"),
        ("lose", {"licence": "none"}, 404, "licence_unknown"),
        ("package", {"kind": "id-card", "person": 0, "holder_key": "AAAA"}, 422, "holder_key_refused"),
        ("faults", {"bad-luck": 0.5}, 422, "fault_unknown"),
        ("faults", {"busy": 2}, 422, "fault_unknown"),
        ("faults", {"busy": "often"}, 422, "fault_unknown"),
        ("faults", {"seed": -1}, 422, "sandbox_request_refused"),
        ("burn", {}, 404, "not_found"),
        ("offer", [], 400, "malformed"),
    ],
)
def test_what_is_asked_wrong_is_refused_by_name(town: Town, act: str, body: object, status: int, error: str) -> None:
    before = town.sandbox.misfortune
    answer, said = town.asked(f"/sandbox/api/{act}", body)
    assert (answer.status, said["error"]) == (status, error)
    assert said["hint"]
    assert town.sandbox.misfortune == before


def test_a_page_of_another_origin_can_do_nothing(town: Town) -> None:
    body = {"kind": "id-card", "person": 0}
    answer, said = town.asked("/sandbox/api/offer", body, Origin="http://evil.example")
    assert (answer.status, said["error"]) == (403, "foreign_origin")
    answer, _ = town.asked("/sandbox/", Host="evil.example")
    assert answer.status == 400


def test_rates_and_seed_are_told_over_the_network(town: Town) -> None:
    town.begin()
    assert town.asked("/sandbox/api/faults", {"busy": 1, "seed": 41})[0].status == 200
    answer, _ = town.asked("/openid4vci/nonce", {})
    assert answer.headers[FAULT_HEADER] == "busy; request=1; seed=41"
    assert town.asked("/sandbox/api/calm", {})[0].status == 200
    assert town.asked("/openid4vci/nonce", {})[0].status == 200
    assert town.asked("/sandbox/api/usual", {})[0].status == 200
    state = town.asked("/sandbox/api/state")[1]
    assert {name: rate for name, rate in state["faults"].items() if rate} == {str(k): v for k, v in USUAL.items()}
    assert state["seed"] == 41
    (newest, *_) = town.asked("/sandbox/api/requests")[1]
    assert (newest["path"], newest["status"], newest["fault"]) == ("/openid4vci/nonce", 200, None)


def test_an_offer_says_what_is_wrong_with_it(town: Town) -> None:
    town.begin(wrong_tx_code=1)
    offered = town.sandbox.offer("id-card", 11)
    assert offer_as_json(offered)["fault"] == "wrong-tx-code"
    assert offered.tx_code is not None
    assert offered.told is not None
    assert sum(a != b for a, b in zip(offered.tx_code, offered.told, strict=True)) == 1
    assert town.sandbox.send_again(offered.id).told == offered.tx_code
    assert town.sandbox.offer("id-card", 11, tx_code=False).fault is None
