"""Nobody approves what did not stand on their screen: not the minutes, and not an agenda's files."""

import pytest
from sqlalchemy import select

from med.meetings.models import Attachment, Item, Meeting, Minutes, MinutesState, Recusal
from tests.meetings.rooms import held_meeting
from tests.meetings.test_attachments import attach

CHANGED = "Referatet er rettet, efter at du åbnede siden. Læs det igennem, og godkend igen."


@pytest.fixture
def held(write, db):
    made = write(lambda session: held_meeting(session, "Siden sidst", "Vagtplan").id)
    db.rollback()
    return made


@pytest.fixture
def minutes(db, held):
    def now() -> Minutes:
        db.rollback()
        db.expire_all()
        return db.scalar(select(Minutes).where(Minutes.meeting_id == held))

    return now


def send_to_review(visitor, held):
    assert visitor("emil").open(f"/moeder/{held}/referat").form("Send til godkendelse").send().status_code == 303


def rewrite(visitor, db, held, text):
    item = db.scalar(select(Item.id).where(Item.meeting_id == held, Item.position == 2))
    visitor("emil").open(f"/moeder/{held}/lokale?punkt={item}").form("Gem referat").fill(text=text).send()


def test_a_tab_from_before_the_rewriting_does_not_freeze_the_minutes(visitor, db, held, minutes):
    send_to_review(visitor, held)
    bo = visitor("bo")
    his = bo.open(f"/moeder/{held}/referat").form("Godkend referatet")
    rewrite(visitor, db, held, "Bo lovede at tage alle nattevagterne.")
    send_to_review(visitor, held)
    visitor("anna").open(f"/moeder/{held}/referat").form("Godkend referatet").send()
    refused = his.send()
    assert refused.status_code == 409
    assert CHANGED in refused.words
    assert "Bo lovede at tage alle nattevagterne." in refused.words
    assert (minutes().state, minutes().vice_at) == (MinutesState.IN_REVIEW, None)
    assert refused.form("Godkend referatet").send().status_code == 303  # now he has read them
    assert minutes().state is MinutesState.APPROVED


def test_minutes_that_are_a_draft_again_are_shown_to_who_approves_and_words_come_back(visitor, db, held, minutes):
    """Nobody has sent them for approval anew."""
    send_to_review(visitor, held)
    his = visitor("bo").open(f"/moeder/{held}/referat").form("Godkend referatet")
    emil = visitor("emil")
    written = emil.open(f"/moeder/{held}/referat").form("Notér godkendelsen")
    rewrite(visitor, db, held, "Bo lovede at tage alle nattevagterne.")
    refused = his.send()
    assert refused.status_code == 409
    assert "er en kladde igen. Du bliver spurgt, når det er sendt til godkendelse." in refused.words
    assert "Bo lovede at tage alle nattevagterne." in refused.words
    kept = written.fill(on_behalf="vice", proof="Mail fra Bo den 22. november").send()
    assert kept.status_code == 403
    assert "er en kladde igen." in kept.words and "Mail fra Bo den 22. november" in kept.text
    for handle in ("emil", "carla"):
        path = f"/moeder/{held}/referat/godkend"
        assert visitor(handle).submit(path, seen=minutes().version).status_code == 403
    assert (minutes().state, minutes().vice_at) == (MinutesState.DRAFT, None)


def test_a_form_that_saw_nothing_approves_nothing(visitor, held, minutes):
    send_to_review(visitor, held)
    path = f"/moeder/{held}/referat/godkend"
    for seen in ({}, {"seen": "x"}, {"seen": "-1"}, {"seen": 10**30}, {"seen": minutes().version - 1}):
        assert visitor("anna").submit(path, **seen).status_code == 409, seen
    assert minutes().chair_at is None
    assert "The minutes were changed" in visitor("anna").submit(path, on="/mig?sprog=en").words


def test_an_approval_in_writing_is_for_the_minutes_that_were_read(visitor, db, held, minutes):
    send_to_review(visitor, held)
    emil = visitor("emil")
    form = emil.open(f"/moeder/{held}/referat").form("Notér godkendelsen")
    rewrite(visitor, db, held, "Noget helt andet.")
    send_to_review(visitor, held)
    refused = form.fill(on_behalf="vice", proof="Mail fra Bo den 22. november").send()
    assert refused.status_code == 409
    assert CHANGED in refused.words
    assert "Mail fra Bo den 22. november" in refused.text
    assert minutes().vice_at is None
    assert refused.form("Notér godkendelsen").send().status_code == 303
    assert minutes().vice_at is not None


@pytest.mark.parametrize("change", ["words", "outcome", "presence", "guest", "recusal", "decision", "closed"])
def test_whatever_is_changed_in_the_minutes_the_approvals_fall_and_are_asked_for_anew(
    visitor, db, held, minutes, people, change
):
    send_to_review(visitor, held)
    visitor("anna").open(f"/moeder/{held}/referat").form("Godkend referatet").send()
    seen = minutes().version
    emil = visitor("emil")
    item = db.scalar(select(Item.id).where(Item.meeting_id == held, Item.position == 2))
    room = emil.open(f"/moeder/{held}/lokale?punkt={item}")
    there = emil.open(f"/moeder/{held}/fremmoede")
    if change == "words":
        room.form("Gem referat").fill(text="Andre ord.").send()
    elif change == "outcome":
        room.form(action="/udfald").fill(outcome="discussed", consensus="agreed").send()
    elif change == "presence":
        row = next(one for one in db.get(Meeting, held).attendances if one.person_id == people.bo)
        there.form("Gem fremmøde").fill(**{f"presence-{row.id}": "absent", "reason": "Bo var syg"}).send()
    elif change == "guest":
        there.form("Føj til listen").fill(person="julie", part="guest", reason="Glemt i mødet").send()
    elif change == "recusal":
        room.form("Notér inhabil").fill(person_id=people.bo).send()
    elif change == "decision":
        room.form("Gem beslutningen").fill(
            text="kaffen er gratis", why="Vi drikker den.", perspective="compliance"
        ).send()
    else:
        page = visitor("anna").open(f"/moeder/{held}/punkter/{item}/aabenhed")
        page.form("Gem").fill(is_closed="1", ground="personal").send()
    assert (minutes().state, minutes().chair_at) == (MinutesState.DRAFT, None)
    send_to_review(visitor, held)
    assert (minutes().state, minutes().chair_at) == (MinutesState.IN_REVIEW, None)
    assert visitor("anna").submit(f"/moeder/{held}/referat/godkend", seen=seen).status_code == 409
    assert change != "recusal" or db.scalar(select(Recusal.person_id).where(Recusal.item_id == item)) == people.bo


def put_there(anna, number, point, file):
    assert attach(anna, number, point, title="Et til").status_code == 303


def take_off(anna, number, point, file):
    anna.submit(f"/bilag/{file}/fjern")


def open_to_all(anna, number, point, file):
    anna.submit(f"/bilag/{file}/aabenhed", is_open=1)


@pytest.mark.parametrize("change", [put_there, take_off, open_to_all])
def test_the_chairs_approve_the_agenda_with_its_files(visitor, plan, item, look, db, change):
    number = plan()
    point = item(number, "Budget")
    anna, bo = visitor("anna"), visitor("bo")
    attach(anna, number, point, title="Tallene", inside_only="1")
    db.rollback()
    file = db.scalar(select(Attachment.id).where(Attachment.item_id == point))
    anna.open(f"/moeder/{number}").form("Godkend dagsordenen").send()
    assert look(Meeting, number).agenda_chair_at is not None
    his = bo.open(f"/moeder/{number}").form("Godkend dagsordenen")
    change(anna, number, point, file)
    assert look(Meeting, number).agenda_chair_at is None
    refused = his.send()
    assert refused.status_code == 409
    assert "Dagsordenen er ændret, efter at du åbnede siden." in refused.words
    assert look(Meeting, number).agenda_vice_at is None


def test_who_adds_a_file_to_an_approved_agenda_is_told(visitor, plan, item):
    number = plan()
    point = item(number, "Budget")
    anna = visitor("anna")
    anna.open(f"/moeder/{number}").form("Godkend dagsordenen").send()
    answer = attach(anna, number, point)
    assert "Den skal godkendes igen" in anna.open(answer.headers["location"]).words
    assert "Bilaget er lagt på punktet." in anna.open(attach(anna, number, point).headers["location"]).words


def test_a_file_that_comes_during_the_meeting_does_not_stand_in_the_minute_takers_way(
    visitor, plan, item, send_agenda, look
):
    number = plan()
    point = item(number, "Budget")
    send_agenda(number)
    was = look(Item, point).version
    assert attach(visitor("anna"), number, point).status_code == 303
    assert look(Item, point).version == was
