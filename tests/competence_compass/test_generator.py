"""The invented centre: what is true of it is known, and what is seen of it behaves like the real thing."""

import statistics
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from med.competence_compass.exchange.reading import read_folder
from med.competence_compass.exchange.rows import Folder
from med.competence_compass.exchange.writing import write_folder
from med.competence_compass.generator import Centre, World, make_world, write_truth
from med.competence_compass.models import AssessmentKind, AssessmentPurpose, WaitingOutcome

CENTRE = Centre(seed=7, citizens=200, activities=16)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(CENTRE)


def staff(folder: Folder) -> dict[str, list]:
    found = defaultdict(list)
    for row in folder.assessments:
        if row.kind is AssessmentKind.STAFF and row.purpose is not AssessmentPurpose.DOUBLE:
            found[row.citizen].append(row)
    return found


def test_half_of_the_hypotheses_are_wrong(world):
    zeros = sum(d == 0 for d in world.truth.values())
    assert zeros == round(len(world.truth) / 2)
    assert {d for d in world.truth.values() if d} <= set(CENTRE.effects)
    assert {(row.activity, row.dimension) for row in world.folder.hypotheses} == set(world.truth)


def test_every_row_can_be_true(world, tmp_path):
    write_folder(tmp_path, world.folder)
    assert list(read_folder(tmp_path).faults) == []
    here = {row.citizen: row for row in world.folder.citizens}
    for row in world.folder.assessments:
        citizen = here[row.citizen]
        assert citizen.entered <= row.date <= min(citizen.left or CENTRE.last_day, CENTRE.last_day)
    begun = {row.activity: row.start for row in reversed(world.folder.participations)}
    assert all(row.written_on < begun[row.activity] for row in world.folder.hypotheses if row.activity in begun)


def test_who_is_referred_was_seen_low_and_rises_by_itself(world):
    """Regression to the mean: the next assessment is higher although nothing has happened yet."""
    first_start = defaultdict(lambda: CENTRE.last_day)
    for row in world.folder.participations:
        first_start[row.citizen] = min(row.start, first_start[row.citizen])
    everyone, referred, rise = [], [], []
    for citizen, rows in staff(world.folder).items():
        for row, after in pairwise(rows):
            if after.date >= first_start[citizen]:
                break
            means = [statistics.mean(a for a in one.answers if isinstance(a, int)) for one in (row, after)]
            everyone.append(means[0])
            if row.purpose is AssessmentPurpose.REFERRAL:
                referred.append(means[0])
                rise.append(means[1] - means[0])
    assert statistics.mean(referred) < statistics.mean(everyone) - 0.05
    assert statistics.mean(rise) > 0


def test_a_true_effect_is_seen_in_the_means():
    """With one strong effect and nothing else that moves anyone, the participants rise by it."""
    calm = Centre(
        seed=3, citizens=700, activities=1, places=(60, 61), zero_share=0, effects=(0.5,), mood_sd=0.0, noise_sd=0.25,
        slope_sd=0.0, assessor_sd=0.0, quarter_sd=0.0, selection=0.0, unanswered=0.0, middle=2.5, person_sd=0.3,
    )  # fmt: skip
    made = make_world(calm)
    (_, dimension), *_ = made.truth
    at = made.folder.dimensions.index(dimension)
    ends = {row.citizen: (row.start, row.end, row.attended / row.planned) for row in made.folder.participations}
    changes, doses = [], []
    for citizen, rows in staff(made.folder).items():
        if citizen not in ends or ends[citizen][1] is None:
            continue
        start, end, dose = ends[citizen]
        before = [row.answers[at] for row in rows if row.date < start]
        after = [row.answers[at] for row in rows if row.date > end]
        if before and after:
            changes.append(statistics.mean(after) - statistics.mean(before))
            doses.append(dose)
    assert len(changes) > 150
    assert statistics.mean(changes) == pytest.approx(0.5 * statistics.mean(doses), abs=0.08)


def test_those_who_know_score_higher_and_the_strict_stay_strict():
    plain, hopeful = (make_world(replace(CENTRE, expectancy=more)) for more in (0.0, 2.0))
    assert mean_of(hopeful) > mean_of(plain) + 0.05  # only where an activity aims, and only from its start
    rising = make_world(replace(CENTRE, trend=0.05))
    assert mean_of(rising) > mean_of(plain) + 0.1


def mean_of(world: World) -> float:
    return statistics.mean(a for row in world.folder.assessments for a in row.answers if isinstance(a, int))


def test_places_go_by_the_queue(world):
    assert {row.outcome for row in world.folder.waiting} >= {WaitingOutcome.STARTED, WaitingOutcome.WAITING}
    waits = [row.left - row.queued for row in world.folder.waiting if row.outcome is WaitingOutcome.STARTED]
    assert timedelta(days=30) < statistics.median(waits) < timedelta(days=400)
    room = {row.activity: row.capacity for row in world.folder.activities}
    taken = defaultdict(int)
    for row in world.folder.participations:
        taken[row.activity, row.run] += 1
    assert all(count <= room[activity] for (activity, _), count in taken.items())


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    centre = Centre(seed=5, citizens=30, activities=6, quarters=6)
    for name in ("one", "two"):
        made = make_world(centre)
        write_folder(tmp_path / name, made.folder)
        write_truth(tmp_path / name, made)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "truth.csv" in files and len(files) == 10
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)
    write_folder(tmp_path / "three", make_world(replace(centre, seed=6)).folder)
    assert (tmp_path / "one/assessments.csv").read_bytes() != (tmp_path / "three/assessments.csv").read_bytes()
