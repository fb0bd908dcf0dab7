"""Brings the register of an older version up to date by Alembic's revisions (`issuer.migrations`).

Guaranteed: one transaction under the write lock, so that it is done once or not at all; what a register has is neither
lost nor changed. A register that was made before revisions began has no number: the first revision adds what it lacks.
"""

from enum import Enum, auto
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

from issuer.register_schema import FIRST_TABLES, metadata

_FOLDER: Final = Path(__file__).parent / "migrations"
_NUMBERS: Final = "alembic_version"
"""Alembic's own table, with the number of the last revision."""


class Found(Enum):
    """What a database holds."""

    NO_REGISTER = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()


def head() -> str:
    """The number of the newest revision that this program has."""
    return max(path.name[:4] for path in (_FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def found_tables(connection: Connection) -> frozenset[str]:
    """The tables of a register that are there."""
    return frozenset(inspect(connection).get_table_names()) & metadata.tables.keys()


def state_of(connection: Connection) -> Found:
    """Whether this database holds a register, and how its revision compares with this program's."""
    tables = frozenset(inspect(connection).get_table_names())
    if not tables >= FIRST_TABLES:
        return Found.NO_REGISTER
    if _NUMBERS not in tables:
        return Found.OLDER
    number: str = connection.execute(text(f"SELECT version_num FROM {_NUMBERS}")).scalar_one()  # noqa: S608 - a constant
    if number == head():
        return Found.CURRENT
    return Found.OLDER if number < head() else Found.NEWER


def create(connection: Connection) -> None:
    """Make every table, and note that nothing is left to be upgraded."""
    metadata.create_all(connection)
    command.stamp(_config(connection), "head")


def upgrade(connection: Connection) -> None:
    """Run the revisions that are missing; none if another process has done it meanwhile."""
    command.upgrade(_config(connection), "head")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
