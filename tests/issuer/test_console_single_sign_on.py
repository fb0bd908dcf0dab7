"""Sign-in by a single sign-on, against a real OpenID provider; and providers that lie in one thing."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from issuer.application import Issuer
from issuer.console.desk import COOKIE, PREFIX
from issuer.people.errors import SignInRefused, SignInUnavailable
from issuer.people.roles import Role
from issuer.people.single_sign_on import Provider, SingleSignOn
from protocol.unixtime import UnixTime
from tests.issuer import builders, oidc_provider
from tests.issuer.console_fixtures import issuer
from tests.issuer.consoles import ORIGIN, Console, Visitor, console_of
from tests.issuer.oidc_provider import CLIENT, SECRET, Human
from tests.issuer.test_console_door import invited

__all__ = ["issuer"]

COME_BACK = f"{ORIGIN}/console/came-back"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with oidc_provider.running(COME_BACK) as found:
        yield found


def now() -> UnixTime:
    return UnixTime(int(time.time()))


@pytest.fixture
def console(issuer: Issuer, provider: Provider) -> Console:
    # The provider's clock is the real one.
    return console_of(issuer, provider=provider, clock=now)


def sent_there(visitor: Visitor, secret: str = "") -> str:
    answer = visitor.post("/single-sign-on", {"secret": secret} if secret else {})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def back(visitor: Visitor, address: str, **changed: str) -> int:
    query = dict(parse_qsl(urlsplit(address).query)) | changed
    return visitor.get(f"/came-back?{urlencode(query)}").status_code


def joined(console: Console, human: Human) -> Visitor:
    visitor = console.stranger()
    assert back(visitor, human.sign_in(sent_there(visitor, invited(console, Role.ADMINISTRATOR)))) == 200
    return visitor


def test_somebody_joins_signs_in_and_proves_who_they_are(console: Console) -> None:
    human = Human("somebody")
    visitor = joined(console, human)
    assert visitor.get("/").status_code == 200
    again = console.stranger()
    address = sent_there(again)
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid"]
    assert {"nonce", "state", "code_challenge"} <= asked.keys()
    assert back(again, human.sign_in(address)) == 200
    page = again.get("/people/new")
    # Who is signed in there for longer than minutes proves nothing by that; here it was just now.
    assert page.status_code == 200
    key = page.text.partition('name="form_key" value="')[2][:64]
    proving = Visitor(again.client, key)
    address = sent_there(proving)
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    assert back(proving, human.sign_in(address)) == 200
    assert proving.get("/people/new").status_code == 200


def test_an_account_that_nobody_invited_opens_nothing(console: Console) -> None:
    visitor = console.stranger()
    assert back(visitor, Human("stranger").sign_in(sent_there(visitor))) == 401
    assert visitor.client.get_cookie(COOKIE, path=PREFIX) is None


def test_an_account_is_one_persons_and_a_link_survives_that(console: Console) -> None:
    human = Human("twice")
    joined(console, human)
    visitor, secret = console.stranger(), invited(console)
    assert back(visitor, human.sign_in(sent_there(visitor, secret))) == 401
    assert console.stranger().get(f"/join/{secret}").status_code == 200


def test_another_one_s_account_proves_nothing(console: Console) -> None:
    joined(console, Human("other"))
    mine = joined(console, Human("mine"))
    key = mine.get("/people/new").text.partition('name="form_key" value="')[2][:64]
    address = sent_there(Visitor(mine.client, key))
    assert back(mine, Human("other").sign_in(address)) == 401


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"state": "A" * 43}, 401),
        ({"iss": "https://evil.example"}, 401),
        ({"code": "A" * 43}, 401),
        ({"code": ""}, 401),
    ],
)
def test_an_answer_with_one_thing_changed_is_refused(console: Console, changed: dict[str, str], status: int) -> None:
    human = Human("changed")
    visitor = console.stranger()
    address = human.sign_in(sent_there(visitor))
    assert back(visitor, address, **changed) == status
    # The attempt is used up by that.
    assert back(visitor, address) == 401


def test_somebody_else_s_answer_signs_nobody_in(console: Console) -> None:
    """Login CSRF: an attacker's own answer, opened in a victim's browser."""
    human = Human("attacker")
    joined(console, human)
    attacker, victim = console.stranger(), console.stranger()
    address = human.sign_in(sent_there(attacker))
    assert back(victim, address) == 401
    sent_there(victim)
    assert back(victim, address) == 401


def test_a_provider_that_is_not_there_is_no_refusal(issuer: Issuer) -> None:
    gone = console_of(issuer, provider=Provider("http://127.0.0.1:9", CLIENT, SECRET), clock=now)
    assert gone.stranger().post("/single-sign-on").status_code == 503
    none = console_of(issuer)
    assert none.stranger().post("/single-sign-on").status_code == 503
    assert none.stranger().get("/came-back").status_code == 503


KEY, OTHER = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})
LIE = "https://login.example"


def lying(attempt: Any, at: UnixTime, changed: dict[str, Any], header: dict[str, Any], key: RSAKey) -> dict[str, Any]:
    claims = {
        "iss": LIE,
        "sub": "somebody",
        "aud": CLIENT,
        "exp": at + 60,
        "iat": at,
        "auth_time": at,
        "nonce": attempt.text("nonce"),
    } | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    if header["alg"] == "none":
        parts = [json.dumps(each).encode() for each in (header, claims)]
        token = ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts) + "."
    else:
        token = jwt.encode(header, claims, key)
    return {"access_token": "a", "token_type": "Bearer", "id_token": token}


METADATA = {
    "issuer": LIE,
    "authorization_endpoint": f"{LIE}/auth",
    "token_endpoint": f"{LIE}/token",
    "jwks_uri": f"{LIE}/keys",
}


@pytest.fixture
def lie(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """What comes of a sign-in at a provider that answers what the test says."""
    at = builders.AT
    settings = console_of(issuer, provider=Provider(LIE, CLIENT, SECRET)).desk.settings
    on = issuer.door.single_sign_on(settings)
    assert on is not None

    def come_back(
        changed: dict[str, Any] | None = None,
        *,
        header: dict[str, Any] | None = None,
        key: RSAKey = KEY,
        metadata: dict[str, Any] | None = None,
    ) -> object:
        cookie, attempt = issuer.door.attempts.begin("sign-in", at=at)  # type: ignore[arg-type]  # the word of its way
        issuer.door.attempts.take(cookie, at=at)
        answers = {
            f"{LIE}/.well-known/openid-configuration": METADATA | (metadata or {}),
            f"{LIE}/keys": {"keys": [KEY.as_dict(private=False)]},
        }
        monkeypatch.setattr(SingleSignOn, "_fetched", staticmethod(lambda _, address: answers[address]))
        monkeypatch.setattr(
            "authlib.integrations.requests_client.OAuth2Session.fetch_token",
            lambda *_, **__: lying(attempt, at, changed or {}, header or {"alg": "RS256", "kid": "1"}, key),
        )
        on.address(attempt)
        return on.came_back(attempt, {"code": "c", "state": attempt.text("state")}, at=at)

    return come_back


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": ["another-client", CLIENT], "azp": "another-client"},
        {"nonce": "A" * 43},
        {"nonce": None},
        {"exp": builders.AT - 61},
        {"exp": None},
        {"sub": None},
        {"sub": 7},
        {"auth_time": None},
        {"auth_time": builders.AT - 11 * 3_600},
        {"auth_time": builders.AT + 3_600},
        {"nbf": builders.AT + 3_600},
    ],
    ids=str,
)
def test_a_statement_that_lies_in_one_thing_is_refused(lie: Callable[..., object], changed: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused, match="statement does not hold"):
        lie(changed)


def test_a_statement_of_another_key_or_of_none_is_refused(lie: Callable[..., object]) -> None:
    with pytest.raises(SignInRefused, match="opens nothing here"):
        lie()  # All of it holds: this account was never invited.
    with pytest.raises(SignInRefused, match="statement does not hold"):
        lie(key=OTHER)
    with pytest.raises(SignInRefused, match="statement does not hold"):
        lie(header={"alg": "none"})


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://login.example/token"}, {"jwks_uri": None}],
    ids=str,
)
def test_a_provider_that_contradicts_itself_is_not_asked(lie: Callable[..., object], metadata: dict[str, Any]) -> None:
    with pytest.raises(SignInUnavailable):
        lie(metadata=metadata)
