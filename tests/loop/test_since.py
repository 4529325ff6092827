"""From when on ten of those measured began is asked once a run and an erasure, however much is saved meanwhile."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from med import clock
from med.competence_compass.erasing import forget_citizen
from med.competence_compass.models import Citizen, EffectRun, Erasure, Participation
from med.decisions.models import Decision
from med.identity.actions import make_feed_token
from med.loop import since
from med.loop.actions import link_activity
from med.loop.forms import LinkForm
from med.loop.models import LinkKind

FROM_BEFORE = "beregningen bygger på deltagelser fra før beslutningen"
SUPPORTS = "beregningen viser udvikling"


@pytest.fixture
def late(decided, cooking, begun, measured, write, people):
    """A decision about Køkkenholdet, which had begun: just ten are measured of those who began since."""
    begun(days=-400, taking_part=10)
    decision = decided()
    link(write, people, decision, cooking)
    measured("udvikler", "udvikler", days=100)
    return decision


def link(write, people, decision, cooking):
    form = LinkForm(cooking.id, LinkKind.CHANGES)
    write(lambda db: link_activity(db, people.viewer("anna"), db.get_one(Decision, decision), form))


@pytest.fixture
def scores_read(database):
    """How often the tables of scores were asked since it was last looked at."""
    asked = []

    def hear(_line, _cursor, words, *_):
        if "compass_score" in words:
            asked.append(words)

    def look():
        found = len(asked)
        asked.clear()
        return found

    event.listen(database.engine, "before_cursor_execute", hear)
    yield look
    event.remove(database.engine, "before_cursor_execute", hear)


def test_scores_are_read_once_a_run(
    late, visitor, cooking, decided, write, people, measured, committee_id, scores_read
):
    carla = visitor("carla")
    pages = ["/beslutninger", f"/udvalg/{committee_id('med-aabrinken')}/kredsloeb", "/beslutninger/balance"]
    assert SUPPORTS in carla.open(f"/beslutninger/{late}").words
    assert scores_read() == 1
    for _ in range(2):
        link(write, people, decided(), cooking)
        for path in pages:
            assert carla.open(path).status_code == 200
        assert scores_read() == 0
    measured("udvikler", "udvikler", days=101)
    for path in pages:
        carla.open(path)
    assert scores_read() == 1


def test_after_an_erasure_it_is_asked_anew_by_everybody(late, visitor, write, monkeypatch):
    carla, path = visitor("carla"), f"/beslutninger/{late}"
    assert SUPPORTS in carla.open(path).words

    def erase(db):
        since_then = select(Participation.citizen_id).where(Participation.starts == clock.today())
        citizen = db.scalars(select(Citizen).where(Citizen.id.in_(since_then))).first()
        db.add(Erasure(uid=citizen.uid, at=clock.now()))
        forget_citizen(db, citizen)

    write(erase)
    for page in (path, "/beslutninger"):
        assert FROM_BEFORE in carla.open(page).words
    monkeypatch.setattr(since, "REMEMBERED", since.Remembered())  # as another process has it
    assert FROM_BEFORE in carla.open(path).words


def test_an_entry_is_updated_when_the_measurement_begins_to_tell_of_the_decision(
    visitor, decided, cooking, begun, measured, write, people, scores_read
):
    begun(days=-400, taking_part=9)
    decision, other = decided(), decided()
    link(write, people, decision, cooking)
    feed = f"/feeds/{write(lambda db: make_feed_token(db, people.viewer('carla'), 'decisions', ''))}/beslutninger.json"

    def look():
        items = json.loads(visitor().open(feed).response.content)["items"]
        said = {one["url"].rpartition("/")[2]: (one["date_modified"][:10], one["_medspil"]["circle"]) for one in items}
        return said[str(decision)]

    def after(days):
        return (clock.today() + timedelta(days=days)).isoformat()

    measured("uafklaret", "uafklaret", days=100)
    day, circle = look()
    assert day == after(100) and FROM_BEFORE in circle
    begun(taking_part=1, after=101)
    assert look() == (day, circle), "nobody has counted yet"
    measured("uafklaret", "uafklaret", days=102)
    day, circle = look()
    assert day == after(102) and "beregningen er uafklaret" in circle
    scores_read()
    link(write, people, other, cooking)
    assert look() == (day, circle) and scores_read() == 0
    measured("uafklaret", "uafklaret", days=103)
    assert look() == (day, circle), "the same once more is no news"


def test_no_more_than_so_many_are_remembered(late, visitor, measured, monkeypatch, db):
    monkeypatch.setattr(since, "REMEMBERED", since.Remembered())
    monkeypatch.setattr(since, "MOST", 3)
    for days in (101, 102, 103):
        measured("udvikler", "udvikler", days=days)
        assert SUPPORTS in visitor("carla").open(f"/beslutninger/{late}").words
    db.rollback()
    newest = db.scalar(select(EffectRun.uid).order_by(EffectRun.id.desc()).limit(1))
    runs = [pair.as_of.partition(" ")[0] for pair in since.REMEMBERED._answers]
    assert len(runs) == 3 and runs.count(newest) == 2
