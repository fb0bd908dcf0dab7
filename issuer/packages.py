"""Finds the package that a secret opens, without telling by its time or its answer whether there is one."""

import hmac
from hashlib import sha256

from issuer.errors import PackageUnknown
from issuer.register import Register


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
