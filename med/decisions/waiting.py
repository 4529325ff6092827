"""What decisions put under "Det venter på dig"."""

from sqlalchemy.orm import Session

from med.access import Viewer
from med.decisions.fragments import heading
from med.decisions.queries.waiting import chairs_tasks, my_decisions_due, my_follow_ups_due, my_reviews_due
from med.language import T
from med.slices import Waiting


def awaits(db: Session, viewer: Viewer) -> list[Waiting]:
    """One's decisions and follow-ups due within a fortnight or overdue, and reviews; for chairs also "straks", and for
    those who run a committee what is due by somebody who has left."""
    if not viewer.is_employee:
        return []
    found = [
        Waiting(
            "decision.due",
            T("Fortæl, hvordan det går: %(what)s", what=heading(row.text)),
            row.committee,
            f"/beslutninger/{row.id}#gang",
            row.day,
            is_open=row.is_open,
        )
        for row in my_decisions_due(db, viewer)
    ]
    found += [
        Waiting(
            "follow_up.due",
            T("Find en ny ansvarlig: %(what)s", what=row.text)
            if row.is_left
            else T("Følg op: %(what)s", what=row.text),
            row.committee,
            f"/beslutninger/opfoelgning/{row.id}",
            row.day,
            is_open=row.is_open,
        )
        for row in my_follow_ups_due(db, viewer)
    ]
    found += [
        Waiting(
            "decision.review",
            T("Fortæl, hvordan det er gået: %(what)s", what=heading(row.text)),
            row.committee,
            f"/beslutninger/{row.id}#gang",
            row.day,
            is_open=row.is_open,
        )
        for row in my_reviews_due(db, viewer)
    ]
    for row in chairs_tasks(db, viewer):
        at = f"/beslutninger/{row.id}"
        if row.published_at is None:
            title = T("Offentliggør straks? %(what)s", what=heading(row.text))
            found.append(Waiting("decision.release", title, row.committee, at, None, 2, is_open=row.is_open))
        if row.review is not None:
            title = T("Se tilbage på beslutningen: %(what)s", what=heading(row.text))
            found.append(
                Waiting("decision.review", title, row.committee, at + "#f-gensyn-note", row.review, is_open=row.is_open)
            )
        if row.left_due is not None:
            title = T("Find en ny ansvarlig: %(what)s", what=heading(row.text))
            at += "#f-ansvarlig-responsible"
            found.append(Waiting("decision.due", title, row.committee, at, row.left_due, is_open=row.is_open))
    return found
