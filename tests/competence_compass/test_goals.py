"""What a citizen works towards, and how far it has come."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import Area, Citizen, Goal, GoalRating, Look, LookAt
from med.competence_compass.vault import Vault
from tests.competence_compass.house import make_citizen, make_instrument

WORDS = {"title": "Jeg tager selv bussen", "goal_type": "develop", "level_0": "Tager bussen hjem alene"}


@pytest.fixture
def house(write: Any, vault: Vault) -> Any:
    class House:
        citizen_id: int
        area_id: int
        path: str

    def furnish(db: Session) -> None:
        version = make_instrument(db, areas=3, dimensions=2)
        House.citizen_id = make_citizen(db, vault, version=version).id
        House.area_id = db.scalars(select(Area.id).where(Area.version_id == version.id)).first() or 0
        House.path = f"/kompas/borger/{House.citizen_id}/maal"

    write(furnish)
    return House


def set_goal(freja: Any, house: Any, **values: Any) -> Any:
    sent = freja.open(f"{house.path}/nyt").form("Gem målet").fill(**{**WORDS, **values}).send()
    return freja.open(sent.headers["location"].partition("?")[0]) if sent.status_code == 303 else sent


def goals(db: Session, house: Any) -> Any:
    db.rollback()
    return db.scalars(select(Goal).where(Goal.citizen_id == house.citizen_id).order_by(Goal.id)).all()


def test_freja_sets_a_goal_whose_words_are_sealed(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    page = set_goal(freja, house, about=f"area-{house.area_id}", target_value="4", plan="EKJ 17-3")
    assert page.h1 == "Jeg tager selv bussen"
    assert "K1-RAVN" in page.tree.xpath("string(//title)") and "bussen" not in page.tree.xpath("string(//title)")
    (goal,) = goals(db, house)
    assert b"bussen" not in goal.sealed and b"EKJ" not in goal.sealed
    assert "Jeg tager selv bussen" in freja.open(f"/kompas/borger/{house.citizen_id}").words


def test_a_goal_is_rated_over_time_and_t_is_shown_on_demand(house: Any, visitor: Any, db: Session, write: Any):
    freja = visitor("freja")
    page = set_goal(freja, house)
    page.form("Gem niveauet").fill(level="-1").send()
    freja.open(page.path).form("Gem niveauet").fill(
        level="1"
    ).send()  # the same day: the second takes the first one's place
    (goal,) = goals(db, house)
    assert [(rating.day, rating.level) for rating in goal.ratings] == [(clock.today(), 1)]
    listed = freja.open(house.path)
    assert "Mere end ventet" in listed.words
    assert "T =" not in listed.words
    asked = freja.open(f"{house.path}?t=1")
    assert "T = 60,0" in asked.words
    assert "ikke hvad borgeren kan" in asked.words


NO_GOALS: list[tuple[dict[str, str], str, str]] = [
    ({"title": ""}, "title", "Skal udfyldes"),
    ({"level_0": ""}, "level_0", "Skal udfyldes"),
    ({"target_value": "4"}, "about", "Vælg det, målet handler om"),
    ({"set_on": "2099-01-01"}, "set_on", "fremtiden"),
    ({"set_on": "1999-01-01"}, "set_on", "før borgeren begyndte"),
    ({"due": "2001-01-01"}, "due", "før den dag, målet blev sat"),
    ({"title": "Han er 010190-1234"}, "title", "CPR-nummer"),
    ({"plan": "0101901234"}, "plan", "CPR-nummer"),
]


def test_what_is_no_goal(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    for values, field, message in NO_GOALS:
        page = set_goal(freja, house, **values)
        assert page.status_code == 422, values
        assert message in page.errors()[field]
        assert "Tager bussen hjem alene" in page.text or "level_0" in values
    assert goals(db, house) == []


def test_a_number_that_is_no_cpr_number_goes_through(house: Any, visitor: Any, db: Session):
    page = set_goal(visitor("freja"), house, title="Ringer selv til 010190-1234")
    assert page.form("Gem målet").fill(not_cpr="1").send().status_code == 303


def test_a_place_off_the_scale_or_of_another_instrument_is_refused(house: Any, visitor: Any, write: Any, db: Session):
    freja = visitor("freja")
    assert "fra 1 til 5" in set_goal(freja, house, about=f"area-{house.area_id}", target_value="6").words

    def other(db: Session) -> int:
        made = make_instrument(db, "andet", areas=1, dimensions=1)
        return db.scalars(select(Area.id).where(Area.version_id == made.id)).one()

    foreign = write(other)
    assert set_goal(freja, house, about=f"area-{foreign}", target_value="3").status_code == 422
    assert goals(db, house) == []


def test_two_do_not_overwrite_each_others_wording(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    page = set_goal(freja, house)
    one, other = freja.open(f"{page.path}/ret"), freja.open(f"{page.path}/ret")
    one.form("Gem målet").fill(title="Jeg tager selv toget").send()
    crossed = other.form("Gem målet").fill(title="Jeg cykler").send()
    assert crossed.status_code == 409
    assert "Jeg tager selv toget" in crossed.words and "Jeg cykler" in crossed.text
    assert crossed.form("Gem målet").send().status_code == 303
    assert freja.open(page.path).h1 == "Jeg cykler"


def test_an_ended_goal_stays_and_is_not_rated(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    page = set_goal(freja, house)
    path = page.path
    assert page.form(action="/afslut").send().status_code == 303
    assert "Afsluttede mål" in freja.open(house.path).words
    assert freja.submit(f"{path}/niveau", level="1", day=clock.today().isoformat()).status_code == 403
    assert goals(db, house)[0].ended_on == clock.today()


def test_a_rating_lies_between_the_goal_and_today(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    page = set_goal(freja, house)
    for day in (clock.today() + timedelta(days=1), clock.today() - timedelta(days=1)):
        assert page.form("Gem niveauet").fill(level="0", day=day.isoformat()).send().status_code == 422
    assert page.form("Gem niveauet").fill(level="0", day=clock.today().isoformat()).send().status_code == 303
    assert freja.submit(f"{page.path}/niveau", level="3", day="2026-11-01").status_code == 422
    assert len(db.scalars(select(GoalRating).join(Goal).where(Goal.citizen_id == house.citizen_id)).all()) == 1


def test_each_look_at_goals_is_noted(house: Any, visitor: Any, db: Session):
    visitor("freja").open(house.path)
    looks = db.scalars(select(Look).where(Look.citizen_id == house.citizen_id)).all()
    assert [look.what for look in looks] == [LookAt.GOALS]


def test_another_citizens_goal_is_not_found_under_this_one(house: Any, visitor: Any, write: Any, vault: Vault):
    freja = visitor("freja")
    page = set_goal(freja, house)
    number = page.path.rpartition("/")[2]

    def other(db: Session) -> int:
        return make_citizen(db, vault, "K2-LOM").id

    second = write(other)
    assert freja.open(f"/kompas/borger/{second}/maal/{number}").status_code == 404


def test_nobody_else_sees_or_sets_goals(house: Any, visitor: Any, db: Session):
    for handle in ["anna", "bo", "carla", "dorte", "emil", "gunnar", "hanne", "ivan", "julie", "karl"]:
        assert visitor(handle).submit(house.path, **WORDS).status_code == 404, handle
    assert goals(db, house) == []
    assert db.scalars(select(Look).where(Look.citizen_id == house.citizen_id)).all() == []
    assert db.get(Citizen, house.citizen_id) is not None
