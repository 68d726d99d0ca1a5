"""Opens the databases that the settings name, for the engine and for what works beside it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from steamship_engine.settings import Settings, SettingsError
from steamship_engine.store import migrate, record_tables
from steamship_engine.store.database import Database


def open_database(settings: Settings, prepare: Callable[[Database], None] = migrate.upgrade) -> Database:
    """The settings' database after `prepare`. SettingsError where it cannot be used."""
    url = settings.database_url
    if url is None:
        file = settings.data_dir / "engine.db"
        # SQLite gives the files beside it the mode of this one.
        file.touch(mode=0o600)
        url = f"sqlite:///{file}"
    database = Database(url)
    try:
        prepare(database)
    except SQLAlchemyError as error:
        database.close()
        raise SettingsError(
            f"The database {_without_password(url)} cannot be used: {_cause(error)}"
        ) from None
    return database


def open_records_database(settings: Settings) -> Database:
    """Where records are kept: a file of their own, or the state's own server, which writes side by side."""
    url = settings.database_url
    if url is None or make_url(url).drivername == "sqlite":
        file = settings.data_dir / "records.db"
        file.touch(mode=0o600)
        url = f"sqlite:///{file}"
    database = Database(url, durable=False)
    record_tables.prepare(database)
    return database


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "of the settings"


def _cause(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or type(error).__name__).strip()
