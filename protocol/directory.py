"""The wallet directory of a region (typ `lz-directory`): what a wallet needs to know, in one signed document.

The catalogue (names, items, views), the maximum of items that each purpose may ask for, the keys that sign credentials,
mandates and terminal certificates (so that a wallet can check what it receives, SD-CWT section 6.2, and who asks), the
sites that short codes name, terminals that were withdrawn before their certificates end, and the offices that a holder
can go to. The wallet never reads trust lists of terminals.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cwt, labels, limits, place, short_code, signed_document, trust_list
from protocol.errors import SchemaError, ShapeError
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.labels import KeyUse, Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Kind
from protocol.place import Place
from protocol.roots import Root, RootSigner
from protocol.sd_cwt.credential import UnverifiedCredential
from protocol.signed_document import SignedDocument
from protocol.trust_list import TrustAnchor
from protocol.unixtime import UnixTime

_CATALOGUE: Final = 1
_PURPOSE_MAXIMA: Final = 2
_ANCHORS: Final = 3
_SITES: Final = 4
_WITHDRAWN: Final = 5
_OFFICES: Final = 6

_BODY: Final = frozenset({_CATALOGUE, _PURPOSE_MAXIMA, _ANCHORS, _SITES, _WITHDRAWN, _OFFICES})

USES: Final = frozenset({KeyUse.ASSERT, KeyUse.MANDATE, KeyUse.TERMINAL})
"""What a wallet has to verify: credentials, mandates, and terminal certificates. Other keys have no place here."""


@dataclass(frozen=True, slots=True)
class WalletDirectory:
    """A verified directory.

    `maxima` maps (vct, purpose) to what may be asked there; `anchors` are found by (iss, kid), each with its one use;
    `sites` by the four characters that begin a short code. `withdrawn` has the kid of each terminal key that was stolen
    or lost while its certificate runs: seven days at most, so the list stays short.
    """

    iss: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    kinds: Mapping[int, Kind]
    maxima: Mapping[tuple[int, Purpose], "PurposeItems"]
    anchors: Mapping[tuple[str, bytes], TrustAnchor]
    sites: Mapping[str, "Site"]
    withdrawn: frozenset[bytes] = frozenset()
    offices: tuple["Office", ...] = ()

    def credential_anchor(self, unverified: UnverifiedCredential, *, at: UnixTime) -> TrustAnchor:
        """The key that must have signed this credential. Raises: as `trust_list.find_credential_anchor`."""
        trust = trust_list.TrustList(self.iss, self.seq, self.iat, self.exp, self.anchors)
        return trust_list.find_credential_anchor(trust, unverified, at=at)


@dataclass(frozen=True, slots=True)
class PurposeItems:
    """What a purpose must have, and what it may ask for besides (an optional "no" never refuses service).

    `separate` are those of both that need a consent of their own: never proposed, and asked for each by itself.
    """

    mandatory: frozenset[int]
    optional: frozenset[int]
    separate: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Site:
    """A place whose terminals take short codes: what the wallet says before anything is signed for it."""

    name: str
    relying_party: str


@dataclass(frozen=True, slots=True)
class Office:
    """Where a holder can have licences of these kinds renewed or set right; in person, with or without a phone."""

    name: str
    address: str
    phone: str
    kinds: frozenset[int]
    place: Place | None = None


def sign(directory: WalletDirectory, root: RootSigner) -> bytes:
    """The signed bytes of a directory."""
    maxima = sorted(directory.maxima.items())
    body: dict[cbor.Key, cbor.Value] = {
        _CATALOGUE: catalogue.kinds_to_value(directory.kinds),
        _PURPOSE_MAXIMA: tuple(
            (vct, int(purpose), *(tuple(sorted(each)) for each in (items.mandatory, items.optional, items.separate)))
            for (vct, purpose), items in maxima
        ),
        _ANCHORS: trust_list.anchors_to_value(directory.anchors),
        _SITES: tuple((code, site.name, site.relying_party) for code, site in sorted(directory.sites.items())),
        _WITHDRAWN: tuple(sorted(directory.withdrawn)),
        _OFFICES: offices_to_value(directory.offices),
    }
    document = SignedDocument(directory.iss, directory.seq, directory.iat, directory.exp, body)
    return signed_document.sign(document, typ=labels.TYP_DIRECTORY, body_label=labels.CLAIM_CATALOGUE, signer=root)


def verify(encoded: bytes, *, root: Root, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS) -> WalletDirectory:
    """The directory, once its root's signature holds.

    Raises:
        ProtocolError: By its own reason.
    """
    document = signed_document.verify(
        encoded, expected_typ=labels.TYP_DIRECTORY, body_label=labels.CLAIM_CATALOGUE, root=root, algorithms=algorithms
    )
    body = document.body
    if not isinstance(body, Mapping) or body.keys() != _BODY:
        raise SchemaError("not a wallet directory")
    kinds = catalogue.kinds_from_value(body[_CATALOGUE])
    maxima = _maxima(body[_PURPOSE_MAXIMA])
    anchors = trust_list.anchors_from_value(body[_ANCHORS], algorithms=algorithms)
    if not any(anchor.use is KeyUse.ASSERT for anchor in anchors.values()):
        raise SchemaError("a directory without assertion keys")
    if not USES.issuperset(anchor.use for anchor in anchors.values()):
        raise SchemaError("a directory with keys that no wallet needs")
    return WalletDirectory(
        document.iss,
        document.seq,
        document.iat,
        document.exp,
        kinds,
        maxima,
        anchors,
        _sites(body[_SITES]),
        _withdrawn(body[_WITHDRAWN]),
        _offices(body[_OFFICES], kinds),
    )


def _maxima(value: cbor.Value) -> Mapping[tuple[int, Purpose], PurposeItems]:
    if not isinstance(value, tuple):
        raise SchemaError("purpose maxima are not an array")
    purposes = {int(purpose) for purpose in Purpose}
    maxima: dict[tuple[int, Purpose], PurposeItems] = {}
    for entry in value:
        match entry:
            case (int() as vct, int() as purpose, tuple() as mandatory, tuple() as optional, tuple() as separate) if (
                vct in labels.VCT_RANGE and purpose in purposes
            ):
                maxima[vct, Purpose(purpose)] = PurposeItems(_keys(mandatory), _keys(optional), _keys(separate))
            case _:
                raise SchemaError("a purpose maximum that has not its form")
    if len(maxima) != len(value):
        raise SchemaError("two maxima for one kind and purpose")
    return maxima


def _keys(value: tuple[cbor.Value, ...]) -> frozenset[int]:
    found: set[int] = set()
    for key in value:
        if type(key) is not int:
            raise SchemaError("an item key that is no integer")
        found.add(key)
    return frozenset(found)


def _sites(value: cbor.Value) -> Mapping[str, Site]:
    if not isinstance(value, tuple):
        raise SchemaError("sites are not an array")
    sites: dict[str, Site] = {}
    for entry in value:
        match entry:
            case (str() as code, str() as name, str() as relying_party) if _is_site(code) and (
                _is_shown(name) and _is_shown(relying_party)
            ):
                sites[code] = Site(name, relying_party)
            case _:
                raise SchemaError("a site that has not its form")
    if len(sites) != len(value):
        raise SchemaError("two sites have one code")
    return sites


def _withdrawn(value: cbor.Value) -> frozenset[bytes]:
    if not isinstance(value, tuple):
        raise SchemaError("withdrawn terminals are not an array")
    kids = [kid for kid in value if isinstance(kid, bytes) and len(kid) == limits.KID_BYTES]
    if len(kids) != len(value) or kids != sorted(set(kids)):
        raise SchemaError("withdrawn terminals are not kids in ascending order")
    return frozenset(kids)


def offices_to_value(offices: Iterable[Office]) -> cbor.Value:
    """What a directory says of these offices."""
    return tuple(
        (
            *(office.name, office.address, office.phone, tuple(sorted(office.kinds))),
            *(() if office.place is None else (place.to_value(office.place),)),
        )
        for office in offices
    )


def _offices(value: cbor.Value, kinds: Mapping[int, Kind]) -> tuple[Office, ...]:
    if not isinstance(value, tuple):
        raise SchemaError("offices are not an array")
    offices: list[Office] = []
    for entry in value:
        match entry:
            case (str() as name, str() as address, str() as phone, tuple() as served, *where) if (
                all(map(_is_shown, (name, address, phone))) and len(where) <= 1
            ):
                offices.append(Office(name, address, phone, _keys(served), *map(place.from_value, where)))
            case _:
                raise SchemaError("an office that has not its form")
        if not offices[-1].kinds or not offices[-1].kinds <= kinds.keys():
            raise SchemaError("an office for no kind of this catalogue")
    if len({office.name for office in offices}) != len(offices):
        raise SchemaError("two offices have one name")
    return tuple(offices)


def _is_site(code: str) -> bool:
    """Four characters in the one form that an audience carries; the tolerance is for what people type."""
    try:
        return short_code.ShortCode(short_code.decode_site(code), 0).site_characters == code
    except ShapeError:
        return False


def _is_shown(text: str) -> bool:
    return 0 < len(text) <= limits.MAX_SHOWN_NAME and cwt.text_is_harmless(text)
