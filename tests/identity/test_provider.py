"""Signing in with the municipality's own identity provider: ours on loopback, well behaved and not."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import func, select, update

from med import clock, demo
from med.identity import accounts, queries
from med.identity.models import Allowance, LinkedIdentity, SignIn
from med.organisation.models import Person
from med.settings import Oidc
from tests.identity.conftest import PASSWORD, at_the_door
from tests.identity.provider import BACK, CLIENT, FAULTS, SECRET


def set_out(browser, query=""):
    """Follow the link to the provider; gives what it is asked."""
    away = browser.open(f"/log-ind/kommune{query}", follow=False)
    assert away.status_code == 303, away.words
    there = urlsplit(away.headers["location"])
    return dict(parse_qsl(there.query))


def come_back(browser, house, asked, **more):
    address = house.sign_in(asked, **more).removeprefix("http://127.0.0.1:8000")
    return browser.open(address, follow=False)


def sign_in(browser, house, query=""):
    return come_back(browser, house, set_out(browser, query))


def living_sign_ins(database):
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(SignIn).where(SignIn.expires_at > clock.now()))


def test_carla_signs_in_with_her_work_account_and_comes_where_she_was_going(visitor, provider, journalled):
    carla = visitor()
    page = carla.open("/beslutninger")
    there = next(link for link in page.links() if link.startswith("/log-ind/kommune"))
    asked = set_out(carla, there.removeprefix("/log-ind/kommune"))
    assert asked["redirect_uri"] == BACK
    assert asked["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    back = come_back(carla, provider, asked)
    assert back.headers["location"] == "/beslutninger"
    assert "Carla" in carla.open("/").text
    spent = next(cookie for cookie in back.headers.get_list("set-cookie") if cookie.startswith("med-door="))
    assert "max-age=0" in spent.lower()  # what the trip needed goes
    assert journalled("linked_identity.") == [("linked_identity.linked", "claim")]
    assert provider.exchanges[0]["code_verifier"] not in back.text


def test_the_next_time_the_subject_alone_says_who_it_is(visitor, provider, write):
    sign_in(visitor(), provider)
    write(lambda db: db.execute(update(Person).where(Person.handle == "carla").values(handle="carla.b")))
    provider.claims["preferred_username"] = "anna"  # a name that was taken over, or that people choose themselves
    carla = visitor()
    assert sign_in(carla, provider).status_code == 303
    assert "Carla" in carla.open("/").text


def test_an_identity_that_was_unlinked_comes_in_by_a_link_only(visitor, provider, write, database, people):
    assert sign_in(visitor(), provider).status_code == 303
    with database.reading() as db:
        made = db.scalar(select(LinkedIdentity.id))
    write(lambda db: accounts.unlink(db, people.viewer("ivan"), made))
    with database.reading() as db:
        assert (queries.all_identities(db), queries.my_identities(db, people.viewer("carla"))) == ([], [])
    assert sign_in(visitor(), provider).status_code == 403  # the claim says Carla, as it did the first time
    with clock.at(clock.now() + timedelta(seconds=1)):
        token = write(lambda db: accounts.welcome(db, people.viewer("ivan"), db.get(Person, people.bo)))
        assert sign_in(visitor(), provider, f"?link={token}").status_code == 303
    with database.reading() as db:
        assert db.scalars(select(LinkedIdentity.person_id)).all() == [people.bo]


def test_another_subject_does_not_get_a_linked_persons_place(visitor, provider):
    sign_in(visitor(), provider)
    provider.claims["sub"] = "8888"
    page = sign_in(visitor(), provider)
    assert page.status_code == 403
    assert "ved ikke, hvem af personerne du er" in page.words


def test_twenty_six_wrong_answers_let_nobody_in(visitor, provider, database, journalled):
    before = living_sign_ins(database)
    for number, (fault, word) in enumerate(FAULTS.items(), 1):
        browser = visitor()
        asked = set_out(browser)
        provider.misbehave = fault
        page = come_back(browser, provider, asked)
        provider.misbehave = ""
        assert (page.status_code, page.h1) == (403, "Du blev ikke logget ind"), fault
        assert "location" not in page.headers, fault
        assert "med" not in browser.cookies, fault
        assert journalled("sign_in.refused")[number - 1 :] == [("sign_in.refused", word)], fault
    assert living_sign_ins(database) == before
    assert journalled("linked_identity.") == []
    assert sign_in(visitor(), provider).status_code == 303  # nothing is stuck


def test_two_audiences_are_fine_when_the_token_was_made_for_us(visitor, provider):
    provider.claims |= {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert sign_in(visitor(), provider).status_code == 303


def test_an_answer_counts_once(visitor, provider, journalled, database):
    browser = visitor()
    asked = set_out(browser)
    trip = dict(browser.cookies)
    address = provider.sign_in(asked).removeprefix("http://127.0.0.1:8000")
    assert browser.open(address, follow=False).status_code == 303
    thief = visitor()
    thief.cookies = trip  # everything the browser had, and the same address
    assert thief.open(address, follow=False).status_code == 403
    assert ("sign_in.refused", "replayed") in journalled("sign_in.")
    assert len(provider.exchanges) == 1


@pytest.mark.parametrize("wrong", ["no cookie", "another browser's cookie", "another state", "no state", "too late"])
def test_an_answer_to_a_trip_this_browser_is_not_on(visitor, provider, wrong):
    browser, other = visitor(), visitor()
    asked = set_out(browser)
    set_out(other)
    address = provider.sign_in(asked).removeprefix("http://127.0.0.1:8000")
    moment = demo.NOW
    match wrong:
        case "no cookie":
            browser.cookies.clear()
        case "another browser's cookie":
            browser.cookies = dict(other.cookies)
        case "another state":
            address = address.replace(asked["state"], "x" * 43)
        case "no state":
            address = address.replace("state", "stat")
        case "too late":
            moment += timedelta(minutes=10)
    with clock.at(moment):
        page = browser.open(address, follow=False)
    assert page.status_code == 400
    assert "Prøv igen" in page.words
    assert provider.exchanges == []


def test_a_code_without_its_proof_or_of_another_is_refused(visitor, provider, journalled):
    browser, other = visitor(), visitor()
    asked, theirs = set_out(browser), set_out(other)
    # Somebody else's code, put into this browser's answer: the proof key does not fit.
    page = come_back(browser, provider, {**asked, "code_challenge": theirs["code_challenge"]})
    assert page.status_code == 403
    assert ("sign_in.refused", "code") in journalled("sign_in.")


def test_giving_up_there_is_said_kindly(visitor, provider, journalled):
    browser = visitor()
    asked = set_out(browser)
    page = browser.open(f"/log-ind/svar?error=access_denied&state={asked['state']}")
    assert page.status_code == 403
    assert "fortrød" in page.words
    assert journalled("sign_in.refused") == []


def test_a_provider_that_is_away(visitor, provider, settle, with_password):
    provider.misbehave = "is down"
    page = visitor().open("/log-ind/kommune", follow=False)
    assert page.status_code == 503
    assert "svarer ikke lige nu" in page.words
    settle(oidc=Oidc("http://127.0.0.1:9", CLIENT))
    assert visitor().open("/log-ind/kommune", follow=False).status_code == 503
    with_password("anna")  # and there is another door
    anna = at_the_door(visitor)
    form = anna.open("/log-ind").form("Log ind", action="/log-ind/konto")
    assert form.fill(handle="anna", password=PASSWORD).send().status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_provider_that_says_odd_things_about_itself_is_not_asked(visitor, provider, wrong):
    provider.about_is_wrong = wrong
    page = visitor().open("/log-ind/kommune", follow=False)
    assert page.status_code == 403
    assert "location" not in page.headers


def test_keys_are_turned_without_a_word(visitor, provider, monkeypatch):
    assert sign_in(visitor(), provider).status_code == 303
    provider.turn_keys()
    monkeypatch.setattr("med.identity.oidc.provider.ASK_AGAIN", -1)
    assert sign_in(visitor(), provider).status_code == 303


def test_who_is_not_known_here_is_told_what_to_do(visitor, provider, journalled):
    provider.claims = {"sub": "9", "preferred_username": "ukendt", "email": "anna@solbaek.example"}
    page = sign_in(visitor(), provider)
    assert page.status_code == 403
    assert "Bed systemadministratoren om et link" in page.words
    assert ("sign_in.refused", "unknown") in journalled("sign_in.")


@pytest.mark.parametrize("verified", [True, False])
def test_mail_says_who_one_is_only_where_the_provider_alone_gives_it_out(visitor, provider, settle, database, verified):
    with database.reading() as db:
        mail = db.scalar(select(Person.mail).where(Person.handle == "anna"))
    provider.claims = {"sub": "9", "email": mail.upper(), "email_verified": verified}
    assert sign_in(visitor(), provider).status_code == 403
    settle(oidc=Oidc(provider.issuer, CLIENT, SECRET, claim="email"))  # refused by read_settings without MED_OIDC_MAIL
    assert sign_in(visitor(), provider).status_code == (303 if verified else 403)


def test_the_language_chosen_at_the_door_comes_along(visitor, provider, write, people):
    provider.claims = {"sub": "n0-name", "preferred_username": "bo"}
    bo = visitor()
    there = next(link for link in bo.open("/log-ind?sprog=en").links() if "/log-ind/kommune" in link)
    assert sign_in(bo, provider, there.removeprefix("/log-ind/kommune")).status_code == 303
    assert bo.open("/mig").tree.get("lang") == "en"


def test_a_link_from_the_administrator_ties_a_work_account_to_a_person(visitor, provider, write, database, people):
    provider.claims = {"sub": "n0-name"}
    viewer = people.viewer("ivan")
    token = write(lambda db: accounts.welcome(db, viewer, db.get(Person, people.bo)))
    bo = visitor()
    page = bo.open(f"/log-ind/link/{token}")
    there = next(link for link in page.links() if "/log-ind/kommune" in link)
    assert sign_in(bo, provider, there.removeprefix("/log-ind/kommune")).status_code == 303
    with database.reading() as db:
        assert db.execute(select(LinkedIdentity.subject, LinkedIdentity.person_id)).one() == ("n0-name", people.bo)
    assert visitor().open(f"/log-ind/link/{token}").status_code == 404  # used
    provider.claims = {"sub": "another"}
    assert sign_in(visitor(), provider, f"?link={token}").status_code == 403


def test_nobody_is_tied_to_another_by_following_a_link_from_elsewhere(visitor, provider, write, people):
    """Dorte gets a mail from Bo that goes straight to the provider with Bo's link in it: she is shown whose it is."""
    token = write(lambda db: accounts.welcome(db, None, db.get(Person, people.bo)))
    there = f"/log-ind/kommune?link={token}"
    for site in ("cross-site", "same-site", "none"):
        page = visitor().open(there, follow=False, **{"sec-fetch-site": site})
        assert (page.status_code, page.headers["location"]) == (303, f"/log-ind/link/{token}")
        assert "set-cookie" not in page.headers
    assert (
        provider.issuer in visitor().open(there, follow=False, **{"sec-fetch-site": "same-origin"}).headers["location"]
    )


def test_who_was_shut_out_stays_out(visitor, provider, write):
    sign_in(visitor(), provider)
    write(lambda db: db.execute(update(Person).where(Person.handle == "carla").values(is_active=False)))
    assert sign_in(visitor(), provider).status_code == 403


def test_showing_again_who_one_is_must_be_recent(visitor, provider, journalled):
    carla = visitor()
    sign_in(carla, provider)
    asked = set_out(carla, "?igen=1&videre=/mig")
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    old = carla.cookies["med"]
    assert come_back(carla, provider, asked).status_code == 303
    assert carla.cookies["med"] != old
    asked = set_out(carla, "?igen=1")
    asked.pop("max_age")  # as if somebody took it out of the address: then there is no auth_time
    assert come_back(carla, provider, asked).status_code == 403
    assert ("sign_in.refused", "auth_time") in journalled("sign_in.")


def test_a_level_of_assurance_may_be_asked_for(visitor, provider, settle):
    settle(oidc=replace(Oidc(provider.issuer, CLIENT, SECRET, claim="preferred_username"), acr=("mfa", "nsis:high")))
    asked = set_out(visitor())
    assert asked["acr_values"] == "mfa nsis:high"
    assert sign_in(visitor(), provider).status_code == 403
    provider.claims["acr"] = "mfa"
    assert sign_in(visitor(), provider).status_code == 303


def test_going_out_here_and_there(visitor, provider):
    carla = at_the_door(visitor)
    sign_in(carla, provider)
    out = carla.open("/").form("Log ud").send()
    page = carla.open(out.headers["location"])
    assert "Log også ud dér" in page.words
    away = carla.open("/log-ud/kommune", follow=False).headers["location"]
    assert away.startswith(f"{provider.issuer}/out?")
    assert dict(parse_qsl(urlsplit(away).query))["post_logout_redirect_uri"] == "http://127.0.0.1:8000/log-ind"


def test_setting_out_leaves_no_row(visitor, provider, database):
    for _ in range(5):
        set_out(visitor())
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Allowance)) == 0
    assert visitor().open("/log-ind/svar?code=x&state=y").status_code == 400
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Allowance)) == 0


def test_without_a_provider_there_are_no_such_pages(visitor):
    for path in ("/log-ind/kommune", "/log-ind/svar?code=x&state=y", "/log-ud/kommune"):
        assert visitor().open(path).status_code == 404
