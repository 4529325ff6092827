"""Writing what happens: opening and closing the meeting, going through its items, and each item's words."""

from collections.abc import Collection
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.errors import Conflict, Invalid, NotAllowed
from med.journal.actions import note, note_many
from med.language import T, Text
from med.meetings import access
from med.meetings.actions.entering import ItemAtHand, at_the_item, in_the_room, item_at_hand
from med.meetings.actions.minutes import reopen_review
from med.meetings.actions.planning import renew_invitations
from med.meetings.actions.searching import keep_findable
from med.meetings.actions.standing import clear_approvals
from med.meetings.models import (
    Item,
    ItemRevision,
    Kind,
    Meeting,
    Minutes,
    MinutesState,
    Presence,
    Recusal,
    Reply,
    State,
)
from med.meetings.parts import PARTS
from med.prepared import PreparedChange
from med.text import Merged, merge

TRIES = 20


class Written(Struct, frozen=True):
    """What came of saving an item's words. `merged` says that someone else's words are in the text too."""

    text: str
    version: int
    merged: bool = False


class Overlap(Conflict):
    """Both wrote in the same place. Carries theirs beside mine; nothing is saved."""

    def __init__(self, theirs: str, mine: str, version: int, outcome: Merged) -> None:
        super().__init__(T("En anden har rettet det samme sted imens. Vælg, hvad der skal stå."))
        self.theirs = theirs
        self.mine = mine
        self.version = version
        self.outcome = outcome


# --- the meeting begins and ends -------------------------------------------------------------------------------


def open_meeting(db: Session, viewer: Viewer, meeting: Meeting) -> Meeting:
    """The meeting begins. An agenda that never went out is public from now on, as far as its items are."""
    in_the_room(db, viewer, access.open_meeting, meeting)
    renew_invitations(db, meeting)  # the agenda may have gone out long ago
    now = clock.now()
    meeting.state = State.IN_PROGRESS
    meeting.opened_at = now
    if meeting.agenda_sent_at is None:
        meeting.agenda_sent_at = now
        keep_findable(db, meeting)
    for attendance in meeting.attendances:
        if attendance.reply is Reply.DECLINED and attendance.presence is Presence.UNKNOWN:
            attendance.presence = Presence.ABSENT
    if meeting.items:
        meeting.items[0].started_at = now
    note(db, viewer, "meeting.opened", meeting)
    return meeting


def is_untouched(meeting: Meeting) -> bool:
    """Whether nothing is noted of a meeting that goes on: no words, no outcome, and nobody's presence."""
    return not any(item.minutes_version or item.minutes_text or item.outcome for item in meeting.items) and all(
        one.presence is Presence.UNKNOWN or (one.presence is Presence.ABSENT and one.reply is Reply.DECLINED)
        for one in meeting.attendances
    )


def undo_opening(db: Session, viewer: Viewer, meeting: Meeting) -> Meeting:
    """It was opened too soon, and is a coming meeting again. Refused once anything is noted of it."""
    in_the_room(db, viewer, access.undo_opening, meeting)
    db.expire_all()  # items and attendance as they are now that nobody else can change them
    recused = select(Recusal.id).join(Item, Item.id == Recusal.item_id).where(Item.meeting_id == meeting.id).limit(1)
    decided = any(found for part in PARTS.minutes for found in part(db, meeting).values())
    if decided or not is_untouched(meeting) or db.scalar(recused):
        raise Conflict(T("Der er noteret noget på mødet, så åbningen kan ikke fortrydes."))
    if meeting.agenda_sent_at == meeting.opened_at:  # it never went out but by the opening
        meeting.agenda_sent_at = None
    meeting.state = State.AGENDA_SENT if meeting.agenda_sent_at else State.PLANNED
    meeting.opened_at = None
    for attendance in meeting.attendances:
        attendance.presence = Presence.UNKNOWN
    for item in meeting.items:
        item.started_at = item.ended_at = None
    note(db, viewer, "meeting.opening_undone", meeting)
    keep_findable(db, meeting)
    return meeting


def why_not_close(db: Session, meeting: Meeting) -> list[tuple[int, Text]]:
    """What must be settled before the meeting can be closed, by item: its number and a sentence. Of a closed item it
    says no more than the number."""
    missing = [
        (
            item.position,
            T("Punkt %(number)s, %(title)s, mangler en afslutning.", number=item.position, title=item.title)
            if item.is_open
            else T("Punkt %(number)s mangler en afslutning.", number=item.position),
        )
        for item in meeting.items
        if item.outcome is None
    ]
    missing += [reason for part in PARTS.not_closing for reason in part(db, meeting)]
    return sorted(missing, key=lambda reason: reason[0])


def close_meeting(db: Session, viewer: Viewer, meeting: Meeting) -> Minutes:
    """The meeting is over; its minutes begin their life as a draft. Refused while an item lacks its outcome."""
    in_the_room(db, viewer, access.close_meeting, meeting)
    if objections := why_not_close(db, meeting):
        raise NotAllowed([why for _, why in objections])
    now = clock.now()
    meeting.state = State.HELD
    meeting.closed_at = now
    for item in meeting.items:
        if item.started_at and not item.ended_at:
            item.ended_at = now
    minutes = meeting.minutes
    if minutes is None:
        minutes = Minutes(meeting_id=meeting.id, committee_id=meeting.committee_id)
        db.add(minutes)
        meeting.minutes = minutes
    note(db, viewer, "meeting.closed", meeting)
    note(db, viewer, "minutes.drafted", minutes)
    return minutes


def go_to_item(db: Session, viewer: Viewer, item: Item) -> Item:
    """This is what we talk about now. The clock of the one before stops."""
    meeting = in_the_room(db, viewer, access.minute_item, item)
    if meeting.state is not State.IN_PROGRESS:
        raise Conflict(T("Mødet er ikke i gang."))
    now = clock.now()
    for other in meeting.items:
        if other.id != item.id and other.started_at and not other.ended_at:
            other.ended_at = now
    if item.started_at is None or item.ended_at is not None:
        item.started_at = item.started_at or now
        item.ended_at = None
        note(db, viewer, "item.begun", item)
    return item


def current_item(meeting: Meeting) -> Item | None:
    """What the meeting talks about: the item that has begun and not ended."""
    begun = [item for item in meeting.items if item.started_at and not item.ended_at]
    return max(begun, key=lambda item: item.started_at or clock.now(), default=None)


def next_item(meeting: Meeting, item: Item, among: Collection[int]) -> Item | None:
    """The next item on the agenda without an outcome; after the last one, the first that was passed over.

    `among` are the ids of the items the writer may see.
    """
    waiting = [o for o in meeting.items if o.outcome is None and o.id != item.id and o.id in among]
    return next((other for other in waiting if other.position > item.position), waiting[0] if waiting else None)


def add_on_the_spot(db: Session, viewer: Viewer, meeting: Meeting, title: str) -> Item:
    """A topic someone brings up in the room. It goes last, and is marked as late where there was an agenda."""
    from med.meetings.actions.agenda import place_last

    in_the_room(db, viewer, access.minute_meeting, meeting)
    title = " ".join(title.split())
    if not title:
        raise Invalid(title=T("Skriv, hvad I skal tale om."))
    item = place_last(db, viewer, meeting, title, is_late=meeting.kind is not Kind.WITHOUT_AGENDA)
    keep_findable(db, meeting, [item])
    clear_approvals(db, viewer, meeting)
    reopen_review(db, viewer, meeting)
    return item


# --- an item's words --------------------------------------------------------------------------------------------


def write_minutes(db: Session, viewer: Viewer, meeting_id: int, item_id: int, text: str, seen: int) -> Written:
    """Save an item's words, written on top of version `seen`.

    Words others saved meanwhile are merged in by paragraph. Where both wrote in the same place nothing is saved:
    raises Overlap with theirs beside mine. A save that is sent again after its answer was lost has no effect.
    """
    return _write(db, viewer, at_the_item(db, viewer, access.minute_item, meeting_id, item_id), text, seen)


def choose_words(db: Session, viewer: Viewer, meeting_id: int, item_id: int, text: str, seen: int) -> Written:
    """Someone looked at theirs beside mine and chose: this text stands, unless it moved on once more."""
    item = at_the_item(db, viewer, access.minute_item, meeting_id, item_id)
    return _write(db, viewer, item, text, seen, always=True)


# What every save of words says.
ITEM: Any = Item.__table__
REVISION: Any = ItemRevision.__table__
SAVED = PreparedChange(
    lambda: (
        update(ITEM)
        .where(ITEM.c.id == bindparam("item"), ITEM.c.minutes_version == bindparam("seen"))
        .values(minutes_text=bindparam("text"), minutes_version=bindparam("next"))
    )
)
REVISED = PreparedChange(
    lambda: (
        insert(REVISION)
        .values({name: bindparam(name) for name in ("item_id", "version", "text", "person_id", "at")})
        .inline()  # nobody asks for its id
    )
)


def _write(db: Session, viewer: Viewer, item: ItemAtHand, mine: str, seen: int, always: bool = False) -> Written:
    for _ in range(TRIES):
        theirs, version = item.text, item.version
        if seen > version:
            raise Conflict(T("Siden passer ikke til punktet længere. Genindlæs den, og prøv igen."))
        came_before = _already_saved(db, viewer, item.id, mine, seen, version)
        outcome = None
        if version != seen:
            outcome = merge(mine if came_before else revision(db, item.id, seen), theirs, mine)
        if outcome is not None and outcome.text is None:
            raise Overlap(theirs, mine, version, outcome)
        text = mine if outcome is None else outcome.text
        assert text is not None
        if text == theirs and not always:
            return Written(text, version, merged=text != mine)
        if version == 0 and theirs:
            # Words that came with an import have no revision yet; they are what others write on.
            REVISED(db, item_id=item.id, version=0, text=theirs, person_id=None, at=clock.now())
        # Compare and set: whoever else saved since we looked, we look again and merge once more.
        if SAVED(db, item=item.id, seen=version, text=text, next=version + 1):
            REVISED(db, item_id=item.id, version=version + 1, text=text, person_id=viewer.person_id, at=clock.now())
            note_many(db, viewer, Item, [("item.minuted", item.id, ["minutes_text"])])
            if item.meeting.minutes is not None and item.meeting.minutes.state is MinutesState.IN_REVIEW:
                reopen_review(db, viewer, db.get_one(Meeting, item.meeting.id))
            return Written(text, version + 1, merged=text != mine)
        item = item_at_hand(db, viewer, item.meeting.id, item.id)
    raise Conflict(T("Mange skriver på punktet lige nu. Prøv igen om lidt."))


def revision(db: Session, item_id: int, version: int) -> str:
    """The words of a version; before the first one there is nothing."""
    return (
        db.scalar(select(ItemRevision.text).where(ItemRevision.item_id == item_id, ItemRevision.version == version))
        or ""
    )


def _already_saved(db: Session, viewer: Viewer, item_id: int, mine: str, seen: int, version: int) -> bool:
    """Whether exactly these words came from this person after `seen`: their answer was lost, not the save."""
    if version == seen:
        return False
    found = db.scalars(
        select(ItemRevision.text).where(
            ItemRevision.item_id == item_id,
            ItemRevision.version > seen,
            ItemRevision.version <= version,
            ItemRevision.person_id == viewer.person_id,
        )
    )
    return mine in found.all()
