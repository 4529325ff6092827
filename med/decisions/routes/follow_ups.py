"""Follow-ups: agreeing on them, the list of them, and each with its history."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from med.access import allows, require, signed_in
from med.decisions import access, actions, queries
from med.decisions.forms import FollowUpForm, FollowUpStateForm
from med.decisions.models import FollowUp, FollowUpState
from med.decisions.routes.single import change
from med.errors import Conflict, Invalid, Unreadable
from med.language import T
from med.meetings.live import tell
from med.numbers import asked_number
from med.organisation.choosing import committees_to_filter
from med.web.forms import parse
from med.web.incoming import safe_path
from med.web.routing import Visit, get, post


@get("/beslutninger/opfoelgning", name="decisions.follow_ups", policy=signed_in)
def follow_ups(visit: Visit) -> Response:
    committee_id = asked_number(visit.query.get("udvalg"))
    who = visit.query.get("ansvarlig").strip()
    owner_id = queries.who_is_meant(visit.db, visit.viewer, who) if who else None
    errors = {}
    if owner_id == 0:
        errors["ansvarlig"] = T("Vi kender ikke “%(name)s”, eller flere hedder det.", name=who)
    overdue = visit.query.get("frist") == "over"
    with_closed = visit.query.get("lukkede") == "1"
    found = queries.follow_ups(
        visit.db,
        visit.viewer,
        committee_id=committee_id,
        owner_id=owner_id,
        overdue=overdue,
        with_closed=with_closed,
        after=read_place(visit.query.get("efter")),
    )
    values = {name: visit.query.get(name) for name in ("udvalg", "ansvarlig", "frist", "lukkede")}
    return visit.page(
        "decisions/follow_ups.html",
        rows=found.rows,
        older=next_page(values, found.after),
        committees=committees_to_filter(visit.db, visit.viewer),
        values=values,
        errors=errors,
        status_code=400 if errors else 200,
    )


def read_place(raw: str) -> tuple[date, int] | None:
    if not raw:
        return None
    day, _, number = raw.partition(".")
    try:
        return date.fromisoformat(day), asked_number(number) or 0
    except ValueError:
        raise Unreadable(T("Adressen indeholder et tal, der ikke giver mening.")) from None


def next_page(values: dict[str, str], after: str) -> str:
    if not after:
        return ""
    return "/beslutninger/opfoelgning?" + urlencode([*((k, v) for k, v in values.items() if v), ("efter", after)])


@get("/beslutninger/opfoelgning/{follow_up_id:int}", name="decisions.follow_up", policy=signed_in)
def show_follow_up(visit: Visit, follow_up_id: int) -> Response:
    return show(visit, queries.follow_up(visit.db, visit.viewer, follow_up_id))


def show(visit: Visit, follow_up: FollowUp, errors: dict[str, Any] | None = None, status_code: int = 200) -> Response:
    may_hand_over = allows(visit.viewer, access.hand_over_follow_up, follow_up)
    typed = visit.form.values()
    values = {
        "state": follow_up.state.value,
        "due": follow_up.due.isoformat() if follow_up.due else "",
        **typed,
        "version": follow_up.version,
    }
    return visit.page(
        "decisions/follow_up.html",
        follow_up=follow_up,
        history=queries.follow_up_history(visit.db, visit.viewer, follow_up.id),
        states=[(state.value, state) for state in FollowUpState],
        links=queries.readable_sources(visit.db, visit.viewer, follow_up),
        people=queries.people_for(visit.db, visit.viewer, follow_up) if may_hand_over else [],
        values=values,
        errors=errors or {},
        status_code=status_code,
    )


@post("/beslutninger/opfoelgning/{follow_up_id:int}", name="decisions.move_follow_up", policy=access.move_follow_up)
def move_follow_up(visit: Visit, follow_up_id: int) -> Response:
    follow_up = queries.follow_up(visit.db, visit.viewer, follow_up_id)
    require(visit.viewer, access.move_follow_up, follow_up)
    visit.db.refresh(follow_up, ["version", "state", "due", "owner_id"], with_for_update=True)
    form, errors = parse(FollowUpStateForm, visit.form)
    status = 422
    if form is not None:
        try:
            actions.move_follow_up(visit.db, visit.viewer, follow_up, form)
            onwards = safe_path(visit.form.get("videre"))
            return visit.go(onwards) if onwards else visit.to("decisions.follow_up", follow_up_id=follow_up.id)
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            errors, status = {"": conflict.message}, 409
    return show(visit, follow_up, errors, status)


@post("/beslutninger/opfoelgning/punkt/{item_id:int}", name="decisions.agree", policy=access.add_follow_up)
def agree_on_item(visit: Visit, item_id: int) -> Response:
    item = queries.item_to_minute(visit.db, visit.viewer, item_id)
    require(visit.viewer, access.add_follow_up, item)
    form, errors = parse(FollowUpForm, visit.form)
    if form is not None:
        try:
            made = actions.agree_follow_up(visit.db, visit.viewer, item, form)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            tell(visit, item.meeting_id)
            if onwards := safe_path(visit.form.get("videre")):
                return visit.go(f"{onwards.partition('#')[0]}#beslutninger-{item.id}")
            return visit.to("decisions.follow_up", follow_up_id=made.id, said="gemt")
    return visit.page(
        "decisions/agree.html",
        item=item,
        values=visit.form.values(),
        errors=errors,
        onwards=safe_path(visit.form.get("videre")),
        people=queries.people_for(visit.db, visit.viewer, item),
        status_code=422,
    )


@post("/beslutninger/{decision_id:int}/opfoelgning", name="decisions.follow_up_on", policy=access.follow_up_decision)
def agree_on_decision(visit: Visit, decision_id: int) -> Response:
    return change(visit, decision_id, "opfoelgning", FollowUpForm, actions.follow_up_decision)
