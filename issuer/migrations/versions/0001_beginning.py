"""Everything up to the audit trail: a register that was made before revisions began gets what it lacks.

Lists whose indices were drawn at random (before ADR 0010) take no new entries, and are retired when the last of theirs
has ended.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, func, insert, inspect, literal, select
from sqlalchemy import update as change

from issuer.migrations.first_branches import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Add what is missing."""
    connection = op.get_bind()
    metadata.create_all(connection)
    if not _has(connection, "status_event", "due"):
        # Until then every change was published at once.
        op.add_column("status_event", Column("due", BigInteger, nullable=False, server_default="0"))
        op.add_column("status_event", Column("urgent", Integer, nullable=False, server_default="1"))
        event = metadata.tables["status_event"]
        connection.execute(change(event).values(due=event.c.at))
    if not _has(connection, "credential_group", "kid"):
        op.add_column("credential_group", Column("kid", LargeBinary(8)))
    for table in metadata.sorted_tables:
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    _close_lists_of_random_draws(connection)


def _has(connection: Connection, table: str, column: str) -> bool:
    return column in {each["name"] for each in inspect(connection).get_columns(table)}


def _close_lists_of_random_draws(connection: Connection) -> None:
    lists, groups = metadata.tables["status_list"], metadata.tables["credential_group"]
    given = metadata.tables["allocation_list"]
    last_end = (
        select(func.coalesce(func.max(groups.c.exp), 0)).where(groups.c.list_number == lists.c.number).scalar_subquery()
    )
    drawn_at_random = select(lists.c.number, last_end, literal(0), literal(0)).where(
        lists.c.number.not_in(select(given.c.number))
    )
    connection.execute(insert(given).from_select(["number", "ends", "given", "is_open"], drawn_at_random))
