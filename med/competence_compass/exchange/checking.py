"""What can be wrong between the rows of a folder: an end before its start, a place taken twice, a code nobody has."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from med.competence_compass.models import WaitingOutcome
from med.language import T, Text, _n

if TYPE_CHECKING:
    from med.competence_compass.exchange.reading import Reading

FAR = date.max


def check(reading: Reading, today: date) -> None:
    """Tell every fault between rows. Codes are checked against the files that list them, where they are there."""
    _Check(reading).all()


class _Check:
    def __init__(self, reading: Reading) -> None:
        self.reading, self.folder = reading, reading.folder

    def wrong(self, kind: str, at: int, said: Text) -> None:
        numbers = self.reading.numbers.get(kind, [])
        file = self.reading.files.get(kind, f"{kind}.csv")
        self.reading.faults.add(file, numbers[at] if at < len(numbers) else None, said)

    def all(self) -> None:
        self.codes()
        self.twice("citizens", lambda row: row.citizen, T("borgeren står der to gange."))
        self.twice("activities", lambda row: row.activity, T("aktiviteten står der to gange."))
        self.twice("hypotheses", lambda row: (row.activity, row.dimension), T("hypotesen står der to gange."))
        self.twice("exams", lambda row: (row.activity, row.citizen, row.date), T("prøven står der to gange."))
        self.twice(
            "goals", lambda row: (row.citizen, row.dimension, row.goal_type, row.set_on), T("målet står der to gange.")
        )
        backwards = T("slutter, før den begynder.")
        self.ordered("citizens", lambda row: (row.entered, row.left), T("borgeren er udskrevet før indskrivningen."))
        self.ordered("participations", lambda row: (row.start, row.end), backwards)
        self.ordered("waiting", lambda row: (row.queued, row.left), backwards)
        self.ordered("goals", lambda row: (row.set_on, row.due), T("fristen ligger, før målet blev aftalt."))
        self.ordered("goals", lambda row: (row.set_on, row.rated_on), T("niveauet er vurderet, før målet blev aftalt."))
        self.participations()
        self.waiting()
        self.exams()

    def codes(self) -> None:
        files = self.reading.files
        if "citizens" in files:
            people = {row.citizen for row in self.folder.citizens}
            for kind in ("assessments", "participations", "waiting", "goals", "exams"):
                for at, row in enumerate(getattr(self.folder, kind)):
                    if row.citizen not in people:
                        self.wrong(kind, at, T("borgeren “%(code)s” står ikke i citizens.csv.", code=row.citizen))
        if "activities" in files:
            offers = {row.activity for row in self.folder.activities}
            for kind in ("participations", "waiting", "hypotheses", "exams"):
                for at, row in enumerate(getattr(self.folder, kind)):
                    if row.activity not in offers:
                        self.wrong(kind, at, T("aktiviteten “%(code)s” står ikke i activities.csv.", code=row.activity))

    def twice(self, kind: str, key: Callable[[Any], Hashable], said: Text) -> None:
        seen: set[Hashable] = set()
        for at, row in enumerate(getattr(self.folder, kind)):
            if key(row) in seen:
                self.wrong(kind, at, said)
            seen.add(key(row))

    def ordered(self, kind: str, days: Callable[[Any], tuple[date | None, date | None]], said: Text) -> None:
        for at, row in enumerate(getattr(self.folder, kind)):
            first, last = days(row)
            if first and last and last < first:
                self.wrong(kind, at, said)

    def participations(self) -> None:
        for at, row in enumerate(self.folder.participations):
            if row.attended > row.planned:
                self.wrong(
                    "participations",
                    at,
                    _n(
                        "har deltaget %(num)s gang af %(m)s planlagte.",
                        "har deltaget %(num)s gange af %(m)s planlagte.",
                        row.attended,
                        m=row.planned,
                    ),
                )
        rows = self.folder.participations
        spans = [((row.activity, row.citizen), row.start, row.end or FAR) for row in rows]
        for at in overlapping(spans):
            self.wrong(
                "participations", at, T("borgeren deltager allerede i aktiviteten i den tid: to perioder overlapper.")
            )

    def waiting(self) -> None:
        rows = self.folder.waiting
        for at, row in enumerate(rows):
            waits = row.outcome is WaitingOutcome.WAITING
            if waits and row.left:
                self.wrong("waiting", at, T("venter, men har forladt ventelisten."))
            if not waits and not row.left:
                self.wrong("waiting", at, T("mangler dagen, hvor borgeren forlod ventelisten."))
        spans = [((row.activity, row.citizen), row.queued, row.left or FAR) for row in rows]
        for at in overlapping(spans, may_touch=True):
            self.wrong("waiting", at, T("borgeren venter allerede på aktiviteten i den tid."))

    def exams(self) -> None:
        if "participations" not in self.reading.files:
            return
        first: dict[tuple[str, str], date] = {}
        for row in self.folder.participations:
            key = row.activity, row.citizen
            first[key] = min(row.start, first.get(key, row.start))
        for at, exam in enumerate(self.folder.exams):
            began = first.get((exam.activity, exam.citizen))
            if began is None or began > exam.date:
                self.wrong("exams", at, T("borgeren deltog ikke i aktiviteten før prøven."))


def overlapping(spans: Sequence[tuple[Hashable, date, date]], may_touch: bool = False) -> Iterator[int]:
    """Places of the spans (whose, first day, last day) that begin before an earlier one of the same has ended.

    `may_touch`: one may begin on the day another ends.
    """
    order = sorted(range(len(spans)), key=lambda at: (spans[at][1], spans[at][2], at))
    until: dict[Hashable, date] = {}
    for at in order:
        whose, first, last = spans[at]
        ends = until.get(whose)
        if ends is not None and (first < ends if may_touch else first <= ends):
            yield at
        until[whose] = max(last, ends or last)
