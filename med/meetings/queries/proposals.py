"""Questions about proposals: mine and what became of them, and those the chairs have to answer."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Row, Select, and_, case, exists, select, true
from sqlalchemy.orm import Session, aliased, joinedload

from med import clock
from med.access import SeatRole, Viewer
from med.errors import NotFound
from med.journal.models import Entry
from med.meetings import access
from med.meetings.models import Item, Meeting, Minutes, Proposal, ProposalState, State
from med.organisation.access import visible_committees
from med.organisation.models import Committee, Person, Unit

PAGE = 25
RAISER, TARGET = aliased(Person), aliased(Meeting)  # made once: an alias costs more than the rows it finds
SENDER = aliased(Committee)
# The other committee whose item was sent on; where and with what words only those who may read the item learn.
SENT_FROM = (
    select(SENDER.name)
    .join(access.ORIGIN, access.ORIGIN.c.committee_id == SENDER.id)
    .where(access.ORIGIN.c.id == Proposal.from_item_id, SENDER.id != Proposal.committee_id)
    .correlate(Proposal)
    .scalar_subquery()
    .label("sent_from")
)
WAITS = (ProposalState.RECEIVED, ProposalState.POSTPONED)


def proposal(db: Session, viewer: Viewer, proposal_id: int) -> Proposal:
    """One proposal with all its page shows, or NotFound."""
    found = db.scalar(
        select(Proposal)
        .where(Proposal.id == proposal_id, access.visible_proposals(viewer))
        .options(
            joinedload(Proposal.committee),
            joinedload(Proposal.moved_from),
            joinedload(Proposal.meeting),
            joinedload(Proposal.raised_by),
            joinedload(Proposal.answered_by),
        )
    )
    if found is None:
        raise NotFound
    return found


def my_proposals(db: Session, viewer: Viewer, before: int | None = None) -> Sequence[Row]:
    """What I have raised, newest first, with the answer and, where I may read it, how the item ended."""
    asked = _lines(viewer).where(Proposal.raised_by_id == viewer.person_id)
    if before is not None:
        asked = asked.where(Proposal.id < before)
    return db.execute(asked.order_by(Proposal.id.desc()).limit(PAGE + 1)).all()


def waiting_proposals(db: Session, viewer: Viewer, committee_id: int | None = None) -> Sequence[Row]:
    """Proposals that wait for an answer from the chairs of the viewer's committees (or of one), oldest first."""
    mine = [seat.committee_id for seat in viewer.seats if seat.role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR)]
    wanted = Proposal.committee_id.in_(mine) if committee_id is None else Proposal.committee_id == committee_id
    return db.execute(
        _lines(viewer)
        .where(wanted, Proposal.state.in_(WAITS))
        .order_by(case((Proposal.state == ProposalState.RECEIVED, 0), else_=1), Proposal.id)
        .limit(50)
    ).all()


def _lines(viewer: Viewer) -> Select:
    return (
        select(
            Proposal.id,
            Proposal.title,
            Proposal.state,
            Proposal.reason,
            Proposal.raised_at,
            Proposal.raised_side,
            Proposal.is_late,
            Proposal.answered_at,
            Proposal.answer_seen_at,
            Proposal.committee_id,
            Proposal.meeting_id,
            Proposal.moved_from_id,
            Committee.name.label("committee"),
            RAISER.name.label("raised_by"),
            SENT_FROM,
            # Nobody raised it, and it is about a decision: the circle came round (med/loop).
            and_(Proposal.raised_by_id.is_(None), Proposal.decision_id.is_not(None)).label("is_by_medspil"),
            TARGET.title.label("meeting"),
            TARGET.starts_at.label("meeting_at"),
            Item.id.label("item_id"),
            Item.outcome,
        )
        .join(Committee, Committee.id == Proposal.committee_id)
        .outerjoin(RAISER, RAISER.id == Proposal.raised_by_id)
        .outerjoin(TARGET, TARGET.id == Proposal.meeting_id)
        # The outcome only where the words of the item are the viewer's to read.
        .outerjoin(Item, and_(Item.id == Proposal.item_id, access.visible_words(viewer)))
        .where(access.visible_proposals(viewer))
    )


def item_of(db: Session, viewer: Viewer, proposal: Proposal) -> tuple[Item, bool] | None:
    """What became of a proposal, and whether the viewer may read how it ended; None while the item is not theirs."""
    if proposal.item_id is None:
        return None
    row = db.execute(
        select(Item, access.visible_words(viewer))
        .where(Item.id == proposal.item_id, access.visible_items(viewer))
        .options(joinedload(Item.meeting).joinedload(Meeting.committee))
    ).first()
    return (row[0], bool(row[1])) if row else None


def was_returned(db: Session, proposal: Proposal) -> bool:
    """Whether a point that waits for its answer had one, and was taken off the agenda again."""
    if proposal.state is not ProposalState.RECEIVED or proposal.answered_at or proposal.meeting_id is None:
        return False
    return bool(
        db.scalar(
            select(
                exists().where(
                    Entry.thing == Proposal.__tablename__,
                    Entry.thing_id == proposal.id,
                    Entry.happened == "proposal.returned",
                )
            )
        )
    )


class Origin(Struct, frozen=True):
    """Where a proposal comes from: the item, and what more of it is the viewer's to read."""

    item: Item
    is_said: bool  # how it ended there, and what each side said
    in_minutes: bool  # the minutes it stands in


def origin_of(db: Session, viewer: Viewer, proposal: Proposal) -> Origin | None:
    """The item another committee sent on, where the viewer may read it."""
    if proposal.from_item_id is None:
        return None
    minutes = exists().where(Minutes.meeting_id == Item.meeting_id, access.visible_minutes(viewer)).correlate(Item)
    row = db.execute(
        select(Item, access.visible_words(viewer), minutes)
        .where(Item.id == proposal.from_item_id, access.visible_items(viewer))
        .options(joinedload(Item.meeting).joinedload(Meeting.committee))
    ).first()
    return Origin(row[0], bool(row[1]), bool(row[2])) if row else None


def items_to_merge_with(db: Session, viewer: Viewer, committee_id: int, only_closed: bool) -> Sequence[Row]:
    """Items on a committee's coming agendas that a proposal may be merged into."""
    return db.execute(
        select(Item.id, Item.title, Item.position, Meeting.title.label("meeting"), Meeting.starts_at)
        .join(Meeting, Meeting.id == Item.meeting_id)
        .where(
            Item.committee_id == committee_id,
            Item.standing.is_(None),
            Item.is_open.is_(False) if only_closed else true(),
            access.visible_items(viewer),
            Meeting.state.in_((State.PLANNED, State.AGENDA_SENT)),
            Meeting.ends_at >= clock.now(),
        )
        .order_by(Meeting.starts_at, Item.position)
        .limit(100)
    ).all()


def own_committee_id(db: Session, viewer: Viewer) -> int | None:
    """The committee a person is nearest to: their own unit's, else that of the nearest unit above it."""
    units = set(viewer.unit_ids)
    for _ in range(12):
        if not units:
            return None
        near = select(Committee).where(Committee.unit_id.in_(units), visible_committees(viewer)).order_by(Committee.id)
        found = next((one for one in db.scalars(near) if not one.is_over), None)
        if found is not None:
            return found.id
        units = {parent for parent in db.scalars(select(Unit.parent_id).where(Unit.id.in_(units))) if parent}
    return None


def item_to_merge_with(db: Session, viewer: Viewer, committee_id: int, item_id: int) -> Item | None:
    """The item a proposal is merged into, if it is one of those `items_to_merge_with` offers."""
    return db.scalar(
        select(Item)
        .join(Meeting, Meeting.id == Item.meeting_id)
        .where(
            Item.id == item_id,
            Item.committee_id == committee_id,
            access.visible_items(viewer),
            Meeting.state.in_((State.PLANNED, State.AGENDA_SENT)),
            Meeting.ends_at >= clock.now(),
        )
        .options(joinedload(Item.meeting))
    )
