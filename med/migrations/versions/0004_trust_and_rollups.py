"""trust and rollups"""

import sqlalchemy as sa
from alembic import op

import med.db
from med.migrations import filling, triggers

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal_head",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("entry_id", med.db.BigInt, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck__journal_head__only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__journal_head")),
    )
    op.add_column("journal_entry", sa.Column("sha256", sa.Text(), nullable=False, server_default=""))
    filling.fill(op.get_bind())
    for statement in triggers.create(op.get_bind().dialect.name, revision):
        op.execute(statement)
