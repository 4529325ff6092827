"""Writing decisions down in the room, correcting them, and publishing them."""

import pytest
from sqlalchemy import select

from med.decisions.models import Decision, Tag
from med.journal.models import Entry
from med.meetings.models import Item, Meeting, Outcome
from tests.decisions.conftest import approve, decide, make_item, make_meeting


def test_chair_records_a_decision_in_two_fields_and_one_choice(visitor, room, db):
    page = visitor("anna").open(f"/beslutninger/punkt/{room.item}")
    assert "Notér en beslutning" in page.h1
    sent = page.form("Gem").fill(
        text="at der er to pauser om formiddagen", why="Støjen trætter", perspective="resiliens"
    ).send()
    assert sent.status_code == 303
    made = db.scalars(select(Decision).order_by(Decision.id.desc())).first()
    assert (made.text, made.number > 0, made.published_at) == ("der er to pauser om formiddagen", True, None)
    assert [tag.perspective.value for tag in made.tags] == ["resiliens"]
    assert db.get(Item, room.item).outcome is Outcome.DECIDED
    assert db.scalar(select(Entry.id).where(Entry.happened == "decision.recorded", Entry.thing_id == made.id))
    assert "Vi har besluttet, at der er to pauser" in visitor("anna").open(sent.headers["location"]).h1
