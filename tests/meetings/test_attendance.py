"""Who comes: yes, no with a substitute, and those who only listen."""

from datetime import timedelta

from sqlalchemy import select

from med import clock
from med.meetings.canonical import canonical, document
from med.meetings.models import Attendance, Meeting, Part, Presence, Reply
from tests.meetings.rooms import held_meeting, make_meeting


def replies(db, number):
    db.rollback()
    db.expire_all()
    rows = db.scalars(select(Attendance).where(Attendance.meeting_id == number))
    return {a.person.handle: a for a in rows}


def test_gunnar_says_yes(visitor, plan, db):
    number = plan()
    gunnar = visitor("gunnar")
    answer = gunnar.open(f"/moeder/{number}").form("Jeg kommer").send()
    assert "Vi regner med dig" in gunnar.open(answer.headers["location"]).words
    assert replies(db, number)["gunnar"].reply is Reply.ACCEPTED


def test_the_overview_says_the_answer_as_the_meeting_does(visitor, write, db):
    start = clock.now() + timedelta(hours=1)
    number = write(lambda db: make_meeting(db, title="Snart", start=start).id)
    carla, gunnar = visitor("carla"), visitor("gunnar")
    carla.open(f"/moeder/{number}").form("Tilmeld mig som tilhører").send()
    assert "Snart" in carla.open("/").words
    assert "Du lytter med" in carla.open("/").words
    assert "Du kommer" not in carla.open("/").words
    assert "Du kommer" in gunnar.open("/").words
    page = gunnar.open(f"/moeder/{number}/afbud")
    assert page.has_form("Jeg kommer")
    assert not page.has_form("Jeg kommer alligevel")
    page.form("Meld afbud").send()
    page = gunnar.open("/")
    assert "Du har meldt afbud" in page.words
    assert "Svar på invitationen" not in page.words
    assert f"/moeder/{number}/afbud" in page.links()
    assert gunnar.open(f"/moeder/{number}/afbud").has_form("Jeg kommer alligevel")
    one = replies(db, number)
    anna = visitor("anna")
    assert anna.open(f"/moeder/{number}/deltagere/{one['gunnar'].id}").has_form("Kommer alligevel")
    assert not anna.open(f"/moeder/{number}/deltagere/{one['bo'].id}").has_form("Kommer alligevel")


def test_nadia_declines_and_her_own_substitute_is_asked(visitor, plan, item, db, people):
    number = plan()
    closed = item(number, "Lukket sag", is_closed=True, ground="personal")
    assert "Lukket sag" not in visitor("signe").open(f"/moeder/{number}").words
    nadia = visitor("nadia")
    page = nadia.open(f"/moeder/{number}/afbud")
    offered = page.tree.xpath("//input[@name='substitute']/@value")
    assert offered == ["", str(people.signe), str(people.rasmus)]  # one's own named substitute first
    assert page.tree.xpath("//input[@name='substitute'][@checked]/@value") == [str(people.signe)]  # and chosen
    answer = page.form("Meld afbud").fill(note="Kursus").send()
    assert answer.status_code == 303
    found = replies(db, number)
    assert found["nadia"].reply is Reply.DECLINED
    assert (found["signe"].part, found["signe"].stands_in_for_id) == (Part.SUBSTITUTE, found["nadia"].id)
    signe = visitor("signe")
    page = signe.open(f"/moeder/{number}")
    assert "Du er spurgt som suppleant for Nadia Rahimi" in page.words
    assert "Lukket sag" in page.words  # who steps in reads what the member reads
    assert page.form("Jeg kommer").send().status_code == 303
    # What the side has agreed at its pre-meeting is hers too while she steps in, and no other side's.
    path = f"/moeder/{number}/punkter/{closed}/note"
    assert nadia.submit(path, version=0, text="Vi holder fast i otte uger", shared=1).status_code == 303
    assert "otte uger" in signe.open(f"/moeder/{number}").text
    assert "For medarbejdersiden" in signe.open(f"/moeder/{number}").words
    assert signe.submit(path, version=1, text="Vi holder fast i seks", shared=1).status_code == 303
    assert "fast i seks" in nadia.open(f"/moeder/{number}").text
    assert "fast i seks" not in visitor("anna").open(f"/moeder/{number}").text
    # Nadia comes after all: Signe is let go, and reads no more.
    nadia.open(f"/moeder/{number}/afbud").form("Jeg kommer alligevel").send()
    assert "signe" not in replies(db, number)
    assert "Lukket sag" not in signe.open(f"/moeder/{number}").words
    assert "fast i seks" not in signe.open(f"/moeder/{number}").text


def test_who_chose_no_substitute_is_not_given_one_by_correcting_the_reason(visitor, plan, db, people):
    number = plan()
    nadia, anna = visitor("nadia"), visitor("anna")
    noted = anna.open(f"/moeder/{number}").tree.xpath("//a[text()='Nadia Rahimi']/@href")[0]
    chosen = "//input[@name='substitute'][@checked]/@value"
    assert anna.open(noted).tree.xpath(chosen) == [str(people.signe)]
    nadia.open(f"/moeder/{number}/afbud").form("Meld afbud").fill(substitute="", note="Kursus").send()
    page = nadia.open(f"/moeder/{number}/afbud")
    assert page.tree.xpath(chosen) == [""]
    assert anna.open(noted).tree.xpath(chosen) == [""]
    page.form("Meld afbud").fill(note="Ferie").send()
    assert replies(db, number)["nadia"].note == "Ferie"
    assert "signe" not in replies(db, number)


def test_what_the_substitute_wrote_with_the_reply_is_not_in_the_minutes(visitor, write, people, db):
    def went(db):
        meeting = held_meeting(db, "Siden sidst")
        away = next(one for one in meeting.attendances if one.person_id == people.nadia)
        for name, reply in (("signe", Reply.DECLINED), ("rasmus", Reply.ACCEPTED)):
            db.add(
                Attendance(
                    meeting_id=meeting.id, person_id=getattr(people, name), part=Part.SUBSTITUTE, side=away.side,
                    stands_in_for_id=away.id, reply=reply, replied_at=clock.now(), note="Min datter er indlagt",
                    presence=Presence.PRESENT if reply is Reply.ACCEPTED else Presence.UNKNOWN,
                )
            )  # fmt: skip
        return meeting.id

    number = write(went)
    page = visitor("anna").open(f"/moeder/{number}/referat")
    assert "Rasmus" in page.words
    assert "Signe" not in page.words  # said no, and was not there
    assert "indlagt" not in page.words
    assert "indlagt" not in canonical(write(lambda db: document(db, db.get(Meeting, number))["open"]))


def test_the_substitute_must_be_of_the_same_side(visitor, plan, people):
    number = plan()
    for nobody in (people.carla, people.rasmus + 10_000, people.bo):
        back = visitor("nadia").submit(f"/moeder/{number}/svar", reply="declined", substitute=nobody)
        assert back.status_code == 422
        assert "fra samme side" in back.words
    back = visitor("anna").submit(f"/moeder/{number}/svar", reply="declined", substitute=people.signe)
    assert back.status_code == 422


def test_the_chairs_substitute_may_approve_the_agenda(visitor, plan, item, people, db):
    number = plan()
    visitor("bo").submit(f"/moeder/{number}/svar", reply="declined", substitute=people.rasmus)
    rasmus = visitor("rasmus")
    assert rasmus.open(f"/moeder/{number}").form("Godkend dagsordenen").send().status_code == 303
    assert visitor("anna").open(f"/moeder/{number}").form("Godkend dagsordenen").send().status_code == 303
    assert replies(db, number)["rasmus"].meeting.agenda_vice_id == people.rasmus


def test_too_few_are_warned_about_inside_the_committee(visitor, plan):
    number = plan()
    anna = visitor("anna")
    for name in ("Bo Kjærgaard", "Nadia Rahimi", "Ole Skytte", "Gunnar Thorsen", "Yusuf Demir"):
        page = anna.open(f"/moeder/{number}")
        href = page.tree.xpath("//a[text()=$name]/@href", name=name)[0]
        form = anna.open(href).form("Meld afbud").fill(note="Sagt i telefonen")
        if "substitute" in form.names:
            form.fill(substitute="")
        assert form.send().status_code == 303
    assert "Ingen fra medarbejdersiden kommer" in anna.open(f"/moeder/{number}").words
    outside = visitor("carla").open(f"/moeder/{number}").words
    assert "Ingen fra medarbejdersiden kommer" not in outside
    assert "Sagt i telefonen" not in outside
    assert "Nadia Rahimi" not in outside  # who declined is the committee's own business


def test_anyone_may_listen_at_an_open_meeting_and_change_their_mind(visitor, plan, db):
    number = plan()
    carla = visitor("carla")
    form = carla.open(f"/moeder/{number}").form("Tilmeld mig")
    form.send()
    form.fill(idem="en anden").send()  # signing up twice is signing up once
    assert replies(db, number)["carla"].part is Part.OBSERVER
    page = visitor("julie").open(f"/moeder/{number}")
    people = page.tree.xpath("string(//section[@aria-labelledby='people'])")
    assert "1 tilhører" in people
    assert "Carla" not in people
    carla.open(f"/moeder/{number}").form("Frameld mig").send()
    assert "carla" not in replies(db, number)


def test_a_closed_meeting_has_no_listeners(visitor, plan):
    number = plan(is_open=False)
    carla = visitor("carla")
    assert not carla.open(f"/moeder/{number}").has_form("Tilmeld mig")
    assert carla.submit(f"/moeder/{number}/tilhoerer", kommer="ja").status_code == 403
    assert visitor("gunnar").submit(f"/moeder/{number}/tilhoerer", kommer="ja").status_code == 403


def test_only_those_invited_reply(visitor, plan):
    number = plan()
    for handle in ("carla", "julie", "karl", "emil"):
        assert visitor(handle).submit(f"/moeder/{number}/svar", reply="accepted").status_code == 403
    for reply in ("", "måske", "invited"):
        assert visitor("gunnar").submit(f"/moeder/{number}/svar", reply=reply).status_code == 422
