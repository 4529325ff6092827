"""The frozen sums as managers see them: waiting lists, exams, assessments due, of the units they lead."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass import disclosure, sums
from med.competence_compass.models import Activity, Dimension, Measure, Version
from med.competence_compass.queries.effects import overseen
from med.organisation.models import Unit
from med.prepared import Prepared


class Line(Struct, frozen=True):
    """A unit's or an activity's numbers; None for what is not shown."""

    name: str
    activity_id: int | None  # None for a unit, its activities and those of units below together
    depth: int
    numbers: tuple[int | None, ...]
    place: tuple[str, ...] = ()  # what they stand in order by


class Sums(Struct):
    """What was kept for a quarter, and for the last year that had ended by then."""

    quarter: str | None
    year: str | None
    waiting: list[Line] = []  # how many, days
    exams: list[Line] = []  # taken, passed, percent
    due: list[Line] = []  # due, done, percent
    untold: dict[str, int] = {}  # activities whose numbers are too small, table by table


def sums_seen(db: Session, viewer: Viewer, quarter: str | None = None, units: Collection[int] | None = None) -> Sums:
    """`quarter` None is the newest. Only what is below `units` (by default, all the viewer leads)."""
    periods = sums.every_period(db)
    quarter = quarter or next(iter(periods[Measure.WAITING]), None)
    if quarter is None:
        return Sums(None, None)
    year = next((one for one in periods[Measure.EXAMS] if one <= year_before(quarter)), None)
    kept = sums.published(db, quarter, (Measure.WAITING, Measure.WAITED, Measure.DUE))
    if year is not None:
        kept |= sums.published(db, year, (Measure.EXAMS,))
    names = Names(db, viewer, units)
    found = Sums(quarter, year)
    waited: Mapping[str, int] = kept.get(Measure.WAITED, {})
    tables = {measure: sums.cells(kept[measure]) for measure in TABLES if measure in kept}
    for (path,), number in tables.get(Measure.WAITING, {}).items():
        names.add(found.waiting, path, (number, waited.get(path[-1]) if path else None))
    exams = tables.get(Measure.EXAMS, {})
    for path, outcome in exams:
        if not outcome:
            taken, passed = exams[path, ()], exams.get((path, ("passed",)))
            names.add(found.exams, path, (taken, passed, disclosure.share(passed, taken)))
    due = tables.get(Measure.DUE, {})
    for path, answer in due:
        if not answer and path[-1:] != (sums.OWN,):
            everyone, done = due[path, ()], due.get((path, ("done",)))
            names.add(found.due, path, (everyone, done, disclosure.share(done, everyone)))
    for what in ("waiting", "exams", "due"):
        # A unit, its activities by title, then the units below it.
        lines: list[Line] = sorted(getattr(found, what), key=lambda line: line.place)
        told = [line for line in lines if any(number is not None for number in line.numbers)]
        found.untold[what] = sum(line.activity_id is not None for line in lines) - sum(
            line.activity_id is not None for line in told
        )
        setattr(found, what, told)
    return found


TABLES = (Measure.WAITING, Measure.DUE, Measure.EXAMS)


def year_before(quarter: str) -> str:
    """The last year that has ended when a quarter has."""
    year, _, number = quarter.partition("-")
    return year if number == "4" else str(int(year) - 1)


UNITS = Prepared(
    lambda: select(Unit.id, Unit.name).where(Unit.id.in_(bindparam("ids", expanding=True))).order_by(Unit.name)
)
ACTIVITIES = Prepared(
    lambda: select(Activity.id, Activity.title).where(Activity.unit_id.in_(bindparam("units", expanding=True)))
)


class Names:
    """What the codes in a path are called, for those the viewer leads."""

    def __init__(self, db: Session, viewer: Viewer, units: Collection[int] | None) -> None:
        led = viewer.managed_unit_ids if units is None else viewer.managed_unit_ids & set(units)
        self.known: dict[str, str] = {f"u{id}": name for id, name in UNITS(db, ids=led)}
        self.known |= {f"a{id}": title for id, title in ACTIVITIES(db, units=led)}

    def add(self, lines: list[Line], path: tuple[str, ...], numbers: tuple[int | None, ...]) -> None:
        """A line for a place the viewer leads; an activity counts as its unit does."""
        if not path or path[-1] not in self.known:
            return
        is_activity = path[-1].startswith("a")
        if is_activity and (len(path) < 2 or path[-2] not in self.known):
            return
        depth = sum(step in self.known for step in path) - 1
        place = tuple(("0" if step.startswith("a") else "1") + self.known.get(step, "") + step for step in path)
        lines.append(Line(self.known[path[-1]], int(path[-1][1:]) if is_activity else None, depth, numbers, place))


class Voice(Struct, frozen=True):
    """The citizens' own voice: their mean before and after."""

    n: int | None  # to the nearest five, as beside every measured figure
    before: float
    after: float


class Change(Struct, frozen=True):
    """The participants' mean before and after, on the instrument's own scale."""

    dimension: str
    n: int | None
    before: float
    after: float
    low: int
    high: int
    own: Voice | None


def changes_seen(db: Session, viewer: Viewer, activity_id: int) -> list[Change]:
    """Of the newest quarter, for an activity of the viewer's; ten or more participants each."""
    quarters = sums.periods(db, Measure.CHANGES)
    if not quarters or db.scalar(select(Activity.id).where(Activity.id == activity_id, overseen(viewer))) is None:
        return []
    rows = [
        row
        for row in sums.published(db, quarters[0], [Measure.CHANGES]).get(Measure.CHANGES, [])
        if row[0] == activity_id
    ]
    known: dict[int, Any] = {
        row.id: row
        for row in db.execute(
            select(Dimension.id, Dimension.title, Version.scale_min, Version.scale_max)
            .join(Version, Version.id == Dimension.version_id)
            .where(Dimension.id.in_([row[1] for row in rows]))
        )
    }
    return [
        Change(
            known[dimension].title,
            disclosure.about(n),
            before,
            after,
            known[dimension].scale_min,
            known[dimension].scale_max,
            Voice(disclosure.about(own[0]), own[1], own[2]) if own else None,
        )
        for _, dimension, n, before, after, *own in rows
        if dimension in known
    ]


def starts_by_year(db: Session, activity_id: int) -> list[tuple[str, int | None]]:
    """How many began in each year that has ended, the oldest first; None where it is not shown."""
    found = []
    for year in reversed(sums.periods(db, Measure.STARTS)):
        for (path,), number in sums.cells(sums.published(db, year, [Measure.STARTS])[Measure.STARTS]).items():
            if path[-1:] == (f"a{activity_id}",):
                found.append((year, number))
    return found


class Circumstances(Struct, frozen=True):
    """What a reader should know beside an activity's findings, by the id of the activity."""

    attended: Mapping[int, int]  # percent of what was planned, of those who ended in the newest year
    uneven: frozenset[int]  # participants and those who waited are not equally often assessed


def circumstances(db: Session) -> Circumstances:
    years = sums.periods(db, Measure.DOSE)
    kept = sums.published(db, years[0], [Measure.DOSE, Measure.MISSING]) if years else {}
    return Circumstances(
        {int(code[1:]): percent for code, percent in kept.get(Measure.DOSE, {}).items()},
        frozenset(int(code[1:]) for code in kept.get(Measure.MISSING, [])),
    )
