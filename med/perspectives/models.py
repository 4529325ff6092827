"""The four perspectives of Ny Syntese, and the municipality's own words about them (its grundlag)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from med.db import Base


class Perspective(StrEnum):
    """What a decision serves. The keys are fixed; the words are the municipality's."""

    COMPLIANCE = "compliance"  # sikrer driften
    PERFORMANCE = "performance"  # styrker resultaterne
    EMERGENS = "emergens"  # skaber velfærd
    RESILIENS = "resiliens"  # udvikler en robust organisation


class RoleKey(StrEnum):
    """Whose statement it is: everybody's, or one level's."""

    ALLE = "alle"
    DIREKTION = "direktion"
    CENTERCHEF = "centerchef"
    LEDER_AF_LEDERE = "leder_af_ledere"
    LEDER_AF_MEDARBEJDERE = "leder_af_medarbejdere"
    MEDARBEJDER = "medarbejder"


class PerspectiveText(Base):
    """A perspective's heading in the municipality's own words."""

    __tablename__ = "perspective_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    perspective: Mapped[Perspective] = mapped_column(unique=True)
    title: Mapped[str]
    short: Mapped[str] = mapped_column(default="")
    about: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)


class Statement(Base):
    """What a role does for a perspective: "Jeg …", "Vi …". Retired ones stay for the history."""

    __tablename__ = "statement"
    __table_args__ = (CheckConstraint("length(text) > 0", name="has_text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    perspective: Mapped[Perspective] = mapped_column(index=True)
    role: Mapped[RoleKey]
    position: Mapped[int]
    text: Mapped[str]
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class GrundlagChange(Base):
    """The grundlag's history: what a statement or heading said before, who changed it and when."""

    __tablename__ = "grundlag_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("statement.id"), index=True)
    perspective: Mapped[Perspective]
    role: Mapped[RoleKey | None]
    before: Mapped[str] = mapped_column(default="")
    after: Mapped[str] = mapped_column(default="")
