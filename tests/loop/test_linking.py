"""A decision and an activity find each other, on the pages people use."""

import pytest
from sqlalchemy import select

from med.competence_compass.models import Activity
from med.journal.models import Entry
from med.loop.models import DecisionLink


def link(visitor, decision, cooking, **fields):
    page = visitor.open(f"/beslutninger/{decision}")
    return page.form("Knyt aktiviteten til").fill(activity=cooking.id, **{"kind": "starts", **fields}).send()


@pytest.mark.parametrize("handle", ["anna", "bo", "emil", "gunnar"])
def test_those_who_follow_up_link_an_activity(visitor, decided, cooking, db, handle):
    decision = decided()
    answer = link(visitor(handle), decision, cooking)
    assert answer.status_code == 303
    page = visitor("carla").open(f"/beslutninger/{decision}")
    assert "Satte “Køkkenholdet” i gang; den er ikke begyndt endnu." in page.words
    assert not page.has_form("Knyt aktiviteten til")
    assert f"/kompas/aktivitet/{cooking.id}" in page.links()
    assert db.get_one(Activity, cooking.id).decision_id == decision
    noted = db.scalars(select(Entry.happened).where(Entry.thing == "decision", Entry.thing_id == decision)).all()
    assert "decision.linked" in noted
    there = visitor("carla").open(f"/kompas/aktivitet/{cooking.id}")
    assert "Beslutninger om aktiviteten" in there.words
    assert f"/beslutninger/{decision}#kredsloeb" in there.links()


def test_others_may_not(visitor, decided, cooking, db):
    decision = decided()
    answer = visitor("carla").submit(f"/beslutninger/{decision}/kredsloeb", activity=cooking.id, kind="starts")
    assert answer.status_code == 403
    assert db.scalar(select(DecisionLink.id)) is None


def test_stopping_says_on_what_basis(visitor, decided, cooking, measured, db):
    decision, anna = decided(), visitor("anna")
    for fields, name, words in (
        ({}, "basis", "Sig, hvad det bygger på"),
        ({"basis": "judgement"}, "judgement", "Skriv den faglige vurdering"),
        ({"basis": "run"}, "basis", "ikke målt"),
        ({"basis": "judgement", "judgement": "Ring til 010190-1234"}, "judgement", "CPR-nummer"),
    ):
        again = link(anna, decision, cooking, kind="stops", **fields)
        assert again.status_code == 422
        said = again.words
        assert words in said, (name, said)
        assert again.tree.xpath("//select[@name='activity']/option[@selected]/@value") == [str(cooking.id)]
    run = measured("tilbagegang", "uafklaret")
    assert link(anna, decision, cooking, kind="stops", basis="run").status_code == 303
    made = db.scalars(select(DecisionLink)).one()
    assert (made.run_id, made.judgement) == (run, "")
    page = anna.open(f"/beslutninger/{decision}")
    assert f"Bygger på beregning {run}" in page.words
    assert "Stoppede “Køkkenholdet”; beregningen viser tilbagegang" in page.words


def test_a_judgement_stands_where_it_was_given(visitor, decided, cooking):
    decision, anna = decided(), visitor("anna")
    words = "Deltagerne siger selv, at de har lært det"
    assert link(anna, decision, cooking, kind="stops", basis="judgement", judgement=words).status_code == 303
    assert words in visitor("carla").open(f"/beslutninger/{decision}/kredsloeb").words


def test_saying_it_twice_is_one_link_and_it_can_be_taken_back(visitor, decided, cooking, db):
    decision, anna = decided(), visitor("anna")
    assert link(anna, decision, cooking).status_code == 303
    assert link(anna, decision, cooking).status_code == 303
    assert len(db.scalars(select(DecisionLink.id)).all()) == 1
    db.rollback()
    assert anna.open(f"/beslutninger/{decision}").form("Ja, fjern den").send().status_code == 303
    assert db.scalar(select(DecisionLink.id)) is None
    assert db.get_one(Activity, cooking.id).decision_id is None


def test_what_stands_on_the_activity_shows_on_the_decision(visitor, decided, cooking, write):
    decision = decided()
    write(lambda db: setattr(db.get_one(Activity, cooking.id), "decision_id", decision))
    page = visitor("carla").open(f"/beslutninger/{decision}")
    assert "Satte “Køkkenholdet” i gang" in page.words and "skrevet på aktiviteten" in page.words


def test_a_closed_decisions_circle_stays_inside(visitor, decided, cooking):
    decision = decided(is_open=False)
    assert link(visitor("anna"), decision, cooking).status_code == 303
    carla = visitor("carla")
    assert carla.open(f"/beslutninger/{decision}/kredsloeb").status_code == 404
    assert carla.open(f"/beslutninger/{decision}").status_code == 404
    assert "køkkenholdet begynder" not in carla.open(f"/kompas/aktivitet/{cooking.id}").text.lower()
    assert visitor("bo").open(f"/beslutninger/{decision}/kredsloeb").status_code == 200


def test_the_circle_in_english(visitor, decided, cooking, measured):
    decision = decided()
    link(visitor("anna"), decision, cooking)
    measured("uafklaret", "uafklaret")
    page = visitor("anna").open(f"/beslutninger/{decision}?sprog=en")
    assert "Started “Køkkenholdet”; the analysis is inconclusive" in page.words


def test_what_had_begun_before_the_decision_was_not_started_by_it(visitor, decided, cooking, begun, db):
    begun(days=-400)
    decision, anna = decided(), visitor("anna")
    again = link(anna, decision, cooking)
    assert again.status_code == 422
    beside = again.tree.xpath("string(//fieldset[.//input[@name='kind']]//*[@class='error'])")
    assert beside.endswith("Aktiviteten var begyndt før beslutningen. Vælg “Ændrer” eller “Ser på igen”.")
    assert again.tree.xpath("//input[@name='kind'][@checked]/@value") == ["starts"]
    assert db.scalar(select(DecisionLink.id)) is None
    assert link(anna, decision, cooking, kind="changes").status_code == 303
    assert "Begyndte med beslutningen" not in anna.open(f"/kompas/aktivitet/{cooking.id}").words


def test_nor_does_the_activitys_own_form_say_so(visitor, decided, cooking, begun, db):
    begun(days=-400)
    decision = decided()
    form = visitor("anna").open(f"/kompas/aktivitet/{cooking.id}/ret").form("Gem").fill(decision=decision)
    page = form.fill(about="Vi laver mad til hinanden").send()
    assert page.status_code == 422 and "begyndt før beslutningen" in page.errors()["decision"]
    assert page.tree.xpath("string(//select[@name='decision']/option[@selected]/@value)") == str(decision)
    assert page.form("Gem").fill(decision="").send().status_code == 303
    assert db.get_one(Activity, cooking.id).decision_id is None


def test_the_activitys_own_form_names_what_was_decided_before_it_began(visitor, decided, cooking, begun, db):
    decision = decided()
    begun()
    form = visitor("anna").open(f"/kompas/aktivitet/{cooking.id}/ret").form("Gem")
    assert form.fill(decision=decision).send().status_code == 303
    assert db.get_one(Activity, cooking.id).decision_id == decision


def test_what_began_the_same_day_was_started_by_it(visitor, decided, cooking, begun):
    begun()
    assert link(visitor("anna"), decided(), cooking).status_code == 303


@pytest.mark.parametrize(
    ("kind", "says", "where"),
    [
        (
            "changes",
            "Ændrede “Køkkenholdet”; beregningen bygger på deltagelser fra før beslutningen.",
            "Ikke målt endnu",
        ),
        ("reviews", "Så på “Køkkenholdet” igen; beregningen bygger på deltagelser fra før", "Ikke målt endnu"),
        ("stops", "Stoppede “Køkkenholdet”; beregningen viser udvikling", "Beregningen taler imod"),
    ],
)
def test_nothing_is_to_a_decisions_credit_until_ten_began_after_it_and_are_measured(
    visitor, decided, cooking, begun, measured, committee_id, kind, says, where
):
    begun(days=-400, taking_part=9)
    decision = decided()
    link(visitor("anna"), decision, cooking, kind=kind, basis="judgement", judgement="Holdet er for stort")
    measured("udvikler", "udvikler", days=100)
    circle = f"/beslutninger/{decision}/kredsloeb"
    pages = {circle: where, f"/udvalg/{committee_id('med-aabrinken')}/kredsloeb": where, "/beslutninger": says}
    for path, words in pages.items():
        page = visitor("carla").open(path)
        assert says in page.words and words in page.words, path
    before = "Beregningen bygger på deltagelser fra før beslutningen."
    assert (before in visitor("carla").open(circle).words) is (kind != "stops")
    begun(taking_part=1, after=101)  # and nothing is told before a run has seen it
    assert says in visitor("carla").open("/beslutninger").words
    if kind == "changes":
        run = measured("udvikler", "uafklaret", days=102)
        page = visitor("carla").open(circle)
        assert page.words.count("Køkkenholdet Uafklaret") + page.words.count("Køkkenholdet Udvikler") == 1
        for number in (run - 1, run):  # each finding stands with its own run
            assert f"Beregning {number}," in page.words
        assert (
            "Ændrede “Køkkenholdet”; beregningen viser udvikling" in page.words and "Beregningen støtter" in page.words
        )


def test_the_circle_has_a_page_of_its_own_without_a_word_of_saving(visitor, decided, cooking):
    decision = decided()
    link(visitor("anna"), decision, cooking)
    page = visitor("carla").open(f"/beslutninger/{decision}/kredsloeb")
    assert page.text.count("den er ikke begyndt endnu") == 1
    steps = [" ".join(one.text_content().split()) for one in page.tree.xpath("//ol[@class='timeline']/li/b")]
    assert steps == ["Beslutning", "Perspektiv", "Aktivitet", "Effekt", "Gensyn"]
