"""Items that come by themselves: the last minutes first; pre-meeting, communication and evaluation after them."""

import uuid

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from med import search
from med.access import Side
from med.journal.actions import note
from med.language import word
from med.meetings.models import (
    Attachment,
    AttachmentSeal,
    Item,
    Kind,
    Meeting,
    Minutes,
    MinutesState,
    Note,
    Purpose,
    Standing,
    State,
)
from med.workdays import MONTHS, copenhagen

WITH_STANDING = frozenset({Kind.ORDINARY, Kind.EXTRAORDINARY, Kind.STAFF_MEETING})
MOST_ADOPTIONS = 4
ADOPTION = "Godkendelse af referat"
AT_THE_END = (Standing.COMMUNICATION, Standing.EVALUATION)


def add_standing_items(db: Session, meeting: Meeting) -> None:
    """The usual frame of a meeting. Last time's minutes are put first by `renew_adoptions`."""
    if meeting.kind not in WITH_STANDING:
        return
    _add(meeting, Standing.PRE_MEETING, Purpose.INFO, raised_side=Side.EMPLOYEE)
    for standing in AT_THE_END:
        _add(meeting, standing, Purpose.DISCUSS)
    db.flush()


def _add(meeting: Meeting, standing: Standing, purpose: Purpose, raised_side: Side | None = None) -> None:
    meeting.items.append(
        Item(
            uid=str(uuid.uuid4()),
            committee_id=meeting.committee_id,
            position=len(meeting.items) + 1,
            purpose=purpose,
            standing=standing,
            title=word(standing).message,  # what is kept is Danish, whoever plans
            minutes_budget=5,
            raised_side=raised_side,
        )
    )


def renew_adoptions(db: Session, committee_id: int) -> None:
    """Let each coming meeting begin with the minutes that still wait to be adopted.

    A meeting adopts every earlier one whose minutes are not adopted and which no coming meeting before it adopts:
    usually the last one, and a theme meeting in between if there was one. Called whenever meetings are planned, moved
    or cancelled, and when minutes have been approved.
    """
    found = list(
        db.scalars(
            select(Meeting)
            .outerjoin(Minutes, Minutes.meeting_id == Meeting.id)
            .where(
                Meeting.committee_id == committee_id,
                Meeting.state != State.CANCELLED,
                (Meeting.state != State.HELD) | (Minutes.state != MinutesState.ADOPTED),
            )
            .options(joinedload(Meeting.minutes))
            .order_by(Meeting.starts_at, Meeting.id)
        )
    )
    waiting: list[Meeting] = []
    for meeting in found:
        coming = meeting.state in (State.PLANNED, State.AGENDA_SENT)
        if coming and meeting.kind in WITH_STANDING:
            _adopt(db, meeting, waiting[-MOST_ADOPTIONS:])
            waiting = []
        elif meeting.state is State.IN_PROGRESS:
            taken = {item.adopts_id for item in meeting.items}
            waiting = [earlier for earlier in waiting if earlier.id not in taken]
        waiting.append(meeting)


def _adopt(db: Session, meeting: Meeting, earlier: list[Meeting]) -> None:
    """Make the adoption items at the head of a coming meeting's agenda fit the minutes that wait."""
    items = list(meeting.items)
    present = [item for item in items if item.standing is Standing.MINUTES_ADOPTION]
    wanted = [one.id for one in earlier]
    if [item.adopts_id for item in present] == wanted:
        return
    if not present and not any(item.standing for item in items):
        return  # an agenda of its own making, without the usual frame
    by_meeting = {item.adopts_id: item for item in present}
    spare = [item for item in present if item.adopts_id not in wanted]
    head: list[Item] = []
    for one in earlier:
        item = by_meeting.get(one.id) or (spare.pop(0) if spare else None)
        if item is None:
            item = Item(
                uid=str(uuid.uuid4()),
                committee_id=meeting.committee_id,
                position=0,
                purpose=Purpose.DECIDE,
                standing=Standing.MINUTES_ADOPTION,
                minutes_budget=5,
                title="",
            )
            meeting.items.append(item)
        if item.adopts_id != one.id or not item.title:
            item.adopts_id, item.adopts = one.id, one
            if not item.title or item.title.startswith(ADOPTION):
                item.title = adoption_title(one)
        head.append(item)
    for item in spare:
        forget(db, item)
    db.flush()
    rest = [item for item in items if item not in present]
    for position, item in enumerate([*head, *rest], 1):
        item.position = position
    db.flush()
    db.expire(meeting, ["items"])
    note(db, None, "agenda.adoptions_renewed", meeting)


def adoption_title(meeting: Meeting) -> str:
    """ "Godkendelse af referat fra den 24. november" """
    day = copenhagen(meeting.starts_at).date()
    return f"{ADOPTION} fra den {day.day}. {MONTHS[day.month - 1].message}"


def forget(db: Session, item: Item) -> None:
    """Take an item away that nobody has minuted yet, with the notes and the attachments on it."""
    db.execute(delete(Note).where(Note.item_id == item.id))
    here = select(Attachment.id).where(Attachment.item_id == item.id)
    db.execute(delete(AttachmentSeal).where(AttachmentSeal.attachment_id.in_(here)))
    db.execute(delete(Attachment).where(Attachment.item_id == item.id))
    search.drop(db, search.ITEM, [item.id])
    db.delete(item)


def renumber(items: list[Item]) -> None:
    """Number the items 1, 2, 3 in the order given."""
    for position, item in enumerate(items, 1):
        item.position = position
