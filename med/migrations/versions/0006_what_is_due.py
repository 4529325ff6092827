"""Short ways to what is due, in a committee and in the whole municipality, and to what was taken back lately."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STEP = sa.table("schema_step", sa.column("revision"), sa.column("works_with"))


def upgrade() -> None:
    op.create_index("ix__decision__committee_due", "decision", ["committee_id", "due"])
    op.create_index("ix__decision__state_changed", "decision", ["state", "changed_at"])
    op.create_index("ix__follow_up__state_due", "follow_up", ["state", "due", "id"])
    op.execute(sa.insert(STEP).values(revision="0006", works_with="0004"))  # rolling: indexes change no answer
