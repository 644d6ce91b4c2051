"""Drafts belong to dealers' accounts, and tell what they hold on disk; call pages are found by their verification."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_draft_address_created_at"), table_name="draft")
    with op.batch_alter_table("draft") as table:
        table.add_column(sa.Column("account", sa.Text(), nullable=True))
        table.create_foreign_key(op.f("fk_draft_account"), "account", ["account"], ["id"])
        table.drop_column("address")
    op.create_index(op.f("ix_draft_account_created_at"), "draft", ["account", "created_at"], unique=False)
    op.create_index(op.f("ix_draft_created_at"), "draft", ["created_at"], unique=False)
    with op.batch_alter_table("draft_picture") as table:
        table.add_column(sa.Column("size", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.create_index(op.f("ix_web_session_verification"), "web_session", ["verification"], unique=False)
