from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.db import Base
from med.organisation.models import Unit


class Report(StrEnum):
    """What is written once here and read in another system."""

    DEVELOPMENT_PLAN = "development_plan"  # effect for citizens by area and activity
    JOURNAL = "journal"  # a citizen's goals for the journal system (EKJ)
    DUBU = "dubu"  # a citizen's process goals


class ReportLayout(Base):
    """How a unit, and those below it that have none of their own, want the columns of a report."""

    __tablename__ = "compass_report_layout"
    __table_args__ = (UniqueConstraint("report", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report: Mapped[Report]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    dates: Mapped[str]  # as strftime has it: one of med/competence_compass/reporting/layouts.py
    decimal: Mapped[str]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    unit: Mapped[Unit] = relationship()
    columns: Mapped[list["ReportColumn"]] = relationship(
        order_by="ReportColumn.position", cascade="all, delete-orphan", back_populates="layout"
    )


class ReportColumn(Base):
    __tablename__ = "compass_report_column"
    __table_args__ = (
        UniqueConstraint("layout_id", "field"),
        CheckConstraint("length(heading) > 0", name="has_heading"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    layout_id: Mapped[int] = mapped_column(ForeignKey("compass_report_layout.id"))
    field: Mapped[str]
    heading: Mapped[str]
    position: Mapped[int]
    is_on: Mapped[bool]

    layout: Mapped[ReportLayout] = relationship(back_populates="columns")
