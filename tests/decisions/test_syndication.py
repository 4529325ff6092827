"""The private feeds: valid Atom and JSON Feed, for one person's eyes, and cheap when nothing is new."""

import json
import re
from datetime import date

import feedparser
import pytest
from lxml import etree
from sqlalchemy import select

from med import clock
from med.decisions import actions
from med.decisions.forms import WithdrawForm
from med.decisions.models import Decision
from med.identity.actions import make_feed_token, revoke_feed_token
from med.identity.models import FeedToken
from tests.decisions.conftest import moment
from tests.decisions.test_feed import copy_decision

ATOM = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0"}


@pytest.fixture
def address(write, people):
    """`address("carla")`: a private address of hers, as a path."""

    def make(handle, filters="", ending="atom"):
        token = write(lambda session: make_feed_token(session, people.viewer(handle), "decisions", filters))
        return f"/feeds/{token}/beslutninger.{ending}"

    return make


def read(page):
    return etree.fromstring(page.response.content)


def titles(page):
    return read(page).xpath("//a:entry/a:title/text()", namespaces=ATOM)


def test_a_reader_follows_without_signing_in(visitor, published, address):
    published("der er to pauser", at=moment(3), responsible="gunnar", due=date(2026, 12, 1), meaning="Gå kl. 9.30")
    published("vi ringer <b>til</b> hinanden & andre", at=moment(4), perspective="emergens", further=["resiliens"])
    page = visitor().open(address("carla"))
    assert page.status_code == 200
    assert page.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert page.headers["cache-control"].startswith("private")
    assert "set-cookie" not in page.headers
    found = feedparser.parse(page.response.content)
    assert not found.bozo
    assert found.version == "atom10"
    assert found.feed.title == "Beslutninger – Solbæk Kommune"
    assert found.feed.language == "da"
    assert [entry.title for entry in found.entries] == [
        "Vi ringer <b>til</b> hinanden & andre",
        "Der er to pauser",
    ]
    newest, oldest = found.entries
    assert [tag.term for tag in newest.tags if "perspektiver" in tag.scheme] == ["emergens", "resiliens"]
    assert all(tag.label for tag in newest.tags)
    assert oldest.author == "MED-ledelsen"
    assert "Gunnar Thorsen" in oldest.content[0].value
    assert "Gå kl. 9.30" in oldest.content[0].value
    assert "&lt;b&gt;til&lt;/b&gt;" in newest.content[0].value
    assert re.fullmatch(r"tag:127\.0\.0\.1,2026:beslutning/[0-9a-f-]{36}", newest.id)


def test_it_holds_to_rfc_4287(visitor, published, address):
    """What every feed and entry must have, once each, and dates with a zone (sections 4.1.1, 4.1.2, 3.3)."""
    published("et\u0003to")
    path = address("carla")
    feed = read(visitor().open(path))
    for where in ("/a:feed", "/a:feed/a:entry"):
        for name in ("id", "title", "updated"):
            assert len(feed.xpath(f"{where}/a:{name}", namespaces=ATOM)) == 1, (where, name)
        assert feed.xpath(f"{where}/a:author/a:name/text()", namespaces=ATOM)
        assert len(feed.xpath(f"{where}/a:link[@rel='alternate']", namespaces=ATOM)) == 1
    assert feed.xpath("string(/a:feed/a:link[@rel='self']/@href)", namespaces=ATOM).endswith(path)
    for moment_text in feed.xpath("//a:updated/text()|//a:published/text()", namespaces=ATOM):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment_text)
    assert feed.xpath("string(//a:entry/a:link/@href)", namespaces=ATOM).startswith(
        "http://127.0.0.1:8000/beslutninger/"
    )
    token = path.split("/")[2]
    assert token not in feed.xpath("string(/a:feed/a:id)", namespaces=ATOM)


def test_what_the_token_sees_is_what_its_person_sees(visitor, published, address):
    published("den åbne")
    published("den lukkede", is_open=False)
    assert titles(visitor().open(address("carla"))) == ["Den åbne"]
    assert titles(visitor().open(address("gunnar"))) == ["Den lukkede", "Den åbne"]
    # Signed in as somebody else changes nothing: the token speaks.
    assert titles(visitor("gunnar").open(address("carla"))) == ["Den åbne"]


def test_a_filter_comes_along_from_the_page(visitor, published):
    published("den ene", perspective="emergens")
    published("den anden", perspective="resiliens")
    carla = visitor("carla")
    page = carla.open("/beslutninger?perspektiv=emergens").form("Få besked").send()
    address = re.search(r"/feeds/med_[0-9a-f]+/beslutninger\.atom", page.text)[0]
    answer = visitor().open(address)
    assert titles(answer) == ["Den ene"]
    alternate = read(answer).xpath("string(/a:feed/a:link[@rel='alternate']/@href)", namespaces=ATOM)
    assert alternate == "http://127.0.0.1:8000/beslutninger?perspektiv=emergens"


def test_wrong_ended_and_foreign_addresses_are_alike(visitor, address, write, people):
    path = address("carla")
    token = path.split("/")[2]
    for wrong in (
        "/feeds/med_0000/beslutninger.atom",
        f"/feeds/{token[:-1]}/beslutninger.json",
        "/feeds/%00/beslutninger.atom",
    ):
        assert visitor().open(wrong).status_code == 404, wrong
    carla = people.viewer("carla")
    write(
        lambda session: revoke_feed_token(
            session, carla, session.scalars(select(FeedToken.id).where(FeedToken.person_id == carla.person_id)).one()
        )
    )
    assert visitor().open(path).status_code == 404
    other = write(lambda session: make_feed_token(session, carla, "calendar"))
    assert visitor().open(f"/feeds/{other}/beslutninger.atom").status_code == 404
    write(lambda session: session.execute(FeedToken.__table__.update().values(person_id=people.ivan)))
    assert visitor().open(address("carla")).status_code == 200


def test_nothing_new_costs_nothing(visitor, published, address, write, people, db):
    made = published("den ene", at=moment(4))
    path, reader = address("carla"), visitor()
    first = reader.open(path)
    etag = first.headers["etag"]
    assert reader.open(path).headers["etag"] == etag
    again = reader.open(path, **{"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.response.content) == (304, b"")
    assert again.headers["etag"] == etag
    assert reader.open(path, **{"If-Modified-Since": first.headers["last-modified"]}).status_code == 304
    assert reader.open(path, **{"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}).status_code == 200
    assert reader.open(path, **{"If-Modified-Since": "yesterday"}).status_code == 200
    head = reader.send("HEAD", path)
    assert (head.status_code, head.headers["etag"]) == (200, etag)
    form = WithdrawForm(reason="Loven er ny", version=write(lambda session: session.get(Decision, made).version))
    anna = people.viewer("anna")
    write(lambda session: actions.withdraw_decision(session, anna, session.get(Decision, made), form))
    changed = reader.open(path, **{"If-None-Match": etag})
    assert changed.status_code == 200
    assert titles(changed) == ["Trukket tilbage: Den ene"]
    assert "Loven er ny" in changed.text or "Loven er ny" in changed.response.content.decode()
    (gone,) = read(changed).xpath("//at:deleted-entry", namespaces=ATOM)
    assert gone.get("ref") == read(first).xpath("string(//a:entry/a:id)", namespaces=ATOM)
    assert "Loven er ny" in gone.xpath("string(at:comment)", namespaces=ATOM)


def test_pages_lead_through_all_of_it(visitor, published, address, write):
    copy_decision(write, published("den første"), 60)
    reader, path, seen = visitor(), address("carla"), []
    first = path
    while path:
        feed = read(reader.open(path))
        seen += feed.xpath("//a:entry/a:id/text()", namespaces=ATOM)
        path = feed.xpath("string(/a:feed/a:link[@rel='next']/@href)", namespaces=ATOM)
    assert len(seen) == len(set(seen)) == 61
    previous = feed.xpath("string(/a:feed/a:link[@rel='previous']/@href)", namespaces=ATOM)
    assert read(reader.open(previous)).xpath("//a:entry/a:id/text()", namespaces=ATOM) == seen[:50]
    assert feed.xpath("string(/a:feed/a:link[@rel='first']/@href)", namespaces=ATOM).endswith(first)
    assert reader.open(f"{first}?foer=x").status_code == 400


def test_json_feed_says_the_same(visitor, published, address):
    published("den ene", perspective="emergens")
    page = visitor().open(address("carla", ending="json"))
    assert page.headers["content-type"] == "application/feed+json; charset=utf-8"
    feed = json.loads(page.response.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    (item,) = feed["items"]
    assert item["title"] == "Den ene"
    assert item["_medspil"]["perspective"] == "emergens"
    assert titles(visitor().open(address("carla"))) == ["Den ene"]


def test_an_empty_feed_is_a_feed(visitor, quiet, address):
    found = feedparser.parse(visitor().open(address("carla")).response.content)
    assert not found.bozo
    assert found.entries == []
    assert found.feed.updated


def test_it_speaks_its_persons_language(visitor, published, address):
    published("den ene", due=date(2026, 12, 1))
    visitor("carla").open("/mig?sprog=en")
    text = visitor().open(address("carla")).response.content.decode()
    assert 'xml:lang="en"' in text
    assert "We have decided that" in text


def test_its_use_is_noted_at_most_once_an_hour(visitor, quiet, address, db):
    path, reader = address("carla"), visitor()

    def used():
        db.rollback()
        return db.scalars(select(FeedToken).order_by(FeedToken.id.desc())).first().used_at

    reader.open(path)
    first = used()
    assert first == clock.now()
    with clock.at(moment(21, hour=7).replace(minute=30)):
        reader.open(path)
    db.expire_all()
    assert used() == first
    with clock.at(moment(21, hour=9)):
        reader.open(path)
    db.expire_all()
    assert used() > first
