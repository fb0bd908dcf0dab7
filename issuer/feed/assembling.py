"""Puts the feed of an issuer together: its log, its leader, its stores."""

from functools import partial
from pathlib import Path

from issuer import config
from issuer.feed import reversal_keys, settings
from issuer.feed.errors import FeedSettingsRefused
from issuer.feed.feeding import Feed
from issuer.feed.leading import Leadership
from issuer.feed.sql_log import SqlLog
from issuer.profile import Places, Profile
from issuer.register import Register
from issuer.signers import Signers
from protocol import trust_list
from protocol.labels import KeyUse
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, UnixTime
from revocation.publishing.folder_store import FolderStore
from revocation.publishing.objects import ObjectStore
from revocation.publishing.s3_store import S3Store


def assemble(*, places: Places, profile: Profile, signers: Signers, register: Register) -> Feed:
    """The feed of this issuer.

    Raises:
        FeedSettingsRefused: The settings are damaged, or name a store without what opens it.
    """
    path = settings_path(places)
    stores: list[ObjectStore] = [FolderStore(places.published)]
    chosen = settings.read(path)
    if chosen.store is not None:
        stores.append(_open(chosen.store, chosen.endpoint))
    return Feed(
        profile=profile,
        log=SqlLog(register),
        signers=signers,
        leadership=Leadership(register, lock=places.folder / "feed.lock"),
        stores=stores,
        settings=partial(settings.read, path),
        trust=partial(offline_keys, profile, register),
    )


def settings_path(places: Places) -> Path:
    """Where the settings of the feed lie."""
    return places.folder / "feed.json"


def _open(store: str, endpoint: str | None) -> S3Store:
    credentials = config.store_credentials()
    if credentials is None:
        raise FeedSettingsRefused(
            f"the feed goes to {store}, and nobody has said with which key",
            hint=f"Set {', '.join(config.STORE_VARIABLES)}; or take the store out of feed.json.",
        )
    region, key_id, secret = credentials
    return S3Store(store, endpoint=endpoint, region=region, access_key_id=key_id, secret_access_key=secret)


def offline_keys(profile: Profile, register: Register, at: UnixTime) -> TrustList:
    """The offline keys alone, as a trust list of this moment."""
    until, prefixes = UnixTime(at + DAY), (f"lz:{profile.region}/",)
    anchors = tuple(
        TrustAnchor(profile.iss, key, KeyUse.REVERSAL, frozenset(), prefixes, until, until)
        for key in reversal_keys.listed(register)
    )
    return TrustList(profile.region, 1, at, until, trust_list.index(anchors))
