"""What activities put on `/kompas` and under "Det venter på dig"."""

from datetime import timedelta
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.queries import landing as queries
from med.language import T
from med.slices import Waiting
from med.workdays import copenhagen

SOON = timedelta(days=14)
ANSWER_WITHIN = timedelta(days=7)


def my_runs(visit: Any) -> Markup | None:
    """The runs one leads today, the next session first."""
    rows = queries.led_runs_of(visit.db, visit.viewer)
    if not rows:
        return None
    return visit.desk.pages.piece("competence_compass/_activities_runs.html", visit, rows=rows)


def waiting_lists(visit: Any) -> Markup | None:
    """The lists one keeps on which somebody waits, those with an answer or a place to see to first."""
    rows = queries.lists_to_act_on(visit.db, visit.viewer)
    if not rows:
        return None
    return visit.desk.pages.piece("competence_compass/_activities_waiting.html", visit, rows=rows)


def all_activities(visit: Any) -> Markup | None:
    """For everyone who works here: the way to the activities, and how many there are."""
    counts = queries.activity_counts(visit.db, visit.viewer)
    return visit.desk.pages.piece("competence_compass/_activities_all.html", visit, counts=counts)


def activities_await(db: Session, viewer: Viewer) -> list[Waiting]:
    """Runs that cannot start as they stand, exams without results, offers without an answer."""
    if not viewer.is_employee:
        return []
    today = clock.today()
    unsaid = [
        Waiting(
            "activity.no_hypothesis",
            T("Skriv, hvad aktiviteten skal gøre: %(title)s", title=row.title),
            row.unit,
            f"/kompas/aktivitet/{row.id}#hypoteser",
            row.starts,
        )
        for row in queries.starts_without_hypothesis(db, viewer, today + SOON)
    ]
    exams = [
        Waiting(
            "run.exams_missing",
            T("Notér prøverne: %(title)s, forløb %(number)s", title=row.title, number=row.number),
            row.unit,
            f"/kompas/forloeb/{row.id}#deltagere",
            row.ends,
        )
        for row in queries.missing_exams(db, viewer)
    ]
    offers = [
        Waiting(
            "waiting.unanswered",
            T("Få svar på tilbud om plads: %(title)s", title=row.title),
            row.unit,
            f"/kompas/venteliste/{row.id}#listen",
            copenhagen(row.offered).date() + ANSWER_WITHIN,
        )
        for row in queries.unanswered_offers(db, viewer)
    ]
    return unsaid + exams + offers
