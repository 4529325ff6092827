"""Rows of a folder into the tables, all of them new: what is there already was left out before (`comparing`).

Scores go past the ORM, by the hundred thousand. Everything is written in the caller's transaction.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from msgspec import Struct
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass import rollups
from med.competence_compass.exchange.rows import AssessmentRow, Folder, GoalRow, ParticipationRow
from med.competence_compass.models import (
    Activity,
    ActivityState,
    Assessment,
    AssessmentPurpose,
    Citizen,
    Exam,
    Goal,
    GoalRating,
    Hypothesis,
    NoScore,
    Occasion,
    Participation,
    Run,
    Score,
    Version,
    WaitingEntry,
)
from med.competence_compass.packed import pack
from med.competence_compass.vault import Vault
from med.competence_compass.vectors import order_of
from med.db import insert_rows, next_ids
from med.journal.actions import note_many

FROM_FILE = "Indlæst fra fil uden begrundelse."
MANY = 500  # assessments that change what is known of a table
AT_ONCE = 2000  # assessments whose scores are written together


def new_uid(_kind: str, _key: str) -> str:
    return str(uuid.uuid4())


class Saving(Struct):
    """Where rows go: the version they are scored by, ids by code, and what else the caller knows."""

    db: Session
    viewer: Viewer | None  # None: the command line or the demo
    vault: Vault
    version: Version
    dimensions: Mapping[str, int]  # code -> id, in the instrument's order
    citizens: dict[str, int]  # those who are there already; grows
    activities: dict[str, int]
    units: Mapping[str, int]
    unit_id: int  # of what comes without a unit
    people: Mapping[str, int] = {}  # assessor's code -> person, where they are one of ours
    uid: Callable[[str, str], str] = new_uid
    goal_words: Callable[[GoalRow], dict[str, Any]] = lambda row: {"title": "", "levels": {}, "plan": ""}
    progress: Callable[[int], None] = lambda done: None  # assessments so far
    closed_at: Callable[[date], datetime] = lambda day: clock.now()  # no analysis before has seen it

    def save(self, rows: Folder) -> None:
        self._citizens(rows)
        self._activities(rows)
        self._participations(rows)
        self._waiting(rows)
        self._exams(rows)
        self._goals(rows)
        self._assessments(rows)
        self._look_at_what_is_new(rows)
        told = {row.citizen for row in rows.assessments} | {row.citizen for row in rows.participations}
        rollups.refresh(self.db, [self.citizens[code] for code in told])

    def _look_at_what_is_new(self, rows: Folder) -> None:
        """PostgreSQL plans by what it last saw in a table: of one that was filled just now, nothing. The sums of 400
        citizens then took a minute instead of a second. A few rows are not worth the look."""
        if len(rows.assessments) >= MANY and self.db.get_bind().dialect.name == "postgresql":
            self.db.flush()
            filled = (Citizen, Run, Participation, Hypothesis, Occasion, Assessment, Score)
            self.db.execute(text(f"ANALYZE {', '.join(table.__tablename__ for table in filled)}"))

    def _citizens(self, rows: Folder) -> None:
        if not rows.citizens:
            return
        first: dict[str, date] = {}
        for assessed in rows.assessments:
            first[assessed.citizen] = min(assessed.date, first.get(assessed.citizen, assessed.date))
        for placed in rows.participations:
            first[placed.citizen] = min(placed.start, first.get(placed.citizen, placed.start))
        for waits in rows.waiting:
            first[waits.citizen] = min(waits.queued, first.get(waits.citizen, waits.queued))
        ids = next_ids(self.db, Citizen.__table__, len(rows.citizens))  # type: ignore[arg-type]
        self.db.execute(
            insert(Citizen),
            [
                {
                    "id": id,
                    "uid": self.uid("citizen", row.citizen),
                    "pseudonym": row.citizen,
                    "unit_id": self.units[row.unit] if row.unit else self.unit_id,
                    "instrument_id": self.version.instrument_id,
                    "entered": row.entered or first.get(row.citizen) or row.left or clock.today(),
                    "left_on": row.left,
                }
                for id, row in zip(ids, rows.citizens, strict=True)
            ],
        )
        for id, row in zip(ids, rows.citizens, strict=True):
            self.citizens[row.citizen] = id
            self.vault.new_citizen(self.db, id)
        note_many(self.db, self.viewer, Citizen, [("citizen.entered", id, ["import"]) for id in ids])

    def _activities(self, rows: Folder) -> None:
        for row in rows.activities:
            made = Activity(
                uid=self.uid("activity", row.activity),
                code=row.activity,
                title=row.title,
                kind=row.kind,
                unit_id=self.units[row.unit] if row.unit else self.unit_id,
                planned_sessions=row.planned_sessions,
                capacity=row.capacity,
                has_exam=row.exam,
            )
            self.db.add(made)
            self.db.flush()
            self.activities[row.activity] = made.id
        note_many(
            self.db,
            self.viewer,
            Activity,
            [("activity.proposed", self.activities[row.activity], ["import"]) for row in rows.activities],
        )
        if not rows.hypotheses:
            return
        began = {id: at.date() for id, at in self.db.execute(select(Activity.id, Activity.frozen_at)) if at is not None}
        for placed in rows.participations:
            id = self.activities[placed.activity]
            began[id] = min(placed.start, began.get(id, placed.start))
        self.db.execute(
            insert(Hypothesis),
            [
                {
                    "activity_id": (id := self.activities[row.activity]),
                    "dimension_id": self.dimensions[row.dimension],
                    "aim": row.aim,
                    "expected_d": row.expected_d,
                    "rationale": row.rationale or FROM_FILE,
                    "written_on": row.written_on,
                    "is_exploratory": id in began and row.written_on > began[id],
                }
                for row in rows.hypotheses
            ],
        )

    def _participations(self, rows: Folder) -> None:
        if not rows.participations:
            return
        runs = self._runs(rows.participations)
        self.db.execute(
            insert(Participation),
            [
                {
                    "run_id": runs[row.activity, row.run if row.run is not None else row.start],
                    "citizen_id": self.citizens[row.citizen],
                    "starts": row.start,
                    "ends": row.end,
                    "planned": row.planned,
                    "attended": row.attended,
                    "end_reason": row.end_reason,
                }
                for row in rows.participations
            ],
        )

    def _runs(self, rows: list[ParticipationRow]) -> dict[tuple[str, int | date], int]:
        """The run each row belongs to, by its number or else by its first day; made where it is not there."""
        by_id = {id: code for code, id in self.activities.items()}
        runs: dict[tuple[str, int | date], int] = {}
        numbers: dict[str, int] = {}
        for found in self.db.execute(select(Run.id, Run.activity_id, Run.number, Run.starts)):
            code = by_id[found.activity_id]
            runs[code, found.number] = runs[code, found.starts] = found.id
            numbers[code] = max(numbers.get(code, 0), found.number)
        wanted: dict[tuple[str, int | date], list[ParticipationRow]] = {}
        for row in rows:
            wanted.setdefault((row.activity, row.run if row.run is not None else row.start), []).append(row)
        numbers_given = {code: [key for at, key in wanted if at == code and isinstance(key, int)] for code, _ in wanted}
        first: dict[str, date] = {}
        for (code, key), members in sorted(wanted.items(), key=lambda pair: (pair[0][0], pair[1][0].start)):
            starts = min(row.start for row in members)
            first[code] = min(starts, first.get(code, starts))
            if (code, key) in runs:
                continue
            number = key
            if not isinstance(number, int):
                number = max([numbers.get(code, 0), *numbers_given[code]]) + 1
            numbers[code] = max(number, numbers.get(code, 0))
            ends = [row.end for row in members]
            last = max((end for end in ends if end), default=None) if all(ends) else None
            made = Run(
                activity_id=self.activities[code],
                number=number,
                starts=starts,
                ends=last,
                planned_sessions=max(row.planned for row in members),
                capacity=None,
                started_at=noon(starts),
                ended_at=noon(last) if last else None,
            )
            self.db.add(made)
            self.db.flush()
            runs[code, key] = made.id
        for code, starts in first.items():
            begins = (Activity.id == self.activities[code], Activity.frozen_at.is_(None))
            written_later = (
                Hypothesis.activity_id.in_(select(Activity.id).where(*begins)),
                Hypothesis.written_on > starts,
                Hypothesis.is_exploratory.is_(False),
            )
            late = update(Hypothesis).where(*written_later).values(is_exploratory=True).returning(Hypothesis.id)
            if self.db.scalars(late).all():
                rollups.refresh_activity(self.db, self.activities[code])
            self.db.execute(update(Activity).where(*begins).values(frozen_at=noon(starts), state=ActivityState.RUNNING))
        return runs

    def _waiting(self, rows: Folder) -> None:
        if rows.waiting:
            self.db.execute(
                insert(WaitingEntry),
                [
                    {
                        "activity_id": self.activities[row.activity],
                        "citizen_id": self.citizens[row.citizen],
                        "queued": row.queued,
                        "left_on": row.left,
                        "reason": row.reason,
                        "outcome": row.outcome,
                    }
                    for row in rows.waiting
                ],
            )

    def _exams(self, rows: Folder) -> None:
        if not rows.exams:
            return
        taken: dict[tuple[str, str], list[tuple[date, int]]] = {}
        codes = {id: code for code, id in self.activities.items()}
        names = {id: code for code, id in self.citizens.items()}
        for id, activity, citizen, starts in self.db.execute(
            select(Participation.id, Run.activity_id, Participation.citizen_id, Participation.starts)
            .join(Run, Run.id == Participation.run_id)
            .order_by(Participation.starts)
        ):
            if citizen in names:
                taken.setdefault((codes[activity], names[citizen]), []).append((starts, id))
        self.db.execute(
            insert(Exam),
            [
                {
                    "participation_id": [id for at, id in taken[row.activity, row.citizen] if at <= row.date][-1],
                    "day": row.date,
                    "passed": row.passed,
                    "level": row.level,
                }
                for row in rows.exams
            ],
        )

    def _goals(self, rows: Folder) -> None:
        ids = next_ids(self.db, Goal.__table__, len(rows.goals))  # type: ignore[arg-type]
        goals, ratings = [], []
        for id, row in zip(ids, rows.goals, strict=True):
            citizen = self.citizens[row.citizen]
            words = self.goal_words(row)
            goals.append(
                {
                    "id": id,
                    "citizen_id": citizen,
                    "dimension_id": self.dimensions[row.dimension],
                    "goal_type": row.goal_type,
                    "target_value": words.pop("target_value", None),
                    "set_on": row.set_on,
                    "due": row.due,
                    "sealed": self.vault.seal(self.db, citizen, f"compass_goal.sealed/{id}", words),
                }
            )
            if row.level is not None:
                ratings.append({"goal_id": id, "day": rated_on(row), "level": row.level})
        if goals:
            self.db.execute(insert(Goal), goals)
        if ratings:
            self.db.execute(insert(GoalRating), ratings)

    def _assessments(self, rows: Folder) -> None:
        if not rows.assessments:
            return
        self.db.flush()
        if self.version.locked_at is None:
            self.version.locked_at = noon(min(row.date for row in rows.assessments))
            self.db.flush()
        occasions = self._occasions(rows.assessments)
        ids = next_ids(self.db, Assessment.__table__, len(rows.assessments))  # type: ignore[arg-type]
        dimensions = list(self.dimensions.values())
        places, lowest = order_of(self.db, self.version.id)
        asked = {id: at for at, id in enumerate(dimensions)}
        order = [asked.get(id) for id in places]
        for start in range(0, len(rows.assessments), AT_ONCE):
            batch = list(zip(ids[start : start + AT_ONCE], rows.assessments[start : start + AT_ONCE], strict=True))
            insert_rows(
                self.db,
                Assessment.__table__,  # type: ignore[arg-type]
                ("id", "occasion_id", "citizen_id", "version_id", "day", "kind", "purpose", "assessor", "assessor_id",
                 "triggered_referral", "closed_at", "correction", "packed"),
                [
                    (
                        id,
                        occasions[row.citizen, row.date, row.purpose],
                        self.citizens[row.citizen],
                        self.version.id,
                        row.date,
                        row.kind,
                        row.purpose,
                        f"person:{self.people[row.assessor]}" if row.assessor in self.people else row.assessor,
                        self.people.get(row.assessor),
                        row.purpose is AssessmentPurpose.REFERRAL,
                        self.closed_at(row.date),
                        0,
                        pack([None if at is None else row.answers[at] for at in order], lowest),
                    )
                    for id, row in batch
                ],
            )  # fmt: skip
            insert_rows(
                self.db,
                Score.__table__,  # type: ignore[arg-type]
                ("assessment_id", "dimension_id", "value", "reason"),
                [
                    (id, dimension, None, answer.value)
                    if isinstance(answer, NoScore)
                    else (id, dimension, answer, None)
                    for id, row in batch
                    for dimension, answer in zip(dimensions, row.answers, strict=True)
                    if answer is not None
                ],
            )
            self.progress(start + len(batch))

    def _occasions(self, rows: list[AssessmentRow]) -> dict[tuple[str, date, AssessmentPurpose], int]:
        """Stock taken by several voices on one day with one purpose is one occasion."""
        keys = list(dict.fromkeys((row.citizen, row.date, row.purpose) for row in rows))
        ids = next_ids(self.db, Occasion.__table__, len(keys))  # type: ignore[arg-type]
        insert_rows(
            self.db,
            Occasion.__table__,  # type: ignore[arg-type]
            ("id", "citizen_id", "version_id", "day", "purpose", "begun_at", "closed_at", "differs", "row_version"),
            [
                (id, self.citizens[citizen], self.version.id, day, purpose, noon(day), self.closed_at(day), False, 1)
                for id, (citizen, day, purpose) in zip(ids, keys, strict=True)
            ],
        )
        return dict(zip(keys, ids, strict=True))


def noon(day: date) -> datetime:
    return datetime.combine(day, time(11), UTC)


def rated_on(row: GoalRow) -> date:
    """The day of the level. Where the file does not say, it is how far the goal has come on the day it is taken in."""
    return row.rated_on or clock.today()
