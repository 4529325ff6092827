"""From files to rows, with every fault told. What only the database can know is asked in `comparing`.

reading = read_folder(path)          # a whole folder; nothing but the files is looked at
if reading.faults: …                 # else reading.folder
folder_at(path)                      # the folder, or FolderError
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from med import clock
from med.competence_compass.exchange import columns as known
from med.competence_compass.exchange.checking import check
from med.competence_compass.exchange.faults import Faults, FolderError
from med.competence_compass.exchange.instruments import read_words
from med.competence_compass.exchange.rows import (
    ActivityRow,
    Answer,
    AssessmentRow,
    CitizenRow,
    ExamRow,
    Folder,
    GoalRow,
    HypothesisRow,
    ParticipationRow,
    WaitingRow,
    dimensions_of,
)
from med.competence_compass.exchange.source import Source, find, of_file, of_table, values_of
from med.competence_compass.models import (
    ActivityKind,
    Aim,
    AssessmentKind,
    AssessmentPurpose,
    WaitingOutcome,
    WaitingReason,
)
from med.errors import Invalid
from med.language import T
from med.tables import Column, TableError, Wrong, read
from med.tables.table import simplified

NAMES = (
    "citizens", "activities", "hypotheses", "participations", "waiting", "exams", "goals", "assessments",
)  # fmt: skip
"""The files of a folder, in the order they build on one another."""


class Reading(Struct):
    """What was read. `numbers` gives each row's number in its file, in the order of the folder's rows."""

    folder: Folder
    faults: Faults = field(default_factory=Faults)
    numbers: dict[str, list[int]] = {}
    files: dict[str, str] = {}  # kind of rows -> the name of the file they came from


def folder_at(path: Path) -> Folder:
    """The folder at `path`. Raises FolderError when anything is wrong with it."""
    reading = read_folder(path)
    if reading.faults:
        raise FolderError(reading.faults)
    return reading.folder


def read_folder(path: Path, today: date | None = None) -> Reading:
    """Every file of a folder that is there; only instrument.json must be. Checks what can be checked without asking
    a database, so an unknown activity is no fault where activities.csv is missing."""
    reading = Reading(Folder({"areas": []}))
    today = today or clock.today()
    instrument = _instrument(path, reading.faults)
    if instrument is None:
        return reading
    reading.folder.instrument = instrument
    for name in NAMES:
        file = path / f"{name}.csv"
        if not file.is_file():
            continue
        try:
            read_rows(reading, name, of_file(file), today)
        except (TableError, OSError) as error:
            said = error.message if isinstance(error, TableError) else T("kan ikke læses.")
            reading.faults.add(file.name, None, said)
    if not reading.files and not reading.faults:
        reading.faults.add(path.name, None, T("Mappen har ingen af filerne %(names)s.", names=", ".join(NAMES)))
    if not reading.faults:
        check(reading, today)
    return reading


def read_single(
    kind: str,
    name: str | Path,
    data: bytes,
    instrument: dict[str, Any],
    elsewhere: dict[str, int] | None = None,
    today: date | None = None,
) -> Reading:
    """One CSV or XLSX file of citizens, participations, assessments or goals, by an instrument that is there."""
    reading = Reading(Folder(instrument))
    today = today or clock.today()
    shown = Path(name).name
    try:
        read_rows(reading, kind, of_table(read(shown, data)), today, elsewhere)
        if not reading.numbers[kind] and not reading.faults:
            raise TableError(T("Filen har overskrifter, men ingen rækker."))
    except TableError as error:
        reading.files.setdefault(kind, shown)
        reading.faults.add(shown, None, error.message)
    if not reading.faults:
        check(reading, today)
    return reading


def _instrument(path: Path, faults: Faults) -> dict[str, Any] | None:
    file = path / "instrument.json"
    try:
        if file.stat().st_size > 2**22:
            raise ValueError
        found = json.loads(file.read_bytes().decode("utf-8-sig"))
        read_words(found if isinstance(found, dict) else {})
    except FileNotFoundError:
        faults.add(path.name, None, T("Mappen mangler instrument.json."))
    except Invalid as invalid:
        faults.add(file.name, None, next(iter(invalid.errors.values())))
    except (OSError, ValueError, RecursionError):
        faults.add(file.name, None, T("Filen er ikke gyldig JSON i UTF-8."))
    else:
        return found
    return None


def read_rows(
    reading: Reading, kind: str, source: Source, today: date, elsewhere: dict[str, int] | None = None
) -> None:
    """One file's rows into the reading. `elsewhere`: dimensions of the instrument's other versions, to tell them by.

    Raises TableError for a file that is no table or lacks a column.
    """
    reader = _Reader(reading, kind, source, today, elsewhere or {})
    reading.files[kind] = source.name
    getattr(reader, f"read_{kind}")()


class _Reader:
    def __init__(self, reading: Reading, kind: str, source: Source, today: date, elsewhere: dict[str, int]) -> None:
        self.reading, self.source, self.today = reading, source, today
        self.faults, self.folder = reading.faults, reading.folder
        self.numbers = reading.numbers.setdefault(kind, [])
        instrument = self.folder.instrument
        self.codes = dimensions_of(instrument)
        self.version = instrument.get("version", 1)
        self.titles = known.titled(instrument)
        self.dimension = known.known_dimension(
            {code: at for at, code in enumerate(self.codes)}, self.titles, elsewhere, self.version
        )

    def rows(self, columns: list[Column]) -> Iterator[tuple[int, list[Any]]]:
        fields = find(self.source, columns)
        width = len(columns)
        for number, values in values_of(self.source, fields, self.faults):
            yield number, values[:width]

    def read_citizens(self) -> None:
        for number, (code, unit, entered, left) in self.rows(known.citizens(self.today)):
            self.folder.citizens.append(CitizenRow(code, unit or "", entered, left))
            self.numbers.append(number)

    def read_activities(self) -> None:
        for number, (code, title, kind, planned, unit, room, exam) in self.rows(known.activities(self.today)):
            self.folder.activities.append(
                ActivityRow(code, title, ActivityKind(kind), planned, unit or "", room, bool(exam))
            )
            self.numbers.append(number)

    def read_participations(self) -> None:
        for number, values in self.rows(known.participations(self.today)):
            self.folder.participations.append(ParticipationRow(*values))
            self.numbers.append(number)

    def read_waiting(self) -> None:
        for number, (activity, citizen, queued, left, reason, outcome) in self.rows(known.waiting(self.today)):
            outcome = outcome or (WaitingOutcome.STARTED if left else WaitingOutcome.WAITING)
            self.folder.waiting.append(
                WaitingRow(activity, citizen, queued, left, reason or WaitingReason.ORDER, outcome)
            )
            self.numbers.append(number)

    def read_hypotheses(self) -> None:
        for number, (activity, at, d, written, aim, why) in self.rows(known.hypotheses(self.today, self.dimension)):
            self.folder.hypotheses.append(
                HypothesisRow(activity, self.codes[at], d, written, aim or Aim.DEVELOP, why or "")
            )
            self.numbers.append(number)

    def read_goals(self) -> None:
        for number, (citizen, at, kind, *rest) in self.rows(known.goals(self.today, self.dimension)):
            self.folder.goals.append(GoalRow(citizen, self.codes[at], kind, *rest))
            self.numbers.append(number)

    def read_exams(self) -> None:
        for number, (activity, citizen, day, passed, level) in self.rows(known.exams(self.today)):
            self.folder.exams.append(ExamRow(activity, citizen, day, passed, level or ""))
            self.numbers.append(number)

    def read_assessments(self) -> None:
        headings = {simplified(heading) for heading in self.source.header}
        if headings & {"dimension", *known.DIMENSION}:
            self._long()
        else:
            self._wide()

    def _value(self) -> Any:
        scale = self.folder.instrument["scale"]
        return known.on_scale(scale["min"], scale["max"])

    def _long(self) -> None:
        shared = known.assessments(self.today, self.version)
        columns = [
            *shared,
            Column("dimension", known.DIMENSION, parse=self.dimension),
            Column("value", ("værdi", "score"), False, self._value()),
            Column("reason", ("grund", "årsag"), False, known.choice(known.REASONS)),
        ]
        taken = _Taken(self)
        for number, (citizen, day, kind, assessor, purpose, _, at, value, reason) in self.rows(columns):
            if (value is None) == (reason is None):
                said = T("mangler en værdi eller en grund.") if value is None else T("har både en værdi og en grund.")
                self.faults.add(self.source.name, number, said)
                continue
            row = taken.row(number, citizen, day, kind, assessor, purpose)
            if row is None:
                continue
            if row.answers[at] is not None:
                self.faults.add(
                    self.source.name,
                    number,
                    T("samme vurdering har allerede et svar for “%(dimension)s”.", dimension=self.codes[at]),
                )
                continue
            row.answers[at] = reason if value is None else value

    def _wide(self) -> None:
        """A row an assessment, a column a dimension, headed by its code or its title."""
        shared = known.assessments(self.today, self.version)
        parse_value, reasons = self._value(), known.choice(known.REASONS)

        def parse(text: str) -> Answer:
            try:
                return reasons(text)
            except Wrong:
                return parse_value(text)

        places: list[int] = []

        def dimension(heading: str) -> Column | None:
            at = self.titles.get(simplified(heading), -1)
            if at is None:
                raise TableError(
                    T("Overskriften “%(heading)s” er titlen på flere dimensioner; skriv koden.", heading=heading)
                )
            places.append(at)
            return Column(heading, required=False, parse=parse) if places[-1] >= 0 else None

        fields = find(self.source, shared, dimension)
        if not any(place >= 0 for place in places):
            raise TableError(T("Filen mangler kolonnen dimension eller en kolonne for hver dimension."))
        taken = _Taken(self)
        width = len(shared)
        for number, values in values_of(self.source, fields, self.faults):
            citizen, day, kind, assessor, purpose, _ = values[:width]
            row = taken.row(number, citizen, day, kind, assessor, purpose, is_new=True)
            if row is None:
                continue
            for at, answer in zip(places, values[width:], strict=True):
                if at >= 0:
                    row.answers[at] = answer
            if all(answer is None for answer in row.answers):
                self.faults.add(self.source.name, number, T("vurderingen har ingen svar."))


class _Taken:
    """The assessments read so far, each found again by citizen, date, kind and assessor."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.found: dict[tuple[str, date, AssessmentKind, str], AssessmentRow] = {}
        self.size = len(reader.codes)

    def row(
        self,
        number: int,
        citizen: str,
        day: date,
        kind: AssessmentKind | None,
        assessor: str | None,
        purpose: AssessmentPurpose | None,
        is_new: bool = False,
    ) -> AssessmentRow | None:
        """The assessment a line belongs to; None when the line cannot belong to one, which has then been told."""
        reader = self.reader
        kind = kind or AssessmentKind.STAFF
        if not assessor:
            if kind is not AssessmentKind.SELF:
                reader.faults.add(reader.source.name, number, T("mangler, hvem der har vurderet (assessor)."))
                return None
            assessor = "borger"
        key = citizen, day, kind, assessor
        row = self.found.get(key)
        if row is None:
            row = AssessmentRow(*key, purpose or AssessmentPurpose.ROUTINE, [None] * self.size)
            self.found[key] = row
            reader.folder.assessments.append(row)
            reader.numbers.append(number)
            return row
        if is_new:
            reader.faults.add(
                reader.source.name, number, T("samme borger, dag, slags og vurderer står i en tidligere række.")
            )
            return None
        if purpose is not None and purpose is not row.purpose:
            reader.faults.add(
                reader.source.name,
                number,
                T("samme vurdering har to formål: %(one)s og %(two)s.", one=row.purpose.value, two=purpose.value),
            )
            return None
        return row
