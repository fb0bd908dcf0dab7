"""A toy authority over the protocol alone: everything that a good package needs, each part replaceable by a forgery."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import count

from protocol import cbor, directory, keys, labels, licence_package, limits, trust_list, unixtime
from protocol.directory import PurposeItems, Site, WalletDirectory
from protocol.keys import Ed25519Signer, Signer, VerificationKey
from protocol.labels import KeyUse, Purpose
from protocol.licence.catalogue import (
    Clear,
    Group,
    HolderRule,
    Holders,
    Item,
    ItemType,
    Kind,
    Layout,
    Names,
    RiskClass,
    Single,
    Term,
)
from protocol.licence_package import LicencePackage
from protocol.mandate import Mandate
from protocol.sd_cwt import credential, disclosure, redaction
from protocol.sd_cwt.credential import CredentialClaims, StatusReference
from protocol.sd_cwt.disclosure import Disclosure
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, HOUR, UnixTime

TODAY = 20261122
MIDNIGHT = unixtime.local_midnight(TODAY)
AT = UnixTime(MIDNIGHT + 9 * HOUR)
VCT = 65_004
ID_CARD = 65_001
COMPANY = 65_003
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
    holders=Holders(1, 1),
    departments=("traffic-police",),
    term=Term(None, None),
)

ID_KIND = Kind(
    vct=ID_CARD,
    slug="id-card",
    names=Names("居民身份证", "居民身分證", "Identity card"),
    holder=HolderRule.NATURAL,
    risk=RiskClass.M,
    lifetime_days=120,
    reminder_days=(30, 7, 1),
    type_code=None,
    items=(
        item(1, "name", ItemType.TEXT, Single()),
        item(3, "citizen_id", ItemType.CITIZEN_ID, Single()),
        item(7, "valid_to", ItemType.DATE, Clear(), required=False),
        item(10, "sex", ItemType.INTEGER, Single()),
    ),
    views={Purpose.WINDOW: frozenset({1, 3, 7})},
    holders=Holders(1, 1),
    departments=("public-security",),
    term=Term(None, None),
)

COMPANY_KIND = Kind(
    vct=COMPANY,
    slug="business-licence",
    names=Names("营业执照", "營業執照", "Business licence"),
    holder=HolderRule.LEGAL,
    risk=RiskClass.M,
    lifetime_days=120,
    reminder_days=(30, 7, 1),
    type_code=None,
    items=(
        item(1, "name", ItemType.TEXT, Clear()),
        item(4, "uscc", ItemType.USCC, Single()),
        item(7, "valid_to", ItemType.DATE, Clear(), required=False),
        item(15, "legal_representative", ItemType.TEXT, Single(), required=False),
    ),
    views={},
    holders=Holders(1, 1),
    departments=("market-regulation",),
    term=Term(None, None),
)

KINDS = {each.vct: each for each in (KIND, ID_KIND, COMPANY_KIND)}

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

ID_VALUES: Mapping[int, cbor.Value] = {1: "测试员甲", 3: "990101194912310028", 7: 20360101, 10: 1}

COMPANY_VALUES: Mapping[int, cbor.Value] = {1: "虚构贸易有限公司", 4: "91990000MA0000001X", 15: "测试员甲"}

MAXIMA = {
    (VCT, Purpose.WINDOW): PurposeItems(frozenset({1, 2, 7}), frozenset({3, 9, 13})),
    (VCT, Purpose.ROADSIDE): PurposeItems(frozenset({1, 2, 3, 5, 7}), frozenset({10})),
    (ID_CARD, Purpose.WINDOW): PurposeItems(frozenset({1, 7}), frozenset({3})),
    (COMPANY, Purpose.WINDOW): PurposeItems(frozenset({1}), frozenset({4, 15})),
    (COMPANY, Purpose.KIOSK): PurposeItems(frozenset({1, 4}), frozenset({15})),
}

SITES = {"NF6Y": Site("虚构市政务大厅", "虚构市车管所")}


class Salts:
    """Sixteen bytes, different each time and the same in each run."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self, size: int = 16) -> bytes:
        return sha256(next(self._numbers).to_bytes(8)).digest()[:size]


def flexible(
    values: Mapping[int, cbor.Value], salts: Salts, kind: Kind = KIND
) -> tuple[Mapping[cbor.Key, cbor.Value], list[Disclosure]]:
    """The redacted map and every disclosure of the F layout."""
    clear: dict[cbor.Key, cbor.Value] = {}
    singles: list[Disclosure] = []
    groups: dict[int, list[Disclosure]] = {}
    for key, value in values.items():
        known = kind.item(key)
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
    kinds = frozenset() if use is KeyUse.TERMINAL else frozenset({*KINDS, VCT + 1})
    return TrustAnchor(iss, key, use, kinds, (f"lz:{iss[:6]}/",), end, end)


@dataclass
class Authority:
    """Root, keys and directory of one region."""

    region: str = "310000"

    root: Signer = field(default_factory=lambda: Ed25519Signer(b"\x01" * 32))
    assertion: Signer = field(default_factory=lambda: Ed25519Signer(b"\x02" * 32))
    terminals: Signer = field(default_factory=lambda: Ed25519Signer(b"\x03" * 32))
    mandates: Signer = field(default_factory=lambda: Ed25519Signer(b"\x04" * 32))
    salts: Salts = field(default_factory=Salts)
    subs: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def iss(self) -> str:
        return f"{self.region}.GA"

    def directory(self) -> WalletDirectory:
        keys_by_use = (
            (KeyUse.ASSERT, self.assertion),
            (KeyUse.TERMINAL, self.terminals),
            (KeyUse.MANDATE, self.mandates),
        )
        return WalletDirectory(
            iss=self.region,
            seq=1,
            iat=MIDNIGHT,
            exp=UnixTime(MIDNIGHT + 30 * DAY),
            kinds=KINDS,
            maxima=MAXIMA,
            anchors=trust_list.index(tuple(anchor(key.public_key, iss=self.iss, use=use) for use, key in keys_by_use)),
            sites=SITES,
        )

    def claims(self, holder: VerificationKey, **changes: object) -> CredentialClaims:
        good = CredentialClaims(
            iss=self.iss,
            sub=f"{next(self.subs):010d}",
            exp=UnixTime(MIDNIGHT + 120 * DAY),
            nbf=unixtime.local_midnight(20260101),
            iat=MIDNIGHT,
            cnf=holder.cose_key,
            vct=VCT,
            status=StatusReference(f"lz:{self.region}/3", 4711),
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

    def flexible(
        self,
        holder: VerificationKey,
        values: Mapping[int, cbor.Value] = VALUES,
        kind: Kind = KIND,
        signer: Signer | None = None,
        **changes: object,
    ) -> bytes:
        lic, disclosures = flexible(values, self.salts, kind)
        claims = self.claims(holder, **{"vct": kind.vct, **changes})
        return self.issue(claims, lic, tuple(each.encoded for each in disclosures), signer)

    def view(
        self, holder: VerificationKey, values: Mapping[int, cbor.Value] = VALUES, kind: Kind = KIND, **changes: object
    ) -> bytes:
        lic = {key: values[key] for key in sorted(kind.views[Purpose.WINDOW])}
        return self.issue(self.claims(holder, **{"vct": kind.vct, **changes}), lic)

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

    def other_package(
        self,
        holder: VerificationKey,
        kind: Kind,
        values: Mapping[int, cbor.Value],
        licence_id: str,
        *,
        mandate: Mandate | None = None,
        **changes: object,
    ) -> LicencePackage:
        """A good package of another kind, or of somebody for whom the wallet's holder acts."""
        if mandate is not None:
            changes = {"mandate": mandate, "exp": UnixTime(MIDNIGHT + 90 * DAY), **changes}
        signer = self.assertion if mandate is None else self.mandates
        credentials = [self.flexible(holder, values, kind, signer, **changes)]
        if mandate is None and values.keys() >= kind.views.get(Purpose.WINDOW, {0}):
            credentials.append(self.view(holder, values, kind, **changes))
        return LicencePackage(
            licence_id=licence_id,
            credentials=tuple(credentials),
            portrait=None,
            refresh_url=None,
            directory=directory.sign(self.directory(), self.root),
            root=self.root.public_key,
        )


def encoded(package: LicencePackage) -> bytes:
    return licence_package.encode(package)


def holder_key(public_key: bytes) -> VerificationKey:
    return keys.load_cose_key(cbor.decode(public_key))
