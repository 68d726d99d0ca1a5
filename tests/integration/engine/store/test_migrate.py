"""Migrations lead to the schema, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from steamship_engine.store import migrate
from steamship_engine.store.database import Database
from steamship_engine.store.migrate import SchemaTooNewError, SchemaTooOldError
from steamship_engine.store.schema import metadata

_APART = re.compile(r"\n|, (?=[a-z_]+ [A-Z])")


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    opened = Database(url)
    yield opened
    opened.close()


def test_migrations_lead_to_the_schema(empty: Database) -> None:
    """After all revisions nothing differs from `schema.py`: no table, column, type, key or index."""
    migrate.upgrade(empty)
    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_newest_revision_is_alembics_own(empty: Database) -> None:
    """What the files' names say is newest, and what the database says it has, is what Alembic says of both."""
    with empty.read() as connection:
        assert migrate.current(connection) is None
    migrate.upgrade(empty)
    with empty.read() as connection:
        heads = ScriptDirectory.from_config(migrate.config(connection)).get_heads()
        assert heads == [migrate.head()]
        assert migrate.current(connection) == MigrationContext.configure(connection).get_current_revision()


def test_sqlite_tables_are_made_alike(tmp_path: Path) -> None:
    """On SQLite the revisions leave the columns and constraints that the schema itself would make, in any order."""
    migrated, made = (Database(f"sqlite:///{tmp_path / name}.db") for name in ("migrated", "made"))
    migrate.upgrade(migrated)
    metadata.create_all(made.engine)

    def statements(database: Database) -> dict[str, list[str]]:
        query = (
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name != 'alembic_version'"
        )
        with database.read() as connection:
            return {
                # A column that was added stands on one line with the one before it.
                name: sorted(filter(None, (part.strip(" ,\t)") for part in _APART.split(sql or ""))))
                for name, sql in connection.execute(text(query))
            }

    assert statements(migrated) == statements(made)
    migrated.close()
    made.close()


def test_postgresql_keeps_the_trail_alike(postgres_cluster: Any, postgres_template: str) -> None:
    """On PostgreSQL the revisions make the triggers, their function, the chain's row and its bound that the schema itself would make."""
    name = postgres_cluster.create_database()
    migrated = Database(postgres_cluster.url(name))
    migrate.upgrade(migrated)
    copy = postgres_cluster.create_database(postgres_template)
    made = Database(postgres_cluster.url(copy))
    queries = (
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
        "SELECT prosrc FROM pg_proc WHERE proname = 'audit_append_only'",
        "SELECT * FROM audit_chain",
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_audit_chain_one'",
    )

    def told(database: Database) -> list[object]:
        with database.read() as connection:
            return [tuple(row) for query in queries for row in connection.execute(text(query))]

    assert told(migrated) == told(made)
    assert len(told(made)) == 7
    for opened, each in ((migrated, name), (made, copy)):
        opened.close()
        postgres_cluster.drop_database(each)


def test_a_second_time_changes_nothing(empty: Database) -> None:
    """Upgrading a database that is up to date keeps what is in it."""
    migrate.upgrade(empty)
    with empty.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO blobs (digest, object_key, size, \"references\", created_at) VALUES ('d', 'k', 1, 1, 0)"
            )
        )
    migrate.upgrade(empty)
    with empty.read() as connection:
        assert connection.execute(text("SELECT digest FROM blobs")).scalar() == "d"


def test_a_newer_schema_is_refused(empty: Database) -> None:
    """A database that a newer engine has used is refused with its schema's name, and left as it is."""
    migrate.upgrade(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNewError, match='"9999"'):
        migrate.upgrade(empty)


def test_a_migration_that_fails_leaves_nothing(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """All revisions are one transaction: where one fails, none of its tables is there."""

    def failing(config: object, _target: str) -> None:
        real(config, "head")
        raise RuntimeError("power is out")

    real = command.upgrade
    monkeypatch.setattr(command, "upgrade", failing)
    with pytest.raises(RuntimeError, match="power"):
        migrate.upgrade(empty)
    monkeypatch.undo()
    with empty.read() as connection:
        assert MigrationContext.configure(connection).get_current_revision() is None
    migrate.upgrade(empty)


def test_a_program_beside_the_engine_changes_no_schema(empty: Database) -> None:
    """What only requires the schema refuses an older one and a newer one, and leaves both as they are."""
    with pytest.raises(SchemaTooOldError, match="empty database"):
        migrate.require_current(empty)
    migrate.upgrade(empty)
    migrate.require_current(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNewError):
        migrate.require_current(empty)
