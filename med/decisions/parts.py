"""What decisions add to a meeting's pages and moments, and to a committee's page."""

from collections import defaultdict
from typing import Any

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, allows
from med.decisions import access, queries
from med.decisions.fragments import heading, surroundings
from med.decisions.models import Decision, FollowUpState
from med.decisions.routes.recording import form_context
from med.kept import Kept
from med.language import T, Text
from med.meetings.models import Item, Meeting, Outcome, State
from med.meetings.parts import Asked
from med.organisation.models import Committee
from med.perspectives.queries import titles


def piece(visit: Any, template: str, **context: Any) -> Markup:
    return visit.desk.pages.piece(template, visit, heading=heading, **context)


def in_the_room(visit: Any, item: Item) -> Markup:
    """Under an item's minutes: what was decided on it, and the form to write down what is."""
    decisions = [row for row in _decisions(visit, item.meeting_id) if row.item_id == item.id]
    follow_ups = [row for row in _follow_ups(visit, item.meeting_id) if row.item_id == item.id]
    may_record = allows(visit.viewer, access.record_decision, item)
    may_agree = allows(visit.viewer, access.add_follow_up, item)
    context: dict[str, Any] = form_context(visit, item) if may_record or may_agree else {"item": item, "people": []}
    return piece(
        visit,
        "decisions/_room.html",
        **{
            "decisions": decisions,
            "follow_ups": follow_ups,
            "may_record": may_record,
            "may_agree": may_agree,
            "titles": titles(visit.db),
            "perspectives": [],
            "replaceable": [],
            **context,
        },
    )


def decided_today(visit: Any, meeting: Meeting) -> Markup:
    """Beside the room: "Besluttet i dag"."""
    decisions = _decisions(visit, meeting.id)
    if not decisions and meeting.state not in (State.IN_PROGRESS, State.HELD):
        return Markup("")
    return piece(visit, "decisions/_aside.html", decisions=decisions, titles=titles(visit.db), meeting=meeting)


def on_the_agenda(visit: Any, meeting: Meeting) -> Markup:
    """Under the agenda of a meeting to come: what the committee still has to do, to be changed right there."""
    if meeting.state in (State.HELD, State.CANCELLED):
        return Markup("")
    rows = queries.open_follow_ups(visit.db, visit.viewer, meeting.committee_id)
    if not rows:
        return Markup("")
    runs = visit.viewer.runs(meeting.committee_id)
    mine = visit.viewer.person_id
    return piece(
        visit,
        "decisions/_agenda.html",
        rows=rows,
        may_move={row.id for row in rows if runs or row.owner_id == mine},
        states=[(state.value, state) for state in FollowUpState],
        meeting=meeting,
    )


PIECES: Kept[Markup] = Kept(2000)  # of about 2 kB


def under_items(visit: Any, meeting: Meeting) -> dict[int, Markup]:
    """Under each item on the meeting's page and in the minutes: what was decided and agreed, as far as one may read."""
    decisions: dict[int, list[Any]] = defaultdict(list)
    follow_ups: dict[int, list[Any]] = defaultdict(list)
    for row in _decisions(visit, meeting.id):
        decisions[row.item_id].append(row)
    for row in _follow_ups(visit, meeting.id):
        follow_ups[row.item_id].append(row)
    if not decisions and not follow_ups:
        return {}
    names = titles(visit.db)
    around = surroundings(names, clock.today())
    # Everything a piece shows stands in its rows and around them, so the same rows are the same piece.
    keys = {
        id: (tuple(decisions.get(id, ())), tuple(follow_ups.get(id, ())), around) for id in {*decisions, *follow_ups}
    }
    pieces: dict[int, Markup] = {}
    macros = None
    for (item_id, key), kept in zip(keys.items(), PIECES.get_all(list(keys.values())), strict=True):
        if kept is None:
            macros = macros or visit.desk.pages.macros("decisions/_items.html", visit, heading=heading, titles=names)
            kept = macros.under_item(*key[:2])
            PIECES.put(key, kept)
        pieces[item_id] = kept
    return pieces


def _decisions(visit: Any, meeting_id: int) -> list[Any]:
    return list(queries.decisions_of_meeting(visit.db, visit.viewer, meeting_id))


def _follow_ups(visit: Any, meeting_id: int) -> list[Any]:
    return list(queries.follow_ups_of_meeting(visit.db, visit.viewer, meeting_id))


def missing_decisions(db: Session, meeting: Meeting) -> list[tuple[int, Text]]:
    """Why a meeting cannot be closed yet: an item is "besluttet" and nobody wrote what, or whether both sides agreed.

    Noting a decision in the room settles its item as decided; whether there was agreement is for people to say.
    """
    written = select(Decision.item_id).where(Decision.meeting_id == meeting.id, Decision.item_id.is_not(None))
    rows = db.execute(
        select(Item.position, Item.consensus, Item.id.in_(written).label("is_written"))
        .where(Item.meeting_id == meeting.id, Item.outcome == Outcome.DECIDED, Item.standing.is_(None))
        .order_by(Item.position)
    ).all()
    unwritten = [
        (p, T("Punkt %(n)s er besluttet, men beslutningen er ikke noteret.", n=p)) for p, _, it in rows if not it
    ]
    return unwritten + [
        (p, T("Punkt %(n)s er besluttet, men det er ikke noteret, om der var enighed.", n=p))
        for p, consensus, _ in rows
        if consensus is None
    ]


def asked(db: Session, viewer: Viewer, decision_id: int) -> Asked | None:
    """What a question is about, for the form to raise a point."""
    found = db.execute(
        select(Decision.id, Decision.committee_id, Decision.text).where(
            Decision.id == decision_id, access.visible_decisions(viewer)
        )
    ).first()
    return (
        None if found is None else Asked(found.id, found.committee_id, heading(found.text), f"/beslutninger/{found.id}")
    )


def of_the_committee(visit: Any, committee: Committee) -> Markup:
    """On a committee's page: its newest decisions."""
    rows = queries.newest_of_committee(visit.db, visit.viewer, committee.id)
    if not rows:
        return Markup("")
    return piece(visit, "decisions/_committee.html", rows=rows, titles=titles(visit.db), committee=committee)
