"""A whole year of meetings, as rows: what was planned, said, decided and followed up in Solbæk Kommune."""

from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import med.decisions.slice  # noqa: F401  approved minutes publish their decisions only when that slice has said so
from med import clock
from med.access import SeatRole
from med.demo.almanac import Year, holder, moment
from med.demo.raised import raise_points
from med.demo.settled import decide, follow_up, tell_when_moved
from med.demo.workplace import FOLDER, day, read, uid
from med.journal.actions import note
from med.meetings.actions.minutes import freeze, send_to_review
from med.meetings.actions.searching import keep_findable
from med.meetings.models import (
    Attendance,
    Consensus,
    Item,
    ItemRevision,
    Kind,
    Meeting,
    Minutes,
    MinutesState,
    Outcome,
    Part,
    Presence,
    Proposal,
    ProposalState,
    Purpose,
    Recusal,
    Reply,
    Standing,
    State,
)
from med.organisation.queries import rules_on, seats_on, viewer_for
from med.workdays import deadline_before, to_utc, workday_on_or_after

PARTS_BY_ROLE = {SeatRole.SUBSTITUTE: Part.SUBSTITUTE, SeatRole.ADVISORY: Part.ADVISORY}
HELD = ("adopted", "approved", "held")


def live_through(db: Session) -> None:
    """Write the year, oldest meeting first."""
    year = Year(db)
    stories = [(path.stem, read(f"meetings/{path.name}")) for path in sorted((FOLDER / "meetings").glob("*.toml"))]
    for slug, story in sorted(stories, key=lambda one: one[1]["start"]):
        hold(year, slug, story)
    raise_points(year)


def hold(year: Year, slug: str, story: dict[str, Any]) -> None:
    db = year.db
    committee = year.committees[story["committee"]]
    starts_at, ends_at = moment(story["start"]), moment(story["end"])
    on = starts_at.astimezone(clock.COPENHAGEN).date()
    rules = rules_on(db, committee.id, on)
    state = story["state"]
    out = state in (*HELD, "agenda_sent")

    def due(days: int) -> date:
        return deadline_before(on, days, working_days=rules.in_working_days)

    meeting = Meeting(
        uid=uid("meeting", slug),
        committee_id=committee.id,
        kind=Kind[story["kind"]],
        title=story["title"],
        starts_at=starts_at,
        ends_at=ends_at,
        place=story.get("place", ""),
        video_url=story.get("video", ""),
        is_open=story.get("open", True),
        about=story.get("about", "").strip(),
        state=State.HELD if state in HELD else State[state.upper()],
        cancelled_reason=story.get("cancel_reason", ""),
        proposals_due=due(rules.proposals_days),
        agenda_due=due(rules.agenda_days),
        minutes_draft_due=workday_on_or_after(on + timedelta(days=rules.minutes_draft_days)),
        minutes_out_due=workday_on_or_after(on + timedelta(days=rules.minutes_out_days)),
        minute_taker_id=year.person_id(story.get("minute_taker")),
        moderator_id=year.person_id(story.get("moderator")),
        created_at=starts_at - timedelta(days=45),
    )
    if out:
        sent = to_utc(due(rules.agenda_days), time(14, 5))
        meeting.agenda_sent_at = sent
        meeting.agenda_chair_at, meeting.agenda_vice_at = sent - timedelta(hours=3), sent
        meeting.agenda_chair_id = holder(db, committee.id, on, SeatRole.CHAIR)
        meeting.agenda_vice_id = holder(db, committee.id, on, SeatRole.VICE_CHAIR)
    if state in HELD:
        meeting.opened_at, meeting.closed_at = starts_at, ends_at
    db.add(meeting)
    db.flush()
    year.meetings[slug] = meeting
    invite(year, meeting, on, story)
    for position, words in enumerate(story.get("item", []), 1):
        write_item(year, meeting, position, words, state in HELD)
    keep_findable(db, meeting)
    with clock.at(meeting.created_at):
        note(db, None, "meeting.planned", meeting)
    if state in HELD:
        write_minutes(year, meeting, state)
        year.last_held[committee.id] = meeting


def invite(year: Year, meeting: Meeting, on: date, story: dict[str, Any]) -> None:
    """Everyone with a seat on the day, the substitutes who stepped in, and those who came to listen."""
    db = year.db
    came = {row["person"]: row for row in story.get("attendance", [])}
    handles = {person.id: handle for handle, person in year.people.items()}
    made: dict[str, Attendance] = {}
    was_held = meeting.state is State.HELD
    for seat in seats_on(db, meeting.committee_id, on):
        if seat.role is SeatRole.SUBSTITUTE:
            continue
        row = came.get(handles[seat.person_id], {})
        made[handles[seat.person_id]] = Attendance(
            meeting_id=meeting.id,
            person_id=seat.person_id,
            seat_id=seat.id,
            part=PARTS_BY_ROLE.get(seat.role, Part.MEMBER),
            side=seat.side,
            role=seat.role,
            reply=Reply[row.get("reply", "ACCEPTED" if was_held else "INVITED")],
            replied_at=meeting.starts_at - timedelta(days=6) if row or was_held else None,
            presence=Presence[row.get("presence", "PRESENT")] if was_held else Presence.UNKNOWN,
            arrived=row.get("arrived", ""),
            note=row.get("note", ""),
        )
    db.add_all(made.values())
    db.flush()
    for handle, row in came.items():
        if stand_in := row.get("substitute"):
            away = made[handle]
            db.add(
                Attendance(
                    meeting_id=meeting.id,
                    person_id=year.people[stand_in].id,
                    part=Part.SUBSTITUTE,
                    side=away.side,
                    role=SeatRole.SUBSTITUTE,
                    stands_in_for_id=away.id,
                    reply=Reply.ACCEPTED,
                    replied_at=away.replied_at,
                    presence=Presence.PRESENT if was_held else Presence.UNKNOWN,
                )
            )
            made[stand_in] = away
    for handle in story.get("observers", []):
        if handle not in made:
            db.add(
                Attendance(
                    meeting_id=meeting.id,
                    person_id=year.people[handle].id,
                    part=Part.OBSERVER,
                    reply=Reply.ACCEPTED,
                    presence=Presence.PRESENT if was_held else Presence.UNKNOWN,
                )
            )


def write_item(year: Year, meeting: Meeting, position: int, words: dict[str, Any], was_held: bool) -> None:
    db = year.db
    standing = Standing(words["standing"]) if words.get("standing") else None
    adopts = year.last_held.get(meeting.committee_id) if standing is Standing.MINUTES_ADOPTION else None
    text = words.get("minutes", "").strip()
    item = Item(
        uid=uid("item", meeting.uid, str(position)),
        meeting_id=meeting.id,
        committee_id=meeting.committee_id,
        position=position,
        purpose=Purpose[words["purpose"]],
        standing=standing,
        title=words["title"],
        case_text=words.get("case", "").strip(),
        recommendation="\n".join(words.get("recommendation", [])),
        minutes_budget=words.get("minutes_budget", 10),
        responsible_id=year.person_id(words.get("responsible")),
        raised_by_id=year.person_id(words.get("raised_by")),
        raised_side=year.side(words.get("raised_by")),
        adopts_id=adopts.id if adopts else None,
        is_open=words.get("open", True),
        closed_ground=words.get("closed_ground", ""),
        decided_by=year.name(words.get("decided_by", "")),
        decision_planned=day(words.get("decision_planned")),
        informed=day(words.get("informed")),
        discussed=day(words.get("discussed")),
        minutes_text=text if was_held else "",
        minutes_version=1 if was_held and text else 0,
        outcome=Outcome[words["outcome"]] if was_held and words.get("outcome") else None,
        consensus=Consensus[words["consensus"]] if was_held and words.get("consensus") else None,
        statement_management=words.get("statement_management", ""),
        statement_employees=words.get("statement_employees", ""),
        sent_to_id=year.committees[words["sent_to"]].id if words.get("sent_to") else None,
        hearing_until=day(words.get("hearing_until")),
        started_at=meeting.starts_at if was_held else None,
        ended_at=meeting.ends_at if was_held else None,
    )
    db.add(item)
    db.flush()
    if item.minutes_version:
        db.add(
            ItemRevision(item_id=item.id, version=1, text=text, person_id=meeting.minute_taker_id, at=meeting.ends_at)
        )
    for handle in words.get("recused", []):
        db.add(Recusal(item_id=item.id, person_id=year.people[handle].id))
    if item.sent_to_id is not None and was_held:
        send_on(year, meeting, item)
    if came_from := words.get("came_from"):
        take_up(year, meeting, item, came_from)
    for decided in words.get("decision", []):
        decide(year, meeting, item, decided)
    for task in words.get("followup", []):
        follow_up(year, meeting, item, task)


def send_on(year: Year, meeting: Meeting, item: Item) -> None:
    """An outcome without its consequence is not done: the other committee has it as a proposal."""
    year.db.add(
        Proposal(
            uid=uid("sent-on", item.uid),
            committee_id=item.sent_to_id,
            title=item.title,
            why=item.case_text,
            raised_by_id=item.raised_by_id,
            raised_side=item.raised_side,
            raised_at=meeting.ends_at,
            from_item_id=item.id,
            state=ProposalState.RECEIVED,
        )
    )


def take_up(year: Year, meeting: Meeting, item: Item, came_from: str) -> None:
    """The item is what another committee sent on: its proposal is answered, and both places say so."""
    sent = year.db.scalars(
        select(Proposal).where(Proposal.committee_id == meeting.committee_id, Proposal.title == came_from)
    ).one()
    on = meeting.starts_at.astimezone(clock.COPENHAGEN).date()
    sent.state, sent.item_id, sent.meeting_id = ProposalState.ACCEPTED, item.id, meeting.id
    sent.answered_by_id = holder(year.db, meeting.committee_id, on, SeatRole.CHAIR)
    sent.answered_at = sent.answer_seen_at = min(sent.raised_at + timedelta(days=3), meeting.starts_at)


def write_minutes(year: Year, meeting: Meeting, state: str) -> None:
    """Draft, review, both chairs' yes; and adopt the minutes before them where the first item did so."""
    db = year.db
    on = meeting.starts_at.astimezone(clock.COPENHAGEN).date()
    for item in meeting.items:
        if item.adopts is not None and item.adopts.minutes is not None and item.adopts.minutes.sha256:
            item.adopts.minutes.state = MinutesState.ADOPTED
            item.adopts.minutes.adopted_at = meeting.starts_at + timedelta(minutes=5)
            item.adopts.minutes.adopted_item_id = item.id
    reviewed = to_utc(workday_on_or_after(on + timedelta(days=3)), time(9, 30))
    minutes = Minutes(meeting_id=meeting.id, committee_id=meeting.committee_id)
    db.add(minutes)
    db.flush()
    db.refresh(meeting)
    assert meeting.minute_taker_id is not None, f"{meeting.title} has no minute-taker"
    with clock.at(min(reviewed, clock.now() - timedelta(hours=16))):
        send_to_review(db, viewer_for(db, meeting.minute_taker_id), meeting)
    if state == "held":
        return
    approved = min(to_utc(workday_on_or_after(on + timedelta(days=7)), time(10, 15)), clock.now() - timedelta(hours=20))
    minutes.chair_id = holder(db, meeting.committee_id, on, SeatRole.CHAIR)
    minutes.vice_id = holder(db, meeting.committee_id, on, SeatRole.VICE_CHAIR)
    minutes.chair_at, minutes.vice_at = approved - timedelta(hours=1), approved
    with clock.at(approved):
        freeze(db, None, meeting, approved)
    tell_when_moved(year, meeting)
