"""An applicant's own look at their application: by number and code, without telling which of the two is wrong."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from issuer import config
from issuer.application import Issuer
from issuer.applications.errors import ApplicationNotFollowed
from issuer.applications.reviewing import State
from issuer.console import texts
from issuer.openid4vci.addresses import GUESSES
from issuer.web.app import create_app
from issuer.web.following import PATH, link
from protocol.unixtime import DAY, UnixTime
from tests.issuer import builders
from tests.issuer.builders import AT, ID_CARD, TOKEN, holder_key
from tests.issuer.consoles import Clock

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with builders.made(tmp_path_factory.mktemp("following") / "issuer") as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(issuer: Issuer, clock: Clock) -> Flask:
    return create_app(
        issuer,
        operator_token=TOKEN,
        now=clock,
        trusted_hosts=config.TRUSTED_HOSTS,
        max_body_bytes=config.MAX_BODY_BYTES,
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def filed(issuer: Issuer) -> tuple[str, str]:
    made = issuer.applications.file("id-card", ID_CARD, portrait=None, by="3101", at=AT)
    return made.id, issuer.following.code(made.id)


def asked(client: FlaskClient, number: str, code: str, **more: Any) -> TestResponse:
    body = json.dumps({"number": number, "code": code})
    return client.post("/api/v1/applications/standing", data=body, content_type="application/json", **more)


def test_every_decision_is_told_and_nothing_of_what_was_filled_in(issuer: Issuer, client: FlaskClient) -> None:
    held, (its, code) = issuer.applications, filed(issuer)
    assert asked(client, its, code).json == {
        "number": its,
        "kind": "id-card",
        "state": "filed",
        "filed_at": "2026-11-22T04:00:00Z",
        "changed_at": "2026-11-22T04:00:00Z",
        "said": "",
    }
    later = UnixTime(AT + DAY)
    held.take(its, by="3102", at=later)
    held.ask(its, what=HOSTILE, by="3102", at=later)
    told = asked(client, its, code).json
    assert told is not None
    assert (told["state"], told["said"], told["changed_at"]) == ("more-wanted", HOSTILE, "2026-11-23T04:00:00Z")
    page = client.post(PATH, data={"number": its, "code": code, "language": "en"}).text
    assert texts.say("notice.means_more_wanted", "en") in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    held.amend(its, ID_CARD, portrait=None, by="3101", at=later)
    assert asked(client, its, code).json == told | {"state": "in-review", "said": ""}
    held.approve(its, by="3102", at=later)
    assert asked(client, its, code).json == told | {"state": "approved", "said": ""}
    held.issue(its, holder_key(), by="3101", at=later)
    assert asked(client, its, code).json == told | {"state": "issued", "said": ""}
    refused, its_code = filed(issuer)
    held.take(refused, by="3102", at=AT)
    held.refuse(refused, why="照片不合格", by="3102", at=AT)
    for language in texts.LANGUAGES:
        answer = client.post(PATH, data={"number": refused, "code": its_code, "language": language})
        assert texts.say("notice.means_refused", language) in answer.text
        assert texts.say("notice.appeal", language) in answer.text
        assert "照片不合格" in answer.text
        assert ID_CARD["name"] not in answer.text


def test_a_receipt_is_typed_as_people_type(issuer: Issuer) -> None:
    its, code = filed(issuer)
    assert len(code) == 14
    for typed in (code, code.replace(" ", ""), code.replace(" ", "-"), code.translate(wide_digits()), f" {code}\n"):
        assert issuer.following.standing(f" {its} ", typed).state is State.FILED


def wide_digits() -> dict[int, str]:
    return {ord("0") + digit: chr(ord("\N{FULLWIDTH DIGIT ZERO}") + digit) for digit in range(10)}


def test_unknown_and_wrong_are_one_answer(issuer: Issuer, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    its, code = filed(issuer)
    other, other_code = filed(issuer)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**12:012}"
    tries = [(its, wrong), ("0" * 22, code), ("0" * 22, wrong), (other, code), (its, ""), ("", ""), ("中\0", "\ud800")]
    monkeypatch.setattr(issuer.applications, "one", lambda _: pytest.fail("the register was asked"))
    answers = [asked(client, *each) for each in tries]
    assert {each.status_code for each in answers} == {404}
    assert len({each.data for each in answers}) == 1
    pages = [client.post(PATH, data={"number": its, "code": each, "language": "en"}) for each in (wrong, other_code)]
    assert {each.status_code for each in pages} == {404}
    assert pages[0].data == pages[1].data


def test_what_was_erased_is_unknown_though_the_code_is_right(issuer: Issuer) -> None:
    never = "A" * 22
    code = issuer.wallet_issuing.receipt_code(never)
    with pytest.raises(ApplicationNotFollowed, match="no application has this number and this code"):
        issuer.following.standing(never, code)


def test_codes_are_of_one_application_and_one_authority(issuer: Issuer, tmp_path: Path) -> None:
    (its, code), (_, other) = filed(issuer), filed(issuer)
    assert code != other
    with builders.made(tmp_path / "other", seed=7) as stranger:
        assert stranger.wallet_issuing.receipt_code(its) != code.replace(" ", "")


def test_who_guesses_has_to_wait_and_others_do_not(issuer: Issuer, client: FlaskClient, clock: Clock) -> None:
    its, code = filed(issuer)
    for _ in range(GUESSES.at_once):
        assert asked(client, its, "0").status_code == 404
    late = asked(client, its, code)
    assert (late.status_code, late.headers["Retry-After"]) == (429, "60")
    page = client.post(PATH, data={"number": its, "code": code, "language": "en"})
    assert (page.status_code, page.headers["Retry-After"]) == (429, "60")
    assert texts.say("follow.too_many_requests", "en") in page.text
    assert asked(client, its, code, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 200
    assert client.get(PATH).status_code == 200, "the page itself is open"
    clock.forward(31)
    assert asked(client, its, code).status_code == 200


def test_the_page_needs_no_token_and_takes_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get(f"{PATH}?number={HOSTILE}", headers={"Accept-Language": "zh-HK"})
    assert '<html lang="zh-Hant">' in page.text
    assert "<script" not in page.text
    assert not re.findall(r'(?:href|action)="/', page.text), "it works below any path of a web server in front"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert client.post(PATH, data={"language": "xx"}).status_code == 404
    assert client.post("/api/v1/applications/standing", json={"number": 1, "code": "2"}).status_code == 400


def test_the_address_on_the_receipt_names_the_number_alone() -> None:
    assert link("https://a.invalid/", "AB1") == "https://a.invalid/my-application?number=AB1"
