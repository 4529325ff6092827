"""Linking decisions and activities."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.competence_compass.models import Activity
from med.competence_compass.queries.activities import begun_before
from med.decisions.models import Decision
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T
from med.loop import access, queries
from med.loop.forms import Basis, LinkForm
from med.loop.models import DecisionLink, LinkKind
from med.text.cpr import looks_like_cpr


def link_activity(db: Session, viewer: Viewer, decision: Decision, form: LinkForm) -> DecisionLink:
    """Say what a decision does to an activity. Saying it again is no mistake and gives the link that is there.

    Stopping cites the newest run that looked at the activity, or a professional judgement in words. An activity that
    began without a decision gets the one that says it started it; none starts what had begun before it was taken.
    """
    require(viewer, access.link_activity, decision)
    activity = queries.activity(db, viewer, form.activity)
    if activity is None:
        raise Invalid(activity=T("Vælg en af mulighederne."))
    judgement = form.judgement.strip()
    run_id = None
    if form.kind is LinkKind.STOPS:
        run_id, judgement = basis_of(db, form, judgement)
    else:
        judgement = ""
    if looks_like_cpr(judgement):
        raise Invalid(judgement=T("Det ligner et CPR-nummer. Skriv uden at nævne en enkelt borger."))
    found = db.scalar(
        select(DecisionLink).where(
            DecisionLink.decision_id == decision.id,
            DecisionLink.activity_id == activity.id,
            DecisionLink.kind == form.kind,
        )
    )
    if found is not None:
        if form.kind is LinkKind.STOPS and (found.run_id, found.judgement) != (run_id, judgement):
            raise Conflict(T("Beslutningen stopper allerede aktiviteten. Fjern det, der står, før du skriver det om."))
        return found
    if form.kind is LinkKind.STARTS and begun_before(decision.decided_at, activity.frozen_at) is not None:
        raise Invalid(kind=T("Aktiviteten var begyndt før beslutningen. Vælg “Ændrer” eller “Ser på igen”."))
    made = DecisionLink(
        decision_id=decision.id,
        activity_id=activity.id,
        kind=form.kind,
        run_id=run_id,
        judgement=judgement,
        made_by_id=viewer.person_id,
        made_at=clock.now(),
    )
    db.add(made)
    note(db, viewer, "decision.linked", decision, ["activity_id", "kind"])
    if form.kind is LinkKind.STARTS and activity.decision_id is None:
        begin_with(db, viewer, activity, decision.id)
    return made


def basis_of(db: Session, form: LinkForm, judgement: str) -> tuple[int | None, str]:
    """The run or the words that stopping rests on; Invalid at the field that is missing."""
    if form.basis is None:
        raise Invalid(basis=T("Sig, hvad det bygger på, at I stopper aktiviteten."))
    if form.basis is Basis.JUDGEMENT:
        if not judgement:
            raise Invalid(judgement=T("Skriv den faglige vurdering, der ligger til grund."))
        return None, judgement
    run_id = queries.latest_run_about(db, form.activity)
    if run_id is None:
        raise Invalid(basis=T("Aktiviteten er ikke målt. Skriv en faglig vurdering i stedet."))
    return run_id, judgement


def unlink_activity(db: Session, viewer: Viewer, decision: Decision, link: DecisionLink) -> None:
    """Take a link away that was made by mistake."""
    require(viewer, access.link_activity, decision)
    activity = queries.activity(db, viewer, link.activity_id)
    if link.kind is LinkKind.STARTS and activity is not None and activity.decision_id == decision.id:
        begin_with(db, viewer, activity, None)
    db.delete(link)
    note(db, viewer, "decision.unlinked", decision, ["activity_id", "kind"])


def begin_with(db: Session, viewer: Viewer, activity: Activity, decision_id: int | None) -> None:
    """Keep "Begyndte med beslutningen" on the activity in step."""
    activity.decision_id = decision_id
    activity.version += 1
    note(db, viewer, "activity.changed", activity, ["decision_id"])
