"""Revisions: whatever a register was, upgrading it gives the tables of a new one. On both databases."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from issuer import database, register_migration
from issuer.errors import RegisterNewer
from issuer.migrations.first_branches import metadata as first_tables
from issuer.register import Register
from issuer.register_migration import Found
from issuer.register_schema import FIRST_TABLES, metadata

Shape = Callable[[Connection], object]


@pytest.fixture
def url(tmp_path: Path, register_url: str | None) -> str:
    return register_url or f"sqlite:///{tmp_path / 'register.sqlite'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = database._engine(url)
    yield made
    made.dispose()


def of_the_beginning(connection: Connection) -> None:
    first_tables.create_all(connection, tables=[first_tables.tables[name] for name in sorted(FIRST_TABLES)])
    for index in ("credential_group_not_valid", "ix_credential_group_kid", "status_event_by_due"):
        connection.execute(text(f"DROP INDEX {index}"))
    for table, column in (("status_event", "due"), ("status_event", "urgent"), ("credential_group", "kid")):
        connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))


def without_keys_of_groups(connection: Connection) -> None:
    first_tables.create_all(connection)
    connection.execute(text("DROP INDEX ix_credential_group_kid"))
    connection.execute(text("ALTER TABLE credential_group DROP COLUMN kid"))


def before_revisions(connection: Connection) -> None:
    first_tables.create_all(connection)


def with_some_tables(connection: Connection) -> None:
    names = [*FIRST_TABLES, "certified_terminal", "site", "mandate"]
    first_tables.create_all(connection, tables=[first_tables.tables[name] for name in names])


def tables(engine: Engine) -> Mapping[str, Any]:
    """Everything of every table but the order of columns and what stands in rows that nobody gave a value."""
    found = inspect(engine)
    return {
        name: {
            "columns": {
                each["name"]: (repr(each["type"]), each["nullable"])
                for each in sorted(found.get_columns(name), key=str)
            },
            "primary": sorted(found.get_pk_constraint(name)["constrained_columns"]),
            "foreign": sorted(
                (each["constrained_columns"], each["referred_table"], each["referred_columns"])
                for each in found.get_foreign_keys(name)
            ),
            "unique": sorted(each["column_names"] for each in found.get_unique_constraints(name)),
            "indexes": sorted(
                (str(each["name"]), each["column_names"], bool(each["unique"])) for each in found.get_indexes(name)
            ),
        }
        for name in metadata.tables
    }


@pytest.mark.parametrize("shape", [of_the_beginning, with_some_tables, without_keys_of_groups, before_revisions])
def test_an_older_register_becomes_what_a_new_one_is(url: str, engine: Engine, shape: Shape) -> None:
    with engine.begin() as connection:
        shape(connection)
    register = Register.open(url)
    with register.reading() as connection:
        assert register_migration.state_of(connection) is Found.CURRENT
    register.close()
    upgraded = tables(engine)
    with engine.begin() as connection:
        for table in (*reversed(metadata.sorted_tables), "alembic_version"):
            connection.execute(text(f"DROP TABLE {table}"))
    Register.create(url).close()
    assert upgraded == tables(engine)


def test_a_new_register_has_every_revision(url: str) -> None:
    register = Register.create(url)
    with register.reading() as connection:
        assert register_migration.state_of(connection) is Found.CURRENT
        number = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    register.close()
    assert number == register_migration.head()


def test_a_register_of_a_newer_program_is_left_alone(url: str, engine: Engine) -> None:
    Register.create(url).close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RegisterNewer):
        Register.open(url)


def test_revisions_stand_in_one_line_and_are_called_by_their_numbers() -> None:
    script = ScriptDirectory(str(register_migration._FOLDER))
    found = list(script.walk_revisions())
    assert [Path(each.path).name[:4] for each in found] == [each.revision for each in found]
    assert [each.revision for each in reversed(found)] == [f"{number:04}" for number in range(1, len(found) + 1)]
    assert script.get_current_head() == register_migration.head()
