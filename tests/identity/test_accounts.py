"""Passwords of our own: the link one begins with, the second step, recovery codes, and what ends what."""

import hashlib
import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from med import clock, demo
from med.identity import accounts, passwords, queries, second_step
from med.identity.models import Account, RecoveryCode, SignIn
from med.identity.routes.account import WRONG
from med.organisation.models import Grant, GrantKind, Person
from tests.identity.conftest import PASSWORD, at_the_door

NEW = "syv grønne æbler i en spand"


def sign_in(browser, handle, password=PASSWORD, code="", onwards=""):
    page = browser.open("/log-ind" + (f"?videre={onwards}" if onwards else ""))
    form = page.form("Log ind", action="/log-ind/konto")
    return form.fill(handle=handle, password=password, code=code).send()


@pytest.fixture
def signed_in(visitor, with_password):
    """`signed_in("anna")`: Anna at her own browser, let in by her password; Ivan with his second step, too."""

    def enter(handle):
        with_password(handle)
        browser = at_the_door(visitor)
        assert sign_in(browser, handle).status_code == 303
        if handle == "ivan":
            turn_on_second_step(browser)
        return browser

    return enter


def turn_on_second_step(browser):
    """Gives the app, and the recovery codes."""
    page = browser.open("/mig/adgang").visitor.open("/mig/adgang/totrin")
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)[1].replace(" ", "")
    assert page.tree.xpath("string(//img[@class='qr']/@src)").startswith("data:image/svg+xml;base64,")
    app = pyotp.TOTP(secret)
    done = page.form("Slå til").fill(code=app.at(clock.now())).send()
    assert done.status_code == 200, done.words
    return app, re.findall(r"<code>([a-z0-9-]+)</code>", done.text)


# --- passwords --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        "", "kort", "elleve tegn",
        "adgangskode2026!", "Kommune12345", "medspilmedspil", "sommersommer2026", "qwertyuiop123456",
        "aaaaaaaaaaaaaaaa", "abababababab", "123456789012345", "abcdefghijklmnop", "zyxwvutsrqponm",
        "annaholm anna holm", "anna.holm.2026.anna", "Solbæk Kommune 2026", "11111 22222 33333", "            ",
        "x" * 201,
    ],
)  # fmt: skip
def test_what_others_would_guess_is_no_password(password):
    assert passwords.objection(password, "Anna Holm", "anna", "anna.holm@solbaek.example", "Solbæk Kommune") is not None


@pytest.mark.parametrize(
    "password",
    [PASSWORD, NEW, "korrekt-hest-batteri", "Vq7!tK0z_pW3n", "🐘🐪🦒🦓🐆🦏🐘🐪🦒🦓🐆🦏 zoo", "ÅÆØ blomster ved åen"],
)
def test_long_and_not_obvious_is_enough_whatever_its_letters(password):
    assert passwords.objection(password, "Anna Holm", "anna") is None


def test_a_password_is_the_same_however_the_keyboard_composes_it():
    kept = passwords.hash_now("bl\u00e5 heste i regnvejr")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords._matches(passwords.folded("bla\u030a heste i regnvejr"), kept)


def test_what_has_leaked_elsewhere_is_no_password(tmp_path):
    """The whole list is never read: each of its lines is found, and nothing between them."""
    words = [f"et helt almindeligt kodeord {number}" for number in range(400)]
    lines = sorted(hashlib.sha1(word.encode()).hexdigest().upper() for word in words)
    listed = tmp_path / passwords.LEAKED
    assert not passwords.is_leaked(words[0], listed)  # there is no list
    for ending in ("", ":7", ":1234567\r"):
        listed.write_text("".join(f"{line}{ending}\n" for line in lines))
        assert all(passwords.is_leaked(word, listed) for word in words)
        assert not any(passwords.is_leaked(word + "!", listed) for word in words)
    listed.write_bytes(b"")
    assert not passwords.is_leaked(words[0], listed)


def test_a_leaked_password_is_refused_at_its_field(visitor, signed_in, tmp_path):
    listed = tmp_path / passwords.LEAKED
    listed.write_text(hashlib.sha1(NEW.encode()).hexdigest().upper() + ":3\n")
    form = signed_in("anna").open("/mig/adgang/kode").form("Skift adgangskode")
    assert form.fill(password=NEW, repeated=NEW).send().errors() == {"password": f"Fejl: {passwords.LEAKED_ONE}"}
    listed.unlink()
    assert form.send().status_code == 303


# --- coming in --------------------------------------------------------------------------------------------------------


def test_anna_comes_in_by_her_password_and_goes_where_she_was_going(visitor, with_password, journalled):
    with_password("anna")
    anna = at_the_door(visitor)
    assert sign_in(anna, " Anna ", onwards="/moeder").headers["location"] == "/moeder"
    assert "Anna" in anna.open("/").text
    assert journalled("sign_in.") == [("sign_in.opened", "")]


@pytest.mark.parametrize(
    ("handle", "password"), [("anna", "forkert"), ("anna", ""), ("findes-ikke", PASSWORD), ("bo", PASSWORD), ("", "")]
)
def test_a_wrong_name_and_a_wrong_password_are_told_alike(visitor, with_password, handle, password):
    with_password("anna")
    page = sign_in(at_the_door(visitor), handle, password)
    assert page.status_code == 422
    assert page.errors() == {"password": f"Fejl: {WRONG}"}
    assert page.tree.xpath("string(//input[@name='handle']/@value)") == handle
    assert PASSWORD not in page.text


def test_who_was_shut_out_or_closed_does_not_come_in(visitor, with_password, write, people, signed_in):
    with_password("anna")
    write(lambda db: db.execute(update(Person).where(Person.handle == "anna").values(is_active=False)))
    assert sign_in(at_the_door(visitor), "anna").status_code == 422
    bo = signed_in("bo")
    ivan = people.viewer("ivan")
    write(lambda db: accounts.close_account(db, ivan, people.bo))
    assert bo.open("/", follow=False).status_code == 303
    assert sign_in(at_the_door(visitor), "bo").status_code == 422


def test_a_no_takes_as_many_writings_whether_there_is_such_a_name_or_not(visitor, with_password, app, monkeypatch):
    """Else whoever measures how long a no takes learns who has a password."""
    with_password("anna")
    desk, written = app.state.desk, []
    writing = desk.database.writing

    def counted(*words):
        written.append(words)
        return writing(*words)

    monkeypatch.setattr(desk.database, "writing", counted)

    def writings(handle):
        written.clear()
        assert sign_in(at_the_door(visitor), handle, "gættet forkert igen").status_code == 422
        return len(written)

    assert writings("ingen") == writings("anna") == writings("ingen") == 3


def test_a_form_without_a_word_of_where_it_comes_from_is_refused(visitor, with_password):
    with_password("anna")
    assert visitor().post("/log-ind/konto", {"handle": "anna", "password": PASSWORD}).status_code == 403


def test_the_emergency_door_is_told_of(visitor, with_password, write, journalled):
    with_password("anna")
    write(lambda db: db.execute(update(Account).values(is_emergency=True)))
    sign_in(at_the_door(visitor), "anna")
    assert ("account.emergency_used", "") in journalled("account.")


# --- the second step --------------------------------------------------------------------------------------------------


def test_with_a_second_step_the_password_alone_is_not_enough_and_a_code_works_once(visitor, signed_in, database):
    anna = signed_in("anna")
    app, codes = turn_on_second_step(anna)
    assert len(set(codes)) == 10
    assert "10 nødkoder" in anna.open("/mig/adgang").words
    other = at_the_door(visitor)
    assert sign_in(other, "anna").status_code == 422
    assert sign_in(other, "anna", code=app.at(clock.now())).status_code == 422  # spent when it was set up
    with clock.at(demo.NOW + timedelta(seconds=30)):
        now = app.at(clock.now())
        assert sign_in(other, "anna", code=f"{now[:3]} {now[3:]}").status_code == 303
        assert sign_in(at_the_door(visitor), "anna", code=now).status_code == 422
        assert sign_in(at_the_door(visitor), "anna", code=app.at(demo.NOW)).status_code == 422  # older than the newest
    with database.reading() as db:
        kept = db.scalars(select(Account.second_step)).one()
        hashes = db.scalars(select(RecoveryCode.code_hash)).all()
    assert app.secret not in kept
    assert not {code.replace("-", "") for code in codes} & set(hashes)


def test_a_clock_that_was_ahead_spends_no_code_of_today_and_its_sign_in_ends(visitor, signed_in):
    app, _ = turn_on_second_step(signed_in("anna"))
    ahead = at_the_door(visitor)
    with clock.at(demo.NOW + timedelta(days=30)):
        assert sign_in(ahead, "anna", code=app.at(clock.now())).status_code == 303
        assert ahead.open("/mig", follow=False).status_code == 200
    assert ahead.open("/mig", follow=False).status_code == 303  # it would stand open for thirty days and a half
    with clock.at(demo.NOW + timedelta(minutes=1)):
        now = app.at(clock.now())
        assert sign_in(at_the_door(visitor), "anna", code=now).status_code == 303
        assert sign_in(at_the_door(visitor), "anna", code=now).status_code == 422


@pytest.mark.parametrize("code", ["000000", "abcdef", "１２３４５６", "-1", "1" * 300, "2222-2222-2222"])
def test_codes_that_are_none(visitor, signed_in, code):
    turn_on_second_step(signed_in("anna"))
    assert sign_in(at_the_door(visitor), "anna", code=code).status_code == 422


def test_a_recovery_code_opens_once_and_new_ones_end_the_old(visitor, signed_in):
    anna = signed_in("anna")
    _, codes = turn_on_second_step(anna)
    assert sign_in(at_the_door(visitor), "anna", code=codes[0].upper()).status_code == 303
    assert sign_in(at_the_door(visitor), "anna", code=codes[0]).status_code == 422
    page = anna.open("/mig/adgang")
    assert "9 nødkoder" in page.words
    renewed = re.findall(r"<code>([a-z0-9-]+)</code>", page.form("Lav nye nødkoder").send().text)
    assert sign_in(at_the_door(visitor), "anna", code=codes[1]).status_code == 422
    assert sign_in(at_the_door(visitor), "anna", code=renewed[1].replace("-", "")).status_code == 303


def test_a_recovery_code_is_its_own_accounts(signed_in, visitor):
    _, codes = turn_on_second_step(signed_in("anna"))
    turn_on_second_step(signed_in("bo"))
    assert sign_in(at_the_door(visitor), "bo", code=codes[0]).status_code == 422


def test_a_wrong_code_at_setting_up_changes_nothing(signed_in):
    anna = signed_in("anna")
    page = anna.open("/mig/adgang/totrin")
    again = page.form("Slå til").fill(code="123456").send()
    assert again.status_code == 422
    assert page.tree.xpath("string(//details/p/code)") == again.tree.xpath("string(//details/p/code)")
    forged = page.form("Slå til").fill(ticket="x" * 60, code="123456").send()
    assert forged.status_code == 422
    assert "Slået fra" in anna.open("/mig/adgang").words


def test_turning_it_off_again(visitor, signed_in, journalled):
    anna = signed_in("anna")
    turn_on_second_step(anna)
    assert anna.open("/mig/adgang").form("Slå fra").send().status_code == 303
    assert sign_in(at_the_door(visitor), "anna").status_code == 303
    assert [what for what, _ in journalled("account.second")] == ["account.second_step_on", "account.second_step_off"]


def test_the_same_code_twice_at_the_same_moment_opens_once(signed_in, database, write, settle):
    app, _ = turn_on_second_step(signed_in("anna"))
    with clock.at(demo.NOW + timedelta(minutes=1)), database.reading() as db:
        account = db.scalars(select(Account)).one()
        code = app.at(clock.now())
        assert write(lambda db: second_step.passes(db, account, code, "s" * 40))
        assert not write(lambda db: second_step.passes(db, account, code, "s" * 40))  # the row was read before


# --- administrators ---------------------------------------------------------------------------------------------------


def test_an_administrator_sets_up_a_second_step_before_anything_administrative(visitor, with_password):
    with_password("ivan")
    ivan = at_the_door(visitor)
    onwards = sign_in(ivan, "ivan", onwards="/drift/adgang").headers["location"]
    assert onwards == "/mig/adgang/totrin?videre=/drift/adgang"
    for path in ("/drift/adgang", "/drift/post", "/drift/kopier", "/udvalg/rettigheder", "/udvalg/indlaes"):
        assert ivan.open(path, follow=False).headers["location"] == f"/mig/adgang/totrin?videre={path}"
    assert ivan.submit("/drift/adgang", person="carla").headers["location"] == "/mig/adgang/totrin"
    assert "/drift/post" not in ivan.open("/").links()
    page = ivan.open("/drift/adgang?sagt=x")
    assert "slå totrin til først" in page.words
    app = pyotp.TOTP(re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)[1].replace(" ", ""))
    again = page.form("Slå til").fill(code="000000").send()
    done = again.form("Slå til").fill(code=app.at(clock.now())).send()
    assert "/drift/adgang?sagt=x" in done.links()
    assert ivan.open("/drift/adgang", follow=False).status_code == 200
    assert "/drift/post" in ivan.open("/").links()
    assert not ivan.open("/mig/adgang").has_form("Slå fra")
    assert ivan.submit("/mig/adgang/totrin/fra").status_code == 409
    with clock.at(demo.NOW + timedelta(minutes=1)):
        back = sign_in(at_the_door(visitor), "ivan", code=app.at(clock.now()), onwards="/drift/adgang")
    assert back.headers["location"] == "/drift/adgang"


def test_the_link_an_administrator_begins_with_leads_to_the_second_step(visitor, write, settle, people):
    settle(demo=False)
    for handle, where in (("ivan", "/mig/adgang/totrin?videre=/mig/adgang"), ("carla", "/mig/adgang")):
        token = write(lambda db, handle=handle: accounts.welcome(db, None, db.get(Person, getattr(people, handle))))
        form = at_the_door(visitor).open(f"/log-ind/link/{token}").form("Gem, og log ind")
        assert form.fill(password=NEW, repeated=NEW).send().headers["location"] == where


def test_whoever_becomes_an_administrator_while_signed_in_waits_for_the_second_step(visitor, signed_in, write, people):
    anna = signed_in("anna")
    today = clock.today()
    write(lambda db: db.add(Grant(person_id=people.anna, kind=GrantKind.ADMIN, starts=today)))
    assert anna.open("/drift/adgang", follow=False).headers["location"].startswith("/mig/adgang/totrin")
    assert anna.open("/moeder", follow=False).status_code == 200  # what is hers by other rights stays hers


# --- another password, and signing in again ---------------------------------------------------------------------------


def test_a_new_password_ends_every_other_sign_in(visitor, signed_in):
    anna = signed_in("anna")
    old = anna.cookies["med"]
    elsewhere = at_the_door(visitor)
    sign_in(elsewhere, "anna")
    form = anna.open("/mig/adgang/kode").form("Skift adgangskode")
    assert form.fill(password=NEW, repeated="noget helt andet").send().errors() == {
        "repeated": "Fejl: De to er ikke ens."
    }
    assert form.fill(password="annaanna", repeated="annaanna").send().errors()["password"].startswith("Fejl: Mindst 12")
    assert form.fill(password=NEW, repeated=NEW).send().status_code == 303
    assert anna.cookies["med"] != old
    assert anna.open("/mig", follow=False).status_code == 200
    assert elsewhere.open("/mig", follow=False).status_code == 303
    assert sign_in(at_the_door(visitor), "anna").status_code == 422
    assert sign_in(at_the_door(visitor), "anna", NEW).status_code == 303


@pytest.mark.parametrize("path", ["/mig/adgang/kode", "/mig/adgang/totrin"])
def test_what_matters_most_asks_who_one_is_once_more(signed_in, path):
    anna = signed_in("anna")
    form = anna.open(path).form(action=path)
    with clock.at(demo.NOW + timedelta(minutes=16)):
        away = anna.open(path, follow=False)
        assert away.headers["location"] == f"/log-ind?igen=1&videre={path}"
        assert form.send().headers["location"] == "/log-ind?igen=1"
        page = anna.open(path)
        assert page.h1 == "Vis, at det er dig"
        old = anna.cookies["med"]
        back = page.form("Log ind", action="/log-ind/konto").fill(handle="anna", password=PASSWORD).send()
        assert back.headers["location"] == path
        assert anna.cookies["med"] != old
        assert anna.open(path, follow=False).status_code == 200
    ghost = anna.visitor if hasattr(anna, "visitor") else anna
    ghost.cookies["med"] = old
    assert ghost.open("/mig", follow=False).status_code == 303


def test_rights_are_given_by_somebody_who_just_showed_who_they_are(signed_in):
    ivan = signed_in("ivan")
    assert ivan.open("/udvalg/rettigheder", follow=False).status_code == 200
    with clock.at(demo.NOW + timedelta(minutes=16)):
        assert "igen=1" in ivan.open("/udvalg/rettigheder", follow=False).headers["location"]


def test_without_a_password_there_is_none_to_change(visitor):
    for path in ("/mig/adgang/kode", "/mig/adgang/totrin"):
        assert visitor("anna").open(path).status_code == 404
    assert visitor("anna").open("/mig/adgang").has_form("Lav nye nødkoder") is False


# --- where one is signed in -------------------------------------------------------------------------------------------


def test_bo_sees_where_he_is_signed_in_and_ends_the_one_he_does_not_know(visitor):
    bo, lost, third = visitor("bo"), visitor(), visitor("bo")
    lost.post("/log-ind/demo", {"person": "bo"}, **{"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
    page = bo.open("/mig/adgang")
    assert "Safari på iPhone" in page.words
    rows = page.tree.xpath("//tbody/tr")
    assert len(rows) == 3
    assert sum("Denne enhed" in row.text_content() for row in rows) == 1
    phone = next(row for row in rows if "iPhone" in row.text_content())
    ended = bo.post(
        phone.xpath("string(.//form/@action)"), {"_token": page.tree.xpath("string(//input[@name='_token']/@value)")}
    )
    assert ended.status_code == 303
    assert lost.open("/mig", follow=False).status_code == 303
    assert third.open("/mig", follow=False).status_code == 200
    assert bo.open("/mig/adgang").form("Log ud alle andre steder").send().status_code == 303
    assert third.open("/mig", follow=False).status_code == 303
    assert bo.open("/mig", follow=False).status_code == 200


def test_nobody_ends_anothers_sign_in(visitor, database, people):
    visitor("anna")
    with database.reading() as db:
        annas = db.scalar(select(SignIn.id).where(SignIn.person_id == people.anna))
    assert visitor("bo").submit(f"/mig/adgang/log-ind/{annas}/slut").status_code == 404


# --- the link one begins with -----------------------------------------------------------------------------------------


def test_ivan_lets_carla_in_with_a_link_that_works_once(visitor, signed_in, journalled):
    ivan = signed_in("ivan")
    made = ivan.open("/drift/adgang").form("Lav et link").fill(person="carla").send()
    link = made.tree.xpath("string(//input[@id='f-link']/@value)").removeprefix("http://127.0.0.1:8000")
    assert link.startswith("/log-ind/link/")
    assert "f-link" not in ivan.open("/drift/adgang").text  # shown once
    carla = at_the_door(visitor)
    form = carla.open(link).form("Gem, og log ind")
    assert form.fill(password="carla12345678", repeated="carla12345678").send().status_code == 422
    assert form.fill(password=NEW, repeated=NEW).send().headers["location"] == "/mig/adgang"
    assert "Carla" in carla.open("/").text
    assert visitor().open(link).status_code == 404
    assert at_the_door(visitor).post(link, {"password": NEW, "repeated": NEW}).status_code == 404
    assert sign_in(at_the_door(visitor), "carla", NEW).status_code == 303
    assert [what for what, _ in journalled("welcome.")] == ["welcome.made"]
    page = ivan.open("/drift/adgang")
    assert "Carla" in page.words
    assert page.form(action="/luk").send().status_code == 303


def test_a_link_begins_anew_when_the_telephone_is_lost(visitor, signed_in, write, people):
    anna = signed_in("anna")
    turn_on_second_step(anna)
    token = write(lambda db: accounts.welcome(db, None, db.get(Person, people.anna)))
    form = at_the_door(visitor).open(f"/log-ind/link/{token}").form("Gem, og log ind")
    assert form.fill(password=NEW, repeated=NEW).send().status_code == 303
    assert anna.open("/mig", follow=False).status_code == 303
    assert sign_in(at_the_door(visitor), "anna", NEW).status_code == 303  # no code: it is to be set up again


def test_a_new_password_ends_the_link_that_was_made_before_it(visitor, signed_in, write, people):
    """Whoever was given the link meanwhile does not take the account over, second step and all."""
    token = write(lambda db: accounts.welcome(db, None, db.get(Person, people.anna)))
    anna = signed_in("anna")
    token = write(lambda db: accounts.welcome(db, None, db.get(Person, people.anna)))
    assert visitor().open(f"/log-ind/link/{token}").status_code == 200
    form = anna.open("/mig/adgang/kode").form(action="/mig/adgang/kode")
    assert form.fill(password=NEW, repeated=NEW).send().status_code == 303
    assert visitor().open(f"/log-ind/link/{token}").status_code == 404


def test_a_link_grows_old_and_the_newest_is_the_only_one(visitor, write, people):
    def make():
        return write(lambda db: accounts.welcome(db, None, db.get(Person, people.carla)))

    def is_told_why(token):
        """The same words for a link that is replaced, too old, or never was one."""
        page = visitor().open(f"/log-ind/link/{token}")
        sent = visitor().post(f"/log-ind/link/{token}", {"password": NEW, "repeated": NEW})
        assert (page.status_code, sent.status_code) == (404, 404)
        assert page.words == sent.words == visitor().open("/log-ind/link/ingen").words
        return "Det er brugt, afløst af et nyt eller for gammelt." in page.words and "/log-ind" in page.links()

    first, second = make(), make()
    assert is_told_why(first)
    with clock.at(demo.NOW + timedelta(hours=71)):
        assert visitor().open(f"/log-ind/link/{second}").status_code == 200
    with clock.at(demo.NOW + timedelta(hours=72)):
        assert is_told_why(second)


def test_the_language_chosen_at_the_door_is_kept(with_password, visitor, write, people):
    with_password("anna")

    def language_of(someone):
        return someone.open("/mig").tree.get("lang")

    anna = at_the_door(visitor)
    form = anna.open("/log-ind?sprog=en").form("Sign in")
    wrong = form.fill(handle="anna", password="wrong words all along").send()
    assert (wrong.status_code, wrong.tree.get("lang")) == (422, "en")
    assert wrong.form("Sign in").fill(handle="anna", password=PASSWORD).send().status_code == 303
    assert language_of(anna) == "en"
    again = at_the_door(visitor)
    assert again.open("/log-ind").form("Log ind").fill(handle="anna", password=PASSWORD).send().status_code == 303
    assert language_of(again) == "en"  # nothing was chosen this time
    token = write(lambda db: accounts.welcome(db, None, db.get(Person, people.carla)))
    carla = at_the_door(visitor)
    form = carla.open(f"/log-ind/link/{token}?sprog=en").form("Save and sign in")
    assert form.fill(password=NEW, repeated=NEW).send().status_code == 303
    assert language_of(carla) == "en"


def test_closing_a_way_in_ends_the_links_to_it(visitor, signed_in, write, people):
    signed_in("carla")
    ivan = signed_in("ivan")
    token = write(lambda db: accounts.welcome(db, None, db.get(Person, people.carla)))
    assert visitor().open(f"/log-ind/link/{token}").status_code == 200
    write(lambda db: accounts.close_account(db, people.viewer("ivan"), people.carla))
    assert visitor().open(f"/log-ind/link/{token}").status_code == 404
    assert ivan.open("/drift/adgang").status_code == 200


def test_a_sign_in_that_is_over_is_not_listed(visitor, database, people):
    visitor("bo")
    with clock.at(demo.NOW + timedelta(hours=2)):
        visitor("bo")
        with database.reading() as db:
            assert len(queries.my_sign_ins(db, people.viewer("bo"))) == 1


def test_only_the_administrator_makes_links(visitor, people):
    for handle in ("anna", "emil"):
        assert visitor(handle).open("/drift/adgang").status_code == 403
        assert visitor(handle).submit("/drift/adgang", person="anna").status_code == 403
    answer = visitor("ivan").submit("/drift/adgang", person="findes ikke")
    assert answer.errors() == {"person": "Fejl: Vælg en person fra listen."}


def test_a_new_installation_says_how_to_begin(visitor, settle):
    settle(demo=False)
    page = visitor().open("/log-ind")
    assert "med person ida" in page.words
    assert not page.has_form("Log ind", action="/log-ind/konto")
