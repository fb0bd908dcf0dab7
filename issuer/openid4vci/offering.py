"""Makes offers of a licence to whoever holds their code, and keeps the list of them (OpenID4VCI 1.0 section 4).

1 what is offered exists and could be issued now · 2 a secret is drawn, of which the code is made; the transaction code
too, which goes another way than the offer · 3 the register keeps what recognises them · 4 an offer that needs a review
is approved or refused by somebody after the wallet has asked · 5 what was offered is wiped when the offer is over.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from issuer import draws, portrait
from issuer import subject as subject_check
from issuer.audit import trail
from issuer.draws import RandomBytes
from issuer.errors import KindUnknown, LicenceNotValid
from issuer.joint import holders
from issuer.openid4vci import codes
from issuer.openid4vci.codes import DerivedSecrets
from issuer.openid4vci.errors import OfferNotOpen, OfferRefused, OfferUnknown
from issuer.openid4vci.schema import issuing_key, issuing_offer
from issuer.register import Register
from protocol.licence.catalogue import Kind
from protocol.status_list import Status
from protocol.unixtime import DAY, MINUTE, Seconds, UnixTime

SCHEME: Final = "openid-credential-offer://"
"""OpenID4VCI 1.0 section 12.1.1."""
GRANT: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
LIFE: Final = Seconds(10 * MINUTE)
REVIEW_LIFE: Final = Seconds(30 * DAY)
"""How long a review may take; the wallet asks again until then."""
KEPT: Final = Seconds(90 * DAY)
"""How long the list shows offers that are over. What they led to stands in the audit trail."""
MOST_LISTED: Final = 1_000
MOST_WRONG: Final = 5
"""So many wrong transaction codes end an offer."""
MOST_OPEN: Final = 3
"""Offers of one licence that are open at once: one for each device that its holder may have."""


class OfferState(StrEnum):
    """Where an offer stands."""

    OPEN = "open"
    REDEEMED = "redeemed"
    PENDING = "pending"
    ISSUING = "issuing"
    ISSUED = "issued"
    DEAD = "dead"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


UNFINISHED: Final = (OfferState.OPEN, OfferState.REDEEMED, OfferState.PENDING, OfferState.ISSUING)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be offered: a licence of the register, or a new one of this kind for this subject.

    `tx_code`: whether the holder types a code that comes another way. `review`: whether somebody decides afterwards.
    `application_id`: the approved application that it answers (`issuer.applications.offering`).
    """

    licence_id: str | None = None
    kind: str | None = None
    subject: object = field(default=None, repr=False)
    portrait: bytes | None = field(default=None, repr=False)
    department: str | None = None
    tx_code: bool = True
    review: bool = False
    by_reference: bool = False
    application_id: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """An offer, this once: nobody can show it again."""

    offer_id: str
    uri: str = field(repr=False)
    tx_code: str | None = field(repr=False)
    until: UnixTime


@dataclass(frozen=True, slots=True)
class OfferRecord:
    """An offer as the list shows it; nothing in it opens anything."""

    offer_id: str
    kind: str
    licence_id: str | None
    state: OfferState
    needs_review: bool
    wrong: int
    event: str | None
    actor: str
    at: UnixTime
    until: UnixTime
    department: str | None
    has_tx_code: bool
    application_id: str | None

    @property
    def tries_left(self) -> int:
        """How many wrong transaction codes may still be typed."""
        return max(0, MOST_WRONG - self.wrong) if self.state is OfferState.OPEN else 0


class Offers:
    """The offers of one authority."""

    def __init__(
        self,
        *,
        register: Register,
        kinds: Mapping[int, Kind],
        fictional: bool,
        secrets: DerivedSecrets,
        random_bytes: RandomBytes,
    ) -> None:
        self._register, self._secrets, self._random_bytes = register, secrets, random_bytes
        self._kinds, self._fictional = kinds, fictional

    def make(self, wish: Wish, *, issuer_url: str, actor: str, at: UnixTime) -> Made:
        """An offer that is good once, for ten minutes.

        Raises:
            OfferRefused, KindUnknown, SubjectRefused, PortraitRefused, LicenceUnknown, LicenceNotValid,
            RegisterUnavailable: Nothing was recorded.
            HoldersRefused: Several hold this kind: each holder's licence is offered by itself, once it is recorded.
        """
        self.clean(at=at)
        # 1
        kind = self._offered(wish, at)
        # 2
        offer_id = draws.text(self._random_bytes, draws.ID_CHARACTERS)
        reference = codes.drawn(self._random_bytes)
        code = codes.code_of(reference)
        tx_code = codes.drawn_tx_code(self._random_bytes) if wish.tx_code else None
        # 3
        values: dict[str, Any] = {
            "id": offer_id,
            "kind": kind.slug,
            "licence_id": wish.licence_id,
            "subject": None if wish.licence_id is not None else json.dumps(wish.subject, ensure_ascii=False),
            "portrait": wish.portrait,
            "department": wish.department,
            "code_sha256": codes.digest(code),
            "tx_code_mac": None if tx_code is None else self._secrets.tx_code_mac(offer_id, tx_code),
            "wrong": 0,
            "state": OfferState.OPEN.value,
            # What nobody needs to look at has been looked at.
            "is_reviewed": int(not wish.review),
            "actor": actor,
            "at": at,
            "until": at + LIFE,
            "application_id": wish.application_id,
        }
        with self._register.writing() as connection:
            if wish.licence_id is not None:
                _demand_fewer(connection, issuing_offer.c.licence_id == wish.licence_id, MOST_OPEN, at)
            if wish.application_id is not None:
                _demand_fewer(connection, issuing_offer.c.application_id == wish.application_id, 1, at)
            connection.execute(insert(issuing_offer).values(values))
            trail.append(connection, "offer", "offer", offer_id, actor=actor, at=at, details={"kind": kind.vct})
        content = reference if wish.by_reference else code
        uri = _uri(kind.slug, content, tx_code is not None, issuer_url, by_reference=wish.by_reference)
        return Made(offer_id, uri, tx_code, UnixTime(at + LIFE))

    def by_reference(self, reference: str, *, issuer_url: str, at: UnixTime) -> dict[str, Any] | None:
        """The offer that lies at the address with this secret; None if none does, or no more."""
        code = codes.code_of(reference)
        statement = select(issuing_offer).where(
            issuing_offer.c.code_sha256 == codes.digest(code),
            issuing_offer.c.state == OfferState.OPEN.value,
            issuing_offer.c.until > at,
        )
        with self._register.reading() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else document(row.kind, code, row.tx_code_mac is not None, issuer_url)

    def listed(self) -> tuple[OfferRecord, ...]:
        """Offers, the newest first. Raises: RegisterUnavailable."""
        statement = select(issuing_offer).order_by(issuing_offer.c.at.desc(), issuing_offer.c.id).limit(MOST_LISTED)
        with self._register.reading() as connection:
            return tuple(_record(row) for row in connection.execute(statement))

    def one(self, offer_id: str) -> OfferRecord:
        """One offer. Raises: OfferUnknown, RegisterUnavailable."""
        with self._register.reading() as connection:
            return _record(_one(connection, offer_id))

    def sealed_tx_code(self, made: Made) -> str:
        """The transaction code of a new offer as a text that only `opened_tx_code` reads: for a page apart."""
        return self._secrets.sealed_code(made.offer_id, made.tx_code or "", nonce=self._random_bytes(codes.NONCE_BYTES))

    def opened_tx_code(self, offer_id: str, sealed: str, *, at: UnixTime) -> str:
        """The transaction code of an offer that is open. Raises: OfferUnknown, OfferNotOpen."""
        record = self.one(offer_id)
        code = self._secrets.opened_code(offer_id, sealed)
        if record.state is not OfferState.OPEN or record.until <= at or not code:
            raise OfferNotOpen("the offer is not open, or this is not its transaction code")
        return code

    def approve(self, offer_id: str, *, actor: str, at: UnixTime) -> None:
        """Let the wallet that waits have what was offered. Raises: OfferUnknown, OfferNotOpen."""
        self._decide(offer_id, "approve-offer", {OfferState.PENDING}, {"is_reviewed": 1}, actor=actor, at=at)

    def refuse(self, offer_id: str, *, actor: str, at: UnixTime) -> None:
        """Tell the wallet that waits that it gets nothing. Raises: OfferUnknown, OfferNotOpen."""
        self._decide(offer_id, "refuse-offer", {OfferState.PENDING}, _over(OfferState.REFUSED), actor=actor, at=at)

    def withdraw(self, offer_id: str, *, actor: str, at: UnixTime) -> None:
        """End an offer that nothing was issued for. Raises: OfferUnknown, OfferNotOpen."""
        before = {OfferState.OPEN, OfferState.REDEEMED, OfferState.PENDING}
        self._decide(offer_id, "withdraw-offer", before, _over(OfferState.WITHDRAWN), actor=actor, at=at)

    def clean(self, *, at: UnixTime) -> None:
        """Wipe what was offered by offers that are over, and forget the old ones. Raises: RegisterUnavailable."""
        old = select(issuing_offer.c.id).where(issuing_offer.c.until <= at - KEPT)
        with self._register.adding() as connection:
            connection.execute(
                update(issuing_offer)
                .where(issuing_offer.c.until <= at, issuing_offer.c.subject.is_not(None))
                .values(subject=None, portrait=None)
            )
            connection.execute(delete(issuing_key).where(issuing_key.c.offer_id.in_(old)))
            connection.execute(delete(issuing_offer).where(issuing_offer.c.until <= at - KEPT))

    def _offered(self, wish: Wish, at: UnixTime) -> Kind:
        if (wish.licence_id is None) is (wish.kind is None):
            raise OfferRefused("an offer is of a licence, or of a new one of a kind", hint="Give one of both.")
        if wish.licence_id is not None:
            record = self._register.licence(wish.licence_id)
            if record.status is not Status.VALID:
                raise LicenceNotValid(f"the licence is {record.status.name.lower()}")
            return self._kinds[record.vct]
        for kind in self._kinds.values():
            if kind.slug == wish.kind:
                holders.demand_one(kind, wish.subject)
                subject_check.check(kind, wish.subject, at=at, fictional=self._fictional)
                if wish.portrait is not None:
                    portrait.digest_of(wish.portrait)
                return kind
        raise KindUnknown("there is no such kind")

    def _decide(
        self, offer_id: str, act: str, before: set[OfferState], after: dict[str, Any], *, actor: str, at: UnixTime
    ) -> None:
        with self._register.writing() as connection:
            row = _one(connection, offer_id)
            if row.state not in before or row.until <= at or (act == "approve-offer" and row.is_reviewed):
                raise OfferNotOpen(f"the offer is {row.state if row.until > at else 'over'}")
            connection.execute(
                update(issuing_offer).where(issuing_offer.c.id == offer_id).values(decided_by=actor, **after)
            )
            trail.append(connection, act, "offer", offer_id, actor=actor, at=at)


def _demand_fewer(connection: Connection, its: ColumnElement[bool], most: int, at: UnixTime) -> None:
    waiting = select(issuing_offer.c.id).where(its, issuing_offer.c.state.in_(UNFINISHED), issuing_offer.c.until > at)
    if len(connection.execute(waiting).all()) >= most:
        raise OfferRefused(f"{most} offers of this are open", hint="Wait ten minutes, or withdraw one.")


def document(kind: str, code: str, has_tx_code: bool, issuer_url: str) -> dict[str, Any]:
    """The offer as wallets read it (section 4.1.1)."""
    grant: dict[str, Any] = {"pre-authorized_code": code}
    if has_tx_code:
        grant["tx_code"] = {"input_mode": "numeric", "length": codes.TX_CODE_DIGITS}
    return {"credential_issuer": issuer_url, "credential_configuration_ids": [kind], "grants": {GRANT: grant}}


def _uri(kind: str, secret: str, has_tx_code: bool, issuer_url: str, *, by_reference: bool) -> str:
    if by_reference:
        return f"{SCHEME}?credential_offer_uri={quote(f'{issuer_url}/openid4vci/offers/{secret}', safe='')}"
    written = json.dumps(document(kind, secret, has_tx_code, issuer_url), separators=(",", ":"))
    return f"{SCHEME}?credential_offer={quote(written, safe='')}"


def _over(state: OfferState) -> dict[str, Any]:
    return {"state": state.value, "subject": None, "portrait": None}


def _one(connection: Connection, offer_id: str) -> Row[Any]:
    # A database would refuse half a surrogate pair or a zero in its own words.
    plain = offer_id.isascii() and offer_id.isprintable()
    row = connection.execute(select(issuing_offer).where(issuing_offer.c.id == offer_id)).first() if plain else None
    if row is None:
        raise OfferUnknown("no offer has this id")
    return row


def _record(row: Row[Any]) -> OfferRecord:
    return OfferRecord(
        offer_id=row.id,
        kind=row.kind,
        licence_id=row.licence_id,
        state=OfferState(row.state),
        needs_review=row.state == OfferState.PENDING.value and not row.is_reviewed,
        wrong=row.wrong,
        event=row.event,
        actor=row.actor,
        at=UnixTime(row.at),
        until=UnixTime(row.until),
        department=row.department,
        has_tx_code=row.tx_code_mac is not None,
        application_id=row.application_id,
    )
