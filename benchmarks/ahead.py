# ruff: noqa: E501 - rows of a table are read across
"""What a municipality has before it: coming meetings with those invited, points that wait for an answer, things to do."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole
from med.db import insert_rows, next_ids
from med.decisions.models import FollowUp, FollowUpState
from med.meetings.models import Attendance, Item, Meeting, Part, Presence, Proposal, ProposalState, Purpose, Reply
from med.organisation.models import Seat

COMING, ITEMS = 2, 4  # meetings a committee has planned, and items of the first
ANSWERED, UNANSWERED = 20, 2  # points raised for a committee
ONE_IN = 5  # decisions with something to do for somebody
DONE_AFTER = timedelta(days=120)  # most of it

MEETING = ("id", "uid", "committee_id", "kind", "title", "starts_at", "ends_at", "place", "video_url", "is_open", "state",
           "about", "with_budget", "waiver", "proposals_due", "agenda_due", "draft_shown", "cancelled_reason", "sequence", "version",
           "live_version", "created_at", "revised_at")  # fmt: skip
ITEM = ("uid", "meeting_id", "committee_id", "position", "purpose", "title", "case_text", "recommendation", "minutes_budget",
        "is_late", "is_supplementary", "is_open", "closed_ground", "case_number", "decided_by", "minutes_text",
        "minutes_version", "statement_management", "statement_employees", "source_result", "version")  # fmt: skip
ATTENDANCE = ("meeting_id", "person_id", "part", "side", "role", "reply", "presence", "arrived", "left", "note")
PROPOSAL = ("uid", "committee_id", "title", "why", "purpose", "raised_by_id", "raised_at", "is_late", "state", "reason",
            "answered_by_id", "answered_at", "answer_seen_at", "meeting_id", "item_id", "from_item_id")  # fmt: skip
FOLLOW_UP = (
    "committee_id",
    "decision_id",
    "is_open",
    "text",
    "owner_id",
    "due",
    "state",
    "created_at",
    "closed_at",
    "version",
)


def make_ahead(
    db: Session,
    chance: Any,
    bodies: Sequence[int],
    workers: Sequence[int],
    titles: Sequence[str],
    held: Sequence[tuple[datetime, int, int, list[int]]],
) -> None:
    """Two meetings a committee in the next two months, the first with items; and the points of ten years, of which half
    came on an agenda that was `held` and one in ten came from another committee's."""
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    own = defaultdict(list)
    for _, meeting, body, its_items in held:
        own[body].append((meeting, its_items))
    seated = defaultdict(list)
    for seat in db.execute(select(Seat.committee_id, Seat.person_id, Seat.side, Seat.role).where(Seat.ends.is_(None))):
        seated[seat.committee_id].append((seat.person_id, seat.side, seat.role))
    ids = iter(next_ids(db, Meeting.__table__, len(bodies) * COMING))  # type: ignore[arg-type]
    meetings, items, invited, points = [], [], [], []
    for body in bodies:
        for number in range(COMING):
            id = next(ids)
            starts = now + timedelta(days=14 + 28 * number + int(chance.next() * 20), hours=int(chance.next() * 6))
            due = (starts - timedelta(days=14)).date(), (starts - timedelta(days=7)).date()
            meetings.append((id, chance.uid(), body, "ordinary", f"Møde om {chance.one(titles)}", starts, starts + timedelta(hours=2),
                             "", "", True, "planned", "", False, "", *due, False, "", 0, 1, 0, now, now))  # fmt: skip
            items += [
                (chance.uid(), id, body, position, "discuss", chance.one(titles).capitalize(), "", "", 10, False, False, True, "",
                 "", "", "", 0, "", "", "", 1)
                for position in range(1, ITEMS + 1 if number == 0 else 1)
            ]  # fmt: skip
            # Somebody may have two places: they are invited once.
            for person, side, role in {place[0]: place for place in seated[body]}.values():
                reply = Reply.INVITED if chance.next() < 0.5 else Reply.ACCEPTED
                part = Part.SUBSTITUTE if role is SeatRole.SUBSTITUTE else Part.MEMBER
                invited.append((id, person, part, side, role, reply, Presence.UNKNOWN, "", "", ""))
        for number in range(ANSWERED + UNANSWERED):
            is_answered = number < ANSWERED
            at = now - timedelta(days=1 + int(chance.next() * (3650 if is_answered else 30)))
            state, reason, became = ProposalState.RECEIVED, "", (None, None)
            told = (chance.one(workers), at + timedelta(days=3), at + timedelta(days=4)) if is_answered else (None,) * 3
            if is_answered:
                state, reason = ProposalState.DECLINED, "Det er løst."
            if is_answered and number % 2 and own[body]:
                meeting, its_items = chance.one(own[body])
                state, reason, became = ProposalState.ACCEPTED, "", (meeting, chance.one(its_items))
            sent_on = chance.one(chance.one(held)[3]) if number % 10 == 0 else None
            points.append((chance.uid(), body, chance.one(titles).capitalize(), "", Purpose.DISCUSS, chance.one(workers), at, False,
                           state, reason, *told, *became, sent_on))  # fmt: skip
    insert_rows(db, Meeting.__table__, MEETING, meetings)  # type: ignore[arg-type]
    insert_rows(db, Item.__table__, ITEM, items)  # type: ignore[arg-type]
    insert_rows(db, Attendance.__table__, ATTENDANCE, invited)  # type: ignore[arg-type]
    insert_rows(db, Proposal.__table__, PROPOSAL, points)  # type: ignore[arg-type]


def to_do(
    chance: Any, today: date, decision: int, body: int, is_open: bool, published: datetime, text: str, owner: int
) -> tuple[Any, ...]:
    """A row of FOLLOW_UP: something to do because of a decision. What is old is done, but for one in twenty."""
    due = (published + timedelta(days=30 + int(chance.next() * 60))).date()
    is_done = published.date() < today - DONE_AFTER and chance.next() > 0.05
    state, closed = (FollowUpState.DONE, published + DONE_AFTER) if is_done else (FollowUpState.OPEN, None)
    return body, decision, is_open, text, owner, due, state, published, closed, 1


def save_to_dos(db: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    insert_rows(db, FollowUp.__table__, FOLLOW_UP, rows)  # type: ignore[arg-type]
