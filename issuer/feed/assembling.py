"""Puts the feed of an issuer together: its log, its leader, its stores."""

from collections.abc import Callable
from functools import partial

from issuer.feed import reversal_keys, settings
from issuer.feed.feeding import Feed
from issuer.feed.leading import Leadership
from issuer.feed.settings import FeedSettings
from issuer.feed.sql_log import SqlLog
from issuer.profile import Places, Profile
from issuer.register import Register
from issuer.signers import Signers
from protocol import trust_list
from protocol.labels import KeyUse
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, UnixTime
from revocation.publishing.delivery import Delivery
from revocation.publishing.folder_store import FolderStore
from revocation.publishing.objects import ObjectStore

OpenStore = Callable[[FeedSettings], ObjectStore | None]
"""The store that the settings name, beside the issuer's own folder; None if they name none."""


def assemble(*, places: Places, profile: Profile, signers: Signers, register: Register, open_store: OpenStore) -> Feed:
    """The feed of this issuer. Raises: FeedSettingsRefused."""
    path = places.folder / "feed.json"
    further = open_store(settings.read(path))
    stores = (FolderStore(places.published), *(() if further is None else (further,)))
    return Feed(
        profile=profile,
        log=SqlLog(register),
        signers=signers,
        leadership=Leadership(register, lock=places.folder / "feed.lock"),
        deliveries=[Delivery(each, region=profile.region, status_key=signers.status.public_key) for each in stores],
        settings=partial(settings.read, path),
        trust=partial(_offline_keys, profile, register),
    )


def _offline_keys(profile: Profile, register: Register, at: UnixTime) -> TrustList:
    """The offline keys alone, as a trust list of this moment."""
    anchors = tuple(
        TrustAnchor(
            profile.iss,
            key,
            KeyUse.REVERSAL,
            frozenset(),
            (f"lz:{profile.region}/",),
            UnixTime(at + DAY),
            UnixTime(at + DAY),
        )
        for key in reversal_keys.listed(register)
    )
    return TrustList(profile.region, 1, at, UnixTime(at + DAY), trust_list.index(anchors))
