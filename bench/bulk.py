"""Bulk issuance and imports, each beside its peer in the same run, and an import that is killed again and again.

    python -m bench.bulk --rows 20000 [--workers 2] [--postgresql] [--softhsm ed25519|p256] [--record] [--kills 5]
    python -m bench.bulk --rows 5000 --cpu [--postgresql] [--softhsm ed25519|p256]
    python -m bench.bulk --rows 10000000 --record --step 1000000 [--postgresql]
    python -m bench.bulk --smoke

Every row of the file is another synthetic person; with device keys (issuing) unless --record. The peer does for each
licence what no issuance can leave out: the signatures over the same bytes, the salted digests of what is hidden, and
one row in a batch of a thousand, in as many processes. It neither reads a file, nor checks, encodes or lints anything.
The second peer rehearses and signs each credential as the issuer does ("lint what is about to be signed").
With --softhsm the issuer's keys are in a token, and so is the peer's, which takes its signatures unverified.
--step says after so many rows each what they took, beside the peer's bare rows in the same minute: flat where the work
grows with the rows and with nothing else.
--kills ends the program with SIGKILL that often and counts at the end: every row once, no entry and no `sub` twice.
"""

import argparse
import multiprocessing
import os
import secrets
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sqlalchemy import distinct, func, select, text

from issuer import config
from issuer import register_schema as tables
from issuer.application import Issuer
from issuer.bulk import wiring as bulk_wiring
from issuer.bulk.schema import bulk_block
from issuer.database import Database
from issuer.keys.hardware_token import Pkcs11Token
from issuer.profile import TokenPlace
from protocol import cbor, keys, licence_package
from protocol.cose_sign1 import sig_structure
from protocol.keys import Ed25519Signer, Signer, VerificationKey
from protocol.labels import Alg
from protocol.sd_cwt import credential
from tests import softhsm
from tests.issuer import postgresql
from tests.issuer.builders import AT
from tests.issuer.bulk_files import MAPPING, SLUG, driver, written

DISTINCT_KEYS = 1_000
"""Device keys are given to many rows: making them is the wallets' work."""
BLOCK = 1_000
PEER_ROWS = 10_000


def seconds(act) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


@contextmanager
def register_url(on_postgresql: bool) -> Iterator[str | None]:
    if not on_postgresql:
        yield None
        return
    programs = postgresql.binaries()
    assert programs is not None, "apt install postgresql"
    # As a server that loses nothing: the tests' own has fsync off.
    settings = "-c listen_addresses= -c max_connections=50 -c shared_buffers=1GB -c max_wal_size=8GB"
    postgresql.SETTINGS, before = settings, postgresql.SETTINGS
    try:
        with postgresql.running(programs) as cluster:
            yield cluster.database()
    finally:
        postgresql.SETTINGS = before


class InToken:
    """A key of the peer in a token of its own, whose signatures are taken as they come."""

    def __init__(self, alg: Alg) -> None:
        token = softhsm.new_token()
        os.environ[config.PIN_VARIABLE] = token.pin
        self.place, self.key_id = TokenPlace(token.module, token.label, alg), secrets.token_bytes(16)
        self._cose_key = dict(self._opened().make(alg, key_id=self.key_id).cose_key)

    def _opened(self) -> Pkcs11Token:
        return Pkcs11Token(self.place, pin=config.pin)

    def signer(self) -> Signer:
        return _Bare(self._opened(), self.key_id, keys.load_cose_key(self._cose_key))


class _Bare:
    def __init__(self, token: Pkcs11Token, key_id: bytes, key: VerificationKey) -> None:
        self._token, self._key_id, self.public_key = token, key_id, key
        token.describe()

    def sign(self, message: bytes) -> bytes:
        return self._token._signed(self._key_id, self.public_key.alg is Alg.ED25519, message)


def made(folder: Path, *, register_url: str | None, token: InToken | None) -> Issuer:
    return Issuer.init(
        folder,
        region="310000",
        authority="GA",
        passphrase=None,
        random_bytes=secrets.token_bytes,
        at=AT,
        register_url=register_url,
        token=None if token is None else token.place,
        pin=config.pin,
    )


def rows(count: int, keys: bool) -> Iterator[list[str]]:
    for number in range(count):
        yield driver(number, key=number % DISTINCT_KEYS + 1 if keys else None)


def peer(
    signed: list[bytes], linted: bool, token: InToken | None, count: int, workers: int, url: str | None, folder: Path
) -> float:
    """Seconds for so many licences: signatures, digests, one batched row, in this many processes.

    Where `linted`, each credential is rehearsed before it is signed, as an issuer's must be.
    """
    if url is None:
        target = f"sqlite:///{folder / 'peer.sqlite'}"
    else:
        target = url
    table_for_peer(target)
    share = count // workers
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    children = [
        context.Process(target=_peer, args=(signed, linted, token, share, target, ready, go)) for _ in range(workers)
    ]
    for child in children:
        child.start()
    for _ in children:
        ready.acquire()
    start = time.perf_counter()
    go.set()
    for child in children:
        child.join()
    return (time.perf_counter() - start) * count / (share * workers)


def table_for_peer(target: str) -> None:
    database = Database(target)
    with database.writing() as connection:
        connection.execute(text("DROP TABLE IF EXISTS peer"))
        connection.execute(text("CREATE TABLE peer (id VARCHAR(22) PRIMARY KEY, digest VARCHAR(64), subject TEXT)"))
    database.close()


def _peer(signed: list[bytes], linted: bool, token: InToken | None, count: int, target: str, ready, go) -> None:
    signer: Signer = Ed25519Signer(secrets.token_bytes(32)) if token is None else token.signer()
    database = Database(target)
    kid = keys.kid_of(signer.public_key)
    parsed = [credential.parse(cbor.decode(each)) for each in signed]
    messages = [sig_structure(each.sign1.protected_bytes, each.sign1.payload) for each in parsed]
    hidden = sum(len(each.encoded_disclosures) for each in parsed)
    value, subject = cbor.encode("幻境市测试区样例路1号"), "x" * 400
    ready.release()
    go.wait()
    for begin in range(0, count, BLOCK):
        batch = []
        for _ in range(min(BLOCK, count - begin)):
            digests = [sha256(b"\x83\x50" + secrets.token_bytes(16) + value).digest() for _ in range(hidden)]
            if linted:
                made_of = [
                    credential.issue(each.claims, each.redacted_lic, each.encoded_disclosures, signer, kid=kid)
                    for each in parsed
                ]
            else:
                made_of = [signer.sign(message) for message in messages]
            batch.append((secrets.token_urlsafe(16), sha256(b"".join(made_of[:1] + digests[:1])).hexdigest(), subject))
        with database.adding() as connection:
            if target.startswith("sqlite"):
                connection.exec_driver_sql("INSERT INTO peer VALUES (?, ?, ?)", batch)
            else:
                cursor = connection.connection.driver_connection.cursor()
                with cursor.copy("COPY peer FROM STDIN") as copy:
                    for row in batch:
                        copy.write_row(row)
    database.close()


def shape(issuer: Issuer) -> list[bytes]:
    """The credentials of one licence, as they are signed."""
    path = written(issuer.places.folder / "one.csv", rows(1, keys=True))
    one = issuer.imports.begin(path, slug=SLUG, mapping_text=MAPPING, actor="bench", at=AT)
    bulk_wiring.run(issuer, one.id, workers=0, passphrase=None, at=AT)
    return list(licence_package.decode(issuer.package(issuer.list()[0].id)).credentials)


def kill_often(issuer: Issuer, import_id: str, *, workers: int, kills: int, whole: float) -> int:
    """Run it in a process that is killed; how often that happened."""
    context, happened = multiprocessing.get_context("spawn"), 0
    for number in range(kills):
        child = context.Process(target=_run, args=(issuer.places.folder, import_id, workers))
        child.start()
        child.join(timeout=3 + whole / kills * (0.3 + number % 3 / 3))
        if child.is_alive():
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            happened += 1
            done = issuer.imports.state(import_id)
            print(f"  killed at {done.done_rows:,} of {done.rows:,} rows", flush=True)
    return happened


def _run(folder: Path, import_id: str, workers: int) -> None:
    with Issuer.open(folder, passphrase=None, random_bytes=secrets.token_bytes, pin=config.pin) as issuer:
        bulk_wiring.run(issuer, import_id, workers=workers, passphrase=None, at=AT)


def whole_and_once(issuer: Issuer, count: int, keys: bool) -> str:
    with issuer._register.reading() as connection:

        def number(what) -> int:
            return connection.execute(select(what)).scalar_one()

        licences, holders = (
            number(func.count(tables.licence.c.id)),
            number(func.count(distinct(tables.licence.c.holder_number))),
        )
        entries = number(
            func.count(distinct(tables.credential_group.c.list_number * 2**20 + tables.credential_group.c.idx))
        )
        groups, subs = (
            number(func.count(tables.credential_group.c.id)),
            number(func.count(distinct(tables.credential.c.sub))),
        )
        open_intents = number(func.count(bulk_block.c.intent))
    groups_wanted = count if keys else 0
    good = (licences, holders, groups, entries, open_intents) == (count, count, groups_wanted, groups_wanted, 0)
    return (
        f"{licences:,} licences of {holders:,} holders, {groups:,} groups under {entries:,} entries, {subs:,} subs, "
        + ("every row once" if good else "WRONG")
    )


def measure(
    count: int, *, workers: int, on_postgresql: bool, token: InToken | None, with_keys: bool, kills: int
) -> None:
    engine = "PostgreSQL" if on_postgresql else "SQLite"
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as here,
        register_url(on_postgresql) as url,
        made(Path(here) / "issuer", register_url=url, token=token) as issuer,
    ):
        signed = shape(issuer) if with_keys else []
        total = count + (1 if with_keys else 0)
        path = written(Path(here) / "rows.csv", rows(total, with_keys))
        reading = time.perf_counter()
        begun = issuer.imports.begin(path, slug=SLUG, mapping_text=MAPPING, actor="bench", at=AT)
        reading = time.perf_counter() - reading
        if kills:
            expected = count / (1_000 * workers if with_keys else 5_000)
            happened = kill_often(issuer, begun.id, workers=workers, kills=kills, whole=expected)
            print(f"  killed {happened} times")
        left = total - issuer.imports.state(begun.id).done_rows
        took = seconds(lambda: bulk_wiring.run(issuer, begun.id, workers=workers, passphrase=None, at=AT))
        what = "issued" if with_keys else "recorded"
        print(
            f"{engine}, {workers} processes: {left:,} {what} in {took:.1f} s, {left / took:,.0f} a second; "
            f"the file read and kept {reading:.1f} s"
        )
        print(f"  {whole_and_once(issuer, total, with_keys)}", flush=True)
        if with_keys:
            number = max(workers * BLOCK, min(count, 20_000))
            for linted, name in ((False, "sign + digests + one row"), (True, "rehearse and sign + digests + one row")):
                each = peer(signed, linted, token, number, workers, url, Path(here)) / number
                print(
                    f"  {name}: {1 / each:,.0f} a second; bulk issuance is {each / (took / left):.0%} of it", flush=True
                )


def cpu_of(count: int, *, on_postgresql: bool, token: InToken | None) -> None:
    """Both in this process, by the CPU time that it took: what else the machine does meets neither."""
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as here,
        register_url(on_postgresql) as url,
        made(Path(here) / "issuer", register_url=url, token=token) as issuer,
    ):
        signed, path = shape(issuer), written(Path(here) / "rows.csv", rows(count, True))
        begun = issuer.imports.begin(path, slug=SLUG, mapping_text=MAPPING, actor="bench", at=AT)
        start = time.process_time()
        done = bulk_wiring.run(issuer, begun.id, workers=0, passphrase=None, at=AT)
        ours = (time.process_time() - start) / done.issued
        target, context = url or f"sqlite:///{here}/peer.sqlite", multiprocessing.get_context("spawn")
        print(f"{'PostgreSQL' if on_postgresql else 'SQLite'}, CPU time of one process: {ours * 1e6:.0f} µs a licence")
        for linted, name in ((False, "sign + digests + one row"), (True, "rehearse and sign + digests + one row")):
            table_for_peer(target)
            go = context.Event()
            go.set()
            start = time.process_time()
            _peer(signed, linted, token, count, target, context.Semaphore(0), go)
            each = (time.process_time() - start) / count
            print(f"  {name}: {each * 1e6:.0f} µs; bulk issuance is {each / ours:.0%} of it", flush=True)


def linear(count: int, *, step: int, on_postgresql: bool, with_keys: bool) -> None:
    """What each step takes: CPU time of this process, which is all of it on SQLite, and the client's on PostgreSQL."""
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as here,
        register_url(on_postgresql) as url,
        made(Path(here) / "issuer", register_url=url, token=None) as issuer,
    ):
        signed = shape(issuer) if with_keys else []
        total = count + (1 if with_keys else 0)
        path = written(Path(here) / "rows.csv", rows(total, with_keys))
        begun = issuer.imports.begin(path, slug=SLUG, mapping_text=MAPPING, actor="bench", at=AT)
        path.unlink()
        context = multiprocessing.get_context("spawn")
        go = context.Event()
        go.set()

        def beside() -> float:
            target = f"sqlite:///{here}/peer.sqlite"
            table_for_peer(target)
            start = time.process_time()
            _peer(signed, False, None, PEER_ROWS, target, context.Semaphore(0), go)
            return (time.process_time() - start) / PEER_ROWS

        reached, start, wall = 0, time.process_time(), time.perf_counter()

        def watch(state) -> None:
            nonlocal reached, start, wall
            done = state.done_rows
            if done == reached or (done - reached < step and done < total):
                return
            each, elapsed = (time.process_time() - start) / (done - reached), time.perf_counter() - wall
            one = beside()
            print(
                f"  to {done:>10,}: {each * 1e6:6.0f} µs of CPU each, {each / one:5.1f} × a bare row's "
                f"{one * 1e6:.0f} µs; {elapsed:.0f} s on the wall",
                flush=True,
            )
            reached, start, wall = done, time.process_time(), time.perf_counter()

        bulk_wiring.run(issuer, begun.id, workers=0, passphrase=None, at=AT, watch=watch)
        print(f"  {whole_and_once(issuer, total, with_keys)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--postgresql", action="store_true", help="in a server of its own, with fsync")
    parser.add_argument("--record", action="store_true", help="without device keys: recorded and not issued")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--step", type=int, default=0, help="say what each step of so many rows takes; one process")
    parser.add_argument("--smoke", action="store_true", help="a few seconds, small")
    parser.add_argument("--cpu", action="store_true", help="one process, CPU time: for a machine that is busy")
    parser.add_argument("--softhsm", choices=("ed25519", "p256"), help="the keys are in a token")
    options = parser.parse_args()
    token = None if options.softhsm is None else InToken(Alg.ED25519 if options.softhsm == "ed25519" else Alg.ESP256)
    if options.cpu:
        cpu_of(options.rows, on_postgresql=options.postgresql, token=token)
        return
    if options.step:
        linear(options.rows, step=options.step, on_postgresql=options.postgresql, with_keys=not options.record)
        return
    measure(
        2_000 if options.smoke else options.rows,
        workers=options.workers,
        on_postgresql=options.postgresql,
        token=token,
        with_keys=not options.record,
        kills=options.kills,
    )


if __name__ == "__main__":
    main()
