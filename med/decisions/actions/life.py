"""How it goes with a decision after it was taken. Its words stand; what happens is added."""

from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.decisions import access
from med.decisions.actions.people import responsible_for, who_now
from med.decisions.actions.recording import check_version, touch
from med.decisions.forms import HandOverForm, ReviewForm, StateForm, WithdrawForm
from med.decisions.models import IN_FORCE, Decision, DecisionState, Step
from med.errors import Invalid
from med.journal.actions import note
from med.language import T


def move_decision(db: Session, viewer: Viewer, decision: Decision, form: StateForm) -> Step:
    """Tell how it goes: a new state, news, or both. Raises Conflict when the state moved in the meantime."""
    require(viewer, access.move_decision, decision)
    if form.state is not None and form.state not in IN_FORCE:
        raise Invalid(state=T("Vælg en af mulighederne."))
    changes = form.state is not None and form.state is not decision.state
    if not changes and not form.note:
        raise Invalid(note=T("Skriv, hvordan det går, eller vælg en ny tilstand."))
    step = Step(decision_id=decision.id, at=clock.now(), person_id=viewer.person_id, note=form.note)
    if changes:
        check_version(decision, form.version)
        assert form.state is not None
        step.state = decision.state = form.state
        touch(decision)
    db.add(step)
    note(db, viewer, "decision.moved" if changes else "decision.news", decision, ["state"] if changes else [])
    return step


def review_decision(db: Session, viewer: Viewer, decision: Decision, form: ReviewForm) -> Step:
    """Note what the committee saw when it looked back, and when it looks again (or that it need not)."""
    require(viewer, access.review_decision, decision)
    check_version(decision, form.version)
    if form.review is not None and form.review <= clock.today():
        raise Invalid(review=T("Vælg en dag, der ikke er gået."))
    step = Step(decision_id=decision.id, at=clock.now(), person_id=viewer.person_id, is_review=True, note=form.note)
    decision.review = form.review
    touch(decision)
    db.add(step)
    note(db, viewer, "decision.reviewed", decision, ["review"])
    return step


def hand_over_decision(db: Session, viewer: Viewer, decision: Decision, form: HandOverForm) -> Step:
    """Let somebody else see to it. Who had it before stands in the decision's history; its other words stand."""
    require(viewer, access.hand_over_decision, decision)
    check_version(decision, form.version)
    found = responsible_for(db, viewer, form.responsible, decision.committee_id, is_open=decision.is_open)
    if found is None:
        raise Invalid(responsible=T("Skriv, hvem der skal være ansvarlig."))
    if found.id == decision.responsible_id:
        raise Invalid(responsible=T("%(name)s er allerede ansvarlig.", name=found.name))
    words = "\n\n".join(filter(None, (who_now(found, decision.responsible), form.note)))
    decision.responsible = found
    touch(decision)
    step = Step(decision_id=decision.id, at=clock.now(), person_id=viewer.person_id, note=words)
    db.add(step)
    note(db, viewer, "decision.handed_over", decision, ["responsible_id"])
    return step


def withdraw_decision(db: Session, viewer: Viewer, decision: Decision, form: WithdrawForm) -> Step:
    """It no longer holds, and nothing takes its place. The reason is read by everyone who may read the decision."""
    require(viewer, access.withdraw_decision, decision)
    check_version(decision, form.version)
    decision.state = DecisionState.WITHDRAWN
    decision.withdrawn_reason = form.reason
    touch(decision)
    step = Step(
        decision_id=decision.id,
        at=clock.now(),
        person_id=viewer.person_id,
        state=DecisionState.WITHDRAWN,
        note=form.reason,
    )
    db.add(step)
    note(db, viewer, "decision.withdrawn", decision, ["state"])
    return step
