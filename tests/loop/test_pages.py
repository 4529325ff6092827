"""The committee's circles with the gaps first, the sentence in the feeds, and the balance with what is known."""

import json
from datetime import UTC, timedelta

from lxml import etree
from sqlalchemy import event, select

from med import clock, demo
from med.decisions.models import Decision, DecisionState
from med.identity.actions import make_feed_token
from med.loop import standings
from med.loop.actions import link_activity, unlink_activity
from med.loop.forms import LinkForm
from med.loop.models import DecisionLink, LinkKind, ReviewPoint
from med.loop.raising import raise_verdicts
from med.meetings.models import Proposal, ProposalState
from med.workdays import copenhagen, short_date
from tests.competence_compass.factories import make_activity
from tests.decisions.valid_feeds import atom_faults
from tests.loop.conftest import make_effect_run

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def link(write, people, decision, activity, kind=LinkKind.STARTS):
    write(lambda db: link_activity(db, people.viewer("anna"), db.get_one(Decision, decision), LinkForm(activity, kind)))


def test_the_gaps_come_first(visitor, decided, cooking, measured, write, people, committee_id):
    committee = committee_id("med-aabrinken")
    link(write, people, decided(), cooking.id)
    gap = decided(hoped_effect="Nogen tør komme")
    page = visitor("carla").open(f"/udvalg/{committee}/kredsloeb")
    heads = [" ".join(one.text_content().split()) for one in page.tree.xpath("//main//h2")]
    assert heads == ["Ingen aktivitet endnu 1", "Ikke målt endnu 1"]
    assert f"/beslutninger/{gap}#kredsloeb" in page.links()
    measured("tilbagegang", "uafklaret")
    page = visitor("carla").open(f"/udvalg/{committee}/kredsloeb")
    heads = [" ".join(one.text_content().split()) for one in page.tree.xpath("//main//h2")]
    assert heads == ["Beregningen taler imod 1", "Ingen aktivitet endnu 1"]
    assert f"/udvalg/{committee}/kredsloeb" in visitor("carla").open(f"/udvalg/{committee}").links()


def test_where_a_circle_stands_decides_its_page(
    visitor, decided, cooking, measured, write, people, committee_id, monkeypatch
):
    """Not the day alone: an old gap comes before a new success. What is no longer in force is told of, last."""
    monkeypatch.setattr(standings, "ON_A_PAGE", 2)
    gap, over, good = decided(hoped_effect="Nogen tør komme"), decided(), decided()
    for one in (over, good):
        link(write, people, one, cooking.id)
    run = measured("udvikler", "uafklaret")
    write(lambda db: setattr(db.get_one(Decision, over), "state", DecisionState.REPLACED))
    carla, path = visitor("carla"), f"/udvalg/{committee_id('med-aabrinken')}/kredsloeb"

    def told(page):
        heads = [" ".join(one.text_content().split()) for one in page.tree.xpath("//main//h2")]
        return heads, [int(one.split("/")[2].partition("#")[0]) for one in page.links() if "#kredsloeb" in one]

    first = carla.open(path)
    assert told(first) == (["Ingen aktivitet endnu 1", "Beregningen støtter 1"], [gap, good])
    assert f"Beregning {run}, 21. nov." in first.words
    second = carla.open(first.tree.xpath("string(//a[@rel='next']/@href)"))
    assert told(second) == (["Gælder ikke længere 1"], [over])
    assert "beregningen viser udvikling" in second.words and "Afløst" in second.words
    assert told(carla.open(second.tree.xpath("string(//a[@rel='prev']/@href)"))) == told(first)
    assert "Der er ikke flere." in carla.open(f"{path}?side=7").words
    assert carla.open(f"{path}?side=x").status_code == 400
    assert "No longer in force" in carla.open(f"{path}?side=1&sprog=en").words
    carla.open(f"{path}?sprog=da")


def test_a_verdict_has_the_sign_it_has_on_the_managers_page(visitor, decided, cooking, measured, write, people):
    decision = decided()
    link(write, people, decision, cooking.id)
    measured("ingen_paaviselig_effekt", "uafklaret")
    anna = visitor("anna")
    told = []
    for path in (f"/beslutninger/{decision}", f"/kompas/aktivitet/{cooking.id}"):
        found = anna.open(path).tree.xpath("//main//li//span[contains(@class, 'status')]")
        told.append({one.text_content().lower(): one.get("class") for one in found})
    for word, sign in (("ingen påviselig effekt", "status"), ("uafklaret", "status is-off")):
        assert [page[word] for page in told] == [sign, sign]


def test_a_decision_that_is_over_promises_no_point(visitor, decided, write):
    decision = decided(review=clock.today() + timedelta(days=40))
    assert "Den dag rejser Medspil selv et punkt" in visitor("carla").open(f"/beslutninger/{decision}").words
    over = {"state": DecisionState.WITHDRAWN, "withdrawn_reason": "Det gik anderledes."}
    write(lambda db: [setattr(db.get_one(Decision, decision), name, value) for name, value in over.items()])
    words = visitor("carla").open(f"/beslutninger/{decision}").words
    assert "Den dag rejser Medspil" not in words
    assert "Beslutningen gælder ikke længere, så Medspil rejser ikke noget punkt om den." in words


def test_closed_decisions_are_the_committees_own(visitor, decided, cooking, write, people, committee_id):
    closed = decided(is_open=False)
    link(write, people, closed, cooking.id)
    path = f"/udvalg/{committee_id('med-aabrinken')}/kredsloeb"
    assert f"/beslutninger/{closed}#kredsloeb" in visitor("bo").open(path).links()
    assert f"/beslutninger/{closed}#kredsloeb" not in visitor("carla").open(path).links()
    assert visitor("ivan").open(path).status_code == 404


def test_as_many_questions_for_many_as_for_one(visitor, decided, cooking, write, people, committee_id, database):
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    carla = visitor("carla")
    path = f"/udvalg/{committee_id('med-aabrinken')}/kredsloeb"
    counts = []
    for _ in range(3):
        link(write, people, decided(), cooking.id)
        asked.clear()
        assert carla.open(path).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] == counts[2] <= 12, counts


def test_the_feed_says_it_and_never_stale(visitor, decided, cooking, measured, write, people):
    decision = decided()
    carla = visitor("carla")
    assert "Hvad blev der af det? Ingen aktivitet endnu." in carla.open("/beslutninger").words
    link(write, people, decision, cooking.id)
    assert "Satte “Køkkenholdet” i gang; den er ikke begyndt endnu." in carla.open("/beslutninger").words
    measured("uafklaret", "for_faa_data")
    assert "beregningen er uafklaret – vi kunne have set en mellemstor virkning." in carla.open("/beslutninger").words
    assert "the analysis is inconclusive" in carla.open("/beslutninger?sprog=en").words
    carla.open("/beslutninger?sprog=da")


def test_atom_and_json_say_it_and_their_mark_follows(visitor, decided, cooking, measured, write, people):
    decision = decided()
    token = write(lambda db: make_feed_token(db, people.viewer("carla"), "decisions", ""))
    atom = f"/feeds/{token}/beslutninger.atom"
    first = visitor().open(atom)
    assert "Ingen aktivitet endnu." in first.response.text
    again = visitor().open(atom, **{"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    link(write, people, decision, cooking.id)
    second = visitor().open(atom, **{"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    assert "Satte “Køkkenholdet” i gang" in second.response.text
    etree.fromstring(second.response.content)
    measured("udvikler", "for_faa_data")
    third = visitor().open(atom, **{"If-None-Match": second.headers["etag"]})
    assert third.status_code == 200 and "beregningen viser udvikling" in third.response.text
    made = json.loads(visitor().open(f"/feeds/{token}/beslutninger.json").response.content)
    (item,) = [one for one in made["items"] if one["url"].endswith(f"/{decision}")]
    assert item["_medspil"]["circle"].startswith("Satte “Køkkenholdet” i gang; beregningen viser udvikling")


def test_findings_of_two_activities_say_whose_they_are(visitor, decided, cooking, measured, write, people, db):
    decision = decided()

    def another(db):
        garden = make_activity(db, "A-HAVE", "Haven")
        make_effect_run(db, cooking.version, garden.id, {cooking.dimensions[0]: "udvikler"})
        return garden.id

    measured("udvikler")
    link(write, people, decision, cooking.id)
    path, title = f"/beslutninger/{decision}/kredsloeb", cooking.titles[0]
    link(write, people, decision, write(another))
    page = visitor("carla").open(path)
    assert f"Køkkenholdet Udvikler {title}" in page.words and f"Haven Udvikler {title}" in page.words
    runs = page.tree.xpath("//li[b='Effekt']//p[starts-with(., 'Beregning ')]")
    assert len({one.text.partition(",")[0] for one in runs}) == 2  # each with its own run
    db.rollback()
    day = copenhagen(db.get_one(Decision, decision).decided_at).date()
    assert f"Beslutning {short_date(day)}" in page.words  # when it was made, as its own page says


def test_an_entry_is_updated_when_what_is_told_of_its_circle_is(visitor, decided, cooking, measured, write, people):
    """In Atom and JSON alike; the order stays, and so do the moments of others."""
    other, decision = decided(), decided()
    token = write(lambda db: make_feed_token(db, people.viewer("carla"), "decisions", ""))
    path, etag, seen = f"/feeds/{token}/beslutninger", "", []

    def look():
        nonlocal etag
        page = visitor().open(f"{path}.atom", **{"If-None-Match": etag})
        assert page.status_code == 200 and atom_faults(page.response.content) == []
        etag = page.headers["etag"]
        entries = {
            one.xpath("string(a:link/@href)", namespaces=ATOM).rpartition("/")[2]: one.findtext("{*}updated")
            for one in etree.fromstring(page.response.content).xpath("//a:entry", namespaces=ATOM)
        }
        assert list(entries)[:2] == [str(decision), str(other)]
        items = json.loads(visitor().open(f"{path}.json").response.content)["items"]
        assert [one["date_modified"] for one in items] == list(entries.values())
        seen.append((entries[str(decision)], entries[str(other)]))

    def after(hours, happens):
        with clock.at(demo.NOW + timedelta(hours=hours)):
            happens()
            look()

    look()
    after(1, lambda: link(write, people, decision, cooking.id))
    after(2, lambda: measured("uafklaret", "for_faa_data"))
    after(3, lambda: measured("udvikler", "for_faa_data"))
    with clock.at(demo.NOW + timedelta(hours=4)):  # the same again is no news
        measured("udvikler", "for_faa_data")
        assert visitor().open(f"{path}.atom").response.text.count("T11:00:00Z") == 0
    after(5, lambda: write(raise_verdicts))
    after(6, lambda: write(answer))
    after(7, lambda: write(lambda db: unlink(db, people, decision)))
    assert [hour[11:13] for hour, _ in seen[1:]] == hours_later(1, 2, 3, 5, 6, 7)
    assert len({moment for _, moment in seen}) == 1


def hours_later(*hours):
    return [f"{demo.NOW.astimezone(UTC) + timedelta(hours=one):%H}" for one in hours]


def answer(db):
    for one in db.scalars(select(Proposal).where(Proposal.id.in_(select(ReviewPoint.proposal_id)))):
        one.state, one.reason, one.answered_at = ProposalState.DECLINED, "Set", clock.now()


def unlink(db, people, decision):
    made = db.scalars(select(DecisionLink).where(DecisionLink.decision_id == decision)).one()
    unlink_activity(db, people.viewer("anna"), db.get_one(Decision, decision), made)


def test_the_balance_tells_what_is_known(visitor, decided, cooking, measured, write, people):
    link(write, people, decided(perspective="emergens"), cooking.id)
    first = measured("udvikler", "udvikler")
    carla = visitor("carla")
    page = carla.open("/beslutninger/balance")
    rows = [
        [" ".join(cell.text_content().split()) for cell in line.xpath("./*")]
        for line in page.tree.xpath("//section[@id='effekt']//tbody/tr")
    ]
    assert [row[1:] for row in rows] == [["0"] * 5, ["0"] * 5, ["0", "0", "0", "1", "1"], ["0"] * 5]
    its = "normalize-space(//section[@id='effekt']/p[last()])"
    assert page.tree.xpath(its) == f"Beregning {first}, 21. nov. 2026."
    second = measured("udvikler", "uafklaret", days=1)
    told = carla.open("/beslutninger/balance").tree.xpath(its)
    assert told == f"Beregning {first}, 21. nov. 2026 – Beregning {second}, 22. nov. 2026."


def test_a_proposal_shows_what_is_known_of_similar_ones(visitor, cooking, measured, write):
    from tests.competence_compass.factories import make_activity

    measured("udvikler", "uafklaret")
    other = write(lambda db: make_activity(db, "A-NY", "Suppeholdet", kind="course").id)
    page = visitor("carla").open(f"/kompas/aktivitet/{other}")
    section = " ".join(page.tree.xpath("string(//section[@id='lignende'])").split())
    assert "Køkkenholdet" in section and "Udvikler " in section


def test_who_proposes_an_activity_sees_similar_ones_before_it_is_made(visitor, cooking, measured, db):
    from med.competence_compass.models import Activity

    measured("udvikler", "uafklaret")
    carla, known = visitor("carla"), db.scalars(select(Activity.id)).all()
    page = carla.open("/kompas/aktiviteter/ny")
    assert not page.tree.xpath("//section[@id='lignende']")
    form = page.form("Se lignende aktiviteter").fill(title="Suppeholdet", meant_for=cooking.dimensions[0])
    again = form.send()
    section = " ".join(again.tree.xpath("string(//section[@id='lignende'])").split())
    assert again.status_code == 200 and "Køkkenholdet" in section and "Udvikler " in section
    assert again.tree.xpath("string(//input[@name='title']/@value)") == "Suppeholdet"
    for wrong in ("x", "9" * 30, "٣"):
        odd = carla.submit("/kompas/aktiviteter/ny", similar="1", meant_for=wrong, kind="nothing", title="Suppeholdet")
        assert odd.status_code == 200 and odd.tree.xpath("string(//input[@name='title']/@value)") == "Suppeholdet"
    db.rollback()
    assert db.scalars(select(Activity.id)).all() == known


def test_what_it_is_meant_for_goes_along_to_the_hypothesis(visitor, cooking, db):
    from med.competence_compass.models import Activity

    carla, chosen = visitor("carla"), cooking.dimensions[1]
    unit = carla.open("/kompas/aktiviteter/ny").tree.xpath("string(//select[@name='unit']/option[@value!='']/@value)")
    given = {"title": "Suppeholdet", "kind": "course", "unit": unit, "planned_sessions": "8", "meant_for": chosen}
    sent = carla.open("/kompas/aktiviteter/ny").form("Foreslå aktiviteten").fill(**given).send()
    page = carla.open(sent.headers["location"])
    form = page.tree.xpath("//section[@id='hypoteser']/details[@open]")[0]
    assert form.xpath(".//select[@name='dimension']/option[@selected]/@value") == [str(chosen)]
    assert page.form("Gem hypotesen").fill(size="small", rationale="Fordi det øves").send().status_code == 303
    db.rollback()
    made = db.scalars(select(Activity).where(Activity.title == "Suppeholdet")).one()
    assert [one.dimension_id for one in made.hypotheses] == [chosen]
    for odd in ("", "x", "9" * 30, "٣"):
        page = carla.open(f"/kompas/aktivitet/{made.id}?kompetence={odd}")
        assert page.status_code == 200 and not page.tree.xpath("//section[@id='hypoteser']/details[@open]")


def test_why_the_waiting_list_spoke_against_is_not_told_of_a_few(visitor, decided, cooking, measured, write, people):
    """Runs by the first methods gave the reason however few waited; it says how they went."""
    decision = decided()
    link(write, people, decision, cooking.id)
    measured("uafklaret", "uafklaret", reason="waiting_list_disagrees")
    page = visitor("carla").open(f"/beslutninger/{decision}/kredsloeb")
    assert "Uafklaret" in page.words and "ventelisten" not in page.words.lower()


def test_a_point_that_comes_by_itself_is_promised_where_one_can_come(visitor, decided, cooking, write, people):
    decision, anna = decided(), visitor("anna")
    none, promised = "Der er ikke aftalt, hvornår udvalget ser på den igen.", "kommer punktet af sig selv"
    for kind, comes in ((None, False), (LinkKind.REVIEWS, False), (LinkKind.STARTS, True)):
        if kind is not None:
            link(write, people, decision, cooking.id, kind)
        page = anna.open(f"/beslutninger/{decision}/kredsloeb")
        assert none in page.words and (promised in page.words) == comes, kind


def test_each_finding_of_a_similar_activity_has_its_own_run(visitor, cooking, measured, write):
    from tests.competence_compass.factories import make_activity

    first = measured("udvikler", "uafklaret")
    later = measured("tilbagegang", "uafklaret", days=1)
    other = write(lambda db: make_activity(db, "A-NY", "Suppeholdet", kind="course").id)
    page = visitor("carla").open(f"/kompas/aktivitet/{other}")
    section = " ".join(page.tree.xpath("string(//section[@id='lignende'])").split())
    assert section.index("Uafklaret") < section.index(f"Beregning {first}") < section.index("Tilbagegang")
    assert f"Beregning {later}" in section[section.index("Tilbagegang") :]
