"""Guessing counted by network and device, drawn passwords, idle and unfinished sessions, second factors."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("password_drawn_at", sa.BigInteger(), nullable=True))
    for name, kind in (
        ("pending", sa.Text()),
        ("seen_at", sa.BigInteger()),
        ("network", sa.Text()),
        ("browser", sa.Text()),
        ("challenge", sa.Text()),
        ("challenge_at", sa.BigInteger()),
    ):
        op.add_column("web_session", sa.Column(name, kind, nullable=True))
    # What it holds is forgotten within a quarter of an hour anyway.
    op.drop_table("sign_in_failure")
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    for first in ("name", "network"):
        op.create_index(
            op.f(f"ix_sign_in_failure_{first}_purpose_at"), "sign_in_failure", [first, "purpose", "at"], unique=False
        )
    op.create_index(op.f("ix_sign_in_failure_at"), "sign_in_failure", ["at"], unique=False)
    op.create_table(
        "known_device",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_known_device_account")),
        sa.PrimaryKeyConstraint("device", "account", name=op.f("pk_known_device")),
    )
    op.create_index(op.f("ix_known_device_account"), "known_device", ["account"], unique=False)
    op.create_index(op.f("ix_known_device_seen_at"), "known_device", ["seen_at"], unique=False)
    op.create_table(
        "second_factor",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=True),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_second_factor_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("credential", name=op.f("uq_second_factor_credential")),
    )
    op.create_index(op.f("ix_second_factor_account"), "second_factor", ["account"], unique=False)
    op.create_table(
        "recovery_code",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_recovery_code_account")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_account"), "recovery_code", ["account"], unique=False)
