"""What stands between publishers and terminals in bench.feed_end_to_end: the shipped nginx configuration, and a relay.

nginx runs on the loopback address with `deploy/nginx/liangzheng-feed.conf`; only address, folder, the number of
connections from one address (here all terminals have one) and the port behind `feed/hints` are changed. The relay is
the one that an issuer runs for hints: `liangzheng relay serve --upstream FOLDER`.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONFIGURATION: Final = Path(__file__).resolve().parents[1] / "deploy/nginx/liangzheng-feed.conf"
HOST: Final = "feed.example.gov.cn"
"""What terminals say whom they ask; as long as such names are."""
_HINTS: Final = """location ~ /feed/hints$ {
        proxy_pass http://127.0.0.1:8470;
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_read_timeout 1h;
    }

    """
_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True, slots=True)
class Nginx:
    """One that runs, with one worker."""

    port: int
    worker: int

    def requests_per_second(
        self, path: str, *, seconds: float, connections: int = 16, together: int = 64
    ) -> tuple[float, float]:
        """How often it answers, kept busy by so many requests at a time on each connection; and for a second of CPU.

        Where clients need as much of the machine as it does, or others have it, only the second figure is nginx's.
        """
        request = f"GET /{path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        with ExitStack() as opened:
            sockets = [
                opened.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=30))
                for _ in range(connections)
            ]
            sockets[0].sendall(request)
            size = len(_answer(sockets[0]))
            answered, begin, used = 0, time.perf_counter(), self._cpu_seconds()
            while time.perf_counter() - begin < seconds:
                for each in sockets:
                    each.sendall(request * together)
                for each in sockets:
                    left = size * together
                    while left:
                        left -= len(each.recv(min(left, 1 << 20)))
                answered += connections * together
            return answered / (time.perf_counter() - begin), answered / (self._cpu_seconds() - used)

    def _cpu_seconds(self) -> float:
        times = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def nginx(folder: Path, served: Path, *, hints_port: int) -> Iterator[Nginx]:
    """A real nginx while the block runs."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        raise SystemExit("There is no nginx here, and this measures one. Debian: apt install nginx-light")
    port = _free_port()
    content = CONFIGURATION.read_text()
    if "/feed/hints" not in content:
        content = content.replace("location / {", _HINTS + "location / {")
    for before, after in {
        "listen 80;": f"listen 127.0.0.1:{port} reuseport backlog=4096;",
        "root /srv/liangzheng/published;": f"root {served};",
        "limit_conn liangzheng 200;": "limit_conn liangzheng 60000;",
        "127.0.0.1:8470": f"127.0.0.1:{hints_port}",
    }.items():
        if before not in content:
            raise SystemExit(f"the shipped configuration has no {before!r} any more")
        content = content.replace(before, after)
    folder.mkdir()
    (folder / "feed.conf").write_text(content)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/errors; worker_processes 1; daemon on; user root;\n"
        "worker_rlimit_nofile 16384; events { worker_connections 8192; }\n"
        f"http {{ include {folder}/feed.conf;\n"
        + "".join(f"  {each}_temp_path {folder}/{each};\n" for each in _TEMPORARY)
        + "}\n"
    )
    run = [program, "-p", str(folder), "-e", f"{folder}/errors", "-c", str(folder / "nginx.conf")]
    subprocess.run(run, check=True)
    try:
        yield Nginx(port, _worker((folder / "pid").read_text().strip()))
    finally:
        subprocess.run([*run, "-s", "stop"], check=True)


@contextmanager
def relay(served: Path) -> Iterator[int]:
    """An issuer's relay, which gives hints; its port. It looks at a checkpoint once a second: it reads a file."""
    port = _free_port()
    listen = ["--listen", f"127.0.0.1:{port}", "--interval", "1", "--connections", "5000", "--per-address", "5000"]
    command = [sys.executable, "-m", "liangzheng", "relay", "serve", "--upstream", str(served), *listen]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if not process.stdout.readline().startswith("relay:"):
            raise SystemExit("the relay did not start")
        yield port
    finally:
        process.terminate()
        process.wait()


def _worker(master: str) -> int:
    # It listens before the command returns, and its worker may begin a little later.
    while not (children := Path(f"/proc/{master}/task/{master}/children").read_text().split()):
        time.sleep(0.05)
    return int(children[0])


def _answer(connection: socket.socket) -> bytes:
    content = b""
    while True:
        content += connection.recv(65_536)
        head, found, body = content.partition(b"\r\n\r\n")
        if found and len(body) == int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return content


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
