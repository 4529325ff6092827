"""From a compass folder (files, or what the database holds) to the arrays of a study."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

import numpy as np

from med.competence_compass.effects.design import OTHERS, lasting
from med.competence_compass.effects.study import FAR, Bools, Floats, Hypothesis, Ints, Study
from med.competence_compass.exchange.rows import Folder
from med.competence_compass.kinds import Aim, AssessmentKind, AssessmentPurpose
from med.competence_compass.packed import FIRST, Packed

KINDS = list(AssessmentKind)


def study_of(folder: Folder, packed: Packed | None = None, until: Iterable[tuple[str, str, date, date]] = ()) -> Study:
    """The study of one instrument version. Scores are turned so that higher is better, dimension by dimension.

    The assessments are the folder's own, or those that come `packed` beside it. `until`: the day attendance is known to
    of participations that go on (activity, citizen, first day, day).

    Only a double assessment is left out: it is there to tell how well two assessors agree, not what became of
    somebody, and would count a good day twice.
    """
    scale = folder.instrument["scale"]
    dimensions = [one for area in folder.instrument["areas"] for one in area["dimensions"]]
    upwards = np.array(
        [one.get("higher_is_better", scale["higher_is_better"]) is not False for one in dimensions], bool
    )
    sign = np.where(upwards, 1.0, -1.0)
    parts, waiting = folder.participations, folder.waiting
    order = [one["code"] for one in dimensions]
    taken = of_rows(folder, len(order)) if packed is None else of_packed(packed, order)
    met = {*taken.citizens} | {row.citizen for row in parts} | {row.citizen for row in waiting}
    citizens = sorted(met)
    activities = [row.activity for row in folder.activities] or sorted({row.activity for row in folder.participations})
    who, what = numbered(citizens), numbered(activities)
    codes = numbered(order)
    worst, best = sorted((float(scale["min"]), float(scale["max"])))
    known = {(activity, citizen, start): day.toordinal() for activity, citizen, start, day in until}
    last = int(taken.day.max()) if len(taken.day) else 0
    begun: dict[str, date] = {}
    for part in parts:
        begun[part.activity] = min(part.start, begun.get(part.activity, date.max))
    return Study(
        citizens=citizens,
        dimensions=order,
        activities=activities,
        citizen=ints(who[code] for code in taken.citizens)[taken.who],
        day=taken.day,
        assessor=ints(lasting(code) % OTHERS for code in taken.assessors)[taken.assessor],
        kind=taken.kind,
        is_referral=taken.is_referral,
        scores=taken.scores * sign,
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
        attended_until=ints(known.get((row.activity, row.citizen, row.start), last) for row in parts),
    )


class Taken(NamedTuple):
    """n assessments as arrays, in any order; who and assessor are places in the lists."""

    citizens: list[str]
    assessors: list[str]
    who: Ints
    day: Ints
    assessor: Ints
    kind: Ints
    is_referral: Bools
    scores: Floats  # (n, K), NaN where there is none


def of_rows(folder: Folder, k: int) -> Taken:
    """A folder's assessments as arrays, double ones left out; `k` dimensions, in the order of its instrument."""
    rows = [row for row in folder.assessments if row.purpose is not AssessmentPurpose.DOUBLE]
    citizens, assessors = sorted({row.citizen for row in rows}), sorted({row.assessor for row in rows})
    who, staff = numbered(citizens), numbered(assessors)
    scores = np.full((len(rows), k), np.nan)
    for i, row in enumerate(rows):
        for place, answer in enumerate(row.answers):
            if type(answer) is int:
                scores[i, place] = answer
    return Taken(
        citizens,
        assessors,
        ints(who[row.citizen] for row in rows),
        ints(row.date.toordinal() for row in rows),
        ints(staff[row.assessor] for row in rows),
        ints(KINDS.index(row.kind) for row in rows),
        np.array([row.purpose is AssessmentPurpose.REFERRAL for row in rows], bool),
        scores,
    )


def of_packed(packed: Packed, order: list[str]) -> Taken:
    """`order`: the codes of the dimensions as the study has them; the vectors have them as they were made."""
    answers = np.frombuffer(packed.answers, np.uint8).reshape(-1, len(packed.dimensions))
    place = numbered(packed.dimensions)
    answers = answers[:, [place[code] for code in order]]
    kinds = np.array([KINDS.index(AssessmentKind(kind)) for kind in packed.kinds])
    return Taken(
        packed.citizens,
        packed.assessors,
        whole(packed.who),
        whole(packed.day),
        whole(packed.assessor),
        kinds[np.frombuffer(packed.kind, np.uint8)],
        np.frombuffer(packed.is_referral, np.uint8).astype(bool),
        np.where(answers >= FIRST, answers.astype(float) - FIRST + packed.lowest, np.nan),
    )


def whole(values: bytes) -> Ints:
    return np.frombuffer(values, np.int32).astype(np.int64)


def numbered(codes: Iterable[str]) -> Mapping[str, int]:
    return {code: place for place, code in enumerate(codes)}


def ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def ordinal(day: date | None) -> int:
    return day.toordinal() if day else FAR
