"""Setting up committees and groups, changing them, and their rules of procedure."""

from datetime import date, datetime

import pytest
from sqlalchemy import select

from med import clock
from med.access import SeatRole
from med.journal.models import Entry
from med.organisation import queries
from med.organisation.models import Committee, Grant, GrantKind, Level, Rules, Seat
from med.organisation.queries import rules_on, viewer_for


@pytest.fixture
def here(committee_id):
    return f"/udvalg/{committee_id('med-aabrinken')}"


def named(db, name):
    db.rollback()
    return db.scalar(select(Committee).where(Committee.name == name))


def happened(db):
    db.rollback()
    return list(db.scalars(select(Entry.happened).order_by(Entry.id)))


# --- setting up ---------------------------------------------------------------------------------------------------


def test_the_chair_sets_up_a_group_and_the_secretary_keeps_it(visitor, here, db, people, committee_id):
    form = visitor("anna").open(here).tree.xpath("string(//a[contains(., 'Nedsæt en gruppe')]/@href)")
    page = visitor("anna").open(form)
    assert page.h1 == "Nedsæt en gruppe"
    told = page.form("Opret").fill(name="Støjgruppen", purpose="").send()
    assert "Skriv, hvad gruppen skal: dens kommissorium." in told.errors()["purpose"]
    answer = (
        told.form("Opret")
        .fill(purpose="Finde ud af, hvor det støjer, og foreslå, hvad vi gør.", ends="30.6.2027")
        .send()
    )
    assert answer.status_code == 303, answer.words
    group = named(db, "Støjgruppen")
    assert (group.level, group.key, group.parent_id) == (Level.AD_HOC, "stoejgruppen", committee_id("med-aabrinken"))
    assert (group.starts, group.ends) == (clock.today(), date(2027, 6, 30))
    assert {"committee.founded", "grant.given"} <= set(happened(db))
    assert viewer_for(db, people.emil).is_secretary(group.id)
    assert not viewer_for(db, people.anna).is_secretary(group.id)
    page = visitor("emil").open(f"/udvalg/{group.id}/pladser/ny")
    assert page.form("Giv pladsen").fill(person="tove", side="employee").send().status_code == 303
    assert "Finde ud af, hvor det støjer" in visitor("carla").open(f"/udvalg/{group.id}").words


def test_others_may_not_set_up_anything(visitor, here, committee_id, db):
    for handle in ["carla", "gunnar"]:
        who = visitor(handle)
        assert "Nedsæt en gruppe" not in who.open(here).words
        assert "Opret udvalg" not in who.open("/udvalg").words
        assert who.open("/udvalg/nyt").status_code == 403
        form = {"name": "Kaffegruppen", "level": "ad_hoc", "parent": committee_id("med-aabrinken"), "purpose": "Kaffe"}
        assert who.submit("/udvalg/nyt", **form).status_code == 403
        assert named(db, "Kaffegruppen") is None


def test_a_chair_sets_up_groups_only_and_only_under_their_own(visitor, committee_id, db):
    bo = visitor("bo")
    local = {"name": "LokalMED Værkstederne", "level": "local", "parent": committee_id("med-aabrinken")}
    assert bo.submit("/udvalg/nyt", **local).status_code == 403
    group = {"name": "Fjern gruppe", "level": "ad_hoc", "purpose": "x y", "parent": committee_id("omraademed-aeldre")}
    assert bo.submit("/udvalg/nyt", **group).status_code == 403
    assert bo.open("/udvalg/nyt").tree.xpath("//select[@name='level']/option/@value") == ["ad_hoc"]


def test_the_secretary_sets_up_committees_in_their_own_part(visitor, committee_id, db, people):
    emil = visitor("emil")
    form = {"name": "LokalMED Værkstederne", "level": "local"}
    assert emil.submit("/udvalg/nyt", **form, parent=committee_id("centermed-job")).status_code == 303
    made = named(db, "LokalMED Værkstederne")
    assert viewer_for(db, people.emil).is_secretary(made.id)
    refused = emil.submit(
        "/udvalg/nyt", name="LokalMED Plejen", level="local", parent=committee_id("omraademed-aeldre")
    )
    assert refused.status_code == 403
    assert "Du er ikke MED-sekretær for det udvalg" in refused.words
    assert emil.submit("/udvalg/nyt", name="Hovedudvalg to", level="main").status_code == 403


def test_the_administrator_sets_up_a_whole_tree(visitor, db, committee_id):
    ivan = visitor("ivan")
    assert ivan.submit("/udvalg/nyt", name="Hovedudvalget for Nabokommunen", level="main").status_code == 303
    top = named(db, "Hovedudvalget for Nabokommunen")
    assert ivan.submit("/udvalg/nyt", name="FagMED Kultur", level="area", parent=top.id).status_code == 303
    assert ivan.submit("/udvalg/nyt", name="FagMED Kultur", level="area", parent=top.id).status_code == 303
    parent = top.id
    db.rollback()
    assert sorted(db.scalars(select(Committee.key).where(Committee.parent_id == parent))) == [
        "fagmed-kultur",
        "fagmed-kultur-2",
    ]


WRONG = [
    ({"name": "x"}, "name"),
    ({"name": "x" * 121}, "name"),
    ({"level": "top"}, "level"),
    ({"parent": ""}, "parent"),
    ({"parent": "999999"}, "parent"),
    ({"parent": str(2**64)}, "parent"),
    ({"unit": "999999"}, "unit"),
    ({"unit": "kælderen"}, "unit"),
    ({"level": "main"}, "parent"),
    ({"starts": "2026-12-01", "ends": "2026-11-01"}, "ends"),
    ({"starts": "4.5"}, "starts"),
    ({"purpose": "x" * 8001}, "purpose"),
]


def test_what_does_not_fit_is_told_at_the_field(visitor, committee_id, db):
    for typed, field in WRONG:
        form = {"name": "LokalMED Nyt", "level": "local", "parent": committee_id("hovedudvalget"), **typed}
        answer = visitor("ivan").submit("/udvalg/nyt", **form)
        assert answer.status_code == 422
        assert field in answer.errors(), answer.words
        assert named(db, "LokalMED Nyt") is None


# --- changing -----------------------------------------------------------------------------------------------------


def test_the_secretary_changes_a_name_and_label(visitor, here, db):
    page = visitor("emil").open(f"{here}/ret")
    assert page.form("Gem").fill(name="MED på Åbrinken", label="MED-gruppe").send().status_code == 303
    changed = named(db, "MED på Åbrinken")
    assert (changed.label, changed.version) == ("MED-gruppe", 2)
    entry = db.scalars(select(Entry).where(Entry.happened == "committee.changed")).one()
    assert entry.fields == "label,name"


def test_two_who_change_it_at_once_see_each_others_words(visitor, here, db):
    emil, ivan = visitor("emil"), visitor("ivan")
    his = emil.open(f"{here}/ret").form("Gem").fill(name="Emils navn", short_name="Emil")
    assert ivan.open(f"{here}/ret").form("Gem").fill(name="Ivans navn").send().status_code == 303
    answer = his.send()
    assert answer.status_code == 409
    assert "Der står nu Ivans navn" in answer.words
    assert "Du har skrevet Emils navn" in answer.words
    assert named(db, "Ivans navn") is not None
    assert answer.form("Gem").send().status_code == 303  # having read both, Emil insists
    assert named(db, "Emils navn").short_name == "Emil"


def test_a_version_that_never_was_overwrites_nothing(visitor, here, db):
    for version in ["", "x", "-1", "0", "9" * 40]:
        form = visitor("emil").open(f"{here}/ret").form("Gem").fill(name="Andet navn", version=version)
        assert form.send().status_code == 409
        assert named(db, "Andet navn") is None


def test_a_committee_cannot_belong_under_itself(visitor, committee_id):
    ivan = visitor("ivan")
    top = committee_id("centermed-job")
    for below in (top, committee_id("med-aabrinken"), committee_id("arbejdsgruppe-makkerordning")):
        page = ivan.open(f"/udvalg/{top}/ret").form("Gem")
        answer = page.fill(parent=below).send()
        assert answer.status_code == 422
        assert "kan ikke høre under sig selv" in answer.errors()["parent"]


def test_the_secretary_moves_a_committee_only_within_their_own_part(visitor, here, committee_id, db):
    page = visitor("emil").open(f"{here}/ret")
    offered = page.tree.xpath("//select[@name='parent']/option/text()")
    assert "OmrådeMED Ældre og Sundhed" not in offered
    answer = page.form("Gem").fill(parent=committee_id("omraademed-aeldre")).send()
    assert answer.status_code == 403
    assert page.form("Gem").fill(parent=committee_id("hovedudvalget")).send().status_code == 303


def test_a_last_day_ends_the_seats_too(visitor, here, db, committee_id, people):
    emil = visitor("emil")
    assert emil.open(f"{here}/ret").form("Gem").fill(ends="2026-12-31").send().status_code == 303
    db.rollback()
    ends = set(db.scalars(select(Seat.ends).where(Seat.committee_id == committee_id("med-aabrinken"))))
    assert ends == {date(2026, 12, 31), date(2026, 3, 31), date(2026, 7, 31)}
    grant = db.scalar(select(Grant).where(Grant.committee_id == committee_id("med-aabrinken")))
    assert grant.ends == date(2026, 12, 31)
    with clock.at(datetime(2027, 1, 4, 8, tzinfo=clock.COPENHAGEN)):
        assert not viewer_for(db, people.anna).sits_as(committee_id("med-aabrinken"), SeatRole.CHAIR)


def test_a_committee_does_not_end_while_somebody_is_to_join(visitor, here, db, committee_id):
    emil = visitor("emil")
    emil.submit(f"{here}/pladser/ny", person="freja", role="member", side="employee", starts="2027-02-01")
    answer = emil.open(f"{here}/ret").form("Gem").fill(ends="2026-12-31").send()
    assert "Der er pladser, der begynder efter den dag." in answer.errors()["ends"]
    db.rollback()
    assert not db.scalars(select(Seat).where(Seat.ends == date(2026, 12, 31))).all()


# --- rules of procedure -------------------------------------------------------------------------------------------


def test_new_rules_hold_from_their_day_and_change_nothing_before(visitor, here, db, committee_id):
    committee = committee_id("med-aabrinken")
    page = visitor("emil").open(f"{here}/forretningsorden")
    form = page.form("Gem reglerne")
    assert dict(form.pairs)["proposals_days"] == "10"
    answer = form.fill(valid_from="1.1.2027", proposals_days="21", quorum="half_of_each", open_meetings=None).send()
    assert answer.status_code == 303, answer.words
    db.rollback()
    assert rules_on(db, committee, date(2026, 12, 31)).proposals_days == 10
    later = rules_on(db, committee, date(2027, 1, 1))
    assert (later.proposals_days, later.quorum.value, later.open_meetings) == (21, "half_of_each", False)
    words = visitor("carla").open(f"{here}/forretningsorden").words
    assert "Kommer til at gælde Fra fredag den 1. januar 2027" in words
    assert "senest 21 dage før mødet" in words
    assert "rules.set" in happened(db)


def test_rules_of_the_past_cannot_be_set(visitor, here, db):
    form = visitor("emil").open(f"{here}/forretningsorden").form("Gem reglerne")
    answer = form.fill(valid_from="2026-11-20", proposals_days="30").send()
    assert "Det, der har gældet, ændres ikke." in answer.errors()["valid_from"]
    assert 'value="30"' in answer.text
    assert "rules.set" not in happened(db)


def test_rules_of_the_same_day_replace_each_other(visitor, here, db, committee_id):
    emil = visitor("emil")
    for days in ("20", "25"):
        form = emil.open(f"{here}/forretningsorden").form("Gem reglerne")
        assert form.fill(valid_from="2027-01-01", proposals_days=days).send().status_code == 303
    db.rollback()
    found = db.scalars(select(Rules).where(Rules.valid_from == date(2027, 1, 1))).all()
    assert [rules.proposals_days for rules in found] == [25]


def test_rules_that_do_not_hold_yet_can_be_taken_back(visitor, here, db, committee_id):
    emil = visitor("emil")
    emil.open(f"{here}/forretningsorden").form("Gem reglerne").fill(valid_from="2027-01-01").send()
    assert emil.open(f"{here}/forretningsorden").form("Ja, fjern dem").send().status_code == 303
    db.rollback()
    in_force = db.scalars(select(Rules).where(Rules.committee_id == committee_id("med-aabrinken"))).one()
    assert emil.submit(f"{here}/forretningsorden/{in_force.id}/fjern").status_code == 409
    other = db.scalar(select(Rules.id).where(Rules.committee_id == committee_id("omraademed-aeldre")))
    assert emil.submit(f"{here}/forretningsorden/{other}/fjern").status_code == 404


def test_others_read_the_rules_and_do_not_set_them(visitor, here, db):
    for handle in ["carla", "anna"]:
        who = visitor(handle)
        page = who.open(f"{here}/forretningsorden")
        assert "senest 10 dage før mødet" in page.words
        assert not page.has_form("Gem reglerne")
        assert who.submit(f"{here}/forretningsorden", valid_from="2027-01-01").status_code == 403


def test_rules_that_do_not_fit_are_told_at_the_field(visitor, here, db):
    cases = [
        ("proposals_days", "-1"),
        ("proposals_days", "366"),
        ("agenda_days", "syv"),
        ("budget_days", ""),
        ("minutes_out_days", "1"),
        ("quorum", "flertal"),
        ("valid_from", "snart"),
        ("meetings_a_year", "9" * 30),
        ("proposals_days", "2"),
    ]
    for field, value in cases:
        form = visitor("emil").open(f"{here}/forretningsorden").form("Gem reglerne")
        answer = form.fill(**{field: value}).send()
        assert answer.status_code == 422
        assert field in answer.errors()
        assert "rules.set" not in happened(db)


def test_a_committee_without_rules_of_its_own_has_the_general_ones(visitor, db, committee_id):
    visitor("ivan").submit("/udvalg/nyt", name="FagMED Kultur", level="area", parent=committee_id("hovedudvalget"))
    page = visitor("carla").open(f"/udvalg/{named(db, 'FagMED Kultur').id}/forretningsorden")
    assert "Det er de almindelige, der gælder." in page.words
    assert "Forslag til punkter senest 14 dage før mødet" in page.words


# --- secretaries --------------------------------------------------------------------------------------------------


def test_the_administrator_names_a_secretary_for_a_part_of_the_tree(visitor, db, people, committee_id):
    ivan = visitor("ivan")
    form = ivan.open("/udvalg/rettigheder").form("Giv adgang")
    answer = form.fill(person="Kirsten Boe", committee=committee_id("centermed-job"), with_below="1").send()
    assert answer.status_code == 303, answer.words
    db.rollback()
    viewer = viewer_for(db, people.kirsten)
    below = {"centermed-job", "med-aabrinken", "arbejdsgruppe-makkerordning"}
    assert viewer.secretary_of == {committee_id(key) for key in below}
    page = visitor("carla").open(f"/udvalg/{committee_id('med-aabrinken')}")
    assert "MED-sekretær Emil Nørskov Kirsten Boe" in page.words
    twice = ivan.open("/udvalg/rettigheder").form("Giv adgang")
    twice = twice.fill(person="kirsten", committee=committee_id("centermed-job")).send()
    assert "er allerede sekretær" in twice.errors()["person"]


def test_a_grant_ends_and_stays_in_the_list(visitor, db, people, committee_id):
    ivan = visitor("ivan")
    grant = db.scalar(select(Grant).where(Grant.committee_id == committee_id("med-aabrinken")))
    path = f"/udvalg/rettigheder/{grant.id}/slut"
    assert ivan.open("/udvalg/rettigheder").form(action=path).fill(ends="20.11.2026").send().status_code == 303
    db.rollback()
    assert not viewer_for(db, people.emil).is_secretary(committee_id("med-aabrinken"))
    assert "Tidligere Emil Nørskov" in ivan.open("/udvalg/rettigheder").words
    assert ivan.submit(path, ends="2027-01-01").status_code == 409
    assert visitor("emil").open(f"/udvalg/{committee_id('med-aabrinken')}/ret").status_code == 403


def test_only_the_administrator_gives_grants_and_never_to_themselves(visitor, db, committee_id):
    form = {"person": "carla", "committee": committee_id("med-aabrinken"), "starts": "2026-11-21"}
    for handle in ("carla", "emil", "anna"):
        assert visitor(handle).open("/udvalg/rettigheder").status_code == 403
        assert visitor(handle).submit("/udvalg/rettigheder", **form).status_code == 403
    assert visitor("ivan").submit("/udvalg/rettigheder", **{**form, "person": "ivan"}).status_code == 403
    admin = db.scalar(select(Grant.id).where(Grant.kind == GrantKind.ADMIN))
    assert visitor("ivan").submit(f"/udvalg/rettigheder/{admin}/slut", ends="2026-12-01").status_code == 403
    assert visitor("ivan").submit("/udvalg/rettigheder/999999/slut", ends="2026-12-01").status_code == 404
    assert "grant.given" not in happened(db)


def test_a_secretary_of_a_part_keeps_what_is_below(db, people, write, committee_id):
    def grant(session):
        session.add(
            Grant(
                person_id=people.kirsten,
                kind=GrantKind.SECRETARY,
                committee_id=committee_id("hovedudvalget"),
                with_below=True,
                starts=clock.today(),
            )
        )

    write(grant)
    db.rollback()
    everything = {found.id for found in queries.committees(db, viewer_for(db, people.kirsten))}
    assert viewer_for(db, people.kirsten).secretary_of == everything
