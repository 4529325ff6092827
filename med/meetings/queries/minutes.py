"""Minutes: who may read them, how they came to be, and whether anyone has touched them since."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, joinedload

from med.access import Viewer
from med.errors import NotFound
from med.language import T, Text, word
from med.meetings.access import inside_items, inside_meetings, is_inside, visible_minutes, visible_words
from med.meetings.canonical import canonical, digest, item_words, open_sha256, seal
from med.meetings.models import (
    GROUNDS,
    Addendum,
    Attendance,
    Consensus,
    Item,
    ItemRevision,
    Meeting,
    Minutes,
    MinutesVersion,
    Outcome,
    Part,
    Presence,
    Purpose,
)
from med.meetings.parts import PARTS
from med.organisation.access import ANY_EMPLOYEE, own
from med.organisation.models import Committee, Person
from med.perspectives.queries import titles
from med.prepared import Prepared
from med.text import Paragraph, diff
from med.workdays import short_date


def minutes_for(db: Session, viewer: Viewer, meeting: Meeting) -> Minutes:
    """A meeting's minutes, or NotFound for those who may not read them yet."""
    found = db.scalar(
        select(Minutes)
        .where(Minutes.meeting_id == meeting.id, visible_minutes(viewer))
        .options(joinedload(Minutes.chair), joinedload(Minutes.vice))
    )
    if found is None:
        raise NotFound
    return found


def addenda(db: Session, viewer: Viewer, minutes: Minutes, meeting: Meeting) -> Sequence[Addendum]:
    """What was added below; what concerns closed items only inside the committee."""
    found = select(Addendum).where(Addendum.minutes_id == minutes.id)
    if not is_inside(viewer, meeting):
        found = found.where(Addendum.is_open)
    return db.scalars(found.options(joinedload(Addendum.person)).order_by(Addendum.id)).all()


def versions(db: Session, viewer: Viewer, meeting_id: int) -> Sequence[MinutesVersion]:
    """Every version that went to the chairs, oldest first. For those inside the committee."""
    found = db.scalars(
        select(MinutesVersion)
        .join(Minutes, Minutes.id == MinutesVersion.minutes_id)
        .join(Meeting, Meeting.id == Minutes.meeting_id)
        .where(Meeting.id == meeting_id, inside_meetings(viewer))
        .options(joinedload(MinutesVersion.person))
        .order_by(MinutesVersion.number)
    ).all()
    if not found:
        raise NotFound
    return found


def frozen_content(db: Session, viewer: Viewer, meeting_id: int) -> str:
    """The approved minutes as canonical JSON, closed part and salt included: for those inside."""
    found = db.scalar(
        select(MinutesVersion.content)
        .join(Minutes, Minutes.id == MinutesVersion.minutes_id)
        .join(Meeting, Meeting.id == Minutes.meeting_id)
        .where(Meeting.id == meeting_id, MinutesVersion.is_frozen, inside_meetings(viewer))
    )
    if found is None:
        raise NotFound
    return found


class Changed(Struct, frozen=True):
    """A field of an item that differs between two versions."""

    heading: str
    field: Text
    paragraphs: list[Paragraph]


TEXTS = {
    "title": T("Titel"),
    "case_text": T("Sagsfremstilling"),
    "recommendation": T("Indstilling"),
    "text": T("Referat"),
    "statement_management": T("Ledelsessiden"),
    "statement_employees": T("Medarbejdersiden"),
}
FACTS = {
    "purpose": T("Formål"),
    "responsible": T("Ansvarlig"),
    "ground": T("Hvorfor er det lukket?"),
    "outcome": T("Afslutning"),
    "consensus": T("Enighed"),
    "hearing_until": T("Høringsfrist"),
    "sent_to": T("Sendt til"),
    "recused": T("Inhabil"),
}
# What higher slices put in the minutes, a line each below the words themselves: decisions, then follow-ups.
DECIDED = {
    "why": T("Hvorfor?"),
    "perspective": T("Perspektiv"),
    "further": T("Tjener også"),
    "responsible": T("Ansvarlig"),
    "owner": T("Hvem gør det?"),
    "due": T("Frist"),
    "meaning": T("Hvad betyder det for os?"),
    "frame": T("Hjørneflag"),
    "hoped_effect": T("Hvad håber vi, borgerne mærker?"),
    "review": T("Hvornår ser vi tilbage på den?"),
}
WORDS = {"purpose": Purpose, "outcome": Outcome, "consensus": Consensus}
DAYS = ("hearing_until", "due", "review")


def differences(db: Session, before: MinutesVersion, after: MinutesVersion) -> list[Changed]:
    """What one version says otherwise than another: texts by paragraph and word, decisions and presence by line."""
    old, new = json.loads(before.content), json.loads(after.content)
    found: list[Changed] = []
    were, are = _items(old), _items(new)
    called = _called(db, [*were.values(), *are.values()])
    for uid in [*are, *(uid for uid in were if uid not in are)]:
        was, now = were.get(uid, {}), are.get(uid, {})
        shown = now or was
        heading = f"{shown['number']}. {shown['title']}"
        for key, words in TEXTS.items():
            _compare(found, heading, words, was.get(key) or "", now.get(key) or "")
        for key, words in FACTS.items():
            _compare(found, heading, words, _said(key, was.get(key), called), _said(key, now.get(key), called))
        _compare(found, heading, T("Beslutninger"), _decided(was, called), _decided(now, called))
    _compare(found, "", T("Fremmøde"), _present(old), _present(new))
    return found


def _compare(found: list[Changed], heading: str, field: Text, was: str, now: str) -> None:
    if was != now:
        found.append(Changed(heading, field, diff(was, now)))


def _items(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    whole = [item for item in document["open"]["items"] if "uid" in item] + document["closed"]["items"]
    return {item["uid"]: item for item in sorted(whole, key=lambda item: item["number"])}


def _called(db: Session, items: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """By field: what the keys that stand in the documents are called today."""
    handles = {handle for item in items for handle in (item.get("responsible"), *item.get("recused", []))}
    uids = {item.get("sent_to") for item in items}
    named = db.execute(select(Person.handle, Person.name).where(Person.handle.in_(handles - {None})))
    sent = db.execute(select(Committee.uid, Committee.name).where(Committee.uid.in_(uids - {None})))
    people = {row.handle: row.name for row in named}
    perspectives = {key.value: title.title for key, title in titles(db).items()}
    return {
        "responsible": people,
        "recused": people,
        "sent_to": {row.uid: row.name for row in sent},
        "ground": {key: str(said) for key, said in GROUNDS.items()},
        "perspective": perspectives,
        "further": perspectives,
    }


def _said(key: str, value: Any, called: dict[str, dict[str, str]]) -> str:
    """A stored value as people say it."""
    if not value:
        return ""
    if isinstance(value, list):
        return ", ".join(_said(key, one, called) for one in value)
    if key in WORDS:
        return str(word(WORDS[key](value)))
    if key in DAYS:
        return short_date(date.fromisoformat(value))
    return called.get(key, {}).get(value, value)


def _decided(item: dict[str, Any], called: dict[str, dict[str, str]]) -> str:
    """All that was decided and agreed on an item, a paragraph for each thing that is said of it."""
    lines = []
    for row in item.get("decisions", []):
        lines.append(f"{row.get('number') or T('Opfølgning')}: {row['text']}")
        for key, label in DECIDED.items():
            if said := _said(key, row.get(key), called):
                lines.append(f"{label} {said}" if str(label).endswith("?") else f"{label}: {said}")
    return "\n\n".join(lines)


def _present(document: dict[str, Any]) -> str:
    rows = []
    for row in document["open"]["attendance"]:
        hours = [hour for hour in (row["arrived"], row["left"]) if hour]
        rows.append(f"- {row['name']}: {word(Presence(row['presence']))} {'–'.join(hours)}".rstrip())
    return "\n".join(rows)


def item_revisions(db: Session, viewer: Viewer, item_id: int) -> Sequence[Any]:
    """Every saved state of an item's words: (version, text, at, who), for those inside or whose pen it was."""
    return db.execute(
        select(ItemRevision.version, ItemRevision.text, ItemRevision.at, Person.name)
        .join(Item, Item.id == ItemRevision.item_id)
        .join(Meeting, Meeting.id == Item.meeting_id)
        .outerjoin(Person, Person.id == ItemRevision.person_id)
        .where(
            ItemRevision.item_id == item_id,
            visible_words(viewer),
            or_(inside_items(viewer), Meeting.minute_taker_id == viewer.person_id),
        )
        .order_by(ItemRevision.version)
    ).all()


def latest_minutes(db: Session, viewer: Viewer, since: datetime) -> Sequence[Any]:
    """The ten newest minutes of one's own committees approved since a moment: (id, title, name, chairs_approved_at).

    Those who sit on the committee, substitutes and advisers included, and its secretary find them on their overview.
    """
    if not (viewer.is_employee and viewer.committee_ids):
        return []
    return LATEST(db, **own(viewer), committees=sorted(viewer.committee_ids), since=since)


LATEST = Prepared(
    lambda: (
        select(Meeting.id, Meeting.title, Committee.name, Minutes.chairs_approved_at)
        .join(Meeting, Meeting.id == Minutes.meeting_id)
        .join(Committee, Committee.id == Meeting.committee_id)
        .where(
            Meeting.committee_id.in_(bindparam("committees", expanding=True)),
            Minutes.chairs_approved_at > bindparam("since"),
            visible_minutes(ANY_EMPLOYEE),
        )
        .order_by(Minutes.chairs_approved_at.desc(), Meeting.id.desc())
        .limit(10)
    )
)


# --- whether anyone has touched them ----------------------------------------------------------------------------


class Break(Struct, frozen=True):
    """A place where a committee's chain does not hold: which minutes, and what is wrong with them."""

    committee_id: int
    meeting_id: int
    sequence: int
    what: Text

    def __str__(self) -> str:
        return f"#{self.sequence} (/moeder/{self.meeting_id}/referat): {self.what}"


def verify_chain(db: Session, committee_id: int) -> list[Break]:
    """Recompute a committee's chain of approved minutes. Empty when every link, hash and row is as it was approved.

    Looks at four things: the kept document against its own hash; the open part against the published hash; each link
    against the one before; and the rows that pages show against the document.
    """
    found: list[Break] = []
    previous = ""
    expected = 1
    rows = db.scalars(
        select(Minutes)
        .where(Minutes.committee_id == committee_id, Minutes.chairs_approved_at.is_not(None))
        .options(joinedload(Minutes.meeting))
        .order_by(Minutes.sequence)
    ).all()
    for minutes in rows:

        def broken(what: Text, minutes: Minutes = minutes) -> None:
            found.append(Break(committee_id, minutes.meeting_id, minutes.sequence or 0, what))

        if minutes.sequence != expected:
            broken(T("Der mangler et referat i kæden før dette."))
        if minutes.previous_sha256 != previous:
            broken(T("Leddet peger ikke på referatet før."))
        previous, expected = minutes.sha256, (minutes.sequence or 0) + 1
        frozen = [version for version in minutes.versions if version.is_frozen]
        if len(frozen) != 1:
            broken(T("Det godkendte dokument mangler."))
            continue
        try:
            whole = json.loads(frozen[0].content)
            breaks = [*_check_document(frozen[0], whole, minutes), *_check_rows(db, whole, minutes.meeting)]
        except (ValueError, LookupError, TypeError, AttributeError):  # whoever forged it left no document
            breaks = [T("Det godkendte dokument kan ikke læses.")]
        for what in breaks:
            broken(what)
    return found


def _check_document(version: MinutesVersion, whole: dict[str, Any], minutes: Minutes) -> list[Text]:
    found = []
    if digest(version.content) != version.sha256 or canonical(whole) != version.content:
        found.append(T("Det godkendte dokument er ændret."))
    if open_sha256(whole) != minutes.sha256:
        found.append(T("Dokumentets hash er ikke den, der blev godkendt."))
    if whole["open"]["seal"] != seal(whole["salt"], whole["closed"]):
        found.append(T("De lukkede punkter er ændret."))
    if (whole["open"]["sequence"], whole["open"]["previous_sha256"]) != (minutes.sequence, minutes.previous_sha256):
        found.append(T("Dokumentet står et andet sted i kæden."))
    return found


def _check_rows(db: Session, document: dict[str, Any], meeting: Meeting) -> list[Text]:
    """The rows behind the page against the document: items, and who was there. Names may change; ids and words not."""
    kept = _items(document)
    now = {item.uid: item for item in meeting.items}
    found = []
    for uid, was in kept.items():
        item = now.get(uid)
        words = json.loads(canonical(item_words(item))) if item else {}
        if any(words.get(key) != was.get(key) for key in (words or {"uid": ""})):
            found.append(T("Punkt %(number)s er ændret efter godkendelsen.", number=was["number"]))
    if set(now) - set(kept):
        found.append(T("Der er kommet et punkt til efter godkendelsen."))
    found += _check_parts(db, kept, meeting)
    people = db.scalars(
        select(Attendance)
        .where(Attendance.meeting_id == meeting.id, Attendance.part != Part.OBSERVER)
        .options(joinedload(Attendance.person))
        .order_by(Attendance.id)
    )
    here = [(one.person.handle, one.part, one.presence, one.arrived, one.left) for one in people]
    was_here = [
        (one["person"], one["part"], one["presence"], one["arrived"], one["left"])
        for one in document["open"]["attendance"]
    ]
    if here != was_here:
        found.append(T("Fremmødet er ændret efter godkendelsen."))
    return found


# What higher slices put in the minutes and never change afterwards. Names of people may change, and states do.
LASTING = ("kind", "number", "text", "why", "meaning", "perspective", "further")


def _check_parts(db: Session, kept: dict[str, dict[str, Any]], meeting: Meeting) -> list[Text]:
    """Each decision in the document must still stand as it stood; what was agreed later is no break."""
    ids = {item.uid: item.id for item in meeting.items}
    now: dict[int, list[dict[str, Any]]] = {}
    for part in PARTS.minutes:
        for item_id, rows in part(db, meeting).items():
            now.setdefault(item_id, []).extend(json.loads(canonical(rows)))
    found = []
    for uid, item in kept.items():
        standing = [[row.get(key) for key in LASTING] for row in now.get(ids.get(uid, 0), [])]
        if any([row.get(key) for key in LASTING] not in standing for row in item["decisions"]):
            found.append(T("Det besluttede på punkt %(number)s er ændret efter godkendelsen.", number=item["number"]))
    return found
