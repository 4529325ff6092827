"""Who coordinates intake and waiting lists, and who keeps the instruments: given for a while, by the unit's manager."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.competence_compass import access
from med.competence_compass.forms.roles import EndRoleForm, RoleForm
from med.competence_compass.models import CompassRole
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T
from med.organisation.actions.lookup import whom
from med.workdays import in_full


def give_role(db: Session, viewer: Viewer, form: RoleForm) -> CompassRole:
    """Give a role. Raises Invalid for oneself, a unit one does not manage, and a role the person has already."""
    require(viewer, access.give_role, None)
    if form.unit not in viewer.managed_unit_ids:
        raise Invalid(unit=T("Vælg en af mulighederne."))
    person = whom(db, viewer, form.person)
    if person.id == viewer.person_id:
        raise Invalid(person=T("Du kan ikke give dig selv en rolle. Den, der leder over dig, kan."))
    same = select(CompassRole.id).where(
        CompassRole.person_id == person.id,
        CompassRole.kind == form.kind,
        CompassRole.unit_id == form.unit,
        or_(CompassRole.ends.is_(None), CompassRole.ends >= form.starts),
    )
    if form.ends is not None:
        same = same.where(CompassRole.starts <= form.ends)
    if db.scalar(same.limit(1)) is not None:
        raise Invalid(person=T("%(name)s har allerede rollen i den tid.", name=person.name))
    made = CompassRole(
        person_id=person.id,
        kind=form.kind,
        unit_id=form.unit,
        starts=form.starts,
        ends=form.ends,
        given_by_id=viewer.person_id,
    )
    db.add(made)
    note(db, viewer, "compass_role.given", made)
    return made


def end_role(db: Session, viewer: Viewer, role: CompassRole, form: EndRoleForm) -> CompassRole:
    """Say when a role's last day is; the day after, it opens nothing."""
    require(viewer, access.give_role, role.unit_id)
    if role.ends is not None and role.ends < clock.today():
        raise Conflict(T("Det er allerede slut %(day)s.", day=in_full(role.ends)))
    if form.ends < role.starts:
        raise Invalid(ends=T("Det begynder først %(day)s.", day=in_full(role.starts)))
    if role.ends is not None and form.ends > role.ends:  # or anyone could prolong their own
        raise Invalid(ends=T("Rollen slutter allerede %(day)s. Giv en ny for at forlænge den.", day=in_full(role.ends)))
    role.ends = form.ends
    note(db, viewer, "compass_role.ended", role, ["ends"])
    return role
