"""`/kompas/forloeb/{id}`: a run's plan for everyone; attendance, exams and certificates for who leads it."""

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Response
from sqlalchemy import Row
from sqlalchemy.orm import Session

from med import language
from med.access import Viewer, allows, require
from med.competence_compass import access
from med.competence_compass.access import AboutRun, role_towards
from med.competence_compass.actions import attendance
from med.competence_compass.actions import runs as actions
from med.competence_compass.forms.runs import (
    EndForm,
    EveryoneForm,
    ExamForm,
    LeaderEndForm,
    LeaderForm,
    LeaveForm,
    PlannedForm,
    PresenceForm,
    SessionForm,
)
from med.competence_compass.looks import LookRole, note_look, note_looks
from med.competence_compass.models import EndReason, Identity, LookAt, Participation, Run
from med.competence_compass.models import Session as RunSession
from med.competence_compass.queries import activities, waiting
from med.competence_compass.queries import runs as queries
from med.competence_compass.vault import Lost, vault_of
from med.errors import Conflict, Invalid, NotFound
from med.language import T
from med.organisation.suggesting import suggested
from med.web.forms import parse
from med.web.routing import Visit, look, page_number, post

# --- the run's page -----------------------------------------------------------------------------------------------


@look("/kompas/forloeb/{run_id:int}", name="compass.run", policy=access.use_compass)
def show(visit: Visit, run_id: int) -> Response:
    run = queries.run(visit.db, visit.viewer, run_id)
    return show_run(visit, run, chosen=page_number(visit, "gang", 10_000) or None)


def show_run(
    visit: Visit,
    run: Run,
    *,
    chosen: int | None = None,
    errors: dict[str, Any] | None = None,
    form: str = "",
    status_code: int = 200,
) -> Response:
    """The page. Whoever sees participants is noted for each of them, also when a form comes back."""
    db, viewer = visit.db, visit.viewer
    about = queries.about_run(db, viewer, run)
    people = queries.participants(db, viewer, run.id)
    note_participants(visit, run, about, people, trace=status_code >= 400)
    sessions = queries.sessions_of(db, run.id)
    noted = queries.noted_sessions(db, run.id) if about.leads else set()
    session = queries.session_to_note(sessions, chosen, noted) if about.leads else None
    if about.leads and chosen is not None and session is None:
        raise NotFound
    room = next((one for one in waiting.rooms(db, run.activity_id) if one.id == run.id), None)
    keeps = allows(viewer, access.keep_run, about)
    return visit.page(
        "competence_compass/runs_show.html",
        run=run,
        about=about,
        state=activities.run_state(run),
        people=people,
        sessions=sessions,
        noted=noted,
        session=session,
        presences=queries.presences(db, session.id) if session else {},
        exams=queries.exams_of(db, [row.id for row in people]) if run.activity.has_exam else {},
        taken=room.taken if room and (about.coordinates or about.leads) else None,
        why_not=list(access.start_run(viewer, about)) if keeps and run.started_at is None else [],
        suggestions=suggested(db, viewer) if keeps else [],
        reasons=[(one.value, str(language.word(one))) for one in EndReason],
        form=form,
        values=visit.form.values() if form else {},
        errors=errors or {},
        status_code=status_code,
    )


def note_participants(
    visit: Visit, run: Run, about: AboutRun, people: Sequence[Row[Any]], *, trace: bool = False
) -> None:
    """One look for each participant shown; `trace` when what is around it will not be saved."""
    if not people:
        return
    viewer = visit.viewer
    seen = [(row.citizen_id, _role(visit.db, viewer, about, row.citizen_id)) for row in people]
    reason = f"Forløb {run.number}: {run.activity.title}"  # Danish, whoever looks: the citizen reads it

    def write(db: Session) -> None:
        note_looks(db, viewer, seen, LookAt.RUN, reason)

    if trace:
        visit.traces.append(write)
    else:
        write(visit.db)


def _role(db: Session, viewer: Viewer, about: AboutRun, citizen_id: int) -> str:
    if about.leads:
        return LookRole.RUN_LEADER
    role = role_towards(db, viewer, citizen_id)
    if role is None:
        raise NotFound
    return role.value


def held_run(visit: Visit, run_id: int) -> Run:
    return queries.run(visit.db, visit.viewer, run_id, hold=True)


def _lead(visit: Visit, run_id: int) -> Run:
    """The run, for who leads it; to others its participants do not exist."""
    run = held_run(visit, run_id)
    if not queries.about_run(visit.db, visit.viewer, run).leads:
        raise NotFound
    return run


def _back(
    visit: Visit,
    run: Run,
    form: type[Any],
    name: str,
    work: Callable[[Any], object],
    anchor: str = "",
    chosen: int | None = None,
) -> Response:
    """Parse, do, and go back to the run; or show it again with a message at the field."""
    typed, errors = parse(form, visit.form)
    if typed is not None:
        try:
            work(typed)
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            return show_run(visit, run, errors={"": conflict.message}, form=name, chosen=chosen, status_code=409)
        else:
            where = visit.url("compass.run", run_id=run.id) + (f"?gang={chosen}" if chosen else "?sagt=gemt")
            return visit.go(where + (f"#{anchor}" if anchor else ""))
    return show_run(visit, run, errors=errors, form=name, chosen=chosen, status_code=422)


@post("/kompas/forloeb/{run_id:int}/start", name="compass.start_run", policy=access.start_run)
def start(visit: Visit, run_id: int) -> Response:
    run = held_run(visit, run_id)
    actions.start_run(visit.db, visit.viewer, run)
    return visit.to("compass.run", run_id=run.id, said="gemt")


@post("/kompas/forloeb/{run_id:int}/afslut", name="compass.end_run", policy=access.end_run)
def end(visit: Visit, run_id: int) -> Response:
    run = held_run(visit, run_id)
    require(visit.viewer, access.end_run, queries.about_run(visit.db, visit.viewer, run))
    return _back(visit, run, EndForm, "afslut", lambda form: actions.end_run(visit.db, visit.viewer, run, form))


@post("/kompas/forloeb/{run_id:int}/ledere", name="compass.add_run_leader", policy=access.keep_run)
def add_leader(visit: Visit, run_id: int) -> Response:
    run = held_run(visit, run_id)
    require(visit.viewer, access.keep_run, queries.about_run(visit.db, visit.viewer, run))
    return _back(
        visit, run, LeaderForm, "leder", lambda form: actions.add_leader(visit.db, visit.viewer, run, form), "ledere"
    )


@post("/kompas/forloeb/{run_id:int}/ledere/{leader_id:int}/slut", name="compass.end_run_leader", policy=access.keep_run)
def end_leader(visit: Visit, run_id: int, leader_id: int) -> Response:
    run = held_run(visit, run_id)
    require(visit.viewer, access.keep_run, queries.about_run(visit.db, visit.viewer, run))
    if leader_id not in {leader.id for leader in run.leaders}:
        raise NotFound
    return _back(
        visit,
        run,
        LeaderEndForm,
        f"leder{leader_id}",
        lambda form: actions.end_leader(visit.db, visit.viewer, run, leader_id, form),
        "ledere",
    )


@post("/kompas/forloeb/{run_id:int}/gange", name="compass.add_session", policy=access.plan_sessions)
def add_session(visit: Visit, run_id: int) -> Response:
    run = held_run(visit, run_id)
    require(visit.viewer, access.plan_sessions, queries.about_run(visit.db, visit.viewer, run))
    return _back(
        visit,
        run,
        SessionForm,
        "gang",
        lambda form: actions.add_session(visit.db, visit.viewer, run, form.day),
        "gange",
    )


@post("/kompas/forloeb/{run_id:int}/gange/{session_id:int}", name="compass.move_session", policy=access.plan_sessions)
def move_session(visit: Visit, run_id: int, session_id: int) -> Response:
    """Another day, or (button "slet") no session at all."""
    run = held_run(visit, run_id)
    require(visit.viewer, access.plan_sessions, queries.about_run(visit.db, visit.viewer, run))
    session = queries.session(visit.db, run.id, session_id)
    if visit.form.get("slet"):
        actions.remove_session(visit.db, visit.viewer, run, session)
        return visit.to("compass.run", run_id=run.id, said="gemt", anchor="gange")
    return _back(
        visit,
        run,
        SessionForm,
        f"gang{session.id}",
        lambda form: actions.move_session(visit.db, visit.viewer, run, session, form.day),
        "gange",
    )


# --- who came, who left, how the exam went ------------------------------------------------------------------------


@post("/kompas/forloeb/{run_id:int}/fremmoede", name="compass.note_presence", policy=access.attend_run)
def note_presence(visit: Visit, run_id: int) -> Response:
    """One tap: whether one participant came to one session."""
    run = _lead(visit, run_id)
    form, errors = parse(PresenceForm, visit.form)
    if form is None:
        return show_run(visit, run, errors=errors, form="fremmoede", status_code=422)
    session = queries.session(visit.db, run.id, form.session)
    held = queries.participation(visit.db, visit.viewer, run.id, form.participation)
    came = form.came == "1"
    try:
        attendance.note_presence(visit.db, visit.viewer, run, session, held, came)
    except Invalid as invalid:
        said = next(iter(invalid.errors.values()))
        if visit.wants_fragment:
            return _tapped(visit, run, session, held, problem=said)
        shown = {"": f"{held.citizen.pseudonym}: {said}"}
        return show_run(visit, run, errors=shown, form="fremmoede", chosen=session.number, status_code=422)
    if visit.wants_fragment:
        return _tapped(visit, run, session, held)
    return visit.go(f"{visit.url('compass.run', run_id=run.id)}?gang={session.number}#d{held.id}")


def _tapped(visit: Visit, run: Run, session: RunSession, held: Participation, problem: Any = None) -> Response:
    """The participant's row anew. What is on it was noted as looked at when the page was opened."""
    visit.db.flush()
    known = queries.presences(visit.db, session.id)
    [row] = [one for one in queries.participants(visit.db, visit.viewer, run.id) if one.id == held.id]
    said = problem or (
        T("%(who)s kom.", who=row.pseudonym) if known[held.id] else T("%(who)s kom ikke.", who=row.pseudonym)
    )
    return visit.fragment(
        "competence_compass/runs_tap.html",
        say=str(said),
        run=run,
        session=session,
        row=row,
        presences=known,
        problem=problem,
    )


@post("/kompas/forloeb/{run_id:int}/alle", name="compass.everyone_came", policy=access.attend_run)
def everyone_came(visit: Visit, run_id: int) -> Response:
    """The rest came: those of whom nothing is noted for the session."""
    run = _lead(visit, run_id)
    require(visit.viewer, access.attend_run, queries.about_run(visit.db, visit.viewer, run))
    form, errors = parse(EveryoneForm, visit.form)
    if form is None:
        return show_run(visit, run, errors=errors, form="fremmoede", status_code=422)
    session = queries.session(visit.db, run.id, form.session)
    held = [
        queries.participation(visit.db, visit.viewer, run.id, row.id)
        for row in queries.participants(visit.db, visit.viewer, run.id)
    ]
    try:
        attendance.everyone_came(visit.db, visit.viewer, run, session, held)
    except Invalid as invalid:
        shown = {"": next(iter(invalid.errors.values()))}
        return show_run(visit, run, errors=shown, form="fremmoede", chosen=session.number, status_code=422)
    return visit.go(f"{visit.url('compass.run', run_id=run.id)}?gang={session.number}#fremmoede")


def _participant(visit: Visit, run_id: int, participation_id: int) -> tuple[Run, Participation]:
    run = _lead(visit, run_id)
    return run, queries.participation(visit.db, visit.viewer, run.id, participation_id)


@post(
    "/kompas/forloeb/{run_id:int}/deltager/{participation_id:int}/ud",
    name="compass.leave_run",
    policy=access.attend_run,
)
def leave(visit: Visit, run_id: int, participation_id: int) -> Response:
    run, held = _participant(visit, run_id, participation_id)
    require(visit.viewer, access.attend_run, queries.about_run(visit.db, visit.viewer, run))
    return _back(
        visit,
        run,
        LeaveForm,
        f"ud{held.id}",
        lambda form: actions.leave_run(visit.db, visit.viewer, run, held, form),
        f"d{held.id}",
    )


@post(
    "/kompas/forloeb/{run_id:int}/deltager/{participation_id:int}/gange",
    name="compass.plan_participation",
    policy=access.attend_run,
)
def plan_participation(visit: Visit, run_id: int, participation_id: int) -> Response:
    run, held = _participant(visit, run_id, participation_id)
    require(visit.viewer, access.attend_run, queries.about_run(visit.db, visit.viewer, run))
    return _back(
        visit,
        run,
        PlannedForm,
        f"gange{held.id}",
        lambda form: attendance.plan_participation(visit.db, visit.viewer, run, held, form),
        f"d{held.id}",
    )


@post(
    "/kompas/forloeb/{run_id:int}/deltager/{participation_id:int}/proeve",
    name="compass.note_exam",
    policy=access.lead_run,
)
def note_exam(visit: Visit, run_id: int, participation_id: int) -> Response:
    run, held = _participant(visit, run_id, participation_id)
    require(visit.viewer, access.lead_run, queries.about_run(visit.db, visit.viewer, run))
    return _back(
        visit,
        run,
        ExamForm,
        f"proeve{held.id}",
        lambda form: attendance.note_exam(visit.db, visit.viewer, run, held, form),
        f"d{held.id}",
    )


# --- the certificate ----------------------------------------------------------------------------------------------


@look("/kompas/bevis/{exam_id:int}", name="compass.certificate", policy=access.use_compass)
def certificate(visit: Visit, exam_id: int) -> Response:
    """A page for A4 with the citizen's name; opening the name is noted. The title has the pseudonym only."""
    db, viewer = visit.db, visit.viewer
    exam = queries.passed_exam(db, viewer, exam_id)
    held = exam.participation
    citizen = held.citizen
    about = queries.about_run(db, viewer, held.run)
    note_look(db, viewer, citizen, LookAt.IDENTITY, _role(db, viewer, about, citizen.id), "Bevis")
    return visit.page(
        "competence_compass/certificate.html",
        exam=exam,
        held=held,
        run=held.run,
        activity=held.run.activity,
        citizen=citizen,
        name=_name(visit, citizen.id),
        leaders=[one.person.name for one in held.run.leaders if activities.holds(one, exam.day)],
    )


def _name(visit: Visit, citizen_id: int) -> str:
    """The citizen's name, or "" where the vault holds none: then the certificate has a line to write it on."""
    identity = visit.db.get(Identity, citizen_id)
    if identity is None:
        return ""
    where = f"compass_identity.sealed/{citizen_id}"
    try:
        words = vault_of(visit.desk.settings.data_dir).open(visit.db, citizen_id, where, identity.sealed)
    except Lost:
        return ""
    return str(words.get("name", ""))


handlers: list[Callable[..., Any]] = [
    show,
    start,
    end,
    add_leader,
    end_leader,
    add_session,
    move_session,
    note_presence,
    everyone_came,
    leave,
    plan_participation,
    note_exam,
    certificate,
]
