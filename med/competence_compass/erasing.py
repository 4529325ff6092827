"""Erasing a citizen: what is taken out of the tables, and the list that a restored backup is told again.

What goes: the key, and with it every sealed word; the identity; assessments, goals, participations, waiting, and who
worked with them; and every file of citizens that waits to be taken in, whoever it is about. What stays: an empty row
under "slettet-17", so that what the journal noted (ids, never words) still points somewhere; the looks, without their
reasons; and sums that were computed before, which hold nobody's name.
"""

import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass import rollups
from med.competence_compass.models import (
    Assessment,
    Assignment,
    Citizen,
    CitizenKey,
    Erasure,
    Exam,
    Goal,
    GoalRating,
    Identity,
    Look,
    Occasion,
    Participation,
    Presence,
    Score,
    WaitingEntry,
)
from med.db import Database, is_away
from med.organisation.models import ImportFile

LIST_FILE = "erasures.txt"
SECRET_TABLES = ("compass_citizen_key", "compass_identity", "import_file")
UPLOADED = "compass/"  # how the kind of a file of citizens begins
log = logging.getLogger("med")


def forget_citizen(db: Session, citizen: Citizen) -> None:
    """Take everything about a citizen out, in the order the foreign keys allow."""
    mine = citizen.id
    assessments = select(Assessment.id).where(Assessment.citizen_id == mine)
    goals = select(Goal.id).where(Goal.citizen_id == mine)
    participations = select(Participation.id).where(Participation.citizen_id == mine)
    db.execute(update(Assessment).where(Assessment.citizen_id == mine).values(supersedes_id=None))
    for table, clause in (
        (Score, Score.assessment_id.in_(assessments)),
        (Assessment, Assessment.citizen_id == mine),
        (Occasion, Occasion.citizen_id == mine),
        (GoalRating, GoalRating.goal_id.in_(goals)),
        (Goal, Goal.citizen_id == mine),
        (Exam, Exam.participation_id.in_(participations)),
        (Presence, Presence.participation_id.in_(participations)),
        (Participation, Participation.citizen_id == mine),
        (WaitingEntry, WaitingEntry.citizen_id == mine),
        (Assignment, Assignment.citizen_id == mine),
        (Identity, Identity.citizen_id == mine),
        (CitizenKey, CitizenKey.citizen_id == mine),
        (ImportFile, ImportFile.kind.startswith(UPLOADED)),
    ):
        db.execute(delete(table).where(clause), execution_options={"synchronize_session": False})
    db.execute(
        update(Citizen)
        .where(Citizen.id == mine)
        .values(
            pseudonym=f"slettet-{mine}",
            target_group="",
            instrument_id=None,
            entered=date(citizen.entered.year, 1, 1),
            left_on=None,
            erased_at=clock.now(),
            version=Citizen.version + 1,
        )
    )
    # People write names where a reason is asked for. Who looked, when and at what stands on.
    db.execute(update(Look).where(Look.citizen_id == mine).values(reason=""))
    rollups.refresh(db, [mine])
    db.flush()
    db.expire_all()


# --- the list ---------------------------------------------------------------------------------------------------


def fingerprint(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()


def read_list(file: Path) -> set[str]:
    """The fingerprints in a list of erasures; none where there is no list."""
    if not file.exists():
        return set()
    return {line.split()[0] for line in file.read_text(encoding="ascii").splitlines() if line.strip()}


def keep_list(db: Session, data_dir: Path, more: Iterable[str] = ()) -> int:
    """Write the erasures the database knows, and those the list had already, beside the data; how many there are.

    Written whole each time, so that one that was missed comes along with the next.
    """
    file = data_dir / LIST_FILE
    known = read_list(file) | set(more)
    told = known | {fingerprint(uid) for uid in db.scalars(select(Erasure.uid))}
    if told != known or not file.exists():
        beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as new:
            new.writelines(f"{line}\n" for line in sorted(told))
            new.flush()
            os.fsync(new.fileno())
        beside.replace(file)
    return len(told)


def still_there(db: Session, told: set[str]) -> list[Citizen]:
    """Citizens on the list who are in the tables: a backup from before their erasure was restored."""
    return [
        one for one in db.scalars(select(Citizen).where(Citizen.erased_at.is_(None))) if fingerprint(one.uid) in told
    ]


def replay(db: Session, told: set[str]) -> int:
    """Erase again whoever is on the list; how many there were."""
    found = still_there(db, told)
    known = set(db.scalars(select(Erasure.uid)))
    for citizen in found:
        if citizen.uid not in known:
            db.add(Erasure(uid=citizen.uid, at=clock.now()))
        forget_citizen(db, citizen)
    return len(found)


def kept_in(data_dir: Path) -> Path:
    """Where analyses keep what they computed of citizens, for the next one. Thrown away with any erasure."""
    return data_dir / "effects"


def let_go(database: Database, data_dir: Path) -> None:
    """After an erasure is saved: onto the list, and out of the database's log. Tried again at night."""
    try:
        with database.reading() as db:
            keep_list(db, data_dir)
        database.scrub(*SECRET_TABLES)
        shutil.rmtree(kept_in(data_dir), ignore_errors=True)
    except (OSError, DBAPIError) as error:
        if isinstance(error, DBAPIError) and not is_away(error):
            raise
        log.warning("what was erased is still in the database's log; tried again at night: %s", type(error).__name__)
