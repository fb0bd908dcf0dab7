"""SM2 and SM3 by the system's libcrypto (OpenSSL 3, EVP interface) through ctypes: the provider of `sm2`.

The one module of the protocol that loads a library of the system, and nothing else in the protocol imports it: whoever
wants SM2 opens the provider and builds a table with it. Guaranteed: a library that is missing, too old or without SM2
is told when it is opened, by its own error; whatever libcrypto does not call a good signature is none.

Not handled here: key forms and ranges (`sm2`).
"""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint, c_ulong, c_void_p
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from protocol import sm2

LIBRARIES: Final = ("libcrypto.so.3", "libcrypto.3.dylib", "libcrypto-3-x64.dll")
"""OpenSSL 3 on Linux, macOS and Windows, as the system's loader finds it."""
_OPENSSL_3: Final = 0x30000000
_NID_SM2: Final = 1172
_UNCOMPRESSED: Final = 4
_POINT_BYTES: Final = 65
_MAX_DER_BYTES: Final = 72
_UTF8_STRING: Final = 4
_OCTET_STRING: Final = 5
_UNSIGNED_INTEGER: Final = 2
_SELECT_PUBLIC_KEY: Final = 0x86
_SELECT_KEY_PAIR: Final = 0x87


class Sm2Unavailable(Exception):
    """There is no libcrypto with SM2 on this system; or it failed for another reason than the input."""


class _Param(ctypes.Structure):
    """OSSL_PARAM of openssl/core.h."""

    _fields_ = (
        ("key", c_char_p),
        ("data_type", c_uint),
        ("data", c_void_p),
        ("data_size", c_size_t),
        ("return_size", c_size_t),
    )


_SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "OpenSSL_version_num": (c_ulong, ()),
    "ERR_clear_error": (None, ()),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_PKEY_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_fromdata_init": (c_int, (c_void_p,)),
    "EVP_PKEY_fromdata": (c_int, (c_void_p, POINTER(c_void_p), c_int, POINTER(_Param))),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_MD_CTX_new": (c_void_p, ()),
    "EVP_MD_CTX_free": (None, (c_void_p,)),
    "EVP_DigestVerifyInit_ex": (
        c_int,
        (c_void_p, POINTER(c_void_p), c_char_p, c_void_p, c_char_p, c_void_p, POINTER(_Param)),
    ),
    "EVP_PKEY_CTX_set1_id": (c_int, (c_void_p, c_char_p, c_int)),
    "EVP_DigestVerify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "EVP_DigestSignInit_ex": (
        c_int,
        (c_void_p, POINTER(c_void_p), c_char_p, c_void_p, c_char_p, c_void_p, POINTER(_Param)),
    ),
    "EVP_DigestSign": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EC_GROUP_new_by_curve_name": (c_void_p, (c_int,)),
    "EC_GROUP_free": (None, (c_void_p,)),
    "EC_POINT_new": (c_void_p, (c_void_p,)),
    "EC_POINT_free": (None, (c_void_p,)),
    "EC_POINT_mul": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "EC_POINT_point2oct": (c_size_t, (c_void_p, c_void_p, c_int, c_char_p, c_size_t, c_void_p)),
    "BN_bin2bn": (c_void_p, (c_char_p, c_int, c_void_p)),
    "BN_clear_free": (None, (c_void_p,)),
}
"""Result and arguments of every function that is called, from the headers of OpenSSL 3.0."""

# GB/T 32918.5 annex A: a signature that a libcrypto with SM2 accepts.
_SAMPLE_POINT: Final = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
_SAMPLE_MESSAGE: Final = b"message digest"
_SAMPLE_SIGNATURE: Final = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


def open_provider(library: str | None = None) -> sm2.Sm2Provider:
    """SM2 of this library of the system, or of the first one of `LIBRARIES` that is there.

    Raises:
        Sm2Unavailable: There is none, it is older than OpenSSL 3, or it does not have SM2 and SM3.
    """
    names = LIBRARIES if library is None else (library,)
    for name in names:
        try:
            loaded = ctypes.CDLL(name)
        except OSError:
            continue
        return _Libcrypto(loaded, name)
    raise Sm2Unavailable(f"none of {', '.join(names)} is on this system")


class _Libcrypto:
    """One loaded library. Its objects live no longer than one call, so the provider may be shared between threads."""

    def __init__(self, loaded: ctypes.CDLL, name: str) -> None:
        try:
            for function, (result, arguments) in _SIGNATURES.items():
                getattr(loaded, function).restype = result
                getattr(loaded, function).argtypes = arguments
        except AttributeError as missing:
            raise Sm2Unavailable(f"{name} is older than OpenSSL 3, or was built without elliptic curves") from missing
        if loaded.OpenSSL_version_num() < _OPENSSL_3:
            raise Sm2Unavailable(f"{name} is older than OpenSSL 3")
        self._library = loaded
        # Some distributions build without SM2; the sample of the standard tells.
        if not self.verifies(_SAMPLE_POINT, _SAMPLE_SIGNATURE, _SAMPLE_MESSAGE):
            raise Sm2Unavailable(f"{name} does not verify the sample of GB/T 32918.5")

    def verifies(self, point: bytes, signature: bytes, message: bytes) -> bool:
        der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        with self._key(_SELECT_PUBLIC_KEY, _octets(b"pub", point)) as key, self._digest() as context:
            self._begin(self._library.EVP_DigestVerifyInit_ex, context, key)
            # 1 is a good signature; 0 is a bad one, and below 0 one that could not be looked at.
            return bool(self._library.EVP_DigestVerify(context, der, len(der), message, len(message)) == 1)

    def sign(self, scalar: bytes, message: bytes) -> bytes:
        # An integer in the order of the machine (openssl/core.h, OSSL_PARAM_UNSIGNED_INTEGER).
        native = scalar if sys.byteorder == "big" else scalar[::-1]
        private = _param(b"priv", _UNSIGNED_INTEGER, native)
        public = _octets(b"pub", self.public_point(scalar))
        with self._key(_SELECT_KEY_PAIR, public, private) as key, self._digest() as context:
            self._begin(self._library.EVP_DigestSignInit_ex, context, key)
            der, size = ctypes.create_string_buffer(_MAX_DER_BYTES), c_size_t(_MAX_DER_BYTES)
            self._demand(self._library.EVP_DigestSign(context, der, byref(size), message, len(message)) == 1)
            r, s = decode_dss_signature(der.raw[: size.value])
        return r.to_bytes(32) + s.to_bytes(32)

    def public_point(self, scalar: bytes) -> bytes:
        library = self._library
        encoded = ctypes.create_string_buffer(_POINT_BYTES)
        with (
            self._own(library.EC_GROUP_new_by_curve_name(_NID_SM2), library.EC_GROUP_free) as group,
            self._own(library.EC_POINT_new(group), library.EC_POINT_free) as point,
            self._own(library.BN_bin2bn(scalar, len(scalar), None), library.BN_clear_free) as number,
        ):
            self._demand(library.EC_POINT_mul(group, point, number, None, None, None) == 1)
            size = library.EC_POINT_point2oct(group, point, _UNCOMPRESSED, encoded, _POINT_BYTES, None)
            self._demand(size == _POINT_BYTES)
        return encoded.raw

    @contextmanager
    def _key(self, selection: int, *parameters: _Param) -> Iterator[int]:
        library = self._library
        group = _param(b"group", _UTF8_STRING, b"SM2")
        with self._own(library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None), library.EVP_PKEY_CTX_free) as context:
            self._demand(library.EVP_PKEY_fromdata_init(context) == 1)
            made = c_void_p()
            # The last, empty one ends the array.
            array = (_Param * (len(parameters) + 2))(group, *parameters)
            library.EVP_PKEY_fromdata(context, byref(made), selection, array)
        with self._own(made.value, library.EVP_PKEY_free) as key:
            yield key

    def _digest(self) -> Any:
        return self._own(self._library.EVP_MD_CTX_new(), self._library.EVP_MD_CTX_free)

    def _begin(self, function: Callable[..., int], context: int, key: int) -> None:
        # OpenSSL 3.0 takes the identifier only after this start, and before the first byte of the message.
        of_context = c_void_p()
        self._demand(function(context, byref(of_context), b"SM3", None, None, key, None) == 1)
        identified = self._library.EVP_PKEY_CTX_set1_id(of_context, sm2.DEFAULT_ID, len(sm2.DEFAULT_ID))
        self._demand(identified == 1)

    @contextmanager
    def _own(self, made: int | None, free: Callable[[int], None]) -> Iterator[int]:
        """An object of the library, freed at the end; nothing stays in the queue of errors that ssl shares."""
        self._demand(made is not None)
        assert made is not None
        try:
            yield made
        finally:
            free(made)
            self._library.ERR_clear_error()

    def _demand(self, succeeded: bool) -> None:
        if not succeeded:
            self._library.ERR_clear_error()
            raise Sm2Unavailable("libcrypto failed; it was built without SM2, or memory is short")


def _param(key: bytes, data_type: int, content: bytes) -> _Param:
    buffer = ctypes.create_string_buffer(content, len(content))
    return _Param(key, data_type, ctypes.cast(buffer, c_void_p), len(content), 0)


def _octets(key: bytes, content: bytes) -> _Param:
    return _param(key, _OCTET_STRING, content)
