"""What an administrator does on the engine's own database, beside a running engine or without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from steamship_engine.app import sandbox_file
from steamship_engine.app.databases import open_database
from steamship_engine.app.operator import operator
from steamship_engine.control import audit, users
from steamship_engine.model.audit import AuditLine
from steamship_engine.model.nouns import User
from steamship_engine.settings import Settings, SettingsError
from steamship_engine.store import audit as audit_lines
from steamship_engine.store import audit_check, migrate
from steamship_engine.store.audit import AuditFilter, Head
from steamship_engine.store.audit_check import Verdict
from steamship_engine.store.database import Database


def create_user(settings: Settings, handle: str) -> tuple[User, str]:
    """A new user and their key. SettingsError where there is no engine's database yet."""
    with _opened(settings) as database:
        allowed = settings.insecure_no_sandbox or sandbox_file.isolates(settings.data_dir)
        return users.create(database, handle, many_users=allowed, by=operator())


def audit_trail(settings: Settings, wanted: AuditFilter, most: int | None) -> Iterator[AuditLine]:
    """The newest lines of the audit trail that are wanted, or with `most` None all of them, oldest first."""
    with _opened(settings) as database, database.read() as connection:
        if most is None:
            yield from audit_lines.every(connection, wanted)
        else:
            yield from audit_lines.newest(connection, wanted, most)


def verify_audit(settings: Settings, noted: Head | None) -> Verdict:
    """Whether the audit trail is whole, and still has the line that was noted."""
    with _opened(settings) as database, database.read() as connection:
        return audit_check.check(connection, noted)


def prune_audit(settings: Settings, before: datetime) -> int:
    """Remove the audit trail's lines from before that moment; how many.

    ConflictError where the trail is not whole: what shows that must stay.
    """
    with _opened(settings) as database:
        return audit.prune(database, operator(), before)


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    if settings.database_url is None and not (settings.data_dir / "engine.db").exists():
        raise SettingsError(
            f'There is no engine in "{settings.data_dir}": it has no engine.db. '
            "Name the engine's --data-dir, or start it once with `ship serve`."
        )
    database = open_database(settings, migrate.require_current)
    try:
        yield database
    finally:
        database.close()
