"""Receiving by offers in TypeScript, where there is nothing but the language: the same reasons as in Python."""

import json
import subprocess
from collections.abc import Callable
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, Response, jsonify, redirect
from werkzeug.serving import make_server

from protocol import cbor, key_proof
from protocol.key_proof import TYP_PROOF, TYP_WALLET_REQUEST
from protocol.keys import Ed25519Signer, P256Signer, Signer
from tests.wallet.issued import AT, Authority
from tests.wallet.test_openid4vci import (
    OFFER,
    URL,
    WRONG_ISSUERS,
    WRONG_LINKS,
    PaperIssuer,
    issuer_document,
    link,
    packed,
)
from tests.wallet_js.conftest import JS
from wallet_sdk.errors import WalletError

SECRET = bytes([7] * 32)
SIGNERS: dict[str, Signer] = {"p256": P256Signer(SECRET), "ed25519": Ed25519Signer(SECRET)}
ALGS = {"p256": -9, "ed25519": -19}
ACCEPT = {"act": "accept", "link": link(), "txCode": "123456"}
METADATA = "https://licences.example/.well-known/openid-credential-issuer/310000"
Receive = Callable[..., list[Any]]


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def package(authority: Authority) -> bytes:
    return packed(authority, SIGNERS["p256"].public_key)


@pytest.fixture
def receive(built: Path) -> Receive:
    """What wallets in bare contexts make of these runs."""

    def receive(*runs: dict[str, Any], alg: str = "p256") -> list[Any]:
        good = {"alg": ALGS[alg], "secret": SECRET.hex(), "now": AT}
        command = ["node", str(JS / "tools" / "offersInBareContext.mjs"), str(built / "miniprogram.js")]
        asked = json.dumps({"runs": [good | run for run in runs]})
        done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3_000:]
        found: list[Any] = json.loads(done.stdout)
        return found

    return receive


def answer(given: Any) -> dict[str, Any] | None:
    """An answer of the paper issuer as the driver takes it; None where nobody answers."""
    if isinstance(given, WalletError):
        return None
    status, content = given
    return {"status": status, "hex": (content if isinstance(content, bytes) else json.dumps(content).encode()).hex()}


def answers(package: bytes, **instead: Any) -> dict[str, Any]:
    return {url: answer(given) for url, given in (PaperIssuer(package).good() | instead).items()}


def proofs(asked: list[dict[str, Any]], address: str, typ: str) -> key_proof.KeyProof:
    body = bytes.fromhex(next(each["body"] for each in asked if each["url"] == address)).decode()
    return key_proof.verified(json.loads(body)["proofs"]["jwt"][0] if typ == TYP_PROOF else body, typ=typ)


@pytest.mark.parametrize("alg", ALGS)
def test_an_offer_becomes_a_card_and_the_issuer_hears_it(receive: Receive, authority: Authority, alg: str) -> None:
    package = packed(authority, SIGNERS[alg].public_key)
    states = {"act": "states"}
    (run,) = receive({"answers": answers(package), "steps": [ACCEPT, {"act": "restart"}, states]}, alg=alg)
    accepted, _, held = (each["gave"] for each in run["results"])
    assert held == [[accepted, "valid"]]
    proven = proofs(run["asked"], f"{URL}/credential", TYP_PROOF)
    assert proven.claims == {"aud": URL, "iat": AT, "nonce": "nonce"}
    assert proven.key.thumbprint == SIGNERS[alg].public_key.thumbprint
    *_, token, _, credential, notification = run["asked"]
    assert bytes.fromhex(token["body"]) == (
        b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code&pre-authorized_code=code&tx_code=123456"
    )
    assert credential["headers"]["Authorization"] == "Bearer token"
    assert json.loads(bytes.fromhex(notification["body"])) == {"notification_id": "n", "event": "credential_accepted"}


def test_links_are_refused_for_the_reasons_that_python_names(receive: Receive) -> None:
    (run,) = receive({"answers": {}, "steps": [{"act": "read", "link": text} for text, _ in WRONG_LINKS]})
    assert [each.get("code") for each in run["results"]] == [reason.code for _, reason in WRONG_LINKS]


MORE_ADDRESSES = (
    "https://licences.example\\@evil.example/",
    "https://licences.example:0/",
    "https://licences.example:65536/",
    "https://evil.example#licences.example",
    "https://",
    "https:licences.example",
    "http://127.0.0.1.evil.example/",
    "http://localhost@evil.example/",
    "https://licences.example/ x",
    "https://licences.example/\n",
    "javascript:alert(1)",
    "https://licences.example/" + "x" * 500,
)


def test_an_address_that_can_be_read_in_two_ways_is_not_asked(receive: Receive) -> None:
    offers = [{**OFFER, "credential_issuer": address} for address in MORE_ADDRESSES]
    (run,) = receive({"answers": {}, "steps": [{"act": "read", "link": link(offer)} for offer in offers]})
    assert [each["code"] for each in run["results"]] == ["OFFER_ADDRESS"] * len(offers)
    assert run["asked"] == []


def test_members_that_every_object_has_are_none_of_an_offer(receive: Receive, package: bytes) -> None:
    offers = [{**OFFER, "credential_configuration_ids": [name]} for name in ("constructor", "__proto__", "toString")]
    steps = [{**ACCEPT, "link": link(offer)} for offer in offers]
    (run,) = receive({"answers": answers(package), "steps": steps})
    assert [each["code"] for each in run["results"]] == ["OFFER_UNSUPPORTED"] * 3


def test_an_offer_by_its_address_is_the_same_offer(receive: Receive, package: bytes) -> None:
    by_address = f"openid-credential-offer://?credential_offer_uri={quote(URL + '/offers/x', safe='')}"
    steps = [{"act": "read", "link": f" {by_address}\n"}, {"act": "read", "link": link()}]
    (run,) = receive({"answers": answers(package, **{f"{URL}/offers/x": (200, OFFER)}), "steps": steps})
    assert run["results"][0] == run["results"][1]
    assert run["results"][0]["gave"]["txCode"] == {"length": 6, "isNumeric": True}


def test_without_its_transaction_code_nothing_is_asked(receive: Receive, package: bytes) -> None:
    wrong = (
        {},
        {"txCode": ""},
        {"txCode": "12345"},
        {"txCode": "1234567"},
        {"txCode": "12345x"},
        {"txCode": "12345６"},
    )
    steps = [{"act": "accept", "link": link()} | each for each in wrong]
    (run,) = receive({"answers": answers(package), "steps": steps})
    assert [each["code"] for each in run["results"]] == ["OFFER_TX_CODE"] * len(wrong)
    assert (run["asked"], run["content"]) == ([], None)


def test_issuers_that_are_wrong_in_one_thing_are_named_as_in_python(receive: Receive, package: bytes) -> None:
    runs = [
        {"answers": answers(package, **{address: instead}), "steps": [ACCEPT, {"act": "states"}]}
        for address, instead, _ in WRONG_ISSUERS
    ]
    for run, (address, _, reason) in zip(receive(*runs), WRONG_ISSUERS, strict=True):
        refused, states = run["results"]
        assert (address, refused.get("code"), refused.get("text")) == (address, reason.code, reason.texts.en)
        assert states["gave"] == []
        assert not [each for each in run["asked"] if not each["url"].startswith("https://licences.example/")]


def test_a_licence_of_another_device_is_not_kept_and_the_issuer_hears_it(
    receive: Receive, authority: Authority
) -> None:
    foreign = packed(authority, P256Signer(bytes([9] * 32)).public_key)
    (run,) = receive({"answers": answers(foreign), "steps": [ACCEPT, {"act": "states"}, {"act": "waiting"}]})
    assert run["results"][0]["code"] == "PACKAGE_FOREIGN_DEVICE"
    assert [each["gave"] for each in run["results"][1:]] == [[], []]
    assert json.loads(bytes.fromhex(run["asked"][-1]["body"]))["event"] == "credential_failure"


def test_what_waits_survives_a_restart_and_is_resumed(receive: Receive, package: bytes) -> None:
    later = (202, {"transaction_id": "t", "interval": 300})
    waits = answers(package, **{f"{URL}/credential": later, f"{URL}/deferred_credential": later})
    (first,) = receive({"answers": waits, "steps": [ACCEPT, {"act": "resume"}, {"act": "waiting"}]})
    assert [each["gave"] for each in first["results"][:2]] == ["waiting", "waiting"]
    (waiting,) = first["results"][2]["gave"]
    assert waiting == {
        "issuer": URL,
        "kind": "driving-licence",
        "token": "token",
        "transactionId": "t",
        "interval": 300,
    }
    steps = [{"act": "resume"}, {"act": "waiting"}, {"act": "states"}]
    (second,) = receive({"answers": answers(package), "content": first["content"], "steps": steps})
    card, nothing, states = (each["gave"] for each in second["results"])
    assert (nothing, states) == ([], [[card, "valid"]])
    assert json.loads(bytes.fromhex(second["asked"][1]["body"])) == {"transaction_id": "t"}


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_token(receive: Receive, package: bytes) -> None:
    """The offer is used by then: only the token still opens it."""
    lost = answers(package) | {f"{URL}/credential": None}
    (first,) = receive({"answers": lost, "steps": [ACCEPT]})
    assert first["results"][0]["code"] == "OFFER_LICENCE_OWED"
    (second,) = receive({"answers": answers(package), "content": first["content"], "steps": [{"act": "resume"}]})
    assert "gave" in second["results"][0]
    assert f"{URL}/token" not in [each["url"] for each in second["asked"]]


def test_what_is_refused_for_good_waits_no_longer(receive: Receive, package: bytes) -> None:
    kept = {"temporarily_unavailable": 1, "too_many_requests": 1, "invalid_nonce": 1}
    ended = {"credential_request_denied": 0, "invalid_token": 0, "invalid_transaction_id": 0}
    cases = kept | ended
    runs = [
        {
            "answers": answers(package, **{f"{URL}/credential": (400, {"error": code})}),
            "steps": [ACCEPT, {"act": "waiting"}],
        }
        for code in cases
    ]
    for run, (code, waits) in zip(receive(*runs), cases.items(), strict=True):
        refused, waiting = run["results"]
        assert (refused["code"], refused["detail"], len(waiting["gave"])) == ("ISSUER_REFUSED", code, waits)


def test_what_the_holder_declines_is_said_and_gone(receive: Receive, package: bytes) -> None:
    steps = [{"act": "decline", "link": link(), "txCode": "123456"}, {"act": "waiting"}]
    (run,) = receive({"answers": answers(package), "steps": steps})
    assert run["results"][-1] == {"gave": []}
    assert json.loads(bytes.fromhex(run["asked"][-1]["body"]))["event"] == "credential_deleted"


def test_a_notification_that_fails_costs_nothing(receive: Receive, package: bytes) -> None:
    runs = [
        {"answers": answers(package) | {f"{URL}/notification": it}, "steps": [ACCEPT]}
        for it in (None, answer((500, b"")))
    ]
    assert ["gave" in run["results"][0] for run in receive(*runs)] == [True, True]


def test_later_requests_are_proven_for_their_act(receive: Receive, package: bytes) -> None:
    (first,) = receive({"answers": answers(package), "steps": [ACCEPT]})
    card = first["results"][0]["gave"]
    steps = [
        {"act": "refresh", "card": card},
        {"act": "lost", "card": card, "device": "others"},
        {"act": "notices", "issuer": URL},
        {"act": "devices", "card": card},
    ]
    (run,) = receive({"answers": answers(package), "content": first["content"], "steps": steps})
    device = {"id": "00", "state": "lost", "since": "x", "isThis": False}
    assert [each["gave"] for each in run["results"]] == [card, 1, [], [device]]
    for act, claims in {
        "refresh": {"licence": card},
        "lost": {"licence": card, "device": "others"},
        "notices": {"cursor": ""},
        "devices": {"licence": card},
    }.items():
        proven = proofs(run["asked"], f"{URL}/{act}", TYP_WALLET_REQUEST)
        assert proven.claims == {"aud": URL, "iat": AT, "nonce": "nonce", "act": act, **claims}


def test_a_refresh_that_brings_something_else_changes_nothing(receive: Receive, package: bytes) -> None:
    (first,) = receive({"answers": answers(package), "steps": [ACCEPT]})
    card, content = first["results"][0]["gave"], first["content"]
    decoded: Any = cbor.decode(package)
    cases = {
        "LICENCE_NOT_THE_SAME": (200, cbor.encode({**decoded, 2: "other"})),
        "ISSUER_ANSWER_MALFORMED": (200, b"\xff"),
        "ISSUER_REFUSED": (403, {"error": "not_held"}),
    }
    runs = [
        {
            "answers": answers(package, **{f"{URL}/refresh": instead}),
            "content": content,
            "steps": [{"act": "refresh", "card": card}],
        }
        for instead in cases.values()
    ]
    for run, code in zip(receive(*runs), cases, strict=True):
        assert (run["results"][0]["code"], run["content"]) == (code, content)
    file = packed(Authority(), SIGNERS["p256"].public_key, refresh_url=None)
    steps = [{"act": "receive", "encoded": file.hex()}, {"act": "refresh", "card": card}]
    (run,) = receive({"answers": {}, "steps": steps})
    assert run["results"][1]["code"] == "LICENCE_NOT_REFRESHABLE"


OVER_FETCH = """
const { overFetch, readOffer, MAX_ANSWER_BYTES } = await import(process.argv[1]);
const sent = [];
const fetched = (url, options) => { sent.push(options); return fetch(url, options); };
const ended = new AbortController();
const transport = overFetch(fetched, () => ended.signal);
const out = [];
for (const path of ["redirect", "endless", "silent"]) {
  const address = encodeURIComponent(`${process.argv[2]}${path}`);
  if (path === "silent") ended.abort();
  await readOffer(`openid-credential-offer://?credential_offer_uri=${address}`, transport).then(
    () => out.push("read"),
    (error) => out.push(error.code),
  );
}
const { redirect, credentials, referrerPolicy } = sent[0];
console.log(JSON.stringify([out, [redirect, credentials, referrerPolicy]]));
"""


def test_over_fetch_follows_nothing_and_takes_no_more_than_it_should(built: Path) -> None:
    """An answer that never ends is broken off by its size; one that never comes, by the page's signal."""
    app = Flask("hostile")
    followed: list[str] = []

    @app.get("/redirect")
    def redirecting() -> Any:
        return redirect("/offer")

    @app.get("/offer")
    def offer() -> Any:
        followed.append("offer")
        return jsonify(OFFER)

    @app.get("/endless")
    def endless() -> Response:
        return Response(b" " * 65_536 for _ in count())

    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = Thread(target=server.serve_forever)
    serving.start()
    try:
        command = ["node", "--input-type=module", "-e", OVER_FETCH, str(built / "openid4vci.mjs")]
        given = [*command, f"http://127.0.0.1:{server.server_port}/"]
        done = subprocess.run(given, capture_output=True, text=True, check=False)
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
    assert done.returncode == 0, done.stderr[-3_000:]
    codes, asked = json.loads(done.stdout)
    assert codes == ["ISSUER_ANSWER_MALFORMED", "ISSUER_ANSWER_MALFORMED", "ISSUER_UNREACHABLE"]
    assert asked == ["manual", "omit", "no-referrer"]
    assert followed == []


def notice(licence: str, status: str, at: str = "2026-11-22T02:00:00Z") -> dict[str, str]:
    return {"licence": licence, "status": status, "at": at}


def told(*rows: object, cursor: str = "c", more: bool = False) -> tuple[int, dict[str, Any]]:
    return 200, {"notices": list(rows), "cursor": cursor, "more": more}


def test_what_an_issuer_announces_is_a_state_that_survives_and_is_told_once(receive: Receive, package: bytes) -> None:
    (first,) = receive({"answers": answers(package), "steps": [ACCEPT]})
    card, content = first["results"][0]["gave"], first["content"]
    cases = {
        "suspended": "suspended",
        "revoked": "revoked",
        "device_lost": "device-lost",
        "something new": "invalid",
        "valid": "valid",
    }
    asks = {"act": "notices", "issuer": URL}
    runs = [
        {
            "answers": answers(package, **{f"{URL}/notices": told(notice(card, "suspended"), notice(card, status))}),
            "content": content,
            "steps": [asks, {"act": "restart"}, {"act": "states"}, asks],
        }
        for status in cases
    ]
    for run, (status, state) in zip(receive(*runs), cases.items(), strict=True):
        assert [each["status"] for each in run["results"][0]["gave"]] == ["suspended", status]
        assert run["results"][2]["gave"] == [[card, state]]
        written = [bytes.fromhex(each["body"]).decode() for each in run["asked"] if each["url"] == f"{URL}/notices"]
        claims = [key_proof.verified(each, typ=TYP_WALLET_REQUEST).claims for each in written]
        assert [each["cursor"] for each in claims] == ["", "c"]


def test_an_issuer_speaks_of_its_own_licences_and_of_the_edition_that_it_knew(receive: Receive, package: bytes) -> None:
    (first,) = receive({"answers": answers(package), "steps": [ACCEPT]})
    card, content = first["results"][0]["gave"], first["content"]
    other = "https://other.example"
    document = {
        "credential_issuer": other,
        "nonce_endpoint": f"{other}/nonce",
        "liangzheng": {"notices_endpoint": f"{other}/notices"},
    }
    foreign = {
        f"{other}/.well-known/openid-credential-issuer": answer((200, document)),
        f"{other}/nonce": answer((200, {"c_nonce": "n"})),
        f"{other}/notices": answer(told(notice(card, "revoked"))),
    }
    steps = [{"act": "notices", "issuer": other}, {"act": "states"}]
    earlier = answers(package, **{f"{URL}/notices": told(notice(card, "suspended", "2020-01-01T00:00:00Z"))})
    ours = [{"act": "notices", "issuer": URL}, {"act": "states"}]
    found = receive(
        {"answers": foreign, "content": content, "steps": steps},
        {"answers": earlier, "content": content, "steps": ours},
    )
    for run in found:
        assert len(run["results"][0]["gave"]) == 1
        assert run["results"][1]["gave"] == [[card, "valid"]]


DEVICE, OTHER_DEVICE = "ab" * 32, "cd" * 32
ASKS = {"act": "notices", "issuer": URL}


def device(licence: str, key: str = DEVICE, event: str = "device_bound", minute: int = 0) -> dict[str, str]:
    at = f"2026-11-22T{minute // 60:02}:{minute % 60:02}:00Z"
    return {"licence": licence, "event": event, "at": at, "device": key}


def telling(package: bytes, *rows: object, **more: Any) -> dict[str, Any]:
    """The paper issuer with device events among its notices."""
    document = issuer_document()
    document["liangzheng"]["notice_events"] = ["device_bound", "device_lost"]
    return answers(package, **{METADATA: (200, document), f"{URL}/notices": told(*rows, **more)})


def claims_of(run: Any) -> list[Any]:
    written = [bytes.fromhex(each["body"]).decode() for each in run["asked"] if each["url"] == f"{URL}/notices"]
    return [dict(key_proof.verified(each, typ=TYP_WALLET_REQUEST).claims) for each in written]


def test_what_happens_to_other_devices_is_kept_until_it_is_acknowledged(receive: Receive, package: bytes) -> None:
    (first,) = receive({"answers": answers(package), "steps": [ACCEPT]})
    card, content = first["results"][0]["gave"], first["content"]
    rows = [device(card, OTHER_DEVICE, "device_lost", 5), device("elsewhere", minute=9), device(card, minute=2)]
    news, restart, acknowledge = {"act": "news"}, {"act": "restart"}, {"act": "acknowledge"}
    steps = [ASKS, restart, news, ASKS, news, {**acknowledge, "number": 0}, news, {**acknowledge, "card": card}, news]
    answered = telling(package, *rows)
    (run,) = receive({"answers": answered, "content": content, "steps": [*steps, acknowledge, restart, news]})
    gave = [each["gave"] for each in run["results"]]
    assert [(each["event"], each["device"], each["status"]) for each in gave[0]] == [
        ("device_lost", OTHER_DEVICE, ""), ("device_bound", DEVICE, ""), ("device_bound", DEVICE, ""),
    ]  # fmt: skip
    bound, lost, elsewhere = gave[2]
    assert bound == {"licenceId": card, "event": "bound", "device": DEVICE, "at": 1_795_305_720}
    assert (lost["event"], lost["device"], elsewhere["licenceId"]) == ("lost", OTHER_DEVICE, "elsewhere")
    # Told once more, each is kept once.
    assert gave[4] == gave[2]
    assert (gave[6], gave[8], gave[11]) == ([lost, elsewhere], [elsewhere], [])
    assert [(each["cursor"], each["events"]) for each in claims_of(run)] == [("", True), ("c", True)]


def test_an_issuer_of_before_is_not_asked_for_devices(receive: Receive, package: bytes) -> None:
    (run,) = receive({"answers": answers(package), "steps": [ASKS]})
    assert "events" not in claims_of(run)[0]


def test_the_newest_devices_are_kept(receive: Receive, package: bytes) -> None:
    rows = [device("x", f"{minute:064x}", minute=minute) for minute in reversed(range(130))]
    (run,) = receive({"answers": telling(package, *rows), "steps": [ASKS, {"act": "news"}]})
    kept = [int(each["device"], 16) for each in run["results"][1]["gave"]]
    assert kept == list(range(30, 130))


def test_an_issuer_tells_of_no_device_of_anothers_licence(receive: Receive, package: bytes) -> None:
    other = packed(Authority(), SIGNERS["p256"].public_key, refresh_url="https://other.example/1").hex()
    (first,) = receive({"answers": {}, "steps": [{"act": "receive", "encoded": other}]})
    card = first["results"][0]["gave"]
    answered = telling(package, device(card))
    news, take = {"act": "news"}, {"act": "receive", "encoded": other}
    held, later = receive(
        {"answers": answered, "content": first["content"], "steps": [ASKS, news]},
        # It speaks first, and the licence comes then.
        {"answers": answered, "steps": [ASKS, news, take, news]},
    )
    assert [len(each["gave"]) for each in held["results"]] == [1, 0]
    spoke, before, _, after = (each["gave"] for each in later["results"])
    assert (len(spoke), len(before), len(after)) == (1, 1, 0)


@pytest.mark.parametrize(
    "unknown",
    [
        {"event": "moved", "at": "2026-11-22T02:00:00Z", "device": DEVICE},
        {"event": "constructor", "at": "2026-11-22T02:00:00Z", "device": DEVICE},
        {"event": "device_bound", "at": "2026-11-22T02:00:00Z", "device": "short"},
        {"event": "device_bound", "at": "2026-11-22T02:00:00Z", "device": "<b>" + DEVICE[3:]},
        {"event": "device_bound", "at": "2026-02-30T02:00:00Z", "device": DEVICE},
        {"status": "revoked", "at": "tomorrow"},
        {"status": "revoked", "at": "2026-11-22T24:00:00Z"},
        {"status": "", "at": "2026-11-22T02:00:00Z"},
    ],
)
def test_what_a_later_issuer_tells_is_passed_on_and_changes_nothing(
    receive: Receive, package: bytes, unknown: dict[str, str]
) -> None:
    (first,) = receive({"answers": answers(package), "steps": [ACCEPT]})
    card, content = first["results"][0]["gave"], first["content"]
    answered = telling(package, {"licence": card, **unknown}, device(card), notice(card, "suspended"))
    steps = [ASKS, {"act": "states"}, {"act": "news"}]
    (run,) = receive({"answers": answered, "content": content, "steps": steps})
    passed_on, states, news = (each["gave"] for each in run["results"])
    assert (len(passed_on), states, len(news)) == (3, [[card, "suspended"]], 1)


def test_what_is_asked_for_twice_at_once_is_told_once(receive: Receive, package: bytes) -> None:
    steps = [{"act": "noticesTwice", "issuer": URL}, {"act": "news"}]
    (run,) = receive({"answers": telling(package, device("x")), "steps": steps})
    both, news = (each["gave"] for each in run["results"])
    assert (sorted(len(each) for each in both), len(news)) == ([0, 1], 1)


def test_an_issuer_that_knows_its_cursor_no_more_is_read_from_the_beginning(receive: Receive, package: bytes) -> None:
    (first,) = receive({"answers": telling(package, device("x")), "steps": [ASKS]})
    lost = answers(package, **{f"{URL}/notices": (400, {"error": "cursor_refused"})})
    (run,) = receive({"answers": lost, "content": first["content"], "steps": [ASKS, {"act": "news"}]})
    # From the beginning it is refused, too: that is the issuer's own error.
    assert (run["results"][0]["detail"], len(run["results"][1]["gave"])) == ("cursor_refused", 1)
    assert [each["cursor"] for each in claims_of(run)] == ["c", ""]
    (again,) = receive({"answers": telling(package, device("x")), "content": run["content"], "steps": [ASKS]})
    assert (len(again["results"][0]["gave"]), again["content"]) == (1, first["content"])


def test_notices_come_page_by_page_and_end(receive: Receive, package: bytes) -> None:
    row = notice("x", "suspended")
    endless = answers(package, **{f"{URL}/notices": told(row, cursor="same", more=True)})
    wrong = ({"cursor": "c"}, {"cursor": "c", "notices": [7]}, {"notices": []}, {"cursor": "c", "notices": [{}]})
    wrong += ({"cursor": "c", "notices": [{**notice("x", "suspended"), "device": 7}]},)
    asks = [{"act": "notices", "issuer": URL}]
    runs = [{"answers": answers(package, **{f"{URL}/notices": (200, each)}), "steps": asks} for each in wrong]
    first, *others = receive({"answers": endless, "steps": asks}, *runs)
    # An issuer that says "more" for ever with one cursor is asked twice.
    assert len(first["results"][0]["gave"]) == 2
    for run in others:
        assert (run["results"][0]["code"], run["content"]) == ("ISSUER_ANSWER_MALFORMED", None)


def test_content_of_the_version_before_still_opens(receive: Receive, package: bytes) -> None:
    (first,) = receive({"answers": answers(package), "steps": [ACCEPT]})
    now: Any = cbor.decode(bytes.fromhex(first["content"]), max_items=200_000)
    assert now[0] == 3
    before = cbor.encode((1, now[1], now[2])).hex()
    steps = [{"act": "states"}, {"act": "notices", "issuer": URL}]
    (run,) = receive({"answers": answers(package), "content": before, "steps": steps})
    assert run["results"][0]["gave"] == [[first["results"][0]["gave"], "valid"]]
    after: Any = cbor.decode(bytes.fromhex(run["content"]), max_items=200_000)
    assert (after[0], after[1], after[2]) == (3, now[1], now[2])
    later = cbor.encode((4, now[1], now[2], now[3])).hex()
    (refused,) = receive({"answers": {}, "content": later, "steps": []})
    assert (run["opened"], refused["opened"]["code"]) == ({"gave": None}, "WALLET_TOO_NEW")
