"""From draft to approved minutes: who reads what when, what both chairs must do, history and addenda."""

import json

import pytest
from sqlalchemy import select

from med import clock
from med.access import SeatRole, Side
from med.meetings.actions.minutes import freeze
from med.meetings.actions.proposals import receive_sent_on
from med.meetings.models import (
    Addendum,
    Attendance,
    Consensus,
    Item,
    Meeting,
    Minutes,
    MinutesState,
    Outcome,
    Part,
    Presence,
    Recusal,
    Reply,
    State,
)
from med.meetings.parts import PARTS
from med.meetings.waiting_minutes import awaiting
from med.organisation.models import Approval, Committee, Rules, Seat
from med.organisation.queries import viewer_for
from tests.meetings.rooms import held_meeting, make_meeting, seat_substitute

CLOSED = {"title": "En sag om Ulla", "is_open": False, "minutes_text": "Ulla får orlov."}


@pytest.fixture
def meeting_id(write, people):
    return write(lambda db: held_meeting(db, "Siden sidst", "Vagtplan", dict(CLOSED), minute_taker_id=people.emil).id)


@pytest.fixture(autouse=True)
def fresh(meeting_id, db):
    db.rollback()  # what `meeting_id` made is there when a test first looks


def address(meeting_id):
    return f"/moeder/{meeting_id}/referat"


def minutes_of(db, meeting_id):
    db.rollback()
    return db.scalar(select(Minutes).where(Minutes.meeting_id == meeting_id))


def send_to_review(visitor, meeting_id):
    return visitor("emil").open(address(meeting_id)).form("Send til godkendelse").send()


def approve(visitor, handle, meeting_id):
    return visitor(handle).open(address(meeting_id)).form("Godkend referatet").send()


def test_a_draft_is_for_the_committee_only(visitor, meeting_id):
    assert visitor("carla").open(address(meeting_id)).status_code == 404
    assert visitor("karl").open(address(meeting_id)).status_code == 404
    assert visitor("ivan").open(address(meeting_id)).status_code == 404
    page = visitor("gunnar").open(address(meeting_id))
    assert "Vi talte om vagtplan." in page.words
    assert "Ulla får orlov." in page.words


def test_both_chairs_approve_and_everyone_can_read(visitor, db, meeting_id):
    send_to_review(visitor, meeting_id)
    assert visitor("carla").open(address(meeting_id)).status_code == 404
    assert approve(visitor, "anna", meeting_id).status_code == 303
    assert minutes_of(db, meeting_id).state is MinutesState.IN_REVIEW
    assert visitor("carla").open(address(meeting_id)).status_code == 404
    assert "referat-godkendt" in approve(visitor, "bo", meeting_id).headers["location"]
    minutes = minutes_of(db, meeting_id)
    assert minutes.state is MinutesState.APPROVED
    assert len(minutes.sha256) == 64
    page = visitor("carla").open(address(meeting_id))
    assert "Vi talte om vagtplan." in page.words
    assert "3. Lukket punkt" in page.words
    assert "Ulla" not in page.text
    assert minutes.sha256 in page.text


def test_the_members_find_approved_minutes_on_their_overview(visitor, meeting_id):
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    gunnar, carla = visitor("gunnar"), visitor("carla")
    assert "Referat: MED-ledelsen, november" not in gunnar.open("/").words
    approve(visitor, "bo", meeting_id)
    assert "Referat: MED-ledelsen, november" in gunnar.open("/").words
    assert "Referat: MED-ledelsen, november" not in carla.open("/").words


def test_attendance_nobody_noted_is_said_before_it_is_fixed(visitor, write, meeting_id):
    def forget(db, *handles):
        for one in db.get(Meeting, meeting_id).attendances:
            one.presence = Presence.UNKNOWN if one.person.handle in handles else Presence.PRESENT

    emil, presence = visitor("emil"), f"/moeder/{meeting_id}/fremmoede"
    assert "Fremmødet er ikke noteret" not in emil.open(address(meeting_id)).words
    write(lambda db: forget(db, "gunnar"))
    page = emil.open(address(meeting_id))
    assert "Fremmødet er ikke noteret for 1 deltager." in page.words
    assert page.links().count(presence) == 2
    write(lambda db: forget(db, "gunnar", "bo"))
    send_to_review(visitor, meeting_id)
    bystander = visitor("gunnar").open(address(meeting_id) + "?sprog=en")
    assert "Attendance is not noted for 2 people." in bystander.words
    assert presence not in bystander.links()
    approve(visitor, "anna", meeting_id)
    approve(visitor, "bo", meeting_id)
    locked = emil.open(address(meeting_id)).words
    assert "Fremmøde ikke noteret" in locked
    assert "Notér det, før" not in locked


def test_a_disagreement_sent_on_comes_with_what_each_side_said(visitor, db, write, meeting_id, committee_id):
    def send(db, position):
        item = next(one for one in db.get(Meeting, meeting_id).items if one.position == position)
        item.outcome, item.consensus = Outcome.SENT_ON, Consensus.DISAGREED
        item.statement_management, item.statement_employees = "Otte uger er for længe", "Seks uger er for kort"
        there = db.get(Committee, committee_id("centermed-job"))
        return receive_sent_on(db, viewer_for(db, item.meeting.attendances[0].person_id), item, there, "Afgør det").id

    proposal, closed = write(lambda db: send(db, 2)), write(lambda db: send(db, 3))
    dorte, point = visitor("dorte"), db.scalar(select(Item).where(Item.meeting_id == meeting_id, Item.position == 2))
    lines = dorte.open("/forslag").tree.xpath(f"//li[a/@href='/forslag/{proposal}']")
    assert "Fra MED-ledelsen på Åbrinken" in lines[0].text_content()
    before = dorte.open(f"/forslag/{proposal}")
    assert "uger er for" not in before.words
    assert "kan læses, når referatet er godkendt" in before.words
    assert f"/moeder/{meeting_id}#punkt-{point.id}" in before.links()
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    approve(visitor, "bo", meeting_id)
    page = dorte.open(f"/forslag/{proposal}")
    for words in ("Uenighed", "Ledelsessiden: Otte uger er for længe", "Medarbejdersiden: Seks uger er for kort"):
        assert words in page.words
    assert f"{address(meeting_id)}#punkt-{point.id}" in page.links()
    hidden = dorte.open(f"/forslag/{closed}")
    assert hidden.status_code == 200
    assert "uger er for" not in hidden.words
    assert not [link for link in hidden.links() if "#punkt" in link]


def test_a_chair_does_not_approve_twice_and_a_member_not_at_all(visitor, meeting_id):
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    assert not visitor("anna").open(address(meeting_id)).has_form("Godkend referatet")
    assert visitor("anna").submit(address(meeting_id) + "/godkend").status_code == 403
    for handle in ("gunnar", "emil", "carla"):
        assert visitor(handle).submit(address(meeting_id) + "/godkend").status_code == 403


def test_a_change_of_words_sends_the_minutes_back(visitor, db, meeting_id):
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    item = db.scalar(select(Item).where(Item.meeting_id == meeting_id))
    bo = visitor("bo")
    page = bo.open(f"/moeder/{meeting_id}/lokale?punkt={item.id}")
    assert "skal formandskabet godkende igen" in page.words
    page.form("Gem referat").fill(text="Bo huskede det anderledes.").send()
    minutes = minutes_of(db, meeting_id)
    assert (minutes.state, minutes.chair_at) == (MinutesState.DRAFT, None)
    assert not bo.open(address(meeting_id)).has_form("Godkend referatet")


def test_a_change_nobody_told_of_is_noticed_when_the_second_chair_approves(visitor, db, write, meeting_id, monkeypatch):
    """A higher slice changed what belongs in the minutes without a word."""
    monkeypatch.setattr(PARTS, "minutes", [])
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    item = db.scalar(select(Item.id).where(Item.meeting_id == meeting_id))
    monkeypatch.setattr(PARTS, "minutes", [lambda db, meeting: {item: [{"text": "en ny beslutning"}]}])
    assert "referat-rettet" in approve(visitor, "bo", meeting_id).headers["location"]
    assert minutes_of(db, meeting_id).state is MinutesState.DRAFT


def test_the_substitute_approves_when_the_vice_chair_was_away(visitor, db, write, people, meeting_id):
    stand_in = write(lambda db: seat_substitute(db, "freja"))

    def away(session):
        bo = session.scalar(
            select(Attendance).where(Attendance.meeting_id == meeting_id, Attendance.person_id == people.bo)
        )
        bo.presence = Presence.ABSENT
        bo.reply = Reply.DECLINED
        session.add(
            Attendance(
                meeting_id=meeting_id, person_id=stand_in.id, part=Part.SUBSTITUTE, side=Side.EMPLOYEE,
                stands_in_for_id=bo.id, reply=Reply.ACCEPTED, presence=Presence.PRESENT,
            )
        )  # fmt: skip

    write(away)
    send_to_review(visitor, meeting_id)
    assert "suppleant" in visitor("anna").open(address(meeting_id)).words
    assert approve(visitor, stand_in.handle, meeting_id).status_code == 303
    approve(visitor, "anna", meeting_id)
    assert minutes_of(db, meeting_id).vice_id == stand_in.id
    page = visitor("carla").open(address(meeting_id))
    assert f"(suppleant {stand_in.name} deltog i stedet)" in page.words


def test_without_a_vice_chair_the_chair_approves_the_minutes(visitor, db, write, people, meeting_id):
    """As with the agenda: a group around a task may have a chair only, and nobody is waited for who is not there."""

    def vacate(session):
        for seat in session.scalars(select(Seat).where(Seat.person_id == people.bo, Seat.role == SeatRole.VICE_CHAIR)):
            seat.role = SeatRole.MEMBER

    send_to_review(visitor, meeting_id)
    assert "Næstformand: Venter" in visitor("anna").open(address(meeting_id)).words
    write(vacate)
    page = visitor("anna").open(address(meeting_id))
    assert "Næstformand: Venter" not in page.words and "Når du har godkendt" in page.words
    assert approve(visitor, "anna", meeting_id).status_code == 303
    assert minutes_of(db, meeting_id).state is MinutesState.APPROVED
    assert visitor("carla").open(address(meeting_id)).status_code == 200


def test_the_secretary_records_an_approval_given_in_writing(visitor, db, meeting_id):
    send_to_review(visitor, meeting_id)
    emil = visitor("emil")
    form = emil.open(address(meeting_id)).form("Notér godkendelsen")
    short = form.fill(on_behalf="vice", proof="mail").send()
    assert short.status_code == 422
    assert "hvornår og hvordan" in short.errors()["proof"]
    emil.open(address(meeting_id)).form("Notér godkendelsen").fill(
        on_behalf="vice", proof="Mail fra Bo den 22. november kl. 9.12"
    ).send()
    assert minutes_of(db, meeting_id).vice_at is not None
    approve(visitor, "anna", meeting_id)
    assert minutes_of(db, meeting_id).state is MinutesState.APPROVED
    assert "Mail fra Bo" in visitor("gunnar").open(address(meeting_id)).words
    assert "Mail fra Bo" not in visitor("carla").open(address(meeting_id)).words
    assert visitor("anna").submit(address(meeting_id) + "/skriftlig-godkendelse").status_code == 403


def test_where_the_chair_alone_approves_one_yes_is_enough(visitor, db, write):
    def make(session):
        meeting = held_meeting(session)
        committee = session.get(Committee, meeting.committee_id)
        session.scalar(select(Rules).where(Rules.committee_id == committee.id)).minutes_approval = Approval.CHAIR
        return meeting.id

    meeting_id = write(make)
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    assert minutes_of(db, meeting_id).state is MinutesState.APPROVED


def test_other_slices_publish_in_the_same_breath(visitor, meeting_id, monkeypatch):
    told = []
    monkeypatch.setattr(PARTS, "approved", [lambda db, viewer, meeting: told.append((viewer.handle, meeting.id))])
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    assert told == []
    approve(visitor, "bo", meeting_id)
    assert told == [("bo", meeting_id)]


def test_the_head_names_who_was_there(visitor, db, write, people, meeting_id):
    def arrange(session):
        rows = {
            one.person_id: one for one in session.scalars(select(Attendance).where(Attendance.meeting_id == meeting_id))
        }
        rows[people.gunnar].presence = Presence.LATE
        rows[people.gunnar].arrived = "9.20"
        rows[people.bo].presence = Presence.ABSENT
        item = session.scalar(select(Item).where(Item.meeting_id == meeting_id, Item.position == 2))
        item.statement_employees = "Vi vil høres igen."
        session.add(Recusal(item_id=item.id, person_id=people.anna))

    write(arrange)
    words = visitor("gunnar").open(address(meeting_id)).words
    assert "kom kl. 9.20" in words
    assert "Afbud Bo " in words
    assert "Referent Emil" in words
    assert "Medarbejdersiden: Vi vil høres igen." in words
    assert "Deltog ikke i punktet (inhabil): Anna" in words


def test_a_substitute_nobody_saw_did_not_take_part(visitor, write, people, meeting_id):
    def arrange(session):
        rows = {
            one.person_id: one for one in session.scalars(select(Attendance).where(Attendance.meeting_id == meeting_id))
        }
        away = rows[people.bo]
        away.presence, away.reply = Presence.ABSENT, Reply.DECLINED
        signe = Attendance(
            meeting_id=meeting_id, person_id=people.signe, part=Part.SUBSTITUTE, side=Side.EMPLOYEE,
            stands_in_for_id=away.id, reply=Reply.ACCEPTED, presence=Presence.UNKNOWN,
        )  # fmt: skip
        session.add(signe)
        session.flush()
        return signe.id

    signe = write(arrange)
    assert "deltog i stedet" not in visitor("gunnar").open(address(meeting_id)).words
    write(lambda session: setattr(session.get(Attendance, signe), "presence", Presence.LATE))
    assert "(suppleant Signe Aaby deltog i stedet)" in visitor("gunnar").open(address(meeting_id)).words


def test_on_paper_minutes_say_that_they_are_not_approved_yet(visitor, meeting_id):
    def paper():
        page = visitor("gunnar").open(address(meeting_id))
        return " ".join(one.text_content() for one in page.tree.xpath("//*[contains(@class, 'print-only')]"))

    words = "Ikke godkendt endnu – til godkendelse hos formandskabet."
    assert words not in paper()
    send_to_review(visitor, meeting_id)
    assert words in paper()
    approve(visitor, "anna", meeting_id)
    approve(visitor, "bo", meeting_id)
    assert words not in paper()


def test_approved_minutes_are_not_changed_but_added_to(visitor, db, meeting_id):
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    approve(visitor, "bo", meeting_id)
    items = db.scalars(select(Item).where(Item.meeting_id == meeting_id).order_by(Item.position)).all()
    anna = visitor("anna")
    path = f"/moeder/{meeting_id}/punkter/{items[0].id}"
    assert anna.submit(path + "/referat", version="0", text="Rettet bagefter").status_code == 403
    assert anna.submit(path + "/udfald", version="1", outcome="withdrawn").status_code == 403
    assert not anna.open(f"/moeder/{meeting_id}/lokale?punkt={items[0].id}").has_form("Gem referat")
    empty = anna.open(address(meeting_id)).form(action="/tilfoejelser").fill(text=" ").send()
    assert empty.status_code == 422
    anna.open(address(meeting_id)).form(action="/tilfoejelser").fill(
        text="Vagtplanen gælder fra uge 53.", item=items[1].id
    ).send()
    anna.open(address(meeting_id)).form(action="/tilfoejelser").fill(
        text="Ullas orlov er seks uger.", item=items[2].id
    ).send()
    carla = visitor("carla").open(address(meeting_id))
    assert "Vagtplanen gælder fra uge 53." in carla.words
    assert "Ulla" not in carla.text
    assert "Ullas orlov er seks uger." in visitor("bo").open(address(meeting_id)).words
    db.rollback()
    assert db.scalars(select(Addendum.is_open).order_by(Addendum.id.desc()).limit(2)).all() == [False, True]
    assert visitor("carla").submit(address(meeting_id) + "/tilfoejelser", text="Hov").status_code == 403


def test_a_cpr_number_is_warned_of_before_it_stands_for_good(visitor, db, meeting_id, write):
    def slip(session):
        session.scalar(select(Item).where(Item.meeting_id == meeting_id)).minutes_text = "Det var 010190-1234."

    write(slip)
    assert "Der står måske et CPR-nummer i referatet" in visitor("anna").open(address(meeting_id)).words
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    approve(visitor, "bo", meeting_id)
    anna = visitor("anna")
    form = anna.open(address(meeting_id)).form(action="/tilfoejelser").fill(text="Skulle være 020290-4321.")
    warned = form.send()
    assert warned.status_code == 422
    assert "kan ikke slettes igen" in warned.errors()["text"]
    assert warned.form(action="/tilfoejelser").fill(cpr_anyway="1").send().status_code == 303


def test_a_decision_noted_during_the_review_sends_the_minutes_back(visitor, db, meeting_id):
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    item = db.scalar(select(Item).where(Item.meeting_id == meeting_id).order_by(Item.position))
    page = visitor("emil").open(f"/moeder/{meeting_id}/lokale?punkt={item.id}")
    page.form("Gem beslutningen").fill(text="kaffen er gratis", why="Vi drikker den.", perspective="compliance").send()
    assert minutes_of(db, meeting_id).state is MinutesState.DRAFT


def test_versions_and_their_difference_are_for_the_committee(visitor, db, meeting_id):
    send_to_review(visitor, meeting_id)
    item = db.scalar(select(Item).where(Item.meeting_id == meeting_id).order_by(Item.position))
    bo = visitor("bo")
    bo.open(f"/moeder/{meeting_id}/lokale?punkt={item.id}").form("Gem referat").fill(
        text="Vi talte om siden sidst og om kaffen."
    ).send()
    send_to_review(visitor, meeting_id)
    page = bo.open(address(meeting_id) + "/versioner?fra=1&til=2")
    assert page.tree.xpath("//ins[contains(., 'kaffen')]")
    assert visitor("carla").open(address(meeting_id) + "/versioner").status_code == 404
    for wrong, status in (("fra=1&til=9", 404), ("fra=x", 400), (f"til={'9' * 30}", 400)):
        assert bo.open(f"{address(meeting_id)}/versioner?{wrong}").status_code == status
    history = bo.open(f"/moeder/{meeting_id}/punkter/{item.id}/referat/versioner")
    assert "kaffen" in history.words
    assert visitor("carla").open(f"/moeder/{meeting_id}/punkter/{item.id}/referat/versioner").status_code == 404


def test_the_frozen_document_is_for_the_committees_archive(visitor, meeting_id):
    assert visitor("bo").open(address(meeting_id) + ".json").status_code == 404
    send_to_review(visitor, meeting_id)
    approve(visitor, "anna", meeting_id)
    approve(visitor, "bo", meeting_id)
    answer = visitor("bo").open(address(meeting_id) + ".json")
    document = json.loads(answer.response.content)
    assert document["open"]["items"][2] == {"number": 3, "is_open": False}
    assert document["closed"]["items"][0]["text"] == "Ulla får orlov."
    assert visitor("carla").open(address(meeting_id) + ".json").status_code == 404


def test_it_waits_for_those_who_must_act(db, visitor, people, meeting_id):
    def titles(handle):
        db.rollback()
        return [str(one.title) for one in awaiting(db, people.viewer(handle)) if f"/{meeting_id}/" in one.href]

    assert titles("emil") == ["Skriv referatet færdigt: MED-ledelsen, november"]
    assert titles("anna") == titles("carla") == []
    send_to_review(visitor, meeting_id)
    assert titles("anna") == titles("bo") == ["Godkend referatet: MED-ledelsen, november"]
    assert titles("emil") == titles("gunnar") == []
    approve(visitor, "anna", meeting_id)
    assert titles("anna") == []


def test_a_draft_cannot_be_sent_while_the_meeting_runs(visitor, write):
    meeting_id = write(lambda db: make_meeting(db, state=State.IN_PROGRESS).id)
    assert visitor("anna").submit(address(meeting_id) + "/til-godkendelse").status_code == 403
    assert visitor("anna").open(address(meeting_id)).status_code == 404


def test_freeze_takes_old_minutes_in(write, db):
    def bring(session):
        meeting = held_meeting(session)
        freeze(session, None, meeting, clock.now())
        return meeting.id

    meeting_id = write(bring)
    minutes = minutes_of(db, meeting_id)
    assert minutes.state is MinutesState.APPROVED
    assert db.get(Meeting, meeting_id).minutes is minutes


def test_the_minutes_in_english(visitor, meeting_id):
    page = visitor("anna").open(address(meeting_id) + "?sprog=en")
    assert "Minutes" in page.h1
    assert "Send for approval" in page.text
