"""A file does what its pages do and no more: it ends what they end, begins nothing they would not, reopens nothing."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from med import clock
from med.competence_compass.exchange.comparing import compare
from med.competence_compass.exchange.giving import elsewhere_of, instrument_of
from med.competence_compass.exchange.plan import Plan
from med.competence_compass.exchange.reading import read_single
from med.competence_compass.exchange.taking import carry_out
from med.competence_compass.models import (
    Activity,
    ActivityState,
    Assessment,
    Assignment,
    Citizen,
    Dimension,
    EndReason,
    Goal,
    GoalRating,
    GoalType,
    Hypothesis,
    Participation,
    Run,
    Version,
    WaitingEntry,
    WaitingOutcome,
)
from tests.competence_compass.factories import make_activity, make_run, put_in, suppose, wait
from tests.competence_compass.house import make_citizen, make_instrument
from tests.competence_compass.test_import import on, send

LAST = date(2026, 9, 30)


@pytest.fixture
def version(write) -> Version:
    return write(lambda db: make_instrument(db, areas=2, dimensions=1))


@pytest.fixture
def citizen(write, vault, version) -> int:
    return write(lambda db: make_citizen(db, vault, "K9-PRØVE", version=version).id)


@pytest.fixture
def take(write, vault, version):
    """`take("goals", text)`: what the file does, done by the command line when nothing is wrong with it."""

    def run(kind: str, text: str, *, within: frozenset[int] | None = None) -> Plan:
        def do(db) -> Plan:
            mine = db.get_one(Version, version.id)
            reading = read_single(kind, "fil.csv", text.encode(), instrument_of(db, mine), elsewhere_of(db, mine))
            plan = compare(db, reading, mine, within=within)
            if not plan.faults:
                carry_out(db, None, vault, plan)
            return plan

        return write(do)

    return run


@pytest.fixture
def bo(visitor):
    """The coordinator of Åbrinken and what is below it."""
    return visitor("bo")


def fault(plan: Plan) -> str:
    return "\n".join(map(str, plan.faults.told))


# --- the last day ---------------------------------------------------------------------------------------------------


def leaves(day: object = LAST) -> str:
    return f"Borger;Udskrevet\nK9-PRØVE;{day}\n"


def test_a_last_day_in_a_file_ends_what_the_page_ends(bo, visitor, write, db, version, citizen):
    assert visitor("freja").open(f"/kompas/borger/{citizen}").status_code == 200
    write(lambda db: wait(db, make_activity(db), db.get(Citizen, citizen)))
    page = on(bo, send(bo.open("/kompas/indlaes"), "citizens", leaves()))
    assert "1 borger stopper. Det gør det samme som “Gem sidste dag” i indtaget." in page.words
    assert on(bo, page.form(action=page.path).send()).status_code == 200
    db.rollback()
    assert db.get(Citizen, citizen).left_on == LAST
    assert db.scalars(select(Assignment.ends).where(Assignment.citizen_id == citizen)).all() == [
        LAST + timedelta(days=30)
    ]
    entry = db.scalars(select(WaitingEntry).where(WaitingEntry.citizen_id == citizen)).one()
    assert (entry.outcome, entry.left_on) == (WaitingOutcome.WITHDRAWN, entry.queued)
    assert visitor("freja").open(f"/kompas/borger/{citizen}").status_code == 404
    assert "Der er intet at ændre" in on(bo, send(bo.open("/kompas/indlaes"), "citizens", leaves())).words


def test_the_command_line_does_the_same_and_a_list_that_is_behind_changes_nothing(write, db, take, citizen):
    write(lambda db: wait(db, make_activity(db), db.get(Citizen, citizen)))
    queued = clock.today() - timedelta(days=10)
    assert take("citizens", leaves()).total == 1
    again = take("waiting", f"Aktivitet;Borger;Skrevet op\nA-MAD;K9-PRØVE;{queued}\n")
    assert not again.faults and again.total == 0
    entry = db.scalars(select(WaitingEntry).where(WaitingEntry.citizen_id == citizen)).one()
    assert entry.outcome is WaitingOutcome.WITHDRAWN


def test_a_last_day_far_ahead_is_refused_as_on_the_page(take, citizen, db):
    plan = take("citizens", leaves("2031-01-01"))
    assert "fil.csv, række 2: Datoen ligger for langt ude i fremtiden." in fault(plan)
    assert db.get(Citizen, citizen).left_on is None


# --- what may begin -------------------------------------------------------------------------------------------------


def takes_part(start: object = "2026-10-01", run: object = "", end: object = "") -> str:
    return f"Aktivitet;Borger;Fra;Til;Planlagt;Deltaget;Forløb\nA-MAD;K9-PRØVE;{start};{end};8;2;{run}\n"


def test_a_file_begins_no_activity_without_a_hypothesis(bo, write, db, version, citizen, take):
    activity_id = write(lambda db: make_activity(db).id)
    refused = "fil.csv, række 2: aktiviteten “A-MAD” har ingen hypotese, der er skrevet, før den begynder."
    page = send(bo.open("/kompas/indlaes"), "participations", takes_part())
    assert page.status_code == 422 and refused in page.words
    write(lambda db: suppose(db, db.get(Activity, activity_id), version))  # today: too late for October
    assert refused in send(bo.open("/kompas/indlaes"), "participations", takes_part()).words
    db.rollback()
    assert db.get(Activity, activity_id).state is ActivityState.PROPOSED
    page = on(bo, send(bo.open("/kompas/indlaes"), "participations", takes_part(clock.today())))
    assert on(bo, page.form(action=page.path).send()).status_code == 200
    db.rollback()
    assert db.get(Activity, activity_id).state is ActivityState.RUNNING
    assert db.scalars(select(Hypothesis.is_exploratory)).all()[-1] is False


def test_what_was_written_after_a_file_lets_an_activity_begin_tests_nothing(write, db, version, citizen, take):
    def furnish(db) -> int:
        activity = make_activity(db)
        suppose(db, activity, version, 0).written_on = date(2026, 9, 1)
        suppose(db, activity, version, 1)
        return activity.id

    activity_id = write(furnish)
    assert not take("participations", takes_part()).faults
    found = select(Hypothesis.is_exploratory).where(Hypothesis.activity_id == activity_id).order_by(Hypothesis.id)
    assert db.scalars(found).all() == [False, True]


def test_who_has_begun_without_a_hypothesis_may_be_joined_but_begins_no_other_run(bo, write, version, citizen):
    write(lambda db: make_run(db, make_activity(db), starts=date(2026, 9, 1)))
    for text, status in ((takes_part(run=1), 303), (takes_part(run=2), 422), (takes_part("2026-09-01"), 303)):
        assert send(bo.open("/kompas/indlaes"), "participations", text).status_code == status


def test_a_file_puts_nobody_into_another_units_activity(bo, write, version, citizen):
    write(lambda db: suppose(db, make_activity(db, unit="jobhuset"), version))
    page = send(bo.open("/kompas/indlaes"), "participations", takes_part(clock.today()))
    assert page.status_code == 422
    assert "fil.csv, række 2: aktiviteten “A-MAD” hører ikke til en af dine enheder." in page.words


def test_a_hypothesis_from_before_cannot_be_added_to_what_has_begun(write, take, version, db):
    activity_id = write(lambda db: make_run(db, make_activity(db), starts=date(2026, 9, 1)).activity_id)
    head = "Aktivitet;Dimension;Forventet;Skrevet\n"
    plan = take("hypotheses", f"{head}A-MAD;fagligt-1;0,5;2026-08-01\n")
    assert "række 2: aktiviteten er begyndt; en hypotese skrevet før kan ikke lægges til nu." in fault(plan)
    with clock.at(clock.now() + timedelta(days=2)):
        assert take("hypotheses", f"{head}A-MAD;fagligt-1;0,5;{clock.today()}\n").total == 1
    assert db.scalars(select(Hypothesis.is_exploratory).where(Hypothesis.activity_id == activity_id)).all() == [True]


# --- what has ended, and what is known ------------------------------------------------------------------------------


def test_an_end_that_a_file_does_not_name_stands(write, take, version, citizen, db):
    def furnish(db) -> int:
        run = make_run(db, make_activity(db), starts=date(2026, 9, 1), ends=LAST)
        run.ended_at = clock.now()
        held = {"ends": LAST, "end_reason": EndReason.COMPLETED, "attended": 2}
        return put_in(db, run, db.get(Citizen, citizen), **held).id

    held_id = write(furnish)
    without = "Aktivitet;Borger;Fra;Planlagt;Deltaget\nA-MAD;K9-PRØVE;2026-09-01;8;2\n"
    for text in (takes_part("2026-09-01"), without):
        assert take("participations", text).total == 0
    assert take("participations", without.replace(";8;2", ";8;5")).total == 1
    held = db.get(Participation, held_id)
    assert (held.ends, held.end_reason, held.attended) == (LAST, EndReason.COMPLETED, 5)
    db.rollback()
    assert take("participations", takes_part("2026-09-01", end="2026-09-29").replace(";8;2", ";8;5")).total == 1
    db.expire_all()
    assert db.get(Participation, held_id).ends == date(2026, 9, 29)


def test_a_goals_day_and_level_are_both_taken_and_only_once(write, take, version, citizen, people, db):
    def furnish(db) -> int:
        dimension = db.scalars(select(Dimension.id).where(Dimension.version_id == version.id)).first()
        made = Goal(citizen_id=citizen, dimension_id=dimension, goal_type=GoalType.DEVELOP, set_on=LAST, sealed=b"")
        db.add(made)
        db.flush()
        return made.id

    goal_id = write(furnish)
    text = f"Borger;Kompetence;Måltype;Aftalt;Frist;Niveau\nK9-PRØVE;fagligt-1;udvikle;{LAST};2027-05-01;1\n"
    assert take("goals", text).total == 1
    db.rollback()
    rated = select(GoalRating.day, GoalRating.level).where(GoalRating.goal_id == goal_id).order_by(GoalRating.day)
    assert db.execute(rated).all() == [(clock.today(), 1)]
    assert db.get(Goal, goal_id).due == date(2027, 5, 1)
    db.rollback()
    assert take("goals", text).total == 0
    plan = take("goals", text.replace(";1\n", ";2\n"))
    assert "fil.csv, række 2: målet er vurderet i forvejen med et andet niveau den dag." in fault(plan)
    assert db.execute(rated).all() == [(clock.today(), 1)]
    db.rollback()
    tomorrow, later = clock.today() + timedelta(days=1), clock.today() + timedelta(days=2)
    with clock.at(clock.now() + timedelta(days=1)):
        write(lambda db: db.add(GoalRating(goal_id=goal_id, day=tomorrow, level=2, person_id=people.freja)))
    with clock.at(clock.now() + timedelta(days=2)):  # the same file says nothing new
        assert take("goals", text).total == 0
        assert take("goals", text.replace(";1\n", ";-1\n")).total == 1
    assert db.execute(rated).all() == [(clock.today(), 1), (tomorrow, 2), (later, -1)]


def test_a_level_has_the_day_the_file_gives_it(take, citizen, db):
    text = f"Borger;Kompetence;Måltype;Aftalt;Frist;Niveau;Vurderet\nK9-PRØVE;fagligt-1;udvikle;{LAST};;1;12.11.2026\n"
    assert take("goals", text).total == 1
    assert take("goals", text).total == 0
    assert take("goals", text.replace("12.11", "13.11")).total == 1
    rated = select(GoalRating.day, GoalRating.level).join(Goal, Goal.id == GoalRating.goal_id)
    rated = rated.where(Goal.citizen_id == citizen).order_by(GoalRating.day)
    assert db.execute(rated).all() == [(date(2026, 11, 12), 1), (date(2026, 11, 13), 1)]
    assert "række 2: målet er vurderet i forvejen" in fault(take("goals", text.replace(";1;", ";2;")))
    for day in ("22.11.2026", "1.1.2026"):
        assert fault(take("goals", text.replace("12.11.2026", day)))


def test_a_column_may_be_headed_kompetence_as_on_the_pages(bo, take, version, citizen, db):
    head = "Borger;Dato;Hvem ser;Vurderet af;Kompetence;Værdi"
    assert take("assessments", f"{head}\nK9-PRØVE;5.1.2026;medarbejder;xy;fagligt-1;3\n").total == 1
    assert db.scalar(select(func.count()).where(Assessment.citizen_id == citizen)) == 1
    assert "kompetence" in bo.open("/kompas/indlaes").tree.xpath("string(//tr[th='dimension'])")


def test_whoever_imports_everything_tells_what_has_been(take, write, version, citizen, db):
    write(lambda db: make_activity(db, unit="jobhuset"))
    assert take("participations", takes_part()).total == 1
    assert db.scalars(select(Run.starts).order_by(Run.id.desc())).first() == date(2026, 10, 1)
