"""Writing once: what is taken out for the journal system, DUBU and the development plan, by whom, and its trace."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from med import clock
from med.competence_compass.models import (
    Dimension,
    DimensionMap,
    Goal,
    GoalRating,
    GoalType,
    Look,
    LookAt,
    Relation,
)
from med.competence_compass.queries.goals import sealed_at
from med.tables import read
from tests.competence_compass.findings import CASES, make_findings
from tests.competence_compass.house import make_citizen, make_instrument, make_version, take_stock, unit_id


@pytest.fixture
def ravn(write, vault):
    """Freja's citizen, with a goal that stands at +1 and three assessments."""

    def make(db):
        version = make_instrument(db, "indberetning")
        citizen = make_citizen(db, vault, "K1-RAVN", version=version)
        for days in (400, 200, 20):
            take_stock(db, citizen, version, clock.today() - timedelta(days=days), 3)
        goal = Goal(
            citizen_id=citizen.id, goal_type=GoalType.DEVELOP, set_on=clock.today() - timedelta(days=90),
            due=clock.today() + timedelta(days=30), sealed=b"",
        )  # fmt: skip
        db.add(goal)
        db.flush()
        words = {
            "title": "=Stå op til tiden",
            "levels": {"1": "Kommer fire dage om ugen"},
            "plan": "Vækkeur hver aften",
        }
        goal.sealed = vault.seal(db, citizen.id, sealed_at(goal.id), words)
        db.add(GoalRating(goal_id=goal.id, day=clock.today() - timedelta(days=5), level=1))
        return citizen.id

    return write(make)


def table(answer):
    return read("fil", answer.response.content)


def looks(db, citizen):
    db.rollback()
    return db.execute(select(Look.what, Look.role, Look.reason).where(Look.citizen_id == citizen)).all()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_contact_person_takes_a_citizens_goals_out_for_the_journal(visitor, ravn, db, form):
    answer = visitor("freja").open(f"/kompas/borger/{ravn}/indberetning/journal/fil?form={form}")
    assert f'-{clock.today()}.{form}"' in answer.headers["content-disposition"]
    [row] = [one.values for one in table(answer).rows]
    assert row["Borger"] == "K1-RAVN" and row["Mål"] == "=Stå op til tiden" and "Navn" not in row
    assert row["Niveau (−2 til +2)"] == "1" and row["Niveau i ord"] == "Mere end ventet"
    assert row["Det, niveauet betyder"] == "Kommer fire dage om ugen" and row["Status"] == "I gang"
    assert row["Vurderet"] == "16.11.2026" and row["Indsatsplan"] == "Vækkeur hver aften" and row["Næste måling"]
    assert looks(db, ravn) == [(LookAt.GOALS, "contact", "Status til journalsystemet (EKJ)")]


def test_as_text_for_both_systems_in_both_languages(visitor, ravn):
    freja = visitor("freja")
    said = freja.open(f"/kompas/borger/{ravn}/indberetning/journal").words
    assert "Status på indsatsplanen for K1-RAVN" in said and "mere end ventet – Kommer fire dage om ugen." in said
    assert "Faglige færdigheder: inden for usikkerheden" in said and "Viggo" not in said
    said = freja.open(f"/kompas/borger/{ravn}/indberetning/dubu").words
    assert "Status på procesmål" in said and "Handling: Vækkeur hver aften." in said and "Kompasset" not in said
    assert "Status of process goals" in freja.open(f"/kompas/borger/{ravn}/indberetning/dubu?sprog=en").words
    freja.open("/kompas?sprog=da")


def test_all_of_ones_own_in_one_file_with_a_look_at_each(visitor, ravn, write, vault, db):
    other = write(lambda db: make_citizen(db, vault, "K2-MUS").id)
    somebody_elses = write(lambda db: make_citizen(db, vault, "K3-ELG", contact="julie").id)
    before = db.scalar(select(func.count()).select_from(Look))
    rows = table(visitor("freja").open("/kompas/indberetning/dubu/fil")).rows
    told = {row.values["Borger"] for row in rows}
    assert {"K1-RAVN", "K2-MUS"} <= told and "K3-ELG" not in told
    assert looks(db, other) == [(LookAt.GOALS, "contact", "Procesmål til DUBU")] and looks(db, somebody_elses) == []
    assert db.scalar(select(func.count()).select_from(Look)) == before + len(told)  # one for each, however many goals


def test_each_goal_gets_the_word_it_asks_for_also_when_it_was_set_in_an_older_version(visitor, write, vault):
    """An area is to be kept, and was to be developed before: the goal that has ended has no say on the other."""

    def make(db):
        old = make_instrument(db, "indberetning", areas=1, dimensions=1)
        new = make_version(db, old.instrument, 2, areas=1, dimensions=1)
        before, now = (db.scalars(select(Dimension).where(Dimension.version_id == one.id)).one() for one in (old, new))
        db.add(DimensionMap(old_id=before.id, new_id=now.id, relation=Relation.SAME))
        citizen = make_citizen(db, vault, "K1-RAVN", version=new)
        for days, version in ((400, old), (300, old), (20, new)):
            take_stock(db, citizen, version, clock.today() - timedelta(days=days), 3)
        for kind, ended in ((GoalType.MAINTAIN, None), (GoalType.DEVELOP, clock.today() - timedelta(days=30))):
            db.add(Goal(
                citizen_id=citizen.id, dimension_id=before.id, goal_type=kind, ended_on=ended,
                set_on=clock.today() - timedelta(days=390), sealed=b"",
            ))  # fmt: skip
        return citizen.id

    place = f"/kompas/borger/{write(make)}/indberetning/journal"
    kept, within = "holder niveauet, inden for usikkerheden: målet er at fastholde", "inden for usikkerheden"
    freja = visitor("freja")
    rows = [row.values for row in table(freja.open(f"{place}/fil")).rows]
    assert {row["Måltype"]: row["Målingen i ord"] for row in rows} == {"Fastholde": kept, "Udvikle": within}
    assert f"– Faglige færdigheder: {kept}" in freja.open(place).words


@pytest.mark.parametrize("person", ["anna", "bo", "carla", "emil", "ivan", "julie"])
def test_to_others_there_is_no_such_citizen(visitor, ravn, db, person):
    them = visitor(person)
    for path in ("journal", "journal/fil", "dubu", "dubu/fil?form=xlsx"):
        assert them.open(f"/kompas/borger/{ravn}/indberetning/{path}").status_code == 404
    assert looks(db, ravn) == []


def test_a_report_that_does_not_exist(visitor, ravn):
    freja = visitor("freja")
    assert freja.open(f"/kompas/borger/{ravn}/indberetning/udviklingsplan").status_code == 404
    assert freja.open(f"/kompas/borger/{ravn}/indberetning/journal/fil?form=exe").status_code == 400


# --- the development plan ---------------------------------------------------------------------------------------------


def test_the_development_plan_says_it_in_words_and_hides_what_the_page_hides(visitor, write):
    write(make_findings)
    anna = visitor("anna")
    rows = [row.values for row in table(anna.open("/kompas/udviklingsplan/fil?form=xlsx")).rows]
    assert len(rows) == len(CASES) and rows == [
        row.values for row in table(anna.open("/kompas/udviklingsplan/fil?form=csv")).rows
    ]
    first = next(row for row in rows if row["Hvad kan vi sige?"] == "udvikler")
    assert first["Deltagere, omkring"] == "35" and first["Virkning"] == "0,45" and "mellemstor" in first["Forklaring"]
    few = next(row for row in rows if "Færre end 10" in row["Forklaring"])
    assert few["Deltagere, omkring"] == few["Virkning"] == few["Fra"] == ""
    said = anna.open("/kompas/udviklingsplan").words
    assert "beviser ikke" in said and "Bygger på omkring 35 deltagere." in said and "0,91" not in said
    assert visitor("carla").open("/kompas/udviklingsplan/fil").status_code == 404


# --- columns ----------------------------------------------------------------------------------------------------------

COLUMNS = "/kompas/indberetning/journal/kolonner"


def test_a_unit_says_what_its_columns_are_called(visitor, ravn, write):
    unit = write(lambda db: unit_id(db, "vaerkstederne"))
    anna = visitor("anna")
    form = anna.open(f"{COLUMNS}?enhed={unit}").form("Gem kolonnerne")
    sent = form.fill(
        heading_citizen="Klientnr", place_goal="1", on_name="1", on_unit=None, dates="%Y-%m-%d", decimal="."
    ).send()
    assert sent.status_code == 303
    rows = table(visitor("freja").open(f"/kompas/borger/{ravn}/indberetning/journal/fil"))
    assert rows.header[:2] == ["Mål", "Klientnr"]  # what was moved to the first place has it
    assert "Enhed" not in rows.header and rows.rows[0].values["Vurderet"] == "2026-11-16"
    assert rows.rows[0].values["Navn"] == "Viggo Prøvesen"
    anna.open(f"{COLUMNS}?enhed={unit}").form("Gem kolonnerne").fill(place_goal="3").send()
    again = table(visitor("freja").open(f"/kompas/borger/{ravn}/indberetning/journal/fil"))
    assert again.header[:3] == [rows.header[1], rows.header[2], "Mål"]
    # Another report keeps its own; and the unit can forget them again.
    assert "Borger" in table(visitor("freja").open(f"/kompas/borger/{ravn}/indberetning/dubu/fil")).header
    anna.open(f"{COLUMNS}?enhed={unit}").form("Glem enhedens").send()
    assert "Borger" in table(visitor("freja").open(f"/kompas/borger/{ravn}/indberetning/journal/fil")).header


def test_a_file_with_names_leaves_a_look_at_the_name(visitor, ravn, write, db):
    unit = write(lambda db: unit_id(db, "vaerkstederne"))
    visitor("anna").open(f"{COLUMNS}?enhed={unit}").form("Gem kolonnerne").fill(on_name="1").send()
    visitor("freja").open(f"/kompas/borger/{ravn}/indberetning/journal/fil")
    assert {one.what for one in looks(db, ravn)} == {LookAt.GOALS, LookAt.IDENTITY}


def test_what_is_wrong_is_said_at_the_field_and_nothing_typed_is_lost(visitor):
    anna = visitor("anna")
    form = anna.open(COLUMNS).form("Gem kolonnerne")
    sent = form.fill(heading_citizen="", heading_goal="Status", place_due="otte", dates="%d.%m.%Y").send()
    assert sent.status_code == 422
    assert set(sent.errors()) == {"heading_citizen", "heading_status", "place_due"}
    assert sent.tree.xpath("//input[@name='place_due']/@value") == ["otte"]
    assert anna.submit(COLUMNS, unit="1").status_code in {404, 422}


def test_two_at_once_are_told(visitor):
    first, second = visitor("anna").open(COLUMNS), visitor("hanne").open(COLUMNS)
    unit = first.tree.xpath("//form[.//button[contains(., 'Gem')]]//input[@name='unit']/@value")[0]
    second = visitor("hanne").open(f"{COLUMNS}?enhed={unit}")
    assert visitor("anna").open(f"{COLUMNS}?enhed={unit}").form("Gem kolonnerne").send().status_code == 303
    late = second.form("Gem kolonnerne").fill(heading_goal="Mål 2").send()
    assert late.status_code == 409 and "En anden har ændret" in late.words
    assert late.tree.xpath("//input[@name='heading_goal']/@value") == ["Mål 2"]


@pytest.mark.parametrize("person", ["carla", "freja", "emil", "ivan"])
def test_who_leads_and_coordinates_nothing_chooses_no_columns(visitor, person):
    assert visitor(person).open(COLUMNS).status_code == 404
