"""A wallet as the issuer's tests see it: proofs by its key, and the requests of OpenID4VCI one by one."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from issuer.application import Issuer
from issuer.openid4vci.offering import GRANT, Made, Wish
from protocol import key_proof, keys
from protocol.key_proof import TYP_PROOF, TYP_WALLET_REQUEST
from protocol.keys import Signer
from protocol.labels import Alg
from protocol.unixtime import UnixTime
from tests.issuer.builders import AT

URL: Final = "http://localhost"
"""What the tests' client asks, and so this issuer's identifier."""


def signer(number: int = 1) -> Signer:
    """The key whose public half is `builders.holder_key(number)`."""
    return keys.signer_for(Alg.ESP256, number.to_bytes(32))


def offered(issuer: Issuer, *, at: UnixTime = AT, **wish: Any) -> Made:
    """An offer; without a word of a licence or kind it is of a new identity card."""
    return issuer.wallet_issuing.offers.make(Wish(**wish), issuer_url=URL, actor="test", at=at)


def read(uri: str) -> dict[str, Any]:
    """The offer in this link, by value."""
    (written,) = parse_qs(urlsplit(uri).query)["credential_offer"]
    document: dict[str, Any] = json.loads(written)
    return document


def code_of(made: Made) -> str:
    """The pre-authorised code in an offer."""
    code: str = read(made.uri)["grants"][GRANT]["pre-authorized_code"]
    return code


@dataclass
class Wallet:
    """One device with its key, at one moment."""

    client: FlaskClient
    signer: Signer
    at: int = AT
    token: str = ""

    def redeem(self, code: str, tx_code: str | None = None, **more: Any) -> TestResponse:
        """Asks for an access token, and keeps one that comes."""
        form = {"grant_type": GRANT, "pre-authorized_code": code} | ({} if tx_code is None else {"tx_code": tx_code})
        answer = self.client.post("/openid4vci/token", data=form, **more)
        if answer.status_code == 200:
            self.token = answer.get_json()["access_token"]
        return answer

    def nonce(self) -> str:
        nonce: str = self.client.post("/openid4vci/nonce").get_json()["c_nonce"]
        return nonce

    def proof(self, by: Signer | None = None, **claims: Any) -> str:
        """A good proof, but for these claims; None leaves one out."""
        good = {"aud": URL, "iat": self.at, "nonce": claims.get("nonce") or self.nonce()}
        members = {name: value for name, value in {**good, **claims}.items() if value is not None}
        return key_proof.sign(members, typ=TYP_PROOF, signer=by or self.signer)

    def ask(self, *proofs: str, kind: str = "id-card", **members: Any) -> TestResponse:
        """Asks for what was offered; with a good proof if none is given."""
        written = list(proofs) or [self.proof()]
        body = {"credential_configuration_id": kind, "proofs": {"jwt": written}, **members}
        return self.client.post("/openid4vci/credential", json=body, headers=self.authorization)

    def deferred(self, transaction_id: object) -> TestResponse:
        # In ASCII, so that half a surrogate pair comes through.
        body = json.dumps({"transaction_id": transaction_id})
        return self.client.post(
            "/openid4vci/deferred", data=body, content_type="application/json", headers=self.authorization
        )

    def notify(self, notification_id: object, event: object = "credential_accepted") -> TestResponse:
        body = {"notification_id": notification_id, "event": event}
        return self.client.post("/openid4vci/notification", json=body, headers=self.authorization)

    def later(self, act: str, **claims: Any) -> TestResponse:
        """One of the requests that come later; `path` is where it is sent, if not where it belongs."""
        path = claims.pop("path", act)
        good = {"aud": URL, "iat": self.at, "nonce": claims.get("nonce") or self.nonce(), "act": act}
        members = {name: value for name, value in {**good, **claims}.items() if value is not None}
        written = key_proof.sign(members, typ=TYP_WALLET_REQUEST, signer=self.signer)
        return self.client.post(f"/api/v1/wallet/{path}", data=written, content_type="application/jwt")

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def packages(answer: TestResponse) -> list[bytes]:
    """The licence packages of an answer."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    written = [each["credential"] for each in answer.get_json()["credentials"]]
    return [base64.urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in written]


def refused(answer: TestResponse) -> tuple[int, str]:
    """Status and reason of a refusal, whose form is the same everywhere."""
    body = answer.get_json()
    assert {"error", "error_description", "message", "hint"} == body.keys()
    assert body["error_description"] == body["message"]
    assert body["message"].isascii()
    assert '"' not in body["message"]
    return answer.status_code, body["error"]
