"""What taking in a reading would change: what is new, what goes on, what is there already, and what contradicts it.

The same file twice changes nothing. What was assessed is never overwritten by a file: it is corrected in the compass,
where the correction is seen.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med.competence_compass.exchange.beginning import hindrances
from med.competence_compass.exchange.checking import FAR, overlapping
from med.competence_compass.exchange.plan import Plan
from med.competence_compass.exchange.reading import Reading
from med.competence_compass.exchange.rows import CitizenRow, Folder, WaitingRow
from med.competence_compass.exchange.saving import rated_on
from med.competence_compass.forms.intake import LeaveForm
from med.competence_compass.models import (
    Activity,
    Assessment,
    Citizen,
    Dimension,
    Exam,
    Goal,
    GoalRating,
    Hypothesis,
    NoScore,
    Participation,
    Run,
    Score,
    Version,
    WaitingEntry,
    WaitingOutcome,
)
from med.errors import Invalid
from med.language import T, Text
from med.organisation.models import Unit

TOGETHER = 500  # ids in one question


def compare(
    db: Session,
    reading: Reading,
    version: Version,
    *,
    unit_id: int | None = None,
    within: frozenset[int] | None = None,
) -> Plan:
    """Compare a reading without faults with the database; changes nothing.

    `unit_id` is where citizens and activities without a unit belong. `within`: only citizens and units of these units
    are known to whoever imports, and only their activities take anybody in; None: all.
    """
    plan = Plan(version, reading.faults, Folder(reading.folder.instrument), kinds=list(reading.files))
    if not plan.faults:
        _Comparison(db, reading, plan, unit_id, within).all()
    return plan


class _Comparison:
    def __init__(
        self, db: Session, reading: Reading, plan: Plan, unit_id: int | None, within: frozenset[int] | None
    ) -> None:
        self.db, self.reading, self.plan, self.within = db, reading, plan, within
        self.folder, self.new = reading.folder, plan.new
        for unit in db.execute(select(Unit.id, Unit.key, Unit.name)):
            if within is None or unit.id in within:
                plan.know_unit(*unit)
        plan.unit_id = unit_id or 0
        self.known: dict[str, Any] = {}
        for found in db.execute(
            select(Citizen.id, Citizen.pseudonym, Citizen.unit_id, Citizen.entered, Citizen.left_on, Citizen.erased_at)
        ):
            self.known[found.pseudonym] = found
            if found.erased_at is None and (within is None or found.unit_id in within):
                plan.citizens[found.pseudonym] = found.id
        self.offers: dict[str, Any] = {
            found.code: found
            for found in db.execute(select(Activity.id, Activity.code, Activity.unit_id, Activity.frozen_at))
        }
        plan.activities = {code: found.id for code, found in self.offers.items()}
        self.activity_codes = {id: code for code, id in plan.activities.items()}
        self.codes = {id: code for code, id in plan.citizens.items()}
        self.dimension_codes = codes_of(db, plan.version)

    def all(self) -> None:
        self.citizens()
        self.activities()
        self.references()
        if self.plan.faults:
            return
        for kind in ("hypotheses", "participations", "waiting", "exams", "goals", "assessments"):
            if kind in self.reading.files:
                getattr(self, kind)()

    def _rows(self, asked: Any) -> list[Any]:
        return list(self.db.execute(asked))

    def wrong(self, kind: str, at: int, said: Text) -> None:
        numbers = self.reading.numbers.get(kind, [])
        self.plan.faults.add(
            self.reading.files.get(kind, f"{kind}.csv"), numbers[at] if at < len(numbers) else None, said
        )

    def same(self, kind: str) -> None:
        self.plan.unchanged[kind] = self.plan.unchanged.get(kind, 0) + 1

    def change(self, kind: str, **values: Any) -> None:
        self.plan.changes.setdefault(kind, []).append(values)

    def unit_is_known(self, kind: str, at: int, unit: str) -> bool:
        if unit and (said := self.plan.find_unit(unit)):
            self.wrong(kind, at, said)
            return False
        if not unit and not self.plan.unit_id:
            self.wrong(kind, at, T("mangler en enhed."))
            return False
        return True

    def citizens(self) -> None:
        if "citizens" not in self.reading.files:
            # A folder without citizens.csv tells of them by what it says of them.
            if "activities" in self.reading.files or len(self.reading.files) > 1:
                said = dict.fromkeys(
                    row.citizen
                    for kind in ("assessments", "participations", "waiting", "goals", "exams")
                    for row in getattr(self.folder, kind)
                )
                fresh = [code for code in said if code not in self.plan.citizens and code not in self.known]
                if fresh and self.unit_is_known("citizens", 0, ""):
                    self.new.citizens += [CitizenRow(code) for code in fresh]
                    self.plan.kinds.append("citizens")
            return
        for at, row in enumerate(self.folder.citizens):
            found = self.known.get(row.citizen)
            if found is None:
                if self.unit_is_known("citizens", at, row.unit):
                    self.new.citizens.append(row)
                continue
            if row.citizen not in self.plan.citizens:
                self.wrong("citizens", at, T("pseudonymet “%(code)s” bruges i forvejen.", code=row.citizen))
                continue
            if row.unit and not self.unit_is_known("citizens", at, row.unit):
                continue
            # An empty field changes nothing.
            unit = self.plan.units[row.unit] if row.unit else found.unit_id
            entered, left = row.entered or found.entered, row.left or found.left_on
            if left and left < entered:
                self.wrong("citizens", at, T("borgeren er udskrevet før indskrivningen."))
            elif (unit, entered, left) == (found.unit_id, found.entered, found.left_on):
                self.same("citizens")
            elif left == found.left_on or self.leaves(at, found.id, left):
                self.change("citizens", id=found.id, unit_id=unit, entered=entered, left_on=left)

    def leaves(self, at: int, citizen_id: int, left: date) -> bool:
        """Their last day is new: it does what it does on the page, and is asked what it is asked there."""
        try:
            self.plan.leaving[citizen_id] = LeaveForm(left_on=left)
        except Invalid as invalid:
            self.wrong("citizens", at, invalid.errors["left_on"])
            return False
        return True

    def activities(self) -> None:
        for at, row in enumerate(self.folder.activities):
            if row.activity in self.plan.activities:
                self.same("activities")  # kept on its own page, not by a file
            elif self.unit_is_known("activities", at, row.unit):
                self.new.activities.append(row)

    def references(self) -> None:
        people = self.plan.citizens.keys() | {row.citizen for row in self.new.citizens}
        offers = self.plan.activities.keys() | {row.activity for row in self.new.activities}
        for kind in ("assessments", "participations", "waiting", "goals", "exams"):
            for at, row in enumerate(getattr(self.folder, kind)):
                if row.citizen not in people:
                    self.wrong(kind, at, T("borgeren “%(code)s” kendes ikke.", code=row.citizen))
        for kind in ("participations", "waiting", "hypotheses", "exams"):
            for at, row in enumerate(getattr(self.folder, kind)):
                if row.activity not in offers:
                    self.wrong(kind, at, T("aktiviteten “%(code)s” kendes ikke.", code=row.activity))

    def hypotheses(self) -> None:
        there = {
            (self.activity_codes[found.activity_id], self.dimension_codes[found.dimension_id]): found
            for found in self._rows(
                select(Hypothesis.activity_id, Hypothesis.dimension_id, Hypothesis.expected_d, Hypothesis.aim)
            )
            if found.dimension_id in self.dimension_codes
        }
        for at, row in enumerate(self.folder.hypotheses):
            found = there.get((row.activity, row.dimension.lower()))
            offer = self.offers.get(row.activity)
            if found is None and offer and offer.frozen_at and row.written_on <= offer.frozen_at.date():
                told = T("aktiviteten er begyndt; en hypotese skrevet før kan ikke lægges til nu.")
                self.wrong("hypotheses", at, told)
            elif found is None:
                self.new.hypotheses.append(row)
            elif abs(found.expected_d - row.expected_d) < 1e-9 and found.aim is row.aim:
                self.same("hypotheses")
            else:
                self.wrong("hypotheses", at, T("hypotesen er skrevet i forvejen og siger noget andet."))

    def participations(self) -> None:
        there: dict[tuple[str, str, date], Any] = {}
        spans: list[tuple[Any, date, date]] = []
        for found in self._rows(
            select(
                Participation.id,
                Run.activity_id,
                Participation.citizen_id,
                Participation.starts,
                Participation.ends,
                Participation.planned,
                Participation.attended,
                Participation.end_reason,
            ).join(Run, Run.id == Participation.run_id)
        ):
            if found.citizen_id not in self.codes:
                continue
            key = self.activity_codes[found.activity_id], self.codes[found.citizen_id]
            there[*key, found.starts] = found
            spans.append((key, found.starts, found.ends or FAR))
        places: list[int] = []
        hindrance = hindrances(self.db, self.offers, self.within)
        for at, row in enumerate(self.folder.participations):
            found = there.get((row.activity, row.citizen, row.start))
            # An empty field changes nothing.
            said = {"ends": row.end, "planned": row.planned, "attended": row.attended, "end_reason": row.end_reason}
            values = {name: value for name, value in said.items() if value is not None}
            if found is not None and all(getattr(found, name) == value for name, value in values.items()):
                self.same("participations")
            elif objection := hindrance(row, found is None):
                self.wrong("participations", at, objection)
            elif found is not None:
                self.change("participations", id=found.id, **values)
            else:
                places.append(at)
                spans.append(((row.activity, row.citizen), row.start, row.end or FAR))
                self.new.participations.append(row)
        before = len(spans) - len(places)
        for place in overlapping(spans):
            at = places[place - before] if place >= before else -1
            self.plan.faults.add(
                self.reading.files["participations"],
                self.reading.numbers["participations"][at] if at >= 0 else None,
                T("borgeren deltager allerede i aktiviteten i den tid: to perioder overlapper."),
            )

    def waiting(self) -> None:
        there: dict[tuple[str, str, date], Any] = {}
        for found in self._rows(
            select(
                WaitingEntry.id,
                WaitingEntry.activity_id,
                WaitingEntry.citizen_id,
                WaitingEntry.queued,
                WaitingEntry.left_on,
                WaitingEntry.reason,
                WaitingEntry.outcome,
            )
        ):
            if found.citizen_id in self.codes:
                key = self.activity_codes[found.activity_id], self.codes[found.citizen_id], found.queued
                there[key] = found
        for at, row in enumerate(self.folder.waiting):
            found = there.get((row.activity, row.citizen, row.queued))
            if found is None:
                self.new.waiting.append(row)
            elif _same_wait(found, row, self.known[row.citizen].left_on):
                self.same("waiting")
            elif found.outcome is WaitingOutcome.WAITING:
                self.change("waiting", id=found.id, left_on=row.left, outcome=row.outcome, reason=row.reason)
            else:
                self.wrong("waiting", at, T("borgeren har forladt ventelisten på en anden måde, end filen siger."))

    def exams(self) -> None:
        there = {
            (self.activity_codes[found.activity_id], self.codes[found.citizen_id], found.day): found
            for found in self._rows(
                select(Exam.id, Run.activity_id, Participation.citizen_id, Exam.day, Exam.passed, Exam.level)
                .join(Participation, Participation.id == Exam.participation_id)
                .join(Run, Run.id == Participation.run_id)
            )
            if found.citizen_id in self.codes
        }
        begun: dict[tuple[str, str], date] = {}
        for new in self.new.participations:
            key = new.activity, new.citizen
            begun[key] = min(new.start, begun.get(key, new.start))
        for found in self._rows(
            select(Run.activity_id, Participation.citizen_id, func.min(Participation.starts).label("first"))
            .join(Run, Run.id == Participation.run_id)
            .group_by(Run.activity_id, Participation.citizen_id)
        ):
            if found.citizen_id in self.codes:
                key = self.activity_codes[found.activity_id], self.codes[found.citizen_id]
                begun[key] = min(found.first, begun.get(key, found.first))
        for at, row in enumerate(self.folder.exams):
            found = there.get((row.activity, row.citizen, row.date))
            began = begun.get((row.activity, row.citizen))
            if found is not None and (found.passed, found.level) == (row.passed, row.level):
                self.same("exams")
            elif found is not None:
                self.wrong("exams", at, T("prøven er noteret i forvejen med et andet udfald."))
            elif began is None or began > row.date:
                self.wrong("exams", at, T("borgeren deltog ikke i aktiviteten før prøven."))
            else:
                self.new.exams.append(row)

    def goals(self) -> None:
        there: dict[tuple[Any, ...], Any] = {}
        for found in self._rows(
            select(Goal.id, Goal.citizen_id, Goal.dimension_id, Goal.goal_type, Goal.set_on, Goal.due)
        ):
            if found.citizen_id in self.codes and found.dimension_id in self.dimension_codes:
                code = self.dimension_codes[found.dimension_id]
                there[self.codes[found.citizen_id], code, found.goal_type, found.set_on] = found
        rated: dict[tuple[int, date], int] = {}
        taken_in: dict[int, int] = {}  # the newest level that came by a file
        ratings = select(GoalRating.goal_id, GoalRating.day, GoalRating.level, GoalRating.person_id)
        for goal, day, level, person in self.db.execute(ratings.order_by(GoalRating.day)):
            rated[goal, day] = level
            if person is None:
                taken_in[goal] = level
        for at, row in enumerate(self.folder.goals):
            found = there.get((row.citizen, row.dimension.lower(), row.goal_type, row.set_on))
            if found is None:
                self.new.goals.append(row)
                continue
            is_known = row.level is None or (row.rated_on is None and taken_in.get(found.id) == row.level)
            known = rated.get((found.id, rated_on(row)))
            due = {"due": row.due} if row.due not in (None, found.due) else {}
            is_rated = not is_known and known is None
            if not is_known and known not in (None, row.level):
                self.wrong("goals", at, T("målet er vurderet i forvejen med et andet niveau den dag."))
                continue
            if is_rated:
                self.plan.ratings.append({"goal_id": found.id, "day": rated_on(row), "level": row.level})
            if due or is_rated:
                self.change("goals", id=found.id, **due)
            else:
                self.same("goals")

    def assessments(self) -> None:
        wanted: dict[tuple[Any, ...], int] = {
            (row.citizen, row.date, row.kind, row.assessor): at for at, row in enumerate(self.folder.assessments)
        }
        there: dict[int, int] = {}  # place in the file -> id
        days = [row.date for row in self.folder.assessments]
        if days:
            for found in self._rows(
                select(
                    Assessment.id,
                    Assessment.citizen_id,
                    Assessment.day,
                    Assessment.kind,
                    Assessment.assessor,
                    Assessment.purpose,
                    Assessment.version_id,
                ).where(Assessment.superseded_at.is_(None), Assessment.day.between(min(days), max(days)))
            ):
                at = wanted.get((self.codes.get(found.citizen_id), found.day, found.kind, found.assessor))
                if at is None:
                    continue
                row = self.folder.assessments[at]
                if found.version_id != self.plan.version.id:
                    self.wrong("assessments", at, T("samme vurdering findes med en anden version af redskabet."))
                elif found.purpose is not row.purpose:
                    self.wrong("assessments", at, T("vurderingen findes i forvejen med et andet formål."))
                there[at] = found.id
        for at in self.differing(there):
            self.wrong("assessments", at, T("vurderingen findes i forvejen med andre svar. Ret den i kompasset."))
        self.new.assessments = [row for at, row in enumerate(self.folder.assessments) if at not in there]
        self.plan.unchanged["assessments"] = len(there)

    def differing(self, there: dict[int, int]) -> Iterator[int]:
        """Places of the rows whose answers are not those in the database."""
        order = [code.lower() for code in self.folder.dimensions]
        places = {id: order.index(code) for id, code in self.dimension_codes.items() if code in order}
        at_of = {id: at for at, id in there.items()}
        ids = sorted(at_of)
        for start in range(0, len(ids), TOGETHER):
            batch = ids[start : start + TOGETHER]
            answers: dict[int, list[Any]] = {id: [None] * len(order) for id in batch}
            for id, dimension, value, reason in self.db.execute(
                select(Score.assessment_id, Score.dimension_id, Score.value, Score.reason).where(
                    Score.assessment_id.in_(batch)
                )
            ):
                if dimension in places:
                    answers[id][places[dimension]] = value if value is not None else NoScore(str(reason))
            yield from (at_of[id] for id in batch if answers[id] != self.folder.assessments[at_of[id]].answers)


def codes_of(db: Session, version: Version) -> dict[int, str]:
    """The codes of a version's dimensions by their ids."""
    asked = select(Dimension.id, Dimension.code).where(Dimension.version_id == version.id)
    return {row.id: row.code for row in db.execute(asked)}


def _same_wait(found: Any, row: WaitingRow, last_day: date | None) -> bool:
    """Whoever has left waits for nothing more, also where the file has them waiting still."""
    if row.outcome is WaitingOutcome.WAITING and found.outcome is WaitingOutcome.WITHDRAWN and last_day is not None:
        return True
    return (found.left_on, found.outcome, found.reason) == (row.left, row.outcome, row.reason)
