"""Writing a decision down, correcting it while it is a draft, and publishing it."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, selectinload

from med import clock, search
from med.access import Viewer, require
from med.decisions import access
from med.decisions.actions.numbering import close_gap, lock_series, next_number
from med.decisions.actions.people import responsible_for
from med.decisions.forms import DecisionForm
from med.decisions.models import Decision, DecisionState, FollowUp, Step, Tag
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T
from med.meetings.actions.entering import enter, in_the_room, stir
from med.meetings.actions.minutes import chair_is_enough, reopen_review
from med.meetings.models import Consensus, Item, Meeting, Outcome, State
from med.organisation.queries import and_left_to
from med.perspectives.models import Perspective
from med.workdays import copenhagen

OVERRUN = timedelta(hours=12)  # no meeting goes on for so long past its end


def record_decision(db: Session, viewer: Viewer, item: Item, form: DecisionForm) -> Decision:
    """Write down what was decided on an item. It is a draft until the minutes are approved, or both say "straks"."""
    in_the_room(db, viewer, access.record_decision, item)
    decided_at = when_decided(item.meeting)
    year = copenhagen(decided_at).year
    responsible = responsible_for(db, viewer, form.responsible, item.committee_id, is_open=item.is_open)
    lock_series(db, item.committee_id)
    decision = Decision(
        uid=str(uuid.uuid4()),
        committee_id=item.committee_id,
        meeting_id=item.meeting_id,
        item_id=item.id,
        is_open=item.is_open,
        year=year,
        number=next_number(db, item.committee_id, is_open=item.is_open, year=year),
        text=form.text,
        why=form.why,
        meaning=form.meaning,
        perspective=form.perspective,
        responsible_id=responsible.id if responsible else None,
        due=form.due,
        frame=form.frame,
        hoped_effect=form.hoped_effect,
        review=form.review,
        replaces_id=replaced_by(db, item, form),
        before_discussion=item.decided_before_discussion,
        decided_at=decided_at,
        recorded_by_id=viewer.person_id,
        changed_at=clock.now(),
    )
    db.add(decision)
    tag_decision(decision, form.perspective, form.further)
    if item.outcome is None:
        item.outcome = Outcome.DECIDED
    tell_the_room(db, viewer, item.meeting)
    note(db, viewer, "decision.recorded", decision)
    return decision


def when_decided(meeting: Meeting) -> datetime:
    """The meeting's time: now while it is on, else when it was closed, not when somebody got round to the writing, nor
    to opening or closing it: days later it was when it should have ended."""
    now = clock.now()
    found = now if meeting.state is State.IN_PROGRESS else meeting.closed_at or min(meeting.ends_at, now)
    return meeting.ends_at if found - meeting.ends_at > OVERRUN else found


def replaced_by(db: Session, item: Item, form: DecisionForm, itself: Decision | None = None) -> int | None:
    """The id of the decision this one replaces. Raises Invalid when that is not one it may replace."""
    if form.replaces is None:
        return None
    left_to_us = and_(Decision.is_open, Decision.committee_id.in_(and_left_to(db, {item.committee_id})))
    old = db.scalar(
        select(Decision).where(
            Decision.id == form.replaces,
            or_(Decision.committee_id == item.committee_id, left_to_us),
            Decision.published_at.is_not(None),
            Decision.state.not_in(access.OVER),
        )
    )
    if old is None:
        raise Invalid(replaces=T("Vælg en af udvalgets beslutninger, der stadig gælder."))
    if old.is_open is not item.is_open:
        # The one left behind would tell everybody that there is another they may not see.
        raise Invalid(replaces=T("En åben beslutning kan kun afløses på et åbent punkt, og en lukket på et lukket."))
    taken = db.scalar(select(Decision.id).where(Decision.replaces_id == old.id))
    if taken is not None and (itself is None or taken != itself.id):
        raise Invalid(replaces=T("Den beslutning er allerede afløst af en anden."))
    return old.id


def tag_decision(decision: Decision, main: Perspective, further: Iterable[Perspective]) -> None:
    """The perspectives it serves, each with the feed's keys: when, where, for whom."""
    wanted = {main: True, **{one: False for one in further if one is not main}}
    held = {tag.perspective: tag for tag in decision.tags}
    for gone in held.keys() - wanted.keys():
        decision.tags.remove(held[gone])
    for perspective, is_main in wanted.items():
        if (tag := held.get(perspective)) is not None:
            tag.is_main = is_main
        else:
            decision.tags.append(
                Tag(
                    perspective=perspective,
                    is_main=is_main,
                    committee_id=decision.committee_id,
                    is_open=decision.is_open,
                    published_at=decision.published_at,
                )
            )


def tell_the_room(db: Session, viewer: Viewer, meeting: Meeting) -> None:
    """Readers who follow the meeting live look again, and minutes the chairs were looking at are a draft again."""
    stir(db, meeting.id)
    reopen_review(db, viewer, meeting)


def correct_decision(db: Session, viewer: Viewer, decision: Decision, form: DecisionForm) -> Decision:
    """Correct a draft's words. Raises Conflict when someone else corrected it since the form was opened."""
    require(viewer, access.correct_decision, decision)
    item = decision.item
    assert item is not None  # the policy has seen to it
    enter(db, item.meeting)
    require(viewer, access.correct_decision, decision)
    check_version(decision, form.version)
    responsible = responsible_for(db, viewer, form.responsible, item.committee_id, is_open=item.is_open)
    replaces_id = replaced_by(db, item, form, decision)
    wanted = {
        "text": form.text,
        "why": form.why,
        "meaning": form.meaning,
        "perspective": form.perspective,
        "responsible_id": responsible.id if responsible else None,
        "due": form.due,
        "frame": form.frame,
        "hoped_effect": form.hoped_effect,
        "review": form.review,
        "replaces_id": replaces_id,
    }
    changed = [name for name, value in wanted.items() if getattr(decision, name) != value]
    if {tag.perspective for tag in decision.tags if not tag.is_main} != set(form.further):
        changed.append("further")
    for name, value in wanted.items():
        setattr(decision, name, value)
    tag_decision(decision, form.perspective, form.further)
    if changed:
        touch(decision)
        tell_the_room(db, viewer, item.meeting)
        note(db, viewer, "decision.corrected", decision, changed)
    return decision


def check_version(decision: Decision, version: int) -> None:
    if version != decision.version:
        raise Conflict(T("Beslutningen er ændret, siden du åbnede den. Se, hvad der står nu, og prøv igen."))


def touch(decision: Decision) -> None:
    decision.version += 1
    decision.changed_at = clock.now()


def discard_decision(db: Session, viewer: Viewer, decision: Decision) -> None:
    """Take a draft away that was never decided. Follow-ups agreed on it stay with its item."""
    require(viewer, access.correct_decision, decision)
    item = decision.item
    if item is not None:
        enter(db, item.meeting)
        require(viewer, access.correct_decision, decision)
    lock_series(db, decision.committee_id)
    note(db, viewer, "decision.discarded", decision)
    for follow_up in db.scalars(select(FollowUp).where(FollowUp.decision_id == decision.id)):
        follow_up.decision_id = None
    for step in db.scalars(select(Step).where(Step.decision_id == decision.id)):
        db.delete(step)
    series = (decision.committee_id, decision.is_open, decision.year, decision.number)
    db.flush()
    db.delete(decision)
    db.flush()
    close_gap(db, series[0], is_open=series[1], year=series[2], number=series[3])
    if item is not None:
        tell_the_room(db, viewer, item.meeting)


# --- publishing -------------------------------------------------------------------------------------------------------


def release_decision(db: Session, viewer: Viewer, decision: Decision) -> Decision:
    """Say "straks" for one's side. When both chairs have, staff can read it before the minutes are approved.

    Where the chair alone approves the minutes, the chair's word is enough here too.
    """
    require(viewer, access.release_decision, decision)
    as_chair, as_vice = access.chairs_of(viewer, decision)
    now = clock.now()
    if as_chair and decision.release_chair_at is None:
        decision.release_chair_at = now
    if as_vice and decision.release_vice_at is None:
        decision.release_vice_at = now
    touch(decision)
    note(db, viewer, "decision.released", decision)
    alone = decision.meeting is not None and chair_is_enough(db, decision.meeting)
    if (alone and decision.release_chair_at) or (decision.release_chair_at and decision.release_vice_at):
        publish(db, viewer, decision, now)
    return decision


def publish(db: Session, viewer: Viewer | None, decision: Decision, at: datetime) -> None:
    """From here on its words stand. What it replaces is over, and both say so."""
    if decision.item is not None:
        decision.before_discussion = decision.item.decided_before_discussion
    decision.published_at = at
    for tag in decision.tags:
        tag.published_at = at
    touch(decision)
    note(db, viewer, "decision.published", decision)
    perspectives = [tag.perspective.value for tag in decision.tags]
    stems = search.decision_stems(
        decision.committee_id, perspectives, decision.text, decision.why, decision.meaning
    )  # they stand from here on
    search.put(db, search.DECISION, decision.id, at, stems)
    if decision.replaces_id is not None:
        old = db.get_one(Decision, decision.replaces_id)
        if old.state in access.OVER:
            # Withdrawn in the meantime: there is nothing left to replace.
            decision.replaces_id = None
            return
        old.state = DecisionState.REPLACED
        touch(old)
        db.add(
            Step(
                decision_id=old.id,
                at=at,
                person_id=viewer.person_id if viewer else None,
                state=DecisionState.REPLACED,
            )
        )
        note(db, viewer, "decision.replaced", old)


def publish_with_minutes(db: Session, viewer: Viewer | None, meeting: Meeting) -> None:
    """Both chairs have approved the minutes: the meeting's drafts become public, in the order they were written."""
    at = clock.now()
    if meeting.minutes is not None and meeting.minutes.chairs_approved_at is not None:
        at = meeting.minutes.chairs_approved_at
    drafts = db.scalars(
        select(Decision)
        .where(Decision.meeting_id == meeting.id, Decision.published_at.is_(None))
        .options(selectinload(Decision.tags))
        .order_by(Decision.id)
        .with_for_update()  # what the chairs release this moment is out by then
    ).all()
    disputed = select(Item.id).where(Item.meeting_id == meeting.id, Item.consensus == Consensus.DISAGREED)
    for early in db.scalars(
        select(Decision).where(Decision.item_id.in_(disputed), Decision.published_at.is_not(None)).with_for_update()
    ):
        touch(early)  # the minutes tell of the disagreement, and so does its entry from here on
    for decision in drafts:
        publish(db, viewer, decision, at)


def follow_openness(db: Session, viewer: Viewer | None, item: Item) -> None:
    """An item was opened or closed: its drafts and follow-ups follow, and the numbers move to the other series.

    Raises Conflict when one of them is public already: what everybody has read cannot be closed, and a number
    people know does not change.
    """
    decisions = db.scalars(
        select(Decision)
        .where(Decision.item_id == item.id, Decision.is_open != item.is_open)
        .options(selectinload(Decision.tags))
        .order_by(Decision.number)
    ).all()
    for follow_up in db.scalars(select(FollowUp).where(FollowUp.item_id == item.id, FollowUp.is_open != item.is_open)):
        follow_up.is_open = item.is_open
        follow_up.version += 1
    if not decisions:
        return
    if any(decision.published_at is not None for decision in decisions):
        raise Conflict(T("Der er en offentliggjort beslutning på punktet. Derfor kan det ikke lukkes eller åbnes."))
    if any(decision.replaces_id is not None for decision in decisions):
        raise Conflict(
            T("En beslutning på punktet afløser en anden. Fjern afløsningen, før du lukker eller åbner punktet.")
        )
    lock_series(db, item.committee_id)
    for decision in decisions:
        was_open, number = decision.is_open, decision.number
        free = next_number(db, item.committee_id, is_open=item.is_open, year=decision.year)
        decision.is_open, decision.number = item.is_open, free
        for tag in decision.tags:
            tag.is_open = item.is_open
        touch(decision)
        db.flush()
        close_gap(db, item.committee_id, is_open=was_open, year=decision.year, number=number)
        note(db, viewer, "decision.opened" if item.is_open else "decision.closed", decision, ["is_open", "number"])
