"""Choosing what to hear of on one's own page and on the pages of things, and reading what is new."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from med import clock, demo
from med.decisions.models import Decision
from med.journal.models import Entry
from med.notices.models import How, MailSetting, Notice, Subscription, Topic
from med.organisation.models import Employment, Person, Seat
from tests.notices.happenings import House


@pytest.fixture
def house(database, tmp_path) -> House:
    made = House(database, tmp_path)
    made.begin()
    return made


def noted(house, happened: str) -> int:
    return len(house.ask(select(Entry.id).where(Entry.happened == happened)))


def wishes(house, handle: str) -> dict[str, str]:
    rows = house.ask(
        select(Subscription.topic, Subscription.about, Subscription.how).where(
            Subscription.person_id == house.ids[handle]
        )
    )
    return {f"{row.topic}{':' * bool(row.about)}{row.about}": row.how.value for row in rows}


# --- one's own page ---------------------------------------------------------------------------------------------------


def test_carla_chooses_how_and_when_she_hears_of_her_own(house, visitor):
    carla = visitor("carla")
    page = carla.open("/mig/besked")
    form = page.form("Gem", action="/mig/besked")
    assert dict(form.pairs)["my_tasks"] == "daily" and dict(form.pairs)["my_committees"] == "weekly"
    answer = form.fill(my_tasks="at_once", my_points="never", hour=15, weekday=4).send()
    assert answer.status_code == 303
    assert wishes(house, "carla") == {"my_tasks": "at_once", "my_points": "never"}
    assert noted(house, "subscription.changed") == 2 and noted(house, "mail.changed") == 1
    again = dict(carla.open("/mig/besked").form("Gem", action="/mig/besked").pairs)
    assert (again["my_tasks"], again["hour"], again["weekday"]) == ("at_once", "15", "4")
    carla.open("/mig/besked").form("Gem", action="/mig/besked").send()  # nothing changed: nothing noted
    assert noted(house, "subscription.changed") == 2 and noted(house, "mail.changed") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("hour", "25"), ("hour", "-1"), ("hour", "9" * 30), ("weekday", "7"), ("weekday", "x"), ("my_tasks", "hourly"),
     ("my_points", "")],
)  # fmt: skip
def test_what_does_not_fit_is_said_at_the_field_and_the_rest_is_kept(house, visitor, field, value):
    form = visitor("carla").open("/mig/besked").form("Gem", action="/mig/besked").fill(my_meetings="page")
    form.pairs = [pair for pair in form.pairs if pair[0] != field] + [(field, value)]
    page = form.send()
    assert page.status_code == 422
    assert field in page.errors()
    assert dict(page.form("Gem", action="/mig/besked").pairs)["my_meetings"] == "page"
    assert wishes(house, "carla") == {}


def test_no_mail_at_all_and_mail_again(house, visitor):
    carla = visitor("carla")
    carla.open("/mig/besked").form("Ingen mails overhovedet").send()
    page = carla.open("/mig/besked")
    assert "Du har sagt nej til mails" in page.words and not page.has_form("Ingen mails overhovedet")
    assert noted(house, "mail.stopped") == 1
    page.form("Send mig mails igen").send()
    assert house.ask(select(MailSetting.stopped_at))[0].stopped_at is None
    assert noted(house, "mail.resumed") == 1
    assert carla.submit("/mig/besked/mail", mail="måske").status_code == 422


def test_the_page_tells_when_an_address_is_refused_or_missing(house, visitor):
    house.set_mail("carla", refused_at=clock.now(), refusal="550 No such user <b>x</b>")
    assert "tager ikke imod mail" in visitor("carla").open("/mig/besked").words
    house.do(lambda db: db.execute(update(Person).where(Person.handle == "bo").values(mail="")))
    assert "Vi kender ikke din mailadresse" in visitor("bo").open("/mig/besked").words


# --- following --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["committee", "perspective", "decision"])
def test_carla_follows_from_the_page_of_a_thing_and_stops_again(house, visitor, kind):
    about = {
        "committee": str(house.committees["med-aabrinken"]),
        "perspective": "resiliens",
        "decision": str(
            house.ask(select(Decision.id).where(Decision.is_open, Decision.published_at.is_not(None)))[0].id
        ),
    }[kind]
    place = {"committee": "/udvalg/", "perspective": "/perspektiver/", "decision": "/beslutninger/"}[kind] + about
    carla = visitor("carla")
    answer = carla.open(place).form("Følg", action="/mig/besked/foelg").send()
    assert answer.headers["location"].startswith(place)
    assert list(wishes(house, "carla")) == [f"{kind}:{about}"]
    page = carla.open("/mig/besked")
    row = page.form("Gem for", action="/mig/besked/foelg")
    row.fill(how="at_once").send()
    assert wishes(house, "carla") == {f"{kind}:{about}": "at_once"}
    assert "Du følger med" in carla.open(place).words
    carla.open(place).form("Følg ikke mere").send()
    assert wishes(house, "carla") == {}
    assert noted(house, "subscription.ended") == 1


def test_a_member_may_say_no_to_one_of_their_own_committees(house, visitor):
    gunnar, about = visitor("gunnar"), house.committees["med-aabrinken"]
    assert "Du sidder i udvalget og hører om det" in gunnar.open(f"/udvalg/{about}").words
    gunnar.submit("/mig/besked/foelg", topic="committee", about=str(about), how="never")
    assert wishes(house, "gunnar") == {f"committee:{about}": "never"}


@pytest.mark.parametrize(
    ("topic", "about"),
    [
        ("committee", "999999"),
        ("committee", "9" * 40),
        ("committee", "-1"),
        ("committee", "٣"),
        ("committee", "03"),
        ("committee", ""),
        ("perspective", "rumfart"),
        ("decision", "999999"),
        ("decision", "9" * 18),
        ("my_tasks", ""),
        ("my_tasks", "1"),
        ("horoscope", "1"),
    ],
)
def test_what_is_not_there_cannot_be_followed(house, visitor, topic, about):
    carla = visitor("carla")
    answer = carla.submit("/mig/besked/foelg", topic=topic, about=about, how="daily")
    assert answer.status_code == (422 if topic == "horoscope" or not about else 404)
    assert carla.submit("/mig/besked/foelg", topic="committee", about="1", how="loudly").status_code == 422
    assert wishes(house, "carla") == {}


def test_what_one_may_not_see_cannot_be_followed(house, visitor):
    closed = house.decide("nattergalen flytter", is_open=False)
    assert (
        visitor("carla").submit("/mig/besked/foelg", topic="decision", about=str(closed), how="daily").status_code
        == 404
    )
    assert (
        visitor("gunnar").submit("/mig/besked/foelg", topic="decision", about=str(closed), how="daily").status_code
        == 303
    )
    assert visitor("ivan").submit("/mig/besked/foelg", topic="committee", about="1", how="daily").status_code in (
        403,
        404,
    )
    # Gunnar leaves the committee: the page says so honestly, without naming it, and lets him clear up.
    house.do(
        lambda db: db.execute(
            update(Seat).where(Seat.person_id == house.ids["gunnar"]).values(ends=demo.NOW.date() - timedelta(days=1))
        )
    )
    page = visitor("gunnar").open("/mig/besked")
    assert "1 ting, du fulgte, kan du ikke længere se" in page.words and "attergal" not in page.text
    page.form("Fjern dem").send()
    assert wishes(house, "gunnar") == {}


def test_following_twice_at_once_is_following_once(house, visitor):
    carla, about = visitor("carla"), str(house.committees["med-aabrinken"])
    for _ in range(3):
        assert carla.submit("/mig/besked/foelg", topic="committee", about=about, how="daily").status_code == 303
    assert wishes(house, "carla") == {f"committee:{about}": "daily"}
    assert noted(house, "subscription.changed") == 1


# --- /nyt -------------------------------------------------------------------------------------------------------------


def test_carla_reads_what_is_new_and_says_so(house, visitor):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"], How.PAGE)
    house.decide("kaffen er gratis", why="Så bliver pauserne bedre.")
    house.tick()
    carla = visitor("carla")
    assert "1 ny ting til dig" in carla.open("/").words
    page = carla.open("/nyt")
    assert "Kaffen er gratis" in page.words and "Så bliver pauserne bedre." in page.words
    assert page.tree.xpath("count(//li//*[@class='status'][.='Ny'])") == 1
    page.form("Markér alt som læst").send()
    page = carla.open("/nyt")
    assert "Kaffen er gratis" in page.words and not page.has_form("Markér alt som læst")
    assert "nyt til dig" not in carla.open("/").words.replace("Nyt til dig", "")
    assert "Kaffen er gratis" not in visitor("julie").open("/nyt").words


def test_what_came_while_one_read_stays_new(house, visitor):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"], How.PAGE)
    house.decide("kaffen er gratis")
    house.tick()
    page = visitor("carla").open("/nyt")
    house.decide("teen er gratis")
    house.tick()
    page.form("Markér alt som læst").send()
    assert "1 ny" in visitor("carla").open("/nyt").words


@pytest.mark.parametrize("up_to", ["", "x", "9" * 18, "9" * 40, "-1"])
def test_nobody_reads_ahead(house, visitor, up_to):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"], How.PAGE)
    assert visitor("carla").submit("/nyt/laest", til=up_to).status_code in (303, 404)
    house.decide("kaffen er gratis")
    house.tick()
    assert "1 ny" in visitor("carla").open("/nyt").words


def test_the_news_come_a_page_at_a_time_none_lost_none_twice(house, visitor):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"], How.PAGE)
    for number in range(35):
        house.decide(f"vi prøver nummer {number:02}")
    house.tick()
    carla = visitor("carla")
    first = carla.open("/nyt")
    older = next(link for link in first.links() if "efter=" in link)
    second = carla.open(older)
    told = [sum(f"nummer {number:02}" in page.words for page in (first, second)) for number in range(35)]
    assert told == [1] * 35
    assert [carla.open(f"/nyt?efter={bad}").status_code for bad in ("x", "999999", "9" * 30, "-1")] == [404] * 4
    theirs = house.ask(select(Notice.id).where(Notice.person_id == house.ids["bo"]))[0].id
    assert carla.open(f"/nyt?efter={theirs}").status_code == 404


def test_what_one_may_no_longer_see_is_gone_from_the_news(house, visitor):
    house.decide("nattergalen flytter", is_open=False)
    house.tick()
    assert "Nattergalen flytter" in visitor("gunnar").open("/nyt").words
    house.do(
        lambda db: db.execute(
            update(Seat).where(Seat.person_id == house.ids["gunnar"]).values(ends=demo.NOW.date() - timedelta(days=1))
        )
    )
    assert "attergal" not in visitor("gunnar").open("/nyt").text


def test_who_works_here_no_more_reads_nothing(house, visitor):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"], How.PAGE)
    house.decide("kaffen er gratis")
    house.tick()
    carla = visitor("carla")
    gone = {"ends": demo.NOW.date() - timedelta(days=1)}
    house.do(lambda db: db.execute(update(Employment).where(Employment.person_id == house.ids["carla"]).values(**gone)))
    assert "Kaffen" not in carla.open("/nyt").text


def test_a_meeting_that_runs_now_waits_before_everything_else(house, visitor):
    from med.slices import Waiting, by_urgency

    late = Waiting("x", "Længe over tiden", "", "/", demo.NOW.date() - timedelta(days=90))
    now = Waiting("x", "I gang nu", "", "/", demo.NOW.date(), is_now=True)
    assert sorted([late, Waiting("x", "Uden dag", "", "/"), now], key=by_urgency)[:2] == [now, late]


def test_in_english(house, visitor):
    page = visitor("carla").open("/mig/besked?sprog=en")
    assert "What you hear of" in page.words and "In the daily digest by mail" in page.text
    assert "News for you" in visitor("carla").open("/nyt?sprog=en").words
