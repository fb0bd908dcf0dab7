"""Spreads a large register on PostgreSQL over hash partitions, whatever is in it already (ADR 0034).

Guaranteed: one transaction that nothing writes beside; every row, constraint, index and foreign key is there afterwards
as before, and the same programs work on it. Each table is spread by the key that its rows are found by, which its
primary key is or begins with. UNIQUE(list, idx) of groups, which are spread by another key, becomes a table of its own
that a trigger fills, so that an entry is still given once. Not handled here: several servers (Citus, ADR 0034).
"""

from typing import Final

from sqlalchemy import Connection, text

from issuer.bulk.errors import PartsRefused
from issuer.register import Register

PARTS: Final = range(2, 257)
TABLES: Final = (
    ("licence", "id"),
    ("licence_number", "number"),
    ("imported_licence", "key"),
    ("credential_group", "id"),
    ("credential", "sub"),
)
_ENTRIES: Final = """
CREATE TABLE status_entry (list_number integer NOT NULL, idx integer NOT NULL, PRIMARY KEY (list_number, idx))
PARTITION BY HASH (list_number);
INSERT INTO status_entry SELECT list_number, idx FROM credential_group;
CREATE FUNCTION give_status_entry() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    INSERT INTO status_entry VALUES (NEW.list_number, NEW.idx);
    RETURN NEW;
END $body$;
CREATE TRIGGER give_status_entry BEFORE INSERT ON credential_group FOR EACH ROW EXECUTE FUNCTION give_status_entry();
"""


def spread(register: Register, parts: int) -> None:
    """Spread the large tables over so many partitions each.

    Raises:
        PartsRefused: This is no PostgreSQL database, it is spread already, or the number makes no sense.
        RegisterUnavailable: Nothing was changed.
    """
    if parts not in PARTS:
        raise PartsRefused(f"not {PARTS.start} to {PARTS.stop - 1} partitions")
    with register.writing() as connection:
        if connection.dialect.name != "postgresql":
            raise PartsRefused("only a register on PostgreSQL has partitions")
        if _is_spread(connection):
            raise PartsRefused("the register is spread already")
        for table, key in TABLES:
            _convert(connection, table, key, parts)
        head, insert, rest = _ENTRIES.partition("INSERT INTO status_entry SELECT")
        connection.exec_driver_sql(head)
        _add_parts(connection, "status_entry", parts)
        connection.exec_driver_sql(insert + rest)


def _is_spread(connection: Connection) -> bool:
    statement = text("SELECT relkind = 'p' FROM pg_class WHERE oid = 'licence'::regclass")
    return bool(connection.execute(statement).scalar_one())


def _convert(connection: Connection, table: str, key: str, parts: int) -> None:
    def listed(statement: str) -> list[tuple[str, str, str]]:
        found = connection.execute(text(statement), {"relation": table})
        return [(row[0], row[1], row[2]) for row in found]

    # What points here, what this table demands, and its further indices, in the database's own words.
    inbound = listed(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE confrelid = CAST(:relation AS regclass) AND contype = 'f' AND conparentid = 0"
    )
    own = listed(
        "SELECT contype, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = CAST(:relation AS regclass) AND contype IN ('p', 'f') AND conparentid = 0 "
        "ORDER BY contype DESC"
    )
    indices = listed(
        "SELECT indexrelid::regclass::text, '', pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = CAST(:relation AS regclass) AND NOT indisunique"
    )
    sequences = listed(
        "SELECT pg_get_serial_sequence(:relation, attname), attname, '' FROM pg_attribute "
        "WHERE attrelid = CAST(:relation AS regclass) AND attnum > 0 AND NOT attisdropped "
        "AND pg_get_serial_sequence(:relation, attname) IS NOT NULL"
    )
    run = connection.exec_driver_sql
    for other, name, _ in inbound:
        run(f"ALTER TABLE {other} DROP CONSTRAINT {name}")
    for sequence, _, _ in sequences:
        run(f"ALTER SEQUENCE {sequence} OWNED BY NONE")
    run(f"CREATE TABLE spread (LIKE {table} INCLUDING DEFAULTS) PARTITION BY HASH ({key})")
    _add_parts(connection, "spread", parts, called=table)
    run(f"INSERT INTO spread SELECT * FROM {table}")  # noqa: S608 - names of tables, from this file
    run(f"DROP TABLE {table}")
    run(f"ALTER TABLE spread RENAME TO {table}")
    for sequence, column, _ in sequences:
        run(f"ALTER SEQUENCE {sequence} OWNED BY {table}.{column}")
    for _, name, definition in own:
        run(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for _, _, definition in indices:
        run(definition)
    for other, name, definition in inbound:
        run(f"ALTER TABLE {other} ADD CONSTRAINT {name} {definition}")


def _add_parts(connection: Connection, table: str, parts: int, *, called: str | None = None) -> None:
    for part in range(parts):
        connection.exec_driver_sql(
            f"CREATE TABLE {called or table}_{part} PARTITION OF {table} "
            f"FOR VALUES WITH (MODULUS {parts}, REMAINDER {part})"
        )
