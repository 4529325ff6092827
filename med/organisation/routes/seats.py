"""The seats of a committee through time, and giving, moving and ending them."""

from typing import Any

from litestar import Response

from med import clock
from med.access import INSIDE, SeatRole, Side, require
from med.errors import Invalid
from med.language import word
from med.organisation import access, actions, queries
from med.organisation.forms import EndSeatForm, MoveSeatForm, SeatForm
from med.organisation.models import Committee, ElectoralGroup, RepRole, Seat
from med.organisation.routes.common import options
from med.organisation.suggesting import colleagues, told_apart
from med.web.forms import parse
from med.web.routing import Visit, get, post


@get("/udvalg/{committee_id:int}/pladser", name="organisation.seats", policy=access.see_committees)
def seats(visit: Visit, committee_id: int) -> Response:
    committee = queries.committee(visit.db, visit.viewer, committee_id)
    today = clock.today()
    held = queries.seats_of_committee(visit.db, committee.id)
    return visit.page(
        "organisation/seats.html",
        committee=committee,
        coming=[seat for seat in held if seat.starts > today],
        present=queries.seats_on(visit.db, committee.id, today),
        before=[seat for seat in held if seat.ends is not None and seat.ends < today],
        inside=access.sees_inside(visit.viewer, committee),
    )


@get("/udvalg/{committee_id:int}/pladser/ny", name="organisation.new_seat", policy=access.keep_committee)
def new_seat(visit: Visit, committee_id: int) -> Response:
    committee = queries.committee(visit.db, visit.viewer, committee_id)
    require(visit.viewer, access.keep_committee, committee)
    offered = {name: visit.query.get(name) for name in ("person", "side", "role")}
    start = max(clock.today(), committee.starts or clock.today())
    values = {
        **offered,
        "role": offered["role"] or SeatRole.MEMBER.value,
        "side": offered["side"] or "unchosen",  # "" is a choice of its own, for advisers
        "starts": start.isoformat(),
        "ends": committee.ends.isoformat() if committee.ends else "",
    }
    return show_new_seat(visit, committee, values, {})


def choices(visit: Visit, committee: Committee) -> dict[str, Any]:
    """What the forms about seats choose from."""
    today = clock.today()
    held = queries.seats_of_committee(visit.db, committee.id)
    return {
        "sides": options(Side),
        "roles": options(SeatRole),
        "rep_roles": options(RepRole),
        "groups": options(ElectoralGroup),
        "members": [
            (str(seat.id), seat.person.name, str(word(seat.side)) if seat.side else "")
            for seat in held
            if seat.role in INSIDE and (seat.ends is None or seat.ends >= today)
        ],
    }


def show_new_seat(
    visit: Visit, committee: Committee, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200
) -> Response:
    return visit.page(
        "organisation/new_seat.html",
        committee=committee,
        values=values,
        errors=errors,
        suggested=told_apart(colleagues(visit.db, visit.viewer, unit_id=committee.unit_id)),
        **choices(visit, committee),
        status_code=status_code,
    )


@post("/udvalg/{committee_id:int}/pladser/ny", name="organisation.give_seat", policy=access.keep_committee)
def give_seat(visit: Visit, committee_id: int) -> Response:
    committee = queries.committee(visit.db, visit.viewer, committee_id)
    require(visit.viewer, access.keep_committee, committee)
    form, errors = parse(SeatForm, visit.form)
    if form is None:
        return show_new_seat(visit, committee, visit.form.values(), errors, 422)
    try:
        actions.give_seat(visit.db, visit.viewer, committee, form)
    except Invalid as invalid:
        return show_new_seat(visit, committee, visit.form.values(), invalid.errors, 422)
    return visit.to("organisation.seats", said="gemt", committee_id=committee.id)


@get("/udvalg/{committee_id:int}/pladser/{seat_id:int}", name="organisation.seat", policy=access.keep_seat)
def seat(visit: Visit, committee_id: int, seat_id: int) -> Response:
    found = queries.seat(visit.db, visit.viewer, committee_id, seat_id)
    require(visit.viewer, access.keep_seat, found)
    return show_seat(visit, found)


def show_seat(
    visit: Visit,
    found: Seat,
    moving: dict[str, Any] | None = None,
    ending: dict[str, Any] | None = None,
    errors: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    """The page of a seat: one form moves it, one ends it. `moving` or `ending` is what was typed in that form."""
    today = clock.today()
    inside = access.sees_inside(visit.viewer, found.committee)
    as_it_is = {
        "role": found.role.value,
        "side": found.side.value if found.side else "",
        "rep_role": found.rep_role.value if found.rep_role else "",
        "electoral_group": found.electoral_group.value if found.electoral_group and inside else "",
        "substitute_for": str(found.substitute_for_id or ""),
        "starts": today.isoformat(),
    }
    return visit.page(
        "organisation/seat.html",
        seat=found,
        committee=found.committee,
        inside=inside,
        is_coming=found.starts > today,
        is_over=found.ends is not None and found.ends < today,
        seen=found.ends.isoformat() if found.ends else "",
        move_values=moving or as_it_is,
        end_values=ending or {"ends": found.ends.isoformat() if found.ends else ""},
        errors=errors or {},
        move_errors=(errors or {}) if moving else {},
        end_errors=(errors or {}) if ending else {},
        **choices(visit, found.committee),
        status_code=status_code,
    )


@post("/udvalg/{committee_id:int}/pladser/{seat_id:int}/flyt", name="organisation.move_seat", policy=access.keep_seat)
def move_seat(visit: Visit, committee_id: int, seat_id: int) -> Response:
    found = queries.seat(visit.db, visit.viewer, committee_id, seat_id)
    require(visit.viewer, access.keep_seat, found)
    form, errors = parse(MoveSeatForm, visit.form)
    if form is None:
        return show_seat(visit, found, moving=visit.form.values(), errors=errors, status_code=422)
    form.keep_group = not access.sees_inside(visit.viewer, found.committee)
    try:
        actions.move_seat(visit.db, visit.viewer, found, form)
    except Invalid as invalid:
        visit.db.expire(found)
        return show_seat(visit, found, moving=visit.form.values(), errors=invalid.errors, status_code=422)
    return visit.to("organisation.seats", said="gemt", committee_id=committee_id)


@post("/udvalg/{committee_id:int}/pladser/{seat_id:int}/slut", name="organisation.end_seat", policy=access.keep_seat)
def end_seat(visit: Visit, committee_id: int, seat_id: int) -> Response:
    found = queries.seat(visit.db, visit.viewer, committee_id, seat_id)
    require(visit.viewer, access.keep_seat, found)
    form, errors = parse(EndSeatForm, visit.form)
    if form is None:
        return show_seat(visit, found, ending=visit.form.values(), errors=errors, status_code=422)
    try:
        actions.end_seat(visit.db, visit.viewer, found, form)
    except Invalid as invalid:
        visit.db.expire(found)
        return show_seat(visit, found, ending=visit.form.values(), errors=invalid.errors, status_code=422)
    return visit.to("organisation.seats", said="gemt", committee_id=committee_id)


@post(
    "/udvalg/{committee_id:int}/pladser/{seat_id:int}/fjern", name="organisation.withdraw_seat", policy=access.keep_seat
)
def withdraw_seat(visit: Visit, committee_id: int, seat_id: int) -> Response:
    found = queries.seat(visit.db, visit.viewer, committee_id, seat_id)
    actions.withdraw_seat(visit.db, visit.viewer, found)
    return visit.to("organisation.seats", said="gemt", committee_id=committee_id)


handlers = [seats, new_seat, give_seat, seat, move_seat, end_seat, withdraw_seat]
