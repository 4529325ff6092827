"""The journal: who did what to which thing, written in the same transaction as the thing itself."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from med.db import Base


class Entry(Base):
    """One line in the journal. Never changed, never deleted.

    Holds ids and field names, never content, so that erasing a person's data leaves the journal whole.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (Index("ix__journal_entry__thing", "thing", "thing_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    # Empty when the system itself acts: an import on the command line, a job.
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    happened: Mapped[str]  # "decision.recorded"
    thing: Mapped[str]  # table name
    thing_id: Mapped[int]
    fields: Mapped[str] = mapped_column(default="")  # which fields changed, comma separated
    sha256: Mapped[str]  # over this line and the one before it: see chain.py


class Head(Base):
    """Where the chain of the journal ends: one row, locked by whoever writes the next line."""

    __tablename__ = "journal_head"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int]
    sha256: Mapped[str]


class SchemaStep(Base):
    """A revision of the tables, from 0004 on, and the oldest program that works with them (docs/decisions/0016)."""

    __tablename__ = "schema_step"

    revision: Mapped[str] = mapped_column(primary_key=True)
    works_with: Mapped[str]  # the revision that program was made for


class JobRun(Base):
    """A job that was due at a moment, claimed by whoever came first: with several workers each thing is done once."""

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("job", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str]
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")  # the kind of error, never content
