"""Tokens of several companies, keys of each company its own, an audit log that is only added to, signs of collusion."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only added to' USING ERRCODE = 'insufficient_privilege';
END $$
"""
_ON_POSTGRESQL = """
CREATE TRIGGER audit_entry_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()
"""
_ON_SQLITE = """
CREATE TRIGGER audit_entry_only_added_{deed} BEFORE {deed} ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END
"""


def upgrade() -> None:
    op.add_column("company_token", sa.Column("further", sa.JSON(), server_default="[]", nullable=False))
    _keys()
    _audit()
    _signs()


def _keys() -> None:
    with op.batch_alter_table("idempotency_key") as batch:
        batch.add_column(sa.Column("company", sa.Text(), nullable=True))
    op.execute(
        "UPDATE idempotency_key SET company ="
        " (SELECT company FROM verification WHERE verification.id = idempotency_key.verification)"
    )
    with op.batch_alter_table("idempotency_key") as batch:
        batch.alter_column("company", existing_type=sa.Text(), nullable=False)
        batch.drop_constraint(op.f("pk_idempotency_key"), type_="primary")
        batch.create_primary_key(op.f("pk_idempotency_key"), ["client", "company", "key"])
        batch.create_foreign_key(op.f("fk_idempotency_key_company"), "company", ["company"], ["id"])


def _audit() -> None:
    op.add_column("audit_entry", sa.Column("actor", sa.Text(), nullable=True))
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_index(op.f("ix_audit_entry_account_at"), "audit_entry", ["account", "at"], unique=False)
    op.create_index(op.f("ix_audit_entry_tag_at"), "audit_entry", ["tag", "at"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE)
        op.execute(_ON_POSTGRESQL)
    else:
        op.execute(_ON_SQLITE.format(deed="UPDATE"))
        op.execute(_ON_SQLITE.format(deed="DELETE"))


def _signs() -> None:
    op.add_column("call_record", sa.Column("dealer", sa.Text(), nullable=True))
    op.create_index(op.f("ix_call_record_dealer_queued_at"), "call_record", ["dealer", "queued_at"], unique=False)
    op.create_table(
        "sign",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign")),
    )
    op.create_index(op.f("ix_sign_team_at"), "sign", ["team", "at"], unique=False)
    op.create_index(op.f("ix_sign_at"), "sign", ["at"], unique=False)
    op.create_index(op.f("ix_sign_agent_kind_at"), "sign", ["agent", "kind", "at"], unique=False)
