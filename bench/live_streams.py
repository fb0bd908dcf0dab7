"""Fifty pages open at once: how long a quick request takes beside them, and what the one too many is told.

    python -m bench.live_streams [--streams 50] [--requests 2000] [--smoke]

The window page behind waitress as a terminal serves it (threads = stream cap + 16), the real session on a disk, and so
many live streams of server-sent events that all hear a scan every half second. Quick requests go over new connections,
one after another. Peer in the same run: the same requests before any stream is open.
"""

import argparse
import http.client
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench import big_region
from issuer import wiring as issuer_wiring
from protocol.labels import Purpose
from verifier_terminal import setting_up, wiring
from verifier_terminal.appraisal import reasons
from verifier_terminal.web.app import create_app
from verifier_terminal.web.server import WindowServer
from verifier_terminal.web.settings import WindowSettings
from wallet_sdk.wallet import Wallet

BAR_MS = 100.0
CARDS = 8
_SCAN_EVERY = 0.5


class Stream:
    """One page's live stream; counts the verdicts that it hears."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.connection.request("GET", "/events")
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.verdicts = 0
        if self.status == http.HTTPStatus.OK:
            threading.Thread(target=self._hear, daemon=True).start()

    def close(self) -> None:
        """Leaves, as a browser does."""
        sock = self.connection.sock
        if sock is not None:
            sock.close()

    def _hear(self) -> None:
        try:
            for line in self.answer:
                self.verdicts += line.startswith(b"event: verdict")
        except (OSError, ValueError, AttributeError):
            return


def quick(port: int, path: str) -> float:
    """Milliseconds of one request over a connection of its own."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise SystemExit(f"{path}: {answer.status}")
    return (time.perf_counter() - began) * 1e3


def requests(port: int, count: int) -> dict[str, list[float]]:
    """So many of each kind of quick request."""
    return {path: [quick(port, path) for _ in range(count // 2)] for path in ("/healthz", "/api/v1/status")}


def scanning(scan: Callable[[str], object], codes: Callable[[], str], stop: threading.Event) -> int:
    """Scans another licence every half second until it is told to stop; how many."""
    count = 0
    while not stop.wait(_SCAN_EVERY):
        scan(codes())
        count += 1
    return count


def main() -> int:
    """Prints a markdown table; the exit status says whether the bar was met."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--streams", type=int, default=50)
    arguments.add_argument("--requests", type=int, default=2_000)
    arguments.add_argument("--smoke", action="store_true", help="five streams and forty requests: does it run at all")
    given = arguments.parse_args()
    streams, count = (5, 40) if given.smoke else (given.streams, given.requests)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wallet = Wallet.create(folder / "phone", clock=issuer_wiring.now)
        published, cards, _ = big_region.published(folder / "authority", wallet, lists=big_region.FEWEST, cards=CARDS)
        setting_up.initialise(folder / "terminal", trust=str(published), profile="window", name="b", root_sha256=None)
        consents = [(card, wallet.request(card, Purpose.WINDOW).approve()) for card in cards]
        turn = iter(range(10**9))

        def code() -> str:
            card, consent = consents[next(turn) % CARDS]
            return wallet.present_once(card, audience=Purpose.WINDOW, consent=consent).text

        with wiring.open_session(folder / "terminal") as session:
            settings = WindowSettings(csrf_token=wiring.secret_token(), stream_cap=streams)
            app = create_app(session, settings=settings, reasons=reasons.load(), clock=wiring.now)
            server = WindowServer(app, "127.0.0.1", 0, settings.stream_cap)
            threading.Thread(target=server.run, daemon=True).start()
            alone = requests(server.port, count)
            opened = [Stream(server.port) for _ in range(streams)]
            one_too_many = Stream(server.port).status
            stop, scanned = threading.Event(), []
            scanner = threading.Thread(
                target=lambda: scanned.append(scanning(lambda text: session.read(text, source="bench"), code, stop))
            )
            scanner.start()
            beside = requests(server.port, count)
            stop.set()
            scanner.join()
            time.sleep(1.0)
            heard = [each.verdicts for each in opened]
            for each in opened:
                each.close()
            server.stop()
    print(f"{streams} live streams, {scanned[0]} scans meanwhile; heard by every stream: {min(heard)} to {max(heard)}")
    print(f"one stream more: {one_too_many}\n")
    print("| quick request | p50 ms | p99 ms | worst ms | alone p50 | alone p99 |")
    print("|---|---|---|---|---|---|")
    worst = 0.0
    for path, taken in beside.items():
        ordered, before = sorted(taken), sorted(alone[path])
        p99 = ordered[int(len(ordered) * 0.99)]
        worst = max(worst, p99)
        print(
            f"| {path} | {statistics.median(ordered):.1f} | {p99:.1f} | {ordered[-1]:.1f} |"
            f" {statistics.median(before):.1f} | {before[int(len(before) * 0.99)]:.1f} |"
        )
    good = worst <= BAR_MS and one_too_many == http.HTTPStatus.SERVICE_UNAVAILABLE and min(heard) == scanned[0]
    print(f"\np99 {worst:.0f} ms, bar {BAR_MS:.0f}: {'met' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
