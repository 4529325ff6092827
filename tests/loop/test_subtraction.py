"""Two reports, subtracted: the search for one citizen between them.

Between two days exactly one thing happens to one citizen: they join a waiting list, leave it, begin, pass, fail, or
are assessed and the night counts them in. Whoever reads sums opens every page, feed and file they can, on every day,
approved minutes among them, and gets the day's mails: the digest, each notice in it, and a point as it would be raised.
A number that is another on another day of the quarter tells of that one citizen, and counts as recovered.

`MED_TIMES=4 pytest tests/loop/test_subtraction.py` (`make evidence ARGS=disclosure`) searches over 5,000 pairs, with
more days and more people. Each fault planted at the end must be found by the same search.
"""

import os
import re
from datetime import timedelta
from itertools import combinations

import pytest
from sqlalchemy import select, update

from med import clock, demo
from med.competence_compass import disclosure, publishing, sums
from med.competence_compass.models import Activity, ActivityState, Exam, Run, ToldAs, ToldEstimate, WaitingEntry
from med.competence_compass.models import WaitingOutcome as Outcome
from med.competence_compass.queries import activities, kept
from med.decisions.models import Decision
from med.identity.actions import make_feed_token
from med.loop import pointing
from med.loop.actions import link_activity
from med.loop.forms import LinkForm
from med.loop.models import Cause, LinkKind, ReviewPoint
from med.meetings.actions.minutes import freeze
from med.meetings.models import Proposal, State
from med.notices.composing import compose_digest
from med.notices.composing.lines import lines_of
from med.notices.models import Message, Notice
from med.notices.outbox import Posting, post
from med.notices.planning import plan_news
from med.organisation.queries import viewer_for
from med.settings import Settings
from med.slices import Office
from tests.competence_compass import factories, house
from tests.competence_compass.conftest import vault  # noqa: F401  a fixture
from tests.decisions.conftest import make_item, make_meeting
from tests.loop.conftest import make_effect_run, raise_points

TIMES = int(os.environ.get("MED_TIMES", "1"))
DAYS = 4 if TIMES == 1 else 12
READERS = ("anna", "carla") if TIMES == 1 else ("anna", "hanne", "dorte", "carla", "emil", "freja")
# Days and hours move by themselves, and so do the form's own tokens.
MOVES = re.compile(
    r"\d{1,2}\. \w+\.? \d{4}|\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}|kl\. [\d.]+|T[\d:.+]+Z?|om \d+ dage?|/afmeld/\S+"
)
NUMBER = re.compile(r"(?<![\w-])[−-]?\d+(?:[.,]\d+)*")


class World:
    """Køkkenholdet with a run, a waiting list, exams and a measurement; one citizen's step at a time."""

    def __init__(self, write, ring, cooking):
        self.write, self.vault, self.cooking, self.step, self.n = write, ring, cooking, 0, 24

    def citizen(self, db):
        self.step += 1
        return house.make_citizen(db, self.vault, f"S{self.step}-TAL", contact=None)

    def begin(self):
        def make(db):
            activity = db.get_one(Activity, self.cooking.id)
            activity.has_exam, activity.state = True, ActivityState.RUNNING
            run = factories.make_run(db, activity, capacity=40, leader="julie")
            other = factories.make_activity(db, "A-SMAA", "De få")
            for number in range(12):
                factories.wait(db, activity, self.citizen(db), days=20 + number)
                held = factories.put_in(db, run, self.citizen(db), starts=demo.NOW.date())
                db.add(Exam(participation_id=held.id, day=demo.NOW.date(), passed=number < 6))
            for _ in range(6):
                factories.wait(db, other, self.citizen(db))
            return run.id

        self.run = self.write(make)
        self.measure(0.30)

    def measure(self, size):
        found = dict.fromkeys(self.cooking.dimensions, "uafklaret")
        made = {"shrunken": size, "estimate": size, "ci_low": size - 0.3, "ci_high": size + 0.3, "detectable": 0.42}
        self.write(lambda db: make_effect_run(db, self.cooking.version, self.cooking.id, found, n=self.n, **made))

    def one_more(self, day):
        """What happens to one citizen, another thing each day."""

        def join(db):
            factories.wait(db, db.get_one(Activity, self.cooking.id), self.citizen(db))

        def leave(db):
            first = db.scalars(
                select(WaitingEntry).where(
                    WaitingEntry.activity_id == self.cooking.id, WaitingEntry.outcome == Outcome.WAITING
                )
            ).first()
            first.outcome, first.left_on = Outcome.STARTED, clock.today()

        def take_part(db):
            held = factories.put_in(db, db.get_one(Run, self.run), self.citizen(db), starts=clock.today())
            db.add(Exam(participation_id=held.id, day=clock.today(), passed=day % 2 == 0))

        if day % 4 == 3:
            self.n += 1
            self.measure(0.30 + 0.07 * (day // 4 + 1))
        else:
            self.write((join, take_part, leave)[day % 4])
        self.write(sums.freeze_what_ended)
        self.write(raise_points)


@pytest.fixture
def world(write, vault, cooking, decided, people):  # noqa: F811
    made = World(write, vault, cooking)
    made.begin()
    made.decision = decided(review=demo.NOW.date())
    write(
        lambda db: link_activity(
            db, people.viewer("anna"), db.get_one(Decision, made.decision),
            LinkForm(cooking.id, LinkKind.STARTS),
        )
    )  # fmt: skip
    write(raise_points)
    made.minutes = write(lambda db: hold(db, made.decision))
    made.token = write(lambda db: make_feed_token(db, people.viewer("carla"), "decisions", ""))
    return made


def words_today(db, decision_id):
    """The point as it would be raised now."""
    return pointing.words(db, db.get_one(Decision, decision_id), set(Cause))


def hold(db, decision_id):
    """A meeting with the point on its agenda, whose minutes are approved."""
    meeting, said = make_meeting(db), words_today(db, decision_id)
    make_item(db, meeting, said.title, case_text=said.why, minutes_text=said.why, raised_side=None)
    meeting.state, meeting.closed_at = State.HELD, clock.now()
    freeze(db, None, meeting, clock.now())
    return meeting.id


class Post:
    """What comes by mail: the digest with the first day's notices composed anew each day, and every notice alone."""

    def __init__(self, database, tmp_path, people):
        settings = Settings(data_dir=tmp_path, database_url=database.url, secret="s" * 40)
        self.office, self.people, self.database = Office(database, settings), people, database
        plan_news(database)
        with database.writing() as db:
            keys = {handle: f"digest:{handle}" for handle in READERS}
            details = {"day": demo.NOW.date().isoformat()}
            post(db, [Posting(key, "digest", self.id(handle), details=details) for handle, key in keys.items()])
            self.digests = {
                who: db.scalars(select(Message.id).where(Message.key == key)).one() for who, key in keys.items()
            }
            for handle, message_id in self.digests.items():
                db.execute(update(Notice).where(Notice.person_id == self.id(handle)).values(message_id=message_id))

    def id(self, handle):
        return getattr(self.people, handle)

    def of(self, handle):
        """What the mails say today, by name."""
        plan_news(self.database)
        with self.database.reading() as db:
            viewer = viewer_for(db, self.id(handle))
            notices = db.scalars(select(Notice).where(Notice.person_id == self.id(handle)).order_by(Notice.id)).all()
            found = {
                f"notice {line.notice_id}": " ".join(map(str, (line.title, *line.facts, line.note)))
                for line in lines_of(db, viewer, notices)
            }
            letter = compose_digest(db, self.office, db.get_one(Message, self.digests[handle]), viewer)
            return found if letter is None else {**found, "digest": letter.text}


def addresses(world, committee, unit):
    activity, decision = world.cooking.id, world.decision
    every = [
        "/kompas/aktiviteter",
        f"/kompas/aktivitet/{activity}",
        f"/kompas/forloeb/{world.run}",
        "/kompas/effekt",
        "/kompas/udviklingsplan/fil?form=csv",
        f"/beslutninger/{decision}",
        f"/moeder/{world.minutes}/referat",
        f"/udvalg/{committee}/kredsloeb",
        f"/feeds/{world.token}/beslutninger.atom",
    ]
    if TIMES == 1:
        return every
    return [
        *every,
        f"/moeder/{world.minutes}",
        f"/moeder/{world.minutes}/referat.json",
        "/kompas",
        f"/kompas/aktiviteter?enhed={unit}",
        "/kompas/aktiviteter?slags=course&tilstand=running",
        f"/kompas/effekt?enhed={unit}",
        "/kompas/effekt?kvartal=2026-3",
        "/kompas/effekt/fil",
        f"/kompas/effekt/fil?enhed={unit}",
        "/kompas/udviklingsplan",
        f"/kompas/udviklingsplan?enhed={unit}",
        "/beslutninger",
        f"/udvalg/{committee}",
        f"/feeds/{world.token}/beslutninger.json",
        "/perspektiver",
    ]


def numbers(page):
    """Every number a reader meets, in order, without those that move by themselves."""
    kind = page.headers.get("content-type", "")
    return numbers_in(page.words if "html" in kind else page.response.text)


def numbers_in(text):
    return tuple(NUMBER.findall(MOVES.sub(" ", text)))


def search(world, visitor, database, committee, unit, mails):
    """(pairs looked at, [(what, day, another day)] of the pairs whose numbers differ)."""
    seen, days = {}, list(range(DAYS))
    for day in days:
        with clock.at(demo.NOW + timedelta(days=day)):
            if day:
                world.one_more(day)
            for handle in READERS:
                them = visitor(handle)
                for path in addresses(world, committee, unit):
                    page = them.open(path)
                    if page.status_code == 200:
                        seen[handle, path, day] = numbers(page)
                for name, said in mails.of(handle).items():
                    seen[handle, name, day] = numbers_in(said)
            with database.reading() as db:
                raised = db.scalars(
                    select(Proposal.why).where(Proposal.id.in_(select(ReviewPoint.proposal_id))).order_by(Proposal.id)
                ).all()
                seen["committee", "a point raised today", day] = numbers_in("\n".join(words_today(db, world.decision)))
            seen["committee", "points", day] = numbers_in("\n".join(raised))
    assert {f"/moeder/{world.minutes}/referat", "digest", "points"} <= {path for _, path, _ in seen}
    pairs, found = 0, []
    for who, path in {key[:2] for key in seen}:
        for one, other in combinations(days, 2):
            if (who, path, one) in seen and (who, path, other) in seen:
                pairs += 1
                if seen[who, path, one] != seen[who, path, other]:
                    found.append((who, path, one, other))
    return pairs, found


@pytest.fixture
def looked(world, visitor, database, db, committee_id, people, tmp_path):
    mails = Post(database, tmp_path, people)

    def look():
        unit, committee = house.unit_id(db, "vaerkstederne"), committee_id("med-aabrinken")
        db.rollback()  # PostgreSQL ends a look that stands open for minutes
        return search(world, visitor, database, committee, unit, mails)

    return look


def test_no_two_reports_tell_of_one_citizen(looked, database):
    pairs, found = looked()
    print(f"{pairs} pairs of reports, {len(found)} recovered")
    assert pairs > (5000 if TIMES > 1 else 60) and found == []


def test_from_quarter_to_quarter_numbers_move_for_ten_or_not_at_all(world, database):
    for day in range(3, 40 * 4, 4):  # a citizen more each time, over three quarters
        with clock.at(demo.NOW + timedelta(days=2 * day)):
            world.one_more(day)
    with database.reading() as db:
        told = db.scalars(
            select(ToldEstimate)
            .where(ToldEstimate.activity_id == world.cooking.id, ToldEstimate.told_as == ToldAs.FIGURES)
            .order_by(ToldEstimate.dimension_id, ToldEstimate.id)
        ).all()
        pairs = [(a.estimate.n, b.estimate.n) for a, b in combinations(told, 2) if a.dimension_id == b.dimension_id]
    assert len(pairs) >= 2 and all(abs(now - then) >= disclosure.FEWEST_MEASURED for then, now in pairs)


def live_lists(monkeypatch):
    def counted(db):
        return activities.waiting_counts(db, db.scalars(select(Activity.id)).all())

    monkeypatch.setattr(kept, "waiting", counted)


def every_run(monkeypatch):
    monkeypatch.setattr(publishing, "take_quarter", lambda db, run, day: True)
    monkeypatch.setattr(disclosure, "may_follow", lambda shown, now: now >= disclosure.FEWEST_MEASURED)


@pytest.mark.parametrize("fault", [live_lists, every_run])
def test_the_search_finds_what_is_planted(looked, monkeypatch, fault):
    fault(monkeypatch)
    pairs, found = looked()
    print(f"{fault.__name__}: {len(found)} of {pairs} recovered")
    assert found


def test_mails_and_minutes_carry_the_words_that_are_searched(world, database, people, tmp_path, visitor):
    """Else the search would find nothing in them, whatever they said."""
    said = "omkring 25 borgere"
    assert said in visitor("carla").open(f"/moeder/{world.minutes}/referat").words
    mails = Post(database, tmp_path, people).of("anna")
    assert "Køkkenholdet begynder: hvordan gik det?" in mails["digest"] and "Referat" in mails["digest"]
    assert any("hvordan gik det?" in said for name, said in mails.items() if name.startswith("notice"))
