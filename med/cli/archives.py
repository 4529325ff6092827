"""`med import oparl FOLDER`: another system's meetings, one transaction each."""

import argparse

from med.cli.words import Stop, counted, database_at_head, progress_of, tell


def run_import_oparl(given: argparse.Namespace) -> int:
    from med.meetings.importing import Archive, each_in_its_own, read_folder

    if not given.file.is_dir():
        raise Stop(f"{given.file} is not a folder; med import oparl takes one with organizations.json and meetings/.")
    try:
        meetings, faults = read_folder(given.file)
    except OSError as error:
        raise Stop(f"{error.filename} cannot be read: {error.strerror}.") from None
    if faults.told:
        tell(faults.told, "! ")
        raise Stop(f"{counted(len(faults.told), 'error')} in the folder; nothing was changed.")
    archive = Archive()
    with database_at_head() as database, progress_of("møder", len(meetings)) as progress:
        for done in each_in_its_own(archive, meetings, database, given.dry_run):
            if progress:
                progress(done)
    tell(archive.lines)
    items = sum(len(held.points) for held in meetings)
    print(f"{len(meetings)} meetings with {items} items in the folder.")
    if given.dry_run:
        print("Nothing was changed (dry run).")
    else:
        print(f"{counted(archive.changes, 'change')} saved." if archive.changes else "Nothing to change.")
    return 0
