"""Coming in and going out."""

import pytest

from med.identity.routes import PERSONAS


def test_a_stranger_is_shown_the_door(visitor):
    page = visitor().open("/mig", follow=False)
    assert page.status_code == 303
    assert page.headers["location"] == "/log-ind?videre=/mig"


@pytest.mark.parametrize("handle", PERSONAS)
def test_every_persona_can_sign_in_and_out(visitor, handle):
    person = visitor(handle)
    page = person.open("/")
    assert page.status_code == 200
    out = page.form("Log ud").send()
    assert out.status_code == 303
    assert person.open("/", follow=False).status_code == 303


def test_a_form_without_its_token_is_refused(visitor):
    answer = visitor("anna").post("/mig", {"language": "en"})
    assert answer.status_code == 403
    assert "genindlæs siden" in answer.words


def test_a_form_from_another_site_is_refused(visitor):
    anna = visitor("anna")
    form = anna.open("/mig").form("Gem")
    answer = anna.post(form.action, form.pairs, **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_language_is_kept_for_the_person(visitor):
    anna = visitor("anna")
    assert anna.open("/mig?sprog=en").tree.get("lang") == "en"
    assert anna.open("/mig").tree.get("lang") == "en"
    assert visitor("bo").open("/mig").tree.get("lang") == "da"


def test_the_language_chosen_at_the_door_comes_along(visitor):
    julie = visitor()
    julie.open("/log-ind?sprog=en").form("Julie").send()
    assert julie.open("/").tree.get("lang") == "en"
    visitor("julie")
    assert julie.open("/").tree.get("lang") == "en"  # signed in elsewhere without choosing one


def test_the_other_language_is_offered_where_a_page_is(visitor):
    answer = visitor().post("/log-ind/demo", {"person": "nobody"})
    assert answer.status_code == 422
    assert answer.tree.xpath("string(//a[@hreflang='en']/@href)") == "/?sprog=en"
