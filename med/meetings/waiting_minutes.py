"""What waits for a person about minutes: to write and send, to approve."""

from sqlalchemy import Date, Select, and_, bindparam, exists, or_, select, union_all
from sqlalchemy.orm import Session, selectinload

from med import clock
from med.access import SeatRole, Viewer
from med.language import T
from med.meetings.access import acts_for, runs_meeting
from med.meetings.models import Attendance, Meeting, Minutes, MinutesState, Part, State
from med.organisation.access import works_here
from med.prepared import Prepared
from med.slices import Waiting


def awaiting(db: Session, viewer: Viewer) -> list[Waiting]:
    """Meetings in progress to minute, drafts to send to review, minutes to approve for one's side.

    A draft waits for the minute-taker, for the secretary where there is none or who was has left, and for the chairs
    once the minutes should have been out.
    """
    if not viewer.is_employee:
        return []
    runs = frozenset(seat.committee_id for seat in viewer.seats if viewer.presides(seat.committee_id))
    asked = {"who": viewer.person_id, "today": clock.today(), "runs": sorted(runs | viewer.secretary_of)}
    wanted = {row.id: row.taker_left for row in OPEN(db, **asked)}
    if not wanted:
        return []
    found = db.scalars(
        select(Meeting)
        .where(Meeting.id.in_(wanted))
        .options(
            selectinload(Meeting.minutes),
            selectinload(Meeting.committee),
            selectinload(Meeting.attendances).selectinload(Attendance.stands_in_for),
        )
        .order_by(Meeting.starts_at)
    ).all()
    return [thing for meeting in found for thing in _of(viewer, meeting, wanted[meeting.id])]


def _open() -> Select[int, bool]:
    """Of the few meetings that are on, or whose minutes are not approved, those of the two chairs and the secretary,
    whoever steps in for one of them, and the meeting's own minute-taker."""
    going_on = select(Meeting.id).where(Meeting.state == State.IN_PROGRESS)
    in_the_making = select(Minutes.meeting_id).where(Minutes.state.in_((MinutesState.DRAFT, MinutesState.IN_REVIEW)))
    stands_in = exists().where(
        Attendance.meeting_id == Meeting.id,
        Attendance.person_id == bindparam("who"),
        Attendance.part == Part.SUBSTITUTE,
    )
    left = ~works_here(Meeting.minute_taker_id, bindparam("today", type_=Date))
    return select(Meeting.id, and_(Meeting.minute_taker_id.is_not(None), left).label("taker_left")).where(
        Meeting.id.in_(union_all(going_on, in_the_making)),
        or_(
            Meeting.committee_id.in_(bindparam("runs", expanding=True)),
            Meeting.minute_taker_id == bindparam("who"),
            stands_in,
        ),
    )


OPEN = Prepared(_open)


def _of(viewer: Viewer, meeting: Meeting, taker_left: bool) -> list[Waiting]:
    about = meeting.committee.short_name or meeting.committee.name
    at = f"/moeder/{meeting.id}"
    writes = meeting.minute_taker_id == viewer.person_id or (
        (taker_left or meeting.minute_taker_id is None) and viewer.is_secretary(meeting.committee_id)
    )
    if meeting.state is State.IN_PROGRESS:
        if writes or runs_meeting(viewer, meeting):
            title = T("%(title)s er i gang", title=meeting.title)
            return [Waiting("meeting", title, about, f"{at}/lokale", clock.today(), 1, is_now=True)]
        return []
    minutes = meeting.minutes
    if minutes is None:
        return []
    is_late = meeting.minutes_out_due is not None and meeting.minutes_out_due < clock.today()
    if minutes.state is MinutesState.DRAFT and (writes or (is_late and viewer.presides(meeting.committee_id))):
        title = T("Skriv referatet færdigt: %(title)s", title=meeting.title)
        return [Waiting("minutes_draft", title, about, f"{at}/referat", meeting.minutes_draft_due, 3)]
    if minutes.state is MinutesState.IN_REVIEW:
        as_chair = minutes.chair_at is None and acts_for(viewer, meeting, SeatRole.CHAIR)
        as_vice = minutes.vice_at is None and acts_for(viewer, meeting, SeatRole.VICE_CHAIR)
        if as_chair or as_vice:
            title = T("Godkend referatet: %(title)s", title=meeting.title)
            return [Waiting("minutes_review", title, about, f"{at}/referat", meeting.minutes_out_due, 2)]
    return []
