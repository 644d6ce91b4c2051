"""Recordings of calls, and what each second of a leg carried."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recording",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column("media", sa.BigInteger(), nullable=False),
        sa.Column("verification", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["verification"], ["verification.id"], name=op.f("fk_recording_verification")),
        sa.PrimaryKeyConstraint("call", "leg", "media", name=op.f("pk_recording")),
    )
    op.create_index(op.f("ix_recording_closed_at"), "recording", ["closed_at"], unique=False)
    op.create_index(op.f("ix_recording_verification"), "recording", ["verification"], unique=False)
    op.create_table(
        "leg_facts",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column("media", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("call", "leg", "media", "first_at", name=op.f("pk_leg_facts")),
    )
