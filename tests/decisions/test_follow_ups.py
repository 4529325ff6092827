"""Follow-ups: agreed in the room or on a decision's page, told of, and waiting on the next agenda."""

import re
from datetime import date

import pytest
from sqlalchemy import select, update

from med.decisions.actions import agree_follow_up
from med.decisions.forms import FollowUpForm
from med.decisions.models import FollowUp, FollowUpChange, FollowUpState
from med.meetings.models import Item
from med.organisation.models import Person
from tests.decisions.conftest import approve


@pytest.fixture
def agreed(quiet, write, people, room):
    def make(text="hænge tider op", owner="freja", due=None, item=None):
        form = FollowUpForm(text=text, owner=owner, due=due)
        return write(
            lambda session: (
                agree_follow_up(session, people.viewer("anna"), session.get(Item, item or room.item), form).id
            )
        )

    return make


def test_the_room_agrees_who_does_what_by_when(quiet, visitor, room, db):
    anna = visitor("anna")
    sent = anna.submit(
        f"/beslutninger/opfoelgning/punkt/{room.item}", text="hænge tider op", owner="freja", due="2026-12-01",
        videre=f"/moeder/{room.meeting}/lokale",
    )  # fmt: skip
    assert sent.headers["location"] == f"/moeder/{room.meeting}/lokale#beslutninger-{room.item}"
    made = db.scalars(select(FollowUp)).one()
    assert (made.text, made.due, made.state) == ("hænge tider op", date(2026, 12, 1), FollowUpState.OPEN)
    wrong = anna.submit(f"/beslutninger/opfoelgning/punkt/{room.item}", text="x", owner="ingen", due="i morgen tidlig")
    assert wrong.status_code == 422
    assert set(wrong.errors()) == {"due"}
    unknown = anna.submit(f"/beslutninger/opfoelgning/punkt/{room.item}", text="x", owner="ingen")
    assert "Vi kender ikke" in unknown.errors()["owner"]
    closed = anna.submit(f"/beslutninger/opfoelgning/punkt/{room.closed}", text="x", owner="freja")
    assert "Vælg en fra udvalget" in closed.errors()["owner"]
    assert (
        visitor("carla").submit(f"/beslutninger/opfoelgning/punkt/{room.item}", text="x", owner="y").status_code == 403
    )
    assert visitor("carla").submit(f"/beslutninger/opfoelgning/punkt/{room.closed}", text="x").status_code == 404


def test_a_decisions_own_page_agrees_too(visitor, published, db):
    made = published(responsible="freja")
    page = visitor("freja").open(f"/beslutninger/{made}")
    form = page.form("Aftal", action="/opfoelgning").fill(text="ringe til Lise", owner="lise", due="2026-12-01")
    assert form.send().status_code == 303
    found = visitor("carla").open(f"/beslutninger/{made}")
    assert "ringe til Lise" in found.words
    assert "Opfølgning aftalt" in found.words
    bad = visitor("freja").open(f"/beslutninger/{made}").form("Aftal", action="/opfoelgning")
    bad = bad.fill(text="", owner="lise").send()
    assert bad.status_code == 422
    assert visitor("carla").submit(f"/beslutninger/{made}/opfoelgning", text="x", owner="lise").status_code == 403


def test_the_owner_tells_how_far_it_is_and_the_history_stays(agreed, visitor, db):
    made = agreed(due=date(2026, 11, 10))
    freja = visitor("freja")
    assert "Følg op: hænge tider op" in freja.open("/").words
    page, another = (freja.open(f"/beslutninger/opfoelgning/{made}") for _ in range(2))
    assert "11 dage over fristen" in page.words
    no_reason = page.form("Gem").fill(state="dropped").send()
    assert "hvorfor den bliver droppet" in no_reason.errors()["note"]
    assert (
        page.form("Gem").fill(state="in_progress", note="Plakaten er trykt", due="2026-12-01").send().status_code == 303
    )
    stale = another.form("Gem").fill(state="done", note="Færdig").send()
    assert stale.status_code == 409
    assert "Færdig" in stale.text
    assert stale.form("Gem").send().status_code == 303
    after = freja.open(f"/beslutninger/opfoelgning/{made}")
    assert "Plakaten er trykt" in after.words
    db.rollback()
    assert db.get(FollowUp, made).closed_at is not None
    assert [change.state.value for change in db.scalars(select(FollowUpChange).order_by(FollowUpChange.id))] == [
        "open",
        "in_progress",
        "done",
    ]
    assert visitor("gunnar").submit(f"/beslutninger/opfoelgning/{made}", state="open", version="3").status_code == 403


def test_the_history_says_what_the_deadline_was_and_who_had_it(agreed, visitor, db):
    made = agreed(due=date(2026, 11, 10))
    at = f"/beslutninger/opfoelgning/{made}"
    visitor("freja").open(at).form("Gem").fill(due="2027-05-05", note="Der er *travlt*").send()
    emil = visitor("emil")
    emil.open("/mig?sprog=en")
    said = "Frist: 5. maj 2027 (før: 10. nov. 2026)."
    page = emil.open(at)
    assert [one.text_content() for one in page.tree.xpath("//ol//p")] == [said, "Der er travlt"]
    wrong = page.form("Save").fill(owner="Ingen Kender", note="Freja er rejst").send()
    assert wrong.status_code == 422 and "Freja er rejst" in wrong.text and set(wrong.errors()) == {"owner"}
    assert wrong.form("Save").fill(owner="gunnar").send().status_code == 303
    names = {one.handle: one.name for one in db.scalars(select(Person))}
    assert f"Ansvarlig: {names['gunnar']} (før: {names['freja']})." in emil.open(at).words
    db.rollback()
    assert db.get(FollowUp, made).owner.handle == "gunnar"
    before = len(db.scalars(select(FollowUpChange)).all())
    assert emil.open(at).form("Save").fill(owner="gunnar").send().status_code == 303  # has it already
    db.rollback()
    assert len(db.scalars(select(FollowUpChange)).all()) == before


def test_only_those_who_run_the_committee_give_it_to_another(agreed, visitor, room):
    made, closed = agreed(), agreed(owner="gunnar", item=room.closed)
    at = f"/beslutninger/opfoelgning/{made}"
    page = visitor("freja").open(at)
    assert "Ny ansvarlig" not in page.words
    assert visitor("freja").submit(at, state="open", version="1", owner="gunnar").status_code == 403
    outside = visitor("anna").open(f"/beslutninger/opfoelgning/{closed}").form("Gem").fill(owner="freja").send()
    assert "Vælg en fra udvalget" in outside.errors()["owner"]


def test_the_list_is_filtered_by_committee_owner_and_due(agreed, visitor, write, room, committee_id):
    agreed("være sen", due=date(2026, 11, 1))
    agreed("vente lidt", owner="gunnar", due=date(2026, 12, 24))
    agreed("ingen frist")
    agreed("lukket sag", owner="gunnar", item=room.closed)

    def listed(handle, query=""):
        page = visitor(handle).open(f"/beslutninger/opfoelgning{query}")
        assert page.status_code == 200
        return [a.text_content() for a in page.tree.xpath("//ul[contains(@class,'links')]/li/a")]

    assert listed("anna") == ["være sen", "vente lidt", "ingen frist", "lukket sag"]
    assert listed("carla") == ["være sen", "vente lidt", "ingen frist"]  # the meeting is open and on
    assert listed("anna", "?frist=over") == ["være sen"]
    assert listed("gunnar", "?ansvarlig=mig") == ["vente lidt", "lukket sag"]
    assert listed("anna", "?ansvarlig=freja") == ["være sen", "ingen frist"]
    assert listed("anna", f"?udvalg={committee_id('hovedudvalget')}") == []
    assert listed("anna", f"?udvalg={committee_id('med-aabrinken')}&lukkede=1")[0] == "være sen"
    assert visitor("anna").open("/beslutninger/opfoelgning?ansvarlig=ingen").status_code == 400
    for nonsense in ("udvalg=x", "efter=x", "efter=2026-01-01.x", "udvalg=" + "9" * 30):
        assert visitor("anna").open(f"/beslutninger/opfoelgning?{nonsense}").status_code == 400, nonsense


def test_staff_see_the_open_ones_when_the_minutes_are_out(agreed, visitor, write, room):
    from med.meetings.models import Meeting

    open_one, closed_one = agreed(owner="gunnar"), agreed(owner="gunnar", item=room.closed)
    write(lambda session: setattr(session.get(Meeting, room.meeting), "state", "held"))
    carla = visitor("carla")
    assert carla.open(f"/beslutninger/opfoelgning/{open_one}").status_code == 404
    write(lambda session: approve(session, room.meeting))
    assert carla.open(f"/beslutninger/opfoelgning/{open_one}").status_code == 200
    assert carla.open(f"/beslutninger/opfoelgning/{closed_one}").status_code == 404
    assert (
        "hænge tider op"
        not in carla.open(f"/beslutninger/opfoelgning?ansvarlig=gunnar&efter=9999-12-31.{open_one}").words
    )


def test_fifty_to_a_page(agreed, visitor, write, db):
    first = agreed()

    def copy(session):
        made = session.get(FollowUp, first)
        columns = {column.key for column in FollowUp.__table__.columns} - {"id", "due"}
        for n in range(60):
            due = date(2026, 12, 1 + n // 3) if n < 50 else None
            session.add(FollowUp(**{key: getattr(made, key) for key in columns}, due=due))

    write(copy)
    page = visitor("anna").open("/beslutninger/opfoelgning")
    first_page = page.tree.xpath("//main//ul[contains(@class,'links')]/li/a/@href")
    rest = visitor("anna").open(page.tree.xpath("string(//a[@rel='next']/@href)"))
    second_page = rest.tree.xpath("//main//ul[contains(@class,'links')]/li/a/@href")
    assert (len(first_page), len(second_page)) == (50, 11)
    assert len({*first_page, *second_page}) == 61


def test_every_follow_up_of_the_demo_begins_with_what_was_agreed(visitor, db):
    states = {}
    for row in db.scalars(select(FollowUpChange).order_by(FollowUpChange.at, FollowUpChange.id)):
        states.setdefault(row.follow_up_id, []).append(row.state)
    assert set(states) == set(db.scalars(select(FollowUp.id)))
    assert {history[0] for history in states.values()} == {FollowUpState.OPEN}
    done = next(one for one, history in states.items() if history[-1] is FollowUpState.DONE)
    page = visitor("anna").open(f"/beslutninger/opfoelgning/{done}")
    assert page.tree.xpath("//ol[@class='timeline']/li/b/text()") == ["Aftalt", "Gjort"]


def test_a_history_that_begins_later_says_what_it_says(agreed, visitor, write):
    """Brought in from elsewhere, with no line of when it was agreed."""
    made = agreed()
    write(lambda db: db.execute(update(FollowUpChange).values(state=FollowUpState.IN_PROGRESS)))
    page = visitor("anna").open(f"/beslutninger/opfoelgning/{made}")
    assert page.tree.xpath("//ol[@class='timeline']/li/b/text()") == ["I gang"]


def test_the_summary_names_the_fields_as_they_are_named(visitor, published):
    made = published(responsible="freja")
    form = visitor("freja").open(f"/beslutninger/{made}").form("Aftal", action="/opfoelgning")
    wrong = form.fill(text="", owner="").send()
    said = [re.split("[:?]", link)[0] for link in wrong.tree.xpath("//a[starts-with(@href, '#f-opfoelgning')]/text()")]
    labels = ["".join(one.itertext()).strip() for one in wrong.tree.xpath("//label")]
    assert said and all(any(label.startswith(one) for label in labels) for one in said), (said, labels)
