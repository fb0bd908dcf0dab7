"""What people do to a feed: look at it, lift a ban, undo what was final, trust an offline key, begin an epoch.

A ban, and whatever undoes or releases, takes a second person (`issuer.approvals`). Each change is in the register
first. Publishing it is the next tick's work; the commands make one at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from issuer.feed import bans, events, reversal_keys, reversal_request, reversals
from issuer.feed.dangerous import RELEASE, REVERSAL, UseUp, reversal_content
from issuer.feed.errors import BanRefused, RequestRefused, ReversalRefused
from issuer.feed.feeding import Feed
from issuer.feed.reversal_request import Request
from issuer.feed.reversals import Permit, Reservation
from protocol import keys, limits, reversal
from protocol.checkpoint import Ban
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.unixtime import Seconds, UnixTime
from revocation import delta, lint
from revocation.publishing import brake


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """Where a feed stands. `age` is that of the newest checkpoint; `headroom` what the brake lets through now."""

    epoch: int
    seq: int
    head: bytes
    iat: UnixTime
    age: Seconds
    lists: int
    due: int
    later: int
    headroom: int
    bans: tuple[Ban, ...]
    reservations: tuple[Reservation, ...]
    reversal_keys: tuple[bytes, ...]


class Ceremonies:
    """The ceremonies of one feed."""

    def __init__(self, feed: Feed, *, iss: str) -> None:
        self._feed, self._iss, self._register = feed, iss, feed.log.register

    def status(self, *, at: UnixTime) -> FeedStatus:
        """Where the feed stands. Raises: FeedStopped, RegisterUnavailable."""
        current = self._feed.current(at=at)
        due, later = events.waiting(self._register, at)
        return FeedStatus(
            epoch=current.position.epoch,
            seq=current.position.seq,
            head=current.head,
            iat=current.epoch.iat,
            age=Seconds(max(0, at - current.epoch.iat)),
            lists=len(current.state.lists),
            due=due,
            later=later,
            headroom=min(lint.MAX_PER_DELTA, brake.headroom(self._feed.log.counted_since, at=at)),
            bans=bans.listed(self._register),
            reservations=reversals.waiting(self._feed.log, current),
            reversal_keys=tuple(keys.kid_of(each) for each in reversal_keys.listed(self._register)),
        )

    def lift_ban(self, kid: str, *, actor: str, at: UnixTime) -> None:
        """Take a key out of the checkpoint. Raises: BanRefused."""
        bans.lift(self._register, _kid(kid), actor=actor, at=at)

    def trust_key(self, key: VerificationKey, *, actor: str, at: UnixTime) -> None:
        """Let the trust list name this offline key. Raises: ReversalRefused."""
        reversal_keys.add(self._register, key, actor=actor, at=at)

    def retire_key(self, kid: str, *, actor: str, at: UnixTime) -> None:
        """Let the trust list name it no more. Raises: ReversalRefused, BanRefused."""
        reversal_keys.retire(self._register, _kid(kid), actor=actor, at=at)

    def prepare(self, licence_id: str, *, ahead: int, use_up: UseUp, at: UnixTime) -> Request:
        """What the offline key is to sign, so that the last final change of a licence is undone.

        Args:
            licence_id: The licence.
            ahead: Deltas until the reserved place.
            use_up: Uses the second person's approval up, in the transaction that reserves the place.
            at: Now.

        Raises:
            LicenceUnknown, ReversalRefused: Nothing was reserved.
            ProposalUnknown, ProposalNotOpen: Nobody has approved it.
        """
        self._demand_key()
        current = self._feed.current(at=at)
        changes = reversals.of_licence(self._feed.log, current, licence_id, at=at)
        permitted = partial(use_up, what=REVERSAL, content=reversal_content(licence_id))
        return self._reserved(changes, licence_id=licence_id, last_event=0, ahead=ahead, permit=permitted, at=at)

    def prepare_waiting(self, *, ahead: int, use_up: UseUp, at: UnixTime) -> Request:
        """What the offline key is to sign, so that everything that is due and held back is published.

        Raises:
            ReversalRefused: Nothing was reserved.
            ProposalUnknown, ProposalNotOpen: Nobody has approved it.
        """
        self._demand_key()
        held = self._feed.current(at=at).state
        changes: dict[int, int] = {}
        newest: dict[int, int] = {}
        for page in events.pending(self._register, at):
            for each in page:
                place = delta.place(each.list_number, each.idx)
                is_open = each.list_number < len(held.lists) and held.lists[each.list_number] is not None
                if is_open and newest.get(place, 0) < each.event:
                    newest[place], changes[place] = each.event, each.new
            if len(changes) > limits.MAX_DELTA_CHANGES:
                raise ReversalRefused(
                    f"more than {limits.MAX_DELTA_CHANGES} changes wait: one delta holds no more",
                    hint="Let the brake pass some of them first, or find out who has made them.",
                )
        last = max(newest.values(), default=0)
        permitted = partial(use_up, what=RELEASE, content={})
        return self._reserved(changes, licence_id=None, last_event=last, ahead=ahead, permit=permitted, at=at)

    def accept(self, statement: bytes, *, actor: str, at: UnixTime) -> Reservation:
        """Keep what the offline key has signed; the ticks that follow publish it.

        Raises:
            RequestRefused: The file is no co-signature by a trusted offline key of this region.
            ReversalRefused: Nothing like it waits.
        """
        log = self._feed.log
        try:
            verified = reversal.verify(
                statement, trust=self._feed.offline_keys(at), expected_region=self._feed.region, at=at
            )
        except ProtocolError as refused:
            raise RequestRefused(f"the statement does not verify: {refused}") from None
        return reversals.accept(log, self._feed.current(at=at), verified, statement, actor=actor, at=at)

    def _demand_key(self) -> None:
        if not reversal_keys.listed(self._register):
            raise ReversalRefused(
                "no offline key of this region is trusted",
                hint="Make one with `liangzheng issuer feed reversal-key`, and trust it with `… feed trust-key DIR`.",
            )

    def _reserved(
        self,
        changes: dict[int, int],
        *,
        licence_id: str | None,
        last_event: int,
        ahead: int,
        permit: Callable[[Connection], Permit],
        at: UnixTime,
    ) -> Request:
        reservation = reversals.reserve(
            self._feed.log,
            self._feed.current(at=at),
            changes,
            licence_id=licence_id,
            last_event=last_event,
            ahead=ahead,
            permit=permit,
            at=at,
        )
        return reversal_request.of(reservation, iss=self._iss, region=self._feed.region)


def _kid(text: str) -> bytes:
    try:
        kid = bytes.fromhex(text)
    except ValueError:
        kid = b""
    if len(kid) != limits.KID_BYTES:
        raise BanRefused(f"a kid is {2 * limits.KID_BYTES} hexadecimal digits")
    return kid
