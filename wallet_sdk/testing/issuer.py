"""An issuing authority of a region that does not exist: it issues any kind of licence to any key that asks.

It has the kinds and purposes of the real catalogue (`catalogue.cbor`, made from it), invented holders, and keys that
everybody can read here. One issuance in twenty fails, as a network does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final

from protocol import cbor, directory, keys, labels, licence_package, limits, trust_list, unixtime
from protocol.directory import PurposeItems, Site, WalletDirectory
from protocol.keys import Ed25519Signer, Signer, VerificationKey
from protocol.labels import HolderKind, KeyAssurance, KeyUse, Lic, Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Clear, Group, HolderRule, Item, ItemType, Kind
from protocol.licence_package import LicencePackage
from protocol.sd_cwt import credential, disclosure, redaction
from protocol.sd_cwt.credential import CredentialClaims, LicenceItems, StatusReference
from protocol.sd_cwt.disclosure import Disclosure
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, UnixTime
from wallet_sdk.ports import Clock
from wallet_sdk.testing.chance import Chance

REGION: Final = "990000"
_ISS: Final = f"{REGION}.TEST"
_CATALOGUE: Final = Path(__file__).with_name("catalogue.cbor")
_YEAR: Final = 365 * DAY
_PEOPLE: Final = (("测试员甲", "990101194912310028"), ("测试员乙", "990101200002290011"))


class IssuerBusy(ConnectionError):
    """The issuer did not answer; nothing was issued. Trying again helps."""


@dataclass
class TestIssuer:
    """See the module.

    Attributes:
        clock: Its time; give it the wallet's.
        failures: The share of issuances that end in `IssuerBusy`.
        seed: The same one gives the same misfortunes.
    """

    __test__ = False  # For pytest, whose classes of tests are named so.

    clock: Clock
    failures: float = 0.05
    seed: int = 1
    root: Signer = field(default_factory=lambda: Ed25519Signer(sha256(b"test root").digest()), repr=False)
    assertion: Signer = field(default_factory=lambda: Ed25519Signer(sha256(b"test assertion").digest()), repr=False)
    terminals: Signer = field(default_factory=lambda: Ed25519Signer(sha256(b"test terminals").digest()), repr=False)
    issued: int = 0
    _chance: Chance = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = Chance(self.seed)

    @cached_property
    def _listed(self) -> tuple[Mapping[int, Kind], Mapping[tuple[int, Purpose], PurposeItems]]:
        return catalogue_from(_CATALOGUE.read_bytes())

    @property
    def iss(self) -> str:
        """Its name in every credential."""
        return _ISS

    @property
    def kinds(self) -> tuple[str, ...]:
        """The slugs of what it issues."""
        return tuple(kind.slug for kind in self._listed[0].values())

    def issue(
        self,
        public_key: bytes,
        kind: str = "driving-licence",
        *,
        licence_id: str | None = None,
        valid_days: int | None = None,
        key_assurance: KeyAssurance = KeyAssurance.SOFTWARE,
        items: Mapping[str, cbor.Value] | None = None,
    ) -> bytes:
        """The package of a licence that is bound to this key.

        Args:
            public_key: As `wallet.public_key()` gives it.
            kind: One of `kinds`.
            licence_id: That of an earlier licence, to issue it anew; None: a new one.
            valid_days: Until the licence ends by law; None: five years where its kind has a term, else never.
            key_assurance: What the issuer found out about the key.
            items: Values by item name, in place of invented ones.

        Raises:
            IssuerBusy: Nothing was issued.
            ValueError: There is no such kind, or no item of this name.
        """
        if self._chance.strikes(self.failures):
            raise IssuerBusy("the issuer did not answer")
        at, holder = self.clock(), keys.load_cose_key(cbor.decode(public_key))
        wanted = next((each for each in self._listed[0].values() if each.slug == kind), None)
        if wanted is None:
            raise ValueError(f"no kind {kind!r}; there are: {', '.join(self.kinds)}")
        self.issued += 1
        values = _invented(wanted, at, valid_days, self.issued)
        for name, value in (items or {}).items():
            item = wanted.item_named(name)
            if item is None:
                raise ValueError(f"no item {name!r}; there are: {', '.join(each.name for each in wanted.items)}")
            values[item.key] = value
        claims = self._claims(wanted, holder, values, at, key_assurance)
        # One device key, one index: whatever is issued together has one status, and each its own `sub`.
        credentials = [self._flexible(wanted, values, claims)]
        for number, (_, shown) in enumerate(sorted(wanted.views.items()), start=1):
            lic: LicenceItems = {key: values[key] for key in sorted(shown & values.keys())}
            credentials.append(self._signed(replace(claims, sub=f"{claims.sub[:-1]}{number}"), lic, ()))
        return licence_package.encode(
            LicencePackage(
                licence_id=licence_id or f"TEST{self.issued:06d}",
                credentials=tuple(credentials),
                portrait=None,
                refresh_url=None,
                directory=directory.sign(self.directory(at), self.root),
                root=self.root.public_key,
            )
        )

    def directory(self, at: UnixTime) -> WalletDirectory:
        """What the region tells wallets."""
        kinds, maxima = self._listed
        end = UnixTime(limits.MAX_TIME)
        anchors = tuple(
            TrustAnchor(_ISS, signer.public_key, use, kinds_of, (f"lz:{REGION}/",), end, end)
            for use, signer, kinds_of in (
                (KeyUse.ASSERT, self.assertion, frozenset(kinds)),
                (KeyUse.TERMINAL, self.terminals, frozenset[int]()),
            )
        )
        return WalletDirectory(
            iss=REGION,
            seq=1 + at // DAY,
            iat=unixtime.local_midnight(unixtime.local_day(at)),
            exp=UnixTime(at + 30 * DAY),
            kinds=kinds,
            maxima=maxima,
            anchors=trust_list.index(anchors),
            sites={"TEST": Site("测试大厅", "测试机关")},
        )

    def _claims(
        self,
        kind: Kind,
        holder: VerificationKey,
        values: Mapping[int, cbor.Value],
        at: UnixTime,
        key_assurance: KeyAssurance,
    ) -> CredentialClaims:
        iat = unixtime.local_midnight(unixtime.local_day(at))
        exp = UnixTime(iat + kind.lifetime_days * DAY)
        last = values.get(Lic.VALID_TO)
        if isinstance(last, int):
            exp = min(exp, unixtime.end_of_local_day(unixtime.LocalDay(last)))
        return CredentialClaims(
            iss=_ISS,
            sub=f"{self.issued:08d}00",
            exp=exp,
            nbf=iat,
            iat=iat,
            cnf=holder.cose_key,
            vct=kind.vct,
            status=StatusReference(f"lz:{REGION}/1", self.issued),
            holder_kind=HolderKind.LEGAL_PERSON if kind.holder is HolderRule.LEGAL else HolderKind.NATURAL_PERSON,
            key_assurance=key_assurance,
        )

    def _flexible(self, kind: Kind, values: Mapping[int, cbor.Value], claims: CredentialClaims) -> bytes:
        clear: dict[cbor.Key, cbor.Value] = {}
        hidden: list[Disclosure] = []
        groups: dict[int, list[Disclosure]] = {}
        for item in kind.items:
            if item.key not in values:
                continue
            match item.layout:
                case Clear():
                    clear[item.key] = values[item.key]
                case Group() as group:
                    groups.setdefault(group.key, []).append(self._disclosed(item.key, values[item.key]))
                case _:
                    hidden.append(self._disclosed(item.key, values[item.key]))
        inner = [each for members in groups.values() for each in members]
        hidden += [self._disclosed(key, redaction.redacted_map({}, members)) for key, members in groups.items()]
        encoded = tuple(each.encoded for each in (*hidden, *inner))
        return self._signed(claims, redaction.redacted_map(clear, hidden), encoded)

    def _disclosed(self, key: int, value: cbor.Value) -> Disclosure:
        return disclosure.disclose_key(self._chance.bytes(limits.SALT_BYTES), value, key)

    def _signed(self, claims: CredentialClaims, lic: LicenceItems, disclosures: tuple[bytes, ...]) -> bytes:
        kid = keys.kid_of(self.assertion.public_key)
        return credential.issue(claims, lic, disclosures, self.assertion, kid=kid)


def catalogue_from(encoded: bytes) -> tuple[Mapping[int, Kind], Mapping[tuple[int, Purpose], PurposeItems]]:
    """Kinds and the items of each purpose, as the file beside this one has them."""
    match cbor.decode(encoded, max_items=limits.MAX_DOCUMENT_ITEMS):
        case (tuple() as kinds, tuple() as rows):
            maxima = {
                (vct, Purpose(purpose)): PurposeItems(*(frozenset(each) for each in items))
                for vct, purpose, *items in rows
            }
            return catalogue.kinds_from_value(kinds), maxima
        case _:
            raise ValueError("catalogue.cbor has another form")


def catalogue_to(kinds: Mapping[int, Kind], maxima: Mapping[tuple[int, Purpose], PurposeItems]) -> bytes:
    """The file beside this one."""
    rows: tuple[cbor.Value, ...] = tuple(
        (vct, int(purpose), *(tuple(sorted(each)) for each in (items.mandatory, items.optional, items.separate)))
        for (vct, purpose), items in sorted(maxima.items())
    )
    return cbor.encode((catalogue.kinds_to_value(kinds), rows))


def _invented(kind: Kind, at: UnixTime, valid_days: int | None, number: int) -> dict[int, cbor.Value]:
    """A value for every required item and for the end, in the form that its type has."""
    first = unixtime.local_day(UnixTime(at - _YEAR))
    name, citizen_id = _PEOPLE[number % len(_PEOPLE)]
    last = unixtime.local_day(UnixTime(at + (5 * _YEAR if valid_days is None else valid_days * DAY)))
    fixed: dict[int, cbor.Value] = {
        Lic.NAME: "测试有限公司" if kind.holder is HolderRule.LEGAL else name,
        Lic.CITIZEN_ID: citizen_id,
        Lic.LICENCE_NO: f"TEST{number:06d}",
        Lic.AUTHORITY: "测试机关",
        Lic.VALID_FROM: int(first),
        Lic.FIRST_ISSUE: int(first),
        Lic.VALID_TO: int(last),
    }
    ends = valid_days is not None or kind.term.years is not None
    needed = (item for item in kind.items if item.required or (item.key == Lic.VALID_TO and ends))
    return {item.key: fixed.get(item.key, _by_type(item, first)) for item in needed}


def _by_type(item: Item, day: int) -> cbor.Value:
    match item.type:
        case ItemType.DATE:
            return int(day)
        case ItemType.INTEGER:
            return 1
        case ItemType.CITIZEN_ID:
            return _PEOPLE[0][1]
        case ItemType.USCC:
            return "91990000MA0000001B"
        case ItemType.DIGEST:
            return sha256(labels.PREFIX_PRESENTATION.encode()).digest()
        case _:
            # Cut between two characters where the item is shorter.
            return f"样例{item.labels.zh_hans}".encode()[: item.max_bytes].decode(errors="ignore")
