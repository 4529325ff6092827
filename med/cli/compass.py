"""`med compass analyse FOLDER [--json OUT]`, what a researcher or another centre runs; `med compass rebuild`."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from med.cli.words import Stop, counted, database_at_head, settings_here, tell, written_at_length

if TYPE_CHECKING:
    from med.db import Database


def add_commands(commands: argparse._SubParsersAction) -> None:
    compass = commands.add_parser("compass", help="what activities do for citizens; and what is kept beside scores")
    parts = compass.add_subparsers(required=True, metavar="WHAT")
    analyse = parts.add_parser("analyse", help="the effects of the activities in a folder, and how sure they are")
    analyse.add_argument("folder", type=Path)
    analyse.add_argument("--json", type=Path, metavar="OUT", help="write every number to this file")
    analyse.set_defaults(run=run_analyse)
    rebuild = parts.add_parser("rebuild", help="make anew what is kept beside the scores: packed answers and sums")
    rebuild.set_defaults(run=run_rebuild)


def run_analyse(given: argparse.Namespace) -> int:
    from med.competence_compass.exchange.faults import FolderError
    from med.competence_compass.exchange.reading import folder_at

    if not given.folder.is_dir():
        raise Stop(f"{given.folder} is not a folder.")
    if given.json is not None and not given.json.parent.is_dir():
        raise Stop(f"there is no folder {given.json.parent} to write to.")
    try:
        folder = folder_at(given.folder)
    except FolderError as error:
        tell(error.faults.told, "! ", error.faults.count)
        raise Stop(f"{counted(error.faults.count, 'error')} in the folder; nothing was analysed.") from None
    from med.competence_compass.effects import SMALL_THREADS

    os.environ.update(SMALL_THREADS)
    from med.competence_compass.effects.analysis import analyse
    from med.competence_compass.effects.reading import study_of
    from med.competence_compass.effects.report import as_json, as_lines

    study = study_of(folder)
    result = analyse(study, progress=show if sys.stderr.isatty() else lambda what, share: None)
    for line in as_lines(study, result):
        print(line)
    if given.json is not None:
        given.json.write_text(json.dumps(as_json(study, result), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def run_rebuild(given: argparse.Namespace) -> int:
    """One transaction: until it is done, everybody sees what was there."""
    from med.competence_compass import rollups, vectors
    from med.competence_compass.erasing import kept_in

    settings = settings_here()
    with database_at_head(settings) as database, written_at_length(database) as db:
        packed, changes = vectors.rebuild(db), rollups.rebuild(db)
    shutil.rmtree(kept_in(settings.data_dir), ignore_errors=True)
    print(f"{packed:,} assessments packed; {changes:,} changes added up.")
    return 0


def examine_sums(database: "Database") -> tuple[str, str]:
    """Whether what is kept beside the scores is what the scores say."""
    from sqlalchemy import func, select

    from med.competence_compass import rollups
    from med.competence_compass.models import Assessment

    with database.reading() as db:
        missing = db.scalar(select(func.count()).where(Assessment.closed_at.is_not(None), Assessment.packed.is_(None)))
        if missing or not rollups.is_whole(db):
            return "warning", "Sums kept beside the compass's scores are not what these say; run `med compass rebuild`."
    return "ok", "Sums kept beside the compass's scores are what these say."


def show(what: str, share: float) -> None:
    print(f"\r{share:4.0%} {what:<20}", end="\n" if share >= 1 else "", file=sys.stderr, flush=True)
