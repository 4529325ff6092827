"""Bo coordinates Åbrinken: citizens in and out, who works with them, names to a reason, and everything gone once."""

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from med import clock
from med.competence_compass.models import (
    Assignment,
    AssignmentRole,
    Citizen,
    CitizenKey,
    Erasure,
    Goal,
    GoalType,
    Identity,
    Look,
    LookAt,
    RoleKind,
    WaitingEntry,
    WaitingOutcome,
)
from med.competence_compass.pseudonyms import new_pseudonym
from med.competence_compass.queries.life import identity
from med.journal.models import Entry
from tests.competence_compass.factories import make_activity, wait
from tests.competence_compass.house import assign, give_role, make_citizen, make_instrument, take_stock, unit_id

NAME = "Kanariefugl Lysegul"


@pytest.fixture
def bo(visitor):
    """The coordinator of Åbrinken, in the demo too."""
    return visitor("bo")


@pytest.fixture
def citizen(write, vault) -> int:
    def make(db) -> int:
        version = make_instrument(db, areas=2, dimensions=1)
        made = make_citizen(db, vault, "K9-KANARIE", version=version, name=NAME)
        take_stock(db, made, version, clock.today() - timedelta(days=10), 3)
        return made.id

    return write(make)


def looks_at(db, citizen_id: int) -> list[tuple[str, str, str]]:
    db.rollback()
    rows = db.execute(select(Look.what, Look.role, Look.reason).where(Look.citizen_id == citizen_id).order_by(Look.id))
    return [tuple(row) for row in rows]


# --- in and out -----------------------------------------------------------------------------------------------------


def enter(bo, db, **more):
    page = bo.open("/kompas/indtag/ny").form("Opret borgeren")
    fields = {"name": NAME, "unit_id": unit_id(db, "vaerkstederne"), "entered": "2026-11-20", **more}
    return page.fill(**fields).send()


def test_a_citizen_comes_and_gets_a_pseudonym(bo, db, vault):
    page = enter(bo, db, reach="Tlf. 12 34 56 78")
    assert page.status_code == 303
    db.rollback()
    made = db.scalars(select(Citizen).order_by(Citizen.id.desc())).first()
    assert re.fullmatch(r"[A-Z]\d{1,2}-[A-ZÆØÅ]+", made.pseudonym)
    assert identity(db, vault, made.id) == {"name": NAME, "called": "Kanariefugl", "reach": "Tlf. 12 34 56 78"}
    assert NAME.encode() not in db.get(Identity, made.id).sealed
    assert db.scalar(select(Entry.happened).where(Entry.thing_id == made.id, Entry.thing == "compass_citizen"))
    page = bo.open(page.headers["location"])
    assert made.pseudonym in page.h1 and NAME not in page.text
    assert "Ingen kontaktperson" in page.words


def test_words_like_a_cpr_number_are_asked_about_once(bo, db):
    before = db.scalar(select(func.count()).select_from(Citizen))
    page = enter(bo, db, name="Viggo 010203-1234")
    assert page.status_code == 422 and "CPR" in page.errors()["name"]
    db.rollback()
    assert db.scalar(select(func.count()).select_from(Citizen)) == before
    assert page.form("Opret borgeren").fill(not_cpr="1").send().status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Skal udfyldes"),
        ("name", "x" * 121, "Højst 120 tegn"),
        ("entered", "2030-01-01", "for langt ude i fremtiden"),
        ("entered", "1890-01-01", "for langt tilbage"),
        ("entered", "31.2.2026", "dato, der findes"),
    ],
)
def test_what_does_not_fit_comes_back_at_its_field(bo, db, field, value, said):
    page = enter(bo, db, **{field: value})
    assert page.status_code == 422 and said in page.errors()[field]


def test_a_unit_of_somebody_elses_is_no_choice(bo, db):
    page = bo.submit("/kompas/indtag/ny", name=NAME, unit_id=unit_id(db, "jobhuset"), entered="2026-11-20")
    assert page.status_code == 422


def test_a_citizen_moves_within_the_coordinated_units_only(bo, db, citizen):
    page, stale = bo.open(f"/kompas/indtag/{citizen}"), bo.open(f"/kompas/indtag/{citizen}")
    moved = page.form("Gem", action=f"/kompas/indtag/{citizen}").fill(unit_id=unit_id(db, "aktivitet"))
    assert moved.send().status_code == 303
    assert stale.form(action=f"/kompas/indtag/{citizen}").send().status_code == 409  # as it stood before
    elsewhere = bo.submit(f"/kompas/indtag/{citizen}", unit_id=unit_id(db, "jobhuset"), entered="2024-01-01", version=2)
    assert elsewhere.status_code == 422


def test_a_citizen_stops_and_waits_for_nothing_more(bo, write, db, citizen, people):
    write(lambda db: wait(db, make_activity(db), db.get(Citizen, citizen)))
    page = bo.open(f"/kompas/indtag/{citizen}").form("Gem sidste dag").fill(left_on="2026-11-21").send()
    assert page.status_code == 303
    db.rollback()
    last = db.scalars(select(Assignment).where(Assignment.citizen_id == citizen)).one()
    assert last.ends == clock.today() + timedelta(days=30)
    entries = db.scalars(select(WaitingEntry).where(WaitingEntry.citizen_id == citizen)).all()
    assert [(entry.outcome, entry.left_on) for entry in entries] == [(WaitingOutcome.WITHDRAWN, date(2026, 11, 21))]
    assert bo.open(f"/kompas/indtag/{citizen}").form("ikke stoppet alligevel").send().status_code == 303
    early = bo.open(f"/kompas/indtag/{citizen}").form("Gem sidste dag").fill(left_on="1999-01-01").send()
    assert "før den dag, borgeren kom" in early.words


def test_the_list_is_of_ones_own_units(bo, visitor, write, vault, db, citizen):
    write(lambda db: make_citizen(db, vault, "K8-UDEN", contact=None))
    write(lambda db: make_citizen(db, vault, "K8-ANDET", unit="jobhuset"))
    page = bo.open("/kompas/indtag?vis=uden")
    assert "K8-UDEN" in page.words and "K9-KANARIE" not in page.words and "K8-ANDET" not in page.words
    assert "K9-KANARIE" in bo.open("/kompas/indtag?q=kanarie").words
    assert NAME not in bo.open("/kompas/indtag?q=kanarie").text
    assert "har ingen kontaktperson" in bo.open("/kompas").words


# --- who works with whom --------------------------------------------------------------------------------------------


def test_a_contact_person_is_given_and_ended(bo, visitor, db, write, vault):
    citizen_id = write(lambda db: make_citizen(db, vault, "K8-UDEN", contact=None).id)
    carla = visitor("carla")
    assert carla.open(f"/kompas/borger/{citizen_id}").status_code == 404
    page = bo.open(f"/kompas/indtag/{citizen_id}").form("Tilknyt").fill(person="Carla Dam (carla)").send()
    if page.status_code == 422:
        page = page.form("Tilknyt").fill(person="carla").send()
    assert page.status_code == 303
    assert carla.open(f"/kompas/borger/{citizen_id}").status_code == 200
    form = bo.open(f"/kompas/indtag/{citizen_id}").form("Afslut tilknytningen")
    assert form.send().status_code == 303  # today is the last day
    assert carla.open(f"/kompas/borger/{citizen_id}").status_code == 200
    with clock.at(clock.now() + timedelta(days=1)):
        assert visitor("carla").open(f"/kompas/borger/{citizen_id}").status_code == 404


def test_it_can_end_at_this_moment(bo, visitor, db, write, vault):
    citizen_id = write(lambda db: make_citizen(db, vault, "K8-UDEN", contact=None).id)
    bo.open(f"/kompas/indtag/{citizen_id}").form("Tilknyt").fill(person="carla").send()
    yesterday = clock.today() - timedelta(days=1)
    assert (
        bo.open(f"/kompas/indtag/{citizen_id}").form("Afslut tilknytningen").fill(ends=yesterday).send().status_code
        == 303
    )
    assert visitor("carla").open(f"/kompas/borger/{citizen_id}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"person": "Ingen Af Navn"}, "person", "Vælg en person"),
        ({"person": "freja"}, "person", "allerede tilknyttet"),
        ({"person": "carla", "starts": "1995-01-01"}, "starts", "ikke den dag"),
        ({"person": "carla", "ends": "2026-01-01"}, "ends", "før første dag"),
        ({"person": "carla", "role": "deputy"}, "ends", "bestemt dag"),
        ({"person": "carla", "role": "deputy", "ends": "2026-12-01"}, "reason", "hvem der afløses"),
        ({"person": "carla", "reason": "For 010203-1234"}, "reason", "CPR"),
    ],
)
def test_an_assignment_that_does_not_fit(bo, citizen, fields, field, said):
    page = bo.open(f"/kompas/indtag/{citizen}").form("Tilknyt").fill(**fields).send()
    assert page.status_code == 422 and said in page.words


# --- who it is --------------------------------------------------------------------------------------------------------


def test_a_name_opens_to_a_reason_once(bo, db, citizen):
    form = bo.open(f"/kompas/borger/{citizen}/navn").form("Vis navn")
    for reason in ("", "kort", "Om 010203-1234"):
        page = form.fill(reason=reason).send()
        assert page.status_code == 422 and NAME not in page.text
    assert looks_at(db, citizen) == []
    page = form.fill(reason="Ringer til borgeren").send()
    assert page.status_code == 200 and NAME in page.words
    assert NAME not in page.tree.xpath("string(//title)")
    assert looks_at(db, citizen) == [(LookAt.IDENTITY, "coordinator", "Ringer til borgeren")]
    assert NAME not in bo.open(f"/kompas/borger/{citizen}/navn").text


def test_no_trace_no_name(bo, write, citizen):
    form = bo.open(f"/kompas/borger/{citizen}/navn").form("Vis navn").fill(reason="Ringer til borgeren")
    write(lambda db: db.execute(text("ALTER TABLE compass_look RENAME TO gone")))
    try:
        page = form.send()
    except Exception as error:  # the test's client hands the server's own error on
        assert NAME not in str(error)
    else:
        assert page.status_code >= 500 and NAME not in page.text


@pytest.mark.parametrize("person", ["anna", "carla", "dorte", "emil", "gunnar", "hanne", "ivan", "julie", "karl"])
def test_nobody_else_opens_anything(visitor, db, citizen, person):
    other = visitor(person)
    for path in ("navn", "udlevering", "opslag"):
        assert other.open(f"/kompas/borger/{citizen}/{path}").status_code == 404
    for path in ("navn", "udlevering"):
        page = other.submit(f"/kompas/borger/{citizen}/{path}", reason="Jeg vil gerne vide det")
        assert page.status_code == 404 and NAME not in page.text
    for path in ("", "/slet"):
        assert other.open(f"/kompas/indtag/{citizen}{path}").status_code == 404
    assert (
        other.submit(f"/kompas/indtag/{citizen}/slet", pseudonym="K9-KANARIE", reason="Fordi jeg vil").status_code
        == 404
    )
    assert looks_at(db, citizen) == []


def test_the_coordinator_sees_no_scores_and_no_goals(bo, citizen):
    for path in ("", "/udlevering", "/opslag", "/maal", "/maaling"):
        assert bo.open(f"/kompas/borger/{citizen}{path}").status_code == 404
    page = bo.open(f"/kompas/indtag/{citizen}")
    assert "Trin 3" not in page.words and NAME not in page.text


@pytest.mark.parametrize("days, status", [(-1, 404), (0, 200), (3, 200), (4, 404)])
def test_a_deputy_on_their_days(visitor, write, db, citizen, days, status):
    def give(db):
        starts = clock.today()
        found = db.get(Citizen, citizen)
        assign(
            db, found, "carla", AssignmentRole.DEPUTY, starts=starts, ends=starts + timedelta(days=3), reason="Ferie"
        )

    write(give)
    with clock.at(clock.now() + timedelta(days=days)):
        carla = visitor("carla")
        for path in ("", "/navn", "/udlevering", "/opslag"):
            assert carla.open(f"/kompas/borger/{citizen}{path}").status_code == status, path


@pytest.mark.parametrize("days, status", [(-1, 404), (0, 200), (5, 200), (6, 404)])
def test_a_coordinator_on_their_days(visitor, write, citizen, days, status):
    def give(db):
        role = give_role(db, "carla", RoleKind.COORDINATOR)
        role.starts, role.ends = clock.today(), clock.today() + timedelta(days=5)

    write(give)
    with clock.at(clock.now() + timedelta(days=days)):
        carla = visitor("carla")
        for path in ("/kompas/indtag", f"/kompas/indtag/{citizen}", f"/kompas/borger/{citizen}/navn"):
            assert carla.open(path).status_code == status, path


# --- everything ---------------------------------------------------------------------------------------------------


def add_goal(db, vault, citizen_id: int) -> None:
    goal = Goal(
        citizen_id=citizen_id, goal_type=GoalType.DEVELOP, set_on=clock.today(), sealed=b"", due=None, target_value=None
    )
    db.add(goal)
    db.flush()
    words = {"title": "Bage brød selv", "levels": {"0": "Et brød om ugen"}}
    goal.sealed = vault.seal(db, citizen_id, f"compass_goal.sealed/{goal.id}", words)


def test_all_of_it_to_the_citizen_as_a_page(visitor, write, vault, db, citizen):
    write(lambda db: add_goal(db, vault, citizen))
    freja = visitor("freja")
    freja.open(f"/kompas/borger/{citizen}")
    page = freja.open(f"/kompas/borger/{citizen}/udlevering").form("Udlevér")
    assert page.fill(reason="").send().status_code == 422
    page = page.fill(reason="Borgeren har bedt om indsigt").send()
    assert page.status_code == 200
    for words in (
        NAME,
        "Bage brød selv",
        "Et brød om ugen",
        "Trin 3",
        "Udlevering af alt",
        "Borgeren har bedt om indsigt",
    ):
        assert words in page.words, words
    assert looks_at(db, citizen)[-2:] == [
        (LookAt.EXPORT, "contact", "Borgeren har bedt om indsigt"),
        (LookAt.IDENTITY, "contact", "Borgeren har bedt om indsigt"),
    ]


def test_all_of_it_as_a_file_with_who_role_looked_and_why(visitor, write, vault, db, citizen):
    write(lambda db: add_goal(db, vault, citizen))
    freja, bo = visitor("freja"), visitor("bo")
    bo.open(f"/kompas/borger/{citizen}/navn").form("Vis navn").fill(reason="Ringer til borgeren").send()
    page = freja.open(f"/kompas/borger/{citizen}/udlevering").form("Udlevér")
    page = page.fill(reason="Borgeren har bedt om indsigt", format="json").send()
    assert (page.status_code, page.headers["content-type"]) == (200, "application/json")
    held = json.loads(page.response.content)
    assert held["citizen"]["name"] == NAME
    assert held["goals"][0]["words"]["title"] == "Bage brød selv"
    assert held["assessments"][0]["voices"][0]["answers"][0]["value"] == 3
    assert {"role": "coordinator", "reason": "Ringer til borgeren"}.items() <= held["looks"][0].items()
    assert "person" not in held["looks"][0] and set(held["looks"][0]) == {"at", "what", "role", "reason"}
    assert held["looks"][-2]["what"] == "export"


def test_who_looked_is_there_for_the_contact_person(visitor, bo, citizen):
    bo.open(f"/kompas/indtag/{citizen}")
    page = visitor("freja").open(f"/kompas/borger/{citizen}/opslag")
    assert "Koordinator" in page.words and "Indtag og tilknytning" in page.words


def test_erasing_takes_the_pseudonym_typed_and_leaves_nothing(bo, visitor, app, db, citizen, data_dir: Path, caplog):
    bo.open(f"/kompas/borger/{citizen}/navn").form("Vis navn").fill(reason=f"Ringer til {NAME}").send()
    form = bo.open(f"/kompas/indtag/{citizen}/slet").form("Slet alt om borgeren")
    assert (
        "K9-KANARIE"
        in form.fill(pseudonym="K1-FORKERT", reason="Borgeren har bedt om det").send().errors()["pseudonym"]
    )
    assert form.fill(pseudonym="k9-kanarie", reason="").send().status_code == 422
    assert form.fill(pseudonym="k9-kanarie", reason=f"{NAME} har bedt om det").send().status_code == 303
    app.state.desk.writer.submit(lambda: None).result()  # what is done after it is done
    db.rollback()
    assert db.get(CitizenKey, citizen) is None
    erased = db.scalars(select(Erasure)).one()
    assert erased.person_id is not None
    assert (data_dir / "erasures.txt").read_text().count("\n") == 1
    assert {reason for _, _, reason in looks_at(db, citizen)} == {""}
    entries = db.execute(select(Entry.happened, Entry.fields).where(Entry.thing_id == citizen)).all()
    assert "citizen.erased" in {entry.happened for entry in entries}
    assert not any(NAME in entry.fields for entry in entries)
    for person, path in (("freja", f"/kompas/borger/{citizen}"), ("bo", f"/kompas/indtag/{citizen}")):
        assert visitor(person).open(path).status_code == 404
    assert "Kanariefugl" not in caplog.text
    if app.state.desk.database.is_sqlite:
        folder = Path(app.state.desk.database.url.removeprefix("sqlite:///")).parent
        assert not any(b"Kanariefugl" in path.read_bytes() for path in folder.iterdir())


def test_pseudonyms_are_drawn_free_and_sayable():
    taken = set()
    for _ in range(500):
        made = new_pseudonym(taken.__contains__)
        assert re.fullmatch(r"[A-Z]\d{1,2}-[A-ZÆØÅ]{2,8}", made)
        taken.add(made)
    assert len(taken) == 500
    with pytest.raises(RuntimeError):
        new_pseudonym(lambda made: True)
