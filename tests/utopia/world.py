"""乌有市: a fictional world with one clock, repeatable randomness, two regions, honest issuers, holders and a root.

Everything that tests start from is made here and is good; `tests.utopia.forgeries` then changes one field of it. Two
worlds with the same seed are the same, byte for byte.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol import appraisal_policy, cbor, keys, status_list, trust_list, unixtime
from protocol.appraisal_policy import AppraisalPolicy, PolicyRow
from protocol.keys import Signer
from protocol.labels import Alg, HolderKind, KeyAssurance, KeyUse, Lic, Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue, Clear, Group, Kind, Single
from protocol.qr import envelope
from protocol.sd_cwt import credential, disclosure, key_binding, redaction
from protocol.sd_cwt.credential import CredentialClaims, StatusReference
from protocol.sd_cwt.key_binding import KeyBinding, Presentation
from protocol.status_list import StatusListToken
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from revocation.coverage import StatusSnapshot
from tests.utopia import kinds as utopian_kinds
from tests.utopia.clock import ManualClock
from tests.utopia.randomness import Drbg
from verifier_terminal.appraisal.context import Knowledge

WUYOU = "990000"
"""乌有市, the home region."""
ZIXU = "980000"
"""子虚市, another region with issuers of its own."""
REGIONS = (WUYOU, ZIXU)
BEGINNING = UnixTime(1_795_226_400)
"""2026-11-21 10:00:00 at UTC+8."""
ISSUED_ON = 20261101
LIST_NUMBER = 3
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential with everything that made it.

    `disclosures_of` gives, for a `lic` key, the encoded disclosures that let it out (a grouped item needs two).
    """

    encoded: bytes
    claims: CredentialClaims
    redacted_lic: Mapping[cbor.Key, cbor.Value]
    items: Mapping[int, cbor.Value]
    disclosures_of: Mapping[int, tuple[bytes, ...]]
    issuer: Signer
    holder: Signer

    def disclosures(self, shown: Iterable[int]) -> tuple[bytes, ...]:
        """What must stand in sd_claims to show these items; clear ones need nothing."""
        wanted = [each for key in shown for each in self.disclosures_of.get(key, ())]
        return tuple(dict.fromkeys(wanted))


class World:
    """The keys and builders. Randomness is drawn from named streams, so builders do not disturb one another."""

    def __init__(self, *, seed: str = "utopia", at: int = BEGINNING, kinds: Mapping[int, Kind] | None = None) -> None:
        self.clock = ManualClock(at)
        self.randomness = Drbg(seed)
        self.kinds = kinds if kinds is not None else utopian_kinds.fixed_kinds()
        self.roots: Mapping[str, Signer] = {region: self.signer(f"root {region}", Alg.ED25519) for region in REGIONS}
        self.status_signers: Mapping[str, Signer] = {
            region: self.signer(f"status {region}", Alg.ED25519) for region in REGIONS
        }
        self.issuers: Mapping[tuple[str, Alg], Signer] = {
            (region, alg): self.signer(f"assertion {region} {alg.name}", alg) for region in REGIONS for alg in Alg
        }

    # Keys.

    def signer(self, name: str, alg: Alg) -> Signer:
        """The software key of this name: the same for every call."""
        return keys.signer_for(alg, self.randomness.fork(f"key {name}")(32))

    def holder(self, name: str = "甲的手机", alg: Alg = Alg.ESP256) -> Signer:
        """A device key."""
        return self.signer(f"holder {name}", alg)

    @staticmethod
    def iss(region: str = WUYOU) -> str:
        """The name of a region's traffic authority."""
        return f"{region}.GA"

    # Credentials.

    def claims(
        self,
        *,
        holder: Signer,
        region: str = WUYOU,
        vct: int = utopian_kinds.DRIVING_LICENCE,
        idx: int = 4711,
        list_number: int = LIST_NUMBER,
        issued_on: int = ISSUED_ON,
        life_days: int = 90,
        valid_from: int = 20260101,
        holder_kind: HolderKind | None = HolderKind.NATURAL_PERSON,
        key_assurance: KeyAssurance = KeyAssurance.HARDWARE_USER_VERIFICATION,
    ) -> CredentialClaims:
        """What an issuer states besides the items; every argument is a field that a test may want to differ."""
        iat = unixtime.local_midnight(issued_on)
        stream = self.randomness.fork(f"sub {region} {vct} {idx}")
        return CredentialClaims(
            iss=self.iss(region),
            sub="".join(_BASE62[stream.below(62)] for _ in range(10)),
            exp=UnixTime(iat + life_days * DAY),
            nbf=unixtime.local_midnight(valid_from),
            iat=iat,
            cnf=holder.public_key.cose_key,
            vct=vct,
            status=StatusReference(f"lz:{region}/{list_number}", idx),
            holder_kind=holder_kind,
            key_assurance=key_assurance,
        )

    def credential(
        self,
        *,
        holder: Signer | None = None,
        issuer_alg: Alg = Alg.ED25519,
        region: str = WUYOU,
        items: Mapping[int, cbor.Value] | None = None,
        view: Purpose | None = None,
        claims: CredentialClaims | None = None,
    ) -> Issued:
        """A driving licence (or what `claims` and `items` say) in layout F, or in V for the purpose of `view`."""
        device = holder or self.holder()
        stated = claims or self.claims(holder=device, region=region)
        kind = self.kinds[stated.vct]
        content = dict(items if items is not None else utopian_kinds.driving_licence_items())
        if view is not None:
            content = {key: value for key, value in content.items() if key in kind.views[view]}
            lic: Mapping[cbor.Key, cbor.Value] = dict(content)
            disclosures_of: Mapping[int, tuple[bytes, ...]] = {}
        else:
            salts = self.randomness.fork(f"salts {stated.sub} {stated.status.idx}")
            lic, disclosures_of = lay_out(kind, content, salts)
        issuer = self.issuers[stated.region, issuer_alg]
        everything = dict.fromkeys(each for wanted in disclosures_of.values() for each in wanted)
        encoded = credential.issue(stated, lic, everything, issuer, kid=keys.kid_of(issuer.public_key))
        return Issued(encoded, stated, lic, content, disclosures_of, issuer, device)

    # Presentations.

    def key_binding(
        self,
        *,
        purpose: Purpose = Purpose.WINDOW,
        aud: str | None = None,
        iat: int | None = None,
        life: int = 60,
        cnonce: bytes | None = None,
    ) -> KeyBinding:
        """What the holder signs: now, for 60 seconds, for this purpose, unless told otherwise."""
        made = UnixTime(iat if iat is not None else self.clock.at)
        return KeyBinding(aud or purpose.audience, made, UnixTime(made + life), cnonce)

    def presentation(
        self,
        issued: Issued,
        *,
        shown: Iterable[int] = (Lic.NAME, Lic.LICENCE_NO),
        binding: KeyBinding | None = None,
        signer: Signer | None = None,
    ) -> bytes:
        """The bytes of one presentation; clear items are shown in any case."""
        return key_binding.present(
            issued.encoded, issued.disclosures(shown), binding or self.key_binding(), signer or issued.holder
        )

    def code(
        self,
        issued: Issued | None = None,
        *,
        shown: Iterable[int] = (Lic.NAME, Lic.LICENCE_NO),
        binding: KeyBinding | None = None,
    ) -> str:
        """The text of one dynamic code."""
        return envelope.wrap(self.presentation(issued or self.credential(), shown=shown, binding=binding))

    # What is signed for terminals.

    def anchors(self) -> tuple[TrustAnchor, ...]:
        """Every trusted key of both regions: two issuers and one status key each."""
        later = UnixTime(BEGINNING + 400 * DAY)
        kinds = frozenset(self.kinds)
        asserting = tuple(
            TrustAnchor(self.iss(region), signer.public_key, KeyUse.ASSERT, kinds, (f"lz:{region}/",), later, later)
            for (region, _), signer in self.issuers.items()
        )
        status = tuple(
            TrustAnchor(
                self.iss(region), signer.public_key, KeyUse.STATUS, frozenset(), (f"lz:{region}/",), later, later
            )
            for region, signer in self.status_signers.items()
        )
        return asserting + status

    def trust_bytes(self, anchors: tuple[TrustAnchor, ...] | None = None, *, seq: int = 1) -> bytes:
        """The home region's signed trust list."""
        at = self.clock.at
        entries = trust_list.index(anchors or self.anchors())
        return trust_list.sign(
            TrustList(WUYOU, seq, UnixTime(at - HOUR), UnixTime(at + 30 * DAY), entries), self.roots[WUYOU]
        )

    def trust(self, anchors: tuple[TrustAnchor, ...] | None = None) -> TrustList:
        """The same list, verified."""
        return trust_list.verify(self.trust_bytes(anchors), root=self.roots[WUYOU].public_key)

    def status_token_bytes(
        self,
        values: Mapping[int, int] | None = None,
        *,
        region: str = WUYOU,
        number: int = LIST_NUMBER,
        age: int = 60,
        seq: int = 1,
        entries: int = 8192,
    ) -> bytes:
        """A signed status list token, `age` seconds old, with these values (all others are VALID)."""
        iat = UnixTime(self.clock.at - age)
        packed = status_list.pack(values or {}, entries=entries)
        token = StatusListToken(
            self.iss(region), f"lz:{region}/{number}", seq, iat, UnixTime(iat + 7 * DAY), Seconds(300), packed
        )
        return status_list.sign(token, self.status_signers[region])

    def status_token(self, values: Mapping[int, int] | None = None, **fields: int | str) -> StatusListToken:
        """The same token, verified."""
        encoded = self.status_token_bytes(values, **fields)  # type: ignore[arg-type]  # the fields are checked there
        return status_list.verify(encoded, trust=self.trust(), at=self.clock.at)

    def catalogue(self) -> Catalogue:
        """The home region's catalogue, through its signed bytes."""
        at = self.clock.at
        stated = Catalogue(WUYOU, 1, UnixTime(at - HOUR), UnixTime(at + 30 * DAY), self.kinds)
        root = self.roots[WUYOU]
        return catalogue.verify(catalogue.sign(stated, root), root=root.public_key)

    def policy_row(self, vct: int, purpose: Purpose) -> PolicyRow:
        """A row that demands the view's items (or all required ones) and recognises the home region alone."""
        kind = self.kinds[vct]
        everything = frozenset(item.key for item in kind.items)
        mandatory = kind.views.get(purpose, frozenset({Lic.NAME}) & everything)
        return PolicyRow(
            vct=vct,
            purpose=purpose,
            regions=frozenset({WUYOU}),
            legal_basis="《乌有市电子证照管理办法》第一条",
            mandatory=mandatory,
            optional=everything - mandatory,
            masked=frozenset(),
            challenge_required=False,
            seal_required=False,
            link_waived=False,
            holders_required=1,
            person_check=False,
            irreversible=False,
            show_under_refusal=False,
            min_assurance=KeyAssurance.SOFTWARE,
            max_status_age=None,
            retention_days=30,
            review_path="乌有市政务服务中心一号窗口",
            separate_consent=frozenset(),
            guardian_below=None,
            values_on_file=False,
            only_for=None,
        )

    def policy(self, rows: Iterable[PolicyRow] | None = None) -> AppraisalPolicy:
        """The home region's policy, through its signed bytes: every kind for every purpose, unless told otherwise."""
        at = self.clock.at
        chosen = (
            rows if rows is not None else (self.policy_row(vct, purpose) for vct in self.kinds for purpose in Purpose)
        )
        listed = list(chosen)
        stated = AppraisalPolicy(
            WUYOU,
            1,
            UnixTime(at - HOUR),
            UnixTime(at + 30 * DAY),
            {(row.vct, row.purpose): row for row in listed if row.only_for is None},
            {(row.vct, row.purpose, row.only_for): row for row in listed if row.only_for is not None},
        )
        root = self.roots[WUYOU]
        return appraisal_policy.verify(appraisal_policy.sign(stated, root), root=root.public_key)

    def knowledge(self, *, status: Iterable[StatusListToken] | None = None) -> Knowledge:
        """What a provisioned terminal holds; without `status`, list 3 of both regions with nothing but VALID."""
        tokens = status if status is not None else [self.status_token(region=region) for region in REGIONS]
        return Knowledge(
            trust=self.trust(),
            catalogue=self.catalogue(),
            policy=self.policy(),
            status=StatusSnapshot({token.uri: token for token in tokens}),
        )

    # Reading.

    def read(self, text: str, *, trust: TrustList | None = None) -> Presentation:
        """Steps 1 to 9 and the clockless part of 10, as the terminal takes them."""
        return read(text, trust=trust or self.trust(), at=self.clock.at)


def read(text: str, *, trust: TrustList, at: UnixTime) -> Presentation:
    """Steps 1 to 9 and the clockless part of 10 of the order of verification.

    Raises:
        ProtocolError: The first rule that the text breaks.
    """
    unverified = key_binding.parse(envelope.unwrap(text))
    anchor = trust_list.find_assertion_anchor(trust, unverified.credential, at=at)
    presentation = key_binding.verify(unverified, anchor.key)
    key_binding.check_time_relations(presentation)
    return presentation


def lay_out(
    kind: Kind, items: Mapping[int, cbor.Value], salts: Drbg
) -> tuple[Mapping[cbor.Key, cbor.Value], Mapping[int, tuple[bytes, ...]]]:
    """Layout F: the redacted `lic` map, and for each hidden item the disclosures that let it out."""
    clear: dict[cbor.Key, cbor.Value] = {}
    hidden: list[disclosure.Disclosure] = []
    disclosures_of: dict[int, tuple[bytes, ...]] = {}
    groups: dict[int, dict[int, disclosure.Disclosure]] = {}
    for item in kind.items:
        if item.key not in items:
            continue
        match item.layout:
            case Clear():
                clear[item.key] = items[item.key]
            case Single():
                single = disclosure.disclose_key(salts(16), items[item.key], item.key)
                hidden.append(single)
                disclosures_of[item.key] = (single.encoded,)
            case Group() as group:
                member = disclosure.disclose_key(salts(16), items[item.key], item.key)
                groups.setdefault(group.key, {})[item.key] = member
    for key, members in groups.items():
        outer = disclosure.disclose_key(salts(16), redaction.redacted_map({}, members.values()), key)
        hidden.append(outer)
        for item_key, member in members.items():
            disclosures_of[item_key] = (outer.encoded, member.encoded)
    return redaction.redacted_map(clear, hidden), disclosures_of
