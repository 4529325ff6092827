"""What the demo's meetings settled: decisions with their story, and who follows up."""

from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from med import clock
from med.decisions.models import Decision, DecisionState, FollowUp, FollowUpChange, FollowUpState, Step, Tag
from med.demo.almanac import Year
from med.demo.workplace import day, uid
from med.journal.actions import note
from med.meetings.models import Item, Meeting
from med.perspectives.models import Perspective


def decide(year: Year, meeting: Meeting, item: Item, words: dict[str, Any]) -> None:
    db = year.db
    on = meeting.starts_at.astimezone(clock.COPENHAGEN)
    series = (meeting.committee_id, item.is_open, on.year)
    numbers = year.numbers.setdefault(series, count(1))
    state = DecisionState[words.get("state", "VALID")]
    if state is DecisionState.REPLACED:
        state = DecisionState.VALID  # until the decision that replaces it is published, by the real action
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
        state=state,
        withdrawn_reason=words.get("state_note", "") if words.get("state") == "WITHDRAWN" else "",
        before_discussion=item.decided_before_discussion,
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
    if state is not DecisionState.VALID or words.get("state_note"):
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


def tell_when_moved(year: Year, meeting: Meeting) -> None:
    """What became of a decision after it was published changed it last."""
    steps = select(Step.at, Decision).join(Decision, Decision.id == Step.decision_id)
    for at, decision in year.db.execute(steps.where(Decision.meeting_id == meeting.id)):
        decision.changed_at = max(at, decision.changed_at)


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
    db.add(FollowUpChange(follow_up_id=task.id, at=meeting.ends_at, state=FollowUpState.OPEN))
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
