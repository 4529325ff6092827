"""`med import compass FOLDER`, the compass's single files, and `med export compass FOLDER`."""

import argparse
from pathlib import Path
from typing import Any

from med.cli.words import Stop, counted, database_at_head, fresh, progress_of, settings_here, tell, written_at_length


def run_import_compass(given: argparse.Namespace) -> int:
    from med.competence_compass.exchange.comparing import compare
    from med.competence_compass.exchange.instruments import keep_instrument
    from med.competence_compass.exchange.taking import carry_out
    from med.competence_compass.vault import vault_of

    settings = settings_here()
    with database_at_head(settings) as database:
        # Reading takes longest and needs no transaction: nobody waits for it.
        reading = _read_folder(database, given) if given.kind == "compass" else _read_file(database, given)
        _stop_for(reading.faults)
        with written_at_length(database) as db:
            first = min((row.date for row in reading.folder.assessments), default=None)
            version = _version(db, given) or keep_instrument(db, None, reading.folder.instrument, first or _today())
            plan = compare(db, reading, version, unit_id=_unit(db, given.unit))
            for line in plan.lines():
                print(line)
            _stop_for(plan.faults)
            total = plan.total
            if given.dry_run:
                db.rollback()
            else:
                with progress_of("vurderinger", len(plan.new.assessments)) as progress:
                    carry_out(db, None, vault_of(settings.data_dir), plan, progress)
    if given.dry_run:
        print("Nothing was changed (dry run).")
    else:
        print(f"{counted(total, 'change')} saved." if total else "Nothing to change.")
    return 0


def _today() -> Any:
    from med import clock

    return clock.today()


def _read_folder(database: Any, given: argparse.Namespace) -> Any:
    from med.competence_compass.exchange.reading import read_folder

    if not given.file.is_dir():
        raise Stop(f"{given.file} is not a folder; med import compass takes one with instrument.json and CSV files.")
    return read_folder(given.file)


def _read_file(database: Any, given: argparse.Namespace) -> Any:
    from med.competence_compass.exchange.giving import elsewhere_of, instrument_of
    from med.competence_compass.exchange.reading import read_single

    with database.reading() as db:
        version = _version(db, given)
        if version is None:
            raise Stop(
                "there is no such instrument in use; take in a compass folder, or make one at /kompas/redskaber."
            )
        instrument, elsewhere = instrument_of(db, version), elsewhere_of(db, version)
    try:
        data = given.file.read_bytes() if given.file.stat().st_size < 2**28 else None
    except OSError as error:
        raise Stop(f"{given.file} cannot be read: {error.strerror}.") from None
    if data is None:
        raise Stop(f"{given.file} is larger than 256 MB; use a compass folder.")
    return read_single(given.kind, given.file, data, instrument, elsewhere)


def _version(db: Any, given: argparse.Namespace) -> Any:
    from med.competence_compass.exchange.giving import version_of

    return None if given.kind == "compass" else version_of(db, given.instrument)


def _unit(db: Any, key: str) -> int | None:
    from sqlalchemy import select

    from med.organisation.models import Unit

    if not key:
        return None
    found = db.scalar(select(Unit.id).where(Unit.key == key))
    if found is None:
        raise Stop(f"there is no unit with the key {key!r}.")
    return int(found)


def _stop_for(faults: Any) -> None:
    if not faults:
        return
    tell(faults.told, "! ", faults.count)
    raise Stop(f"{counted(faults.count, 'error')}; nothing was changed.")


def run_export_compass(given: argparse.Namespace) -> int:
    from med.competence_compass.exchange.giving import folder_of, note_export, rekey, version_of
    from med.competence_compass.exchange.writing import write_folder

    target: Path | None = given.folder
    if target is None:
        raise Stop("name a new folder: med export compass FOLDER --reason ….")
    if not given.reason.strip():
        raise Stop("--reason says what the export is for; it is noted at every citizen, who can ask to see it.")
    # Written within the transaction: no trace, no folder; a folder that cannot be written leaves no trace.
    with fresh(target, "folder"), database_at_head() as database, database.writing() as db:
        version = version_of(db, given.instrument, given.version)
        if version is None:
            raise Stop("there is no such instrument or version in use.")
        folder = folder_of(db, version)
        if given.rekey:
            rekey(folder)
        citizens = note_export(db, given.reason.strip())
        write_folder(target, folder)
    print(f"{citizens} citizens and {len(folder.assessments)} assessments are in {target}.")
    return 0
