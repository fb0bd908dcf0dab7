"""A key store of the app's own: three functions, such as a bridge to a phone's or a mini-program host's key store."""

from collections.abc import Callable
from dataclasses import dataclass, field

from protocol.keys import VerificationKey
from protocol.labels import Alg, KeyAssurance
from wallet_sdk.device_key import Authorisation, DeviceKey
from wallet_sdk.errors import WalletError
from wallet_sdk.key_stores.errors import KeyFailed
from wallet_sdk.key_stores.forms import public_key_from, signature_from


@dataclass(frozen=True, slots=True)
class CallbackKeyStore:
    """Keys that three functions make, name and use.

    The functions may raise leaves of `KeyStoreError`: `KeyDeclined` where the holder cancels, `KeyLocked`, `KeyGone`
    where a new fingerprint has invalidated the key. Whatever else they raise becomes `KeyFailed`.

    Attributes:
        name: Written into the vault: the wallet is opened by a store of this name again.
        make_key: Makes a key of an algorithm, and gives the word by which the others find it (an alias, a tag).
        public_key: The public half: a COSE_Key, a SubjectPublicKeyInfo, or an uncompressed point.
        sign_with: Signs a message: with ECDSA over its SHA-256 (DER, or r and s of 32 bytes each), or Ed25519.
        key_assurance: What such a key can honestly claim.
        authorisation: Whether the holder lets it sign once a session, or each time.
    """

    name: str
    make_key: Callable[[Alg], bytes] = field(repr=False)
    public_key: Callable[[bytes], bytes] = field(repr=False)
    sign_with: Callable[[bytes, bytes], bytes] = field(repr=False)
    key_assurance: KeyAssurance
    authorisation: Authorisation

    def make(self, alg: Alg) -> bytes:
        return self._asked(self.make_key, alg)

    def key(self, handle: bytes) -> DeviceKey:
        public = public_key_from(self._asked(self.public_key, handle))
        return _CallbackKey(self, handle, public)

    def _asked(self, function: Callable[..., bytes], *arguments: object) -> bytes:
        try:
            return function(*arguments)
        except WalletError:
            raise
        except Exception as error:
            # A bridge raises what its platform raises; the type says enough, its words may hold anything.
            raise KeyFailed(f"{self.name} raised {type(error).__name__}") from error


@dataclass(frozen=True, slots=True)
class _CallbackKey:
    store: CallbackKeyStore
    handle: bytes = field(repr=False)
    public_key: VerificationKey

    @property
    def key_assurance(self) -> KeyAssurance:
        return self.store.key_assurance

    @property
    def authorisation(self) -> Authorisation:
        return self.store.authorisation

    def sign(self, message: bytes) -> bytes:
        return signature_from(self.store.sign_with(self.handle, message), self.public_key.alg)
