"""Who is MED secretary of what. A grant, not a seat: a secretary prepares and minutes, and decides nothing."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.errors import Conflict, Invalid, NotAllowed
from med.journal.actions import note
from med.language import T
from med.organisation import access
from med.organisation.actions.lookup import whom
from med.organisation.forms import EndGrantForm, GrantForm
from med.organisation.models import Committee, Grant, GrantKind
from med.workdays import in_full


def give_grant(db: Session, viewer: Viewer, form: GrantForm) -> Grant:
    """Make someone secretary of a committee, and where the form says so of all below it."""
    require(viewer, access.give_grant, None)
    committee = db.get(Committee, form.committee)
    if committee is None:
        raise Invalid(committee=T("Vælg en af mulighederne."))
    person = whom(db, viewer, form.person)
    if person.id == viewer.person_id:
        raise NotAllowed([T("Du kan ikke gøre dig selv til MED-sekretær.")])
    overlapping = select(Grant.id).where(
        Grant.person_id == person.id,
        Grant.kind == GrantKind.SECRETARY,
        Grant.committee_id == committee.id,
        or_(Grant.ends.is_(None), Grant.ends >= form.starts),
    )
    if form.ends is not None:
        overlapping = overlapping.where(Grant.starts <= form.ends)
    if db.scalar(overlapping.limit(1)) is not None:
        raise Invalid(person=T("%(name)s er allerede sekretær for udvalget i den tid.", name=person.name))
    grant = Grant(
        person_id=person.id,
        kind=GrantKind.SECRETARY,
        committee_id=committee.id,
        with_below=form.with_below,
        starts=form.starts,
        ends=form.ends,
    )
    db.add(grant)
    note(db, viewer, "grant.given", grant)
    return grant


def end_grant(db: Session, viewer: Viewer, grant: Grant, form: EndGrantForm) -> Grant:
    require(viewer, access.give_grant, grant)
    if grant.kind is not GrantKind.SECRETARY:
        raise NotAllowed([T("Kun den, der driver systemet, kan ændre administratorer.")])
    if grant.ends is not None and grant.ends < clock.today():
        raise Conflict(T("Det er allerede slut %(day)s.", day=in_full(grant.ends)))
    if form.ends < grant.starts:
        raise Invalid(ends=T("Det begynder først %(day)s.", day=in_full(grant.starts)))
    grant.ends = form.ends
    note(db, viewer, "grant.ended", grant, ["ends"])
    return grant
