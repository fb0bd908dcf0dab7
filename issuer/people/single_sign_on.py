"""Sign-in by an authority's own single sign-on: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636).

1 the browser is sent there with state, nonce and the challenge of a verifier that stays here · 2 it comes back with the
same state, from the configured issuer (RFC 9207) · 3 the code is redeemed with the verifier · 4 the ID token is signed
by one of the issuer's keys, for this client, with this nonce, and in force; after a proof it says that the person has
just signed in there · 5 the account, which is issuer and subject together, is known here. Names and addresses from
there are neither asked for nor kept. What the provider says is checked by Authlib and joserfc.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException
from sqlalchemy import select, update

from issuer.audit import trail
from issuer.draws import RandomBytes
from issuer.people.attempts import Attempt, Way
from issuer.people.errors import PersonUnknown, SignInRefused, SignInUnavailable
from issuer.people.register import demand_enabled, use_invitation
from issuer.people.schema import person
from issuer.people.sessions import LIVES, open_session
from issuer.register import Register
from protocol.unixtime import MINUTE, UnixTime

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
_SKEW: Final = 60
_JUST_NOW: Final = 5 * MINUTE
_SECONDS: Final = 10
_MAX_CHARACTERS: Final = 4_096


@dataclass(frozen=True, slots=True)
class Provider:
    """A single sign-on, and what this authority is called there."""

    issuer: str
    client_id: str
    client_secret: str


class SingleSignOn:
    """One single sign-on, for one authority's people."""

    def __init__(self, provider: Provider, *, register: Register, random_bytes: RandomBytes, come_back_to: str) -> None:
        self._provider, self._register, self._random_bytes = provider, register, random_bytes
        self._come_back_to = come_back_to

    def address(self, attempt: Attempt) -> str:
        """Step 1: where to send the browser. Raises: SignInUnavailable."""
        # A greatest age makes the provider say when the person signed in there (section 3.1.2.1).
        extra = {"prompt": "login", "max_age": "0"} if attempt.way is Way.PROVE else {"max_age": str(LIVES)}
        with self._client() as client:
            endpoint = self._endpoint(self._metadata(client), "authorization_endpoint")
            address, _ = client.create_authorization_url(
                endpoint,
                state=attempt.text("state"),
                code_verifier=attempt.text("verifier"),
                nonce=attempt.text("nonce"),
                **extra,
            )
        return str(address)

    def came_back(self, attempt: Attempt, parameters: Mapping[str, str], *, at: UnixTime) -> str:
        """Steps 2 to 5: the secret of a new session, proven when the person signed in there.

        Raises:
            SignInRefused: What came back proves nothing here.
            InvitationUnknown: The link was used meanwhile.
            SignInUnavailable: The provider did not answer.
        """
        # 2
        if not hmac.compare_digest(parameters.get("state", "").encode(), attempt.text("state").encode()):
            raise SignInRefused("this answer belongs to another attempt")
        if parameters.get("iss", self._provider.issuer) != self._provider.issuer:
            raise SignInRefused("another single sign-on answered")
        code = parameters.get("code", "")
        if not 0 < len(code) <= _MAX_CHARACTERS:
            raise SignInRefused("the single sign-on let nobody in")
        # 3, 4
        claims = self._claims(attempt, code, at)
        # 5
        account = sha256(f"{self._provider.issuer}\0{claims['sub']}".encode()).digest()
        return self._known(attempt, account, signed_in=UnixTime(min(at, claims["auth_time"])), at=at)

    def _claims(self, attempt: Attempt, code: str, at: UnixTime) -> CodeIDToken:
        with self._client() as client:
            metadata = self._metadata(client)
            try:
                answer = client.fetch_token(
                    self._endpoint(metadata, "token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.text("verifier"),
                    timeout=_SECONDS,
                    allow_redirects=False,
                )
            except OAuthError:
                raise SignInRefused("the single sign-on did not take its code back") from None
            except (RequestException, ValueError):
                raise SignInUnavailable("the single sign-on did not answer") from None
            keys = self._fetched(client, self._endpoint(metadata, "jwks_uri"))
        try:
            token = jwt.decode(answer["id_token"], KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))  # type: ignore[arg-type]  # it checks them
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self._provider.issuer},
                    "aud": {"essential": True, "value": self._provider.client_id},
                    "sub": {"essential": True},
                },
                params={
                    "nonce": attempt.text("nonce"),
                    "client_id": self._provider.client_id,
                    "access_token": answer.get("access_token"),
                },
            )
            claims.validate(now=int(at), leeway=_SKEW)
        except (JoseError, ValueError, KeyError, TypeError):
            raise SignInRefused("the single sign-on's statement does not hold") from None
        signed_in, longest = claims.get("auth_time"), _JUST_NOW if attempt.way is Way.PROVE else LIVES
        if not isinstance(claims["sub"], str) or type(signed_in) is not int:
            raise SignInRefused("the single sign-on's statement does not hold")
        if not at - longest - _SKEW < signed_in <= at + _SKEW:
            raise SignInRefused("the single sign-on's statement does not hold")
        return claims

    def _known(self, attempt: Attempt, account: bytes, *, signed_in: UnixTime, at: UnixTime) -> str:
        with self._register.writing() as connection:
            found: str | None = connection.execute(
                select(person.c.id).where(person.c.account_sha256 == account)
            ).scalar_one_or_none()
            if attempt.way is Way.JOIN:
                person_id = use_invitation(connection, bytes.fromhex(attempt.subject), at=at)
                if found is not None:
                    raise SignInRefused("this account is somebody's already")
                connection.execute(update(person).where(person.c.id == person_id).values(account_sha256=account))
                trail.append(connection, "join-by-account", "person", person_id, actor=person_id, at=at)
            else:
                if found is None or (attempt.way is Way.PROVE and attempt.subject != found):
                    raise SignInRefused("this account opens nothing here")
                person_id = found
            try:
                demand_enabled(connection, person_id)
            except PersonUnknown:
                raise SignInRefused("this account opens nothing here") from None
            return open_session(connection, person_id, random_bytes=self._random_bytes, proven_at=signed_in, at=at)

    def _client(self) -> Any:
        return OAuth2Session(
            self._provider.client_id,
            self._provider.client_secret,
            scope="openid",
            redirect_uri=self._come_back_to,
            code_challenge_method="S256",
        )

    def _metadata(self, client: Any) -> Mapping[str, Any]:
        found = self._fetched(client, self._provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        # OpenID Connect Discovery 1.0 section 4.3.
        if found.get("issuer") != self._provider.issuer:
            raise SignInUnavailable("the single sign-on calls itself by another name than console.toml")
        return found

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        address = metadata.get(name)
        if not isinstance(address, str) or not address.startswith(("https://", "http://")):
            raise SignInUnavailable(f"the single sign-on names no {name}")
        if self._provider.issuer.startswith("https://") and not address.startswith("https://"):
            raise SignInUnavailable(f"the single sign-on's {name} is not protected by TLS")
        return address

    @staticmethod
    def _fetched(client: Any, address: str) -> Mapping[str, Any]:
        try:
            answer = client.get(address, withhold_token=True, timeout=_SECONDS, allow_redirects=False)
            content = answer.json() if answer.status_code == 200 else None
        except (RequestException, ValueError):
            content = None
        if not isinstance(content, dict):
            raise SignInUnavailable("the single sign-on did not answer")
        return content
