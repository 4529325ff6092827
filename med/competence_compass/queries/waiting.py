"""Waiting lists: who waits, in which order and why, who has been offered a place, and the lots that were drawn."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session, joinedload

from med import clock
from med.access import Viewer
from med.competence_compass import waiting_line
from med.competence_compass.access import coordinated_units, intake_citizens, own_citizens
from med.competence_compass.models import (
    Activity,
    ActivityState,
    Citizen,
    Draw,
    Participation,
    Run,
    WaitingEntry,
    WaitingOutcome,
    WaitingReason,
)
from med.competence_compass.queries.activities import taken_places
from med.competence_compass.waiting_line import Because, Waits
from med.errors import NotFound
from med.language import T, Text
from med.organisation.models import Person


class Standing(Struct, frozen=True):
    """Someone in the line."""

    waits: Waits
    place: int
    is_equal: bool  # shares the place with others
    citizen_id: int
    pseudonym: str
    reason: WaitingReason
    offered_run_id: int | None
    offered_at: datetime | None
    offered_by_words: bool
    declined_run_id: int | None

    @property
    def id(self) -> int:
        return self.waits.id

    @property
    def days(self) -> int:
        return max(0, (clock.today() - self.waits.queued).days)


def line(db: Session, activity_id: int) -> list[Standing]:
    """Everyone who waits for an activity, in the order places are offered in."""
    rows = db.execute(
        select(
            WaitingEntry.id,
            WaitingEntry.priority,
            WaitingEntry.queued,
            WaitingEntry.draw_id,
            WaitingEntry.draw_place,
            Draw.first_queued,
            WaitingEntry.citizen_id,
            Citizen.pseudonym,
            WaitingEntry.reason,
            WaitingEntry.offered_run_id,
            WaitingEntry.offered_at,
            WaitingEntry.sealed.is_not(None).label("has_words"),
            WaitingEntry.declined_run_id,
        )
        .join(Citizen, Citizen.id == WaitingEntry.citizen_id)
        .outerjoin(Draw, Draw.id == WaitingEntry.draw_id)
        .where(
            WaitingEntry.activity_id == activity_id,
            WaitingEntry.outcome == WaitingOutcome.WAITING,
            Citizen.erased_at.is_(None),
        )
    ).all()
    known = {row.id: row for row in rows}
    groups = waiting_line.in_line(
        Waits(
            row.id,
            row.priority,
            row.queued,
            row.reason is WaitingReason.RANDOM,
            row.draw_id,
            row.draw_place,
            row.first_queued,
        )
        for row in rows
    )
    standing: list[Standing] = []
    for group in groups:
        place = len(standing) + 1
        for waits in group:
            row = known[waits.id]
            standing.append(
                Standing(
                    waits,
                    place,
                    len(group) > 1,
                    row.citizen_id,
                    row.pseudonym,
                    row.reason,
                    row.offered_run_id,
                    row.offered_at,
                    row.has_words,
                    row.declined_run_id,
                )
            )
    return standing


class Next(Struct, frozen=True):
    """Who is to be offered the next place in a run, and why; or between whom a lot must be drawn first."""

    first: Standing | None
    equals: list[Standing]
    because: Because | None

    @property
    def why(self) -> Text:
        match self.because:
            case Because.ALONE:
                return T("Er den eneste, der venter på et tilbud.")
            case Because.NEED:
                return T("Har det største behov blandt dem, der venter på et tilbud.")
            case Because.LOT:
                return T("Kom først i lodtrækningen mellem dem, der stod lige.")
            case Because.WAITED:
                return T("Har stået længst på listen blandt dem med samme behov.")
            case Because.EQUAL:
                return T("De står lige. Lodtrækning afgør, hvem af dem der er den næste.")
        return T("Ingen venter på et tilbud om dette forløb.")


def next_for(standing: Sequence[Standing], run_id: int) -> Next:
    """The one function that says whose turn it is: the line, without those with an offer or who said no to the run."""
    open_to_it = {one.id: one for one in standing if one.offered_run_id is None and one.declined_run_id != run_id}
    groups = waiting_line.in_line(one.waits for one in open_to_it.values())
    because = waiting_line.why_next(groups)
    if because is None:
        return Next(None, [], None)
    heads = [open_to_it[waits.id] for waits in groups[0]]
    return Next(heads[0], [], because) if len(heads) == 1 else Next(None, heads, because)


class Room(Struct, frozen=True):
    """A run that takes participants, with its free places; None where there is no limit."""

    id: int
    number: int
    starts: date
    is_running: bool
    capacity: int | None
    taken: int
    offered: int

    @property
    def free(self) -> int | None:
        return None if self.capacity is None else max(0, self.capacity - self.taken - self.offered)


def rooms(db: Session, activity_id: int) -> list[Room]:
    """The runs of an activity that are planned or under way: what places can be offered in."""
    return rooms_of(db, [activity_id])[activity_id]


def rooms_of(db: Session, activity_ids: Collection[int]) -> dict[int, list[Room]]:
    """The same for several activities at once."""
    today = clock.today()
    runs = db.scalars(
        select(Run).where(Run.activity_id.in_(activity_ids), Run.ended_at.is_(None)).order_by(Run.starts, Run.number)
    ).all()
    ids = [one.id for one in runs]
    taken = Counter(db.scalars(select(Participation.run_id).where(Participation.run_id.in_(ids), taken_places(today))))
    offered = Counter(
        db.scalars(
            select(WaitingEntry.offered_run_id).where(
                WaitingEntry.offered_run_id.in_(ids), WaitingEntry.outcome == WaitingOutcome.WAITING
            )
        )
    )
    found: dict[int, list[Room]] = {activity_id: [] for activity_id in activity_ids}
    for one in runs:
        found[one.activity_id].append(
            Room(
                one.id,
                one.number,
                one.starts,
                one.started_at is not None,
                one.capacity,
                taken[one.id],
                offered[one.id],
            )
        )
    return found


def draws(db: Session, activity_id: int) -> list[dict[str, Any]]:
    """The lots that were drawn, the newest first, each with what one needs to check it."""
    rows = db.execute(
        select(Draw.id, Draw.at, Draw.seed, Draw.among, Person.name)
        .outerjoin(Person, Person.id == Draw.person_id)
        .where(Draw.activity_id == activity_id)
        .order_by(Draw.id.desc())
        .limit(20)
    ).all()
    found = []
    for row in rows:
        among = [int(part) for part in row.among.split(",") if part]
        order = waiting_line.draw_lots(row.seed, among)
        found.append(
            {
                "id": row.id,
                "at": row.at,
                "seed": row.seed,
                "by": row.name,
                "among": among,
                "order": [(place, entry, waiting_line.lot(row.seed, entry)) for place, entry in enumerate(order, 1)],
            }
        )
    return found


def entry(db: Session, viewer: Viewer, entry_id: int) -> WaitingEntry:
    """An entry on a list of the units the viewer coordinates, held until the transaction ends. NotFound otherwise."""
    units = coordinated_units(db, viewer)
    found = db.scalar(
        select(WaitingEntry)
        .join(Activity, Activity.id == WaitingEntry.activity_id)
        .join(Citizen, Citizen.id == WaitingEntry.citizen_id)
        .where(WaitingEntry.id == entry_id, Activity.unit_id.in_(units), Citizen.erased_at.is_(None))
        .options(joinedload(WaitingEntry.activity), joinedload(WaitingEntry.citizen))
        .with_for_update(of=WaitingEntry)
    )
    if found is None:
        raise NotFound
    return found


def citizen_to_queue(db: Session, viewer: Viewer, citizen_id: int) -> Citizen:
    """A citizen whom the viewer may put on a waiting list: their own, or one of the units they coordinate."""
    units = coordinated_units(db, viewer)
    found = db.scalar(
        select(Citizen).where(Citizen.id == citizen_id, or_(own_citizens(viewer), intake_citizens(units)))
    )
    if found is None:
        raise NotFound
    return found


def pseudonyms(db: Session, viewer: Viewer, limit: int = 500) -> Sequence[str]:
    """The citizens of the units one coordinates who are here today, to suggest where a pseudonym is typed."""
    units = coordinated_units(db, viewer)
    return db.scalars(
        select(Citizen.pseudonym)
        .where(intake_citizens(units), or_(Citizen.left_on.is_(None), Citizen.left_on >= clock.today()))
        .order_by(Citizen.pseudonym)
        .limit(limit)
    ).all()


def citizen_by_pseudonym(db: Session, viewer: Viewer, pseudonym: str) -> Citizen | None:
    units = coordinated_units(db, viewer)
    spelt = pseudonym.strip()
    return db.scalar(
        select(Citizen).where(Citizen.pseudonym.in_({spelt, spelt.upper()}), intake_citizens(units)).limit(1)
    )


def activities_to_wait_for(db: Session) -> Sequence[Row[int, str]]:
    return db.execute(
        select(Activity.id, Activity.title)
        .where(Activity.state != ActivityState.ENDED)
        .order_by(Activity.title, Activity.id)
    ).all()


def waits_of(db: Session, citizen_id: int) -> list[dict[str, Any]]:
    """What a citizen waits or has waited for, the newest first: for their own page. `place` while they wait."""
    rows = db.execute(
        select(
            WaitingEntry.id,
            WaitingEntry.activity_id,
            Activity.title,
            WaitingEntry.queued,
            WaitingEntry.left_on,
            WaitingEntry.outcome,
            WaitingEntry.reason,
            WaitingEntry.offered_run_id,
            WaitingEntry.sealed,
        )
        .join(Activity, Activity.id == WaitingEntry.activity_id)
        .where(WaitingEntry.citizen_id == citizen_id)
        .order_by(WaitingEntry.queued.desc(), WaitingEntry.id.desc())
    ).all()
    found = []
    for row in rows:
        place = None
        if row.outcome is WaitingOutcome.WAITING:
            place = next((one.place for one in line(db, row.activity_id) if one.id == row.id), None)
        found.append({**row._mapping, "place": place})
    return found


LATELY = timedelta(days=180)


def lately_left(db: Session, activity_id: int, limit: int = 30) -> Sequence[Row[*tuple[Any, ...]]]:
    """Who has left the list in the last half year, the newest first: got a place, or no longer waits."""
    return db.execute(
        select(
            WaitingEntry.id,
            WaitingEntry.citizen_id,
            Citizen.pseudonym,
            WaitingEntry.queued,
            WaitingEntry.left_on,
            WaitingEntry.outcome,
            WaitingEntry.reason,
        )
        .join(Citizen, Citizen.id == WaitingEntry.citizen_id)
        .where(
            WaitingEntry.activity_id == activity_id,
            WaitingEntry.outcome != WaitingOutcome.WAITING,
            WaitingEntry.left_on >= clock.today() - LATELY,
            Citizen.erased_at.is_(None),
        )
        .order_by(WaitingEntry.left_on.desc(), WaitingEntry.id.desc())
        .limit(limit)
    ).all()
