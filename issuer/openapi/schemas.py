"""What bodies and answers of the issuer's interface look like, as JSON Schema (2020-12), by name."""

from collections.abc import Mapping
from typing import Any, Final

TEXT: Final[dict[str, Any]] = {"type": "string"}
NUMBER: Final[dict[str, Any]] = {"type": "integer"}
FLAG: Final[dict[str, Any]] = {"type": "boolean"}
TEXTS: Final[dict[str, Any]] = {"type": "array", "items": TEXT, "uniqueItems": True}
MOMENT: Final[dict[str, Any]] = {"type": "string", "format": "date-time"}
ANY_OBJECT: Final[dict[str, Any]] = {"type": "object"}
ROWS: Final[dict[str, Any]] = {"type": "array", "items": ANY_OBJECT}
BASE64: Final[dict[str, Any]] = {"type": "string", "contentEncoding": "base64"}
NULLABLE_TEXT: Final[dict[str, Any]] = {"type": ["string", "null"]}


def members(required: Mapping[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these members, and if wanted those; more may come."""
    return {"type": "object", "required": sorted(required), "properties": {**required, **optional}}


def closed(required: Mapping[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these members, and if wanted those, and no others."""
    return members(required, **optional) | {"additionalProperties": False}


def rows(of: dict[str, Any]) -> dict[str, Any]:
    """An array of these."""
    return {"type": "array", "items": of}


ERROR: Final = members({"error": TEXT, "message": TEXT, "hint": TEXT}, error_description=TEXT, problems=ROWS)
"""Of every refusal. `error_description` repeats `message` where OAuth calls it so."""

LICENCE: Final = members(
    {"id": TEXT, "kind": TEXT, "name": TEXT, "number": TEXT, "state": TEXT, "issued_at": MOMENT},
    valid_from=NULLABLE_TEXT,
    valid_to=NULLABLE_TEXT,
    flipped=NUMBER,
    published_by=NULLABLE_TEXT,
)
ISSUED: Final = members({"id": TEXT, "package_url": TEXT, "warnings": TEXTS}, to=MOMENT)
REASON: Final = closed({"reason": TEXT})
DEVICE_REASON: Final = closed({"reason": TEXT}, device=TEXT)
FLIPPED: Final = members({"id": TEXT, "flipped": NUMBER})
DEVICE: Final = members({"device": TEXT, "of": TEXT, "state": TEXT, "since": MOMENT, "to": MOMENT})
OFFER: Final = members(
    {"id": TEXT, "kind": TEXT, "state": TEXT, "needs_review": FLAG, "wrong_tries": NUMBER, "by": TEXT, "at": MOMENT},
    licence=NULLABLE_TEXT,
    wallet_says=NULLABLE_TEXT,
    until=MOMENT,
)
NEW_OFFER: Final = closed(
    {},
    licence=TEXT,
    kind=TEXT,
    subject=ANY_OBJECT,
    portrait=BASE64,
    department=TEXT,
    tx_code=FLAG,
    review=FLAG,
    by_reference=FLAG,
)
MADE_OFFER: Final = members({"id": TEXT, "uri": TEXT, "until": MOMENT}, tx_code=TEXT)
CREDENTIALS: Final = members(
    {"credentials": rows(members({"credential": TEXT})), "notification_id": TEXT},
)
DEFERRED: Final = members({"transaction_id": TEXT, "interval": {"type": "integer", "exclusiveMinimum": 0}})
CREDENTIAL_REQUEST: Final = members(
    {
        "credential_configuration_id": TEXT,
        "proofs": closed({"jwt": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 3}}),
    }
)
TOKEN_REQUEST: Final = members({"grant_type": TEXT, "pre-authorized_code": TEXT}, tx_code=TEXT)
TOKEN: Final = members({"access_token": TEXT, "token_type": TEXT, "expires_in": NUMBER})
NOTICES: Final = members(
    {
        "notices": rows(members({"licence": TEXT, "at": MOMENT}, status=TEXT, event=TEXT, device=TEXT)),
        "cursor": TEXT,
        "more": FLAG,
    }
)
"""An entry has either `status`, or `event` and `device`."""
STANDING: Final = members(
    {"number": TEXT, "kind": TEXT, "state": TEXT, "filed_at": MOMENT, "changed_at": MOMENT, "said": TEXT}
)
"""`said`: what is still wanted, or why it was refused or withdrawn; else empty."""
OFFICE: Final = members({"name": TEXT, "address": TEXT, "phone": TEXT}, kinds=TEXTS, place=TEXT)
