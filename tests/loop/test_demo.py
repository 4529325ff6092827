"""What the demo workplace says of its decisions is true, and reads well where it stands alone."""

import pytest
from sqlalchemy import or_, select

from med.competence_compass.models import Activity
from med.decisions.models import Decision
from med.loop.models import DecisionLink, LinkKind


@pytest.fixture(autouse=True)
def no_demo_circles():
    """Here they are what is looked at."""


def test_no_decision_begins_what_had_begun_before_it(db):
    links = db.execute(
        select(DecisionLink.kind, Decision.decided_at, Activity.frozen_at)
        .join(Decision, Decision.id == DecisionLink.decision_id)
        .join(Activity, Activity.id == DecisionLink.activity_id)
    ).all()
    assert links
    assert not [
        one for one in links if one.kind is LinkKind.STARTS and one.frozen_at and one.frozen_at < one.decided_at
    ]
    begun = select(Activity.id).join(Decision, Decision.id == Activity.decision_id)
    assert db.scalars(begun.where(Activity.frozen_at < Decision.decided_at)).all() == []


def test_what_was_decided_also_stands_alone_as_a_heading(db):
    """A second "at" belongs to "Vi har besluttet, at" and to nothing in the heading of the feed."""
    hanging = or_(Decision.text.startswith("at "), Decision.text.contains("og at "))
    assert db.scalars(select(Decision.text).where(hanging)).all() == []
