"""What is kept beside the scores is always what these say: sums of changes, and each assessment's packed answers."""

import contextlib
import os
from datetime import date, timedelta
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from med import clock
from med.cli import main
from med.cli.compass import examine_sums
from med.competence_compass import packed as bytes_of
from med.competence_compass import rollups, vectors
from med.competence_compass import sums as sums_kept
from med.competence_compass.access import Towards
from med.competence_compass.actions import assessing, intake, runs
from med.competence_compass.erasing import forget_citizen
from med.competence_compass.exchange.comparing import compare
from med.competence_compass.exchange.giving import folder_of, version_of
from med.competence_compass.exchange.reading import Reading
from med.competence_compass.exchange.rows import AssessmentRow, CitizenRow, Folder, ParticipationRow
from med.competence_compass.exchange.taking import carry_out
from med.competence_compass.forms.assessing import BeginForm, CloseForm
from med.competence_compass.forms.intake import PlaceForm
from med.competence_compass.forms.runs import EndForm, LeaveForm
from med.competence_compass.models import (
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    AssignmentRole,
    ChangeSum,
    ChangeTotal,
    Citizen,
    EndReason,
    NoScore,
    Occasion,
    Participation,
    Run,
    Score,
    Version,
)
from med.errors import Conflict, Invalid
from med.migrations import filling_compass
from tests.competence_compass.factories import make_activity, make_run, put_in, suppose
from tests.competence_compass.house import make_citizen, make_instrument, make_version, take_stock

TIMES = int(os.environ.get("MED_TIMES", "1"))


def packed(db):
    return dict(db.execute(select(Assessment.id, Assessment.packed).where(Assessment.closed_at.is_not(None))).all())


def check(db):
    db.expire_all()
    assert rollups.is_whole(db)
    held = packed(db)
    assert all(held.values())
    orders = {}
    for one in db.scalars(select(Assessment).where(Assessment.closed_at.is_not(None))):
        places, lowest = orders.setdefault(one.version_id, vectors.order_of(db, one.version_id))
        answers = [None] * len(places)
        for score in one.scores:
            answers[places[score.dimension_id]] = score.reason if score.value is None else score.value
        assert bytes_of.unpack(held[one.id], lowest) == answers


def test_the_furnished_house_has_them(database, write):
    with database.reading() as db:
        check(db)
        before, sums = packed(db), rollups.kept_sums(db)
        assert before and any(sums)
    write(lambda db: (vectors.rebuild(db), rollups.rebuild(db)))
    with database.reading() as db:
        assert packed(db) == before and rollups.kept_sums(db) == sums


def test_an_older_database_gets_the_same(write, database):
    """The migration's own words for it say what the slice says."""
    with database.reading() as db:
        before, sums = packed(db), rollups.kept_sums(db)

    def anew(db):
        db.execute(update(Assessment).values(packed=None))
        for table in ("compass_change", "compass_change_sum", "compass_change_total"):
            db.execute(text(f"DELETE FROM {table}"))
        filling_compass.keep_beside_scores(db.connection())

    write(anew)
    with database.reading() as db:
        assert packed(db) == before and rollups.kept_sums(db) == sums
        check(db)


def test_answers_and_their_bytes():
    answers = [5, None, NoScore.DECLINED, 1, NoScore.NOT_ASSESSABLE, NoScore.NOT_OBSERVED]
    assert bytes_of.pack(answers, 1) == bytes([8, 0, 2, 4, 1, 3])
    assert bytes_of.unpack(bytes_of.pack(answers, 1), 1) == answers
    assert bytes_of.unpack(bytes_of.pack([-3, 4], -3), -3) == [-3, 4]


# --- whatever is done, in whatever order ------------------------------------------------------------------------------


class Undone(Exception):
    """Ends an example: nothing of it is kept."""


class House:
    """The demo's house, with verbs that take the small numbers an example is made of."""

    def __init__(self, db, vault, viewer):
        self.db, self.vault, self.viewer = db, vault, viewer
        self.version = version_of(db)
        self.citizens = db.scalars(select(Citizen).where(Citizen.erased_at.is_(None)).order_by(Citizen.id)).all()
        self.runs = db.scalars(select(Run).order_by(Run.id)).all()

    def citizen(self, number):
        return self.citizens[number % len(self.citizens)]

    def towards(self, citizen):
        return Towards(
            citizen.id, citizen.pseudonym, "", self.version.instrument_id, 91, citizen.entered, citizen.left_on,
            AssignmentRole.CONTACT,
        )  # fmt: skip

    def fill(self, citizen, occasion, value):
        """Answer everything and close."""
        for number, one in enumerate(occasion.assessments):
            self.db.execute(Score.__table__.delete().where(Score.assessment_id == one.id))
            for dimension in vectors.order_of(self.db, self.version.id)[0]:
                given = (value + dimension * (number + 1)) % 7
                self.db.add(
                    Score(
                        assessment_id=one.id,
                        dimension_id=dimension,
                        value=None if given > 4 else given + 1,
                        reason=NoScore.DECLINED if given > 4 else None,
                    )
                )
        self.db.flush()
        assessing.close(self.db, self.vault, self.viewer, self.towards(citizen), occasion, CloseForm())

    def save(self, number, value, days):
        citizen = self.citizen(number)
        form = BeginForm(
            day=clock.today() - timedelta(days=days * 9 + value),
            purpose=PURPOSES[value % 3],
            voices=[(AssessmentKind.STAFF, AssessmentKind.JOINT)[days % 2], AssessmentKind.SELF],
        )
        with contextlib.suppress(Invalid):
            occasion = assessing.begin(self.db, self.viewer, self.towards(citizen), form)
            self.fill(citizen, occasion, value)

    def correct(self, number, value, days):
        citizen = self.citizen(number)
        told = self.db.scalars(
            select(Occasion).where(Occasion.citizen_id == citizen.id, Occasion.closed_at.is_not(None))
        ).all()
        if told:
            old = told[value % len(told)]
            old.begun_by_id = self.viewer.person_id
            with contextlib.suppress(Conflict):
                new = assessing.correct(self.db, self.viewer, self.towards(citizen), old)
                self.fill(citizen, new, value + days)

    def erase(self, number, value, days):
        if number % 3 == 0:  # or nobody is left
            forget_citizen(self.db, self.citizen(number))

    def leave(self, number, value, days):
        held = self.db.scalars(select(Participation).where(Participation.ends.is_(None)).order_by(Participation.id))
        if held := held.all():
            one = held[number % len(held)]
            with contextlib.suppress(Invalid, Conflict):
                ends = clock.today() - timedelta(days=days * 3)
                runs.leave_run(self.db, self.viewer, one.run, one, LeaveForm(ends=ends, reason=EndReason.STOPPED))

    def end(self, number, value, days):
        run = self.runs[number % len(self.runs)]
        with contextlib.suppress(Invalid):
            runs.end_run(self.db, self.viewer, run, EndForm(ends=clock.today() - timedelta(days=days)))

    def admit(self, number, value, days):
        run = self.runs[value % len(self.runs)]
        with contextlib.suppress(Invalid):
            runs.admit(self.db, self.viewer, run, self.citizen(number), run.starts + timedelta(days=days))

    def move(self, number, value, days):
        citizen, unit = self.citizen(number), (1 + value % 3)
        form = PlaceForm(unit, citizen.entered, citizen.version, instrument_id=citizen.instrument_id)
        with contextlib.suppress(Conflict):
            intake.place_citizen(self.db, self.viewer, citizen, form)
        self.db.refresh(citizen)

    def take_in(self, number, value, days):
        """A file with assessments and ended participations, of citizens who are here and of new ones."""
        folder = folder_of(self.db, self.version)
        start = clock.today() - timedelta(days=200 + days)
        width = len(folder.dimensions)
        new = Folder(folder.instrument)
        for code in (f"X{number}", self.citizen(number).pseudonym):
            new.assessments += [
                AssessmentRow(
                    code, start + timedelta(days=lag), AssessmentKind.STAFF, f"fil-{value}",
                    AssessmentPurpose.ROUTINE, [(value + at + lag) % 5 + 1 for at in range(width)],
                )
                for lag in (0, 40, 150)
            ]  # fmt: skip
            activity = folder.activities[value % len(folder.activities)].activity
            new.participations.append(
                ParticipationRow(activity, code, start + timedelta(10), start + timedelta(days=100), 8, 5)
            )
        new.citizens.append(CitizenRow(f"X{number}", "vaerkstederne", start))
        plan = compare(self.db, Reading(new), self.version)
        if not plan.faults:
            carry_out(self.db, None, self.vault, plan)


PURPOSES = (AssessmentPurpose.ROUTINE, AssessmentPurpose.BASELINE, AssessmentPurpose.REFERRAL)
VERBS = ("save", "correct", "erase", "leave", "end", "admit", "move", "take_in")
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 11), st.integers(0, 40), st.integers(0, 60)),
    min_size=1,
    max_size=7,
)


@given(steps=STEPS)
@settings(max_examples=12 * TIMES, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_the_sums_are_what_the_scores_say(steps, database, vault, people):
    viewer = people.viewer("freja")
    with (
        mock.patch.object(runs, "require"),
        mock.patch.object(assessing, "require"),
        mock.patch.object(intake, "require"),
        contextlib.suppress(Undone),
        database.writing() as db,
    ):
        house = House(db, vault, viewer)
        for verb, *numbers in steps:
            getattr(house, verb)(*numbers)
        db.flush()
        check(db)
        raise Undone


@pytest.fixture
def one(write, vault):
    """An activity meant to move one thing, and a citizen who took part in May."""

    def furnish(db):
        version = make_instrument(db, "alene", areas=1, dimensions=2)
        activity = make_activity(db)
        suppose(db, activity, version)
        citizen = make_citizen(db, vault, version=version)
        run = make_run(db, activity, starts=date(2026, 5, 1), ends=date(2026, 5, 31))
        put_in(db, run, citizen, starts=date(2026, 5, 1), ends=date(2026, 5, 31))
        return version.id, activity.id, citizen.id

    return write(furnish)


def test_a_change_is_counted_moved_and_taken_back(one, write, db):
    """2 before and 5 after: n 1, Σ before 2, Σ change 3, Σ change² 9."""
    version_id, activity_id, citizen_id = one

    def told():
        db.rollback()
        return [
            tuple(row)
            for model in (ChangeSum, ChangeTotal)
            for row in db.execute(
                select(model.n, model.before, model.s, model.s2).where(model.activity_id == activity_id)
            )
        ]

    def assess(day, score, **more):
        def work(db):
            found = take_stock(db, db.get(Citizen, citizen_id), db.get(Version, version_id), day, score, **more)
            rollups.refresh(db, [citizen_id])
            return found.id

        return write(work)

    assess(date(2026, 4, 1), 1)
    assess(date(2026, 4, 20), 2)
    assess(date(2026, 4, 25), 4, purpose=AssessmentPurpose.REFERRAL)  # on a bad day, or a good one
    assess(date(2026, 4, 26), 4, kind=AssessmentKind.SELF)
    assess(date(2026, 5, 15), 3)  # while it went on
    assert told() == []
    late = assess(date(2026, 7, 1), 5)
    assert told() == [(1, 2, 3, 9)] * 2
    assess(date(2026, 6, 1), 1)  # written down later, and sooner after
    assert told() == [(1, 2, -1, 1)] * 2
    quarter = db.scalar(select(ChangeSum.quarter).where(ChangeSum.activity_id == activity_id))
    assert divmod(quarter, 4) == (2026, 1)
    told_of = {day: sums_kept.change_sums(db, day) for day in (date(2026, 3, 31), date(2026, 6, 30))}
    dimension = db.scalar(select(ChangeTotal.dimension_id).where(ChangeTotal.activity_id == activity_id))
    assert [(activity_id, dimension) in found for found in told_of.values()] == [False, True]
    assert told_of[date(2026, 6, 30)][activity_id, dimension] == (1, 2, 1)

    def forget(db):
        forget_citizen(db, db.get(Citizen, citizen_id))

    assert late
    write(forget)
    assert told() == []


def test_one_of_many_leaves_the_others_sum(one, write, db, vault):
    version_id, activity_id, first = one

    def second(db):
        version, run = db.get(Version, version_id), db.scalars(select(Run).where(Run.activity_id == activity_id)).one()
        citizen = make_citizen(db, vault, "K2-MUS", version=version)
        put_in(db, run, citizen, starts=date(2026, 5, 1), ends=date(2026, 5, 31))
        for who, before, after in ((first, 1, 4), (citizen.id, 3, 2)):
            take_stock(db, db.get(Citizen, who), version, date(2026, 4, 1), before)
            take_stock(db, db.get(Citizen, who), version, date(2026, 7, 1), after)
        rollups.refresh(db, [first, citizen.id])
        return citizen.id

    citizen_id = write(second)
    sums = select(ChangeTotal.n, ChangeTotal.before, ChangeTotal.s, ChangeTotal.s2).where(
        ChangeTotal.activity_id == activity_id
    )
    assert db.execute(sums).all() == [(2, 4, 2, 10)]
    write(lambda db: forget_citizen(db, db.get(Citizen, citizen_id)))
    db.rollback()
    assert db.execute(sums).all() == [(1, 1, 3, 9)]


def test_what_went_wrong_is_seen_and_made_anew(database, write, tmp_path, monkeypatch, capsys):
    with database.reading() as db:
        before, sums = packed(db), rollups.kept_sums(db)
    write(lambda db: db.execute(update(ChangeTotal).values(s=ChangeTotal.s + 1)))
    assert examine_sums(database)[0] == "warning"
    write(lambda db: (rollups.rebuild(db), db.execute(update(Assessment).values(packed=None))))
    assert examine_sums(database)[0] == "warning"
    monkeypatch.setenv("MED_DATABASE_URL", database.url)
    monkeypatch.setenv("MED_DATA_DIR", str(tmp_path))
    (tmp_path / "effects").mkdir()
    assert main(["compass", "rebuild"]) == 0
    assert f"{len(before):,} assessments packed" in capsys.readouterr().out
    assert not (tmp_path / "effects").exists()
    with database.reading() as db:
        assert packed(db) == before and rollups.kept_sums(db) == sums
    assert examine_sums(database)[0] == "ok"


def test_scores_of_two_versions_never_meet(one, write, db):
    """Neither in the sums nor in an analysis: a run is of one version, and a dimension belongs to one."""
    version_id, activity_id, citizen_id = one

    def mixed(db):
        old = db.get(Version, version_id)
        citizen, new = db.get(Citizen, citizen_id), make_version(db, old.instrument, 2, areas=1, dimensions=2)
        found = take_stock(db, citizen, old, date(2026, 4, 1), 1), take_stock(db, citizen, new, date(2026, 7, 1), 5)
        vectors.keep_vectors(db, [each.id for each in found])
        rollups.refresh(db, [citizen_id])
        return new.id

    newer = write(mixed)
    db.rollback()
    assert db.scalar(select(ChangeTotal.n).where(ChangeTotal.activity_id == activity_id)) is None
    for id, day in ((version_id, date(2026, 4, 1)), (newer, date(2026, 7, 1))):
        packed = vectors.packed_of(db, id)
        assert len(packed.kind) == 1 and len(packed.answers) == 2
        assert np.frombuffer(packed.day, np.int32).tolist() == [day.toordinal()]


@pytest.mark.parametrize("voices", [("staff", "joint"), ("joint", "staff")])
def test_of_one_day_the_staffs_rating_counts_before_and_after(one, write, db, voices):
    """Whichever was written first; else nobody who moved would seem to have."""
    version_id, activity_id, citizen_id = one

    def rate(db):
        version, citizen = db.get(Version, version_id), db.get(Citizen, citizen_id)
        for day in (date(2026, 4, 1), date(2026, 7, 1)):
            for voice in voices:
                take_stock(db, citizen, version, day, 2 if voice == "staff" else 4, kind=AssessmentKind(voice))
        rollups.refresh(db, [citizen_id])

    write(rate)
    db.rollback()
    sums = select(ChangeTotal.n, ChangeTotal.before, ChangeTotal.s).where(ChangeTotal.activity_id == activity_id)
    assert db.execute(sums).all() == [(1, 2, 0)]


def test_what_citizens_say_of_themselves_is_summed_apart(write, vault):
    """Before and after as for the staff's ratings, each voice by itself."""
    today = clock.today()

    def story(db):
        version = make_instrument(db)
        activity = make_activity(db, "A-OWN", "Billedværkstedet")
        dimension = suppose(db, activity, version).dimension_id
        run = make_run(db, activity, starts=today - timedelta(days=60), sessions=0)
        for staff, own in (((2, 3), (3, 5)), ((1, 4), (4, 4))):
            citizen = make_citizen(db, vault, f"K-{staff[0]}", version=version)
            put_in(db, run, citizen, ends=today - timedelta(days=20))
            for days, seen, said in ((90, staff[0], own[0]), (5, staff[1], own[1])):
                first = take_stock(db, citizen, version, today - timedelta(days=days), seen)
                take_stock(db, citizen, version, first.day, said, kind=AssessmentKind.SELF, occasion=first.occasion)
            rollups.refresh(db, [citizen.id])
        key = (activity.id, dimension)
        return sums_kept.change_sums(db, today)[key], sums_kept.own_sums(db, today)[key]

    assert write(story) == ((2, 3, 7), (2, 7, 9))
