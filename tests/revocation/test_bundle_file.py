"""A bundle on a stick that somebody hostile has formatted, and one that is written to a bad one."""

import errno
import os
import socket
from pathlib import Path

import pytest

from protocol import feed_bundle, limits
from protocol.errors import SchemaError
from revocation import bundle_file
from revocation.bundle_file import BundleFile
from revocation.errors import BundleRefused, BundleUnreadable, BundleUnwritable, NotARegularFile

ENTRIES = {"feed.cbor": b"feed", "feed/base-1-2": bytes(range(256)) * 300}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "LZ990000.BDL"
    assert bundle_file.write(path, ENTRIES) == path.stat().st_size
    return path


def test_what_is_written_is_read(file: Path) -> None:
    with BundleFile(file) as opened:
        assert opened.sizes() == {name: len(content) for name, content in ENTRIES.items()}
        assert {name: opened.entry(name) for name in ENTRIES} == ENTRIES
        assert opened.entry("trust.cbor") is None
        assert opened.entry("../LZ990000.BDL") is None
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    assert bundle_file.name_for("990000") == file.name


def refused_as(path: Path, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as refused:
        BundleFile(path)
    assert type(refused.value) is error


def test_no_such_file(tmp_path: Path) -> None:
    refused_as(tmp_path / "LZ990000.BDL", BundleUnreadable, "No such file")


def test_a_link(file: Path) -> None:
    link = file.with_name("LINK.BDL")
    link.symlink_to(file)
    refused_as(link, NotARegularFile, "is a link")


def test_a_folder(tmp_path: Path) -> None:
    refused_as(tmp_path, NotARegularFile, "is a folder")


def test_a_pipe_that_nobody_writes_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "PIPE.BDL")
    refused_as(tmp_path / "PIPE.BDL", NotARegularFile, "is a pipe")


def test_a_device_without_end() -> None:
    refused_as(Path("/dev/zero"), NotARegularFile, "is a device")


def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("S.BDL")
        refused_as(Path("S.BDL"), NotARegularFile, "is a socket")


def test_a_file_of_a_hundred_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "LZ990000.BDL"
    path.touch()
    os.truncate(path, 100 * 2**30)

    def nothing(descriptor: int, count: int) -> bytes:
        raise AssertionError("read")

    monkeypatch.setattr(os, "read", nothing)
    refused_as(path, BundleRefused, "a bundle of 107374182400 bytes")


def test_a_file_that_is_no_bundle(tmp_path: Path) -> None:
    for content in (b"", b"<html>", b"PK\x03\x04", b"\xa1"):
        (tmp_path / "X.BDL").write_bytes(content)
        refused_as(tmp_path / "X.BDL", BundleRefused, "X.BDL")


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_descriptors_are_given_back(file: Path, tmp_path: Path) -> None:
    (tmp_path / "X.BDL").write_bytes(b"<html>")
    before = descriptors()
    for path in (file.with_name("X.BDL"), tmp_path):
        with pytest.raises((BundleRefused, NotARegularFile)):
            BundleFile(path)
    BundleFile(file).close()
    assert descriptors() == before


def test_a_file_that_is_cut_off_while_it_is_read(file: Path) -> None:
    with BundleFile(file) as opened:
        os.truncate(file, 40)
        with pytest.raises(BundleUnreadable, match="cut off"):
            opened.entry("feed/base-1-2")


def test_a_stick_that_is_pulled_out(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pulled_out(descriptor: int, count: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with BundleFile(file) as opened:
        monkeypatch.setattr(os, "read", pulled_out)
        with pytest.raises(BundleUnreadable, match="Input/output"):
            opened.entry("feed.cbor")


@pytest.mark.parametrize("name", ["LZ9900001.BDL", "lz990000.bdl", "LZ990000.ZIP", "LZ990000", ".BDL", "乌有市.BDL"])
def test_a_name_that_not_every_stick_keeps(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleUnwritable, match="is not a name"):
        bundle_file.write(tmp_path / name, ENTRIES)
    assert not list(tmp_path.iterdir())


def test_what_nobody_would_read_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SchemaError):
        bundle_file.write(tmp_path / "LZ990000.BDL", {"passwd": b"1"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("broken", ["write", "fsync"])
def test_a_full_stick_leaves_what_was_there(file: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    before = file.read_bytes()

    def full(*anything: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if broken == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(bundle_file, "_write_through", full)
    with pytest.raises(BundleUnwritable, match="No space left"):
        bundle_file.write(file, {"feed.cbor": b"newer"})
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_what_a_crash_left_is_no_hindrance(file: Path) -> None:
    leftover = file.with_suffix(".TMP")
    leftover.symlink_to("/dev/full")
    bundle_file.write(file, {"feed.cbor": b"newer"})
    assert feed_bundle.decode(file.read_bytes()) == {"feed.cbor": b"newer"}
    assert not leftover.is_symlink()


def test_the_file_is_durable_before_it_has_its_name(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = []
    before = file.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append(file.read_bytes()))
    bundle_file.write(file, {"feed.cbor": b"newer"})
    assert seen == [before, file.read_bytes()]


def test_a_folder_that_cannot_be_synced(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.fsync, []

    def as_on_some_sticks(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", as_on_some_sticks)
    bundle_file.write(file, {"feed.cbor": b"newer"})
    assert len(calls) == 2
    assert feed_bundle.decode(file.read_bytes()) == {"feed.cbor": b"newer"}


def test_bounds_are_those_of_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "LZ990000.BDL"
    path.write_bytes(b"\xa1\x69feed.cbor\x5a" + (limits.MAX_DOCUMENT_BYTES + 1).to_bytes(4) + bytes(100))
    refused_as(path, BundleRefused, f"feed.cbor: {limits.MAX_DOCUMENT_BYTES + 1} bytes")
