"""The tables. Migrations in `store/migrations/` lead to exactly this; a test compares them.

Every table has `seq` (creation order) and `id` (upper-case UUID). `*_key` columns hold a handle's
case-folded form, in which handles are unique.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from steamship_engine.store import append_only
from steamship_engine.store.columns import Instant, Json, Prose, Seq

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _noun(name: str, *columns: Column[object] | UniqueConstraint | Index) -> Table:
    """A table with `seq`, `id` and `created_at` in front of its own columns."""
    return Table(
        name,
        metadata,
        Column("seq", Seq, primary_key=True, autoincrement=True),
        Column("id", String(36), nullable=False, unique=True),
        Column("created_at", Instant, nullable=False),
        *columns,
        sqlite_autoincrement=True,
    )


def _owner(target: str, *, name: str, nullable: bool = False) -> Column[object]:
    """A reference whose row goes when its target goes."""
    return Column(
        name, String(36), ForeignKey(f"{target}.id", ondelete="CASCADE"), nullable=nullable, index=True
    )


users = _noun(
    "users",
    Column("handle", Text, nullable=False),
    Column("handle_key", Text, nullable=False, unique=True),
    Column("updated_at", Instant, nullable=False),
    Column("is_admin", Boolean, nullable=False),
)

keys = _noun(
    "keys",
    _owner("users", name="user_id"),
    Column("name", Text, nullable=False),
    Column("lookup", Text, nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
    Column("scope", Text, nullable=False),
    _owner("workspaces", name="workspace_id", nullable=True),
    _owner("instances", name="instance_id", nullable=True),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
)

login_attempts = _noun(
    "login_attempts",
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("refused_keys", Integer, nullable=False),
    _owner("keys", name="key_id", nullable=True),
    Column("client", Text),
)

workspaces = _noun(
    "workspaces",
    _owner("users", name="user_id"),
    Column("handle", Text, nullable=False),
    Column("handle_key", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("user_id", "handle_key"),
)

packages = _noun(
    "packages",
    _owner("users", name="user_id"),
    Column("handle", Text, nullable=False),
    Column("handle_key", Text, nullable=False, unique=True),
    Column("is_public", Boolean, nullable=False),
    Column("description", Prose),
    Column("readme", Prose),
    Column("profile", Json),
    Column("updated_at", Instant, nullable=False),
)

versions = _noun(
    "versions",
    _owner("packages", name="package_id"),
    Column("handle", Text, nullable=False),
    Column("handle_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("bundle", String(64), nullable=False),
    Column("environment", String(64), nullable=False),
    Column("sdk", String(64)),
    Column("hosting_handler", Text),
    Column("kind_reason", Text),
    Column("config_template", Json, nullable=False),
    Column("spec", Json, nullable=False),
    Column("schemas", Json, nullable=False),
    Column("needs_init", Boolean, nullable=False),
    Column("description", Prose),
    Column("readme", Prose),
    Column("manifest", Json),
    Column("notes", Json, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("package_id", "handle_key"),
)

instances = _noun(
    "instances",
    _owner("users", name="user_id"),
    _owner("workspaces", name="workspace_id"),
    Column("package_id", String(36), ForeignKey("packages.id"), nullable=False, index=True),
    Column("version_id", String(36), ForeignKey("versions.id"), nullable=False, index=True),
    Column("handle", Text, nullable=False),
    Column("handle_key", Text, nullable=False),
    Column("config", Json, nullable=False),
    Column("secret_config", LargeBinary),
    Column("init_status", Text, nullable=False),
    Column("init_message", Prose),
    Column("init_task_id", String(36)),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("workspace_id", "handle_key"),
)

tasks = _noun(
    "tasks",
    _owner("users", name="user_id"),
    _owner("workspaces", name="workspace_id", nullable=True),
    Column("operation", Text, nullable=False),
    Column("actor", Json, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("input", LargeBinary),
    Column("output", LargeBinary),
    Column("output_is_json", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("status_message", Prose),
    Column("status_suggestion", Prose),
    Column("status_code", Text),
    Column("run_after", Instant, nullable=False),
    Column("started_at", Instant),
    Column("updated_at", Instant, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("attempts", Integer, nullable=False),
    Column("waiting_for", Integer, nullable=False),
    Column("upload", Json),
    Index("ix_tasks_due", "state", "waiting_for", "run_after"),
)

task_dependencies = Table(
    "task_dependencies",
    metadata,
    Column("task_id", String(36), ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("needs_id", String(36), ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, index=True),
)

files = _noun(
    "files",
    _owner("users", name="user_id"),
    _owner("workspaces", name="workspace_id"),
    Column("handle", Text, nullable=False),
    Column("handle_key", Text, nullable=False),
    Column("filename", Text),
    Column("mime_type", Text),
    Column("is_public", Boolean, nullable=False),
    Column("blob", String(64)),
    Column("size", Seq, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("workspace_id", "handle_key"),
)

tags = _noun(
    "tags",
    _owner("workspaces", name="workspace_id"),
    _owner("files", name="file_id"),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("value", Json),
    Index("ix_tags_workspace_id_kind_name", "workspace_id", "kind", "name"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("object_key", Text, nullable=False, unique=True),
    Column("size", Seq, nullable=False),
    Column("references", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
)
"""Stored bytes by SHA-256. Each row has an object of its own name, so that deleting one can never
take bytes that a concurrent upload of the same content has just counted on."""

audit = Table(
    "audit",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", String(36)),
    Column("actor_handle", Text),
    Column("key_id", String(36)),
    Column("address", Text),
    Column("request_id", Text),
    Column("noun", Text),
    Column("subject_id", String(36)),
    Column("subject_handle", Text),
    Column("detail", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""The audit trail. No row refers to another table: a line outlives what it tells of."""

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("pruned_seq", Seq, nullable=False),
    Column("pruned_hash", String(64), nullable=False),
    Column("last_seq", Seq, nullable=False),
    Column("last_hash", String(64), nullable=False),
    CheckConstraint("id = 1", name="ck_audit_chain_one"),
)
"""One row: the last line of the trail that was pruned, and the last line there is. Who locks it appends."""

append_only.attach(audit, audit_chain)
