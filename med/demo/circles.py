"""Where the demo's decisions meet its activities: what was decided, what carries it out, and what comes back."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import Activity
from med.decisions.models import Decision
from med.demo.workplace import uid
from med.loop.actions import link_activity
from med.loop.forms import Basis, LinkForm
from med.loop.models import LinkKind
from med.loop.raising import raise_reviews
from med.organisation.queries import person_by_handle, viewer_of

# (decision, what it does, activity). A small centre has only some of the activities. All of them had run for years
# when the decisions were made, so none was begun by one.
LINKS = (
    # Whole: ten and more have begun since, and are measured. Less noise shows; asking the citizens cannot be told yet.
    ("maal-arbejdsmiljoe", LinkKind.CHANGES, "montage"),
    ("brugerraad-hoeres", LinkKind.CHANGES, "valg"),
    # What is measured of these rests on participations from before.
    ("venteliste-efter-behov", LinkKind.CHANGES, "ergo"),
    ("venteliste-efter-behov", LinkKind.CHANGES, "tale"),
    ("oevelser-paa-hold", LinkKind.CHANGES, "fys"),
    ("genbrugstrae", LinkKind.CHANGES, "trae"),
    ("aabent-vaerksted-fast", LinkKind.REVIEWS, "cykel"),
    ("aabent-vaerksted-fast", LinkKind.REVIEWS, "genbrug"),
    ("intro-to-uger", LinkKind.CHANGES, "plan"),
    ("intro-to-uger", LinkKind.STOPS, "ungeklub"),
)
JUDGEMENT = "De unge siger selv, at torsdagen ligger for tæt på skoledagen. Ugeplanen har taget over."


def close_circles(db: Session, day_before: timedelta = timedelta(days=1)) -> None:
    """Anna, who chairs MED-ledelsen, links what belongs together; the day before now, the one review date that has
    come raised its point. The effects are measured in the demo's first minutes, and what they say follows by itself."""
    anna = person_by_handle(db, "anna")
    assert anna is not None
    decisions = {one.uid: one for one in db.scalars(select(Decision).where(Decision.published_at.is_not(None)))}
    activities: dict[str, int] = dict(db.execute(select(Activity.code, Activity.id)).all())
    with clock.at(clock.now() - day_before):
        viewer = viewer_of(db, anna)
        for key, kind, code in LINKS:
            decision = decisions.get(uid("decision", key))
            if decision is None or code not in activities:
                continue
            stops = kind is LinkKind.STOPS
            form = LinkForm(activities[code], kind, Basis.JUDGEMENT if stops else None, JUDGEMENT if stops else "")
            link_activity(db, viewer, decision, form)
        raise_reviews(db)
