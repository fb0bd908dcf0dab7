"""Offers at the console: shown once, the transaction code apart and once, listed, withdrawn, decided by another one."""

import html
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from issuer.application import Issuer
from issuer.console import texts
from issuer.openid4vci.errors import GrantRefused
from issuer.openid4vci.offering import GRANT, LIFE, MOST_WRONG, OfferState
from issuer.people.roles import Role
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key
from tests.issuer.console_fixtures import clerk, console, issuer
from tests.issuer.consoles import Console, Visitor
from tests.issuer.test_console_pages import hidden

__all__ = ["clerk", "console", "issuer"]


@pytest.fixture
def licence_id(issuer: Issuer) -> str:
    return issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).licence_id


def made(clerk: Visitor, licence_id: str, **form: str) -> str:
    """The page that shows a new offer."""
    path = f"/licences/{licence_id}/offer"
    answer = clerk.post(path, {**hidden(clerk.get(path).text), **form})
    assert answer.status_code == 201, answer.text
    return answer.text


def code_in(page: str) -> str:
    (uri,) = re.findall(r"openid-credential-offer://[^<]+", html.unescape(page))
    (offer,) = parse_qs(urlsplit(uri).query)["credential_offer"]
    return str(json.loads(offer)["grants"][GRANT]["pre-authorized_code"])


def id_in(page: str) -> str:
    (its,) = set(re.findall(r'href="/console/offers/([A-Za-z0-9]{22})"', page))
    return str(its)


def test_the_code_stands_on_one_page_once_and_the_transaction_code_on_another(
    console: Console, issuer: Issuer, clerk: Visitor, licence_id: str
) -> None:
    path = f"/licences/{licence_id}/offer"
    form = hidden(clerk.get(path).text)
    page = clerk.post(path, form).text
    code, its = code_in(page), id_in(page)
    assert clerk.post(path, form).status_code == 409, "sent again, it makes no other and shows nothing"
    sent = hidden(page)
    other = clerk.post(f"/offers/{its}/code", {**sent, "sealed": sent["sealed"][:-2] + "AA", "form": "x"})
    assert other.status_code == 409
    shown = clerk.post(f"/offers/{its}/code", sent)
    (tx_code,) = re.findall(r'class="digits" dir="ltr">([0-9]{6})<', shown.text)
    assert tx_code not in page, "whoever photographs the code has no transaction code"
    assert code not in shown.text
    assert clerk.post(f"/offers/{its}/code", sent).status_code == 409, "once"
    for where in (f"/offers/{its}", "/offers", "/offers?which=all", f"/licences/{licence_id}"):
        assert code not in clerk.get(where).text
        assert tx_code not in clerk.get(where).text
    issuer.wallet_issuing.redemption.redeem(code, tx_code, at=AT)
    late = clerk.get(f"/offers/{its}").text
    assert texts.say("offer.state_redeemed", "zh-Hans") in late
    assert 'id="code"' in late, "what takes the code off an open page"
    assert {each.act for each in issuer.audit.listed(search=its)} >= {"offer", "show-code", "redeem-offer"}
    assert console.person(Role.REVIEWER).post(f"/offers/{its}/code", sent).status_code == 403


def test_one_offer_s_transaction_code_is_not_opened_by_another(issuer: Issuer, clerk: Visitor, licence_id: str) -> None:
    first, second = made(clerk, licence_id), made(clerk, licence_id)
    assert clerk.post(f"/offers/{id_in(first)}/code", hidden(second)).status_code == 409


def test_where_the_holder_stands_there_is_no_transaction_code(issuer: Issuer, clerk: Visitor, licence_id: str) -> None:
    page = made(clerk, licence_id, no_tx_code="yes")
    assert texts.say("offer.no_tx_code", "zh-Hans") in page
    assert "sealed" not in hidden(page)
    issuer.wallet_issuing.redemption.redeem(code_in(page), None, at=AT)


def test_tries_are_counted_and_an_offer_is_withdrawn_once(
    console: Console, issuer: Issuer, clerk: Visitor, licence_id: str
) -> None:
    page = made(clerk, licence_id)
    its = id_in(page)
    with pytest.raises(GrantRefused):
        issuer.wallet_issuing.redemption.redeem(code_in(page), "000000x", at=AT)
    left = texts.say("offer.tries_left", "zh-Hans", count=MOST_WRONG - 1)
    assert left in clerk.get(f"/offers/{its}").text
    assert its in clerk.get("/offers", query_string={"search": licence_id}).text
    assert its not in clerk.get("/offers", query_string={"search": "没有"}).text
    other = console.person(Role.CLERK)
    assert other.post(f"/offers/{its}/withdraw").status_code == 303
    late = clerk.post(f"/offers/{its}/withdraw")
    assert late.status_code == 409
    assert texts.say("problem.offer_not_open", "zh-Hans") in late.text
    assert its not in clerk.get("/offers").text
    assert its in clerk.get("/offers?which=all").text
    with pytest.raises(GrantRefused):
        issuer.wallet_issuing.redemption.redeem(code_in(page), "000000", at=AT)


def test_what_is_over_is_said_and_more_than_three_are_not_made(
    console: Console, clerk: Visitor, licence_id: str
) -> None:
    pages = [made(clerk, licence_id) for _ in range(3)]
    path = f"/licences/{licence_id}/offer"
    fourth = clerk.post(path, hidden(clerk.get(path).text))
    assert fourth.status_code == 422
    assert texts.say("problem.offer_refused", "zh-Hans") in fourth.text
    console.clock.forward(LIFE)
    its = id_in(pages[0])
    assert texts.say("offer.state_over", "zh-Hans") in clerk.get(f"/offers/{its}").text
    assert its not in clerk.get("/offers").text
    assert clerk.post(f"/offers/{its}/code", hidden(pages[0])).status_code == 409
    assert clerk.get("/offers/none").status_code == 404


def test_a_sensitive_kind_says_what_kiosks_do(issuer: Issuer, clerk: Visitor, licence_id: str) -> None:
    said = texts.say("offer.sensitive", "zh-Hans", hours=24)
    assert said in clerk.get(f"/licences/{licence_id}/offer").text
    assert said in made(clerk, licence_id)
    assert texts.say("licence.not_bound", "zh-Hans") in clerk.get(f"/licences/{licence_id}").text


def test_who_made_an_offer_does_not_decide_about_it(console: Console, issuer: Issuer, licence_id: str) -> None:
    both, reviewer = console.person(Role.CLERK, Role.REVIEWER), console.person(Role.REVIEWER)
    its = id_in(made(both, licence_id, review="yes"))
    refused = both.post(f"/offers/{its}/approve")
    assert refused.status_code == 403
    assert texts.say("problem.own_offer", "zh-Hans") in refused.text
    assert reviewer.post(f"/offers/{its}/approve").status_code == 409, "no phone has asked"
    assert issuer.wallet_issuing.offers.one(its).state is OfferState.OPEN


def test_an_approved_application_is_offered_one_at_a_time(console: Console, issuer: Issuer, clerk: Visitor) -> None:
    its = issuer.applications.file("id-card", ID_CARD, portrait=None, by="3101", at=AT).id
    form = {"form": "one", "no_tx_code": "yes"}
    assert clerk.post(f"/applications/{its}/offer", form).status_code == 409, "not approved"
    issuer.applications.take(its, by="3102", at=AT)
    issuer.applications.approve(its, by="3102", at=AT)
    page = clerk.post(f"/applications/{its}/offer", {**form, "form": "two"})
    assert page.status_code == 201
    assert clerk.post(f"/applications/{its}/offer", {**form, "form": "two"}).status_code == 409
    assert clerk.post(f"/applications/{its}/offer", {**form, "form": "three"}).status_code == 422
    assert f"/offers/{id_in(page.text)}" in clerk.get(f"/applications/{its}").text


def test_what_several_hold_is_refused_by_name_before_anything_is_typed(clerk: Visitor) -> None:
    for language in texts.LANGUAGES:
        clerk.client.set_cookie("console_language", language, path="/console")
        for path in ("/issue/marriage", "/apply/marriage"):
            refused = clerk.get(path)
            assert refused.status_code == 422
            assert texts.say("problem.holders_refused", language) in html.unescape(refused.text)
