"""What can be done with a sandbox: offers for anybody, decisions, legal changes, a lost device; and how it stands.

Every act is an act of the same issuer as in a deployment. Kept beside it, in memory alone: the offers that were made,
so that they can be shown again, and what goes wrong.
"""

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from issuer import holder_keys, listing
from issuer.application import Issuer
from issuer.devices import listing as devices_listing
from issuer.draws import RandomBytes
from issuer.joint.subjects import HOLDERS
from issuer.lifecycle import LegalChange
from issuer.openid4vci import listing as offers_listing
from issuer.openid4vci.offering import OfferState, Wish
from issuer.sandbox import faults, people
from issuer.sandbox.errors import SandboxRequestRefused
from issuer.sandbox.faults import Fault, Misfortune
from issuer.sandbox.misbehaving import Heard, Log, Misbehaving
from protocol import cbor, keys, licence_package, unixtime
from protocol.keys import VerificationKey
from protocol.labels import Alg
from protocol.licence.catalogue import Kind
from protocol.sd_cwt import credential
from protocol.unixtime import UnixTime

ACTOR: Final = "sandbox"
REASON: Final = "sandbox"
_PERSONS_SHOWN: Final = 12
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer with what the register has only as hashes. `told` is the transaction code that came the other way."""

    id: str
    kind: str
    person: int | None
    uri: str
    tx_code: str | None
    told: str | None
    until: UnixTime
    fault: Fault | None


class Sandbox:
    """One issuer of the test region, and what its page and its JSON endpoints do with it."""

    def __init__(
        self,
        issuer: Issuer,
        *,
        url: str,
        local_url: str,
        now: Callable[[], UnixTime],
        log: Log,
        random_bytes: RandomBytes,
    ) -> None:
        """`url` is where wallets reach it, `local_url` where this machine does."""
        self.issuer, self.url, self.local_url, self.now, self.log = issuer, url, local_url, now, log
        self._nobody = random_bytes(_KEY_BYTES)
        self._offered: dict[str, Offered] = {}
        self._made, self._lock = 0, threading.Lock()
        self._before: Misbehaving | None = None

    def stands_behind(self, misbehaving: Misbehaving) -> None:
        """Tell it what goes wrong before it."""
        self._before = misbehaving

    @property
    def misfortune(self) -> Misfortune:
        assert self._before is not None, "what goes wrong is told before anything is served"
        return self._before.misfortune

    def begin_anew(self, misfortune: Misfortune) -> None:
        """Other rates or another seed; the next request and the next offer are the first."""
        assert self._before is not None, "what goes wrong is told before anything is served"
        with self._lock:
            self._before.begin_anew(misfortune)
            self._made = 0

    def offer(
        self,
        kind: str,
        person: int,
        *,
        tx_code: bool = True,
        review: bool = False,
        by_reference: bool = False,
        items: Mapping[str, object] | None = None,
    ) -> Offered:
        """An offer of a new licence of this kind for this person, with these items in place of its own.

        Raises:
            SandboxRequestRefused: There is no such kind or person; nothing was made.
            SubjectRefused, OfferRefused: The items are none; nothing was made.
        """
        found = self._kind(kind, person)
        wish = Wish(tx_code=tx_code, review=review, by_reference=by_reference)
        if found.holders.least > 1:
            wish = replace(wish, licence_id=self._issued_together(found, person, items or {}))
        else:
            written = {**people.subject(found, person, at=self.now()), **(items or {})}
            wish = replace(wish, kind=kind, subject=written)
        return self._offer(wish, kind, person)

    def offer_again(self, licence_id: str) -> Offered:
        """An offer of a licence that stands in the register, for one more device. Raises: as `Offers.make`."""
        record = self.issuer.licence(licence_id)
        return self._offer(Wish(licence_id=licence_id), self.issuer.kinds[record.vct].slug, None)

    def send_again(self, offer_id: str) -> Offered:
        """The office sends the transaction code once more, and types it right. Raises: SandboxRequestRefused."""
        with self._lock:
            again = replace(self._known(offer_id), told=self._known(offer_id).tx_code)
            self._offered[offer_id] = again
        return again

    def decide(self, offer_id: str, decision: str) -> None:
        """Approve, refuse or withdraw. Raises: OfferUnknown, OfferNotOpen, SandboxRequestRefused."""
        offers = self.issuer.wallet_issuing.offers
        acts = {"approve": offers.approve, "refuse": offers.refuse, "withdraw": offers.withdraw}
        if decision not in acts:
            raise SandboxRequestRefused(f"one of: {', '.join(acts)}")
        acts[decision](offer_id, actor=ACTOR, at=self.now())

    def look_at_what_waits(self) -> None:
        """The clerk has looked at what chance has deferred; what somebody asked a review for waits for them."""
        for record in self.issuer.wallet_issuing.offers.listed():
            offered = self._offered.get(record.offer_id)
            is_chance = offered is not None and offered.fault is Fault.DEFERRED
            if is_chance and record.state is OfferState.PENDING and record.needs_review:
                self.decide(record.offer_id, "approve")

    def change(self, licence_id: str, legal_change: str) -> None:
        """Suspend, reinstate, revoke … and publish at once. Raises: SandboxRequestRefused, and as `Issuer.change`."""
        try:
            wanted = LegalChange(legal_change)
        except ValueError:
            raise SandboxRequestRefused(f"one of: {', '.join(LegalChange)}") from None
        self.issuer.change(licence_id, wanted, reason=REASON, actor=ACTOR, at=self.now())

    def renew(self, licence_id: str) -> Offered:
        """A new licence in the place of this one, and an offer by which its holder's wallet fetches it.

        Raises: as `LicenceRenewals.renew`.
        """
        before = self.issuer.licence(licence_id)
        first = credential.parse(cbor.decode(licence_package.decode(self.issuer.package(licence_id)).credentials[0]))
        changes = {"authority": people.marked(before.subject, f"{people.MARK}换发·")["authority"]}
        renewed = self.issuer.licence_renewals.renew(
            licence_id,
            changes,
            keys.load_cose_key(first.claims.cnf),
            reason=REASON,
            actor=ACTOR,
            at=self.now(),
        )
        return self.offer_again(renewed.licence_id)

    def lose(self, licence_id: str, device: str | None) -> None:
        """A device is reported lost: what it holds of this licence is over. Raises: as `Devices.report_lost`."""
        self.issuer.devices.report_lost(licence_id, device, reason=REASON, actor=ACTOR, at=self.now())

    def offered(self, offer_id: str) -> Offered:
        """An offer of this run. Raises: SandboxRequestRefused."""
        with self._lock:
            return self._known(offer_id)

    def issue(self, kind: str, person: int, holder_key: str) -> bytes:
        """The package of a new licence for this person, bound to this key, without an offer.

        Raises:
            SandboxRequestRefused: There is no such kind or person; nothing was issued.
            HolderKeyRefused, DeviceLost, TooManyDevices: Not for this key; nothing was issued.
        """
        found, at = self._kind(kind, person), self.now()
        key = holder_keys.read(holder_key.encode(errors="replace"))
        issued = self.issuer.issue(kind, people.subject(found, person, at=at), key, at=at, actor=ACTOR)
        return issued.package

    def known_offers(self) -> frozenset[str]:
        """The offers of this run, which can be shown again."""
        with self._lock:
            return frozenset(self._offered)

    def state(self) -> dict[str, Any]:
        """Everything that the page shows, for machines."""
        at = self.now()
        misfortune = self.misfortune
        return {
            "region": self.issuer.profile.region,
            "authority": self.issuer.profile.iss,
            "issuer": self.url,
            "trust": f"{self.local_url}/published",
            "root_sha256": self.issuer.root.thumbprint.hex(),
            "seed": misfortune.seed,
            "faults": {str(fault): misfortune.rates.get(fault, 0.0) for fault in Fault},
            "kinds": sorted(kind.slug for kind in self.issuer.kinds.values()),
            "persons": [
                {"number": number, "name": each.name, "sex": each.sex, "born": each.born.isoformat()}
                for number, each in ((number, people.person(number)) for number in range(_PERSONS_SHOWN))
            ],
            "licences": self.licences(at),
            "offers": [offers_listing.as_json(each, at=at) for each in self.issuer.wallet_issuing.offers.listed()],
        }

    def licences(self, at: UnixTime) -> list[dict[str, Any]]:
        """The licences, the newest first, each with its devices."""
        return [
            listing.as_json(record, self.issuer.kinds, at=at)
            | {"devices": [devices_listing.as_json(each) for each in self.issuer.devices.listed(record.id, at=at)]}
            for record in self.issuer.list()
        ]

    def _issued_together(self, kind: Kind, person: int, items: Mapping[str, object]) -> str:
        """The licence of the first holder of one that cannot be held alone, on a device that nobody has."""
        written = {**people.together(kind, person, at=self.now()), **items}
        holders = written[HOLDERS]
        nobodys = [self._nobodys_key(f"{person}/{place}") for place in range(len(holders))]
        issued = self.issuer.joint.issue(
            kind.slug, written, nobodys, portraits=[None] * len(holders), actor=ACTOR, at=self.now()
        )
        return issued[0].licence_id

    def _nobodys_key(self, whose: str) -> VerificationKey:
        # The same for the same holder, who may have three devices and wants them for wallets.
        return keys.signer_for(Alg.ESP256, hmac.digest(self._nobody, whose.encode(), "sha256")).public_key

    def _kind(self, slug: str, person: int) -> Kind:
        found = next((each for each in self.issuer.kinds.values() if each.slug == slug), None)
        if found is None or not 0 <= person < people.MOST:
            raise SandboxRequestRefused(f"a kind of the catalogue, and a person from 0 to {people.MOST - 1}")
        return found

    def _offer(self, wish: Wish, kind: str, person: int | None) -> Offered:
        with self._lock:
            self._made += 1
            fault = self.misfortune.of_offer(self._made)
        if (fault is Fault.DEFERRED and wish.review) or (fault is Fault.WRONG_TX_CODE and not wish.tx_code):
            fault = None
        if fault is Fault.DEFERRED:
            wish = replace(wish, review=True)
        made = self.issuer.wallet_issuing.offers.make(wish, issuer_url=self.url, actor=ACTOR, at=self.now())
        told = made.tx_code
        if fault is Fault.WRONG_TX_CODE and told is not None:
            told = told[:-1] + str((int(told[-1]) + 1) % 10)
        offered = Offered(made.offer_id, kind, person, made.uri, made.tx_code, told, made.until, fault)
        with self._lock:
            self._offered[made.offer_id] = offered
        return offered

    def _known(self, offer_id: str) -> Offered:
        found = self._offered.get(offer_id)
        if found is None:
            raise SandboxRequestRefused("no offer of this run has this id")
        return found


def offer_as_json(offered: Offered) -> dict[str, Any]:
    """An offer for machines: with the transaction code as it came the other way, and what is wrong with it."""
    return {
        "id": offered.id,
        "kind": offered.kind,
        "person": offered.person,
        "uri": offered.uri,
        "tx_code": offered.told,
        "until": unixtime.iso_utc(offered.until),
        "fault": offered.fault,
    }


def heard_as_json(heard: Heard) -> dict[str, Any]:
    """One request for machines."""
    return asdict(heard) | {"at": unixtime.iso_utc(heard.at)}


def misfortune_of(written: object, *, seed: object, before: Misfortune) -> Misfortune:
    """Rates and seed as they were written, the seed as before if none. Raises: FaultUnknown, SandboxRequestRefused."""
    if not isinstance(written, dict) or not (seed is None or (type(seed) is int and seed >= 0)):
        raise SandboxRequestRefused("rates by the names of faults, and a seed from 0 on")
    return Misfortune(
        faults.rates((f"{name}={rate}" for name, rate in written.items()), calm=True),
        before.seed if seed is None else int(seed),
    )
