"""Brings a database to the schema of this engine, or refuses one that is ahead of it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from steamship_engine.store.database import Database

_FOLDER = Path(__file__).parent / "migrations"
# Any number, the same in every engine: two that start at once on one database migrate one after the other.
_ADVISORY_LOCK = 0x5EA5_4170


class SchemaTooNewError(ValueError):
    """The database was last used by a newer engine."""


class SchemaTooOldError(ValueError):
    """The database waits for an engine that brings it up to date."""


def upgrade(database: Database) -> None:
    """Apply what is missing, in one transaction. SchemaTooNewError where the database is ahead."""
    with database.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        _refuse_newer(connection)
        command.upgrade(config(connection), "head")


def require_current(database: Database) -> None:
    """Change nothing, but raise where the database is not at this engine's schema."""
    with database.read() as connection:
        _refuse_newer(connection)
        current = MigrationContext.configure(connection).get_current_revision()
        if current != ScriptDirectory.from_config(config(connection)).get_current_head():
            raise SchemaTooOldError(
                f'the database has the schema "{current or "of an empty database"}", which is older than this '
                "program's. Stop the engine that runs on it, and start this version's `ship serve` once."
            )


def config(connection: Connection) -> Config:
    """Alembic's configuration for one open connection."""
    settings = Config()
    settings.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _refuse_newer(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return
    try:
        ScriptDirectory.from_config(config(connection)).get_revision(current)
    except CommandError:
        raise SchemaTooNewError(
            f'the database has the schema "{current}", which this engine does not know: '
            "a newer engine has used it. Start that one, or restore an older backup."
        ) from None
