"""Runs of the effect analysis: asked for, carried out in a process of their own, and kept as they came out.

The server never imports numpy. An errand takes one waiting run (a lease, so that a second worker leaves it alone and a
killed one loses it), hands what the tables hold to the child, and saves the answer in one transaction.
"""

import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.effects import SMALL_THREADS
from med.competence_compass.effects import VERSION as METHOD
from med.competence_compass.erasing import kept_in
from med.competence_compass.models import (
    Activity,
    Assessment,
    Dimension,
    EffectEstimate,
    EffectRun,
    Hypothesis,
    RunState,
    Version,
)
from med.competence_compass.publishing import publish
from med.competence_compass.vectors import keep_missing, packed_of
from med.errors import Conflict
from med.journal.actions import note
from med.journal.models import Entry
from med.language import T
from med.slices import Office

LEASE = timedelta(minutes=30)
LONGEST = 25 * 60  # seconds for a child
VARIANCE_KEEPS = timedelta(days=92)
VARIANCE_HOLDS = 0.1  # the share of assessments that may come or go meanwhile


def ask_for_run(db: Session, viewer: Viewer | None, version: Version) -> EffectRun:
    """Ask for a run; one that waits or works already is the one asked for. `viewer` is None for the night."""
    open_run = db.scalar(
        select(EffectRun)
        .where(EffectRun.version_id == version.id, EffectRun.state.in_((RunState.WAITING, RunState.WORKING)))
        .limit(1)
    )
    if open_run is not None:
        return open_run
    if version.locked_at is None:
        raise Conflict(T("Redskabet er ikke taget i brug, så der er intet at beregne på."))
    made = EffectRun(
        uid=str(uuid.uuid4()),
        version_id=version.id,
        asked_at=clock.now(),
        asked_by_id=viewer.person_id if viewer else None,
    )
    db.add(made)
    note(db, viewer, "effect_run.asked", made)
    return made


def ask_at_night(db: Session) -> None:
    """A run for every version with hypotheses on which something was assessed since its last run, or since which a file
    was taken in (participations and waiting lists count, too), or whose newest numbers are from an older method."""
    tested = select(Dimension.version_id).join(Hypothesis, Hypothesis.dimension_id == Dimension.id)
    for version in db.scalars(select(Version).where(Version.id.in_(tested), Version.locked_at.is_not(None))):
        last = db.scalar(select(func.max(EffectRun.asked_at)).where(EffectRun.version_id == version.id))
        newest = db.scalar(select(func.max(Assessment.closed_at)).where(Assessment.version_id == version.id))
        run = latest_run(db, version.id)
        is_outdated = run is not None and run.method != METHOD
        if newest is not None and (last is None or newest > last or is_outdated or has_imported(db, last)):
            ask_for_run(db, None, version)


def has_imported(db: Session, since: datetime) -> bool:
    taken_in = select(Entry.id).where(Entry.at > since, Entry.happened == "compass.imported")
    return db.scalar(taken_in.limit(1)) is not None


def work(office: Office) -> None:
    """The errand: carry out the runs that wait, one after the other."""
    while not office.stopping.is_set() and (taken := take(office)) is not None:
        carry_out(office, *taken)


def take(office: Office) -> tuple[int, str] | None:
    """Claim the oldest run that waits, or whose worker is gone: (id, lease)."""
    now, lease = clock.now(), secrets.token_hex(8)
    free = or_(
        EffectRun.state == RunState.WAITING,
        (EffectRun.state == RunState.WORKING) & (EffectRun.leased_until < now),
    )
    with office.database.reading() as db:
        if db.scalar(select(EffectRun.id).where(free).limit(1)) is None:
            return None
    with office.database.writing() as db:
        oldest = select(EffectRun.id).where(free).order_by(EffectRun.id).limit(1)
        if not office.database.is_sqlite:
            oldest = oldest.with_for_update(skip_locked=True)
        claimed = db.scalar(
            update(EffectRun)
            .where(EffectRun.id == oldest.scalar_subquery())
            .values(state=RunState.WORKING, lease=lease, leased_until=now + LEASE, progress=0)
            .returning(EffectRun.id)
        )
    return None if claimed is None else (claimed, lease)


def carry_out(office: Office, run_id: int, lease: str) -> None:
    """Analyse, and save what came out; a failure is a sentence on the run, never a traceback on a page."""
    with office.database.writing() as db:
        keep_missing(db)
    with office.database.reading() as db:
        version = db.get_one(EffectRun, run_id).version
        kept = kept_in(office.settings.data_dir) / f"version-{version.id}"
        data, variance_at = given(db, version)
    settled: dict[str, Any]
    try:
        found = in_child(data, lambda percent: report(office, run_id, lease, percent), office.stopping.is_set, kept)
    except ChildFailed as error:
        settled = {"state": RunState.FAILED, "error": str(error), "done_at": clock.now()}
        with office.database.writing() as db:
            settle(db, run_id, lease, settled)
        return
    except Stopping:
        with office.database.writing() as db:
            settle(db, run_id, lease, {"state": RunState.WAITING, "leased_until": None})
        return
    with contextlib.suppress(TakenOver), office.database.writing() as db:
        save(db, run_id, lease, found, hashlib.sha256(data).hexdigest(), variance_at)


def given(db: Session, version: Version) -> tuple[bytes, Any]:
    """What the child is given, as bytes; and when the variances among it were found, None where there are none."""
    from med.competence_compass.exchange.giving import attended_until, folder_of

    packed = packed_of(db, version.id)
    variance, variance_at = fresh_variance(db, version.id, len(packed.kind))
    told = {
        "folder": folder_of(db, version, answered=False),
        "packed": packed,
        "until": attended_until(db),
        "variance": variance,
    }
    return msgspec.msgpack.encode(told), variance_at


class ChildFailed(Exception):
    """What is told of an analysis that did not come to an end."""


class TakenOver(Exception):
    """Another worker has the run: what we found is not saved."""


class Stopping(Exception):
    """The process is to go; the run waits for the next one."""


def in_child(
    data: bytes, progress: Callable[[int], None], stopping: Callable[[], bool], kept: Path | None = None
) -> Mapping[str, Any]:
    """Run the analysis on `data` (msgpack) in a process of its own, which keeps what it can use again in `kept`.

    Raises ChildFailed, Stopping.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as found:
        given.write(data)
        given.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-m", "med.competence_compass.effects", *([str(kept)] if kept else [])],
            stdin=given,
            stdout=found,
            stderr=told,
            env={**os.environ, **SMALL_THREADS},
        )
        until = time.monotonic() + LONGEST
        shown = -1
        try:
            while child.poll() is None:
                if stopping():
                    raise Stopping
                if time.monotonic() > until:
                    raise ChildFailed(f"The analysis took more than {LONGEST // 60} minutes and was stopped.")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(0.2)
                told.seek(0)
                lines = told.read().decode(errors="replace").split("\n")[:-1]
                percent = next((int(w[0]) for line in reversed(lines) if (w := line.split()) and w[0].isdecimal()), 0)
                if percent != shown:
                    shown = percent
                    progress(percent)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        if child.returncode:
            told.seek(0)
            kind = told.read().decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0][:80]
            raise ChildFailed(f"The analysis ended with {child.returncode} ({kind or 'no word'}).")
        found.seek(0)
        return json.load(found)


def report(office: Office, run_id: int, lease: str, percent: int) -> None:
    with contextlib.suppress(Exception), office.database.writing() as db:  # progress is news, not substance
        settle(db, run_id, lease, {"progress": percent, "leased_until": clock.now() + LEASE})


def settle(db: Session, run_id: int, lease: str, values: Mapping[str, Any]) -> bool:
    """Change the run, if it is still ours."""
    mine = (EffectRun.id == run_id) & (EffectRun.lease == lease) & (EffectRun.state == RunState.WORKING)
    return db.scalar(update(EffectRun).where(mine).values(**values).returning(EffectRun.id)) is not None


def save(db: Session, run_id: int, lease: str, found: Mapping[str, Any], digest: str, variance_at: Any) -> None:
    """The numbers and what they rest on, in one transaction. Another worker's run is left alone."""
    run, variance = found["run"], found["run"]["variance"]
    values = {
        "state": RunState.DONE,
        "done_at": clock.now(),
        "progress": 100,
        "cut_off": date.fromisoformat(run["cut_off"]) if run["cut_off"] else None,
        "input_sha256": digest,
        "method": run["version"],
        "rows_used": run["rows_used"],
        "rows_left_out": run["rows_left_out"],
        "citizens": run["citizens"],
        "citizens_renewed": run["renewed"],
        "lead_z": run["lead_z"],
        "line_z": run["line_z"],
        "is_guarded": run["guarded"],
        "slope": variance["slope"],
        "period": variance["period"],
        "rho": variance["rho"],
        "variance_at": variance_at or clock.now(),
    }
    version_id = db.scalar(select(EffectRun.version_id).where(EffectRun.id == run_id))
    activities = {row.code: row.id for row in db.execute(select(Activity.code, Activity.id))}
    dimensions = {
        row.code: row.id
        for row in db.execute(select(Dimension.code, Dimension.id).where(Dimension.version_id == version_id))
    }
    rows = [
        {
            "run_id": run_id,
            "activity_id": activities[one["activity"]],
            "dimension_id": dimensions[one["dimension"]],
            "waiting_estimate": one["waiting_list_estimate"],
            "waiting_se": one["waiting_list_se"],
            "waiting_n": one["waiting_list_n"],
            "is_maintain": one["aim"] == "fastholde",
            **{name: one[name] for name in SAME},
        }
        for one in found["estimates"]
        if one["activity"] in activities and one["dimension"] in dimensions
    ]
    if not settle(db, run_id, lease, values):
        raise TakenOver
    if rows:
        db.execute(insert(EffectEstimate), rows)
    run = db.get_one(EffectRun, run_id, populate_existing=True)
    publish(db, run)
    note(db, None, "effect_run.done", run)


SAME = (
    "n", "n_comparison", "estimate", "se", "ci_low", "ci_high", "p", "q", "shrunken", "detectable", "verdict",
    "reason", "ceiling", "floor",
)  # fmt: skip


def fresh_variance(db: Session, version_id: int, rows: int) -> tuple[tuple[float, float, float] | None, Any]:
    """Slope, period and rho of the newest done run, and when they were found; None when they are to be found anew:
    a quarter later, or when there are a tenth more or fewer assessments (`rows`) than there were then."""
    found = db.execute(
        select(EffectRun.slope, EffectRun.period, EffectRun.rho, EffectRun.variance_at)
        .where(
            EffectRun.version_id == version_id,
            EffectRun.state == RunState.DONE,
            EffectRun.variance_at > clock.now() - VARIANCE_KEEPS,
            EffectRun.slope.is_not(None),
        )
        .order_by(EffectRun.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None, None
    then = db.scalar(
        select(EffectRun.rows_used + EffectRun.rows_left_out)
        .where(EffectRun.version_id == version_id, EffectRun.variance_at == found.variance_at)
        .order_by(EffectRun.id)
        .limit(1)
    )
    if then is None or abs(rows - then) > VARIANCE_HOLDS * then:
        return None, None
    return (found.slope, found.period, found.rho), found.variance_at


def latest_run(db: Session, version_id: int) -> EffectRun | None:
    """The newest run that is done."""
    return db.scalar(
        select(EffectRun)
        .where(EffectRun.version_id == version_id, EffectRun.state == RunState.DONE)
        .order_by(EffectRun.id.desc())
        .limit(1)
    )
