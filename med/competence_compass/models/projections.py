"""What is kept beside the record so that nobody has to walk it: changes and their sums. All of it can be rebuilt."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from med.db import Base


class CitizenChange(Base):
    """A participant's last score before an activity and first score after it, on a competence it was meant to move.

    What the sums are made of; `med.competence_compass.rollups` says exactly which scores.
    """

    __tablename__ = "compass_change"
    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"), primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"), primary_key=True)
    dimension_id: Mapped[int] = mapped_column(ForeignKey("compass_dimension.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))  # the citizen's
    quarter: Mapped[int]  # in which the score after was given: year · 4 + 0 … 3
    before: Mapped[int]
    after: Mapped[int]


class _Sum:
    """n changes: Σ before, Σ change and Σ change². Whole numbers, so that what is added can be taken away again."""

    @declared_attr.directive
    def __table_args__(cls) -> tuple[CheckConstraint]:
        return (CheckConstraint("n > 0", name="of_somebody"),)

    n: Mapped[int]
    before: Mapped[int]
    s: Mapped[int]
    s2: Mapped[int]


class ChangeSum(_Sum, Base):
    __tablename__ = "compass_change_sum"

    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"), primary_key=True)
    dimension_id: Mapped[int] = mapped_column(ForeignKey("compass_dimension.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    quarter: Mapped[int] = mapped_column(primary_key=True)


class ChangeTotal(_Sum, Base):
    """The same over all quarters."""

    __tablename__ = "compass_change_total"

    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"), primary_key=True)
    dimension_id: Mapped[int] = mapped_column(ForeignKey("compass_dimension.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
