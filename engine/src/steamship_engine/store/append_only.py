"""What makes the audit trail append-only in the database itself: triggers, made with its tables.

A line may go only where `audit_chain` says that it was pruned; nothing may change one, put another in its place, or
remove the chain's row. SQLite's `INSERT OR REPLACE` fires no trigger for what it removes, so it is refused as an insert.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, event

FIRST_HASH = "0" * 64
"""What the trail's first line follows."""

_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
_PRUNED = "coalesce((SELECT pruned_seq FROM audit_chain), 0)"
_LAST = "coalesce((SELECT last_seq FROM audit_chain), 0)"
_ONE = "EXISTS (SELECT 1 FROM audit_chain)"

SQLITE = (
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {_REFUSE}",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN OLD.seq > {_PRUNED} {_REFUSE}",
    f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN NEW.seq <= {_LAST} {_REFUSE}",
    f"CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain {_REFUSE}",
    f"CREATE TRIGGER audit_chain_no_insert BEFORE INSERT ON audit_chain WHEN {_ONE} {_REFUSE}",
)
_FUNCTION = """CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit' THEN
        IF OLD.seq <= (SELECT pruned_seq FROM audit_chain) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only';
END
$$"""
_ROW, _ALL = (f"FOR EACH {each} EXECUTE FUNCTION audit_append_only()" for each in ("ROW", "STATEMENT"))
POSTGRESQL = (
    _FUNCTION,
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit {_ROW}",
    f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit {_ALL}",
    f"CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain {_ROW}",
    f"CREATE TRIGGER audit_chain_no_truncate BEFORE TRUNCATE ON audit_chain {_ALL}",
)
_FIRST = f"1, 0, '{FIRST_HASH}', 0, '{FIRST_HASH}'"
EMPTY_CHAIN = f"INSERT INTO audit_chain (id, pruned_seq, pruned_hash, last_seq, last_hash) VALUES ({_FIRST})"  # noqa: S608  # our own words


def attach(audit: Table, audit_chain: Table) -> None:
    """Have the chain's row and the triggers made with the tables."""
    audit_chain.add_is_dependent_on(audit)

    @event.listens_for(audit_chain, "after_create")
    def _made(_table: Table, connection: Connection, **_more: Any) -> None:
        statements = SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL
        for statement in (EMPTY_CHAIN, *statements):
            connection.exec_driver_sql(statement)
