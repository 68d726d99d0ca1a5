"""Alembic's entry: runs the revisions on the connection that `store/migrate.py` opened."""

from __future__ import annotations

from alembic import context

from steamship_engine.store.schema import metadata

given = context.config.attributes
context.configure(
    connection=given["connection"],
    target_metadata=metadata,
    render_item=given.get("render_item"),
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
