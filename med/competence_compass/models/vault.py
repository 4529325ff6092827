"""What opens to a reason only, and the trace of each time it did."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.db import Base
from med.organisation.models import Person
from med.sealing import WrappedKey


class CitizenKey(WrappedKey, Base):
    """A citizen's own key, wrapped by one of the key ring's. Without it, nothing sealed for them can be read."""

    __tablename__ = "compass_citizen_key"

    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"), primary_key=True)

    def bound(self) -> str:
        return f"{self.citizen_id}|key"


class Identity(Base):
    """Who a pseudonym is: name, what they are called, whom to reach. Sealed; never a CPR number."""

    __tablename__ = "compass_identity"

    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class LookAt(StrEnum):
    PAGE = "page"
    IDENTITY = "identity"
    ASSESSMENT = "assessment"
    GOALS = "goals"
    RUN = "run"  # as a participant of a run
    INTAKE = "intake"
    EXPORT = "export"
    ERASURE = "erasure"


class Look(Base):
    """Someone looked at a citizen: who, what, in which role and why. Written with what was seen, never changed."""

    __tablename__ = "compass_look"
    __table_args__ = (Index("ix__compass_look__citizen_at", "citizen_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"))
    what: Mapped[LookAt]
    role: Mapped[str]  # "contact", "deputy", "run_leader", "coordinator"
    reason: Mapped[str]

    person: Mapped[Person | None] = relationship()


class Erasure(Base):
    """A citizen who was erased: a restored backup is told again, by the uid."""

    __tablename__ = "compass_erasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
