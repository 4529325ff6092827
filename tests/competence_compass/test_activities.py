"""Proposing activities, what they are meant to do, and what others may see of them."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass import sums
from med.competence_compass.models import Activity, ActivityState, Exam, Hypothesis, RoleKind, Run, Version
from med.competence_compass.vault import Vault
from med.organisation.queries import viewer_for
from med.slices import waiting_for
from tests.competence_compass import factories, house
from tests.competence_compass.factories import facts
from tests.visitors import Visitor

Visit = Callable[..., Visitor]
Write = Callable[[Callable[[Session], Any]], Any]
EMPLOYEES = ["anna", "bo", "carla", "dorte", "emil", "freja", "gunnar", "hanne", "julie"]


@pytest.fixture
def centre(write: Write, vault: Vault) -> SimpleNamespace:
    """Åbrinken with an instrument, bo coordinating, a proposed activity and one that runs."""

    def build(db: Session) -> SimpleNamespace:
        house.give_role(db, "bo", RoleKind.COORDINATOR)
        version = house.make_instrument(db, areas=2, dimensions=2)
        proposed = factories.make_activity(db, "A-HAVE", "Haveholdet", owner_id=house.person_id(db, "carla"))
        running = factories.make_activity(db, "A-MAD", "Madværksted", has_exam=True)
        factories.suppose(db, running, version)
        run = factories.make_run(db, running)
        return SimpleNamespace(proposed=proposed.id, running=running.id, run=run.id, version=version.id)

    return write(build)


def test_everyone_who_works_here_sees_the_activities_and_the_administrator_does_not(
    visitor: Visit, centre: SimpleNamespace
) -> None:
    for handle in EMPLOYEES:
        page = visitor(handle).open("/kompas/aktiviteter")
        assert page.status_code == 200, handle
        assert "Haveholdet" in page.words and "Madværksted" in page.words
        assert visitor(handle).open(f"/kompas/aktivitet/{centre.running}").status_code == 200
    for path in ("/kompas/aktiviteter", "/kompas/aktiviteter/ny", f"/kompas/aktivitet/{centre.running}",
                 f"/kompas/forloeb/{centre.run}"):  # fmt: skip
        assert visitor("ivan").open(path).status_code == 404, path


def test_carla_proposes_an_activity_with_what_it_is_meant_to_do(
    visitor: Visit, centre: SimpleNamespace, db: Session, people: Any
) -> None:
    carla = visitor("carla")
    form = carla.open("/kompas/aktiviteter/ny").form("Foreslå aktiviteten")
    answer = form.fill(
        title="Cykelværksted", kind="workshop", planned_sessions="20", about="Vi *reparerer* cykler."
    ).send()
    assert answer.status_code == 303
    page = carla.open(answer.headers["location"])
    assert page.h1 == "Cykelværksted"
    assert "kan ikke begynde, før det er skrevet" in page.words
    db.rollback()
    made = db.scalars(select(Activity).where(Activity.title == "Cykelværksted")).one()
    assert made.state is ActivityState.PROPOSED and made.owner_id == people.carla and made.code
    dimension = page.tree.xpath("//select[@name='dimension']/option[@value!='']/@value")[1]
    sent = page.form("Gem hypotesen").fill(dimension=dimension, size="small", rationale="De øver sig hver dag").send()
    assert sent.status_code == 303
    page = carla.open(f"/kompas/aktivitet/{made.id}")
    assert "Forventet virkning: lille" in page.words and "d = 0,2" in page.words
    twice = page.form("Gem hypotesen").fill(dimension=dimension, size="small", rationale="Igen").send()
    assert twice.status_code == 422 and "allerede en hypotese" in twice.errors()["dimension"]
    # Whoever proposed it describes it; whether it begins is for others.
    assert page.has_form("Fjern hypotesen") and not page.has_form("Ja, afslut aktiviteten")
    assert carla.open(f"/kompas/aktivitet/{made.id}/forloeb/nyt").status_code == 403
    assert visitor("julie").open(f"/kompas/aktivitet/{made.id}/ret").status_code == 403


def test_what_does_not_fit_is_said_at_the_field_and_the_words_stay(visitor: Visit, centre: SimpleNamespace) -> None:
    carla = visitor("carla")
    form = carla.open("/kompas/aktiviteter/ny").form("Foreslå aktiviteten")
    page = form.fill(
        title="Sang", planned_sessions="0", capacity="-1", code="a-mad", about="Ring til 010190-1234"
    ).send()
    assert page.status_code == 422
    assert {"kind", "planned_sessions", "capacity"} <= set(page.errors())
    page = page.form("Foreslå aktiviteten").fill(kind="social", planned_sessions="4", capacity="5").send()
    assert "CPR-nummer" in page.errors()["about"]
    page = page.form("Foreslå aktiviteten").fill(not_cpr="1").send()
    assert page.status_code == 422 and "anden aktivitet" in page.errors()["code"]
    assert "Ring til 010190-1234" in page.tree.xpath("string(//textarea[@name='about'])")
    assert page.form("Foreslå aktiviteten").fill(code="").send().status_code == 303


def test_two_who_correct_it_at_once_lose_nothing(visitor: Visit, centre: SimpleNamespace, db: Session) -> None:
    path = f"/kompas/aktivitet/{centre.proposed}/ret"
    first, second = visitor("anna").open(path), visitor("carla").open(path)
    assert first.form("Gem").fill(title="Haveholdet ved søen").send().status_code == 303
    page = second.form("Gem").fill(about="Vi dyrker kål").send()
    assert page.status_code == 409 and "En anden har rettet" in page.words
    assert "Vi dyrker kål" in page.text
    assert page.form("Gem").send().status_code == 303  # on top of what stands now


def test_nothing_begins_without_a_hypothesis(
    visitor: Visit, centre: SimpleNamespace, write: Write, db: Session
) -> None:
    def plan(db: Session) -> int:
        activity = db.get_one(Activity, centre.proposed)
        return factories.make_run(db, activity, started=False, starts=clock.today()).id

    run = write(plan)
    anna = visitor("anna")
    page = anna.open(f"/kompas/forloeb/{run}")
    assert "Aktiviteten har ingen hypotese" in page.words and not page.has_form("Begynd forløbet")
    refused = anna.submit(f"/kompas/forloeb/{run}/start")
    assert refused.status_code == 403 and "gøre en forskel" in refused.words
    page = anna.open(f"/kompas/aktivitet/{centre.proposed}")
    dimension = page.tree.xpath("//select[@name='dimension']/option[@value!='']/@value")[0]
    page.form("Gem hypotesen").fill(dimension=dimension, size="medium", rationale="Frisk luft").send()
    assert anna.open(f"/kompas/forloeb/{run}").form("Begynd forløbet").send().status_code == 303
    page = anna.open(f"/kompas/aktivitet/{centre.proposed}")
    assert "Hypoteserne har ligget fast" in page.words and not page.has_form("Fjern hypotesen")
    hypothesis = db.scalars(select(Hypothesis.id).where(Hypothesis.activity_id == centre.proposed)).one()
    gone = anna.submit(f"/kompas/aktivitet/{centre.proposed}/hypoteser/{hypothesis}/fjern")
    assert gone.status_code == 403 and "ligger fast" in gone.words
    # A later one is for looking around only.
    later = page.tree.xpath("//select[@name='dimension']/option[@value!='']/@value")[1]
    page.form("Gem hypotesen").fill(dimension=later, size="large", rationale="Det ser ud til at virke").send()
    db.rollback()
    found = {
        one.is_exploratory for one in db.scalars(select(Hypothesis).where(Hypothesis.activity_id == centre.proposed))
    }
    assert found == {True, False}
    assert "Udforskende hypoteser" in anna.open(f"/kompas/aktivitet/{centre.proposed}").words


def people_viewer(db: Session, handle: str) -> Any:
    return viewer_for(db, house.person_id(db, handle))


def test_who_can_do_something_about_a_missing_hypothesis_is_told(
    centre: SimpleNamespace, write: Write, db: Session
) -> None:
    write(lambda db: factories.make_run(db, db.get_one(Activity, centre.proposed), started=False,
                                        starts=clock.today() + timedelta(days=5)))  # fmt: skip
    for handle, told in {"anna": True, "bo": True, "carla": True, "dorte": True, "freja": False, "ivan": False}.items():
        kinds = {one.kind for one in waiting_for(db, people_viewer(db, handle))}
        assert ("activity.no_hypothesis" in kinds) is told, handle


@pytest.mark.parametrize(
    "statement",
    [
        lambda activity, hypothesis: update(Hypothesis).where(Hypothesis.id == hypothesis).values(expected_d=0.1),
        lambda activity, hypothesis: delete(Hypothesis).where(Hypothesis.id == hypothesis),
        lambda activity, hypothesis: update(Activity).where(Activity.id == activity).values(frozen_at=None),
    ],
    ids=["rewrite", "remove", "thaw"],
)
def test_the_database_itself_keeps_what_was_supposed(
    centre: SimpleNamespace, write: Write, db: Session, statement: Any
) -> None:
    hypothesis = db.scalars(select(Hypothesis.id).where(Hypothesis.activity_id == centre.running)).one()
    with pytest.raises(DatabaseError, match="frozen"):
        write(lambda db: db.execute(statement(centre.running, hypothesis)))


def test_the_database_lets_nothing_in_afterwards_as_if_it_had_been_there(centre: SimpleNamespace, write: Write) -> None:
    def slip_in(db: Session, **fields: Any) -> None:
        activity, version = db.get_one(Activity, centre.running), db.get_one(Version, centre.version)
        factories.suppose(db, activity, version, 2, **fields)

    with pytest.raises(DatabaseError, match="frozen"):
        write(slip_in)
    write(lambda db: slip_in(db, is_exploratory=True))


def test_the_coordinator_counts_today_and_others_are_told_of_the_quarter(
    visitor: Visit, centre: SimpleNamespace, write: Write, vault: Vault
) -> None:
    """The day somebody joins is seen by who keeps the list, and by nobody else until the quarter has ended."""

    def fill(db: Session, first: int, count: int) -> None:
        activity = db.get_one(Activity, centre.running)
        for number in range(first, first + count):
            citizen = house.make_citizen(db, vault, f"K{number}-PIL", contact=None)
            factories.wait(db, activity, citizen, days=10 * number)

    def garden(db: Session) -> None:
        """Another list of the unit, for the empty ones to hide behind."""
        other = factories.make_activity(db, "A-DRIVHUS", "Drivhuset")
        for number in range(6):
            factories.wait(db, other, house.make_citizen(db, vault, f"H{number}-PIL", contact=None))

    write(garden)
    write(lambda db: fill(db, 1, 10))
    path, last = f"/kompas/aktivitet/{centre.running}", "Ventede ved udgangen af 3. kvartal 2026"
    found = facts(visitor("bo").open(path))
    assert found["Venter nu"] == "10" and found["Længste ventetid"] == "100 dage"
    assert "Venter nu: 10" in visitor("bo").open("/kompas/aktiviteter").words
    for handle in ("carla", "anna", "dorte"):
        them = visitor(handle)
        found = facts(them.open(path))
        assert found[last] == "vises ikke" and "Venter nu" not in found, handle
        [line] = them.open("/kompas/aktiviteter").tree.xpath(f"//main//li[a[@href='{path}']]")
        assert "Vente" not in line.text_content()
    with clock.at(clock.now() + timedelta(days=60)):
        write(sums.freeze_what_ended)
        write(lambda db: fill(db, 11, 1))
        carla = visitor("carla")
        found = facts(carla.open(path))
        assert found["Ventede ved udgangen af 4. kvartal 2026"] == "10" and found["Havde typisk ventet"]
        [line] = carla.open("/kompas/aktiviteter").tree.xpath(f"//main//li[a[@href='{path}']]")
        assert "Ventede: 10" in line.text_content()


def test_exam_sums_do_not_point_at_those_who_failed(
    visitor: Visit, centre: SimpleNamespace, write: Write, vault: Vault
) -> None:
    def sit(db: Session, passed: int, failed: int, prefix: str) -> None:
        run = db.get_one(Run, centre.run)
        for number in range(passed + failed):
            held = factories.put_in(db, run, house.make_citizen(db, vault, f"{prefix}{number}-EG", contact=None))
            db.add(Exam(participation_id=held.id, day=clock.today(), passed=number < passed))

    def told(handle: str) -> dict[str, str]:
        return facts(visitor(handle).open(f"/kompas/aktivitet/{centre.running}"))

    write(lambda db: sit(db, 6, 2, "A"))
    assert "Aflagte prøver i 2026" not in told("bo")  # the year is not over
    with clock.at(clock.now() + timedelta(days=60)):
        write(sums.freeze_what_ended)
        assert told("carla")["Aflagte prøver i 2026"] == "vises ikke"  # two of eight failed
    write(lambda db: sit(db, 10, 8, "B"))
    with clock.at(clock.now() + timedelta(days=60)):
        assert told("dorte")["Aflagte prøver i 2026"] == "vises ikke"  # what was kept stays


def test_ending_an_activity_ends_the_waiting(
    visitor: Visit, centre: SimpleNamespace, write: Write, vault: Vault
) -> None:
    write(lambda db: factories.wait(db, db.get_one(Activity, centre.proposed), house.make_citizen(db, vault)))
    anna = visitor("anna")
    blocked = anna.submit(f"/kompas/aktivitet/{centre.running}/afslut")
    assert blocked.status_code == 409 and "Et forløb er i gang" in blocked.words
    assert anna.open(f"/kompas/aktivitet/{centre.proposed}").form("Ja, afslut aktiviteten").send().status_code == 303
    page = anna.open(f"/kompas/aktivitet/{centre.proposed}")
    assert "Afsluttet" in page.words and not page.has_form("Gem hypotesen")
    assert anna.open(f"/kompas/aktivitet/{centre.proposed}/forloeb/nyt").status_code == 403


def test_the_list_is_filtered_and_nonsense_is_refused(visitor: Visit, centre: SimpleNamespace) -> None:
    carla = visitor("carla")
    page = carla.open("/kompas/aktiviteter?tilstand=proposed")
    assert "Haveholdet" in page.words and "Madværksted" not in page.words
    assert "Ingen aktiviteter" in carla.open("/kompas/aktiviteter?slags=job").words
    assert carla.open("/kompas/aktiviteter?tilstand=x").status_code == 400
    assert carla.open("/kompas/aktiviteter?enhed=x").status_code == 400
