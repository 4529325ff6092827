"""A new installation: nothing in it but an administrator who works elsewhere."""

import pytest
from sqlalchemy import select

from med import clock
from med.db import Database
from med.migrations import upgrade
from med.organisation.models import Committee, Employment, Grant, GrantKind, Level, Person, Unit

BEGIN = "//section[@aria-labelledby='waiting']//a/@href"


@pytest.fixture
def bare(app, backend, request, tmp_path):
    if backend == "sqlite":
        url = f"sqlite:///{tmp_path / 'bare.db'}"
    else:
        url = request.getfixturevalue("postgres").create(f"bare_{tmp_path.name}")
    made = Database(url)
    upgrade(made.write_engine)
    with made.writing() as db:
        ivan = Person(handle="ivan", name="Ivan Iversen")
        db.add(ivan)
        db.flush()
        db.add(Grant(person_id=ivan.id, kind=GrantKind.ADMIN, starts=clock.today()))
    app.state.desk.database = made
    yield made
    made.close()


def test_the_administrator_begins_with_people_and_the_main_committee(bare, visitor):
    ivan = visitor("ivan")
    first = ivan.open("/")
    assert "Begynd her:" in first.words and "Ingenting lige nu" not in first.words
    assert {"/udvalg/indlaes", "/udvalg/nyt", "/udvalg/rettigheder"} <= set(first.tree.xpath(BEGIN))
    assert "Der er ingen personer endnu." in ivan.open("/udvalg/personer").words
    page = ivan.open("/udvalg/nyt")
    assert page.tree.xpath("//select[@name='level']/option/@value") == [Level.MAIN.value]
    answer = page.form("Opret").fill(name="Hovedudvalget").send()
    assert answer.status_code == 303, answer.words
    with bare.reading() as db:
        assert db.execute(select(Committee.name, Committee.level)).all() == [("Hovedudvalget", Level.MAIN)]
    assert ivan.open("/").tree.xpath(BEGIN) == ["/udvalg/indlaes", "/udvalg/rettigheder"]
    with bare.writing() as db:
        unit, ida = Unit(key="k", name="Kommunen"), Person(handle="ida", name="Ida Iversen")
        db.add_all([unit, ida])
        db.flush()
        db.add(Employment(person_id=ida.id, unit_id=unit.id, title="", starts=clock.today()))
    assert ivan.open("/").tree.xpath(BEGIN) == ["/udvalg/rettigheder"]
    with bare.writing() as db:
        main = db.scalar(select(Committee.id))
        db.add(Grant(person_id=ida.id, kind=GrantKind.SECRETARY, committee_id=main, starts=clock.today()))
    assert "Begynd her:" not in ivan.open("/").words
    assert Level.MAIN.value in ivan.open("/udvalg/nyt").tree.xpath("//select[@name='level']/option/@value")


def test_whoever_may_not_found_anything_is_told_so(bare, visitor):
    with bare.writing() as db:
        db.add(Person(handle="carla", name="Carla Juhl"))
    assert visitor("carla").open("/udvalg/nyt").status_code == 403
