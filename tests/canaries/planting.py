"""Unique words in everything that is closed to somebody, and who may come to read each of them.

A canary is a word of its own that no other begins with, so a hit says what leaked. All of them begin with STEM: a
search for it must find none that the searcher may not know.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole, Side
from med.competence_compass.actions.assessing import sealed_at as sealed_occasion
from med.competence_compass.actions.waiting import place_of
from med.competence_compass.models import (
    Assignment,
    AssignmentRole,
    Citizen,
    Goal,
    GoalType,
    Identity,
    Look,
    LookAt,
    Occasion,
    WaitingEntry,
)
from med.competence_compass.queries.goals import sealed_at as sealed_goal
from med.competence_compass.vault import Vault
from med.decisions.models import Decision, FollowUp, Tag
from med.identity.actions import make_feed_token
from med.identity.models import SignIn
from med.meetings.actions.minutes import freeze
from med.meetings.models import (
    Addendum,
    Attachment,
    Attendance,
    Item,
    ItemRevision,
    Meeting,
    Minutes,
    MinutesState,
    Note,
    Outcome,
    Part,
    Proposal,
    ProposalState,
    Purpose,
    State,
)
from med.notices.models import Outlet
from med.organisation.models import Committee, Person, Seat
from med.organisation.queries import viewer_for
from med.perspectives.models import Perspective
from tests.oracle.expectations import INSIDE

STEM = "kanarie"
STAGES = ("draft", "sent", "live", "shut", "held", "done")


@dataclass(frozen=True)
class Canary:
    word: str
    what: str
    knows: frozenset[str]
    may_leave: bool = False  # may stand in a mail to those who may know it


@dataclass
class Cage:
    """Every canary there is; and the addresses of what they were put in: case -> path parameter -> value."""

    canaries: list[Canary] = field(default_factory=list)
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)  # file name -> bytes to be kept
    feeds: dict[str, list[str]] = field(default_factory=dict)  # persona -> the paths of their private addresses
    things: list[tuple[str, int]] = field(default_factory=list)  # (table, id) of all that news can be about

    inside: list[str] = field(default_factory=list)  # everybody whose business MED-ledelsen's closed papers are

    def word(self, what: str, knows: Iterable[str], *, may_leave: bool = False) -> str:
        made = Canary(f"{STEM}{len(self.canaries):04d}z", what, frozenset(knows), may_leave)
        self.canaries.append(made)
        return made.word

    def secret(self, word: str, what: str, knows: Iterable[str] = ()) -> None:
        """A word that is there already and nobody else may read: a key, a hash, an address."""
        self.canaries.append(Canary(word, what, frozenset(knows)))


def fill_cage(db: Session, vault: Vault, standing: dict[str, Any]) -> Cage:
    """`standing`: path parameters of tests/scenes.py for all that is not planted here."""
    cage = Cage()
    people = dict(db.execute(select(Person.handle, Person.id)).all())
    committee = db.scalars(select(Committee).where(Committee.key == "med-aabrinken")).one()
    cage.inside = [*INSIDE, *members_of(db, committee)]
    for number, stage in enumerate(STAGES):
        plant_meeting(db, cage, committee, people, stage, number, standing)
    plant_proposals(db, cage, committee, people, standing)
    plant_citizen(db, cage, vault, people, standing)
    plant_persons(db, cage, people)
    return cage


def members_of(db: Session, committee: Committee) -> list[str]:
    """Who sits on it, the personas and others."""
    full = (SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER)
    today = clock.today()
    seats = db.scalars(select(Seat).where(Seat.committee_id == committee.id, Seat.role.in_(full)))
    return [seat.person.handle for seat in seats if seat.starts <= today and (seat.ends is None or seat.ends >= today)]


def add(db: Session, thing: Any) -> Any:
    db.add(thing)
    db.flush()
    return thing


# --- committees -----------------------------------------------------------------------------------------------------


def plant_meeting(
    db: Session,
    cage: Cage,
    committee: Committee,
    people: dict[str, int],
    stage: str,
    number: int,
    standing: dict[str, Any],
) -> None:
    state = {"draft": State.PLANNED, "sent": State.AGENDA_SENT, "live": State.IN_PROGRESS, "shut": State.IN_PROGRESS}
    days = {"draft": 50, "sent": 20, "live": 0, "shut": 0, "held": -20, "done": -40}[stage]
    starts = clock.now() + timedelta(days=days, hours=-1)
    meeting = add(
        db,
        Meeting(
            uid=f"cage-{stage}",
            committee_id=committee.id,
            title=f"Møde i bur {number}",
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            state=state.get(stage, State.HELD),
            is_open=stage != "shut",
            agenda_sent_at=None if stage == "draft" else starts - timedelta(days=7),
            opened_at=starts if days <= 0 else None,
            created_at=starts - timedelta(days=60),
        ),
    )
    seats = [("anna", Side.MANAGEMENT, SeatRole.CHAIR), ("bo", Side.EMPLOYEE, SeatRole.VICE_CHAIR)]
    seats.append(("gunnar", Side.EMPLOYEE, SeatRole.MEMBER))
    for handle, side, role in seats:
        why = cage.word(f"{stage}: {handle}'s words about coming", cage.inside)
        there = Attendance(
            meeting_id=meeting.id, person_id=people[handle], part=Part.MEMBER, side=side, role=role, note=why
        )
        attendance = add(db, there)
    for place, is_open in enumerate((True, False), 1):
        papers = plant_item(db, cage, meeting, people, stage, place, is_open)
        name = f"{stage} {'open' if is_open else 'closed'}"
        cage.cases[name] = {**standing, "meeting_id": meeting.id, "attendance_id": attendance.id, **papers}
    cage.things.append(("meeting", meeting.id))
    if stage == "held":
        proof = cage.word("held: how the chair approved in writing", cage.inside)
        under_way = {"state": MinutesState.IN_REVIEW, "review_at": clock.now(), "proof": proof}
        add(db, Minutes(meeting_id=meeting.id, committee_id=committee.id, **under_way))
    if stage == "done":
        db.flush()
        db.refresh(meeting)
        freeze(db, None, meeting, clock.now())
        db.flush()
        text = cage.word("done: an addendum for the committee", cage.inside)
        later = Addendum(
            minutes_id=meeting.minutes.id, text=text, is_open=False, person_id=people["anna"], at=clock.now()
        )
        add(db, later)
        cage.things.append(("minutes", meeting.minutes.id))
    db.flush()


def plant_item(
    db: Session, cage: Cage, meeting: Meeting, people: dict[str, int], stage: str, place: int, is_open: bool
) -> dict[str, Any]:
    """Words of an open point are closed, too, while its agenda is a draft; what was said, until it is approved."""
    name = f"{stage}, {'open' if is_open else 'closed'} point"
    is_told = is_open and stage in {"live", "done"}

    def paper(what: str) -> str:
        return "om dette" if is_open and stage != "draft" else cage.word(f"{name}: {what}", cage.inside)

    def said(what: str) -> str:
        return "sagt" if is_told else cage.word(f"{name}: {what}", cage.inside)

    happened = stage not in {"draft", "sent"}
    item = add(
        db,
        Item(
            uid=f"{meeting.uid}-{place}",
            meeting_id=meeting.id,
            committee_id=meeting.committee_id,
            position=place,
            purpose=Purpose.DECIDE,
            title=paper("title"),
            case_text=paper("case"),
            recommendation=paper("recommendation"),
            case_number=paper("case number"),
            decided_by=paper("who decides"),
            minutes_text=said("minutes") if happened else "",
            statement_management=said("the managers' statement") if happened else "",
            statement_employees=said("the employees' statement") if happened else "",
            outcome=Outcome.DECIDED if stage in {"held", "done"} else None,
            is_open=is_open,
            closed_ground="" if is_open else "confidential",
        ),
    )
    cage.things.append(("item", item.id))
    found: dict[str, Any] = {"item_id": item.id, "attachment_id": plant_file(db, cage, item, name)}
    for side, handle, knows in (
        (Side.EMPLOYEE, None, ["bo", "gunnar"]),
        (Side.MANAGEMENT, None, ["anna"]),
        (None, "anna", ["anna"]),
        (None, "karl", []),
    ):
        whose = f"note of {side.value if side else handle}"  # karl's seat has ended, and his notes with it
        owner = people[handle] if handle else None
        text = cage.word(f"{name}: {whose}", knows)
        written = {"changed_by_id": people[handle or "bo"], "changed_at": clock.now()}
        add(db, Note(item_id=item.id, side=side, person_id=owner, text=text, **written))
    if happened:
        add(db, ItemRevision(item_id=item.id, version=1, text=said("earlier minutes"), at=clock.now()))
        found |= plant_decision(db, cage, item, people, said)
    return found


def plant_file(db: Session, cage: Cage, item: Item, name: str) -> int:
    """A closed file on each point, also on the open ones."""
    data = f"Bilag med {cage.word(f'{name}: bytes of the file', cage.inside)}".encode()
    file_name = cage.word(f"{name}: name of the file", cage.inside) + ".txt"
    sha256 = hashlib.sha256(data).hexdigest()
    cage.files[file_name] = data
    cage.secret(sha256, f"{name}: checksum of the file", cage.inside)
    made = Attachment(
        item_id=item.id,
        title=cage.word(f"{name}: title of the file", cage.inside),
        file_name=file_name,
        media_type="text/plain",
        size=len(data),
        sha256=sha256,
        is_open=False,
        at=clock.now(),
    )
    return add(db, made).id


def plant_decision(db: Session, cage: Cage, item: Item, people: dict[str, int], said: Any) -> dict[str, Any]:
    """What was decided, and who does what: karl's, who is a member no more."""
    now = clock.now()
    decision = add(
        db,
        Decision(
            uid=f"cage-{item.uid}",
            committee_id=item.committee_id,
            meeting_id=item.meeting_id,
            item_id=item.id,
            is_open=item.is_open,
            year=2026,
            number=8000 + item.id,
            text=said("decision"),
            why=said("why"),
            meaning=said("what it means"),
            frame=said("frame"),
            hoped_effect=said("hoped effect"),
            perspective=Perspective.EMERGENS,
            responsible_id=people["gunnar"],
            due=clock.today(),
            decided_at=now,
            changed_at=now,
        ),
    )
    tag = {"is_main": True, "committee_id": item.committee_id, "is_open": item.is_open, "published_at": None}
    add(db, Tag(decision_id=decision.id, perspective=Perspective.EMERGENS, **tag))
    task = FollowUp(
        committee_id=item.committee_id,
        item_id=item.id,
        decision_id=decision.id,
        is_open=item.is_open,
        text="følg op" if item.is_open else said("follow-up"),  # whoever does it knows what, on an open point
        owner_id=people["karl"],
        due=clock.today(),
        created_at=now,
    )
    cage.things += [("decision", decision.id), ("follow_up", add(db, task).id)]
    return {"decision_id": decision.id, "follow_up_id": task.id}


def plant_proposals(
    db: Session, cage: Cage, committee: Committee, people: dict[str, int], standing: dict[str, Any]
) -> None:
    closed = cage.cases["live closed"]["item_id"]
    for number, (name, raiser, origin, state) in enumerate(
        [
            ("carla's", "carla", None, ProposalState.RECEIVED),
            ("answered", "freja", None, ProposalState.DECLINED),
            ("from a closed point", "bo", closed, ProposalState.RECEIVED),
        ]
    ):
        knows = [*cage.inside, raiser]
        made = Proposal(
            uid=f"cage-proposal-{number}",
            committee_id=committee.id,
            title=cage.word(f"proposal, {name}: title", knows, may_leave=origin is None),
            why=cage.word(f"proposal, {name}: why", knows, may_leave=origin is None),
            raised_by_id=people[raiser],
            raised_side=Side.EMPLOYEE,
            raised_at=clock.now(),
            state=state,
            reason=cage.word(f"proposal, {name}: answer", knows, may_leave=True) if state == "declined" else "",
            from_item_id=origin,
        )
        cage.cases[f"proposal {number}"] = {**standing, "proposal_id": add(db, made).id}
        cage.things.append(("proposal", made.id))


# --- citizens -------------------------------------------------------------------------------------------------------


def plant_citizen(db: Session, cage: Cage, vault: Vault, people: dict[str, int], standing: dict[str, Any]) -> None:
    """The citizen of tests/scenes.py: freja is contact person, bo coordinates, carla leads a run they are in."""
    citizen = db.get_one(Citizen, standing["citizen_id"])
    know_them, coordinate = ["bo", "carla", "freja"], ["bo", "freja"]
    citizen.pseudonym = cage.word("citizen: pseudonym", know_them).upper()
    citizen.target_group = cage.word("citizen: target group", coordinate)
    who = {name: cage.word(f"citizen: {name}", know_them) for name in ("name", "called", "reach")}
    where = f"compass_identity.sealed/{citizen.id}"
    db.add(Identity(citizen_id=citizen.id, sealed=vault.seal(db, citizen.id, where, who)))
    goal = add(db, Goal(citizen_id=citizen.id, goal_type=GoalType.DEVELOP, set_on=clock.today(), sealed=b""))
    words = {
        "title": cage.word("goal: title", ["freja"]),
        "levels": {level: cage.word(f"goal: level {level}", ["freja"]) for level in range(-2, 3)},
        "plan": cage.word("goal: plan", ["freja"]),
    }
    goal.sealed = vault.seal(db, citizen.id, sealed_goal(goal.id), words)
    occasion = db.get_one(Occasion, standing["occasion_id"])
    occasion.sealed = vault.seal(
        db, citizen.id, sealed_occasion(occasion), cage.word("how the voices differ", ["freja"])
    )
    entry = db.get_one(WaitingEntry, standing["entry_id"])
    entry.sealed = vault.seal(db, citizen.id, place_of(entry), cage.word("why this one waits", coordinate))
    deputy = Assignment(
        citizen_id=citizen.id,
        person_id=people["julie"],
        role=AssignmentRole.DEPUTY,
        starts=clock.today() - timedelta(days=30),
        ends=clock.today() - timedelta(days=1),  # until yesterday
        reason=cage.word("why there is a deputy", coordinate),
    )
    db.add(deputy)
    look = {"person_id": people["freja"], "citizen_id": citizen.id, "what": LookAt.IDENTITY, "role": "contact"}
    db.add(Look(at=clock.now(), reason=cage.word("why a name was opened", ["freja"]), **look))
    cage.cases["citizen"] = {**standing, "goal_id": goal.id}
    db.flush()


# --- persons, keys and addresses --------------------------------------------------------------------------------------


def plant_persons(db: Session, cage: Cage, people: dict[str, int]) -> None:
    """A member's address is the committee's business; private addresses, browsers and channels are their owner's."""
    member = db.get_one(Person, people["gunnar"])
    # dorte sits with him on CenterMED, whose business it is as well.
    member.mail = cage.word("a member's address", [*cage.inside, "dorte"]) + "@solbaek.example"
    for handle in ("anna", "bo", "carla", "freja"):
        viewer = viewer_for(db, people[handle])
        name = cage.word(f"{handle}'s name for their private address", [handle])
        feed = make_feed_token(db, viewer, "decisions", name=name)
        chosen = ("moeder=mine&opgaver=begivenhed", "moeder=udvalg&udvalg=1&opgaver=opgave")
        calendars = [make_feed_token(db, viewer, "calendar", filters) for filters in chosen]
        paths = [f"/feeds/{feed}/beslutninger.{kind}" for kind in ("atom", "json")]
        cage.feeds[handle] = [*paths, *(f"/kalender/{token}.ics" for token in calendars)]
        for token in (feed, *calendars):
            cage.secret(hashlib.sha256(token.encode()).hexdigest(), f"{handle}'s private address as it is kept")
        sign_in = db.scalars(select(SignIn).where(SignIn.person_id == people[handle])).first()
        if sign_in is not None:
            sign_in.device = cage.word(f"{handle}'s browser", [handle])
            cage.secret(sign_in.token_hash, f"{handle}'s sign-in as it is kept")
    for outlet in db.scalars(select(Outlet)):
        outlet.url = f"https://intranet.example/hooks/{cage.word('address of a channel', [])}"
    db.flush()
