"""A whole year of meetings, as rows: what was planned, said, decided and followed up in Solbæk Kommune."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import med.decisions.slice  # noqa: F401  approved minutes publish their decisions only when that slice has said so
from med import clock
from med.access import SeatRole, Side
from med.decisions.models import Decision, DecisionState, FollowUp, FollowUpChange, FollowUpState, Step, Tag
from med.demo.workplace import FOLDER, day, read, uid
from med.journal.actions import note
from med.meetings.actions.minutes import freeze, send_to_review
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
from med.organisation.models import Committee, Person, Seat
from med.organisation.queries import rules_on, seats_on, viewer_for
from med.perspectives.models import Perspective
from med.workdays import deadline_before, to_utc, workday_on_or_after

PARTS_BY_ROLE = {SeatRole.SUBSTITUTE: Part.SUBSTITUTE, SeatRole.ADVISORY: Part.ADVISORY}
HELD = ("adopted", "approved", "held")


class Year:
    """What is needed while the year is written down: ids by handle and key, and what later meetings refer to."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.people = {person.handle: person for person in db.scalars(select(Person))}
        self.committees = {committee.key: committee for committee in db.scalars(select(Committee))}
        self.sides: dict[str, Side] = {}
        for handle, side in db.execute(
            select(Person.handle, Seat.side).join(Seat, Seat.person_id == Person.id).order_by(Seat.id.desc())
        ):
            if side is not None:
                self.sides[handle] = side
        self.meetings: dict[str, Meeting] = {}
        self.last_held: dict[int, Meeting] = {}
        self.decisions: dict[str, Decision] = {}
        self.numbers: dict[tuple[int, bool, int], Any] = {}

    def person_id(self, handle: str | None) -> int | None:
        return self.people[handle].id if handle else None

    def name(self, words: str) -> str:
        """A person's name where the words are a handle; else the words ("Kommunalbestyrelsen")."""
        return self.people[words].name if words in self.people else words

    def side(self, handle: str | None) -> Side | None:
        """Which side someone speaks from; staff without a seat are employees, managers speak for the management."""
        return None if not handle else self.sides.get(handle, Side.EMPLOYEE)


def live_through(db: Session) -> None:
    """Write the year, oldest meeting first."""
    year = Year(db)
    stories = [(path.stem, read(f"meetings/{path.name}")) for path in sorted((FOLDER / "meetings").glob("*.toml"))]
    for slug, story in sorted(stories, key=lambda one: one[1]["start"]):
        hold(year, slug, story)
    raise_points(year)


def moment(text: str) -> datetime:
    local = datetime.fromisoformat(text)
    return to_utc(local.date(), local.time())


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
    db.flush()
    with clock.at(meeting.created_at):
        note(db, None, "meeting.planned", meeting)
    if state in HELD:
        write_minutes(year, meeting, state)
        year.last_held[committee.id] = meeting


def holder(db: Session, committee_id: int, on: date, role: SeatRole) -> int | None:
    return next((seat.person_id for seat in seats_on(db, committee_id, on) if seat.role is role), None)


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
        started_at=meeting.starts_at if was_held else None,
        ended_at=meeting.ends_at if was_held else None,
    )
    db.add(item)
    db.flush()
    if item.minutes_version:
        db.add(
            ItemRevision(
                item_id=item.id, version=1, text=text, person_id=meeting.minute_taker_id, at=meeting.ends_at
            )
        )
    for handle in words.get("recused", []):
        db.add(Recusal(item_id=item.id, person_id=year.people[handle].id))
    if item.sent_to_id is not None and was_held:
        send_on(year, meeting, item)
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
            raised_by_id=meeting.minute_taker_id,
            raised_side=item.raised_side,
            raised_at=meeting.ends_at,
            from_item_id=item.id,
            state=ProposalState.RECEIVED,
        )
    )


def decide(year: Year, meeting: Meeting, item: Item, words: dict[str, Any]) -> None:
    db = year.db
    on = meeting.starts_at.astimezone(clock.COPENHAGEN)
    series = (meeting.committee_id, item.is_open, on.year)
    numbers = year.numbers.setdefault(series, count(1))
    decision = Decision(
        uid=uid("decision", words["key"]),
        committee_id=meeting.committee_id,
        meeting_id=meeting.id,
        item_id=item.id,
        is_open=item.is_open,
        year=on.year,
        number=next(numbers),
        text=words["text"],
        why=words.get("why", ""),
        meaning=words.get("meaning", ""),
        perspective=Perspective(words["perspective"]),
        responsible_id=year.person_id(words.get("responsible")),
        due=day(words.get("due")),
        frame=words.get("frame", ""),
        hoped_effect=words.get("hoped_effect", ""),
        review=day(words.get("review")),
        state=DecisionState[words.get("state", "VALID")],
        withdrawn_reason=words.get("state_note", "") if words.get("state") == "WITHDRAWN" else "",
        before_discussion=bool(
            item.decision_planned and item.discussed and item.decision_planned < item.discussed
        ),
        replaces_id=year.decisions[words["replaces"]].id if words.get("replaces") else None,
        decided_at=meeting.starts_at + timedelta(minutes=10 * item.position),
        recorded_by_id=meeting.minute_taker_id,
        changed_at=meeting.ends_at,
    )
    db.add(decision)
    db.flush()
    year.decisions[words["key"]] = decision
    for key in [words["perspective"], *words.get("further", [])]:
        db.add(
            Tag(
                decision_id=decision.id,
                perspective=Perspective(key),
                is_main=key == words["perspective"],
                committee_id=decision.committee_id,
                is_open=decision.is_open,
            )
        )
    if decision.state is not DecisionState.VALID or words.get("state_note"):
        later = min(decision.decided_at + timedelta(days=27), clock.now() - timedelta(days=2))
        db.add(
            Step(
                decision_id=decision.id,
                at=max(later, decision.decided_at + timedelta(hours=2)),
                person_id=decision.responsible_id,
                state=None if decision.state is DecisionState.VALID else decision.state,
                note=words.get("state_note", ""),
            )
        )
    with clock.at(decision.decided_at):
        note(db, None, "decision.recorded", decision)


def follow_up(year: Year, meeting: Meeting, item: Item, words: dict[str, Any]) -> None:
    db = year.db
    done = day(words.get("done"))
    task = FollowUp(
        committee_id=meeting.committee_id,
        item_id=item.id,
        is_open=item.is_open,
        text=words["text"],
        owner_id=year.people[words["owner"]].id,
        due=day(words.get("due")),
        state=FollowUpState.DONE if done else FollowUpState.OPEN,
        created_at=meeting.ends_at,
        closed_at=datetime.combine(done, time(12), UTC) if done else None,
    )
    db.add(task)
    db.flush()
    if done:
        db.add(
            FollowUpChange(
                follow_up_id=task.id,
                at=datetime.combine(done, time(12), UTC),
                person_id=task.owner_id,
                state=FollowUpState.DONE,
                note=words.get("note", ""),
            )
        )


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


def raise_points(year: Year) -> None:
    """The open agenda: what people have raised, and what the chairs answered."""
    db = year.db
    for number, words in enumerate(read("proposals.toml")["proposal"], 1):
        state = ProposalState[words["state"]]
        committee = year.committees[words["committee"]]
        meeting = year.meetings.get(words.get("meeting", ""))
        raised_at = moment(words["at"])
        raiser = year.people[words["raised_by"]]
        item = None
        if meeting is not None and state in (ProposalState.ACCEPTED, ProposalState.MERGED):
            item = next((one for one in meeting.items if one.raised_by_id == raiser.id), None)
        answered = state is not ProposalState.RECEIVED
        db.add(
            Proposal(
                uid=uid("proposal", str(number)),
                committee_id=committee.id,
                meeting_id=meeting.id if meeting else None,
                title=words["title"],
                why=words.get("why", ""),
                raised_by_id=raiser.id,
                raised_side=year.side(words["raised_by"]),
                raised_at=raised_at,
                is_late=bool(meeting and meeting.proposals_due and raised_at.date() > meeting.proposals_due),
                state=state,
                reason=words.get("reason", ""),
                answered_by_id=holder(db, committee.id, raised_at.date(), SeatRole.CHAIR) if answered else None,
                answered_at=raised_at + timedelta(days=2, hours=1) if answered else None,
                item_id=item.id if item else None,
            )
        )
    db.flush()
