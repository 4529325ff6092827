"""From what stands in a person's calendar to the calendar itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from med.access import Viewer
from med.calendar.forms import Choice, Dues, Whose
from med.calendar.ical import Appointment, calendar_bytes, day_event, day_todo, meeting_event
from med.calendar.queries.subscriptions import Content, dues_of_meeting
from med.decisions.fragments import heading
from med.language import T, Text
from med.meetings.models import COMING, Part, Reply, State
from med.text import to_plain

if TYPE_CHECKING:
    from icalendar import Component

REFRESH = timedelta(hours=4)  # how often a calendar is asked to look again; Google looks when it pleases
DEADLINES = {
    "proposals": ("forslag", T("Sidste dag for punkter til %(meeting)s")),
    "agenda": ("dagsorden", T("Dagsordenen skal ud: %(meeting)s")),
    "minutes_draft": ("udkast", T("Udkast til referat: %(meeting)s")),
    "minutes_out": ("referat", T("Referatet skal ud: %(meeting)s")),
}


def subscription(viewer: Viewer, choice: Choice, found: Content, base_url: str, name: str) -> bytes:
    """The whole calendar of a private address. Names nobody as invited: it tells, it does not ask."""
    return calendar_bytes(
        [*meetings(choice, found, base_url), *dues(viewer, choice, found, base_url)],
        name=name,
        link=f"{base_url}/moeder",
        refresh=REFRESH,
    )


def meeting_file(found: Content, base_url: str) -> bytes:
    """One meeting, to be put into any calendar by hand."""
    return calendar_bytes(meetings(Choice(), found, base_url))


def meetings(choice: Choice, found: Content, base_url: str) -> "Iterator[Component]":
    if choice.meetings is Whose.NONE:
        return
    lines: dict[int, list[str]] = defaultdict(list)
    for line in found.agenda:
        lines[line.meeting_id].append(line.title or str(T("Lukket punkt")))
    for row in found.meetings:
        alarms = choice.alarms if row.state in COMING else []
        yield meeting_event(appointment(row, lines[row.id], base_url), alarms=alarms)


def appointment(row: Any, agenda: list[str], base_url: str) -> Appointment:
    """A row of `meeting_rows` as a calendar shows it, in the language of now."""
    is_cancelled = row.state is State.CANCELLED
    has_declined = row.reply is Reply.DECLINED and row.part is not Part.OBSERVER
    title: Text | str = row.title
    if is_cancelled:
        title = T("Aflyst: %(meeting)s", meeting=row.title)
    elif has_declined:
        title = T("Afbud: %(meeting)s", meeting=row.title)
    link = f"{base_url}/moeder/{row.id}"
    return Appointment(
        uid=row.uid,
        title=str(title),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        sequence=row.sequence,
        revised_at=row.revised_at,
        created_at=row.created_at,
        link=link,
        place=row.place,
        video_url=row.video_url,
        video_label=str(T("Deltag på video")),
        description=description(row, agenda, link),
        committee=row.committee,
        is_cancelled=is_cancelled,
        is_away=has_declined,
    )


def description(row: Any, agenda: list[str], link: str) -> str:
    parts = [row.committee]
    if row.state is State.CANCELLED:
        parts.append(str(T("Mødet er aflyst: %(why)s", why=row.cancelled_reason)))
    else:
        if row.about:
            parts.append(to_plain(row.about))
        if row.video_url:
            parts.append(str(T("Deltag på video: %(link)s", link=row.video_url)))
    if agenda:
        lines = "\n".join(f"{number}. {title}" for number, title in enumerate(agenda, 1))
        parts.append(f"{T('Dagsorden')}\n{lines}")
    return "\n\n".join([*parts, link])


def dues(viewer: Viewer, choice: Choice, found: Content, base_url: str) -> "Iterable[Component]":
    """Deadlines and tasks, by day."""
    if choice.dues is Dues.NONE:
        return []
    make = day_todo if choice.dues is Dues.TODOS else day_event
    every = sorted(all_dues(viewer, found), key=lambda due: (due[1], due[0]))
    return [make(uid, title, day, at, base_url + path, sequence) for uid, day, title, at, path, sequence in every]


def all_dues(viewer: Viewer, found: Content) -> Iterator[tuple[str, date, str, datetime, str, int]]:
    closed = str(T("Lukket punkt"))
    for row in found.meetings:
        for which, day in dues_of_meeting(viewer, row):
            word, title = DEADLINES[which]
            said = str(T(title.message, meeting=row.title))
            yield f"{row.uid}-{word}", day, said, row.revised_at, f"/moeder/{row.id}", row.sequence
    for row in found.decisions:
        title = T("Frist: %(what)s", what=heading(row.text) if row.text else closed)
        yield f"{row.uid}-frist", row.day, str(title), row.changed_at, f"/beslutninger/{row.id}", row.version
    for row in found.reviews:
        title = T("Se tilbage: %(what)s", what=heading(row.text) if row.text else closed)
        yield f"{row.uid}-gensyn", row.day, str(title), row.changed_at, f"/beslutninger/{row.id}", row.version
    for row in found.follow_ups:
        title = T("Opgave: %(what)s", what=row.text or closed)
        path = f"/beslutninger/opfoelgning/{row.id}"
        yield f"opfoelgning-{row.id}", row.day, str(title), row.changed_at, path, row.version
