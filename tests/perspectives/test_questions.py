"""What other pages ask the grundlag."""

from sqlalchemy import delete

from med.perspectives import queries
from med.perspectives.models import Perspective, PerspectiveText


def test_every_perspective_has_a_heading_also_before_the_municipality_wrote_one(db, write):
    assert queries.titles(db)[Perspective.COMPLIANCE].title == "Vi sikrer driften"
    db.rollback()
    write(lambda db: db.execute(delete(PerspectiveText).where(PerspectiveText.perspective == Perspective.COMPLIANCE)))
    found = queries.titles(db)
    assert list(found) == list(Perspective)
    assert found[Perspective.COMPLIANCE] == ("Compliance", "", "", 0)


def test_the_help_while_tagging_is_the_readers_own(db):
    mine = queries.statements_for(db, "leder_af_medarbejdere")
    assert [len(sentences) for sentences in mine.values()] == [4, 4, 4, 4]
    assert mine[Perspective.RESILIENS] != queries.statements_for(db, "medarbejder")[Perspective.RESILIENS]
    assert queries.statements_for(db, "konge") == {key: [] for key in Perspective}
