"""An issuer on paper that a page can ask: it offers a driving licence, looks at it first, and knows two devices."""

import json
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, Route

URL = "https://licences.example"
OFFER = {
    "credential_issuer": URL,
    "credential_configuration_ids": ["driving-licence"],
    "grants": {
        "urn:ietf:params:oauth:grant-type:pre-authorized_code": {
            "pre-authorized_code": "code",
            "tx_code": {"length": 6},
        }
    },
}
NAMES = {"zh-Hans": "机动车驾驶证", "zh-Hant": "機動車駕駛證", "en": "Driving licence"}
ANSWERS: dict[str, tuple[int, Any]] = {
    "/.well-known/openid-credential-issuer": (
        200,
        {
            "credential_issuer": URL,
            "credential_endpoint": f"{URL}/credential",
            "nonce_endpoint": f"{URL}/nonce",
            "liangzheng": {
                **{f"{act}_endpoint": f"{URL}/{act}" for act in ("devices", "lost", "notices")},
                "notice_events": ["device_bound", "device_lost"],
            },
            "credential_configurations_supported": {
                "driving-licence": {
                    "format": "lz1-package",
                    "credential_metadata": {"display": [{"name": n, "locale": each} for each, n in NAMES.items()]},
                }
            },
        },
    ),
    "/.well-known/oauth-authorization-server": (200, {"issuer": URL, "token_endpoint": f"{URL}/token"}),
    "/token": (200, {"access_token": "token"}),
    "/nonce": (200, {"c_nonce": "nonce"}),
    "/credential": (202, {"transaction_id": "t", "interval": 300}),
    "/devices": (
        200,
        [{"device": each * 32, "state": "in force", "since": "2026-11-01T08:00:00Z"} for each in ("3f", "a7")],
    ),
    "/lost": (200, {"flipped": 1}),
    "/notices": (200, {"notices": [], "cursor": "c", "more": False}),
}


def bound(licence: str, device: str = "a7" * 32, at: str = "2026-11-24T01:30:00Z") -> dict[str, str]:
    """A notice that this other device was bound to a licence."""
    return {"licence": licence, "event": "device_bound", "device": device, "at": at}


def told(*rows: dict[str, str], cursor: str = "told") -> tuple[int, Any]:
    """An answer with these notices."""
    return 200, {"notices": list(rows), "cursor": cursor, "more": False}


def lying_at(page: Page, **others: tuple[int, Any]) -> str:
    """Lets this page ask that issuer, which answers some things in another way; the link of its offer."""
    answers = ANSWERS | {f"/{path}": each for path, each in others.items()}

    def answer(route: Route) -> None:
        status, content = answers[route.request.url.removeprefix(URL)]
        route.fulfill(status=status, json=content, headers={"Access-Control-Allow-Origin": "*"})

    page.route(f"{URL}/**", answer)
    return f"openid-credential-offer://?credential_offer={quote(json.dumps(OFFER), safe='')}"
