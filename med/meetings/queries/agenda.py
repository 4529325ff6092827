"""Questions about an agenda: its items as one viewer may read them, with times, attachments and notes."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Select, and_, bindparam, exists, select
from sqlalchemy.orm import Session, aliased, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from med.access import Side, Viewer
from med.errors import NotFound
from med.meetings import access
from med.meetings.models import Attachment, Item, Meeting, Minutes, Note, Proposal, ProposalState, Standing, State
from med.organisation.access import ANY_EMPLOYEE, own
from med.organisation.models import Committee, Person
from med.prepared import Prepared

# Made once: an alias copies every column of its table, which cost more than the query itself.
OWN, SHARED = aliased(Note), aliased(Note)
CAME, WENT = aliased(Proposal), aliased(Proposal)
SOURCE = aliased(Item)
RESPONSIBLE, RAISER = aliased(Person), aliased(Person)
TO = aliased(Committee)


class Line(Struct):
    """A line of the agenda as one viewer may read it. A closed item is a number and nothing else: `item` is None."""

    number: int
    item: Item | None
    starts_at: datetime | None = None
    words: bool = False  # whether the viewer may read what was said and settled
    decided_too_soon: bool = False
    note: "Written | None" = None
    side_note: "Written | None" = None
    attachments: list[Any] = []
    origin: "Origin | None" = None
    sent: int | None = None  # the proposal that the item's outcome made at another committee
    responsible: str | None = None
    raised_by: str | None = None
    sent_to: str | None = None
    may_read_minutes: bool = False  # of the meeting the item adopts


class Written(NamedTuple):
    """A note's words, and the version they are."""

    text: str
    version: int


class Origin(Struct, frozen=True):
    """The proposal another committee's item came by."""

    id: int
    committee: str


class Agenda(Struct):
    lines: list[Line]
    spare: int | None  # minutes left when every item keeps to its time; negative when the agenda is too long
    is_shown: bool  # whether the viewer may see an agenda at all
    side: Side | None = None  # whose notes the viewer shares

    @property
    def locked(self) -> int:
        """How many items come first and stay there: those that adopt earlier minutes."""
        return sum(line.item is not None and line.item.standing is Standing.MINUTES_ADOPTION for line in self.lines)


def agenda(db: Session, viewer: Viewer, meeting: Meeting, is_inside: bool) -> Agenda:
    """The agenda of a meeting that the viewer may see, in two queries (attachments are the second)."""
    side = access.side_at(viewer, meeting) if is_inside else None
    found = db.execute(_items_with_all(), {**own(viewer), "meeting": meeting.id, "side": side}).all()
    rows = list({row[0].id: row for row in found}.values())  # an item that was sent on twice comes twice
    set_committed_value(meeting, "items", [row[0] for row in rows])
    for row in rows:
        set_committed_value(row[0], "meeting", meeting)
    if not (is_inside or agenda_is_shown(meeting)):
        return Agenda([], None, False)
    files = attachments(db, viewer, meeting.id) if rows else {}
    lines = []
    at = meeting.starts_at
    for number, row in enumerate(rows, 1):
        item = row[0]
        starts_at, at = at, at + timedelta(minutes=item.minutes_budget)
        if not row.is_visible:
            lines.append(Line(number, None))
            continue
        lines.append(
            Line(
                number,
                item,
                starts_at,
                bool(row.is_said),
                item.decided_before_discussion,
                Written(row.own, row.own_version) if is_inside and row.own is not None else None,
                Written(row.shared, row.shared_version) if row.shared is not None else None,
                files.get(item.id, []),
                Origin(row.came_id, row.came_from) if is_inside and row.came_id else None,
                row.went_id if row.is_said else None,
                row.responsible,
                row.raised_by,
                row.sent_to,
                bool(row.may_read_minutes),
            )
        )
    spare = int((meeting.ends_at - at).total_seconds() // 60) if rows else None
    return Agenda(lines, spare, True, side)


@cache
def _items_with_all() -> Select[*tuple[Any, ...]]:
    """The items of a meeting and what a line shows beside them; put together once, which cost more than asking."""
    theirs = access.visible_proposals(ANY_EMPLOYEE, WENT)
    minutes_to_adopt = (
        exists().where(Minutes.meeting_id == Item.adopts_id, access.visible_minutes(ANY_EMPLOYEE)).correlate(Item)
    )
    return (
        select(
            Item,
            access.visible_items(ANY_EMPLOYEE).label("is_visible"),
            access.visible_words(ANY_EMPLOYEE).label("is_said"),
            RESPONSIBLE.name.label("responsible"),
            RAISER.name.label("raised_by"),
            TO.name.label("sent_to"),
            OWN.text.label("own"),
            OWN.version.label("own_version"),
            SHARED.text.label("shared"),
            SHARED.version.label("shared_version"),
            CAME.id.label("came_id"),
            Committee.name.label("came_from"),
            WENT.id.label("went_id"),
            minutes_to_adopt.label("may_read_minutes"),
        )
        .outerjoin(RESPONSIBLE, RESPONSIBLE.id == Item.responsible_id)
        .outerjoin(RAISER, RAISER.id == Item.raised_by_id)
        .outerjoin(TO, TO.id == Item.sent_to_id)
        .outerjoin(OWN, and_(OWN.item_id == Item.id, OWN.person_id == ANY_EMPLOYEE.person_id))
        .outerjoin(SHARED, and_(SHARED.item_id == Item.id, SHARED.side == bindparam("side")))  # NULL equals no side
        .outerjoin(
            CAME, and_(CAME.item_id == Item.id, CAME.from_item_id.is_not(None), CAME.state == ProposalState.ACCEPTED)
        )
        .outerjoin(SOURCE, SOURCE.id == CAME.from_item_id)
        .outerjoin(Committee, Committee.id == SOURCE.committee_id)
        .outerjoin(WENT, and_(WENT.from_item_id == Item.id, WENT.state != ProposalState.WITHDRAWN, theirs))
        .where(Item.meeting_id == bindparam("meeting"))
        .order_by(Item.position, Item.id)
    )


def agenda_is_shown(meeting: Meeting) -> bool:
    """Whether those outside the committee may see the agenda. The plain twin of `visible_items` for a whole meeting."""
    return meeting.agenda_sent_at is not None or (meeting.draft_shown and meeting.state is not State.CANCELLED)


def attachments(db: Session, viewer: Viewer, meeting_id: int) -> dict[int, list[Any]]:
    """The attachments a viewer may open on a meeting's items, by item."""
    found: dict[int, list[Any]] = {}
    for row in ATTACHMENTS(db, meeting=meeting_id, **own(viewer)) if viewer.is_employee else ():
        found.setdefault(row.item_id, []).append(row)
    return found


def attachments_on(db: Session, viewer: Viewer, item_id: int) -> list[Any]:
    return ATTACHMENTS_ON(db, item=item_id, **own(viewer)) if viewer.is_employee else []


def _attachment_rows(place: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Attachment.id,
            Attachment.item_id,
            Attachment.title,
            Attachment.file_name,
            Attachment.size,
            Attachment.is_open,
            Attachment.scan,
        )
        .join(Item, Item.id == Attachment.item_id)
        .where(access.visible_attachments(ANY_EMPLOYEE), place)
        .order_by(Attachment.item_id, Attachment.id)
    )


ATTACHMENTS = Prepared(lambda: _attachment_rows(Item.meeting_id == bindparam("meeting")))
ATTACHMENTS_ON = Prepared(lambda: _attachment_rows(Item.id == bindparam("item")))


def item(db: Session, viewer: Viewer, meeting_id: int, item_id: int) -> Item:
    """One item of a meeting, as the viewer may read it; NotFound for one they may not know, or on another meeting."""
    found = db.scalar(
        select(Item)
        .join(Meeting, Meeting.id == Item.meeting_id)
        .where(
            Item.id == item_id,
            Item.meeting_id == meeting_id,
            access.visible_meetings(viewer),
            access.visible_items(viewer),
        )
        .options(joinedload(Item.meeting), joinedload(Item.responsible), joinedload(Item.raised_by))
    )
    if found is None:
        raise NotFound
    return found


def attachment(db: Session, viewer: Viewer, attachment_id: int) -> Attachment:
    """One attachment the viewer may open; removed, closed and absent ones are all NotFound."""
    found = db.scalar(
        select(Attachment)
        .join(Item, Item.id == Attachment.item_id)
        .join(Meeting, Meeting.id == Item.meeting_id)
        .where(Attachment.id == attachment_id, access.visible_meetings(viewer), access.visible_attachments(viewer))
        .options(joinedload(Attachment.item).joinedload(Item.meeting))
    )
    if found is None:
        raise NotFound
    return found
