"""Finding a committee, and who sits on it, sat on it, and is to sit on it."""

import re

from markupsafe import Markup
from sqlalchemy import event, insert, select

from med import clock
from med.language import T
from med.organisation import parts, queries
from med.organisation.models import Employment, Person, Seat, Unit


def panel(page, heading):
    """The text of the part of the page under a heading."""
    for found in page.tree.xpath("//section[h2]"):
        if " ".join(found.xpath("string(h2)").split()).startswith(heading):
            return " ".join(found.text_content().split())
    raise AssertionError(f"no part called {heading!r}: {page.words[:400]}")


def test_ones_own_committees_come_first(visitor):
    page = visitor("bo").open("/udvalg")
    assert page.h1 == "Udvalgene"
    assert "MED-ledelsen på Åbrinken næstformand" in panel(page, "Dine udvalg")
    assert "Hovedudvalget" not in panel(page, "Dine udvalg")
    tree = page.tree.xpath("//div[@class='tree']//li//li//a")
    assert "MED-ledelsen på Åbrinken" in [link.text for link in tree]
    assert "Dine udvalg" not in visitor("carla").open("/udvalg").words


def test_a_group_that_is_over_stands_apart(visitor):
    page = visitor("carla").open("/udvalg")
    assert "Makkergruppen" not in panel(page, "Alle udvalg")
    assert "Arbejdsgruppen om makkerordning" in panel(page, "Nedlagte udvalg")


def test_a_committee_shows_its_sides_with_the_chair_first(visitor, committee_id):
    page = visitor("carla").open(f"/udvalg/{committee_id('med-aabrinken')}")
    words = panel(page, "Medlemmer")
    assert words.index("Ledelsessiden") < words.index("Anna Lindegaard") < words.index("Lise")
    assert words.index("Medarbejdersiden") < words.index("Bo Kjærgaard") < words.index("Gunnar")
    assert "næstformand, tillidsrepræsentant (TR)" in words
    assert "suppleant for Bo Kjærgaard" in words
    assert "Emil Nørskov" in panel(page, "Om udvalget")
    assert "Forslag til punkter senest 10 dage før mødet" in panel(page, "Forretningsorden")
    assert "Værkstederne" in panel(page, "Om udvalget")


def test_an_old_date_shows_those_who_sat_then(visitor, committee_id):
    for day in ["2026-03-01", "1.3.2026"]:
        here = f"/udvalg/{committee_id('med-aabrinken')}"
        assert "Karl" not in panel(visitor("carla").open(here), "Medlemmer")
        then = panel(visitor("carla").open(f"{here}?dag={day}"), "Medlemmer pr. dato")
        assert "Karl" in then
        assert "søndag den 1. marts 2026" in then
        assert "Yusuf Demir" not in then


def test_a_date_that_is_none_is_told_beside_the_field(visitor, committee_id):
    for day in ["i går", "2026-13-01", "0001-01-01", "99999-01-01"]:
        page = visitor("carla").open(f"/udvalg/{committee_id('med-aabrinken')}?dag={day}")
        assert page.errors() == {"dag": "Fejl: Skriv en dato, der findes, fx 31.12.2027."}


def test_the_electoral_group_and_mail_are_for_those_inside(visitor, committee_id, people):
    committee = committee_id("med-aabrinken")
    paths = [f"/udvalg/{committee}", f"/udvalg/{committee}/pladser", f"/udvalg/{committee}?dag=2026-03-01"]
    for outside in ("carla", "ivan", "karl", "dorte"):
        for path in paths:
            page = visitor(outside).open(path)
            assert "valggruppe" not in page.words, (outside, path)
            assert "bo@solbaek.example" not in page.text, (outside, path)
    person = f"/personer/{people.bo}"
    for outside in ("carla", "ivan", "karl"):
        assert "valggruppe" not in visitor(outside).open(person).words
        assert "bo@solbaek.example" not in visitor(outside).open(person).text
    for inside in ("anna", "emil"):
        assert "valggruppe C" in visitor(inside).open(paths[0]).words
        assert "bo@solbaek.example" in visitor(inside).open(paths[0]).text
        assert "valggruppe C" in visitor(inside).open(paths[1]).words


def test_the_page_of_a_person_shows_the_group_only_for_ones_own_committees(visitor, people):
    """Bo sits on two committees with Anna; Susanne shares only CenterMED with Bo."""
    words = visitor("bo").open(f"/personer/{people.susanne}").words
    hu = re.search(r"Hovedudvalget medlem, [^,]+, (\S+)", words)
    assert hu and hu[1] != "valggruppe"
    assert re.search(r"CenterMED Job og Kompetencer næstformand, [^,]+, valggruppe C", words)


def test_a_person_has_seats_now_and_before(visitor, people):
    page = visitor("carla").open(f"/personer/{people.ole}")
    assert "medlem" in panel(page, "Sidder i")
    assert "suppleant for Karl" in panel(page, "Har siddet i")
    assert page.status_code == 200
    assert visitor("karl").open(f"/personer/{people.karl}").status_code == 200


def test_people_are_found_by_part_of_their_name(visitor):
    page = visitor("carla").open("/udvalg").form("Søg").fill(navn="søren").send()
    assert "Søren Munk" in page.words
    assert "Susanne Ravn" not in page.words
    assert "Birgit Sloth" in visitor("carla").open("/udvalg/personer?navn=SLOTH birgit").words
    assert "Signe Aaby" in visitor("carla").open("/udvalg/personer?navn=aaby").words
    for odd in ("%25", "_", "'", "\\", "x" * 5000):
        page = visitor("carla").open(f"/udvalg/personer?navn={odd}")
        assert page.status_code == 200
        assert "Vi fandt ingen" in page.words


def test_names_with_danish_capitals_are_found(visitor, write, people):
    def rename(db):
        db.get(Person, people.tove).name = "Åse Ørum"

    write(rename)
    assert "Åse Ørum" in visitor("carla").open("/udvalg/personer?navn=åse ørum").words
    assert "Åse Ørum" in visitor("carla").open("/udvalg/personer?navn=ØRUM").words


def test_a_long_list_of_people_comes_a_page_at_a_time(visitor, write, db, people):
    def hire(session):
        unit = session.scalar(select(Unit.id).where(Unit.key == "job"))
        session.execute(insert(Person), [{"handle": f"p{n}", "name": f"Nils Prøve {n % 7}"} for n in range(130)])
        ids = session.scalars(select(Person.id).where(Person.name.startswith("Nils Prøve"))).all()
        day = clock.today()
        session.execute(insert(Employment), [{"person_id": id, "unit_id": unit, "starts": day} for id in ids])

    write(hire)
    page = visitor("carla").open("/udvalg/personer?navn=nils")
    seen = []
    while True:
        seen += page.tree.xpath("//ul[@class='people']/li/a/@href")
        more = page.tree.xpath("//a[@rel='next']/@href")
        if not more:
            break
        page = visitor("carla").open(more[0])
    assert len(seen) == len(set(seen)) == 130
    for odd in ("x", "99999999999999999999", "-1", "9223372036854775808"):
        assert visitor("carla").open(f"/udvalg/personer?efter={odd}").status_code == 200


def test_who_has_left_is_listed_only_when_asked_for(visitor, write, people):
    def leave(db):
        for job in db.scalars(select(Employment).where(Employment.person_id == people.tove)):
            job.ends = clock.today().replace(day=1)

    write(leave)
    assert "Tove Lykke" not in visitor("carla").open("/udvalg/personer").words
    page = visitor("carla").open("/udvalg/personer").form("Søg").fill(tidligere="1").send()
    assert "Tove Lykke Ikke ansat nu" in page.words


def test_a_member_who_has_left_the_municipality_is_marked(visitor, write, people, committee_id):
    def leave(db):
        for job in db.scalars(select(Employment).where(Employment.person_id == people.nadia)):
            job.ends = clock.today().replace(day=1)

    write(leave)
    page = visitor("anna").open(f"/udvalg/{committee_id('med-aabrinken')}")
    assert "ansættelsen er slut" in page.words


def test_what_is_not_there_is_not_found(visitor, committee_id):
    carla = visitor("carla")
    here = committee_id("med-aabrinken")
    for path in ("/udvalg/999999", "/personer/999999", f"/udvalg/{2**63}", "/udvalg/abc", f"/udvalg/{here}/pladser/1x"):
        assert carla.open(path).status_code == 404, path


def test_somebody_from_outside_who_runs_nothing_sees_nothing(visitor, write, people, committee_id):
    def leave(db):
        for job in db.scalars(select(Employment).where(Employment.person_id == people.carla)):
            job.ends = clock.today().replace(day=1)

    carla = visitor("carla")
    write(leave)
    assert carla.open("/udvalg").status_code == 403
    assert carla.open("/udvalg/personer").status_code == 403
    assert carla.open(f"/udvalg/{committee_id('hovedudvalget')}").status_code == 404
    assert carla.open(f"/udvalg/{committee_id('hovedudvalget')}/pladser").status_code == 404
    assert carla.open(f"/personer/{people.bo}").status_code == 404


def test_the_page_is_there_in_english(visitor, committee_id):
    page = visitor("carla").open(f"/udvalg/{committee_id('med-aabrinken')}?sprog=en")
    assert "vice-chair" in page.words
    assert "Management side" in page.words
    assert "no later than 10 days before the meeting" in page.words


def test_a_committee_costs_few_questions(db, people, committee_id):
    """However many sit on it: the seats come with their people in one question."""
    asked = []
    event.listen(db.get_bind(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    seats = queries.seats_on(db, committee_id("med-aabrinken"), clock.today())
    for seat in seats:
        assert seat.person.name
        assert seat.substitute_for is None or seat.substitute_for.person.name
    assert len([text for text in asked if "FROM seat" in text]) == 1
    assert len(seats) == db.query(Seat).filter(Seat.id.in_([seat.id for seat in seats])).count()


def test_other_slices_add_their_part_to_a_committee(visitor, committee_id, monkeypatch):
    """A panel under a heading, nothing where it has nothing to show."""
    known = [
        parts.Panel(T("Medlemmer"), lambda visit, committee: Markup("<p>{}</p>").format(committee.key)),
        parts.Panel(T("Suppleanter"), lambda visit, committee: Markup("")),
    ]
    monkeypatch.setattr(parts, "PANELS", known)
    here = committee_id("med-aabrinken")
    page = visitor("anna").open(f"/udvalg/{here}")
    assert [h2.text for h2 in page.tree.xpath("//h2")].count("Medlemmer") == 2
    assert "Suppleanter" not in [h2.text for h2 in page.tree.xpath("//h2")]
    assert "med-aabrinken" in page.words
