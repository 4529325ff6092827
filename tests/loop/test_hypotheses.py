"""A decision that one hypothesis was written after is answered about that competence, and no other."""

from sqlalchemy import select

from med.competence_compass.models import Hypothesis
from med.loop.models import ReviewPoint
from med.loop.raising import raise_verdicts
from med.meetings.models import Proposal


def write_after(write, cooking, decision, place):
    """The hypothesis about the dimension in this place came from a decision."""

    def say(db):
        one = db.scalars(
            select(Hypothesis).where(
                Hypothesis.activity_id == cooking.id, Hypothesis.dimension_id == cooking.dimensions[place]
            )
        ).one()
        one.decision_id = decision

    write(say)


def test_its_own_measurement_comes_back_and_the_others_do_not(visitor, decided, cooking, measured, write, db):
    decision = decided()
    write_after(write, cooking, decision, 1)
    measured("udvikler", "uafklaret", days=1)
    write(raise_verdicts)
    db.rollback()
    assert db.scalar(select(ReviewPoint.id)) is None  # what the other hypothesis came to is not its business
    measured("udvikler", "ingen_paaviselig_effekt", days=2, shrunken=0.0, ci_low=-0.1, ci_high=0.1)
    write(raise_verdicts)
    db.rollback()
    (point,) = db.scalars(select(Proposal).where(Proposal.decision_id == decision, Proposal.raised_by_id.is_(None)))
    assert f"Ingen påviselig effekt på “{cooking.titles[1]}”" in point.why
    assert cooking.titles[0] not in point.why


def test_its_circle_speaks_of_nothing_else(visitor, decided, cooking, measured, write):
    decision = decided()
    write_after(write, cooking, decision, 1)
    measured("udvikler", "uafklaret")
    words = visitor("carla").open(f"/beslutninger/{decision}/kredsloeb").words
    assert "Ændrede “Køkkenholdet”; beregningen er uafklaret" in words and "Udvikler" not in words
    # What the decision says itself goes for the whole activity.
    link = {"activity": cooking.id, "kind": "changes"}
    assert visitor("anna").open(f"/beslutninger/{decision}").form("Knyt aktiviteten til").fill(**link).send()
    assert "beregningen viser udvikling" in visitor("carla").open(f"/beslutninger/{decision}/kredsloeb").words
