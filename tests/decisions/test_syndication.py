"""The private feeds: valid Atom and JSON Feed, for one person's eyes, and cheap when nothing is new."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import atoma
import feedparser
import pytest
from lxml import etree
from sqlalchemy import delete, select, update

from med import clock
from med.decisions import actions
from med.decisions.forms import WithdrawForm
from med.decisions.models import Decision, DecisionState, Step
from med.identity.actions import make_feed_token, revoke_feed_token
from med.identity.models import FeedToken
from med.meetings.models import Consensus, Outcome
from med.organisation.models import Committee, Employment, Person, Seat
from med.perspectives.models import PerspectiveText
from tests.decisions.conftest import approve, decide, make_item, make_meeting, moment
from tests.decisions.test_feed import copy_decision
from tests.decisions.valid_feeds import atom_faults, json_faults

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
    page = carla.open("/beslutninger?perspektiv=emergens").form("Lav et feed").send()
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


def test_a_feed_says_where_the_sides_did_not_agree_once_the_minutes_do(visitor, write, address):
    def make(db):
        meeting = make_meeting(db)
        item = make_item(db, meeting, outcome=Outcome.DECIDED, consensus=Consensus.DISAGREED)
        return meeting.id, decide(db, item, text="afdelingerne lægges sammen").id

    meeting, made = write(make)
    for handle in ("anna", "bo"):
        assert visitor(handle).submit(f"/beslutninger/{made}/straks").status_code == 303
    atom, feed = address("carla"), address("carla", ending="json")

    def told():
        item = json.loads(visitor().open(feed).response.content)["items"][0]
        return (
            item["_medspil"]["disagreed"],
            "blev ikke enige" in visitor().open(atom).response.text,
            item["date_modified"],
        )

    before = told()
    with clock.at(clock.now() + timedelta(minutes=1)):
        write(lambda db: approve(db, meeting))
        after = told()
    assert before[:2] == (False, False) and after[:2] == (True, True) and before[2] < after[2]


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


# --- valid to the last rule, and read alike ---------------------------------------------------------------------------


@pytest.fixture
def withdraw(write, people):
    def go(number, reason="Loven er ny"):
        def work(session):
            decision = session.get(Decision, number)
            form = WithdrawForm(reason=reason, version=decision.version)
            actions.withdraw_decision(session, people.viewer("anna"), decision, form)
            return decision.uid

        return write(work)

    return go


def as_json(page):
    return json.loads(page.response.content)


def test_every_page_of_the_demos_feed_is_valid_in_both_formats(visitor, address, write, people):
    reader = visitor()
    for handle in ("carla", "anna"):
        path, pages, ids = address(handle), 0, []
        while path:
            page = reader.open(path)
            assert atom_faults(page.response.content) == []
            other = reader.open(path.replace(".atom", ".json"))
            assert json_faults(as_json(other)) == []
            entries = read(page).xpath("//a:entry/a:id/text()", namespaces=ATOM)
            assert entries == [item["id"] for item in as_json(other)["items"]]
            ids += entries
            path = read(page).xpath("string(/a:feed/a:link[@rel='next']/@href)", namespaces=ATOM)
            assert path.replace(".atom", ".json") == as_json(other).get("next_url", "")
            pages += 1
        assert len(ids) == len(set(ids)) > 20
        last = read(page).xpath("string(/a:feed/a:link[@rel='last']/@href)", namespaces=ATOM)
        oldest = reader.open(last)
        assert atom_faults(oldest.response.content) == []
        assert read(oldest).xpath("//a:entry/a:id/text()", namespaces=ATOM)[-1] == ids[-1]
        assert not read(oldest).xpath("/a:feed/a:link[@rel='next']", namespaces=ATOM)
        assert "next_url" not in as_json(reader.open(last.replace(".atom", ".json")))


HOSTILE = "]]>\u0003\ufffe </p><script>alert(1)</script> & <b>fed</b> \"'" + "æ" * 30


def test_hostile_words_stay_words_in_a_valid_feed(visitor, published, address, withdraw):
    published(HOSTILE, why=HOSTILE, meaning=HOSTILE)
    withdraw(published("x " + HOSTILE), HOSTILE)
    atom, feed = visitor().open(address("carla")), visitor().open(address("carla", ending="json"))
    assert atom_faults(atom.response.content) == []
    assert json_faults(as_json(feed)) == []
    assert "<script" not in as_json(feed)["items"][0]["content_html"]


def by_feedparser(raw):
    found = feedparser.parse(raw)
    assert not found.bozo
    return [
        (e.id, e.title, e.link, e.author, datetime(*e.published_parsed[:6], tzinfo=UTC),
         datetime(*e.updated_parsed[:6], tzinfo=UTC), e.content[0].value)
        for e in found.entries
    ]  # fmt: skip


def by_atoma(raw):
    return [
        (e.id_, e.title.value, e.links[0].href, e.authors[0].name, e.published, e.updated, e.content.value)
        for e in atoma.parse_atom_bytes(raw).entries
    ]


def by_atoma_json(raw):
    return [
        (e.id_, e.title, e.url, None, e.date_published, e.date_modified, e.content_html)
        for e in atoma.parse_json_feed_bytes(raw).items
    ]


def by_lxml(raw):
    def moment_of(entry, name):
        return datetime.fromisoformat(entry.findtext(f"a:{name}", namespaces=ATOM))

    return [
        (
            entry.findtext("a:id", namespaces=ATOM),
            entry.findtext("a:title", namespaces=ATOM),
            entry.find("a:link", ATOM).get("href"),
            entry.findtext("a:author/a:name", namespaces=ATOM),
            moment_of(entry, "published"),
            moment_of(entry, "updated"),
            entry.findtext("a:content", namespaces=ATOM),
        )
        for entry in etree.fromstring(raw).findall("a:entry", ATOM)
    ]


def test_four_independent_readers_read_the_same(visitor, published, address, withdraw):
    published("der er to pauser", at=moment(3), responsible="gunnar", due=date(2026, 12, 1))
    withdraw(published("vi ringer <b>til</b> hinanden & andre", at=moment(4), perspective="emergens"))
    atom = visitor().open(address("carla")).response.content
    wanted = by_lxml(atom)
    assert len(wanted) == 2
    assert by_feedparser(atom) == wanted
    assert by_atoma(atom) == wanted
    feed = visitor().open(address("carla", ending="json")).response.content
    assert by_atoma_json(feed) == [(*one[:3], None, *one[4:]) for one in wanted]


# --- what is gone -----------------------------------------------------------------------------------------------------


def stones(page):
    return {one.get("ref"): one for one in read(page).xpath("//at:deleted-entry", namespaces=ATOM)}


def test_a_withdrawal_is_news_and_takes_the_old_entry_away(visitor, published, address, withdraw):
    """docs/decisions/0010-tombstones.md"""
    old = published("den gamle", at=moment(1))
    for day in range(2, 5):
        published(f"nummer {day}", at=moment(day))
    path, reader = address("carla"), visitor()
    before = read(reader.open(path)).xpath("//a:entry/a:id/text()", namespaces=ATOM)
    with clock.at(moment(20)):
        uid = withdraw(old)
    page = reader.open(path)
    assert titles(page)[0] == "Trukket tilbage: Den gamle"
    (ref,) = stones(page)
    assert ref == f"tag:127.0.0.1,2026:beslutning/{uid}" == before[-1]
    stone = stones(page)[ref]
    assert stone.get("when") == "2026-11-20T09:00:00Z"
    assert stone.xpath("string(at:by/a:name)", namespaces=ATOM) == "MED-ledelsen"
    assert stone.xpath("string(at:comment)", namespaces=ATOM) == "Trukket tilbage: Loven er ny"
    entry = read(page).find("a:entry", ATOM)
    assert entry.findtext("a:id", namespaces=ATOM) == f"{ref}/trukket-tilbage"
    assert entry.findtext("a:published", namespaces=ATOM) == "2026-11-20T09:00:00Z"
    feed = as_json(reader.open(path.replace(".atom", ".json")))
    assert feed["_medspil"]["deleted"] == [{"id": ref, "date_deleted": "2026-11-20T09:00:00Z"}]
    assert feed["items"][0]["_medspil"]["state"] == "withdrawn"
    # After three months it stands in its own old place, still withdrawn.
    with clock.at(moment(20) + timedelta(days=100)):
        later = reader.open(path)
        assert titles(later)[-1] == "Trukket tilbage: Den gamle"
        assert list(stones(later)) == [ref]


def test_who_follows_what_is_in_force_hears_of_it_too(visitor, published, address, withdraw):
    number = published("den ene", perspective="emergens")
    published("den anden", perspective="resiliens")
    in_force = address("carla", "tilstand=i_kraft&perspektiv=emergens")
    elsewhere = address("carla", "perspektiv=resiliens")
    withdraw(number)
    assert titles(visitor().open(in_force)) == ["Trukket tilbage: Den ene"]
    assert titles(visitor().open(elsewhere)) == ["Den anden"]
    assert stones(visitor().open(elsewhere)) == {}


def test_who_left_a_committee_is_told_to_forget_what_is_closed(visitor, published, address, write, people):
    """Only what they have read; nobody else sees a trace of it, and nor of what came after they left."""
    mine = published("den lukkede", at=moment(3), is_open=False)
    published("den åbne", at=moment(3))
    path, outsider = address("gunnar"), address("carla")
    assert titles(visitor().open(path)) == ["Den åbne", "Den lukkede"]
    write(lambda db: db.execute(update(Seat).where(Seat.person_id == people.gunnar).values(ends=date(2026, 11, 10))))
    published("den nye lukkede", at=moment(15), is_open=False)
    page = visitor().open(path)
    assert titles(page) == ["Den åbne"]
    uid = write(lambda db: db.get(Decision, mine).uid)
    (ref,) = stones(page)
    assert ref.endswith(uid)
    assert (stones(page)[ref].get("when"), len(stones(page)[ref])) == ("2026-11-10T23:00:00Z", 0)
    assert atom_faults(page.response.content) == []
    assert stones(visitor().open(outsider)) == {}


# --- nothing new, and everything new ----------------------------------------------------------------------------------


def test_what_changes_what_is_shown_is_news(visitor, published, address, write, people, withdraw):
    number = published("den ene", responsible="gunnar")
    shut = published("den lukkede", is_open=False)
    path, reader = address("gunnar"), visitor()

    def news(statement):
        before = reader.open(path).headers["etag"]
        assert reader.open(path, **{"If-None-Match": before}).status_code == 304
        write(lambda db: db.execute(statement))
        return reader.open(path, **{"If-None-Match": before}).status_code == 200

    committee = write(lambda db: db.get(Decision, number).committee_id)
    assert news(update(Committee).where(Committee.id == committee).values(short_name="Nyt navn"))
    assert news(update(Person).where(Person.id == people.gunnar).values(name="Gunnar Nielsen"))
    assert news(update(Person).where(Person.id == people.gunnar).values(language="en"))
    assert news(update(Seat).where(Seat.person_id == people.gunnar).values(ends=date(2026, 11, 10)))
    assert news(update(Seat).where(Seat.person_id == people.gunnar).values(ends=None))
    written = delete(PerspectiveText)
    assert news(update(PerspectiveText).values(title="Et andet ord", version=PerspectiveText.version + 1))
    assert news(written)
    assert not news(update(FeedToken).values(used_at=clock.now()))
    assert not news(update(Seat).where(Seat.person_id == people.carla).values(ends=date(2026, 11, 10)))
    before = reader.open(path).headers["etag"]
    withdraw(shut)
    assert reader.open(path, **{"If-None-Match": before}).status_code == 200


def test_a_change_in_the_same_second_is_told_by_the_date_too(visitor, published, address, withdraw):
    number = published("den ene")
    path, reader = address("carla"), visitor()
    since = reader.open(path).headers["last-modified"]
    withdraw(number)
    page = reader.open(path, **{"If-Modified-Since": since})
    assert page.status_code == 200
    assert reader.open(path, **{"If-Modified-Since": page.headers["last-modified"]}).status_code == 304


def test_head_says_what_get_would(visitor, published, address):
    published("den ene", why="x" * 2000)
    for encoding in ("identity", "gzip"):
        path, asked = address("carla"), {"Accept-Encoding": encoding}
        whole, head = visitor().open(path, **asked), visitor().send("HEAD", path, headers=asked)
        assert (head.status_code, head.response.content) == (200, b"")
        assert {k: v for k, v in head.headers.items() if k != "date"} == dict(whole.headers)


def test_it_ends_with_the_employment(visitor, address, write, people, published):
    published("den ene")
    path = address("gunnar")
    etag = visitor().open(path).headers["etag"]
    ended = update(Employment).where(Employment.person_id == people.gunnar).values(ends=date(2026, 11, 1))
    write(lambda db: db.execute(ended))
    assert visitor().open(path, **{"If-None-Match": etag}).status_code == 404


def test_one_persons_kept_answer_is_nobody_elses(visitor, published, address):
    published("den lukkede", is_open=False)
    inside, outside = address("gunnar"), address("carla")
    etag = visitor().open(inside).headers["etag"]
    for _ in range(2):
        page = visitor().open(outside, **{"If-None-Match": etag})
        assert (page.status_code, titles(page)) == (200, [])


@pytest.mark.parametrize(
    "place", ["foer=9999999999999999.1", "efter=0.0", "foer=0.0", "efter=9999999999999999.9", "foer="]
)
def test_places_beyond_the_ends_are_empty_pages_or_full_ones(visitor, published, address, place):
    published("den ene")
    page = visitor().open(f"{address('carla')}?{place}")
    assert page.status_code == 200
    assert atom_faults(page.response.content) == []


def test_the_page_that_explains_the_fields_is_open_to_all(visitor):
    assert visitor().open("/feeds/om").status_code == 200


def test_a_feed_is_made_by_choosing(visitor, published):
    published("den ene", perspective="emergens")
    published("den anden", perspective="resiliens")
    carla = visitor("carla")
    form = carla.open("/mig/adresser").form("Lav et feed").fill(perspektiv="emergens", q="ene", name="Til intranettet")
    page = form.send()
    path = re.search(r"/feeds/med_[0-9a-f]+/beslutninger\.atom", page.text)[0]
    assert titles(visitor().open(path)) == ["Den ene"]
    row = carla.open("/mig/adresser").tree.xpath("//section[@aria-labelledby='mine']//li")[0].text_content()
    assert "Til intranettet" in row and "»ene«" in row
    wrong = carla.submit("/mig/adresser", scope="decisions", udvalg="999999")
    assert wrong.status_code == 422
    assert carla.submit("/mig/adresser", scope="x").status_code == 404


def test_the_demos_withdrawn_decision_went_when_it_says_so(db):
    withdrawn = db.scalars(select(Decision).where(Decision.state == DecisionState.WITHDRAWN)).one()
    told = db.scalars(select(Step.at).where(Step.decision_id == withdrawn.id)).one()
    assert withdrawn.changed_at == told > withdrawn.published_at
