"""What opens an offer, and what is derived from one secret of the authority: codes, ids, macs. Nothing is kept here.

A code by reference is derived from the secret in the offer's address, so that the register needs neither. Ids of
deferred issuances and of notifications are derived from the offer's, so that they belong to one access token alone.
"""

import base64
import binascii
import hmac
from hashlib import sha256
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from issuer import draws
from issuer.draws import RandomBytes

SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 24
TX_CODE_DIGITS: Final = 6
"""With five tries one guess in 200,000 succeeds, and only for somebody who has the offer, too."""
RECEIPT_DIGITS: Final = 12
"""Typed on any telephone. At two guesses a minute (`issuer.openid4vci.addresses`) 10,000 addresses need decades."""


def drawn(random_bytes: RandomBytes) -> str:
    """A secret of 256 bits, as text."""
    return text(random_bytes(SECRET_BYTES))


def drawn_tx_code(random_bytes: RandomBytes) -> str:
    """A transaction code, each equally likely."""
    return f"{draws.below(random_bytes, 10**TX_CODE_DIGITS):0{TX_CODE_DIGITS}}"


def code_of(reference: str) -> str:
    """The pre-authorised code of the offer that lies at the address with this secret."""
    return text(_mac(reference.encode(errors="surrogatepass"), "pre-authorized_code", b""))


def digest(secret: str) -> bytes:
    """What the register keeps of a secret of 256 bits."""
    return sha256(secret.encode(errors="surrogatepass")).digest()


class DerivedSecrets:
    """What the authority derives from one secret of its own."""

    def __init__(self, key: bytes) -> None:
        self._key = _mac(key, "issuing to wallets", b"")

    def nonce_key(self) -> bytes:
        """Under which nonces are made."""
        return _mac(self._key, "nonce", b"")

    def cursor_key(self) -> bytes:
        """Under which cursors of notices are sealed."""
        return _mac(self._key, "cursor", b"")

    def tx_code_mac(self, offer_id: str, tx_code: str) -> bytes:
        """What the register keeps of a transaction code; without the key nobody tries all of them out."""
        return _mac(self._key, "tx_code", f"{offer_id}\0{tx_code}".encode(errors="surrogatepass"))

    def sealed_code(self, offer_id: str, tx_code: str, *, nonce: bytes) -> str:
        """A transaction code on its way from one page to another; `nonce` is drawn for this alone."""
        return text(Aead(_mac(self._key, "shown", b"")).encrypt(tx_code.encode(), offer_id.encode(), nonce))

    def opened_code(self, offer_id: str, sealed: str) -> str:
        """The transaction code of this offer; empty if it is none."""
        try:
            return Aead(_mac(self._key, "shown", b"")).decrypt(content(sealed) or b"", offer_id.encode()).decode()
        except (CryptoError, ValueError):
            return ""

    def receipt_code(self, application_id: str) -> str:
        """What stands on the receipt of this application, and opens how it stands."""
        drawn = int.from_bytes(_mac(self._key, "receipt", application_id.encode(errors="surrogatepass")))
        return f"{drawn % 10**RECEIPT_DIGITS:0{RECEIPT_DIGITS}}"

    def transaction_id(self, offer_id: str) -> str:
        """Of the deferred issuance of this offer."""
        return text(_mac(self._key, "transaction_id", offer_id.encode()))

    def notification_id(self, offer_id: str) -> str:
        """Of what was issued for this offer."""
        return text(_mac(self._key, "notification_id", offer_id.encode()))


def text(content: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def content(written: str) -> bytes | None:
    """The bytes of such a text; None if it is none."""
    try:
        return base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _mac(key: bytes, use: str, content: bytes) -> bytes:
    return hmac.digest(key, f"liangzheng {use}\0".encode() + content, "sha256")
