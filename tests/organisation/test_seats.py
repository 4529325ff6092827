"""Giving, moving and ending seats."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from med.access import SeatRole, Side
from med.journal.models import Entry
from med.organisation.actions import seats as actions
from med.organisation.forms import EndSeatForm, MoveSeatForm
from med.organisation.models import RepRole, Seat
from tests.meetings.conftest import viewer
from tests.meetings.crossing import crossing


@pytest.fixture
def here(committee_id):
    return f"/udvalg/{committee_id('med-aabrinken')}"


def seats_of(db, person_id, committee):
    db.rollback()
    return db.scalars(
        select(Seat).where(Seat.person_id == person_id, Seat.committee_id == committee).order_by(Seat.starts)
    ).all()


def journal(db, happened):
    db.rollback()
    return db.scalars(select(Entry).where(Entry.happened == happened)).all()


def give(visitor, here, **fields):
    return visitor.open(f"{here}/pladser/ny").form("Giv pladsen").fill(**fields).send()


def test_the_secretary_gives_a_seat(visitor, here, db, people, committee_id):
    answer = give(
        visitor("emil"),
        here,
        person="Freja Holst",
        role="member",
        side="employee",
        rep_role="tr",
        electoral_group="C",
        starts="1.12.2026",
        ends="2027-12-31",
    )
    assert answer.status_code == 303, answer.words
    (seat,) = seats_of(db, people.freja, committee_id("med-aabrinken"))
    assert (seat.side, seat.role, seat.starts, seat.ends) == (
        Side.EMPLOYEE,
        SeatRole.MEMBER,
        date(2026, 12, 1),
        date(2027, 12, 31),
    )
    (entry,) = journal(db, "seat.given")
    assert (entry.person_id, entry.thing, entry.thing_id) == (people.emil, "seat", seat.id)
    page = visitor("carla").open(f"{here}/pladser")
    assert (
        "Begynder senere Freja Holst medlem, tillidsrepræsentant (TR), medarbejdersiden, 1. dec. 2026 – 31. dec. 2027"
        in page.words
    )
    assert "Freja Holst" not in visitor("carla").open(here).words
    assert "Freja Holst" in visitor("carla").open(f"{here}?dag=2026-12-01").words


def test_others_may_not_keep_seats(visitor, here, db, people, committee_id):
    for handle in ["carla", "bo"]:
        who = visitor(handle)
        seat = seats_of(db, people.nadia, committee_id("med-aabrinken"))[0]
        page = who.open(here)
        assert "Giv en plads" not in page.words
        for path in (f"{here}/pladser/ny", f"{here}/pladser/{seat.id}", f"{here}/ret"):
            refused = who.open(path)
            assert refused.status_code == 403
            assert "Kun udvalgets MED-sekretær og systemadministratoren kan ændre udvalget." in refused.words
        form = {
            "person": "Freja Holst",
            "role": "member",
            "side": "employee",
            "starts": "2026-12-01",
            "ends": "2026-12-31",
        }
        for path in ("ny", f"{seat.id}/flyt", f"{seat.id}/slut", f"{seat.id}/fjern"):
            assert who.submit(f"{here}/pladser/{path}", **form).status_code == 403
        assert not journal(db, "seat.given") and not journal(db, "seat.ended")


def test_the_secretary_keeps_only_their_own_committees(visitor, committee_id, db):
    emil = visitor("emil")
    for key in ("omraademed-aeldre", "lokalmed-engbakkeskolen", "personalemoede-materielgaarden"):
        there = f"/udvalg/{committee_id(key)}"
        assert emil.open(f"{there}/pladser/ny").status_code == 403
        form = {"person": "Freja Holst", "role": "member", "side": "employee", "starts": "2026-12-01"}
        assert emil.submit(f"{there}/pladser/ny", **form).status_code == 403
        # A seat of another committee is not reached through an own one either.
        seat = db.scalar(select(Seat.id).where(Seat.committee_id == committee_id(key)))
        own = f"/udvalg/{committee_id('med-aabrinken')}"
        assert emil.open(f"{own}/pladser/{seat}").status_code == 404
        assert emil.submit(f"{own}/pladser/{seat}/slut", ends="2026-12-31").status_code == 404


def test_the_administrator_sets_up_and_reads_no_group(visitor, here, db, people, committee_id):
    ivan = visitor("ivan")
    assert (
        give(
            ivan, here, person="freja", role="member", side="employee", electoral_group="B", starts="2026-12-01"
        ).status_code
        == 303
    )
    seat = seats_of(db, people.nadia, committee_id("med-aabrinken"))[0]
    page = ivan.open(f"{here}/pladser/{seat.id}")
    assert "aggruppe" not in page.words
    assert (
        page.form("Skift rolle").fill(role="advisory", side="", rep_role="", starts="2026-12-01").send().status_code
        == 303
    )
    moved = seats_of(db, people.nadia, committee_id("med-aabrinken"))[-1]
    assert moved.role is SeatRole.ADVISORY
    assert moved.electoral_group is seat.electoral_group  # kept, though he neither saw nor sent it


def test_the_administrator_gets_no_seat_that_way(visitor, here, db, people, committee_id):
    answer = give(visitor("ivan"), here, person="ivan", role="member", side="management", starts="2026-11-21")
    assert answer.status_code == 403
    assert "Du kan ikke give dig selv en plads." in answer.words
    assert not seats_of(db, people.ivan, committee_id("med-aabrinken"))


WRONG = [
    ({"person": ""}, "person", "Skal udfyldes."),
    ({"person": "Anders Ingenting"}, "person", "Vi finder ingen med navnet Anders Ingenting."),
    ({"person": "Signe"}, "person", "Skriv, hvem du mener: Signe Aaby (signe)."),
    ({"person": "Ivan Thorsen (ivan)"}, "person", "er ikke ansat i den tid."),
    ({"person": "Nadia Rahmani (nadia)"}, "person", "har allerede en plads i udvalget i den tid: medlem fra"),
    ({"role": "chair"}, "side", "Formanden sidder på ledelsessiden."),
    ({"role": "vice_chair", "side": "management"}, "side", "Næstformanden sidder på medarbejdersiden."),
    ({"side": ""}, "side", "Vælg en side. Kun en tilforordnet har ingen."),
    ({"role": "pave"}, "role", "Vælg en af mulighederne."),
    ({"electoral_group": "D"}, "electoral_group", "Vælg en af mulighederne."),
    ({"starts": "31.2.2027"}, "starts", "Skriv en dato, der findes, fx 31.12.2027."),
    ({"starts": "0207-01-01"}, "starts", "Året skal ligge mellem 1950 og 2199."),
    ({"ends": "2026-11-30"}, "ends", "Sidste dag ligger før første dag."),
    ({"substitute_for": "999999", "role": "substitute"}, "substitute_for", "Vælg et medlem af udvalget."),
    ({"substitute_for": str(2**70), "role": "substitute"}, "substitute_for", "Tallet er for stort eller for lille."),
    ({"person": "x" * 200}, "person", "Højst 120 tegn; her er 200."),
    ({"person": "x"}, "person", "Skriv mindst 2 tegn."),
]


def test_what_does_not_fit_is_told_at_the_field(visitor, here, db):
    for typed, field, said in WRONG:
        form = {"person": "Freja Holst", "role": "member", "side": "employee", "starts": "2026-12-01", **typed}
        answer = visitor("emil").submit(f"{here}/pladser/ny", **form)
        assert answer.status_code == 422
        shown = answer.errors().get(field) or " ".join(answer.tree.xpath(f"string(//p[@id='f-{field}-error'])").split())
        assert said in shown, answer.words
        assert not journal(db, "seat.given")
        assert form["person"] in answer.text  # the words are kept


def test_namesakes_are_told_apart_by_their_handle(visitor, here, write, people):
    def rename(db):
        from med.organisation.models import Person

        db.get(Person, people.tove).name = "Freja Holst"

    write(rename)
    answer = give(visitor("emil"), here, person="Freja Holst", side="employee", starts="2026-12-01")
    assert "Skriv, hvem du mener: Freja Holst (freja), Freja Holst (tove)." in answer.errors()["person"]
    answer = give(visitor("emil"), here, person="Freja Holst (tove)", side="employee", starts="2026-12-01")
    assert answer.status_code == 303


def test_a_new_chair_is_asked_about_before_the_old_one_goes(visitor, here, db, people, committee_id):
    emil = visitor("emil")
    asked = give(emil, here, person="Dorte Overgaard", role="chair", side="management", starts="2027-01-01")
    assert asked.status_code == 422
    assert (
        "Anna Lindegaard er formand. Sæt kryds, hvis den plads skal slutte torsdag den 31. december 2026."
        in asked.words
    )
    answer = asked.form("Giv pladsen").fill(succeed="1").send()
    assert answer.status_code == 303
    committee = committee_id("med-aabrinken")
    assert seats_of(db, people.anna, committee)[0].ends == date(2026, 12, 31)
    assert seats_of(db, people.dorte, committee)[0].starts == date(2027, 1, 1)
    assert len(journal(db, "seat.ended")) == 1


def test_a_chair_to_come_is_in_the_way_too(visitor, here):
    emil = visitor("emil")
    first = give(emil, here, person="Dorte Overgaard", role="chair", side="management", starts="2027-01-01")
    assert first.form("Giv pladsen").fill(succeed="1").send().status_code == 303
    again = give(emil, here, person="Per Højlund", role="chair", side="management", starts="2026-12-15")
    assert again.status_code == 422
    assert "Dorte Overgaard er formand fra fredag den 1. januar 2027" in again.words


def test_a_substitute_stands_in_for_the_same_side(visitor, here, db, people, committee_id):
    committee = committee_id("med-aabrinken")
    lise = seats_of(db, people.lise, committee)[0]
    emil = visitor("emil")
    wrong = give(
        emil, here, person="freja", role="substitute", side="employee", substitute_for=lise.id, starts="2026-12-01"
    )
    assert "En suppleant skal være på samme side" in wrong.errors()["substitute_for"]
    right = give(
        emil, here, person="freja", role="substitute", side="management", substitute_for=lise.id, starts="2026-12-01"
    )
    assert right.status_code == 303
    mikkel = seats_of(db, people.mikkel, committee)[0]
    # One person may stand in for two, but not twice for the same.
    assert (
        give(
            emil,
            here,
            person="freja",
            role="substitute",
            side="management",
            substitute_for=mikkel.id,
            starts="2026-12-01",
        ).status_code
        == 303
    )
    twice = give(
        emil, here, person="freja", role="substitute", side="management", substitute_for=mikkel.id, starts="2026-12-01"
    )
    assert "har allerede en plads" in twice.errors()["person"]


def test_a_seat_ends_and_stays_in_the_history(visitor, here, db, people, committee_id):
    committee = committee_id("med-aabrinken")
    seat = seats_of(db, people.nadia, committee)[0]
    emil = visitor("emil")
    page = emil.open(f"{here}/pladser/{seat.id}")
    assert "Skal udfyldes" in page.form("Gem sidste dag").fill(ends="").send().words
    before = page.form("Gem sidste dag").fill(ends="2024-12-31").send()
    assert "kan ikke slutte før" in before.errors()["ends"]
    assert page.form("Gem sidste dag").fill(ends="30.11.2026").send().status_code == 303
    assert seats_of(db, people.nadia, committee)[0].ends == date(2026, 11, 30)
    nadia = f"/personer/{people.nadia}"
    assert nadia not in visitor("carla").open(f"{here}?dag=2026-12-01").links()
    assert nadia in visitor("carla").open(f"{here}?dag=2026-11-30").links()


def test_two_who_end_the_same_seat_do_not_overwrite_each_other(visitor, here, db, people, committee_id):
    seat = seats_of(db, people.nadia, committee_id("med-aabrinken"))[0]
    emil, ivan = visitor("emil"), visitor("ivan")
    his = emil.open(f"{here}/pladser/{seat.id}").form("Gem sidste dag").fill(ends="2026-12-31")
    assert (
        ivan.open(f"{here}/pladser/{seat.id}").form("Gem sidste dag").fill(ends="2027-06-30").send().status_code == 303
    )
    late = his.send()
    assert late.status_code == 409
    assert "En anden har ændret pladsen imens." in late.words
    assert seats_of(db, people.nadia, committee_id("med-aabrinken"))[0].ends == date(2027, 6, 30)


def test_a_seat_that_moves_while_somebody_ends_it_is_held_once(here, db, database, people, committee_id):
    committee = committee_id("med-aabrinken")
    seat = seats_of(db, people.nadia, committee)[0].id
    moves = MoveSeatForm(role=SeatRole.MEMBER, side=Side.EMPLOYEE, rep_role=RepRole.FTR, starts=date(2026, 12, 1))

    def ends(session):
        actions.end_seat(session, viewer(session, "ivan"), session.get(Seat, seat), EndSeatForm(ends=date(2027, 6, 30)))

    crossing(database, lambda s: actions.move_seat(s, viewer(s, "emil"), s.get(Seat, seat), moves), ends)
    first, second = seats_of(db, people.nadia, committee)
    assert (first.ends, second.starts) == (date(2026, 11, 30), date(2026, 12, 1))


def test_a_seat_that_is_over_is_not_changed(visitor, here, db, people, committee_id):
    seat = seats_of(db, people.karl, committee_id("med-aabrinken"))[0]
    emil = visitor("emil")
    page = emil.open(f"{here}/pladser/{seat.id}")
    assert "Pladsen er slut" in page.words
    assert not page.has_form("Gem sidste dag")
    assert emil.submit(f"{here}/pladser/{seat.id}/slut", ends="2027-01-01", seen="2026-03-31").status_code == 409
    assert emil.submit(f"{here}/pladser/{seat.id}/fjern").status_code == 409
    form = {"role": "member", "side": "employee", "starts": "2026-12-01"}
    assert emil.submit(f"{here}/pladser/{seat.id}/flyt", **form).status_code == 422
    assert emil.submit(f"{here}/pladser/{seat.id}/flyt", **{**form, "starts": "2026-02-01"}).status_code == 409
    [held] = seats_of(db, people.karl, committee_id("med-aabrinken"))
    assert held.ends == date(2026, 3, 31)


def test_a_substitute_becomes_a_member(visitor, here, db, people, committee_id):
    committee = committee_id("med-aabrinken")
    seat = seats_of(db, people.rasmus, committee)[0]
    emil = visitor("emil")
    page = emil.open(f"{here}/pladser/{seat.id}")
    nothing = page.form("Skift rolle").fill(starts="2026-12-01").send()
    assert "Her er intet ændret." in nothing.words
    early = page.form("Skift rolle").fill(role="member", substitute_for="", starts="2020-01-01").send()
    assert "Rollen kan først skifte efter" in early.errors()["starts"]
    moved = page.form("Skift rolle").fill(role="member", substitute_for="", rep_role="tr", starts="2026-12-01").send()
    assert moved.status_code == 303, moved.words
    old, new = seats_of(db, people.rasmus, committee)
    assert (old.role, old.ends) == (SeatRole.SUBSTITUTE, date(2026, 11, 30))
    assert (new.role, new.starts, new.ends) == (SeatRole.MEMBER, date(2026, 12, 1), None)
    assert new.electoral_group is old.electoral_group


def test_those_who_stood_in_for_the_old_role_stand_in_for_the_new(visitor, here, db, people, committee_id):
    committee = committee_id("med-aabrinken")
    bo = seats_of(db, people.bo, committee)[0]
    page = visitor("emil").open(f"{here}/pladser/{bo.id}")
    assert page.form("Skift rolle").fill(role="member", starts="2026-12-01").send().status_code == 303
    new = seats_of(db, people.bo, committee)[-1]
    assert seats_of(db, people.rasmus, committee)[0].substitute_for_id == new.id


def test_a_seat_that_has_not_begun_can_be_taken_back(visitor, here, db, people, committee_id):
    emil = visitor("emil")
    give(emil, here, person="freja", side="employee", starts="2026-12-01")
    seat_id = seats_of(db, people.freja, committee_id("med-aabrinken"))[0].id
    assert emil.open(f"{here}/pladser/{seat_id}").form("Ja, fjern den").send().status_code == 303
    assert not seats_of(db, people.freja, committee_id("med-aabrinken"))
    assert journal(db, "seat.withdrawn")[0].thing_id == seat_id


def test_a_seat_lies_within_the_committees_own_time(visitor, committee_id):
    there = f"/udvalg/{committee_id('arbejdsgruppe-makkerordning')}"
    answer = visitor("ivan").submit(
        f"{there}/pladser/ny", person="freja", role="member", side="employee", starts="2026-12-01"
    )
    assert re.search("Udvalget slutter onsdag den 30. september 2026", answer.words)


def test_sending_the_form_twice_gives_one_seat(visitor, here, db, people, committee_id):
    form = (
        visitor("emil")
        .open(f"{here}/pladser/ny")
        .form("Giv pladsen")
        .fill(person="freja", side="employee", starts="2026-12-01")
    )
    assert form.send().status_code == form.send().status_code == 303
    assert len(seats_of(db, people.freja, committee_id("med-aabrinken"))) == 1


def test_the_errors_come_in_english_too(visitor, here):
    emil = visitor("emil")
    emil.open("/mig?sprog=en")
    answer = emil.submit(f"{here}/pladser/ny", person="Freja Holst", role="chair", side="employee", starts="2026-12-01")
    assert "The chair sits on the management side." in answer.words
