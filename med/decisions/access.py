"""Who may read which decisions, and who may record, publish and change them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_

from med.access import SeatRole, Viewer
from med.decisions.models import Decision, DecisionState, FollowUp
from med.language import T, Text
from med.meetings.access import acts_for, inside_meetings, is_inside, minute_item, runs_meeting, visible_words
from med.meetings.models import Item, Meeting, State
from med.organisation.access import is_employee, sits_inside, works_here

OVER = (DecisionState.REPLACED, DecisionState.WITHDRAWN)


def published_decisions(viewer: Viewer) -> ColumnElement[bool]:
    """The feed: published ones; those on closed items only inside the committee."""
    if not viewer.is_employee:
        return false()
    return and_(Decision.published_at.is_not(None), or_(Decision.is_open, Decision.committee_id.in_(viewer.inside)))


def visible_decisions(viewer: Viewer) -> ColumnElement[bool]:
    """Single decisions: published ones, drafts of one's own committee, and open drafts of a live open meeting.

    A substitute who steps in at a meeting sees all that was decided there.
    """
    if not viewer.is_employee:
        return false()
    its = Meeting.id == Decision.meeting_id
    own = exists().where(its, inside_meetings(viewer)).correlate(Decision)
    live = exists().where(its, Meeting.state == State.IN_PROGRESS, Meeting.is_open).correlate(Decision)
    return or_(
        Decision.committee_id.in_(viewer.inside),
        and_(Decision.is_open, or_(Decision.published_at.is_not(None), live)),
        own,
    )


def visible_follow_ups(viewer: Viewer) -> ColumnElement[bool]:
    """Follow-ups: one's own, one's committees', and open ones of decisions and items whose words one may read.

    The exception is an own follow-up on a closed item: who has left the committee has no business there any more.
    """
    if not viewer.is_employee:
        return false()
    published = exists().where(Decision.id == FollowUp.decision_id, published_decisions(viewer)).correlate(FollowUp)
    readable = exists().where(Item.id == FollowUp.item_id, visible_words(viewer)).correlate(FollowUp)
    return or_(
        FollowUp.committee_id.in_(viewer.inside),
        and_(
            FollowUp.is_open,
            or_(
                FollowUp.owner_id == viewer.person_id,
                published,
                readable,
            ),
        ),
    )


def left_behind(thing: type[Decision] | type[FollowUp], day: Any) -> ColumnElement[bool]:
    """Decisions or follow-ups whose person works here no more or may not read them any more: until they are somebody
    else's, they wait for those who run the committee."""
    who: Any = Decision.responsible_id if thing is Decision else FollowUp.owner_id
    may_read = and_(works_here(who, day), or_(thing.is_open, sits_inside(who, thing.committee_id, day)))
    return and_(who.is_not(None), ~may_read)


def record_decision(viewer: Viewer, item: Item) -> Iterator[Text]:
    """Write down what was decided on an item, while its minutes are open."""
    yield from minute_item(viewer, item)
    if item.purpose.value == "info":
        yield T("Et orienteringspunkt kan tages til efterretning, men ikke besluttes.")


def correct_decision(viewer: Viewer, decision: Decision) -> Iterator[Text]:
    """Correct the words of a decision that is not published yet."""
    if decision.item is None:
        yield T("Beslutningen er indlæst fra et andet system.")
    else:
        yield from minute_item(viewer, decision.item)
    if decision.published_at is not None:
        yield T("Beslutningen er offentliggjort. Den kan kun afløses eller trækkes tilbage.")


def release_decision(viewer: Viewer, decision: Decision) -> Iterator[Text]:
    """Say "straks" for one's side: publish before the minutes are approved."""
    yield from is_employee(viewer)
    as_chair, as_vice = chairs_of(viewer, decision)
    if not (as_chair or as_vice):
        yield T("Kun formand og næstformand kan offentliggøre straks.")
    if decision.published_at is not None:
        yield T("Beslutningen er allerede offentliggjort.")
    elif (as_chair or as_vice) and not (
        (as_chair and decision.release_chair_at is None) or (as_vice and decision.release_vice_at is None)
    ):
        yield T("Du har allerede sagt ja. Den venter på den anden i formandskabet.")


def chairs_of(viewer: Viewer, decision: Decision) -> tuple[bool, bool]:
    """Whether the viewer acts as chair, and as vice-chair, for this decision: a named substitute may."""
    if decision.meeting is None:
        roles = (SeatRole.CHAIR, SeatRole.VICE_CHAIR)
        return tuple(viewer.sits_as(decision.committee_id, role) for role in roles)  # type: ignore[return-value]
    chair = acts_for(viewer, decision.meeting, SeatRole.CHAIR)
    return chair, acts_for(viewer, decision.meeting, SeatRole.VICE_CHAIR)


def looks_after(viewer: Viewer, thing: Decision | FollowUp, holds: Callable[[Viewer, int], bool] = Viewer.runs) -> bool:
    """Whether the viewer runs the committee of a decision or follow-up, or whatever else `holds` asks of them there.

    When the committee is over, what is open is looked after by the nearest committee above it; closed things were
    never theirs to read."""
    if holds(viewer, thing.committee_id):
        return True
    heir = thing.committee.heir if thing.is_open and thing.committee.is_over else None
    return heir is not None and holds(viewer, heir.id)


def move_decision(viewer: Viewer, decision: Decision) -> Iterator[Text]:
    """Tell how it goes: the responsible person, the chairs and the secretary."""
    yield from is_employee(viewer)
    if not (looks_after(viewer, decision) or decision.responsible_id == viewer.person_id):
        yield T("Kun den ansvarlige, formandskabet og MED-sekretæren kan fortælle, hvordan det går.")
    if decision.state in OVER:
        yield T("Beslutningen gælder ikke længere.")


def _out_and_in_force(decision: Decision) -> Iterable[Text]:
    """Objections that policies share: what they allow is done to a decision people know of and go by."""
    if decision.published_at is None:
        yield T("Beslutningen er ikke offentliggjort endnu. Ret den, eller slet den.")
    if decision.state in OVER:
        yield T("Beslutningen gælder ikke længere.")


def review_decision(viewer: Viewer, decision: Decision) -> Iterator[Text]:
    """Note that the committee has looked back at a decision, and when it does so again."""
    yield from is_employee(viewer)
    if not looks_after(viewer, decision):
        yield T("Kun formandskabet og MED-sekretæren kan notere, at I har set tilbage på beslutningen.")
    yield from _out_and_in_force(decision)


def hand_over_decision(viewer: Viewer, decision: Decision) -> Iterator[Text]:
    """Let somebody else see to it: whoever was named may have left, or got another job."""
    yield from is_employee(viewer)
    if not looks_after(viewer, decision):
        yield T("Kun formandskabet og MED-sekretæren kan give ansvaret til en anden.")
    yield from _out_and_in_force(decision)


def withdraw_decision(viewer: Viewer, decision: Decision) -> Iterator[Text]:
    yield from is_employee(viewer)
    if not looks_after(viewer, decision, Viewer.presides):
        yield T("Kun formandskabet kan trække en beslutning tilbage.")
    yield from _out_and_in_force(decision)


def add_follow_up(viewer: Viewer, item: Item) -> Iterator[Text]:
    """Agree on an item who does what by when."""
    yield from is_employee(viewer)
    if not (runs_meeting(viewer, item.meeting) or item.meeting.minute_taker_id == viewer.person_id):
        yield T("Kun formandskabet, MED-sekretæren og referenten kan aftale opfølgning.")
    if not is_inside(viewer, item.meeting) and not item.is_open:
        yield T("Punktet er lukket for dig.")


def follow_up_decision(viewer: Viewer, decision: Decision) -> Iterator[Text]:
    """Agree on a decision's own page who does what by when."""
    yield from is_employee(viewer)
    if not (looks_after(viewer, decision) or decision.responsible_id == viewer.person_id):
        yield T("Kun den ansvarlige, formandskabet og MED-sekretæren kan aftale opfølgning.")
    if decision.state in OVER:
        yield T("Beslutningen gælder ikke længere.")


def move_follow_up(viewer: Viewer, follow_up: FollowUp) -> Iterator[Text]:
    yield from is_employee(viewer)
    if not (looks_after(viewer, follow_up) or follow_up.owner_id == viewer.person_id):
        yield T("Kun den ansvarlige, formandskabet og MED-sekretæren kan ændre opfølgningen.")


def hand_over_follow_up(viewer: Viewer, follow_up: FollowUp) -> Iterator[Text]:
    """Let somebody else see to it: whoever has it may have left."""
    yield from is_employee(viewer)
    if not looks_after(viewer, follow_up):
        yield T("Kun formandskabet og MED-sekretæren kan give opfølgningen til en anden.")
