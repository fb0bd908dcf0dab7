"""A store behind an S3-compatible address, through `obstore`: puts that fail where something is there already.

Whether the store keeps its word is tried before anything is put: one that ignores `If-None-Match: *` would let two
publishers overwrite one another. Every object says how long caches may keep it. Credentials come from the caller, who
has them from where such credentials are kept; nothing here reads an environment.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store as Bucket

from revocation.publishing.errors import ObjectDiffers, StoreCannotCompare, StoreFailed
from revocation.publishing.objects import cache_control

_PROBE: Final = "feed/.put-if-absent"
_PATIENCE: Final = timedelta(seconds=20)
_TYPE: Final = "application/octet-stream"


class _LongerThanAsked(StoreFailed):
    """The object is longer than whoever asked for it would take."""


class S3Store:
    """Objects below `s3://bucket/prefix`."""

    def __init__(
        self,
        url: str,
        *,
        endpoint: str | None,
        region: str,
        access_key_id: str,
        secret_access_key: str,
        patience: timedelta = _PATIENCE,
    ) -> None:
        """A store at this address.

        Args:
            url: `s3://bucket` or `s3://bucket/prefix`.
            endpoint: The server, where it is not Amazon's: `https://s3.example.cn`.
            region: As the server's owner calls it; `us-east-1` where there are none.
            access_key_id: Whose key.
            secret_access_key: The key.
            patience: For how long one operation is tried, with all repetitions.
        """
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc:
            raise StoreFailed("the address of a store is s3://BUCKET or s3://BUCKET/PREFIX")
        self.address = url
        options: Mapping[str, str] = {} if endpoint is None else {"endpoint": endpoint}
        self._bucket = Bucket(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            region=region,
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            virtual_hosted_style_request=endpoint is None,
            conditional_put="etag",
            # Not every store has the request that deletes several objects.
            disable_bulk_delete=True,
            client_options={"allow_http": True, "timeout": patience},
            retry_config={"max_retries": 3, "retry_timeout": patience},
            **options,  # type: ignore[arg-type]  # the library's own options
        )
        self._is_tried = False

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """As `ObjectStore.put_if_absent`. Raises, too: StoreCannotCompare."""
        if not self._is_tried:
            self._try()
        if self._created(name, content):
            return True
        try:
            is_same = self.get(name, max_bytes=len(content)) == content
        except _LongerThanAsked:
            is_same = False
        if not is_same:
            raise ObjectDiffers(f"{name} is there with other bytes")
        return False

    def put(self, name: str, content: bytes) -> None:
        """As `ObjectStore.put`."""
        with _named("write", name):
            obstore.put(self._bucket, name, content, attributes=_attributes(name), use_multipart=False)

    def get(self, name: str, *, max_bytes: int) -> bytes | None:
        """As `ObjectStore.get`."""
        try:
            with _named("read", name):
                found = obstore.get(self._bucket, name)
                if found.meta["size"] > max_bytes:
                    raise _LongerThanAsked(f"{name} has more than {max_bytes} bytes")
                return bytes(found.bytes())
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """As `ObjectStore.remove`."""
        try:
            with _named("remove", name):
                obstore.delete(self._bucket, name)
        except FileNotFoundError:
            pass

    def tidy(self) -> None:
        """As `ObjectStore.tidy`: an object is there wholly or not at all."""

    def _created(self, name: str, content: bytes) -> bool:
        try:
            with _named("write", name):
                obstore.put(
                    self._bucket, name, content, attributes=_attributes(name), mode="create", use_multipart=False
                )
        except FileExistsError:
            return False
        return True

    def _try(self) -> None:
        """Whether the store refuses to overwrite, seen on an object that nobody needs."""
        if self._created(_PROBE, b"1") and self._created(_PROBE, b"2"):
            raise StoreCannotCompare(f"{self.address} overwrites what it was told to leave")
        self._is_tried = True


def _attributes(name: str) -> dict[str, str]:
    return {"Cache-Control": cache_control(name), "Content-Type": _TYPE}


@contextmanager
def _named(what: str, name: str) -> Iterator[None]:
    try:
        yield
    except NotFoundError:
        raise FileNotFoundError(name) from None
    except AlreadyExistsError:
        raise FileExistsError(name) from None
    except BaseError as error:
        # The library's own words may hold the request with its signature; its first line does not.
        reason = str(error).partition("\n")[0][:200]
        raise StoreFailed(f"cannot {what} {name}: {reason}") from None
