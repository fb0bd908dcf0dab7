"""Keys in a token by PKCS#11 (OASIS PKCS #11 3.1): an HSM, or SoftHSM. They are made there and never leave it.

Guaranteed: private keys are sensitive and not extractable; each signature is verified before it is given out; a token
that went away is opened again by itself once it is back, and until then every use is `TokenUnavailable`, never another
key's signature; a PIN that was wrong is not tried a second time, since three times lock most tokens. One call at a time
for each process: the library initialises a module without its locks (`C_Initialize(NULL)`, section 5.4), and SoftHSM
then fails under two threads. Several processes sign side by side, each with a session of its own.
"""

import os
import threading
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PKCS11Error
from pkcs11.util.ec import encode_named_curve_parameters

from issuer.keys.errors import TokenRefused, TokenUnavailable
from issuer.profile import TokenPlace
from protocol import keys
from protocol.errors import KeyRefused, ProtocolError
from protocol.keys import Ed25519Key, P256Key, Signer, VerificationKey
from protocol.labels import Alg

_Answer = TypeVar("_Answer")

_CURVES: Final = {Alg.ESP256: "secp256r1", Alg.ED25519: "1.3.101.112"}
"""Ed25519 by the object identifier of RFC 8410: SoftHSM refuses the name "edwards25519" of section 6.3.5."""
_GENERATE: Final = {Alg.ESP256: Mechanism.EC_KEY_PAIR_GEN, Alg.ED25519: Mechanism.EC_EDWARDS_KEY_PAIR_GEN}
_NEVER_LEAVES: Final = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.PRIVATE: True,
    Attribute.SIGN: True,
}
_LABEL: Final = "liangzheng"
_OCTET_STRING: Final = 4
_ED25519_BYTES, _P256_BYTES = 32, 64
_UNCOMPRESSED: Final = 4
_PROBE: Final = b"liangzheng: does this key sign?"
_WRONG_PIN: Final = (
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
    pkcs11.PinExpired,
)

_CALLS: Final = threading.RLock()
_PROCESS_OF: Final[dict[str, int]] = {}
"""In which process each module was initialised: a child must do it again (section 5.4)."""


class Pkcs11Token:
    """One token. Shared by threads; not by processes, each of which opens its own."""

    def __init__(self, place: TokenPlace, *, pin: Callable[[], str]) -> None:
        self._place, self._pin = place, pin
        self._session: Any = None
        self._handles: dict[bytes, Any] = {}
        self._pin_was_wrong = False

    @property
    def alg(self) -> Alg:
        return self._place.alg

    def make(self, alg: Alg, *, key_id: bytes) -> VerificationKey:
        return self._asked(lambda: self._made(alg, key_id))

    def signer(self, key_id: bytes, key: VerificationKey) -> Signer:
        return _TokenSigner(self, key_id, key)

    def sign(self, key_id: bytes, key: VerificationKey, message: bytes) -> bytes:
        """A signature in the one accepted form, which verifies. Raises: TokenUnavailable."""
        signature = self._asked(lambda: self._signed(key_id, key.alg is Alg.ED25519, message))
        try:
            key.verify(signature, message)
        except (keys.SignatureMismatch, ProtocolError):
            raise TokenUnavailable("the token returned a signature that does not verify") from None
        return signature

    def describe(self) -> str:
        """The token in words. Raises: TokenUnavailable, PinRequired."""
        return self._asked(lambda: f"{self._session.token.label} ({self._session.token.model.strip()})")

    def _made(self, alg: Alg, key_id: bytes) -> VerificationKey:
        try:
            with self._token().open(rw=True) as session:
                parameters = session.create_domain_parameters(
                    KeyType.EC if alg is Alg.ESP256 else KeyType.EC_EDWARDS,
                    {Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVES[alg])},
                    local=True,
                )
                public, private = parameters.generate_keypair(
                    mechanism=_GENERATE[alg],
                    id=key_id,
                    label=_LABEL,
                    store=True,
                    private_template=_NEVER_LEAVES,
                )
                leaves = private[Attribute.EXTRACTABLE] or not private[Attribute.SENSITIVE]
                point = bytes(public[Attribute.EC_POINT])
        except (pkcs11.MechanismInvalid, pkcs11.MechanismParamInvalid, pkcs11.FunctionNotSupported) as error:
            raise TokenRefused(f"the token makes no {alg.name} keys ({type(error).__name__})") from None
        if leaves:
            raise TokenRefused("the token makes keys that can leave it")
        key = _public_key(alg, point)
        try:
            key.verify(self._signed(key_id, alg is Alg.ED25519, _PROBE), _PROBE)
        except (keys.SignatureMismatch, ProtocolError):
            raise TokenRefused(f"what the token signs with a new {alg.name} key does not verify") from None
        return key

    def _signed(self, key_id: bytes, is_edwards: bool, message: bytes) -> bytes:
        handle = self._handles.get(key_id)
        if handle is None:
            handle = self._session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=key_id)
            self._handles[key_id] = handle
        if is_edwards:
            return bytes(handle.sign(message, mechanism=Mechanism.EDDSA))
        # Every token can CKM_ECDSA; hashing in it (CKM_ECDSA_SHA256) many cannot. Half of the answers have a high s.
        signed = bytes(handle.sign(sha256(message).digest(), mechanism=Mechanism.ECDSA))
        r, s = int.from_bytes(signed[:32]), int.from_bytes(signed[32:])
        return r.to_bytes(32) + min(s, keys.P256_ORDER - s).to_bytes(32)

    def _asked(self, ask: Callable[[], _Answer]) -> _Answer:
        """The token's answer; a session that has died is opened once more.

        A token that was pulled and put back has forgotten its sessions, and says so at the first use of one.
        """
        with _CALLS:
            for is_last in (False, True):
                try:
                    if self._session is None:
                        self._open(anew=is_last)
                    return ask()
                except _WRONG_PIN as error:
                    self._pin_was_wrong = True
                    raise self._unavailable(error) from None
                except (PKCS11Error, RuntimeError, OSError) as error:
                    self._session, self._handles = None, {}
                    if is_last:
                        raise self._unavailable(error) from None
            raise AssertionError("it was asked twice")

    def _open(self, *, anew: bool) -> None:
        if self._pin_was_wrong:
            raise TokenUnavailable("the token has refused this PIN, and it is not tried again: put the right one there")
        module = str(self._place.module)
        library = pkcs11.lib(module)
        if anew or _PROCESS_OF.get(module, os.getpid()) != os.getpid():
            library.reinitialize()
        _PROCESS_OF[module] = os.getpid()
        token = self._token()
        try:
            self._session = token.open(user_pin=self._pin())
        except pkcs11.UserAlreadyLoggedIn:
            # By another issuer of this process: a login is the process's and not the session's (section 5.6).
            self._session = token.open()

    def _token(self) -> Any:
        return pkcs11.lib(str(self._place.module)).get_token(token_label=self._place.label)

    def _unavailable(self, error: Exception) -> TokenUnavailable:
        return TokenUnavailable(f"token {self._place.label}: {type(error).__name__}")


class _TokenSigner:
    """Signs with one key of a token."""

    def __init__(self, token: Pkcs11Token, key_id: bytes, key: VerificationKey) -> None:
        self._token, self._key_id, self._key = token, key_id, key

    @property
    def public_key(self) -> VerificationKey:
        return self._key

    def sign(self, message: bytes) -> bytes:
        return self._token.sign(self._key_id, self._key, message)


def _public_key(alg: Alg, point: bytes) -> VerificationKey:
    """The key of CKA_EC_POINT, which is wrapped as an OCTET STRING (section 6.3.3); some tokens give it bare."""
    size = _ED25519_BYTES if alg is Alg.ED25519 else 1 + _P256_BYTES
    if len(point) == size + 2 and point[:2] == bytes([_OCTET_STRING, size]):
        point = point[2:]
    try:
        if alg is Alg.ED25519:
            return Ed25519Key(point)
        if len(point) != size or point[0] != _UNCOMPRESSED:
            raise KeyRefused("not an uncompressed point")
        return P256Key(point[1:33], y_is_odd=bool(point[-1] & 1))
    except KeyRefused as error:
        raise TokenRefused(f"the token's public key is none: {error}") from None
