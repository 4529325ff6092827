"""Who came to a run, how much of it they were meant to have, and how the exam went."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.competence_compass import access
from med.competence_compass.forms.runs import (
    ExamForm,
    PlannedForm,
)
from med.competence_compass.models import (
    Exam,
    Participation,
    Presence,
    Run,
)
from med.competence_compass.models import Session as RunSession
from med.competence_compass.queries.runs import about_run
from med.errors import Invalid
from med.journal.actions import note
from med.language import T, _n


def note_presence(db: Session, viewer: Viewer, run: Run, session: RunSession, held: Participation, came: bool) -> None:
    """Whether a participant came to a session. `attended` follows, also where an import brought earlier ones."""
    require(viewer, access.attend_run, about_run(db, viewer, run))
    if session.day > clock.today():
        raise Invalid(session=T("Dagen er ikke kommet endnu."))
    if not is_in(held, session.day):
        raise Invalid(participation=T("Deltageren var ikke med i forløbet den dag."))
    known = db.get(Presence, (session.id, held.id))
    before = known.came if known is not None else False
    attended = held.attended + came - before
    if attended > held.planned:
        raise Invalid(
            participation=_n(
                "Deltageren er planlagt til %(num)s gang og har været der. Ret antallet først.",
                "Deltageren er planlagt til %(num)s gange og har været der så mange. Ret antallet først.",
                held.planned,
            )
        )
    if known is None:
        db.add(Presence(session_id=session.id, participation_id=held.id, came=came))
    else:
        known.came = came
    held.attended = max(0, attended)
    note(db, viewer, "participation.presence_noted", held, ["attended"])


def is_in(held: Participation, day: date) -> bool:
    """Whether a participant was in the run on a day."""
    return bool(held.starts <= day and (held.ends is None or day <= held.ends))


def everyone_came(db: Session, viewer: Viewer, run: Run, session: RunSession, rows: list[Participation]) -> int:
    """Note "came" for everyone of whom nothing is noted yet; how many that were."""
    known = set(db.scalars(select(Presence.participation_id).where(Presence.session_id == session.id)))
    noted = 0
    for held in rows:
        if held.id not in known and is_in(held, session.day) and held.attended < held.planned:
            note_presence(db, viewer, run, session, held, True)
            noted += 1
    return noted


def plan_participation(db: Session, viewer: Viewer, run: Run, held: Participation, form: PlannedForm) -> None:
    """How many sessions a participant is planned for; where sessions have no dates, also how many they came to."""
    require(viewer, access.attend_run, about_run(db, viewer, run))
    attended = held.attended
    if form.attended is not None and form.attended != held.attended:
        if db.scalar(select(RunSession.id).where(RunSession.run_id == run.id).limit(1)) is not None:
            raise Invalid(attended=T("Fremmødet tælles gang for gang i dette forløb."))
        attended = form.attended
    if attended > form.planned:
        raise Invalid(
            planned=_n("Deltageren har været der %(num)s gang.", "Deltageren har været der %(num)s gange.", attended)
        )
    changed = [n for n, new in (("planned", form.planned), ("attended", attended)) if getattr(held, n) != new]
    held.planned, held.attended = form.planned, attended
    if changed:
        note(db, viewer, "participation.changed", held, changed)


def note_exam(db: Session, viewer: Viewer, run: Run, held: Participation, form: ExamForm) -> Exam:
    """How an exam went; the same day again corrects it."""
    require(viewer, access.lead_run, about_run(db, viewer, run))
    if not run.activity.has_exam:
        raise Invalid(day=T("Aktiviteten har ingen prøve."))
    if form.day > clock.today():
        raise Invalid(day=T("Prøvens dag ligger i fremtiden."))
    if form.day < held.starts:
        raise Invalid(day=T("Prøven ligger, før deltageren begyndte."))
    passed = form.passed == "1"
    exam = next((known for known in held.exams if known.day == form.day), None)
    if exam is None:
        exam = Exam(
            participation_id=held.id, day=form.day, passed=passed, level=form.level, noted_by_id=viewer.person_id
        )
        db.add(exam)
        note(db, viewer, "exam.noted", exam)
        return exam
    if (exam.passed, exam.level) != (passed, form.level):
        exam.passed, exam.level, exam.noted_by_id = passed, form.level, viewer.person_id
        note(db, viewer, "exam.corrected", exam, ["passed", "level"])
    return exam
