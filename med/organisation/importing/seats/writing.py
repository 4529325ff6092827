"""Writing down what a file of seats changes."""

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import INSIDE, SeatRole, Side, Viewer
from med.errors import NotAllowed
from med.journal.actions import note_many
from med.language import T
from med.organisation.importing.plan import Plan
from med.organisation.importing.seats.places import Place, Work
from med.organisation.models import Seat


def carry_out(db: Session, viewer: Viewer | None, plan: Plan) -> None:
    work: Work = plan.work
    if viewer is not None and any(place.person_id == viewer.person_id for place in work.new):
        raise NotAllowed([T("Du kan ikke indlæse en plads til dig selv.")])
    gone = [place.id for place in work.never_begun]
    if gone:
        db.execute(update(Seat).where(Seat.substitute_for_id.in_(gone)).values(substitute_for_id=None))
        db.execute(delete(Seat).where(Seat.id.in_(gone)))
    if work.ended:
        db.execute(update(Seat), [{"id": place.id, "ends": place.ends} for place in work.ended])
    if work.changed:
        db.execute(update(Seat), [{"id": place.id, **as_columns(place)} for place in work.changed])
    before = set(db.scalars(select(Seat.id).where(Seat.committee_id.in_({place.committee_id for place in work.new}))))
    if work.new:
        db.execute(
            insert(Seat),
            [{"committee_id": p.committee_id, "person_id": p.person_id, **as_columns(p)} for p in work.new],
        )
    name_substitutes(db, work)
    made = db.scalars(select(Seat.id).where(Seat.committee_id.in_({place.committee_id for place in work.new}))).all()
    note_many(
        db,
        viewer,
        Seat,
        [(what, id, fields) for id, (what, fields) in work.happened.items()]
        + [("seat.given", id, []) for id in made if id not in before],
    )


def as_columns(place: Place) -> dict[str, Any]:
    return {name: getattr(place, name) for name in ("side", "role", "rep_role", "electoral_group", "starts", "ends")}


def name_substitutes(db: Session, work: Work) -> None:
    """Now that every seat has its id: whose seat each substitute stands in for. Those who stood in for somebody with
    a new role do so in the new one."""
    touched = [*work.new, *work.changed]
    members = defaultdict(list)
    substitutes: dict[tuple[int, int, date], list[int]] = defaultdict(list)
    rows = db.execute(
        select(Seat.id, Seat.committee_id, Seat.person_id, Seat.role, Seat.side, Seat.starts, Seat.ends)
        .where(Seat.committee_id.in_({place.committee_id for place in touched}))
        .order_by(Seat.starts, Seat.id)
    ).all()
    for row in rows:
        if row.role in INSIDE:
            members[row.committee_id, row.person_id].append(row)
        elif row.role is SeatRole.SUBSTITUTE:
            substitutes[row.committee_id, row.person_id, row.starts].append(row.id)

    def seat_of(committee_id: int, person_id: int | None, side: Side | None, day: date) -> int | None:
        held = members.get((committee_id, person_id or 0), [])
        fitting = [row.id for row in held if row.side is side and (row.ends is None or row.ends >= day)]
        return fitting[-1] if fitting else None

    naming: list[dict[str, Any]] = []
    for place in touched:
        if place.role is SeatRole.SUBSTITUTE:
            # Somebody who stands in for two has two seats from one day: each place takes the next.
            own = place.id or substitutes[place.committee_id, place.person_id, place.starts].pop()
            for_whom = seat_of(place.committee_id, place.substitute_for, place.side, place.starts)
            naming.append({"id": own, "substitute_for_id": for_whom})
    ended = {place.id: place for place in work.ended}
    left_behind = db.execute(
        select(Seat.id, Seat.side, Seat.substitute_for_id).where(
            Seat.substitute_for_id.in_(ended), or_(Seat.ends.is_(None), Seat.ends >= clock.today())
        )
    ).all()
    known = {name["id"] for name in naming}
    for id, side, for_id in left_behind:
        place = ended[for_id or 0]
        if id not in known and (now := seat_of(place.committee_id, place.person_id, side, clock.today())):
            naming.append({"id": id, "substitute_for_id": now})
    if naming:
        db.execute(update(Seat), naming)
