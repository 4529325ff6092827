"""From a compass folder (files, or what the database holds) to the arrays of a study."""

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np

from med.competence_compass.effects.study import FAR, Hypothesis, Ints, Study
from med.competence_compass.exchange.rows import Folder
from med.competence_compass.models import Aim, AssessmentKind, AssessmentPurpose

KINDS = list(AssessmentKind)


def study_of(folder: Folder) -> Study:
    """The study of one instrument version. Scores are turned so that higher is better, dimension by dimension.

    Only a double assessment is left out: it is there to tell how well two assessors agree, not what became of
    somebody, and would count a good day twice.
    """
    scale = folder.instrument["scale"]
    dimensions = [one for area in folder.instrument["areas"] for one in area["dimensions"]]
    upwards = np.array(
        [one.get("higher_is_better", scale["higher_is_better"]) is not False for one in dimensions], bool
    )
    sign = np.where(upwards, 1.0, -1.0)
    assessments = [row for row in folder.assessments if row.purpose is not AssessmentPurpose.DOUBLE]
    parts, waiting = folder.participations, folder.waiting
    met = {row.citizen for row in assessments} | {row.citizen for row in parts} | {row.citizen for row in waiting}
    citizens = sorted(met)
    activities = [row.activity for row in folder.activities] or sorted({row.activity for row in folder.participations})
    who, what = numbered(citizens), numbered(activities)
    codes = numbered(one["code"] for one in dimensions)
    scores = np.full((len(assessments), len(dimensions)), np.nan)
    for i, row in enumerate(assessments):
        for k, answer in enumerate(row.answers):
            if type(answer) is int:
                scores[i, k] = answer
    worst, best = sorted((float(scale["min"]), float(scale["max"])))
    assessors = numbered(sorted({row.assessor for row in assessments}))
    begun: dict[str, date] = {}
    for part in parts:
        begun[part.activity] = min(part.start, begun.get(part.activity, date.max))
    return Study(
        citizens=citizens,
        dimensions=[one["code"] for one in dimensions],
        activities=activities,
        citizen=ints(who[row.citizen] for row in assessments),
        day=ints(row.date.toordinal() for row in assessments),
        assessor=ints(assessors[row.assessor] for row in assessments),
        kind=ints(KINDS.index(row.kind) for row in assessments),
        is_referral=np.array([row.purpose is AssessmentPurpose.REFERRAL for row in assessments], bool),
        scores=scores * sign,
        top=np.where(upwards, best, -worst),
        bottom=np.where(upwards, worst, -best),
        p_citizen=ints(who[row.citizen] for row in parts),
        p_activity=ints(what[row.activity] for row in parts),
        p_start=ints(row.start.toordinal() for row in parts),
        p_end=ints(ordinal(row.end) for row in parts),
        p_planned=np.array([row.planned for row in parts], float),
        p_attended=np.array([row.attended for row in parts], float),
        w_citizen=ints(who[row.citizen] for row in waiting),
        w_activity=ints(what[row.activity] for row in waiting),
        w_queued=ints(row.queued.toordinal() for row in waiting),
        w_left=ints(ordinal(row.left) for row in waiting),
        hypotheses=[
            Hypothesis(what[row.activity], codes[row.dimension], row.expected_d, row.aim is Aim.MAINTAIN)
            for row in folder.hypotheses
            # Written before anybody began. Those written later may be browsed, not tested.
            if row.written_on <= begun.get(row.activity, date.max)
        ],
    )


def numbered(codes: Iterable[str]) -> Mapping[str, int]:
    return {code: place for place, code in enumerate(codes)}


def ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def ordinal(day: date | None) -> int:
    return day.toordinal() if day else FAR
