"""From a plain world to rows in a database, and what Medspil's own clauses and policies say about it."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from med.access import Viewer, allows
from med.calendar.forms import Choice
from med.calendar.queries.subscriptions import agenda_lines, filled_in, standing_of
from med.competence_compass.models import Activity
from med.decisions import access as decisions_access
from med.decisions.models import Decision, FollowUp, Tag
from med.errors import NotFound
from med.identity.actions import viewer_by_token
from med.identity.doorkeeper import digest
from med.identity.models import FeedToken
from med.loop import access as loop_access
from med.loop.models import DecisionLink
from med.loop.queries import decisions_about
from med.meetings import access as meetings_access
from med.meetings.models import Attachment, Attendance, Item, Meeting, Minutes, Note, Proposal
from med.notices import access as notices_access
from med.notices.models import Notice, Subscription
from med.organisation import access as organisation_access
from med.organisation.models import Committee, Employment, Grant, Person, Seat, Unit
from med.organisation.queries import viewer_for
from med.perspectives import access as perspectives_access
from tests.oracle import worlds

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)

MODELS: dict[str, Any] = {
    "people": Person,
    "committees": Committee,
    "seats": Seat,
    "meetings": Meeting,
    "items": Item,
    "attachments": Attachment,
    "notes": Note,
    "minutes": Minutes,
    "proposals": Proposal,
    "decisions": Decision,
    "follow_ups": FollowUp,
}


def settle(db: Session, world: worlds.World) -> None:
    """Write the world's rows, each with the id it has there."""

    def write(model: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            db.execute(insert(model), rows)

    write(Unit, [{"id": 1, "key": "u", "name": "Solbæk"}])
    write(
        Person,
        [{"id": p.id, "handle": f"p{p.id}", "name": f"P {p.id}", "is_active": p.active} for p in world.people.values()],
    )
    write(
        Employment,
        [
            {"person_id": p.id, "unit_id": 1, "starts": job.starts, "ends": job.ends}
            for p in world.people.values()
            for job in p.jobs
        ],
    )
    for c in world.committees.values():  # one at a time: a committee's parent stands above it
        write(
            Committee,
            [
                {
                    "id": c.id,
                    "key": f"c{c.id}",
                    "uid": f"c{c.id}",
                    "name": f"C {c.id}",
                    "level": c.level,
                    "parent_id": c.parent,
                    "ends": world.today - timedelta(days=1) if c.over else None,
                }
            ],
        )
    write(Seat, [seat_row(seat) for seat in world.seats.values()])
    write(Grant, [grant_row(grant) for grant in world.grants.values()])
    write(Meeting, [meeting_row(meeting) for meeting in world.meetings.values()])
    for there in world.attendances.values():
        write(Attendance, [attendance_row(there)])
    write(Item, [item_row(world, item) for item in world.items.values()])
    write(Attachment, [attachment_row(file) for file in world.attachments.values()])
    write(
        Note,
        [
            {
                "id": n.id,
                "item_id": n.item,
                "person_id": n.person,
                "side": n.side,
                "changed_by_id": 1,
                "changed_at": NOW,
            }
            for n in world.notes.values()
        ],
    )
    write(Proposal, [proposal_row(proposal) for proposal in world.proposals.values()])
    write(Decision, [decision_row(decision) for decision in world.decisions.values()])
    write(Tag, [tag_row(decision) for decision in world.decisions.values()])
    write(
        FollowUp,
        [
            {
                "id": f.id,
                "committee_id": f.committee,
                "item_id": f.item,
                "decision_id": f.decision,
                "is_open": f.open,
                "text": "Gør det",
                "owner_id": f.owner,
                "created_at": NOW,
            }
            for f in world.follow_ups.values()
        ],
    )
    write(
        Activity,
        [
            {
                "id": 1,
                "uid": "a1",
                "code": "A1",
                "title": "Kor",
                "kind": "course",
                "unit_id": 1,
                "planned_sessions": 8,
            }
        ],
    )
    write(DecisionLink, [link_row(link) for link in world.links.values()])
    write(Subscription, [subscription_row(wish) for wish in world.subscriptions.values()])
    write(Notice, [notice_row(notice) for notice in world.notices.values()])
    write(FeedToken, [token_row(token) for token in world.tokens.values()])
    # Last: approved minutes freeze the items under them.
    write(Minutes, [minutes_row(world, minutes) for minutes in world.minutes.values()])


def seat_row(seat: worlds.Seat) -> dict[str, Any]:
    return {
        "id": seat.id,
        "committee_id": seat.committee,
        "person_id": seat.person,
        "side": seat.side,
        "role": seat.role,
        "starts": seat.term.starts,
        "ends": seat.term.ends,
    }


def grant_row(grant: worlds.Grant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "person_id": grant.person,
        "kind": grant.kind,
        "committee_id": grant.committee,
        "with_below": grant.below,
        "starts": grant.term.starts,
        "ends": grant.term.ends,
    }


def when(happened: bool) -> datetime | None:
    return NOW if happened else None


def meeting_row(meeting: worlds.Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "uid": f"m{meeting.id}",
        "committee_id": meeting.committee,
        "kind": meeting.kind,
        "title": "Møde",
        "starts_at": NOW - timedelta(hours=2 * meeting.over),
        "ends_at": NOW - timedelta(minutes=1) if meeting.over else NOW + timedelta(hours=2),
        "is_open": meeting.open,
        "state": meeting.state,
        "draft_shown": meeting.draft_shown,
        "agenda_sent_at": when(meeting.agenda_sent),
        "agenda_chair_at": when(meeting.agenda_chair),
        "agenda_vice_at": when(meeting.agenda_vice),
        "minute_taker_id": meeting.minute_taker,
        "moderator_id": meeting.moderator,
        "created_at": NOW,
    }


def attendance_row(there: worlds.Attendance) -> dict[str, Any]:
    return {
        "id": there.id,
        "meeting_id": there.meeting,
        "person_id": there.person,
        "part": there.part,
        "side": there.side,
        "role": there.role,
        "stands_in_for_id": there.for_whom,
        "reply": there.reply,
        "presence": there.presence,
    }


def minutes_row(world: worlds.World, minutes: worlds.Minutes) -> dict[str, Any]:
    frozen = minutes.state in {"approved", "adopted"}
    return {
        "id": minutes.id,
        "meeting_id": minutes.meeting,
        "committee_id": world.meetings[minutes.meeting].committee,
        "state": minutes.state,
        "chair_at": when(minutes.chair),
        "vice_at": when(minutes.vice),
        "chairs_approved_at": when(frozen),
        "sha256": "a" * 64 if frozen else "",
        "sequence": minutes.id if frozen else None,
    }


def item_row(world: worlds.World, item: worlds.Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "uid": f"i{item.id}",
        "meeting_id": item.meeting,
        "committee_id": world.meetings[item.meeting].committee,
        "position": item.id,
        "purpose": item.purpose,
        "title": "Punkt",
        "is_open": item.open,
        "closed_ground": "" if item.open else "confidential",
        "outcome": "noted" if item.settled else None,
    }


def attachment_row(file: worlds.Attachment) -> dict[str, Any]:
    return {
        "id": file.id,
        "item_id": file.item,
        "title": "Bilag",
        "file_name": "bilag.txt",
        "media_type": "text/plain",
        "size": 1,
        "sha256": "b" * 64,
        "is_open": file.open,
        "at": NOW,
        "removed_at": when(file.removed),
    }


def proposal_row(proposal: worlds.Proposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "uid": f"f{proposal.id}",
        "committee_id": proposal.committee,
        "title": "Forslag",
        "raised_by_id": proposal.raised_by,
        "raised_at": NOW,
        "state": proposal.state,
        "reason": "Fordi",
        "from_item_id": proposal.from_item,
        "item_id": proposal.item,
    }


def link_row(link: worlds.Link) -> dict[str, Any]:
    return {"id": link.id, "decision_id": link.decision, "activity_id": 1, "kind": "starts", "made_at": NOW}


def subscription_row(wish: worlds.Subscription) -> dict[str, Any]:
    return {
        "id": wish.id,
        "person_id": wish.person,
        "topic": wish.topic,
        "about": str(wish.about or ""),
        "committee_id": wish.about if wish.topic == "committee" else None,
        "decision_id": wish.about if wish.topic == "decision" else None,
        "how": "daily",
        "since": NOW,
    }


def notice_row(notice: worlds.Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "person_id": notice.person,
        "kind": "task_given",
        "key": f"task_given:{notice.id}",
        "thing": "follow_up",
        "thing_id": 1,
        "topic": "my_tasks",
        "how": "daily",
        "at": NOW,
    }


def token_row(token: worlds.Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "token_hash": digest(f"med_{token.id}"),
        "person_id": token.person,
        "scope": token.scope,
        "created_at": NOW,
        "revoked_at": when(token.revoked),
    }


def decision_row(decision: worlds.Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "uid": f"d{decision.id}",
        "committee_id": decision.committee,
        "meeting_id": decision.meeting,
        "item_id": decision.item,
        "is_open": decision.open,
        "year": 2026,
        "number": decision.id,
        "text": "vi gør det",
        "perspective": "emergens",
        "responsible_id": decision.responsible,
        "state": decision.state,
        "decided_at": NOW,
        "published_at": when(decision.published),
        "release_chair_at": when(decision.said_chair),
        "release_vice_at": when(decision.said_vice),
        "changed_at": NOW,
    }


def tag_row(decision: worlds.Decision) -> dict[str, Any]:
    """Every decision is made for one perspective, and its tag repeats what lists are walked by."""
    return {
        "decision_id": decision.id,
        "perspective": "emergens",
        "is_main": True,
        "committee_id": decision.committee,
        "is_open": decision.open,
        "published_at": when(decision.published),
    }


# --- what Medspil says ----------------------------------------------------------------------------------------------

WITH_ITEM = lambda model, clause: select(model.id).join(Item, Item.id == model.item_id).where(clause)  # noqa: E731

# kind of thing -> the ids a viewer may see, by the clauses of med/*/access.py
CLAUSES: dict[str, Any] = {
    "committees": lambda v: select(Committee.id).where(organisation_access.visible_committees(v)),
    "people": lambda v: select(Person.id).where(organisation_access.visible_people(v)),
    "meetings": lambda v: select(Meeting.id).where(meetings_access.visible_meetings(v)),
    "items": lambda v: select(Item.id).where(meetings_access.visible_items(v)),
    "words": lambda v: select(Item.id).where(meetings_access.visible_words(v)),
    "minutes": lambda v: select(Minutes.id).where(meetings_access.visible_minutes(v)),
    "attachments": lambda v: WITH_ITEM(Attachment, meetings_access.visible_attachments(v)),
    "proposals": lambda v: select(Proposal.id).where(meetings_access.visible_proposals(v)),
    "notes": lambda v: WITH_ITEM(Note, meetings_access.visible_notes(v)),
    "decisions": lambda v: select(Decision.id).where(decisions_access.visible_decisions(v)),
    "feed": lambda v: select(Decision.id).where(decisions_access.published_decisions(v)),
    "follow_ups": lambda v: select(FollowUp.id).where(decisions_access.visible_follow_ups(v)),
    "subscriptions": lambda v: select(Subscription.id).where(notices_access.visible_subscriptions(v)),
    "notices": lambda v: select(Notice.id).where(notices_access.own_notices(v)),
}


@cache
def put_together() -> dict[str, Any]:
    """The clauses that pages ask put together once for all, with places for who asks."""
    kinds = ("items", "words", "minutes", "attachments", "proposals", "decisions", "feed", "follow_ups")
    return {kind: CLAUSES[kind](organisation_access.ANY_EMPLOYEE) for kind in kinds}


def linked(db: Session, who: Viewer) -> set[int]:
    told = {row.id for row in decisions_about(db, who, 1)}
    return set(db.scalars(select(DecisionLink.id).where(DecisionLink.decision_id.in_(told))))


def detailed(db: Session, who: Viewer) -> set[int]:
    return {one.id for one in db.scalars(select(Committee)) if organisation_access.sees_inside(who, one)}


def in_calendars(db: Session, who: Viewer) -> set[int]:
    """Items whose titles stand in a calendar file."""
    try:
        asked = agenda_lines(standing_of(who, Choice())).add_columns(Item.id)
    except NotFound:
        return set()
    return {row.id for row in db.execute(asked, filled_in(who)) if row.title}


# The same by questions that are no clause.
QUESTIONS: dict[str, Any] = {"links": linked, "details": detailed, "calendar": in_calendars}

ACCESS_MODULES = (
    organisation_access,
    perspectives_access,
    meetings_access,
    decisions_access,
    loop_access,
    notices_access,
)


def viewer(db: Session, person: int) -> Viewer | None:
    """The person as Medspil knows them today; None for one who may not sign in."""
    try:
        return viewer_for(db, person)
    except NotFound:
        return None


def seen(db: Session, who: Viewer | None) -> dict[str, set[int]]:
    if who is None:
        return {key: set() for key in [*CLAUSES, *QUESTIONS]}
    found = {kind: set(db.scalars(clause(who))) for kind, clause in CLAUSES.items()}
    if who.is_employee:
        for kind, asked in put_together().items():
            assert set(db.scalars(asked, organisation_access.own(who))) == found[kind], kind
    return found | {kind: ask(db, who) for kind, ask in QUESTIONS.items()}


def opened(db: Session, token: worlds.Token, scope: str) -> bool:
    """Whether a private address opens anything of a kind, and then for nobody else than its person."""
    try:
        who, _ = viewer_by_token(db, f"med_{token.id}", scope)
    except NotFound:
        return False
    assert who.person_id == token.person
    return True


def policies() -> dict[str, Any]:
    """Every policy of med/*/access.py by name: a function that yields objections to a viewer."""
    found = {}
    for module in ACCESS_MODULES:
        for name, policy in vars(module).items():
            if callable(policy) and getattr(policy, "__module__", "") == module.__name__:
                returns = str(policy.__annotations__.get("return", ""))
                if "Iterator" in returns:
                    found[name] = policy
    return found


def permits(who: Viewer | None, policy: Any, thing: Any) -> bool:
    return who is not None and allows(who, policy, thing)
