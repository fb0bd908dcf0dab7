"""A token by PKCS#11 (OASIS PKCS #11 3.1): a smart card, a USB key of a company's desk, an HSM.

The private key is made in the token, marked sensitive and not extractable, and never leaves it. A session is opened for
each use and closed again, so that a token may be pulled and put back. Needs the extra `liangzheng-wallet[pkcs11]`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from protocol.keys import Ed25519Key, VerificationKey
from protocol.labels import Alg, KeyAssurance
from wallet_sdk.device_key import Authorisation, DeviceKey
from wallet_sdk.key_stores.errors import KeyGone, KeyLocked, KeyStoreUnusable
from wallet_sdk.key_stores.forms import public_key_from, signature_from
from wallet_sdk.ports import Random

_ID_BYTES: Final = 16
_CURVES: Final = {Alg.ESP256: "secp256r1", Alg.ED25519: "1.3.101.112"}
"""By name, and by the object identifier of RFC 8410."""
_OCTET_STRING_HEAD: Final = 2
"""PKCS #11 3.1 section 6.3: a point is wrapped as an OCTET STRING; both of ours are shorter than 128 bytes."""
_ED25519_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Pkcs11KeyStore:
    """Keys in one token.

    Attributes:
        module: The library of the token's maker.
        token: Its label.
        pin: Gives the user's PIN when it is asked for; it is kept by nobody.
        key_assurance: What the token is certified for; `OS_KEY_STORE` unless you know better.
    """

    module: Path
    token: str
    pin: Callable[[], str] = field(repr=False)
    random: Random = field(repr=False)
    key_assurance: KeyAssurance = KeyAssurance.OS_KEY_STORE

    @property
    def name(self) -> str:
        return f"pkcs11:{self.token}"

    def make(self, alg: Alg) -> bytes:
        handle = self.random(_ID_BYTES)
        with self._session(writes=True) as (pkcs11, session):
            is_edwards = alg is Alg.ED25519
            curve = pkcs11.util.ec.encode_named_curve_parameters(_CURVES[alg])
            parameters = session.create_domain_parameters(
                pkcs11.KeyType.EC_EDWARDS if is_edwards else pkcs11.KeyType.EC,
                {pkcs11.Attribute.EC_PARAMS: curve},
                local=True,
            )
            parameters.generate_keypair(
                mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN if is_edwards else None,
                id=handle,
                label="liangzheng-wallet",
                store=True,
                private_template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
            )
        return handle

    def key(self, handle: bytes) -> DeviceKey:
        with self._session() as (pkcs11, session):
            public = _object(pkcs11, session, pkcs11.ObjectClass.PUBLIC_KEY, handle)
            point = bytes(public[pkcs11.Attribute.EC_POINT])[_OCTET_STRING_HEAD:]
        return _TokenKey(self, handle, Ed25519Key(point) if len(point) == _ED25519_BYTES else public_key_from(point))

    def sign(self, handle: bytes, message: bytes, alg: Alg) -> bytes:
        """A signature by this key. Raises: KeyStoreError."""
        with self._session() as (pkcs11, session):
            key = _object(pkcs11, session, pkcs11.ObjectClass.PRIVATE_KEY, handle)
            if alg is Alg.ESP256:
                # Every token can CKM_ECDSA; hashing in it (CKM_ECDSA_SHA256) many cannot.
                signed = key.sign(sha256(message).digest(), mechanism=pkcs11.Mechanism.ECDSA)
            else:
                signed = key.sign(message, mechanism=pkcs11.Mechanism.EDDSA)
        return signature_from(bytes(signed), alg)

    @contextmanager
    def _session(self, *, writes: bool = False) -> Iterator[tuple[Any, Any]]:
        try:
            import pkcs11  # noqa: PLC0415 — an extra
            import pkcs11.util.ec  # noqa: PLC0415
        except ImportError:
            raise KeyStoreUnusable("the library python-pkcs11 is not installed: liangzheng-wallet[pkcs11]") from None
        locked = (
            pkcs11.PinIncorrect,
            pkcs11.PinLocked,
            pkcs11.PinInvalid,
            pkcs11.PinLenRange,
            pkcs11.UserPinNotInitialized,
        )
        try:
            token = pkcs11.lib(str(self.module)).get_token(token_label=self.token)
            with token.open(user_pin=self.pin(), rw=writes) as session:
                yield pkcs11, session
        except locked as error:
            raise KeyLocked(type(error).__name__) from None
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            raise KeyStoreUnusable(f"{self.name}: {type(error).__name__}") from None


def _object(pkcs11: Any, session: Any, object_class: Any, handle: bytes) -> Any:
    try:
        return session.get_key(object_class=object_class, id=handle)
    except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned):
        raise KeyGone("the token has no such key") from None


@dataclass(frozen=True, slots=True)
class _TokenKey:
    store: Pkcs11KeyStore
    handle: bytes = field(repr=False)
    public_key: VerificationKey

    @property
    def key_assurance(self) -> KeyAssurance:
        return self.store.key_assurance

    @property
    def authorisation(self) -> Authorisation:
        # The PIN opens the token; then it signs until it is pulled.
        return Authorisation.SESSION

    def sign(self, message: bytes) -> bytes:
        return self.store.sign(self.handle, message, Alg(self.public_key.alg))
