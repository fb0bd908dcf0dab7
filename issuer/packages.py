"""Packages as they rest, without the directory that all of them would share, and as they are handed out, with it.

The wallet directory has tens of kilobytes and is the same for everybody (ADR 0002): the register keeps none of its
copies, and whoever asks for a package gets today's. Whether a secret opens one is told neither by time nor by answer.
"""

import hmac
from dataclasses import replace
from hashlib import sha256

from issuer.errors import PackageUnknown
from issuer.register import Register
from protocol import licence_package
from protocol.licence_package import LicencePackage


def bare(package: LicencePackage) -> bytes:
    """What the register keeps of a package."""
    return licence_package.encode(replace(package, directory=b""))


def completed(kept: bytes, directory: bytes) -> bytes:
    """The package for its holder, with this directory."""
    return licence_package.encode(replace(licence_package.decode(kept), directory=directory))


def by_secret(register: Register, package_id: str, secret: str) -> bytes:
    """The package of a licence or mandate that this secret opens.

    Raises:
        PackageUnknown: No such licence, or another secret: the answer does not tell which.
        RegisterUnavailable: The register did not answer.
    """
    offered = sha256(secret.encode(errors="surrogatepass")).digest()
    found: bytes | None = None
    is_form = package_id.isascii() and package_id.isprintable()
    for expected, package in register.packages_by_secret(package_id) if is_form else ():
        if hmac.compare_digest(expected, offered):
            found = package
    if found is None:
        raise PackageUnknown("no package lies at this address")
    return found
