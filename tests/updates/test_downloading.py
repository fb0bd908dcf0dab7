"""Archives over a real connection: broken off, altered, endless, on a server that knows no parts."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from revocation.repository.releases import Release
from tests.issuer import test_nginx as nginx
from tests.terminal.serving import answers, quick, serving
from tests.updates.making import Publisher
from verifier_terminal.errors import FetchError, NotPublished, ServerRefused, TooLarge
from verifier_terminal.sync.http_mirror import HttpMirror
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.updates import downloading
from verifier_terminal.updates.errors import InstallFailed, ReleaseDamaged

PLENTY = 10**12
PIECE = 1_000


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "PIECE_BYTES", PIECE)


@pytest.fixture
def release(publisher: Publisher) -> Release:
    return publisher.release("0.2.0")


class Server:
    """Serves parts of a repository's files, and breaks off before one of its answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[int] = []
        self.breaks_at: int | None = None
        self.flips: int | None = None

    @contextmanager
    def mirror(self) -> Iterator[HttpMirror]:
        with serving(self.answer) as address:
            yield quick(address)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = self.folder / handler.path.removeprefix("/feed/")
        found = re.fullmatch("bytes=([0-9]+)-([0-9]+)", handler.headers["Range"] or "")
        if found is None or not path.exists():
            answers(200 if path.exists() else 404, path.read_bytes() if path.exists() else b"")(handler)
            return
        start, end = int(found[1]), int(found[2]) + 1
        if self.breaks_at == len(self.asked):
            handler.close_connection = True
            return
        self.asked.append(start)
        content = bytearray(path.read_bytes())
        if self.flips is not None:
            content[self.flips] ^= 1
        part = bytes(content[start:end])
        handler.send_response(206 if part else 416)
        handler.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(part)))
        handler.end_headers()
        handler.wfile.write(part)


@pytest.fixture
def server(publisher: Publisher) -> Server:
    return Server(publisher.kept.files)


def download(mirror: HttpMirror | FolderMirror, release: Release, folder: Path, *, free: int = PLENTY) -> Path:
    return downloading.download(mirror, release, folder, free_bytes=lambda _: free)


def test_it_comes_in_pieces_and_has_the_signed_hash(server: Server, release: Release, tmp_path: Path) -> None:
    with server.mirror() as mirror:
        path = download(mirror, release, tmp_path / "d")
        assert download(mirror, release, tmp_path / "d") == path
    assert downloading.digest(path) == release.sha256
    assert server.asked == list(range(0, release.size, PIECE))
    assert downloading.held(tmp_path / "d", release.sha256) == path


def test_a_stick_gives_the_same(publisher: Publisher, release: Release, tmp_path: Path) -> None:
    path = download(FolderMirror(publisher.kept.files), release, tmp_path / "d")
    assert downloading.digest(path) == release.sha256
    with pytest.raises(NotPublished):
        download(FolderMirror(tmp_path), replace(release, sha256=bytes(32)), tmp_path / "e")


def test_the_shipped_web_server_gives_parts(publisher: Publisher, release: Release, tmp_path: Path) -> None:
    (tmp_path / "nginx").mkdir()
    with (
        nginx.serving(tmp_path / "nginx", publisher.kept.files, changes={}) as port,
        closing(quick(f"http://127.0.0.1:{port}")) as mirror,
    ):
        path = download(mirror, release, tmp_path / "d")
        assert downloading.digest(path) == release.sha256
        with pytest.raises(NotPublished):
            download(mirror, replace(release, sha256=bytes(32)), tmp_path / "d")


def test_it_goes_on_where_it_broke_off(server: Server, release: Release, tmp_path: Path) -> None:
    server.breaks_at = 3
    with server.mirror() as mirror, pytest.raises(FetchError):
        download(mirror, release, tmp_path / "d")
    assert downloading.held(tmp_path / "d", release.sha256) is None
    server.breaks_at = None
    with server.mirror() as mirror:
        assert downloading.digest(download(mirror, release, tmp_path / "d")) == release.sha256
    assert server.asked == list(range(0, release.size, PIECE))


@pytest.mark.parametrize("where", [0, 2_500, -1])
def test_a_flipped_bit_anywhere(where: int, server: Server, release: Release, tmp_path: Path) -> None:
    server.flips = where
    with server.mirror() as mirror, pytest.raises(ReleaseDamaged):
        download(mirror, release, tmp_path / "d")
    assert list((tmp_path / "d").iterdir()) == []


def test_fewer_bytes_than_were_signed(server: Server, release: Release, tmp_path: Path) -> None:
    with server.mirror() as mirror, pytest.raises(ReleaseDamaged):
        download(mirror, replace(release, size=release.size + 5_000), tmp_path / "d")


def test_more_bytes_than_were_signed_are_never_fetched(server: Server, release: Release, tmp_path: Path) -> None:
    with server.mirror() as mirror, pytest.raises(ReleaseDamaged):
        download(mirror, replace(release, size=1_500), tmp_path / "d")
    assert server.asked == [0, 1_000]


def test_endless_data(release: Release, tmp_path: Path) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(206)
        handler.send_header("Content-Range", "bytes 0-")
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(65_536))

    with serving(endless) as address, pytest.raises(TooLarge):
        download(quick(address), release, tmp_path / "d")
    assert downloading.held(tmp_path / "d", release.sha256) is None


def test_a_server_that_knows_no_parts_or_gives_others(release: Release, tmp_path: Path) -> None:
    with serving(answers(200, bytes(5_000))) as address, pytest.raises(ServerRefused, match="no parts"):
        download(quick(address), release, tmp_path / "d")
    other = answers(206, bytes(PIECE), **{"Content-Range": "bytes 5000-5999/9999"})
    with serving(other) as address, pytest.raises(ServerRefused, match="another part"):
        download(quick(address), release, tmp_path / "d")
    with serving(answers(404, b"")) as address, pytest.raises(NotPublished):
        download(quick(address), release, tmp_path / "d")


def test_too_little_room_begins_nothing(server: Server, release: Release, tmp_path: Path) -> None:
    with server.mirror() as mirror, pytest.raises(InstallFailed, match="room"):
        download(mirror, release, tmp_path / "d", free=release.size)
    assert server.asked == []


def test_what_another_release_left_is_removed(server: Server, release: Release, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / f"{'00' * 32}.part").write_bytes(b"old")
    (folder / f"{release.sha256.hex()}.part").write_bytes(bytes(release.size + 1))
    with server.mirror() as mirror:
        path = download(mirror, release, folder)
    assert list(folder.iterdir()) == [path]
