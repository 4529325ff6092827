from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.db import Base
from med.organisation.models import Person


class Instrument(Base):
    """A way of taking stock with citizens: what it is called, for whom, and how often. Its content is in versions."""

    __tablename__ = "compass_instrument"
    __table_args__ = (CheckConstraint("interval_days > 0", name="comes_round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    target_group: Mapped[str] = mapped_column(default="")
    about: Mapped[str] = mapped_column(default="")
    interval_days: Mapped[int] = mapped_column(default=91)  # how often stock is taken
    ended: Mapped[date | None]  # not used for new assessments from this day on

    versions: Mapped[list["Version"]] = relationship(back_populates="instrument", order_by="Version.number")


class Version(Base):
    """One wording of an instrument. Locked at its first use: what has been answered is never reworded."""

    __tablename__ = "compass_version"
    __table_args__ = (
        UniqueConstraint("instrument_id", "number"),
        CheckConstraint("scale_max > scale_min", name="scale_has_room"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("compass_instrument.id"))
    number: Mapped[int]
    scale_min: Mapped[int]
    scale_max: Mapped[int]
    higher_is_better: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str] = mapped_column(default="")  # where it comes from, and under what licence
    is_example: Mapped[bool] = mapped_column(default=False)
    active_from: Mapped[date | None]  # empty while a draft; the newest active one is used
    locked_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    row_version: Mapped[int] = mapped_column(default=1)

    instrument: Mapped[Instrument] = relationship(back_populates="versions")
    areas: Mapped[list["Area"]] = relationship(back_populates="version", order_by="Area.position")
    levels: Mapped[list["ScaleLevel"]] = relationship(back_populates="version", order_by="ScaleLevel.value")


class Area(Base):
    """An area of life that a citizen's competences are seen in: a spoke of the compass. Verdicts are given here."""

    __tablename__ = "compass_area"
    __table_args__ = (UniqueConstraint("version_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("compass_version.id"))
    code: Mapped[str]
    title: Mapped[str]
    short_title: Mapped[str] = mapped_column(default="")  # for the chart
    easy_title: Mapped[str] = mapped_column(default="")  # in plain words, to the citizen
    position: Mapped[int]

    version: Mapped[Version] = relationship(back_populates="areas")
    dimensions: Mapped[list["Dimension"]] = relationship(back_populates="area", order_by="Dimension.position")


class Dimension(Base):
    """One thing that is scored. `higher_is_better` overrides the version's direction where an instrument mixes them."""

    __tablename__ = "compass_dimension"
    __table_args__ = (UniqueConstraint("version_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("compass_version.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("compass_area.id"), index=True)
    code: Mapped[str]
    title: Mapped[str]
    question: Mapped[str] = mapped_column(default="")  # as it is asked
    easy_question: Mapped[str] = mapped_column(default="")
    ffb_code: Mapped[str] = mapped_column(default="")
    higher_is_better: Mapped[bool | None]
    position: Mapped[int]

    area: Mapped[Area] = relationship(back_populates="dimensions")
    levels: Mapped[list["ScaleLevel"]] = relationship(back_populates="dimension", order_by="ScaleLevel.value")


class ScaleLevel(Base):
    """What a value means, in words: for the whole version, or (descriptor) for one dimension."""

    __tablename__ = "compass_scale_level"
    __table_args__ = (UniqueConstraint("version_id", "dimension_id", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("compass_version.id"))
    dimension_id: Mapped[int | None] = mapped_column(ForeignKey("compass_dimension.id"), index=True)
    value: Mapped[int]
    short: Mapped[str]
    descriptor: Mapped[str] = mapped_column(default="")  # what one sees
    easy: Mapped[str] = mapped_column(default="")

    version: Mapped[Version] = relationship(back_populates="levels")
    dimension: Mapped[Dimension | None] = relationship(back_populates="levels")


class Relation(StrEnum):
    SAME = "same"  # may be chained over the versions
    CHANGED = "changed"
    DROPPED = "dropped"


class DimensionMap(Base):
    """What became of a dimension in the next version. Only `same` may be read as one line over time."""

    __tablename__ = "compass_dimension_map"
    __table_args__ = (
        UniqueConstraint("old_id", "new_id"),
        CheckConstraint("(relation = 'dropped') = (new_id IS NULL)", name="dropped_has_no_successor"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    old_id: Mapped[int] = mapped_column(ForeignKey("compass_dimension.id"))
    new_id: Mapped[int | None] = mapped_column(ForeignKey("compass_dimension.id"), index=True)
    relation: Mapped[Relation]


class ReliabilityMethod(StrEnum):
    DOUBLE_RATED = "double_rated"  # from this house's own double assessments
    PUBLISHED = "published"


class Reliability(Base):
    """How well two assessors agree on an area or a dimension; what a change must exceed follows from it."""

    __tablename__ = "compass_reliability"
    __table_args__ = (
        CheckConstraint("(area_id IS NULL) <> (dimension_id IS NULL)", name="of_an_area_or_a_dimension"),
        CheckConstraint("method <> 'published' OR length(source) > 0", name="published_has_source"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("compass_version.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("compass_area.id"), index=True)
    dimension_id: Mapped[int | None] = mapped_column(ForeignKey("compass_dimension.id"), index=True)
    method: Mapped[ReliabilityMethod]
    r: Mapped[float]
    sd: Mapped[float]
    n_pairs: Mapped[int] = mapped_column(default=0)
    source: Mapped[str] = mapped_column(default="")
    on: Mapped[date]  # computed or entered

    area: Mapped[Area | None] = relationship()
    dimension: Mapped[Dimension | None] = relationship()


class RoleKind(StrEnum):
    COORDINATOR = "coordinator"  # intake, who is whose contact person, waiting lists
    INSTRUMENTS = "instruments"  # keeps the instruments


class CompassRole(Base):
    """A dated right in the compass that is no seat: who keeps the instruments, who coordinates intake and waiting."""

    __tablename__ = "compass_role"
    __table_args__ = (CheckConstraint("ends IS NULL OR ends >= starts", name="ends_after_start"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[RoleKind]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)  # with those below it
    starts: Mapped[date]
    ends: Mapped[date | None]
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship(foreign_keys=person_id)
