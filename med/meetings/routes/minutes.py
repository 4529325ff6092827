"""The minutes as a document: reading, approving, history, addenda, and the frozen file."""

from typing import Any

from litestar import Response

from med.access import SeatRole, require, signed_in
from med.errors import Invalid, NotAllowed, NotFound
from med.language import T, word
from med.meetings import access
from med.meetings.actions import minutes as actions
from med.meetings.actions.versions import Stale
from med.meetings.forms.minutes import AddendumText, Approved, For, WrittenApproval
from med.meetings.live import tell
from med.meetings.models import Meeting, Minutes, MinutesState, Part, Presence, Reply
from med.meetings.parts import PARTS
from med.meetings.queries import minutes as questions
from med.meetings.queries.room import (
    HERE,
    Point,
    corrections,
    item_for,
    listed,
    meeting_for,
    points,
    quorum_warning,
    sent_on,
)
from med.meetings.routes.common import show_kept
from med.text import diff, warn_cpr
from med.web.forms import parse
from med.web.pages import SAID
from med.web.routing import Visit, get, page_number, post

SAID.update(
    {
        "til-godkendelse": T("Referatet er sendt til godkendelse."),
        "din-side": T("Du har godkendt for din side."),
        "referat-godkendt": T("Referatet er godkendt og offentliggjort."),
        "referat-rettet": T("Referatet er rettet, siden det blev sendt til godkendelse. Det er en kladde igen."),
        "tilfoejelse": T("Tilføjelsen står nu under referatet."),
    }
)


@get("/moeder/{meeting_id:int}/referat", name="meetings.minutes", policy=signed_in)
def minutes(visit: Visit, meeting_id: int) -> Response:
    return show_minutes(visit, meeting_for(visit.db, visit.viewer, meeting_id))


def show_minutes(visit: Visit, meeting: Meeting, status_code: int = 200, **context: Any) -> Response:
    found = questions.minutes_for(visit.db, visit.viewer, meeting)
    seen = points(visit.db, visit.viewer, meeting)
    readable = [point.id for point in seen if not point.is_masked]
    decided: dict[int, list[Any]] = {}
    for part in PARTS.items:
        for item_id, html in part(visit, meeting).items():
            if item_id in readable and str(html).strip():
                decided.setdefault(item_id, []).append(html)
    everyone = listed(meeting)
    added = questions.addenda(visit.db, visit.viewer, found, meeting)
    is_inside = access.is_inside(visit.viewer, meeting)
    context = {"changed": "", "errors": {}, "values": {}, "addendum_errors": {}, "addendum_values": {}, **context}
    return visit.page(
        "meetings/minutes.html",
        status_code=status_code,
        meeting=meeting,
        minutes=found,
        points=seen,
        decided=decided,
        sent=sent_on(visit.db, visit.viewer, readable),
        attending=attending(everyone),
        everyone=everyone,
        steps=steps(found),
        one_is_enough=found.state is MinutesState.IN_REVIEW and actions.chair_is_enough(visit.db, meeting),
        added=added,
        added_to={one.item_id for one in added},
        is_inside=is_inside,
        corrections=corrections(visit.db, meeting) if is_inside else [],
        warning=quorum_warning(visit.db, meeting) if is_inside else None,
        looks_like_cpr=[] if found.chairs_approved_at else [point for point in seen if holds_cpr(point)],
        my_side=my_side(visit, meeting, found),
        behalf=[(For.CHAIR.value, str(word(SeatRole.CHAIR))), (For.VICE.value, str(word(SeatRole.VICE_CHAIR)))],
        item_options=[(p.id, f"{p.position}. {p.title}") for p in seen if not p.is_masked],
        **context,
    )


def holds_cpr(point: Point) -> bool:
    """A warning, not a refusal: a case number may look alike."""
    return any(warn_cpr(text) for text in (point.text, point.statement_management, point.statement_employees))


def attending(everyone: list[Any]) -> dict[str, list[Any]]:
    """The head of the minutes: present by side, apologies, advisers and guests. Nobody noted counts as invited."""
    groups: dict[str, list[Any]] = {"management": [], "employee": [], "others": [], "away": [], "unknown": []}
    for one in everyone:
        if one.part is Part.SUBSTITUTE and one.reply is Reply.DECLINED and one.presence not in HERE:
            continue
        if one.presence is Presence.ABSENT:
            if one.part in (Part.MEMBER, Part.SUBSTITUTE):
                groups["away"].append(one)
        elif one.part in (Part.MEMBER, Part.SUBSTITUTE):
            groups[(one.side.value if one.side else "others") if one.presence in HERE else "unknown"].append(one)
        elif one.presence in HERE:
            groups["others"].append(one)
    return groups


def steps(found: Minutes) -> list[dict[str, Any]]:
    """How far the minutes have come, in order: what, when, and whether it is done."""
    order = list(MinutesState)
    moments = {
        MinutesState.DRAFT: None,
        MinutesState.IN_REVIEW: found.review_at,
        MinutesState.APPROVED: found.chairs_approved_at,
        MinutesState.ADOPTED: found.adopted_at,
    }
    return [
        {
            "state": state,
            "at": moments[state],
            "is_done": order.index(state) < order.index(found.state) or found.state is MinutesState.ADOPTED,
            "is_now": state is found.state,
        }
        for state in order
    ]


def my_side(visit: Visit, meeting: Meeting, found: Minutes) -> str:
    """As whom this reader approves, if they do."""
    if access.acts_for(visit.viewer, meeting, SeatRole.CHAIR) and not found.chair_at:
        return "chair"
    return "vice" if access.acts_for(visit.viewer, meeting, SeatRole.VICE_CHAIR) and not found.vice_at else ""


@post("/moeder/{meeting_id:int}/referat/til-godkendelse", name="meetings.review", policy=access.send_minutes_to_review)
def review(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    actions.send_to_review(visit.db, visit.viewer, meeting)
    return visit.to("meetings.minutes", said="til-godkendelse", meeting_id=meeting_id)


@post("/moeder/{meeting_id:int}/referat/godkend", name="meetings.approve_minutes", policy=access.approve_minutes)
def approve(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    form, _ = parse(Approved, visit.form)
    try:
        return after_approval(
            visit, actions.approve_minutes(visit.db, visit.viewer, meeting, form.seen if form is not None else 0)
        )
    except Stale as stale:
        return show_minutes(visit, meeting, 409, changed=stale.message)
    except NotAllowed:
        sides = (SeatRole.CHAIR, SeatRole.VICE_CHAIR)
        if not is_draft_again(meeting, form) or not any(access.acts_for(visit.viewer, meeting, one) for one in sides):
            raise
        return show_minutes(visit, meeting, 409, changed=ASKED_AGAIN)


DRAFT_AGAIN = T("Referatet er rettet, efter at du åbnede siden, og er en kladde igen.")
ASKED_AGAIN = T(
    "Referatet er rettet, efter at du åbnede siden, og er en kladde igen. "
    "Du bliver spurgt, når det er sendt til godkendelse."
)


def is_draft_again(meeting: Meeting, form: Approved | WrittenApproval | None) -> bool:
    """Whether somebody changed the minutes after they stood on the page, ready to be approved."""
    state = meeting.minutes.state if meeting.minutes is not None else None
    return state is MinutesState.DRAFT and form is not None and form.seen > 0


def after_approval(visit: Visit, found: Minutes) -> Response:
    said = {MinutesState.APPROVED: "referat-godkendt", MinutesState.DRAFT: "referat-rettet"}.get(
        found.state, "din-side"
    )
    tell(visit, found.meeting_id)
    return visit.to("meetings.minutes", said=said, meeting_id=found.meeting_id)


@post(
    "/moeder/{meeting_id:int}/referat/skriftlig-godkendelse",
    name="meetings.written_approval",
    policy=access.record_written_approval,
)
def written_approval(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    form, errors = parse(WrittenApproval, visit.form)
    if form is not None:
        try:
            return after_approval(visit, actions.record_written_approval(visit.db, visit.viewer, meeting, form))
        except Invalid as invalid:
            errors = invalid.errors
        except Stale as stale:
            return show_minutes(visit, meeting, 409, changed=stale.message, values=visit.form.values())
        except NotAllowed as refusal:
            if not visit.viewer.is_secretary(meeting.committee_id):
                raise
            why = NotAllowed([DRAFT_AGAIN]) if is_draft_again(meeting, form) else refusal
            back = visit.url("meetings.minutes", meeting_id=meeting_id)
            return show_kept(visit, why, meeting.title, back, proof=T("Bevis for godkendelsen"))
    elif "proof" in errors:
        errors["proof"] = T("Skriv, hvem der godkendte, hvornår og hvordan, fx “mail fra Bo den 3. december kl. 9.12”.")
    require(visit.viewer, access.record_written_approval, meeting)
    return show_minutes(visit, meeting, 422, errors=errors, values=visit.form.values())


@post("/moeder/{meeting_id:int}/referat/tilfoejelser", name="meetings.add_addendum", policy=access.add_addendum)
def add_addendum(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    form, errors = parse(AddendumText, visit.form)
    if form is not None:
        try:
            made = actions.add_addendum(visit.db, visit.viewer, meeting, form)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            visit.db.flush()
            return visit.to(
                "meetings.minutes", said="tilfoejelse", anchor=f"tilfoejelse-{made.id}", meeting_id=meeting_id
            )
    require(visit.viewer, access.add_addendum, meeting)
    return show_minutes(visit, meeting, 422, addendum_errors=errors, addendum_values=visit.form.values())


@get("/moeder/{meeting_id:int}/referat.json", name="meetings.minutes_json", policy=signed_in)
def minutes_json(visit: Visit, meeting_id: int) -> Response:
    """The approved minutes exactly as they were hashed, for the committee's own archive."""
    content = questions.frozen_content(visit.db, visit.viewer, meeting_id)
    headers = {"Content-Disposition": f'attachment; filename="referat-{meeting_id}.json"'}
    return Response(content.encode(), media_type="application/json; charset=utf-8", headers=headers)


@get("/moeder/{meeting_id:int}/referat/versioner", name="meetings.minutes_versions", policy=signed_in)
def minutes_versions(visit: Visit, meeting_id: int) -> Response:
    """Every version the chairs were asked about, and what changed between two of them."""
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    found = questions.versions(visit.db, visit.viewer, meeting_id)
    by_number = {one.number: one for one in found}
    to = page_number(visit, "til") or found[-1].number
    since = page_number(visit, "fra") or max([number for number in by_number if number < to], default=to)
    if to not in by_number or since not in by_number:
        raise NotFound
    return visit.page(
        "meetings/minutes_versions.html",
        meeting=meeting,
        versions=found,
        since=since,
        to=to,
        changes=questions.differences(visit.db, by_number[since], by_number[to]),
        options=[(one.number, str(T("Version %(n)s", n=one.number))) for one in found],
    )


@get(
    "/moeder/{meeting_id:int}/punkter/{item_id:int}/referat/versioner",
    name="meetings.item_history",
    policy=signed_in,
)
def item_history(visit: Visit, meeting_id: int, item_id: int) -> Response:
    """How an item's words came to be: every save, newest first, with what it changed."""
    item = item_for(visit.db, visit.viewer, meeting_id, item_id)
    saved = questions.item_revisions(visit.db, visit.viewer, item_id)
    if not saved and not (
        access.is_inside(visit.viewer, item.meeting) or item.meeting.minute_taker_id == visit.viewer.person_id
    ):
        raise NotFound
    before = ["", *(one.text for one in saved)]
    steps_back = [(one, diff(was, one.text)) for one, was in zip(saved, before, strict=False)][::-1][:MOST_SHOWN]
    return visit.page("meetings/history_item.html", meeting=item.meeting, item=item, saved=steps_back, total=len(saved))


MOST_SHOWN = 40


handlers = [
    minutes,
    review,
    approve,
    written_approval,
    add_addendum,
    minutes_json,
    minutes_versions,
    item_history,
]
