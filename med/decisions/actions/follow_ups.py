"""Who does what by when, because of an item or a decision."""

from datetime import date

from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.decisions import access
from med.decisions.actions.people import responsible_for, who_now
from med.decisions.actions.recording import tell_the_room
from med.decisions.forms import FollowUpForm, FollowUpStateForm
from med.decisions.models import OPEN_FOLLOW_UPS, Decision, FollowUp, FollowUpChange, FollowUpState
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T
from med.meetings.models import Item
from med.organisation.models import Person
from med.workdays import short_date


def agree_follow_up(db: Session, viewer: Viewer, item: Item, form: FollowUpForm) -> FollowUp:
    """Agree it on an item, in the room or while the minutes are written."""
    require(viewer, access.add_follow_up, item)
    made = _agree(db, viewer, form, committee_id=item.committee_id, is_open=item.is_open, item_id=item.id)
    tell_the_room(db, viewer, item.meeting)
    return made


def follow_up_decision(db: Session, viewer: Viewer, decision: Decision, form: FollowUpForm) -> FollowUp:
    """Agree it on the decision's own page."""
    require(viewer, access.follow_up_decision, decision)
    return _agree(
        db,
        viewer,
        form,
        committee_id=decision.committee_id,
        is_open=decision.is_open,
        item_id=decision.item_id,
        decision_id=decision.id,
    )


def _agree(
    db: Session,
    viewer: Viewer,
    form: FollowUpForm,
    *,
    committee_id: int,
    is_open: bool,
    item_id: int | None,
    decision_id: int | None = None,
) -> FollowUp:
    owner = responsible_for(db, viewer, form.owner, committee_id, is_open=is_open, field="owner")
    if owner is None:
        raise Invalid(owner=T("Skriv, hvem der gør det."))
    now = clock.now()
    made = FollowUp(
        committee_id=committee_id,
        item_id=item_id,
        decision_id=decision_id,
        is_open=is_open,
        text=form.text,
        owner_id=owner.id,
        due=form.due,
        state=FollowUpState.OPEN,
        created_at=now,
    )
    db.add(made)
    db.flush()
    db.add(FollowUpChange(follow_up_id=made.id, at=now, person_id=viewer.person_id, state=FollowUpState.OPEN))
    note(db, viewer, "follow_up.agreed", made)
    return made


def move_follow_up(db: Session, viewer: Viewer, follow_up: FollowUp, form: FollowUpStateForm) -> FollowUp:
    """Say how far it is, and perhaps a new due date or owner. Raises Conflict when it was moved in the meantime."""
    require(viewer, access.move_follow_up, follow_up)
    if form.version != follow_up.version:
        raise Conflict(T("Opfølgningen er ændret, siden du åbnede siden. Se, hvad der står nu, og prøv igen."))
    if form.state is FollowUpState.DROPPED and not form.note:
        raise Invalid(note=T("Skriv, hvorfor den bliver droppet."))
    changed = [name for name in ("state", "due") if getattr(follow_up, name) != getattr(form, name)]
    owner = _new_owner(db, viewer, follow_up, form)
    if owner is not None:
        changed.append("owner_id")
    if not changed and not form.note:
        return follow_up
    now = clock.now()
    words = "\n\n".join([*_moved(follow_up, form.due, owner), *([form.note] if form.note else [])])
    follow_up.state = form.state
    follow_up.due = form.due
    if owner is not None:
        follow_up.owner = owner
    follow_up.closed_at = None if form.state in OPEN_FOLLOW_UPS else follow_up.closed_at or now
    follow_up.version += 1
    db.add(FollowUpChange(follow_up_id=follow_up.id, at=now, person_id=viewer.person_id, state=form.state, note=words))
    note(db, viewer, "follow_up.moved", follow_up, changed)
    return follow_up


def _new_owner(db: Session, viewer: Viewer, follow_up: FollowUp, form: FollowUpStateForm) -> Person | None:
    """Who is to have it instead; None when it stays where it is."""
    found = responsible_for(db, viewer, form.owner, follow_up.committee_id, is_open=follow_up.is_open, field="owner")
    if found is None or found.id == follow_up.owner_id:
        return None
    require(viewer, access.hand_over_follow_up, follow_up)
    return found


def _moved(follow_up: FollowUp, due: date | None, owner: Person | None) -> list[str]:
    """What is new beside the state, in the committee's language: kept in the history, before the words."""
    said = []
    if owner is not None:
        said.append(who_now(owner, follow_up.owner))
    if due != follow_up.due:
        days = {"now": _day(due), "before": _day(follow_up.due)}
        said.append(T("Frist: %(now)s (før: %(before)s).").message % days)
    return said


def _day(day: date | None) -> str:
    return short_date(day, "da") if day else "–"
