"""An issuer on paper that a page can ask: it offers a driving licence, and wants to look at it first."""

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
}


def lying_at(page: Page) -> str:
    """Lets this page ask that issuer; the link of its offer."""

    def answer(route: Route) -> None:
        status, content = ANSWERS[route.request.url.removeprefix(URL)]
        route.fulfill(status=status, json=content, headers={"Access-Control-Allow-Origin": "*"})

    page.route(f"{URL}/**", answer)
    return f"openid-credential-offer://?credential_offer={quote(json.dumps(OFFER), safe='')}"
