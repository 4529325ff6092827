"""The link in every mail (RFC 8058): opening it stops nothing, posting to it does, and it is a right of its own."""

import pytest
from sqlalchemy import select

from med.journal.models import Entry
from med.notices.models import How, MailSetting, Subscription, Topic
from med.web.signing import seal
from tests.notices.happenings import House

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SECRET = "s" * 40


@pytest.fixture
def house(database, tmp_path) -> House:
    return House(database, tmp_path)


@pytest.fixture
def link(house):
    def make(handle: str = "carla", kind: str = "digest") -> str:
        return "/afmeld/" + seal(SECRET, "afmeld", house.ids[handle], kind)

    return make


def setting(house, handle: str = "carla"):
    found = house.ask(
        select(MailSetting.stopped_at, MailSetting.digests_stopped_at).where(MailSetting.person_id == house.ids[handle])
    )
    return (bool(found[0].stopped_at), bool(found[0].digests_stopped_at)) if found else (False, False)


def stops(house) -> int:
    return len(house.ask(select(Entry.id).where(Entry.happened == "mail.stopped")))


def test_opening_the_link_stops_nothing(house, visitor, link):
    stranger = visitor()
    page = stranger.open(link())
    assert page.status_code == 200 and "Afmeld oversigten" in page.words
    assert stranger.send("HEAD", link()).status_code == 200
    assert setting(house) == (False, False)


def test_a_mail_program_ends_the_digest_with_one_click(house, visitor, link):
    """No cookie, no form token, no Origin; the same again changes nothing and is answered the same."""
    for _ in range(3):
        page = visitor().post(link(), ONE_CLICK)
        assert page.status_code == 200 and "Oversigten kommer ikke mere" in page.words
    assert setting(house) == (False, True)
    assert stops(house) == 1


def test_a_mail_program_may_send_it_as_parts(house, visitor, link):
    page = visitor().post(link(), [], files={"List-Unsubscribe": (None, "One-Click")})
    assert page.status_code == 200
    assert setting(house) == (False, True)


def test_on_the_page_one_may_end_all_mails(house, visitor, link):
    stranger = visitor()
    page = stranger.open(link()).form("Afmeld alle mails").send()
    assert page.status_code == 200 and "ingen mails mere" in page.words
    assert setting(house) == (True, False)
    stranger.open(link()).form("Afmeld oversigten").send()
    assert setting(house) == (True, True)


def test_ending_mails_at_once_keeps_the_digest(house, visitor, link):
    house.follow("carla", Topic.PERSPECTIVE, "resiliens", How.AT_ONCE)
    house.follow("carla", Topic.PERSPECTIVE, "emergens", How.DAILY)
    visitor().post(link(kind="notice"), ONE_CLICK)
    hows = house.ask(select(Subscription.about, Subscription.how).order_by(Subscription.about))
    assert [(row.about, row.how) for row in hows] == [("emergens", How.DAILY), ("resiliens", How.PAGE)]
    assert setting(house) == (False, False)


@pytest.mark.parametrize("way", ["cut", "longer", "other", "garbage", "purpose", "kind", "parts", "secret"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_or_broken_link_is_not_there(house, visitor, link, way, method):
    good = link().rpartition("/")[2]
    token = {
        "cut": good[:-1],
        "longer": good + "A",
        "other": seal(SECRET, "afmeld", house.ids["bo"], "digest")[:20] + good[20:],
        "garbage": "%00%ff" * 3,
        "purpose": seal(SECRET, "svar", house.ids["carla"], "digest"),
        "kind": seal(SECRET, "afmeld", house.ids["carla"], "all"),
        "parts": seal(SECRET, "afmeld", house.ids["carla"]),
        "secret": seal("t" * 40, "afmeld", house.ids["carla"], "digest"),
    }[way]
    stranger = visitor()
    page = stranger.open(f"/afmeld/{token}") if method == "GET" else stranger.post(f"/afmeld/{token}", ONE_CLICK)
    assert page.status_code == 404
    assert setting(house) == (False, False) and stops(house) == 0


def test_a_post_that_says_nothing_stops_nothing(house, visitor, link):
    for form in ({}, {"stop": "måske"}, {"List-Unsubscribe": "no"}):
        page = visitor().post(link(), form)
        assert page.status_code == 422 and "Vælg, hvad der skal stoppe" in page.words
    assert setting(house) == (False, False)


def test_a_person_who_is_gone_is_not_found(house, visitor):
    assert visitor().post("/afmeld/" + seal(SECRET, "afmeld", 999999, "digest"), ONE_CLICK).status_code == 404


# --- the one form that may come from anywhere ------------------------------------------------------------------------

ELSEWHERE = [
    {"origin": "https://mail.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site", "origin": "https://mail.example"},
]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=["origin", "null", "fetch"])
def test_a_webmail_may_post_the_link_it_holds_from_its_own_site(house, visitor, link, headers):
    assert visitor().post(link(), ONE_CLICK, **headers).status_code == 200
    assert setting(house) == (False, True)


@pytest.mark.parametrize("headers", ELSEWHERE, ids=["origin", "null", "fetch"])
def test_it_ends_the_mails_of_the_links_person_and_nothing_of_whose_browser_it_is(house, visitor, link, headers):
    """Another site makes Bo's browser post Carla's link: it needs the link, and Bo's own mails are untouched."""
    bo = visitor("bo")
    answer = bo.post(link("carla"), {**ONE_CLICK, "person": str(house.ids["bo"])}, **headers)
    assert answer.status_code == 200
    assert setting(house, "bo") == (False, False) and setting(house, "carla") == (False, True)
    entry = house.ask(select(Entry.person_id).where(Entry.happened == "mail.stopped"))
    assert [row.person_id for row in entry] == [None]  # the link said so, not Bo
    assert "Bo" not in answer.words


@pytest.mark.parametrize("headers", ELSEWHERE, ids=["origin", "null", "fetch"])
@pytest.mark.parametrize("path", ["/mig/besked/mail", "/mig/besked", "/mig/besked/foelg", "/nyt/laest", "/log-ud"])
def test_no_other_form_may_come_from_elsewhere(house, visitor, headers, path):
    bo = visitor("bo")
    token = bo.open("/mig/besked").tree.xpath("string(//input[@name='_token']/@value)")
    answer = bo.post(path, {"_token": token, "mail": "ingen"}, **headers)
    assert answer.status_code == 403
    assert setting(house, "bo") == (False, False)


def test_the_only_routes_that_take_forms_from_anywhere(app):
    from med.app import handlers

    marked = {handler.name for _, handler in handlers(app) if handler.opt.get("by_link")}
    assert marked <= {"notices.stop"}
