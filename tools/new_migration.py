"""Writes the revision that leads from the newest one to `store/schema.py`: `python tools/new_migration.py "Add x"`.

Read it before it is committed: a change of meaning, or of data, is for a person to write.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy.types import TypeDecorator

from steamship_engine.store import migrate
from steamship_engine.store.columns import Seq
from steamship_engine.store.database import Database


def main(subject: str) -> None:
    """Compare a fresh database, brought to the newest revision, with the schema."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        migrate.upgrade(database)
        with database.begin() as connection:
            config = migrate.config(connection)
            config.attributes["render_item"] = _plain
            number = len(list((Path(migrate.__file__).parent / "migrations" / "versions").glob("*.py"))) + 1
            script = command.revision(config, subject, autogenerate=True, rev_id=f"{number:04d}")
        database.close()
    print(getattr(script, "path", script))


def _plain(kind: str, item: Any, _context: Any) -> str | bool:
    """A revision stays as it is for ever, so it names plain types and none of ours."""
    if kind != "type":
        return False
    if item is Seq:
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    if isinstance(item, TypeDecorator):
        return f"sa.{type(item.impl_instance).__name__}()"
    return False


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
