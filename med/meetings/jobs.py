"""What happens by the clock: files are looked after, who is invited follows who sits, and
points whose committee has ended find another."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole
from med.meetings.actions.planning import SEATED, follow_seats
from med.meetings.actions.proposals import pass_on
from med.meetings.models import Attendance, Kind, Meeting, State
from med.meetings.sealing import keep_files
from med.organisation.models import Committee, Level, Seat
from med.slices import Job, Office
from med.workdays import copenhagen


def keep_invitations(office: Office) -> None:
    """Whoever comes first puts a meeting right; the next one finds nothing to do."""
    with office.database.reading() as db:
        behind = out_of_step(db)
    for meeting_id in behind:
        if office.stopping.is_set():
            return
        with office.database.writing() as db:
            follow_seats(db, meeting_id)


def out_of_step(db: Session) -> Sequence[int]:
    """Coming meetings to which others are invited, or in another capacity, than those who sit on their day.

    A meeting of all hands or of a whole staff is looked at when its agenda is approved and when it is opened.
    """
    coming = db.execute(
        select(Meeting.id, Meeting.committee_id, Meeting.starts_at)
        .join(Committee, Committee.id == Meeting.committee_id)
        .where(
            Meeting.state.in_((State.PLANNED, State.AGENDA_SENT)),
            Meeting.ends_at > clock.now(),
            Meeting.kind != Kind.ALL_HANDS,
            Committee.level != Level.STAFF_MEETING,
        )
        .order_by(Meeting.starts_at, Meeting.id)
    ).all()
    seats = defaultdict(list)
    for seat in db.execute(
        select(Seat.committee_id, Seat.person_id, Seat.role, Seat.side, Seat.starts, Seat.ends).where(
            Seat.role != SeatRole.SUBSTITUTE, or_(Seat.ends.is_(None), Seat.ends >= clock.today())
        )
    ):
        seats[seat.committee_id].append(seat)
    invited = defaultdict(set)
    for one in db.execute(
        select(Attendance.meeting_id, Attendance.person_id, Attendance.role, Attendance.side)
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .where(
            Meeting.state.in_((State.PLANNED, State.AGENDA_SENT)),
            Meeting.ends_at > clock.now(),
            Attendance.part.in_(SEATED),
        )
    ):
        invited[one.meeting_id].add((one.person_id, one.role, one.side))
    found = []
    for meeting in coming:
        day = copenhagen(meeting.starts_at).date()
        sit = {
            (seat.person_id, seat.role, seat.side)
            for seat in seats[meeting.committee_id]
            if seat.starts <= day and (seat.ends is None or seat.ends >= day)
        }
        if sit != invited[meeting.id]:
            found.append(meeting.id)
    return found


AT_ONCE = 100  # points in one transaction


def pass_points_on(db: Session) -> bool:
    return pass_on(db, AT_ONCE) == AT_ONCE


jobs = [
    Job("meetings.files", minutes=1, errand=keep_files),
    Job("meetings.points", minutes=60, work=pass_points_on),
    Job("meetings.invitations", minutes=60, errand=keep_invitations),
]
