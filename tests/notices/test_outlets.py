"""Committees open channels to Teams, Slack, Mattermost and other systems, and close them again."""

import pytest
from sqlalchemy import select

from med import clock
from med.journal.models import Entry
from med.notices.chat.courier import signing_secret
from med.notices.models import Message, Outlet

URL = "https://prod-12.westeurope.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?sig=xyz9"


def fields(**changed):
    return {"kind": "teams", "name": "MED-nyt", "url": URL, "language": "da", **changed}


def test_a_secretary_opens_a_channel_for_her_committee_and_tries_it(visitor, db, committee_id):
    emil = visitor("emil")
    page = emil.open("/drift/kanaler")
    mine = committee_id("med-aabrinken")
    assert page.form("Åbn kanalen").fill(**fields(committee=mine)).send().status_code == 303
    db.rollback()
    outlet = db.scalars(select(Outlet)).one()
    assert (outlet.committee_id, outlet.url, outlet.made_at) == (mine, URL, clock.now())
    page = emil.open("/drift/kanaler")
    assert "MED-nyt" in page.words
    assert "xyz9" in page.words
    assert "/workflows/" not in page.text  # the address is a key, and shown shortened
    assert "på vej" in emil.open(page.form("Send en prøve").send().headers["location"]).words
    db.rollback()
    message = db.scalars(select(Message)).one()
    assert (message.kind, message.outlet_id, message.channel) == ("outlet_trial", outlet.id, "chat")
    page.form("Luk kanalen").send()
    assert "MED-nyt" not in emil.open("/drift/kanaler").words
    assert emil.submit(f"/drift/kanaler/{outlet.id}/proev").status_code == 404  # closed
    db.rollback()
    assert list(db.scalars(select(Entry.happened).where(Entry.thing == "outlet"))) == [
        "outlet.opened",
        "outlet.tried",
        "outlet.ended",
    ]


def test_the_administrator_opens_one_for_all_of_them(visitor, db):
    ivan = visitor("ivan")
    page = ivan.open("/drift/kanaler")
    assert page.form("Åbn kanalen").fill(**fields(kind="webhook")).send().status_code == 303
    db.rollback()
    outlet = db.scalars(select(Outlet)).one()
    assert outlet.committee_id is None
    words = ivan.open("/drift/kanaler").words
    assert "alle udvalg" in words
    assert signing_secret("s" * 40, outlet.uid) in words


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"url": ""}, "url", "Skal udfyldes"),
        ({"url": "javascript:alert(1)"}, "url", "hele adressen"),
        ({"url": "teams"}, "url", "hele adressen"),
        ({"url": "https://"}, "url", "hele adressen"),
        ({"url": "https://[::1"}, "url", "hele adressen"),
        ({"url": "https://x.example:99999/"}, "url", "hele adressen"),
        ({"url": "https://user:pw@x.example/"}, "url", "hele adressen"),
        ({"url": "https://x.example/a b"}, "url", "hele adressen"),
        ({"url": "https://x.example/\r\nHost: y"}, "url", "hele adressen"),
        ({"url": "https://x.example/æ"}, "url", "hele adressen"),
        ({"url": "ftp://x.example/"}, "url", "hele adressen"),
        ({"url": "http://hooks.example/x"}, "url", "https://"),
        ({"url": "https://localhost/x"}, "url", "på kommunens eget net"),
        ({"url": "https://127.0.0.1/x"}, "url", "på kommunens eget net"),
        ({"url": "https://10.0.0.8/x"}, "url", "på kommunens eget net"),
        ({"url": "https://169.254.169.254/latest"}, "url", "på kommunens eget net"),
        ({"url": "https://[::ffff:10.0.0.8]/x"}, "url", "på kommunens eget net"),
        ({"url": "https://intranet/x"}, "url", "på kommunens eget net"),
        ({"url": "https://x.example/" + "a" * 1000}, "url", "Højst 1000"),
        ({"kind": ""}, "kind", "Skal udfyldes"),
        ({"kind": "fax"}, "kind", "Vælg"),
        ({"name": ""}, "name", "Skal udfyldes"),
        ({"name": "x" * 81}, "name", "Højst 80"),
        ({"committee": ""}, "committee", "Vælg et af dine udvalg"),
        ({"committee": "999999"}, "committee", "Vælg en af mulighederne"),
        ({"committee": "9" * 30}, "committee", "for stort"),
        ({"committee": "hoved"}, "committee", "Vælg et af dine udvalg"),
        ({"language": "xx"}, "language", ""),
    ],
)
def test_what_does_not_fit_is_said_at_the_field_and_kept(visitor, committee_id, db, changed, field, said):
    anna = visitor("anna")
    page = anna.open("/drift/kanaler")
    filled = fields(**{"committee": committee_id("med-aabrinken"), **changed})
    if filled["committee"] == "hoved":
        filled["committee"] = committee_id("hovedudvalget")
    answer = page.form("Åbn kanalen").fill(**filled).send()
    assert answer.status_code == 422
    assert said in answer.errors()[field]
    if field != "name":
        assert 'value="MED-nyt"' in answer.text
    db.rollback()
    assert db.scalars(select(Outlet)).first() is None


def test_the_same_channel_is_opened_once(visitor, committee_id):
    anna = visitor("anna")
    for status in (303, 422):
        form = anna.open("/drift/kanaler").form("Åbn kanalen")
        answer = form.fill(**fields(committee=committee_id("med-aabrinken"))).send()
        assert answer.status_code == status
    assert "allerede åben" in answer.errors()["url"]


def test_others_channels_are_not_known(visitor, db, committee_id):
    visitor("emil").open("/drift/kanaler").form("Åbn kanalen").fill(
        **fields(committee=committee_id("med-aabrinken"))
    ).send()
    db.rollback()
    outlet = db.scalars(select(Outlet.id)).one()
    dorte = visitor("dorte")  # keeps another committee's
    assert "MED-nyt" not in dorte.open("/drift/kanaler").text
    for what in ("proev", "luk"):
        assert dorte.submit(f"/drift/kanaler/{outlet}/{what}").status_code == 404
    carla = visitor("carla")
    assert carla.open("/drift/kanaler").status_code == 403
    assert carla.submit("/drift/kanaler", **fields()).status_code == 403
    assert "/drift/kanaler" not in carla.open("/").text


def test_the_page_is_in_english_too(visitor):
    words = visitor("emil").open("/drift/kanaler?sprog=en").words
    assert "Open channels" in words
    assert "Open the channel" in words
