"""A meeting of MED-ledelsen at each stage, with open and closed items, papers and decisions, beside the demo's own.

What stands on closed items and in drafts holds the word SECRET, what one side noted the word ONE_SIDE.
"""

import hashlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole, Side
from med.competence_compass.models import (
    Citizen,
    Dimension,
    Exam,
    Goal,
    GoalType,
    Instrument,
    RoleKind,
    RunLeader,
    Version,
)
from med.competence_compass.models import Session as RunSession
from med.competence_compass.vault import Vault
from med.decisions.models import Decision, FollowUp, Tag
from med.identity.models import Account, FeedToken, LinkedIdentity, SignIn
from med.loop.models import DecisionLink, LinkKind
from med.meetings.actions.minutes import freeze
from med.meetings.models import (
    Attachment,
    Attendance,
    Item,
    Meeting,
    Note,
    Outcome,
    Part,
    Proposal,
    ProposalState,
    Purpose,
    State,
)
from med.notices.models import Channel, MailSetting, Message, MessageState, Outlet, OutletKind
from med.organisation.models import Committee, Grant, ImportFile, Person, Rules, Seat
from med.perspectives.models import Perspective, RoleKey, Statement
from med.web.signing import seal
from tests.competence_compass.factories import make_activity, make_run, put_in, suppose, wait
from tests.competence_compass.house import assign, give_role, make_instrument, make_version, take_stock, unit_id

SECRET = "Nattergal"  # in words that only the committee may read
ONE_SIDE = "Rørsanger"  # in notes of the employees' side, which the chair and the secretary may not read either
FEED = "carlas-private-adresse"
FILE = b"Bilag"
MAIL = b"""\
Subject: Referatet er godkendt
From: Medspil <medspil@solbaek.example>
To: Anna <anna@solbaek.example>
Date: Sat, 21 Nov 2026 08:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain

https://med.solbaek.example/moeder/1
--x
Content-Type: text/html

<p>Referatet er godkendt</p>
--x
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
END:VCALENDAR
--x--
"""
FILE_SHA256 = hashlib.sha256(FILE).hexdigest()


def set_scene(db: Session, vault: Vault) -> dict[str, dict[str, int | str]]:
    """Case -> path parameter -> value. "draft": planned. "live": in progress. "done": minutes approved."""
    people = dict(db.execute(select(Person.handle, Person.id)).all())
    committee = db.scalars(select(Committee).where(Committee.key == "med-aabrinken")).one()
    cases: dict[str, dict[str, int | str]] = {}
    for number, (case, state) in enumerate(
        [("draft", State.PLANNED), ("live", State.IN_PROGRESS), ("done", State.HELD)], 1
    ):
        stage = _stage(db, committee, people, case, state, number)
        for item_case, item, papers in (
            ("open", stage.open_item, stage.open),
            ("closed", stage.closed_item, stage.closed),
        ):
            cases[f"{case} {item_case}"] = {
                "meeting_id": stage.meeting.id,
                "item_id": item.id,
                "attendance_id": stage.attendance.id,
                "slip": seal("s" * 40, "svar", stage.meeting.id, people["gunnar"], "nej"),
                **papers,
            }
    statement = db.scalars(
        select(Statement).where(Statement.perspective == Perspective.EMERGENS, Statement.role == RoleKey.ALLE)
    ).first()
    seat = db.scalars(select(Seat).where(Seat.committee_id == committee.id, Seat.person_id == people["gunnar"])).first()
    rules = db.scalars(select(Rules).where(Rules.committee_id == committee.id)).first()
    grant = db.scalars(select(Grant).where(Grant.person_id == people["emil"])).first()
    proposal = _add(
        db,
        Proposal(
            uid="scene-proposal",
            committee_id=committee.id,
            title=f"{SECRET} som punkt",
            raised_by_id=people["carla"],
            raised_side=Side.EMPLOYEE,
            raised_at=clock.now(),
            state=ProposalState.RECEIVED,
        ),
    )
    sign_in = db.scalars(select(SignIn).where(SignIn.person_id == people["carla"])).first()
    token = _add(
        db,
        FeedToken(
            token_hash=hashlib.sha256(FEED.encode()).hexdigest(),
            person_id=people["carla"],
            scope="decisions",
            created_at=clock.now(),
        ),
    )
    account = Account(person_id=people["carla"], password_hash="none", changed_at=clock.now(), second_step="none")
    _add(db, account)
    identity = LinkedIdentity(
        issuer="https://login.example", subject="7", person_id=people["carla"], linked_at=clock.now(), how="claim"
    )
    file = _add(
        db,
        ImportFile(
            person_id=people["ivan"],
            kind="enheder",
            name="enheder.csv",
            content="nøgle;navn\nx1;Ny enhed\n".encode(),
            uploaded_at=clock.now(),
        ),
    )
    standing = {
        "committee_id": committee.id,
        "seat_id": seat.id,  # type: ignore[union-attr]
        "rules_id": rules.id,  # type: ignore[union-attr]
        "grant_id": grant.id,  # type: ignore[union-attr]
        "person_id": people["carla"],
        "statement_id": statement.id,  # type: ignore[union-attr]
        "proposal_id": proposal.id,
        "sign_in_id": sign_in.id if sign_in else 0,
        "token_id": token.id,
        "identity_id": _add(db, identity).id,
        "file_id": file.id,
        **_post(db, committee, people),
        **_stock(db, vault, people),
        "key": "emergens",
        "token": FEED,
        "ticket": seal("s" * 40, "afmeld", people["carla"], "digest"),
        "name": "findes-ikke.css",
    }
    link = DecisionLink(
        decision_id=int(cases["done open"]["decision_id"]),
        activity_id=int(standing["activity_id"]),
        kind=LinkKind.STARTS,
        made_by_id=people["anna"],
        made_at=clock.now(),
    )
    standing["link_id"] = _add(db, link).id
    for case in cases:
        cases[case] = {**standing, **cases[case]}
    return cases


def _add(db: Session, thing: Any) -> Any:
    db.add(thing)
    db.flush()
    return thing


def _post(db: Session, committee: Committee, people: dict[str, int]) -> dict[str, int]:
    """A mail that could not be sent, the address it was for, MED-ledelsen's channel, and the demo's first mail."""
    now = clock.now()
    letter = Message(
        key="scene", uid="scene", channel=Channel.MAIL, kind="notice", person_id=people["carla"],
        created_at=now, next_at=now, state=MessageState.DEAD, error="550 5.1.1 No such user",
    )  # fmt: skip
    address = MailSetting(person_id=people["carla"], refused_at=now, refusal="550 5.1.1 No such user")
    outlet = Outlet(
        uid="scene", kind=OutletKind.WEBHOOK, name="Intranet", url="https://intranet.example/krog",
        committee_id=committee.id, made_by_id=people["emil"], made_at=now,
    )  # fmt: skip
    return {
        "message_id": _add(db, letter).id,
        "setting_id": _add(db, address).id,
        "outlet_id": _add(db, outlet).id,
        "mail_id": 1,
    }


def _stock(db: Session, vault: Vault, people: dict[str, int]) -> dict[str, int]:
    """A citizen of freja's, with an assessment she has begun and a goal."""
    today = clock.today()
    version = make_instrument(db, "scene", areas=3, dimensions=1)
    citizen = _add(
        db,
        Citizen(
            uid="scene-citizen", pseudonym="K0-SCENE", unit_id=unit_id(db, "vaerkstederne"),
            instrument_id=version.instrument_id, entered=today - timedelta(days=400),
        ),
    )  # fmt: skip
    vault.new_citizen(db, citizen.id)
    contact = assign(db, citizen, "freja", starts=citizen.entered)
    keeper = give_role(db, "anna", RoleKind.INSTRUMENTS)
    instrument = db.get_one(Instrument, version.instrument_id)
    unused = make_version(db, instrument, 2, areas=3, dimensions=1)
    dimension = db.scalars(select(Dimension).where(Dimension.version_id == unused.id)).first()
    draft = take_stock(db, citizen, version, today, 3, closed=False)
    goal = Goal(citizen_id=citizen.id, goal_type=GoalType.DEVELOP, set_on=today, sealed=b"")
    return {
        **_course(db, people, citizen, version),
        "citizen_id": citizen.id,
        "assignment_id": contact.id,
        "instrument_id": instrument.id,
        "version_id": unused.id,
        "area_id": dimension.area_id,  # type: ignore[union-attr]
        "dimension_id": dimension.id,  # type: ignore[union-attr]
        "occasion_id": draft.occasion_id,
        "goal_id": _add(db, goal).id,
        "role_id": keeper.id,
        "place": 1,
        "report": "journal",
    }


def _course(db: Session, people: dict[str, int], citizen: Citizen, version: Version) -> dict[str, int]:
    """A course of Værkstederne that carla leads: the citizen takes part, has passed the exam, and waits for another."""
    give_role(db, "bo", RoleKind.COORDINATOR)
    activity = make_activity(db, "SCENE", "Forløb på scenen", has_exam=True)
    hypothesis = suppose(db, activity, version)
    run = make_run(db, activity)
    held = put_in(db, run, citizen)
    exam = _add(db, Exam(participation_id=held.id, day=clock.today(), passed=True))
    session = db.scalars(select(RunSession).where(RunSession.run_id == run.id).order_by(RunSession.number)).first()
    return {
        "activity_id": activity.id,
        "hypothesis_id": hypothesis.id,
        "run_id": run.id,
        "leader_id": db.scalars(select(RunLeader.id).where(RunLeader.run_id == run.id)).one(),
        "session_id": session.id,  # type: ignore[union-attr]
        "participation_id": held.id,
        "exam_id": exam.id,
        "entry_id": wait(db, activity, citizen).id,
    }


def _stage(
    db: Session, committee: Committee, people: dict[str, int], case: str, state: State, number: int
) -> SimpleNamespace:
    starts = clock.now() + {"draft": timedelta(days=40), "live": timedelta(hours=-1)}.get(case, timedelta(days=-30))
    meeting = _add(
        db,
        Meeting(
            uid=f"scene-{case}",
            committee_id=committee.id,
            title=f"Møde {number}",
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            state=state,
            agenda_sent_at=None if case == "draft" else starts - timedelta(days=7),
            opened_at=None if case == "draft" else starts,
            created_at=starts - timedelta(days=30),
        ),
    )
    attendance = _add(
        db,
        Attendance(
            meeting_id=meeting.id,
            person_id=people["gunnar"],
            part=Part.MEMBER,
            side=Side.EMPLOYEE,
            role=SeatRole.MEMBER,
        ),
    )
    _add(
        db,
        Attendance(
            meeting_id=meeting.id, person_id=people["anna"], part=Part.MEMBER, side=Side.MANAGEMENT, role=SeatRole.CHAIR
        ),
    )
    stage = SimpleNamespace(meeting=meeting, attendance=attendance)
    for place, (name, is_open) in enumerate([("open", True), ("closed", False)], 1):
        hidden = "" if is_open and case != "draft" else f"{SECRET} "
        item = _item(db, meeting, place, is_open, f"{hidden}{case} {name}")
        setattr(stage, f"{name}_item", item)
        setattr(stage, name, _papers(db, item, people, case, hidden))
    if case == "done":
        db.flush()
        db.refresh(meeting)
        freeze(db, None, meeting, clock.now())
    db.flush()
    return stage


def _item(db: Session, meeting: Meeting, place: int, is_open: bool, title: str) -> Item:
    return _add(
        db,
        Item(
            uid=f"{meeting.uid}-{place}",
            meeting_id=meeting.id,
            committee_id=meeting.committee_id,
            position=place,
            purpose=Purpose.DECIDE,
            title=title,
            case_text=f"Om {title}.",
            minutes_text=f"Sagt om {title}." if meeting.state is not State.PLANNED else "",
            outcome=Outcome.DECIDED if meeting.state is State.HELD else None,
            is_open=is_open,
            closed_ground="" if is_open else "confidential",
        ),
    )


def _papers(db: Session, item: Item, people: dict[str, int], case: str, hidden: str) -> dict[str, int | str]:
    now = clock.now()
    attachment = _add(
        db,
        Attachment(
            item_id=item.id,
            title=f"{hidden}bilag",
            file_name=f"{hidden.strip()}bilag.txt",
            media_type="text/plain",
            size=len(FILE),
            sha256=FILE_SHA256,
            is_open=item.is_open,
            at=now,
        ),
    )
    db.add(
        Note(
            item_id=item.id,
            side=Side.EMPLOYEE,
            text=f"{ONE_SIDE} fra siden",
            changed_by_id=people["bo"],
            changed_at=now,
        )
    )
    if case == "draft":
        # Agreed ahead of the meeting, with no decision yet.
        ahead = FollowUp(
            committee_id=item.committee_id,
            item_id=item.id,
            is_open=item.is_open,
            text=f"{hidden}på forhånd",
            owner_id=people["gunnar"],
            created_at=now,
        )
        _add(db, ahead)
        return {"attachment_id": attachment.id}
    decision = _add(
        db,
        Decision(
            uid=f"scene-{item.uid}",
            committee_id=item.committee_id,
            meeting_id=item.meeting_id,
            item_id=item.id,
            is_open=item.is_open,
            year=2026,
            number=9000 + item.id,
            text=f"{hidden}vi gør det {case}",
            why=f"{hidden}fordi",
            perspective=Perspective.EMERGENS,
            responsible_id=people["gunnar"],
            decided_at=now,
            changed_at=now,
        ),
    )
    db.add(
        Tag(
            decision_id=decision.id,
            perspective=Perspective.EMERGENS,
            is_main=True,
            committee_id=item.committee_id,
            is_open=item.is_open,
            published_at=decision.published_at,
        )
    )
    follow_up = _add(
        db,
        FollowUp(
            committee_id=item.committee_id,
            item_id=item.id,
            decision_id=decision.id,
            is_open=item.is_open,
            text=f"{hidden}følg op",
            owner_id=people["gunnar"],
            created_at=now,
        ),
    )
    return {"attachment_id": attachment.id, "decision_id": decision.id, "follow_up_id": follow_up.id}
