"""The companies' rules, skills, priorities."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_change",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["company.id"], name=op.f("fk_rule_change_company")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_change")),
    )
    op.create_index(op.f("ix_rule_change_company_starts_at"), "rule_change", ["company", "starts_at"], unique=False)
    op.add_column("account", sa.Column("skills", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("account", sa.Column("changed_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_account_changed_at"), "account", ["changed_at"], unique=False)
    op.add_column("client", sa.Column("highest_priority", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("verification", sa.Column("language", sa.Text(), server_default="vi", nullable=False))
    op.add_column("verification", sa.Column("priority", sa.BigInteger(), server_default="0", nullable=False))
