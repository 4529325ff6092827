"""A manager says who coordinates and who keeps the instruments, from when to when; it opens, and ends, by the day."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from med import clock, demo
from med.competence_compass.models import CompassRole
from med.organisation.models import Unit


@pytest.fixture
def unit(db):
    return str(db.scalars(select(Unit.id).where(Unit.key == "vaerkstederne")).one())


def form(visitor, handle="dorte"):
    return visitor(handle).open("/kompas/roller").form("Giv rollen")


def test_a_coordinator_is_named_and_sees_the_intake_from_the_first_day(visitor, unit):
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    assert visitor("gunnar").open("/kompas/indtag").status_code in (403, 404)
    given = form(visitor).fill(person="gunnar", kind="coordinator", unit=unit, starts=tomorrow).send()
    assert given.status_code == 303
    assert visitor("gunnar").open("/kompas/indtag").status_code in (403, 404)
    with clock.at(demo.NOW + timedelta(days=1)):
        assert visitor("gunnar").open("/kompas/indtag").status_code == 200
        assert "Gunnar" in visitor("dorte").open("/kompas/roller").words


def test_a_role_ended_opens_nothing_the_day_after(visitor, unit, db):
    form(visitor).fill(person="gunnar", kind="coordinator", unit=unit).send()
    db.rollback()
    role = db.scalars(select(CompassRole.id).order_by(CompassRole.id.desc())).first()
    page = visitor("dorte").open("/kompas/roller")
    page.form(action=f"/kompas/roller/{role}/slut").fill(ends=clock.today().isoformat()).send()
    assert visitor("gunnar").open("/kompas/indtag").status_code == 200  # today is the last day
    with clock.at(demo.NOW + timedelta(days=1)):
        assert visitor("gunnar").open("/kompas/indtag").status_code in (403, 404)


def test_nobody_names_themselves(visitor, unit):
    refused = form(visitor).fill(person="dorte", kind="coordinator", unit=unit).send()
    assert refused.status_code == 422 and "Du kan ikke give dig selv en rolle" in refused.errors()["person"]


def test_only_for_units_one_manages(visitor, db):
    other = str(db.scalars(select(Unit.id).where(Unit.key == "engbakkeskolen")).one())
    refused = form(visitor).fill(person="gunnar", kind="coordinator", unit=other).send()
    assert refused.status_code == 422 and "unit" in refused.errors()


@pytest.mark.parametrize(
    ("field", "value"),
    [("person", "Ingen Alene"), ("kind", "chef"), ("starts", "i morgen"), ("ends", "1999-01-01"), ("person", "")],
)
def test_what_does_not_fit_is_said_at_the_field(visitor, unit, field, value):
    filled = form(visitor).fill(person="gunnar", kind="coordinator", unit=unit)
    refused = filled.fill(**{field: value}).send()
    assert refused.status_code == 422 and refused.errors()[field]
    assert refused.form("Giv rollen").pairs  # the form comes back


def test_the_same_role_is_not_given_twice(visitor, unit):
    form(visitor).fill(person="gunnar", kind="coordinator", unit=unit).send()
    again = form(visitor).fill(person="gunnar", kind="coordinator", unit=unit).send()
    assert again.status_code == 422 and "allerede" in again.errors()["person"]


@pytest.mark.parametrize("handle", ["bo", "carla", "freja", "ivan", "emil"])
def test_those_who_manage_nothing_give_nothing(visitor, handle):
    assert visitor(handle).open("/kompas/roller").status_code == 403


def test_a_role_is_ended_sooner_and_never_later(visitor, unit, db):
    """Prolonging is giving anew, and nobody gives to themselves."""
    ends = clock.today() + timedelta(days=5)
    form(visitor).fill(person="gunnar", kind="coordinator", unit=unit, ends=ends.isoformat()).send()
    db.rollback()
    role = db.scalars(select(CompassRole.id).order_by(CompassRole.id.desc())).first()

    def end_on(day):
        page = visitor("dorte").open("/kompas/roller")
        return page.form(action=f"/kompas/roller/{role}/slut").fill(ends=day.isoformat()).send()

    assert end_on(ends + timedelta(days=1)).status_code == 422
    assert end_on(ends - timedelta(days=1)).status_code == 303
