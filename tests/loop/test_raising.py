"""Points raise themselves: for a review date, and for a changed verdict; each exactly once."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from med import clock, demo, language, worker
from med.competence_compass.models import EffectRun
from med.decisions.actions import review_decision
from med.decisions.forms import ReviewForm
from med.decisions.models import Decision, DecisionState, Step
from med.journal.models import Entry, JobRun
from med.loop import raising
from med.loop.actions import link_activity
from med.loop.forms import Basis, LinkForm
from med.loop.jobs import jobs
from med.loop.models import Cause, LinkKind, ReviewPoint
from med.loop.raising import raise_verdicts
from med.meetings.models import Item, Proposal, ProposalState
from med.organisation.models import Committee
from tests.loop.conftest import raise_points

TODAY = demo.NOW.date()
YESTERDAY = TODAY - timedelta(days=1)


def points(db):
    db.rollback()
    return db.scalars(
        select(Proposal).where(Proposal.id.in_(select(ReviewPoint.proposal_id))).order_by(Proposal.id)
    ).all()


@pytest.fixture
def linked(decided, cooking, write, people):
    """A decision that started Køkkenholdet."""

    def make(kind=LinkKind.STARTS, before=lambda: None, **fields):
        before()
        decision = decided(**fields)
        write(
            lambda db: link_activity(
                db, people.viewer("anna"), db.get_one(Decision, decision), LinkForm(cooking.id, kind)
            )
        )
        return decision

    return make


# --- the review date ----------------------------------------------------------------------------------------------


def test_the_day_comes_and_the_point_stands_there(linked, measured, write, db, committee_id):
    linked(review=TODAY)
    measured("uafklaret", "for_faa_data")
    write(raise_verdicts)
    assert points(db) == []  # a first measurement that settles nothing is no news
    write(raise_points)
    point = points(db)[-1]
    assert (point.raised_by_id, point.state, point.committee_id) == (
        None, ProposalState.RECEIVED, committee_id("med-aabrinken"),
    )  # fmt: skip
    assert point.title == "Køkkenholdet begynder: hvordan gik det?"
    for words in (
        "21. nov. 2026",
        "Flere tør prøve noget nyt",
        "**Hypotesen.** Udvikle",
        "ventet virkning: mellem",
        "er uafklaret",
        "omkring 25 borgere",
        "alt fra en lille tilbagegang til en mellemstor fremgang",
        "At aktiviteten ikke virker",
        "For få data",
        "aktiviteten som helhed. Den siger intet om en enkelt borger",
    ):
        assert words in point.why, (words, point.why)
    assert "24" not in point.why.replace("2026", "")  # the exact number stays where it is
    noted = db.scalars(
        select(Entry).where(Entry.thing == "proposal", Entry.thing_id == point.id, Entry.happened == "proposal.raised")
    ).one()
    assert noted.person_id is None


def test_not_before_the_day_and_not_twice(decided, write, db):
    decided(review=TODAY + timedelta(days=1))
    write(raise_points)
    assert points(db) == []
    with clock.at(demo.NOW + timedelta(days=1)):
        write(raise_points)
        write(raise_points)
    (point,) = points(db)
    assert "så der er ingen beregning" in point.why and "aktiviteten som helhed" not in point.why
    with clock.at(demo.NOW - timedelta(days=400)):  # the clock goes back
        write(raise_points)
    with clock.at(demo.NOW + timedelta(days=3)):
        write(raise_points)
    assert len(points(db)) == 1


def end(write, *keys):
    write(lambda db: db.execute(update(Committee).where(Committee.key.in_(keys)).values(ends=YESTERDAY)))


def test_what_an_ended_committee_wanted_to_see_again_comes_to_the_one_above_it(
    decided, linked, measured, write, db, committee_id
):
    decision = decided(review=TODAY)
    decided(review=TODAY, is_open=False)
    linked()
    end(write, "med-aabrinken")
    write(raise_points)
    (point,) = points(db)
    assert (point.decision_id, point.committee_id) == (decision, committee_id("centermed-job"))
    assert point.why.startswith(
        "MED-ledelsen på Åbrinken er nedlagt, og beslutningen ligger nu hos jer. Udvalget ville se på beslutningen igen"
    )
    measured("udvikler")
    end(write, "centermed-job")
    write(raise_points)
    assert [one.committee_id for one in points(db)] == [committee_id("centermed-job"), committee_id("hovedudvalget")]


def test_with_nobody_above_it_nothing_is_raised_and_nothing_waits_for_ever(decided, write, db):
    decided(review=TODAY)
    end(write, "med-aabrinken", "centermed-job", "hovedudvalget")
    assert not write(raise_points)
    assert points(db) == []


@pytest.mark.parametrize("state", [DecisionState.REPLACED, DecisionState.WITHDRAWN])
def test_what_no_longer_holds_is_not_looked_at_again(decided, write, db, state):
    decision = decided(review=YESTERDAY)
    write(lambda db: setattr(db.get_one(Decision, decision), "state", state))
    write(raise_points)
    assert points(db) == []


def test_a_house_that_begins_is_not_flooded(decided, write, db):
    decided(review=TODAY - timedelta(days=500))
    write(raise_points)
    assert points(db) == []


def test_a_killed_worker_leaves_nothing_and_the_next_does_it(decided, write, db, monkeypatch):
    decided(review=YESTERDAY)
    decided(review=TODAY)
    killed = raising.raise_point
    done = []

    def dies(*args, **more):
        if done:
            raise KeyboardInterrupt
        done.append(killed(*args, **more))

    monkeypatch.setattr(raising, "raise_point", dies)
    with pytest.raises(KeyboardInterrupt):
        write(raise_points)
    assert points(db) == []
    monkeypatch.undo()
    language.current.set("da")
    with clock.at(demo.NOW):
        write(raise_points)
        write(raise_points)
    assert len(points(db)) == 2


def test_two_workers_at_once_raise_it_once(decided, linked, measured, database, db, write):
    decided(review=TODAY)
    linked(review=YESTERDAY)
    measured("udvikler", "uafklaret")
    ready, failed = threading.Barrier(4), []

    def go():
        ready.wait()
        try:
            with database.writing() as session:
                raise_points(session)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    db.rollback()
    keys = db.scalars(select(ReviewPoint.key)).all()
    assert len(keys) == len(set(keys)) == 3  # two dates, a verdict
    assert len(points(db)) == 2


def test_a_restarted_worker_does_not_do_it_again(decided, database, db):
    decided(review=TODAY)
    job = next(one for one in jobs if one.name == "loop.raise_reviews")
    assert worker.run(database, job) is True
    assert worker.run(database, job) is False
    with clock.at(demo.NOW + timedelta(days=1)):
        assert worker.run(database, job) is True
    assert len(points(db)) == 1


# --- a verdict changes ----------------------------------------------------------------------------------------------


def test_a_changed_verdict_raises_a_point_once(linked, measured, write, db):
    decision = linked()
    measured("uafklaret", "uafklaret", days=1)
    write(raise_verdicts)
    measured("uafklaret", "uafklaret", days=2)
    write(raise_verdicts)
    assert points(db) == []  # nothing before, and the same again: no news
    run = measured("tilbagegang", "uafklaret", days=3)
    write(raise_verdicts)
    write(raise_verdicts)
    found = points(db)
    assert len(found) == 1
    assert found[-1].title == "Køkkenholdet begynder: beregningen siger noget nyt. Hvad gør vi?"
    assert "går tilbage hos dem, der deltager" in found[-1].why
    point = db.scalars(select(ReviewPoint).order_by(ReviewPoint.id.desc())).first()
    assert (point.cause, point.run_id, point.decision_id) == (Cause.VERDICT_CHANGED, run, decision)
    answer(write, db)
    measured("uafklaret", "uafklaret", days=4)
    write(raise_verdicts)
    assert len(points(db)) == 2  # what was seen is not seen any more
    answer(write, db)
    measured("tilbagegang", "uafklaret", days=5)
    measured("uafklaret", "uafklaret", days=6)
    write(raise_verdicts)
    write(raise_verdicts)
    assert len(points(db)) == 3  # to and fro at once is one point
    answer(write, db)
    measured("uafklaret", "uafklaret", days=7)
    measured("tilbagegang", "uafklaret", days=100)
    write(raise_verdicts)
    assert len(points(db)) == 4  # what comes back is asked about again


def test_what_was_raised_before_runs_stood_in_keys_is_not_raised_anew(linked, measured, write, db):
    """A run that was half read when the house was upgraded."""
    linked()
    run = measured("tilbagegang", "uafklaret", days=1)
    write(raise_verdicts)
    answer(write, db)

    def as_before(session):
        (point,) = session.scalars(select(ReviewPoint))
        point.key = point.key.rpartition(":")[0]

    write(as_before)
    write(lambda session: raising.read_run(session, session.get_one(EffectRun, run), raising.MOST))
    assert len(points(db)) == 1


def test_what_rests_on_participations_from_before_is_no_news(linked, measured, begun, write, db):
    linked(kind=LinkKind.CHANGES, before=lambda: begun(days=-400, taking_part=9))
    measured("tilbagegang", "uafklaret", days=100)
    write(raise_verdicts)
    assert points(db) == []
    begun(taking_part=1, after=101)
    measured("tilbagegang", "uafklaret", days=102)
    write(raise_verdicts)
    (point,) = points(db)  # the first that tells of the decision
    assert "går tilbage hos dem, der deltager" in point.why
    answer(write, db)
    measured("tilbagegang", "uafklaret", days=103)
    write(raise_verdicts)
    assert len(points(db)) == 1


def answer(write, db):
    def decline(session):
        for one in session.scalars(select(Proposal).where(Proposal.id.in_(select(ReviewPoint.proposal_id)))):
            one.state, one.reason, one.answered_at = ProposalState.DECLINED, "Set", clock.now()

    write(decline)
    db.rollback()


def test_while_one_waits_it_gets_the_news(linked, measured, write, db):
    linked()
    measured("tilbagegang", "uafklaret", days=1)
    write(raise_verdicts)
    measured("udvikler", "ingen_paaviselig_effekt", days=2)
    write(raise_verdicts)
    (point,) = points(db)
    assert "udvikles hos dem, der deltager" in point.why
    assert db.scalar(select(func.count()).select_from(ReviewPoint)) == 3


def test_a_point_with_both_reasons_fits_both(visitor, linked, measured, write, db):
    decision = linked(review=TODAY)
    measured("tilbagegang", "uafklaret")
    write(raise_verdicts)
    assert points(db)[0].title == "Køkkenholdet begynder: beregningen siger noget nyt. Hvad gør vi?"
    write(raise_points)
    (point,) = points(db)
    assert point.title == "Køkkenholdet begynder: hvordan gik det, og hvad siger beregningen nu?"
    assert point.why.startswith(
        "Udvalget ville se på beslutningen igen 21. nov. 2026. Den seneste beregning siger noget, vi ikke vidste før. "
        "Virker beslutningen, som vi håbede? Skal vi fortsætte"
    )
    both = "fordi beslutningen skulle ses på igen, og beregningen siger noget nyt"
    anna = visitor("anna")
    assert f"Rejst af Medspil, {both}" in anna.open(f"/forslag/{point.id}").words
    assert anna.open(f"/beslutninger/{decision}").words.count(both) == 1
    meeting = anna.open(f"/forslag/{point.id}").tree.xpath("//select[@name='meeting']/option[@value!='']/@value")[0]
    anna.open(f"/forslag/{point.id}").form("Svar").fill(answer="accept", meeting=meeting, minutes_budget=10).send()
    assert f"Medspil, {both}" in anna.open(f"/moeder/{meeting}").words


def test_a_point_says_of_an_activity_what_its_circle_says(linked, begun, cooking, measured, write, people, db):
    """The newest link to an activity is the one that holds: stopping rests on what was measured before."""
    decision = linked(LinkKind.CHANGES, before=lambda: begun(days=-400), review=TODAY)
    measured("ingen_paaviselig_effekt", "uafklaret")
    stops = LinkForm(cooking.id, LinkKind.STOPS, Basis.RUN)
    write(lambda db: link_activity(db, people.viewer("anna"), db.get_one(Decision, decision), stops))
    write(raise_points)
    (point,) = points(db)
    assert point.why.count("**Aktiviteten.**") == 1 and "fra før beslutningen" not in point.why


# --- many at once ---------------------------------------------------------------------------------------------------


def test_many_are_raised_some_at_a_time(decided, linked, measured, database, db, monkeypatch):
    """Each turn is a transaction of its own; people's requests go between."""
    monkeypatch.setattr(raising, "MOST", 2)
    for _ in range(3):
        linked(review=TODAY)
    decided(review=TODAY)
    measured("tilbagegang", "udvikler", days=-1)
    measured("udvikler", "tilbagegang")
    seen, line = [], []
    for job in sorted(jobs, key=lambda one: one.minutes):  # changed verdicts, then reviews
        assert worker.run(database, job, lambda *turn: line.append(turn))
        while line:
            turn, *given = line.pop(0)
            with database.reading() as reader:
                seen.append((job.name, reader.scalar(select(func.count()).select_from(ReviewPoint))))
                (unfinished,) = reader.scalars(select(JobRun).where(JobRun.job == job.name, JobRun.done_at.is_(None)))
                assert unfinished.error == ""
            assert turn(*given)
    assert seen == [("loop.raise_verdicts", 4), ("loop.raise_reviews", 8)]
    assert len(points(db)) == 4 and db.scalar(select(func.count(ReviewPoint.key))) == 3 * 2 + 4
    assert db.scalars(select(JobRun.error).where(JobRun.done_at.is_not(None))).all() == ["", ""]
    assert raise_points(db) is False


def test_few_citizens_say_nothing(linked, measured, write, db):
    linked()
    measured("tilbagegang", "udvikler", n=9, days=1)
    write(raise_verdicts)
    assert points(db) == []


def test_who_links_afterwards_has_seen_it(decided, cooking, measured, write, people, db):
    measured("uafklaret", "udvikler")
    with clock.at(demo.NOW + timedelta(hours=1)):
        decision = decided()
        write(
            lambda db: link_activity(
                db, people.viewer("anna"), db.get_one(Decision, decision), LinkForm(cooking.id, LinkKind.STARTS)
            )
        )
        write(raise_verdicts)
    assert points(db) == []


# --- answering it ---------------------------------------------------------------------------------------------------


def test_the_chairs_accept_it_and_the_committee_notes_its_review(visitor, linked, write, db, people):
    decision = linked(review=TODAY)
    write(raise_points)
    (point,) = points(db)
    anna = visitor("anna")
    assert "hvordan gik det?" in anna.open("/forslag").words
    page = anna.open(f"/forslag/{point.id}")
    assert "Rejst af Medspil, fordi beslutningen skulle ses på igen" in page.words
    meeting = page.tree.xpath("//select[@name='meeting']/option[@value!='']/@value")[0]
    sent = page.form("Svar").fill(answer="accept", meeting=meeting, minutes_budget=10).send()
    assert sent.status_code == 303
    db.rollback()
    item = db.get_one(Item, db.get_one(Proposal, point.id).item_id)
    assert "Flere tør prøve noget nyt" in item.case_text and item.raised_by_id is None
    there = visitor("bo").open(f"/moeder/{meeting}")
    assert "Medspil, fordi beslutningen skulle ses på igen" in there.words
    assert anna.open(f"/moeder/{meeting}/lokale").status_code == 200
    page = anna.open(f"/beslutninger/{decision}")
    assert "Punkt rejst af Medspil" in page.words and f"/forslag/{point.id}" in page.links()
    assert page.form("Gem tilbageblik").fill(note="Vi fortsætter", review="2027-05-01").send().status_code == 303
    db.rollback()
    assert db.scalars(select(Step.is_review).where(Step.decision_id == decision)).all() == [True]
    write(raise_points)
    assert len(points(db)) == 1
    with clock.at(demo.NOW.replace(year=2027, month=5, day=2)):
        write(raise_points)
    assert len(points(db)) == 2


def test_a_closed_decisions_point_stays_closed(visitor, decided, write, db, people):
    decided(review=TODAY, is_open=False)
    write(raise_points)
    (point,) = points(db)
    assert "økkenholdet" not in point.title
    assert visitor("carla").open(f"/forslag/{point.id}").status_code == 404
    anna = visitor("anna")
    page = anna.open(f"/forslag/{point.id}")
    meeting = page.tree.xpath("//select[@name='meeting']/option[@value!='']/@value")[0]
    assert page.form("Svar").fill(answer="accept", meeting=meeting, minutes_budget=10).send().status_code == 303
    db.rollback()
    assert db.get_one(Item, db.get_one(Proposal, point.id).item_id).is_open is False
    assert "økkenholdet" not in visitor("carla").open(f"/moeder/{meeting}").text


def test_a_review_noted_while_the_point_was_on_its_way(decided, write, db, people):
    decision = decided(review=TODAY)
    write(
        lambda db: review_decision(
            db, people.viewer("anna"), db.get_one(Decision, decision),
            ReviewForm("Set", date(2027, 1, 1), db.get_one(Decision, decision).version),
        )
    )  # fmt: skip
    write(raise_points)
    assert points(db) == []
