"""Settings of the feed in the issuer's folder: where else it lies, and which versions of the trust metadata there are.

Credentials of a store are not among them: they come from the environment that `issuer.config` names.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from issuer import durable_files
from issuer.errors import StorageFailed
from issuer.feed.errors import FeedSettingsRefused
from protocol import limits
from protocol.checkpoint import TufVersions

_MAX_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """What an operator has decided.

    Attributes:
        urls: Other folders on the web that hold the same feed; terminals go there when the first cannot be reached.
        store: A store that gets everything beside the folder: `s3://bucket/prefix`.
        endpoint: The store's server, where it is not Amazon's.
        tuf_root: Version of the trust metadata's root that terminals should hold.
        tuf_snapshot: Version of its snapshot.
    """

    urls: tuple[str, ...] = ()
    store: str | None = None
    endpoint: str | None = None
    tuf_root: int = 1
    tuf_snapshot: int = 1

    @property
    def tuf_versions(self) -> TufVersions:
        return TufVersions(self.tuf_root, self.tuf_snapshot)


def read(path: Path) -> FeedSettings:
    """The settings; the ordinary ones where there are none.

    Raises:
        FeedSettingsRefused: The file is damaged.
    """
    if not path.exists():
        return FeedSettings()
    try:
        content = json.loads(durable_files.read(path, max_bytes=_MAX_BYTES))
        return checked(FeedSettings(**(content | {"urls": tuple(content["urls"])})))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, StorageFailed) as error:
        raise FeedSettingsRefused(f"{path.name} cannot be read: {error}") from None


def as_json(settings: FeedSettings) -> dict[str, Any]:
    """The settings as a machine reads them, and as they are kept."""
    return asdict(settings)


def write(path: Path, settings: FeedSettings) -> None:
    """Keep these settings. Raises: FeedSettingsRefused, StorageFailed."""
    content = json.dumps(as_json(checked(settings)), indent=2)
    durable_files.write_atomically(path, content.encode(), mode=durable_files.PRIVATE)


def checked(settings: FeedSettings) -> FeedSettings:
    """The settings, once each is in its form. Raises: FeedSettingsRefused."""
    if len(settings.urls) > limits.MAX_FEED_URLS:
        raise FeedSettingsRefused(f"more than {limits.MAX_FEED_URLS} addresses")
    for url in settings.urls:
        is_address = urlsplit(url).scheme in ("http", "https") and not url.endswith("/")
        if not is_address or len(url) > limits.MAX_FEED_URL_BYTES or not url.isascii() or not url.isprintable():
            raise FeedSettingsRefused("an address is http(s)://HOST/PATH without a slash at the end")
    if settings.store is not None and urlsplit(settings.store).scheme != "s3":
        raise FeedSettingsRefused("a store is s3://BUCKET/PREFIX")
    for version in (settings.tuf_root, settings.tuf_snapshot):
        if not 0 < version <= limits.MAX_FEED_NUMBER:
            raise FeedSettingsRefused("a version of the trust metadata is a positive number")
    return settings
