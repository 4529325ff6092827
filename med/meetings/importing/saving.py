"""An archive's meetings as our own: each organisation a committee of its own, each meeting in one transaction.

Everything is found again by its address in the archive (a name-based UUID of it), so a second import changes nothing,
and one that was broken off goes on where it was. What is gone from the archive stays here, and is said. What is closed
here stays closed, whatever the archive says later: only people open an item.
"""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.db import Database
from med.journal.actions import note, note_many
from med.language import T, Text, _n
from med.meetings.actions.searching import keep_findable
from med.meetings.importing.reading import Held, Organisation, Point
from med.meetings.models import Item, Meeting, Outcome, Purpose, State
from med.organisation.models import Committee, Level

SPACE = uuid.NAMESPACE_URL
GROUND = "confidential"
PURPOSES = {Outcome.NOTED: Purpose.INFO, Outcome.DECIDED: Purpose.DECIDE}


def name_of(source: str) -> str:
    return str(uuid.uuid5(SPACE, source))


class Archive:
    """What an import found and did, in words."""

    def __init__(self) -> None:
        self.lines: list[Text] = []
        self.changes = 0

    def say(self, line: Text, changes: int = 1) -> None:
        self.lines.append(line)
        self.changes += changes


def take_in(db: Session, held: Held, archive: Archive) -> None:
    """One meeting with its items, new or compared; the caller's transaction saves it or not."""
    committee = committee_of(db, held.organisation, archive)
    meeting = db.scalar(select(Meeting).where(Meeting.uid == name_of(held.source)))
    is_over = held.ends_at < clock.now()
    values: dict[str, Any] = {
        "title": held.title,
        "starts_at": held.starts_at,
        "ends_at": held.ends_at,
        "place": held.place,
        "state": State.CANCELLED if held.is_cancelled else State.HELD if is_over else State.AGENDA_SENT,
    }
    if meeting is None:
        meeting = Meeting(
            uid=name_of(held.source),
            committee_id=committee.id,
            about=str(T("Indlæst fra et andet system: %(source)s", source=held.source)),
            agenda_sent_at=held.starts_at,
            opened_at=held.starts_at if is_over and not held.is_cancelled else None,
            closed_at=held.ends_at if is_over and not held.is_cancelled else None,
            created_at=clock.now(),
            **values,
        )
        db.add(meeting)
        note(db, None, "meeting.imported", meeting)
        archive.say(
            _n(
                "+ %(meeting)s: %(num)s punkt",
                "+ %(meeting)s: %(num)s punkter",
                len(held.points),
                meeting=title_of(held),
            )
        )
        add_items(db, meeting, held.points, start=1)
        keep_findable(db, meeting)
        return
    changed = differing(meeting, values)
    if changed:
        meeting.version += 1
        meeting.revised_at = clock.now()
        note(db, None, "meeting.imported", meeting, changed)
        archive.say(T("~ %(meeting)s: %(fields)s", meeting=title_of(held), fields=", ".join(changed)))
    compare_items(db, meeting, held, archive)


def title_of(held: Held) -> str:
    return f"{held.organisation.short_name or held.organisation.name} {held.starts_at:%Y-%m-%d}"


def committee_of(db: Session, given: Organisation, archive: Archive) -> Committee:
    """The committee an archive's organisation became: a group of its own beside the MED tree, without seats, so that
    nobody is given any right by an import."""
    found = db.scalar(select(Committee).where(Committee.uid == name_of(given.source)))
    if found is None:
        found = Committee(
            key=f"oparl-{name_of(given.source)[:13]}",
            uid=name_of(given.source),
            name=given.name,
            short_name=given.short_name,
            level=Level.AD_HOC,
            label=T("Indlæst arkiv").message,
            purpose=given.source,
            starts=given.starts,
            ends=given.ends if given.ends is None or given.starts is None or given.ends >= given.starts else None,
        )
        db.add(found)
        note(db, None, "committee.imported", found)
        archive.say(T("+ %(name)s", name=given.name))
    return found


def add_items(db: Session, meeting: Meeting, points: Sequence[Point], start: int) -> list[Item]:
    made = [
        Item(
            uid=name_of(point.source),
            meeting_id=meeting.id,
            committee_id=meeting.committee_id,
            position=position,
            minutes_budget=0,
            is_open=point.is_open,
            closed_ground="" if point.is_open else GROUND,
            **values_of(point),
        )
        for position, point in enumerate(points, start)
    ]
    db.add_all(made)
    db.flush()
    note_many(db, None, Item, [("item.imported", item.id, ()) for item in made])
    return made


def values_of(point: Point) -> dict[str, Any]:
    return {
        "title": point.title,
        "source_number": point.number,
        "source_result": point.result,
        "outcome": point.outcome,
        "purpose": PURPOSES.get(point.outcome, Purpose.DISCUSS) if point.outcome else Purpose.DISCUSS,
    }


def compare_items(db: Session, meeting: Meeting, held: Held, archive: Archive) -> None:
    there = {item.uid: item for item in db.scalars(select(Item).where(Item.meeting_id == meeting.id))}
    position, name = 0, title_of(held)
    for point in held.points:
        item = there.pop(name_of(point.source), None)
        position += 1
        if item is None:
            keep_findable(db, meeting, add_items(db, meeting, [point], start=position))
            archive.say(T("+ %(meeting)s, punkt %(n)s: %(title)s", meeting=name, n=position, title=seen(point)))
            continue
        values = {**values_of(point), "position": position}
        if not point.is_open:
            values |= {"is_open": False, "closed_ground": item.closed_ground or GROUND}
        if changed := differing(item, values):
            item.version += 1
            note(db, None, "item.imported", item, changed)
            keep_findable(db, meeting, [item])
            fields = ", ".join(changed)
            archive.say(T("~ %(meeting)s, punkt %(n)s: %(fields)s", meeting=name, n=position, fields=fields))
    for item in sorted(there.values(), key=lambda item: item.position):
        position += 1
        item.position = position  # after those the archive still has
        title = item.title if item.is_open else T("Lukket punkt")
        gone = T("? %(meeting)s: “%(title)s” er ikke længere i kilden. Det bliver her.", meeting=name, title=title)
        archive.say(gone, changes=0)


def seen(point: Point) -> Any:
    """A closed item's words are for its committee, not for a terminal's log."""
    return point.title if point.is_open else T("Lukket punkt")


def differing(thing: Any, values: dict[str, Any]) -> list[str]:
    """Names of the columns that another value was put in."""
    changed = [name for name, value in values.items() if getattr(thing, name) != value]
    for name in changed:
        setattr(thing, name, values[name])
    return changed


def each_in_its_own(archive: Archive, meetings: Sequence[Held], database: Database, dry_run: bool) -> Iterator[int]:
    """One transaction a meeting; gives how many are done. Broken off, all but the one in hand are saved.

    A dry run is one transaction that is thrown away."""
    if dry_run:
        with database.writing() as db:
            for done, held in enumerate(meetings, 1):
                take_in(db, held, archive)
                yield done
            db.rollback()
        return
    for done, held in enumerate(meetings, 1):
        with database.writing() as db:
            take_in(db, held, archive)
        yield done
