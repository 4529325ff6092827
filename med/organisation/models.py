"""People, units, committees as a tree, and seats over time."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med import clock
from med.access import SeatRole, Side
from med.db import Base


class Unit(Base):
    """A place in the organisation: the municipality, a centre, an institution, a team."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)  # the wage system's number, or our own
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    closed: Mapped[date | None]


class Person(Base):
    """Someone who works here, or did. No CPR number, anywhere."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(unique=True)  # sign-in name; "anna" in the demo
    name: Mapped[str] = mapped_column(index=True)
    mail: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="da")
    theme: Mapped[str] = mapped_column(default="")  # "", "light", "dark"
    is_active: Mapped[bool] = mapped_column(default=True)  # may sign in at all

    employments: Mapped[list["Employment"]] = relationship(back_populates="person", order_by="Employment.starts")


class Employment(Base):
    """Where someone works, from when to when, and whether they manage the unit.

    `role_key` says which reading of the municipality's grundlag is theirs (direktion … medarbejder).
    """

    __tablename__ = "employment"
    __table_args__ = (CheckConstraint("ends IS NULL OR ends >= starts", name="ends_after_start"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    title: Mapped[str] = mapped_column(default="")
    role_key: Mapped[str] = mapped_column(default="medarbejder")
    manages: Mapped[bool] = mapped_column(default=False)
    starts: Mapped[date]
    ends: Mapped[date | None]  # last day

    person: Mapped[Person] = relationship(back_populates="employments")
    unit: Mapped[Unit] = relationship()


class Level(StrEnum):
    MAIN = "main"  # Hovedudvalg
    AREA = "area"  # CenterMED, OmrådeMED
    LOCAL = "local"  # LokalMED, MED-gruppe
    STAFF_MEETING = "staff_meeting"  # personalemøde med MED-status
    AD_HOC = "ad_hoc"  # group around a task


MOST_LEVELS = 20  # of committees above each other


class Committee(Base):
    """A MED committee. Its power is its leader's power; its unit says where that reaches."""

    __tablename__ = "committee"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    uid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    short_name: Mapped[str] = mapped_column(default="")
    level: Mapped[Level]
    label: Mapped[str] = mapped_column(default="")  # what they call themselves: "MED-ledelse"
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("committee.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    purpose: Mapped[str] = mapped_column(default="")  # kommissorium of an ad hoc group
    starts: Mapped[date | None]
    ends: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    parent: Mapped["Committee | None"] = relationship(remote_side=id)
    unit: Mapped[Unit | None] = relationship()

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed. A group around a task knows its last day from the first."""
        return self.ends is not None and self.ends < clock.today()

    @property
    def heir(self) -> "Committee | None":
        """Whose its open affairs are now: its own, and when it is over the nearest above it that is not."""
        found: Committee | None = self
        for _ in range(MOST_LEVELS):
            if found is None or not found.is_over:
                return found
            found = found.parent
        return None


class Quorum(StrEnum):
    """When a committee can decide. No national rule; only ever a warning."""

    NONE = "none"
    BOTH_SIDES = "both_sides"
    HALF_OF_EACH = "half_of_each"
    HALF_TOTAL = "half_total"


class Approval(StrEnum):
    """Who approves agenda and minutes before they go out."""

    BOTH_CHAIRS = "both_chairs"
    CHAIR = "chair"


class Rules(Base):
    """A committee's rules of procedure (forretningsorden), from a day on. The defaults are the domain text's.

    Days are calendar days back from the meeting, moved to the working day before; or working days where
    `in_working_days` says so.
    """

    __tablename__ = "rules"
    __table_args__ = (UniqueConstraint("committee_id", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    valid_from: Mapped[date]
    proposals_days: Mapped[int] = mapped_column(default=14)
    agenda_days: Mapped[int] = mapped_column(default=7)
    budget_days: Mapped[int] = mapped_column(default=14)
    minutes_draft_days: Mapped[int] = mapped_column(default=7)
    minutes_out_days: Mapped[int] = mapped_column(default=14)
    in_working_days: Mapped[bool] = mapped_column(default=False)
    meetings_a_year: Mapped[int] = mapped_column(default=4)
    agenda_approval: Mapped[Approval] = mapped_column(default=Approval.BOTH_CHAIRS)
    minutes_approval: Mapped[Approval] = mapped_column(default=Approval.BOTH_CHAIRS)
    quorum: Mapped[Quorum] = mapped_column(default=Quorum.BOTH_SIDES)
    open_meetings: Mapped[bool] = mapped_column(default=True)


class RepRole(StrEnum):
    TR = "tr"  # tillidsrepræsentant
    FTR = "ftr"  # fællestillidsrepræsentant
    AMR = "amr"  # arbejdsmiljørepræsentant
    AM_LEADER = "am_leader"  # arbejdsmiljøleder


class ElectoralGroup(StrEnum):
    A = "A"
    B = "B"
    C = "C"


class Seat(Base):
    """A person's seat on a committee, from a day to a day. Who sat when is read from here, also years later.

    The electoral group stands on the seat, not on the person, and is shown inside the committee only: it is close
    to union membership (GDPR art. 9).
    """

    __tablename__ = "seat"
    __table_args__ = (
        CheckConstraint("ends IS NULL OR ends >= starts", name="ends_after_start"),
        CheckConstraint("role = 'advisory' OR side IS NOT NULL", name="members_have_a_side"),
        CheckConstraint("role <> 'chair' OR side = 'management'", name="chair_is_management"),
        CheckConstraint("role <> 'vice_chair' OR side = 'employee'", name="vice_chair_is_employee"),
        Index("ix__seat__committee_dates", "committee_id", "starts", "ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    side: Mapped[Side | None]
    role: Mapped[SeatRole]
    rep_role: Mapped[RepRole | None]
    electoral_group: Mapped[ElectoralGroup | None]
    substitute_for_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    starts: Mapped[date]
    ends: Mapped[date | None]  # last day

    committee: Mapped[Committee] = relationship()
    person: Mapped[Person] = relationship()
    substitute_for: Mapped["Seat | None"] = relationship(remote_side=id)


class GrantKind(StrEnum):
    SECRETARY = "secretary"  # MED-sekretær: keeps seats, prepares, minutes; never decides
    ADMIN = "admin"  # operates the system; no right to content


class Grant(Base):
    """A right that is no seat: secretary over committees, administrator of the system."""

    __tablename__ = "grant_given"
    __table_args__ = (
        CheckConstraint("(kind = 'secretary') = (committee_id IS NOT NULL)", name="secretary_of_something"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[GrantKind]
    committee_id: Mapped[int | None] = mapped_column(ForeignKey("committee.id"), index=True)
    with_below: Mapped[bool] = mapped_column(default=False)  # and the committees below it
    starts: Mapped[date]
    ends: Mapped[date | None]

    person: Mapped[Person] = relationship()
    committee: Mapped[Committee | None] = relationship()


class ImportFile(Base):
    """A file that waits for a yes between its preview and its import. Emptied when it is used, gone after a day."""

    __tablename__ = "import_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]  # "people", "units", "committees", "seats"
    name: Mapped[str]
    content: Mapped[bytes]
    uploaded_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
