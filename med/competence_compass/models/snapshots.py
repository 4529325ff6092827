from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from med.db import Base


class Measure(StrEnum):
    """What is counted when a quarter or a year has ended."""

    WAITING = "waiting"  # how many wait for an activity on the quarter's last day
    WAITED = "waited"  # how long they have, typically
    DUE = "due"  # whether stock was taken when it was due
    CHANGES = "changes"  # participants' mean before and after, dimension by dimension
    STARTS = "starts"  # participations begun in a year
    EXAMS = "exams"  # passed and not passed in a year
    DOSE = "dose"  # how much of what was planned the participants of a year came to
    MISSING = "missing"  # where participants and those who waited were not assessed equally often


class Snapshot(Base):
    """What was published of a period: after disclosure control, and as it was. Pages read it; nothing changes it."""

    __tablename__ = "compass_snapshot"
    __table_args__ = (UniqueConstraint("measure", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    measure: Mapped[Measure]
    period: Mapped[str]  # "2026-3" for a quarter, "2025" for a year
    content: Mapped[str]  # JSON of med/competence_compass/sums.py
    made_at: Mapped[datetime]
