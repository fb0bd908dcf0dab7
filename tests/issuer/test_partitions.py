"""A register that is spread over partitions: nothing is lost, and everything works on it as before."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select, text

from issuer.application import Issuer
from issuer.bulk import partitions
from issuer.bulk import wiring as bulk_wiring
from issuer.bulk.errors import PartsRefused
from issuer.errors import IndexGivenTwice
from issuer.register import Register, StatusEntry, reserve
from issuer.register_schema import metadata
from protocol.status_list import Status
from tests.issuer import postgresql
from tests.issuer.builders import AT, DRIVING, holder_key, made, published_status
from tests.issuer.bulk_files import MAPPING, SLUG, citizen_id, drivers, written

_PART = re.compile(r"_[0-9]+$")


@pytest.fixture
def on_postgresql(tmp_path: Path, cluster: postgresql.Cluster) -> Iterator[Issuer]:
    with made(tmp_path / "issuer", register_url=cluster.database()) as issuer:
        yield issuer


def shape(register: Register) -> dict[str, Any]:
    with register.reading() as connection:
        found = inspect(connection)
        return {
            name: (
                [(each["name"], repr(each["type"]), each["nullable"]) for each in found.get_columns(name)],
                found.get_pk_constraint(name)["constrained_columns"],
                # A foreign key to a table with partitions is listed for each of them, too.
                {
                    (*each["constrained_columns"], _PART.sub("", each["referred_table"]))
                    for each in found.get_foreign_keys(name)
                },
                sorted(str(each["name"]) for each in found.get_indexes(name) if not each["unique"]),
            )
            for name in metadata.tables
        }


def imported(issuer: Issuer, path: Path) -> tuple[int, int, int]:
    begun = issuer.imports.begin(path, slug=SLUG, mapping_text=MAPPING, actor="x", at=AT, block_rows=20)
    done = bulk_wiring.run(issuer, begun.id, workers=0, passphrase=None, at=AT)
    return done.recorded, done.issued, done.repeated


def test_everything_works_on_a_register_that_is_spread(on_postgresql: Issuer, tmp_path: Path) -> None:
    issuer = on_postgresql
    first = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    paper = issuer.papers.issue(first.licence_id, days=30, actor="x", at=AT)
    assert imported(issuer, written(tmp_path / "a.csv", drivers(30, keys=True))) == (30, 30, 0)
    before = shape(issuer._register)
    partitions.spread(issuer._register, 4)
    assert shape(issuer._register) == before
    assert imported(issuer, written(tmp_path / "b.csv", drivers(60, keys=True))) == (30, 30, 30)
    (record,) = issuer.list(search=citizen_id(45))
    assert issuer.package(record.id)
    assert issuer.package(first.licence_id) == first.package
    again = issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    flipped = issuer.revoke(first.licence_id, reason="测试", actor="x", at=AT)
    assert len(flipped) == 3
    assert {published_status(issuer, each) for each in (first, again, paper.claims.status)} == {Status.REVOKED}
    with issuer._register.reading() as connection:
        rows = connection.execute(text("SELECT tableoid::regclass::text, count(*) FROM licence GROUP BY 1")).all()
        given = connection.execute(text("SELECT count(*) FROM status_entry")).scalar_one()
    assert ({row[0] for row in rows}, sum(row[1] for row in rows)) == ({f"licence_{part}" for part in range(4)}, 61)
    assert given == 63
    with pytest.raises(PartsRefused, match="already"):
        partitions.spread(issuer._register, 4)


def test_an_entry_is_given_once_on_a_register_that_is_spread(on_postgresql: Issuer) -> None:
    issuer = on_postgresql
    before = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    partitions.spread(issuer._register, 2)
    after = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    with issuer._register.reading() as connection:
        kid = connection.execute(select(metadata.tables["credential_group"].c.kid)).scalars().first()
    assert kid is not None
    for each in (before, after):
        with pytest.raises(IndexGivenTwice), issuer._register.adding() as connection:
            reserve(
                connection,
                before.licence_id,
                holder_key_thumbprint=b"",
                exp=each.exp,
                layouts=(),
                allocate=lambda _, each=each: StatusEntry(each.list_number, each.idx),  # type: ignore[misc]
                draw_sub=str,
                kid=kid,
                at=AT,
            )


@pytest.mark.parametrize("parts", [0, 1, 257])
def test_so_many_parts_make_no_sense(on_postgresql: Issuer, parts: int) -> None:
    with pytest.raises(PartsRefused):
        partitions.spread(on_postgresql._register, parts)


def test_sqlite_has_no_partitions(tmp_path: Path) -> None:
    with made(tmp_path / "issuer") as issuer, pytest.raises(PartsRefused, match="PostgreSQL"):
        partitions.spread(issuer._register, 4)
