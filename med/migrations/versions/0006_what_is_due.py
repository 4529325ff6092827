"""Short ways to what is due: in a committee that has decided for years, and in the whole municipality."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STEP = sa.table("schema_step", sa.column("revision"), sa.column("works_with"))


def upgrade() -> None:
    op.create_index("ix__decision__committee_due", "decision", ["committee_id", "due"])
    op.create_index("ix__follow_up__state_due", "follow_up", ["state", "due", "id"])
    op.execute(sa.insert(STEP).values(revision="0006", works_with="0004"))  # rolling: indexes change no answer
