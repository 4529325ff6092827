"""Waiting lists: putting a citizen on one, drawing lots, offering a place, and what they answer."""

from datetime import date, timedelta

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.competence_compass import access, waiting_line
from med.competence_compass.access import AboutActivity
from med.competence_compass.actions.runs import admit, occupied
from med.competence_compass.forms.waiting import Answer, AnswerForm, DrawForm, DrawScope, NeedForm, OfferForm, QueueForm
from med.competence_compass.models import (
    Activity,
    ActivityState,
    Assessment,
    AssessmentPurpose,
    Citizen,
    Draw,
    Participation,
    Run,
    WaitingEntry,
    WaitingOutcome,
    WaitingReason,
)
from med.competence_compass.queries import waiting as queries
from med.competence_compass.queries.activities import coordinates
from med.competence_compass.vault import Vault
from med.errors import Conflict, Invalid, NotFound
from med.journal.actions import note
from med.language import T

REFERRAL_WITHIN = timedelta(days=100)


def queue(
    db: Session, viewer: Viewer, vault: Vault, activity: Activity, citizen: Citizen, form: QueueForm
) -> WaitingEntry:
    """Put a citizen on a waiting list. For their contact person or deputy, and for the coordinator.

    `citizen` came through `citizen_to_queue` or `citizen_by_pseudonym`, which ask who may; a contact person may ask
    for their own citizens whatever unit the activity belongs to.
    """
    if (
        db.scalar(
            select(Citizen.id).where(
                Citizen.id == citizen.id,
                access.own_citizens(viewer) | access.intake_citizens(access.coordinated_units(db, viewer)),
            )
        )
        is None
    ):
        raise NotFound
    today = clock.today()
    queued = form.queued or today
    if activity.state is ActivityState.ENDED:
        raise Invalid(activity=T("Aktiviteten er afsluttet."))
    if citizen.left_on is not None and citizen.left_on < today:
        raise Invalid(citizen=T("Borgeren er udskrevet."))
    if queued > today:
        raise Invalid(queued=T("Dagen ligger i fremtiden."))
    if queued < citizen.entered:
        raise Invalid(queued=T("Dagen ligger, før borgeren blev indskrevet."))
    # The activity's row is held, so that two who write the same citizen up do so one after the other.
    db.scalar(select(Activity.id).where(Activity.id == activity.id).with_for_update())
    waits = select(WaitingEntry.id).where(
        WaitingEntry.activity_id == activity.id,
        WaitingEntry.citizen_id == citizen.id,
        WaitingEntry.outcome == WaitingOutcome.WAITING,
    )
    if db.scalar(waits.limit(1)) is not None:
        raise Invalid(citizen=T("Borgeren står allerede på ventelisten."))
    takes_part = (
        select(Participation.id)
        .join(Run, Run.id == Participation.run_id)
        .where(
            Participation.citizen_id == citizen.id,
            Run.activity_id == activity.id,
            Run.ended_at.is_(None),
            Participation.ends.is_(None),
        )
    )
    if db.scalar(takes_part.limit(1)) is not None:
        raise Invalid(citizen=T("Borgeren deltager allerede i aktiviteten."))
    entry = WaitingEntry(
        activity_id=activity.id,
        citizen_id=citizen.id,
        queued=queued,
        reason=form.reason,
        priority=form.priority,
        outcome=WaitingOutcome.WAITING,
    )
    db.add(entry)
    note(db, viewer, "waiting.queued", entry)
    if form.words.strip():
        entry.sealed = vault.seal(db, citizen.id, place_of(entry), form.words.strip())
    mark_referral(db, citizen.id, queued)
    return entry


def place_of(entry: WaitingEntry) -> str:
    """Where an entry's words stand, for the vault."""
    return f"compass_waiting.sealed/{entry.id}"


def mark_referral(db: Session, citizen_id: int, queued: date) -> None:
    """The assessment that led to a referral is left out of what an activity's effect is computed from.

    Where none of the last 100 days is marked, it is the one made for a referral, else the latest: all its voices.
    """
    recent = (
        Assessment.citizen_id == citizen_id,
        Assessment.day <= queued,
        Assessment.day >= queued - REFERRAL_WITHIN,
        Assessment.closed_at.is_not(None),
        Assessment.superseded_at.is_(None),
    )
    if db.scalar(select(Assessment.id).where(*recent, Assessment.triggered_referral).limit(1)) is not None:
        return
    latest = db.scalar(
        select(Assessment.occasion_id)
        .where(*recent)
        .order_by(
            case((Assessment.purpose == AssessmentPurpose.REFERRAL, 0), else_=1),
            Assessment.day.desc(),
            Assessment.id.desc(),
        )
        .limit(1)
    )
    if latest is not None:
        db.execute(
            update(Assessment)
            .where(Assessment.occasion_id == latest, *recent)
            .values(triggered_referral=True)
            .execution_options(synchronize_session=False)
        )


def change_need(db: Session, viewer: Viewer, entry: WaitingEntry, form: NeedForm) -> None:
    """Another need: another place in the line. A lot that was drawn at the old one counts no more for this entry."""
    _require_keeper(db, viewer, entry.activity)
    _still_waits(entry)
    if form.priority == entry.priority:
        return
    entry.priority = form.priority
    if entry.reason is not WaitingReason.OTHER:
        entry.reason = WaitingReason.NEED if form.priority else WaitingReason.ORDER
    entry.draw_id = entry.draw_place = None
    note(db, viewer, "waiting.need_changed", entry, ["priority"])


def draw_lots(db: Session, viewer: Viewer, activity: Activity, form: DrawForm) -> Draw:
    """Draw a lot between equal applicants, once: who has been in one keeps the place it gave."""
    _require_keeper(db, viewer, activity)
    db.scalar(select(Activity.id).where(Activity.id == activity.id).with_for_update())
    standing = [one.waits for one in queries.line(db, activity.id)]
    if form.scope is DrawScope.NEED:
        among = waiting_line.equals_of(standing, form.priority)
    else:
        groups = [group for group in waiting_line.in_line(standing) if len(group) > 1]
        among = groups[0] if groups else []
    if len(among) < 2:
        raise Conflict(T("Der er ikke flere, der står lige, og som der ikke er trukket lod imellem."))
    seed = waiting_line.new_seed()
    ids = [one.id for one in among]
    draw = Draw(
        activity_id=activity.id,
        at=clock.now(),
        person_id=viewer.person_id,
        seed=seed,
        among=",".join(str(one) for one in ids),
        first_queued=min(one.queued for one in among),
    )
    db.add(draw)
    note(db, viewer, "waiting.lot_drawn", draw)
    entries = {entry.id: entry for entry in db.scalars(select(WaitingEntry).where(WaitingEntry.id.in_(ids)))}
    for place, entry_id in enumerate(waiting_line.draw_lots(seed, ids), 1):
        entry = entries[entry_id]
        entry.draw_id, entry.draw_place = draw.id, place
        if entry.reason is not WaitingReason.OTHER:
            entry.reason = WaitingReason.RANDOM
    return draw


def offer(db: Session, viewer: Viewer, vault: Vault, activity: Activity, form: OfferForm) -> WaitingEntry:
    """Offer a place to the next in line; to somebody else only with a written reason, which is kept with the entry."""
    _require_keeper(db, viewer, activity)
    run = db.scalar(select(Run).where(Run.id == form.run, Run.activity_id == activity.id).with_for_update())
    if run is None or run.ended_at is not None:
        raise Invalid(run=T("Vælg et forløb, der ikke er afsluttet."))
    if run.capacity is not None and occupied(db, run.id) >= run.capacity:
        raise Invalid(run=T("Forløbet har ikke flere ledige pladser."))
    standing = queries.line(db, activity.id)
    chosen = next((one for one in standing if one.id == form.entry), None)
    if chosen is None:
        raise Conflict(T("Borgeren står ikke længere på ventelisten."))
    if chosen.offered_run_id is not None:
        raise Conflict(T("Borgeren har allerede et tilbud om en plads."))
    turn = queries.next_for(standing, run.id)
    entry = db.get_one(WaitingEntry, chosen.id)
    if turn.first is None or turn.first.id != chosen.id:
        if not form.words.strip():
            if turn.first is None and chosen in turn.equals:
                raise Invalid(
                    words=T("Flere står lige. Træk lod imellem dem, eller skriv, hvorfor netop denne skal frem.")
                )
            raise Invalid(words=T("Borgeren er ikke den næste. Skriv, hvorfor de andre springes over."))
        entry.reason = WaitingReason.OTHER
        entry.sealed = vault.seal(db, entry.citizen_id, place_of(entry), form.words.strip())
        note(db, viewer, "waiting.others_skipped", entry, ["reason"])
    entry.offered_run_id, entry.offered_at = run.id, clock.now()
    note(db, viewer, "waiting.offered", entry, ["offered_run_id"])
    return entry


def answer(db: Session, viewer: Viewer, entry: WaitingEntry, form: AnswerForm) -> Participation | None:
    """What the citizen says to an offer. Yes gives the place; "not now" keeps their place in the line."""
    _require_keeper(db, viewer, entry.activity)
    _still_waits(entry)
    if entry.offered_run_id is None:
        raise Conflict(T("Der er ikke noget tilbud at svare på."))
    run = db.scalars(select(Run).where(Run.id == entry.offered_run_id).with_for_update()).one()
    today = clock.today()
    if form.answer is Answer.YES:
        starts = form.starts or max(run.starts, today if run.started_at is not None else run.starts)
        made = admit(db, viewer, run, entry.citizen, starts, reserved=1)
        _leave(entry, WaitingOutcome.STARTED)
        note(db, viewer, "waiting.started", entry, ["outcome"])
        return made
    entry.offered_run_id = entry.offered_at = None
    if form.answer is Answer.NOT_NOW:
        entry.declined_run_id = run.id
        note(db, viewer, "waiting.declined", entry, ["declined_run_id"])
        return None
    no = form.answer is Answer.NO
    _leave(entry, WaitingOutcome.WITHDRAWN if no else WaitingOutcome.EXPIRED)
    note(db, viewer, "waiting.withdrawn" if no else "waiting.expired", entry, ["outcome"])
    return None


def leave_list(db: Session, viewer: Viewer, entry: WaitingEntry, outcome: WaitingOutcome) -> None:
    """Withdrawn or expired, without an offer or with one."""
    _require_keeper(db, viewer, entry.activity)
    _still_waits(entry)
    entry.offered_run_id = entry.offered_at = None
    _leave(entry, outcome)
    note(db, viewer, f"waiting.{outcome}", entry, ["outcome"])


def _leave(entry: WaitingEntry, outcome: WaitingOutcome) -> None:
    entry.outcome = outcome
    entry.left_on = max(clock.today(), entry.queued)


def _require_keeper(db: Session, viewer: Viewer, activity: Activity) -> None:
    require(viewer, access.keep_waiting_list, AboutActivity(activity, coordinates(db, viewer, activity.unit_id)))


def _still_waits(entry: WaitingEntry) -> None:
    if entry.outcome is not WaitingOutcome.WAITING:
        raise Conflict(T("Borgeren står ikke længere på ventelisten."))
