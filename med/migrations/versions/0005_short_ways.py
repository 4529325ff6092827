"""Short ways to what comes, what waits and who is meant: indexes for a municipality of many years."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STEP = sa.table("schema_step", sa.column("revision"), sa.column("works_with"))


def upgrade() -> None:
    op.create_index("ix__meeting__state_starts", "meeting", ["state", "starts_at"])
    op.create_index("ix__minutes__state", "minutes", ["state"])
    op.create_index("ix__person_name", "person", ["name"])
    op.execute(sa.insert(STEP).values(revision="0005", works_with="0004"))  # rolling: indexes change no answer
