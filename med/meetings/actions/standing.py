"""Items that come by themselves: the last minutes first; pre-meeting, communication and evaluation after them."""

import uuid

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from med import search
from med.access import Side, Viewer
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
IN_ORDER = (Standing.MINUTES_ADOPTION, Standing.PRE_MEETING, None, *AT_THE_END)


def add_standing_items(db: Session, meeting: Meeting) -> None:
    """The usual frame of a meeting. Last time's minutes are put first by `renew_adoptions`."""
    if meeting.kind not in WITH_STANDING:
        return
    here = {item.standing for item in meeting.items}
    if Standing.PRE_MEETING not in here:
        _add(meeting, Standing.PRE_MEETING, Purpose.INFO, raised_side=Side.EMPLOYEE)
    for standing in AT_THE_END:
        if standing not in here:
            _add(meeting, standing, Purpose.DISCUSS)
    db.flush()


def fit_to_kind(db: Session, meeting: Meeting, was: Kind) -> bool:
    """The meeting is of another kind: the usual frame comes or goes with it. Gives whether its items are others now.

    What somebody has written on stays, and so does what something of a higher slice hangs on.
    """
    if (meeting.kind in WITH_STANDING) is (was in WITH_STANDING):
        return False
    if meeting.kind in WITH_STANDING:
        add_standing_items(db, meeting)
        kept = sorted(meeting.items, key=lambda item: IN_ORDER.index(item.standing))
    else:
        kept = [item for item in meeting.items if not (_is_untouched(db, item) and _let_go(db, item))]
    renumber(kept)
    db.flush()
    db.expire(meeting, ["items"])
    return True


def _is_untouched(db: Session, item: Item) -> bool:
    """Whether a standing item is as it came by itself."""
    if item.standing is None:
        return False
    plain = item.title == word(item.standing).message or item.title.startswith(ADOPTION)
    written = item.case_text or item.recommendation or item.responsible_id or item.attachments or not item.is_open
    return plain and not written and db.scalar(select(Note.id).where(Note.item_id == item.id).limit(1)) is None


def _let_go(db: Session, item: Item) -> bool:
    try:
        with db.begin_nested():
            forget(db, item)
            db.flush()
    except IntegrityError:  # a follow-up agreed ahead of the meeting
        return False
    return True


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
            if _adopt(db, meeting, waiting[-MOST_ADOPTIONS:]):
                waiting = []
        elif meeting.state is State.IN_PROGRESS:
            taken = {item.adopts_id for item in meeting.items}
            waiting = [earlier for earlier in waiting if earlier.id not in taken]
        waiting.append(meeting)


def _adopt(db: Session, meeting: Meeting, earlier: list[Meeting]) -> bool:
    """Make the adoption items at the head of a coming meeting's agenda fit the minutes that wait, and be called what
    those meetings' days are now. Gives whether this meeting adopts them."""
    items = list(meeting.items)
    present = [item for item in items if item.standing is Standing.MINUTES_ADOPTION]
    wanted = [one.id for one in earlier]
    if [item.adopts_id for item in present] == wanted:
        if [item for item, one in zip(present, earlier, strict=True) if _name(item, one)]:
            note(db, None, "agenda.adoptions_renewed", meeting)
            clear_approvals(db, None, meeting)
        return True
    if not present and not any(item.standing for item in items):
        return False  # an agenda of its own making, without the usual frame
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
        item.adopts_id, item.adopts = one.id, one
        _name(item, one)
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
    clear_approvals(db, None, meeting)
    return True


def _name(item: Item, adopted: Meeting) -> bool:
    """Call an item after the meeting whose minutes it adopts, unless somebody gave it a name of their own. Gives
    whether it is called otherwise now."""
    title = adoption_title(adopted)
    if item.title == title or (item.title and not item.title.startswith(ADOPTION)):
        return False
    if item.title:
        item.version += 1
    item.title = title
    return True


def adoption_title(meeting: Meeting) -> str:
    """ "Godkendelse af referat fra den 24. november" """
    day = copenhagen(meeting.starts_at).date()
    return f"{ADOPTION} fra den {day.day}. {MONTHS[day.month - 1].message}"


def clear_approvals(db: Session, viewer: Viewer | None, meeting: Meeting) -> None:
    """An agenda that one side has approved and that has not gone out yet must be approved anew. Nor has one that only
    went out by the meeting's opening: that may be undone."""
    by_opening = meeting.state is State.IN_PROGRESS and meeting.agenda_sent_at == meeting.opened_at
    waits = meeting.state is State.PLANNED or by_opening
    if not waits or not (meeting.agenda_chair_at or meeting.agenda_vice_at):
        return
    meeting.agenda_chair_at = meeting.agenda_chair_id = None
    meeting.agenda_vice_at = meeting.agenda_vice_id = None
    note(db, viewer, "agenda.approvals_cleared", meeting)


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
