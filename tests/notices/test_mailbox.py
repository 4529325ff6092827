"""The demo shows what left the outbox, as its receivers would see it; there is no such page anywhere else."""

from dataclasses import replace
from pathlib import Path

import pytest

from med.notices import sink as mailbox
from med.notices.outbox import Letter
from tests.scenes import MAIL


@pytest.fixture
def box(app, tmp_path: Path) -> mailbox.Box:
    return mailbox.Box(mailbox.folder(app.state.desk.settings))


def test_what_was_sent_is_read_as_text_as_html_and_as_a_calendar(visitor, put, send, letters, sink, box):
    letters["letter"] = Letter(
        "Mødet er flyttet <b>",
        "Se https://med.solbaek.example/moeder/7 nu\n<script>",
        "<h1>Flyttet</h1>",
        calendar=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        method="REQUEST",
    )
    put("anna")
    send()
    anna = visitor("anna")
    page = anna.open("/udbakke")
    assert "Mødet er flyttet <b>" in page.words
    mail = anna.open("/udbakke/1")
    assert mail.h1 == "Mødet er flyttet <b>"
    assert "https://med.solbaek.example/moeder/7" in mail.links()
    assert "<script>" in mail.words
    html = anna.open("/udbakke/1/html")
    assert html.text.strip() == "<h1>Flyttet</h1>"
    assert "sandbox" in html.headers["content-security-policy"]
    assert "script-src" not in html.headers["content-security-policy"]
    calendar = anna.open("/udbakke/1/kalender.ics")
    assert calendar.response.content == b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    assert calendar.headers["content-type"].startswith("text/calendar")


def test_one_can_look_at_ones_own_mails_alone(visitor, put, send, sink, box):
    put("anna")
    put("bo", times=2)
    send()
    bo = visitor("bo")
    assert bo.open("/udbakke").words.count("Emne") == 4  # one in the head
    assert bo.open("/udbakke?til=mig").words.count("Emne") == 3
    assert "anna@" not in bo.open("/udbakke?til=mig").text
    assert "ikke sendt noget til dig" in visitor("carla").open("/udbakke?til=mig").words


def test_the_newest_are_kept_and_come_first(tmp_path):
    box = mailbox.Box(tmp_path, most=3)
    for number in range(5):
        assert box.keep(b"Subject: %d\r\n\r\n" % number) == number + 1
    assert box.numbers() == [5, 4, 3]
    assert mailbox.Box(tmp_path).keep(b"") == 6  # a new start goes on counting
    assert box.read(1) is None


def test_many_mails_come_a_page_at_a_time(visitor, box):
    for number in range(60):
        box.keep(b"Subject: Nummer %d.\r\n\r\n" % number)
    page = visitor("bo").open("/udbakke")
    assert page.words.count("Nummer") == 50
    (older,) = [href for href in page.links() if "foer=" in href]
    assert page.visitor.open("/udbakke" + older).words.count("Nummer") == 10
    for odd in ("x", "9" * 99, "²"):
        assert page.visitor.open(f"/udbakke?foer={odd}").status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: =?x?q?=ff?=\r\n\r\n\xff",
        b"Content-Type: text/html; charset=none\r\n\r\n\xe6",
        b"To: a@b@c, <\r\nDate: never\r\nFrom: \xff\r\n\r\n",
    ],
)
def test_odd_mails_do_no_harm(visitor, box, content):
    number = box.keep(content)
    anna = visitor("anna")
    assert anna.open("/udbakke").status_code == 200
    assert anna.open(f"/udbakke/{number}").status_code == 200
    assert anna.open(f"/udbakke/{number}/html").status_code in {200, 404}


def test_outside_the_demo_there_is_no_such_page(visitor, app, box):
    box.keep(MAIL)
    anna = visitor("anna")
    desk = app.state.desk
    desk.settings = replace(desk.settings, demo=False)
    for path in ("/udbakke", "/udbakke/1", "/udbakke/1/html", "/udbakke/1/kalender.ics"):
        assert anna.open(path).status_code == 404
    assert visitor("").open("/udbakke", follow=False).status_code == 303
