"""Single decisions, and the decisions of a meeting."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from med.access import Viewer
from med.decisions.access import OVER, published_decisions, visible_decisions, visible_follow_ups
from med.decisions.models import Decision, FollowUp, Step
from med.errors import NotFound
from med.meetings.access import visible_items
from med.meetings.models import Attendance, Item, Meeting
from med.organisation.access import ANY_EMPLOYEE, own
from med.organisation.models import Person
from med.organisation.queries import and_left_to
from med.organisation.suggesting import colleagues, seated, told_apart
from med.perspectives.models import Perspective
from med.prepared import Prepared
from med.text import Choices


def decision(db: Session, viewer: Viewer, decision_id: int) -> Decision:
    """A decision with all its page shows, or NotFound for one the viewer may not know."""
    if not viewer.is_employee:
        raise NotFound
    found = db.scalar(_decision_with_all(), {**own(viewer), "decision": decision_id})
    if found is None:
        raise NotFound
    return found


@cache
def _decision_with_all() -> Select[*tuple[Any, ...]]:
    return (
        select(Decision)
        .where(Decision.id == bindparam("decision"), visible_decisions(ANY_EMPLOYEE))
        .options(
            joinedload(Decision.committee),
            joinedload(Decision.meeting).selectinload(Meeting.attendances).joinedload(Attendance.stands_in_for),
            joinedload(Decision.meeting).joinedload(Meeting.minutes),
            joinedload(Decision.item),
            joinedload(Decision.responsible),
            joinedload(Decision.recorded_by),
            selectinload(Decision.tags),
        )
    )


def held(db: Session, viewer: Viewer, decision_id: int) -> Decision:
    """The same, its row held until the transaction ends: of two who change it, the second sees the first's words."""
    db.execute(select(Decision.id).where(Decision.id == decision_id).with_for_update())
    return decision(db, viewer, decision_id)


def item_to_minute(db: Session, viewer: Viewer, item_id: int) -> Item:
    """An item the viewer may read, with its meeting, or NotFound."""
    found = db.scalar(
        select(Item)
        .where(Item.id == item_id, visible_items(viewer))
        .options(
            joinedload(Item.meeting).selectinload(Meeting.attendances).joinedload(Attendance.stands_in_for),
            joinedload(Item.meeting).joinedload(Meeting.minutes),
            joinedload(Item.meeting).joinedload(Meeting.committee),
        )
    )
    if found is None:
        raise NotFound
    return found


def steps_of(db: Session, viewer: Viewer, decision_id: int) -> Sequence[Any]:
    """What happened with a decision, oldest first: (at, state, is_review, note, who)."""
    return STEPS(db, decision=decision_id, **own(viewer)) if viewer.is_employee else []


STEPS = Prepared(
    lambda: (
        select(Step.at, Step.state, Step.is_review, Step.note, Person.name.label("who"))
        .join(Decision, Decision.id == Step.decision_id)
        .outerjoin(Person, Person.id == Step.person_id)
        .where(Step.decision_id == bindparam("decision"), visible_decisions(ANY_EMPLOYEE))
        .order_by(Step.at, Step.id)
    )
)


class Links(NamedTuple):
    """The decisions before and after this one, as far as the viewer may read them."""

    replaces: Any
    replaced_by: Any


def links_of(db: Session, viewer: Viewer, found: Decision) -> Links:
    """What it replaces, and what replaced it. A draft that means to replace it is nobody's business yet."""
    before = found.replaces_id or 0
    rows = NEIGHBOURS(db, decision=found.id, before=before, **own(viewer)) if viewer.is_employee else []
    return Links(
        next((row for row in rows if row.id == found.replaces_id), None),
        next((row for row in rows if row.replaces_id == found.id), None),
    )


NEIGHBOURS = Prepared(
    lambda: select(
        Decision.id, Decision.text, Decision.year, Decision.number, Decision.is_open, Decision.published_at,
        Decision.replaces_id,
    ).where(
        visible_decisions(ANY_EMPLOYEE),
        or_(
            Decision.id == bindparam("before"),
            and_(Decision.replaces_id == bindparam("decision"), Decision.published_at.is_not(None)),
        ),
    )
)  # fmt: skip


def replaceable(db: Session, viewer: Viewer, item: Item) -> Sequence[Any]:
    """The decisions in force that a decision on this item may replace, newest first: the committee's, and then what
    others that are over have left to it. Asked one by one, as only then PostgreSQL takes the newest from an index."""
    if not viewer.is_employee:
        return []
    left = and_left_to(db, {item.committee_id}) - {item.committee_id} if item.is_open else ()
    return [
        row
        for committee in (item.committee_id, *left)
        for row in REPLACEABLE(db, committee=committee, is_open=item.is_open, **own(viewer))
    ]


def _replaceable() -> Select[*tuple[Any, ...]]:
    taken = aliased(Decision)
    return (
        select(Decision.id, Decision.year, Decision.number, Decision.is_open, Decision.text)
        .where(
            published_decisions(ANY_EMPLOYEE),
            Decision.committee_id == bindparam("committee"),
            Decision.is_open == bindparam("is_open"),
            Decision.state.not_in(OVER),
            ~exists().where(taken.replaces_id == Decision.id).correlate(Decision),
        )
        .order_by(Decision.published_at.desc(), Decision.id.desc())
        .limit(100)
    )


REPLACEABLE = Prepared(_replaceable)


def people_for(db: Session, viewer: Viewer, item: Item | Decision | FollowUp) -> Choices:
    """Names to suggest as responsible: on a closed item the committee, else everyone employed, the committee first."""
    return told_apart((colleagues if item.is_open else seated)(db, viewer, item.committee_id))


def _short_rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Decision.id,
            Decision.item_id,
            Decision.is_open,
            Decision.year,
            Decision.number,
            Decision.text,
            Decision.why,
            Decision.meaning,
            Decision.perspective,
            Decision.due,
            Decision.state,
            Decision.before_discussion,
            Decision.published_at,
            Person.name.label("responsible"),
        )
        .select_from(Decision)
        .outerjoin(Person, Person.id == Decision.responsible_id)
    )


def decisions_of_meeting(db: Session, viewer: Viewer, meeting_id: int) -> Sequence[Any]:
    """What was decided at a meeting, as far as the viewer may read it, in the order it was written down."""
    return OF_MEETING(db, meeting=meeting_id, **own(viewer)) if viewer.is_employee else []


OF_MEETING = Prepared(
    lambda: (
        _short_rows()
        .where(Decision.meeting_id == bindparam("meeting"), visible_decisions(ANY_EMPLOYEE))
        .order_by(Decision.id)
    )
)


def newest_of_committee(
    db: Session, viewer: Viewer, committee_id: int, limit: int = 5
) -> Sequence[Row[*tuple[Any, ...]]]:
    """A committee's newest published decisions."""
    return db.execute(
        _short_rows()
        .where(Decision.committee_id == committee_id, published_decisions(viewer))
        .order_by(Decision.published_at.desc(), Decision.id.desc())
        .limit(limit)
    ).all()


def follow_ups_of_decision(db: Session, viewer: Viewer, decision_id: int) -> Sequence[Any]:
    """The follow-ups of a decision, in the order they were agreed."""
    return AGREED_ON_DECISION(db, decision=decision_id, **own(viewer)) if viewer.is_employee else []


def follow_ups_of_meeting(db: Session, viewer: Viewer, meeting_id: int) -> Sequence[Any]:
    """The follow-ups of a meeting's items, in the order they were agreed."""
    return AGREED_AT_MEETING(db, meeting=meeting_id, **own(viewer)) if viewer.is_employee else []


def _agreed() -> Select[*tuple[Any, ...]]:
    return (
        select(
            FollowUp.id,
            FollowUp.item_id,
            FollowUp.text,
            FollowUp.due,
            FollowUp.state,
            FollowUp.created_at,
            FollowUp.closed_at,
            Person.name.label("owner"),
        )
        .join(Person, Person.id == FollowUp.owner_id)
        .where(visible_follow_ups(ANY_EMPLOYEE))
        .order_by(FollowUp.id)
    )


AGREED_ON_DECISION = Prepared(lambda: _agreed().where(FollowUp.decision_id == bindparam("decision")))
AGREED_AT_MEETING = Prepared(
    lambda: _agreed().join(Item, Item.id == FollowUp.item_id).where(Item.meeting_id == bindparam("meeting"))
)


def meeting_parts(db: Session, meeting: Meeting) -> dict[int, list[dict[str, Any]]]:
    """All that was decided and agreed at a meeting, by item, as plain values for the minutes and their hash.

    Not narrowed to a viewer: the minutes hold everything, and mask what is closed when they are shown.
    """
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    decisions = db.scalars(
        select(Decision)
        .where(Decision.meeting_id == meeting.id)
        .options(selectinload(Decision.tags), joinedload(Decision.responsible))
        .order_by(Decision.id)
    ).all()
    order = list(Perspective)
    for made in decisions:
        if made.item_id is None:
            continue
        further = sorted((tag.perspective for tag in made.tags if not tag.is_main), key=order.index)
        found[made.item_id].append(
            {
                "kind": "decision",
                "number": label_of(made.year, made.number, is_open=made.is_open),
                "text": made.text,
                "why": made.why,
                "meaning": made.meaning,
                "perspective": made.perspective.value if made.perspective else None,
                "further": [one.value for one in further],
                "responsible": made.responsible.name if made.responsible else None,
                "due": made.due.isoformat() if made.due else None,
                "frame": made.frame,
                "hoped_effect": made.hoped_effect,
                "review": made.review.isoformat() if made.review else None,
            }
        )
    rows = db.execute(
        select(FollowUp.item_id, FollowUp.text, FollowUp.due, Person.name)
        .join(Item, Item.id == FollowUp.item_id)
        .join(Person, Person.id == FollowUp.owner_id)
        .where(Item.meeting_id == meeting.id)
        .order_by(FollowUp.id)
    )
    for row in rows:
        found[row.item_id].append(
            {"kind": "follow_up", "text": row.text, "owner": row.name, "due": row.due.isoformat() if row.due else None}
        )
    return dict(found)


def label_of(year: int, number: int, *, is_open: bool) -> str:
    """ "2026-14"; "2026-L3" in the closed items' own series."""
    return f"{year}-{number}" if is_open else f"{year}-L{number}"
