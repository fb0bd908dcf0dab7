"""Stores: what is put once stays, what is replaced is never half there, and who does not keep their word is noticed."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from revocation.publishing.errors import ObjectDiffers, StoreCannotCompare, StoreFailed
from revocation.publishing.folder_store import FolderStore
from revocation.publishing.objects import ObjectStore, cache_control
from revocation.publishing.s3_store import S3Store
from tests.revocation import s3_server
from tests.revocation.s3_server import Bucket


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with s3_server.serving() as served:
        yield served


def s3(bucket: Bucket, *, secret: str = s3_server.SECRET, url: str = "s3://city/lz") -> S3Store:
    return S3Store(
        url,
        endpoint=bucket.endpoint,
        region=s3_server.REGION,
        access_key_id=s3_server.KEY_ID,
        secret_access_key=secret,
        patience=timedelta(seconds=5),
    )


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "published")
    return s3(request.getfixturevalue("bucket"))


def test_what_is_put_once_stays(store: ObjectStore) -> None:
    assert store.get("feed/delta-1-1", max_bytes=99) is None
    assert store.put_if_absent("feed/delta-1-1", b"body")
    assert not store.put_if_absent("feed/delta-1-1", b"body")
    for other in (b"bodz", b"body and more", b""):
        with pytest.raises(ObjectDiffers, match="feed/delta-1-1"):
            store.put_if_absent("feed/delta-1-1", other)
    assert store.get("feed/delta-1-1", max_bytes=4) == b"body"


def test_what_is_replaced_is_replaced_and_what_is_removed_is_gone(store: ObjectStore) -> None:
    store.put("feed/checkpoint.cwt", b"first")
    store.put("feed/checkpoint.cwt", b"second")
    assert store.get("feed/checkpoint.cwt", max_bytes=99) == b"second"
    with pytest.raises(StoreFailed, match="more than 5 bytes"):
        store.get("feed/checkpoint.cwt", max_bytes=5)
    for _ in range(2):
        store.remove("feed/checkpoint.cwt")
    assert store.get("feed/checkpoint.cwt", max_bytes=99) is None


def test_files_in_a_folder_are_whole_and_readable_by_a_web_server(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "published")
    store.put_if_absent("feed/delta-1-1", b"body")
    store.put("feed/checkpoint.cwt", b"first")
    left = tmp_path / "published/feed/.delta-1-2.abc.tmp"
    left.write_bytes(b"half")
    store.tidy()
    assert {path.name for path in (tmp_path / "published/feed").iterdir()} == {"delta-1-1", "checkpoint.cwt"}
    assert (tmp_path / "published/feed/delta-1-1").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.name == "nt", reason="a full device of POSIX systems")
def test_a_disk_that_is_full_is_named_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    store.put("feed/checkpoint.cwt", b"first")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for put in (store.put, store.put_if_absent):
        with pytest.raises(StoreFailed, match="No space left on device"):
            put("feed/delta-1-1", b"body")
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "feed").iterdir()] == ["checkpoint.cwt"]


def test_objects_in_a_bucket_say_how_long_they_may_be_kept(bucket: Bucket) -> None:
    store = s3(bucket)
    store.put_if_absent("feed/delta-1-1", b"body")
    store.put("feed/checkpoint.cwt", b"first")
    kept = {path: headers["Cache-Control"] for path, (_, headers) in bucket.objects.items()}
    assert kept["/city/lz/feed/delta-1-1"] == "public, max-age=31536000, immutable"
    assert kept["/city/lz/feed/checkpoint.cwt"] == "public, max-age=5"
    assert cache_control("trust.cbor") == "public, max-age=60"


def test_a_store_that_overwrites_what_it_should_leave_is_refused_before_anything_is_put(bucket: Bucket) -> None:
    bucket.ignores_conditions = True
    with pytest.raises(StoreCannotCompare, match="s3://city/lz overwrites"):
        s3(bucket).put_if_absent("feed/delta-1-1", b"body")
    assert "/city/lz/feed/delta-1-1" not in bucket.objects
    assert "If-None-Match" in StoreCannotCompare.hint


def test_a_server_that_stumbles_is_asked_again_and_one_that_is_down_is_named(bucket: Bucket) -> None:
    store = s3(bucket)
    bucket.fails = 1
    assert store.put_if_absent("feed/delta-1-1", b"body")
    bucket.fails = 1_000
    for act in (
        lambda: store.put("feed/checkpoint.cwt", b"first"),
        lambda: store.put_if_absent("feed/delta-1-2", b"body"),
        lambda: store.get("feed/checkpoint.cwt", max_bytes=9),
    ):
        with pytest.raises(StoreFailed):
            act()


def test_a_wrong_key_is_named_and_not_shown(bucket: Bucket) -> None:
    with pytest.raises(StoreFailed) as failed:
        s3(bucket, secret="another-secret").put("feed/checkpoint.cwt", b"first")
    assert "another-secret" not in str(failed.value)
    assert bucket.objects == {}


@pytest.mark.parametrize("url", ["https://city/lz", "s3:///lz", "city"])
def test_an_address_that_is_none_is_refused(bucket: Bucket, url: str) -> None:
    with pytest.raises(StoreFailed, match="s3://BUCKET"):
        s3(bucket, url=url)
