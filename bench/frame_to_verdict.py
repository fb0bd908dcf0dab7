"""From a camera frame to a durable verdict: time of each part, beside one bare durable commit on the same disk.

    python -m bench.frame_to_verdict [--acts 60] [--folder FOLDER]

Real parts: wallet, drawn and filmed phone, decoding process, session with its database. The clock is moved by hand so
that each act has a code of its own. The floor is one row appended to an SQLite database with WAL and synchronous=FULL.
"""

import argparse
import secrets
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from demo.scene import HELD
from demo.subjects import SUBJECTS
from hardware.camera.decoder_process import DecoderProcess
from hardware.camera.frames import Frame
from hardware.camera.source import to_grey
from hardware.simulated.camera import SimulatedCamera
from hardware.simulated.phone_screen import phone_screen
from issuer import holder_keys
from issuer import wiring as issuer_wiring
from protocol.labels import Purpose
from protocol.unixtime import UnixTime
from verifier_terminal import config, setting_up
from verifier_terminal.appraisal.appraise import appraise, appraise_bytes
from verifier_terminal.identity import Identity
from verifier_terminal.session import Session
from verifier_terminal.store.store import Store
from verifier_terminal.trusted_time import TrustedTime
from wallet_sdk.wallet import Wallet


def bare_commit_ms(folder: Path, rounds: int) -> list[float]:
    """Milliseconds of one durable one-row transaction, `rounds` times."""
    database = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE row (at INTEGER, content BLOB)")
        taken = []
        for number in range(rounds):
            began = time.perf_counter()
            database.execute("INSERT INTO row VALUES (?, ?)", (number, bytes(400)))
            taken.append((time.perf_counter() - began) * 1e3)
        return taken
    finally:
        database.close()


def main() -> None:
    """Prints a markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--acts", type=int, default=60)
    arguments.add_argument("--folder", type=Path, default=None, help="on the disk to be measured")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        parts = measure(folder, given.acts)
        floor = bare_commit_ms(folder, given.acts)
    print("| part | p50 ms | p95 ms | × one durable commit (p50) |")
    print("|---|---|---|---|")
    one = statistics.median(floor)
    for label, taken in {**parts, "one durable commit (floor)": floor}.items():
        ordered = sorted(taken)
        p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        print(f"| {label} | {statistics.median(taken):.1f} | {p95:.1f} | {statistics.median(taken) / one:.1f} |")


def measure(folder: Path, acts: int) -> dict[str, list[float]]:
    """Milliseconds of each part, act by act."""
    moment = [UnixTime(int(time.time()))]
    wallet = Wallet.create(folder / "phone", clock=lambda: moment[0])
    with issuer_wiring.initialise(
        folder / "authority", region="990000", authority="GA", passphrase=None, fictional=True, register_url=None
    ) as issuer:
        key = holder_keys.read(wallet.public_key())
        card = wallet.receive(issuer.issue("driving-licence", SUBJECTS["driving-licence"], key, at=moment[0]).package)
        published = issuer.places.published
    setting_up.initialise(folder / "counter", trust=str(published), profile="window", name="bench", root_sha256=None)
    settings, root = config.load(folder / "counter")
    decision = wallet.request(card, Purpose.WINDOW).approve()
    camera = SimulatedCamera(np.random.default_rng(7))
    parts: dict[str, list[float]] = {"decode": [], "appraise and record": [], "frame → durable verdict": []}
    unread = 0
    store = Store(folder / "counter", terminal_id=settings.terminal_id, random_bytes=secrets.token_bytes)
    session = Session(
        settings,
        root,
        store,
        identity=Identity(folder / "counter", random_bytes=secrets.token_bytes),
        appraise=appraise,
        appraise_bytes=appraise_bytes,
        time=TrustedTime(now=lambda: moment[0], elapsed_seconds=lambda: float(moment[0])),
        elapsed_seconds=lambda: float(moment[0]),
        random_bytes=secrets.token_bytes,
    )
    with DecoderProcess() as decoder:
        for number in range(acts + 1):
            moment[0] = UnixTime(moment[0] + 1)
            shown = wallet.present_once(card, audience=Purpose.WINDOW, consent=decision)
            picture = camera.shoot(phone_screen(np.array(shown.matrix)), HELD)
            began = time.perf_counter()
            report = decoder.decode_frame(to_grey(Frame(picture, 0.0)), "bench")
            decoded = time.perf_counter()
            if not report.codes:
                unread += 1
                continue
            verdict = session.scan(report.codes[0].text, source="bench").verdict
            done = time.perf_counter()
            if verdict.verdict_class != "accept":
                raise SystemExit(f"not accepted: {verdict.findings}")
            if number:  # The first one starts the process and builds caches.
                parts["decode"].append((decoded - began) * 1e3)
                parts["appraise and record"].append((done - decoded) * 1e3)
                parts["frame → durable verdict"].append((done - began) * 1e3)
    session.close()
    print(f"{acts + 1} frames, {unread} not read at the first look\n")
    return parts


if __name__ == "__main__":
    main()
