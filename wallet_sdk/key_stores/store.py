"""A key store, and the one way by which a wallet uses a key of one: every signature is checked before it is shown.

Not handled here: the stores themselves (the files beside this one, and the app's own).
"""

from dataclasses import dataclass, field
from typing import Protocol

from protocol.errors import SignatureForm
from protocol.keys import SignatureMismatch, VerificationKey
from protocol.labels import Alg, KeyAssurance
from wallet_sdk.device_key import Authorisation, DeviceKey, OutsideKey, SoftwareKey
from wallet_sdk.errors import WalletError
from wallet_sdk.key_stores.errors import KeyFailed, KeyGone, KeyStoreMissing, KeyStoreUnexpected


class KeyStore(Protocol):
    """Makes device keys and finds them again. An implementation raises leaves of `KeyStoreError`."""

    @property
    def name(self) -> str:
        """Written into the vault, so that the wallet is opened by the same store again."""

    def make(self, alg: Alg) -> bytes:
        """A new key of this algorithm; the word by which `key` finds it again, at most 1,024 bytes.

        Raises:
            KeyStoreUnusable, KeyLocked, KeyDeclined, KeyFailed: There is none.
        """

    def key(self, handle: bytes) -> DeviceKey:
        """The key that `make` gave this word for.

        Raises:
            KeyGone: It is no longer there.
            KeyStoreUnusable, KeyLocked, KeyFailed: It cannot be reached.
        """


@dataclass(frozen=True, slots=True)
class _CheckedKey:
    """A key of a store whose signatures are verified: a wrong one would be refused at the counter, with a queue behind.

    One verification costs less than any store's signature."""

    store: str
    key: DeviceKey = field(repr=False)

    @property
    def public_key(self) -> VerificationKey:
        return self.key.public_key

    @property
    def key_assurance(self) -> KeyAssurance:
        return self.key.key_assurance

    @property
    def authorisation(self) -> Authorisation:
        return self.key.authorisation

    def sign(self, message: bytes) -> bytes:
        try:
            signature = self.key.sign(message)
        except WalletError:
            raise
        except Exception as error:
            # A bridge raises what its platform raises; the type says enough, its words may hold anything.
            raise KeyFailed(f"{self.store} raised {type(error).__name__}") from error
        try:
            self.public_key.verify(signature, message)
        except (SignatureForm, SignatureMismatch):
            raise KeyFailed(f"{self.store} gave {len(signature)} bytes that its public key does not verify") from None
        return signature


def device_key_of(held: SoftwareKey | OutsideKey, store: KeyStore | None) -> DeviceKey:
    """What signs for a wallet that holds this, opened with this store.

    Raises:
        KeyStoreMissing, KeyStoreUnexpected: The wallet's key is kept elsewhere.
        KeyGone: The store has another key in its place.
        KeyStoreError: As the store says.
    """
    if isinstance(held, SoftwareKey):
        if store is not None:
            raise KeyStoreUnexpected(store.name)
        return held
    if store is None or store.name != held.store:
        raise KeyStoreMissing(held.store)
    key = store.key(held.handle)
    if key.public_key != held.public_key:
        raise KeyGone("another key is in its place")
    return _CheckedKey(store.name, key)


def new_key(store: KeyStore, alg: Alg) -> OutsideKey:
    """A new key in this store, as a vault remembers it. Raises: KeyStoreError, as the store says."""
    handle = store.make(alg)
    key = store.key(handle)
    if key.public_key.alg != alg:
        raise KeyFailed(f"{store.name} made a key of another algorithm")
    return OutsideKey(store.name, handle, key.public_key)
