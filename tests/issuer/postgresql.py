"""A PostgreSQL cluster of the tests' own: in a folder of its own, over a socket in it, gone afterwards.

It runs under an unprivileged account where the tests are root's, for PostgreSQL refuses root. Nothing of the system's
own clusters is touched. It does not survive the plug (fsync is off): what is tested is the register and not the disk.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

ACCOUNTS: Final = ("postgres", "nobody")
USER: Final = "liangzheng"
SETTINGS: Final = "-c listen_addresses= -c fsync=off -c max_connections=50 -c shared_buffers=16MB"


def binaries() -> Path | None:
    """The folder with PostgreSQL's server programs; Debian keeps them off the path."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


class Cluster:
    """A running cluster with one database, which is emptied for each test: making databases takes longer."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def database(self) -> str:
        """The address of the database, emptied; whoever was still connected with it is not any more."""
        with psycopg.connect(f"host={self._socket} user={USER} dbname=postgres", autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                "AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return f"postgresql+psycopg://{USER}@/postgres?host={self._socket}"


@contextmanager
def running(programs: Path) -> Iterator[Cluster]:
    """A cluster while the block runs."""
    # Not below pytest's folders: they are closed to other accounts, and too long for the name of a socket.
    folder = Path(tempfile.mkdtemp(prefix="lz-pg-"))
    account = None
    if os.geteuid() == 0:
        account = next(name for name in ACCOUNTS if name in {each.pw_name for each in pwd.getpwall()})
        shutil.chown(folder, account)
    where = folder / "cluster"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), "-D", str(where), *arguments],
            user=account,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )

    try:
        run("initdb", "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} {SETTINGS}")
        try:
            yield Cluster(folder)
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(folder)
