"""The nginx configuration that is shipped, on a real nginx: what each published file is sent with, and what is not.

That this is what an issuer publishes is said by `protocol.feed_names` and by test_publishing.
"""

import http.client
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from protocol import feed_names
from protocol.manifest import EntryKind, ManifestEntry

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy/nginx/liangzheng-feed.conf"
FOREVER = "public, max-age=31536000, immutable"
CHECKPOINTS = (feed_names.CHECKPOINT, feed_names.CHECKPOINT_10)
IMMUTABLE = (
    feed_names.delta(1, 7),
    feed_names.base(1, 7),
    *(feed_names.listed(ManifestEntry(kind, 1, 2, bytes(32), 1).name(epoch=1)) for kind in EntryKind),
    "metadata/3.310000.json",
    "metadata/3.releases.json",
    f"targets/310000/{'a' * 64}.trust.cbor",
    f"targets/releases/{'a' * 64}.liangzheng-0.2.0-cpython_311_linux_x86_64.tar",
)
DOCUMENTS = ("root.cbor", "trust.cbor", "catalogue.cbor", "policy.cbor", "directory.cbor", feed_names.DOCUMENT)
TOKENS = ("status/1.cwt", "status/4711.cwt", "status/aggregation.json")
POLLS, BUDGET = 1_440, 2_000_000


@contextmanager
def serving(folder: Path, published: Path, *, changes: dict[str, str]) -> Iterator[int]:
    """A real nginx on a free port of the loopback address, with these changes of the shipped configuration."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if nginx is None:
        pytest.skip("no nginx here (Debian: apt install nginx-light)")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    content = CONFIGURATION.read_text()
    for before, after in {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "root /srv/liangzheng/published;": f"root {published};",
        **changes,
    }.items():
        assert content.count(before) == 1, before
        content = content.replace(before, after)
    (folder / "feed.conf").write_text(content)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/errors; worker_processes 1; daemon on; user root;\n"
        f"events {{ worker_connections 128; }}\n"
        f"http {{ include {folder}/feed.conf;\n"
        + "".join(
            f"  {each}_temp_path {folder}/{each};\n" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + "}\n"
    )
    run = [nginx, "-p", str(folder), "-e", f"{folder}/errors", "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*run, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    # It listens before the command returns.
    subprocess.run(run, check=True)
    try:
        yield port
    finally:
        subprocess.run([*run, "-s", "stop"], check=True)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file of each kind that is published, and some that must not be served."""
    target = tmp_path_factory.mktemp("nginx")
    for name in (*CHECKPOINTS, feed_names.MANIFEST, *DOCUMENTS, *TOKENS, "metadata/timestamp.json", *IMMUTABLE):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(bytes(340 + 3 * 60))
    (target / "feed/.checkpoint.cwt.abc.tmp").write_bytes(b"half")
    (target / "operator.token").write_bytes(b"secret")
    (target / "feed/delta-1-8").symlink_to("/etc/hostname")
    return target


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, published: Path) -> Iterator[int]:
    with serving(tmp_path_factory.mktemp("server"), published, changes={}) as port:
        yield port


def get(port: int, name: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with closing(connection):
        connection.request(method, f"/{name}", headers={each.replace("_", "-"): headers[each] for each in headers})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def test_a_checkpoint_comes_with_as_little_as_may_be(port: int, published: Path) -> None:
    for name in CHECKPOINTS:
        status, headers, body = get(port, name)
        assert (status, body) == (200, (published / name).read_bytes())
        assert headers.keys() == {"Server", "Date", "Content-Length", "Connection", "Cache-Control"}
        assert (headers["Server"], headers["Cache-Control"]) == ("nginx", "max-age=5")
        assert get(port, name, If_Modified_Since="Thu, 01 Jan 2099 00:00:00 GMT")[0] == 200


def test_a_day_of_polls_with_three_deltas_each_keeps_to_its_budget(port: int) -> None:
    """On one connection, byte by byte as it goes over the wire, with the request that a terminal sends."""
    request = f"GET /{feed_names.CHECKPOINT} HTTP/1.1\r\nHost: feed.example.gov.cn\r\n\r\n".encode()
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as connection:
        sizes = []
        for _ in range(3):
            connection.sendall(request)
            answer = b""
            while len(answer.partition(b"\r\n\r\n")[2]) < 520:
                answer += connection.recv(65_536)
            sizes.append(len(answer))
        assert b"\r\nConnection: keep-alive\r\n" in answer
    assert sizes == [sizes[0]] * 3
    assert len(answer.partition(b"\r\n\r\n")[0]) < 150
    assert POLLS * (len(request) + sizes[0]) < BUDGET * 0.6


def test_what_never_changes_says_so(port: int, published: Path) -> None:
    for name in IMMUTABLE:
        status, headers, body = get(port, name)
        assert (status, headers["Cache-Control"]) == (200, FOREVER), name
        # A download that broke off goes on.
        part = get(port, name, Range="bytes=100-", If_Range=headers["ETag"])
        assert (part[0], part[2]) == (206, body[100:])


def test_documents_and_tokens_have_an_etag_and_a_short_age(port: int, published: Path) -> None:
    for name, age, content_type in (
        *((each, 300, "application/cose") for each in DOCUMENTS),
        ("status/1.cwt", 30, "application/statuslist+cwt"),
        ("status/aggregation.json", 30, "application/json"),
        ("metadata/timestamp.json", 60, "application/json"),
        (feed_names.MANIFEST, 60, "application/cwt"),
    ):
        status, headers, body = get(port, name)
        assert (status, body) == (200, (published / name).read_bytes())
        age_said = re.search(r"max-age=(\d+)", headers["Cache-Control"])
        assert age_said is not None
        assert (int(age_said[1]), headers["Content-Type"]) == (age, content_type)
        assert "immutable" not in headers["Cache-Control"]
        again = get(port, name, If_None_Match=headers["ETag"])
        assert (again[0], again[2]) == (304, b"")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "feed/",
        "status/",
        "feed/delta-1-9",
        "feed/delta-1-8",
        "operator.token",
        "feed/.checkpoint.cwt.abc.tmp",
        "../issuer.json",
        "%2e%2e/issuer.json",
        "feed/checkpoint.cwt/",
        "targets/310000/trust.cbor.tmp",
    ],
)
def test_nothing_else_is_served_and_no_cache_remembers_that(port: int, name: str) -> None:
    status, headers, body = get(port, name)
    assert status in (400, 404)
    assert b"secret" not in body
    if status == 404:
        assert headers["Cache-Control"] == "no-store"


def test_only_reading_is_possible(port: int) -> None:
    assert get(port, "trust.cbor", method="HEAD")[0] == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(port, "trust.cbor", method=method)[0] == 404


def test_who_is_slow_loses_the_connection(tmp_path: Path, published: Path) -> None:
    """The same file with one second instead of ten, so that the test need not wait for ten."""
    with (
        serving(tmp_path, published, changes={"client_header_timeout 10s;": "client_header_timeout 1s;"}) as port,
        closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection,
    ):
        connection.sendall(b"GET /trust.cbor HTTP/1.1\r\nHost: x\r\n")
        with suppress(ConnectionResetError):
            assert connection.recv(1_000) == b""


def test_the_connection_outlives_the_time_between_two_polls() -> None:
    found = re.search(r"keepalive_timeout (\d+)s;", CONFIGURATION.read_text())
    assert found is not None
    assert int(found[1]) > 2 * 60
