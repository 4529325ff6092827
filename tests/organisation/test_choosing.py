"""Committees and people as lists and fields offer them."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from med import clock
from med.access import Viewer
from med.organisation import choosing
from med.organisation.choosing import committees_to_filter, every_committee, living_committees
from med.organisation.models import Committee, Employment, Level, Person
from med.organisation.suggesting import suggested

LONG_AGO = date(2026, 1, 1)


@pytest.fixture
def ended(db, write):
    """The id of a committee whose name begins with the last letter, and which is over."""
    group = {"key": "aa", "uid": "aa", "name": "Aagårdens gruppe", "level": Level.AD_HOC, "starts": LONG_AGO}
    db.rollback()
    return write(lambda db: added(db, Committee(**group, ends=LONG_AGO)))


def added(db, thing):
    db.add(thing)
    db.flush()
    return thing.id


@pytest.fixture
def change(write):
    """`change(Committee, id, name="…")`"""

    def make(kind, id, **values):
        def apply(db):
            for name, value in values.items():
                setattr(db.get(kind, id), name, value)

        write(apply)

    return make


def test_lists_are_in_danish_order_and_say_what_is_over_only_where_it_is_asked_for(db, people, ended):
    anna = people.viewer("anna")
    everything = every_committee(db, anna)
    assert everything[-1] == (ended, "Aagårdens gruppe")
    assert everything[0][1] == "Arbejdsgruppen om makkerordning"  # over, too
    assert living_committees(db, anna) == everything[1:-1]
    assert living_committees(db, anna, also=ended) == everything[1:]
    assert living_committees(db, anna).without(everything[1][0]) == everything[2:-1]


def test_whoever_does_not_work_here_is_offered_nothing(db, people):
    ivan = Viewer(person_id=people.ivan, name="Ivan", handle="ivan")
    assert (every_committee(db, ivan), living_committees(db, ivan), committees_to_filter(db, ivan)) == ((), (), ())


def test_where_there_are_too_many_one_filters_by_ones_own_and_the_chosen_one(db, people, ended, monkeypatch):
    anna = people.viewer("anna")
    assert committees_to_filter(db, anna) == every_committee(db, anna)
    monkeypatch.setattr(choosing, "MOST_FILTERED", 2)
    offered = {id for id, _ in committees_to_filter(db, anna)}
    assert offered == set(anna.committee_ids) and ended not in offered
    assert {id for id, _ in committees_to_filter(db, anna, ended)} == offered | {ended}


def chosen(page):
    return page.tree.xpath("string(//select[@name='udvalg']/option[@selected])")


def test_a_name_in_the_list_changes_as_soon_as_it_does(visitor, ended, change):
    anna = visitor("anna")
    assert chosen(anna.open(f"/moeder?udvalg={ended}")) == "Aagårdens gruppe"
    change(Committee, ended, name="<Zebra> & søn")
    assert chosen(anna.open(f"/moeder?udvalg={ended}")) == "<Zebra> & søn"
    assert chosen(anna.open("/moeder")) == ""


def tree_of(person):
    return person.open("/udvalg").tree.xpath("string(//div[@class='tree'])")


def test_the_tree_is_drawn_anew_when_something_in_it_changes_and_for_each_language(
    visitor, people, committee_id, change
):
    anna, carla, here = visitor("anna"), visitor("carla"), committee_id("med-aabrinken")
    change(Person, people.carla, language="en")
    change(Committee, here, label="")
    assert "LokalMED" in tree_of(anna)
    assert tree_of(carla) != tree_of(anna)
    change(Committee, here, name="Et helt andet navn")
    assert "Et helt andet navn" in tree_of(anna) and "Et helt andet navn" in tree_of(carla)
    change(Committee, here, ends=clock.today() - timedelta(days=1))
    assert "Et helt andet navn" not in tree_of(anna)
    assert "Et helt andet navn" in anna.open("/udvalg").tree.xpath("string(//section[@aria-labelledby='over'])")


def test_whoever_has_two_jobs_is_suggested_once(db, people, write):
    unit = db.scalars(select(Employment.unit_id).where(Employment.person_id == people.anna)).first()
    jobs = (("AAA", None), ("A", date(2021, 1, 1)))
    for title, ends in jobs:
        job = {"person_id": people.anna, "unit_id": unit, "title": title, "starts": date(2020, 1, 1), "ends": ends}
        write(lambda db, job=job: added(db, Employment(**job)))
    db.rollback()
    anna = db.scalar(select(Person.name).where(Person.id == people.anna))
    assert [title for name, title in suggested(db, people.viewer("anna")) if name == anna] == ["AAA"]
