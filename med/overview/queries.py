"""What one person meets first: what waits, what comes, what is new."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, exists, select, union
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.decisions.access import published_decisions
from med.decisions.models import Decision
from med.meetings.access import visible_meetings
from med.meetings.models import COMING, Attendance, Meeting, Part, Reply
from med.meetings.queries.planning import LONGEST
from med.organisation.access import ANY_EMPLOYEE, own
from med.organisation.models import Committee, Employment, Grant, GrantKind
from med.prepared import Prepared

NEXT, SHOWN = 3, 5  # meetings, and things of each other kind


class Begun(NamedTuple):
    """What a new installation has by now. Until it has everything the administrator reads where to begin."""

    employment: bool
    committee: bool
    secretary: bool


def begun(db: Session) -> Begun:
    secretary = exists(select(Grant.id).where(Grant.kind == GrantKind.SECRETARY))
    found = db.execute(select(exists(select(Employment.id)), exists(select(Committee.id)), secretary)).one()
    return Begun(*found)


def next_meetings(db: Session, viewer: Viewer) -> Sequence[Any]:
    """The viewer's own next meetings; for one without a seat, the next open ones nearby.

    Rows: meeting columns, the committee's name, and the viewer's own reply where they are invited.
    """
    if not viewer.is_employee:
        return []
    now = clock.now()
    given: dict[str, Any] = {"who": viewer.person_id, "now": now, "begun": now - LONGEST}
    return MINE(db, **given, ours=sorted(viewer.committee_ids)) or NEARBY(db, **given)


def _coming() -> Select[*tuple[Any, ...]]:
    mine = and_(Attendance.meeting_id == Meeting.id, Attendance.person_id == ANY_EMPLOYEE.person_id)
    return (
        select(
            Meeting.id,
            Meeting.title,
            Meeting.starts_at,
            Meeting.ends_at,
            Meeting.place,
            Meeting.state,
            Meeting.is_open,
            Meeting.proposals_due,
            Meeting.committee_id,
            Committee.name.label("committee"),
            Attendance.reply,
            Attendance.part,
        )
        .join(Committee, Committee.id == Meeting.committee_id)
        .outerjoin(Attendance, mine)
        .where(
            visible_meetings(ANY_EMPLOYEE),
            Meeting.state.in_(COMING),
            Meeting.ends_at > bindparam("now"),
            # Says nothing more, but where the walk begins: not at the first meeting there ever was.
            Meeting.starts_at > bindparam("begun"),
        )
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(NEXT)
    )


def _ours() -> Any:
    """By one's committees, and by one's invitations: looked for together, it would be among all that is coming."""
    own = select(Meeting.id).where(
        Meeting.committee_id.in_(bindparam("ours", expanding=True)), Meeting.starts_at > bindparam("begun")
    )
    invited = select(Attendance.meeting_id).where(
        Attendance.person_id == ANY_EMPLOYEE.person_id,
        Attendance.reply != Reply.DECLINED,
        Attendance.part.in_(list(Part)),
    )
    return union(own, invited)


MINE = Prepared(lambda: _coming().where(Meeting.id.in_(_ours())))
NEARBY = Prepared(lambda: _coming().where(Meeting.is_open))


def new_decisions(db: Session, viewer: Viewer, since: datetime) -> Sequence[Any]:
    """The newest decisions published since a moment, newest first, and one more where there are more."""
    if not viewer.is_employee:
        return []
    return NEW(db, since=since, **own(viewer))


NEW = Prepared(
    lambda: (
        select(
            Decision.id,
            Decision.text,
            Decision.perspective,
            Decision.state,
            Decision.published_at,
            Committee.name.label("committee"),
        )
        # Outer, though each has one: the walk is through what is newest, not through the newest of each committee.
        .outerjoin(Committee, Committee.id == Decision.committee_id)
        .where(published_decisions(ANY_EMPLOYEE), Decision.published_at > bindparam("since"))
        .order_by(Decision.published_at.desc(), Decision.id.desc())
        .limit(SHOWN + 1)
    )
)
