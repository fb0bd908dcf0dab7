"""Routes that wallets call: OpenID4VCI 1.0, and what they ask later with their key. None takes the operator's token.

No cookie opens any of them, so that no page of somebody else's can use one (no CSRF): a wallet in a browser, which lies
anywhere, may read the answers of those that wallets call (CORS, `_FROM_PAGES`). Errors are {error, message, hint} as
everywhere, and `error_description` as the standard calls the message. Each address may ask so much
(`issuer.openid4vci.addresses`); whose it is says the web server in front, which alone reaches this service.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Flask, Response, jsonify, request

from issuer.application import Issuer
from issuer.devices import listing as devices_listing
from issuer.devices.notices import DeviceNotice
from issuer.errors import IssuerError
from issuer.openid4vci import codes, metadata
from issuer.openid4vci.addresses import GUESSES, REQUESTS, Bucket
from issuer.openid4vci.errors import (
    AccessTokenRefused,
    CredentialIdentifierUnknown,
    CredentialRequestMalformed,
    EncryptionUnsupported,
    GrantRefused,
    GrantTypeUnsupported,
    IssuingNow,
    NotificationMalformed,
    ProofRefused,
    TokenRequestMalformed,
    TooManyRequests,
    TransactionUnknown,
    WalletRequestRefused,
)
from issuer.openid4vci.holding import Notice
from issuer.openid4vci.issuing import EVENTS, Deferred, Delivered
from issuer.openid4vci.offering import GRANT
from issuer.openid4vci.redeeming import bearer
from issuer.web.bodies import error as error_answer
from issuer.web.callers import address
from protocol import unixtime
from protocol.unixtime import UnixTime

OPEN: Final = frozenset(
    f"openid4vci.{name}"
    for name in (
        *("issuer_metadata", "server_metadata", "offer", "token", "nonce", "credential", "deferred", "notification"),
        *("refresh", "devices", "lost", "notices", "offices"),
    )
)
"""Endpoints that check what is posted themselves, and what is public."""
_FROM_PAGES: Final = OPEN - {"openid4vci.offices"}
"""Pages of every origin may ask these and read the answers; the console, which lives by cookies, never does this."""
_PREFLIGHT_SECONDS: Final = 7_200
"""The longest that Chromium keeps the answer to a preflight."""
_TOKEN_PARAMETERS: Final = ("grant_type", "pre-authorized_code", "tx_code")


def add_routes(
    app: Flask, issuer: Issuer, now: Callable[[], UnixTime], public_url: str | None, status_of: Callable[[Any], int]
) -> None:
    """Put these routes into the application; `public_url` is this authority's identifier towards wallets."""
    wallets = Blueprint("openid4vci", __name__)
    its = issuer.wallet_issuing
    requests, guesses = Bucket(REQUESTS), Bucket(GUESSES)

    def url() -> str:
        return public_url or request.host_url.rstrip("/")

    def authorised() -> str:
        token = bearer(request.headers.get("Authorization", ""))
        its.credentials.demand(token, at=now())
        return token

    @wallets.before_request
    def within_rate() -> None:
        if request.method == "OPTIONS":
            # A browser's question whether it may ask: it touches nothing, and what it asks for is counted itself.
            return
        requests.take(address(), at=now())
        if request.endpoint in ("openid4vci.token", "openid4vci.offer"):
            guesses.demand(address(), at=now())

    @wallets.after_request
    def readable_by_pages(response: Response) -> Response:
        if request.endpoint in _FROM_PAGES:
            # Fetch standard, CORS protocol: with the wildcard a browser sends no credentials of its own along.
            response.headers["Access-Control-Allow-Origin"] = "*"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = response.headers["Allow"]
                response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
                response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
        return response

    @wallets.errorhandler(IssuerError)
    def refused(error: IssuerError) -> tuple[Response, int]:
        status = status_of(error)
        response = jsonify(error=error.code, error_description=str(error), message=str(error), hint=error.hint)
        if isinstance(error, AccessTokenRefused):
            response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        if isinstance(error, TooManyRequests | IssuingNow):
            response.headers["Retry-After"] = "60"
        return response, status

    @wallets.get("/.well-known/openid-credential-issuer")
    def issuer_metadata() -> Response:
        return jsonify(metadata.issuer_metadata(url(), authority=issuer.profile.iss, kinds=issuer.kinds))

    @wallets.get("/.well-known/oauth-authorization-server")
    def server_metadata() -> Response:
        return jsonify(metadata.server_metadata(url()))

    @wallets.get("/openid4vci/offers/<reference>")
    def offer(reference: str) -> Response | tuple[Response, int]:
        found = its.offers.by_reference(reference, issuer_url=url(), at=now())
        if found is None:
            guesses.take(address(), at=now())
            return error_answer("not_found", "no offer lies at this address", "Ask the office for a new offer.", 404)
        return jsonify(found)

    @wallets.post("/openid4vci/token")
    def token() -> Response:
        given = {name: request.form.getlist(name) for name in _TOKEN_PARAMETERS}
        if any(len(values) > 1 for values in given.values()) or not given["grant_type"]:
            # RFC 6749 section 3.2: a parameter stands once.
            raise TokenRequestMalformed("a parameter is missing or stands twice")
        if given["grant_type"] != [GRANT]:
            raise GrantTypeUnsupported("another grant than the pre-authorised code")
        if not given["pre-authorized_code"]:
            raise TokenRequestMalformed("no pre-authorised code")
        tx_code = given["tx_code"][0] if given["tx_code"] else None
        try:
            access = its.redemption.redeem(given["pre-authorized_code"][0], tx_code, at=now())
        except GrantRefused:
            guesses.take(address(), at=now())
            raise
        return jsonify(access_token=access.text, token_type="Bearer", expires_in=access.lives)  # noqa: S106

    @wallets.post("/openid4vci/nonce")
    def nonce() -> Response:
        return jsonify(c_nonce=its.nonces.give(at=now()))

    @wallets.post("/openid4vci/credential")
    def credential() -> tuple[Response, int]:
        access, body = authorised(), _object(CredentialRequestMalformed)
        if "credential_response_encryption" in body:
            raise EncryptionUnsupported("answers are not encrypted beyond TLS")
        if "credential_identifier" in body:
            raise CredentialIdentifierUnknown("no credential identifiers are given out")
        configuration = body.get("credential_configuration_id")
        if not isinstance(configuration, str):
            raise CredentialRequestMalformed("no credential_configuration_id")
        match body.get("proofs"):
            case {"jwt": list(written), **others} if not others and all(isinstance(each, str) for each in written):
                pass
            case None:
                raise ProofRefused("no proofs")
            case _:
                raise ProofRefused("proofs is an object of one member, jwt, an array of texts")
        return _delivery(its.credentials.request(access, configuration, written, issuer_url=url(), at=now()))

    @wallets.post("/openid4vci/deferred")
    def deferred() -> tuple[Response, int]:
        access, body = authorised(), _object(CredentialRequestMalformed)
        if "credential_response_encryption" in body:
            raise EncryptionUnsupported("answers are not encrypted beyond TLS")
        transaction_id = body.get("transaction_id")
        if not isinstance(transaction_id, str):
            raise TransactionUnknown("no transaction_id")
        return _delivery(its.credentials.deferred(access, transaction_id, issuer_url=url(), at=now()))

    @wallets.post("/openid4vci/notification")
    def notification() -> tuple[str, int]:
        access, body = authorised(), _object(NotificationMalformed)
        notification_id, event = body.get("notification_id"), body.get("event")
        if not isinstance(notification_id, str) or not isinstance(event, str) or event not in EVENTS:
            raise NotificationMalformed("notification_id or event is missing or not in its form")
        its.credentials.notified(access, notification_id, event, at=now())
        return "", 204

    @wallets.post("/api/v1/wallet/refresh")
    def refresh() -> Response:
        return Response(its.holding.refresh(_jwt(), issuer_url=url(), at=now()), mimetype="application/cbor")

    @wallets.post("/api/v1/wallet/devices")
    def devices() -> Response:
        found = its.holding.devices(_jwt(), issuer_url=url(), at=now())
        return jsonify([devices_listing.as_json(each) for each in found])

    @wallets.post("/api/v1/wallet/lost")
    def lost() -> Response:
        if request.mimetype == "application/jwt":
            flipped = its.holding.report_lost(_jwt(), issuer_url=url(), at=now())
        else:
            access, device = authorised(), _object(WalletRequestRefused).get("device")
            if not isinstance(device, str):
                raise WalletRequestRefused("no device")
            flipped = its.holding.report_lost_by_code(access, device, at=now())
        return jsonify(flipped=flipped)

    @wallets.post("/api/v1/wallet/notices")
    def notices() -> Response:
        found = its.holding.notices(_jwt(), issuer_url=url(), at=now())
        return jsonify(notices=[_notice(each) for each in found.notices], cursor=found.cursor, more=found.more)

    @wallets.get("/api/v1/wallet/offices")
    def offices() -> Response:
        slugs = {vct: kind.slug for vct, kind in issuer.kinds.items()}
        return jsonify(
            [
                {
                    "name": each.office.name,
                    "address": each.office.address,
                    "phone": each.office.phone,
                    "kinds": sorted(slugs[vct] for vct in each.office.kinds & slugs.keys()),
                    "place": "" if each.office.place is None else str(each.office.place),
                }
                for each in issuer.offices.listed()
            ]
        )

    app.register_blueprint(wallets)


def _delivery(answer: Delivered | Deferred) -> tuple[Response, int]:
    match answer:
        case Delivered(packages, notification_id):
            credentials = [{"credential": codes.text(each)} for each in packages]
            return jsonify(credentials=credentials, notification_id=notification_id), 200
        case Deferred(transaction_id, interval):
            return jsonify(transaction_id=transaction_id, interval=interval), 202


def _notice(notice: Notice | DeviceNotice) -> dict[str, str]:
    said = {"licence": notice.licence_id, "at": unixtime.iso_utc(notice.at)}
    if isinstance(notice, DeviceNotice):
        return said | {"event": notice.event.value, "device": notice.device.hex()}
    return said | {"status": notice.status.name.lower()}


def _jwt() -> str:
    try:
        return request.get_data(cache=False).decode("ascii")
    except UnicodeDecodeError:
        raise WalletRequestRefused("the body is no JWT") from None


def _object(refusal: type[IssuerError]) -> dict[str, Any]:
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        # Brackets within brackets within the size limit exhaust the interpreter's stack.
        body = None
    if not isinstance(body, dict):
        raise refusal("the body is no JSON object")
    return body
