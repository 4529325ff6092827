"""What the demo's people have asked to hear of, and how far back their first digests go."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.demo.furnish import NOW
from med.notices.actions import follow
from med.notices.forms import FollowForm
from med.notices.models import How, ReadMark, Topic
from med.notices.planning import JOURNAL
from med.organisation.models import Committee
from med.organisation.queries import person_by_handle, viewer_of

BACK = timedelta(days=14)
FOLLOWS = (
    ("carla", Topic.COMMITTEE, "med-aabrinken", How.DAILY),
    ("carla", Topic.PERSPECTIVE, "emergens", How.WEEKLY),
    ("julie", Topic.PERSPECTIVE, "resiliens", How.DAILY),
    ("karl", Topic.COMMITTEE, "med-aabrinken", How.DAILY),
)


def listen(db: Session) -> None:
    """Some follow what concerns them, and what the last fortnight brought is still to be told: the demo's mailbox
    (`/udbakke`) has digests to read from its first minutes on."""
    with clock.at(NOW):
        for handle, topic, about, how in FOLLOWS:
            person = person_by_handle(db, handle)
            assert person is not None
            if topic is Topic.COMMITTEE:
                about = str(db.scalars(select(Committee.id).where(Committee.key == about)).one())
            follow(db, viewer_of(db, person), FollowForm(topic=topic, about=about, how=how))
    db.add(ReadMark(reader=JOURNAL, at=NOW - BACK, entry_id=0))
