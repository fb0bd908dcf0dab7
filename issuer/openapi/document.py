"""The whole interface of `issuer serve` as one OpenAPI 3.1 document: every route, what it takes, what it answers.

A route that is not in it, and one that is in it and nowhere else, fail a test. Every refusal has one form, whatever its
status; which words stand in `error` is said in docs/spec/issuing.md. Pages for people are not part of it.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from issuer.lifecycle import LegalChange
from issuer.openapi import schemas as s

_JSON: Final = "application/json"
_COSE: Final = "application/cose"
_CBOR: Final = "application/cbor"
_JWT: Final = "application/jwt"
_FORM: Final = "application/x-www-form-urlencoded"
_BINARY: Final[dict[str, Any]] = {"type": "string", "contentMediaType": "application/octet-stream"}
_OPERATOR: Final = "operator"
_ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - the name of a scheme
_ENUMS: Final = {"change": [str(each) for each in LegalChange], "decision": ["approve", "refuse", "withdraw"]}


@dataclass(frozen=True, slots=True)
class Content:
    """A body: its media types, and what it looks like."""

    schema: dict[str, Any]
    media: tuple[str, ...] = (_JSON,)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `opens`: what has to be shown; none: the route is public or proves itself."""

    name: str
    method: str
    path: str
    summary: str
    answers: dict[int, Content | None]
    body: Content | None = None
    opens: str | None = _OPERATOR
    query: tuple[str, ...] = field(default=())


def _json(schema: dict[str, Any]) -> Content:
    return Content(schema)


_LICENCE: Final = "/api/v1/licences/{licence_id}"
_JWT_BODY: Final = Content(s.TEXT, (_JWT,))
_COSE_BODY: Final = Content(_BINARY, (_COSE,))
_SEARCH: Final = ("search",)

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        "published", "get", "/published/{name}", "A published file", {200: Content(_BINARY, ("*/*",)), 304: None},
        opens=None,
    ),
    Operation(
        "package", "get", "/api/v1/packages/{licence_id}/{secret}", "The licence package that this address opens",
        {200: Content(_BINARY, (_CBOR,))}, opens=None,
    ),
    Operation("document", "get", "/api/v1/openapi.json", "This document", {200: _json(s.ANY_OBJECT)}, opens=None),
    Operation("licences", "get", "/api/v1/licences", "Licences, the newest first",
              {200: _json(s.rows(s.LICENCE))}, query=_SEARCH),
    Operation("issue", "post", "/api/v1/licences", "Issue a licence to a device key", {201: _json(s.ISSUED)},
              _json(s.closed({"kind": s.TEXT, "subject": s.ANY_OBJECT, "holder_key": s.TEXT}, portrait=s.BASE64))),
    Operation("change", "post", f"{_LICENCE}/{{change}}", "Change a licence's legal status",
              {200: _json(s.LICENCE)}, _json(s.REASON)),
    Operation("mandates", "get", f"{_LICENCE}/mandates", "Mandates of a licence", {200: _json(s.ROWS)}),
    Operation("issue_mandate", "post", f"{_LICENCE}/mandates", "Issue a mandate to an agent's key",
              {201: _json(s.ISSUED)},
              _json(s.closed({"agent_key": s.TEXT, "level": s.NUMBER, "purposes": s.TEXTS}, days=s.NUMBER,
                             kinds=s.TEXTS, parent_mandate=s.TEXT, key_assurance=s.TEXT, **{"as": s.TEXT}))),
    Operation("revoke_mandate", "post", "/api/v1/mandates/{mandate_id}/revoke", "Withdraw a mandate",
              {200: _json(s.ANY_OBJECT)}, _json(s.REASON)),
    Operation("papers", "get", f"{_LICENCE}/papers", "Paper codes of a licence", {200: _json(s.ROWS)}),
    Operation("issue_paper", "post", f"{_LICENCE}/papers", "Issue a paper code",
              {201: _json(s.members({"id": s.TEXT, "code": s.TEXT, "name": s.TEXT, "to": s.MOMENT, "page": s.TEXT}))},
              _json(s.closed({}, days=s.NUMBER))),
    Operation("paper_lost", "post", "/api/v1/papers/{paper_id}/lost", "Report a paper code lost",
              {200: _json(s.FLIPPED)}, _json(s.REASON)),
    Operation("devices", "get", f"{_LICENCE}/devices", "Devices of a licence", {200: _json(s.rows(s.DEVICE))}),
    Operation("report_lost", "post", f"{_LICENCE}/lost", "Report a device lost", {200: _json(s.FLIPPED)},
              _json(s.DEVICE_REASON)),
    Operation("found", "post", f"{_LICENCE}/found", "Issue to a device that was found again", {201: _json(s.ISSUED)},
              _json(s.DEVICE_REASON)),
    Operation("listed_offers", "get", "/api/v1/offers", "Offers, the newest first", {200: _json(s.rows(s.OFFER))}),
    Operation("make_offer", "post", "/api/v1/offers", "Offer a licence to a phone", {201: _json(s.MADE_OFFER)},
              _json(s.NEW_OFFER)),
    Operation("decide_offer", "post", "/api/v1/offers/{offer_id}/{decision}", "Approve, refuse or withdraw an offer",
              {200: _json(s.members({"id": s.TEXT}))}),
    Operation("terminals", "get", "/api/v1/terminals", "Certified terminals", {200: _json(s.ROWS)}, query=_SEARCH),
    Operation("certify", "post", "/api/v1/terminals/{terminal}/certificate", "Certify a terminal's key",
              {201: _json(s.members({"terminal": s.TEXT, "key_sha256": s.TEXT, "certificate": s.TEXT}))},
              _json(s.closed({"key": s.TEXT, "place": s.TEXT, "relying_party": s.TEXT, "purposes": s.TEXTS},
                             kinds=s.TEXTS, days=s.NUMBER, replace=s.FLAG))),
    Operation("withdraw", "post", "/api/v1/terminals/{terminal}/withdraw", "Withdraw a terminal's keys",
              {200: _json(s.ROWS)}, _json(s.REASON)),
    Operation("offices", "get", "/api/v1/offices", "Offices as the register has them", {200: _json(s.ROWS)},
              query=_SEARCH),
    Operation("add_office", "post", "/api/v1/offices", "List an office", {201: _json(s.OFFICE)},
              _json(s.closed({"name": s.TEXT, "address": s.TEXT, "phone": s.TEXT}, kinds=s.TEXTS,
                             place=s.TEXT))),
    Operation("remove_office", "delete", "/api/v1/offices/{name}", "List an office no more",
              {200: _json(s.ANY_OBJECT)}),
    Operation("sites", "get", "/api/v1/sites", "Sites with a short code", {200: _json(s.ROWS)}),
    Operation("add_site", "post", "/api/v1/sites", "Give a site its code", {201: _json(s.ANY_OBJECT)},
              _json(s.closed({"name": s.TEXT, "relying_party": s.TEXT}, code=s.TEXT))),
    Operation("remove_site", "delete", "/api/v1/sites/{code}", "Take a site's code away", {200: _json(s.ANY_OBJECT)}),
    Operation("fleet", "get", "/api/v1/fleet", "How every terminal stands", {200: _json(s.ROWS)}, query=_SEARCH),
    Operation("enrol", "post", "/api/v1/enrolments", "A terminal's enrolment", {200: Content(_BINARY, (_CBOR,))},
              _COSE_BODY, opens=None),
    Operation("renew", "post", "/api/v1/terminals/{terminal}/renewal", "A terminal's next certificate",
              {200: Content(_BINARY, (_COSE,))}, _COSE_BODY, opens=None),
    Operation("row", "post", "/api/v1/terminals/{terminal}/rows", "One row of a terminal",
              {200: _json(s.members({"key": s.TEXT, "received_at": s.MOMENT}))}, _COSE_BODY, opens=None),
    Operation("issuer_metadata", "get", "/.well-known/openid-credential-issuer", "Credential Issuer Metadata",
              {200: _json(s.ANY_OBJECT)}, opens=None),
    Operation("server_metadata", "get", "/.well-known/oauth-authorization-server", "Authorization Server Metadata",
              {200: _json(s.ANY_OBJECT)}, opens=None),
    Operation("offer", "get", "/openid4vci/offers/{reference}", "The offer that lies at this address",
              {200: _json(s.ANY_OBJECT)}, opens=None),
    Operation("token", "post", "/openid4vci/token", "An access token for the codes of an offer", {200: _json(s.TOKEN)},
              Content(s.TOKEN_REQUEST, (_FORM,)), opens=None),
    Operation("nonce", "post", "/openid4vci/nonce", "A nonce for proofs, good once",
              {200: _json(s.members({"c_nonce": s.TEXT}))}, opens=None),
    Operation("credential", "post", "/openid4vci/credential", "What was offered, for proven keys",
              {200: _json(s.CREDENTIALS), 202: _json(s.DEFERRED)}, _json(s.CREDENTIAL_REQUEST), opens=_ACCESS_TOKEN),
    Operation("deferred", "post", "/openid4vci/deferred", "What had to wait for a review",
              {200: _json(s.CREDENTIALS), 202: _json(s.DEFERRED)},
              _json(s.members({"transaction_id": s.TEXT})), opens=_ACCESS_TOKEN),
    Operation("notification", "post", "/openid4vci/notification", "What the wallet did with it", {204: None},
              _json(s.members({"notification_id": s.TEXT, "event": s.TEXT})), opens=_ACCESS_TOKEN),
    Operation("wallet_refresh", "post", "/api/v1/wallet/refresh", "A licence again, by the key that holds it",
              {200: Content(_BINARY, (_CBOR,))}, _JWT_BODY, opens=None),
    Operation("wallet_devices", "post", "/api/v1/wallet/devices", "The devices of a licence, by one of them",
              {200: _json(s.rows(s.DEVICE))}, _JWT_BODY, opens=None),
    Operation("wallet_lost", "post", "/api/v1/wallet/lost", "Report a device lost, by another one",
              {200: _json(s.members({"flipped": s.NUMBER}))}, _JWT_BODY, opens=None),
    Operation("wallet_notices", "post", "/api/v1/wallet/notices", "What has changed, by the key that holds it",
              {200: _json(s.NOTICES)}, _JWT_BODY, opens=None),
    Operation("application_standing", "post", "/api/v1/applications/standing",
              "How an application stands, by the number and the code of its receipt", {200: _json(s.STANDING)},
              _json(s.closed({"number": s.TEXT, "code": s.TEXT})), opens=None),
    Operation("wallet_offices", "get", "/api/v1/wallet/offices", "Where licences are renewed",
              {200: _json(s.rows(s.OFFICE))}, opens=None),
)  # fmt: skip


def document() -> dict[str, Any]:
    """The OpenAPI document, the same for every authority."""
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Liangzheng: the issuing authority",
            "version": "1",
            "description": "For operators' programs (a bearer token) and for wallets (OpenID4VCI 1.0).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": s.ERROR},
            "securitySchemes": {
                _OPERATOR: {"type": "http", "scheme": "bearer", "description": "The operator's token."},
                _ACCESS_TOKEN: {"type": "http", "scheme": "bearer", "description": "From /openid4vci/token."},
            },
        },
    }


def _operation(each: Operation) -> dict[str, Any]:
    refusal = {"description": "Refused", "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
    answers: dict[str, Any] = {str(status): _answer(content) for status, content in each.answers.items()}
    said: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        "security": [] if each.opens is None else [{each.opens: []}],
        "responses": answers | {"4XX": refusal, "503": refusal | {"description": "Not now; ask again"}},
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        | ({"schema": {"type": "string", "enum": _ENUMS[name]}} if name in _ENUMS else {})
        for name in _parameters(each.path)
    ] + [{"name": name, "in": "query", "schema": s.TEXT} for name in each.query]
    if parameters:
        said["parameters"] = parameters
    if each.body is not None:
        said["requestBody"] = {"required": True, "content": _media(each.body)}
    return said


def _answer(content: Content | None) -> dict[str, Any]:
    return {"description": "Done"} | ({} if content is None else {"content": _media(content)})


def _media(content: Content) -> dict[str, Any]:
    return {media: {"schema": content.schema} for media in content.media}


def _parameters(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
