"""The two documents that wallets begin with: what this authority issues (section 12.2), and how tokens are had.

Everything in them is public and the same for everybody. What is beyond the standard stands under `liangzheng`; wallets
that do not know it leave it alone (section 12.2.4).
"""

from collections.abc import Mapping
from typing import Any, Final

from issuer.devices.notices import DeviceEvent
from issuer.openid4vci.issuing import MOST_DEVICES
from issuer.openid4vci.offering import GRANT
from protocol.labels import Alg
from protocol.licence.catalogue import Kind, Names

FORMAT: Final = "lz1-package"
"""Our credential format: base64url of a licence package, which holds SD-CWTs (docs/spec/issuing.md)."""


def issuer_metadata(issuer_url: str, *, authority: str, kinds: Mapping[int, Kind]) -> dict[str, Any]:
    """Credential Issuer Metadata (section 12.2.4)."""
    there = f"{issuer_url}/openid4vci"
    wallets = f"{issuer_url}/api/v1/wallet"
    return {
        "credential_issuer": issuer_url,
        "credential_endpoint": f"{there}/credential",
        "nonce_endpoint": f"{there}/nonce",
        "deferred_credential_endpoint": f"{there}/deferred",
        "notification_endpoint": f"{there}/notification",
        "batch_credential_issuance": {"batch_size": MOST_DEVICES},
        "display": [{"name": authority}],
        "credential_configurations_supported": {
            kind.slug: {
                "format": FORMAT,
                "vct": kind.vct,
                "cryptographic_binding_methods_supported": ["cose_key"],
                "credential_signing_alg_values_supported": [int(Alg.ED25519), int(Alg.ESP256)],
                "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256", "EdDSA"]}},
                "credential_metadata": {"display": _display(kind.names)},
            }
            for kind in sorted(kinds.values(), key=lambda each: each.vct)
        },
        "liangzheng": {
            "refresh_endpoint": f"{wallets}/refresh",
            "devices_endpoint": f"{wallets}/devices",
            "lost_endpoint": f"{wallets}/lost",
            "notices_endpoint": f"{wallets}/notices",
            "notice_events": [each.value for each in DeviceEvent],
            "offices_endpoint": f"{wallets}/offices",
        },
    }


def server_metadata(issuer_url: str) -> dict[str, Any]:
    """Authorization Server Metadata (RFC 8414 section 2, OpenID4VCI section 12.3)."""
    return {
        "issuer": issuer_url,
        "token_endpoint": f"{issuer_url}/openid4vci/token",
        "grant_types_supported": [GRANT],
        "token_endpoint_auth_methods_supported": ["none"],
        "pre-authorized_grant_anonymous_access_supported": True,
    }


def _display(names: Names) -> list[dict[str, str]]:
    written = {"zh-Hans": names.zh_hans, "zh-Hant": names.zh_hant, "en": names.en}
    return [{"name": name, "locale": locale} for locale, name in written.items()]
