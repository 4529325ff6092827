"""People and where they work, from the wage system's file: one row for each employment.

An empty field changes nothing, save an empty last day where the file has that column. Whoever is employed today and
is not in the file has left: the employment ended yesterday. Seats stay as they are; they give nothing without one.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.errors import NotAllowed
from med.journal.actions import note_many
from med.language import T
from med.organisation.importing.plan import Change, Difference, Plan, What, has_column
from med.organisation.models import Employment, Person, Unit
from med.organisation.words import JOB_ROLES
from med.tables import Column, Record, Table, Wrong, choice, day, mail, take, text, yes_no

HANDLE = re.compile(r"[^\s()]{1,60}")


def handle(value: str) -> str:
    if not HANDLE.fullmatch(value):
        raise Wrong(T("er ikke et brugernavn (højst 60 tegn, uden mellemrum)"))
    return value.lower()


ENDS = ("Til", "Slutdato", "Fratrådt", "Sidste dag", "To")
COLUMNS = [
    Column("Brugernavn", ("Bruger-id", "Login", "Initialer", "Username"), parse=handle, key="handle"),
    Column("Navn", ("Fulde navn", "Medarbejder", "Name"), parse=text(120), key="name"),
    Column("Enhed", ("Enhedsnøgle", "Enhedsnummer", "Enhedsnr", "Afdeling", "Unit"), parse=text(160), key="unit"),
    Column("Mail", ("E-mail", "Mailadresse", "Email"), False, mail(), "mail"),
    Column("Stilling", ("Stillingsbetegnelse", "Titel", "Title"), False, text(160), "title"),
    Column(
        "Rolle",
        ("Lederniveau", "Role"),
        False,
        choice({key.replace("_", " "): key for key in JOB_ROLES} | {"direktør": "direktion"}),
        "role_key",
    ),
    Column("Leder", ("Er leder", "Leder af enheden", "Manager"), False, yes_no(), "manages"),
    Column("Fra", ("Startdato", "Ansat", "Ansat fra", "From"), False, day(), "starts"),
    Column(ENDS[0], ENDS[1:], False, day(), "ends"),
]

JOB_WORDS = {
    "unit": T("enhed"),
    "title": T("stilling"),
    "role_key": T("rolle"),
    "manages": T("leder"),
    "starts": T("fra"),
    "ends": T("til"),
}


class Job(Struct):
    """An employment as it is, or as a row of the file has it."""

    unit_id: int
    unit: str
    title: str | None
    role_key: str | None
    manages: bool | None
    starts: date | None
    ends: date | None
    id: int = 0
    row: int = 0


class Known(Struct):
    """A person who is there already."""

    id: int
    handle: str
    name: str
    mail: str
    jobs: list[Job] = []


class Work(Struct):
    hired: list[dict[str, Any]] = []  # new people
    changed: list[dict[str, Any]] = []
    jobs: list[tuple[str, dict[str, Any]]] = []  # new employments by handle
    job_changes: list[dict[str, Any]] = []
    job_ends: list[dict[str, Any]] = []
    never_begun: list[int] = []
    happened: list[tuple[str, str, list[str]]] = []  # what, handle, fields


def gives_rights(change: Difference) -> bool:
    """Whether somebody with this change to their work may see or do more, or for longer."""
    before, after = change.before, change.after
    if change.field is JOB_WORDS["unit"] or change.field is JOB_WORDS["manages"]:
        return bool(after)
    if change.field is JOB_WORDS["starts"]:
        return bool(after < before)
    if change.field is JOB_WORDS["ends"]:
        return before is not None and (after is None or after > before)
    return change.field is JOB_WORDS["role_key"]


def plan(db: Session, table: Table, plan: Plan) -> None:
    records, errors = take(table, COLUMNS)
    plan.errors += [error.message for error in errors]
    reader = _Reader(db, plan, tells_last_day=has_column(table, *ENDS))
    reader.read(records)


class _Reader:
    """Compares a file with the people who are there, and writes down what it would take to make them alike."""

    def __init__(self, db: Session, plan: Plan, tells_last_day: bool) -> None:
        self.plan = plan
        self.work: Work = Work()
        plan.work = self.work
        self.tells_last_day = tells_last_day
        self.today = clock.today()
        self.yesterday = self.today - timedelta(days=1)
        self.known = _known(db)
        units = db.execute(select(Unit.id, Unit.key, Unit.name).order_by(Unit.id)).all()
        self.unit_names = {id: name for id, _, name in units}
        self.units = {key: id for id, key, _ in units}
        names: dict[str, list[int]] = {}
        for id, _, name in units:
            names.setdefault(name.casefold(), []).append(id)
        self.units_by_name = {name: ids[0] for name, ids in names.items() if len(ids) == 1}

    def read(self, records: list[Record]) -> None:
        for name, rows in self._by_person(records).items():
            self._person(name, rows)
        employed = [known for known in self.known.values() if any(self._holds(job) for job in known.jobs)]
        self.plan.of = len(employed)
        in_file = {record.values["handle"] for record in records}
        for known in self.known.values():
            if known.handle.lower() not in in_file and (jobs := self._current(known)):
                self._leaves(known, jobs, self.yesterday, None)

    def _by_person(self, records: list[Record]) -> dict[str, list[Record]]:
        """The rows of each person that make sense together; those that do not are told as errors."""
        people: dict[str, list[Record]] = {}
        for record in records:
            values = record.values
            unit_id = self.units.get(values["unit"]) or self.units_by_name.get(values["unit"].casefold())
            if unit_id is None:
                self.plan.wrong(
                    record.number, T("enheden “%(unit)s” findes ikke. Indlæs enhederne først.", unit=values["unit"])
                )
                continue
            values["unit_id"] = unit_id
            if values["starts"] and values["ends"] and values["ends"] < values["starts"]:
                self.plan.wrong(record.number, T("sidste dag ligger før første dag."))
                continue
            rows = people.setdefault(values["handle"], [])
            same = next((row for row in rows if row.values["unit_id"] == unit_id), None)
            if same is not None:
                told = T("%(name)s står også i række %(row)s med samme enhed.", name=values["handle"], row=same.number)
                self.plan.wrong(record.number, told)
            elif rows and rows[0].values["name"] != values["name"]:
                told = T(
                    "brugernavnet %(handle)s har et andet navn i række %(row)s.",
                    handle=values["handle"],
                    row=rows[0].number,
                )
                self.plan.wrong(record.number, told)
            else:
                rows.append(record)
        return people

    def _person(self, name: str, rows: list[Record]) -> None:
        known = self.known.get(name)
        jobs = [self._job(row) for row in rows]
        present = [job for job in jobs if job.ends is None or job.ends >= self.today]
        if known is None:
            if present:
                self._hire(name, rows[0], present)
            else:
                self.plan.unchanged += 1  # has left already, and never was here
            return
        if not present:
            if leaving := self._current(known):
                self._leaves(known, leaving, max(job.ends for job in jobs if job.ends), rows[0].number)
            else:
                self.plan.unchanged += 1
            return
        differences, fields = self._details(known, rows[0])
        for difference in self._jobs(known, present):
            differences.append(difference)
            fields.append("employment")
            if gives_rights(difference):
                self.plan.gives.setdefault(name, (rows[0].number, []))[1].append(difference.field)
        if not differences:
            self.plan.unchanged += 1
            return
        self.plan.diff.append(Change(What.CHANGED, f"{known.name} ({name})", rows[0].number, tuple(differences)))
        self.work.happened.append(("person.changed", name, sorted(set(fields))))

    def _job(self, row: Record) -> Job:
        values = row.values
        return Job(
            values["unit_id"],
            self.unit_names[values["unit_id"]],
            values["title"],
            values["role_key"],
            values["manages"],
            values["starts"],
            values["ends"],
            row=row.number,
        )

    def _hire(self, name: str, row: Record, jobs: list[Job]) -> None:
        self.work.hired.append({"handle": name, "name": row.values["name"], "mail": row.values["mail"] or ""})
        for job in jobs:
            self._new_job(name, job, job.starts or self.today)
        what = ", ".join(job.unit for job in jobs)
        self.plan.diff.append(Change(What.NEW, f"{row.values['name']} ({name}), {what}", row.number))
        self.work.happened.append(("person.hired", name, []))

    def _details(self, known: Known, row: Record) -> tuple[list[Difference], list[str]]:
        """Name and mail."""
        found = {
            "name": Difference(T("navn"), known.name, row.values["name"]),
            "mail": Difference(T("mail"), known.mail, row.values["mail"] or known.mail),
        }
        differing = {name: difference for name, difference in found.items() if difference.before != difference.after}
        if differing:
            self.work.changed.append({"id": known.id, "name": found["name"].after, "mail": found["mail"].after})
        return list(differing.values()), list(differing)

    def _jobs(self, known: Known, wanted: list[Job]) -> Iterator[Difference]:
        """Same unit: the same employment. One gone and one come: a move. What is left over begins or ends."""
        current = self._current(known)
        matched: list[Job] = []
        left_over: list[Job] = []
        for job in wanted:
            same = next((old for old in current if old.unit_id == job.unit_id and old not in matched), None)
            if same is None:
                left_over.append(job)
                continue
            matched.append(same)
            yield from self._changed_job(known, same, job)
        begins = {old.starts for old in matched}
        gone = [
            old
            for old in current
            if old not in matched and not (old.ends is not None and old.ends + timedelta(days=1) in begins)
        ]
        for job in left_over:
            old = gone.pop(0) if gone else None
            starts = job.starts or self.today
            if old is not None and old.starts is not None:
                if starts <= old.starts:
                    starts = max(self.today, old.starts)
                job.title = job.title or old.title
                job.role_key = job.role_key or old.role_key
                job.manages = old.manages if job.manages is None else job.manages
                self._end(old, starts - timedelta(days=1))
                yield Difference(JOB_WORDS["unit"], old.unit, job.unit)
                for name in ("title", "role_key", "manages"):
                    if getattr(old, name) != getattr(job, name):
                        yield Difference(JOB_WORDS[name], getattr(old, name), getattr(job, name))
            else:
                yield Difference(JOB_WORDS["unit"], None, job.unit)
            self._new_job(known.handle, job, starts)
        for old in gone:
            self._end(old, self.yesterday)
            yield Difference(JOB_WORDS["unit"], old.unit, None)

    def _changed_job(self, known: Known, old: Job, new: Job) -> Iterator[Difference]:
        values: dict[str, Any] = {}
        for name in ("title", "role_key", "manages"):
            after = getattr(new, name)
            values[name] = getattr(old, name) if after is None else after
        values["ends"] = new.ends if self.tells_last_day else old.ends
        values["starts"] = old.starts
        if new.starts and not any(
            other is not old and (other.ends is None or other.ends >= new.starts) for other in known.jobs
        ):
            values["starts"] = new.starts  # a correction, as long as it does not run into an earlier employment
        if values["ends"] is not None and values["starts"] > values["ends"]:
            self.plan.wrong(new.row, T("sidste dag ligger før første dag."))
            return
        differing = [name for name, value in values.items() if getattr(old, name) != value]
        if differing:
            self.work.job_changes.append({"id": old.id, **values})
        for name in differing:
            yield Difference(JOB_WORDS[name], getattr(old, name), values[name])

    def _new_job(self, name: str, job: Job, starts: date) -> None:
        values = {
            "unit_id": job.unit_id,
            "title": job.title or "",
            "role_key": job.role_key or "medarbejder",
            "manages": bool(job.manages),
            "starts": starts,
            "ends": job.ends,
        }
        if job.ends is not None and job.ends < starts:
            self.plan.wrong(job.row, T("sidste dag ligger før første dag."))
            return
        self.work.jobs.append((name, values))

    def _leaves(self, known: Known, jobs: list[Job], last: date, row: int | None) -> None:
        for job in jobs:
            self._end(job, last)
        if any(self._holds(job) for job in jobs):
            self.plan.leaving += 1
        difference = Difference(T("ansættelse"), ", ".join(job.unit for job in jobs), T("slut"))
        self.plan.diff.append(Change(What.LEAVING, f"{known.name} ({known.handle})", row, (difference,)))
        self.work.happened.append(("person.left", known.handle, ["employment"]))

    def _end(self, job: Job, last: date) -> None:
        if job.starts is not None and job.starts > last:
            self.work.never_begun.append(job.id)
        else:
            self.work.job_ends.append({"id": job.id, "ends": last})

    def _current(self, known: Known) -> list[Job]:
        """What holds today or begins later."""
        return [job for job in known.jobs if job.ends is None or job.ends >= self.today]

    def _holds(self, job: Job) -> bool:
        return (job.starts is None or job.starts <= self.today) and (job.ends is None or job.ends >= self.today)


def _known(db: Session) -> dict[str, Known]:
    known: dict[int, Known] = {}
    for id, name, called, address in db.execute(select(Person.id, Person.handle, Person.name, Person.mail)):
        known[id] = Known(id, name, called, address)
    rows = db.execute(
        select(
            Employment.person_id,
            Employment.unit_id,
            Unit.name,
            Employment.title,
            Employment.role_key,
            Employment.manages,
            Employment.starts,
            Employment.ends,
            Employment.id,
        )
        .join(Unit, Unit.id == Employment.unit_id)
        .order_by(Employment.starts, Employment.id)
    )
    for person_id, unit_id, unit, title, role_key, manages, starts, ends, id in rows:
        known[person_id].jobs.append(Job(unit_id, unit, title, role_key, manages, starts, ends, id))
    return {person.handle.lower(): person for person in known.values()}


def carry_out(db: Session, viewer: Viewer | None, plan: Plan) -> None:
    work: Work = plan.work
    if viewer is not None and (objection := plan.objection(viewer)):
        raise NotAllowed([objection])
    if work.hired:
        db.execute(insert(Person), work.hired)
    if work.changed:
        db.execute(update(Person), work.changed)
    ids = {name.lower(): id for id, name in db.execute(select(Person.id, Person.handle))}
    if work.never_begun:
        db.execute(delete(Employment).where(Employment.id.in_(work.never_begun)))
    if work.job_ends:
        db.execute(update(Employment), work.job_ends)
    if work.job_changes:
        db.execute(update(Employment), work.job_changes)
    if work.jobs:
        db.execute(insert(Employment), [{"person_id": ids[name.lower()], **values} for name, values in work.jobs])
    note_many(db, viewer, Person, [(what, ids[name.lower()], fields) for what, name, fields in work.happened])
