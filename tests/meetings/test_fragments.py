"""Lines of an agenda are drawn once and shared: by those who see the same, as long as it is the same."""

import random
import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from med.access import Side
from med.meetings.fragments import LINES
from med.meetings.models import Attachment, Consensus, Item, Meeting, Note, Outcome, Purpose, Scan
from med.organisation.models import Committee, Person

SECRETS = re.compile(r'name="(?:_token|idem)" value="[^"]*"')
PEOPLE = ("anna", "bo", "carla", "gunnar", "julie", "hanne")

# What the line of an item shows of its own row, another value each. What is not here it does not show.
ANOTHER = {
    "title": "Et andet emne",
    "case_text": "En **anden** sag",
    "recommendation": "drøfter det",
    "minutes_budget": 55,
    "purpose": Purpose.THEME,
    "raised_side": Side.EMPLOYEE,
    "is_late": True,
    "is_supplementary": True,
    "source_number": "7b",
    "source_result": "Udsat i kilden",
    "decided_by": "Direktionen",
    "case_number": "2026-77",
    "decision_planned": date(2026, 12, 1),
    "informed": date(2026, 11, 30),
    "discussed": date(2026, 12, 8),
}


def line(page, item_id):
    return SECRETS.sub("", "".join(re.findall(rf'<li id="punkt-{item_id}".*?\n</li>', page.text, re.DOTALL)))


def test_whoever_read_it_before_a_page_is_what_it_would_be_for_its_reader_alone(visitor, db):
    meetings = db.scalars(select(Meeting.id).order_by(Meeting.id.desc()).limit(8)).all()
    asked = [(handle, f"/moeder/{id}?sprog={lang}") for handle in PEOPLE for id in meetings for lang in ("da", "en")]
    visitors = {handle: visitor(handle) for handle in PEOPLE}

    def read(handle, path):
        page = visitors[handle].open(path)
        return page.status_code, SECRETS.sub("", page.text)

    alone = {}
    for one in asked:
        LINES.clear()
        alone[one] = read(*one)
    assert len({text for _, text in alone.values()}) > len(asked) / 2
    random.Random(1).shuffle(asked)
    assert len(LINES) < 100
    for one in asked:
        assert read(*one) == alone[one], one
    assert len(LINES) > 100


def test_each_page_has_its_own_token_and_no_mark_is_left(visitor, plan, item):
    number = plan()
    item(number, "Vagtplanen")
    tokens = []
    for handle in ("anna", "bo", "anna"):
        page = visitor(handle).open(f"/moeder/{number}")
        mine = [
            form.xpath(".//input[@name='_token']/@value") for form in page.tree.xpath("//ol[@id='dagsorden']//form")
        ]
        assert len(mine) > 1
        assert all(one == mine[0] for one in mine)
        tokens += mine[0]
        assert ":token;" not in page.text
    assert len(set(tokens)) == 3


@pytest.mark.parametrize("field", ANOTHER)
def test_whatever_changes_in_an_item_shows_at_once(visitor, plan, item, write, field):
    number = plan(draft_shown=True)
    changed = item(number, "Vagtplanen")
    bo = visitor("bo")
    before = line(bo.open(f"/moeder/{number}"), changed)
    assert line(bo.open(f"/moeder/{number}"), changed) == before != ""
    write(lambda session: setattr(session.get(Item, changed), field, ANOTHER[field]))
    now = line(bo.open(f"/moeder/{number}"), changed)
    assert now != before
    LINES.clear()
    assert line(bo.open(f"/moeder/{number}"), changed) == now


def test_whatever_changes_beside_an_item_shows_at_once(visitor, plan, item, write, people):
    number = plan(draft_shown=True)
    one = item(number, "Vagtplanen", responsible=None)
    bo = visitor("bo")
    seen = {line(bo.open(f"/moeder/{number}"), one)}

    def changes(work):
        write(work)
        now = line(bo.open(f"/moeder/{number}"), one)
        assert now not in seen
        seen.add(now)
        LINES.clear()
        assert line(bo.open(f"/moeder/{number}"), one) == now

    of_item = lambda session: session.get(Item, one)  # noqa: E731
    changes(lambda session: setattr(of_item(session), "responsible_id", people.carla))
    changes(lambda session: setattr(session.get(Person, people.carla), "name", "Carla Nygift"))
    changes(lambda session: setattr(of_item(session), "raised_by_id", people.gunnar))
    at = datetime(2026, 11, 21, tzinfo=UTC)
    by = {"person_id": people.bo, "changed_by_id": people.bo, "changed_at": at}
    changes(lambda session: session.add(Note(item_id=one, text="husk tallene", version=1, **by)))
    changes(lambda session: setattr(session.scalars(select(Note).filter_by(item_id=one)).one(), "text", "og tiderne"))
    file = {"file_name": "plan.pdf", "media_type": "application/pdf", "size": 2048, "sha256": "0" * 64, "is_open": True}
    changes(lambda session: session.add(Attachment(item_id=one, title="Planen", at=at, **file)))
    attached = lambda session: session.scalars(select(Attachment).filter_by(item_id=one)).one()  # noqa: E731
    changes(lambda session: setattr(attached(session), "title", "Den nye plan"))
    changes(lambda session: setattr(attached(session), "scan", Scan.PENDING))
    changes(lambda session: setattr(of_item(session), "is_open", False) or close(of_item(session)))
    changes(
        lambda session: setattr(session.get(Meeting, number), "starts_at", datetime(2026, 12, 9, 7, 30, tzinfo=UTC))
    )


def close(found):
    found.closed_ground = "personal"


def test_what_a_meeting_settled_shows_at_once_and_only_to_those_who_may_read_it(visitor, db, write):
    held = db.scalars(
        select(Item).where(Item.outcome == Outcome.DISCUSSED, Item.is_open).order_by(Item.id.desc())
    ).first()
    sees = [one for one in map(visitor, PEOPLE) if "status" in line(one.open(f"/moeder/{held.meeting_id}"), held.id)]
    assert sees
    before = line(sees[0].open(f"/moeder/{held.meeting_id}"), held.id)

    def settle(session):
        found = session.get(Item, held.id)
        found.outcome, found.consensus = Outcome.SENT_ON, Consensus.DISAGREED
        found.sent_to_id = session.scalars(select(Committee.id).where(Committee.id != found.committee_id)).first()

    write(settle)
    now = line(sees[0].open(f"/moeder/{held.meeting_id}"), held.id)
    assert now != before
    assert "Uenighed" in now
