"""Keep login attempts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "login_attempts",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("refused_keys", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=36), nullable=True),
        sa.Column("client", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["key_id"], ["keys.id"], name=op.f("fk_login_attempts_key_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_login_attempts")),
        sa.UniqueConstraint("digest", name=op.f("uq_login_attempts_digest")),
        sa.UniqueConstraint("id", name=op.f("uq_login_attempts_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_login_attempts_expires_at"), "login_attempts", ["expires_at"], unique=False)
    op.create_index(op.f("ix_login_attempts_key_id"), "login_attempts", ["key_id"], unique=False)
