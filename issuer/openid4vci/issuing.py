"""The credential endpoint, deferred issuance and notifications (OpenID4VCI 1.0 sections 8, 9 and 11).

1 the access token belongs to an offer · 2 what is asked for is what was offered · 3 every proof holds, and no two are
of one key · 4 their nonces are used up · 5 the offer takes these keys, once and for all, within the holder's devices;
who needs a review waits · 6 the licence is issued to each key · 7 what was offered is wiped.

Guaranteed: an offer gives one set of keys one licence, however many ask at once. The same keys get the same answer
again until the wallet has said that it has it: an answer may be lost on its way. What breaks off is taken up again by
the next request of the same keys, which gets what is missing.
"""

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Row, exists, insert, select, update

from issuer.applications.errors import ApplicationNotThere
from issuer.audit import trail
from issuer.errors import IssuerError, LicenceNotValid, LicenceUnknown, LintRefused, PortraitRefused, SubjectRefused
from issuer.issuance import Issued
from issuer.joint.errors import HoldersRefused
from issuer.keys.errors import DepartmentNeeded, KeyNotForKind
from issuer.openid4vci import codes, proofs
from issuer.openid4vci.codes import DerivedSecrets
from issuer.openid4vci.errors import (
    AccessTokenRefused,
    ConfigurationUnknown,
    IssuingNow,
    NotificationUnknown,
    ProofRefused,
    RequestDenied,
    TransactionUnknown,
)
from issuer.openid4vci.nonces import Nonces
from issuer.openid4vci.offering import REVIEW_LIFE, OfferState
from issuer.openid4vci.redeeming import ACTOR
from issuer.openid4vci.schema import issuing_key, issuing_offer
from issuer.register import Also, Register, in_force
from issuer.register_schema import credential_group, licence, mandate
from protocol import cbor, keys, licence_package
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance
from protocol.licence.catalogue import Kind
from protocol.unixtime import MINUTE, Seconds, UnixTime

MOST_DEVICES: Final = 3
"""Of one holder, over all of their licences; and so many keys one request may prove."""
ASK_AGAIN: Final = Seconds(5 * MINUTE)
EVENTS: Final = frozenset({"credential_accepted", "credential_failure", "credential_deleted"})
_TAKEN_UP_AFTER: Final = Seconds(MINUTE)
"""Issuing takes a moment; what has taken a minute was broken off."""
_REFUSED_FOR_GOOD: Final = (
    ApplicationNotThere,
    DepartmentNeeded,
    HoldersRefused,
    KeyNotForKind,
    LicenceNotValid,
    LicenceUnknown,
    LintRefused,
    PortraitRefused,
    SubjectRefused,
)

IssueAgain = Callable[[str, VerificationKey, KeyAssurance, str, UnixTime], Issued]


class Issue(Protocol):
    """Issues a new licence (`Issuer.issue`)."""

    def __call__(
        self,
        slug: str,
        subject: object,
        holder_key: VerificationKey,
        *,
        at: UnixTime,
        portrait: bytes | None,
        department: str | None,
        actor: str,
        also: Also | None,
    ) -> Issued: ...


Answering = Callable[[str, UnixTime], Also]
"""What ends an application with the licence that answers it (`Applications.answered`)."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Licence packages, one for each key in the order of the proofs, and the id to confirm them by."""

    packages: tuple[bytes, ...] = field(repr=False)
    notification_id: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Somebody has to look at it first: ask again with this id."""

    transaction_id: str
    interval: Seconds = ASK_AGAIN


class Credentials:
    """The credential endpoint of one authority, and what belongs to it."""

    def __init__(
        self,
        *,
        register: Register,
        kinds: Mapping[int, Kind],
        nonces: Nonces,
        secrets: DerivedSecrets,
        directory: Callable[[UnixTime], bytes],
        issue: Issue,
        issue_again: IssueAgain,
        answering: Answering,
    ) -> None:
        self._register, self._nonces, self._secrets = register, nonces, secrets
        self._answering = answering
        self._slugs = frozenset(kind.slug for kind in kinds.values())
        self._directory, self._issue, self._issue_again = directory, issue, issue_again

    def demand(self, token: str, *, at: UnixTime) -> None:
        """Return if this access token opens anything now. Raises: AccessTokenRefused."""
        self._offer(token, at)

    def request(
        self, token: str, configuration: str, written: Sequence[str], *, issuer_url: str, at: UnixTime
    ) -> Delivered | Deferred:
        """What was offered, for the keys that these proofs prove.

        Args:
            token: The access token.
            configuration: Which kind, by its id in the metadata.
            written: Key proofs.
            issuer_url: Whom they have to be for.
            at: Now.

        Raises:
            AccessTokenRefused, ConfigurationUnknown, ProofRefused, NonceRefused, IssuingNow: Nothing was issued.
            RequestDenied: And nothing will be, for this offer and these keys.
            IssuanceInterrupted, NoFreeIndex, RegisterUnavailable, StorageFailed: The same may be asked again.
        """
        # 1
        offer = self._offer(token, at)
        # 2
        if configuration not in self._slugs:
            raise ConfigurationUnknown("no kind of licence has this id")
        if configuration != offer.kind:
            raise RequestDenied("another kind of licence was offered")
        # 3
        if not 1 <= len(written) <= MOST_DEVICES:
            raise ProofRefused(f"{len(written)} proofs; 1 to {MOST_DEVICES} may come")
        proven = [proofs.read(each, audience=issuer_url, at=at) for each in written]
        wanted = tuple(each.key for each in proven)
        if len({key.thumbprint for key in wanted}) != len(wanted):
            raise ProofRefused("two proofs of one key")
        # 4
        self._nonces.use([each.nonce for each in proven], at=at)
        # 5
        if self._claim(offer, wanted, at):
            return Deferred(self._secrets.transaction_id(offer.id))
        return self._deliver(offer.id, wanted, issuer_url, at)

    def deferred(self, token: str, transaction_id: str, *, issuer_url: str, at: UnixTime) -> Delivered | Deferred:
        """What has become of a deferred issuance. Raises: TransactionUnknown, and as `request`."""
        offer = self._offer(token, at)
        is_its = _is(transaction_id, self._secrets.transaction_id(offer.id))
        if not is_its or (not offer.decided_by and offer.state != OfferState.PENDING.value):
            raise TransactionUnknown("no deferred issuance of this token has this id")
        if offer.event is not None:
            raise TransactionUnknown("the wallet has what was deferred")
        if offer.state == OfferState.PENDING.value and not offer.is_reviewed:
            return Deferred(transaction_id)
        with self._register.reading() as connection:
            wanted = tuple(_key(row) for row in _keys(connection, offer.id))
        self._claim(offer, wanted, at)
        return self._deliver(offer.id, wanted, issuer_url, at)

    def notified(self, token: str, notification_id: str, event: str, *, at: UnixTime) -> None:
        """Record what a wallet says of what it got; the same again changes nothing. Raises: NotificationUnknown."""
        offer = self._offer(token, at)
        is_its = _is(notification_id, self._secrets.notification_id(offer.id))
        if not is_its or offer.state != OfferState.ISSUED.value:
            raise NotificationUnknown("no answer to this token carried this id")
        if offer.event == event:
            return
        with self._register.writing() as connection:
            connection.execute(
                update(issuing_offer).where(issuing_offer.c.id == offer.id).values(event=event, event_at=at)
            )
            trail.append(connection, event.replace("_", "-"), "offer", offer.id, actor=ACTOR, at=at)

    def _offer(self, token: str, at: UnixTime) -> Row[Any]:
        statement = select(issuing_offer).where(
            issuing_offer.c.token_sha256 == codes.digest(token), issuing_offer.c.token_until > at
        )
        with self._register.reading() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None:
            raise AccessTokenRefused("the access token opens nothing")
        return row

    def _claim(self, offer: Row[Any], wanted: Sequence[VerificationKey], at: UnixTime) -> bool:
        """Whether these keys have to wait for a review; otherwise they may be issued to now."""
        with self._register.writing() as connection:
            row = connection.execute(select(issuing_offer).where(issuing_offer.c.id == offer.id)).one()
            before = frozenset(each.thumbprint for each in _keys(connection, offer.id))
            thumbprints = frozenset(key.thumbprint for key in wanted)
            state = OfferState(row.state)
            if before and before != thumbprints:
                raise RequestDenied("other keys were proven for this offer")
            if state in (OfferState.REFUSED, OfferState.WITHDRAWN, OfferState.DEAD) or row.event is not None:
                raise RequestDenied("the offer is over")
            if state is OfferState.ISSUED:
                return False
            if state is OfferState.ISSUING and at < row.claimed_at + _TAKEN_UP_AFTER:
                raise IssuingNow("another request for this offer is being answered")
            if not before:
                _demand_room(connection, row, thumbprints, at)
                connection.execute(
                    insert(issuing_key),
                    [
                        {"offer_id": row.id, "thumbprint": key.thumbprint, "cose_key": cbor.encode(key.cose_key)}
                        for key in wanted
                    ],
                )
                details = {"keys": sorted(thumbprints)}
                trail.append(connection, "prove-keys", "offer", row.id, actor=ACTOR, at=at, details=details)
            after = {"state": OfferState.ISSUING.value, "claimed_at": at}
            if not row.is_reviewed:
                until = row.until if state is OfferState.PENDING else at + REVIEW_LIFE
                after = {"state": OfferState.PENDING.value, "token_until": until, "until": until}
            connection.execute(update(issuing_offer).where(issuing_offer.c.id == row.id).values(after))
            return not row.is_reviewed

    def _deliver(self, offer_id: str, wanted: Sequence[VerificationKey], issuer_url: str, at: UnixTime) -> Delivered:
        # 6
        try:
            licence_id = self._issued(offer_id, at)
        except _REFUSED_FOR_GOOD as error:
            self._store(offer_id, {"state": OfferState.REFUSED.value, "subject": None, "portrait": None})
            raise RequestDenied(f"the licence cannot be issued ({error.code})") from None
        except IssuerError:
            self._store(offer_id, {"state": OfferState.REDEEMED.value})
            raise
        # 7
        with self._register.adding() as connection:
            done = connection.execute(
                update(issuing_offer)
                .where(issuing_offer.c.id == offer_id, issuing_offer.c.state == OfferState.ISSUING.value)
                .values(state=OfferState.ISSUED.value, subject=None, portrait=None)
            )
            if done.rowcount:
                trail.append(connection, "issue-offer", "offer", offer_id, actor=ACTOR, at=at, reason=licence_id)
        with self._register.reading() as connection:
            kept = tuple(_package(connection, licence_id, key) for key in wanted)
        directory = self._directory(at)
        packages = tuple(for_wallet(each, directory=directory, issuer_url=issuer_url) for each in kept)
        return Delivered(packages, self._secrets.notification_id(offer_id))

    def _issued(self, offer_id: str, at: UnixTime) -> str:
        """The licence, once it is issued to each key of this offer that it was not issued to yet."""
        with self._register.reading() as connection:
            offer = connection.execute(select(issuing_offer).where(issuing_offer.c.id == offer_id)).one()
            missing = [_key(row) for row in _keys(connection, offer_id) if row.issued_at is None]
        licence_id: str | None = offer.licence_id
        for key in missing:
            if licence_id is None:
                if offer.subject is None:
                    raise LicenceUnknown("what was offered was erased")
                subject = json.loads(offer.subject)
                issued = self._issue(
                    offer.kind,
                    subject,
                    key,
                    at=at,
                    portrait=offer.portrait,
                    department=offer.department,
                    actor=ACTOR,
                    also=self._also(offer, at),
                )
                licence_id = issued.licence_id
            else:
                self._issue_again(licence_id, key, KeyAssurance.SOFTWARE, ACTOR, at)
            with self._register.adding() as connection:
                connection.execute(
                    update(issuing_key)
                    .where(issuing_key.c.offer_id == offer_id, issuing_key.c.thumbprint == key.thumbprint)
                    .values(issued_at=at)
                )
        assert licence_id is not None, "an offer has keys before anything is issued for it"
        return licence_id

    def _also(self, offer: Row[Any], at: UnixTime) -> Also:
        def also(connection: Connection, licence_id: str) -> None:
            # With the intent: what breaks off while it is signed goes on with this licence, and makes no second one.
            connection.execute(
                update(issuing_offer).where(issuing_offer.c.id == offer.id).values(licence_id=licence_id)
            )
            if offer.application_id is not None:
                self._answering(offer.application_id, at)(connection, licence_id)

        return also

    def _store(self, offer_id: str, values: Mapping[str, object]) -> None:
        with self._register.adding() as connection:
            connection.execute(update(issuing_offer).where(issuing_offer.c.id == offer_id).values(dict(values)))


def for_wallet(kept: bytes, *, directory: bytes, issuer_url: str) -> bytes:
    """A package that the register keeps, with this directory and the address where its licence is refreshed."""
    package = replace(licence_package.decode(kept), directory=directory, refresh_url=issuer_url)
    return licence_package.encode(package)


def _demand_room(connection: Connection, offer: Row[Any], thumbprints: frozenset[bytes], at: UnixTime) -> None:
    """Return if the holder may have these devices besides. Raises: RequestDenied."""
    number, of_licence = "", credential_group.c.licence_id == offer.licence_id
    if offer.licence_id is not None:
        number = connection.execute(
            select(licence.c.holder_number).where(licence.c.id == offer.licence_id)
        ).scalar_one()
    else:
        subject = json.loads(offer.subject)
        number = subject.get("citizen_id") or subject.get("uscc") or ""
    held = (
        select(credential_group.c.holder_key_thumbprint)
        .join_from(credential_group, licence)
        .where(
            licence.c.holder_number == number if number else of_licence,
            in_force(at),
            credential_group.c.holder_key_thumbprint != b"",
            ~exists(select(mandate.c.id).where(mandate.c.group_id == credential_group.c.id)),
        )
    )
    devices = frozenset(connection.execute(held).scalars()) | thumbprints
    if len(devices) > MOST_DEVICES:
        raise RequestDenied(f"the holder would have {len(devices)} devices; {MOST_DEVICES} may be")


def _keys(connection: Connection, offer_id: str) -> Sequence[Row[Any]]:
    statement = select(issuing_key).where(issuing_key.c.offer_id == offer_id).order_by(issuing_key.c.thumbprint)
    return connection.execute(statement).all()


def _key(row: Row[Any]) -> VerificationKey:
    return keys.load_cose_key(cbor.decode(row.cose_key))


def _package(connection: Connection, licence_id: str, key: VerificationKey) -> bytes:
    package: bytes = connection.execute(
        select(credential_group.c.package)
        .where(
            credential_group.c.licence_id == licence_id,
            credential_group.c.holder_key_thumbprint == key.thumbprint,
            credential_group.c.package.is_not(None),
            ~exists(select(mandate.c.id).where(mandate.c.group_id == credential_group.c.id)),
        )
        .order_by(credential_group.c.id.desc())
        .limit(1)
    ).scalar_one()
    return package


def _is(offered: str, expected: str) -> bool:
    return hmac.compare_digest(offered.encode(errors="surrogatepass"), expected.encode())
