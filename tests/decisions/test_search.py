"""The search: what is found, by whom, that both databases find the same, and that any input is words."""

import os
from collections import Counter
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from med import clock, search
from med.app import all_jobs
from med.decisions.models import Decision
from med.decisions.queries import searching
from med.meetings.actions.agenda import edit_item, set_openness
from med.meetings.actions.searching import keep_findable
from med.meetings.forms.agenda import ItemForm, Openness
from med.meetings.models import Item, Meeting, Minutes
from med.migrations.filling_search import behind, rebuild
from med.organisation.models import Person
from med.organisation.queries import viewer_for
from tests.decisions.conftest import make_item, make_meeting, moment

TIMES = int(os.environ.get("MED_TIMES", "1"))


def as_person(db, handle):
    return viewer_for(db, db.scalars(sa.select(Person.id).where(Person.handle == handle)).one())


def titles_for(visitor, handle, query):
    page = visitor(handle).open(f"/soeg?{query}")
    return [heading.text_content() for heading in page.tree.xpath("//article/h2")]


def test_words_are_found_in_any_form_and_marked(visitor, published):
    published("der er to pauser om formiddagen", why="Støjen <i>trætter</i> på vagterne", at=moment(19))
    published("åbningstiden er den samme", at=moment(5))
    page = visitor("carla").open("/soeg?q=pausen+st%C3%B8j")
    assert [mark.text_content() for mark in page.tree.xpath("//article//mark")] == ["pauser", "Støjen"]
    assert page.tree.xpath("//article//p")[0].text_content() == "Støjen <i>trætter</i> på vagterne"
    assert titles_for(visitor, "carla", "hvor=beslutninger&q=%C3%85BNINGSTIDER") == ["Åbningstiden er den samme"]
    assert titles_for(visitor, "carla", "q=abningstid") == []  # å is a letter of its own
    assert titles_for(visitor, "carla", "hvor=beslutninger&q=formid") == ["Der er to pauser om formiddagen"]
    assert (
        titles_for(visitor, "carla", "hvor=beslutninger&q=formid+pauser") == []
    )  # only the last word may be a beginning


def test_proposals_of_a_recommendation_are_told_apart(visitor, write):
    def out(db):
        meeting = make_meeting(db)
        make_item(db, meeting, "Gyngestole", recommendation="gyngestolen bliver\nMED-ledelsen tager stilling i juni.")
        keep_findable(db, meeting)

    write(out)
    page = visitor("carla").open("/soeg?q=gyngestol")
    told = page.tree.xpath("//article//p")[0].text_content()
    assert told == "gyngestolen bliver; MED-ledelsen tager stilling i juni"


def test_both_kinds_stand_newest_first_and_can_be_chosen(visitor, published, write):
    published("gyngestolen flyttes", at=moment(19))

    def out(db):
        meeting = make_meeting(db)
        make_item(db, meeting, "Gyngestole på gangen", case_text="En **hvid** gyngestol.")
        keep_findable(db, meeting)

    write(out)
    both = titles_for(visitor, "carla", "q=gyngestol")
    assert sorted(both) == ["Gyngestole på gangen", "Gyngestolen flyttes"]
    assert titles_for(visitor, "carla", "q=gyngestol&hvor=punkter") == ["Gyngestole på gangen"]
    assert titles_for(visitor, "carla", "q=gyngestol&hvor=beslutninger") == ["Gyngestolen flyttes"]
    assert titles_for(visitor, "ivan", "q=gyngestol") == []  # runs the system, and works elsewhere
    english = visitor("carla").open("/soeg?q=gyngestol&sprog=en")
    assert english.tree.xpath("//h1")[0].text_content() == "Search"


def test_what_is_closed_is_found_inside_alone(visitor, published):
    published("gyngestolen er en hemmelighed", is_open=False)
    assert titles_for(visitor, "anna", "q=gyngestol") == ["Gyngestolen er en hemmelighed"]
    for handle in ("carla", "dorte", "ivan"):
        page = visitor(handle).open("/soeg?q=gyngestol")
        assert "hemmelighed" not in page.words
        assert "Vi fandt ikke noget" in page.words


def test_an_item_follows_its_agenda_and_its_minutes(visitor, write):
    """Found once the agenda is out; what was said on it once that is approved; closed, not at all."""

    def planned(db):
        meeting = make_meeting(db)
        meeting.agenda_sent_at = None
        item = make_item(db, meeting, "Kuglerammer", minutes_text="Nogen nævnte en gyngestol.")
        keep_findable(db, meeting)
        return meeting.id, item.id

    meeting_id, item_id = write(planned)
    assert titles_for(visitor, "anna", "q=kugleramme") == []

    def sent(db):
        meeting = db.get_one(Meeting, meeting_id)
        meeting.agenda_sent_at = clock.now()
        keep_findable(db, meeting)

    write(sent)
    assert titles_for(visitor, "carla", "q=kugleramme") == ["Kuglerammer"]
    assert titles_for(visitor, "carla", "q=gyngestol") == []

    def renamed(db):
        item = db.get_one(Item, item_id)
        form = ItemForm(title="Regnestokke", purpose=item.purpose)
        edit_item(db, as_person(db, "anna"), item, form)

    write(renamed)
    assert titles_for(visitor, "carla", "q=kugleramme") == []
    assert titles_for(visitor, "carla", "q=regnestok") == ["Regnestokke"]

    def approved(db):
        meeting = db.get_one(Meeting, meeting_id)
        minutes = db.scalars(sa.select(Minutes).where(Minutes.meeting_id == meeting_id)).one()
        minutes.chairs_approved_at, minutes.sha256 = clock.now(), "0" * 64
        keep_findable(db, meeting)

    def closed(db):
        item = db.get_one(Item, item_id)
        set_openness(db, as_person(db, "anna"), item, Openness(is_closed=True, ground="personal"))

    write(closed)
    assert titles_for(visitor, "carla", "q=regnestok") == []
    write(lambda db: set_openness(db, as_person(db, "anna"), db.get_one(Item, item_id), Openness(is_closed=False)))
    write(approved)
    assert titles_for(visitor, "carla", "q=gyngestol") == ["Regnestokke"]


def test_pages_go_on_where_the_last_one_ended(visitor, published):
    for number in range(searching.RESULTS + 5):
        published(f"gyngestol nummer {number}", at=moment(19))  # all of one moment
    carla = visitor("carla")
    first = carla.open("/soeg?q=gyngestol")
    second = carla.open(first.tree.xpath("//a[@rel='next']/@href")[0])
    shown = [h2.text_content() for page in (first, second) for h2 in page.tree.xpath("//article/h2")]
    assert shown == [f"Gyngestol nummer {number}" for number in reversed(range(searching.RESULTS + 5))]
    assert not second.tree.xpath("//a[@rel='next']")
    for place in ("x", "-1", "9" * 30, "²"):
        assert carla.open(f"/soeg?q=gyngestol&foer={place}").status_code == 400
    assert carla.open("/soeg?q=" + "x" * 101).status_code == 400
    assert carla.open("/soeg?q=x&hvor=alle").status_code == 400


def everything(db):
    asked = sa.select(search.TEXTS.c.kind, search.TEXTS.c.thing_id, sa.cast(search.TEXTS.c.stems, sa.Text))
    return sorted((kind, thing, *sorted(stems.replace("'", "").split())) for kind, thing, stems in db.execute(asked))


def test_built_anew_it_is_what_the_actions_kept(database, write):
    with database.reading() as db:
        kept = everything(db)
        assert behind(db.connection()) == 0
    assert {row[0] for row in kept} == {"decision", "item"}
    assert write(lambda db: rebuild(db.connection())) == len(kept)
    with database.reading() as db:
        assert everything(db) == kept
    write(lambda db: search.drop(db, kept[0][0], [kept[0][1]]))
    with database.reading() as db:
        assert behind(db.connection()) == 1


def parts_of_the_index(db):
    return db.scalar(sa.text("SELECT count(DISTINCT segid) FROM search_index_idx"))


def test_at_night_the_index_is_put_together_and_finds_the_same(database, write, backend):
    [job] = [one for one in all_jobs() if one.work is search.merge]
    said = " ".join(f"ord{number}" for number in range(300))
    for number in range(60):
        stems = search.stems_of([f"gyngestol {said} nr{number}"], "trial")
        write(lambda db, number=number, stems=stems: search.put(db, "trial", number, clock.now(), stems))
    write(lambda db: search.drop(db, "trial", range(7)))
    if backend == "postgresql":
        assert write(job.work) is False
        return
    asked = sa.select(search.INDEX.c.thing_id).where(search.matches(sa.bindparam("sought", type_=search.Terms())))
    with database.reading() as db:
        before = parts_of_the_index(db)
        found = {
            text: db.scalars(asked, {"sought": search.sought(text)}).all() for text in ("gyngestol", "nr6", "nr44")
        }
    assert before > 4 and list(map(len, found.values())) == [53, 0, 1]
    turns = 1
    while write(lambda db: search.merge(db, pages=1)):
        turns += 1
    with database.reading() as db:
        assert parts_of_the_index(db) <= before / 3  # one of each size
        for text, things in found.items():
            assert db.scalars(asked, {"sought": search.sought(text)}).all() == things
    assert turns > 3
    assert write(job.work) is False


# --- any input is words, and both databases find the same ------------------------------------------------------------

TEXTS = (
    "Pauser i Værkstederne", "der er to pauser om formiddagen", "åben FREDAG på øen", "støj, støjen og støjende",
    "vagtplan vagtplaner vagtplanlægning", "NEAR AND OR NOT", "ÆØÅ æøå", "Straße naïve Ærø", "日本 2026 ²",
    "it's \"quoted\" (text): *", "kdecision nothing", "e\u0301t", "a:b c'd e\\f", "İstanbul",
)  # fmt: skip
INPUTS = st.text(max_size=60) | st.lists(
    st.sampled_from(["paus", "AND", "OR", "NOT", '"', "*", "(", ")", "'", ":*", "&", "|", "!", "<->", "\\", "^", "-",
                     "{", "}", "NEAR(", "stems:", "¶decision", "æ", "å", "vagt", "e\u0301", "\x00", "%", "_", "ß"]),
    max_size=8,
).map(" ".join)  # fmt: skip


def expected(text):
    """The rule itself, in Python: every word's stem is there, of the last one any that begins like it."""
    wanted = search.sought(text)
    if wanted.is_empty:
        return set()
    found = set()
    for number, words in enumerate(TEXTS, 1):
        stems = set(search.stems_of([words]).split())
        begins = len(wanted.last) > 1 and any(one.startswith(wanted.last[:12]) for one in stems)
        if set(wanted.stems) <= stems and (search.stem(wanted.last) in stems or begins):
            found.add(number)
    return found


@pytest.fixture
def shelf(write):
    def put(db):
        for number, words in enumerate(TEXTS, 1):
            search.put(db, "trial", number, clock.now(), search.stems_of([words], "trial"))

    write(put)


@settings(
    max_examples=150 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(text=INPUTS)
def test_any_input_is_words_on_both_databases(database, shelf, text):
    asked = sa.select(search.INDEX.c.thing_id).where(
        search.matches(sa.bindparam("sought", type_=search.Terms())), search.INDEX.c.kind == "trial"
    )
    with database.reading() as db:
        assert set(db.scalars(asked, {"sought": search.sought(text, "trial")})) == expected(text)
        searching.found(db, as_person(db, "carla"), text)
    assert "<mark></mark>" not in search.marked(text, search.sought(text))
    assert len(search.excerpt(text * 9, search.sought(text), 40)) <= 90


@pytest.mark.parametrize("query", ["q=%22", "q=*", "q=%27+OR+1%3D1", "q=%C2%B6xdecision", "q=(", "q=NEAR("])
def test_strange_input_finds_nothing_and_is_no_error(visitor, query):
    for path in ("/soeg", "/beslutninger"):
        page = visitor("carla").open(f"{path}?{query}")
        assert page.status_code == 200
        assert not page.tree.xpath("//article")


# --- by its own number -----------------------------------------------------------------------------------------------


def test_a_decision_is_found_by_the_number_that_is_printed_on_it(visitor, published, db):
    first = published("gyngestolen flyttes", at=moment(19))
    published("gyngestolen bliver", at=moment(20))
    closed = published("gyngestolen er en hemmelighed", is_open=False, at=moment(21))
    rows = {one.id: one for one in db.scalars(sa.select(Decision))}
    number, secret = (f"{rows[one].year}-{sign}{rows[one].number}" for one, sign in ((first, ""), (closed, "L")))
    committee = rows[first].committee
    for words in (number, f"{committee.name} {number}", f"{committee.short_name.upper()}  {number}"):
        asked = urlencode({"q": words})
        assert titles_for(visitor, "carla", asked) == ["Gyngestolen flyttes"], words
        page = visitor("carla").open(f"/beslutninger?{asked}")
        assert page.tree.xpath("//article/@aria-labelledby") == [f"b{first}"]
        assert page.tree.xpath("string(//input[@name='q']/@value)") == " ".join(words.split())
    for words in (f"Hovedudvalget {number}", "2026-99", "1999-1", f"gyngestol {number}"):
        assert titles_for(visitor, "carla", urlencode({"q": words})) == []
    for path in ("/soeg", "/beslutninger"):
        assert "hemmelighed" in visitor("anna").open(f"{path}?q={secret.lower()}").words
        assert "hemmelighed" not in visitor("carla").open(f"{path}?q={secret}").words
    assert titles_for(visitor, "carla", f"q={number}&hvor=punkter") == []
    assert titles_for(visitor, "carla", f"q={number}&foer=1") == []


def test_a_number_may_be_of_one_decision_or_of_several_committees(visitor, published, db):
    chairs = {"med-aabrinken": "anna", "centermed-job": "dorte", "hovedudvalget": "hanne"}
    for many, (committee, chair) in enumerate(chairs.items(), 1):
        for day in range(many):
            published(f"gyngestol {day}", committee=committee, chair=chair, at=moment(10 + day))
    held = Counter(f"{one.year}-{one.number}" for one in db.scalars(sa.select(Decision)))
    said = {many: number for number, many in held.items()}
    for many in (2, 1, 3, 1, 2):
        for path in ("/soeg", "/beslutninger"):
            page = visitor("carla").open(f"{path}?q={said[many]}")
            assert len(page.tree.xpath("//article")) == many, (path, held)
