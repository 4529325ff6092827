"""Who may see which citizens, and who may do what in the compass.

Five dated roles, and nobody else: contact persons and their deputies see their own citizens; whoever leads a run sees
its participants' pseudonyms, attendance and exams; the coordinator sees intake and waiting lists of their units; a
unit's manager and those above see sums only; whoever keeps the instruments sees no citizen at all. The administrator
of the system sees nothing.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import BigInteger, ColumnElement, Date, and_, bindparam, false, or_, select, true
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.models import (
    Activity,
    ActivityState,
    Assignment,
    AssignmentRole,
    Citizen,
    CompassRole,
    Participation,
    RoleKind,
    Run,
    RunLeader,
    Version,
)
from med.language import T, Text
from med.organisation.access import is_employee, on_day
from med.organisation.models import Unit
from med.organisation.queries import below
from med.prepared import Prepared

AFTERWARDS = timedelta(days=30)  # what is left to write when a citizen has left
AFTER_RUN = timedelta(days=14)  # what is left to note when a run is over
AFTER_EXAMS = timedelta(days=182)  # and certificates are given at the graduation


def own_citizens(viewer: Viewer, day: date | None = None) -> ColumnElement[bool]:
    """The citizens whose contact person or deputy the viewer is: everything about them."""
    if not viewer.is_employee:
        return false()
    mine = select(Assignment.citizen_id).where(
        Assignment.person_id == viewer.person_id, on_day(Assignment, day or clock.today())
    )
    return and_(Citizen.id.in_(mine), Citizen.erased_at.is_(None))


def led_runs(viewer: Viewer, day: date | None = None) -> ColumnElement[bool]:
    """The runs the viewer leads today: participants by pseudonym, attendance, exams. Leading ends with the run."""
    if not viewer.is_employee:
        return false()
    return _led(**leading(viewer, day))


def leading(viewer: Viewer, day: date | None = None) -> dict[str, Any]:
    """What stands for the viewer in `LED_RUNS`. Only for employees, as in `own`."""
    day = day or clock.today()
    return {"who": viewer.person_id, "day": day, "since": day - AFTER_RUN, "since_with_exam": day - AFTER_EXAMS}


def _led(who: Any, day: Any, since: Any, since_with_exam: Any) -> ColumnElement[bool]:
    mine = select(RunLeader.run_id).where(RunLeader.person_id == who, on_day(RunLeader, day))
    with_exam = select(Activity.id).where(Activity.has_exam)
    return and_(
        Run.id.in_(mine),
        or_(
            Run.ended_at.is_(None),
            Run.ends >= since,
            and_(Run.ends >= since_with_exam, Run.activity_id.in_(with_exam)),
        ),
    )


LED_RUNS = _led(
    bindparam("who", type_=BigInteger), *(bindparam(one, type_=Date) for one in ("day", "since", "since_with_exam"))
)


def after_run(has_exam: bool) -> timedelta:
    """How long whoever led a run goes on when it is over."""
    return AFTER_EXAMS if has_exam else AFTER_RUN


def named_to_leaders(day: date | None = None) -> ColumnElement[bool]:
    """The citizens whose name opens to who leads a run they are in: not those who have left long since."""
    return or_(Citizen.left_on.is_(None), Citizen.left_on >= (day or clock.today()) - AFTERWARDS)


def participants_seen(viewer: Viewer, day: date | None = None) -> ColumnElement[bool]:
    """Participations in the runs the viewer leads, and those of their own citizens."""
    if not viewer.is_employee:
        return false()
    return or_(
        Participation.run_id.in_(select(Run.id).where(led_runs(viewer, day))),
        Participation.citizen_id.in_(select(Citizen.id).where(own_citizens(viewer, day))),
    )


def coordinated_units(db: Session, viewer: Viewer, day: date | None = None) -> frozenset[int]:
    """The units whose intake and waiting lists the viewer coordinates today, those below included."""
    return _units_of(db, viewer, RoleKind.COORDINATOR, day)


def keeps_instruments(db: Session, viewer: Viewer, day: date | None = None) -> bool:
    return bool(_units_of(db, viewer, RoleKind.INSTRUMENTS, day))


def _units_of(db: Session, viewer: Viewer, kind: RoleKind, day: date | None) -> frozenset[int]:
    if not viewer.is_employee:
        return frozenset()
    roots = {row.unit_id for row in GIVEN(db, who=viewer.person_id, kind=kind, day=day or clock.today())}
    return frozenset(roots | below(db, Unit, roots)) if roots else frozenset()


GIVEN = Prepared(  # asked several times for a page
    lambda: select(CompassRole.unit_id).where(
        CompassRole.person_id == bindparam("who"),
        CompassRole.kind == bindparam("kind"),
        on_day(CompassRole, bindparam("day", type_=Date)),
    )
)


def intake_citizens(units: frozenset[int]) -> ColumnElement[bool]:
    """The citizens of units one coordinates: pseudonym, unit, dates, waiting; never scores, goals or words."""
    return and_(Citizen.unit_id.in_(units), Citizen.erased_at.is_(None)) if units else false()


def role_towards(db: Session, viewer: Viewer, citizen_id: int, day: date | None = None) -> AssignmentRole | None:
    """In which capacity the viewer may open a citizen's page today; None when they may not."""
    if not viewer.is_employee:
        return None
    roles = db.scalars(
        select(Assignment.role).where(
            Assignment.citizen_id == citizen_id,
            Assignment.person_id == viewer.person_id,
            on_day(Assignment, day or clock.today()),
        )
    ).all()
    return min(roles, key=list(AssignmentRole).index, default=None)


# --- doing --------------------------------------------------------------------------------------------------------


def use_compass(viewer: Viewer, thing: object = None) -> Iterator[Text]:
    """The compass's own pages; what is on them is decided by the clauses above."""
    yield from is_employee(viewer)


def see_sums(viewer: Viewer, thing: object = None) -> Iterator[Text]:
    """Sums over the citizens of units one manages."""
    yield from is_employee(viewer)
    if not viewer.managed_unit_ids:
        yield T("Kun ledere ser samlede tal.")


# --- one citizen ------------------------------------------------------------------------------------------------------


class Towards(Struct, frozen=True):
    """A citizen, and in which capacity the viewer stands towards them today."""

    id: int
    pseudonym: str
    unit: str
    instrument_id: int | None
    interval_days: int
    entered: date
    left_on: date | None
    role: AssignmentRole | None
    assignment_reason: str = ""

    @property
    def reason(self) -> str:
        """What a look is noted with. A deputy's is the cover they were given."""
        if self.role is AssignmentRole.DEPUTY:
            return self.assignment_reason or "Stedfortræder for kontaktpersonen"
        return "Kontaktperson"


def open_citizen(viewer: Viewer, towards: Towards | None) -> Iterator[Text]:
    """Everything about one citizen: their contact person, and a deputy on their days."""
    yield from is_employee(viewer)
    if towards is None or towards.role is None:
        yield T("Kun borgerens kontaktperson og stedfortræder har adgang.")


def take_stock(viewer: Viewer, towards: Towards | None) -> Iterator[Text]:
    yield from open_citizen(viewer, towards)


def keep_goals(viewer: Viewer, towards: Towards | None) -> Iterator[Text]:
    yield from open_citizen(viewer, towards)


# --- activities, runs and waiting lists -----------------------------------------------------------------------------


class AboutActivity(Struct, frozen=True):
    """An activity, and whether the viewer coordinates its unit today."""

    activity: Activity
    coordinates: bool = False


class AboutRun(Struct, frozen=True):
    """A run, and what the viewer is to it today."""

    run: Run
    coordinates: bool = False
    leads: bool = False
    is_led: bool = True  # somebody leads it today
    has_hypothesis: bool = True  # one that was written before the activity's first start


def visible_activities(viewer: Viewer) -> ColumnElement[bool]:
    """Activities, their runs and what they are meant to do are no secret to those who work here. Who is in them is."""
    return true() if viewer.is_employee else false()


def runs_activities(viewer: Viewer, activity: Activity, coordinates: bool) -> bool:
    """Whether the viewer decides what happens: the leader of the unit (or above), or its coordinator."""
    return viewer.is_employee and (activity.unit_id in viewer.managed_unit_ids or coordinates)


def propose_activity(viewer: Viewer, thing: object = None) -> Iterator[Text]:
    """Everyone may have the good idea; who starts it is another matter."""
    yield from is_employee(viewer)


def keep_activity(viewer: Viewer, about: AboutActivity) -> Iterator[Text]:
    """Describe an activity and say what it is meant to do: who proposed it, the unit's leader and coordinator."""
    yield from is_employee(viewer)
    if not (runs_activities(viewer, about.activity, about.coordinates) or about.activity.owner_id == viewer.person_id):
        yield T("Kun den ansvarlige, enhedens leder og koordinatoren kan ændre aktiviteten.")
    if about.activity.state is ActivityState.ENDED:
        yield T("Aktiviteten er afsluttet.")


def remove_hypothesis(viewer: Viewer, about: AboutActivity) -> Iterator[Text]:
    yield from keep_activity(viewer, about)
    if about.activity.frozen_at is not None:
        yield T("Hypoteserne ligger fast, fordi aktiviteten er begyndt. De kan hverken ændres eller fjernes.")


def run_activity(viewer: Viewer, about: AboutActivity) -> Iterator[Text]:
    """Plan runs of an activity, and end it."""
    yield from is_employee(viewer)
    if not runs_activities(viewer, about.activity, about.coordinates):
        yield T("Kun enhedens leder og koordinatoren kan planlægge, begynde og afslutte.")
    if about.activity.state is ActivityState.ENDED:
        yield T("Aktiviteten er afsluttet.")


def keep_run(viewer: Viewer, about: AboutRun) -> Iterator[Text]:
    """Change a run's dates and places, and say who leads it."""
    yield from run_activity(viewer, AboutActivity(about.run.activity, about.coordinates))
    if about.run.ended_at is not None:
        yield T("Forløbet er afsluttet.")


def start_run(viewer: Viewer, about: AboutRun) -> Iterator[Text]:
    """Kun aktiviteter, der gør en forskel: nothing starts before it is written what it is meant to do."""
    yield from keep_run(viewer, about)
    if about.run.started_at is not None:
        yield T("Forløbet er allerede begyndt.")
        return
    if not about.has_hypothesis:
        yield T(
            "Aktiviteten har ingen hypotese. Skriv først, hvilken kompetence den skal udvikle eller fastholde, og "
            "hvorfor. Vi begynder kun aktiviteter, der er tænkt til at gøre en forskel."
        )
    if not about.is_led:
        yield T("Forløbet har ingen leder i dag.")
    if about.run.starts > clock.today():
        yield T("Forløbet kan først begynde på sin første dag.")


def lead_run(viewer: Viewer, about: AboutRun) -> Iterator[Text]:
    """Note who came, who left, and how the exam went: who leads the run today."""
    yield from is_employee(viewer)
    if not about.leads:
        yield T("Kun den, der leder forløbet, kan notere fremmøde og prøver.")
    if about.run.started_at is None:
        yield T("Forløbet er ikke begyndt endnu.")


def attend_run(viewer: Viewer, about: AboutRun) -> Iterator[Text]:
    """The same while the run goes on; exams may be noted after it."""
    yield from lead_run(viewer, about)
    if about.run.ended_at is not None:
        yield T("Forløbet er afsluttet.")


def plan_sessions(viewer: Viewer, about: AboutRun) -> Iterator[Text]:
    """Say when the run meets: who plans it, and who leads it."""
    if not about.leads:
        yield from keep_run(viewer, about)
    elif about.run.ended_at is not None:
        yield T("Forløbet er afsluttet.")


def end_run(viewer: Viewer, about: AboutRun) -> Iterator[Text]:
    yield from plan_sessions(viewer, about)
    if about.run.started_at is None:
        yield T("Forløbet er ikke begyndt endnu.")


def keep_waiting_list(viewer: Viewer, about: AboutActivity) -> Iterator[Text]:
    """Put citizens on the list, draw lots and offer places: who coordinates the unit."""
    yield from is_employee(viewer)
    if not about.coordinates:
        yield T("Kun koordinatoren for enheden fører ventelisten.")
    if about.activity.state is ActivityState.ENDED:
        yield T("Aktiviteten er afsluttet.")


# --- instruments ----------------------------------------------------------------------------------------------------


class AboutVersion(Struct, frozen=True):
    """Whether the viewer keeps the instruments today, and the version it is about, if it is about one."""

    keeps: bool
    version: Version | None = None


def see_instruments(viewer: Viewer, thing: object = None) -> Iterator[Text]:
    """What is asked and what the steps mean is no secret to those who work here."""
    yield from is_employee(viewer)


def keep_instruments(viewer: Viewer, about: AboutVersion) -> Iterator[Text]:
    yield from is_employee(viewer)
    if not about.keeps:
        yield T("Kun den, der har ansvar for redskaberne, kan ændre dem.")


def edit_version(viewer: Viewer, about: AboutVersion) -> Iterator[Text]:
    """Until its first use. What has been answered is never reworded."""
    yield from keep_instruments(viewer, about)
    if about.version is not None and about.version.locked_at is not None:
        yield T("Versionen er brugt til en måling og ligger fast. Lav en ny version for at ændre den.")


# --- intake ---------------------------------------------------------------------------------------------------------


class AboutIntake(Struct, frozen=True):
    """Whether the viewer coordinates the unit a citizen is in, or comes to."""

    coordinates: bool


def keep_intake(viewer: Viewer, about: AboutIntake) -> Iterator[Text]:
    """Citizens in and out, and who works with them."""
    yield from is_employee(viewer)
    if not about.coordinates:
        yield T("Kun koordinatoren for enheden fører indtaget.")


def open_name(viewer: Viewer, role: object = None) -> Iterator[Text]:
    """To a reason: contact person, deputy, the unit's coordinator, and who leads a run the citizen takes part in."""
    yield from is_employee(viewer)
    if role is None:
        yield T("Kun de, der arbejder med borgeren, kan åbne navnet.")


# --- reports --------------------------------------------------------------------------------------------------------


class AboutLayout(Struct, frozen=True):
    """A unit whose reports' columns are chosen, and whether the viewer coordinates it today."""

    unit_id: int
    coordinates: bool


def keep_report_layout(viewer: Viewer, about: AboutLayout) -> Iterator[Text]:
    """What a report's columns are called: who leads the unit or coordinates it. It shows no citizen."""
    yield from is_employee(viewer)
    if about.unit_id not in viewer.managed_unit_ids and not about.coordinates:
        yield T("Kun enhedens leder og koordinatoren vælger kolonnerne.")


# --- roles ----------------------------------------------------------------------------------------------------------


def give_role(viewer: Viewer, unit_id: int | None = None) -> Iterator[Text]:
    """Make someone coordinator or keeper of the instruments: who manages the unit, or one above it; never oneself."""
    yield from is_employee(viewer)
    if not viewer.managed_unit_ids:
        yield T("Kun ledere giver roller i kompasset.")
    elif unit_id is not None and unit_id not in viewer.managed_unit_ids:
        yield T("Du leder ikke den enhed.")
