"""`med vault`: turn the key ring that opens the citizens' words, and erase again who was erased before a restore."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from med.cli.words import Stop, database_at_head, settings_here
from med.settings import Settings

if TYPE_CHECKING:
    from med.db import Database

AT_ONCE = 500  # keys wrapped in one transaction: whoever is interrupted goes on from there


def add_commands(commands: Any) -> None:
    vault = commands.add_parser("vault", help="the key ring of the citizens' words, and the list of erasures")
    verbs = vault.add_subparsers(required=True, metavar="VERB")
    turn = verbs.add_parser("turn", help="a new key in the ring; every citizen's key is wrapped with it")
    turn.add_argument(
        "--drop-old", action="store_true", help="then throw the old ones away: older backups open no words any more"
    )
    turn.set_defaults(run=run_turn)
    replay = verbs.add_parser("replay", help="erase again everyone on the list of erasures, after a restore")
    replay.add_argument("file", type=Path, nargs="?", help="another list than the data folder's own")
    replay.set_defaults(run=run_replay)


def run_turn(given: argparse.Namespace) -> int:
    from med.competence_compass.erasing import SECRET_TABLES
    from med.sealing import RING_FILE, new_ring_key, read_ring, write_ring

    settings = settings_here()
    file = settings.data_dir / RING_FILE
    with database_at_head(settings) as database:
        if not file.exists() and not not_wrapped_with(database, ""):
            print("Nothing is sealed yet: the key ring comes with the first citizen or closed file.")
            return 0
        current, keys = read_ring(file)
        if left := not_wrapped_with(database, current):
            print(f"Going on with {current}, which an interrupted turning began.")
        else:
            current, key = new_ring_key()
            keys[current] = key
            write_ring(file, current, keys)
            left = not_wrapped_with(database, current)
        wrap_all(database, settings, left)
        if given.drop_old:
            write_ring(file, current, {current: keys[current]})
        database.scrub(*SECRET_TABLES)
    print(f"{left} keys are wrapped with {current}.", end=" ")
    print(f"The ring has {1 if given.drop_old else len(keys)} key(s): copy {file} to its own safe place now.")
    return 0


def tables() -> list[Any]:
    """Every table with keys that the ring wraps."""
    import med.migrations.tables  # noqa: F401  (all models there are)
    from med.sealing import WRAPPED

    return WRAPPED


def not_wrapped_with(database: "Database", current: str) -> int:
    from sqlalchemy import func, select

    with database.reading() as db:
        return sum(
            db.scalar(select(func.count()).select_from(table).where(table.ring_key != current)) or 0
            for table in tables()
        )


def wrap_all(database: "Database", settings: Settings, total: int) -> None:
    """A few hundred at a time, so that nobody waits long and an interruption loses nothing."""
    from sqlalchemy import select

    from med.sealing import Lost, ring_of

    ring = ring_of(settings.data_dir)
    done = 0
    for table in tables():
        while True:
            with database.writing() as db:
                keys = db.scalars(select(table).where(table.ring_key != ring.current).limit(AT_ONCE)).all()
                for key in keys:
                    try:
                        ring.turn(db, key)
                    except Lost as lost:
                        raise Stop(f"{lost}; restore the key ring from its own copy, then turn it again.", 1) from None
            if not keys:
                break
            done += len(keys)
            print(f"  {done} of {total}", flush=True)


def run_replay(given: argparse.Namespace) -> int:
    from med.competence_compass.erasing import LIST_FILE

    settings = settings_here()
    file: Path = given.file or settings.data_dir / LIST_FILE
    if not file.is_file():
        raise Stop(f"there is no list of erasures at {file}.")
    with database_at_head(settings) as database:
        erased = replay_list(database, settings.data_dir, file)
    print(f"{erased} citizens of the list were still here and are erased.")
    return 0


def replay_list(database: "Database", data_dir: Path, file: Path) -> int:
    from med.competence_compass.erasing import SECRET_TABLES, keep_list, read_list, replay

    told = read_list(file)
    with database.writing() as db:
        erased = replay(db, told)
        keep_list(db, data_dir, told)
    database.scrub(*SECRET_TABLES)
    return erased


def examine_vault(database: "Database", settings: Settings) -> list[tuple[str, str]]:
    """Do the ring and the rows fit, and is anyone here who was erased? For `med doctor`; makes nothing."""
    from sqlalchemy import func, select

    from med.competence_compass.erasing import LIST_FILE, read_list, still_there
    from med.sealing import RING_FILE, ring_of
    from med.setting_values import BadSetting

    file = settings.data_dir / RING_FILE
    with database.reading() as db:
        wrapped: dict[str, int] = {}
        sample: list[Any] = []
        for table in tables():
            for name, count in db.execute(select(table.ring_key, func.count()).group_by(table.ring_key)):
                wrapped[name] = wrapped.get(name, 0) + count
            sample += db.scalars(select(table).order_by(func.random()).limit(20))
        if not wrapped:
            return [("ok", "Nothing is sealed: no citizens, no closed files.")]
        found = []
        try:
            ring = ring_of(settings.data_dir)
        except BadSetting as error:
            return [("error", str(error))]
        absent = sum(count for name, count in wrapped.items() if not ring.knows(name))
        if absent:
            found.append(("error", f"{absent} keys in the tables are wrapped by keys that {file} does not have."))
        elif not all(ring.fits(key) for key in sample):
            found.append(("error", f"{file} does not open the keys in the tables; restore the right one."))
        else:
            found.append(("ok", f"The key ring opens the keys of {sum(wrapped.values())} citizens and closed files."))
        if file.exists() and file.stat().st_mode & 0o077:
            found.append(("warning", f"Others than its owner may read {file}; chmod 600 it."))
        if late := len(still_there(db, read_list(settings.data_dir / LIST_FILE))):
            found.append(("error", f"{late} citizens are here who were erased; run `med vault replay`."))
    return found
