"""The digest and the mail at once: when they come, what they say to whom, and what they never say."""

import re
from datetime import date, datetime, timedelta

import pytest
from lxml import html
from sqlalchemy import select, update

from med import clock, demo
from med.meetings.actions.proposals import answer_proposal, raise_point
from med.meetings.forms.proposals import Answer, AnswerProposal, RaisePoint
from med.meetings.models import Proposal
from med.notices.actions import keep_wishes
from med.notices.composing import compose_digest
from med.notices.composing.letters import deadline
from med.notices.digests import last_hour, last_weekday, wall
from med.notices.forms import HearForm
from med.notices.models import How, Message, Notice, Topic
from med.organisation.models import Committee, Employment, Person, Seat
from med.web.signing import unseal
from tests.notices.happenings import BASE, House
from tests.notices.happenings import wall as on_the_wall

SUNDAY, MONDAY = date(2026, 11, 22), date(2026, 11, 23)


@pytest.fixture
def house(database, tmp_path) -> House:
    made = House(database, tmp_path)
    made.begin()
    return made


def at(day: str, hour: str = "07:05"):
    return clock.at(on_the_wall(day, hour))


# --- the hour ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "hour", "moment"),
    [
        ("2026-11-24T06:00Z", 7, "2026-11-24T06:00Z"),
        ("2026-11-24T05:59Z", 7, "2026-11-23T06:00Z"),
        ("2026-06-01T05:30Z", 7, "2026-06-01T05:00Z"),  # summer
        ("2026-11-23T23:10Z", 0, "2026-11-23T23:00Z"),
        # The night to 29 March 2026: 2.00 becomes 3.00, and half past two is no time at all.
        ("2026-03-29T00:30Z", 2, "2026-03-28T01:00Z"),
        ("2026-03-29T01:00Z", 2, "2026-03-29T01:00Z"),
        ("2026-03-29T01:00Z", 3, "2026-03-29T01:00Z"),
        ("2026-03-29T05:00Z", 7, "2026-03-29T05:00Z"),
        # The night to 25 October 2026: 3.00 becomes 2.00, and two o'clock comes twice.
        ("2026-10-25T00:00Z", 2, "2026-10-25T00:00Z"),
        ("2026-10-25T01:30Z", 2, "2026-10-25T00:00Z"),
        ("2026-10-25T06:00Z", 7, "2026-10-25T06:00Z"),
    ],
)
def test_the_hour_is_one_on_the_wall_in_copenhagen(now, hour, moment):
    assert last_hour(datetime.fromisoformat(now), hour)[0] == datetime.fromisoformat(moment)


@pytest.mark.parametrize(("night", "zone"), [("2026-03-28", "+01:00"), ("2026-10-24", "+02:00")])
def test_on_the_nights_the_clock_changes_each_hour_comes_once(night, zone):
    """Every five minutes for a day and a half: each day has its moment once, for every hour one can choose."""
    start = datetime.fromisoformat(f"{night}T12:00{zone}")
    for hour in range(24):
        seen = [last_hour(start + timedelta(minutes=5 * step), hour) for step in range(12 * 36)]
        assert len(set(seen)) == len({day for _, day in seen})
        assert all(moment <= start + timedelta(minutes=5 * step) for step, (moment, _) in enumerate(seen))
        assert all(abs((moment - wall(day, hour)).total_seconds()) == 0 for moment, day in seen)


def test_the_week_has_its_own_day(house):
    now = on_the_wall("2026-11-26", "09:00")  # a Thursday
    assert last_weekday(now, 7, 0) == on_the_wall("2026-11-23", "07:00")
    assert last_weekday(now, 7, 3) == on_the_wall("2026-11-26", "07:00")
    assert last_weekday(now, 10, 3) == on_the_wall("2026-11-19", "10:00")


# --- when it comes ----------------------------------------------------------------------------------------------------


def test_the_digest_comes_the_next_morning_once_and_not_on_a_day_without_news(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.decide("kaffen er gratis")
    house.tick()
    assert house.messages("carla") == []
    with at("2026-11-22", "06:55"):
        house.tick()
    assert house.messages("carla") == []
    for hour in ("07:00", "07:05", "12:00", "23:55"):
        with at("2026-11-22", hour):
            house.tick()
    assert [message.key for message in house.messages("carla")] == [f"digest:person:{house.ids['carla']}:2026-11-22"]
    with at("2026-11-22"):
        assert len(house.letters("carla")) == 1
    with at("2026-11-23"):
        house.tick()
    assert len(house.messages("carla")) == 1


def test_a_digest_holds_what_happened_until_its_hour_and_the_rest_waits(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.decide("kaffen er gratis")
    with at("2026-11-22", "07:02"):
        house.decide("teen er gratis")
    with at("2026-11-22", "07:05"):
        house.tick()
        (letter,) = house.letters("carla")
        assert "Kaffen er gratis" in letter.text and "Teen" not in letter.text
    with at("2026-11-23"):
        house.tick()
        (letter,) = house.letters("carla")
        assert "Teen er gratis" in letter.text and "Kaffen" not in letter.text


def test_one_who_chose_another_hour_and_weekday(house):
    house.set_mail("gunnar", hour=15, weekday=3)
    house.decide("kaffen er gratis")
    for day, hour in (("2026-11-23", "07:05"), ("2026-11-26", "14:55")):
        with at(day, hour):
            house.tick()
    weekly = select(Notice.message_id).where(Notice.person_id == house.ids["gunnar"], Notice.how == How.WEEKLY)
    assert [row.message_id for row in house.ask(weekly)] == [None]
    with at("2026-11-26", "15:00"):
        house.tick()
    assert all(row.message_id for row in house.ask(weekly))


def test_day_and_week_are_one_mail_where_they_meet(house):
    house.decide("kaffen er gratis")  # weekly for Gunnar
    house.give_task("gunnar")  # daily
    with at("2026-11-22"):
        house.tick()
        (letter,) = house.letters("gunnar")
        assert "Bestille kaffe" in letter.text and "Kaffen er gratis" not in letter.text
    with at("2026-11-22", "12:00"):
        house.give_task("gunnar", text="Bestille te")
    with at("2026-11-23"):  # Monday
        house.tick()
        (letter,) = house.letters("gunnar")
        assert "Bestille te" in letter.text and "Kaffen er gratis" in letter.text


def test_who_changes_from_weekly_to_daily_need_not_wait_and_back_again(house):
    house.decide("kaffen er gratis")
    house.tick()
    wish = dict.fromkeys(("my_meetings", "my_points", "my_tasks", "my_decisions"), How.DAILY)

    def choose(how: How) -> None:
        form = HearForm(**wish, my_committees=how, hour=7, weekday=0)
        house.do(lambda db: keep_wishes(db, house.viewer(db, "gunnar"), form))

    choose(How.DAILY)
    with at("2026-11-22"):
        house.tick()
        assert "Kaffen er gratis" in house.letters("gunnar")[0].text
        house.decide("teen er gratis")
        house.tick()
        choose(How.PAGE)
    with at("2026-11-23"):
        house.tick()
        assert all("Teen er gratis" not in letter.text for letter in house.letters("gunnar"))


def test_after_days_without_a_clock_one_digest_brings_it_all(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    for day in (0, 1, 2):
        with clock.at(demo.NOW + timedelta(days=day, hours=3)):
            house.decide(f"vi prøver nummer {day}")
    with clock.at(demo.NOW + timedelta(minutes=9)):
        house.tick()
    house.do(lambda db: db.execute(Notice.__table__.update().values(message_id=None)))
    with at("2026-11-25", "09:00"):
        house.tick()
        (letter,) = house.letters("carla")
    assert all(f"Vi prøver nummer {day}" in letter.text for day in (0, 1, 2))


def test_at_once_is_one_mail_for_what_the_same_minutes_brought(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"], How.AT_ONCE)
    house.decide("kaffen er gratis")
    house.tick()
    (letter,) = house.letters("carla")
    assert letter.subject == "Ny beslutning: Kaffen er gratis"
    house.decide("teen er gratis")
    house.decide("vandet er gratis")
    house.tick()
    house.tick()
    (letter,) = house.letters("carla")
    assert letter.subject == "2 nye beslutninger"
    assert "Kaffen" not in letter.text


def test_who_stops_mail_before_it_is_posted_gets_none_and_no_pile_later(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.decide("kaffen er gratis")
    house.tick()
    house.set_mail("carla", stopped_at=clock.now())
    with at("2026-11-22"):
        house.tick()
    assert house.messages("carla") == []
    assert house.told("carla") == [("decision_published", "page")]


def test_without_a_mail_server_nothing_piles_up(house):
    from dataclasses import replace

    house.office = replace(house.office, settings=replace(house.office.settings, smtp_url="", mail_from=""))
    house.decide("kaffen er gratis")
    house.tick()
    assert house.told("gunnar") == [("decision_published", "page")]


def test_killed_between_posting_and_linking_loses_nothing(house, monkeypatch):
    from med.notices import digests

    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.decide("kaffen er gratis")
    keep = digests.post

    def killed(db, postings):
        keep(db, postings)
        raise KeyboardInterrupt

    with at("2026-11-22"):
        monkeypatch.setattr(digests, "post", killed)
        with pytest.raises(KeyboardInterrupt):
            house.tick()
        assert house.messages("carla") == []
        monkeypatch.setattr(digests, "post", keep)
        house.tick()
        assert "Kaffen er gratis" in house.letters("carla")[0].text


# --- what it says -----------------------------------------------------------------------------------------------------


def test_a_digest_says_what_and_why_and_for_which_perspective(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    point = house.do(
        lambda db: (
            raise_point(
                db,
                house.viewer(db, "carla"),
                db.get_one(Committee, house.committees["med-aabrinken"]),
                RaisePoint(committee=house.committees["med-aabrinken"], title="Mere te"),
            ).id
        )
    )
    form = AnswerProposal(answer=Answer.DECLINE, reason="Der er te nok.")
    house.do(lambda db: answer_proposal(db, house.viewer(db, "anna"), db.get_one(Proposal, point), form))
    made = house.decide("kaffen er gratis", why="Så bliver pauserne **bedre**.")
    house.give_task("carla", due=date(2026, 11, 24))
    with at("2026-11-22"):
        house.tick()
        (letter,) = house.letters("carla")
    assert letter.subject.endswith("– søndag den 22. november")
    assert "1 svar på dit punkt" in letter.subject and "1 ny beslutning" in letter.subject
    text = letter.text
    for said in ("Hej Carla", "DET VENTER PÅ DIG", "Kommer ikke på dagsordenen", "Begrundelse: Der er te nok."):
        assert said in text
    assert "Hvorfor: Så bliver pauserne bedre." in text  # their Markdown is plain here
    assert "robust" in text  # the perspective in the municipality's words
    assert f"{BASE}/beslutninger/{made}\n" in text
    assert text.index("DET VENTER") < text.index("SVAR PÅ DINE PUNKTER") < text.index("NYE BESLUTNINGER")
    assert "\n\n\n" not in text
    links = html.fromstring(letter.html).xpath("//@href")
    assert links and all(link.startswith(BASE + "/") for link in links)
    assert not re.search(r"<img|<script|src=|url\(", letter.html)  # nothing is fetched, nobody is counted
    assert html.fromstring(letter.html).xpath("count(//h1)") == 1


def test_a_date_far_away_is_said_once():
    today = date(2026, 11, 23)
    assert deadline(today + timedelta(days=28), today) == ["frist 21. dec. 2026 (om 28 dage)"]
    assert deadline(today + timedelta(days=29), today) == ["frist 22. dec. 2026"]


def test_it_can_be_ended_by_one_click(house):
    house.give_task("carla")
    with at("2026-11-22"):
        house.tick()
        (letter,) = house.letters("carla")
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = letter.headers["List-Unsubscribe"]
    assert link.startswith(f"<{BASE}/afmeld/") and link.endswith(">")
    token = link.rpartition("/")[2].rstrip(">")
    assert unseal("s" * 40, "afmeld", token) == [str(house.ids["carla"]), "digest"]
    assert link.strip("<>") in letter.text and link.strip("<>") in letter.html


def test_in_english_for_who_reads_english(house):
    house.give_task("carla")
    with at("2026-11-22"):
        house.tick()
        (letter,) = house.letters("carla", lang="en")
    assert letter.subject.endswith("– Sunday 22 November")
    assert "Bestille kaffe" in letter.text  # what people wrote stays as they wrote it
    assert not re.search(r"\b(venter|frist|Vælg|opfølgning|beslutning)\b", letter.text.replace("Bestille kaffe", ""))
    assert 'lang="en"' in letter.html and "?sprog=en" in letter.headers["List-Unsubscribe"]


def test_what_people_wrote_is_text_and_never_markup_or_header(house):
    nasty = 'kaffen <script>alert("x")</script> & {{ 7*7 }} er\r\nBcc: alle@example.dk gratis'
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"], How.AT_ONCE)
    house.decide(nasty, why="<b>fed</b>")
    house.tick()
    (letter,) = house.letters("carla")
    assert "\n" not in letter.subject and "\r" not in letter.subject
    assert "<script>" not in letter.html and "&lt;script&gt;" in letter.html and "{{ 7*7 }}" in letter.html
    assert len(letter.subject) <= 110


def test_of_closed_items_a_mail_gives_a_link_and_no_words(house):
    secret = "Nattergal"
    made = house.decide(f"{secret} flytter", is_open=False, why=f"{secret} vil det", responsible_id=house.ids["bo"],
                        due=date(2026, 11, 23))  # fmt: skip
    house.give_task("bo", is_open=False, text=f"Hjælpe {secret}", due=date(2026, 11, 23))
    with at("2026-11-23"):
        house.tick()
        (letter,) = house.letters("bo")
    assert f"{BASE}/beslutninger/{made}" in letter.text
    assert "En beslutning på et lukket punkt" in letter.text
    assert "En opfølgning fra et lukket punkt" in letter.text
    assert secret not in letter.text + letter.html + letter.subject
    stored = house.ask(select(Message.details).where(Message.person_id == house.ids["bo"]))
    assert secret not in str(stored)


# --- rights when it is sent -------------------------------------------------------------------------------------------


def test_who_left_the_committee_before_it_was_sent_reads_nothing_of_its_closed_items(house):
    house.decide("nattergalen flytter", is_open=False)
    house.tick()
    with at("2026-11-23"):
        house.tick()
        yesterday = {"ends": SUNDAY}
        house.do(lambda db: db.execute(update(Seat).where(Seat.person_id == house.ids["gunnar"]).values(**yesterday)))
        letters = house.letters("gunnar")
    assert all("lukket punkt" not in letter.text for letter in letters)


def test_who_left_the_house_before_it_was_sent_is_told_nothing(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.decide("kaffen er gratis")
    with at("2026-11-22"):
        house.tick()
        gone = {"ends": date(2026, 11, 21)}
        house.do(
            lambda db: db.execute(update(Employment).where(Employment.person_id == house.ids["carla"]).values(**gone))
        )
        assert house.letters("carla") == []


def test_when_all_is_settled_before_it_is_sent_there_is_no_mail(house):
    from med.decisions.models import FollowUp, FollowUpState

    task = house.give_task("julie", due=date(2026, 11, 23))
    with at("2026-11-22"):
        house.tick()
        done = {"state": FollowUpState.DONE}
        house.do(lambda db: db.execute(update(FollowUp).where(FollowUp.id == task).values(**done)))
        assert house.letters("julie") == []


def test_the_same_message_composed_again_says_the_same(house):
    """A second try after a broken line carries the same Message-ID, so it must be the same mail."""
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.decide("kaffen er gratis")
    with at("2026-11-22"):
        house.tick()
        (message,) = house.messages("carla")
        with house.database.reading() as db:
            viewer = house.viewer(db, "carla")
            assert compose_digest(db, house.office, message, viewer) == compose_digest(
                db, house.office, message, viewer
            )


def test_no_mail_for_one_without_an_address(house):
    house.do(lambda db: db.execute(update(Person).where(Person.handle == "carla").values(mail="")))
    house.give_task("carla")
    with at("2026-11-22"):
        house.tick()
    assert house.messages("carla") == []
    assert ("task_given", "page") in house.told("carla")
