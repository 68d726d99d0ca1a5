"""Brings a database to the schema of this engine, or refuses one that is ahead of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from steamship_engine.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"
# Any number, the same in every engine: two that start at once on one database migrate one after the other.
_ADVISORY_LOCK = 0x5EA5_4170
_VERSION = "alembic_version"


class SchemaTooNewError(ValueError):
    """The database was last used by a newer engine."""


class SchemaTooOldError(ValueError):
    """The database waits for an engine that brings it up to date."""


def upgrade(database: Database) -> None:
    """Apply what is missing, in one transaction. SchemaTooNewError where the database is ahead."""
    with database.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        if current(connection) != head():
            _refuse_newer(connection)
            # Alembic takes a fifth of a second to import: a database that is up to date does without.
            from alembic import command

            command.upgrade(config(connection), "head")


def require_current(database: Database) -> None:
    """Change nothing, but raise where the database is not at this engine's schema."""
    with database.read() as connection:
        found = current(connection)
        if found != head():
            _refuse_newer(connection)
            raise SchemaTooOldError(
                f'the database has the schema "{found or "of an empty database"}", which is older than this '
                "program's. Stop the engine that runs on it, and start this version's `ship serve` once."
            )


def head() -> str:
    """The newest revision: their files begin with their numbers."""
    return max(_revisions())


def current(connection: Connection) -> str | None:
    """The revision that the database has; None for an empty one."""
    if not inspect(connection).has_table(_VERSION):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {_VERSION}")).scalar()  # noqa: S608
    return found


def config(connection: Connection) -> Config:
    """Alembic's configuration for one open connection."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _revisions() -> set[str]:
    return {file.stem.partition("_")[0] for file in (_FOLDER / "versions").glob("[0-9]*.py")}


def _refuse_newer(connection: Connection) -> None:
    found = current(connection)
    if found is not None and found not in _revisions():
        raise SchemaTooNewError(
            f'the database has the schema "{found}", which this engine does not know: '
            "a newer engine has used it. Start that one, or restore an older backup."
        )
