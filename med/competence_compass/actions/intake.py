"""Citizens come and go, people work with them for a time, and a name is opened to a reason."""

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from med import clock
from med.access import Viewer, require
from med.competence_compass import access, rollups
from med.competence_compass.actions.runs import danish_day
from med.competence_compass.erasing import forget_citizen
from med.competence_compass.forms.cpr import ask_about_cpr
from med.competence_compass.forms.intake import (
    AssignForm,
    CitizenForm,
    EndForm,
    EraseForm,
    LeaveForm,
    NameForm,
    PlaceForm,
)
from med.competence_compass.looks import LookRole, note_look
from med.competence_compass.models import (
    Assignment,
    AssignmentRole,
    Citizen,
    CitizenKey,
    EndReason,
    Erasure,
    Identity,
    Instrument,
    LookAt,
    Participation,
    Presence,
    Run,
    WaitingEntry,
    WaitingOutcome,
)
from med.competence_compass.models import Session as RunSession
from med.competence_compass.pseudonyms import new_pseudonym
from med.competence_compass.vault import Lost, Vault
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T, Text
from med.organisation.access import on_day
from med.organisation.models import Employment
from med.organisation.queries import person_by_words
from med.setting_values import BadSetting

TO_HAND_OVER = 14  # days somebody may be let in when that is over, so that a citizen who has left gets their own


def require_intake(db: Session, viewer: Viewer | None, unit_id: int) -> None:
    """`viewer` is None for an import on the command line, which is asked nothing."""
    if viewer is not None:
        require(viewer, access.keep_intake, access.AboutIntake(unit_id in access.coordinated_units(db, viewer)))


def where(citizen_id: int) -> str:
    return f"compass_identity.sealed/{citizen_id}"


# --- in and out -------------------------------------------------------------------------------------------------


def enter_citizen(db: Session, viewer: Viewer, vault: Vault, form: CitizenForm) -> Citizen:
    """A new citizen: a pseudonym in the tables, the name in the vault."""
    require_intake(db, viewer, form.unit_id)
    ask_about_cpr(form.not_cpr, name=form.name, called=form.called, reach=form.reach, target_group=form.target_group)
    _check_instrument(db, form.instrument_id)
    citizen = Citizen(
        uid=str(uuid.uuid4()),
        pseudonym=new_pseudonym(
            lambda made: db.scalar(select(Citizen.id).where(Citizen.pseudonym == made)) is not None
        ),
        unit_id=form.unit_id,
        instrument_id=form.instrument_id,
        target_group=" ".join(form.target_group.split()),
        entered=form.entered,
    )
    db.add(citizen)
    db.flush()
    db.add(Identity(citizen_id=citizen.id, sealed=_sealed(db, vault, citizen.id, form)))
    note(db, viewer, "citizen.entered", citizen)
    return citizen


def _said(form: CitizenForm | NameForm) -> dict[str, str]:
    name = " ".join(form.name.split())
    return {"name": name, "called": form.called.strip() or name.split()[0], "reach": form.reach.strip()}


def _sealed(db: Session, vault: Vault, citizen_id: int, form: CitizenForm | NameForm) -> bytes:
    """The name for the vault; without a key they get one. Raises Conflict where the key ring is not the right one."""
    try:
        if db.get(CitizenKey, citizen_id) is None:
            vault.new_citizen(db, citizen_id)
        return vault.seal(db, citizen_id, where(citizen_id), _said(form))
    except (Lost, BadSetting):
        raise Conflict(T("Nøglen mangler. Spørg den, der passer systemet.")) from None


def _check_instrument(db: Session, instrument_id: int | None) -> None:
    if instrument_id is not None and db.get(Instrument, instrument_id) is None:
        raise Invalid(instrument_id=T("Vælg en af mulighederne."))


def rename(db: Session, viewer: Viewer, vault: Vault, citizen: Citizen, form: NameForm) -> None:
    """Write the name anew; nobody need see the old one for that."""
    require_intake(db, viewer, citizen.unit_id)
    ask_about_cpr(form.not_cpr, name=form.name, called=form.called, reach=form.reach)
    sealed = _sealed(db, vault, citizen.id, form)
    held = db.get(Identity, citizen.id)
    if held is None:
        db.add(Identity(citizen_id=citizen.id, sealed=sealed))
    else:
        held.sealed = sealed
    note(db, viewer, "citizen.renamed", citizen)


def place_citizen(db: Session, viewer: Viewer, citizen: Citizen, form: PlaceForm) -> None:
    """Move to another unit one coordinates, or change what stock is taken with."""
    require_intake(db, viewer, citizen.unit_id)
    require_intake(db, viewer, form.unit_id)
    ask_about_cpr(form.not_cpr, target_group=form.target_group)
    _check_instrument(db, form.instrument_id)
    if citizen.left_on is not None and citizen.left_on < form.entered:
        raise Invalid(entered=T("Borgeren stoppede før den dag."))
    said = {
        "unit_id": form.unit_id,
        "entered": form.entered,
        "target_group": " ".join(form.target_group.split()),
        "instrument_id": form.instrument_id,
    }
    fields = [name for name, value in said.items() if getattr(citizen, name) != value]
    hit = db.execute(
        update(Citizen)
        .where(Citizen.id == citizen.id, Citizen.version == form.version)
        .values(**said, version=form.version + 1)
        .returning(Citizen.id)
    ).scalar()
    if hit is None:
        raise Conflict(T("En anden har rettet imens. Se, hvad der står nu, og ret igen."))
    db.refresh(citizen)
    if "unit_id" in fields:
        rollups.refresh(db, [citizen.id])
    if fields:
        note(db, viewer, "citizen.placed", citizen, fields)


def leave(db: Session, viewer: Viewer | None, citizen: Citizen, form: LeaveForm) -> None:
    """The citizen's last day, and with it the last of what goes on around them."""
    require_intake(db, viewer, citizen.unit_id)
    if form.left_on < citizen.entered:
        raise Invalid(left_on=T("Sidste dag ligger før den dag, borgeren kom."))
    citizen.left_on = form.left_on
    citizen.version += 1
    end_what_goes_on(db, viewer, citizen, form.left_on)
    note(db, viewer, "citizen.left", citizen)


def end_what_goes_on(db: Session, viewer: Viewer | None, citizen: Citizen, left_on: date) -> None:
    """What ends when a citizen leaves, by whatever way it becomes known: they wait for nothing more, are in no run,
    and those who work with them have a month to finish writing."""
    last = left_on + access.AFTERWARDS
    for one in db.scalars(select(Assignment).where(Assignment.citizen_id == citizen.id)):
        if one.starts > last:
            note(db, viewer, "assignment.withdrawn", one)
            db.delete(one)
        elif one.ends is None or one.ends > last:
            one.ends = last
            note(db, viewer, "assignment.ended", one)
    for entry in db.scalars(
        select(WaitingEntry).where(
            WaitingEntry.citizen_id == citizen.id, WaitingEntry.outcome == WaitingOutcome.WAITING
        )
    ):
        entry.outcome, entry.left_on = WaitingOutcome.WITHDRAWN, max(entry.queued, left_on)
        note(db, viewer, "waiting.withdrawn", entry)
    _end_participations(db, viewer, citizen.id, left_on)


def _end_participations(db: Session, viewer: Viewer | None, citizen_id: int, left_on: date) -> None:
    """They stop with the citizen's last day, or the last one they came; one that would begin later is not to be."""
    came = (
        select(func.max(RunSession.day))
        .join(Presence, Presence.session_id == RunSession.id)
        .where(Presence.participation_id == Participation.id)
        .scalar_subquery()
    )
    is_open = or_(Participation.ends.is_(None), Participation.ends > max(left_on, clock.today()))
    found = db.execute(
        select(Participation, came)
        .where(Participation.citizen_id == citizen_id, is_open)
        .options(selectinload(Participation.exams))
    ).all()
    for held, noted in found:
        if held.starts > left_on and noted is None and not held.exams:
            note(db, viewer, "participation.withdrawn", held)
            db.delete(held)
            continue
        held.ends, held.end_reason = max(held.starts, left_on, noted or left_on), EndReason.STOPPED
        note(db, viewer, "participation.ended", held, ["ends", "end_reason"])
    if found:
        rollups.refresh(db, [citizen_id])


def come_back(db: Session, viewer: Viewer, citizen: Citizen) -> None:
    """They did not leave after all, nor the runs they stopped in with it. Who works with them is said anew."""
    require_intake(db, viewer, citizen.unit_id)
    if citizen.left_on is None:
        return
    stopped = db.scalars(
        select(Participation)
        .join(Run, Run.id == Participation.run_id)
        .where(
            Participation.citizen_id == citizen.id,
            Participation.end_reason == EndReason.STOPPED,
            Participation.ends >= citizen.left_on,
            Run.ended_at.is_(None),
        )
    ).all()
    for held in stopped:
        held.ends = held.end_reason = None
        note(db, viewer, "participation.changed", held, ["ends", "end_reason"])
    rollups.refresh(db, [held.citizen_id for held in stopped])
    citizen.left_on = None
    citizen.version += 1
    note(db, viewer, "citizen.came_back", citizen)


# --- who works with whom ----------------------------------------------------------------------------------------


def assign(db: Session, viewer: Viewer, citizen: Citizen, form: AssignForm) -> Assignment:
    """Give a citizen a contact person, or a deputy for a time."""
    require_intake(db, viewer, citizen.unit_id)
    ask_about_cpr(form.not_cpr, reason=form.reason)
    person = person_by_words(db, viewer, form.person)
    errors: dict[str, Any] = {}
    if person is None:
        errors["person"] = T("Vælg en person fra listen.")
    elif (
        db.scalar(select(Employment.id).where(Employment.person_id == person.id, on_day(Employment, form.starts)))
        is None
    ):
        errors["person"] = T("%(name)s er ikke ansat den dag.", name=person.name)
    if form.starts < citizen.entered:
        errors["starts"] = T("Borgeren var her ikke den dag.")
    if citizen.left_on is not None and "starts" not in errors:
        errors |= _after_leaving(citizen.left_on, form)
    if errors or person is None:
        raise Invalid(**errors)
    overlap = and_(
        Assignment.citizen_id == citizen.id,
        Assignment.person_id == person.id,
        Assignment.role == form.role,
        or_(Assignment.ends.is_(None), Assignment.ends >= form.starts),
        Assignment.starts <= (form.ends or date.max),
    )
    if db.scalar(select(Assignment.id).where(overlap).limit(1)) is not None:
        raise Invalid(person=T("%(name)s er allerede tilknyttet i de dage.", name=person.name))
    made = Assignment(
        citizen_id=citizen.id,
        person_id=person.id,
        role=form.role,
        starts=form.starts,
        ends=form.ends,
        reason=form.reason.strip(),
        given_by_id=viewer.person_id,
    )
    db.add(made)
    note(db, viewer, "assignment.given", made)
    return made


def _after_leaving(left_on: date, form: AssignForm) -> dict[str, Text]:
    """What is wrong with letting somebody in to a citizen who has left: a month, and then a few days to hand over."""
    last = left_on + access.AFTERWARDS
    if form.ends is not None and form.ends <= last:
        return {}
    if form.role is AssignmentRole.DEPUTY and form.ends is not None:
        if form.starts + timedelta(days=TO_HAND_OVER) > form.ends:
            return {}
        return {"ends": T("Borgeren er stoppet. En stedfortræder er der højst %(n)s dage.", n=TO_HAND_OVER)}
    field = "starts" if form.starts > last else "ends"
    return {
        field: T(
            "Borgeren er stoppet, og en kontaktperson er der højst til den %(day)s. Skal noget udleveres, så vælg en "
            "stedfortræder i højst %(n)s dage.",
            day=danish_day(last),
            n=TO_HAND_OVER,
        )
    }


def end_assignment(db: Session, viewer: Viewer, assignment: Assignment, form: EndForm) -> None:
    """The last day of it; access ends the day after. A day gone by ends it at this moment."""
    require_intake(db, viewer, assignment.citizen.unit_id)
    if assignment.ends is not None and assignment.ends < clock.today():
        raise Conflict(T("Tilknytningen er allerede slut."))
    if form.ends > clock.today() + timedelta(days=3660):
        raise Invalid(ends=T("Datoen ligger for langt ude i fremtiden."))
    left_on = assignment.citizen.left_on
    if left_on is not None and form.ends > max(left_on + access.AFTERWARDS, assignment.ends or date.max):
        raise Invalid(ends=T("Borgeren er stoppet. Tilknytningen kan ikke gøres længere."))
    if form.ends < assignment.starts:
        # It is not to have been: there is no day left of it. The journal keeps that it was.
        note(db, viewer, "assignment.withdrawn", assignment)
        db.delete(assignment)
        db.flush()
        return
    assignment.ends = form.ends
    note(db, viewer, "assignment.ended", assignment)


# --- who it is ----------------------------------------------------------------------------------------------------


def open_identity(
    db: Session, viewer: Viewer, vault: Vault, citizen: Citizen, role: LookRole, reason: str
) -> dict[str, str]:
    """Who a citizen is: {"name", "called", "reach"}, the look noted first. Empty when the vault does not open."""
    note_look(db, viewer, citizen, LookAt.IDENTITY, role, reason)
    held = db.get(Identity, citizen.id)
    if held is None:
        return {}
    try:
        return {key: str(value) for key, value in vault.open(db, citizen.id, where(citizen.id), held.sealed).items()}
    except Lost:
        return {}


def erase_citizen(db: Session, viewer: Viewer, citizen: Citizen, form: EraseForm) -> None:
    """Everything about a citizen goes; see `med.competence_compass.erasing` for what stays. It cannot be undone."""
    require_intake(db, viewer, citizen.unit_id)
    if form.pseudonym.strip().upper() != citizen.pseudonym.upper():
        raise Invalid(pseudonym=T("Skriv pseudonymet, som det står: %(code)s.", code=citizen.pseudonym))
    ask_about_cpr(form.not_cpr, reason=form.reason)
    note_look(db, viewer, citizen, LookAt.ERASURE, LookRole.COORDINATOR, form.reason)
    db.add(Erasure(uid=citizen.uid, at=clock.now(), person_id=viewer.person_id))
    note(db, viewer, "citizen.erased", citizen)
    forget_citizen(db, citizen)
