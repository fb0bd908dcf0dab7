"""Looking licences up among many: by identifier, the card pack of a holder, by the beginning of a name, the newest.

    python -m bench.lookup [--rows 10000000] [--postgresql]

The rows are made inside of the database, three licences for each holder, under shuffled ids; nothing of them is warm
but what the machine keeps by itself. Times are of the register's own functions, connection and transaction included,
each for another number; the peer is an empty transaction of the same connection pool (SELECT 1).
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select, text

from bench.bulk import register_url
from issuer.lookup.schema import licence_number
from issuer.register import Register
from issuer.register_schema import licence

ASKED = 2_000
SUBJECT = (
    '{"address":"幻境市测试区样例路1号","authority":"幻境市公安局交通警察支队","birth_date":"1990-01-01","class":"C1",'
    '"first_issue":"2010-05-01","name":"测试员","sex":2,"valid_from":"2026-01-01","valid_to":"2032-01-01"}'
)
# An id that is spread as random ones are: the low digits turned around by a multiplication modulo a power of two.
SQLITE = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows)
INSERT INTO licence SELECT printf('%010dABCDEFGHIJKL', (i * 2654435761) % 4294967296), 65004, :subject,
  '测试员' || (i / 3), printf('99%016d', i / 3), 20260101, 20320101, 0, 1795320000 + i / 100 FROM n
"""
POSTGRESQL = """
INSERT INTO licence SELECT lpad(((i * 2654435761) % 4294967296)::text, 10, '0') || 'ABCDEFGHIJKL', 65004, :subject,
  '测试员' || (i / 3), '99' || lpad((i / 3)::text, 16, '0'), 20260101, 20320101, 0, 1795320000 + i / 100
FROM generate_series(0::bigint, :rows - 1) i
"""
NUMBERS = """
INSERT INTO licence_number SELECT '1.2.156.3005.2.' || substr(id, 1, 10), id FROM licence
"""


def fill(register: Register, rows: int) -> None:
    """So many licences, each with an identifier of its own; indices come last, as after a restore."""
    with register.writing() as connection:
        is_postgresql = connection.dialect.name == "postgresql"
        indices = [index for table in (licence, licence_number) for index in table.indexes]
        for index in indices:
            index.drop(connection)
        connection.execute(text(POSTGRESQL if is_postgresql else SQLITE), {"rows": rows, "subject": SUBJECT})
        connection.execute(text(NUMBERS))
        for index in indices:
            index.create(connection)
    with register.writing() as connection:
        connection.execute(text("ANALYZE"))


def ask(name: str, act: Callable[[int], object], rows: int) -> None:
    drawn, times = random.Random(1), []
    for number in range(ASKED):
        of = drawn.randrange(rows)
        start = time.perf_counter()
        act(of)
        if number >= 20:
            times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    print(
        f"  {name:<52} p50 {statistics.median(times):6.2f} ms  p99 {times[len(times) * 99 // 100]:6.2f} ms", flush=True
    )


def identifier(number: int) -> str:
    return f"1.2.156.3005.2.{number * 2654435761 % 4294967296:010}"


def measure(register: Register, rows: int) -> None:
    def empty(_: int) -> None:
        with register.reading() as connection:
            connection.execute(select(1))

    def exact(number: int) -> None:
        (found,) = register.by_number(identifier(number), limit=10)
        assert found.holder_name == f"测试员{number // 3}"

    def pack(number: int) -> None:
        found = register.by_number(f"99{number // 3:016}", limit=10)
        assert len(found) == min(3, rows - number // 3 * 3)

    def begins(number: int) -> None:
        assert register.licences(search=f"测试员{number // 3}"[:8], limit=50)

    ask("an empty transaction", empty, rows)
    ask("one licence by its identifier", exact, rows)
    ask("the card pack of a holder", pack, rows)
    ask("50 whose holder's name begins so, the newest first", begins, rows)
    ask("the 50 newest", lambda _: register.licences(search="", limit=50), rows)
    start = time.perf_counter()
    register.licences(search="没有这样的名字", limit=50)
    print(f"  a part of a name that nobody has, once: {(time.perf_counter() - start) * 1e3:.0f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, register_url(options.postgresql) as url:
        register = Register.create(url or f"sqlite:///{folder}/register.sqlite")
        try:
            start = time.perf_counter()
            fill(register, options.rows)
            with register.reading() as connection:
                count = connection.execute(select(func.count()).select_from(licence)).scalar_one()
            engine = "PostgreSQL" if options.postgresql else "SQLite"
            print(f"{engine}, {count:,} licences, made in {time.perf_counter() - start:.0f} s", flush=True)
            measure(register, options.rows)
        finally:
            register.close()


if __name__ == "__main__":
    main()
