"""Keep an audit trail"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_FIRST = "0" * 64
_CHAIN = (
    "INSERT INTO audit_chain (id, pruned_seq, pruned_hash, last_seq, last_hash) "  # noqa: S608  # our own words
    f"VALUES (1, 0, '{_FIRST}', 0, '{_FIRST}')"
)
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
_PRUNED = "coalesce((SELECT pruned_seq FROM audit_chain), 0)"
_LAST = "coalesce((SELECT last_seq FROM audit_chain), 0)"
_ONE = "EXISTS (SELECT 1 FROM audit_chain)"

_SQLITE = (
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
_POSTGRESQL = (
    _FUNCTION,
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit {_ROW}",
    f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit {_ALL}",
    f"CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain {_ROW}",
    f"CREATE TRIGGER audit_chain_no_truncate BEFORE TRUNCATE ON audit_chain {_ALL}",
)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=True),
        sa.Column("actor_handle", sa.Text(), nullable=True),
        sa.Column("key_id", sa.String(length=36), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("noun", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.String(length=36), nullable=True),
        sa.Column("subject_handle", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_table(
        "audit_chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pruned_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pruned_hash", sa.String(length=64), nullable=False),
        sa.Column("last_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_chain_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    op.execute(_CHAIN)
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
