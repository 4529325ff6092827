"""The private calendar: what stands in it, for whom, and that every calendar reads the same."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import icalendar
import ics
import pytest
from sqlalchemy import update

from med import clock
from med.calendar.ical import Appointment, Party, calendar_bytes, day_event, day_todo, meeting_event, wall
from med.calendar.routes import feeds
from med.db import Database
from med.decisions.models import Decision, FollowUp
from med.identity.actions import make_feed_token, revoke_feed_token
from med.identity.models import FeedToken
from med.meetings.actions.planning import cancel_meeting, change_meeting, plan_meeting
from med.meetings.forms.planning import CancelMeeting, PlanMeeting
from med.meetings.models import Item, Meeting, Reply
from med.organisation.models import Committee, Employment
from med.organisation.queries import person_by_handle, viewer_for
from med.web.conditional import Shelf
from tests.calendar.valid import faults
from tests.ui.site import running_site

MINE = "moeder=mine&opgaver=nej"
AT = datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.fixture
def address(write, people):
    """`address("gunnar", "moeder=mine&opgaver=vtodo")`: a private calendar of his, as a path."""

    def make(handle, choice=MINE, name=""):
        token = write(lambda db: make_feed_token(db, people.viewer(handle), "calendar", choice, name))
        return f"/kalender/{token}.ics"

    return make


def read(page):
    assert page.status_code == 200, page.text
    assert faults(page.response.content) == []
    return icalendar.Calendar.from_ical(page.response.content)


def titles(calendar, kind="VEVENT"):
    return [str(one["SUMMARY"]) for one in calendar.walk(kind)]


def event(calendar, uid):
    (found,) = [one for one in calendar.walk("VEVENT") if str(one["UID"]) == uid]
    return found


# --- what stands in it ------------------------------------------------------------------------------------------------


def test_a_members_meetings_come_by_themselves(visitor, address, plan, look, change, cancel):
    number = plan(place="Caféen, Åbrinken; 1. sal", video_url="https://video.example/a,b;c", title="MED: jul & nytår")
    path, reader = address("gunnar", "moeder=mine&opgaver=nej&varsel=30"), visitor()
    page = reader.open(path)
    assert page.headers["content-type"] == "text/calendar; charset=utf-8"
    assert page.headers["cache-control"].startswith("private")
    meeting = look(Meeting, number)
    calendar = read(page)
    assert str(calendar["X-WR-CALNAME"]) == str(calendar["NAME"]) == "Medspil: mine møder"
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert calendar["X-PUBLISHED-TTL"].to_ical() == b"PT4H"
    assert "METHOD" not in calendar and "UID" not in calendar
    found = event(calendar, meeting.uid)
    assert found.decoded("DTSTART") == meeting.starts_at
    assert found.decoded("DTEND") == meeting.ends_at
    assert found["DTSTART"].params["TZID"] == "Europe/Copenhagen"
    assert str(found["LOCATION"]) == "Caféen, Åbrinken; 1. sal"
    assert found["CONFERENCE"] == "https://video.example/a,b;c"
    assert str(found["URL"]) == f"http://127.0.0.1:8000/moeder/{number}"
    assert found.decoded("DTSTAMP") == found.decoded("LAST-MODIFIED") == meeting.revised_at.replace(microsecond=0)
    assert "ATTENDEE" not in found and "ORGANIZER" not in found
    (alarm,) = found.walk("VALARM")
    assert alarm.decoded("TRIGGER") == -timedelta(minutes=30)
    assert found["SEQUENCE"] == 0

    with clock.at(clock.now() + timedelta(hours=1)):
        change(number, day=date(2026, 12, 10), title="MED: jul & nytår")
    moved = event(read(reader.open(path)), meeting.uid)
    assert moved.decoded("DTSTART").date() == date(2026, 12, 10)
    assert moved["SEQUENCE"] == 1
    assert moved.decoded("LAST-MODIFIED") > found.decoded("LAST-MODIFIED")

    cancel(number)
    gone = event(read(reader.open(path)), meeting.uid)
    assert (str(gone["STATUS"]), str(gone["SUMMARY"])) == ("CANCELLED", "Aflyst: MED: jul & nytår")
    assert gone["SEQUENCE"] == 2
    assert "For mange er syge." in gone["DESCRIPTION"]
    assert gone.walk("VALARM") == []


def test_a_closed_item_is_a_line_without_words_even_for_members(visitor, address, plan, item, send_agenda, look, write):
    number = plan(standing=False)
    item(number, "Pauser i Værkstederne")
    closed = item(number, "Nattergal bliver fyret")
    write(lambda db: db.execute(update(Item).where(Item.id == closed).values(is_open=False, closed_ground="personal")))
    uid = look(Meeting, number).uid
    paths = {handle: address(handle, f"moeder=udvalg&udvalg={look(Meeting, number).committee_id}&opgaver=nej")
             for handle in ("anna", "julie")}  # fmt: skip
    for path in paths.values():  # not sent out yet
        assert "Pauser" not in event(read(visitor().open(path)), uid)["DESCRIPTION"]
    send_agenda(number)
    for path in paths.values():
        raw = visitor().open(path)
        assert "1. Pauser i Værkstederne\n2. Lukket punkt" in event(read(raw), uid)["DESCRIPTION"]
        assert b"Nattergal" not in raw.response.content.replace(b"\r\n ", b"")
    write(
        lambda db: db.execute(
            update(Item)
            .where(Item.title.startswith("Pauser i V"))
            .values(title="Pauser overalt", version=Item.version + 1)
        )
    )
    assert "Pauser overalt" in event(read(visitor().open(paths["julie"])), uid)["DESCRIPTION"]


def test_the_video_link_is_for_those_who_take_part(visitor, address, plan, look):
    number = plan(video_url="https://video.example/rum")
    meeting = look(Meeting, number)
    choice = f"moeder=udvalg&udvalg={meeting.committee_id}&opgaver=nej"
    assert "CONFERENCE" in event(read(visitor().open(address("bo", choice))), meeting.uid)
    outside = visitor().open(address("julie", choice))
    assert b"video.example" not in outside.response.content.replace(b"\r\n ", b"")
    assert "CONFERENCE" not in event(read(outside), meeting.uid)
    # The same for the single file.
    assert b"video.example" in visitor("bo").open(f"/moeder/{number}/moede.ics").response.content
    assert b"video.example" not in visitor("julie").open(f"/moeder/{number}/moede.ics").response.content


def test_who_declined_is_free_to_do_something_else(visitor, address, plan, look, reply):
    number = plan(title="Decembermøde")
    path = address("gunnar")
    reply(number, "gunnar", Reply.DECLINED)
    found = event(read(visitor().open(path)), look(Meeting, number).uid)
    assert (str(found["SUMMARY"]), str(found["TRANSP"])) == ("Afbud: Decembermøde", "TRANSPARENT")


def test_deadlines_and_tasks_as_days_or_as_tasks(visitor, address, plan, write, people, db):
    plan(title="Decembermøde")

    def give(session):
        decision = session.query(Decision).filter(Decision.published_at.is_not(None), Decision.is_open).first()
        decision.responsible_id, decision.due, decision.state = people.gunnar, date(2026, 12, 24), "valid"
        shut = session.query(Decision).filter(Decision.id != decision.id, Decision.published_at.is_not(None)).first()
        shut.responsible_id, shut.due, shut.state, shut.is_open = people.gunnar, date(2026, 12, 23), "valid", False
        task = FollowUp(
            committee_id=decision.committee_id, is_open=True, text="Ring til kantinen", owner_id=people.gunnar,
            due=date(2026, 12, 22), created_at=AT,
        )  # fmt: skip
        session.add(task)
        return shut.text

    hidden = write(give)
    path, reader = address("gunnar", "moeder=ingen&opgaver=begivenhed"), visitor()
    page = reader.open(path)
    calendar = read(page)
    days = {str(one["SUMMARY"]): one for one in calendar.walk("VEVENT")}
    task = days["Opgave: Ring til kantinen"]
    assert task.decoded("DTSTART") == date(2026, 12, 22)
    assert str(task["TRANSP"]) == "TRANSPARENT"
    assert days["Sidste dag for punkter til Decembermøde"].decoded("DTSTART") < date(2026, 12, 9)
    assert any(title.startswith("Frist: ") for title in days)
    assert hidden not in page.response.content.decode()
    assert all(isinstance(one.decoded("DTSTART"), date) for one in days.values())
    as_tasks = read(reader.open(path + "?opgaver=vtodo"))
    assert sorted(titles(as_tasks, "VTODO")) == sorted(days)
    assert as_tasks.walk("VEVENT") == []
    assert {one.decoded("DUE") for one in as_tasks.walk("VTODO")} == {one.decoded("DTSTART") for one in days.values()}
    assert read(reader.open(path + "?opgaver=nej")).walk("VEVENT") == []
    # Only chairs and secretaries are told when the agenda must go out.
    assert not any(title.startswith("Dagsordenen skal ud") for title in days)
    theirs = titles(read(reader.open(address("anna", "moeder=mine&opgaver=begivenhed"))))
    assert "Dagsordenen skal ud: Decembermøde" in theirs


def test_it_speaks_its_persons_language(visitor, address, plan, cancel):
    cancel(plan(title="Decembermøde"))
    path = address("bo")
    visitor("bo").open("/mig?sprog=en")
    text = visitor().open(path).response.content.decode()
    assert "Cancelled: Decembermøde" in text.replace("\r\n ", "")
    assert "Aflyst" not in text


# --- every calendar reads the same -----------------------------------------------------------------------------------


def by_icalendar(raw):
    return {
        str(one["UID"]): (str(one["SUMMARY"]), one.decoded("DTSTART"), one.decoded("DTEND"))
        for one in icalendar.Calendar.from_ical(raw).walk("VEVENT")
    }


def by_ical(raw):
    from ical.calendar_stream import IcsCalendarStream

    return {one.uid: (one.summary, one.dtstart, one.dtend) for one in IcsCalendarStream.calendar_from_ics(raw).events}


def by_ics(raw):
    def moment(found, whole):
        return found.date() if whole else found.datetime

    def end(one):
        return one.end.datetime.date() if one.all_day else one.end.datetime

    return {one.uid: (one.name, moment(one.begin, one.all_day), end(one)) for one in ics.Calendar(raw).events}


def by_vobject(raw):
    import vobject

    return {
        one.uid.value: (one.summary.value, one.dtstart.value, one.dtend.value)
        for one in vobject.readOne(raw).contents.get("vevent", [])
    }


PARSERS = {"icalendar": by_icalendar, "ical": by_ical, "ics": by_ics, "vobject": by_vobject}


def shown(title, starts_at, hours=2, **more):
    return Appointment(
        uid=more.pop("uid", "u1"), title=title, starts_at=starts_at, ends_at=starts_at + timedelta(hours=hours),
        sequence=0, revised_at=AT, link="https://med.example/moeder/1", **more,
    )  # fmt: skip


# Either side of both changes of the clock, with the hour on the wall each meeting is planned for (RFC 5545, 3.3.5).
HOURS = {
    "lørdag før sommertid": (datetime(2026, 3, 28, 8, tzinfo=UTC), "20260328T090000"),
    "søndag med sommertid": (datetime(2026, 3, 29, 7, tzinfo=UTC), "20260329T090000"),
    "lørdag før vintertid": (datetime(2026, 10, 24, 7, tzinfo=UTC), "20261024T090000"),
    "søndag med vintertid": (datetime(2026, 10, 25, 8, tzinfo=UTC), "20261025T090000"),
    "første halv tre": (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "20261025T023000"),
    "langt ude i fremtiden": (datetime(2039, 7, 1, 7, tzinfo=UTC), "20390701T090000"),
}


@pytest.mark.parametrize("parser", PARSERS)
def test_four_independent_readers_see_the_same(parser):
    events = [meeting_event(shown(f"Møde, »{name}«; æøå", at, uid=at.isoformat())) for name, (at, _) in HOURS.items()]
    events.append(day_event("dag", "Frist: punkter", date(2026, 12, 2), AT, "https://med.example/moeder/1"))
    raw = calendar_bytes(events, name="Mine møder", refresh=timedelta(hours=4))
    assert faults(raw) == []
    found = PARSERS[parser](raw.decode())
    assert found.pop("dag") == ("Frist: punkter", date(2026, 12, 2), date(2026, 12, 3))
    for name, (at, on_the_wall) in HOURS.items():
        title, begins, ends = found[at.isoformat()]
        assert title == f"Møde, »{name}«; æøå"
        assert (begins.astimezone(UTC), ends.astimezone(UTC)) == (at, at + timedelta(hours=2)), name
        assert f"DTSTART;TZID=Europe/Copenhagen:{on_the_wall}".encode() in raw


def test_the_hour_that_comes_twice_is_told_in_utc():
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 2.30 in winter time, after 2.30 in summer time
    assert wall(second).tzinfo is UTC
    raw = calendar_bytes([meeting_event(shown("nat", second, hours=1))])
    assert b"DTSTART:20261025T013000Z" in raw
    assert by_ics(raw.decode())["u1"][1] == second


def test_four_readers_see_the_demos_calendar_alike(visitor, address):
    raw = visitor().open(address("anna", "moeder=mine&opgaver=begivenhed&varsel=60")).response.content
    assert faults(raw) == []

    def utc(found):
        return {
            uid: (title, *(one.astimezone(UTC) if isinstance(one, datetime) else one for one in when))
            for uid, (title, *when) in found.items()
        }  # fmt: skip

    first, *others = [utc(parse(raw.decode())) for parse in PARSERS.values()]
    assert len(first) > 10
    assert all(other == first for other in others)


def test_hostile_words_stay_words():
    nasty = 'BEGIN:VEVENT\r\nSUMMARY:x\r\n"; \\, \x07 END:VEVENT' + "æ" * 200
    event_ = meeting_event(
        shown("x", AT, place=nasty, description=nasty, committee=nasty, video_url="https://x.example/\r\nX:1",
              video_label=nasty),
        organizer=Party("med@x.example", nasty), attendee=Party("bo@x.example", nasty), alarms=[timedelta(minutes=5)],
    )  # fmt: skip
    raw = calendar_bytes([event_, day_todo("t", nasty, date(2026, 1, 1), AT, "https://x.example/")], method="REQUEST")
    assert faults(raw) == []
    (read_back,) = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    assert str(read_back["LOCATION"]).startswith('BEGIN:VEVENT\nSUMMARY:x\n"; \\,')
    assert raw.count(b"\r\nBEGIN:VEVENT\r\n") == 1


def test_an_invitation_names_the_one_who_is_asked():
    asked = meeting_event(shown("x", AT), organizer=Party("med@x.example", "Medspil"), attendee=Party("bo@x.example"))
    assert asked["ATTENDEE"] == "mailto:bo@x.example"
    assert asked["ATTENDEE"].params["RSVP"] == "TRUE"


# --- asked again and again -------------------------------------------------------------------------------------------


def test_the_same_state_gives_the_same_bytes(visitor, address, plan, served, monkeypatch):
    number = plan()
    path, reader = address("gunnar", "moeder=mine&opgaver=vtodo&varsel=15"), visitor()
    first = reader.open(path)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    again = reader.open(path, **{"If-None-Match": etag})
    assert (again.status_code, again.response.content, again.headers["etag"]) == (304, b"", etag)
    assert reader.open(path, **{"If-None-Match": f'"x", W/{etag}'}).status_code == 304
    assert reader.open(path, **{"If-None-Match": "*"}).status_code == 304
    assert reader.open(path, **{"If-Modified-Since": first.headers["last-modified"]}).status_code == 304
    assert (
        reader.open(path, **{"If-None-Match": '"x"', "If-Modified-Since": first.headers["last-modified"]}).status_code
        == 200
    )
    head = reader.send("HEAD", path, headers={"Accept-Encoding": "identity"})
    plain = reader.open(path, **{"Accept-Encoding": "identity"})
    assert (head.status_code, head.response.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(plain.response.content)
    assert head.headers["etag"] == plain.headers["etag"] != etag  # another encoding is another representation
    # Built anew, with nothing kept, later the same day: the same bytes.
    monkeypatch.setattr(feeds, "SHELF", Shelf())
    with clock.at(clock.now() + timedelta(hours=2)):
        assert reader.open(path).response.content == first.response.content
    assert visitor("bo").open(f"/moeder/{number}").status_code == 200


def test_what_changes_what_is_shown_is_news(visitor, address, plan, write, look, people):
    """Each of these, and nothing that does not show."""
    number = plan()
    path, reader = address("gunnar", "moeder=mine&opgaver=begivenhed"), visitor()
    committee = look(Meeting, number).committee_id

    def etag():
        return reader.open(path).headers["etag"]

    def news(statement):
        before = etag()
        write(lambda db: db.execute(statement))
        return etag() != before

    # Every change that is made counts the version up: tests/meetings.
    a_meeting = update(Meeting).where(Meeting.id == number).values(version=Meeting.version + 1)
    assert news(a_meeting.values(title="Et andet navn"))
    assert news(a_meeting.values(place="Et andet sted"))
    assert news(a_meeting.values(about="Tag en kop med."))
    assert news(a_meeting.values(ends_at=datetime(2026, 12, 9, 12, tzinfo=UTC)))
    assert news(a_meeting.values(video_url="https://video.example/1"))
    assert news(a_meeting.values(proposals_due=date(2026, 12, 1)))
    assert news(update(Committee).where(Committee.id == committee).values(name="Udvalget", short_name="Udv"))
    assert news(
        update(Decision)
        .where(Decision.responsible_id == people.gunnar)
        .values(due=date(2026, 12, 30), version=Decision.version + 1)
    )
    assert not news(update(FeedToken).values(used_at=clock.now()))
    assert not news(update(Meeting).where(Meeting.id == number).values(live_version=99))


def test_what_one_person_gets_never_reaches_another(visitor, address, plan):
    plan(title="Decembermøde")
    mine, other = address("gunnar"), address("julie")
    assert "Decembermøde" in visitor().open(mine).response.content.decode()
    theirs = visitor().open(other, **{"If-None-Match": visitor().open(mine).headers["etag"]})
    assert theirs.status_code == 200
    assert "Decembermøde" not in theirs.response.content.decode()


def test_wrong_ended_and_foreign_addresses_are_alike(visitor, address, write, people):
    path = address("gunnar")
    token = path.removeprefix("/kalender/").removesuffix(".ics")
    feed = write(lambda db: make_feed_token(db, people.viewer("gunnar"), "decisions"))
    for wrong in (
        f"/kalender/{token}",
        f"/kalender/{token[:-1]}.ics",
        f"/kalender/{feed}.ics",
        "/kalender/.ics",
        "/kalender/%00.ics",
        "/kalender/" + "a" * 5000 + ".ics",
        f"/feeds/{token}/beslutninger.atom",
    ):
        assert visitor().open(wrong).status_code == 404, wrong
    found = write(lambda db: db.query(FeedToken).filter_by(person_id=people.gunnar, scope="calendar").one().id)
    write(lambda db: revoke_feed_token(db, people.viewer("gunnar"), found))
    etag = '"' + "0" * 32 + '"'
    assert visitor().open(path, **{"If-None-Match": etag}).status_code == 404


def test_it_ends_with_the_employment(visitor, address, write, people):
    path = address("gunnar")
    etag = visitor().open(path).headers["etag"]
    yesterday = clock.today() - timedelta(days=1)
    write(lambda db: db.execute(update(Employment).where(Employment.person_id == people.gunnar).values(ends=yesterday)))
    assert visitor().open(path, **{"If-None-Match": etag}).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"' * 5000},
        {"If-None-Match": "W/"},
        {"If-None-Match": ",,,,\t,"},
        {"If-None-Match": '"æøå"'.encode().decode("latin-1")},
        {"If-Modified-Since": "Mon, 99 Foo 99999 99:99:99 GMT"},
        {"If-Modified-Since": "-1"},
        {"If-Modified-Since": "Fri, 31 Dec 9999 23:59:59 -2359"},
        {"If-Modified-Since": ""},
    ],
)
def test_odd_headers_get_the_calendar(visitor, address, headers):
    odd = {name: value.encode("latin-1") for name, value in headers.items()}
    assert visitor().open(address("gunnar"), **odd).status_code in {200, 304}


@pytest.mark.parametrize(
    "choice",
    ["", "moeder=udvalg", "moeder=udvalg&udvalg=99999999999999999999", "moeder=x&opgaver=y&varsel=-1", "a" * 900,
     "moeder=udvalg&udvalg=9223372036854775807", "udvalg=%00&varsel=%F0%9F%98%80"],
)  # fmt: skip
def test_odd_choices_give_a_calendar(visitor, address, choice):
    assert read(visitor().open(address("gunnar", choice))) is not None


# --- one meeting, and the pages --------------------------------------------------------------------------------------


def test_one_meeting_as_a_file(visitor, plan, look):
    number = plan(title="Decembermøde", about="Vi er i **kantinen**.\n\nTag en kop med.")
    page = visitor("carla").open(f"/moeder/{number}")
    assert page.tree.xpath(f"//a[@href='/moeder/{number}/moede.ics']")
    file = visitor("carla").open(f"/moeder/{number}/moede.ics")
    assert file.headers["content-disposition"] == f'attachment; filename="moede-{number}.ics"'
    assert titles(read(file)) == ["Decembermøde"]
    assert "\n\nVi er i kantinen.\n\nTag en kop med.\n\n" in read(file).walk("VEVENT")[0]["DESCRIPTION"]
    assert str(read(file).walk("VEVENT")[0]["UID"]) == look(Meeting, number).uid
    assert visitor("carla").open("/moeder/999999/moede.ics").status_code == 404
    assert visitor("ivan").open(f"/moeder/{number}/moede.ics").status_code == 404


def test_a_calendar_is_made_on_the_page_and_ended_there(visitor, write):
    bo = visitor("bo")
    page = bo.open("/mig/adresser").form("Lav en kalender").fill(
        name="Outlook på arbejdet", moeder="mine", opgaver="begivenhed", varsel="60"
    ).send()  # fmt: skip
    assert page.status_code == 200
    path = re.search(r"/kalender/med_[0-9a-f]{40}\.ics", page.text)[0]
    assert page.tree.xpath("//a[starts-with(@href, 'webcal://127.0.0.1:8000/kalender/')]")
    assert page.tree.xpath("string(//input[@readonly]/@value)") == f"http://127.0.0.1:8000{path}"
    assert str(read(visitor().open(path))["NAME"]) == "Outlook på arbejdet"
    listed = bo.open("/mig/adresser")
    assert path not in listed.text
    row = " ".join(listed.tree.xpath("//section[@aria-labelledby='mine']//li")[0].text_content().split())
    assert "Outlook på arbejdet Kalender: Mine møder; Frister og opgaver som heldagsaftaler; varsel 1 time før" in row
    bo.open("/mig/adresser").form("Luk").send()
    assert visitor().open(path).status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"moeder": "udvalg"}, "Vælg et udvalg."),
        ({"moeder": "ingen", "opgaver": "nej"}, "Så er der intet i kalenderen."),
        ({"name": "x" * 81}, "Højst 80 tegn"),
    ],
)
def test_what_does_not_fit_is_said_at_the_field(visitor, typed, said):
    page = visitor("bo").open("/mig/adresser").form("Lav en kalender").fill(**typed).send()
    assert page.status_code == 422
    assert said in page.text
    if "name" in typed:
        assert "x" * 81 in page.text


def test_too_many_addresses_is_said_in_words(visitor, address):
    for _ in range(20):
        address("bo")
    page = visitor("bo").open("/mig/adresser").form("Lav en kalender").send()
    assert page.status_code == 409
    assert "Du har allerede 20 private adresser" in page.text


def test_who_does_not_work_here_has_no_addresses(visitor):
    page = visitor("ivan").open("/mig/adresser")
    assert page.status_code == 200
    assert not page.tree.xpath("//main//form")
    assert visitor("ivan").submit("/mig/adresser", scope="calendar").status_code == 403


# --- a real client ---------------------------------------------------------------------------------------------------

CONFIG = """
[general]
status_path = "{folder}/status/"
[pair med]
a = "hjemme"
b = "medspil"
collections = null
conflict_resolution = "b wins"
[storage hjemme]
type = "filesystem"
path = "{folder}/kalender/"
fileext = ".ics"
[storage medspil]
type = "http"
url = "{url}"
"""


def sync(folder: Path, *words: str) -> str:
    surroundings = {"HOME": str(folder), "PATH": "", "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", "vdirsyncer", "-c", str(folder / "config"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=surroundings)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_real_client_fetches_only_what_is_new(furnished_file, tmp_path, backend):
    """vdirsyncer against the running server: synced twice nothing happens; a moved and a cancelled meeting come."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "med.db").write_bytes(furnished_file.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'site' / 'med.db'}")

    def anna(db):
        return viewer_for(db, person_by_handle(db, "anna").id)

    with database.writing() as db:
        token = make_feed_token(db, anna(db), "calendar", MINE)
        committee = db.query(Committee).filter_by(key="med-aabrinken").one()
        given = {"day": date(2027, 3, 3), "starts": time(9), "ends": time(11)}
        number = plan_meeting(db, anna(db), committee, PlanMeeting(title="Martsmøde", **given)).id
    with running_site(tmp_path / "site") as site:
        folder = tmp_path / "klient"
        folder.mkdir()
        (folder / "config").write_text(CONFIG.format(folder=folder, url=f"{site.base}/kalender/{token}.ics"))
        (folder / "kalender").mkdir()

        def here():
            return {path.name: path.read_text() for path in (folder / "kalender").glob("*.ics")}

        sync(folder, "discover")
        sync(folder, "sync")
        first = here()
        assert len(first) > 5
        said = sync(folder, "sync")
        assert here() == first
        assert "Copying" not in said and "Deleting" not in said

        def mine():
            """The client gives an item an id of its own: it is known by its name."""
            (found,) = [icalendar.Calendar.from_ical(text) for text in here().values() if "Martsmøde" in text]
            return found.walk("VEVENT")[0]

        with database.writing() as db:
            form = PlanMeeting(title="Martsmøde", day=date(2027, 4, 7), starts=time(9), ends=time(11))
            change_meeting(db, anna(db), db.get(Meeting, number), form)
        said = sync(folder, "sync")
        assert (said.count("Copying"), said.count("Deleting")) == (1, 1)  # it knows an item by what it holds
        assert mine().decoded("DTSTART") == datetime(2027, 4, 7, 7, tzinfo=UTC)
        with database.writing() as db:
            cancel_meeting(db, anna(db), db.get(Meeting, number), CancelMeeting(reason="Sne"))
        sync(folder, "sync")
        assert str(mine()["STATUS"]) == "CANCELLED"
        assert len(here()) == len(first)
    database.close()
