"""Receiving a licence package: all checks before anything is stored (SD-CWT section 6.2, docs/spec).

1 the package's form · 2 the root: expected, or known, or trusted at the first use · 3 the directory's signature and age
· 4 for each credential: form, issuer's key by (iss, kid) and use, issuer's signature, kind, a mandate's scope · 5 our
confirmation key · 6 every redacted hash has its disclosure, and every disclosure its hash · 7 the items are those of
the kind · 8 times · 9 one licence, one status reference for the group · 10 the portrait · 11 never an older edition.

Pure: bytes and holdings in, holdings out. Not handled here: fetching (`wiring.py`) and storing (`wallet.py`).
"""

from dataclasses import replace
from hashlib import sha256
from typing import Final

from protocol import cbor, directory, licence_package, limits, unixtime
from protocol.directory import WalletDirectory
from protocol.errors import (
    IssuerSignatureInvalid,
    ProtocolError,
)
from protocol.keys import VerificationKey
from protocol.labels import Lic
from protocol.licence import catalogue
from protocol.licence.catalogue import ItemType, Kind
from protocol.licence_package import LicencePackage
from protocol.sd_cwt import credential
from protocol.sd_cwt.credential import Credential
from protocol.unixtime import UnixTime
from wallet_sdk import held_credential
from wallet_sdk.errors import (
    CredentialMalformed,
    DirectoryExpired,
    DirectoryRefused,
    DisclosureMissing,
    DisclosuresWrong,
    ForeignDevice,
    GroupInconsistent,
    IssuerSignatureWrong,
    IssuerUnknown,
    ItemsWrong,
    KindUnknown,
    LicenceIdTaken,
    MandateWrong,
    PackageExpired,
    PackageFromFuture,
    PackageMalformed,
    PackageOlder,
    PortraitWrong,
    RegionMismatch,
    RootChanged,
    RootUnexpected,
)
from wallet_sdk.held_credential import HeldCredential
from wallet_sdk.holdings import Holdings, Region, StoredLicence

_DAYS: Final = frozenset({int(Lic.VALID_FROM), int(Lic.VALID_TO)})
_MAX_AHEAD: Final = 366 * unixtime.DAY
"""No licence is issued more than a year before its first day."""


def receive(encoded: bytes, holdings: Holdings, *, at: UnixTime, root: bytes | None) -> tuple[Holdings, str]:
    """The holdings with the licence of this package, and the licence's id.

    Args:
        encoded: The package as the issuer made it.
        holdings: What the wallet has.
        at: Now.
        root: SHA-256 thumbprint of the only root to accept; None: the root known for the region, or, for a region that
            is new to this wallet, the root in the package.

    Raises:
        ReceiveError: The first check that fails, by its own leaf.
    """
    # 1
    package = _package(encoded)
    # 2 (the pin is compared in 3, when it is known whose directory this is)
    if root is not None and package.root.thumbprint != root:
        raise RootUnexpected(f"it is {package.root.thumbprint.hex()}")
    # 3
    region, listed = _directory(package, holdings, at)
    # 4 to 7
    ours = holdings.device_key.public_key
    held = tuple(_credential(each, listed, ours, at) for each in package.credentials)
    # 8
    _check_times(held, at)
    # 9
    _check_group(held)
    # 10
    _check_portrait(package, held[0])
    # 11
    licence = StoredLicence(
        package.licence_id, listed.iss, package.credentials, package.portrait, package.refresh_url, at
    )
    _check_edition(held[0], holdings.licences.get(package.licence_id))
    return holdings.with_licence(licence, region), package.licence_id


def take_directory(encoded: bytes, holdings: Holdings, *, at: UnixTime) -> tuple[Holdings, str]:
    """The holdings with this newer directory of a region that they know, and the region.

    Raises:
        DirectoryRefused: No known region's root signed it, or it dropped a kind that is held.
        PackageOlder: A later one is held.
        DirectoryExpired, PackageFromFuture: Its age.
    """
    # Whose it is stands inside, so each known root is tried; a wallet knows a handful.
    for name, region in holdings.regions.items():
        try:
            listed = directory.verify(encoded, root=region.root)
        except ProtocolError:
            continue
        if listed.iss != name:
            break
        before = directory.verify(region.directory, root=region.root)
        if before.seq > listed.seq:
            raise PackageOlder(f"directory {listed.seq} of region {name}; {before.seq} is held")
        _check_directory(listed, holdings, at)
        return replace(holdings, regions={**holdings.regions, name: Region(region.root, encoded)}), name
    raise DirectoryRefused("no region that this wallet knows signed it")


def _package(encoded: bytes) -> LicencePackage:
    try:
        return licence_package.decode(encoded)
    except ProtocolError as reason:
        raise PackageMalformed(reason=reason) from None


def _directory(package: LicencePackage, holdings: Holdings, at: UnixTime) -> tuple[Region, WalletDirectory]:
    try:
        listed = directory.verify(package.directory, root=package.root)
    except ProtocolError as reason:
        raise DirectoryRefused(reason=reason) from None
    region = Region(package.root, package.directory)
    known = holdings.regions.get(listed.iss)
    if known is not None:
        if known.root.thumbprint != package.root.thumbprint:
            raise RootChanged(f"region {listed.iss}: {package.root.thumbprint.hex()}")
        before = directory.verify(known.directory, root=known.root)
        # An older directory never brings a withdrawn key back.
        if before.seq > listed.seq:
            region, listed = known, before
    _check_directory(listed, holdings, at)
    return region, listed


def _check_directory(listed: WalletDirectory, holdings: Holdings, at: UnixTime) -> None:
    for stored in holdings.licences.values():
        vct = held_credential.read(stored.credentials[0]).claims.vct
        if stored.region == listed.iss and vct not in listed.kinds:
            # Taking it would leave a licence of this wallet without names.
            raise DirectoryRefused(f"it dropped kind {vct}, of which this wallet holds a licence")
    if at >= listed.exp:
        raise DirectoryExpired(f"it ended {unixtime.iso_utc(listed.exp)}")
    if listed.iat > at + limits.CLOCK_SKEW:
        raise PackageFromFuture(f"its directory is of {unixtime.iso_utc(listed.iat)}")


def _credential(encoded: bytes, listed: WalletDirectory, ours: VerificationKey, at: UnixTime) -> HeldCredential:
    # 4
    verified, kind = _verified(encoded, listed, at)
    # 5 (SD-CWT section 6.2: the holder makes sure that the confirmation key is its own)
    if verified.confirmation_key.thumbprint != ours.thumbprint:
        raise ForeignDevice
    # 6
    try:
        restored = credential.disclosed_licence(verified)
        held = held_credential.read(encoded)
    except ProtocolError as reason:
        raise DisclosuresWrong(reason=reason) from None
    if restored.hidden:
        raise DisclosureMissing(f"{restored.hidden} hashes stay closed")
    # 7
    _check_items(held, kind)
    return held


def _verified(encoded: bytes, listed: WalletDirectory, at: UnixTime) -> tuple[Credential, Kind]:
    try:
        unverified = credential.parse(cbor.decode(encoded))
    except ProtocolError as reason:
        raise CredentialMalformed(reason=reason) from None
    claims = unverified.claims
    if claims.region != listed.iss:
        raise RegionMismatch(f"{claims.iss} under the root of {listed.iss}")
    try:
        anchor = listed.credential_anchor(unverified, at=at)
    except ProtocolError as reason:
        raise IssuerUnknown(f"{claims.iss}, key {unverified.kid.hex()}: {reason}") from None
    try:
        verified = credential.verify(unverified, anchor.key)
    except IssuerSignatureInvalid as reason:
        raise IssuerSignatureWrong(reason=reason) from None
    except ProtocolError as reason:
        raise CredentialMalformed(reason=reason) from None
    kind = listed.kinds.get(claims.vct)
    if kind is None:
        raise KindUnknown(str(claims.vct))
    if claims.mandate is not None and claims.mandate.contradictions(region=claims.region, vct=claims.vct):
        raise MandateWrong(f"kind {claims.vct} of {claims.region}")
    return verified, kind


def _check_items(held: HeldCredential, kind: Kind) -> None:
    for key, item in held.items.items():
        known = kind.item(key)
        if known is None:
            raise ItemsWrong(f"lic key {key} is not in the catalogue")
        if key in _DAYS and known.type is not ItemType.DATE:
            raise ItemsWrong(f"lic key {key} is no day in the catalogue")
        try:
            catalogue.check_value(known, item.value)
        except ProtocolError as reason:
            raise ItemsWrong(reason=reason) from None


def _check_times(held: tuple[HeldCredential, ...], at: UnixTime) -> None:
    first_day = held[0].items.get(Lic.VALID_FROM)
    # A licence that begins later is dated at its first day, because nbf ≤ iat (CONTRACTS.md); anything else that is
    # dated ahead means that a clock is wrong.
    begins = unixtime.local_midnight(first_day.value) if first_day and type(first_day.value) is int else at
    latest = max(at + limits.CLOCK_SKEW, min(begins, at + _MAX_AHEAD))
    for each in held:
        claims = each.claims
        if at >= claims.exp:
            raise PackageExpired(f"it ended {unixtime.iso_utc(claims.exp)}")
        if claims.iat > latest:
            raise PackageFromFuture(f"it is dated {unixtime.iso_utc(claims.iat)}")


def _check_group(held: tuple[HeldCredential, ...]) -> None:
    flexible = held[0]
    first = flexible.claims
    for each in held[1:]:
        claims = each.claims
        if (claims.iss, claims.vct) != (first.iss, first.vct):
            raise GroupInconsistent("issuers or kinds differ")
        # PROTOCOL.md: one status index for each group of one device key.
        if claims.status != first.status:
            raise GroupInconsistent("status references differ")
        if (claims.holder_kind, claims.key_assurance) != (first.holder_kind, first.key_assurance):
            raise GroupInconsistent("holder kind or key assurance differ")
        if claims.mandate != first.mandate:
            raise GroupInconsistent("mandates differ")
        for key, item in each.items.items():
            if key not in flexible.items or flexible.items[key].value != item.value:
                raise GroupInconsistent(f"a view states lic key {key} otherwise than the flexible credential")
    if len({each.claims.sub for each in held}) != len(held):
        raise GroupInconsistent("two credentials have one sub")


def _check_portrait(package: LicencePackage, flexible: HeldCredential) -> None:
    if package.portrait is None:
        return
    signed = flexible.items.get(Lic.PORTRAIT_SHA256)
    if signed is None or sha256(package.portrait).digest() != signed.value:
        raise PortraitWrong


def _check_edition(flexible: HeldCredential, stored: StoredLicence | None) -> None:
    if stored is None:
        return
    before = held_credential.read(stored.credentials[0]).claims
    is_mandate = flexible.claims.mandate is not None
    if (before.iss, before.vct, before.mandate is not None) != (flexible.claims.iss, flexible.claims.vct, is_mandate):
        # The package itself is not signed, so its licence id is only the issuer's word while the issuer is the same.
        raise LicenceIdTaken(stored.licence_id)
    if (flexible.claims.iat, flexible.claims.exp) < (before.iat, before.exp):
        raise PackageOlder(f"dated {unixtime.iso_utc(flexible.claims.iat)}")
