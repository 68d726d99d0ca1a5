"""What an administrator does on the engine's own database, beside a running engine or without one."""

from __future__ import annotations

from steamship_engine.app.server import open_database
from steamship_engine.control import users
from steamship_engine.model.nouns import User
from steamship_engine.settings import Settings, SettingsError
from steamship_engine.store import migrate


def create_user(settings: Settings, handle: str) -> tuple[User, str]:
    """A new user and their key. SettingsError where there is no engine's database yet."""
    if settings.database_url is None and not (settings.data_dir / "engine.db").exists():
        raise SettingsError(
            f'There is no engine in "{settings.data_dir}": it has no engine.db. '
            "Name the engine's --data-dir, or start it once with `ship serve`."
        )
    database = open_database(settings, migrate.require_current)
    try:
        return users.create(database, handle, many_users=settings.insecure_no_sandbox)
    finally:
        database.close()
