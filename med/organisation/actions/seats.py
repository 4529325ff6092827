"""Giving, moving and ending seats. A seat that has been held is never deleted: an old meeting shows who sat then."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from med import clock
from med.access import SeatRole, Viewer, require
from med.errors import Conflict, Invalid, NotAllowed
from med.journal.actions import note
from med.language import T, word
from med.organisation import access, seating
from med.organisation.actions.lookup import lock, whom
from med.organisation.forms import EndSeatForm, MoveSeatForm, SeatForm
from med.organisation.models import Committee, Employment, Person, Seat
from med.organisation.seating import Sitting, day_before
from med.workdays import in_full


def give_seat(db: Session, viewer: Viewer, committee: Committee, form: SeatForm) -> Seat:
    require(viewer, access.keep_committee, committee)
    lock(db, committee)
    person = whom(db, viewer, form.person)
    not_to_oneself(viewer, committee, person)
    seat = Seat(
        committee_id=committee.id,
        person_id=person.id,
        side=form.side,
        role=form.role,
        rep_role=form.rep_role,
        electoral_group=form.electoral_group,
        substitute_for_id=form.substitute_for,
        starts=form.starts,
        ends=form.ends,
    )
    check_employed(db, person, seat)
    seat_them(db, viewer, committee, seat, person, form.succeed)
    note(db, viewer, "seat.given", seat)
    return seat


def move_seat(db: Session, viewer: Viewer, seat: Seat, form: MoveSeatForm) -> Seat:
    """Give the person another role in the committee: the seat ends the day before, and a new one begins."""
    require(viewer, access.keep_seat, seat)
    committee, person = seat.committee, seat.person
    lock(db, committee)
    db.refresh(seat)  # somebody may have ended it while this one waited
    not_to_oneself(viewer, committee, person)
    if form.starts <= seat.starts:
        raise Invalid(
            starts=T("Rollen kan først skifte efter %(day)s, hvor pladsen begynder.", day=in_full(seat.starts))
        )
    if seat.ends is not None and form.starts > seat.ends:
        raise Invalid(starts=T("Pladsen slutter %(day)s. Giv en ny plads i stedet.", day=in_full(seat.ends)))
    not_over(seat)
    moved = Seat(
        committee_id=committee.id,
        person_id=seat.person_id,
        side=form.side,
        role=form.role,
        rep_role=form.rep_role,
        electoral_group=seat.electoral_group if form.keep_group else form.electoral_group,
        substitute_for_id=form.substitute_for,
        starts=form.starts,
        ends=seat.ends,
    )
    told = ("side", "role", "rep_role", "electoral_group", "substitute_for_id")
    if all(getattr(moved, name) == getattr(seat, name) for name in told):
        raise Invalid(role=T("Her er intet ændret. Vælg en anden rolle, side eller hverv."))
    seat.ends = day_before(form.starts)
    db.flush()
    seat_them(db, viewer, committee, moved, person, form.succeed)
    for substitute in stand_ins(db, seat, form.starts):
        # Those who stood in for the person in the old role do so in the new one.
        if moved.role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER) and moved.side is substitute.side:
            substitute.substitute_for_id = moved.id
    note(db, viewer, "seat.ended", seat, ["ends"])
    note(db, viewer, "seat.given", moved)
    return moved


def end_seat(db: Session, viewer: Viewer, seat: Seat, form: EndSeatForm) -> Seat:
    require(viewer, access.keep_seat, seat)
    lock(db, seat.committee)
    db.refresh(seat)
    not_over(seat)
    if form.seen != (seat.ends.isoformat() if seat.ends else ""):
        raise Conflict(T("En anden har ændret pladsen imens. Se den igen, før du ændrer."))
    if form.ends < seat.starts:
        raise Invalid(ends=T("Pladsen begynder %(day)s og kan ikke slutte før.", day=in_full(seat.starts)))
    before, seat.ends = seat.ends, form.ends
    if before is not None and form.ends > before:
        check_room(db, seat.committee, seat, seat.person, succeed=False)
    note(db, viewer, "seat.ended", seat, ["ends"])
    return seat


def withdraw_seat(db: Session, viewer: Viewer, seat: Seat) -> None:
    """Take back a seat that has not begun."""
    require(viewer, access.keep_seat, seat)
    if seat.starts <= clock.today():
        raise Conflict(T("Pladsen er begyndt. Giv den en sidste dag i stedet."))
    for substitute in stand_ins(db, seat, seat.starts):
        substitute.substitute_for_id = None
    note(db, viewer, "seat.withdrawn", seat)
    db.delete(seat)


# --- what must hold -----------------------------------------------------------------------------------------------


def not_to_oneself(viewer: Viewer, committee: Committee, person: Person) -> None:
    """Who runs the system sets committees up, and gets no right to what is said in them that way."""
    if person.id == viewer.person_id and not viewer.is_secretary(committee.id):
        raise NotAllowed([T("Du kan ikke give dig selv en plads.")])


def not_over(seat: Seat) -> None:
    if seat.ends is not None and seat.ends < clock.today():
        raise Conflict(T("Pladsen er slut %(day)s. En plads, der er slut, ændres ikke.", day=in_full(seat.ends)))


def check_employed(db: Session, person: Person, seat: Seat) -> None:
    works = select(Employment.id).where(
        Employment.person_id == person.id, or_(Employment.ends.is_(None), Employment.ends >= seat.starts)
    )
    if seat.ends is not None:
        works = works.where(Employment.starts <= seat.ends)
    if db.scalar(works.limit(1)) is None:
        raise Invalid(person=T("%(name)s er ikke ansat i den tid.", name=person.name))


def seat_them(db: Session, viewer: Viewer, committee: Committee, seat: Seat, person: Person, succeed: bool) -> None:
    """Put the seat in, after the present chair's last day where the form said so."""
    for earlier in check_room(db, committee, seat, person, succeed):
        earlier.ends = day_before(seat.starts)
        note(db, viewer, "seat.ended", earlier, ["ends"])
    db.add(seat)
    db.flush()


def check_room(db: Session, committee: Committee, seat: Seat, person: Person, succeed: bool) -> list[Seat]:
    """Raise Invalid where the seat cannot stand beside the others; give the seats that are to end for it."""
    new = sitting(seat, person.name)
    held = {
        found.id: found
        for found in db.scalars(select(Seat).where(Seat.committee_id == committee.id).options(joinedload(Seat.person)))
        if found is not seat
    }
    others = {id: sitting(found, found.person.name) for id, found in held.items()}
    inside_life(committee, new)
    wrong = seating.alone_at_fault(new)
    if not wrong and new.substitute_for is not None:
        wrong = seating.wrong_stand_in(new, others.get(new.substitute_for))
    if wrong := wrong or seating.taken(new, others.values()):
        raise Invalid(**wrong)
    earlier = seating.predecessors(new, others.values())
    for other in earlier:
        if other.starts >= new.starts:
            raise Invalid(
                starts=T(
                    "%(name)s er %(role)s %(period)s.",
                    name=other.name,
                    role=word(other.role),
                    period=seating.period(other.starts, other.ends),
                )
            )
    for other in earlier:
        if not succeed:
            raise Invalid(
                succeed=T(
                    "%(name)s er %(role)s. Sæt kryds, hvis den plads skal slutte %(day)s.",
                    name=other.name,
                    role=word(other.role),
                    day=in_full(day_before(new.starts)),
                )
            )
    return [held[other.seat_id] for other in earlier if other.seat_id is not None]


def sitting(seat: Seat, name: str) -> Sitting:
    return Sitting(seat.person_id, name, seat.side, seat.role, seat.starts, seat.ends, seat.substitute_for_id, seat.id)


def inside_life(committee: Committee, new: Sitting) -> None:
    """A seat lies within the committee's own time."""
    if committee.starts is not None and new.starts < committee.starts:
        raise Invalid(starts=T("Udvalget begynder først %(day)s.", day=in_full(committee.starts)))
    if committee.ends is not None:
        if new.starts > committee.ends:
            raise Invalid(starts=T("Udvalget slutter %(day)s.", day=in_full(committee.ends)))
        if new.ends is None or new.ends > committee.ends:
            raise Invalid(ends=T("Udvalget slutter %(day)s. Skriv den dag eller en før.", day=in_full(committee.ends)))


def stand_ins(db: Session, seat: Seat, day: date) -> list[Seat]:
    """Those named as substitutes for a seat, whose own seats still hold on the day."""
    return list(
        db.scalars(select(Seat).where(Seat.substitute_for_id == seat.id, or_(Seat.ends.is_(None), Seat.ends >= day)))
    )
