"""Planning a run, beginning it, noting who came and how the exam went, and ending it."""

from datetime import date, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session, joinedload

from med import clock
from med.access import Viewer, require
from med.competence_compass import access, rollups
from med.competence_compass.access import AboutActivity
from med.competence_compass.forms.runs import (
    EndForm,
    LeaderEndForm,
    LeaderForm,
    LeaveForm,
    Rhythm,
    RunForm,
)
from med.competence_compass.models import (
    Activity,
    ActivityState,
    Citizen,
    EndReason,
    Participation,
    Presence,
    Run,
    RunLeader,
    WaitingEntry,
    WaitingOutcome,
)
from med.competence_compass.models import Session as RunSession
from med.competence_compass.queries.activities import coordinates, taken_places
from med.competence_compass.queries.runs import about_run
from med.errors import Conflict, Invalid, NotFound
from med.journal.actions import note
from med.language import T, _n
from med.organisation.access import on_day
from med.organisation.models import Employment, Person
from med.organisation.queries import person_by_words
from med.workdays import LAST_YEAR, workday_on_or_after

MOST_SESSIONS = 400


# --- planning -----------------------------------------------------------------------------------------------------


def plan_run(db: Session, viewer: Viewer, activity: Activity, form: RunForm) -> Run:
    """A run to come, with its sessions laid out where a rhythm is given."""
    require(viewer, access.run_activity, AboutActivity(activity, coordinates(db, viewer, activity.unit_id)))
    leader = _leader(db, viewer, form.leader, "leader") if form.leader else None
    days = session_days(form.starts, form.planned_sessions, form.rhythm)
    if days and form.ends is not None and days[-1] > form.ends:
        raise Invalid(ends=T("Den sidste gang falder først den %(day)s.", day=danish_day(days[-1])))
    number = (db.scalar(select(func.max(Run.number)).where(Run.activity_id == activity.id)) or 0) + 1
    made = Run(
        activity_id=activity.id,
        number=number,
        starts=form.starts,
        ends=form.ends or (days[-1] if days else None),
        planned_sessions=form.planned_sessions,
        capacity=form.capacity,
    )
    db.add(made)
    note(db, viewer, "run.planned", made)
    db.add_all(RunSession(run_id=made.id, number=place, day=day) for place, day in enumerate(days, 1))
    if leader is not None:
        db.add(RunLeader(run_id=made.id, person_id=leader.id, starts=min(form.starts, clock.today()), ends=None))
    return made


def session_days(starts: date, count: int, rhythm: Rhythm) -> list[date]:
    """The days a run meets; one that falls on a holiday moves to the next working day. Empty without a rhythm."""
    if rhythm is Rhythm.NONE:
        return []
    days: list[date] = []
    day = starts
    for number in range(count):
        if rhythm is Rhythm.WORKDAYS:
            day = workday_on_or_after(day + timedelta(1) if days else starts)
        else:
            weeks = number * (1 if rhythm is Rhythm.WEEKLY else 2)
            day = workday_on_or_after(starts + timedelta(weeks=weeks))
        if day.year > LAST_YEAR - 1:
            raise Invalid(planned_sessions=T("Så mange gange rækker ud over kalenderen."))
        if not days or day > days[-1]:
            days.append(day)
    return days


def danish_day(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"


def change_run(db: Session, viewer: Viewer, run: Run, form: RunForm) -> Run:
    """Its dates, sessions planned and places. Raises Conflict when somebody else changed it meanwhile."""
    about = about_run(db, viewer, run)
    require(viewer, access.keep_run, about)
    if form.version != run.version:
        raise Conflict(T("En anden har rettet forløbet imens. Se, hvad der står nu, og ret igen."))
    if run.started_at is not None and form.starts != run.starts:
        raise Invalid(starts=T("Forløbet er begyndt, så startdatoen ligger fast."))
    # Only to who may know how many there are: trying numbers would tell others. Nobody loses a place by it.
    if about.coordinates and form.capacity is not None and form.capacity < occupied(db, run.id):
        raise Invalid(capacity=T("Flere har allerede fået plads eller et tilbud om plads."))
    sessions = db.execute(
        select(func.count(), func.min(RunSession.day), func.max(RunSession.day)).where(RunSession.run_id == run.id)
    ).one()
    if sessions[0] > form.planned_sessions:
        raise Invalid(
            planned_sessions=_n(
                "Der er sat dato på %(num)s gang. Slet den først.",
                "Der er sat datoer på %(num)s gange. Slet de overflødige først.",
                sessions[0],
            )
        )
    if sessions[0] and sessions[1] < form.starts:
        raise Invalid(starts=T("Den første gang er %(day)s. Flyt den først.", day=danish_day(sessions[1])))
    if sessions[0] and form.ends is not None and sessions[2] > form.ends:
        raise Invalid(ends=T("Den sidste gang er %(day)s. Flyt den først.", day=danish_day(sessions[2])))
    changed = []
    for name in ("starts", "ends", "planned_sessions", "capacity"):
        if getattr(run, name) != getattr(form, name):
            setattr(run, name, getattr(form, name))
            changed.append(name)
    if changed:
        if "starts" in changed:  # who has a place already begins with the run
            members = db.scalars(select(Participation).where(Participation.run_id == run.id)).all()
            for held in members:
                held.starts = form.starts
                if held.ends is not None and held.ends < held.starts:  # they left before it began
                    held.ends = held.starts
            rollups.refresh(db, [held.citizen_id for held in members])
        run.version += 1
        note(db, viewer, "run.changed", run, changed)
    return run


def occupied(db: Session, run_id: int) -> int:
    """Places that are taken or offered."""
    taken = select(func.count()).where(Participation.run_id == run_id, taken_places(clock.today()))
    offered = select(func.count()).where(
        WaitingEntry.offered_run_id == run_id, WaitingEntry.outcome == WaitingOutcome.WAITING
    )
    return (db.scalar(taken) or 0) + (db.scalar(offered) or 0)


def _leader(db: Session, viewer: Viewer, words: str, field: str) -> Person:
    """Whom a name means, as a leader of runs: employed here, and not oneself."""
    found = person_by_words(db, viewer, words)
    if found is None:
        raise Invalid(**{field: T("Vi kender ikke “%(name)s”, eller flere hedder det.", name=words)})
    if found.id == viewer.person_id:
        # Who leads a run sees its participants: nobody opens that door to themselves.
        raise Invalid(**{field: T("Du kan ikke gøre dig selv til leder af et forløb. Bed en anden om det.")})
    works = select(Employment.id).where(Employment.person_id == found.id, on_day(Employment, clock.today()))
    if db.scalar(works.limit(1)) is None:
        raise Invalid(**{field: T("%(name)s er ikke ansat her i dag.", name=found.name)})
    return found


def add_leader(db: Session, viewer: Viewer, run: Run, form: LeaderForm) -> RunLeader:
    require(viewer, access.keep_run, about_run(db, viewer, run))
    person = _leader(db, viewer, form.leader, "leader")
    for known in run.leaders:
        overlaps = known.starts <= (form.ends or date.max) and form.starts <= (known.ends or date.max)
        if known.person_id == person.id and overlaps:
            raise Invalid(leader=T("%(name)s leder allerede forløbet i de dage.", name=person.name))
    made = RunLeader(run_id=run.id, person_id=person.id, starts=form.starts, ends=form.ends)
    db.add(made)
    note(db, viewer, "run.leader_named", run, ["leader"])
    return made


def end_leader(db: Session, viewer: Viewer, run: Run, leader_id: int, form: LeaderEndForm) -> None:
    """Say which day is somebody's last as leader; what they could see ends with it."""
    require(viewer, access.keep_run, about_run(db, viewer, run))
    found = next((known for known in run.leaders if known.id == leader_id), None)
    if found is None:
        raise NotFound
    if form.ends < found.starts:
        raise Invalid(ends=T("Slutdatoen ligger før startdatoen."))
    found.ends = form.ends
    note(db, viewer, "run.leader_ended", run, ["leader"])


def add_session(db: Session, viewer: Viewer, run: Run, day: date) -> RunSession:
    require(viewer, access.plan_sessions, about_run(db, viewer, run))
    count, last = db.execute(select(func.count(), func.max(RunSession.number)).where(RunSession.run_id == run.id)).one()
    if count >= run.planned_sessions:
        raise Invalid(
            day=_n(
                "Der er kun planlagt %(num)s gang. Ret antallet først.",
                "Der er kun planlagt %(num)s gange. Ret antallet først.",
                run.planned_sessions,
            )
        )
    _check_session_day(db, run, day)
    made = RunSession(run_id=run.id, number=(last or 0) + 1, day=day)
    db.add(made)
    note(db, viewer, "run.sessions_changed", run, ["sessions"])
    _number_by_day(db, run.id)
    return made


def move_session(db: Session, viewer: Viewer, run: Run, session: RunSession, day: date) -> None:
    require(viewer, access.plan_sessions, about_run(db, viewer, run))
    if _is_noted(db, session):
        raise Invalid(day=T("Der er noteret fremmøde den dag. Den kan ikke flyttes."))
    _check_session_day(db, run, day, session.id)
    session.day = day
    note(db, viewer, "run.sessions_changed", run, ["sessions"])
    _number_by_day(db, run.id)


def remove_session(db: Session, viewer: Viewer, run: Run, session: RunSession) -> None:
    require(viewer, access.plan_sessions, about_run(db, viewer, run))
    if _is_noted(db, session):
        raise Conflict(T("Der er noteret fremmøde den dag. Den kan ikke slettes."))
    db.delete(session)
    note(db, viewer, "run.sessions_changed", run, ["sessions"])
    _number_by_day(db, run.id)


def _is_noted(db: Session, session: RunSession) -> bool:
    return db.scalar(select(Presence.session_id).where(Presence.session_id == session.id).limit(1)) is not None


def _check_session_day(db: Session, run: Run, day: date, besides: int = 0) -> None:
    if day < run.starts:
        raise Invalid(day=T("Dagen ligger før forløbets start."))
    if run.ends is not None and day > run.ends:
        raise Invalid(day=T("Dagen ligger efter forløbets slutning."))
    same = select(RunSession.id).where(RunSession.run_id == run.id, RunSession.day == day, RunSession.id != besides)
    if db.scalar(same.limit(1)) is not None:
        raise Invalid(day=T("Forløbet mødes allerede den dag."))


def _number_by_day(db: Session, run_id: int) -> None:
    """Sessions are numbered in the order of their days."""
    db.flush()
    sessions = db.scalars(
        select(RunSession).where(RunSession.run_id == run_id).order_by(RunSession.day, RunSession.id)
    ).all()
    if [one.number for one in sessions] == list(range(1, len(sessions) + 1)):
        return
    for one in sessions:  # out of the way first: two may not have the same number even for a moment
        one.number += 10_000
    db.flush()
    for number, one in enumerate(sessions, 1):
        one.number = number
    db.flush()


# --- beginning and ending -----------------------------------------------------------------------------------------


def start_run(db: Session, viewer: Viewer, run: Run) -> None:
    """Begin. The activity's first start freezes what it is meant to do."""
    require(viewer, access.start_run, about_run(db, viewer, run))
    run.started_at = clock.now()
    run.version += 1
    activity = run.activity
    if activity.frozen_at is None:
        activity.frozen_at = run.started_at
        activity.state = ActivityState.RUNNING
        activity.version += 1
        note(db, viewer, "activity.started", activity, ["frozen_at", "state"])
    note(db, viewer, "run.started", run)


def end_run(db: Session, viewer: Viewer, run: Run, form: EndForm) -> None:
    """It is over: who is still in it has completed it, open offers of a place lapse, and leading ends with it."""
    require(viewer, access.end_run, about_run(db, viewer, run))
    if form.ends < run.starts:
        raise Invalid(ends=T("Slutdatoen ligger før startdatoen."))
    if form.ends > clock.today():
        raise Invalid(ends=T("Slutdatoen ligger i fremtiden. Afslut forløbet, når det er slut."))
    last = db.scalar(
        select(func.max(RunSession.day))
        .join(Presence, Presence.session_id == RunSession.id)
        .where(RunSession.run_id == run.id)
    )
    if last is not None and last > form.ends:
        raise Invalid(ends=T("Der er noteret fremmøde den %(day)s.", day=danish_day(last)))
    still_in = db.scalars(
        select(Participation)
        .where(Participation.run_id == run.id, or_(Participation.ends.is_(None), Participation.ends > form.ends))
        .options(joinedload(Participation.citizen))
    ).all()
    for held in still_in:
        left = held.citizen.left_on
        if left is not None and left < form.ends:
            held.ends, held.end_reason = max(left, held.starts), EndReason.STOPPED
        else:
            held.ends, held.end_reason = max(form.ends, held.starts), EndReason.COMPLETED
    rollups.refresh(db, [held.citizen_id for held in still_in])
    for entry in db.scalars(
        select(WaitingEntry).where(
            WaitingEntry.offered_run_id == run.id, WaitingEntry.outcome == WaitingOutcome.WAITING
        )
    ):
        entry.offered_run_id = entry.offered_at = None
        note(db, viewer, "waiting.offer_lapsed", entry)
    noted = select(Presence.session_id)
    db.execute(
        delete(RunSession).where(RunSession.run_id == run.id, RunSession.day > form.ends, RunSession.id.not_in(noted))
    )
    run.ends = form.ends
    run.ended_at = clock.now()
    run.version += 1
    last = form.ends + access.after_run(run.activity.has_exam)
    for leader in run.leaders:
        if leader.ends is None or leader.ends > last:
            leader.ends = max(last, leader.starts)
    note(db, viewer, "run.ended", run)


# --- participants -------------------------------------------------------------------------------------------------


def admit(db: Session, viewer: Viewer, run: Run, citizen: Citizen, starts: date, *, reserved: int = 0) -> Participation:
    """Give a citizen a place. The caller has asked whether the viewer may, and holds the run's row.

    `reserved` of the places that are taken or offered are this citizen's own.

    Raises Invalid at "run" or "starts" for what cannot be: no room, already in, another run at the same time.
    """
    if run.ended_at is not None:
        raise Invalid(run=T("Forløbet er afsluttet."))
    if starts < run.starts or (run.ends is not None and starts > run.ends):
        raise Invalid(starts=T("Dagen ligger uden for forløbet."))
    if starts < citizen.entered or (citizen.left_on is not None and starts > citizen.left_on):
        raise Invalid(starts=T("Borgeren er ikke indskrevet den dag."))
    for held in db.execute(
        select(Participation.run_id, Participation.starts, Participation.ends, Run.ends.label("run_ends"))
        .join(Run, Run.id == Participation.run_id)
        .where(Participation.citizen_id == citizen.id, Run.activity_id == run.activity_id)
    ):
        if held.run_id == run.id:
            raise Invalid(run=T("Borgeren deltager eller har deltaget i dette forløb."))
        until = held.ends or held.run_ends or date.max
        if held.starts <= (run.ends or date.max) and starts <= until:
            raise Invalid(run=T("Borgeren deltager i et andet forløb af aktiviteten i de dage."))
    if run.capacity is not None and occupied(db, run.id) - reserved >= run.capacity:
        raise Invalid(run=T("Forløbet har ikke flere ledige pladser."))
    left = db.scalar(select(func.count()).where(RunSession.run_id == run.id, RunSession.day >= starts)) or 0
    made = Participation(
        run_id=run.id, citizen_id=citizen.id, starts=starts, planned=left or run.planned_sessions, attended=0
    )
    db.add(made)
    note(db, viewer, "participation.begun", made)
    rollups.refresh(db, [citizen.id])
    return made


def leave_run(db: Session, viewer: Viewer, run: Run, held: Participation, form: LeaveForm) -> None:
    """A participant's last day, and why."""
    require(viewer, access.attend_run, about_run(db, viewer, run))
    if held.ends is not None:
        raise Conflict(T("Deltageren er allerede ude af forløbet."))
    if form.ends < held.starts:
        raise Invalid(ends=T("Slutdatoen ligger før startdatoen."))
    if form.ends > clock.today():
        raise Invalid(ends=T("Slutdatoen ligger i fremtiden."))
    came = db.scalar(
        select(func.max(RunSession.day))
        .join(Presence, Presence.session_id == RunSession.id)
        .where(Presence.participation_id == held.id, Presence.came)
    )
    if came is not None and came > form.ends:
        raise Invalid(ends=T("Deltageren kom den %(day)s.", day=danish_day(came)))
    held.ends, held.end_reason = form.ends, form.reason
    rollups.refresh(db, [held.citizen_id])
    note(db, viewer, "participation.ended", held, ["ends", "end_reason"])
