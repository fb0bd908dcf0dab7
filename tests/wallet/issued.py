"""A toy authority over the protocol alone: everything that a good package needs, each part replaceable by a forgery."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import count

from protocol import cbor, directory, keys, labels, licence_package, limits, trust_list, unixtime
from protocol.directory import PurposeItems, WalletDirectory
from protocol.keys import Ed25519Signer, Signer, VerificationKey
from protocol.labels import KeyUse, Purpose
from protocol.licence.catalogue import Clear, Group, HolderRule, Item, ItemType, Kind, Layout, Names, RiskClass, Single
from protocol.licence_package import LicencePackage
from protocol.sd_cwt import credential, disclosure, redaction
from protocol.sd_cwt.credential import CredentialClaims, StatusReference
from protocol.sd_cwt.disclosure import Disclosure
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, HOUR, UnixTime

TODAY = 20261122
MIDNIGHT = unixtime.local_midnight(TODAY)
AT = UnixTime(MIDNIGHT + 9 * HOUR)
VCT = 65_004
ISS = "310000.GA"
PORTRAIT = b"\x89a synthetic portrait"


def item(key: int, name: str, kind: ItemType, layout: Layout, *, required: bool = True) -> Item:
    return Item(key, name, kind, 200, required, Names(f"{name}-简", f"{name}-繁", name.title()), layout)


KIND = Kind(
    vct=VCT,
    slug="driving-licence",
    names=Names("驾驶证", "駕駛證", "Driving licence"),
    holder=HolderRule.NATURAL,
    risk=RiskClass.M,
    lifetime_days=120,
    reminder_days=(30, 7, 1),
    type_code=None,
    items=(
        item(1, "name", ItemType.TEXT, Single()),
        item(2, "class", ItemType.TEXT, Clear()),
        item(3, "citizen_id", ItemType.CITIZEN_ID, Single()),
        item(5, "licence_no", ItemType.TEXT, Group(0)),
        item(6, "valid_from", ItemType.DATE, Clear()),
        item(7, "valid_to", ItemType.DATE, Clear()),
        item(9, "authority", ItemType.TEXT, Clear()),
        item(10, "sex", ItemType.INTEGER, Group(0)),
        item(11, "birth_date", ItemType.DATE, Group(1)),
        item(13, "address", ItemType.TEXT, Group(1)),
        item(14, "portrait", ItemType.DIGEST, Single(), required=False),
        item(15, "legal_representative", ItemType.TEXT, Single(), required=False),
    ),
    views={Purpose.WINDOW: frozenset({1, 2, 7})},
)

VALUES: Mapping[int, cbor.Value] = {
    1: "测试员甲",
    2: "C1",
    3: "990101194912310028",
    5: "990101194912310028",
    6: 20260101,
    7: 20320101,
    9: "虚构市交通局",
    10: 1,
    11: 19491231,
    13: "虚构市测试区样例路1号",
    14: sha256(PORTRAIT).digest(),
}

MAXIMA = {
    (VCT, Purpose.WINDOW): PurposeItems(frozenset({1, 2, 7}), frozenset({3, 9, 13})),
    (VCT, Purpose.ROADSIDE): PurposeItems(frozenset({1, 2, 3, 5, 7}), frozenset({10})),
}


class Salts:
    """Sixteen bytes, different each time and the same in each run."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self, size: int = 16) -> bytes:
        return sha256(next(self._numbers).to_bytes(8)).digest()[:size]


def flexible(values: Mapping[int, cbor.Value], salts: Salts) -> tuple[Mapping[cbor.Key, cbor.Value], list[Disclosure]]:
    """The redacted map and every disclosure of the F layout."""
    clear: dict[cbor.Key, cbor.Value] = {}
    singles: list[Disclosure] = []
    groups: dict[int, list[Disclosure]] = {}
    for key, value in values.items():
        known = KIND.item(key)
        match known.layout if known else Single():
            case Clear():
                clear[key] = value
            case Single():
                singles.append(disclosure.disclose_key(salts(), value, key))
            case Group() as group:
                groups.setdefault(group.key, []).append(disclosure.disclose_key(salts(), value, key))
    parents = [
        disclosure.disclose_key(salts(), redaction.redacted_map({}, inner), key) for key, inner in groups.items()
    ]
    outer = [*singles, *parents, disclosure.decoy(salts())]
    return redaction.redacted_map(clear, outer), [*outer, *(each for inner in groups.values() for each in inner)]


def anchor(key: VerificationKey, *, iss: str = ISS, use: KeyUse = KeyUse.ASSERT) -> TrustAnchor:
    """This key as the directory lists it: for the one kind and one that its catalogue lacks, without an end."""
    end = UnixTime(limits.MAX_TIME)
    return TrustAnchor(iss, key, use, frozenset({VCT, VCT + 1}), ("lz:310000/",), end, end)


@dataclass
class Authority:
    """Root, assertion key and directory of one region."""

    root: Signer = field(default_factory=lambda: Ed25519Signer(b"\x01" * 32))
    assertion: Signer = field(default_factory=lambda: Ed25519Signer(b"\x02" * 32))
    salts: Salts = field(default_factory=Salts)
    subs: "count[int]" = field(default_factory=lambda: count(1))

    def directory(self) -> WalletDirectory:
        return WalletDirectory(
            iss="310000",
            seq=1,
            iat=MIDNIGHT,
            exp=UnixTime(MIDNIGHT + 30 * DAY),
            kinds={VCT: KIND},
            maxima=MAXIMA,
            anchors=trust_list.index((anchor(self.assertion.public_key),)),
            sites={},
        )

    def claims(self, holder: VerificationKey, **changes: object) -> CredentialClaims:
        good = CredentialClaims(
            iss=ISS,
            sub=f"{next(self.subs):010d}",
            exp=UnixTime(MIDNIGHT + 120 * DAY),
            nbf=unixtime.local_midnight(20260101),
            iat=MIDNIGHT,
            cnf=holder.cose_key,
            vct=VCT,
            status=StatusReference("lz:310000/3", 4711),
            holder_kind=labels.HolderKind.NATURAL_PERSON,
            key_assurance=labels.KeyAssurance.SOFTWARE,
        )
        return replace(good, **changes)  # type: ignore[arg-type]  # forgeries name any field

    def issue(
        self,
        claims: CredentialClaims,
        lic: Mapping[cbor.Key, cbor.Value],
        disclosures: tuple[bytes, ...] = (),
        signer: Signer | None = None,
    ) -> bytes:
        by = signer or self.assertion
        return credential.issue(claims, lic, disclosures, by, kid=keys.kid_of(by.public_key))

    def flexible(self, holder: VerificationKey, values: Mapping[int, cbor.Value] = VALUES, **changes: object) -> bytes:
        lic, disclosures = flexible(values, self.salts)
        return self.issue(self.claims(holder, **changes), lic, tuple(each.encoded for each in disclosures))

    def view(self, holder: VerificationKey, values: Mapping[int, cbor.Value] = VALUES, **changes: object) -> bytes:
        lic = {key: values[key] for key in sorted(KIND.views[Purpose.WINDOW])}
        return self.issue(self.claims(holder, **changes), lic)

    def package(
        self,
        holder: VerificationKey,
        values: Mapping[int, cbor.Value] = VALUES,
        listed: Callable[[WalletDirectory], WalletDirectory] = lambda good: good,
        **changes: object,
    ) -> LicencePackage:
        """A good package; `changes` go into the claims of both credentials."""
        return LicencePackage(
            licence_id="31000026A7",
            credentials=(self.flexible(holder, values, **changes), self.view(holder, values, **changes)),
            portrait=PORTRAIT,
            refresh_url="https://issuer.example/refresh",
            directory=directory.sign(listed(self.directory()), self.root),
            root=self.root.public_key,
        )


def encoded(package: LicencePackage) -> bytes:
    return licence_package.encode(package)


def holder_key(public_key: bytes) -> VerificationKey:
    return keys.load_cose_key(cbor.decode(public_key))
