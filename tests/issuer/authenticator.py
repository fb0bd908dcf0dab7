"""A passkey in software: makes what a browser hands to the console, and lies in one thing where a test asks for it."""

import base64
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from protocol import cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
"""Flags of WebAuthn level 3, section 6.1."""


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One device with one key."""

    credential_id: bytes = b"\x01" * 32
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, asked: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """What `navigator.credentials.create` gives."""
        numbers = self.key.public_key().public_numbers()
        cose = cbor.encode({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        attested = b"\x00" * 16 + len(self.credential_id).to_bytes(2) + self.credential_id + cose
        data = self._data(asked["rp"]["id"], ATTESTED, lies) + attested
        statement = b"\xa3cfmtdnonegattStmt\xa0hauthDataX" + len(data).to_bytes(1) + data
        return self._answer(
            {"clientDataJSON": b64(self._client("webauthn.create", asked, lies)), "attestationObject": b64(statement)}
        )

    def get(self, asked: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """What `navigator.credentials.get` gives."""
        self.count += 1
        data, client = self._data(asked["rpId"], 0, lies), self._client("webauthn.get", asked, lies)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(lies.get("signature", signature)),
            }
        )

    def _data(self, host: str, flags: int, lies: dict[str, Any]) -> bytes:
        flags |= lies.get("flags", PRESENT | VERIFIED)
        count: int = lies.get("count", self.count)
        return sha256(lies.get("host", host).encode()).digest() + bytes([flags]) + count.to_bytes(4)

    def _client(self, kind: str, asked: dict[str, Any], lies: dict[str, Any]) -> bytes:
        said = {
            "type": lies.get("type", kind),
            "challenge": lies.get("challenge", asked["challenge"]),
            "origin": lies.get("origin", "http://localhost"),
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = b64(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
