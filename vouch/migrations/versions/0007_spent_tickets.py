"""Tickets of sockets' handshakes that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spent_ticket",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spent_ticket")),
    )
    op.create_index(op.f("ix_spent_ticket_expires_at"), "spent_ticket", ["expires_at"], unique=False)
