"""The signed trust list: which key may sign what, until when (PROTOCOL.md, "Keys and trust"; RFC 6024 trust anchors).

Look-up is by (iss, kid), never by kid alone; two anchors with one pair are a publishing error. Every key has exactly
one use. Not handled here: how a list reaches the terminal, rollback, and lateness.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol import cbor, cwt, keys, labels, limits, signed_document
from protocol.errors import (
    IssuerExpired,
    IssuerUnknown,
    KindNotAllowed,
    SchemaError,
    StatusUriError,
)
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable, VerificationKey
from protocol.labels import KeyUse
from protocol.roots import Root, RootSigner
from protocol.sd_cwt.credential import UnverifiedCredential
from protocol.signed_document import SignedDocument
from protocol.unixtime import UnixTime

_USES: Final = frozenset(KeyUse)
_MAX_PREFIX_BYTES: Final = 32
_ANCHORS: Final = 1
_WITHDRAWN: Final = 2


class AnchorLabel(IntEnum):
    """Keys of one anchor's map."""

    ISS = 1
    KID = 2
    COSE_KEY = 3
    USE = 4
    KINDS = 5
    STATUS_PREFIXES = 6
    SIGN_UNTIL = 7
    VERIFY_UNTIL = 8


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """One trusted key: what it may sign, and until when.

    `status_prefixes` are "lz:310000/" (every list of a region) or a whole list URI. An object that claims to be signed
    after `sign_until` is refused; after `verify_until` nothing that this key signed is relied upon.
    """

    iss: str
    key: VerificationKey
    use: KeyUse
    kinds: frozenset[int]
    status_prefixes: tuple[str, ...]
    sign_until: UnixTime
    verify_until: UnixTime

    @property
    def kid(self) -> bytes:
        return keys.kid_of(self.key)

    def allows_status_uri(self, uri: str) -> bool:
        """Whether lists with this URI belong to this key's issuer."""
        for prefix in self.status_prefixes:  # noqa: SIM110 — a generator costs every scan as much as the look-up.
            if uri.startswith(prefix) if prefix.endswith("/") else uri == prefix:
                return True
        return False


@dataclass(frozen=True, slots=True)
class TrustList:
    """A verified trust list."""

    iss: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    anchors: Mapping[tuple[str, bytes], TrustAnchor]
    withdrawn: frozenset[bytes] = frozenset()
    """Kids of keys of people and terminals that were withdrawn while their certificates run: 7 days at most."""

    def find(self, iss: str, kid: bytes, *, use: KeyUse) -> TrustAnchor:
        """The anchor with this pair and use.

        Raises:
            IssuerUnknown: There is none; a key trusted for another use is unknown for this one.
        """
        anchor = self.anchors.get((iss, kid))
        if anchor is None or anchor.use is not use:
            raise IssuerUnknown("no trusted key has this issuer, key identifier and use")
        return anchor

    def find_for(
        self, iss: str, kid: bytes, *, use: KeyUse, vct: int, signed_at: UnixTime, status_uri: str, at: UnixTime
    ) -> TrustAnchor:
        """The anchor that must have signed an object of this kind, with status in that list.

        Raises:
            IssuerUnknown: There is none with this pair and use.
            IssuerExpired: The key was not allowed to sign any more at that moment, or must no longer be relied on.
            KindNotAllowed: It may not sign this kind.
            StatusUriError: The status stands in a list that is not this issuer's.
        """
        anchor = self.find(iss, kid, use=use)
        if signed_at > anchor.sign_until or at > anchor.verify_until:
            raise IssuerExpired("the issuer's key had ended")
        if vct not in anchor.kinds:
            raise KindNotAllowed(f"this issuer may not sign kind {vct}")
        if not anchor.allows_status_uri(status_uri):
            raise StatusUriError("the status list belongs to another issuer")
        return anchor


def find_assertion_anchor(trust: TrustList, unverified: UnverifiedCredential, *, at: UnixTime) -> TrustAnchor:
    """Step 5: the anchor that must have signed this credential of a licence's own holder.

    Raises:
        IssuerUnknown: No assertion key has this (iss, kid); or the credential is a mandate, and such a key signs none.
        IssuerExpired, KindNotAllowed, StatusUriError: As `TrustList.find_for`.
    """
    if unverified.claims.mandate is not None:
        raise IssuerUnknown("a mandate, and an assertion key signs none")
    return _find_for_credential(trust, unverified, KeyUse.ASSERT, at)


def find_mandate_anchor(trust: TrustList, unverified: UnverifiedCredential, *, at: UnixTime) -> TrustAnchor:
    """Step 5 for a mandate. Whoever asks this must also look at what the mandate allows (`Mandate.oversteps`).

    Raises:
        IssuerUnknown: No key for mandates has this (iss, kid); or the credential is none, and it signs nothing else.
        IssuerExpired, KindNotAllowed, StatusUriError: As `TrustList.find_for`.
    """
    if unverified.claims.mandate is None:
        raise IssuerUnknown("no mandate, and a mandate key signs nothing else")
    return _find_for_credential(trust, unverified, KeyUse.MANDATE, at)


def _find_for_credential(trust: TrustList, unverified: UnverifiedCredential, use: KeyUse, at: UnixTime) -> TrustAnchor:
    claims = unverified.claims
    return trust.find_for(
        claims.iss,
        unverified.kid,
        use=use,
        vct=claims.vct,
        signed_at=claims.iat,
        status_uri=claims.status.uri,
        at=at,
    )


def find_credential_anchor(trust: TrustList, unverified: UnverifiedCredential, *, at: UnixTime) -> TrustAnchor:
    """Step 5 for any credential: a mandate takes a mandate key, everything else an assertion key.

    Raises:
        IssuerUnknown, IssuerExpired, KindNotAllowed, StatusUriError: As `TrustList.find_for`.
    """
    find = find_assertion_anchor if unverified.claims.mandate is None else find_mandate_anchor
    return find(trust, unverified, at=at)


def sign(trust: TrustList, root: RootSigner) -> bytes:
    """The signed bytes of a trust list."""
    anchors = anchors_to_value(trust.anchors)
    # Without a withdrawal the form is the one that every reader has always known.
    body: cbor.Value = {_ANCHORS: anchors, _WITHDRAWN: tuple(sorted(trust.withdrawn))} if trust.withdrawn else anchors
    document = SignedDocument(trust.iss, trust.seq, trust.iat, trust.exp, body)
    return signed_document.sign(document, typ=labels.TYP_TRUST, body_label=labels.CLAIM_ANCHORS, signer=root)


def anchors_to_value(anchors: Mapping[tuple[str, bytes], TrustAnchor]) -> cbor.Value:
    """Anchors as they stand in a trust list and in a wallet directory, in the order of their pairs."""
    return tuple(
        {
            AnchorLabel.ISS: anchor.iss,
            AnchorLabel.KID: kid,
            AnchorLabel.COSE_KEY: anchor.key.cose_key,
            AnchorLabel.USE: int(anchor.use),
            AnchorLabel.KINDS: tuple(sorted(anchor.kinds)),
            AnchorLabel.STATUS_PREFIXES: anchor.status_prefixes,
            AnchorLabel.SIGN_UNTIL: anchor.sign_until,
            AnchorLabel.VERIFY_UNTIL: anchor.verify_until,
        }
        for (_, kid), anchor in sorted(anchors.items(), key=lambda entry: entry[0])
    )


def anchors_from_value(
    value: cbor.Value, *, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS
) -> Mapping[tuple[str, bytes], TrustAnchor]:
    """The anchors by (iss, kid), every key of them checked; a single bad one spoils them all.

    Raises:
        SchemaError: Not an array of anchors, or as `index`.
        KeyRefused, TimeTypeError: One of them has no key, or no moments.
    """
    if not isinstance(value, tuple):
        raise SchemaError("anchors is not an array")
    return index(tuple(_anchor(entry, algorithms) for entry in value))


def index(anchors: tuple[TrustAnchor, ...]) -> Mapping[tuple[str, bytes], TrustAnchor]:
    """Anchors by (iss, kid).

    Raises:
        SchemaError: Two anchors have one pair, or there is none at all (an empty list trusts nobody by mistake).
    """
    by_pair = {(anchor.iss, anchor.kid): anchor for anchor in anchors}
    if len(by_pair) != len(anchors):
        raise SchemaError("two trust anchors have one (iss, kid)")
    if not by_pair:
        raise SchemaError("a trust list without anchors")
    return by_pair


def verify(encoded: bytes, *, root: Root, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS) -> TrustList:
    """The trust list, once its root's signature holds and every key in it was checked.

    Args:
        encoded: The signed bytes.
        root: The key or pair that is pinned.
        algorithms: The table by which the keys in it are read; one of another algorithm spoils the list.

    Raises:
        ProtocolError: By its own reason; a single bad anchor spoils the list.
    """
    document = signed_document.verify(
        encoded, expected_typ=labels.TYP_TRUST, body_label=labels.CLAIM_ANCHORS, root=root, algorithms=algorithms
    )
    match document.body:
        case Mapping() as body if body.keys() == {_ANCHORS, _WITHDRAWN}:
            listed, withdrawn = body[_ANCHORS], _withdrawn(body[_WITHDRAWN])
        case listed:
            withdrawn = frozenset()
    anchors = anchors_from_value(listed, algorithms=algorithms)
    return TrustList(document.iss, document.seq, document.iat, document.exp, anchors, withdrawn)


def _withdrawn(value: cbor.Value) -> frozenset[bytes]:
    if not isinstance(value, tuple) or not value:
        raise SchemaError("what is withdrawn is not an array of kids")
    kids = [kid for kid in value if isinstance(kid, bytes) and len(kid) == limits.KID_BYTES]
    if len(kids) != len(value) or kids != sorted(set(kids)):
        raise SchemaError("what is withdrawn are not kids in ascending order")
    return frozenset(kids)


def _anchor(entry: cbor.Value, algorithms: AlgorithmTable) -> TrustAnchor:
    if not isinstance(entry, Mapping) or entry.keys() != frozenset(AnchorLabel):
        raise SchemaError("an anchor that has not exactly the eight entries")
    key = keys.load_cose_key(entry[AnchorLabel.COSE_KEY], algorithms=algorithms)
    if entry[AnchorLabel.KID] != keys.kid_of(key):
        raise SchemaError("an anchor whose kid is not its key's thumbprint")
    use = entry[AnchorLabel.USE]
    if type(use) is not int or use not in _USES:
        raise SchemaError("an anchor without one use")
    kinds = entry[AnchorLabel.KINDS]
    prefixes = entry[AnchorLabel.STATUS_PREFIXES]
    if not isinstance(kinds, tuple) or not isinstance(prefixes, tuple):
        raise SchemaError("kinds and status prefixes are arrays")
    return TrustAnchor(
        iss=cwt.text(entry, AnchorLabel.ISS, max_bytes=signed_document.MAX_ISS_BYTES),
        key=key,
        use=KeyUse(use),
        kinds=frozenset(_kind(kind) for kind in kinds),
        status_prefixes=tuple(_prefix(prefix) for prefix in prefixes),
        sign_until=cwt.moment(entry, AnchorLabel.SIGN_UNTIL),
        verify_until=cwt.moment(entry, AnchorLabel.VERIFY_UNTIL),
    )


def _kind(value: cbor.Value) -> int:
    if type(value) is not int or value not in labels.VCT_RANGE:
        raise SchemaError("a kind that is none")
    return value


def _prefix(value: cbor.Value) -> str:
    if not isinstance(value, str) or not value.startswith("lz:") or len(value) > _MAX_PREFIX_BYTES:
        raise SchemaError("a status prefix that is none")
    return value
