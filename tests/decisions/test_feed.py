"""The feed page: what stands there, for whom, under which filters, and what it costs."""

import uuid
from datetime import date, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from med import clock, search
from med.decisions import actions, queries
from med.decisions.filters import Filters, filters_of, read_filters
from med.decisions.forms import StateForm, WithdrawForm
from med.decisions.fragments import SHELF
from med.decisions.models import Decision, DecisionState, Tag
from med.decisions.queries import AtLeast, chip_counts, look_up, newest
from med.decisions.queries.asking import counts_question
from med.decisions.routes.feed import DAYS, shown
from med.organisation.models import Committee, Person
from med.perspectives.models import Perspective
from tests.decisions.conftest import moment


def test_entries_stand_under_their_day_and_week(visitor, published):
    published("vi ringer til hinanden", at=moment(19), responsible="gunnar", due=date(2026, 11, 15), meaning="Spørg!")
    published("der er to pauser", at=moment(5), perspective=Perspective.EMERGENS)
    page = visitor("carla").open("/beslutninger")
    assert [h2.text_content().split("·")[0].strip() for h2 in page.tree.xpath("//h2[@class='day']")] == [
        "torsdag den 19. november 2026",
        "torsdag den 5. november 2026",
    ]
    assert "uge 47" in page.words
    first = " ".join(page.tree.xpath("//article")[0].text_content().split())
    for word in ("Vi ringer til hinanden", "Støjen trætter", "Det betyder for os: Spørg!", "Gunnar Thorsen"):
        assert word in first
    assert "6 dage over fristen" in first
    assert "MED-ledelsen 2026-1" in first


def test_the_page_speaks_english(visitor, published):
    published("vi ringer til hinanden", at=moment(19), due=date(2026, 11, 20))
    page = visitor("carla").open("/beslutninger?sprog=en")
    assert page.h1 == "Decisions"
    assert "Thursday 19 November 2026 · week 47" in page.words
    assert "1 day overdue" in page.words


def test_the_overview_leads_to_those_that_are_new_and_to_mail(visitor, published, db):
    for number in range(6):
        published(f"vi prøver {number}", at=clock.now() - timedelta(minutes=number + 1))
    carla = visitor("carla")
    assert "/beslutninger?nye=1" in carla.open("/").links()
    page = carla.open("/beslutninger?nye=1")
    assert page.tree.xpath("//input[@name='nye']/@checked")
    assert page.has_form("Lav et feed")
    assert "/perspektiver" in page.tree.xpath("//aside//a/@href")


@pytest.fixture
def several(published, committee_id):
    return {
        "pauser": published("der er to pauser", at=moment(3), responsible="gunnar"),
        "Åben": published("Åben dør om fredagen", at=moment(4), perspective="emergens", further=["resiliens"]),
        "hu": published(
            "budgettet holder", at=moment(5), committee="hovedudvalget", chair="hanne", perspective="compliance"
        ),
        "lukket": published("sagen er lukket", at=moment(6), is_open=False, perspective="emergens"),
    }  # fmt: skip


CHOICES = [
    ("", "carla", ["hu", "Åben", "pauser"]),
    ("", "gunnar", ["lukket", "hu", "Åben", "pauser"]),
    ("", "emil", ["lukket", "hu", "Åben", "pauser"]),
    ("", "karl", ["hu", "Åben", "pauser"]),
    ("perspektiv=resiliens", "carla", ["Åben", "pauser"]),
    ("perspektiv=emergens", "carla", ["Åben"]),
    ("perspektiv=emergens", "bo", ["lukket", "Åben"]),
    ("perspektiv=performance", "carla", []),
    ("ansvarlig=gunnar", "carla", ["pauser"]),
    ("ansvarlig=mig", "gunnar", ["pauser"]),
    ("ansvarlig=gunnar&perspektiv=resiliens", "carla", ["pauser"]),
    ("ansvarlig=gunnar&perspektiv=emergens", "carla", []),
    ("fra=2026-11-04&til=2026-11-04", "carla", ["Åben"]),
    ("fra=4.11.2026&til=04.11.2026", "carla", ["Åben"]),
    ("fra=2026-11-05", "carla", ["hu"]),
    ("fra=2026-11-04&perspektiv=resiliens", "carla", ["Åben"]),
    ("q=PAUSER", "carla", ["pauser"]),
    ("q=åben+FREDAG", "carla", ["Åben"]),
    ("q=støjen", "carla", ["hu", "Åben", "pauser"]),
    ("q=100%25", "carla", []),
    ("q=sagen", "carla", []),
    ("q=sagen", "anna", ["lukket"]),
    ("q=pauser&perspektiv=resiliens", "carla", ["pauser"]),
    ("tilstand=i_kraft", "carla", ["hu", "Åben", "pauser"]),
    ("tilstand=valid", "carla", ["hu", "Åben", "pauser"]),
    ("tilstand=done", "carla", []),
]


def test_filters_and_rights_meet(visitor, several):
    people = {handle: visitor(handle) for handle in dict.fromkeys(handle for _, handle, _ in CHOICES)}
    for query, handle, expected in CHOICES:
        page = people[handle].open(f"/beslutninger?{query}")
        assert page.status_code == 200, (query, handle)
        found = [int(a.rpartition("/")[2]) for a in page.tree.xpath("//article//h3/a/@href")]
        assert found == [several[one] for one in expected], (query, handle)
        chosen = dict(parse_qsl(query)).get("perspektiv", "")
        assert counts_on(page)[chosen] == str(len(expected)), (query, handle)


def counts_on(page):
    return {
        chip.xpath("string(.//input/@value)"): chip.xpath("string(.//span[@class='count'])")
        for chip in page.tree.xpath("//label[contains(@class,'chip')]")
    }


def test_committee_filter(visitor, several, committee_id):
    page = visitor("carla").open(f"/beslutninger?udvalg={committee_id('hovedudvalget')}")
    assert len(page.tree.xpath("//article")) == 1
    both = visitor("bo").open(f"/beslutninger?udvalg={committee_id('med-aabrinken')}&perspektiv=emergens")
    assert len(both.tree.xpath("//article")) == 2
    assert counts_on(both)["emergens"] == "2"


def test_the_form_finds_what_was_chosen_without_script(visitor, several):
    page = visitor("carla").open("/beslutninger").form("Vis").fill(perspektiv="emergens", q="fredag").send()
    assert len(page.tree.xpath("//article")) == 1
    assert page.tree.xpath("//input[@name='perspektiv'][@value='emergens'][@checked]")
    assert page.tree.xpath("string(//input[@name='q']/@value)") == "fredag"


MISFITS = [
    ("fra=31-02-2026", "fra"),
    ("til=9999-12-31", "til"),
    ("fra=2026-02-02&til=2026-01-01", "til"),
    ("perspektiv=lykke", "perspektiv"),
    ("udvalg=" + "9" * 30, "udvalg"),
    ("udvalg=-1", "udvalg"),
    ("udvalg=٣", "udvalg"),
    ("tilstand=glemt", "tilstand"),
    ("q=" + "x" * 101, "q"),
    ("ansvarlig=ingen", "ansvarlig"),
]


def test_a_filter_that_does_not_fit_is_told_at_its_field(visitor, several):
    carla = visitor("carla")
    for query, field in MISFITS:
        page = carla.open(f"/beslutninger?{query}")
        assert page.status_code == 400, query
        assert page.tree.xpath(f"//a[@href='#f-{field}']"), query


def test_a_place_that_makes_no_sense_is_a_clear_400(visitor):
    carla = visitor("carla")
    for place in ("foer=1", "foer=x.1", "efter=1.2.3", "foer=-1.1", "efter=1." + "9" * 30, "foer=٣.٣"):
        page = carla.open(f"/beslutninger?{place}")
        assert page.status_code == 400, place
        assert "ikke giver mening" in page.words, place


def test_pages_of_fifty_go_on_where_the_last_ended(write, visitor, published, db):
    first = published("den første holder")
    copy_decision(write, first, 120)
    carla = visitor("carla")
    seen, address = [], "/beslutninger"
    sizes = []
    while address:
        page = carla.open(address)
        found = page.tree.xpath("//article//h3/a/@href")
        sizes.append(len(found))
        seen += found
        address = page.tree.xpath("string(//nav[@class='pager']//a[@rel='next']/@href)")
    assert sizes == [50, 50, 21]
    assert len(set(seen)) == 121
    back = carla.open(page.tree.xpath("string(//a[@rel='prev']/@href)"))
    assert back.tree.xpath("//article//h3/a/@href") == seen[50:100]
    newest_again = carla.open(back.tree.xpath("string(//a[@rel='prev']/@href)"))
    assert newest_again.tree.xpath("//article//h3/a/@href") == seen[:50]
    assert not newest_again.tree.xpath("//a[@rel='prev']")
    assert counts_on(page)[""] == "99+"


def copy_decision(write, original, times):
    """Many decisions of the same moment and others, as rows: the order among equals is by id."""

    def work(session):
        first = session.get(Decision, original)
        columns = {c.key for c in Decision.__table__.columns} - {"id", "uid", "number", "published_at"}
        for n in range(times):
            at = first.published_at - timedelta(minutes=n // 3)
            made = Decision(
                **{key: getattr(first, key) for key in columns},
                uid=str(uuid.uuid4()), number=first.number + n + 1, published_at=at,
            )  # fmt: skip
            made.tags.append(
                Tag(
                    perspective=first.perspective,
                    is_main=True,
                    committee_id=first.committee_id,
                    is_open=True,
                    published_at=at,
                )
            )
            session.add(made)
            session.flush()
            search.put(session, search.DECISION, made.id, at, search.decision_stems(made.committee_id, [], made.text))

    write(work)


def test_what_is_new_is_marked_and_can_be_read_away(visitor, published):
    published("den gamle holder", at=moment(1, month=9))
    carla = visitor("carla")
    published("den nye holder", at=moment(20))
    page = carla.open("/beslutninger")
    assert [bool(a.xpath(".//span[contains(@class,'badge')]")) for a in page.tree.xpath("//article")] == [True, False]
    only = carla.open("/beslutninger?nye=1")
    assert len(only.tree.xpath("//article")) == 1
    assert counts_on(only)[""] == "1"
    sent = page.form("Markér alle").send()
    assert sent.headers["location"] == "/beslutninger"
    after = carla.open("/beslutninger")
    assert not after.tree.xpath("//article//span[contains(@class,'badge')]")
    assert len(carla.open("/beslutninger?nye=1").tree.xpath("//article")) == 0


# --- finished pieces never cross rights and never go stale ------------------------------------------------------------


def test_a_kept_piece_never_shows_what_another_may_not_see(visitor, published):
    published("sagen er lukket", is_open=False)
    assert "Sagen er lukket" in visitor("anna").open("/beslutninger").words
    assert "Sagen er lukket" in visitor("emil").open("/beslutninger").words
    for handle in ("carla", "julie", "karl", "dorte"):
        page = visitor(handle).open("/beslutninger")
        assert "Sagen er lukket" not in page.words
        assert counts_on(page)[""] == "0"


def test_a_kept_piece_holds_nothing_of_its_reader(visitor, published):
    published("der er to pauser")
    text = visitor("anna").open("/beslutninger").tree.xpath("//article")[0]
    assert not text.xpath(".//form|.//button|.//input")
    assert text.text_content() == visitor("bo").open("/beslutninger").tree.xpath("//article")[0].text_content()


def test_a_kept_piece_follows_every_change(visitor, published, write, db, people):
    made = published("der er to pauser", responsible="gunnar", due=date(2026, 11, 25))
    carla = visitor("carla")

    def entry():
        return " ".join(carla.open("/beslutninger").tree.xpath("//article")[0].text_content().split())

    assert "Gunnar Thorsen" in entry()
    write(lambda session: setattr(session.get(Person, people.gunnar), "name", "Gunnar Nielsen"))
    assert "Gunnar Nielsen" in entry()
    db.rollback()
    committee = db.get(Decision, made).committee_id
    write(lambda session: setattr(session.get(Committee, committee), "short_name", "Ledelsen"))
    assert "Ledelsen 2026-1" in entry()
    db.rollback()
    anna = people.viewer("anna")
    move = StateForm(state=DecisionState.IN_PROGRESS, version=db.get(Decision, made).version)
    write(lambda session: actions.move_decision(session, anna, session.get(Decision, made), move))
    assert "I gang" in entry()
    with clock.at(moment(27)):
        later = visitor("carla").open("/beslutninger").words
    assert "2 dage over fristen" in later
    db.rollback()
    version = db.get(Decision, made).version
    form = WithdrawForm(reason="Ny lov kom imellem", version=version)
    write(lambda session: actions.withdraw_decision(session, anna, session.get(Decision, made), form))
    assert "Trukket tilbage: Ny lov kom imellem" in entry()
    write(lambda session: setattr(session.get(Decision, made), "text", "der er tre pauser"))
    write(lambda session: setattr(session.get(Decision, made), "version", 100))
    assert "Der er tre pauser" in entry()


def test_a_page_that_moved_while_it_was_made_is_not_kept(visitor, published, write, monkeypatch):
    """Between its keys and its words a decision may be taken from sight, or another version come."""
    made = [published("der er to pauser"), published("der er tre pauser")]
    carla = visitor("carla")
    asked = queries.entries

    def one_is_gone(db, viewer, ids):
        return [row for row in asked(db, viewer, ids) if row.id != made[0]]

    def one_moved_on(db, viewer, ids):
        return [
            SimpleNamespace(
                **{**row._mapping, "text": "der er fire pauser", "version": row.version + (row.id == made[0])}
            )
            for row in asked(db, viewer, ids)
        ]

    for moved, left in ((one_is_gone, 1), (one_moved_on, 2)):
        SHELF.clear()
        DAYS.clear()
        monkeypatch.setattr(queries, "entries", moved)
        assert len(carla.open("/beslutninger").tree.xpath("//article")) == left
        assert len(DAYS) == 0
        monkeypatch.setattr(queries, "entries", asked)
        SHELF.clear()
        for _ in range(2):  # made, then from what is kept
            page = carla.open("/beslutninger")
            assert "Der er to pauser" in page.words and "Der er tre pauser" in page.words
            assert len(DAYS) == 1


@pytest.fixture
def count_queries(app):
    """How many statements a page takes, the sign-in's own included."""
    engine = app.state.desk.database.engine
    seen: list[str] = []

    def note(connection, cursor, statement, parameters, context, many):
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_a_page_of_fifty_takes_at_most_ten_questions(visitor, published, write, count_queries):
    copy_decision(write, published("der er to pauser"), 60)
    for handle in ("anna", "carla", "emil"):
        person = visitor(handle)
        for query in ("", "?perspektiv=resiliens", "?q=pauser&tilstand=i_kraft"):
            SHELF.clear()
            DAYS.clear()
            for _ in range(2):  # cold, then with the pieces at hand
                count_queries.clear()
                assert len(person.open(f"/beslutninger{query}").tree.xpath("//article")) == 50
                assert len(count_queries) <= 10, "\n".join(count_queries)


def test_filters_travel_as_a_query_string():
    query = "perspektiv=emergens&udvalg=3&tilstand=i_kraft&ansvarlig=mig&fra=2026-01-01&q=to+pauser"
    assert filters_of(query).query() == query
    assert read_filters([("nonsens", "1")]) == (Filters(), {})
    assert filters_of("perspektiv=lykke&fra=x") == Filters()


FILTERS = (
    Filters(), Filters(in_force=True), Filters(words="holder"), Filters(responsible="gunnar"),
    Filters(state=DecisionState.VALID), Filters(words="holder", state=DecisionState.VALID),
)  # fmt: skip


def test_counts_equal_lists_for_everyone(several, people, db):
    for handle in ("anna", "carla", "hanne", "emil", "julie", "ivan"):
        viewer = people.viewer(handle)
        for filters in FILTERS:
            filters = look_up(db, viewer, filters)
            counts = chip_counts(db, viewer, filters)
            for perspective, count in counts.items():
                assert count == len(newest(db, viewer, replace(filters, perspective=perspective)).keys)


def test_with_words_the_chips_count_the_page_and_say_where_there_is_more(visitor, published, write):
    copy_decision(write, published("der er to pauser"), 49)
    carla = visitor("carla")
    assert counts_on(carla.open("/beslutninger?q=pauser")) == counts_on(carla.open("/beslutninger"))
    copy_decision(write, published("der er tre pauser"), 9)
    assert counts_on(carla.open("/beslutninger"))[""] == "60"
    counts = counts_on(carla.open("/beslutninger?q=pauser"))
    assert counts[""] == "50+" and set(counts.values()) <= {"50+", None, ""}


def test_counts_that_are_not_all_of_it_say_so(several, people, db, monkeypatch):
    """With words, a state or a person only the newest are looked through; one of more is no exact count."""
    viewer = people.viewer("carla")
    filters = Filters(state=DecisionState.VALID)
    exact = chip_counts(db, viewer, filters)
    assert exact[None] == 3 and not any(isinstance(count, AtLeast) for count in exact.values())
    monkeypatch.setattr("med.decisions.queries.asking.CAP", 2)
    monkeypatch.setattr("med.decisions.queries.feed.CAP", 2)
    counts_question.cache_clear()
    found = chip_counts(db, viewer, filters)
    counts_question.cache_clear()
    assert found[None] == 2 and all(isinstance(count, AtLeast) for count in found.values())
    assert all(found[one] <= exact[one] for one in exact)
    assert (shown(AtLeast(3)), shown(AtLeast(0)), shown(AtLeast(150)), shown(0)) == ("3+", None, "99+", "0")
