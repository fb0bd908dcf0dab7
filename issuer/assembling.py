"""Puts the parts of one issuer together, over keys and a register that are open."""

from collections.abc import Mapping
from dataclasses import dataclass

from issuer.added_kinds import authored
from issuer.allocation import Allocator
from issuer.draws import RandomBytes
from issuer.feed import assembling as assembling_feed
from issuer.feed.feeding import Feed
from issuer.issuance import Issuance
from issuer.keys import opening
from issuer.keys.opening import Opened
from issuer.keys.ring import KeyRing
from issuer.profile import Places, Profile
from issuer.publishing import Publisher
from issuer.register import Register
from issuer.status_tokens import StatusTokens
from issuer.terminals.listing import listings
from protocol.appraisal_policy import PolicyRow
from protocol.labels import Purpose
from protocol.licence.catalogue import Kind


@dataclass(frozen=True, slots=True)
class Parts:
    """What issues, signs and publishes, and by which rules."""

    kinds: Mapping[int, Kind]
    rows: Mapping[tuple[int, Purpose], PolicyRow]
    ring: KeyRing
    allocator: Allocator
    feed: Feed
    publisher: Publisher
    issuance: Issuance


def assembled(
    places: Places, profile: Profile, held: Opened, register: Register, *, random_bytes: RandomBytes
) -> Parts:
    """The parts of this issuer. Raises: AuthoringError, FeedSettingsRefused, RegisterUnavailable."""
    catalogue = authored.read(places, region=profile.region)
    signers = held.signers
    allocator = Allocator(key=signers.allocation, created_at=profile.created_at, random_bytes=random_bytes)
    ring = opening.ring(places=places, profile=profile, register=register, held=held, random_bytes=random_bytes)
    feed = assembling_feed.assemble(places=places, profile=profile, signers=signers, register=register)
    return Parts(
        kinds=catalogue.kinds,
        rows=catalogue.rows,
        ring=ring,
        allocator=allocator,
        feed=feed,
        publisher=Publisher(
            profile=profile,
            register=register,
            tokens=StatusTokens(profile=profile, register=register, allocator=allocator, signer=signers.status),
            signers=signers,
            kinds=catalogue.kinds,
            rows=catalogue.rows,
            stricter=catalogue.stricter,
            listings=lambda at: listings(register, at=at),
            lock=places.lock,
            folder=places.published,
            feed=feed,
        ),
        issuance=Issuance(
            profile=profile,
            register=register,
            allocator=allocator,
            ring=ring,
            root=signers.root.public_key,
            retired=catalogue.retired,
            random_bytes=random_bytes,
        ),
    )
